"""Terms simplify a little while they are made, are one object where they are equal, and are read back."""

import gc
import math
import weakref

import numpy as np
import pytest

from problems.formulas.differentiation import degree, derivatives
from problems.formulas.parser import read
from problems.formulas.terms import COMPARISONS, Term, called, constant, number, ordered, power, variable
from problems.formulas.writer import function_of, written

X, Y, Z, PI = variable("x"), variable("y"), variable("z"), constant("pi", math.pi)
MINUS_X = -X
N = number

SIMPLE = [
    # Sums
    (lambda: N(2.0) + N(3.0), "5"),
    (lambda: N(0.0) + X, "x"),
    (lambda: X + N(0.0), "x"),
    (lambda: X + X, "2*x"),
    (lambda: X + Y, "x + y"),
    (lambda: X + N(3.0), "x + 3"),
    (lambda: X + N(-3.0), "x - 3"),
    (lambda: N(-3.0) + X, "x - 3"),
    (lambda: X + -Y, "x - y"),
    (lambda: -X + Y, "y - x"),
    (lambda: X + N(-2.0) * Y, "x - 2*y"),
    (lambda: N(-2.0) * X + Y, "y - 2*x"),
    (lambda: X + N(-2.0) / Y, "x - 2/y"),
    (lambda: X + N(2.0) / Y, "x + 2/y"),
    (lambda: X + N(0.5), "x + 0.5"),
    (lambda: X + called("*", N(0.0), Y), "x + 0*y"),
    (lambda: X + PI, "x + pi"),
    (lambda: PI + N(1.0), "pi + 1"),
    # Differences
    (lambda: N(5.0) - N(3.0), "2"),
    (lambda: X - N(0.0), "x"),
    (lambda: N(0.0) - X, "-x"),
    (lambda: X - X, "0"),
    (lambda: X - Y, "x - y"),
    (lambda: X - -Y, "x + y"),
    (lambda: X - N(-3.0), "x + 3"),
    (lambda: X - N(3.0), "x - 3"),
    (lambda: X - N(-2.0) * Y, "x + 2*y"),
    (lambda: X - N(-2.0) / Y, "x + 2/y"),
    (lambda: N(2.0) - PI, "2 - pi"),
    # Opposites
    (lambda: -MINUS_X, "x"),
    (lambda: -N(2.0), "-2"),
    (lambda: -N(-2.0), "2"),
    (lambda: -(N(2.0) * X), "-2*x"),
    (lambda: -(N(2.0) / X), "-2/x"),
    (lambda: -(N(-2.0) * X), "2*x"),
    (lambda: -(X + Y), "-(x + y)"),
    (lambda: -(X * Y), "-x*y"),
    (lambda: -(X / Y), "-x/y"),
    # Products
    (lambda: N(2.0) * N(3.0), "6"),
    (lambda: N(0.0) * X, "0"),
    (lambda: X * N(0.0), "0"),
    (lambda: N(1.0) * X, "x"),
    (lambda: X * N(1.0), "x"),
    (lambda: N(-1.0) * X, "-x"),
    (lambda: X * N(-1.0), "-x"),
    (lambda: X * N(2.0), "2*x"),
    (lambda: X * PI, "pi*x"),
    (lambda: PI * X, "pi*x"),
    (lambda: N(2.0) * PI * X, "2*pi*x"),
    (lambda: X * Y, "x*y"),
    (lambda: X * X, "x^2"),
    (lambda: X * -Y, "-x*y"),
    (lambda: -X * Y, "-x*y"),
    (lambda: X * (N(2.0) * Y), "2*x*y"),
    (lambda: N(2.0) * X * Y, "2*x*y"),
    (lambda: N(2.0) * (N(3.0) * X), "6*x"),
    (lambda: (N(2.0) * X) * (N(3.0) * Y), "6*x*y"),
    (lambda: (N(2.0) * X) * (N(0.5) * Y), "x*y"),
    (lambda: (N(2.0) * X) * N(3.0), "6*x"),
    # Quotients
    (lambda: N(6.0) / N(3.0), "2"),
    (lambda: N(0.0) / X, "0"),
    (lambda: X / N(1.0), "x"),
    (lambda: X / N(2.0), "0.5*x"),
    (lambda: X / Y, "x/y"),
    (lambda: -X / Y, "-x/y"),
    (lambda: (N(2.0) * X) / Y, "2*x/y"),
    (lambda: X / (N(2.0) * Y), "0.5*x/y"),
    (lambda: (N(2.0) * X) / (N(4.0) * Y), "0.5*x/y"),
    (lambda: (N(4.0) * X) / N(2.0), "2*x"),
    (lambda: N(3.0) / (N(2.0) * Y), "1.5*1/y"),
    # Powers
    (lambda: X ** N(0.0), "1"),
    (lambda: X ** N(1.0), "x"),
    (lambda: X ** N(2.0), "x^2"),
    (lambda: X**Y, "x^y"),
]


@pytest.mark.parametrize(("made", "text"), SIMPLE, ids=[text for _, text in SIMPLE])
def test_a_term_is_as_simple_as_its_text(made, text):
    term = made()
    assert written(term) == text
    if term.value is None:
        again, _ = read(text)
        x = np.array([0.7, -1.3, 2.0])
        names = ("x", "y", "z")
        with np.errstate(all="ignore"):
            first, second = (function_of([t], names)(x, x[::-1] + 0.1, x * x)[0] for t in (term, again))
        np.testing.assert_allclose(first, second, rtol=1e-15)


def test_a_sign_and_a_number_are_taken_into_the_term():
    """Of texts that are the same, such as -(2*x) and (-2)*x, the second is meant."""
    assert -N(2.0) is number(-2.0)
    assert -N(-2.0) is number(2.0)
    assert -(N(2.0) * X) is called("*", number(-2.0), X)
    assert -(N(2.0) / X) is called("/", number(-2.0), X)
    assert -(X * Y) is called("negative", called("*", X, Y))
    assert -(X / N(2.0)) is called("*", number(-0.5), X)
    assert -called("*", X, N(2.0)) is called("negative", called("*", X, N(2.0)))
    assert (N(2.0) * X) * Y is X * (N(2.0) * Y) is called("*", N(2.0), called("*", X, Y))
    assert (N(2.0) * PI) * X is called("*", N(2.0), called("*", PI, X))


EXPONENT = called("+", Y, N(1.0))
WRITTEN = [
    (called("-", X, called("-", Y, Z)), "x - (y - z)"),
    (called("-", called("-", X, Y), Z), "x - y - z"),
    (called("+", X, called("+", Y, Z)), "x + (y + z)"),
    (called("+", called("-", X, Y), Z), "x - y + z"),
    (called("/", X, called("*", Y, Z)), "x/(y*z)"),
    (called("/", X, called("/", Y, Z)), "x/(y/z)"),
    (called("/", X, N(-2.0)), "x/-2"),
    (called("/", called("*", X, Y), Z), "x*y/z"),
    (called("*", X, called("/", Y, Z)), "x*y/z"),
    (called("*", called("+", X, Y), called("-", X, Y)), "(x + y)*(x - y)"),
    (called("^", called("+", X, Y), N(2.0)), "(x + y)^2"),
    (called("^", X, EXPONENT), "x^(y + 1)"),
    (called("^", X, called("^", Y, Z)), "x^y^z"),
    (called("^", called("^", X, Y), Z), "(x^y)^z"),
    (called("^", X, N(-2.0)), "x^(-2)"),
    (called("^", X, N(0.0)), "x^0"),
    (called("^", X, N(0.5)), "x^0.5"),
    (called("^", N(0.5), X), "0.5^x"),
    (called("^", called("negative", X), N(2.0)), "(-x)^2"),
    (called("^", N(-2.0), X), "(-2)^x"),
    (called("negative", called("^", X, N(2.0))), "-x^2"),
    (called("negative", called("+", X, Y)), "-(x + y)"),
    (called("+", X, called("negative", Y)), "x + (-y)"),
    (called("+", called("negative", X), Y), "-x + y"),
    (called("*", called("negative", X), Y), "(-x)*y"),
    (called("where", called("<=", X, called("-", Y, Z)), X, called("*", X, Y)), "where(x <= y - z, x, x*y)"),
    (called("maximum", called("-", X, Y), N(0.5)), "maximum(x - y, 0.5)"),
    (called("sin", called("*", PI, X)), "sin(pi*x)"),
    (N(1234567.0), "1.23457e+06"),
    (N(-0.1), "-0.1"),
    (called("*", N(-0.5), X), "-0.5*x"),
    (called("*", X, N(-0.5)), "x*-0.5"),
]


@pytest.mark.parametrize(("term", "text"), WRITTEN, ids=[text for _, text in WRITTEN])
def test_a_term_is_written_with_the_parentheses_that_it_needs_and_no_others(term, text):
    assert written(term) == text
    names = ("x", "y", "z")
    if term.value is None:
        values = np.array([1.7, 0.3]), np.array([0.6, 2.2]), np.array([1.1, 0.4])
        with np.errstate(invalid="ignore"):
            first, second = (function_of([t], names)(*values)[0] for t in (term, read(text)[0]))
        np.testing.assert_allclose(first, second, rtol=1e-15)


@pytest.mark.parametrize("length", [100, 101, 150])
def test_of_a_long_term_two_hundred_parts_are_written(length):
    term = X
    for _ in range(length - 1):
        term = called("+", term, X)
    shown = min(length, 200 - (length - 1))  # each sum is a part, too
    assert written(term) == " + ".join(["x"] * shown + ["..."] * (length - shown))


def test_equal_terms_are_one_object_and_forgotten_when_nobody_holds_them():
    assert variable("x") is X
    assert number(2.0) is N(2.0)
    assert constant("pi", math.pi) is PI
    assert number(0.0) is not number(-0.0)
    assert called("+", X, N(1.0)) is called("+", X, number(1.0))
    assert called("+", X, Y) is not called("+", Y, X)
    passing = weakref.ref(called("sin", called("cos", variable("q99"))))
    gc.collect()
    assert passing() is None


def test_what_has_no_variable_has_a_value_and_everything_else_none():
    assert called("sqrt", N(4.0)).value == 2.0
    assert called("maximum", N(4.0), PI).value == 4.0
    assert called("where", called("<", N(1.0), N(2.0)), N(3.0), N(4.0)).value == 3.0
    for op, value in {"<": True, "<=": True, ">": False, ">=": False, "==": False, "!=": True}.items():
        assert op in COMPARISONS
        assert called(op, N(1.0), N(2.0)).value is value
    assert called("+", X, N(1.0)).value is None
    assert called("/", N(1.0), N(0.0)).value == math.inf
    assert math.isnan(called("log", N(-1.0)).value)
    assert called("^", N(10.0), N(400.0)).value == math.inf
    assert math.isnan(called("^", N(-8.0), N(1 / 3)).value)
    assert (N(1.0) / N(0.0)).value == math.inf
    assert type(called("/", N(1.0), N(0.0)).value) is type(called("log", N(-1.0)).value) is float
    assert type(called("sin", N(2.0)).value) is float


def test_a_power_that_is_no_real_number_is_an_error_on_floats_and_nan_on_arrays():
    assert (power(-2.0, 3.0), power(4.0, 0.5), power(-2.0, -1.0), power(0.0, 0.5)) == (-8.0, 2.0, -0.5, 0.0)
    with pytest.raises(ValueError, match=r"got the power 0\.5 of -4\.0, which is no real number"):
        power(-4.0, 0.5)
    with np.errstate(invalid="ignore"):
        assert np.isnan(power(np.array([-4.0]), 0.5)).all()


def test_a_term_comes_after_its_operands_and_once():
    term, _ = read("(x + y)*(x + y) + sin(x + y)^2 - max(x, 2)")
    steps = list(ordered([term, term.operands[0], term]))
    assert len(set(map(id, steps))) == len(steps)
    assert steps[-1] is term
    for i, step in enumerate(steps):
        assert all(any(a is before for before in steps[:i]) for a in step.operands)
    assert {s.op for s in steps} == {"variable", "number", "+", "*", "sin", "^", "maximum", "-"}


DEGREES = [
    ("x", 1),
    ("x + y^2", 2),
    ("x^3 - y", 3),
    ("-x^2", 2),
    ("x*y", 2),
    ("x*(x + 1)*y^2", 4),
    ("x/2 + y*pi", 1),
    ("(x*y)^2", 4),
    ("(2 + x)^0", 0),
    ("x^1", 1),
    ("sin(2)*x + exp(1)", 1),
    ("x^2/(1 + 1)", 2),
    ("x*0.5 + sqrt(2)", 1),
    ("2/x", math.inf),
    ("x/y", math.inf),
    ("x^0.5", math.inf),
    ("x^-1", math.inf),
    ("x^-2", math.inf),
    ("2^x", math.inf),
    ("x^x", math.inf),
    ("exp(x)", math.inf),
    ("exp(x) + x", math.inf),
    ("x*abs(y)", math.inf),
    ("where(x > 0, x, y)", math.inf),
]


@pytest.mark.parametrize(("text", "expected"), DEGREES)
def test_the_degree_of_what_is_a_polynomial_as_it_is_written(text, expected):
    assert degree(read(text)[0]) == expected


SLOPES = [
    ("x - y", ("1", "-1")),
    ("x*y*z", ("y*z", "x*z", "x*y")),
    ("x/y", ("1/y", "-x/y/y")),
    ("3/y", ("-3/y^2",)),
    ("x/(x + 1)", ("(1 - x/(x + 1))/(x + 1)",)),
    ("x^3", ("3*x^2",)),
    ("x^y", ("y*x^(y - 1)", "x^y*log(x)")),
    ("2^y", ("log(2)*2^y",)),
    ("x^pi", ("pi*x^2.14159",)),
    ("max(x, y)", ("where(x > y, 1, where(y > x, 0, 0.5))", "where(x > y, 0, where(y > x, 1, 0.5))")),
    ("min(x, y)", ("where(y > x, 1, where(x > y, 0, 0.5))", "where(y > x, 0, where(x > y, 1, 0.5))")),
    ("max(x, x + y)", ("1", "where(x > x + y, 0, where(x + y > x, 1, 0.5))")),
    ("where(x > y, x, x*y)", ("where(x > y, 1, y)", "where(x > y, 0, x)")),
    ("where(x > y, 2x, x + x)", ("2", "0")),
    ("abs(x)*sign(y)", ("sign(x)*sign(y)", "0")),
    ("sqrt(x)", ("0.5*1/sqrt(x)",)),
    ("exp(2x)", ("2*exp(2*x)",)),
    ("-cos(x)", ("sin(x)",)),
    ("arctan(x)", ("1/(1 + x^2)",)),
    ("tanh(2x)", ("2*(1 - tanh(2*x)^2)",)),
    ("sinh(2x)", ("2*cosh(2*x)",)),
    ("cosh(3x)", ("3*sinh(3*x)",)),
    ("abs(2x)", ("2*sign(2*x)",)),
    ("3/(2y)", ("-6/(2*y)^2",)),
    ("x^(2y)", ("2*y*x^(2*y - 1)", "2*x^(2*y)*log(x)")),
    ("sinh(x) - cosh(y)", ("cosh(x)", "-sinh(y)")),
]


@pytest.mark.parametrize(("text", "slopes"), SLOPES, ids=[text for text, _ in SLOPES])
def test_the_rules_of_calculus_one_by_one(text, slopes):
    term, variables = read(text)
    assert tuple(map(written, derivatives(term, variables))) == slopes


def test_at_a_kink_the_slope_is_the_mean_of_both_sides():
    term, names = read("max(x, 3 y) + min(x, 3 y) + 4 max(x, 0)")
    slope = function_of(derivatives(term, names), names)
    assert slope(3.0, 1.0) == (0.5 + 0.5 + 4, 1.5 + 1.5)
    assert slope(3.0, 2.0) == (0 + 1 + 4, 3 + 0)
    assert slope(0.0, 5.0) == (0 + 1 + 2, 3 + 0)
    assert slope(-1.0, -5.0) == (1 + 0 + 0, 0 + 3)


def test_what_has_no_derivative_is_an_error():
    with pytest.raises(ValueError, match=r"op: got 'round', expected an operation that has a derivative"):
        derivatives(Term("round", (X,), None), ["x"])


def test_a_function_computes_each_part_once_and_whole_powers_as_products():
    counted = []

    class Watched(float):
        def __mul__(self, other):
            counted.append("*")
            return Watched(float(self) * float(other))

    term, _ = read("x^13")
    value = function_of([term, term], ["x"])(Watched(1.1))
    assert value[0] == value[1] == pytest.approx(1.1**13, rel=1e-15)
    assert len(counted) == 5  # 2, 4, 8 and twice a product of those
    exact = 1.5
    for exponent in (1, 2, 3, 5, 7, 8, 13, -1, -3, 0.5, 2.5, -1.5):
        term = called("^", X, N(float(exponent)))
        assert function_of([term], ["x"])(exact)[0] == pytest.approx(exact**exponent, rel=1e-15)
    assert function_of([called("^", X, N(0.0))], ["x"])(exact)[0] == 1.0


def test_numbers_that_are_none_are_computed_with_too():
    ends = function_of([called("log", N(-1.0)), called("/", N(-1.0), N(0.0)) * X], ["x"])(2.0)
    assert math.isnan(ends[0])
    assert ends[1] == -math.inf
