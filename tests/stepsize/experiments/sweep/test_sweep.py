"""Sweeps: a row of a batch is the run that it would be alone, whoever makes it and however it is cut."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing

import numpy as np
import pytest

import stepsize as ss
from stepsize.experiments.sweep.batch import SUMMARY_DTYPE
from stepsize.experiments.sweep.table import STOPS
from tests import ROOT
from tests.noisy import NoisyBowl

BOWL = ss.Quadratic([1.0, 10.0])
NAMES = [name for name in SUMMARY_DTYPE.names if name not in ("status", "verdict")]


def same(one, other):
    """Whether two sweeps have the same bits."""
    return one.outcome.tobytes() == other.outcome.tobytes() and one.errors.tobytes() == other.errors.tobytes()


def rows_of(file):
    """How many runs a store holds, and how many different ones."""
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
            query = "SELECT count(*), count(DISTINCT hex(key) || design) FROM runs"
            return connection.execute(query).fetchone()
    except sqlite3.OperationalError:
        return 0, 0


def check_against_single_runs(result, rows, rtol=0.0):
    for i in rows:
        run = result.run(i)
        found = ss.diagnose(run, result.tol)
        assert result["verdict"][i] == found.verdict
        assert result["stop"][i] == STOPS[run.status]
        assert result["updates"][i] == run.nit
        settled = np.nan if found.settled is None else found.settled
        for name, value in [
            ("final", found.error),
            ("best", found.best_error),
            ("settled", settled),
            ("overshoot", found.overshoot),
            ("uphill", found.uphill),
        ]:
            np.testing.assert_allclose(result[name][i], value, rtol=rtol, atol=0, err_msg=name)


@pytest.mark.parametrize("rule", [ss.SGD, ss.Momentum, ss.Adam, ss.Adagrad], ids=lambda r: r.__name__)
@pytest.mark.parametrize("problem", [BOWL, ss.Quadratic([[3.0, 1.0], [1.0, 2.0]]), ss.Rosenbrock()], ids=repr)
def test_a_sweep_of_rates_equals_single_runs_bit_for_bit(rule, problem):
    result = ss.sweep(problem, rule, 150, lr=np.geomspace(1e-5, 10, 40), tol=1e-6)
    assert {"diverged", "still crawling"} <= set(result["verdict"]) or rule in (ss.Adam, ss.Adagrad)
    check_against_single_runs(result, range(40))


def test_momenta_and_schedules_and_starts_equal_single_runs():
    rates = [0.02, ss.Exponential(0.1, 0.02), ss.Constant(0.05).warmup(10)]
    starts = np.array([[-5.0, -2.0], [1.0, 1.0]])
    result = ss.sweep(BOWL, ss.Momentum, 120, lr=rates, momentum=[0.0, 0.5, 0.95], x0=starts, tol=1e-4)
    assert len(result) == 18
    assert len(result.design.batches) == 1, "all of them are one batch"
    check_against_single_runs(result, range(18))


def test_a_rule_with_exponents_by_row_equals_single_runs_to_rounding():
    result = ss.sweep(
        BOWL, ss.Adam, 100, lr=[0.01, 0.1], beta1=[0.5, 0.9, 0.99], beta2=[0.9, 0.999], tol=1e-3
    )
    check_against_single_runs(result, range(12), rtol=1e-9)


def test_words_and_single_values_are_apart_from_the_batch():
    result = ss.sweep(BOWL, ss.Adagrad, 50, lr=[0.1, 1.0], eps_inside=[True, False], eps=[1e-6])
    assert result["eps_inside"].tolist() == ["True", "True", "False", "False"]
    assert [len(b.rows) for b in result.design.batches] == [2, 2]
    assert result.optimizer(1) == ss.Adagrad(lr=1.0, eps=1e-6, eps_inside=True)
    check_against_single_runs(result, range(4))


def test_several_problems_and_rules_each_with_the_parameters_that_it_has():
    problems = [ss.Quadratic([1.0, c]) for c in (5.0, 20.0)]
    result = ss.sweep(problems, [ss.SGD, ss.Momentum(momentum=0.5)], 50, lr=[0.01, 0.05], momentum=[0.1, 0.9])
    assert len(result) == 2 * (2 + 4)
    assert np.isnan(result["momentum"]).tolist() == ([True] * 2 + [False] * 4) * 2
    assert result["problem.L"].tolist() == [5.0] * 6 + [20.0] * 6
    check_against_single_runs(result, range(12))


@pytest.mark.parametrize("batch", [1, 7, 64])
def test_the_cutting_changes_nothing(batch):
    grid = {"lr": np.geomspace(1e-4, 1, 50), "beta1": [0.5, 0.9], "x0": [[1.0, 1.0], [3.0, -2.0]]}
    whole = ss.sweep(BOWL, ss.Adam, 60, history=5, **grid)
    assert same(whole, ss.sweep(BOWL, ss.Adam, 60, history=5, batch=batch, **grid))
    assert same(whole, ss.sweep(BOWL, ss.Adam, 60, history=5, memory=10**5, **grid))


def test_the_cutting_of_a_matrix_of_data_changes_rounding_alone():
    """BLAS rounds by the shape of what it multiplies."""
    grid = {"lr": np.geomspace(0.01, 3, 20)}
    whole, cut = (ss.sweep(ss.BreastCancer(), ss.Momentum, 60, batch=b, **grid) for b in (None, 3))
    np.testing.assert_allclose(whole["final"], cut["final"], rtol=1e-9)
    assert (whole["verdict"] == cut["verdict"]).all()


def test_seeds_are_spawned_before_any_work_is_done():
    rates = [0.01, 0.03, 0.1]
    result = ss.sweep(NoisyBowl(), ss.SGD, 80, lr=rates, seeds=4, tol=1e-2)
    assert len(result) == 12
    assert len(set(result["seed"].tolist())) == 4
    assert len(set(result["final"].tolist())) == 12
    check_against_single_runs(result, range(12))
    more = ss.sweep(NoisyBowl(), ss.SGD, 80, lr=rates, seeds=6, tol=1e-2)
    assert more.outcome[:12].tobytes() == result.outcome.tobytes(), "six seeds are four and two more"
    named = ss.sweep(NoisyBowl(), ss.SGD, 80, lr=rates, seeds=result.design.seeds, tol=1e-2)
    assert same(named, result)
    other = ss.sweep(NoisyBowl(), ss.SGD, 80, lr=rates, seeds=4, rng=1, tol=1e-2)
    assert not set(other["seed"].tolist()) & set(result["seed"].tolist())


def test_random_designs_follow_from_their_seed():
    from scipy.stats import loguniform

    def draw(**changes):
        return ss.sweep(
            BOWL, ss.Momentum, 20, samples=30, lr=loguniform(1e-3, 1e-1), momentum=[0.0, 0.5, 0.9], **changes
        )

    result = draw()
    assert len(result) == 30
    assert ((result["lr"] > 1e-3) & (result["lr"] < 1e-1)).all()
    assert set(result["momentum"].tolist()) == {0.0, 0.5, 0.9}
    assert same(result, draw())
    assert not same(result, draw(rng=1))


def test_the_thinned_history_is_the_error_at_those_updates():
    result = ss.sweep(BOWL, ss.SGD, 100, lr=[0.05, 0.15, 1e3], history=11)
    assert result.at.tolist() == list(range(0, 101, 10))
    for i in (0, 1):
        assert result.errors[i].tolist() == result.run(i).error[::10].tolist()
    assert np.isinf(result.errors[2][-1])
    alone = ss.sweep(BOWL, ss.SGD, 100, lr=[1e3], history=11)
    assert alone.errors[0].tolist() == result.errors[2].tolist(), (
        "a run that diverges is cut the same way alone"
    )


GRID = {"lr": np.geomspace(1e-3, 0.3, 30), "momentum": [0.0, 0.5, 0.9]}


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_processes_and_threads_give_the_same_bits(backend):
    pytest.importorskip("joblib", reason="joblib, which spreads a sweep over processes, is an optional extra")
    here = ss.sweep(NoisyBowl(), ss.Momentum, 50, seeds=2, history=4, **GRID)
    there = ss.sweep(
        NoisyBowl(), ss.Momentum, 50, seeds=2, history=4, batch=11, jobs=2, backend=backend, **GRID
    )
    assert there.complete
    assert same(here, there)


def test_a_dask_cluster_gives_the_same_bits_even_when_a_worker_is_killed(tmp_path):
    reason = "dask.distributed, which spreads a sweep over machines, is an optional extra"
    distributed = pytest.importorskip("distributed", reason=reason)
    settings = {"lr": np.geomspace(1e-3, 0.3, 20), "momentum": [0.0, 0.9], "seeds": 4, "history": 3}
    here = ss.sweep(NoisyBowl(), ss.Momentum, 400, **settings)
    file = tmp_path / "sweep.db"
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        victim = next(iter(client.run(os.getpid).values()))
        done_before = []

        def kill_in_the_middle():
            deadline = time.monotonic() + 60
            while rows_of(file)[0] < 8 and time.monotonic() < deadline:
                time.sleep(0.005)
            os.kill(victim, signal.SIGKILL)
            done_before.append(rows_of(file)[0])

        killer = threading.Thread(target=kill_in_the_middle)
        killer.start()
        there = ss.sweep(NoisyBowl(), ss.Momentum, 400, batch=4, backend="dask", store=file, **settings)
        killer.join()
        assert victim not in client.run(os.getpid).values()
    assert 8 <= done_before[0] < len(there), "it was killed while there was work"
    assert there.complete
    assert same(here, there)
    assert rows_of(file) == (160, 160)


def test_dask_without_a_client_is_one_sentence():
    pytest.importorskip("distributed", reason="dask.distributed is an optional extra")
    with pytest.raises(ValueError, match="backend: got 'dask' without a client"):
        ss.sweep(BOWL, ss.SGD, 10, lr=[0.1, 0.2], backend="dask")


def test_a_missing_package_is_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "joblib", None)
    with pytest.raises(
        ImportError, match=r"jobs and backend: the package joblib is not installed; pip install"
    ):
        ss.sweep(BOWL, ss.SGD, 10, lr=[0.1, 0.2], jobs=2)
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="to_pandas: the package pandas is not installed"):
        ss.sweep(BOWL, ss.SGD, 10, lr=[0.1, 0.2]).to_pandas()


# --- the store


def test_what_the_store_has_is_not_made_again(tmp_path):
    file = tmp_path / "sweep.db"
    grid = {"lr": np.geomspace(1e-3, 1, 20), "momentum": [0.0, 0.9], "history": 3}
    fresh = ss.sweep(BOWL, ss.Momentum, 60, **grid)
    first = ss.sweep(BOWL, ss.Momentum, 60, store=file, **grid)
    again = ss.sweep(BOWL, ss.Momentum, 60, store=file, **grid)
    assert (first.computed, again.computed) == (40, 0)
    assert same(fresh, first)
    assert same(fresh, again), "what comes from the file has the bits that went in, nan and inf among them"
    larger = grid | {"lr": np.geomspace(1e-3, 1, 39)}
    more = ss.sweep(BOWL, ss.Momentum, 60, store=file, **larger)
    shared = len(set(larger["lr"].tolist()) & set(grid["lr"].tolist()))
    assert more.computed == 2 * (39 - shared)
    assert same(more, ss.sweep(BOWL, ss.Momentum, 60, **larger))


@pytest.mark.parametrize(
    "change",
    [
        {"steps": 61},
        {"tol": 1e-7},
        {"history": 4},
        {"x0": [1.0, 2.0]},
        {"problem": ss.Quadratic([1.0, 11.0])},
    ],
    ids=repr,
)
def test_another_configuration_has_another_key(tmp_path, change):
    file = tmp_path / "sweep.db"
    base = {"problem": BOWL, "optimizer": ss.SGD, "steps": 60, "lr": [0.1, 0.2], "history": 3, "store": file}
    ss.sweep(**base)
    assert ss.sweep(**(base | change)).computed == 2


def test_seeds_extend_a_stored_sweep(tmp_path):
    file = tmp_path / "sweep.db"
    ss.sweep(NoisyBowl(), ss.SGD, 30, lr=[0.01, 0.1], seeds=3, store=file)
    assert ss.sweep(NoisyBowl(), ss.SGD, 30, lr=[0.01, 0.1], seeds=5, store=file).computed == 4


def test_a_function_cannot_be_a_key(tmp_path):
    custom = ss.Problem.of(lambda x: (x * x).sum(), lambda x: 2 * x, x0=[1.0], minimum=0.0)
    with pytest.raises(TypeError, match="store: got a problem that no file can name"):
        ss.sweep(custom, ss.SGD, 10, lr=[0.1, 0.2], store=tmp_path / "sweep.db")
    assert ss.sweep(custom, ss.SGD, 10, lr=[0.1, 0.2]).complete


def test_another_file_is_refused(tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text("this is no database, but it is long enough to be mistaken for one by its size" * 20)
    with pytest.raises(ValueError, match="expected a file that a sweep wrote"):
        ss.sweep(BOWL, ss.SGD, 10, lr=[0.1, 0.2], store=file)


LONG = """
import numpy as np, stepsize as ss
result = ss.sweep(ss.Quadratic([1.0, 10.0]), ss.Momentum, 1000, lr=np.geomspace(1e-3, 1, 40),
                  momentum=np.linspace(0, 0.95, 20), batch=8, store={file!r}, history=3)
print(result.computed)
"""


def test_killed_and_started_again_leaves_exactly_the_grid(tmp_path):
    file = tmp_path / "sweep.db"
    child = subprocess.Popen([sys.executable, "-c", LONG.format(file=str(file))], cwd=ROOT)
    deadline = time.monotonic() + 60
    while rows_of(file)[0] < 80 and time.monotonic() < deadline:
        time.sleep(0.002)
    child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL, "it was killed before it was done"
    before = rows_of(file)[0]
    assert 80 <= before < 800
    assert before % 8 == 0, "a batch is there whole or not at all"
    done = subprocess.run(
        [sys.executable, "-c", LONG.format(file=str(file))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) == 800 - before, "only what was missing"
    assert rows_of(file) == (800, 800)
    grid = {"lr": np.geomspace(1e-3, 1, 40), "momentum": np.linspace(0, 0.95, 20), "history": 3}
    again = ss.sweep(BOWL, ss.Momentum, 1000, **grid)
    stored = ss.sweep(BOWL, ss.Momentum, 1000, store=file, **grid)
    assert stored.computed == 0
    assert same(stored, again)
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_an_interrupt_keeps_what_is_done(tmp_path, monkeypatch, capsys):
    from stepsize.experiments.sweep import executors

    real, calls = executors.compute, []

    def interrupted(batch):
        if len(calls) == 3:
            raise KeyboardInterrupt
        calls.append(batch)
        return real(batch)

    monkeypatch.setattr(executors, "compute", interrupted)
    grid = {"lr": np.geomspace(1e-3, 0.1, 20), "store": tmp_path / "sweep.db", "batch": 4}
    with pytest.raises(KeyboardInterrupt) as stop:
        ss.sweep(BOWL, ss.SGD, 20, **grid)
    part = stop.value.sweep
    assert not part.complete
    assert part.done.sum() == part.computed == 12
    assert (part["verdict"] == "not run").sum() == 8
    told = capsys.readouterr().err
    assert re.search(
        r"^stepsize: interrupted after 12 of 20 runs, which are kept in '.*sweep\.db'; the same", told
    )
    calls.clear()
    with pytest.raises(KeyboardInterrupt) as stop:
        ss.sweep(BOWL, ss.SGD, 20, **grid | {"store": None})
    assert "12 of 20 runs, the KeyboardInterrupt has them as its sweep" in capsys.readouterr().err
    assert stop.value.sweep.done.sum() == 12
    monkeypatch.setattr(executors, "compute", real)
    whole = ss.sweep(BOWL, ss.SGD, 20, **grid)
    assert (whole.computed, whole.complete) == (8, True)


# --- what comes out


def test_exports_hold_every_number_to_the_last_bit(tmp_path):
    result = ss.sweep(BOWL, ss.SGD, 60, lr=[0.05, 0.1, 0.3, ss.Exponential(0.1, 0.1)])
    table = result.table
    assert table.dtype.names == tuple(result.names)
    result.to_csv(tmp_path / "sweep.csv")
    read = (tmp_path / "sweep.csv").read_text().splitlines()
    assert len(read) == 5
    assert "Exponential(0.1, 0.1)" in read[4]
    pandas = pytest.importorskip("pandas", reason="pandas is an optional extra")
    frame = result.to_pandas()
    assert list(frame.columns) == result.names
    back = pandas.read_csv(tmp_path / "sweep.csv", dtype=str, keep_default_na=False)
    for name in NAMES:
        assert np.array_equal([float(v) for v in back[name]], table[name].astype(float), equal_nan=True)
    assert back["verdict"].tolist() == frame["verdict"].tolist() == table["verdict"].tolist()


def test_the_best_is_the_lowest_and_then_the_quickest():
    result = ss.sweep(ss.Parabola(), ss.SGD, 3000, lr=[0.2, 0.5, 0.45, 0.6])
    assert (result["final"] == 0.0).all(), "all four underflow"
    assert result.optimizer(result.best()) == ss.SGD(lr=0.5)
    with pytest.raises(ValueError, match="expected at least one run that did not diverge"):
        ss.sweep(ss.Parabola(), ss.SGD, 3000, lr=[2.0, 3.0]).best()


def test_progress_is_shown_when_asked_for(capsys, monkeypatch):
    ss.sweep(BOWL, ss.SGD, 20, lr=[0.1, 0.2])
    assert capsys.readouterr().err == ""
    monkeypatch.setitem(sys.modules, "tqdm", None)
    monkeypatch.setattr("stepsize.core.progress.Progress.patience", -1.0)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    ss.sweep(BOWL, ss.SGD, 20, lr=[0.1, 0.2], batch=1)
    assert "2/2 runs" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"learning_rate": [0.1]},
            "learning_rate: got a parameter that SGD does not have, expected one of lr",
        ),
        ({"lr": []}, "lr: got .* expected at least one value"),
        ({"lr": [0.1, -0.1]}, "lr: got -0.1, expected a finite number of at least 0"),
        ({"lr": [0.1], "seeds": 3}, "seeds: got 3 for .* which has no randomness"),
        ({"lr": [0.1], "steps": -1}, "steps: got -1, expected a whole number of at least 0"),
        ({"lr": [0.1], "jobs": 0}, "jobs: got 0, expected a whole number of at least 1"),
        ({"lr": [0.1], "samples": 0}, "samples: got 0, expected a whole number of at least 1"),
        ({"lr": [0.1], "batch": 0}, "batch: got 0, expected a whole number of at least 1"),
        ({"lr": np.ones((2, 2))}, "lr: got an array of float64 of shape .*, expected values in one row"),
        ({"lr": [0.1], "x0": [1.0, 2.0, 3.0]}, "x0: got .*, expected 2 numbers for this problem"),
        ({"lr": [0.1], "x0": [1.0, np.nan]}, "x0: got .*, expected finite numbers"),
        ({"problem": NoisyBowl(), "seeds": []}, "seeds: got .*, expected at least one seed, each once"),
        ({"problem": NoisyBowl(), "seeds": [1, 1]}, "seeds: got .*, expected at least one seed, each once"),
    ],
)
def test_bad_input_is_one_sentence(changes, sentence):
    arguments = {"problem": BOWL, "optimizer": ss.SGD, "steps": 10} | changes
    with pytest.raises(ValueError, match=sentence):
        ss.sweep(**arguments)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"problem": ss.Quadratic}, r"problem: got the class Quadratic, .*, such as Quadratic\(\) with its"),
        ({"problem": "quadratic"}, "problem: got the str 'quadratic', expected an object with fun and grad"),
        ({"lr": ["a", 0.1]}, "lr: got the str 'a', expected a number, an array or a schedule"),
        ({"lr": [np.array([0.1, 0.2])]}, "lr: got .*, expected numbers, schedules or words, one a run"),
        ({"problem": NoisyBowl(), "seeds": 2.5}, "seeds: got 2.5, expected a whole number of at least 1"),
        ({"store": 5}, "store: got 5, expected the path of a file"),
    ],
)
def test_the_wrong_kind_of_input_is_one_sentence(changes, sentence):
    arguments = {"problem": BOWL, "optimizer": ss.SGD, "steps": 10, "lr": [0.1]} | changes
    with pytest.raises(TypeError, match=sentence):
        ss.sweep(**arguments)


def test_a_backend_that_is_none_is_one_sentence():
    pytest.importorskip("joblib", reason="joblib, which spreads a sweep over processes, is an optional extra")
    with pytest.raises(ValueError, match="backend: got 'foo', expected one that joblib has"):
        ss.sweep(BOWL, ss.SGD, 10, lr=[0.1, 0.2], backend="foo")


def test_a_distribution_needs_samples_and_a_rule_is_a_rule():
    from scipy.stats import loguniform

    with pytest.raises(TypeError, match=r"lr: got the distribution .* or samples=N to draw from it"):
        ss.sweep(BOWL, ss.SGD, 10, lr=loguniform(1e-3, 1))
    with pytest.raises(TypeError, match=r"optimizer: got 0.1, expected a class such as Adam"):
        ss.sweep(BOWL, 0.1, 10)
    with pytest.raises(ValueError, match=r"column: got 'fnal', expected one of .*, did you mean final"):
        ss.sweep(BOWL, ss.SGD, 10, lr=[0.1])["fnal"]


def test_other_processes_know_the_classes_of_a_program():
    pytest.importorskip("joblib", reason="joblib, which spreads a sweep over processes, is an optional extra")
    program = ROOT / "tests" / "programs" / "own_classes.py"
    done = subprocess.run(
        [sys.executable, str(program)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert (done.stdout.strip(), done.returncode) == ("4", 0), done.stderr[-500:]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"lr": [10**400]}, "lr: got a whole number of more than 300 digits, expected a finite number"),
        ({"lr": [0.1], "history": 10**12}, "history: got 1000000000000 points of 1 run, which needs about"),
    ],
    ids=["a rate beyond floats", "a history beyond memory"],
)
def test_numbers_that_are_too_large_are_named(values, message):
    with pytest.raises(ValueError, match=message):
        ss.sweep(ss.Parabola(), ss.SGD, 3, **values)
