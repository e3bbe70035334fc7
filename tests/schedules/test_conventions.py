"""Off-by-one-proof: when a drop applies, where a schedule ends, what update 0 does."""

import numpy as np
import pytest

import schedules
from schedules import (
    Constant,
    Cosine,
    Cyclic,
    EarlyStepDecay,
    Exponential,
    FlatCosine,
    FromFunction,
    InverseTime,
    Linear,
    MultiStep,
    Noam,
    OneCycle,
    Piecewise,
    Polynomial,
    Recursion,
    Restarts,
    Schedule,
    StepDecay,
    WarmupStableDecay,
)
from schedules.dialects import keras, optax, timm, torch, transformers, wikipedia
from stepsize.core.record import registered
from stepsize.parsing import demo_of
from tests.instances import SCHEDULES, name_of


@pytest.mark.parametrize(
    ("schedule", "first"),
    [
        (timm.MultiStepLRScheduler(1.0, decay_t=[10], decay_rate=0.1), 9),
        (wikipedia.step_based(1.0, d=0.1, r=10), 9),
        (EarlyStepDecay(1.0, 0.1, 10), 9),
        (StepDecay(1.0, 0.1, 10), 10),
        (MultiStep(1.0, 0.1, at=[10]), 10),
        (Piecewise(at=[10], values=[1.0, 0.1]), 10),
        (Constant(1.0).then(0.1, at=10), 10),
        (torch.StepLR(1.0, step_size=10), 10),
        (torch.MultiStepLR(1.0, milestones=[10]), 10),
        (optax.piecewise_constant_schedule(1.0, {10: 0.1}), 10),
        (keras.PiecewiseConstantDecay(boundaries=[10], values=[1.0, 0.1]), 11),
    ],
    ids=repr,
)
def test_a_drop_at_10_applies_first_at(schedule, first):
    values = schedule.table(20)
    assert int(np.flatnonzero(values < 0.5)[0]) == first
    assert values[first - 1] == 1.0
    assert values[first] == pytest.approx(0.1, rel=1e-15)


T, W = 40, 8


HOLD = [
    Linear(0.1, T),
    Polynomial(0.1, T, power=2, end=0.01),
    Cosine(0.1, T, end=0.01),
    FlatCosine(0.1, T),
    OneCycle(0.1, T),
    WarmupStableDecay(0.1, 5, 20, 15),
    torch.LinearLR(0.1, total_iters=T),
    torch.PolynomialLR(0.1, total_iters=T),
    torch.ConstantLR(0.1, total_iters=T),
    torch.OneCycleLR(0.1, max_lr=1.0, total_steps=T),
    keras.PolynomialDecay(0.1, T),
    keras.CosineDecay(0.1, T),
    optax.cosine_decay_schedule(0.1, T),
    optax.linear_schedule(0.1, 0.01, T),
    transformers.get_linear_schedule_with_warmup(0.1, W, T),
    transformers.get_polynomial_decay_schedule_with_warmup(0.1, W, T),
    transformers.get_cosine_with_hard_restarts_schedule_with_warmup(0.1, W, T, num_cycles=3),
    transformers.get_wsd_schedule(0.1, W, 12, num_training_steps=T),
    timm.CosineLRScheduler(0.1, T, lr_min=0.001),
    timm.TanhLRScheduler(0.1, T, lr_min=0.001),
    timm.PolyLRScheduler(0.1, T),
]


@pytest.mark.parametrize("schedule", HOLD, ids=repr)
def test_these_hold_their_last_value(schedule):
    assert len(set(schedule(np.array([T, T + 1, 3 * T // 2, 2 * T, 100 * T])))) == 1
    assert schedule.horizon is not None


CLIMB = [
    torch.CosineAnnealingLR(0.1, T_max=T),
    transformers.get_cosine_schedule_with_warmup(0.1, 0, T),
    transformers.get_cosine_with_min_lr_schedule_with_warmup(0.1, 0, T, min_lr=0.0),
]


@pytest.mark.parametrize("schedule", CLIMB, ids=repr)
def test_these_climb_back_up_as_their_libraries_do(schedule):
    assert schedule(T) == pytest.approx(0.0, abs=1e-15)
    assert schedule(3 * T // 2) == pytest.approx(0.05, rel=1e-12)
    assert schedule(2 * T) == pytest.approx(0.1, rel=1e-12)
    assert schedule.horizon is None


DECAY = [
    Exponential(0.1, 0.01),
    StepDecay(0.1, 0.5, T),
    InverseTime(0.1, 0.1),
    Noam(16, W),
    transformers.get_inverse_sqrt_schedule(0.1, W),
    keras.ExponentialDecay(0.1, T, 0.5),
]


@pytest.mark.parametrize("schedule", DECAY, ids=repr)
def test_these_decay_for_ever(schedule):
    values = schedule(np.array([T, 2 * T, 10 * T, 100 * T]))
    assert (np.diff(values) < 0).all()
    assert schedule.tail > 0


RESTART = [
    torch.CosineAnnealingWarmRestarts(0.1, T),
    torch.CyclicLR(0.1, base_lr=0.0, max_lr=0.1, step_size_up=T),
    keras.CosineDecayRestarts(0.1, T),
    keras.PolynomialDecay(0.1, T, cycle=True),
    Restarts(0.1, T),
    Cyclic(0.1, T),
    Cosine(0.1, T).repeat(T),
]


@pytest.mark.parametrize("schedule", RESTART, ids=repr)
def test_these_start_over(schedule):
    late = schedule(np.arange(2 * T + 1, 10 * T))
    assert late.max() > 2 * late.min()
    assert schedule.horizon is None


def test_nothing_is_periodic_but_what_its_name_says():
    rising = {
        type(s).__name__
        for s in SCHEDULES
        if s.horizon is None and not isinstance(s, FromFunction | Recursion | schedules.PerRun)
        if (np.diff(s(np.arange(10**4, 10**4 + 3000))) > 1e-12).any()
    }
    assert rising == {
        "Cycles",
        "Cyclic",
        "PeriodicCosine",
        "Repeat",
        "Restarts",
        "Sawtooth",
        "Silver",
        "NesterovSequence",
    }


WITH_STEPS = [s for s in SCHEDULES if hasattr(s, "steps") and s.horizon == s.steps]


@pytest.mark.parametrize("schedule", WITH_STEPS, ids=name_of)
def test_the_end_is_reached_at_T_and_not_before(schedule):
    T = schedule.steps
    assert schedule(T - 1) != schedule(T) == schedule(T + 1) == schedule(2 * T) == schedule(10**9)


@pytest.mark.parametrize(
    "schedule", [s for s in SCHEDULES if not isinstance(s, schedules.PerRun)], ids=name_of
)
def test_every_class_is_sound_at_0_around_its_end_and_far_beyond(schedule):
    T = schedule.horizon or 20
    values = schedule(np.array([0, max(T - 1, 0), T, 2 * T, 10**6]))
    assert np.isfinite(values).all()
    assert (values >= 0).all()
    if not isinstance(schedule, Recursion | FromFunction):
        assert np.isfinite(schedule(10**12))


STARTS_AT_0 = {"FromFunction", "Recursion", "NesterovSequence"}


@pytest.mark.parametrize(
    "schedule", [s for s in SCHEDULES if not isinstance(s, schedules.PerRun)], ids=name_of
)
def test_update_0_is_not_wasted(schedule):
    assert (schedule(0) > 0) or name_of(schedule) in STARTS_AT_0


@pytest.mark.parametrize("cls", registered(Schedule), ids=lambda cls: cls.__name__)
def test_lengths_are_never_0(cls):
    """A length of 0, a negative or a broken one is refused at construction, by name."""
    lengths = {
        "steps",
        "every",
        "updates",
        "period",
        "up",
        "stage",
        "updates_per_epoch",
        "fall",
        "warmup_steps",
    }
    fields = set(cls.__dataclass_fields__) & lengths
    if cls.__name__ in ("Delay", "Skip"):
        fields = set()  # a wait of 0 updates is none
    for name in fields:
        for bad in (0, -3, float("nan")):
            with pytest.raises((ValueError, TypeError), match=f"{name}: got"):
                cls(**{**demo_of(cls), name: bad})
