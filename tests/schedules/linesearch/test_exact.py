"""Exact steps: by hand, and the zigzag that theory predicts."""

import math

import numpy as np
import pytest

from optim import SGD, minimize
from problems import Problem, Quadratic
from schedules import (
    PAL,
    ExactQuadratic,
    ExactSearch,
    Line,
)
from tests.schedules.linesearch.lines import Along, along, falling


class TestExact:
    def test_a_line_without_curvature_has_no_low_point(self):
        class Straight(Along, abstract=True):
            def hess(self, x):
                return np.zeros((1, 1))

        line = Line(Straight(lambda t: -t, falling), np.zeros(1), np.ones(1))
        found = ExactQuadratic()(line, {"kept": 1})
        assert (found.alpha, found.status, found.carry) == (0.0, "max_step", {"kept": 1})

    def test_a_closed_form_that_leads_behind_a_wall_gives_no_step(self):
        """Curvature 1 and slope -1 lead to 1, where nothing is."""

        class Wall(Along, abstract=True):
            def hess(self, x):
                return np.ones((1, 1))

        line = Line(
            Wall(lambda t: t * t / 2 - t if t < 1 else math.inf, lambda t: t - 1), np.zeros(1), np.ones(1)
        )
        found = ExactQuadratic()(line, {"kept": 1})
        assert (found.alpha, found.status, found.carry) == (0.0, "nonfinite", {"kept": 1})

    def test_a_wall_is_approached_from_the_finite_side(self):
        """-log(1 - t) - 3 t has its minimum at 2/3, and a wall at 1."""

        def f(t):
            return -math.log1p(-t) - 3 * t if t < 1 else math.inf

        line = along(f, lambda t: 1 / (1 - t) - 3 if t < 1 else math.nan)
        assert ExactSearch(first=5.0)(line, None).alpha == pytest.approx(2 / 3, rel=1e-14)
        assert line.n_f + line.n_g < 60


@pytest.mark.parametrize("gamma", [2.0, 10.0, 100.0])
@pytest.mark.parametrize(
    ("search", "tolerance"),
    [(ExactQuadratic(), 1e-12), (ExactSearch(), 1e-12), (PAL(mu=0.1, alpha=1.0, s_max=math.inf), 1e-9)],
    ids=repr,
)
def test_the_zigzag_of_exact_steps(gamma, search, tolerance):
    """D2, Boyd and Vandenberghe (2004), section 9.3.2: x_k = (gamma r^k, (-r)^k), r = (gamma-1)/(gamma+1)."""
    bowl = Quadratic([1.0, gamma], start=[gamma, 1.0])
    run = minimize(bowl, SGD(lr=search), steps=20)
    k, r = np.arange(21), (gamma - 1) / (gamma + 1)
    expected = np.stack([gamma * r**k, (-r) ** k], axis=1)
    np.testing.assert_allclose(run.history.x, expected, rtol=tolerance)


@pytest.mark.parametrize("theta", [0.3, 1.0, 1.5, 1.9])
def test_a_relaxed_exact_step_decreases_theta_times_two_minus_theta_as_much(theta):
    """And the exact one decreases (g'd)^2 / (2 d'Hd), for any direction."""
    rng = np.random.default_rng(0)
    M = rng.normal(size=(5, 5))
    bowl = Quadratic(M @ M.T + np.eye(5))
    x, g = rng.normal(size=5), None
    g = bowl.grad(x)
    d = g + 0.3 * np.abs(g).mean() * rng.normal(size=5)
    line = Line(bowl, x, d)
    found = ExactQuadratic(relaxation=theta)(line, None)
    best = (g @ d) ** 2 / (2 * d @ bowl.H @ d)
    assert math.isclose(line.phi0 - found.e.f, theta * (2 - theta) * best, rel_tol=1e-10)


def test_an_exact_step_without_curvature_is_refused():
    saddle = Quadratic([1.0, -1.0])
    line = Line(saddle, np.array([0.0, 1.0]), saddle.grad(np.array([0.0, 1.0])))
    assert ExactQuadratic()(line, None).status == "max_step"


def test_exact_search_says_when_the_line_falls_for_ever():
    down = Problem.of(lambda x: -x[0], lambda x: -np.ones_like(x), x0=[0.0])
    found = ExactSearch(max_doublings=20)(Line(down, np.zeros(1), -np.ones(1)), None)
    assert (found.alpha, found.status) == (2.0**19, "max_step")
