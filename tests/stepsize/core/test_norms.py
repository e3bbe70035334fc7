"""Lengths whose squares leave the range of floating point, and all that such a length decides.

A problem in other units is the oracle: scaled by powers of two, every run must scale with it, digit by digit.
"""

import math

import numpy as np
import pytest

from optim import BFGS, LBFGS, SGD, ClipByNorm, ConjugateGradient, DampedNewton, minimize
from optim.sweep import sweep
from problems import Problem
from schedules import (
    AdaGradNorm,
    AdGD,
    Armijo,
    BarzilaiBorwein,
    DoG,
    HagerZhang,
    MoreThuente,
    Polyak,
    StrongWolfe,
)
from stepsize.core.norms import all_finite, norm, power_of_two, ratio_of_dots

# Powers of two, so that not a digit changes.
pytestmark = pytest.mark.filterwarnings("ignore:(overflow|underflow|invalid):RuntimeWarning")
UNITS = [2.0**-660, 2.0**-900, 2.0**660, 2.0**900]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("width", [1, 2, 7, 8, 100])
def test_norms_of_ordinary_numbers_have_the_bits_of_the_plain_formula(dtype, width):
    a = np.random.default_rng(width).standard_normal((50, width)).astype(dtype)
    np.testing.assert_array_equal(norm(a), np.sqrt((a * a).sum(axis=-1)))
    np.testing.assert_array_equal(norm(a, keepdims=True)[:, 0], norm(a))
    assert norm(a).dtype == dtype
    assert norm(a[0]) == norm(a)[0]


@pytest.mark.parametrize("unit", UNITS)
def test_norms_scale(unit):
    a = np.random.default_rng(1).standard_normal((50, 5))
    np.testing.assert_array_equal(norm(unit * a), unit * norm(a))
    for row in a:
        assert float(norm(unit * row)) == pytest.approx(math.hypot(*(unit * row)), rel=4e-16)


def test_norms_of_what_has_none():
    rows = np.array([[0.0, 0.0], [np.inf, 1.0], [np.nan, 1e300], [-np.inf, np.nan], [5e-324, 0.0]])
    np.testing.assert_array_equal(norm(rows), [0.0, np.inf, np.nan, np.nan, 5e-324])
    assert all_finite(rows).tolist() == [True, False, False, False, True]
    assert all_finite(np.array([[1e300, 1e300], [np.inf, 0.0]])).tolist() == [True, False]
    assert power_of_two(np.array([7.0, 0.5])).tolist() == [4.0]
    single = np.array([3e30, 4e30], np.float32)
    assert float(norm(single)) == pytest.approx(5e30, rel=1e-6)


def test_ratios_of_products():
    a, b = np.array([1.0, 2.0]), np.array([3.0, -1.0])
    assert ratio_of_dots(a, b, a, a) == 0.2
    for unit in UNITS:
        assert ratio_of_dots(unit * a, unit * b, unit * a, unit * a) == 0.2
        assert ratio_of_dots(unit * a, b, a, unit * a) == 0.2
    assert math.isnan(ratio_of_dots(a, a, a, 0 * a))


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("batch", [False, True])
def test_a_clipped_gradient_keeps_its_direction(unit, batch):
    g = np.array([[3.0, 4.0], [1.0, 1.0]]) if batch else np.array([3.0, 4.0])
    opt = ClipByNorm(SGD(lr=1.0), max_norm=5.0)
    x = np.zeros_like(g)
    moved = opt.step(x, unit * g, opt.init(x))[0]
    expected = -g * [[1.0], [5 / math.sqrt(2)]] if batch else -g
    np.testing.assert_allclose(moved, expected if unit > 1 else -unit * g, rtol=1e-15)


def bowl(unit):
    """Return a bowl whose values and gradients are in other units."""
    curvature = np.array([1.0, 20.0])
    return Problem.of(
        lambda x: unit * (0.5 * curvature * x * x).sum(axis=-1),
        lambda x: unit * curvature * x,
        hess=lambda _: unit * np.diag(curvature),
        x0=[8.0, 1.0],
        minimum=0.0,
    )


def in_units(rule, unit):
    """Return the rule for the bowl in these units, where its own numbers have units."""
    if rule == "sgd":
        return SGD(lr=0.04 / unit)
    if isinstance(rule, BFGS | LBFGS | ConjugateGradient):
        return rule.replace(lr=0.05 / unit) if isinstance(rule, ConjugateGradient) else rule.replace(lr=0.5)
    return SGD(lr=rule(unit))


FOLLOWS = {
    "polyak": lambda _: Polyak(),
    "bb long": lambda unit: BarzilaiBorwein(0.04 / unit, min_lr=1e-300, max_lr=1e300),
    "bb short": lambda unit: BarzilaiBorwein(0.04 / unit, long=False, min_lr=1e-300, max_lr=1e300),
    "adgd": lambda unit: AdGD(0.01 / unit),
    "sum": lambda unit: AdaGradNorm(1.0, b=1e-2 * unit),
    "distance": lambda _: DoG(reach=0.1, eps=0.0),
}


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("name", FOLLOWS)
def test_rates_that_read_the_landscape_do_not_see_its_units(name, unit):
    plain = minimize(bowl(1.0), SGD(lr=FOLLOWS[name](1.0)), steps=20)
    other = minimize(bowl(unit), SGD(lr=FOLLOWS[name](unit)), steps=20)
    np.testing.assert_allclose(other.history.x, plain.history.x, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(other.history.grad_norm, unit * plain.history.grad_norm, rtol=1e-9)
    half = minimize(bowl(unit), SGD(lr=FOLLOWS[name](unit)), steps=10)
    rest = minimize(bowl(unit), SGD(lr=FOLLOWS[name](unit)), half.last_x, steps=10, state=half.state)
    np.testing.assert_array_equal(rest.x, other.x)


@pytest.mark.parametrize("unit", [*UNITS, 2.0**-700])
@pytest.mark.parametrize("beta", ["FR", "PR+", "HS", "DY"])
def test_conjugate_gradients_do_not_see_units(beta, unit):
    runs = [minimize(bowl(u), ConjugateGradient(lr=0.05 / u, beta=beta), steps=30) for u in (1.0, unit)]
    np.testing.assert_array_equal(runs[0].history.x, runs[1].history.x)


@pytest.mark.parametrize("unit", [2.0**-660, 2.0**-900, 2.0**660, 2.0**800])
@pytest.mark.parametrize("rule", [BFGS, LBFGS])
def test_quasi_newton_does_not_see_units(rule, unit):
    """The first step has the gradient's own length, so the rate starts in units as well."""
    runs = [
        minimize(bowl(u), rule(lr=lambda n, u=u: 0.05 / u if n == 0 else 0.5), steps=30) for u in (1.0, unit)
    ]
    np.testing.assert_allclose(runs[1].history.x, runs[0].history.x, rtol=1e-9, atol=1e-12)
    assert runs[1].nit == 30


@pytest.mark.parametrize("unit", [2.0**-660, 2.0**-500, 2.0**500, 2.0**660])
@pytest.mark.parametrize("search", [Armijo, StrongWolfe, MoreThuente, HagerZhang])
def test_searches_descend_in_any_units(search, unit):
    run = minimize(bowl(unit), SGD(lr=search()), steps=60)
    assert run.nit == 60
    assert run.fun / unit < 1e-3 * (0.5 * 64 + 10)


@pytest.mark.parametrize("unit", [1.0, 2.0**600, 2.0**-900])
def test_the_decrement_of_newtons_method_has_no_overflow(unit):
    """delta = sqrt(g'd), with d = x on a bowl about 0: sqrt(unit (64 + 20))."""
    run = minimize(bowl(unit), DampedNewton(), steps=1)
    delta = math.sqrt(unit) * math.sqrt(84.0)
    np.testing.assert_allclose(run.x, np.array([8.0, 1.0]) * (1 - 1 / (1 + delta)), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("engine", ["auto", "array"])
def test_a_run_with_finite_gradients_goes_on(engine):
    run = minimize(bowl(2.0**660), SGD(lr=2.0**-660 * 0.04), steps=600, engine=engine)
    assert (run.nit, run.diverged) == (600, False)
    plain = minimize(bowl(1.0), SGD(lr=0.04), steps=600, engine=engine)
    np.testing.assert_array_equal(run.history.x, plain.history.x)
    np.testing.assert_array_equal(run.history.grad_norm, 2.0**660 * plain.history.grad_norm)
    x0 = np.array([[8.0, 1.0], [2.0, 1.0]])
    ends = sweep(bowl(2.0**660), SGD(lr=2.0**-660 * 0.04), x0, steps=200)
    assert ends.nit.tolist() == [200, 200]


def test_a_small_gradient_is_not_zero():
    """Where the minimum is not known the gradient norm decides: 1e-200 is above a tolerance of 1e-250."""
    tiny = Problem.of(lambda x: 1e-200 * x[..., 0], lambda x: 1e-200 * np.ones_like(x), x0=[1.0, 1.0])
    run = minimize(tiny, SGD(lr=1.0), steps=5, tol=1e-250)
    assert (run.nit, run.success) == (5, False)
    assert run.history.grad_norm[0] == pytest.approx(1e-200 * math.sqrt(2.0))
