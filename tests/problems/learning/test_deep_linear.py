"""Deep linear models."""

import numpy as np
import pytest

import stepsize as ss


def test_two_weights_in_a_row_move_to_where_the_rate_allows():
    """(uv - 1)^2/2 from (3, .1): final sharpness 9.166383, 8.744779, 6.796218, 2.707415, below 2/lr."""
    problem = ss.ScalarFactorization()
    for lr, sharpness in ((0.1, 9.166383), (0.2, 8.744779), (0.24, 6.796218), (0.3, 2.707415)):
        run = ss.minimize(problem, ss.SGD(lr=lr), steps=2000)
        assert problem.sharpness(run.x) == pytest.approx(sharpness, abs=1e-3)
        assert problem.sharpness(run.x) < 2 / lr


def test_a_diagonal_network_finds_the_sparse_vector():
    """From a small start descent ends near the sparse interpolator; from a large one it does not."""
    small, large = ss.DiagonalLinearNetwork(scale=0.03), ss.DiagonalLinearNetwork(scale=1.5)
    errors = []
    for net in (small, large):
        run = ss.minimize(net, ss.Momentum(lr=0.01, momentum=0.9), steps=10_000)
        assert run.fun < 1e-4
        errors.append(np.linalg.norm(net.product(run.x) - net.sparse_vector))
    assert errors[0] < 0.1
    assert errors[1] > 1


def test_all_features_may_count_but_no_more():
    assert ss.DiagonalLinearNetwork(features=4, nonzero=4).features == 4
    with pytest.raises(ValueError, match=r"nonzero: got 5, expected at most 4"):
        ss.DiagonalLinearNetwork(features=4, nonzero=5)
