"""Whatever is composed: it travels, it resumes, it nests, and wrapping changes nothing."""

import json
import pickle

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from schedules import (
    Chebyshev,
    Constant,
    Cosine,
    Cycles,
    Cyclic,
    EarlyStepDecay,
    Exponential,
    FlatCosine,
    Interpolated,
    InverseSqrt,
    InverseTime,
    Linear,
    MultiStep,
    OneCycle,
    PerRun,
    Phases,
    Piecewise,
    Polynomial,
    Power,
    Restarts,
    Schedule,
    Silver,
    StepDecay,
    Tanh,
    TimeBased,
    WarmupStableDecay,
)

N = np.array([0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 1000])


rates = st.floats(1e-4, 10.0)


counts = st.integers(1, 60)


waits = st.integers(0, 60)


parts = st.floats(0.05, 1.0)


factors = st.floats(0.1, 0.99)


def increasing(values):
    return tuple(sorted(set(values)))


leaves = st.one_of(
    st.builds(Constant, rates),
    st.builds(InverseTime, rates, parts),
    st.builds(TimeBased, rates, parts),
    st.builds(Exponential, rates, parts),
    st.builds(StepDecay, rates, factors, counts),
    st.builds(EarlyStepDecay, rates, factors, counts),
    st.builds(Linear, rates, counts, rates),
    st.builds(Polynomial, rates, counts, st.floats(0.5, 3), rates, st.floats(0.5, 3)),
    st.builds(Cosine, rates, counts, rates),
    st.builds(FlatCosine, rates, counts, st.floats(0, 0.9)),
    st.builds(Tanh, rates, counts),
    st.builds(Power, rates, parts, st.floats(1, 50)),
    st.builds(InverseSqrt, rates, st.floats(1, 50)),
    st.builds(Restarts, rates, counts, st.sampled_from([1.0, 1.5, 2.0, 3.0, 0.5]), factors),
    st.builds(Cyclic, rates, counts, st.none() | counts, rates, factors, factors),
    st.builds(
        OneCycle, rates, st.integers(2, 60), st.floats(0.05, 0.5), shape=st.sampled_from(["linear", "cosine"])
    ),
    st.builds(MultiStep, rates, factors, st.lists(waits, max_size=4).map(tuple)),
    st.builds(WarmupStableDecay, rates, waits, waits, counts),
    st.builds(Silver, rates),
    st.builds(Chebyshev, st.floats(2, 100), st.floats(0.1, 2), st.sampled_from([1, 4, 16])),
    st.lists(waits, min_size=1, max_size=4)
    .map(increasing)
    .map(lambda at: Piecewise(at, tuple(range(len(at) + 1)))),
    st.lists(waits, min_size=1, max_size=4)
    .map(increasing)
    .map(lambda at: Interpolated(at, tuple(range(len(at))))),
)


def composed(inner):
    return st.one_of(
        st.builds(lambda a, b: a * b, inner, inner),
        st.builds(lambda a, b: a + b, inner, inner),
        st.builds(lambda a, x: a * x, inner, rates),
        st.builds(lambda a, b, at: a.then(b, at=at), inner, inner, waits),
        st.builds(lambda a, w, s, k: a.warmup(w, shift=s, shape=k), inner, counts, st.booleans(), shapes),
        st.builds(lambda a, w, s, k: a.warmup(w, start=s, shape=k), inner, counts, rates, shapes),
        st.builds(lambda a, d, at, k: a.cooldown(d, at=at, shape=k), inner, counts, waits, falls),
        st.builds(lambda a, d, at, b: a.cooldown(d, at=at, shape=b), inner, counts, waits, inner),
        st.builds(lambda a, v: a.floor(v), inner, rates),
        st.builds(lambda a, v: a.cap(v), inner, rates),
        st.builds(lambda a, k: a.delay(k), inner, waits),
        st.builds(lambda a, k: a.skip(k), inner, waits),
        st.builds(lambda a, p: a.repeat(p), inner, counts),
        st.builds(lambda a, k, s: a.per_epoch(k, smooth=s), inner, counts, st.booleans()),
        st.builds(
            Cycles,
            inner,
            counts,
            st.sampled_from([1.0, 2.0, 1.3, 0.7]),
            factors,
            st.none() | st.integers(1, 4),
        ),
        st.builds(
            lambda a, b, p: Phases([p, 1 - p], [a, b]).per_epoch(60, smooth=True), inner, inner, factors
        ),
    )


shapes = st.sampled_from(["linear", "cosine", "1-sqrt"])


falls = st.sampled_from(["linear", "cosine", "1-sqrt", "square", "rex"])


schedules = st.recursive(leaves, composed, max_leaves=6)


@settings(deadline=None, max_examples=150)
@given(schedules)
def test_json_and_pickle_bring_it_back(schedule):
    text = schedule.to_json()
    assert Schedule.from_json(text) == schedule
    assert json.loads(text)["class"] == type(schedule).__name__
    copy = pickle.loads(pickle.dumps(schedule))
    assert copy == schedule
    assert hash(copy) == hash(schedule)
    assert np.array_equal(copy(N), schedule(N))


@settings(deadline=None, max_examples=150)
@given(schedules)
def test_an_array_gives_what_its_elements_give(schedule):
    values = schedule(N)
    assert values.shape == N.shape
    assert np.isfinite(values).all()
    assert [schedule(int(n)) for n in N] == values.tolist()
    assert np.array_equal(schedule(N.reshape(13, 1)), values.reshape(13, 1))


@settings(deadline=None, max_examples=150)
@given(schedules, waits)
def test_to_resume_is_to_ask_later(schedule, k):
    assert np.array_equal(schedule.skip(k)(N), schedule(N + k))
    assert np.array_equal(schedule.skip(k).table(20), schedule.table(k + 20)[k:])


@settings(deadline=None, max_examples=150)
@given(schedules)
def test_wrapping_is_transparent(schedule):
    values = schedule(N)
    assert np.array_equal(schedule.then(123.0, at=10**6)(N), values)
    assert np.array_equal(schedule.cooldown(5, at=10**6)(N), values)
    assert np.array_equal((schedule * 1.0)(N), values)
    assert np.array_equal((schedule + 0.0)(N), values)
    assert np.array_equal(schedule.delay(0)(N), values)
    assert np.array_equal(schedule.skip(0)(N), values)
    assert np.array_equal(schedule.per_epoch(1)(N), values)
    assert np.array_equal(schedule.repeat(10**6)(N), values)
    assert np.array_equal(Constant(5.0).then(schedule, at=7)(N + 7), values)
    assert np.array_equal(schedule.warmup(7)(N + 7), values)


@settings(deadline=None, max_examples=100)
@given(schedules, schedules, waits)
def test_operators_are_elementwise_and_nest(a, b, at):
    assert np.array_equal((a * b)(N), a(N) * b(N))
    assert np.array_equal((a + b)(N), a(N) + b(N))
    sequence = a.then(b, at=at)
    assert np.array_equal(sequence(N), [a(int(n)) if n < at else b(int(n) - at) for n in N])
    assert np.array_equal(sequence.then(a, at=90)(np.arange(90, 99)), a.table(9))
    assert np.array_equal(((a * b) * 2.0)(N), a(N) * b(N) * 2.0)


@settings(deadline=None, max_examples=150)
@given(schedules)
def test_where_it_says_that_it_ends_it_ends(schedule):
    if schedule.horizon is not None:
        assert len(set(schedule(schedule.horizon + N))) == 1


@settings(deadline=None, max_examples=100)
@given(schedules)
def test_it_describes_itself_in_a_line(schedule):
    for text in (schedule.describe(), schedule.describe(latex=True)):
        assert text
        assert "\n" not in text


@settings(deadline=None, max_examples=50)
@given(schedules, schedules)
def test_rows_are_the_schedules_side_by_side(a, b):
    rows = PerRun([a, b])
    assert Schedule.from_json(rows.to_json()) == rows
    values = rows(N.reshape(-1, 1, 1))
    assert values.shape == (13, 2, 1)
    assert np.array_equal(values[:, 0, 0], a(N))
    assert np.array_equal(values[:, 1, 0], b(N))


def test_json_is_standard_and_says_what_it_means():
    """What another language has to read: nested objects, each with its class and parameters by name."""
    schedule = Cosine(0.1, steps=100).warmup(10) * 0.5
    assert json.loads(schedule.to_json()) == {
        "class": "Product",
        "first": {
            "class": "Warmup",
            "body": {"class": "Cosine", "lr": 0.1, "steps": 100, "end": 0.0, "power": 1.0, "k": 1.0},
            "updates": 10,
            "start": None,
            "shift": True,
            "shape": "linear",
        },
        "second": {"class": "Constant", "lr": 0.5},
    }
