"""Reading: where the operations of a rule find each number that they read, and what is put there.

A number is one for all runs and coordinates, or one a coordinate, a run, or both; and it stands still or
moves from update to update. What stands still is read before the updates, what moves during each. A power of
a run's own number is multiplied up in place where that is allowed (see `optim.engines.running_powers`), and
what follows from it is computed there, too.
"""

from typing import Any, NamedTuple

import numpy as np

from optim.engines.compiled.writing import Text, Value, write_operation
from optim.engines.running_powers import PERIOD, RunningPower, running_powers
from optim.engines.symbols import ON_NUMBERS, DType, Operation, is_number
from optim.engines.tracing import Trace
from optim.hyperparameters import Numbers

__all__ = ["Reading", "as_rows"]

Array = np.ndarray[Any, Any]

_ON_ARRAYS = {on_numbers: function for function, on_numbers in ON_NUMBERS.items()}


class _Place(NamedTuple):
    """Where a number stands: in which table, from which column or row on, once or for every coordinate."""

    table: str
    first: int
    wide: bool
    flag: bool


class Reading:
    """The numbers of one trace of a rule, in the tables that a compiled loop is given.

    Parameters
    ----------
    trace : Trace
    values : sequence
        Every number at an update.
    moving : sequence of int
        Those that change from update to update.
    dim : int
        Coordinates of a run.
    exact : bool
        Whether powers are taken as the rule takes them, and not multiplied up.
    first : sequence of int
        The first column or row of each table (`tables`, in their order) that is free.
    """

    tables = ("still", "moving", "rows", "moving_rows", "powers")

    def __init__(
        self,
        trace: Trace,
        values: list[Numbers],
        moving: list[int],
        dim: int,
        exact: bool,
        first: tuple[int, ...],
    ) -> None:
        self.trace, self.moving, self.dim = trace, moving, dim
        self._moves = {*moving}
        self._powers = {} if exact else running_powers(trace, values, moving)
        self._sizes = dict(zip(self.tables, first, strict=True))
        self.places: dict[int, _Place] = {}
        self._made: dict[int, tuple[Operation, Any]] = {}
        for i in trace.numbers:
            self._find(i, values)
        self.needed = self._needed()
        # Whether columns of all updates at once say what moves.
        self.by_columns = all(np.ndim(v) == 0 for i, v in enumerate(values) if i in self._moves)

    @property
    def sizes(self) -> tuple[int, ...]:
        """The columns and rows of each table that are taken."""
        return tuple(self._sizes[table] for table in self.tables)

    @property
    def key(self) -> tuple[Any, ...]:
        """What the text depends on."""
        return tuple(self.places.items()), tuple(self._made)

    def in_table(self, table: str) -> list[tuple[int, int]]:
        """Return the numbers in a table, with the first column or row of each."""
        return [(i, place.first) for i, place in self.places.items() if place.table == table]

    def _find(self, i: int, values: list[Numbers]) -> None:
        if i in self.places or i in self._made:
            return
        value, moves = values[i], i in self._moves
        shape = np.shape(value)
        wide = bool(shape) and shape[-1] > 1
        by_run = len(shape) == 2 and shape[0] > 1
        function, args = self.trace.plain[i]
        if not by_run:
            table = "moving" if moves else "still"
        elif not moves:
            table = "rows"
        elif i in self._powers:
            table = "powers"
            self._find(args[0].index, values)
        elif function is not None and _ON_ARRAYS.get(function, function) in _SIMPLE:
            self._made[i] = _ON_ARRAYS.get(function, function), args
            for a in args:
                if is_number(a):
                    self._find(a.index, values)
            return
        else:
            table = "moving_rows"
        flag = np.asarray(value).dtype == np.bool_
        self.places[i] = _Place(table, self._sizes[table], wide, bool(flag))
        self._sizes[table] += self.dim if wide else 1

    def power(self, base: Numbers, t: int) -> Numbers:
        """Return a power of each run's number at update t, multiplied up from the last period."""
        return RunningPower()(base, t)

    def most(self, t: int) -> int | None:
        """Return for how many updates from t on powers may be multiplied up; None if there are none."""
        return PERIOD - t % PERIOD if self._powers else None

    def _needed(self) -> list[int]:
        """Return the moving numbers that are put into a table or asked about, and what they follow from."""
        tables = ("moving", "moving_rows")
        wanted = {i for i, place in self.places.items() if place.table in tables} | {*self.trace.guards}
        for i in range(len(self.trace.plain) - 1, -1, -1):
            function, args = self.trace.plain[i]
            if i in wanted and function is not None:
                wanted.update(a.index for a in args if is_number(a))
        return [i for i in self.moving if i in wanted]

    # What is written ------------------------------------------------------------------------------------

    def bases(self) -> dict[int, int]:
        """Return the number whose powers each running power has."""
        return {i: self.trace.plain[i][1][0].index for i, _ in self.in_table("powers")}

    def columns_of(self, i: int) -> list[int]:
        """Return the columns or rows of a number, one for every coordinate or one for all."""
        place = self.places[i]
        return [place.first + j for j in range(self.dim if place.wide else 1)]

    def values(self, text: Text, names: dict[tuple[str, int], str], j: int) -> dict[int, Value]:
        """Write what is computed of the numbers, and return the value of each for coordinate j.

        Parameters
        ----------
        text : Text
        names : dict
            The name of what was read, by table and column or row.
        j : int
        """
        found: dict[int, Value] = {}
        for i, place in self.places.items():
            name = names[place.table, place.first + (j if place.wide else 0)]
            found[i] = Value(text.test("une", name, text.constant(0.0)), True) if place.flag else Value(name)
        for i in sorted(self._made):
            function, args = self._made[i]
            operands = [found[a.index] if is_number(a) else Value(text.constant(a)) for a in args]
            found[i] = write_operation(text, function, operands, False)
        return found


# What may be done to numbers of every run in the loop itself.
_SIMPLE = frozenset((np.add, np.subtract, np.multiply, np.true_divide, np.negative, np.positive, np.sqrt))


def as_rows(value: Numbers, dtype: DType) -> Array:
    """Return a number, or one a coordinate, as rows: what it is for all runs or for each."""
    array = np.asarray(value, dtype)
    if array.ndim < 2:
        return array.reshape(-1, 1)
    return np.ascontiguousarray(array.T)
