"""Curved landscapes: valleys, wells and waves."""

from itertools import pairwise
from typing import Any, ClassVar

import numpy as np

from problems.problem import Problem, as_dim
from stepsize.base.arithmetic import cos, join, parts, sin

__all__ = ["CosineWave", "Rosenbrock"]


class CosineWave(Problem):
    r"""A wave that grows with the distance: one poor and one good minimum beside each other.

    .. math:: f(x) = x \cos(0.15\,\pi x)

    From x0 = 10 with lr = 2 gradient descent jumps into the poor minimum at -1.8257 (f = -1.1907) and stays,
    although the good one at 7.2694 (f = -6.9781) is nearer to the start. The function has no lower bound far
    out; minimum and minimizer are those of the interval [-10, 10].

    References
    ----------
    Zhang et al., "Dive into Deep Learning", section 12.3.1, "Local minima".

    Examples
    --------
    >>> round(float(CosineWave().fun(np.array([7.2694]))), 4)
    -6.9781
    """

    source = "Dive into Deep Learning, section 12.3.1"
    components = True
    x0 = (10.0,)
    domain = (-10.0, 10.0)
    formula = "x cos(0.15 pi x)"
    # Stationary where cot(w x) = w x; this is the root between pi and 3 pi / 2.
    minimizers = ((3.425618459481728 / (0.15 * np.pi),),)
    minimum = -6.9781408310704744
    checkpoint = ((10.0,), 0.0)

    def fun(self, x: Any) -> Any:
        """Return x cos(w x), w = 0.15 pi."""
        w = 0.15 * np.pi
        (a,) = parts(x)
        return a * cos(w * a)

    def grad(self, x: Any) -> Any:
        """Return cos(w x) - w x sin(w x)."""
        w = 0.15 * np.pi
        (a,) = parts(x)
        return join(cos(w * a) - w * a * sin(w * a))

    def hess(self, x: Any) -> Any:
        """Return -2 w sin(w x) - w^2 x cos(w x)."""
        w = 0.15 * np.pi
        return (-2 * w * np.sin(w * x) - w * w * x * np.cos(w * x))[..., None]


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

    dim: int = 2
    source = "Rosenbrock 1960; Moré, Garbow and Hillstrom 1981, problem 1"
    components = True
    minimum = 0.0
    domain = (-2.0, 2.0)
    demo: ClassVar = {"dim": 4}

    def check(self) -> None:
        """Refuse fewer than two dimensions."""
        as_dim(self.dim, 2)

    @property
    def x0(self) -> Any:
        """(-1.2, 1), repeated."""
        return ((-1.2, 1.0) * self.dim)[: self.dim]

    @property
    def minimizers(self) -> Any:
        """All ones; from four dimensions on there is also a local minimum near (-1, 1, ..., 1)."""
        return ((1.0,) * self.dim,)

    @property
    def checkpoint(self) -> Any:
        """24.2 at (-1.2, 1), the value that the collection of 1981 prints."""
        return ((-1.2, 1.0), 24.2) if self.dim == 2 else None

    @property
    def formula(self) -> str:
        """The polynomial in two dimensions."""
        return "100 (x2 - x1^2)^2 + (1 - x1)^2" if self.dim == 2 else f"Rosenbrock, d = {self.dim}"

    def fun(self, x: Any) -> Any:
        """Return the sum of 100 (b - a^2)^2 + (1 - a)^2 over neighbours a, b."""
        p = parts(x)
        total: Any = 0.0
        for a, b in pairwise(p):
            valley, slope = b - a * a, 1 - a
            total = total + (100.0 * (valley * valley) + slope * slope)
        return total

    def residuals(self, x: Any) -> Any:
        """Return the numbers whose squares f is the sum of: 10 (b - a^2) of all pairs, then 1 - a."""
        a, b = x[..., :-1], x[..., 1:]
        return np.concatenate([10.0 * (b - a * a), 1 - a], axis=-1)

    def jacobian(self, x: Any) -> Any:
        """Return the derivatives of the residuals."""
        first, second = np.eye(self.dim)[:-1], np.eye(self.dim)[1:]
        valleys = 10.0 * second - 20.0 * x[..., :-1, None] * first
        return np.concatenate([valleys, np.broadcast_to(-first, valleys.shape)], axis=-2)

    def grad(self, x: Any) -> Any:
        """Return the gradient, pair by pair."""
        p = parts(x)
        g: list[Any] = [0.0] * len(p)
        for i, (a, b) in enumerate(pairwise(p)):
            valley = 200.0 * (b - a * a)
            g[i] = g[i] - 2.0 * a * valley - 2.0 * (1 - a)
            g[i + 1] = valley
        return join(*g)

    def hess(self, x: Any) -> Any:
        """Return the tridiagonal matrix of second derivatives."""
        H = np.zeros((*x.shape, x.shape[-1]))
        i = np.arange(x.shape[-1] - 1)
        a, b = x[..., :-1], x[..., 1:]
        H[..., i, i] = 1200 * a * a - 400 * b + 2
        H[..., i + 1, i + 1] += 200
        H[..., i, i + 1] = H[..., i + 1, i] = -400 * a
        return H
