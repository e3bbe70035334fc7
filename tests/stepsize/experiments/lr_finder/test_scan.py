"""Where the finder looks: each rate that is asked for, of trials whose answers are written down."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest

from stepsize.experiments.lr_finder.rate_edge import Edge, edge_of
from stepsize.experiments.lr_finder.rate_scale import _ALL, _first_peak, _unit, falls_without_end, unit_rates
from stepsize.experiments.lr_finder.restart_search import Marks, RateScan

INF = np.inf
NONE = np.array([[0.0]])


@dataclass
class Told:
    """A trial of S starts whose marks are functions of the rates (and of how many updates there are)."""

    rise: Any = lambda rates: -np.ones(len(rates))
    count: int = 1
    marks: dict[str, Any] = field(default_factory=dict)
    seen: Any = None
    problem: Any = None
    asked: list[tuple[list[float], int]] = field(default_factory=list)

    @property
    def starts(self):
        return np.zeros((self.count, 1))

    def alone(self, start):
        return replace(self, count=1, marks=self.marks | {"start": start}, asked=self.asked)

    def at(self, rates, steps):
        self.asked.append((np.asarray(rates).tolist(), steps))
        shape = len(rates), self.count
        columns = dict.fromkeys(Marks._fields, np.zeros(shape))
        told = {"rise": self.rise} | {k: f for k, f in self.marks.items() if k in Marks._fields}
        for name, f in told.items():
            columns[name] = np.broadcast_to(np.reshape(f(np.asarray(rates)), (len(rates), -1)), shape)
        return Marks(**columns)


def above(limit):
    """Return a rise that is positive from this rate on."""
    return lambda rates: np.where(rates >= limit, 1.0, -1.0)


# --- edges


@pytest.mark.parametrize(("steps", "beyond"), [(1, 96), (1999, 96), (2000, 20), (5000, 20)])
def test_an_edge_is_looked_for_about_the_first_rate_that_rose(steps, beyond):
    trial = Told(above(0.3))
    found = edge_of(trial, steps, np.array([0.1, 0.2, 0.4, 0.8]), np.array([-1.0, 0.0, 1.0, 1.0]))
    assert found == Edge(pytest.approx(0.3, rel=5e-5), 0.0, found.rate)
    (scan, many), (closer, _) = trial.asked[:2]
    assert many == steps
    under = 0.4 / 30 * 30 ** (np.arange(8) / 8)
    np.testing.assert_allclose(scan, [*under, *np.geomspace(0.4, 4000.0, beyond)], rtol=1e-12)
    np.testing.assert_allclose(closer, np.geomspace(under[-1], 0.4, 6)[1:-1], rtol=1e-12)
    for rates, _ in trial.asked[2:]:
        assert len(rates) == 4
    assert len(trial.asked) == 1 + int(np.ceil(np.log(np.log(0.4 / under[-1]) / np.log1p(1e-4)) / np.log(5)))


def test_an_edge_may_be_below_all_that_is_looked_at():
    trial = Told(above(0.005))
    found = edge_of(trial, 10, np.array([0.4]), np.array([1.0]))
    assert found.rate == pytest.approx(0.005, rel=5e-5)
    np.testing.assert_allclose(trial.asked[1][0], np.geomspace(0.4 / 900, 0.4 / 30, 6)[1:-1], rtol=1e-12)


def test_a_loss_that_ends_at_its_start_is_not_above_it():
    def flat(rates):
        return np.where(rates >= 0.3, 1.0, np.where(rates >= 0.2, 0.0, -1.0))

    assert edge_of(Told(flat), 10, np.array([0.4]), np.array([1.0])).rate == pytest.approx(0.3, rel=5e-5)
    nowhere = Edge(INF, 0.0, INF)
    assert edge_of(Told(lambda r: np.zeros(len(r))), 10, np.array([0.4]), np.array([1.0])) == nowhere
    assert edge_of(Told(), 10, np.array([0.4]), np.array([0.0])) == nowhere


# --- units


def test_a_few_updates_are_made_where_one_tells_nothing():
    """First one, then eight, then all of them."""
    for needed, counts in ((1, [1]), (8, [1, 8]), (30, [1, 8, 30]), (99, [1, 8, 30])):
        trial = Told()
        trial.at = lambda rates, steps, t=trial, n=needed: Told.at(
            replace(t, rise=lambda r: np.where((r < 3) & (steps >= n), -r, 1.0)), rates, steps
        )
        found = unit_rates(trial, 30)
        assert [steps for rates, steps in trial.asked if len(rates) == 241] == counts
        assert (found == (1.0, 1.0)) is (needed == 99)
    few = Told(lambda rates: np.ones(len(rates)))
    assert unit_rates(few, 5) == (1.0, 1.0)
    assert [steps for _, steps in few.asked] == [1, 5]


def test_a_start_that_no_rate_lowers_has_no_unit():
    trial = Told(lambda r: np.stack([np.where(r < 1, -r, 1.0), np.zeros(len(r))], axis=1), count=2)
    trial.alone = lambda _: Told(lambda r: np.where(r < 1, -r, 1.0))
    low, high = unit_rates(trial, 1)
    assert low == high == pytest.approx(1.0, rel=0.1)


@pytest.mark.parametrize(
    ("drops", "unit"),
    [
        (4 * _ALL / (_ALL + 1), 1.0),
        (np.append(np.arange(240.0), 1000.0), _ALL[-1]),
        (np.arange(241.0), _ALL[120]),
    ],
)
def test_of_a_fall_that_goes_on_half_of_the_way_is_the_unit(drops, unit):
    assert _unit(Told(), drops, 0, 1) == pytest.approx(unit)


def test_a_fall_that_ends_before_the_last_rate_is_looked_at_closer():
    drops = np.append(np.arange(240.0), 1.0)
    trial = Told(lambda r: -np.arange(len(r), dtype=float))
    _unit(trial, drops, 0, 7)
    np.testing.assert_allclose(trial.asked[0][0], np.geomspace(_ALL[238], _ALL[240], 33), rtol=1e-9)
    assert {steps for _, steps in trial.asked} == {7}


@pytest.mark.parametrize("tops", [(16, 16, 16), (0, 32, 16), (1, 31, 2), (32, 0, 30), (30, 5, 0)])
@pytest.mark.parametrize("place", [0, 100])
def test_the_unit_is_looked_for_thrice_between_the_neighbours_of_the_best(tops, place):
    drops = np.exp(-np.abs(np.arange(241) - place) / 10)
    trial = Told()
    trial.alone = lambda _: trial
    trial.rise = lambda r: np.abs(np.arange(len(r)) - tops[len(trial.asked) - 1]).astype(float) - 99
    unit = _unit(trial, drops, 0, 1)
    low, high = _ALL[max(place - 1, 0)], _ALL[place + 1]
    for (rates, _), top in zip(trial.asked, tops, strict=True):
        np.testing.assert_allclose(rates, np.geomspace(low, high, 33), rtol=1e-9)
        inner = min(max(top, 1), 31)
        low, unit_here, high = rates[inner - 1 : inner + 2]
    assert unit == unit_here


def test_a_fall_before_the_first_descent_is_none():
    assert _first_peak(np.array([0.0, -1.0, 1.0, 2.0, 1.0])) == 3


# --- no bottom


RATES = np.array([0.1, 0.2, 0.4])


def bottomless(rise, *, lowest=0.0, longer=None, growth=1.0, deepest=0.0, steps=5):
    """Return whether a loss with these rises falls without end, and what longer runs were asked for."""
    rise = np.asarray(rise, float).reshape(3, -1)
    problem = type("P", (), {"minimum": None})()
    facts = {"growth": lambda r: np.full(len(r), growth), "lowest": lambda r: np.full(len(r), deepest)}
    trial = Told(lambda r: np.full(len(r), longer), rise.shape[1], facts, problem=problem)
    marks = Marks(*np.zeros((len(Marks._fields), 3, rise.shape[1])))
    marks = marks._replace(rise=rise, lowest=np.full_like(rise, lowest))
    return falls_without_end(trial, RATES, marks, steps), trial.asked


@pytest.mark.parametrize(
    ("longer", "growth", "deepest", "told"),
    [
        (-10.0, 0.9, 0.0, True),
        (-9.9, 0.9, 0.0, False),  # not five times as far down
        (-12.0, 0.89, 0.0, False),  # less steep
        (-1.0, 0.1, -INF, True),
    ],
)
def test_five_times_as_far_down_and_as_steep_there_is_no_bottom(longer, growth, deepest, told):
    """The run that ended lowest, by 2, gets ten times its updates."""
    found, asked = bottomless([-1.0, -2.0, INF], longer=longer, growth=growth, deepest=deepest)
    assert found is told
    assert asked == [([0.2], 200)]
    _, asked = bottomless([-1.0, -2.0, -INF], longer=-1.0, steps=21)
    assert asked == [([0.2], 210)]


def test_a_run_that_fell_out_of_the_numbers_needs_no_second_look():
    assert bottomless([-1.0, -2.0, 1.0], lowest=-INF) == (True, [])


def test_a_start_that_does_not_fall_says_nothing_of_the_next():
    assert bottomless([0.0, 0.0, INF], longer=-99.0) == (False, [])
    assert bottomless([0.5, 0.5, INF], longer=-99.0) == (False, [])
    found, asked = bottomless([[0.0, -1.0], [1.0, -3.0], [1.0, -2.0]], longer=-15.0)
    assert (found, asked) == (True, [([0.2], 200)])


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
        scan.add(unit * np.array([1 - 1e-14, 1 - 1e-10, 2.0, 3 * (1 + 1e-14), 3 * (1 + 1e-10)]))
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
    scan, _, _ = shown([[0.1, 0.0, 0.0], [0.125, 0.1, 0.1]], [[1.0, 1.0, 9.0], [3.0, 2.0, 1.0]])
    assert scan.above_rounding() is scan


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
    kept = [trial.seen.tolist() for trial in anew._looks]
    expected = 8 * beneath[0]
    assert kept == [expected[:2].tolist(), expected[2:].tolist()]
    assert [trial.count for trial in anew._looks] == [2, 1]
    assert trials[0].seen is None
