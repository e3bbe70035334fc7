"""Step sizes that watch a metric: plateaus, greedy steps, the bold driver."""

import math

import numpy as np
import pytest

from optim import SGD, Momentum, minimize
from problems import Parabola, Problem, Quadratic, Rosenbrock
from schedules import (
    BoldDriver,
    Greedy,
    Plateau,
)


class TestPlateau:
    def test_a_threshold_has_to_be_passed_not_reached(self):
        rule = Plateau(1.0, factor=0.5, patience=1, absolute=1.0)
        assert rule.after([3.0, 2.0]) == [1.0, 0.5]
        assert rule.after([3.0, 1.99]) == [1.0, 1.0]
        assert rule.replace(maximize=True).after([2.0, 3.0]) == [1.0, 0.5]
        assert rule.replace(maximize=True).after([2.0, 3.01]) == [1.0, 1.0]

    def test_a_mean_is_a_mean(self):
        """From 1 to 0.8 is less than 0.3; the sums are 0.4 apart."""
        rule = Plateau(1.0, factor=0.5, patience=1, absolute=0.3, mean=2)
        assert rule.after([1.0, 1.0, 0.8, 0.8]) == [1.0, 1.0, 1.0, 0.5]

    def test_what_was_reached_while_cooling_counts(self):
        """2 was seen while cooling, so 2.5 is no improvement on it, though it is on 3."""
        rule = Plateau(1.0, factor=0.5, patience=1, absolute=0.0, cooldown=1)
        assert rule.after([3.0, 3.0, 2.0, 2.5]) == [1.0, 0.5, 0.5, 0.25]

    def test_a_drop_has_to_be_larger_than_eps(self):
        rule = Plateau(1.0, factor=0.5, patience=1)
        assert rule.replace(eps=0.5).after([1.0, 1.0]) == [1.0, 1.0]
        assert rule.replace(eps=0.49).after([1.0, 1.0]) == [1.0, 0.5]

    def test_greedy_changes_have_to_be_larger_than_eps(self):
        rule = Greedy(1.0, factor=0.5, patience=0, absolute=0.0, max_lr=4.0, min_lr=0.1)
        assert rule.replace(eps=1.0).after([3.0]) == [1.0]
        assert rule.replace(eps=0.9).after([3.0]) == [2.0]
        assert rule.replace(eps=0.5, max_lr=1.0).after([3.0, 3.0]) == [1.0, 1.0]
        assert rule.replace(eps=0.4, max_lr=1.0).after([3.0, 3.0]) == [1.0, 0.5]

    def test_greedy_begins_without_a_bad_report(self):
        rule = Greedy(1.0, factor=0.5, patience=1, min_lr=0.1)
        assert rule.after([math.nan, math.nan]) == [1.0, 0.5]


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


@pytest.mark.parametrize(
    ("bad", "match"),
    [
        ({"patience": 0}, "patience: got 0, expected a whole number of at least 1"),
        ({"factor": 1.0}, "factor: got 1.0, expected a finite number above 0 and below 1"),
        ({"relative": -0.1}, "relative: got -0.1, expected a finite number of at least 0"),
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


BOWL = Quadratic([1.0, 10.0, 100.0])


ONES = [1.0, 1.0, 1.0]


def test_bold_driver_arrives_from_any_first_rate():
    for rate in (1e-4, 0.1, 10.0, 1e4):
        run = minimize(BOWL, SGD(lr=BoldDriver(rate)), x0=ONES, steps=3000)
        assert run.best_fun < 1e-6, rate
