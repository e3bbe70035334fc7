"""Gradient flow and the ball with friction, against their closed forms."""

from types import SimpleNamespace

import numpy as np
import pytest

import stepsize as ss
from stepsize.analysis.continuous_time import gradient_flow, inertia, momentum_flow, time_step

NOWHERE = SimpleNamespace(fun=lambda x: 0.5 * (x * x).sum(axis=-1), grad=lambda x: x)


def test_without_momentum_the_time_of_an_update_is_its_rate():
    """Euler's scheme for x' = -grad f."""
    assert time_step(0.01) == 0.01


def test_time_and_inertia_of_an_update():
    assert time_step(0.25, 0.75) == 1.0
    assert inertia(0.25, 0.75) == 4.0
    assert inertia(0.25, 0.0) == time_step(0.25, 0.0) == 0.25


@pytest.mark.parametrize("momentum", [-0.1, 1.0])
@pytest.mark.parametrize("number", [inertia, time_step])
def test_momentum_is_from_0_to_below_1(number, momentum):
    with pytest.raises(ValueError, match=f"momentum: got {momentum}, expected from 0 to below 1"):
        number(0.1, momentum)


def test_a_flow_along_two_curvatures():
    """Each coordinate falls by exp(-c t), from the time of the start on."""
    times = np.array([2.0, 2.5, 4.0])
    flow = gradient_flow(ss.Quadratic([1.0, 3.0]), times, [2.0, -1.0])
    right = np.stack([2.0 * np.exp(-(times - 2.0)), -np.exp(-3.0 * (times - 2.0))], axis=1)
    np.testing.assert_allclose(flow.x, right, rtol=0, atol=1e-9)
    np.testing.assert_allclose(flow.fun, 0.5 * right[:, 0] ** 2 + 1.5 * right[:, 1] ** 2, rtol=0, atol=1e-9)
    assert flow.t.tolist() == times.tolist()
    assert repr(flow).startswith("Flow(t=[2.0, 2.5, 4.0], x=[[2.0, -1.0], ")
    assert gradient_flow(ss.Quadratic([1.0, 3.0], start=[1.0, 1.0]), [0.0, 1.0]).x[0].tolist() == [1.0, 1.0]


def test_a_ball_along_two_curvatures():
    """With lambda = 1/4 curvature 1 is damped critically, and curvature 5 swings at a frequency of 4."""
    times = np.linspace(0.0, 2.0, 9)
    flow = momentum_flow(ss.Quadratic([1.0, 5.0]), 0.25, times, [3.0, 1.0])
    waves = np.exp(-2 * times) * (np.cos(4 * times) + 0.5 * np.sin(4 * times))
    right = np.stack([3.0 * (1 + 2 * times) * np.exp(-2 * times), waves], axis=1)
    np.testing.assert_allclose(flow.x, right, rtol=0, atol=1e-8)
    np.testing.assert_allclose(flow.fun, 0.5 * right[:, 0] ** 2 + 2.5 * right[:, 1] ** 2, rtol=0, atol=1e-7)


def test_flows_are_followed_to_nine_digits():
    """From where the fall is steep, and over a long time."""
    far = gradient_flow(ss.Parabola(200.0, start=1.0), [0.0, 0.05]).x[1, 0]
    assert far == pytest.approx(np.exp(-10.0), rel=1e-6, abs=0)
    long = gradient_flow(ss.Parabola(1.0, start=1e6), [0.0, 10.0]).x[1, 0]
    assert long == pytest.approx(1e6 * np.exp(-10.0), rel=1e-8, abs=0)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((ss.Parabola(), [0.0]), "times: got .*, expected increasing numbers"),
        ((ss.Parabola(), [0.0, 1.0, 1.0]), "times: got .*, expected increasing numbers"),
        ((ss.Parabola(), [[0.0, 1.0]]), "times: got .*, expected increasing numbers"),
        ((ss.Parabola(), [0.0, 1.0], [1.0, 2.0]), "x0: got .*, expected 1 numbers"),
        ((NOWHERE, [0.0, 1.0]), "x0: got None, expected a starting point"),
    ],
)
def test_bad_input_is_one_sentence(arguments, sentence):
    for flow in (gradient_flow, lambda problem, *rest: momentum_flow(problem, 0.5, *rest)):
        with pytest.raises(ValueError, match=sentence):
            flow(*arguments)


@pytest.mark.parametrize("mass", [0.0, -1.0])
def test_a_ball_has_a_mass(mass):
    with pytest.raises(ValueError, match=r"inertia: got .*, expected a positive number"):
        momentum_flow(ss.Parabola(), mass, [0.0, 1.0])


def test_a_problem_without_a_start_of_its_own_takes_any():
    flow = gradient_flow(NOWHERE, [0.0, 1.0], [1.0, 2.0, 4.0])
    np.testing.assert_allclose(flow.x[1], np.exp(-1.0) * np.array([1.0, 2.0, 4.0]), rtol=1e-8)
