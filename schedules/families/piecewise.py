"""Piecewise-constant schedules, and schedules interpolated through given points."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal

import numpy as np

from schedules.schedule import Array, Schedule
from stepsize.core.elementwise import pick, power
from stepsize.core.limits.ranges import FloatOrArray, NonNegativeFloat, Range
from stepsize.core.validation import as_count, as_number, require

__all__ = ["EarlyStepDecay", "Interpolated", "MultiStep", "Piecewise", "StepDecay"]

# How a curve leads from one point to the next.
Shape = Literal["linear", "cosine"]


class StepDecay(Schedule):
    r"""Step decay: the rate is multiplied by `factor` every `every` updates.

    .. math:: \eta_n = \eta_0\, r^{\lfloor n / K \rfloor}

    Half-open: update K is the first with the lower rate. What other sources make of "a drop at 10":

    ==================================================  ========================
    source                                              first update at new rate
    ==================================================  ========================
    Wikipedia (`EarlyStepDecay`), timm's multistep      9
    this class, `MultiStep`, `Piecewise`, torch, Optax  10
    Keras' PiecewiseConstantDecay                       11
    ==================================================  ========================

    Parameters
    ----------
    lr : float
        The rate of update 0.
    factor : float
        r, what a drop multiplies by; at least 0.
    every : float
        K, the updates between drops; at least 1, whole as a rule.

    Examples
    --------
    >>> StepDecay(0.1, 0.5, 10)([0, 9, 10, 20]).tolist()
    [0.1, 0.1, 0.05, 0.025]
    """

    lr: FloatOrArray
    factor: NonNegativeFloat
    every: Annotated[float, Range(minimum=1)]
    demo: ClassVar = {"lr": 0.1, "factor": 0.5, "every": 10}
    formula = "lr * factor ** floor(n / every)"

    def value(self, n: Array) -> Array:
        return self.lr * power(self.factor, np.floor(n / self.every))

    @property
    def tail(self) -> float:
        """Infinite: a staircase under an exponential falls faster than every power of n."""
        return 0.0 if self.factor == 1 else math.copysign(math.inf, 1 - self.factor)


class EarlyStepDecay(Schedule):
    r"""Step decay that drops one update early, as Wikipedia prints it: the exponent is floor((1 + n) / K).

    .. math:: \eta_n = \eta_0\, d^{\lfloor (1 + n) / r \rfloor}

    Update K - 1 is already the first with the lower rate. `StepDecay` drops at K.

    Parameters
    ----------
    lr : float
        The rate before the first drop.
    factor : float
        What a drop multiplies by (Wikipedia's d); at least 0.
    every : int
        The updates between drops (Wikipedia's r); at least 1.

    References
    ----------
    Wikipedia, "Learning rate", section "Learning rate schedule".

    Examples
    --------
    >>> EarlyStepDecay(0.1, 0.5, 10)([0, 8, 9, 19]).tolist()
    [0.1, 0.1, 0.05, 0.025]
    """

    lr: FloatOrArray
    factor: NonNegativeFloat
    every: Annotated[float, Range(minimum=1)]
    demo: ClassVar = {"lr": 0.1, "factor": 0.5, "every": 10}
    formula = "lr * factor ** floor((1 + n) / every)"

    def value(self, n: Array) -> Array:
        return self.lr * power(self.factor, np.floor((1 + n) / self.every))

    @property
    def tail(self) -> float:
        """That of `StepDecay`."""
        return StepDecay(self.lr, self.factor, self.every).tail


class MultiStep(Schedule):
    r"""Step decay at chosen updates: the rate is multiplied by `factor` at each of them.

    .. math:: \eta_n = \eta_0\, r^{\#\{b \in B:\ b \le n\}}

    Half-open: update b is the first with the lower rate. A boundary named twice counts twice.

    Parameters
    ----------
    lr : float
        The rate before the first boundary.
    factor : float
        r, what a drop multiplies by; at least 0.
    at : sequence of int
        The boundaries, in any order.

    Examples
    --------
    >>> MultiStep(1.0, 0.5, at=[10, 25])([9, 10, 24, 25]).tolist()
    [1.0, 0.5, 0.5, 0.25]
    """

    lr: FloatOrArray
    factor: NonNegativeFloat
    at: Sequence[int]
    demo: ClassVar = {"lr": 0.1, "factor": 0.5, "at": (5, 15, 40)}

    @property
    def formula(self) -> str:
        return _cases(sorted(self.at), [f"lr * factor ** {i}" for i in range(len(self.at) + 1)])

    def check(self) -> None:
        """Validate the boundaries."""
        require(isinstance(self.at, tuple), "at", self.at, "a list of updates")
        for boundary in self.at:
            as_count("at", boundary)

    def value(self, n: Array) -> Array:
        passed = np.searchsorted(np.sort(self.at), n, side="right")
        return self.lr * power(self.factor, passed.astype(float))

    @property
    def horizon(self) -> int:
        """The last boundary."""
        return max(self.at, default=0)


class Piecewise(Schedule):
    """A constant value on each stage between boundaries.

    Half-open: update ``at[i]`` is the first with ``values[i + 1]``.

    Parameters
    ----------
    at : sequence of int
        The boundaries, increasing.
    values : sequence of float
        The values, one more than boundaries.

    Examples
    --------
    >>> Piecewise(at=[10, 25], values=[0.1, 0.02, 0.01])([0, 9, 10, 25]).tolist()
    [0.1, 0.1, 0.02, 0.01]
    """

    at: Sequence[int]
    values: Sequence[float]
    demo: ClassVar = {"at": (5, 15, 40), "values": (0.02, 0.1, 0.05, 0.01)}

    @property
    def formula(self) -> str:
        return _cases(self.at, [repr(v) for v in self.values])

    def check(self) -> None:
        """Validate boundaries and values together."""
        _check_points(self.at, self.values, len(self.at) + 1 if isinstance(self.at, tuple) else 0)
        for boundary in self.at:
            as_count("at", boundary)

    def value(self, n: Array) -> Array:
        stage: Array = pick(self.values, np.searchsorted(self.at, n, side="right"))
        return stage

    @property
    def horizon(self) -> int:
        """The last boundary."""
        return self.at[-1] if self.at else 0


class Interpolated(Schedule):
    """Values at given updates and a line, straight or a half cosine, from each to the next.

    The first value holds before the first point, the last one after the last.

    Parameters
    ----------
    at : sequence of float
        Where, increasing.
    values : sequence of float
        The values there, as many.
    shape : str
        ``"linear"``, or ``"cosine"`` for half a cosine from point to point, flat at each of them.

    Examples
    --------
    >>> Interpolated(at=[0, 4, 8], values=[0.0, 1.0, 0.5])([0, 1, 4, 6, 99]).tolist()
    [0.0, 0.25, 1.0, 0.75, 0.5]
    """

    at: Sequence[float]
    values: Sequence[float]
    shape: Shape = "linear"
    demo: ClassVar = {"at": (0, 5, 20), "values": (0.01, 0.1, 0.001), "shape": "cosine"}

    @property
    def formula(self) -> str:
        pieces = [repr(self.values[0])]
        for (a, b), (v, w) in zip(pairwise(self.at), pairwise(self.values), strict=True):
            z = f"(n - {a!r}) / {b - a!r}"
            fall = f"({z})" if self.shape == "linear" else f"(1 - cos(pi * {z})) / 2"
            pieces.append(f"{v!r} + {w - v!r} * {fall}")
        pieces.append(repr(self.values[-1]))
        start = 0 if self.at[0] > 0 else 1
        return _cases(self.at[start:], pieces[start:])

    def check(self) -> None:
        """Validate points and values together."""
        _check_points(self.at, self.values, len(self.at) if isinstance(self.at, tuple) else 0)
        require(len(self.at) > 0, "at", self.at, "at least one point")

    def value(self, n: Array) -> Array:
        at, values = self.at, self.values
        if len(at) == 1:
            constant: Array = values[0] + 0.0 * n
            return constant
        i = np.clip(np.searchsorted(at, n, side="right") - 1, 0, len(at) - 2)
        low, high = pick(at, i), pick(at, i + 1)
        z = np.clip((n - low) / (high - low), 0.0, 1.0)
        if self.shape == "cosine":
            z = (1 - np.cos(np.pi * z)) / 2
        between: Array = pick(values, i) * (1 - z) + pick(values, i + 1) * z
        return between

    @property
    def horizon(self) -> int:
        return max(0, math.ceil(self.at[-1]))


def _check_points(at: Any, values: Any, expected: int) -> None:
    require(isinstance(at, tuple), "at", at, "a list of updates")
    for boundary in at:
        as_number("at", boundary)
    require(all(a < b for a, b in pairwise(at)), "at", at, "updates in increasing order")
    require(
        isinstance(values, tuple) and len(values) == expected,
        "values",
        values,
        f"a list of {expected} numbers",
    )
    for value in values:
        as_number("values", value)


def _cases(at: Any, pieces: list[str]) -> str:
    """Return the formula that is pieces[i] up to at[i]."""
    text = pieces[-1]
    for boundary, piece in zip(reversed(at), reversed(pieces[:-1]), strict=True):
        text = f"({piece} if n < {boundary!r} else {text})"
    return text
