"""The restart search behind `find_lr`: any rate from the same start, many at once, and its speed."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from optim import Optimizer
from schedules import Constant, Schedule
from stepsize.analysis.traces import Traces
from stepsize.core.display import counted
from stepsize.core.rounding import ULPS, gradient_floor, value_floor
from stepsize.experiments.sweep.batch import Batch, cut_for_traces, traces_for

__all__ = ["COARSE", "Trial", "Marks", "RateScan", "marks_of"]

Array = np.ndarray[Any, Any]

# So many rates a decade in the first scan, which goes so many decades beyond where it begins.
COARSE = 4
_REACH = 1e12
# Rates nearer to each other than this, relative to their size, are one.
_APART = 1e-12
# Below the floor a fall counts a little further, so that rates that settle in one update can be told apart.
_BENEATH = 1e-3
# What no value can tell from 0, relative to the error at the start.
_NOTHING = 1e-200


class Marks(NamedTuple):
    """What is kept of the runs at R rates from S starts; every array has the shape (R, S).

    Attributes
    ----------
    error : ndarray
        The largest error of the last tenth of the run, at least the floor; inf for a run that was lost.
    speed : ndarray
        By how much the logarithm of the error falls an update: until it settled at the floor or, where it did
        not, until the last tenth, whose largest error counts. -inf for a run that was lost.
    mean_speed : ndarray
        The same with the mean of the last tenth.
    settled : ndarray
        After how many updates the error was at the floor to stay, between two updates by interpolation of
        its logarithm; inf if it never was.
    floor : ndarray
        The size below which errors are rounding.
    jitter : ndarray
        How far the logarithm of the error strays from a straight line over the last tenth: the root of the
        mean square, 0 where there are too few points above the floor.
    rise : ndarray
        Loss at the end less that at the start: 0 within rounding, inf for a run that was lost upwards.
    lowest : ndarray
        The lowest loss of the run, -inf where it fell out of the finite numbers.
    growth : ndarray
        Error at the end over error at the start.
    beneath : ndarray
        By how much the gap was below 0, which only rounding can do: 0 for a run that was lost, and where it
        is more than a millionth of the gap at the start, so that the stated minimum is none.
    """

    error: Array
    speed: Array
    mean_speed: Array
    settled: Array
    floor: Array
    jitter: Array
    rise: Array
    lowest: Array
    growth: Array
    beneath: Array


@dataclass(frozen=True, eq=False)
class Trial:
    """Some starts on one problem, from which any rate can be tried.

    `rounding`, of shape (S,), is the size of errors that runs have shown to be rounding, where that is known.
    """

    problem: Any
    rule: Optimizer
    starts: Array
    rounding: Array | float = 0.0

    def alone(self, start: int) -> "Trial":
        """Return the trial from a single start."""
        return replace(
            self,
            starts=self.starts[[start]],
            rounding=np.broadcast_to(self.rounding, len(self.starts))[[start]],
        )

    def at(self, rates: Array, steps: int) -> Marks:
        """Return the marks of so many updates at each rate from each start."""
        if isinstance(self.rule.lr, Schedule):
            values: Any = tuple(self.rule.lr * Constant(float(rate)) for rate in rates for _ in self.starts)
        else:
            values = np.repeat(rates, len(self.starts))
        x0 = np.tile(self.starts, (len(rates), 1))
        whole = Batch(self.problem, self.rule, {"lr": values}, x0, np.arange(len(x0)), steps, 0.0)
        rounding = np.tile(np.broadcast_to(self.rounding, len(self.starts)), len(rates))
        found = [
            marks_of(traces, self.problem, rounding[rows])
            for piece in cut_for_traces(whole)
            for traces, rows in zip(*_pieces(piece), strict=True)
        ]
        shape = len(rates), len(self.starts)
        return Marks(*(np.concatenate(c).reshape(shape) for c in zip(*found, strict=True)))


def _pieces(batch: Batch) -> tuple[list[Traces], list[Array]]:
    """Return the traces of a batch, and which rows of the whole each of them has."""
    found = [traces for traces, _ in traces_for(batch)]
    return found, np.array_split(batch.rows, len(found))


def marks_of(traces: Traces, problem: Any, rounding: Array | float = 0.0) -> Marks:
    """Return the marks of B runs, each of shape (B,), above what is known to be rounding."""
    fun, error = traces.fun, traces.error
    tenth = max(len(error) // 10, 1)
    eps = traces.rounding / ULPS
    with np.errstate(all="ignore"):
        values = value_floor(problem, fun[-tenth:], eps)
        exact = getattr(problem, "gradient_source", "exact") == "exact"
        floor = gradient_floor(error[0], eps, exact=exact) if problem.minimum is None else values
        floor = np.maximum(floor, rounding)
        # Far below a stated minimum is no success: that minimum is one of a region which the run has left.
        lost = traces.diverged | (error[-tenth:] < -error[0] - floor).any(axis=0)
        floor = np.maximum(floor, _NOTHING * error[0])
        late, until = error[-tenth:], len(error) - tenth
        largest = np.where(lost, np.inf, np.maximum(late.max(axis=0), floor))
        settled = np.where(lost, np.inf, _settled(error, floor))
        speed = np.log(error[0] / largest) / until
        mean_speed = np.log(error[0] / np.maximum(late.mean(axis=0), floor)) / until
        at_floor = np.log(error[0] / floor) / settled
        arrived = np.isfinite(settled) & (settled > 0)
        rise = fun[-1] - fun[0]
        beneath = np.maximum(-error.min(axis=0), 0.0)
        lowest = np.nanmin(fun, axis=0)
        up = np.where(lowest < -_DEEP * np.maximum(np.abs(fun[0]), 1.0), -np.inf, np.inf)
        return Marks(
            error=np.where(largest <= _NOTHING * error[0], 0.0, largest),
            speed=np.where(arrived, at_floor, speed),  # -inf of itself where the error is inf
            mean_speed=np.where(lost, -np.inf, np.where(arrived, at_floor, mean_speed)),
            settled=settled,
            floor=floor,
            jitter=np.where(lost | arrived, 0.0, _jitter(late, floor)),
            rise=np.where(traces.diverged, up, np.where(np.abs(rise) <= values, 0.0, rise)),
            lowest=np.where(np.isneginf(up), up, lowest),
            growth=np.where(traces.diverged, np.inf, error[-1] / error[0]),
            beneath=np.where(lost | (beneath > _ROUNDING * error[0]), 0.0, beneath),
        )


# A gap that is negative by less than this share of the start's is rounding, of which it shows a few-th part.
_ROUNDING, _FEW = 1e-6, 8.0
# A loss so many times the start's below 0 has no floor: it is on its way out of the finite numbers.
_DEEP = 1e100


def _settled(error: Array, floor: Array) -> Array:
    """Return after how many updates each error was at the floor to stay, a fraction by interpolation."""
    above = ~(error <= floor)
    last = len(error) - 1 - above[::-1].argmax(axis=0)
    runs = np.arange(error.shape[1])
    before = error[last, runs]
    after = np.maximum(error[np.minimum(last + 1, len(error) - 1), runs], _BENEATH * floor)
    between = last + np.log(before / floor) / np.log(before / after)
    return np.where(above.any(axis=0), np.where(last == len(error) - 1, np.inf, between), 0.0)


def _jitter(late: Array, floor: Array) -> Array:
    """Return how far the logarithms of the late errors stray from a straight line."""
    if len(late) < 4:
        return np.zeros(late.shape[1])
    logs = np.log(np.maximum(late, np.maximum(floor, 1e-300)))
    n = np.arange(len(late)) - (len(late) - 1) / 2
    slope = (n[:, None] * logs).sum(axis=0) / (n * n).sum()
    return np.asarray(np.sqrt(np.square(logs - logs.mean(axis=0) - n[:, None] * slope).mean(axis=0)))


class RateScan:
    """Every rate tried within the budget, ascending, with its marks."""

    def __init__(
        self, trials: list[Trial], steps: int, report: Callable[[str], None] = lambda _: None
    ) -> None:
        self._trials, self.steps, self._report = trials, steps, report
        self.rates = np.zeros(0)
        self.marks = Marks(*np.zeros((len(Marks._fields), 0, sum(len(trial.starts) for trial in trials))))

    def add(self, rates: Array) -> None:
        """Try more rates."""
        fresh = np.unique(rates)
        fresh = fresh[np.append(True, np.diff(fresh) > _APART * fresh[1:])] if len(fresh) else fresh
        if len(self.rates):
            known = np.minimum(np.searchsorted(self.rates, fresh), len(self.rates) - 1)
            off = np.minimum(np.abs(self.rates[known - 1] - fresh), np.abs(self.rates[known] - fresh))
            fresh = fresh[off > _APART * fresh]
        if not len(fresh):
            return
        found = [trial.at(fresh, self.steps) for trial in self._trials]
        order = np.argsort(np.concatenate([self.rates, fresh]))
        self.rates = np.concatenate([self.rates, fresh])[order]
        self.marks = Marks(
            *(
                np.concatenate([old, np.concatenate(new, axis=1)])[order]
                for old, new in zip(self.marks, zip(*found, strict=True), strict=True)
            )
        )
        self._report(f"{counted(len(self.rates), 'rate')} tried")

    def scan(self, low: float, high: float) -> None:
        """Try a few rates each decade, up to one that climbs, and down to where less is worse."""
        first, last = low, high
        self._decades(low, high)
        while (self.marks.rise[-1] <= 0).any() and high < _REACH * last:
            self._decades(high, 100 * high)
            high *= 100
        while low * _REACH > first and self.best() < 2 * COARSE:
            self._decades(low / 100, low)
            low /= 100

    def above_rounding(self) -> "RateScan":
        """Return the same rates, tried anew where negative gaps show more rounding than the floor has."""
        shown = _FEW * self.marks.beneath.max(axis=0)
        if (shown <= self.marks.floor.min(axis=0)).all():
            return self
        ends = np.cumsum([len(trial.starts) for trial in self._trials])
        trials = [
            replace(trial, rounding=rounding)
            for trial, rounding in zip(self._trials, np.split(shown, ends[:-1]), strict=True)
        ]
        anew = RateScan(trials, self.steps, self._report)
        anew.add(self.rates)
        return anew

    def _decades(self, low: float, high: float) -> None:
        self.add(np.geomspace(low, high, math.ceil(COARSE * np.log10(high / low)) + 1))

    @property
    def progress(self) -> Array:
        """By how much the logarithm of the error would fall in the whole budget, the median over starts."""
        return np.asarray(np.median(self.marks.speed, axis=1) * self.steps)

    @property
    def mean_progress(self) -> Array:
        """The same with the mean of the last tenth."""
        return np.asarray(np.median(self.marks.mean_speed, axis=1) * self.steps)

    def best(self, only: int | None = None) -> int:
        """Return the place of the fastest rate, of all starts or of one alone; the lowest of equal ones."""
        speed = self.progress if only is None else self.marks.speed[:, only]
        return int(np.argmax(speed))

    def around(self, place: int) -> tuple[float, float]:
        """Return the neighbours of a rate."""
        return float(self.rates[max(place - 1, 0)]), float(self.rates[min(place + 1, len(self.rates) - 1)])

    def leaders(self, count: int) -> list[int]:
        """Return the best places of which no neighbour is better."""
        order = np.argsort(-self.progress, kind="stable")
        rank = np.empty(len(order), int)
        rank[order] = np.arange(len(order))
        padded = np.concatenate([[len(rank)], rank, [len(rank)]])
        peaks = (rank < padded[:-2]) & (rank < padded[2:])
        return [int(place) for place in order if peaks[place]][:count]
