"""Ranges of parameters: the type of a field says what it may hold, and the record checks it.

A range stands in the annotation of a field, ``d: NonNegativeFloat`` or ``p: Annotated[float,
Range(minimum=0, below=1)]``, and so does a choice of words, ``shape: Literal["linear", "cosine"]``. With
``| None`` the field may be empty. An annotation that is a text (``from __future__ import annotations``) is
not read.
"""

import math
import types
import typing
from typing import Annotated, Any, Literal, NamedTuple, Protocol

import numpy as np

from stepsize.core.validation import LARGEST, LARGEST_SEED, as_count, as_number, real_numbers, require

__all__ = [
    "ANY",
    "SEED",
    "Constraint",
    "Either",
    "Elementwise",
    "FiniteFloat",
    "FloatOrArray",
    "NonNegativeFloat",
    "NonNegativeInt",
    "PositiveFloat",
    "PositiveFloatOrArray",
    "PositiveFloatOrInf",
    "PositiveInt",
    "ProperFraction",
    "Range",
    "Seed",
    "UnitFloat",
    "WholeNumber",
    "constraint_of",
]


class Constraint(Protocol):
    """What a field may hold."""

    def check(self, name: str, value: Any) -> None:
        """Raise TypeError or ValueError, "name: got ..., expected ...", unless the value is allowed."""


class Range(NamedTuple):
    """The numbers from `minimum`, or above `above`, to `maximum`, or to below `below`; inf if not `finite`.

    Examples
    --------
    >>> print(Range(minimum=0, below=1))
    a finite number from 0 to below 1
    >>> Range(above=0).check("scale", 0.0)
    Traceback (most recent call last):
    ValueError: scale: got 0.0, expected a finite number above 0
    """

    minimum: float = -math.inf
    above: float = -math.inf
    below: float = math.inf
    maximum: float = math.inf
    finite: bool = True

    def has(self, values: Any) -> Any:
        """Return whether each value is a number of the range; nan never is, inf only if not `finite`."""
        if self == ANY:
            return values == values
        inside = (values >= self.minimum) & (values > self.above) & (values <= self.maximum)
        return inside & ((values < self.below) | (not self.finite and self.below == math.inf))

    def check(self, name: str, value: Any) -> None:
        """Refuse what is not one number of the range."""
        infinite = not self.finite and isinstance(value, float) and math.isinf(value)
        number = value if infinite else as_number(name, value, str(self))
        require(bool(self.has(number)), name, value, str(self))

    def __str__(self) -> str:
        bounded = self.below < math.inf or self.maximum < math.inf
        lower = upper = ""
        if self.above > -math.inf:
            lower = f"above {self.above:g}"
        elif self.minimum > -math.inf:
            lower = f"{'from' if bounded else 'of at least'} {self.minimum:g}"
        if self.below < math.inf:
            upper = f"below {self.below:g}"
        elif self.maximum < math.inf:
            upper = (
                f"{self.maximum:g}"
                if lower.startswith("from")
                else f"{'' if lower else 'of '}at most {self.maximum:g}"
            )
        joint = ("to" if lower.startswith("from") else "and") if lower and upper else ""
        kind = "a finite number" if self.finite else "a number"
        return " ".join(filter(None, (kind, lower, joint, upper)))


# Also inf and -inf, but not nan.
ANY = Range(finite=False)


class Elementwise(NamedTuple):
    """One number of a range, or an array of them."""

    range: Range

    def check(self, name: str, value: Any) -> None:
        """Refuse what is not one number of the range or an array of them."""
        if np.ndim(value) == 0:
            self.range.check(name, value)
            return
        expected = str(self.range).replace("a finite number", "finite numbers")
        good = self.range.has(real_numbers(name, value, expected))
        require(good.size > 0 and bool(np.all(good)), name, value, expected)


class WholeNumber(NamedTuple):
    """The whole numbers from `minimum` to `maximum`."""

    minimum: int = 0
    maximum: int = LARGEST

    def check(self, name: str, value: Any) -> None:
        """Refuse what is not a whole number of the range."""
        as_count(name, value, self.minimum, maximum=self.maximum)


class OneOf(NamedTuple):
    """One of some words; None may be one of them."""

    words: tuple[str | None, ...]

    def check(self, name: str, value: Any) -> None:
        """Refuse any other word."""
        known = (value is None or isinstance(value, str)) and value in self.words
        require(known, name, value, f"one of {', '.join(map(repr, self.words))}")


Array = np.ndarray[Any, Any]

FiniteFloat = Annotated[float, Range()]
PositiveFloat = Annotated[float, Range(above=0)]
PositiveFloatOrInf = Annotated[float, Range(above=0, finite=False)]
NonNegativeFloat = Annotated[float, Range(minimum=0)]
# Strictly between 0 and 1, and with both ends.
ProperFraction = Annotated[float, Range(above=0, below=1)]
UnitFloat = Annotated[float, Range(minimum=0, maximum=1)]
NonNegativeInt = Annotated[int, WholeNumber(0)]
PositiveInt = Annotated[int, WholeNumber(1)]
SEED = WholeNumber(0, LARGEST_SEED)
Seed = Annotated[int, SEED]
# One value for all, or one a run or a coordinate.
FloatOrArray = Annotated[float | Array, Elementwise(Range())]
PositiveFloatOrArray = Annotated[float | Array, Elementwise(Range(above=0))]


class Either(NamedTuple):
    """What one of several constraints allows: a word, or a number; None if it is `optional`."""

    constraints: tuple[Constraint, ...]
    optional: bool

    def check(self, name: str, value: Any) -> None:
        """Hold a word to the choice of words, and everything else to the range."""
        if value is None and self.optional:
            return
        fitting = [c for c in self.constraints if isinstance(c, OneOf) == isinstance(value, str)]
        (fitting or self.constraints)[0].check(name, value)


def constraint_of(annotation: Any) -> Constraint | None:
    """Return what an annotation says of the values of a field; None if that is nothing to check.

    Examples
    --------
    >>> constraint_of(Annotated[float, Range(above=0)]) == Range(above=0)
    True
    >>> constraint_of(float) is None
    True
    """
    origin = typing.get_origin(annotation)
    if origin is Annotated:
        found = [extra for extra in annotation.__metadata__ if hasattr(extra, "check")]
        return found[0] if found else None
    if origin is Literal:
        words = typing.get_args(annotation)
        return OneOf(words) if all(isinstance(word, str) for word in words) else None
    if origin in (types.UnionType, typing.Union):
        members = [m for m in typing.get_args(annotation) if m is not type(None)]
        parts = [c for c in map(constraint_of, members) if c is not None]
        optional = len(members) < len(typing.get_args(annotation))
        # Where a member says nothing, such as a class, the union says nothing.
        return Either(tuple(parts), optional) if parts and len(parts) == len(members) else None
    return None
