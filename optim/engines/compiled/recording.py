"""Recording: what the compiled loop writes down after every update.

Of a single run point, gradient and value; and, for so few coordinates that NumPy sums in their order, what
the recorder asks of every update: the norms, the length of the step, and whether it overshot. Where the
square of a length leaves the range of floating point the loop notes between which updates that was, and
`steps_between` decides there.

Of runs side by side that are known to leave the finite numbers: where each was last finite.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from optim.engines.compiled.loop import Aside, Loop, Point, Watch
from optim.engines.compiled.writing import Text, any_of, negated, write
from optim.engines.symbols import DType
from optim.engines.tracing import Trace, trace_function
from stepsize.core.norms import IN_ORDER, least_square
from stepsize.core.rounding import slope_floor, spacing

__all__ = [
    "DOUBTFUL",
    "ENDED",
    "ENDS",
    "HISTORY",
    "LOST",
    "MET",
    "dot_of",
    "end_noter_of",
    "finiteness_of",
    "is_finite",
    "recorder_of",
    "slope_floor_of",
    "squared_of",
    "start_writer_of",
]

# More arguments of the loop: a row a point, or an item an update.
HISTORY = {
    "xs": "ptr",  # points, the start first
    "gs": "ptr",  # gradients there
    "outputs": "ptr",  # points to report, where they differ
    "fs": "ptr",  # values, in double precision
    "norms": "ptr",  # of the gradients
    "steps": "ptr",  # lengths of the updates
    "overshoot": "ptr",  # a byte an update
    "seen": "ptr",  # how the loop ended, and the first and last update that it cannot judge
    "limits": "ptr",  # tolerance, minimum; and whether the error is none (0), the norm (1) or the gap (2)
}

# How a loop ended: with its updates, by its tolerance, or before one that is not finite or cannot be judged.
MET, LOST = 1, 2

# The same for runs side by side of which only the last finite points are wanted.
ENDS = {
    "points": "ptr",  # rows, a column a run: the last points to report that are finite
    "slopes": "ptr",  # the gradients there
    "when": "ptr",  # a whole number a run: after how many updates
    "done": "ptr",  # a byte a run: whether it goes on (0), has ended, or only NumPy can tell
    "base": "ptr",  # updates that were made before the first of these
}
ENDED, DOUBTFUL = 1, 2


def recorder_of(value: Trace, output: Trace | None, dtype: DType) -> Watch:
    """Return what writes down each update, given the traces of the value and of the point to report."""
    return partial(_record, value, output, slope_floor_of(dtype))


def slope_floor_of(dtype: DType) -> Trace:
    """Return the trace of what rounding makes of a slope, from five lengths."""
    eps = spacing(np.dtype(dtype))

    def floor(v: list[Any]) -> list[Any]:
        step, x, g, g_before, bend = v
        return [slope_floor(step, x, g, g_before, bend, eps)]

    return trace_function(floor, 5, dtype)


def start_writer_of(value: Trace) -> Aside:
    """Return what evaluates where a run starts, and writes it down."""
    return partial(_write_start, value)


def _write_start(value: Trace, loop: Loop, _: Point) -> None:
    text = loop.text
    loop.write_gradient()
    start = loop.point()
    f = write(text, value, start.x, {})[0]
    text.put(f"store double {_widened(text, f)}, ptr {loop.address('fs', '0', 'double')}")
    for table, names in {"xs": start.x, "gs": start.g}.items():
        for j, name in enumerate(names):
            text.store(name, loop.address(table, str(j)))
    if loop.dim < IN_ORDER:
        square = squared_of(text, start.g)
        text.store(text.call("sqrt", square), loop.address("norms", "0"))
        fits = _fits(text, start.g, square)
        text.put(f"br i1 {fits}, label %start, label %unfit_start")
        text.label("unfit_start")
        for k in (1, 2):
            text.put(f"store i64 0, ptr {loop.address('seen', str(k), 'i64')}")


def _record(value: Trace, output: Trace | None, floor: Trace, loop: Loop, old: Point, new: Point) -> None:
    text = loop.text
    after = text.let("add i64 %k, 1")
    f = write(text, value, new.x, {})[0]
    wide = _widened(text, f)
    squared = squared_of(text, new.g)
    finite = text.let(f"and i1 {is_finite(text, f)}, {is_finite(text, squared)}")
    text.put(f"br i1 {finite}, label %finite, label %lost")
    text.label("lost")
    _end(loop, "%k", LOST)
    text.label("finite")
    start = text.let(f"mul i64 {after}, {loop.dim}")
    tables = {"xs": new.x, "gs": new.g}
    if output is not None:
        reported = []
        for j in range(loop.dim):
            reported += write(text, output, [new.x[j], new.g[j], *(s[j] for s in new.slots)], {})
        tables["outputs"] = reported
    for table, names in tables.items():
        for j, name in enumerate(names):
            text.store(name, loop.address(table, text.let(f"add i64 {start}, {j}")))
    text.put(f"store double {wide}, ptr {loop.address('fs', after, 'double')}")
    if loop.dim < IN_ORDER:
        _judge(loop, floor, old, new, after, squared, wide)


def _judge(loop: Loop, floor: Trace, old: Point, new: Point, after: str, squared: str, wide: str) -> None:
    text = loop.text
    step = [text.do("fsub", b, a) for a, b in zip(old.x, new.x, strict=True)]
    bend = [text.do("fsub", b, a) for a, b in zip(old.g, new.g, strict=True)]
    before = text.let(f"load {text.scalar}, ptr {loop.address('norms', '%k')}")
    vectors = [new.g, step, new.x, bend]
    squares = [squared, *(squared_of(text, vector) for vector in vectors[1:])]
    g, length, far, change = text.roots(squares)
    least = write(text, floor, [length, far, g, before, change], {})[0]
    slope = dot_of(text, step, new.g)
    over = text.let(f"zext i1 {text.test('ogt', slope, least)} to i8")
    text.store(g, loop.address("norms", after))
    text.store(length, loop.address("steps", "%k"))
    text.put(f"store i8 {over}, ptr {loop.address('overshoot', '%k', 'i8')}")
    _note_unfit(loop, list(zip(vectors, squares, strict=True)))
    _stop_where_met(loop, g, wide, after)


def _note_unfit(loop: Loop, vectors: Sequence[tuple[list[str], str]]) -> None:
    """Note an update one of whose lengths is not the root of its square."""
    text = loop.text
    # Nearly all are; only where one is not does it matter whether that is the length of a vector of zeros.
    text.put(
        f"br i1 {_all(text, [_holds(text, square) for _, square in vectors])}, label %judged, label %look"
    )
    text.label("look")
    fits = _all(text, [_fits(text, *pair) for pair in vectors])
    text.put(f"br i1 {fits}, label %judged, label %unfit")
    text.label("unfit")
    first = text.let(f"load i64, ptr {loop.address('seen', '1', 'i64')}")
    none = text.let(f"icmp slt i64 {first}, 0")
    first = text.let(f"select i1 {none}, i64 %k, i64 {first}")
    text.put(f"store i64 {first}, ptr {loop.address('seen', '1', 'i64')}")
    text.put(f"store i64 %k, ptr {loop.address('seen', '2', 'i64')}")
    text.put("br label %judged")
    text.label("judged")


def _widened(text: Text, number: str) -> str:
    """Write a number in double precision."""
    return number if text.scalar == "double" else text.let(f"fpext float {number} to double")


def _stop_where_met(loop: Loop, g: str, wide: str, after: str) -> None:
    text = loop.text
    kind = text.let(f"load double, ptr {loop.address('limits', '2', 'double')}")
    asked = text.let(f"fcmp ogt double {kind}, 0.0")
    text.put(f"br i1 {asked}, label %measured, label %going_on")
    text.label("measured")
    tol, minimum = (
        text.let(f"load double, ptr {loop.address('limits', str(k), 'double')}") for k in range(2)
    )
    gap = text.let(f"fsub double {wide}, {minimum}")
    norm = _widened(text, g)
    by_norm = text.let(f"fcmp oeq double {kind}, 1.0")
    error = text.let(f"select i1 {by_norm}, double {norm}, double {gap}")
    text.put(f"br i1 {text.let(f'fcmp ole double {error}, {tol}')}, label %met, label %going_on")
    text.label("met")
    _end(loop, after, MET)
    text.label("going_on")


def _end(loop: Loop, count: str, how: int) -> None:
    """Write the end of the loop after so many updates, the state left in its place."""
    text = loop.text
    text.put(f"store i64 {how}, ptr {loop.address('seen', '0', 'i64')}")
    loop.write_ends()
    text.put(f"ret i64 {count}")


def squared_of(text: Text, vector: list[str]) -> str:
    """Write the square of a vector's length, and return its name."""
    return dot_of(text, vector, vector)


def dot_of(text: Text, a: list[str], b: list[str]) -> str:
    """Write the inner product of two vectors, summed in order, and return its name."""
    products = [text.do("fmul", *pair) for pair in zip(a, b, strict=True)]
    total = products[0]
    for product in products[1:]:
        total = text.do("fadd", total, product)
    return total


def _holds(text: Text, square: str) -> str:
    """Write the test whether a square holds all its digits."""
    above = text.test("ogt", square, text.constant(least_square(text.dtype)))
    return text.let(f"and i1 {above}, {text.test('olt', square, text.constant(np.inf))}")


def _fits(text: Text, vector: list[str], square: str) -> str:
    """Write the test whether the length of a vector is the root of its square."""
    zeros = [text.test("oeq", name, text.constant(0.0)) for name in vector]
    return text.let(f"or i1 {_holds(text, square)}, {_all(text, zeros)}")


def _all(text: Text, flags: Sequence[str]) -> str:
    """Write whether all flags are true."""
    together = flags[0]
    for flag in flags[1:]:
        together = text.let(f"and i1 {together}, {flag}")
    return together


def is_finite(text: Text, name: str) -> str:
    """Write the test whether a number is neither inf nor nan, and return the name of the flag."""
    return text.test("olt", text.call("fabs", name), text.constant(np.inf))


def end_noter_of(value: Trace, output: Trace | None) -> Watch:
    """Return what notes the last finite point of each run, and leaves a group that has none left to note."""
    return partial(_note_ends, value, output)


def _note_ends(value: Trace, output: Trace | None, loop: Loop, old: Point, new: Point) -> None:
    text = loop.text
    small = text.flags.replace("i1", "i8")
    f = write(text, value, new.x, {})[0]
    good = text.let(f"and {text.flags} {is_finite(text, f)}, {is_finite(text, squared_of(text, new.g))}")
    place = loop.address("done", "%lane", "i8")
    done = text.let(f"load {small}, ptr {place}, align 1")
    open_ = text.let(f"icmp eq {small} {done}, zeroinitializer")
    first = text.let(f"and {text.flags} {open_}, {negated(text, good)}")
    look, go = text.labels("look", "go")
    text.put(f"br i1 {any_of(text, first)}, label %{look}, label %{go}")
    text.label(look)
    code = finiteness_of(text, f, new.g)
    ended = text.let(
        f"and {text.flags} {first}, {text.let(f'icmp eq {small} {code}, {_bytes(text, ENDED)}')}"
    )
    reported = old.x
    if output is not None:
        arrays = zip(old.x, old.g, *old.slots, strict=True)
        reported = [write(text, output, given, {})[0] for given in map(list, arrays)]
    for table, names in {"points": reported, "slopes": old.g}.items():
        for j, name in enumerate(names):
            address = loop.in_rows(table, j)
            text.store(text.choose(ended, name, text.load(address)), address)
    whole = text.flags.replace("i1", "i32")
    base = text.let(f"load i64, ptr {loop.address('base', '0', 'i64')}")
    count = text.let(f"trunc i64 {text.let(f'add i64 %k, {base}')} to i32")
    row = text.let(f"insertelement {whole} poison, i32 {count}, i64 0")
    counts = text.let(f"shufflevector {whole} {row}, {whole} poison, {whole} zeroinitializer")
    address = loop.address("when", "%lane", "i32")
    before = text.let(f"load {whole}, ptr {address}, align 4")
    after = text.let(f"select {text.flags} {ended}, {whole} {counts}, {whole} {before}")
    text.put(f"store {whole} {after}, ptr {address}, align 4")
    done = text.let(f"select {text.flags} {first}, {small} {code}, {small} {done}")
    text.put(f"store {small} {done}, ptr {place}, align 1")
    left = text.let(f"icmp eq {small} {done}, zeroinitializer")
    text.put(f"br i1 {any_of(text, left)}, label %{go}, label %group_end")
    text.label(go)


def finiteness_of(text: Text, f: str, g: list[str]) -> str:
    """Write a byte a run: 0 where value and gradient are finite as `minimize` judges them, `ENDED` where not.

    Where the length of a finite gradient may overflow that is for NumPy to say, and it is `DOUBTFUL`.
    """
    small = text.flags.replace("i1", "i8")
    short = text.constant(float(np.finfo(text.dtype).max) * 2.0**-20)  # of so few that no length overflows
    finite = certain = is_finite(text, f)
    for name in g:
        finite = text.let(f"and {text.flags} {finite}, {is_finite(text, name)}")
        certain = text.let(f"and {text.flags} {certain}, {text.test('ole', text.call('fabs', name), short)}")
    code = text.let(
        f"select {text.flags} {finite}, {small} {_bytes(text, DOUBTFUL)}, {small} {_bytes(text, ENDED)}"
    )
    return text.let(f"select {text.flags} {certain}, {small} zeroinitializer, {small} {code}")


def _bytes(text: Text, number: int) -> str:
    return text.spread_word(f"i8 {number}")
