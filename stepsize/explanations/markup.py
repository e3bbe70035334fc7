"""How equations are written: as plain text, in LaTeX and in HTML, and where a long one may be broken."""

import html
import math
import re

import numpy as np

__all__ = [
    "ADD",
    "ATOM",
    "HTML",
    "LATEX",
    "MUL",
    "NEG",
    "POW",
    "TEXT",
    "Latex",
    "Style",
    "broken",
    "escaped",
    "fits",
    "unbroken",
]

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
# What stands between two parts of an expression where a line may be broken; never seen in what is returned.
_BREAK = "\0"
# How tightly operators bind.
ADD, MUL, NEG, POW, ATOM = 1, 2, 3, 4, 5


class Style:
    """Plain text; subclasses write the same in other languages."""

    arrow, equals, blank, gradient, dots = "<-", "=", "_" * 24, "grad f(x)", "..."

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

    def matrix(self, rows: list[list[str]]) -> str:
        """Return the rows as a matrix."""
        return self.vector([self.vector(row) for row in rows])

    def operator(self, symbol: str, left: str, right: str) -> str:
        """Return an operation."""
        return f"{left}^{right}" if symbol == "^" else f"{left} {symbol} {right}"

    def quotient(self, over: tuple[str, int], under: tuple[str, int]) -> tuple[str, int]:
        """Return a quotient, from two texts and how tightly they bind."""
        right = under[0] if under[1] > MUL else self.group(under[0])
        left = over[0] if over[1] >= MUL else self.group(over[0])
        return f"{left} / {right}", MUL

    def call(self, function: str, arguments: list[str]) -> str:
        """Return a function of arguments."""
        if function == "abs":
            return f"|{arguments[0]}|"
        return f"{function}({', '.join(arguments)})"

    def group(self, text: str) -> str:
        """Return a text in parentheses."""
        return f"({text})"

    def code(self, text: str) -> str:
        """Return source that is no equation."""
        return text


class Latex(Style):
    """LaTeX, without the dollar signs."""

    arrow, equals = r"\leftarrow", "="
    blank = r"\underline{\hspace{7em}}"
    gradient, dots = r"\nabla f(x)", r"\ldots"

    def name(self, word: str) -> str:
        word = _GREEK.get(word, word)
        if word.endswith("_hat"):
            return rf"\hat{{{self.name(word[:-4])}}}"
        stem, _, rest = word.partition("_")
        if not rest and stem.rstrip("0123456789") != stem and stem.rstrip("0123456789"):
            stem, rest = stem.rstrip("0123456789"), stem[len(stem.rstrip("0123456789")) :]
        stem = f"\\{stem}" if stem in _LETTERS else stem if len(stem) == 1 else rf"\mathrm{{{escaped(stem)}}}"
        return f"{stem}_{{{_subscript(rest)}}}" if rest else stem

    def scalar(self, value: float, digits: int) -> str:
        if isinstance(value, bool | np.bool_):
            return rf"\text{{{bool(value)}}}"
        if math.isnan(value):
            return r"\mathrm{nan}"
        text = super().scalar(value, digits)
        if text in ("inf", "-inf"):
            return text.replace("inf", r"\infty")
        if "e" not in text:
            return text
        mantissa, _, power = text.partition("e")
        factor = "" if mantissa == "1" else rf"{mantissa} \cdot "
        return rf"{factor}10^{{{int(power)}}}"

    def matrix(self, rows: list[list[str]]) -> str:
        inside = r" \\ ".join(" & ".join(row) for row in rows)
        return rf"\begin{{pmatrix}} {inside} \end{{pmatrix}}"

    def operator(self, symbol: str, left: str, right: str) -> str:
        if symbol == "^":
            return f"{{{left}}}^{{{right}}}"
        return f"{left} {_BREAK if symbol in '+-*' else ''}{_LATEX.get(symbol, symbol)} {right}"

    def quotient(self, over: tuple[str, int], under: tuple[str, int]) -> tuple[str, int]:
        return rf"\frac{{{unbroken(over[0])}}}{{{unbroken(under[0])}}}", MUL

    def call(self, function: str, arguments: list[str]) -> str:
        inside = unbroken(", ".join(arguments))
        if function == "sqrt":
            return rf"\sqrt{{{inside}}}"
        if function == "abs":
            return rf"\left| {inside} \right|"
        return rf"\operatorname{{{escaped(function)}}}\left({inside}\right)"

    def group(self, text: str) -> str:
        return rf"\left({unbroken(text)}\right)"

    def code(self, text: str) -> str:
        return rf"\texttt{{{escaped(text)}}}"


class Html(Style):
    """HTML."""

    arrow, equals, blank = "&larr;", "=", "<u>" + "&nbsp;" * 24 + "</u>"
    gradient = "&nabla;f(x)"

    def name(self, word: str) -> str:
        word = _GREEK.get(word, word)
        if word.endswith("_hat"):
            return self.name(word[:-4]).replace("</i>", "&#770;</i>")
        stem, _, rest = word.partition("_")
        letter = f"&{stem};" if stem in _LETTERS else html.escape(stem)
        return f"<i>{letter}</i>" + (f"<sub>{html.escape(rest)}</sub>" if rest else "")

    def operator(self, symbol: str, left: str, right: str) -> str:
        if symbol == "^":
            return f"{left}<sup>{right}</sup>"
        return f"{left} {_HTML.get(symbol, html.escape(symbol))} {right}"

    def call(self, function: str, arguments: list[str]) -> str:
        if function == "sqrt":
            return f"&radic;({', '.join(arguments)})"
        return super().call(html.escape(function), arguments)

    def code(self, text: str) -> str:
        return html.escape(text)


TEXT, LATEX, HTML = Style(), Latex(), Html()
_LATEX = {
    "*": r"\cdot",
    "@": "",
    "%": r"\bmod",
    "and": r"\text{ and }",
    "<=": r"\le",
    ">=": r"\ge",
    "==": "=",
    "!=": r"\ne",
}
_HTML = {"*": "&middot;", "@": "&middot;", "-": "&minus;", "<=": "&le;", ">=": "&ge;", "==": "="}


# How many characters of mathematics fit on a line of a page.
_WIDTH = 80


def broken(text: str) -> list[str]:
    """Return the parts of a text between marks, put together to lines of at most the width."""
    rows = [""]
    for part in text.split(_BREAK):
        if rows[-1] and _width(rows[-1]) + _width(part) > _WIDTH:
            rows.append("")
        rows[-1] += part
    return [row.rstrip() for row in rows]


def fits(parts: list[str]) -> bool:
    """Whether formulas side by side fit on a line."""
    return sum(_width(part) + 3 for part in parts) <= _WIDTH


def _width(latex: str) -> int:
    """Return about how many characters a formula is wide."""
    if "pmatrix" in latex:  # as wide as its widest row
        head, _, rest = latex.partition(r"\begin{pmatrix}")
        inside, _, tail = rest.partition(r"\end{pmatrix}")
        return _width(head) + max(_width(row) + 2 for row in inside.split(r"\\")) + _width(tail)
    return len(re.sub(r"\\(left|right|mathrm|operatorname|text|frac)|[{}^_\s]", "", _SHORT.sub("x", latex)))


_SHORT = re.compile(r"\\(?!left|right|mathrm|operatorname|text|frac)[a-zA-Z]+")


def unbroken(text: str) -> str:
    """Return a text without the marks."""
    return text.replace(_BREAK, "")


def _subscript(rest: str) -> str:
    return rest if rest.isdigit() or len(rest) == 1 else rf"\mathrm{{{escaped(rest)}}}"


def escaped(text: str) -> str:
    """Return plain text for LaTeX, whatever its font has at the places of ASCII."""
    return "".join(_PLAIN.get(character, character) for character in text.replace("->", "\u2192"))


_PLAIN = {character: f"\\{character}" for character in "{}_&%$#"} | {
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": "$<$",
    ">": "$>$",
    "|": "$|$",
    "\u2192": r"$\to$",
}
