"""Shifted and rotated problems: facts and runs go along."""

import numpy as np
import pytest

import stepsize as ss


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
        (lambda: ss.Stretched(bowl, 0.5), "condition: got 0.5, expected a finite number of at least 1"),
    ]:
        with pytest.raises(ValueError, match=sentence):
            make()
    with pytest.raises(TypeError, match="problem: got 3, expected a problem such as"):
        ss.Shifted(3, by=1.0)
