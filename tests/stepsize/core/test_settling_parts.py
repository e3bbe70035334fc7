"""The parts of what settles: last rows, longest dips and running maxima, against plain loops."""

import numpy as np
import pytest

from stepsize.core.settling import _last, _longest_dip, _rose, is_before, running_max


@pytest.mark.parametrize("rows", [1, 254, 255, 256, 511, 600])
def test_the_last_row_of_a_flag(rows):
    """Also beyond what a byte can number, and -1 for a flag that is never set."""
    places = sorted({0, rows // 2, min(253, rows - 1), min(254, rows - 1), min(255, rows - 1), rows - 1})
    flags = np.zeros((rows, len(places) + 1), bool)
    for column, place in enumerate(places):
        flags[place, column] = True
        flags[:place:7, column] = True
    assert _last(flags).tolist() == [*places, -1]


def dip_by_hand(error, first):
    """Return the longest stretch of rows below the one that follows it, in the later half of the first."""
    longest = 0
    for peak in range((first + 1) // 2, first):
        row = peak - 1
        while row >= 0 and error[row] < error[peak]:
            row -= 1
        longest = max(longest, peak - 1 - row)
    return longest


@pytest.mark.parametrize("seed", range(40))
def test_the_longest_dip_before_a_peak_of_the_later_half(seed):
    """Of several runs, each with its own number of rows that count, with ties and without."""
    rng = np.random.default_rng(seed)
    rows = int(rng.integers(2, 30))
    kinds = (
        rng.integers(0, 4, (rows, 6)),
        rng.normal(size=(rows, 6)),
        np.exp(-np.arange(rows))[:, None] * np.ones(6),
    )
    error = [kinds[0].astype(float), kinds[1], kinds[1] * kinds[2]][seed % 3]
    first = rng.integers(1, rows + 1, 6)
    right = [dip_by_hand(error[:, k], int(first[k])) for k in range(6)]
    found = _longest_dip(error, first)
    assert found.tolist() == right
    assert found.dtype == int


@pytest.mark.parametrize("rows", [255, 256, 300])
def test_a_dip_may_be_longer_than_a_byte_can_number(rows):
    error = np.concatenate([[9.0], np.ones(rows), [5.0]])[:, None]
    assert _longest_dip(error, np.array([rows + 2])).tolist() == [rows]


def test_a_rise_between_two_rows_is_one_of_its_own_column():
    error = np.array([[1.0, 3.0, 1.0], [2.0, 2.0, 1.0], [1.0, 1.0, 2.0]])
    start, end = np.zeros(3, int), np.full(3, 2)
    assert _rose(error, start, end).tolist() == [True, False, True]
    assert _rose(error, start + 1, end).tolist() == [False, False, True]
    assert _rose(error, start, end - 1).tolist() == [True, False, False]


@pytest.mark.parametrize("columns", [1, 63, 64, 65])
def test_a_running_maximum_row_after_row(columns):
    rows = np.random.default_rng(columns).normal(size=(9, columns))
    before = rows.copy()
    found = running_max(rows)
    assert found.tolist() == [rows[: k + 1].max(axis=0).tolist() for k in range(9)]
    np.testing.assert_array_equal(rows, before)


@pytest.mark.parametrize("rows", [1, 255, 256, 300])
def test_what_is_before_an_end(rows):
    ends = np.array([-1, 0, 1, 254, 255, 256, 299, 1000])
    assert is_before(rows, ends).T.tolist() == [[k < end for k in range(rows)] for end in ends]
