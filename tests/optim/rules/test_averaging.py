"""Averages of the points of a run, and Lookahead."""

import numpy as np
import pytest

from optim import (
    EMA,
    SGD,
    SWA,
    Adagrad,
    Lookahead,
    Momentum,
    PolyakRuppert,
    minimize,
)
from problems import Parabola, Rosenbrock
from schedules import InverseTime
from tests.optim.rules.by_hand import same_path, steps


def test_averages_are_the_averages_of_the_points():
    run = minimize(Rosenbrock(), SGD(1e-3), steps=30)
    points = run.history.x

    def outputs_of(wrapper):
        found = minimize(Rosenbrock(), wrapper, steps=30)
        assert np.array_equal(found.history.x, points)
        return found.history.output

    np.testing.assert_allclose(outputs_of(PolyakRuppert(SGD(1e-3)))[-1], points[1:].mean(axis=0), rtol=1e-12)
    whole = outputs_of(PolyakRuppert(SGD(1e-3), count_start=True))
    np.testing.assert_allclose(whole[-1], points.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(
        outputs_of(SWA(SGD(1e-3), begin=10, every=5))[-1], points[10::5].mean(axis=0), rtol=1e-12
    )
    np.testing.assert_array_equal(outputs_of(SWA(SGD(1e-3), begin=10, every=5))[:11], points[:11])
    weights = 0.8 ** np.arange(30)[::-1]
    debiased = outputs_of(EMA(SGD(1e-3), 0.8, "debiased"))[-1]
    np.testing.assert_allclose(debiased, np.average(points[1:], axis=0, weights=weights), rtol=1e-12)


def test_averaging_takes_the_noise_out():
    """Polyak and Juditsky: the mean is much nearer than the last point, with noisy gradients."""
    rng = np.random.default_rng(0)
    opt, x = PolyakRuppert(SGD(InverseTime(0.5, 0.05))), np.array([0.0])
    state = opt.init(x)
    for _ in range(4000):
        x, state = opt.step(x, x + rng.normal(size=1), state)
    mean = opt.output(x, state.slots)
    assert abs(float(mean[0])) < 3 / np.sqrt(4000)


def test_an_average_of_averages_averages_what_is_answered():
    """The points are -1, -2, -3, their means -1, -1.5, -2, and the mean of those -1.5."""
    opt = PolyakRuppert(PolyakRuppert(SGD(lr=1.0)))
    x, state = steps(opt, [1, 1, 1])
    assert opt.output(x[-1], state.slots) == pytest.approx([-1.5], rel=1e-15)


def test_an_average_of_an_average_with_a_memory_of_its_own():
    """EMA with decay 1/2 from the first point: -1, -1.5, -2.25; their mean is -4.75/3."""
    opt = PolyakRuppert(EMA(SGD(lr=1.0), 0.5))
    x, state = steps(opt, [1, 1, 1])
    assert opt.output(x[-1], state.slots) == pytest.approx([-4.75 / 3], rel=1e-15)


def test_lookahead_with_a_whole_share_is_the_inner_rule():
    same_path(Lookahead(Momentum(1e-3), period=5, share=1.0), Momentum(1e-3))


def test_lookahead_goes_back_every_period():
    run = minimize(Parabola(), Lookahead(SGD(0.1), period=3, share=0.5), steps=6)
    x, slow = run.history.x[:, 0], run.history.output[:, 0]
    assert slow.tolist()[:3] == [10.0, 10.0, 10.0]
    assert x[3] == slow[3] == pytest.approx(10 + 0.5 * (10 * 0.8**3 - 10))


def test_lookahead_starts_its_rule_afresh():
    """Adagrad from a sum of 3: every update is the first one, 1 / sqrt(3 + 1), half of which is kept."""
    opt = Lookahead(Adagrad(lr=1.0, eps=0.0, initial=3.0), period=1, share=0.5, reset=True)
    rows, state = steps(opt, [1, 1, 1])
    assert rows[:, 0].tolist() == [-0.25, -0.5, -0.75]
    assert all(slot.shape == (1,) and slot.dtype == float for slot in state.slots)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: EMA(SGD(), begin="one"), "begin: got the str 'one', expected one of 'first'"),
        (lambda: SWA(SGD(), begin=0), "begin: got 0"),
        (lambda: SWA(SGD(), every=0), "every: got 0, expected a whole number of at least 1"),
        (lambda: Lookahead(SGD(), period=0), "period: got 0"),
    ],
)
def test_bad_parameters_get_one_sentence(make, words):
    with pytest.raises(ValueError, match=words):
        make()
