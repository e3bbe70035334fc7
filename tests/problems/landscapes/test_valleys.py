"""Valleys, against SciPy and published numbers."""

import numpy as np
import pytest
import scipy.optimize

import stepsize as ss


@pytest.mark.parametrize("dim", [2, 3, 7])
def test_rosenbrock_is_scipys(dim):
    problem = ss.Rosenbrock(dim)
    for point in np.random.default_rng(dim).uniform(-2, 2, (20, dim)):
        assert problem.fun(point) == pytest.approx(scipy.optimize.rosen(point), rel=1e-13)
        np.testing.assert_allclose(
            problem.grad(point), scipy.optimize.rosen_der(point), rtol=1e-11, atol=1e-11
        )
        np.testing.assert_allclose(problem.hess(point), scipy.optimize.rosen_hess(point), rtol=1e-12)


def test_residuals_give_value_and_gradient():
    problem, x = ss.Rosenbrock(4), np.random.default_rng(0).normal(size=(5, 4))
    r, J = problem.residuals(x), problem.jacobian(x)
    np.testing.assert_allclose((r * r).sum(axis=-1), problem.fun(x), rtol=1e-13)
    np.testing.assert_allclose(
        2 * (np.swapaxes(J, -1, -2) @ r[..., None])[..., 0], problem.grad(x), rtol=1e-11
    )


def test_rosenbrock_is_as_ill_conditioned_as_published():
    """The condition number at the minimizer is 2508 (Nocedal and Wright's favourite example)."""
    assert np.linalg.cond(ss.Rosenbrock().hess(np.ones(2))) == pytest.approx(2508.01, abs=0.01)


def test_rosenbrock_is_scipys_in_five_dimensions():
    x = np.random.default_rng(0).normal(size=(20, 5))
    problem = ss.Rosenbrock(5)
    for point in x:
        np.testing.assert_allclose(problem.fun(point), scipy.optimize.rosen(point), rtol=1e-13)
        np.testing.assert_allclose(
            problem.grad(point), scipy.optimize.rosen_der(point), rtol=1e-12, atol=1e-12
        )
        np.testing.assert_allclose(problem.hess(point), scipy.optimize.rosen_hess(point), rtol=1e-12)
