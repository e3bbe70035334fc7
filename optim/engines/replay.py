"""Replaying: a trace becomes a list of NumPy calls on fixed arrays, and running the rule is walking down the list.

Each operation writes into an array that exists already: the next x and slots into the place of the old ones as soon as
nobody reads those any more, everything between into a few scratch arrays, the one freed last first, because it is
still in the cache. Not one temporary is made, and as every call is the one that the rule would make itself, every bit
is the same.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from optim.engines.tracing import Trace, is_array, is_number

__all__ = ["Scratch", "calls_of", "cell_for", "fill"]

Array = np.ndarray[Any, Any]


class Scratch:
    """Arrays of one shape to calculate in, shared by everything that runs one after the other."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape
        self._free: dict[Any, list[Array]] = {}

    def take(self, dtype: Any) -> Array:
        """Return the array that was given back last, or a new one."""
        free = self._free.setdefault(np.dtype(dtype), [])
        return free.pop() if free else np.empty(self.shape, dtype)

    def give(self, arrays: Sequence[Array]) -> None:
        """Take arrays back."""
        for array in arrays:
            self._free.setdefault(array.dtype, []).append(array)

    def forget(self, arrays: Sequence[Array]) -> None:
        """Let go of arrays that were lent by others."""
        for free in self._free.values():
            free[:] = [mine for mine in free if not any(mine is array for array in arrays)]


def choose(condition: Array, a: Any, b: Any, out: Array) -> None:
    """Write a where the condition holds and b elsewhere; `out` is none of the three."""
    np.copyto(out, b)
    np.copyto(out, a, where=condition)


def cell_for(value: Any, dtype: Any, shape: tuple[int, ...]) -> Array:
    """Return an array for a number that operations read, holding its value; a run's own values one a column.

    Where runs have values of their own, those are spread over small arrays whole: NumPy is slower at
    broadcasting than at reading.
    """
    spread = np.ndim(value) > 0 and np.prod(shape) <= 16384
    cell = np.empty(shape if spread else np.shape(value)[::-1], _dtype(value, dtype))
    fill(cell, value)
    return cell


def fill(cell: Array, value: Any) -> None:
    """Put a new value into a cell."""
    cell[...] = value.T if isinstance(value, np.ndarray) else value


def calls_of(
    trace: Trace,
    given: Sequence[Array],
    into: Sequence[Array],
    cells: dict[int, Array],
    scratch: Scratch,
    spare: Sequence[int] = (),
) -> list[Callable[[], Any]]:
    """Return the calls that compute a trace.

    Parameters
    ----------
    trace : Trace
    given : sequence of ndarray
        The arrays that the rule is given: x, g and the slots.
    into : sequence of ndarray
        Where its results go; these may be some of `given`.
    cells : dict of ndarray
        For each number in ``trace.numbers`` the array from which it is read.
    scratch : Scratch
        Arrays to calculate in.
    spare : sequence of int
        Which of `given` may serve as scratch once they have been read.
    """
    last = _last_reads(trace)
    goal = {i: into[j] for j, i in enumerate(trace.outputs)}
    home: dict[int, Array] = dict(enumerate(given))
    borrowed = {k for k in spare if last[k] >= 0}
    calls: list[Callable[[], Any]] = []
    late: list[tuple[Array, Array]] = []

    def source(operand: Any) -> Array:
        if is_array(operand):
            return home[operand.index]
        return (
            cells[operand.index] if is_number(operand) else np.asarray(operand, _dtype(operand, trace.dtype))
        )

    for i in trace.needed:
        function, args = trace.calls[i]
        sources = [source(a) for a in args]
        choice = function is np.where
        # A call may write over what it reads, place by place; a choice between two arrays may not.
        busy = [home[k] for k in home if last[k] > i or (choice and last[k] == i)]
        done = {a.index for a in args if is_array(a) and last[a.index] == i} & borrowed
        freed = [home[k] for k in done]
        borrowed -= done
        if not choice:
            scratch.give(freed)
        if i in goal and not any(array is goal[i] for array in busy):
            home[i] = goal[i]
        else:
            home[i] = scratch.take(trace.dtypes[i])
            if i in goal:
                late.append((goal[i], home[i]))
            else:
                borrowed.add(i)
        if choice:
            scratch.give(freed)
        if function is np.positive and sources[0] is home[i]:
            continue
        calls.append(partial(choose if choice else function, *sources, home[i]))
    scratch.give([array for _, array in late])
    scratch.forget([given[k] for k in spare])
    return calls + [partial(np.copyto, target, array) for target, array in late]


def _last_reads(trace: Trace) -> dict[int, int]:
    """Return for every value the operation that reads it last; -1 if none does, and no end for results."""
    last = dict.fromkeys([*range(trace.given), *trace.needed], -1)
    for i in trace.needed:
        last.update({a.index: i for a in trace.calls[i][1] if is_array(a)})
    return last | dict.fromkeys(trace.outputs, len(trace.calls))


def _dtype(value: Any, dtype: Any) -> Any:
    return np.bool_ if isinstance(value, bool | np.bool_) else dtype
