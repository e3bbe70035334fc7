"""The verdicts on runs that have not settled: each condition of the table in `stepsize.analysis.verdicts`.

What takes long is asked last, and of those runs alone on which it bears.
"""

from functools import cached_property
from typing import Any

import numpy as np

from stepsize.analysis.flags import count
from stepsize.analysis.traces import VANISHES, Traces, last_eighth, last_windows, window_of
from stepsize.analysis.words import BOUNCING, CLIMBS, CODE, CRAWLING, DIVERGED, FALLING, FROZEN, STUCK
from stepsize.core.settling import running_max, settled_at

__all__ = ["unsettled_words"]

Array = np.ndarray[Any, Any]

# To swing up is to go from below the lower to above the upper share of the swing; so often in a window makes
# an oscillation, and so often an irregular one, for which chance must be ruled out.
_SWING, _SWINGS, _MANY = (0.4, 0.7), 3, 12
# The share of a swing by which the envelope of an oscillation must fall to be falling.
_FALLS = 0.05
# The share of overshooting updates that is an oscillation without swings: from side to side at one height.
_ALTERNATES = 0.9
# By what factor an error that was small for a window must have grown to have left again.
_LEFT = 100.0
# The share of its largest to which a dead rate has fallen, and of the whole gain that is none.
_DEAD = 1e-3
# Of 28 pairs of blocks, so many more fall than rise: by chance in one of 140 noisy runs (Kendall 1938).
_BLOCKS, _CONCORDANT = 8, 20


def unsettled_words(c: Traces, climb: Array, rest: Array) -> Array:
    """Return the verdicts on runs that are finite and have not settled: later conditions overrule earlier.

    Parameters
    ----------
    c : Traces
    climb : ndarray of bool, shape (T, B)
        Which updates went uphill.
    rest : ndarray of int, shape (K,)
        The runs that are asked about.
    """
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
    falls = (w.fall > w.floor) & (w.fall >= _FALLS * w.swing)
    counts = _swings_of_both(w)
    swings = np.minimum(*counts)
    oscillates = swings >= _SWINGS
    swings_on = oscillates & ~falls
    often = np.flatnonzero(oscillates & (counts[0] >= 2 * _SWINGS))
    if len(often):
        # What fell in the window before, and rests in the last one, falls no more.
        swing, in_order = w.swing[often], _falls_block_by_block(w.late(c.fun, often))
        falls_still = falls[often] & (~_rests(w.loss[0][:, often], _FALLS / 2 * swing) | in_order)
        chance = (swings[often] >= _MANY) & (w.fall[often] < swing) & ~in_order
        swings_on[often] = ~falls_still | chance
    return np.asarray(swings_on | (~oscillates & _alternates(c, w)) | _came_back(c, w))


def _swings_of_both(w: "_Windows") -> tuple[Array, Array]:
    """Return how often the losses swung up in the last window and in the one before, where that is often."""
    found, some = np.zeros((2, len(w.rest)), int), np.flatnonzero(w.swing > w.floor)
    for counts, loss in zip(found, w.loss, strict=False):
        rises = count(loss[1:] > loss[:-1])
        some = some[rises[some] >= _SWINGS]
        counts[some] = _count_swings(loss, w, some)
        some = some[counts[some] >= _SWINGS]
    return found[0], found[1]


def _alternates(c: Traces, w: "_Windows") -> Array:
    """Return whether the steps go from side to side, with a level gradient, and the loss does not fall."""
    crossed = [_share(part) for part in w.of(c.overshoot, 2)]
    alternates = (np.minimum(*crossed) >= _ALTERNATES) & (len(c.fun) > 8)
    if not alternates.any():
        return alternates
    largest, largest_before = w.norm_tops
    level = (largest >= 0.9 * largest_before) | ((w.size >= 16) & _rests(w.norm[0], 0.1 * largest))
    before = w.tops[2] - w.tops[1]
    steadily = (w.fall > w.floor) & (w.fall >= 0.5 * before)
    return np.asarray(alternates & level & ~steadily)


def _came_back(c: Traces, w: "_Windows") -> Array:
    """Return whether the error had all but arrived for a whole window, and is large again."""
    last, *earlier = w.error_tops
    return np.asarray(
        (len(c.fun) > 8) & (last > _LEFT * np.minimum(*earlier)) & (last <= np.abs(c.error[0, w.rest]))
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
    still = c.step_norm[-last_eighth(len(c.overshoot)) :, w.rest].max(axis=0) <= c.still[w.rest]
    flat = (w.swing <= w.floor) & (np.abs(w.fall) <= w.floor)
    last, before = w.norm_tops
    norm_changes = (before > last * (1 + 1e-12)) | (last > 1.01 * before)
    elsewhere = _arrives_elsewhere(c, w, bounces) if c.known else np.zeros(len(w.rest), bool)
    return np.asarray(still | (flat & ~norm_changes & ~bounces) | elsewhere)


def _is_frozen(c: Traces, w: "_Windows") -> Array:
    """Return whether the rate has died, and the run gains nothing any more."""
    frozen = np.zeros(len(w.rest), bool)
    largest = c.rate.max(axis=0)
    some = np.flatnonzero(((c.rate[-1] <= _DEAD * largest) & (largest > 0))[w.rest])
    which = w.rest[some]
    # One after the other, as the explorer's page does: the order of NumPy's own sum rests on the layout.
    last, before = (part[:, which].cumsum(axis=0)[-1] for part in last_windows(c.rate, w.size, 2))
    end = c.fun[-1, which]
    gained, all_of_it = np.abs(c.fun[-1 - w.size, which] - end), np.abs(c.fun[0, which] - end)
    frozen[some] = (last <= 0.5 * before) & (gained <= np.maximum(_DEAD * all_of_it, c.floor[which]))
    return frozen


def _grows(c: Traces, w: "_Windows") -> Array:
    """Return whether the envelope grew from half window to half window, to above the start."""
    some = np.flatnonzero(w.tops[0] > w.start + w.floor)
    parts = 8 if c.noisy else 4  # more where chance must be ruled out
    half = max(2 * w.size // parts, 1)
    fun = c.fun[-parts * half :, w.rest[some]]
    tops = [
        fun[len(fun) - (i + 1) * half : len(fun) - i * half].max(axis=0)
        for i in range(min(parts, len(fun) // half))
    ]
    rises = (np.diff(tops, axis=0) < 0).all(axis=0) & (tops[0] > w.start[some] + w.floor[some])
    swing = (w.tops[1] - w.lowest)[some]
    grows = np.zeros(len(w.rest), bool)
    grows[some] = rises & (-w.fall[some] > np.maximum(w.floor[some], _FALLS * swing))
    return grows


def _arrives_elsewhere(c: Traces, w: "_Windows", bounces: Array) -> Array:
    """Return whether the gradient vanishes above the minimum, or the gap tends to a limit that is not 0."""
    first_norm = c.grad_norm[0, w.rest]
    vanished = c.grad_norm[-1, w.rest] <= 1e-8 * first_norm
    some = np.flatnonzero(vanished)
    vanished[some] = ~np.isnan(settled_at(c.grad_norm[:, w.rest[some]], 1e-8 * first_norm[some]))
    before = w.tops[2] - w.tops[1]
    ratio = np.where(before > 0, w.fall / before, np.inf)
    to_come = np.where(ratio <= 0.5, w.fall * ratio / (1 - ratio), np.inf)
    # The last window alone must say so too: a slow axis may lie under the quick one that fell until then.
    first, middle, last = (w.loss[0][i] for i in (0, len(w.loss[0]) // 2, -1))
    flat = np.where(last < middle, np.inf, 0.0)
    later = np.where(middle < first, (middle - last) / (first - middle), flat)
    to_come = np.maximum(to_come, np.where(later <= 0.75, (middle - last) * later / (1 - later), np.inf))
    small = w.norm_tops[0] <= VANISHES * first_norm
    limit = (to_come <= _DEAD * c.error[-1, w.rest]) & (w.fall >= 0) & small
    late, previous, _ = w.error_tops
    limit &= ~bounces & (w.error[0].min(axis=0) >= 0.5 * late)
    return np.asarray((vanished | limit) & (late > 0.5 * previous))


class _Windows:
    """The last windows of some runs, the last one first, and what is compared of them."""

    def __init__(self, c: Traces, rest: Array) -> None:
        self.rest, self._all = rest, len(rest) == len(c.nit)
        self.size = window_of(len(c.fun) - 1)
        self.floor, self.start = c.floor[rest], c.fun[0, rest]
        self.loss, self.norm = self.of(c.fun, 3), self.of(c.grad_norm, 2)
        self.tops = [part.max(axis=0) for part in self.loss]
        # Of a minimum of 0 the error is the value itself.
        self.error = self.loss if c.error is c.fun else self.of(c.error, 3)
        self.error_tops = self.tops if c.error is c.fun else [part.max(axis=0) for part in self.error]
        self.lowest = np.minimum(self.loss[0].min(axis=0), self.loss[1].min(axis=0))
        self.fall = self.tops[1] - self.tops[0]
        self.swing = self.tops[0] - self.lowest

    @cached_property
    def norm_tops(self) -> tuple[Array, Array]:
        """The largest gradients of the last window and of the one before."""
        last, before = (part.max(axis=0) for part in self.norm)
        return last, before

    def of(self, rows: Array, count: int) -> list[Array]:
        """Return the last windows of some rows, the last one first."""
        return [self._chosen(part) for part in last_windows(rows, self.size, count)]

    def late(self, rows: Array, some: Any = slice(None)) -> Array:
        """Return the last two windows of some rows, or of some of the runs in them, as one."""
        return rows[-2 * self.size :, self.rest[some]]

    def _chosen(self, rows: Array) -> Array:
        return rows if self._all else rows.take(self.rest, axis=1)


def _count_swings(loss: Array, w: _Windows, some: Any = slice(None)) -> Array:
    """Return how often some losses rose from low to high, in terms of the last window's swing."""
    lowest, swing = w.lowest[some], w.swing[some]
    loss = loss if isinstance(some, slice) else loss.take(some, axis=1)
    low, high = (lowest + share * swing for share in _SWING)
    is_high = loss >= high
    seen = is_high | (loss <= low)
    # Rows that are high or low, numbered from 1 on, with a last bit that says which.
    kind = np.min_scalar_type(2 * len(loss) + 1)
    number = np.arange(2, 2 * len(loss) + 2, 2, dtype=kind)[:, None]
    latest = running_max(np.where(seen, number + is_high, kind.type(0)))
    was_low = (latest[:-1] > 0) & (latest[:-1] % 2 == 0)
    return np.asarray(count(was_low & (latest[1:] % 2 == 1)))


def _falls_block_by_block(loss: Array) -> Array:
    """Return whether the largest losses of eight blocks fall, by Kendall's rank test."""
    if len(loss) < _BLOCKS:
        return np.ones(loss.shape[1], bool)
    tops = np.array([block.max(axis=0) for block in np.array_split(loss, _BLOCKS)])
    i, j = np.triu_indices(_BLOCKS, 1)
    return np.asarray(np.sign(tops[i] - tops[j]).sum(axis=0) >= _CONCORDANT)


def _falls_without_end(c: Traces, climb: Array, w: _Windows) -> Array:
    """Return whether the loss falls on and on, and no slower, and the gradient does not shrink."""
    size, end = min(w.size, (len(c.fun) - 1) // 2), c.fun[-1, w.rest]
    middle = c.fun[-1 - size, w.rest]
    gains = c.fun[-1 - 2 * size, w.rest] - middle, middle - end
    falls = np.asarray((gains[1] > w.floor) & (gains[1] >= 0.999 * gains[0]) & ~(end > c.minimum))
    some = np.flatnonzero(falls)
    norm, eps = c.grad_norm[:, w.rest[some]], np.finfo(float).eps
    late = norm[-1 - 2 * size :]
    largest = norm[-1] >= norm.max(axis=0) * (1 - 8 * eps)
    shrinks = (np.diff(late, axis=0) < -8 * eps * late[1:]).any(axis=0)
    falls[some] = largest & ~shrinks & ~w.late(climb, some).any(axis=0)
    return falls


def _share(flags: Array) -> Array:
    return np.asarray(count(flags) / max(len(flags), 1))
