"""Modifiers of one schedule."""

from schedules import (
    Linear,
    per_epoch,
)


def test_an_epoch_is_as_many_updates():
    """Update 15 of epochs of 10 is in epoch 1, or half past it."""
    assert per_epoch(Linear(1.0, 4), 10)(15) == 0.75
    assert per_epoch(Linear(1.0, 4), 10, smooth=True)(15) == 0.625
