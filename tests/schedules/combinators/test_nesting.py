"""Schedules made of very many: every part is asked a fixed number of times, whatever the depth."""

import pickle
import sys

import numpy as np
import pytest

from schedules import Constant, InverseTime, Linear, Phases, Product, Schedule, Sum

DEPTH = 200
COUNTS = {"horizon": 0, "tail": 0, "value": 0}


class Counting(Schedule, abstract=True):
    """1, and a record of how often it was asked for what."""

    formula = "1"

    def value(self, n):
        COUNTS["value"] += 1
        return np.ones_like(n)

    @property
    def horizon(self):
        COUNTS["horizon"] += 1
        return 3

    @property
    def tail(self):
        COUNTS["tail"] += 1
        return 0.0


def to_the_left(join, parts):
    whole = parts[0]
    for part in parts[1:]:
        whole = join(whole, part)
    return whole


def to_the_right(join, parts):
    whole = parts[-1]
    for part in reversed(parts[:-1]):
        whole = join(part, whole)
    return whole


JOINS = {
    "product": Product,
    "sum": Sum,
    "mixed": lambda a, b: a * 0.5 + b,
    "then": lambda a, b: a.then(b, at=2),
    "halves": lambda a, b: Phases([0.5, 0.5], [a, b]),
}
CHANGES = {
    "floor": lambda s: s.floor(0.5),
    "cap": lambda s: s.cap(2.0),
    "warmup": lambda s: s.warmup(2),
    "ramp": lambda s: s.warmup(2, start=0.0),
    "cooldown": lambda s: s.cooldown(3, at=1, end=0.5),
    "delay": lambda s: s.delay(1),
    "skip": lambda s: s.skip(1),
    "repeat": lambda s: s.repeat(9),
    "epochs": lambda s: s.per_epoch(2),
}
FACTS = ("horizon", "tail", "robbins_monro", "limit")


def asked(whole):
    """Return how often the parts were asked while all facts about the whole were found, and a value."""
    COUNTS.update(dict.fromkeys(COUNTS, 0))
    for fact in FACTS:
        getattr(whole, fact)
    whole(np.arange(5))
    return max(COUNTS.values())


@pytest.mark.parametrize("lean", [to_the_left, to_the_right])
@pytest.mark.parametrize("name", JOINS)
def test_a_part_is_asked_a_fixed_number_of_times(name, lean):
    few, many = (lean(JOINS[name], [Counting() for _ in range(count)]) for count in (4, 24))
    assert asked(few) <= 4 * 8
    assert asked(many) <= 24 * 8


@pytest.mark.parametrize("name", CHANGES)
def test_a_body_is_asked_a_fixed_number_of_times(name):
    whole = Counting()
    for _ in range(24):
        whole = CHANGES[name](whole)
    assert asked(whole) <= 60


@pytest.mark.parametrize("lean", [to_the_left, to_the_right])
@pytest.mark.parametrize("join", [Product, Sum])
def test_two_hundred_parts(join, lean):
    def built():
        return lean(join, [InverseTime(0.5, 0.1), *(Constant(0.99) for _ in range(DEPTH - 1))])

    whole = built()
    for fact in FACTS:
        getattr(built(), fact)
    assert whole.horizon is None
    assert whole.tail == (1.0 if join is Product else 0.0)
    assert whole == built()
    assert hash(whole) == hash(built())
    assert whole != lean(join, [InverseTime(0.5, 0.2), *(Constant(0.99) for _ in range(DEPTH - 1))])
    assert pickle.loads(pickle.dumps(whole)) == whole
    assert type(whole).from_json(whole.to_json()) == whole
    assert repr(whole).startswith(f"{join.__name__}(")
    assert "n" in whole.describe()
    assert whole.describe(latex=True)
    expected = 0.5 * 0.99 ** (DEPTH - 1) if join is Product else 0.5 + 0.99 * (DEPTH - 1)
    assert whole(0) == pytest.approx(expected, rel=1e-12)


def test_facts_do_not_depend_on_the_depth_of_the_caller():
    whole = to_the_left(lambda a, b: a * 0.5 + b, [Counting() for _ in range(sys.getrecursionlimit())])
    assert whole.horizon == 3
    assert whole.tail == 0.0


def test_a_product_ends_where_a_factor_ends_at_zero():
    falls = InverseTime(1.0, 0.1) * Linear(1.0, 30) * Constant(2.0) * Linear(1.0, 50)
    assert (falls.horizon, falls.limit) == (30, 0.0)
    assert falls.robbins_monro is None
    rows = Constant(np.array([[0.0], [1.0]])) * Linear(1.0, 10)
    assert rows.horizon == 10
    assert not np.any(rows.limit)


def test_a_line_of_very_many_pieces_is_refused_in_a_sentence():
    whole = to_the_left(lambda a, b: a.then(b, at=3), [Constant(0.1 + i) for i in range(3 * DEPTH)])
    with pytest.raises(
        ValueError, match=r"^describe: got a Sequential of schedules nested by the hundred, expected"
    ):
        whole.describe()
