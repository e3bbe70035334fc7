"""Values worked out by hand, at points where waves are at their tops, terms vanish and pieces meet."""

import math

import numpy as np
import pytest

import problems as ps

SIN_1 = math.sin(1) ** 2

BY_HAND = [
    # w = 1 + (x - 1)/4. Whole w leave sin^2(1) of the inner waves, and nothing of the last one.
    (ps.Levy(3), (5.0, 5.0, 1.0), 2 + 20 * SIN_1),
    # w3 = 5/4: a sixteenth, twice, for sin^2(5 pi/2) = 1; w1 = 1/2: 1, and (1 + 10 sin^2(pi/2 + 1))/4.
    (ps.Levy(3), (1.0, 1.0, 2.0), 1 / 8),
    (ps.Levy(3), (-1.0, 1.0, 1.0), 1 + (1 + 10 * (1 - SIN_1)) / 4),
    # w = 5/4 and 1: sin^2(5 pi/4) = 1/2, and a sixteenth of 1 + 10 sin^2(5 pi/4 + 1) = 1 + 5 (1 + sin 2).
    (ps.Levy(2), (2.0, 1.0), 1 / 2 + (6 + 5 * math.sin(2)) / 16),
    # theta is half a turn left of the axis, a quarter on it, none to the right.
    (ps.HelicalValley(), (-1.0, 0.0, 5.0), 25.0),
    (ps.HelicalValley(), (-1.0, 0.0, 0.0), 2500.0),
    (ps.HelicalValley(), (0.5, 0.0, 0.0), 25.0),
    # The integral of the slope: 25 x up to 1, from there x + 24 up to 2, then 25 x - 24.
    (ps.LessardQuadratic(), (1.0,), 12.5),
    (ps.LessardQuadratic(), (1.5,), 12.5 + 0.625 + 12.0),
    (ps.LessardQuadratic(), (2.0,), 38.0),
    (ps.LessardQuadratic(), (3.0,), 38.0 + 62.5 - 24.0),
    (ps.Parabola(3.0, minimizer=2.0), (4.0,), 6.0),
    (ps.Quadratic([3.0, 0.5], minimizer=[1.0, -2.0], minimum_value=7.0), (2.0, 2.0), 7 + 1.5 + 4.0),
    (ps.Huber(kink=0.5, curvature=4.0), (0.25,), 0.125),
    (ps.Huber(kink=0.5, curvature=4.0), (-2.0,), 3.5),
]


@pytest.mark.parametrize(("problem", "point", "value"), BY_HAND, ids=str)
def test_the_value_is_the_one_by_hand(problem, point, value):
    assert problem.fun(np.array(point)) == pytest.approx(value, rel=1e-14)


SLOPES = [
    (ps.Parabola(3.0, minimizer=2.0), [4.0], [6.0]),
    (ps.Quadratic([3.0, 0.5], minimizer=[1.0, -2.0]), [2.0, 2.0], [3.0, 2.0]),
    (ps.Quadratic([[3.0, 1.0], [1.0, 2.0]], minimizer=[1.0, -2.0]), [2.0, 2.0], [7.0, 9.0]),
    (ps.LessardQuadratic(), [1.0], [25.0]),
    (ps.LessardQuadratic(), [2.0], [26.0]),
    (ps.Ackley(2), [0.0, 0.0], [0.0, 0.0]),
]


@pytest.mark.parametrize(("problem", "point", "slope"), SLOPES, ids=str)
def test_the_slope_is_the_one_by_hand_for_arrays_and_for_lists(problem, point, slope):
    assert problem.grad(np.array(point)).tolist() == slope
    if problem.components:
        assert list(problem.grad(point)) == slope


def test_pieces_are_closed_on_the_side_that_their_sources_print():
    """Lessard et al., eq. 4.11: x + 24 where 1 <= x < 2. Huber: the parabola where |x| <= delta."""
    at = np.array([[1.0], [2.0]])
    assert ps.LessardQuadratic().hess(at).ravel().tolist() == [1.0, 25.0]
    assert ps.Huber(kink=0.5).hess(np.array([[0.5], [-0.5], [0.6]])).ravel().tolist() == [1.0, 1.0, 0.0]


def test_the_helix_turns_by_half_a_turn_across_the_left_half_plane_and_by_none_across_the_right():
    """Moré, Garbow and Hillstrom: theta = arctan(b/a)/(2 pi), and half a turn more where a < 0, not at 0."""
    quarter = ps.HelicalValley().fun(np.array([1e-300, 1.0, 2.5]))
    assert quarter == pytest.approx(6.25, rel=1e-12)
    three_quarters = ps.HelicalValley().fun(np.array([-1e-300, -1.0, 7.5]))
    assert three_quarters == pytest.approx(56.25, rel=1e-12)
    with np.errstate(divide="ignore"):
        assert ps.HelicalValley().fun(np.array([0.0, 1.0, 2.5])) == pytest.approx(6.25, rel=1e-12)


def test_ackleys_curvature_is_a_number_even_at_the_tip():
    assert np.isfinite(ps.Ackley(3).hess(np.zeros((2, 3)))).all()


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"hessian": [[1.0, 2.0]]}, "hessian: got "),
        ({"hessian": []}, "hessian: got "),
        ({"hessian": [[[1.0]]]}, "hessian: got "),
        ({"hessian": [[1.0, 2.0], [0.0, 1.0]]}, "expected a symmetric matrix"),
        ({"hessian": [[1.0, 0.0], [0.0, 1.0]], "rotation": 0.1}, "expected None when hessian is a matrix"),
        ({"hessian": [1.0, 2.0], "minimizer": [1.0]}, "minimizer: got .* expected 2 numbers"),
        ({"hessian": [1.0, 2.0], "start": [1.0, 2.0, 3.0]}, "start: got .* expected 2 numbers"),
        ({"hessian": [1.0, 2.0], "rotation": [[1.0, 1.0], [0.0, 1.0]]}, "expected an angle in two dim"),
        ({"hessian": [1.0, 2.0], "rotation": np.eye(3)}, "expected an angle in two dim"),
        ({"hessian": [1.0, 2.0], "rotation": "left"}, "expected an angle or an orthogonal matrix"),
        ({"hessian": "round"}, r"hessian: got the str 'round', expected d eigenvalues, such as \[1"),
    ],
)
def test_a_quadratic_that_is_none_is_refused(arguments, problem):
    with pytest.raises((TypeError, ValueError), match=problem):
        ps.Quadratic(**arguments)


def test_a_quadratic_may_have_one_eigenvalue():
    assert ps.Quadratic([4.0]).L == 4.0
    assert ps.Quadratic([[4.0]]).L == 4.0
