"""Schedules made of schedules, value by value or piece by piece."""

import math
from typing import Any, ClassVar

import numpy as np

from schedules.schedule import Array, Constant, Schedule, as_schedule
from stepsize.base.checks import as_count, as_number, refuse_unless

__all__ = ["Cap", "Delay", "Floor", "PerEpoch", "Product", "Repeat", "Rows", "Sum", "Then"]


class Product(Schedule):
    """The product of two schedules, value by value.

    Examples
    --------
    >>> (Constant(0.5) * Constant(0.5))(3)
    0.25
    """

    first: Schedule
    second: Schedule
    demo: ClassVar = {"first": Constant(0.5), "second": Constant(0.2)}
    formula = "first(n) * second(n)"

    def value(self, n: Array) -> Any:
        """Return first(n) * second(n)."""
        return self.first.value(n) * self.second.value(n)

    @property
    def horizon(self) -> int | None:
        """Where both have settled, or where one has settled at 0."""
        ends = [
            f.horizon for f in (self.first, self.second) if f.horizon is not None and not np.any(f(f.horizon))
        ]
        return min(ends) if ends else later(self.first.horizon, self.second.horizon)

    @property
    def tail(self) -> float | None:
        """The powers add up."""
        if self.horizon is not None:
            return super().tail
        if self.first.tail is None or self.second.tail is None:
            return None
        total = self.first.tail + self.second.tail
        return None if math.isnan(total) else total


class Sum(Schedule):
    """The sum of two schedules, value by value.

    Examples
    --------
    >>> (Constant(0.5) + 0.25)(3)
    0.75
    """

    first: Schedule
    second: Schedule
    demo: ClassVar = {"first": Constant(0.5), "second": Constant(0.2)}
    formula = "first(n) + second(n)"

    def value(self, n: Array) -> Any:
        """Return first(n) + second(n)."""
        return self.first.value(n) + self.second.value(n)

    @property
    def horizon(self) -> int | None:
        """Where both have settled."""
        return later(self.first.horizon, self.second.horizon)

    @property
    def tail(self) -> float | None:
        """The slower fall wins."""
        if self.horizon is not None:
            return super().tail
        if self.first.tail is None or self.second.tail is None:
            return None
        return min(self.first.tail, self.second.tail)


class Then(Schedule):
    """One schedule up to a boundary, another from it on; the second starts at its own 0.

    The boundary is half-open: update `at` is the first to use `after`.

    Examples
    --------
    >>> Constant(1.0).then(0.1, at=2)([0, 1, 2, 3]).tolist()
    [1.0, 1.0, 0.1, 0.1]
    """

    before: Schedule
    after: Schedule
    at: int
    demo: ClassVar = {"before": Constant(1.0), "after": Constant(0.1), "at": 10}
    formula = "before(n) if n < at else after(n - at)"

    def check(self) -> None:
        """Refuse a boundary that is no update."""
        as_count("at", self.at)

    def value(self, n: Array) -> Any:
        """Return before(n) for n < at and after(n - at) from then on."""
        return np.where(n < self.at, self.before.value(n), self.after.value(np.maximum(n - self.at, 0.0)))

    @property
    def horizon(self) -> int | None:
        """Where the second has settled."""
        return shifted(self.after.horizon, self.at)

    @property
    def tail(self) -> float | None:
        """That of the second."""
        return self.after.tail


class Floor(Schedule):
    """A schedule that never goes below a value.

    Examples
    --------
    >>> Constant(0.001).floor(0.01)(0)
    0.01
    """

    body: Schedule
    least: float
    demo: ClassVar = {"body": Constant(0.1), "least": 0.01}
    formula = "max(body(n), least)"

    def check(self) -> None:
        """Refuse a bound that is no number."""
        as_number("least", self.least)

    def value(self, n: Array) -> Any:
        """Return max(body(n), least)."""
        return np.maximum(self.body.value(n), self.least)

    @property
    def horizon(self) -> int | None:
        """Where the body has settled."""
        return self.body.horizon

    @property
    def tail(self) -> float | None:
        """0: a positive floor keeps the values up."""
        if self.horizon is not None or self.body.tail is None:
            return super().tail
        return min(self.body.tail, 0.0) if self.least > 0 else self.body.tail


class Cap(Schedule):
    """A schedule that never goes above a value.

    Examples
    --------
    >>> Constant(1.0).cap(0.1)(0)
    0.1
    """

    body: Schedule
    most: float
    demo: ClassVar = {"body": Constant(0.1), "most": 1.0}
    formula = "min(body(n), most)"

    def check(self) -> None:
        """Refuse a bound that is no number."""
        as_number("most", self.most)

    def value(self, n: Array) -> Any:
        """Return min(body(n), most)."""
        return np.minimum(self.body.value(n), self.most)

    @property
    def horizon(self) -> int | None:
        """Where the body has settled."""
        return self.body.horizon

    @property
    def tail(self) -> float | None:
        """That of the body, unless it rises."""
        if self.horizon is not None or self.body.tail is None or self.most <= 0:
            return super().tail
        return max(self.body.tail, 0.0)


class Delay(Schedule):
    """A schedule that holds its first value for some updates before it starts.

    Examples
    --------
    >>> (Constant(1.0).then(0.5, at=1)).delay(2)([0, 1, 2, 3]).tolist()
    [1.0, 1.0, 1.0, 0.5]
    """

    body: Schedule
    updates: int
    demo: ClassVar = {"body": Constant(0.1), "updates": 5}
    formula = "body(max(n - updates, 0))"

    def check(self) -> None:
        """Refuse a length that is no count."""
        as_count("updates", self.updates)

    def value(self, n: Array) -> Any:
        """Return body(max(n - updates, 0))."""
        return self.body.value(np.maximum(n - self.updates, 0.0))

    @property
    def horizon(self) -> int | None:
        """Where the body has settled."""
        return shifted(self.body.horizon, self.updates)

    @property
    def tail(self) -> float | None:
        """That of the body."""
        return self.body.tail


class Repeat(Schedule):
    """A schedule that starts over every `period` updates.

    Examples
    --------
    >>> (Constant(1.0).then(0.5, at=1)).repeat(2)([0, 1, 2, 3]).tolist()
    [1.0, 0.5, 1.0, 0.5]
    """

    body: Schedule
    period: int
    demo: ClassVar = {"body": Constant(0.1), "period": 5}
    formula = "body(n % period)"

    def check(self) -> None:
        """Refuse an empty period."""
        as_count("period", self.period, 1)

    def value(self, n: Array) -> Any:
        """Return body(n mod period)."""
        return self.body.value(n % self.period)

    @property
    def horizon(self) -> int | None:
        """0 if there is nothing to repeat."""
        return 0 if self.body.horizon == 0 or self.period == 1 else None

    @property
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
    updates_per_epoch: int
    smooth: bool = False
    demo: ClassVar = {"body": Then(Constant(0.2), Constant(0.1), 4), "updates_per_epoch": 3}

    @property
    def formula(self) -> str:
        """The body at the epoch."""
        return "body(n / updates_per_epoch)" if self.smooth else "body(floor(n / updates_per_epoch))"

    def check(self) -> None:
        """Refuse an empty epoch."""
        as_count("updates_per_epoch", self.updates_per_epoch, 1)

    def value(self, n: Array) -> Any:
        """Return the body's value at the epoch of n."""
        epoch = n / self.updates_per_epoch
        return self.body.value(epoch if self.smooth else np.floor(epoch))

    @property
    def horizon(self) -> int | None:
        """Where the body has settled, in updates."""
        return None if self.body.horizon is None else self.body.horizon * self.updates_per_epoch

    @property
    def tail(self) -> float | None:
        """That of the body."""
        return self.body.tail


class Rows(Schedule):
    """A different schedule for every run of a batch: row i of x follows the i-th schedule.

    Parameters
    ----------
    schedules : sequence of schedules or numbers
        One a row.

    Examples
    --------
    >>> Rows([0.1, 0.2])(0).tolist()
    [[0.1], [0.2]]
    """

    schedules: tuple[Any, ...]
    demo: ClassVar = {"schedules": (0.1, 0.2)}

    @property
    def formula(self) -> str:
        """The list of the rows' formulas."""
        return f"[{', '.join(f'row{i}(n)' for i in range(len(self.schedules)))}]"

    def symbols(self) -> dict[str, Any]:
        """Return the rows by the names row0, row1, ..."""
        return {f"row{i}": s for i, s in enumerate(self.schedules)}

    def check(self) -> None:
        """Turn every entry into a schedule."""
        refuse_unless(
            isinstance(self.schedules, tuple) and len(self.schedules) > 0,
            "schedules",
            self.schedules,
            "a list with one schedule or number a row",
        )
        object.__setattr__(self, "schedules", tuple(as_schedule(s) for s in self.schedules))

    def value(self, n: Array) -> Any:
        """Return the values with the rows on the axis before the last: shape (..., B, 1)."""
        column = n if n.ndim >= 2 else n.reshape((*n.shape, 1, 1))
        return np.concatenate(
            [np.broadcast_to(s.value(column), column.shape) for s in self.schedules], axis=-2
        )


def later(first: int | None, second: int | None) -> int | None:
    """Return where both have settled."""
    return None if first is None or second is None else max(first, second)


def shifted(horizon: int | None, updates: int) -> int | None:
    """Return a horizon some updates later."""
    return None if horizon is None else horizon + updates
