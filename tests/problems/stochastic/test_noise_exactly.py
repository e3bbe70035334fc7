"""Noise to the last bit: how it scales, where it is drawn from, and what it leaves alone."""

import numpy as np
import pytest

import problems as ps
from problems.stochastic.estimate import generator, seed_of

BOWL = ps.Quadratic([2.0, 4.0])
X = np.array([[1.0, -2.0], [0.5, 3.0], [1.0, -2.0]])
KINDS = [ps.MultiplicativeNoise, ps.MaskedGradient, ps.CauchyNoise]


def additive(**given):
    return ps.AdditiveNoise(BOWL, **{"sigma_f": 0.0, "sigma_g": 0.0, "rng": 3, **given})


def difference(noisy, x=X, n=4):
    f, g = noisy.at(n).value_and_grad(x)
    return f - BOWL.fun(x), g - BOWL.grad(x)


def test_additive_noise_is_its_deviation_times_one_draw():
    f, g = difference(additive(sigma_f=0.25, sigma_g=(0.5, 1.0)))
    twice = difference(additive(sigma_f=0.5, sigma_g=(1.0, 2.0)))
    np.testing.assert_allclose(twice[0], 2 * f, rtol=1e-12)
    np.testing.assert_allclose(twice[1], 2 * g, rtol=1e-12)
    assert f[0] != 0
    np.testing.assert_allclose(f, f[0], rtol=1e-12)  # shared by all rows
    np.testing.assert_allclose(g, np.broadcast_to(g[0], g.shape), rtol=1e-12)


def test_noise_of_deviation_0_is_none():
    f, g = difference(additive())
    assert not f.any()
    assert not g.any()


def test_runs_with_noise_of_their_own_have_one_number_each_for_the_value():
    f, g = difference(additive(sigma_f=1.0, sigma_g=1.0, shared=False))
    assert (f.shape, g.shape) == ((3,), (3, 2))
    assert len(set(f)) == 3
    assert len(set(g.ravel())) == 6


def test_static_noise_tilts_the_function_about_the_start():
    noisy = additive(sigma_g=1.0, sampling="static")
    start = np.array(BOWL.x0)
    f, g = difference(noisy, start)
    assert f == 0
    offsets, _ = difference(noisy, start + X)
    np.testing.assert_allclose(offsets, X @ g, rtol=1e-12)


def test_stats_are_value_and_gradient_and_the_hessian_has_no_noise():
    seen = additive(sigma_f=0.5, sigma_g=2.0).at(7)
    f, g = seen.value_and_grad(X)
    stats = seen.stats(X)
    assert np.array_equal(stats.f, f)
    assert np.array_equal(stats.g, g)
    assert np.array_equal(seen.hess(X), BOWL.hess(X))
    assert repr(stats).startswith("Stats(")


@pytest.mark.parametrize("kind", [ps.AdditiveNoise, *KINDS])
def test_noise_keeps_the_precision_of_the_gradient(kind):
    assert kind(ps.Booth()).at(0).grad(X.astype(np.float32)).dtype == np.float32


@pytest.mark.parametrize("kind", KINDS)
def test_a_gradient_is_made_of_the_draw_that_belongs_to_its_update(kind):
    noisy = kind(BOWL, rng=5)
    draw = np.asarray(noisy.noise(generator(5, 9, 0), (2,)), float)
    f, g = noisy.at(9).value_and_grad(X)
    exact, slope = BOWL.value_and_grad(X)
    assert np.array_equal(f, exact * draw if kind is ps.MultiplicativeNoise else exact)
    assert np.array_equal(g, slope + draw if kind is ps.CauchyNoise else slope * draw)


def test_the_spread_of_noise_is_what_it_is_multiplied_with():
    random = [generator(1, 2, 3) for _ in range(4)]
    one, two = (
        ps.CauchyNoise(BOWL, scale=s).noise(r, (50,)) for s, r in zip((1.0, 2.0), random, strict=False)
    )
    assert np.array_equal(two, 2 * one)
    half, whole = (
        np.log(ps.MultiplicativeNoise(BOWL, sigma=s).noise(r, (50, 2)))
        for s, r in zip((0.5, 1.0), random[2:], strict=True)
    )
    assert half.shape == (50,)
    np.testing.assert_allclose(whole, 2 * half, rtol=1e-12)


def test_masks_are_zeros_and_ones():
    mask = ps.MaskedGradient(BOWL, p=0.25).noise(np.random.default_rng(0), (4000,))
    assert set(mask) == {0.0, 1.0}
    assert mask.dtype == np.float64
    assert mask.mean() == pytest.approx(0.75, abs=0.03)
    assert ps.MaskedGradient(BOWL, p=0.0).noise(np.random.default_rng(0), (4000,)).all()


def test_any_source_of_randomness_gives_a_seed():
    assert seed_of(7) == 7
    assert seed_of(np.int64(7)) == 7
    drawn = seed_of(np.random.default_rng(1))
    assert drawn == int(np.random.default_rng(1).integers(2**63))
    assert drawn > 2**32
    sequence = np.random.SeedSequence(1)
    assert seed_of(sequence) == int(sequence.generate_state(1, np.uint64)[0]) > 2**32
    with pytest.raises((TypeError, ValueError), match=r"^rng: got "):
        seed_of("a")


def test_what_no_update_sees_is_the_whole():
    whole = ps.LogisticRegression(*ps.two_gaussians(6))
    assert ps.MiniBatch(whole, 2, sampling="full").indices(3).tolist() == [0, 1, 2, 3, 4, 5]
    dynamic = ps.MiniBatch(whole, 2, sampling="dynamic", rng=1)
    assert np.array_equal(dynamic.indices(3), dynamic.indices(3, 0))
    fresh = [dynamic.indices(3, k).tolist() for k in range(6)]
    assert any(rows != fresh[0] for rows in fresh)
    x = np.ones(3)
    for n, k in ((0, 0), (3, 2), (8, 1)):
        rows = dynamic.indices(n, k)
        np.testing.assert_allclose(dynamic.sample(n, k).grad(x), whole.batch(rows).grad(x), rtol=1e-13)
    replaced = ps.MiniBatch(whole, 2, replacement=True, shuffle="update")
    assert replaced.indices(0).shape == (2,)
    with pytest.raises(
        ValueError, match="shuffle: got the str 'epoch', expected None or 'update' for batches with"
    ):
        ps.MiniBatch(whole, 2, replacement=True, shuffle="epoch")


def test_noise_is_its_spread_times_what_the_stream_of_its_update_gives():
    """A reciprocal of Cauchy's distribution has that distribution, and doubles where its factor does."""
    drawn = generator(5, 9, 0).standard_cauchy((2,))
    assert np.array_equal(ps.CauchyNoise(BOWL, scale=3.0).noise(generator(5, 9, 0), (2,)), 3.0 * drawn)
    random = generator(3, 4, 0)
    f, g = additive(sigma_f=0.5, sigma_g=2.0, shared=False).at(4).noise((3, 2))
    assert np.array_equal(f, 0.5 * random.standard_normal(3))
    assert np.array_equal(g, 2.0 * random.standard_normal((3, 2)))
