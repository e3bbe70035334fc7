"""The table of a sweep: its columns and words, made of rows that are written down."""

from dataclasses import replace

import numpy as np
import pytest

import stepsize as ss
from stepsize.analysis.verdicts import VERDICTS
from stepsize.experiments.sweep.batch import SUMMARY_DTYPE
from stepsize.experiments.sweep.design import SweepDesign
from stepsize.experiments.sweep.table import Sweep, SweepInterrupted, optimizer_labels
from tests.noisy import NoisyBowl

RATE = ss.Exponential(0.5, 0.1)
SETTLED, RINGING, CRAWLING, DIVERGED = (
    VERDICTS.index(word) for word in ("settled", "settled, ringing", "still crawling", "diverged")
)


def table(rows, problem=None, optimizer=ss.SGD, x0=None, seeds=None, done=True, errors=None, **values):
    """Return a sweep of 100 updates with these rows: final, settled, verdict, and what else it is."""
    made = SweepDesign.of(
        ss.Parabola() if problem is None else problem,
        optimizer,
        x0,
        seeds,
        None,
        0,
        values,
        steps=100,
        tol=1e-8,
    )
    outcome = np.zeros(len(rows), SUMMARY_DTYPE)
    for i, (final, settled, verdict) in enumerate(rows):
        outcome[i] = (final, final / 2, settled, 0.25, 0.5, 10 * i, 2 * (verdict == DIVERGED), verdict)
    kept = np.empty((len(rows), 0)) if errors is None else np.array(errors)
    at = np.linspace(0, 100, kept.shape[1]).astype(int)
    assert len(made.index) == len(rows)
    return Sweep(made, outcome, np.broadcast_to(done, len(rows)).copy(), kept, at, len(rows), 100, 1e-8)


THREE = [(0.5, np.nan, CRAWLING), (1e-9, 7.0, SETTLED), (np.inf, np.nan, DIVERGED)]


def test_a_table_of_rates():
    made = table(THREE, lr=[0.1, 0.2, 0.3])
    kept = ["final", "best", "settled", "overshoot", "uphill", "updates"]
    assert made.names == ["optimizer", "lr", *kept, "stop", "verdict"]
    assert made.table.dtype.names == tuple(made.names)
    assert made.table["lr"].tolist() == made["lr"].tolist() == [0.1, 0.2, 0.3]
    assert made["optimizer"].tolist() == ["SGD"] * 3
    assert made["verdict"].tolist() == ["still crawling", "settled", "diverged"]
    assert made["stop"].tolist() == ["budget", "budget", "diverged"]
    assert made["final"].tolist() == [0.5, 1e-9, np.inf]
    assert made["best"].tolist() == [0.25, 5e-10, np.inf]
    assert (made["overshoot"].tolist(), made["uphill"].tolist()) == ([0.25] * 3, [0.5] * 3)
    assert made["updates"].tolist() == [0, 10, 20]
    assert made["start"].tolist() == [0, 0, 0]
    assert (len(made), made.complete) == (3, True)


def test_columns_stand_where_there_are_several():
    noisy = [NoisyBowl(), NoisyBowl()]
    made = table(
        [(0.5, np.nan, CRAWLING)] * 16, noisy, x0=[[1.0, 1.0], [2.0, 2.0]], seeds=[3, 5], lr=[0.1, RATE]
    )
    assert made.names[:5] == ["problem", "optimizer", "seed", "start", "lr"]
    assert made["seed"].tolist() == ([3] * 4 + [5] * 4) * 2
    assert made["start"].tolist() == [0, 0, 1, 1] * 4
    assert made["lr"].tolist() == ["0.1", "Exponential(0.5, 0.1)"] * 8
    assert made["problem"].tolist() == [noisy[0].formula] * 16
    assert made["problem.L"].tolist() == [10.0] * 16
    one = table([(0.5, np.nan, CRAWLING)] * 2, NoisyBowl(), seeds=[3], lr=[0.1, 0.2])
    assert one.names[:3] == ["optimizer", "seed", "lr"]


def test_what_a_rule_has_not_is_nan_or_empty():
    rules = [ss.SGD, ss.Adagrad]
    made = table(
        [(0.5, np.nan, CRAWLING)] * 5, None, rules, lr=[0.1], eps=[1.0, 2.0], eps_inside=[True, False]
    )
    assert np.isnan(made["eps"]).tolist() == [True] + [False] * 4
    assert made["eps"][1:].tolist() == [1.0, 2.0, 1.0, 2.0]
    assert made["eps_inside"].tolist() == ["", "True", "True", "False", "False"]
    assert made["optimizer"].tolist() == ["SGD"] + ["Adagrad"] * 4
    assert made.optimizer(0) == ss.SGD(lr=0.1)
    assert made.optimizer(4) == ss.Adagrad(lr=0.1, eps=2.0, eps_inside=False)


def test_words_and_functions_go_by_their_names():
    def halving(n):
        return 0.5**n

    made = table([(0.5, np.nan, CRAWLING)] * 2, lr=[halving, 0.1])
    assert made["lr"].tolist() == ["halving", "0.1"]


def test_rules_of_one_class_are_told_apart():
    rules = [ss.Momentum(momentum=0.5), ss.SGD, ss.Momentum]
    design = table([(0.5, np.nan, CRAWLING)] * 3, None, rules, lr=[0.1]).design
    assert optimizer_labels(design) == ["Momentum(momentum=0.5)", "SGD", "Momentum"]


@pytest.mark.parametrize(
    ("name", "error", "sentence"),
    [
        (
            "fnal",
            ValueError,
            r"column: got 'fnal', expected one of optimizer, lr, final, .*, did you mean final\?",
        ),
        ("seed", ValueError, "column: got 'seed', expected one of"),
        ("problem.nothing", ValueError, "column: got 'problem.nothing', expected one of"),
        ("other.L", ValueError, "column: got 'other.L', expected one of"),
        (0, TypeError, r"column: got 0, expected the name of a column; sweep.run\(i\) is a run"),
    ],
)
def test_another_column_is_refused(name, error, sentence):
    with pytest.raises(error, match=sentence):
        table(THREE, lr=[0.1, 0.2, 0.3])[name]


@pytest.mark.parametrize("i", [3, -1])
def test_another_run_is_refused(i):
    with pytest.raises(ValueError, match=f"i: got {i}, expected a"):
        table(THREE, lr=[0.1, 0.2, 0.3]).optimizer(i)
    assert table(THREE, lr=[0.1, 0.2, 0.3]).optimizer(2) == ss.SGD(lr=0.3)


def test_a_run_is_made_again_from_its_own_start_and_seed():
    made = table(
        [(0.5, np.nan, CRAWLING)] * 8, NoisyBowl(), x0=[[1.0, 1.0], [2.0, 3.0]], seeds=[3, 5], lr=[0.1, 0.2]
    )
    run = made.run(7)
    assert (run.problem.rng, run.history.x[0].tolist(), run.optimizer, run.nit) == (
        5,
        [2.0, 3.0],
        ss.SGD(lr=0.2),
        100,
    )
    calm = table([(0.5, np.nan, CRAWLING)] * 2, [ss.Parabola(), ss.Parabola(4.0)], lr=[0.1]).run(1)
    assert (calm.problem, calm.nit) == (ss.Parabola(4.0), 100)


@pytest.mark.parametrize(
    ("rows", "best"),
    [
        (THREE, 1),
        ([(0.0, 9.0, SETTLED), (0.0, 8.0, SETTLED), (0.0, np.nan, CRAWLING)], 1),
        ([(0.0, np.nan, CRAWLING), (0.0, 8.0, SETTLED), (0.0, 8.0, SETTLED)], 1),
        ([(-1.0, np.nan, CRAWLING), (0.0, 8.0, SETTLED), (0.0, 8.0, SETTLED)], 0),
    ],
)
def test_the_best_is_the_lowest_and_then_the_quickest(rows, best):
    assert table(rows, lr=[0.1, 0.2, 0.3]).best() == best


def test_only_runs_that_were_made_are_the_best():
    part = table(THREE, lr=[0.1, 0.2, 0.3], done=[True, False, True])
    assert (part.best(), part.complete) == (0, False)
    for nothing in (table(THREE, lr=[0.1, 0.2, 0.3], done=False), table(THREE[2:], lr=[0.3])):
        with pytest.raises(
            ValueError, match=r"sweep: got .*, expected at least one run that did not diverge"
        ):
            nothing.best()


def test_the_summary_counts_verdicts_most_often_first():
    rows = [*THREE, (1e-9, 9.0, RINGING)]
    told = table(rows, lr=[0.1, 0.2, 0.3, 0.4]).summary()
    assert told == "4 runs: 2 settled, 1 still crawling, 1 diverged; lowest at the end 1.0e-09, SGD(lr=0.2)"
    assert (
        repr(table(THREE[:1], lr=[0.1]))
        == "Sweep(1 run: 1 still crawling; lowest at the end 5.0e-01, SGD(lr=0.1))"
    )
    assert table(THREE[2:], lr=[0.3]).summary() == "1 run: 1 diverged"


def test_a_notebook_shows_the_counts_and_the_errors():
    page = table(THREE, lr=[0.1, 0.2, 0.3])._repr_html_()
    for row in (
        "3 of 100 updates, 3 made by this call",
        "lowest at the end",
        "1e-09: SGD(lr=0.2)",
        "still crawling",
    ):
        assert row in page
    assert "<svg" not in page
    assert "lowest at the end" not in table(THREE[2:], lr=[0.3])._repr_html_()
    drawn = table(THREE, lr=[0.1, 0.2, 0.3], errors=[[1.0, 0.5], [1.0, 1e-9], [1.0, np.inf]])._repr_html_()
    assert drawn.count("<svg") == 1
    assert ">error<" in drawn or "error" in drawn.partition("<svg")[2]
    assert "<svg" not in table(THREE, lr=[0.1, 0.2, 0.3], errors=[[1.0]] * 3)._repr_html_()


def test_a_file_has_a_line_a_run(tmp_path):
    table(THREE, lr=[0.1, 0.2, RATE]).to_csv(tmp_path / "table.csv")
    assert (tmp_path / "table.csv").read_bytes().decode().splitlines() == [
        "optimizer,lr,final,best,settled,overshoot,uphill,updates,stop,verdict",
        "SGD,0.1,0.5,0.25,nan,0.25,0.5,0,budget,still crawling",
        "SGD,0.2,1e-09,5e-10,7.0,0.25,0.5,10,budget,settled",
        'SGD,"Exponential(0.5, 0.1)",inf,inf,nan,0.25,0.5,20,diverged,diverged',
    ]


def test_what_was_not_made_is_told():
    made = table(THREE, lr=[0.1, 0.2, 0.3], done=[True, False, False])
    outcome = made.outcome.copy()
    outcome[1:] = np.array((np.nan,) * 5 + (0, -1, -1), SUMMARY_DTYPE)
    part = replace(made, outcome=outcome)
    assert part["verdict"].tolist() == ["still crawling", "not run", "not run"]
    assert part["stop"].tolist() == ["budget", "not run", "not run"]
    stopped = SweepInterrupted(part)
    assert str(stopped) == "interrupted after 1 of 3 runs"
    assert stopped.sweep is part
