"""Transforms, noise, and problems that change while they are being solved."""

import math

import numpy as np
import pytest

import stepsize as ss
from problems.stochastic.estimate import generator


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


def test_the_game_says_how_often_its_slope_is_large_and_when_it_is_level():
    assert ss.OnlineCounterexample().formula == "3 x once in 3, else -1 x, on [-1, 1]"
    rare = ss.OnlineCounterexample(large=1010, small=10, probability=0.01)
    assert rare.formula == "1010 x with p = 0.01, else -10 x, on [-1, 1]"
    assert (rare.slope, rare.minimum, rare.minimizers) == (
        pytest.approx(0.2),
        pytest.approx(-0.2),
        ((-1.0,),),
    )
    up = ss.OnlineCounterexample(large=1.0, small=1.0)
    assert up.minimizers == ((1.0,),)
    assert up.minimum == pytest.approx(-1 / 3)
    level = ss.OnlineCounterexample(large=2.0, small=1.0)
    assert (level.slope, level.isolated, up.isolated) == (0.0, False, True)


def test_a_shift_is_an_array_of_floats_whatever_it_was_given_as():
    whole = ss.Drifting(ss.Quadratic(), velocity=[1, 2])
    assert whole.offset(3).tolist() == [3.0, 6.0]
    assert whole.offset(3).dtype == float
    assert ss.Jumping(ss.Quadratic(), by=2, every=3).offset(7) == 4.0


def test_what_moves_may_vary_itself_and_is_asked_for_the_same_update():
    noisy = ss.AdditiveNoise(ss.Quadratic(), sigma_g=0.5, rng=1)
    moving = ss.Drifting(noisy, velocity=[0.25, 0.5])
    x = np.array([3.0, -2.0])
    for n in (0, 4, 7):
        expected = noisy.at(n).grad(x - n * np.array([0.25, 0.5]))
        np.testing.assert_array_equal(moving.at(n).grad(x), expected)
        np.testing.assert_array_equal(moving.sample(n, 3).grad(x), expected)


def test_the_game_takes_any_source_of_randomness_for_its_seed():
    games = [ss.OnlineCounterexample(probability=0.5, rng=np.random.default_rng(s)) for s in (1, 1, 2)]
    assert [type(game.rng) for game in games] == [int] * 3
    assert games[0] == games[1] != games[2]
    assert games[0].rng == int(np.random.default_rng(1).integers(2**63))


def test_each_update_of_the_game_has_its_own_slope():
    """Periodic: large at the first of every K. Random: as the stream of the seed and the update says."""
    periodic = ss.OnlineCounterexample(large=5.0, small=2.0, period=4)
    assert [periodic.at(n).slope for n in range(9)] == [5.0, -2.0, -2.0, -2.0] * 2 + [5.0]
    x = np.array([[0.5], [-0.25]])
    assert periodic.at(4).fun(x).tolist() == [2.5, -1.25]
    assert periodic.at(5).grad(x).tolist() == [[-2.0], [-2.0]]
    seeds = [
        [ss.OnlineCounterexample(probability=0.5, rng=s).at(n).slope for n in range(64)] for s in (0, 0, 1)
    ]
    assert seeds[0] == seeds[1] != seeds[2]
    assert 16 < sum(slope > 0 for slope in seeds[0]) < 48
    drawn = [generator(0, n).random() < 0.5 for n in range(64)]
    assert [slope > 0 for slope in seeds[0]] == drawn


def test_the_game_may_start_at_the_best_point_and_not_beyond():
    assert ss.OnlineCounterexample(start=-1.0).x0 == (-1.0,)
    with pytest.raises(ValueError, match=r"start: got -1\.5"):
        ss.OnlineCounterexample(start=-1.5)


@pytest.mark.parametrize(("n", "end"), [(0, -1.0), (1, 1.0)])
def test_one_move_of_the_game_ends_at_the_edge_of_its_box(n, end):
    """Slope 3 or -1, from the middle, with updates that overshoot: nobody leaves [-1, 1]."""
    run = ss.minimize(ss.OnlineCounterexample().at(n), ss.SGD(lr=2.0), steps=3)
    assert run.history.x.ravel().tolist() == [0.0, end, end, end]
