"""Formulas as problems: read safely, differentiated exactly, run by every engine to the same bits."""

import math
import pickle
import re

import numpy as np
import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st

import stepsize as ss
from optim import SGD, Adam, Momentum, RMSprop, minimize
from problems import Formula, Problem
from stepsize.parsing import parse, parse_problem
from tests.optim.engines.test_engines import assert_same_run

# Formula, the function by NumPy, its gradient by hand, and where to look.
BY_HAND = [
    ("x**2 + 3*y**2", lambda x, y: x * x + 3 * y * y, lambda x, y: (2 * x, 6 * y)),
    (
        "100*(y-x**2)**2 + (1-x)**2",
        lambda x, y: 100 * (y - x * x) ** 2 + (1 - x) ** 2,
        lambda x, y: (-400 * x * (y - x * x) - 2 * (1 - x), 200 * (y - x * x)),
    ),
    (
        "log(1+exp(-x)) + 0.1*x**2",
        lambda x: np.log(1 + np.exp(-x)) + 0.1 * x * x,
        lambda x: (-1 / (1 + np.exp(x)) + 0.2 * x,),
    ),
    ("x*y/(x - 3y)", lambda x, y: x * y / (x - 3 * y), None),
    ("1/x", lambda x: 1 / x, lambda x: (-1 / x**2,)),
    ("x/(1 + x^2)", lambda x: x / (1 + x * x), lambda x: ((1 - x * x) / (1 + x * x) ** 2,)),
    ("-x", lambda x: -x, lambda x: (-1 + 0 * x,)),
    ("sqrt(x)", np.sqrt, lambda x: (0.5 / np.sqrt(x),)),
    ("exp(-x^2/2)", lambda x: np.exp(-x * x / 2), lambda x: (-x * np.exp(-x * x / 2),)),
    ("log(x)", np.log, lambda x: (1 / x,)),
    ("ln(2 x)", lambda x: np.log(2 * x), lambda x: (1 / x,)),
    ("log2(x)", np.log2, lambda x: (1 / (x * np.log(2)),)),
    ("log10(x)", np.log10, lambda x: (1 / (x * np.log(10)),)),
    ("log1p(x)", np.log1p, lambda x: (1 / (1 + x),)),
    ("expm1(x)", np.expm1, lambda x: (np.exp(x),)),
    ("sin(3x)", lambda x: np.sin(3 * x), lambda x: (3 * np.cos(3 * x),)),
    ("cos(x*y)", lambda x, y: np.cos(x * y), lambda x, y: (-y * np.sin(x * y), -x * np.sin(x * y))),
    ("tan(x)", np.tan, lambda x: (1 / np.cos(x) ** 2,)),
    ("arctan(x)", np.arctan, lambda x: (1 / (1 + x * x),)),
    ("atan(2*x)", lambda x: np.arctan(2 * x), lambda x: (2 / (1 + 4 * x * x),)),
    ("sinh(x)", np.sinh, lambda x: (np.cosh(x),)),
    ("cosh(x)", np.cosh, lambda x: (np.sinh(x),)),
    ("tanh(x)", np.tanh, lambda x: (1 / np.cosh(x) ** 2,)),
    ("abs(x - 1)", lambda x: np.abs(x - 1), lambda x: (np.sign(x - 1),)),
    ("x*sign(x)", np.abs, lambda x: (np.sign(x),)),
    ("max(x, y)", np.maximum, lambda x, y: (1.0 * (x > y), 1.0 * (y > x))),
    ("minimum(x, y^2)", lambda x, y: np.minimum(x, y * y), None),
    (
        "where(abs(x) < 1, x^2/2, abs(x) - 0.5)",
        lambda x: np.where(abs(x) < 1, x * x / 2, abs(x) - 0.5),
        lambda x: (np.clip(x, -1, 1),),
    ),
    ("x**3.5", lambda x: x**3.5, lambda x: (3.5 * x**2.5,)),
    ("x**(1/3)", np.cbrt, lambda x: (np.cbrt(x) / (3 * x),)),
    ("x^-2", lambda x: x**-2.0, lambda x: (-2 * x**-3.0,)),
    ("x**1.5", lambda x: x**1.5, lambda x: (1.5 * np.sqrt(x),)),
    ("x**-0.5", lambda x: x**-0.5, lambda x: (-0.5 * x**-1.5,)),
    ("2^x", lambda x: 2.0**x, lambda x: (np.log(2) * 2.0**x,)),
    ("e**x", np.exp, lambda x: (np.exp(x),)),
    ("x^x", lambda x: x**x, lambda x: (x**x * (np.log(x) + 1),)),
    ("x^y", lambda x, y: x**y, lambda x, y: (y * x ** (y - 1), x**y * np.log(x))),
    ("x**13", lambda x: x**13.0, lambda x: (13 * x**12.0,)),
    ("sin(2 pi x)", lambda x: np.sin(2 * np.pi * x), lambda x: (2 * np.pi * np.cos(2 * np.pi * x),)),
]


def name_of_case(case):
    return case[0] if isinstance(case, tuple) else str(case)


@pytest.mark.parametrize("case", BY_HAND, ids=name_of_case)
def test_values_and_gradients_by_hand(case):
    text, fun, grad = case
    problem = Formula(text)
    # Positive points, where logarithms and roots are real.
    x = np.random.default_rng(7).uniform(0.1, 2.5, (50, problem.dim))
    columns = [x[:, i] for i in range(problem.dim)]
    np.testing.assert_allclose(problem.fun(x), fun(*columns), rtol=1e-13, atol=1e-14)
    if grad is not None:
        np.testing.assert_allclose(problem.grad(x), np.stack(grad(*columns), -1), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("case", BY_HAND, ids=name_of_case)
def test_derivatives_by_the_complex_step_or_differences(case):
    problem = Formula(case[0])
    d = problem.dim
    x = np.random.default_rng(8).uniform(0.2, 2.0, (20, d))
    for first, second in ((problem.fun, problem.grad), (problem.grad, problem.hess)):
        for i in range(d):
            if problem.smooth:
                slope, rtol = first(x + 1e-100j * np.eye(d)[i]).imag / 1e-100, 1e-12
            else:
                h = 1e-6 * np.eye(d)[i]
                slope, rtol = (first(x + h) - first(x - h)) / 2e-6, 1e-6
            np.testing.assert_allclose(second(x)[..., i], slope, rtol=rtol, atol=rtol * 10)


def test_rosenbrock_is_that_of_scipy():
    valley = Problem.of("100*(y-x**2)**2 + (1-x)**2")
    for x in np.random.default_rng(1).uniform(-3, 3, (100, 2)):
        assert valley.fun(x) == pytest.approx(scipy.optimize.rosen(x), rel=1e-12)
        np.testing.assert_allclose(valley.grad(x), scipy.optimize.rosen_der(x), rtol=1e-11, atol=1e-10)
        np.testing.assert_allclose(valley.hess(x), scipy.optimize.rosen_hess(x), rtol=1e-12)


@pytest.mark.parametrize(
    ("text", "slopes"),
    [
        ("x**2 + 3*y**2", ("2*x", "6*y")),
        ("0*x + 1*y + y", ("0", "2")),
        ("(x1^2 + 20 x2^2)/2", ("x1", "20*x2")),
        ("log(x)", ("1/x",)),
        ("sqrt(x^2 + y^2)", ("x/sqrt(x^2 + y^2)", "y/sqrt(x^2 + y^2)")),
        ("tanh(x)", ("1 - tanh(x)^2",)),
        ("e^x - x", ("exp(x) - 1",)),
        ("-x^2", ("-2*x",)),
        ("cos(2 pi x)", ("-2*pi*sin(2*pi*x)",)),
    ],
)
def test_gradients_can_be_read(text, slopes):
    assert Formula(text).gradient_formulas == slopes


@pytest.mark.parametrize("case", BY_HAND, ids=name_of_case)
def test_gradients_as_text_read_back_as_the_same_functions(case):
    problem = Formula(case[0])
    x = np.random.default_rng(9).uniform(0.2, 2.0, (10, problem.dim))
    for i, text in enumerate(problem.gradient_formulas):
        names = [name for name in problem.variables if re.search(rf"\b{name}\b", text)]
        if names and "." not in text:  # numbers are shown to six digits
            partial = Formula(text)
            columns = [problem.variables.index(name) for name in partial.variables]
            np.testing.assert_allclose(partial.fun(x[:, columns]), problem.grad(x)[:, i], rtol=1e-12)


# Engines ---------------------------------------------------------------------------------------------------

# Sums, products, quotients, roots: floats and arrays give the same bits.
SAME_BITS = [
    ("x**2 + 3*y**2", [-5.0, -2.0]),
    ("100*(y-x**2)**2 + (1-x)**2", [-1.2, 1.0]),
    ("x^4 - 8 x^2 + x*y + y^2/(1 + x^2)", [2.1, -1.0]),
    ("sqrt(1 + x^2) + abs(y) + max(x, y)/7", [3.0, -4.0]),
    ("where(x < y, (x-1)^2, x^1.5) + y^-3", [3.0, 2.0]),
    ("x + 2*y", [1.0, 1.0]),
]
# Python's exp differs from NumPy's in the last bit now and then.
NEARLY = [
    ("log(1+exp(-x)) + 0.1*x**2", [-4.0]),
    ("sin(3x) + x^2 + cosh(y) + tanh(x*y)", [2.0, 1.0]),
    ("x^(1/3) + 2^(-x)", [3.0]),
]


@pytest.mark.parametrize("rule", [SGD(lr=1e-3), Momentum(lr=1e-3), Adam(lr=0.01), RMSprop(lr=0.01)])
@pytest.mark.parametrize("steps", [40, 700])
def test_every_engine_leaves_the_same_run(rule, steps):
    for text, x0 in SAME_BITS:
        problem = Formula(text, x0)
        assert problem.components
        reference = minimize(problem, rule, steps=steps, engine="array")
        assert_same_run(minimize(problem, rule, steps=steps, engine="floats"), reference)
        starts = np.array(x0) * np.array([[1.0], [0.9], [0.7]])
        batch = minimize(problem, rule, x0=starts, steps=40, engine="array")
        assert_same_run(minimize(problem, rule, x0=starts, steps=40, engine="traced"), batch)
    for text, x0 in NEARLY:
        problem = Formula(text, x0)
        reference = minimize(problem, rule, steps=40, engine="array")
        assert_same_run(minimize(problem, rule, steps=40, engine="floats"), reference, rtol=1e-10)


@pytest.mark.parametrize(
    ("text", "x0", "lr"),
    [
        ("1/x + 0*x", [1.0], 0.5),
        ("log(x)", [0.3], 0.5),
        ("sqrt(x)", [0.1], 1.0),
        ("exp(x^2)", [3.0], 1.0),
        ("x^x", [0.3], 1.0),
        ("x^0.3", [0.1], 1.0),
        ("x^4", [10.0], 1.0),
        ("1/(x - 1)", [2.0], 1.0),
    ],
)
def test_outside_of_the_real_numbers_a_run_diverges_as_on_arrays(text, x0, lr):
    problem = Formula(text, x0)
    reference = minimize(problem, SGD(lr=lr), steps=100, engine="array")
    run = minimize(problem, SGD(lr=lr), steps=100, engine="floats")
    assert_same_run(run, reference, rtol=1e-10)


def test_values_outside_are_those_of_arrays_without_a_warning():
    x = np.array([[-1.0], [0.0], [1.0], [800.0]])
    with np.errstate(all="ignore"):
        for text, fun in (
            ("log(x)", np.log),
            ("1/x", lambda v: 1 / v),
            ("sqrt(x)", np.sqrt),
            ("exp(x)", np.exp),
            ("x/x", lambda v: v / v),
            ("x^0.3", lambda v: v**0.3),
        ):
            np.testing.assert_array_equal(Formula(text).fun(x), fun(x[:, 0]))
    assert Formula("1/x").fun([0.0]) == math.inf


def test_float32_stays_float32():
    problem = Formula("x**2 + where(x > 0, 1, 2) + sin(y)/3 + abs(y)")
    x = np.array([1.0, 2.0], np.float32)
    assert problem.fun(x).dtype == problem.grad(x).dtype == problem.hess(x).dtype == np.float32
    assert minimize(problem, Adam(lr=0.1), x0=x, steps=5).x.dtype == np.float32


def test_whole_numbers_are_points_too():
    assert Formula("x^2/3 + y").fun(np.array([1, 2])) == pytest.approx(7 / 3)
    assert Formula("x^2/3 + y").grad(np.array([1, 2])).tolist() == [2 / 3, 1.0]
    assert Formula("x^4").fun(np.array([10**6])) == 1e24, "whole numbers would overflow"


def test_a_condition_without_variables():
    problem = Formula("where(1 < 2, x^2, x)")
    assert problem.fun(np.array([3.0])) == 9.0
    assert problem.grad([3.0]) == problem.grad(np.array([3.0])).tolist() == [6.0]
    run = minimize(Formula("where(1 > 2, x, x^2)", [3.0]), SGD(lr=0.1), steps=600)
    assert abs(run.x[0]) < 1e-30


# Facts -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(8))
def test_facts_of_random_quadratics(seed):
    rng = np.random.default_rng(seed)
    d = 1 + seed % 4
    M = rng.integers(-3, 4, (d, d))
    H, c = (M @ M.T + np.eye(d)).astype(int), rng.integers(-5, 6, d)
    names = [f"x{i}" for i in range(d)]
    terms = [
        f"{H[i, j]}*({names[i]} - {c[i]})*({names[j]} - {c[j]})/2".replace("- -", "+ ")
        for i in range(d)
        for j in range(d)
    ]
    problem = Formula(" + ".join(terms) + " + 7")
    curvatures = np.linalg.eigvalsh(H)
    assert pytest.approx(curvatures[-1], rel=1e-12) == problem.L
    assert problem.mu == pytest.approx(curvatures[0], rel=1e-9)
    np.testing.assert_allclose(problem.minimizers, [c], atol=1e-12)
    assert problem.minimum == pytest.approx(7.0, abs=1e-12)


@pytest.mark.parametrize(
    ("text", "L", "mu", "minimizers", "minimum"),
    [
        ("x**2 + 3*y**2", 6.0, 2.0, ((0.0, 0.0),), 0.0),
        ("3*(x-0.1)**2 + (y - 1000)**2", 6.0, 2.0, ((0.1, 1000.0),), 0.0),
        ("x^2 - y^2", 2.0, None, None, None),
        ("(x + y)^2", 4.0, 0.0, None, None),
        ("2x + 1", 0.0, 0.0, None, None),
        ("abs(x)", None, None, None, None),
        ("max(x^2, 1)", None, None, None, None),
        ("x^4", None, None, None, None),
        ("x^2/(1 + y^2)", None, None, None, None),
        ("x*x + sqrt(4)*x", 2.0, 2.0, ((-1.0,),), -1.0),
        ("1e16*x^2 + y^2", 2e16, 2.0, ((0.0, 0.0),), 0.0),
        ("1e308*x^2*10", None, None, None, None),
        ("x^2/(1 - 1e-17)", 2.0, 2.0, ((0.0,),), 0.0),
    ],
)
def test_facts(text, L, mu, minimizers, minimum):
    problem = Formula(text)
    assert (None if L is None else pytest.approx(L, rel=1e-14)) == problem.L
    assert problem.mu == (None if mu is None else pytest.approx(mu, rel=1e-14, abs=1e-15))
    assert problem.minimizers == minimizers
    assert problem.minimum == minimum


def test_theory_speaks_on_a_quadratic():
    race = ss.race(Problem.of("x**2 + 3*y**2", x0=[-5, -2]), [SGD(lr=0.1), SGD(lr=0.34)], 60)
    assert "2/L = 0.333" in race.title
    assert "from (x, y) = (-5, -2)" in race.title
    assert [found.verdict for found in race.diagnoses][1] == "diverged"
    assert "0.34 > 2/L" in race.table()
    assert "x^2 from x = 2 " in ss.race(Problem.of("x**2"), [SGD(lr=0.1)], 5).title
    many = Problem.of("+".join(f"x{i}^2" for i in range(1, 6)))
    assert "in x1, x2, x3, x4, x5 " in ss.race(many, [SGD(lr=0.1)], 5).title


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("z + y + x", ("x", "y", "z")),
        ("x10 + x2 + x1", ("x1", "x2", "x10")),
        ("w*x + b", ("b", "w", "x")),
        ("theta_2 + alpha + theta_10", ("alpha", "theta_2", "theta_10")),
        ("x1 + x", ("x", "x1")),
        ("v u", ("u", "v")),
    ],
)
def test_the_order_of_variables(text, variables):
    assert Formula(text).variables == variables


def test_the_customary_starts():
    assert Formula("x^2 + y^2 + z^2").x0 == (2.0, 1.0, 2.0)
    assert Formula("log(1 - x)").x0 == (0.5,)
    assert Formula("x^4 - 8 x^2").x0 == (0.5,), "2 is a stationary point"
    assert Formula("log(x - 50)").x0 is None
    with pytest.raises(ValueError, match="x0: got None, expected a start"):
        minimize(Formula("log(x - 50)"), SGD(), steps=1)
    assert minimize(Formula("log(x - 50)"), SGD(), x0=[60.0], steps=1).nit == 1


# Records ---------------------------------------------------------------------------------------------------


def test_a_formula_is_a_record():
    problem = Problem.of("x**2 + 3*y**2", x0=[-5, -2])
    assert repr(problem) == "Formula('x**2 + 3*y**2', start=[-5.0, -2.0])"
    assert parse(repr(problem)) == problem == parse_problem(repr(problem))
    assert pickle.loads(pickle.dumps(problem)) == problem
    assert Problem.from_json(problem.to_json()) == problem
    assert problem.formula == "x^2 + 3*y^2"
    assert Problem.of("x**2", x0=10.0).x0 == (10.0,)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: Problem.of("x**2", x0=[1, 2]), "x0: got 2 numbers, expected 1, for x"),
        (lambda: Problem.of("x**2", x0=math.nan), "x0: got .*, expected finite numbers"),
        (lambda: Problem.of("x**2", x0="two"), "x0: got the str 'two', expected numbers"),
        (lambda: Problem.of("x**2", np.sin), "grad: got .* with a formula, expected x0 alone"),
        (lambda: Problem.of("x**2", minimum=0.0), "minimum: got 0.0 with a formula"),
        (lambda: Formula(3), "formula: got 3, expected a text"),
        (lambda: Formula("x + y").fun(np.zeros(3)), "x: got 3 coordinates, expected 2, for x, y"),
        (lambda: Formula("x + y").grad([1.0]), "x: got 1 coordinates, expected 2, for x, y"),
    ],
)
def test_what_does_not_fit_is_refused(call, sentence):
    with pytest.raises((TypeError, ValueError), match=sentence):
        call()


def test_a_formula_serves_sweeps_finders_explanations_and_pictures(tmp_path):
    problem = Problem.of("x**2 + 3*y**2", x0=[-5, -2])
    swept = ss.sweep(problem, SGD, lr=[0.1, 0.2, 0.4], steps=50)
    assert swept["verdict"].tolist()[-1] == "diverged"
    found = ss.find_lr(problem, SGD(), 50)
    assert found.edge == pytest.approx(1 / 3, rel=0.01)
    told = ss.explain(minimize(problem, Adam(lr=0.1), steps=2), 1).text()
    assert "x^2 + 3*y^2" in told
    for text, x0 in (("x^2 + exp(x)", [2.0]), ("x^2 + 3 y^2", [-5, -2]), ("x y z + x^2 + y^2 + z^2", None)):
        race = ss.race(Problem.of(text, x0=x0), [SGD(lr=0.1)], 20)
        assert ss.draw.save(ss.draw.race(race), tmp_path / f"{len(text)}.png").stat().st_size > 5000


# Reading ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("x^2", "x**2"),
        ("2x", "2*x"),
        ("2 x y", "2*x*y"),
        ("3 (x + 1)(x - 1)", "3*(x+1)*(x-1)"),
        ("x\u00b2 + 3\u00b7y\u00b3", "x**2 + 3*y**3"),
        ("x \u2212 \u03c0", "x - pi"),
        ("1/2 x", "0.5*x"),
        ("-x^2", "-(x**2)"),
        ("x^2^3", "x**8"),
        ("1e-3x", "0.001*x"),
        ("2 e x", "2*e*x"),
        (" x\t+ 1\n", "x + 1"),
    ],
)
def test_other_ways_of_writing(text, same):
    x = np.random.default_rng(2).normal(size=(20, Formula(same).dim))
    np.testing.assert_allclose(Formula(text).fun(x), Formula(same).fun(x), rtol=1e-14)


REFUSED = [
    ("", "got '', expected an expression"),
    ("   ", "got '', expected an expression"),
    ("3 + 4", "expected at least one variable"),
    ("pi*e", "expected at least one variable"),
    ("sine(x)", "got the unknown name 'sine' in 'sine(x)', did you mean sin?"),
    ("xy", "got the unknown name 'xy'"),
    ("lambda: x", "got the unknown name 'lambda'"),
    ("x if y else z", "got the unknown name 'if'"),
    ("__import__('os').system('x')", "got the unknown name '__import__'"),
    ("x.real", "got an attribute"),
    ("x.__class__", "got an attribute"),
    ("[x for x in y]", "got a list"),
    ("'x'", "got a string"),
    ("x = 2", "got an assignment"),
    ("x; y", "the character ';'"),
    ("x % 2", "the character '%'"),
    ("\u0661*x", "the character"),
    ("sin(x, y)", "got sin of 2 terms in 'sin(x, y)', expected 1"),
    ("max(x)", "got max of 1 term in 'max(x)', expected 2"),
    ("sin()*x", "got sin of 0 terms"),
    ("sin + x", "got the function sin without a parenthesis"),
    ("sin x", "got 'sin' beside 'x'"),
    ("x(y + 1)", "expected a function before a parenthesis, or a product: x*(...)"),
    ("x > 0", "got a comparison"),
    ("where(x, 1, 2)", "expected one comparison such as x > 0"),
    ("where(0 < x < 1, 1, 2)", "expected one comparison such as x > 0"),
    ("x, y", "expected numbers, variables"),
    ("2 3 x", "got '2' beside '3'"),
    ("0x10", "got '0x10'"),
    ("1_0*x", "got '1_0'"),
    ("1j*x", "got '1j'"),
    ("1/2x", "expected the product written out"),
    ("x +", "expected an expression"),
    ("(x", "expected an expression"),
    (")x(", "expected an expression"),
    ("x // 2", "expected an expression"),
    ("1e999*x", "expected numbers below 1.8e308"),
    ("9" * 400 + "*x", "expected numbers below 1.8e308"),
    ("10**400*x", "got 10^400, which is inf,"),
    ("9**9**9*x", "got the power 3.8742e+08"),
    ("x**1001", "expected powers of at most 1000"),
    ("1/0 + x", "got 1/0, which is inf,"),
    ("log(-1)*x", "which is nan,"),
    ("x" * 2001, "got 2001 characters, expected at most 2000"),
    ("(" * 101 + "x" + ")" * 101, "expected at most 100 one inside the other"),
    ("-" * 1999 + "x", "expected at most 100 one inside the other"),
    ("**".join("x" * 600), "expected at most 100 one inside the other"),
]


@pytest.mark.parametrize(("text", "sentence"), REFUSED, ids=[text[:20] for text, _ in REFUSED])
def test_everything_else_is_refused_in_one_sentence(text, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)) as caught:
        Formula(text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "text",
    [
        "+".join(["x"] * 999),
        "*".join(["x"] * 999),
        "/".join(["x"] * 999),
        "sin(" * 100 + "x" + ")" * 100,
        "x*(1+" * 100 + "x" + ")" * 100,
        "+".join(f"x{i}" for i in range(300)),
        "(" + "+".join(f"x{i}" for i in range(300)) + ")^2",
    ],
    ids=["sum", "product", "quotient", "nested", "horner", "wide", "square"],
)
def test_long_formulas_are_differentiated_in_time_that_grows_with_their_length(text):
    problem = Formula(text)
    x = np.full(problem.dim, 0.999)
    slope = problem.fun(x + 1e-100j * np.eye(problem.dim)[0]).imag / 1e-100
    assert problem.grad(x)[0] == pytest.approx(slope, rel=1e-10)
    assert problem.L is None or problem.L >= 0
    assert all(len(text) < 3000 for text in problem.gradient_formulas)


PIECES = ["x", "y", "x1", "2", "0.5", "1e400", "pi", "e", "+", "-", "*", "/", "**", "^", "(", ")", ",", " "]
PIECES += [
    "sin",
    "exp",
    "max",
    "where",
    "<",
    "==",
    ".",
    "_",
    "'",
    "[",
    "]",
    "lambda",
    "if",
    "=",
    "\n",
    "\u00b2",
]
PIECES += ["__", "10**400", "\u0661", ";", "//", "import", "None", "1_0", "0x1", "j", "\x00", "\U0001f600"]


def sentence_of(read, text):
    """What reading a text is answered: the problem, or the sentence that refuses it."""
    try:
        return read(text)
    except ValueError as error:
        return str(error)


@settings(max_examples=600, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join) | st.text(max_size=30))
def test_whatever_is_typed_is_a_formula_or_one_sentence(text):
    for read in (Formula, parse_problem):
        answer = sentence_of(read, text)
        if isinstance(answer, str):
            assert "\n" not in answer
        elif isinstance(answer, Formula):
            x = np.full(answer.dim, 0.7)
            assert answer.grad(x).shape == answer.hess(x)[0].shape == x.shape
            assert np.shape(answer.fun(x)) == ()


def trees(depth):
    """Random formulas of the smooth functions, as text that Python and we read alike."""
    leaf = st.sampled_from(["x", "y", "2.0", "0.5", "3.0", "(x + y)"])
    if depth == 0:
        return leaf
    below = trees(depth - 1)
    binary = st.builds("({} {} {})".format, below, st.sampled_from("+-*/"), below)
    unary = st.builds("{}({})".format, st.sampled_from(["sin", "cos", "exp", "tanh", "arctan"]), below)
    power = st.builds("({})**{}".format, below, st.sampled_from([2, 3, -1, 4]))
    return leaf | binary | unary | power


@settings(max_examples=200, deadline=None, derandomize=True)
@given(trees(4))
def test_random_formulas_have_the_values_of_python_and_the_slopes_of_the_complex_step(text):
    if not {"x", "y"} & set(re.findall(r"\b[xy]\b", text)):
        return
    problem = sentence_of(Formula, text)
    if isinstance(problem, str):
        assert "finite number there" in problem or "powers of at most" in problem
        return
    point = np.array([0.8, 0.3])[[{"x": 0, "y": 1}[name] for name in problem.variables]]
    words = {name: getattr(np, name) for name in ("sin", "cos", "exp", "tanh", "arctan")}
    with np.errstate(all="ignore"):
        value = eval(text, words | dict(zip(problem.variables, point, strict=True)))  # the oracle
    if not np.isfinite(value) or abs(value) > 1e6:
        return
    assert problem.fun(point) == pytest.approx(value, rel=1e-10, abs=1e-12)
    g = problem.grad(point)
    for i in range(problem.dim):
        step = problem.fun(point + 1e-100j * np.eye(problem.dim)[i]).imag / 1e-100
        bend = problem.grad(point + 1e-100j * np.eye(problem.dim)[i]).imag / 1e-100
        if np.isfinite(step) and abs(step) < 1e8:
            assert g[i] == pytest.approx(step, rel=1e-9, abs=1e-9)
        if np.isfinite(bend).all() and np.abs(bend).max() < 1e8:
            np.testing.assert_allclose(problem.hess(point)[i], bend, rtol=1e-7, atol=1e-7)


def test_a_formula_is_shown_whole_up_to_a_line_and_read_up_to_a_page():
    line = "x + " * 29 + "x^12"
    assert len(line) == 120
    assert Formula(line).formula == line
    longer = line + "3"
    assert Formula(longer).formula == longer[:117] + "..."
    page = "+".join(["xy"[i % 2] for i in range(999)]) + "+10"
    assert len(page) == 2000
    assert Formula(page).variables == ("x", "y")
    with pytest.raises(ValueError, match="2001"):
        Formula(page + "0")


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("x^2 + y^2", (2.0, 1.0)),
        ("log(1 - x) - y", (0.5, 0.25)),
        ("max(x - 3, 0)^2 + y*max(x - 3, 0)", (2.0, 1.0)),  # flat at both: the first
        ("max(0.75 - x, 0)^2 + 0*y", (0.5, 0.25)),  # flat at the first alone
        ("log(-1 - x^2)", None),
    ],
)
def test_the_customary_start_is_finite_and_not_flat(text, start):
    assert Formula(text).x0 == start


@pytest.mark.parametrize(
    ("text", "smooth", "L"),
    [
        ("x^2/2", True, 1.0),
        ("3*x", True, 0.0),
        ("x^3", True, None),
        ("abs(x)", False, None),
        ("exp(x)", True, None),
    ],
)
def test_a_quadratic_is_known_by_its_degree_and_a_kink_by_its_function(text, smooth, L):
    problem = Formula(text)
    assert problem.smooth == smooth
    assert problem.L == L
