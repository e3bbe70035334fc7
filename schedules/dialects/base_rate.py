"""The rate that a library's scheduler would find in its optimizer."""

from typing import Any

from stepsize.core.limits.ranges import Elementwise, Range
from stepsize.core.validation import describe_value

__all__ = ["rate_of"]


def rate_of(optimizer: Any) -> Any:
    """Return a rate as it is, or the one that an optimizer holds: ours, torch's or Keras'."""
    groups = getattr(optimizer, "param_groups", None)
    if groups:
        rate = groups[0].get("initial_lr", groups[0]["lr"])
    else:
        rate = getattr(optimizer, "lr", getattr(optimizer, "learning_rate", optimizer))
    try:
        Elementwise(Range()).check("optimizer", rate)
    except (TypeError, ValueError):
        raise TypeError(
            f"optimizer: got {describe_value(optimizer)}, expected a rate, or an optimizer whose rate is "
            "a number"
        ) from None
    return rate
