"""Sums of one wavy function a coordinate: exponentially many minima, each coordinate on its own."""

from typing import Any, ClassVar

import numpy as np

from problems.problem import Dim, Numbers, Problem, diagonal
from stepsize.core.elementwise import cos, join, parts, sin

__all__ = ["Levy", "Rastrigin", "StyblinskiTang"]

_TURN = 2 * np.pi


class Levy(Problem):
    r"""Levy's function: ripples whose height grows with the distance from the minimizer.

    .. math:: f(x) = \sin^2 \pi w_1 + \sum_{i<d} (w_i - 1)^2 \bigl(1 + 10 \sin^2(\pi w_i + 1)\bigr)
        + (w_d - 1)^2 \bigl(1 + \sin^2 2\pi w_d\bigr), \qquad w = 1 + (x - 1)/4

    Parameters
    ----------
    dim : int
        d, at least 1.

    References
    ----------
    Levy and Montalvo, "The tunneling algorithm for the global minimization of functions", SIAM J. Sci. Stat.
    Comput. 6 (1985); in the form of Laguna and Martí (2005), "Levy".

    Examples
    --------
    At x = 5 is w = 2: in one dimension (2 - 1)^2.

    >>> round(float(Levy(1).fun(np.array([5.0]))), 12)
    1.0
    """

    dim: Dim = 2
    source = "Levy and Montalvo 1985; Laguna and Martí 2005"
    components = True
    minimum = 0.0
    domain = (-10.0, 10.0)
    demo: ClassVar = {"dim": 3}

    @property
    def x0(self) -> tuple[float, ...]:
        """(-4, 5), repeated."""
        return ((-4.0, 5.0) * self.dim)[: self.dim]

    @property
    def minimizers(self) -> tuple[tuple[float, ...], ...]:
        return ((1.0,) * self.dim,)

    @property
    def checkpoint(self) -> Any:
        """Where the last x is 5 and the others 1, that is w_d = 2 and all other w = 1, f is 1."""
        return (*(1.0,) * (self.dim - 1), 5.0), 1.0

    @property
    def formula(self) -> str:
        return f"Levy, d = {self.dim}"

    @staticmethod
    def _phase(w: Any, last: bool) -> tuple[float, float, Any]:
        """Return height, frequency and phase of the ripple on (w - 1)^2."""
        return (1.0, _TURN, _TURN * w) if last else (10.0, np.pi, np.pi * w + 1)

    def fun(self, x: Numbers) -> Numbers:
        p = [1 + (a - 1) / 4 for a in parts(x)]
        first = sin(np.pi * p[0])
        total = first * first
        for i, w in enumerate(p, 1):
            height, _, phase = self._phase(w, i == len(p))
            v, s = w - 1, sin(phase)
            total = total + v * v * (1 + height * (s * s))
        return total

    def grad(self, x: Numbers) -> Numbers:
        p = [1 + (a - 1) / 4 for a in parts(x)]
        g: list[Any] = []
        for i, w in enumerate(p, 1):
            height, frequency, phase = self._phase(w, i == len(p))
            v, s = w - 1, sin(phase)
            g.append(0.5 * v * (1 + height * (s * s)) + 0.25 * v * v * height * frequency * sin(2 * phase))
        g[0] = g[0] + 0.25 * np.pi * sin(_TURN * p[0])
        return join(*g)

    def hess(self, x: Numbers) -> Numbers:
        W = 1 + (x - 1) / 4
        entries = np.empty_like(W)
        for i in range(W.shape[-1]):
            height, k, phase = self._phase(W[..., i], i + 1 == W.shape[-1])
            v, s = W[..., i] - 1, np.sin(phase)
            ripple = 4 * v * k * np.sin(2 * phase) + 2 * v * v * k * k * np.cos(2 * phase)
            entries[..., i] = (2 * (1 + height * s * s) + height * ripple) / 16
        entries[..., 0] += np.pi * np.pi * np.cos(_TURN * W[..., 0]) / 8
        return diagonal(entries)


class Rastrigin(Problem):
    r"""Rastrigin's function: a bowl covered with equal waves, one minimum at every whole number.

    .. math:: f(x) = 10\,d + \sum_i x_i^2 - 10 \cos 2\pi x_i

    Parameters
    ----------
    dim : int
        d, at least 1.

    References
    ----------
    Rastrigin, "Systems of extremal control" (1974, in Russian); for any d: Mühlenbein, Schomisch and Born,
    "The parallel genetic algorithm as function optimizer" (1991).

    Examples
    --------
    At whole numbers the cosines are 1: 1^2 + 1^2.

    >>> float(Rastrigin().fun(np.array([1.0, 1.0])))
    2.0
    """

    dim: Dim = 2
    source = "Rastrigin 1974; Mühlenbein, Schomisch and Born 1991"
    components = True
    minimum = 0.0
    domain = (-5.12, 5.12)
    # The second derivative is 2 + 40 pi^2 cos(2 pi x).
    L = 2 + 10 * _TURN * _TURN
    demo: ClassVar = {"dim": 3}

    @property
    def x0(self) -> tuple[float, ...]:
        """(-2, 3.5), repeated."""
        return ((-2.0, 3.5) * self.dim)[: self.dim]

    @property
    def minimizers(self) -> tuple[tuple[float, ...], ...]:
        return ((0.0,) * self.dim,)

    @property
    def checkpoint(self) -> Any:
        """20 + 1/4 a coordinate at one half, where the cosines are -1."""
        return (0.5,) * self.dim, 20.25 * self.dim

    @property
    def formula(self) -> str:
        return f"10 d + sum of x^2 - 10 cos(2 pi x), d = {self.dim}"

    def fun(self, x: Numbers) -> Numbers:
        total: Any = 0.0
        for a in parts(x):
            total = total + (a * a + (10.0 - 10.0 * cos(_TURN * a)))
        return total

    def grad(self, x: Numbers) -> Numbers:
        return join(*(2.0 * a + 10 * _TURN * sin(_TURN * a) for a in parts(x)))

    def hess(self, x: Numbers) -> Numbers:
        return diagonal(2 + 10 * _TURN * _TURN * np.cos(_TURN * x))


class StyblinskiTang(Problem):
    r"""Styblinski and Tang's function: two wells a coordinate, 2^d minima, one of them lowest.

    .. math:: f(x) = \tfrac12 \sum_i x_i^4 - 16 x_i^2 + 5 x_i

    Parameters
    ----------
    dim : int
        d, at least 1.

    References
    ----------
    Styblinski and Tang, "Experiments in nonconvex optimization: stochastic approximation with function
    smoothing and simulated annealing", Neural Networks 3 (1990).

    Examples
    --------
    (1 - 16 + 5) / 2 a coordinate:

    >>> float(StyblinskiTang().fun(np.array([1.0, 1.0])))
    -10.0
    """

    dim: Dim = 2
    source = "Styblinski and Tang 1990"
    components = True
    domain = (-5.0, 5.0)
    demo: ClassVar = {"dim": 3}

    @property
    def x0(self) -> tuple[float, ...]:
        """(4, 3), repeated: the hills on the wrong side."""
        return ((4.0, 3.0) * self.dim)[: self.dim]

    @property
    def minimizers(self) -> tuple[tuple[float, ...], ...]:
        """The lowest root of 4 a^3 - 32 a + 5, in every coordinate."""
        return ((-2.903534027771177,) * self.dim,)

    @property
    def minimum(self) -> float:
        return -39.16616570377141 * self.dim

    @property
    def checkpoint(self) -> Any:
        """-39.16616570377 a coordinate at -2.903534, as they are usually printed."""
        return (-2.903534,) * self.dim, -39.16616570377 * self.dim, 1e-11 * self.dim

    @property
    def formula(self) -> str:
        return f"(sum of x^4 - 16 x^2 + 5 x)/2, d = {self.dim}"

    def fun(self, x: Numbers) -> Numbers:
        total: Any = 0.0
        for a in parts(x):
            aa = a * a
            total = total + (aa * aa - 16 * aa + 5 * a)
        return 0.5 * total

    def grad(self, x: Numbers) -> Numbers:
        return join(*(2.0 * (a * a * a) - 16.0 * a + 2.5 for a in parts(x)))

    def hess(self, x: Numbers) -> Numbers:
        return diagonal(6 * x * x - 16)
