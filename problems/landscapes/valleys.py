"""Curved valleys of any length: finding them is easy, following them is not."""

from itertools import pairwise
from typing import Annotated, Any, ClassVar

import numpy as np

from problems.problem import Dim, Dimension, Numbers, Problem, symmetric
from stepsize.core.elementwise import join, parts

__all__ = ["DixonPrice", "GohBanana", "Rosenbrock"]


class Rosenbrock(Problem):
    r"""Rosenbrock's curved valley, in two or more dimensions.

    .. math:: f(x) = \sum_{i=1}^{d-1} 100\,(x_{i+1} - x_i^2)^2 + (1 - x_i)^2

    Finding the valley is easy, following it to (1, ..., 1) is not: the condition number there is 2508 in two
    dimensions.

    Parameters
    ----------
    dim : int
        d, at least 2.

    References
    ----------
    Rosenbrock, "An automatic method for finding the greatest or least value of a function", Computer Journal
    3 (1960). Start and value: Moré, Garbow and Hillstrom, ACM TOMS 7 (1981), problem 1.

    Examples
    --------
    >>> float(Rosenbrock().fun(np.array([-1.2, 1.0])))
    24.199999999999996
    >>> Rosenbrock().grad(np.array([-1.2, 1.0])).round(6).tolist()
    [-215.6, -88.0]
    """

    dim: Annotated[int, Dimension(2)] = 2
    source = "Rosenbrock 1960; Moré, Garbow and Hillstrom 1981, problem 1"
    components = True
    minimum = 0.0
    domain = (-2.0, 2.0)
    demo: ClassVar = {"dim": 4}

    @property
    def x0(self) -> tuple[float, ...]:
        """(-1.2, 1), repeated."""
        return ((-1.2, 1.0) * self.dim)[: self.dim]

    @property
    def minimizers(self) -> tuple[tuple[float, ...], ...]:
        """All ones; from four dimensions on there is also a local minimum near (-1, 1, ..., 1)."""
        return ((1.0,) * self.dim,)

    @property
    def checkpoint(self) -> Any:
        """24.2 at (-1.2, 1), the value that the collection of 1981 prints."""
        return ((-1.2, 1.0), 24.2) if self.dim == 2 else None

    @property
    def formula(self) -> str:
        return "100 (x2 - x1^2)^2 + (1 - x1)^2" if self.dim == 2 else f"Rosenbrock, d = {self.dim}"

    def fun(self, x: Numbers) -> Numbers:
        p = parts(x)
        total: Any = 0.0
        for a, b in pairwise(p):
            valley, slope = b - a * a, 1 - a
            total = total + (100.0 * (valley * valley) + slope * slope)
        return total

    def residuals(self, x: Numbers) -> Numbers:
        """Return the numbers whose squares f is the sum of: 10 (b - a^2) of all pairs, then 1 - a."""
        a, b = x[..., :-1], x[..., 1:]
        return np.concatenate([10.0 * (b - a * a), 1 - a], axis=-1)

    def jacobian(self, x: Numbers) -> Numbers:
        """Return the derivatives of the residuals."""
        first, second = np.eye(self.dim)[:-1], np.eye(self.dim)[1:]
        valleys = 10.0 * second - 20.0 * x[..., :-1, None] * first
        return np.concatenate([valleys, np.broadcast_to(-first, valleys.shape)], axis=-2)

    def grad(self, x: Numbers) -> Numbers:
        p = parts(x)
        g: list[Any] = [0.0] * len(p)
        for i, (a, b) in enumerate(pairwise(p)):
            valley = 200.0 * (b - a * a)
            g[i] = g[i] - 2.0 * a * valley - 2.0 * (1 - a)
            g[i + 1] = valley
        return join(*g)

    def hess(self, x: Numbers) -> Numbers:
        H = np.zeros((*x.shape, x.shape[-1]))
        i = np.arange(x.shape[-1] - 1)
        a, b = x[..., :-1], x[..., 1:]
        H[..., i, i] = 1200 * a * a - 400 * b + 2
        H[..., i + 1, i + 1] += 200
        H[..., i, i + 1] = H[..., i + 1, i] = -400 * a
        return H


class DixonPrice(Problem):
    r"""Dixon and Price's chain: each parameter is tied to the square of the next.

    .. math:: f(x) = (x_1 - 1)^2 + \sum_{i=2}^d i\,(2 x_i^2 - x_{i-1})^2

    Parameters
    ----------
    dim : int
        d, at least 1.

    References
    ----------
    Dixon and Price, "The truncated Newton method for sparse unconstrained optimisation using automatic
    differentiation", J. Optim. Theory Appl. 60 (1989).

    Examples
    --------
    From (1, 1): (1 - 1)^2 + 2 (2 - 1)^2.

    >>> float(DixonPrice().fun(np.array([1.0, 1.0])))
    2.0
    """

    dim: Dim = 2
    source = "Dixon and Price 1989"
    components = True
    minimum = 0.0
    domain = (-10.0, 10.0)
    demo: ClassVar = {"dim": 4}

    @property
    def x0(self) -> tuple[float, ...]:
        return (-1.0,) * self.dim

    @property
    def minimizers(self) -> tuple[tuple[float, ...], ...]:
        """x_i = 2^(2^(1-i) - 1), and the same with the last sign reversed."""
        point = tuple(2.0 ** (2.0 ** (1 - i) - 1) for i in range(1, self.dim + 1))
        return (point,) if self.dim == 1 else (point, (*point[:-1], -point[-1]))

    @property
    def checkpoint(self) -> Any:
        """At (1, ..., 1) every bracket is 1, and the sum 2 + 3 + ... + d."""
        return (1.0,) * self.dim, self.dim * (self.dim + 1) / 2 - 1.0

    @property
    def formula(self) -> str:
        return "(x1 - 1)^2 + 2 (2 x2^2 - x1)^2" if self.dim == 2 else f"Dixon-Price, d = {self.dim}"

    def fun(self, x: Numbers) -> Numbers:
        p = parts(x)
        first = p[0] - 1
        total = first * first
        for i, (a, b) in enumerate(pairwise(p), 2):
            r = 2 * b * b - a
            total = total + i * (r * r)
        return total

    def grad(self, x: Numbers) -> Numbers:
        p = parts(x)
        g: list[Any] = [0.0] * len(p)
        g[0] = 2.0 * (p[0] - 1)
        for i, (a, b) in enumerate(pairwise(p), 1):
            r = 2.0 * (i + 1) * (2 * b * b - a)
            g[i - 1] = g[i - 1] - r
            g[i] = 4.0 * b * r
        return join(*g)

    def hess(self, x: Numbers) -> Numbers:
        H = np.zeros((*x.shape, x.shape[-1]))
        H[..., 0, 0] = 2
        i = np.arange(1, x.shape[-1])
        a, b = x[..., :-1], x[..., 1:]
        H[..., i - 1, i - 1] += 2 * (i + 1)
        H[..., i, i] += 8 * (i + 1) * (6 * b * b - a)
        H[..., i - 1, i] = H[..., i, i - 1] = -8 * (i + 1) * b
        return H


class GohBanana(Problem):
    r"""The valley that heads Goh's article on momentum, a gentler Rosenbrock function.

    .. math:: f(a, b) = (1 - a)^2 + 20\,(3b - a^2)^2

    References
    ----------
    Goh, "Why momentum really works", Distill (2017), the figure at its head, and its start (-1.21, 0.853).

    Examples
    --------
    At the origin (1 - 0)^2 is left.

    >>> float(GohBanana().fun(np.array([0.0, 0.0])))
    1.0
    """

    source = "Goh, Why momentum really works, Distill 2017, header figure"
    components = True
    x0 = (-1.21, 0.853)
    domain = ((-2.0, -2 / 3), (2.0, 2 / 3 + 1.0))
    minimizers = ((1.0, 1 / 3),)
    minimum = 0.0
    checkpoint = ((0.0, 0.0), 1.0)
    formula = "(1 - a)^2 + 20 (3b - a^2)^2"

    def fun(self, x: Numbers) -> Numbers:
        a, b = parts(x)
        slope, valley = 1 - a, 3 * b - a * a
        return slope * slope + 20 * (valley * valley)

    def grad(self, x: Numbers) -> Numbers:
        a, b = parts(x)
        valley = 40.0 * (3 * b - a * a)
        return join(-2.0 * (1 - a) - 2.0 * a * valley, 3.0 * valley)

    def hess(self, x: Numbers) -> Numbers:
        a, b = parts(x)
        return symmetric(2 + 240 * a * a - 240 * b, -240 * a, 360.0)
