"""Piecewise-constant and interpolated schedules: at which update a value changes."""

import numpy as np

import stepsize as ss
from schedules import (
    Interpolated,
)


def test_before_its_first_point_a_line_is_level():
    assert Interpolated([2, 4], [1.0, 3.0]).table(6).tolist() == [1.0, 1.0, 1.0, 2.0, 3.0, 3.0]


def test_the_two_step_decays_drop_one_update_apart():
    n = np.arange(40)
    half_open, early = ss.StepDecay(1.0, 0.5, 10)(n), ss.EarlyStepDecay(1.0, 0.5, 10)(n)
    assert np.flatnonzero(np.diff(half_open)).tolist() == [9, 19, 29], (
        "the first lower value is at 10, 20, 30"
    )
    assert np.flatnonzero(np.diff(early)).tolist() == [8, 18, 28, 38], "at 9, 19, 29, 39"
    assert np.array_equal(early[:-1], half_open[1:])
