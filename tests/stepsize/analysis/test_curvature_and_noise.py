"""The edge of stability as it is counted, eigenvalues against closed forms, and the noise of gradients."""

from types import SimpleNamespace

import numpy as np
import pytest

import stepsize as ss
from problems import LogisticRegression, MiniBatch
from schedules import FromFunction
from stepsize.analysis.curvature_and_noise import (
    Sharpness,
    _product,
    largest_eigenvalue,
    noise_scale,
    sharpness,
)


def test_at_the_edge_itself_nothing_is_above_it():
    """At 2/lr a quadratic neither grows nor shrinks."""
    measured = Sharpness(np.arange(4), np.array([1.0, 2.0, 3.0, 4.0]), np.full(4, 3.0))
    assert measured.share_above == 0.25


def test_sharpness_is_measured_at_fifty_points():
    run = ss.minimize(ss.Parabola(), ss.SGD(lr=0.1), steps=200)
    assert len(sharpness(run).at) == 50
    assert sharpness(run).at[[0, -1]].tolist() == [0, 200]


def test_the_limit_is_that_of_the_coming_update():
    """The curvature of x^4/4 is 3 x^2; after the last update none is coming, and its own rate stands."""
    quartic = ss.Problem.of(lambda x: (x**4).sum() / 4, lambda x: x**3, x0=[2.0])
    run = ss.minimize(quartic, ss.SGD(lr=FromFunction(lambda n: [0.0, 0.125, 0.25][n])), steps=3)
    x = run.history.x[:, 0]
    assert x[:3].tolist() == [2.0, 2.0, 1.0]
    measured = sharpness(run, points=4)
    assert measured.at.tolist() == [0, 1, 2, 3]
    np.testing.assert_allclose(measured.largest, 3 * x**2, rtol=1e-9)
    assert measured.limit.tolist() == [np.inf, 16.0, 8.0, 8.0]


def test_points_are_counted_in_updates_and_each_once():
    run = ss.minimize(ss.Parabola(), ss.SGD(lr=0.1), steps=200, every=50)
    assert sharpness(run).at.tolist() == [0, 50, 100, 150, 200]
    assert sharpness(run, 3).at.tolist() == [0, 100, 200]
    assert sharpness(run, 1).at.tolist() == [0]
    once = ss.minimize(ss.Parabola(), ss.SGD(lr=0.5), steps=1)
    assert (sharpness(once).at.tolist(), sharpness(once).limit.tolist()) == ([0, 1], [4.0, 4.0])


@pytest.mark.parametrize(
    ("run", "points", "sentence"),
    [
        (ss.minimize(ss.Parabola(), ss.SGD(lr=0.1), steps=0), 3, "run: got .*, expected one rate an update"),
        (
            ss.minimize(ss.Quadratic([1.0, 2.0]), ss.SGD(lr=[0.1, 0.2]), steps=2),
            3,
            "run: got .*, expected one rate an update",
        ),
        (ss.minimize(ss.Parabola(), ss.SGD(lr=0.1), [[1.0], [2.0]], 2), 3, "run: got a batch"),
        (ss.minimize(ss.Parabola(), ss.SGD(lr=0.1), steps=2), 0, "points: got 0, expected a whole number"),
    ],
)
def test_what_has_no_sharpness_is_refused(run, points, sentence):
    with pytest.raises(ValueError, match=sentence):
        sharpness(run, points)


@pytest.mark.parametrize("hessian", [True, False])
@pytest.mark.parametrize("eigenvalues", [[7.0], [-3.0, 7.0], [1.0, 2.0, 5.0, 7.0, -20.0]])
def test_the_largest_eigenvalue_of_a_turned_matrix(hessian, eigenvalues):
    """The largest, not the largest in size; with the matrix, or from products with it."""
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(len(eigenvalues),) * 2))[0]
    matrix = turn @ np.diag(eigenvalues) @ turn.T
    problem = SimpleNamespace(has_hess=hessian, hess=lambda _: matrix, grad=lambda x: matrix @ x)
    x = np.random.default_rng(1).normal(size=len(eigenvalues))
    assert largest_eigenvalue(problem, x) == pytest.approx(7.0, rel=1e-8)


def test_a_matrix_is_taken_where_there_is_one():
    matrix = SimpleNamespace(has_hess=True, hess=lambda _: np.diag([1.0, 3.0]))
    assert largest_eigenvalue(matrix, np.zeros(2)) == 3.0
    products = SimpleNamespace(grad=lambda x: np.array([1.0, 3.0, 2.0]) * x)
    assert largest_eigenvalue(products, np.zeros(3)) == pytest.approx(3.0, rel=1e-6)


def test_products_find_an_eigenvalue_among_many_and_the_same_each_time():
    curvatures = np.linspace(-2.0, 1.0, 200)
    problem = SimpleNamespace(grad=lambda x: curvatures * x)
    found = [largest_eigenvalue(problem, np.zeros(200)) for _ in range(2)]
    assert found[0] == found[1] == pytest.approx(1.0, rel=2e-6)


@pytest.mark.parametrize(
    ("x", "v", "shift"),
    [
        ([0.1, 0.2], [1.0, 0.0], 1.0),
        ([3.0, -8.0], [0.0, 2.0], 8.0),
        ([3.0, -8.0], [0.0, 0.5], 8.0),
        ([0.0, 0.0], [0.0, 0.0], 0.0),
    ],
)
def test_gradients_are_taken_apart_by_the_cube_root_of_rounding(x, v, shift):
    """Relative to x, or to 1: there the errors of rounding and of the difference are of one size."""
    seen = []

    def grad(x):
        seen.append(x)
        return x * x

    found = _product(SimpleNamespace(grad=grad), np.array(x), np.array(v))
    apart = seen[0] - seen[1]
    assert np.linalg.norm(apart) == pytest.approx(2 * 2.0 ** (-52 / 3) * shift, rel=1e-9)
    np.testing.assert_allclose(found, 2 * np.array(x) * np.array(v), rtol=1e-9, atol=1e-10)


EXAMPLES = LogisticRegression([[1.0], [3.0]], [1, 1], l2=0.0, intercept=False)


def test_the_noise_scale_is_spread_over_size():
    """The gradients at 0 are -1/2 and -3/2; in two coordinates the spreads and the squares are summed."""
    assert noise_scale(EXAMPLES, [0.0]) == noise_scale(MiniBatch(EXAMPLES, 1), [0.0]) == 0.25
    two = LogisticRegression([[1.0, 4.0], [3.0, 4.0]], [1, 1], l2=0.0, intercept=False)
    assert noise_scale(two, [0.0, 0.0]) == pytest.approx(0.25 / 5.0)


@pytest.mark.parametrize(
    ("problem", "x", "error", "sentence"),
    [
        (ss.Parabola(), [0.0], TypeError, "problem: got .*, expected a mean over examples"),
        (EXAMPLES, [0.0, 1.0], ValueError, "x: got .*, expected 1 numbers for this problem"),
    ],
)
def test_what_has_no_noise_scale_is_refused(problem, x, error, sentence):
    with pytest.raises(error, match=sentence):
        noise_scale(problem, x)
