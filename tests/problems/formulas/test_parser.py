"""How a formula is read: what its signs, names, numbers and spaces mean, to the word and to the limit."""

import math
import re
import sys
from weakref import WeakValueDictionary

import pytest

from problems.formulas import parser, terms
from problems.formulas.parser import is_formula, names_in, read
from problems.formulas.terms import called, constant, number, variable
from problems.formulas.writer import written

X, Y = variable("x"), variable("y")
N = number


def product(*factors):
    term, *more = factors
    for factor in more:
        term = called("*", term, factor)
    return term


COMPARED = ["<", "<=", ">", ">=", "==", "!="]
FUNCTIONS = ["sqrt", "exp", "log", "sin", "cos", "sinh", "cosh", "tanh", "arctan", "sign", "abs"]

READ = [
    ("x + y - 2", called("-", called("+", X, Y), N(2.0))),
    ("x - y + 2", called("+", called("-", X, Y), N(2.0))),
    ("x/y/2", called("/", called("/", X, Y), N(2.0))),
    ("x^y^2", called("^", X, called("^", Y, N(2.0)))),
    ("x**y^2", called("^", X, called("^", Y, N(2.0)))),
    ("-x^2", called("negative", called("^", X, N(2.0)))),
    ("+x", X),
    ("+-x", called("negative", X)),
    ("--x", called("negative", called("negative", X))),
    ("2^-x", called("^", N(2.0), called("negative", X))),
    ("2x", product(N(2.0), X)),
    ("2 x y", product(N(2.0), X, Y)),
    ("2(x)", product(N(2.0), X)),
    ("2 (x + 1)", product(N(2.0), called("+", X, N(1.0)))),
    ("(x)(y)", product(X, Y)),
    ("(x) y", product(X, Y)),
    ("x pi", product(X, constant("pi", math.pi))),
    ("2pi x", product(N(2.0), constant("pi", math.pi), X)),
    ("x sin(y)", product(X, called("sin", Y))),
    ("2sin(y)", product(N(2.0), called("sin", Y))),
    ("sin(y) x", product(called("sin", Y), X)),
    ("x^2 y", product(called("^", X, N(2.0)), Y)),
    ("1/2 x", product(called("/", N(1.0), N(2.0)), X)),
    ("1.5e2x", product(N(150.0), X)),
    ("1e-3 x", product(N(0.001), X)),
    ("2E+1*x", product(N(20.0), X)),
    (".5x", product(N(0.5), X)),
    ("2.x", product(N(2.0), X)),
    ("x\u00b2", called("^", X, N(2.0))),
    ("x\u00b3y", product(called("^", X, N(3.0)), Y)),
    ("2\u00b7x\u00d7y", product(N(2.0), X, Y)),
    ("x \u2212 \u03c0", called("-", X, constant("pi", math.pi))),
    ("e^x", called("exp", X)),
    ("e*x", product(constant("e", math.e), X)),
    ("x^e", called("^", X, constant("e", math.e))),
    ("ln(x)", called("log", X)),
    ("atan(x)", called("arctan", X)),
    ("max(x, y)", called("maximum", X, Y)),
    ("min(x, y)", called("minimum", X, Y)),
    ("tan(x)", called("/", called("sin", X), called("cos", X))),
    ("log2(x)", called("/", called("log", X), called("log", N(2.0)))),
    ("log10(x)", called("/", called("log", X), called("log", N(10.0)))),
    ("log1p(x)", called("log", called("+", N(1.0), X))),
    ("expm1(x)", called("-", called("exp", X), N(1.0))),
    *((f"where(x {op} y, 1, 2)", called("where", called(op, X, Y), N(1.0), N(2.0))) for op in COMPARED),
    *((f"{name}(x)", called(name, X)) for name in FUNCTIONS),
    ("x^1000", called("^", X, N(1000.0))),
    ("x^-1000", called("^", X, called("negative", N(1000.0)))),
    ("x + 1.7e308", called("+", X, N(1.7e308))),
]  # fmt: skip


@pytest.mark.parametrize(("text", "term"), READ, ids=[text for text, _ in READ])
def test_a_text_is_the_term_that_mathematics_reads(text, term):
    found, names = read(text)
    assert found is term, written(found)
    assert set(names) <= {"x", "y"}


GREEK = "alpha beta gamma delta epsilon zeta eta theta iota kappa mu nu xi rho sigma tau phi chi psi omega"


@pytest.mark.parametrize("name", [*"xXzE", "x1", "x_1", "omega_12", "z9", "e1", *GREEK.split()])
def test_variables_are_letters_and_greek_letters_with_a_number_or_without(name):
    assert read(f"{name} + 1")[1] == (name,)


@pytest.mark.parametrize("name", ["xy", "e", "pi", "x_", "x__1", "lambda", "_x", "x1y", "Theta", "sin"])
def test_other_words_are_no_variables(name):
    with pytest.raises(ValueError, match=r"^formula: got "):
        read(name)


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("x10 + x9 + x2 + x", "x x2 x9 x10"),
        ("b + B + a + A", "A a B b"),
        ("theta_2 + theta + theta_10", "theta theta_2 theta_10"),
        ("x_2 + x1 + x3", "x1 x3 x_2"),
        ("z0 + z", "z z0"),
        ("xi + x_2 + X1 + x", "X1 x x_2 xi"),
        ("y x y x", "x y"),
    ],
)
def test_variables_stand_in_the_order_of_the_alphabet_and_of_numbers(text, order):
    assert " ".join(read(text)[1]) == order


def deep(text, levels):
    return "(" * levels + text + ")" * levels


LONG = "x" + " + x" * 40

REFUSED = [
    (
        "x ? y",
        "formula: got the character '?' in 'x ? y', expected numbers, variables, operators and",
    ),
    ("x.y", "formula: got an attribute in 'x.y', expected numbers, variables, operators and functions only"),
    ('"x"', """formula: got a string in '"x"', expected numbers"""),
    ("x[0]", "formula: got a list in 'x[0]', expected numbers"),
    ("x=0", "formula: got an assignment in 'x=0', expected numbers"),
    ("", "formula: got '', expected an expression such as 'x**2 + 3*y**2'"),
    ("x +", "formula: got 'x +', expected an expression such as 'x**2 + 3*y**2'"),
    ("1 + 1", "formula: got '1 + 1', expected at least one variable, such as x"),
    ("2 3", "formula: got '2' beside '3' in '2 3', expected an operator between the two"),
    ("x 3", "formula: got 'x' beside '3' in 'x 3', expected an operator between the two"),
    ("(x) 3", "formula: got ')' beside '3' in '(x) 3', expected an operator between the two"),
    ("sin x", "formula: got 'sin' beside 'x' in 'sin x', expected an operator between the two"),
    ("sin + x", "formula: got the function sin without a parenthesis in 'sin + x', expected sin(...)"),
    ("0x1", "formula: got '0x1' in '0x1', expected a number such as 0.5 or 1e-3"),
    ("0b", "formula: got '0b' in '0b', expected a number such as 0.5 or 1e-3"),
    ("0O + x", "formula: got '0O' in '0O + x', expected a number such as 0.5 or 1e-3"),
    ("1_0 + x", "formula: got '1_0' in '1_0 + x', expected a number such as 0.5 or 1e-3"),
    ("3j + x", "formula: got '3j' in '3j + x', expected a number such as 0.5 or 1e-3"),
    ("3J + x", "formula: got '3J' in '3J + x', expected a number such as 0.5 or 1e-3"),
    ("1.2.3x", "formula: got '1.2.3' in '1.2.3x', expected a number such as 0.5 or 1e-3"),
    (
        "1/2x",
        "formula: got '2x' in '1/2x', expected the product written out, with parentheses",
    ),
    (
        "x^2y",
        "formula: got '2y' in 'x^2y', expected the product written out, with parentheses where they are",
    ),
    (
        "x**2(y)",
        "formula: got '2(' in 'x**2(y)', expected the product written out, with parentheses where they",
    ),
    ("1e309x", "formula: got a number of 5 characters in '1e309x', expected numbers below 1.8e308"),
    ("sinus(x)", "formula: got the unknown name 'sinus' in 'sinus(x)', did you mean sin?"),
    (
        "zzz",
        "formula: got the unknown name 'zzz' in 'zzz', expected variables of one letter with or without a",
    ),
    (
        "x(2)",
        "formula: got x(...) in 'x(2)', expected a function before a parenthesis, or a product: x*(...)",
    ),
    (
        "pi(x)",
        "formula: got pi(...) in 'pi(x)', expected a function before a parenthesis, or a product: pi*(...)",
    ),
    ("sin(x, y)", "formula: got sin of 2 terms in 'sin(x, y)', expected 1"),
    ("min(x)", "formula: got min of 1 term in 'min(x)', expected 2"),
    ("where(x > 0, 1)", "formula: got where of 2 terms in 'where(x > 0, 1)', expected 3"),
    (
        "x > 0",
        "formula: got a comparison in 'x > 0', expected it as the first of three in where(x > 0, ..., ...)",
    ),
    (
        "where(x, 1, 2)",
        "formula: got another first argument of where in 'where(x, 1, 2)', expected one comparison such",
    ),
    (
        "where(0 < x < 1, 1, 2)",
        "formula: got another first argument of where in 'where(0 < x < 1, 1, 2)', expected one",
    ),
    ("x, y", "formula: got '(x, y)' in 'x, y', expected numbers, variables, operators and functions only"),
    ("x // 2", "formula: got 'x // 2', expected an expression such as"),
    ("x^1001", "formula: got the power 1001 in 'x^1001', expected powers of at most 1000"),
    ("x^-1000.5", "formula: got the power -1000.5 in 'x^-1000.5', expected powers of at most 1000"),
    ("x^(0/0)", "formula: got 0/0, which is nan, in 'x^(0/0)', expected a finite number there"),
    ("log(0) + x", "formula: got log(0), which is -inf, in 'log(0) + x', expected a finite number there"),
    ("e^1000*x", "formula: got exp(1000), which is inf, in 'e^1000*x', expected a finite number there"),
    (LONG + " ?", f"formula: got the character '?' in '{LONG[:77]}...', expected numbers"),
    (f"?{LONG[:79]}", f"formula: got the character '?' in '?{LONG[:79]}', expected numbers"),
    (f"?{LONG[:80]}", f"formula: got the character '?' in '?{LONG[:76]}...', expected numbers"),
    ("x" * 2001, "formula: got 2001 characters, expected at most 2000"),
    (deep("x", 101), "expected at most 100 one inside the other"),
    ("(x)*" + deep("x", 101), "expected at most 100 one inside the other"),
    ("-" * 101 + "x", "expected at most 100 one inside the other"),
    ("-" * 50 + "+" * 51 + "x", "expected at most 100 one inside the other"),
    ("x^" * 301 + "x", "formula: got powers, signs or parentheses in"),
]


@pytest.mark.parametrize(("text", "sentence"), REFUSED, ids=[text[:20] for text, _ in REFUSED])
def test_what_is_no_formula_is_told_with_what_came_and_what_was_expected(text, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)) as caught:
        read(text)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "text",
    [
        deep("x", 100),
        "x^" * 300 + "x",
        "-" * 100 + "x",
        "x" + " + x" * 499,
        "x*0 + " * 300 + "x",
        "0 x + 1",
        "2 _".replace("_", "j"),
        "1/(2x)",
        "1/2 x",
        "x^2 y",
        "x" + "-" * 100 + "y" + "-" * 100 + "z",
        "x - (-x) - (-x)" + " - (-x)" * 200,
    ],
    ids=lambda text: text[:12],
)
def test_up_to_its_limits_a_formula_is_read(text):
    term, names = read(text)
    assert term.value is None
    assert names


# Powers, signs and functions inside one another: three steps down each, of which three hundred are allowed.
NESTED = {
    "a function": ("x^-sin(", "x", ")"),
    "a plus": ("x^+sin(", "x", ")"),
    "two terms": ("x^-max(y, ", "x", ")"),
    "a condition": ("x^-where(", "x", " > 0, x, y)"),
    "the right side of a condition": ("x^-where(y < ", "x", ", x, y)"),
    "the first branch": ("x^-where(x > 0, ", "x", ", y)"),
    "the second branch": ("x^-where(x > 0, y, ", "x", ")"),
}


@pytest.mark.parametrize("kind", NESTED)
def test_what_stands_inside_one_another_is_counted(kind, monkeypatch):
    # The copy of the mutation tests calls each function by another one.
    monkeypatch.setattr(parser, "LENGTH", 10_000)
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)
    try:
        begin, inside, end = NESTED[kind]
        text = begin * 100 + inside + end * 100
        assert "x" in read(text)[1]
        with pytest.raises(ValueError, match="expected at most 100 one inside the other"):
            read("x^" + text)
    finally:
        sys.setrecursionlimit(limit)


def test_constants_have_their_values_when_nobody_has_asked_for_them_before(monkeypatch):
    monkeypatch.setattr(terms, "_KNOWN", WeakValueDictionary())
    for name, value in (("pi", math.pi), ("e", math.e)):
        found = read(f"{name}*x")[0].operands[0]
        assert (found.op, found.args, found.value, found.operands) == ("constant", (name,), value, ())


def test_letters_are_no_signs_and_no_digits():
    assert read("2X")[0] is product(N(2.0), variable("X"))
    assert read(" ".join("X" * 150))[1] == ("X",)


def test_a_space_decides_between_a_strange_number_and_a_product():
    assert read("2 j")[0] is product(N(2.0), variable("j"))
    assert read("0 x")[0] is product(N(0.0), X)
    assert read("0 b")[0] is product(N(0.0), variable("b"))
    assert read("2x")[0] is read("2 x")[0] is read("2*x")[0]
    assert read("10x")[0] is product(N(10.0), X)


def test_names_are_found_in_anything():
    assert names_in("2 sin(x) + \u03c0 y_1 [a]") == ["sin", "x", "pi", "y_1", "a"]
    assert names_in("1e5 + 3") == []


@pytest.mark.parametrize(
    ("text", "meant"),
    [("x^2", True), ("sin(2)", True), ("3 + 4", True), ("", False), ("  ", False), ("Rosenbrock", False),
     ("Booth()", False), ("adam", False), ("max", True), ("pi", False), ("theta + word", True)],
)  # fmt: skip
def test_a_text_is_meant_as_a_formula_if_it_has_a_variable_or_a_function_or_numbers_alone(text, meant):
    assert is_formula(text) is meant


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("max(x, y)", "maximum(x, y)"),
        ("min(x, y)", "minimum(x, y)"),
        ("ln(x)", "log(x)"),
        ("atan(x)", "arctan(x)"),
    ],
)
def test_the_short_names_of_functions_are_the_long_ones(short, long):
    assert read(short) == read(long)
