"""Decays without a horizon, against recursions, rational arithmetic and published tables."""

import math
from fractions import Fraction

import numpy as np
import pytest

import stepsize as ss
from schedules import (
    Exponential,
    InverseTime,
    Power,
    Recursion,
    StepDecay,
    TimeBased,
)


@pytest.mark.parametrize("d", [1e-8, 1e-6, 1e-3, 0.009, 0.0099, 0.011, 0.5, 3.0])
@pytest.mark.parametrize("n", [1, 63, 64, 65, 100, 500])
def test_the_product_factor_by_factor(d, n):
    """The logarithms added without rounding; the documentation promises 1e-14 of them."""
    log = math.fsum(math.log1p(d * k) for k in range(n))
    assert TimeBased(1.0, d)(n) == pytest.approx(math.exp(-log), rel=2e-14 * max(1.0, log), abs=0)


def test_no_decay_is_none():
    assert TimeBased(0.5, 0.0).table(200).tolist() == [0.5] * 200


def test_power_is_robbins_monro_in_the_open_interval_only():
    verdicts = {p: Power(1.0, p).robbins_monro for p in (0.49, 0.5, 0.51, 0.75, 1.0, 1.01)}
    assert verdicts == {0.49: False, 0.5: False, 0.51: True, 0.75: True, 1.0: True, 1.01: False}


def test_time_based_is_its_recursion_and_keras_form_is_another():
    recursion = Recursion(1.0, lambda n, rate: rate / (1 + 0.01 * (n - 1)) if n else rate)
    np.testing.assert_allclose(TimeBased(1.0, 0.01).table(60), recursion.table(60), rtol=1e-13)
    published = {10: (0.909, 0.646), 50: (0.667, 2.45e-5), 100: (0.5, 2.37e-17), 200: (0.333, 9.1e-57)}
    for n, (keras_form, wikipedia_form) in published.items():
        assert InverseTime(1.0, 0.01)(n) == pytest.approx(keras_form, abs=5e-4)
        assert TimeBased(1.0, 0.01)(n) == pytest.approx(wikipedia_form, rel=6e-3)


@pytest.mark.parametrize(
    ("d", "halves", "thousandth"),
    [(1.0, (3, 1), (7, 999)), (0.1, (5, 10), (15, 9990)), (0.01, (13, 100), (40, 99900))],
)
def test_where_the_two_time_decays_pass_one_half_and_one_thousandth(d, halves, thousandth):
    """The first n at or below the level, for the recursion and for Keras' form."""
    for level, expected in ((0.5, halves), (1e-3, thousandth)):
        for schedule, n in zip((TimeBased(1.0, d), InverseTime(1.0, d)), expected, strict=True):
            assert schedule(n) <= level * (1 + 1e-12) < schedule(n - 1) * (1 + 2e-12)


def test_integer_rates_and_numpy_numbers_are_rates():
    assert StepDecay(1, 0.5, 10)(10) == 0.5
    assert Exponential(np.float32(1), np.float64(0.5))(2) == pytest.approx(math.exp(-1), rel=1e-15)


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


def test_exponential_falls_by_a_constant_factor():
    values = ss.Exponential(0.3, d=0.04)(np.arange(200))
    np.testing.assert_allclose(values[1:] / values[:-1], math.exp(-0.04), rtol=1e-12)
    assert ss.Exponential(1.0, d=-math.log(0.9))(3) == pytest.approx(0.9**3, rel=1e-14)
