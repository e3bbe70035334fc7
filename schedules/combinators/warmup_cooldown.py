"""Warm-up and cool-down of any schedule."""

import math
from collections.abc import Callable
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from schedules.combinators.algebra import later, shifted
from schedules.families.cosine import Cosine
from schedules.families.polynomial import Linear, Polynomial, Rex
from schedules.schedule import Array, FallShape, RiseShape, Schedule
from stepsize.core.limits.ranges import FiniteFloat, NonNegativeInt, PositiveInt
from stepsize.core.validation import require

__all__ = ["Cooldown", "Warmup"]


# How a cooldown falls from 1 to 0 in a number of updates, and how a warm-up rises (the same, backwards).
_FALLS: dict[str, Callable[[int], Schedule]] = {
    "linear": lambda updates: Linear(1.0, updates),
    "cosine": lambda updates: Cosine(1.0, updates),
    "1-sqrt": lambda updates: Polynomial(1.0, updates, k=0.5),
    "square": lambda updates: Polynomial(1.0, updates, k=2.0),
    "rex": lambda updates: Rex(1.0, updates),
}
_RISES: dict[str, tuple[Callable[[Array], Any], str]] = {
    "linear": (lambda u: u, "{u}"),
    "cosine": (lambda u: 0.5 * (1 - np.cos(np.pi * u)), "(1 - cos(pi * {u})) / 2"),
    "1-sqrt": (lambda u: 1 - np.sqrt(1 - u), "(1 - sqrt(1 - {u}))"),
}


class Warmup(Schedule):
    """A rise over the first `updates` updates, then the body.

    With ``start=None`` update n of the first W is multiplied by (n + 1) / W, so that update 0 moves and
    update W - 1 has the full rate. With a `start` the classical ramp is taken instead, from that value at
    n = 0 to the body's first value at n = W (``start=0`` wastes update 0, as several libraries do).

    Parameters
    ----------
    body : Schedule
        What follows.
    updates : int
        W, the length of the rise; at least 1.
    start : float, optional
        First value of the classical ramp.
    shift : bool
        True: the body starts at its own 0 after the rise, and the rise leads to its first value. False: the
        body runs from n = 0 on and the rise multiplies it (only without `start`).
    shape : str
        ``"linear"``, ``"cosine"`` (half a cosine, flat at both ends) or ``"1-sqrt"`` (1 - sqrt(1 - u)).

    Examples
    --------
    >>> from schedules import Constant
    >>> Constant(1.0).warmup(4)([0, 1, 3, 4]).tolist()
    [0.25, 0.5, 1.0, 1.0]
    >>> Constant(1.0).warmup(4, start=0.0)([0, 1, 4]).tolist()
    [0.0, 0.25, 1.0]
    """

    body: Schedule
    updates: PositiveInt
    start: FiniteFloat | None = None
    shift: bool = True
    shape: RiseShape = "linear"
    demo: ClassVar = {"body": "Cosine(0.1, steps=25)", "updates": 8}

    @property
    def formula(self) -> str:
        rise = _RISES[self.shape][1]
        if self.start is not None:
            ramp = rise.format(u="n / updates")
            return f"start + (body(0) - start) * {ramp} if n < updates else body(n - updates)"
        part = rise.format(u="((n + 1) / updates)")
        if not self.shift:
            return f"{part} * body(n) if n < updates else body(n)"
        return f"{part} * body(0) if n < updates else body(n - updates)"

    def check(self) -> None:
        """Validate that a ramp from `start` is not multiplied."""
        require(self.start is None or self.shift, "shift", self.shift, "True when a start is given")

    def value(self, n: Array) -> Array:
        W, rise = self.updates, _RISES[self.shape][0]
        body = self.body.value(np.maximum(n - W, 0.0) if self.shift else n)
        if self.start is None:
            values: Array = body * rise(np.minimum((n + 1) / W, 1.0))
            return values
        # During the rise the body stands at its own 0.
        ramp = self.start + (body - self.start) * rise(np.minimum(n / W, 1.0))
        return np.where(n < W, ramp, body)

    @cached_property
    def horizon(self) -> int | None:
        return (
            shifted(self.body.horizon, self.updates) if self.shift else later(self.body.horizon, self.updates)
        )

    @cached_property
    def tail(self) -> float | None:
        return self.body.tail


class Cooldown(Schedule):
    """A body that from update `at` on is led down to an end value, which then holds.

    The body goes on underneath: an `InverseSqrt` keeps falling through its own cooldown.

    Parameters
    ----------
    body : Schedule
        What comes before, and goes on underneath.
    updates : int
        D, the length of the fall; at least 1. The end is reached at n = at + D.
    at : int
        Where the fall begins.
    shape : str or Schedule
        ``"1-sqrt"``, ``"linear"``, ``"cosine"``, ``"square"`` (1 - u^2), ``"rex"``, or a schedule that starts
        at 1 and has D updates to fall.
    end : float
        The value from then on.

    References
    ----------
    Hägele et al., "Scaling laws and compute-optimal training beyond fixed training durations", arXiv
    2405.18392, for 1 - sqrt.

    Examples
    --------
    >>> from schedules import Constant
    >>> Constant(1.0).cooldown(4, at=2)([0, 2, 3, 6, 7]).tolist()
    [1.0, 1.0, 0.5, 0.0, 0.0]
    """

    body: Schedule
    updates: PositiveInt
    at: NonNegativeInt
    shape: FallShape | Schedule = "1-sqrt"
    end: FiniteFloat = 0.0
    demo: ClassVar = {"body": "InverseSqrt(0.1, scale=5.0)", "updates": 15, "at": 20}
    formula = "body(n) if n < at else end + (body(n) - end) * fall(n - at)"

    def check(self) -> None:
        """Validate the shape."""
        if not isinstance(self.shape, Schedule):
            known = isinstance(self.shape, str) and self.shape in _FALLS
            require(known, "shape", self.shape, f"a schedule or one of {', '.join(_FALLS)}")

    @property
    def fall(self) -> Schedule:
        """The shape as a schedule that starts at 1, on its own clock."""
        return self.shape if isinstance(self.shape, Schedule) else _FALLS[self.shape](self.updates)

    def symbols(self) -> dict[str, Any]:
        return {**super().symbols(), "fall": self.fall}

    def value(self, n: Array) -> Array:
        fall = self.fall
        # Once the fall has arrived at 0 the body does not count any more, and is not asked.
        last = math.inf if fall.horizon is None or np.any(fall.limit) else self.at + fall.horizon - 1
        body = self.body.value(np.minimum(n, max(last, 0)))
        return np.where(
            n < self.at, body, self.end + (body - self.end) * fall.value(np.maximum(n - self.at, 0.0))
        )

    @cached_property
    def horizon(self) -> int | None:
        """The end of the fall, if the shape arrives at 0."""
        fall = self.fall
        end = fall.horizon
        if end is not None and not np.any(fall.limit):
            return self.at + end
        return later(self.body.horizon, shifted(end, self.at))

    @cached_property
    def tail(self) -> float | None:
        """Known where the fall ends, or where it leads to 0."""
        if self.horizon is not None:
            return super().tail
        return (self.body * self.fall).tail if self.end == 0 else None
