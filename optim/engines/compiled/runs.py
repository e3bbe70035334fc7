"""Compiled blocks: some runs of a batch, in the lanes of vectors, many updates at a time."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from typing import Any

import numpy as np

from optim.engines.batched import HISTORY, LastFinite, Which, columns_of, take
from optim.engines.compiled.branches import Branches, Same
from optim.engines.compiled.functions import refuse_long_updates, trace_gradient, trace_value
from optim.engines.compiled.llvm import address_of, compiled
from optim.engines.compiled.loop import ARGUMENTS, Loop, Point
from optim.engines.compiled.recording import DOUBTFUL, ENDED, ENDS, end_noter_of, finiteness_of
from optim.engines.compiled.writing import write
from optim.engines.symbols import DType
from optim.engines.tracing import Trace, trace_output
from optim.hyperparameters import Hypers
from optim.optimizer import Optimizer
from stepsize.core.norms import all_finite
from stepsize.core.protocols import DescentProblem

__all__ = ["LANES", "CompiledBlock"]

Array = np.ndarray[Any, Any]

# Bytes of a value that go side by side: four of the widest vectors that processors have, so that one is
# computed while others wait for a root.
LANES = 256

# More arguments of the loop: where points, gradients and points to report are written after every update (a
# block of rows an update), if they are; and a byte a run that says whether it is finite at the end.
_KEPT = {"xs": "ptr", "gs": "ptr", "outputs": "ptr", "lost": "ptr"}


class CompiledBlock:
    """Some runs of a batch, as arrays of shape (d, runs), like `RunBlock`.

    Parameters
    ----------
    problem, optimizer, x, g, slots, exact, stop
        As for `RunBlock`.

    Raises
    ------
    Untraceable
        With the reason, if rule or problem do what cannot be compiled to the same bits.
    """

    # Bytes of a value that go side by side.
    width = LANES

    def __init__(
        self,
        problem: DescentProblem,
        optimizer: Optimizer,
        x: Array,
        g: Array,
        slots: Sequence[Array],
        exact: bool = True,
        stop: int | None = None,
    ) -> None:
        self.problem, self.optimizer, self.exact, self.stop = problem, optimizer, exact, stop
        self.dim, self.runs = x.shape
        self.lanes = self.width // x.dtype.itemsize
        self.stride = -(-self.runs // self.lanes) * self.lanes
        self.hypers = Hypers(optimizer, x.T, stop)
        self.branches = Branches(optimizer, len(slots), self.dim, x.dtype, self.stride, exact)
        point = x[:, 0]
        self.gradient, self.value = trace_gradient(problem, point), trace_value(problem, point)
        self.output = trace_output(optimizer, len(slots), x.dtype) if optimizer.has_separate_output else None
        self._state = np.empty(((2 + len(slots)) * self.dim, self.stride), x.dtype)
        for k, array in enumerate((x, g, *slots)):
            self._state[k * self.dim : (k + 1) * self.dim, : self.runs] = array
        self._state[:, self.runs :] = self._state[:, self.runs - 1 : self.runs]
        self._spare = np.empty_like(self._state)
        self._lost = np.zeros(self.stride, np.uint8)

    def prepare(self, n: int) -> None:
        """Write down what update n does; raise `Untraceable` if that cannot be compiled."""
        self.branches.meet(self.hypers, n)
        self.source()

    def source(self, keeps: bool = False) -> str:
        """Return the text of the loop, in LLVM's language."""
        branches = self.branches
        kept = self.value, self.gradient, self.output if keeps else None
        return _written(
            branches.same(), kept, branches.dim, branches.slots, self.lanes, branches.dtype, keeps
        )

    def advance_by(self, n: int, count: int) -> Sequence[Array]:
        """Make the updates n, ..., n + count - 1, and return the arrays as they were before."""
        before = self._state
        done = 0
        while done < count:
            done += self._run(n + done, count - done, done == 0, ())[0]
        return self._arrays(before)

    def record(self, n: int, count: int, xs: Array, gs: Array, outputs: Array) -> Array:
        """Make updates, write down what each leads to, and return the rates.

        Parameters
        ----------
        n, count : int
        xs, gs, outputs : ndarray of shape (count + 1, d, stride)
            Points, gradients and points to report; the first block is that of the start.
        """
        rates, done = [np.empty(0)] if not count else [], 0
        for table, array in zip((xs, gs), self.arrays(), strict=False):
            table[0, :, : self.runs] = array
        if self.output is not None:
            outputs[0, :, : self.runs] = self.optimizer.output(self.x, self.slots)
        while done < count:
            made, some = self._run(n + done, count - done, False, (xs[done:], gs[done:], outputs[done:]))
            rates.append(some)
            done += made
        return np.concatenate(rates)

    def lost(self) -> Array:
        """Return which runs have a value or a gradient that is not finite, as `minimize` judges them."""
        codes = self._lost[: self.runs]
        lost: Array = codes == ENDED
        doubtful = codes == DOUBTFUL
        if doubtful.any():
            lost[doubtful] = ~self._finite(self.x[:, doubtful].T, self.g[:, doubtful].T)
        return lost

    def _finite(self, x: Array, g: Array) -> Array:
        """Return at which points the function is finite: a gradient may be where its square overflows."""
        return np.asarray(np.isfinite(self.problem.fun(x)) & all_finite(np.ascontiguousarray(g)))

    def ends(self, n: int, count: int) -> Iterator[LastFinite]:
        """Make `count` updates, and say of each run that is lost meanwhile where it was last finite."""
        before = self._state
        points, slopes = (np.empty((self.dim, self.stride), before.dtype) for _ in range(2))
        when, codes, base = (
            np.zeros(self.stride, np.int32),
            np.zeros(self.stride, np.uint8),
            np.zeros(1, np.int64),
        )
        while base[0] < count:
            done = int(base[0])
            base[0] += self.call(
                *(n + done, count - done, done == 0, self._source_of_ends, ENDS),
                (points, slopes, when, codes, base),
            )[0]
        codes = codes[: self.runs]
        ended, doubtful = np.flatnonzero(codes == ENDED), np.flatnonzero(codes == DOUBTFUL)
        yield n + when[ended], ended, points[:, ended].T, slopes[:, ended]
        width = max(1, HISTORY // ((count + 1) * self.dim))
        for low in range(0, len(doubtful), width):
            some = doubtful[low : low + width]
            for k, which, few, g in self.columns(some, self._arrays(before))._ends_in_history(n, count):
                yield k, some[which], few, g

    def _source_of_ends(self) -> str:
        branches, kept = self.branches, (self.value, self.gradient, self.output)
        return _written_for_ends(
            branches.same(), kept, branches.dim, branches.slots, self.lanes, branches.dtype
        )

    def _ends_in_history(self, n: int, count: int) -> Iterator[LastFinite]:
        """Say the same by a look at all points."""
        xs, gs = (np.empty((count + 1, self.dim, self.stride), self._state.dtype) for _ in range(2))
        outputs = xs if self.output is None else np.empty_like(xs)
        self.record(n, count, xs, gs, outputs)
        points, slopes = (a[1:, :, : self.runs].swapaxes(1, 2).reshape(-1, self.dim) for a in (xs, gs))
        lost = ~self._finite(points, slopes).reshape(count, self.runs)
        which = np.flatnonzero(lost.any(axis=0))
        k = lost[:, which].argmax(axis=0)
        yield n + k, which, outputs[k, :, which], gs[k, :, which].T

    def arrays(self) -> list[Array]:
        """Return x, g and the slots as they stand; the next update but one overwrites them."""
        return self._arrays(self._state)

    @property
    def x(self) -> Array:
        """Where the runs are."""
        return self.arrays()[0]

    @property
    def g(self) -> Array:
        """Their gradients."""
        return self.arrays()[1]

    @property
    def slots(self) -> tuple[Array, ...]:
        """Their slots."""
        return tuple(self.arrays()[2:])

    def columns(self, which: Which, arrays: Sequence[Array]) -> "CompiledBlock":
        """Return a block of some of the runs, at the points of these arrays."""
        x, g, *slots = columns_of(which, arrays)
        optimizer = take(self.optimizer, which, self.runs)
        return CompiledBlock(self.problem, optimizer, x, g, slots, self.exact, self.stop)

    def _arrays(self, state: Array) -> list[Array]:
        rows = (2 + self.branches.slots) * self.dim
        return [state[k : k + self.dim, : self.runs] for k in range(0, rows, self.dim)]

    def _run(self, n: int, count: int, apart: bool, kept: tuple[Array, ...]) -> tuple[int, Array]:
        """Make `count` updates or fewer; return how many, and the rates.

        `apart` says that the state before is still wanted, so that the new one must go elsewhere.
        """
        written = *(kept or (self._lost,) * 3), self._lost
        return self.call(n, count, apart, lambda: self.source(bool(kept)), _KEPT, written)

    def call(
        self,
        n: int,
        count: int,
        apart: bool,
        text: Callable[[], str],
        extra: dict[str, str],
        written: tuple[Array, ...],
    ) -> tuple[int, Array]:
        """Do the same by a text whose extra arguments are the addresses of what it writes."""
        tables = self.branches.tables(self.hypers, n, count)
        powers = len(tables.powers)
        rows = (2 + self.branches.slots) * self.dim
        state = self._state
        if powers:
            state = np.concatenate([self._state[:rows], tables.powers])
        ends = np.empty_like(state) if powers else self._spare if apart else state
        arguments = ARGUMENTS | extra
        kinds = "".join("p" if kind == "ptr" else "i" for kind in arguments.values())
        updates = compiled(text(), "updates", kinds)
        given = tables.still, tables.moving, tables.branch, tables.rows, tables.drift
        updates(
            *(0, self.stride, self.stride, tables.count),
            *(address_of(a) for a in (state, ends, *given, *written)),
        )
        if ends is self._spare:
            self._spare = self._state
        self._state = ends[:rows]
        return tables.count, tables.rates


@lru_cache(maxsize=64)
def _written(
    branches: Same,
    traces: tuple[Trace, Trace, Trace | None],
    dim: int,
    slots: int,
    lanes: int,
    dtype: DType,
    keeps: bool,
) -> str:
    value, gradient, output = traces
    readings = branches.holds
    refuse_long_updates([*[r.trace for r in readings] * dim, gradient, value])
    loop = Loop(readings, gradient, dim, slots, lanes, dtype, _KEPT)
    return loop.written(partial(_keep, output) if keeps else None, partial(_judge, value))


@lru_cache(maxsize=64)
def _written_for_ends(
    branches: Same, traces: tuple[Trace, Trace, Trace | None], dim: int, slots: int, lanes: int, dtype: DType
) -> str:
    value, gradient, output = traces
    loop = Loop(branches.holds, gradient, dim, slots, lanes, dtype, ENDS)
    return loop.written(end_noter_of(value, output))


def _keep(output: Trace | None, loop: Loop, _: Point, new: Point) -> None:
    """Write down where an update has led."""
    text = loop.text
    tables = {"xs": new.x, "gs": new.g}
    if output is not None:
        tables["outputs"] = [
            write(text, output, [x, g, *slots], {})[0]
            for x, g, *slots in zip(new.x, new.g, *new.slots, strict=True)
        ]
    start = text.let(f"mul i64 {text.let('add i64 %k, 1')}, {loop.dim}")
    for table, names in tables.items():
        for j, name in enumerate(names):
            row = text.let(f"mul i64 {text.let(f'add i64 {start}, {j}')}, %stride")
            text.store(name, loop.address(table, text.let(f"add i64 {row}, %lane")))


def _judge(value: Trace, loop: Loop, end: Point) -> None:
    """Write down which runs are finite at the end."""
    text = loop.text
    code = finiteness_of(text, write(text, value, end.x, {})[0], end.g)
    small = text.flags.replace("i1", "i8")
    text.put(f"store {small} {code}, ptr {loop.address('lost', '%lane', 'i8')}, align 1")
