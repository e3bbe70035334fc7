"""The first trial of a search."""

from typing import ClassVar

import numpy as np
import pytest

from optim import BFGS, LBFGS, SGD, ClipByNorm, ConjugateGradient, Newton, minimize
from problems import Quadratic, Rosenbrock
from schedules import (
    ExactSearch,
    Line,
    MoreThuente,
    StrongWolfe,
)
from schedules.linesearch.initial_step import first_trial
from stepsize.analysis.line_scan import line_of
from tests.schedules.linesearch.lines import parabola


class TestFirstTrial:
    """A line with phi(0) = 2 and slope -4, so d = g = 2."""

    def test_the_first_of_all_is_one_over_the_length_of_a_bare_gradient(self):
        assert first_trial("last", parabola(), None) == 0.5
        assert first_trial("last", parabola(0.25), None) == 1.0
        assert first_trial("last", parabola(d=4.0), None) == 1.0, "a direction with a length of its own"

    def test_the_first_decrease_expected_is_half_the_length_of_the_gradient(self):
        """1.01 * 2 * (|g|_2 / 2) / |g|_2^2, of g = (3, 4)."""
        line = Line(Quadratic([1.0, 1.0]), np.array([3.0, 4.0]), np.array([3.0, 4.0]))
        assert first_trial("decrease", line, None) == pytest.approx(1.01 / 5, rel=1e-15)
        assert first_trial("slope", line, None) == pytest.approx(1 / 7, rel=1e-15)
        assert first_trial("decrease", parabola(0.25), None) == 1.0
        assert first_trial("decrease", parabola(0.0, d=0.0), None) == 1.0
        assert first_trial("decrease", parabola(d=4.0), None) == 1.0, "a direction with a length of its own"

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

    @pytest.mark.parametrize("search", [ExactSearch, StrongWolfe, MoreThuente])
    def test_it_has_to_be_above_zero(self, search):
        search(first=1e-9)
        with pytest.raises(ValueError, match="first: got 0"):
            search(first=0.0)


def test_the_step_guesses_of_nocedal_and_wright():
    """Equation 3.60 and the rule above it save evaluations against always starting from 1."""
    bowl = Quadratic([1.0, 50.0], start=[1.0, 0.3])
    looks = {
        first: minimize(bowl, SGD(lr=StrongWolfe(c2=0.1, first=first)), steps=50).history.n_trials.mean()
        for first in (1.0, "decrease", "slope")
    }
    assert max(looks["decrease"], looks["slope"]) < looks[1.0]


class _Suggesting(ConjugateGradient, abstract=True):
    """Conjugate gradients, so that the same update is made, with suggestions of its own."""

    suggests: ClassVar = {"c2": 0.3, "first": "decrease"}


SUGGESTIBLE = pytest.mark.parametrize("search", [StrongWolfe, MoreThuente])


@SUGGESTIBLE
class TestWhatTheRuleSuggests:
    def visits(self, rule):
        return minimize(Rosenbrock(), rule, steps=15).history.x.tolist()

    def test_conjugate_gradients_suggest_a_fairly_exact_search_from_the_last_slope(self, search):
        told = ConjugateGradient(lr=search(c2=0.2, first="slope"))
        assert self.visits(ConjugateGradient(lr=search())) == self.visits(told)
        assert self.visits(ConjugateGradient(lr=search(c2=0.9, first="unit"))) != self.visits(told)

    def test_a_rule_of_ones_own_suggests_its_own(self, search):
        told = ConjugateGradient(lr=search(c2=0.3, first="decrease"))
        assert self.visits(_Suggesting(lr=search())) == self.visits(told)

    @pytest.mark.parametrize("rule", [BFGS, LBFGS, SGD, Newton])
    def test_where_nothing_is_suggested_it_is_that_of_newton_like_directions(self, search, rule):
        assert self.visits(rule(lr=search())) == self.visits(rule(lr=search(c2=0.9, first="unit")))

    def test_an_explicit_number_wins(self, search):
        half = search(c2=0.05)
        suited = half.suited_to(ConjugateGradient.suggests)
        assert (suited.c2, suited.first) == (0.05, "slope")
        suited = search(first=0.5).suited_to(ConjugateGradient.suggests)
        assert (suited.c2, suited.first) == (0.2, 0.5)

    def test_a_decrease_asked_for_that_is_larger_raises_c2(self, search):
        assert search(c1=0.3).suited_to(ConjugateGradient.suggests).c2 == 0.3
        assert search(c1=0.95).suited_to({}).c2 == 0.95
        line = parabola()
        assert search(c1=0.95, first=0.01)(line, None).status == "converged"

    def test_a_wrapper_hands_on_what_the_rule_inside_suggests(self, search):
        rule = ConjugateGradient(lr=search())
        assert self.visits(ClipByNorm(rule, 1e12)) == self.visits(rule)

    def test_what_is_written_down_is_what_was_said(self, search):
        rule = ConjugateGradient(lr=search())
        run = minimize(Rosenbrock(), rule, steps=3)
        assert repr(run.optimizer) == repr(rule) == f"ConjugateGradient(lr={search.__name__}())"
        assert type(rule).from_json(rule.to_json()) == rule
        assert repr(search(c2=0.9)) == f"{search.__name__}(c2=0.9)"

    def test_the_line_of_an_update_is_searched_as_the_run_did(self, search):
        run = minimize(Rosenbrock(), ConjugateGradient(lr=search()), steps=6)
        for n in range(6):
            line, found = line_of(run, n)
            assert found.alpha == run.history.lr[n]
            assert len(line.trials) - 1 == run.history.n_trials[n]


@pytest.mark.parametrize(("search", "most"), [(StrongWolfe, 3500), (MoreThuente, 2500)])
def test_conjugate_gradients_as_shipped_do_not_waste_evaluations(search, most):
    """Rosenbrock, d = 100: 6,450 evaluations when c2 was 0.9 for all rules; SciPy's CG takes 2,048."""

    def arrived(info):
        if np.linalg.norm(info.grad) <= 1e-5:
            raise StopIteration

    run = minimize(Rosenbrock(100), ConjugateGradient(lr=search()), steps=3000, callback=arrived)
    assert np.linalg.norm(run.jac) <= 1e-5
    assert run.nfev < most
