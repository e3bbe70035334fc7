"""StrongWolfe along lines that can be computed by hand."""

import math

import numpy as np
import pytest

from schedules import Armijo, GrippoLamparielloLucidi, HagerZhang, StrongWolfe
from schedules.linesearch.wolfe import _between, _cubic_low, _parabola_low
from tests.schedules.linesearch.lines import along, cubic, falling, looks, parabola, steps_of


class TestWolfe:
    def test_it_doubles_until_it_has_passed_the_low_point(self):
        line = parabola()
        found = StrongWolfe(first=0.1, c2=0.1)(line, None)
        assert [t.alpha for t in line.trials[1:6]] == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6])
        assert (found.alpha, found.status) == (pytest.approx(1.0), "converged")

    def test_a_wall_is_halved_away_from_and_then_approached(self):
        line = along(lambda t: t * t / 2 - 2 * t if t < 1 else math.inf, lambda t: t - 2)
        found = StrongWolfe(first=4.0, c2=0.1, max_trials=6)(line, None)
        assert [t.alpha for t in line.trials[1:]] == pytest.approx([4.0, 2.0, 1.0, 0.5, 0.75, 0.875])
        assert (found.alpha, found.status) == (0.875, "nonfinite")
        wall = along(lambda t: math.inf if t else 0.0, falling)
        assert StrongWolfe()(wall, None).status == "nonfinite"

    @pytest.mark.parametrize(("drop", "tried"), [(0.45, 1), (0.35, 2)])
    def test_hager_and_zhang_take_a_steep_rise_if_it_is_low_enough(self, drop, tried):
        """At 2 with slope 9: delta alpha phi'(0) asks for a decrease of 0.1 * 2 * 2."""
        line = along(lambda t: 1 - drop if t else 1.0, lambda t: 9.0 if t else -2.0)
        HagerZhang(first=2.0, max_trials=2)(line, None)
        assert len(line.trials) - 1 == tried

    @pytest.mark.parametrize("kind", [Armijo, StrongWolfe, HagerZhang, GrippoLamparielloLucidi])
    def test_who_stays_hands_over_where_he_is(self, kind):
        line = parabola(1.0, d=-1.0)
        found = kind()(line, None)
        assert found.e is line.start
        assert found.e.f == 0.5

    def test_the_cubic_of_two_slopes_finds_the_low_point_of_a_cubic(self):
        """5 - t - t^2/2 + t^3: its derivative 3 t^2 - t - 1 vanishes at (1 + sqrt 13) / 6."""
        line = cubic(5.0, -1.0, -0.5, 1.0)
        for a, b in ((0.0, 2.0), (2.0, 0.0), (0.5, 1.5)):
            assert _cubic_low(line.both(a), line.both(b)) == pytest.approx((1 + math.sqrt(13)) / 6, rel=1e-12)

    def test_the_parabola_of_one_slope_finds_the_low_point_of_a_parabola(self):
        """Of phi = 2 (1 - t)^2, and never that of a hill."""
        line = parabola()
        for a, b in ((0.0, 3.0), (0.5, 0.25), (3.0, 0.5)):
            assert _parabola_low(line.both(a), line.both(b)) == pytest.approx(1.0)
        hill = along(lambda t: -t * t, lambda t: -2 * t)
        assert _parabola_low(hill.both(1.0), hill.both(2.0)) is None
        wall = along(lambda t: t if t < 1 else math.inf, lambda t: 1.0 + 0 * t)
        assert _parabola_low(wall.both(0.5), wall.both(2.0)) is None

    def test_cubics_without_a_low_point(self):
        """(t - 1)^3 and a cubic with slope -(1 - 3 t)^2 are level at one point; slopes past all measure."""
        line = cubic(-1.0, 3.0, -3.0, 1.0)
        assert _cubic_low(line.both(0.0), line.both(2.0)) is None
        assert _cubic_low(line.both(1.5), line.both(1.5)) is None
        line = cubic(0.0, -1.0, 3.0, -3.0)
        assert _cubic_low(line.both(0.0), line.both(1.0)) == pytest.approx(1 / 3, rel=1e-15)
        steep = along(lambda t: t, lambda t: 1e200 * (t - 1))
        assert _cubic_low(steep.both(0.0), steep.both(2.0)) is None

    @pytest.mark.parametrize(
        ("low", "expected"), [(1.0, 1.0), (9.0, 9.0), (0.75, 5.0), (9.5, 5.0), (-3.0, 5.0)]
    )
    def test_a_guess_within_a_tenth_of_an_end_gives_way_to_the_middle(self, low, expected):
        line = along(lambda t: (t - low) ** 2, lambda t: 2 * (t - low))
        assert _between(line.both(0.0), line.both(10.0)) == expected
        assert _between(line.both(10.0), line.both(0.0)) == pytest.approx(expected)

    def test_inside_a_bracket_the_cubic_comes_first(self):
        line = cubic(5.0, -1.0, -0.5, 1.0)
        expected = pytest.approx((1 + math.sqrt(13)) / 6, rel=1e-12)
        assert _between(line.both(0.0), line.both(2.0)) == expected
        assert _between(line.both(2.0), line.both(0.0)) == expected

    def test_the_last_step_is_tried_first_and_remembered(self):
        line = parabola()
        found = StrongWolfe(first="last")(line, {"alpha": 0.75, "f": 3.0, "slope": -9.0})
        assert line.trials[1].alpha == 0.75
        assert found.carry == {"alpha": 0.75, "f": 2.0, "slope": -4.0}

    def test_values_that_rise_again_end_the_doubling(self):
        """-t up to 1 and -1/2 after: both decrease enough, and the slope is steep everywhere."""
        line = along(lambda t: -t if t <= 1 else -0.5, falling)
        StrongWolfe(first=1.0, max_trials=3)(line, None)
        assert steps_of(line)[:2] == [1.0, 2.0]
        assert 1 < steps_of(line)[2] < 2

    def test_a_tie_does_not_end_it(self):
        line = along(lambda t: 0.0 if t else 1.0, falling)
        found = StrongWolfe(first=1.0, c1=1e-9, max_trials=3)(line, None)
        assert steps_of(line) == [1.0, 2.0, 4.0]
        assert (found.alpha, found.status) == (4.0, "budget")

    def test_both_conditions_hold_with_equality(self):
        line = along(lambda t: -0.25 if t else 0.0, lambda t: -0.5 if t else -1.0)
        assert steps_of(line) == []
        found = StrongWolfe(first=1.0, c1=0.25, c2=0.5)(line, None)
        assert (found.alpha, found.status, steps_of(line)) == (1.0, "converged", [1.0])

    @pytest.mark.parametrize(
        ("f", "slope", "accepted"),
        [
            (1 + 1e-6, 1.5, True),
            (1 + 5e-7, -1.5, True),
            (1 + 1e-6, 1.7, False),
            (1 + 1.1e-6, 0.5, False),
            (1.5, 0.5, False),
        ],
    )
    def test_the_approximate_conditions(self, f, slope, accepted):
        """Within 1e-6 of phi(0) = 1, a slope up to (2/8 - 1) * -2 = 1.5 will do."""

        def line():
            return along(lambda t: f if t else 1.0, lambda t: slope if t else -2.0)

        search = StrongWolfe(first=1.0, c1=0.125, max_trials=1, approximate=True)
        found = search(line(), None)
        assert (found.alpha, found.status) == ((1.0, "converged") if accepted else (0.0, "min_step"))
        assert search.replace(approximate=False)(line(), None).alpha == 0.0

    @pytest.mark.parametrize("f", [1.0, 1 + 5e-7])
    def test_what_is_not_lower_is_not_kept_when_the_budget_ends(self, f):
        line = along(lambda t: f if t else 1.0, lambda t: -5.0 if t else -2.0)
        found = StrongWolfe(first=1.0, max_trials=1, approximate=True)(line, None)
        assert (found.alpha, found.status) == (0.0, "min_step")

    def test_how_it_ends_in_vain(self):
        falls = along(lambda t: -t, falling)
        found = StrongWolfe(max_trials=2)(falls, None)
        assert (found.alpha, found.status, looks(falls)) == (2.0, "budget", 2)
        rises = along(lambda t: abs(t), falling)
        found = StrongWolfe(max_trials=5)(rises, None)
        assert (found.alpha, found.status, looks(rises)) == (0.0, "min_step", 5)

    def test_a_bracket_of_neighbours_is_the_end(self):
        """-t below 5 and high from there on, always falling: halved until nothing lies between."""
        line = along(lambda t: -t if t < 5 else 10.0, falling)
        found = StrongWolfe(max_trials=200)(line, None)
        assert (found.alpha, found.status) == (np.nextafter(5.0, 0.0), "budget")
        assert looks(line) < 60
        assert len(set(steps_of(line))) == looks(line)

    @pytest.mark.parametrize("wall", [0.7, 0.6, 0.9])
    def test_a_wall_is_approached_until_nothing_lies_before_it(self, wall):
        line = along(lambda t: -t if t < wall else math.inf, falling)
        found = StrongWolfe(max_trials=200)(line, None)
        assert (found.alpha, found.status) == (np.nextafter(wall, 0.0), "nonfinite")
        assert looks(line) < 60
