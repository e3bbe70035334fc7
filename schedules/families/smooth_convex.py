"""Step sizes from theorems for smooth convex functions: acceleration without momentum."""

import math
from functools import lru_cache
from typing import Any, ClassVar, Literal

import numpy as np

from schedules.schedule import Array, Schedule
from stepsize.core.elementwise import pick, power, sqrt
from stepsize.core.limits.ranges import FiniteFloat, PositiveFloat, PositiveInt
from stepsize.core.validation import require

__all__ = ["Chebyshev", "Silver", "StrongSilver"]


_RHO = 1 + math.sqrt(2)


class Chebyshev(Schedule):
    r"""Chebyshev steps: the best T steps for a quadratic of curvatures between mu and L, in a stable order.

    .. math:: h_j = \frac{1}{\frac{L + \mu}{2} - \frac{L - \mu}{2} \cos\frac{(2 j - 1)\pi}{2 T}},
        \qquad j = \sigma(1), \ldots, \sigma(T)

    After T steps the error has shrunk by at least :math:`2 q^T / (1 + q^{2T})`, with
    :math:`q = (\sqrt\kappa - 1) / (\sqrt\kappa + 1)`: the speed of conjugate gradients, by gradient descent.
    The product of the T factors does not depend on their order, but the rounding errors do: in the fractal
    order each large step is followed by small ones that repair it, in either sorted order they grow without
    bound. ``order="descending"`` (large steps first) and ``"ascending"`` are here to show that.

    Parameters
    ----------
    L, mu : float
        Largest and smallest curvature; L >= mu > 0.
    steps : int
        T; a power of 2 for the fractal order. The last value holds from then on; ``.repeat(steps)`` goes
        round.
    order : str
        ``"fractal"``, ``"descending"`` or ``"ascending"``.

    References
    ----------
    Agarwal, Goel and Zhang, "Acceleration via fractal learning rate schedules", arXiv 2103.01338.

    Examples
    --------
    >>> Chebyshev(1.0, 0.05, steps=4, order="descending").table(4).round(3).tolist()
    [11.607, 2.914, 1.415, 1.038]
    >>> Chebyshev(1.0, 0.05, steps=4).table(4).round(3).tolist()
    [11.607, 1.038, 2.914, 1.415]
    """

    L: FiniteFloat
    mu: PositiveFloat
    steps: PositiveInt
    order: Literal["fractal", "descending", "ascending"] = "fractal"
    demo: ClassVar = {"L": 10.0, "mu": 0.5, "steps": 16}
    formula = "1 / ((L + mu) / 2 - (L - mu) / 2 * cos(pi * (2 * sigma(n) - 1) / (2 * steps)))"

    def check(self) -> None:
        """Validate L >= mu, and the length of the fractal order."""
        _require_order(self.L, self.mu)
        if self.order == "fractal":
            power = self.steps & (self.steps - 1) == 0
            require(power, "steps", self.steps, "a power of 2 for the fractal order")

    def value(self, n: Array) -> Array:
        T = self.steps
        turn = np.minimum(n, T - 1).astype(int)
        if self.order == "fractal":
            j = pick(_fractal(T), turn)
        else:
            j = turn + 1 if self.order == "descending" else T - turn
        middle, half = (self.L + self.mu) / 2, (self.L - self.mu) / 2
        values: Array = 1 / (middle - half * np.cos((2 * j - 1) * (np.pi / (2 * T))))
        return values

    @property
    def horizon(self) -> int:
        return self.steps - 1


class Silver(Schedule):
    r"""Silver steps: gradient descent on smooth convex functions, accelerated by its steps alone.

    .. math:: h_n = \frac{1 + \rho^{\,\nu(n + 1) - 1}}{L}, \qquad \rho = 1 + \sqrt 2

    where nu(i) is the number of times that 2 divides i. The first :math:`2^k - 1` of them add up to
    :math:`(\rho^k - 1) / L`, and after them :math:`f - f_* \le L R^2 / (1 + \sqrt{4 \rho^{2k} - 3})` from a
    distance R. Stop only there: at :math:`2^k`, just after the giant step, it is many times worse. The steps
    are not monotone and do not bear noise.

    Parameters
    ----------
    L : float
        Lipschitz constant of the gradient; above 0.

    References
    ----------
    Altschuler and Parrilo, "Acceleration by stepsize hedging II: silver stepsize schedule for smooth convex
    optimization", arXiv 2309.16530.

    Examples
    --------
    >>> Silver().table(8).round(3).tolist()
    [1.414, 2.0, 1.414, 3.414, 1.414, 2.0, 1.414, 6.828]
    """

    L: PositiveFloat = 1.0
    formula = "(1 + rho ** (nu(n + 1) - 1)) / L"
    # The sums grow like n^(log2 rho), faster than n.
    tail = 1 - math.log2(_RHO)

    def symbols(self) -> dict[str, Any]:
        """Return L; rho and nu keep their names."""
        return {"L": self.L}

    def value(self, n: Array) -> Array:
        i = n.astype(np.int64) + 1
        power_of_two = (i & -i).astype(float)
        return (1 + power(_RHO, np.log2(power_of_two) - 1)) / self.L


class StrongSilver(Schedule):
    r"""Silver steps for strongly convex functions.

    .. math:: h_{2m} = [\tilde h_m,\ \psi(y),\ \tilde h_m,\ \psi(z)], \qquad
        \psi(t) = \frac{1 + \kappa t}{1 + t}

    where :math:`\tilde h_m` is :math:`h_m` without its last step. All are divided by L. From
    :math:`y = z = 1/\kappa` on, each doubling takes :math:`y \leftarrow z / r,\ z \leftarrow z r` with
    :math:`r = e + \sqrt{1 + e^2},\ e = 1 - z`. The squared distance shrinks by
    :math:`((1 - z) / (1 + z))^2`, see `rate`; the exponent of kappa is :math:`\log_\rho 2 = 0.786`.

    Parameters
    ----------
    L, mu : float
        Largest and smallest curvature; L >= mu > 0.
    steps : int
        A power of 2. The last value holds from then on; ``.repeat(steps)`` goes round.

    References
    ----------
    Altschuler and Parrilo, "Acceleration by stepsize hedging I: multi-step descent and the silver stepsize
    schedule", arXiv 2309.07879.

    Examples
    --------
    The worst case that the performance-estimation package PEPit prints for this setting.

    >>> round(StrongSilver(L=3.2, mu=0.1, steps=8).rate, 5)
    0.22145
    """

    L: FiniteFloat
    mu: PositiveFloat
    steps: PositiveInt
    demo: ClassVar = {"L": 10.0, "mu": 0.5, "steps": 8}
    formula = "h(n) / L"

    def check(self) -> None:
        """Validate L >= mu, and that the length is a power of 2."""
        _require_order(self.L, self.mu)
        require(self.steps & (self.steps - 1) == 0, "steps", self.steps, "a power of 2")

    def symbols(self) -> dict[str, Any]:
        """Return L; the sequence h keeps its name."""
        return {"L": self.L}

    def value(self, n: Array) -> Array:
        steps, _ = _strong_silver(self.L / self.mu, self.steps)
        values: Array = pick(steps, np.minimum(n, self.steps - 1).astype(int)) / self.L
        return values

    @property
    def rate(self) -> float:
        """What `steps` of them multiply the squared distance to the minimizer by, at worst."""
        _, z = _strong_silver(self.L / self.mu, self.steps)
        return ((1 - z) / (1 + z)) ** 2

    @property
    def horizon(self) -> int:
        return self.steps - 1


@lru_cache(maxsize=64)
def _fractal(T: int) -> tuple[int, ...]:
    """Return the order in which sigma_1 = (1), sigma_2T = sigma_T interlaced with 2T + 1 - sigma_T."""
    if T == 1:
        return (1,)
    half = _fractal(T // 2)
    return tuple(j for i in half for j in (i, T + 1 - i))


@lru_cache(maxsize=64)
def _strong_silver(kappa: float, steps: int) -> tuple[tuple[float, ...], float]:
    """Return the steps for L = 1, and z."""

    def psi(t: float) -> float:
        return (1 + kappa * t) / (1 + t)

    y = z = 1 / kappa
    h: tuple[float, ...] = (psi(y),)
    while len(h) < steps:
        e = 1 - z
        r = e + sqrt(1 + e * e)
        y, z = z / r, z * r
        h = (*h[:-1], psi(y), *h[:-1], psi(z))
    return h, z


def _require_order(L: float, mu: float) -> None:
    require(mu <= L, "L", L, f"a curvature of at least mu, which is {mu:g}")
