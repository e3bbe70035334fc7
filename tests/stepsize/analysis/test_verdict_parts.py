"""The parts of the conditions on small courses: each comparison from both sides, and at equality."""

from dataclasses import fields, replace

import numpy as np
import pytest

from stepsize.analysis.verdicts import (
    _arrives_elsewhere,
    _bounces,
    _came_back,
    _climbs,
    _count_swings,
    _factor,
    _falls_block_by_block,
    _falls_without_end,
    _grows,
    _is_frozen,
    _is_noise,
    _late_share,
    _rests,
    _share_until,
    _stands_still,
    _Windows,
    classify,
)
from tests.stepsize.analysis.traces_by_hand import traces, word

EPS = float(np.finfo(float).eps)


def column(values):
    return np.asarray(values, float)[:, None]


def windows(fun, **facts):
    """Return courses and their windows: of 100 updates the last are the rows 76-100, 51-75 and 26-50.

    The run is the first of three. One of its neighbours has far larger numbers and the other far smaller
    ones, which must not matter to it.
    """
    course = traces(fun, **facts)
    three = {
        f.name: among(getattr(course, f.name))
        for f in fields(course)
        if isinstance(getattr(course, f.name), np.ndarray)
    }
    course = replace(course, **three)
    return course, _Windows(course, np.arange(3))


def among(rows):
    """Return rows beside two others."""
    if rows.ndim == 1:
        return np.repeat(rows, 3)
    if rows.dtype == bool:
        return np.concatenate([rows, np.ones_like(rows), np.zeros_like(rows)], axis=1)
    return np.concatenate([rows, np.full_like(rows, 1e12), np.full_like(rows, -1e12)], axis=1)


def holds(condition, *args):
    """Return what a condition says of a single run; like `classify`, it minds no division by 0."""
    with np.errstate(all="ignore"):
        return bool(condition(*args)[0])


def filled(*pieces):
    """Return pieces ``(value, count)`` one after another."""
    return np.concatenate([np.full(count, value, float) for value, count in pieces])


# --- windows


def test_a_window_is_a_quarter_of_the_updates():
    sizes = {1: 1, 3: 1, 4: 1, 7: 1, 8: 2, 99: 24, 100: 25, 102: 25, 103: 25, 104: 26}
    for updates, size in sizes.items():
        assert windows(np.arange(updates + 1.0))[1].size == size


def test_the_windows_are_the_last_rows():
    _, w = windows(np.arange(101.0), grad_norm=-np.arange(101.0), step_norm=np.arange(1, 101.0))
    assert [(part[0, 0], part[-1, 0]) for part in w.loss] == [(76, 100), (51, 75), (26, 50)]
    assert [(part[0, 0], part[-1, 0]) for part in w.norm] == [(-76, -100), (-51, -75)]
    assert [(part[0, 0], part[-1, 0]) for part in w.step] == [(76, 100)]
    assert w.late(among(column(np.arange(101))))[:, 0].tolist() == list(range(51, 101))
    _, w = windows(np.arange(104.0))
    assert [(part[0, 0], part[-1, 0]) for part in w.loss] == [(79, 103), (54, 78), (29, 53)]
    assert w.late(among(column(np.arange(104))))[0, 0] == 54


def test_where_there_are_no_more_windows_the_first_row_stands_for_them():
    _, w = windows([3.0, 7.0])
    assert [part[:, 0].tolist() for part in w.loss] == [[7.0], [3.0], [3.0]]
    _, w = windows([3.0, 7.0, 8.0])
    assert [part[:, 0].tolist() for part in w.loss] == [[8.0], [7.0], [3.0]]


def test_envelope_and_swing_of_the_last_two_windows():
    """Between 2 and 9 in the last window, 1 and 6 in the one before, -5 and 20 before that."""
    fun = filled((50, 1), (0, 25), (20, 12), (-5, 13), (6, 12), (1, 13), (2, 12), (9, 13))
    _, w = windows(fun)
    assert (w.lowest[0], w.fall[0], w.swing[0], w.start[0]) == (1, 6 - 9, 9 - 1, 50)
    _, w = windows(filled((50, 1), (0, 25), (20, 25), (6, 12), (3, 13), (2, 12), (9, 13)))
    assert (w.lowest[0], w.swing[0]) == (2, 9 - 2)


# --- what is settled, failed, diverged


def one(fun, **facts):
    return classify(traces(fun, **facts))


def test_the_best_error_is_the_least_until_the_end_of_the_run():
    assert one([4.0, 2.0, 3.0]).best_error.tolist() == [2.0]
    assert one([4.0, 3.0, 2.0]).best_error.tolist() == [2.0]
    cut = one([4.0, 3.0, 1.0], nit=np.array([1]), diverged=np.array([True]))
    assert cut.best_error.tolist() == [3.0]
    assert cut.error.tolist() == [np.inf]
    assert one([4.0, 3.0, 2.0]).error.tolist() == [2.0]
    assert one([4.0, 3.0, 2.0]).error.dtype == cut.error.dtype == float


def test_what_left_the_finite_numbers_has_not_settled():
    fun = 10.0 ** -np.arange(12.0)
    assert one(fun).settled.tolist() == [8.0]
    gone = one(fun, diverged=np.array([True]))
    assert np.isnan(gone.settled).all()


def test_a_sudden_fall_has_arrived_where_rounding_can_tell_no_more():
    fun = filled((1e3, 100), (1e-9, 1))
    assert word(fun) == "still crawling"
    assert word(fun, nothing=np.array([1e-9])) == "settled"


def test_a_run_that_its_tolerance_ended_keeps_the_update_of_its_arrival():
    fun = filled((1.0, 3), (1e-8, 8))
    assert one(fun, stopped=True).settled.tolist() == [3.0]
    late = [1.0, 0.5, 1.0, 0.5, 1.0, 1e-8]
    assert np.isnan(one(late).settled).all()
    assert one(late, stopped=True).settled.tolist() == [5.0]
    assert np.isnan(one(late, stopped=True, tolerance=np.array([0.9e-8])).settled).all()


def test_shares_are_counted_until_the_run_settled_or_to_its_end():
    first = np.array([True, False, False, False])
    assert one([1.0, 1e-9, 1e-9, 1e-9, 1e-9], overshoot=first).overshoot.tolist() == [1.0]
    assert one([1e-9] * 5, overshoot=first).overshoot.tolist() == [1.0], "settled at the start: one update"
    assert one([1.0, 0.9, 0.8, 0.7, 0.6], overshoot=first).overshoot.tolist() == [0.25]
    assert one([1.0, 0.9, 0.8, 0.7, 0.6], overshoot=~first).crosses.tolist() == [1.0]
    assert one([1.0, 2.0, 0.8, 0.7, 0.6]).uphill.tolist() == [0.25]
    assert one([1.0]).overshoot.tolist() == one([1.0]).crosses.tolist() == [0.0]
    flags = column([1, 0, 1, 1]).astype(bool)
    assert [float(_share_until(flags, np.array([k]))[0]) for k in range(5)] == [0, 1, 0.5, 2 / 3, 0.75]
    assert _late_share(column([1, 1, 0, 1, 0, 0, 0, 1]).astype(bool)).tolist() == [0.25]


@pytest.mark.parametrize(
    ("fun", "norm", "minimum", "verdict"),
    [
        ([5.0, 4.0, 3.0], [1.0, 1.0, 1.0], -1.0, "diverged"),  # above the minimum
        ([5.0, 4.0, 0.0], [1.0, 1.0, 1.0], 0.0, "falling without end"),
        ([5.0, 4.0, 3.0], [1.0, 1.0, 1.0], np.nan, "falling without end"),
        ([5.0, 4.0, 3.0], [1.0, 1.0, 0.9], np.nan, "diverged"),  # the gradient was larger
        ([5.0, 2.0, 3.0], [1.0, 1.0, 1.0], np.nan, "diverged"),  # the loss was lower
        ([5.0, 5.0, 5.0], [1.0, 1.0, 1.0], np.nan, "diverged"),  # the loss has not fallen
        ([5.0, 6.0, 5.0], [1.0, 1.0, 1.0], np.nan, "diverged"),
    ],
)
def test_what_overflows_on_its_way_down_has_fallen_to_its_lowest(fun, norm, minimum, verdict):
    facts = {"diverged": np.array([True]), "grad_norm": norm, "minimum": minimum, "exact": False}
    assert word(fun, **facts) == verdict
    # What follows the end is not looked at.
    cut = {"nit": np.array([2]), **facts, "grad_norm": [*norm, 0.0]}
    assert word([*fun, -9.0], **cut) == verdict


@pytest.mark.parametrize(
    ("climbs", "falls", "failed"), [(1, 0, False), (2, 0, True), (2, 2, True), (2, 3, False), (4, 5, False)]
)
def test_half_of_the_updates_that_change_the_loss_must_climb_and_two_at_least(climbs, falls, failed):
    """One up and one down by turns, then the rest, then none."""
    steps = [step for pair in zip([1.0] * climbs, [-1.0] * climbs, strict=True) for step in pair]
    steps = steps[: climbs + min(climbs, falls)] if falls else [1.0] * climbs
    steps += [-1.0] * (falls - steps.count(-1.0))
    fun = 10 + np.concatenate([[0.0], np.cumsum(steps), np.full(60, sum(steps))])
    assert (word(fun) == "failed") == failed
    assert word(fun, exact=False) != "failed"


def test_two_updates_are_enough_to_contradict():
    assert word([1.0, 2.0, 3.0]) == "failed"
    assert word([1.0, 2.0]) != "failed"
    assert word([1.0, 2.0, 3.0], overshoot=[True, True]) != "failed"


@pytest.mark.parametrize(("last", "verdict"), [(-0.9, "settled"), (-1.0, "settled"), (-1.1, "failed")])
def test_an_end_below_the_minimum_by_a_hundredth_of_the_gap_refutes_it(last, verdict):
    fun = filled((100.0, 3), (last, 7))
    assert word(fun) == verdict
    assert word(fun, known=False) == "settled"


def test_a_climb_is_one_beyond_rounding_at_its_own_size():
    """A share of 1e-15 of a million hides a climb by 1e-10, and of 1 it hides none."""
    fun = np.array([1e6, 1e6 + 5e-10, 1.0, 1.0 + 1e-10, 1.0 + 1e-10])
    assert _climbs(traces(fun)).ravel().tolist() == [False, False, True, False]
    assert _climbs(traces(fun, summed=1e6)).ravel().tolist() == [False] * 4
    assert _climbs(traces([1.0, 2.0, 4.0], rounding=0.5)).ravel().tolist() == [False, False]
    assert _climbs(traces([1.0, 2.1, 1e9], rounding=0.5)).ravel().tolist() == [True, True]


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
        ([4.1, 7], 0),
        ([4, 6.9], 0),
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
    assert _count_swings(among(column(loss)), w)[0] == swings


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
    assert _falls_block_by_block(among(column(tops)))[0] == falls
    if len(tops) == 8:
        assert _falls_block_by_block(among(column(np.repeat(tops, 3))))[0] == falls


@pytest.mark.parametrize(
    ("rows", "least", "rests"),
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
def test_a_window_rests_where_its_second_half_is_hardly_lower(rows, least, rests):
    assert bool(_rests(among(column(rows)), least)[0]) is rests


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
    assert _falls_block_by_block(column(fun[51:])).tolist() == [False]
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


def came_back(error, fun=None):
    course, w = windows(np.ones(len(error)) if fun is None else fun, error=error)
    return holds(_came_back, course, w)


@pytest.mark.parametrize(
    ("start", "quiet", "last", "back"),
    [
        (1000.0, 1.0, 100.0, False),
        (1000.0, 1.0, 101.0, True),
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
        assert came_back(error) is back
    error[60] = 500.0
    assert came_back(error) is False, "no window was quiet to its end"


@pytest.mark.parametrize(("updates", "back"), [(7, False), (8, True)])
def test_it_takes_eight_updates_to_come_back(updates, back):
    size = updates // 4
    assert came_back(filled((1e3, updates + 1 - 3 * size), (1.0, 2 * size), (500.0, size))) is back


@pytest.mark.parametrize(("climbs", "told"), [(4, False), (5, True)])
def test_noise_climbs_in_a_tenth_of_the_late_updates(climbs, told):
    """Of the last 50; what was before does not count, and neither does its height."""
    fun = np.ones(101)
    course, w = windows(fun)
    climb = np.ones((100, 3), bool)
    climb[50:] = False
    climb[50 : 50 + climbs] = True
    assert holds(_is_noise, course, climb, w) is told
    falling, w = windows(filled((1.0, 51), (9, 7), (8, 6), (7, 6), (6, 6), (5, 6), (4, 6), (3, 6), (2, 7)))
    assert not holds(_is_noise, falling, climb, w)


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


@pytest.mark.parametrize(("norm", "small"), [(0.0039, True), (1e-3 * 4.0, True), (0.0041, False)])
def test_the_gradient_must_be_a_thousandth_of_the_one_at_the_start(norm, small):
    assert elsewhere(descent(2, 1), grad_norm=filled((4.0, 1), (1.0, 75), (norm, 25))) is small
    one = filled((4.0, 1), (1.0, 75), (norm, 25))
    one[76:] = 1e-4
    one[80] = norm
    assert elsewhere(descent(2, 1), grad_norm=one) is small


@pytest.mark.parametrize(("norm", "vanished"), [(3.9e-8, True), (1e-8 * 4.0, True), (4.1e-8, False)])
def test_or_vanish_to_the_tolerance(norm, vanished):
    """Whatever is still to come, and whether it bounces."""
    norms = filled((4.0, 1), (1.0, 29), (norm, 71))
    norms[76] = norm if vanished else 1.0
    for bounce in (False, True):
        assert elsewhere(descent(2, 1.5), grad_norm=norms, bounce=bounce) is vanished


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


# --- the pace


@pytest.mark.parametrize(
    ("error", "factor"),
    [
        ([3.0], 1.0),
        ([4.0, 1.0], 0.25),
        ([9.0, 0.5, 0.25], 0.5),
        ([9.0, 9.0, 0.5, 0.25], 0.5),
        ([9.0, 9.0, 9.0, 0.5, 0.25], 0.5),
        ([9.0, 0.0, 1.0], 1.0),
        ([9.0, 0.0, 0.0], 1.0),
        (filled((9.0, 51), (2.0**25, 25), (1.0, 25)), 0.5),
        (filled((2.0**30, 54), (2.0**25, 25), (1.0, 25)), 0.5),
        (filled((2.0**30, 51), (2.0**25, 1), (1.0, 24), (1.0, 1), (0.5, 24)), 0.5),
        (filled((2.0**30, 51), (1.0, 24), (2.0**25, 1), (1.0, 1), (0.5, 24)), 0.5),
    ],
)
def test_the_factor_is_that_of_the_envelope_an_update(error, factor):
    with np.errstate(all="ignore"):
        assert _factor(among(column(error)))[0] == pytest.approx(factor)


# --- many runs at once


def many(rng, kind):
    """Return a course of a kind: falling, rippling, noisy, at rest, growing, frozen, or gone."""
    k = np.arange(101.0)
    size, factor = 10 ** rng.uniform(-3, 3), 1 - 10 ** rng.uniform(-3, -0.5)
    fun = {
        "falls": factor**k,
        "ripples": factor ** (k * rng.uniform(0, 1)) * (1.01 + np.cos(rng.uniform(0.5, 3) * k)),
        "noise": np.exp(rng.normal(size=101)),
        "rests": 0.5 + 0.8 ** (2 * k),
        "grows": (1 + 0.1 * rng.random()) ** k * (1.5 + np.cos(k)),
        "line": 1 - k,
        "frozen": np.append(np.linspace(2, 1, 51), np.full(50, 1.0)),
        "gone": -(1.5**k),
    }[kind]
    facts = {
        "error": size * (fun if kind not in ("line", "gone") else np.ones(101)),
        "grad_norm": size * (np.ones(101) if kind in ("line", "frozen") else np.sqrt(np.abs(fun))),
        "overshoot": rng.random(100) < rng.choice([0.0, 0.5, 0.95, 1.0]),
        "step_norm": np.where(k[1:] > rng.choice([80, 200]), 0.0, size),
        "rate": size * (0.9 ** k[1:] if kind == "frozen" else np.ones(100)),
        "floor": np.array([1e-15 * size]),
        "tolerance": np.array([size * 10 ** rng.uniform(-9, -3)]),
    }
    if kind == "gone":
        facts |= {"diverged": np.array([True]), "nit": np.array([rng.integers(50, 100)])}
    return traces(size * fun, **facts, minimum=np.nan, noisy=False)


@pytest.mark.parametrize("told", [{}, {"noisy": True, "exact": False}, {"known": False}, {"minimum": 0.0}])
def test_runs_side_by_side_are_judged_as_each_alone(told):
    rng = np.random.default_rng(5)
    kinds = ["falls", "ripples", "noise", "rests", "grows", "line", "frozen", "gone"]
    alone = [replace(many(rng, kind), **told) for kind in kinds * 5]
    together = {
        f.name: np.concatenate([getattr(c, f.name) for c in alone], axis=-1)
        for f in fields(alone[0])
        if isinstance(getattr(alone[0], f.name), np.ndarray)
    }
    found = classify(replace(alone[0], **together, failures=("",) * len(alone)))
    assert len(set(found.verdict.tolist())) >= 5
    for k, course in enumerate(alone):
        each = classify(course)
        for f in fields(found):
            np.testing.assert_array_equal(getattr(found, f.name)[k], getattr(each, f.name)[0], err_msg=f.name)
