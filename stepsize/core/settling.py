"""When a run has settled: its error is small and stays small to the end, and not by a lucky last point."""

from typing import Any

import numpy as np

from stepsize.core.rounding import gradient_floor, value_floor
from stepsize.core.validation import as_number, require

__all__ = ["rounding_at", "rounding_of", "settled_at", "tolerance", "tolerance_of"]

Array = np.ndarray[Any, Any]


def tolerance_of(run: Any, tol: float = 1e-8, atol: float | None = None) -> Any:
    """Return the error at which a run, or each run of a batch, counts as solved.

    It is `tol` times the error at the start, or what rounding hides, whichever is larger; with `atol`, just
    that. So the units of the problem decide nothing.
    """
    return tolerance(run.error[0], rounding_of(run), tol, atol)


def tolerance(first: Any, rounding: Any, tol: float = 1e-8, atol: float | None = None) -> Any:
    """Return the error at which a run counts as solved, from that at the start and what rounding hides."""
    _require_tolerance("tol", tol)
    if atol is not None:
        _require_tolerance("atol", atol)
        return np.full(np.shape(first), float(atol))[()]
    with np.errstate(all="ignore"):
        return np.maximum(tol * np.abs(first), rounding)


def _require_tolerance(name: str, value: Any) -> None:
    require(as_number(name, value) >= 0, name, value, "a number of at least 0")


def rounding_of(run: Any) -> Any:
    """Return the size of the error that rounding hides at the end of a run, or of each run of a batch."""
    eps = float(np.finfo(run.history.x.dtype).eps)
    return rounding_at(run.problem, run.error[0], run.loss[-1], eps)


def rounding_at(problem: Any, first: Any, last: Any, eps: float) -> Any:
    """Return the same from the error at the start and the loss at the end."""
    if problem.minimum is None:
        exact = getattr(problem, "gradient_source", "exact") == "exact"
        return gradient_floor(first, eps, exact=exact)
    return value_floor(problem, np.asarray(last)[None], eps)


def settled_at(error: Array, tol: Any, nothing: Any = 0.0) -> Any:
    """Return the first row from which on every error is at most `tol`, and will remain so by all evidence.

    A first touch proves nothing, and neither does a last one: where the error went up and down before it
    arrived, it must have stayed below for twice as long as its longest dip below a later peak, in the later
    half of what came before; where it fell faster and faster, as on its way through the minimum to the other
    side, for twice as long as its last fall to a tenth took (unless to nothing); and where it fell by more
    than a hundredfold at the very last row, it must be nothing.

    Parameters
    ----------
    error : ndarray of shape (T + 1, ...)
        The error at each point.
    tol : float or ndarray of shape (...)
        What counts as small, for each run.
    nothing : float or ndarray of shape (...)
        The error that rounding cannot tell from 0, for each run.

    Returns
    -------
    int or None
        For a batch, an array of floats with nan for runs that did not settle.

    Examples
    --------
    >>> settled_at(np.array([1.0, 0.1, 1.0, 0.1, 0.1]), 0.5)
    3
    >>> settled_at(np.array([1.0, 0.1, 1.0]), 0.5) is None
    True
    >>> settled_at(np.array([1.0, 0.1, 1.0, 0.1]), 0.5) is None
    True
    """
    rows = error.reshape(len(error), -1)
    tol, nothing = (np.broadcast_to(size, error.shape[1:]).reshape(-1) for size in (tol, nothing))
    good = rows <= tol
    stay = np.logical_and.accumulate(good[::-1], axis=0).sum(axis=0)
    first = np.where(stay > 0, len(rows) - stay, np.nan)
    # A stay as long as all that came before it needs no second look, and neither does none (nan).
    doubtful = np.flatnonzero(stay < first)
    if len(doubtful):
        touch = _is_touch(rows[:, doubtful], tol[doubtful], nothing[doubtful], stay[doubtful])
        first[doubtful[touch]] = np.nan
    if error.ndim > 1:
        return first.reshape(error.shape[1:])
    return None if np.isnan(first[0]) else int(first[0])


def _is_touch(error: Array, tol: Array, nothing: Array, stay: Array) -> Array:
    """Return whether the stays below the tolerance at the end are too short to prove anything."""
    columns, first = np.arange(error.shape[1]), len(error) - stay
    sudden = (stay == 1) & (error[first - 1, columns] > 100 * tol)
    tenfold = _last_above(error, 10 * tol)
    far = np.maximum(_last_above(error, 100 * tol), 0)
    with np.errstate(all="ignore"):
        fall = np.log(error[first - 1, columns] / error[first, columns])
        usual = np.log(error[far, columns] / error[first - 1, columns]) / (first - 1 - far)
    row = np.arange(len(error) - 1)[:, None]
    rose = ((np.diff(error, axis=0) > 0) & (row >= far) & (row < first)).any(axis=0)
    hastens = (tenfold >= 0) & ~rose & (fall > 1.5 * usual) & (stay < 2 * (first - tenfold))
    arrives_by_chance = (sudden | hastens) & (error[first, columns] > nothing)
    return np.asarray(arrives_by_chance | (stay < 2 * _longest_dip(error, first)))


def _last_above(error: Array, level: Array) -> Array:
    """Return the last row in which each error is above a level, -1 where there is none."""
    row = np.arange(len(error))[:, None]
    return np.asarray(np.where(error > level, row, -1).max(axis=0))


def _longest_dip(error: Array, first: Array) -> Array:
    """Return how long each error stayed below a later value, in the later half of its first rows."""
    row = np.arange(len(error))[:, None]
    before = np.where((row < first) & ~np.isnan(error), error, -np.inf)
    envelope = np.maximum.accumulate(before[::-1], axis=0)[::-1]
    on_it = (before >= envelope) & (row < first)
    last = np.maximum.accumulate(np.where(on_it, row, -1), axis=0)
    previous = np.concatenate([np.full((1, error.shape[1]), -1), last[:-1]])
    dips = np.where(on_it & (2 * row >= first), row - previous - 1, 0)
    return np.asarray(dips.max(axis=0))
