"""Hard cases of the classic collection by Moré, Garbow and Hillstrom."""

from typing import Any

import numpy as np

from problems.problem import Numbers, Problem, symmetric
from stepsize.core.elementwise import arctan, join, parts, sqrt, where

__all__ = ["Beale", "BrownBadlyScaled", "HelicalValley", "PowellSingular", "Wood"]


class Beale(Problem):
    r"""Beale's function: a plateau with steep walls, and one narrow valley.

    .. math:: f(a, b) = \sum_{i=1}^3 \bigl(y_i - a\,(1 - b^i)\bigr)^2, \qquad y = (1.5,\ 2.25,\ 2.625)

    The backdrop of the best-known animation of optimizers.

    References
    ----------
    Beale, "On an iterative method of finding a local minimum of a function of more than one variable", 1958.
    Start and value: Moré, Garbow and Hillstrom, ACM TOMS 7 (1981), problem 5.

    Examples
    --------
    >>> float(Beale().fun(np.array([1.0, 1.0]))), Beale().grad(np.array([1.0, 1.0])).tolist()
    (14.203125, [0.0, 27.75])
    """

    source = "Beale 1958; Moré, Garbow and Hillstrom 1981, problem 5"
    components = True
    x0 = (1.0, 1.0)
    domain = (-4.5, 4.5)
    minimizers = ((3.0, 0.5),)
    minimum = 0.0
    checkpoint = ((1.0, 1.0), 14.203125)
    formula = "(1.5 - a + ab)^2 + (2.25 - a + ab^2)^2 + (2.625 - a + ab^3)^2"

    @staticmethod
    def _residuals(a: Any, b: Any) -> tuple[Any, Any, Any]:
        bb = b * b
        return 1.5 - a * (1 - b), 2.25 - a * (1 - bb), 2.625 - a * (1 - bb * b)

    def fun(self, x: Numbers) -> Numbers:
        a, b = parts(x)
        r1, r2, r3 = self._residuals(a, b)
        return r1 * r1 + r2 * r2 + r3 * r3

    def grad(self, x: Numbers) -> Numbers:
        a, b = parts(x)
        r1, r2, r3 = self._residuals(a, b)
        bb = b * b
        along_a = 2.0 * (r1 * (b - 1) + r2 * (bb - 1) + r3 * (bb * b - 1))
        along_b = 2.0 * a * (r1 + 2.0 * r2 * b + 3.0 * r3 * bb)
        return join(along_a, along_b)

    def hess(self, x: Numbers) -> Numbers:
        a, b = parts(x)
        r1, r2, r3 = self._residuals(a, b)
        bb = b * b
        u, v, w = b - 1, bb - 1, bb * b - 1
        cross = 2 * (r1 + a * u + 2 * b * (r2 + a * v) + 3 * bb * (r3 + a * w))
        along_b = 2 * (a * a * (1 + 4 * bb + 9 * bb * bb) + a * (2 * r2 + 6 * b * r3))
        return symmetric(2 * (u * u + v * v + w * w), cross, along_b)


class BrownBadlyScaled(Problem):
    r"""Brown's badly scaled function: one parameter counts in millions, the other in millionths.

    .. math:: f(a, b) = (a - 10^6)^2 + (b - 2\cdot10^{-6})^2 + (ab - 2)^2

    At the minimizer the curvatures differ by a factor of 10^12: no single learning rate serves both.

    References
    ----------
    Moré, Garbow and Hillstrom, "Testing unconstrained optimization software", ACM TOMS 7 (1981), problem 4.

    Examples
    --------
    >>> float(BrownBadlyScaled().fun(np.array([1.0, 1.0])))
    999998000003.0
    """

    source = "Brown; Moré, Garbow and Hillstrom 1981, problem 4"
    components = True
    x0 = (1.0, 1.0)
    domain = ((0.0, 0.0), (1.2e6, 1.2))
    minimizers = ((1e6, 2e-6),)
    minimum = 0.0
    # (1 - 10^6)^2 + (1 - 2*10^-6)^2 + 1
    checkpoint = ((1.0, 1.0), 999998000003.0, 1e-3)
    formula = "(a - 10^6)^2 + (b - 2*10^-6)^2 + (ab - 2)^2"

    def fun(self, x: Numbers) -> Numbers:
        a, b = parts(x)
        u, v, w = a - 1e6, b - 2e-6, a * b - 2
        return u * u + v * v + w * w

    def grad(self, x: Numbers) -> Numbers:
        a, b = parts(x)
        w = a * b - 2
        return join(2.0 * (a - 1e6 + b * w), 2.0 * (b - 2e-6 + a * w))

    def hess(self, x: Numbers) -> Numbers:
        a, b = parts(x)
        return symmetric(2 + 2 * b * b, 4 * a * b - 4, 2 + 2 * a * a)


class HelicalValley(Problem):
    r"""A valley that winds around the third axis like a spiral staircase.

    .. math:: f(a, b, c) = 100 \bigl( (c - 10\,\theta)^2 + (r - 1)^2 \bigr) + c^2

    with r the distance of (a, b) from the axis and theta its angle in turns, from -1/4 to 3/4: across the
    half plane a = 0, b < 0 the function jumps.

    References
    ----------
    Fletcher and Powell, "A rapidly convergent descent method for minimization", Computer Journal 6 (1963).
    Start and value: Moré, Garbow and Hillstrom, ACM TOMS 7 (1981), problem 7.

    Examples
    --------
    >>> float(HelicalValley().fun(np.array([-1.0, 0.0, 0.0])))
    2500.0
    """

    source = "Fletcher and Powell 1963; Moré, Garbow and Hillstrom 1981, problem 7"
    components = True
    x0 = (-1.0, 0.0, 0.0)
    domain = (-2.0, 2.0)
    minimizers = ((1.0, 0.0, 0.0),)
    minimum = 0.0
    checkpoint = ((-1.0, 0.0, 0.0), 2500.0)
    formula = "100 ((c - 10 theta)^2 + (r - 1)^2) + c^2"

    @staticmethod
    def _turns_and_radius(a: Any, b: Any) -> tuple[Any, Any]:
        theta = arctan(b / a) / (2 * np.pi) + where(a < 0, 0.5, 0.0)
        return theta, sqrt(a * a + b * b)

    def fun(self, x: Numbers) -> Numbers:
        a, b, c = parts(x)
        theta, r = self._turns_and_radius(a, b)
        u, v = c - 10 * theta, r - 1
        return 100.0 * (u * u + v * v) + c * c

    def grad(self, x: Numbers) -> Numbers:
        a, b, c = parts(x)
        theta, r = self._turns_and_radius(a, b)
        u, v = 200.0 * (c - 10 * theta), 200.0 * (r - 1)
        turning = 10.0 / (2 * np.pi * r * r)
        return join(u * turning * b + v * a / r, v * b / r - u * turning * a, u + 2.0 * c)

    def hess(self, x: Numbers) -> Numbers:
        a, b, c = parts(x)
        theta, r = self._turns_and_radius(a, b)
        u, v = 200 * (c - 10 * theta), 200 * (r - 1)
        rr = r * r
        k = 10 / (2 * np.pi * rr)
        ua, ub = k * b, -k * a  # of c - 10 theta
        va, vb = a / r, b / r  # of r - 1
        uaa, uab = -2 * k * a * b / rr, k * (a * a - b * b) / rr
        vaa, vab, vbb = vb * vb / r, -va * vb / r, va * va / r
        return symmetric(
            200 * (ua * ua + va * va) + u * uaa + v * vaa,
            200 * (ua * ub + va * vb) + u * uab + v * vab,
            200 * ua,
            200 * (ub * ub + vb * vb) - u * uaa + v * vbb,
            200 * ub,
            202.0,
        )


class PowellSingular(Problem):
    r"""Powell's function, whose Hessian is singular at the minimizer.

    .. math:: f(a, b, c, d) = (a + 10 b)^2 + 5 (c - d)^2 + (b - 2c)^4 + 10 (a - d)^4

    Along two directions it is as flat as a fourth power, so that even Newton's method only crawls.

    References
    ----------
    Powell, "An iterative method for finding stationary values of a function of several variables", Computer
    Journal 5 (1962). Start and value: Moré, Garbow and Hillstrom, ACM TOMS 7 (1981), problem 13.

    Examples
    --------
    >>> float(PowellSingular().fun(np.array([3.0, -1.0, 0.0, 1.0])))
    215.0
    """

    source = "Powell 1962; Moré, Garbow and Hillstrom 1981, problem 13"
    components = True
    x0 = (3.0, -1.0, 0.0, 1.0)
    domain = (-4.0, 5.0)
    minimizers = ((0.0, 0.0, 0.0, 0.0),)
    minimum = 0.0
    checkpoint = ((3.0, -1.0, 0.0, 1.0), 215.0)
    formula = "(a + 10b)^2 + 5 (c - d)^2 + (b - 2c)^4 + 10 (a - d)^4"

    def fun(self, x: Numbers) -> Numbers:
        a, b, c, d = parts(x)
        r, s, t, u = a + 10 * b, c - d, b - 2 * c, a - d
        tt, uu = t * t, u * u
        return r * r + 5 * (s * s) + tt * tt + 10 * (uu * uu)

    def grad(self, x: Numbers) -> Numbers:
        a, b, c, d = parts(x)
        r, s, t, u = a + 10 * b, c - d, b - 2 * c, a - d
        t3, u3 = 4.0 * (t * t * t), 40.0 * (u * u * u)
        return join(2.0 * r + u3, 20.0 * r + t3, 10.0 * s - 2.0 * t3, -10.0 * s - u3)

    def hess(self, x: Numbers) -> Numbers:
        a, b, c, d = parts(x)
        t, u = b - 2 * c, a - d
        tt, uu = 12 * t * t, 120 * u * u
        return symmetric(
            2 + uu, 20.0, 0.0, -uu,
            200 + tt, -2 * tt, 0.0,
            10 + 4 * tt, -10.0,
            10 + uu,
        )  # fmt: skip


class Wood(Problem):
    r"""Wood's function (Colville's problem 4): two of Rosenbrock's valleys, tied together.

    .. math:: f = 100(b - a^2)^2 + (1 - a)^2 + 90(d - c^2)^2 + (1 - c)^2 + 10(b + d - 2)^2 + 0.1(b - d)^2

    A flat saddle near (-1, 1, -1, 1), where f is about 7.88, delays many methods.

    References
    ----------
    Colville, "A comparative study of nonlinear programming codes", 1968. Start and value: Moré, Garbow and
    Hillstrom, ACM TOMS 7 (1981), problem 14.

    Examples
    --------
    >>> float(Wood().fun(np.array([-3.0, -1.0, -3.0, -1.0])))
    19192.0
    """

    source = "Colville 1968; Moré, Garbow and Hillstrom 1981, problem 14"
    components = True
    x0 = (-3.0, -1.0, -3.0, -1.0)
    domain = (-10.0, 10.0)
    minimizers = ((1.0, 1.0, 1.0, 1.0),)
    minimum = 0.0
    checkpoint = ((-3.0, -1.0, -3.0, -1.0), 19192.0)
    formula = "100 (b - a^2)^2 + (1 - a)^2 + 90 (d - c^2)^2 + (1 - c)^2 + 10 (b + d - 2)^2 + (b - d)^2/10"

    def fun(self, x: Numbers) -> Numbers:
        a, b, c, d = parts(x)
        r, s = b - a * a, d - c * c
        u, v, w, z = 1 - a, 1 - c, b + d - 2, b - d
        return 100 * (r * r) + u * u + 90 * (s * s) + v * v + 10 * (w * w) + 0.1 * (z * z)

    def grad(self, x: Numbers) -> Numbers:
        a, b, c, d = parts(x)
        r, s = 200.0 * (b - a * a), 180.0 * (d - c * c)
        w, z = 20.0 * (b + d - 2), 0.2 * (b - d)
        return join(-2.0 * a * r - 2.0 * (1 - a), r + w + z, -2.0 * c * s - 2.0 * (1 - c), s + w - z)

    def hess(self, x: Numbers) -> Numbers:
        a, b, c, d = parts(x)
        return symmetric(
            1200 * a * a - 400 * b + 2, -400 * a, 0.0, 0.0,
            220.2, 0.0, 19.8,
            1080 * c * c - 360 * d + 2, -360 * c,
            200.2,
        )  # fmt: skip
