"""What rounding hides: values, gradients and slopes that floating point cannot tell apart."""

from functools import lru_cache
from typing import Any

import numpy as np

__all__ = ["ULPS", "gradient_floor", "slope_floor", "spacing", "summed_by", "value_floor"]

Array = np.ndarray[Any, Any]

# Units in the last place by which an evaluation may be off: a few operations, each rounded.
ULPS = 16.0
_SLOPE_ULPS = 4.0


@lru_cache
def spacing(dtype: np.dtype[Any]) -> float:
    """Return the relative spacing of the numbers of a type, its eps."""
    return float(np.finfo(dtype).eps)


def value_floor(problem: Any, late: Array, eps: float) -> Any:
    """Return the size below which two values of a problem cannot be told apart.

    A value is rounded at a few eps of the largest number that was summed to make it. What a problem states
    to have summed (`summed`: the mean squared target of a regression) counts; so do the values that were
    seen where the question is asked, and the minimum they are compared with.

    Parameters
    ----------
    problem : Problem
        Whose values they are.
    late : ndarray of shape (K, ...)
        Values that were seen near where the question is asked.
    eps : float
        Relative spacing of the numbers that the run was made with.
    """
    seen = np.where(np.isfinite(late), np.abs(late), 0.0).max(axis=0)
    return ULPS * eps * np.maximum(seen, summed_by(problem))


def summed_by(problem: Any) -> float:
    """Return the largest size that is known of what a problem's values are summed from, 0 if none is."""
    known = (problem.minimum or 0.0, getattr(problem, "summed", None) or 0.0)
    return max(abs(float(v)) for v in known)


def gradient_floor(first: Any, eps: float, *, exact: bool = True) -> Any:
    """Return the size below which a gradient norm is rounding: a few eps of the start's.

    One that is not exact but made of differences is good to the root of eps.
    """
    return ULPS * (eps if exact else eps**0.5) * first


def slope_floor(step: Any, x: Any, g: Any, g_before: Any, bend: Any, eps: float) -> Any:
    r"""Return the size below which the slope at the end of a step cannot be told from 0.

    .. math:: 4 \epsilon \left(\|s\| (\|g\| + \|g'\|) + \|x\| \|g - g'\|\right)

    The gradients are rounded at a few eps of themselves. So is the point, and a gradient that changes by
    :math:`g - g'` over the step s changes by :math:`\epsilon \|x\| \|g - g'\| / \|s\|` when its point
    moves by a rounding error: that is all that an evaluation of the gradient can tell.

    Parameters
    ----------
    step, x, g, g_before, bend : float or ndarray
        Norms: of the step, the point at its end, the gradients at its end and at its start, and their
        difference.
    eps : float
        Relative spacing of the numbers that the run was made with.
    """
    return _SLOPE_ULPS * eps * (step * (g + g_before) + x * bend)
