"""Hager and Zhang's search along lines that can be computed by hand."""

import math

import numpy as np
import pytest

from schedules import (
    HagerZhang,
    Line,
    StrongWolfe,
)
from tests.schedules.linesearch.lines import along, falling, looks, parabola, steps_of
from tests.schedules.linesearch.more_thuente import FIRST, TABLES


class TestHagerZhang:
    def test_the_first_trial_is_a_hundredth_of_x_over_g(self):
        line = parabola(x=2.0, curvature=4.0)
        HagerZhang()(line, None)
        assert line.trials[1].alpha == pytest.approx(0.01 * 2 / 8)

    def test_from_zero_it_is_a_hundredth_of_f_over_the_square_of_g(self):
        line = along(lambda t: (t - 1) ** 2, lambda t: 2 * (t - 1))
        HagerZhang()(line, None)
        assert line.trials[1].alpha == pytest.approx(0.01 * 1 / 4)

    def test_later_a_parabola_is_measured_at_a_tenth(self):
        line = parabola()
        found = HagerZhang()(line, {"alpha": 0.5})
        assert [t.alpha for t in line.trials[1:]] == pytest.approx([0.05, 1.0])
        assert found.alpha == pytest.approx(1.0)

    def test_or_the_step_is_doubled(self):
        line = along(lambda t: -t, falling)
        HagerZhang(max_trials=3)(line, {"alpha": 0.5})
        assert [t.alpha for t in line.trials[1:3]] == pytest.approx([0.05, 1.0])

    def test_the_secant_of_two_slopes(self):
        """On a parabola it is exact: 3 is too high, and 1 the minimum."""
        line = parabola()
        found = HagerZhang(first=3.0)(line, None)
        assert [t.alpha for t in line.trials[1:]] == pytest.approx([3.0, 1.0])
        assert (found.status, found.carry) == ("converged", {"alpha": found.alpha})

    def test_two_secants_where_the_slope_bends_up(self):
        """phi = exp(t) - 2 t, from 3: the secant from (0, -1), then that through 0 and where it led."""
        first = 3 / (math.exp(3) - 1)
        line = along(lambda t: math.exp(t) - 2 * t, lambda t: math.exp(t) - 2)
        HagerZhang(first=3.0, delta=0.01, sigma=0.1)(line, None)
        assert [t.alpha for t in line.trials[1:]] == pytest.approx(
            [3.0, first, first / (math.exp(first) - 1)]
        )
        short = along(lambda t: math.exp(t) - 2 * t, lambda t: math.exp(t) - 2)
        found = HagerZhang(first=3.0, delta=0.01, sigma=0.1, max_trials=2)(short, None)
        assert (found.alpha, found.status) == (pytest.approx(first), "budget")

    def test_secants_where_the_slope_bends_down(self):
        """phi = t - 2 log(1 + t): the secant from 0 halves 1 + t, and the second one leads outside."""

        def bent():
            return along(lambda t: t - 2 * math.log1p(t), lambda t: 1 - 2 / (1 + t))

        line = bent()
        HagerZhang(first=10.0)(line, None)
        assert [t.alpha for t in line.trials[1:]] == pytest.approx([10.0, 5.5, 3.25, 2.125])
        line = bent()
        HagerZhang(first=10.0, gamma=0.1)(line, None)
        assert [t.alpha for t in line.trials[1:4]] == pytest.approx([10.0, 5.5, 2.75]), (
            "too little: the middle"
        )
        line = bent()
        found = HagerZhang(first=10.0, max_trials=2)(line, None)
        assert (found.alpha, found.status) == (0.0, "min_step"), "nothing was lower than the start"

    def test_what_is_high_but_falls_is_bisected(self):
        """t^2/2 - t up to 1, and 10 from there on."""
        for theta, expected in ((0.5, [4.0, 2.0, 1.0, 0.5]), (0.25, [4.0, 1.0, 0.25])):
            line = along(lambda t: t * t / 2 - t if t < 1 else 10.0, lambda t: t - 1 if t < 1 else -1.0)
            HagerZhang(first=4.0, theta=theta)(line, None)
            assert [t.alpha for t in line.trials[1:]] == pytest.approx(expected)

    def test_a_wall_shortens_to_a_tenth(self):
        line = along(lambda t: t * t / 2 - t if t < 1 else math.inf, lambda t: t - 1)
        HagerZhang(first=4.0)(line, None)
        assert [t.alpha for t in line.trials[1:]] == pytest.approx([4.0, 0.4])
        wall = along(lambda t: math.inf if t else 0.0, falling)
        assert HagerZhang()(wall, None).status == "nonfinite"

    def test_growth_until_it_rises(self):
        """sigma = 1e-9 refuses every slope that falls: 0.25, then 5 times it, already lower."""
        line = parabola()
        HagerZhang(first=0.25, delta=1e-9, sigma=1e-9, eps=0.0)(line, None)
        assert [t.alpha for t in line.trials[1:]] == pytest.approx([0.25, 1.25])

    def test_the_first_trial_of_short_points_and_other_values(self):
        line = parabola(x=0.5, curvature=4.0)
        HagerZhang()(line, None)
        assert steps_of(line)[0] == pytest.approx(0.01 * 0.5 / 2)
        line = along(lambda t: 3 - 2 * t, lambda t: -2.0 + 0 * t)
        HagerZhang(max_trials=1)(line, None)
        assert steps_of(line) == [pytest.approx(0.01 * 3 / 4)]
        line = along(lambda t: -t, falling)
        HagerZhang(max_trials=1)(line, None)
        assert steps_of(line) == [1.0]

    @pytest.mark.parametrize("last", [0.3, 20.0])
    def test_a_parabola_measured_anywhere_below_the_start_is_known(self, last):
        """phi = 2 - t/4 + t^2/32, lowest at 4; and 2 (1 - t)^2, at 2 as high as at 0."""
        line = parabola(curvature=0.25) if last == 0.3 else parabola()
        HagerZhang()(line, {"alpha": last})
        assert steps_of(line)[1] == pytest.approx(4.0 if last == 0.3 else 1.0)

    def test_the_conditions_hold_with_equality(self):
        line = along(lambda t: -0.25 if t else 0.0, lambda t: 0.9 if t else -1.0)
        found = HagerZhang(first=1.0, delta=0.25)(line, None)
        assert (found.alpha, found.status, looks(line)) == (1.0, "converged", 1)
        line = along(lambda t: -0.25 if t else 0.0, lambda t: -0.5 if t else -1.0)
        found = HagerZhang(first=1.0, sigma=0.5)(line, None)
        assert (found.alpha, found.status, looks(line)) == (1.0, "converged", 1)

    @pytest.mark.parametrize(("slope", "accepted"), [(1.5, True), (-1.5, True), (1.7, False), (-1.9, False)])
    def test_the_approximate_conditions(self, slope, accepted):
        """Within eps of phi(0) = 1, a slope from -1.8 up to (2/8 - 1) * -2 = 1.5 will do."""
        line = along(lambda t: 1 + 1e-6 if t else 1.0, lambda t: slope if t else -2.0)
        found = HagerZhang(first=1.0, delta=0.125, max_trials=1)(line, None)
        assert (found.alpha, found.status) == ((1.0, "converged") if accepted else (0.0, "min_step"))

    def test_of_two_equally_low_the_first_is_kept(self):
        line = along(lambda t: -1.0 if t else 0.0, lambda t: -10.0 if t else -1.0)
        found = HagerZhang(first=1.0, max_trials=2)(line, None)
        assert (steps_of(line), found.alpha, found.status) == ([1.0, 5.0], 1.0, "budget")

    def test_what_is_just_low_enough_still_grows(self):
        line = along(lambda t: 1 + 1e-6 if t else 1.0, lambda t: -5.0 if t else -2.0)
        HagerZhang(first=1.0, max_trials=2)(line, None)
        assert steps_of(line) == [1.0, 5.0]

    def test_growth_between_a_low_point_and_a_wall(self):
        """A tenth of the way to a wall at 5; then to the middle, because five times that is past it."""
        line = along(lambda t: -t if t < 5 else math.inf, falling)
        HagerZhang(first=1.0, max_trials=5)(line, None)
        assert steps_of(line) == pytest.approx([1.0, 5.0, 1.4, 3.2, 4.1])
        line = along(lambda t: -t if t < 5 else math.inf, falling)
        HagerZhang(first=5.0, psi3=0.2, max_trials=3)(line, None)
        assert steps_of(line) == [5.0, 1.0, 3.0]

    def test_a_level_end_is_an_end(self):
        """High and level at 1: no secant leads inside, so it is the middle, not a bisection by theta."""
        line = along(lambda t: 10.0 if t else 1.0, lambda t: 0.0 if t else -1.0)
        HagerZhang(first=1.0, theta=0.25, max_trials=2)(line, None)
        assert steps_of(line) == [1.0, 0.5]

    @pytest.mark.parametrize(("slope", "expected"), [(0.0, 0.5), (0.5, 2 / 3)])
    def test_bisection_ends_where_it_does_not_fall(self, slope, expected):
        line = along(
            lambda t: 10.0 if t else 1.0, lambda t: -1.0 if t in (0.0, 4.0) else slope if t == 1.0 else 5.0
        )
        HagerZhang(first=4.0, theta=0.25, max_trials=3)(line, None)
        assert steps_of(line) == pytest.approx([4.0, 1.0, expected])

    def test_bisection_moves_both_ends(self):
        line = along(lambda t: -t if t <= 2.6 else 10.0, falling)
        HagerZhang(first=4.0, max_trials=5)(line, None)
        assert steps_of(line) == [4.0, 2.0, 3.0, 2.5, 2.75]

    @pytest.mark.parametrize("high", [10.0, math.inf])
    def test_a_secant_that_leads_to_a_high_place_is_followed_by_bisection(self, high):
        line = along(lambda t: high if t == 1.5 else -t / 100, lambda t: 1.0 if t == 3.0 else -1.0)
        HagerZhang(first=3.0, delta=0.4, max_trials=3)(line, None)
        assert steps_of(line) == [3.0, 1.5, 0.75]

    def test_a_level_secant_is_the_new_end(self):
        line = along(lambda t: 10.0 if t else 1.0, lambda t: {0.0: -1.0, 3.0: 1.0, 1.5: 0.0}.get(t, 5.0))
        HagerZhang(first=3.0, theta=0.25, max_trials=3)(line, None)
        assert steps_of(line) == [3.0, 1.5, 0.75]

    @pytest.mark.parametrize("gamma", [0.9, 0.66])
    def test_two_secants_then_the_middle_if_too_little_was_gained(self, gamma):
        """phi = exp(t) - exp(2.5) t from [1, 5]: two secants leave 0.7 of its width."""

        def slope(t):
            return math.exp(t) - math.exp(2.5)

        def secant(a, b):
            return (a * slope(b) - b * slope(a)) / (slope(b) - slope(a))

        line = along(lambda t: math.exp(t) - math.exp(2.5) * t, slope)
        HagerZhang(first=1.0, delta=0.01, sigma=0.02, gamma=gamma, max_trials=5)(line, None)
        a = secant(1.0, 5.0)
        b = secant(1.0, a)
        assert 0.66 < (b - a) / 4 < 0.9
        last = (a + b) / 2 if gamma == 0.66 else secant(a, b)
        assert steps_of(line) == pytest.approx([1.0, 5.0, a, b, last])

    def test_a_width_of_exactly_gamma_is_short_enough(self):
        """Half of [0, 4] is left, and gamma is 1/2: next comes the secant of -1 and 3, not the middle."""
        line = along(lambda t: 10.0 if t else 1.0, {0.0: -1.0, 4.0: 1.0, 2.0: 3.0, 0.5: 1.0}.get)
        HagerZhang(first=4.0, gamma=0.5, max_trials=3)(line, None)
        assert steps_of(line) == [4.0, 2.0, 0.5]

    def test_a_secant_that_rounds_to_an_end_is_not_looked_at_again(self):
        """From slope -1e-17 at 1 and 1 at 5 it falls on 1, to the last digit; so the middle is next."""
        line = along(lambda t: -t if t < 2 else 10.0, {0.0: -1.0, 1.0: -1e-17, 5.0: 1.0, 3.0: 1.0}.get)
        HagerZhang(first=1.0, delta=1e-18, sigma=1e-18, max_trials=3)(line, None)
        assert steps_of(line) == [1.0, 5.0, 3.0]

    def test_a_bracket_of_neighbours_is_the_end(self):
        line = along(lambda t: -t if t < 5.3 else 10.0, lambda t: -1.0 if t < 5.3 else 1.0)
        found = HagerZhang(first=1.0, max_trials=500)(line, None)
        assert found.alpha == pytest.approx(5.3, rel=1e-15)
        assert looks(line) < 130

    def test_a_wall_may_only_shorten(self):
        with pytest.raises(ValueError, match=r"psi3: got 1\.5"):
            HagerZhang(psi3=1.5)


CASES = [
    (name, first, count) for name, row in TABLES.items() for first, count in zip(FIRST, row[3], strict=True)
]


def line_of(name):
    problem, mu, eta, _ = TABLES[name]
    return Line(problem, np.zeros(1), -np.ones(1)), mu, eta


def test_hager_zhang_on_all_24_problems():
    """Its conditions hold wherever it says so, in no more evaluations than the zoom takes."""
    evaluations = {"zoom": 0, "secant": 0}
    for name, first, _ in CASES:
        line, mu, eta = line_of(name)
        evaluations["zoom"] += StrongWolfe(c1=mu, c2=eta, first=first)(line, None).n_f
        line, *_ = line_of(name)
        found = HagerZhang(first=first)(line, None)
        evaluations["secant"] += found.n_f
        end = next(t for t in line.trials if t.alpha == found.alpha)
        wolfe_holds = end.f - line.phi0 <= 0.1 * end.alpha * line.slope0
        nearly = end.slope <= (2 * 0.1 - 1) * line.slope0 and end.f <= line.phi0 + 1e-6 * abs(line.phi0)
        assert found.status == "converged"
        assert end.slope >= 0.9 * line.slope0
        assert wolfe_holds or nearly
    assert evaluations["secant"] < evaluations["zoom"]
