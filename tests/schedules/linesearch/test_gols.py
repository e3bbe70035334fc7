"""Gradient-only searches: the hand cases, and the papers' claims on dynamic mini-batches (G1 to G4)."""

import math

import numpy as np
import pytest

from optim import SGD
from problems import MiniBatch, Parabola
from schedules import GOLSB, GOLSI, ExactSearch, ForwardBackward, GOLSBack, GOLSMax, Line
from stepsize.analysis.line_scan import local_minima, scan, sign_changes
from tests.schedules.linesearch.data import WHOLE, start, within
from tests.schedules.linesearch.lines import along, falling, looks, parabola, steps_of


def line():
    """The line with slope -1 + alpha."""
    return Line(Parabola(curvature=1.0), np.array([1.0]), np.array([1.0]))


@pytest.mark.parametrize(
    ("first", "step", "n_trials"),
    [(1e-3, 1.024, 11), (3.0, 0.75, 3), (1.5, 1.5, 1), (1.0, 1.0, 1), (2.0, 1.0, 2), (0.9, 1.8, 2)],
)
def test_gols_i_by_hand(first, step, n_trials):
    """G1: grow past the change of sign, shrink before it, accept a small positive slope or none at once."""
    found = GOLSI(max_length=100.0)(line(), {"alpha": first})
    assert (found.alpha, found.n_g) == (pytest.approx(step), n_trials)
    assert found.status == "converged"


def test_gols_i_at_its_bounds():
    """G1: it stops within the bounds and says so; the first step is the shortest, a last step is clipped."""
    found = GOLSI(max_length=0.5)(line(), {"alpha": 1e-3})
    assert found.status == "max_step"
    assert 0.25 < found.alpha <= 0.5
    assert GOLSI(max_length=0.5)(line(), {"alpha": 70.0}).alpha == 0.5
    found = GOLSI(max_length=10.0, alpha_min=1.9, c2=0.1)(line(), None)
    assert (found.alpha, found.status) == (1.9, "min_step")
    path = Line(Parabola(curvature=1.0), np.array([1.0]), np.array([1.0]))
    GOLSI()(path, None)
    assert path.trials[1].alpha == 1e-8


@pytest.mark.parametrize(
    ("search", "step"),
    [
        (GOLSMax(max_length=100.0), 2.048),  # grows from 1e-3 until the slope reaches 0.9
        (GOLSBack(max_length=64.0), 1.0),  # 64, 32, ..., 2 (slope 1 > 0.9), 1 (slope 0)
        (GOLSB(max_length=100.0), 1.0),
        (GOLSB(max_length=100.0, bracket="memory"), 1.0),
        (GOLSB(max_length=100.0, bracket="conservative"), 1.0),
    ],
    ids=repr,
)
def test_the_other_three_by_hand(search, step):
    assert search(line(), {"alpha": 1e-3}).alpha == pytest.approx(step, abs=1e-9)


def test_values_are_never_used():
    """The same slopes with senseless values give the same step."""

    class Nonsense(Parabola):
        def fun(self, x):
            return np.sin(1e9 * x[..., 0])

    for search in (GOLSI(), GOLSMax(), GOLSBack(), GOLSB()):
        for problem in (Parabola(curvature=1.0), Nonsense(curvature=1.0)):
            seen = Line(problem, np.array([0.01]), np.array([0.01]))
            alpha = search(seen, None).alpha
            assert alpha == search(Line(Parabola(curvature=1.0), seen.x, seen.d), None).alpha


def scans(size, sampling):
    """Ten lines from random weights down the full gradient, 101 points up to twice the exact step."""
    fractions = np.linspace(0, 2, 101)
    for seed in range(10):
        x = start(seed)
        d = WHOLE.grad(x)
        exact = ExactSearch(first=1.0)(Line(WHOLE, x, d), None).alpha
        batches = MiniBatch(WHOLE, size, sampling=sampling, replacement=True, rng=seed)
        yield fractions, *scan(batches, x, d, fractions * exact)


@pytest.mark.parametrize("size", [10, 100])
def test_a_third_of_all_points_are_local_minima_of_a_dynamic_line(size):
    """G2, Kafka and Wilke (2019): spread uniformly (deviation 0.577), whatever the batch; static has one.

    One third is theory: of three independent values the middle one is the smallest with that probability.
    """
    dynamic = [(a, local_minima(f)) for a, f, _ in scans(size, "dynamic")]
    share = np.mean([len(found) / 99 for _, found in dynamic])
    where = np.concatenate([a[found] for a, found in dynamic])
    assert 0.30 <= share <= 0.36
    assert 0.55 <= where.std() <= 0.59
    static = np.mean([len(local_minima(f)) / 99 for _, f, _ in scans(size, "static")])
    assert static <= 0.011


def test_sign_changes_are_few_and_gather_as_batches_grow():
    """G3, the reason to search for them: 12 to 16 in batches of 10, 6 to 9 in 100, and closer together."""
    spread, number = {}, {}
    for size in (10, 100):
        found = [a[sign_changes(s)] for a, _, s in scans(size, "dynamic")]
        number[size] = np.mean([len(where) for where in found])
        spread[size] = np.concatenate(found).std()
    assert 12 <= number[10] <= 16
    assert 6 <= number[100] <= 9
    assert 0.39 <= spread[10] <= 0.46
    assert 0.21 <= spread[100] <= 0.28
    for a, f, s in scans(100, "static"):
        assert len(sign_changes(s)) == len(local_minima(f)) == 1
        assert abs(a[sign_changes(s)][0] - a[local_minima(f)][0]) <= 0.021


def test_under_dynamic_sampling_values_collapse_where_slopes_do_not():
    """G4, Kafka and Wilke (2021): Armijo's steps fall by orders of magnitude below GOLS-I's, static not.

    What does *not* follow: that training fails. Final losses differ far less than steps, because rare long
    steps rescue Armijo.
    """
    ratio = {"dynamic": [], "static": []}
    looks = []
    for sampling, ratios in ratio.items():
        for seed in range(5):
            steps = []
            for search in (GOLSI(), ForwardBackward()):
                batches = MiniBatch(WHOLE, 50, sampling=sampling, rng=seed)
                least = {"dynamic": 1.6 if isinstance(search, GOLSI) else 4.0, "static": 2.4}[sampling]
                if sampling in search.suits:
                    run, n = within(batches, SGD(lr=search), start(seed), 1000, least)
                else:
                    with pytest.warns(UserWarning, match="ForwardBackward assumes 'static' sampling"):
                        run, n = within(batches, SGD(lr=search), start(seed), 1000, least)
                steps.append(np.median(run.history.lr[:n]))
                if sampling == "dynamic" and isinstance(search, GOLSI):
                    looks.append(run.history.n_trials[:n].mean())
            ratios.append(steps[0] / steps[1])
    assert np.median(ratio["dynamic"]) >= 1e3
    assert 0.8 <= np.median(ratio["static"]) <= 1.4
    assert 1.6 <= np.median(looks) <= 2.5


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
