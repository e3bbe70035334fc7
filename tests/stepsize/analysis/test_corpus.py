"""The verdicts against a corpus of runs that a person judged, before the code was asked.

``python -m tests.corpus NAME`` prints the facts of a run as they were read, and `judged.csv` has the verdict
on each, by the written conditions, with a few words on why.
"""

import csv
from collections import Counter

import pytest

import optim
import schedules
import stepsize as ss
from stepsize.core.record import registered
from stepsize.parsing import load_registry
from tests import ROOT
from tests.corpus.runs import RUNS, make

load_registry()

with (ROOT / "tests" / "corpus" / "judged.csv").open(newline="") as table:
    JUDGED = {row["name"]: row for row in csv.DictReader(table)}

# Where code and table differ, and the table is right: what is wrong with what the code says.
UNRESOLVED = {
    "centered-rmsprop-line": "a transient ends early in the last window, which then seems to fall",
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


@pytest.mark.parametrize(
    "kind", [optim.Optimizer, schedules.Schedule, schedules.LineSearch, schedules.Feedback]
)
def test_every_class_has_a_run(kind):
    in_use = " ".join(repr(case[1]) for case in RUNS.values())
    ours = [cls for cls in registered(kind) if cls.__module__.split(".")[0] in ("optim", "schedules")]
    # PerRun is a schedule for a batch of runs; a verdict is on one.
    assert [cls.__name__ for cls in ours if f"{cls.__name__}(" not in in_use] == ["PerRun"] * (
        kind is schedules.Schedule
    )
