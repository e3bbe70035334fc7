"""Expressions of a rule's source as equations: with names or with numbers, in any style of `notation`."""

import ast
import copy
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from stepsize.explanations.markup import ADD, ATOM, MUL, NEG, POW, TEXT, Style, unbroken

__all__ = ["breakable", "chosen", "numbers", "rendered", "shown", "symbols", "value_of"]

Leaf = Callable[[ast.expr], str]

# Functions whose arguments are worth showing as numbers; of others the value is shown.
_CALLS = {"sqrt", "exp", "log", "sin", "cos", "tanh", "sign", "maximum", "minimum", "where", "abs", "dot"}

_OPERATORS: dict[type, tuple[str, int]] = {
    ast.Add: ("+", ADD),
    ast.Sub: ("-", ADD),
    ast.Mult: ("*", MUL),
    ast.MatMult: ("@", MUL),
    ast.Div: ("/", MUL),
    ast.FloorDiv: ("//", MUL),
    ast.Mod: ("%", MUL),
    ast.Pow: ("^", POW),
    ast.BitAnd: ("and", 0),
}
_COMPARE: dict[type[ast.cmpop], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}


def symbols(node: ast.expr, style: Style) -> str:
    """Return an expression with its names."""
    return unbroken(breakable(node, style))


def numbers(node: ast.expr, style: Style, names: dict[str, Any], module: dict[str, Any], digits: int) -> str:
    """Return an expression with the numbers in place of the names."""
    return unbroken(breakable(node, style, names, module, digits))


def breakable(
    node: ast.expr,
    style: Style,
    names: dict[str, Any] | None = None,
    module: dict[str, Any] | None = None,
    digits: int = 6,
) -> str:
    """Return an expression with its names, or their numbers where given, marked for `notation.broken`."""

    def leaf(part: ast.expr) -> str:
        if names is None or module is None:
            return _named(part, style)
        return shown(value_of(part, names, module), style, digits)

    return rendered(node, style, leaf)


def rendered(node: ast.expr, style: Style, leaf: Leaf) -> str:
    """Return an expression with what `leaf` makes of every part that is no operation, marked likewise."""
    return _rendered(node, style, leaf)[0]


def value_of(node: ast.expr, names: dict[str, Any], module: dict[str, Any]) -> Any:
    """Evaluate an expression of a rule's source with the values that its names had."""
    with np.errstate(all="ignore"):
        return eval(compile(ast.Expression(node), "<rule>", "eval"), module | names)


def chosen(node: ast.expr, names: dict[str, Any], module: dict[str, Any]) -> ast.expr:
    """Return an expression with every ``a if c else b`` replaced by the branch that was taken."""

    class Taken(ast.NodeTransformer):
        def visit_IfExp(self, branch: ast.IfExp) -> Any:
            taken = branch.body if value_of(branch.test, names, module) else branch.orelse
            return self.visit(taken)

        def visit(self, part: ast.AST) -> Any:
            return part if isinstance(part, _SCOPES) else super().visit(part)

    return Taken().visit(copy.deepcopy(node))  # type: ignore[no-any-return]  # a transformer's visit is untyped


# What has names of its own, whose values are known inside alone.
_SCOPES = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def shown(value: Any, style: Style, digits: int) -> str:
    """Return a number, a vector or a small matrix; of long ones the first three items and the last."""
    if isinstance(value, tuple | list):
        return style.vector([shown(item, style, digits) for item in value])
    if not isinstance(value, int | float | np.ndarray | np.generic):
        return style.name(getattr(value, "__name__", type(value).__name__))
    array = np.asarray(value)
    if array.size == 1:
        return style.scalar(array.item(), digits)
    if array.ndim > 2 or (array.ndim == 2 and array.size > 9):
        return style.code("x".join(map(str, array.shape)))
    if array.ndim == 2:
        return style.matrix([[shown(item, style, digits) for item in row] for row in array])
    items = [shown(item, style, digits) for item in array]
    return style.vector(items if len(items) <= 4 else [*items[:3], style.dots, items[-1]])


def _rendered(node: ast.expr, style: Style, leaf: Leaf) -> tuple[str, int]:
    """Return an expression's text and how tightly its outermost operator binds."""

    def part(child: ast.expr, least: int) -> str:
        text, binds = _rendered(child, style, leaf)
        # A negative number behind an operator needs parentheses, too.
        return style.group(text) if binds < least or (text[:1] == "-" and least > ADD) else text

    if any(isinstance(child, ast.Starred) for child in ast.walk(node)):
        return leaf(node), ATOM
    match node:
        case ast.Subscript(value=body, slice=index) if ast.unparse(index) in _AXES:
            return _rendered(body, style, leaf)
        case (
            ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr="asarray"), args=[body], keywords=[])
            | ast.Call(func=ast.Attribute(value=body, attr="astype"))
        ):
            return _rendered(body, style, leaf)
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return style.quotient(_rendered(left, style, leaf), _rendered(right, style, leaf))
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            power = _rendered(right, style, leaf)
            exponent = power[0] if style is not TEXT or power[1] == ATOM else style.group(power[0])
            return style.operator("^", part(left, ATOM), exponent), POW
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            symbol, binds = _OPERATORS[type(op)]
            last = part(right, binds + 1 if symbol == "-" else binds)
            last = style.group(last) if last[:1] == "-" else last
            return style.operator(symbol, part(left, binds), last), binds
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return f"-{part(operand, NEG)}", NEG
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARE:
            return style.operator(_COMPARE[type(op)], part(left, ADD), part(right, ADD)), 0
        case ast.Call(func=ast.Name(id=function), args=arguments, keywords=[]) if function in _CALLS:
            return style.call(function, [_rendered(a, style, leaf)[0] for a in arguments]), ATOM
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="np"), attr=function), args=arguments, keywords=[]
        ):
            return style.call(function, [_rendered(a, style, leaf)[0] for a in arguments]), ATOM
        case ast.Tuple(elts=items) | ast.List(elts=items):
            return style.vector([_rendered(item, style, leaf)[0] for item in items]), ATOM
    text = leaf(node)
    return text, 0 if isinstance(node, _LOOSE) and " " in text else ATOM


# What binds less than any operator of arithmetic, where it is written out.
_LOOSE = (ast.Compare, ast.BoolOp, ast.UnaryOp, ast.Lambda, ast.IfExp)

# Indices that only put axes in, which mathematics does not write.
_AXES = {"..., None", "(..., None)", "..., None, None", "(..., None, None)"}


def _named(node: ast.expr, style: Style) -> str:
    match node:
        case ast.Call(func=ast.Name(id=function), args=arguments, keywords=[]):
            return style.call(function.lstrip("_"), [symbols(argument, style) for argument in arguments])
        case ast.Name(id=word) | ast.Attribute(attr=word):
            return style.name(word.lstrip("_") or word)
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool) and math.isfinite(
            value
        ):
            return style.scalar(value, 6)
    return style.code(ast.unparse(node))
