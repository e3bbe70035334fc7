"""Rules that estimate their rate, each run of a batch for itself."""

import numpy as np
import pytest

from optim import (
    DAdaptAdam,
    Prodigy,
    minimize,
)
from problems import Quadratic
from tests.instances import name_of


@pytest.mark.parametrize("opt", [Prodigy(d0=0.01), DAdaptAdam(d0=0.01)], ids=name_of)
def test_each_run_of_a_batch_estimates_its_own_distance(opt):
    starts = np.array([[3.0, 1.0], [-0.5, 20.0]])
    batch = minimize(Quadratic([1.0, 4.0]), opt, x0=starts, steps=30)
    for row, start in enumerate(starts):
        alone = minimize(Quadratic([1.0, 4.0]), opt, x0=start, steps=30)
        assert np.abs(alone.history.x[-1] - start).max() > 0.5, "the estimate has grown"
        assert np.array_equal(batch.history.x[:, row], alone.history.x)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Prodigy(d0=0.0), r"d0: got 0\.0, expected a number above 0"),
        (lambda: DAdaptAdam(d0=0.0), r"d0: got 0\.0, expected a number above 0"),
    ],
)
def test_bad_parameters_get_one_sentence(make, words):
    with pytest.raises(ValueError, match=words):
        make()
