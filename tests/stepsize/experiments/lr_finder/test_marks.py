"""What is kept of each run of the finder: errors and losses by hand, in a row with other runs."""

from types import SimpleNamespace

import numpy as np
import pytest

import stepsize as ss
from stepsize.experiments.lr_finder.restart_search import Trial, _settled, marks_of

EPS = float(np.finfo(float).eps)
INF = np.inf


def marks(error, fun=None, *, diverged=False, seen=0.0, minimum=0.0, **problem):
    """Return the marks of a run that stands between others: far larger, lost below, and all but solved."""
    error = np.asarray(error, float)
    fun = error if fun is None else np.asarray(fun, float)
    n = np.arange(len(error))
    others = [
        (np.full(len(error), 1e12), np.full(len(error), 1e12)),
        (1.0 - 9.0 * n, -(1e150 ** np.minimum(n, 1))),
    ]
    others += [(10.0 ** -np.minimum(3 * n, 30), 10.0 ** -np.minimum(3 * n, 30))]
    others += [(1.0 - 9.0 * n, 1.0 - 9.0 * n)]
    traces = SimpleNamespace(
        error=np.stack([error, *(e for e, _ in others)], axis=1),
        fun=np.stack([fun, *(f for _, f in others)], axis=1),
        diverged=np.array([diverged, False, True, False, False]),
        rounding=16 * EPS,
    )
    facts = {"minimum": minimum, "summed": None} | problem
    problem = SimpleNamespace(**facts)
    found = marks_of(traces, problem, seen) if seen else marks_of(traces, problem)
    assert all(column.dtype == float and column.shape == (5,) for column in found)
    return SimpleNamespace(**{name: column[0] for name, column in found._asdict().items()})


HALVES = 100 * 0.5 ** np.arange(20)


def test_an_error_that_halves():
    """Of 20 points the last two are late; until then there are 18 updates."""
    m = marks(HALVES)
    assert m.error == HALVES[18]
    assert m.speed == pytest.approx(np.log(2.0), rel=1e-12)
    assert m.mean_speed == pytest.approx(np.log(100 / HALVES[18:].mean()) / 18, rel=1e-12)
    assert (m.settled, m.jitter, m.beneath) == (INF, 0.0, 0.0)
    assert m.floor == 16 * EPS * HALVES[18]
    assert (m.rise, m.lowest, m.growth) == (HALVES[19] - 100, HALVES[19], 0.5**19)


@pytest.mark.parametrize(("points", "late"), [(2, 1), (9, 1), (10, 1), (19, 1), (20, 2), (30, 3)])
def test_a_tenth_of_the_points_is_late(points, late):
    error = 0.9 ** np.arange(points)
    assert marks(error).error == error[-late]
    assert marks(error).speed == pytest.approx(-np.log(0.9), rel=1e-9)


@pytest.mark.parametrize(
    ("facts", "floor"),
    [
        ({}, 16 * EPS * 100),
        ({"gradient_source": "exact"}, 16 * EPS * 100),
        ({"gradient_source": "finite differences"}, 16 * EPS**0.5 * 100),
        ({"minimum": 0.0, "gradient_source": "finite differences"}, 16 * EPS * HALVES[18]),
        ({"seen": 0.25}, 0.25),
    ],
)
def test_the_floor_is_that_of_gradients_where_no_minimum_is_known(facts, floor):
    assert marks(HALVES, **{"minimum": None} | facts).floor == floor


def test_what_arrives_at_the_floor_counts_by_when_it_does():
    """From 1e-2 to 1e-4 after one update, the floor of 1e-3 half of the way between on a log scale."""
    m = marks([1.0, 1e-2, 1e-4, *[1e-5] * 17], seen=1e-3)
    assert m.settled == pytest.approx(1.5)
    assert m.speed == m.mean_speed == pytest.approx(np.log(1e3) / 1.5)
    assert (m.error, m.floor, m.jitter) == (1e-3, 1e-3, 0.0)
    early = marks([1.0, *[1e-4] * 19], seen=1e-3)
    assert (early.settled, early.speed) == (pytest.approx(0.75), pytest.approx(np.log(1e3) / 0.75))


def test_what_begins_below_the_floor_has_not_arrived_there():
    m = marks([1e-4] * 20, seen=1e-3)
    assert m.settled == 0.0
    assert m.speed == m.mean_speed == pytest.approx(np.log(0.1) / 18)


def test_when_errors_are_at_the_floor_to_stay_each_for_itself():
    with np.errstate(all="ignore"):
        error = np.array([[1.0, 1e-9, 1.0], [1e-2, 1e-9, 1.0], [1e-4, 1e-9, 1.0], [1e-6, 1e-9, 1e-2]])
        assert _settled(error, np.full(3, 1e-3)) == pytest.approx([1.5, 0.0, INF])


@pytest.mark.parametrize(("last", "lost"), [(-1.4, False), (-1.5, False), (-1.50001, True)])
def test_far_below_a_stated_minimum_is_no_success(last, lost):
    """Below the gap at the start, 1, and the floor, 0.5."""
    for error in ([1.0, 0.2, *[0.1] * 17, last], [1.0, 0.2, *[0.1] * 16, last, 0.1]):
        m = marks(error, seen=0.5)
        assert (m.error, m.speed) == ((INF, -INF) if lost else (0.5, pytest.approx(np.log(5.0))))
        assert m.mean_speed == m.speed
    passing = marks([1.0, 0.2, -9.0, *[0.1] * 17], seen=0.5)
    assert passing.error == 0.5
    deep = marks([1.0, 0.2, *[0.1] * 17, -9.0], seen=0.5)
    assert (deep.settled, deep.jitter, deep.beneath) == (INF, 0.0, 0.0)
    assert deep.growth == -9.0


def test_what_left_the_finite_numbers_is_lost():
    m = marks(HALVES, diverged=True)
    assert (m.error, m.speed, m.mean_speed, m.settled) == (INF, -INF, -INF, INF)
    assert (m.rise, m.growth, m.jitter, m.beneath) == (INF, INF, 0.0, 0.0)
    assert m.lowest == HALVES[19]


@pytest.mark.parametrize(
    ("fun", "out"),
    [
        ([0.5, 3.0, -1e100], False),
        ([0.5, 3.0, -1.0005e100], True),
        ([0.5, 3.0, -1.1e100], True),
        ([0.5, 1e30, -1.1e100], True),
        ([1e10, 3.0, -1e105], False),
        ([1e10, 3.0, -1e111], True),
        ([-1e10, np.nan, -1e111], True),
    ],
)
def test_a_loss_a_googol_below_is_on_its_way_down(fun, out):
    """Where the run did not leave the finite numbers its rise is still one."""
    gone = marks([1.0, 1.0, 1.0], fun, diverged=True)
    assert gone.rise == (-INF if out else INF)
    assert gone.lowest == (-INF if out else fun[2])
    there = marks([1.0, 1.0, 1.0], fun)
    assert there.lowest == gone.lowest
    assert there.rise == fun[2] - fun[0]


@pytest.mark.parametrize(("last", "rise"), [(1.5, 0.0), (2.0, 0.0), (2.1, 1.1), (0.0, 0.0), (-0.1, -1.1)])
def test_a_rise_within_rounding_is_none(last, rise):
    """Of what is summed from 2^48, rounding hides 1."""
    assert marks([1.0] * 20, [1.0, 5.0, *[1.0] * 17, last], summed=2.0**48).rise == pytest.approx(rise)


def test_only_late_losses_say_what_rounding_hides():
    assert marks([1.0] * 20, [1.0, 2.0, 1e20, 1e20, *[3.0] * 15, 5.0]).rise == 4.0


@pytest.mark.parametrize(
    ("start", "least", "told"),
    [
        (1.0, 1e-7, 1e-7),
        (1.0, 1e-6, 1e-6),
        (1.0, 1.0005e-6, 0.0),
        (4.0, 3e-6, 3e-6),
        (4.0, 5e-6, 0.0),
        (1.0, -0.5, 0.0),
    ],
)
def test_a_gap_below_0_by_a_millionth_of_the_start_is_rounding(start, least, told):
    error = [start, 1e-3, *[1.0] * 3, -least, *[0.5] * 14]
    assert marks(error).beneath == told


@pytest.mark.parametrize(
    ("start", "last", "told"), [(4.0, 0.0, 0.0), (4.0, 4e-200, 0.0), (4.0, 5e-200, 5e-200), (0.25, 0.0, 0.0)]
)
def test_what_no_value_can_tell_from_0_is_0(start, last, told):
    """A share of 1e-200 of the error at the start."""
    m = marks([start, 1.0, *[last] * 18], [start, 1.0, *[0.0] * 18])
    assert m.error == told
    assert m.floor == start * 1e-200


def test_the_jitter_is_that_of_a_run_on_its_way():
    """Five late logarithms go up and down by 0.1 about their line, and their mean is 0.02 off it."""
    wave = np.exp(-np.arange(50) + 0.1 * (-1.0) ** np.arange(50))
    assert marks(wave).jitter == pytest.approx(np.sqrt(0.01 - 0.02**2), rel=1e-9)
    assert marks(wave, seen=1e-9).jitter == 0.0
    assert marks(wave, diverged=True).jitter == 0.0


# --- trials


def test_a_single_start_keeps_what_is_known_of_it():
    starts = np.array([[1.0, 0.0], [0.0, 1.0]])
    trial = Trial(ss.Quadratic([1.0, 10.0]), ss.SGD(), starts, np.array([1e-3, 1e-4]))
    alone = trial.alone(1)
    assert (alone.starts.tolist(), alone.rounding.tolist()) == ([[0.0, 1.0]], [1e-4])
    assert trial.at(np.array([0.01, 0.02]), 3).floor.tolist() == [[1e-3, 1e-4]] * 2
    assert Trial(trial.problem, trial.rule, starts, 0.5).alone(0).rounding.tolist() == [0.5]


def test_of_a_schedule_the_rates_are_factors():
    """x is multiplied by 1 - c 0.1 / 2^n: c = 2 and 4 times a schedule that halves."""
    halves = ss.Exponential(0.1, np.log(2.0))
    trial = Trial(ss.Quadratic([1.0], start=[1.0]), ss.SGD(lr=halves), np.array([[1.0], [3.0]]))
    found = trial.at(np.array([2.0, 4.0]), 3)
    for k, c in enumerate((2.0, 4.0)):
        x = np.prod([1 - c * 0.1 / 2**n for n in range(3)])
        assert found.growth[k] == pytest.approx([x * x, x * x])


def test_no_error_is_known_to_be_rounding_until_runs_have_shown_it():
    assert Trial(ss.Parabola(), ss.SGD(), np.ones((1, 1))).rounding == 0.0
