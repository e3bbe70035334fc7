"""Verdicts on very many runs while they run: the words, and the numbers, that `classify` gives to each alone.

Runs go in lockstep, and a `Tally` keeps a few numbers of each. Where those decide, they are taken: a run that
stayed small for as long as it took to get there has settled; one whose loss fell and fell is still crawling;
one that became inf or nan has diverged. What needs the whole course (how often a loss swung up and down,
whether a dip on the way was longer than the stay at the end) is left undecided: whoever asked makes those
runs once more, with their histories.
"""

from dataclasses import fields
from typing import Any, NamedTuple

import numpy as np

from optim.engines.lockstep import Lockstep, Untraceable
from stepsize.analysis.tally import Tally
from stepsize.analysis.traces import VANISHES
from stepsize.analysis.verdicts import (
    ALTERNATES,
    CODE,
    CONTRADICTIONS,
    CRAWLING,
    DEAD,
    DIVERGED,
    FAILED,
    FALLS,
    LEFT,
    RunOutcome,
    refutes,
    settled_word,
)
from stepsize.core.rounding import value_floor
from stepsize.core.settling import rounding_at, tolerance

__all__ = ["Judged", "Untraceable", "judge_in_lockstep"]

Array = np.ndarray[Any, Any]

# In runs of fewer updates the windows are too short for what is said of plain ones.
_SHORTEST = 8


class Judged(NamedTuple):
    """What became of B runs: the columns of their table, and more.

    Attributes
    ----------
    outcome : RunOutcome
    nit : ndarray of int, shape (B,)
        Updates made.
    diverged : ndarray of bool, shape (B,)
        Which runs became inf or nan.
    errors : ndarray of shape (B, K)
        The errors after the updates that were asked for, inf where there were not so many.
    undecided : ndarray of bool, shape (B,)
        Of which runs nothing stands here.
    """

    outcome: RunOutcome
    nit: Array
    diverged: Array
    errors: Array
    undecided: Array


def judge_in_lockstep(
    problem: Any, optimizer: Any, x0: Array, steps: int, tol: float, atol: float | None, at: Array
) -> Judged:
    """Run and judge a batch.

    Parameters
    ----------
    problem, optimizer, x0, steps
        As for `minimize`.
    tol, atol : float, float or None
        What counts as settled.
    at : ndarray of int
        After which updates to keep the error.

    Raises
    ------
    Untraceable
        If the runs cannot go in lockstep; nothing is lost but time.
    """
    runs = Lockstep(problem, optimizer, x0, steps)
    with np.errstate(all="ignore"):
        judge = _Judge(runs, steps, tol, atol, at)
        for _ in range(steps):
            runs.advance()
            judge.add()
        judge.finish()
    return judge.found


class _Judge:
    """Follows runs in lockstep, and enters in `found` what became of each as soon as that is known."""

    def __init__(self, runs: Lockstep, steps: int, tol: float, atol: float | None, at: Array) -> None:
        self._runs, self._limits, self._at = runs, (tol, atol), at
        self._tally = Tally(runs.problem, steps, runs.fun, runs.grad_norm, tol, atol)
        self._rate = _Rate()
        count = len(runs.who)
        columns = {f.name: np.full(count, np.nan) for f in fields(RunOutcome)}
        columns["verdict"] = np.zeros(count, int)
        self.found = Judged(
            RunOutcome(**columns),
            np.full(count, steps),
            np.zeros(count, bool),
            np.full((count, len(at)), np.inf),
            np.ones(count, bool),
        )
        self._keep_errors()

    def add(self) -> None:
        """Look at the update that was made."""
        runs, tally = self._runs, self._tally
        if len(runs.lost):
            self._lose(runs.lost)
        tally.add(runs.fun, runs.grad_norm, runs.overshoot, runs.step_norm)
        self._rate.add(runs.rate)
        self._keep_errors()
        if len(runs.lost) and (kept := runs.drop()) is not None:
            tally.keep(kept)
            self._rate.keep(kept)

    def finish(self) -> None:
        """Judge all that are left."""
        self._settled(self._left())
        self._growing(self._left())
        self._crawling(self._left())

    def _left(self) -> Array:
        """Return the columns of the runs on which nothing is decided."""
        return np.flatnonzero(self._runs.alive & self.found.undecided[self._runs.who])

    def _keep_errors(self) -> None:
        for place in np.flatnonzero(self._at == self._tally.row):
            errors = self._tally.error_of(self._runs.fun, self._runs.grad_norm)
            self.found.errors[self._runs.who, place] = np.where(self._runs.alive, errors, np.inf)

    def _enter(self, columns: Array, **values: Any) -> None:
        """Enter what became of some runs."""
        who = self._runs.who[columns]
        for name, value in values.items():
            getattr(self.found.outcome, name)[who] = value
        self.found.undecided[who] = False

    def _lose(self, columns: Array) -> None:
        """Enter the runs that became inf or nan, unless they fell out of the numbers or contradict."""
        t, runs = self._tally, self._runs
        overshot, climbed, contradicted = t.counts(columns)
        downwards = t.last[columns] < t.start.fun[columns]
        plain = ~downwards & (contradicted < CONTRADICTIONS)
        failed = np.array([run in runs.failures for run in runs.who[columns].tolist()])
        until = max(t.row, 1)
        chosen = plain | failed
        self.found.nit[runs.who[columns]] = t.row
        self.found.diverged[runs.who[columns]] = True
        self._enter(
            columns[chosen],
            verdict=np.where(failed, CODE[FAILED], CODE[DIVERGED])[chosen],
            overshoot=overshot[chosen] / until,
            uphill=climbed[chosen] / until,
            error=np.inf,
            best_error=t.error_of(t.lowest, t.lowest)[columns[chosen]],
        )

    def _settled(self, columns: Array) -> None:
        """Enter the runs that settled beyond doubt."""
        t = self._tally
        last, limit = self._last_error(columns), self._tolerance(columns)
        solved = t.inside[columns] & ~self._is_touch(columns)
        # The tolerance may be larger than was known before the last value was.
        solved &= limit <= t.tolerance[columns]
        if t.known:
            solved &= ~refutes(t.start.fun[columns] - t.minimum, last)
        columns = columns[solved]
        until = np.maximum(t.first[columns], 1)
        overshoot, uphill = t.overshot_then[columns] / until, t.climbed_then[columns] / until
        self._enter(
            columns,
            verdict=settled_word(overshoot, uphill),
            settled=t.first[columns],
            overshoot=overshoot,
            uphill=uphill,
            error=last[solved],
            best_error=t.error_of(t.lowest, t.lowest)[columns],
        )

    def _is_touch(self, columns: Array) -> Array:
        """Return whose stay at the end may be too short to prove anything, by the rules of `settled_at`.

        For a stay shorter than the way there: one that came all of a sudden, that came faster and faster, or
        that is shorter than twice the longest dip on the way, which is known as an upper bound.
        """
        t = self._tally
        first = t.first[columns]
        stay, (before, entry) = t.updates + 1 - first, t.entry[:, columns]
        fall = np.log(before / entry)
        usual = np.log(t.far[columns] / before) / (first - 1 - np.maximum(t.hundredth[columns], 0))
        hastens = (t.tenth[columns] >= 0) & (fall > 1.5 * usual) & (stay < 2 * (first - t.tenth[columns]))
        sudden = (stay == 1) & (before > t.hundredfold[columns])
        return np.asarray((stay < first) & (sudden | hastens | (stay < 2 * t.dip[columns])))

    def _growing(self, columns: Array) -> None:
        """Enter the runs whose envelope grew from half window to half window: the condition of `verdicts`."""
        t = self._tally
        if t.updates < _SHORTEST or not t.known:
            return
        tops, (before, late), lows = t.half_tops[:, columns], t.tops[:, columns], t.lows[:, columns]
        floor = value_floor(self._runs.problem, np.array([late, lows[1]]), t.eps)
        grows = (np.diff(tops, axis=0) > 0).all(axis=0) & (tops[-1] > t.start.fun[columns] + floor)
        grows &= late - before > np.maximum(floor, FALLS * (before - lows.min(axis=0)))
        last = self._last_error(columns)
        overshot, climbed, contradicted = t.counts(columns)
        grows &= (last > self._tolerance(columns)) & (contradicted < CONTRADICTIONS)
        self._enter(
            columns[grows],
            verdict=CODE[DIVERGED],
            overshoot=overshot[grows] / t.updates,
            uphill=climbed[grows] / t.updates,
            error=last[grows],
            best_error=t.error_of(t.lowest, t.lowest)[columns[grows]],
        )

    def _crawling(self, columns: Array) -> None:
        """Enter the runs of which a few numbers say that they are still crawling.

        The loss of such a run did not rise in the last three windows. So it swings nowhere, its envelope does
        not grow, and each largest or least value of a window is the first or last one in it. That rules out
        every other word, one by one, by conditions that are harder than those of `verdicts`.
        """
        t = self._tally
        if t.updates < _SHORTEST:
            return
        last, limit, slope = self._last_error(columns), self._tolerance(columns), t.start.grad_norm[columns]
        end, late, before = t.last[columns], t.late.fun[columns], t.before.fun[columns]
        floor = value_floor(self._runs.problem, np.array([late, end]), t.eps)
        overshot, climbed, contradicted = t.counts(columns)
        # `late` counts the overshoots of the first row of the last window as well, which can only be fewer.
        share = (overshot - t.late.overshot[columns] + 1) / t.window
        falls = ~t.rose[columns] & ((late - end > floor) | (before - late > floor)) & (share < ALTERNATES)
        falls &= (t.longest[columns] > self._still(columns)) & (contradicted < CONTRADICTIONS)
        falls &= last > limit
        ends = self._runs.grad_norm[columns]
        if t.known:
            falls &= (ends > VANISHES * slope) | (late - t.minimum <= 0.5 * (before - t.minimum))
        else:
            falls &= ends < 0.999 * slope
            # Windows begin with these gradients; of the third one nothing is known, but that it began higher.
            falls &= t.steepest[columns] <= LEFT * t.before.grad_norm[columns]
            falls &= ~t.error_rose[columns]
        falls &= ~self._rate.died(len(self._runs.who))[columns]
        some = columns[falls]
        self._enter(
            some,
            verdict=CODE[CRAWLING],
            overshoot=overshot[falls] / t.updates,
            uphill=climbed[falls] / t.updates,
            error=last[falls],
            best_error=t.error_of(t.lowest, t.lowest)[some],
        )

    def _last_error(self, columns: Array) -> Array:
        return self._tally.error_of(self._tally.last[columns], self._runs.grad_norm[columns])

    def _tolerance(self, columns: Array) -> Array:
        t, start = self._tally, self._tally.start
        first = t.error_of(start.fun[columns], start.grad_norm[columns])
        nothing = rounding_at(self._runs.problem, first, t.last[columns], t.eps)
        return np.asarray(tolerance(first, nothing, *self._limits))

    def _still(self, columns: Array) -> Array:
        """Return the lengths of steps that rounding hides."""
        x = self._runs.x[columns]
        return np.asarray(4 * self._tally.eps * np.sqrt((x * x).sum(axis=1)))


class _Rate:
    """The last and the largest rate of each run; None for rates that never change."""

    def __init__(self) -> None:
        self._last: Any = None
        self._largest: Any = None

    def add(self, rate: Any) -> None:
        """Look at the rate of an update, one for all or of shape (B,)."""
        if rate is not None:
            self._last = rate
            self._largest = rate if self._largest is None else np.maximum(rate, self._largest)

    def keep(self, columns: Array) -> None:
        """Leave out all runs but these."""
        if np.ndim(self._last):
            self._last, self._largest = self._last[columns], self._largest[columns]

    def died(self, runs: int) -> Array:
        """Return of which runs the rate has fallen to a small share of its largest."""
        gone = False if self._last is None else self._last <= DEAD * self._largest
        return np.broadcast_to(gone, (runs,))
