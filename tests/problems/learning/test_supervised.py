"""Held-out rows, bad data, and data with a known classifier."""

import math

import numpy as np
import pytest

import stepsize as ss


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


HELD_OUT = [
    ss.BreastCancer(held_out=0.25),
    ss.Iris(held_out=0.2),
    ss.Digits(held_out=0.2),
    ss.DigitsMLP(hidden=(4,), held_out=0.2),
    ss.Airfoil(held_out=0.2),
]


@pytest.mark.parametrize("problem", HELD_OUT, ids=lambda p: type(p).__name__)
def test_held_out_rows_are_apart_and_judged_without_the_penalty(problem):
    whole = problem.replace(held_out=0.0)
    (_, y), (B, z) = problem.train, problem.test
    assert len(y) + len(z) == whole.n_examples
    assert problem.n_examples == len(y)
    assert problem.has_held_out
    assert not whole.has_held_out
    x = np.array(problem.x0)
    assert problem.held_out_fun(x) == pytest.approx(problem.loss(x, B, z))
    with pytest.raises(ValueError, match=r"held_out: got 0.0, expected a share above 0"):
        whole.held_out_fun(x)
    if problem.stratified:
        share = np.bincount((z > 0).astype(int)) / len(z)
        assert share == pytest.approx(
            np.bincount((whole.train[1] > 0).astype(int)) / whole.n_examples, abs=0.02
        )


def test_the_validation_curve_of_a_run():
    """It is there where a problem holds rows out, also for mini-batches; and l2 helps it in the end."""
    ends = []
    for l2 in (0.0, 0.03):
        problem = ss.LogisticRegression(*ss.two_gaussians(60, 20, rng=5), l2=l2, held_out=0.5)
        run = ss.minimize(problem, ss.SGD(lr=2.0), steps=2000)
        assert run.held_out.shape == (2001,)
        assert run.held_out[0] == pytest.approx(math.log(2))
        assert run.held_out[7] == pytest.approx(problem.held_out_fun(run.history.x[7]))
        ends.append((run.held_out.min(), run.held_out[-1]))
    best, end = ends[0]
    assert end > 1.5 * best  # without a penalty it is learned by heart
    assert ends[1][1] < 0.7 * end
    batches = ss.MiniBatch(problem, size=5)
    assert ss.minimize(batches, ss.SGD(lr=0.1), steps=10).held_out.shape == (11,)
    with pytest.raises(ValueError, match="expected a problem that holds some out"):
        _ = ss.minimize(ss.Parabola(), ss.SGD(lr=0.1), steps=1).held_out


@pytest.mark.parametrize("held_out", [[0, 1, 2, 3], 0.9])
@pytest.mark.parametrize("make", [ss.LeastSquares, ss.LogisticRegression])
def test_a_problem_needs_an_example_to_learn_from(make, held_out):
    """Of two labels with two rows each, a share of 0.9 rounds to all."""
    problem = make(np.arange(8.0).reshape(4, 2), [0, 1, 0, 1], held_out=held_out)
    with pytest.raises(ValueError, match="held_out: got all of 4 rows, expected at least one left"):
        ss.minimize(problem, ss.SGD(lr=0.1), steps=1)
    kept = make(np.arange(8.0).reshape(4, 2), [0, 1, 0, 1], held_out=[0, 1, 3])
    assert ss.minimize(kept, ss.SGD(lr=0.01), steps=1).held_out.shape == (2,)


def test_one_is_one_example():
    for problem in (ss.LeastSquares([[1.0]], [1.0]), ss.LogisticRegression([[1.0]], [1.0])):
        assert "1 example, 2 parameters" in problem.formula


def test_bad_data_are_refused_in_a_sentence():
    X = np.zeros((3, 2))
    for make, sentence in [
        (lambda: ss.LeastSquares(X, [1.0, 2.0]), "y: got .* expected 3 targets"),
        (lambda: ss.LeastSquares(X[None], [1.0]), r"X: got .* expected a table of shape \(n, d\)"),
        (lambda: ss.SoftmaxRegression(X, [0, 2, 2]), "y: got .* expected the classes 0, 1, ..., each"),
        (lambda: ss.SoftmaxRegression(X, [0, 1, np.nan]), "y: got .* expected finite values"),
        (
            lambda: ss.MLP(X, [1.0, 2.0, 3.0], loss_name="mse"),
            "loss_name: got .*'squared', 'cross-entropy'",
        ),
        (lambda: ss.MLP(X, [1.0, 2.0, 3.0], activation="swish"), "activation: got .*'tanh', 'relu'"),
        (lambda: ss.MLP(X, [1.0, 2.0, 3.0], hidden=[0]), "hidden: got 0, expected a whole number"),
        (lambda: ss.Digits(l2=-1.0), "l2: got -1.0, expected a finite number of at least 0"),
        (lambda: ss.Digits(held_out=1.0), "held_out: got 1.0, expected a share from 0 to 0.9"),
        (lambda: ss.WilsonConstruction(3, 3), "positive: got 3, expected more than the 3 negative"),
        (lambda: ss.Airfoil(rows=2000), "rows: got 2000, expected a whole number from 10 to 1503"),
    ]:
        with pytest.raises(ValueError, match=sentence):
            make()
    with pytest.raises(TypeError, match=r"X: got .* expected numbers"):
        ss.LeastSquares([["a"]], [1.0])


def test_rows_that_are_held_out_are_those_that_were_named_or_drawn_by_the_seed():
    X, y = np.arange(8.0)[:, None], np.arange(8.0)
    named = ss.LeastSquares(X, y, held_out=[7, 2])
    assert named.test[1].tolist() == [7.0, 2.0]
    assert named.train[1].tolist() == [0.0, 1.0, 3.0, 4.0, 5.0, 6.0]
    drawn = [ss.LeastSquares(X, y, held_out=0.5, rng=rng).test[1].tolist() for rng in (4, 4, 5, 6, 7)]
    assert drawn[0] == drawn[1]
    assert len(set(map(tuple, drawn))) > 2
    for rows in ([8], [0, 9], np.array([8], np.uint8)):
        with pytest.raises(
            ValueError, match=r"held_out: got row [89], expected rows from 0 to 7 of the table"
        ):
            _ = ss.LeastSquares(X, y, held_out=rows).train
    for rows in ([], np.array([], int), [[1]], [0.5], [-1]):
        with pytest.raises(
            ValueError, match=r"held_out: got .*, expected a share, or the numbers of some rows"
        ):
            ss.LeastSquares(X, y, held_out=rows)


def test_two_gaussians_stand_on_both_sides_of_the_origin():
    """Half the separation away from it in the coordinates scaled by the deviations, in every direction."""
    X, y = ss.two_gaussians(40_000, 3, separation=3.0, condition=16.0, rng=1)
    scales = np.array([1.0, 0.5, 0.25])
    for label, sign in ((0, -1), (1, 1)):
        scaled = X[y == label] / scales
        assert np.abs(scaled.mean(axis=0) - sign * 1.5 / np.sqrt(3)).max() < 4 / np.sqrt(20_000)
        assert np.abs(scaled.std(axis=0) - 1).max() < 4 / np.sqrt(40_000)
    assert [
        np.array_equal(a, b)
        for a, b in zip(ss.two_gaussians(6), ss.two_gaussians(6, 2, 2.0, 1.0, 0), strict=True)
    ] == [True] * 2


def test_two_gaussians_of_the_fewest_examples_and_features():
    X, y = ss.two_gaussians(2, 1, separation=0.0, condition=9.0)
    assert (X.shape, y.tolist()) == ((2, 1), [0.0, 1.0])
    assert np.array_equal(X, np.random.default_rng(0).standard_normal((2, 1)))
    assert ss.two_gaussians(2, separation=0.5)[0].shape == (2, 2)
    for given, sentence in [
        ({"n": 1}, "n: got 1, expected a whole number of at least 2"),
        ({"n": 2, "d": 0}, "d: got 0, expected a whole number of at least 1"),
        ({"n": 2, "separation": -0.5}, r"separation: got -0\.5, expected a number of at least 0"),
        ({"n": 2, "condition": 0.5}, r"condition: got 0\.5, expected a number of at least 1"),
    ]:
        with pytest.raises(ValueError, match=sentence):
            ss.two_gaussians(**given)
