"""Step sizes that a theorem names do what it says."""

import math
from itertools import pairwise

import numpy as np
import pytest

from optim import SGD, minimize
from problems import Problem
from schedules import (
    Chebyshev,
    DoublingStages,
    LogStepDecay,
    NesterovSequence,
    OptimalLinear,
    Power,
    Refined,
    Silver,
    StepDecay,
    StrongSilver,
    SutskeverMomentum,
)

RHO = 1 + math.sqrt(2)

# Chebyshev


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
    with pytest.raises(ValueError, match="order: got the str 'random', expected one of fractal"):
        Chebyshev(10.0, 1.0, 8, "random")


# Silver


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


# For subgradients


def test_optimal_linear_meets_its_bound_on_the_hardest_function():
    """max of T + 1 coordinates: every method of T steps leaves B R / sqrt(T + 1); this one leaves no more."""
    for T in (1, 4, 16, 50):
        R, B = 3.0, 2.0

        def grad(x, B=B):
            g = np.zeros_like(x)
            g[..., int(np.argmax(x))] = B
            return g

        hardest = Problem.of(lambda x, B=B: B * x.max(axis=-1), grad, x0=np.zeros(T + 1))
        run = minimize(hardest, SGD(lr=OptimalLinear(T, R, B)), steps=T)
        reference = -B * R / math.sqrt(T + 1)
        assert run.fun - reference == pytest.approx(B * R / math.sqrt(T + 1), rel=1e-12)


def test_optimal_linear_meets_its_bound_on_many_functions():
    """Random maxima of lines through the minimum, and |x| from everywhere."""
    rng = np.random.default_rng(3)
    T, B, R = 12, 1.5, 2.0
    bound = B * R / math.sqrt(T + 1)
    for _ in range(200):
        lines = rng.normal(size=(6, 3))
        lines *= B / np.linalg.norm(lines, axis=1).max()
        lines = np.concatenate([lines, -lines])
        start = rng.normal(size=3)
        start *= R / np.linalg.norm(start)
        problem = Problem.of(
            lambda x, lines=lines: (x @ lines.T).max(axis=-1),
            lambda x, lines=lines: lines[np.argmax(x @ lines.T)],
            x0=start,
        )
        assert minimize(problem, SGD(lr=OptimalLinear(T, R, B)), steps=T).fun <= bound * (1 + 1e-12)
    line = Problem.of(lambda x: B * abs(x[..., 0]), lambda x: B * np.sign(x), x0=[R])
    for start in np.linspace(0.01, R, 300):
        assert minimize(line, SGD(lr=OptimalLinear(T, R, B)), [start], steps=T).fun <= bound


def test_optimal_linear_s_last_update_still_moves():
    assert OptimalLinear(8)(7) > 0 == OptimalLinear(8)(8)
    np.testing.assert_allclose(
        OptimalLinear(8, 3.0, 2.0).table(8), 1.5 * np.arange(8, 0, -1) / 27, rtol=1e-15
    )


# For noise


def test_doubling_stages_add_the_same_each_stage():
    schedule = DoublingStages(0.4, stage=5)
    edges = [5 * (2**k - 1) for k in range(10)]
    for k, (a, b) in enumerate(pairwise(edges)):
        values = schedule(np.arange(a, b))
        assert set(values) == {0.4 / 2**k}
        assert values.sum() == pytest.approx(2.0, rel=1e-12)
    assert schedule(10**15) == 0.4 / 2 ** math.floor(math.log2(10**15 / 5 + 1))
    assert StepDecay(0.4, 0.5, 5).total(10**4) == pytest.approx(4.0), "StepDecay's sum is finite"


def test_log_step_decay_has_log2_T_stages():
    values = LogStepDecay(1.0, steps=1024).table(1024)
    assert len(set(values)) == 10
    assert values[-1] == 2.0**-9
    assert np.unique(values, return_counts=True)[1].max() - 1024 // 10 <= 1


def test_power_is_robbins_monro_in_the_open_interval_only():
    verdicts = {p: Power(1.0, p).robbins_monro for p in (0.49, 0.5, 0.51, 0.75, 1.0, 1.01)}
    assert verdicts == {0.49: False, 0.5: False, 0.51: True, 0.75: True, 1.0: True, 1.01: False}


def test_refined_by_equal_norms_is_linear_and_by_falling_ones_warms_up():
    np.testing.assert_allclose(Refined(0.3, [5.0] * 11).table(11), 0.03 * np.arange(10, -1, -1), atol=1e-15)
    falling = Refined(1.0, np.geomspace(10, 1, 50)).table(50)
    assert 0 < int(np.argmax(falling)) < 49
    assert falling[0] < 0.5
    assert falling[-1] == 0.0


# Momentum


def test_nesterov_s_sequence_far_out():
    """Against the recursion itself, beyond the table."""
    t = 1.0
    wanted = {4000, 4095, 4096, 5000, 50_000, 300_000}
    for n in range(300_001):
        after = (1 + math.sqrt(1 + 4 * t * t)) / 2
        if n in wanted:
            assert NesterovSequence()(n) == pytest.approx((t - 1) / after, rel=1e-13), n
        t = after
    assert (1 - NesterovSequence()(10**6)) * 10**6 == pytest.approx(3.0, rel=1e-4)


def test_nesterov_s_momentum_accelerates():
    from optim import Nesterov
    from problems import Quadratic

    bowl = Quadratic(np.geomspace(1e-4, 1, 30))
    start = np.ones(30)
    plain = minimize(bowl, SGD(lr=1.0), x0=start, steps=300).fun
    fast = minimize(bowl, Nesterov(lr=1.0, momentum=NesterovSequence()), x0=start, steps=300).fun
    bound = 2 * 30 / 301**2
    assert fast <= bound
    assert fast < plain / 5


def test_sutskever_s_steps():
    """t = 0, 250, 500, 1000, 2500 give 1/2, 3/4, 5/6, 9/10, 21/22, up to the cap."""
    n = [0, 249, 250, 500, 1000, 2500]
    np.testing.assert_allclose(
        SutskeverMomentum(0.999)(n), [1 / 2, 1 / 2, 3 / 4, 5 / 6, 9 / 10, 21 / 22], rtol=1e-15
    )
    assert SutskeverMomentum(0.9)(10**6) == 0.9
    for most, every in ((0.9, 10), (0.99, 250), (0.995, 7), (0.999, 250), (0.4, 3)):
        schedule = SutskeverMomentum(most, every)
        assert schedule(schedule.horizon) == most
        assert schedule.horizon == 0 or schedule(schedule.horizon - 1) < most
