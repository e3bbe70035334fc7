"""Rates that fall along a cosine, or along its cousins; once, or again and again."""

from typing import Any, ClassVar

import numpy as np

from schedules.budget import Linear, Polynomial
from schedules.cycles import check_cycles, cycle_at, cycle_text, end_of_cycles, tail_of_cycles
from schedules.schedule import Array, Schedule, check_numbers
from stepsize.base.checks import as_number, refuse_unless

__all__ = ["Cosine", "PeriodicCosine", "FlatCosine", "Restarts", "Tanh"]


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
        Warps the time ("k-decay"): above 1 it holds the rate up for longer; above 0.

    References
    ----------
    Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", arXiv 1608.03983, equation
    5. k-decay: Zhang and Li, arXiv 2004.05909.

    Examples
    --------
    >>> Cosine(1.0, steps=2).table(5).round(12).tolist()
    [1.0, 0.5, 0.0, 0.0, 0.0]
    """

    lr: Any
    steps: int
    end: Any = 0.0
    power: float = 1.0
    k: float = 1.0
    demo: ClassVar = {"lr": 0.1, "steps": 20}
    formula = "end + (lr - end) * ((1 + cos(pi * min(n / steps, 1) ** k)) / 2) ** power"

    def check(self) -> None:
        """Refuse an empty curve and powers that do not fall."""
        Polynomial(self.lr, self.steps, self.power, self.end, self.k)

    def value(self, n: Array) -> Any:
        """Return end + (lr - end) (1/2 (1 + cos(pi z^k)))^p."""
        z = np.minimum(n / self.steps, 1.0)
        return self.end + (self.lr - self.end) * (0.5 * (1 + np.cos(np.pi * z**self.k))) ** self.power

    @property
    def horizon(self) -> int:
        """T."""
        return self.steps


class PeriodicCosine(Schedule):
    r"""A cosine that goes on: down in T updates, up in the next T, for ever.

    .. math:: \eta_n = \eta_T + (\eta_0 - \eta_T)\,\tfrac12 \left(1 + \cos(\pi n / T)\right)

    This is what torch's CosineAnnealingLR does past its ``T_max``. `Cosine` stays down.

    Parameters
    ----------
    lr : float
        The crests.
    steps : float
        T, half a period in updates; above 0.
    end : float
        The troughs.

    Examples
    --------
    >>> PeriodicCosine(1.0, steps=2).table(6).round(12).tolist()
    [1.0, 0.5, 0.0, 0.5, 1.0, 0.5]
    """

    lr: Any
    steps: float
    end: Any = 0.0
    demo: ClassVar = {"lr": 0.1, "steps": 20.0}
    formula = "end + (lr - end) * (1 + cos(pi * n / steps)) / 2"
    tail = 0.0

    def check(self) -> None:
        """Refuse a wave without length."""
        check_numbers(self.lr)
        check_numbers(self.end, "end")
        refuse_unless(as_number("steps", self.steps) > 0, "steps", self.steps, "a number above 0")

    def value(self, n: Array) -> Any:
        """Return end + (lr - end) 1/2 (1 + cos(pi n / T))."""
        return self.end + (self.lr - self.end) * (
            0.5 * (1 + np.cos(np.pi * (n % (2 * self.steps)) / self.steps))
        )


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

    lr: Any
    steps: int
    flat: float = 0.75
    end: Any = 0.0
    demo: ClassVar = {"lr": 0.1, "steps": 20}
    formula = "end + (lr - end) * (1 + cos(pi * min(max(n / steps - flat, 0) / (1 - flat), 1))) / 2"

    def check(self) -> None:
        """Refuse an empty curve and a flat part that is none."""
        Linear(self.lr, self.steps, self.end)
        refuse_unless(0 <= as_number("flat", self.flat) < 1, "flat", self.flat, "a part from 0 to below 1")

    def value(self, n: Array) -> Any:
        """Return the flat part, then the cosine."""
        u = np.clip((n / self.steps - self.flat) / (1 - self.flat), 0.0, 1.0)
        return self.end + (self.lr - self.end) * (0.5 * (1 + np.cos(np.pi * u)))

    @property
    def horizon(self) -> int:
        """T."""
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

    lr: Any
    steps: int
    end: Any = 0.0
    lower: float = -7.0
    upper: float = 3.0
    demo: ClassVar = {"lr": 0.1, "steps": 20}
    formula = (
        "end + (lr - end) * (1 - tanh(lower * (1 - n / steps) + upper * n / steps)) / 2 if n < steps else end"
    )

    def check(self) -> None:
        """Refuse an empty curve and bounds that do not fall."""
        Linear(self.lr, self.steps, self.end)
        lower, upper = as_number("lower", self.lower), as_number("upper", self.upper)
        refuse_unless(lower < upper, "lower", self.lower, f"a number below upper, which is {upper:g}")

    def value(self, n: Array) -> Any:
        """Return the tangent before T, the end from T on."""
        z = np.minimum(n / self.steps, 1.0)
        fall = 0.5 * (1 - np.tanh(self.lower * (1 - z) + self.upper * z))
        return self.end + (self.lr - self.end) * np.where(n < self.steps, fall, 0.0)

    @property
    def horizon(self) -> int:
        """T."""
        return self.steps


class Restarts(Schedule):
    r"""Cosines with warm restarts (SGDR): down in each cycle, and up again at once.

    .. math:: \eta_n = \eta_\text{end} + (q^i \eta_0 - \eta_\text{end})\,
        \tfrac12 \left(1 + \cos \pi z\right)

    Update n lies in cycle i, of length T m^i, at the part z of it. Cycles are found from their starts, 0, T,
    T + T m, ..., never by a logarithm, which comes out one short at some of them (torch's at 121 for T = 1,
    m = 3). The last update of a cycle is one short of the end value: z stays below 1.

    Parameters
    ----------
    lr : float
        The first peak.
    steps : float
        T, the length of the first cycle; above 0, not necessarily whole.
    mult : float
        m, the growth of a cycle's length from one to the next; above 0. Lengths never fall below 1.
    decay : float
        q, what the peak is multiplied by from one cycle to the next; at least 0. With q = 1/m it satisfies
        Robbins and Monro.
    end : float
        What each cosine falls to.
    cycles : int, optional
        How many cycles, after which the end holds; for ever by default.

    References
    ----------
    Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", arXiv 1608.03983, equation
    5.

    Examples
    --------
    >>> Restarts(1.0, steps=2, mult=2).table(8).round(3).tolist()
    [1.0, 0.5, 1.0, 0.854, 0.5, 0.146, 1.0, 0.962]
    """

    lr: Any
    steps: float
    mult: float = 1.0
    decay: float = 1.0
    end: Any = 0.0
    cycles: int | None = None
    demo: ClassVar = {"lr": 0.1, "steps": 5, "mult": 2.0, "decay": 0.8}

    @property
    def formula(self) -> str:
        """The cosine in z, with i and z spelled out where the cycles are equal."""
        i, z = cycle_text(self.mult)
        wave = f"end + (lr * decay ** {i} - end) * (1 + cos(pi * {z})) / 2"
        return wave if self.cycles is None else f"{wave} if {i} < cycles else end"

    def check(self) -> None:
        """Refuse cycles without length."""
        check_numbers(self.lr)
        check_numbers(self.end, "end")
        check_cycles(self.steps, self.mult, self.decay, self.cycles)

    def value(self, n: Array) -> Any:
        """Return the cosine of the cycle that n is in."""
        i, z = cycle_at(n, self.steps, self.mult)
        wave = self.end + (self.lr * self.decay**i - self.end) * (0.5 * (1 + np.cos(np.pi * z)))
        return wave if self.cycles is None else np.where(i < self.cycles, wave, self.end)

    @property
    def horizon(self) -> int | None:
        """The end of the last cycle."""
        return end_of_cycles(self.steps, self.mult, self.cycles)

    @property
    def tail(self) -> float | None:
        """0 for equal peaks; a power where the peaks fall and the cycles grow."""
        if self.cycles is not None:
            return super().tail
        return 0.0 if np.any(self.end) else tail_of_cycles(self.mult, self.decay)
