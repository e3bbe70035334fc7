"""The restart search behind `find_lr`: any rate from the same start, many at once, and where the best lie."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from optim import Optimizer
from schedules import Constant, Schedule
from stepsize.base.checks import refuse_unless
from stepsize.batches import Batch, cut, descend
from stepsize.courses import courses_of

__all__ = ["FINE", "Look", "Tried", "edge_for"]

Array = np.ndarray[Any, Any]

# The scan goes no further than these, with so many rates a decade; so many where the best may be.
_LOWEST, _HIGHEST = 1e-11, 1e11
_COARSE, FINE = 4, 64
# The edge is looked for with at least so many updates, and to this relative width.
_EDGE_STEPS, _EDGE_WIDTH = 2000, 2e-5
_AS_FAST = 0.9
_MEMORY = 2**28


@dataclass(frozen=True, eq=False)
class Look:
    """Some starts on one problem, from which any rate can be tried."""

    problem: Any
    rule: Optimizer
    starts: Array

    def at(self, rates: Array, steps: int) -> tuple[Array, Array, Array]:
        """Return arrays (R, S): error at the end, when it settled at the floor, how the loss rose.

        The rise is the largest loss of the last tenth, less that of the start, over what the start had to
        lose.
        """
        if isinstance(self.rule.lr, Schedule):
            values: Any = tuple(self.rule.lr * Constant(float(rate)) for rate in rates for _ in self.starts)
        else:
            values = np.repeat(rates, len(self.starts))
        x0 = np.tile(self.starts, (len(rates), 1))
        whole = Batch(self.problem, self.rule, {"lr": values}, x0, np.arange(len(x0)), steps, 0.0)
        found = [_ends(run, self.floor) for piece in cut(whole, _MEMORY) for run in descend(piece)]
        shape = len(rates), len(self.starts)
        errors, settled, rises = (np.concatenate(c).reshape(shape) for c in zip(*found, strict=True))
        return errors, settled, rises

    @property
    def floor(self) -> float:
        """Gaps below it are rounding."""
        minimum = self.problem.minimum
        return 0.0 if minimum is None else 4 * np.finfo(float).eps * abs(float(minimum))


def _ends(run: Any, floor: float) -> tuple[Array, Array, Array]:
    courses = courses_of(run)
    late = slice(-max(len(courses.error) // 10, 1), None)
    with np.errstate(all="ignore"):
        error = np.where(courses.diverged, np.inf, courses.error[late].max(axis=0))
        rise = np.where(courses.diverged, np.inf, courses.fun[late].max(axis=0) - courses.fun[0])
    above = courses.error > floor
    last = len(above) - above[::-1].argmax(axis=0)
    settled = np.where(above.any(axis=0) & ~courses.diverged, last, 0)
    return np.maximum(error, floor), np.where(courses.diverged, np.inf, settled), rise


class Tried:
    """Every rate tried within the budget, ascending."""

    def __init__(self, looks: list[Look], steps: int) -> None:
        self._looks, self._steps = looks, steps
        self.rates = np.zeros(0)
        self.errors, self.settled, self.rises = np.zeros((3, 0, sum(len(look.starts) for look in looks)))

    def add(self, rates: Array) -> None:
        """Try more rates."""
        fresh = np.setdiff1d(rates, self.rates)
        found = [look.at(fresh, self._steps) for look in self._looks]
        order = np.argsort(np.concatenate([self.rates, fresh]))
        self.rates = np.concatenate([self.rates, fresh])[order]
        for name, columns in zip(("errors", "settled", "rises"), zip(*found, strict=True), strict=True):
            setattr(self, name, np.concatenate([getattr(self, name), np.concatenate(columns, axis=1)])[order])

    def scan(self) -> None:
        """Try a few rates each decade, up to one that climbs, and down to where less is worse."""
        low, high = 1e-3, 10.0
        self._decades(low, high)
        while (self.rises[-1] <= 0).any() and high < _HIGHEST:
            self._decades(high, 100 * high)
            high *= 100
        while low > _LOWEST and ((self.rises[0] > 0).any() or self.order()[0] < 2 * _COARSE):
            self._decades(low / 100, low)
            low /= 100

    def _decades(self, low: float, high: float) -> None:
        self.add(np.geomspace(low, high, round(_COARSE * np.log10(high / low)) + 1))

    def order(self, only: int | None = None) -> Array:
        """Return the rates' places, the best first: by the median error, then by the median settling."""
        which = slice(None) if only is None else slice(only, only + 1)
        return np.lexsort(
            (np.median(self.settled[:, which], axis=1), np.median(self.errors[:, which], axis=1))
        )

    def around(self, place: int) -> tuple[float, float]:
        """Return the neighbours of a rate."""
        return float(self.rates[max(place - 1, 0)]), float(self.rates[min(place + 1, len(self.rates) - 1)])

    def leaders(self, count: int) -> list[int]:
        """Return the best places of which no neighbour is better."""
        order = self.order()
        rank = np.empty(len(order), int)
        rank[order] = np.arange(len(order))
        padded = np.concatenate([[len(rank)], rank, [len(rank)]])
        peaks = (rank < padded[:-2]) & (rank < padded[2:])
        return [int(place) for place in order if peaks[place]][:count]

    def interval(self, place: int) -> tuple[float, float]:
        """Return the ends of the rates around a place that are nearly as fast."""
        error, settled = np.median(self.errors, axis=1), np.median(self.settled, axis=1)
        floor = max(look.floor for look in self._looks)
        with np.errstate(all="ignore"):
            if error[place] <= floor:
                good = (error <= floor) & (_AS_FAST * settled <= settled[place])
            else:
                start = np.median(self.errors[0])
                good = np.log(start / error) >= _AS_FAST * np.log(start / error[place])
        good[place] = True
        bad = np.flatnonzero(~good)
        left = bad[bad < place]
        right = bad[bad > place]
        first = int(left[-1]) + 1 if len(left) else 0
        last = int(right[0]) - 1 if len(right) else len(good) - 1
        return float(self.rates[first]), float(self.rates[last])


def edge_for(look: Look, rates: Array, rises: Array, steps: int) -> float:
    """Return the rate from which on the loss ends above its start, by bisection in many places at once."""
    if not (rises > 0).any():
        return float("inf")
    first = int((rises > 0).argmax())
    refuse_unless(first > 0, "x0", look.starts[0], "a start from which a tiny rate does not climb")
    low, high = rates[max(first - 2, 0)], rates[min(first + 1, len(rates) - 1)]
    while high / low - 1 > _EDGE_WIDTH:
        among = np.geomspace(low, high, 34)
        grows = look.at(among, max(steps, _EDGE_STEPS))[2] > 0
        grows[0], grows[-1] = False, True
        place = int(grows.argmax())
        low, high = among[place - 1], among[place]
    return float(np.sqrt(low * high))
