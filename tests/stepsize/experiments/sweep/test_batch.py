"""Batches: what runs together, how many at a time, and what is kept of each."""

from types import SimpleNamespace

import numpy as np
import pytest

import stepsize as ss
from optim.recorder import history_bytes
from stepsize.analysis.lockstep.rows import Room
from stepsize.analysis.verdicts import RunOutcome
from stepsize.experiments.sweep import batch as batches
from stepsize.experiments.sweep.batch import (
    Batch,
    compute,
    cut,
    cut_for_traces,
    history_at,
    traces_for,
    with_values,
)
from tests.noisy import NoisyBowl

RATE = ss.Exponential(0.5, 0.1)


def batch(runs=4, steps=10, problem=None, optimizer=None, dim=2, **facts):
    """Return runs that differ in their rates: 1, 1/2, 1/3, ... of a tenth."""
    problem = ss.Quadratic(np.arange(1.0, dim + 1)) if problem is None else problem
    values = {"lr": 0.1 / np.arange(1, runs + 1)}
    starts = np.arange(1.0, 1 + dim * runs).reshape(runs, dim)
    given = {"values": values, "x0": starts, "rows": np.arange(runs) + 100, "steps": steps, "tol": 1e-8}
    return Batch(problem, ss.SGD() if optimizer is None else optimizer, **(given | facts))


# --- parts


def test_a_part_has_its_values_starts_and_rows():
    whole = batch(
        values={"lr": (0.1, RATE, 0.3, 0.4), "momentum": np.array([0.0, 0.1, 0.2, 0.3])},
        optimizer=ss.Momentum(),
    )
    for keep, rows in ((slice(1, 3), [1, 2]), (np.array([3, 1]), [3, 1])):
        part = whole.part(keep)
        assert part.rows.tolist() == [100 + k for k in rows]
        assert part.x0.tolist() == whole.x0[rows].tolist()
        assert part.values["lr"] == tuple((0.1, RATE, 0.3, 0.4)[k] for k in rows)
        assert part.values["momentum"].tolist() == [k / 10 for k in rows]
    optimizer, start = whole.single(1)
    assert (optimizer, start.tolist()) == (ss.Momentum(lr=RATE, momentum=0.1), [3.0, 4.0])


@pytest.mark.parametrize(
    ("optimizer", "rates", "together"),
    [
        (ss.SGD(), np.array([0.1, 0.2]), True),
        (ss.SGD(), (0.1, RATE), True),
        (ss.SGD(), (0.1, ss.Armijo()), False),
        (ss.SGD(), (0.1, ss.Plateau(0.1)), False),
        (ss.SGD(lr=ss.Armijo()), None, False),
        (ss.SGD(lr=RATE), None, True),
        (ss.LBFGS(lr=0.1), None, ss.LBFGS(lr=0.1).batched),
    ],
)
def test_rates_with_a_state_run_alone(optimizer, rates, together):
    values = {} if rates is None else {"lr": rates}
    assert batch(2, optimizer=optimizer, values=values).together is together


def test_values_are_columns_and_schedules_are_told_run_by_run():
    both = with_values(ss.Momentum(), {"lr": (0.1, RATE), "momentum": np.array([0.5, 0.9])})
    assert both.momentum.tolist() == [[0.5], [0.9]]
    assert np.ravel(both.lr(3)).tolist() == [0.1, RATE(3)]


# --- how many at a time


def sizes(pieces):
    return [len(piece.rows) for piece in pieces]


def test_pieces_follow_one_another():
    pieces = cut(batch(10), 10**9, 4)
    assert [piece.rows.tolist() for piece in pieces] == [
        [100, 101, 102, 103],
        [104, 105, 106, 107],
        [108, 109],
    ]
    assert sizes(cut(batch(10), 10**9)) == [10]
    assert sizes(cut(batch(3), 1)) == sizes(cut(batch(3), 10**9, 1)) == [1, 1, 1]


@pytest.mark.parametrize(
    ("facts", "lockstep", "a_run"),
    [
        # By histories: eight numbers a point, or its coordinates twice too where all of them are needed, and
        # a block of 512 points of four arrays.
        ({}, False, 8 * (11 * 8 + 512 * 4 * 2)),
        ({"steps": 0}, False, 8 * (1 * (2 * 2 + 8) + 512 * 4 * 2)),
        ({"problem": NoisyBowl()}, False, 8 * (11 * (2 * 2 + 8) + 512 * 4 * 2)),
        ({"optimizer": ss.PolyakRuppert(ss.SGD(lr=0.1)), "values": {}}, False, 8 * (11 * 12 + 512 * 4 * 2)),
        # In lockstep: a row an update, and blocks of eight updates of twelve arrays and two a slot.
        ({}, True, 18 * 11 + 8 * 8 * (2 * 12 + 64)),
        ({"optimizer": ss.Adam()}, True, 18 * 11 + 8 * 8 * (2 * (12 + 2 * len(ss.Adam().slots)) + 64)),
    ],
)  # fmt: skip
def test_a_batch_takes_no_more_memory_than_it_may(monkeypatch, facts, lockstep, a_run):
    monkeypatch.setattr(batches, "_LOCKSTEP", 0 if lockstep else 10**9)
    assert sizes(cut(batch(7, **facts), 3 * a_run)) == [3, 3, 1]
    assert sizes(cut(batch(7, **facts), 3 * a_run - 1)) == [2, 2, 2, 1]


def test_a_batch_has_no_more_numbers_than_a_cache_and_no_more_work_than_half_a_second(monkeypatch):
    monkeypatch.setattr(batches, "_TILE", 12)
    assert sizes(cut(batch(10), 10**9)) == [6, 4]
    assert sizes(cut(batch(10, dim=3), 10**9)) == [4, 4, 2]
    monkeypatch.setattr(batches, "_TILE", 10**9)
    monkeypatch.setattr(batches, "_WORK", 100)
    assert sizes(cut(batch(10, steps=10), 10**9)) == [5, 5]
    assert sizes(cut(batch(10, steps=5), 10**9)) == [10]
    assert sizes(cut(batch(70, steps=0), 10**9)) == [50, 20]


def test_runs_that_advance_together_are_cut_once_more(monkeypatch):
    monkeypatch.setattr(batches, "_TOGETHER", 8)
    monkeypatch.setattr(batches, "_LOCKSTEP", 0)
    assert sizes(cut_for_traces(batch(10))) == [4, 4, 2]
    monkeypatch.setattr(batches, "_LOCKSTEP", 10**9)
    assert sizes(cut_for_traces(batch(10))) == [10]


@pytest.mark.parametrize(("runs", "pays"), [(9, False), (10, True), (11, True)])
def test_from_so_many_updates_on_compiling_pays(monkeypatch, runs, pays):
    monkeypatch.setattr(batches, "PAYS", 100)
    pieces = cut(batch(runs, steps=10), 10**9, 4)
    assert {piece.pays for piece in pieces} == {pays}, "what was one sweep remains so"
    assert {piece.pays for piece in cut(pieces[0], 10**9)} == {pays}


@pytest.mark.parametrize(
    ("goes", "facts"),
    [
        (False, {"runs": 255}),
        (True, {"runs": 256}),
        (True, {"runs": 4, "pays": True}),
        (False, {"runs": 4, "pays": True, "steps": 2**28 // 18 // 4}),
        (True, {"runs": 4, "pays": True, "steps": 2**28 // 18 // 4 - 1}),
        (True, {"runs": 256, "steps": 2**28}),
        (False, {"runs": 256, "optimizer": ss.SGD(lr=ss.Armijo()), "values": {}}),
        (False, {"runs": 256, "optimizer": ss.Newton(), "values": {}}),
        (False, {"runs": 256, "problem": NoisyBowl()}),
        (False, {"runs": 256, "problem": ss.Quadratic([[2.0, 1.0], [1.0, 2.0]])}),
        (True, {"runs": 256, "optimizer": ss.ScheduleFreeSGD()}),
        (False, {"runs": 256, "optimizer": ss.ScheduleFreeSGD(), "problem": ss.Quadratic([-1.0, 2.0])}),
        (True, {"runs": 256, "problem": ss.Quadratic([-1.0, 2.0])}),
    ],
)
def test_what_goes_in_lockstep(goes, facts):
    assert batches._goes_in_lockstep(batch(**facts)) is goes


@pytest.mark.parametrize(
    ("facts", "every"),
    [
        ({}, 10),
        ({"steps": 0}, 1),
        ({"problem": NoisyBowl()}, 1),
        ({"optimizer": ss.ScheduleFreeSGD()}, 1),
    ],
)
def test_points_are_kept_where_they_are_needed_to_judge(facts, every):
    assert batches._every(batch(**facts)) == every


# --- what is kept


@pytest.mark.parametrize(
    ("steps", "history", "at"),
    [(100, 3, [0, 50, 100]), (10, 4, [0, 3, 7, 10]), (5, 1, [0]), (5, 0, []), (2, 5, [0, 0, 1, 2, 2])],
)
def test_a_thinned_history_has_its_ends(steps, history, at):
    assert history_at(steps, history).tolist() == at


def test_every_number_of_an_outcome_has_its_column():
    told = [np.array([float(k)]) for k in range(6)]
    rows = batches._rows(RunOutcome(*told), np.array([9]), np.array([2]))
    names = ("verdict", "settled", "overshoot", "uphill", "final", "best")
    assert {name: float(rows[name][0]) for name in names} == dict(zip(names, range(6), strict=True))
    assert (rows["updates"].tolist(), rows["status"].tolist()) == ([9], [2])


@pytest.mark.parametrize("lockstep", [True, False])
def test_what_is_kept_of_runs_is_what_they_were(monkeypatch, lockstep):
    """Of x^2 each update multiplies the error by (1 - 2 lr)^2; the third run is lost, the fourth crawls."""
    monkeypatch.setattr(batches, "_LOCKSTEP", 0 if lockstep else 10**9)
    bowl, rates = ss.Quadratic([2.0]), np.array([0.25, 0.5, 1e9, 1e-3])
    many = batch(4, 40, bowl, dim=1, values={"lr": rates}, x0=np.ones((4, 1)), history=3, tol=1e-6)
    found = compute(many)
    assert found.rows.tolist() == [100, 101, 102, 103]
    kept = found.kept
    assert kept["settled"][:2].tolist() == [10.0, 1.0]
    assert np.isnan(kept["settled"][2:]).all()
    np.testing.assert_allclose(kept["final"], [0.25**40, 0.0, np.inf, 0.998**80], rtol=1e-12)
    np.testing.assert_allclose(kept["best"], [0.25**40, 0.0, 1.0, 0.998**80], rtol=1e-12)
    assert kept["status"].tolist() == [0, 0, 2, 0]
    lost = int(kept["updates"][2])
    assert kept["updates"].tolist() == [40, 40, lost, 40]
    assert lost == 16, "4e18 to the power of 17 is beyond 1.8e308"
    np.testing.assert_allclose(found.errors[:, 0], 1.0)
    np.testing.assert_allclose(found.errors[:2, 1], [0.25**20, 0.0], rtol=1e-12)
    assert found.errors[2].tolist() == [1.0, np.inf, np.inf]
    alone = compute(many.part(np.array([2])))
    assert alone.kept.tobytes() == kept[2:3].tobytes()
    assert alone.errors.tolist() == found.errors[2:3].tolist()


def test_what_a_tally_leaves_open_is_made_anew(monkeypatch):
    """Of eight runs, three at a time, each second one is left; the others are as they were told."""
    bowl, asked = ss.Quadratic([2.0]), []
    many = batch(8, 40, bowl, dim=1, x0=np.ones((8, 1)), pays=True)
    right = compute(batch(8, 40, bowl, dim=1, x0=np.ones((8, 1)))).kept

    def tell(problem, optimizer, x0, steps, tol, atol, room):
        asked.append((problem, len(x0), steps, tol, atol, type(room)))
        assert optimizer.lr.shape == (len(x0), 1)
        runs = len(x0)
        outcome = RunOutcome(*(np.full(runs, float(k)) for k in range(6)))
        return SimpleNamespace(
            outcome=outcome,
            updates=np.full(runs, 7),
            lost=np.arange(runs) == 0,
            open=np.arange(runs) % 2 == 1,
        )

    monkeypatch.setattr(batches, "tell_by_tally", tell)
    monkeypatch.setattr(batches, "RUNS_TOGETHER", 3)
    kept = compute(many).kept
    assert asked == [(bowl, runs, 40, 1e-8, None, Room) for runs in (3, 3, 2)]
    left = [1, 4, 7]
    assert kept[left].tobytes() == right[left].tobytes()
    told = [k for k in range(8) if k not in left]
    assert (kept["final"][told].tolist(), kept["updates"][told].tolist()) == ([4.0] * 5, [7] * 5)
    assert kept["status"].tolist() == [2, 0, 0, 2, 0, 0, 2, 0]
    # What cannot go on in a tally is made in whole from there.
    monkeypatch.setattr(batches, "tell_by_tally", lambda *a: tell(*a) if len(asked) < 4 else refuse())
    kept = compute(many).kept
    assert kept[3:].tobytes() == right[3:].tobytes()
    assert kept["updates"][[0, 2]].tolist() == [7, 7]


def refuse():
    raise batches.Untraceable("not any more")


def test_searches_run_one_by_one_and_keep_their_status():
    some = batch(2, 30, ss.Quadratic([2.0]), ss.SGD(lr=ss.Armijo()), dim=1, values={}, x0=np.ones((2, 1)))
    told = traces_for(some)
    assert [(len(traces.nit), status) for traces, status in told] == [(1, 0), (1, 0)]
    gone = batch(2, 30, ss.Quadratic([2.0]), ss.SGD(lr=ss.Plateau(1e9)), dim=1, values={}, x0=np.ones((2, 1)))
    assert compute(gone).kept["status"].tolist() == [2, 2]


def test_runs_are_made_from_their_starts_for_their_steps():
    """Together every point but the ends is dropped; alone none is."""
    (together,) = batches.descend(batch(3, 6))
    assert together.history.x.shape[0] == 2
    assert together.history.x[0].tolist() == batch(3).x0.tolist()
    assert together.nit == 6
    alone = batches.descend(batch(2, 6, optimizer=ss.SGD(lr=ss.Armijo()), values={}))
    assert [(run.history.x[0].tolist(), len(run.history.x), run.nit) for run in alone] == [
        ([1.0, 2.0], 7, 6),
        ([3.0, 4.0], 7, 6),
    ]


def test_in_lockstep_everything_is_handed_on(monkeypatch):
    asked, room = [], Room()
    monkeypatch.setattr(batches, "traces_in_lockstep", lambda *told: asked.append(told) or "traces")
    many = batch(256, 6, atol=0.5, pays=True)
    assert traces_for(many, room) == [("traces", 0)]
    problem, optimizer, x0, *rest = asked[0]
    assert problem is many.problem
    assert optimizer.lr.tolist() == many.values["lr"][:, None].tolist()
    assert x0 is many.x0
    assert rest == [6, 1e-8, 0.5, room, True]


@pytest.mark.parametrize(
    ("rates", "failures"), [([0.1, 1.5], ("", "fun")), ([1.5, 0.1], ("fun", "")), ([1e9, 0.1], ("", ""))]
)
def test_what_returned_nan_at_an_ordinary_point_has_failed(rates, failures):
    """x^2, whose value is nan from 3 to 1e6: at rate 1.5 the second update leads to 4."""

    def fun(x):
        a = np.abs(x[..., 0])
        return np.where((a > 3.0) & (a < 1e6), np.nan, a * a)

    broken = ss.Problem.of(fun, lambda x: 2 * x, x0=[1.0], minimum=0.0)
    some = batch(2, 300, broken, dim=1, values={"lr": np.array(rates)}, x0=np.ones((2, 1)))
    ((traces, _),) = traces_for(some)
    assert traces.failures == failures


@pytest.mark.parametrize(
    "problem",
    [SimpleNamespace(varies=False, minimum=0.0), SimpleNamespace(components=True, varies=True, minimum=0.0)],
)
def test_problems_that_are_no_arithmetic_or_vary_do_not_go_in_lockstep(problem):
    assert not batches._goes_in_lockstep(batch(256, problem=problem))


@pytest.mark.parametrize(
    ("facts", "every", "runs", "separate"),
    [
        ({}, 10, 4, False),
        ({"optimizer": ss.ScheduleFreeSGD()}, 1, 4, True),
        ({"optimizer": ss.SGD(lr=ss.Armijo()), "values": {}}, 1, 1, False),
    ],
)
def test_a_batch_is_refused_by_what_its_histories_take(monkeypatch, facts, every, runs, separate):
    """Of runs that go one by one there is one history at a time."""
    asked = []
    monkeypatch.setattr(batches, "refuse_beyond_memory", lambda *told: asked.append(told))
    batches._refuse_too_long(batch(4, 10, **facts), every)
    words = f"10 for {runs} run{'s' * (runs > 1)} of 2 parameters"
    assert asked == [("steps", words, history_bytes(10, every, runs, 2, separate), "fewer")]
