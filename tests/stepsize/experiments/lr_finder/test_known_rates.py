"""The finder against closed forms: the best rate for a budget, edges, floors of rounding."""

import itertools

import numpy as np
import pytest

import stepsize as ss
from problems import Scaled
from stepsize.analysis.traces import traces_of
from stepsize.core.display import counted
from stepsize.experiments.lr_finder.restart_search import marks_of
from tests.stepsize.experiments.lr_finder.known_rates import (
    BUDGETS,
    best_of_grid,
    bowl,
    line,
    modes,
    problems,
    speeds,
)


@pytest.fixture
def short(monkeypatch):
    """Look at no more updates than the budget: only the edge of the long run needs more."""
    monkeypatch.setattr("stepsize.experiments.lr_finder.find_lr.LONG", 0)


CASES = list(zip(problems(), itertools.cycle(BUDGETS), strict=False))


@pytest.mark.parametrize(("case", "steps"), CASES, ids=[f"{case[0]}, {n} updates" for case, n in CASES])
def test_the_best_rate_is_the_known_one(case, steps, short):
    """Where the slowest mode decides 2/(L + mu) to 5 %, else 90 % of the progress of a dense grid."""
    _, problem, floor = case
    rate, speed, known = best_of_grid(problem, steps, floor)
    found = ss.find_lr(problem, ss.SGD, steps).best
    if abs(rate / known - 1) < 0.02:
        assert found == pytest.approx(known, rel=0.05)
    else:
        assert speeds(problem, np.array([found]), steps, floor)[0] >= 0.9 * speed


@pytest.mark.parametrize("steps", [5, 50, 1000])
@pytest.mark.parametrize(("noise", "scale"), [(0.01, 1000.0), (0.1, 100.0), (10.0, 1.0)])
def test_a_standardised_line_is_solved_in_one_update(noise, scale, steps):
    found = ss.find_lr(line(noise, scale), ss.SGD, steps)
    assert found.best == pytest.approx(0.5, rel=0.01)
    assert "in 1 update;" in str(found)


def test_what_many_rates_solve_within_the_budget_is_said():
    """After n updates (1 - 2 lr)^2n of the gap is left, which is at the floor from 2 rates on, inwards."""
    problem = line(1.0, 10.0)
    found = ss.find_lr(problem, ss.SGD, 50)
    gap = modes(problem)[1].sum()
    floor = 16 * np.finfo(float).eps * np.square(problem.y).mean()
    left = (floor / gap) ** (1 / 100)
    # The scan has four rates a decade, the surroundings of the best 32.
    assert found.solved == pytest.approx(((1 - left) / 2, (1 + left) / 2), rel=0.08)
    low, high = found.solved
    assert (1 - 2 * low) ** 100 * gap <= floor >= (1 - 2 * high) ** 100 * gap
    assert ss.find_lr(bowl(10), ss.SGD, 20).solved is None


@pytest.mark.parametrize("lr", [0.1, 0.3, 0.7, 0.9])
def test_when_a_run_settles_is_told_between_two_updates(lr):
    """The gap is 2 (1 - lr)^2n: it meets the floor at a fraction that its logarithm gives."""
    problem = ss.Quadratic([1.0], start=[2.0], minimum_value=1000.0)
    floor = 16 * np.finfo(float).eps * 1000.0
    marks = marks_of(traces_of(ss.minimize(problem, ss.SGD(lr=lr), steps=200)), problem)
    known = np.log(floor / 2) / (2 * np.log(1 - lr if lr < 1 else lr - 1))
    # The last gap above the floor is rounded at up to a sixteenth of it.
    assert marks.settled[0] == pytest.approx(known, abs=0.1 / abs(np.log(1 - lr)))
    assert marks.speed[0] == pytest.approx(-2 * np.log(1 - lr), rel=0.01)
    assert marks.floor[0] == floor


def test_the_speed_of_a_run_that_has_not_settled_is_that_of_its_decay():
    """Exactly, although the largest error of the last tenth counts: also its time does."""
    run = ss.minimize(ss.Quadratic([1.0], start=[2.0]), ss.SGD(lr=np.array([[0.05], [0.3]])), steps=100)
    marks = marks_of(traces_of(run), run.problem)
    np.testing.assert_allclose(marks.speed, -2 * np.log([0.95, 0.7]), rtol=1e-12)
    np.testing.assert_allclose(marks.error, 2 * np.array([0.95, 0.7]) ** (2 * 91), rtol=1e-9)
    assert np.isinf(marks.settled).all()
    assert marks.jitter.max() < 1e-9, "a straight line"
    run = ss.minimize(ss.Quadratic([1.0]), ss.SGD(lr=np.array([[1e30], [0.5]])), steps=100)
    lost = marks_of(traces_of(run), run.problem)
    assert lost.error[0] == lost.rise[0] == np.inf
    assert lost.speed[0] == lost.mean_speed[0] == -np.inf


@pytest.mark.parametrize("steps", [1, 7, 60])
def test_the_edge_of_a_budget_is_where_the_closed_form_meets_its_start(steps):
    problem = bowl(10)
    eigenvalues, energy = modes(problem)
    low, high = 1.9, 8.0
    for _ in range(60):
        middle = (low + high) / 2
        grows = (energy * (1 - middle * eigenvalues) ** (2 * steps)).sum() > energy.sum()
        low, high = (low, middle) if grows else (middle, high)
    found = ss.find_lr(problem, ss.SGD, steps)
    assert found.budget_edge == pytest.approx(low, rel=2e-4)
    assert found.edge == pytest.approx(2.0, rel=1e-3)
    assert found.edge_steps == 2000
    assert f"after {counted(steps, 'update')} from {low:.3g}" in str(found)


@pytest.mark.parametrize("steps", [20, 200])
def test_the_ends_of_the_band_are_ninety_per_cent_as_fast_and_no_more(steps):
    problem = bowl(30)
    found = ss.find_lr(problem, ss.SGD, steps)
    # The largest gap of the last tenth is that at its beginning.
    until = steps + 1 - (steps + 1) // 10
    rates = np.array([found.best, found.low, found.high, 0.99 * found.low, 1.01 * found.high])
    best, low, high, below, above = speeds(problem, rates, until, 0.0)
    assert min(low, high) >= 0.9 * best
    assert max(low, high) < 0.91 * best
    assert max(below, above) < 0.9 * best


def units(c=1.0, b=0.0, u=1.0, known=True):
    """c q(u x) + b, q a bowl of condition 40."""
    H, center = np.array([1.0, 3.0, 40.0]), np.array([1.0, -2.0, 3.0])
    return ss.Problem.of(
        lambda x: c * 0.5 * (H * (u * x - center) ** 2).sum() + b,
        lambda x: c * u * H * (u * x - center),
        x0=(np.full(3, 4.0) / u).tolist(),
        **({"minimum": b} if known else {}),
    )


@pytest.mark.parametrize(
    "change", [{"c": 1e-10}, {"c": 3.0}, {"c": 1e10}, {"u": 1e-6}, {"u": 7.0}, {"b": 100.0}]
)
def test_units_decide_nothing(change):
    plain, other = (ss.find_lr(units(**arguments), ss.SGD, 30) for arguments in ({}, change))
    factor = change.get("c", 1.0) * change.get("u", 1.0) ** 2
    for name in ("best", "low", "high", "edge", "budget_edge"):
        assert factor * getattr(other, name) == pytest.approx(getattr(plain, name), rel=1e-3)


@pytest.mark.parametrize("size", [1e-8, 1.0, 1e8])
def test_a_rule_whose_rate_is_a_length_goes_with_x_and_not_with_the_loss(size):
    plain, wide = ss.find_lr(units(), ss.SignSGD, 30), ss.find_lr(units(u=1 / size), ss.SignSGD, 30)
    steep = ss.find_lr(units(c=size), ss.SignSGD, 30)
    assert wide.best / size == pytest.approx(plain.best, rel=1e-3)
    assert steep.best == pytest.approx(plain.best, rel=1e-3)


def test_an_unknown_minimum_changes_little():
    known, unknown = ss.find_lr(units(), ss.SGD, 400), ss.find_lr(units(known=False), ss.SGD, 400)
    assert unknown.best == pytest.approx(known.best, rel=0.01)
    assert unknown.edge == pytest.approx(known.edge, rel=1e-3)


def test_rounding_is_learnt_from_gaps_below_zero_where_nobody_tells(short):
    """A fit from outside says nothing of its targets, but its gaps turn negative."""
    inside = line(0.01, 1000.0)
    outside = ss.Problem.of(inside.fun, inside.grad, x0=[0.0, 0.0], minimum=inside.minimum)
    for steps in (5, 300):
        assert ss.find_lr(outside, ss.SGD, steps).best == pytest.approx(0.5, rel=0.01)


def test_what_is_summed_is_told_by_the_problems_that_cancel():
    A, y = np.array([[1.0], [2.0]]), np.array([3.0, 5.0])
    assert ss.LeastSquares(A, y, intercept=False).summed == pytest.approx(0.5 * max(17.0, (2.6**2 * 5) / 2))
    assert ss.LeastSquares(A, y, half=False).summed == pytest.approx(17.0)
    assert ss.Quadratic([1.0, -1.0], minimum_value=-7.0).summed == 7.0
    assert Scaled(ss.Quadratic([1.0], minimum_value=-7.0), value=3.0).summed == 21.0
    cancer, iris = ss.BreastCancer(), ss.Iris()
    assert 0.01 < cancer.summed < 10.0
    assert 0.01 < iris.summed < 10.0
    assert ss.Rosenbrock().summed is None
