"""Adagrad, RMSprop and centered RMSprop by hand, at their start and under steady gradients."""

import math

import numpy as np
import pytest

from optim import (
    CenteredRMSprop,
    RMSprop,
)
from tests.optim.rules.by_hand import steps


def test_a_variance_that_starts_at_one():
    """rho 1/2 and g = 1: m = 1/2, s = 1/2 + 1/2, so the root is that of 3/4."""
    rows, _ = steps(CenteredRMSprop(lr=1.0, rho=0.5, eps=0.0, initial=1.0), [1])
    assert rows[0, 0] == pytest.approx(-2 / math.sqrt(3), rel=1e-15)


@pytest.mark.parametrize("gradient", [1 / 3, 0.1])
def test_centered_rmsprop_outlives_a_steady_gradient(gradient):
    """PyTorch's gives nan or 1e7 here (rounding makes the variance negative); eps bounds ours."""
    opt, x = CenteredRMSprop(1e-3, rho=0.9, eps=1e-7), np.zeros(1)
    state = opt.init(x)
    for _ in range(3000):
        x, state = opt.step(x, np.array([gradient]), state)
    assert np.isfinite(x).all()
    assert abs(x[0]) <= 3000 * 1e-3 * gradient / np.sqrt(1e-7) + 1


def test_debiased_rmsprop_starts_with_the_rate():
    opt, x = RMSprop(0.5, eps=0.0, debias=True), np.zeros(1)
    assert opt.step(x, np.array([7.0]), opt.init(x))[0][0] == pytest.approx(-0.5)
