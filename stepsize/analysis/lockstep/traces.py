"""The traces of many runs, kept while they go in lockstep: what `traces_of` gives, without any x."""

from typing import Any

import numpy as np

from optim.engines.lockstep import Untraceable
from stepsize.analysis.lockstep.rows import Room, make_rows
from stepsize.analysis.traces import Traces, window_of
from stepsize.core.rounding import ULPS, summed_by, value_floor
from stepsize.core.settling import rounding_at, tolerance

__all__ = ["Untraceable", "traces_in_lockstep"]

Array = np.ndarray[Any, Any]


def traces_in_lockstep(
    problem: Any,
    optimizer: Any,
    x0: Array,
    steps: int,
    tol: float = 1e-8,
    atol: float | None = None,
    room: Room | None = None,
    compiled: bool = False,
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
    compiled : bool
        Whether to let a compiled loop make the updates, as far as it can, to the same bits; without a
        compiler it cannot.

    Raises
    ------
    Untraceable
        If the runs cannot go in lockstep.
    """
    runs, rows = make_rows(problem, optimizer, x0, steps, Room() if room is None else room, compiled)
    where, some = runs.problem, slice(0, rows.runs)
    fun, slope, overshoot = rows.fun[:, some], rows.grad_norm[:, some], rows.overshoot[:, some]
    dtype, count = slope.dtype, rows.runs
    known, eps = where.minimum is not None, float(np.finfo(dtype).eps)
    with np.errstate(all="ignore"):
        error = slope
        if where.minimum is not None:
            error = fun - float(where.minimum) if where.minimum else fun
        nothing = np.broadcast_to(rounding_at(where, error[0], fun[-1], eps), count)
        return Traces(
            fun=fun,
            error=error,
            grad_norm=slope,
            overshoot=overshoot,
            step_norm=rows.step_norm,
            rate=rows.rate,
            nit=rows.nit,
            diverged=rows.diverged,
            tolerance=np.asarray(tolerance(error[0], nothing, tol, atol)),
            nothing=nothing,
            floor=np.asarray(value_floor(where, fun[-window_of(steps) :], eps)),
            still=4 * eps * np.sqrt((rows.x * rows.x).sum(axis=1)),
            rounding=ULPS * eps,
            summed=summed_by(where),
            known=known,
            exact=not runs.separate,
            noisy=False,
            stopped=False,
            minimum=float(where.minimum) if known else float("nan"),  # type: ignore[arg-type]  # not None
            failures=_by_run(rows.failures, count),
        )


def _by_run(failures: dict[int, str], runs: int) -> tuple[str, ...]:
    """Return what failed in each run, "" where nothing did."""
    words = [""] * runs
    for run, word in failures.items():
        words[run] = word
    return tuple(words)
