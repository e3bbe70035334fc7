"""Descent with and without memory: equations, printed sequences and theorems."""

import math

import numpy as np
import pytest

from optim import (
    SGD,
    Nesterov1983,
    minimize,
)
from problems import (
    BreastCancer,
    MiniBatch,
    Quadratic,
)
from tests.optim.rules.by_hand import steps

GOLDEN_RATIO = (1 + math.sqrt(5)) / 2


def test_nesterovs_sequence_is_the_root_of_its_equation():
    """a^2 - a is the square of the one before, from 1: 1, the golden ratio, 2.194, 2.750."""
    state, a = Nesterov1983().init(np.zeros(1)), [1.0]
    for _ in range(30):
        _, state = Nesterov1983().step(np.zeros(1), np.ones(1), state)
        a.append(float(state.slots[-1].item()))
    assert a[1] == pytest.approx(GOLDEN_RATIO, rel=1e-15)
    assert a[2:4] == pytest.approx([2.1935, 2.7498], abs=5e-5)
    squares = np.square(a)
    np.testing.assert_allclose(squares[1:] - a[1:], squares[:-1], rtol=1e-13)


def test_nesterovs_momentum_is_what_fista_prints():
    """(a_t - 1) / a_(t+1) is 0, 0.2817, 0.4340; at rate 1 under gradients of 1 the points follow from it:
    -1, then -2 - 0.2817, and 1.2817 further with 0.4340 of that again.
    """
    rows, _ = steps(Nesterov1983(lr=1.0), [1, 1, 1])
    assert rows[:, 0] == pytest.approx([-1.0, -2.2818, -3.2818 - 0.4340 * 1.2818], abs=2e-4)


def test_nesterovs_theorem_holds_at_theta():
    """f(theta_k) - f* <= 2 L |x0 - x*|^2 / (k + 1)^2, for a badly conditioned bowl at rate 1/L."""
    bowl = Quadratic(np.geomspace(1e-4, 1.0, 20))
    run = minimize(bowl, Nesterov1983(1.0), x0=np.ones(20), steps=300)
    k = np.arange(1, 301)
    bound = 2 * 20.0 / (k + 1.0) ** 2
    assert (run.history.output_fun[1:] <= bound).all()
    plain = minimize(bowl, SGD(1.0), x0=np.ones(20), steps=300)
    assert run.fun < plain.fun / 5


def test_first_order_rules_pay_nothing_for_all_this():
    """On mini-batches too: one evaluation an update."""
    run = minimize(MiniBatch(BreastCancer(), 50), SGD(lr=0.1), steps=10)
    assert (run.nfev, run.njev) == (11, 11)
