"""Stuck and frozen on small courses: each comparison from both sides, and at equality."""

import numpy as np
import pytest

from stepsize.analysis.unsettled import _arrives_elsewhere, _is_frozen, _stands_still
from tests.stepsize.analysis.traces_by_hand import filled, holds, windows

# --- stuck


def stands_still(fun, *, bounce=False, **facts):
    course, w = windows(fun, **facts)
    return holds(_stands_still, course, w, np.repeat(bounce, 3))


@pytest.mark.parametrize(
    ("updates", "still", "told"),
    [
        (100, 3, True),
        (100, 2, False),
        (96, 3, True),
        (96, 2, False),
        (28, 1, True),
        (288, 9, True),
        (288, 8, False),
    ],
)
def test_x_stands_still_through_an_eighth_of_the_last_window(updates, still, told):
    moves = filled((1.0, updates - still), (0.0, still))
    fun = 0.999 ** np.arange(updates + 1.0)
    assert stands_still(fun, step_norm=moves) is told
    assert stands_still(fun, step_norm=moves[::-1]) is False


@pytest.mark.parametrize(("top", "told"), [(0.9, True), (1.0, True), (1.1, False)])
def test_a_loss_within_rounding_is_flat(top, told):
    """One point of the last window stands out, where rounding hides 1."""
    fun = np.zeros(101)
    fun[80] = top
    facts = {"grad_norm": np.ones(101), "floor": np.array([1.0])}
    assert stands_still(fun, **facts) is told
    assert stands_still(fun, bounce=True, **facts) is False
    before = np.zeros(101)
    before[60] = top
    assert stands_still(before, **facts) is told


@pytest.mark.parametrize(
    ("before", "last", "told"),
    [
        (1.0, 1.0, True),
        (1.0 * (1 + 1e-12), 1.0, True),
        (1 + 2e-12, 1.0, False),
        (1.0, 1.01, True),
        (1.0, 1.02, False),
        (2.0, 2.0, True),
        (0.5, 0.505, True),
        (0.5, 0.51, False),
    ],
)
def test_a_flat_loss_whose_gradient_changes_is_not_stuck(before, last, told):
    norm = filled((3.0, 51), (before, 25), (last, 25))
    assert stands_still(np.ones(101), grad_norm=norm) is told


def test_elsewhere_needs_a_minimum_that_is_known():
    vanishing = filled((4.0, 30), (1e-9, 71))
    fun = np.append(9.0, np.linspace(3.0, 2.0, 100))
    assert stands_still(fun, grad_norm=vanishing) is True
    assert stands_still(fun, grad_norm=vanishing, known=False) is False


def elsewhere(fun, *, bounce=False, **facts):
    """Return whether a run arrives elsewhere: at an error of 1000 and a small gradient, unless told."""
    usual = {"error": np.full(101, 1000.0), "grad_norm": filled((4.0, 1), (1.0, 75), (0.004, 25))}
    course, w = windows(fun, **usual | facts)
    return holds(_arrives_elsewhere, course, w, np.repeat(bounce, 3))


def descent(before, fall, halves=(0.0, 0.0)):
    """Return losses whose envelope falls by `before`, then `fall`; in the last window by these halves."""
    top = 100.0 - before - fall
    last = filled((top, 12), (top - halves[0], 12), (top - sum(halves), 1))
    return np.concatenate([filled((100.0, 51), (100.0 - before, 25)), last])


RUNS = {
    "a fall that halves, and as much to come": (descent(2, 1), 1000.0, True),
    "too much to come": (descent(2, 1), 999.0, False),
    "of a fall of a quarter there comes a third": (descent(4, 1), 1000 / 3 + 1e-6, True),
    "a third is too much": (descent(4, 1), 1000 / 3 - 1e-6, False),
    "a fall that does not halve": (descent(2, 1.001), 1e9, False),
    "no fall any more": (descent(2, 0), 1.0, True),
    "no fall at all": (descent(0, 0), 1e9, False),
    "a rise": (descent(2, -1), 1e9, False),
    "a fall after a rise": (descent(-2, 1), 1e9, False),
    "three quarters in the second half": (descent(9e9, 1e-9, (4, 3)), 9000.0, True),
    "nine are too much": (descent(9e9, 1e-9, (4, 3)), 8999.0, False),
    "more than three quarters": (descent(9e9, 1e-9, (4, 3.01)), 1e9, False),
    "half in the second half": (descent(9e9, 1e-9, (4, 2)), 2000.0, True),
    "two are too much": (descent(9e9, 1e-9, (4, 2)), 1999.0, False),
    "a fall in the second half alone": (descent(9e9, 1e-9, (0, 1)), 1e9, False),
    "a fall in the second half after a rise": (descent(9e9, 1e-9, (-1, 2)), 1e9, False),
    "a fall in the first half alone": (descent(9e9, 1e-9, (4, 0)), 1.0, True),
}


@pytest.mark.parametrize("name", RUNS)
def test_what_is_still_to_come_is_a_geometric_series(name):
    """Falls by a ratio q sum up to q / (1 - q) of the last one: a thousandth of the error, or too much."""
    fun, error, told = RUNS[name]
    assert elsewhere(fun, error=np.full(101, error)) is told


def test_the_halves_meet_at_the_middle_row():
    """Rows 76, 88 and 100 are looked at; what lies between them is not."""
    fun = descent(9e9, 1e-9, (4, 2))
    fun[77:88] -= 3.0
    fun[89:100] -= 2.0
    assert elsewhere(fun, error=np.full(101, 2000.0))


def test_only_the_end_tells_how_much_is_left():
    error = np.full(101, 1500.0)
    error[-1] = 1000.0
    assert elsewhere(descent(2, 1), error=error)
    error[-1] = 999.0
    assert not elsewhere(descent(2, 1), error=error)


@pytest.mark.parametrize(("norm", "small"), [(0.0039, True), (1e-3 * 4.0, True), (0.004001, False)])
def test_the_gradient_must_be_a_thousandth_of_the_one_at_the_start(norm, small):
    assert elsewhere(descent(2, 1), grad_norm=filled((4.0, 1), (1.0, 75), (norm, 25))) is small
    one = filled((4.0, 1), (1.0, 75), (norm, 25))
    one[76:] = 1e-4
    one[80] = norm
    assert elsewhere(descent(2, 1), grad_norm=one) is small


@pytest.mark.parametrize(("norm", "vanished"), [(3.9e-8, True), (1e-8 * 4.0, True), (4.002e-8, False)])
def test_or_vanish_to_the_tolerance(norm, vanished):
    """Whatever is still to come, and whether it bounces."""
    norms = filled((4.0, 1), (1.0, 29), (norm, 71))
    norms[76] = norm if vanished else 1.0
    for bounce in (False, True):
        assert elsewhere(descent(2, 1.5), grad_norm=norms, bounce=bounce) is vanished


@pytest.mark.parametrize(("norm", "vanished"), [(3.998e-8, True), (4.002e-8, False)])
def test_a_gradient_vanishes_at_a_share_of_1e8_of_the_first(norm, vanished):
    assert elsewhere(descent(2, 1.5), grad_norm=filled((4.0, 1), (1.0, 29), (norm, 71))) is vanished


def test_a_gradient_that_vanishes_at_the_very_last_point_may_be_a_touch():
    """By more than a hundredfold at once, as on a flight across: it has not stayed there."""
    assert not elsewhere(descent(2, 1.5), grad_norm=filled((4.0, 1), (1.0, 99), (1e-9, 1)))


def test_what_bounces_tends_to_nothing():
    assert not elsewhere(descent(2, 1), bounce=True)


@pytest.mark.parametrize(("least", "told"), [(1000.0, True), (500.0, True), (499.0, False)])
def test_the_error_is_as_large_all_through_the_last_window(least, told):
    error = np.full(101, 1000.0)
    error[80] = least
    assert elsewhere(descent(2, 1), error=error) is told


@pytest.mark.parametrize(("before", "told"), [(1999.0, True), (2000.0, False), (2001.0, False)])
def test_the_error_no_longer_halves(before, told):
    error = np.full(101, 1000.0)
    error[60] = before
    assert elsewhere(descent(2, 1), error=error) is told
    vanished = filled((4.0, 1), (1.0, 29), (1e-9, 71))
    assert elsewhere(descent(2, 1), error=error, grad_norm=vanished) is told


# --- frozen


def frozen(rate, fun, **facts):
    course, w = windows(fun, rate=rate, **facts)
    return holds(_is_frozen, course, w)


def rates(largest, before, last, end=None):
    """Return rates that begin with the largest; in the last windows only one is not 0."""
    rate = np.zeros(100)
    rate[0], rate[60], rate[-1] = largest, before, last
    return rate


GAINED = filled((1000.0, 1), (500.0, 50), (0.0, 50))


@pytest.mark.parametrize(
    ("largest", "before", "last", "dead"),
    [
        (1000.0, 2.0, 1.0, True),
        (1000.0, 4.0, 1.1, False),  # more than a thousandth
        (1000.0, 1.9, 1.0, False),  # has not fallen by half
        (0.5, 0.002, 0.0005, True),
        (0.0, 0.0, 0.0, False),  # never was any
        (1000.0, 0.0, 0.0, True),
    ],
)
def test_a_rate_dies_at_a_thousandth_and_by_halves(largest, before, last, dead):
    assert frozen(rates(largest, before, last), GAINED) is dead


@pytest.mark.parametrize(
    ("start", "before", "end", "floor", "told"),
    [
        (1000.0, 1.0, 0.0, 0.0, True),
        (1000.0, 1.1, 0.0, 0.0, False),
        (1000.0, 1.1, 0.0, 1.2, True),
        (0.0, 999.0, 1000.0, 0.0, True),
        (1500.0, 501.0, 500.0, 0.0, True),
        (1500.0, 501.5, 500.0, 0.0, False),
        (10.0, 0.011, 0.0, 0.0, False),
    ],
)
def test_the_last_window_gains_a_thousandth_of_all(start, before, end, floor, told):
    """From row 75 to row 100; the rows beside them say nothing."""
    fun = np.full(101, 777.0)
    fun[0], fun[75], fun[-1] = start, before, end
    assert frozen(rates(1000.0, 2.0, 1.0), fun, floor=np.array([floor])) is told
