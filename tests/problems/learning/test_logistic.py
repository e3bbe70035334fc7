"""Logistic regression, against published tables, other solvers and exact decimals."""

import hashlib
import math
from decimal import Decimal, getcontext
from importlib.resources import files

import numpy as np
import pytest
import scipy.optimize

import stepsize as ss
from problems import LogisticRegression
from problems.learning import logistic

getcontext().prec = 400


def test_the_breast_cancer_table_is_the_published_one():
    raw = files("problems.data").joinpath("breast_cancer.csv").read_bytes()
    assert (
        hashlib.sha256(raw).hexdigest() == "841ebc1d5d5822e02a772a093458239ec3704685cdb3dc7f9f74c537ce0c6a33"
    )
    A, s = ss.BreastCancer(standardize=False, intercept=False).train
    assert A.shape == (569, 30)
    assert (s > 0).sum() == 357, "benign tumours, as the UCI repository counts them"
    assert A[:, 0].min() == 6.981
    assert A[:, 0].max() == 28.11
    assert round(A[:, 3].mean(), 4) == 654.8891


def test_standardising_mends_the_conditioning():
    raw, standard = ss.BreastCancer(standardize=False, l2=0.0), ss.BreastCancer(l2=0.0)
    kappa = [np.linalg.cond(p.train[0]) ** 2 for p in (raw, standard)]
    assert kappa[0] > 1e12
    assert kappa[1] < 1e6


def test_held_out_examples_are_apart_and_stratified():
    whole, part = ss.BreastCancer(), ss.BreastCancer(held_out=0.3, rng=1)
    assert len(part.train[1]) + len(part.test[1]) == 569
    assert (part.test[1] > 0).mean() == pytest.approx((whole.train[1] > 0).mean(), abs=0.005)
    assert np.array_equal(part.test[0], ss.BreastCancer(held_out=0.3, rng=1).test[0])
    assert not np.array_equal(part.test[0], ss.BreastCancer(held_out=0.3, rng=2).test[0])
    np.testing.assert_allclose(part.train[0][:, :30].mean(axis=0), 0, atol=1e-12)
    w = np.array(part.minimizers[0])
    assert part.held_out_accuracy(w) > 0.95
    with pytest.raises(ValueError, match=r"held_out: got 0.0, expected a share above 0"):
        whole.held_out_accuracy(w)


def test_logistic_regression_agrees_with_a_solver_of_another_kind():
    """The cached minimum is quasi-Newton's and Newton's; SciPy's conjugate gradients find the same one."""
    problem = ss.BreastCancer()
    found = scipy.optimize.minimize(
        problem.fun, np.zeros(31), jac=problem.grad, method="CG", options={"maxiter": 20000, "gtol": 1e-8}
    )
    assert problem.minimum == pytest.approx(found.fun, rel=1e-9)
    assert problem.minimum <= found.fun
    assert np.linalg.norm(problem.grad(np.array(problem.minimizers[0]))) < 1e-14


@pytest.mark.parametrize("margin", [1e3, -1e3, 1e5])
def test_logistic_regression_is_stable_at_huge_margins(margin):
    problem = ss.LogisticRegression([[1.0]], [1], l2=0.0, intercept=False)
    x = np.array([margin])
    assert problem.fun(x) == max(-margin, 0.0)
    assert problem.grad(x)[0] == (-1.0 if margin < 0 else 0.0)
    small = problem.fun(np.array([30.0]))
    assert small == pytest.approx(np.exp(-30), rel=1e-12), "tiny losses keep their relative accuracy"


def test_labels_may_be_zero_one_or_signs_or_booleans():
    X = [[0.0, 1.0], [2.0, -1.0], [0.5, 0.5]]
    a = ss.LogisticRegression(X, [0, 1, 1])
    b = ss.LogisticRegression(X, [-1, 1, 1])
    c = ss.LogisticRegression(X, [False, True, True])
    x = np.array([0.3, -0.2, 0.1])
    assert a.fun(x) == b.fun(x) == c.fun(x)


def test_separable_data_without_a_penalty_have_no_minimizer():
    problem = ss.LogisticRegression([[1.0], [2.0], [-1.0]], [1, 1, 0], l2=0.0, intercept=False)
    assert problem.separable
    assert problem.minimizers is None
    assert problem.minimum == 0.0
    mixed = ss.LogisticRegression([[1.0], [2.0], [1.5]], [1, 1, 0], l2=0.0)
    assert not mixed.separable
    assert np.linalg.norm(mixed.grad(np.array(mixed.minimizers[0]))) < 1e-9


def test_the_direction_of_separable_logistic_regression():
    """Soudry et al. 2018: the direction turns to the widest margin, and |w| grows by 1/margin an e-fold."""
    problem = ss.SeparableLogistic()
    X, s = problem.train
    margins = s * (X @ problem.max_margin)
    assert margins.min() == pytest.approx(math.sqrt(2))
    assert (np.sort(margins)[4:] > math.sqrt(2) + 0.1).all()
    # Descent of rate lr is at time lr k on the flow; steps shrink against it, as the curvature dies away.
    lr = 1 / problem.L
    flow = ss.gradient_flow(problem, [0.0, *(lr * np.array([1e2, 1e3, 1e5, 1e6, 1e7]))])
    run = ss.minimize(problem, ss.SGD(lr=lr), steps=1000)
    assert run.history.x[[100, 1000]] == pytest.approx(flow.x[1:3], rel=0.02)
    norm = np.linalg.norm(flow.x[1:], axis=1)
    angle = np.arccos(np.clip(flow.x[1:] @ problem.max_margin / norm, -1, 1))
    assert max(angle[2:]) < angle[1] < angle[0]
    slopes = np.diff(norm[2:]) / math.log(10)
    assert slopes[1] == pytest.approx(1 / math.sqrt(2), rel=5e-3)
    assert slopes[0] < slopes[1] < 1 / math.sqrt(2)
    assert problem.minimizers is None
    assert problem.separable


@pytest.mark.parametrize(
    "z", [-1000.0, -700.0, -40.0, -10.0, -1e-3, 0.0, 0.5, 10.0, 36.0, 40.0, 699.0, 701.0, 1e3]
)
def test_sigmoid_and_softplus_keep_their_relative_accuracy(z):
    """Against four hundred decimals; the tanh form has an error of 4e-4 at -30, and 0 from -40 on."""
    e = Decimal(z).exp()
    for got, exact in ((logistic.sigmoid(z), e / (1 + e)), (logistic.softplus(z), (1 + e).ln())):
        if exact < Decimal("1e-307"):
            assert got <= 1e-307
        else:
            assert abs(Decimal(float(got)) / exact - 1) < Decimal("1e-15")


def test_margins_of_a_thousand_cost_a_thousand_or_nothing():
    X = np.array([[1000.0], [-1000.0]])
    right, wrong = (LogisticRegression(X, y, l2=0.0, intercept=False) for y in ([1.0, 0.0], [0.0, 1.0]))
    w = np.ones(1)
    assert (right.fun(w), wrong.fun(w)) == (0.0, 1000.0)
    assert (right.grad(w).tolist(), wrong.grad(w).tolist()) == ([0.0], [1000.0])
    assert (right.value_and_grad(w)[0], wrong.value_and_grad(w)[0]) == (0.0, 1000.0)


def test_an_example_that_is_right_by_forty_still_pulls():
    problem = LogisticRegression([[40.0]], [1.0], l2=0.0, intercept=False)
    np.testing.assert_allclose(problem.grad(np.ones(1)), [-40.0 * np.exp(-40.0)], rtol=1e-14)


def test_an_example_without_a_score_is_not_right_and_each_point_has_its_share():
    problem = LogisticRegression([[1.0], [2.0], [-1.0], [-4.0]], [1.0, 0.0, 0.0, 1.0], intercept=False)
    w = np.array([[0.0], [1.0], [-2.0]])
    assert problem.accuracy(w).tolist() == [0.0, 0.5, 0.5]
    assert problem.accuracy(w[1]) == 0.5
    held = LogisticRegression([[1.0], [2.0], [3.0]], [1.0, 1.0, 0.0], held_out=[1, 2], intercept=False)
    assert held.held_out_accuracy(w).tolist() == [0.0, 0.5, 0.5]
    assert held.accuracy(w).tolist() == [0.0, 1.0, 0.0]


# No minimizer: one class, separable points, and some that only touch the plane

LINE = np.array([[1.0], [2.0], [-1.0], [-3.0]])
SIDES = np.array([1, 1, 0, 0])
# In the second coordinate one of each class lies on the axis itself: no line has both strictly right.
TOUCHING = np.array([[0.5, 1.0], [2.0, 0.0], [-2.0, 0.0], [-0.5, -1.0], [1.0, 0.0], [-1.0, 0.0]])
MIXED = np.array([1, 1, 1, 0, 0, 0])


def plain(X, y, **options):
    return LogisticRegression(X, y, l2=0.0, intercept=False, **options)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_separable_points_have_no_minimizer_and_the_minimum_0(scale):
    problem = plain(scale * LINE, SIDES)
    assert problem.separable
    assert (problem.minimizers, problem.minimum) == (None, 0.0)
    assert problem.summed is None
    assert not plain(scale * LINE, np.array([1, 0, 0, 1])).separable


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_what_is_right_or_on_the_plane_falls_without_end_but_not_to_0(scale):
    """Along (0, 1) two points are right and four stay at the score 0, whose loss is log 2 each or less."""
    problem = plain(scale * TOUCHING, MIXED)
    assert not problem.separable
    assert (problem.minimizers, problem.minimum) == (None, None)
    far, farther = (problem.fun(np.array([0.0, t / scale])) for t in (10.0, 30.0))
    assert farther < far
    assert far == pytest.approx(4 * np.log(2) / 6, abs=1e-4)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_points_on_both_sides_of_every_plane_have_a_minimizer(scale):
    """x = 1 wrong once and right twice: the loss 2 log(1 + e^-w) + log(1 + e^w) is least at e^w = 2."""
    problem = plain(scale * np.ones((3, 1)), np.array([1, 1, 0]))
    assert problem.minimizers[0] == pytest.approx([np.log(2) / scale])
    assert problem.minimum == pytest.approx((2 * np.log(1.5) + np.log(3)) / 3)
    # The slopes of the losses are 1/3, 1/3 and 2/3, and every score is log 2.
    assert problem.summed == pytest.approx(np.log(2) * 4 / 9)


def test_one_class_with_a_free_intercept_has_none():
    one = LogisticRegression(LINE, np.ones(4, int), l2=0.1)
    assert (one.minimizers, one.minimum) == (None, 0.0)
    two = LogisticRegression(LINE, SIDES, l2=0.1)
    assert two.minimizers is not None
    assert two.minimum > 0
    first = LogisticRegression(LINE, np.array([0, 1, 1, 1]), l2=0.1)
    assert first.minimizers is not None
