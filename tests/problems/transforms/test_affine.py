"""Shifted and rotated problems: facts and runs go along."""

import numpy as np
import pytest

import stepsize as ss
from problems.transforms.affine import Transformed


def test_descent_does_not_care_where_or_how_turned_a_problem_is():
    """The path of gradient descent moves and turns with the problem; that of Adagrad does not."""
    problem = ss.Rosenbrock()
    moved = ss.Shifted(problem, by=[2.0, -1.0])
    turned = ss.Rotated(problem, 0.7)
    Q = turned.matrix.T
    for optimizer in (ss.SGD(lr=1e-3), ss.Momentum(lr=1e-4)):
        path = ss.minimize(problem, optimizer, steps=100).history.x
        np.testing.assert_allclose(
            ss.minimize(moved, optimizer, steps=100).history.x, path + np.array([2.0, -1.0]), atol=1e-12
        )
        np.testing.assert_allclose(
            ss.minimize(turned, optimizer, steps=100).history.x, path @ Q.T, atol=1e-12
        )
    path = ss.minimize(problem, ss.Adagrad(lr=0.1), steps=100).history.x
    there = ss.minimize(turned, ss.Adagrad(lr=0.1), steps=100).history.x
    assert np.abs(there - path @ Q.T).max() > 0.05


def test_facts_travel_through_a_chain_of_transforms():
    problem = ss.Shifted(ss.Rotated(ss.Scaled(ss.Quadratic([1.0, 9.0]), 2.0, 0.5), 1.0), by=[3.0, 4.0])
    eigenvalues = np.linalg.eigvalsh(problem.hess(np.array(problem.x0)))
    assert eigenvalues == pytest.approx([problem.mu, problem.L])
    assert eigenvalues == pytest.approx([8.0, 72.0])
    x = np.array(problem.minimizers[0])
    assert x == pytest.approx([3.0, 4.0])
    assert problem.fun(x) == problem.minimum == 0.0
    low, high = problem.domain
    assert (low <= problem.x0).all()
    assert (problem.x0 <= high).all()


def test_what_varies_still_varies_behind_a_transform():
    noisy = ss.AdditiveNoise(ss.Quadratic(), sigma_g=0.5, rng=1)
    moved = ss.Shifted(noisy, by=1.0)
    x = np.array([0.3, -0.2])
    assert moved.varies
    np.testing.assert_array_equal(moved.at(7).grad(x + 1.0), noisy.at(7).grad((x + 1.0) - 1.0))


def test_bad_transforms_are_refused_in_a_sentence():
    bowl = ss.Quadratic()
    for make, sentence in [
        (lambda: ss.Shifted(bowl, by=[1.0]), "by: got .* expected one or 2 numbers"),
        (lambda: ss.Rotated(bowl, [[1.0, 1.0], [0.0, 1.0]]), "rotation: got .* an orthogonal 2 by 2 matrix"),
        (
            lambda: ss.Rotated(ss.Quadratic([1.0, 2.0, 3.0]), 0.5),
            "rotation: got 0.5, expected an angle in two",
        ),
        (lambda: ss.Scaled(bowl, value=0.0), "value: got 0.0, expected a finite number above 0"),
        (lambda: ss.Scaled(bowl, argument=[1.0, -1.0]), "argument: got .* expected one or 2 positive"),
        (lambda: ss.Scaled(bowl, argument=[0.0, 1.0]), "argument: got .* expected one or 2 positive"),
        (lambda: ss.Stretched(bowl, 0.5), "condition: got 0.5, expected a finite number of at least 1"),
    ]:
        with pytest.raises(ValueError, match=sentence):
            make()
    with pytest.raises(TypeError, match="problem: got 3, expected a problem such as"):
        ss.Shifted(3, by=1.0)


M = np.array([[2.0, 1.0], [0.0, 4.0]])


class Sheared(Transformed, abstract=True):
    """F(x) = 3 f(M (x - c)), of a matrix that is no diagonal and a shift."""

    problem: ss.Problem
    matrix = M
    offset = np.array([1.0, -2.0])
    factor = 3.0


def test_a_linear_map_goes_inwards_and_outwards_by_its_formula():
    """M (x - c) and M^-1 y + c, by hand."""
    sheared = Sheared(ss.Rosenbrock())
    assert sheared.inwards(np.array([2.0, 0.0])).tolist() == [4.0, 8.0]
    assert sheared.outwards(np.array([4.0, 8.0])).tolist() == [2.0, 0.0]
    assert sheared.outwards([4.0, 8.0]).tolist() == [2.0, 0.0]
    x = np.array([[2.0, 0.0], [1.0, -2.0]])
    assert sheared.fun(x).tolist() == [3 * (100 * 64.0 + 9), 3.0]
    step = 1e-6 * np.eye(2)
    difference = [(sheared.fun(x[0] + h) - sheared.fun(x[0] - h)) / 2e-6 for h in step]
    np.testing.assert_allclose(sheared.grad(x[0]), difference, rtol=1e-7)
    np.testing.assert_allclose(sheared.value_and_grad(x)[1], sheared.grad(x), rtol=1e-14)
    bends = [(sheared.grad(x[0] + h) - sheared.grad(x[0] - h)) / 2e-6 for h in step]
    np.testing.assert_allclose(sheared.hess(x[0]), bends, rtol=1e-7)
    np.testing.assert_allclose(sheared.minimizers, [[1.375, -1.75]], rtol=1e-15)
    singular = np.linalg.svd(M)[1]
    bowl = Sheared(ss.Quadratic([1.0, 5.0]))
    assert (bowl.L, bowl.mu) == pytest.approx((15 * singular[0] ** 2, 3 * singular[1] ** 2))
    curvatures = np.linalg.eigvalsh(bowl.hess(np.zeros(2)))
    assert bowl.mu <= curvatures[0] < curvatures[1] <= bowl.L


def test_what_does_not_vary_stays_itself_behind_a_transform_and_what_varies_is_asked_for_its_update():
    still = ss.Rotated(ss.Rosenbrock(), 0.5)
    assert still.at(3) is still
    moving = ss.Rotated(ss.Drifting(ss.Quadratic(), velocity=[1.0, 0.0]), np.pi / 2)
    np.testing.assert_allclose(moving.at(3).minimizers, [[0.0, 3.0]], atol=1e-15)
    assert (moving.drifts, moving.at(3).varies) == (True, False)


@pytest.mark.parametrize("word", ["RANDOM", "any", ""])
def test_a_rotation_by_another_word_is_refused(word):
    with pytest.raises(
        ValueError, match=r"rotation: got the str .*, an orthogonal 3 by 3 matrix, or 'random'"
    ):
        ss.Rotated(ss.Rosenbrock(3), word)


def test_a_random_rotation_follows_from_its_seed():
    turned = [ss.Rotated(ss.Rosenbrock(3), "random", rng).matrix for rng in (1, 1, 2)]
    assert np.array_equal(turned[0], turned[1])
    assert not np.allclose(turned[0], turned[2])
    for Q in turned:
        np.testing.assert_allclose(Q @ Q.T, np.eye(3), atol=1e-14)
        assert np.linalg.det(Q) == pytest.approx(1.0)


def test_a_random_turn_in_two_dimensions_and_in_one():
    problem = ss.Rotated(ss.Quadratic([2.0, 4.0]), rng=1)
    Q = problem.matrix
    np.testing.assert_allclose(Q @ Q.T, np.eye(2), atol=1e-14)
    assert np.linalg.det(Q) == pytest.approx(1.0)
    assert abs(Q[0, 1]) > 0.1
    line = ss.Rotated(ss.Quadratic([2.0]))
    assert line.matrix.tolist() == [[1.0]]
    assert line.grad(np.array([3.0])).tolist() == [6.0]


def test_a_moved_problem_drifts_if_what_is_moved_does():
    assert ss.Shifted(ss.Quadratic(), by=1.0).drifts is False
    assert ss.Shifted(ss.Jumping(ss.Quadratic()), by=1.0).drifts is True
    assert ss.Rotated(ss.Drifting(ss.Quadratic())).drifts is True
