"""The verdicts on runs that have not settled: each condition of the table in `stepsize.analysis.verdicts`.

What takes long is asked last, and of those runs alone on which it bears.
"""

from typing import Any

import numpy as np

from stepsize.analysis.flags import count
from stepsize.analysis.traces import Traces, known_changes, last_eighth, last_windows
from stepsize.analysis.windows import (
    BLOCKS,
    DEAD,
    QUARTERS,
    RESTS,
    RowWindows,
    came_back,
    falls_much,
    grows,
    halves,
    in_falling_order,
    rests,
    tends_to_a_limit,
)
from stepsize.analysis.words import BOUNCING, CLIMBS, CODE, CRAWLING, DIVERGED, FALLING, FROZEN, STUCK
from stepsize.core.settling import running_max, settled_at

__all__ = ["ALTERNATES", "MANY", "SWINGS", "VANISHED", "unsettled_words"]

Array = np.ndarray[Any, Any]

# To what share of the start's a gradient has fallen that has vanished.
VANISHED = 1e-8
# To swing up is to go from below the lower to above the upper share of the swing; so often in a window makes
# an oscillation, and so often an irregular one, for which chance must be ruled out.
_SWING, SWINGS, MANY = (0.4, 0.7), 3, 12
# The share of overshooting updates that is an oscillation without swings: from side to side at one height.
ALTERNATES = 0.9


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
    w = RowWindows(c, rest)
    word = np.full(len(rest), CODE[CRAWLING])
    bounces = _is_noise(climb, w, c.known_every) if c.noisy else _bounces(c, w)
    word[bounces] = CODE[BOUNCING]
    word[_stands_still(c, w, bounces)] = CODE[STUCK]
    word[_is_frozen(c, w)] = CODE[FROZEN]
    word[_grows(c, w)] = CODE[DIVERGED]
    word[_falls_without_end(c, climb, w)] = CODE[FALLING]
    return word


def _bounces(c: Traces, w: RowWindows) -> Array:
    """Return whether the loss swings up and down, or from side to side at one height, and does not fall."""
    falls = falls_much(w)
    counts = _swings_of_both(w)
    swings = np.minimum(*counts)
    oscillates = swings >= SWINGS
    swings_on = oscillates & ~falls
    often = np.flatnonzero(oscillates & (counts[0] >= 2 * SWINGS))
    if len(often):
        # What fell in the window before, and rests in the last one, falls no more.
        swing, in_order = w.swing[often], in_falling_order(w.tops_of_blocks(often))
        falls_still = falls[often] & (~rests(*halves(w.loss[0][:, w.rest[often]]), RESTS * swing) | in_order)
        chance = (swings[often] >= MANY) & (w.fall[often] < swing) & ~in_order
        swings_on[often] = ~falls_still | chance
    return np.asarray(swings_on | (~oscillates & _alternates(c, w)) | came_back(w))


def _swings_of_both(w: RowWindows) -> tuple[Array, Array]:
    """Return how often the losses swung up in the last window and in the one before, where that is often."""
    found, some = np.zeros((2, len(w.rest)), int), np.flatnonzero(w.swing > w.floor)
    for counts, loss in zip(found, w.loss, strict=False):
        rises = count(loss[1:] > loss[:-1])[w.rest]
        some = some[rises[some] >= SWINGS]
        counts[some] = _count_swings(loss, w, some)
        some = some[counts[some] >= SWINGS]
    return found[0], found[1]


def _alternates(c: Traces, w: RowWindows) -> Array:
    """Return whether the steps go from side to side, with a level gradient, and the loss does not fall."""
    crossed = [_share(part)[w.rest] for part in last_windows(c.overshoot, w.size, 2)]
    alternates = (np.minimum(*crossed) >= ALTERNATES) & (len(c.fun) > 8)
    if not alternates.any():
        return alternates
    largest, largest_before = w.norm_tops
    first, second = (top[w.rest] for top in halves(last_windows(c.grad_norm, w.size, 1)[0]))
    at_rest = rests(first, second, 0.1 * largest)
    level = (largest >= 0.9 * largest_before) | ((w.size >= 16) & at_rest)
    before = w.tops[2] - w.tops[1]
    steadily = (w.fall > w.floor) & (w.fall >= 0.5 * before)
    return np.asarray(alternates & level & ~steadily)


def _is_noise(climb: Array, w: RowWindows, every: int) -> Array:
    """Return whether a loss that the updates saw in part only goes up and down and does not fall."""
    late = w.late(climb)
    known = len(late) if every == 1 else int(known_changes(len(climb), every)[-len(late) :].sum())
    if known < BLOCKS:  # too few losses to tell a fall from noise
        return np.zeros(len(w.rest), bool)
    return np.asarray((count(late) / known >= CLIMBS) & ~in_falling_order(w.tops_of_blocks()))


def _stands_still(c: Traces, w: RowWindows, bounces: Array) -> Array:
    """Return whether x no longer moves, nothing changes beyond rounding, or the run arrives elsewhere."""
    still = c.step_norm[-last_eighth(len(c.overshoot)) :, w.rest].max(axis=0) <= c.still[w.rest]
    flat = (w.swing <= w.floor) & (np.abs(w.fall) <= w.floor)
    last, before = w.norm_tops
    norm_changes = (before > last * (1 + 1e-12)) | (last > 1.01 * before)
    elsewhere = _arrives_elsewhere(c, w, bounces) if c.known else np.zeros(len(w.rest), bool)
    return np.asarray(still | (flat & ~norm_changes & ~bounces) | elsewhere)


def _is_frozen(c: Traces, w: RowWindows) -> Array:
    """Return whether the rate has died, and the run gains nothing any more."""
    frozen = np.zeros(len(w.rest), bool)
    largest = c.rate.max(axis=0)
    some = np.flatnonzero(((c.rate[-1] <= DEAD * largest) & (largest > 0))[w.rest])
    which = w.rest[some]
    # One after the other, as the explorer's page does: the order of NumPy's own sum rests on the layout.
    last, before = (part[:, which].cumsum(axis=0)[-1] for part in last_windows(c.rate, w.size, 2))
    end = c.fun[-1, which]
    gained, all_of_it = np.abs(c.fun[-1 - w.size, which] - end), np.abs(c.fun[0, which] - end)
    frozen[some] = (last <= 0.5 * before) & (gained <= np.maximum(DEAD * all_of_it, c.floor[which]))
    return frozen


def _grows(c: Traces, w: RowWindows) -> Array:
    """Return whether the envelope grew from half window to half window, to above the start."""
    some = np.flatnonzero(w.tops[0] > w.start + w.floor)
    found = np.zeros(len(w.rest), bool)
    # More parts where chance must be ruled out.
    found[some] = grows(w, w.tops_from_end(2 * QUARTERS if c.noisy else QUARTERS, some), some)
    return found


def _arrives_elsewhere(c: Traces, w: RowWindows, bounces: Array) -> Array:
    """Return whether the gradient vanishes above the minimum, or the gap tends to a limit that is not 0."""
    vanished = w.last_norm <= VANISHED * w.first_norm
    some = np.flatnonzero(vanished)
    slopes = c.grad_norm[:, w.rest[some]]
    vanished[some] = ~np.isnan(settled_at(slopes, VANISHED * w.first_norm[some]))
    late, previous, _ = w.error_tops
    return np.asarray((vanished | (tends_to_a_limit(w) & ~bounces)) & (late > 0.5 * previous))


def _count_swings(loss: Array, w: RowWindows, some: Array) -> Array:
    """Return how often some losses rose from low to high, in terms of the last window's swing."""
    lowest, swing = w.lowest[some], w.swing[some]
    loss = loss.take(w.rest[some], axis=1)
    low, high = (lowest + share * swing for share in _SWING)
    is_high = loss >= high
    seen = is_high | (loss <= low)
    # Rows that are high or low, numbered from 1 on, with a last bit that says which; what comes before the
    # first of them is as if it were high.
    kind = np.min_scalar_type(2 * len(loss) + 1)
    number = np.arange(2, 2 * len(loss) + 2, 2, dtype=kind)[:, None]
    seen_as = (number + is_high.astype(kind)) * seen.astype(kind)
    was_low = running_max(np.maximum(seen_as, kind.type(1))) & 1 == 0
    return np.asarray(count(was_low[:-1] & ~was_low[1:]))


def _falls_without_end(c: Traces, climb: Array, w: RowWindows) -> Array:
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
    return np.asarray(count(flags) / len(flags))
