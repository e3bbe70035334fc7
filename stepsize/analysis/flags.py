"""Counting flags column by column, a byte each, which is quicker than NumPy's sums of integers."""

from typing import Any

import numpy as np

__all__ = ["count"]

Array = np.ndarray[Any, Any]


def count(flags: Array) -> Array:
    """Return how many flags of each column are set.

    Parameters
    ----------
    flags : ndarray of bool, shape (T, B)

    Examples
    --------
    >>> count(np.array([[True, False], [True, True]])).tolist()
    [2, 1]
    """
    if flags.shape[1] < 8:
        return np.asarray(np.count_nonzero(flags, axis=0))
    total = np.zeros(flags.shape[1], int)
    for low in range(0, len(flags), 255):  # so many ones are what a byte can count
        total += np.add.reduce(flags[low : low + 255].view(np.uint8), axis=0, dtype=np.uint8)
    return total
