"""Losses of data for batches of points of any shape, in blocks, and for complex points."""

import math

import numpy as np
import pytest

import problems as ps
from problems.learning import linear_models
from tests.instances import PROBLEMS, name_of

RNG = np.random.default_rng(21)
X, CLASSES = RNG.normal(size=(9, 3)), np.arange(9) % 3
MORE = [
    ps.LeastSquares(X, X[:, 0] ** 2, l2=0.3),
    ps.LogisticRegression(X, CLASSES > 0, l2=0.2),
    ps.SoftmaxRegression(X, CLASSES, l2=0.2),
    ps.MLP(X, CLASSES, hidden=(4, 3), loss_name="cross-entropy", l2=0.1),
    ps.MLP(X, X[:, :2], hidden=(4,), activation="relu", l2=0.1),
    ps.MLP(X, X[:, 0], hidden=()),
]
SUMS = [p for p in [*PROBLEMS, *MORE] if isinstance(p, ps.FiniteSum)]


@pytest.mark.parametrize("problem", SUMS, ids=name_of)
def test_a_batch_of_any_shape_has_the_values_of_single_points(problem):
    x = np.array(problem.x0) + np.random.default_rng(2).normal(size=(3, 2, 1, problem.dim))
    together = [problem.fun(x), problem.grad(x), *problem.value_and_grad(x), *problem.moments(x)]
    for index in np.ndindex(3, 2, 1):
        point = x[index]
        alone = [problem.fun(point), problem.grad(point)]
        alone += [*problem.value_and_grad(point), *problem.moments(point)]
        for many, one in zip(together, alone, strict=True):
            np.testing.assert_allclose(many[index], one, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("problem", SUMS, ids=name_of)
def test_the_value_and_the_gradient_are_the_means_over_single_examples(problem):
    """And half the penalty times the square, whose weight is the same for all examples."""
    x = np.array(problem.x0) + np.random.default_rng(3).normal(size=problem.dim)
    A, y = problem.train
    values, slopes = zip(*(problem.loss_and_grad(x, A[[i]], y[[i]]) for i in range(len(y))), strict=True)
    weight = np.broadcast_to(problem.penalty, problem.dim)
    ridge = sum(w * v * v for w, v in zip(weight, x, strict=True)) / 2
    f, g = problem.value_and_grad(x)
    assert f == pytest.approx(math.fsum(map(float, values)) / len(y) + ridge, rel=1e-12)
    assert problem.fun(x) == pytest.approx(f, rel=1e-13)
    np.testing.assert_allclose(g, np.mean(slopes, axis=0) + weight * x, rtol=1e-9, atol=1e-13)
    np.testing.assert_allclose(problem.grad(x), g, rtol=1e-10, atol=1e-14)


MANY = RNG.normal(size=(500, 4))
LINEAR = [ps.LeastSquares(MANY, MANY @ [1.0, 2.0, 0.5, 0.0]), ps.LogisticRegression(MANY, MANY[:, 0] > 0)]


@pytest.mark.parametrize("problem", LINEAR, ids=name_of)
@pytest.mark.parametrize("size", [5, 64 * 5, 200 * 5, 500 * 5, 501 * 5])
def test_blocks_of_any_size_add_up_for_single_points(problem, size, monkeypatch):
    w = RNG.normal(size=problem.dim)
    whole = problem.fun(w), problem.grad(w)
    monkeypatch.setattr(linear_models, "BLOCK", size)
    np.testing.assert_allclose(problem.fun(w), whole[0], rtol=1e-13)
    np.testing.assert_allclose(problem.grad(w), whole[1], rtol=1e-11, atol=1e-15)
    value, slope = problem.value_and_grad(w)
    np.testing.assert_allclose(value, whole[0], rtol=1e-13)
    np.testing.assert_allclose(slope, whole[1], rtol=1e-11, atol=1e-15)


def test_blocks_cover_every_row_once():
    for rows in (1, 63, 64, 65, 128, 1000):
        covered = np.zeros(rows, int)
        for part in linear_models.blocks(np.empty((rows, 3))):
            covered[part] += 1
        assert (covered == 1).all()


def test_blocks_are_of_64_rows_at_least_and_of_no_more_than_a_cache_holds(monkeypatch):
    monkeypatch.setattr(linear_models, "BLOCK", 300)
    sizes = [part.stop - part.start for part in linear_models.blocks(np.empty((128, 3)))]
    assert sizes == [100, 100]
    sizes = [part.stop - part.start for part in linear_models.blocks(np.empty((128, 30)))]
    assert sizes == [64, 64]


def test_least_squares_take_the_complex_step_in_a_batch():
    """F(x + ih v) = f(x) + ih f'(x) v: what is complex must stay so on the way."""
    problem = ps.LeastSquares(MANY, MANY @ [1.0, 2.0, 0.5, 0.0])
    x, v = RNG.normal(size=(6, problem.dim)), RNG.normal(size=problem.dim)
    slope = problem.fun(x + 1e-100j * v).imag / 1e-100
    np.testing.assert_allclose(slope, problem.grad(x) @ v, rtol=1e-12)
    bend = problem.grad(x + 1e-100j * v).imag / 1e-100
    np.testing.assert_allclose(bend, np.broadcast_to(problem.hess(x) @ v, x.shape), rtol=1e-11, atol=1e-13)


def test_points_of_lower_precision_are_added_up_in_that_of_the_data():
    problem = LINEAR[1]
    x = np.zeros((2, problem.dim), np.float32)
    assert problem.fun(x).dtype == problem.grad(x).dtype == np.float64


WHOLE = ps.LogisticRegression(X, CLASSES > 0)


@pytest.mark.parametrize("indices", [slice(0, 1), slice(8, None), [0], [8], np.array([3], np.uint8)])
def test_one_example_is_a_batch(indices):
    assert WHOLE.batch(indices).n_examples == 1


@pytest.mark.parametrize("indices", [[], [-1], [9], [0, 9], slice(0, 0), slice(9, 12), np.zeros(0, int)])
def test_indices_of_no_examples_are_refused_with_the_ends_of_the_range(indices):
    with pytest.raises((TypeError, ValueError), match="whole numbers from 0 to 8, or a slice"):
        WHOLE.batch(indices)


@pytest.mark.parametrize("indices", [[[0, 1]], [0.0], 3, ["a"], [True, False]])
def test_what_are_no_indices_is_refused(indices):
    with pytest.raises(TypeError, match=r"indices: got .*, expected whole numbers from 0 to 8, or a slice"):
        WHOLE.batch(indices)


def test_a_batch_hands_its_population_on_to_its_variances():
    """Of 9 examples 6 are drawn: 1 - 6/9 of the variance is left."""
    x, rows = np.ones(4), [0, 1, 2, 4, 5, 8]
    plain, corrected = WHOLE.batch(rows).stats(x), WHOLE.batch(rows, population=9).stats(x)
    np.testing.assert_allclose(corrected.var_g, plain.var_g / 3, rtol=1e-14)
    assert corrected.var_f == pytest.approx(plain.var_f / 3, rel=1e-14)
    f, g = WHOLE.value_and_grad(x)
    whole = WHOLE.stats(x)
    assert (whole.f, whole.var_f) == (f, 0.0)
    assert np.array_equal(whole.g, g)
    assert not whole.var_g.any()
    with pytest.raises(ValueError, match="indices: got 1 example, expected at least 2"):
        WHOLE.batch([3]).stats(x)
    assert WHOLE.batch([3, 4]).stats(x).var_f > 0
    assert WHOLE.batch(rows).formula == f"6 examples of {WHOLE.formula}"


@pytest.mark.parametrize("labels", [[0, 1] * 4 + [0], [-1, 1] * 4 + [1], [False, True] * 4 + [True]])
def test_labels_are_0_and_1_or_minus_1_and_1(labels):
    signs = ps.LogisticRegression(X, labels).train[1]
    assert signs.tolist() == [1.0 if label > 0 else -1.0 for label in labels]


@pytest.mark.parametrize("labels", [[0, 2] * 4 + [0], [-1, 0] * 4 + [1], [-2, 1] * 4 + [1], [-1, 2, 2] * 3])
def test_other_labels_are_refused(labels):
    with pytest.raises(ValueError, match=r"y: got the classes .*, expected 0 and 1, or -1 and 1"):
        ps.LogisticRegression(X, labels)


def test_a_network_without_hidden_layers_is_a_linear_model():
    """Half the mean of squares of least squares, and the mean cross-entropy of softmax regression."""
    x = RNG.normal(size=(5, 4))
    straight, line = ps.MLP(X, X[:, 0] ** 2, hidden=(), l2=0.1), ps.LeastSquares(X, X[:, 0] ** 2, l2=0.1)
    line = line.replace(half=True)
    np.testing.assert_allclose(straight.fun(x), line.fun(x), rtol=1e-12)
    np.testing.assert_allclose(straight.hess(x), np.broadcast_to(line.hess(x[0]), (5, 4, 4)), atol=1e-13)
    several = ps.MLP(X, CLASSES, hidden=(), loss_name="cross-entropy", l2=0.1)
    softmax = ps.SoftmaxRegression(X, CLASSES, l2=0.1)
    x = RNG.normal(size=(5, softmax.dim))
    np.testing.assert_allclose(several.fun(x), softmax.fun(x), rtol=1e-12)
    np.testing.assert_allclose(several.grad(x), softmax.grad(x), rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(several.hess(x), softmax.hess(x), rtol=1e-9, atol=1e-13)
    assert several.accuracy(x[0]) == softmax.accuracy(x[0])


@pytest.mark.parametrize("hidden", [(), (3,)])
def test_scores_of_thousands_do_not_overflow(hidden):
    """The largest score of each example is taken away first, its own and not that of all examples."""
    problem = ps.MLP(X, CLASSES, hidden=hidden, loss_name="cross-entropy")
    x = 1e4 * RNG.normal(size=problem.dim)
    with np.errstate(all="raise", under="ignore"):
        value, slope = problem.value_and_grad(x)
        assert np.isfinite(problem.hess(x)).all()
    assert np.isfinite(value)
    assert np.isfinite(slope).all()
    _, scores = problem._forward(x, problem.train[0])
    right = scores[np.arange(9), CLASSES]
    loss = np.mean(scores.max(axis=1) - right)
    assert value == pytest.approx(loss, rel=1e-3)


HELD_OUT = ps.MLP(X, CLASSES, hidden=(4,), loss_name="cross-entropy", l2=0.3, held_out=[0, 1, 5, 8])


def test_a_network_predicts_its_training_rows_or_others():
    x = RNG.normal(size=(2, HELD_OUT.dim))
    rows, others = HELD_OUT.train[0], HELD_OUT.test[0]
    assert np.array_equal(HELD_OUT.predict(x), HELD_OUT.predict(x, rows))
    assert HELD_OUT.predict(x).shape == (2, 5, 3)
    assert HELD_OUT.predict(x, others).shape == (2, 4, 3)
    for part, share in ((HELD_OUT.train, HELD_OUT.accuracy), (HELD_OUT.test, HELD_OUT.held_out_accuracy)):
        right = [[HELD_OUT.predict(w, part[0])[i].argmax() == c for i, c in enumerate(part[1])] for w in x]
        assert share(x).tolist() == pytest.approx(np.mean(right, axis=1))


def test_products_with_the_hessian_and_its_sharpness_are_those_of_the_hessian():
    x, v = RNG.normal(size=(2, HELD_OUT.dim)), RNG.normal(size=HELD_OUT.dim)
    H = HELD_OUT.hess(x)
    np.testing.assert_allclose(HELD_OUT.hess_times(x, v), H @ v, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(HELD_OUT.sharpness(x), [np.linalg.eigvalsh(part).max() for part in H])
    flat = ps.ScalarFactorization()
    assert flat.sharpness(np.array([2.0, 0.5])) == pytest.approx(4.25)


def test_a_whole_sum_is_known_exactly_even_where_it_is_0():
    net = ps.DiagonalLinearNetwork()
    known = net.stats(net.interpolating_point)
    assert (known.f, known.var_f) == (0.0, 0.0)
    assert not known.var_g.any()


BEYOND_MEMORY = [
    (lambda: ps.MLP(X, X, hidden=(10**9,) * 2), r"hidden: got layers of \[10+, 10+\].*, expected narrower"),
    (lambda: ps.WilsonConstruction(10**9, 10), r"positive: got 1000000010 examples, .*, expected fewer"),
    (lambda: ps.DiagonalLinearNetwork(features=10**12), r"features: got 10+ for 20 .*, expected fewer"),
    (lambda: ps.SeparableLogistic(others=10**13), r"others: got 10+.*, expected fewer"),
    (lambda: ps.two_gaussians(10**12, 3), r"n: got 10+ examples of 3 features.*, expected fewer of eit"),
]


@pytest.mark.parametrize(("make", "sentence"), BEYOND_MEMORY)
def test_what_no_memory_holds_is_refused_before_it_is_made(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()


def test_softmax_predicts_its_training_rows_or_others_for_any_batch():
    problem = ps.SoftmaxRegression(X, CLASSES, held_out=[0, 1, 5, 8])
    x = RNG.normal(size=(2, problem.dim))
    assert np.array_equal(problem.probabilities(x), problem.probabilities(x, problem.train[0]))
    assert problem.probabilities(x, problem.test[0]).shape == (2, 4, 3)
    np.testing.assert_allclose(problem.probabilities(x).sum(axis=-1), 1.0, rtol=1e-14)
    for part, share in ((problem.train, problem.accuracy), (problem.test, problem.held_out_accuracy)):
        right = [
            [problem.probabilities(w, part[0])[i].argmax() == c for i, c in enumerate(part[1])] for w in x
        ]
        assert share(x).tolist() == pytest.approx(np.mean(right, axis=1))


WRONG = [
    (lambda: ps.SoftmaxRegression(X, [0, 1]), r"y: got .*, expected 9 labels, one for each row"),
    (lambda: ps.LogisticRegression(X, [0, 1]), r"y: got .*, expected 9 labels, one for each row"),
    (lambda: ps.MLP(X, [0.0, 1.0]), r"y: got .*, expected 9 targets, one for each row"),
    (lambda: ps.MLP(X, X, loss_name="cross-entropy"), r"y: got .*, expected the classes 0, 1"),
    (lambda: ps.MLP(X, CLASSES * 2, loss_name="cross-entropy"), r"y: got .*, expected the classes 0, 1"),
    (lambda: ps.Iris(columns=()), r"columns: got"),
    (lambda: ps.Iris(columns=(0, 4)), r"columns: got"),
    (lambda: ps.BreastCancer(held_out=[]), r"held_out: got"),
    (lambda: ps.BreastCancer(held_out=[-1]), r"held_out: got"),
    (lambda: ps.BreastCancer(held_out=[0.5]), r"held_out: got"),
    (lambda: ps.BreastCancer(held_out=[[0]]), r"held_out: got"),
]


@pytest.mark.parametrize(("make", "sentence"), WRONG)
def test_wrong_data_are_refused_by_their_name(make, sentence):
    with pytest.raises((TypeError, ValueError), match=sentence):
        make()


def test_shorter_ways_to_say_the_same():
    assert ps.DigitsMLP(hidden=8).hidden == (8,)
    assert ps.Iris(columns=(2,)).dim == 6
    assert ps.BreastCancer(held_out=[0]).n_examples == 568
