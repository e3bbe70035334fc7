"""Restarts: cycles of equal, growing or shrinking length."""

import math
from typing import Any, ClassVar

import numpy as np

from schedules.families.polynomial import Linear
from schedules.schedule import Array, Schedule
from stepsize.core.elementwise import pick, power
from stepsize.core.limits.ranges import FloatOrArray, NonNegativeFloat, PositiveFloat, PositiveInt
from stepsize.core.validation import LARGEST, require

# Cycles shorter than an update that may come before one that is as long.
_SHORT = 10_000

__all__ = ["Cycles", "PeriodicCosine", "Restarts"]


class PeriodicCosine(Schedule):
    r"""A cosine that goes on: down in T updates, up in the next T, forever.

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

    lr: FloatOrArray
    steps: PositiveFloat
    end: FloatOrArray = 0.0
    demo: ClassVar = {"lr": 0.1, "steps": 20.0}
    formula = "end + (lr - end) * (1 + cos(pi * n / steps)) / 2"
    tail = 0.0

    def value(self, n: Array) -> Array:
        return self.end + (self.lr - self.end) * (
            0.5 * (1 + np.cos(np.pi * (n % (2 * self.steps)) / self.steps))
        )


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
        m, the growth of a cycle's length from one to the next; above 0. No length is less than 1. With m < 1
        the lengths add up to T / (1 - m) only: once a cycle would be shorter than an update, the end holds.
    decay : float
        q, what the peak is multiplied by from one cycle to the next; at least 0. With q = 1/m it satisfies
        Robbins and Monro.
    end : float
        What each cosine falls to.
    cycles : int, optional
        How many cycles, at least 1, after which the end holds; by default forever, or while they are
        at least an update long.

    References
    ----------
    Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", arXiv 1608.03983, equation
    5.

    Examples
    --------
    >>> Restarts(1.0, steps=2, mult=2).table(8).round(3).tolist()
    [1.0, 0.5, 1.0, 0.854, 0.5, 0.146, 1.0, 0.962]
    """

    lr: FloatOrArray
    steps: PositiveFloat
    mult: PositiveFloat = 1.0
    decay: NonNegativeFloat = 1.0
    end: FloatOrArray = 0.0
    cycles: PositiveInt | None = None
    demo: ClassVar = {"lr": 0.1, "steps": 5, "mult": 2.0, "decay": 0.8}

    @property
    def formula(self) -> str:
        i, z = cycle_text(self.mult)
        wave = f"end + (lr * decay ** {i} - end) * (1 + cos(pi * {z})) / 2"
        return wave if self.played is None else f"{wave} if {i} < played else end"

    @property
    def played(self) -> int | None:
        """How many cycles are played; None forever."""
        return played(self.steps, self.mult, self.cycles)

    def symbols(self) -> dict[str, Any]:
        return {**super().symbols(), "played": self.played}

    def check(self) -> None:
        check_cycles(self.steps, self.mult)

    def value(self, n: Array) -> Array:
        i, z = cycle_at(n, self.steps, self.mult)
        wave = self.end + (self.lr * power(self.decay, i) - self.end) * (0.5 * (1 + np.cos(np.pi * z)))
        return wave if self.played is None else np.where(i < self.played, wave, self.end)

    @property
    def horizon(self) -> int | None:
        return end_of_cycles(self.steps, self.mult, self.played)

    @property
    def tail(self) -> float | None:
        """0 for equal peaks; a power where the peaks fall and the cycles grow."""
        if self.played is not None:
            return super().tail
        return 0.0 if np.any(self.end) else tail_of_cycles(self.mult, self.decay)


class Cycles(Schedule):
    r"""A schedule played again and again, stretched to cycles of growing length, each lower than the last.

    .. math:: \eta_n = q^i\, \mathrm{body}(z T)

    Update n lies in cycle i, of length T m^i, at the part z of it. With a cosine as body this is `Restarts`;
    with ``mult=1, decay=1`` it is ``body.repeat(T)``.

    Parameters
    ----------
    body : Schedule
        What is played; its first T values make a cycle.
    steps : float
        T, the length of the first cycle; above 0.
    mult : float
        m, the growth of a cycle's length from one to the next; above 0. No length is less than 1. With m < 1
        the lengths add up to T / (1 - m) only: once a cycle would be shorter than an update, the value is 0.
    decay : float
        q, what the values are multiplied by from one cycle to the next; at least 0.
    cycles : int, optional
        How many cycles, at least 1, after which the value is 0; by default forever, or while they are
        at least an update long.

    Examples
    --------
    >>> Cycles(Linear(1.0, steps=2), 2, mult=2, decay=0.5).table(7).tolist()
    [1.0, 0.5, 0.5, 0.375, 0.25, 0.125, 0.25]
    """

    body: Schedule
    steps: PositiveFloat
    mult: PositiveFloat = 1.0
    decay: NonNegativeFloat = 1.0
    cycles: PositiveInt | None = None
    demo: ClassVar = {"body": Linear(0.1, steps=5), "steps": 5, "mult": 2.0, "decay": 0.8}

    @property
    def formula(self) -> str:
        i, z = cycle_text(self.mult)
        text = f"decay ** {i} * body({z} * steps)"
        return text if self.played is None else f"{text} if {i} < played else 0"

    @property
    def played(self) -> int | None:
        """How many cycles are played; None forever."""
        return played(self.steps, self.mult, self.cycles)

    def symbols(self) -> dict[str, Any]:
        return {**super().symbols(), "played": self.played}

    def check(self) -> None:
        check_cycles(self.steps, self.mult)

    def value(self, n: Array) -> Array:
        i, z = cycle_at(n, self.steps, self.mult)
        values = power(self.decay, i) * self.body.value(z * self.steps)
        return values if self.played is None else np.where(i < self.played, values, 0.0)

    @property
    def horizon(self) -> int | None:
        return end_of_cycles(self.steps, self.mult, self.played)

    @property
    def tail(self) -> float | None:
        """0 for equal cycles; a power where they fall and grow."""
        return super().tail if self.played is not None else tail_of_cycles(self.mult, self.decay)


def cycle_at(n: Array, steps: float, mult: float) -> tuple[Array, Array]:
    """Return the number of the cycle that each n is in, and the part of it that has passed, below 1."""
    if mult == 1:
        i = np.floor(n / steps)
        # A quotient may round up to the next whole number; a start that is whole belongs to its own cycle.
        i = np.where(_whole(i * steps) > n, i - 1, np.where(_whole((i + 1) * steps) <= n, i + 1, i))
        start, length = _whole(i * steps), steps + 0.0 * n
    else:
        starts, lengths = _cycles_up_to(float(n.max(initial=0.0)), steps, mult)
        i = np.searchsorted(starts, n, side="right") - 1
        start, length = pick(starts, i), pick(lengths, i)
        beyond = np.where(length == 1.0, np.floor(n - start), 0.0) if mult < 1 else 0.0
        i, start = i + beyond, start + beyond
    return i, np.minimum((n - start) / length, 1 - 2.0**-53)


def _cycles_up_to(last: float, steps: float, mult: float) -> tuple[Array, Array]:
    """Return starts and lengths of the cycles up to update `last`; the shrinking ones down to length 1."""
    starts, lengths = [0.0], [_length(0, steps, mult)]
    while starts[-1] + lengths[-1] <= last + 1 and not (mult < 1 and lengths[-1] == 1.0):
        starts.append(float(_whole(np.array(starts[-1] + lengths[-1]))))
        lengths.append(_length(len(lengths), steps, mult))
    return np.array(starts), np.array(lengths)


def _length(i: int, steps: float, mult: float) -> float:
    length = float(steps * mult**i)
    return max(1.0, length) if mult < 1 else length


def played(steps: float, mult: float, cycles: int | None) -> int | None:
    """Return how many cycles are played; None forever.

    As many as asked for. Where no number is given, cycles that shrink end with the last one that is not
    shorter than an update, or with the first.
    """
    if cycles is not None or mult >= 1:
        return cycles
    count = max(1, int(-math.log(steps) / math.log(mult)) - 2) if steps > 1 else 1
    while steps * mult**count >= 1 - 1e-12:
        count += 1
    return count


def _whole(x: Array) -> Array:
    """Return x, rounded where it misses a whole number by rounding alone."""
    nearest = np.round(x)
    return np.where(np.abs(x - nearest) <= 1e-12 * np.maximum(nearest, 1.0), nearest, x)


def cycle_text(mult: float) -> tuple[str, str]:
    """Return how the number of the cycle and the part of it are written in a formula."""
    if mult == 1:
        return "floor(n / steps)", "(n / steps - floor(n / steps))"
    return "i(n)", "z(n)"


def check_cycles(steps: float, mult: float) -> None:
    """Validate that growing cycles are soon as long as an update: they are counted one by one."""
    if mult > 1 and steps < 1:
        short = math.log(1 / steps) / math.log(mult)
        require(short <= _SHORT, "steps", steps, f"an update a cycle after at most {_SHORT} cycles")


def end_of_cycles(steps: float, mult: float, cycles: int | None) -> int | None:
    """Return the first update after the last cycle; None where no run comes that far."""
    if cycles is None:
        return None
    total = cycles * float(steps) if mult == 1 else _sum_of_lengths(steps, mult, cycles)
    return None if total > LARGEST else math.ceil(float(_whole(np.array(total))))


def _sum_of_lengths(steps: float, mult: float, cycles: int) -> float:
    """Return the lengths of cycles that grow or shrink, added up as far as a run can come."""
    total = 0.0
    for i in range(cycles):
        length = _length(i, steps, mult)
        if mult < 1 and length == 1.0:  # so are those that follow
            return total + cycles - i
        total += length
        if total > LARGEST:
            break
    return total


def tail_of_cycles(mult: float, decay: float) -> float | None:
    """Return p where the peaks fall like n^-p: by a factor decay while n grows by a factor mult."""
    if decay == 1:
        return 0.0
    if mult > 1 and decay > 0:
        return -math.log(decay) / math.log(mult)
    return math.inf if decay < 1 else -math.inf
