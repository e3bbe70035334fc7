"""What is kept of runs that are judged while they run: a few numbers a run, updated once an update.

`Tally.add` is the definition, and plain arithmetic on one array element a run: whoever makes the updates
(NumPy, or a compiled loop) must keep just these. A run has the rows 0 (its start) to T; f is the value, g the
gradient norm and e the error of a row. In row k > 0, with f' the value in the row before:

==================  ========================================================================================
number              what it is after row k
==================  ========================================================================================
overshot            updates that passed the minimum along their step
climbed             updates that went uphill: f - f' > rounding * max(abs(f), abs(f'), summed)
contradicted        updates that went uphill and did not overshoot
inside              whether e <= tolerance
first               the row that began the present stay inside, or the last one
overshot_then,      `overshot` and `climbed` in row `first` (in row 1, where `first` is 0)
climbed_then
tenth, hundredth    the last row with e > 10 (100) times the tolerance that a row without followed; or -1
far                 e in row `hundredth`, and in row 0 before that
entry               e in the row before `first`, and in row `first`
lowest              the least e (of a known minimum: the least f)
rose                whether f > f' in a row from `watched` on that was not inside
error_rose          the same of e (of a known minimum it is the same)
dip                 an upper bound of the rows before such a row in which e was below what it is there: the
                    rows since the last peak; T where that peak was lower
before, late        f, g and `overshot` in the first row of the last window but one, and of the last window
tops, lows          largest and least f of the last window but one, and of the last window
half_tops           largest f of the last four half windows
steepest            the largest g of the last window
longest             the longest step of the last eighth of the last window
==================  ========================================================================================

So the memory does not grow with the number of updates.
"""

from typing import Any, NamedTuple

import numpy as np

from stepsize.analysis.traces import window_of
from stepsize.core.rounding import ULPS, summed_by
from stepsize.core.settling import rounding_at, tolerance

__all__ = ["Snapshot", "Tally"]

Array = np.ndarray[Any, Any]


class Snapshot(NamedTuple):
    """Value and gradient norm in one row, and the overshoots before it, each of shape (B,)."""

    fun: Array
    grad_norm: Array
    overshot: Array


class Tally:
    """The numbers of B runs, which begin with row 0.

    Parameters
    ----------
    problem : Problem
        Where they run.
    updates : int
        T, how many updates each will make.
    fun, grad_norm : ndarray of shape (B,)
        Row 0.
    tol, atol : float, float or None
        What counts as settled: `stepsize.core.settling.tolerance`, with what rounding hides at the start, as
        that of the last value is not known yet.
    """

    def __init__(
        self, problem: Any, updates: int, fun: Array, grad_norm: Array, tol: float, atol: float | None
    ) -> None:
        runs = len(fun)
        self.updates, self.row, self.window = updates, 0, window_of(updates)
        self.late_row = updates + 1 - self.window
        self.watched = (updates + 1) // 4
        self.known = problem.minimum is not None
        self.minimum = float(problem.minimum) if self.known else float("nan")
        self.eps = float(np.finfo(grad_norm.dtype).eps)
        self.rounding, self.summed = ULPS * self.eps, summed_by(problem)
        error = self.error_of(fun, grad_norm)
        self.tolerance = np.asarray(
            tolerance(error, rounding_at(problem, error, np.zeros(runs), self.eps), tol, atol)
        )
        self.tenfold, self.hundredfold = 10 * self.tolerance, 100 * self.tolerance
        self.start = self.before = self.late = Snapshot(fun.copy(), grad_norm.copy(), np.zeros(runs, int))
        # Counts of bytes are quick; they go into the whole ones before they are full.
        self._whole, self._bytes = np.zeros((3, runs), np.int32), np.zeros((3, runs), np.uint8)
        self.overshot_then, self.climbed_then, self.first = np.zeros((3, runs), np.int32)
        self.inside, self._above = error <= self.tolerance, error > self.tenfold
        self._far_above = error > self.hundredfold
        self.tenth, self.hundredth = np.full((2, runs), -1, np.int32)
        self.far, self.entry = np.array(error, float), np.full((2, runs), np.nan)
        self.dip, self._peak_row = np.zeros((2, runs), np.int32)
        self._peak = np.array(fun if self.known else grad_norm, float)
        self._rising = np.zeros(runs, bool)
        self.tops, self.lows = np.full((2, runs), -np.inf), np.full((2, runs), np.inf)
        self.half_tops = np.full((4, runs), -np.inf)
        self.lowest = np.array(fun if self.known else grad_norm, float)
        self.rose = np.zeros(runs, bool)
        self.error_rose = self.rose if self.known else np.zeros(runs, bool)
        self.steepest, self.longest = np.zeros((2, runs))
        self.last, self._last_slope = fun.copy(), grad_norm.copy()
        self._size = np.maximum(np.abs(fun), self.summed)
        self._next_size, self._scratch = np.empty((2, runs))
        self._climbs, self._flags = np.empty(runs, bool), np.empty((3, runs), bool)

    def error_of(self, fun: Array, grad_norm: Array) -> Array:
        """Return the errors of a row: gaps, or gradient norms where the minimum is unknown."""
        return np.asarray(fun - self.minimum) if self.known else grad_norm

    def counts(self, columns: Any = slice(None)) -> Array:
        """Return `overshot`, `climbed` and `contradicted` of some runs, as rows."""
        return np.asarray(self._whole[:, columns] + self._bytes[:, columns])

    def add(self, fun: Array, grad_norm: Array, overshoot: Array, step_norm: Any) -> None:
        """Add the next row; `step_norm()` gives the lengths of the steps, for the last few rows alone."""
        self.row += 1
        k, flags, other, good = self.row, *self._flags
        self._count(fun, overshoot)
        error = np.subtract(fun, self.minimum, self._scratch) if self.known else grad_norm
        np.less_equal(error, self.tolerance, good)
        if k == 1:  # a stay that began with row 0 counts what led to row 1
            self.first[...] = ~self.inside
            self._enter(np.flatnonzero(good), error)
        else:
            entered = np.flatnonzero(np.greater(good, self.inside, flags))
            self.first[entered] = k
            self._enter(entered, error)
        np.copyto(self.inside, good)
        for above, level, row in (
            (self._above, self.tenfold, self.tenth),
            (self._far_above, self.hundredfold, self.hundredth),
        ):
            np.greater(error, level, flags)
            fell = np.flatnonzero(np.greater(above, flags, other))
            row[fell] = k - 1
            if above is self._far_above:
                self.far[fell] = self._before(fell)
            np.copyto(above, flags)
        np.minimum(self.lowest, fun if self.known else grad_norm, out=self.lowest)
        if k >= self.watched:
            self._watch(fun, grad_norm)
        self._look_at_windows(fun, grad_norm)
        if k > self.updates - max(self.window // 8, 1):
            np.maximum(self.longest, step_norm(), out=self.longest)
        np.copyto(self.last, fun)
        if not self.known:
            np.copyto(self._last_slope, grad_norm)

    def _before(self, columns: Array) -> Array:
        """Return the errors of some runs in the row before."""
        return self.error_of(self.last[columns], self._last_slope[columns])

    def _count(self, fun: Array, overshoot: Array) -> None:
        climbs, contradicts, scratch = self._climbs, self._flags[0], self._scratch
        np.maximum(np.abs(fun, self._next_size), self.summed, out=self._next_size)
        np.maximum(self._next_size, self._size, out=scratch)
        np.multiply(scratch, self.rounding, scratch)
        np.subtract(fun, self.last, self._size)
        np.greater(self._size, scratch, climbs)
        self._size, self._next_size = self._next_size, self._size
        np.greater(climbs, overshoot, contradicts)
        for counts, happened in zip(self._bytes, (overshoot, climbs, contradicts), strict=True):
            np.add(counts, happened.view(np.uint8), counts)
        if self.row % 255 == 0:
            self._whole += self._bytes
            self._bytes[...] = 0

    def _enter(self, columns: Array, error: Array) -> None:
        self.overshot_then[columns], self.climbed_then[columns], _ = self.counts(columns)
        self.entry[:, columns] = self._before(columns), error[columns]

    def _watch(self, fun: Array, grad_norm: Array) -> None:
        """Note who rose, and how long ago the peak before was."""
        rises, outside, _ = self._flags
        if self.row == self.watched:
            self._peak[...] = self.last if self.known else self._last_slope
            self._peak_row[...] = self.row - 1
        value, before = (fun, self.last) if self.known else (grad_norm, self._last_slope)
        np.greater(value, before, rises)
        fell = np.flatnonzero(np.greater(self._rising, rises, outside))
        self._peak[fell], self._peak_row[fell] = before[fell], self.row - 1
        np.copyto(self._rising, rises)
        np.greater(rises, self.inside, outside)
        np.logical_or(self.error_rose, outside, self.error_rose)
        up = np.flatnonzero(outside)
        since = np.where(value[up] <= self._peak[up], self.row - 1 - self._peak_row[up], self.updates)
        self.dip[up] = np.maximum(self.dip[up], since)
        if not self.known:
            np.greater(fun, self.last, rises)
            np.greater(rises, self.inside, outside)
            np.logical_or(self.rose, outside, self.rose)

    def _look_at_windows(self, fun: Array, grad_norm: Array) -> None:
        k, rows, half = self.row, self.updates + 1, max(self.window // 2, 1)
        if k >= rows - 4 * half:
            top = self.half_tops[(k - rows) // half]
            np.maximum(top, fun, out=top)
        if k < rows - 2 * self.window:
            return
        which = (k - rows) // self.window
        top, low = self.tops[which], self.lows[which]
        np.maximum(top, fun, out=top)
        np.minimum(low, fun, out=low)
        if k == self.late_row - self.window:
            self.before = self._snapshot(fun, grad_norm)
        if k == self.late_row:
            self.late = self._snapshot(fun, grad_norm)
        if k >= self.late_row:
            np.maximum(self.steepest, grad_norm, out=self.steepest)

    def _snapshot(self, fun: Array, grad_norm: Array) -> Snapshot:
        return Snapshot(fun.copy(), grad_norm.copy(), self.counts()[0])

    def keep(self, columns: Array) -> None:
        """Leave out all runs but these."""
        for name, value in vars(self).items():
            if isinstance(value, np.ndarray):
                setattr(self, name, value[..., columns])
            elif isinstance(value, Snapshot):
                setattr(self, name, Snapshot(*(row[columns] for row in value)))
        if self.known:
            self.error_rose = self.rose
