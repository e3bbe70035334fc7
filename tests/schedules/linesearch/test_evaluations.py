"""The problems of the table of evaluations: their printed least values, and exact gradients."""

import numpy as np
import pytest
import scipy.optimize

from benchmarks.more_garbow_hillstrom import PROBLEMS, SUMS


@pytest.mark.parametrize("name", SUMS)
def test_the_least_value_is_one_of_those_printed(name):
    """More, Garbow and Hillstrom, ACM TOMS 7 (1981), section 3; found by SciPy from the standard start."""
    problem, printed = PROBLEMS[name], SUMS[name][2]
    options = {"gtol": 1e-9, "maxiter": 5000}
    found = scipy.optimize.minimize(problem.fun, problem.x0, jac=problem.grad, method="BFGS", options=options)
    assert min(abs(found.fun - value) for value in printed) <= 5e-6 * found.fun + 1e-15


@pytest.mark.parametrize("name", SUMS)
def test_gradients_are_those_of_the_values(name):
    problem = PROBLEMS[name]
    x = np.array(problem.x0, float)
    error = scipy.optimize.check_grad(problem.fun, problem.grad, x)
    assert error <= 1e-4 * np.linalg.norm(problem.grad(x))
