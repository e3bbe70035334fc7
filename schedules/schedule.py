"""The contract of a schedule: a pure function of the update index, and the operators that compose them."""

import math
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from stepsize.base.checks import as_count, as_number, describe, refuse_unless
from stepsize.base.record import Record

__all__ = [
    "Cap",
    "Constant",
    "Delay",
    "Floor",
    "FromFunction",
    "Product",
    "Repeat",
    "Rows",
    "Schedule",
    "Sum",
    "Then",
    "Warmup",
    "as_schedule",
]

Array = np.ndarray[Any, Any]


class Schedule(Record, abstract=True):
    """A value for every update: ``schedule(n)``, with n = 0 for the first update.

    A subclass is a closed form: its fields are the parameters and its one method `value` turns an array of
    indices into an array of the same shape. Schedules are immutable; asking twice gives the same answer, and
    to resume is to ask at a later n. Any hyperparameter may be driven by one.

    Operators: ``a * b``, ``a + b`` (with schedules or numbers), `then`, `warmup`, `floor`, `cap`, `delay`,
    `repeat`.
    """

    kind: ClassVar[str] = "schedule"
    demo: ClassVar[dict[str, Any]] = {}

    def value(self, n: Array) -> Any:
        """Return the values at the indices n, a float array of any shape; broadcasts with the parameters."""
        raise NotImplementedError

    def __call__(self, n: Any) -> Any:
        """Return the value at update n.

        Parameters
        ----------
        n : int or array
            0-based index of the update about to be made; at least 0.

        Returns
        -------
        float or ndarray
            A float for a number, an array of n's shape for an array.

        Raises
        ------
        TypeError, ValueError
            If n is not a number, negative or NaN.
        """
        indices = np.asarray(n)
        if indices.dtype.kind not in "iuf":
            raise TypeError(f"n: got {describe(n)}, expected the index of an update, 0, 1, 2, ...")
        if indices.size and not indices.min() >= 0:
            raise ValueError(f"n: got {describe(n)}, expected indices of updates, which start at 0")
        values = self.value(indices.astype(float))
        if indices.ndim == 0:
            return float(values) if np.ndim(values) == 0 else values
        return np.array(
            np.broadcast_to(values, np.broadcast_shapes(np.shape(values), indices.shape)), dtype=float
        )

    def __mul__(self, other: Any) -> "Schedule":
        return Product(self, as_schedule(other)) if _is_factor(other) else NotImplemented

    __rmul__ = __mul__

    def __add__(self, other: Any) -> "Schedule":
        return Sum(self, as_schedule(other)) if _is_factor(other) else NotImplemented

    __radd__ = __add__

    # Without this a NumPy array on the left would ask every one of its elements.
    __array_ufunc__ = None

    def then(self, after: Any, *, at: int) -> "Schedule":
        """Follow this schedule up to update `at` - 1 and `after` from update `at` on, which sees n - at."""
        return Then(self, as_schedule(after), at)

    def warmup(self, updates: int, *, start: float | None = None, shift: bool = True) -> "Schedule":
        """Rise linearly over the first updates, then follow this schedule; see `Warmup`."""
        return Warmup(self, updates, start, shift)

    def floor(self, least: float) -> "Schedule":
        """Never go below `least`."""
        return Floor(self, least)

    def cap(self, most: float) -> "Schedule":
        """Never go above `most`."""
        return Cap(self, most)

    def delay(self, updates: int) -> "Schedule":
        """Hold the first value for that many updates, then start."""
        return Delay(self, updates)

    def repeat(self, period: int) -> "Schedule":
        """Start over every `period` updates."""
        return Repeat(self, period)


class Constant(Schedule):
    """The same value for ever.

    Parameters
    ----------
    lr : float or array
        The value; an array gives one a run or one a coordinate.

    Examples
    --------
    >>> Constant(0.1)(10**6)
    0.1
    """

    lr: Any
    demo: ClassVar = {"lr": 0.1}

    def value(self, n: Array) -> Any:
        """Return lr."""
        return self.lr + 0.0 * n if np.ndim(self.lr) == 0 else self.lr + np.zeros_like(n)

    def check(self) -> None:
        """Refuse what is not a finite number or array of numbers."""
        if np.ndim(self.lr) == 0:
            as_number("lr", self.lr)
        else:
            refuse_unless(bool(np.all(np.isfinite(self.lr))), "lr", self.lr, "finite numbers")


class FromFunction(Schedule):
    """A schedule from a plain function of n, which is called with one int at a time.

    Parameters
    ----------
    function : callable
        ``function(n: int) -> float``.

    Notes
    -----
    A function cannot be written to JSON; use a class where a run must be described in a file.

    Examples
    --------
    >>> FromFunction(lambda n: 1 / (n + 1))([0, 1, 3]).tolist()
    [1.0, 0.5, 0.25]
    """

    function: Callable[[int], float]
    demo: ClassVar = {"function": math.sqrt}

    def value(self, n: Array) -> Any:
        """Return the function's value at each n."""
        values = [self.function(int(i)) for i in n.ravel()]
        try:
            return np.array(values, dtype=float).reshape(n.shape)
        except (TypeError, ValueError):
            first = values[0] if values else None
            raise TypeError(f"the schedule function returned {describe(first)}, expected a number") from None


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

    def check(self) -> None:
        """Turn every entry into a schedule."""
        refuse_unless(
            isinstance(self.schedules, tuple) and len(self.schedules) > 0,
            "schedules",
            self.schedules,
            "a list with one schedule or number a row",
        )
        object.__setattr__(self, "schedules", tuple(as_schedule(s) for s in self.schedules))

    def rows(self, which: Any) -> "Rows":
        """Return the schedules of some of the runs, by a slice or by an array of their numbers or flags."""
        return Rows(tuple(self.schedules[i] for i in np.arange(len(self.schedules))[which]))

    def value(self, n: Array) -> Any:
        """Return the values with the rows on the axis before the last: shape (..., B, 1)."""
        column = n if n.ndim >= 2 else n.reshape((*n.shape, 1, 1))
        return np.concatenate(
            [np.broadcast_to(s.value(column), column.shape) for s in self.schedules], axis=-2
        )


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

    def value(self, n: Array) -> Any:
        """Return first(n) * second(n)."""
        return self.first.value(n) * self.second.value(n)


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

    def value(self, n: Array) -> Any:
        """Return first(n) + second(n)."""
        return self.first.value(n) + self.second.value(n)


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

    def check(self) -> None:
        """Refuse a boundary that is no update."""
        as_count("at", self.at)

    def value(self, n: Array) -> Any:
        """Return before(n) for n < at and after(n - at) from then on."""
        return np.where(n < self.at, self.before.value(n), self.after.value(np.maximum(n - self.at, 0.0)))


class Warmup(Schedule):
    """A linear rise over the first `updates` updates, then the body.

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

    Examples
    --------
    >>> Constant(1.0).warmup(4)([0, 1, 3, 4]).tolist()
    [0.25, 0.5, 1.0, 1.0]
    >>> Constant(1.0).warmup(4, start=0.0)([0, 1, 4]).tolist()
    [0.0, 0.25, 1.0]
    """

    body: Schedule
    updates: int
    start: float | None = None
    shift: bool = True
    demo: ClassVar = {"body": Constant(1.0), "updates": 5}

    def check(self) -> None:
        """Refuse an empty rise and a start that cannot be multiplied."""
        as_count("updates", self.updates, 1)
        if self.start is not None:
            as_number("start", self.start)
            refuse_unless(self.shift, "shift", self.shift, "True when a start is given")

    def value(self, n: Array) -> Any:
        """Return the rise for n < W, the body afterwards."""
        W = self.updates
        shifted = np.maximum(n - W, 0.0) if self.shift else n
        body = self.body.value(shifted)
        if self.start is None:
            return body * np.minimum((n + 1) / W, 1.0)
        return np.where(n < W, self.start + (self.body.value(0.0 * n) - self.start) * (n / W), body)


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

    def check(self) -> None:
        """Refuse a bound that is no number."""
        as_number("least", self.least)

    def value(self, n: Array) -> Any:
        """Return max(body(n), least)."""
        return np.maximum(self.body.value(n), self.least)


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

    def check(self) -> None:
        """Refuse a bound that is no number."""
        as_number("most", self.most)

    def value(self, n: Array) -> Any:
        """Return min(body(n), most)."""
        return np.minimum(self.body.value(n), self.most)


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

    def check(self) -> None:
        """Refuse a length that is no count."""
        as_count("updates", self.updates)

    def value(self, n: Array) -> Any:
        """Return body(max(n - updates, 0))."""
        return self.body.value(np.maximum(n - self.updates, 0.0))


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

    def check(self) -> None:
        """Refuse an empty period."""
        as_count("period", self.period, 1)

    def value(self, n: Array) -> Any:
        """Return body(n mod period)."""
        return self.body.value(n % self.period)


def as_schedule(value: Any) -> Schedule:
    """Return a schedule for a schedule, a number, an array of numbers or a plain function of n.

    Raises
    ------
    TypeError
        For anything else.

    Examples
    --------
    >>> as_schedule(0.1)
    Constant(0.1)
    """
    if isinstance(value, Schedule):
        return value
    if not isinstance(value, bool) and isinstance(value, int | float | np.number | np.ndarray):
        return Constant(value)
    if (
        callable(value)
        and getattr(value, "kind", "schedule") == "schedule"
        and not isinstance(value, Record | type)
    ):
        return FromFunction(value)
    raise TypeError(
        f"got {describe(value)}, expected a schedule, a number or a function of the update index n"
    )


def _is_factor(value: Any) -> bool:
    return isinstance(value, Schedule | int | float | np.number | np.ndarray) and not isinstance(value, bool)
