"""L and mu are the ends of the curvature: none lies beyond (the conformance tests), and both are reached.

A bound that is twice too large holds everywhere; only a point where the curvature comes up to it shows that
no smaller number would do.
"""

import numpy as np
import pytest

from optim import SGD, minimize
from problems import (
    Airfoil,
    BreastCancer,
    Digits,
    FunctionProblem,
    Huber,
    Iris,
    LeastSquares,
    LogisticRegression,
    MiniBatch,
    Quadratic,
    Rotated,
    Scaled,
    Shifted,
    SoftmaxRegression,
    Stretched,
    two_gaussians,
)
from tests.instances import name_of
from tests.problems.test_conformance import INSTANCES

RNG = np.random.default_rng(11)
TALL, WIDE = RNG.normal(size=(20, 4)), RNG.normal(size=(3, 5))
ROUND = Quadratic([3.0, 3.0, 3.0])

# Beside the instances of the conformance tests: penalties, no intercept, few examples, transformed bowls.
MORE = [
    Quadratic([0.25, 8.0, 3.0]),
    Huber(curvature=7.0, kink=0.5),
    LeastSquares(TALL, TALL[:, 0], l2=0.5),
    LeastSquares(TALL, TALL[:, 0], l2=0.5, intercept=False),
    LeastSquares(WIDE, WIDE[:, 0]),
    Airfoil(l2=0.1),
    LogisticRegression(*two_gaussians(30), l2=0.2),
    LogisticRegression(*two_gaussians(30), l2=0.2, intercept=False),
    BreastCancer(l2=0.01),
    SoftmaxRegression(TALL, np.arange(20) % 4),
    SoftmaxRegression(TALL, np.arange(20) % 2, l2=0.3),
    Iris(l2=0.1),
    MiniBatch(BreastCancer(l2=0.01), 32),
    Shifted(Quadratic([2.0, 9.0]), by=(3.0, -1.0)),
    Rotated(Quadratic([2.0, 9.0, 4.0]), rng=2),
    Scaled(Quadratic([2.0, 9.0]), value=5.0, argument=0.25),
    Scaled(ROUND, value=0.1, argument=(1.0, 2.0, 0.125)),
    Stretched(ROUND, condition=30.0),
]


def candidates(problem):
    """Points where the curvature may be extreme: the start, the middle, the minimum, and far out."""
    dim = problem.dim
    points = [np.array(problem.x0, float), np.zeros(dim)]
    points += [np.array(point, float) for point in problem.minimizers or ()]
    direction = np.random.default_rng(1).normal(size=dim)
    points += [np.full(dim, 1.5)]  # between the kinks of a function in pieces
    points += [1e5 * direction]  # where losses of single examples are flat or straight
    unpenalised = getattr(problem, "intercept", False) and getattr(problem, "n_classes", 0)
    if unpenalised:
        # Every example is undecided between two classes and sure that it is none of the others; or sure.
        undecided, sure = np.zeros(dim), np.zeros(dim)
        undecided[dim - problem.n_classes + 2 :] = -1e4
        sure[dim - problem.n_classes + 1 :] = -1e4
        points += [undecided, sure]
    elif getattr(problem, "intercept", False):
        points.append(np.append(np.zeros(dim - 1), 1e4))
    return points


def curvatures(problem):
    with np.errstate(over="ignore"):
        hessians = [problem.hess(point) for point in candidates(problem)]
    return np.array([np.linalg.eigvalsh(H) for H in hessians if np.isfinite(H).all()])


BOUNDED = [p for p in [*INSTANCES, *MORE] if p.has_hess and not isinstance(p, FunctionProblem | Digits)]


@pytest.mark.parametrize("problem", [p for p in BOUNDED if p.L is not None], ids=name_of)
def test_L_is_a_curvature_somewhere(problem):
    reached = np.abs(curvatures(problem)).max()
    assert reached == pytest.approx(problem.L, rel=1e-9, abs=1e-15)


@pytest.mark.parametrize("problem", [p for p in BOUNDED if p.mu is not None], ids=name_of)
def test_mu_is_a_curvature_somewhere(problem):
    found = curvatures(problem)
    exact = np.abs(found).max(axis=1) < 1e6 * (problem.mu + 1)  # beyond, rounding hides the smallest
    reached = found[exact].min()
    assert reached == pytest.approx(problem.mu, rel=1e-9, abs=1e-9 * (problem.L or 1.0))


def test_the_largest_curvature_of_the_digits_is_reached_along_one_direction():
    """Ten classes, 65 weights each: a product with the Hessian in place of its 650 eigenvalues."""
    problem = Digits()
    point = next(p for p in candidates(problem) if p.min() == -1e4 and (p == -1e4).sum() == 8)
    A, _ = problem.train
    direction = np.linalg.eigh(A.T @ A)[1][:, -1]
    along = np.zeros((len(direction), problem.n_classes))
    along[:, 0], along[:, 1] = direction, -direction
    v = along.ravel() / np.linalg.norm(along)
    step = 1e-6
    slope = (problem.grad(point + step * v) - problem.grad(point - step * v)) @ v / (2 * step)
    assert slope == pytest.approx(problem.L, rel=1e-6)


def is_quadratic(problem):
    found = curvatures(problem)
    return np.abs(found - found[0]).max() < 1e-12 * problem.L


BOWLS = [p for p in BOUNDED if p.L and p.mu and p.minimizers and not p.varies and is_quadratic(p)]


@pytest.mark.parametrize("problem", BOWLS, ids=name_of)
def test_twice_over_L_is_the_rate_at_which_descent_stops_converging(problem):
    """What L is for: along the steepest curvature of a quadratic, 2/L parts arriving from leaving."""
    steepest = np.linalg.eigh(problem.hess(np.array(problem.x0, float)))[1][:, -1]
    start = np.array(problem.minimizers[0]) + steepest
    below, above = (
        minimize(problem, SGD(lr=share * 2 / problem.L), start, steps=300).history.grad_norm
        for share in (0.98, 1.02)
    )
    assert below[-1] < 1e-3 * below[0]
    assert above[-1] > 1e3 * above[0]
