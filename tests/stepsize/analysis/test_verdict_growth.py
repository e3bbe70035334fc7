"""Growth and falls without end on small courses: each comparison from both sides."""

import numpy as np
import pytest

from stepsize.analysis.unsettled import _falls_without_end, _grows
from tests.stepsize.analysis.traces_by_hand import among, filled, holds, windows

EPS = float(np.finfo(float).eps)


# --- growing, and falling without end


def grows(fun, *, noisy=False, **facts):
    course, w = windows(fun, noisy=noisy, **facts)
    return holds(_grows, course, w)


def stairs(tread, count, top=20.0):
    """Return 101 losses that climb `count` stairs of so many rows up to the end, after a bump."""
    steps = np.repeat(top - np.arange(count)[::-1], tread)
    return np.concatenate([np.zeros(101 - len(steps) - 12), np.full(12, top - 1.5), steps])


def test_growth_is_seen_in_every_half_window():
    fun = stairs(12, 4)
    assert grows(fun)
    level = fun.copy()
    level[-24:-12] = level[-36:-24]
    assert not grows(level)
    assert not grows(fun, noisy=True), "in eighths of the later half it stands still"
    assert grows(stairs(6, 8), noisy=True)


@pytest.mark.parametrize(
    ("fun", "told"),
    [
        ([1.0, 1.0, 1.0, 1.0, 2.0, 3.0, 4.0, 5.0], True),
        ([1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 4.0, 5.0], False),
        ([1.0, 2.0, 3.0], True),
        ([3.0, 1.0, 2.0], False),
        ([1.0, 2.0], True),
    ],
)
def test_a_short_run_grows_from_point_to_point(fun, told):
    assert grows(fun) is told


@pytest.mark.parametrize(("start", "told"), [(19.0, True), (19.5, False), (19.6, False), (20.1, False)])
def test_growth_must_end_above_the_start(start, told):
    """By more than rounding hides: 0.5 of 20."""
    fun = stairs(12, 4)
    fun[0] = start
    assert grows(fun, floor=np.array([0.5])) is told


@pytest.mark.parametrize(
    ("low", "before", "told"),
    [(0.0, 19.0, True), (-2.0, 19.0, False), (-1.0, 19.0, False), (-0.9, 19.0, True)],
)
def test_growth_is_a_twentieth_of_the_swing_before(low, before, told):
    """By 1 from 19 to 20, where the swing of the window before is 19 - low: a twentieth of it at most."""
    fun = np.concatenate([np.zeros(53), filled((before - 0.5, 12), (before, 12), (19.5, 12), (20.0, 12))])
    fun[30] = 90.0
    fun[70] = low
    assert grows(fun) is told
    assert grows(fun, floor=np.array([0.99])) is told
    assert grows(fun, floor=np.array([1.0])) is False


def test_a_twentieth_of_a_small_swing_is_small():
    fun = np.concatenate([np.zeros(53), filled((0.18, 12), (0.2, 12), (0.22, 12), (0.24, 12))])
    assert grows(fun)


def falls(fun, norm=None, *, climb=None, **facts):
    updates = len(fun) - 1
    course, w = windows(
        fun, grad_norm=np.ones(updates + 1) if norm is None else norm, **{"minimum": np.nan} | facts
    )
    climbed = among(np.zeros((updates, 1), bool))
    if climb is not None:
        climbed[climb] = True
    return holds(_falls_without_end, course, climbed, w)


@pytest.mark.parametrize(("last", "told"), [(999.0, True), (998.0, False), (1001.0, True)])
def test_it_falls_by_no_less_than_before(last, told):
    """By 1000 from row 50 to row 75, and by this to row 100, with a few rows between."""
    fun = np.interp(np.arange(101), [0, 50, 52, 73, 75, 100], [900, 0, -100, -900, -1000, -1000 - last])
    assert falls(fun) is told


@pytest.mark.parametrize(("updates", "told"), [(1, False), (2, True), (3, True), (5, True), (100, True)])
def test_two_updates_are_enough_to_fall(updates, told):
    assert falls(-np.arange(updates + 1.0)) is told


@pytest.mark.parametrize(("floor", "told"), [(24.9, True), (25.0, False)])
def test_a_fall_within_rounding_is_none(floor, told):
    assert falls(-np.arange(101.0), floor=np.array([floor])) is told


@pytest.mark.parametrize(("update", "told"), [(49, True), (50, False), (99, False), (0, True)])
def test_no_late_update_may_climb(update, told):
    assert falls(-np.arange(101.0), climb=update) is told


@pytest.mark.parametrize(("minimum", "told"), [(-101.0, False), (-100.0, True), (-99.5, True)])
def test_no_minimum_may_be_below_its_end(minimum, told):
    assert falls(-np.arange(101.0), minimum=minimum) is told


@pytest.mark.parametrize(("row", "told"), [(53, True), (54, False), (70, False), (102, False)])
def test_the_gradient_never_shrinks_in_the_last_two_windows(row, told):
    """Of 103 updates they begin with row 53; it is 2 to before a row, then 1, and 3 at the end."""
    norm = filled((2.0, row), (1.0, 104 - row))
    norm[-1] = 3.0
    assert falls(-np.arange(104.0), norm) is (told if row < 103 else None)


@pytest.mark.parametrize(
    ("size", "less", "shrinks"), [(1, 8, False), (1, 9, True), (4, 16, False), (4, 36, True)]
)
def test_a_gradient_that_shrinks_by_rounding_does_not(size, less, shrinks):
    norm = filled((size + less * EPS, 60), (size, 40), (2 * size, 1))
    assert norm[0] != norm[60]
    assert falls(-np.arange(101.0), norm) is not shrinks


@pytest.mark.parametrize(("less", "told"), [(0, True), (8, True), (9, False)])
def test_the_gradient_is_as_large_as_it_ever_was_beyond_rounding(less, told):
    norm = filled((1.0, 20), (1 - less * EPS, 81))
    assert falls(-np.arange(101.0), norm) is told
    end = filled((1.0, 20), (1 - 8 * EPS, 80), (1 - 12 * EPS, 1))
    assert falls(-np.arange(101.0), end) is False
