"""What the figures of books compute with: closed forms, hand computations, finite differences."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

import stepsize as ss
from stepsize import gallery
from stepsize.core.record import registered
from stepsize.gallery import (
    beck,
    boyd,
    geron,
    nocedal,
    ruder,
)


def test_what_a_figure_builds_is_no_problem_of_the_library():
    gallery.catalogue()
    assert [cls for cls in registered(ss.Problem) if cls.__module__.startswith("stepsize.gallery")] == []


# When a loop ends


def stops(callback, **info):
    try:
        callback(SimpleNamespace(**{name: np.asarray(value, float) for name, value in info.items()}))
    except StopIteration:
        return True
    return False


def test_the_loops_end_as_their_books_have_it():
    """Beck's at a norm of at most eps, Nocedal's below 1e-5, Jiang's once both parts are small."""
    assert stops(beck._until_flat(5.0), grad=[3.0, 4.0])
    assert not stops(beck._until_flat(4.9), grad=[3.0, 4.0])
    assert stops(nocedal._flat, grad=[6e-6, 7e-6])
    assert not stops(nocedal._flat, grad=[8e-6, 7e-6])
    assert not stops(nocedal._flat, grad=[1e-5, 0.0])
    assert stops(ruder._both_below(1.0), grad=[0.9, -0.9])
    assert not stops(ruder._both_below(1.0), grad=[0.9, -1.0])
    assert stops(boyd._until(2.0), fun=2.0)
    assert not stops(boyd._until(2.0), fun=2.1)


# Boyd: the barrier


def test_the_barrier_has_its_derivatives():
    barrier = boyd._barrier(3.0)
    y = 1e-3 * np.random.default_rng(1).standard_normal(100)
    d = np.random.default_rng(2).standard_normal(100)
    h = 1e-6
    slope = (barrier.fun(y + h * d) - barrier.fun(y - h * d)) / (2 * h)
    assert barrier.grad(y) @ d == pytest.approx(slope, rel=1e-6)
    bend = (barrier.grad(y + h * d) - barrier.grad(y - h * d)) / (2 * h)
    assert barrier.hess(y) @ d == pytest.approx(bend, rel=1e-4, abs=1e-4 * np.abs(bend).max())


def test_the_barrier_in_other_coordinates_is_the_same_function():
    """x = T y with T = diag(gamma^(i/n)), i = 0 ... n - 1, and infinite beyond the inequalities."""
    y = 1e-3 * np.random.default_rng(1).standard_normal(100)
    scales = np.array([10.0 ** (i / 100) for i in range(100)])
    assert boyd._scales(10.0) == pytest.approx(scales)
    assert boyd._barrier(10.0).fun(y) == pytest.approx(boyd._barrier(1.0).fun(scales * y), rel=1e-12)
    assert boyd._barrier(1.0).fun(np.full(100, 5.0)) == math.inf
    assert boyd._barrier(1.0).x0 == (0.0,) * 100


def test_the_barrier_at_0_where_the_slacks_are_b():
    """Uniform between 0.1 and 1.1; the gradient there is c + A' (1/b)."""
    random = np.random.default_rng(0)
    A, b, c = random.standard_normal((500, 100)), 0.1 + random.random(500), random.standard_normal(100)
    barrier = boyd._barrier(1.0)
    assert barrier.fun(np.zeros(100)) == pytest.approx(-sum(map(math.log, b)), rel=1e-12)
    exact = [c[j] + sum(A[i, j] / b[i] for i in range(500)) for j in range(100)]
    assert barrier.grad(np.zeros(100)) == pytest.approx(exact, rel=1e-12)


# Géron: the data of the book, and its loss


def test_the_book_s_first_points():
    """As the book's notebook has them: X[0] = 0.74908, y[0] = 6.33429; theta begins at 0.49671, -0.13826."""
    problem, start = geron._line()
    assert [problem.X[0, 0], problem.y[0]] == pytest.approx([0.74908, 6.33429], abs=5e-6)
    assert start == pytest.approx([-0.13826, 0.49671], abs=5e-6)
    assert len(problem.y) == 100


def test_a_replayed_sum_shows_the_batches_in_turn():
    X, y = np.array([[1.0], [2.0], [3.0]]), np.array([1.0, 0.0, 2.0])
    whole = ss.LeastSquares(X, y, half=False, intercept=False)
    replayed = geron._Replayed(whole, [[0], [1, 2]])
    x = np.array([0.5])
    assert replayed.fun(x) == whole.fun(x)
    assert replayed.grad(x) == whole.grad(x)
    assert replayed.x0 == whole.x0
    assert replayed.minimum == whole.minimum
    for n, seen in ((0, [0]), (1, [1, 2]), (2, [0]), (3, [1, 2])):
        gradient = np.mean([2 * (X[i] * x - y[i]) * X[i] for i in seen])
        assert replayed.at(n).grad(x) == pytest.approx([gradient])


def test_the_schedules_of_both_editions():
    """eta(t) = t0/(t + t1), with 5 and 50 for single examples, 200 and 1000 for batches, from 0 or from 1."""
    assert [geron._sgd_rate(0), geron._sgd_rate(50)] == [0.1, 0.05]
    assert [geron._third(0), geron._third(1000)] == [0.2, 0.1]
    assert [geron._second(0), geron._second(999)] == [200 / 1001, 0.1]


def test_scores_and_loss_of_softmax_by_hand():
    """Length, width and bias of each kind; the loss adds 1e-5 to the probability of the right one."""
    Theta = np.array([[1.0, 0.0, -1.0], [0.0, 2.0, 0.0], [0.5, 0.0, 0.0]])
    A = np.array([[1.0, 1.0], [2.0, -1.0]])
    expected = np.array([[1.5, 2.0, -1.0], [2.5, -2.0, -2.0]])
    assert geron._scores(Theta.ravel(), A) == pytest.approx(expected)
    both = np.stack([Theta.ravel(), 0 * Theta.ravel()])
    assert geron._scores(both, A)[0] == pytest.approx(expected)
    shares = [
        math.exp(2.0) / sum(map(math.exp, expected[0])),
        math.exp(-2.0) / sum(map(math.exp, expected[1])),
    ]
    right = -(math.log(shares[0] + 1e-5) + math.log(shares[1] + 1e-5)) / 2
    assert geron._book_loss(both, A, np.array([1, 2])) == pytest.approx([right, -math.log(1 / 3 + 1e-5)])
    far = 3000 * Theta.ravel()
    assert geron._book_loss(far, A, np.array([1, 0])) == pytest.approx(-math.log(1 + 1e-5)), "no overflow"


def test_the_petals_are_length_and_width_in_centimetres():
    X, y = geron._petals()
    assert X.shape == (150, 2)
    assert X[0].tolist() == [1.4, 0.2]
    assert X.max(axis=0).tolist() == [6.9, 2.5]
    assert np.bincount(y.astype(int)).tolist() == [50, 50, 50]


# Nocedal: where conditions hold


def test_the_intervals_of_polynomials_are_between_their_roots():
    roots = np.polynomial.Polynomial.fromroots
    for excess, intervals in (
        (roots([1.0, 2.0]), [(1.0, 2.0)]),
        (roots([0.7]), [(0.0, 0.7)]),
        (-roots([0.7]), [(0.7, 3.0)]),
        (-roots([0.7, 1.1]), [(0.0, 0.7), (1.1, 3.0)]),
    ):
        found = nocedal._intervals(excess, 3.0)
        assert len(found) == len(intervals)
        assert np.ravel(found) == pytest.approx(np.ravel(intervals), abs=1e-12)
    for excess, interval in ((roots([0.001]), (0.0, 0.001)), (-roots([2.999]), (2.999, 3.0))):
        assert nocedal._intervals(excess, 3.0) == [pytest.approx(interval, abs=1e-12)], "at the very ends"
    assert nocedal._intervals(roots([1.0, 1.01]), 3.0) == [pytest.approx((1.0, 1.01))], "a narrow one"
    level = nocedal._intervals(lambda a: np.where(a < 1.0, 0.0, 1.0), 3.0)
    assert level[0][0] == 0.0, "a surplus of 0 is none"


def test_positive_roots_are_those_of_the_factors_in_order():
    roots = np.polynomial.Polynomial.fromroots
    assert nocedal._positive_roots(roots([3.0, -2.0, 0.5])) == pytest.approx([0.5, 3.0])
    pair = np.polynomial.Polynomial([1.25, -2.0, 1.0])  # 1 +- i/2
    assert nocedal._positive_roots(pair * roots([0.0, 4.0])) == pytest.approx([4.0])
