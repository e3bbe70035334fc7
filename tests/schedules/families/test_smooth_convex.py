"""Step sizes for smooth convex functions do what their theorems say."""

import math

import numpy as np
import pytest

from optim import SGD, minimize
from problems import Problem
from schedules import (
    Chebyshev,
    Silver,
    StrongSilver,
)


def dense_quadratic(kappa, size=64, seed=7):
    """A full matrix with eigenvalues spread evenly over 1 ... kappa, in float32."""
    rng = np.random.default_rng(seed)
    Q, _ = np.linalg.qr(rng.normal(size=(size, size)))
    return (Q * np.linspace(1, kappa, size)) @ Q.T, rng.normal(size=size)


def error_after(schedule, dtype, steps=64):
    H, x = dense_quadratic(100.0)
    H, x = H.astype(dtype), x.astype(dtype)
    start = np.linalg.norm(x)
    opt = SGD(lr=schedule)
    state = opt.init(x)
    for _ in range(steps):
        x, state = opt.step(x, H @ x, state)
    return np.linalg.norm(x.astype(float)) / start


def test_chebyshev_in_fractal_order_arrives_and_in_sorted_order_explodes():
    """kappa = 100, T = 64: the bound is 5.3e-6, a constant step reaches 5.7e-2."""
    q = (math.sqrt(100) - 1) / (math.sqrt(100) + 1)
    bound = 2 * q**64 / (1 + q**128)
    assert bound == pytest.approx(5.3e-6, rel=0.01)
    for dtype in (np.float32, np.float64):
        assert error_after(Chebyshev(100.0, 1.0, 64), dtype) == pytest.approx(3.5e-6, rel=0.2)
        assert error_after(Chebyshev(100.0, 1.0, 64), dtype) < bound
    constant = error_after(2 / 101, np.float32)
    assert 1e-2 < constant < 0.28
    for order in ("descending", "ascending"):
        assert error_after(Chebyshev(100.0, 1.0, 64, order), np.float32) > 1e15
        assert error_after(Chebyshev(100.0, 1.0, 64, order), np.float64) > 1e6


def test_chebyshev_orders_hold_the_same_steps():
    fractal, down, up = (
        Chebyshev(10.0, 0.1, 32, order).table(32) for order in ("fractal", "descending", "ascending")
    )
    assert np.array_equal(np.sort(fractal), up)
    assert np.array_equal(down, up[::-1])
    assert (np.diff(up) > 0).all()


def test_chebyshev_error_polynomial_is_the_smallest():
    """The product of 1 - h lambda swings between plus and minus its bound, which is what optimal means."""
    steps = Chebyshev(10.0, 1.0, 8).table(8)
    curvature = np.linspace(1, 10, 100_001)
    polynomial = np.prod(1 - steps[:, None] * curvature, axis=0)
    q = (math.sqrt(10) - 1) / (math.sqrt(10) + 1)
    bound = 2 * q**8 / (1 + q**16)
    assert np.abs(polynomial).max() == pytest.approx(bound, rel=1e-9)
    turning = np.abs(polynomial[1:-1])[np.diff(np.sign(np.diff(polynomial))) != 0]
    assert len(turning) == 7
    np.testing.assert_allclose(turning, bound, rtol=1e-6)


def test_chebyshev_refuses_what_has_no_order():
    with pytest.raises(ValueError, match="steps: got 12, expected a power of 2 for the fractal order"):
        Chebyshev(10.0, 1.0, 12)
    assert Chebyshev(10.0, 1.0, 12, "descending").table(12)[0] > 0.9
    with pytest.raises(ValueError, match=r"L: got 1.0, expected a curvature of at least mu, which is 2"):
        Chebyshev(1.0, 2.0, 8)
    with pytest.raises(ValueError, match="order: got the str 'random', expected one of 'fractal'"):
        Chebyshev(10.0, 1.0, 8, "random")


RHO = 1 + math.sqrt(2)


def test_silver_s_first_steps_and_sums():
    root = math.sqrt(2)
    expected = [root, 2, root, 2 + root, root, 2, root]
    np.testing.assert_allclose(Silver().table(7), expected, rtol=1e-15)
    for k in range(1, 16):
        assert Silver().total(2**k - 1) == pytest.approx(RHO**k - 1, rel=1e-12)
    np.testing.assert_allclose(Silver(L=4.0).table(7), np.array(expected) / 4, rtol=1e-15)


def huber(L, slope):
    """L x^2 / 2 near 0, and lines of that slope beyond."""

    def fun(x):
        near = np.abs(x[..., 0]) <= slope / L
        return np.where(near, L * x[..., 0] ** 2 / 2, slope * np.abs(x[..., 0]) - slope**2 / (2 * L))

    return Problem.of(fun, lambda x: np.clip(L * x, -slope, slope), x0=[1.0], minimum=0.0)


def worst_of_huber(L, lr, steps):
    return max(minimize(huber(L, s), SGD(lr=lr), steps=steps).fun for s in L * np.geomspace(1e-3, 1, 400))


def test_silver_s_worst_case_of_huber():
    """L = 10, n = 7: 0.184215, which is what the performance-estimation problem gives; 1/L gives 0.333."""
    S = RHO**3 - 1
    exact = minimize(huber(10.0, 10 / (2 * S + 1)), SGD(lr=Silver(10.0)), steps=7).fun
    assert exact == pytest.approx(0.184215, abs=5e-7)
    assert worst_of_huber(10.0, Silver(10.0), 7) == pytest.approx(exact, rel=1e-3)
    assert worst_of_huber(10.0, 0.1, 7) == pytest.approx(0.333333, rel=1e-3)


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5])
def test_silver_meets_its_bound(k):
    n, L = 2**k - 1, 10.0
    bound = L / (1 + math.sqrt(4 * RHO ** (2 * k) - 3))
    if k == 3:
        assert bound == pytest.approx(0.343775, abs=5e-7)
    assert worst_of_huber(L, Silver(L), n) <= bound
    curvatures = np.geomspace(1e-4, L, 300)
    left = np.prod(1 - Silver(L).table(n)[:, None] * curvatures, axis=0)
    assert (curvatures / 2 * left**2).max() <= bound


def test_silver_must_not_stop_after_a_giant_step():
    assert worst_of_huber(1.0, Silver(), 8) > 4 * worst_of_huber(1.0, Silver(), 7)


def test_strong_silver_s_rate_is_the_worst_over_quadratics():
    """kappa = 32, n = 8: 0.22145, the number that PEPit prints; eight best constant steps give 0.36776."""
    L, mu = 3.2, 0.1
    steps = StrongSilver(L, mu, 8).table(8)
    curvature = np.linspace(mu, L, 200_001)
    worst = (np.prod(1 - steps[:, None] * curvature, axis=0) ** 2).max()
    assert worst == pytest.approx(0.22145, abs=5e-6)
    assert StrongSilver(L, mu, 8).rate == pytest.approx(worst, rel=1e-9)
    assert ((L - mu) / (L + mu)) ** 16 == pytest.approx(0.36776, abs=5e-6)


def test_strong_silver_s_exponent():
    """Twice the updates serve a condition rho times as large: n grows like kappa^(log_rho 2)."""
    for k in range(3, 9):
        one, other = StrongSilver(1e5, 1.0, 2**k), StrongSilver(1e5 * RHO, 1.0, 2 ** (k + 1))
        assert 1 - one.rate == pytest.approx(1 - other.rate, rel=0.03)
    assert math.log(2) / math.log(RHO) == pytest.approx(0.7864, abs=5e-5)
