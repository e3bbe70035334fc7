"""Rates short enough to compute by hand, or exactly with fractions: cycles, edges, thresholds, far away."""

import math
from fractions import Fraction
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

from optim import SGD, minimize
from problems import Parabola, Problem
from schedules import (
    AdGD,
    Armijo,
    Constant,
    Cycles,
    Cyclic,
    DoG,
    FromFunction,
    Greedy,
    Interpolated,
    Linear,
    LogStepDecay,
    NesterovSequence,
    OneCycle,
    Plateau,
    Refined,
    Restarts,
    SPSMax,
    StrongSilver,
    TimeBased,
    WarmupStableDecay,
    as_schedule,
    per_epoch,
)
from schedules.families.restarts import cycle_at
from tests.instances import SCHEDULES, name_of


@pytest.mark.parametrize("schedule", SCHEDULES, ids=name_of)
def test_no_updates_have_no_rates(schedule):
    assert schedule(np.zeros((0, 1, 1), int)).shape[0] == 0


class TestCycles:
    GROWTH = (
        (Fraction(1), Fraction(3)),
        (Fraction(2), Fraction(2)),
        (Fraction(5), Fraction(1)),
        (Fraction(7), Fraction(3, 2)),
        (Fraction(32, 3), Fraction(1)),
        (Fraction(1, 10), Fraction(1)),
        (Fraction(49, 10), Fraction(1)),
        (Fraction(10), Fraction(1, 2)),
        (Fraction(8), Fraction(1, 2)),
        (Fraction(1, 2), Fraction(2)),
        (Fraction(40), Fraction(3, 4)),
        (Fraction(1, 2), Fraction(1, 2)),
        (Fraction(3), Fraction(11, 10)),
    )

    @pytest.mark.parametrize(("steps", "mult"), GROWTH)
    def test_every_update_lies_in_its_cycle(self, steps, mult):
        """Walked with exact fractions: cycle i has the length T m^i, or 1 where it would shrink further."""
        n, expected = 400, []
        i, start = 0, Fraction(0)
        for k in range(n):
            while k >= start + (length := self.length(steps, mult, i)):
                start, i = start + length, i + 1
            expected.append((i, float((k - start) / length)))
        cycle, part = cycle_at(np.arange(float(n)), float(steps), float(mult))
        assert cycle.tolist() == [i for i, _ in expected]
        np.testing.assert_allclose(part, [z for _, z in expected], atol=1e-10)
        assert (part < 1).all()

    @staticmethod
    def length(steps, mult, i):
        length = steps * mult**i
        return max(Fraction(1), length) if mult < 1 else length

    @pytest.mark.parametrize(("steps", "mult"), GROWTH)
    @pytest.mark.parametrize("cycles", [1, 3, 6])
    def test_the_last_cycle_ends_where_the_lengths_add_up(self, steps, mult, cycles):
        end = math.ceil(sum(self.length(steps, mult, i) for i in range(cycles)))
        schedule = Cycles(Constant(1.0), float(steps), float(mult), cycles=cycles)
        assert schedule.horizon == end
        assert schedule(np.array([0, end - 1, end, end + 1])).tolist() == [1.0, 1.0, 0.0, 0.0]

    @pytest.mark.parametrize(
        ("mult", "decay", "tail"),
        [
            (2, 1, 0.0),
            (1, 1, 0.0),
            (2, 0.5, 1.0),
            (4, 0.5, 0.5),
            (2, 2, -1.0),
            (1, 0.5, math.inf),
            (1, 2, -math.inf),
            (1, 1.5, -math.inf),
            (0.5, 0.5, math.inf),
            (2, 0, math.inf),
        ],
    )
    def test_peaks_fall_by_a_factor_while_n_grows_by_another(self, mult, decay, tail):
        assert Cycles(Constant(1.0), 5, mult, decay).tail == tail
        assert Restarts(1.0, 5, mult, decay).tail == tail


class TestOneCycle:
    def test_two_lines(self):
        """1/25 to 1 in 3 of 10 updates, then to a ten-thousandth of the start in the other 7."""
        values = OneCycle(1.0, 10, shape="linear").table(12)
        expected = np.interp(range(12), [0, 3, 10], [0.04, 1.0, 4e-6])
        np.testing.assert_allclose(values, expected, rtol=1e-12)

    @pytest.mark.parametrize(("rise", "top"), [(0.3, 3), (0.4, 4)])
    def test_three_lines(self, rise, top):
        values = OneCycle(1.0, 10, rise=rise, shape="linear", three_phase=True).table(12)
        expected = np.interp(range(12), [0, top, 2 * top, 10], [0.04, 1.0, 0.04, 4e-6])
        np.testing.assert_allclose(values, expected, rtol=1e-12)

    def test_it_is_a_cosine_by_default(self):
        """A third of the way up a cosine has covered (1 - cos 60 degrees) / 2, a quarter."""
        assert OneCycle(1.0, 20)(2) == pytest.approx(0.04 + 0.96 / 4, rel=1e-14)

    def test_the_top_is_inside(self):
        assert OneCycle(1.0, 2, rise=0.1)(np.arange(3)) == pytest.approx([0.04, 1.0, 4e-6])
        assert OneCycle(1.0, 4, rise=0.9)(3) == 1.0
        assert OneCycle(1.0, 3, rise=0.1)(1) == 1.0
        assert OneCycle(1.0, 3, rise=0.5, three_phase=True)([2, 3]) == pytest.approx([1.0, 4e-6])

    def test_momentum_goes_the_other_way(self):
        """fastai's and PyTorch's 0.95 and 0.85; PyTorch's 0.9 and 0.8 for the triangle."""
        assert OneCycle(1.0, 10).momentum()([0, 3, 10]) == pytest.approx([0.95, 0.85, 0.95])
        three = OneCycle(1.0, 10, three_phase=True).momentum()
        assert three([0, 3, 6, 8, 10]) == pytest.approx([0.95, 0.85, 0.95, 0.95, 0.95])
        assert Cyclic(0.1, up=5).momentum()([0, 5, 10]) == pytest.approx([0.9, 0.8, 0.9])


class TestDecay:
    @pytest.mark.parametrize("d", [1e-8, 1e-6, 1e-3, 0.009, 0.0099, 0.011, 0.5, 3.0])
    @pytest.mark.parametrize("n", [1, 63, 64, 65, 100, 500])
    def test_the_product_factor_by_factor(self, d, n):
        """The logarithms added without rounding; the documentation promises 1e-14 of them."""
        log = math.fsum(math.log1p(d * k) for k in range(n))
        assert TimeBased(1.0, d)(n) == pytest.approx(math.exp(-log), rel=2e-14 * max(1.0, log), abs=0)

    def test_no_decay_is_none(self):
        assert TimeBased(0.5, 0.0).table(200).tolist() == [0.5] * 200

    @pytest.mark.parametrize("steps", [2, 3, 5, 8, 16, 40, 100])
    def test_the_last_step_of_logarithmic_stages_holds(self, steps):
        values = LogStepDecay(1.0, steps).table(4 * steps)
        assert (values[steps:] == values[steps - 1]).all()

    def test_three_updates_have_stages_of_1_9(self):
        assert LogStepDecay(1.0, 3).table(5).tolist() == [1.0, 1.0, 0.5, 0.5, 0.5]

    def test_refined_rates_weigh_by_the_square_of_the_norm(self):
        """Norms 1, 2, 1, 1: weights 1, 1/4, 1, 1, times those to come, 9/4, 2, 1 and 0; over the largest."""
        assert Refined(1.0, [1.0, 2.0, 1.0, 1.0]).table(4) == pytest.approx([1.0, 2 / 9, 4 / 9, 0.0])

    def test_before_its_first_point_a_line_is_level(self):
        assert Interpolated([2, 4], [1.0, 3.0]).table(6).tolist() == [1.0, 1.0, 1.0, 2.0, 3.0, 3.0]

    def test_nesterovs_momentum_far_out(self):
        """t^2 - t is the square of the t before: (t_n - 1) / t_(n+1) after a hundred thousand of them."""
        t = [1.0]
        while len(t) <= 100_001:
            t.append((1 + math.sqrt(1 + 4 * t[-1] * t[-1])) / 2)
        for n in (0, 1, 2, 1000, 20_000, 100_000):
            near = [(t[k] - 1) / t[k + 1] for k in (max(n - 1, 0), n)]
            assert any(NesterovSequence()(n) == pytest.approx(m, rel=1e-12) for m in near), n


class TestShortHands:
    def test_a_cooldown_falls_like_one_minus_a_root(self):
        assert Constant(1.0).cooldown(4, at=2).table(8) == pytest.approx(
            [1.0, 1.0, 1.0, 0.5, 1 - math.sqrt(0.5), 1 - math.sqrt(0.75), 0.0, 0.0], abs=1e-15
        )

    def test_an_epoch_is_as_many_updates(self):
        """Update 15 of epochs of 10 is in epoch 1, or half past it."""
        assert per_epoch(Linear(1.0, 4), 10)(15) == 0.75
        assert per_epoch(Linear(1.0, 4), 10, smooth=True)(15) == 0.625


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


class Slope(Problem, abstract=True):
    """f = x: the gradient never changes."""

    x0 = (0.0,)
    minimum = -math.inf

    def fun(self, x):
        return x[..., 0]

    def grad(self, x):
        return np.ones_like(x)


class TestSelfTuning:
    def test_a_lower_bound_lengthens_polyaks_step(self):
        """f = 1/2 and g = 1 at 1: (1/2 + 1) / (1/2) = 3 leads to -2."""
        rate = SPSMax(max_lr=10.0, c=0.5, lowest=-1.0)
        assert minimize(Parabola(curvature=1.0, start=1.0), SGD(lr=rate), steps=1).x.tolist() == [-2.0]

    def test_adgd_goes_on_where_the_gradient_does_not_change(self):
        """Without curvature nothing bounds the first growth: the rate stays, then grows by sqrt(1 + 1)."""
        run = minimize(Slope(), SGD(lr=AdGD(lr=0.5)), steps=3)
        assert run.history.lr[:3] == pytest.approx([0.5, 0.5, 0.5 * math.sqrt(2)], rel=1e-14)

    def test_adgd_keeps_its_rate_where_noise_alone_changed_the_gradient(self):
        """The point has not moved, so that nothing is learnt; a rate of 0 would never grow again."""
        rule = AdGD(lr=0.5)
        carry = rule.init(np.zeros(1))
        for g in (1.0, 2.0, 3.0):
            rate, carry = rule.update(SimpleNamespace(x=np.zeros(1), g=np.array([g])), carry)
            assert rate == 0.5

    def test_dog_stays_where_there_is_no_gradient(self):
        run = minimize(Parabola(start=0.0), SGD(lr=DoG(eps=0.0)), steps=3)
        assert run.history.x.ravel().tolist() == [0.0] * 4
        assert run.history.lr.ravel()[:3].tolist() == [0.0] * 3

    def test_dogs_first_step_has_the_length_of_its_reach(self):
        """A millionth of 1 + |x|, whatever the gradient."""
        run = minimize(Parabola(curvature=1.0, start=0.1), SGD(lr=DoG(eps=0.0)), steps=1)
        assert 0.1 - run.x[0] == pytest.approx(1.1e-6, rel=1e-9)


class TestWhatIsTakenForASchedule:
    @pytest.mark.parametrize("given", [0.5, 1, np.float64(0.5), np.array([0.5, 0.25])])
    def test_numbers(self, given):
        assert as_schedule(given) == Constant(given)

    def test_schedules_and_functions(self):
        assert as_schedule(Constant(0.5)) == Constant(0.5)
        assert as_schedule(math.sqrt) == FromFunction(math.sqrt)
        assert Constant(0.5).then(math.sqrt, at=2).table(7).tolist() == [
            0.5,
            0.5,
            0.0,
            1.0,
            *np.sqrt([2, 3, 4]),
        ]

    @pytest.mark.parametrize(
        "given", [True, "0.1", None, Plateau(0.1), SGD(lr=0.1), Armijo(), Constant, float]
    )
    def test_nothing_else(self, given):
        with pytest.raises(
            TypeError, match="expected a schedule, a number or a function of the update index n"
        ):
            as_schedule(given)

    def test_nor_what_says_that_it_answers_to_the_run(self):
        answering = type("Answering", (), {"kind": "feedback", "__call__": lambda _, n: 0.1 * n})()
        with pytest.raises(TypeError, match="expected a schedule, a number or a function"):
            as_schedule(answering)

    @pytest.mark.parametrize("other", [math.sqrt, "0.1", None, True, Plateau])
    def test_what_may_not_be_added(self, other):
        with pytest.raises(TypeError):
            Constant(0.5) + other


class TestFunctionsOfSomebodysOwn:
    def test_one_that_gives_no_number_is_told_what_it_gave(self):
        with pytest.raises(
            TypeError, match=r"the schedule function returned the str .rate 3., expected a number"
        ):
            FromFunction("rate {}".format)(3)

    def test_no_updates_are_no_values(self):
        assert FromFunction(math.sqrt).table(0).tolist() == []

    def test_one_without_a_name_is_called_f(self):
        assert FromFunction(math.sqrt).describe() == "sqrt(n)"
        assert FromFunction(lambda n: n + 0.5).describe() == "f(n)"
        assert FromFunction(partial(pow, 0.5)).describe() == "f(n)"


@pytest.mark.parametrize(
    ("steps", "n"),
    [(0.1, 1.7), (0.3, 5.699999999999999), (0.7, 3.4999999999999996), (1.1, 7.7), (5.3, 100.69999999999999)],
)
def test_a_quotient_that_rounds_up_does_not_begin_the_next_cycle(steps, n):
    """A fraction of an epoch just before the end of a cycle: by exact fractions."""
    exact = Fraction(n) / Fraction(steps)
    assert n / steps == math.floor(exact) + 1
    i, part = cycle_at(np.array([n]), steps, 1.0)
    assert i.tolist() == [math.floor(exact)]
    assert part[0] < 1
    assert part[0] == pytest.approx(float(exact - math.floor(exact)), abs=1e-12)


def test_a_refined_schedule_tells_its_rate_and_may_have_one_a_run():
    assert Refined(0.3, [1.0, 2.0]).describe() == "0.3 r(n)"
    assert StrongSilver(4, 1, 8).describe() == "h(n) / 4"
    rates = Refined(np.array([0.3, 0.6]), [2.0, 2.0, 2.0])
    assert rates.lr.tolist() == [0.3, 0.6]
    np.testing.assert_allclose(rates.table(3), [[0.3, 0.6], [0.15, 0.3], [0.0, 0.0]], atol=1e-16)


def test_a_fall_of_one_update_starts_where_it_stands():
    assert WarmupStableDecay(1.0, 0, 2, 1).table(5).tolist() == [1.0, 1.0, 1.0, 0.0, 0.0]
