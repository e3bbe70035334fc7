"""Schedules for subgradients and stochastic gradients do what their theorems say."""

import math
from itertools import pairwise

import numpy as np
import pytest

from optim import SGD, minimize
from problems import Problem
from schedules import (
    DoublingStages,
    LogStepDecay,
    OptimalLinear,
    Refined,
    StepDecay,
    StrongSilver,
)


@pytest.mark.parametrize("steps", [2, 3, 5, 8, 16, 40, 100])
def test_the_last_step_of_logarithmic_stages_holds(steps):
    values = LogStepDecay(1.0, steps).table(4 * steps)
    assert (values[steps:] == values[steps - 1]).all()


def test_three_updates_have_stages_of_1_9():
    assert LogStepDecay(1.0, 3).table(5).tolist() == [1.0, 1.0, 0.5, 0.5, 0.5]


def test_refined_rates_weigh_by_the_square_of_the_norm():
    """Norms 1, 2, 1, 1: weights 1, 1/4, 1, 1, times those to come, 9/4, 2, 1 and 0; over the largest."""
    assert Refined(1.0, [1.0, 2.0, 1.0, 1.0]).table(4) == pytest.approx([1.0, 2 / 9, 4 / 9, 0.0])


def test_a_refined_schedule_tells_its_rate_and_may_have_one_a_run():
    assert Refined(0.3, [1.0, 2.0]).describe() == "0.3 r(n)"
    assert StrongSilver(4, 1, 8).describe() == "h(n) / 4"
    rates = Refined(np.array([0.3, 0.6]), [2.0, 2.0, 2.0])
    assert rates.lr.tolist() == [0.3, 0.6]
    np.testing.assert_allclose(rates.table(3), [[0.3, 0.6], [0.15, 0.3], [0.0, 0.0]], atol=1e-16)


def test_optimal_linear_meets_its_bound_on_the_hardest_function():
    """max of T + 1 coordinates: every method of T steps leaves B R / sqrt(T + 1); this one leaves no more."""
    for T in (1, 4, 16, 50):
        R, B = 3.0, 2.0

        def grad(x, B=B):
            g = np.zeros_like(x)
            g[..., int(np.argmax(x))] = B
            return g

        hardest = Problem.of(lambda x, B=B: B * x.max(axis=-1), grad, x0=np.zeros(T + 1))
        run = minimize(hardest, SGD(lr=OptimalLinear(T, R, B)), steps=T)
        reference = -B * R / math.sqrt(T + 1)
        assert run.fun - reference == pytest.approx(B * R / math.sqrt(T + 1), rel=1e-12)


def test_optimal_linear_meets_its_bound_on_many_functions():
    """Random maxima of lines through the minimum, and |x| from everywhere."""
    rng = np.random.default_rng(3)
    T, B, R = 12, 1.5, 2.0
    bound = B * R / math.sqrt(T + 1)
    for _ in range(200):
        lines = rng.normal(size=(6, 3))
        lines *= B / np.linalg.norm(lines, axis=1).max()
        lines = np.concatenate([lines, -lines])
        start = rng.normal(size=3)
        start *= R / np.linalg.norm(start)
        problem = Problem.of(
            lambda x, lines=lines: (x @ lines.T).max(axis=-1),
            lambda x, lines=lines: lines[np.argmax(x @ lines.T)],
            x0=start,
        )
        assert minimize(problem, SGD(lr=OptimalLinear(T, R, B)), steps=T).fun <= bound * (1 + 1e-12)
    line = Problem.of(lambda x: B * abs(x[..., 0]), lambda x: B * np.sign(x), x0=[R])
    for start in np.linspace(0.01, R, 300):
        assert minimize(line, SGD(lr=OptimalLinear(T, R, B)), [start], steps=T).fun <= bound


def test_optimal_linear_s_last_update_still_moves():
    assert OptimalLinear(8)(7) > 0 == OptimalLinear(8)(8)
    np.testing.assert_allclose(
        OptimalLinear(8, 3.0, 2.0).table(8), 1.5 * np.arange(8, 0, -1) / 27, rtol=1e-15
    )


def test_doubling_stages_add_the_same_each_stage():
    schedule = DoublingStages(0.4, stage=5)
    edges = [5 * (2**k - 1) for k in range(10)]
    for k, (a, b) in enumerate(pairwise(edges)):
        values = schedule(np.arange(a, b))
        assert set(values) == {0.4 / 2**k}
        assert values.sum() == pytest.approx(2.0, rel=1e-12)
    assert schedule(10**15) == 0.4 / 2 ** math.floor(math.log2(10**15 / 5 + 1))
    assert StepDecay(0.4, 0.5, 5).total(10**4) == pytest.approx(4.0), "StepDecay's sum is finite"


def test_log_step_decay_has_log2_T_stages():
    values = LogStepDecay(1.0, steps=1024).table(1024)
    assert len(set(values)) == 10
    assert values[-1] == 2.0**-9
    assert np.unique(values, return_counts=True)[1].max() - 1024 // 10 <= 1


def test_refined_by_equal_norms_is_linear_and_by_falling_ones_warms_up():
    np.testing.assert_allclose(Refined(0.3, [5.0] * 11).table(11), 0.03 * np.arange(10, -1, -1), atol=1e-15)
    falling = Refined(1.0, np.geomspace(10, 1, 50)).table(50)
    assert 0 < int(np.argmax(falling)) < 49
    assert falling[0] < 0.5
    assert falling[-1] == 0.0
