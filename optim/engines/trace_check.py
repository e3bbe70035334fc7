"""Whether a trace does what the rule does, which of a rule from outside only a comparison can tell."""

from typing import TYPE_CHECKING

import numpy as np

from optim.hyperparameters import Numbers, Resolved

if TYPE_CHECKING:
    from optim.engines.tracing import Trace
    from optim.optimizer import Optimizer, Slots

__all__ = ["is_right"]

# Numbers of both signs, large and small, and 0.
_TRIED = (0.75, -1.25, 0.0, 3.1, 1e-3, -2.7, 0.3, 1.9, -0.1, 12.3, -7.7, 0.01, 5.5)


def is_right(trace: "Trace", optimizer: "Optimizer", hypers: Resolved, slots: int) -> bool:
    """Whether a trace does to a few numbers what the rule, from outside, does to them as it stands."""
    numbers = trace.known(hypers)
    assert numbers is not None  # the trace was made for these hyperparameters
    shape = np.broadcast_shapes((1, 1), *(a.shape for a in numbers if isinstance(a, np.ndarray)))
    shape = tuple(most if n == 1 else n for n, most in zip(shape, (*[2] * (len(shape) - 1), 5), strict=True))
    values = np.resize(_TRIED, (slots + 2, *shape)).astype(trace.dtype)
    given = [values[i] * (i + 1) for i in range(slots + 2)]
    x, g, *old = (a.copy() for a in given)
    with np.errstate(all="ignore"):
        try:
            expected = _flat(optimizer.update(x, g, tuple(old), hypers))
            found = trace.evaluate(given, numbers)
        except Exception:  # whatever it is, the array engine meets it too, and tells
            return False
    return len(expected) == len(found) and all(
        np.asarray(a).dtype == trace.dtype
        and np.array_equal(np.broadcast_to(a, shape), np.broadcast_to(b, shape), equal_nan=True)
        for a, b in zip(expected, found, strict=True)
    )


def _flat(result: tuple[Numbers, "Slots"]) -> list[Numbers]:
    x, slots = result
    return [x, *slots]
