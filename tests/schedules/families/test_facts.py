"""Where each family settles and how it falls far out, by hand, and the texts that are put together."""

import math

import numpy as np
import pytest

import schedules as s

INF = math.inf

# Schedule, horizon, tail.
FACTS = [
    # Decays over a number of updates: from there on they stay at their end.
    (s.Linear(1.0, 20), 20, INF),
    (s.Linear(1.0, 20, end=0.5), 20, 0.0),
    (s.Polynomial(1.0, 20, 2.0), 20, INF),
    (s.Cosine(1.0, 20), 20, INF),
    (s.Cosine(1.0, 20, end=0.5), 20, 0.0),
    (s.FlatCosine(1.0, 20), 20, INF),
    (s.Tanh(1.0, 20, end=0.5), 20, 0.0),
    (s.Geometric(1.0, 20, 0.5), 20, 0.0),
    (s.Rex(1.0, 20), 20, INF),
    (s.OneCycle(1.0, 20), 20, 0.0),
    (s.OptimalLinear(20), 20, INF),
    (s.WarmupStableDecay(1.0, 5, 10, 5), 20, INF),
    # Of a list of so many values the last stays.
    (s.LogStepDecay(1.0, 40), 39, 0.0),
    (s.Refined(1.0, (1.0, 2.0, 0.5)), 2, INF),
    (s.Chebyshev(10.0, 0.5, 16), 15, 0.0),
    (s.StrongSilver(10.0, 0.5, 8), 7, 0.0),
    (s.MultiStep(1.0, 0.5, (5, 15)), 15, 0.0),
    (s.MultiStep(1.0, 0.0, (5, 15)), 15, INF),
    (s.MultiStep(1.0, 0.5, ()), 0, 0.0),
    (s.Piecewise((5, 15), (1.0, 0.5, 0.0)), 15, INF),
    (s.Piecewise((), (0.5,)), 0, 0.0),
    (s.Interpolated((0, 5, 20), (0.0, 1.0, 0.5)), 20, 0.0),
    (s.Interpolated((0, 2.5), (1.0, 0.5)), 3, 0.0),
    (s.Interpolated((0,), (0.5,)), 0, 0.0),
    # lr - c (1 + 2 + ... + n): 6 is used up at n = 3, 7 at n = 4.
    (s.KohonenRecursion(6.0, 1.0), 3, INF),
    (s.KohonenRecursion(7.0, 1.0), 4, INF),
    (s.KohonenRecursion(np.array([1.0, 6.0]), 1.0), 3, INF),
    (s.KohonenRecursion(-1.0, 1e-4), 0, INF),
    (s.KohonenRecursion(0.9, 0.3), 3, INF),  # by the doubles, of which 1e-16 is left at n = 2
    # 1 - 1/2, 1 - 1/4, 1 - 1/6, ...: 1 - 1/10 in the fifth stage, 1 - 1/100 in the fiftieth.
    (s.SutskeverMomentum(0.9, 10), 40, 0.0),
    (s.SutskeverMomentum(0.99, 250), 49 * 250, 0.0),
    (s.SutskeverMomentum(0.5, 10), 0, 0.0),
    (s.SutskeverMomentum(0.25, 10), 0, 0.0),
    (s.SutskeverMomentum(0.0, 10), 0, 0.0),
    (s.SutskeverMomentum(1.0, 10), None, 0.0),
    # (1 - beta2)/2 an update.
    (s.UntunedLinear(0.875), 16, 0.0),
    (s.UntunedLinear(0.0), 2, 0.0),
    (s.UntunedExponential(0.9), None, 0.0),
    # Decays without an end.
    (s.InverseTime(1.0, 0.5), None, 1.0),
    (s.InverseTime(1.0, 0.0), None, 0.0),
    (s.TimeBased(1.0, 0.5), None, INF),
    (s.TimeBased(1.0, 0.0), None, 0.0),
    (s.Exponential(1.0, 0.5), None, INF),
    (s.Exponential(1.0, 0.0), None, 0.0),
    (s.Exponential(1.0, -0.5), None, -INF),
    *((kind(1.0, 0.5, 10), None, INF) for kind in (s.StepDecay, s.EarlyStepDecay)),
    *((kind(1.0, 1.0, 10), None, 0.0) for kind in (s.StepDecay, s.EarlyStepDecay)),
    *((kind(1.0, 1.5, 10), None, -INF) for kind in (s.StepDecay, s.EarlyStepDecay)),
    *((kind(1.0, 2.0, 10), None, -INF) for kind in (s.StepDecay, s.EarlyStepDecay)),
    (s.Power(1.0, 0.75), None, 0.75),
    (s.InverseSqrt(1.0), None, 0.5),
    (s.SearchThenConverge(1.0, 1.0, 10.0), None, 1.0),
    (s.DoublingStages(1.0, 3), None, 1.0),
    (s.Noam(16, 10), None, 0.5),
    (s.PowerScheduler(1.0, 1.0, 500.0, b=-0.75), None, 0.75),
    # What the silver steps add up to grows like N^log2(1 + sqrt(2)).
    (s.Silver(), None, 1 - math.log2(1 + math.sqrt(2))),
    # What comes back stays up, unless it comes back lower.
    (s.NesterovSequence(), None, 0.0),
    (s.PeriodicCosine(1.0, 20.0), None, 0.0),
    (s.Cyclic(1.0, 8), None, 0.0),
    (s.Cyclic(1.0, 8, gamma=0.5), None, INF),
    (s.Cyclic(1.0, 8, shrink=0.5), None, INF),
    (s.Cyclic(1.0, 8, shrink=1.5), None, 0.0),
    (s.Cyclic(1.0, 8, shrink=0.5, low=0.25), None, 0.0),
    (s.Cyclic(1.0, 8, low=0.25), None, 0.0),
    (s.Sawtooth(1.0, 10), None, 1.0),
    (s.Sawtooth(1.0, 10, power=2.0), None, 2.0),
    (s.Sawtooth(1.0, 10, end=0.25), None, 0.0),
    (s.Restarts(1.0, 5), None, 0.0),
    (s.Restarts(1.0, 5, mult=2.0, decay=0.5, end=0.25), None, 0.0),
    (s.Restarts(1.0, 5, cycles=2), 10, INF),
    (s.FromFunction(math.sqrt), None, None),
    (s.PerRun([0.5, 0.25]), None, None),
    (s.Constant(0.5), 0, 0.0),
    (s.Constant(0.0), 0, INF),
]


@pytest.mark.parametrize(("schedule", "horizon", "tail"), FACTS, ids=repr)
def test_where_it_settles_and_how_it_falls(schedule, horizon, tail):
    assert schedule.horizon == horizon
    assert schedule.tail == tail
    if horizon is None:
        assert schedule.limit is None
    else:
        for n in (horizon, horizon + 1, 10**6):
            assert np.array_equal(schedule(n), schedule.limit)


def test_the_text_of_a_function_names_it():
    assert s.FromFunction(math.sqrt).formula == "sqrt(n)"
    assert s.Recursion(0.1, math.hypot).formula == "hypot(n, rate)"


def test_the_text_of_triangles_has_their_period():
    start = "low + (lr - low) * shrink ** floor"
    assert s.Cyclic(1.0, 4).formula == f"{start}(n / 8) * gamma ** n * min(n % 8 / up, (8 - n % 8) / 4)"
    assert s.Cyclic(1.0, 4, 2).formula == f"{start}(n / 6) * gamma ** n * min(n % 6 / up, (6 - n % 6) / 2)"


def test_the_text_of_points_begins_where_they_do():
    line = "(1.0 + -0.5 * ((n - 2) / 2) if n < 4 else 0.5)"
    assert s.Interpolated((2, 4), (1.0, 0.5)).formula == f"(1.0 if n < 2 else {line})"
    early = "(1.0 if n < 0.5 else (1.0 + -0.5 * ((n - 0.5) / 2.0) if n < 2.5 else 0.5))"
    assert s.Interpolated((0.5, 2.5), (1.0, 0.5)).formula == early
    from_0 = "(1.0 + -0.5 * ((n - 0) / 4) if n < 4 else 0.5)"
    assert s.Interpolated((0, 4), (1.0, 0.5)).formula == from_0
    wave = "(1.0 + -0.5 * (1 - cos(pi * (n - 0) / 4)) / 2 if n < 4 else 0.5)"
    assert s.Interpolated((0, 4), (1.0, 0.5), "cosine").formula == wave


def test_the_text_of_a_staircase_has_its_steps_in_order():
    steps = "(lr * factor ** 0 if n < 5 else (lr * factor ** 1 if n < 15 else lr * factor ** 2))"
    assert s.MultiStep(1.0, 0.5, (15, 5)).formula == steps
    assert s.Piecewise((5, 15), (1.0, 0.5, 0.25)).formula == "(1.0 if n < 5 else (0.5 if n < 15 else 0.25))"


@pytest.mark.parametrize("make", [s.Restarts, lambda lr, *rest: s.Cycles(s.Constant(lr), *rest)])
def test_cycles_have_to_grow_to_an_update_in_ten_thousand(make):
    """mult^10000 = e is enough from 1/e on, and not a thousandth below it."""
    mult = math.exp(1e-4)
    make(1.0, 1.0001 / math.e, mult)
    with pytest.raises(
        ValueError, match=r"steps: got .*, expected an update a cycle after at most 10000 cycles"
    ):
        make(1.0, 0.99999 / math.e, mult)
