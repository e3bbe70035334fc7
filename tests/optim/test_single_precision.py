"""A run that starts in single precision stays there, in whatever precision the problem computes."""

from dataclasses import replace

import numpy as np
import pytest

import stepsize as ss
from optim.engines.large import step
from tests.instances import OPTIMIZERS, name_of


class Doubles:
    """A problem of a user's whose gradient is in double precision."""

    x0 = (1.0, 2.0)

    def fun(self, x):
        return (x * x).sum(axis=-1)

    def grad(self, x):
        return 2 * x.astype(np.float64)


PROBLEMS = [
    ss.Quadratic([1, 20]),
    ss.Quadratic([[3, 1], [1, 2]]),
    ss.Rosenbrock(),
    ss.Formula("x^2 + y^2"),
    ss.BreastCancer(),
    ss.Airfoil(),
    ss.Iris(),
    ss.DigitsMLP(),
    ss.MiniBatch(ss.BreastCancer(), 50),
    ss.AdditiveNoise(ss.Quadratic([1, 20]), 1.0),
    Doubles(),
]


def start(problem):
    return np.full(len(problem.x0), 0.1, np.float32)


def precisions(run):
    slots = {np.asarray(slot).dtype.name for slot in run.state.slots}
    return {run.history.x.dtype.name, run.x.dtype.name, run.jac.dtype.name, run.state.x.dtype.name} | slots


@pytest.mark.parametrize("problem", PROBLEMS, ids=name_of)
@pytest.mark.parametrize("engine", ["auto", "array"])
def test_a_run_stays_in_single_precision(problem, engine):
    for rule in (ss.SGD(1e-3), ss.Adam(0.01), ss.Momentum(lr=ss.Exponential(0.01, 0.1))):
        assert precisions(ss.minimize(problem, rule, start(problem), 5, engine=engine)) == {"float32"}


@pytest.mark.parametrize("problem", PROBLEMS, ids=name_of)
def test_so_does_a_batch_and_a_run_that_goes_on(problem):
    rates = np.array([[1e-3], [2e-3]], np.float32)
    run = ss.minimize(problem, ss.SGD(rates), start(problem), 5)
    assert precisions(run) == {"float32"}
    more = ss.minimize(problem, ss.SGD(rates), steps=5, state=run.state)
    assert precisions(more) == {"float32"}


@pytest.mark.parametrize(
    ("problem", "rule"),
    [
        (ss.Quadratic([1, 20]), ss.Newton()),
        (ss.Quadratic([[3, 1], [1, 2]]), ss.BFGS()),
        (ss.Airfoil(), ss.GaussNewton()),
        (ss.BreastCancer(), ss.LBFGS()),
        (ss.BreastCancer(), ss.SGD(ss.Armijo())),
        (ss.Quadratic([1, 20]), ss.SGD(ss.Polyak())),
        (ss.MiniBatch(ss.BreastCancer(), 50, sampling="dynamic"), ss.SGD(ss.GOLSI())),
        (ss.MiniBatch(ss.BreastCancer(), 50, sampling="dynamic"), ss.SGD(ss.ProbabilisticLineSearch())),
    ],
    ids=lambda v: repr(v)[:40],
)
def test_so_do_curvature_and_line_searches(problem, rule):
    assert precisions(ss.minimize(problem, rule, start(problem), 5)) == {"float32"}


@pytest.mark.parametrize("rule", [o for o in OPTIMIZERS if not o.requires and o.own_hypers()], ids=name_of)
def test_so_does_a_loop_of_ones_own(rule):
    if getattr(rule.lr, "kind", "schedule") != "schedule":
        pytest.skip("its rate needs the loss")
    x = np.array([0.5, -0.25], np.float32)
    state = rule.init(x)
    for gradient in ([1.0, 2.0], np.array([1.0, 2.0]), np.array([1.0, 2.0], np.float32)):
        x, state = rule.step(x, gradient, state)
        assert x.dtype == np.float32
        assert {np.asarray(slot).dtype for slot in state.slots} <= {np.dtype(np.float32)}


def test_the_counts_are_those_of_a_run_in_double_precision():
    single = ss.minimize(ss.Quadratic([1, 20]), ss.SGD(0.01), np.ones(2, np.float32), 5)
    double = ss.minimize(ss.Quadratic([1, 20]), ss.SGD(0.01), np.ones(2), 5)
    assert (single.nfev, single.njev) == (double.nfev, double.njev)
    assert single.x == pytest.approx(double.x, rel=1e-5)


STEPPED = [rule for rule in OPTIMIZERS if not rule.requires]
OTHER = {"float32": "float64", "float64": "float32"}


def in_precision(state, dtype):
    return replace(state, slots=tuple(np.asarray(slot).astype(dtype) for slot in state.slots))


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("rule", STEPPED, ids=name_of)
def test_a_step_takes_a_state_in_the_precision_of_x(rule, precision):
    """As a run does that goes on from a state: what is stepped is the same as after a cast by hand."""
    x = np.array([-1.2, 1.0], precision)
    state = rule.init(x)
    for g in ([0.5, -0.25], [0.3, 0.1]):
        x, state = rule.step(x, np.array(g, precision), state)
    other = in_precision(state, OTHER[precision])
    g = np.array([0.2, -0.4], precision)
    found, left = rule.step(x, g, other)
    expected, kept = rule.step(x, g, in_precision(other, precision))
    assert found.dtype == x.dtype
    assert {np.asarray(slot).dtype for slot in left.slots} <= {x.dtype}
    assert found.tobytes() == expected.tobytes()
    assert [np.asarray(slot).tobytes() for slot in left.slots] == [
        np.asarray(slot).tobytes() for slot in kept.slots
    ]


@pytest.mark.parametrize("engine", ["auto", "array", "traced"])
@pytest.mark.parametrize("overwrite", [False, True])
def test_so_does_an_update_of_a_huge_vector(engine, overwrite):
    """Adam's moments after a gradient of 1 and one of 0, by hand: m = 0.09, v = 0.000999."""
    rule, size = ss.Adam(lr=0.5, eps=0.0), 2**18 + 3
    x = np.zeros(size)
    x, state = step(rule, x, np.ones(size), rule.init(x))
    single = in_precision(state, np.float32)
    x, state = step(rule, x, np.zeros(size), single, engine=engine, overwrite=overwrite)
    assert {x.dtype, *(slot.dtype for slot in state.slots)} == {np.dtype(np.float64)}
    m, v = 0.9 * float(np.float32(0.1)), 0.999 * float(np.float32(0.001))
    assert state.slots[0][0] == pytest.approx(m, rel=1e-12)
    assert state.slots[1][-1] == pytest.approx(v, rel=1e-12)
    moved = -0.5 - 0.5 * (m / (1 - 0.9**2)) / np.sqrt(v / (1 - 0.999**2))
    assert x[[0, -1]] == pytest.approx(moved, rel=1e-12)
    assert {slot.dtype for slot in single.slots} == {np.dtype(np.float32)}
