"""The first trial of a search."""

import pytest

from optim import SGD, minimize
from problems import Quadratic
from schedules import (
    ExactSearch,
    MoreThuente,
    StrongWolfe,
)
from schedules.linesearch.initial_step import first_trial
from tests.schedules.linesearch.lines import parabola


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
