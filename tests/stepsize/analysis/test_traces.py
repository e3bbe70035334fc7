"""What the verdicts look at: of single runs by hand, and of batches as of their runs alone."""

from dataclasses import fields
from types import SimpleNamespace

import numpy as np
import pytest

import stepsize as ss
from optim import PolyakRuppert
from stepsize.analysis.traces import (
    _failure,
    _norms,
    _rates,
    _steps,
    hold_ends,
    known_changes,
    last_eighth,
    traces_of,
    window_of,
)
from tests.noisy import NoisyBowl

EPS = float(np.finfo(float).eps)


def halving(steps=8, **problem):
    """x^2 from (3, 4), where a rate of 1/4 halves x: the gap is 25 / 4^k, the gradient norm 10 / 2^k."""
    own = ss.Problem.of(lambda x: (x * x).sum(), lambda x: 2 * x, x0=[3.0, 4.0], **{"minimum": 0.0} | problem)
    return ss.minimize(own, ss.SGD(lr=0.25), steps=steps)


def test_the_traces_of_a_run():
    c = traces_of(halving())
    k = np.arange(9)
    np.testing.assert_allclose(c.fun[:, 0], 25 / 4.0**k, rtol=1e-14)
    np.testing.assert_allclose(c.grad_norm[:, 0], 10 / 2.0**k, rtol=1e-14)
    np.testing.assert_allclose(c.step_norm[:, 0], 2.5 / 2.0 ** k[:8], rtol=1e-14)
    assert c.rate.tolist() == [[0.25]] * 8
    assert (c.nit.tolist(), c.diverged.tolist(), c.failures) == ([8], [False], ("",))
    assert c.tolerance.tolist() == [25e-8]
    assert c.nothing.tolist() == [16 * EPS * 25 / 4.0**8]
    assert c.floor.tolist() == [16 * EPS * 25 / 4.0**7], "the largest loss of the last quarter"
    assert c.still == pytest.approx([4 * EPS * 5 / 2.0**8], rel=1e-12, abs=0)
    assert (c.rounding, c.summed, c.minimum) == (16 * EPS, 0.0, 0.0)
    assert (c.known, c.exact, c.noisy, c.stopped) == (True, True, False, False)
    assert traces_of(halving(), 1e-3).tolerance.tolist() == [25e-3]
    assert traces_of(halving(), atol=0.5).tolerance.tolist() == [0.5]


@pytest.mark.parametrize(
    ("updates", "size"), [(0, 1), (1, 1), (4, 1), (7, 1), (8, 2), (11, 2), (12, 3), (100, 25)]
)
def test_a_window_is_a_quarter_of_the_updates(updates, size):
    assert window_of(updates) == size
    run = halving(updates)
    assert traces_of(run).floor.tolist() == [16 * EPS * run.loss[-size:].max()]


@pytest.mark.parametrize(
    ("updates", "rows"), [(0, 0), (1, 1), (31, 1), (63, 1), (64, 2), (95, 2), (96, 3), (287, 8), (288, 9)]
)
def test_the_last_eighth_is_one_of_a_window(updates, rows):
    assert last_eighth(updates) == rows


@pytest.mark.parametrize(
    ("updates", "every", "known"),
    [(5, 2, [2, 4, 5]), (6, 3, [3, 6]), (4, 1, [1, 2, 3, 4]), (4, 10, [4]), (0, 3, []), (1, 1, [1])],
)
def test_a_loss_is_known_after_every_so_many_updates_and_the_last(updates, every, known):
    changes = known_changes(updates, every)
    assert len(changes) == updates
    assert (np.flatnonzero(changes) + 1).tolist() == known


def test_only_noise_hides_losses_between_points():
    noisy = ss.AdditiveNoise(ss.Quadratic([1.0, 2.0]), 1e-3)
    for problem, known in ((noisy, 3), (ss.Quadratic([1.0, 2.0]), 1)):
        run = ss.minimize(problem, ss.SGD(lr=0.1), steps=9, every=3)
        assert traces_of(run).known_every == known
        assert traces_of(ss.minimize(problem, ss.SGD(lr=0.1), steps=9)).known_every == 1


def test_a_run_that_ends_early_stands_still_from_its_end_on():
    points, overshoot = np.arange(10.0).reshape(5, 2), np.ones((4, 2), bool)
    hold_ends(np.array([2, 4]), overshoot, points)
    assert points.T.tolist() == [[0, 2, 4, 4, 4], [1, 3, 5, 7, 9]]
    assert overshoot.T.tolist() == [[True, True, False, False], [True] * 4]


def test_an_unknown_minimum_is_no_number():
    c = traces_of(halving(minimum=None))
    assert np.isnan(c.minimum)
    assert (c.known, c.exact) == (False, True)
    assert c.error.tolist() == c.grad_norm.tolist()
    stated = traces_of(halving(minimum=-7.0))
    assert (stated.minimum, stated.summed) == (-7.0, 7.0)


def test_what_the_tolerance_ended_is_told():
    own = halving().problem
    assert traces_of(ss.minimize(own, ss.SGD(lr=0.25), steps=50, tol=1e-3)).stopped is True
    assert traces_of(ss.minimize(own, ss.SGD(lr=0.01), steps=5, tol=1e-3)).stopped is False


def test_noise_and_drift_and_averages_are_told_apart():
    """Loss and slope of one function at one point are exact; a problem that drifts is none of noise."""
    noisy = traces_of(ss.minimize(NoisyBowl(), ss.SGD(lr=0.05), steps=5))
    assert (noisy.exact, noisy.noisy) == (False, True)
    average = traces_of(ss.minimize(halving().problem, PolyakRuppert(ss.SGD(lr=0.1)), steps=5))
    assert (average.exact, average.noisy) == (False, False)

    class Drifting(NoisyBowl, abstract=True):
        drifts = True

    moving = traces_of(ss.minimize(Drifting(), ss.SGD(lr=0.05), steps=5, every=5))
    assert moving.known_every == 1
    assert (moving.exact, moving.noisy) == (False, False)


# --- averages


def test_an_average_is_looked_at_where_it_stands():
    """After each update the mean of (3, 4) / 2, / 4, ... so far; the gradient is twice that."""
    problem, rule = halving().problem, PolyakRuppert(ss.SGD(lr=0.25))
    run = ss.minimize(problem, rule, steps=6)
    c = traces_of(run)
    np.testing.assert_allclose(c.grad_norm[:, 0], 2 * np.linalg.norm(run.history.output, axis=1), rtol=1e-14)
    moved = np.linalg.norm(run.history.output[1:] - run.history.output[:-1], axis=1)
    np.testing.assert_allclose(c.step_norm[:, 0], moved, rtol=1e-14)
    assert not np.allclose(c.grad_norm[:, 0], run.history.grad_norm)
    thinned = ss.minimize(problem, rule, steps=6, every=2)
    for rows, like in ((_norms(thinned), thinned.loss), (_steps(thinned), thinned.loss[1:])):
        assert rows.shape == like.shape
        assert rows.dtype == float
        assert np.isnan(rows).all()


def test_a_plain_run_tells_every_norm_although_points_are_dropped():
    run = ss.minimize(halving().problem, ss.SGD(lr=0.25), steps=6, every=2)
    assert _norms(run).tolist() == run.history.grad_norm.tolist()
    assert _steps(run).tolist() == run.history.step_norm.tolist()


# --- rates


def a_history(nit, runs, lr, status=None):
    return SimpleNamespace(nit=nit, history=SimpleNamespace(lr=np.asarray(lr, float), status=status))


@pytest.mark.parametrize(
    ("lr", "runs", "rates"),
    [
        ([0.1, 0.2], 1, [[0.1], [0.2]]),
        ([0.1, 0.2], 3, [[0.1] * 3, [0.2] * 3]),
        ([[0.1], [0.2]], 1, [[0.1], [0.2]]),
        ([[0.1, 0.5, 0.3], [0.2, 0.1, 0.1]], 1, [[0.5], [0.2]]),  # one rate a coordinate
        ([[0.1, 0.5, 0.3], [0.2, 0.1, 0.1]], 2, [[0.5, 0.5], [0.2, 0.2]]),
        ([[[0.1], [0.5]], [[0.2], [0.1]]], 2, [[0.1, 0.5], [0.2, 0.1]]),  # one rate a run
    ],
)
def test_the_rate_of_every_update_for_every_run(lr, runs, rates):
    assert _rates(a_history(2, runs, lr), runs).tolist() == rates


def test_a_search_has_no_rate_that_decays():
    assert _rates(a_history(2, 1, [0.1, 1e-9], status=["found"] * 2), 1).tolist() == [[1.0], [1.0]]
    assert _rates(a_history(0, 3, []), 3).shape == (0, 3)
    assert traces_of(halving(0)).rate.shape == (0, 1)


# --- what failed


def test_what_failed_is_told_of_a_single_run():
    own = ss.Problem.of(lambda x: np.nan if x[0] < 1 else (x * x).sum(), lambda x: 2 * x, x0=[3.0])
    assert traces_of(ss.minimize(own, ss.SGD(lr=0.25), steps=8)).failures == ("fun",)


def searched(steps, slopes, words, failure=None):
    history = SimpleNamespace(
        status=words, grad_norm=np.asarray(slopes, float), step_norm=np.asarray(steps, float)
    )
    return SimpleNamespace(nit=len(steps), failure=failure, history=history)


def test_the_last_word_of_searches_that_find_no_step():
    words = ["a", "b", "c", "d", "e", "f", "g", "h"]
    stuck = searched([1, 1, 1, 1, 1, 1, 0, 0], [4.0] * 9, words)
    assert _failure(stuck) == "h"
    assert _failure(searched([1, 1, 1, 1, 1, 1, 1, 0], [4.0] * 9, words)) == "", "of two, the one moved"
    assert _failure(searched([1, 1, 1, 0], [4.0] * 5, words[:4])) == "d"
    assert _failure(searched([1] * 14 + [0] * 6, [4.0] * 21, list("abcdefghijklmnopqrst"))) == "t"
    assert _failure(searched([1] * 16 + [0] * 4, [4.0] * 21, list("abcdefghijklmnopqrst"))) == ""
    assert _failure(searched([0] * 8, [4.0] * 9, None)) == "", "no search"
    assert _failure(searched([], [4.0], [])) == ""
    assert _failure(searched([1] * 8, [4.0] * 9, words, failure="grad")) == "grad"


@pytest.mark.parametrize(("last", "word"), [(0.0039, ""), (1e-3 * 4.0, ""), (0.004001, "h")])
def test_where_hardly_any_gradient_is_left_none_is_to_be_found(last, word):
    for other in (1e-9, 1.0):
        slopes = [4.0, *[other] * 7, last]
        assert _failure(searched([0] * 8, slopes, ["a"] * 7 + ["h"])) == word


# --- batches


BATCHES = {
    "some leave the finite numbers": (np.array([[0.01], [0.09], [0.3], [1e3]]), 90),
    "all leave them, one later": (np.array([[1e3], [1e5]]), 200),
    "on two axes": (np.array([[[0.01], [0.05]], [[0.09], [0.11]], [[0.2], [0.02]]]), 40),
    "of one update": (np.array([[0.01], [0.3]]), 1),
}


@pytest.mark.parametrize("name", BATCHES)
def test_a_batch_is_told_as_its_runs_alone(name):
    rates, steps = BATCHES[name]
    bowl = ss.Quadratic([1.0, 20.0])
    together = traces_of(ss.minimize(bowl, ss.SGD(lr=rates), steps=steps))
    assert together.failures == ("",) * rates.size
    for k, lr in enumerate(rates.ravel()):
        alone = traces_of(ss.minimize(bowl, ss.SGD(lr=float(lr)), steps=steps))
        end = int(alone.nit[0])
        assert (together.nit[k], together.diverged[k]) == (end, alone.diverged[0]), lr
        for field in fields(alone):
            one, many = getattr(alone, field.name), getattr(together, field.name)
            if not isinstance(one, np.ndarray):
                assert field.name == "failures" or one == many, field.name
            elif one.ndim == 2:
                np.testing.assert_array_equal(many[: len(one), k], one[:, 0], err_msg=field.name)
            elif not alone.diverged[0]:
                assert many[k] == one[0], field.name


def test_a_batch_has_its_own_tolerances():
    rates = np.array([[0.01], [0.05], [0.09]])
    starts = np.array([[1.0, 0.0], [2.0, 0.0], [4.0, 0.0]])
    run = ss.minimize(ss.Quadratic([1.0, 20.0]), ss.SGD(lr=rates), x0=starts, steps=8)
    assert traces_of(run).tolerance.tolist() == [0.5e-8, 2e-8, 8e-8]
    assert traces_of(run, atol=0.5).tolerance.tolist() == [0.5] * 3
    unknown = ss.Problem.of(lambda x: (x * x).sum(-1), lambda x: 2 * x, x0=[1.0, 0.0])
    run = ss.minimize(unknown, ss.SGD(lr=rates), x0=starts, steps=8)
    assert traces_of(run).nothing == pytest.approx(16 * EPS * np.array([2.0, 4.0, 8.0]))


@pytest.mark.parametrize("rule", [PolyakRuppert(ss.SGD()), ss.ScheduleFreeSGD(), ss.Lookahead(ss.SGD())])
def test_a_thinned_batch_of_averages_has_not_diverged(rule):
    """Where the average is reported and its points are dropped, the gradients are those at x."""
    rates = np.array([[0.25], [1e200]])
    rule = rule.replace(inner=ss.SGD(lr=rates)) if hasattr(rule, "inner") else rule.replace(lr=rates)
    run = ss.minimize(halving().problem, rule, steps=8, every=8)
    assert traces_of(run).diverged.tolist() == [False, True]


def test_the_finder_finds_a_rate_for_an_average():
    """On x^2/2 two steps multiply the slow point by (1 + (1 - lr)^2) / 2, which is smallest for lr = 1."""
    found = ss.find_lr(ss.Parabola(curvature=1.0), ss.Lookahead(ss.SGD(), period=2), steps=20)
    assert found.best == pytest.approx(1, rel=0.02)
