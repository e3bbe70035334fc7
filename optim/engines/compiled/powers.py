"""Powers beta**t, t = 1, 2, ...: taken by Python's own function, as a rule's text does, and kept.

The last digit of a power is that of the library which takes it. Python's takes some 50 ns, more than all else
of an update; but the same few numbers are asked for again in every run.
"""

from functools import lru_cache
from itertools import repeat
from typing import Any

import numpy as np

__all__ = ["powers"]

Array = np.ndarray[Any, Any]

# Powers that are kept of one number; beyond, they are taken each time.
_KEPT = 2**17


def powers(base: float, first: int, stop: int) -> Array:
    """Return base**t for t from `first` to `stop` - 1, with Python's bits.

    Raises
    ------
    ArithmeticError
        Where Python raises it.
    """
    if stop > _KEPT:
        return _taken(base, first, stop)
    length = 512
    while length < stop:
        length *= 4
    kept: Array = _table(base, min(length, _KEPT))
    return kept[first:stop]


@lru_cache(maxsize=32)
def _table(base: float, length: int) -> Array:
    # A power that overflows must be refused only if it is asked for.
    try:
        table = _taken(base, 0, length)
    except OverflowError:
        table = np.full(length, np.nan)
        for t in range(length):
            try:
                table[t] = base**t
            except OverflowError:
                break
    table.flags.writeable = False
    return table


def _taken(base: float, first: int, stop: int) -> Array:
    return np.fromiter(map(pow, repeat(base), range(first, stop)), float, stop - first)
