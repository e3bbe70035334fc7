"""The Gaussian process along a line against integrals over the Wiener process that it is made of.

f'(t) is a Wiener process that starts at -10 from 0, and f its integral. So the covariances of f and f' at two
places are integrals over where the process was pushed, and what is believed after noisy data follows from
them by one linear system. The formulas of `SplinePosterior` are not used."""

import math
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from schedules.linesearch.bivariate_normal import bivariate_normal
from schedules.linesearch.integrated_wiener import SplinePosterior

NODES, WEIGHTS = np.polynomial.legendre.leggauss(3)  # exact for the products of two straight lines


@cache
def covariance(a, b):
    """Of (f, f') at a with (f, f') at b: a push at s moves f(a) by a - s and f'(a) by 1."""
    length = min(a, b) + 10.0
    s = -10.0 + length * (NODES + 1) / 2
    at_a, at_b = np.array([a - s, np.ones(3)]), np.array([b - s, np.ones(3)])
    return (at_a * WEIGHTS * length / 2) @ at_b.T


def joint(places, t, y, dy, var_f, var_d):
    """Mean and covariance of f and f' at all places, given the data."""

    def between(rows, columns):
        return np.block([[covariance(a, b) for b in columns] for a in rows])

    gram = between(t, t) + np.diag([var_f, var_d] * len(t))
    known = np.linalg.solve(gram, between(t, places)).T
    mean = known @ np.stack([y, dy], axis=1).ravel()
    return mean, between(places, places) - known @ between(t, places)


DATA = {
    "one": ([0.0], [0.0], [-1.0], 0.02, 0.3),
    "two": ([0.0, 1.0], [0.0, -0.4], [-1.0, 0.2], 0.01, 0.04),
    "no order": ([0.0, 2.0, 0.75, 4.0], [0.0, -0.2, -0.5, 1.5], [-1.0, 0.8, -0.1, 1.2], 0.05, 0.2),
    "short": ([0.0, 0.01, 0.03, 0.02], [0.0, -0.1, 0.2, 0.05], [-1.0, -0.9, 0.1, -1.1], 0.5, 0.1),
    "uphill": ([0.0, 1.0, 0.5], [0.0, 1.2, 0.5], [1.0, 0.9, 1.3], 0.002, 0.6),
}  # fmt: skip


PLACES = (0.005, 0.3, 1.0, 1.7, 6.0)


every = pytest.mark.parametrize("data", DATA.values(), ids=list(DATA))


@every
def test_mean_and_covariance(data):
    gp = SplinePosterior(*data)
    for t in (0.0, *PLACES):
        mean, V = joint([t], *data)
        found, found_V, _ = gp.posterior(t)
        np.testing.assert_allclose(found, mean, rtol=1e-9, atol=1e-10)
        np.testing.assert_allclose(found_V, V, rtol=1e-9, atol=1e-10)
        assert [gp.mean(t), gp.slope(t)] == pytest.approx(found, rel=1e-12, abs=1e-12)


@every
def test_the_probability_is_that_of_mahsereci_and_hennig_s_constants(data):
    """c1 = 0.05 and c2 = 0.5, section 3.4 of their paper."""
    gp = SplinePosterior(*data)
    assert gp.probability(1.7) == gp.probability(1.7, 0.05, 0.5)


@every
@pytest.mark.parametrize("c1", [0.05, 0.3])
@pytest.mark.parametrize("c2", [0.5, 0.9])
def test_the_probability_of_the_wolfe_conditions(data, c1, c2):
    """Of two normal variables, a >= 0 and 0 <= b <= most, by SciPy's integration over a rectangle."""
    from scipy.stats import multivariate_normal

    gp = SplinePosterior(*data)
    for t in PLACES:
        mean, V = joint([0.0, t], *data)
        A = np.array([[1.0, c1 * t, -1.0, 0.0], [0.0, -c2, 0.0, 1.0]])
        most = 2 * c2 * (abs(mean[1]) + 2 * math.sqrt(V[1, 1]))
        normal = multivariate_normal(A @ mean, A @ V @ A.T)
        expected = normal.cdf([math.inf, most], lower_limit=[0.0, 0.0])
        assert gp.probability(t, c1, c2) == pytest.approx(expected, abs=1e-7)


@every
def test_the_expected_improvement(data):
    """The integral of how far f(t) is below the best, times its density."""
    from scipy.integrate import quad

    gp = SplinePosterior(*data)
    for t in PLACES:
        (m, _), V = joint([t], *data)
        s = math.sqrt(V[0, 0])
        for best in (m - s, m + 2.5 * s):

            def below(u, m=m, s=s, best=best):
                return (best - m - s * u) * math.exp(-u * u / 2) / math.sqrt(2 * math.pi)

            expected, _ = quad(below, -40.0, (best - m) / s, epsabs=1e-13, epsrel=1e-10, points=[-3.0])
            assert gp.expected_improvement(t, best) == pytest.approx(expected, rel=1e-6)


@every
def test_the_low_point_of_every_cell(data):
    """Inside a cell the mean slope is a parabola: three of its values tell where it rises through zero."""
    gp, places = SplinePosterior(*data), sorted(data[0])
    for left, right in pairwise(places):
        at = np.linspace(left, right, 3)
        slope = np.polynomial.Polynomial.fit(at, joint(list(at), *data)[0][1::2], 2)
        lows = [r.real for r in slope.roots() if not r.imag and slope.deriv()(r.real) > 0]
        inside = [low for low in lows if left < low < right]
        assert gp.low_point(left, right) == (pytest.approx(inside[0], rel=1e-6) if inside else None)


@pytest.mark.parametrize(("c1", "var_f", "var_d"), [(0.5, 0.5, 0.0), (0.5, 0.5, 1e-10), (1e-5, 0.0, 0.5)])
def test_a_condition_that_is_certain_leaves_the_other_to_chance(c1, var_f, var_d):
    """With exact slopes that of the slope holds; with exact values and hardly a c1 that of the value."""
    from scipy.stats import norm

    data = [0.0, 1.0], [0.0, -0.05], [-1.0, -0.3], var_f, var_d
    mean, V = joint([0.0, 1.0], *data)
    if var_f:
        w = np.array([1.0, c1, -1.0, 0.0])
        expected = norm.cdf((w @ mean) / math.sqrt(w @ V @ w))
    else:
        w = np.array([0.0, -0.5, 0.0, 1.0])
        b = norm(w @ mean, math.sqrt(w @ V @ w))
        expected = b.cdf(abs(mean[1]) + 2 * math.sqrt(V[1, 1])) - b.cdf(0.0)
    assert 0.3 < expected < 0.9
    assert SplinePosterior(*data).probability(1.0, c1, 0.5) == pytest.approx(expected, abs=1e-4)


def chance(t, data, c1, c2):
    """Probability of the Wolfe conditions at t."""
    from scipy.stats import multivariate_normal

    mean, V = joint([0.0, t], *data)
    A = np.array([[1.0, c1 * t, -1.0, 0.0], [0.0, -c2, 0.0, 1.0]])
    most = 2 * c2 * (abs(mean[1]) + 2 * math.sqrt(V[1, 1]))
    return multivariate_normal(A @ mean, A @ V @ A.T).cdf([math.inf, most], lower_limit=[0.0, 0.0])


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
