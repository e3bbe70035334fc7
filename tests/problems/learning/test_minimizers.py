"""What is said of minimizers holds: all of them, one of a line, or none where none is attained."""

import numpy as np
import pytest

import stepsize as ss
from tests.instances import PROBLEMS, name_of

STATED = [p for p in PROBLEMS if not getattr(p, "drifts", False) and p.minimizers is not None]
POINTS = [[-1.0], [0.0], [1.0]]


def nearby(problem, reach=1e-3):
    """Return points around the first minimizer: along the axes, the flattest directions, and at random."""
    center = np.array(problem.minimizers[0], float)
    directions = [*np.eye(problem.dim), *np.random.default_rng(0).normal(size=(200, problem.dim))]
    if problem.has_hess:
        directions += [*np.linalg.eigh(problem.hess(center))[1].T]
    unit = np.array([d / np.linalg.norm(d) for d in directions])
    points = center + reach * np.concatenate([unit, -unit])
    low, high = getattr(problem, "feasible", None) or (-np.inf, np.inf)
    return points[((points >= low) & (points <= high)).all(axis=1)]


@pytest.mark.parametrize("problem", STATED, ids=name_of)
def test_a_minimizer_stands_alone_or_is_said_not_to(problem):
    center = np.array(problem.minimizers[0], float)
    f = float(problem.fun(center))
    rise = problem.fun(nearby(problem)) - f
    rounding = 1e-14 * max(abs(f), problem.summed or 0.0, 1e-300)
    if problem.isolated:
        assert (rise > 0).all() or rise.min() >= -rounding, "around it the function rises"
        if problem.has_hess and problem.mu:
            assert (rise > rounding).all()
    else:
        bend = (problem.L or np.abs(np.linalg.eigvalsh(problem.hess(center))).max()) * 0.5e-6
        assert rise.min() < 1e-6 * bend, "in some direction it does not"


def test_softmax_with_intercepts_lists_one_point_of_a_line():
    iris = ss.Iris()
    assert iris.isolated is False
    w = iris.unravel(np.array(iris.minimizers[0]))
    for shift in (-3.0, 5.0):
        moved = w.copy()
        moved[-1] += shift  # all intercepts
        assert iris.fun(iris.ravel(moved)) == pytest.approx(iris.minimum, rel=1e-12)
    assert ss.SoftmaxRegression(POINTS, [0, 1, 2], l2=0.1, intercept=False).isolated


@pytest.mark.parametrize("label", [0.0, 1.0])
@pytest.mark.parametrize("l2", [0.0, 0.1])
def test_one_class_has_no_minimizer(label, l2):
    problem = ss.LogisticRegression(POINTS, [label] * 3, l2=l2)
    assert problem.minimizers is None
    assert problem.minimum == 0.0
    sign = 1 if label else -1
    falling = [float(problem.fun(np.array([0.0, sign * b]))) for b in (1.0, 10.0, 100.0)]
    assert falling[0] > falling[1] > falling[2] >= 0
    assert falling[2] < 1e-40


def test_one_class_without_an_intercept_has_one_with_a_penalty():
    problem = ss.LogisticRegression([[1.0], [2.0]], [1.0, 1.0], l2=0.1, intercept=False)
    w = problem.minimizers[0][0]
    assert abs(problem.grad(np.array([w]))[0]) < 1e-12
    assert problem.minimum > 0


def test_separable_data_have_none_without_a_penalty():
    problem = ss.LogisticRegression(POINTS, [0.0, 0.0, 1.0], l2=0.0)
    assert problem.separable
    assert (problem.minimizers, problem.minimum) == (None, 0.0)


def test_nor_have_data_that_touch():
    """At 0 both classes; far out all are right: the loss falls towards that of the two at 0, log(2) each."""
    problem = ss.LogisticRegression([[-1.0], [0.0], [0.0], [1.0]], [0.0, 0.0, 1.0, 1.0], l2=0.0)
    assert not problem.separable
    assert (problem.minimizers, problem.minimum) == (None, None)
    values = problem.fun(np.array([[w, 0.0] for w in (1.0, 10.0, 100.0)]))
    assert values[0] > values[1] > values[2] >= np.log(2) / 2 - 1e-15


def test_data_that_overlap_have_one():
    problem = ss.LogisticRegression([[-1.0], [0.0], [1.0], [2.0]], [0.0, 1.0, 0.0, 1.0], l2=0.0)
    assert problem.isolated
    assert np.abs(problem.grad(np.array(problem.minimizers[0]))).max() < 1e-10


def test_fewer_examples_than_parameters_leave_a_plane():
    line = ss.LeastSquares([[1.0, 1.0], [2.0, 2.0], [0.0, 0.0]], [0.0, 1.0, 3.0])
    assert line.isolated is False
    w = np.array(line.minimizers[0])
    assert line.fun(w + np.array([1.0, -1.0, 0.0])) == pytest.approx(line.minimum, rel=1e-12)
    assert ss.LeastSquares([[1.0, 1.0], [2.0, 2.0], [0.0, 0.0]], [0.0, 1.0, 3.0], l2=0.1).isolated


@pytest.mark.parametrize(
    "wrapped", [lambda p: ss.Shifted(p, 1.0), lambda p: ss.Scaled(p, 2.0), lambda p: ss.AdditiveNoise(p, 1.0)]
)
def test_what_stands_around_a_problem_says_the_same(wrapped):
    assert wrapped(ss.Quadratic([1.0, 0.0])).isolated is False
    assert wrapped(ss.Quadratic([1.0, 2.0])).isolated is True


def test_a_course_towards_a_line_is_not_measured_by_one_of_its_points():
    """On f = x^2/2 in the plane gradient descent contracts by 1 - lr, wherever on the line it arrives."""
    run = ss.minimize(ss.Quadratic([1.0, 0.0], start=[5.0, 3.0]), ss.SGD(0.3), steps=60)
    assert ss.observed_rate(run) == pytest.approx(0.7, rel=1e-6)
