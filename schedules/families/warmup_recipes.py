"""Warm-up recipes: warm-ups of a computed length, and warm-up, plateau and decay in one.

The rise itself is an operator on any schedule, ``.warmup(W)``, and so is the fall, ``.cooldown(D, at=N)``.
"""

import math
from typing import Any, ClassVar

import numpy as np

from schedules.combinators.warmup_cooldown import Cooldown
from schedules.powers import power
from schedules.schedule import Array, Constant, Schedule, check_numbers
from stepsize.core.validation import as_count, as_number, require

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

    beta2: float = 0.999
    demo: ClassVar = {"beta2": 0.9}
    formula = "min(1, (1 - beta2) / 2 * (n + 1))"

    def check(self) -> None:
        """Refuse what cannot be a decay rate."""
        _check_beta(self.beta2)

    def value(self, n: Array) -> Any:
        """Return min(1, (n + 1) (1 - beta2) / 2)."""
        return np.minimum(1.0, (1 - self.beta2) / 2 * (n + 1))

    @property
    def horizon(self) -> int:
        """The first update at 1."""
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

    beta2: float = 0.999
    demo: ClassVar = {"beta2": 0.9}
    formula = "1 - exp(-(1 - beta2) * (n + 1))"
    tail = 0.0

    def check(self) -> None:
        """Refuse what cannot be a decay rate."""
        _check_beta(self.beta2)

    def value(self, n: Array) -> Any:
        """Return 1 - exp(-(1 - beta2) (n + 1))."""
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

    lr: Any
    rise: int
    stable: int
    fall: int
    shape: Any = "1-sqrt"
    end: float = 0.0
    start: float | None = None
    rise_shape: str = "linear"
    demo: ClassVar = {"lr": 0.1, "rise": 5, "stable": 10, "fall": 5}
    formula = "parts(n)"

    def check(self) -> None:
        """Refuse lengths that are none; the parts check the rest."""
        check_numbers(self.lr)
        as_count("rise", self.rise)
        as_count("stable", self.stable)
        as_count("fall", self.fall, 1)
        assert self.parts

    @property
    def parts(self) -> Cooldown:
        """The schedule that this is short for."""
        top: Schedule = Constant(self.lr)
        if self.rise:
            top = top.warmup(self.rise, start=self.start, shape=self.rise_shape)
        return Cooldown(top, self.fall, self.rise + self.stable, self.shape, self.end)

    def symbols(self) -> dict[str, Any]:
        """Return the parts."""
        return {"parts": self.parts}

    def value(self, n: Array) -> Any:
        """Return the value of the parts."""
        return self.parts.value(n)

    @property
    def horizon(self) -> int | None:
        """The end of the cooldown."""
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

    d_model: int = 512
    warmup_steps: int = 4000
    factor: float = 1.0
    demo: ClassVar = {"d_model": 16, "warmup_steps": 10}
    formula = "factor / sqrt(d_model) * min((n + 1) ** -0.5, (n + 1) * warmup_steps ** -1.5)"
    tail = 0.5

    def check(self) -> None:
        """Refuse a model or a rise without size."""
        as_count("d_model", self.d_model, 1)
        as_count("warmup_steps", self.warmup_steps, 1)
        as_number("factor", self.factor)

    def value(self, n: Array) -> Any:
        """Return f d^-1/2 min(t^-1/2, t W^-3/2)."""
        t = n + 1
        return self.factor * self.d_model**-0.5 * np.minimum(power(t, -0.5), t * self.warmup_steps**-1.5)


class PowerScheduler(Schedule):
    r"""The power scheduler: a power of the tokens seen, capped, the same for every budget.

    .. math:: \eta_n = \min\left(\eta_\text{max},\ \beta\, a\, (\text{tokens seen})^{\,b}\right)

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

    lr: Any
    batch: float
    tokens: float
    a: float = 4.6
    b: float = -0.51
    demo: ClassVar = {"lr": 0.1, "batch": 1.0, "tokens": 500.0}
    formula = "min(lr, batch * a * (tokens * (n + 1)) ** b)"

    def check(self) -> None:
        """Refuse sizes that are none, and a power that does not fall."""
        check_numbers(self.lr)
        for name in ("batch", "tokens", "a"):
            require(as_number(name, getattr(self, name)) > 0, name, getattr(self, name), "a number above 0")
        require(as_number("b", self.b) < 0, "b", self.b, "a power below 0")

    def value(self, n: Array) -> Any:
        """Return min(lr, batch a (tokens (n + 1))^b)."""
        return np.minimum(self.lr, self.batch * self.a * power(self.tokens * (n + 1), self.b))

    @property
    def tail(self) -> float:
        """The power -b."""
        return -self.b


def _check_beta(beta2: Any) -> None:
    require(0 <= as_number("beta2", beta2) < 1, "beta2", beta2, "a number from 0 to below 1")
