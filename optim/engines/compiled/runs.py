"""Compiled blocks: some runs of a batch, in the lanes of vectors, many updates at a time."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from typing import Any

import numpy as np

from optim.engines.batched import HISTORY, LastFinite, Which, take
from optim.engines.compiled.branches import Branches, Same
from optim.engines.compiled.functions import MOST_OPERATIONS, trace_gradient, trace_value
from optim.engines.compiled.llvm import compiled
from optim.engines.compiled.loop import ARGUMENTS, Loop, Point
from optim.engines.compiled.recording import is_finite, squared_of
from optim.engines.compiled.writing import write
from optim.engines.symbols import DType, Untraceable
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
# block of rows an update), if they are; and which runs are no longer finite at the end.
_KEPT = {"xs": "ptr", "gs": "ptr", "outputs": "ptr", "bad": "ptr", "lost": "ptr"}


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
        self._lost = np.zeros(self.stride, bool)

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

    def record(self, n: int, count: int, xs: Array, gs: Array, outputs: Array, bad: Array) -> Array:
        """Make updates, write down what each leads to, and return the rates.

        Parameters
        ----------
        n, count : int
        xs, gs, outputs : ndarray of shape (count + 1, d, stride)
            Points, gradients and points to report; the first block is that of the start.
        bad : ndarray of bool, shape (count, stride)
            Where value or gradient may not be finite after an update.
        """
        rates, done = [np.empty(0)] if not count else [], 0
        for table, array in zip((xs, gs), self.arrays(), strict=False):
            table[0, :, : self.runs] = array
        if self.output is not None:
            outputs[0, :, : self.runs] = self.optimizer.output(self.x, self.slots)
        while done < count:
            made, some = self._run(
                n + done, count - done, False, (xs[done:], gs[done:], outputs[done:], bad[done:])
            )
            rates.append(some)
            done += made
        return np.concatenate(rates)

    def lost(self) -> Array:
        """Return which runs have a value or a gradient that is not finite, as `minimize` judges them."""
        lost = self._lost[: self.runs].copy()
        if lost.any():
            lost[lost] = ~self._finite(self.x[:, lost].T, self.g[:, lost].T)
        return lost

    def _finite(self, x: Array, g: Array) -> Array:
        """Return at which points the function is finite: a gradient may be where its square overflows."""
        return np.asarray(np.isfinite(self.problem.fun(x)) & all_finite(np.ascontiguousarray(g)))

    def ends(self, n: int, count: int) -> Iterator[LastFinite]:
        """Make `count` updates, and say of each run that is lost meanwhile where it was last finite."""
        width = max(1, HISTORY // ((count + 1) * self.dim))
        for low in range(0, self.runs, width):
            some = np.arange(low, min(low + width, self.runs))
            for k, which, points, g in self.columns(some, self.arrays())._ends(n, count):
                yield k, some[which], points, g

    def _ends(self, n: int, count: int) -> Iterator[LastFinite]:
        xs, gs = (np.empty((count + 1, self.dim, self.stride), self._state.dtype) for _ in range(2))
        outputs = xs if self.output is None else np.empty_like(xs)
        bad = np.empty((count, self.stride), bool)
        self.record(n, count, xs, gs, outputs, bad)
        points, slopes = xs[1:, :, : self.runs].swapaxes(1, 2), gs[1:, :, : self.runs].swapaxes(1, 2)
        bad = bad[:, : self.runs]
        first, open_ = np.full(self.runs, count), np.arange(self.runs)
        while len(open_):
            open_ = open_[bad[:, open_].any(axis=0)]
            k = bad[:, open_].argmax(axis=0)
            fine = self._finite(points[k, open_], slopes[k, open_])
            first[open_[~fine]] = k[~fine]
            bad[k[fine], open_[fine]] = False
            open_ = open_[fine]
        for k in range(count):
            which = np.flatnonzero(first == k)
            if len(which):
                yield n + k, which, outputs[k][:, which].T, gs[k][:, which]

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
        x, g, *slots = (np.ascontiguousarray(a[:, which]) for a in arrays)
        optimizer = take(self.optimizer, which, self.runs)
        return CompiledBlock(self.problem, optimizer, x, g, slots, self.exact, self.stop)

    def _arrays(self, state: Array) -> list[Array]:
        rows = (2 + self.branches.slots) * self.dim
        return [state[k : k + self.dim, : self.runs] for k in range(0, rows, self.dim)]

    def _run(self, n: int, count: int, apart: bool, kept: tuple[Array, ...]) -> tuple[int, Array]:
        """Make `count` updates or fewer; return how many, and the rates.

        `apart` says that the state before is still wanted, so that the new one must go elsewhere.
        """
        written = *(kept or (self._lost,) * 4), self._lost
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
            *(a.ctypes.data for a in (state, ends, *given, *written)),
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
    operations = dim * sum(len(r.trace.needed) for r in readings) + len(gradient.needed) + len(value.needed)
    if operations > MOST_OPERATIONS:
        raise Untraceable(f"an update makes {operations} operations, more than {MOST_OPERATIONS}")
    loop = Loop(readings, gradient, dim, slots, lanes, dtype, _KEPT)
    return loop.written(partial(_keep, value, output) if keeps else None, partial(_judge, value))


def _keep(value: Trace, output: Trace | None, loop: Loop, _: Point, new: Point) -> None:
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

    row = text.let(f"add i64 {text.let('mul i64 %k, %stride')}, %lane")
    _write_bad(loop, value, new, loop.address("bad", row, "i8"))


def _judge(value: Trace, loop: Loop, end: Point) -> None:
    """Write down which runs may not be finite at the end."""
    _write_bad(loop, value, end, loop.address("lost", "%lane", "i8"))


def _write_bad(loop: Loop, value: Trace, at: Point, address: str) -> None:
    """Write down whether the value at a point is not finite, or the square of its gradient's length."""
    text = loop.text
    f = write(text, value, at.x, {})[0]
    good = text.let(f"and {text.flags} {is_finite(text, f)}, {is_finite(text, squared_of(text, at.g))}")
    true = text.spread_word("i1 true").removeprefix("i1 ")
    small = text.flags.replace("i1", "i8")
    bad = text.let(f"zext {text.flags} {text.let(f'xor {text.flags} {good}, {true}')} to {small}")
    text.put(f"store {small} {bad}, ptr {address}, align 1")
