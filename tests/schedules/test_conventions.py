"""Off-by-one-proof: when a drop applies, where a schedule ends, what update 0 does."""

import math

import numpy as np
import pytest

import schedules
from schedules import (
    Constant,
    Cooldown,
    Cosine,
    Cyclic,
    EarlyStepDecay,
    Exponential,
    FlatCosine,
    FromFunction,
    InverseTime,
    KohonenRecursion,
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
    TimeBased,
    UntunedExponential,
    UntunedLinear,
    WarmupStableDecay,
)
from schedules.dialects import keras, optax, timm, torch, transformers, wikipedia
from stepsize.core.record import registered
from stepsize.parsing import demo_of
from tests.instances import SCHEDULES, name_of

# One boundary, three answers


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


# Past the end

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
CLIMB = [
    torch.CosineAnnealingLR(0.1, T_max=T),
    transformers.get_cosine_schedule_with_warmup(0.1, 0, T),
    transformers.get_cosine_with_min_lr_schedule_with_warmup(0.1, 0, T, min_lr=0.0),
]
DECAY = [
    Exponential(0.1, 0.01),
    StepDecay(0.1, 0.5, T),
    InverseTime(0.1, 0.1),
    Noam(16, W),
    transformers.get_inverse_sqrt_schedule(0.1, W),
    keras.ExponentialDecay(0.1, T, 0.5),
]
RESTART = [
    torch.CosineAnnealingWarmRestarts(0.1, T),
    torch.CyclicLR(0.1, base_lr=0.0, max_lr=0.1, step_size_up=T),
    keras.CosineDecayRestarts(0.1, T),
    keras.PolynomialDecay(0.1, T, cycle=True),
    Restarts(0.1, T),
    Cyclic(0.1, T),
    Cosine(0.1, T).repeat(T),
]


@pytest.mark.parametrize("schedule", HOLD, ids=repr)
def test_these_hold_their_last_value(schedule):
    assert len(set(schedule(np.array([T, T + 1, 3 * T // 2, 2 * T, 100 * T])))) == 1
    assert schedule.horizon is not None


@pytest.mark.parametrize("schedule", CLIMB, ids=repr)
def test_these_climb_back_up_as_their_libraries_do(schedule):
    assert schedule(T) == pytest.approx(0.0, abs=1e-15)
    assert schedule(3 * T // 2) == pytest.approx(0.05, rel=1e-12)
    assert schedule(2 * T) == pytest.approx(0.1, rel=1e-12)
    assert schedule.horizon is None


@pytest.mark.parametrize("schedule", DECAY, ids=repr)
def test_these_decay_for_ever(schedule):
    values = schedule(np.array([T, 2 * T, 10 * T, 100 * T]))
    assert (np.diff(values) < 0).all()
    assert schedule.tail > 0


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


# Update 0

STARTS_AT_0 = {"FromFunction", "Recursion", "NesterovSequence"}


@pytest.mark.parametrize(
    "schedule", [s for s in SCHEDULES if not isinstance(s, schedules.PerRun)], ids=name_of
)
def test_update_0_is_not_wasted(schedule):
    assert (schedule(0) > 0) or name_of(schedule) in STARTS_AT_0


@pytest.mark.parametrize("shape", ["linear", "cosine", "1-sqrt"])
def test_warm_ups_move_at_once_and_arrive_at_W_minus_1(shape):
    rise = Constant(1.0).warmup(10, shape=shape).table(12)
    assert rise[0] > 0
    assert (np.diff(rise[:10]) > 0).all()
    assert rise[9] == rise[10] == 1.0


@pytest.mark.parametrize("shape", ["linear", "cosine", "1-sqrt"])
def test_the_classical_ramp_starts_where_it_is_told_and_arrives_at_W(shape):
    ramp = Constant(1.0).warmup(10, start=0.0, shape=shape).table(12)
    assert ramp[0] == 0.0
    assert ramp[9] < ramp[10] == 1.0


def test_shapes_of_warm_up():
    n = np.arange(4)
    np.testing.assert_allclose(
        Constant(1.0).warmup(4, start=0, shape="cosine")(n), [0, 0.1464466, 0.5, 0.8535534], atol=1e-7
    )
    np.testing.assert_allclose(
        Constant(1.0).warmup(4, start=0, shape="1-sqrt")(n), [0, 0.1339746, 0.2928932, 0.5], atol=1e-7
    )


def test_untuned_warm_ups_have_adam_s_length():
    """2 / (1 - beta2) updates: 2000 for 0.999, 200 for 0.99; the exponential one misses as much in all."""
    for beta2, length in ((0.999, 2000), (0.99, 200), (0.9, 20)):
        linear, exponential = UntunedLinear(beta2), UntunedExponential(beta2)
        assert linear(length - 2) < 1 - 1e-9
        assert linear(length) == 1.0
        missing = [(1 - s.table(40 * length)).sum() for s in (linear, exponential)]
        assert missing[0] == pytest.approx(1 / (1 - beta2), rel=0.06)
        assert missing[1] == pytest.approx(1 / (1 - beta2), rel=0.06)


def test_a_warm_up_shifts_the_body_so_that_no_length_is_ambiguous():
    body = Linear(1.0, 10)
    assert body.warmup(5).horizon == 15
    assert np.array_equal(body.warmup(5)(np.arange(5, 20)), body.table(15))
    assert body.warmup(5, shift=False).horizon == 10


# Cooldowns


@pytest.mark.parametrize(
    ("shape", "half"),
    [("linear", 0.5), ("cosine", 0.5), ("1-sqrt", 1 - math.sqrt(0.5)), ("square", 0.75), ("rex", 2 / 3)],
)
def test_cooldown_shapes(shape, half):
    values = Constant(2.0).cooldown(10, at=4, shape=shape, end=0.5).table(20)
    assert set(values[:5]) == {2.0}
    assert values[9] == pytest.approx(0.5 + 1.5 * half, rel=1e-12)
    assert values[13] > values[14] == values[19] == 0.5


def test_the_first_update_of_a_cooldown_is_the_one_it_is_given():
    """By a shape that has fallen already where it begins."""
    cooled = Constant(2.0).cooldown(4, at=3, shape=Constant(0.25))
    assert cooled.table(5).tolist() == [2.0, 2.0, 2.0, 0.5, 0.5]


def test_a_cooldown_may_have_any_schedule_s_shape_and_the_body_goes_on_underneath():
    body = InverseTime(1.0, 0.1)
    cooled = body.cooldown(5, at=10, shape=Polynomial(1.0, 5, power=3))
    np.testing.assert_allclose(cooled.table(10), body.table(10), rtol=0)
    n = np.arange(10, 15)
    np.testing.assert_allclose(cooled(n), body(n) * (1 - (n - 10) / 5) ** 3, rtol=1e-14)
    with pytest.raises(ValueError, match="shape: got the str 'steep', expected a schedule or one of linear"):
        Cooldown(body, 5, 10, "steep")


# The SOM rules and other readings


def test_kohonen_s_line_read_as_a_recursion_is_a_parabola():
    """w_n = w_(n-1) - c n, step by step."""
    c, w, values = 0.002, 1.0, []
    for n in range(40):
        w -= c * n
        values.append(max(w, 0.0))
    np.testing.assert_allclose(KohonenRecursion(1.0, c).table(40), values, atol=1e-14)
    schedule = KohonenRecursion(1.0, c)
    assert schedule(schedule.horizon) == 0.0 < schedule(schedule.horizon - 1)
    assert schedule.horizon == math.ceil((math.sqrt(1 + 8 / c) - 1) / 2)
    line = Linear(1.0, steps=round(1.0 / c))
    np.testing.assert_allclose(line.table(40), 1.0 - c * np.arange(40), rtol=1e-12)


def test_time_based_is_its_recursion_and_keras_form_is_another():
    recursion = Recursion(1.0, lambda n, rate: rate / (1 + 0.01 * (n - 1)) if n else rate)
    np.testing.assert_allclose(TimeBased(1.0, 0.01).table(60), recursion.table(60), rtol=1e-13)
    published = {10: (0.909, 0.646), 50: (0.667, 2.45e-5), 100: (0.5, 2.37e-17), 200: (0.333, 9.1e-57)}
    for n, (keras_form, wikipedia_form) in published.items():
        assert InverseTime(1.0, 0.01)(n) == pytest.approx(keras_form, abs=5e-4)
        assert TimeBased(1.0, 0.01)(n) == pytest.approx(wikipedia_form, rel=6e-3)


@pytest.mark.parametrize(
    ("d", "halves", "thousandth"),
    [(1.0, (3, 1), (7, 999)), (0.1, (5, 10), (15, 9990)), (0.01, (13, 100), (40, 99900))],
)
def test_where_the_two_time_decays_pass_one_half_and_one_thousandth(d, halves, thousandth):
    """The first n at or below the level, for the recursion and for Keras' form."""
    for level, expected in ((0.5, halves), (1e-3, thousandth)):
        for schedule, n in zip((TimeBased(1.0, d), InverseTime(1.0, d)), expected, strict=True):
            assert schedule(n) <= level * (1 + 1e-12) < schedule(n - 1) * (1 + 2e-12)


def test_integer_rates_and_numpy_numbers_are_rates():
    assert StepDecay(1, 0.5, 10)(10) == 0.5
    assert Exponential(np.float32(1), np.float64(0.5))(2) == pytest.approx(math.exp(-1), rel=1e-15)


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
