"""Feedback step sizes, against printed numbers, other libraries' runs and what theory promises."""

import json
import math

import numpy as np
import pytest

from optim import SGD, Momentum, minimize
from problems import Parabola, Problem, Quadratic, Rosenbrock
from schedules import (
    AdaGradNorm,
    AdGD,
    BarzilaiBorwein,
    BoldDriver,
    Constant,
    Cosine,
    DoG,
    Greedy,
    Hypergradient,
    Plateau,
    Polyak,
    SPSMax,
)
from tests import GOLDEN

BOWL = Quadratic([1.0, 10.0, 100.0])
ONES = [1.0, 1.0, 1.0]

# Plateau


@pytest.mark.parametrize("patience", [1, 2, 3, 7])
def test_patience_is_counted_exactly(patience):
    """One improvement, then nothing: the rate drops with report 1 + p, and p reports later again."""
    rates = Plateau(1.0, factor=0.5, patience=patience).after([1.0] * (1 + 2 * patience))
    assert rates == [1.0] * patience + [0.5] * patience + [0.25]


def test_in_a_run_the_update_after_the_last_straw_uses_the_lower_rate():
    flat = Problem.of(lambda x: 0.0 * x.sum(-1), lambda x: 0.0 * x, x0=[1.0])
    run = minimize(flat, SGD(lr=Plateau(0.8, factor=0.5, patience=2)), steps=6)
    assert run.history.lr.tolist() == [0.8, 0.8, 0.4, 0.4, 0.2, 0.2]


def test_an_improvement_starts_the_count_again():
    rates = Plateau(1.0, factor=0.5, patience=2).after([1.0, 1.0, 0.9, 0.9, 0.8, 0.8, 0.8])
    assert rates == [1.0] * 6 + [0.5]


def test_a_cooldown_of_c_swallows_c_reports():
    rates = Plateau(1.0, factor=0.5, patience=1, cooldown=3).after([1.0] * 10)
    assert rates == [1.0, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.125]


def test_thresholds_are_absolute_or_relative_to_the_size_of_the_best():
    creep = [100.0, 99.0, 98.0, 97.0]
    assert Plateau(1.0, patience=1, absolute=0.5).after(creep) == [1.0] * 4
    assert Plateau(1.0, 0.5, patience=1, absolute=1.5).after(creep) == [1.0, 0.5, 0.5, 0.25]
    assert Plateau(1.0, 0.5, patience=1, absolute=0.0, relative=0.015).after(creep) == [1.0, 0.5, 0.5, 0.25]
    assert Plateau(1.0, 0.5, patience=1, absolute=0.0, relative=0.009).after(creep) == [1.0] * 4


@pytest.mark.parametrize("shift", [0.0, -5.0, -1000.0])
def test_a_metric_may_be_negative(shift):
    """With an absolute threshold nothing depends on where zero is."""
    metrics = np.array([1.0, 0.8, 0.79, 0.81, 0.5, 0.6, 0.6, 0.4]) + shift
    assert Plateau(1.0, 0.5, patience=2, absolute=0.05).after(metrics) == [1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25]


def test_on_negative_metrics_worse_is_never_better():
    worse = [-1.0, -0.95, -0.9, -0.85]
    assert Plateau(1.0, 0.5, patience=1, absolute=0.0, relative=0.1).after(worse) == [1.0, 0.5, 0.25, 0.125]


def test_maximizing_is_minimizing_the_negative():
    metrics = np.array([0.1, 0.2, 0.2, 0.15, 0.3, 0.3, 0.3, 0.3])
    rule = Plateau(1.0, 0.5, patience=2, absolute=0.01)
    assert rule.replace(maximize=True).after(metrics) == rule.after(-metrics)


def test_a_nan_is_no_improvement():
    assert Plateau(1.0, 0.5, patience=2).after([math.nan, math.nan, 1.0, 0.5]) == [1.0, 0.5, 0.5, 0.5]


def test_the_rate_stays_above_its_floor():
    assert Plateau(1.0, 0.1, patience=1, min_lr=0.05).after([1.0] * 4) == [1.0, 0.1, 0.05, 0.05]


def test_reports_come_every_so_many_updates_and_may_be_averaged():
    flat = Problem.of(lambda x: 0.0 * x.sum(-1), lambda x: 0.0 * x, x0=[1.0])
    run = minimize(flat, SGD(lr=Plateau(0.8, factor=0.5, patience=1, every=3)), steps=8)
    assert run.history.lr.tolist() == [0.8, 0.8, 0.8, 0.4, 0.4, 0.4, 0.2, 0.2]
    assert Plateau(1.0, 0.5, patience=1, mean=2).after([1, 3, 2, 2, 0, 0]) == [1, 1, 1, 0.5, 0.5, 0.5]


def test_it_watches_a_held_out_metric():
    """The loss falls to 0, the watched distance from 1 falls and then rises: only the second is a plateau."""
    train = Parabola()
    held_out = Problem.of(lambda x: abs(x[..., 0] - 1), lambda x: np.sign(x - 1), x0=[0.0])
    blind = minimize(train, SGD(lr=Plateau(0.1, patience=3)), steps=30)
    assert set(blind.history.lr) == {0.1}
    for watch in (held_out, held_out.fun):
        seeing = minimize(train, SGD(lr=Plateau(0.1, patience=3, watch=watch)), steps=30)
        first = int(np.flatnonzero(seeing.history.lr < 0.1)[0])
        closest = int(np.argmin(abs(seeing.history.x[:first, 0] - 1)))
        assert first == closest + 3


def test_a_watched_problem_travels_as_json():
    rule = Plateau(0.1, watch=Rosenbrock())
    assert Plateau.from_json(rule.to_json()) == rule
    with pytest.raises(TypeError, match="watch: got 3, expected a problem or a function of x"):
        Plateau(watch=3)


def test_warm_up_times_plateau():
    """The standing request: a warm-up in front of a rule that watches the loss."""
    rule = Constant(0.1).warmup(4) * Plateau(factor=0.5, patience=2)
    flat = Problem.of(lambda x: 0.0 * x.sum(-1), lambda x: 0.0 * x, x0=[1.0])
    run = minimize(flat, SGD(lr=rule), steps=6)
    np.testing.assert_allclose(run.history.lr, [0.025, 0.05, 0.0375, 0.05, 0.025, 0.025], rtol=1e-15)
    cosine = minimize(flat, SGD(lr=Cosine(0.1, 6) * Plateau(patience=99)), steps=6)
    np.testing.assert_allclose(cosine.history.lr, Cosine(0.1, 6).table(6), rtol=1e-15)


@pytest.mark.parametrize(
    ("bad", "match"),
    [
        ({"patience": 0}, "patience: got 0, expected a whole number of at least 1"),
        ({"factor": 1.0}, "factor: got 1.0, expected between 0 and 1"),
        ({"relative": -0.1}, "relative: got -0.1, expected a number of at least 0"),
        ({"every": 0}, "every: got 0"),
        ({"lr": -1.0}, "lr: got -1.0"),
    ],
)
def test_a_rule_that_cannot_work_is_refused(bad, match):
    with pytest.raises(ValueError, match=match):
        Plateau(**bad)


def test_greedy_goes_both_ways():
    falling = Greedy(0.1, factor=0.5, patience=2, max_lr=0.3).after([1 - 0.1 * k for k in range(9)])
    assert falling == [0.1, 0.1, 0.2, 0.2, 0.2, 0.3, 0.3, 0.3, 0.3]
    stalled = Greedy(0.1, factor=0.5, patience=1, min_lr=0.04).after([1.0] * 7)
    assert stalled == [0.1, 0.1, 0.05, 0.05, 0.04, 0.04, 0.04]


# Bold driver


def test_bold_driver_undoes_what_went_up():
    """After each climb the next point is a step from where the climb began, at half the rate."""
    run = minimize(Rosenbrock(), SGD(lr=BoldDriver(0.01)), steps=120)
    x, f, lr = run.history.x, run.history.fun, run.history.lr
    base = 0
    climbs = 0
    for n in range(len(lr)):
        if n and f[n] > f[base]:
            climbs += 1
            assert lr[n] == pytest.approx(lr[n - 1] / 2, rel=1e-15)
        else:
            if n:
                assert lr[n] == pytest.approx(lr[n - 1] * 1.05, rel=1e-15)
            base = n
        np.testing.assert_array_equal(x[n + 1], x[base] - lr[n] * Rosenbrock().grad(x[base]))
    assert climbs > 5


def test_bold_driver_takes_the_momentum_back_too():
    """The slots are those before the rejected update, as if it had never been tried."""
    steep = Parabola()
    run = minimize(steep, Momentum(lr=BoldDriver(1.5, down=0.25), momentum=0.9), steps=2)
    direct = minimize(steep, Momentum(lr=0.375, momentum=0.9), steps=1)
    assert run.history.fun[1] > run.history.fun[0]
    assert run.history.x[2, 0] == direct.history.x[1, 0]


def test_bold_driver_arrives_from_any_first_rate():
    for rate in (1e-4, 0.1, 10.0, 1e4):
        run = minimize(BOWL, SGD(lr=BoldDriver(rate)), x0=ONES, steps=3000)
        assert run.best_fun < 1e-6, rate


# Polyak


def test_polyak_s_sequence_of_optax_documentation():
    run = minimize(Quadratic([2.0, 2.0, 2.0]), SGD(lr=Polyak(max_lr=1.0)), x0=[1.0, 2.0, 3.0], steps=5)
    assert run.history.fun.tolist() == [14.0, 3.5, 0.875, 0.21875, 0.0546875, 0.013671875]


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("polyak_sgd(max_learning_rate=1.0)", Polyak(max_lr=1.0)),
        ("polyak_sgd(max_learning_rate=0.1, f_min=-1.0)", Polyak(minimum=-1.0, max_lr=0.1)),
        ("contrib.dog()", DoG()),
        ("contrib.dog(init_step=('heuristic', 0.01), eps=0.5)", DoG(reach=0.01, eps=0.5)),
    ],
)
def test_runs_of_optax(name, rule):
    """Recorded by golden/make_feedback.py on (x1^2 + 10 x2^2) / 2 from (3, -2)."""
    golden = json.loads((GOLDEN / "feedback_optax.json").read_text())
    run = minimize(Quadratic([1.0, 10.0]), SGD(lr=rule), x0=[3.0, -2.0], steps=30)
    np.testing.assert_allclose(run.history.x, golden[name], rtol=1e-9, atol=1e-12)


def test_polyak_s_step_on_a_parabola_is_half_the_best():
    """On L x^2 / 2: c = 1 gives 1/(2L), which halves x; c = 1/2 gives 1/L, which arrives at once."""
    run = minimize(Parabola(curvature=8.0), SGD(lr=Polyak()), steps=3)
    assert run.history.lr.tolist() == [1 / 16] * 3
    assert minimize(Parabola(curvature=8.0), SGD(lr=Polyak(c=0.5)), steps=1).x[0] == 0.0


def test_polyak_s_step_never_leads_away_from_a_minimizer():
    run = minimize(BOWL, SGD(lr=Polyak()), x0=ONES, steps=300)
    distance = np.linalg.norm(run.history.x, axis=1)
    assert (np.diff(distance) <= 0).all()


def test_polyak_s_step_says_that_it_needs_the_minimum():
    unknown = Problem.of(lambda x: (x * x).sum(-1), lambda x: 2 * x, x0=[1.0])
    with pytest.raises(ValueError, match="minimum: got None, expected a number"):
        minimize(unknown, SGD(lr=Polyak()), steps=1)
    assert minimize(unknown, SGD(lr=Polyak(minimum=0.0)), steps=1).x[0] == 0.5


def test_at_the_minimum_the_step_is_0():
    run = minimize(Parabola(), SGD(lr=Polyak()), x0=[0.0], steps=2)
    assert run.history.lr.tolist() == [0.0, 0.0]


def test_sps_is_the_capped_step():
    capped = minimize(BOWL, SGD(lr=SPSMax(max_lr=0.005)), x0=ONES, steps=50).history.lr
    free = minimize(BOWL, SGD(lr=Polyak(c=0.5, minimum=0.0)), x0=ONES, steps=1).history.lr
    assert capped.max() <= 0.005
    assert minimize(BOWL, SGD(lr=SPSMax(max_lr=1e9)), x0=ONES, steps=1).history.lr == free


# Barzilai and Borwein


def updates_until(rule, tol):
    norm = minimize(BOWL, SGD(lr=rule), x0=ONES, steps=2000).history.grad_norm
    return int(np.argmax(norm < tol))


def test_barzilai_borwein_counts():
    """diag(1, 10, 100) from ones to |g| < 1e-12: 33 and 23 updates, where the best fixed step takes 1612."""
    assert updates_until(BarzilaiBorwein(1e-3, long=True), 1e-12) == 33
    assert updates_until(BarzilaiBorwein(1e-3, long=False), 1e-12) == 23
    assert updates_until(2 / 101, 1e-12) == 1612


def test_barzilai_borwein_steps_lie_between_the_curvatures():
    for long in (True, False):
        rates = minimize(BOWL, SGD(lr=BarzilaiBorwein(0.02, long)), x0=ONES, steps=20).history.lr
        assert (rates >= 1 / 100 - 1e-15).all()
        assert (rates <= 1 + 1e-15).all()


def test_barzilai_borwein_is_not_monotone_and_the_long_step_is_longer():
    run = minimize(BOWL, SGD(lr=BarzilaiBorwein(1e-3)), x0=ONES, steps=30)
    assert (np.diff(run.history.fun) > 0).any()
    s, y = np.diff(run.history.x, axis=0)[:-1], np.diff(run.history.x * np.array([1, 10, 100]), axis=0)[:-1]
    long = (s * s).sum(1) / (s * y).sum(1)
    short = (s * y).sum(1) / (y * y).sum(1)
    assert (long >= short).all()
    np.testing.assert_allclose(run.history.lr[1:], long, rtol=1e-9)


def test_barzilai_borwein_keeps_its_rate_where_the_curvature_is_negative():
    """On cos near its top the formula gives a negative step; the last rate is kept instead."""
    hill = Problem.of(lambda x: np.cos(x).sum(-1), lambda x: -np.sin(x), x0=[0.1])
    run = minimize(hill, SGD(lr=BarzilaiBorwein(0.5)), steps=9)
    curvature = np.diff(-np.sin(run.history.x[:, 0])) / np.diff(run.history.x[:, 0])
    first = int(np.argmax(curvature > 0))
    assert first > 2
    assert set(run.history.lr[: first + 1]) == {0.5}
    assert minimize(hill, SGD(lr=BarzilaiBorwein(0.5)), steps=40).fun == pytest.approx(-1, abs=1e-12)
    bounded = minimize(hill, SGD(lr=BarzilaiBorwein(0.5, min_lr=0.6, max_lr=0.7)), steps=9).history.lr
    assert bounded[0] == 0.5
    assert ((bounded[first + 1 :] >= 0.6) & (bounded[first + 1 :] <= 0.7)).all()


# AdGD, AdaGrad-norm, DoG, hypergradient


def test_adgd_obeys_both_of_its_rules():
    run = minimize(BOWL, SGD(lr=AdGD(1e-4)), x0=ONES, steps=400)
    lr, x = run.history.lr, run.history.x
    g = x * np.array([1, 10, 100])
    local = np.linalg.norm(np.diff(x, axis=0), axis=1) / (2 * np.linalg.norm(np.diff(g, axis=0), axis=1))
    assert lr[1] == pytest.approx(local[0], rel=1e-12)
    growth = np.sqrt(1 + lr[1:-1] / lr[:-2]) * lr[1:-1]
    np.testing.assert_allclose(lr[2:], np.minimum(growth, local[1:-1]), rtol=1e-9)
    assert run.fun < 1e-9


def test_adgd_on_a_parabola_is_1_over_2L():
    assert set(minimize(Parabola(curvature=5.0), SGD(lr=AdGD(0.02)), steps=5).history.lr[1:]) == {0.1}


def test_adgd_needs_no_tuning_over_eight_decades():
    for rate in (1e-8, 1e-4, 1.0):
        assert minimize(BOWL, SGD(lr=AdGD(rate)), x0=ONES, steps=600).fun < 1e-9


def test_adagrad_norm_sums_the_gradients():
    run = minimize(BOWL, SGD(lr=AdaGradNorm(0.5, b=3.0)), x0=ONES, steps=50)
    sums = 9 + np.cumsum(run.history.grad_norm[:-1] ** 2)
    np.testing.assert_allclose(run.history.lr, 0.5 / np.sqrt(sums), rtol=1e-13)


def test_adagrad_norm_arrives_whatever_its_rate():
    """A fixed rate above 2/L = 0.02 would explode."""
    for rate in (0.3, 3.0, 30.0, 300.0):
        assert minimize(BOWL, SGD(lr=AdaGradNorm(rate)), x0=ONES, steps=5000).fun < 1e-3


def test_dog_is_distance_over_gradients():
    run = minimize(BOWL, SGD(lr=DoG(reach=0.01)), x0=ONES, steps=100)
    far = np.maximum.accumulate(np.linalg.norm(run.history.x - run.history.x[0], axis=1))[:-1]
    far = np.maximum(far, 0.01 * (1 + math.sqrt(3)))
    sums = np.cumsum(run.history.grad_norm[:-1] ** 2)
    np.testing.assert_allclose(run.history.lr, far / np.sqrt(sums + 1e-8), rtol=1e-12)


def test_hypergradient_is_the_derivative_of_the_loss_by_the_rate():
    """Against a finite difference of f(x - a d) in a, for plain descent and with momentum."""
    for make in (SGD, lambda lr: Momentum(lr=lr, momentum=0.5)):
        beta, rate = 1e-5, 0.01
        rates = minimize(BOWL, make(Hypergradient(rate, beta)), x0=ONES, steps=3).history.lr

        def after_one(a, make=make):
            return minimize(BOWL, make(a), x0=ONES, steps=1).fun

        slope = (after_one(rate + 1e-6) - after_one(rate - 1e-6)) / 2e-6
        assert rates[1] == pytest.approx(rate - beta * slope, rel=1e-6)


def test_hypergradient_mends_a_rate_too_small_and_never_goes_below_0():
    start = minimize(BOWL, SGD(lr=1e-4), x0=ONES, steps=200).fun
    mended = minimize(BOWL, SGD(lr=Hypergradient(1e-4, 1e-7)), x0=ONES, steps=200)
    assert mended.fun < start / 10
    wild = minimize(Parabola(), SGD(lr=Hypergradient(0.99, 1.0)), steps=5)
    assert (wild.history.lr >= 0).all()
