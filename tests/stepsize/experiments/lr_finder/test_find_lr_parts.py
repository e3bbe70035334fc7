"""What `find_lr` hands on from its parts, on short runs, and what it refuses."""

from types import SimpleNamespace

import numpy as np
import pytest

import stepsize as ss
from stepsize.experiments.lr_finder import find_lr as module
from stepsize.experiments.lr_finder.find_lr import _bests, _lasts, _require_descent
from stepsize.experiments.lr_finder.restart_search import Marks
from tests.noisy import NoisyBowl

BOWL = ss.Quadratic([1.0, 10.0], start=[1.0, 1.0])


@pytest.fixture
def short(monkeypatch):
    """Let the long run be of 12 updates."""
    monkeypatch.setattr(module, "LONG", 12)


@pytest.mark.usefixtures("short")
def test_a_found_rate_has_what_its_parts_found():
    said = []
    found = ss.find_lr(BOWL, ss.SGD, 5, on_progress=said.append)
    best = int(np.flatnonzero(found.rates == found.best)[0])
    assert (found.problem, found.optimizer, found.steps) == (BOWL, ss.SGD(), 5)
    assert (found.jitter, found.share, found.as_fast) == (0.0, 1.0, 0.9)
    assert found.low < found.best < found.high
    assert {found.low, found.high} <= set(found.rates.tolist())
    # After so few updates the flat axis, whose part of the gap is an eleventh, hides the edge of the steep.
    edges = {}
    for steps in (5, 12):
        lr = np.linspace(0.19, 0.4, 200_001)
        ends = 0.5 * (1 - lr) ** (2 * steps) + 5 * (1 - 10 * lr) ** (2 * steps)
        edges[steps] = lr[(ends > 5.5).argmax()]
    assert found.budget_edge == pytest.approx(edges[5], rel=1e-4)
    assert found.edge == found.first_above == pytest.approx(edges[12], rel=1e-4)
    assert (found.edge_steps, found.ends_below, found.edges.tolist()) == (12, 0.0, [found.edge])
    assert found.bests.tolist() == [found.best]
    assert found.x0.tolist() == [[1.0, 1.0]]
    assert found.errors.shape == found.settled.shape == (len(found.rates), 1)
    assert found.error == found.errors[best, 0]
    gap = 0.5 * (1 - found.best) ** 10 + 5 * (1 - 10 * found.best) ** 10
    assert found.error == pytest.approx(gap, rel=1e-9)
    assert found.progress == pytest.approx(np.log(5.5 / gap), rel=1e-9)
    assert said[-2:] == ["the edge of the budget is found", "the edge of the long run is found"]
    assert all(words.endswith("rates tried") for words in said[:-2])
    assert len(said) > 5
    # g'g / g'Hg, the unit, is 101/1001: the scan goes from a thousandth of it to ten of it.
    assert found.rates[[0, -1]] == pytest.approx([1e-3 * 101 / 1001, 10 * 101 / 1001], rel=1e-3)


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize(("steps", "long"), [(11, 12), (12, 12), (13, 13)])
def test_the_long_run_is_the_budget_where_that_is_long(steps, long):
    said = []
    found = ss.find_lr(BOWL, ss.SGD(lr=0.7), steps, on_progress=said.append)
    assert found.edge_steps == long
    assert (found.edge == found.budget_edge) is (steps >= 12)
    assert ("the edge of the long run is found" in said) is (steps < 12)
    assert found.optimizer == ss.SGD(lr=0.7)


@pytest.mark.usefixtures("short")
def test_a_hundred_updates_are_the_budget_unless_told():
    assert ss.find_lr(BOWL, ss.SGD).steps == 100


@pytest.mark.usefixtures("short")
def test_where_rates_above_end_below_no_long_run_is_made():
    """One update on cos x from 2 ends anywhere."""
    wave = ss.Problem.of(lambda x: float(np.cos(x[0])), lambda x: -np.sin(x), x0=[2.0], minimum=-1.0)
    found = ss.find_lr(wave, ss.SGD, 1)
    assert found.ends_below > 0
    assert (found.edge, found.budget_edge, found.edge_steps) == (np.inf, np.inf, 1)
    assert np.isfinite(found.first_above)


@pytest.mark.usefixtures("short")
def test_starts_and_seeds_stand_side_by_side():
    starts = [[1.0, 1.0], [1.0, 0.0]]
    found = ss.find_lr(NoisyBowl(), ss.SGD, 5, x0=starts, seeds=[3, 4])
    assert found.errors.shape == (len(found.rates), 4)
    assert (len(found.bests), len(found.edges)) == (4, 4)
    assert found.x0.tolist() == starts
    assert len(set(found.edges)) == 4
    alone = ss.find_lr(NoisyBowl(), ss.SGD, 5, x0=starts[1], seeds=[4])
    assert found.edges[3] == pytest.approx(alone.edge, rel=1e-3)
    assert found.edge == found.edges.min()
    by_rng = [ss.find_lr(NoisyBowl(), ss.SGD, 1, seeds=2, rng=rng).bests.tolist() for rng in (0, 0, 1)]
    assert by_rng[0] == by_rng[1] != by_rng[2]
    assert ss.find_lr(NoisyBowl(), ss.SGD, 1, seeds=2).bests.tolist() == by_rng[0]


@pytest.mark.usefixtures("short")
def test_of_a_schedule_or_a_function_the_factor_is_found():
    """Half the rate at every update: twice the factor."""
    plain = ss.find_lr(BOWL, ss.SGD, 3)
    for half in (ss.Constant(0.5), lambda _: 0.5):
        found = ss.find_lr(BOWL, ss.SGD(lr=half), 3)
        assert found.best == pytest.approx(2 * plain.best, rel=1e-3)
        assert found.edge == pytest.approx(2 * plain.edge, rel=1e-3)
    table = ss.SGD(lr=lambda n: [0.5, 0.5, 0.5][n])
    ends = ss.find_lr(BOWL, table, 3)
    assert (ends.edge_steps, ends.edge) == (3, ends.budget_edge)


@pytest.mark.parametrize(
    ("call", "kind", "sentence"),
    [
        (
            lambda: ss.find_lr(BOWL, "SGD"),
            TypeError,
            r"optimizer: got the str 'SGD', expected one such as Adam or Adam\(beta1=0.8\)",
        ),
        (
            lambda: ss.find_lr(BOWL, ss.SGD(lr=ss.Armijo())),
            TypeError,
            r"optimizer: got SGD\(lr=Armijo\(.*\)\), whose rate is a feedback step size, expected one "
            "with a rate to find",
        ),
        (lambda: ss.find_lr(BOWL, ss.SGD, 0), ValueError, "steps: got 0, expected .*"),
        (
            lambda: ss.find_lr(ss.Problem.of(lambda x: -x.sum(), lambda _: -np.ones(1), x0=[1.0]), ss.SGD, 3),
            ValueError,
            r"problem: got .*, whose loss falls without end \(no lower bound in sight\), so that no rate is "
            "best, expected one with a minimum",
        ),
        (
            lambda: ss.find_lr(BOWL, ss.SGD, 3, x0=[0.0, 0.0]),
            ValueError,
            r"steps: got 3 updates, by which the loss falls at no rate from .* to .*, expected more updates, "
            "or a start that is no minimum",
        ),
    ],
)
def test_where_no_rate_is_to_be_found_one_sentence_says_so(call, kind, sentence):
    with pytest.raises(kind, match=f"^{sentence}$"):
        call()


def test_a_rule_without_a_rate_has_none_to_find():
    class Newtonian(ss.SGD):
        def hypers(self):
            return {}

    with pytest.raises(TypeError, match="whose rate is a feedback step size"):
        ss.find_lr(BOWL, Newtonian(), 3)


def test_the_best_of_each_start_and_of_one():
    speed = np.array([[9.0, 1.0], [2.0, 2.0]])
    scan = SimpleNamespace(marks=SimpleNamespace(speed=speed), rates=np.array([0.1, 0.2]))
    scan.best = lambda i: int(speed[:, i].argmax())
    assert _bests(scan, 1).tolist() == [0.1, 0.2]
    scan.marks.speed = speed[:, :1]
    assert _bests(scan, 1).tolist() == [0.2]


def test_a_table_lasts_as_long_as_it_is():
    table = ss.SGD(lr=ss.FromFunction(lambda n: [0.1, 0.2, 0.3][n] if n < 3 else float("nan")))
    start = np.ones((1, 2))
    assert _lasts(table, start, 3)
    assert not _lasts(table, start, 4)
    assert _lasts(ss.SGD(), start, 10_000)


def require(rise, lowest=0.0, minimum=None, speed=0.1):
    """Ask for descent of two trials of two starts each, whose rates are 0.1 and 0.2."""
    rise = np.asarray(rise, float)
    marks = Marks(*np.zeros((len(Marks._fields), 2, 4)))
    lowest = np.broadcast_to(np.asarray(lowest, float), (2, 4))
    marks = marks._replace(rise=rise, lowest=lowest)
    progress = np.array([-1.0, speed])
    scan = SimpleNamespace(marks=marks, rates=np.array([0.1, 0.2]), steps=7, progress=progress)
    flat = SimpleNamespace(rise=np.zeros((1, 1)), growth=np.zeros((1, 1)), lowest=np.zeros((1, 1)))
    alone = SimpleNamespace(at=lambda *_: flat)
    problem = SimpleNamespace(minimum=minimum)
    trial = SimpleNamespace(problem=problem, starts=np.zeros((2, 1)), alone=lambda _: alone)
    _require_descent([trial, trial], scan)


FALL = np.full((2, 4), -1.0)


@pytest.mark.parametrize("place", range(4))
def test_every_start_of_every_trial_must_have_a_bottom(place):
    lowest = np.zeros((2, 4))
    require(FALL, lowest)
    lowest[1, place] = -np.inf
    with pytest.raises(ValueError, match="falls without end"):
        require(FALL, lowest)


def test_one_rate_of_one_start_that_falls_is_enough():
    one = np.ones((2, 4))
    one[1, 2] = -1e-9
    require(one)
    for level in (0.0, 1.0):
        with pytest.raises(
            ValueError, match=r"^steps: got 7 updates, by which the loss falls at no rate from 0.1 to 0.2,"
        ):
            require(np.full((2, 4), level))


def test_a_gradient_that_does_not_shrink_is_no_progress():
    for speed in (0.0, -1.0):
        with pytest.raises(
            ValueError,
            match=r"^steps: got 7 updates, by which the loss falls but the norm of the gradient, which is "
            "the error where no minimum is stated, does not, expected more updates or a stated minimum$",
        ):
            require(FALL, speed=speed)
