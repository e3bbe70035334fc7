"""Ranges in the annotations of fields: what each allows and says, and that records are held to them."""

import math
from typing import Annotated, Any, Literal

import numpy as np
import pytest

from stepsize.core.limits import ranges
from stepsize.core.limits.ranges import (
    ANY,
    SEED,
    FiniteFloat,
    FloatOrArray,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveFloatOrArray,
    PositiveFloatOrInf,
    PositiveInt,
    ProperFraction,
    Range,
    UnitFloat,
    WholeNumber,
    constraint_of,
)
from stepsize.core.record import Record

HAIR = 1e-12


class Ranged(Record, abstract=True):
    """A record with one field of each kind."""

    d: NonNegativeFloat
    scale: PositiveFloat = 1.0
    limit: PositiveFloatOrInf = math.inf
    share: ProperFraction = 0.5
    part: UnitFloat = 0.5
    power: FiniteFloat = 1.0
    count: PositiveInt = 1
    optional: PositiveInt | None = None
    shape: Literal["linear", "cosine"] = "linear"
    first: PositiveFloat | Literal["unit", "last"] = "unit"
    lr: FloatOrArray = 0.1
    base: PositiveFloatOrArray = 0.1
    below: Annotated[float, Range(below=0)] = -1.0
    some: Annotated[int, WholeNumber(2, 4)] = 3
    times: NonNegativeInt = 0
    free: Any = None
    body: PositiveFloat | list[int] = 1.0


@pytest.mark.parametrize(
    ("name", "allowed", "refused"),
    [
        ("d", [0, 0.0, HAIR, 1e300], [-HAIR, math.inf, math.nan]),
        ("scale", [HAIR, 7], [0.0, -1.0, math.inf, math.nan]),
        ("limit", [HAIR, math.inf], [0.0, -math.inf, math.nan]),
        ("share", [HAIR, 1 - HAIR], [0.0, 1.0, math.nan]),
        ("part", [0.0, 1.0], [-HAIR, 1 + HAIR]),
        ("power", [-1e300, 0.0], [math.inf, -math.inf, math.nan]),
        ("count", [1, 10**9], [0, -1]),
        ("optional", [None, 1], [0]),
        ("shape", ["linear", "cosine"], ["cubic", ""]),
        ("first", ["unit", "last", 0.1], ["best", 0.0, math.inf]),
        ("lr", [0.0, -1, np.array([0.1, 0.2])], [math.nan, np.array([0.1, math.inf])]),
        ("base", [0.1, np.array([[0.1], [0.2]])], [0.0, np.array([0.1, 0.0])]),
        ("below", [-HAIR], [0.0, -math.inf]),
        ("some", [2, 4], [1, 5]),
        ("times", [0, 10**9], [-1]),
        ("free", [object(), "x"], []),
        ("body", [1.0, -1.0, [1]], []),
    ],
)
def test_a_field_is_held_to_its_range(name, allowed, refused):
    for value in allowed:
        Ranged(**{"d": 1.0, name: value})
    for value in refused:
        with pytest.raises(ValueError, match=rf"^{name}: got .*, expected "):
            Ranged(**{"d": 1.0, name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, "fast") for name in ("d", "limit", "share", "power", "count", "some", "lr", "base")),
        *((name, None) for name in ("d", "count", "first", "lr")),
        *((name, True) for name in ("d", "count", "optional", "lr")),
        ("count", 1.0),
        ("lr", np.array(["a", "b"])),
        ("base", ("a", "b")),
    ],
)
def test_another_kind_of_value_is_a_type_error(name, value):
    with pytest.raises(TypeError, match=rf"^{name}: got .*, expected "):
        Ranged(**{"d": 1.0, name: value})


@pytest.mark.parametrize(
    ("allowed", "text"),
    [
        (Range(), "a finite number"),
        (ANY, "a number"),
        (Range(above=0), "a finite number above 0"),
        (Range(above=0, finite=False), "a number above 0"),
        (Range(minimum=0), "a finite number of at least 0"),
        (Range(maximum=1), "a finite number of at most 1"),
        (Range(below=0.5), "a finite number below 0.5"),
        (Range(above=0, below=1), "a finite number above 0 and below 1"),
        (Range(above=0, maximum=1), "a finite number above 0 and at most 1"),
        (Range(minimum=0, below=1), "a finite number from 0 to below 1"),
        (Range(minimum=-1, maximum=1), "a finite number from -1 to 1"),
    ],
)
def test_a_range_in_words(allowed, text):
    assert str(allowed) == text


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("shape", "cubic", "shape: got the str 'cubic', expected one of 'linear', 'cosine'"),
        ("some", 5, "some: got 5, expected a whole number from 2 to 4"),
        ("first", 0.0, "first: got 0.0, expected a finite number above 0"),
        (
            "base",
            np.array([0.1, 0.0]),
            "base: got an array of float64 of shape (2,), expected finite numbers above 0",
        ),
    ],
)
def test_a_message_says_what_came_and_what_was_expected(name, value, message):
    with pytest.raises(ValueError) as caught:
        Ranged(**{"d": 1.0, name: value})
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "annotation", [float, "PositiveFloat", Any, float | None, Literal[1, 2], list[float]]
)
def test_an_annotation_without_a_range_is_not_checked(annotation):
    assert constraint_of(annotation) is None


def test_the_fields_are_checked_before_the_record_as_a_whole():
    class Pair(Record, abstract=True):
        low: PositiveFloat
        high: PositiveFloat

        def check(self):
            raise ValueError("together")

    with pytest.raises(ValueError, match=r"^high: got"):
        Pair(1.0, -1.0)
    with pytest.raises(ValueError, match=r"^together$"):
        Pair(1.0, 2.0)


def test_a_seed_is_a_count_of_at_most_128_bits():
    for value in (0, 2**128 - 1):
        SEED.check("seed", value)
    for value in (-1, 2**128):
        with pytest.raises(ValueError, match=r"^seed: got .*, expected "):
            SEED.check("seed", value)


def test_without_a_bound_every_number_is_allowed_and_every_count():
    whole = WholeNumber()
    for value in (-1e308, 1e308):
        Range().check("x", value)
    for value in (0, 2**53):
        whole.check("n", value)
    for value in (-1, 2**53 + 1):
        with pytest.raises(ValueError, match=r"^n: got .*, expected "):
            whole.check("n", value)


@pytest.mark.parametrize(
    ("name", "within", "beyond"),
    [
        ("FiniteFloat", [-1e308, 0.0, 1e308], [math.inf, -math.inf, math.nan]),
        ("PositiveFloat", [5e-324, 0.5, 1e308], [0.0, -1.0, math.inf]),
        ("PositiveFloatOrInf", [5e-324, 0.5, math.inf], [0.0, -math.inf, math.nan]),
        ("NonNegativeFloat", [0.0, 0.5, 1e308], [-5e-324, math.inf]),
        ("ProperFraction", [5e-324, 1 - 1e-16], [0.0, 1.0]),
        ("UnitFloat", [0.0, 0.5, 1.0], [-5e-324, 1 + 1e-15]),
        ("NonNegativeInt", [0, 1], [-1]),
        ("PositiveInt", [1, 2], [0]),
        ("Seed", [0, 2**128 - 1], [-1, 2**128]),
        ("FloatOrArray", [-1.0, np.array([0.0, -1.0])], [math.inf, np.array([0.0, math.nan]), np.array([])]),
        ("PositiveFloatOrArray", [0.5, np.array([0.5])], [0.0, np.array([0.5, 0.0])]),
    ],
)
def test_each_range_by_name_from_both_sides(name, within, beyond):
    constraint = ranges.constraint_of(getattr(ranges, name))
    for value in within:
        constraint.check("it", value)
    for value in beyond:
        with pytest.raises(ValueError, match=r"^it: got"):
            constraint.check("it", value)
    assert ranges.Range(finite=False) == ranges.ANY


@pytest.mark.parametrize(
    ("annotation", "constraint"),
    [
        (Annotated[float, "words", Range(above=0)], Range(above=0)),
        (Annotated[float, "words"], None),
        (Literal["a", "b"], ranges.OneOf(("a", "b"))),
        (Literal["a", 1], None),
        (float, None),
        (list[float], None),
        (float | None, None),
        (PositiveFloat | None, ranges.Either((Range(above=0),), True)),
        (PositiveFloat | Literal["auto"], ranges.Either((Range(above=0), ranges.OneOf(("auto",))), False)),
        (PositiveFloat | str, None),
        (str | int, None),
    ],
)
def test_what_an_annotation_says(annotation, constraint):
    assert constraint_of(annotation) == constraint
