"""The rules of recent papers, from AdEMAMix to Sophia: by hand and against the rules that they contain."""

import math

import numpy as np
import pytest

from optim import (
    ADOPT,
    FTRL,
    MADGRAD,
    ACProp,
    Adam,
    Adan,
    AdEMAMix,
    DiagonalNewton,
    SimplifiedAdEMAMix,
    Sophia,
    minimize,
)
from problems import Quadratic, Rosenbrock
from tests.optim.rules.by_hand import same_path, steps


def test_ademamix_without_its_slow_average_is_adam():
    same_path(AdEMAMix(0.01, alpha=0.0), Adam(0.01))


def test_the_slow_average_warms_up_over_the_run():
    """After T updates nothing is left of the warmup; halfway alpha is half and so is the memory."""
    gradients = np.cos(np.arange(1.0, 13.0))
    _, warmed = steps(AdEMAMix(0.1, beta3=0.999, warmup=4), gradients[:2])
    a, b = math.log(0.9), math.log(0.999)
    betas = [math.exp(a * b / ((1 - s) * b + s * a)) for s in (0.25, 0.5)]
    half_lives = [math.log(0.5) / math.log(beta) for beta in (0.9, *betas, 0.999)]
    assert half_lives[2] == pytest.approx((half_lives[0] + half_lives[3]) / 2, rel=1e-12)
    slow = betas[1] * ((1 - betas[0]) * gradients[0]) + (1 - betas[1]) * gradients[1]
    assert warmed.slots[1][0] == pytest.approx(slow, rel=1e-12)


def test_a_warmup_may_start_without_any_memory():
    """Halfway from the decay 0 to 0.999 the half-life is half of 0.999's, also where one of several is 0."""
    gradients = np.array([1.0, 2.0])
    _, warmed = steps(AdEMAMix(0.1, beta1=0.0, beta3=0.999, warmup=2), gradients[:1])
    half = 0.999**2
    assert warmed.slots[1][0] == pytest.approx(1 - half, rel=1e-12)
    both = AdEMAMix(0.1, beta1=np.array([0.0, 0.999]), beta3=0.999, warmup=2)
    _, state = both.step(np.zeros(2), np.ones(2), both.init(np.zeros(2)))
    assert state.slots[1] == pytest.approx([1 - half, 1 - 0.999], rel=1e-12)


def test_adopt_holds_its_quotient_within_a_growing_bound():
    """The clip at update 2 is 1, at update 17 it is 2: 16 to the power of a quarter."""
    rows, _ = steps(ADOPT(1.0, beta1=0.0), [1.0, 50.0], x=(0.0,))
    assert rows[:, 0] == pytest.approx([0.0, -1.0], rel=1e-12)
    rows, _ = steps(ADOPT(1.0, beta1=0.0, beta2=0.0), [1.0] * 16 + [50.0])
    assert rows[15, 0] - rows[16, 0] == pytest.approx(2.0, rel=1e-12)
    free, _ = steps(ADOPT(1.0, beta1=0.0, clip=False), [1.0, 50.0])
    assert free[1, 0] == pytest.approx(-50.0, rel=1e-12)


def test_acprop_divides_by_what_was_known_before():
    """Without memory of squares: gradient 2 over how far the first, 4, strayed from its mean 2, or from 0."""
    for mean, strayed in (("with", 2.0), ("before", 4.0)):
        rows, _ = steps(ACProp(1.0, beta1=0.5, beta2=0.0, eps=0.0, eps_root=0.0, mean=mean), [4.0, 2.0])
        assert rows[:, 0] == pytest.approx([-4.0, -4.0 - 2.0 / strayed], rel=1e-12)


def test_acprops_steps_do_not_know_the_size_of_a_gradient_that_is_alone():
    """A gradient a thousand times as large makes a step a thousand times as long, and then short ones."""
    rows, _ = steps(ACProp(1.0), [1.0, 1.0, 1000.0, 1.0])
    moved = np.abs(np.diff(rows[:, 0]))
    assert moved[1] == pytest.approx(1000 * moved[0], rel=0.3)
    assert moved[2] < moved[0] / 10


def test_simplified_ademamix_without_its_gradient_is_adam_with_a_sum():
    """alpha 0 and no decay of the momentum: (1 - beta1) times the rate and no correction of m."""
    gradients = np.cos(np.arange(1.0, 8.0))
    ours, _ = steps(SimplifiedAdEMAMix(0.1, beta1=0.0, beta2=0.9, eps=0.0), gradients)
    theirs, _ = steps(Adam(0.1, beta1=0.0, beta2=0.9, eps=0.0), gradients)
    np.testing.assert_allclose(ours, theirs, rtol=1e-12)
    both, _ = steps(SimplifiedAdEMAMix(0.1, beta1=0.0, beta2=0.9, alpha=2.0, eps=0.0), gradients)
    np.testing.assert_allclose(both, 3 * theirs, rtol=1e-12)


def test_adan_knows_the_change_of_the_gradient():
    """Without memory: (g + share dg) over its own size; the decay divides, or is taken off."""
    rule = Adan(1.0, beta1=0.0, beta2=0.0, beta3=0.0, eps=0.0, ahead="1 - beta2")
    rows, _ = steps(rule, [1.0, 3.0])
    assert rows[:, 0] == pytest.approx([-1.0, -2.0], rel=1e-12)
    at = np.array([2.0])
    for decay, end in (("proximal", (2.0 - 0.5) / 1.1), ("decoupled", 2.0 - 0.5 - 0.2)):
        rule = Adan(0.5, eps=0.0, weight_decay=0.2, decay=decay)
        assert rule.step(at, np.ones(1), rule.init(at))[0] == pytest.approx([end], rel=1e-12)


def test_madgrad_returns_to_its_start_where_gradients_cancel():
    rows, _ = steps(MADGRAD(1.0, momentum=0.0, eps=0.0), [1.0, -1 / math.sqrt(2)], x=(5.0,))
    assert rows[:, 0] == pytest.approx([4.0, 5.0], rel=1e-12)


def test_madgrad_is_scale_free_to_the_power_of_a_third():
    one, _ = steps(MADGRAD(0.1, eps=0.0), [1.0, 2.0, -0.5])
    eight, _ = steps(MADGRAD(0.1, eps=0.0), [8.0, 16.0, -4.0])
    np.testing.assert_allclose(eight, 2 * one, rtol=1e-12)


def test_ftrl_leaves_weights_at_zero_until_their_sum_is_above_l1():
    rows, _ = steps(FTRL(1.0, l1=2.0), [1.0, 0.9, 0.2])
    assert rows[:2, 0].tolist() == [0.0, 0.0]
    n = 1.0 + 0.81 + 0.04
    assert rows[2, 0] == pytest.approx(-0.1 / (1 + math.sqrt(n)), rel=1e-9)


def test_ftrl_without_penalties_is_adagrad_from_its_start_at_zero():
    """McMahan: x_t = x_{t-1} - lr g / sqrt(n), where beta is 0 and nothing is penalised."""
    gradients, x = [1.0, -2.0, 0.5, 3.0], 0.0
    rows, _ = steps(FTRL(0.5, beta=0.0), gradients)
    total = 0.0
    for g, row in zip(gradients, rows[:, 0], strict=True):
        total += g * g
        x -= 0.5 * g / math.sqrt(total)
        assert row == pytest.approx(x, rel=1e-12)


def test_sophia_is_a_diagonal_newton_method_within_its_bound():
    problem = Quadratic([1.0, 20.0])
    rule = Sophia(0.5, beta1=0.0, beta2=0.0, gamma=1.0, every=1, bound=1e9)
    a = minimize(problem, rule, steps=10)
    b = minimize(problem, DiagonalNewton(0.5), steps=10)
    np.testing.assert_allclose(a.history.x, b.history.x, rtol=1e-12)
    held = minimize(problem, rule.replace(bound=0.25), steps=3).history.x
    assert np.abs(np.diff(held, axis=0)).max() == pytest.approx(0.125, rel=1e-12)


@pytest.mark.parametrize("diagonal", ["differences", "hutchinson"])
def test_sophia_estimates_what_is_not_given(diagonal):
    """On a quadratic whose Hessian is diagonal both estimates are exact."""
    problem, rule = Quadratic([1.0, 20.0]), Sophia(0.1, gamma=0.5)
    a = minimize(problem, rule, steps=25)
    b = minimize(problem, rule.replace(diagonal=diagonal), steps=25)
    np.testing.assert_allclose(a.history.x, b.history.x, rtol=1e-6)
    with pytest.raises(TypeError, match="Sophia needs hess"):
        rule.step(np.ones(2), np.ones(2), rule.init(np.ones(2)))


def test_the_curvature_is_taken_every_so_many_updates():
    rule = Sophia(1e-3, beta2=0.5, every=3, gamma=1.0)
    h = [minimize(Rosenbrock(), rule, steps=n).state.slots[1].tolist() for n in (1, 2, 3, 4)]
    assert h[0] == h[1] == h[2] != h[3]
