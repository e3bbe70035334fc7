"""What a call of `sweep` means where nothing is said, and what stands for a run that was not made."""

import numpy as np
import pytest

import stepsize as ss
from stepsize.experiments.sweep import sweep as module
from stepsize.experiments.sweep.batch import MEMORY, compute
from stepsize.experiments.sweep.table import SweepInterrupted
from tests.noisy import NoisyBowl


@pytest.fixture
def asked(monkeypatch):
    """What the batches are handed out with, and into how many pieces they are cut."""
    calls, real_cut = [], module.cut

    def outcomes(pieces, jobs, backend):
        calls.append({"pieces": [len(piece.rows) for piece in pieces], "jobs": jobs, "backend": backend})
        return ((place, compute(piece)) for place, piece in enumerate(pieces))

    def cut(batch, memory, max_runs):
        calls.append({"memory": memory, "max_runs": max_runs})
        return real_cut(batch, memory, max_runs)

    monkeypatch.setattr(module, "outcomes", outcomes)
    monkeypatch.setattr(module, "cut", cut)
    return calls


def test_where_nothing_is_said(asked):
    """A thousand updates, a share of 1e-8, no history, one job, and no more memory than a batch may take."""
    result = ss.sweep(ss.Parabola(), ss.SGD, lr=[0.1, 0.2, 0.3])
    assert asked == [{"memory": MEMORY, "max_runs": None}, {"pieces": [3], "jobs": 1, "backend": None}]
    assert (result.steps, result.tol, result.atol, result.computed) == (1000, 1e-8, None, 3)
    assert {(b.steps, b.tol, b.atol, b.history) for b in result.design.batches} == {(1000, 1e-8, None, 0)}
    assert (result.at.tolist(), result.errors.shape) == ([], (3, 0))
    assert result.complete
    seeds = ss.sweep(NoisyBowl(), ss.SGD, 3, lr=[0.1], seeds=2).design.seeds
    assert seeds == ss.sweep(NoisyBowl(), ss.SGD, 3, lr=[0.1], seeds=2, rng=0).design.seeds
    assert seeds != ss.sweep(NoisyBowl(), ss.SGD, 3, lr=[0.1], seeds=2, rng=1).design.seeds


def test_what_is_said_is_handed_on(asked):
    told = {
        "steps": 5,
        "tol": 1e-3,
        "atol": 0.5,
        "history": 3,
        "jobs": 2,
        "backend": "b",
        "memory": 10**9,
        "batch": 2,
    }
    result = ss.sweep(ss.Parabola(), ss.SGD, lr=[0.1, 0.2, 0.3], x0=[[1.0], [2.0]], **told)
    assert asked == [{"memory": 10**9, "max_runs": 2}, {"pieces": [2, 2, 2], "jobs": 2, "backend": "b"}]
    assert (result.steps, result.tol, result.atol, result.at.tolist()) == (5, 1e-3, 0.5, [0, 2, 5])
    (batch,) = result.design.batches
    assert (batch.steps, batch.tol, batch.atol, batch.history) == (5, 1e-3, 0.5, 3)
    for i in range(6):
        run = result.run(i)
        assert result.errors[i].tolist() == run.error[[0, 2, 5]].tolist()
        assert result["final"][i] == run.error[-1]


def test_what_was_not_made_is_nothing(monkeypatch, capsys):
    """The interrupt comes after the first of three pieces."""

    def outcomes(pieces, jobs, backend):
        yield 0, compute(pieces[0])
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "outcomes", outcomes)
    with pytest.raises(SweepInterrupted) as stopped:
        ss.sweep(ss.Parabola(), ss.SGD, 5, lr=[0.1, 0.2, 0.3], batch=1, history=2)
    part = stopped.value.sweep
    assert part.done.tolist() == [True, False, False]
    assert (part.computed, len(part)) == (1, 3)
    for name in ("final", "best", "settled", "overshoot", "uphill"):
        assert np.isnan(part.outcome[name][1:]).all()
    assert [part.outcome[name][1:].tolist() for name in ("updates", "status", "verdict")] == [
        [0, 0],
        [-1, -1],
        [-1, -1],
    ]
    assert np.isnan(part.errors[1:]).all()
    assert not np.isnan(part.errors[0]).any()
    assert capsys.readouterr().err == (
        "stepsize: interrupted after 1 of 3 runs, the KeyboardInterrupt has them as its sweep\n"
    )


@pytest.mark.parametrize(
    ("changes", "error", "sentence"),
    [
        ({"steps": -1}, ValueError, "steps: got -1"),
        ({"history": -1}, ValueError, "history: got -1"),
        ({"memory": 0}, ValueError, "memory: got 0, expected a whole number of at least 1"),
        ({"batch": 0}, ValueError, "batch: got 0, expected a whole number of at least 1"),
        ({"tol": -1e-9}, ValueError, "tol: got -1e-09, expected a number of at least 0"),
        ({"atol": -1e-9}, ValueError, "atol: got -1e-09, expected a number of at least 0"),
        ({"tol": "1"}, TypeError, "tol: got the str '1'"),
        ({"atol": "1"}, TypeError, "atol: got the str '1'"),
    ],
)
def test_a_call_that_means_nothing_is_refused(changes, error, sentence):
    with pytest.raises(error, match=f"^{sentence}"):
        ss.sweep(ss.Parabola(), ss.SGD, **({"steps": 3, "lr": [0.1]} | changes))
    ss.sweep(ss.Parabola(), ss.SGD, 0, lr=[0.1], tol=0.0, atol=0.0, history=0, memory=1, batch=1)


def test_what_a_store_has_is_not_handed_out(asked, tmp_path):
    """Of five runs it has two; the pieces are those of the first time, without them."""
    file = tmp_path / "runs.sqlite"
    first = ss.sweep(ss.Parabola(), ss.SGD, 5, lr=[0.1, 0.3], store=file)
    asked.clear()
    rest = ss.sweep(ss.Parabola(), ss.SGD, 5, lr=[0.2, 0.1, 0.3, 0.4, 0.5], store=file, batch=3)
    assert asked[1]["pieces"] == [1, 2]
    assert (rest.computed, rest.complete) == (3, True)
    assert rest.outcome[1:3].tobytes() == first.outcome.tobytes()
    asked.clear()
    again = ss.sweep(ss.Parabola(), ss.SGD, 5, lr=[0.2, 0.1, 0.3, 0.4, 0.5], store=file, batch=3)
    assert (again.computed, asked[1]["pieces"]) == (0, [])
    assert again.outcome.tobytes() == rest.outcome.tobytes()


def test_an_interrupt_names_the_store(monkeypatch, tmp_path, capsys):
    def outcomes(pieces, jobs, backend):
        yield 1, compute(pieces[1])
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module, "outcomes", outcomes)
        with pytest.raises(SweepInterrupted):
            ss.sweep(ss.Parabola(), ss.SGD, 5, lr=[0.1, 0.2], batch=1, store=tmp_path / "runs.sqlite")
    told = capsys.readouterr().err
    assert told.startswith("stepsize: interrupted after 1 of 2 runs, which are kept in '")
    assert told.endswith("runs.sqlite'; the same call goes on from there\n")
    whole = ss.sweep(ss.Parabola(), ss.SGD, 5, lr=[0.1, 0.2], batch=1, store=tmp_path / "runs.sqlite")
    assert whole.computed == 1
