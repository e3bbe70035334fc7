"""Formulas as people type them, ``x^2 + 3 y^2``, read into terms.

A reader of its own takes the text apart; names, numbers and operators that it does not know are refused
before Python's grammar, which knows the precedence of the rest, sees them. Nothing is ever evaluated.
"""

import ast
import math
import re
from collections.abc import Callable
from typing import Any, NoReturn

from problems.formulas.terms import FUNCTIONS, Term, called, constant, number, variable
from problems.formulas.writer import written
from stepsize.core.validation import did_you_mean

__all__ = ["is_formula", "names_in", "read"]

# The longest formula, how deep parentheses and powers may be nested, and the largest constant power.
LENGTH, DEPTH, POWER = 2000, 100, 1000

_CONSTANTS = {"pi": math.pi, "e": math.e}
_GREEK = "alpha|beta|gamma|delta|epsilon|zeta|eta|theta|iota|kappa|mu|nu|xi|rho|sigma|tau|phi|chi|psi|omega"
_VARIABLE = re.compile(rf"(?!e$)(?:[A-Za-z]|{_GREEK})(?:_?[0-9]+)?", re.ASCII)
_TOKEN = re.compile(
    r"(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<mark>\*\*|<=|>=|==|!=|[-+*/^(),<>])"
    r"|(?P<space>\s+)",
    re.ASCII,
)
# What is pasted from a book.
_SIGNS = str.maketrans(
    {"\u00b2": "^2 ", "\u00b3": "^3 ", "\u00b7": "*", "\u00d7": "*", "\u2212": "-", "\u03c0": "pi"}
)

_OPERATORS: dict[type[ast.operator], Any] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Pow: "^",
}
_COMPARED: dict[type[ast.cmpop], Any] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
# Other names for functions, and functions that others make up.
_ALIASES = {"ln": "log", "atan": "arctan", "max": "maximum", "min": "minimum"}
_COMPOSED: dict[str, Callable[[Term], Term]] = {
    "tan": lambda u: called("/", called("sin", u), called("cos", u)),
    "log2": lambda u: called("/", called("log", u), called("log", number(2.0))),
    "log10": lambda u: called("/", called("log", u), called("log", number(10.0))),
    "log1p": lambda u: called("log", called("+", number(1.0), u)),
    "expm1": lambda u: called("-", called("exp", u), number(1.0)),
}
_ARGUMENTS = (
    dict.fromkeys([*FUNCTIONS, *_COMPOSED], 1)
    | dict.fromkeys(("maximum", "minimum"), 2)
    | {"where": 3}
    | {"max": 2, "min": 2, "ln": 1, "atan": 1}
)


def read(text: str) -> tuple[Term, tuple[str, ...]]:
    """Return the term that a formula describes, and its variables in their order.

    Parameters
    ----------
    text : str
        Numbers, ``pi`` and ``e``, variables, ``+ - * /``, powers as ``**`` or ``^``, parentheses and
        functions. Products may be written without their sign: ``2x``, ``3 (x + 1)``, ``x sin(y)``.
        Variables are single letters or Greek letters' names, with a number behind or without; they are
        ordered by the alphabet, numbers as numbers: x1, x2, x10.

    Raises
    ------
    ValueError
        In one sentence, if the text is anything else.

    Examples
    --------
    >>> term, variables = read("x^2 + 3 y^2")
    >>> written(term), variables
    ('x^2 + 3*y^2', ('x', 'y'))
    """
    if len(text) > LENGTH:
        raise ValueError(f"formula: got {len(text)} characters, expected at most {LENGTH}")
    source = _Source(text)
    words, names = source.words(), names_in(text)
    variables = sorted({name for name in names if _is_variable(name)}, key=_place)
    try:
        tree = ast.parse(words, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        source.refuse("an expression such as 'x**2 + 3*y**2'")
    if not variables:
        source.refuse("at least one variable, such as x")
    try:
        return source.term(tree, 0), tuple(variables)
    except RecursionError:
        source.refuse_depth()


def names_in(text: str) -> list[str]:
    """Return the names in a text, as far as it can be a formula."""
    found = (match for match in _TOKEN.finditer(text.translate(_SIGNS)))
    return [match["name"] for match in found if match["name"]]


def is_formula(text: str) -> bool:
    """Whether a text is meant as a formula: it has a variable or a function in it, or numbers alone."""
    names = names_in(text)
    return bool(text.strip()) and (not names or any(_is_variable(n) or n in _ARGUMENTS for n in names))


def _is_variable(name: str) -> bool:
    return _VARIABLE.fullmatch(name) is not None


def _place(name: str) -> tuple[Any, ...]:
    stem = name.rstrip("0123456789")
    return stem.lower(), stem, int(name[len(stem) :] or -1)


class _Source:
    """The text, which every sentence quotes."""

    def __init__(self, text: str) -> None:
        self.text = text

    def refuse(self, expected: str, what: str = "") -> NoReturn:
        """Raise a sentence on the text, or on something in it."""
        raise self.refusal(expected, what)

    def refusal(self, expected: str, what: str) -> ValueError:
        """Return the error to raise."""
        shown = repr(self.text if len(self.text) <= 80 else self.text[:77] + "...")
        return ValueError(f"formula: got {f'{what} in ' if what else ''}{shown}, expected {expected}")

    def refuse_depth(self) -> NoReturn:
        """Say how deep a formula may be."""
        self.refuse(f"at most {DEPTH} one inside the other", "powers, signs or parentheses")

    def words(self) -> str:
        """Return the text in Python's words, with every product's sign written out."""
        words: list[str] = []
        before, behind = ("", ""), ("", "")
        apart, depth, signs = False, 0, 0
        text, at = self.text.translate(_SIGNS), 0
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                self._refuse_character(text[at])
            kind, word = str(match.lastgroup), match[0]
            at = match.end()
            if kind == "space":
                apart = True
                continue
            if before[0] == "number" and (kind != "mark" or word == "("):
                self._check_number(before[1], word, apart, behind[1])
            if _ends(before) and (kind in ("number", "name") or (word == "(" and before[0] != "name")):
                if kind == "number" or before[1] in _ARGUMENTS:
                    self.refuse("an operator between the two", f"{before[1]!r} beside {word!r}")
                words.append("*")
            depth += {"(": 1, ")": -1}.get(word, 0)
            signs = signs + 1 if word in "+-" else 0
            if max(depth, signs) > DEPTH:
                self.refuse_depth()
            words.append(self._word(kind, word))
            before, behind, apart = (kind, word), before, False
        if not words:
            self.refuse("an expression such as 'x**2 + 3*y**2'")
        return " ".join(words)

    def _refuse_character(self, character: str) -> NoReturn:
        meaning = {".": "an attribute", '"': "a string", "'": "a string", "[": "a list", "=": "an assignment"}
        word = meaning.get(character, f"the character {character!r}")
        self.refuse("numbers, variables, operators and functions only", word)

    def _check_number(self, digits: str, word: str, apart: bool, before: str) -> None:
        """Refuse what only looks like a product: 0x10, 1_0, 1j, and 1/2x, which people read in two ways."""
        if apart:
            return
        strange = word[0] == "_" or word in ("j", "J") or (digits == "0" and word[0] in "xXbBoO")
        if strange or word[0] in "0123456789.":
            self.refuse("a number such as 0.5 or 1e-3", f"{digits + word!r}")
        if before in ("/", "^", "**"):
            self.refuse(
                "the product written out, with parentheses where they are meant", f"{digits + word!r}"
            )

    def _word(self, kind: str, word: str) -> str:
        if kind == "number":
            value = float(word)
            if math.isinf(value):
                self.refuse("numbers below 1.8e308", f"a number of {len(word)} characters")
            return repr(value)
        if kind == "name" and not (_is_variable(word) or word in _CONSTANTS or word in _ARGUMENTS):
            hint = did_you_mean(word, [*_ARGUMENTS, *_CONSTANTS])
            known = (
                "variables of one letter with or without a number (x, y, x1) and functions (sin, exp, log)"
            )
            raise ValueError(
                f"formula: got the unknown name {word!r} in {self.text[:80]!r}"
                + (hint or f", expected {known}")
            )
        return "**" if word == "^" else word

    def term(self, node: ast.expr, depth: int) -> Term:
        """Return the term of a node of Python's grammar."""
        if depth > 3 * DEPTH:  # a parenthesis is up to three steps in the grammar
            self.refuse_depth()
        spine: list[ast.BinOp] = []
        while isinstance(node, ast.BinOp):  # a sum of a thousand terms is as deep as it is long
            spine.append(node)
            node = node.left
        found = self._factor(node, depth)
        for outer in reversed(spine):
            found = self._operation(outer.op, found, self.term(outer.right, depth + 1))
        return found

    def _factor(self, node: ast.expr, depth: int) -> Term:
        match node:
            case ast.Constant(value=float() as value):
                return number(value)
            case ast.Name(id=name) if name in _CONSTANTS:
                return constant(name, _CONSTANTS[name])
            case ast.Name(id=name) if _is_variable(name):
                return variable(name)
            case ast.Name(id=name):
                raise self.refusal(f"{name}(...)", f"the function {name} without a parenthesis")
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.term(operand, depth + 1)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return called("negative", self.term(operand, depth + 1))
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
                return self._call(name, args, depth)
            case ast.Compare():
                raise self.refusal("it as the first of three in where(x > 0, ..., ...)", "a comparison")
            case _:
                raise self.refusal(
                    "numbers, variables, operators and functions only", repr(ast.unparse(node)[:40])
                )

    def _call(self, name: str, args: list[ast.expr], depth: int) -> Term:
        if name not in _ARGUMENTS:
            self.refuse(f"a function before a parenthesis, or a product: {name}*(...)", f"{name}(...)")
        if len(args) != _ARGUMENTS[name]:
            self.refuse(f"{_ARGUMENTS[name]}", f"{name} of {len(args)} term{'s' * (len(args) != 1)}")
        if name == "where":
            terms = [self._condition(args[0], depth + 1), *(self.term(a, depth + 1) for a in args[1:])]
        else:
            terms = [self.term(a, depth + 1) for a in args]
        if name in _COMPOSED:
            return self._known(_COMPOSED[name](terms[0]))
        return self._known(called(_ALIASES.get(name, name), *terms))

    def _condition(self, node: ast.expr, depth: int) -> Term:
        match node:
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARED:
                return called(_COMPARED[type(op)], self.term(left, depth), self.term(right, depth))
            case _:
                raise self.refusal("one comparison such as x > 0", "another first argument of where")

    def _operation(self, op: ast.operator, left: Term, right: Term) -> Term:
        symbol = _OPERATORS[type(op)]
        if symbol == "^" and right.value is not None and not abs(right.value) <= POWER:
            self.refuse(f"powers of at most {POWER}", f"the power {right.value:g}")
        if symbol == "^" and left.op == "constant" and left.args[0] == "e":
            return self._known(called("exp", right))
        return self._known(called(symbol, left, right))

    def _known(self, term: Term) -> Term:
        """Refuse numbers among themselves that come to none."""
        if term.value is not None and not math.isfinite(term.value):
            self.refuse("a finite number there", f"{written(term)}, which is {term.value},")
        return term


def _ends(word: tuple[str, str]) -> bool:
    """Whether an operand ends with this word."""
    return word[0] in ("number", "name") or word[1] == ")"
