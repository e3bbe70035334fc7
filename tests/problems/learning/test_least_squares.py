"""Least squares, against books and normal equations."""

import numpy as np
import pytest

import stepsize as ss


def test_airfoil_theory():
    """Floor .241688 and Hessian eigenvalues, computed from the book's recipe."""
    problem = ss.Airfoil()
    assert problem.minimum == pytest.approx(0.241688, abs=5e-7)
    assert problem.eigenvalues == pytest.approx([0.1737, 0.6665, 0.9181, 1, 1.1262, 2.0985], abs=5e-4)


def test_rate_one_on_airfoil_is_divergence_and_no_stalling():
    """Dive into Deep Learning 12.5 runs full batches at rate 1 > 2/L = .953: best .246 at 5, 1.6e5 at 100."""
    problem = ss.Airfoil()
    run = ss.minimize(problem, ss.SGD(lr=1.0), x0=np.full(6, 0.0), steps=100)
    assert str(ss.predict(problem, ss.SGD(lr=1.0))) == "lr 1 > 2/L = 0.9531: will diverge"
    assert ss.observed_rate(run) == pytest.approx(problem.L - 1, rel=1e-3)
    growth = run.history.fun[-1] / run.history.fun[-2]
    assert growth == pytest.approx(1.2067, abs=1e-4)


def geron():
    """Géron's line: theta = (w, b) there is (b, w)."""
    rng = np.random.RandomState(42)
    X = 2 * rng.rand(100, 1)
    y = 4 + 3 * X + rng.randn(100, 1)
    return ss.LeastSquares(X, y.ravel(), half=False)


def test_geron_line():
    """Hands-On Machine Learning, chapter 4: normal equation and eta = .1, both 4.21509616, 2.77011339."""
    problem = geron()
    w, b = problem.minimizers[0]
    assert (b, w) == pytest.approx((4.21509616, 2.77011339), abs=5e-9)
    assert problem.eigenvalues == pytest.approx([0.339424, 4.130055], abs=5e-7)
    assert ss.stability_limit(ss.SGD(), problem.L) == pytest.approx(0.484255, abs=5e-7)
    run = ss.minimize(problem, ss.SGD(lr=0.1), steps=1000)
    assert run.x[::-1] == pytest.approx([4.21509616, 2.77011339], abs=5e-9)
    start = np.random.RandomState(42).randn(2)
    for lr, b, w in ((0.02, 3.103227, 2.647855), (0.1, 3.890979, 3.056145), (0.5, -6.630538, -9.481767)):
        end = ss.minimize(problem, ss.SGD(lr=lr), x0=start[::-1], steps=20).x
        assert end == pytest.approx([w, b], abs=5.1e-7)


def test_ridge_is_solved_by_the_normal_equations():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 3)), rng.normal(size=40)
    problem = ss.LeastSquares(X, y, l2=0.3)
    A = np.column_stack([X, np.ones(40)])
    w = np.linalg.solve(A.T @ A / 40 + np.diag([0.3, 0.3, 0.3, 0.0]), A.T @ y / 40)
    assert np.array(problem.minimizers[0]) == pytest.approx(w, rel=1e-10)


def test_wilsons_construction():
    """Descent from zero ends at X' alpha with the paper's two weights, and errs on no new example."""
    problem = ss.WilsonConstruction(14, 6)
    X, y = problem.train
    positive, negative = problem.dual
    D = 15 * 14 + 3 * 6 + 8 * 14 * 6 + 5
    assert (positive, negative) == ((4 * 6 + 5) / D, -(4 * 14 + 1) / D)
    expected = X.T @ np.where(y > 0, positive, negative)
    assert np.array(problem.minimizers[0]) == pytest.approx(expected, abs=1e-10)
    run = ss.minimize(problem, ss.SGD(lr=1 / problem.L), steps=4000)
    assert run.x == pytest.approx(expected, abs=1e-10)
    assert problem.new_example_error(run.x) == 0.0


@pytest.mark.parametrize("optimizer", [ss.Adagrad(lr=0.01, eps=0.0), ss.Adam(lr=0.01, eps=0.0)])
def test_adaptive_methods_call_every_new_example_positive(optimizer):
    """X sign(X'y) is a multiple of y, so that all weights that move are of equal size and sign."""
    problem = ss.WilsonConstruction(14, 6)
    with np.errstate(invalid="ignore"):
        # A column that is zero never has a gradient: 0/0 there is replaced by leaving those weights out.
        seen = np.flatnonzero(problem.train[0].any(axis=0))
        X, y = problem.train[0][:, seen], problem.train[1]
        run = ss.minimize(ss.LeastSquares(X, y, intercept=False), optimizer, steps=300)
    w = np.zeros(problem.dim)
    w[seen] = run.x
    assert np.ptp(np.abs(run.x)) < 1e-9 * np.abs(run.x).max()
    assert problem.new_example_error(w) == pytest.approx(0.3)


def test_the_error_on_new_examples_is_counted_over_both_labels():
    """A new example scores w1 + w2 + w3 if it is positive (14 of 20), w2 + w3 - w1 otherwise; 0 is wrong."""
    problem = ss.WilsonConstruction(14, 6)
    first = [
        [2.0, 0.5, 0.5],
        [0.0, 1.0, 1.0],
        [0.0, -1.0, -1.0],
        [-3.0, 1.0, 1.5],
        [1.0, -1.5, 0.5],
        [1.0, 0.5, 0.5],
    ]
    w = np.zeros((6, problem.dim))
    w[:, :3] = first
    assert problem.new_example_error(w) == pytest.approx([0.0, 0.3, 0.7, 1.0, 0.7, 0.3])
    assert problem.new_example_error(w[2]) == pytest.approx(0.7)


SIZES = [
    ([[1.0]], [3.0], 4.5),  # one example, met: half of 3^2
    ([[1.0, -1.0], [0.0, 1.0]], [0.0, 2.0], 5.0),  # w = (2, 2): a score 0 of 2 - 2; half the mean of 16 and 4
    ([[1.0], [-1.0]], [1.0, 1.0], 0.5),  # w = 0: the targets alone
]


@pytest.mark.parametrize(("X", "y", "size"), SIZES)
def test_a_value_is_summed_from_targets_and_from_the_parts_of_scores(X, y, size):
    problem = ss.LeastSquares(X, y, intercept=False)
    assert problem.summed == pytest.approx(size, rel=1e-12)
    assert ss.LeastSquares(X, y, intercept=False, half=False).summed == pytest.approx(2 * size, rel=1e-12)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_one_solution_is_told_from_many_at_any_scale(scale):
    y = [1.0, 2.0, 3.0]
    assert ss.LeastSquares(scale * np.array([[1, 0], [0, 1], [1, 1]]), y, intercept=False).isolated
    assert not ss.LeastSquares(scale * np.array([[1, 2], [2, 4], [3, 6]]), y, intercept=False).isolated


def test_columns_of_zeros_leave_every_point_a_solution():
    assert not ss.LeastSquares(np.zeros((3, 2)), [1.0, 2.0, 3.0], intercept=False).isolated


@pytest.mark.parametrize(("positive", "negative"), [(4, 2), (5, 3), (7, 1)])
def test_wilson_spreads_the_rare_label_over_the_table(positive, negative):
    """Of so many first rows that are negative, the share, rounded down; in all the number asked for."""
    X, y = ss.WilsonConstruction(positive, negative).train
    n = positive + negative
    assert X.shape == (n, 3 + 5 * n)
    assert [(y[:k] < 0).sum() for k in range(n + 1)] == [k * negative // n for k in range(n + 1)]
