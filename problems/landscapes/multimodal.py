"""Landscapes of many minima: where a run ends depends on where it starts and how far it steps."""

from typing import Any, ClassVar

import numpy as np

from problems.problem import Dim, Numbers, Problem, diagonal, symmetric
from stepsize.core.elementwise import cos, exp, join, parts, sin, sqrt, where

__all__ = ["Ackley", "CosineWave", "Griewank", "TwoWells"]

_TURN = 2 * np.pi


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
    # Stationary where cot(w x) = w x; this is the root with w x between pi and 3 pi / 2.
    minimizers = ((7.269388146311475,),)
    minimum = -6.9781408310704744
    checkpoint = ((10.0,), 0.0)

    def fun(self, x: Numbers) -> Numbers:
        w = 0.15 * np.pi
        (a,) = parts(x)
        return a * cos(w * a)

    def grad(self, x: Numbers) -> Numbers:
        w = 0.15 * np.pi
        (a,) = parts(x)
        return join(cos(w * a) - w * a * sin(w * a))

    def hess(self, x: Numbers) -> Numbers:
        w = 0.15 * np.pi
        return (-2 * w * np.sin(w * x) - w * w * x * np.cos(w * x))[..., None]


class TwoWells(Problem):
    r"""A shallow well before a deep one: the ball that rolls on finds the better minimum.

    .. math:: f(a, b) = a^2 + z^2 - 2 e^{-((a-1)^2 + z^2)/0.2} - 6 e^{-((a+1)^2 + z^2)/0.2}, \qquad z = 1.4\,b

    From (1.5, 1.5) gradient descent falls into the shallow well at (0.905, 0), f = -1.0927; momentum 0.9
    with rate 0.01 rolls through it into the deep one, f = -5.0323.

    References
    ----------
    The surface "local minimum" of gradient_descent_viz by Lili Jiang (2019), formula from its code.

    Examples
    --------
    At the origin the two wells give -8 exp(-5).

    >>> round(float(TwoWells().fun(np.array([0.0, 0.0]))), 12)
    -0.053903575993
    """

    source = "Jiang, gradient_descent_viz (2019), surface 'local minimum'"
    components = True
    x0 = (1.5, 1.5)
    domain = (-2.0, 2.0)
    minimizers = ((-0.9675774464554597, 0.0),)
    minimum = -5.032339968658435
    checkpoint = ((0.0, 0.0), -8 * np.exp(-5.0))
    formula = "a^2 + z^2 - 2 exp(-((a-1)^2 + z^2)/0.2) - 6 exp(-((a+1)^2 + z^2)/0.2), z = 1.4 b"

    @staticmethod
    def _wells(a: Any, z: Any) -> tuple[Any, Any]:
        u, v, zz = a - 1, a + 1, z * z
        return 2 * exp(-5.0 * (u * u + zz)), 6 * exp(-5.0 * (v * v + zz))

    def fun(self, x: Numbers) -> Numbers:
        a, b = parts(x)
        z = 1.4 * b
        shallow, deep = self._wells(a, z)
        return a * a + z * z - shallow - deep

    def grad(self, x: Numbers) -> Numbers:
        a, b = parts(x)
        z = 1.4 * b
        shallow, deep = self._wells(a, z)
        along_a = 2.0 * a + 10.0 * ((a - 1) * shallow + (a + 1) * deep)
        return join(along_a, 1.4 * (2.0 * z + 10.0 * z * (shallow + deep)))

    def hess(self, x: Numbers) -> Numbers:
        a, b = parts(x)
        z = 1.4 * b
        shallow, deep = self._wells(a, z)
        both, u, v = shallow + deep, a - 1, a + 1
        along_a = 2 + 10 * both - 100 * (u * u * shallow + v * v * deep)
        cross = -100 * z * (u * shallow + v * deep)
        return symmetric(along_a, 1.4 * cross, 1.96 * (2 + 10 * both - 100 * z * z * both))


class Ackley(Problem):
    r"""Ackley's function: a nearly flat plain of small dents around one deep funnel.

    .. math:: f(x) = 20 + e - 20\, e^{-0.2\, r} - e^{\frac1d \sum_i \cos 2\pi x_i}, \qquad
        r = \sqrt{\tfrac1d \sum_i x_i^2}

    At the minimizer there is a tip: the slope does not vanish on the way to it, so that a constant rate never
    settles.

    Parameters
    ----------
    dim : int
        d, at least 1.

    References
    ----------
    Ackley, "A connectionist machine for genetic hillclimbing", 1987; Jamil and Yang, "A literature survey of
    benchmark functions for global optimization problems" (2013), function 1.

    Examples
    --------
    At whole numbers the cosines are 1: (1, 1) gives 20 - 20 exp(-0.2).

    >>> round(float(Ackley().fun(np.array([1.0, 1.0]))), 6)
    3.625385
    """

    dim: Dim = 2
    source = "Ackley 1987; Jamil and Yang 2013, function 1"
    components = True
    smooth = False
    minimum = 0.0
    domain = (-32.768, 32.768)
    demo: ClassVar = {"dim": 3}

    @property
    def x0(self) -> tuple[float, ...]:
        """(2.5, 1.5), repeated."""
        return ((2.5, 1.5) * self.dim)[: self.dim]

    @property
    def minimizers(self) -> tuple[tuple[float, ...], ...]:
        return ((0.0,) * self.dim,)

    @property
    def checkpoint(self) -> Any:
        """20 - 20 exp(-0.2) at (1, ..., 1)."""
        return (1.0,) * self.dim, 20 - 20 * np.exp(-0.2)

    @property
    def formula(self) -> str:
        return f"Ackley, d = {self.dim}"

    def _terms(self, p: Any) -> tuple[Any, Any, Any]:
        squares: Any = 0.0
        waves: Any = 0.0
        for a in p:
            squares = squares + a * a
            waves = waves + cos(_TURN * a)
        r = sqrt(squares / len(p))
        return r, 20 * exp(-0.2 * r), exp(waves / len(p))

    def fun(self, x: Numbers) -> Numbers:
        _, funnel, dents = self._terms(parts(x))
        return (20 - funnel) + (np.e - dents)

    def grad(self, x: Numbers) -> Numbers:
        """Return the gradient; 0 at the tip."""
        p = parts(x)
        r, funnel, dents = self._terms(p)
        pull = 0.2 * funnel / (len(p) * where(r > 0, r, 1.0))
        return join(*(pull * a + _TURN / len(p) * sin(_TURN * a) * dents for a in p))

    def hess(self, x: Numbers) -> Numbers:
        """Return the matrix of second derivatives, which grows without bound towards the tip."""
        d = x.shape[-1]
        r, funnel, dents = (term[..., None] for term in self._terms(parts(x)))
        r = np.where(r > 0, r, 1.0)
        slope = _TURN / d * np.sin(_TURN * x)
        pull = 0.2 * funnel / (d * r)
        curvature = -pull * (0.2 + 1 / r) / (d * r)
        outer = (curvature * x)[..., :, None] * x[..., None, :]
        waves = (dents * slope)[..., :, None] * slope[..., None, :]
        return outer - waves + diagonal(pull + _TURN * _TURN / d * np.cos(_TURN * x) * dents)


class Griewank(Problem):
    r"""Griewank's function: a wide bowl under a regular ripple.

    .. math:: f(x) = 1 + \sum_i \frac{x_i^2}{4000} - \prod_i \cos\frac{x_i}{\sqrt{i}}

    Parameters
    ----------
    dim : int
        d, at least 1.

    References
    ----------
    Griewank, "Generalized descent for global optimization", J. Optim. Theory Appl. 34 (1981).

    Examples
    --------
    Wherever the cosines are 1 only the bowl is left: pi^2/1000 at 2 pi.

    >>> round(float(Griewank(1).fun(np.array([2 * np.pi]))), 6)
    0.00987
    """

    dim: Dim = 2
    source = "Griewank 1981"
    components = True
    minimum = 0.0
    domain = (-600.0, 600.0)
    demo: ClassVar = {"dim": 3}

    @property
    def x0(self) -> tuple[float, ...]:
        return (8.0,) * self.dim

    @property
    def minimizers(self) -> tuple[tuple[float, ...], ...]:
        return ((0.0,) * self.dim,)

    @property
    def checkpoint(self) -> Any:
        """2 + pi^2/4000 at (pi, 0, ..., 0), where the first cosine is -1."""
        return (np.pi, *(0.0,) * (self.dim - 1)), 2 + np.pi * np.pi / 4000

    @property
    def formula(self) -> str:
        return f"Griewank, d = {self.dim}"

    @staticmethod
    def _waves(p: Any, without: tuple[int, ...] = ()) -> Any:
        """Return the product of the cosines of all coordinates but some."""
        product: Any = 1.0
        for i, a in enumerate(p):
            product = product if i in without else product * cos(a / sqrt(i + 1.0))
        return product

    def fun(self, x: Numbers) -> Numbers:
        p = parts(x)
        bowl: Any = 0.0
        for a in p:
            bowl = bowl + a * a
        return 1 + bowl / 4000 - self._waves(p)

    def grad(self, x: Numbers) -> Numbers:
        p = parts(x)
        roots = [sqrt(i + 1.0) for i in range(len(p))]
        return join(
            *(
                a / 2000 + sin(a / s) / s * self._waves(p, (i,))
                for i, (a, s) in enumerate(zip(p, roots, strict=True))
            )
        )

    def hess(self, x: Numbers) -> Numbers:
        p, s = parts(x), np.sqrt(np.arange(1, x.shape[-1] + 1))
        slopes = [np.sin(a / r) / r for a, r in zip(p, s, strict=True)]
        whole = self._waves(p)
        upper = [
            1 / 2000 + whole / (s[i] * s[i]) if i == j else -slopes[i] * slopes[j] * self._waves(p, (i, j))
            for i in range(len(p))
            for j in range(i, len(p))
        ]
        return symmetric(*upper)
