"""StrongWolfe along lines that can be computed by hand."""

import math

import numpy as np
import pytest

from optim import BFGS, Momentum, minimize
from problems import Parabola, Problem, Quadratic, Rosenbrock
from schedules import (
    Armijo,
    GrippoLamparielloLucidi,
    HagerZhang,
    Line,
    StrongWolfe,
)
from schedules.linesearch import wolfe
from schedules.linesearch.interpolation import cubic_low, parabola_low
from schedules.linesearch.wolfe import _between
from tests.schedules.linesearch.lines import along, cubic, falling, looks, parabola, steps_of
from tests.schedules.linesearch.more_thuente import FIRST, TABLES


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
            assert cubic_low(line.both(a), line.both(b)) == pytest.approx((1 + math.sqrt(13)) / 6, rel=1e-12)

    def test_the_parabola_of_one_slope_finds_the_low_point_of_a_parabola(self):
        """Of phi = 2 (1 - t)^2, and never that of a hill."""
        line = parabola()
        for a, b in ((0.0, 3.0), (0.5, 0.25), (3.0, 0.5)):
            assert parabola_low(line.both(a), line.both(b)) == pytest.approx(1.0)
        hill = along(lambda t: -t * t, lambda t: -2 * t)
        assert parabola_low(hill.both(1.0), hill.both(2.0)) is None
        wall = along(lambda t: t if t < 1 else math.inf, lambda t: 1.0 + 0 * t)
        assert parabola_low(wall.both(0.5), wall.both(2.0)) is None

    def test_cubics_without_a_low_point(self):
        """(t - 1)^3 and a cubic with slope -(1 - 3 t)^2 are level at one point; slopes past all measure."""
        line = cubic(-1.0, 3.0, -3.0, 1.0)
        assert cubic_low(line.both(0.0), line.both(2.0)) is None
        assert cubic_low(line.both(1.5), line.both(1.5)) is None
        line = cubic(0.0, -1.0, 3.0, -3.0)
        assert cubic_low(line.both(0.0), line.both(1.0)) == pytest.approx(1 / 3, rel=1e-15)
        steep = along(lambda t: t, lambda t: 1e200 * (t - 1))
        assert cubic_low(steep.both(0.0), steep.both(2.0)) is None

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


CASES = [
    (name, first, count) for name, row in TABLES.items() for first, count in zip(FIRST, row[3], strict=True)
]


@pytest.mark.parametrize(("name", "first", "count"), CASES)
def test_the_six_functions_are_those_of_more_and_thuente(name, first, count):
    """MINPACK's own routine, which SciPy carries, needs the evaluations printed in Tables I to VI (1994)."""
    from scipy.optimize._dcsrch import DCSRCH

    problem, mu, eta, _ = TABLES[name]
    calls = []

    def phi(alpha):
        calls.append(alpha)
        return float(problem.fun(np.array([alpha])))

    def slope(alpha):
        return float(problem.grad(np.array([alpha]))[0])

    start = float(problem.fun(np.zeros(1)))
    DCSRCH(phi, slope, mu, eta, 1e-15, 0.0, 1e10)(first, phi0=start, derphi0=slope(0.0), maxiter=100)
    assert len(calls) == count


def line_of(name):
    problem, mu, eta, _ = TABLES[name]
    return Line(problem, np.zeros(1), -np.ones(1)), mu, eta


def is_strong_wolfe(line, trial, c1, c2):
    return trial.f <= line.phi0 + c1 * trial.alpha * line.slope0 and abs(trial.slope) <= -c2 * line.slope0


@pytest.mark.parametrize(("name", "first", "count"), CASES)
def test_strong_wolfe_on_all_24_problems_of_more_and_thuente(name, first, count):
    """D1, "Line search algorithms with guaranteed sufficient decrease": each case ends strong Wolfe."""
    line, mu, eta = line_of(name)
    found = StrongWolfe(c1=mu, c2=eta, first=first)(line, None)
    assert found.status == "converged"
    assert is_strong_wolfe(line, line.trials[-1], mu, eta)
    assert line.trials[-1].alpha == found.alpha


def test_without_the_tie_rule_one_of_the_24_fails(monkeypatch):
    """Table II from 10 asks for a slope of 5e-8, where values differ by round-off only (23 of 24)."""
    monkeypatch.setattr(wolfe, "_is_higher", lambda trial, low: trial.f >= low.f)
    failed = []
    for name, first, _ in CASES:
        line, mu, eta = line_of(name)
        if StrongWolfe(c1=mu, c2=eta, first=first)(line, None).status != "converged":
            failed.append((name, first))
    assert failed == [("5.2", 10.0)]


def test_bfgs_with_strong_wolfe_on_rosenbrock():
    """Nocedal and Wright, table 6.1: 34 iterations to a gradient of 1e-5; here from 30 to 40."""
    run = minimize(Rosenbrock(), BFGS(lr=StrongWolfe()), steps=60)
    first = int(np.argmax(run.history.grad_norm <= 1e-5))
    assert 30 <= first <= 40


def test_strong_wolfe_conditions_hold_on_random_smooth_lines():
    """With c2 = 0.01, where SciPy's zoom fails now and then because its interval has a sign (scipy#13695)."""
    rng = np.random.default_rng(8)
    for _ in range(300):
        a, b, w, p = rng.uniform(0.1, 3), rng.uniform(0, 2), rng.uniform(0.5, 6), rng.uniform(0, 6)

        def fun(x, a=a, b=b, w=w, p=p):
            return float(a * x[0] * x[0] / 2 - x[0] + b * math.sin(w * x[0] + p))

        def grad(x, a=a, b=b, w=w, p=p):
            return a * x - 1 + b * w * np.cos(w * x + p)

        problem = Problem.of(fun, grad, x0=[0.0])
        line = Line(problem, np.zeros(1), grad(np.zeros(1)))
        found = StrongWolfe(c2=0.01, first=float(rng.uniform(0.01, 10)))(line, None)
        assert found.status == "converged"
        assert is_strong_wolfe(line, line.trials[-1], 1e-4, 0.01)


def test_a_longest_step_is_respected():
    line = Line(Parabola(curvature=2.0), np.array([3.0]), np.array([6.0]))
    found = StrongWolfe(first=0.01, alpha_max=0.02)(line, None)
    assert (found.alpha, found.status) == (0.02, "max_step")


def test_a_direction_with_momentum_is_searched_as_it_is():
    """The step is along the velocity: x_{t+1} = x_t - alpha m_t, with m of the rule."""
    bowl = Quadratic([1.0, 20.0])
    run = minimize(bowl, Momentum(lr=StrongWolfe(), momentum=0.7), steps=6)
    m = np.zeros(2)
    for n in range(6):
        m = 0.7 * m + bowl.grad(run.history.x[n])
        assert np.array_equal(run.history.x[n + 1], run.history.x[n] - run.history.lr[n] * m)
