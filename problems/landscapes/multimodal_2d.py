"""Hills and several minima in the plane: small polynomials and waves that every textbook draws."""

from typing import Any

import numpy as np

from problems.problem import Numbers, Problem, symmetric
from stepsize.core.elementwise import cos, join, parts, sin

__all__ = ["Branin", "GoldsteinPrice", "Himmelblau", "SixHumpCamel", "ThreeHumpCamel"]


class Himmelblau(Problem):
    r"""Himmelblau's function: four equal minima around a hill.

    .. math:: f(a, b) = (a^2 + b - 11)^2 + (a + b^2 - 7)^2

    Which of the four a run finds depends on the start, the rate and the momentum.

    References
    ----------
    Himmelblau, "Applied Nonlinear Programming", McGraw-Hill 1972.

    Examples
    --------
    >>> float(Himmelblau().fun(np.array([0.0, 0.0])))
    170.0
    """

    source = "Himmelblau 1972"
    components = True
    x0 = (0.0, 0.0)
    domain = (-5.0, 5.0)
    minimizers = (
        (3.0, 2.0),
        (-2.805118086952745, 3.131312518250573),
        (-3.779310253377747, -3.2831859912861696),
        (3.5844283403304917, -1.8481265269644036),
    )
    minimum = 0.0
    checkpoint = ((0.0, 0.0), 170.0)
    formula = "(a^2 + b - 11)^2 + (a + b^2 - 7)^2"

    def fun(self, x: Numbers) -> Numbers:
        a, b = parts(x)
        u, v = a * a + b - 11, a + b * b - 7
        return u * u + v * v

    def grad(self, x: Numbers) -> Numbers:
        a, b = parts(x)
        u, v = 2.0 * (a * a + b - 11), 2.0 * (a + b * b - 7)
        return join(2.0 * a * u + v, u + 2.0 * b * v)

    def hess(self, x: Numbers) -> Numbers:
        a, b = parts(x)
        return symmetric(12 * a * a + 4 * b - 42, 4 * (a + b), 12 * b * b + 4 * a - 26)


class ThreeHumpCamel(Problem):
    r"""The three-hump camel: one good minimum between two poor ones.

    .. math:: f(a, b) = 2a^2 - 1.05a^4 + a^6/6 + ab + b^2

    References
    ----------
    Dixon and Szegö, "Towards Global Optimisation", 1975; Jamil and Yang (2013), function 23.

    Examples
    --------
    >>> round(float(ThreeHumpCamel().fun(np.array([1.0, 0.0]))), 12)
    1.116666666667
    """

    source = "Dixon and Szegö 1975; Jamil and Yang 2013, function 23"
    components = True
    x0 = (-4.0, 3.0)
    domain = (-5.0, 5.0)
    minimizers = ((0.0, 0.0),)
    minimum = 0.0
    # One of the two poor minima, as printed.
    checkpoint = ((1.747552345, -0.873776172), 0.298638442, 1e-9)
    formula = "2 a^2 - 1.05 a^4 + a^6/6 + ab + b^2"

    def fun(self, x: Numbers) -> Numbers:
        a, b = parts(x)
        aa = a * a
        return aa * (2 - aa * (1.05 - aa / 6)) + a * b + b * b

    def grad(self, x: Numbers) -> Numbers:
        a, b = parts(x)
        aa = a * a
        return join(a * (4.0 - aa * (4.2 - aa)) + b, a + 2.0 * b)

    def hess(self, x: Numbers) -> Numbers:
        a, _ = parts(x)
        aa = a * a
        return symmetric(4 - aa * (12.6 - 5 * aa), 1.0, 2.0)


class SixHumpCamel(Problem):
    r"""The six-hump camel: six minima in three pairs, one pair of them lowest.

    .. math:: f(a, b) = (4 - 2.1a^2 + a^4/3)\,a^2 + ab + (4b^2 - 4)\,b^2

    References
    ----------
    Dixon and Szegö, "The global optimization problem: an introduction", in "Towards Global Optimisation 2",
    1978.

    Examples
    --------
    >>> round(float(SixHumpCamel().fun(np.array([0.0898, -0.7126]))), 6)
    -1.031628
    """

    source = "Dixon and Szegö 1978"
    components = True
    x0 = (-1.5, 1.0)
    domain = ((-3.0, -2.0), (3.0, 2.0))
    minimizers = ((0.08984201310031806, -0.7126564030207396), (-0.08984201310031806, 0.7126564030207396))
    minimum = -1.0316284534898774
    checkpoint = ((0.0898, -0.7126), -1.0316, 5e-5)
    formula = "(4 - 2.1 a^2 + a^4/3) a^2 + ab + (4 b^2 - 4) b^2"

    def fun(self, x: Numbers) -> Numbers:
        a, b = parts(x)
        aa, bb = a * a, b * b
        return aa * (4 - aa * (2.1 - aa / 3)) + a * b + (4 * bb - 4) * bb

    def grad(self, x: Numbers) -> Numbers:
        a, b = parts(x)
        aa = a * a
        return join(a * (8.0 - aa * (8.4 - 2.0 * aa)) + b, a + b * (16.0 * b * b - 8.0))

    def hess(self, x: Numbers) -> Numbers:
        a, b = parts(x)
        aa = a * a
        return symmetric(8 - aa * (25.2 - 10 * aa), 1.0, 48 * b * b - 8)


class GoldsteinPrice(Problem):
    r"""Goldstein and Price's polynomial: values from 3 to a million within two units.

    .. math:: f(a, b) = \bigl(1 + (s + 1)^2 (3s^2 - 14s + 19)\bigr) \bigl(30 + t^2 (3t^2 - 16t + 18)\bigr),
        \qquad s = a + b,\quad t = 2a - 3b

    The source writes the brackets out in a and b; they depend on s and on t alone.

    References
    ----------
    Goldstein and Price, "On descent from local minima", Math. Comp. 25 (1971). Its poor minima, 30, 84 and
    840: Dixon and Szegö, "Towards Global Optimisation 2", 1978.

    Examples
    --------
    >>> [round(float(GoldsteinPrice().fun(np.array(p)))) for p in ([0, -1], [-0.6, -0.4], [1.8, 0.2])]
    [3, 30, 84]
    """

    source = "Goldstein and Price 1971"
    components = True
    x0 = (-1.5, 1.5)
    domain = (-2.0, 2.0)
    minimizers = ((0.0, -1.0),)
    minimum = 3.0
    checkpoint = ((1.2, 0.8), 840.0)
    formula = "(1 + (s+1)^2 (3s^2 - 14s + 19)) (30 + t^2 (3t^2 - 16t + 18)), s = a + b, t = 2a - 3b"

    @staticmethod
    def _factors(a: Any, b: Any) -> tuple[Any, Any, Any, Any, Any, Any]:
        """Return s and t, the two factors and their derivatives."""
        s, t = a + b, 2 * a - 3 * b
        q = s + 1
        A = 1 + q * q * (3 * s * s - 14 * s + 19)
        B = 30 + t * t * (3 * t * t - 16 * t + 18)
        return s, t, A, B, 12.0 * q * (s - 1) * (s - 2), 12.0 * t * (t - 1) * (t - 3)

    def fun(self, x: Numbers) -> Numbers:
        a, b = parts(x)
        _, _, A, B, _, _ = self._factors(a, b)
        return A * B

    def grad(self, x: Numbers) -> Numbers:
        a, b = parts(x)
        _, _, A, B, dA, dB = self._factors(a, b)
        return join(dA * B + 2.0 * A * dB, dA * B - 3.0 * A * dB)

    def hess(self, x: Numbers) -> Numbers:
        a, b = parts(x)
        s, t, A, B, dA, dB = self._factors(a, b)
        AB, dAdB, BA = 12 * (3 * s * s - 4 * s - 1) * B, dA * dB, 12 * (3 * t * t - 8 * t + 3) * A
        return symmetric(AB + 4 * dAdB + 4 * BA, AB - dAdB - 6 * BA, AB - 6 * dAdB + 9 * BA)


class Branin(Problem):
    r"""Branin's function: three equal minima on a parabola.

    .. math:: f(a, b) = \Bigl(b - \frac{5.1}{4\pi^2} a^2 + \frac5\pi a - 6\Bigr)^2
        + 10 \Bigl(1 - \frac1{8\pi}\Bigr) \cos a + 10

    The minimum, 10/(8 pi), lies where the square vanishes and the cosine is -1.

    References
    ----------
    Branin, "Widely convergent method for finding multiple solutions of simultaneous nonlinear equations", IBM
    J. Res. Dev. 16 (1972); Dixon and Szegö, "Towards Global Optimisation 2", 1978.

    Examples
    --------
    >>> round(float(Branin().fun(np.array([np.pi, 2.275]))), 6)
    0.397887
    """

    source = "Branin 1972; Dixon and Szegö 1978"
    components = True
    x0 = (2.0, 12.0)
    domain = ((-5.0, 0.0), (10.0, 15.0))
    minimizers = ((-np.pi, 12.275), (np.pi, 2.275), (3 * np.pi, 2.475))
    minimum = 0.3978873577297383  # 5/(4 pi), to the last digit
    checkpoint = ((0.0, 0.0), 56 - 10 / (8 * np.pi))
    formula = "(b - 5.1 a^2/(4 pi^2) + 5 a/pi - 6)^2 + 10 (1 - 1/(8 pi)) cos a + 10"

    @staticmethod
    def _bend(a: Any, b: Any) -> tuple[Any, Any]:
        """Return the distance from the parabola, and how it changes with a."""
        c, d = 5.1 / (4 * np.pi * np.pi), 5 / np.pi
        return b - c * a * a + d * a - 6, d - 2 * c * a

    def fun(self, x: Numbers) -> Numbers:
        a, b = parts(x)
        u, _ = self._bend(a, b)
        return u * u + (10 - 10 / (8 * np.pi)) * cos(a) + 10

    def grad(self, x: Numbers) -> Numbers:
        a, b = parts(x)
        u, slope = self._bend(a, b)
        return join(2.0 * u * slope - (10 - 10 / (8 * np.pi)) * sin(a), 2.0 * u)

    def hess(self, x: Numbers) -> Numbers:
        a, b = parts(x)
        u, slope = self._bend(a, b)
        c = 5.1 / (4 * np.pi * np.pi)
        along_a = 2 * slope * slope - 4 * c * u - (10 - 10 / (8 * np.pi)) * np.cos(a)
        return symmetric(along_a, 2 * slope, 2.0)
