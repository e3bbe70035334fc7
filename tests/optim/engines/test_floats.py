"""Runs of a few coordinates on Python floats, by hand and beside the readable rule."""

from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest

from optim import SGD, Adam, ClipByValue, HeavyBall, Momentum, Nesterov1983
from optim.engines.floats import Floats, floats_can
from optim.engines.symbols import Symbol
from optim.hyperparameters import Hypers
from optim.optimizer import Evaluation
from optim.steppers import stepper_for
from schedules import BarzilaiBorwein, Exponential
from stepsize.core.elementwise import join, parts
from tests.instances import name_of
from tests.optim.engines.rules import (
    ONE,
    Along,
    Answering,
    Branchy,
    Counting,
    Needing,
    Remembering,
    Saddle,
    by_arrays,
)

SADDLE = Saddle()


def floats_for(opt, problem=SADDLE):
    """Return the engine of a run, and its start."""
    x = np.array(problem.x0)
    state = opt.init(x)
    stepper = stepper_for(opt, problem, x, state)
    return Floats(stepper), x, Evaluation(*problem.value_and_grad(x)), state.slots


@pytest.mark.parametrize("length", [3, 100], ids=["written", "called"])
def test_a_chunk_of_floats_by_hand(length, monkeypatch):
    """Rate 1/2 on x^2 - x y: x = x - (2 x - y) / 2 = y / 2, and y = y + x / 2."""
    monkeypatch.setattr(Floats, "length", length)
    engine, x, e, slots = floats_for(SGD(lr=0.5))
    chunk = engine.chunk(0, x, e, slots, 3)
    assert chunk.x.tolist() == [[8, 4], [2, 8], [4, 9], [4.5, 11]]
    assert chunk.g.tolist() == [[12, -8], [-4, -2], [-1, -4], [-2, -4.5]]
    assert chunk.f.tolist() == [32, -12, -20, -29.25]
    assert chunk.lr.tolist() == [0.5] * 3
    assert chunk.output is chunk.x
    assert chunk.slots == ()
    assert not chunk.diverged
    assert {chunk.x.dtype, chunk.g.dtype, chunk.f.dtype, chunk.lr.dtype} == {np.dtype(float)}
    assert len(engine.pages) == (length == 3)


@pytest.mark.parametrize("length", [6, 100], ids=["written", "called"])
@pytest.mark.parametrize(
    "opt",
    [
        SGD(lr=Exponential(0.1, 0.1)),
        Momentum(lr=0.05, momentum=Exponential(0.9, 0.01)),
        Adam(lr=Exponential(0.1, 0.1)),  # two slots
        HeavyBall(lr=0.05),  # the rate inside the slot
        Branchy(),
        ClipByValue(ClipByValue(Momentum(lr=Exponential(0.1, 0.1)), 2.0), 1.0),
        Nesterov1983(lr=0.1),  # whose answer is another point
        Answering(lr=0.1),
    ],
    ids=name_of,
)
def test_a_chunk_of_floats_is_that_of_arrays_wherever_it_begins(opt, length, monkeypatch):
    monkeypatch.setattr(Floats, "length", length)
    for n in (0, 5):
        engine, x, e, slots = floats_for(opt)
        slots = tuple(slot + 0.25 for slot in slots)
        count = 2 if isinstance(opt, Branchy) and n == 0 else 6
        chunk = engine.chunk(n, x, e, slots, 6 if length == 6 else count)
        points, slopes, outputs, new = by_arrays(opt, Saddle(), n, x, slots, count)
        assert np.array_equal(chunk.x, points)
        assert np.array_equal(chunk.g, slopes)
        assert np.array_equal(chunk.output, outputs)
        assert np.array_equal(chunk.f, Saddle().fun(points))
        for got, expected in zip(chunk.slots, new, strict=True):
            assert np.array_equal(got, expected)
        rate = opt
        while hasattr(rate, "inner"):
            rate = rate.inner
        expected = [Hypers(rate, x).resolve(k).lr for k in range(n, n + count)]
        assert chunk.lr.tolist() == expected


def test_a_long_run_is_written_once_and_then_not_called(monkeypatch):
    """Short pieces are called coordinate by coordinate, unless there is a page already."""
    monkeypatch.setattr(Floats, "length", 4)
    monkeypatch.setattr(Counting, "seen", [])
    engine, x, e, slots = floats_for(Counting())
    engine.chunk(0, x, e, slots, 3)
    tried = [Symbol, np.ndarray]  # a rule from outside is compared with its trace first
    assert Counting.seen == tried + [float] * 6
    assert engine.pages == []
    long = engine.chunk(0, x, e, slots, 4)
    assert Counting.seen == tried + [float] * 6 + tried
    short = engine.chunk(4, long.x[-1], long.last, long.slots, 2)
    again = engine.chunk(6, short.x[-1], short.last, short.slots, 4)
    assert Counting.seen == tried + [float] * 6 + tried
    assert len(engine.pages) == 1
    whole, *_ = by_arrays(SGD(lr=0.5), Saddle(), 0, x, (), 10)
    assert np.array_equal(np.concatenate([long.x, short.x[1:], again.x[1:]]), whole)


class Noting(Saddle, abstract=True):
    """A gradient that notes what it is called with, and may ask for what no symbol has."""

    traceable: bool = True
    seen: ClassVar = []

    def grad(self, x):
        a, b = parts(x)
        self.seen.append(type(a))
        if not self.traceable:
            float(a.real)
        return join(2.0 * a - b, -a)


@pytest.mark.parametrize("traceable", [True, False])
def test_a_gradient_is_written_as_well_or_called_where_that_cannot_be(traceable, monkeypatch):
    monkeypatch.setattr(Floats, "length", 3)
    engine, x, e, slots = floats_for(SGD(lr=0.5), Noting(traceable))
    monkeypatch.setattr(Noting, "seen", [])
    chunk = engine.chunk(0, x, e, slots, 3)
    assert chunk.x.tolist() == [[8, 4], [2, 8], [4, 9], [4.5, 11]]
    assert Noting.seen == [Symbol] + [float] * (0 if traceable else 3)
    assert len(engine.pages) == 1


def test_every_branch_of_a_rule_has_a_page(monkeypatch):
    monkeypatch.setattr(Floats, "length", 4)
    engine, x, e, slots = floats_for(Branchy())
    first = engine.chunk(0, x, e, slots, 4)
    assert len(first.lr) == 2
    assert len(first.x) == len(first.g) == len(first.f) == 3
    engine.chunk(5, x, e, slots, 4)
    engine.chunk(0, x, e, slots, 4)
    engine.chunk(6, x, e, slots, 4)
    assert len(engine.pages) == 2


def test_a_rule_from_outside_that_cannot_be_followed_is_left_to_arrays(monkeypatch):
    """It asks about a value, which may be a number here and an array there."""
    monkeypatch.setattr(Floats, "length", 2)
    monkeypatch.setattr(Counting, "seen", [])
    engine, x, e, slots = floats_for(Counting(asks=True))
    assert engine.chunk(0, x, e, slots, 2) is None
    assert Counting.seen == [Symbol]


class Raising(Saddle, abstract=True):
    """A gradient that raises an error on floats."""

    error: Any = ZeroDivisionError

    def grad(self, x):
        if type(x) is list:
            raise self.error
        return super().grad(x)


@pytest.mark.parametrize("length", [3, 100], ids=["written", "called"])
@pytest.mark.parametrize("error", [ZeroDivisionError, OverflowError, ValueError, TypeError])
def test_where_floats_raise_the_engine_steps_aside(error, length, monkeypatch):
    monkeypatch.setattr(Floats, "length", length)
    engine, x, e, slots = floats_for(SGD(lr=0.5), Raising(error))
    assert engine.chunk(0, x, e, slots, 3) is None


class Counted(Saddle, abstract=True):
    """A value that is a whole number."""

    def fun(self, x):
        return np.sign(x[..., 0]).astype(int)


def test_values_are_kept_as_floats():
    engine, x, e, slots = floats_for(SGD(lr=0.5), Counted())
    assert engine.chunk(0, x, e, slots, 1).f.dtype == float


def test_an_error_that_arrays_would_not_answer_is_not_hidden():
    engine, x, e, slots = floats_for(SGD(lr=0.5), Raising(KeyError))
    with pytest.raises(KeyError):
        engine.chunk(0, x, e, slots, 3)


def stepper_like(opt=None, **facts):
    problem = SimpleNamespace(**{"varies": False, "components": True, "feasible": None, **facts})
    return SimpleNamespace(optimizer=SGD(lr=0.1) if opt is None else opt, problem=problem)


def test_a_run_of_floats_is_single_and_double_and_goes_by_components():
    assert floats_can(stepper_like(), ONE, ())
    assert floats_can(stepper_like(Remembering()), ONE, (ONE,))
    assert floats_can(stepper_like(SGD(lr=Exponential(0.1, 0.1))), ONE, ())


@pytest.mark.parametrize(
    ("stepper", "x", "slots"),
    [
        (stepper_like(), np.ones((1, 2)), ()),
        (stepper_like(), ONE.astype(np.float32), ()),
        (stepper_like(SGD(lr=BarzilaiBorwein())), ONE, ()),
        (stepper_like(Along()), ONE, ()),
        (stepper_like(Needing()), ONE, ()),
        (stepper_like(varies=True), ONE, ()),
        (stepper_like(components=False), ONE, ()),
        (stepper_like(SGD(lr=np.array([0.1, 0.2]))), ONE, ()),
        (stepper_like(Remembering()), ONE, (np.ones(1),)),
    ],
)
def test_floats_cannot_make_other_runs(stepper, x, slots):
    assert not floats_can(stepper, x, slots)


def test_a_problem_that_does_not_say_is_not_by_components():
    stepper = stepper_like()
    del stepper.problem.components
    assert not floats_can(stepper, ONE, ())
