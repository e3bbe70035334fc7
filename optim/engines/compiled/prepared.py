"""Prepared updates: the code and the tables with which some updates were made, for the next run of the same.

The same rule and problem are run again and again: from other starts, with another tolerance. Where all
numbers of both stand in their records, they are known again by these.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple, cast

import numpy as np

from optim.engines.compiled.branches import Tables
from optim.engines.symbols import DType
from optim.optimizer import Optimizer
from stepsize.core.record import Record
from stepsize.core.user_values import is_outside

__all__ = ["Key", "Prepared", "content", "find", "keep"]

# Updates that are kept, and the bytes that the tables of one may take.
_MOST, _LARGEST = 16, 2**22
# Bytes of an array that is known again by its content, and where the content of a record is kept in it.
_LARGEST_ARRAY, _CONTENT = 2**16, "_content"

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
    return record.__dict__[_CONTENT]  # type: ignore[no-any-return]


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
