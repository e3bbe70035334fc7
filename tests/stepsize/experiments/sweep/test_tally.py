"""What a compiled loop's tally tells of runs is what their rows tell, and it tells of most."""

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import schedules
import stepsize as ss
from stepsize.analysis.lockstep import tally
from stepsize.analysis.verdicts import VERDICTS
from stepsize.core.elementwise import join, parts, sqrt
from stepsize.experiments.sweep import batch

pytest.importorskip("llvmlite", reason="the compiled engine is not installed")

RULES = (ss.SGD, ss.Momentum, ss.Nesterov, ss.Adam, ss.RMSprop, ss.Adagrad, ss.SignSGD, ss.Lion)
PROBLEMS = (
    ss.Quadratic([1.0, 20.0]),
    ss.Quadratic([1.0, 1e4]),
    ss.Quadratic([3.0], minimizer=[1.0], minimum_value=-7.0),
    ss.Quadratic([2.0], minimizer=[0.5], minimum_value=1e6),
    ss.Quadratic(np.linspace(1, 30, 5), minimizer=np.ones(5), minimum_value=3.0),
    ss.Rosenbrock(),
    ss.Himmelblau(),
    ss.Beale(),
    ss.ThreeHumpCamel(),
)


@pytest.fixture
def told(monkeypatch):
    """Return how many runs a tally told of, and of how many it was asked."""
    counts, real = [0, 0], tally.tell_by_tally

    def counted(*args):
        found = real(*args)
        counts[0] += int((~found.open).sum())
        counts[1] += len(found.open)
        return found

    monkeypatch.setattr(batch, "tell_by_tally", counted)
    return counts


def both(monkeypatch, problem, rule, steps, **settings):
    """Return the outcomes of a sweep by tally and by rows."""
    outcomes = []
    for pays in (0, sys.maxsize):
        monkeypatch.setattr(batch, "PAYS", pays)
        outcomes.append(ss.sweep(problem, rule, steps, progress=False, **settings).outcome)
    return outcomes


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("problem", PROBLEMS, ids=[f"{type(p).__name__}{k}" for k, p in enumerate(PROBLEMS)])
def test_a_tally_tells_what_rows_tell(monkeypatch, told, problem, rule):
    tame = {"momentum": [0.0, 0.9, 0.99]} if "momentum" in rule.own_hypers() else {}
    for steps in (16, 41, 160):
        rates = np.geomspace(1e-5, 30, 48)
        start = np.array(problem.x0) + 0.7
        by_tally, by_rows = both(monkeypatch, problem, rule, steps, x0=start, lr=rates, **tame)
        assert by_tally.tobytes() == by_rows.tobytes()
    # What bounces is left to rows, and steps of one length bounce.
    assert told[0] > (0.3 if rule is ss.SignSGD else 0.5) * told[1]


@settings(max_examples=40, deadline=None)
@given(
    rule=st.sampled_from(RULES),
    problem=st.sampled_from(PROBLEMS),
    steps=st.integers(16, 120),
    scale=st.floats(-6, 6),
    tolerance=st.sampled_from([{"tol": 1e-1}, {"tol": 1e-12}, {"atol": 1e-6}, {"atol": 3.0}]),
)
def test_whatever_the_start_and_the_tolerance(rule, problem, steps, scale, tolerance):
    with pytest.MonkeyPatch.context() as patch:
        starts = np.array(problem.x0) + 10.0**scale * np.array([[0.0], [1.0], [-1.0]])
        found = both(
            patch, problem, rule, steps, x0=starts, lr=np.geomspace(1e-4, 1e2, 20).tolist(), **tolerance
        )
        assert found[0].tobytes() == found[1].tobytes()


@pytest.mark.parametrize(
    "lr",
    [
        schedules.Exponential(0.05, 0.9),
        schedules.Cosine(0.09, 100),
        schedules.Warmup(0.05, 20),
    ],
    ids=["exponential", "cosine", "warm-up"],
)
def test_whatever_the_schedule(monkeypatch, told, lr):
    """A rate that dies leaves runs frozen, which only rows tell."""
    momenta = np.linspace(0, 0.99, 60)
    found = both(monkeypatch, PROBLEMS[0], ss.Momentum(lr=lr), 100, momentum=momenta)
    assert found[0].tobytes() == found[1].tobytes()
    assert told[1]


def test_of_plain_descent_on_a_quadratic_next_to_nothing_is_left_open(monkeypatch, told):
    """Settled at once or late, with overshoot or without, crawling, grown and lost."""
    rates = np.geomspace(1e-5, 3.0, 400)
    by_tally, by_rows = both(monkeypatch, PROBLEMS[0], ss.SGD, 300, lr=rates)
    assert by_tally.tobytes() == by_rows.tobytes()
    words = {VERDICTS[k] for k in by_rows["verdict"]}
    assert words >= {"settled", "settled, crossing", "still crawling", "diverged"}
    assert told[0] > 0.97 * told[1]


class Rooted(ss.Problem, abstract=True):
    """The parabola x^2, whose value beyond 3 takes the root of a negative number."""

    components = True
    minimum = 0.0
    x0 = (2.0,)

    def fun(self, x):
        (a,) = parts(x)
        return a * a + 0.0 * sqrt(9.0 - a * a)

    def grad(self, x):
        (a,) = parts(x)
        return join(2.0 * a)


def test_a_function_that_breaks_at_an_ordinary_point_is_left_to_rows(monkeypatch):
    by_tally, by_rows = both(monkeypatch, Rooted(), ss.SGD, 40, lr=np.linspace(0.05, 1.6, 64))
    assert by_tally.tobytes() == by_rows.tobytes()
    assert {VERDICTS[k] for k in by_rows["verdict"]} >= {"failed"}


def test_a_run_that_is_lost_has_nothing_of_what_its_numbers_are_later(monkeypatch):
    """The value of a point is inf where the point is not: the rule goes on from there, and comes back."""
    by_tally, by_rows = both(
        monkeypatch,
        ss.Quadratic([1.0]),
        ss.SignSGD,
        40,
        x0=[[1e150], [1.0]],
        lr=np.geomspace(1e-3, 1e155, 50),
    )
    assert by_tally.tobytes() == by_rows.tobytes()


@pytest.mark.parametrize("steps", [16, 17, 18, 19, 20, 63, 100, 301, 4096])
def test_windows_are_whole_stretches(steps):
    ends = tally.stretch_ends(steps)
    size = steps // 4
    assert ends[-1] == steps + 1
    assert ends == sorted(set(ends))
    assert {steps + 1 - k * size for k in range(4)} <= set(ends)
    marks = tally.marks_of(ends, steps)
    assert np.flatnonzero(marks >= 0).tolist() == [end - 2 for end in ends]
    assert marks[marks >= 0].tolist() == list(range(len(ends)))


def test_what_a_tally_cannot_do_is_said():
    quadratic, start = PROBLEMS[0], np.ones((3, 2))
    for problem, steps in (
        (quadratic, 15),
        (ss.Problem.of(lambda x: x @ x, x0=[1.0, 2.0]), 100),
        (ss.Rastrigin(), 100),
    ):
        with pytest.raises(tally.Untraceable):
            tally.tell_by_tally(problem, ss.SGD(lr=0.01), start, steps)


class Kicked(ss.Optimizer, abstract=True):
    """Plain descent that is thrown back in one update; each part of it is a branch of its own."""

    lr: ss.Hyper = 0.2
    at: int = 48
    kick: float = 1960.0

    def direction(self, x, g, slots, h):
        if h.t < h.at:
            return g, ()
        return (-h.kick * g if h.t == h.at else 0.5 * g + 0.5 * g), ()


def test_a_new_branch_within_a_stretch_loses_nothing_of_it(monkeypatch):
    """The loop is left and entered again there, right after the largest loss of the last window.

    By that loss, and by no other, the error is a hundred times what it was in an earlier window.
    """
    rates = np.linspace(0.19, 0.21, 64)
    by_tally, by_rows = both(monkeypatch, ss.Quadratic([1.0]), Kicked, 60, lr=rates, tol=1e-13)
    assert by_tally.tobytes() == by_rows.tobytes()
    assert {VERDICTS[k] for k in by_rows["verdict"]} >= {"bouncing", "still crawling"}
