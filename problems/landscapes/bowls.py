"""Bowls and troughs: one minimum each, more or less stretched."""

from typing import Any, ClassVar

import numpy as np

from problems.problem import Dim, Numbers, Problem, symmetric
from stepsize.core.elementwise import cos, join, parts, sin

__all__ = ["Booth", "Matyas", "McCormick", "Zakharov"]


class Booth(Problem):
    r"""Booth's function, a quadratic bowl off the origin.

    .. math:: f(a, b) = (a + 2b - 7)^2 + (2a + b - 5)^2

    Its Hessian has the eigenvalues 2 and 18.

    References
    ----------
    Jamil and Yang, "A literature survey of benchmark functions for global optimization problems" (2013),
    function 17.

    Examples
    --------
    >>> float(Booth().fun(np.array([0.0, 0.0])))
    74.0
    """

    source = "Jamil and Yang 2013, function 17"
    components = True
    x0 = (-5.0, -5.0)
    domain = (-10.0, 10.0)
    minimizers = ((1.0, 3.0),)
    minimum = 0.0
    L = 18.0
    mu = 2.0
    checkpoint = ((0.0, 0.0), 74.0)
    formula = "(a + 2b - 7)^2 + (2a + b - 5)^2"

    def fun(self, x: Numbers) -> Numbers:
        a, b = parts(x)
        r, s = a + 2 * b - 7, 2 * a + b - 5
        return r * r + s * s

    def grad(self, x: Numbers) -> Numbers:
        a, b = parts(x)
        r, s = 2.0 * (a + 2 * b - 7), 2.0 * (2 * a + b - 5)
        return join(r + 2.0 * s, 2.0 * r + s)

    def hess(self, x: Numbers) -> Numbers:
        return np.broadcast_to(symmetric(10.0, 8.0, 10.0), (*x.shape, 2))


class Matyas(Problem):
    r"""Matyas' function, a quadratic trough along a = b with condition number 25.

    .. math:: f(a, b) = 0.26\,(a^2 + b^2) - 0.48\,ab

    References
    ----------
    Jamil and Yang, "A literature survey of benchmark functions for global optimization problems" (2013),
    function 71.

    Examples
    --------
    >>> round(float(Matyas().fun(np.array([1.0, 1.0]))), 12)
    0.04
    """

    source = "Jamil and Yang 2013, function 71"
    components = True
    x0 = (-8.0, 4.0)
    domain = (-10.0, 10.0)
    minimizers = ((0.0, 0.0),)
    minimum = 0.0
    L = 1.0
    mu = 0.04
    checkpoint = ((1.0, 1.0), 0.04)
    formula = "0.26 (a^2 + b^2) - 0.48 ab"

    def fun(self, x: Numbers) -> Numbers:
        a, b = parts(x)
        return 0.26 * (a * a + b * b) - 0.48 * a * b

    def grad(self, x: Numbers) -> Numbers:
        a, b = parts(x)
        return join(0.52 * a - 0.48 * b, 0.52 * b - 0.48 * a)

    def hess(self, x: Numbers) -> Numbers:
        return np.broadcast_to(symmetric(0.52, -0.48, 0.52), (*x.shape, 2))


class McCormick(Problem):
    r"""McCormick's function: a tilted trough with a wave across it.

    .. math:: f(a, b) = \sin(a + b) + (a - b)^2 - 1.5a + 2.5b + 1

    It has no lower bound far out; minimum and minimizer are those of the domain, (1/2 - pi/3, -1/2 - pi/3)
    and -sqrt(3)/2 - pi/3.

    References
    ----------
    McCormick, "Computability of global solutions to factorable nonconvex programs", Math. Programming 10
    (1976); Adorio and Diliman (2005).

    Examples
    --------
    >>> round(float(McCormick().fun(np.array([-0.54719, -1.54719]))), 4)
    -1.9132
    """

    source = "McCormick 1976; Adorio and Diliman 2005"
    components = True
    x0 = (3.0, 3.0)
    domain = ((-1.5, -3.0), (4.0, 4.0))
    # 1/2 - pi/3 and -1/2 - pi/3, and -sqrt(3)/2 - pi/3: to the last digit.
    minimizers = ((-0.5471975511965977, -1.5471975511965979),)
    minimum = -1.9132229549810364
    checkpoint = ((-0.54719, -1.54719), -1.9133, 1e-4)
    formula = "sin(a + b) + (a - b)^2 - 1.5 a + 2.5 b + 1"
    # The waves add at most 2 along the trough, the square 4 across it.
    L = 4.0

    def fun(self, x: Numbers) -> Numbers:
        a, b = parts(x)
        across = a - b
        return sin(a + b) + across * across - 1.5 * a + 2.5 * b + 1

    def grad(self, x: Numbers) -> Numbers:
        a, b = parts(x)
        wave, across = cos(a + b), 2.0 * (a - b)
        return join(wave + across - 1.5, wave - across + 2.5)

    def hess(self, x: Numbers) -> Numbers:
        a, b = parts(x)
        wave = -np.sin(a + b)
        return symmetric(wave + 2, wave - 2, wave + 2)


class Zakharov(Problem):
    r"""Zakharov's function: a bowl with a steep fold of fourth order across it.

    .. math:: f(x) = \sum_i x_i^2 + s^2 + s^4, \qquad s = \tfrac12 \sum_i i\,x_i

    Parameters
    ----------
    dim : int
        d, at least 1.

    References
    ----------
    Jamil and Yang, "A literature survey of benchmark functions for global optimization problems" (2013),
    function 173.

    Examples
    --------
    At (1, 1) is s = 1.5: 2 + 2.25 + 5.0625.

    >>> float(Zakharov().fun(np.array([1.0, 1.0])))
    9.3125
    """

    dim: Dim = 2
    source = "Jamil and Yang 2013, function 173"
    components = True
    minimum = 0.0
    domain = (-5.0, 10.0)
    mu = 2.0
    demo: ClassVar = {"dim": 3}

    @property
    def x0(self) -> tuple[float, ...]:
        return (3.0,) * self.dim

    @property
    def minimizers(self) -> tuple[tuple[float, ...], ...]:
        return ((0.0,) * self.dim,)

    @property
    def checkpoint(self) -> Any:
        """At (2, 0, ..., 0) is s = 1, and f = 4 + 1 + 1."""
        return (2.0, *(0.0,) * (self.dim - 1)), 6.0

    @property
    def formula(self) -> str:
        return f"|x|^2 + s^2 + s^4, s = sum of i x_i / 2, d = {self.dim}"

    def fun(self, x: Numbers) -> Numbers:
        bowl: Any = 0.0
        s: Any = 0.0
        for i, a in enumerate(parts(x), 1):
            bowl, s = bowl + a * a, s + 0.5 * i * a
        ss = s * s
        return bowl + ss + ss * ss

    def grad(self, x: Numbers) -> Numbers:
        p = parts(x)
        s: Any = 0.0
        for i, a in enumerate(p, 1):
            s = s + 0.5 * i * a
        fold = s + 2.0 * (s * s * s)
        return join(*(2.0 * a + i * fold for i, a in enumerate(p, 1)))

    def hess(self, x: Numbers) -> Numbers:
        i = np.arange(1.0, x.shape[-1] + 1)
        s = 0.5 * (x * i).sum(axis=-1)
        return 2 * np.eye(len(i)) + (0.5 + 3 * s * s)[..., None, None] * np.outer(i, i)
