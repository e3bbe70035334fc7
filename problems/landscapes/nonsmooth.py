"""Convex functions whose slope has kinks: where a constant rate never settles, or a tuned one cycles."""

from typing import Any, ClassVar

import numpy as np

from problems.problem import Dim, Domain, Numbers, Problem
from stepsize.core.elementwise import join, minimum, parts, sign, where
from stepsize.core.limits.ranges import FiniteFloat, PositiveFloat

__all__ = ["AbsoluteValue", "Huber", "LessardQuadratic"]


class LessardQuadratic(Problem):
    r"""Lessard, Recht and Packard's piecewise quadratic, on which the heavy ball cycles forever.

    .. math:: f'(x) = \begin{cases} 25x & x < 1 \\ x + 24 & 1 \le x < 2 \\ 25x - 24 & x \ge 2 \end{cases}

    It is 25-smooth and 1-strongly convex, yet the heavy ball tuned for such quadratics, rate 1/9 and momentum
    4/9, goes from 3.3 into a cycle of three points. Gradient descent and Nesterov's method arrive.

    References
    ----------
    Lessard, Recht and Packard, "Analysis and design of optimization algorithms via integral quadratic
    constraints", SIAM J. Optim. 26 (2016), eq. 4.11.

    Examples
    --------
    >>> LessardQuadratic().grad(np.array([[0.5], [1.5], [3.0]])).ravel().tolist()
    [12.5, 25.5, 51.0]
    """

    source = "Lessard, Recht and Packard 2016, eq. 4.11"
    components = True
    smooth = False
    x0 = (3.3,)
    domain = (-4.0, 4.0)
    minimizers = ((0.0,),)
    minimum = 0.0
    L = 25.0
    mu = 1.0
    # The integral of the slope: 12.5 up to 1, from there to 2 another 25.5.
    checkpoint = ((2.0,), 38.0)
    formula = "25/2 x^2, with slope 1 instead of 25 between 1 and 2"

    def fun(self, x: Numbers) -> Numbers:
        (a,) = parts(x)
        outer = where(a < 1, 12.5 * (a * a), 12.5 * (a * a) - 24 * a + 36)
        return where((a >= 1) & (a < 2), 0.5 * (a * a) + 24 * a - 12, outer)

    def grad(self, x: Numbers) -> Numbers:
        (a,) = parts(x)
        return join(where(a < 1, 25 * a, where(a < 2, a + 24, 25 * a - 24)))

    def hess(self, x: Numbers) -> Numbers:
        return np.where((x >= 1) & (x < 2), 1.0, 25.0)[..., None]


class Huber(Problem):
    r"""Huber's function: a parabola that goes over into straight lines.

    .. math:: f(x) = c \begin{cases} x^2/2 & |x| \le \delta \\ \delta |x| - \delta^2/2 & |x| > \delta
        \end{cases}

    With delta = 1/(2N + 1) it is the worst smooth convex function for N steps of gradient descent at rate 1/L
    from 1: the gap left is exactly L/(4N + 2).

    Parameters
    ----------
    kink : float
        delta, positive.
    curvature : float
        c = L, positive.
    start : float
        x0.

    References
    ----------
    Huber, "Robust estimation of a location parameter", Ann. Math. Stat. 35 (1964). Drori and Teboulle,
    "Performance of first-order methods for smooth convex minimization", Math. Programming 145 (2014).

    Examples
    --------
    >>> Huber(kink=0.5).fun(np.array([[0.5], [2.0]])).tolist()
    [0.125, 0.875]
    """

    kink: PositiveFloat = 1.0
    curvature: PositiveFloat = 1.0
    start: FiniteFloat = 3.0
    source = "Huber 1964; Drori and Teboulle 2014"
    components = True
    smooth = False
    minimizers = ((0.0,),)
    minimum = 0.0
    mu = 0.0
    demo: ClassVar = {"kink": 0.5, "curvature": 3.0}

    @property
    def x0(self) -> tuple[float, ...]:
        return (float(self.start),)

    @property
    def L(self) -> float:
        return float(self.curvature)

    @property
    def domain(self) -> Domain:
        reach = 1.1 * max(abs(self.start), self.kink)
        return -reach, reach

    @property
    def checkpoint(self) -> Any:
        """At 2 delta: c delta^2 (2 - 1/2)."""
        return (2.0 * self.kink,), 1.5 * self.curvature * self.kink * self.kink

    @property
    def formula(self) -> str:
        return f"Huber, {self.curvature:g}/2 x^2 up to {self.kink:g}"

    def fun(self, x: Numbers) -> Numbers:
        (a,) = parts(x)
        size = abs(a)
        inside = minimum(size, float(self.kink))
        return self.curvature * inside * (size - 0.5 * inside)

    def grad(self, x: Numbers) -> Numbers:
        (a,) = parts(x)
        return join(self.curvature * sign(a) * minimum(abs(a), float(self.kink)))

    def hess(self, x: Numbers) -> Numbers:
        return np.where(np.abs(x) <= self.kink, float(self.curvature), 0.0)[..., None]


class AbsoluteValue(Problem):
    r"""The sum of absolute values: the slope never shrinks, so a constant rate never settles.

    .. math:: f(x) = \sum_i |x_i|

    At 0 the subgradient 0 is taken.

    Parameters
    ----------
    dim : int
        Number of coordinates.

    References
    ----------
    Shor, "Minimization Methods for Non-Differentiable Functions", Springer 1985.

    Examples
    --------
    >>> AbsoluteValue().grad(np.array([[-2.0], [0.0]])).ravel().tolist()
    [-1.0, 0.0]
    """

    dim: Dim = 1
    source = "Shor 1985"
    components = True
    smooth = False
    domain = (-1.5, 1.5)
    minimum = 0.0
    demo: ClassVar = {"dim": 2}

    @property
    def x0(self) -> tuple[float, ...]:
        return (1.0,) * self.dim

    @property
    def minimizers(self) -> tuple[tuple[float, ...], ...]:
        return ((0.0,) * self.dim,)

    @property
    def checkpoint(self) -> Any:
        """2 a coordinate at -2."""
        return (-2.0,) * self.dim, 2.0 * self.dim

    @property
    def formula(self) -> str:
        return "|x|" if self.dim == 1 else f"sum of |x|, d = {self.dim}"

    def fun(self, x: Numbers) -> Numbers:
        total: Any = 0.0
        for a in parts(x):
            total = total + abs(a)
        return total

    def grad(self, x: Numbers) -> Numbers:
        return join(*(sign(a) for a in parts(x)))

    def hess(self, x: Numbers) -> Numbers:
        return np.zeros((*x.shape, x.shape[-1]))
