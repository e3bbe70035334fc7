"""Terms written out: as text for people, and as Python that computes them."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from problems.formulas.terms import COMPARISONS, FUNCTIONS, OPERATORS, Term, ordered

# What the code that is written here calls its file.
WRITTEN = "<formula>"

__all__ = ["function_of", "written"]

_BINDS = {"+": 1, "-": 1, "*": 2, "/": 2, "^": 4}
# How many operands of a long term are worth reading.
_READABLE = 200


def written(term: Term) -> str:
    """Return a term as text that `read` takes, numbers to six digits; of a very long one not everything.

    Examples
    --------
    >>> from problems.formulas.terms import number, variable
    >>> x, y = variable("x"), variable("y")
    >>> written((x - y) ** number(2.0) / (x + number(3.0) * y))
    '(x - y)^2/(x + 3*y)'
    """
    return _text(term, 0, [_READABLE])


def _text(term: Term, level: int, left: list[int]) -> str:
    """Return a term's text, in parentheses if it binds less than asked; none beyond what is `left`."""
    left[0] -= 1
    if left[0] < 0:
        return "..."
    binds = _BINDS.get(term.op, 5)
    match term.op, term.args:
        case "number", (value,):
            text, binds = f"{value:g}", 3 if value < 0 else 5
        case (("variable" | "constant"), (name,)):
            text = name
        case "negative", (u,):
            text = f"-{_text(u, 2, left)}"
            binds = 1
        case ("+" | "-") as sign, (u, v):
            text = f"{_text(u, 1, left)} {sign} {_text(v, 2, left)}"
        case ("*" | "/") as sign, (u, v):
            text = f"{_text(u, 2, left)}{sign}{_text(v, 3 if sign == '/' else 2, left)}"
        case "^", (u, v):
            text = f"{_text(u, 5, left)}^{_text(v, 4, left)}"
        case symbol, (u, v) if symbol in COMPARISONS:
            text = f"{_text(u, 1, left)} {symbol} {_text(v, 1, left)}"
        case name, args:
            text = f"{name}({', '.join(_text(a, 0, left) for a in args)})"
    return f"({text})" if binds < level else text


def function_of(terms: Sequence[Term], variables: Sequence[str]) -> Callable[..., Sequence[Any]]:
    """Return a function of the variables that computes some terms, each part of them once.

    It is written out, one operation a line, by a writer that knows our terms only; no word of the text that
    they were read from is in it.

    Examples
    --------
    >>> from problems.formulas.terms import number, variable
    >>> xy = variable("x") * variable("y")
    >>> function_of([xy, xy + number(1.0)], ["x", "y"])(2.0, 3.0)
    (6.0, 7.0)
    """
    page = _SourceBuilder()
    names = {("variable", name): f"x{i}" for i, name in enumerate(variables)}
    words: dict[int, str] = {}
    for step in ordered(terms):
        if step.value is not None:
            words[id(step)] = page.literal(step.value)
        elif step.op == "variable":
            words[id(step)] = names["variable", step.args[0]]
        elif step.op == "^" and step.args[1].value is not None:
            words[id(step)] = page.power(words[id(step.args[0])], step.args[1].value)
        else:
            words[id(step)] = page.operation(step.op, [words[id(a)] for a in step.args])
    results = "".join(f"{words[id(term)]}, " for term in terms)
    lines = [f"def function({', '.join(names.values())}):", *page.lines, f"return ({results})"]
    meanings = dict(page.meanings)
    exec(compile("\n    ".join(lines), WRITTEN, "exec"), meanings)
    function: Callable[..., Sequence[Any]] = meanings["function"]
    return function


class _SourceBuilder:
    """Lines of Python, one operation each, and what the names in them mean."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.meanings: dict[str, Any] = {"power": OPERATORS["^"], "nan": np.nan, "inf": np.inf} | FUNCTIONS
        self._known: dict[str, str] = {}

    def literal(self, value: float) -> str:
        """Return a number, or a truth, in words."""
        return f"({value!r})"

    def operation(self, op: str, words: list[str]) -> str:
        """Write down an operation and return the name of its result."""
        if op in COMPARISONS or op in "+-*/":
            return self._line(f"{words[0]} {op} {words[1]}")
        if op == "negative":
            return self._line(f"-{words[0]}")
        return self._line(f"{'power' if op == '^' else op}({', '.join(words)})")

    def power(self, base: str, exponent: float) -> str:
        """Write down a power with a number: a product if it is whole, with a root if it is half of that."""
        size = abs(exponent)
        if not (2 * size).is_integer():
            return self._line(f"power({base}, {self.literal(exponent)})")
        factors = [self._line(f"sqrt({base})")] if not size.is_integer() else []
        whole, square = int(size), base
        while whole:
            if whole % 2:
                factors.insert(0, square)
            whole //= 2
            if whole:
                square = self._line(f"{square} * {square}")
        product = factors[0] if factors else self.literal(1.0)
        for factor in factors[1:]:
            product = self._line(f"{product} * {factor}")
        return product if exponent > 0 else self._line(f"1.0 / {product}")

    def _line(self, expression: str) -> str:
        """Return the name of what an expression gives; the same expression is computed once."""
        if expression not in self._known:
            self._known[expression] = f"t{len(self._known)}"
            self.lines.append(f"{self._known[expression]} = {expression}")
        return self._known[expression]
