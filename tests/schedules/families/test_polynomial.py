"""Decays over a fixed horizon: where they end, and what a recursion makes of a line."""

import math

import numpy as np

import stepsize as ss
from schedules import (
    KohonenRecursion,
    Linear,
)


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


def test_linear_ends_at_T_and_holds():
    schedule = ss.Linear(0.1, steps=20, end=0.02)
    assert schedule(0) == 0.1
    assert schedule(19) > 0.02
    assert schedule(20) == schedule(21) == schedule(10**9) == 0.02
