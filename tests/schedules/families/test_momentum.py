"""Momentum schedules, against their recursions and what they promise."""

import math

import numpy as np
import pytest

from optim import SGD, minimize
from schedules import (
    NesterovSequence,
    SutskeverMomentum,
)


def test_nesterovs_momentum_far_out():
    """t^2 - t is the square of the t before: (t_n - 1) / t_(n+1) after a hundred thousand of them."""
    t = [1.0]
    while len(t) <= 100_001:
        t.append((1 + math.sqrt(1 + 4 * t[-1] * t[-1])) / 2)
    for n in (0, 1, 2, 1000, 20_000, 100_000):
        near = [(t[k] - 1) / t[k + 1] for k in (max(n - 1, 0), n)]
        assert any(NesterovSequence()(n) == pytest.approx(m, rel=1e-12) for m in near), n


def test_nesterov_s_sequence_far_out():
    """Against the recursion itself, beyond the table."""
    t = 1.0
    wanted = {4000, 4095, 4096, 5000, 50_000, 300_000}
    for n in range(300_001):
        after = (1 + math.sqrt(1 + 4 * t * t)) / 2
        if n in wanted:
            assert NesterovSequence()(n) == pytest.approx((t - 1) / after, rel=1e-13), n
        t = after
    assert (1 - NesterovSequence()(10**6)) * 10**6 == pytest.approx(3.0, rel=1e-4)


def test_nesterov_s_momentum_accelerates():
    from optim import Nesterov
    from problems import Quadratic

    bowl = Quadratic(np.geomspace(1e-4, 1, 30))
    start = np.ones(30)
    plain = minimize(bowl, SGD(lr=1.0), x0=start, steps=300).fun
    fast = minimize(bowl, Nesterov(lr=1.0, momentum=NesterovSequence()), x0=start, steps=300).fun
    bound = 2 * 30 / 301**2
    assert fast <= bound
    assert fast < plain / 5


def test_sutskever_s_steps():
    """t = 0, 250, 500, 1000, 2500 give 1/2, 3/4, 5/6, 9/10, 21/22, up to the cap."""
    n = [0, 249, 250, 500, 1000, 2500]
    np.testing.assert_allclose(
        SutskeverMomentum(0.999)(n), [1 / 2, 1 / 2, 3 / 4, 5 / 6, 9 / 10, 21 / 22], rtol=1e-15
    )
    assert SutskeverMomentum(0.9)(10**6) == 0.9
    for most, every in ((0.9, 10), (0.99, 250), (0.995, 7), (0.999, 250), (0.4, 3)):
        schedule = SutskeverMomentum(most, every)
        assert schedule(schedule.horizon) == most
        assert schedule.horizon == 0 or schedule(schedule.horizon - 1) < most
