"""The compiled engine for a batch: with its full history, or with the rows that are judged of its runs.

A row has value, gradient norm and overshoot, with the bits of `Lockstep`. What a closer look at vectors
outside the range of squares would take, or a number that is not finite, is noted: those runs are for arrays
to make.
"""

from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Any

import numpy as np

from optim.engines.batched import BatchedEngine, inner, take
from optim.engines.compiled.branches import Same
from optim.engines.compiled.functions import MOST_OPERATIONS
from optim.engines.compiled.loop import Loop, Point
from optim.engines.compiled.recording import dot_of, is_finite, squared_of
from optim.engines.compiled.runs import CompiledBlock
from optim.engines.compiled.writing import Text, write
from optim.engines.symbols import DType, Untraceable
from optim.engines.tracing import Trace, trace_function
from optim.hyperparameters import Numbers
from optim.optimizer import Optimizer, Slots
from optim.steppers import Stepper
from stepsize.core.norms import least_square
from stepsize.core.rounding import slope_floor, spacing

__all__ = ["CompiledBatch", "RowsBlock"]

Array = np.ndarray[Any, Any]


class CompiledBatch(BatchedEngine):
    """Makes the updates of a batch.

    Raises
    ------
    Untraceable
        With the reason, if rule or problem do what cannot be compiled to the same bits.
    """

    def __init__(self, stepper: Stepper, x: Array, slots: Slots, n: int) -> None:
        super().__init__(stepper, x)
        some = slice(0, 1)
        arrays = [inner(a[some]) for a in (x, x, *slots)]
        first = take(self.optimizer, some, len(x))
        stop = None if stepper.updates is None else n + stepper.updates
        block = CompiledBlock(self.problem, first, arrays[0], arrays[1], arrays[2:], stop=stop)
        block.prepare(n)
        self._source = block.source(keeps=True)

    def source(self, *_: Any) -> str:
        """Return the text of the loop for a first run, in LLVM's language."""
        return self._source

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
        block = CompiledBlock(self.problem, optimizer, *start, stop=n + count)
        shape = (count + 1, block.dim, block.stride)
        xs, gs = (np.empty(shape, block.x.dtype) for _ in range(2))
        reported = np.empty_like(xs) if self.optimizer.has_separate_output else xs
        rates = block.record(n, count, xs, gs, reported)
        for table, array in ((points, xs), (slopes, gs), (outputs, reported)):
            table[...] = array[:, :, : block.runs].swapaxes(1, 2)
        values[...] = self.problem.fun(points)
        return list(rates), block.slots


# More arguments of the loop: tables with a column a run. The first two have a row for the start as well; the
# squared lengths of steps a row that means nothing, and one for each update from the number `since` on.
_ROWS = {
    "funs": "ptr",
    "norms": "ptr",
    "overshoot": "ptr",
    "bad": "ptr",
    "steps": "ptr",
    "since": "ptr",
}


class RowsBlock(CompiledBlock):
    """Some runs of a batch, judged after every update."""

    def text(self) -> str:
        """Return the text of the loop, in LLVM's language."""
        branches, kept = self.branches, (self.value, self.gradient)
        return _written(branches.same(), kept, branches.dim, branches.slots, self.lanes, branches.dtype)

    def judge(self, fun: Array, norms: Array, overshoot: Array, bad: Array, squares: Array) -> Array:
        """Make the first updates, write down what each leads to, and return their rates.

        Parameters
        ----------
        fun, norms : ndarray of shape (count + 1, stride)
            Values and gradient norms; row 0 is that of the point before, and there already.
        overshoot, bad : ndarray of bool, shape (count, stride)
            Whether each update overshot; and whether arrays must say so, or what it led to.
        squares : ndarray of shape (1 + K, stride)
            In row 1 and on, the squared lengths of the last K steps.
        """
        self.branches.meet(self.hypers, 0)
        rates, done, late = [], 0, len(bad) - len(squares) + 1
        while done < len(bad):
            tables = fun[done:], norms[done:], overshoot[done:], bad[done:]
            since = np.array([late - done], np.int64)
            made, some = self.call(done, len(bad) - done, False, self.text, _ROWS, (*tables, squares, since))
            rates.append(some)
            done += made
        return np.concatenate(rates)


@lru_cache(maxsize=64)
def _written(
    branches: Same, traces: tuple[Trace, Trace], dim: int, slots: int, lanes: int, dtype: DType
) -> str:
    value, gradient = traces
    readings = branches.holds
    operations = dim * sum(len(r.trace.needed) for r in readings) + len(gradient.needed) + len(value.needed)
    if operations > MOST_OPERATIONS:
        raise Untraceable(f"an update makes {operations} operations, more than {MOST_OPERATIONS}")

    def floor(v: list[Any]) -> list[Any]:
        step, x, g, g_before, bend = v
        return [slope_floor(step, x, g, g_before, bend, spacing(np.dtype(dtype)))]

    loop = Loop(readings, gradient, dim, slots, lanes, dtype, _ROWS)
    return loop.written(partial(_judge, value, trace_function(floor, 5, dtype)))


def _judge(value: Trace, floor: Trace, loop: Loop, old: Point, new: Point) -> None:
    """Write down value, gradient norm and overshoot after an update."""
    text = loop.text
    row = text.let(f"add i64 {text.let('mul i64 %k, %stride')}, %lane")
    after = text.let(f"add i64 {row}, %stride")
    f = write(text, value, new.x, {})[0]
    g, fits = _length(text, new.g)
    before = text.load(loop.address("norms", row))
    text.store(f, loop.address("funs", after))
    text.store(g, loop.address("norms", after))
    step = [text.do("fsub", b, a) for a, b in zip(old.x, new.x, strict=True)]
    fits = text.let(f"and {text.flags} {fits}, {_keep_square(loop, step)}")
    slope = dot_of(text, step, new.g)
    over = text.test("ogt", slope, text.constant(0.0))
    sure = text.test("ogt", slope, _bound(text, old, new, g, before))
    doubt = _and_not(text, over, sure)
    judge, look, looked = text.labels("judge", "look", "looked")
    text.put(f"br label %{judge}")
    text.label(judge)
    text.put(f"br i1 {_any(text, doubt)}, label %{look}, label %{looked}")
    text.label(look)
    bend = [text.do("fsub", b, a) for a, b in zip(old.g, new.g, strict=True)]
    lengths, fit_all = [], fits
    for vector in (step, new.x, bend):
        length, fit = _length(text, vector)
        lengths.append(length)
        fit_all = text.let(f"and {text.flags} {fit_all}, {fit}")
    least = write(text, floor, [lengths[0], lengths[1], g, before, lengths[2]], {})[0]
    seen = text.let(
        f"select {text.flags} {doubt}, {text.flags} {text.test('ogt', slope, least)}, {text.flags} {over}"
    )
    fit_seen = text.let(f"select {text.flags} {doubt}, {text.flags} {fit_all}, {text.flags} {fits}")
    text.put(f"br label %{looked}")
    text.label(looked)
    over = text.let(f"phi {text.flags} [ {over}, %{judge} ], [ {seen}, %{look} ]")
    fits = text.let(f"phi {text.flags} [ {fits}, %{judge} ], [ {fit_seen}, %{look} ]")
    good = text.let(f"and {text.flags} {is_finite(text, f)}, {fits}")
    true = text.spread_word("i1 true").removeprefix("i1 ")
    for flag, table in ((over, "overshoot"), (text.let(f"xor {text.flags} {good}, {true}"), "bad")):
        small = text.flags.replace("i1", "i8")
        byte = text.let(f"zext {text.flags} {flag} to {small}")
        text.put(f"store {small} {byte}, ptr {loop.address(table, row, 'i8')}, align 1")


def _keep_square(loop: Loop, step: list[str]) -> str:
    """Write down the squared length of a late step, and return whether that tells the length of each."""
    text, square = loop.text, squared_of(loop.text, step)
    first = text.let(f"load i64, ptr {loop.address('since', '0', 'i64')}")
    after = text.let(f"sub i64 %k, {first}")
    late = text.let(f"icmp sge i64 {after}, 0")
    place = text.let(f"select i1 {late}, i64 {text.let(f'add i64 {after}, 1')}, i64 0")
    row = text.let(f"mul i64 {place}, %stride")
    text.store(square, loop.address("steps", text.let(f"add i64 {row}, %lane")))
    true = text.spread_word("i1 true").removeprefix("i1 ")
    return text.let(f"select i1 {late}, {text.flags} {_fits(text, step, square)}, {text.flags} {true}")


def _length(text: Text, vector: list[str]) -> tuple[str, str]:
    """Write the root of a vector's square, and whether that is its length."""
    square = squared_of(text, vector)
    return text.call("sqrt", square), _fits(text, vector, square)


def _fits(text: Text, vector: list[str], square: str) -> str:
    """Write whether a square holds all digits of a vector's length, or is that of a vector of zeros."""
    zero = text.constant(0.0)
    above = text.test("ogt", square, text.constant(least_square(text.dtype)))
    fits = text.let(f"and {text.flags} {above}, {text.test('olt', square, text.constant(np.inf))}")
    empty = text.test("oeq", vector[0], zero)
    for name in vector[1:]:
        empty = text.let(f"and {text.flags} {empty}, {text.test('oeq', name, zero)}")
    return text.let(f"or {text.flags} {fits}, {empty}")


def _bound(text: Text, old: Point, new: Point, g: str, before: str) -> str:
    r"""Write a bound of what rounding makes of a slope: :math:`8 \epsilon (|x'| + |x|)(|g'| + |g|)`.

    It is inf wherever a slope, or what is compared with it, may have overflowed.
    """
    reach = text.call("fabs", new.x[0])
    for name in (*new.x[1:], *old.x):
        reach = text.do("fadd", reach, text.call("fabs", name))
    info = np.finfo(text.dtype)
    product = text.do("fmul", text.do("fmul", reach, text.constant(8.2)), text.do("fadd", g, before))
    share = text.do("fmul", product, text.constant(float(info.eps)))
    return text.do("fadd", share, text.constant(float(info.tiny / info.eps)))


def _and_not(text: Text, a: str, b: str) -> str:
    true = text.spread_word("i1 true").removeprefix("i1 ")
    return text.let(f"and {text.flags} {a}, {text.let(f'xor {text.flags} {b}, {true}')}")


def _any(text: Text, flags: str) -> str:
    """Write whether any of the flags side by side is set."""
    called = f"@llvm.vector.reduce.or.v{text.lanes}i1"
    text.declarations[called] = f"declare i1 {called}({text.flags})"
    return text.let(f"call i1 {called}({text.flags} {flags})")
