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
        (
            lambda: range_test.exponential_rates(0.0, 1.0, 5),
            r"low: got 0.0, expected a positive rate for an exponential ramp",
        ),
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


# --- the corners of a ramp


BOWL = ss.Quadratic([1.0, 10.0])


def test_the_rates_of_a_ramp():
    assert range_test.linear_rates(1.0, 3.0, 4).tolist() == [1.0, 1.5, 2.0, 2.5]
    assert range_test.linear_rates(0.0, 1.0, 2).tolist() == [0.0, 0.5]
    for bad, sentence in (
        ((0.0, 0.0, 5), "high: got 0.0, expected a positive rate"),
        ((-1.0, 1.0, 5), "low: got -1.0, expected a rate of at least 0"),
        ((0.0, 1.0, 1), "count: got 1"),
    ):
        with pytest.raises(ValueError, match=sentence):
            range_test.linear_rates(*bad)


def test_each_loss_is_the_one_before_its_rate():
    """On x^2 / 2 from 1: rates of 1/2, and then of 2, which turns x around; the last one is never used."""
    bowl = ss.Quadratic([1.0], start=[1.0])
    found = range_test.lr_range_test(bowl, ss.SGD(), [0.5, 2, 1], stop=None)
    assert found.losses.tolist() == [0.5, 0.125, 0.125]
    assert found.rates.tolist() == [0.5, 2.0, 1.0]
    assert range_test.lr_range_test(bowl, ss.SGD(), [1, 2]).rates.dtype == float
    single = range_test.lr_range_test(bowl, ss.SGD(), [0.5], x0=[3.0])
    assert (single.losses.tolist(), single.stopped) == ([4.5], False)
    for bad in ([], [[0.1], [0.2]]):
        with pytest.raises(ValueError, match=r"^rates: got .*, expected one rate an update$"):
            range_test.lr_range_test(bowl, ss.SGD(), bad)


def test_a_ramp_breaks_off_above_four_times_its_lowest():
    """x is multiplied by -2.1 and -2.05: losses 1, 4.41, 18.5 times the first."""
    bowl = ss.Quadratic([1.0], start=[1.0])
    assert range_test.lr_range_test(bowl, ss.SGD(), [3.1, 3.05, 0.1, 0.1]).losses.size == 2
    losses = np.array([2.0, 1.0, 4.5, 1.0])
    assert suggestions.broken_off(np.arange(4.0), losses).losses.size == 3


def test_a_curve_near_the_largest_number_is_no_alarm():
    assert suggestions.broken_off(np.arange(3.0), np.full(3, 1e308)).losses.size == 3


def test_every_finder_starts_where_it_is_told():
    curves = range_test.library_finders(BOWL, ss.SGD(), 20, x0=[1.0, 1.0])
    assert [losses[0] for _, losses, _ in curves.values()] == [5.5] * 5
    near = {"x0": [1e-3, 1.0]}
    smith = {"low": 0.0, "high": 0.4, "count": 50}
    for finder, facts in (
        (range_test.smith_finder, smith),
        (range_test.torch_lr_finder, {}),
        (range_test.fastai_finder, {"rule": "slide"}),
    ):
        own = ss.Quadratic([1.0, 10.0], start=near["x0"])
        assert finder(BOWL, ss.SGD(), **facts, **near) == finder(own, ss.SGD(), **facts)
        assert finder(BOWL, ss.SGD(), **facts, **near) != finder(BOWL, ss.SGD(), **facts)


def test_the_least_that_a_finder_takes():
    rates = {"low": 0.1, "high": 0.3, "count": 2}
    assert range_test.smith_finder(BOWL, ss.SGD(), **rates) == (0.05, 0.2), "the second of two is lower"
    with pytest.raises(ValueError, match="count: got 0"):
        range_test.fastai_finder(BOWL, ss.SGD(), count=0)
    with pytest.raises(ValueError, match="count: got 1"):
        range_test.torch_lr_finder(BOWL, ss.SGD(), count=1)
    with pytest.raises(ValueError, match="count: got 1"):
        range_test.library_finders(BOWL, ss.SGD(), 1)


def test_the_defaults_of_fastai():
    rates = range_test.exponential_rates(1e-7, 10.0, 100)
    losses = range_test.lr_range_test(BOWL, ss.SGD(), rates, stop=None).losses
    assert range_test.fastai_finder(BOWL, ss.SGD()) == suggestions.suggest_fastai(rates, losses, "valley")
    assert suggestions.suggest_fastai(rates, losses) == suggestions.suggest_fastai(rates, losses, "valley")
    assert range_test.fastai_finder(BOWL, ss.SGD(), rule="steep") == suggestions.suggest_fastai(
        rates, losses, "steep"
    )


def test_six_rates_are_the_fewest_of_fastai():
    """Of six the last five are left out, and one is too few."""
    for count in (1, 2, 6):
        with pytest.raises(ValueError, match="losses: got 1 points, expected at least 2"):
            range_test.fastai_finder(BOWL, ss.SGD(), count=count)
    assert range_test.fastai_finder(BOWL, ss.SGD(), count=7, rule="minimum") > 0


def test_fastai_leaves_out_the_last_five_points():
    rates, falling = np.arange(1.0, 31.0), np.linspace(2.0, 1.0, 30)
    assert suggestions.suggest_fastai(rates, falling, "minimum") == rates[-6] / 10


@pytest.mark.parametrize(("peak", "seen"), [(4.5, True), (5.5, False)])
def test_torch_lr_finder_sees_no_more_after_five_times_the_lowest(peak, seen):
    """Its mean stays at 1, jumps to the peak by a single loss, and falls again: or is broken off there."""
    losses = np.array([*[1.0] * 20, (peak - 0.95) / 0.05, *[0.0] * 20])
    rates = np.arange(41.0)
    assert (suggestions.suggest_torch_lr_finder(rates, losses) > 20) is seen


@pytest.mark.parametrize(("threshold", "found"), [(1.9, 2.0), (2.0, 17.0)])
def test_a_window_slides_while_its_ends_differ_by_more_than_the_threshold(threshold, found):
    """The slopes of k^2 / 2 are k, but for the last: over two rows they differ by 2."""
    k = np.arange(20.0)
    losses = np.append(0.5 * k[:-1] ** 2, 0.5 * 18**2 + 18.0)
    assert np.gradient(losses)[[-1, -3]].tolist() == [18.0, 17.0]
    told = suggestions.slide_rule(k, losses, width=2, threshold=threshold)
    assert told == (17.0 if threshold == 2.0 else told)
    even = suggestions.slide_rule(k[:-1], losses[:-1], width=2, threshold=2.0)
    assert even == k[-1 - 3]


def test_torch_lr_finder_leaves_out_what_it_is_told():
    """Whose loss falls fastest at rate 9: the answer is the first one that is left."""
    rates = range_test.exponential_rates(0.01, 10.0, 100, reach=True)
    ramp = {"low": 0.01, "high": 10.0, "count": 100}
    for skip, facts in ((10, {}), (11, {"skip_start": 11}), (15, {"skip_start": 15})):
        assert range_test.torch_lr_finder(BOWL, ss.SGD(), **ramp, **facts) == rates[skip]
    with pytest.raises(ValueError, match="losses: got 0 points"):
        range_test.torch_lr_finder(BOWL, ss.SGD(), **ramp, skip_end=90)


def test_library_finders_share_a_ramp_of_six_at_least():
    for count, points in ((2, 6), (6, 6), (7, 7)):
        rates = range_test.library_finders(BOWL, ss.SGD(), count)["fastai steep"][0]
        assert len(rates) == points
