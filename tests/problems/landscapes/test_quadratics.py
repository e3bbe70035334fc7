"""Quadratics know their theory."""

import math

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


def test_a_trough_has_curvature_0_and_is_no_saddle():
    trough = ss.Quadratic([2.0, 0.0])
    assert (trough.mu, trough.minimum, trough.isolated) == (0.0, 0.0, False)
    assert trough.minimizers == ((0.0, 0.0),)
    assert trough.condition_number == np.inf
    assert trough.formula == "(2 x1^2 + 0 x2^2)/2"
    bowl = ss.Quadratic([2.0, 8.0])
    assert (bowl.condition_number, bowl.isolated) == (4.0, True)
    assert ss.Quadratic([-2.0, 1.0]).condition_number == np.inf


def test_rotations_are_angles_or_matrices_whose_columns_are_the_eigenvectors():
    """A turn by 30 degrees, and a matrix that is not symmetric."""
    c, s = np.sqrt(3) / 2, 0.5
    turned = ss.Quadratic([1.0, 20.0], rotation=np.pi / 6)
    np.testing.assert_allclose(turned.H @ [c, s], [c, s], rtol=1e-14)
    np.testing.assert_allclose(turned.H @ [-s, c], [-20 * s, 20 * c], rtol=1e-14)
    Q = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    moved = ss.Quadratic([1.0, 2.0, 4.0], rotation=Q)
    assert moved.H.tolist() == [[4.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 2.0]]
    quarter = ss.Quadratic([1.0, 2.0], rotation=[[0.0, -1.0], [1.0, 0.0]])
    assert quarter.H.tolist() == [[2.0, 0.0], [0.0, 1.0]]
    with pytest.raises(ValueError, match=r"rotation: got 0\.1, expected an angle in two dimensions"):
        ss.Quadratic([1.0, 2.0, 3.0], rotation=0.1)
    some = np.linalg.qr(np.random.default_rng(3).normal(size=(7, 7)))[0]
    H = ss.Quadratic([1.0, 2.0, 3.0, 5.0, 7.0, 11.0, 13.0], rotation=some).H
    assert np.array_equal(H, H.T)  # to the last bit
    x = np.array([1.0, 2.0, 3.0])
    assert moved.fun(x) == 0.5 * (4 + 4 + 18)


def test_the_line_of_a_parabola_has_a_factor_unless_it_is_1():
    assert ss.Parabola(3.0).formula == "3/2 x^2"
    assert ss.Parabola(2.0).formula == "x^2"
    assert ss.Parabola(3.0, minimizer=-1.0).formula == "3/2 (x + 1)^2"


@pytest.mark.parametrize("d", range(1, 13))
def test_a_list_of_floats_has_the_value_of_an_array_to_the_last_bit(d):
    """Fewer than eight terms NumPy adds up in order, more of them in pairs."""
    random = np.random.default_rng(d)
    h, center = random.uniform(0.1, 10.0, d), random.normal(size=d)
    bowl = ss.Quadratic(h, minimizer=center, minimum_value=0.3)
    for x in random.normal(size=(30, d)):
        value = bowl.fun(x.tolist())
        assert value == bowl.fun(x)
        assert value == pytest.approx(0.3 + math.fsum(h * (x - center) ** 2) / 2, rel=1e-14)
        assert bowl.grad(x.tolist()) == bowl.grad(x).tolist()
        assert type(value) is float or d >= 8


def test_a_parabola_takes_a_list_of_one_float():
    parabola = ss.Parabola(3.0, minimizer=-1.0)
    value = parabola.fun([4.0])
    assert (value, type(value), parabola.grad([4.0])) == (37.5, float, [15.0])


def test_a_list_for_a_matrix_is_a_point_like_an_array():
    assert ss.Quadratic([[2.0, 1.0], [1.0, 4.0]]).fun([1.0, 2.0]) == 11.0


@pytest.mark.parametrize("shape", [(2, 3), (3, 2), (1, 2), (0,), (0, 0), (2, 2, 2)])
def test_a_matrix_that_is_not_square_is_refused(shape):
    with pytest.raises(ValueError, match=r"hessian: got .*, expected d eigenvalues, such as"):
        ss.Quadratic(np.ones(shape))
