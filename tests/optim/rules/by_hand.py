"""What the tests of several families need: points under given gradients, a bowl, two paths that are one."""

import numpy as np

from optim import (
    minimize,
)
from problems import Quadratic, Rosenbrock


def steps(opt, gradients, x=(0.0,)):
    """Return the points that a rule visits under gradients that are given."""
    x = np.array(x)
    state, rows = opt.init(x), []
    for g in gradients:
        x, state = opt.step(x, np.broadcast_to(np.asarray(g, float), x.shape), state)
        rows.append(x)
    return np.array(rows), state


def same_path(one, two, problem=None, steps=40, rtol=1e-12):
    problem = Rosenbrock() if problem is None else problem
    a, b = minimize(problem, one, steps=steps), minimize(problem, two, steps=steps)
    np.testing.assert_allclose(a.history.x, b.history.x, rtol=rtol)


def bowl(n=8, seed=0):
    """A quadratic with eigenvalues from 1 to 10 in a random orthogonal frame."""
    Q = np.linalg.qr(np.random.default_rng(seed).normal(size=(n, n)))[0]
    H = (Q * np.geomspace(1.0, 10.0, n)) @ Q.T
    return Quadratic((H + H.T) / 2, start=tuple(np.random.default_rng(seed + 1).normal(size=n)))


def updates_until(run, norm):
    return int(np.argmax(run.history.grad_norm <= norm))
