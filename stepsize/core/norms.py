"""Lengths and inner products of vectors whose squares leave the range of floating point.

The square of 1e200 is inf and that of 1e-200 is 0, while the vectors are finite and not 0. What the plain
formula cannot hold is computed from the vectors divided by a power of two, which changes no digit: wherever
the plain formula serves, the bits are its own. It is tried first, and overflows where it does not: whoever
calls has switched NumPy's warnings off, as the loop has.
"""

import math
from functools import lru_cache
from itertools import accumulate
from typing import Any

import numpy as np

from stepsize.core.elementwise import dot

__all__ = [
    "IN_ORDER",
    "all_finite",
    "least_square",
    "lengths_fit",
    "norm",
    "norms",
    "power_of_two",
    "ratio_of_dots",
    "squares_fit",
]

Array = np.ndarray[Any, Any]

_FEW = 1024
# Numbers that Python compares faster than NumPy.
_AT_ONCE = 16
# From so many terms on NumPy adds in pairs, but only what lies side by side, as in a single run.
IN_ORDER = 8


def squares_fit(squares: Any, dtype: Any) -> Any:
    """Return which sums of squares hold all their digits: neither overflowed nor near the least numbers."""
    return (squares > least_square(np.dtype(dtype))) & (squares < np.inf)


def lengths_fit(lengths: Any) -> bool:
    """Whether lengths are those of vectors whose squares hold all their digits."""
    least = math.sqrt(least_square(lengths.dtype))
    if lengths.size == 1:
        return bool(least < lengths < np.inf)
    return bool(((lengths > least) & (lengths < np.inf)).all())


@lru_cache
def least_square(dtype: Any) -> float:
    """Return the number above which a sum of squares holds all digits of a dtype."""
    info = np.finfo(dtype)
    return float(info.tiny) / float(info.eps) ** 2


def power_of_two(*vectors: Any) -> Any:
    """Return for every row, kept as an axis, the power of two next below the largest entry of the vectors.

    1 where the row is 0, or not finite.

    Examples
    --------
    >>> power_of_two(np.array([[3.0, -5.0], [0.0, 0.0]])).tolist()
    [[4.0], [1.0]]
    """
    largest = np.max([np.abs(v).max(axis=-1, keepdims=True) for v in vectors], axis=0)
    good = np.isfinite(largest) & (largest > 0)
    exponent = np.frexp(np.where(good, largest, 1.0))[1] - 1
    return np.ldexp(np.ones_like(largest), np.where(good, exponent, 0))


def norm(a: Array, keepdims: bool = False) -> Any:
    """Return the Euclidean norm of every row, also where its square overflows or vanishes.

    Parameters
    ----------
    a : ndarray of shape (..., d)
    keepdims : bool
        Whether the last axis stays, with one entry.

    Returns
    -------
    ndarray of shape (...), or (..., 1)

    Examples
    --------
    >>> with np.errstate(all="ignore"):
    ...     norm(np.array([[3.0, 4.0], [3e300, 4e300], [3e-200, 4e-200]])).tolist()
    [5.0, 5e+300, 5e-200]
    """
    squares = (a * a).sum(axis=-1, keepdims=True) if keepdims else dot(a, a)
    least = least_square(a.dtype)
    if squares.size == 1:
        fit = least < squares < np.inf
    elif squares.ndim == 1 and squares.size <= _AT_ONCE and squares.dtype.kind == "f":
        fit = all(least < square < math.inf for square in squares.tolist())
    else:
        fit = squares_fit(squares, a.dtype).all()
    length = np.sqrt(squares)
    if fit:
        return length
    if a.ndim > 1 and a.shape[-1] < IN_ORDER and not keepdims:  # a few rows' sums are what they were
        odd = ~squares_fit(squares, a.dtype)
        length[odd] = _scaled(a[odd])[..., 0]
        return length
    better = _scaled(a)
    return np.where(squares_fit(squares, a.dtype), length, better if keepdims else better[..., 0])


def _scaled(a: Array) -> Array:
    """Return the norm of every row from numbers whose squares are near 1, the axis kept."""
    unit = power_of_two(a)
    scaled: Array = unit * np.sqrt(((a / unit) ** 2).sum(axis=-1, keepdims=True))
    return scaled


def norms(*stacks: Array) -> list[Any]:
    """Return the norms of the rows of several arrays of at least two axes, bit for bit those of `norm`.

    A call takes longer than a few hundred numbers do: where there are few, one serves all. Rows of eight and
    more are kept apart, because the order in which `dot` adds them is that of their layout.

    Examples
    --------
    >>> with np.errstate(all="ignore"):
    ...     [lengths.tolist() for lengths in norms(3 * np.eye(2)[:1], 2 * np.eye(2))]
    [[3.0], [2.0, 2.0]]
    """
    if stacks[0].shape[-1] >= IN_ORDER or sum(stack.size for stack in stacks) > _FEW:
        return [norm(stack) for stack in stacks]
    together = norm(np.concatenate(stacks))
    ends = [*accumulate(len(stack) for stack in stacks)]
    return [together[end - len(stack) : end] for stack, end in zip(stacks, ends, strict=True)]


def all_finite(a: Array) -> Any:
    """Return whether the norm of each row is a finite number; one call where its square is one too."""
    good = np.isfinite(dot(a, a))
    return good if good.all() else good | np.isfinite(norm(a))


@np.errstate(all="ignore")
def ratio_of_dots(a: Array, b: Array, c: Array, d: Array) -> float:
    """Return (a . b) / (c . d) of single vectors, also where a product leaves the range; nan if c . d is 0.

    Examples
    --------
    >>> g = np.array([3e200, 4e200])
    >>> ratio_of_dots(g, g, g, 2 * g)
    0.5
    """
    above, below = float(np.dot(a, b)), float(np.dot(c, d))
    if squares_fit(abs(above), a.dtype) and squares_fit(abs(below), a.dtype):
        return above / below
    units = [float(power_of_two(v)[0]) for v in (a, b, c, d)]
    a, b, c, d = (v / unit for v, unit in zip((a, b, c, d), units, strict=True))
    below = float(np.dot(c, d))
    if below == 0.0:
        return math.nan
    ratio = float(np.dot(a, b)) / below
    # One factor at a time, so that nothing between leaves the range that the result does not.
    for factor in (units[0] / units[2], units[1] / units[3]):
        ratio *= factor
    return ratio
