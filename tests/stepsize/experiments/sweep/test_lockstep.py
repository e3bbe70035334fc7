"""Runs that are judged while they run: their columns are those of `diagnose`, run by run."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import stepsize as ss
from optim.engines.lockstep import Lockstep, Untraceable
from stepsize.analysis.lockstep import rows as lockstep_rows
from stepsize.analysis.lockstep.traces import traces_in_lockstep
from stepsize.analysis.traces import traces_of
from stepsize.analysis.verdicts import VERDICTS
from stepsize.core.elementwise import join, parts, where
from stepsize.experiments.sweep import batch
from tests.noisy import NoisyBowl

RULES = (ss.SGD, ss.Momentum, ss.Nesterov, ss.Adam, ss.RMSprop, ss.Adagrad, ss.SignSGD)
AVERAGED = (ss.ScheduleFreeSGD(), ss.PolyakRuppert(ss.SGD(lr=0.1)))
PROBLEMS = (
    ss.Quadratic([1.0, 20.0]),
    ss.Quadratic([3.0], minimizer=[1.0], minimum_value=-7.0),
    ss.Quadratic(np.linspace(1, 30, 9), minimizer=np.ones(9), minimum_value=3.0),
    ss.Quadratic([-1.0, 2.0]),
    ss.Rosenbrock(),
    ss.Himmelblau(),
    ss.Rastrigin(),
    ss.Beale(),
)


@pytest.fixture(autouse=True)
def always(monkeypatch):
    """However few they are, let runs go in lockstep."""
    monkeypatch.setattr(batch, "_LOCKSTEP", 0)


def check(result, rtol=0.0):
    """Compare every row of a sweep with the diagnosis of its run alone."""
    for i in range(len(result)):
        run = result.run(i)
        found = ss.diagnose(run, result.tol, atol=result.atol)
        row = result.outcome[i]
        assert VERDICTS[row["verdict"]] == found.verdict, (result.optimizer(i), row, found)
        assert (row["updates"], row["status"]) == (run.nit, run.status)
        settled = np.nan if found.settled is None else found.settled
        alone = [found.error, found.best_error, settled, found.overshoot, found.uphill]
        np.testing.assert_allclose(row.item()[:5], alone, rtol=rtol, atol=0)
        errors = np.full(len(result.at), np.inf)
        there = result.at <= run.nit
        errors[there] = run.error[result.at[there]]
        np.testing.assert_allclose(result.errors[i], errors, rtol=rtol, atol=0)


@settings(max_examples=60, deadline=None)
@given(
    which=st.integers(0, len(RULES) + len(AVERAGED) - 1),
    place=st.integers(0, len(PROBLEMS) - 1),
    steps=st.integers(0, 90),
    low=st.floats(-5, 0),
    decades=st.floats(0.5, 8),
    tol=st.sampled_from([1e-8, 1e-3, 0.3, 1e-15, 0.0]),
    seed=st.integers(0, 10**6),
    kind=st.sampled_from(["numbers", "schedules", "shared"]),
)
# The weight of an average is the square of a rate, by one way for a single run and for many.
@example(which=7, place=0, steps=3, low=0.0, decades=0.5, tol=1e-8, seed=77, kind="numbers")
def test_the_columns_are_those_of_each_run_alone(which, place, steps, low, decades, tol, seed, kind):
    rule, problem = (*RULES, *AVERAGED)[which], PROBLEMS[place]
    rng = np.random.default_rng(seed)
    rates = 10.0 ** rng.uniform(low, low + decades, 6)
    starts = np.array(problem.x0) + rng.normal(size=(2, len(problem.x0)))
    if kind == "schedules":
        rates = [
            [ss.Exponential(r, 0.2), ss.Cosine(r, steps=50), ss.StepDecay(r, 0.1, 9)][i % 3]
            for i, r in enumerate(rates.tolist())
        ]
    if kind == "shared":
        rates = [ss.Exponential(float(rates[0]), 0.5)]
    atol = tol or None if seed % 5 == 0 else None
    check(ss.sweep(problem, rule, steps, x0=starts, tol=tol, atol=atol, history=7, lr=rates))


@pytest.mark.parametrize("momentum", [0.5, 0.9, 0.99])
@pytest.mark.parametrize("steps", [7, 8, 60, 255, 256, 301])
def test_ringing_runs_and_any_number_of_updates(momentum, steps):
    rule = ss.Momentum(momentum=momentum)
    check(ss.sweep(PROBLEMS[0], rule, steps, lr=np.geomspace(1e-3, 0.5, 30), tol=1e-4))


def test_momenta_of_their_own_and_exponents_to_rounding():
    grid = {"lr": np.geomspace(1e-3, 0.1, 8), "beta1": [0.5, 0.9], "beta2": [0.9, 0.999]}
    check(ss.sweep(ss.Rosenbrock(), ss.Adam, 80, **grid), rtol=1e-9)


@pytest.mark.parametrize("tile", [2, 6, 64])
def test_the_tiles_change_nothing(monkeypatch, tile):
    grid = {"lr": np.geomspace(1e-4, 10, 50), "momentum": [0.0, 0.9]}
    whole = ss.sweep(ss.Rosenbrock(), ss.Momentum, 60, history=5, **grid)
    monkeypatch.setattr(batch, "_TILE", tile)
    cut = ss.sweep(ss.Rosenbrock(), ss.Momentum, 60, history=5, **grid)
    assert whole.outcome.tobytes() == cut.outcome.tobytes()
    assert whole.errors.tobytes() == cut.errors.tobytes()


@pytest.mark.parametrize(
    ("problem", "rule", "low", "high"),
    [
        (PROBLEMS[0], ss.Momentum, 1e-3, 0.5),
        (PROBLEMS[4], ss.Adam, 1e-4, 1.0),
        (PROBLEMS[6], ss.Nesterov, 1e-4, 0.1),
        (PROBLEMS[7], ss.Momentum, 1e-4, 1.0),
        (PROBLEMS[5], ss.RMSprop, 1e-3, 1.0),
    ],
)
@pytest.mark.parametrize("steps", [40, 301])
def test_runs_judged_side_by_side_are_those_judged_one_by_one(monkeypatch, problem, rule, low, high, steps):
    rates = np.geomspace(low, high, 150)
    whole = ss.sweep(problem, rule, steps, tol=1e-3, history=3, lr=rates)
    assert steps < 50 or len({*whole["verdict"]}) > 1
    monkeypatch.setattr(batch, "_CACHED", 1)
    monkeypatch.setattr(lockstep_rows, "UPDATES_TOGETHER", 3)
    alone = ss.sweep(problem, rule, steps, tol=1e-3, history=3, lr=rates)
    assert whole.outcome.tobytes() == alone.outcome.tobytes()
    assert whole.errors.tobytes() == alone.errors.tobytes()


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: type(problem).__name__)
@pytest.mark.parametrize("steps", [1, 33, 200])
def test_a_compiled_loop_writes_the_rows_of_arrays(monkeypatch, problem, steps):
    pytest.importorskip("llvmlite")
    rng, made = np.random.default_rng(steps), []
    rates = 10.0 ** rng.uniform(-4, 1, 70)
    starts = np.array(problem.x0) + rng.normal(size=(70, len(problem.x0)))
    by_loop = lockstep_rows._by_loop

    def counted(*args):
        left = by_loop(*args)
        made.append(70 - len(left))
        return left

    monkeypatch.setattr(lockstep_rows, "_by_loop", counted)
    decays = [ss.Exponential(rate, 0.1) for rate in rates.tolist()]
    for rule in (
        ss.SGD(lr=rates[:, None]),
        ss.Momentum(lr=rates[:, None], momentum=rng.uniform(0, 0.99, (70, 1))),
        ss.Nesterov(lr=ss.PerRun(tuple(decays))),
        ss.Adam(lr=decays[0], beta1=rng.uniform(0.1, 0.99, (70, 1))),
        ss.RMSprop(lr=rates[:, None]),
        ss.ScheduleFreeSGD(lr=rates[:, None]),
    ):
        first, second = (traces_in_lockstep(problem, rule, starts, steps, compiled=c) for c in (False, True))
        assert first.failures == second.failures
        over = first.diverged
        for field in (f for f in fields(first) if f.name != "failures"):
            a, b = getattr(first, field.name), getattr(second, field.name)
            if field.name in ("step_norm", "rate", "still"):  # what no verdict on a lost run looks at
                a, b = (np.where(over, 0.0, rows) for rows in (a, b))
            np.testing.assert_array_equal(a, b, err_msg=field.name)
    # Sums of eight terms and more have an order of their own, a cosine has NumPy's digits, and averages have
    # another point to report.
    assert sum(made) > 70 * 2 or len(problem.x0) > 7 or isinstance(problem, ss.Rastrigin)
    assert made[-1] == 0


@pytest.mark.parametrize(("rule", "other"), [(ss.Momentum, "momentum"), (ss.Adam, "beta1")])
def test_a_sweep_is_the_same_with_a_compiled_loop_and_without(monkeypatch, rule, other):
    pytest.importorskip("llvmlite")
    grid = {"lr": np.geomspace(1e-4, 10, 90), other: [0.5, 0.9]}
    plain = ss.sweep(ss.Rosenbrock(), rule, 90, history=5, **grid)
    monkeypatch.setattr(batch, "PAYS", 0)
    compiled = ss.sweep(ss.Rosenbrock(), rule, 90, history=5, **grid)
    assert plain.outcome.tobytes() == compiled.outcome.tobytes()
    assert plain.errors.tobytes() == compiled.errors.tobytes()


def test_a_store_and_two_processes_give_the_same_bits(tmp_path):
    pytest.importorskip("joblib")
    grid = {"lr": np.geomspace(1e-4, 10, 40), "batch": 9}
    whole = ss.sweep(ss.Rosenbrock(), ss.Momentum, 60, history=5, **grid)
    file = tmp_path / "runs.sqlite"
    ss.sweep(ss.Rosenbrock(), ss.Momentum, 60, history=5, store=file, lr=grid["lr"][:17])
    rest = ss.sweep(ss.Rosenbrock(), ss.Momentum, 60, history=5, store=file, jobs=2, **grid)
    assert rest.computed == 23
    assert rest.outcome.tobytes() == whole.outcome.tobytes()


def test_runs_that_are_lost_do_not_disturb_the_others():
    """Half of the runs become inf; they are dropped, and the others are those that they were without them."""
    tame, wild = np.geomspace(1e-3, 0.05, 40), np.geomspace(1e3, 1e9, 60)
    mixed = ss.sweep(PROBLEMS[0], ss.SGD, 120, lr=np.concatenate([wild[:30], tame, wild[30:]]))
    alone = ss.sweep(PROBLEMS[0], ss.SGD, 120, lr=tame)
    assert mixed.outcome[30:70].tobytes() == alone.outcome.tobytes()
    assert (mixed["stop"] == "diverged").sum() == 60


class Cracked(ss.Problem, abstract=True):
    """The parabola x^2, whose value or gradient is nan beyond 3."""

    broken: str = "fun"
    components = True
    minimum = 0.0
    x0 = (1.0,)

    def fun(self, x):
        (a,) = parts(x)
        return where(a > 3.0, np.nan, a * a) if "fun" in self.broken else a * a

    def grad(self, x):
        (a,) = parts(x)
        return join(where(a > 3.0, np.nan, 2 * a) if "grad" in self.broken else 2 * a)


@pytest.mark.parametrize("broken", ["fun", "grad", "fun and grad", "none"])
def test_nan_where_nothing_was_large_is_no_divergence(broken):
    result = ss.sweep(Cracked(broken), ss.SGD, 400, lr=[0.1, 0.9, 1.1, 1.5, 2.0, 30.0])
    assert ("failed" in result["verdict"]) == (broken != "none")
    check(result)


@pytest.mark.parametrize("broken", ["fun", "grad"])
def test_nor_is_it_where_runs_do_not_go_in_lockstep(broken):
    def fun(x):
        a = x[..., 0]
        return np.where((a > 3.0) & (broken == "fun"), np.nan, a * a)

    def grad(x):
        return np.where((x > 3.0) & (broken == "grad"), np.nan, 2 * x)

    problem = ss.Problem.of(fun, grad, x0=[1.0], minimum=0.0)
    for rates in ([0.1, 0.9, 1.1, 1.5, 2.0, 30.0], [1.5, 2.0]):
        result = ss.sweep(problem, ss.SGD, 400, lr=rates)
        assert "failed" in result["verdict"]
        check(result)


@pytest.mark.parametrize("rule", [ss.RMSprop(), ss.Momentum(), ss.ScheduleFreeSGD()], ids=repr)
@pytest.mark.parametrize("data", [ss.LeastSquares, ss.LogisticRegression])
def test_runs_on_mini_batches_are_judged_at_every_update(rule, data):
    rng = np.random.default_rng(1)
    inputs = rng.normal(size=(30, 3))
    targets = inputs @ [1.0, 2.0, 3.0] + 0.1 * rng.normal(size=30)
    problem = ss.MiniBatch(data(inputs, targets if data is ss.LeastSquares else targets > 0), 8)
    result = ss.sweep(problem, rule, 80, lr=[0.03, 0.1, 0.3, 3.0], atol=0.5, seeds=2, history=6)
    check(result)
    assert (result["settled"] < 80).any()


@pytest.mark.parametrize(
    "rule",
    [
        ss.Momentum(lr=1e-4),
        ss.Adam(lr=ss.Exponential(1.0, 0.5)),
        ss.ScheduleFreeSGD(lr=1e-4),
        ss.PolyakRuppert(ss.SGD(lr=1e-4)),
    ],
    ids=repr,
)
def test_the_traces_are_those_of_histories(rule):
    problem, starts = ss.Rosenbrock(), np.random.default_rng(0).normal(size=(9, 2)) * 0.5
    starts[4] = 30.0, 9.0
    found = traces_in_lockstep(problem, rule, starts, 80)
    told = traces_of(ss.minimize(problem, rule, starts, 80))
    assert found.failures == told.failures
    for field in fields(told):
        if field.name == "failures":
            continue
        a, b = getattr(found, field.name), getattr(told, field.name)
        if field.name == "step_norm":
            a, b = (np.where(told.diverged, 0.0, rows[-2:]) for rows in (a, b))
        elif field.name == "rate" and not callable(rule.lr):
            a, b = 1.0, 1.0
        elif np.shape(a) == (9,):
            a, b = (
                np.where(told.diverged & (field.name not in ("nit", "diverged")), 0, rows) for rows in (a, b)
            )
        np.testing.assert_array_equal(a, b, err_msg=field.name)


@pytest.mark.parametrize(
    ("problem", "rule"),
    [
        (NoisyBowl(), ss.SGD(lr=0.1)),
        (ss.Rosenbrock(), ss.Newton()),
        (ss.Rosenbrock(), ss.LBFGS(lr=0.1)),
    ],
    ids=["a problem that varies", "a rule that needs the Hessian", "a rule that is not elementwise"],
)
def test_what_is_more_than_elementwise_arithmetic_does_not_go_in_lockstep(problem, rule):
    with pytest.raises((Untraceable, TypeError)):
        Lockstep(problem, rule, np.array([problem.x0, problem.x0]), 5)


def test_where_runs_in_lockstep_began_and_are_is_a_row_a_run():
    starts = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    runs = Lockstep(ss.Quadratic([1.0, 2.0]), ss.SGD(lr=0.5), starts, 4)
    assert runs.start.tolist() == starts.tolist()
    runs.advance(2)
    assert runs.start.tolist() == starts.tolist()
    assert runs.x.tolist() == [[0.25, 0.0], [0.75, 0.0], [1.25, 0.0]]


def test_the_bytes_of_a_row_are_those_of_its_tables():
    """Value, gradient norm and whether the update overshot, and beside these the mark of a compiled loop."""
    _, rows = lockstep_rows.make_rows(
        ss.Rosenbrock(), ss.SGD(lr=1e-3), np.zeros((32, 2)), 20, lockstep_rows.Room()
    )
    tables = (rows.fun, rows.grad_norm, rows.overshoot, np.zeros(1, bool))
    assert sum(table.itemsize for table in tables) == lockstep_rows.BYTES_A_ROW


@pytest.mark.parametrize("rule", [ss.SGD, ss.Momentum, ss.AdaBelief], ids=lambda rule: rule.__name__)
def test_in_single_precision_what_overflows_is_judged_as_alone(rule):
    """Far out a slope is inf there, and so is what it is compared with, while neither is in double."""
    start = np.array([10.0], np.float32)
    result = ss.sweep(ss.CosineWave(), rule, 60, x0=start, lr=np.linspace(3, 3000, 40).tolist())
    check(result, rtol=1e-5)
