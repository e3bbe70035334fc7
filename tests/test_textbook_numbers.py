"""Numbers that textbooks print, to the last printed digit, through the public API.

Provenance: Zhang, Lipton, Li and Smola, "Dive into Deep Learning" (d2l), the printed outputs of the PyTorch
notebooks of sections 12.3 (gradient descent), 12.6 (momentum), 12.7 (Adagrad) and 12.8 (RMSProp).
"""

import math

import numpy as np
import pytest

import stepsize as ss

PRINTED = 5.1e-7  # six decimals

PARABOLA = [(0.2, 0.060466), (0.05, 3.486784), (1.1, 61.917364)]


@pytest.mark.parametrize(("lr", "printed"), PARABOLA)
def test_d2l_12_3_1_three_rates_on_x_squared(lr, printed):
    run = ss.minimize(ss.Parabola(), ss.SGD(lr=lr), x0=[10.0], steps=10)
    assert run.x[0] == pytest.approx(printed, abs=PRINTED)
    assert run.x[0] == pytest.approx(10 * (1 - 2 * lr) ** 10, rel=1e-12), "the closed form"


def test_d2l_12_3_1_local_minimum():
    run = ss.minimize(ss.CosineWave(), ss.SGD(lr=2.0), steps=10)
    assert run.x[0] == pytest.approx(-1.528166, abs=PRINTED)


def test_d2l_12_3_2_two_dimensions():
    run = ss.minimize(ss.Quadratic([2.0, 4.0]), ss.SGD(lr=0.1), x0=[-5.0, -2.0], steps=20)
    assert run.x == pytest.approx([-0.057646, -0.000073], abs=PRINTED)


# 0.1 x1^2 + 2 x2^2 from (-5, -2), 20 steps
VALLEY = [
    (ss.SGD(lr=0.4), (-0.943467, -0.000073)),
    (ss.SGD(lr=0.6), (-0.387814, -1673.365109)),
    (ss.Momentum(lr=0.6, momentum=0.5), (0.007188, 0.002553)),
    (ss.Momentum(lr=0.6, momentum=0.25), (-0.126340, -0.186632)),
    (ss.Adagrad(lr=0.4, eps=1e-6, eps_inside=True), (-2.382563, -0.158591)),
    (ss.Adagrad(lr=2.0, eps=1e-6, eps_inside=True), (-0.002295, -0.000000)),
    (ss.RMSprop(lr=0.4, rho=0.9, eps=1e-6), (-0.010599, 0.000000)),
]


@pytest.mark.parametrize(("optimizer", "printed"), VALLEY, ids=lambda v: repr(v))
def test_d2l_12_6_to_12_8_on_a_narrow_valley(optimizer, printed):
    run = ss.minimize(ss.Quadratic([0.2, 4.0]), optimizer, x0=[-5.0, -2.0], steps=20)
    assert run.x == pytest.approx(printed, abs=PRINTED)


def test_the_other_epsilon_does_not_give_the_printed_adagrad():
    """Negative control: with eps outside the root, as in the paper, the last printed digit differs."""
    run = ss.minimize(ss.Quadratic([0.2, 4.0]), ss.Adagrad(lr=0.4, eps=1e-6), x0=[-5.0, -2.0], steps=20)
    assert abs(run.x[0] - -2.382563) > PRINTED


@pytest.mark.parametrize("lam_over_limit", [0.01, 0.5, 0.99])
@pytest.mark.parametrize("angle", [0.0, 0.3])
def test_contraction_along_each_eigenvector_is_exactly_one_minus_lr_lambda(lam_over_limit, angle):
    """x_k - x* = sum of (1 - lr lambda_i)^k c_i v_i: the theorem on which all rates rest."""
    eigenvalues = np.array([1.0, 20.0])
    bowl = ss.Quadratic(eigenvalues, rotation=angle, minimizer=[0.5, -0.25])
    lr = lam_over_limit * 2 / 20
    run = ss.minimize(bowl, ss.SGD(lr=lr), steps=30)
    V = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    coordinates = (run.history.x - np.array([0.5, -0.25])) @ V
    expected = coordinates[0] * (1 - lr * eigenvalues) ** np.arange(31)[:, None]
    np.testing.assert_allclose(coordinates, expected, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("curvature", [0.3, 1.0, 7.0, 1e4])
def test_gradient_descent_converges_exactly_below_two_over_L(curvature):
    """One per cent inside 2/L the gap vanishes, one per cent outside it grows without bound."""
    bowl = ss.Quadratic([curvature / 10, curvature])
    inside = ss.minimize(bowl, ss.SGD(lr=0.99 * 2 / curvature), steps=3000)
    outside = ss.minimize(bowl, ss.SGD(lr=1.01 * 2 / curvature), steps=3000)
    assert ss.diagnose(inside, tol=1e-12 * inside.error[0]).verdict == "settled, crossing"
    assert ss.diagnose(outside).verdict == "diverged"


@pytest.mark.parametrize("factor", [0.1, 0.5, 0.999, 1.001, 1.5, 1.999, 2.001, 2.5])
def test_overshoot_in_one_dimension_is_the_sign_of_one_minus_lr_lambda(factor):
    parabola = ss.Parabola(curvature=3.0, start=4.0)
    run = ss.minimize(parabola, ss.SGD(lr=factor / 3.0), steps=8)
    assert run.history.overshoot.tolist() == [1 - factor < 0] * 8


def test_at_the_best_rate_every_update_overshoots():
    """At 2/(L+mu) gradient descent crosses the valley at each step: overshoot is not badness."""
    run = ss.minimize(ss.Quadratic([1.0, 20.0], start=[1.0, 1.0]), ss.SGD(lr=2 / 21), steps=50)
    assert run.overshoot_share == 1.0
    assert np.all(np.diff(run.history.fun) < 0)


def test_a_diagonal_rate_solves_a_diagonal_quadratic_in_one_step():
    bowl = ss.Quadratic([0.5, 8.0, 64.0], start=[3.0, -1.0, 2.0])
    run = ss.minimize(bowl, ss.SGD(lr=1 / np.array([0.5, 8.0, 64.0])), steps=1)
    assert run.fun == 0.0


def test_a_touch_is_not_settling():
    """A run that reaches the tolerance and leaves it again has not settled."""
    touched = ss.minimize(ss.CosineWave(), ss.RMSprop(lr=0.3), x0=[5.0], steps=400)
    assert touched.error.min() < 0.01 < touched.error[-1]
    assert touched.settled(atol=0.01) is None
    assert ss.diagnose(touched, atol=0.01).verdict == "bouncing"
