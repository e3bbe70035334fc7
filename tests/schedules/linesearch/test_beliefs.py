"""The probabilistic search where nothing is noisy: its belief is a spline, and its steps follow by hand."""

import math
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest

from schedules import ProbabilisticLineSearch
from schedules.linesearch.base import Line
from schedules.linesearch.bivariate_normal import bivariate_normal
from schedules.linesearch.integrated_wiener import SplinePosterior
from tests.schedules.linesearch.lines import along, cubic, falling, parabola


def tried(line):
    """Where it looked after its look at the start, which is for the variances."""
    assert line.trials[1].alpha == 0.0
    return [trial.alpha for trial in line.trials[2:]]


KEPT = {"alpha": 0.5, "mean": 0.25}


class TestBelief:
    """Between two points with value and slope the mean is Hermite's cubic, and f an integrated bridge."""

    def searched(self, **options):
        line = cubic(5.0, -4.0, -0.5, 1.0)
        ProbabilisticLineSearch(alpha0=0.125, threshold=0.999, **options)(line, None)
        return line, [0.0, *sorted(tried(line))]

    def test_the_mean_of_a_cubic_is_the_cubic(self):
        line, data = self.searched()
        for alpha in np.linspace(0.0, data[-1], 23):
            expected = 5 - 4 * alpha - alpha**2 / 2 + alpha**3
            assert line.belief.mean(alpha) == pytest.approx(expected, rel=1e-6)

    def test_the_variance_is_that_of_an_integrated_bridge(self):
        """u^3 v^3 / (3 (u + v)^3) at u and v from its ends, in units of the step and of 4 times it."""
        line, data = self.searched()
        for low, high in pairwise(data):
            for share in (0.25, 0.5, 0.875):
                alpha = low + share * (high - low)
                u, v = (alpha - low) / 0.125, (high - alpha) / 0.125
                expected = 0.125 * 4 * math.sqrt(u**3 * v**3 / (3 * (u + v) ** 3))
                assert line.belief.deviation(alpha) == pytest.approx(expected, rel=1e-4)
        assert line.belief.deviation(data[1]) < 1e-6

    def test_the_probability_at_a_point_seen_is_certain(self):
        """The slope 3 a^2 - a - 4 at a = 1/2 lies between -4 * 0.97 and -4 * 0.5."""
        for c2, certain in ((0.97, 1.0), (0.5, 0.0)):
            line = cubic(5.0, -4.0, -0.5, 1.0)
            ProbabilisticLineSearch(alpha0=0.5, c2=c2, budget=2)(line, None)
            assert tried(line)[0] == 0.5
            assert line.belief.probability(0.5) == certain


class TestSteps:
    def test_a_wall_is_approached_by_halves(self):
        line = along(lambda t: -t if t < 3 else math.inf, falling)
        found = ProbabilisticLineSearch(alpha0=1.0)(line, None)
        assert tried(line) == [1.0, 2.0, 4.0, 3.0, 2.5, 2.75, 2.875]
        assert (found.alpha, found.status) == (2.875, "budget")

    @pytest.mark.parametrize(
        ("slope", "status"), [(1e-150, "flat"), (1e150, "flat"), (2e-150, "converged"), (5e149, "converged")]
    )
    def test_slopes_that_no_unit_can_scale(self, slope, status):
        """From 1e-150 to 1e150, both excluded; at 1 the others have a low point."""
        line = along(lambda t: slope * (t * t / 2 - t), lambda t: slope * (t - 1))
        found = ProbabilisticLineSearch(alpha0=1.0)(line, None)
        assert (found.alpha, found.status) == (float(status == "converged"), status)

    def test_walls_everywhere_shorten_the_next_search(self):
        line = along(lambda t: math.inf if t else 0.0, falling)
        found = ProbabilisticLineSearch()(line, KEPT)
        assert tried(line) == [0.5 / 2**k for k in range(7)]
        assert (found.alpha, found.status) == (0.0, "nonfinite")
        assert found.carry == {"alpha": 0.5 / 2**7, "mean": 0.25}

    def test_a_level_point_is_taken_though_it_is_too_high(self):
        line = along(lambda t: 1.5 if t else 1.0, lambda t: 0.0 if t else -1.0)
        found = ProbabilisticLineSearch()(line, {"alpha": 1.0, "mean": 2.0})
        assert (found.alpha, found.status, tried(line)) == (1.0, "flat", [1.0])
        assert found.carry == {"alpha": 1.3, "mean": pytest.approx(0.95 * 2 + 0.05)}
        line = along(lambda t: 1.5 if t else 1.0, lambda t: 0.0 if t else -1.0)
        ProbabilisticLineSearch(reference=True)(line, {"alpha": 1.0, "mean": 2.0})
        assert len(tried(line)) > 1, "the published program looks at the start too, which is lower"

    @pytest.mark.parametrize(
        ("growth", "mean", "unit"),
        [
            (1.3, 120.0, 1.3),
            (1.3, 137.32, 0.95 * 137.32 + 0.05),
            (1.3, 200.0, 190.05),
            (100.0, 1.0, 100.0),
            (100.0, 0.9948, 0.95 * 0.9948 + 0.05),
            ((0.95 * 2.0 + 0.05) / 100, 2.0, 0.0195),
        ],
    )
    def test_the_next_unit_stays_within_a_hundred_of_the_mean(self, growth, mean, unit):
        line = along(lambda t: 1.5 if t else 1.0, lambda t: 0.0 if t else -1.0)
        found = ProbabilisticLineSearch(growth=growth)(line, {"alpha": 1.0, "mean": mean})
        assert found.carry["alpha"] == pytest.approx(unit)

    def test_the_lowest_is_kept_when_the_budget_ends(self):
        line = along(lambda t: -t if t <= 1 else 5.0, falling)
        found = ProbabilisticLineSearch(alpha0=1.0, budget=2)(line, None)
        assert (found.alpha, found.status) == (1.0, "budget")

    def test_what_is_kept_where_it_stays(self):
        level = parabola(0.0, d=1.0)
        found = ProbabilisticLineSearch()(level, KEPT)
        assert (found.status, found.carry) == ("flat", KEPT)
        uphill = along(lambda t: math.nan if 0 < t < 0.1 else t, lambda t: 1.0 + 0 * t)
        found = ProbabilisticLineSearch()(uphill, KEPT)
        assert (found.alpha, found.status, found.carry) == (0.0, "nonfinite", KEPT)
        assert tried(uphill) == [0.5, 0.005]

    @pytest.mark.parametrize(("f", "status"), [(1.0, "degenerate"), (math.nan, "nonfinite")])
    def test_a_batch_without_a_gradient_is_drawn_again(self, f, status):
        class Batches:
            sampling, varies = "dynamic", True

            def at(self, n):
                return self

            def sample(self, n, k):
                return self

            def stats(self, x):
                return SimpleNamespace(f=f, g=np.ones(1), var_f=0.5, var_g=np.ones(1))

        start = SimpleNamespace(f=1.0, g=np.zeros(1), var_f=0.5, var_g=np.zeros(1))
        line = Line(Batches(), np.ones(1), np.zeros(1), start)
        found = ProbabilisticLineSearch()(line, KEPT)
        assert (found.alpha, found.status, found.carry, found.n_f) == (0.0, status, KEPT, 1)
        assert (found.e is None) == (status == "nonfinite")

    def test_constants(self):
        for name in ("c1", "c2", "threshold"):
            with pytest.raises(ValueError, match=f"{name}: got 1"):
                ProbabilisticLineSearch(**{name: 1.5})
        ProbabilisticLineSearch(growth=0.5, budget=2)
        for budget, error in ((1, ValueError), (2.5, TypeError)):
            with pytest.raises(error, match=f"^budget: got {budget}, expected a whole number of at least 2"):
                ProbabilisticLineSearch(budget=budget)


def spline(f, slope, data, var_f=0.0, var_d=0.0):
    return SplinePosterior(data, [f(t) for t in data], [slope(t) for t in data], var_f, var_d)


class TestPosterior:
    def test_low_points_of_the_mean(self):
        """Of cubics that bend down at first and up at first, and of parabolas beside a cell."""
        for b, a in ((-0.5, 1.0), (0.25, 0.5), (-2.0, 0.75), (1.5, 0.25)):
            gp = spline(
                lambda t, b=b, a=a: -t + b * t * t + a * t**3,
                lambda t, b=b, a=a: -1 + 2 * b * t + 3 * a * t * t,
                [0.0, 3.0],
            )
            low = max(np.roots([3 * a, 2 * b, -1.0]).real)
            assert gp.low_point(0.0, 3.0) == pytest.approx(low, rel=1e-9)
        for data in ([0.0, 2.0], [0.0, 0.25, 1.5]):
            gp = spline(lambda t: (t - 1) ** 2 / 4, lambda t: (t - 1) / 2, data)
            assert gp.low_point(*data[-2:]) == pytest.approx(1.0, rel=1e-9)
        gp = spline(lambda t: -t * t / 2 + t**3 / 6, lambda t: -t + t * t / 2, [0.0, 3.0])
        assert gp.low_point(0.0, 3.0) == pytest.approx(2.0, rel=1e-9), "level at its left end, a hill"
        gp = spline(lambda _: 0.0, lambda _: 0.0, [0.0, 1.0])
        assert gp.low_point(0.0, 1.0) is None, "level everywhere"
        gp = spline(lambda t: (t - 2.5) ** 2, lambda t: 2 * (t - 2.5), [0.0, 1.0, 2.0])
        assert [gp.low_point(0.0, 1.0), gp.low_point(1.0, 2.0)] == [None, None]

    def test_both_conditions_hold_with_equality_where_all_is_level(self):
        gp = spline(lambda _: 0.0, lambda _: 0.0, [0.0, 1.0])
        assert gp.probability(1.0) == 1.0

    def test_what_is_exact_is_certain(self):
        gp = spline(lambda t: (t - 1) ** 2, lambda t: 2 * (t - 1), [0.0, 1.0, 2.0, 3.0])
        assert [gp.probability(t) for t in (1.0, 2.0, 3.0)] == [1.0, 0.0, 0.0]

    @pytest.mark.parametrize(("var_f", "var_d"), [(0.0, 0.5), (0.5, 0.0)])
    def test_one_exact_kind_of_data_is_the_limit_of_little_noise(self, var_f, var_d):
        def chance(least):
            return spline(
                lambda t: -0.05 * t,
                lambda t: -0.25 if t else -1.0,
                [0.0, 1.0],
                max(var_f, least),
                max(var_d, least),
            ).probability(1.0)

        assert 0.5 < chance(0.0) < 0.98
        assert chance(0.0) == pytest.approx(chance(1e-8), rel=1e-3)

    def test_an_exact_value_is_expected_to_improve_by_what_it_is_lower(self):
        data = [0.0, 0.5, 1.0, 1.5, 2.0, 3.0]
        gp = spline(lambda t: (t - 1) ** 2, lambda t: 2 * (t - 1), data)
        for t in data:
            assert gp.expected_improvement(t, 0.5) == pytest.approx(max(0.5 - (t - 1) ** 2, 0.0), abs=1e-6)

    def test_limits_whose_product_underflows(self):
        """A quarter of the plane each, to the last digit."""
        for h in (1e-200, -1e-200):
            for k in (1e-200, -1e-200):
                assert bivariate_normal(h, k, 0.0) == pytest.approx(0.25, rel=1e-15)

    def test_infinite_limits(self):
        assert bivariate_normal(math.inf, math.inf, 0.5) == 1.0
        assert bivariate_normal(-math.inf, 1.0, 0.5) == bivariate_normal(-math.inf, math.inf, 0.5) == 0.0
