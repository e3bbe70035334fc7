"""Expressions of a rule as it is written, with names and with numbers, in the parentheses that they need."""

import ast
import math

import numpy as np
import pytest

from stepsize.explanations.equations import breakable, chosen, numbers, rendered, shown, symbols, value_of
from stepsize.explanations.markup import HTML, LATEX, TEXT


def parsed(source):
    return ast.parse(source, mode="eval").body


TEXTS = [
    ("a + b + c", "a + b + c"),
    ("a + (b + c)", "a + b + c"),
    ("a + (b - c)", "a + b - c"),
    ("a - (b + c)", "a - (b + c)"),
    ("a - b * c", "a - b * c"),
    ("(a - b) * c", "(a - b) * c"),
    ("a * (b * c)", "a * b * c"),
    ("a - -b", "a - (-b)"),
    ("a + -b", "a + (-b)"),
    ("-a + b", "-a + b"),
    ("-a * b", "(-a) * b"),
    ("-(a + b)", "-(a + b)"),
    ("-(a * b)", "-(a * b)"),
    ("-a / b", "-a / b"),
    ("a / b / c", "a / b / c"),
    ("a / (b / c)", "a / (b / c)"),
    ("a % b", "a % b"),
    ("a // b", "a // b"),
    ("a @ b", "a @ b"),
    ("(a > b) & (c < d)", "a > b and c < d"),
    ("a ** 2 ** 3", "a^(2^3)"),
    ("(a ** 2) ** 3", "(a^2)^3"),
    ("a ** -1", "a^(-1)"),
    ("(a + b) ** 2", "(a + b)^2"),
    ("-a ** 2 * b", "(-a^2) * b"),
    ("a < b", "a < b"),
    ("a <= b + c", "a <= b + c"),
    ("a > b", "a > b"),
    ("a >= b", "a >= b"),
    ("a == b", "a == b"),
    ("(a < b) + c", "(a < b) + c"),
    ("c * (a < b)", "c * (a < b)"),
    ("1.2345678 * a", "1.23457 * a"),
    ("a != b", "a != b"),
    ("sqrt(a + b) * c", "sqrt(a + b) * c"),
    ("where(a > 0, a, -a)", "where(a > 0, a, -a)"),
    ("np.cbrt(a + b)", "cbrt(a + b)"),
    ("np.asarray(a + b) * c", "(a + b) * c"),
    ("a.astype(float) - b", "a - b"),
    ("a[..., None] * b", "a * b"),
    ("a[(..., None)] * b", "a * b"),
    ("a[..., None, None] * b", "a * b"),
    ("a[0] * b", "a[0] * b"),
    ("(a, b + c)", "(a, b + c)"),
    ("[a, -b]", "(a, -b)"),
    ("h.beta1 * m", "beta1 * m"),
    ("_helper(a + b, c)", "helper(a + b, c)"),
    ("_private + h._hidden", "private + hidden"),
    ("f(*a)", "f(*a)"),
    ("a + f(*b)", "a + f(*b)"),
    ("1.5 * a", "1.5 * a"),
    ("1e-8 + a", "1e-08 + a"),
    ("True", "True"),
    ("1e999", "1e309"),
    ("not a", "not a"),
    ("a < b < c", "a < b < c"),
    ("sqrt(a, out=b)", "sqrt(a, out=b)"),
]


@pytest.mark.parametrize(("source", "text"), TEXTS)
def test_an_expression_with_its_names(source, text):
    assert symbols(parsed(source), TEXT) == text


def test_exponents_are_raised_and_need_no_parentheses_there():
    assert symbols(parsed("a ** (b + 1)"), LATEX) == "{a}^{b + 1}"
    assert symbols(parsed("a ** (b + 1)"), HTML) == "<i>a</i><sup><i>b</i> + 1</sup>"
    assert symbols(parsed("a ** 2"), TEXT) == "a^2"


NAMES = {"a": -1.5, "b": 2.0, "v": np.array([1.0, -2.0]), "f": math.hypot, "c": np.array([[3.0]])}


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("a + b", "-1.5 + 2"),
        ("b + a", "2 + (-1.5)"),
        ("b - a", "2 - (-1.5)"),
        ("b * a", "2 * (-1.5)"),
        ("a * b", "(-1.5) * 2"),
        ("a ** 2", "(-1.5)^2"),
        ("a / b", "-1.5 / 2"),
        ("-a", "-(-1.5)"),
        ("a < b", "-1.5 < 2"),
        ("v * b", "(1, -2) * 2"),
        ("sqrt(b)", "sqrt(2)"),
        ("f(b, b) + 1", "2.82843 + 1"),
        ("c[..., None] + v[0]", "3 + 1"),
    ],
)
def test_an_expression_with_its_numbers(source, text):
    assert numbers(parsed(source), TEXT, NAMES, {}, 6) == text
    assert breakable(parsed(source), TEXT, NAMES, {}) == text


def test_numbers_have_as_many_digits_as_asked_for():
    assert numbers(parsed("a * x"), TEXT, {"a": 1 / 3, "x": 2 / 3}, {}, 3) == "0.333 * 0.667"
    assert breakable(parsed("a"), TEXT, {"a": 1 / 3}, {}) == "0.333333"
    assert breakable(parsed("a"), TEXT, {"a": 1 / 3}, None) == "a"
    assert breakable(parsed("a"), TEXT, None, {}) == "a"


def test_where_latex_may_be_broken_is_marked_and_taken_out():
    assert "\0" in breakable(parsed("a + b"), LATEX)
    assert symbols(parsed("a + b"), LATEX) == "a + b"
    assert numbers(parsed("a + b"), LATEX, NAMES, {}, 6) == "-1.5 + 2"


def test_a_leaf_is_whatever_is_no_operation():
    seen = []

    def leaf(node):
        seen.append(ast.unparse(node))
        return "?"

    assert rendered(parsed("a + f(b) * sqrt(c[0]) - (d if e else g)"), TEXT, leaf) == "? + ? * sqrt(?) - ?"
    assert sorted(seen) == ["a", "c[0]", "d if e else g", "f(b)"]


def test_a_value_is_that_of_the_expression_without_a_warning():
    assert value_of(parsed("a * two"), {"a": 3.0}, {"two": 2.0}) == 6.0
    assert value_of(parsed("v / 0"), {"v": np.ones(1)}, {}).tolist() == [math.inf]
    assert value_of(parsed("sqrt(v)"), {"v": -np.ones(1)}, {"sqrt": np.sqrt}) != 0


def test_of_two_branches_the_one_that_was_taken_is_left():
    source = parsed("a if n > 1 else (b if n > 0 else c) + 1")
    for n, text in ((2, "a"), (1, "b + 1"), (0, "c + 1")):
        assert symbols(chosen(source, {"n": n}, {}), TEXT) == text
    assert symbols(source, TEXT) == "a if n > 1 else (b if n > 0 else c) + 1", "the source itself stays"
    inside = parsed("x * (a if limit(n) else b)")
    assert symbols(chosen(inside, {"n": 1}, {"limit": bool}), TEXT) == "x * a"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1 / 3, "0.333"),
        (7, "7"),
        (True, "True"),
        (np.float32(0.5), "0.5"),
        (np.array([2.0]), "2"),
        (np.array([[2.0]]), "2"),
        (np.array([1.0, 2.0]), "(1, 2)"),
        (np.arange(4.0), "(0, 1, 2, 3)"),
        (np.arange(5.0), "(0, 1, 2, ..., 4)"),
        (np.eye(2), "((1, 0), (0, 1))"),
        (np.eye(3), "((1, 0, 0), (0, 1, 0), (0, 0, 1))"),
        (np.ones((2, 5)), "2x5"),
        (np.ones((2, 1, 2)), "2x1x2"),
        ((1.0, np.array([2.0, 3.0])), "(1, (2, 3))"),
        ([1.0, 2.0], "(1, 2)"),
        (np.sqrt, "sqrt"),
        (math.hypot, "hypot"),
        ("word", "str"),
        (None, "NoneType"),
    ],
)
def test_a_value_is_shown_in_a_line(value, text):
    assert shown(value, TEXT, 3) == text


def test_a_value_is_shown_in_the_language_of_the_page():
    assert shown(np.eye(2), LATEX, 3) == r"\begin{pmatrix} 1 & 0 \\ 0 & 1 \end{pmatrix}"
    assert shown(np.arange(6.0), LATEX, 3) == r"(0, 1, 2, \ldots, 5)"
    assert shown(np.ones((2, 5)), LATEX, 3) == r"\texttt{2x5}"
    assert shown(np.ones((2, 5)), HTML, 3) == "2x5"
