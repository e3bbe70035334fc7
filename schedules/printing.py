"""The syntax tree of a formula as a line of text, and as LaTeX."""

import ast
import math
from collections.abc import Callable

__all__ = ["latex_text", "plain_text"]

_GREEK = {"pi": r"\pi", "rho": r"\rho", "sigma": r"\sigma", "nu": r"\nu"}
_FUNCTIONS = {name: rf"\{name}" for name in ("exp", "cos", "tanh", "log", "min", "max")} | {"log2": r"\log_2"}
_FENCES = {
    "floor": (r"\left\lfloor ", r" \right\rfloor"),
    "ceil": (r"\left\lceil ", r" \right\rceil"),
    "abs": (r"\left|", r"\right|"),
    "sqrt": (r"\sqrt{", "}"),
}

# How tightly a piece of text binds.
_CASES, _TEST, _SUM, _PRODUCT, _POWER, _ATOM = range(6)
_Text = tuple[str, int]


def plain_text(tree: ast.expr) -> str:
    """Return a formula as text that reads like mathematics: ``0.1 exp(-0.05 n)``."""
    return _plain(tree)[0]


def latex_text(tree: ast.expr) -> str:
    """Return a formula as LaTeX, for math mode."""
    return _latex(tree)[0]


def _plain(node: ast.expr) -> _Text:
    def at(child: ast.expr, level: int) -> str:
        text, binds = _plain(child)
        return text if binds >= level else f"({text})"

    match node:
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            nested = isinstance(right, ast.BinOp) and not isinstance(right.op, ast.Mult)
            factor = at(right, _POWER if nested else _PRODUCT)
            return f"{at(left, _PRODUCT)}{' * ' if factor[0] in '0123456789.' else ' '}{factor}", _PRODUCT
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return f"{at(left, _PRODUCT)} / {at(right, _POWER)}", _PRODUCT
        case ast.BinOp(left=left, op=ast.Mod(), right=right):
            return f"{at(left, _PRODUCT)} mod {at(right, _POWER)}", _PRODUCT
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return f"{at(left, _ATOM)}^{at(right, _ATOM)}", _POWER
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return f"{at(body, _TEST)} if {at(test, _TEST)} else {at(orelse, _CASES)}", _CASES
        case ast.List(elts=items):
            return f"[{', '.join(at(item, _CASES) for item in items)}]", _ATOM
        case ast.Call(args=[ast.GeneratorExp(elt=elt, generators=[over])]):
            return f"prod({at(elt, _CASES)} for k < {at(_stop(over), _SUM)})", _ATOM
        case ast.Call(func=ast.Name(id=name), args=args):
            return f"{name}({', '.join(at(a, _CASES) for a in args)})", _ATOM
        case ast.Name(id=name):
            return name, _ATOM
    return _shared(node, at, _digits)


def _latex(node: ast.expr) -> _Text:
    def at(child: ast.expr, level: int) -> str:
        text, binds = _latex(child)
        return text if binds >= level else rf"\left({text}\right)"

    match node:
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            factor = at(right, _PRODUCT)
            times = r" \cdot " if factor.lstrip("{")[0].isdigit() else r"\,"
            return f"{at(left, _PRODUCT)}{times}{factor}", _PRODUCT
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return rf"\frac{{{at(left, _CASES)}}}{{{at(right, _CASES)}}}", _POWER
        case ast.BinOp(left=left, op=ast.Mod(), right=right):
            return rf"{at(left, _PRODUCT)} \;\mathrm{{mod}}\; {at(right, _POWER)}", _PRODUCT
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            base = at(left, _ATOM)
            return f"{{{base}}}^{{{at(right, _CASES)}}}", _POWER
        case ast.IfExp():
            return _latex_cases(node), _POWER
        case ast.List(elts=items):
            return rf"\left[{', '.join(at(item, _CASES) for item in items)}\right]", _ATOM
        case ast.Call(args=[ast.GeneratorExp(elt=elt, generators=[over])]):
            return rf"\prod_{{k=0}}^{{{at(_stop(over), _SUM)} - 1}} {at(elt, _PRODUCT)}", _PRODUCT
        case ast.Call(func=ast.Name(id=name), args=[arg]) if name in _FENCES:
            opening, closing = _FENCES[name]
            return f"{opening}{at(arg, _CASES)}{closing}", _ATOM
        case ast.Call(func=ast.Name(id=name), args=args):
            return rf"{_latex_name(name)}\left({', '.join(at(a, _CASES) for a in args)}\right)", _ATOM
        case ast.Name(id=name):
            return _latex_name(name), _ATOM
    return _shared(node, at, _latex_digits)


def _shared(node: ast.expr, at: Callable[[ast.expr, int], str], digits: Callable[[float], str]) -> _Text:
    """Return what reads the same in text and in LaTeX."""
    match node:
        case ast.Constant(value=int() | float() as value):
            return digits(value), _ATOM if value >= 0 else _SUM
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
            return f"{at(left, _SUM)} {'+' if isinstance(op, ast.Add) else '-'} {at(right, _PRODUCT)}", _SUM
        case ast.UnaryOp(operand=operand):
            return f"-{at(operand, _PRODUCT)}", _SUM
        case ast.Compare(left=left, comparators=[right]):
            return f"{at(left, _SUM)} < {at(right, _SUM)}", _TEST
    raise TypeError(f"a formula may not contain {ast.unparse(node)!r}")


def _latex_cases(node: ast.expr) -> str:
    rows = []
    while isinstance(node, ast.IfExp):
        rows.append(rf"{latex_text(node.body)} & {latex_text(node.test)}")
        node = node.orelse
    rows.append(rf"{latex_text(node)} & \text{{otherwise}}")
    return r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}"


def _latex_name(name: str) -> str:
    return _FUNCTIONS.get(name) or _GREEK.get(name) or (name if len(name) == 1 else rf"\mathrm{{{name}}}")


def _stop(over: ast.comprehension) -> ast.expr:
    """Return N of ``for k in range(N)``."""
    assert isinstance(over.iter, ast.Call)
    return over.iter.args[0]


def _digits(value: float) -> str:
    return str(value) if isinstance(value, int) or not math.isfinite(value) else f"{value:.6g}"


def _latex_digits(value: float) -> str:
    mantissa, _, exponent = _digits(value).partition("e")
    return mantissa if not exponent else rf"{mantissa} \cdot 10^{{{int(exponent)}}}"
