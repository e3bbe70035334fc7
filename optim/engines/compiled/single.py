"""The compiled engine for a single run: updates, history and judgement in one loop of machine code."""

import math
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from optim.engines.chunks import Chunk
from optim.engines.compiled.branches import Branches, Same
from optim.engines.compiled.functions import refuse_long_updates, trace_gradient, trace_value
from optim.engines.compiled.llvm import compiled
from optim.engines.compiled.loop import ARGUMENTS, Loop
from optim.engines.compiled.prepared import Columns, Key, Prepared, content, find, keep, layout_of
from optim.engines.compiled.recording import (
    HISTORY,
    LOST,
    recorder_of,
    start_writer_of,
)
from optim.engines.symbols import Untraceable
from optim.engines.tracing import Trace, trace_output
from optim.history import History
from optim.optimizer import Evaluation, Optimizer, Slots
from optim.recorder import steps_between
from optim.steppers import Stepper
from stepsize.core.norms import IN_ORDER
from stepsize.core.protocols import DescentProblem

__all__ = ["CompiledRun", "again", "is_known"]

Array = np.ndarray[Any, Any]

# Updates that are made at a time: a chunk's history is then some ten megabytes.
LONGEST = 2**18
# A plain function may be asked for few updates beyond the end of the run.
_ASKED_AHEAD = 512


class CompiledRun:
    """Makes the updates of one run.

    Raises
    ------
    Untraceable
        With the reason, if rule or problem do what cannot be compiled to the same bits.
    """

    def __init__(
        self,
        stepper: Stepper,
        x: Array,
        slots: Slots,
        n: int = 0,
        tol: float | None = None,
        minimum: float | None = None,
    ) -> None:
        self.problem, self.optimizer, self._stepper = stepper.problem, stepper.optimizer, stepper
        self._content = content(self.optimizer), content(self.problem)
        asks = self._content[0] is None and stepper.hypers.asks
        self.length = _ASKED_AHEAD if asks else max(1, LONGEST // x.size)
        self.dim, self.dtype, self.slots = x.size, x.dtype, len(slots)
        self.tol, self.minimum = tol, minimum
        self._limits = _limits_of(tol, minimum, x.dtype)
        count = self.length if stepper.updates is None else min(self.length, stepper.updates)
        self._first = n, count, find(self._key(n, count))
        if self._first[2] is None:
            self.branches.meet(stepper.hypers, n)
            self.source()

    @cached_property
    def traces(self) -> tuple[Trace, Trace, Trace | None]:
        """Those of the value, the gradient, and the point to report where it differs."""
        optimizer, x = self.optimizer, np.empty(self.dim, self.dtype)
        separate = optimizer.has_separate_output
        return (
            trace_value(self.problem, x),
            trace_gradient(self.problem, x),
            trace_output(optimizer, self.slots, self.dtype) if separate else None,
        )

    @cached_property
    def branches(self) -> Branches:
        """The branches of the rule that the run has met."""
        return Branches(self.optimizer, self.slots, self.dim, self.dtype)

    def begin(self, x: Array, e: Evaluation) -> Evaluation:
        """Return the evaluation where the run starts: it is that of arrays."""
        return e

    def chunk(self, n: int, x: Array, e: Evaluation, slots: Slots, count: int) -> Chunk | None:
        """Return the next updates, `count` of them or fewer, or None if only arrays can make them."""
        try:
            return self._made(x, slots, self._prepared(n, count), n)
        except (Untraceable, ArithmeticError, ValueError, TypeError):
            return None

    def source(self, *_: Any) -> str:
        """Return the text of the loop, in LLVM's language."""
        branches = self.branches
        return _written(branches.same(), self.traces, self.dim, self.slots, self.dtype)

    def _key(self, n: int, count: int) -> Key:
        return (*self._content, self.dim, self.dtype, n, count)

    def _prepared(self, n: int, count: int) -> Prepared:
        """Return what the next updates are made with, `count` of them or fewer."""
        key = self._key(n, count)
        found = self._first[2] if self._first[:2] == (n, count) else find(key)
        if found is None:
            tables = self.branches.tables(self._stepper.hypers, n, count)
            function = compiled(self.source(), "updates", _KINDS)
            found = Prepared(tables.closed(), function)
            keep(key, found)
        return found

    def _made(self, x: Array, slots: Slots, prepared: Prepared, n: int) -> Chunk:
        tables, dim, separate = prepared.tables, self.dim, self.optimizer.has_separate_output
        count, judges = tables.count, dim < IN_ORDER
        h, addresses = layout_of(count, dim, self.dtype, separate, self.slots).allocated()
        if separate:
            h.outputs[0] = self.optimizer.output(x, slots)
        np.concatenate([x, x, *slots], out=h.state)  # the loop itself takes the gradient
        made = _run(prepared, h, addresses, self._limits[1])
        how, first, last = h.seen.tolist()
        if how == LOST:
            # The state has gone past the end: once more, up to there.
            return self._made(x, slots, self._prepared(n, made), n)._replace(diverged=True)
        if made < count:
            h = h.cut(made)
        if judges and first >= 0:
            points, updates = slice(first, last + 2), slice(first, last + 1)
            judged = steps_between(h.xs[points], h.gs[points])
            h.norms[points], h.steps[updates], h.overshoot[updates] = judged
        new = tuple(h.state[2 * dim :].reshape(-1, dim)) if slots else ()
        return Chunk(
            *(h.xs, h.fs, h.gs, tables.rates[:made], h.outputs, new),
            judged=(h.norms, h.steps, h.overshoot) if judges else None,
            ended=self.tol is None or (judges and (first < 0 or self.minimum is not None)),
        )


def is_known(problem: object, optimizer: object) -> bool:
    """Whether rule and problem are such that their runs are kept."""
    return content(optimizer) is not None and content(problem) is not None


def again(
    problem: DescentProblem, optimizer: Optimizer, x: Array, steps: int
) -> tuple[History, Array, tuple[Array, ...]] | None:
    """Return the history of a run that was made before, from another start; its last gradient, and the slots.

    Nothing but the start has to be looked at again. None if no such run is kept, or if this one is no plain
    run of so many updates between finite numbers.
    """
    dim, slots, separate = x.size, len(optimizer.slots), optimizer.has_separate_output
    prepared = find((content(optimizer), content(problem), dim, x.dtype, 0, steps))
    if prepared is None or x.ndim != 1 or dim >= IN_ORDER or prepared.tables.count < steps:
        return None
    h, addresses = layout_of(steps, dim, x.dtype, separate, slots).allocated()
    first = optimizer.fresh_state(x).slots
    np.concatenate([x, x, *first], out=h.state)
    if separate:
        h.outputs[0] = optimizer.output(x, first)
    made = _run(prepared, h, addresses, _UNLIMITED[1])
    if made < steps or h.seen.tolist() != _NOTHING or not math.isfinite(h.fs[0]):
        return None
    outputs = judged = None
    if separate:
        outputs = h.outputs
        with np.errstate(all="ignore"):
            judged = np.asarray(problem.fun(outputs), dtype=float)
    rates = prepared.tables.rates[:]
    history = History(h.xs, h.fs, h.norms, rates, h.overshoot, h.steps, outputs, judged)
    return history, h.gs[-1], tuple(h.state[2 * dim :].reshape(-1, dim))


def _run(prepared: Prepared, h: Columns, addresses: list[int], limits: int) -> int:
    """Make the updates from the state among the columns, fill the others, and return how many were made."""
    h.seen[:] = _NOTHING
    *columns, state = addresses
    tables = prepared.tables
    return prepared.function(0, 1, 1, tables.count, state, state, *tables.addresses, *columns, limits)


_KINDS = "".join("p" if kind == "ptr" else "i" for kind in (ARGUMENTS | HISTORY).values())


def _limits_of(tol: float | None, minimum: float | None, dtype: np.dtype[Any]) -> tuple[Array, int]:
    """Return what the loop compares the error with, and its address."""
    if tol is None:
        return _UNLIMITED
    by_norm = minimum is None
    tol = float(dtype.type(tol)) if by_norm else tol  # as NumPy compares it with norms
    limits = np.array([tol, minimum or 0.0, 1.0 if by_norm else 2.0])
    return limits, limits.ctypes.data


# How the loop ended, and between which updates it cannot judge: as long as nothing is to be said of either.
_NOTHING = [0, -1, -1]
_NONE = np.zeros(3)
_UNLIMITED = _NONE, _NONE.ctypes.data


@lru_cache(maxsize=64)
def _written(
    branches: Same, traces: tuple[Trace, Trace, Trace | None], dim: int, slots: int, dtype: Any
) -> str:
    value, gradient, output = traces
    readings = branches.holds
    refuse_long_updates([*[r.trace for r in readings] * dim, gradient, value])
    loop = Loop(readings, gradient, dim, slots, 1, dtype, HISTORY)
    return loop.written(recorder_of(value, output, dtype), begin=start_writer_of(value))
