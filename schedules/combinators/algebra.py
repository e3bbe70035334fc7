"""Products, sums and sequences of schedules, and one schedule per run of a batch."""

import math
from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from schedules.schedule import Array, Schedule, ScheduleLike, as_schedule
from stepsize.core.limits.ranges import NonNegativeInt
from stepsize.core.record import Record
from stepsize.core.validation import as_number, require

__all__ = [
    "Phases",
    "Product",
    "PerRun",
    "Sum",
    "Sequential",
]


class Product(Schedule):
    """The product of two schedules, value by value.

    Examples
    --------
    >>> from schedules import Constant
    >>> (Constant(0.5) * Constant(0.5))(3)
    0.25
    """

    first: Schedule
    second: Schedule
    demo: ClassVar = {"first": "InverseTime(0.1, 0.1)", "second": "Linear(1.0, steps=30)"}
    formula = "first(n) * second(n)"

    def value(self, n: Array) -> Array:
        return self.first.value(n) * self.second.value(n)

    @cached_property
    def horizon(self) -> int | None:
        """Where both have settled, or where one has settled at 0."""
        _settle(self)
        ends = [f.horizon for f in (self.first, self.second) if f.horizon is not None and not np.any(f.limit)]
        return min(ends) if ends else later(self.first.horizon, self.second.horizon)

    @cached_property
    def limit(self) -> Any:
        """The product of the two limits, or 0 where one of them is."""
        if self.first.limit is None or self.second.limit is None:
            return super().limit if self.horizon is not None else None
        return self.first.limit * self.second.limit

    @cached_property
    def tail(self) -> float | None:
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
    >>> from schedules import Constant
    >>> (Constant(0.5) + 0.25)(3)
    0.75
    """

    first: Schedule
    second: Schedule
    demo: ClassVar = {"first": "Linear(0.1, steps=20)", "second": "Constant(0.02)"}
    formula = "first(n) + second(n)"

    def value(self, n: Array) -> Array:
        return self.first.value(n) + self.second.value(n)

    @cached_property
    def horizon(self) -> int | None:
        _settle(self)
        return later(self.first.horizon, self.second.horizon)

    @cached_property
    def limit(self) -> Any:
        return None if self.horizon is None else self.first.limit + self.second.limit

    @cached_property
    def tail(self) -> float | None:
        if self.horizon is not None:
            return super().tail
        if self.first.tail is None or self.second.tail is None:
            return None
        return min(self.first.tail, self.second.tail)


class Sequential(Schedule):
    """One schedule up to a boundary, another from it on; the second starts at its own 0.

    The boundary is half-open: update `at` is the first to use `after`.

    Examples
    --------
    >>> from schedules import Constant
    >>> Constant(1.0).then(0.1, at=2)([0, 1, 2, 3]).tolist()
    [1.0, 1.0, 0.1, 0.1]
    """

    before: Schedule
    after: Schedule
    at: NonNegativeInt
    demo: ClassVar = {"before": "Constant(0.1)", "after": "Linear(0.05, steps=20)", "at": 10}
    formula = "before(n) if n < at else after(n - at)"

    def value(self, n: Array) -> Array:
        # Neither is asked for updates that are the other's: a table may end where the other begins.
        before = self.before.value(np.minimum(n, max(self.at - 1, 0)))
        return np.where(n < self.at, before, self.after.value(np.maximum(n - self.at, 0.0)))

    @cached_property
    def horizon(self) -> int | None:
        return shifted(self.after.horizon, self.at)

    @cached_property
    def tail(self) -> float | None:
        return self.after.tail


class Phases(Schedule):
    """Schedules that share a run by fractions; n is the part of the run that has passed, from 0 to 1.

    Each is played from its own 0 to its own 1 in its share. ``.per_epoch(updates, smooth=True)`` makes
    updates of it. Past 1 the last one stays at its own 1.

    Parameters
    ----------
    shares : sequence of float
        Above 0; they add up to 1 but for rounding.
    schedules : sequence of Schedule
        As many, each for n from 0 to 1.

    Examples
    --------
    >>> from schedules import Constant, Phases, Linear
    >>> halves = Phases([0.5, 0.5], [Linear(0.0, 1, end=1.0), Constant(1.0)])
    >>> halves.per_epoch(4, smooth=True).table(5).tolist()
    [0.0, 0.5, 1.0, 1.0, 1.0]
    """

    shares: Sequence[float]
    schedules: Sequence[Schedule]
    demo: ClassVar = {"shares": (0.25, 0.75), "schedules": ("Constant(0.1)", "Linear(0.2, steps=1)")}

    @property
    def formula(self) -> str:
        text, end = f"s{len(self.shares) - 1}({self._local(len(self.shares) - 1)})", 1.0
        for i in range(len(self.shares) - 2, -1, -1):
            end -= self.shares[i + 1]
            text = f"s{i}({self._local(i)}) if n < {end!r} else {text}"
        return text

    def _local(self, i: int) -> str:
        return f"(min(n, 1) - {float(sum(self.shares[:i]))!r}) / {self.shares[i]!r}"

    def symbols(self) -> dict[str, Any]:
        return {f"s{i}": s for i, s in enumerate(self.schedules)}

    def check(self) -> None:
        """Validate that the shares add up to 1, and that there are as many schedules."""
        require(isinstance(self.shares, tuple), "shares", self.shares, "a list of fractions")
        for share in self.shares:
            require(as_number("shares", share) > 0, "shares", share, "fractions above 0")
        require(abs(sum(self.shares) - 1) < 1e-6, "shares", self.shares, "fractions that add up to 1")
        matched = isinstance(self.schedules, tuple) and len(self.schedules) == len(self.shares)
        matched = matched and all(isinstance(s, Schedule) for s in self.schedules)
        require(matched, "schedules", self.schedules, f"a list of {len(self.shares)} schedules")

    def value(self, n: Array) -> Array:
        past, n = 0.0, np.minimum(n, 1.0)
        whole = self.schedules[0].value(np.minimum(n / self.shares[0], 1.0))
        for share, before, member in zip(self.shares[1:], self.shares, self.schedules[1:], strict=False):
            past += before
            whole = np.where(n < past, whole, member.value(np.clip((n - past) / share, 0.0, 1.0)))
        return whole

    @cached_property
    def horizon(self) -> int:
        return 1


class PerRun(Schedule):
    """A different schedule for every run of a batch: row i of x follows the i-th schedule.

    Parameters
    ----------
    schedules : sequence of schedules or numbers
        One a row.

    Examples
    --------
    >>> from schedules import PerRun
    >>> PerRun([0.1, 0.2])(0).tolist()
    [[0.1], [0.2]]
    """

    schedules: Sequence[ScheduleLike]
    demo: ClassVar = {"schedules": (0.1, 0.2)}

    @property
    def formula(self) -> str:
        return f"[{', '.join(f'row{i}(n)' for i in range(len(self.schedules)))}]"

    def symbols(self) -> dict[str, Any]:
        return {f"row{i}": s for i, s in enumerate(self.schedules)}

    def check(self) -> None:
        """Turn every entry into a schedule."""
        require(
            isinstance(self.schedules, tuple) and len(self.schedules) > 0,
            "schedules",
            self.schedules,
            "a list with one schedule or number a row",
        )
        object.__setattr__(self, "schedules", tuple(as_schedule(s, "schedules") for s in self.schedules))
        single = not any(_holds_arrays(as_schedule(s)) for s in self.schedules)
        require(single, "schedules", self.schedules, "one number a row for each update")

    def rows(self, which: Any) -> "PerRun":
        """Return the schedules of some of the runs, by a slice or by an array of their numbers or flags."""
        return PerRun(tuple(self.schedules[i] for i in np.arange(len(self.schedules))[which]))

    def value(self, n: Array) -> Array:
        column = n if n.ndim >= 2 else n.reshape((*n.shape, 1, 1))
        return np.concatenate(
            [np.broadcast_to(as_schedule(s).value(column), column.shape) for s in self.schedules], axis=-2
        )


def later(first: int | None, second: int | None) -> int | None:
    """Return where both have settled."""
    return None if first is None or second is None else max(first, second)


def shifted(horizon: int | None, updates: int) -> int | None:
    """Return a horizon some updates later."""
    return None if horizon is None else horizon + updates


def _settle(schedule: Any) -> None:
    """Let all schedules inside one find horizon, limit and tail, the innermost first.

    Each keeps what it found and asks those inside it once, so that the cost is that of their number and the
    depth of their nesting does not matter.
    """
    known: dict[int, Any] = {}
    waiting = [*_inside(schedule)]
    while waiting:
        member = waiting.pop()
        if id(member) not in known and "horizon" not in member.__dict__:
            known[id(member)] = member
            waiting += _inside(member)
    for member in reversed(known.values()):
        for fact in ("horizon", "limit", "tail"):
            getattr(member, fact)


def _inside(schedule: Any) -> list[Any]:
    return [
        value for _, value in schedule.fields() if isinstance(value, Record) and hasattr(type(value), "limit")
    ]


def _holds_arrays(schedule: Schedule) -> bool:
    """Whether a schedule, or one inside it, has a value for each of several runs."""
    values = [value for _, value in schedule.fields()]
    return any(isinstance(v, np.ndarray) or (isinstance(v, Schedule) and _holds_arrays(v)) for v in values)
