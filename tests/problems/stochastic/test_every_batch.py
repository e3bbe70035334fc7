"""The variances that a mini-batch gives of itself, held against the variance over every batch there is.

Five examples have ten batches of two without replacement and 25 ordered ones with it: few enough that the
mean of the estimates and the variance of the batch means are sums over all of them, with no sampling left.
"""

import itertools

import numpy as np
import pytest

from problems import Batch, LeastSquares, LogisticRegression, MiniBatch, SoftmaxRegression

N = 5
FEATURES = np.random.default_rng(4).normal(size=(N, 2))
SUMS = [
    LeastSquares(FEATURES, [0.5, -1.0, 2.0, 0.25, 1.0], l2=0.3),
    LogisticRegression(FEATURES, [0, 1, 1, 0, 1], l2=0.1),
    SoftmaxRegression(FEATURES, [0, 1, 2, 0, 1], l2=0.2),
]


def over_all(problem, batches, population):
    """The means of f and g over all batches, their variances, and the means of the estimated variances."""
    x = np.random.default_rng(5).normal(size=problem.dim)
    stats = [Batch(problem, np.array(rows), population).stats(x) for rows in batches]
    f, g, var_f, var_g = (np.array(column) for column in zip(*stats, strict=True))
    means = np.append(f.mean(), g.mean(axis=0)), np.append(problem.fun(x), problem.grad(x))
    return means, np.append(f.var(), g.var(axis=0)), np.append(var_f.mean(), var_g.mean(axis=0))


@pytest.mark.parametrize("problem", SUMS, ids=lambda p: type(p).__name__)
@pytest.mark.parametrize("m", [2, 3, 4])
def test_without_replacement_the_corrected_estimate_is_unbiased(problem, m):
    batches = list(itertools.combinations(range(N), m))
    (mean, whole), variance, estimate = over_all(problem, batches, N)
    np.testing.assert_allclose(mean, whole, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(estimate, variance, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("problem", SUMS, ids=lambda p: type(p).__name__)
@pytest.mark.parametrize("m", [2, 3, 4])
def test_without_the_correction_it_is_too_large_by_the_share_that_is_left(problem, m):
    batches = list(itertools.combinations(range(N), m))
    _, variance, estimate = over_all(problem, batches, None)
    np.testing.assert_allclose(estimate * (N - m) / N, variance, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("problem", SUMS, ids=lambda p: type(p).__name__)
@pytest.mark.parametrize("m", [2, 3])
def test_with_replacement_the_estimate_is_unbiased(problem, m):
    batches = list(itertools.product(range(N), repeat=m))
    (mean, whole), variance, estimate = over_all(problem, batches, None)
    np.testing.assert_allclose(mean, whole, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(estimate, variance, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("problem", SUMS, ids=lambda p: type(p).__name__)
def test_mini_batches_hand_on_whether_they_correct(problem):
    """`fpc` multiplies by the share that is left, 1 - 2/5, and nothing else."""
    x = np.ones(problem.dim)
    plain = MiniBatch(problem, 2, shuffle="update").at(3).stats(x)
    corrected = MiniBatch(problem, 2, shuffle="update", fpc=True).at(3).stats(x)
    np.testing.assert_allclose(corrected.var_g, 3 / 5 * plain.var_g, rtol=1e-14)
    np.testing.assert_allclose(corrected.var_f, 3 / 5 * plain.var_f, rtol=1e-14)
    np.testing.assert_array_equal(corrected.g, plain.g)
