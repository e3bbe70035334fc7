"""Conjugate gradients: the five betas, their restarts and the end after d exact steps."""

import math

import numpy as np
import pytest

from optim import (
    ConjugateGradient,
    minimize,
)
from problems import (
    Parabola,
    Quadratic,
    Rosenbrock,
)
from schedules import ExactQuadratic, StrongWolfe
from tests.optim.rules.by_hand import bowl

BETAS = ("PR+", "FR", "HS", "DY", "HZ")


@pytest.mark.parametrize("beta", BETAS)
def test_conjugate_gradients_end_after_d_exact_steps(beta):
    problem = bowl()
    run = minimize(problem, ConjugateGradient(lr=ExactQuadratic(), beta=beta, nu=np.inf), steps=8)
    assert run.history.grad_norm[7] > 1e-3
    assert run.history.grad_norm[8] < 2e-11


@pytest.mark.parametrize("beta", BETAS)
def test_conjugate_gradients_solve_rosenbrock_under_a_wolfe_search(beta):
    run = minimize(
        Rosenbrock(), ConjugateGradient(lr=StrongWolfe(c2=0.1, first="decrease"), beta=beta), steps=300
    )
    assert run.fun < 1e-10


def test_the_betas_by_hand():
    """One step from p = (-1, 0), g_old = (1, 0) to g = (0.5, 1): y = (-0.5, 1), p'y = 0.5, |y|^2 = 1.25."""
    expected = {"FR": 1.25, "PR+": 0.75, "HS": 1.5, "DY": 2.5, "HZ": 2 * (0.75 + 2.5 * 0.5 * 2)}
    g = np.array([0.5, 1.0])
    for name, beta in expected.items():
        opt = ConjugateGradient(lr=1.0, beta=name, nu=np.inf, descent=0.0)
        x, state = opt.step(np.zeros(2), np.array([1.0, 0.0]), opt.init(np.zeros(2)))
        end, _ = opt.step(x, g, state)
        p = end - x
        descends = (-g + beta * np.array([-1.0, 0.0])) @ g < 0
        np.testing.assert_allclose(p, -g + beta * np.array([-1.0, 0.0]) if descends else -g, err_msg=name)
        assert descends


def test_conjugate_gradients_restart():
    """After d updates, when gradients in a row are not orthogonal, and uphill: then p is -g."""
    x, g = np.zeros(3), np.array([1.0, 0.0, 0.0])
    for opt, second in [
        (ConjugateGradient(lr=1.0, restart=1, nu=np.inf), np.array([0.0, 2.0, 0.0])),
        (ConjugateGradient(lr=1.0), np.array([1.0, 2.0, 0.0])),
        (ConjugateGradient(lr=1.0, beta="FR", nu=np.inf), np.array([-3.0, 1.0, 0.0])),
    ]:
        there, state = opt.step(x, g, opt.init(x))
        end, _ = opt.step(there, second, state)
        np.testing.assert_array_equal(end - there, -second)
    kept = ConjugateGradient(lr=1.0, beta="FR")
    there, state = kept.step(x, g, kept.init(x))
    end, _ = kept.step(there, np.array([0.0, 2.0, 0.0]), state)
    np.testing.assert_array_equal(end - there, [-4.0, -2.0, 0.0])


def test_conjugate_gradients_restart_by_powells_rule():
    """From (2, 1) on diag(1, 2): g0 = (2, 2), g1 = (3/2, 1); g1.g0 = 5 against nu times 13/4."""
    bowl = Quadratic([1.0, 2.0], start=[2.0, 1.0])
    for nu, expected in ((2.0, [0.921875, 0.046875]), (1.5, [1.125, 0.25])):
        opt = ConjugateGradient(lr=0.25, beta="FR", restart=100, nu=nu)
        assert minimize(bowl, opt, steps=2).x.tolist() == expected


def test_conjugate_gradients_restart_on_powells_limit():
    """From 2 on x^2/2 at rate 1/2: g0 = 2, g1 = 1, and 2 is nu = 2 times 1."""
    opt = ConjugateGradient(lr=0.5, beta="FR", restart=100, nu=2.0)
    assert minimize(Parabola(curvature=1.0, start=2.0), opt, steps=2).x.tolist() == [0.5]
    opt = opt.replace(nu=2.5)
    assert minimize(Parabola(curvature=1.0, start=2.0), opt, steps=2).x.tolist() == [0.25]


@pytest.mark.parametrize("descent", [0.0, 0.5])
def test_conjugate_gradients_restart_where_the_direction_vanishes(descent):
    """From 1 on x^2 at rate 1: g = 2 and -2, so beta = 1 and p = 2 - 2; it must not stay at -1."""
    opt = ConjugateGradient(lr=1.0, beta="FR", restart=100, nu=math.inf, descent=descent)
    assert minimize(Parabola(curvature=2.0, start=1.0), opt, steps=2).history.x[:, 0].tolist() == [
        1,
        -1,
        1,
    ]


def test_hager_and_zhangs_lower_bound():
    """In one dimension beta is the ratio of the gradients, -50, cut at -1 / (10 * 0.01) = -10."""
    opt = ConjugateGradient(lr=51.0, beta="HZ", restart=100, nu=math.inf)
    run = minimize(Parabola(curvature=1.0, start=10.0), opt, steps=2)
    np.testing.assert_allclose(run.history.x[:, 0], [10, -500, -500 + 51 * 600], rtol=1e-13)


def test_hager_and_zhangs_lower_bound_near_the_minimum():
    """Gradients 0.005 and -250, a ratio of -50000, cut at -1 / 0.005^2 = -40000."""
    opt = ConjugateGradient(lr=50001.0, beta="HZ", restart=100, nu=math.inf)
    run = minimize(Parabola(curvature=1.0, start=0.005), opt, steps=2)
    assert run.x[0] == pytest.approx(-250 + 50001 * 450, rel=1e-12)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: ConjugateGradient(restart=0), "restart: got 0, expected a whole number of at least 1"),
        (lambda: ConjugateGradient(nu=0.0), r"nu: got 0\.0, expected a number above 0"),
        (lambda: ConjugateGradient(beta="XX"), "beta: got the str 'XX', expected one of 'PR"),
        (lambda: ConjugateGradient(descent=1.0), "descent: got 1.0"),
    ],
)
def test_bad_parameters_get_one_sentence(make, words):
    with pytest.raises(ValueError, match=words):
        make()
