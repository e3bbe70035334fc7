"""Functions with kinks are the worst cases that their sources name."""

import pytest

import stepsize as ss


def test_the_heavy_ball_cycles_on_lessards_piecewise_quadratic():
    """Lessard, Recht and Packard 2016: rate 1/9, momentum 4/9, from 3.3: 792/1225, -2208/1225, 2592/1225."""
    problem = ss.LessardQuadratic()
    run = ss.minimize(problem, ss.Momentum(lr=1 / 9, momentum=4 / 9), steps=300)
    assert sorted(run.history.x[-3:, 0]) == pytest.approx([-2208 / 1225, 792 / 1225, 2592 / 1225], abs=1e-9)
    for optimizer in (ss.SGD(lr=1 / 25), ss.Nesterov(lr=1 / 25, momentum=2 / 3)):
        assert abs(ss.minimize(problem, optimizer, steps=600).x[0]) < 1e-9


def test_huber_is_the_worst_case_of_gradient_descent():
    """Drori and Teboulle 2014: with the kink at 1/(2N + 1), N steps of 1/L leave L/(4N + 2): .166667."""
    problem = ss.Huber(kink=1 / 9, curvature=3.0, start=1.0)
    run = ss.minimize(problem, ss.SGD(lr=1 / 3), steps=4)
    assert run.fun == pytest.approx(3 / 18, rel=1e-12)
