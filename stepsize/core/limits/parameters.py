"""What a field of a record may hold, declared where the field is: a number of a range, a count, a word."""

import dataclasses
import math
from typing import Any

from stepsize.core.limits.ranges import SEED, Constraint, Either, OneOf, Range, WholeNumber

__all__ = ["count", "declared", "number", "one_of", "seed"]


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
    return declared(default, Range(minimum, above, below, finite=finite))


def count(default: int | None = None, *, minimum: int = 0) -> Any:
    """Declare a field that is a whole number of at least `minimum`; None is allowed if it is the default."""
    whole = WholeNumber(minimum)
    return declared(default, Either((whole,), optional=True) if default is None else whole)


def seed(default: int = 0) -> Any:
    """Declare a field that starts a generator: a whole number from 0, of at most 128 bits."""
    return declared(default, SEED)


def one_of(default: str | None, *others: str | None) -> Any:
    """Declare a field that is one of a few words, the first of which is the default."""
    return declared(default, OneOf((default, *others)))


def declared(default: Any, constraint: Constraint) -> Any:
    """Declare a field that holds what a constraint allows."""
    return dataclasses.field(default=default, metadata={"constraint": constraint})
