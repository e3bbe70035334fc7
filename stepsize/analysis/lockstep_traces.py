"""The traces of many runs, kept while they go in lockstep: what `traces_of` gives, without any x."""

from typing import Any

import numpy as np

from optim.engines.lockstep import Lockstep
from stepsize.analysis.traces import Traces, window_of
from stepsize.core.rounding import ULPS, summed_by, value_floor
from stepsize.core.settling import rounding_at, tolerance

__all__ = ["BYTES_A_ROW", "traces_in_lockstep"]

Array = np.ndarray[Any, Any]

# What is kept of a run in a row: value, gradient norm, length and rate of the step, whether it overshot; and
# what is made of them in the end.
BYTES_A_ROW = 8 * 8


def traces_in_lockstep(
    problem: Any, optimizer: Any, x0: Array, steps: int, tol: float = 1e-8, atol: float | None = None
) -> Traces:
    """Return the traces of a batch.

    They are those of `traces_of`, but for what no verdict looks at: the rows after the end of a run that
    became inf or nan are nan, steps before the last window have the length 0, and a rate that never changes
    is 1.

    Parameters
    ----------
    problem, optimizer, x0, steps
        As for `minimize`.
    tol, atol : float, float or None
        What counts as settled.

    Raises
    ------
    Untraceable
        If the runs cannot go in lockstep.
    """
    runs = Lockstep(problem, optimizer, x0, steps)
    where, count, dtype = runs.problem, len(runs.who), runs.grad_norm.dtype
    fun, slope = np.empty((steps + 1, count)), np.empty((steps + 1, count), dtype)
    overshoot, step, rate = np.empty((steps, count), bool), np.zeros((steps, count)), np.ones((steps, count))
    nit, still_from = np.full(count, steps), steps - window_of(steps)
    fun[0], slope[0] = runs.fun, runs.grad_norm
    for n in range(steps):
        runs.advance()
        fun[n + 1], slope[n + 1], overshoot[n] = runs.fun, runs.grad_norm, runs.overshoot
        if n >= still_from:
            step[n] = runs.step_norm()
        if runs.rate is not None:
            rate[n] = runs.rate
        nit[runs.lost] = n
    lost = np.flatnonzero(~runs.alive)
    for rows in (fun, slope):
        rows[:, lost] = np.where(np.arange(steps + 1)[:, None] > nit[lost], np.nan, rows[:, lost])
    known, eps, x = where.minimum is not None, float(np.finfo(dtype).eps), runs.x
    with np.errstate(all="ignore"):
        error = fun - float(where.minimum) if known else slope  # type: ignore[arg-type]  # not None
        nothing = np.broadcast_to(rounding_at(where, error[0], fun[-1], eps), nit.shape)
        return Traces(
            fun=fun,
            error=error,
            grad_norm=slope,
            overshoot=overshoot,
            step_norm=step,
            rate=rate,
            nit=nit,
            diverged=~runs.alive,
            tolerance=np.asarray(tolerance(error[0], nothing, tol, atol)),
            nothing=nothing,
            floor=np.asarray(value_floor(where, fun[-window_of(steps) :], eps)),
            still=4 * eps * np.sqrt((x * x).sum(axis=1)),
            rounding=ULPS * eps,
            summed=summed_by(where),
            known=known,
            exact=not runs.separate,
            noisy=False,
            stopped=False,
            minimum=float(where.minimum) if known else float("nan"),  # type: ignore[arg-type]  # not None
            failures=tuple(runs.failures.get(run, "") for run in range(count)),
        )
