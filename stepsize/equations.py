"""Expressions of a rule's source as equations: with names or with numbers, as text, LaTeX or HTML."""

import ast
import html
import math
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["HTML", "LATEX", "TEXT", "Style", "chosen", "numbers", "symbols", "value_of"]

Leaf = Callable[[ast.expr], str]

_GREEK = {
    "lr": "eta",
    "beta1": "beta_1",
    "beta2": "beta_2",
    "beta3": "beta_3",
    "momentum": "beta",
    "eps": "epsilon",
    "weight_decay": "lambda",
}
_LETTERS = {
    "alpha",
    "beta",
    "gamma",
    "delta",
    "epsilon",
    "eta",
    "lambda",
    "mu",
    "nu",
    "rho",
    "sigma",
    "tau",
    "theta",
}
_CALLS = {"sqrt", "exp", "log", "sin", "cos", "tanh", "sign", "maximum", "minimum", "where", "abs", "dot"}

# How tightly operators bind.
_ADD, _MUL, _NEG, _POW, _ATOM = 1, 2, 3, 4, 5
_OPERATORS: dict[type, tuple[str, int]] = {
    ast.Add: ("+", _ADD),
    ast.Sub: ("-", _ADD),
    ast.Mult: ("*", _MUL),
    ast.MatMult: ("@", _MUL),
    ast.Div: ("/", _MUL),
    ast.FloorDiv: ("//", _MUL),
    ast.Mod: ("%", _MUL),
    ast.Pow: ("^", _POW),
}
_COMPARE = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}


class Style:
    """Plain text; subclasses write the same in other languages."""

    arrow, equals, blank, gradient = "<-", "=", "_" * 24, "grad f(x)"

    def name(self, word: str) -> str:
        """Return a name, as the field writes it."""
        return word

    def scalar(self, value: float, digits: int) -> str:
        """Return a number with that many significant digits."""
        if isinstance(value, bool | np.bool_):
            return str(bool(value))
        return f"{value:.{digits}g}"

    def vector(self, items: list[str]) -> str:
        """Return the items in parentheses."""
        return f"({', '.join(items)})"

    def operator(self, symbol: str, left: str, right: str) -> str:
        """Return an operation."""
        return f"{left}^{right}" if symbol == "^" else f"{left} {symbol} {right}"

    def quotient(self, over: tuple[str, int], under: tuple[str, int]) -> tuple[str, int]:
        """Return a quotient, from two texts and how tightly they bind."""
        right = under[0] if under[1] > _MUL else self.group(under[0])
        left = over[0] if over[1] >= _MUL else self.group(over[0])
        return f"{left} / {right}", _MUL

    def call(self, function: str, arguments: list[str]) -> str:
        """Return a function of arguments."""
        if function == "abs":
            return f"|{arguments[0]}|"
        return f"{function}({', '.join(arguments)})"

    def group(self, text: str) -> str:
        """Return a text in parentheses."""
        return f"({text})"


class Latex(Style):
    """LaTeX, without the dollar signs."""

    arrow, equals = r"\leftarrow", "="
    blank = r"\underline{\hspace{7em}}"
    gradient = r"\nabla f(x)"

    def name(self, word: str) -> str:
        """Return a name with Greek letters, hats and subscripts."""
        word = _GREEK.get(word, word)
        if word.endswith("_hat"):
            return rf"\hat{{{self.name(word[:-4])}}}"
        stem, _, rest = word.partition("_")
        if not rest and stem.rstrip("0123456789") != stem and stem.rstrip("0123456789"):
            stem, rest = stem.rstrip("0123456789"), stem[len(stem.rstrip("0123456789")) :]
        stem = (
            f"\\{stem}" if stem in _LETTERS else stem if len(stem) == 1 else rf"\mathrm{{{_escaped(stem)}}}"
        )
        return f"{stem}_{{{_subscript(rest)}}}" if rest else stem

    def scalar(self, value: float, digits: int) -> str:
        """Return a number, powers of ten as such."""
        if isinstance(value, bool | np.bool_):
            return rf"\text{{{bool(value)}}}"
        text = super().scalar(value, digits)
        if text in ("inf", "-inf"):
            return text.replace("inf", r"\infty")
        if "e" not in text:
            return rf"\mathrm{{{text}}}" if text[-1:].isalpha() else text
        mantissa, _, power = text.partition("e")
        factor = "" if mantissa == "1" else rf"{mantissa} \cdot "
        return rf"{factor}10^{{{int(power)}}}"

    def operator(self, symbol: str, left: str, right: str) -> str:
        """Return an operation."""
        if symbol == "^":
            return f"{{{left}}}^{{{right}}}"
        return f"{left} {_LATEX.get(symbol, symbol)} {right}"

    def quotient(self, over: tuple[str, int], under: tuple[str, int]) -> tuple[str, int]:
        """Return a fraction."""
        return rf"\frac{{{over[0]}}}{{{under[0]}}}", _MUL

    def call(self, function: str, arguments: list[str]) -> str:
        """Return a function of arguments."""
        inside = ", ".join(arguments)
        if function == "sqrt":
            return rf"\sqrt{{{inside}}}"
        if function == "abs":
            return rf"\left| {inside} \right|"
        return rf"\operatorname{{{_escaped(function)}}}\left({inside}\right)"

    def group(self, text: str) -> str:
        """Return a text in parentheses of its size."""
        return rf"\left({text}\right)"


class Html(Style):
    """HTML."""

    arrow, equals, blank = "&larr;", "=", "<u>" + "&nbsp;" * 24 + "</u>"
    gradient = "&nabla;f(x)"

    def name(self, word: str) -> str:
        """Return a name in italics with Greek letters, hats and subscripts."""
        word = _GREEK.get(word, word)
        if word.endswith("_hat"):
            return self.name(word[:-4]).replace("</i>", "&#770;</i>", 1)
        stem, _, rest = word.partition("_")
        letter = f"&{stem};" if stem in _LETTERS else html.escape(stem)
        return f"<i>{letter}</i>" + (f"<sub>{html.escape(rest)}</sub>" if rest else "")

    def operator(self, symbol: str, left: str, right: str) -> str:
        """Return an operation."""
        if symbol == "^":
            return f"{left}<sup>{right}</sup>"
        return f"{left} {_HTML.get(symbol, html.escape(symbol))} {right}"

    def call(self, function: str, arguments: list[str]) -> str:
        """Return a function of arguments."""
        if function == "sqrt":
            return f"&radic;({', '.join(arguments)})"
        return super().call(html.escape(function), arguments)


TEXT, LATEX, HTML = Style(), Latex(), Html()
_LATEX = {"*": r"\cdot", "@": "", "%": r"\bmod", "<=": r"\le", ">=": r"\ge", "==": "=", "!=": r"\ne"}
_HTML = {"*": "&middot;", "@": "&middot;", "-": "&minus;", "<=": "&le;", ">=": "&ge;", "==": "="}


def symbols(node: ast.expr, style: Style) -> str:
    """Return an expression with its names."""
    return _rendered(node, style, lambda leaf: _named(leaf, style))[0]


def numbers(node: ast.expr, style: Style, names: dict[str, Any], module: dict[str, Any], digits: int) -> str:
    """Return an expression with the numbers in place of the names."""
    return _rendered(node, style, lambda leaf: shown(value_of(leaf, names, module), style, digits))[0]


def value_of(node: ast.expr, names: dict[str, Any], module: dict[str, Any]) -> Any:
    """Evaluate an expression of a rule's source with the values that its names had."""
    with np.errstate(all="ignore"):
        return eval(compile(ast.Expression(node), "<rule>", "eval"), module, names)


def chosen(node: ast.expr, names: dict[str, Any], module: dict[str, Any]) -> ast.expr:
    """Return an expression with every ``a if c else b`` replaced by the branch that was taken."""

    class Taken(ast.NodeTransformer):
        def visit_IfExp(self, branch: ast.IfExp) -> Any:
            taken = branch.body if value_of(branch.test, names, module) else branch.orelse
            return self.visit(taken)

    import copy

    return Taken().visit(copy.deepcopy(node))  # type: ignore[no-any-return]  # a transformer's visit is untyped


def shown(value: Any, style: Style, digits: int) -> str:
    """Return a number, a vector or a small matrix; of long ones the first three items and the last."""
    if isinstance(value, tuple | list):
        return style.vector([shown(item, style, digits) for item in value])
    if not isinstance(value, int | float | np.ndarray | np.generic):
        return style.name(getattr(value, "__name__", type(value).__name__))
    array = np.asarray(value)
    if array.ndim == 0:
        return style.scalar(array.item(), digits)
    if array.ndim > 2 or (array.ndim == 2 and array.size > 9):
        return style.name("x".join(map(str, array.shape)))
    items = [shown(item, style, digits) for item in array]
    if array.shape == (1,):
        return items[0]
    return style.vector(items if len(items) <= 4 else [*items[:3], "...", items[-1]])


def _rendered(node: ast.expr, style: Style, leaf: Leaf) -> tuple[str, int]:
    """Return an expression's text and how tightly its outermost operator binds."""

    def part(child: ast.expr, least: int) -> str:
        text, binds = _rendered(child, style, leaf)
        # A negative number behind an operator needs parentheses, too.
        return style.group(text) if binds < least or (text[:1] == "-" and least > _ADD) else text

    if any(isinstance(child, ast.Starred) for child in ast.walk(node)):
        return leaf(node), _ATOM
    match node:
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return style.quotient(_rendered(left, style, leaf), _rendered(right, style, leaf))
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            power = _rendered(right, style, leaf)
            exponent = power[0] if style is not TEXT or power[1] == _ATOM else style.group(power[0])
            return style.operator("^", part(left, _ATOM), exponent), _POW
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            symbol, binds = _OPERATORS[type(op)]
            behind = binds + 1 if symbol == "-" else max(binds, _ADD + 1) if symbol == "+" else binds
            last = part(right, behind if symbol != "+" else binds)
            last = style.group(last) if last[:1] == "-" else last
            return style.operator(symbol, part(left, binds), last), binds
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return f"-{part(operand, _NEG)}", _NEG
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARE:
            return style.operator(_COMPARE[type(op)], part(left, _ADD), part(right, _ADD)), 0
        case ast.Call(func=ast.Name(id=function), args=arguments, keywords=[]) if function in _CALLS:
            return style.call(function, [_rendered(a, style, leaf)[0] for a in arguments]), _ATOM
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="np"), attr=function), args=arguments, keywords=[]
        ):
            return style.call(function, [_rendered(a, style, leaf)[0] for a in arguments]), _ATOM
        case ast.Tuple(elts=items) | ast.List(elts=items):
            return style.vector([_rendered(item, style, leaf)[0] for item in items]), _ATOM
    return leaf(node), _ATOM


def _named(node: ast.expr, style: Style) -> str:
    match node:
        case ast.Name(id=word) | ast.Attribute(attr=word):
            return style.name(word)
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool) and math.isfinite(
            value
        ):
            return style.scalar(value, 6)
    return style.name(ast.unparse(node)) if style is TEXT else _code(ast.unparse(node), style)


def _code(text: str, style: Style) -> str:
    return rf"\texttt{{{_escaped(text)}}}" if isinstance(style, Latex) else html.escape(text)


def _subscript(rest: str) -> str:
    return rest if rest.isdigit() or len(rest) == 1 else rf"\mathrm{{{_escaped(rest)}}}"


def _escaped(text: str) -> str:
    for character in "\\{}_^&%$#~":
        text = text.replace(character, {"\\": r"\textbackslash "}.get(character, f"\\{character}"))
    return text
