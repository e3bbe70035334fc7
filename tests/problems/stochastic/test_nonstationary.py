"""Transforms, noise, and problems that change while they are being solved."""

import math

import numpy as np
import pytest

import stepsize as ss

# Transforms.


def test_descent_does_not_care_where_or_how_turned_a_problem_is():
    """The path of gradient descent moves and turns with the problem; that of Adagrad does not."""
    problem = ss.Rosenbrock()
    moved = ss.Shifted(problem, by=[2.0, -1.0])
    turned = ss.Rotated(problem, 0.7)
    Q = turned.matrix.T
    for optimizer in (ss.SGD(lr=1e-3), ss.Momentum(lr=1e-4)):
        path = ss.minimize(problem, optimizer, steps=100).history.x
        np.testing.assert_allclose(
            ss.minimize(moved, optimizer, steps=100).history.x, path + np.array([2.0, -1.0]), atol=1e-12
        )
        np.testing.assert_allclose(
            ss.minimize(turned, optimizer, steps=100).history.x, path @ Q.T, atol=1e-12
        )
    path = ss.minimize(problem, ss.Adagrad(lr=0.1), steps=100).history.x
    there = ss.minimize(turned, ss.Adagrad(lr=0.1), steps=100).history.x
    assert np.abs(there - path @ Q.T).max() > 0.05


def test_scaling_is_a_change_of_rate():
    """On a f(x/s) the rate s^2/a makes the same run; Adam does not feel a."""
    problem, scaled = ss.Rosenbrock(), ss.Scaled(ss.Rosenbrock(), value=5.0, argument=3.0)
    path = ss.minimize(problem, ss.SGD(lr=1e-3), steps=50).history.x
    there = ss.minimize(scaled, ss.SGD(lr=1e-3 * 9 / 5), steps=50).history.x
    np.testing.assert_allclose(there, 3 * path, atol=1e-11)
    adam = ss.Adam(lr=0.01, eps=0.0)
    path = ss.minimize(problem, adam, steps=50).history.x
    there = ss.minimize(ss.Scaled(problem, value=5.0), adam, steps=50).history.x
    np.testing.assert_allclose(there, path, atol=1e-11)


@pytest.mark.parametrize("condition", [1.0, 10.0, 1e4])
def test_a_round_bowl_is_stretched_to_the_condition_number(condition):
    bowl = ss.Stretched(ss.Quadratic([2.0] * 4), condition)
    assert np.linalg.cond(bowl.hess(np.zeros(4))) == pytest.approx(condition)
    assert bowl.L / bowl.mu == pytest.approx(condition)
    best = ss.best_parameters(ss.SGD, bowl.L, bowl.mu)
    k = condition
    assert ss.predict(bowl, best).rate == pytest.approx((k - 1) / (k + 1), abs=1e-12)


def test_facts_travel_through_a_chain_of_transforms():
    problem = ss.Shifted(ss.Rotated(ss.Scaled(ss.Quadratic([1.0, 9.0]), 2.0, 0.5), 1.0), by=[3.0, 4.0])
    eigenvalues = np.linalg.eigvalsh(problem.hess(np.array(problem.x0)))
    assert eigenvalues == pytest.approx([problem.mu, problem.L])
    assert eigenvalues == pytest.approx([8.0, 72.0])
    x = np.array(problem.minimizers[0])
    assert x == pytest.approx([3.0, 4.0])
    assert problem.fun(x) == problem.minimum == 0.0
    low, high = problem.domain
    assert (low <= problem.x0).all()
    assert (problem.x0 <= high).all()


def test_what_varies_still_varies_behind_a_transform():
    noisy = ss.AdditiveNoise(ss.Quadratic(), sigma_g=0.5, rng=1)
    moved = ss.Shifted(noisy, by=1.0)
    x = np.array([0.3, -0.2])
    assert moved.varies
    np.testing.assert_array_equal(moved.at(7).grad(x + 1.0), noisy.at(7).grad((x + 1.0) - 1.0))


def test_bad_transforms_are_refused_in_a_sentence():
    bowl = ss.Quadratic()
    for make, sentence in [
        (lambda: ss.Shifted(bowl, by=[1.0]), "by: got .* expected one or 2 numbers"),
        (lambda: ss.Rotated(bowl, [[1.0, 1.0], [0.0, 1.0]]), "rotation: got .* an orthogonal 2 by 2 matrix"),
        (
            lambda: ss.Rotated(ss.Quadratic([1.0, 2.0, 3.0]), 0.5),
            "rotation: got 0.5, expected an angle in two",
        ),
        (lambda: ss.Scaled(bowl, value=0.0), "value: got 0.0, expected a positive number"),
        (lambda: ss.Scaled(bowl, argument=[1.0, -1.0]), "argument: got .* expected one or 2 positive"),
        (lambda: ss.Stretched(bowl, 0.5), "condition: got 0.5, expected a number of at least 1"),
    ]:
        with pytest.raises(ValueError, match=sentence):
            make()
    with pytest.raises(TypeError, match="problem: got 3, expected a problem such as"):
        ss.Shifted(3, by=1.0)


# Noise.

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


# Change.


def test_descent_follows_a_drifting_minimum_at_a_distance():
    """The lag is velocity/(lr lambda) in each direction, exactly, once the start is forgotten."""
    bowl, v = ss.Quadratic([1.0, 4.0], start=[0.0, 0.0]), np.array([0.1, 0.05])
    run = ss.minimize(ss.Drifting(bowl, v), ss.SGD(lr=0.1), steps=400)
    lag = 400 * v - run.x
    assert lag == pytest.approx(v / (0.1 * np.array([1.0, 4.0])), rel=1e-12)
    # The run is judged by what each update saw.
    assert run.error[-1] == pytest.approx(bowl.fun(lag), rel=1e-9)
    assert run.loss[-1] == run.history.fun[-1]


def test_adagrad_is_left_behind_by_drift_and_rmsprop_is_not():
    bowl = ss.Quadratic([1.0, 1.0], start=[0.0, 0.0])
    drifting = ss.Drifting(bowl, velocity=0.05)
    gaps = {}
    for optimizer in (ss.Adagrad(lr=0.5), ss.RMSprop(lr=0.1)):
        run = ss.minimize(drifting, optimizer, steps=4000)
        gaps[type(optimizer).__name__] = run.history.fun[[1000, 4000]]
    assert gaps["Adagrad"][1] > 2 * gaps["Adagrad"][0]
    assert gaps["Adagrad"][0] > 10 * gaps["RMSprop"].max()


def test_a_jump_is_seen_at_once_and_recovered_from():
    jumping = ss.Jumping(ss.Quadratic([1.0, 2.0], start=[0.0, 0.0]), by=4.0, every=100)
    run = ss.minimize(jumping, ss.SGD(lr=0.2), steps=199)
    f = run.history.fun
    assert f[99] == 0.0
    assert f[100] == 0.5 * (16 + 32)
    assert f[199] < 1e-15
    assert np.argmax(f) == 100


def adam_of_the_theorem(problem, steps, lr, beta2, x=1.0):
    """Adam as theorem 1 of Reddi, Kale and Kumar has it: beta1 = 0, no bias correction, rate lr/sqrt(t)."""
    v, path = 0.0, [x]
    for n in range(steps):
        g = problem.at(n).grad(np.array([x]))[0]
        v = beta2 * v + (1 - beta2) * g * g
        x = float(np.clip(x - lr / math.sqrt(n + 1) * g / math.sqrt(v), *problem.feasible))
        path.append(x)
    return np.array(path)


@pytest.mark.parametrize(("C", "regret"), [(3.0, 0.6711), (10.0, 5.3378)])
def test_adam_comes_back_to_the_worst_point(C, regret):
    """Theorem 1: x = 1 at every t = 3k + 1, exactly; average regret (2C - 4)/3 in the limit."""
    problem = ss.OnlineCounterexample(large=C)
    beta2 = 1 / (1 + C * C)
    path = adam_of_the_theorem(problem, 30_000, 0.9 * math.sqrt(1 - beta2), beta2)
    assert (path[::3] == 1.0).all()
    slopes = np.where(np.arange(30_000) % 3 == 0, C, -1.0)
    assert (slopes * (path[:-1] + 1)).mean() == pytest.approx(regret, abs=6e-3)
    assert regret == pytest.approx((2 * C - 4) / 3, abs=6e-3)
    assert problem.minimizers == ((-1.0,),)
    assert problem.minimum == pytest.approx(-(C - 2) / 3)


def test_mean_slopes_of_the_figure():
    """1010 every 101st time, else -10: .09901 on average; with probability .01: .2."""
    periodic = ss.OnlineCounterexample(1010.0, 10.0, 101)
    random = ss.OnlineCounterexample(1010.0, 10.0, probability=0.01)
    assert periodic.slope == pytest.approx(0.09901, abs=5e-6)
    assert random.slope == pytest.approx(0.2, abs=1e-12)
    assert np.mean([periodic.at(n).slope for n in range(1010)]) == pytest.approx(periodic.slope)
    large = np.mean([random.at(n).slope > 0 for n in range(20_000)])
    assert abs(large - 0.01) < 3.5 * math.sqrt(0.0099 / 20_000)


def test_updates_are_brought_back_to_the_feasible_interval():
    """Descent with the mean slope ends at -1 and stays; Adam with a short memory is driven to +1."""
    problem = ss.OnlineCounterexample(large=5.0, period=3)
    run = ss.minimize(problem, ss.SGD(lr=0.02), steps=2000)
    assert np.abs(run.history.x).max() <= 1.0
    assert run.x[0] < -0.85
    worst = ss.minimize(problem, ss.RMSprop(lr=0.02, rho=1 / 26), steps=2000)
    assert np.abs(worst.history.x).max() <= 1.0
    assert worst.x[0] > 0.9
    assert worst.error[-1] > 1.0
    batch = ss.minimize(problem, ss.SGD(lr=0.02), x0=[[1.0], [0.5]], steps=50)
    alone = ss.minimize(problem, ss.SGD(lr=0.02), x0=[0.5], steps=50)
    assert np.array_equal(batch.history.x[:, 1], alone.history.x)
    assert ss.minimize(problem, ss.SGD(lr=0.02), x0=np.float32([1.0]), steps=5).x.dtype == np.float32


def test_a_search_is_held_to_the_feasible_interval_as_well():
    class Corner(ss.Problem, abstract=True):
        x0 = (0.5, 0.5)
        minimum = -2.0
        feasible = (-1.0, 1.0)

        def fun(self, x):
            return x.sum(axis=-1)

        def grad(self, x):
            return np.ones_like(x)

    run = ss.minimize(Corner(), ss.SGD(lr=ss.Armijo()), steps=5)
    assert run.x.tolist() == [-1.0, -1.0]
    assert run.error[-1] == 0.0
