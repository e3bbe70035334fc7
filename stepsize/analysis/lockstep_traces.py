"""The traces of many runs, kept while they go in lockstep: what `traces_of` gives, without any x."""

from typing import Any

import numpy as np

from optim.engines.lockstep import Lockstep, Untraceable
from stepsize.analysis.traces import Traces, hold_ends, last_eighth, window_of
from stepsize.core.rounding import ULPS, summed_by, value_floor
from stepsize.core.settling import rounding_at, tolerance

__all__ = ["BYTES_A_ROW", "UPDATES_TOGETHER", "Room", "Untraceable", "traces_in_lockstep"]

Array = np.ndarray[Any, Any]

# What is kept of a run in a row: value, gradient norm, and whether the update overshot.
BYTES_A_ROW = 8 + 8 + 1

# Updates that are made before values and norms are computed of all of them, in the cache.
UPDATES_TOGETHER = 8


class Room:
    """Arrays that the courses of one batch after another are written into.

    To have memory from the system anew for each costs as much as the updates.
    """

    def __init__(self) -> None:
        self._arrays: dict[str, Array] = {}

    def array(self, name: str, shape: tuple[int, int], dtype: Any) -> Array:
        """Return the array of that name; what the last one held is lost."""
        size, there = shape[0] * shape[1], self._arrays.get(name)
        if there is None or there.dtype != dtype or there.size < size:
            there = self._arrays[name] = np.empty(size, dtype)
        return there[:size].reshape(shape)


def traces_in_lockstep(
    problem: Any,
    optimizer: Any,
    x0: Array,
    steps: int,
    tol: float = 1e-8,
    atol: float | None = None,
    room: Room | None = None,
) -> Traces:
    """Return the traces of a batch.

    They are those of `traces_of`, but for what no verdict looks at: only the last steps have lengths, and a
    rate that never changes is 1.

    Parameters
    ----------
    problem, optimizer, x0, steps
        As for `minimize`.
    tol, atol : float, float or None
        What counts as settled.
    room : Room, optional
        Where to write the courses; whatever was written there before is lost.

    Raises
    ------
    Untraceable
        If the runs cannot go in lockstep.
    """
    runs = Lockstep(problem, optimizer, x0, steps)
    where, count, dtype = runs.problem, len(runs.who), runs.grad_norm.dtype
    room = Room() if room is None else room
    fun, slope = room.array("fun", (steps + 1, count), float), room.array("slope", (steps + 1, count), dtype)
    overshoot, rate = (
        room.array("overshoot", (steps, count), bool),
        np.broadcast_to(np.ones(count), (steps, count)),
    )
    still_from = steps - last_eighth(steps)
    step = np.zeros((steps - still_from, count))
    fun[0], slope[0] = runs.fun, runs.grad_norm
    while runs.n < steps:
        low = runs.n
        runs.advance(min(UPDATES_TOGETHER, steps - low))
        made = slice(low, runs.n), slice(None) if len(runs.who) == count else runs.who
        fun[1:][made], slope[1:][made], overshoot[made] = runs.fun, runs.grad_norm, runs.overshoot
        if np.ndim(runs.rate):
            rate = rate if rate.flags.writeable else np.ones((steps, count))
            rate[made] = runs.rate
        if runs.n > still_from:
            first = max(low - still_from, 0)
            step[first : runs.n - still_from, made[1]] = runs.step_norm()[first + still_from - low :]
    diverged = np.ones(count, bool)
    diverged[runs.who[runs.alive]] = False
    runs.settle_doubts(overshoot)
    hold_ends(runs.nit, overshoot, fun, slope)
    known, eps = where.minimum is not None, float(np.finfo(dtype).eps)
    still = np.zeros(count)
    with np.errstate(all="ignore"):
        still[runs.who] = 4 * eps * np.sqrt((runs.x * runs.x).sum(axis=1))
        error = slope
        if where.minimum is not None:
            error = fun - float(where.minimum) if where.minimum else fun
        nothing = np.broadcast_to(rounding_at(where, error[0], fun[-1], eps), count)
        return Traces(
            fun=fun,
            error=error,
            grad_norm=slope,
            overshoot=overshoot,
            step_norm=step,
            rate=rate,
            nit=runs.nit,
            diverged=diverged,
            tolerance=np.asarray(tolerance(error[0], nothing, tol, atol)),
            nothing=nothing,
            floor=np.asarray(value_floor(where, fun[-window_of(steps) :], eps)),
            still=still,
            rounding=ULPS * eps,
            summed=summed_by(where),
            known=known,
            exact=not runs.separate,
            noisy=False,
            stopped=False,
            minimum=float(where.minimum) if known else float("nan"),  # type: ignore[arg-type]  # not None
            failures=_by_run(runs.failures, count),
        )


def _by_run(failures: dict[int, str], runs: int) -> tuple[str, ...]:
    """Return what failed in each run, "" where nothing did."""
    words = [""] * runs
    for run, word in failures.items():
        words[run] = word
    return tuple(words)
