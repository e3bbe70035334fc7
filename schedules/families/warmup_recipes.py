"""Warm-up recipes: warm-ups of a computed length, and warm-up, plateau and decay in one.

The rise itself is an operator on any schedule, ``.warmup(W)``, and so is the fall, ``.cooldown(D, at=N)``.
"""

import math
from typing import Annotated, Any, ClassVar

import numpy as np

from schedules.combinators.warmup_cooldown import Cooldown, Warmup
from schedules.schedule import Array, Constant, FallShape, RiseShape, Schedule
from stepsize.core.elementwise import power
from stepsize.core.limits.ranges import (
    FiniteFloat,
    FloatOrArray,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    Range,
)

__all__ = ["Noam", "PowerScheduler", "UntunedExponential", "UntunedLinear", "WarmupStableDecay"]


class UntunedLinear(Schedule):
    r"""Linear warm-up of the length that Adam's beta2 asks for: a factor for any schedule.

    .. math:: \omega_n = \min\left(1,\ \tfrac{1 - \beta_2}{2}\,(n + 1)\right)

    It is full after 2 / (1 - beta2) updates, 2000 for Adam's 0.999. Multiply: ``Cosine(...) *
    UntunedLinear()``; the body is not shifted.

    Parameters
    ----------
    beta2 : float
        Adam's; from 0 to below 1.

    References
    ----------
    Ma and Yarats, "On the adequacy of untuned warmup for adaptive optimization", arXiv 1910.04209.

    Examples
    --------
    >>> UntunedLinear(0.999)([0, 999, 1999, 5000]).round(9).tolist()
    [0.0005, 0.5, 1.0, 1.0]
    """

    beta2: Annotated[float, Range(minimum=0, below=1)] = 0.999
    demo: ClassVar = {"beta2": 0.9}
    formula = "min(1, (1 - beta2) / 2 * (n + 1))"

    def value(self, n: Array) -> Array:
        return np.minimum(1.0, (1 - self.beta2) / 2 * (n + 1))

    @property
    def horizon(self) -> int:
        return math.ceil(2 / (1 - self.beta2))


class UntunedExponential(Schedule):
    r"""Exponential warm-up of the length that Adam's beta2 asks for: a factor for any schedule.

    .. math:: \omega_n = 1 - e^{-(1 - \beta_2)(n + 1)}

    Multiply: ``Cosine(...) * UntunedExponential()``; the body is not shifted.

    Parameters
    ----------
    beta2 : float
        Adam's; from 0 to below 1.

    References
    ----------
    Ma and Yarats, "On the adequacy of untuned warmup for adaptive optimization", arXiv 1910.04209.

    Examples
    --------
    >>> UntunedExponential(0.999)([0, 999]).round(6).tolist()  # the second is 1 - 1/e
    [0.001, 0.632121]
    """

    beta2: Annotated[float, Range(minimum=0, below=1)] = 0.999
    demo: ClassVar = {"beta2": 0.9}
    formula = "1 - exp(-(1 - beta2) * (n + 1))"
    tail = 0.0

    def value(self, n: Array) -> Array:
        return -np.expm1(-(1 - self.beta2) * (n + 1))


class WarmupStableDecay(Schedule):
    """Warm up, stay, cool down: a trapezoid, or WSD.

    The plateau can be prolonged while it lasts; only the cooldown must know where it ends. In full:
    ``Constant(lr).warmup(rise).cooldown(fall, at=rise + stable)``.

    Parameters
    ----------
    lr : float
        The plateau.
    rise, stable, fall : int
        Updates of the warm-up (0 for none), of the plateau and of the cooldown.
    shape : str or Schedule
        Of the cooldown; see `Cooldown`.
    end : float
        The value from n = rise + stable + fall on.
    start : float, optional
        First value of the classical ramp; by default update n of the warm-up has (n + 1) / rise of the rate.
    rise_shape : str
        Shape of the warm-up; see `Warmup`.

    References
    ----------
    Hu et al., "MiniCPM", arXiv 2404.06395. Hägele et al., arXiv 2405.18392, for 1 - sqrt.

    Examples
    --------
    >>> WarmupStableDecay(1.0, rise=2, stable=2, fall=4).table(9).round(3).tolist()
    [0.5, 1.0, 1.0, 1.0, 1.0, 0.5, 0.293, 0.134, 0.0]
    """

    lr: FloatOrArray
    rise: NonNegativeInt
    stable: NonNegativeInt
    fall: PositiveInt
    shape: FallShape | Schedule = "1-sqrt"
    end: float = 0.0
    start: float | None = None
    rise_shape: RiseShape = "linear"
    demo: ClassVar = {"lr": 0.1, "rise": 5, "stable": 10, "fall": 5}
    formula = "parts(n)"

    def check(self) -> None:
        """Validate what the parts validate."""
        top: Schedule = Constant(self.lr)
        if self.rise:
            top = top.warmup(self.rise, start=self.start, shape=self.rise_shape)
        assert Cooldown(top, self.fall, self.rise + self.stable, self.shape, self.end)

    @property
    def parts(self) -> Cooldown:
        """The schedule that this is short for."""
        top: Schedule = Constant.trusted(lr=self.lr)
        if self.rise:
            top = Warmup.trusted(
                body=top, updates=self.rise, start=self.start, shift=True, shape=self.rise_shape
            )
        return Cooldown.trusted(
            body=top, updates=self.fall, at=self.rise + self.stable, shape=self.shape, end=self.end
        )

    def symbols(self) -> dict[str, Any]:
        return {"parts": self.parts}

    def value(self, n: Array) -> Array:
        return self.parts.value(n)

    @property
    def horizon(self) -> int | None:
        return self.parts.horizon


class Noam(Schedule):
    r"""The rate of "Attention is all you need": up for W updates, then down with the inverse square root.

    .. math:: \eta_n = f\, d^{-1/2} \min\left(t^{-1/2},\ t\, W^{-3/2}\right), \qquad t = n + 1

    The peak, f / sqrt(d W), is at update W - 1. Counting from t = 0 would divide by zero.

    Parameters
    ----------
    d_model : int
        d, the width of the model; at least 1.
    warmup_steps : int
        W; at least 1.
    factor : float
        f.

    References
    ----------
    Vaswani et al., arXiv 1706.03762, equation 3. Named after Noam Shazeer.

    Examples
    --------
    >>> f"{Noam()(3999):.2e}"
    '6.99e-04'
    """

    d_model: PositiveInt = 512
    warmup_steps: PositiveInt = 4000
    factor: FiniteFloat = 1.0
    demo: ClassVar = {"d_model": 16, "warmup_steps": 10}
    formula = "factor / sqrt(d_model) * min((n + 1) ** -0.5, (n + 1) * warmup_steps ** -1.5)"
    tail = 0.5

    def value(self, n: Array) -> Array:
        t = n + 1
        values: Array = (
            self.factor * self.d_model**-0.5 * np.minimum(power(t, -0.5), t * self.warmup_steps**-1.5)
        )
        return values


class PowerScheduler(Schedule):
    r"""The power scheduler: a power of the tokens processed, with a cap, the same for every horizon.

    .. math:: \eta_n = \min\left(\eta_\text{max},\ \beta\, a\, (\text{tokens})^{\,b}\right)

    With a warm-up before and a cooldown behind it, ``PowerScheduler(...).warmup(W).cooldown(D, at=N)``, it
    needs no horizon until the cooldown. The defaults of a and b are those quoted for the paper's fit; they
    depend on the units in which batch and data are counted, so check them against your own runs.

    Parameters
    ----------
    lr : float
        The cap.
    batch : float
        The batch size, beta.
    tokens : float
        Tokens an update.
    a, b : float
        Amplitude and power of the fit.

    References
    ----------
    Shen et al., "Power scheduler: a batch size and token number agnostic learning rate scheduler", arXiv
    2408.13359.

    Examples
    --------
    >>> schedule = PowerScheduler(0.02, batch=128, tokens=128 * 4096)
    >>> schedule(0), round(schedule(99_999) / schedule(24_999), 4) == round(4**-0.51, 4)
    (0.02, True)
    """

    lr: FloatOrArray
    batch: PositiveFloat
    tokens: PositiveFloat
    a: PositiveFloat = 4.6
    b: Annotated[float, Range(below=0)] = -0.51
    demo: ClassVar = {"lr": 0.1, "batch": 1.0, "tokens": 500.0}
    formula = "min(lr, batch * a * (tokens * (n + 1)) ** b)"

    def value(self, n: Array) -> Array:
        return np.minimum(self.lr, self.batch * self.a * power(self.tokens * (n + 1), self.b))

    @property
    def tail(self) -> float:
        return -self.b
