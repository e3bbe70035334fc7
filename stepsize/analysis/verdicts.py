"""What happened in runs, by conditions that are written down once: every word, and when it is said.

Let e be the error (the gap to the minimum, or the gradient norm where the minimum is unknown), f the loss,
and a *window* a quarter of the run: the last one, the one before it, and so on. The *envelope* of a window is
the largest loss in it; the *swing* is the way from the lowest loss of the last two windows to the envelope of
the last one. The first condition in this list that holds names the run.

======================== =====================================================================================
verdict                  condition
======================== =====================================================================================
settled                  e is at most the tolerance, and stays so to the end (`optim.settled_at`). *Crossing*
                         if at least a quarter of the updates until then overshot, *ringing* if at least a
                         tenth of them went uphill.
failed                   The user's function or gradient returned nan at a finite point; or no line search of
                         the last window found a step, although the gradient has not vanished; or the loss
                         ends below the stated minimum, by a hundredth of the gap at the start and more; or
                         at least half of the updates that changed the loss went uphill although the slope at
                         their end says that it was falling: the gradient does not belong to the function.
falling without end      The loss falls at every late update, by no less than before, while the gradient does
                         not shrink and is as large as it ever was, and no minimum is known that the loss is
                         still above; or it overflowed on the way down.
diverged                 The run became inf or nan; or the envelope grew from window to window, all
                         through the later half, to above the loss at the start.
frozen                   The rate has fallen to less than a thousandth of its largest, by half or more from
                         window to window, and the last window gained less than a thousandth of what the run
                         gained: more updates cannot help.
stuck above the minimum  x no longer moves beyond rounding in the last eighth of the last window; or the
                         gradient has vanished above the minimum, to 1e-8 of the start's, or to 1e-3 while
                         what the envelope will still fall, if each window's (and each half window's) fall is
                         the same share of the last one's, is less than a thousandth of e, which no longer
                         halves from window to window: another minimum, a saddle or a plateau; or neither
                         loss nor gradient change beyond rounding.
bouncing                 The loss came back up at least three times in each of the last two windows, or
                         nearly every update in them overshot, and the envelope did not fall by a twentieth
                         of the swing, or had stopped falling within the last window; where it came up twelve
                         times and more, it did not fall significantly. Or e is a hundred times as large as
                         it was all through an earlier window, and not above its start. Under mini-batches or
                         noise, at least a tenth of the late updates went uphill, and the loss did not fall
                         significantly.
still crawling           Everything else: there is something left to gain, and the run is gaining it, or has
                         been too short to tell.
======================== =====================================================================================

No condition compares a number that has units with one that has others, so that scaling the loss, adding to it
or measuring x in other units changes no word.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from optim import settled_at
from stepsize.analysis.traces import VANISHES, Traces, window_of

__all__ = [
    "VERDICTS",
    "RunOutcome",
    "RunStatistics",
    "classify",
    "refutes",
    "settled_word",
]

Array = np.ndarray[Any, Any]

SETTLED = "settled"
CROSSING = "settled, crossing"
RINGING = "settled, ringing"
CRAWLING = "still crawling"
BOUNCING = "bouncing"
STUCK = "stuck above the minimum"
FROZEN = "frozen"
FALLING = "falling without end"
DIVERGED = "diverged"
FAILED = "failed"

VERDICTS = (SETTLED, CROSSING, RINGING, CRAWLING, BOUNCING, STUCK, FROZEN, FALLING, DIVERGED, FAILED)
CODE = {word: code for code, word in enumerate(VERDICTS)}

# Shares of the updates from which on a settled run is called crossing, and ringing.
CROSSES, CLIMBS = 0.25, 0.1
# To swing up is to go from below the lower to above the upper share of the swing; so often in a window makes
# an oscillation, and so often an irregular one, for which chance must be ruled out.
_SWING, _SWINGS, _MANY = (0.4, 0.7), 3, 12
# The share of a swing by which the envelope of an oscillation must fall to be falling.
FALLS = 0.05
# The share of overshooting updates that is an oscillation without swings: from side to side at one height.
ALTERNATES = 0.9
# By what factor an error that was small for a window must have grown to have left again.
LEFT = 100.0
# The share of its largest to which a dead rate has fallen, and of the whole gain that is none.
DEAD = 1e-3
# The share of updates that climb although the gradient says otherwise, and how many it takes.
_CONTRADICTS, CONTRADICTIONS = 0.5, 2
# By what share of the start's gap a loss must end below the minimum that was stated to refute it.
_BELOW = 0.01
# Of 28 pairs of blocks, so many more fall than rise: by chance in one of 140 noisy runs (Kendall 1938).
_BLOCKS, _CONCORDANT = 8, 20


@dataclass(frozen=True)
class RunOutcome:
    """What a table says of B runs; every attribute has the shape (B,).

    `verdict` counts from 0 in the order of `VERDICTS`; `settled` is nan for a run that did not settle;
    `overshoot` and `uphill` are shares of the updates until then, `error` and `best_error` those at the end
    and at the best point.
    """

    verdict: Array
    settled: Array
    overshoot: Array
    uphill: Array
    error: Array
    best_error: Array


@dataclass(frozen=True)
class RunStatistics(RunOutcome):
    """What the conditions find in B courses; every attribute has the shape (B,).

    `crosses` and `climbs` are the shares of late updates that overshot and that went uphill, `factor` is what
    the envelope of the error was multiplied by in the last window, an update.
    """

    crosses: Array
    climbs: Array
    factor: Array


def classify(courses: Traces) -> RunStatistics:
    """Apply the conditions to B courses at once."""
    with np.errstate(all="ignore"):
        return _judge(courses)


def _judge(c: Traces) -> RunStatistics:
    updates, runs = len(c.error) - 1, np.arange(len(c.nit))
    seen = np.arange(updates + 1)[:, None] <= c.nit
    best_error = np.where(seen, c.error, np.inf).min(axis=0)
    settled, finite = np.full(len(runs), np.nan), np.flatnonzero(~c.diverged)
    if len(finite):
        settled[finite] = settled_at(c.error[:, finite], c.tolerance[finite], c.nothing[finite])
    if c.stopped:
        settled = np.where(np.isnan(settled) & (c.error[-1] <= c.tolerance), updates, settled)
    until = np.where(np.isnan(settled), c.nit, np.maximum(settled, 1))
    climb = _climbs(c)
    overshoot, uphill = _share_until(c.overshoot, until), _share_until(climb, until)
    verdict = np.full(len(runs), CODE[CRAWLING])
    crosses, climbs = _late_share(c.overshoot), _late_share(climb)
    solved = ~np.isnan(settled)
    verdict[solved] = settled_word(overshoot, uphill)[solved]
    # For runs that became inf or nan, the end is the last point that they had.
    end, lowest = c.fun[c.nit, runs], np.where(seen, c.fun, np.inf).min(axis=0)
    downwards = (end < c.fun[0]) & (end <= lowest) & (c.grad_norm[c.nit, runs] >= c.grad_norm[0])
    verdict[c.diverged] = np.where(downwards & ~(end > c.minimum), CODE[FALLING], CODE[DIVERGED])[c.diverged]
    rest = np.flatnonzero(~c.diverged & ~solved)
    if len(rest) and updates:
        verdict[rest] = _unsettled(c, climb, rest)
    failed = np.array([bool(word) for word in c.failures]) & ~solved
    if c.exact and updates >= CONTRADICTIONS:
        # `seen` lines up with points: an update belongs to the point that it led to.
        contradicts = (climb & ~c.overshoot & seen[1:]).sum(axis=0)
        changed = ((np.diff(c.fun, axis=0) != 0) & seen[1:]).sum(axis=0)
        failed |= ~solved & (contradicts >= np.maximum(_CONTRADICTS * changed, CONTRADICTIONS))
    # A minimum is often told to a few digits; the run that ends far below shows that it is none.
    failed |= solved & c.known & refutes(c.error[0], c.error[-1])
    settled = np.where(failed, np.nan, settled)
    verdict[failed] = CODE[FAILED]
    error = np.where(c.diverged, np.inf, c.error[-1])
    factor = _factor(c.error)
    return RunStatistics(verdict, settled, overshoot, uphill, error, best_error, crosses, climbs, factor)


def settled_word(overshoot: Array, uphill: Array) -> Array:
    """Return the verdict on runs that settled, by their shares of updates that overshot and went uphill."""
    return np.where(
        uphill >= CLIMBS, CODE[RINGING], np.where(overshoot >= CROSSES, CODE[CROSSING], CODE[SETTLED])
    )


def refutes(first: Array, last: Array) -> Array:
    """Return whether a gap at the end is so far below 0 that the stated minimum is none."""
    return np.asarray(last < -_BELOW * np.abs(first))


def _climbs(c: Traces) -> Array:
    """Return which updates went uphill, by more than rounding at the values that they went between."""
    size = np.maximum(np.abs(c.fun), c.summed)
    return np.asarray(np.diff(c.fun, axis=0) > c.rounding * np.maximum(size[1:], size[:-1]))


def _unsettled(c: Traces, climb: Array, rest: Array) -> Array:
    """Return the verdicts on runs that are finite and have not settled: later conditions overrule earlier."""
    w = _Windows(c, rest)
    word = np.full(len(rest), CODE[CRAWLING])
    bounces = _is_noise(c, climb, w) if c.noisy else _bounces(c, w)
    word[bounces] = CODE[BOUNCING]
    word[_stands_still(c, w, bounces)] = CODE[STUCK]
    word[_is_frozen(c, w)] = CODE[FROZEN]
    word[_grows(c, w)] = CODE[DIVERGED]
    word[_falls_without_end(c, climb, w)] = CODE[FALLING]
    return word


def _bounces(c: Traces, w: "_Windows") -> Array:
    """Return whether the loss swings up and down, or from side to side at one height, and does not fall."""
    falls = (w.fall > w.floor) & (w.fall >= FALLS * w.swing)
    counts = _count_swings(w.loss[0], w), _count_swings(w.loss[1], w)
    swings = np.minimum(*counts)
    oscillates = (w.swing > w.floor) & (swings >= _SWINGS)
    in_order = _falls_block_by_block(w.late(c.fun))
    # What fell in the window before, and rests in the last one, falls no more.
    falls &= (counts[0] < 2 * _SWINGS) | ~_rests(w.loss[0], FALLS / 2 * w.swing) | in_order
    chance = (swings >= _MANY) & (w.fall < w.swing) & ~in_order
    crossed = [_share(part) for part in w.of(c.overshoot, 2)]
    alternates = (np.minimum(*crossed) >= ALTERNATES) & (len(c.fun) > 8)
    largest = w.norm[0].max(axis=0)
    level = (largest >= 0.9 * w.norm[1].max(axis=0)) | ((w.size >= 16) & _rests(w.norm[0], 0.1 * largest))
    before = w.loss[2].max(axis=0) - w.loss[1].max(axis=0)
    steadily = (w.fall > w.floor) & (w.fall >= 0.5 * before)
    swings_on = np.where(oscillates, ~falls | chance, alternates & level & ~steadily)
    return np.asarray(swings_on | _came_back(c, w))


def _came_back(c: Traces, w: "_Windows") -> Array:
    """Return whether the error had all but arrived for a whole window, and is large again."""
    last, *earlier = (part.max(axis=0) for part in w.of(c.error, 3))
    return np.asarray(
        (len(c.fun) > 8) & (last > LEFT * np.minimum(*earlier)) & (last <= np.abs(c.error[0, w.rest]))
    )


def _rests(rows: Array, least: Array) -> Array:
    """Return whether the envelope falls by less than that from the first half of a window to its second."""
    half = max(len(rows) // 2, 1)
    return np.asarray(rows[:half].max(axis=0) - rows[half:].max(axis=0, initial=-np.inf) < least)


def _is_noise(c: Traces, climb: Array, w: "_Windows") -> Array:
    """Return whether a loss that the updates saw in part only goes up and down and does not fall."""
    return np.asarray((_share(w.late(climb)) >= CLIMBS) & ~_falls_block_by_block(w.late(c.fun)))


def _stands_still(c: Traces, w: "_Windows", bounces: Array) -> Array:
    """Return whether x no longer moves, nothing changes beyond rounding, or the run arrives elsewhere."""
    still = w.step[0][-max(w.size // 8, 1) :].max(axis=0) <= c.still[w.rest]
    flat = (w.swing <= w.floor) & (np.abs(w.fall) <= w.floor)
    before, last = w.norm[1].max(axis=0), w.norm[0].max(axis=0)
    norm_changes = (before > last * (1 + 1e-12)) | (last > 1.01 * before)
    elsewhere = _arrives_elsewhere(c, w, bounces) if c.known else np.zeros(len(w.rest), bool)
    return np.asarray(still | (flat & ~norm_changes & ~bounces) | elsewhere)


def _is_frozen(c: Traces, w: "_Windows") -> Array:
    """Return whether the rate has died, and the run gains nothing any more."""
    rate, end = c.rate[:, w.rest], c.fun[-1, w.rest]
    # One after the other, as the explorer's page does: the order of NumPy's own sum rests on the layout.
    last, before = (part.cumsum(axis=0)[-1] for part in w.of(c.rate, 2))
    dead = (rate[-1] <= DEAD * rate.max(axis=0)) & (last <= 0.5 * before) & (rate.max(axis=0) > 0)
    gained = np.abs(c.fun[-1 - w.size, w.rest] - end)
    return np.asarray(dead & (gained <= np.maximum(DEAD * np.abs(w.start - end), w.floor)))


def _grows(c: Traces, w: "_Windows") -> Array:
    """Return whether the envelope grew from half window to half window, to above the start."""
    parts, fun = 8 if c.noisy else 4, c.fun[:, w.rest]  # more where chance must be ruled out
    half = max(2 * w.size // parts, 1)
    count = min(parts, len(fun) // half)
    tops = [fun[len(fun) - (i + 1) * half : len(fun) - i * half].max(axis=0) for i in range(count)]
    rises = (np.diff(tops, axis=0) < 0).all(axis=0) & (tops[0] > w.start + w.floor)
    return np.asarray(rises & (-w.fall > np.maximum(w.floor, FALLS * (w.loss[1].max(axis=0) - w.lowest))))


def _arrives_elsewhere(c: Traces, w: "_Windows", bounces: Array) -> Array:
    """Return whether the gradient vanishes above the minimum, or the gap tends to a limit that is not 0."""
    norm = c.grad_norm[:, w.rest]
    vanished = ~np.isnan(settled_at(norm, 1e-8 * norm[0]))
    before = w.loss[2].max(axis=0) - w.loss[1].max(axis=0)
    ratio = np.where(before > 0, w.fall / before, np.inf)
    to_come = np.where(ratio <= 0.5, w.fall * ratio / (1 - ratio), np.inf)
    # The last window alone must say so too: a slow axis may lie under the quick one that fell until then.
    first, middle, last = (w.loss[0][i] for i in (0, len(w.loss[0]) // 2, -1))
    flat = np.where(last < middle, np.inf, 0.0)
    later = np.where(middle < first, (middle - last) / (first - middle), flat)
    to_come = np.maximum(to_come, np.where(later <= 0.75, (middle - last) * later / (1 - later), np.inf))
    small = w.norm[0].max(axis=0) <= VANISHES * norm[0]
    limit = (to_come <= DEAD * c.error[-1, w.rest]) & (w.fall >= 0) & small
    late, previous = w.of(c.error, 2)
    limit &= ~bounces & (late.min(axis=0) >= 0.5 * late.max(axis=0))
    return np.asarray((vanished | limit) & (late.max(axis=0) > 0.5 * previous.max(axis=0)))


class _Windows:
    """The last windows of some runs, the last one first, and what is compared of them."""

    def __init__(self, c: Traces, rest: Array) -> None:
        self.rest = rest
        self.size = window_of(len(c.fun) - 1)
        self.floor, self.start = c.floor[rest], c.fun[0, rest]
        self.loss, self.norm = self.of(c.fun, 3), self.of(c.grad_norm, 2)
        self.step = self.of(c.step_norm, 1)
        self.lowest = np.minimum(self.loss[0].min(axis=0), self.loss[1].min(axis=0))
        self.fall = self.loss[1].max(axis=0) - self.loss[0].max(axis=0)
        self.swing = self.loss[0].max(axis=0) - self.lowest

    def of(self, rows: Array, count: int) -> list[Array]:
        """Return the last windows of some rows, the last one first."""
        return [part[:, self.rest] for part in _last_windows(rows, self.size, count)]

    def late(self, rows: Array) -> Array:
        """Return the last two windows of some rows as one."""
        return rows[-2 * self.size :, self.rest]


def _last_windows(rows: Array, size: int, count: int) -> list[Array]:
    """Return the last windows of some rows; where there are no more, the first row again."""
    ends = (max(len(rows) - i * size, 1) for i in range(count))
    return [rows[end - size : end] for end in ends]


def _count_swings(loss: Array, w: _Windows) -> Array:
    """Return how often each loss rose from low to high, in terms of the last window's swing."""
    low, high = (w.lowest + share * w.swing for share in _SWING)
    place = np.where(loss >= high, 1, np.where(loss <= low, 0, -1))
    row = np.maximum.accumulate(np.where(place >= 0, np.arange(len(loss))[:, None], 0), axis=0)
    side = np.take_along_axis(place, row, axis=0)
    return np.asarray(((side[1:] == 1) & (side[:-1] == 0)).sum(axis=0))


def _falls_block_by_block(loss: Array) -> Array:
    """Return whether the largest losses of eight blocks fall, by Kendall's rank test."""
    if len(loss) < _BLOCKS:
        return np.ones(loss.shape[1], bool)
    tops = np.array([block.max(axis=0) for block in np.array_split(loss, _BLOCKS)])
    i, j = np.triu_indices(_BLOCKS, 1)
    return np.asarray(np.sign(tops[i] - tops[j]).sum(axis=0) >= _CONCORDANT)


def _falls_without_end(c: Traces, climb: Array, w: _Windows) -> Array:
    """Return whether the loss falls on and on, and no slower, and the gradient does not shrink."""
    fun, norm = c.fun[:, w.rest], c.grad_norm[:, w.rest]
    size = min(w.size, (len(fun) - 1) // 2)
    gains = fun[-1 - 2 * size] - fun[-1 - size], fun[-1 - size] - fun[-1]
    late = norm[-1 - 2 * size :]
    largest = norm[-1] >= norm.max(axis=0) * (1 - 8 * np.finfo(float).eps)
    shrinks = (np.diff(late, axis=0) < -8 * np.finfo(float).eps * late[1:]).any(axis=0)
    ever_down = ~w.late(climb).any(axis=0) & (gains[1] > w.floor)
    return np.asarray(
        ever_down & largest & ~shrinks & (gains[1] >= 0.999 * gains[0]) & ~(fun[-1] > c.minimum)
    )


def _factor(error: Array) -> Array:
    """Return by what factor the envelope of each error changed an update, from one window to the next."""
    size = window_of(len(error) - 1)
    last, before = (part.max(axis=0) for part in _last_windows(error, size, 2))
    return np.asarray(np.where(before > 0, (last / before) ** (1 / size), 1.0))


def _late_share(flags: Array) -> Array:
    return _share(flags[len(flags) // 2 :])


def _share(flags: Array) -> Array:
    return np.asarray(flags.mean(axis=0) if len(flags) else np.zeros(flags.shape[1:]))


def _share_until(flags: Array, until: Array) -> Array:
    """Return the share of the flags before each run's `until`."""
    counted = (flags & (np.arange(len(flags))[:, None] < until)).sum(axis=0)
    return np.asarray(counted / np.maximum(until, 1))
