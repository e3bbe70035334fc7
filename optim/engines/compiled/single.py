"""The compiled engine for a single run: updates, history and judgement in one loop of machine code."""

import math
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from optim.engines.chunks import Chunk
from optim.engines.compiled.branches import Branches, Same, Tables
from optim.engines.compiled.functions import MOST_OPERATIONS, trace_gradient, trace_value
from optim.engines.compiled.llvm import compiled
from optim.engines.compiled.loop import ARGUMENTS, Loop
from optim.engines.compiled.recording import HISTORY, LOST, SUMMED_IN_ORDER, recorder_of
from optim.engines.symbols import Untraceable
from optim.engines.tracing import Trace, trace_output
from optim.optimizer import Evaluation, Slots
from optim.recorder import steps_between
from optim.steppers import Stepper
from stepsize.core.norms import norm

__all__ = ["CompiledRun"]

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
        optimizer = stepper.optimizer
        self.problem, self.optimizer, self.hypers = stepper.problem, optimizer, stepper.hypers
        self.length = _ASKED_AHEAD if self.hypers.asks_functions else max(1, LONGEST // x.size)
        self.value, self.gradient = trace_value(self.problem, x), trace_gradient(self.problem, x)
        self.output = trace_output(optimizer, len(slots), x.dtype) if optimizer.has_separate_output else None
        self.branches = Branches(optimizer, len(slots), x.size, x.dtype)
        self.tol, self.minimum = tol, minimum
        self.branches.meet(self.hypers, n)
        self.source()

    def begin(self, x: Array, e: Evaluation) -> Evaluation:
        """Return the evaluation where the run starts: it is that of arrays."""
        return e

    def chunk(self, n: int, x: Array, e: Evaluation, slots: Slots, count: int) -> Chunk | None:
        """Return the next updates, `count` of them or fewer, or None if only arrays can make them."""
        try:
            tables = self.branches.tables(self.hypers, n, count)
            return self._made(n, x, e, slots, tables)
        except (Untraceable, ArithmeticError, ValueError, TypeError):
            return None

    def source(self, *_: Any) -> str:
        """Return the text of the loop, in LLVM's language."""
        branches, kept = self.branches, (self.value, self.gradient, self.output)
        return _written(branches.same(), kept, branches.dim, branches.slots, branches.dtype)

    def _made(self, n: int, x: Array, e: Evaluation, slots: Slots, tables: Tables) -> Chunk:
        count, dim, dtype = tables.count, x.size, x.dtype
        h = _columns(count, dim, dtype, self.output is not None, tables.rates.shape)
        h.xs[0], h.gs[0], h.fs[0] = x, e.g, e.f
        if self.output is not None:
            h.outputs[0] = self.optimizer.output(x, slots)
        h.norms[0] = norm(h.gs[:1])[0]
        seen, state = np.array([0, -1, -1], np.int64), np.concatenate([x, e.g, *slots], dtype=dtype)
        made = self._function()(
            *(0, 1, 1, count, state.ctypes.data, state.ctypes.data),
            *(a.ctypes.data for a in (tables.still, tables.moving, tables.branch, tables.rows, tables.drift)),
            *(a.ctypes.data for a in (*h[:-1], seen, self._limits(dtype))),
        )
        if seen[0] == LOST:
            # The state has gone past the end: once more, up to there.
            again = self._made(n, x, e, slots, self.branches.tables(self.hypers, n, made))
            return again._replace(diverged=True)
        h.rates[...] = tables.rates
        if made < count:
            h = h.cut(made)
        judges = dim < SUMMED_IN_ORDER
        if judges and seen[1] >= 0:
            points, updates = slice(seen[1], seen[2] + 2), slice(seen[1], seen[2] + 1)
            judged = steps_between(h.xs[points], h.gs[points])
            h.norms[points], h.steps[updates], h.overshoot[updates] = judged
        new = tuple(state[k : k + dim].copy() for k in range(2 * dim, len(state), dim))
        return Chunk(
            *(h.xs, h.fs, h.gs, h.rates, h.outputs, new),
            judged=(h.norms, h.steps, h.overshoot) if judges else None,
            ended=self.tol is None or (judges and (seen[1] < 0 or self.minimum is not None)),
        )

    def _limits(self, dtype: Any) -> Array:
        """Return what the loop compares the error with."""
        if self.tol is None:
            return np.zeros(3)
        by_norm = self.minimum is None
        tol = float(dtype.type(self.tol)) if by_norm else self.tol  # as NumPy compares it with norms
        return np.array([tol, self.minimum or 0.0, 1.0 if by_norm else 2.0])

    def _function(self) -> Any:
        arguments = ARGUMENTS | HISTORY
        kinds = "".join("p" if kind == "ptr" else "i" for kind in arguments.values())
        return compiled(self.source(), "updates", kinds)


class _Columns(NamedTuple):
    """What the loop writes, in the order of its arguments; and the rates."""

    xs: Array
    gs: Array
    outputs: Array
    fs: Array
    norms: Array
    steps: Array
    overshoot: Array
    rates: Array

    def cut(self, count: int) -> "_Columns":
        """Return copies of the rows of so many updates."""
        rows = (count + 1,) * 5 + (count,) * 3
        return _Columns(*(a[:row].copy() for a, row in zip(self, rows, strict=True)))


def _columns(count: int, dim: int, dtype: Any, separate: bool, rates: tuple[int, ...]) -> _Columns:
    """Return arrays for so many updates, in one piece of memory: a large one costs the system less."""
    point, one = (count + 1, dim), (count + 1,)
    shapes: list[tuple[tuple[int, ...], Any]] = [
        (point, dtype),
        (point, dtype),
        (point if separate else (0, dim), dtype),
        (one, np.dtype(float)),
        (one, dtype),
        ((count,), dtype),
        ((count,), np.dtype(bool)),
        (rates, np.dtype(float)),
    ]
    sizes = [-(-math.prod(shape) * kind.itemsize // 64) * 64 for shape, kind in shapes]
    memory, low, found = np.empty(sum(sizes), np.uint8), 0, []
    for (shape, kind), size in zip(shapes, sizes, strict=True):
        found.append(np.ndarray(shape, kind, memory, low))
        low += size
    return _Columns(*found) if separate else _Columns(*found)._replace(outputs=found[0])


@lru_cache(maxsize=64)
def _written(
    branches: Same, traces: tuple[Trace, Trace, Trace | None], dim: int, slots: int, dtype: Any
) -> str:
    value, gradient, output = traces
    readings = branches.holds
    operations = dim * sum(len(r.trace.needed) for r in readings) + len(gradient.needed) + len(value.needed)
    if operations > MOST_OPERATIONS:
        raise Untraceable(f"an update makes {operations} operations, more than {MOST_OPERATIONS}")
    loop = Loop(readings, gradient, dim, slots, 1, dtype, HISTORY)
    return loop.written(recorder_of(value, output, dtype))
