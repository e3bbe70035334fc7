"""What a field of a record may hold, declared where the field is: a number of a range, a count, a word."""

import dataclasses
import math
from typing import Any, NamedTuple, Protocol

from stepsize.core.validation import LARGEST, as_count, describe_value, require

__all__ = ["Count", "OneOf", "Parameter", "Range", "count", "number", "one_of", "seed"]


class Parameter(Protocol):
    """What a value of a field must be; a record asks before it keeps one."""

    def require(self, name: str, value: Any) -> None:
        """Raise ``"name: got ..., expected ..."`` if the value is of another kind (TypeError) or range."""


class Range(NamedTuple):
    """The numbers from `minimum`, or above `above`, to below `below`; infinity too if not `finite`."""

    minimum: float = -math.inf
    above: float = -math.inf
    below: float = math.inf
    finite: bool = True

    def has(self, values: Any) -> Any:
        """Return whether each value is a number of the range; nan never is."""
        if self == ANY:
            return values == values
        upper = values < self.below if self.finite or self.below < math.inf else values == values
        return (values >= self.minimum) & (values > self.above) & upper

    def require(self, name: str, value: Any) -> None:
        """Raise unless the value is one number of the range."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError(f"{name}: got {describe_value(value)}, expected {self}")
        require(bool(self.has(value)), name, value, str(self))

    def __str__(self) -> str:
        if self.above > -math.inf:
            lower = f"above {self.above:g}"
        elif self.below < math.inf and self.minimum > -math.inf:
            lower = f"from {self.minimum:g}"
        else:
            lower = f"of at least {self.minimum:g}" if self.minimum > -math.inf else ""
        upper = (
            "" if self.below == math.inf else f"to below {self.below:g}" if lower else f"below {self.below:g}"
        )
        return " ".join(filter(None, ("a finite number" if self.finite else "a number", lower, upper)))


ANY = Range(finite=False)


class Count(NamedTuple):
    """A whole number from `minimum` to `maximum`; or None, where that is a default."""

    minimum: int = 0
    optional: bool = False
    maximum: int = LARGEST

    def require(self, name: str, value: Any) -> None:
        """Raise unless the value is such a number."""
        if value is not None or not self.optional:
            as_count(name, value, self.minimum, maximum=self.maximum)


class OneOf(NamedTuple):
    """One of a few words; None may be one of them."""

    words: tuple[str | None, ...]

    def require(self, name: str, value: Any) -> None:
        """Raise unless the value is one of the words."""
        known = (value is None or isinstance(value, str)) and value in self.words
        require(known, name, value, f"one of {', '.join(map(repr, self.words))}")


def number(
    default: Any = dataclasses.MISSING,
    *,
    minimum: float = -math.inf,
    above: float = -math.inf,
    below: float = math.inf,
    finite: bool = True,
) -> Any:
    """Declare a field that is a number, with its range.

    Examples
    --------
    >>> from stepsize.core.record import Record
    >>> class Cone(Record, abstract=True):
    ...     slope: float = number(1.0, above=0)
    ...     sides: int = count(3, minimum=3)
    ...     end: str = one_of("open", "closed")
    >>> Cone(slope=0.0)
    Traceback (most recent call last):
    ValueError: slope: got 0.0, expected a finite number above 0
    >>> Cone(sides=2)
    Traceback (most recent call last):
    ValueError: sides: got 2, expected a whole number of at least 3
    >>> Cone(end="ajar")
    Traceback (most recent call last):
    ValueError: end: got the str 'ajar', expected one of 'open', 'closed'
    """
    return _field(default, Range(minimum, above, below, finite))


def count(default: int | None = None, *, minimum: int = 0) -> Any:
    """Declare a field that is a whole number of at least `minimum`; None is allowed if it is the default."""
    return _field(default, Count(minimum, default is None))


def seed(default: int = 0) -> Any:
    """Declare a field that starts a generator: a whole number from 0, of at most 128 bits."""
    return _field(default, Count(maximum=2**128 - 1))


def one_of(default: str | None, *others: str | None) -> Any:
    """Declare a field that is one of a few words, the first of which is the default."""
    return _field(default, OneOf((default, *others)))


def _field(default: Any, parameter: Parameter) -> Any:
    return dataclasses.field(default=default, metadata={"parameter": parameter})
