"""Bouncing on small courses: each comparison from both sides, and at equality."""

import numpy as np
import pytest

from stepsize.analysis.unsettled import _bounces, _count_swings, _is_noise
from stepsize.analysis.windows import came_back, halves, in_falling_order, rests, tops_of_blocks
from tests.stepsize.analysis.traces_by_hand import among, column, filled, holds, windows, word

# --- bouncing


def zigzag(*windows_of_tops, low=0.0):
    """Return 101 losses whose last windows have these tops, one in two rows, with `low` between them."""
    fun = np.full(101, low)
    for k, tops in enumerate(reversed(windows_of_tops)):
        rows = np.arange(100 - 25 * k - 24, 100 - 25 * k + 1)
        fun[rows[1::2][: len(tops)]] = tops
    return fun


@pytest.mark.parametrize(
    ("loss", "swings"),
    [
        ([0, 4, 7], 1),  # from 0.4 to 0.7 of the way from 0 to 10
        ([4, 7], 1),
        ([4.003, 7], 0),
        ([4, 6.997], 0),
        ([0, 5, 10], 1),
        ([0, 5, 0, 5], 0),
        ([10, 0, 10], 1),
        ([0, 10, 5, 10], 1),
        ([10, 5, 0, 5, 10, 0, 10], 2),
        ([5, 10, 0], 0),
        ([5, 0, 5, 10], 1),
    ],
)
def test_a_swing_goes_from_low_to_high(loss, swings):
    _, w = windows(filled((0, 100), (10, 1)))
    assert (w.lowest[0], w.swing[0]) == (0, 10)
    assert _count_swings(among(column(loss)), w, np.arange(3))[0] == swings


@pytest.mark.parametrize("rows", [2, 127, 128, 129, 2000])
def test_swings_are_counted_in_windows_of_any_length(rows):
    """Low and high by turns to the very last row."""
    _, w = windows(filled((0, 100), (10, 1)))
    loss = np.where(np.arange(rows) % 2 == rows % 2, 0.0, 10.0)
    assert _count_swings(among(column(loss)), w, np.arange(3))[0] == rows // 2


@pytest.mark.parametrize(
    ("tops", "falls"),
    [
        ([8, 7, 6, 5, 4, 3, 2, 1], True),
        ([8, 7, 6, 1, 5, 4, 3, 2], True),  # 24 pairs fall and 4 rise
        ([8, 7, 1, 6, 5, 4, 3, 2], False),  # 23 and 5
        ([1, 2, 3, 4, 5, 6, 7, 8], False),
        ([8, 8, 8, 8, 8, 8, 8, 8], False),
        ([1, 2, 3, 4, 5, 6, 7], True),  # too few to tell
    ],
)
def test_eight_blocks_fall_where_20_more_pairs_fall_than_rise(tops, falls):
    assert np.atleast_1d(in_falling_order(tops_of_blocks(among(column(tops)))))[0] == falls
    if len(tops) == 8:
        assert in_falling_order(tops_of_blocks(among(column(np.repeat(tops, 3)))))[0] == falls


@pytest.mark.parametrize(
    ("rows", "least", "told"),
    [
        ([1, 5, 4, 1], 1.0, False),
        ([1, 5, 4, 1], 1.1, True),
        ([5, 4.5], 1.0, True),
        ([5, 4.5], 0.5, False),
        ([5, 4.5, 4.5], 1.0, True),
        ([5], 1.0, False),
        ([-9, -5, -9, -8], 2.0, False),
    ],
)
def test_a_window_rests_where_its_second_half_is_hardly_lower(rows, least, told):
    assert bool(rests(*halves(among(column(rows))), least)[0]) is told


def bounces(fun, **facts):
    course, w = windows(fun, **facts)
    return holds(_bounces, course, w)


@pytest.mark.parametrize(
    ("counts", "told"), [((3, 3, 3), True), ((1, 3, 3), True), ((3, 2, 3), False), ((3, 3, 2), False)]
)
def test_three_swings_in_each_of_the_last_two_windows(counts, told):
    assert bounces(zigzag(*([10.0] * count for count in counts))) is told


def test_a_swing_of_rounding_is_none():
    fun = zigzag([10.0] * 4, [10.0] * 4)
    assert bounces(fun, floor=np.array([9.9]))
    assert not bounces(fun, floor=np.array([10.0]))


@pytest.mark.parametrize(("before", "told"), [(20.9, True), (21.0, False), (21.1, False)])
def test_an_oscillation_falls_by_a_twentieth_of_its_swing(before, told):
    """The swing of the last window is 20."""
    fun = zigzag([before] * 4, [20.0] * 4)
    assert bounces(fun) is told
    assert bounces(fun, floor=np.array([1.0])) is (before <= 21.0)


def peaks(*heights):
    """Return 101 losses of 0 with peaks ``(row, how many, height)``, one in two rows."""
    fun = np.zeros(101)
    for row, count, height in heights:
        fun[row : row + 2 * count : 2] = height
    return fun


@pytest.mark.parametrize(
    ("count", "drop", "told"), [(5, 0.0, False), (6, 0.9, True), (6, 1.0, False), (8, 0.9, True)]
)
@pytest.mark.parametrize("before", [4, 9])
def test_what_fell_before_and_rests_now_falls_no_more(before, count, drop, told):
    """Six swings and more in the last window, whose halves differ by less than a 40th of its swing of 40."""
    first = (count + 1) // 2
    assert bounces(peaks((52, before, 50), (77, first, 40), (89, count - first, 40 - drop))) is told


def test_what_falls_in_order_does_not_rest():
    """Ten swings: the tops of blocks of six rows fall by a hundredth each, which is less than a 40th."""
    tops = 40.0 - 0.1 * np.arange(20)
    fun = zigzag(tops[:10] + 10, tops[10:])
    assert not bounces(fun)
    fun[fun > 45] = 50.0
    assert bounces(fun)


def test_the_last_window_counts_for_its_rest():
    """Before it the tops fall by 10 from half to half, in it by 0."""
    fun = zigzag([60.0] * 6 + [50.0] * 6, [40.0] * 11)
    fun[51:64:2], fun[64:76:2] = 0.0, 0.0
    fun[52:64:2], fun[65:76:2] = 50.0, 60.0
    assert bounces(fun)


@pytest.mark.parametrize(("count", "before", "told"), [(11, 22, False), (12, 22, True), (12, 40, False)])
def test_twelve_swings_must_fall_in_order(count, before, told):
    """From 22 to a swing of 20 and on, but from 16 at first; a fall of a whole swing is no chance."""
    fun = peaks((52, 11, 16), (74, 1, before), (77, 6, 20), (89, count - 6, 19))
    assert in_falling_order(tops_of_blocks(column(fun[51:]))).tolist() == [False]
    assert bounces(fun) is told


def test_twelve_swings_that_fall_in_order_fall():
    fun = zigzag(64.0 - np.arange(12), 52.0 - np.arange(12))
    assert not bounces(fun)


def test_order_is_asked_for_in_the_last_two_windows():
    """Before them the tops were lower, which says nothing."""
    fun = zigzag([9.0] * 12, 64.0 - np.arange(12), 52.0 - np.arange(12))
    assert not bounces(fun)


@pytest.mark.parametrize(
    ("updates", "crossed", "told"), [(80, 17, False), (80, 18, True), (80, 19, True), (100, 23, True)]
)
def test_nine_tenths_of_a_window_must_overshoot_to_alternate(updates, crossed, told):
    over = np.arange(updates) % (updates // 4) < crossed
    assert bounces(np.ones(updates + 1), overshoot=over) is told


@pytest.mark.parametrize(("updates", "told"), [(7, False), (8, True), (9, True)])
def test_it_takes_eight_updates_to_alternate(updates, told):
    assert bounces(np.ones(updates + 1), overshoot=np.ones(updates, bool)) is told


ALTERNATING = {"overshoot": np.ones(100, bool)}


@pytest.mark.parametrize(
    ("before", "last", "told"),
    [
        ((10, 10), (9, 4), True),  # nine tenths of the gradient is level, though it falls
        ((10, 10), (8, 4), False),
        ((10, 10), (5, 5), True),  # lower, but at rest
        ((10, 5), (5, 5), True),
        ((10, 10), (5, 4.6), True),
        ((10, 10), (5, 4.5), False),  # a tenth of 5 less in the second half
        ((0.1, 0.1), (0.08, 0.04), False),
    ],
)
def test_from_side_to_side_is_bouncing_only_at_a_level_gradient(before, last, told):
    halves = [(before[0], 12), (before[1], 13), (last[0], 12), (last[1], 13)]
    norm = filled((20, 51), *halves)
    assert bounces(np.ones(101), grad_norm=norm, **ALTERNATING) is told


@pytest.mark.parametrize(("updates", "told"), [(60, False), (64, True), (68, True)])
def test_rest_is_told_in_windows_of_sixteen(updates, told):
    size = updates // 4
    norm = filled((10, updates + 1 - size), (5, size))
    assert bounces(np.ones(updates + 1), grad_norm=norm, overshoot=np.ones(updates, bool)) is told


@pytest.mark.parametrize(("fall", "floor", "told"), [(1.0, 0.0, False), (0.9, 0.0, True), (1.0, 1.0, True)])
def test_at_a_level_gradient_the_loss_must_fall_half_as_much_as_before(fall, floor, told):
    """By 2 from the third window to the second."""
    fun = filled((12, 51), (10, 25), (10 - fall, 25))
    assert bounces(fun, grad_norm=np.ones(101), floor=np.array([floor]), **ALTERNATING) is told


def is_back(error, fun=None):
    _, w = windows(np.ones(len(error)) if fun is None else fun, error=error)
    return holds(came_back, w)


@pytest.mark.parametrize(
    ("start", "quiet", "last", "back"),
    [
        (1000.0, 1.0, 100.0, False),
        (1000.0, 1.0, 101.0, True),
        (1000.0, 1.0, 100.05, True),
        (101.0, 1.0, 101.0, True),
        (100.9, 1.0, 101.0, False),
        (-1000.0, 1.0, 101.0, True),
        (1000.0, 0.0, 1e-9, True),
    ],
)
def test_a_hundredfold_of_a_quiet_window_is_to_have_left_again(start, quiet, last, back):
    for place in (26, 51):
        error = filled((start, 1), (500.0, 75), (last, 25))
        error[1] = 50.0
        error[place : place + 25] = quiet
        assert is_back(error) is back
    error[60] = 500.0
    assert is_back(error) is False, "no window was quiet to its end"


@pytest.mark.parametrize(("updates", "back"), [(7, False), (8, True)])
def test_it_takes_eight_updates_to_come_back(updates, back):
    size = updates // 4
    assert is_back(filled((1e3, updates + 1 - 3 * size), (1.0, 2 * size), (500.0, size))) is back


@pytest.mark.parametrize(("climbs", "told"), [(4, False), (5, True)])
def test_noise_climbs_in_a_tenth_of_the_late_updates(climbs, told):
    """Of the last 50; what was before does not count, and neither does its height."""
    fun = np.ones(101)
    _, w = windows(fun)
    climb = np.ones((100, 3), bool)
    climb[50:] = False
    climb[50 : 50 + climbs] = True
    assert holds(_is_noise, climb, w, 1) is told
    _, w = windows(filled((1.0, 51), (9, 7), (8, 6), (7, 6), (6, 6), (5, 6), (4, 6), (3, 6), (2, 7)))
    assert not holds(_is_noise, climb, w, 1)


@pytest.mark.parametrize(
    ("every", "climbs", "told"),
    [
        (6, 1, True),  # of nine known ones: 54, 60, ..., 96 and 100
        (7, 0, False),
        (7, 1, True),  # 56, ..., 98 and 100 are eight, which is enough
        (8, 1, False),  # seven are too few to tell
        (1, 4, False),
        (1, 5, True),
        (2, 2, False),  # two of 25
        (2, 3, True),
    ],
)
def test_noise_is_counted_where_the_loss_is_known(every, climbs, told):
    """Of the last 50 updates; those that climb come last."""
    _, w = windows(np.ones(101))
    climb = np.zeros((100, 3), bool)
    if climbs:
        climb[-climbs:] = True
    found = _is_noise(climb, w, every)
    assert (found.shape, found.dtype) == ((3,), bool)
    assert bool(found[0]) is told


def test_what_swings_from_its_top_swings():
    """Windows that begin at their largest loss, of which no other is larger."""
    last = [10.0, 0.0] * 12 + [10.0]
    course, w = windows(np.concatenate([np.full(51, 50.0), last, last]))
    assert holds(_bounces, course, w)


def test_noise_has_a_condition_of_its_own():
    """Five climbs in a row are no swings, and one climb that brings a run back is no noise."""
    rising = np.append(np.ones(96), np.linspace(1.1, 1.5, 5))
    back = filled((1e3, 51), (1.0, 25), (500.0, 25))
    for fun, noise in ((rising, True), (back, False)):
        assert (word(fun, exact=False, noisy=True) == "bouncing") is noise
        assert (word(fun, exact=False) == "bouncing") is not noise
