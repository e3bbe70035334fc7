"""Names, numbers and operations in plain text, LaTeX and HTML, each as its language has them."""

import math

import numpy as np
import pytest

from stepsize.explanations.markup import (
    ADD,
    ATOM,
    HTML,
    LATEX,
    MUL,
    NEG,
    POW,
    TEXT,
    broken,
    escaped,
    fits,
    unbroken,
)

NAMES = [
    ("x", "x", "x", "<i>x</i>"),
    ("lr", "lr", r"\eta", "<i>&eta;</i>"),
    ("beta1", "beta1", r"\beta_{1}", "<i>&beta;</i><sub>1</sub>"),
    ("beta2", "beta2", r"\beta_{2}", "<i>&beta;</i><sub>2</sub>"),
    ("beta3", "beta3", r"\beta_{3}", "<i>&beta;</i><sub>3</sub>"),
    ("momentum", "momentum", r"\beta", "<i>&beta;</i>"),
    ("eps", "eps", r"\epsilon", "<i>&epsilon;</i>"),
    ("weight_decay", "weight_decay", r"\lambda", "<i>&lambda;</i>"),
    ("m_hat", "m_hat", r"\hat{m}", "<i>m&#770;</i>"),
    ("beta_hat", "beta_hat", r"\hat{\beta}", "<i>&beta;&#770;</i>"),
    ("x_next", "x_next", r"x_{\mathrm{next}}", "<i>x</i><sub>next</sub>"),
    ("x1_next", "x1_next", r"\mathrm{x1}_{\mathrm{next}}", "<i>x1</i><sub>next</sub>"),
    ("m_1_hat", "m_1_hat", r"\hat{m_{1}}", "<i>m&#770;</i><sub>1</sub>"),
    ("g_0", "g_0", "g_{0}", "<i>g</i><sub>0</sub>"),
    ("g_k", "g_k", "g_{k}", "<i>g</i><sub>k</sub>"),
    ("g_12", "g_12", "g_{12}", "<i>g</i><sub>12</sub>"),
    ("s12", "s12", "s_{12}", "<i>s12</i>"),
    ("root", "root", r"\mathrm{root}", "<i>root</i>"),
    ("rho", "rho", r"\rho", "<i>&rho;</i>"),
    ("max_norm", "max_norm", r"\mathrm{max}_{\mathrm{norm}}", "<i>max</i><sub>norm</sub>"),
    ("a_b_c", "a_b_c", r"a_{\mathrm{b\_c}}", "<i>a</i><sub>b_c</sub>"),
]


@pytest.mark.parametrize(("word", "text", "latex", "page"), NAMES)
def test_a_name_as_the_field_writes_it(word, text, latex, page):
    assert (TEXT.name(word), LATEX.name(word), HTML.name(word)) == (text, latex, page)


@pytest.mark.parametrize(
    "letter",
    [
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
    ],
)
def test_greek_letters_are_letters(letter):
    assert (LATEX.name(letter), HTML.name(letter)) == (f"\\{letter}", f"<i>&{letter};</i>")


NUMBERS = [
    (0.5, 6, "0.5", "0.5"),
    (-12.25, 6, "-12.25", "-12.25"),
    (1 / 3, 4, "0.3333", "0.3333"),
    (1e-8, 6, "1e-08", "10^{-8}"),
    (2.5e-8, 6, "2.5e-08", r"2.5 \cdot 10^{-8}"),
    (-1e20, 6, "-1e+20", r"-1 \cdot 10^{20}"),
    (123456789.0, 3, "1.23e+08", r"1.23 \cdot 10^{8}"),
    (math.inf, 6, "inf", r"\infty"),
    (-math.inf, 6, "-inf", r"-\infty"),
    (math.nan, 6, "nan", r"\mathrm{nan}"),
    (True, 6, "True", r"\text{True}"),
    (np.bool_(False), 6, "False", r"\text{False}"),
]


@pytest.mark.parametrize(("value", "digits", "text", "latex"), NUMBERS)
def test_a_number_to_its_digits(value, digits, text, latex):
    assert (TEXT.scalar(value, digits), LATEX.scalar(value, digits)) == (text, latex)
    assert HTML.scalar(value, digits) == text


def test_vectors_and_matrices():
    rows = [["1", "2"], ["3", "4"]]
    assert (
        TEXT.vector(["1", "2", "3"])
        == HTML.vector(["1", "2", "3"])
        == LATEX.vector(["1", "2", "3"])
        == "(1, 2, 3)"
    )
    assert TEXT.matrix(rows) == HTML.matrix(rows) == "((1, 2), (3, 4))"
    assert LATEX.matrix(rows) == r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}"


OPERATIONS = [
    ("+", "a + b", "a + b", "a + b"),
    ("-", "a - b", "a - b", "a &minus; b"),
    ("*", "a * b", r"a \cdot b", "a &middot; b"),
    ("@", "a @ b", "a  b", "a &middot; b"),
    ("%", "a % b", r"a \bmod b", "a % b"),
    ("^", "a^b", "{a}^{b}", "a<sup>b</sup>"),
    ("and", "a and b", r"a \text{ and } b", "a and b"),
    ("<", "a < b", "a < b", "a &lt; b"),
    (">", "a > b", "a > b", "a &gt; b"),
    ("<=", "a <= b", r"a \le b", "a &le; b"),
    (">=", "a >= b", r"a \ge b", "a &ge; b"),
    ("==", "a == b", "a = b", "a = b"),
    ("!=", "a != b", r"a \ne b", "a != b"),
    ("//", "a // b", "a // b", "a // b"),
]


@pytest.mark.parametrize(("symbol", "text", "latex", "page"), OPERATIONS)
def test_an_operation(symbol, text, latex, page):
    assert TEXT.operator(symbol, "a", "b") == text
    marked = LATEX.operator(symbol, "a", "b")
    assert unbroken(marked) == latex
    assert ("\0" in marked) == (symbol in "+-*"), "lines are broken at sums and products"
    assert HTML.operator(symbol, "a", "b") == page


def test_a_quotient_groups_what_binds_less():
    assert TEXT.quotient(("a", ATOM), ("b", ATOM)) == ("a / b", MUL)
    assert TEXT.quotient(("a + b", ADD), ("c + d", ADD)) == ("(a + b) / (c + d)", MUL)
    assert TEXT.quotient(("a * b", MUL), ("c * d", MUL)) == ("a * b / (c * d)", MUL)
    assert TEXT.quotient(("-a", NEG), ("b^2", POW)) == ("-a / b^2", MUL)
    assert HTML.quotient(("a + b", ADD), ("c", ATOM)) == ("(a + b) / c", MUL)
    over, under = LATEX.operator("+", "a", "b"), LATEX.operator("*", "c", "d")
    assert LATEX.quotient((over, ADD), (under, MUL)) == (r"\frac{a + b}{c \cdot d}", MUL)


def test_functions_and_groups():
    assert TEXT.call("sqrt", ["s"]) == "sqrt(s)"
    assert TEXT.call("abs", ["s"]) == HTML.call("abs", ["s"]) == "|s|"
    assert TEXT.call("where", ["c", "a", "b"]) == "where(c, a, b)"
    assert LATEX.call("sqrt", [LATEX.operator("+", "a", "b")]) == r"\sqrt{a + b}"
    assert LATEX.call("abs", [LATEX.operator("-", "a", "b")]) == r"\left| a - b \right|"
    assert LATEX.call("each_run", ["a", "b"]) == r"\operatorname{each\_run}\left(a, b\right)"
    assert HTML.call("sqrt", ["a", "b"]) == "&radic;(a, b)"
    assert HTML.call("a<b", ["c"]) == "a&lt;b(c)"
    assert TEXT.group("a + b") == HTML.group("a + b") == "(a + b)"
    assert LATEX.group(LATEX.operator("+", "a", "b")) == r"\left(a + b\right)"
    assert TEXT.code("f[0] < 1") == "f[0] < 1"
    assert LATEX.code("f[0] < a_b") == r"\texttt{f[0] $<$ a\_b}"
    assert HTML.code("f[0] < 1") == "f[0] &lt; 1"


@pytest.mark.parametrize(
    ("plain", "latex"),
    [
        ("a->b", r"a$\to$b"),
        ("{}_&%$#", r"\{\}\_\&\%\$\#"),
        ("\\", r"\textbackslash{}"),
        ("^~", r"\textasciicircum{}\textasciitilde{}"),
        ("<>|", "$<$$>$$|$"),
        ("plain, text (1.5)", "plain, text (1.5)"),
    ],
)
def test_every_character_of_plain_text_is_the_same_in_latex(plain, latex):
    assert escaped(plain) == latex


def test_lines_are_broken_at_the_last_mark_before_eighty_characters():
    twenty = "a" * 20
    assert broken("\0".join([twenty] * 4)) == [twenty * 4]
    assert broken("\0".join([twenty] * 5)) == [twenty * 4, twenty]
    assert broken("\0".join([twenty + " "] * 5)) == [(twenty + " ") * 3 + twenty, twenty]
    assert broken("a" * 100) == ["a" * 100]
    assert broken("a" * 100 + "\0" + "b") == ["a" * 100, "b"]
    assert broken("") == [""]


def test_the_width_of_a_line_counts_what_is_seen():
    """A command is one character wide, and what only groups or sizes is none."""
    assert broken("\0".join([r"\cdot" * 40] * 2)) == [r"\cdot" * 80]
    assert len(broken("\0".join([r"\cdot" * 41] * 2))) == 2
    invisible = r"\left\right\mathrm{}^_\frac\text\operatorname"
    assert broken("\0".join([invisible + "a" * 40] * 2)) == [2 * (invisible + "a" * 40)]
    assert len(broken("\0".join([invisible + "a" * 41, "a" * 40]))) == 2


def test_a_matrix_is_as_wide_as_its_widest_row():
    """And two characters more for its parentheses."""
    narrow, wide = "1" * 10, "2" * 30
    matrix = rf"\begin{{pmatrix}} {narrow} \\ {wide} \end{{pmatrix}}"
    beside = "a" * (80 - 32)
    assert len(broken(matrix + "\0" + beside)) == 1
    assert len(broken(matrix + "\0" + beside + "a")) == 2
    assert len(broken(beside + matrix + "\0" + "a")) == 2
    assert len(broken(matrix + beside + "\0" + "a")) == 2
    assert len(broken(matrix + "\0" + matrix)) == 1
    assert len(broken("\0".join([matrix + "a" * 8, matrix + "a" * 8]))) == 1
    assert len(broken("\0".join([matrix + "a" * 9, matrix + "a" * 8]))) == 2


def test_a_row_of_several_entries_is_as_wide_as_all_of_them():
    entries = " & ".join(["22222"] * 5)  # 29 characters, and 2 for the parentheses
    matrix, beside = rf"\begin{{pmatrix}} {entries} \\ 1 & 1 \end{{pmatrix}}", "a" * (80 - 31)
    assert len(broken(matrix + "\0" + beside)) == 1
    assert len(broken(matrix + "\0" + beside + "a")) == 2


def test_formulas_side_by_side_have_three_characters_between_them():
    assert fits(["a" * 77])
    assert not fits(["a" * 78])
    assert fits(["a" * 37, "a" * 37])
    assert not fits(["a" * 37, "a" * 38])
    assert fits([])
