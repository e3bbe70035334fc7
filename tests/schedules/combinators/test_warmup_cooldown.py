"""Warm-up and cool-down: their first and last updates, and their shapes."""

import math

import numpy as np
import pytest

import stepsize as ss
from schedules import (
    Constant,
    Cooldown,
    InverseTime,
    Linear,
    Polynomial,
)


def test_a_cooldown_falls_like_one_minus_a_root():
    assert Constant(1.0).cooldown(4, at=2).table(8) == pytest.approx(
        [1.0, 1.0, 1.0, 0.5, 1 - math.sqrt(0.5), 1 - math.sqrt(0.75), 0.0, 0.0], abs=1e-15
    )


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


def test_a_warm_up_shifts_the_body_so_that_no_length_is_ambiguous():
    body = Linear(1.0, 10)
    assert body.warmup(5).horizon == 15
    assert np.array_equal(body.warmup(5)(np.arange(5, 20)), body.table(15))
    assert body.warmup(5, shift=False).horizon == 10


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


def test_warmup_moves_at_update_0_and_shifts_the_body():
    body = ss.StepDecay(1.0, 0.5, 4)
    assert body.warmup(2)(np.arange(8)).tolist() == [0.5, 1.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.5]
    assert body.warmup(2, shift=False)(np.arange(6)).tolist() == [0.5, 1.0, 1.0, 1.0, 0.5, 0.5]
