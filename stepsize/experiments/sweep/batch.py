"""Many runs of one rule as one batch, cut so that it fits into memory, and what is kept of each."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from optim import BUDGET, DIVERGED, Optimizer, Run, minimize
from optim.failure import STEEP
from optim.recorder import history_bytes
from schedules import PerRun
from stepsize.analysis.lockstep.rows import BYTES_A_ROW, UPDATES_TOGETHER, Room
from stepsize.analysis.lockstep.tally import RUNS_TOGETHER, tell_by_tally
from stepsize.analysis.lockstep.traces import Untraceable, traces_in_lockstep
from stepsize.analysis.traces import Traces, traces_of
from stepsize.analysis.verdicts import RunOutcome, outcome_of
from stepsize.core.display import counted
from stepsize.core.limits.memory import refuse_beyond_memory

__all__ = [
    "MEMORY",
    "PAYS",
    "SUMMARY_DTYPE",
    "Batch",
    "RunSummary",
    "compute",
    "cut",
    "cut_for_traces",
    "traces_for",
    "with_values",
]

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
# From so many numbers on it pays to judge runs while they run; below, a call costs more than what it does.
_LOCKSTEP = 2**9
# Numbers times updates in a batch: about half a second of work, so that there is something to hand out, to
# count and to keep.
_WORK = 2**26
# Numbers in an array of runs that advance together, and of one course of those that are judged at a time, so
# that what is made of them stays in the cache. Rows a power of two apart would share a few places of it.
_TOGETHER, _CACHED = 2**13 - 64, 2**19
# Updates of all runs of a batch from which on to compile them pays, where the compiler is installed.
PAYS = 2**22
# Bytes that a batch may take, for each job, unless something else is said.
MEMORY = 2**28


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
    pays : bool
        Whether it is part of so many updates that to compile them pays.
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
    pays: bool = False

    @property
    def together(self) -> bool:
        """Whether the runs can share one leading axis."""
        lr = self.values.get("lr", ())
        rates = [self.optimizer.lr, *(() if isinstance(lr, np.ndarray) else lr)]
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
    """Run a batch and keep what is asked for, as many runs at a time as fit into the cache or into memory."""
    room = Room()
    kept, rest = _told(batch, room) if batch.pays else (np.empty(len(batch.rows), SUMMARY_DTYPE), slice(None))
    errors = np.empty((len(kept), batch.history))
    others = batch.part(rest)
    if len(others.rows):
        pieces = [_outcome(piece, traces_for(piece, room)) for piece in cut_for_traces(others)]
        kept[rest] = np.concatenate([piece.kept for piece in pieces])
        errors[rest] = np.concatenate([piece.errors for piece in pieces])
    return RunSummary(batch.rows, kept, errors)


def _told(batch: Batch, room: Room) -> tuple[Array, Any]:
    """Return what a tally tells of the runs of a batch, and of which it does not."""
    kept, left = np.empty(len(batch.rows), SUMMARY_DTYPE), []
    if batch.history or not _goes_in_lockstep(batch):
        return kept, slice(None)
    for low in range(0, len(kept), RUNS_TOGETHER):
        some = slice(low, low + RUNS_TOGETHER)
        part = batch.part(some)
        together = with_values(part.optimizer, part.values)
        try:
            told = tell_by_tally(part.problem, together, part.x0, part.steps, part.tol, part.atol, room)
        except Untraceable:
            return kept, slice(low, None)
        kept[some] = _rows(told.outcome, told.updates, np.where(told.lost, DIVERGED, BUDGET))
        left.append(low + np.flatnonzero(told.open))
    return kept, np.concatenate(left)


def _goes_in_lockstep(batch: Batch) -> bool:
    """Whether the runs go in lockstep: not if they are few, or if a function of data costs far more."""
    rule, problem = batch.optimizer, batch.problem
    few = batch.x0.size < _LOCKSTEP
    fits = BYTES_A_ROW * (batch.steps + 1) * len(batch.rows) <= MEMORY
    return (
        batch.together
        and (not few or (batch.pays and fits))
        and bool(getattr(problem, "components", False) and rule.elementwise)
        and not (rule.requires or problem.varies)
        # An average is judged by the gradients where they were taken, if by any: there are two of each then.
        and not (rule.has_separate_output and problem.minimum is None)
    )


def traces_for(batch: Batch, room: Room | None = None) -> list[tuple[Traces, int]]:
    """Run a batch, and return the traces of its runs, together or one by one, each with its status.

    They may be written into a room, over those of the batch before; and where it pays, a compiled loop makes
    the updates.
    """
    if _goes_in_lockstep(batch):
        together = with_values(batch.optimizer, batch.values)
        try:
            budget = batch.steps, batch.tol, batch.atol
            traces = traces_in_lockstep(batch.problem, together, batch.x0, *budget, room, batch.pays)
            return [(traces, BUDGET)]
        except Untraceable:
            pass
    runs = descend(batch)
    found = [traces_of(run, batch.tol, batch.atol) for run in runs]
    if batch.together:
        found = [replace(found[0], failures=_failures(batch, found[0], runs[0]))]
    return [(traces, run.status) for traces, run in zip(found, runs, strict=True)]


def _failures(batch: Batch, traces: Traces, run: Run) -> tuple[str, ...]:
    """Return what failed in each run, as the run alone says: nan where nothing was large, say."""
    rows = np.arange(len(traces.nit))
    ends = traces.fun[traces.nit, rows], traces.grad_norm[traces.nit, rows]
    small = np.all(np.abs(ends) < STEEP, axis=0) & traces.diverged
    after = np.minimum(traces.nit + 1, run.nit)
    broken = np.isnan(run.history.fun[after, rows]) | np.isnan(run.history.grad_norm[after, rows])
    broken |= after == traces.nit  # the update by which the last runs of a batch are lost is not recorded
    failures = [""] * len(rows)
    for i in np.flatnonzero(small & broken).tolist():
        failures[i] = minimize(batch.problem, *batch.single(i), batch.steps).failure or ""
    return tuple(failures)


def descend(batch: Batch) -> list[Run]:
    """Run a batch: as one run with a leading axis, or one by one where the rate is a feedback step size."""
    every = _every(batch) if batch.together else 1
    _refuse_too_long(batch, every)
    if batch.together:
        together = with_values(batch.optimizer, batch.values)
        return [minimize(batch.problem, together, batch.x0, batch.steps, every=every)]
    return [minimize(batch.problem, *batch.single(i), batch.steps) for i in range(len(batch.rows))]


def _refuse_too_long(batch: Batch, every: int) -> None:
    """Refuse histories that do not fit into memory: how they are thinned is no choice of the user's."""
    runs, dim = len(batch.rows) if batch.together else 1, batch.x0.shape[1]
    needed = history_bytes(batch.steps, every, runs, dim, batch.optimizer.has_separate_output)
    told = f"{batch.steps} for {counted(runs, 'run')} of {counted(dim, 'parameter')}"
    refuse_beyond_memory("steps", told, needed, "fewer")


def _every(batch: Batch) -> int:
    """Return how far the points are thinned: to the ends, unless each is needed to judge.

    Where the updates see mini-batches the whole problem is evaluated at the points that are kept, and of an
    average the gradient.
    """
    estimated = getattr(batch.problem, "varies", False) and not getattr(batch.problem, "drifts", False)
    needed = estimated or batch.optimizer.has_separate_output
    return 1 if needed else max(batch.steps, 1)


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
    return _cut(batch, memory, max_runs)


def cut_for_traces(batch: Batch) -> list[Batch]:
    """Return the batch in pieces of which the traces are kept until they are judged."""
    return _cut(batch, MEMORY, _TOGETHER // batch.x0.shape[1] if _goes_in_lockstep(batch) else None)


def _cut(batch: Batch, memory: int, max_runs: int | None = None) -> list[Batch]:
    dim, a_run = batch.x0.shape[1], _traces_bytes(batch)
    batch = replace(batch, pays=batch.pays or len(batch.rows) * batch.steps >= PAYS)
    size = max(1, min(memory // a_run, _TILE // dim, _WORK // (dim * max(batch.steps, 1))))
    if max_runs is not None:
        size = max(1, min(size, max_runs))
    return [batch.part(slice(i, i + size)) for i in range(0, len(batch.rows), size)]


def _traces_bytes(batch: Batch) -> int:
    """Return what a run takes that is judged by its traces, from lockstep or from its history."""
    dim = batch.x0.shape[1]
    if _goes_in_lockstep(batch):
        arrays = 12 + 2 * len(batch.optimizer.slots)
        return int(BYTES_A_ROW * (batch.steps + 1) + 8 * UPDATES_TOGETHER * (dim * arrays + 64))
    return int(8 * ((batch.steps + 1) * (8 if _every(batch) > 1 else 2 * dim + 8) + 512 * 4 * dim))


def _outcome(batch: Batch, found: list[tuple[Traces, int]]) -> RunSummary:
    pieces = []
    for traces, status in found:
        ends = np.where(traces.diverged, DIVERGED, BUDGET if len(traces.nit) > 1 else status)
        errors = np.full((len(traces.nit), batch.history), np.inf)
        if batch.history:
            at = history_at(batch.steps, batch.history)
            known = at < len(traces.error)
            errors[:, known] = traces.error[at[known]].T
            errors[at > traces.nit[:, None]] = np.inf
        width = max(_CACHED // len(traces.error), 1)
        for low in range(0, len(ends), width):
            some = slice(low, low + width)
            part = traces.part(some)
            pieces.append((_rows(outcome_of(part), part.nit, ends[some]), errors[some]))
    return RunSummary(
        rows=batch.rows,
        kept=np.concatenate([rows for rows, _ in pieces]),
        errors=np.concatenate([errors for _, errors in pieces]),
    )


def history_at(steps: int, history: int) -> Array:
    """Return the updates after which a thinned history has its points, the first and the last among them."""
    return np.linspace(0, steps, history).round().astype(int)


def _rows(found: RunOutcome, nit: Array, status: Array) -> Array:
    rows = np.empty(len(nit), SUMMARY_DTYPE)
    rows["final"], rows["best"], rows["settled"] = found.error, found.best_error, found.settled
    rows["overshoot"], rows["uphill"] = found.overshoot, found.uphill
    rows["updates"], rows["status"], rows["verdict"] = nit, status, found.verdict
    return rows


def _picked(values: Any, keep: Any) -> Any:
    return values[keep] if isinstance(keep, slice) else tuple(values[i] for i in keep)
