"""Contours of any function, and the letters on the axes."""

import math

import numpy as np
import pytest

import stepsize as ss
from problems import Problem
from stepsize.draw.window import heights, levels_of, values_on
from tests.stepsize.draw.helpers import own


@pytest.mark.parametrize(
    "fun",
    [
        lambda x: x[0] + np.log(x[1]),
        lambda x: math.log(x[0]) + x[1] ** 2,
        lambda x: -(x[0] ** 2) - x[1] ** 2,
        lambda x: np.exp(40 * x[0]) + x[1] ** 2,
        lambda x: 1e300 * (x[0] ** 2 + x[1] ** 2),
        lambda x: 1e-300 * (x[0] ** 2 + x[1] ** 2),
        lambda x: np.nan * x[0],
        lambda x: 1.0 / x[0] + x[1],
        lambda x: -5.0 + 0.0 * x[0],
    ],
)
def test_contours_of_any_function_are_drawn_without_a_warning(fun):
    ax = ss.draw.contours(own(fun, [1.0, 1.0]))
    ax.figure.canvas.draw()
    x, y = np.meshgrid(np.linspace(-1, 3, 21), np.linspace(-1, 3, 21))
    values = values_on(own(fun, [1.0, 1.0]), np.stack([x, y], axis=-1))
    levels = levels_of(heights(values, None))
    above = heights(values, None).compressed()
    if len(above) and above.max() > above.min() and above.max() > 1e-200:
        assert len(ax.collections) == 2
        counts = np.histogram(above, np.concatenate([[0.0], levels]))[0]
        assert (counts[1:] > 0).sum() >= 4, "lines that lie apart"
    else:
        assert len(ax.collections) in (0, 1, 2)


@pytest.mark.parametrize(
    ("formula", "labels"),
    [
        ("x**2 + 3*y**2", ("$x$", "$y$")),
        ("x1**2 + x2**2", ("$x_{1}$", "$x_{2}$")),
        ("alpha**2 + beta_1**2", (r"$\alpha$", r"$\beta_{1}$")),
        ("theta**2", (r"$\theta$", r"$f(\theta)$")),
    ],
)
def test_the_axes_of_a_formula_carry_its_letters(formula, labels):
    problem = Problem.of(formula)
    ax = (ss.draw.landscape if problem.dim == 1 else ss.draw.contours)(problem)
    ax.figure.canvas.draw()
    assert (ax.get_xlabel(), ax.get_ylabel()) == labels
