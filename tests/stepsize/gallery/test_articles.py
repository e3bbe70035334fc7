"""What the figures of articles compute with: closed forms, and loops of a few lines."""

import math

import numpy as np
import pytest

import stepsize as ss
from stepsize.gallery import (
    bottou,
    cohen,
    goh,
    kingma,
    papazov,
    reddi,
    ruder,
    schaul,
    searches,
    silver,
    wilson,
)

# Bottou: exact moments under noise


@pytest.mark.parametrize("rate", [0.05, 0.3, 1.7])
def test_the_second_moment_goes_to_its_floor_geometrically(rate):
    """E_k = F + (1 - a)^(2k) (E_0 - F), F = a/(2 - a)."""
    floor, k = rate / (2 - rate), np.arange(41)
    assert bottou._floor(rate) == pytest.approx(floor)
    expected = floor + (1 - rate) ** (2 * k) * (5.0 - floor)
    assert bottou._second_moments(np.full(40, rate), 5.0) == pytest.approx(expected, rel=1e-12)


def test_second_moments_of_rates_that_fall():
    """(1/2)^2 3 + (1/2)^2 = 1, then (3/4)^2 1 + (1/4)^2 = 5/8."""
    assert bottou._second_moments([0.5, 0.25], 3.0).tolist() == [3.0, 1.0, 0.625]


def test_the_phases_of_halving_are_as_long_as_the_closed_form_says():
    lengths, trace = bottou._halving()
    assert len(trace) == sum(lengths) + 1
    rate, value, ends = 0.2, 4.0, np.cumsum(lengths)
    for length, end in zip(lengths, ends, strict=True):
        floor = rate / (2 - rate)
        needed = math.log(floor / (value - floor)) / (2 * math.log(1 - rate))
        assert length == math.ceil(needed)
        value = floor + (1 - rate) ** (2 * length) * (value - floor)
        assert trace[end] == pytest.approx(value)
        rate /= 2
    assert len(lengths) == 5


def test_examples_disagree_between_the_first_and_the_last_of_them():
    assert bottou._confusion(np.array([-0.5, 0.1, 0.25])) == pytest.approx([-0.5, 0.25], abs=1.5e-4)
    assert bottou._confusion(np.array([-2.0, 2.0])) == pytest.approx([-2.0, 2.0], abs=1.5e-4)


# Cohen: the toy task


def test_the_task_is_the_fourth_chebyshev_polynomial():
    network = cohen._network()
    t, y = network.train
    assert t[:, 0] == pytest.approx(np.linspace(-1, 1, 20))
    assert np.ravel(y) == pytest.approx([math.cos(4 * math.acos(float(v))) for v in t[:, 0]], abs=1e-12)
    assert network.dim == 60 + 60 + 60 + 1


def test_the_start_has_the_spread_of_glorot_and_no_biases():
    """Deviations 1.9 sqrt(2/61) and sqrt(2/61), from the draws that they scale."""
    (W1, b1), (W2, b2) = cohen._network().unravel(cohen._start(cohen._network()))
    draws = np.random.default_rng(0).standard_normal(120)
    assert W1.ravel() / draws[:60] == pytest.approx(np.full(60, 0.34403583), rel=1e-6)
    assert W2.ravel() / draws[60:] == pytest.approx(np.full(60, 0.18107149), rel=1e-6)
    assert np.concatenate([b1, b2]).tolist() == [0.0] * 61


# Goh, Kingma, Papazov, Reddi, Ruder


def test_the_map_of_momentum_at_settings_that_can_be_solved():
    """Ripples sqrt(beta); critical 1 - sqrt(a); a double step 1 - a without momentum."""
    found = goh._largest([[1.0, 0.25], [0.5, 1.5]], [[0.49, 0.25], [0.0, 0.0]])
    assert found == pytest.approx(np.array([[0.7, 0.5], [0.5, 0.5]]), abs=1e-7)


def test_adam_s_steps_by_hand():
    """After 1 and -1: m = 0.9 * 0.1 - 0.1 = -0.01, v = 0.001999; corrected by 0.19 and 0.001999."""
    corrected, plain = kingma._steps([1.0, -1.0])
    assert corrected == pytest.approx([1.0, -0.01 / 0.19])
    assert plain == pytest.approx([0.1 / math.sqrt(1e-3), -0.01 / math.sqrt(0.001999)])
    silent = kingma._steps([0.0, 3.0])
    assert silent[1].tolist() == pytest.approx([0.0, 0.1 / math.sqrt(1e-3)])
    assert silent[0][0] == 0.0


@pytest.mark.parametrize(("lam", "gamma"), [(0.05, 1e-3), (2.0, 0.3)])
def test_the_ball_has_the_inertia_that_was_asked_for(lam, gamma):
    """lambda = gamma/(1 - beta)^2."""
    ball = papazov._ball(lam, gamma)
    assert ball.lr / (1 - ball.momentum) ** 2 == pytest.approx(lam)
    assert ball.lr == gamma


def test_papazov_s_distances_by_a_loop():
    net = ss.DiagonalLinearNetwork(rng=2)
    for lam, found in zip((0.05, 0.5, 2.0, 5.0), papazov._distances(net), strict=True):
        x, v, beta = np.array(net.x0), 0.0, 1 - math.sqrt(0.01 / lam)
        for _ in range(round(200 / math.sqrt(lam * 0.01))):
            v = beta * v + net.grad(x)
            x = x - 0.01 * v
        assert found == pytest.approx(np.linalg.norm(net.product(x) - net.sparse_vector), rel=1e-9)


def test_a_game_is_played_with_falling_steps_and_within_its_box():
    """Steps of 0.3/sqrt(t) against the slope, clipped at -1 and 1."""
    points = reddi._play(ss.SGD(lr=0.3), np.array([1.0, 1.0, -9.0, -1.0, 9.0]), 0.9)
    after = 0.9 - 0.3 - 0.3 / math.sqrt(2)
    assert points == pytest.approx([0.9, 0.6, after, 1.0, 1.0, -0.3 * 9 / math.sqrt(5) + 1.0])
    assert reddi._play(ss.SGD(lr=0.3), np.array([9.0, 9.0]), 0.0).tolist() == [0.0, -1.0, -1.0]


def test_adam_plays_with_its_averages_and_its_time():
    """The steps 1 and -0.01/0.19 of the stream 1, -1, over sqrt(t)."""
    points = reddi._play(ss.Adam(lr=0.5, eps=0.0), np.array([1.0, -1.0]), 0.0)
    assert points == pytest.approx([0.0, -0.5, -0.5 + 0.5 / math.sqrt(2) * 0.01 / 0.19])


def test_reddi_the_usual_betas_at_15_by_a_loop():
    """Adam, beta1 = .9, beta2 = .999, steps of 0.5/sqrt(t): at -1 soon, at a regret of 16.55 in all."""
    x, m, v, regret = 0.0, 0.0, 0.0, 0.0
    for t in range(1, 30_001):
        g = 15.0 if t % 3 == 1 else -1.0
        regret += g * (x + 1)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        step = m / (1 - 0.9**t) / math.sqrt(v / (1 - 0.999**t))
        x = min(max(x - 0.5 / math.sqrt(t) * step, -1.0), 1.0)
    assert x == -1.0
    assert regret / 30_000 == pytest.approx(5.517380e-4, abs=5.1e-11)


def test_an_escape_from_the_saddle_by_the_closed_form():
    """Gradient descent multiplies y by 1 + 2 lr; theta of Nesterov's rule is not the point ahead."""
    starts = [0.5, 1e-3]
    closed = [math.ceil(math.log(1 / y) / math.log(1.2)) for y in starts]
    assert ruder._escape(ss.SGD(lr=0.1), starts) == closed
    theta, ahead, counts = np.array(starts), np.array(starts), [0, 0]
    while (theta <= 1).any():
        counts = [count + (value <= 1) for count, value in zip(counts, theta, strict=True)]
        theta, before = ahead + 2 * 0.1 * ahead, theta
        ahead = theta + 0.9 * (theta - before)
    assert ruder._escape(ss.Nesterov(lr=0.1, momentum=0.9), starts) == counts


# Schaul: the verdicts of the paper


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        ([math.nan, math.inf], "broke"),
        ([-2e10, 2e10], "broke"),
        ([1.0, math.nan], "some broke"),
        ([1.0, -2e10], "some broke"),
        ([9.5, 9.2], "no progress"),
        ([9.0, 9.0], "no progress"),
        ([0.0, 0.0, 9.5], "unreliable"),
        ([0.0, 0.0, 0.0, 9.5], "good"),
        ([0.0, 0.0, 9.0], "good"),
        ([0.0, 0.0, 0.0, 9.0], "good"),
        ([5.0], "good"),
        ([-10.0], "good"),
        ([-10.5], "better than the best SGD"),
        ([1e10, 0.0, 0.0], "unreliable"),
        ([1e10 + 0.5], "broke"),
    ],
)
def test_the_verdicts_by_where_runs_end_from_10_with_0_for_a_reference(ends, words):
    assert schaul.VERDICTS[schaul.verdict(np.array(ends), 10.0, 0.0)] == words


def test_the_best_rate_of_the_line_is_the_largest():
    """Slope -1 from 200 (the paper's function 1, f = 200 - x): 100 updates of rate 1 reach 100."""
    assert schaul._reference(ss.Prototype("line"), schaul._exact) == pytest.approx(100.0)


@pytest.mark.parametrize(("noise", "repeats"), [(schaul._exact, 1), (schaul._cauchy, 10)])
def test_the_reference_is_the_best_median_of_34_rates(monkeypatch, noise, repeats):
    """Rates from 1e-10 to 1 at equal ratios, each as often as the noise asks; what broke does not count."""
    asked = []

    def ends(shape, noise, rule, rows):
        asked.append(rule.lr[:, 0])
        assert rows == len(rule.lr)
        values = np.repeat(np.arange(34.0), repeats) + np.tile(np.linspace(-0.1, 0.1, repeats), 34) * (
            repeats > 1
        )
        values[: 2 * repeats] = -math.inf, *[math.nan] * (2 * repeats - 1)
        return values

    monkeypatch.setattr(schaul, "_ends", ends)
    assert schaul._reference(ss.Prototype("line"), noise) == pytest.approx(2.0)
    rates = 10.0 ** np.linspace(-10, 0, 34)
    assert asked[0] == pytest.approx(np.repeat(rates, repeats))


def test_the_noises_are_those_of_the_paper():
    shape = ss.Prototype("abs")
    assert schaul._exact(shape) is shape
    assert schaul._additive(shape) == ss.AdditiveNoise(shape, 0.0, sigma_g=10.0, shared=False)
    assert schaul._masked(shape) == ss.MaskedGradient(shape, p=0.9, shared=False)
    assert schaul._cauchy(shape) == ss.CauchyNoise(shape, scale=1.0, shared=False)


def test_the_rules_are_called_by_their_rates():
    kinds = {
        "SGD": ss.SGD,
        "momentum": ss.Momentum,
        "Nesterov": ss.Nesterov,
        "Adagrad": ss.Adagrad,
        "Adadelta": ss.Adadelta,
        "RMSprop": ss.RMSprop,
        "Adam": ss.Adam,
    }
    named = {name: (name + " ").split(" ")[:2] for name in schaul._rules()}
    expected = {
        name: kinds[kind](lr=float(rate)) if rate else kinds[kind]() for name, (kind, rate) in named.items()
    }
    assert schaul._rules() == expected
    assert list(expected) == [
        *("SGD .01", "SGD .1", "SGD 1", "momentum .01", "Nesterov .01"),
        *("Adagrad .1", "Adadelta", "RMSprop .01", "Adam .01", "Adam .1"),
    ]


def test_ends_are_values_without_noise():
    bowl = ss.Prototype("quad_bowl")
    ends = schaul._ends(bowl, schaul._additive, ss.SGD(lr=0.0), 7)
    assert ends.tolist() == [float(bowl.fun(np.array(bowl.x0)))] * 7
    quiet = schaul._ends(bowl, schaul._exact, ss.SGD(lr=0.01), 2)
    start = float(np.ravel(bowl.x0)[0])
    low = float(np.ravel(bowl.minimizers[0])[0])
    assert quiet == pytest.approx(np.full(2, bowl.minimum + ((start - low) * 0.98**100) ** 2))


# Searches, silver steps, Wilson


def test_the_search_problem_is_that_of_the_papers():
    problem = searches._cancer()
    assert problem.train[0].shape[0] == 398
    assert problem.l2 == 1e-3
    assert searches._weights(4).shape == (problem.dim,)
    assert searches._weights(4).tolist() == np.random.default_rng(4).standard_normal(problem.dim).tolist()


def test_the_silver_bound_after_one_step_and_three():
    """rho = 1 + sqrt 2: rho^2 = 3 + 2 sqrt 2, rho^4 = 17 + 12 sqrt 2."""
    assert silver._bound(1) == pytest.approx(1 / (1 + math.sqrt(9 + 8 * math.sqrt(2))))
    assert silver._bound(2) == pytest.approx(1 / (1 + math.sqrt(65 + 48 * math.sqrt(2))))


@pytest.mark.parametrize("steps", [1, 4, 20])
def test_the_worst_huber_function_of_a_constant_step_is_drori_s(steps):
    assert silver._worst(5.0, ss.Constant(1 / 5), steps) == pytest.approx(5 / (4 * steps + 2), rel=1e-5)


def test_the_worst_function_of_a_step_that_is_far_too_long():
    """After steps of 5 and 1 kink 0.6 leaves |x| = 1.4 on its straight part: 0.6 (1.4 - 0.3)."""
    assert silver._worst(1.0, lambda n: np.array([5.0, 1.0])[n], 2) == pytest.approx(0.66)


def test_the_worst_function_of_no_step_is_the_start():
    """From 1 the gap of kink k is L k (1 - k/2), which grows with k up to the widest, 0.6."""
    assert silver._worst(2.0, ss.Constant(1.0), 0) == pytest.approx(2 * 0.6 * 0.7)


def test_one_weight_of_each_kind():
    """The label is column 0, two are always 1, and every example has five columns of its own."""
    problem = ss.WilsonConstruction(14, 6)
    X, y = problem.train
    kinds = wilson._kinds(problem)
    assert kinds == {"the label": 0, "always 1": 1, "own, of a +1": 3, "own, of a -1": 18}
    assert X[:, kinds["the label"]].tolist() == y.tolist()
    assert X[:, kinds["always 1"]].tolist() == [1.0] * 20
    for name, label in (("own, of a +1", 1.0), ("own, of a -1", -1.0)):
        owners = np.flatnonzero(X[:, kinds[name]])
        assert y[owners].tolist() == [label]
