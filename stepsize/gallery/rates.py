"""Rates of convergence, read off a run."""

from typing import Any

import numpy as np

__all__ = ["factor", "first_below"]

Array = np.ndarray[Any, Any]


def factor(error: Array, floor: float = 0.0, skip: int = 0) -> float:
    """Return the factor by which the error shrinks an update, from update `skip` down to `floor`.

    The geometric mean, end to end: (e_n / e_skip)^(1 / (n - skip)), n the last update before the floor.

    Examples
    --------
    >>> factor(np.array([8.0, 4.0, 2.0, 1.0]))
    0.5
    """
    error = np.asarray(error)
    below = np.flatnonzero(~(error > floor))
    last = int(below[0]) - 1 if len(below) else len(error) - 1
    if last <= skip:
        return 0.0
    return float((error[last] / error[skip]) ** (1 / (last - skip)))


def first_below(values: Array, bound: float) -> int:
    """Return the first index at which a value is below the bound; the number of values if none is."""
    below = np.flatnonzero(np.asarray(values) < bound)
    return int(below[0]) if len(below) else len(values)
