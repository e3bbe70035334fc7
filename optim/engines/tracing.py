"""Tracing: a rule is run once on symbols, which write down every operation instead of doing it.

A rule is straight-line arithmetic, so the list of NumPy calls that it makes is the rule. Two kinds of symbol
pass through it. Those for x, g and the slots stand for large arrays; what is done to them goes on the tape of
`calls`. Those for hyperparameters and for the count t know their value as well; what is done to them alone
goes on another tape, of `plain` operations, which Python redoes at each update with numbers, to the same
bits. If a rule asks whether something about them is true ("is this the first update?"), the answer is noted
as a guard: where the answer would differ, the rule is traced again. Whatever cannot be followed raises
`Untraceable`, and the rule is then run as it stands.
"""

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from optim.engines.trace_check import is_right
from optim.optimizer import Optimizer
from optim.user_rules import is_own
from stepsize.core import elementwise

__all__ = [
    "ON_NUMBERS",
    "Symbol",
    "Tape",
    "Trace",
    "Untraceable",
    "trace_output",
    "trace_function",
    "trace_update",
]


class Untraceable(Exception):  # noqa: N818  (not an error: the rule runs as it stands)
    """What a rule does cannot be written down."""


# What Python does where NumPy's ufunc stands on the tape: a number must come out with the bits that the rule
# gives.
ON_NUMBERS: dict[Any, Callable[..., Any]] = {
    np.add: operator.add,
    np.subtract: operator.sub,
    np.multiply: operator.mul,
    np.true_divide: operator.truediv,
    np.floor_divide: operator.floordiv,
    np.remainder: operator.mod,
    np.power: operator.pow,
    np.negative: operator.neg,
    np.positive: operator.pos,
    np.absolute: abs,
    np.less: operator.lt,
    np.less_equal: operator.le,
    np.greater: operator.gt,
    np.greater_equal: operator.ge,
    np.equal: operator.eq,
    np.not_equal: operator.ne,
} | {
    getattr(np, name): getattr(elementwise, name)
    for name in set(elementwise.__all__) - {"dot"}
    if hasattr(np, name)
}


# What NumPy computes by loops of its own, whose last digit may be another than that of Python's functions.
INEXACT = frozenset(
    (np.exp, np.exp2, np.expm1, np.log, np.log1p, np.log2, np.log10, np.sin, np.cos, np.tan, np.sinh, np.cosh)
) | {np.tanh, np.arcsin, np.arccos, np.arctan, np.arctan2, np.cbrt, np.hypot, np.power, np.float_power}

_TESTS = frozenset((np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal))
_ARITHMETIC = frozenset((np.add, np.subtract, np.multiply, np.true_divide, np.negative, np.positive))
# What is one correctly rounded operation, on floats as on arrays.
EXACT = frozenset(
    (*_TESTS, *_ARITHMETIC, np.absolute, np.sqrt, np.square, np.reciprocal, np.sign, np.where)
) | {np.maximum, np.minimum}

# What ``array ** number`` is to NumPy.
_POWERS: dict[float, Callable[[Any], Any]] = {
    2: lambda base: (np.multiply, (base, base)),
    1: lambda base: (np.positive, (base,)),
    0.5: lambda base: (np.sqrt, (base,)),
    -1: lambda base: (np.true_divide, (1.0, base)),
}


class Symbol(NDArrayOperatorsMixin):
    """Stands for an array or a number in a rule; `plain` ones know their value at the update being traced."""

    __slots__ = ("dtype", "index", "plain", "tape", "value")

    def __init__(self, tape: "Tape", index: int, plain: bool, value: Any, dtype: Any) -> None:
        self.tape, self.index, self.plain, self.value, self.dtype = tape, index, plain, value, dtype

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, **options: Any) -> "Symbol":
        if method != "__call__" or options or ufunc.nout != 1 or ufunc.signature is not None:
            raise Untraceable(f"{ufunc.__name__}, which is more than one operation a place")
        return self.tape.record(ufunc, args, ufunc if ufunc is np.power else ON_NUMBERS.get(ufunc, ufunc))

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        if function is np.where and len(args) == 3:
            return self.tape.record(np.where, args, elementwise.where)
        if function is np.zeros_like and not options:
            return 0.0
        raise Untraceable(f"{function.__name__} of an array")

    def __array__(self, *args: Any, **options: Any) -> Any:
        raise Untraceable("what needs the array itself")

    def __pow__(self, other: Any) -> Any:
        return self.tape.power(self, other)

    def __rpow__(self, other: Any) -> Any:
        return self.tape.power(other, self)

    def __divmod__(self, other: Any) -> Any:
        return self // other, self % other

    def __bool__(self) -> bool:
        if not self.plain:
            raise Untraceable("a branch on a value")
        outcome = bool(self.value)
        self.tape.guards.append((self.index, outcome))
        return outcome


@dataclass
class Tape:
    """What a rule did: operations on arrays, operations on numbers, and the answers that it relied on.

    Entries of `calls` and `plain` are (function, operands); a function of None marks what the rule was given,
    for `plain` with the path by which the hyperparameter is found.
    """

    dtype: Any
    own: bool = False
    calls: list[tuple[Any, Any]] = field(default_factory=list)
    plain: list[tuple[Any, Any]] = field(default_factory=list)
    guards: list[tuple[int, bool]] = field(default_factory=list)
    literal: bool = True

    def array(self) -> Symbol:
        """Return a symbol for an array that the rule is given."""
        self.calls.append((None, None))
        return Symbol(self, len(self.calls) - 1, False, None, self.dtype)

    def number(self, path: tuple[str, ...], value: Any) -> Symbol:
        """Return a symbol for a hyperparameter, or for t."""
        self.plain.append((None, path))
        return Symbol(self, len(self.plain) - 1, True, value, float)

    def record(self, function: Any, args: Any, on_numbers: Any) -> Symbol:
        """Write down an operation and return the symbol of its result; on numbers another function stands."""
        if not all(isinstance(a, Symbol | int | float | np.generic) for a in args):
            raise Untraceable("an operand that is no number")
        if any(isinstance(a, Symbol) and a.tape is not self for a in args):
            raise Untraceable("a value that another update left behind")
        if all(a.plain for a in args if isinstance(a, Symbol)):
            if self.own and on_numbers is not function and function in INEXACT - {np.power}:
                # NumPy's last digit is not always that of Python's own function.
                raise Untraceable(f"{function.__name__} of a number")
            value = on_numbers(*(a.value if isinstance(a, Symbol) else a for a in args))
            self.plain.append((on_numbers, args))
            return Symbol(self, len(self.plain) - 1, True, value, float)
        dtype = self._dtype(function, args)
        if any(isinstance(a, np.generic) and a.dtype != np.float64 for a in args):
            self.literal = False  # on a Python float it would not be the same
            args = tuple(a.item() if isinstance(a, np.generic) else a for a in args)
        self.calls.append((function, args))
        return Symbol(self, len(self.calls) - 1, False, None, dtype)

    def power(self, base: Any, exponent: Any) -> Symbol:
        """Write down base**exponent, which of an array and some numbers is another operation to NumPy."""
        number = exponent.value if isinstance(exponent, Symbol) and exponent.plain else exponent
        on_array = isinstance(base, Symbol) and not base.plain
        if not on_array or type(number) not in (int, float) or number not in _POWERS:
            self.literal = self.literal and not on_array and not is_array(exponent)
            return self.record(np.power, (base, exponent), operator.pow)
        if number is not exponent:
            if self.own:
                raise Untraceable("a power that depends on a hyperparameter")
            return self.record(np.power, (base, exponent), operator.pow)
        self.literal = False  # a float to the power 2 is not always its square
        power: Any = number
        function, args = _POWERS[power](base)
        return self.record(function, args, function)

    def _dtype(self, function: Any, args: Any) -> Any:
        kinds = [a.dtype if isinstance(a, Symbol | np.generic) else float for a in args]
        if function is np.where:
            return self.dtype
        try:
            dtype = function.resolve_dtypes((*kinds, None))[-1]
        except TypeError as error:
            raise Untraceable(f"{function.__name__} of {kinds}") from error
        if dtype not in (self.dtype, np.dtype(bool)):
            raise Untraceable(f"{function.__name__} gives {dtype}")
        return dtype


class Trace:
    """A rule written down: the operations that its results need, and the numbers that these read."""

    def __init__(self, tape: Tape, outputs: list[Any]) -> None:
        self.dtype, self.plain, self.guards = tape.dtype, tape.plain, dict(tape.guards)
        self.given = sum(function is None for function, _ in tape.calls)
        # Every result needs an operation of its own, so that it can have an array of its own.
        seen: set[int] = set()
        self.outputs: list[int] = []
        for output in outputs:
            own = isinstance(output, Symbol) and not output.plain and tape.calls[output.index][0] is not None
            if not own or output.index in seen:
                tape.calls.append((np.positive, (output,)))
                self.outputs.append(len(tape.calls) - 1)
            else:
                self.outputs.append(output.index)
            seen.add(self.outputs[-1])
        self.calls = tape.calls
        self.dtypes = self._dtypes()
        self.needed = self._needed()
        # Whether floats give the same bits by the operations, and by the text itself.
        self.exact = all(self._is_exact(i) for i in self.needed)
        self.literal = self.exact and tape.literal
        self.numbers = sorted({a.index for i in self.needed for a in self.calls[i][1] if is_number(a)})

    def known(self, hypers: Any) -> list[Any] | None:
        """Return the value of every number at an update, or None if the rule takes another branch there."""
        values = [None] * len(self.plain)
        return values if self.renew(values, range(len(self.plain)), hypers, {}) else None

    def renew(self, values: list[Any], which: Iterable[int], hypers: Any, instead: Mapping[int, Any]) -> bool:
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

    def evaluate(self, given: list[Any], numbers: list[Any]) -> list[Any]:
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
        return function in EXACT and not any(allowed) and (self.dtypes[i] != np.bool_ or function in _TESTS)

    def _needed(self) -> list[int]:
        wanted = set(self.outputs)
        for i in range(len(self.calls) - 1, self.given - 1, -1):
            if i in wanted:
                wanted.update(a.index for a in self.calls[i][1] if is_array(a))
        return [i for i in range(self.given, len(self.calls)) if i in wanted]

    def _dtypes(self) -> list[Any]:
        dtypes: dict[int, Any] = dict.fromkeys(range(len(self.calls)), self.dtype)
        for _, args in self.calls:
            for a in args or ():
                if is_array(a):
                    dtypes[a.index] = a.dtype
        return list(dtypes.values())


def is_array(operand: Any) -> bool:
    """Whether an operand stands for a large array."""
    return isinstance(operand, Symbol) and not operand.plain


def is_number(operand: Any) -> bool:
    """Whether an operand stands for what follows from hyperparameters alone."""
    return isinstance(operand, Symbol) and operand.plain


def look_up(hypers: Any, path: tuple[str, ...]) -> Any:
    """Return the hyperparameter of a resolved record, or of one inside it, at the end of a path."""
    for name in path[:-1]:
        hypers = hypers.__dict__[name]
    return hypers.__dict__[path[-1]]


def trace_update(optimizer: Optimizer, hypers: Any, slots: int, dtype: Any) -> Trace:
    """Return the trace of an update: from x, g and the slots to the next x and slots.

    Raises
    ------
    Untraceable
        If the rule is more than straight-line arithmetic on arrays.
    """
    own = is_own(optimizer)
    tape = Tape(np.dtype(dtype), own)
    x, g = tape.array(), tape.array()
    old = tuple(tape.array() for _ in range(slots))
    trace = _followed(tape, lambda: _flat(optimizer.update(x, g, old, _symbolic(hypers, tape, ()))))
    if own and not is_right(trace, optimizer, hypers, slots):
        raise Untraceable("a rule that asks what it was given")
    return trace


def trace_output(optimizer: Optimizer, slots: int, dtype: Any) -> Trace:
    """Return the trace of the answer, from x, the gradient (unused) and the slots.

    Raises
    ------
    Untraceable
        If the answer is more than straight-line arithmetic.
    """
    tape = Tape(np.dtype(dtype), is_own(optimizer))
    x, _ = tape.array(), tape.array()
    old = tuple(tape.array() for _ in range(slots))
    return _followed(tape, lambda: [optimizer.output(x, old)])


def trace_function(function: Callable[[Any], Any], inputs: int, dtype: Any) -> Trace:
    """Return the trace of a function written by components, from a list of coordinates to another list."""
    tape = Tape(np.dtype(dtype))
    coordinates = [tape.array() for _ in range(inputs)]
    return _followed(tape, lambda: list(function(coordinates)))


def _flat(result: Any) -> list[Any]:
    x, slots = result
    return [x, *slots]


def _followed(tape: Tape, rule: Callable[[], list[Any]]) -> Trace:
    try:
        outputs = rule()
        if all(isinstance(o, Symbol | int | float) for o in outputs):
            return Trace(tape, outputs)
    except Untraceable:
        raise
    except (TypeError, AttributeError, ValueError, ArithmeticError, IndexError) as error:
        # A symbol is no array: what else a rule may ask of one, it does not have.
        raise Untraceable(str(error)) from error
    raise Untraceable("a result that is no number")


def _symbolic(hypers: Any, tape: Tape, path: tuple[str, ...]) -> Any:
    """Return a resolved record with symbols in place of its hyperparameters, and of t."""
    copy = object.__new__(type(hypers))
    names = {*hypers.own_hypers(), "t"}
    for name, value in hypers.__dict__.items():
        if isinstance(value, Optimizer):
            value = _symbolic(value, tape, (*path, name))
        elif name in names:
            value = tape.number((*path, name), value)
        copy.__dict__[name] = value
    return copy
