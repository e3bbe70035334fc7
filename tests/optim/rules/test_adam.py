"""Adam and AdamW: where the decay stands."""

import numpy as np
import pytest

from optim import (
    AdamW,
    minimize,
)
from problems import Rosenbrock


@pytest.mark.parametrize("decay", ["paper", "l2"])
def test_the_three_conventions_of_adamw_differ(decay):
    a = minimize(Rosenbrock(), AdamW(0.01, weight_decay=0.1), steps=20).x
    b = minimize(Rosenbrock(), AdamW(0.01, weight_decay=0.1, decay=decay), steps=20).x
    assert np.abs(a - b).max() > 1e-3


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: AdamW(decay="none"), "decay: got the str 'none', expected one of 'decoupled', 'paper'"),
    ],
)
def test_bad_parameters_get_one_sentence(make, words):
    with pytest.raises(ValueError, match=words):
        make()
