"""Curves that lie upon one another: the lower ones are drawn wider, so that each is seen."""

from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["extra_widths"]

Array = np.ndarray[Any, Any]

# By how much wider, in points, and what share of the span of all curves is no distance to the eye.
_WIDER, _NEAR = 2.2, 0.005
# The share of the points of two curves that must be so near.
_NEARLY_ALL = 0.95


def extra_widths(curves: Sequence[Any], log: bool = True) -> list[float]:
    """Return by how many points each curve is to be wider than the last one that is drawn upon it.

    Parameters
    ----------
    curves : sequence of array of shape (n,)
        Heights at the same places, those that are drawn first being the lower ones; they may end earlier.
    log : bool
        Whether the axis is logarithmic.

    Examples
    --------
    >>> extra_widths([[1.0, 0.1, 0.01], [1.0, 2.0, 4.0], [1.0, 0.1, 0.01]])
    [2.2, 0.0, 0.0]
    """
    with np.errstate(all="ignore"):
        heights = [np.log10(curve) if log else np.asarray(curve, float) for curve in curves]
    finite = np.concatenate([height[np.isfinite(height)] for height in heights]) if heights else np.zeros(0)
    span = float(np.ptp(finite)) if len(finite) else 0.0
    return [
        _WIDER * sum(_coincide(height, other, _NEAR * span) for other in heights[i + 1 :])
        for i, height in enumerate(heights)
    ]


def _coincide(a: Array, b: Array, near: float) -> bool:
    count = min(len(a), len(b))
    both = np.isfinite(a[:count]) & np.isfinite(b[:count])
    if both.sum() < 2:
        return False
    # Where only one is to be seen, they part.
    either = np.isfinite(a[:count]) | np.isfinite(b[:count])
    close = np.abs(a[:count][both] - b[:count][both]) <= near
    return bool(close.sum() >= _NEARLY_ALL * either.sum())
