"""The stochastic line search where one point fits all examples (S1)."""

import math

import numpy as np
import pytest

from optim import SGD, minimize
from problems import MiniBatch, Parabola
from schedules import SLS, Line
from tests.linesearch.data import WHOLE, start


class Interpolation:
    """Least squares with more parameters than examples, ten examples an update, one batch an update."""

    sampling, varies, minimum, formula = "static", True, 0.0, "interpolation"
    n_examples = 200

    def __init__(self, rng=0, size=10):
        random = np.random.default_rng(rng)
        self.A = random.normal(size=(200, 300)) / math.sqrt(300)
        self.solution = random.normal(size=300)
        self.b = self.A @ self.solution
        self.x0 = np.zeros(300)
        self.batches = [random.choice(200, size, replace=False) for _ in range(2000)]

    def at(self, n):
        return Rows(self.A[self.batches[n % 2000]], self.b[self.batches[n % 2000]])

    def fun(self, x):
        return Rows(self.A, self.b).fun(x)

    def grad(self, x):
        return Rows(self.A, self.b).grad(x)

    def value_and_grad(self, x):
        return self.fun(x), self.grad(x)


class Rows:
    def __init__(self, A, b):
        self.A, self.b, self.n_examples = A, b, len(b)

    def fun(self, x):
        r = x @ self.A.T - self.b
        return (r * r).sum(axis=-1) / (2 * len(self.b))

    def grad(self, x):
        return (self.A @ x - self.b) @ self.A / len(self.b)

    def value_and_grad(self, x):
        return self.fun(x), self.grad(x)

    @property
    def L(self):
        return np.linalg.eigvalsh(self.A @ self.A.T)[-1] / len(self.b)


def test_sls_under_interpolation():
    """S1, Vaswani et al. (2019), lemma 1: from alpha = 1000, no step below 2 (1 - c) beta / L_i.

    The bound is of the step that is *reached*: the first search backtracks from 1000, later ones from the
    last step.
    """
    problem = Interpolation()
    search = SLS(c=0.1, beta=0.9, alpha0=1e3, alpha_max=1e6)
    run = minimize(problem, SGD(lr=search), steps=2000)
    moved = np.flatnonzero(run.history.status == "converged")
    products = [run.history.lr[n] * problem.at(n).L for n in moved[:500]]
    assert min(products) >= 2 * (1 - 0.1) * 0.9
    assert problem.fun(run.last_x) <= 1e-6 * problem.fun(problem.x0)


def test_every_accepted_step_passes_on_its_own_batch():
    batches = MiniBatch(WHOLE, 40, rng=3)
    run = minimize(batches, SGD(lr=SLS(c=0.5)), start(3), steps=60)
    for n in range(60):
        seen, x, alpha = batches.at(n), run.history.x[n], run.history.lr[n]
        g = seen.grad(x)
        assert seen.fun(x - alpha * g) <= seen.fun(x) - 0.5 * alpha * (g @ g) + 1e-15


def test_an_epoch_doubles_the_step_where_everything_passes():
    """gamma^(B/n) an update, the last batch of an epoch being smaller: after 398 examples gamma, exactly."""
    batches = MiniBatch(WHOLE, 50, rng=0)
    run = minimize(batches, SGD(lr=SLS(c=1e-9, alpha0=1e-6)), start(0), steps=17)
    assert batches.updates_per_epoch == 8
    np.testing.assert_allclose(run.history.lr[[0, 8, 16]], [1e-6, 2e-6, 4e-6], rtol=1e-12)


@pytest.mark.parametrize(("reset", "first"), [("grow", 0.04), ("keep", 0.02), ("max", 0.05)])
def test_where_a_search_starts(reset, first):
    line = Line(Parabola(curvature=1.0), np.array([1.0]), np.array([1.0]))
    SLS(reset=reset, alpha_max=0.05)(line, {"alpha": 0.02})
    assert line.trials[1].alpha == pytest.approx(first)


def test_goldstein_doubles_a_step_that_is_too_short():
    """c = 0.3 on (1 - a)^2 / 2: acceptable from 0.6 to 1.4."""
    found = SLS(c=0.3, goldstein=True, alpha0=0.1)(
        Line(Parabola(curvature=1.0), np.array([1.0]), np.array([1.0])), None
    )
    assert 0.6 <= found.alpha <= 1.4


def test_after_a_failure_the_next_search_starts_afresh():
    """The authors' code would go on from the tiny step that 100 rejections left."""

    def stubborn(x):
        return float(x[0] < 1.0)  # every step seems to climb

    from problems import Problem

    problem = Problem.of(stubborn, lambda x: np.ones_like(x), x0=[1.0])
    found = SLS()(Line(problem, np.array([1.0]), np.array([1.0])), {"alpha": 0.3})
    assert (found.alpha, found.status, found.carry) == (1e-6, "min_step", {"alpha": 1.0})
