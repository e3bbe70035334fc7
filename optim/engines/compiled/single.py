"""The compiled engine for a single run: updates, history and judgement in one loop of machine code."""

import math
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import numpy as np

from optim.engines.chunks import Chunk
from optim.engines.compiled.branches import Branches, Same
from optim.engines.compiled.functions import MOST_OPERATIONS, trace_gradient, trace_value
from optim.engines.compiled.llvm import address_of, compiled
from optim.engines.compiled.loop import ARGUMENTS, Loop
from optim.engines.compiled.prepared import Key, Prepared, content, find, keep
from optim.engines.compiled.recording import (
    HISTORY,
    LOST,
    recorder_of,
    write_start,
)
from optim.engines.symbols import Untraceable
from optim.engines.tracing import Trace, trace_output
from optim.optimizer import Evaluation, Slots
from optim.recorder import steps_between
from optim.steppers import Stepper
from stepsize.core.norms import IN_ORDER

__all__ = ["CompiledRun"]

Array = np.ndarray[Any, Any]

# Updates that are made at a time: a chunk's history is then some ten megabytes.
LONGEST = 2**18
# Bytes that a processor fetches at a time: every column begins where such a piece does.
_LINE = 64
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
        asks = self._content[0] is None and stepper.hypers.asks_functions
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
            return self._made(n, x, e, slots, self._prepared(n, count))
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

    def _made(self, n: int, x: Array, e: Evaluation, slots: Slots, prepared: Prepared) -> Chunk:
        tables, dim, separate = prepared.tables, self.dim, self.optimizer.has_separate_output
        count, judges = tables.count, dim < IN_ORDER
        h, addresses = layout_of(count, dim, self.dtype, separate, self.slots).allocated()
        h.fs[0] = e.f
        if separate:
            h.outputs[0] = self.optimizer.output(x, slots)
        np.concatenate([x, e.g, *slots], out=h.state)
        h.seen[:] = _UNSEEN
        state = addresses.pop()
        made = prepared.function(
            *(0, 1, 1, count, state, state, *tables.addresses, *addresses, self._limits[1])
        )
        how, first, last = h.seen.tolist()
        if how == LOST:
            # The state has gone past the end: once more, up to there.
            return self._made(n, x, e, slots, self._prepared(n, made))._replace(diverged=True)
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
_UNSEEN = np.array([0, -1, -1])
_NONE = np.zeros(3)
_UNLIMITED = _NONE, _NONE.ctypes.data


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
    return loop.written(recorder_of(value, output, dtype), begin=write_start)


class Columns(NamedTuple):
    """What the loop writes, in the order of its arguments; then where the run stands."""

    xs: Array
    gs: Array
    outputs: Array
    fs: Array
    norms: Array
    steps: Array
    overshoot: Array
    seen: Array
    state: Array

    def cut(self, count: int) -> "Columns":
        """Return copies of the rows of so many updates."""
        rows = (count + 1,) * 5 + (count,) * 2 + (len(self.seen), len(self.state))
        return Columns(*(a[:row].copy() for a, row in zip(self, rows, strict=True)))


class Layout(NamedTuple):
    """Where the columns lie in one piece of memory: its bytes; of each its shape, its dtype, where it begins.

    Where the points to report are the points, their column is.
    """

    size: int
    columns: list[tuple[tuple[int, ...], np.dtype[Any], int]]

    def allocated(self) -> tuple[Columns, list[int]]:
        """Return the columns in memory of their own, and their addresses."""
        memory = np.empty(self.size, np.uint8)
        start = address_of(memory)
        arrays = [np.ndarray(shape, kind, memory, low) for shape, kind, low in self.columns]
        return Columns(*arrays), [start + low for _, _, low in self.columns]


@lru_cache(maxsize=64)
def layout_of(count: int, dim: int, dtype: np.dtype[Any], separate: bool, slots: int) -> Layout:
    """Return the layout for so many updates.

    Parameters
    ----------
    count, dim : int
    dtype : dtype
    separate : bool
        Whether there are points to report beside the points.
    slots : int
    """
    point, one, double = (count + 1, dim), (count + 1,), np.dtype(float)
    columns: list[tuple[tuple[int, ...], np.dtype[Any]]] = [
        (point, dtype),
        (point, dtype),
        (point, dtype),
        (one, double),
        (one, dtype),
        ((count,), dtype),
        ((count,), np.dtype(bool)),
        ((3,), np.dtype(np.int64)),
        (((2 + slots) * dim,), dtype),
    ]
    places: list[tuple[tuple[int, ...], np.dtype[Any], int]] = []
    low = 0
    for k, (shape, kind) in enumerate(columns):
        if k == _OUTPUTS and not separate:
            places.append((shape, kind, 0))
            continue
        places.append((shape, kind, low))
        low += -(-math.prod(shape) * kind.itemsize // _LINE) * _LINE
    return Layout(low, places)


_OUTPUTS = Columns._fields.index("outputs")
