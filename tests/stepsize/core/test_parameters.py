"""Fields that declare what they may hold: kinds, edges, None, and what is said of the rest."""

import math

import numpy as np
import pytest

from stepsize.core.limits.parameters import count, number, one_of, seed
from stepsize.core.limits.ranges import ANY, SEED, Either, OneOf, Range, WholeNumber
from stepsize.core.record import Record
from stepsize.core.validation import LARGEST


class Fields(Record, abstract=True):
    share: float = number(0.5, minimum=0, below=1)
    limit: float = number(1.0, above=0, finite=False)
    size: int = count(8, minimum=1)
    restart: int | None = count(minimum=1)
    repair: str | None = one_of("shift", "absolute", None)
    kind: str = one_of("first", "last")


@pytest.mark.parametrize(
    "values",
    [
        {"share": 0},
        {"share": np.float32(0.25)},
        {"share": 1 - 1e-16},
        {"limit": math.inf},
        {"limit": 5e-324},
        {"size": 1},
        {"size": np.int64(3)},
        {"restart": None},
        {"restart": 1},
        {"repair": None},
        {"repair": "absolute"},
        {"kind": "last"},
    ],
)
def test_what_a_field_declares_is_taken(values):
    record = Fields(**values)
    assert {name: getattr(record, name) for name in values} == values
    assert record.replace() == record


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ({"share": 1}, ValueError, "share: got 1, expected a finite number from 0 to below 1"),
        ({"share": -5e-324}, ValueError, "share: got -5e-324, expected a finite number from 0 to below 1"),
        ({"share": math.nan}, ValueError, "share: got nan, expected a finite number from 0 to below 1"),
        ({"share": "0.5"}, TypeError, "share: got the str '0.5', expected a finite number from 0 to below 1"),
        ({"share": True}, TypeError, "share: got True, expected a finite number from 0 to below 1"),
        ({"share": np.ones(2)}, TypeError, r"share: got an array of float64 of shape \(2,\), expected"),
        ({"limit": 0}, ValueError, "limit: got 0, expected a number above 0"),
        ({"limit": -math.inf}, ValueError, "limit: got -inf, expected a number above 0"),
        ({"limit": math.nan}, ValueError, "limit: got nan, expected a number above 0"),
        ({"size": 0}, ValueError, "size: got 0, expected a whole number of at least 1"),
        ({"size": 2.0}, TypeError, "size: got 2.0, expected a whole number of at least 1"),
        ({"size": None}, TypeError, "size: got None, expected a whole number of at least 1"),
        ({"restart": 0}, ValueError, "restart: got 0, expected a whole number of at least 1"),
        (
            {"repair": "hope"},
            ValueError,
            "repair: got the str 'hope', expected one of 'shift', 'absolute', None",
        ),
        ({"kind": None}, ValueError, "kind: got None, expected one of 'first', 'last'"),
        ({"kind": np.array(["first", "x"])}, ValueError, "kind: got an array of <U5 .*, expected one of"),
    ],
)
def test_anything_else_is_refused_in_one_sentence(values, error, message):
    with pytest.raises(error, match=f"^{message}"):
        Fields(**values)
    with pytest.raises(error, match=f"^{message}"):
        Fields().replace(**values)


@pytest.mark.parametrize(
    ("allowed", "words"),
    [
        (ANY, "a number"),
        (Range(), "a finite number"),
        (Range(minimum=2), "a finite number of at least 2"),
        (Range(minimum=4, finite=False), "a number of at least 4"),
        (Range(above=0, below=1), "a finite number above 0 and below 1"),
        (Range(below=1), "a finite number below 1"),
    ],
)
def test_a_range_in_words(allowed, words):
    assert str(allowed) == words


def test_a_range_asks_each_number_of_an_array():
    values = np.array([-math.inf, -1.0, 0.0, 0.5, 1.0, math.inf, math.nan])
    assert ANY.has(values).tolist() == [True] * 6 + [False]
    assert Range().has(values).tolist() == [False, True, True, True, True, False, False]
    assert Range(minimum=0, below=1).has(values).tolist() == [False, False, True, True, False, False, False]
    assert Range(above=0, finite=False).has(values).tolist() == [False] * 3 + [True] * 3 + [False]


def test_a_declaration_without_bounds_has_none():
    assert number().metadata["constraint"] == Range(-math.inf, -math.inf, math.inf, math.inf, True)
    assert number(minimum=1).metadata["constraint"] == Range(minimum=1)
    assert count(3).metadata["constraint"] == WholeNumber(0, LARGEST)
    assert number(2.0, below=3, finite=False).default == 2.0
    assert number(2.0, below=3, finite=False).metadata["constraint"] == Range(below=3, finite=False)
    assert (count(3).default, count().default) == (3, None)
    assert count().metadata["constraint"] == Either((WholeNumber(0),), optional=True)
    assert (one_of("a", None).default, one_of("a", None).metadata["constraint"]) == ("a", OneOf(("a", None)))
    assert (seed().default, seed(4).default, seed().metadata["constraint"]) == (0, 4, SEED)


class Bare(Record, abstract=True):
    size: int = count(8)
    rate: float = number(1.0)
    start: int = seed()


def test_without_words_a_number_is_finite_a_count_from_zero_and_a_seed_zero():
    assert Bare(size=0, rate=-1e308).size == 0
    assert Bare().start == 0
    for values in ({"size": -1}, {"rate": math.inf}, {"rate": -math.inf}, {"start": -1}):
        (name,) = values
        with pytest.raises(ValueError, match=f"^{name}: got .*, expected"):
            Bare(**values)
