"""Writing: the operations of a trace as lines of LLVM's language, one an operation, in the trace's order.

A value is one number, or a row of them side by side (`lanes`): the lines are the same. Only such operations
are written whose result IEEE 754 fixes to the last bit, or that choose between values; of any other, an
exponential for example, every library has its own last digit, and NumPy's is what the array engine gives.
"""

import struct
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from optim.engines.compiled.dividing import divide
from optim.engines.compiled.llvm import fuses
from optim.engines.symbols import DType, Operand, Operation, Untraceable, is_array, is_number
from optim.engines.tracing import Trace

__all__ = ["Text", "Value", "any_of", "negated", "write", "write_operation"]


class Value(NamedTuple):
    """A value by its name in the text; `flag` is one that is true or false."""

    name: str
    flag: bool = False


_ARITHMETIC = {np.add: "fadd", np.subtract: "fsub", np.multiply: "fmul", np.true_divide: "fdiv"}
_TESTS = {
    np.less: "olt",
    np.less_equal: "ole",
    np.greater: "ogt",
    np.greater_equal: "oge",
    np.equal: "oeq",
    np.not_equal: "une",
}
_INTRINSICS = {
    np.sqrt: "sqrt",
    np.absolute: "fabs",
    np.fabs: "fabs",
    np.floor: "floor",
    np.ceil: "ceil",
    np.trunc: "trunc",
    np.rint: "rint",
    np.copysign: "copysign",
}
# What is done to flags; of arithmetic, what NumPy makes of it there.
_LOGIC = {
    np.logical_and: "and",
    np.logical_or: "or",
    np.logical_xor: "xor",
    np.bitwise_and: "and",
    np.bitwise_or: "or",
    np.bitwise_xor: "xor",
    np.multiply: "and",
    np.add: "or",
    np.maximum: "or",
    np.minimum: "and",
}
_LARGER = {np.maximum: "oge", np.minimum: "ole"}
_NOT = (np.logical_not, np.invert)


class Text:
    """Lines of a function's body, for numbers of one dtype and so many side by side."""

    def __init__(self, dtype: DType, lanes: int) -> None:
        self.dtype, self.lanes = np.dtype(dtype), lanes
        self.scalar = {8: "double", 4: "float"}[self.dtype.itemsize]
        self.type, self.flags = self._row(self.scalar), self._row("i1")
        self.lines: list[str] = []
        self.declarations: dict[str, str] = {}
        # The single number that stands in every lane of a row.
        self.alone: dict[str, str] = {}
        self._count = 0

    def let(self, expression: str) -> str:
        """Write a line that gives a new name to a result, and return the name."""
        self._count += 1
        name = f"%v{self._count}"
        self.lines.append(f"  {name} = {expression}")
        return name

    def put(self, line: str) -> None:
        """Write a line that has no result."""
        self.lines.append(f"  {line}")

    def label(self, name: str) -> None:
        """Begin a block of the text."""
        self.lines.append(f"{name}:")

    def labels(self, *words: str) -> list[str]:
        """Return names for blocks that no other block has."""
        self._count += 1
        return [f"{word}{self._count}" for word in words]

    def constant(self, number: float) -> str:
        """Return a number as it stands in the text, in every lane."""
        word = self.word(number)
        return word if self.lanes == 1 else self.spread_word(f"{self.scalar} {word}")

    def word(self, number: float) -> str:
        """Return a single number as it stands in the text."""
        with np.errstate(over="ignore"):
            rounded = float(self.dtype.type(number))
        return "0x" + struct.pack(">d", rounded).hex().upper()

    def spread_word(self, word: str) -> str:
        """Return a constant with its type as it stands in every lane."""
        return word if self.lanes == 1 else "<" + ", ".join([word] * self.lanes) + ">"

    def do(self, operation: str, *names: str) -> str:
        """Write an operation on numbers, and return the name of the result."""
        return self.let(f"{operation} {self.type} {', '.join(names)}")

    def test(self, predicate: str, a: str, b: str) -> str:
        """Write a comparison, and return the name of the flag."""
        return self.let(f"fcmp {predicate} {self.type} {a}, {b}")

    def choose(self, flag: str, a: str, b: str) -> str:
        """Write a choice between two numbers, and return the name of the result."""
        return self.let(f"select {self.flags} {flag}, {self.type} {a}, {self.type} {b}")

    def call(self, intrinsic: str, *names: str) -> str:
        """Write a call of one of LLVM's own functions, and return the name of the result."""
        return self.call_on(self.lanes, intrinsic, *names)

    def call_on(self, lanes: int, intrinsic: str, *names: str) -> str:
        """Write the same for rows of another length."""
        kind = self.scalar if lanes == 1 else f"<{lanes} x {self.scalar}>"
        called = f"@llvm.{intrinsic}.{'' if lanes == 1 else f'v{lanes}'}f{8 * self.dtype.itemsize}"
        self.declarations[called] = f"declare {kind} {called}({', '.join([kind] * len(names))})"
        return self.let(f"call {kind} {called}({', '.join(f'{kind} {name}' for name in names)})")

    def roots(self, names: Sequence[str]) -> list[str]:
        """Write the roots of single numbers, taken side by side: a processor takes them as fast as one."""
        row, together = f"<{len(names)} x {self.scalar}>", "poison"
        for k, name in enumerate(names):
            together = self.let(f"insertelement {row} {together}, {self.scalar} {name}, i64 {k}")
        roots = self.call_on(len(names), "sqrt", together)
        return [self.let(f"extractelement {row} {roots}, i64 {k}") for k in range(len(names))]

    def number_of(self, value: Value) -> str:
        """Return the name of a value as a number: 1 and 0 where it is a flag."""
        return self.let(f"uitofp {self.flags} {value.name} to {self.type}") if value.flag else value.name

    def flag_of(self, value: Value) -> str:
        """Return the name of a value as a flag: whether it is other than 0."""
        return value.name if value.flag else self.test("une", value.name, self.constant(0.0))

    def load(self, address: str) -> str:
        """Write a load of a number from everywhere side by side."""
        return self.let(f"load {self.type}, ptr {address}, align {self.dtype.itemsize}")

    def store(self, name: str, address: str) -> None:
        """Write a store of a number."""
        self.put(f"store {self.type} {name}, ptr {address}, align {self.dtype.itemsize}")

    def spread(self, name: str) -> str:
        """Write one number into every lane."""
        if self.lanes == 1:
            return name
        first = self.let(f"insertelement {self.type} poison, {self.scalar} {name}, i64 0")
        order = f"<{self.lanes} x i32> zeroinitializer"
        row = self.let(f"shufflevector {self.type} {first}, {self.type} poison, {order}")
        self.alone[row] = name
        return row

    def _row(self, kind: str) -> str:
        return kind if self.lanes == 1 else f"<{self.lanes} x {kind}>"


def write(text: Text, trace: Trace, given: Sequence[str], numbers: Mapping[int, Value]) -> list[str]:
    """Write down the operations of a trace, and return the names of its results.

    Parameters
    ----------
    text : Text
        What they are added to.
    trace : Trace
    given : sequence of str
        The names of what stands for each array that the traced function was given.
    numbers : mapping
        The value of each number that the operations read.

    Raises
    ------
    Untraceable
        If the result of an operation is not the same to the last bit outside NumPy.
    """
    values = {i: Value(name) for i, name in enumerate(given)}
    for i in trace.needed:
        function, args = trace.calls[i]
        operands = [_operand(text, a, values, numbers) for a in args]
        values[i] = write_operation(text, function, operands, trace.dtypes[i] == np.bool_)
    return [text.number_of(values[i]) for i in trace.outputs]


def _operand(text: Text, a: Operand, values: Mapping[int, Value], numbers: Mapping[int, Value]) -> Value:
    if is_array(a):
        return values[a.index]
    if is_number(a):
        return numbers[a.index]
    if isinstance(a, bool | np.bool_):
        return Value(text.spread_word(f"i1 {str(bool(a)).lower()}").removeprefix("i1 "), True)
    return Value(text.constant(a))


def write_operation(text: Text, function: Operation, operands: list[Value], flag: bool) -> Value:
    """Write one operation on values, whose result is a flag or a number, and return the result."""
    if function is np.where:
        condition, a, b = operands
        return Value(text.choose(text.flag_of(condition), text.number_of(a), text.number_of(b)))
    if flag and function in _TESTS:
        first, second = map(text.number_of, operands)
        return Value(text.test(_TESTS[function], first, second), True)
    if flag and function in _LOGIC:
        first, second = map(text.flag_of, operands)
        return Value(text.let(f"{_LOGIC[function]} {text.flags} {first}, {second}"), True)
    if flag and function in _NOT:
        true = text.spread_word("i1 true").removeprefix("i1 ")
        return Value(text.let(f"xor {text.flags} {text.flag_of(operands[0])}, {true}"), True)
    names = [text.number_of(value) for value in operands]
    if flag and function in _OTHERS:
        return Value(_OTHERS[function](text, *names), True)
    if flag:
        raise _inexact(function)
    if function is np.true_divide and names[1] in text.alone and fuses():
        dividends, divisor = names
        return Value(divide(text, dividends, divisor, text.alone[divisor]))
    if function in _ARITHMETIC:
        return Value(text.do(_ARITHMETIC[function], *names))
    if function in _INTRINSICS:
        return Value(text.call(_INTRINSICS[function], *names))
    if function in _LARGER:
        first, second = names
        larger, lost = text.test(_LARGER[function], first, second), text.test("uno", first, first)
        return Value(text.choose(text.let(f"or {text.flags} {larger}, {lost}"), first, second))
    if function in _OTHERS:
        return Value(_OTHERS[function](text, *names))
    raise _inexact(function)


def _sign(text: Text, a: str) -> str:
    zero = text.constant(0.0)
    rest = text.choose(text.test("oeq", a, zero), zero, a)  # nan stays
    rest = text.choose(text.test("olt", a, zero), text.constant(-1.0), rest)
    return text.choose(text.test("ogt", a, zero), text.constant(1.0), rest)


def _is_finite(text: Text, a: str) -> str:
    return text.test("olt", text.call("fabs", a), text.constant(np.inf))


_OTHERS: dict[Operation, Any] = {
    np.positive: lambda _, a: a,
    np.negative: lambda text, a: text.let(f"fneg {text.type} {a}"),
    np.square: lambda text, a: text.do("fmul", a, a),
    np.reciprocal: lambda text, a: text.do("fdiv", text.constant(1.0), a),
    np.sign: _sign,
    np.isfinite: _is_finite,
    np.isnan: lambda text, a: text.test("uno", a, a),
    np.isinf: lambda text, a: text.test("oeq", text.call("fabs", a), text.constant(np.inf)),
}


def _inexact(function: Operation) -> Untraceable:
    name = getattr(function, "__name__", str(function))
    return Untraceable(f"it takes np.{name}, whose last digit is NumPy's own")


def negated(text: Text, flags: str) -> str:
    """Write the opposite of flags side by side."""
    true = text.spread_word("i1 true").removeprefix("i1 ")
    return text.let(f"xor {text.flags} {flags}, {true}")


def any_of(text: Text, flags: str) -> str:
    """Write whether any of the flags side by side is set."""
    called = f"@llvm.vector.reduce.or.v{text.lanes}i1"
    text.declarations[called] = f"declare i1 {called}({text.flags})"
    return text.let(f"call i1 {called}({text.flags} {flags})")
