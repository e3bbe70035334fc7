"""What the verdicts look at: the courses of one run or of many, side by side."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from optim import CONVERGED, Run
from optim import DIVERGED as LEFT_THE_FINITE_NUMBERS
from stepsize.core.norms import norm
from stepsize.core.rounding import ULPS, summed_by, value_floor
from stepsize.core.settling import rounding_of, tolerance_of

__all__ = [
    "VANISHES",
    "Traces",
    "hold_ends",
    "known_changes",
    "last_eighth",
    "last_windows",
    "traces_of",
    "window_of",
]

Array = np.ndarray[Any, Any]

# The share of the start's to which a gradient has fallen that has all but vanished.
VANISHES = 1e-3


@dataclass(frozen=True)
class Traces:
    """The courses of B runs side by side: what the conditions look at, and nothing else.

    Attributes
    ----------
    fun, error, grad_norm : ndarray of shape (T + 1, B)
        Value, error and gradient norm at each point.
    overshoot : ndarray of bool, shape (T, B)
        Whether the update passed the minimum along the step.
    step_norm, rate : ndarray of shape (T, B)
        How far each update went, and its rate, the largest where there is one a coordinate. Of `step_norm`,
        the last `last_eighth` rows are enough.
    nit : ndarray of int, shape (B,)
        Updates until a run became inf or nan, T for one that did not. The rows that follow are those of a run
        that stands still: the last point again, and no overshoot.
    diverged : ndarray of bool, shape (B,)
        Whether a run became inf or nan.
    tolerance, nothing, floor : ndarray of shape (B,)
        The error that counts as solved, the one that rounding cannot tell from 0, and the size of a
        difference of losses that rounding hides.
    still : ndarray of shape (B,)
        The length of a step that rounding hides.
    rounding, summed : float
        By what share of itself a value may be rounded, and the smallest size that counts as its own.
    known, exact, noisy, stopped : bool
        Whether the minimum is known; whether loss and slopes are those of one function at one point (no
        mini-batches, no averaging); whether the updates saw mini-batches or noise, or drew it; whether the
        tolerance ended the run.
    minimum : float
        The minimum, nan where it is unknown.
    failures : tuple of str
        For each run the function that failed, or how its searches did; "" for a run that did not fail.
    known_every : int
        Of how many points the loss is known at one, and held until the next: 1, but for a run on mini-batches
        or noise of which one point in so many was kept.
    """

    fun: Array
    error: Array
    grad_norm: Array
    overshoot: Array
    step_norm: Array
    rate: Array
    nit: Array
    diverged: Array
    tolerance: Array
    nothing: Array
    floor: Array
    still: Array
    rounding: float
    summed: float
    known: bool
    exact: bool
    noisy: bool
    stopped: bool
    minimum: float
    failures: tuple[str, ...]
    known_every: int = 1

    def part(self, some: slice) -> "Traces":
        """Return the courses of some of the runs."""
        # Where the error is the value, it remains so.
        rows = {id(value): value[..., some] for value in vars(self).values() if isinstance(value, np.ndarray)}
        facts: dict[str, Any] = {name: rows.get(id(value), value) for name, value in vars(self).items()}
        facts["failures"] = self.failures[some]
        return Traces(**facts)


def known_changes(updates: int, every: int) -> Array:
    """Return after which updates the loss is known anew.

    Examples
    --------
    >>> known_changes(5, 2).tolist()
    [False, True, False, True, True]
    """
    made = np.arange(1, updates + 1)
    return np.asarray((made % every == 0) | (made == updates))


def window_of(updates: int) -> int:
    """Return the length of a window: a quarter of the updates, at least one."""
    return max(updates // 4, 1)


def last_windows(rows: Array, size: int, count: int) -> list[Array]:
    """Return the last windows of some rows, the last one first; without any more, the first row again."""
    ends = (max(len(rows) - i * size, 1) for i in range(count))
    return [rows[end - size : end] for end in ends]


def last_eighth(updates: int) -> int:
    """Return the length of the last eighth of a window, at least one if there are any updates."""
    return min(max(window_of(updates) // 8, 1), updates)


def hold_ends(nit: Array, overshoot: Array, *points: Array) -> None:
    """Let each run stand still after its `nit` updates: the rows that follow are overwritten."""
    for run in np.flatnonzero(nit < len(overshoot)).tolist():
        end = nit[run]
        overshoot[end:, run] = False
        for rows in points:
            rows[end + 1 :, run] = rows[end, run]


def traces_of(run: Run, tol: float = 1e-8, atol: float | None = None) -> Traces:
    """Return the courses of a run, or of all runs of a batch with their axes made one.

    In a batch, a run that became inf or nan is cut where `minimize` would have ended it alone.
    """
    history, single = run.history, run.history.x.ndim == 2
    fun, error, slope = (rows.reshape(len(rows), -1) for rows in (run.loss, run.error, _norms(run)))
    updates, runs = run.nit, fun.shape[1]
    overshoot = history.overshoot.reshape(updates, runs)
    last_x = history.x[-1].reshape(runs, -1)
    nit, gone = np.full(runs, updates), np.full(runs, bool(np.all(run.diverged)))
    if not single:
        # The gradients are those at x, also where an average is reported.
        finite = np.isfinite(history.fun) & np.isfinite(history.grad_norm)
        left = ~finite.reshape(updates + 1, -1)
        nit = np.where(left.any(axis=0), left.argmax(axis=0) - 1, updates)
        gone = np.asarray(left.any(axis=0) | (run.status == LEFT_THE_FINITE_NUMBERS))
        if (nit < updates).any():
            overshoot, fun, error, slope = (rows.copy() for rows in (overshoot, fun, error, slope))
            hold_ends(nit, overshoot, fun, error, slope)
    eps = float(np.finfo(history.x.dtype).eps)
    minimum = run.problem.minimum
    with np.errstate(all="ignore"):
        return Traces(
            fun=fun,
            error=error,
            grad_norm=slope,
            overshoot=overshoot,
            step_norm=_steps(run).reshape(updates, runs),
            rate=_rates(run, runs),
            nit=nit,
            diverged=gone,
            tolerance=np.broadcast_to(tolerance_of(run, tol, atol), run.error.shape[1:]).reshape(-1),
            nothing=np.broadcast_to(rounding_of(run), run.error.shape[1:]).reshape(-1),
            floor=np.asarray(value_floor(run.problem, fun[-window_of(updates) :], eps)),
            still=4 * eps * np.sqrt((last_x * last_x).sum(axis=1)),
            rounding=ULPS * eps,
            summed=summed_by(run.problem),
            known=minimum is not None,
            exact=not (run.problem.varies or history.output is not None),
            noisy=bool(run.optimizer.draws_noise or (run.problem.varies and not run.problem.drifts)),
            stopped=run.status == CONVERGED,
            minimum=float("nan") if minimum is None else float(minimum),
            failures=(_failure(run),) if single else ("",) * runs,
            known_every=history.every if run.problem.varies and not run.problem.drifts else 1,
        )


def _norms(run: Run) -> Array:
    """Return the gradient norms at the points to report; nan where an averaged run has dropped them."""
    if run.history.output is None:
        return run.history.grad_norm
    return run.grad_norm_at_answers() if run.history.every == 1 else np.full_like(run.loss, np.nan)


def _steps(run: Run) -> Array:
    """Return how far each update moved the point to report; nan where an averaged run has dropped it."""
    output = run.history.output
    if output is None:
        return run.history.step_norm
    return norm(np.diff(output, axis=0)) if run.history.every == 1 else np.full_like(run.loss[1:], np.nan)


def _rates(run: Run, runs: int) -> Array:
    """Return the rate of every update for every run; of several, one a coordinate, the largest."""
    if not run.nit:
        return np.zeros((0, runs))
    if run.history.status is not None:  # a search finds its rate anew each time: none has decayed
        return np.ones((run.nit, runs))
    lr = run.history.lr.reshape(run.nit, -1)
    return np.broadcast_to(lr if lr.shape[1] == runs else lr.max(axis=1, keepdims=True), (run.nit, runs))


def _failure(run: Run) -> str:
    """Return what failed in a single run: "fun", "grad", or the last word of searches that found no step."""
    if run.failure:
        return run.failure
    words = run.history.status
    if words is None or not run.nit:
        return ""
    slope = run.history.grad_norm
    if slope[-1] <= VANISHES * slope[0]:  # hardly anything was left to find
        return ""
    late = run.history.step_norm[-window_of(run.nit) :]
    return "" if late.any() else str(words[-1])
