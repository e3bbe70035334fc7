"""Many runs of one rule as one batch, cut so that it fits into memory, and what is kept of each."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from optim import BUDGET, DIVERGED, Optimizer, Run, minimize
from schedules import PerRun
from stepsize.analysis.traces import traces_of
from stepsize.analysis.verdicts import RunStatistics, classify

__all__ = ["SUMMARY_DTYPE", "Batch", "RunSummary", "compute", "cut", "descend", "with_values"]

Array = np.ndarray[Any, Any]

# What is kept of a run, whatever it was. `verdict` counts in the order of `VERDICTS`.
SUMMARY_DTYPE = np.dtype(
    [
        ("final", float),
        ("best", float),
        ("settled", float),
        ("overshoot", float),
        ("uphill", float),
        ("updates", np.int64),
        ("status", np.int8),
        ("verdict", np.int8),
    ]
)

# Numbers in one array of a batch: what stays in a processor's cache while a rule works on it.
_TILE = 2**17
# Numbers times updates in a batch: about half a second of work, so that there is something to hand out, to
# count and to keep.
_WORK = 2**25


@dataclass(frozen=True, eq=False)
class Batch:
    """Runs of one rule on one problem that differ in numbers, schedules and starts only.

    Attributes
    ----------
    problem, optimizer : Problem, Optimizer
        What all runs share.
    values : dict
        For each hyperparameter that differs, an array of B numbers or a tuple of B schedules.
    x0 : ndarray of shape (B, d)
        The starts.
    rows : ndarray of int, shape (B,)
        Where the runs stand in the sweep.
    steps : int
        Updates for each.
    tol, atol : float, None or float
        What counts as settled: a share of the error at the start, or an absolute error.
    history : int
        How many points of the error to keep, evenly spaced; 0 for none.
    """

    problem: Any
    optimizer: Optimizer
    values: dict[str, Any]
    x0: Array
    rows: Array
    steps: int
    tol: float
    history: int = 0
    atol: float | None = None

    @property
    def together(self) -> bool:
        """Whether the runs can share one leading axis."""
        rates = [self.optimizer.lr, *self.values.get("lr", ())]
        return self.optimizer.batched and not any(getattr(lr, "kind", "") in _ALONE for lr in rates)

    def part(self, keep: Any) -> "Batch":
        """Return the batch of some of the runs, by a slice or an array of indices."""
        values = {
            name: value[keep] if isinstance(value, np.ndarray) else _picked(value, keep)
            for name, value in self.values.items()
        }
        return replace(self, values=values, x0=self.x0[keep], rows=self.rows[keep])

    def single(self, i: int) -> tuple[Optimizer, Array]:
        """Return the optimizer and the start of the i-th run as they would be alone."""
        return self.optimizer.replace(**{name: value[i] for name, value in self.values.items()}), self.x0[i]


# Feedback step sizes: they have a state that no other run may share.
_ALONE = ("feedback", "search")


@dataclass(frozen=True, eq=False)
class RunSummary:
    """What is kept of a batch: a row of `SUMMARY_DTYPE` a run, and the thinned errors (B, history)."""

    rows: Array
    kept: Array
    errors: Array


def compute(batch: Batch) -> RunSummary:
    """Run a batch and keep what is asked for."""
    return _outcome(batch, descend(batch))


def descend(batch: Batch) -> list[Run]:
    """Run a batch: as one run with a leading axis, or one by one where the rate is a feedback step size."""
    if batch.together:
        every = _every(batch)
        together = with_values(batch.optimizer, batch.values)
        return [minimize(batch.problem, together, batch.x0, batch.steps, every=every)]
    return [minimize(batch.problem, *batch.single(i), batch.steps) for i in range(len(batch.rows))]


def _every(batch: Batch) -> int:
    """Return how far the points are thinned: to the ends, unless the error needs the gradient at each."""
    estimated = getattr(batch.problem, "varies", False) and not getattr(batch.problem, "drifts", False)
    unknown = getattr(batch.problem, "minimum", None) is None
    return 1 if estimated and unknown else max(batch.steps, 1)


def with_values(optimizer: Optimizer, values: dict[str, Any]) -> Optimizer:
    """Return the optimizer with one value a run: arrays of numbers, or tuples of schedules."""
    columns = {
        name: value[:, None] if isinstance(value, np.ndarray) else PerRun(tuple(value))
        for name, value in values.items()
    }
    return optimizer.replace(**columns)


def cut(batch: Batch, memory: int, max_runs: int | None = None) -> list[Batch]:
    """Return the batch in pieces that fit into so many bytes, of at most so many runs.

    The pieces follow from the batch alone and not from who computes them, so that nothing else does either.
    """
    dim = batch.x0.shape[1]
    a_run = 8 * ((batch.steps + 1) * (8 if _every(batch) > 1 else 2 * dim + 8) + 512 * 4 * dim)
    size = max(1, min(memory // a_run, _TILE // dim, _WORK // (dim * max(batch.steps, 1))))
    if max_runs is not None:
        size = min(size, max_runs)
    return [batch.part(slice(i, i + size)) for i in range(0, len(batch.rows), size)]


def _outcome(batch: Batch, runs: list[Run]) -> RunSummary:
    pieces = []
    for run in runs:
        traces = traces_of(run, batch.tol, batch.atol)
        found = classify(traces)
        status = np.where(traces.diverged, DIVERGED, BUDGET if len(traces.nit) > 1 else run.status)
        errors = np.full((len(traces.nit), batch.history), np.inf)
        if batch.history:
            at = history_at(batch.steps, batch.history)
            known = at < len(traces.error)
            errors[:, known] = traces.error[at[known]].T
            errors[at > traces.nit[:, None]] = np.inf
        pieces.append((_rows(found, traces.nit, status), errors))
    return RunSummary(
        rows=batch.rows,
        kept=np.concatenate([rows for rows, _ in pieces]),
        errors=np.concatenate([errors for _, errors in pieces]),
    )


def history_at(steps: int, history: int) -> Array:
    """Return the updates after which a thinned history has its points, the first and the last among them."""
    return np.linspace(0, steps, history).round().astype(int)


def _rows(found: RunStatistics, nit: Array, status: Array) -> Array:
    rows = np.empty(len(nit), SUMMARY_DTYPE)
    rows["final"], rows["best"], rows["settled"] = found.error, found.best_error, found.settled
    rows["overshoot"], rows["uphill"] = found.overshoot, found.uphill
    rows["updates"], rows["status"], rows["verdict"] = nit, status, found.verdict
    return rows


def _picked(values: Any, keep: Any) -> Any:
    return values[keep] if isinstance(keep, slice) else tuple(values[i] for i in keep)
