"""Wrappers compose, pass on what is asked of them, and average what they say."""

import numpy as np
import pytest

from optim import (
    EMA,
    L2,
    SGD,
    SWA,
    Adam,
    AdamW,
    CenteredRMSprop,
    ClipByNorm,
    ClipByValue,
    DAdaptAdam,
    DecoupledDecay,
    HeavyBall,
    Lookahead,
    Momentum,
    Nesterov1983,
    PolyakRuppert,
    Prodigy,
    RAdam,
    RMSprop,
    ScheduleFreeSGD,
    SutskeverNesterov,
    WithMomentum,
    minimize,
)
from problems import Parabola, Quadratic, Rosenbrock
from schedules import ExactQuadratic, Exponential, InverseTime


def same_path(one, two, problem=None, steps=40, rtol=1e-12):
    problem = Rosenbrock() if problem is None else problem
    a, b = minimize(problem, one, steps=steps), minimize(problem, two, steps=steps)
    np.testing.assert_allclose(a.history.x, b.history.x, rtol=rtol)


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


def test_an_inner_that_is_no_optimizer_is_refused():
    with pytest.raises(TypeError, match=r"inner: got 0\.1, expected an optimizer such as SGD"):
        L2(0.1)
    with pytest.raises(TypeError, match="inner: got"):
        ClipByNorm(SGD)
    with pytest.raises(ValueError, match=r"inner: got .* expected a rule whose update is x - lr \* d"):
        WithMomentum(HeavyBall())


def test_momentum_around_sgd_is_momentum():
    rate = Exponential(1e-3, 0.05)
    same_path(WithMomentum(SGD(rate), 0.8), Momentum(rate, 0.8))
    same_path(WithMomentum(SGD(rate), 0.8, rate_inside=True), HeavyBall(rate, 0.8))
    same_path(WithMomentum(SGD(rate), 0.8, nesterov=True, rate_inside=True), SutskeverNesterov(rate, 0.8))


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


@pytest.mark.parametrize("decay", ["paper", "l2"])
def test_the_three_conventions_of_adamw_differ(decay):
    a = minimize(Rosenbrock(), AdamW(0.01, weight_decay=0.1), steps=20).x
    b = minimize(Rosenbrock(), AdamW(0.01, weight_decay=0.1, decay=decay), steps=20).x
    assert np.abs(a - b).max() > 1e-3


def test_clipping_holds_the_gradient_within_bounds():
    x = np.array([[0.0, 0.0], [0.0, 0.0], [0.0, 0.0]])
    g = np.array([[3.0, 4.0], [0.3, 0.4], [0.0, 0.0]])
    opt = ClipByNorm(SGD(1.0), 1.0)
    moved = -opt.step(x, g, opt.init(x))[0]
    np.testing.assert_allclose(moved, [[0.6, 0.8], [0.3, 0.4], [0.0, 0.0]], rtol=1e-15)
    opt = ClipByValue(SGD(1.0), 0.35)
    np.testing.assert_array_equal(-opt.step(x, g, opt.init(x))[0], [[0.35, 0.35], [0.3, 0.35], [0.0, 0.0]])


def test_the_order_of_wrappers_is_the_order_of_what_happens():
    x, g = np.array([10.0]), np.array([0.0])
    clip_last, clip_first = L2(ClipByNorm(SGD(1.0), 1.0), 0.5), ClipByNorm(L2(SGD(1.0), 0.5), 1.0)
    assert clip_last.step(x, g, clip_last.init(x))[0].tolist() == [9.0]
    assert clip_first.step(x, g, clip_first.init(x))[0].tolist() == [5.0]


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


def test_lookahead_with_a_whole_share_is_the_inner_rule():
    same_path(Lookahead(Momentum(1e-3), period=5, share=1.0), Momentum(1e-3))


def test_lookahead_goes_back_every_period():
    run = minimize(Parabola(), Lookahead(SGD(0.1), period=3, share=0.5), steps=6)
    x, slow = run.history.x[:, 0], run.history.output[:, 0]
    assert slow.tolist()[:3] == [10.0, 10.0, 10.0]
    assert x[3] == slow[3] == pytest.approx(10 + 0.5 * (10 * 0.8**3 - 10))


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


def test_nesterovs_theorem_holds_at_theta():
    """f(theta_k) - f* <= 2 L |x0 - x*|^2 / (k + 1)^2, for a badly conditioned bowl at rate 1/L."""
    bowl = Quadratic(np.geomspace(1e-4, 1.0, 20))
    run = minimize(bowl, Nesterov1983(1.0), x0=np.ones(20), steps=300)
    k = np.arange(1, 301)
    bound = 2 * 20.0 / (k + 1.0) ** 2
    assert (run.history.output_fun[1:] <= bound).all()
    plain = minimize(bowl, SGD(1.0), x0=np.ones(20), steps=300)
    assert run.fun < plain.fun / 5


def test_schedule_free_without_beta_is_polyak_ruppert():
    free = minimize(Rosenbrock(), ScheduleFreeSGD(1e-3, beta=0.0), steps=30)
    mean = minimize(Rosenbrock(), PolyakRuppert(SGD(1e-3)), steps=30)
    np.testing.assert_allclose(free.history.output, mean.history.output, rtol=1e-10)


def test_warmup_of_schedule_free_is_a_warmed_rate():
    warmed = minimize(Rosenbrock(), ScheduleFreeSGD(1e-3, warmup=10), steps=30)
    rate = minimize(Rosenbrock(), ScheduleFreeSGD(lambda n: 1e-3 * min(1.0, (n + 1) / 10)), steps=30)
    np.testing.assert_allclose(warmed.history.x, rate.history.x, rtol=1e-12)


@pytest.mark.parametrize("gradient", [1 / 3, 0.1])
def test_centered_rmsprop_outlives_a_steady_gradient(gradient):
    """PyTorch's gives nan or 1e7 here (rounding makes the variance negative); eps bounds ours."""
    opt, x = CenteredRMSprop(1e-3, rho=0.9, eps=1e-7), np.zeros(1)
    state = opt.init(x)
    for _ in range(3000):
        x, state = opt.step(x, np.array([gradient]), state)
    assert np.isfinite(x).all()
    assert abs(x[0]) <= 3000 * 1e-3 * gradient / np.sqrt(1e-7) + 1


@pytest.mark.parametrize(("threshold", "first"), [(4.0, 5), (5.0, 6)])
def test_radam_is_rectified_from_the_fifth_update_or_the_sixth(threshold, first):
    """The spec: rho_5 = 4.996 at beta2 = 0.999. Until then an update is as long as the gradient."""
    opt, x = RAdam(1.0, eps=0.0, threshold=threshold), np.zeros(1)
    state, plain = opt.init(x), []
    for _ in range(8):
        x_next, state = opt.step(x, np.array([1e-3]), state)
        plain.append(bool(np.isclose(x[0] - x_next[0], 1e-3)))
        x = x_next
    assert plain.index(False) == first - 1


@pytest.mark.parametrize("beta2", [0.0, 0.5, 0.6, 0.65])
def test_radam_with_a_short_memory_is_never_rectified(beta2):
    opt, x = RAdam(0.1, beta1=0.0, beta2=beta2, threshold=5.0), np.zeros(1)
    state = opt.init(x)
    for t in range(1, 30):
        x, state = opt.step(x, np.array([2.0]), state)
        assert x[0] == pytest.approx(-0.2 * t)


def test_debiased_rmsprop_starts_with_the_rate():
    opt, x = RMSprop(0.5, eps=0.0, debias=True), np.zeros(1)
    assert opt.step(x, np.array([7.0]), opt.init(x))[0][0] == pytest.approx(-0.5)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: AdamW(decay="none"), "decay: got the str 'none', expected 'decoupled' or"),
        (lambda: EMA(SGD(), begin="one"), "begin: got the str 'one', expected 'first'"),
        (lambda: RAdam(threshold=3.0), "threshold: got 3.0, expected a number of at least 4"),
        (lambda: SWA(SGD(), begin=0), "begin: got 0"),
        (lambda: SWA(SGD(), every=0), "every: got 0, expected a whole number of at least 1"),
        (lambda: Prodigy(d0=0.0), r"d0: got 0\.0, expected a number above 0"),
        (lambda: DAdaptAdam(d0=0.0), r"d0: got 0\.0, expected a number above 0"),
        (lambda: Lookahead(SGD(), period=0), "period: got 0"),
        (lambda: L2(SGD(), -1.0), "weight_decay: got -1.0"),
    ],
)
def test_bad_parameters_get_one_sentence(make, words):
    with pytest.raises(ValueError, match=words):
        make()
