"""Means over examples and their variances."""

import numpy as np
import pytest

from problems import MLP, DiagonalLinearNetwork, FiniteSum
from tests.instances import PROBLEMS, name_of


@pytest.mark.parametrize("problem", [p for p in PROBLEMS if isinstance(p, FiniteSum)], ids=name_of)
def test_the_short_way_to_the_moments_equals_the_long_one(problem):
    """The long way asks the examples one by one; it is the only one where a family writes no other."""
    points = np.random.default_rng(0).normal(size=(3, problem.dim))
    short = problem.loss_moments(points, *problem.train)
    long = FiniteSum.loss_moments(problem, points, *problem.train)
    for a, b in zip(short, long, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("targets", [(9,), (9, 2)])
def test_a_batch_is_the_mean_over_its_rows_of_one_target_or_of_several(targets):
    random = np.random.default_rng(1)
    problem = MLP(random.normal(size=(9, 3)), random.normal(size=targets), hidden=(4,))
    x, rows = random.normal(size=problem.dim), [7, 2, 2, 5]
    ones = [problem.batch([i]).value_and_grad(x) for i in rows]
    value, slope = problem.batch(rows).value_and_grad(x)
    assert value == pytest.approx(np.mean([f for f, _ in ones]), rel=1e-13)
    np.testing.assert_allclose(slope, np.mean([g for _, g in ones], axis=0), rtol=1e-11, atol=1e-14)
    parts = problem.batch(slice(2, 6)), problem.batch([2, 3, 4, 5])
    assert parts[0].fun(x) == pytest.approx(parts[1].fun(x), rel=1e-14)


def test_a_sum_that_holds_nothing_out_says_so():
    problem = DiagonalLinearNetwork()
    assert not problem.has_held_out
    with pytest.raises(ValueError, match=r"held_out: got none, expected Diag.* to hold out some examples"):
        problem.held_out_fun(np.ones(problem.dim))


class Means(FiniteSum, abstract=True):
    """The mean of (x - y)^2, without a penalty and without a Hessian."""

    train = (np.zeros((2, 1)), np.array([1.0, 5.0]))
    x0 = (0.0,)

    def loss_and_grad(self, x, A, y):
        return np.mean((x - y) ** 2, axis=-1), 2 * np.mean(x - y, axis=-1, keepdims=True)

    def loss(self, x, A, y):
        return self.loss_and_grad(x, A, y)[0]

    def loss_grad(self, x, A, y):
        return self.loss_and_grad(x, A, y)[1]


class MeansWithHessian(Means, abstract=True):
    def loss_hess(self, x, A, y):
        return np.full((*x.shape, 1), 2.0)


def test_a_sum_that_states_no_penalty_and_no_hessian_has_none():
    problem, x = Means(), np.array([2.0])
    assert problem.is_penalised is False
    assert (problem.fun(x), *problem.grad(x)) == (5.0, -2.0)
    assert problem.has_hess is False
    assert MeansWithHessian().has_hess is True
    assert MeansWithHessian().hess(x).tolist() == [[2.0]]
