"""How much an expression may hold: a text is taken apart, and its arithmetic done, within bounds."""

import ast
import math
import operator
import re
from collections.abc import Callable
from typing import Any, NoReturn

from stepsize.core.display import cut
from stepsize.core.record import Record
from stepsize.core.validation import require_a

__all__ = ["DEPTH", "DIGITS", "ITEMS", "LENGTH", "POWER", "Source"]

# Characters of a text; levels of its syntax tree, of which a call is one and a method behind a dot two;
# items of all lists that it repeats; digits of a whole number; and the largest power.
LENGTH, DEPTH, ITEMS, DIGITS, POWER = 20_000, 100, 100_000, 40, 1000

# What a message quotes of a text.
_SHOWN = 80
# So many signs in a row are no sum: Python's own parser goes one level deeper for each.
_SIGNS = re.compile(rf"(?:[-+~]\s*){{{DEPTH},}}")

_OPERATORS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}


class Source:
    """A text that is read, which every sentence quotes.

    Examples
    --------
    >>> Source("SGD(lr=0.1)").tree().__class__.__name__
    'Call'
    >>> Source("-" * 50000 + "1").tree()
    Traceback (most recent call last):
    ...
    ValueError: got an expression of 50001 characters, expected at most 20000
    """

    def __init__(self, text: str) -> None:
        require_a(str, "text", text, "an expression such as 'Adam(lr=0.1)'")
        self.text = text.strip()
        self.shown = repr(cut(self.text, _SHOWN))
        self._items = 0

    def refuse(self, what: str, expected: str) -> NoReturn:
        """Raise a sentence on something in the text."""
        raise self.refusal(what, expected)

    def refusal(self, what: str, expected: str) -> ValueError:
        """Return the error to raise."""
        return ValueError(f"got {cut(what, _SHOWN)} in {self.shown}, expected {expected}")

    def tree(self) -> ast.expr:
        """Return the syntax tree of the text, if it is an expression that is not too long or too deep."""
        if len(self.text) > LENGTH:
            raise ValueError(f"got an expression of {len(self.text)} characters, expected at most {LENGTH}")
        if _SIGNS.search(self.text):
            self._refuse_depth()
        try:
            tree = ast.parse(self.text, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise ValueError(f"got {self.shown}, expected an expression such as 'Adam(lr=0.1)'") from None
        if _depth(tree) > DEPTH:
            self._refuse_depth()
        return tree

    def _refuse_depth(self) -> NoReturn:
        raise ValueError(
            f"got {self.shown}, expected signs, parentheses, calls and methods at most {DEPTH} one inside "
            "the other"
        )

    def number(self, value: Any) -> Any:
        """Return a value if it is a number, of no more digits than a whole number may have."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.refuse(_named(value), "a number there")
        if isinstance(value, int) and abs(value) >= 10**DIGITS:
            self.refuse("a whole number", f"one of at most {DIGITS} digits there, or a float such as 1e50")
        return value

    def combined(self, op: ast.operator, left: Any, right: Any) -> Any:
        """Return what an operator makes of two numbers, of schedules and numbers, or of a list."""
        if type(op) not in _OPERATORS:
            self.refuse("another operator", "+ - * / and **")
        if _is_number(left) and _is_number(right):
            return self._of_numbers(op, self.number(left), self.number(right))
        if isinstance(left, list) or isinstance(right, list):
            return self._of_lists(op, left, right)
        joins = isinstance(op, ast.Add | ast.Mult) and all(
            isinstance(v, Record) or _is_number(v) for v in (left, right)
        )
        try:
            if joins:
                return _OPERATORS[type(op)](left, right)
        except TypeError:  # two records that are no schedules
            pass
        raise ValueError(
            f"got {self.shown}, expected arithmetic of numbers, or sums and products of schedules"
        )

    def _of_numbers(self, op: ast.operator, left: float, right: float) -> Any:
        if isinstance(op, ast.Pow):
            if abs(right) > POWER:
                self.refuse(f"the power {right!r}", f"one of at most {POWER}")
            # Before it is computed: of whole numbers it may have thousands of digits.
            if left and abs(right) * math.log10(abs(left)) > 308:
                self.refuse("a power", "one below 1e308")
        try:
            found = _OPERATORS[type(op)](left, right)
        except ArithmeticError as error:
            raise ValueError(f"got {self.shown}, expected arithmetic that can be done ({error})") from None
        if isinstance(found, complex):
            self.refuse("a root of a negative number", "real numbers")
        is_long = isinstance(found, int) and abs(found) >= 10**DIGITS
        return float(found) if is_long else found

    def _of_lists(self, op: ast.operator, left: Any, right: Any) -> list[Any]:
        """Return a list repeated, or two lists one after the other; lists hold numbers and schedules then."""
        items = [v for value in (left, right) if isinstance(value, list) for v in value]
        if any(not (_is_number(v) or isinstance(v, Record)) for v in items):
            self.refuse("arithmetic of a list", "lists of numbers or of schedules there")
        both = isinstance(left, list) and isinstance(right, list)
        if both and isinstance(op, ast.Add):
            self._count(len(items))
            return [*left, *right]
        times = right if isinstance(left, list) else left
        if both or not isinstance(op, ast.Mult) or isinstance(times, bool) or not isinstance(times, int):
            self.refuse("arithmetic of a list", "[...] + [...], or [...] times a whole number")
        self._count(len(items) * times)
        return items * times

    def _count(self, items: int) -> None:
        self._items += max(items, 0)
        if self._items > ITEMS:
            self.refuse("lists repeated", f"at most {ITEMS} items in all")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _named(value: Any) -> str:
    return repr(value) if isinstance(value, str | Record) or value is None else f"a {type(value).__name__}"


def _depth(tree: ast.expr) -> int:
    """Return how many levels a syntax tree has, found level by level, for want of a stack that is deep."""
    level: list[ast.AST] = [tree]
    depth = 0
    while level:
        depth += 1
        level = [child for node in level for child in ast.iter_child_nodes(node) if _counts(child)]
    return depth


def _counts(node: ast.AST) -> bool:
    return not isinstance(node, ast.expr_context | ast.operator | ast.unaryop)
