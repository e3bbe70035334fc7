"""Which engine makes a run, and which runs it refuses."""

import numpy as np
import pytest

from optim import SGD, engines, minimize
from optim.engines import engine_for, large, source
from optim.engines.batched import BatchedEngine
from optim.engines.floats import Floats
from optim.steppers import stepper_for
from optim.sweep import sweep
from problems import Rosenbrock
from schedules import BarzilaiBorwein
from tests.optim.engines.rules import ONE, Along, Fenced, Remembering, Saddle, needs_compiler


def way_of(opt, problem, x, stop=None):
    return stepper_for(opt, problem, x, opt.init(x), stop)


@pytest.mark.parametrize(
    ("name", "d", "chosen"),
    [
        ("auto", 2, Floats),
        ("auto", 16, Floats),
        ("auto", 17, None),
        ("floats", 17, Floats),
        ("array", 2, None),
        ("array", 17, None),
    ],
)
def test_a_single_run_of_up_to_sixteen_dimensions_is_made_on_floats(name, d, chosen):
    x = np.ones(d)
    engine = engine_for(name, way_of(SGD(lr=0.1), Rosenbrock(d), x), x, (), False)
    assert (engine and type(engine)) is chosen


@pytest.mark.parametrize(
    ("name", "chosen"), [("auto", BatchedEngine), ("traced", BatchedEngine), ("array", None)]
)
def test_a_batch_is_made_in_tiles(name, chosen):
    x = np.ones((3, 2))
    engine = engine_for(name, way_of(SGD(lr=0.1), Rosenbrock(), x), x, (), False)
    assert (engine and type(engine)) is chosen


@pytest.mark.parametrize("name", ["auto", "floats", "traced", "array"])
@pytest.mark.parametrize(
    ("opt", "problem", "x", "watched"),
    [
        (SGD(lr=0.1), Fenced(), ONE, False),
        (SGD(lr=0.1), Fenced(), np.ones((3, 2)), False),
        (SGD(lr=0.1), Saddle(), ONE, True),
        (SGD(lr=0.1), Saddle(), np.ones((3, 2)), True),
        (SGD(lr=BarzilaiBorwein()), Saddle(), ONE, False),
        (Along(lr=0.1), Saddle(), np.ones((3, 2)), False),
        (Along(lr=0.1), Saddle(), ONE, False),
    ],
)
def test_what_only_arrays_can_do_is_left_to_them_or_refused(name, opt, problem, x, watched):
    stepper = way_of(opt, problem, x)
    if name in ("auto", "array"):
        assert engine_for(name, stepper, x, (), watched) is None
    else:
        with pytest.raises(ValueError, match=f"expected array, because {name} cannot make this run"):
            engine_for(name, stepper, x, (), watched)


@pytest.mark.parametrize(("name", "x"), [("traced", ONE), ("floats", np.ones((3, 2)))])
def test_floats_are_for_single_runs_and_traces_for_batches(name, x):
    with pytest.raises(ValueError, match="cannot make this run"):
        engine_for(name, way_of(SGD(lr=0.1), Saddle(), x), x, (), False)


@needs_compiler
@pytest.mark.parametrize(
    ("stop", "x", "pays"),
    [
        (60, ONE, True),
        (59, ONE, False),
        (None, ONE, False),
        (20, np.ones((3, 2)), True),
        (19, np.ones((3, 2)), False),
        (None, np.ones((3, 2)), False),
    ],
)
def test_sixty_updates_of_all_runs_together_pay_for_a_compiler(monkeypatch, stop, x, pays):
    monkeypatch.setattr(engines, "PAYS", 60)
    engine = engine_for("auto", way_of(SGD(lr=0.1), Rosenbrock(), x, stop), x, (), False)
    assert (type(engine).__name__ in ("CompiledRun", "CompiledBatch")) is pays


@needs_compiler
@pytest.mark.parametrize("name", ["auto", "floats", "compiled"])
@pytest.mark.parametrize(
    ("opt", "problem", "watched"),
    [
        (SGD(lr=0.1), Saddle(), True),
        (SGD(lr=0.1), Fenced(), False),
        (SGD(lr=BarzilaiBorwein()), Saddle(), False),
    ],
)
def test_a_run_that_is_watched_is_not_compiled_however_long(monkeypatch, name, opt, problem, watched):
    monkeypatch.setattr(engines, "PAYS", 0)
    stepper = way_of(opt, problem, ONE, 10)
    if name == "auto":
        assert engine_for(name, stepper, ONE, (), watched) is None
        return
    reason = ": this run is watched, fenced or takes its rate from the loss" if name == "compiled" else ""
    with pytest.raises(ValueError, match=rf" expected array, because {name} cannot make this run{reason}$"):
        engine_for(name, stepper, ONE, (), watched)


@needs_compiler
def test_what_cannot_be_compiled_is_made_otherwise(monkeypatch):
    monkeypatch.setattr(engines, "PAYS", 0)
    opt = Along(lr=0.1)
    assert engine_for("auto", way_of(opt, Saddle(), ONE, 10), ONE, (), False) is None
    with pytest.raises(ValueError, match=r"run: Along does not go coordinate by coordinate$"):
        engine_for("compiled", way_of(opt, Saddle(), ONE, 10), ONE, (), False)


@needs_compiler
def test_a_run_begins_with_the_first_update_unless_another_is_named():
    """This schedule has one value."""
    stepper = way_of(SGD(lr=lambda n: [0.1][n]), Saddle(), ONE, 1)
    assert engine_for("compiled", stepper, ONE, (), False) is not None


@pytest.mark.parametrize(
    ("opt", "stop", "name", "chosen"),
    [
        (Remembering(lr=0.1), 15, "auto", None),
        (Remembering(lr=0.1), 15, "floats", Floats),
        (Remembering(lr=0.1), 16, "auto", Floats),
        (Remembering(lr=0.1), None, "auto", Floats),
        (SGD(lr=0.1), 1, "auto", Floats),
    ],
)
def test_a_rule_from_outside_is_followed_for_sixteen_updates_and_more(opt, stop, name, chosen):
    stepper = way_of(opt, Saddle(), ONE, stop)
    engine = engine_for(name, stepper, ONE, opt.init(ONE).slots, False)
    assert (engine and type(engine)) is chosen


class Thing:
    """No `Problem`, but something with a value and a gradient."""

    def fun(self, x):
        return (x * x).sum(axis=-1)

    def grad(self, x):
        return 2.0 * x


class Knowing(Thing):
    """One that has both at once, too."""

    def value_and_grad(self, x):
        return self.fun(x) + 1000.0, self.grad(x)


@pytest.mark.parametrize("engine", ["auto", "array", "traced"])
def test_anything_with_a_value_and_a_gradient_is_a_problem_for_batches_too(engine):
    rates = np.array([[0.25], [0.5], [1.0]])
    run = minimize(Thing(), SGD(lr=rates), x0=[8.0, 4.0], steps=2, engine=engine)
    assert run.x.tolist() == [[2.0, 1.0], [0.0, 0.0], [8.0, 4.0]]
    if engine == "auto":
        assert sweep(Thing(), SGD(lr=rates), x0=[8.0, 4.0], steps=2).x.tolist() == run.x.tolist()
        assert minimize(Thing(), SGD(lr=0.25), x0=[8.0, 4.0], steps=2).x.tolist() == [2.0, 1.0]


def test_what_gives_value_and_gradient_at_once_is_asked_for_both():
    run = minimize(Knowing(), SGD(lr=0.25), x0=[8.0], steps=1)
    assert run.history.fun.tolist() == [1064.0, 1016.0]


def test_the_package_has_what_it_promises_and_nothing_else():
    assert engines.step is large.step
    assert engines.engine_source is source.engine_source
    with pytest.raises(AttributeError, match=r"module 'optim.engines' has no attribute 'stepp'"):
        engines.stepp  # noqa: B018
