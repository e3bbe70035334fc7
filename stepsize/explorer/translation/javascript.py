"""The one place that knows how a browser writes an operation."""

import base64
import gzip
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from stepsize.explorer.translation.symbols import Branch, Line, Symbol, Untranslatable

__all__ = ["EXACT", "body_of", "is_exact", "literal", "packed", "quoted", "squeezed", "unpacked"]

# One correctly rounded operation, or none: the same bits wherever IEEE 754 is kept.
_EXACT_WORDS = {
    "add": "{0} + {1}",
    "subtract": "{0} - {1}",
    "multiply": "{0} * {1}",
    "divide": "{0} / {1}",
    "negative": "-{0}",
    "positive": "{0}",
    "absolute": "Math.abs({0})",
    "fabs": "Math.abs({0})",
    "sqrt": "Math.sqrt({0})",
    "square": "{0} * {0}",
    "reciprocal": "1 / {0}",
    "less": "{0} < {1}",
    "less_equal": "{0} <= {1}",
    "greater": "{0} > {1}",
    "greater_equal": "{0} >= {1}",
    "equal": "{0} === {1}",
    "not_equal": "{0} !== {1}",
    "logical_and": "{0} && {1}",
    "logical_or": "{0} || {1}",
    "logical_not": "!{0}",
    "bitwise_and": "{0} & {1}",
    "bitwise_or": "{0} | {1}",
    "frexp": "binaryExponent({0})",
    "where": "{0} ? {1} : {2}",
    "maximum": "larger({0}, {1})",
    "minimum": "smaller({0}, {1})",
    "fmax": "larger({0}, {1})",
    "fmin": "smaller({0}, {1})",
    "sign": "signOf({0})",
    "floor": "Math.floor({0})",
    "ceil": "Math.ceil({0})",
    "trunc": "Math.trunc({0})",
    "rint": "toEven({0})",
    "floor_divide": "wholeQuotient({0}, {1})",
    "remainder": "remainder({0}, {1})",
    "isfinite": "Number.isFinite({0})",
    "isnan": "Number.isNaN({0})",
}
# Powers are rounded once, from pairs of doubles; C's own are within a hair of that.
_POWER = {"power": "power({0}, {1})", "float_power": "power({0}, {1})"}
# Functions whose last digit differs from one C library to the next.
_ROUNDED = {
    name: f"{name}({{0}})"
    for name in ("exp", "exp2", "expm1", "log", "log1p", "log2", "log10", "sin", "cos", "tan", "sinh", "cosh")
} | {name: f"{name}({{0}})" for name in ("tanh", "arctan", "arcsin", "arccos", "cbrt")}
_ROUNDED |= {"hypot": "hypot({0}, {1})", "arctan2": "arctan2({0}, {1})"}
_WORDS = _EXACT_WORDS | _POWER | _ROUNDED

# What has the same bits in Python and in a browser.
EXACT = frozenset(_EXACT_WORDS)


def literal(value: Any) -> str:
    """Return a number as a browser reads it, to the last bit.

    Examples
    --------
    >>> literal(1e-8), literal(-2.0), literal(float("inf")), literal(True)
    ('1e-8', '(-2)', 'Infinity', 'true')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    value = float(value)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "(-Infinity)"
    text = repr(value).removesuffix(".0").replace("e-0", "e-").replace("e+", "e")
    return f"({text})" if text.startswith("-") else text


def quoted(value: Any) -> str:
    """Return JSON that may stand in a page: no text in it can end a script."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def packed(values: Any) -> str:
    """Return floats, row after row, as text that a page unpacks to the last bit.

    The first bytes of all come first, then the second ones: those that are alike stand together, which makes
    the page shorter.

    Examples
    --------
    >>> unpacked(packed([1.0, -2.5])).tolist()
    [1.0, -2.5]
    """
    rows = np.ascontiguousarray(values, "<f8").reshape(-1, 1).view(np.uint8)
    return base64.b64encode(rows.T.tobytes()).decode()


def unpacked(text: str) -> Any:
    """Return the floats that were packed."""
    rows = np.frombuffer(base64.b64decode(text), np.uint8).reshape(8, -1)
    return np.ascontiguousarray(rows.T).view("<f8").ravel()


def squeezed(value: Any) -> str:
    """Return a value as compressed JSON in 85 letters, of which none is the "<" that could end a script."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return base64.b85encode(gzip.compress(text.encode(), mtime=0)).decode().replace("<", ",")


def is_exact(branches: Iterable[Branch], also: Collection[str] = ()) -> bool:
    """Whether all that the branches need is the same to the last bit everywhere, as also some words are."""
    for branch in branches:
        wanted = branch.needed()
        done = (line.operation for line in branch.page.lines if line.name in wanted)
        if any(operation not in EXACT and operation not in also for operation in done):
            return False
    return True


def body_of(branches: Sequence[Branch], ends: Callable[[int, list[str]], str], around: str = "{}") -> str:
    """Return the body of a function that takes the branches.

    Parameters
    ----------
    branches : sequence of Branch
        Every way through the rule.
    ends : callable
        Given the number of a branch and its results in words, what is done with them.
    around : str
        What stands around the lines of a coordinate, and takes the coordinate's own numbers.
    """
    needed = set().union(*(branch.needed() for branch in branches))
    return _chained(_tree([*enumerate(branches)], 0, 0, needed, ends, around))


def _tree(
    numbered: list[tuple[int, Branch]], depth: int, first: int, needed: set[str], ends: Any, around: str
) -> str:
    branches = [branch for _, branch in numbered]
    page = branches[0].page
    at_leaf = len(page.guards) == depth
    stop = len(page.lines) if at_leaf else page.guards[depth][2]
    plain = "".join(_line(line) for line in page.lines[first:stop] if line.plain and line.name in needed)
    if not at_leaf:
        parts = ([b for b in numbered if b[1].path[depth] is answer] for answer in (True, False))
        inside = [_tree(part, depth + 1, stop, needed, ends, around) for part in parts]
        return f"{plain}if ({page.guards[depth][0]}) {{\n{inside[0]}}} else {{\n{inside[1]}}}\n"
    branch, own = branches[0], branches[0].needed()
    lines = [line for line in page.lines if not line.plain and line.name in own]
    told = _told(numbered[0][0], branch, needed | own)
    places, once = _joined(lines, _uses(branch))
    words = [_word(r.name, once) if isinstance(r, Symbol) else literal(r) for r in branch.results]
    return plain + around.replace("{}", places + ends(numbered[0][0], words) + told, 1)


def _uses(branch: Branch) -> Counter[str]:
    """Return how often each name stands in what is written for a branch."""
    shown = branch.shown()
    lines = [line for line in branch.page.lines if line.name in shown]
    uses = Counter(a for line in lines for a in line.operands if isinstance(a, str))
    uses.update(line.operands[0] for line in lines if line.operation == "square")
    uses.update(r.name for r in [*branch.results, *branch.page.told] if isinstance(r, Symbol))
    return uses


def _joined(lines: Iterable[Line], uses: Counter[str]) -> tuple[str, dict[str, str]]:
    """Return lines as text, and the expressions of those used once, which stand where they are used."""
    text, inside = "", dict[str, str]()
    for line in lines:
        expression = _expression(line, inside)
        if uses[line.name] == 1:
            inside[line.name] = f"({expression})"
        else:
            text += f"const {line.name} = {expression};\n"
    return text, inside


def _told(number: int, branch: Branch, written: set[str]) -> str:
    """Return what tells a reader the number of the branch and the numbers on the way, if he asks."""
    if not branch.page.told:
        return ""
    wanted = branch.shown() - written
    more = "".join(_line(line) for line in branch.page.lines if line.name in wanted)
    names = ", ".join([str(number), *(symbol.name for symbol in branch.page.told)])
    tells = f"told[j] = [{names}];\n"
    return f"if (told) {{\n{more}{tells}}}\n" if more else f"if (told) {tells}"


def _chained(text: str) -> str:
    """Return lines in which declarations that follow each other are one."""
    return re.sub(r"(?m)(?:^const .*;\n){2,}", lambda found: found[0].replace(";\nconst ", ",\n"), text)


def _line(line: Line) -> str:
    return f"const {line.name} = {_expression(line, {})};\n"


def _expression(line: Line, inside: Mapping[str, str]) -> str:
    if line.operation not in _WORDS:
        raise Untranslatable(f"{line.operation}, which browsers do not have")
    words = [_word(a, inside) if isinstance(a, str) else literal(a) for a in line.operands]
    return _WORDS[line.operation].format(*words)


def _word(name: str, inside: Mapping[str, str]) -> str:
    return inside.get(name, name)
