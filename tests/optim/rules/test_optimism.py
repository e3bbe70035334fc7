"""Optimistic steps: what they are around a rule, where they converge, and the game they were made for."""

import numpy as np
import pytest

from optim import SGD, Adagrad, Adam, HeavyBall, Momentum, Optimistic, minimize
from problems import Parabola
from schedules import StrongWolfe
from tests.optim.rules.by_hand import same_path, steps


def test_without_the_change_it_is_the_rule_inside():
    same_path(Optimistic(Adam(0.01), beta=0.0), Adam(0.01))
    same_path(Optimistic(SGD(0.001), alpha=2.0, beta=0.0), SGD(0.002))


def test_the_change_of_the_direction_comes_on_top():
    """Gradients 3, 1, 1: 3, then 1 and half of -2, then 1."""
    rows, _ = steps(Optimistic(SGD(1.0), beta=0.5), [3.0, 1.0, 1.0])
    assert rows[:, 0].tolist() == [-3.0, -3.0, -4.0]


@pytest.mark.parametrize(("lr", "arrives"), [(0.66, True), (0.67, False)])
def test_on_a_parabola_it_converges_below_two_thirds_of_a_newton_step(lr, arrives):
    """z^2 - (1 - 2 h) z - h has its roots within the unit circle for h = lr L below 2/3."""
    run = minimize(Parabola(curvature=1.0, start=1.0), Optimistic(SGD(lr)), steps=3000)
    assert bool(abs(run.x[0]) < 1e-6) == arrives


def test_in_a_game_it_goes_in_where_gradient_descent_circles_outwards():
    """min over x, max over y of x y: the gradient that both descend on is (y, -x)."""
    ends = []
    for rule in (SGD(0.1), Optimistic(SGD(0.1))):
        x = np.array([1.0, 1.0])
        state = rule.init(x)
        for _ in range(1000):
            x, state = rule.step(x, np.array([x[1], -x[0]]), state)
        ends.append(np.hypot(*x))
    assert ends[0] == pytest.approx(np.sqrt(2) * (1 + 0.1**2) ** 500, rel=1e-9)
    assert ends[1] < 1e-1


def test_a_rule_whose_rate_is_inside_is_refused():
    with pytest.raises(ValueError, match=r"inner: got .*, expected a rule whose update is x - lr \* d"):
        Optimistic(HeavyBall(0.1))


def test_a_line_search_may_choose_the_rate():
    assert Optimistic(Momentum()).is_direction_rule
    assert minimize(Parabola(), Optimistic(SGD(lr=StrongWolfe())), steps=3).nit >= 1
    assert Optimistic(Adagrad()).slots == ("d_before", "inner/s")
