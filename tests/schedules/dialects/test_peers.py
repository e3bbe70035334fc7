"""What the tests of PyTorch, Keras and Optax expect of their own schedules, asked of our dialects.

`golden/peers_schedules.json` restates them as calls and numbers, with the peer's test named: the rates at the
updates asked for, the rates after each of a list of reports, and the calls that are refused.
"""

import json
from collections import Counter

import numpy as np
import pytest

from schedules import dialects
from tests import GOLDEN

TABLE = json.loads((GOLDEN / "peers_schedules.json").read_text("utf-8"))
LIBRARIES = ("torch", "keras", "optax")
NAMES = {name: getattr(dialects, name) for name in LIBRARIES} | {"numpy": np}
ROWS = [(library, row) for library in LIBRARIES for row in TABLE[library]]

# Where ours is meant to differ: a sentence that the call, or the schedule, then gives.
DIFFERS = {
    "PiecewiseConstantDecayTest.test_piecewise_values": (
        # There its first value holds ahead of the start too.
        "n: got -999, expected indices of updates, which start at 0",
        [-999],
    ),
}


def called(call):
    return eval(call, NAMES)


def ids(rows):
    return [f"{row['test']} {row['call']}"[:90] for row in rows]


@pytest.mark.parametrize(("library", "row"), ROWS, ids=ids([row for _, row in ROWS]))
def test_the_rates_are_the_expected_ones(library, row):
    schedule, at = called(row["call"]), row.get("at", range(len(row["rates"])))
    expected = dict(zip(at, row["rates"], strict=True))
    for n in DIFFERS.get(row["test"], ("", ()))[1]:
        del expected[n]
    found = [float(schedule(n)) for n in expected]
    rtol = row.get("tolerance", 1e-9)
    np.testing.assert_allclose(found, list(expected.values()), rtol=rtol, atol=1e-11)
    if all(isinstance(n, int) for n in expected):
        np.testing.assert_allclose(schedule(np.array([*expected])), found, rtol=1e-15)


@pytest.mark.parametrize("row", TABLE["reports"], ids=ids(TABLE["reports"]))
def test_the_rates_after_reports_are_the_expected_ones(row):
    found = np.array(called(row["call"]).after(row["metrics"]))
    if "times" in row:  # another schedule multiplies, and has one update more behind it
        factor = called(row["times"])
        found = found * [factor(n + 1) / factor(0) for n in range(len(found))]
    np.testing.assert_allclose(found, row["rates"], rtol=1e-9)


@pytest.mark.parametrize("row", TABLE["refused"], ids=ids(TABLE["refused"]))
def test_what_is_refused_there_is_refused_here(row):
    with pytest.raises((TypeError, ValueError), match=r"got .*expected "):
        called(row["call"])


@pytest.mark.parametrize("test", DIFFERS)
def test_what_differs_does_so_as_it_is_said(test):
    words, at = DIFFERS[test]
    (row,) = [row for _, row in ROWS if row["test"] == test]
    assert set(at) < set(row["at"])
    for n in at:
        with pytest.raises(ValueError, match=words):
            called(row["call"])(n)


def test_how_many_apply():
    """Of 215 expectations all hold but one, which `DIFFERS` gives the reason of."""
    assert Counter(library for library, _ in ROWS) == {"torch": 106, "keras": 27, "optax": 48}
    assert (len(TABLE["reports"]), len(TABLE["refused"]), len(DIFFERS)) == (16, 18, 1)
