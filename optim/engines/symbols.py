"""Symbols: they write down every operation that a rule makes of them, instead of doing it."""

import operator
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NoReturn

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from optim.hyperparameters import Numbers
from stepsize.core import elementwise

__all__ = [
    "DType",
    "EXACT",
    "ON_NUMBERS",
    "Operand",
    "Operation",
    "Call",
    "Recording",
    "Symbol",
    "TESTS",
    "Untraceable",
    "is_array",
    "is_number",
]

Array = np.ndarray[Any, Any]
DType = np.dtype[Any] | type
# A NumPy function, or what does the same on numbers; their types have nothing in common.
Operation = Any
# What an operation is applied to: a symbol, or a number as it stands in the rule.
Operand = Any
Call = tuple[Operation, Any]  # with its operands; of what the rule was given, with its path or None


class Untraceable(Exception):  # noqa: N818  (not an error: the rule runs as it stands)
    """What a rule does cannot be written down."""


# What Python does where NumPy's ufunc is recorded: a number must come out with the bits that the rule
# gives.
ON_NUMBERS: dict[Operation, Operation] = {
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


TESTS = frozenset((np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal))
_ARITHMETIC = frozenset((np.add, np.subtract, np.multiply, np.true_divide, np.negative, np.positive))
# What is one correctly rounded operation, on floats as on arrays.
EXACT = frozenset(
    (*TESTS, *_ARITHMETIC, np.absolute, np.sqrt, np.square, np.reciprocal, np.sign, np.where)
) | {np.maximum, np.minimum}


# What ``array ** number`` is to NumPy.
_POWERS: dict[float, Callable[["Symbol"], tuple[Operation, tuple[Operand, ...]]]] = {
    2: lambda base: (np.multiply, (base, base)),
    1: lambda base: (np.positive, (base,)),
    0.5: lambda base: (np.sqrt, (base,)),
    -1: lambda base: (np.true_divide, (1.0, base)),
}


class Symbol(NDArrayOperatorsMixin):
    """Stands for an array or a number in a rule; `plain` ones know their value at the update being traced."""

    __slots__ = ("dtype", "index", "plain", "recording", "value")

    def __init__(self, recording: "Recording", index: int, plain: bool, value: Numbers, dtype: DType) -> None:
        self.recording, self.index, self.plain, self.value, self.dtype = recording, index, plain, value, dtype

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *args: Operand, **options: object) -> "Symbol":
        if method != "__call__" or options or ufunc.nout != 1 or ufunc.signature is not None:
            self.recording.refuse(f"{ufunc.__name__}, which is more than one operation a place")
        return self.recording.record(
            ufunc, args, ufunc if ufunc is np.power else ON_NUMBERS.get(ufunc, ufunc)
        )

    def __array_function__(
        self, function: Operation, types: object, args: tuple[Operand, ...], options: object
    ) -> "Symbol | float":
        if function is np.where and len(args) == 3:
            return self.recording.record(np.where, args, elementwise.where)
        if function is not np.zeros_like or options:
            self.recording.refuse(f"{function.__name__} of an array")
        return 0.0

    def __array__(self, *args: object, **options: object) -> NoReturn:
        self.recording.refuse("what needs the array itself")

    # What a rule may ask of an array, and go another way where it is not answered.
    __len__ = __iter__ = __getitem__ = __float__ = __int__ = __index__ = __complex__ = __array__

    @property  # type: ignore[misc]  # `isinstance` looks here where the type alone does not say yes
    def __class__(self) -> Any:
        if self.recording.own:
            self.recording.refused = "a rule that asks what it was given"
        return Symbol

    def __getattr__(self, name: str) -> NoReturn:
        if not name.startswith("__"):  # NumPy looks for its own
            self.recording.refused = f"{name} of an array"
        raise AttributeError(f"a symbol has no {name}")

    def __pow__(self, other: Operand) -> "Symbol":
        return self.recording.power(self, other)

    def __rpow__(self, other: Operand) -> "Symbol":
        return self.recording.power(other, self)

    def __divmod__(self, other: Operand) -> tuple["Symbol", "Symbol"]:
        return self // other, self % other

    def __bool__(self) -> bool:
        if not self.plain:
            self.recording.refuse("a branch on a value")
        outcome = bool(self.value)
        self.recording.guards.append((self.index, outcome))
        return outcome


@dataclass
class Recording:
    """What a rule did: operations on arrays, operations on numbers, and the answers that it relied on.

    Entries of `calls` and `plain` are (function, operands); a function of None marks what the rule was given,
    for `plain` with the path by which the hyperparameter is found.
    """

    dtype: DType
    own: bool = False
    calls: list[Call] = field(default_factory=list)
    plain: list[Call] = field(default_factory=list)
    guards: list[tuple[int, bool]] = field(default_factory=list)
    literal: bool = True
    refused: str = ""
    made: dict[Any, Symbol] = field(default_factory=dict)

    def refuse(self, why: str) -> NoReturn:
        """Say that the rule cannot be written down, which it may hear and not pass on."""
        self.refused = why
        raise Untraceable(why)

    def array(self) -> Symbol:
        """Return a symbol for an array that the rule is given."""
        self.calls.append((None, None))
        return Symbol(self, len(self.calls) - 1, False, None, self.dtype)

    def number(self, path: tuple[str, ...], value: Numbers) -> Symbol:
        """Return a symbol for a hyperparameter, or for t."""
        self.plain.append((None, path))
        return Symbol(self, len(self.plain) - 1, True, value, float)

    def record(self, function: Operation, args: tuple[Operand, ...], on_numbers: Operation) -> Symbol:
        """Write down an operation and return the symbol of its result; on numbers another function stands."""
        if not all(isinstance(a, Symbol | int | float | np.generic) for a in args):
            self.refuse("an operand that is no number")
        if any(isinstance(a, Symbol) and a.recording is not self for a in args):
            self.refuse("a value that another update left behind")
        if all(a.plain for a in args if isinstance(a, Symbol)):
            if self.own and on_numbers is not function and function in INEXACT - {np.power}:
                # NumPy's last digit is not always that of Python's own function.
                self.refuse(f"{function.__name__} of a number")
            value = on_numbers(*(a.value if isinstance(a, Symbol) else a for a in args))
            self.plain.append((on_numbers, args))
            return Symbol(self, len(self.plain) - 1, True, value, float)
        dtype = self._dtype(function, args)
        if any(issubclass(type(a), np.generic) and a.dtype != np.float64 for a in args):
            self.literal = False  # on a Python float it would not be the same
            args = tuple(a.item() if issubclass(type(a), np.generic) else a for a in args)
        unchanged = _unchanged(function, args)
        if unchanged is not None and unchanged.dtype == dtype:
            return unchanged
        key = function, *map(_key, args)
        if key not in self.made:
            self.calls.append((function, args))
            self.made[key] = Symbol(self, len(self.calls) - 1, False, None, dtype)
        return self.made[key]

    def power(self, base: Operand, exponent: Operand) -> Symbol:
        """Write down base**exponent, which of an array and some numbers is another operation to NumPy."""
        number = exponent.value if isinstance(exponent, Symbol) and exponent.plain else exponent
        on_array = isinstance(base, Symbol) and not base.plain
        if not on_array or type(number) not in (int, float) or number not in _POWERS:
            self.literal = self.literal and not on_array and not is_array(exponent)
            return self.record(np.power, (base, exponent), operator.pow)
        if number is not exponent:
            if self.own:
                self.refuse("a power that depends on a hyperparameter")
            return self.record(np.power, (base, exponent), operator.pow)
        self.literal = False  # a float to the power 2 is not always its square
        power: float = number
        function, args = _POWERS[power](base)
        return self.record(function, args, function)

    def _dtype(self, function: Operation, args: tuple[Operand, ...]) -> DType:
        kinds = [a.dtype if isinstance(a, Symbol | np.generic) else float for a in args]
        if function is np.where:
            return self.dtype
        try:
            dtype: DType = function.resolve_dtypes((*kinds, None))[-1]
        except TypeError as error:
            self.refused = f"{function.__name__} of {kinds}"
            raise Untraceable(self.refused) from error
        if dtype not in (self.dtype, np.dtype(bool)):
            self.refuse(f"{function.__name__} gives {dtype}")
        return dtype


def _key(operand: Operand) -> object:
    """Return by what an operand is known again: a constant by its digits, as 0.0 is not -0.0."""
    return (operand.plain, operand.index) if isinstance(operand, Symbol) else (type(operand), repr(operand))


def _unchanged(function: Operation, args: tuple[Operand, ...]) -> Symbol | None:
    """Return the array that an operation gives back bit for bit: less 0, times 1 or over 1."""
    if len(args) != 2:
        return None
    a, b = args
    if function is np.multiply and _is_constant(a, 1):
        a, b = b, a
    neutral = {np.subtract: 0, np.multiply: 1, np.true_divide: 1}.get(function)
    return a if neutral is not None and _is_constant(b, neutral) and is_array(a) else None


def _is_constant(operand: Operand, number: int) -> bool:
    # By the type, as a symbol takes note of who asks `isinstance` of it.
    return issubclass(type(operand), int | float) and repr(float(operand)) == repr(float(number))


def is_array(operand: Operand) -> bool:
    """Whether an operand stands for a large array."""
    return isinstance(operand, Symbol) and not operand.plain


def is_number(operand: Operand) -> bool:
    """Whether an operand stands for what follows from hyperparameters alone."""
    return isinstance(operand, Symbol) and operand.plain
