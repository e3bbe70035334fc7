"""Linear models: the logistic loss at any margin, and sums in any number of blocks."""

from decimal import Decimal, getcontext

import numpy as np
import pytest

from problems import LogisticRegression, two_gaussians
from problems.learning import linear_models, logistic

getcontext().prec = 400


@pytest.mark.parametrize(
    "z", [-1000.0, -700.0, -40.0, -10.0, -1e-3, 0.0, 0.5, 10.0, 36.0, 40.0, 699.0, 701.0, 1e3]
)
def test_sigmoid_and_softplus_keep_their_relative_accuracy(z):
    """Against four hundred decimals; the tanh form has an error of 4e-4 at -30, and 0 from -40 on."""
    e = Decimal(z).exp()
    for got, exact in ((logistic.sigmoid(z), e / (1 + e)), (logistic.softplus(z), (1 + e).ln())):
        if exact < Decimal("1e-307"):
            assert got <= 1e-307
        else:
            assert abs(Decimal(float(got)) / exact - 1) < Decimal("1e-15")


def test_margins_of_a_thousand_cost_a_thousand_or_nothing():
    X = np.array([[1000.0], [-1000.0]])
    right, wrong = (LogisticRegression(X, y, l2=0.0, intercept=False) for y in ([1.0, 0.0], [0.0, 1.0]))
    w = np.ones(1)
    assert (right.fun(w), wrong.fun(w)) == (0.0, 1000.0)
    assert (right.grad(w).tolist(), wrong.grad(w).tolist()) == ([0.0], [1000.0])
    assert right.value_and_grad(w)[0] == 0.0


def test_an_example_that_is_right_by_forty_still_pulls():
    problem = LogisticRegression([[40.0]], [1.0], l2=0.0, intercept=False)
    np.testing.assert_allclose(problem.grad(np.ones(1)), [-40.0 * np.exp(-40.0)], rtol=1e-14)


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
