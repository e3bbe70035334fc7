"""Lines that can be computed by hand."""

from typing import Any

import numpy as np

from problems import Parabola, Problem
from schedules.linesearch.base import Line


def parabola(x=2.0, d=None, curvature=1.0):
    """x^2/2 from x along -g, or along -d."""
    x = np.array([float(x)])
    return Line(Parabola(curvature=curvature), x, curvature * x if d is None else np.array([float(d)]))


def falling(t):
    return -1.0


class Along(Problem, abstract=True):
    """A problem of one dimension made of two functions; the line is phi(alpha) = f(-alpha) from 0 along 1."""

    f: Any
    slope: Any
    x0 = (0.0,)

    def fun(self, x):
        return np.float64(self.f(-x[0]))

    def grad(self, x):
        return np.array([-self.slope(-x[0])])


def along(f, slope):
    return Line(Along(f, slope), np.zeros(1), np.ones(1))


def cubic(phi0, slope0, b, a):
    """phi0 + slope0 t + b t^2 + a t^3."""
    return along(
        lambda t: phi0 + slope0 * t + b * t * t + a * t * t * t, lambda t: slope0 + 2 * b * t + 3 * a * t * t
    )


def steps_of(line):
    """Where the line was looked at, in order, but for its start."""
    return [trial.alpha for trial in line.trials[1:]]


def looks(line):
    return len(line.trials) - 1
