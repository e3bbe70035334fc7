"""Many runs in a compiled loop that writes rows: value, gradient norm and overshoot of every update.

They have the bits of `Lockstep`. What a closer look at vectors outside the range of squares would take, or a
number that is not finite, is noted: those runs are for arrays to make.
"""

from functools import lru_cache, partial
from typing import Any

import numpy as np

from optim.engines.compiled.branches import Same
from optim.engines.compiled.functions import refuse_long_updates
from optim.engines.compiled.judging.overshoot import (
    and_not,
    fits_of,
    length_of,
    slope_bound,
    sum_of_sizes,
)
from optim.engines.compiled.loop import Loop, Point
from optim.engines.compiled.recording import dot_of, is_finite, slope_floor_of, squared_of
from optim.engines.compiled.runs import CompiledBlock
from optim.engines.compiled.writing import any_of, negated, write
from optim.engines.symbols import DType
from optim.engines.tracing import Trace

__all__ = ["RowsBlock"]

Array = np.ndarray[Any, Any]

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
    refuse_long_updates([*[r.trace for r in readings] * dim, gradient, value])
    loop = Loop(readings, gradient, dim, slots, lanes, dtype, _ROWS)
    return loop.written(partial(_judge, value, slope_floor_of(dtype)))


def _judge(value: Trace, floor: Trace, loop: Loop, old: Point, new: Point) -> None:
    """Write down value, gradient norm and overshoot after an update."""
    text = loop.text
    row = text.let(f"add i64 {text.let('mul i64 %k, %stride')}, %lane")
    after = text.let(f"add i64 {row}, %stride")
    f = write(text, value, new.x, {})[0]
    g, fits = length_of(text, new.g)
    before = text.load(loop.address("norms", row))
    text.store(f, loop.address("funs", after))
    text.store(g, loop.address("norms", after))
    step = [text.do("fsub", b, a) for a, b in zip(old.x, new.x, strict=True)]
    fits = text.let(f"and {text.flags} {fits}, {_keep_square(loop, step)}")
    slope = dot_of(text, step, new.g)
    over = text.test("ogt", slope, text.constant(0.0))
    sure = text.test(
        "ogt", slope, slope_bound(text, sum_of_sizes(text, [*new.x, *old.x]), text.do("fadd", g, before))
    )
    doubt = and_not(text, over, sure)
    judge, look, looked = text.labels("judge", "look", "looked")
    text.put(f"br label %{judge}")
    text.label(judge)
    text.put(f"br i1 {any_of(text, doubt)}, label %{look}, label %{looked}")
    text.label(look)
    bend = [text.do("fsub", b, a) for a, b in zip(old.g, new.g, strict=True)]
    lengths, fit_all = [], fits
    for vector in (step, new.x, bend):
        length, fit = length_of(text, vector)
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
    for flag, table in ((over, "overshoot"), (negated(text, good), "bad")):
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
    return text.let(f"select i1 {late}, {text.flags} {fits_of(text, step, square)}, {text.flags} {true}")
