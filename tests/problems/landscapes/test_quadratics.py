"""Quadratics know their theory."""

import numpy as np
import pytest

import stepsize as ss


def test_d2l_parabola_rates():
    """Dive into Deep Learning 12.3.1: x10 = .060466, 3.486784, 61.917364 for rates .2, .05, 1.1."""
    rates = np.array([0.2, 0.05, 1.1])
    end = ss.minimize(ss.Parabola(), ss.SGD(lr=rates[:, None]), x0=[[10.0]] * 3, steps=10).x
    assert end.ravel() == pytest.approx([0.060466, 3.486784, 61.917364], abs=5.1e-7)


def test_quadratic_knows_its_theory():
    Q = np.linalg.qr(np.random.default_rng(2).normal(size=(4, 4)))[0]
    bowl = ss.Quadratic(
        [1.0, 3.0, 10.0, 50.0], rotation=Q, minimizer=[1.0, 2.0, 3.0, 4.0], minimum_value=-2.0
    )
    assert bowl.L == 50
    assert bowl.mu == 1
    assert bowl.condition_number == 50
    np.testing.assert_allclose(np.linalg.eigvalsh(bowl.H), [1, 3, 10, 50], rtol=1e-12)
    assert bowl.fun(np.array([1.0, 2.0, 3.0, 4.0])) == -2.0
    turned = ss.Quadratic([1.0, 20.0], rotation=np.pi / 2)
    np.testing.assert_allclose(turned.H, [[20, 0], [0, 1]], atol=1e-14)
    saddle = ss.Quadratic([1.0, -1.0])
    assert saddle.mu is None
    assert saddle.minimum is None
