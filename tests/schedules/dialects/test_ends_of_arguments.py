"""Other libraries' schedules at the ends of what is allowed, and defaults that no record has."""

import pytest

from schedules import Constant, InverseTime, Linear, PerEpoch, StepDecay, per_epoch
from schedules.combinators.warmup_cooldown import Cooldown
from schedules.dialects import keras, minisom, optax, timm, torch, transformers


def test_a_constant_factor_may_be_the_whole_or_nothing():
    assert [torch.ConstantLR(0.5, 1.0)(n) for n in (0, 5)] == [0.5, 0.5]
    assert [torch.ConstantLR(0.5, 0.0)(n) for n in (0, 5)] == [0.0, 0.5]
    for factor in (-1e-9, 1 + 1e-9):
        with pytest.raises(ValueError, match=r"factor: got .*, expected a factor from 0 to 1"):
            torch.ConstantLR(0.5, factor)


def test_more_than_the_whole_cannot_be_a_part():
    with pytest.raises(ValueError, match=r"pct_start: got 1.5, expected a part from 0 to 1"):
        torch.OneCycleLR(0.1, 0.1, 10, pct_start=1.5)


def test_optax_decays_from_one_update_on_and_not_to_nothing():
    assert optax.exponential_decay(1.0, 1, 0.5)(3) == pytest.approx(0.125)
    assert optax.exponential_decay(1.0, 10, 0.0)(5) == 1.0
    assert optax.exponential_decay(1.0, 0, 0.5)(5) == 1.0
    assert optax.exponential_decay(1.0, 10, 1.0)(5) == 1.0
    assert optax.cosine_onecycle_schedule(1, 0.5)(1) == pytest.approx(0.5 / 25 / 1e4)


def test_timm_falls_in_the_last_fifth():
    schedule = timm.create_scheduler_v2(0.5, "wsd", num_epochs=10_000)
    assert schedule(8000) == 0.5 > schedule(8001)
    assert timm.create_scheduler_v2(0.5, "constant") == StepDecay(0.5, 1.0, 1)
    schedule = timm.create_scheduler_v2(0.5, "wsd", num_epochs=10, decay_epochs=1)
    assert schedule(9) == 0.5 > schedule(10)


def test_transformers_refuses_an_end_that_is_no_fall():
    for end in (0.5, 0.75):
        with pytest.raises(ValueError, match=r"lr_end: got .*, expected less than the rate, 0.5"):
            transformers.get_polynomial_decay_schedule_with_warmup(0.5, 1, 10, lr_end=end)
    with pytest.raises(ValueError, match=r"num_training_steps: got 0, expected a whole number of at least 1"):
        transformers.get_polynomial_decay_schedule_with_warmup(0.5, 0, 0)


@pytest.mark.parametrize("stable", [0, 1])
def test_transformers_may_leave_out_the_stable_phase(stable):
    schedule = transformers.get_wsd_schedule(0.5, 4, 4, num_stable_steps=stable, decay_type="linear")
    values = [0.0, 0.125, 0.25, 0.375, *[0.5] * stable, 0.5, 0.375, 0.25, 0.125, 0.0, 0.0]
    assert [schedule(n) for n in range(len(values))] == values


def test_a_name_that_transformers_does_not_have():
    with pytest.raises(ValueError, match=r"name: got 'nonsense', expected one of linear, cosine, "):
        transformers.get_scheduler("nonsense", 0.1)
    rise = transformers.get_scheduler("constant_with_warmup", 0.5, num_warmup_steps=2, num_training_steps=4)
    assert [rise(n) for n in range(4)] == [0.0, 0.25, 0.5, 0.5]
    root = transformers.get_scheduler("inverse_sqrt", 0.5, num_warmup_steps=1, num_training_steps=4)
    assert root(0) == 0.0
    assert root(1) == 0.5


def test_what_is_left_out_where_no_run_was_recorded():
    assert keras.SGD() == InverseTime(0.01, 0.0)
    assert keras.LearningRateScheduler(lambda epoch: 0.5 / (epoch + 1))(1) == 0.25
    assert minisom.linear_decay_to_one(3.0, 4).table(6).tolist() == [3.0, 2.5, 2.0, 1.5, 1.0, 1.0]
    assert Constant(1.0).cooldown(4, at=2) == Cooldown(Constant(1.0), 4, 2, "1-sqrt", 0.0)
    for counted in (Linear(1.0, 4).per_epoch(2), per_epoch(Linear(1.0, 4), 2)):
        assert counted == PerEpoch(Linear(1.0, 4), 2, smooth=False)
