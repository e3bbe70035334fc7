"""Cyclical learning rates: triangles, one cycle, a sawtooth."""

import math
from typing import Annotated, Any, ClassVar

import numpy as np

from schedules.families.piecewise import Interpolated, Shape
from schedules.schedule import Array, Schedule
from stepsize.core.elementwise import power
from stepsize.core.limits.ranges import (
    FloatOrArray,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    ProperFraction,
    UnitFloat,
    WholeNumber,
)
from stepsize.core.validation import require

__all__ = ["Cyclic", "OneCycle", "Sawtooth"]


class Cyclic(Schedule):
    r"""Cyclical learning rates: a triangle between two values, again and again.

    .. math:: \eta_n = \eta_\text{low} + (\eta_0 - \eta_\text{low})\, q^{c}\, \gamma^{\,n}\, \Delta_n

    where c counts the cycles passed and the triangle :math:`\Delta_n` rises from 0 to 1 in `up` updates and
    falls back in `down`. Smith's three policies: "triangular" as it stands, "triangular2" with
    ``shrink=0.5``, "exp_range" with ``gamma`` below 1.

    Parameters
    ----------
    lr : float
        The first peak.
    up : int
        Updates up; at least 1.
    down : int, optional
        Updates down, at least 1; as many as up by default.
    low : float
        The foot of the triangles.
    shrink : float
        q, what the triangle's height is multiplied by from one cycle to the next; at least 0.
    gamma : float
        What it is multiplied by from one update to the next; from 0 to 1.

    References
    ----------
    Smith, "Cyclical learning rates for training neural networks", arXiv 1506.01186.

    Examples
    --------
    >>> Cyclic(1.0, up=2, shrink=0.5).table(9).tolist()
    [0.0, 0.5, 1.0, 0.5, 0.0, 0.25, 0.5, 0.25, 0.0]
    >>> Cyclic(1.0, up=2).momentum(low=0.8, high=0.9)([0, 2]).tolist()
    [0.9, 0.8]
    """

    lr: FloatOrArray
    up: PositiveInt
    down: PositiveInt | None = None
    low: FloatOrArray = 0.0
    shrink: NonNegativeFloat = 1.0
    gamma: UnitFloat = 1.0
    demo: ClassVar = {"lr": 0.1, "up": 8, "low": 0.01}

    @property
    def formula(self) -> str:
        period = self.up + (self.down or self.up)
        triangle = f"min(n % {period} / up, ({period} - n % {period}) / {period - self.up})"
        return f"low + (lr - low) * shrink ** floor(n / {period}) * gamma ** n * {triangle}"

    def value(self, n: Array) -> Array:
        down = self.down or self.up
        cycle, part = np.divmod(n, self.up + down)
        triangle = np.minimum(part / self.up, (self.up + down - part) / down)
        shrunk = power(self.shrink, cycle) * power(self.gamma, n)
        return self.low + (self.lr - self.low) * (shrunk * triangle)

    def momentum(self, low: float = 0.8, high: float = 0.9) -> "Cyclic":
        """Return the momentum that goes with it: high where the rate is low, and the other way round."""
        return self.replace(lr=low, low=high)

    @property
    def tail(self) -> float:
        """0, unless the triangles shrink to a foot of 0."""
        shrinks = self.shrink < 1 or self.gamma < 1
        return math.inf if shrinks and not np.any(self.low) else 0.0


class OneCycle(Schedule):
    r"""One cycle: up to the peak, down to almost nothing, once.

    It starts at lr / div, is at the peak lr at n = round(rise T), and at lr / div / final_div from n = T on.
    With ``three_phase`` the way down is a mirror image of the way up, and a third phase leads to the end.
    Momentum is to go the other way: `momentum` gives it as a second schedule.

    The knots are whole updates, so that the peak is met (torch's misses it where rise T is not whole), and
    the end is held (torch's goes on, below zero with lines). torch, Optax and fastai each have other knots;
    see `schedules.dialects`.

    Parameters
    ----------
    lr : float
        The peak.
    steps : int
        T, the updates of the cycle; at least 2.
    rise : float
        The part of them that is spent going up; above 0 and below 1, and no more than 1/2 with three phases.
    div, final_div : float
        What the start is divided by, and by how much more the end; above 0.
    shape : str
        ``"cosine"`` or ``"linear"``.
    three_phase : bool
        Whether there is a third phase.

    References
    ----------
    Smith and Topin, "Super-convergence", arXiv 1708.07120.

    Examples
    --------
    >>> OneCycle(1.0, steps=10)([0, 3, 10, 99]).tolist()
    [0.04, 1.0, 4e-06, 4e-06]
    >>> OneCycle(1.0, steps=10).momentum()([0, 3, 10]).tolist()
    [0.95, 0.85, 0.95]
    """

    lr: FloatOrArray
    steps: Annotated[int, WholeNumber(2)]
    rise: ProperFraction = 0.3
    div: PositiveFloat = 25.0
    final_div: PositiveFloat = 1e4
    shape: Shape = "cosine"
    three_phase: bool = False
    demo: ClassVar = {"lr": 0.1, "steps": 40}
    formula = "lr * line(n)"

    def check(self) -> None:
        """Validate that three phases fit."""
        fits = self.rise <= 0.5 or not self.three_phase
        require(fits, "rise", self.rise, "a part of at most 0.5 with three phases")

    @property
    def line(self) -> Interpolated:
        """The points that it goes through, for a peak of 1."""
        start = 1 / self.div
        return self._through(start, 1.0, start / self.final_div, start)

    def momentum(self, low: float = 0.85, high: float = 0.95) -> Interpolated:
        """Return the momentum that goes with it: high, low at the peak of the rate, and high again."""
        return self._through(high, low, high, high)

    def _through(self, start: float, peak: float, end: float, middle: float) -> Interpolated:
        top = min(max(round(self.rise * self.steps), 1), self.steps - 1)
        at: tuple[float, ...] = 0, top, self.steps
        values: tuple[float, ...] = start, peak, end
        if self.three_phase and 2 * top < self.steps:
            at, values = (0, top, 2 * top, self.steps), (start, peak, middle, end)
        return Interpolated.trusted(at=at, values=values, shape=self.shape)

    def symbols(self) -> dict[str, Any]:
        return {"lr": self.lr, "line": self.line}

    def value(self, n: Array) -> Array:
        return self.lr * self.line.value(n)

    @property
    def horizon(self) -> int:
        return self.steps


class Sawtooth(Schedule):
    r"""A polynomial that falls to its end, jumps up, and falls again with its end one length further on.

    .. math:: \eta_n = \eta_\text{end} + (\eta_0 - \eta_\text{end})\left(1 - \frac{n}{T_n}\right)^p,
        \qquad T_n = T \max(1, \lceil n / T \rceil)

    Keras' PolynomialDecay with ``cycle=True``. It touches the end at each multiple of T.

    Parameters
    ----------
    lr : float
        The value at n = 0.
    steps : int
        T; at least 1.
    power : float
        p, above 0.
    end : float
        The foot.

    Examples
    --------
    >>> Sawtooth(1.0, steps=2).table(6).round(3).tolist()
    [1.0, 0.5, 0.0, 0.25, 0.0, 0.167]
    """

    lr: FloatOrArray
    steps: PositiveInt
    power: PositiveFloat = 1.0
    end: FloatOrArray = 0.0
    demo: ClassVar = {"lr": 0.1, "steps": 10, "end": 0.01}
    formula = "end + (lr - end) * (1 - n / (steps * max(1, ceil(n / steps)))) ** power"

    def value(self, n: Array) -> Array:
        reach = self.steps * np.maximum(1.0, np.ceil(n / self.steps))
        return self.end + (self.lr - self.end) * power(1 - n / reach, self.power)

    @property
    def tail(self) -> float:
        """0 above a foot; p where the foot is 0, because the teeth grow lower like 1/n."""
        return 0.0 if np.any(self.end) else self.power
