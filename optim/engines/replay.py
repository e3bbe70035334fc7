"""Replaying: a trace becomes a list of NumPy calls on fixed arrays, and running the rule is going down it.

Each operation writes into an array that exists already: the next x and slots into the place of the old ones
as soon as nobody reads those any more, everything between into a few scratch arrays, the one freed last
first, because it is still in the cache. Not one temporary is made, and as every call is the one that the rule
would make itself, every bit is the same. A `Plan` says who writes where; binding it to arrays gives the
calls.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from optim.engines.symbols import DType, Operand, Operation, is_array, is_number
from optim.engines.tracing import Trace
from optim.hyperparameters import Numbers

__all__ = ["Plan", "Workspace", "scalar_buffer_for", "dtype_of", "fill"]

Array = np.ndarray[Any, Any]

# Where an operand is found: among the arrays given to the rule or taking its results, the scratch arrays, the
# scalar buffers that hold numbers, or, for a constant, right there.
Place = tuple[str, Any]


class Workspace:
    """Arrays of one shape to calculate in, shared by everything that runs one after the other."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape
        self._arrays: dict[tuple[DType, int], Array] = {}

    def array(self, key: tuple[DType, int]) -> Array:
        """Return the array of that (dtype, number), always the same one."""
        if key not in self._arrays:
            self._arrays[key] = np.empty(self.shape, key[0])
        return self._arrays[key]


class Plan:
    """Which array each operation of a trace reads, and into which it writes.

    Parameters
    ----------
    trace : Trace
    into : sequence of int
        Where each result goes, by number: those below ``trace.given`` are the arrays given to the rule (0 is
        x, 1 is g, then the slots), which it then overwrites; others are arrays of their own.
    spare : sequence of int
        Which of the given arrays, none that takes a result, may serve as scratch once they have been read.
    """

    def __init__(self, trace: Trace, into: Sequence[int], spare: Sequence[int] = ()) -> None:
        self.trace = trace
        self.calls: list[tuple[Operation, list[Place], Place]] = []
        last = _last_reads(trace)
        goal: dict[int, Place] = {i: ("array", into[j]) for j, i in enumerate(trace.outputs)}
        home: dict[int, Place] = {k: ("array", k) for k in range(trace.given)}
        borrowed = {*spare}
        free: dict[DType, list[Place]] = {}
        count = 0
        late: list[tuple[Operation, list[Place], Place]] = []
        for i in trace.needed:
            function, args = trace.calls[i]
            sources = [_place(a, home) for a in args]
            choice = function is np.where
            # A call may write over what it reads, place by place; a choice between two arrays may not.
            busy = [home[k] for k in home if last[k] > i or (choice and last[k] == i)]
            done = {a.index for a in args if is_array(a) and last[a.index] == i} & borrowed
            borrowed -= done
            if not choice:
                _release(done, trace, home, free)
            if i in goal and goal[i] not in busy:
                home[i] = goal[i]
            else:
                pool = free.setdefault(trace.dtypes[i], [])
                if not pool:
                    pool.append(("scratch", (trace.dtypes[i], count)))
                    count += 1
                home[i] = pool.pop()
                if i in goal:
                    late.append((np.positive, [home[i]], goal[i]))
                else:
                    borrowed.add(i)
            if choice:
                _release(done, trace, home, free)
            self.calls.append((choose if choice else function, sources, home[i]))
        self.calls += late
        self.calls = [c for c in self.calls if not (c[0] is np.positive and c[1] == [c[2]])]

    def bind(
        self, arrays: Sequence[Array], scalar_buffers: dict[int, Array], workspace: Workspace
    ) -> list[Callable[[], object]]:
        """Return the calls on these arrays, those given first, then those of results, and these buffers."""
        found: dict[str, Callable[[Any], Array]] = {
            "array": arrays.__getitem__,
            "scratch": workspace.array,
            "buffer": scalar_buffers.__getitem__,
            "constant": lambda value: np.asarray(value, dtype_of(value, self.trace.dtype)),
        }
        calls: list[Callable[[], object]] = []
        for function, places, (kind, key) in self.calls:
            sources, target = [found[kind](key) for kind, key in places], found[kind](key)
            # NumPy takes a result by position faster, but no longer from these two.
            named = function in (np.maximum, np.minimum)
            calls.append(
                partial(function, *sources, out=target) if named else partial(function, *sources, target)
            )
        return calls


def choose(condition: Array, a: Array, b: Array, out: Array) -> None:
    """Write a where the condition holds and b elsewhere; `out` is none of the three."""
    np.copyto(out, b)
    np.copyto(out, a, where=condition)


def scalar_buffer_for(value: Numbers, dtype: DType, shape: tuple[int, ...]) -> Array:
    """Return an array for a number that operations read, holding its value; a run's own values one a column.

    Where runs have values of their own, those are spread over small arrays whole: NumPy is slower at
    broadcasting than at reading.
    """
    spread = np.ndim(value) > 0 and np.prod(shape) <= 16384
    scalar_buffer = np.empty(shape if spread else np.shape(value)[::-1], dtype_of(value, dtype))
    fill(scalar_buffer, value)
    return scalar_buffer


def dtype_of(value: Numbers, dtype: DType) -> DType:
    """Return the dtype in which a number meets arrays of `dtype`: theirs, unless it is a flag."""
    return np.bool_ if np.asarray(value).dtype == np.bool_ else dtype


def fill(scalar_buffer: Array, value: Numbers) -> None:
    """Put a new value into a scalar buffer."""
    scalar_buffer[...] = value.T if isinstance(value, np.ndarray) else value


def _place(operand: Operand, home: dict[int, Place]) -> Place:
    if is_array(operand):
        return home[operand.index]
    return ("buffer", operand.index) if is_number(operand) else ("constant", operand)


def _release(done: set[int], trace: Trace, home: dict[int, Place], free: dict[DType, list[Place]]) -> None:
    for k in done:
        free.setdefault(trace.dtypes[k], []).append(home[k])


def _last_reads(trace: Trace) -> dict[int, int]:
    """Return for every value the operation that reads it last; -1 if none does, and no end for results."""
    last = dict.fromkeys([*range(trace.given), *trace.needed], -1)
    for i in trace.needed:
        last.update({a.index: i for a in trace.calls[i][1] if is_array(a)})
    return last | dict.fromkeys(trace.outputs, len(trace.calls))
