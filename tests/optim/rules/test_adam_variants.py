"""RAdam and Yogi: when the rate is rectified, and where the second moment starts."""

import math

import numpy as np
import pytest

from optim import (
    RAdam,
    Yogi,
)
from tests.optim.rules.by_hand import steps


def test_yogi_counts_up_from_where_it_starts():
    """0.1 / (sqrt(0.001) + 0.001) without correction, 1 / 1.001 with it, or where m and v start at 1."""
    for opt, expected in (
        (Yogi(lr=1.0), 0.1 / (math.sqrt(0.001) + 0.001)),
        (Yogi(lr=1.0, debias=True), 1 / 1.001),
        (Yogi(lr=1.0, initial=1.0), 1 / 1.001),
    ):
        assert steps(opt, [1])[0][0, 0] == pytest.approx(-expected, rel=1e-12)


@pytest.mark.parametrize(("threshold", "first"), [(4.0, 5), (5.0, 6)])
def test_radam_is_rectified_from_the_fifth_update_or_the_sixth(threshold, first):
    """The spec: rho_5 = 4.996 at beta2 = 0.999. Until then an update is as long as the gradient."""
    opt, x = RAdam(1.0, eps=0.0, threshold=threshold), np.zeros(1)
    state, plain = opt.init(x), []
    for _ in range(8):
        x_next, state = opt.step(x, np.array([1e-3]), state)
        plain.append(bool(np.isclose(x[0] - x_next[0], 1e-3)))
        x = x_next
    assert plain.index(False) == first - 1


@pytest.mark.parametrize("beta2", [0.0, 0.5, 0.6, 0.65])
def test_radam_with_a_short_memory_is_never_rectified(beta2):
    opt, x = RAdam(0.1, beta1=0.0, beta2=beta2, threshold=5.0), np.zeros(1)
    state = opt.init(x)
    for t in range(1, 30):
        x, state = opt.step(x, np.array([2.0]), state)
        assert x[0] == pytest.approx(-0.2 * t)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: RAdam(threshold=3.0), "threshold: got 3.0, expected a number of at least 4"),
    ],
)
def test_bad_parameters_get_one_sentence(make, words):
    with pytest.raises(ValueError, match=words):
        make()
