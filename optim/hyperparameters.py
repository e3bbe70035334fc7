"""Ranges of hyperparameters, each declared at the field that it holds for."""

import dataclasses
import math
from typing import Any, NamedTuple

import numpy as np

__all__ = ["ANY", "RATE", "Range", "check_range", "hyper"]


class Range(NamedTuple):
    """Which numbers a hyperparameter may be: from `least`, or above `above`, to below `below`."""

    least: float = -math.inf
    above: float = -math.inf
    below: float = math.inf

    def has(self, values: Any) -> Any:
        """Return whether each value is a number of the range; nan never is, inf only of `ANY`."""
        if self is ANY:
            return values == values
        return (values >= self.least) & (values > self.above) & (values < self.below)

    def __str__(self) -> str:
        if self is ANY:
            return "a number"
        if self.above > -math.inf:
            lower = f"above {self.above:g}"
        elif self.below < math.inf and self.least > -math.inf:
            lower = f"from {self.least:g}"
        else:
            lower = f"at least {self.least:g}" if self.least > -math.inf else ""
        upper = (
            "" if self.below == math.inf else f"to below {self.below:g}" if lower else f"below {self.below:g}"
        )
        return " ".join(filter(None, ("a finite number", lower, upper)))


ANY = Range()
# Whatever the rule, its rate is no less than 0.
RATE = Range(least=0.0)


def hyper(
    default: Any = dataclasses.MISSING,
    *,
    least: float = -math.inf,
    above: float = -math.inf,
    below: float = math.inf,
) -> Any:
    """Declare a hyperparameter with the range of its values, which holds for schedules of it as well.

    Parameters
    ----------
    default : float, optional
        What it is unless something else is said.
    least, above, below : float
        The least value that is allowed; what every value must be above; what every value must be below.

    Examples
    --------
    >>> from optim import Hyper, Optimizer
    >>> class Leaky(Optimizer, abstract=True):
    ...     lr: Hyper = 0.1
    ...     leak: Hyper = hyper(0.5, least=0, below=1)
    >>> Leaky(leak=1.5)
    Traceback (most recent call last):
    ValueError: leak: got 1.5, expected a finite number from 0 to below 1
    """
    return dataclasses.field(default=default, metadata={"range": Range(least, above, below)})


def check_range(name: str, allowed: Range, value: Any, where: str) -> None:
    """Refuse a number, or an array with one, that is outside a range."""
    if type(value) is float and allowed.has(value):
        return
    array = np.asarray(value)
    good = allowed.has(array)
    if not good.all():
        culprit = float(array[~good].ravel()[0])
        raise ValueError(f"{name}: got {culprit!r}{where}, expected {allowed}")
