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
