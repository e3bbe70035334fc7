"""Numbers that a figure computes by a run, beside a closed form, a root, or a loop of a few lines.

Without them such a number would rest on its own record alone.
"""

import math

import numpy as np
import pytest
from scipy.optimize import brentq

import stepsize as ss
from tests.stepsize.gallery.record import figure_of


def shown(name, what):
    """Return the value of a figure that has these words, or the values whose words begin so."""
    values = [(number.what, number.value) for number in figure_of(name).numbers]
    exact = [value for words, value in values if words == what]
    return exact or [value for words, value in values if words.startswith(what)]


def test_geron_after_20_epochs_by_the_eigenvectors():
    """x_k = x* + Q (1 - a lambda)^k Q' (x_0 - x*)."""
    random = np.random.RandomState(42)
    x = 2 * random.rand(100, 1)
    y = (4 + 3 * x + random.randn(100, 1)).ravel()
    X = np.column_stack([np.ones(100), x])
    best = np.linalg.solve(X.T @ X, X.T @ y)
    eigenvalues, Q = np.linalg.eigh(2 * X.T @ X / 100)
    start = np.random.RandomState(42).randn(2)
    for rate in (0.02, 0.1, 0.5):
        end = best + Q @ ((1 - rate * eigenvalues) ** 20 * (Q.T @ (start - best)))
        assert shown("geron-4-three-rates", f"after 20 epochs at rate {rate}") == pytest.approx(end, rel=1e-9)


def test_the_variance_of_an_average_by_three_geometric_sums():
    """(1/T) sum of (1 - r^j)^2, r = 0.8, T = 2000."""
    r, T = 0.8, 2000
    closed = 1 - 2 * r * (1 - r**T) / (T * (1 - r)) + r * r * (1 - r ** (2 * T)) / (T * (1 - r * r))
    assert shown("polyak-averaging", "variance of the average") == pytest.approx([closed], rel=1e-12)


def test_adam_s_largest_step_without_correction():
    """(1 - 0.9^t)/sqrt(1 - 0.999^t) has its largest value at t = 12."""
    steps = [(1 - 0.9**t) / math.sqrt(1 - 0.999**t) for t in range(1, 101)]
    assert shown("kingma-step-sizes", "without correction: largest step") == pytest.approx([max(steps)])
    assert shown("kingma-step-sizes", "at update") == [1 + steps.index(max(steps))] == [12]


@pytest.mark.parametrize("rate", [0.1, 0.2, 0.24, 0.3])
def test_the_sharpness_of_two_weights_by_a_loop(rate):
    """At uv = 1 the largest eigenvalue of the Hessian of (uv - 1)^2/2 is u^2 + v^2."""
    u, v = 3.0, 0.1
    for _ in range(3000):
        r = u * v - 1
        u, v = u - rate * r * v, v - rate * r * u
    assert shown("cohen-two-weights", f"final sharpness at rate {rate}") == pytest.approx(
        [u * u + v * v], rel=1e-6
    )


def test_the_minima_of_the_wave_are_roots_of_its_slope():
    """(x cos cx)' = cos cx - cx sin cx, c = 0.15 pi."""
    c = 0.15 * math.pi
    for label, left, right in (("poor", -3.0, -1.0), ("good", 6.0, 8.0)):
        x = brentq(lambda x: math.cos(c * x) - c * x * math.sin(c * x), left, right, xtol=1e-14)
        found = shown("d2l-12.3-local-minimum", f"{label} minimum: x, f")
        assert found == pytest.approx([x, x * math.cos(c * x)], abs=1e-9)
        fate = {"poor": "stuck", "good": "right"}[label]
        assert shown("lesson-four-fates", f"{fate}: x") == pytest.approx([x], abs=1e-4)


def test_the_ball_that_is_too_light_rests_in_the_dip_where_it_began():
    dip = brentq(lambda x: 0.1 * x + 0.9 * math.sin(3 * x), -6.2, -5.9, xtol=1e-14)
    assert shown("lesson-momentum-ball", "too light: where it rests") == pytest.approx([dip], abs=1e-6)


def test_momentum_of_a_quarter_by_the_quadratic_formula():
    """z^2 - (1 + b - a lam) z + b, at a lam = 0.12 and 2.4: real roots."""
    larger = [(abs(p) + math.sqrt(p * p - 1)) / 2 for p in (1.13, -1.15)]
    assert shown("d2l-12.6-momentum", "momentum 0.25: factor an update") == pytest.approx(larger, rel=1e-9)


def test_the_gaps_of_nesterov_s_worst_function():
    """Conjugate gradients are best in k coordinates: L/8 (1/(k + 1) - 1/42); descent, by the eigenvalues."""
    k, L, n = 20, 4.0, 41
    closed = L / 8 * (1 / (k + 1) - 1 / (n + 1))
    assert shown("nesterov-lower-bound", "gap after 20 updates, conjugate") == pytest.approx([closed])
    angles = np.arange(1, n + 1) * math.pi / (n + 1)
    eigenvalues = L / 4 * (2 - 2 * np.cos(angles))
    Q = np.sqrt(2 / (n + 1)) * np.sin(np.outer(np.arange(1, n + 1), angles))
    best = 1 - np.arange(1, n + 1) / (n + 1)
    left = (1 - eigenvalues / L) ** k * (Q.T @ best)
    gap = (eigenvalues * left * left).sum() / 2
    assert shown("nesterov-lower-bound", "gap after 20 updates, gradient") == pytest.approx([gap])


def test_the_curvature_of_the_valley_at_its_minimum():
    """Of [[802, -400], [-400, 200]]: trace 1002, determinant 400."""
    root = math.sqrt(1002**2 - 1600)
    ratio = (1002 + root) / (1002 - root)
    assert shown("nocedal-6-rosenbrock", "condition number") == pytest.approx([ratio], rel=1e-9)


def test_the_factor_of_shewchuk_s_steepest_descent():
    """r = (12, 8): 1 - (r.r)^2/((r.Ar)(r.A^-1 r)) = 1 - 208^2/(1200 * 48) of the energy."""
    factor = math.sqrt(1 - 208**2 / (1200 * 48))
    found = shown("shewchuk-conjugate-gradients", "factor on the energy norm")
    assert found == pytest.approx([factor, factor], rel=1e-9)


def test_soudry_s_angles_by_a_loop():
    """By symmetry two examples are enough: the other two are these with both signs turned."""
    X = np.array([[0.5, 1.5], [1.5, 0.5]])
    rate = 1 / np.linalg.svd(np.concatenate([X, -X]), compute_uv=False)[0]
    w, angles = np.array([1.0, -1.0]), {}
    for k in range(1, 10_001):
        w = w + 2 * rate * X.T @ (1 / (1 + np.exp(X @ w)))
        angles[k] = abs(math.atan2(w[1], w[0]) - math.pi / 4)
    found = shown("soudry-margin", "angle to the widest margin")
    assert found == pytest.approx([angles[100], angles[1000], angles[10_000]], rel=1e-6)


def test_beale_s_function_by_hand():
    """Where y = 1 all x - x y^i are 0: sums of c^2, and of 2 c i in the direction of y."""
    assert shown("ruder-beale", "f(1, 1)") == [1.5**2 + 2.25**2 + 2.625**2]
    assert shown("ruder-beale", "gradient there") == pytest.approx([0.0, 2 * (1.5 + 2 * 2.25 + 3 * 2.625)])


def test_momentum_s_escape_by_the_larger_root():
    """y_k = A p^k + B q^k with p, q of z^2 - (1 + b + 2 a) z + b, from y_0 = y_-1."""
    a, b = 0.01, 0.9
    p, q = np.sort(np.roots([1.0, -(1 + b + 2 * a), b]))[::-1]
    counts = []
    for y0 in (1e-2, 1e-4, 1e-8):
        A = y0 * ((1 + 2 * a) - q) / (p - q)
        k = np.arange(400)
        y = A * p**k + (y0 - A) * q**k
        counts.append(int(np.flatnonzero(y > 1)[0]))
    assert shown("ruder-saddle", "momentum: escape") == counts


def test_the_edge_of_the_airfoil_is_two_over_its_largest_eigenvalue():
    X, _ = ss.Airfoil().train
    largest = np.linalg.svd(X, compute_uv=False)[0] ** 2 / len(X)
    assert shown("d2l-12.5-airfoil", "largest stable rate") == pytest.approx([2 / largest], rel=1e-9)
    assert shown("d2l-12.5-airfoil", "the same") == pytest.approx([(largest - 1) ** 2], rel=1e-5)
