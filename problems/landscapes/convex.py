"""Non-quadratic smooth convex functions: their curvature changes on the way."""

from typing import Any, ClassVar

import numpy as np

from problems.problem import Dim, Numbers, Problem, diagonal, symmetric
from stepsize.core.elementwise import cosh, exp, join, parts, sinh, sqrt
from stepsize.core.limits.ranges import PositiveFloat

__all__ = ["BoydExponential", "HyperbolicCosine", "Quartic", "RootBowl"]


class BoydExponential(Problem):
    r"""Boyd and Vandenberghe's example of three exponentials.

    .. math:: f(a, b) = e^{a + 3b - 0.1} + e^{a - 3b - 0.1} + e^{-a - 0.1}

    The minimum is 2 sqrt(2) exp(-0.1) at (-ln(2)/2, 0), where the condition number is 4.5. The book does not
    print its start; (-1, 1) is ours.

    References
    ----------
    Boyd and Vandenberghe, "Convex Optimization", Cambridge 2004, eq. 9.20.

    Examples
    --------
    >>> round(float(BoydExponential().fun(np.array([0.0, 0.0]))), 6)
    2.714512
    """

    source = "Boyd and Vandenberghe 2004, eq. 9.20"
    components = True
    x0 = (-1.0, 1.0)
    domain = ((-2.0, -1.0), (1.0, 1.0))
    minimizers = ((-float(np.log(2)) / 2, 0.0),)
    minimum = float(2 * np.sqrt(2) * np.exp(-0.1))
    checkpoint = ((0.0, 0.0), float(3 * np.exp(-0.1)))
    formula = "exp(a + 3b - 0.1) + exp(a - 3b - 0.1) + exp(-a - 0.1)"

    @staticmethod
    def _exponentials(x: Any) -> tuple[Any, Any, Any]:
        a, b = parts(x)
        return exp(a + 3 * b - 0.1), exp(a - 3 * b - 0.1), exp(-a - 0.1)

    def fun(self, x: Numbers) -> Numbers:
        p, q, r = self._exponentials(x)
        return p + q + r

    def grad(self, x: Numbers) -> Numbers:
        p, q, r = self._exponentials(x)
        return join(p + q - r, 3.0 * (p - q))

    def hess(self, x: Numbers) -> Numbers:
        p, q, r = self._exponentials(x)
        return symmetric(p + q + r, 3 * (p - q), 9 * (p + q))


class Quartic(Problem):
    r"""The fourth power: so flat at the bottom that no constant rate gives linear convergence.

    .. math:: f(x) = x^4

    With rate eta the iterate falls like 1/sqrt(8 eta k); Newton's method shrinks it by 2/3 a step.

    References
    ----------
    Nocedal and Wright, "Numerical Optimization", Springer 2006, on singular minimizers.

    Examples
    --------
    >>> float(Quartic().fun(np.array([2.0])))
    16.0
    """

    source = "Nocedal and Wright 2006"
    components = True
    x0 = (1.0,)
    domain = (-1.5, 1.5)
    minimizers = ((0.0,),)
    minimum = 0.0
    checkpoint = ((2.0,), 16.0)
    formula = "x^4"

    def fun(self, x: Numbers) -> Numbers:
        (a,) = parts(x)
        aa = a * a
        return aa * aa

    def grad(self, x: Numbers) -> Numbers:
        (a,) = parts(x)
        return join(4.0 * (a * a * a))

    def hess(self, x: Numbers) -> Numbers:
        return (12 * x * x)[..., None]


class HyperbolicCosine(Problem):
    r"""The hyperbolic cosine, steep far out and a parabola at the bottom.

    .. math:: f(x) = \cosh(cx)

    Newton's method walks in from afar in steps of 1/c and then converges at once.

    Parameters
    ----------
    frequency : float
        c.

    References
    ----------
    Zhang et al., "Dive into Deep Learning", section 12.3.3.

    Examples
    --------
    >>> float(HyperbolicCosine().fun(np.array([0.0])))
    1.0
    """

    frequency: PositiveFloat = 0.5
    source = "Dive into Deep Learning, section 12.3.3"
    components = True
    x0 = (10.0,)
    domain = (-10.0, 10.0)
    minimizers = ((0.0,),)
    minimum = 1.0

    @property
    def mu(self) -> float:
        return float(self.frequency * self.frequency)

    @property
    def checkpoint(self) -> Any:
        """5/4 where c x = ln 2."""
        return (float(np.log(2)) / self.frequency,), 1.25

    @property
    def formula(self) -> str:
        return f"cosh({self.frequency:g} x)"

    def fun(self, x: Numbers) -> Numbers:
        (a,) = parts(x)
        return cosh(self.frequency * a)

    def grad(self, x: Numbers) -> Numbers:
        (a,) = parts(x)
        return join(self.frequency * sinh(self.frequency * a))

    def hess(self, x: Numbers) -> Numbers:
        return (self.mu * np.cosh(self.frequency * x))[..., None]


class RootBowl(Problem):
    r"""A bowl that turns into a cone: pure Newton's method jumps from x to -x^3.

    .. math:: f(x) = \sum_i \sqrt{1 + x_i^2}

    From (10, 10) Newton's iterates explode, from (1, 1) they cycle, from inside they converge cubically.

    Parameters
    ----------
    dim : int
        Number of coordinates.

    References
    ----------
    Beck, "Introduction to Nonlinear Optimization", SIAM 2014, example 5.5.

    Examples
    --------
    >>> bowl, x = RootBowl(1), np.array([2.0])
    >>> (x - np.linalg.solve(bowl.hess(x), bowl.grad(x))).round(9).tolist()
    [-8.0]
    """

    dim: Dim = 2
    source = "Beck 2014, chapter 5"
    components = True
    domain = (-10.0, 10.0)
    L = 1.0
    mu = 0.0
    demo: ClassVar = {"dim": 3}

    @property
    def x0(self) -> tuple[float, ...]:
        return (10.0,) * self.dim

    @property
    def minimizers(self) -> tuple[tuple[float, ...], ...]:
        return ((0.0,) * self.dim,)

    @property
    def minimum(self) -> float:
        return float(self.dim)

    @property
    def checkpoint(self) -> Any:
        """5/4 a coordinate at 3/4."""
        return (0.75,) * self.dim, 1.25 * self.dim

    @property
    def formula(self) -> str:
        return f"sum of sqrt(1 + x^2), d = {self.dim}"

    def fun(self, x: Numbers) -> Numbers:
        total: Any = 0.0
        for a in parts(x):
            total = total + sqrt(1 + a * a)
        return total

    def grad(self, x: Numbers) -> Numbers:
        return join(*(a / sqrt(1 + a * a) for a in parts(x)))

    def hess(self, x: Numbers) -> Numbers:
        s = 1 + x * x
        return diagonal(1 / (s * np.sqrt(s)))
