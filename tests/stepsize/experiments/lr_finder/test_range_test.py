"""The classical finders give what their authors' own code gave, recorded in golden/finders.json."""

import json

import numpy as np
import pytest

import stepsize as ss
from stepsize.experiments.lr_finder import range_test, suggestions
from tests import GOLDEN

GOLDEN = json.loads((GOLDEN / "finders.json").read_text())
RATES = np.array(GOLDEN["rates"])


@pytest.mark.parametrize("case", GOLDEN["torch-lr-finder"])
def test_torch_lr_finder_suggests_what_the_real_one_did(case):
    bowl, rule, count = case.split()
    problem = ss.Quadratic(GOLDEN["bowls"][bowl], start=GOLDEN["start"])
    found = range_test.torch_lr_finder(problem, getattr(ss, rule)(), count=int(count))
    recorded = GOLDEN["torch-lr-finder"][case]
    assert found == pytest.approx(recorded["suggestion"], rel=1e-9)
    rates = range_test.exponential_rates(1e-5, 10, int(count), reach=True)
    lr_range_test = range_test.lr_range_test(
        problem, getattr(ss, rule)(), rates, smooth=range_test.plain_mean, stop=5.0
    )
    assert len(lr_range_test.rates) == recorded["points"]
    # Where the ramp meets 1/L = 0.1 exactly, at two thirds of it, the error is multiplied by nothing but
    # rounding.
    if not (bowl == "L10" and (int(count) - 1) % 3 == 0):
        assert lr_range_test.smoothed[-1] == pytest.approx(recorded["loss"], rel=1e-6)


@pytest.mark.parametrize("rule", ["valley", "slide", "minimum", "steep"])
@pytest.mark.parametrize("curve", GOLDEN["curves"])
def test_each_rule_reads_the_rate_that_fastai_read(curve, rule):
    suggested = range_test.SUGGESTIONS[rule](RATES, np.array(GOLDEN["curves"][curve]))
    assert suggested == pytest.approx(GOLDEN["fastai"][curve][rule], rel=1e-12)


def test_the_four_rules_are_two_orders_of_magnitude_apart_on_one_smooth_curve():
    found = [rule(RATES, np.array(GOLDEN["curves"]["smooth"])) for rule in range_test.SUGGESTIONS.values()]
    assert max(found) / min(found) > 50


def test_the_debiased_mean_is_that_of_fastai():
    mean = range_test.debiased_mean(np.array(GOLDEN["curves"]["ragged"]))
    np.testing.assert_allclose(mean, GOLDEN["fastai smoothing of the ragged curve"], rtol=1e-12)
    np.testing.assert_allclose(range_test.debiased_mean(np.full(5, 3.0)), 3.0, rtol=1e-14)
    np.testing.assert_allclose(range_test.plain_mean(np.full(5, 3.0)), 3.0, rtol=1e-14)


def test_a_curve_that_reaches_zero_is_not_broken_off_there():
    losses = np.array([1.0, 0.5, 0.0, 0.0, 0.2])
    assert len(suggestions.broken_off(np.arange(5.0), losses, stop=None).losses) == 5


def test_noise_and_outliers_move_what_is_read_off_one_point():
    """A tenfold loss makes a steepest fall of its own wherever it stands: smoothing does not help."""
    found = ss.find_lr(ss.Quadratic([1.0, 10.0], start=[1.0, 1.0]), ss.SGD, 300)
    told = found.disturbed(300, draws=200)
    assert {name: one.clean for name, one in told.items()} == {
        name: rates[0] for name, rates in found.classical([300]).items()
    }
    assert told["torch-lr-finder"].outlier[0] < 0.1 * told["torch-lr-finder"].clean
    assert told["fastai steep"].outlier[0] < 0.1 * told["fastai steep"].clean
    assert told["fastai valley"].noise[0] > 2 * told["fastai valley"].clean
    still = found.disturbed(300, draws=2, noise=0.0, outlier=1.0)
    assert all(one.noise == one.outlier == (one.clean, one.clean) for one in still.values())
    with pytest.raises(ValueError, match=r"noise: got -1.0, expected a number of at least 0"):
        found.disturbed(noise=-1.0)


def test_a_ramp_may_fall_and_may_stop():
    bowl = ss.Quadratic([1.0, 10.0])
    falling = range_test.lr_range_test(bowl, ss.SGD(), range_test.exponential_rates(0.19, 1e-3, 30))
    assert (np.diff(falling.rates) < 0).all()
    assert not falling.stopped
    rising = range_test.lr_range_test(bowl, ss.SGD(), range_test.exponential_rates(1e-3, 10, 61))
    assert rising.stopped
    assert rising.losses[-1] > 4 * rising.losses.min()
    endless = range_test.lr_range_test(
        bowl, ss.SGD(), range_test.exponential_rates(1e-3, 1e200, 60), stop=None
    )
    assert endless.losses[-1] == np.inf
    assert not endless.stopped or len(endless.rates) < 60


def test_a_ramp_touches_nothing():
    bowl, rule = ss.Quadratic([1.0, 10.0]), ss.Momentum()
    before = (bowl, rule, bowl.x0)
    first = range_test.fastai_finder(bowl, rule)
    assert (bowl, rule, bowl.x0) == before
    assert range_test.fastai_finder(bowl, rule) == first, "the same answer twice"


def test_smith_reads_the_highest_rate_at_the_lowest_loss():
    base, highest = range_test.smith_finder(ss.Quadratic([1.0, 10.0]), ss.SGD(), low=0.0, high=0.4, count=200)
    assert highest == pytest.approx(4 * base)
    assert 0.1 < highest < 0.4


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: range_test.slide_rule(RATES[:15], RATES[:15]),
            "losses: got 15 points, expected at least 16",
        ),
        (lambda: range_test.steep_rule(RATES[:1], RATES[:1]), "losses: got 1 points, expected at least 2"),
        (lambda: range_test.valley_rule(RATES, RATES), "losses: got a loss that never falls"),
        (lambda: range_test.exponential_rates(0.0, 1.0, 5), r"low: got .* expected positive rates"),
        (
            lambda: range_test.fastai_finder(ss.Parabola(), ss.SGD(), rule="best"),
            "rule: got the str 'best', expected",
        ),
        (
            lambda: range_test.torch_lr_finder(ss.Parabola(), ss.SGD(), low=1.0, high=100.0, count=20),
            "take a longer ramp",
        ),
    ],
)
def test_too_little_to_read_is_one_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
