"""Branches: the traces of a rule that a run has met so far, and the tables of its next updates.

A rule that asks about the count takes one branch or another; each has a trace of its own, made when the run
first comes there. For the updates to come, columns say which branch each takes and what its numbers are.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from optim.engines.compiled.numbers import columns_of
from optim.engines.compiled.reading import Reading, as_rows
from optim.engines.floats import path_of_rate
from optim.engines.symbols import DType, Untraceable
from optim.engines.tracing import Trace, look_up, trace_update
from optim.hyperparameters import Hypers, Numbers, Resolved, is_rule
from optim.optimizer import Optimizer
from optim.user_rules import is_own

__all__ = ["Branches", "Same", "Tables"]

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class Tables:
    """What a compiled loop reads, for `count` updates; powers go into the state."""

    count: int
    still: Array
    moving: Array
    branch: Array
    rows: Array
    drift: Array
    powers: Array
    rates: Array

    @cached_property
    def addresses(self) -> tuple[int, ...]:
        """Where the tables of the loop's arguments are, in their order."""
        tables = self.still, self.moving, self.branch, self.rows, self.drift
        return tuple(table.ctypes.data for table in tables)

    @property
    def nbytes(self) -> int:
        """What they take."""
        return sum(
            table.nbytes
            for table in (self.still, self.moving, self.branch, self.rows, self.drift, self.rates)
        )

    def closed(self) -> "Tables":
        """Return the same tables, the rates in an array that nobody can write into: runs share it."""
        rates = np.array(self.rates)
        rates.setflags(write=False)
        return replace(self, rates=rates)

    def cut(self, count: int) -> "Tables":
        """Return the tables of the first of the updates alone."""
        by_update = {name: getattr(self, name)[:count] for name in ("moving", "branch", "drift", "rates")}
        return replace(self, count=count, **by_update)


class Branches:
    """A rule with its hyperparameters, branch by branch.

    Parameters
    ----------
    optimizer : Optimizer
    slots, dim, stride : int
        How many slots, coordinates, and runs in a row of a table.
    dtype : dtype
    exact : bool
        Whether powers of a run's own number are taken as the rule takes them.
    """

    def __init__(
        self, optimizer: Optimizer, slots: int, dim: int, dtype: DType, stride: int = 1, exact: bool = True
    ) -> None:
        self.optimizer, self.slots, self.dim, self.stride = optimizer, slots, dim, stride
        self.dtype, self.exact = np.dtype(dtype), exact
        self.traces = traces_of(optimizer, slots, self.dtype)
        self.readings: list[Reading] = []
        self._rate = path_of_rate(optimizer)
        self._values: list[list[Numbers]] = []
        self._stand = 0, np.empty(0), np.empty(0)

    def tables(self, hypers: Hypers, n: int, count: int) -> Tables:
        """Return the tables of the next updates: of `count`, or of fewer before the rule takes a new branch.

        Raises
        ------
        Untraceable
            If the rule cannot be followed from update n on.
        """
        if not (self.readings and count):
            self.meet(hypers, n)
        if not count:
            return self._empty(0, np.empty(0))
        for reading in self.readings:
            most = reading.most(n + 1)
            count = count if most is None else min(count, most)
        if all(reading.by_columns for reading in self.readings):
            return self._by_columns(hypers, n, count)
        return self._one_by_one(hypers, n, count)

    def same(self) -> "Same":
        """Return the branches as what texts are kept by."""
        keys = tuple((id(reading.trace), reading.key, reading.sizes) for reading in self.readings)
        return Same(keys, tuple(self.readings))

    def meet(self, hypers: Hypers, n: int) -> None:
        """See to it that the branch which the rule takes at update n is among those in the loop."""
        h = hypers.resolve(n)
        if any(reading.trace.known(h) is not None for reading in self.readings):
            return
        trace = next((trace for trace in self.traces if trace.known(h) is not None), None)
        if trace is None:
            trace = trace_update(self.optimizer, h, self.slots, self.dtype)
            self.traces.append(trace)
        values = trace.known(h)
        if values is None:
            raise Untraceable("its numbers cannot be computed at this update")
        moving = trace.moving(lambda path: path[-1] != "t" and not callable(look_up(self.optimizer, path)))
        first = self.readings[-1].sizes if self.readings else (0,) * len(Reading.tables)
        self.readings.append(_reading(trace, values, moving, self.dim, self.exact, first))
        self._values.append(values)

    def _empty(self, count: int, rates: Array) -> Tables:
        _, moving, _, drift, powers = self.readings[-1].sizes
        still, rows = self._standing()
        return Tables(
            count,
            still,
            np.zeros((count, moving), self.dtype),
            np.zeros(count, np.uint8),
            rows,
            np.zeros((count, drift, self.stride), self.dtype),
            np.zeros((powers, self.stride), self.dtype),
            rates,
        )

    def _standing(self) -> tuple[Array, Array]:
        """Return the tables that stay as they are until another branch is met."""
        known, still, rows = self._stand
        if known == len(self.readings):
            return still, rows
        still = np.zeros(self.readings[-1].sizes[0], self.dtype)
        rows = np.zeros((self.readings[-1].sizes[2], self.stride), self.dtype)
        for reading, values in zip(self.readings, self._values, strict=True):
            for i, first in reading.in_table("still"):
                column = np.asarray(values[i], self.dtype).ravel()
                still[first : first + len(column)] = column
            for i, first in reading.in_table("rows"):
                self._put(rows, first, values[i])
        self._stand = len(self.readings), still, rows
        return still, rows

    def _rates(self, h: Resolved, given: Mapping[tuple[str, ...], Any], count: int) -> Array:
        """Return the rate of each update, not all in memory of its own."""
        if self._rate in given:
            return np.asarray(given[self._rate], float)[:count]
        lr = look_up(h, self._rate)
        return np.broadcast_to(np.asarray(lr, float), (count, *np.shape(lr)))

    def _put(self, rows: Array, first: int, value: Numbers) -> None:
        """Put a number of each run into its rows; what is beyond the runs repeats the last."""
        numbers = as_rows(value, self.dtype)
        part = rows[first : first + len(numbers)]
        part[:, : numbers.shape[1]] = numbers
        part[:, numbers.shape[1] :] = numbers[:, -1:]

    def _by_columns(self, hypers: Hypers, n: int, count: int) -> Tables:
        given = hypers.columns(n, n + count)
        branch, taken = np.zeros(count, np.uint8), np.zeros(count, bool)
        found = []
        for b, (reading, values) in enumerate(zip(self.readings, self._values, strict=True)):
            columns, good = columns_of(reading.trace, reading.moving, values, given, count)
            branch[good & ~taken] = b
            taken |= good
            found.append(columns)
        made = count if taken.all() else int(taken.argmin())
        if not made:
            known = len(self.readings)
            self.meet(hypers, n)
            if len(self.readings) == known:
                raise Untraceable("its numbers are not finite at this update")
            return self.tables(hypers, n, count)
        tables = self._empty(made, self._rates(hypers.resolve(n), given, made))
        tables.branch[:] = branch[:made]
        for reading, columns in zip(self.readings, found, strict=True):
            for i, first in reading.in_table("moving"):
                tables.moving[:, first] = columns[i][:made]
        return tables

    def _one_by_one(self, hypers: Hypers, n: int, count: int) -> Tables:
        tables = self._empty(count, np.empty((count, *np.shape(look_up(hypers.resolve(n), self._rate)))))
        for k in range(count):
            h = hypers.resolve(n + k)
            tables.rates[k] = look_up(h, self._rate)
            for b, (reading, kept) in enumerate(zip(self.readings, self._values, strict=True)):
                if not reading.trace.renew(kept, reading.needed, h, {}):
                    continue
                tables.branch[k] = b
                for i, first in reading.in_table("moving"):
                    column = np.asarray(kept[i], self.dtype).ravel()
                    tables.moving[k, first : first + len(column)] = column
                for i, first in reading.in_table("moving_rows"):
                    self._put(tables.drift[k], first, kept[i])
                if k == 0:
                    self._start_powers(reading, kept, n + 1, tables.powers)
                break
            else:
                if k:
                    return tables.cut(k)
                known = len(self.readings)
                self.meet(hypers, n)
                if len(self.readings) == known:
                    raise Untraceable("its numbers cannot be computed at this update")
                return self.tables(hypers, n, count)
        return tables

    def _start_powers(self, reading: Reading, values: list[Numbers], t: int, powers: Array) -> None:
        for i, base in reading.bases().items():
            first = reading.places[i].first
            self._put(powers, first, reading.power(values[base], t))


class Same:
    """What texts are kept by: the traces they are made of, which live as long as the text is kept."""

    def __init__(self, key: Any, holds: Any) -> None:
        self.key, self.holds = key, holds

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


_READINGS: OrderedDict[Any, Reading] = OrderedDict()


def _reading(
    trace: Trace, values: list[Numbers], moving: list[int], dim: int, exact: bool, first: tuple[int, ...]
) -> Reading:
    """Return the reading of a trace; of plain numbers, the one that was made before."""
    kinds = tuple(map(type, values))
    if not {*kinds} <= {int, float, bool}:
        return Reading(trace, values, moving, dim, exact, first)
    key = trace, kinds, tuple(moving), dim, exact, first
    if key not in _READINGS:
        _READINGS[key] = Reading(trace, values, moving, dim, exact, first)
        if len(_READINGS) > 64:
            _READINGS.popitem(last=False)
    return _READINGS[key]


def traces_of(optimizer: Optimizer, slots: int, dtype: DType) -> list[Trace]:
    """Return the traces that were made of a rule with any hyperparameters; more may be added to them.

    A rule from outside is traced anew in every run: it may read names of its module, which change.
    """
    if is_own(optimizer):
        return []
    try:
        return _list_of((_structure(optimizer), slots, dtype))
    except TypeError:  # a field without a hash
        return []


@lru_cache(maxsize=64)
def _list_of(_: Any) -> list[Trace]:
    """Return the list that belongs to something."""
    return []


def _structure(optimizer: Optimizer) -> Any:
    """Return what a rule's trace depends on beside the numbers: its class and its other fields."""
    hypers = optimizer.own_hypers()
    others = tuple(
        (name, _structure(value) if is_rule(value) else value)
        for name, value in optimizer.fields()
        if name not in hypers
    )
    return type(optimizer), others
