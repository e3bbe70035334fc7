"""When a tally leaves a run to its rows: each condition from both sides, at numbers that are written down."""

from types import SimpleNamespace

import numpy as np
import pytest

from optim.engines.compiled.judging.tables import Tally
from schedules import Constant
from stepsize.analysis.lockstep.tally import _may_be_a_touch, _may_be_frozen, _may_not_crawl

# --- within the limit, which is 1, from row 60 on, or for a touch


def touches(steps=100, nothing=0.0, limit=1.0, **facts):
    """Return whether a run may only touch the limit: after row 59, from a fall by e^-0.1 an update.

    It was ten times as large as the limit until row 30, and a hundred times until row 20.
    """
    usual = {
        "last_out": 59,
        "last_tenfold": 30,
        "last_hundredfold": 20,
        "out_error": 1.25,
        "entry_error": 1.25 * np.exp(-0.1),
        "hundredfold_error": 1.25 * np.exp(0.1 * 39),
    }
    told = dict.fromkeys(Tally._fields, 0.0) | usual | facts
    tally = Tally(**{name: np.array([value], float) for name, value in told.items()})
    with np.errstate(all="ignore"):
        return bool(_may_be_a_touch(tally, steps, np.array([limit]), np.array([nothing]))[0])


HASTENS = {"entry_error": 1.25 * np.exp(-0.151)}


@pytest.mark.parametrize(
    ("told", "facts"),
    [
        (False, {}),
        # Faster at the end than half as fast again as before.
        (True, HASTENS),
        (False, {"entry_error": 1.25 * np.exp(-0.149)}),
        (True, {"last_hundredfold": -1, "hundredfold_error": 1.25 * np.exp(5.9)} | HASTENS),
        (False, {"last_hundredfold": -1, "hundredfold_error": 1.25 * np.exp(6.0)} | HASTENS),
        (False, {"last_hundredfold": 58, "hundredfold_error": 4.0, "out_error": 1.0, "entry_error": 1 / 8}),
        (True, {"last_hundredfold": 58, "hundredfold_error": 4.0, "out_error": 1.0, "entry_error": 1 / 9}),
        # The stay of 41 rows is less than twice the fall to a tenth.
        (True, HASTENS | {"last_tenfold": 39}),
        (False, HASTENS | {"last_tenfold": 40}),
        (True, HASTENS | {"last_out": 60, "last_tenfold": 40}),
        (False, HASTENS | {"last_out": 60, "last_tenfold": 41}),
        (True, HASTENS | {"last_tenfold": 0}),
        (False, HASTENS | {"last_tenfold": -1}),
        # It must not have risen since row 20.
        (True, HASTENS | {"last_rise": 20}),
        (False, HASTENS | {"last_rise": 21}),
        # Nor be what rounding cannot tell from 0.
        (True, HASTENS | {"nothing": 1.0}),
        (False, HASTENS | {"nothing": HASTENS["entry_error"]}),
        # A stay as long as all that came before needs no second look.
        (True, {"entry_error": 0.5, "last_tenfold": 0, "last_out": 50}),
        (False, {"entry_error": 0.5, "last_tenfold": 0, "last_out": 49}),
        (False, {"entry_error": 0.5, "last_tenfold": 0, "last_out": 50, "steps": 101}),
        # By more than a hundredfold in the very last update.
        (True, {"last_out": 99, "out_error": 100.5, "last_tenfold": -1}),
        (False, {"last_out": 99, "out_error": 100.0, "last_tenfold": -1}),
        (True, {"last_out": 99, "out_error": 201.0, "last_tenfold": -1, "limit": 2.0}),
        (False, {"last_out": 99, "out_error": 199.0, "last_tenfold": -1, "limit": 2.0}),
        (False, {"last_out": 98, "out_error": 100.5, "last_tenfold": -1}),
        (False, {"last_out": 99, "out_error": 100.5, "last_tenfold": -1, "nothing": 2.0}),
        # Valleys in the later half of the way that are longer than half of the stay.
        (True, {"last_rise": 30, "longest_valley": 22}),
        (False, {"last_rise": 30, "longest_valley": 21}),
        (False, {"last_rise": 29, "longest_valley": 22}),
        (True, {"last_out": 60, "last_rise": 31, "longest_valley": 22}),
        (False, {"last_out": 60, "last_rise": 31, "longest_valley": 21}),
        # Or a peak there that is higher than the one before.
        (True, {"last_rise": 30, "last_summit": 30}),
        (False, {"last_rise": 30, "last_summit": 29}),
        (False, {"last_rise": 29, "last_summit": 30}),
        # Within the limit from the start on, or from the first update on.
        (True, {"last_out": -1}),
        (False, {"last_out": 0} | HASTENS),
    ],
)
def test_a_touch_is_left_to_rows(told, facts):
    assert touches(**facts) is told


# --- what may not be crawling


def crawls(**facts):
    """Return whether a run that falls by 1 from window to window, from 100, may do anything but crawl."""
    tops = facts.pop("tops", (98.0, 99.0, 100.0))
    lowest = facts.pop("lowest", 97.0)
    ordered = facts.pop("ordered", False)
    blocks = np.arange(8.0, 0.0, -1) if ordered else np.full(8, 98.0)
    usual = {
        "steps": 100,
        "tops": tops,
        "error_tops": tops,
        "floor": 1e-9,
        "fall": tops[1] - tops[0],
        "swing": tops[0] - lowest,
        "lowest": lowest,
        "first_error": 100.0,
        "last_error": 97.0,
        "least_error": 97.0,
        "rises": (0, 0),
        "crossed": (0.0, 0.0),
        "halves": (98.0, 97.0),
        "points": (98.0, 97.5, 97.0),
        "first_norm": 1.0,
        "last_norm": 1.0,
        "norm_tops": (1.0, 1.0),
        "unfit": False,
    }
    told = usual | facts
    several = {
        name: [np.array([v]) for v in value] if isinstance(value, tuple) else np.array([value])
        for name, value in told.items()
        if name != "steps"
    }
    w = SimpleNamespace(steps=told["steps"], tops_of_blocks=blocks[:, None], **several)
    with np.errstate(all="ignore"):
        return not _may_not_crawl(w)[0]


LEVEL = {"tops": (99.0, 99.0, 100.0)}
RESTS = {"halves": (98.0, 98.0)}


@pytest.mark.parametrize(
    ("told", "facts"),
    [
        (True, {}),
        # Three swings in each window, and no fall, or by less than a twentieth of the swing.
        (False, LEVEL | {"rises": (3, 3)}),
        (True, LEVEL | {"rises": (2, 3)}),
        (True, LEVEL | {"rises": (3, 2)}),
        (True, {"rises": (3, 3)}),
        (True, {"rises": (3, 3), "lowest": 78.0}),
        (False, {"rises": (3, 3), "lowest": 77.9}),
        # A fall that has come to rest within the last window, by less than a fortieth of the swing.
        (False, RESTS | {"rises": (3, 3)}),
        (True, RESTS | {"rises": (3, 3), "ordered": True}),
        (True, {"rises": (3, 3), "halves": (98.0, 97.974)}),
        (False, {"rises": (3, 3), "halves": (98.0, 97.976)}),
        (False, {"rises": (3, 3), "lowest": 78.0, "halves": (98.0, 97.6)}),
        (True, RESTS | {"rises": (2, 3)}),
        # Twelve swings, and no fall that is more than chance.
        (False, {"rises": (12, 12), "tops": (98.0, 98.5, 100.0)}),
        (True, {"rises": (11, 12), "tops": (98.0, 98.5, 100.0)}),
        (True, {"rises": (12, 12), "tops": (98.0, 98.5, 100.0), "ordered": True}),
        (True, {"rises": (12, 12)}),  # it fell by as much as it swings
        # From side to side at one height.
        (False, {"crossed": (0.9, 0.95)}),
        (True, {"crossed": (0.89, 0.95)}),
        (True, {"crossed": (0.95, 0.89)}),
        # It has all but arrived, and is back.
        (False, {"error_tops": (100.0, 0.9, 100.0)}),
        (True, {"error_tops": (100.0, 1.1, 100.0)}),
        (True, {"error_tops": (100.1, 0.9, 100.0)}),
        # Nothing moves beyond rounding.
        (False, {"floor": 1.0}),
        (True, {"floor": 0.9}),
        (False, {"floor": 1.0, "tops": (98.0, 99.5, 100.0)}),
        # The gradient has vanished where the error does not halve.
        (False, {"last_norm": 1e-8}),
        (True, {"last_norm": 1.1e-8}),
        (True, {"last_norm": 1e-8, "error_tops": (49.5, 99.0, 100.0)}),
        (False, {"last_norm": 1e-8, "error_tops": (49.6, 99.0, 100.0)}),
        # It tends to a limit: falls of 2 and 1, and as much to come, a thousandth of the error.
        (False, {"tops": (97.0, 98.0, 100.0), "lowest": 90.0, "norm_tops": (1e-3, 1.0), "last_error": 1000.0,
                 "least_error": 1000.0, "points": (97.0, 97.0, 97.0)}),
        (True, {"tops": (97.0, 98.0, 100.0), "lowest": 90.0, "norm_tops": (1e-3, 1.0), "last_error": 999.0,
                "least_error": 1000.0, "points": (97.0, 97.0, 97.0)}),
        # A square that has not all of its digits.
        (False, {"unfit": True}),
    ],
)  # fmt: skip
def test_what_may_not_be_crawling_is_left_to_rows(told, facts):
    assert crawls(**facts) is told


# --- rates that die


@pytest.mark.parametrize(
    ("rates", "told"),
    [
        ([1.0, 0.5, 1e-3], [True, True]),
        ([1.0, 0.5, 1.1e-3], [False, False]),
        ([0.5, 1.0, 1e-3], [True, True]),
        ([0.0, 0.0, 0.0], [False, False]),
        ([np.array([[1.0], [2.0]]), np.array([[0.0015], [0.0015]])], [False, True]),
    ],
)
def test_a_rate_has_died_at_a_thousandth_of_its_largest(rates, told):
    changing = SimpleNamespace(optimizer=SimpleNamespace(lr=Constant(1.0)))
    assert _may_be_frozen(changing, rates, 2).tolist() == told
    fixed = SimpleNamespace(optimizer=SimpleNamespace(lr=1.0))
    assert _may_be_frozen(fixed, rates, 2).tolist() == [False, False]
