"""What the probabilistic search believes of a line, and the steps it takes of it."""

import math
from functools import cache
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest

from schedules import ProbabilisticLineSearch
from schedules.linesearch.base import Line
from tests.schedules.linesearch.lines import along, cubic, falling, parabola

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


class Noisy:
    """A bowl of two unequal axes whose values and gradients are noisy, with known deviations."""

    sampling, varies = "dynamic", True

    def __init__(self, seed, sigma_f=0.2, sigma_g=(0.3, 0.5)):
        self.normal, self.sigma_f, self.sigma_g = (
            np.random.default_rng(seed).normal,
            sigma_f,
            np.array(sigma_g),
        )

    def at(self, n):
        return self

    def sample(self, n, k):
        return self

    def stats(self, x):
        H = np.array([1.0, 3.0])
        f = 0.5 * (H * x * x).sum() + self.sigma_f * self.normal()
        g = H * x + self.sigma_g * self.normal(size=2)
        return SimpleNamespace(f=f, g=g, var_f=self.sigma_f**2, var_g=self.sigma_g**2)


def chance(t, data, c1, c2):
    """Probability of the Wolfe conditions at t."""
    from scipy.stats import multivariate_normal

    mean, V = joint([0.0, t], *data)
    A = np.array([[1.0, c1 * t, -1.0, 0.0], [0.0, -c2, 0.0, 1.0]])
    most = 2 * c2 * (abs(mean[1]) + 2 * math.sqrt(V[1, 1]))
    return multivariate_normal(A @ mean, A @ V @ A.T).cdf([math.inf, most], lower_limit=[0.0, 0.0])


def score(t, data, c1, c2):
    """Expected improvement on the lowest mean at a datum, times that probability."""
    from scipy.stats import norm

    lowest = min(joint([u], *data)[0][0] for u in data[0])
    (m, _), V = joint([t], *data)
    z = norm(m, math.sqrt(V[0, 0]))
    return ((lowest - m) * z.cdf(lowest) + V[0, 0] * z.pdf(lowest)) * chance(t, data, c1, c2)


def low_points(data):
    """Low points of the mean in each cell, or None."""
    for left, right in pairwise(sorted(data[0])):
        at = np.linspace(left, right, 3)
        slope = np.polynomial.Polynomial.fit(at, joint(list(at), *data)[0][1::2], 2)
        lows = [r.real for r in slope.roots() if not r.imag and slope.deriv()(r.real) > 0]
        yield next((low for low in lows if left < low < right), None)


def ought(data, search, reach):
    """Where a search ought to go after its newest look, why, and how far beyond its longest it would look."""
    newest, longest = data[0][-1], max(data[0])
    means = {t: joint([t], *data)[0][0] for t in data[0][1:]}
    good = [t for t in means if chance(t, data, search.c1, search.c2) > search.threshold]
    if newest in good:
        return newest, "converged", reach
    if len(means) == search.budget:
        return min(means, key=means.get), "budget", reach
    lows = list(low_points(data))
    if lows[0] is None and joint([0.0], *data)[0][1] > 0:
        return 0.01 * min(means), "uphill", reach
    if search.reference:
        good = [t for t in good if t < longest]
    if good:
        return min(good, key=means.get), "converged", reach
    beyond = longest + reach
    best = max([*filter(None, lows), beyond], key=lambda t: score(t, data, search.c1, search.c2))
    grows = best == beyond and (newest == longest or not search.reference)
    return best, "next", 2 * reach if grows else reach


def followed(search, line):
    """Follow a search from look to look, computing where it ought to go; return how it ought to end."""
    unit, beta, start = search.alpha0, abs(line.slope0), line.start
    scale = unit * beta
    noise = [start.var_f / scale**2, sum(line.d**2 * start.var_g) / beta**2]
    data = ([0.0], [0.0], [line.slope0 / beta], *noise)
    t, status, reach = 1.0, "next", 1.0
    for look in line.trials[1:]:
        assert status in ("next", "uphill"), "it looks on although it ought to end"
        assert look.alpha == pytest.approx(t * unit, rel=1e-6)
        if status == "uphill":
            return t * unit, status
        for column, value in zip(data, (t, (look.f - start.f) / scale, look.slope / beta), strict=False):
            column.append(value)
        t, status, reach = ought(data, search, reach)
    return t * unit, status


ENDS = {
    290: "converged",  # at the first look, after a longer one
    54: "converged",  # shorter, then twice longer, the second time less so for the published program
    77: "converged",  # at an older look, the longest, which the published program does not test again
    247: "uphill",  # three longer looks, a shorter one, and the mean rises
    316: "budget",  # shorter, longer, shorter, shorter
    425: "converged",  # two longer looks
    470: "converged",  # the last look that it may take
    504: "uphill",
    570: "converged",  # at an older look, or three looks later
    784: "converged",  # at the lowest of three older looks
    794: "converged",  # at the lower of two
}


@pytest.mark.parametrize("reference", [False, True])
@pytest.mark.parametrize("seed", ENDS)
def test_every_look_is_where_the_process_says(seed, reference):
    """And it ends where it ought to, and for that reason."""
    rng = np.random.default_rng(seed)
    search = ProbabilisticLineSearch(
        alpha0=float(rng.choice([0.25, 0.5, 1, 2])),
        c1=0.1,
        c2=0.4,
        threshold=float(rng.choice([0.3, 0.5, 0.7, 0.9])),
        budget=6,
        reference=reference,
    )
    x = np.array([1.0, -1.0]) * rng.choice([0.3, 1.0])
    noisy = Noisy(seed, rng.choice([0.1, 0.3, 1.0]))
    start = noisy.stats(x)
    line = Line(noisy, x, np.array([2.0, 0.5]) * start.g, start)
    found = search(line, None)
    alpha, status = followed(search, line)
    assert (found.alpha, found.status) == (pytest.approx(alpha, rel=1e-6), status)
    assert reference or status == ENDS[seed]


def one_look(search, f, slope, var_f, var_d):
    """Look once or more along a line with this value and slope ahead, and -1 at the start; noise as told."""

    class Told(Noisy):
        def stats(self, x):
            t = -x[0]
            return SimpleNamespace(f=f(t), g=np.array([-slope(t)]), var_f=var_f, var_g=np.array([var_d]))

    line = Line(Told(0), np.zeros(1), np.ones(1), Told(0).stats(np.zeros(1)))
    return search(line, None), line


def test_a_probability_has_to_exceed_the_threshold():
    def searched(threshold):
        search = ProbabilisticLineSearch(alpha0=1.0, threshold=threshold)
        found, line = one_look(search, lambda t: -0.3 * t, lambda t: 0.2 if t else -1.0, 0.01, 0.04)
        return found.n_f, line.belief.probability(1.0)

    _, p = searched(1e-3)
    assert 0.1 < p < 0.999
    assert searched(np.nextafter(p, 0.0)) == (1, p)
    assert searched(p)[0] > 1


def test_that_of_an_older_look_too():
    """The one of seed 290: a first look that becomes probable when a longer one has been seen."""

    def searched(threshold):
        noisy = Noisy(290, 0.1)
        x = np.array([0.3, -0.3])
        start = noisy.stats(x)
        line = Line(noisy, x, np.array([2.0, 0.5]) * start.g, start)
        found = ProbabilisticLineSearch(0.5, c1=0.1, c2=0.4, threshold=threshold, budget=6)(line, None)
        return found.alpha, found.n_f, line.belief.probability(0.5)

    alpha, looks, p = searched(0.5)
    assert (alpha, looks) == (0.5, 2)
    assert searched(np.nextafter(p, 0.0)) == (0.5, 2, p)
    assert searched(p)[1] > 2


def test_a_level_look_need_not_be_the_shortest():
    """Slopes are exact: -1 at 1, and 0 at 2, where it has not fallen by the 9/10 of 2 that c1 asks for."""
    search = ProbabilisticLineSearch(alpha0=1.0, c1=0.9, threshold=0.9)
    found, _ = one_look(search, lambda t: -min(t, 1.5), lambda t: 0.0 if t == 2 else -1.0, 0.01, 0.0)
    assert (found.alpha, found.status, found.n_f) == (2.0, "flat", 2)


@pytest.mark.parametrize("reference", [False, True])
def test_a_slope_that_is_level_but_unsure_is_flat_for_the_published_program_alone(reference):
    """Values are exact, so that they vary with no slope; slopes have a variance of 1/2.

    The slope seen at 1 is the one that makes the mean level there: the mean depends on it linearly.
    """

    def level(seen):
        return joint([1.0], [0.0, 1.0], [0.0, -0.02], [-1.0, seen], 0.0, 0.5)

    (at_0, at_1), V = [level(seen)[0][1] for seen in (0.0, 1.0)], level(0.0)[1]
    assert 1e-2 < V[1, 1] < 1
    assert abs(V[0, 1]) < 1e-9
    seen = at_0 / (at_0 - at_1)
    search = ProbabilisticLineSearch(alpha0=1.0, c1=0.9, threshold=0.9, reference=reference)
    found, _ = one_look(search, lambda t: -0.02 * t, lambda t: seen if t else -1.0, 0.0, 0.5)
    assert ((found.alpha, found.status, found.n_f) == (1.0, "flat", 1)) == reference


def tried(line):
    """Where it looked after its look at the start, which is for the variances."""
    assert line.trials[1].alpha == 0.0
    return [trial.alpha for trial in line.trials[2:]]


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


KEPT = {"alpha": 0.5, "mean": 0.25}


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
