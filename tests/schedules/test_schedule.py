"""The contract of a schedule: what is taken for one, and what it may drive."""

import math

import numpy as np
import pytest

import stepsize as ss
from optim import SGD
from schedules import (
    Armijo,
    Constant,
    FromFunction,
    Plateau,
    as_schedule,
)
from tests.instances import SCHEDULES, name_of


@pytest.mark.parametrize("schedule", SCHEDULES, ids=name_of)
def test_no_updates_have_no_rates(schedule):
    assert schedule(np.zeros((0, 1, 1), int)).shape[0] == 0


class TestWhatIsTakenForASchedule:
    @pytest.mark.parametrize("given", [0.5, 1, np.float64(0.5), np.array([0.5, 0.25])])
    def test_numbers(self, given):
        assert as_schedule(given) == Constant(given)

    def test_schedules_and_functions(self):
        assert as_schedule(Constant(0.5)) == Constant(0.5)
        assert as_schedule(math.sqrt) == FromFunction(math.sqrt)
        assert Constant(0.5).then(math.sqrt, at=2).table(7).tolist() == [
            0.5,
            0.5,
            0.0,
            1.0,
            *np.sqrt([2, 3, 4]),
        ]

    @pytest.mark.parametrize(
        "given", [True, "0.1", None, Plateau(0.1), SGD(lr=0.1), Armijo(), Constant, float]
    )
    def test_nothing_else(self, given):
        with pytest.raises(
            TypeError, match="expected a schedule, a number or a function of the update index n"
        ):
            as_schedule(given)

    def test_nor_what_says_that_it_answers_to_the_run(self):
        answering = type("Answering", (), {"kind": "feedback", "__call__": lambda _, n: 0.1 * n})()
        with pytest.raises(TypeError, match="expected a schedule, a number or a function"):
            as_schedule(answering)

    @pytest.mark.parametrize("other", [math.sqrt, "0.1", None, True, Plateau])
    def test_what_may_not_be_added(self, other):
        with pytest.raises(TypeError):
            Constant(0.5) + other


def test_a_schedule_may_drive_any_hyperparameter():
    """Momentum switched off at update 5: from there each step is -lr g."""
    opt = ss.Momentum(lr=1e-3, momentum=ss.Constant(0.9).then(0.0, at=5))
    run = ss.minimize(ss.Rosenbrock(), opt, steps=8)
    late = run.history.x[5:8]
    np.testing.assert_allclose(
        np.diff(run.history.x, axis=0)[5:], -1e-3 * ss.Rosenbrock().grad(late), rtol=1e-9
    )
