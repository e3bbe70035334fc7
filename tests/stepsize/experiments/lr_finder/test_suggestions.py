"""The rules of the classical finders, on curves short enough to read by hand or to search through."""

import itertools

import numpy as np
import pytest

import stepsize as ss
from stepsize.experiments.lr_finder import range_test, suggestions

BOWL = ss.Quadratic([1.0, 10.0])


def descend(rates):
    """The losses of gradient descent on (x^2 + 10 y^2)/2 from (-5, -2), the one before each update."""
    x, seen = np.array([-5.0, -2.0]), []
    for rate in rates:
        seen.append(0.5 * (x[0] ** 2 + 10 * x[1] ** 2))
        x = x - rate * np.array([1.0, 10.0]) * x
    return np.array(seen)


@pytest.mark.parametrize(
    ("losses", "stop", "kept", "stopped"),
    [
        ([2.0, 1.0, 4.0, 9.0, 1.0], 4.0, 4, True),
        ([2.0, 1.0, 4.1, 9.0, 1.0], 4.0, 3, True),
        ([2.0, 1.0, 4.1, 9.0, 1.0], 5.0, 4, True),
        ([2.0, 1.0, 4.1, 9.0, 1.0], None, 5, False),
        ([2.0, 1.0, 1.0, 1.0, 9.0], 4.0, 5, False),
        ([2.0, np.nan, 1.0, 1.0, 1.0], 4.0, 2, True),
        ([2.0, 1.0, np.inf], None, 3, True),
    ],
)
def test_a_curve_breaks_off_after_the_first_loss_that_is_too_high(losses, stop, kept, stopped):
    found = suggestions.broken_off(np.arange(5.0), np.array(losses), stop=stop)
    assert (len(found.losses), len(found.rates), len(found.smoothed)) == (kept, kept, kept)
    assert found.stopped is stopped


def test_what_breaks_off_is_the_smoothed_curve_and_both_are_kept():
    losses = np.array([1.0, 1.0, 50.0, 1.0])
    found = suggestions.broken_off(np.arange(4.0), losses, range_test.plain_mean)
    assert found.losses.tolist() == losses.tolist(), "0.95 + 2.5 is below 4"
    np.testing.assert_allclose(found.smoothed, [1.0, 1.0, 3.45, 0.05 + 0.95 * 3.45])


def test_the_means_by_hand():
    np.testing.assert_allclose(
        range_test.plain_mean(np.array([1.0, 0.0, 1.0])), [1.0, 0.95, 0.9525], rtol=1e-14
    )
    np.testing.assert_allclose(range_test.plain_mean(np.array([1.0, 0.0]), 0.25), [1.0, 0.75], rtol=1e-14)
    mean = range_test.debiased_mean(np.array([1.0, 0.0]))
    np.testing.assert_allclose(mean, [1.0, 0.98 * 0.02 / (1 - 0.98**2)], rtol=1e-12)
    np.testing.assert_allclose(range_test.debiased_mean(np.array([1.0, 0.0]), 0.5), [1.0, 1 / 3], rtol=1e-12)


def test_the_lowest_and_the_steepest_by_hand():
    rates = np.array([1.0, 10.0, 100.0, 200.0, 400.0])
    losses = np.array([9.0, 8.0, 5.0, 3.5, 4.0])
    assert range_test.minimum_rule(rates, losses) == 20.0
    # Falls of 1 and 3 a factor of ten, of 1.5 a factor of two: the last is the steepest, by its logarithm.
    assert range_test.steep_rule(rates, losses) == 100.0
    assert range_test.steep_rule(rates[:2], losses[:2]) == 1.0
    assert range_test.minimum_rule(rates[:2], losses[:2]) == 1.0


def longest_fall(losses):
    """The length of the longest falling subsequence and the first place where one of that length ends."""
    best = (0, 0)
    for size in range(1, len(losses) + 1):
        ends = [
            places[-1]
            for places in itertools.combinations(range(len(losses)), size)
            if all(losses[a] > losses[b] for a, b in itertools.pairwise(places))
        ]
        if ends:
            best = (size, min(ends))
    return best


@pytest.mark.parametrize("seed", range(25))
def test_the_valley_is_the_longest_falling_subsequence(seed):
    """LineSearchLog through all subsequences; the rate is two thirds of a sixth-and-a-third into it."""
    random = np.random.default_rng(seed)
    losses = random.integers(0, 12, 11).astype(float) - 0.8 * np.arange(11)
    size, end = longest_fall(losses)
    rates = np.arange(100.0, 111.0)
    assert range_test.valley_rule(rates, losses) == rates[end - size + size // 3 + size // 6]


def test_the_slide_stops_where_the_slopes_at_its_ends_agree():
    """A fall of 1 an update until place 20, then level: the window stops with both ends on it."""
    losses = np.concatenate([np.arange(20.0, 0.0, -1.0), np.zeros(20)])
    rates = np.arange(40.0)
    # On the level both slopes are 0 at once: the left end of the first window, 16 from the end.
    assert range_test.slide_rule(rates, losses) == rates[-16]
    rising = np.concatenate([losses[:30], np.arange(0.0, 20.0, 2.0)])
    # The right end rises by 2 until it has come down to place 29; there, at the foot, its slope is 0 or half.
    slopes = np.gradient(rising)
    right = max(k for k in range(15, 39) if abs(slopes[k] - slopes[k - 15]) <= 0.005)
    assert range_test.slide_rule(rates, rising) == rates[right + 1 - 15]
    assert range_test.slide_rule(rates, rising, width=5) != range_test.slide_rule(rates, rising)
    # With a threshold that nothing exceeds it does not move at all.
    assert range_test.slide_rule(rates, rising, threshold=9.0) == rates[-16]
    # With one that everything exceeds it goes down to the first rate.
    assert range_test.slide_rule(rates, np.square(rates)) == rates[0]
    assert range_test.slide_rule(rates[:16], np.square(rates[:16])) == rates[0]


def test_the_slide_stops_where_the_slopes_differ_by_the_threshold_itself():
    """Of k^2 / 2 it is k, and half less at the last place: 14.5 between the ends of the first window."""
    rates = np.arange(40.0)
    losses = 0.5 * np.square(rates)
    assert range_test.slide_rule(rates, losses, threshold=14.5) == rates[-16]
    assert range_test.slide_rule(rates, losses, threshold=14.4) == rates[0]


def test_the_reading_of_fastai_leaves_out_a_tenth_and_five_points():
    rates = np.geomspace(1e-3, 1.0, 40)
    losses = np.full(40, 5.0)
    losses[20], losses[2], losses[36] = 4.0, 1.0, 4.9
    weights = 0.02 * 0.98 ** np.arange(40)
    smoothed = [(weights[: n + 1][::-1] * losses[: n + 1]).sum() / (1 - 0.98 ** (n + 1)) for n in range(40)]
    inner = int(np.argmin(smoothed[4:35])) + 4
    assert suggestions.suggest_fastai(rates, losses, "minimum") == pytest.approx(rates[inner] / 10)
    # What comes after a nan is not read.
    cut = losses.copy()
    cut[20] = np.nan
    assert suggestions.suggest_fastai(rates, cut, "minimum") <= rates[20] / 10


def test_the_reading_of_torch_lr_finder_leaves_out_ten_and_five_points():
    rates = np.geomspace(1e-3, 1.0, 40)
    for fall, told in ((8, 10), (20, 19), (33, 33), (37, 34)):
        losses = np.linspace(5.0, 4.99, 40)
        losses[fall:] -= 3.0
        smoothed = range_test.plain_mean(losses)[10:35]
        steepest = int(np.argmin(np.gradient(smoothed))) + 10
        assert suggestions.suggest_torch_lr_finder(rates, losses) == rates[steepest]
        assert abs(steepest - told) <= 1 or fall == 37
    assert suggestions.suggest_torch_lr_finder(rates, losses, skip_start=0, skip_end=0) == rates[37]
    assert suggestions.suggest_torch_lr_finder(rates[:17], losses[:17]) in rates[10:12], "two points are left"
    with pytest.raises(ValueError, match="losses: got 1 points, expected at least 2"):
        suggestions.suggest_torch_lr_finder(rates[:16], losses[:16])
    for count, left in ((6, 1), (5, 0), (4, 0)):
        with pytest.raises(ValueError, match=f"losses: got {left} points, expected at least 2"):
            suggestions.suggest_torch_lr_finder(rates[:count], losses[:count], skip_start=0)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: range_test.linear_rates(-0.1, 1.0, 5), "low: got -0.1, expected a rate of at least 0"),
        (lambda: range_test.linear_rates(0.0, 0.0, 5), "high: got 0.0, expected a positive rate"),
        (lambda: range_test.linear_rates(0.0, 1.0, 1), "count: got 1"),
        (lambda: range_test.exponential_rates(-0.1, 1.0, 5), "low: got -0.1, expected a rate of at least 0"),
        (lambda: range_test.exponential_rates(0.0, 1.0, 5), "low: got .* expected a positive rate"),
        (lambda: range_test.torch_lr_finder(BOWL, ss.SGD(), count=1), "count: got 1"),
        (lambda: range_test.fastai_finder(BOWL, ss.SGD(), count=0), "count: got 0"),
        (lambda: range_test.library_finders(BOWL, ss.SGD(), 1), "count: got 1"),
        (
            lambda: range_test.lr_range_test(BOWL, ss.SGD(), np.zeros((2, 2))),
            "rates: got .* expected one rate an update",
        ),
        (lambda: range_test.lr_range_test(BOWL, ss.SGD(), []), "rates: got .* expected one rate an update"),
        (lambda: range_test.minimum_rule(np.ones(3), np.ones(2)), "expected one for each of the 3 rates"),
        (lambda: range_test.fastai_finder(BOWL, ss.SGD(), count=6), "expected at least 2"),
    ],
)
def test_what_makes_no_ramp_is_one_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()


def test_the_shortest_ramps():
    assert range_test.linear_rates(1.0, 3.0, 2).tolist() == [1.0, 2.0]
    assert range_test.exponential_rates(1.0, 4.0, 2).tolist() == [1.0, 2.0]
    assert range_test.exponential_rates(1.0, 4.0, 2, reach=True).tolist() == [1.0, 4.0]
    assert range_test.lr_range_test(BOWL, ss.SGD(), [0.1]).losses.tolist() == [32.5]


def test_a_ramp_shows_the_loss_before_each_update():
    rates = range_test.linear_rates(0.0, 0.3, 60)
    found = range_test.lr_range_test(BOWL, ss.SGD(lr=99.0), rates, stop=None)
    np.testing.assert_allclose(found.losses, descend(rates), rtol=1e-12)
    assert not found.stopped
    assert (found.losses == found.smoothed).all()
    short = range_test.lr_range_test(BOWL, ss.SGD(), rates, x0=[0.0, 1.0], stop=None)
    assert short.losses[0] == 5.0


def test_a_ramp_that_leaves_the_finite_numbers_ends_with_that_loss():
    found = range_test.lr_range_test(BOWL, ss.SGD(), np.array([0.01, 1e200, 0.1, 0.1]), stop=None)
    assert found.rates.tolist() == [0.01, 1e200, 0.1]
    assert found.losses[-1] == np.inf
    assert np.isfinite(found.losses[:-1]).all()
    assert found.stopped


def test_smith_by_hand():
    rates = np.linspace(0.0, 2.0, 187, endpoint=False)
    losses = descend(rates)
    rises = losses > 4 * np.minimum.accumulate(losses)
    lowest = int(np.argmin(losses[: int(rises.argmax()) + 1]))
    base, highest = range_test.smith_finder(BOWL, ss.SGD(), low=0.0, high=2.0, count=187)
    assert highest == pytest.approx(rates[lowest], rel=1e-12)
    assert rises.any()
    assert base == highest / 4
    other = range_test.smith_finder(BOWL, ss.SGD(), low=0.0, high=2.0, count=187, x0=[1.0, 0.0])
    assert other[1] > 1, "along the flat axis alone the edge is at 2"


@pytest.mark.parametrize("rule", ["minimum", "steep", "valley", "slide"])
def test_the_finder_of_fastai_reads_its_own_ramp(rule):
    rates = 1e-7 * (1e8) ** (np.arange(80) / 80)
    told = range_test.fastai_finder(BOWL, ss.SGD(), count=80, rule=rule)
    assert told == pytest.approx(suggestions.suggest_fastai(rates, descend(rates), rule), rel=1e-9)
    rates = 1e-3 * (1e3) ** (np.arange(80) / 80)
    told = range_test.fastai_finder(BOWL, ss.SGD(), count=80, rule=rule, low=1e-3, high=1.0)
    assert told == pytest.approx(suggestions.suggest_fastai(rates, descend(rates), rule), rel=1e-9)


def test_the_finder_of_torch_reads_its_own_ramp():
    rates = 1e-5 * (1e6) ** (np.arange(80) / 79)
    told = range_test.torch_lr_finder(BOWL, ss.SGD(), count=80)
    assert told == pytest.approx(suggestions.suggest_torch_lr_finder(rates, descend(rates)), rel=1e-9)
    told = range_test.torch_lr_finder(BOWL, ss.SGD(), count=80, skip_start=0, skip_end=0)
    assert told == pytest.approx(suggestions.suggest_torch_lr_finder(rates, descend(rates), 0, 0), rel=1e-9)


@pytest.mark.parametrize("count", [30, 100])
def test_the_popular_ones_are_the_finders_at_their_defaults(count):
    curves = range_test.library_finders(BOWL, ss.SGD(), count, x0=[1.0, 1.0])
    told = {name: reading(rates, losses) for name, (rates, losses, reading) in curves.items()}
    assert told == {
        "torch-lr-finder": range_test.torch_lr_finder(BOWL, ss.SGD(), count=count, x0=[1.0, 1.0])
    } | {
        f"fastai {rule}": range_test.fastai_finder(BOWL, ss.SGD(), count=count, rule=rule, x0=[1.0, 1.0])
        for rule in ("minimum", "steep", "valley", "slide")
    }


def test_torch_lr_finder_breaks_off_at_five_times_the_lowest():
    """After a rise to ten times the lowest there is a steeper fall, which it does not see."""
    rates = np.geomspace(1e-3, 1.0, 60)
    losses = np.concatenate([np.full(20, 5.0), np.ones(15), np.full(10, 1e3), np.zeros(15)])
    assert suggestions.suggest_torch_lr_finder(rates, losses) < rates[35]
    smoothed = range_test.plain_mean(losses)
    assert np.gradient(smoothed).argmin() > 40


def test_how_far_a_ramp_may_rise_is_an_argument():
    rates = range_test.exponential_rates(1e-3, 1e3, 80)
    lengths = [
        len(range_test.lr_range_test(BOWL, ss.SGD(), rates, stop=stop).rates)
        for stop in (2.0, 1e3, 1e9, None)
    ]
    assert lengths == sorted(lengths)
    assert len(set(lengths)) == 4
    losses = descend(rates)
    for stop, length in zip((2.0, 1e3, 1e9), lengths, strict=False):
        assert length == int((losses > stop * np.minimum.accumulate(losses)).argmax()) + 1


def test_a_hundred_rates_are_the_default():
    assert range_test.fastai_finder(BOWL, ss.SGD()) == range_test.fastai_finder(BOWL, ss.SGD(), count=100)
    assert range_test.torch_lr_finder(BOWL, ss.SGD()) == range_test.torch_lr_finder(BOWL, ss.SGD(), count=100)
    assert range_test.fastai_finder(BOWL, ss.SGD()) != range_test.fastai_finder(BOWL, ss.SGD(), count=101)


def test_what_torch_lr_finder_skips_is_an_argument():
    rates = 1e-5 * (1e6) ** (np.arange(80) / 79)
    for skip in (0, 50):
        told = range_test.torch_lr_finder(BOWL, ss.SGD(), count=80, skip_start=skip)
        assert told >= rates[skip] * (1 - 1e-12)
        assert told == pytest.approx(
            suggestions.suggest_torch_lr_finder(rates, descend(rates), skip), rel=1e-9
        )


@pytest.mark.parametrize(("last", "stopped"), [(4.0, False), (4.002, True)])
def test_unless_told_otherwise_a_curve_ends_above_four_times_its_lowest(last, stopped):
    """A step of lr along x^2 multiplies the value by (1 - 2 lr)^2; a rate of 0 leaves it."""
    assert suggestions.broken_off(np.arange(3.0), np.array([1.0, last, 1.0])).stopped is stopped
    grow = (1 + last**0.5) / 2
    if last > 4:  # at 4 itself rounding would tell
        ramp = range_test.lr_range_test(ss.Parabola(), ss.SGD(), np.array([grow, 0.0, 0.0]))
        assert (len(ramp.losses), ramp.stopped) == (2, True)
    kept = range_test.lr_range_test(ss.Parabola(), ss.SGD(), np.array([(1 + 3.998**0.5) / 2, 0.0, 0.0]))
    assert (len(kept.losses), kept.stopped) == (3, False)


@pytest.mark.parametrize(("difference", "answer"), [(0.0049975, 24.0), (0.0050025, 0.0)])
def test_the_window_slides_while_the_slopes_at_its_ends_differ_by_a_two_hundredth(difference, answer):
    """Along c n^2/2 the slope is c n, and c/2 off at an end: 15 points apart, one of them an end, 14.5 c."""
    losses = difference / 14.5 * np.arange(40.0) ** 2 / 2
    assert suggestions.slide_rule(np.arange(40.0), losses) == answer
