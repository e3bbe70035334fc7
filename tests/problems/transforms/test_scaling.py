"""Rescaled and stretched problems."""

import numpy as np
import pytest

import stepsize as ss


def test_scaling_is_a_change_of_rate():
    """On a f(x/s) the rate s^2/a makes the same run; Adam does not feel a."""
    problem, scaled = ss.Rosenbrock(), ss.Scaled(ss.Rosenbrock(), value=5.0, argument=3.0)
    path = ss.minimize(problem, ss.SGD(lr=1e-3), steps=50).history.x
    there = ss.minimize(scaled, ss.SGD(lr=1e-3 * 9 / 5), steps=50).history.x
    np.testing.assert_allclose(there, 3 * path, atol=1e-11)
    adam = ss.Adam(lr=0.01, eps=0.0)
    path = ss.minimize(problem, adam, steps=50).history.x
    there = ss.minimize(ss.Scaled(problem, value=5.0), adam, steps=50).history.x
    np.testing.assert_allclose(there, path, atol=1e-11)


@pytest.mark.parametrize("condition", [1.0, 10.0, 1e4])
def test_a_round_bowl_is_stretched_to_the_condition_number(condition):
    bowl = ss.Stretched(ss.Quadratic([2.0] * 4), condition)
    assert np.linalg.cond(bowl.hess(np.zeros(4))) == pytest.approx(condition)
    assert bowl.L / bowl.mu == pytest.approx(condition)
    best = ss.best_parameters(ss.SGD, bowl.L, bowl.mu)
    k = condition
    assert ss.predict(bowl, best).rate == pytest.approx((k - 1) / (k + 1), abs=1e-12)


def test_a_stretched_bowl_is_flattest_along_its_last_coordinate():
    """D = diag(1, 1/10, 1/100): the last coordinate is drawn out by sqrt(10^4), the Hessian is D D."""
    bowl = ss.Stretched(ss.Quadratic([1.0] * 3), condition=1e4)
    assert bowl.hess(np.zeros(3)) == pytest.approx(np.diag([1.0, 1e-2, 1e-4]), abs=1e-15)
    assert (bowl.L, bowl.mu) == pytest.approx((1.0, 1e-4))
    far = ss.Stretched(ss.Shifted(ss.Quadratic([1.0] * 3), by=1.0), condition=1e4)
    assert far.minimizers[0] == pytest.approx((1.0, 10.0, 100.0))


def test_printed_digits_are_scaled_with_the_value():
    """McCormick's -1.9133 is printed to four decimals: ten times it to three."""
    point, value, digits = ss.McCormick().checkpoint
    where, there, within = ss.Scaled(ss.McCormick(), value=10.0).checkpoint
    assert where == pytest.approx(point)
    assert (there, within) == pytest.approx((10 * value, 10 * digits))
