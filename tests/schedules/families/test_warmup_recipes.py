"""Warm-up recipes: their lengths."""

import pytest

from schedules import (
    UntunedExponential,
    UntunedLinear,
    WarmupStableDecay,
)


def test_a_fall_of_one_update_starts_where_it_stands():
    assert WarmupStableDecay(1.0, 0, 2, 1).table(5).tolist() == [1.0, 1.0, 1.0, 0.0, 0.0]


def test_untuned_warm_ups_have_adam_s_length():
    """2 / (1 - beta2) updates: 2000 for 0.999, 200 for 0.99; the exponential one misses as much in all."""
    for beta2, length in ((0.999, 2000), (0.99, 200), (0.9, 20)):
        linear, exponential = UntunedLinear(beta2), UntunedExponential(beta2)
        assert linear(length - 2) < 1 - 1e-9
        assert linear(length) == 1.0
        missing = [(1 - s.table(40 * length)).sum() for s in (linear, exponential)]
        assert missing[0] == pytest.approx(1 / (1 - beta2), rel=0.06)
        assert missing[1] == pytest.approx(1 / (1 - beta2), rel=0.06)
