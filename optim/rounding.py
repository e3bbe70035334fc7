"""What rounding hides: values, gradients and slopes that floating point cannot tell apart."""

from typing import Any

import numpy as np

__all__ = ["gradient_floor", "value_floor"]

Array = np.ndarray[Any, Any]

# Units in the last place by which an evaluation may be off: a few operations, each rounded.
_ULPS = 16.0


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
    with np.errstate(all="ignore"):
        seen = np.where(np.isfinite(late), np.abs(late), 0.0).max(axis=0)
    known = (problem.minimum or 0.0, getattr(problem, "summed", None) or 0.0)
    return _ULPS * eps * np.maximum(seen, max(abs(float(v)) for v in known))


def gradient_floor(first: Array, eps: float) -> Any:
    """Return the size below which a gradient norm is rounding: a few eps of the start's."""
    return _ULPS * eps * first
