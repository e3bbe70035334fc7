"""Modifiers of one schedule: floor, cap, delay, skip, repeat, epochs."""

from functools import cached_property
from typing import ClassVar

import numpy as np

from schedules.combinators.algebra import shifted
from schedules.schedule import Array, Schedule
from stepsize.core.limits.ranges import FiniteFloat, NonNegativeInt, PositiveInt

__all__ = ["Cap", "Delay", "Floor", "PerEpoch", "Repeat", "Skip"]


class Floor(Schedule):
    """A schedule that never goes below a value.

    Examples
    --------
    >>> from schedules import Constant
    >>> Constant(0.001).floor(0.01)(0)
    0.01
    """

    body: Schedule
    minimum: FiniteFloat
    demo: ClassVar = {"body": "Linear(0.1, steps=20)", "minimum": 0.03}
    formula = "max(body(n), minimum)"

    def value(self, n: Array) -> Array:
        return np.maximum(self.body.value(n), self.minimum)

    @cached_property
    def horizon(self) -> int | None:
        return self.body.horizon

    @cached_property
    def tail(self) -> float | None:
        """0: a positive floor keeps the values up."""
        if self.horizon is not None or self.body.tail is None:
            return super().tail
        return min(self.body.tail, 0.0) if self.minimum > 0 else self.body.tail


class Cap(Schedule):
    """A schedule that never goes above a value.

    Examples
    --------
    >>> from schedules import Constant
    >>> Constant(1.0).cap(0.1)(0)
    0.1
    """

    body: Schedule
    maximum: FiniteFloat
    demo: ClassVar = {"body": "Linear(0.1, steps=20)", "maximum": 0.06}
    formula = "min(body(n), maximum)"

    def value(self, n: Array) -> Array:
        return np.minimum(self.body.value(n), self.maximum)

    @cached_property
    def horizon(self) -> int | None:
        return self.body.horizon

    @cached_property
    def tail(self) -> float | None:
        """That of the body, unless it rises."""
        if self.horizon is not None or self.body.tail is None or self.maximum <= 0:
            return super().tail
        return max(self.body.tail, 0.0)


class Delay(Schedule):
    """A schedule that holds its first value for some updates before it starts.

    Examples
    --------
    >>> from schedules import Constant
    >>> (Constant(1.0).then(0.5, at=1)).delay(2)([0, 1, 2, 3]).tolist()
    [1.0, 1.0, 1.0, 0.5]
    """

    body: Schedule
    updates: NonNegativeInt
    demo: ClassVar = {"body": "Linear(0.1, steps=20)", "updates": 10}
    formula = "body(max(n - updates, 0))"

    def value(self, n: Array) -> Array:
        return self.body.value(np.maximum(n - self.updates, 0.0))

    @cached_property
    def horizon(self) -> int | None:
        return shifted(self.body.horizon, self.updates)

    @cached_property
    def tail(self) -> float | None:
        return self.body.tail


class Skip(Schedule):
    """A schedule without its first updates: it begins where it would be after them.

    Examples
    --------
    >>> from schedules import Constant
    >>> (Constant(1.0).then(0.5, at=2)).skip(1)([0, 1]).tolist()
    [1.0, 0.5]
    """

    body: Schedule
    updates: NonNegativeInt
    demo: ClassVar = {"body": "Linear(0.1, steps=20)", "updates": 5}
    formula = "body(n + updates)"

    def value(self, n: Array) -> Array:
        return self.body.value(n + self.updates)

    @cached_property
    def horizon(self) -> int | None:
        return None if self.body.horizon is None else max(self.body.horizon - self.updates, 0)

    @cached_property
    def tail(self) -> float | None:
        return self.body.tail


class Repeat(Schedule):
    """A schedule that starts over every `period` updates.

    Examples
    --------
    >>> from schedules import Constant
    >>> (Constant(1.0).then(0.5, at=1)).repeat(2)([0, 1, 2, 3]).tolist()
    [1.0, 0.5, 1.0, 0.5]
    """

    body: Schedule
    period: PositiveInt
    demo: ClassVar = {"body": "Linear(0.1, steps=10)", "period": 10}
    formula = "body(n % period)"

    def value(self, n: Array) -> Array:
        return self.body.value(n % self.period)

    @cached_property
    def horizon(self) -> int | None:
        """0 if there is nothing to repeat."""
        return 0 if self.body.horizon == 0 or self.period == 1 else None

    @cached_property
    def tail(self) -> float | None:
        """0: what comes back does not fall."""
        return super().tail if self.horizon is not None else 0.0


class PerEpoch(Schedule):
    """A schedule that counts epochs.

    Parameters
    ----------
    body : Schedule
        A schedule whose n is an epoch.
    updates_per_epoch : int
        Updates in an epoch; at least 1.
    smooth : bool
        Whether to count fractions of an epoch.

    Examples
    --------
    >>> from schedules import Linear
    >>> Linear(1.0, steps=2).per_epoch(2).table(5).tolist()
    [1.0, 1.0, 0.5, 0.5, 0.0]
    >>> Linear(1.0, steps=2).per_epoch(2, smooth=True).table(5).tolist()
    [1.0, 0.75, 0.5, 0.25, 0.0]
    """

    body: Schedule
    updates_per_epoch: PositiveInt
    smooth: bool = False
    demo: ClassVar = {"body": "Linear(0.1, steps=5)", "updates_per_epoch": 6}

    @property
    def formula(self) -> str:
        return "body(n / updates_per_epoch)" if self.smooth else "body(floor(n / updates_per_epoch))"

    def value(self, n: Array) -> Array:
        epoch = n / self.updates_per_epoch
        return self.body.value(epoch if self.smooth else np.floor(epoch))

    @cached_property
    def horizon(self) -> int | None:
        return None if self.body.horizon is None else self.body.horizon * self.updates_per_epoch

    @cached_property
    def tail(self) -> float | None:
        return self.body.tail
