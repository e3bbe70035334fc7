"""What is known of a combination from what is known of its parts: where it settles, at what, and its tail.

The expectations are by hand: n^-p times n^-q is n^-(p+q), of a sum the slower fall remains, and so on.
"""

import math

import numpy as np
import pytest

from schedules import Constant, Exponential, FromFunction, InverseTime, Linear, Phases, Power

INF = math.inf
ZERO, HIGH = Constant(0.0), Constant(0.25)
TO_0, TO_HALF, LONGER = Linear(1.0, 20), Linear(1.0, 20, end=0.5), Linear(1.0, 30)
INVERSE, ROOT, RISING = InverseTime(1.0, 0.5), Power(1.0, 0.5), Power(1.0, -1.0)
FALLING, GROWING = Exponential(1.0, 0.1), Exponential(1.0, -0.1)
UNKNOWN = FromFunction(lambda n: 1.0 + 0 * n)

# Schedule, horizon, limit, tail.
FACTS = [
    # A product settles where both have, or where one is 0.
    (HIGH * TO_HALF, 20, 0.125, 0.0),
    (TO_HALF * HIGH, 20, 0.125, 0.0),
    (TO_HALF * Linear(1.0, 30, end=0.5), 30, 0.25, 0.0),
    (TO_0 * LONGER, 20, 0.0, INF),
    (LONGER * TO_0, 20, 0.0, INF),
    (TO_HALF * LONGER, 30, 0.0, INF),
    (TO_0 * INVERSE, 20, 0.0, INF),
    (INVERSE * TO_0, 20, 0.0, INF),
    (UNKNOWN * TO_0, 20, 0.0, INF),
    (TO_0 * UNKNOWN, 20, 0.0, INF),
    (INVERSE * ROOT, None, None, 1.5),
    (INVERSE * HIGH, None, None, 1.0),
    (HIGH * INVERSE, None, None, 1.0),
    (UNKNOWN * INVERSE, None, None, None),
    (INVERSE * UNKNOWN, None, None, None),
    (UNKNOWN * UNKNOWN, None, None, None),
    (FALLING * GROWING, None, None, None),
    # A sum settles where both have, and falls like the slower.
    (HIGH + TO_HALF, 20, 0.75, 0.0),
    (TO_0 + LONGER, 30, 0.0, INF),
    (TO_HALF + LONGER, 30, 0.5, 0.0),
    (TO_0 + INVERSE, None, None, 1.0),
    (INVERSE + ROOT, None, None, 0.5),
    (ROOT + INVERSE, None, None, 0.5),
    (UNKNOWN + INVERSE, None, None, None),
    (INVERSE + UNKNOWN, None, None, None),
    # A floor above 0 keeps what falls, and not what rises; a cap keeps what rises.
    (TO_0.floor(0.25), 20, 0.25, 0.0),
    (TO_0.floor(-1.0), 20, 0.0, INF),
    (INVERSE.floor(0.25), None, None, 0.0),
    (INVERSE.floor(0.0), None, None, 1.0),
    (INVERSE.floor(-1.0), None, None, 1.0),
    (RISING.floor(0.25), None, None, -1.0),
    (UNKNOWN.floor(0.25), None, None, None),
    (TO_HALF.cap(0.25), 20, 0.25, 0.0),
    (TO_0.cap(0.25), 20, 0.0, INF),
    (INVERSE.cap(0.25), None, None, 1.0),
    (RISING.cap(0.25), None, None, 0.0),
    (UNKNOWN.cap(0.25), None, None, None),
    (INVERSE.cap(0.0), None, None, None),
    (INVERSE.cap(-1.0), None, None, None),
    # Sooner or later changes no tail; what starts over does not fall.
    (TO_0.delay(10), 30, 0.0, INF),
    (INVERSE.delay(10), None, None, 1.0),
    (TO_0.skip(5), 15, 0.0, INF),
    (TO_0.skip(50), 0, 0.0, INF),
    (INVERSE.skip(5), None, None, 1.0),
    (TO_0.per_epoch(6), 120, 0.0, INF),
    (INVERSE.per_epoch(6), None, None, 1.0),
    (HIGH.repeat(10), 0, 0.25, 0.0),
    (ZERO.repeat(10), 0, 0.0, INF),
    (TO_0.repeat(1), 0, 1.0, 0.0),
    (TO_0.repeat(2), None, None, 0.0),
    (Constant(1.0).then(0.5, at=1).repeat(2), None, None, 0.0),
    (HIGH.then(TO_0, at=10), 30, 0.0, INF),
    (TO_0.then(INVERSE, at=10), None, None, 1.0),
    (Phases([0.5, 0.5], [HIGH, ZERO]), 1, 0.0, INF),
    # A warm-up comes before, or on top; a cooldown ends where its shape does.
    (TO_0.warmup(5), 25, 0.0, INF),
    (TO_0.warmup(5, shift=False), 20, 0.0, INF),
    (HIGH.warmup(30, shift=False), 30, 0.25, 0.0),
    (INVERSE.warmup(5), None, None, 1.0),
    (HIGH.cooldown(10, at=5), 15, 0.0, INF),
    (INVERSE.cooldown(10, at=5), 15, 0.0, INF),
    (INVERSE.cooldown(10, at=5, end=0.125), 15, 0.125, 0.0),
    (HIGH.cooldown(10, at=5, shape=TO_HALF), 25, 0.125, 0.0),
    (TO_HALF.cooldown(10, at=5, shape=TO_HALF, end=1.0), 25, 0.75, 0.0),
    (LONGER.cooldown(10, at=5, shape=TO_HALF), 30, 0.0, INF),
    (INVERSE.cooldown(10, at=5, shape=TO_HALF), None, None, 1.0),
    (HIGH.cooldown(10, at=5, shape=INVERSE), None, None, 1.0),
    (INVERSE.cooldown(10, at=5, shape=INVERSE), None, None, 2.0),
    (INVERSE.cooldown(10, at=5, shape=INVERSE, end=1.0), None, None, None),
]


@pytest.mark.parametrize(("schedule", "horizon", "limit", "tail"), FACTS, ids=repr)
def test_what_is_known_of_the_parts_is_known_of_the_whole(schedule, horizon, limit, tail):
    assert schedule.horizon == horizon
    assert schedule.limit == limit
    assert schedule.tail == tail
    if horizon is not None:
        assert np.all(schedule(horizon + np.arange(50)) == limit)


def test_the_text_of_phases_has_the_boundaries_and_the_share_of_each():
    """1/4, then 1/4, then 1/2 of a run; sums of powers of 2 are exact."""
    whole = Phases([0.25, 0.25, 0.5], [INVERSE, ROOT, UNKNOWN])
    assert whole.formula == (
        "s0((min(n, 1) - 0.0) / 0.25) if n < 0.25 else "
        "s1((min(n, 1) - 0.25) / 0.25) if n < 0.5 else s2((min(n, 1) - 0.5) / 0.5)"
    )


@pytest.mark.parametrize("shape", ["linear", "cosine", "1-sqrt"])
def test_the_text_of_a_warm_up_says_from_where_and_onto_what(shape):
    shifted, on_top = HIGH.warmup(4, shape=shape), HIGH.warmup(4, shape=shape, shift=False)
    started = HIGH.warmup(4, start=0.125, shape=shape)
    assert shifted.formula.endswith("body(0) if n < updates else body(n - updates)")
    assert on_top.formula.endswith("body(n) if n < updates else body(n)")
    assert started.formula.startswith("start + (body(0) - start) * ")
    assert "n + 1" not in started.formula
