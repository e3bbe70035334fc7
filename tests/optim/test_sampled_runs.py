"""Runs of which the updates see mini-batches or noise: what is recorded, and what theory predicts."""

import numpy as np
import pytest

from optim import BFGS, SGD, Adam, Momentum, State, minimize
from problems import AdditiveNoise, BreastCancer, MiniBatch, Parabola, Quadratic
from schedules import GOLSI


@pytest.fixture(scope="module")
def cancer():
    return BreastCancer()


def test_the_history_is_what_the_updates_saw_and_the_run_is_judged_by_the_whole(cancer):
    batches = MiniBatch(cancer, 50)
    run = minimize(batches, SGD(lr=0.5), steps=30)
    for n, x in enumerate(run.history.x):
        f, g = batches.at(n).value_and_grad(x)
        assert run.history.fun[n] == f
        assert run.history.grad_norm[n] == pytest.approx(np.linalg.norm(g), rel=1e-14)
        assert run.loss[n] == pytest.approx(cancer.fun(x), rel=1e-13)
    np.testing.assert_allclose(run.error, run.loss - cancer.minimum, rtol=1e-14)
    assert (run.error > 0).all()
    assert (run.history.fun < cancer.minimum).any() or (run.history.fun != run.loss).all()
    assert run.fun == run.loss[-1]
    assert run.best_fun == run.loss.min()
    assert run.message == "reached the limit of 30 steps; gradients by static mini-batches of 50"


def test_overshoot_is_told_by_the_gradient_from_which_the_next_update_starts(cancer):
    batches = MiniBatch(cancer, 20)
    run = minimize(batches, SGD(lr=2.0), steps=40)
    x = run.history.x
    slopes = [batches.at(n + 1).grad(x[n + 1]) @ (x[n + 1] - x[n]) for n in range(40)]
    assert np.array_equal(run.history.overshoot, np.array(slopes) > 0)


def test_a_tolerance_is_judged_by_the_whole_however_lucky_a_batch(cancer):
    """Batches of 5 are below the minimum of the whole long before the whole is near it."""
    batches = MiniBatch(cancer, 5)
    run = minimize(batches, SGD(lr=0.1), steps=400, tol=0.05)
    lucky = int(np.argmax(run.history.fun - cancer.minimum <= 0.05))
    assert run.success
    assert run.nit > lucky
    assert run.error[-1] <= 0.05 < run.error[-2]


def test_the_error_without_a_known_minimum_is_the_gradient_norm_of_the_whole():
    saddle = Quadratic([1.0, -0.1])
    run = minimize(AdditiveNoise(saddle), SGD(lr=0.1), steps=20)
    np.testing.assert_allclose(run.error, np.linalg.norm(saddle.grad(run.history.x), axis=1), rtol=1e-12)


@pytest.mark.parametrize("opt", [SGD(lr=0.5), Adam(lr=0.1), BFGS(lr=0.1), Momentum(lr=GOLSI())], ids=repr)
@pytest.mark.parametrize("shuffle", ["epoch", "slices", "update"])
def test_stop_and_resume_in_the_middle_of_an_epoch_changes_no_bit(cancer, opt, shuffle, tmp_path):
    batches = MiniBatch(cancer, 100, "dynamic", shuffle=shuffle)
    whole = minimize(batches, opt, steps=20)
    first = minimize(batches, opt, steps=9)
    first.state.save(tmp_path / "state.npz")
    rest = minimize(batches, opt, first.last_x, 11, state=State.load(tmp_path / "state.npz"))
    assert np.array_equal(np.concatenate([first.history.x, rest.history.x[1:]]), whole.history.x)


def test_runs_of_a_batch_see_the_same_mini_batches(cancer):
    batches = MiniBatch(cancer, 50)
    starts = np.stack([np.zeros(31), np.full(31, 0.1)])
    together = minimize(batches, SGD(lr=0.5), starts, steps=10)
    for row in range(2):
        alone = minimize(batches, SGD(lr=0.5), starts[row], steps=10)
        np.testing.assert_allclose(together.history.x[:, row], alone.history.x, rtol=1e-12, atol=1e-14)


def test_full_sampling_runs_as_the_problem_itself(cancer):
    full = minimize(MiniBatch(cancer, 50, "full"), SGD(lr=0.5), steps=10)
    plain = minimize(cancer, SGD(lr=0.5), steps=10)
    assert np.array_equal(full.history.x, plain.history.x)
    assert full.message == plain.message


RUNS = 4000


def many_runs(problem, rate, steps, sigma_g=1.0):
    """The paths of many runs, each with noise of its own."""
    noisy = AdditiveNoise(problem, sigma_g=sigma_g, shared=False)
    run = minimize(noisy, SGD(lr=rate), np.broadcast_to(problem.x0, (RUNS, problem.dim)).copy(), steps)
    return run.history.x


# rate, updates, mean and deviation of the end
D2L = {
    "constant": (0.1, 50, (-7.1e-5, 0.0), (0.166667, 0.125)),
    "exponential": (
        lambda n: 0.1 * np.exp(-0.1 * (n + 2)),
        300,
        (-0.825737, -0.045026),
        (0.074686, 0.039946),
    ),
    "polynomial": (lambda n: 0.1 * (1 + 0.1 * (n + 2)) ** -0.5, 50, (-0.012437, 0.0), (0.105341, 0.075027)),
}


@pytest.mark.parametrize("name", D2L)
def test_the_end_of_noisy_descent_has_d2ls_mean_and_deviation(name):
    """Dive into Deep Learning, section 12.4.2: f = x1^2 + 2 x2^2, noise N(0, 1), the first t used is 2.

    The closed forms of textbook row 10. (The book makes 1000 exponential steps; after 300 the rate is 1e-14.)
    """
    rate, steps, mean, deviation = D2L[name]
    end = many_runs(Quadratic([2.0, 4.0]), rate, steps)[-1]
    z = (end.mean(axis=0) - mean) / (np.array(deviation) / np.sqrt(RUNS))
    assert np.abs(z).max() < 4
    np.testing.assert_allclose(end.std(axis=0) / deviation, 1, atol=4 / np.sqrt(2 * RUNS))


def test_the_noise_floor_of_a_constant_rate():
    """Bottou, Curtis and Nocedal 2018, theorem 4.6: variance a s^2 / (lambda (2 - a lambda)) = 0.052632."""
    x = many_runs(Parabola(curvature=1.0, start=1.0), 0.1, 120)[60:, :, 0]
    late = x[:: 60 // 2].ravel()  # 30 updates apart: their correlation is 0.9^30 = 4 %
    assert late.var() / 0.052632 == pytest.approx(1, abs=4 * np.sqrt(2 / late.size))


def test_a_rate_that_falls_as_one_over_k_has_no_floor():
    """Theorem 4.7: with a_k = 2/(20 + k) the mean square, times 20 + k, goes to 4/3."""
    x = many_runs(Parabola(curvature=1.0, start=1.0), lambda k: 2 / (20 + k), 400)[-1, :, 0]
    assert 420 * (x * x).mean() == pytest.approx(4 / 3, rel=4 * np.sqrt(2 / RUNS) + 0.02)
