"""A convex landscape that is steeper on one side than on the other."""

from typing import Any

import numpy as np

from problems.problem import Problem, symmetric
from stepsize.core.elementwise import exp, join, parts

__all__ = ["SkewedBowl"]


class SkewedBowl(Problem):
    """An exponential against a line, beside a parabola: exp(a) - a + b^2.

    Examples
    --------
    >>> float(SkewedBowl().fun(np.zeros(2)))
    1.0
    """

    source = "made up, to be added"
    components = True
    x0 = (1.0, 1.0)
    domain = ((-2.0, -2.0), (2.0, 2.0))
    minimizers = ((0.0, 0.0),)
    minimum = 1.0
    checkpoint = ((0.0, 2.0), 5.0)
    formula = "exp(a) - a + b^2"

    def fun(self, x: Any) -> Any:
        a, b = parts(x)
        return exp(a) - a + b * b

    def grad(self, x: Any) -> Any:
        a, b = parts(x)
        return join(exp(a) - 1.0, 2.0 * b)

    def hess(self, x: Any) -> Any:
        a, _ = parts(x)
        return symmetric(np.exp(a), 0.0 * a, 2.0 + 0.0 * a)
