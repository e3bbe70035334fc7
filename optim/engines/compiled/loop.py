"""The compiled loop: all updates of a few runs, in registers, as text for LLVM.

Runs lie side by side, `lanes` of them in the lanes of the processor's vectors; so many make all of their
updates before the next so many begin, and between updates nothing goes through memory but what the rule
reads. Where a rule branches on the count, every branch stands in the loop, and a column says which is taken.

A function of the text has these arguments, in this order; all tables have a row an update or a row a number,
and `stride` runs a row:

========= ====================================================================================
low, high the runs to make, a multiple of `lanes`
stride    numbers in a row of the tables that have a column a run
count     updates
state     rows: x, g and every slot, coordinate by coordinate; then powers of a run's own number
ends      the same after the updates; it may be the same table
still     numbers that stay as they are
moving    a row an update: numbers that change
branch    a byte an update: which branch is taken
rows      rows: numbers of each run that stay as they are
drift     blocks of rows, one an update: numbers of each run that change
========= ====================================================================================
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from optim.engines.compiled.reading import Reading
from optim.engines.compiled.writing import Text, write
from optim.engines.symbols import DType
from optim.engines.tracing import Trace

__all__ = ["ARGUMENTS", "Aside", "Loop", "Point", "Watch"]

ARGUMENTS = {
    "low": "i64",
    "high": "i64",
    "stride": "i64",
    "count": "i64",
    "state": "ptr",
    "ends": "ptr",
    "still": "ptr",
    "moving": "ptr",
    "branch": "ptr",
    "rows": "ptr",
    "drift": "ptr",
}


class Point(NamedTuple):
    """The names of a point's coordinates, of its gradient's and of every slot's."""

    x: list[str]
    g: list[str]
    slots: list[list[str]]


# What stands in the loop after every update: it is given the text, the points before and after the update.
Watch = Callable[["Loop", Point, Point], None]
# What stands before or after the updates of a group of runs: it is given the text and where they are.
Aside = Callable[["Loop", Point], None]


class Loop:
    """The text of one function.

    Parameters
    ----------
    readings : sequence of Reading
        The branches of the rule, and where each finds its numbers.
    gradient : Trace
    dim, slots, lanes : int
    dtype : dtype
    extra : dict
        More arguments, with their types.
    more : tuple of int
        How many numbers and flags of each run are kept from update to update beside the state, in the cells
        `more` and `flags`.
    """

    def __init__(
        self,
        readings: Sequence[Reading],
        gradient: Trace,
        dim: int,
        slots: int,
        lanes: int,
        dtype: DType,
        extra: dict[str, str] | None = None,
        more: tuple[int, int] = (0, 0),
    ) -> None:
        self.readings, self.gradient, self.dim, self.slots = readings, gradient, dim, slots
        self._more = more
        self.text = Text(dtype, lanes)
        self.arguments = ARGUMENTS | (extra or {})
        self.sizes = readings[-1].sizes
        self._still: dict[tuple[str, int], str] = {}

    def written(
        self, watch: Watch | None = None, finish: Aside | None = None, begin: Aside | None = None
    ) -> str:
        """Return the text; `watch` adds to each update, `finish` and `begin` to what is around a group's."""
        text = self.text
        rows = self.rows
        text.label("entry")
        self.cells = [text.let(f"alloca {text.type}") for _ in range(rows)]
        self.more, self.flags = (
            [text.let(f"alloca {kind}") for _ in range(count)]
            for kind, count in zip((text.type, text.flags), self._more, strict=True)
        )
        self._read_constants()
        text.put("br label %group")
        text.label("group")
        text.lines.append("  %lane = phi i64 [ %low, %entry ], [ %lane_next, %group_end ]")
        text.put("%more = icmp slt i64 %lane, %high")
        text.put("br i1 %more, label %group_begin, label %exit")
        text.label("group_begin")
        for i, cell in enumerate(self.cells):
            text.store(text.load(self.in_rows("state", i)), cell)
        self._read_rows()
        if begin is not None:
            begin(self, self.point())
        text.put("br label %start")
        text.label("start")
        text.put("br label %update")
        text.label("update")
        text.lines.append("  %k = phi i64 [ 0, %start ], [ %k_next, %update_end ]")
        text.put("%again = icmp slt i64 %k, %count")
        text.put("br i1 %again, label %update_begin, label %group_end")
        text.label("update_begin")
        old = self.point()
        self._write_branches(old)
        self.write_gradient()
        if watch is not None:
            watch(self, old, self.point())
        text.put("br label %update_end")
        text.label("update_end")
        text.put("%k_next = add i64 %k, 1")
        text.put("br label %update")
        text.label("group_end")
        self.write_ends()
        if finish is not None:
            finish(self, self.point())
        text.put(f"%lane_next = add i64 %lane, {text.lanes}")
        text.put("br label %group")
        text.label("exit")
        text.put("ret i64 %count")
        return self._whole()

    @property
    def rows(self) -> int:
        """Rows of the state."""
        return (2 + self.slots) * self.dim + self.sizes[4]

    def point(self) -> Point:
        """Read where a run stands."""
        d = self.dim
        names = [self.text.load(cell) for cell in self.cells[: (2 + self.slots) * d]]
        return Point(names[:d], names[d : 2 * d], [names[k : k + d] for k in range(2 * d, len(names), d)])

    def write_ends(self) -> None:
        """Write where the runs are into the table of ends."""
        for i, cell in enumerate(self.cells):
            self.text.store(self.text.load(cell), self.in_rows("ends", i))

    def in_rows(self, table: str, row: int, offset: str = "%lane") -> str:
        """Return the address of a run's number in a row of a table."""
        start = self.text.let(f"mul i64 %stride, {row}")
        return self.address(table, self.text.let(f"add i64 {start}, {offset}"))

    def address(self, table: str, index: str, kind: str | None = None) -> str:
        """Return the address of an item of a table."""
        return self.text.let(f"getelementptr {kind or self.text.scalar}, ptr %{table}, i64 {index}")

    def _read_constants(self) -> None:
        text = self.text
        for column in range(self.sizes[0]):
            number = text.let(f"load {text.scalar}, ptr {self.address('still', str(column))}")
            self._still["still", column] = text.spread(number)

    def _read_rows(self) -> None:
        for row in range(self.sizes[2]):
            self._still["rows", row] = self.text.load(self.in_rows("rows", row))

    def _write_branches(self, old: Point) -> None:
        text = self.text
        if len(self.readings) == 1:
            self._write_update(self.readings[0], old)
            return
        branch = text.let(f"load i8, ptr {self.address('branch', '%k', 'i8')}")
        cases = " ".join(f"i8 {b}, label %branch{b}" for b in range(1, len(self.readings)))
        text.put(f"switch i8 {branch}, label %branch0 [ {cases} ]")
        for b, reading in enumerate(self.readings):
            text.label(f"branch{b}")
            self._write_update(reading, old)
            text.put("br label %updated")
        text.label("updated")

    def _write_update(self, reading: Reading, old: Point) -> None:
        text, names = self.text, dict(self._still)
        for i, _ in reading.in_table("moving"):
            for column in reading.columns_of(i):
                start = text.let(f"mul i64 %k, {self.sizes[1]}")
                address = self.address("moving", text.let(f"add i64 {start}, {column}"))
                names["moving", column] = text.spread(text.let(f"load {text.scalar}, ptr {address}"))
        for i, _ in reading.in_table("moving_rows"):
            for row in reading.columns_of(i):
                start = text.let(f"mul i64 %k, {self.sizes[3]}")
                start = text.let(f"add i64 {start}, {row}")
                start = text.let(f"mul i64 {start}, %stride")
                address = self.address("drift", text.let(f"add i64 {start}, %lane"))
                names["moving_rows", row] = text.load(address)
        for row in range(self.sizes[4]):
            names["powers", row] = text.load(self.cells[self._power_cell(row)])
        for j in range(self.dim):
            given = [old.x[j], old.g[j], *(slot[j] for slot in old.slots)]
            results = write(text, reading.trace, given, reading.values(text, names, j))
            for name, place in zip(results, (0, *range(2, 2 + self.slots)), strict=True):
                text.store(name, self.cells[place * self.dim + j])
        for reading_of_powers in self.readings:
            self._multiply_powers(reading_of_powers, names)

    def _multiply_powers(self, reading: Reading, names: dict[tuple[str, int], str]) -> None:
        for i, base in reading.bases().items():
            bases = reading.columns_of(base)
            for j, row in enumerate(reading.columns_of(i)):
                by = names[reading.places[base].table, bases[j if len(bases) > 1 else 0]]
                self.text.store(
                    self.text.do("fmul", names["powers", row], by), self.cells[self._power_cell(row)]
                )

    def _power_cell(self, row: int) -> int:
        return (2 + self.slots) * self.dim + row

    def write_gradient(self) -> None:
        """Write the gradient where a run stands into its place."""
        x = [self.text.load(cell) for cell in self.cells[: self.dim]]
        slopes = write(self.text, self.gradient, x, {})
        for name, cell in zip(slopes, self.cells[self.dim : 2 * self.dim], strict=True):
            self.text.store(name, cell)

    def _whole(self) -> str:
        alone = {name: "ptr noalias" for name, kind in self.arguments.items() if kind == "ptr"}
        alone |= {"state": "ptr", "ends": "ptr"}
        arguments = ", ".join(f"{alone.get(name, kind)} %{name}" for name, kind in self.arguments.items())
        lines = [f"define i64 @updates({arguments}) {{", *self.text.lines, "}"]
        return "\n".join([*lines, *self.text.declarations.values(), ""])
