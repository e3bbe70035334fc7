"""Hyperparameters: what they may be, within which range, and what they are at each update."""

import dataclasses
import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np

from stepsize.core.limits.ranges import ANY, Range
from stepsize.core.record import Record
from stepsize.core.validation import describe_value

if TYPE_CHECKING:
    from optim.optimizer import Optimizer

__all__ = ["Hyper", "Rate", "hyper"]

Array = np.ndarray[Any, Any]


class Rate(Protocol):
    """What may stand for a number and is no plain function: a schedule, a feedback rate, a line search."""

    kind: ClassVar[str]


# What a hyperparameter may be.
Hyper = float | Array | Callable[[int], float] | Rate

# The record that an update sees, of the rule's own class: where a field is a `Hyper` it has the number or
# array of that update, which no type says.
Resolved = Any

# What an update computes with: floats, arrays or the symbols that trace it, whichever the engine takes.
Numbers = Any

# Schedules are evaluated for so many updates at once, unless that would make a table of more numbers than
# this.
_CHUNK = 512
_TABLE = 2**18


# Whatever the rule, its rate is no less than 0.
RATE = Range(minimum=0.0)


def hyper(
    default: object = dataclasses.MISSING,
    *,
    minimum: float = -math.inf,
    above: float = -math.inf,
    below: float = math.inf,
) -> Any:  # what type checkers take for the default of any field
    """Declare a hyperparameter with the range of its values, which holds for schedules of it as well.

    Parameters
    ----------
    default : float, optional
        What it is unless something else is said.
    minimum, above, below : float
        The smallest value that is allowed; what every value must be above; what every value must be below.

    Examples
    --------
    >>> from optim import Hyper, Optimizer
    >>> class Leaky(Optimizer, abstract=True):
    ...     lr: Hyper = 0.1
    ...     leak: Hyper = hyper(0.5, minimum=0, below=1)
    >>> Leaky(leak=1.5)
    Traceback (most recent call last):
    ValueError: leak: got 1.5, expected a finite number from 0 to below 1
    """
    return dataclasses.field(default=default, metadata={"range": Range(minimum, above, below)})


def check_range(name: str, allowed: Range, value: float | Array, where: str) -> None:
    """Refuse a number, or an array with one, that is outside a range."""
    if type(value) is float and allowed.has(value):
        return
    array = np.asarray(value)
    good = allowed.has(array)
    if not good.all():
        offending = float(array[~good].ravel()[0])
        raise ValueError(f"{name}: got {offending!r}{where}, expected {allowed}")


def rate_kind(value: object) -> str:
    """Return the kind of a rate: "schedule", "feedback" or "search"."""
    return str(getattr(value, "kind", "schedule"))


def is_rule(value: object) -> bool:
    """Whether a value is an optimizer, which may stand inside another."""
    return isinstance(value, Record) and hasattr(value, "own_hypers")


def rules_inside(optimizer: Record) -> "list[Any]":
    """Return the optimizers that stand in the fields of a wrapper; of any other rule none."""
    return [value for value in vars(optimizer).values() if type(value) is not float and is_rule(value)]


class Hypers:
    """An optimizer's record as each update sees it.

    Schedules are evaluated in chunks and the record handed out is one and the same object, refilled: building
    a fresh one would cost more than most updates do. A plain function may hold for the updates of the run
    alone, and is asked one by one; a schedule is asked for no update from `stop` on, where that is known.
    """

    def __init__(self, optimizer: "Optimizer", x: Array, stop: int | None = None) -> None:
        self._ndim, self._dtype, self._end = x.ndim, x.dtype, stop
        self._h = object.__new__(type(optimizer))
        self._moving: list[tuple[str, Any]] = []
        self._inner: dict[str, Hypers] = {}
        # A rule inside a wrapper may make one update for several of the wrapper's.
        self._period = optimizer.inner_period
        self._table: list[tuple[str, Any]] = []
        self._first, self._stop, self._width = 0, 0, 1
        self._asked: list[tuple[str, Any]] = []
        values = self._h.__dict__
        if optimizer.plain_fields is not None:
            values.update(optimizer.plain_fields)
            return
        names, self._ranges = optimizer.own_hypers(), optimizer.ranges()
        for name, value in optimizer.fields():
            if type(value) is float:
                pass
            elif is_rule(value):
                inner = Hypers(value, x, stop)
                self._inner[name] = inner
                value = inner._h
            elif name in names and isinstance(value, np.ndarray):
                value = value.astype(x.dtype)
            elif name in names and callable(value) and rate_kind(value) == "schedule":
                (self._moving if isinstance(value, Record) else self._asked).append((name, value))
            values[name] = value

    def resolve(self, n: int) -> Resolved:
        """Return the record with every schedule resolved at update n."""
        values = self._h.__dict__
        values["t"] = n + 1
        if self._moving:
            if not self._first <= n < self._stop:
                self._fill(n)
            i = n - self._first
            for name, column in self._table:
                values[name] = column[i]
        for name, function in self._asked:
            values[name] = self._answer(name, function, n)
        for inner in self._inner.values():
            inner.resolve(n // self._period)
        return self._h

    def iterate(self, n: int, stop: int) -> Iterator[Resolved]:
        """Yield what `resolve` returns for the updates from n on, a little faster than it does one by one."""
        values = self._h.__dict__
        while n < stop:
            if self._moving and not self._first <= n < self._stop:
                self._fill(n)
            end = min(stop, self._stop) if self._moving else stop
            columns = [(name, column, self._first) for name, column in self._table]
            for k in range(n, end):
                values["t"] = k + 1
                for name, column, first in columns:
                    values[name] = column[k - first]
                for name, function in self._asked:
                    values[name] = self._answer(name, function, k)
                for inner in self._inner.values():
                    inner.resolve(k // self._period)
                yield self._h
            n = end

    def columns(self, n: int, stop: int) -> dict[tuple[str, ...], Sequence[Numbers]]:
        """Return what changes from update n to stop - 1, t and every schedule, by its path in the record."""
        found: dict[tuple[str, ...], Sequence[Numbers]] = {("t",): range(n + 1, stop + 1)}
        found |= {(name,): self._column(name, s, range(n, stop)) for name, s in self._moving}
        found |= {(name,): [self._answer(name, f, k) for k in range(n, stop)] for name, f in self._asked}
        for name, inner in self._inner.items():
            found |= {(name, *path): column for path, column in inner.columns(n, stop).items()}
        return found

    @property
    def asks(self) -> bool:
        """Whether a plain function, which is asked one update at a time, stands for a number."""
        return bool(self._asked) or any(inner.asks for inner in self._inner.values())

    def provide(self, **known: object) -> None:
        """Put into the record what its rule needs beyond the gradient."""
        self._h.__dict__.update(known)
        for inner in self._inner.values():
            inner.provide(**self._as_seen_inside(known))

    def _as_seen_inside(self, known: dict[str, Any]) -> dict[str, Any]:
        """Return what a wrapper's inner rule needs: of other points too it sees the wrapper's gradient."""
        h: Any = self._h  # of a wrapper: no other rule has an inner one
        grad = known.get("grad")
        if grad is None:
            return known
        return known | {"grad": lambda x: h.transform_gradient(x, grad(x), h)}

    def _fill(self, n: int) -> None:
        # A first chunk of one keeps a single `step` cheap, and says how large a value a run makes a row.
        ahead = max(1, min(_CHUNK, _TABLE // self._width)) if self._stop == n > 0 else 1
        if self._end is not None:
            ahead = max(1, min(ahead, self._end - n))
        updates = range(n, n + ahead)
        # Known only once all columns are: a refused one must be refused again.
        self._table = [(name, self._column(name, s, updates)) for name, s in self._moving]
        self._first, self._stop = n, n + ahead
        self._width = max(np.size(column[0]) for _, column in self._table)

    def _column(self, name: str, schedule: Callable[[Array], Array], indices: range) -> Numbers:
        values = schedule(np.array(indices).reshape((-1,) + (1,) * self._ndim))
        allowed = self._ranges.get(name, ANY)
        good = allowed.has(values)
        if not good.all():
            first = np.flatnonzero(~good.reshape(len(values), -1).all(axis=1))[0]
            check_range(name, allowed, values[first], f" from the schedule for n = {indices[first]}")
        return values.ravel().tolist() if values[0].size == 1 else values.astype(self._dtype)

    def _answer(self, name: str, function: Callable[[int], Numbers], n: int) -> float:
        """Return what a plain function gives for update n, if it is a number within the range."""
        try:
            value = function(n)
        except (LookupError, ArithmeticError, TypeError, ValueError) as error:
            raise ValueError(
                f"{name}: the function failed for n = {n} with {type(error).__name__}: {error}, expected a "
                "number for every update of the run"
            ) from error
        try:
            value = float(value)
        except (TypeError, ValueError):
            raise TypeError(
                f"{name}: the function gave {describe_value(value)} for n = {n}, expected a number"
            ) from None
        check_range(name, self._ranges.get(name, ANY), value, f" from the function for n = {n}")
        return value
