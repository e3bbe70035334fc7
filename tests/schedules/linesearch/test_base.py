"""What the searches share: walls, the shortest step, what is carried on, and the line itself."""

import dataclasses
import math
from types import SimpleNamespace

import numpy as np
import pytest

from problems import LeastSquares, MiniBatch, Parabola
from schedules import (
    SLS,
    Armijo,
    ExactQuadratic,
    ExactSearch,
    ForwardBackward,
    GrippoLamparielloLucidi,
    HagerZhang,
    MoreThuente,
    ProbabilisticLineSearch,
    StrongWolfe,
)
from schedules.linesearch.armijo import interpolated, longest_step
from schedules.linesearch.base import Line, LineSearch, Trial, stats_of
from tests.schedules.linesearch.lines import Along, along, cubic, falling, looks, parabola, steps_of


@pytest.mark.parametrize(
    "search",
    [
        Armijo(alpha0=1.0, max_trials=200),
        StrongWolfe(first=1.0, max_trials=200),
        MoreThuente(first=1.0, max_trials=200),
        HagerZhang(first=1.0, psi3=0.5, max_trials=200),
        ExactSearch(first=1.0, max_doublings=200),
        GrippoLamparielloLucidi(max_trials=200),
    ],
)
def test_a_wall_is_approached_down_to_the_shortest_step(search):
    """1e-16 |x| / |d| = 2^-50: that one is tried, and none below it."""
    problem = Along(lambda t: 1.0 if t == -1.0 else math.inf, falling)
    line = Line(problem, np.array([1.0]), np.array([1e-16 * 2.0**50]))
    assert line.shortest == 2.0**-50
    line.slope0 = -1.0
    found = search(line, None)
    assert steps_of(line) == [2.0**-k for k in range(51)]
    assert (found.alpha, found.status) == (0.0, "nonfinite")


def test_a_trial_is_of_the_first_draw_unless_it_says_otherwise():
    assert Trial(0.5).number == 0


def test_the_shortest_step_of_a_direction_or_a_point_of_no_length():
    assert parabola(x=2.0, d=0.0).shortest == 1e-150
    assert parabola(x=0.0, d=1.0).shortest == 1e-150
    assert parabola(x=2.0, d=4.0).shortest == 0.5e-16


def test_the_share_of_the_examples_that_the_start_saw():
    data = LeastSquares(np.eye(4), np.ones(4))
    assert Line(MiniBatch(data, 1), np.zeros(data.dim), np.ones(data.dim)).share == 0.25
    assert Line(data, np.zeros(data.dim), np.ones(data.dim)).share == 1.0
    assert parabola().share == 1.0


@pytest.mark.parametrize("kind", [StrongWolfe, MoreThuente])
def test_what_a_rule_does_not_suggest_is_that_of_newton_s_method(kind):
    """Nocedal and Wright, p. 34: c2 = 0.9 and the first trial 1."""
    assert kind().suited_to({}) == kind(c2=0.9, first="unit")
    assert kind(c1=0.95).suited_to({}).c2 == 0.95
    assert kind().suited_to({"c2": 0.2, "first": "slope"}) == kind(c2=0.2, first="slope")
    assert kind(c2=0.5, first=2.0).suited_to({"c2": 0.2}) == kind(c2=0.5, first=2.0)


@pytest.mark.parametrize(("slope", "flat"), [(0.9999e-150, True), (1.0001e-150, False)])
@pytest.mark.parametrize("inverse", [False, True])
def test_a_probabilistic_search_needs_a_slope_that_is_a_scale(slope, flat, inverse):
    """From 1e-150 to 1e150: beyond, its square or the square of its inverse is no number."""
    steep = (1 / slope) if inverse else slope
    line = Line(Parabola(), np.array([1.0]), np.array([steep]))
    line.start = dataclasses.replace(line.start, slope=-steep, var_f=1.0, var_g=np.ones(1))
    assert (ProbabilisticLineSearch()(line, None).status == "flat") == flat


class TestArmijo:
    def test_growth_multiplies(self):
        line = parabola()
        Armijo(growth=1.5)(line, {"alpha": 0.5})
        assert steps_of(line)[0] == 0.75

    def test_after_a_wall_the_parabola_comes_first(self):
        """t^2 - t up to 3: at 2 it is 2, and its low point 1/2."""
        line = along(lambda t: t * t - t if t <= 3 else math.inf, lambda t: 2 * t - 1)
        Armijo(alpha0=4.0, interpolate=True)(line, None)
        assert steps_of(line) == [4.0, 2.0, 0.5]

    def test_cubics_that_are_level_at_one_point_or_nowhere(self):
        """-(1 - 3 t)^2 is the slope of the first; the second only falls."""
        line = cubic(0.0, -1.0, 3.0, -3.0)
        assert interpolated(line, (2.0, -14.0), (1.0, -1.0)) == pytest.approx(1 / 3, rel=1e-15)
        line = cubic(0.0, -0.25, 0.0, -1.0)
        assert interpolated(line, (4.0, line.value(4.0)), (2.0, line.value(2.0))) == 1.0

    @pytest.mark.parametrize(("d", "longest"), [(4.0, 0.5), (2e-7, 1e7), (1e-7, 1e7), (0.0, 1e7)])
    def test_the_longest_step_is_a_length_or_ten_million(self, d, longest):
        assert longest_step(parabola(d=d), 2.0) == pytest.approx(longest, rel=1e-15)

    def test_forward_and_backward_past_a_wall(self):
        line = along(lambda t: -t if t < 0.6 else math.inf, falling)
        found = ForwardBackward(max_length=4.0)(line, {"alpha": 1.0})
        assert (steps_of(line), found.alpha, found.status) == ([1.0, 0.5], 0.5, "converged")

    @pytest.mark.parametrize(
        "search",
        [
            Armijo(c1=0.25),
            ForwardBackward(c1=0.25),
            GrippoLamparielloLucidi(c1=0.25, alpha_max=1.0),
            SLS(c=0.25, reset="keep"),
        ],
    )
    @pytest.mark.parametrize(("f", "enough"), [(-0.25, True), (0.1, False)])
    def test_just_enough_is_enough(self, search, f, enough):
        line = along(lambda t: f if t else 0.0, falling)
        found = search(line, {"alpha": 1.0, "values": [], "x": np.ones(1), "g": np.zeros(1)})
        assert steps_of(line)[0] == 1.0
        assert (found.alpha == 1.0) == enough

    @pytest.mark.parametrize("search", [Armijo(max_trials=2), GrippoLamparielloLucidi(max_trials=2)])
    @pytest.mark.parametrize(
        ("first", "second", "status"), [(5.0, math.inf, "nonfinite"), (math.inf, 5.0, "min_step")]
    )
    def test_the_last_trial_says_why_there_was_no_step(self, search, first, second, status):
        line = along(lambda t: {0.0: 0.0, 1.0: first, 0.5: second}[t], falling)
        found = search(line, None)
        assert (found.alpha, found.status, steps_of(line)) == (0.0, status, [1.0, 0.5])


class TestBarzilaiAndBorwein:
    def test_the_first_trial_of_a_small_gradient(self):
        line = parabola(0.5)
        GrippoLamparielloLucidi()(line, None)
        assert steps_of(line)[0] == 2.0

    @pytest.mark.parametrize("bend", [0.0, -1.0])
    def test_without_curvature_it_is_the_longest_step(self, bend):
        line = parabola()
        GrippoLamparielloLucidi(alpha_max=64.0)(
            line, {"values": [], "x": np.array([3.0]), "g": np.array([2.0 + bend])}
        )
        assert steps_of(line)[0] == 64.0


class TestExact:
    def test_a_root_is_found_to_the_last_digits_however_near_it_is(self):
        """The slope exp(t / r - 1) - 1 vanishes at r, far below any tolerance that is no share of it."""
        for r in (1e-14, 1.0, 1e6):
            line = along(lambda t, r=r: r * math.exp(t / r - 1) - t, lambda t, r=r: math.expm1(t / r - 1))
            assert ExactSearch(first=0.3 * r)(line, None).alpha == pytest.approx(r, rel=3e-15, abs=0)

    def test_a_level_trial_is_the_root(self):
        line = parabola()
        found = ExactSearch(first=1.0)(line, None)
        assert (steps_of(line), found.alpha) == ([1.0], 1.0)
        assert found.carry == {"alpha": 1.0, "f": 2.0, "slope": -4.0}

    def test_it_begins_with_the_last_step(self):
        line = parabola()
        ExactSearch()(line, {"alpha": 0.375})
        assert steps_of(line)[:2] == [0.375, 0.75]

    @pytest.mark.parametrize("wall", [0.7, 0.6, 5.3])
    def test_a_wall_is_approached_until_nothing_lies_before_it(self, wall):
        line = along(lambda t: -t if t < wall else math.inf, falling)
        found = ExactSearch(first=4.0)(line, None)
        last = np.nextafter(wall, 0.0)
        assert (found.alpha, found.status) == (last, "nonfinite")
        assert found.carry == {"alpha": last, "f": 0.0, "slope": -1.0}
        assert looks(line) < 65

    def test_between_a_low_point_and_a_wall_it_takes_the_middle(self):
        line = along(lambda t: -t if t < 0.9 else math.inf, falling)
        ExactSearch(first=4.0, max_doublings=6)(line, None)
        assert steps_of(line) == [4.0, 2.0, 1.0, 0.5, 0.75, 0.875]

    def test_what_is_kept_where_it_stays(self):
        wall = along(lambda t: math.inf if t else 0.0, falling)
        assert ExactSearch()(wall, {"alpha": 0.5}).carry == {"alpha": 0.5}
        assert ExactQuadratic()(parabola(1.0, d=-1.0), {"kept": 1}).carry == {"kept": 1}
        assert ExactQuadratic()(parabola(), {"kept": 1}).carry == {"kept": 1}


class Drawn(Along, abstract=True):
    """A line that is drawn anew at each look."""

    sampling = "dynamic"
    varies = True

    def at(self, n):
        return self

    def sample(self, n, k=0):
        return self


class TestTheLine:
    def test_a_dynamic_sample_is_handed_over_only_as_it_was_seen(self):
        line = Line(Drawn(lambda t: -t, falling), np.zeros(1), np.ones(1))
        assert line.reject("flat", None).e is None
        line.value(0.5)
        assert line.accept(line.trials[-1], "converged", None).e is None
        both = line.both(0.25)
        assert line.accept(both, "converged", None).e is both

    def test_looks_are_numbered(self):
        line = parabola()
        for look in (line.value, line.slope, line.both, line.stats):
            look(0.5)
        assert [t.number for t in line.trials] == [0, 1, 2, 3, 4]
        assert line.n_calls == 4
        assert line.belief is None

    def test_an_object_that_says_nothing_of_change_does_not(self):
        line = Line(SimpleNamespace(value_and_grad=Parabola().value_and_grad), np.ones(1), np.ones(1))
        assert (line.objective, line.sampling) == (line.problem, "full")

    def test_it_is_the_first_update_unless_told(self):
        seen = []

        class Watched(Drawn, abstract=True):
            def at(self, n):
                seen.append(n)
                return self

        problem = Watched(lambda t: -t, falling)
        for options in ({}, {"n": 7}):
            Line(problem, np.zeros(1), np.ones(1), **options)
        assert seen == [0, 7]

    def test_slopes_are_told_and_kept(self):
        line = parabola()
        assert [line.slope(t) for t in (0.25, 0.5, 3.0)] == [-3.0, -2.0, 8.0]
        assert [t.g.tolist() for t in line.trials[1:]] == [[1.5], [1.0], [-4.0]]

    def test_a_slope_that_is_no_number_gives_no_step(self):
        start = SimpleNamespace(f=1.0, g=np.array([math.nan]))
        found = Armijo().search(Parabola(), 0, np.ones(1), start, np.ones(1), {"kept": 1})
        assert (found.alpha, found.status, found.carry) == (0.0, "nonfinite", {"kept": 1})

    def test_a_start_without_sampling_has_no_variance(self):
        e = Armijo().evaluate(Parabola(), np.ones(1))
        assert (e.alpha, e.var_f) == (0.0, None)
        e = ProbabilisticLineSearch().evaluate(Parabola(), np.ones(1))
        assert (e.alpha, e.var_f, e.var_g.tolist()) == (0.0, 0.0, [0.0])
        e = stats_of(Parabola(), np.ones(1))
        assert (e.alpha, e.var_f, e.var_g.tolist()) == (0.0, 0.0, [0.0])

    def test_a_search_may_have_a_parameter_without_a_default(self):
        class Fixed(LineSearch, abstract=True):
            alpha: float
            growth: float = 1.5

        assert [type(v) for v in (Fixed(2).alpha, Fixed(2, 3).growth, Fixed(0.5).alpha)] == [
            int,
            float,
            float,
        ]
