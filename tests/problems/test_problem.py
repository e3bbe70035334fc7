"""Facts about the first problems that other sources know."""

import hashlib
from importlib.resources import files

import numpy as np
import pytest
import scipy.optimize

import stepsize as ss


def test_rosenbrock_is_scipys():
    x = np.random.default_rng(0).normal(size=(20, 5))
    problem = ss.Rosenbrock(5)
    for point in x:
        np.testing.assert_allclose(problem.fun(point), scipy.optimize.rosen(point), rtol=1e-13)
        np.testing.assert_allclose(
            problem.grad(point), scipy.optimize.rosen_der(point), rtol=1e-12, atol=1e-12
        )
        np.testing.assert_allclose(problem.hess(point), scipy.optimize.rosen_hess(point), rtol=1e-12)


def test_rosenbrock_is_as_ill_conditioned_as_published():
    """The condition number at the minimizer is 2508 (Nocedal and Wright's favourite example)."""
    assert np.linalg.cond(ss.Rosenbrock().hess(np.ones(2))) == pytest.approx(2508.01, abs=0.01)


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


def test_two_gaussians_have_the_classifier_that_is_promised():
    """With n large the weights come near Sigma^-1 (mu1 - mu0), and the error near Phi(-separation/2)."""
    from scipy.special import ndtr

    X, y = ss.two_gaussians(40_000, 3, separation=2.0, condition=25.0, rng=7)
    problem = ss.LogisticRegression(X, y, l2=0.0)
    w = np.array(problem.minimizers[0])
    scales = np.sqrt(np.geomspace(1, 1 / 25, 3))
    np.testing.assert_allclose(w[:3], 2 / np.sqrt(3) / scales, rtol=0.06)
    assert 1 - problem.accuracy(w) == pytest.approx(ndtr(-1.0), abs=0.006)
    again, _ = ss.two_gaussians(40_000, 3, separation=2.0, condition=25.0, rng=np.random.SeedSequence(7))
    assert np.array_equal(X, again)


def test_quadratic_knows_its_theory():
    Q = np.linalg.qr(np.random.default_rng(2).normal(size=(4, 4)))[0]
    bowl = ss.Quadratic(
        [1.0, 3.0, 10.0, 50.0], rotation=Q, minimizer=[1.0, 2.0, 3.0, 4.0], minimum_value=-2.0
    )
    assert bowl.L == 50
    assert bowl.mu == 1
    assert bowl.condition_number == 50
    np.testing.assert_allclose(np.linalg.eigvalsh(bowl.H), [1, 3, 10, 50], rtol=1e-12)
    assert bowl.fun(np.array([1.0, 2.0, 3.0, 4.0])) == -2.0
    turned = ss.Quadratic([1.0, 20.0], rotation=np.pi / 2)
    np.testing.assert_allclose(turned.H, [[20, 0], [0, 1]], atol=1e-14)
    saddle = ss.Quadratic([1.0, -1.0])
    assert saddle.mu is None
    assert saddle.minimum is None


def test_cosine_wave_has_its_two_minima_where_the_book_draws_them():
    """d2l 12.3.1: the path circles the poor minimum -1.1907 at -1.8257; the good one is -6.9781 at 7.2694."""
    wave = ss.CosineWave()
    assert wave.minimizers[0][0] == pytest.approx(7.2694, abs=5e-5)
    assert wave.minimum == pytest.approx(-6.9781, abs=5e-5)
    poor = scipy.optimize.minimize_scalar(lambda v: float(wave.fun(np.array([v]))), bracket=(-3, -2, -1)).x
    assert poor == pytest.approx(-1.8257, abs=5e-5)
    assert wave.fun(np.array([poor])) == pytest.approx(-1.1907, abs=5e-5)
