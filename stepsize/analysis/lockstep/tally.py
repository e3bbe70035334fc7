"""What became of runs, told by a tally that a compiled loop keeps, as far as that tells it.

The verdicts look at rows. Most runs need none of them: they settle without coming near the limit again, are
lost, or still crawl, with nothing about them that any other condition could hold of. What is said of those is
what the conditions say. All others are left open: their rows must be made.
"""

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from optim.engines.lockstep import Lockstep, Untraceable, can_compile, largest_rate
from optim.failure import FAR
from stepsize.analysis.lockstep.rows import Room
from stepsize.analysis.traces import window_of
from stepsize.analysis.unsettled import ALTERNATES, MANY, SWINGS, VANISHED
from stepsize.analysis.verdicts import BELOW, CONTRADICTIONS, RunOutcome, settled_words
from stepsize.analysis.windows import (
    BLOCKS,
    DEAD,
    QUARTERS,
    RESTS,
    came_back,
    falls_much,
    grows,
    in_falling_order,
    rests,
    tends_to_a_limit,
)
from stepsize.analysis.words import CODE, CRAWLING, DIVERGED
from stepsize.core.norms import norm, squares_fit
from stepsize.core.rounding import ULPS, summed_by, value_floor
from stepsize.core.settling import rounding_at, tolerance

if TYPE_CHECKING:
    from optim.engines.compiled.judging.tables import Stretches, Tally
    from optim.engines.compiled.judging.tally import TallyBlock

__all__ = ["RUNS_TOGETHER", "Told", "tell_by_tally"]

Array = np.ndarray[Any, Any]

# The compiled loop is for double precision.
_EPS = float(np.finfo(float).eps)
# Runs whose tallies are in the cache together.
RUNS_TOGETHER = 2**13
# Updates below which windows are too short to be worth a tally.
_SHORT = 16
# Updates after which it is asked whether a run of a group is left.
_LOOK_EVERY = 8


class Told(NamedTuple):
    """What is told of B runs.

    Attributes
    ----------
    outcome : RunOutcome
        It means nothing where a run is open.
    updates : ndarray of int, shape (B,)
        Updates that left a run finite.
    lost, open : ndarray of bool, shape (B,)
        Whether a run became inf or nan; and whether its rows must tell what became of it.
    """

    outcome: RunOutcome
    updates: Array
    lost: Array
    open: Array


def tell_by_tally(
    problem: Any,
    optimizer: Any,
    x0: Array,
    steps: int,
    tol: float = 1e-8,
    atol: float | None = None,
    room: Room | None = None,
) -> Told:
    """Make the updates of a batch, and return what can be told of it without any rows.

    Parameters
    ----------
    problem, optimizer, x0, steps
        As for `minimize`.
    tol, atol : float, float or None
        What counts as settled.
    room : Room, optional
        Where to write; whatever was written there before is lost.

    Raises
    ------
    Untraceable
        If the runs cannot go in lockstep in a compiled loop.
    """
    if steps < _SHORT or problem.minimum is None or not can_compile():
        raise Untraceable("a short run, an unknown minimum, or no compiler")
    runs = Lockstep(problem, optimizer, x0, steps)
    where, first, first_norm = runs.problem, runs.fun[0].copy(), runs.grad_norm[0].copy()
    minimum = float(problem.minimum)
    with np.errstate(all="ignore"):
        first_error = first - minimum
        limits = np.asarray(tolerance(first_error, ULPS * _EPS * summed_by(where), tol, atol))
        block, tally, stretches, rates = _count(runs, steps, limits, Room() if room is None else room)
        lost, last = tally.lost < np.inf, tally.value - minimum
        settled = ~lost & (tally.last_out < steps)
        unknown = (tally.odd > 0) | (tally.doubtful_from <= tally.last_out)
        unknown |= lost & ((tally.value < first) | (tally.doubtful_from < np.inf))
        unknown |= ~settled & (tally.contradicted >= CONTRADICTIONS)
        # What rounding hides at the end may make more of the runs settled.
        nothing = rounding_at(where, first_error, tally.value, _EPS)
        at_end = np.asarray(tolerance(first_error, nothing, tol, atol))
        unknown |= ~lost & (at_end != limits) & (last <= at_end)
        unknown |= settled & _may_be_a_touch(tally, steps, limits, nothing)
        unknown |= settled & (last < -BELOW * np.abs(first_error))
        some, grown = np.flatnonzero(~lost & ~settled & ~unknown), np.zeros(len(lost), bool)
        if len(some):
            g, x = np.ascontiguousarray(block.g.T[some]), block.x.T[some]
            w = _Windows(steps, stretches, some)
            w.start, w.first_error, w.last_error = first[some], first_error[some], last[some]
            w.first_norm, w.last_norm, w.minimum = first_norm[some], np.asarray(norm(g)), minimum
            w.floor = np.asarray(value_floor(where, np.array([w.tops[0], w.lows[0]]), _EPS))
            still = w.last_step <= 1.01 * 4 * _EPS * np.sqrt((x * x).sum(axis=1))
            grown[some] = grows(w, w.quarters, np.arange(len(some)))
            may_stop = _may_not_crawl(w) | still | _may_be_frozen(block, rates, len(lost))[some]
            unknown[some] = (may_stop & ~grown[some]) | (w.last_value <= minimum)
        until = np.where(lost, tally.lost, np.where(settled, np.maximum(tally.last_out + 1, 1), steps))
        crossed = np.where(settled, tally.crossed_until, tally.crossed) / np.maximum(until, 1)
        climbed = np.where(settled, tally.climbed_until, tally.climbed) / np.maximum(until, 1)
        word = np.where(settled, settled_words(crossed, climbed), CODE[CRAWLING])
    return Told(
        RunOutcome(
            verdict=np.where(lost | grown, CODE[DIVERGED], word),
            settled=np.where(settled, tally.last_out + 1, np.nan),
            overshoot=crossed,
            uphill=climbed,
            error=np.where(lost, np.inf, last),
            best_error=tally.best.copy(),
        ),
        updates=np.where(lost, tally.lost, steps).astype(int),
        lost=lost,
        open=unknown,
    )


def _count(
    runs: Lockstep, steps: int, limits: Array, room: Room
) -> "tuple[TallyBlock, Tally, Stretches, Array]":
    """Make the updates, and return where the runs ended, what is known of them, and the rates."""
    from optim.engines.compiled.judging.tables import HEIGHT, Facts, Stretches
    from optim.engines.compiled.judging.tally import TallyBlock

    block, ends = runs.compiled(TallyBlock), stretch_ends(steps)
    far = FAR * max(float(np.abs(runs.start).max()), 1.0)
    facts = Facts(far, float(runs.problem.minimum or 0.0), ULPS * _EPS, summed_by(runs.problem))
    table = room.array("tally", (HEIGHT, block.stride), float)
    numbers = len(Stretches._fields)
    of_stretches = room.array("stretches", (len(ends) * numbers, block.stride), float)
    found = block.count(
        runs.fun[0],
        limits,
        marks_of(ends, steps),
        facts,
        table,
        of_stretches.reshape(len(ends), numbers, block.stride),
    )
    return block, *found


def stretch_ends(steps: int) -> list[int]:
    """Return the rows before which a stretch ends: of rows 0 to `steps`, whatever the windows are made of.

    The runs are not short: windows have at least four updates.

    Examples
    --------
    >>> stretch_ends(16)
    [5, 9, 10, 11, 12, 13, 14, 15, 16, 17]
    """
    size, end = window_of(steps), steps + 1
    last, middle = end - size, end - size + size // 2
    ends = {end - 3 * size, end - 2 * size, last, last + 1, middle, middle + 1, end}
    part = 2 * size // QUARTERS
    ends |= {end - i * part for i in range(QUARTERS + 1)}
    late = np.array_split(np.arange(end - 2 * size, end), BLOCKS)
    return sorted(ends | {int(block[-1]) + 1 for block in late})


def marks_of(ends: list[int], steps: int) -> Array:
    """Return what `TallyBlock.count` asks of each update: the stretch that ends with it, or none."""
    from optim.engines.compiled.judging.tables import GO_ON, LOOK

    marks = np.full(steps, GO_ON, np.int64)
    marks[_LOOK_EVERY - 1 :: _LOOK_EVERY] = LOOK
    marks[np.array(ends) - 2] = np.arange(len(ends))
    return marks


def _may_be_a_touch(tally: "Tally", steps: int, limits: Array, nothing: Array) -> Array:
    """Return which runs within the limit may only touch it, by what `settled_at` asks."""
    first = tally.last_out + 1
    stay = steps + 1 - first
    sudden = (stay == 1) & (tally.out_error > 100 * limits)
    fall = np.log(tally.out_error / tally.entry_error)
    far = np.maximum(tally.last_hundredfold, 0)
    usual = np.log(tally.hundredfold_error / tally.out_error) / (tally.last_out - far)
    hastens = (tally.last_tenfold >= 0) & (fall > 1.5 * usual) & (stay < 2 * (first - tally.last_tenfold))
    touches = (sudden | (hastens & (tally.last_rise <= far))) & (tally.entry_error > nothing)
    # Between peaks of which each is no higher than the one before, no dip is longer than a valley.
    dips = (2 * tally.last_rise >= first) & (
        (stay < 2 * (tally.longest_valley - 1)) | (2 * tally.last_summit >= first)
    )
    return np.asarray((first < 1) | ((stay < first) & (touches | dips)))


def _may_be_frozen(block: "TallyBlock", rates: Array, runs: int) -> Array:
    """Return in which runs the rate has died."""
    if not callable(block.optimizer.lr):
        return np.zeros(runs, bool)
    rate = np.array([largest_rate(lr) for lr in rates])
    largest = rate.max(axis=0)
    return np.broadcast_to((rate[-1] <= DEAD * largest) & (largest > 0), runs)


def _may_not_crawl(w: "_Windows") -> Array:
    """Return which runs may bounce or stand still."""
    rises = np.minimum(*w.rises)
    bounces = (rises >= SWINGS) & (w.swing > w.floor)
    some = np.flatnonzero(bounces & falls_much(w))
    order = in_falling_order(w.tops_of_blocks[:, some])
    falls_on = ~rests(*w.halves, RESTS * w.swing)[some] | order
    chance = (rises[some] >= MANY) & (w.fall < w.swing)[some] & ~order
    bounces[some] = ~falls_on | chance
    bounces |= (np.minimum(*w.crossed) >= ALTERNATES) | came_back(w)
    vanishes = (w.last_norm <= VANISHED * w.first_norm) | tends_to_a_limit(w)
    stands = (w.swing <= w.floor) | (vanishes & (w.error_tops[0] > 0.5 * w.error_tops[1]))
    return np.asarray(bounces | stands | w.unfit)


class _Windows:
    """The last windows of some runs, of whose stretches there are extremes: see `windows.Windows`."""

    start: Array
    floor: Array
    first_error: Array
    last_error: Array
    first_norm: Array
    last_norm: Array
    minimum: float

    def __init__(self, steps: int, stretches: "Stretches", some: Array) -> None:
        self.steps, self.size, self._end = steps, window_of(steps), steps + 1
        self._place = {row: i + 1 for i, row in enumerate(stretch_ends(steps))}
        self._all, self._some = stretches, some
        self.bounds = [(self._end - (i + 1) * self.size, self._end - i * self.size) for i in range(3)]
        self.tops = [self._top(*bound) for bound in self.bounds]
        self.lows = [self._all.low[self._rows(*bound)].min(axis=0)[some] for bound in self.bounds[:2]]
        self.lowest = np.minimum(*self.lows)
        self.fall = self.tops[1] - self.tops[0]
        self.swing = self.tops[0] - self.lowest

    @cached_property
    def _squares(self) -> list[Array]:
        some = self._some
        return [self._all.steep[self._rows(*bound)].max(axis=0)[some] for bound in self.bounds[:2]]

    @property
    def _last_square(self) -> Array:
        return np.asarray(self._all.step[-1, self._some])

    @property
    def unfit(self) -> Array:
        """Where the square of a length, or of the last step, does not hold all of its digits."""
        squares = [*self._squares, self._last_square]
        return np.asarray(~np.all([squares_fit(square, np.float64) for square in squares], axis=0))

    @property
    def norm_tops(self) -> list[Array]:
        """The largest gradients of two windows."""
        return [np.sqrt(square) for square in self._squares]

    @property
    def last_step(self) -> Array:
        """How far the last update went."""
        return np.asarray(np.sqrt(self._last_square))

    @property
    def error_tops(self) -> list[Array]:
        """The largest errors of three windows."""
        return [top - self.minimum for top in self.tops]

    @property
    def least_error(self) -> Array:
        """The smallest error of the last window."""
        return np.asarray(self.lows[0] - self.minimum)

    @property
    def last_value(self) -> Array:
        """The loss at the end."""
        return np.asarray(self.last_error + self.minimum)

    @property
    def points(self) -> tuple[Array, Array, Array]:
        """The first, the middle and the last loss of the last window, each a stretch of one row."""
        first = self._end - self.size
        middle = first + self.size // 2
        return self._top(first, first + 1), self._top(middle, middle + 1), self.last_error + self.minimum

    @property
    def halves(self) -> tuple[Array, Array]:
        """The largest losses of the first half of the last window, and of its second."""
        first, middle = self._end - self.size, self._end - self.size + self.size // 2
        return self._top(first, middle), self._top(middle, self._end)

    @property
    def quarters(self) -> list[Array]:
        """The largest losses of parts of the last two windows, the last one first."""
        part = 2 * self.size // QUARTERS
        return [self._top(self._end - (i + 1) * part, self._end - i * part) for i in range(QUARTERS)]

    @property
    def tops_of_blocks(self) -> Array:
        """The largest losses of eight blocks of the last two windows, the first one first."""
        late = np.array_split(np.arange(self._end - 2 * self.size, self._end), BLOCKS)
        return np.array([self._top(int(block[0]), int(block[-1]) + 1) for block in late])

    @property
    def rises(self) -> list[Array]:
        """How many losses of each of two windows are larger than the one before, or one too many."""
        return [self._counted(self._all.rises, *bound) for bound in self.bounds[:2]]

    @property
    def crossed(self) -> list[Array]:
        """The share of updates that overshot in each of two windows."""
        return [self._counted(self._all.crossed, *bound) / self.size for bound in self.bounds[:2]]

    def _top(self, low: int, high: int) -> Array:
        return np.asarray(self._all.top[self._rows(low, high)].max(axis=0)[self._some])

    def _counted(self, counts: Array, low: int, high: int) -> Array:
        last, before = (counts[self._place[row] - 1, self._some] for row in (high, low))
        return np.asarray(last - before)

    def _rows(self, low: int, high: int) -> slice:
        return slice(self._place[low], self._place[high])
