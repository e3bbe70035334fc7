"""What happened in runs, by conditions that are written down once: every word, and when it is said.

Let e be the error (the gap to the minimum, or the gradient norm where the minimum is unknown), f the loss,
and a *window* a quarter of the run: the last one, the one before it, and so on. The *envelope* of a window is
the largest loss in it; the *swing* is the largest loss of the last window minus the smallest of the last two.
The first condition in this list that holds names the run.

======================== =====================================================================================
verdict                  condition
======================== =====================================================================================
settled                  e is at most the tolerance, and stays so to the end (`optim.settled_at`). *Ringing*
                         if at least a tenth of the updates until then went uphill, and else *crossing* if at
                         least a quarter of them overshot.
failed                   The user's function or gradient returned nan at a finite point; or no line search of
                         the last window found a step, although the gradient has not vanished; or the loss
                         ends below the stated minimum, by a hundredth of the gap at the start and more; or
                         at least half of the updates that changed the loss went uphill although the slope at
                         their end says that it was falling: the gradient does not belong to the function.
falling without end      The loss falls at every late update, by as much in the last window as in the one
                         before, while the gradient does
                         not shrink and is as large as it ever was, and no minimum is known that the loss is
                         still above; or it overflowed on the way down.
diverged                 The run became inf or nan; or the envelope grew from window to window, all
                         through the later half, to above the loss at the start.
frozen                   The rate has fallen to less than a thousandth of its largest, by half or more from
                         window to window, and the last window gained less than a thousandth of what the run
                         gained: more updates cannot help.
stuck above the minimum  One of four: (1) x no longer moves beyond rounding in the last eighth of the last
                         window. (2) Neither loss nor gradient change beyond rounding. (3) The gradient has
                         fallen to 1e-8 of the start's and stays there, although e is large. (4) The gradient
                         has fallen to 1e-3 of the start's, and e tends to a limit: if the falls of the last
                         windows go on as a geometric series, the sum still to come is less than a thousandth
                         of e, and likewise with half windows. In (3) and (4) e no longer halves from window
                         to window. It is another minimum, a saddle or a plateau.
bouncing                 One of three: (1) The loss swings: it came back up at least three times in each of
                         the last two windows, or nearly every update in them overshot. And it does not come
                         down: its envelope fell by less than a twentieth of the swing, or stopped falling
                         within the last window; of twelve swings and more, it did not fall significantly. (2)
                         The run left again: e is a hundred times as large as it was all through an earlier
                         window, and not above its start. (3) Under mini-batches or noise, at least a tenth of
                         the late updates went uphill, and the loss did not fall significantly.
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
from stepsize.analysis.flags import count
from stepsize.analysis.traces import Traces, known_changes, last_windows, window_of
from stepsize.analysis.unsettled import unsettled_words
from stepsize.analysis.words import (
    CLIMBS,
    CODE,
    CRAWLING,
    CROSSES,
    CROSSING,
    DIVERGED,
    FAILED,
    FALLING,
    RINGING,
    SETTLED,
    VERDICTS,
)
from stepsize.core.elementwise import unbuffered
from stepsize.core.settling import is_before

__all__ = [
    "BELOW",
    "CONTRADICTIONS",
    "VERDICTS",
    "RunOutcome",
    "RunStatistics",
    "classify",
    "outcome_of",
    "settled_words",
]

Array = np.ndarray[Any, Any]

# The share of updates that climb although the gradient says otherwise, and how many it takes.
_CONTRADICTS, CONTRADICTIONS = 0.5, 2
# Numbers that are compared at a time: what is made of them on the way is then in the cache.
_AT_ONCE = 2**16
# By what share of the start's gap a loss must end below the minimum that was stated to refute it.
BELOW = 0.01


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
    """Apply the conditions to B courses at once, and add what else is said of a run."""
    with np.errstate(all="ignore"):
        climb = _climbs(courses)
        found, crosses = _judge(courses, climb), _late_share(courses.overshoot)
        return RunStatistics(
            **vars(found),
            crosses=crosses,
            climbs=_late_share(climb, courses.known_every),
            factor=_factor(courses.error),
        )


def outcome_of(courses: Traces) -> RunOutcome:
    """Apply the conditions to B courses at once."""
    with np.errstate(all="ignore"), unbuffered():
        return _judge(courses, _climbs(courses))


def _judge(c: Traces, climb: Array) -> RunOutcome:
    updates = len(c.error) - 1
    settled = np.where(c.diverged, np.nan, settled_at(c.error, c.tolerance, c.nothing))
    if c.stopped:
        settled = np.where(np.isnan(settled) & (c.error[-1] <= c.tolerance), updates, settled)
    solved = ~np.isnan(settled)
    until = np.where(solved, np.maximum(settled, 1), c.nit)
    overshoot, uphill = _share_until(c.overshoot, until), _share_until(climb, until, c.known_every)
    verdict = np.where(solved, settled_words(overshoot, uphill), CODE[CRAWLING])
    verdict[c.diverged] = _diverged_words(c, np.flatnonzero(c.diverged))
    rest = np.flatnonzero(~c.diverged & ~solved)
    if len(rest) and updates:
        verdict[rest] = unsettled_words(c, climb, rest)
    failed = _is_failed(c, climb, solved)
    verdict[failed] = CODE[FAILED]
    return RunOutcome(
        verdict=verdict,
        settled=np.where(failed, np.nan, settled),
        overshoot=overshoot,
        uphill=uphill,
        error=np.where(c.diverged, np.inf, c.error[-1]),
        best_error=c.error.min(axis=0),
    )


def settled_words(overshoot: Array, uphill: Array) -> Array:
    """Return the verdicts on runs that settled, by their shares of updates that overshot and went uphill."""
    return np.where(
        uphill >= CLIMBS, CODE[RINGING], np.where(overshoot >= CROSSES, CODE[CROSSING], CODE[SETTLED])
    )


def _diverged_words(c: Traces, some: Array) -> Array:
    """Return the verdicts on runs that became inf or nan: their end is the last point that they had."""
    end, slope = c.fun[-1, some], c.grad_norm[-1, some]
    downwards = (end < c.fun[0, some]) & (end <= c.fun[:, some].min(axis=0)) & (slope >= c.grad_norm[0, some])
    return np.where(downwards & ~(end > c.minimum), CODE[FALLING], CODE[DIVERGED])


def _is_failed(c: Traces, climb: Array, solved: Array) -> Array:
    """Return in which runs the user's code or a search failed, or what is said of the problem is untrue."""
    failed = ~solved & (np.array([bool(word) for word in c.failures]) if any(c.failures) else False)
    if c.exact and len(climb) >= CONTRADICTIONS:
        contradicts = count(climb > c.overshoot)
        some = np.flatnonzero(~solved & (contradicts >= CONTRADICTIONS))
        changed = count(np.diff(c.fun[:, some], axis=0) != 0)
        failed[some] |= contradicts[some] >= _CONTRADICTS * changed
    # A minimum is often told to a few digits; the run that ends far below shows that it is none.
    if c.known:
        failed |= solved & (c.error[-1] < -BELOW * np.abs(c.error[0]))
    return failed


def _climbs(c: Traces) -> Array:
    """Return which updates went uphill, by more than rounding at the values that they went between."""
    climb = np.empty((len(c.fun) - 1, c.fun.shape[1]), bool)
    height = max(_AT_ONCE // max(c.fun.shape[1], 1), 1)
    for low in range(0, len(climb), height):
        rows = slice(low, low + height)
        before, after = c.fun[:-1][rows], c.fun[1:][rows]
        # Of a rise, the larger size is that of its upper end, or else of a negative lower end.
        size = after if before.min() >= 0 and after[-1].min() >= 0 else np.maximum(after, -before)
        if c.summed:
            size = np.maximum(size, c.summed)
        np.greater(after - before, c.rounding * size, climb[rows])
    return climb


def _factor(error: Array) -> Array:
    """Return by what factor the envelope of each error changed an update, from one window to the next."""
    size = window_of(len(error) - 1)
    last, before = (part.max(axis=0) for part in last_windows(error, size, 2))
    return np.asarray(np.where(before > 0, (last / before) ** (1 / size), 1.0))


def _late_share(flags: Array, every: int = 1) -> Array:
    """Return the share of the late flags that are set, of those after which the loss is known."""
    late = flags[len(flags) // 2 :]
    known = len(late) if every == 1 else int(known_changes(len(flags), every)[len(flags) // 2 :].sum())
    return count(late) / max(known, 1)


def _share_until(flags: Array, until: Array, every: int = 1) -> Array:
    """Return the share of the flags before each run's `until`, of those after which the loss is known."""
    known = until
    if every > 1:
        so_far = np.concatenate([[0], known_changes(len(flags), every).cumsum()])
        known = so_far[np.minimum(until, len(flags)).astype(int)]
    if (until < len(flags)).any():
        flags = flags & is_before(len(flags), until)
    return count(flags) / np.maximum(known, 1)
