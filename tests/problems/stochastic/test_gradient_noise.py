"""Noisy gradients have the distributions they claim."""

import math

import numpy as np
import pytest

import stepsize as ss

BOWL = ss.Quadratic([2.0, 4.0])


X = np.array([1.0, -2.0])


def seen(problem, count=4000):
    """The gradients that so many updates see at X."""
    return np.array([problem.at(n).grad(X) for n in range(count)])


def test_multiplicative_noise_has_the_moments_of_a_lognormal():
    sigma = 0.5
    problem = ss.MultiplicativeNoise(BOWL, sigma=sigma, rng=2)
    factors = seen(problem) / BOWL.grad(X)
    assert np.ptp(factors, axis=1).max() < 1e-12
    mean = math.exp(sigma**2 / 2)
    sd = mean * math.sqrt(math.expm1(sigma**2))
    assert abs(factors[:, 0].mean() - mean) < 3.5 * sd / math.sqrt(4000)
    assert np.log(factors[:, 0]).std() == pytest.approx(sigma, rel=0.05)
    assert problem.at(5).fun(X) / BOWL.fun(X) == pytest.approx(factors[5, 0])


def test_masks_lose_each_component_with_probability_p():
    problem = ss.MaskedGradient(BOWL, p=0.9, rng=2)
    kept = seen(problem) != 0
    for share in kept.mean(axis=0):
        assert abs(share - 0.1) < 3.5 * math.sqrt(0.09 / 4000)
    both = kept.all(axis=1).mean()  # components are lost independently
    assert abs(both - 0.01) < 3.5 * math.sqrt(0.0099 / 4000)
    assert set(np.unique(seen(problem, 50)[:, 0])) <= {0.0, 2.0}


def test_cauchy_noise_has_the_quartiles_of_cauchy():
    """A quarter lies below -scale, a half below 0, a quarter above scale; the mean of many is no help."""
    problem = ss.CauchyNoise(BOWL, scale=3.0, rng=2)
    noise = seen(problem) - BOWL.grad(X)
    for quantile, value in ((0.25, -3.0), (0.5, 0.0), (0.75, 3.0)):
        share = (noise < value).mean()
        assert abs(share - quantile) < 3.5 * math.sqrt(0.25 / 8000)
    assert np.abs(noise).max() > 300


@pytest.mark.parametrize("cls", [ss.MultiplicativeNoise, ss.MaskedGradient, ss.CauchyNoise])
def test_runs_of_a_batch_share_their_noise_or_have_their_own(cls):
    starts = np.array([[1.0, -2.0], [1.0, -2.0]])
    shared = ss.minimize(cls(BOWL), ss.SGD(lr=0.05), x0=starts, steps=20)
    alone = ss.minimize(cls(BOWL), ss.SGD(lr=0.05), x0=starts[0], steps=20)
    assert np.array_equal(shared.history.x[:, 0], alone.history.x)
    assert np.array_equal(shared.history.x[:, 0], shared.history.x[:, 1])
    own = ss.minimize(cls(BOWL, shared=False), ss.SGD(lr=0.05), x0=starts, steps=20)
    assert not np.array_equal(own.history.x[:, 0], own.history.x[:, 1])


@pytest.mark.parametrize("cls", [ss.MultiplicativeNoise, ss.MaskedGradient, ss.CauchyNoise])
def test_without_noise_a_run_is_the_run_without_noise(cls):
    quiet = cls(BOWL, sampling="full")
    assert not quiet.varies
    run = ss.minimize(quiet, ss.SGD(lr=0.1), steps=10)
    assert np.array_equal(run.history.x, ss.minimize(BOWL, ss.SGD(lr=0.1), steps=10).history.x)


def test_constant_rate_converges_under_multiplicative_noise_and_masks():
    """The noise vanishes with the gradient: no floor."""
    for problem in (ss.MultiplicativeNoise(BOWL, sigma=0.3), ss.MaskedGradient(BOWL, p=0.5)):
        assert ss.minimize(problem, ss.SGD(lr=0.1), steps=400).fun < 1e-20


SAYS = [
    (ss.MultiplicativeNoise, "multiplicative noise"),
    (ss.MaskedGradient, "masks"),
    (ss.CauchyNoise, "Cauchy noise"),
    (ss.AdditiveNoise, "noisy measurements"),
]


@pytest.mark.parametrize(("kind", "words"), SAYS)
def test_a_problem_says_what_its_gradients_are(kind, words):
    for sampling in ("dynamic", "static"):
        noisy = kind(ss.Quadratic(), sampling=sampling)
        assert noisy.gradient_source == f"{sampling} {words}"
        assert noisy.formula == f"{ss.Quadratic().formula}, {sampling} {words}"
    exact = kind(ss.Quadratic(), sampling="full")
    assert exact.gradient_source == "exact"
    assert exact.formula == ss.Quadratic().formula


@pytest.mark.parametrize("kind", [kind for kind, _ in SAYS])
def test_an_update_uses_the_first_evaluation_of_its_line(kind):
    noisy, x = kind(ss.Quadratic([2.0] * 40), sampling="dynamic"), np.ones(40)
    assert np.array_equal(noisy.at(3).grad(x), noisy.sample(3, 0).grad(x))
    assert not np.array_equal(noisy.at(3).grad(x), noisy.sample(3, 1).grad(x))


@pytest.mark.parametrize("kind", [kind for kind, _ in SAYS])
def test_a_noisy_landscape_holds_no_examples_out(kind):
    assert kind(ss.Quadratic()).has_held_out is False


@pytest.mark.parametrize("kind", [ss.MultiplicativeNoise, ss.MaskedGradient, ss.CauchyNoise])
def test_one_realization_of_a_noisy_gradient_has_no_hessian(kind):
    """The problem itself has one, by which a run is judged."""
    assert kind(ss.Quadratic()).has_hess
    one = kind(ss.Quadratic()).at(0)
    assert one.has_hess is False
    with pytest.raises(TypeError, match="no Hessian"):
        one.hess(np.ones(2))


@pytest.mark.parametrize("p", [1.0, 1.5, -0.1])
def test_a_mask_that_hides_everything_is_refused(p):
    with pytest.raises(ValueError, match="p: got"):
        ss.MaskedGradient(ss.Quadratic(), p=p)
