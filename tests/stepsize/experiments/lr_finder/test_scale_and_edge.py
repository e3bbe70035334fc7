"""Where the finder looks for its scale and for edges, of trials whose answers are written down."""

from dataclasses import replace

import numpy as np
import pytest

from stepsize.experiments.lr_finder.rate_edge import Edge, edge_of
from stepsize.experiments.lr_finder.rate_scale import _ALL, _first_peak, _unit, falls_without_end, unit_rates
from stepsize.experiments.lr_finder.restart_search import Marks
from tests.stepsize.experiments.lr_finder.told_trials import Told, above

INF = np.inf


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
