"""The gradient held within bounds, scaled, turned round or gathered ahead of a rule: by hand."""

import numpy as np
import pytest

from optim import (
    EMA,
    L2,
    SGD,
    Accumulate,
    Adam,
    AnnealedNoise,
    ClipByNorm,
    ClipByValue,
    Momentum,
    ScaleGradient,
    WithMomentum,
    minimize,
)
from problems import Parabola, Problem, Rosenbrock
from schedules import ExactQuadratic, Exponential
from tests.optim.rules.by_hand import same_path, steps


def test_clipping_holds_the_gradient_within_bounds():
    x = np.array([[0.0, 0.0], [0.0, 0.0], [0.0, 0.0]])
    g = np.array([[3.0, 4.0], [0.3, 0.4], [0.0, 0.0]])
    opt = ClipByNorm(SGD(1.0), 1.0)
    moved = -opt.step(x, g, opt.init(x))[0]
    np.testing.assert_allclose(moved, [[0.6, 0.8], [0.3, 0.4], [0.0, 0.0]], rtol=1e-15)
    opt = ClipByValue(SGD(1.0), 0.35)
    np.testing.assert_array_equal(-opt.step(x, g, opt.init(x))[0], [[0.35, 0.35], [0.3, 0.35], [0.0, 0.0]])


@pytest.mark.parametrize("rule", [SGD(1e-3), Momentum(1e-4), Adam(0.01)], ids=repr)
def test_the_maximum_of_minus_f_is_the_minimum_of_f(rule):
    valley = Rosenbrock()
    hill = Problem.of(lambda x: -valley.fun(x), lambda x: -valley.grad(x), x0=valley.x0)
    up = minimize(hill, ScaleGradient(rule), steps=30)
    assert np.array_equal(up.history.x, minimize(valley, rule, steps=30).history.x)


def test_a_decay_inside_still_pulls_towards_zero():
    """From 2 without a gradient: 2 - 0.5 * 0.1 * 2, whichever way the gradient is turned."""
    for factor in (-1.0, 1.0, 7.0):
        rows, _ = steps(ScaleGradient(L2(SGD(lr=0.5), 0.1), factor), [0], x=(2.0,))
        assert rows[0, 0] == pytest.approx(1.9, rel=1e-15)


def test_a_scaled_gradient_is_a_scaled_rate_for_sgd_alone():
    same_path(ScaleGradient(SGD(4e-4), 0.25), SGD(1e-4))
    rows, _ = steps(ScaleGradient(Adam(0.1, eps=0.0), 1e-3), [5, 5])
    assert rows[:, 0] == pytest.approx([-0.1, -0.2], rel=1e-12)


def test_accumulation_is_the_rule_on_means_of_gradients():
    gradients = [1.0, 4.0, -2.0, 0.5, 0.5, 8.0, 3.0]
    rows, _ = steps(Accumulate(Momentum(0.1, 0.9), 3), gradients)
    means, _ = steps(Momentum(0.1, 0.9), [1.0, 3.0])
    assert rows[:, 0] == pytest.approx([0, 0, means[0, 0], means[0, 0], means[0, 0], *[means[1, 0]] * 2])


def test_the_rule_inside_counts_its_own_updates():
    """Its schedule falls by half an update of its own, and Adam corrects its start by its own count."""
    halving = Exponential(1.0, d=np.log(2))
    rows, _ = steps(Accumulate(SGD(halving), 2), [1] * 6)
    assert rows[:, 0] == pytest.approx([0, -1, -1, -1.5, -1.5, -1.75], rel=1e-15)
    rows, _ = steps(Accumulate(Adam(0.1, eps=0.0), 2), [3, 5] * 3)
    assert rows[1::2, 0] == pytest.approx([-0.1, -0.2, -0.3], rel=1e-12)
    run = minimize(Parabola(), Accumulate(SGD(halving), 2), steps=6)
    assert run.history.lr.tolist() == pytest.approx([1, 1, 0.5, 0.5, 0.25, 0.25])


def test_an_average_that_overwrites_takes_its_place():
    """x goes 2, 1, 0 and its average 2, 1.9, 1.71; after three updates x is that average."""
    rows, state = steps(EMA(SGD(1.0), 0.9, overwrite=3), [1, 1, 1, 1], x=(3.0,))
    assert rows[:, 0] == pytest.approx([2, 1, 1.71, 0.71], rel=1e-12)
    assert state.slots[0] == pytest.approx([0.9 * 1.71 + 0.1 * 0.71], rel=1e-12)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Accumulate(SGD(), 1), "period: got 1, expected a whole number of at least 2"),
        (lambda: EMA(SGD(), overwrite=0), "overwrite: got 0, expected a whole number of at least 1"),
        (lambda: ScaleGradient(SGD(), np.nan), "factor: got nan"),
        (lambda: WithMomentum(Accumulate(SGD())), "inner: got Accumulate"),
    ],
)
def test_bad_parameters_get_one_sentence(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_a_line_search_follows_the_turned_direction_and_refuses_to_wait():
    run = minimize(Parabola(), ScaleGradient(SGD(ExactQuadratic()), 1.0), steps=1)
    assert abs(run.x[0]) < 1e-12
    with pytest.raises(TypeError, match="an update of Accumulate is not x - lr"):
        minimize(Parabola(), Accumulate(SGD(ExactQuadratic())), steps=1)


@pytest.mark.parametrize("decay", [0.0, 0.55, 2.0])
def test_the_noise_has_the_variance_that_it_says(decay):
    """Over 40 000 coordinates at updates 1 and 5: mean 0, variance 0.3 / t^decay, within five errors."""
    rule, zero = AnnealedNoise(SGD(1.0), 0.3, decay), np.zeros(40_000)
    rows, _ = steps(rule, [0.0] * 5, x=zero)
    for t in (1, 5):
        noise = rows[t - 1] - (rows[t - 2] if t > 1 else zero)
        variance = 0.3 / t**decay
        assert abs(noise.mean()) < 5 * np.sqrt(variance / noise.size)
        assert abs(noise.var() / variance - 1) < 5 * np.sqrt(2 / noise.size)


def test_noise_of_two_updates_or_seeds_is_not_the_same():
    rows, _ = steps(AnnealedNoise(SGD(1.0), decay=0.0), [0.0, 0.0], x=np.zeros(1000))
    other, _ = steps(AnnealedNoise(SGD(1.0), decay=0.0, rng=1), [0.0], x=np.zeros(1000))
    for a, b in ((rows[0], rows[1] - rows[0]), (rows[0], other[0])):
        assert abs(np.corrcoef(a, b)[0, 1]) < 5 / np.sqrt(1000)


def test_what_draws_noise_says_so_through_every_wrapper():
    noisy = AnnealedNoise(Momentum())
    assert all(rule.draws_noise for rule in (noisy, EMA(noisy), ClipByNorm(L2(noisy, 0.1))))
    assert not EMA(Momentum()).draws_noise


def test_an_average_of_gathered_updates_goes_on_where_x_rests():
    """Keras' counting, period 2: a copy for two gradients; it overwrites x at both gradients of update 2."""
    rule = EMA(Accumulate(SGD(1.0), 2), 0.5, overwrite=2, period=2)
    rows, state = steps(rule, [1.0, 1.0, 1.0, 1.0], x=(4.0,))
    assert rows[:, 0].tolist() == [4.0, 3.0, 3.0, 2.5]
    assert rule.output(rows[3], state.slots).tolist() == [2.5]
