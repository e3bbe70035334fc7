"""Means over examples and their variances."""

import numpy as np
import pytest

from problems import (
    FiniteSum,
)
from tests.instances import PROBLEMS, name_of


@pytest.mark.parametrize("problem", [p for p in PROBLEMS if isinstance(p, FiniteSum)], ids=name_of)
def test_the_short_way_to_the_moments_equals_the_long_one(problem):
    """The long way asks the examples one by one; it is the only one where a family writes no other."""
    points = np.random.default_rng(0).normal(size=(3, problem.dim))
    short = problem.loss_moments(points, *problem.train)
    long = FiniteSum.loss_moments(problem, points, *problem.train)
    for a, b in zip(short, long, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-13)
