"""Where losses of data start and are drawn, what their tables hold, and the words of their gradients."""

import numpy as np
import pytest

import problems as ps
from problems.data import load
from problems.learning.backpropagation import _ACTIVATIONS
from problems.learning.supervised import Supervised, two_gaussians

X = np.array([[0.25, 3.0, 7.0], [0.5, 1.0, 7.0], [0.25, 2.0, 7.0], [0.5, 6.0, 7.0]])
CLASSES = np.array([0, 1, 0, 1])
LOSSES = {
    "least squares": ps.LeastSquares(X, X[:, 0]),
    "logistic": ps.LogisticRegression(X, CLASSES),
    "softmax": ps.SoftmaxRegression(X, CLASSES),
    "network": ps.MLP(X, X[:, 0]),
    "network of classes": ps.MLP(X, CLASSES, loss_name="cross-entropy"),
    "relu": ps.MLP(X, X[:, 0], activation="relu"),
}


@pytest.mark.parametrize("name", LOSSES)
def test_where_it_starts_is_drawn_and_how_it_is_split(name):
    problem, is_network = LOSSES[name], isinstance(LOSSES[name], ps.MLP)
    assert problem.domain == ((-2.0, 2.0) if is_network else (-5.0, 5.0))
    assert is_network or problem.x0 == (0.0,) * problem.dim
    assert problem.stratified == (name in ("logistic", "softmax", "network of classes"))
    assert problem.smooth == (name != "relu")
    assert problem.has_held_out is False


def test_a_linear_network_is_drawn_around_its_sparse_vector():
    assert ps.DiagonalLinearNetwork().domain == (-1.5, 1.5)
    assert ps.ScalarFactorization().isolated is False


def test_a_network_starts_with_weights_of_variance_one_over_the_inputs_and_no_biases():
    network = ps.DigitsMLP(hidden=(400,))
    (W, b), (V, c) = network.unravel(np.array(network.x0))
    assert W.std() * np.sqrt(64) == pytest.approx(1.0, abs=0.02)
    assert V.std() * np.sqrt(400) == pytest.approx(1.0, abs=0.03)
    assert not b.any()
    assert not c.any()
    # The stream beside the one that splits the data, drawn once and frozen.
    assert ps.DigitsMLP().x0[:2] == pytest.approx((0.012870960001795159, -0.12256589637878267), rel=1e-12)


def test_the_digits_are_shares_of_sixteen_in_ten_classes():
    """1797 images of 8 by 8 pixels, from 0 to 16."""
    network, linear = ps.DigitsMLP(), ps.Digits()
    assert (network.outputs, network.stratified, network.formula) == (
        10,
        True,
        "tanh network 64-32-10 on 1797 digits",
    )
    for problem in (network, linear):
        pixels, labels = problem.train
        assert pixels.shape[0] == 1797
        assert (pixels.min(), pixels.max()) == (0.0, 1.0)
        assert np.array_equal(pixels[:, :64] * 16, load("digits")[0])
        assert np.array_equal(labels, load("digits")[1])


@pytest.mark.parametrize(("name", "rows"), [("iris", 150), ("digits", 1797), ("breast_cancer", 569)])
def test_a_shipped_table_is_whole_and_cannot_be_written_to(name, rows):
    for part in load(name):
        assert len(part) == rows
        assert not part.flags.writeable


def test_the_separable_points_have_a_margin_of_four_and_are_mirrored():
    """Soudry et al.: the nearest are (1/2, 3/2) and (3/2, 1/2), which (1/2, 1/2) gives the score 1."""
    problem = ps.SeparableLogistic()
    points, signs = problem.train
    assert points[:2].tolist() == [[0.5, 1.5], [1.5, 0.5]]
    assert points[14:16].tolist() == [[-0.5, -1.5], [-1.5, -0.5]]
    assert signs.tolist() == [1.0] * 14 + [-1.0] * 14
    along = signs * (points @ np.array([1.0, 1.0])) / np.sqrt(2)
    assert along[[0, 1, 14, 15]] == pytest.approx(np.sqrt(2))
    others = np.delete(along, [0, 1, 14, 15])
    assert others.min() >= 2.2
    # One draw of each kind, frozen: an exponential of mean 1 along, a normal of deviation 1.5 across.
    assert points[2] == pytest.approx([2.9946942167206543, 1.0781445405831476], rel=1e-12)
    assert points[27] == pytest.approx([-4.182491138553851, -0.02415529323656518], rel=1e-12)
    generator = np.random.default_rng(0)
    outwards, sideways = 2.2 + generator.exponential(1.0, (2, 12)), generator.normal(0.0, 1.5, (2, 12))
    assert others == pytest.approx(outwards.ravel())
    across = signs * (points @ np.array([1.0, -1.0])) / np.sqrt(2)
    assert np.delete(across, [0, 1, 14, 15]) == pytest.approx(sideways.ravel())
    assert problem.domain == (-1.0, 10.0)


def test_a_rectifier_is_flat_at_its_corner():
    function, slope, bend = _ACTIVATIONS["relu"]
    a = np.array([-1.0, 0.0, 0.5, 2.0])
    assert function(a).tolist() == [0.0, 0.0, 0.5, 2.0]
    assert slope(function(a)).tolist() == [0.0, 0.0, 1.0, 1.0]
    assert bend(a).tolist() == [0.0] * 4


def test_standard_features_have_mean_0_and_deviation_1_and_what_never_changes_is_0():
    features, _ = ps.LeastSquares(X, X[:, 0], standardize=True, intercept=False).train
    np.testing.assert_allclose(features.mean(axis=0), 0.0, atol=1e-15)
    np.testing.assert_allclose(features.std(axis=0), [1.0, 1.0, 0.0], atol=1e-15)
    assert features[:2, 0].tolist() == [-1.0, 1.0]


def test_what_a_class_of_data_is_unless_it_says_otherwise():
    names = ("l2", "intercept", "standardize", "held_out", "rng", "stratified")
    assert [getattr(Supervised, name) for name in names] == [0.0, False, False, 0.0, 0, False]
    first, again = two_gaussians(20), two_gaussians(20, 2, 2.0, 1.0, 0)
    assert all(np.array_equal(one, other) for one, other in zip(first, again, strict=True))


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (ps.AdditiveNoise, "noisy measurements"),
        (ps.MultiplicativeNoise, "multiplicative noise"),
        (ps.MaskedGradient, "masks"),
        (ps.CauchyNoise, "Cauchy noise"),
    ],
)
@pytest.mark.parametrize("sampling", ["static", "dynamic"])
def test_where_a_noisy_gradient_comes_from(kind, words, sampling):
    problem = kind(ps.Quadratic(), sampling=sampling)
    assert problem.gradient_source == f"{sampling} {words}"
    assert problem.has_held_out is False
    assert problem.sample(3) == problem.sample(3, 0)
    assert (problem.sample(3) == problem.sample(3, 1)) == (sampling == "static")


def test_the_first_evaluation_of_a_line_is_number_0():
    batches = ps.MiniBatch(LOSSES["least squares"], 2, "dynamic")
    assert batches.indices(3).tolist() == batches.indices(3, 0).tolist()
    assert batches.indices(3).tolist() != batches.indices(3, 1).tolist()
    assert ps.Quadratic().sample(3) == ps.Quadratic().sample(3, 0)
    assert not ps.Quadratic().drifts


@pytest.mark.parametrize("name", ["iris", "digits"])
def test_a_shipped_table_cannot_be_written_to(name):
    """It is read once and serves whoever asks."""
    for part in load(name):
        with pytest.raises(ValueError, match="read-only"):
            part[0] = 7
