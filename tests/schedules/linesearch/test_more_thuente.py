"""MoreThuente: its published tables, SciPy's carrying of MINPACK's routine, and lines computed by hand."""

import math

import numpy as np
import pytest
from scipy.optimize._dcsrch import DCSRCH

from schedules import Line, MoreThuente
from tests.schedules.linesearch.lines import along, falling, looks, parabola, steps_of
from tests.schedules.linesearch.more_thuente import FIRST, TABLES

CASES = [
    (name, first, count) for name, row in TABLES.items() for first, count in zip(FIRST, row[3], strict=True)
]
# Tables I to VI of the paper: the steps found, and the slopes there. Those of 5.2 are round-off.
STEPS = {
    "5.1": (1.4, 1.4, 10, 37),
    "5.2": (1.6, 1.6, 1.6, 1.6),
    "5.3": (1.0, 1.0, 1.0, 1.0),
    "5.4": (0.08, 0.10, 0.35, 0.83),
    "5.5": (0.075, 0.078, 0.073, 0.076),
    "5.6": (0.93, 0.93, 0.92, 0.92),
}
SLOPES = {
    "5.1": (-9.2e-3, 4.7e-3, 9.4e-3, 7.3e-4),
    "5.3": (-5.1e-5, -1.9e-4, -2.0e-6, -1.6e-5),
    "5.4": (-6.9e-5, -4.9e-5, -2.9e-6, 1.6e-5),
    "5.5": (1.9e-4, 7.4e-4, -2.6e-4, 4.5e-4),
    "5.6": (5.2e-4, 8.4e-5, -2.4e-4, -3.2e-4),
}


def searched(name, first):
    problem, mu, eta, _ = TABLES[name]
    line = Line(problem, np.zeros(1), -np.ones(1))
    return line, MoreThuente(c1=mu, c2=eta, first=first)(line, None)


@pytest.mark.parametrize(("name", "first", "count"), CASES)
def test_the_evaluations_are_those_printed(name, first, count):
    """Section 5, tables I to VI: 24 searches, each with the printed number of evaluations."""
    line, found = searched(name, first)
    assert (found.status, found.n_f, found.n_g, looks(line)) == ("converged", count, count, count)


@pytest.mark.parametrize(("name", "first", "count"), CASES)
def test_steps_and_slopes_are_those_printed(name, first, count):
    """To the two digits of the tables; 0.08 stands there for 0.085."""
    line, found = searched(name, first)
    at = FIRST.index(first)
    assert found.alpha == pytest.approx(STEPS[name][at], rel=0.07)
    if name in SLOPES:
        assert float(f"{line.trials[-1].slope:.1e}") == SLOPES[name][at]
    else:
        assert abs(line.trials[-1].slope) <= 5.1e-8


def wave(rng):
    """A random smooth line that falls at its start and is bounded from below."""
    a, b, w, p = rng.uniform(0.1, 3), rng.uniform(0, 2), rng.uniform(0.5, 6), rng.uniform(0, 6)

    def phi(t):
        return a * t * t / 2 - t + b * math.sin(w * t + p)

    def slope(t):
        return a * t - 1 + b * w * math.cos(w * t + p)

    return phi, slope


def _noting(phi, trials):
    """Return the function, which now writes down where it is evaluated."""
    return lambda t: trials.append(t) or phi(t)


@pytest.mark.parametrize("c2", [0.01, 0.4, 0.9])
def test_every_trial_is_that_of_scipy(c2):
    """On 400 random smooth lines, trial by trial; SciPy carries the authors' own routine."""
    rng = np.random.default_rng(11)
    compared = 0
    for _ in range(400):
        phi, slope = wave(rng)
        first = 10 ** rng.uniform(-2, 1)
        if slope(0.0) >= 0:
            continue
        theirs = []
        search = DCSRCH(
            lambda t, phi=phi, theirs=theirs: theirs.append(t) or phi(t), slope, 1e-4, c2, 0.0, 0.0, 1e10
        )
        search(first, phi0=phi(0.0), derphi0=slope(0.0), maxiter=100)
        line = along(phi, slope)
        found = MoreThuente(c2=c2, first=first)(line, None)
        assert found.status == "converged"
        np.testing.assert_allclose(steps_of(line), theirs, rtol=1e-6)
        compared += 1
    assert compared > 150


class TestHowItEnds:
    def test_a_wall_is_halved_away_from_and_then_approached(self):
        """t^2/2 - 2 t up to 1: from 0.5 the secant would go to 2; 0.66 of the way to the wall is the most."""
        line = along(lambda t: t * t / 2 - 2 * t if t < 1 else math.inf, lambda t: t - 2)
        found = MoreThuente(first=4.0, c2=0.1, max_trials=5)(line, None)
        assert steps_of(line) == pytest.approx([4.0, 2.0, 1.0, 0.5, 0.83])
        assert (found.alpha, found.status) == (pytest.approx(0.83), "nonfinite")
        wall = along(lambda t: math.inf if t else 0.0, falling)
        found = MoreThuente()(wall, None)
        assert (found.alpha, found.status) == (0.0, "nonfinite")

    @pytest.mark.parametrize("wall", [0.7, 0.6, 0.9])
    def test_a_wall_is_approached_until_nothing_lies_before_it(self, wall):
        line = along(lambda t: -t if t < wall else math.inf, falling)
        found = MoreThuente(max_trials=200)(line, None)
        assert found.alpha == pytest.approx(wall, rel=1e-14)
        assert (found.alpha < wall, found.status) == (True, "nonfinite")
        assert looks(line) < 80

    def test_a_line_that_falls_for_ever_is_followed_until_the_budget_ends(self):
        """Each trial goes on by 4 times the last distance: 1, 5, 21, 85."""
        line = along(lambda t: -t, falling)
        found = MoreThuente(first=1.0, max_trials=4)(line, None)
        assert steps_of(line) == [1.0, 5.0, 21.0, 85.0]
        assert (found.alpha, found.status) == (85.0, "budget")

    def test_a_longest_step_is_respected(self):
        line = along(lambda t: -t, falling)
        found = MoreThuente(first=1.0, alpha_max=7.0)(line, None)
        assert steps_of(line) == [1.0, 5.0, 7.0]
        assert (found.alpha, found.status) == (7.0, "max_step")
        line = along(lambda t: -t, falling)
        assert MoreThuente(first=9.0, alpha_max=7.0)(line, None).alpha == 7.0

    def test_a_longest_step_behind_the_low_point_changes_nothing(self):
        free, bounded = parabola(), parabola()
        MoreThuente(first=0.1, c2=0.01)(free, None)
        MoreThuente(first=0.1, c2=0.01, alpha_max=2.0)(bounded, None)
        assert steps_of(free) == steps_of(bounded)

    def test_what_only_rises_is_left_alone(self):
        """The slope lies: the values rise from the start, down to the last digit."""
        line = along(lambda t: abs(t), falling)
        found = MoreThuente(max_trials=5)(line, None)
        assert (found.alpha, found.status, looks(line)) == (0.0, "min_step", 5)

    def test_a_jump_is_closed_in_on(self):
        """-t below 5 and high from there on, always falling: until nothing lies between."""
        line = along(lambda t: -t if t < 5 else 10.0, falling)
        found = MoreThuente(max_trials=300)(line, None)
        assert (found.alpha, found.status) == (pytest.approx(5.0, rel=1e-14), "budget")
        assert looks(line) < 100

    def test_slopes_past_all_measure_are_halved(self):
        """Where the cubic overflows the middle is taken."""
        line = along(lambda t: (t - 0.3) ** 2, lambda t: 1e200 * (t - 0.3))
        found = MoreThuente(first=1.0, c1=1e-250, c2=0.1)(line, None)
        assert found.status == "converged"
        assert abs(found.alpha - 0.3) <= 0.03

    def test_both_conditions_hold_with_equality(self):
        line = along(lambda t: -0.25 if t else 0.0, lambda t: -0.5 if t else -1.0)
        found = MoreThuente(first=1.0, c1=0.25, c2=0.5)(line, None)
        assert (found.alpha, found.status, steps_of(line)) == (1.0, "converged", [1.0])

    def test_the_step_is_remembered_for_the_next_search(self):
        line = parabola()
        found = MoreThuente(first="last")(line, {"alpha": 0.75, "f": 3.0, "slope": -9.0})
        assert steps_of(line) == [0.75]
        assert found.carry == {"alpha": 0.75, "f": 2.0, "slope": -4.0}
