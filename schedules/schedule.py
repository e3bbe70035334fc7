"""Constant rates, and the contract of every schedule: a pure function of the update index."""

import math
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, ClassVar, Literal, TypeAlias, overload

import numpy as np

from schedules import formula
from stepsize.core.elementwise import is_symbol
from stepsize.core.limits.memory import refuse_beyond_memory
from stepsize.core.limits.ranges import Elementwise, FloatOrArray, constraint_of
from stepsize.core.record import Default, Record
from stepsize.core.validation import as_count, as_floats, describe_value, missing

__all__ = ["Constant", "Schedule", "as_schedule", "per_epoch"]

Array = np.ndarray[Any, Any]
RiseShape = Literal["linear", "cosine", "1-sqrt"]
FallShape = Literal["1-sqrt", "linear", "cosine", "square", "rex"]
# What may stand for a schedule.
ScheduleLike: TypeAlias = "Schedule | float | Array | Callable[[int], float]"


def _by_name(schedule: object) -> str:
    return f"{type(schedule).__name__}(n)"


class Schedule(Record, abstract=True):
    """A value for every update: ``schedule(n)``, with n = 0 for the first update.

    A subclass is a closed form: its fields are the parameters, its one method `value` turns an array of
    indices into an array of the same shape, and its `formula` says the same in text, from which `describe`
    writes it out (a test holds the two together). Schedules are immutable; asking twice gives the same
    answer, and to resume is to ask at a later n. Any hyperparameter may be driven by one.

    Operators: ``a * b``, ``a + b`` (with schedules or numbers), `then`, `warmup`, `cooldown`, `floor`, `cap`,
    `delay`, `skip`, `repeat`, `per_epoch`.
    """

    kind: ClassVar[str] = "schedule"
    demo: ClassVar[dict[str, Any]] = {}
    formula = Default(
        _by_name, "The mathematics, as Python text in the field names and n; without one, its name."
    )

    def normalise(self, name: str, value: Any) -> Any:
        """Make a schedule of what stands for one, and an array of a list that stands for a number a run."""
        kind = type(self).__dataclass_fields__[name].type
        if kind is Schedule:
            return as_schedule(value, name)
        if isinstance(value, list | tuple) and isinstance(constraint_of(kind), Elementwise):
            value = as_floats(name, value, "a number, or an array of them")
        return super().normalise(name, value)

    def value(self, n: Array) -> Array:
        """Return the values at the indices n, a float array of any shape; broadcasts with the parameters."""
        raise missing(self, "value(self, n)")

    @overload
    def __call__(self, n: float | np.integer[Any] | np.floating[Any]) -> float: ...

    @overload
    def __call__(self, n: Array | Sequence[float]) -> Array: ...

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
        if is_symbol(n):
            return self.value(n)
        indices = np.asarray(n)
        if indices.dtype.kind not in "iuf":
            raise TypeError(f"n: got {describe_value(n)}, expected the index of an update, 0, 1, 2, ...")
        if indices.size and not indices.min() >= 0:
            raise ValueError(f"n: got {describe_value(n)}, expected indices of updates, which start at 0")
        values = self.value(indices.astype(float))
        if indices.ndim == 0:
            return float(values) if np.ndim(values) == 0 else values
        return np.array(
            np.broadcast_to(values, np.broadcast_shapes(np.shape(values), indices.shape)), dtype=float
        )

    def table(self, steps: int) -> Array:
        """Return the values of the first `steps` updates.

        Examples
        --------
        >>> Constant(0.1).table(3).tolist()
        [0.1, 0.1, 0.1]
        """
        as_count("steps", steps)
        # Indices, as floats too, and values, with one of each on the way.
        refuse_beyond_memory("steps", steps, 40 * steps * np.size(self(0)), "fewer")
        n = np.arange(steps)
        return np.asarray(self(n.reshape((-1,) + (1,) * np.ndim(self(0)))))

    def total(self, steps: int) -> Any:
        """Return the sum of the first `steps` values: how far gradients of length 1 can carry the iterate."""
        return _number(self.table(steps).sum(axis=0))

    def total_sq(self, steps: int) -> Any:
        """Return the sum of the squares of the first `steps` values: how much noise of variance 1 gets in."""
        values = self.table(steps)
        return _number((values * values).sum(axis=0))

    @property
    def horizon(self) -> int | None:
        """An update from which on the value stays the same; None if there is none, or it is not known."""
        return None

    @cached_property
    def limit(self) -> Any:
        """The value from `horizon` on; None if there is no horizon."""
        return None if self.horizon is None else self(self.horizon)

    @property
    def tail(self) -> float | None:
        """The power p of the values' fall, n^-p, far out.

        0 where they stay up (on average, if they cycle), ``inf`` where they fall faster than every power,
        None where it is not known.
        """
        if self.horizon is None:
            return None
        return 0.0 if np.any(self.limit) else math.inf

    @property
    def robbins_monro(self) -> bool | None:
        """Whether the infinite schedule has a divergent sum and a convergent sum of squares.

        Those are Robbins and Monro's conditions for a noisy descent to arrive: True for a tail n^-p with
        1/2 < p <= 1. None where it is not known, and where it is the wrong question, because the schedule
        ends at 0 (a schedule with a horizon is judged by the value it reaches).
        """
        tail = self.tail
        if tail is None or (self.horizon is not None and not np.any(self.limit)):
            return None
        return 0.5 < tail <= 1

    def describe(self, latex: bool = False) -> str:
        """Return the schedule as one line of mathematics in n, plain or in LaTeX.

        Examples
        --------
        >>> Constant(0.1).then(0.01, at=100).describe()
        '0.1 if n < 100 else 0.01'
        """
        return formula.describe(self, latex)

    @classmethod
    def instead_of(cls, name: str) -> str:
        """Return what to write instead of a parameter of another library, or of a misspelled one."""
        from stepsize.core.aliases import schedule_parameter

        return schedule_parameter(name) or super().instead_of(name)

    def symbols(self) -> dict[str, Any]:
        """Return what the names in the formula stand for."""
        return dict(self.fields())

    def __mul__(self, other: ScheduleLike) -> "Schedule":
        from schedules.combinators.algebra import Product

        return Product(self, as_schedule(other)) if _is_factor(other) else NotImplemented

    __rmul__ = __mul__

    def __add__(self, other: ScheduleLike) -> "Schedule":
        from schedules.combinators.algebra import Sum

        return Sum(self, as_schedule(other)) if _is_factor(other) else NotImplemented

    __radd__ = __add__

    # Without this a NumPy array on the left would ask every one of its elements.
    __array_ufunc__ = None

    def then(self, after: ScheduleLike, *, at: int) -> "Schedule":
        """Follow this schedule up to update `at` - 1 and `after` from update `at` on, which sees n - at."""
        from schedules.combinators.algebra import Sequential

        return Sequential(self, as_schedule(after), at)

    def warmup(
        self, updates: int, *, start: float | None = None, shift: bool = True, shape: RiseShape = "linear"
    ) -> "Schedule":
        """Rise over the first updates, if there are any, then follow this schedule; see `Warmup`."""
        from schedules.combinators.warmup_cooldown import Warmup

        if as_count("updates", updates) == 0:
            return self
        return Warmup(self, updates, start, shift, shape)

    def cooldown(
        self, updates: int, *, at: int, shape: "FallShape | Schedule" = "1-sqrt", end: float = 0.0
    ) -> "Schedule":
        """Fall to `end` from update `at` on, over that many updates; see `Cooldown`."""
        from schedules.combinators.warmup_cooldown import Cooldown

        return Cooldown(self, updates, at, shape, end)

    def floor(self, minimum: float) -> "Schedule":
        """Never go below `minimum`."""
        from schedules.combinators.modifiers import Floor

        return Floor(self, minimum)

    def cap(self, maximum: float) -> "Schedule":
        """Never go above `maximum`."""
        from schedules.combinators.modifiers import Cap

        return Cap(self, maximum)

    def delay(self, updates: int) -> "Schedule":
        """Hold the first value for that many updates, then start."""
        from schedules.combinators.modifiers import Delay

        return Delay(self, updates)

    def skip(self, updates: int) -> "Schedule":
        """Leave the first updates out, as if they had been made already."""
        from schedules.combinators.modifiers import Skip

        return Skip(self, updates)

    def repeat(self, period: int) -> "Schedule":
        """Start over every `period` updates."""
        from schedules.combinators.modifiers import Repeat

        return Repeat(self, period)

    def per_epoch(self, updates_per_epoch: int, *, smooth: bool = False) -> "Schedule":
        """Count epochs instead of updates; see `per_epoch`."""
        from schedules.combinators.modifiers import PerEpoch

        return PerEpoch(self, updates_per_epoch, smooth)


class Constant(Schedule):
    """The same value forever.

    Parameters
    ----------
    lr : float or array
        The value; an array gives one a run or one a coordinate.

    Examples
    --------
    >>> Constant(0.1)(10**6)
    0.1
    """

    lr: FloatOrArray
    demo: ClassVar = {"lr": 0.1}
    formula = "lr"
    horizon = 0

    def value(self, n: Array) -> Array:
        return self.lr + np.zeros_like(n)


def as_schedule(value: ScheduleLike, name: str = "") -> Schedule:
    """Return a schedule for a schedule, a number, an array of numbers or a plain function of n.

    A `name` stands before what an error says.

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
        return Constant(value.item() if isinstance(value, np.generic) else value)
    if (
        callable(value)
        and getattr(value, "kind", "schedule") == "schedule"
        and not isinstance(value, Record | type)
    ):
        from schedules.families.custom import FromFunction

        function: Any = value
        return FromFunction(function)
    where = f"{name}: " if name else ""
    raise TypeError(
        f"{where}got {describe_value(value)}, expected a schedule, a number or a function of the update "
        "index n"
    )


def per_epoch(schedule: ScheduleLike, updates_per_epoch: int, *, smooth: bool = False) -> Schedule:
    """Return the schedule that counts epochs: it changes every `updates_per_epoch` updates.

    Parameters
    ----------
    schedule : Schedule, number or function
        A schedule whose n is an epoch.
    updates_per_epoch : int
        Updates in an epoch, which is the number of mini-batches.
    smooth : bool
        True: count fractions of an epoch, n / updates_per_epoch. False: whole epochs passed.

    Examples
    --------
    >>> from schedules import Linear
    >>> per_epoch(Linear(1.0, steps=2), 3).table(7).tolist()
    [1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.0]
    """
    return as_schedule(schedule).per_epoch(updates_per_epoch, smooth=smooth)


def _is_factor(value: object) -> bool:
    return isinstance(value, Schedule | int | float | np.number | np.ndarray) and not isinstance(value, bool)


def _number(value: Any) -> Any:
    return float(value) if np.ndim(value) == 0 else value
