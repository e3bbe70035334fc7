"""Linear models: the logistic loss at any margin, and sums in any number of blocks."""

import numpy as np
import pytest

from problems import LogisticRegression, two_gaussians
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
