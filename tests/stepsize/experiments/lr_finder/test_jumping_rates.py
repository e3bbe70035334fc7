"""The best rate and its band on curves that jump, by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from stepsize.experiments.lr_finder import rate_band
from stepsize.experiments.lr_finder.rate_band import _jitter, _judged, _jumping_band
from tests.stepsize.experiments.lr_finder.curves import Curve, scan_of, table

INF = np.inf

# --- a curve that jumps


EVEN = 10 ** (np.arange(9) / 64)
SAW = [1.0, 9.0, 10.0, 9.0, 10.0, 9.0, 10.0, 9.0, 1.0]


def test_of_equal_rates_the_middle_one_is_the_best():
    """Distances from the middle of the neighbours are 1 but at the ends: a jitter of 1.5."""
    scan = table(EVEN, SAW, mean=np.array(SAW) + 0.2)
    assert _judged(scan) == rate_band.Band(4, EVEN[1], EVEN[7], 1.5, 1.0, pytest.approx(0.85))


def test_the_mean_of_the_last_tenth_decides_among_equals():
    """Where it falls by a whole a rate, only what is within 1.5 of the highest middle counts: the left."""
    scan = table(EVEN, SAW, mean=20 - 2.0 * np.arange(9))
    band = _judged(scan)
    # Halves of the medians of both: near are the rates 1 to 7.
    medians = np.array([1, 9, 9, 9, 10, 9, 9, 9, 1.0])
    means = np.array([20, 18, 16, 14, 12, 10, 8, 6, 4.0])
    means[0], means[1], means[-2], means[-1] = 20, 18, 6, 4
    smooth = 0.5 * (medians + means)
    equal = [k for k in range(1, 8) if smooth[k] >= smooth[1:8].max() - 1.5]
    assert band.best == equal[len(equal) // 2] == 2


def test_what_is_far_below_the_fastest_is_not_near():
    """A jitter of 0.3 about 9, and one rate of 9.9: nine tenths of that are 8.91."""
    progress = [8.95, 8.9, 8.9, 8.9, 8.9, 8.95, 9.9, 8.95, 8.95]
    band = _judged(table(EVEN, progress, jitter=0.3))
    assert band.jitter == 0.3
    assert band.best == 6, "of the rates 0, 5, 6, 7 and 8 the middle"
    assert band.as_fast == pytest.approx((8.95 - 0.3) / 9.9)


def test_a_small_jitter_leaves_nine_tenths():
    progress = [9.99, 10.0, 9.99, 10.0, 9.99, 10.0, 9.99, 10.0, 9.99]
    band = _judged(table(EVEN, progress))
    assert (band.as_fast, band.jitter) == (0.9, pytest.approx(0.015))


def test_the_surroundings_of_a_band_become_as_dense_as_itself():
    curve = Curve(lambda logs: 10 + 0.5 * np.sin(2e4 * logs) - 4 * logs**2)
    scan = scan_of(curve, 10 ** (np.arange(-32, 33) / 64))
    before = _judged(scan)
    _jumping_band(scan)
    assert len(curve.asked) == 3
    low, high = before.low / 2, 2 * before.high
    expected = np.geomspace(low, high, int(64 * np.log10(high / low)))
    assert np.isin(np.round(curve.asked[1], 12), np.round(expected, 12)).all()
    assert len(curve.asked[1]) >= len(expected) - 2
    narrow = Curve(lambda logs: 10 + 4.5 * logs)
    _jumping_band(scan_of(narrow, [0.01, 0.1, 1.0]))
    np.testing.assert_allclose(narrow.asked[1], np.geomspace(0.5, 2.0, int(64 * np.log10(4))), rtol=1e-12)
    assert len(narrow.asked) == 3


# --- the jitter


def jitter(progress, updates=0.0, at=None):
    progress = np.asarray(progress, float)
    best = int(np.argmax(progress)) if at is None else at
    scan = SimpleNamespace(
        best=lambda: best, marks=SimpleNamespace(jitter=np.array([[updates]] * len(progress)))
    )
    return _jitter(scan, progress, np.arange(len(progress)))


@pytest.mark.parametrize(
    ("progress", "updates", "told"),
    [
        ([10.0, 9.0, 10.0, 9.0, 10.0], 0.0, 1.5),
        ([10.0, 9.0, 10.0, 9.0, 10.0], 2.0, 2.0),
        ([10.0, 11.0, 12.0, 13.0, 14.0], 0.0, 0.0),
        ([10.0, 9.0, 10.0, 9.0, 10.0], 7.0, 5.0),  # at most half of the progress
        ([20.0, 0.0, 20.0, 0.0, 20.0], 0.0, 10.0),
        ([10.0, 9.0, -INF, 9.0, 10.0, 9.0, 10.0], 0.0, 1.5),  # what was lost is left out
        ([10.0, 9.0, 10.0, -INF, -INF, 10.0, 9.0, 10.0], 0.0, 1.5),
        ([10.0], 0.5, 0.5),
        ([10.0, -INF], 0.5, 0.5),
    ],
)
def test_the_jitter_is_the_larger_of_two(progress, updates, told):
    assert jitter(progress, updates) == pytest.approx(told)


def test_the_jitter_is_that_of_sixteen_rates_to_either_side():
    """Of the 31 between, 16 are 0.2 off the middle of their neighbours; 15 are on it, as are all others."""
    bends = np.zeros(65)
    bends[32:48] = 0.4 * (-1.0) ** np.arange(16)
    progress = 100 + np.concatenate([[0.0], np.cumsum(np.cumsum(bends))[:-1]])
    assert np.abs(progress[32] - 0.5 * (progress[31] + progress[33])) == pytest.approx(0.2)
    assert jitter(progress, at=32) == pytest.approx(0.3)
