"""The last windows of runs: the extremes that the verdicts compare, and the conditions on them alone.

They are made of kept rows here. `stepsize.analysis.lockstep.tally` has them without any rows.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from stepsize.analysis.traces import VANISHES, Traces, last_windows, window_of

__all__ = [
    "BLOCKS",
    "DEAD",
    "QUARTERS",
    "RESTS",
    "RowWindows",
    "Windows",
    "came_back",
    "falls_much",
    "grows",
    "halves",
    "in_falling_order",
    "rests",
    "tends_to_a_limit",
    "tops_of_blocks",
]

Array = np.ndarray[Any, Any]

# The share of a swing by which the envelope of an oscillation must fall to be falling.
_FALLS = 0.05
# And by which it must fall from one half of the last window to the next.
RESTS = _FALLS / 2
# By what factor an error that was small for a window must have grown to have left again.
_LEFT = 100.0
# The share of its largest to which a dead rate has fallen, and of the whole gain that is none.
DEAD = 1e-3
# Of 28 pairs of blocks, so many more fall than rise: by chance in one of 140 noisy runs (Kendall 1938).
BLOCKS, _CONCORDANT = 8, 20
# Into so many parts two windows are cut to see whether a loss grows.
QUARTERS = 4


class Windows(Protocol):
    """The last three windows of K runs, the last one first; every array has the shape (K,).

    Attributes
    ----------
    steps : int
        Updates of the runs.
    floor : ndarray
        The size of a difference of losses that rounding hides.
    start, first_error, first_norm, last_error, last_norm : ndarray
        Loss, error and gradient norm at the start and at the end.
    tops, error_tops, norm_tops : sequences of ndarray
        The largest losses and errors of three windows, and gradient norms of two.
    lowest, least_error : ndarray
        The lowest loss of two windows, and the smallest error of one.
    points : tuple of ndarray
        The first, the middle and the last loss of the last window.
    """

    @property
    def steps(self) -> int: ...
    @property
    def floor(self) -> Array: ...
    @property
    def start(self) -> Array: ...
    @property
    def tops(self) -> Sequence[Array]: ...
    @property
    def lowest(self) -> Array: ...
    @property
    def first_error(self) -> Array: ...
    @property
    def first_norm(self) -> Array: ...
    @property
    def last_error(self) -> Array: ...
    @property
    def last_norm(self) -> Array: ...
    @property
    def error_tops(self) -> Sequence[Array]: ...
    @property
    def norm_tops(self) -> Sequence[Array]: ...
    @property
    def least_error(self) -> Array: ...
    @property
    def points(self) -> tuple[Array, Array, Array]: ...
    @property
    def fall(self) -> Array: ...
    @property
    def swing(self) -> Array: ...


class RowWindows:
    """The last windows of some runs, of whose updates there are rows."""

    def __init__(self, c: Traces, rest: Array) -> None:
        self.rest, self._c = rest, c
        self.steps = len(c.fun) - 1
        self.size = window_of(self.steps)
        self.floor, self.start = c.floor[rest], c.fun[0, rest]
        self.loss = last_windows(c.fun, self.size, 3)
        # To pick some columns of a table takes longer than the largest number of each.
        self.tops = [part.max(axis=0)[rest] for part in self.loss]
        # Of a minimum of 0 the error is the value itself.
        self._error = self.loss if c.error is c.fun else last_windows(c.error, self.size, 3)
        self.error_tops = self.tops if c.error is c.fun else [part.max(axis=0)[rest] for part in self._error]
        self.lowest = np.minimum(*(part.min(axis=0)[rest] for part in self.loss[:2]))
        self.fall = self.tops[1] - self.tops[0]
        self.swing = self.tops[0] - self.lowest
        self.first_error, self.last_error = c.error[0, rest], c.error[-1, rest]
        self.first_norm, self.last_norm = c.grad_norm[0, rest], c.grad_norm[-1, rest]

    @property
    def norm_tops(self) -> list[Array]:
        """The largest gradients of the last window and of the one before."""
        return self._norm_tops

    @cached_property
    def _norm_tops(self) -> list[Array]:
        return [part.max(axis=0)[self.rest] for part in last_windows(self._c.grad_norm, self.size, 2)]

    @property
    def least_error(self) -> Array:
        """The smallest error of the last window."""
        return np.asarray(self._error[0].min(axis=0)[self.rest])

    @property
    def points(self) -> tuple[Array, Array, Array]:
        """The first, the middle and the last loss of the last window."""
        last, rest = self.loss[0], self.rest
        return last[0, rest], last[len(last) // 2, rest], last[-1, rest]

    def late(self, rows: Array, some: Any = slice(None)) -> Array:
        """Return the last two windows of some rows, or of some of the runs in them, as one."""
        return rows[-2 * self.size :, self.rest[some]]

    def tops_of_blocks(self, some: Any = slice(None)) -> Array | None:
        """Return the largest losses of eight blocks of the last two windows, the first one first."""
        return tops_of_blocks(self.late(self._c.fun, some))

    def tops_from_end(self, parts: int, some: Any = slice(None)) -> list[Array]:
        """Return the largest losses of parts of the last two windows, the last one first."""
        half = max(2 * self.size // parts, 1)
        fun = self._c.fun[-parts * half :, self.rest[some]]
        return [
            fun[len(fun) - (i + 1) * half : len(fun) - i * half].max(axis=0)
            for i in range(min(parts, len(fun) // half))
        ]


def falls_much(w: Windows) -> Array:
    """Return whether the envelope falls, as an oscillation's must to be a falling one."""
    return np.asarray((w.fall > w.floor) & (w.fall >= _FALLS * w.swing))


def came_back(w: Windows) -> Array:
    """Return whether the error had all but arrived for a whole window, and is large again."""
    last, *earlier = w.error_tops
    least = np.minimum(*earlier)
    return np.asarray((w.steps > 7) & (last > _LEFT * least) & (last <= np.abs(w.first_error)))


def halves(rows: Array) -> tuple[Array, Array]:
    """Return the largest of the first half of a window, and of its second."""
    half = max(len(rows) // 2, 1)
    return rows[:half].max(axis=0), rows[half:].max(axis=0, initial=-np.inf)


def rests(first: Array, second: Array, least: Array) -> Array:
    """Return whether the envelope falls by less than that from the first half of a window to its second."""
    return np.asarray(first - second < least)


def tops_of_blocks(rows: Array) -> Array | None:
    """Return the largest of eight blocks of rows, the first one first; None of fewer rows."""
    if len(rows) < BLOCKS:
        return None
    return np.array([block.max(axis=0) for block in np.array_split(rows, BLOCKS)])


def in_falling_order(tops: Array | None) -> Any:
    """Return whether the largest losses of eight blocks fall, by Kendall's rank test."""
    if tops is None:
        return np.True_
    i, j = np.triu_indices(BLOCKS, 1)
    return np.asarray(np.sign(tops[i] - tops[j]).sum(axis=0) >= _CONCORDANT)


def grows(w: Windows, tops: Sequence[Array], some: Array) -> Array:
    """Return which of some runs have an envelope that grew from part to part, to above the start."""
    start, floor = w.start[some], w.floor[some]
    rises = (np.diff(tops, axis=0) < 0).all(axis=0) & (tops[0] > start + floor)
    swing = (w.tops[1] - w.lowest)[some]
    return np.asarray(rises & (-w.fall[some] > np.maximum(floor, _FALLS * swing)))


def tends_to_a_limit(w: Windows) -> Array:
    """Return whether the gap tends to a limit that is not 0, with a gradient that has all but vanished."""
    before = w.tops[2] - w.tops[1]
    ratio = np.where(before > 0, w.fall / before, np.inf)
    to_come = np.where(ratio <= 0.5, w.fall * ratio / (1 - ratio), np.inf)
    # The last window alone must say so too: a slow axis may lie under the quick one that fell until then.
    first, middle, last = w.points
    flat = np.where(last < middle, np.inf, 0.0)
    later = np.where(middle < first, (middle - last) / (first - middle), flat)
    to_come = np.maximum(to_come, np.where(later <= 0.75, (middle - last) * later / (1 - later), np.inf))
    small = w.norm_tops[0] <= VANISHES * w.first_norm
    arrives = (to_come <= DEAD * w.last_error) & (w.fall >= 0) & small
    return np.asarray(arrives & (w.least_error >= 0.5 * w.error_tops[0]))
