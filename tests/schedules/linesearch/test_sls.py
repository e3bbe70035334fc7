"""The stochastic line search, and the stochastic Polyak step, where one point fits all examples (S1)."""

import math

import numpy as np
import pytest

from optim import SGD, minimize
from problems import LeastSquares, MiniBatch, Parabola
from schedules import (
    SLS,
    Line,
    SPSMax,
)
from tests.schedules.linesearch.data import WHOLE, start
from tests.schedules.linesearch.lines import along, falling, parabola


def interpolation():
    """Least squares with more parameters than examples, where one point fits all; and that point."""
    random = np.random.default_rng(0)
    A = random.normal(size=(200, 300)) / math.sqrt(300)
    solution = random.normal(size=300)
    problem = LeastSquares(A, A @ solution, l2=0.0, intercept=False)
    return MiniBatch(problem, 10, replacement=True, rng=0), A, solution


def largest_curvature(batches, n):
    """L of the mini-batch that update n saw, A'A / B; its ten eigenvalues but zero are those of A A' / B."""
    A, _ = batches.at(n).train
    return np.linalg.eigvalsh(A @ A.T)[-1] / len(A)


def test_sls_under_interpolation():
    """S1, Vaswani et al. (2019), lemma 1: no step below min(start, 2 (1 - c) beta / L_i); f falls fast."""
    batches, _, _ = interpolation()
    from_far = minimize(batches, SGD(lr=SLS(alpha_max=1e3, reset="max")), np.zeros(300), steps=60).history
    for n in range(60):
        assert from_far.lr[n] * largest_curvature(batches, n) >= 2 * (1 - 0.1) * 0.9
    run = minimize(batches, SGD(lr=SLS(alpha0=1e3, alpha_max=1e6)), np.zeros(300), steps=2000)
    lr = run.history.lr
    for n in range(1, 150):
        begun = lr[n - 1] * 2.0 ** (10 / 200)
        assert lr[n] >= min(begun, 2 * (1 - 0.1) * 0.9 / largest_curvature(batches, n)) * (1 - 1e-12)
    assert batches.fun(run.last_x) <= 1e-6 * batches.fun(run.history.x[0])


@pytest.mark.parametrize("c", [0.5, 1.0])
def test_sps_under_interpolation(c):
    """S1, Loizou et al. (2021): no step below 1 / (2 c L_i), and no update further from the solution."""
    batches, A, solution = interpolation()
    run = minimize(batches, SGD(lr=SPSMax(max_lr=1e6, c=c)), np.zeros(300), steps=2000)
    products = [run.history.lr[n] * largest_curvature(batches, n) for n in range(150)]
    assert min(products) >= 1 / (2 * c)
    nearest = np.linalg.pinv(A) @ (A @ solution)  # the solution nearest to a start at zero
    distance = np.linalg.norm(run.history.x - nearest, axis=1)
    assert (np.diff(distance) <= 1e-12).all()
    if c == 0.5:
        assert batches.fun(run.last_x) <= 1e-6 * batches.fun(run.history.x[0])


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


def test_goldstein_doubles_what_is_too_short():
    """phi = 2 (1 - t)^2 at 0.15 is 1.445, below 2 - 0.9 * 4 * 0.15; at 0.3 it is 0.98, above 0.92."""
    line = parabola()
    found = SLS(alpha0=0.15, goldstein=True)(line, None)
    assert [t.alpha for t in line.trials[1:]] == [0.15, 0.3]
    assert found.carry == {"alpha": 0.3}


def test_goldstein_at_the_longest_step_and_with_equality():
    """-t is always too short for c = 1/4; -3 t / 4 just long enough."""
    found = SLS(c=0.25, alpha0=0.5, alpha_max=1.5, goldstein=True)(along(lambda t: -t, falling), None)
    assert (found.alpha, found.status, found.n_f) == (1.5, "converged", 3)
    found = SLS(c=0.25, goldstein=True)(along(lambda t: -0.75 * t, falling), None)
    assert (found.alpha, found.status, found.n_f) == (1.0, "converged", 1)


def test_a_stochastic_search_without_a_way_down():
    """Below a gradient of 1e-8 it is flat; a direction across the gradient, or none, is no descent."""
    for slope, expected in ((-1e-8, "converged"), (-9e-9, "flat")):
        line = along(lambda t, s=slope: s * t, lambda _, s=slope: s)
        assert SLS()(line, None).status == expected
    assert SLS()(parabola(d=0.0), None).status == "not_descent"
    found = SLS(alpha0=0.5)(along(lambda t: math.inf if t else 0.0, falling), {"alpha": 2.0})
    assert (found.alpha, found.status, found.carry) == (0.0, "nonfinite", {"alpha": 0.5})
