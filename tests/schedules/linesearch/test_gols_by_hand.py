"""Gradient-only searches along lines that can be computed by hand."""

import math

import pytest

from schedules import GOLSB, GOLSI, GOLSBack, GOLSMax
from tests.schedules.linesearch.lines import along, falling, looks, parabola, steps_of


def simple():
    """The line with slope -1 + alpha."""
    return parabola(1.0)


def rising():
    return along(abs, lambda t: 1.0 if t else -1.0)


class TestGradientOnly:
    def test_the_three_brackets_find_the_same_sign_change(self):
        """The slope of x^2/2 along -g changes its sign at 1, whatever the bracket starts from."""
        for bracket in ("aggressive", "memory", "conservative"):
            found = GOLSB(bracket=bracket, max_length=100.0)(parabola(), {"alpha": 0.3})
            assert found.alpha == pytest.approx(1.0, abs=1e-10), bracket
            assert found.status == "converged"

    def test_brackets_start_where_they_say(self):
        first = {}
        for bracket in ("aggressive", "memory", "conservative"):
            line = parabola()
            GOLSB(bracket=bracket, max_length=100.0, alpha_min=1e-3)(line, {"alpha": 0.3})
            first[bracket] = [t.alpha for t in line.trials[1:3]]
        golden = (1 + math.sqrt(5)) / 2
        assert first["aggressive"] == pytest.approx([50.0, 25.0]), (
            "the longest step, 100 / |d|, then half of it"
        )
        assert first["memory"] == pytest.approx([0.3, 0.6])
        assert first["conservative"][0] == pytest.approx(5e-3)
        assert first["conservative"][1] in (pytest.approx(5e-3 * golden), pytest.approx(5e-3 * (1 + golden)))

    def test_backwards_from_the_longest(self):
        found = GOLSBack(max_length=100.0, c2=0.9)(parabola(), None)
        assert found.status == "converged"
        falls = along(lambda t: -t, falling)
        assert GOLSBack()(falls, None).status == "max_step"
        rises = along(lambda t: abs(t), lambda t: 1.0 if t else -1.0)
        assert GOLSBack()(rises, None).status == "min_step"

    @pytest.mark.parametrize("kind", [GOLSB, GOLSI, GOLSBack, GOLSMax])
    def test_a_level_start_takes_the_shortest_step(self, kind):
        line = parabola(0.0, d=1.0)
        found = kind(alpha_min=1e-3)(line, None)
        assert (found.alpha, found.status, looks(line)) == (1e-3, "flat", 1)

    @pytest.mark.parametrize(
        ("search", "first", "seen"),
        [
            (GOLSI(max_length=100.0, c2=0.5), 1.5, [1.5, 0.75]),
            (GOLSI(max_length=100.0), 0.5, [0.5, 1.0]),
            (GOLSMax(max_length=100.0, c2=0.5), 1.5, [1.5, 0.75]),
            (GOLSBack(max_length=1.5, c2=0.5), 1.0, [1.5]),
            (GOLSBack(max_length=1.0), 1.0, [1.0]),
        ],
    )
    def test_slopes_that_are_just_at_the_level(self, search, first, seen):
        """1/2 at 1.5, where c2 |phi'(0)| = 1/2; and 0 at 1."""
        line = simple()
        found = search(line, {"alpha": first})
        assert (steps_of(line), found.alpha, found.status) == (seen, seen[-1], "converged")

    @pytest.mark.parametrize(
        ("search", "seen"),
        [
            (GOLSI(alpha_min=0.25, max_length=10.0), [0.5, 0.25]),
            (GOLSMax(alpha_min=0.25, max_length=10.0), [0.5, 0.25]),
            (GOLSBack(alpha_min=0.25, max_length=1.0), [1.0, 0.5, 0.25]),
            (GOLSB(alpha_min=0.25, max_length=1.0), [1.0, 0.5, 0.25]),
        ],
    )
    def test_the_shortest_step_is_tried_too(self, search, seen):
        line = rising()
        found = search.replace(**({"c2": 0.5} if hasattr(search, "c2") else {}))(line, {"alpha": 0.5})
        assert (steps_of(line), found.alpha, found.status) == (seen, 0.25, "min_step")

    @pytest.mark.parametrize(
        ("search", "seen"),
        [
            (GOLSI(max_length=4.0), [1.0, 2.0, 4.0]),
            (GOLSMax(max_length=4.0), [1.0, 2.0, 4.0]),
            (GOLSBack(max_length=4.0), [4.0]),
            (GOLSB(max_length=4.0), [4.0]),
            (GOLSB(max_length=4.0, bracket="memory"), [1.0, 2.0, 4.0]),
        ],
    )
    def test_the_longest_step_is_tried_too(self, search, seen):
        line = along(lambda t: -t, falling)
        found = search(line, {"alpha": 1.0})
        assert (steps_of(line), found.alpha, found.status) == (seen, 4.0, "max_step")

    def test_a_level_end_at_the_longest_step_is_the_change_of_sign(self):
        found = GOLSB(max_length=1.0, width=0.3)(simple(), None)
        assert (found.alpha, found.status) == (0.875, "converged"), "the middle of what is left of (1/2, 1)"

    @pytest.mark.parametrize("slope", [-math.inf, math.nan])
    def test_a_slope_that_is_no_number_is_too_far(self, slope):
        def wall():
            return along(lambda t: t * t / 2 - t, lambda t: t - 1 if t < 0.75 else slope)

        for kind in (GOLSI, GOLSMax, GOLSBack, GOLSB):
            found = kind(max_length=4.0)(wall(), {"alpha": 3.0})
            assert 0 < found.alpha < 0.75 + 1e-9, kind
        found = GOLSI(max_length=4.0)(wall(), {"alpha": 0.5})
        assert (found.alpha, found.status) == (0.5, "nonfinite")

    def test_a_bracket_is_halved_until_it_is_narrow(self):
        """From (1/2, 1), whose right end is level: to a width of 1/8, and then its middle."""
        line = simple()
        found = GOLSB(max_length=8.0, width=0.125)(line, None)
        assert steps_of(line) == [8.0, 4.0, 2.0, 1.0, 0.5, 0.75, 0.875, 0.9375]
        assert (found.alpha, found.status) == (0.9375, "converged")
        line = simple()
        GOLSB(bracket="memory", max_length=8.0, width=0.3)(line, {"alpha": 0.5})
        assert steps_of(line) == [0.5, 1.0, 0.75, 0.875]
        line = parabola(0.75, d=1.0)
        GOLSB(bracket="memory", max_length=8.0, width=0.3)(line, {"alpha": 0.5})
        assert steps_of(line) == [0.5, 1.0, 0.75, 0.625], "a level middle is the right end"
        line = simple()
        assert GOLSB(max_length=8.0, width=1e-300)(line, None).alpha == pytest.approx(1.0, abs=1e-15)
        assert looks(line) < 70

    def test_a_thousand_looks_are_the_most(self):
        line = rising()
        GOLSB(bracket="memory", width=5e-324)(line, {"alpha": 1.0})
        assert looks(line) == 1001, "and one at the middle"
