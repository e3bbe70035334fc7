"""The window of a landscape: it holds the path, and is not blown up by what leaves."""

import math

import numpy as np
import pytest

import stepsize as ss
from problems import Problem
from stepsize.core.record import registered
from stepsize.draw.window import heights, values_on, window_around
from stepsize.parsing import example_of
from tests.stepsize.draw.helpers import inside, own

RULES = (
    ss.SGD(lr=1e-3),
    ss.SGD(lr=0.05),
    ss.Momentum(lr=0.02),
    ss.Adam(lr=0.1),
    ss.RMSprop(lr=0.5),
    ss.SGD(lr=1.5),
)


def flat_problems():
    found = []
    for cls in registered(Problem):
        if not cls.__module__.startswith("problems."):
            continue
        problem = example_of(cls)
        if problem.x0 is not None and problem.dim <= 2 and not problem.varies:
            found.append(pytest.param(problem, id=cls.__name__))
    return found


@pytest.mark.parametrize("problem", flat_problems())
def test_the_window_holds_what_does_not_diverge(problem):
    runs = [ss.minimize(problem, rule, steps=60) for rule in RULES]
    for group in ([run] for run in runs):
        check_window(group)
    check_window(runs)


def settles_somewhere(run):
    """Whether it neither diverges nor falls without end: no domain of ours is wider than 1.2e6."""
    return not ss.diagnose(run).verdict.startswith("diverg") and np.abs(run.history.x).max() < 1e7


def check_window(runs):
    window = window_around(runs)
    low, high = np.array(window).T
    assert np.isfinite(window).all()
    assert (high > low).all()
    for run in runs:
        assert inside(window, run.history.x[:1]) == 1, "the start"
        if settles_somewhere(run):
            assert inside(window, run.history.x) >= 0.9, run
    stays = [run.history.x for run in runs if settles_somewhere(run)]
    if stays:
        reach = max(np.ptp(np.concatenate(stays), axis=0).max(), 1e-9)
        known = np.array([*(runs[0].problem.minimizers or ())]).reshape(-1, runs[0].problem.dim)
        away = max((np.abs(known - x[:1]).max() for x in stays), default=0.0) if len(known) else 0.0
        largest = np.abs(np.concatenate(stays)).max()
        assert (high - low).max() <= 4 * (reach + min(away, 11 * reach) + max(largest, 1.0)), "not blown up"


@pytest.mark.parametrize("rates", [(0.1,), (0.1, 0.01)])
@pytest.mark.parametrize("steps", [25, 60, 1000, 4000])
def test_a_saddle_falls_without_end_and_its_picture_does_not(rates, steps):
    result = ss.race(ss.Saddle(), [ss.SGD(lr=lr) for lr in rates], steps=steps)
    window = window_around(list(result.runs))
    assert np.abs(window).max() < 1e10
    if steps <= 60:
        assert all(inside(window, run.history.x) >= 0.9 for run in result.runs)
    ss.draw.race(result).canvas.draw()


def test_a_run_that_diverges_is_clipped_to_the_others():
    bowl = ss.Quadratic([1.0, 20.0])
    calm, wild = (ss.minimize(bowl, ss.SGD(lr=lr), x0=[-5.0, -2.0], steps=400) for lr in (0.05, 0.3))
    alone, both = np.array(window_around([calm])), np.array(window_around([calm, wild]))
    assert np.abs(wild.history.x[np.isfinite(wild.history.x)]).max() > 1e30
    assert np.ptp(both, axis=1).max() <= 2.5 * np.ptp(alone, axis=1).max()
    assert (both[:, 0] <= alone[:, 0] + 1e-9).all()
    assert (both[:, 1] >= alone[:, 1] - 1e-9).all()


@pytest.mark.parametrize("factor", [1.01, 1.2, 3.0, 1e5, 1e200])
def test_a_lone_run_that_diverges_shows_how_it_begins(factor):
    steep = own(lambda x: -0.5 * float(x @ x), [1.0, 0.0], lambda x: -x)
    run = ss.minimize(steep, ss.SGD(lr=factor - 1), steps=3000)
    window = window_around([run])
    assert 0.1 < np.ptp(window[0]) < 1e8
    assert inside(window, run.history.x[:1]) == 1
    ss.draw.race(ss.race(steep, [ss.SGD(lr=factor - 1)], steps=3000)).canvas.draw()


def test_a_stated_domain_is_the_window_and_holds_the_path():
    def booth(**facts):
        return own(
            lambda x: (x[0] + 2 * x[1] - 7) ** 2 + (2 * x[0] + x[1] - 5) ** 2,
            [-5.0, 5.0],
            lambda x: np.array([10 * x[0] + 8 * x[1] - 34, 8 * x[0] + 10 * x[1] - 38]),
            **facts,
        )

    run = ss.minimize(booth(domain=(-10, 10)), ss.SGD(lr=0.05), steps=100)
    assert window_around([run]) == [(-10.0, 10.0), (-10.0, 10.0)]
    narrow = ss.minimize(booth(domain=((0.0, 0.0), (1.0, 1.0))), ss.SGD(lr=0.05), steps=100)
    assert inside(window_around([narrow]), narrow.history.x) == 1


def test_one_stray_point_does_not_widen_the_window():
    run = ss.minimize(ss.Quadratic(), ss.SGD(lr=0.05), steps=100)
    calm = np.array(window_around([run]))
    run.history.x.flags.writeable = True
    run.history.x[50] = (1e9, -1e9)
    np.testing.assert_allclose(window_around([run]), calm)


def test_paths_fill_a_good_part_of_the_picture_beside_a_run_that_leaves():
    bowl = ss.Quadratic([1.0, 20.0])
    calm, wild = (ss.minimize(bowl, ss.SGD(lr=lr), x0=[-5.0, -2.0], steps=300) for lr in (2 / 21, 0.105))
    window = np.array(window_around([calm, wild]))
    assert (np.ptp(calm.history.x, axis=0) >= 0.45 * np.ptp(window, axis=1)).all()


def test_a_function_without_a_value_is_masked():
    problem = own(lambda x: math.log(x[0]) + x[1] ** 2, [1.0, 1.0])
    values = values_on(problem, np.array([[-1.0, 0.0], [1.0, 2.0]]))
    assert np.isnan(values[0])
    assert values[1] == 4.0


def test_a_minimum_that_is_told_wrong_makes_no_negative_height():
    assert heights(np.array([-3.0, 1.0]), 0.0).tolist() == [0.0, 4.0]
    assert heights(np.array([-3.0, 1.0]), -5.0).tolist() == [2.0, 6.0]
