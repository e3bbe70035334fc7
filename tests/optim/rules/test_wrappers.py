"""Wrappers compose, pass on what is asked of them, and decay; momentum around other rules."""

import numpy as np
import pytest

from optim import (
    EMA,
    L2,
    SGD,
    Adam,
    AdamW,
    ClipByNorm,
    ClipByValue,
    DecoupledDecay,
    HeavyBall,
    Lookahead,
    Momentum,
    PolyakRuppert,
    SutskeverNesterov,
    WithMomentum,
    minimize,
)
from problems import Parabola, Rosenbrock
from schedules import ExactQuadratic, Exponential
from tests.optim.rules.by_hand import same_path, steps


def test_slots_nest_by_name():
    opt = EMA(Lookahead(ClipByNorm(Adam())))
    assert opt.slots == ("mean", "inner/slow", "inner/inner/inner/m", "inner/inner/inner/v")
    assert len(opt.init(np.zeros(3)).slots) == 4


def test_facts_follow_the_inner_rule():
    clip = L2(ClipByNorm(Adam()))
    assert not clip.elementwise
    assert L2(Adam()).elementwise
    assert L2(Adam()).is_direction_rule
    assert not L2(HeavyBall()).is_direction_rule
    assert not L2(Adam()).has_separate_output
    assert L2(EMA(Adam())).has_separate_output
    assert L2(Adam()).batched
    assert set(clip.hypers()) == {"weight_decay", "max_norm", "eps", "lr", "beta1", "beta2"}


def test_reading_and_replacing_reach_the_inner_rule():
    opt = ClipByNorm(L2(Adam(lr=0.1), 0.5), 2.0)
    assert (opt.lr, opt.beta1, opt.weight_decay) == (0.1, 0.9, 0.5)
    changed = opt.replace(lr=0.3, max_norm=4.0, weight_decay=0.25, beta1=0.8)
    assert changed == ClipByNorm(L2(Adam(lr=0.3, beta1=0.8), 0.25), 4.0)
    assert opt.at_default_rate() == ClipByNorm(L2(Adam(), 0.5), 2.0)
    with pytest.raises(AttributeError):
        _ = opt.nonsense


def test_a_rule_and_its_rate_are_replaced_at_once():
    assert L2(SGD(lr=0.1)).replace(inner=Adam(), lr=0.3, weight_decay=0.2) == L2(Adam(lr=0.3), 0.2)


def test_an_inner_that_is_no_optimizer_is_refused():
    with pytest.raises(TypeError, match=r"inner: got 0\.1, expected an optimizer such as SGD"):
        L2(0.1)
    with pytest.raises(TypeError, match="inner: got"):
        ClipByNorm(SGD)
    with pytest.raises(ValueError, match=r"inner: got .* expected a rule whose update is x - lr \* d"):
        WithMomentum(HeavyBall())


def test_a_wrapper_answers_what_its_rule_answers():
    opt = L2(PolyakRuppert(SGD(lr=1.0)), 0.0)
    x, state = steps(opt, [1, 1, 1])
    assert opt.output(x[-1], state.slots).tolist() == [-2.0]
    opt = WithMomentum(SGD(lr=1.0), 0.0)
    x, state = steps(opt, [1, 1, 1])
    assert opt.output(x[-1], state.slots).tolist() == [-3.0]


def test_the_order_of_wrappers_is_the_order_of_what_happens():
    x, g = np.array([10.0]), np.array([0.0])
    clip_last, clip_first = L2(ClipByNorm(SGD(1.0), 1.0), 0.5), ClipByNorm(L2(SGD(1.0), 0.5), 1.0)
    assert clip_last.step(x, g, clip_last.init(x))[0].tolist() == [9.0]
    assert clip_first.step(x, g, clip_first.init(x))[0].tolist() == [5.0]


def test_momentum_around_sgd_is_momentum():
    rate = Exponential(1e-3, 0.05)
    same_path(WithMomentum(SGD(rate), 0.8), Momentum(rate, 0.8))
    same_path(WithMomentum(SGD(rate), 0.8, rate_inside=True), HeavyBall(rate, 0.8))
    same_path(WithMomentum(SGD(rate), 0.8, nesterov=True, rate_inside=True), SutskeverNesterov(rate, 0.8))


def test_nesterov_around_another_rule():
    """beta 1/2 and rate 1: m is 1 and 3/2, and the steps 1 + 1/2 and 1 + 3/4."""
    rows, _ = steps(WithMomentum(SGD(lr=1.0), momentum=0.5, nesterov=True), [1, 1])
    assert rows[:, 0].tolist() == [-1.5, -3.25]
    rows, _ = steps(WithMomentum(SGD(lr=1.0), momentum=0.5), [1, 1])
    assert rows[:, 0].tolist() == [-1.0, -2.5]


def test_l2_and_decoupled_decay_are_the_same_for_sgd_alone():
    rate = Exponential(1e-3, 0.05)
    same_path(L2(SGD(rate), 0.5), DecoupledDecay(SGD(rate), 0.5))
    a = minimize(Rosenbrock(), L2(Momentum(1e-3), 0.5), steps=20).x
    b = minimize(Rosenbrock(), DecoupledDecay(Momentum(1e-3), 0.5), steps=20).x
    assert np.abs(a - b).max() > 1e-3


def test_decay_around_adam_is_adamw():
    rate = Exponential(0.01, 0.01)
    same_path(DecoupledDecay(Adam(rate), 0.3), AdamW(rate, weight_decay=0.3))
    same_path(L2(Adam(rate), 0.3), AdamW(rate, weight_decay=0.3, decay="l2"))
    np.testing.assert_allclose(
        minimize(Parabola(), DecoupledDecay(HeavyBall(0.05), 0.3), steps=30).x,
        minimize(Parabola(), DecoupledDecay(Momentum(0.05), 0.3), steps=30).x,
        atol=1e-12,
    )


def test_a_feedback_rate_reaches_the_inner_rule():
    class Halving:
        kind = "feedback"

        def __call__(self, n):
            raise AssertionError("a feedback rate is asked by the loop, not called")

        def init(self, x):
            return 0.4

        def update(self, info, carry):
            return carry, carry / 2

    wrapped = minimize(Parabola(), DecoupledDecay(ClipByNorm(SGD(Halving()), 1e9), 0.0), steps=5)
    plain = minimize(Parabola(), SGD(Halving()), steps=5)
    np.testing.assert_allclose(wrapped.history.x, plain.history.x, rtol=1e-15)
    assert wrapped.history.lr.tolist() == plain.history.lr.tolist() == [0.4, 0.2, 0.1, 0.05, 0.025]


def test_a_line_search_goes_along_the_wrapped_direction():
    """The decay is part of the direction; along any direction the exact search ends at the minimum."""
    search = ExactQuadratic()
    run = minimize(Parabola(), DecoupledDecay(ClipByValue(SGD(search), 0.5), 0.1), steps=1)
    assert abs(run.x[0]) < 1e-12
    with pytest.raises(TypeError, match="an update of EMA is not x - lr"):
        minimize(Parabola(), EMA(SGD(search)), steps=1)
    with pytest.raises(TypeError, match="an update of L2 is not x - lr"):
        minimize(Parabola(), L2(HeavyBall(search)), steps=1)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: L2(SGD(), -1.0), "weight_decay: got -1.0"),
    ],
)
def test_bad_parameters_get_one_sentence(make, words):
    with pytest.raises(ValueError, match=words):
        make()
