"""A look along a line, point by point: values, slopes, and what on them looks like a minimum."""

from typing import Any

import numpy as np

__all__ = ["local_minima", "scan", "sign_changes"]

Array = np.ndarray[Any, Any]


def scan(problem: Any, x: Any, d: Any, alphas: Any, *, n: int = 0) -> tuple[Array, Array]:
    r"""Return values and slopes along the line x - alpha d, as a search in update n would see them.

    Parameters
    ----------
    problem : Problem
        With ``sampling="dynamic"`` every point sees a mini-batch of its own, with "static" all see one.
    x, d : sequence of float
        Point, and direction that is subtracted.
    alphas : sequence of float
        The steps to look at.
    n : int
        Index of the update.

    Returns
    -------
    values, slopes : ndarray
        Of the shape of alphas.

    Examples
    --------
    >>> from problems import Parabola
    >>> values, slopes = scan(Parabola(), [1.0], [2.0], [0.0, 0.25, 0.5, 0.75])
    >>> values.tolist(), slopes.tolist()
    ([1.0, 0.25, 0.0, 0.25], [-4.0, -2.0, -0.0, 2.0])
    """
    from schedules import Line

    line = Line(problem, np.asarray(x, dtype=float), np.asarray(d, dtype=float), n=n)
    trials = [line.both(float(alpha)) for alpha in alphas]
    return np.array([t.f for t in trials]), np.array([t.slope for t in trials])


def local_minima(values: Any) -> Array:
    """Return the indices of points lower than both their neighbours.

    Examples
    --------
    >>> local_minima([3.0, 1.0, 2.0, 0.0, 4.0]).tolist()
    [1, 3]
    """
    v = np.asarray(values)
    return np.flatnonzero((v[1:-1] < v[:-2]) & (v[1:-1] < v[2:])) + 1


def sign_changes(slopes: Any) -> Array:
    """Return the indices of points with a negative slope whose right neighbour has none.

    Examples
    --------
    >>> sign_changes([-1.0, -0.5, 0.0, 1.0, -1.0, 2.0]).tolist()
    [1, 4]
    """
    s = np.asarray(slopes)
    return np.flatnonzero((s[:-1] < 0) & (s[1:] >= 0))
