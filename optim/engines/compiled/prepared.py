"""Prepared updates: the code and the tables with which some updates were made, for the next run of the same.

The same rule and problem are run again and again: from other starts, with another tolerance. Where all
numbers of both stand in their records, they are known again by these. The history of such a run goes into one
piece of memory: a large piece costs the system less than many.
"""

import math
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple, cast

import numpy as np

from optim.engines.compiled.branches import Tables
from optim.engines.compiled.llvm import address_of
from optim.engines.symbols import DType
from optim.optimizer import Optimizer
from stepsize.core.record import Record
from stepsize.core.user_values import is_outside

__all__ = ["Columns", "Key", "Layout", "Prepared", "content", "find", "keep", "layout_of"]

Array = np.ndarray[Any, Any]

# Updates that are kept, and the bytes that the tables of one may take.
_MOST, _LARGEST = 16, 2**22
# Bytes of an array that is known again by its content, and where the content of a record is kept in it.
_LARGEST_ARRAY, _CONTENT = 2**16, "_content"

# Bytes that a processor fetches at a time: every column of a history begins where such a piece does.
_LINE = 64

# Which updates: the contents of rule and problem, the shape of a run; the first update, and how many.
Key = tuple[Any, Any, int, DType, int, int]


class Prepared(NamedTuple):
    """All that some updates of a run are made with."""

    tables: Tables
    function: Callable[..., int]


_KEPT: OrderedDict[Key, Prepared] = OrderedDict()


def find(key: Key) -> Prepared | None:
    """Return what was kept."""
    return None if key[0] is None or key[1] is None else _KEPT.get(key)


def keep(key: Key, prepared: Prepared) -> None:
    """Keep what updates were made with, unless it is large, or rule or problem are not known again."""
    if key[0] is None or key[1] is None or prepared.tables.nbytes > _LARGEST:
        return
    _KEPT[key] = prepared
    while len(_KEPT) > _MOST:
        try:
            _KEPT.popitem(last=False)
        except KeyError:  # another thread was faster
            break


def content(record: object) -> tuple[Any, ...] | None:
    """Return the class and the fields of a record; None if one is a function or schedule, or may change.

    A rule or problem from outside may read names of its module, which change.

    Examples
    --------
    >>> from optim import SGD
    >>> content(SGD(lr=0.1)) == content(SGD(lr=0.1)), content(SGD(lr=0.1)) == content(SGD(lr=0.2))
    (True, False)
    >>> content(SGD(lr=lambda n: 0.1)) is None
    True
    """
    if not isinstance(record, Record):
        return None
    if _CONTENT not in record.__dict__:  # a record never changes
        record.__dict__[_CONTENT] = _content(record)
    found: tuple[Any, ...] | None = record.__dict__[_CONTENT]
    return found


def _content(record: Record) -> tuple[Any, ...] | None:
    if is_outside(type(record)):
        return None
    found: list[Any] = [type(record)]
    for _, value in record.fields():
        part = value if type(value) is float and value else _part(value)
        if part is None:
            return None
        found.append(part)
    return tuple(found)


def _part(value: object) -> Any:
    """Return by what the value of a field is known again; None if by nothing."""
    kind = type(value)
    if kind in _PLAIN or (
        kind is tuple and all(type(item) in _PLAIN for item in cast("tuple[Any, ...]", value))
    ):
        return repr(value)  # the two zeros are not the same, nor are 1 and True
    if isinstance(value, np.ndarray):
        return (value.shape, value.dtype.str, value.tobytes()) if value.nbytes <= _LARGEST_ARRAY else None
    # A record that can be called is a schedule, unless it is a rule.
    return content(value) if isinstance(value, Optimizer) or not callable(value) else None


_PLAIN = frozenset((float, int, bool, str, type(None)))


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
