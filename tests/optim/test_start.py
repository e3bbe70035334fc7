"""What must be true of problem, rule and point before the first update, each in one sentence."""

import re

import numpy as np
import pytest

from optim import SGD, minimize
from optim.optimizer import Evaluation
from optim.start import (
    check_initial_evaluation,
    checked_problem,
    is_finite,
    validate_problem_and_start,
    validated_start,
)
from optim.user_functions import in_precision_of
from problems import Parabola, Quadratic

X, BATCH = np.array([1.0, 2.0]), np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
LONG = np.arange(7.0)
ONES = np.ones((3, 2))
INF, NAN = np.inf, np.nan


def rows(value, *, row=1):
    """Return the gradients of a batch, one coordinate of a run being something else."""
    g = np.ones((3, 2))
    g[row, 1] = value
    return g


@pytest.mark.parametrize(
    ("x", "f", "g"),
    [
        (X, np.float64(3.0), np.ones(2)),
        (X, 3.0, np.ones(2)),
        (X, np.array(3.0), np.ones(2)),
        (X, np.float64(3.0), np.ones(2, np.float32)),
        (X, np.float64(3.0), np.array([1e200, -1e200])),
        (X, np.float64(1e308), np.zeros(2)),
        (BATCH, np.ones(3), ONES),
        (BATCH, np.ones(3), 1e200 * ONES),
        (BATCH[None], np.ones((1, 3)), ONES[None]),
    ],
)
def test_a_good_start_is_let_through(x, f, g):
    with np.errstate(over="ignore"):
        check_initial_evaluation(x, Evaluation(f, g))


@pytest.mark.parametrize(
    ("x", "f", "g", "error", "words"),
    [
        (
            X,
            3.0,
            np.ones(3),
            ValueError,
            "got an array of float64 of shape (3,) from the problem, expected the s",
        ),
        (X, np.float64(3.0), np.ones((1, 2)), ValueError, "expected the shape (2,) of x"),
        (BATCH, np.ones(3), np.ones(2), ValueError, "expected the shape (3, 2) of x"),
        (X, np.float64(3.0), np.array([1, 2]), TypeError, "from the problem, expected floats"),
        (X, np.ones(1), np.ones(2), ValueError, "from the problem, expected a number"),
        (X, np.ones(2), np.ones(2), ValueError, "from the problem, expected a number"),
        (BATCH, 3.0, ONES, ValueError, "expected one value a run, of shape (3,)"),
        (BATCH, np.ones(2), ONES, ValueError, "expected one value a run, of shape (3,)"),
        (BATCH, np.float64(3.0), ONES, ValueError, "expected one value a run, of shape (3,)"),
        (BATCH[None], np.ones(3), ONES[None], ValueError, "expected one value a run, of shape (1, 3)"),
        (X, np.float64(INF), np.ones(2), ValueError, "x0: got [1.0, 2.0], where fun is inf, expected a sta"),
        (X, np.float64(-INF), np.ones(2), ValueError, "x0: got [1.0, 2.0], where fun is -inf, expected a "),
        (X, NAN, np.array([NAN, 1.0]), ValueError, "x0: got [1.0, 2.0], where fun is nan, expected a start"),
        (BATCH, np.array([1.0, NAN, INF]), ONES, ValueError, "x0: got [3.0, 4.0], where fun is nan, "),
        (BATCH, np.array([1.0, 2.0, INF]), ONES, ValueError, "x0: got [5.0, 6.0], where fun is inf, "),
        (
            X,
            np.float64(3.0),
            np.array([NAN, INF]),
            ValueError,
            "grad: got nan at x0 = [1.0, 2.0], where fun ",
        ),
        (
            X,
            np.float64(3.0),
            np.array([1.0, INF]),
            ValueError,
            "grad: got inf at x0 = [1.0, 2.0], where fun ",
        ),
        (BATCH, np.array([7.0, 8.0, 9.0]), rows(INF), ValueError, "inf at x0 = [3.0, 4.0], where fun is 8.0"),
        (
            BATCH,
            np.array([7.0, 8.0, 9.0]),
            rows(NAN, row=2),
            ValueError,
            "at x0 = [5.0, 6.0], where fun is 9",
        ),
        (LONG[:6], INF, LONG[:6], ValueError, "x0: got [0.0, 1.0, 2.0, 3.0, 4.0, 5.0], where fun is inf"),
        (LONG, INF, LONG, ValueError, "x0: got an array of float64 of shape (7,), where fun is inf"),
    ],
)
def test_what_is_wrong_with_a_start_is_said(x, f, g, error, words):
    with pytest.raises(error, match=re.escape(words)):
        check_initial_evaluation(x, Evaluation(f, g))


@pytest.mark.parametrize(
    ("f", "g", "finite"),
    [
        (1.0, [1.0, 2.0], True),
        (1.0, [1e200, 1e200], True),  # the square is not, the length is
        (1.0, [1.7e308, 1.7e308], False),  # nor is the length
        (1.0, [1.0, INF], False),
        (1.0, [NAN, 1.0], False),
        (INF, [1.0, 1.0], False),
        (NAN, [1e200, 1.0], False),
    ],
)
def test_whether_a_point_is_finite(f, g, finite):
    with np.errstate(all="ignore"):
        assert is_finite(Evaluation(f, np.array(g))) is finite


class Half:
    """A problem without a gradient."""

    def fun(self, x):
        return x @ x


class Named(Half):
    """One whose gradient is no function."""

    grad = "2 x"


class Whole(Half):
    """One with both, and no start."""

    def grad(self, x):
        return 2 * x


@pytest.mark.parametrize(
    ("problem", "hint"),
    [
        (Parabola, "Parabola() with its parameters"),
        ("rosenbrock", "Rosenbrock(), without quotation marks, or Problem.of('x**2 + 3*y**2') for a formula"),
        (Half(), "Problem.of(fun, grad, x0=...)"),
        (Named(), "Problem.of(fun, grad, x0=...)"),
        (None, "Problem.of(fun, grad, x0=...)"),
    ],
)
def test_what_is_no_problem_is_refused_with_a_hint(problem, hint):
    with pytest.raises(TypeError, match=f"^problem: got .* with fun and grad, such as {re.escape(hint)}$"):
        checked_problem(problem)


def test_a_problem_of_ours_is_taken_as_it_is():
    problem = Quadratic()
    assert checked_problem(problem) is problem


@pytest.mark.parametrize(
    ("x0", "start"),
    [
        (None, [-5.0, -2.0]),
        ([3, 4], [3.0, 4.0]),
        ((3.0, 4), [3.0, 4.0]),
        (np.array([3, 4]), [3.0, 4.0]),
        (np.array([3.0, 4.0]), [3.0, 4.0]),
        ([[3, 4], [5, 6]], [[3.0, 4.0], [5.0, 6.0]]),
    ],
)
def test_every_way_to_say_where_to_start(x0, start):
    x = validated_start(Quadratic(), SGD(), x0)
    assert x.dtype == np.float64
    assert x.tolist() == start


@pytest.mark.parametrize("x0", [3, 3.0, np.float64(3.0), np.array(3.0), np.array(3)])
def test_one_number_is_a_vector_of_one(x0):
    assert validated_start(Parabola(), SGD(), x0).tolist() == [3.0]


@pytest.mark.parametrize(
    ("rule", "x0", "error", "words"),
    [
        ("SGD", None, TypeError, "expected an optimizer such as SGD(lr=0.1), without quotation marks"),
        (SGD, None, TypeError, "optimizer: got the class SGD, expected an optimizer such as SGD(lr=0.1)"),
        (SGD(), [1.0], ValueError, "x0: got shape (1,), expected 2 numbers for this problem"),
        (SGD(), np.ones((2, 3)), ValueError, "x0: got shape (2, 3), expected 2 numbers for this problem"),
        (SGD(), "here", TypeError, "x0: got the str 'here', expected a vector of floats, or a batch of them"),
    ],
)
def test_what_does_not_fit_is_refused(rule, x0, error, words):
    with pytest.raises(error) as caught:
        validated_start(Quadratic(), rule, x0)
    assert words in str(caught.value)
    assert ("quotation" in str(caught.value)) == (rule == "SGD")


def test_what_starts_is_called_x0_and_keeps_its_precision():
    with pytest.raises(ValueError, match=r"^x0: got .*, expected finite numbers$"):
        validated_start(Quadratic(), SGD(), [NAN, 1.0])
    assert validated_start(Quadratic(), SGD(), np.ones(2, np.float32)).dtype == np.float32
    with pytest.raises(TypeError, match=r"expected an optimizer such as SGD\(lr=0\.1\)$"):
        validated_start(Quadratic(), SGD, None)


def test_problem_and_start_together():
    problem, x = validate_problem_and_start(Whole(), SGD(), [3.0, 4.0])
    assert x.tolist() == [3.0, 4.0]
    assert problem.fun(x) == 25.0
    problem, x = validate_problem_and_start(Quadratic(), SGD(), None)
    assert (problem, x.tolist()) == (Quadratic(), [-5.0, -2.0])


def test_a_problem_without_a_start_wants_one():
    problem = Whole()
    with pytest.raises(
        ValueError, match=r"^x0: got None, expected a starting point: the problem defines none"
    ):
        minimize(problem, SGD())
    run = minimize(problem, SGD(lr=0.5), [1.0, 1.0], steps=1)
    assert run.x.tolist() == [0.0, 0.0]
    assert run.problem.dim == 2


def test_what_is_assumed_of_a_problem_that_states_no_fact():
    problem = checked_problem(Whole())
    unknown = ("x0", "minimum", "minimizers", "L", "mu", "domain", "feasible")
    assert [name for name in unknown if getattr(problem, name) is not None] == []
    assert (problem.varies, problem.drifts, problem.components) == (False, False, False)
    assert (problem.isolated, problem.gradient_source) == (True, "exact")


class Drawing(Whole):
    """One that varies, and says of which evaluation it is."""

    varies = True
    which = ()

    def at(self, n):
        return self.sample(n)

    def sample(self, n, k=0):
        drawn = Drawing()
        drawn.which = (n, k)
        return drawn


def test_a_sample_is_the_first_of_its_update_unless_another_is_named():
    problem = checked_problem(Drawing())
    single = in_precision_of(problem, np.dtype(np.float32))
    for one in (problem, single):
        assert (one.sample(3).which, one.sample(3, 2).which, one.at(4).which) == ((3, 0), (3, 2), (4, 0))
