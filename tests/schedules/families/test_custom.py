"""Schedules from a user's own function."""

import math
from functools import partial

import numpy as np
import pytest

import stepsize as ss
from schedules import (
    FromFunction,
)


class TestFunctionsOfSomebodysOwn:
    def test_one_that_gives_no_number_is_told_what_it_gave(self):
        with pytest.raises(
            TypeError, match=r"the schedule function returned the str .rate 3., expected a number"
        ):
            FromFunction("rate {}".format)(3)

    def test_no_updates_are_no_values(self):
        assert FromFunction(math.sqrt).table(0).tolist() == []

    def test_one_without_a_name_is_called_f(self):
        assert FromFunction(math.sqrt).describe() == "sqrt(n)"
        assert FromFunction(lambda n: n + 0.5).describe() == "f(n)"
        assert FromFunction(partial(pow, 0.5)).describe() == "f(n)"


def test_plain_functions_are_called_with_ints_one_by_one():
    seen = []

    def rate(n):
        seen.append(n)
        return 0.1 / (n + 1)

    run = ss.minimize(ss.Parabola(), ss.SGD(lr=rate), steps=3)
    assert all(type(n) is int for n in seen)
    np.testing.assert_allclose(run.history.lr, [0.1, 0.05, 0.1 / 3], rtol=1e-15)
