"""The verdicts against a corpus of runs that a person judged, before the code was asked.

``python -m tests.corpus NAME`` prints the facts of a run as they were read, and `judged.csv` has the verdict
on each, by the written conditions, with a few words on why.
"""

import csv
from collections import Counter
from pathlib import Path

import pytest

import optim
import schedules
import stepsize as ss
from stepsize.base.record import registered
from stepsize.expressions import load_registry
from tests.corpus.runs import RUNS, make

load_registry()

with (Path(__file__).parent / "corpus" / "judged.csv").open(newline="") as table:
    JUDGED = {row["name"]: row for row in csv.DictReader(table)}

# Where code and table differ, and the table is right: what is wrong with what the code says.
FLAT_AT_LAST = "the envelope is flat through the whole last window; only the window before it still fell"
HEAVY_TAILS = "one high peak sets the swing, and the many lower ones no longer count as coming back up"
NOT_SIGNIFICANT = "the blocks do not fall by the rank test, yet a fall beyond the swing is taken for one"
AVERAGED = "the gradient norm is that of x, not of the average that is judged"
AT_THE_END = "x stands still at the end of the run, but not all through its last window"
RIPPLE = "a point on the way down of a ripple is taken for a fall that hastens"
UNRESOLVED = {
    "signs-odd-for-300": FLAT_AT_LAST,
    "shifted-1e6-signs": FLAT_AT_LAST,
    "centered-rmsprop-bowl": FLAT_AT_LAST,
    "centered-rmsprop-line": FLAT_AT_LAST,
    "tf1-rmsprop-matyas": FLAT_AT_LAST,
    "batches-logistic": HEAVY_TAILS,
    "noise-bowl-0.05": HEAVY_TAILS,
    "noise-bowl-1/n": HEAVY_TAILS,
    "noise-bowl-adam": HEAVY_TAILS,
    "cauchy-bowl": HEAVY_TAILS,
    "cauchy-bowl-clipped": HEAVY_TAILS,
    "batches-noisy-line-too-fast": NOT_SIGNIFICANT,
    "multiplicative-bowl-wild": NOT_SIGNIFICANT,
    "averaged-bowl": AVERAGED,
    "ema-slow-bowl": AVERAGED,
    "l2-booth": AT_THE_END,
    "l2-booth-blind": AT_THE_END,
    "decoupled-booth": AT_THE_END,
    "worst-function-nesterov-for-3000": RIPPLE,
    "optax-rprop-late-bowl": RIPPLE,
    "near-the-hilltop-for-20": "the gradient grows 38-fold, and only one that falls counts as changing",
    "wrong-sign-exact-search-for-20": "overflowed after two updates, and fewer than four are not looked at",
    "strong-wolfe-local-minimum": "the rate of 0 that a search ends with is taken for a decayed one",
    "armijo-local-minimum": "searches that find nothing left to gain are taken for failed ones",
}


def case(name):
    """Return a parameter for one run, marked where the difference is not resolved."""
    if name in UNRESOLVED:
        return pytest.param(name, marks=pytest.mark.xfail(reason=UNRESOLVED[name], strict=True))
    return name


@pytest.mark.parametrize("name", [case(name) for name in JUDGED])
def test_the_verdict_is_the_judged_one(name):
    diagnosis = ss.diagnose(make(name))
    assert diagnosis.verdict == JUDGED[name]["verdict"], f"{JUDGED[name]['why']}; the code: {diagnosis}"


def test_every_run_is_judged_once_and_with_a_reason():
    assert list(JUDGED) == list(RUNS)
    assert all(row["verdict"] in ss.VERDICTS and row["why"] for row in JUDGED.values())
    assert set(UNRESOLVED) <= set(RUNS)


def test_every_word_is_judged_often():
    counts = Counter(row["verdict"] for row in JUDGED.values())
    assert set(counts) == set(ss.VERDICTS)
    assert min(counts.values()) >= 15


@pytest.mark.parametrize("kind", [optim.Optimizer, schedules.Schedule, schedules.Search, schedules.Feedback])
def test_every_class_has_a_run(kind):
    in_use = " ".join(repr(case[1]) for case in RUNS.values())
    ours = [cls for cls in registered(kind) if cls.__module__.split(".")[0] in ("optim", "schedules")]
    # Rows is a schedule for a batch of runs; a verdict is on one.
    assert [cls.__name__ for cls in ours if f"{cls.__name__}(" not in in_use] == ["Rows"] * (
        kind is schedules.Schedule
    )
