"""Rules that estimate their rate, each run of a batch for itself."""

import numpy as np
import pytest

from optim import COCOB, DAdaptAdam, Prodigy, minimize
from problems import AbsoluteValue, Quadratic
from tests.instances import name_of
from tests.optim.rules.by_hand import steps


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


def test_cocob_bets_a_growing_share_of_what_it_has_won():
    """Gradients of -1 from 5, L = 1: steps of (1 + R) t / (max(t + 1, 4)), R = the sum of the ways so far."""
    rows, state = steps(COCOB(alpha=4.0), [-1.0] * 4, x=(5.0,))
    reward, point = 0.0, 5.0
    for t, row in enumerate(rows[:, 0], start=1):
        reward += point - 5.0
        point = 5.0 + t / max(t + 1, 4.0) * (1 + reward)
        assert row == pytest.approx(point, rel=1e-12)
    assert state.slots[3].tolist() == [reward]


def test_cocob_knows_no_units_of_the_gradient():
    gradients = [3.0, -1.0, 0.5, 4.0, -2.0]
    one, _ = steps(COCOB(), gradients)
    many, _ = steps(COCOB(), [1024.0 * g for g in gradients])
    scaled, _ = steps(COCOB(lr=1024.0), gradients)
    assert np.array_equal(one, many)
    assert np.array_equal(one, scaled)


def test_cocob_arrives_at_a_kink_that_is_far_away():
    """From 1000, with a first step of a hundredth and no rate: bets grow with what they win."""
    run = minimize(AbsoluteValue(), COCOB(), x0=[1000.0], steps=300)
    assert run.history.fun.min() < 10.0


def test_prodigy_with_its_own_decay_of_the_sums_is_the_papers_at_the_root_of_beta2():
    a = minimize(Quadratic([1.0, 4.0]), Prodigy(beta2=0.81, d0=0.01), steps=40)
    b = minimize(Quadratic([1.0, 4.0]), Prodigy(beta2=0.81, d0=0.01, beta3=0.9), steps=40)
    np.testing.assert_allclose(a.history.x, b.history.x, rtol=1e-12)


def test_prodigys_safeguard_gathers_gradients_whatever_the_rate():
    """One gradient of 2 at rate 1/2: s is d lambda g / d0 = d0 / 2 * 2, or d0 * 2 with the safeguard."""
    for safeguard, s in ((False, 0.01), (True, 0.02)):
        _, state = steps(Prodigy(lr=0.5, d0=0.01, safeguard=safeguard), [2.0])
        assert state.slots[2] == pytest.approx([s], rel=1e-12)
