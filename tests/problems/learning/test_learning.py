"""Learning problems: their data, their published numbers, and what is held out."""

import hashlib
import math
from importlib.resources import files

import numpy as np
import pytest
import scipy.optimize

import stepsize as ss
from problems.data import load

# Data.


@pytest.mark.parametrize(
    ("name", "shape", "sha256"),
    [
        ("airfoil_self_noise", (1503, 5), "9d5fd8944be732371eda4b7fde99f12e15798cce888e1a90030ea5694af54878"),
        ("breast_cancer", (569, 30), "841ebc1d5d5822e02a772a093458239ec3704685cdb3dc7f9f74c537ce0c6a33"),
        ("digits", (1797, 64), "592cc047d0a1cc7fdef9fd724514209dcb45a80aa147dc3ab375e3e1a9a380f4"),
        ("iris", (150, 4), "cdf459dcf51753a4f3f56e59a9c81d8c2aaf68889c0ce19ab347e46ff542e6f4"),
    ],
)
def test_tables_are_the_published_ones_and_their_licences_are_named(name, shape, sha256):
    home = files("problems.data")
    raw = home.joinpath(f"{name}.csv").read_bytes()
    assert hashlib.sha256(raw).hexdigest() == sha256
    X, y = load(name)
    assert X.shape == shape
    assert y.shape == shape[:1]
    assert f"`{name}.csv`" in home.joinpath("LICENSES.md").read_text("utf-8")


def test_the_airfoil_table_is_the_original_file_in_another_layout():
    """Tabs for commas, CRLF for LF, without the header: the sha1 that "Dive into Deep Learning" checks."""
    text = files("problems.data").joinpath("airfoil_self_noise.csv").read_text("ascii")
    original = "".join(line.replace(",", "\t") + "\r\n" for line in text.splitlines()[1:])
    assert hashlib.sha1(original.encode()).hexdigest() == "76e5be1548fd8222e5074cf0faae75edff8cf93f"


def test_known_marginals_of_the_tables():
    X, y = load("iris")
    assert X.mean(axis=0) == pytest.approx([5.843333, 3.057333, 3.758, 1.199333], abs=5e-7)
    assert np.bincount(y.astype(int)).tolist() == [50, 50, 50]
    X, y = load("digits")
    assert (X.min(), X.max()) == (0, 16)
    assert np.bincount(y.astype(int)).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


# Least squares.


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


# Classification.


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


def geron_iris():
    """Petals only; the permutation of seed 42: 90 flowers to learn from, 30 for validation, 30 left out."""
    X, y = load("iris")
    order = np.random.RandomState(42).permutation(150)[:120]
    return ss.SoftmaxRegression(
        X[order][:, 2:], y[order], l2=0.0, standardize=True, held_out=list(range(90, 120))
    )


def test_geron_softmax_on_iris():
    """Hands-On Machine Learning, chapter 4, exercise 12: validation losses as printed."""
    problem = geron_iris()
    assert problem.n_examples == 90
    theta = np.random.RandomState(42).randn(3, 3)  # the intercept first there, last here
    start = problem.ravel(theta[[1, 2, 0]])
    run = ss.minimize(problem, ss.SGD(lr=0.5), x0=start, steps=5000)
    rows = run.history.x[[0, 1000, 2000, 3000, 4000, 5000]]
    B, z = problem.test
    chosen = problem.probabilities(rows, B)[..., np.arange(30), z]
    printed = [3.70858, 0.14519367, 0.13013096, 0.12009639, 0.11372961, 0.11002460]
    # The book adds 1e-5 to each probability before the logarithm; the validation curve does not.
    book = -np.log(chosen + 1e-5).mean(axis=-1)
    assert book[0] == pytest.approx(printed[0], abs=5e-6)
    assert book[1:] == pytest.approx(printed[1:], abs=5.1e-9)
    assert run.held_out[-1] == pytest.approx(-np.log(chosen[-1]).mean(), abs=1e-14)
    assert problem.held_out_accuracy(run.x) == pytest.approx(0.9333, abs=5e-5)


def test_softmax_of_two_classes_is_logistic_regression():
    X, y = ss.two_gaussians(60, 2, rng=3)
    two, one = ss.SoftmaxRegression(X, y, l2=0.0), ss.LogisticRegression(X, y, l2=0.0)
    x = np.random.default_rng(0).normal(size=(4, 3))
    theta = np.stack([np.zeros_like(x), x], axis=-1)
    assert two.fun(two.ravel(theta)) == pytest.approx(one.fun(x), rel=1e-13)
    np.testing.assert_allclose(two.unravel(two.grad(two.ravel(theta)))[..., 1], one.grad(x), atol=1e-14)


def test_softmax_does_not_overflow():
    problem = ss.SoftmaxRegression([[1.0], [2.0], [3.0]], [0, 1, 2], l2=0.0)
    x = np.array([1e3, -1e3, 0.0, 0.0, 1e3, -1e3])
    assert np.isfinite(problem.fun(x))
    assert np.isfinite(problem.grad(x)).all()
    assert np.isfinite(problem.hess(x)).all()


def test_the_minimum_of_softmax_regression_is_that_of_another_solver():
    problem = ss.Iris()
    found = scipy.optimize.minimize(
        problem.fun, problem.x0, jac=problem.grad, method="CG", options={"gtol": 1e-9, "maxiter": 20000}
    )
    assert problem.minimum == pytest.approx(found.fun, rel=1e-9)
    assert np.linalg.norm(problem.grad(np.array(problem.minimizers[0]))) < 1e-12


# Networks.


def test_mlp_ravel_and_unravel_are_inverse():
    net = ss.MLP(np.ones((4, 3)), np.ones((4, 2)), hidden=[5, 2])
    x = np.random.default_rng(0).normal(size=(7, net.dim))
    assert np.array_equal(net.ravel(net.unravel(x)), x)
    assert [W.shape for W, _ in net.unravel(x)] == [(7, 3, 5), (7, 5, 2), (7, 2, 2)]
    assert net.dim == 3 * 5 + 5 + 5 * 2 + 2 + 2 * 2 + 2


def test_mlp_without_hidden_layers_is_the_linear_model():
    X, y = ss.two_gaussians(30, 2, rng=1)
    net, line = ss.MLP(X, y, hidden=[]), ss.LeastSquares(X, y)
    x = np.random.default_rng(0).normal(size=3)
    assert net.fun(x) == pytest.approx(line.fun(x), rel=1e-14)
    np.testing.assert_allclose(net.grad(x), line.grad(x), rtol=1e-12)
    softmax = ss.SoftmaxRegression(X, y, l2=0.1)
    classes = ss.MLP(X, y, hidden=[], loss_name="cross-entropy", l2=0.1)
    x = np.random.default_rng(0).normal(size=6)
    assert classes.fun(x) == pytest.approx(softmax.fun(x), rel=1e-14)
    np.testing.assert_allclose(classes.hess(x), softmax.hess(x), atol=1e-15)


def test_mlp_gradient_by_hand():
    """One weight in, one out: f = (v tanh(w) - 1)^2 / 2 at w = 0, v = 2, so df/dw = -2, df/dv = 0."""
    net = ss.MLP([[1.0]], [1.0], hidden=[1])
    w, b, v, c = 0.0, 0.0, 2.0, 0.0
    assert net.fun(np.array([w, b, v, c])) == 0.5
    assert net.grad(np.array([w, b, v, c])).tolist() == [-2.0, -2.0, 0.0, -1.0]


def test_hessians_of_many_parameters_against_their_gradients():
    rng = np.random.default_rng(0)
    for problem in (ss.Digits(held_out=0.5), ss.DigitsMLP(hidden=(16, 8), held_out=0.5)):
        x, v = np.array(problem.x0) + 0.1 * rng.normal(size=problem.dim), rng.normal(size=problem.dim)
        v /= np.linalg.norm(v)
        difference = (problem.grad(x + 1e-5 * v) - problem.grad(x - 1e-5 * v)) / 2e-5
        network = isinstance(problem, ss.DigitsMLP)
        product = problem.hess_times(x, v) if network else problem.hess(x) @ v
        np.testing.assert_allclose(product, difference, atol=1e-9)
        assert abs(v @ product) <= (np.inf if network else problem.L)


def test_relu_network_learns():
    X, y = ss.two_gaussians(100, 2, separation=4.0, rng=0)
    net = ss.MLP(X, y, hidden=[8], loss_name="cross-entropy", activation="relu")
    run = ss.minimize(net, ss.SGD(lr=0.5), steps=200)
    assert net.accuracy(run.x) > 0.95
    x = run.x
    difference = [(net.fun(x + h) - net.fun(x - h)) / 2e-6 for h in 1e-6 * np.eye(net.dim)]
    np.testing.assert_allclose(net.grad(x), difference, atol=1e-7)


def test_the_edge_of_stability():
    """Cohen et al. 2021, Chebyshev task in small: sharpness rises to 2/lr and stays, while the loss falls."""
    width, lr = 60, 0.4
    t = np.linspace(-1, 1, 20)
    net = ss.MLP(t[:, None], 8 * t**4 - 8 * t**2 + 1, hidden=[width])
    rng = np.random.default_rng(0)
    sigma = math.sqrt(2 / (1 + width))
    layers = [
        (1.9 * sigma * rng.normal(size=(1, width)), np.zeros(width)),
        (sigma * rng.normal(size=(width, 1)), np.zeros(1)),
    ]
    run = ss.minimize(net, ss.SGD(lr=lr), x0=net.ravel(layers), steps=10_000)
    sharpness = net.sharpness(run.history.x[[0, 6000, 7000, 8000, 9000, 10_000]])
    assert sharpness[0] * lr / 2 < 0.9
    assert sharpness[1:] * lr / 2 == pytest.approx([1.0] * 5, abs=0.06)
    assert run.fun < 0.02 * run.history.fun[0]
    assert (np.diff(run.history.fun) > 0).mean() > 0.2


def test_a_diagonal_network_finds_the_sparse_vector():
    """From a small start descent ends near the sparse interpolator; from a large one it does not."""
    small, large = ss.DiagonalLinearNetwork(scale=0.03), ss.DiagonalLinearNetwork(scale=1.5)
    errors = []
    for net in (small, large):
        run = ss.minimize(net, ss.Momentum(lr=0.01, momentum=0.9), steps=10_000)
        assert run.fun < 1e-4
        errors.append(np.linalg.norm(net.product(run.x) - net.sparse_vector))
    assert errors[0] < 0.1
    assert errors[1] > 1


# What is held out.

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


def test_rows_may_be_held_out_by_number():
    problem = ss.Iris(held_out=[149, 0, 75], standardize=False)
    X, _ = load("iris")
    np.testing.assert_array_equal(problem.test[0][:, :4], X[[149, 0, 75]])
    assert problem.n_examples == 147
    with pytest.raises(ValueError, match="got row 150, expected rows from 0 to 149"):
        ss.Iris(held_out=[150]).train  # noqa: B018  # reading it is what fails
    with pytest.raises(ValueError, match="expected a share, or the numbers of some rows"):
        ss.Iris(held_out=[-1])


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


def test_bad_data_are_refused_in_a_sentence():
    X = np.zeros((3, 2))
    for make, sentence in [
        (lambda: ss.LeastSquares(X, [1.0, 2.0]), "y: got .* expected 3 targets"),
        (lambda: ss.LeastSquares(X[None], [1.0]), r"X: got .* expected a table of shape \(n, d\)"),
        (lambda: ss.SoftmaxRegression(X, [0, 2, 2]), "y: got .* expected the classes 0, 1, ..., each"),
        (lambda: ss.SoftmaxRegression(X, [0, 1, np.nan]), "y: got .* expected finite values"),
        (
            lambda: ss.MLP(X, [1.0, 2.0, 3.0], loss_name="mse"),
            "loss_name: got .*'squared' or 'cross-entropy'",
        ),
        (lambda: ss.MLP(X, [1.0, 2.0, 3.0], activation="swish"), "activation: got .* 'tanh' or 'relu'"),
        (lambda: ss.MLP(X, [1.0, 2.0, 3.0], hidden=[0]), "hidden: got 0, expected a whole number"),
        (lambda: ss.Digits(l2=-1.0), "l2: got -1.0, expected a number of at least 0"),
        (lambda: ss.Digits(held_out=1.0), "held_out: got 1.0, expected a share from 0 to 0.9"),
        (lambda: ss.WilsonConstruction(3, 3), "positive: got 3, expected more than the 3 negative"),
        (lambda: ss.Airfoil(rows=2000), "rows: got 2000, expected at most 1503"),
    ]:
        with pytest.raises(ValueError, match=sentence):
            make()
    with pytest.raises(TypeError, match=r"X: got .* expected numbers"):
        ss.LeastSquares([["a"]], [1.0])
