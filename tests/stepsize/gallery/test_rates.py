"""Rates read off sequences whose rates are known."""

import math

import numpy as np
import pytest

from stepsize.gallery.rates import factor, first_below


@pytest.mark.parametrize("rate", [0.3, 0.96, 1.25])
def test_a_geometric_sequence_has_its_own_factor(rate):
    error = 7.0 * rate ** np.arange(30)
    assert factor(error) == pytest.approx(rate, rel=1e-12)
    assert factor(error, skip=11) == pytest.approx(rate, rel=1e-12)


def test_what_comes_before_and_below_does_not_count():
    """Halved three times, then by ten: the ends decide."""
    error = np.array([100.0, 8.0, 4.0, 2.0, 1.0, 1e-14, 1e-3])
    assert factor(error, floor=1e-12, skip=1) == pytest.approx(0.5, rel=1e-12)
    assert factor(error, floor=1e-12) == pytest.approx(0.01 ** (1 / 4), rel=1e-12)
    assert factor([8.0, 4.0, 1.0], floor=1.0) == 0.5, "at the floor is not above it"
    assert factor([4.0, 1.0]) == 0.25, "one update is enough"


def test_there_is_no_factor_where_no_update_is_left():
    assert factor([3.0, 0.0, 0.0]) == 0.0, "at the minimum after one update"
    assert factor([3.0, math.nan]) == 0.0
    assert factor([3.0, 1.0], skip=1) == 0.0
    assert factor([3.0]) == 0.0


def test_the_first_value_below_a_bound():
    values = [5.0, 2.0, 1.0, 3.0, 0.5]
    assert first_below(values, 3.0) == 1
    assert first_below(values, 1.0) == 4, "at the bound is not below it"
    assert first_below(values, 0.5) == len(values), "none"
    assert first_below([0.0, 9.0], 1.0) == 0
