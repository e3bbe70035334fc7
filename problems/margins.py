"""The logistic loss of many examples and its slope, a block of rows at a time.

Value and gradient need the data twice: once for the margins, once for the sum over examples. Blocks of rows
that stay in the cache in between are read from memory once, which makes this faster than the two bare matrix
products. Every function keeps its full relative accuracy for margins of any size: an example that is
classified right by a margin of 40 still pulls by exp(-40), which the often seen ``(1 + tanh(z/2)) / 2`` would
lose, and is no slower.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

__all__ = ["mean_loss", "mean_loss_and_slope", "sigmoid", "softplus"]

Array = np.ndarray[Any, Any]

# Numbers in a block: what a core's cache holds, and too few for BLAS to wake a second thread for.
_BLOCK = 2**17

# Beyond, exp(z) is left alone: 1 + exp(z) is exp(z) already, to the last bit.
_LARGE = 700.0


def softplus(z: Any) -> Any:
    """Return log(1 + exp(z)) without overflow.

    Examples
    --------
    >>> softplus(np.array([-1000.0, 0.0, 1000.0])).round(6).tolist()
    [0.0, 0.693147, 1000.0]
    """
    return np.maximum(np.log1p(np.exp(np.minimum(z, _LARGE))), z)


def sigmoid(z: Any) -> Any:
    """Return 1 / (1 + exp(-z)) without overflow.

    Examples
    --------
    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0])).tolist()
    [0.0, 0.5, 1.0]
    """
    e = np.exp(np.minimum(z, _LARGE))
    return e / (1 + e)


def mean_loss(x: Any, A: Array, s: Array) -> Any:
    """Return the mean of log(1 + exp(-s_i a_i'x)) over the rows a_i of A, for x of shape (..., d)."""
    return sum(softplus(-s[rows] * (x @ A[rows].T)).sum(axis=-1) for rows in _blocks(A)) / len(s)


def mean_loss_and_slope(x: Any, A: Array, s: Array, value: bool = True) -> tuple[Any, Any]:
    """Return `mean_loss` (0 unless its value is wanted) and its gradient, from one pass over the data."""
    loss: Any = 0.0
    slope: Any = 0.0
    for rows in _blocks(A):
        z = x @ A[rows].T
        z *= -s[rows]
        e = np.exp(np.minimum(z, _LARGE))
        if value:
            loss = loss + np.maximum(np.log1p(e), z).sum(axis=-1)
        np.add(e, 1.0, out=z)
        e /= z
        e *= -s[rows]
        slope = slope + e @ A[rows]
    return loss / len(s), slope / len(s)


def _blocks(A: Array) -> Iterator[slice]:
    rows = max(64, _BLOCK // A.shape[1])
    return (slice(low, low + rows) for low in range(0, len(A), rows))
