"""The traced engine for batches: a block of runs at a time, the runs innermost.

Users see a batch as (runs, coordinates). Inside, every array is turned to (coordinates, runs), because long
rows are what NumPy is fast at, and the batch is cut into blocks of about 2^17 numbers, so that all arrays of
a block stay in the cache while many updates are made to it. Rule and, for a problem by components, gradient
are replayed from their traces.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from optim.engines.chunks import Chunk
from optim.engines.replay import Plan, Workspace, fill, scalar_buffer_for
from optim.engines.running_powers import running_powers
from optim.engines.symbols import DType, Untraceable
from optim.engines.tracing import Trace, look_up, trace_function, trace_output, trace_update
from optim.hyperparameters import Hypers, Numbers, Resolved, rate_kind
from optim.optimizer import Evaluation, Optimizer, Slots
from optim.steppers import Stepper
from optim.user_rules import is_own
from stepsize.core.norms import IN_ORDER, all_finite
from stepsize.core.protocols import DescentProblem
from stepsize.core.record import Record

__all__ = [
    "BLOCK_RUNS",
    "IN_ORDER",
    "LastFinite",
    "RunBlock",
    "BatchedEngine",
    "can_be_traced",
    "columns_of",
    "inner",
    "take",
]

Array = np.ndarray[Any, Any]
# Some of the runs of a batch.
Which = Array | slice
R = TypeVar("R", bound=Record)
# An update, which of the runs it loses, and before it their points to report, of shape (runs, d), and their
# gradients, of shape (d, runs).
LastFinite = tuple[int | Array, Array, Array, Array]

# Numbers in one array of a block: about a mebibyte, so that a handful of them stay in the cache.
BLOCK_RUNS = 2**17

# Numbers of a block that are judged at a time: the temporary arrays of a value are then small enough for
# memory that the process has already, and asking the system for more costs ten times what the values do.
LOOK = 2**14

# Numbers in one array of a chunk's history.
HISTORY = 2**21


class RunBlock:
    """Some runs of a batch, as arrays of shape (d, runs), which it owns and overwrites.

    Parameters
    ----------
    problem, optimizer : Problem, Optimizer
        Hyperparameters that differ from run to run are those of these runs (see `take`).
    traces : list of Trace
        What is known of the rule already; a new branch of it is added.
    x, g, slots : ndarray of shape (d, runs)
    exact : bool
        Whether powers of a run's own number, beta**t, are taken as the rule takes them; otherwise they are
        multiplied up (see `optim.engines.running_powers`).
    stop : int, optional
        The first update that will not be made.
    """

    def __init__(
        self,
        problem: DescentProblem,
        optimizer: Optimizer,
        traces: list[Trace],
        x: Array,
        g: Array,
        slots: tuple[Array, ...],
        exact: bool = True,
        stop: int | None = None,
    ) -> None:
        self.problem, self.optimizer, self.traces, self.exact = problem, optimizer, traces, exact
        self.x, self.g, self.slots = x, g, slots
        self.stop = stop
        self.hypers = Hypers(optimizer, x.T, stop)
        self.workspace = Workspace(x.shape)
        self._programs: list[_Program] = []
        self._before: list[Array] | None = None

    def advance(self, n: int) -> Resolved:
        """Make update n, take the new gradient, and return the hyperparameters that were used."""
        h = self.hypers.resolve(n)
        for call in (*self._program(h).calls, *self._slope_calls):
            call()
        return h

    def advance_by(self, n: int, count: int) -> Sequence[Array]:
        """Make the updates n, ..., n + count - 1, and return copies of the arrays as they were before."""
        if self._before is None:
            self._before = [np.empty_like(a) for a in self.arrays()]
        for a, kept in zip(self.arrays(), self._before, strict=True):
            np.copyto(kept, a)
        for k in range(n, n + count):
            self.advance(k)
        return self._before

    def lost(self) -> Array:
        """Return which runs are no longer finite."""
        return ~self.finite()

    def ends(self, n: int, count: int) -> Iterator[LastFinite]:
        """Make `count` updates, and say of each run that is lost meanwhile where it was last finite."""
        left = np.ones(self.x.shape[1], dtype=bool)
        for k in range(n, n + count):
            before = self.advance_by(k, 1)
            lost = left & self.lost()
            if lost.any():
                x, g, *slots = (np.ascontiguousarray(a[:, lost]) for a in before)
                yield k, np.flatnonzero(lost), self.optimizer.output(x, tuple(slots)).T, g
                left &= ~lost

    def finite(self) -> Array:
        """Return which runs have a finite value and gradient, as `minimize` judges a single run."""
        points, slopes = self.points, self.g.T
        good = np.empty(len(points), dtype=bool)
        width = max(1, LOOK // points.shape[1])
        for low in range(0, len(points), width):
            some = slice(low, low + width)
            good[some] = np.isfinite(self.problem.fun(points[some]))
            good[some] &= all_finite(slopes[some])
        return good

    @property
    def points(self) -> Array:
        """The points as users see them, of shape (runs, d)."""
        return (
            self.x.T if self.problem.components and len(self.x) < IN_ORDER else np.ascontiguousarray(self.x.T)
        )

    def arrays(self) -> tuple[Array, ...]:
        """Return x, g and the slots as they stand; the next update overwrites them."""
        return self.x, self.g, *self.slots

    def columns(self, which: Which, arrays: Sequence[Array]) -> "RunBlock":
        """Return a block of some of the runs, at the points of these arrays."""
        x, g, *slots = columns_of(which, arrays)
        optimizer = take(self.optimizer, which, self.x.shape[1])
        return RunBlock(self.problem, optimizer, self.traces, x, g, tuple(slots), self.exact, self.stop)

    def _program(self, h: Resolved) -> "_Program":
        for program in self._programs:
            if program.fits(h):
                return program
        known = next((trace for trace in self.traces if trace.known(h) is not None), None)
        if known is None:
            known = trace_update(self.optimizer, h, len(self.slots), self.x.dtype)
            self.traces.append(known)
        program = _Program(known, self, h)
        program.fits(h)
        self._programs.append(program)
        return program

    @cached_property
    def _slope_calls(self) -> list[Callable[[], object]]:
        if self.problem.components:
            trace = trace_function(self.problem.grad, len(self.x), self.x.dtype)
            into = range(len(self.x), 2 * len(self.x))
            return Plan(trace, into).bind([*self.x, *self.g], {}, Workspace(self.x.shape[1:]))
        return [lambda: np.copyto(self.g, self.problem.grad(self.points).T)]


class _Program:
    """One trace of a rule, bound to the arrays of a block."""

    def __init__(self, trace: Trace, block: RunBlock, h: Resolved) -> None:
        values = trace.known(h)
        assert values is not None  # the trace was chosen, or made, for these hyperparameters
        self.trace, self.values = trace, values
        self.moving = trace.moving(
            lambda path: path[-1] != "t" and not callable(look_up(block.optimizer, path))
        )
        self.powers = {} if block.exact else running_powers(trace, values, self.moving)
        self.scalar_buffers = {
            i: scalar_buffer_for(values[i], block.x.dtype, block.x.shape) for i in trace.numbers
        }
        self.refill = [
            (i, scalar_buffer) for i, scalar_buffer in self.scalar_buffers.items() if i in set(self.moving)
        ]
        into = [0, *range(2, trace.given)]  # g is taken afresh after every update: it may be scribbled on
        self.calls = Plan(trace, into, spare=(1,)).bind(
            [block.x, block.g, *block.slots], self.scalar_buffers, block.workspace
        )

    def fits(self, h: Resolved) -> bool:
        """Whether the rule takes this branch at these hyperparameters; if so, use them."""
        if not self.trace.renew(self.values, self.moving, h, self.powers):
            return False
        for i, scalar_buffer in self.refill:
            fill(scalar_buffer, self.values[i])
        return True


class BatchedEngine:
    """The engine: batches in blocks, with the full history."""

    longest = 512

    def __init__(self, stepper: Stepper, x: Array) -> None:
        self.problem, self.optimizer, self.hypers = stepper.problem, stepper.optimizer, stepper.hypers
        self.length = 16
        self.most = max(16, min(self.longest, HISTORY // x.size))
        width = max(1, BLOCK_RUNS // x.shape[-1])
        self.parts = [slice(low, min(low + width, len(x))) for low in range(0, len(x), width)]
        self.optimizers = [take(stepper.optimizer, part, len(x)) for part in self.parts]
        self.traces: list[Trace] = []

    def begin(self, x: Array, e: Evaluation) -> Evaluation:
        """Return the evaluation where the run starts: it is made on arrays here too."""
        return e

    def chunk(self, n: int, x: Array, e: Evaluation, slots: Slots, count: int) -> Chunk | None:
        """Return the next `count` updates, or None if the rule takes a branch that cannot be traced."""
        try:
            return self._chunk(n, x, e, slots, count)
        except Untraceable:
            return None

    def _chunk(self, n: int, x: Array, e: Evaluation, slots: Slots, count: int) -> Chunk:
        points, slopes = (np.empty((count + 1, *x.shape), x.dtype) for _ in range(2))
        values = np.empty((count + 1, len(x)))
        outputs = np.empty_like(points) if self.optimizer.has_separate_output else points
        new = tuple(np.empty_like(slot) for slot in slots)
        rates = np.empty((count, *np.shape(self.hypers.resolve(n).lr)))
        by_run = rates.shape[1:2] == (len(x),)
        for part, optimizer in zip(self.parts, self.optimizers, strict=True):
            start = inner(x[part]), inner(e.g[part]), tuple(inner(slot[part]) for slot in slots)
            used, ends = self._history(
                optimizer, start, n, count, *(a[:, part] for a in (points, slopes, outputs, values))
            )
            values[0, part] = e.f[part]
            for slot, place in zip(new, ends, strict=True):
                slot[part] = place.T
            if count:
                rates[(slice(None), part) if by_run else slice(None)] = used
        self.length = min(2 * self.length, self.most)
        return Chunk(points, values, slopes, rates, outputs, new)

    def _history(
        self,
        optimizer: Optimizer,
        start: tuple[Array, Array, tuple[Array, ...]],
        n: int,
        count: int,
        points: Array,
        slopes: Array,
        outputs: Array,
        values: Array,
    ) -> tuple[Sequence[Numbers], Sequence[Array]]:
        """Make the updates of one block, record them, and return the rates and the slots."""
        block = RunBlock(self.problem, optimizer, self.traces, *start, stop=n + count)
        xs, gs = (np.empty((count + 1, *block.x.shape), block.x.dtype) for _ in range(2))
        xs[0], gs[0] = block.x, block.g
        separate = self.optimizer.has_separate_output
        if separate:
            outputs[0] = block.optimizer.output(block.x, block.slots).T
        rates = []
        for k in range(count):
            rates.append(block.advance(n + k).lr)
            xs[k + 1], gs[k + 1] = block.x, block.g
            if separate:
                outputs[k + 1] = block.optimizer.output(block.x, block.slots).T
        points[...] = xs.swapaxes(1, 2)
        short = self.problem.components and len(block.x) < IN_ORDER
        values[...] = self.problem.fun(xs.swapaxes(1, 2) if short else points)
        slopes[...] = gs.swapaxes(1, 2)
        return rates, block.slots


def can_be_traced(problem: DescentProblem, optimizer: Optimizer, x: Array, slots: Slots) -> bool:
    """Whether rule and batch declare nothing that a trace could not follow."""
    return (
        x.ndim == 2
        and rate_kind(optimizer.lr) == "schedule"
        and bool(optimizer.elementwise)
        and not optimizer.requires
        and not problem.varies
        and all(np.shape(slot) == x.shape and slot.dtype == x.dtype for slot in slots)
        and _output_is_elementwise(optimizer, slots, x.dtype)
    )


def _output_is_elementwise(optimizer: Optimizer, slots: Slots, dtype: DType) -> bool:
    """Whether the output, too, is elementwise arithmetic."""
    if not (optimizer.has_separate_output and is_own(optimizer)):
        return True
    try:
        trace_output(optimizer, len(slots), dtype)
    except Untraceable:
        return False
    return True


def inner(array: Array) -> Array:
    """Return a copy of an array of shape (runs, d) as (d, runs), every row in one piece."""
    return np.array(array.T, order="C")


def columns_of(which: Which, arrays: Sequence[Array]) -> list[Array]:
    """Return copies of some columns of arrays: `take` is several times as fast as to index by flags."""
    if isinstance(which, slice):
        return [a[:, which].copy() for a in arrays]
    numbers = np.flatnonzero(which) if which.dtype == bool else which
    return [a.take(numbers, axis=1) for a in arrays]


def take(record: R, which: Which, runs: int) -> R:
    """Return a record with the hyperparameters of some of so many runs.

    An array of shape (runs, ...) gives its rows, at any depth; a schedule with a method ``rows(which)`` is
    asked.
    """
    if hasattr(type(record), "rows"):
        rows: R = record.rows(which)  # type: ignore[attr-defined]  # the class has it
        return rows
    changes = {name: _take(value, which, runs) for name, value in record.fields()}
    changes = {name: value for name, value in changes.items() if value is not getattr(record, name)}
    return record.replace(**changes) if changes else record


def _take(value: object, which: Which, runs: int) -> object:
    if isinstance(value, Record):
        return take(value, which, runs)
    if isinstance(value, np.ndarray) and value.ndim > 1 and len(value) == runs:
        return value[which]
    if isinstance(value, tuple):
        taken = tuple(_take(item, which, runs) for item in value)
        return value if all(a is b for a, b in zip(taken, value, strict=True)) else taken
    return value
