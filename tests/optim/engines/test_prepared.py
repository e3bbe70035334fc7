"""Prepared updates: a run of what was run before is that of arrays, and only what is fixed is kept."""

import threading

import numpy as np
import pytest

from optim import SGD, Adam, ClipByValue, Momentum, Optimizer, PolyakRuppert, RAdam, minimize
from optim.engines import step
from optim.engines.compiled import prepared
from optim.engines.compiled.single import CompiledRun
from optim.hyperparameters import Hyper
from problems import Parabola, Problem, Rosenbrock
from schedules import Exponential
from tests.optim.engines.rules import needs_compiler
from tests.optim.engines.test_engines import assert_same_run

pytestmark = needs_compiler


@pytest.fixture(autouse=True)
def nothing_kept():
    prepared._KEPT.clear()
    yield
    prepared._KEPT.clear()


@pytest.mark.parametrize(
    "opt", [SGD(lr=1e-3), Adam(lr=0.01), RAdam(lr=0.01), SGD(lr=np.array([1e-3, 2e-3]))], ids=repr
)
def test_the_next_run_of_the_same_is_that_of_arrays(opt):
    problem = Rosenbrock()
    for x0 in ([-1.2, 1.0], [0.3, 0.4], [-1.2, 1.0]):
        for options in ({}, {"tol": 1e-1}, {"tol": 30.0}, {"every": 7}):
            run = minimize(problem, opt, x0, 60, engine="compiled", **options)
            assert_same_run(run, minimize(problem, opt, x0, 60, engine="array", **options))
    assert len(prepared._KEPT) >= 1


def test_a_run_that_diverges_does_so_again():
    problem, opt = Rosenbrock(), SGD(lr=0.1)
    for _ in range(3):
        run = minimize(problem, opt, steps=50, engine="compiled")
        assert_same_run(run, minimize(problem, opt, steps=50, engine="array"))
        assert run.diverged


def test_a_run_that_goes_on_makes_the_updates_that_follow():
    problem, opt = Rosenbrock(), Adam(lr=0.01)
    whole = minimize(problem, opt, steps=60, engine="array")
    first = minimize(problem, opt, steps=30, engine="compiled")
    rest = minimize(problem, opt, steps=30, state=first.state, engine="compiled")
    assert np.array_equal(rest.history.x, whole.history.x[30:])


@pytest.mark.parametrize(
    ("opt", "dtype"),
    [
        (SGD(lr=1e-3), np.float64),
        (SGD(lr=1e-3), np.float32),
        (Adam(lr=0.01), np.float64),
        (Adam(lr=0.01), np.float32),
        (RAdam(lr=0.01), np.float64),
        (PolyakRuppert(SGD(lr=1e-3)), np.float64),
        (PolyakRuppert(SGD(lr=1e-3)), np.float32),
    ],
    ids=repr,
)
def test_a_plain_run_of_what_was_run_before_needs_no_engine(opt, dtype, monkeypatch):
    problem = Rosenbrock()
    starts = [np.array(x0, dtype) for x0 in ([0.5, 0.5], [-1.2, 1.0], [0.0, -0.0], [1e-30, 3.0], [1.0, 1.0])]
    minimize(problem, opt, starts[0], 40, engine="compiled")
    references = [minimize(problem, opt, x0, 40, engine="array") for x0 in starts]
    monkeypatch.setattr(CompiledRun, "__init__", None)
    for x0, reference in zip(starts[:-1], references, strict=False):
        run = minimize(problem, opt, x0, 40, engine="compiled")
        assert_same_run(run, reference)
        assert np.array_equal(run.jac, reference.jac)
        assert run.jac.dtype == reference.jac.dtype
        assert (run.njev, run.success, run.failure) == (reference.njev, True, None)
        for name in ("n", "carry", "rule", "rate", "shape"):
            assert getattr(run.state, name) == getattr(reference.state, name)
        assert np.array_equal(run.state.x, reference.state.x)
        assert run.problem is problem
        assert not run.history.x.flags.writeable
        assert not any(np.shares_memory(run.history.x, a) for a in (run.jac, run.state.x, *run.state.slots))
    with pytest.raises(TypeError):  # at the minimum gradients and steps have no length: the engine's case
        minimize(problem, opt, starts[-1], 40, tol=1e-3, engine="compiled")


def test_the_next_start_is_checked_as_the_first_was():
    problem, opt = Rosenbrock(), SGD(lr=1e-3)
    minimize(problem, opt, steps=10, engine="compiled")
    for x0, expected in (
        ([1.0, np.nan], "x0: got .*, expected finite numbers"),
        ([1.0, 2.0, 3.0], r"x0: got shape \(3,\), expected 2 numbers"),
        ([1e200, 1.0], "x0: got .*, where fun is inf, expected a start with a finite value"),
    ):
        with pytest.raises(ValueError, match=expected):
            minimize(problem, opt, x0, 10, engine="compiled")
    batch = minimize(problem, opt, [[1.0, 2.0], [0.5, 0.5]], 10, engine="compiled")
    assert_same_run(batch, minimize(problem, opt, [[1.0, 2.0], [0.5, 0.5]], 10, engine="array"))
    for x0 in ([1e70, 1.0], [1.0, 1.0], [1e-170, 1e-180]):  # diverging; of no length; of lengths too small
        run = minimize(problem, opt, x0, 10, engine="compiled")
        assert_same_run(run, minimize(problem, opt, x0, 10, engine="array"))


def test_who_watches_a_run_sees_it():
    problem, opt, seen = Rosenbrock(), SGD(lr=1e-3), []
    minimize(problem, opt, steps=10, engine="compiled")
    with pytest.raises(ValueError, match="this run is watched"):
        minimize(problem, opt, steps=10, engine="compiled", callback=seen.append)


def test_runs_share_rates_that_nobody_can_write_into():
    first, second = (minimize(Rosenbrock(), SGD(lr=1e-3), steps=20, engine="compiled") for _ in range(2))
    assert np.shares_memory(first.history.lr, second.history.lr)
    with pytest.raises(ValueError, match="WRITEABLE"):
        first.history.lr.setflags(write=True)


def test_equal_records_are_not_taken_for_each_other_by_their_numbers():
    problem = Rosenbrock()
    for lr in (1e-3, 2e-3, 1e-3):
        run = minimize(problem, SGD(lr=lr), steps=20, engine="compiled")
        assert_same_run(run, minimize(problem, SGD(lr=lr), steps=20, engine="array"))
        assert (run.history.lr == lr).all()


def test_equal_records_stand_for_each_other():
    for _ in range(2):
        run = minimize(Rosenbrock(), Adam(lr=0.01), steps=20, engine="compiled")
        assert_same_run(run, minimize(Rosenbrock(), Adam(lr=0.01), steps=20, engine="array"))
    assert len(prepared._KEPT) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (SGD(lr=0.0), SGD(lr=-0.0)),
        (Momentum(lr=0.1), Momentum(lr=0.1, momentum=0.5)),
        (SGD(lr=0.1), Momentum(lr=0.1, momentum=0.0)),
        (SGD(lr=np.array([0.1, 0.2])), SGD(lr=np.array([0.2, 0.1]))),
        (SGD(lr=np.array([0.1, 0.2])), SGD(lr=np.array([[0.1], [0.2]]))),
        (ClipByValue(SGD(lr=0.1), 1.0), ClipByValue(SGD(lr=0.2), 1.0)),
    ],
    ids=repr,
)
def test_what_differs_in_a_bit_is_told_apart(one, other):
    assert prepared.content(one) == prepared.content(one.replace()) is not None
    assert prepared.content(one) != prepared.content(other)


@pytest.mark.parametrize(
    "record",
    [SGD(lr=lambda _: 0.1), SGD(lr=Exponential(0.1, 0.1)), ClipByValue(SGD(lr=Exponential(0.1, 0.1)), 1.0)],
    ids=repr,
)
def test_a_rule_with_a_schedule_is_not_known_again(record):
    assert prepared.content(record) is None


def test_schedules_and_functions_are_asked_in_every_run():
    problem, asked = Rosenbrock(), []

    def rate(n):
        asked.append(n)
        return 1e-3

    opt = SGD(lr=rate)
    for _ in range(2):
        asked.clear()
        minimize(problem, opt, steps=20, engine="compiled")
        assert {*range(20)} <= {*asked}
    minimize(problem, SGD(lr=Exponential(1e-3, 0.01)), steps=20, engine="compiled")
    assert not prepared._KEPT


def test_few_and_small_tables_are_kept(monkeypatch):
    monkeypatch.setattr(prepared, "_MOST", 3)
    problem, opts = Rosenbrock(), [Adam(lr=1e-3 * k) for k in range(1, 6)]
    for opt in opts:
        minimize(problem, opt, steps=20, engine="compiled")
    assert [key[0] for key in prepared._KEPT] == [prepared.content(opt) for opt in opts[2:]]
    monkeypatch.setattr(prepared, "_LARGEST", 1000)
    minimize(problem, opts[0], steps=500, engine="compiled")
    assert len(prepared._KEPT) == 3


def test_threads_run_the_same_at_once():
    problem, opt, found = Rosenbrock(), RAdam(lr=0.01), []
    reference = minimize(problem, opt, steps=80, engine="array")

    def work():
        found.extend(minimize(problem, opt, steps=80, engine="compiled") for _ in range(20))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 80
    for run in found:
        assert np.array_equal(run.history.x, reference.history.x)


SHARE = 1.0


class Shared(Optimizer, abstract=True):
    """Steepest descent by a share of the gradient, which stands in the module and not in the record."""

    lr: Hyper = 0.01

    def direction(self, x, g, slots, h):
        return SHARE * g, slots


class Steep(Problem, abstract=True):
    """The parabola, its height in the module as well."""

    components = True
    dim = 1
    x0 = (10.0,)

    def fun(self, x):
        x0 = x[0] if isinstance(x, list) else x[..., 0]
        return SHARE * (x0 * x0)

    def grad(self, x):
        return [2 * SHARE * x[0]] if isinstance(x, list) else 2 * SHARE * x


@pytest.mark.parametrize("problem", [Parabola(), Steep()], ids=["ours", "own"])
def test_what_a_rule_of_ones_own_reads_in_its_module_may_change(problem, monkeypatch):
    """As in a notebook: the cell with the constant is run again, the class is not."""
    rule, batch = Shared(), Shared(lr=np.array([[0.01], [0.02]]))
    x = np.ones(1000)
    for share in (1.0, 3.0, 1.0):
        monkeypatch.setitem(globals(), "SHARE", share)
        for opt in (rule, batch):
            ends = [minimize(problem, opt, steps=9, engine=engine).x for engine in ("array", "compiled")]
            np.testing.assert_array_equal(*ends)
        moved, _ = step(rule, x, x, rule.init(x), engine="compiled")
        np.testing.assert_array_equal(moved, np.full(1000, 1 - 0.01 * share))
