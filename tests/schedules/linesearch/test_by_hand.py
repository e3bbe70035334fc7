"""Searches along lines that can be computed by hand: parabolas, cubics, walls, no way down."""

import math

import numpy as np
import pytest

from optim import Evaluation
from problems import Parabola
from schedules import (
    PAL,
    SLS,
    Armijo,
    ExactQuadratic,
    ExactSearch,
    ForwardBackward,
    GrippoLamparielloLucidi,
    HagerZhang,
    QuadraticApproximation,
    StrongWolfe,
)
from schedules.linesearch.armijo import interpolated
from schedules.linesearch.base import Line
from schedules.linesearch.initial_step import first_trial
from tests.instances import SEARCHES, name_of
from tests.schedules.linesearch.lines import Along, along, cubic, falling, parabola

DETERMINISTIC = [s for s in SEARCHES if not s.variances]


@pytest.mark.parametrize("search", DETERMINISTIC, ids=name_of)
def test_uphill_and_level_are_told_apart(search):
    """However small the slope is: 1e-3 here."""
    up = search(parabola(1.0, d=-1e-3), None)
    level = search(parabola(0.0, d=1.0), None)
    assert up.alpha == 0.0
    assert level.alpha <= 1e-8, "a search for a change of sign takes its shortest step"
    assert up.status == "not_descent"
    assert level.status in ("flat", "not_descent", "degenerate")
    assert search(parabola(1.0, d=1e-3), None).alpha > 0


@pytest.mark.parametrize("search", DETERMINISTIC, ids=name_of)
@pytest.mark.parametrize("ahead", [lambda: parabola(1.0, d=-1.0), lambda: parabola(0.0, d=1.0)])
def test_a_line_without_a_way_down_does_not_wipe_the_memory(search, ahead):
    """The next search carries on from the last good one."""
    carry = search(parabola(), None).carry
    kept = search(ahead(), carry).carry
    assert (kept is None) == (carry is None)


class TestBacktracking:
    @pytest.mark.parametrize(
        ("phi0", "slope0", "b", "a", "first", "second"),
        [
            (5.0, -1.0, -0.5, 1.0, 4.0, 2.0),
            (-3.0, -2.0, 1.0, 0.25, 8.0, 5.0),
            (1.0, -0.25, 0.0, 0.5, 2.0, 1.0),
        ],
    )
    def test_a_cubic_through_two_trials_finds_the_low_point_of_a_cubic(
        self, phi0, slope0, b, a, first, second
    ):
        """Its derivative's larger root, held between a tenth and a half of the last trial."""
        line = cubic(phi0, slope0, b, a)
        low = max(np.roots([3 * a, 2 * b, slope0]).real)
        found = interpolated(line, (first, line.value(first)), (second, line.value(second)))
        assert found == pytest.approx(min(max(low, 0.1 * second), 0.5 * second), rel=1e-12)
        assert 0.1 * second < found

    def test_a_parabola_through_two_trials_too(self):
        """Without a third power the cubic's formula has to be finite: 2 t - 8 t + ... is lowest at 1."""
        line = cubic(0.0, -2.0, 1.0, 0.0)
        assert interpolated(line, (8.0, line.value(8.0)), (4.0, line.value(4.0))) == pytest.approx(1.0)

    def test_a_cubic_without_a_low_point_is_cut_at_the_half(self):
        line = cubic(0.0, -1.0, 0.0, -1.0)
        assert interpolated(line, (4.0, line.value(4.0)), (2.0, line.value(2.0))) == 1.0

    def test_a_wall_halves_the_trial(self):
        line = parabola()
        assert interpolated(line, None, (6.0, math.inf)) == 3.0

    def test_the_next_search_starts_from_the_last_step_times_the_growth(self):
        """On x^2/2 from 2 the step 1 is exact; then 1.5 is tried first."""
        search = Armijo(alpha0=1.0, growth=1.5)
        found = search(parabola(), None)
        assert (found.alpha, found.carry) == (1.0, {"alpha": 1.0})
        again = parabola()
        search(again, found.carry)
        assert again.trials[1].alpha == 1.5
        without = parabola()
        Armijo(alpha0=1.0)(without, {"alpha": 0.25})
        assert without.trials[1].alpha == 1.0

    def test_slack_lets_a_little_rise_through(self):
        """At alpha = 2 x^2/2 is as high as at 0, where 1e-4 * 2 * 4 of decrease was asked for."""
        assert Armijo(alpha0=2.0)(parabola(), None).alpha == 1.0
        assert Armijo(alpha0=2.0, atol=1e-3)(parabola(), None).alpha == 2.0
        assert Armijo(alpha0=2.0, rtol=1e-3)(parabola(), None).alpha == 2.0
        assert Armijo(alpha0=2.0, atol=7e-4)(parabola(), None).alpha == 1.0

    def test_where_it_ends_in_vain(self):
        rising = along(lambda t: abs(t), falling)
        assert Armijo()(rising, None).status == "min_step"
        wall = along(lambda t: math.inf if t else 0.0, falling)
        assert Armijo()(wall, None).status == "nonfinite"
        for most in (0, 1, 3):
            found = Armijo(max_trials=most)(along(lambda t: abs(t), falling), None)
            assert (found.alpha, found.status, found.n_f) == (0.0, "min_step", most)

    def test_forward_and_backward(self):
        """c1 = 0.2 allows alpha up to 1.6 on a parabola whose minimum is at 1."""
        search = ForwardBackward(max_length=100.0)
        forward = search(parabola(), {"alpha": 0.25})
        assert (forward.alpha, forward.status, forward.carry) == (1.0, "converged", {"alpha": 1.0})
        assert (forward.e.alpha, forward.e.f) == (1.0, 0.0)
        backward = search(parabola(), {"alpha": 3.0})
        assert (backward.alpha, backward.status, backward.carry) == (1.5, "converged", {"alpha": 1.5})
        bounded = ForwardBackward(max_length=1.0)(parabola(), {"alpha": 0.25})
        assert (bounded.alpha, bounded.status) == (0.5, "max_step"), "0.5 * |d| is the longest move"
        vain = ForwardBackward(alpha_min=0.5)(along(lambda t: abs(t), falling), {"alpha": 2.0})
        assert (vain.alpha, vain.status) == (0.5, "min_step")


class TestExact:
    def test_a_line_without_curvature_has_no_low_point(self):
        class Straight(Along, abstract=True):
            def hess(self, x):
                return np.zeros((1, 1))

        line = Line(Straight(lambda t: -t, falling), np.zeros(1), np.ones(1))
        found = ExactQuadratic()(line, {"kept": 1})
        assert (found.alpha, found.status, found.carry) == (0.0, "max_step", {"kept": 1})

    def test_a_closed_form_that_leads_behind_a_wall_gives_no_step(self):
        """Curvature 1 and slope -1 lead to 1, where nothing is."""

        class Wall(Along, abstract=True):
            def hess(self, x):
                return np.ones((1, 1))

        line = Line(
            Wall(lambda t: t * t / 2 - t if t < 1 else math.inf, lambda t: t - 1), np.zeros(1), np.ones(1)
        )
        found = ExactQuadratic()(line, {"kept": 1})
        assert (found.alpha, found.status, found.carry) == (0.0, "nonfinite", {"kept": 1})

    def test_a_wall_is_approached_from_the_finite_side(self):
        """-log(1 - t) - 3 t has its minimum at 2/3, and a wall at 1."""

        def f(t):
            return -math.log1p(-t) - 3 * t if t < 1 else math.inf

        line = along(f, lambda t: 1 / (1 - t) - 3 if t < 1 else math.nan)
        assert ExactSearch(first=5.0)(line, None).alpha == pytest.approx(2 / 3, rel=1e-14)
        assert line.n_f + line.n_g < 60


class TestFirstTrial:
    """A line with phi(0) = 2 and slope -4, so d = g = 2."""

    def test_the_first_of_all_is_one_over_the_length_of_a_bare_gradient(self):
        assert first_trial("last", parabola(), None) == 0.5
        assert first_trial("last", parabola(0.25), None) == 1.0
        assert first_trial("last", parabola(d=4.0), None) == 1.0, "a direction with a length of its own"

    @pytest.mark.parametrize(
        ("carry", "expected"),
        [
            ({"f": 2.5}, 1.01 * 2 * 0.5 / 4),
            ({"f": 100.0}, 1.0),
            ({"f": 2.0}, 1.0),
            ({"f": 1.0}, 1.0),
        ],
    )
    def test_the_decrease_of_the_last_step(self, carry, expected):
        assert first_trial("decrease", parabola(), carry) == pytest.approx(expected, rel=1e-15)

    def test_slope_last_unit_and_number(self):
        carry = {"alpha": 0.25, "f": 3.0, "slope": -12.0}
        assert first_trial("slope", parabola(), carry) == 0.75
        assert first_trial("last", parabola(), carry) == 0.25
        assert first_trial("unit", parabola(), carry) == 1.0
        assert first_trial(0.125, parabola(), carry) == 0.125

    @pytest.mark.parametrize("search", [ExactSearch, StrongWolfe])
    def test_it_has_to_be_above_zero(self, search):
        search(first=1e-9)
        with pytest.raises(ValueError, match="first: got 0"):
            search(first=0.0)


class TestParabolas:
    def test_what_pal_believes_of_a_parabola_is_the_parabola(self):
        line = parabola()
        PAL()(line, None)
        assert [line.belief.mean(t) for t in (0.0, 0.7, 2.0)] == pytest.approx([2.0, 0.18, 2.0])

    def test_pal_at_its_longest_step(self):
        """The low point of 2 (1 - t)^2 along d = 2 is a distance of 2 away."""
        for s_max, expected in ((2.0, "converged"), (np.nextafter(2.0, 0.0), "max_step")):
            found = PAL(mu=0.5, alpha=1.0, s_max=s_max)(parabola(), None)
            assert (found.alpha, found.status) == (pytest.approx(1.0), expected)

    def test_pal_keeps_what_it_is_given(self):
        wall = along(lambda t: math.inf if t else 0.0, falling)
        for line in (parabola(), parabola(0.0, d=1.0), parabola(1.0, d=-1.0), wall):
            assert PAL()(line, {"kept": 1}).carry == {"kept": 1}

    @pytest.mark.parametrize(
        ("model", "f", "slope"), [("s0s1", -1.0, -1.0), ("f0s0f1", -1.0, 3.0), ("f0f1s1", 0.5, 1.0)]
    )
    def test_without_a_low_point_ahead_it_takes_the_measured_one(self, model, f, slope):
        """Straight lines through slopes, and a start; and t^2/2, lowest at 0, through values and an end."""
        line = along(lambda t: f if t else 0.0, lambda t: slope if t else -1.0)
        found = QuadraticApproximation(model, alpha0=1.0)(line, None)
        assert (found.alpha, found.status, found.carry) == (1.0, "degenerate", {"alpha": 2.0})

    def test_the_least_squares_parabola_is_lowest_before_the_measured_point(self):
        """Of t^2 - t, halfway to where its slope is 1."""
        found = QuadraticApproximation("all", alpha0=1.0)(
            along(lambda t: t * t - t, lambda t: 2 * t - 1), None
        )
        assert (found.alpha, found.status) == (pytest.approx(0.5), "converged")

    def test_pal_measures_where_there_is_no_low_point(self):
        found = PAL(mu=0.25)(along(lambda t: -t, falling), None)
        assert (found.alpha, found.status) == (0.25, "degenerate")

    @pytest.mark.parametrize(
        ("search", "carry", "first", "alpha", "status"),
        [
            (QuadraticApproximation(alpha0=0.5, max_length=100.0), None, 0.5, 1.0, "converged"),
            (QuadraticApproximation(alpha0=0.5, max_length=100.0), {"alpha": 0.25}, 0.25, 1.0, "converged"),
            (QuadraticApproximation(alpha0=0.01, max_length=100.0), None, 0.01, 0.1, "max_step"),
            (QuadraticApproximation(alpha0=0.25, max_length=1.0), None, 0.25, 0.5, "max_step"),
        ],
    )
    def test_no_step_is_longer_than_allowed(self, search, carry, first, alpha, status):
        line = parabola()
        found = search(line, carry)
        assert line.trials[1].alpha == first
        assert (found.alpha, found.status, found.carry) == (
            pytest.approx(alpha),
            status,
            {"alpha": found.alpha},
        )

    def test_after_a_wall_the_next_is_measured_nearer(self):
        wall = along(lambda t: math.inf if t else 0.0, lambda t: math.inf if t else -1.0)
        found = QuadraticApproximation(alpha0=0.5, growth=10.0)(wall, None)
        assert (found.status, found.carry) == ("nonfinite", {"alpha": pytest.approx(0.05)})

    def test_goldstein_doubles_what_is_too_short(self):
        """phi = 2 (1 - t)^2 at 0.15 is 1.445, below 2 - 0.9 * 4 * 0.15; at 0.3 it is 0.98, above 0.92."""
        line = parabola()
        found = SLS(alpha0=0.15, goldstein=True)(line, None)
        assert [t.alpha for t in line.trials[1:]] == [0.15, 0.3]
        assert found.carry == {"alpha": 0.3}

    def test_goldstein_at_the_longest_step_and_with_equality(self):
        """-t is always too short for c = 1/4; -3 t / 4 just long enough."""
        found = SLS(c=0.25, alpha0=0.5, alpha_max=1.5, goldstein=True)(along(lambda t: -t, falling), None)
        assert (found.alpha, found.status, found.n_f) == (1.5, "converged", 3)
        found = SLS(c=0.25, goldstein=True)(along(lambda t: -0.75 * t, falling), None)
        assert (found.alpha, found.status, found.n_f) == (1.0, "converged", 1)

    def test_a_stochastic_search_without_a_way_down(self):
        """Below a gradient of 1e-8 it is flat; a direction across the gradient, or none, is no descent."""
        for slope, expected in ((-1e-8, "converged"), (-9e-9, "flat")):
            line = along(lambda t, s=slope: s * t, lambda _, s=slope: s)
            assert SLS()(line, None).status == expected
        assert SLS()(parabola(d=0.0), None).status == "not_descent"
        found = SLS(alpha0=0.5)(along(lambda t: math.inf if t else 0.0, falling), {"alpha": 2.0})
        assert (found.alpha, found.status, found.carry) == (0.0, "nonfinite", {"alpha": 0.5})


TELLING = [
    StrongWolfe,
    Armijo,
    ForwardBackward,
    ExactSearch,
    HagerZhang,
    GrippoLamparielloLucidi,
    PAL,
    QuadraticApproximation,
]


@pytest.mark.parametrize("kind", TELLING)
def test_a_level_start_is_flat_and_a_rising_one_no_descent(kind):
    assert kind()(parabola(0.0, d=1.0), None).status == "flat"
    assert kind()(parabola(1.0, d=-1e-3), None).status == "not_descent"


class TestNonmonotone:
    def test_where_it_ends_in_vain(self):
        rising = along(lambda t: abs(t), falling)
        found = GrippoLamparielloLucidi()(rising, None)
        assert (found.status, found.carry["values"]) == ("min_step", [0.0])
        wall = along(lambda t: math.inf if t else 0.0, falling)
        assert GrippoLamparielloLucidi()(wall, None).status == "nonfinite"

    def test_the_worst_of_the_last_values_is_enough(self):
        """At alpha = 2.2, phi is 2.88: above phi(0) = 2, below the 3 of an earlier point."""
        carry = {"values": [3.0], "x": np.array([4.2]), "g": np.array([4.2 - 1.0])}
        line = parabola()
        found = GrippoLamparielloLucidi()(line, carry)
        s, y = 2.0 - 4.2, 2.0 - 3.2
        assert line.trials[1].alpha == pytest.approx(s * s / (s * y)), "Barzilai and Borwein's long step"
        assert found.alpha == line.trials[1].alpha
        assert found.carry["values"] == [3.0, 2.0]
        strict = GrippoLamparielloLucidi(memory=1)(parabola(), carry)
        assert strict.carry["values"] == [2.0]

    def test_the_first_trial(self):
        line = parabola()
        GrippoLamparielloLucidi()(line, None)
        assert line.trials[1].alpha == 0.5, "one over the largest component"
        line = parabola(d=4.0)
        GrippoLamparielloLucidi()(line, None)
        assert line.trials[1].alpha == 1.0, "a direction with a length of its own"


class TestHandingOver:
    """What the next update starts from."""

    @pytest.mark.parametrize("search", DETERMINISTIC, ids=name_of)
    def test_the_evaluation_is_that_of_the_point(self, search):
        line = parabola(1.5, d=0.75)
        found = search(line, None)
        if found.e is not None:
            x = 1.5 - found.alpha * 0.75
            assert found.e.f == pytest.approx(x * x / 2, rel=1e-14)
            np.testing.assert_allclose(found.e.g, [x], rtol=1e-14)
        assert found.n_f <= line.n_f
        assert found.n_f + found.n_g >= 1

    def test_what_is_known_is_not_asked_again(self):
        known = Evaluation(f=2.0, g=np.array([2.0]))
        line = Line(Parabola(curvature=1.0), np.array([2.0]), np.array([2.0]), known)
        assert (line.phi0, line.slope0, line.n_f, line.n_g) == (2.0, -4.0, 0, 0)
        found = line.accept(line.both(0.5), "converged", None)
        assert (found.n_f, found.n_g) == (1, 1)
        line.value(0.25)
        completed = line.accept(line.trials[-1], "converged", None)
        assert (completed.n_f, completed.n_g) == (2, 2)
        assert completed.e.g.tolist() == [1.5]
        assert completed.e.slope == -3.0
        line.slope(0.75)
        completed = line.accept(line.trials[-1], "converged", None)
        assert (completed.n_f, completed.n_g) == (3, 3)
        assert (completed.e.f, completed.e.slope) == (0.125, -1.0)
