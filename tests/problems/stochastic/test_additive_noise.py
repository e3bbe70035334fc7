"""Additive noise has the deviation it claims."""

import math

import numpy as np
import pytest

import stepsize as ss
from problems import (
    AdditiveNoise,
    LogisticRegression,
    MiniBatch,
    Quadratic,
    two_gaussians,
)


def test_d2l_noisy_descent_in_the_mean():
    """Dive into Deep Learning 12.4.2: constant rate .1, 50 steps, noise N(0, I) on H = (2, 4) from (-5, -2).

    Exact mean (-7.1e-5, 0) and deviation (.166667, .125) of the end point, over 4000 runs to 3.5 sigma.
    """
    bowl = ss.Quadratic([2.0, 4.0], start=[-5.0, -2.0])
    noisy = ss.AdditiveNoise(bowl, sigma_g=1.0, shared=False, rng=11)
    end = ss.minimize(noisy, ss.SGD(lr=0.1), x0=np.tile(bowl.x0, (4000, 1)), steps=50).x
    mean, deviation = np.array([-5 * 0.8**50, -2 * 0.6**50]), np.array([0.166667, 0.125])
    assert mean == pytest.approx([-7.1e-5, 0.0], abs=5e-7)
    assert (np.abs(end.mean(axis=0) - mean) < 3.5 * deviation / math.sqrt(4000)).all()
    assert (np.abs(end.std(axis=0) - deviation) < 3.5 * deviation / math.sqrt(8000)).all()
    floor = ss.noise_floor(ss.SGD(lr=0.1), [2.0, 4.0], 1.0)
    assert np.sqrt(floor.variance) == pytest.approx(deviation, abs=5e-7)


BOWL = Quadratic([2.0, 4.0])


POINT = np.array([1.0, -2.0])


def test_noise_has_the_deviation_it_claims():
    noisy = AdditiveNoise(BOWL, sigma_f=0.5, sigma_g=(1.0, 2.0))
    seen = [noisy.sample(7, k).value_and_grad(POINT) for k in range(4000)]
    f, g = (np.array(column) for column in zip(*seen, strict=True))
    assert abs(f.mean() - BOWL.fun(POINT)) < 5 * 0.5 / np.sqrt(4000)
    assert (np.abs(g.mean(axis=0) - BOWL.grad(POINT)) < 5 * np.array([1, 2]) / np.sqrt(4000)).all()
    np.testing.assert_allclose([f.std(), *g.std(axis=0)], [0.5, 1.0, 2.0], rtol=0.05)
    assert abs(np.corrcoef(f, g[:, 0])[0, 1]) < 0.08
    stats = noisy.sample(0, 1).stats(POINT)
    assert (stats.var_f, stats.var_g.tolist()) == (0.25, [1.0, 4.0])


def test_static_noise_leaves_the_slope_the_derivative_of_the_values():
    """Central differences along a line; dynamic noise has no derivative."""
    seen = AdditiveNoise(BOWL, 0.5, 1.0, "static").sample(3, 5)
    d, h = np.array([1.0, -0.5]), 1e-5
    difference = (seen.fun(POINT + h * d) - seen.fun(POINT - h * d)) / (2 * h)
    assert difference == pytest.approx(seen.grad(POINT) @ d, abs=1e-8)
    assert seen.fun(POINT) == AdditiveNoise(BOWL, 0.5, 1.0, "static").sample(3, 8).fun(POINT)
    dynamic = AdditiveNoise(BOWL, 0.5, 1.0)
    assert dynamic.sample(3, 5).fun(POINT) != dynamic.sample(3, 6).fun(POINT)


def test_runs_of_a_batch_share_their_noise_or_have_each_its_own():
    points = np.stack([POINT, POINT])
    shared = AdditiveNoise(BOWL).at(0).grad(points)
    assert np.array_equal(shared[0], shared[1])
    assert np.array_equal(shared[0], AdditiveNoise(BOWL).at(0).grad(POINT))
    own = AdditiveNoise(BOWL, shared=False).at(0).grad(points)
    assert not np.array_equal(own[0], own[1])


@pytest.fixture(scope="module")
def sum_of_100():
    return LogisticRegression(*two_gaussians(100, 2, rng=3), l2=0.1)


def test_noise_on_what_varies_already_is_refused(sum_of_100):
    with pytest.raises(ValueError, match="expected one that does not vary already"):
        AdditiveNoise(MiniBatch(sum_of_100, 5))
    with pytest.raises(ValueError, match=r"sigma_g: got .*, expected one number, or 2 of them"):
        AdditiveNoise(BOWL, sigma_g=(1.0, 2.0, 3.0))
    with pytest.raises(ValueError, match=r"sigma_f: got -1\.0"):
        AdditiveNoise(BOWL, sigma_f=-1.0)
