"""Tracing: a rule is run once on symbols, which write down every operation instead of doing it.

A rule is straight-line arithmetic, so the list of NumPy calls that it makes is the rule. Two kinds of symbol
pass through it. Those for x, g and the slots stand for large arrays; what is done to them is recorded in
`calls`. Those for hyperparameters and for the count t know their value as well; what is done to them alone
is recorded in `plain`, which Python redoes at each update with numbers, to the same
bits. If a rule asks whether something about them is true ("is this the first update?"), the answer is noted
as a guard: where the answer would differ, the rule is traced again. Whatever cannot be followed raises
`Untraceable`, and the rule is then run as it stands.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from optim.engines.symbols import (
    EXACT,
    TESTS,
    DType,
    Operand,
    Operation,
    Recording,
    Symbol,
    Untraceable,
    is_array,
    is_number,
)
from optim.engines.trace_check import is_right
from optim.hyperparameters import Numbers, Resolved
from optim.optimizer import Optimizer, Slots
from optim.user_rules import is_own

# A symbol is no array: what else may be asked of one, it does not have. A rule from outside may say so in
# errors of its own.
_MISSING = (TypeError, AttributeError, ValueError, ArithmeticError, IndexError)

__all__ = ["Trace", "look_up", "trace_function", "trace_output", "trace_update"]

Array = np.ndarray[Any, Any]


class Trace:
    """A rule written down: the operations that its results need, and the numbers that these read."""

    def __init__(self, recording: Recording, outputs: list[Operand]) -> None:
        self.dtype, self.plain, self.guards = recording.dtype, recording.plain, dict(recording.guards)
        self.given = sum(function is None for function, _ in recording.calls)
        # Every result needs an operation of its own, so that it can have an array of its own.
        taken: set[int] = set()
        self.outputs: list[int] = []
        for output in outputs:
            own = (
                isinstance(output, Symbol)
                and not output.plain
                and recording.calls[output.index][0] is not None
            )
            if not own or output.index in taken:
                recording.calls.append((np.positive, (output,)))
                self.outputs.append(len(recording.calls) - 1)
            else:
                self.outputs.append(output.index)
            taken.add(self.outputs[-1])
        self.calls = recording.calls
        self.dtypes = self._dtypes()
        self.needed = self._needed()
        # Whether floats give the same bits by the operations, and by the text itself.
        self.exact = all(self._is_exact(i) for i in self.needed)
        self.literal = self.exact and recording.literal
        self.numbers = sorted({a.index for i in self.needed for a in self.calls[i][1] if is_number(a)})

    def known(self, hypers: Resolved) -> list[Numbers] | None:
        """Return the value of every number at an update, or None if the rule takes another branch there."""
        values = [None] * len(self.plain)
        return values if self.renew(values, range(len(self.plain)), hypers, {}) else None

    def renew(
        self, values: list[Numbers], which: Iterable[int], hypers: Resolved, instead: Mapping[int, Operation]
    ) -> bool:
        """Put the new values of some numbers among the others; False if the rule takes another branch.

        `instead` has what to call in place of the function that the rule calls.
        """
        try:
            for i in which:
                function, args = self.plain[i]
                if function is None:
                    value = look_up(hypers, args)
                else:
                    function = instead.get(i, function)
                    value = function(*[values[a.index] if type(a) is Symbol else a for a in args])
                if i in self.guards and bool(value) != self.guards[i]:
                    return False
                values[i] = value
        except (ArithmeticError, ValueError):
            return False
        return True

    def evaluate(self, given: list[Array], numbers: list[Numbers]) -> list[Numbers]:
        """Return the results for arrays in place of what the rule was given, one operation after another."""
        values = dict(enumerate(given))
        for i in self.needed:
            function, args = self.calls[i]
            operands = [
                values[a.index] if is_array(a) else numbers[a.index] if is_number(a) else a for a in args
            ]
            dtypes = [self.dtype if type(a) in (int, float) else None for a in operands]
            values[i] = function(*(np.asarray(a, dtype) for a, dtype in zip(operands, dtypes, strict=True)))
        return [values[i] for i in self.outputs]

    def moving(self, still: Callable[[tuple[str, ...]], bool]) -> list[int]:
        """Return the numbers that change from update to update, given which hyperparameters stand still."""
        moves: list[bool] = []
        for function, args in self.plain:
            if function is None:
                moves.append(not still(args))
            else:
                moves.append(any(moves[a.index] for a in args if type(a) is Symbol))
        return [i for i, moved in enumerate(moves) if moved]

    def _is_exact(self, i: int) -> bool:
        """Whether an operation is the same on floats, where a flag is a number and may only be chosen by."""
        function, args = self.calls[i]
        flags = [is_array(a) and self.dtypes[a.index] == np.bool_ for a in args]
        allowed = flags[1:] if function is np.where else flags
        return function in EXACT and not any(allowed) and (self.dtypes[i] != np.bool_ or function in TESTS)

    def _needed(self) -> list[int]:
        wanted = set(self.outputs)
        for i in range(len(self.calls) - 1, self.given - 1, -1):
            if i in wanted:
                wanted.update(a.index for a in self.calls[i][1] if is_array(a))
        return [i for i in range(self.given, len(self.calls)) if i in wanted]

    def _dtypes(self) -> list[DType]:
        dtypes: dict[int, DType] = dict.fromkeys(range(len(self.calls)), self.dtype)
        for _, args in self.calls:
            for a in args or ():
                if is_array(a):
                    dtypes[a.index] = a.dtype
        return list(dtypes.values())


def look_up(hypers: Resolved, path: tuple[str, ...]) -> Numbers:
    """Return the hyperparameter of a resolved record, or of one inside it, at the end of a path."""
    for name in path[:-1]:
        hypers = hypers.__dict__[name]
    return getattr(hypers, path[-1])  # a number of a class from outside may be no field of it


def trace_update(optimizer: Optimizer, hypers: Resolved, slots: int, dtype: DType) -> Trace:
    """Return the trace of an update: from x, g and the slots to the next x and slots.

    Raises
    ------
    Untraceable
        If the rule is more than straight-line arithmetic on arrays.
    """
    own = is_own(optimizer)
    recording = Recording(np.dtype(dtype), own)
    x, g = recording.array(), recording.array()
    old = tuple(recording.array() for _ in range(slots))
    trace = _followed(recording, lambda: _flat(optimizer.update(x, g, old, _symbolic(hypers, recording, ()))))
    if own and not is_right(trace, optimizer, hypers, slots):
        raise Untraceable("a rule that asks what it was given")
    return trace


def trace_output(optimizer: Optimizer, slots: int, dtype: DType) -> Trace:
    """Return the trace of the answer, from x, the gradient (unused) and the slots.

    Raises
    ------
    Untraceable
        If the answer is more than straight-line arithmetic.
    """
    recording = Recording(np.dtype(dtype), is_own(optimizer))
    x, _ = recording.array(), recording.array()
    old = tuple(recording.array() for _ in range(slots))
    return _followed(recording, lambda: [optimizer.output(x, old)])


def trace_function(
    function: Callable[[list[Symbol]], Iterable[Operand]], inputs: int, dtype: DType, own: bool = False
) -> Trace:
    """Return the trace of a function written by components, from a list of coordinates to another list."""
    recording = Recording(np.dtype(dtype), own)
    coordinates = [recording.array() for _ in range(inputs)]
    return _followed(recording, lambda: list(function(coordinates)))


def _flat(result: tuple[Numbers, Slots]) -> list[Numbers]:
    x, slots = result
    return [x, *slots]


def _followed(recording: Recording, rule: Callable[[], list[Operand]]) -> Trace:
    try:
        outputs = rule()
        if recording.refused:  # the rule went another way
            raise Untraceable(recording.refused)
        if all(isinstance(o, Symbol | int | float) for o in outputs):
            return Trace(recording, outputs)
    except Untraceable:
        raise
    except Exception as error:
        if not (recording.own or isinstance(error, _MISSING)):
            raise
        raise Untraceable(str(error)) from error
    raise Untraceable("a result that is no number")


def _symbolic(hypers: Resolved, recording: Recording, path: tuple[str, ...]) -> Resolved:
    """Return a resolved record with symbols in place of its hyperparameters, and of t."""
    copy = object.__new__(type(hypers))
    names = {*hypers.own_hypers(), "t"}
    for name, value in hypers.__dict__.items():
        if isinstance(value, Optimizer):
            value = _symbolic(value, recording, (*path, name))
        elif name in names:
            value = recording.number((*path, name), value)
        copy.__dict__[name] = value
    return copy
