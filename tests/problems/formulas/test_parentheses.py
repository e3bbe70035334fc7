"""Terms and landscapes as text: parentheses where the order needs them, signs, and what is cut."""

import pytest

from problems import DixonPrice, Parabola
from problems.formulas.parser import read
from problems.formulas.terms import variable
from problems.formulas.writer import written

NEEDED = ["x/(y*z)", "x/(y/z)", "x - (y - z)", "x - (y + z)", "(x + y)*z", "(x - y)/z", "(x*y)^z", "(x^y)^z"]
NOT_NEEDED = ["x*y/z", "x/y/z", "x - y - z", "x*y + z", "x^(y*z)", "x^2*y", "x + y*z"]


@pytest.mark.parametrize("text", [*NEEDED, *NOT_NEEDED])
def test_a_term_is_written_as_it_was_read(text):
    assert written(read(text)[0]) == text


def test_of_a_long_term_two_hundred_operands_are_written():
    """A sum has one operand more than signs: 100 of them are 199 parts, and 101 are cut."""
    terms = {n: sum((variable("x") for _ in range(n - 1)), variable("x")) for n in (100, 101)}
    assert "..." not in written(terms[100])
    assert "..." in written(terms[101])


@pytest.mark.parametrize(
    ("minimizer", "text"),
    [(0.0, "x^2"), (0.5, "(x - 0.5)^2"), (2.0, "(x - 2)^2"), (-0.5, "(x + 0.5)^2")],
)
def test_a_parabola_is_written_from_its_lowest_point(minimizer, text):
    assert Parabola(minimizer=minimizer).formula == text


def test_dixon_and_price_have_one_minimizer_or_two():
    """x_1 = 1 and x_i^2 = x_(i-1)/2, the last of either sign."""
    assert DixonPrice(1).minimizers == ((1.0,),)
    root, fourth = 2**-0.5, 2**-0.75
    assert [*map(pytest.approx, DixonPrice(2).minimizers)] == [(1.0, root), (1.0, -root)]
    assert [*map(pytest.approx, DixonPrice(3).minimizers)] == [(1.0, root, fourth), (1.0, root, -fourth)]
