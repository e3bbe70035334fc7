"""A run that starts in single precision stays there, in whatever precision the problem computes."""

import numpy as np
import pytest

import stepsize as ss
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
