"""The first schedules: recursions, closed forms and their exact conventions."""

import math
from fractions import Fraction

import numpy as np
import pytest

import stepsize as ss


def test_time_based_is_the_recursion_exactly():
    """Against rational arithmetic: eta_{n+1} = eta_n / (1 + d n)."""
    for d in (Fraction(1), Fraction(1, 10), Fraction(1, 100), Fraction(1, 2**20)):
        eta = Fraction(1)
        schedule = ss.TimeBased(1.0, d=float(d))
        for n in range(120):
            assert schedule(n) == pytest.approx(float(eta), rel=1e-12), (d, n)
            eta /= 1 + Fraction(float(d)) * n


def test_time_based_gives_the_published_table():
    """d = 0.01: 0.646 at n = 10, then 2.4e-5, 2.4e-17, 9e-57, 4e-250, as recursions of the rule give."""
    schedule = ss.TimeBased(1.0, d=0.01)
    assert schedule(10) == pytest.approx(0.646, abs=5e-4)
    for n, value in ((50, 2.45e-5), (100, 2.37e-17), (200, 9.1e-57), (500, 4.4e-250)):
        assert schedule(n) == pytest.approx(value, rel=0.01)
    assert schedule(0) == schedule(1) == 1.0


@pytest.mark.parametrize("d", [1e-8, 1e-6, 1e-4, 0.0099, 0.0101, 0.5, 3.0])
def test_time_based_stays_accurate_far_out(d):
    """Against an exactly rounded sum of logarithms."""
    for n in (63, 64, 65, 500, 20_000):
        log = -math.fsum(math.log1p(d * k) for k in range(n))
        if log > -700:
            assert ss.TimeBased(1.0, d=d)(n) == pytest.approx(math.exp(log), rel=2e-12), n


def test_time_based_falls_like_a_gaussian():
    assert ss.TimeBased(1.0, d=1e-6)(500) == pytest.approx(math.exp(-1e-6 * 500**2 / 2), rel=1e-3)


def test_time_based_can_freeze_before_it_arrives():
    """On 0.01 x^2 from 1 for 5000 updates the closed form reaches 3.7e-4, the recursion stops at 0.756."""
    bowl = ss.Parabola(curvature=0.02, start=1.0)
    closed = ss.minimize(bowl, ss.SGD(lr=ss.InverseTime(1.0, d=0.01)), steps=5000).x[0]
    recursion = ss.minimize(bowl, ss.SGD(lr=ss.TimeBased(1.0, d=0.01)), steps=5000).x[0]
    assert closed == pytest.approx(3.7e-4, rel=0.02)
    assert recursion == pytest.approx(0.756, abs=5e-4)


@pytest.mark.parametrize("d", [1.0, 0.1, 0.01, 1e-3])
def test_inverse_time_halves_at_one_over_d(d):
    assert ss.InverseTime(0.3, d=d)(round(1 / d)) == pytest.approx(0.15, rel=1e-12)


def test_the_two_step_decays_drop_one_update_apart():
    n = np.arange(40)
    half_open, early = ss.StepDecay(1.0, 0.5, 10)(n), ss.EarlyStepDecay(1.0, 0.5, 10)(n)
    assert np.flatnonzero(np.diff(half_open)).tolist() == [9, 19, 29], (
        "the first lower value is at 10, 20, 30"
    )
    assert np.flatnonzero(np.diff(early)).tolist() == [8, 18, 28, 38], "at 9, 19, 29, 39"
    assert np.array_equal(early[:-1], half_open[1:])


def test_exponential_falls_by_a_constant_factor():
    values = ss.Exponential(0.3, d=0.04)(np.arange(200))
    np.testing.assert_allclose(values[1:] / values[:-1], math.exp(-0.04), rtol=1e-12)
    assert ss.Exponential(1.0, d=-math.log(0.9))(3) == pytest.approx(0.9**3, rel=1e-14)


def test_linear_ends_at_T_and_holds():
    schedule = ss.Linear(0.1, steps=20, end=0.02)
    assert schedule(0) == 0.1
    assert schedule(19) > 0.02
    assert schedule(20) == schedule(21) == schedule(10**9) == 0.02


def test_warmup_moves_at_update_0_and_shifts_the_body():
    body = ss.StepDecay(1.0, 0.5, 4)
    assert body.warmup(2)(np.arange(8)).tolist() == [0.5, 1.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.5]
    assert body.warmup(2, shift=False)(np.arange(6)).tolist() == [0.5, 1.0, 1.0, 1.0, 0.5, 0.5]


def test_a_schedule_may_drive_any_hyperparameter():
    """Momentum switched off at update 5: from there each step is -lr g."""
    opt = ss.Momentum(lr=1e-3, momentum=ss.Constant(0.9).then(0.0, at=5))
    run = ss.minimize(ss.Rosenbrock(), opt, steps=8)
    late = run.history.x[5:8]
    np.testing.assert_allclose(
        np.diff(run.history.x, axis=0)[5:], -1e-3 * ss.Rosenbrock().grad(late), rtol=1e-9
    )


def test_plain_functions_are_called_with_ints_one_by_one():
    seen = []

    def rate(n):
        seen.append(n)
        return 0.1 / (n + 1)

    run = ss.minimize(ss.Parabola(), ss.SGD(lr=rate), steps=3)
    assert all(type(n) is int for n in seen)
    np.testing.assert_allclose(run.history.lr, [0.1, 0.05, 0.1 / 3], rtol=1e-15)


def test_rows_give_every_run_its_own_schedule():
    rows = ss.PerRun([0.1, ss.StepDecay(0.4, 0.5, 2), lambda n: 0.01 + 0 * n])
    batch = ss.minimize(ss.Parabola(), ss.SGD(lr=rows), x0=np.full((3, 1), 10.0), steps=6)
    for row, lr in enumerate((0.1, ss.StepDecay(0.4, 0.5, 2), 0.01)):
        alone = ss.minimize(ss.Parabola(), ss.SGD(lr=lr), steps=6)
        assert np.array_equal(batch.history.x[:, row], alone.history.x)
    spread = ss.minimize(ss.Parabola(), ss.SGD(lr=rows), steps=6)
    assert np.array_equal(spread.history.x, batch.history.x), "one start serves all rows"
