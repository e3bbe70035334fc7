"""When a run has settled: its error is small and stays small to the end, and not by a lucky last point."""

from itertools import pairwise
from typing import Any

import numpy as np

from stepsize.core.rounding import gradient_floor, value_floor
from stepsize.core.validation import as_number, require

__all__ = [
    "is_before",
    "rounding_at",
    "rounding_of",
    "running_max",
    "settled_at",
    "tolerance",
    "tolerance_of",
]

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
    error = np.asarray(error)
    rows = error.reshape(len(error), -1)
    tol, nothing = (np.broadcast_to(size, error.shape[1:]).reshape(-1) for size in (tol, nothing))
    first = _last(~(rows <= tol)) + 1
    stay = len(rows) - first
    first = np.where(stay > 0, first, np.nan)
    # A stay as long as all that came before it needs no second look, and neither does none (nan).
    doubtful = np.flatnonzero(stay < first)
    if len(doubtful):
        touch = _is_touch(rows.take(doubtful, axis=1), tol[doubtful], nothing[doubtful], stay[doubtful])
        first[doubtful[touch]] = np.nan
    if error.ndim > 1:
        return first.reshape(error.shape[1:])
    return None if np.isnan(first[0]) else int(first[0])


def _is_touch(error: Array, tol: Array, nothing: Array, stay: Array) -> Array:
    """Return whether the stays below the tolerance at the end are too short to prove anything."""
    columns, first = np.arange(error.shape[1]), len(error) - stay
    before, entry = error[first - 1, columns], error[first, columns]
    sudden = (stay == 1) & (before > 100 * tol)
    tenfold, far = _last(error > 10 * tol), np.maximum(_last(error > 100 * tol), 0)
    with np.errstate(all="ignore"):
        fall = np.log(before / entry)
        usual = np.log(error[far, columns] / before) / (first - 1 - far)
    hastens = (tenfold >= 0) & (fall > 1.5 * usual) & (stay < 2 * (first - tenfold))
    some = np.flatnonzero(hastens)
    hastens[some] = ~_rose(error.take(some, axis=1), far[some], first[some])
    touch = (sudden | hastens) & (entry > nothing)
    some = np.flatnonzero(~touch)
    touch[some] = stay[some] < 2 * _longest_dip(error.take(some, axis=1), first[some])
    return np.asarray(touch)


def _rose(error: Array, start: Array, end: Array) -> Array:
    """Return whether each error rose after a row from `start` on, before `end`."""
    row = np.arange(len(error) - 1)[:, None]
    return np.asarray(((np.diff(error, axis=0) > 0) & (row >= start) & (row < end)).any(axis=0))


def _last(flags: Array) -> Array:
    """Return the last row in which each flag is set, -1 where there is none."""
    last, number = np.full(flags.shape[1], -1), np.arange(1, 256, dtype=np.uint8)[:, None]
    for low in range(0, len(flags), 255):  # so many rows are what a byte can number
        some = flags[low : low + 255].view(np.uint8)
        found = (some * number[: len(some)]).max(axis=0)
        last = np.where(found > 0, found.astype(int) + (low - 1), last)
    return last


def _longest_dip(error: Array, first: Array) -> Array:
    """Return how long each error stayed below a later value, in the later half of its first rows."""
    longest = np.zeros(len(first), int)
    # What only falls from before the later half on has no dips there.
    rises = _last(~(error[1:] <= error[:-1]) & is_before(len(error) - 1, first - 1)) + 1
    some = np.flatnonzero(2 * rises >= first)
    if not len(some):
        return longest
    first = first[some]
    rows = int(first.max())
    error, inside = error[:rows].take(some, axis=1), is_before(rows, first)
    before = np.where(inside & ~np.isnan(error), error, -np.inf)
    envelope = running_max(before[::-1])[::-1]
    on_it = (before >= envelope) & inside
    # Flags are converted first: a product that mixes types is slow where rows are read unbuffered.
    kind = np.min_scalar_type(rows)
    number = np.arange(1, rows + 1, dtype=kind)[:, None]
    last = running_max(on_it.astype(kind) * number)
    previous = np.concatenate([np.zeros((1, len(some)), kind), last[:-1]])
    late = on_it & ~is_before(rows, (first + 1) // 2)
    longest[some] = (late.astype(kind) * (number - 1 - previous)).max(axis=0)
    return longest


# From so many columns on, row after row is quicker than NumPy's own way, which goes down each column.
_WIDE = 64


def running_max(rows: Array) -> Array:
    """Return for each row the largest of each column until then.

    Examples
    --------
    >>> running_max(np.array([[2, 0], [1, 1], [3, 0]])).tolist()
    [[2, 0], [2, 1], [3, 1]]
    """
    if rows.shape[1] < _WIDE:
        return np.maximum.accumulate(rows, axis=0)
    largest = np.array(rows, order="C")
    for row, next_row in pairwise(largest):
        np.maximum(next_row, row, out=next_row)
    return largest


def is_before(rows: int, ends: Array) -> Array:
    """Return which of so many rows are before the end of each column, of shape (rows, B).

    Examples
    --------
    >>> is_before(2, np.array([0, 1, 5])).astype(int).tolist()
    [[0, 1, 1], [0, 0, 1]]
    """
    kind = np.min_scalar_type(rows)
    return np.asarray(np.arange(rows, dtype=kind)[:, None] < np.clip(ends, 0, rows).astype(kind))
