"""The band of good rates on curves whose top and ends are known, and on a handful of rates by hand."""

import numpy as np
import pytest

from stepsize.experiments.lr_finder import rate_band
from stepsize.experiments.lr_finder.rate_band import (
    _even,
    _hull,
    _near,
    _smooth_band,
    _turns,
    _with_ends,
    band_of,
)
from tests.stepsize.experiments.lr_finder.curves import Curve, scan_of, table

# --- a smooth curve


TOP = 0.03


def parabola(logs):
    """10 at the top; 9 at a distance of the root of a tenth of a decade."""
    return 10 - 10 * (logs - TOP) ** 2


def test_a_smooth_top_is_found_with_its_ends():
    curve = Curve(parabola)
    scan = scan_of(curve, [1.0])
    band = band_of(scan)
    assert np.log10(scan.rates[band.best]) == pytest.approx(TOP, abs=1e-3)
    for end, sign in ((band.low, -1), (band.high, 1)):
        assert np.log10(end) == pytest.approx(TOP + sign * np.sqrt(0.1), abs=4e-5), (
            "1/32 decade, thrice by ten"
        )
        assert parabola(np.log10(end)) >= 0.9 * scan.progress.max()
    assert (band.jitter, band.share, band.as_fast) == (0.0, 1.0, 0.9)


def test_rates_are_tried_a_decade_to_either_side_and_then_closer():
    curve = Curve(parabola)
    scan = scan_of(curve, [2.0])
    band_of(scan)
    first, *closer = curve.asked[1:]
    decades = np.geomspace(0.2, 20.0, 65)
    np.testing.assert_allclose(first, np.delete(decades, 32), rtol=1e-12)
    top = int(np.abs(np.log10(decades) - TOP).argmin())
    around = decades[top - 1], decades[top + 1]
    for k in range(3):
        tenths = np.geomspace(*around, 11)
        np.testing.assert_allclose(closer[k], np.delete(tenths[1:-1], 4), rtol=1e-9)
        top = 1 + int(parabola(np.log10(tenths[1:-1])).argmax())
        around = tenths[top - 1], tenths[top + 1]
    assert len(closer) == 3 + 3


def test_three_peaks_are_looked_at_more_closely():
    """Four peaks; the three highest get rates between their neighbours."""
    heights = {-0.75: 10.0, -0.25: 9.99, 0.25: 9.98, 0.75: 9.97}

    def peaks(logs):
        return np.max([h - np.abs(logs - at) for at, h in heights.items()], axis=0)

    curve = Curve(peaks)
    band_of(scan_of(curve, [1.0]))
    new = np.log10(curve.asked[2])
    for at in heights:
        assert (np.abs(new - at) < 1 / 32).any() == (at < 0.7)


@pytest.mark.parametrize(
    ("factor", "gains", "times"),
    [(1.1, 99, 12), (1.1, 5, 6), (1.1, 0, 3), (1.0021, 99, 12), (1.0019, 99, 3)],
)
def test_a_peak_is_followed_while_it_gains_a_fifth_of_a_per_cent(factor, gains, times):
    """At every look, so many times; three times in any case, and twelve at most."""
    curve = Curve(lambda logs: 1000 * (1 - logs**2) * factor ** min(len(curve.asked) - 1, gains))
    _smooth_band(scan_of(curve, np.geomspace(0.5, 2.0, 8)))
    assert len(curve.asked) == 1 + times


@pytest.mark.parametrize(("top", "times"), [(1002.0, 3), (1002.1, 4)])
def test_a_gain_of_just_a_fifth_of_a_per_cent_is_none(top, times):
    """From 1000 to this at the third look, on a plateau about 1."""
    tops = [1000.0] * 3 + [top] * 20
    curve = Curve(lambda logs: tops[len(curve.asked) - 1] * (1 - logs**2 * (np.abs(logs) > 0.05)))
    _smooth_band(scan_of(curve, [0.5, 0.7, 1.0, 1.4, 2.0]))
    assert len(curve.asked) == 1 + times


def test_a_band_that_reaches_what_was_tried_ends_there():
    flat = Curve(lambda logs: 1 + 0.001 * logs)
    band = _smooth_band(scan_of(flat, np.geomspace(0.01, 100, 9)))
    assert (band.low, band.high, band.share) == (0.01, 100.0, 1.0)
    assert len(flat.asked) == 1, "there is nothing between to try"


def test_an_end_at_the_second_rate_is_looked_for_below_it():
    """Good from log 0.5 on, of rates 1, 10, 100 and 1000, of which the last is the best."""
    curve = Curve(lambda logs: np.where(logs >= 0.5, 10 + 0.01 * logs, 0.0))
    band = _smooth_band(scan_of(curve, 10 ** np.arange(4.0)))
    assert np.log10(band.low) == pytest.approx(0.5, abs=2e-3)
    assert band.high == 1000.0
    asked = np.log10(np.concatenate(curve.asked[1:]))
    assert asked.max() < 1.0, "only below the end"
    np.testing.assert_allclose(np.log10(curve.asked[1]), np.arange(1, 10) / 10, rtol=1e-9)
    mirrored = Curve(lambda logs: np.where(logs <= 0.5, 10 - 0.01 * logs, 0.0))
    band = _smooth_band(scan_of(mirrored, 10 ** np.arange(4.0)))
    assert (band.low, np.log10(band.high)) == (1.0, pytest.approx(0.5, abs=2e-3))


def test_both_sides_of_the_best_are_looked_at():
    """Around the best of five rates a decade apart, and outside the ends of its band."""
    curve = Curve(lambda logs: 10 - np.abs(logs))
    _smooth_band(scan_of(curve, 10.0 ** np.arange(-2, 3)))
    asked = np.log10(curve.asked[1])
    tenths = np.arange(1, 10) / 10
    expected = np.concatenate([-2 + tenths[9:], -1 + 2 * tenths, -2 + tenths, 1 + tenths])
    for one in expected:
        assert np.isclose(asked, one, atol=1e-9).any() or np.isclose(one, 0.0, atol=1e-9), one
    assert len(asked) == len(np.unique(np.round(expected, 9))) - 1


# --- even rates, and turns


@pytest.mark.parametrize("best", [0.0, 0.37])
def test_even_rates_are_the_nearest_to_a_grid_about_the_best(best):
    logs = np.array([-0.31, -0.13, -0.09, -0.02, 0.0, 0.04, 0.06, 0.11, 0.13, 0.52])
    progress = 10 - np.abs(logs)
    scan = table(10 ** (logs + best), progress)
    places = _even(scan, 10)
    assert logs[places].tolist() == [-0.31, -0.09, 0.0, 0.11, 0.52]
    assert places.dtype.kind == "i"


@pytest.mark.parametrize(
    ("best", "first", "last"), [(20, 12, 28), (8, 0, 16), (7, 0, 15), (3, 0, 11), (36, 28, 39), (39, 31, 39)]
)
def test_seventeen_rates_are_near_the_best(best, first, last):
    logs = np.arange(40) / 32
    progress = 10 - 0.1 * np.abs(np.arange(40) - best)
    near, at = _near(table(10**logs, progress))
    np.testing.assert_allclose(near, progress[first : last + 1])
    assert at == best - first


@pytest.mark.parametrize(
    ("progress", "turns"),
    [
        ([990.0, 1000.0, 998.0, 1000.0], 0),  # a turn is more than 2 of 1000
        ([990.0, 1000.0, 997.9, 1000.0], 2),
        ([998.0, 1000.0, 997.9], 0),
        ([997.9, 1000.0, 997.9], 1),
        ([2.0, 2.003, 1.998], 0),  # nor is a beginning less
        ([2.0, 2.005, 2.0], 1),
    ],
)
def test_a_turn_is_more_than_a_fifth_of_a_per_cent(progress, turns):
    assert _turns(np.array(progress), int(np.argmax(progress))) == turns


@pytest.mark.parametrize(("teeth", "jumps"), [(1, False), (2, True), (3, True)])
def test_four_turns_near_the_best_are_jumps(teeth, jumps):
    """Each tooth, a rate of 9.5 where others make 10, is two turns of a curve that rises to a plateau."""
    dips = [-0.12, 0.12, -0.2][:teeth]

    def saw(logs):
        slope = np.where(logs < 0, 10 + 0.5 * logs, 10 - 0.001 * logs)
        return slope - 0.5 * np.any([np.abs(logs - at) < 0.02 for at in dips], axis=0)

    band = band_of(scan_of(Curve(saw, jitter=0.001), [1.0]))
    assert (band.jitter > 0) is jumps


# --- ends, and shares


def test_good_is_what_makes_that_share_of_the_best():
    rates = 10 ** np.arange(5.0)
    scan = table(rates, [8.9, 9.0, 10.0, 9.0, 8.9])
    band = _with_ends(scan, 2, 0.25, 0.9)
    assert band == rate_band.Band(2, 10.0, 1000.0, 0.25, 1.0, 0.9)
    wider = _with_ends(scan, 2, 0.25, 0.89)
    assert (wider.low, wider.high) == (1.0, 1e4)
    # In the best's own progress, whatever its size.
    assert _with_ends(table(rates, [0.1, 0.46, 0.5, 0.44, 0.1]), 2, 0.0, 0.9).low == 10.0


def test_the_share_counts_what_is_between_the_ends_alone():
    good = np.array([False, True, True, False, False, False])
    assert _hull(np.arange(6.0), good, 1) == (1, 2, 1.0)
    assert _hull(np.arange(6.0), good[::-1], 4) == (3, 4, 1.0)
    first, last, share = _hull(np.arange(6.0), np.array([True, True, True, False, True, False]), 0)
    assert (first, last, share) == (0, 4, 0.8)


@pytest.mark.parametrize(("dip", "turns"), [(0.001999, 0), (0.002001, 1)])
def test_a_turn_is_one_of_a_five_hundredth_of_the_progress(dip, turns):
    assert _turns(np.array([0.0, 1.0, 1.0 - dip]), 1) == turns
