"""Self-tuning step sizes, against printed numbers and theory."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from optim import SGD, Momentum, minimize
from problems import Parabola, Problem, Quadratic
from schedules import (
    AdaGradNorm,
    AdGD,
    BarzilaiBorwein,
    DoG,
    Hypergradient,
)


class Slope(Problem, abstract=True):
    """f = x: the gradient never changes."""

    x0 = (0.0,)
    minimum = -math.inf

    def fun(self, x):
        return x[..., 0]

    def grad(self, x):
        return np.ones_like(x)


def test_adgd_goes_on_where_the_gradient_does_not_change():
    """Without curvature nothing bounds the first growth: the rate stays, then grows by sqrt(1 + 1)."""
    run = minimize(Slope(), SGD(lr=AdGD(lr=0.5)), steps=3)
    assert run.history.lr[:3] == pytest.approx([0.5, 0.5, 0.5 * math.sqrt(2)], rel=1e-14)


def test_adgd_keeps_its_rate_where_noise_alone_changed_the_gradient():
    """The point has not moved, so that nothing is learnt; a rate of 0 would never grow again."""
    rule = AdGD(lr=0.5)
    carry = rule.init(np.zeros(1))
    for g in (1.0, 2.0, 3.0):
        rate, carry = rule.update(SimpleNamespace(x=np.zeros(1), g=np.array([g])), carry)
        assert rate == 0.5


def test_dog_stays_where_there_is_no_gradient():
    run = minimize(Parabola(start=0.0), SGD(lr=DoG(eps=0.0)), steps=3)
    assert run.history.x.ravel().tolist() == [0.0] * 4
    assert run.history.lr.ravel()[:3].tolist() == [0.0] * 3


def test_dogs_first_step_has_the_length_of_its_reach():
    """A millionth of 1 + |x|, whatever the gradient."""
    run = minimize(Parabola(curvature=1.0, start=0.1), SGD(lr=DoG(eps=0.0)), steps=1)
    assert 0.1 - run.x[0] == pytest.approx(1.1e-6, rel=1e-9)


BOWL = Quadratic([1.0, 10.0, 100.0])


ONES = [1.0, 1.0, 1.0]


def updates_until(rule, tol):
    norm = minimize(BOWL, SGD(lr=rule), x0=ONES, steps=2000).history.grad_norm
    return int(np.argmax(norm < tol))


def test_barzilai_borwein_counts():
    """diag(1, 10, 100) from ones to |g| < 1e-12: 33 and 23 updates, where the best fixed step takes 1612."""
    assert updates_until(BarzilaiBorwein(1e-3, long=True), 1e-12) == 33
    assert updates_until(BarzilaiBorwein(1e-3, long=False), 1e-12) == 23
    assert updates_until(2 / 101, 1e-12) == 1612


def test_barzilai_borwein_steps_lie_between_the_curvatures():
    for long in (True, False):
        rates = minimize(BOWL, SGD(lr=BarzilaiBorwein(0.02, long)), x0=ONES, steps=20).history.lr
        assert (rates >= 1 / 100 - 1e-15).all()
        assert (rates <= 1 + 1e-15).all()


def test_barzilai_borwein_is_not_monotone_and_the_long_step_is_longer():
    run = minimize(BOWL, SGD(lr=BarzilaiBorwein(1e-3)), x0=ONES, steps=30)
    assert (np.diff(run.history.fun) > 0).any()
    s, y = np.diff(run.history.x, axis=0)[:-1], np.diff(run.history.x * np.array([1, 10, 100]), axis=0)[:-1]
    long = (s * s).sum(1) / (s * y).sum(1)
    short = (s * y).sum(1) / (y * y).sum(1)
    assert (long >= short).all()
    np.testing.assert_allclose(run.history.lr[1:], long, rtol=1e-9)


def test_barzilai_borwein_keeps_its_rate_where_the_curvature_is_negative():
    """On cos near its top the formula gives a negative step; the last rate is kept instead."""
    hill = Problem.of(lambda x: np.cos(x).sum(-1), lambda x: -np.sin(x), x0=[0.1])
    run = minimize(hill, SGD(lr=BarzilaiBorwein(0.5)), steps=9)
    curvature = np.diff(-np.sin(run.history.x[:, 0])) / np.diff(run.history.x[:, 0])
    first = int(np.argmax(curvature > 0))
    assert first > 2
    assert set(run.history.lr[: first + 1]) == {0.5}
    assert minimize(hill, SGD(lr=BarzilaiBorwein(0.5)), steps=40).fun == pytest.approx(-1, abs=1e-12)
    bounded = minimize(hill, SGD(lr=BarzilaiBorwein(0.5, min_lr=0.6, max_lr=0.7)), steps=9).history.lr
    assert bounded[0] == 0.5
    assert ((bounded[first + 1 :] >= 0.6) & (bounded[first + 1 :] <= 0.7)).all()


def test_adgd_obeys_both_of_its_rules():
    run = minimize(BOWL, SGD(lr=AdGD(1e-4)), x0=ONES, steps=400)
    lr, x = run.history.lr, run.history.x
    g = x * np.array([1, 10, 100])
    local = np.linalg.norm(np.diff(x, axis=0), axis=1) / (2 * np.linalg.norm(np.diff(g, axis=0), axis=1))
    assert lr[1] == pytest.approx(local[0], rel=1e-12)
    growth = np.sqrt(1 + lr[1:-1] / lr[:-2]) * lr[1:-1]
    np.testing.assert_allclose(lr[2:], np.minimum(growth, local[1:-1]), rtol=1e-9)
    assert run.fun < 1e-9


def test_adgd_on_a_parabola_is_1_over_2L():
    assert set(minimize(Parabola(curvature=5.0), SGD(lr=AdGD(0.02)), steps=5).history.lr[1:]) == {0.1}


def test_adgd_needs_no_tuning_over_eight_decades():
    for rate in (1e-8, 1e-4, 1.0):
        assert minimize(BOWL, SGD(lr=AdGD(rate)), x0=ONES, steps=600).fun < 1e-9


def test_adagrad_norm_sums_the_gradients():
    run = minimize(BOWL, SGD(lr=AdaGradNorm(0.5, b=3.0)), x0=ONES, steps=50)
    sums = 9 + np.cumsum(run.history.grad_norm[:-1] ** 2)
    np.testing.assert_allclose(run.history.lr, 0.5 / np.sqrt(sums), rtol=1e-13)


def test_adagrad_norm_arrives_whatever_its_rate():
    """A fixed rate above 2/L = 0.02 would explode."""
    for rate in (0.3, 3.0, 30.0, 300.0):
        assert minimize(BOWL, SGD(lr=AdaGradNorm(rate)), x0=ONES, steps=5000).fun < 1e-3


def test_dog_is_distance_over_gradients():
    run = minimize(BOWL, SGD(lr=DoG(reach=0.01)), x0=ONES, steps=100)
    far = np.maximum.accumulate(np.linalg.norm(run.history.x - run.history.x[0], axis=1))[:-1]
    far = np.maximum(far, 0.01 * (1 + math.sqrt(3)))
    sums = np.cumsum(run.history.grad_norm[:-1] ** 2)
    np.testing.assert_allclose(run.history.lr, far / np.sqrt(sums + 1e-8), rtol=1e-12)


def test_hypergradient_is_the_derivative_of_the_loss_by_the_rate():
    """Against a finite difference of f(x - a d) in a, for plain descent and with momentum."""
    for make in (SGD, lambda lr: Momentum(lr=lr, momentum=0.5)):
        beta, rate = 1e-5, 0.01
        rates = minimize(BOWL, make(Hypergradient(rate, beta)), x0=ONES, steps=3).history.lr

        def after_one(a, make=make):
            return minimize(BOWL, make(a), x0=ONES, steps=1).fun

        slope = (after_one(rate + 1e-6) - after_one(rate - 1e-6)) / 2e-6
        assert rates[1] == pytest.approx(rate - beta * slope, rel=1e-6)


def test_hypergradient_mends_a_rate_too_small_and_never_goes_below_0():
    start = minimize(BOWL, SGD(lr=1e-4), x0=ONES, steps=200).fun
    mended = minimize(BOWL, SGD(lr=Hypergradient(1e-4, 1e-7)), x0=ONES, steps=200)
    assert mended.fun < start / 10
    wild = minimize(Parabola(), SGD(lr=Hypergradient(0.99, 1.0)), steps=5)
    assert (wild.history.lr >= 0).all()
