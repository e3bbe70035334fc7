"""Backpropagation, by hand and against differences."""

import numpy as np

import stepsize as ss


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
