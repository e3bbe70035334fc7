"""Recording: what the compiled loop of a single run writes down after every update.

Point, gradient and value; and, for so few coordinates that NumPy sums in their order, what the recorder asks
of every update: the norms, the length of the step, and whether it overshot. Where the square of a length
leaves the range of floating point the loop notes between which updates that was, and `steps_between` decides
there. All of it goes into one piece of memory (`Columns`): a large piece costs the system less than many.
"""

import ctypes
import math
from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np

from optim.engines.compiled.loop import Loop, Point, Watch
from optim.engines.compiled.writing import Text, write
from optim.engines.symbols import DType
from optim.engines.tracing import Trace, trace_function
from stepsize.core.norms import least_square
from stepsize.core.rounding import slope_floor, spacing

__all__ = [
    "HISTORY",
    "LOST",
    "MET",
    "SUMMED_IN_ORDER",
    "Columns",
    "Layout",
    "dot_of",
    "is_finite",
    "layout_of",
    "recorder_of",
    "squared_of",
    "write_start",
]

Array = np.ndarray[Any, Any]

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

# Bytes that a processor fetches at a time: every column begins where such a piece does.
_LINE = 64

# NumPy adds fewer numbers than these one after the other.
SUMMED_IN_ORDER = 8


def recorder_of(value: Trace, output: Trace | None, dtype: DType) -> Watch:
    """Return what writes down each update, given the traces of the value and of the point to report."""
    eps = spacing(np.dtype(dtype))

    def floor(v: list[Any]) -> list[Any]:
        step, x, g, g_before, bend = v
        return [slope_floor(step, x, g, g_before, bend, eps)]

    return partial(_record, value, output, trace_function(floor, 5, dtype))


def write_start(loop: Loop, start: Point) -> None:
    """Write down where a run starts."""
    text = loop.text
    for table, names in {"xs": start.x, "gs": start.g}.items():
        for j, name in enumerate(names):
            text.store(name, loop.address(table, str(j)))
    if loop.dim < SUMMED_IN_ORDER:
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
    wide = f if text.scalar == "double" else text.let(f"fpext float {f} to double")
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
    if loop.dim < SUMMED_IN_ORDER:
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
    norm = g if text.scalar == "double" else text.let(f"fpext float {g} to double")
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
        memory: Any = np.empty(self.size, np.uint8)
        start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
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
