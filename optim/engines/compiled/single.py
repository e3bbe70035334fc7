"""The compiled engine for a single run: updates, history and judgement in one loop of machine code."""

from functools import lru_cache
from typing import Any

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
        self.branches.tables(self.hypers, n, 0)
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

    def source(self) -> str:
        """Return the text of the loop, in LLVM's language."""
        branches, kept = self.branches, (self.value, self.gradient, self.output)
        return _written(branches.same(), kept, branches.dim, branches.slots, branches.dtype)

    def _made(self, n: int, x: Array, e: Evaluation, slots: Slots, tables: Tables) -> Chunk:
        count, dim, dtype = tables.count, x.size, x.dtype
        xs, gs = (np.empty((count + 1, dim), dtype) for _ in range(2))
        outputs = xs if self.output is None else np.empty_like(xs)
        fs, norms = np.empty(count + 1), np.empty(count + 1, dtype)
        steps, overshoot = np.empty(count, dtype), np.empty(count, bool)
        xs[0], gs[0], fs[0] = x, e.g, e.f
        if self.output is not None:
            outputs[0] = self.optimizer.output(x, slots)
        norms[0] = steps_between(xs[:1], gs[:1])[0][0]
        seen = np.array([0, -1, -1], np.int64)
        limits = np.array([0.0, 0.0, 0.0])
        judges = dim < SUMMED_IN_ORDER
        if self.tol is not None and judges:
            by_norm = self.minimum is None
            tol = float(dtype.type(self.tol)) if by_norm else self.tol
            limits[:] = tol, self.minimum or 0.0, 1.0 if by_norm else 2.0
        state = np.concatenate([x, e.g, *slots, tables.powers.ravel()]).astype(dtype, copy=False)
        arrays = (xs, gs, outputs, fs, norms, steps, overshoot, seen, limits)
        made = self._function()(
            *(0, 1, 1, count, state.ctypes.data, state.ctypes.data),
            *(a.ctypes.data for a in (tables.still, tables.moving, tables.branch, tables.rows, tables.drift)),
            *(a.ctypes.data for a in arrays),
        )
        if seen[0] == LOST:
            # The state has gone past the end: once more, up to there.
            again = self._made(n, x, e, slots, self.branches.tables(self.hypers, n, made))
            return again._replace(diverged=True)
        if made < count:
            xs, gs, outputs, fs, norms = (a[: made + 1].copy() for a in (xs, gs, outputs, fs, norms))
            steps, overshoot = steps[:made].copy(), overshoot[:made].copy()
        judged = None
        if judges:
            if seen[1] >= 0:
                unclear = slice(seen[1], seen[2] + 2)
                norms[unclear], steps[unclear.start : seen[2] + 1], overshoot[unclear.start : seen[2] + 1] = (
                    steps_between(xs[unclear], gs[unclear])
                )
            judged = norms, steps, overshoot
        new = tuple(state[k : k + dim].copy() for k in range(2 * dim, (2 + len(slots)) * dim, dim))
        return Chunk(
            *(xs, fs, gs, np.array(tables.rates[:made]), outputs, new),
            judged=judged,
            ended=self.tol is None or (judges and (seen[1] < 0 or self.minimum is not None)),
        )

    def _function(self) -> Any:
        arguments = ARGUMENTS | HISTORY
        kinds = "".join("p" if kind == "ptr" else "i" for kind in arguments.values())
        return compiled(self.source(), "updates", kinds)


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
