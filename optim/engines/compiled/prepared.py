"""Prepared updates: the code and the tables with which some updates were made, for the next run of the same.

The same rule and problem are run again and again: from other starts, with another tolerance. Records do not
change; so where all numbers of a rule stand in its record, the same objects stand for the same updates.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from optim.engines.compiled.branches import Tables
from optim.engines.symbols import DType
from optim.optimizer import Optimizer
from stepsize.core.protocols import DescentProblem
from stepsize.core.record import Record

__all__ = ["Key", "Prepared", "find", "keep", "key_of"]

# Updates that are kept, and the bytes that the tables of one may take.
_MOST, _LARGEST = 16, 2**21

# Which updates: of rule and problem, by their identity, and the shape of a run; the first, and how many.
Key = tuple[int, int, int, DType, int, int]


class Prepared(NamedTuple):
    """All that some updates of a run are made with; rule and problem, so that their identity stays theirs."""

    optimizer: Optimizer
    problem: DescentProblem
    tables: Tables
    function: Callable[..., int]


_KEPT: OrderedDict[Key, Prepared] = OrderedDict()


def key_of(
    optimizer: Optimizer, problem: DescentProblem, dim: int, dtype: DType, n: int, count: int
) -> Key | None:
    """Return by what updates are kept; None if the rule's numbers are not all in its record."""
    if not isinstance(problem, Record) or not _is_plain(optimizer):
        return None
    return id(optimizer), id(problem), dim, dtype, n, count


def find(key: Key | None) -> Prepared | None:
    """Return what was kept."""
    return None if key is None else _KEPT.get(key)


def keep(key: Key | None, prepared: Prepared) -> None:
    """Keep what updates were made with, unless it is large."""
    if key is None or prepared.tables.nbytes > _LARGEST:
        return
    _KEPT[key] = prepared
    while len(_KEPT) > _MOST:
        try:
            _KEPT.popitem(last=False)
        except KeyError:  # another thread was faster
            break


def _is_plain(optimizer: Optimizer) -> bool:
    """Whether no schedule or function stands for a number, in a rule or one inside it."""
    return all(
        _is_plain(value) if isinstance(value, Optimizer) else not callable(value)
        for value in vars(optimizer).values()
        if type(value) is not float
    )
