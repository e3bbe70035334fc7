"""Grippo, Lampariello and Lucidi's search: by hand, and with Barzilai and Borwein's first trial."""

import math

import numpy as np
import pytest

from optim import SGD, minimize
from problems import Quadratic
from schedules import (
    GrippoLamparielloLucidi,
)
from tests.schedules.linesearch.lines import along, falling, parabola


class TestNonmonotone:
    def test_where_it_ends_in_vain(self):
        rising = along(lambda t: abs(t), falling)
        found = GrippoLamparielloLucidi()(rising, None)
        assert (found.status, found.carry["values"]) == ("min_step", [0.0])
        wall = along(lambda t: math.inf if t else 0.0, falling)
        assert GrippoLamparielloLucidi()(wall, None).status == "nonfinite"

    def test_the_worst_of_the_last_values_is_enough(self):
        """At alpha = 2.2, phi is 2.88: above phi(0) = 2, below the 3 of an earlier point."""
        carry = {"values": [3.0], "x": np.array([4.2]), "g": np.array([4.2 - 1.0])}
        line = parabola()
        found = GrippoLamparielloLucidi()(line, carry)
        s, y = 2.0 - 4.2, 2.0 - 3.2
        assert line.trials[1].alpha == pytest.approx(s * s / (s * y)), "Barzilai and Borwein's long step"
        assert found.alpha == line.trials[1].alpha
        assert found.carry["values"] == [3.0, 2.0]
        strict = GrippoLamparielloLucidi(memory=1)(parabola(), carry)
        assert strict.carry["values"] == [2.0]

    def test_the_first_trial(self):
        line = parabola()
        GrippoLamparielloLucidi()(line, None)
        assert line.trials[1].alpha == 0.5, "one over the largest component"
        line = parabola(d=4.0)
        GrippoLamparielloLucidi()(line, None)
        assert line.trials[1].alpha == 1.0, "a direction with a length of its own"


def test_barzilai_borwein_steps_converge_superlinearly_in_two_dimensions():
    """Barzilai and Borwein (1988): R-superlinear for d = 2. diag(1, 10) needs 9 updates to round-off."""
    run = minimize(Quadratic([1.0, 10.0], start=[1.0, 1.0]), SGD(lr=GrippoLamparielloLucidi()), steps=9)
    assert run.history.grad_norm[-1] <= 1e-14
    four = Quadratic([20.0, 10.0, 2.0, 1.0], start=np.ones(4))
    run = minimize(four, SGD(lr=GrippoLamparielloLucidi()), steps=20)
    assert run.history.grad_norm[-1] <= 1e-10
    assert (np.diff(run.history.fun) > 0).any(), "it climbs now and then: decrease must never be asserted"


def test_memory_one_is_armijos_condition_and_slower():
    """Raydan (1997): to demand a decrease at every update costs the Barzilai-Borwein step its speed."""
    bowl = Quadratic([1000.0, 300.0, 30.0, 1.0], start=np.ones(4))
    monotone, free = (
        minimize(bowl, SGD(lr=GrippoLamparielloLucidi(memory=m)), steps=400).settled(1e-10) for m in (1, 10)
    )
    assert free < monotone
