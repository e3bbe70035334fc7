"""Each condition of the verdicts at its threshold, from both sides, on courses in closed form."""

import re
from pathlib import Path

import numpy as np
import pytest

import stepsize as ss
from stepsize.analysis.verdicts import VERDICTS
from tests.stepsize.analysis.traces_by_hand import word
from tools import verdict_table

n = np.arange(101)


class TestSettled:
    @pytest.mark.parametrize(("crossing", "verdict"), [(24, "settled"), (25, "settled, crossing")])
    def test_a_quarter_of_the_updates_until_then_makes_a_crossing(self, crossing, verdict):
        """The error is at most 1e-8 from row 100 on."""
        over = np.arange(110) < crossing
        assert word(10.0 ** (-np.arange(111) / 12.5), overshoot=over) == verdict

    @pytest.mark.parametrize(("climbs", "verdict"), [(9, "settled"), (10, "settled, ringing")])
    def test_a_tenth_of_the_updates_uphill_makes_a_ringing(self, climbs, verdict):
        fun = 10.0 ** (-np.arange(111) / 12.5)
        for k in range(climbs):
            fun[2 * k + 2] = fun[2 * k + 1] * 1.01
        over = np.diff(fun, append=0)[:110] > 0
        assert word(fun, tolerance=np.array([fun[100]]), overshoot=over) == verdict

    def test_the_tolerance_that_ended_a_run_has_settled_it(self):
        fun = np.array([1.0, 0.5, 1.0, 0.5, 1.0, 1e-9])
        assert word(fun) != "settled"
        assert word(fun, stopped=True).startswith("settled")


class TestStillCrawling:
    @pytest.mark.parametrize("factor", [0.5, 0.9, 0.99, 0.999, 0.999999])
    def test_a_loss_that_falls_crawls_however_slowly(self, factor):
        assert word(factor**n * 1e3, tolerance=np.zeros(1), floor=np.zeros(1)) == "still crawling"

    def test_without_an_update_nothing_can_be_told(self):
        assert word([1.0]) == "still crawling"

    def test_ripples_whose_envelope_falls(self):
        ripples = 0.95**n * (1.01 + np.cos(n))
        assert word(ripples, overshoot=np.sin(n[1:]) > 0) == "still crawling"


class TestBouncing:
    def test_ripples_whose_envelope_stays(self):
        assert word(1.01 + np.cos(n), overshoot=np.sin(n[1:]) > 0) == "bouncing"

    @pytest.mark.parametrize(("fall", "verdict"), [(0.04, "bouncing"), (0.06, "still crawling")])
    def test_the_envelope_must_fall_by_a_twentieth_of_the_swing(self, fall, verdict):
        """Between 0 and a top that is 1 + fall in one window and 1 in the last."""
        fun = np.where(np.arange(101) % 5 == 0, 1.0, 0.0)
        fun[:76] *= 1 + fall
        assert word(fun, overshoot=np.diff(fun) > 0, grad_norm=np.ones(101)) == verdict

    @pytest.mark.parametrize(("period", "verdict"), [(8, "bouncing"), (11, "still crawling")])
    def test_it_takes_three_swings_in_each_of_the_last_two_windows(self, period, verdict):
        """Peaks every 8 rows: three in every 25 rows; every 11 rows: two in some 25 rows."""
        fun = np.where(np.arange(101) % period == 5, 1.0, 0.0)
        assert word(fun, overshoot=np.diff(fun) > 0, grad_norm=np.ones(101)) == verdict

    @pytest.mark.parametrize(("crossed", "verdict"), [(0.96, "bouncing"), (0.8, "stuck above the minimum")])
    def test_from_side_to_side_at_one_height(self, crossed, verdict):
        over = np.arange(100) % 25 < 25 * crossed
        assert word(np.ones(101), overshoot=over, grad_norm=np.ones(101)) == verdict

    def test_noise_is_bouncing_whatever_its_draw(self):
        told = [
            word(np.exp(np.random.default_rng(i).normal(size=400)), noisy=True, exact=False)
            for i in range(60)
        ]
        assert told.count("bouncing") >= 57, "Kendall's test is wrong once in 140"

    def test_noise_that_falls_is_not(self):
        trend = np.exp(-np.arange(400) / 100)
        told = [
            word(trend * np.exp(0.3 * np.random.default_rng(i).normal(size=400)), noisy=True, exact=False)
            for i in range(60)
        ]
        assert told.count("still crawling") >= 55


class TestStuck:
    def test_where_x_stands_still(self):
        fun = np.append(0.9 ** np.arange(60), np.full(41, 0.9**60))
        moves = np.append(np.ones(60), np.zeros(40))
        assert word(fun, step_norm=moves) == "stuck above the minimum"

    @pytest.mark.parametrize(("last", "verdict"), [(1.0, "stuck above the minimum"), (2.0, "still crawling")])
    def test_steps_as_small_as_rounding_are_none(self, last, verdict):
        moves = np.append(np.ones(75), np.full(25, last * 1e-15))
        assert word(0.999**n, step_norm=moves, grad_norm=0.999**n) == verdict

    @pytest.mark.parametrize(
        ("factor", "verdict"), [(0.8, "stuck above the minimum"), (0.98, "still crawling")]
    )
    def test_where_the_gradient_vanishes_above_the_minimum(self, factor, verdict):
        """0.8^100 = 2e-10 is below 1e-8, 0.98^75 = 0.22 is above a thousandth."""
        assert word(1 + factor ** (2 * n), grad_norm=factor**n, error=1 + factor ** (2 * n)) == verdict

    def test_where_the_rest_of_the_fall_can_be_foreseen(self):
        """0.9^75 = 3.7e-4 of the gradient is left, and (0.9^2)^75 = 1.4e-7 of the fall."""
        assert (
            word(1 + 0.9 ** (2 * n), grad_norm=0.9**n, error=1 + 0.9 ** (2 * n)) == "stuck above the minimum"
        )

    def test_not_where_the_minimum_is_unknown(self):
        fun = 1 + 0.9 ** (2 * n)
        facts = {"grad_norm": 0.9**n, "error": 0.9**n, "known": False, "minimum": float("nan")}
        assert word(fun, **facts) == "still crawling"


class TestFrozen:
    def test_a_rate_that_has_died(self):
        rate = 0.8 ** np.arange(100.0)
        fun = 1 + np.append(1.0, 1 - np.cumsum(rate) / 5.1)
        assert word(fun, rate=rate, grad_norm=np.ones(101)) == "frozen"

    @pytest.mark.parametrize(("factor", "verdict"), [(0.93, "frozen"), (0.94, "still crawling")])
    def test_it_must_have_died_to_a_thousandth(self, factor, verdict):
        """0.93^99 is 7.6e-4, 0.94^99 is 2.2e-3; the loss gains nothing in either run after the middle."""
        fun = np.append(np.linspace(2, 1, 51), np.full(50, 1.0))
        rate = factor ** np.arange(100.0)
        assert word(fun, rate=rate, grad_norm=1 + 0.001 * 0.9**n) == verdict

    def test_a_rate_that_only_shrinks_like_1_over_n_is_not_dead(self):
        n_ = np.arange(1, 4001.0)
        fun = np.append(1.0, np.full(4000, 0.5)) + 1e-9 * np.exp(-np.arange(4001.0))
        assert word(fun, rate=1 / n_, grad_norm=1 + 1e-3 / np.arange(1, 4002.0)) == "still crawling"


class TestDiverged:
    def test_an_envelope_that_grows_all_through_the_later_half(self):
        assert word(1.04**n, overshoot=np.ones(100, bool)) == "diverged"

    def test_ripples_that_grow(self):
        assert word(1.05**n * (1.5 + np.cos(n)), overshoot=np.sin(n[1:]) > 0) == "diverged"

    def test_growth_below_the_start_is_none(self):
        fun = np.append(1e6, 1.04 ** np.arange(100.0))
        assert word(fun, overshoot=np.ones(100, bool)) != "diverged"

    def test_one_window_that_does_not_grow_is_enough(self):
        fun = 1.04**n
        fun[60:90] = fun[60]
        assert word(fun, overshoot=np.ones(100, bool)) != "diverged"

    def test_a_run_that_left_the_finite_numbers(self):
        assert word(1.5**n, diverged=np.array([True]), overshoot=np.ones(100, bool)) == "diverged"


OPEN = {"known": False, "minimum": float("nan"), "error": np.ones(101)}


class TestFallingWithoutEnd:
    def test_a_straight_line_down(self):
        assert word(-1.0 * n, grad_norm=np.ones(101), **OPEN) == "falling without end"

    def test_not_above_a_known_minimum(self):
        assert word(1000.0 - n, grad_norm=np.ones(101)) == "still crawling"
        assert (
            word(0.5 - n, grad_norm=np.ones(101), error=0.5 - n, tolerance=np.array([-1e9]))
            == "falling without end"
        )

    def test_not_while_the_gradient_shrinks(self):
        assert word(-1.0 * n, grad_norm=1 - 1e-9 * n, **OPEN) == "still crawling"

    def test_not_while_the_fall_slows_down(self):
        assert word(-np.sqrt(n), grad_norm=np.ones(101), **OPEN) == "still crawling"

    def test_not_while_the_gradient_was_larger_before(self):
        norm = np.where(n < 10, 2.0, 1.0)
        assert word(-1.0 * n, grad_norm=norm, **OPEN) == "still crawling"

    def test_a_loss_that_overflows_on_its_way_down(self):
        facts = {"grad_norm": 1.5**n, "diverged": np.array([True])}
        assert word(-(1.5**n), **facts, **OPEN) == "falling without end"
        assert word(1.5**n, **facts, **OPEN, overshoot=np.ones(100, bool)) == "diverged"


class TestFailed:
    @pytest.mark.parametrize(("climbs", "verdict"), [(50, "failed"), (48, "bouncing")])
    def test_half_of_the_updates_climb_against_the_slope(self, climbs, verdict):
        fun = np.where(np.arange(101) % 2 == 1, 2.0, 1.0)
        over = np.zeros(100, bool)
        over[0 : 2 * (50 - climbs) : 2] = True
        assert word(fun, overshoot=over, grad_norm=np.ones(101)) == verdict

    def test_mini_batches_prove_nothing(self):
        fun = np.where(np.arange(101) % 2 == 1, 2.0, 1.0)
        assert word(fun, noisy=True, exact=False, grad_norm=np.ones(101)) == "bouncing"

    def test_what_failed_is_named(self):
        assert word(1 - 1e-3 * n, failures=("fun",)) == "failed"

    @pytest.mark.parametrize("sign", [1, -1])
    def test_a_gradient_of_the_wrong_sign(self, sign):
        own = ss.Problem.of(lambda x: (x * x).sum(), lambda x: sign * 2 * x, x0=[1.0, 1.0])
        found = ss.diagnose(ss.minimize(own, ss.SGD(lr=0.01), steps=50))
        assert (found.verdict == "failed") == (sign < 0)
        assert ("check_gradient" in found.reason) == (sign < 0)


def test_the_page_has_the_conditions_of_the_code():
    page = verdict_table.PAGE.read_text()
    assert verdict_table.page(page) == page, "run: python tools/verdict_table.py"
    assert {w for w, _ in verdict_table.rows()} == {w.partition(",")[0] for w in VERDICTS}


def test_every_number_of_a_sentence_is_one_without_units():
    """A loss a thousand times as large gets the same words, letter by letter."""
    for lr, rule in ((0.01, ss.SGD), (0.3, ss.RMSprop), (0.2, ss.Adam), (0.0955, ss.SGD), (0.101, ss.SGD)):
        one = ss.Quadratic([1.0, 20.0])
        many = ss.Quadratic([1024.0, 20480.0])
        rate = lr / 1024 if rule is ss.SGD else lr
        few, more = (
            str(ss.diagnose(ss.minimize(bowl, rule(lr=r), steps=200)))
            for bowl, r in ((one, lr), (many, rate))
        )
        assert few == more
        assert re.search(r"\d", few)
        assert Path(ss.__file__).exists()


@pytest.mark.parametrize(
    "search", [ss.Armijo(), ss.StrongWolfe(), ss.MoreThuente(), ss.HagerZhang(), ss.GrippoLamparielloLucidi()]
)
def test_searches_against_a_gradient_of_the_wrong_sign_are_named(search):
    own = ss.Problem.of(lambda x: x @ x, lambda x: -2 * x, x0=[1.0, 1.0])
    found = ss.diagnose(ss.minimize(own, ss.SGD(lr=search), steps=20))
    assert found.verdict == "failed"
    assert "check_gradient" in found.reason


@pytest.mark.parametrize(("stated", "verdict"), [(0.5, "failed"), (0.001, "settled")])
def test_a_loss_that_ends_far_below_the_stated_minimum_refutes_it(stated, verdict):
    """From a gap of 2, less than a hundredth of it is taken for the last digits of a minimum."""
    own = ss.Problem.of(lambda x: x @ x, lambda x: 2 * x, x0=[1.0, 1.0], minimum=stated)
    found = ss.diagnose(ss.minimize(own, ss.SGD(lr=0.1), steps=200))
    assert found.verdict == verdict
    assert (found.settled is None) == (verdict == "failed")


def test_a_run_that_arrived_and_left_again_came_back_up():
    """The average in RMSprop dies with the gradient, and its steps with a fixed rate throw it out again."""
    found = ss.diagnose(ss.minimize(ss.Quadratic([1.0, 20.0]), ss.RMSprop(lr=0.1), steps=130))
    assert found.verdict == "bouncing"
    assert "came back up" in found.reason


@pytest.mark.parametrize(("left", "verdict"), [(99.0, "still crawling"), (101.0, "bouncing")])
def test_it_takes_a_hundredfold_to_have_left(left, verdict):
    """Small through the third window, and larger in the last one, never above the start."""
    fun = np.concatenate([np.linspace(1e3, 2.0, 51), np.ones(25), np.linspace(1.5, left, 25)])
    assert word(fun, overshoot=np.diff(fun) > 0, grad_norm=np.ones(101)) == verdict
