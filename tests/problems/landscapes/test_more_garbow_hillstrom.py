"""More, Garbow and Hillstrom's hard cases at their cited points."""

import numpy as np
import pytest
import scipy.optimize

import stepsize as ss


def test_beale_at_its_customary_start():
    """The value and gradient at (1, 1), and the curvatures at the minimizer (3, .5)."""
    problem = ss.Beale()
    assert problem.fun(np.ones(2)) == 14.203125
    assert problem.grad(np.ones(2)).tolist() == [0.0, 27.75]
    eigenvalues = np.linalg.eigvalsh(problem.hess(np.array([3.0, 0.5])))
    assert eigenvalues == pytest.approx([0.301464, 48.979786], abs=5e-7)


def test_brown_is_badly_scaled():
    """Curvatures at the minimizer, 2 + 2 (2e-6)^2 and 2 + 2e12, less what the cross term takes."""
    H = ss.BrownBadlyScaled().hess(np.array(ss.BrownBadlyScaled().minimizers[0]))
    assert np.linalg.cond(H) == pytest.approx(1e12, rel=1e-3)


def test_powell_is_singular():
    """Two of the four curvatures vanish at the minimizer; the others are those of two squares."""
    eigenvalues = np.linalg.eigvalsh(ss.PowellSingular().hess(np.zeros(4)))
    assert eigenvalues == pytest.approx([0.0, 0.0, 20.0, 202.0], abs=1e-12)


def test_wood_has_a_saddle_that_delays():
    """Near (-1, 1, -1, 1), f = 7.8770 (Colville): one curvature there is slightly negative."""
    problem = ss.Wood()
    root = scipy.optimize.root(problem.grad, [-1.0, 1.0, -1.0, 1.0], jac=problem.hess, tol=1e-14)
    assert problem.fun(root.x) == pytest.approx(7.87697, abs=1e-5)
    assert (np.linalg.eigvalsh(problem.hess(root.x)) < 0).sum() == 1
