"""Convex functions at their cited points and under the methods of their sources."""

import math

import numpy as np
import pytest

import stepsize as ss


def test_boyd_exponential():
    """Boyd and Vandenberghe 9.3.2: p* = 2 sqrt 2 exp(-.1) = 2.5592667, Hessian diag(p*, 4.5 p*)."""
    problem = ss.BoydExponential()
    x = np.array(problem.minimizers[0])
    assert problem.minimum == pytest.approx(2.5592667, abs=5e-8)
    assert x[0] == pytest.approx(-math.log(2) / 2, abs=1e-15)
    H = problem.hess(x)
    assert H[0, 0] == pytest.approx(problem.minimum)
    assert H[1, 1] == pytest.approx(4.5 * problem.minimum)
    assert np.linalg.cond(H) == pytest.approx(4.5)


def test_newton_on_becks_bowl_jumps_to_minus_the_cube():
    """Beck, chapter 5: from (10, 10) to -1000; from (1, 1) forever to (-1, -1) and back."""
    problem = ss.RootBowl()
    step = np.linalg.solve(problem.hess(np.full(2, 10.0)), problem.grad(np.full(2, 10.0)))
    assert np.full(2, 10.0) - step == pytest.approx([-1000.0, -1000.0])
    assert problem.fun(np.full(2, -1000.0)) == pytest.approx(2000.0009997, abs=5e-7)


def test_d2l_newton_finds_the_bottom_of_the_hyperbolic_cosine():
    problem, x = ss.HyperbolicCosine(0.5), np.array([10.0])
    for _ in range(10):
        x = x - np.linalg.solve(problem.hess(x), problem.grad(x))
    assert abs(x[0]) < 5e-5
