"""Terms of real variables: numbers, variables, and operations on terms.

Equal terms are one object, so that what a derivative shares with its function, and its parts with each other,
is there once: the derivative of a product of a thousand factors is as long as the product.
"""

import operator
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from weakref import WeakValueDictionary

import numpy as np

from stepsize.core import elementwise

__all__ = [
    "COMPARISONS",
    "FUNCTIONS",
    "KINKED",
    "OPERATORS",
    "Term",
    "called",
    "constant",
    "number",
    "ordered",
    "variable",
]


def power(a: Any, b: Any) -> Any:
    """Return a to the power b; on floats an exception where the result is no real number, on arrays nan."""
    if type(a) is float and type(b) is float and a < 0 and b != int(b):
        raise ValueError(f"got the power {b!r} of {a!r}, which is no real number")
    return a**b


OPERATORS: dict[str, Callable[..., Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "^": power,
    "negative": operator.neg,
}
COMPARISONS: dict[str, Callable[..., Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
# Functions of one term and of more, as they are computed on floats, on arrays and on symbols.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    name: getattr(elementwise, name)
    for name in (
        "sqrt",
        "exp",
        "log",
        "sin",
        "cos",
        "sinh",
        "cosh",
        "tanh",
        "arctan",
        "sign",
        "maximum",
        "minimum",
        "where",
    )
} | {"abs": abs}
# Those that have kinks or jumps.
KINKED = {"abs", "sign", "maximum", "minimum", "where"}


class Term:
    """A number, a variable, or an operation on terms.

    The operators make terms, and simplify a little on the way: 0 + u and 1 * u are u, u + u is 2 * u, numbers
    among themselves are computed. A term that is to stand as it was written is made by `called`.

    Attributes
    ----------
    op : str
        "number", "constant", "variable", or the name of the operation.
    args : tuple
        Its operands; for a number its value, for a constant or a variable its name.
    value : float or None
        What it comes to, if no variable is in it.
    """

    __slots__ = ("__weakref__", "args", "op", "value")

    def __init__(self, op: str, args: tuple[Any, ...], value: float | None) -> None:
        self.op, self.args, self.value = op, args, value

    @property
    def operands(self) -> tuple["Term", ...]:
        """The terms that it is made of."""
        return () if self.op in ("number", "constant", "variable") else self.args

    def __add__(self, other: "Term") -> "Term":
        if self.op == other.op == "number":
            return number(self.args[0] + other.args[0])
        if self.value == 0:
            return other
        if other.value == 0:
            return self
        if self is other:
            return number(2.0) * self
        if (opposite := _opposite(other)) is not None:
            return self - opposite
        if (opposite := _opposite(self)) is not None:
            return other - opposite
        return called("+", self, other)

    def __sub__(self, other: "Term") -> "Term":
        if self.op == other.op == "number":
            return number(self.args[0] - other.args[0])
        if other.value == 0:
            return self
        if self is other:
            return number(0.0)
        if self.value == 0:
            return -other
        if (opposite := _opposite(other)) is not None:
            return self + opposite
        return called("-", self, other)

    def __neg__(self) -> "Term":
        opposite = _opposite(self)
        if opposite is not None:
            return opposite
        if self.op == "number":
            return number(-self.args[0])
        if self.op in ("*", "/") and self.args[0].op == "number":
            return called(self.op, number(-self.args[0].args[0]), self.args[1])
        return called("negative", self)

    def __mul__(self, other: "Term") -> "Term":
        if self.op == other.op == "number":
            return number(self.args[0] * other.args[0])
        if 0 in (self.value, other.value):
            return number(0.0)
        for one, rest in ((self, other), (other, self)):
            if one.value == 1:
                return rest
            if one.value == -1:
                return -rest
        if self.value is None and other.value is not None:
            return other * self
        if other.op == "negative":
            return -(self * other.operands[0])
        if self.op == "negative":
            return -(self.operands[0] * other)
        # A number comes first, and there is only one.
        if other.op == "*" and other.args[0].op == "number":
            return (self * other.operands[0]) * other.operands[1]
        if self.op == "*" and self.args[0].op == "number" and other.value is None:
            return self.operands[0] * (self.operands[1] * other)
        if self is other:
            return self ** number(2.0)
        return called("*", self, other)

    def __truediv__(self, other: "Term") -> "Term":
        if self.value == 0:
            return number(0.0)
        if other.value == 1:
            return self
        if self.op == other.op == "number":
            return number(_computed("/", [self.value, other.value]))
        if self.op == "negative":
            return -(self.operands[0] / other)
        (over, u), (under, v) = _factored(self), _factored(other)
        if under.value != 1:
            return over / under * (u / v)
        return called("/", self, other)

    def __pow__(self, other: "Term") -> "Term":
        if other.value == 0:
            return number(1.0)
        if other.value == 1:
            return self
        return called("^", self, other)


def _opposite(term: Term) -> Term | None:
    """Return what a term that begins with a minus is the negative of."""
    if term.op == "negative":
        return term.operands[0]
    if term.op == "number":
        return number(-term.args[0]) if term.args[0] < 0 else None
    if term.op not in ("*", "/") or term.operands[0].op != "number" or term.operands[0].args[0] >= 0:
        return None
    first, second = number(-term.operands[0].args[0]), term.operands[1]
    return first * second if term.op == "*" else first / second


def _factored(term: Term) -> tuple[Term, Term]:
    """Return a term as a number times the rest."""
    if term.op == "number":
        return term, number(1.0)
    if term.op == "*" and term.args[0].op == "number":
        return term.args[0], term.args[1]
    return number(1.0), term


_KNOWN: WeakValueDictionary[Any, Term] = WeakValueDictionary()


def _one(op: str, args: tuple[Any, ...], value: float | None, key: Any) -> Term:
    found = _KNOWN.get(key)
    if found is None:
        found = _KNOWN[key] = Term(op, args, value)
    return found


def number(value: float) -> Term:
    """Return the term of a number."""
    return _one("number", (value,), value, ("number", repr(value)))


def constant(name: str, value: float) -> Term:
    """Return the term of a number that has a name."""
    return _one("constant", (name,), value, ("constant", name))


def variable(name: str) -> Term:
    """Return the term of a variable."""
    return _one("variable", (name,), None, ("variable", name))


def called(op: str, *args: Term) -> Term:
    """Return an operation on terms as it is written; of a few numbers alone its value is known at once.

    Examples
    --------
    >>> x = variable("x")
    >>> called("+", x, number(1.0)) is called("+", x, number(1.0))
    True
    """
    known = all(a.value is not None for a in args)
    value = _computed(op, [a.value for a in args]) if known else None
    return _one(op, args, value, (op, *map(id, args)))


def _computed(op: str, values: list[Any]) -> Any:
    """Return what an operation on numbers comes to; inf and nan where arrays give them."""
    function = OPERATORS.get(op) or COMPARISONS.get(op) or FUNCTIONS[op]
    try:
        value = function(*values)
    except (ArithmeticError, ValueError):
        with np.errstate(all="ignore"):
            value = function(*map(np.float64, values))
    return value if isinstance(value, bool) else float(value)


def ordered(terms: Iterable[Term]) -> Iterator[Term]:
    """Yield terms and all that they are made of, each once, after its operands."""
    seen: set[int] = set()
    for term in terms:
        waiting = [term]
        while waiting:
            top = waiting[-1]
            ahead = [a for a in top.operands if id(a) not in seen]
            if ahead:
                waiting += ahead
                continue
            waiting.pop()
            if id(top) not in seen:
                seen.add(id(top))
                yield top
