"""A run has the same bits alone as in a batch, whatever else is in it, on problems with data too."""

import numpy as np
import pytest

import stepsize as ss
from tests.instances import PROBLEMS, name_of

RNG = np.random.default_rng(5)
LONG = ss.LeastSquares(RNG.normal(size=(5000, 40)), RNG.normal(size=5000), l2=0.1)
PIECES = ss.LogisticRegression(RNG.normal(size=(5000, 30)), RNG.integers(0, 2, 5000).astype(float))
DATA = [
    ss.BreastCancer(),
    ss.Airfoil(),
    ss.Iris(),
    ss.Digits(),
    ss.DigitsMLP(),
    ss.SeparableLogistic(),
    ss.WilsonConstruction(),
    ss.DiagonalLinearNetwork(),
    LONG,
    PIECES,
    ss.Quadratic(np.diag(np.arange(1.0, 24.0)) + 0.1, start=np.ones(23)),
    ss.Rotated(ss.Rosenbrock(11)),
]
SIZES = (1, 2, 15, 16, 17, 40)


def assert_rows_alone(problem, points):
    """Value, gradient and both together of every row must be what that row alone gives, bit for bit."""
    f, g = problem.value_and_grad(points)
    alone = problem.fun(points), problem.grad(points)
    for i, x in enumerate(points):
        fi, gi = problem.value_and_grad(x)
        assert np.array_equal(fi, f[i], equal_nan=True)
        assert np.array_equal(gi, g[i], equal_nan=True)
        assert np.array_equal(problem.fun(x), alone[0][i], equal_nan=True)
        assert np.array_equal(problem.grad(x), alone[1][i], equal_nan=True)


@pytest.mark.parametrize("problem", DATA, ids=name_of)
@pytest.mark.parametrize("size", SIZES)
def test_a_point_has_the_same_bits_in_every_batch(problem, size):
    points = np.random.default_rng(size).normal(size=(size, problem.dim)) * 0.3
    assert_rows_alone(problem, points)


@pytest.mark.parametrize("problem", [p for p in PROBLEMS if not getattr(p, "varies", False)], ids=name_of)
def test_so_it_has_on_every_problem(problem):
    assert_rows_alone(problem, np.random.default_rng(3).uniform(0.1, 0.9, size=(19, problem.dim)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_so_it_has_in_single_precision_and_for_other_shapes(dtype):
    problem = ss.BreastCancer()
    points = (np.random.default_rng(1).normal(size=(3, 5, problem.dim)) * 0.3).astype(dtype)
    f, g = problem.value_and_grad(points)
    for i in np.ndindex(3, 5):
        fi, gi = problem.value_and_grad(points[i])
        assert fi == f[i]
        assert np.array_equal(gi, g[i])


@pytest.mark.parametrize("sampling", ["static", "dynamic"])
def test_so_it_has_on_mini_batches(sampling):
    problem = ss.MiniBatch(ss.BreastCancer(), 50, sampling=sampling, rng=1)
    points = np.random.default_rng(2).normal(size=(18, problem.dim)) * 0.3
    assert_rows_alone(problem.at(7), points)


@pytest.mark.parametrize(
    ("problem", "rule", "low", "high"),
    [
        (ss.BreastCancer(), ss.Adam, 1e-3, 0.5),
        (ss.Airfoil(), ss.SGD, 0.01, 0.6),
        (ss.Iris(), ss.Momentum, 0.01, 0.9),
        (ss.BreastCancer(), ss.SGD, 0.1, 300.0),
    ],
    ids=["Adam", "least squares", "softmax", "beyond stability, where rounding grows"],
)
def test_runs_of_800_updates_end_at_the_same_bits(problem, rule, low, high):
    rates = np.geomspace(low, high, 19)
    together = ss.minimize(problem, rule(lr=rates[:, None]), steps=800)
    for i in (0, 9, 18):
        alone = ss.minimize(problem, rule(lr=rates[i]), steps=800)
        assert np.array_equal(alone.history.x, together.history.x[: alone.nit + 1, i])


def test_a_sweep_gives_the_same_numbers_however_it_is_cut():
    rates = np.geomspace(0.01, 100, 21)
    whole = ss.sweep(ss.BreastCancer(), ss.SGD, 200, lr=rates)
    for batch in (1, 4):
        pieces = ss.sweep(ss.BreastCancer(), ss.SGD, 200, lr=rates, batch=batch)
        assert np.array_equal(whole["final"], pieces["final"], equal_nan=True)
