"""Multilayer perceptrons: their layout, their special cases and their runs."""

import math

import numpy as np
import pytest

import stepsize as ss


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


@pytest.mark.parametrize("width", [3, np.int64(3), (3,), [3], np.array([3])])
def test_one_width_is_one_hidden_layer(width):
    net = ss.MLP([[0.0], [1.0]], [0.0, 1.0], hidden=width)
    assert tuple(net.hidden) == tuple(ss.DigitsMLP(hidden=width).hidden) == (3,)
    assert net.dim == 3 + 3 + 3 + 1
