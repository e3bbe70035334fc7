"""Cosine decay and its relatives; `restarts` has those that repeat."""

from typing import Annotated, ClassVar

import numpy as np

from schedules.schedule import Array, Schedule
from stepsize.core.elementwise import power
from stepsize.core.limits.ranges import FiniteFloat, FloatOrArray, PositiveFloat, PositiveInt, Range
from stepsize.core.validation import require

__all__ = ["Cosine", "FlatCosine", "Tanh"]


class Cosine(Schedule):
    r"""Half a cosine from one value down to another, which it then holds.

    .. math:: \eta_n = \eta_T + (\eta_0 - \eta_T)
        \left(\tfrac12 \left(1 + \cos \pi z^k\right)\right)^p, \qquad z = \min(n / T, 1)

    The end is an absolute value, as in torch and timm; Keras and Optax take the ratio ``alpha = end / lr``.
    It stays at the end, where torch's CosineAnnealingLR climbs back up (`PeriodicCosine`).

    Parameters
    ----------
    lr : float
        The value at n = 0.
    steps : int
        T, the updates until the end is reached; at least 1.
    end : float
        The value from n = T on.
    power : float
        p, Optax' exponent; above 0.
    k : float
        Warps the time ("k-decay"): above 0; more than 1 holds the rate up for longer.

    References
    ----------
    Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", arXiv 1608.03983, equation
    5. k-decay: Zhang and Li, arXiv 2004.05909.

    Examples
    --------
    >>> Cosine(1.0, steps=2).table(5).round(12).tolist()
    [1.0, 0.5, 0.0, 0.0, 0.0]
    """

    lr: FloatOrArray
    steps: PositiveInt
    end: FloatOrArray = 0.0
    power: PositiveFloat = 1.0
    k: PositiveFloat = 1.0
    demo: ClassVar = {"lr": 0.1, "steps": 20}
    formula = "end + (lr - end) * ((1 + cos(pi * min(n / steps, 1) ** k)) / 2) ** power"

    def value(self, n: Array) -> Array:
        z = np.minimum(n / self.steps, 1.0)
        wave = 0.5 * (1 + np.cos(np.pi * power(z, self.k)))
        return self.end + (self.lr - self.end) * power(wave, self.power)

    @property
    def horizon(self) -> int:
        return self.steps


class FlatCosine(Schedule):
    r"""Flat for a part of the run, then a cosine down.

    .. math:: \eta_n = \eta_T + (\eta_0 - \eta_T)\,\tfrac12 \left(1 + \cos \pi u\right), \qquad
        u = \mathrm{clip}\left(\frac{n/T - f}{1 - f},\, 0,\, 1\right)

    Parameters
    ----------
    lr : float
        The value up to n = f T.
    steps : int
        T, the updates until the end is reached; at least 1.
    flat : float
        f, the part of the run that is flat; at least 0, below 1.
    end : float
        The value from n = T on.

    References
    ----------
    ``fit_flat_cos`` of fastai.

    Examples
    --------
    >>> FlatCosine(1.0, steps=8, flat=0.5)([0, 4, 6, 8, 9]).round(12).tolist()
    [1.0, 1.0, 0.5, 0.0, 0.0]
    """

    lr: FloatOrArray
    steps: PositiveInt
    flat: Annotated[float, Range(minimum=0, below=1)] = 0.75
    end: FloatOrArray = 0.0
    demo: ClassVar = {"lr": 0.1, "steps": 20}
    formula = "end + (lr - end) * (1 + cos(pi * min(max(n / steps - flat, 0) / (1 - flat), 1))) / 2"

    def value(self, n: Array) -> Array:
        u = np.clip((n / self.steps - self.flat) / (1 - self.flat), 0.0, 1.0)
        return self.end + (self.lr - self.end) * (0.5 * (1 + np.cos(np.pi * u)))

    @property
    def horizon(self) -> int:
        return self.steps


class Tanh(Schedule):
    r"""Hyperbolic tangent decay: flat, down, flat, like a cosine with the fall where you want it.

    .. math:: \eta_n = \eta_T + (\eta_0 - \eta_T)\,\tfrac12 \left(1 - \tanh(l (1 - z) + u z)\right),
        \qquad z = n / T < 1

    It never quite starts at lr nor quite arrives: with the paper's l = -7 and u = 3 a quarter of a percent of
    the way is left just before n = T, where it jumps to the end.

    Parameters
    ----------
    lr : float
        What it falls from.
    steps : int
        T, the updates until the end is reached; at least 1.
    end : float
        The value from n = T on.
    lower, upper : float
        l and u, where the tangent is read from and to.

    References
    ----------
    Hsueh, Li and Wu, "Stochastic gradient descent with hyperbolic-tangent decay", arXiv 1806.01593.

    Examples
    --------
    >>> Tanh(1.0, steps=10)([0, 7, 9, 10]).round(4).tolist()
    [1.0, 0.5, 0.018, 0.0]
    """

    lr: FloatOrArray
    steps: PositiveInt
    end: FloatOrArray = 0.0
    lower: FiniteFloat = -7.0
    upper: FiniteFloat = 3.0
    demo: ClassVar = {"lr": 0.1, "steps": 20}
    formula = (
        "end + (lr - end) * (1 - tanh(lower * (1 - n / steps) + upper * n / steps)) / 2 if n < steps else end"
    )

    def check(self) -> None:
        """Validate lower < upper."""
        require(self.lower < self.upper, "lower", self.lower, f"a number below upper = {self.upper:g}")

    def value(self, n: Array) -> Array:
        z = np.minimum(n / self.steps, 1.0)
        fall = 0.5 * (1 - np.tanh(self.lower * (1 - z) + self.upper * z))
        return self.end + (self.lr - self.end) * np.where(n < self.steps, fall, 0.0)

    @property
    def horizon(self) -> int:
        return self.steps
