"""Schedules in one line of mathematics, from the formula that each class states once.

A class states its `formula` as Python text in its own field names and n: ``"lr / (1 + d * n)"``. Here the
names are replaced by the numbers, nested schedules are written out, and what adds 0, multiplies by 1 or is
never reached is dropped. `schedules.printing` makes text or LaTeX of the tree.
"""

import ast
import math
import operator
from collections.abc import Callable
from typing import Any

from schedules.printing import latex_text, plain_text
from stepsize.core.record import Record

__all__ = ["describe", "expression"]

_FOLD: dict[type, Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_FOLD_CALLS: dict[str, Callable[..., float]] = {
    "min": min,
    "max": max,
    "sqrt": math.sqrt,
    "log2": math.log2,
    "cos": math.cos,
    "exp": math.exp,
    "abs": abs,
    "floor": math.floor,
}
# Formulas in a line at most.
_MOST = 1000
# What a product and a sum of two schedules state as their formulas.
_CHAINS: dict[str, ast.operator] = {
    "first(n) * second(n)": ast.Mult(),
    "first(n) + second(n)": ast.Add(),
}


def describe(schedule: Any, latex: bool) -> str:
    """Return a schedule as one line of mathematics in n."""
    try:
        tree = expression(schedule)
        return latex_text(tree) if latex else plain_text(tree)
    except (RecursionError, _TooLongError):
        raise ValueError(
            f"describe: got a {type(schedule).__name__} of schedules nested by the hundred, expected one "
            "that a line can hold"
        ) from None


class _TooLongError(Exception):
    """More formulas one inside the other than anybody reads."""


class _Budget:
    """How many formulas may still be written out; one that stands twice in another doubles at each level."""

    def __init__(self) -> None:
        self.left = _MOST

    def spend(self) -> None:
        """Count one."""
        self.left -= 1
        if self.left < 0:
            raise _TooLongError


def expression(schedule: Any, n: ast.expr | None = None, budget: _Budget | None = None) -> ast.expr:
    """Return the syntax tree of a schedule's formula, its numbers filled in, at the index that n spells."""
    rest = []
    budget = budget or _Budget()
    # Long products and sums lean to the left; a loop goes through them, so that any length works.
    while schedule.formula in _CHAINS:
        rest.append((_CHAINS[schedule.formula], schedule.second))
        schedule = schedule.first
    if rest:
        whole = expression(schedule, n, budget)
        for op, member in reversed(rest):
            whole = _simplified(op, whole, expression(member, n, budget))
        return ast.fix_missing_locations(whole)
    budget.spend()
    tree = ast.parse(schedule.formula, mode="eval").body
    filled: ast.expr = _Fill(schedule, n or ast.Name("n", ast.Load()), budget).visit(tree)
    return ast.fix_missing_locations(filled)


class _Fill(ast.NodeTransformer):
    """Replaces names by values and schedules by their formulas, and simplifies on the way."""

    def __init__(self, schedule: Any, n: ast.expr, budget: _Budget) -> None:
        self.values, self.n, self.budget = schedule.symbols(), n, budget

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id == "n":
            return self.n
        value = self.values.get(node.id)
        return ast.Constant(value) if isinstance(value, int | float) else node

    def visit_Call(self, node: ast.Call) -> Any:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        node.args = [self.visit(a) for a in node.args]
        if isinstance(owner := self.values.get(name), Record):
            return expression(owner, node.args[0], self.budget)
        numbers = [_number(a) for a in node.args]
        if name in _FOLD_CALLS and None not in numbers:
            return ast.Constant(_FOLD_CALLS[name](*numbers))
        return node

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> Any:
        node.elt = self.visit(node.elt)
        node.generators[0].iter = self.visit(node.generators[0].iter)
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        return _simplified(node.op, self.visit(node.left), self.visit(node.right))

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        return _negated(self.visit(node.operand))

    def visit_IfExp(self, node: ast.IfExp) -> Any:
        test = self.visit(node.test)
        if isinstance(test, ast.Compare):
            left, right = _number(test.left), _number(test.comparators[0])
            if left is not None and right is not None:
                return self.visit(node.body if left < right else node.orelse)
        return _branches(test, self.visit(node.body), self.visit(node.orelse))


def _simplified(op: ast.operator, left: ast.expr, right: ast.expr) -> ast.expr:
    a, b = _number(left), _number(right)
    if a is not None and b is not None and type(op) in _FOLD:
        try:
            folded = _FOLD[type(op)](a, b)
        except ArithmeticError:
            return ast.BinOp(left, op, right)
        # A root of a negative number, in a branch that is never reached, is left as it stands.
        return ast.BinOp(left, op, right) if isinstance(folded, complex) else ast.Constant(folded)
    if isinstance(op, ast.Add | ast.Sub):
        return _sum(op, left, right)
    if isinstance(op, ast.Mult):
        return _product(left, right)
    if isinstance(op, ast.Div) and isinstance(left, ast.UnaryOp):
        return _negated(_simplified(op, left.operand, right))
    if b == 1 and isinstance(op, ast.Div | ast.Pow):
        return left
    if a == 1 and isinstance(op, ast.Pow):
        return left
    return ast.BinOp(left, op, right)


def _sum(op: ast.operator, left: ast.expr, right: ast.expr) -> ast.expr:
    a, b = _number(left), _number(right)
    other = ast.Sub() if isinstance(op, ast.Add) else ast.Add()
    if b == 0:
        return left
    if a == 0:
        return right if isinstance(op, ast.Add) else _negated(right)
    if (b is not None and b < 0) or isinstance(right, ast.UnaryOp):
        return _simplified(other, left, _negated(right))
    if b is not None and isinstance(left, ast.BinOp) and isinstance(left.op, ast.Add | ast.Sub):
        c = _number(left.right)
        if c is not None:
            total = (c if isinstance(left.op, ast.Add) else -c) + (b if isinstance(op, ast.Add) else -b)
            return _simplified(ast.Add(), left.left, ast.Constant(total))
    return ast.BinOp(left, op, right)


def _product(left: ast.expr, right: ast.expr) -> ast.expr:
    a, b = _number(left), _number(right)
    if 0 in (a, b):
        return ast.Constant(0)
    if b is not None:  # numbers come first
        return _product(right, left)
    if a == 1:
        return right
    if isinstance(right, ast.UnaryOp):
        return _negated(_product(left, right.operand))
    if a is not None and a < 0:
        return _negated(_product(ast.Constant(-a), right))
    if a is not None and isinstance(right, ast.BinOp):
        c = _number(right.left)
        if isinstance(right.op, ast.Mult) and c is not None:
            return _product(ast.Constant(a * c), right.right)
        if isinstance(right.op, ast.Div) and _number(right.right) is not None:
            return _simplified(ast.Div(), _product(left, right.left), right.right)
    return ast.BinOp(left, ast.Mult(), right)


def _negated(node: ast.expr) -> ast.expr:
    value = _number(node)
    if value is not None:
        return ast.Constant(-value)
    return node.operand if isinstance(node, ast.UnaryOp) else ast.UnaryOp(ast.USub(), node)


def _branches(test: ast.expr, body: ast.expr, orelse: ast.expr) -> ast.expr:
    """Return ``body if test else orelse`` without branches that are never taken, and the others in a row."""
    limit = _boundary(test)
    if limit is None:
        return ast.IfExp(test, body, orelse)
    if limit <= 0:
        return orelse
    orelse = _Prune(limit).visit(orelse)
    test = ast.Compare(ast.Name("n", ast.Load()), [ast.Lt()], [ast.Constant(limit)])
    if isinstance(body, ast.IfExp) and (inner := _boundary(body.test)) is not None:
        if inner >= limit:
            return _branches(test, body.body, orelse)
        return _branches(body.test, body.body, _branches(test, body.orelse, orelse))
    return ast.IfExp(test, body, orelse)


class _Prune(ast.NodeTransformer):
    """Drops the branches that are for n below a limit."""

    def __init__(self, limit: float) -> None:
        self.limit = limit

    def visit_IfExp(self, node: ast.IfExp) -> Any:
        inner = _boundary(node.test)
        if inner is not None and inner <= self.limit:
            return self.visit(node.orelse)
        return self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        return _simplified(node.op, self.visit(node.left), self.visit(node.right))


def _boundary(test: ast.expr) -> float | None:
    """Return c if the test says ``n < c``, be it as ``n - b < c - b``."""
    if not isinstance(test, ast.Compare):
        return None
    left, c = test.left, _number(test.comparators[0])
    if c is not None and isinstance(left, ast.BinOp) and isinstance(left.op, ast.Sub):
        shift = _number(left.right)
        left, c = left.left, None if shift is None else c + shift
    return c if isinstance(left, ast.Name) and left.id == "n" else None


def _number(node: ast.expr) -> Any:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, int | float) else None
