"""Linear models: the logistic loss at any margin, and sums in any number of blocks."""

import numpy as np
import pytest

from problems import LeastSquares, LogisticRegression, two_gaussians
from problems.learning import linear_models


@pytest.mark.parametrize("shape", [(4,), (3, 4), (2, 3, 4)])
def test_blocks_of_rows_add_up(shape, monkeypatch):
    X, y = two_gaussians(1000, 3, rng=3)
    problem = LogisticRegression(X, y)
    w = np.random.default_rng(0).normal(size=shape)
    whole = problem.value_and_grad(w)
    monkeypatch.setattr(linear_models, "BLOCK", 64 * 4)  # sixteen blocks, the last one smaller
    pieces = problem.value_and_grad(w)
    np.testing.assert_allclose(pieces[0], whole[0], rtol=1e-13)
    np.testing.assert_allclose(pieces[1], whole[1], rtol=1e-11, atol=1e-15)
    np.testing.assert_allclose(problem.fun(w), whole[0], rtol=1e-13)
    assert np.array_equal(problem.grad(w), pieces[1])


@pytest.mark.parametrize("block", [2**17, 64 * 4])
def test_forty_runs_are_summed_each_for_itself(block, monkeypatch):
    """More than are taken at a time, against the mean of log(1 + exp(-s z)) of each."""
    monkeypatch.setattr(linear_models, "BLOCK", block)
    X, y = two_gaussians(1000, 3, rng=3)
    problem = LogisticRegression(X, y, l2=0.0)
    w = np.random.default_rng(1).normal(size=(40, 4))
    margins = (2 * y - 1) * (w[:, :3] @ X.T + w[:, 3:])
    losses = np.logaddexp(0, -margins).mean(axis=1)
    pulls = -(2 * y - 1) / (1 + np.exp(margins))
    slopes = np.column_stack([pulls @ X, pulls.sum(axis=1)]) / 1000
    value, slope = problem.value_and_grad(w)
    np.testing.assert_allclose(value, losses, rtol=1e-13)
    np.testing.assert_allclose(problem.fun(w), losses, rtol=1e-13)
    np.testing.assert_allclose(slope, slopes, rtol=1e-10, atol=1e-15)
    assert np.array_equal(problem.grad(w), slope)


@pytest.mark.parametrize("rows", [(40, 50), (3, 40, 50)])
def test_each_row_of_a_product_has_the_bits_that_it_has_alone(rows):
    random = np.random.default_rng(2)
    x, M = random.normal(size=rows), random.normal(size=(50, 30))
    together = linear_models.times(x, M)
    for index in np.ndindex(rows[:-1]):
        assert np.array_equal(together[index], linear_models.times(x[index], M))
        np.testing.assert_allclose(
            together[index], (x[index][:, None] * M).sum(axis=0), rtol=1e-11, atol=1e-12
        )


def test_points_of_single_precision_are_summed_in_double():
    problem = LogisticRegression(*two_gaussians(1000, 3, rng=3))
    x = np.random.default_rng(3).normal(size=(3, 4)).astype(np.float32)
    for single, double in zip(
        problem.value_and_grad(x), problem.value_and_grad(x.astype(float)), strict=True
    ):
        np.testing.assert_allclose(single, double, rtol=1e-12)


@pytest.mark.parametrize("shape", [(1,), (2, 1)])
def test_infinitely_far_away_a_loss_without_a_penalty_is_infinite_and_with_one_too(shape):
    """And no nan: nothing is multiplied by a penalty of 0."""
    for l2 in (0.0, 1.0):
        line = LeastSquares([[1.0], [2.0]], [0.0, 0.0], l2=l2, intercept=False)
        x = np.full(shape, np.inf)
        value, slope = line.value_and_grad(x)
        for found in (value, slope, line.fun(x), line.grad(x)):
            assert (found == np.inf).all()


class LogCosh(linear_models.LinearModel, abstract=True):
    """The mean of log cosh(z - y), whose second derivative is at most 1, at z = y."""

    train = (np.array([[1.0, 2.0], [3.0, -1.0], [0.5, 0.0]]), np.array([5.0, 1.0, 0.5]))
    penalty = np.zeros(2)

    def loss_second_derivative(self, z, y):
        return 1 / np.cosh(z - y) ** 2


def test_a_loss_that_curves_by_one_at_most_attains_its_bound_where_every_score_is_right():
    problem = LogCosh()
    right = np.array([1.0, 2.0])  # A x = y
    assert problem.train[0] @ right == pytest.approx(problem.train[1])
    steepest = np.linalg.eigvalsh(problem.loss_hess(right, *problem.train))[-1]
    assert abs(problem.L - steepest) < 1e-12 * steepest
