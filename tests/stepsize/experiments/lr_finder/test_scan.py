"""Which rates the finder scans, each one that is asked for, of trials whose answers are written down."""

import numpy as np
import pytest

from stepsize.experiments.lr_finder.restart_search import RateScan
from tests.stepsize.experiments.lr_finder.told_trials import Told, above

# --- the scan


def scanned(rise, speed=None, low=1.0, high=1.0, count=1):
    facts = {"speed": speed or (lambda rates: -np.abs(np.log10(rates)))}
    trial = Told(rise, count, facts)
    scan = RateScan([trial], 10)
    scan.scan(low, high)
    return scan, [rates for rates, _ in trial.asked]


def test_a_scan_goes_up_until_every_start_climbs():
    """By two decades at a time, up to a rate at which neither falls or stays."""
    for limit, reached in ((0.5, 10.0), (10.0, 10.0), (11.0, 1e3), (1.1e3, 1e5)):
        both = lambda r, limit=limit: np.stack([above(limit)(r), np.where(r >= 0.1, 0.5, -1.0)], axis=1)  # noqa: E731
        scan, asked = scanned(both, low=0.001, high=10.0, count=2)
        assert scan.rates[-1] == pytest.approx(reached)
        np.testing.assert_allclose(asked[0], np.geomspace(0.001, 10.0, 17), rtol=1e-9)
    stays, _ = scanned(lambda r: np.where(r >= 900, 1.0, 0.0), low=0.001, high=10.0)
    assert stays.rates[-1] == pytest.approx(1e3), "what neither falls nor climbs goes on"
    np.testing.assert_allclose(np.diff(np.log10(scan.rates)), 0.25, rtol=1e-6)


@pytest.mark.parametrize("start", [1.0, 100.0])
def test_a_scan_goes_twelve_decades_up_at_most(start):
    scan, asked = scanned(lambda r: -np.ones(len(r)), low=start / 1e4, high=start)
    assert scan.rates[-1] == pytest.approx(1e12 * start)
    assert len(asked) == 1 + 6


@pytest.mark.parametrize("start", [1.0, 0.125])
def test_a_scan_goes_twelve_decades_down_at_most(start):
    scan, asked = scanned(above(0.0), lambda r: -np.log10(r), low=start, high=10 * start)
    assert scan.rates[0] == pytest.approx(1e-12 * start)
    assert len(asked) == 1 + 6


@pytest.mark.parametrize(("best", "decades"), [(7, 2), (8, 0), (9, 0)])
def test_a_scan_goes_down_until_the_best_has_two_decades_below_it(best, decades):
    top = np.geomspace(1.0, 1e3, 13)[best]
    scan, _ = scanned(above(0.0), lambda r: -np.abs(np.log(r / top)), low=1.0, high=1e3)
    assert scan.rates[0] == pytest.approx(10.0**-decades)


def test_rates_that_differ_by_rounding_are_one():
    for unit in (1e-9, 1.0, 1e9):
        scan = RateScan([Told()], 10)
        scan.add(unit * np.array([1.0, 1 + 1e-14, 1 + 1e-10, 2.0, 3.0]))
        scan.add(unit * np.array([1 - 1e-14, 1 - 1e-10, 2 * (1 + 1e-14), 3 * (1 + 1e-14), 3 * (1 + 1e-10)]))
        np.testing.assert_allclose(
            scan.rates / unit, [1 - 1e-10, 1.0, 1 + 1e-10, 2.0, 3.0, 3 * (1 + 1e-10)], rtol=1e-13
        )
    edge = RateScan([Told()], 10)
    edge.add(np.array([1e12 - 1, 1e12]))
    edge.add(np.array([1e12]))
    assert edge.rates.tolist() == [1e12 - 1], "a share of 1e-12 is no distance"


def test_trials_stand_side_by_side_and_their_progress_is_told():
    said = []
    trials = [Told(lambda r: r, 2), Told(lambda r: -r, 1)]
    scan = RateScan(trials, 10, said.append)
    scan.add(np.array([0.1, 0.3]))
    scan.add(np.array([0.2]))
    assert scan.marks.rise.tolist() == [[0.1, 0.1, -0.1], [0.2, 0.2, -0.2], [0.3, 0.3, -0.3]]
    assert said == ["2 rates tried", "3 rates tried"]


def test_the_median_start_is_the_fastest_at_another_rate_than_the_fastest_start():
    speeds = np.array([[9.0, 1.0, 1.0], [2.0, 2.0, 2.0], [3.0, 1.0, 4.0]])
    scan = RateScan([Told(count=3)], 10)
    scan.rates, scan.marks = np.arange(1.0, 4.0), scan.marks._replace(speed=speeds)
    assert (scan.best(), scan.best(0), scan.best(2)) == (2, 0, 2)
    assert scan.progress.tolist() == [10.0, 20.0, 30.0]


def test_of_equal_rates_the_lowest_leads():
    scan = RateScan([Told()], 10)
    scan.rates = np.arange(1.0, 41.0)
    scan.marks = scan.marks._replace(speed=np.ones((40, 1)))
    assert scan.leaders(3) == [0]


def test_of_a_plateau_only_the_lowest_rate_leads_and_only_where_it_is_not_beside_a_faster_one():
    scan = RateScan([Told()], 10)
    scan.rates = np.arange(1.0, 1001.0)
    speed = np.zeros((1000, 1))
    speed[[5, 500, 900]] = 1.0
    scan.marks = scan.marks._replace(speed=speed)
    assert scan.leaders(9) == [5, 500, 900, 0]


# --- rounding that negative gaps show


def shown(beneath, floor):
    """Return a scan of two trials, of two starts and of one, with these numbers for each of two rates."""
    sides = slice(0, 2), slice(2, 3)
    trials = [
        Told(
            count=s.stop - s.start,
            marks={
                "beneath": lambda r, s=s: np.asarray(beneath)[: len(r), s],
                "floor": lambda r, s=s: np.asarray(floor)[: len(r), s],
            },
        )
        for s in sides
    ]
    said = []
    scan = RateScan(trials, 10, said.append)
    scan.add(np.array([0.1, 0.2]))
    return scan, trials, said


def test_gaps_of_less_than_an_eighth_of_the_floor_show_nothing():
    """Of its own floor: that of the last start is half of the others'."""
    scan, _, _ = shown([[0.1, 0.0, 0.0], [0.125, 0.1, 0.05]], [[1.0, 1.0, 9.0], [3.0, 2.0, 0.5]])
    assert scan.above_rounding() is scan


def test_a_single_trial_is_tried_anew_as_well():
    trial = Told(marks={"beneath": lambda r: 0.5 * r, "floor": lambda r: r})
    scan = RateScan([trial], 10)
    scan.add(np.array([0.25, 0.5]))
    (anew,) = scan.above_rounding()._trials
    assert anew.rounding.tolist() == [8 * 0.25]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_eight_times_the_largest_gap_is_taken_for_rounding(place):
    """For each start, in the trial that it belongs to; all rates are tried anew."""
    beneath = np.array([[0.01, 0.02, 0.03], [0.0, 0.0, 0.0]])
    beneath[0, place] = 0.5
    scan, trials, said = shown(beneath, [[1.0, 1.0, 1.0], [5.0, 5.0, 5.0]])
    anew = scan.above_rounding()
    assert anew is not scan
    assert anew.rates.tolist() == [0.1, 0.2]
    assert said == ["2 rates tried"] * 2
    assert anew.steps == 10
    kept = [trial.rounding.tolist() for trial in anew._trials]
    expected = 8 * beneath[0]
    assert kept == [expected[:2].tolist(), expected[2:].tolist()]
    assert [trial.count for trial in anew._trials] == [2, 1]
    assert trials[0].rounding is None


@pytest.mark.parametrize(("apart", "rates"), [(0.9995e-12, 1), (1.0005e-12, 2)])
def test_rates_a_rounding_apart_are_one(apart, rates):
    for asked in ([[1.0, 1.0 + apart]], [[1.0], [1.0 + apart]], [[1.0 + apart], [1.0]]):
        scan = RateScan([Told()], 10)
        for some in asked:
            scan.add(np.array(some))
        assert len(scan.rates) == rates


def test_mean_progress_is_that_of_the_whole_budget_the_median_of_the_starts():
    speeds = {"mean_speed": lambda rates: rates[:, None] * np.array([1.0, 2.0, 30.0])}
    scan = RateScan([Told(count=3, marks=speeds)], 10)
    scan.add(np.array([1.0, 4.0]))
    assert scan.mean_progress.tolist() == [20.0, 80.0]
