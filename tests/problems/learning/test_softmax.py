"""Softmax regression, against a book, another solver and its own special cases."""

import numpy as np
import pytest
import scipy.optimize

import stepsize as ss
from problems.data import load


def geron_iris():
    """Petals only; the permutation of seed 42: 90 flowers to learn from, 30 for validation, 30 left out."""
    X, y = load("iris")
    order = np.random.RandomState(42).permutation(150)[:120]
    return ss.SoftmaxRegression(
        X[order][:, 2:], y[order], l2=0.0, standardize=True, held_out=list(range(90, 120))
    )


def test_geron_softmax_on_iris():
    """Hands-On Machine Learning, chapter 4, exercise 12: validation losses as printed."""
    problem = geron_iris()
    assert problem.n_examples == 90
    theta = np.random.RandomState(42).randn(3, 3)  # the intercept first there, last here
    start = problem.ravel(theta[[1, 2, 0]])
    run = ss.minimize(problem, ss.SGD(lr=0.5), x0=start, steps=5000)
    rows = run.history.x[[0, 1000, 2000, 3000, 4000, 5000]]
    B, z = problem.test
    chosen = problem.probabilities(rows, B)[..., np.arange(30), z]
    printed = [3.70858, 0.14519367, 0.13013096, 0.12009639, 0.11372961, 0.11002460]
    # The book adds 1e-5 to each probability before the logarithm; the validation curve does not.
    book = -np.log(chosen + 1e-5).mean(axis=-1)
    assert book[0] == pytest.approx(printed[0], abs=5e-6)
    assert book[1:] == pytest.approx(printed[1:], abs=5.1e-9)
    assert run.held_out[-1] == pytest.approx(-np.log(chosen[-1]).mean(), abs=1e-14)
    assert problem.held_out_accuracy(run.x) == pytest.approx(0.9333, abs=5e-5)


def test_softmax_of_two_classes_is_logistic_regression():
    X, y = ss.two_gaussians(60, 2, rng=3)
    two, one = ss.SoftmaxRegression(X, y, l2=0.0), ss.LogisticRegression(X, y, l2=0.0)
    x = np.random.default_rng(0).normal(size=(4, 3))
    theta = np.stack([np.zeros_like(x), x], axis=-1)
    assert two.fun(two.ravel(theta)) == pytest.approx(one.fun(x), rel=1e-13)
    np.testing.assert_allclose(two.unravel(two.grad(two.ravel(theta)))[..., 1], one.grad(x), atol=1e-14)


def test_softmax_does_not_overflow():
    problem = ss.SoftmaxRegression([[1.0], [2.0], [3.0]], [0, 1, 2], l2=0.0)
    x = np.array([1e3, -1e3, 0.0, 0.0, 1e3, -1e3])
    assert np.isfinite(problem.fun(x))
    assert np.isfinite(problem.grad(x)).all()
    assert np.isfinite(problem.hess(x)).all()


def test_the_minimum_of_softmax_regression_is_that_of_another_solver():
    problem = ss.Iris()
    found = scipy.optimize.minimize(
        problem.fun, problem.x0, jac=problem.grad, method="CG", options={"gtol": 1e-9, "maxiter": 20000}
    )
    assert problem.minimum == pytest.approx(found.fun, rel=1e-9)
    assert np.linalg.norm(problem.grad(np.array(problem.minimizers[0]))) < 1e-12


@pytest.mark.parametrize("copies", [1, 3])
def test_what_a_value_is_summed_from_of_two_mirrored_examples(copies):
    """At features 1 and -1 the minimizer is (-t, t) with l2 t = 1 - p: each score |a| t, each slope 1 - p."""
    X, y = [[1.0], [-1.0]] * copies, [1, 0] * copies
    problem = ss.SoftmaxRegression(X, y, l2=0.3, intercept=False)
    ((low, high),) = problem.minimizers
    assert low == pytest.approx(-high)
    assert problem.summed == pytest.approx(2 * 0.3 * high * high, rel=1e-9)


def test_without_a_penalty_no_minimizer_is_claimed():
    mixed = ss.SoftmaxRegression([[1.0], [2.0], [1.5], [1.2]], [0, 1, 0, 1], l2=0.0)
    assert mixed.minimizers is None
    assert mixed.minimum is None
    assert mixed.summed is None
