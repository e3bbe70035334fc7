"""Columns: what the compiled loop of a single run writes, in one piece of memory.

A large piece costs the system less than many; and the addresses of all columns follow from that of the first.
"""

import math
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

__all__ = ["Columns", "columns_for"]

Array = np.ndarray[Any, Any]

# Bytes that a processor fetches at a time: every column begins where such a piece does.
_LINE = 64


class Columns(NamedTuple):
    """What the loop writes, in the order of its arguments; then the rates, and where the run stands."""

    xs: Array
    gs: Array
    outputs: Array
    fs: Array
    norms: Array
    steps: Array
    overshoot: Array
    rates: Array
    state: Array

    def cut(self, count: int) -> "Columns":
        """Return copies of the rows of so many updates."""
        rows = (count + 1,) * 5 + (count,) * 3 + (len(self.state),)
        return Columns(*(a[:row].copy() for a, row in zip(self, rows, strict=True)))


def columns_for(
    count: int, dim: int, dtype: np.dtype[Any], separate: bool, rates: tuple[int, ...], slots: int
) -> tuple[Columns, list[int]]:
    """Return arrays for so many updates, and their addresses.

    Parameters
    ----------
    count, dim : int
    dtype : dtype
    separate : bool
        Whether there are points to report beside the points.
    rates : tuple of int
        The shape of the rates.
    slots : int
    """
    size, places = _layout(count, dim, dtype, separate, rates, slots)
    memory = np.empty(size, np.uint8)
    start = memory.ctypes.data
    arrays = [np.ndarray(shape, kind, memory, low) for shape, kind, low in places]
    return Columns(*arrays), [start + low for _, _, low in places]


@lru_cache(maxsize=64)
def _layout(
    count: int, dim: int, dtype: np.dtype[Any], separate: bool, rates: tuple[int, ...], slots: int
) -> tuple[int, list[tuple[tuple[int, ...], np.dtype[Any], int]]]:
    """Return the bytes of all columns; and of each its shape, its dtype and where it begins."""
    point, one, double = (count + 1, dim), (count + 1,), np.dtype(float)
    columns: list[tuple[tuple[int, ...], np.dtype[Any]]] = [
        (point, dtype),
        (point, dtype),
        (point, dtype),
        (one, double),
        (one, dtype),
        ((count,), dtype),
        ((count,), np.dtype(bool)),
        (rates, double),
        (((2 + slots) * dim,), dtype),
    ]
    places: list[tuple[tuple[int, ...], np.dtype[Any], int]] = []
    low = 0
    for k, (shape, kind) in enumerate(columns):
        if k == _OUTPUTS and not separate:  # they are the points
            places.append((shape, kind, 0))
            continue
        places.append((shape, kind, low))
        low += -(-math.prod(shape) * kind.itemsize // _LINE) * _LINE
    return low, places


_OUTPUTS = Columns._fields.index("outputs")
