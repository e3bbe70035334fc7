"""Backtracking: by hand, and on the functions of the textbooks."""

import math

import numpy as np
import pytest

from optim import SGD, Newton, minimize
from problems import Parabola, Problem, Rosenbrock
from schedules import (
    Armijo,
    ForwardBackward,
    Line,
)
from schedules.linesearch.armijo import interpolated
from tests.schedules.linesearch.lines import along, cubic, falling, parabola


class TestBacktracking:
    @pytest.mark.parametrize(
        ("phi0", "slope0", "b", "a", "first", "second"),
        [
            (5.0, -1.0, -0.5, 1.0, 4.0, 2.0),
            (-3.0, -2.0, 1.0, 0.25, 8.0, 5.0),
            (1.0, -0.25, 0.0, 0.5, 2.0, 1.0),
        ],
    )
    def test_a_cubic_through_two_trials_finds_the_low_point_of_a_cubic(
        self, phi0, slope0, b, a, first, second
    ):
        """Its derivative's larger root, held between a tenth and a half of the last trial."""
        line = cubic(phi0, slope0, b, a)
        low = max(np.roots([3 * a, 2 * b, slope0]).real)
        found = interpolated(line, (first, line.value(first)), (second, line.value(second)))
        assert found == pytest.approx(min(max(low, 0.1 * second), 0.5 * second), rel=1e-12)
        assert 0.1 * second < found

    def test_a_parabola_through_two_trials_too(self):
        """Without a third power the cubic's formula has to be finite: 2 t - 8 t + ... is lowest at 1."""
        line = cubic(0.0, -2.0, 1.0, 0.0)
        assert interpolated(line, (8.0, line.value(8.0)), (4.0, line.value(4.0))) == pytest.approx(1.0)

    def test_a_cubic_without_a_low_point_is_cut_at_the_half(self):
        line = cubic(0.0, -1.0, 0.0, -1.0)
        assert interpolated(line, (4.0, line.value(4.0)), (2.0, line.value(2.0))) == 1.0

    def test_a_wall_halves_the_trial(self):
        line = parabola()
        assert interpolated(line, None, (6.0, math.inf)) == 3.0

    def test_the_next_search_starts_from_the_last_step_times_the_growth(self):
        """On x^2/2 from 2 the step 1 is exact; then 1.5 is tried first."""
        search = Armijo(alpha0=1.0, growth=1.5)
        found = search(parabola(), None)
        assert (found.alpha, found.carry) == (1.0, {"alpha": 1.0})
        again = parabola()
        search(again, found.carry)
        assert again.trials[1].alpha == 1.5
        without = parabola()
        Armijo(alpha0=1.0)(without, {"alpha": 0.25})
        assert without.trials[1].alpha == 1.0

    def test_slack_lets_a_little_rise_through(self):
        """At alpha = 2 x^2/2 is as high as at 0, where 1e-4 * 2 * 4 of decrease was asked for."""
        assert Armijo(alpha0=2.0)(parabola(), None).alpha == 1.0
        assert Armijo(alpha0=2.0, atol=1e-3)(parabola(), None).alpha == 2.0
        assert Armijo(alpha0=2.0, rtol=1e-3)(parabola(), None).alpha == 2.0
        assert Armijo(alpha0=2.0, atol=7e-4)(parabola(), None).alpha == 1.0

    def test_where_it_ends_in_vain(self):
        rising = along(lambda t: abs(t), falling)
        assert Armijo()(rising, None).status == "min_step"
        wall = along(lambda t: math.inf if t else 0.0, falling)
        assert Armijo()(wall, None).status == "nonfinite"
        for most in (0, 1, 3):
            found = Armijo(max_trials=most)(along(lambda t: abs(t), falling), None)
            assert (found.alpha, found.status, found.n_f) == (0.0, "min_step", most)

    def test_forward_and_backward(self):
        """c1 = 0.2 allows alpha up to 1.6 on a parabola whose minimum is at 1."""
        search = ForwardBackward(max_length=100.0)
        forward = search(parabola(), {"alpha": 0.25})
        assert (forward.alpha, forward.status, forward.carry) == (1.0, "converged", {"alpha": 1.0})
        assert (forward.e.alpha, forward.e.f) == (1.0, 0.0)
        backward = search(parabola(), {"alpha": 3.0})
        assert (backward.alpha, backward.status, backward.carry) == (1.5, "converged", {"alpha": 1.5})
        bounded = ForwardBackward(max_length=1.0)(parabola(), {"alpha": 0.25})
        assert (bounded.alpha, bounded.status) == (0.5, "max_step"), "0.5 * |d| is the longest move"
        vain = ForwardBackward(alpha_min=0.5)(along(lambda t: abs(t), falling), {"alpha": 2.0})
        assert (vain.alpha, vain.status) == (0.5, "min_step")


def exponentials():
    """B&V (9.20), with its minimum 2 sqrt(2) exp(-0.1)."""
    A = np.array([[1.0, 3.0], [1.0, -3.0], [-1.0, 0.0]])

    def fun(x):
        return np.exp(A @ x - 0.1).sum()

    def grad(x):
        return A.T @ np.exp(A @ x - 0.1)

    def hess(x):
        return (A.T * np.exp(A @ x - 0.1)) @ A

    return Problem.of(fun, grad, x0=[-1.0, 1.0], hess=hess, minimum=2 * math.sqrt(2) * math.exp(-0.1))


def test_backtracking_on_boyd_and_vandenberghes_exponentials():
    """D4, section 9.3.2: with alpha = 0.1, beta = 0.7 the error falls by about 0.4 an iteration."""
    problem = exponentials()
    run = minimize(problem, SGD(lr=Armijo(c1=0.1, rho=0.7)), steps=25)
    assert math.isclose(problem.minimum, 2.5592667, rel_tol=1e-8)
    factor = (run.error[25] / run.error[0]) ** (1 / 25)
    assert 0.40 <= factor <= 0.43


def test_newton_with_backtracking_on_the_same_function():
    """D4, section 9.5.3: quadratic convergence, a few iterations to round-off."""
    run = minimize(exponentials(), Newton(lr=Armijo(c1=0.1, rho=0.7)), steps=12)
    assert run.settled(1e-12) <= 6


def test_armijo_holds_at_every_accepted_point():
    """Plain, growing and interpolating, on Rosenbrock's valley: the inequality, and no rise."""
    for search in (
        Armijo(),
        Armijo(growth=2.0),
        Armijo(interpolate=True),
        Armijo(growth=1.5, interpolate=True),
    ):
        run = minimize(Rosenbrock(), SGD(lr=search), steps=100)
        f, lr = run.history.fun, run.history.lr
        assert (f[1:] <= f[:-1] - search.c1 * lr * run.history.grad_norm[:-1] ** 2).all()


def test_interpolating_trials_stay_within_a_tenth_and_a_half_and_save_evaluations():
    """Unlike SciPy's `scalar_search_armijo`, whose reset makes trials go up again."""
    cosh = Problem.of(lambda x: float(np.cosh(x[0])), np.sinh, x0=[3.0])
    spent = {}
    for interpolate in (False, True):
        line = Line(cosh, np.array([3.0]), np.sinh([3.0]))
        spent[interpolate] = Armijo(c1=0.3, alpha0=20.0, interpolate=interpolate)(line, None).n_f
        alphas = np.array([t.alpha for t in line.trials[1:]])
        if interpolate:
            ratios = alphas[1:] / alphas[:-1]
            assert (ratios >= 0.1 * (1 - 1e-12)).all()
            assert (ratios <= 0.5 * (1 + 1e-12)).all()
    assert spent[True] < spent[False]


def test_the_first_interpolated_trial_is_the_parabolas_low_point():
    """phi = (1 - a)^2 from 4: the parabola through phi(0) = 1, phi'(0) = -2 and phi(4) = 9 is phi itself."""
    line = Line(Parabola(curvature=2.0), np.array([1.0]), np.array([1.0]))
    found = Armijo(alpha0=4.0, interpolate=True)(line, None)
    assert [t.alpha for t in line.trials] == [0.0, 4.0, 1.0]
    assert found.alpha == 1.0


def test_later_interpolated_trials_are_the_cubics_low_point():
    """A cubic with slope -1 at 0 and its minimum at 1: the third trial is 1 whatever the first two were."""
    cubic = Problem.of(lambda x: -x[0] - x[0] ** 2 + x[0] ** 3, lambda x: -1 - 2 * x + 3 * x * x, x0=[0.0])
    line = Line(cubic, np.zeros(1), -np.ones(1))
    Armijo(c1=0.9, alpha0=20.0, interpolate=True)(line, None)
    alphas = [t.alpha for t in line.trials]
    assert math.isclose(alphas[3], 1.0, rel_tol=1e-12)


def test_forward_backward_returns_the_last_passing_step():
    """c1 = 0.2 on (1 - a)^2 passes up to 1.6: 0.9 passes, 1.8 does not; from 3.4 halving finds 0.85."""
    for last, expected in ((0.9, 0.9), (0.45, 0.9), (3.4, 0.85)):
        line = Line(Parabola(curvature=2.0), np.array([1.0]), np.array([1.0]))
        found = ForwardBackward(max_length=10.0)(line, {"alpha": last})
        assert math.isclose(found.alpha, expected)
