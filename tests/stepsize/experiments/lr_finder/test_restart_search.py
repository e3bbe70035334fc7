"""The parts of the finder, each on small arrays: curves, bands, peaks, marks."""

from types import SimpleNamespace

import numpy as np
import pytest

import stepsize as ss
from stepsize.experiments.lr_finder import rate_band
from stepsize.experiments.lr_finder.rate_edge import Edge, edge_of, worst_edge
from stepsize.experiments.lr_finder.rate_scale import _first_peak, falls_without_end, unit_rates
from stepsize.experiments.lr_finder.restart_search import RateScan, Trial, _jitter, _settled

INF = np.inf


# --- bands


@pytest.mark.parametrize(
    ("good", "reach"),
    [("1111", 3), ("1", 0), ("1110", 2), ("1101", 3), ("1100", 1), ("1011", 3), ("1001", 0), ("10011111", 7)],
)
def test_a_band_reaches_to_the_last_good_rate_with_three_quarters_good(good, reach):
    flags = np.array([letter == "1" for letter in good])
    assert rate_band._most(flags, np.ones(len(flags))) == reach


def test_the_share_is_weighed_by_the_distance_of_the_rates():
    """Places 0, 1, 2, 3 and 10: the last stands for a stretch of seven."""
    logs = np.array([0.0, 1.0, 2.0, 3.0, 10.0])
    flags = np.array([True, False, True, True, True])
    first, last, share = rate_band._hull(logs, flags, 2)
    weight = np.gradient(logs)
    assert (first, last) == (2, 4)
    assert share == 1.0
    first, last, share = rate_band._hull(logs, np.array([True, True, False, True, True]), 3)
    assert (first, last) == (3, 4) or (first, last) == (0, 4)
    inside = slice(first, last + 1)
    good = np.array([1, 1, 0, 1, 1])
    assert share == pytest.approx((good[inside] * weight[inside]).sum() / weight[inside].sum())


def test_running_medians_of_five():
    values = np.array([5.0, 1.0, 9.0, 2.0, 7.0, 3.0])
    padded = [5.0, 5.0, *values, 3.0, 3.0]
    assert rate_band._medians(values).tolist() == [sorted(padded[k : k + 5])[2] for k in range(6)]


@pytest.mark.parametrize(
    ("progress", "turns"),
    [
        ([0.0, 1.0, 2.0, 1.0, 0.0], 1),
        ([0.0, 1.0, 2.0], 0),
        ([2.0, 1.0, 2.0, 1.0, 2.0], 3),
        ([2.0, 1.999, 2.0, 1.999, 2.0], 0),
        ([2.0, 1.995, 2.0, 1.995, 2.0], 3),
        ([0.0, 1.0, 0.999, 2.0, 1.0], 1),
        ([0.0, 1.0, 0.9, 2.0, 1.0], 3),
        ([-9.0, -50.0, 2.0, -INF, 1.0], 2),
        ([2.0, 1.9985, 1.997, 1.9955, 2.0], 1),
        ([2.0, 1.9985, 1.997, 1.9955, 1.9985], 0),
    ],
)
def test_a_turn_counts_from_a_fifth_of_a_per_cent_on(progress, turns):
    values = np.array(progress)
    assert rate_band._turns(values, int(values.argmax())) == turns


# --- scale


@pytest.mark.parametrize(
    ("drops", "place"),
    [
        ([0.0, 0.0, 1.0, 2.0, 1.0, 5.0], 3),
        ([1.0, 2.0, 3.0], 2),
        ([3.0, 2.0, 1.0], 0),
        ([-1.0, -2.0, 1.0, 1.0, 0.5], 3),
    ],
)
def test_of_several_valleys_the_first_counts(drops, place):
    assert _first_peak(np.array(drops)) == place


@pytest.mark.parametrize("curvature", [1e-30, 3.0, 1e25])
def test_the_unit_of_rates_is_that_of_the_deepest_first_update(curvature):
    """Of c x^2 / 2 that is 1/c; of a bowl the exact line search's g'g / g'Hg."""
    trial = Trial(ss.Quadratic([curvature], start=[2.0]), ss.SGD(), np.array([[2.0]]))
    assert unit_rates(trial, 50) == pytest.approx((1 / curvature,) * 2, rel=1e-3)


def test_the_lowest_and_the_highest_unit_over_the_starts():
    bowl = ss.Quadratic([1.0, 10.0])
    starts = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    low, high = unit_rates(Trial(bowl, ss.SGD(), starts), 50)
    assert (low, high) == (pytest.approx(0.1, rel=1e-3), pytest.approx(1.0, rel=1e-3))
    steepest = unit_rates(Trial(bowl, ss.SGD(), starts[2:]), 50)
    assert steepest == pytest.approx((101 / 1001,) * 2, rel=1e-3)
    assert unit_rates(Trial(bowl, ss.SGD(), np.zeros((1, 2))), 50) == (1.0, 1.0)


# --- edges


def test_the_worst_edge_is_the_lowest_unless_one_start_has_none():
    a, b = Edge(0.3, 0.0, 0.3), Edge(0.2, 0.0, 0.2)
    assert worst_edge([a, b]) == b
    mixed = worst_edge([a, Edge(INF, 0.5, 0.1)])
    assert mixed == Edge(INF, 0.25, 0.1)
    assert worst_edge([Edge(INF, 0.0, INF)]) == Edge(INF, 0.0, INF)
    assert worst_edge([a, Edge(INF, 0.0, INF)]) == a


@pytest.mark.parametrize("steps", [1, 10, 2000])
@pytest.mark.parametrize("known", [0.21, 0.5, 4.0])
def test_an_edge_is_found_from_wherever_a_rate_was_seen_to_rise(known, steps):
    """Along the steep axis alone the edge is at 2/L after any number of updates."""
    trial = Trial(ss.Quadratic([1.0, 10.0]), ss.SGD(), np.array([[0.0, 1.0]]))
    found = edge_of(trial, steps, np.array([0.01, known, 9.0]), np.array([-1.0, 1.0, 1.0]))
    assert found.rate == pytest.approx(0.2, rel=1e-4)
    assert (found.below, found.first) == (0.0, found.rate)
    assert edge_of(trial, steps, np.array([0.01, 0.1]), np.array([-1.0, -0.5])) == Edge(INF, 0.0, INF)


def test_a_fate_that_changes_back_is_no_edge():
    """One update on cos x from 2 ends anywhere: below the start on (2 pi - 4) / 2 pi of the line."""
    problem = ss.Problem.of(lambda x: float(np.cos(x[0])), lambda x: -np.sin(x), x0=[2.0])
    trial = Trial(problem, ss.SGD(), np.array([[2.0]]))
    rates = np.geomspace(0.1, 100, 50)
    found = edge_of(trial, 1, rates, trial.at(rates, 1).rise[:, 0])
    assert found.rate == INF
    assert found.below == pytest.approx(1 - 2 / np.pi, abs=0.1)
    # It ends above from 2 pi - 2 on; eight rates divide the factor of 30 below the first that was seen.
    first = (2 * np.pi - 4) / np.sin(2.0)
    assert first <= found.first < first * 30 ** (1 / 8)


# --- no bottom


def test_what_falls_without_end_is_told():
    def told(fun, grad, steps=20, **facts):
        problem = ss.Problem.of(fun, grad, x0=[1.0], **facts)
        trial = Trial(problem, ss.SGD(), np.array([[1.0]]))
        rates = np.geomspace(1e-3, 1.0, 9)
        return falls_without_end(trial, rates, trial.at(rates, steps), steps)

    assert told(lambda x: -float(x[0]), lambda _: -np.ones(1))
    assert told(lambda x: -float(x[0] ** 2), lambda x: -2 * x)
    assert not told(lambda x: float(x[0] ** 2), lambda x: 2 * x)
    assert not told(lambda x: float(np.exp(-x[0])), lambda x: -np.exp(-x)), "it falls, ever less steeply"
    assert not told(lambda x: float(x[0]), lambda _: -np.ones(1)), "it climbs"
    assert not told(lambda x: -float(x[0]), lambda _: -np.ones(1), minimum=-100.0), "a stated one is believed"


# --- marks


@np.errstate(divide="ignore")
def test_when_an_error_was_at_its_floor_to_stay():
    error = np.array([[1.0, 0.01, 1.0, 1.0], [1e-2, 0.01, 1e-4, 1.0], [1e-4, 0.01, 1.0, 1.0]])
    told = _settled(error, np.full(4, 1e-3))
    assert told[0] == pytest.approx(1.5), "half of the way from 1e-2 to 1e-4 on a log scale"
    assert told[1:].tolist() == [INF, INF, INF]
    assert _settled(np.full((3, 1), 1e-4), np.full(1, 1e-3)).tolist() == [0.0]
    assert _settled(np.array([[1.0], [1e-3]]), np.full(1, 1e-3)).tolist() == [1.0], "at the floor is there"
    # What falls far below the floor is taken for a thousandth of it.
    far = _settled(np.array([[1.0], [0.0]]), np.full(1, 1e-3))
    assert far == pytest.approx(np.log(1e3) / np.log(1e6))


def test_the_jitter_is_what_is_left_of_a_straight_line():
    n = np.arange(10.0)
    wave = 0.1 * (-1.0) ** n
    late = np.exp(np.column_stack([-n, -n + wave]))
    told = _jitter(late, np.zeros(2))
    residual = np.polyfit(n, wave, 1, full=True)[1][0]
    assert told == pytest.approx([0.0, np.sqrt(residual / 10)], abs=1e-12)
    assert _jitter(late[:3], np.zeros(2)).tolist() == [0.0, 0.0], "too few points"
    assert _jitter(late[:4], np.zeros(2))[1] > 0
    assert _jitter(late, np.full(2, 1e9)).tolist() == [0.0, 0.0], "all of it is below the floor"


# --- what was tried


def scan(steps=20, curvatures=(1.0, 10.0)):
    trial = Trial(ss.Quadratic(curvatures), ss.SGD(), np.ones((1, len(curvatures))))
    return RateScan([trial], steps)


def test_rates_are_kept_in_order_and_no_two_are_the_same():
    many = scan()
    many.add(np.array([0.1, 0.05, 0.1, 0.1 * (1 + 1e-14)]))
    many.add(np.array([0.07, 0.05 * (1 - 1e-14), 0.1, 0.01, 0.3]))
    assert many.rates == pytest.approx([0.01, 0.05, 0.07, 0.1, 0.3])
    assert many.marks.speed.shape == (5, 1)
    single = scan()
    for rate in many.rates:
        single.add(np.array([rate]))
    np.testing.assert_array_equal(single.marks.speed, many.marks.speed)
    many.add(np.zeros(0))
    assert len(many.rates) == 5


def test_leaders_are_peaks_the_best_first():
    many = scan()
    many.rates = np.arange(1.0, 8.0)
    speed = np.array([3.0, 1.0, 5.0, 2.0, 2.0, 4.0, 4.5])
    many.marks = SimpleNamespace(speed=speed[:, None])
    assert many.leaders(3) == [2, 6, 0]
    assert many.leaders(2) == [2, 6]
    assert many.best() == 2
    assert many.around(2) == (2.0, 4.0)
    assert (many.around(0), many.around(6)) == ((1.0, 2.0), (6.0, 7.0))
    assert many.progress.tolist() == (20 * speed).tolist()


def test_a_scan_has_four_rates_a_decade_and_goes_on_until_it_climbs():
    many = scan()
    many.scan(1e-3, 1e-1)
    assert many.rates[0] == pytest.approx(1e-3)
    np.testing.assert_allclose(np.diff(np.log10(many.rates)), 0.25, rtol=1e-9)
    assert many.rates[-1] == pytest.approx(10.0), "0.1 does not climb, 10 does"
    assert many.marks.rise[-1, 0] > 0
    high = scan()
    high.scan(1.0, 100.0)
    assert high.rates[0] == pytest.approx(1e-4), "down until there are two decades below the best"
    assert high.best() >= 8


def test_the_median_start_counts():
    starts = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1e-9]])
    many = RateScan([Trial(ss.Quadratic([1.0, 10.0]), ss.SGD(), starts)], 10)
    many.add(np.array([0.05, 0.15]))
    np.testing.assert_allclose(many.marks.speed[:, 0], -2 * np.log([0.95, 0.85]))
    np.testing.assert_allclose(many.marks.speed[:, 1], -2 * np.log([0.5, 0.5]))
    np.testing.assert_allclose(many.progress, -20 * np.log([0.95, 0.85]), rtol=1e-6)
    assert many.best() == 1
    assert many.best(1) == 0
