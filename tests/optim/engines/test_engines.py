"""One rule, three engines: whichever runs it, the run is the same."""

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optim import MADGRAD, SGD, Adam, ClipByValue, Momentum, Optimizer, RMSprop, minimize
from optim.engines import batched, chunks, floats, large
from optim.engines.symbols import Untraceable
from optim.engines.tracing import trace_function, trace_update
from optim.hyperparameters import Hyper, Hypers
from optim.optimizer import Evaluation
from optim.steppers import stepper_for
from optim.sweep import sweep
from problems import CosineWave, Parabola, Problem, Quadratic, Rosenbrock
from schedules import BarzilaiBorwein, Exponential, PerRun
from stepsize.core.elementwise import exp, join, parts, sqrt, where
from tests.instances import OPTIMIZERS, PROBLEMS, name_of
from tests.optim.engines.rules import COMPILED

X0 = np.array([-1.2, 1.0])
ELEMENTWISE = [o for o in OPTIMIZERS if o.elementwise and not o.requires and o.batched]
BY_COMPONENTS = [p for p in PROBLEMS if p.components and not p.varies]
# Every rule on two problems, and every problem with two rules.
PAIRS = [(opt, problem) for opt in ELEMENTWISE for problem in (Rosenbrock(), CosineWave())] + [
    (opt, problem) for opt in (Momentum(), Adam()) for problem in BY_COMPONENTS
]
COLUMNS = ("x", "fun", "grad_norm", "lr", "overshoot", "output", "output_fun")


def calm(opt):
    return opt.replace(lr=1e-3) if "lr" in opt.hypers() else opt


def assert_same_run(run, reference, rtol=0.0):
    assert (run.status, run.nit, run.nfev, run.message) == (
        reference.status,
        reference.nit,
        reference.nfev,
        reference.message,
    )
    assert np.array_equal(run.diverged, reference.diverged)
    for name in COLUMNS:
        got, expected = getattr(run.history, name), getattr(reference.history, name)
        if expected is None:
            assert got is None
            continue
        assert got.dtype == expected.dtype, name
        assert got.shape == expected.shape, name
        if rtol and name != "overshoot":
            np.testing.assert_allclose(got, expected, rtol=rtol, atol=1e-14, err_msg=name)
        elif not rtol:
            assert np.array_equal(got, expected, equal_nan=got.dtype.kind == "f"), name
    assert run.state.n == reference.state.n
    for got, expected in zip(run.state.slots, reference.state.slots, strict=True):
        if rtol:
            np.testing.assert_allclose(got, expected, rtol=rtol, atol=1e-14)
        else:
            assert np.array_equal(got, expected, equal_nan=True)


# The trace ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("opt", ELEMENTWISE, ids=name_of)
def test_every_elementwise_rule_can_be_traced_on_all_of_its_branches(opt):
    x = np.ones((1, 2))
    hypers = Hypers(opt, x)
    for n in range(12):
        h = hypers.resolve(n)
        trace = trace_update(opt, h, len(opt.slots), x.dtype)
        assert trace.known(h) is not None
        assert len(trace.outputs) == 1 + len(opt.slots)


@st.composite
def rules_and_starts(draw):
    """A rule with each hyperparameter a number, scheduled, one a run or one a coordinate; and a batch."""
    opt = calm(draw(st.sampled_from(ELEMENTWISE)))
    runs, d = draw(st.integers(1, 5)), draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    for name in opt.hypers():
        value = getattr(opt, name)
        if not isinstance(value, float):
            continue
        kind = draw(st.sampled_from(["number", "schedule", "rows", "run", "coordinate", "both"]))
        factors = rng.uniform(0.5, 1.0, (runs, d))
        changed = {
            "number": value,
            "schedule": Exponential(value, 0.1),
            "rows": PerRun([Exponential(value * c, 0.1) for c in factors[:, 0].tolist()]),
            "run": value * factors[:, :1],
            "coordinate": value * factors[:1],
            "both": value * factors,
        }[kind]
        opt = opt.replace(**{name: changed})
    dtype = draw(st.sampled_from([np.float64, np.float32]))
    return opt, rng.uniform(-1.5, 1.5, (runs, d)).astype(dtype), rng


@settings(max_examples=150, deadline=None)
@given(rules_and_starts())
def test_a_replayed_rule_gives_the_bits_of_the_readable_one(case):
    opt, x, rng = case
    x = opt.spread(x)
    slots = opt.init(x).slots
    tile_x, tile_g = batched.inner(x), np.empty_like(x.T, order="C")
    block = batched.RunBlock(_Given(), opt, [], tile_x, tile_g, tuple(batched.inner(s) for s in slots))
    hypers = Hypers(opt, x)
    with np.errstate(all="ignore"):
        for n in range(6):
            g = rng.normal(size=x.shape).astype(x.dtype)
            block.g[:] = g.T
            block.advance(n)
            x, slots = opt.update(x, g, slots, hypers.resolve(n))
            for got, expected in zip((block.x, *block.slots), (x, *slots), strict=True):
                assert np.array_equal(got.T, expected, equal_nan=True)


class _Given:
    """A problem whose gradients the test puts into the tile itself."""

    components = False

    def grad(self, x):
        return np.zeros_like(x)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(ELEMENTWISE), st.sampled_from([np.float64, np.float32]), st.booleans(), st.data())
def test_a_step_in_blocks_gives_the_bits_of_the_readable_one(opt, dtype, overwrite, data):
    shape = data.draw(st.sampled_from([(37,), (5, 9), (2, 3, 4)]))
    threads = data.draw(st.sampled_from([1, 2, 3]))
    if "lr" in opt.hypers() and data.draw(st.booleans()):
        opt = opt.replace(lr=np.random.default_rng(3).uniform(1e-3, 1e-1, shape))
    rng = np.random.default_rng(1)
    x = rng.normal(size=shape).astype(dtype)
    state = opt.init(x)
    y, slots = x.copy(), state.slots
    if overwrite:
        x, state = x.copy(), opt.init(x)
    with pytest.MonkeyPatch.context() as patch, np.errstate(all="ignore"):
        patch.setattr(large, "BLOCK", 8)
        for n in range(4):
            g = rng.normal(size=shape).astype(dtype)
            g.flags.writeable = False
            kept = x.copy(), [s.copy() for s in state.slots]
            before = x, state
            x, state = large.step(opt, x, g, state, threads=threads, overwrite=overwrite)
            if not overwrite:
                assert np.array_equal(before[0], kept[0])
                assert all(np.array_equal(a, b) for a, b in zip(before[1].slots, kept[1], strict=True))
            y, slots = opt.update(y, g, slots, Hypers(opt, y).resolve(n))
            assert x.dtype == dtype
            assert np.array_equal(x, y, equal_nan=True)
            assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(state.slots, slots, strict=True))


def test_a_huge_step_takes_the_blocks_and_a_rule_that_cannot_be_traced_does_not():
    x = np.linspace(-1.0, 1.0, 2**18 + 3)
    opt = Adam(lr=0.1)
    big, _ = opt.step(x, np.sin(9 * x), opt.init(x))
    readable, _ = opt.update(x, np.sin(9 * x), opt.init(x).slots, Hypers(opt, x).resolve(0))
    assert np.array_equal(big, readable)
    opt = Centred(lr=0.1)
    big, _ = opt.step(x, np.sin(9 * x), opt.init(x))
    assert np.array_equal(big, x - 0.1 * (np.sin(9 * x) - np.sin(9 * x).mean()))


class Centred(Optimizer, abstract=True):
    """A rule that claims to be elementwise, and is not."""

    lr: Hyper = 0.1

    def direction(self, x, g, slots, h):
        return g - g.mean(), ()


class Branching(Optimizer, abstract=True):
    """A rule with branches on the count, on a schedule, and between arrays; with results that are inputs."""

    slots = ("old", "older", "flag")
    lr: Hyper = 0.01
    beta: Hyper = Exponential(0.9, 0.05)

    def update(self, x, g, slots, h):
        old, older, flag = slots
        d = g if h.t % 3 == 1 else where(g > older, old, 2 * g)
        if h.beta > 0.7 and not h.t > 9:
            d = d / sqrt(1 + abs(d)) ** 2.0
        return x - h.lr * (d + h.beta**h.t * flag), (g, old, 0.25)

    def start(self, x, h):
        return tuple(np.zeros_like(x) for _ in self.slots)


def test_branches_are_traced_anew_and_results_that_are_inputs_are_copied():
    opt, starts = Branching(), np.random.default_rng(2).normal(size=(6, 2))
    reference = minimize(Rosenbrock(), opt, x0=starts, steps=15, engine="array")
    for name in ("x", "fun", "grad_norm"):
        traced = minimize(Rosenbrock(), opt, x0=starts, steps=15, engine="traced")
        got, expected = getattr(traced.history, name), getattr(reference.history, name)
        assert np.array_equal(got, expected, equal_nan=True)


@pytest.mark.parametrize(
    "rule",
    [
        lambda x: [x[0].sum()],
        lambda x: [np.clip(x[0], 0, 1)],
        lambda x: [x[0] if x[1] > 0 else x[1]],
        lambda x: [x[0] @ x[1]],
        lambda x: [float(x[0])],
        lambda x: [x[0] * np.ones(3)],
        lambda x: [x],
    ],
)
def test_what_is_no_straight_line_arithmetic_cannot_be_traced(rule):
    with pytest.raises(Untraceable):
        trace_function(rule, 2, np.float64)


# Batches --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("opt", "problem"), PAIRS, ids=name_of)
def test_a_traced_batch_leaves_the_run_that_arrays_leave(opt, problem):
    """Bit for bit, or nearly where a gradient by components is not the one by arrays (a dot product)."""
    starts = np.array(problem.x0) * np.array([[1.0], [0.9], [0.7]]) + np.array([[0.0], [0.01], [0.2]])
    opt = calm(opt)
    reference = minimize(problem, opt, x0=starts, steps=40, engine="array")
    assert_same_run(minimize(problem, opt, x0=starts, steps=40, engine="traced"), reference, rtol=1e-12)
    if isinstance(problem, Rosenbrock | Parabola | Quadratic):
        assert_same_run(minimize(problem, opt, x0=starts, steps=40), reference)


@pytest.mark.parametrize("problem", [Rosenbrock(), Rosenbrock(9), Quadratic([[3.0, 1.0], [1.0, 2.0]])])
def test_a_batch_with_rows_that_diverge_leaves_the_same_run(problem):
    rates = np.geomspace(1e-4, 2.0, 12)[:, None]
    for opt in (SGD(lr=rates), Momentum(lr=rates), Adam(lr=rates)):
        reference = minimize(problem, opt, steps=90, engine="array")
        assert_same_run(minimize(problem, opt, steps=90, engine="traced"), reference)


@pytest.mark.parametrize("tol", [1e-3, 1e-9])
def test_a_batch_stops_where_the_last_row_meets_the_tolerance(tol):
    bowl, opt = Quadratic([1.0, 3.0]), SGD(lr=np.array([[0.3], [0.5], [0.9]]))
    reference = minimize(bowl, opt, steps=3000, tol=tol, engine="array")
    assert 16 < reference.nit < 3000
    assert_same_run(minimize(bowl, opt, steps=3000, tol=tol, engine="traced"), reference)


def test_a_batch_of_which_every_row_diverges_ends_at_the_same_update():
    opt = SGD(lr=np.array([[1.1], [1.5]]))
    reference = minimize(Parabola(), opt, steps=5000, engine="array")
    assert reference.status == 2
    assert_same_run(minimize(Parabola(), opt, steps=5000, engine="traced"), reference)


def test_a_traced_batch_is_resumed_bit_for_bit():
    opt, starts = Adam(lr=Exponential(0.01, 0.01)), np.random.default_rng(4).normal(size=(5, 2))
    whole = minimize(Rosenbrock(), opt, x0=starts, steps=100, engine="traced")
    first = minimize(Rosenbrock(), opt, x0=starts, steps=37, engine="traced")
    rest = minimize(Rosenbrock(), opt, x0=first.last_x, steps=63, state=first.state, engine="traced")
    assert np.array_equal(rest.x, whole.x)


@pytest.mark.parametrize("width", [1, 6, 64])
def test_a_batch_does_not_depend_on_the_size_of_its_tiles(width, monkeypatch):
    opt, starts = Adam(lr=0.01), np.random.default_rng(4).normal(size=(7, 2))
    reference = minimize(Rosenbrock(), opt, x0=starts, steps=70, engine="array")
    monkeypatch.setattr(batched, "BLOCK_RUNS", width)
    monkeypatch.setattr(batched, "HISTORY", 10 * width)
    assert_same_run(minimize(Rosenbrock(), opt, x0=starts, steps=70, engine="traced"), reference)


# Floats ---------------------------------------------------------------------------------------------------


@pytest.fixture(params=[64, 10**6], ids=["written", "called"])
def way_of_floats(request, monkeypatch):
    """Long runs have their operations written out, short ones call the rule once a coordinate."""
    monkeypatch.setattr(floats.Floats, "length", request.param)


@pytest.mark.usefixtures("way_of_floats")
@pytest.mark.parametrize("opt", ELEMENTWISE, ids=name_of)
def test_floats_leave_the_run_that_arrays_leave_bit_for_bit(opt):
    for problem in (Rosenbrock(), Quadratic([1.0, 20.0])):
        opt = calm(opt)
        reference = minimize(problem, opt, steps=200, engine="array")
        assert_same_run(minimize(problem, opt, steps=200, engine="floats"), reference)


@pytest.mark.usefixtures("way_of_floats")
@pytest.mark.parametrize(("opt", "problem"), PAIRS, ids=name_of)
def test_floats_leave_nearly_the_run_that_arrays_leave_on_every_problem(opt, problem):
    """Python's exp, sin and cos differ from NumPy's in the last bit now and then."""
    opt = calm(opt)
    reference = minimize(problem, opt, steps=200, engine="array")
    assert_same_run(minimize(problem, opt, steps=200, engine="floats"), reference, rtol=1e-12)


@pytest.mark.parametrize("steps", [0, 1, 15, 511, 512, 513, 1100])
def test_floats_leave_the_same_run_around_the_ends_of_chunks(steps):
    opt = Adam(lr=Exponential(0.01, 0.001))
    reference = minimize(Rosenbrock(), opt, steps=steps, engine="array")
    assert_same_run(minimize(Rosenbrock(), opt, steps=steps, engine="floats"), reference)


# MADGRAD takes cube roots, whose last digit is NumPy's own.
WRITTEN = [o for o in ELEMENTWISE if not o.has_separate_output and not isinstance(o, MADGRAD)]


@pytest.mark.parametrize("opt", WRITTEN, ids=name_of)
@pytest.mark.parametrize("problem", [Rosenbrock(), Quadratic([1.0, 20.0])], ids=name_of)
def test_every_elementwise_rule_is_written_out(opt, problem):
    x = np.array(problem.x0, dtype=float)
    stepper = stepper_for(calm(opt), problem, x, calm(opt).init(x))
    engine = floats.Floats(stepper)
    chunk = engine.chunk(0, x, stepper.evaluate(0, x), calm(opt).init(x).slots, engine.length)
    assert len(engine.pages) == 1
    assert 1 <= len(chunk.lr) <= engine.length


@pytest.mark.parametrize("problem", [Rosenbrock(12), Quadratic(np.linspace(1.0, 9.0, 16))], ids=name_of)
def test_a_dozen_dimensions_are_written_out_as_well(problem):
    reference = minimize(problem, Adam(lr=0.01), steps=600, engine="array")
    assert_same_run(minimize(problem, Adam(lr=0.01), steps=600), reference)


def test_a_loop_that_is_written_out_can_be_read():
    """The page of gradient descent on (x - 1)^2: its update, and the slope where that leads."""
    engine = floats.Floats(stepper_for(SGD(lr=0.25), OneAway(), np.array([3.0]), SGD(lr=0.25).init([3.0])))
    engine.chunk(0, np.array([3.0]), Evaluation(4.0, np.array([4.0])), (), engine.length)
    assert engine.pages[0].source.split("\n") == [
        "def updates(rows, columns, x0, g0, n0):",
        "    for _ in columns:",
        "        a0_2 = n0 * g0",
        "        a0_3 = x0 - a0_2",
        "        x0 = a0_3",
        "        b1 = x0 - 1.0",
        "        b2 = 2.0 * b1",
        "        g0 = b2",
        "        rows += x0, g0",
        "    return []",
    ]


class OneAway(Problem, abstract=True):
    components = True
    x0 = (3.0,)

    def fun(self, x):
        (a,) = parts(x)
        return (a - 1.0) * (a - 1.0)

    def grad(self, x):
        (a,) = parts(x)
        return join(2.0 * (a - 1.0))


class Cornered(OneAway, abstract=True):
    """A gradient that cannot be traced, because it asks where it is."""

    def grad(self, x):
        (a,) = parts(x)
        return join(2.0 * (a - 1.0) if np.all(a > 1.0) else -1.0 + 0.0 * a)


def test_a_gradient_that_cannot_be_traced_is_called():
    reference = minimize(Cornered(), Momentum(lr=0.1), steps=600, engine="array")
    assert_same_run(minimize(Cornered(), Momentum(lr=0.1), steps=600, engine="floats"), reference)


@pytest.mark.parametrize("change", [5, 40, 600])
def test_a_written_loop_ends_where_the_rule_takes_another_branch(change):
    """After some updates the rule goes half as fast; the first branch and the second are written apart."""
    opt = Slowing(lr=Exponential(0.01, 0.001), after=change)
    reference = minimize(Rosenbrock(), opt, steps=1100, engine="array")
    assert_same_run(minimize(Rosenbrock(), opt, steps=1100, engine="floats"), reference)


class Slowing(Optimizer, abstract=True):
    lr: Hyper = 0.1
    after: int = 5

    def direction(self, x, g, slots, h):
        return (g if h.t <= h.after else 0.5 * g) / 100.0, slots


def test_the_rates_of_a_wrapped_rule_are_those_of_the_rule_inside():
    opt = ClipByValue(Momentum(lr=Exponential(0.01, 0.001)), 1.0)
    assert opt.elementwise
    reference = minimize(Rosenbrock(), opt, steps=600, engine="array")
    assert_same_run(minimize(Rosenbrock(), opt, steps=600, engine="floats"), reference)


@settings(max_examples=40, deadline=None)
@given(st.floats(1e-12, 1.0), st.floats(0.05, 1.2))
def test_floats_stop_where_arrays_stop(tol, lr):
    reference = minimize(Parabola(), Momentum(lr=lr, momentum=0.5), steps=700, tol=tol, engine="array")
    run = minimize(Parabola(), Momentum(lr=lr, momentum=0.5), steps=700, tol=tol, engine="floats")
    assert_same_run(run, reference)


@pytest.mark.parametrize("lr", [1.1, 9.0, 1e100])
def test_floats_diverge_where_arrays_diverge(lr):
    for problem in (Parabola(), Rosenbrock()):
        reference = minimize(problem, SGD(lr=lr), steps=5000, engine="array")
        assert reference.status == 2
        assert_same_run(minimize(problem, SGD(lr=lr), steps=5000, engine="floats"), reference)


class Well(Problem, abstract=True):
    """A well whose exp overflows on floats where arrays give inf, and from which arrays may come back."""

    components = True
    x0 = (800.0,)
    minimum = None

    def fun(self, x):
        (a,) = parts(x)
        return a - 1 / (1 + exp(a))

    def grad(self, x):
        (a,) = parts(x)
        return join(1 + 1 / (1 + exp(a)))


def test_where_floats_raise_arrays_decide():
    reference = minimize(Well(), SGD(lr=2.0), steps=100, engine="array")
    assert reference.status == 0
    assert_same_run(minimize(Well(), SGD(lr=2.0), steps=100, engine="floats"), reference)


def test_a_root_of_a_negative_number_is_left_to_arrays():
    reference = minimize(Rosenbrock(), Rooting(), steps=10, engine="array")
    assert reference.status == 2
    assert_same_run(minimize(Rosenbrock(), Rooting(), steps=10, engine="floats"), reference)


class Rooting(Optimizer, abstract=True):
    """A rule that takes a power of a gradient of either sign: a complex number for Python, nan for NumPy."""

    lr: Hyper = 1e-3

    def direction(self, x, g, slots, h):
        return g**1.5, ()


# Which engine ---------------------------------------------------------------------------------------------


def engine_used(monkeypatch, *args, **options):
    used = []
    plain = chunks.next_chunk

    def watched(engine, *rest):
        used.append(type(engine).__name__)
        return plain(engine, *rest)

    monkeypatch.setattr(sys.modules["optim.minimize"], "next_chunk", watched)
    minimize(*args, steps=5, **options)
    return used[0] if used else "array"


def test_minimize_chooses_by_what_rule_and_problem_declare(monkeypatch):
    monkeypatch.setattr("optim.engines.PAYS", 10**6)  # whether or not all of the suite is compiled
    many = np.array([[1e-3], [1e-4]])
    valley = Rosenbrock()
    assert engine_used(monkeypatch, valley, SGD(lr=1e-3)) == "Floats"
    assert engine_used(monkeypatch, Rosenbrock(17), SGD(lr=1e-4)) == "array"
    assert engine_used(monkeypatch, valley, SGD(lr=1e-3), X0.astype(np.float32)) == "array"
    assert engine_used(monkeypatch, valley, SGD(lr=np.array([1e-3, 1e-4]))) == "array"
    assert engine_used(monkeypatch, Quadratic([[2.0, 1.0], [1.0, 2.0]]), SGD(lr=0.1)) == "CalledFloats"
    assert engine_used(monkeypatch, valley, SGD(lr=1e-3), callback=print) == "array"
    assert engine_used(monkeypatch, valley, SGD(lr=1e-3), engine="array") == "array"
    assert engine_used(monkeypatch, valley, SGD(lr=many)) == "BatchedEngine"
    assert engine_used(monkeypatch, valley, Centred(lr=many)) == "BatchedEngine"  # which then gives up


def test_a_rule_that_cannot_be_traced_is_run_on_arrays():
    opt = Centred(lr=np.array([[1e-3], [1e-4]]))
    reference = minimize(Rosenbrock(), opt, steps=20, engine="array")
    assert_same_run(minimize(Rosenbrock(), opt, steps=20), reference)


@pytest.mark.parametrize("engine", ["floats", "traced", COMPILED])
def test_an_engine_that_cannot_make_the_run_says_so(engine):
    with pytest.raises(ValueError, match=f"engine: got the str '{engine}', expected array"):
        minimize(Quadratic([[2.0, 1.0], [1.0, 2.0]]), SGD(lr=BarzilaiBorwein()), engine=engine)
    with pytest.raises(ValueError, match="engine: got the str 'fast', expected one of auto, array"):
        minimize(Parabola(), SGD(lr=0.1), engine="fast")


# Sweeps ---------------------------------------------------------------------------------------------------


def one_run(opt, row):
    """The same optimizer with the numbers of one row."""
    values = {
        name: float(value[row, 0]) if isinstance(value, np.ndarray) else value for name, value in opt.fields()
    }
    return opt.replace(
        **{name: v.schedules[row] if isinstance(v, PerRun) else v for name, v in values.items()}
    )


def assert_rows_are_lone_runs(ends, problem, opt, starts, steps, rows):
    for row in rows:
        alone = minimize(problem, one_run(opt, row), x0=starts[row], steps=steps, engine="array")
        assert np.array_equal(ends.x[row], alone.x), row
        assert ends.fun[row] == alone.fun
        assert ends.grad_norm[row] == alone.history.grad_norm[-1]
        assert ends.nit[row] == alone.nit
        assert ends.diverged[row] == alone.diverged


@pytest.mark.parametrize("check", [1, 32])
@pytest.mark.parametrize("problem", [Rosenbrock(), Quadratic([[3.0, 1.0], [1.0, 2.0]])], ids=name_of)
def test_every_row_of_a_sweep_ends_as_its_lone_run_diverged_or_not(problem, check):
    rng = np.random.default_rng(0)
    rates = np.geomspace(1e-4, 300.0, 40)[:, None]
    starts = rng.normal(size=(40, 2))
    seen = set()
    for opt in (
        SGD(lr=rates),
        Momentum(lr=rates, momentum=rng.uniform(0, 1, (40, 1))),
        RMSprop(lr=PerRun([Exponential(float(r), 0.01) for r in rates[:, 0]])),
        Adam(lr=rates),
    ):
        ends = sweep(problem, opt, x0=starts, steps=150, check=check)
        assert_rows_are_lone_runs(ends, problem, opt, starts, 150, range(40))
        seen |= set(ends.diverged.tolist())
    assert seen == {False, True}


@pytest.mark.parametrize("lr", [1.1, 9.0])
def test_the_update_at_which_a_row_diverges_is_that_of_theory(lr):
    """x is multiplied by 1 - 2 lr; x^2 overflows beyond 1.3e154, long before the gradient 2x does."""
    last = np.floor(np.log(np.sqrt(np.finfo(float).max) / 10) / np.log(abs(1 - 2 * lr)))
    ends = sweep(Parabola(), SGD(lr=np.array([[0.4], [lr]])), steps=3000)
    assert ends.nit.tolist() == [3000, last]
    assert ends.diverged.tolist() == [False, True]


def test_rows_with_powers_of_their_own_end_nearly_as_their_lone_runs():
    """beta**t is multiplied up where beta differs from row to row."""
    rng = np.random.default_rng(6)
    opt = Adam(lr=1e-3, beta1=rng.uniform(0, 0.99, (30, 1)), beta2=rng.uniform(0.9, 0.999, (30, 1)))
    ends = sweep(Rosenbrock(), opt, steps=200)
    for row in range(30):
        alone = minimize(Rosenbrock(), one_run(opt, row), steps=200, engine="array")
        np.testing.assert_allclose(ends.x[row], alone.x, rtol=1e-12)


@pytest.mark.parametrize("threads", [1, 2])
def test_powers_do_not_depend_on_how_a_sweep_is_cut(threads, monkeypatch):
    beta = np.linspace(0.5, 0.99, 20)[:, None]
    opt = Adam(lr=np.geomspace(1e-3, 1e300, 20)[:, None], beta2=beta)
    reference = sweep(Rosenbrock(), opt, steps=75)
    monkeypatch.setattr("optim.sweep.BLOCK_RUNS", 6)
    ends = sweep(Rosenbrock(), opt, steps=75, check=5, threads=threads)
    assert 0 < ends.diverged.sum() < 20
    assert np.array_equal(ends.x, reference.x)
    assert np.array_equal(ends.nit, reference.nit)


def test_a_sweep_does_not_depend_on_tiles_threads_or_looks(monkeypatch):
    opt = Momentum(lr=np.geomspace(1e-4, 1.0, 50)[:, None], momentum=0.7)
    reference = sweep(Rosenbrock(), opt, steps=100)
    assert 0 < reference.diverged.sum() < 50
    for width, threads, check in ((2, 1, 7), (6, 3, 32), (200, 2, 1)):
        monkeypatch.setattr("optim.sweep.BLOCK_RUNS", width)
        ends = sweep(Rosenbrock(), opt, steps=100, threads=threads, check=check)
        for name in ("x", "fun", "grad_norm", "nit", "diverged"):
            assert np.array_equal(getattr(ends, name), getattr(reference, name)), name


@pytest.mark.parametrize("opt", ELEMENTWISE, ids=name_of)
def test_a_sweep_ends_where_the_batch_ends(opt):
    opt, starts = calm(opt), np.random.default_rng(3).uniform(0.5, 1, size=(4, 2))
    batch = minimize(Rosenbrock(), opt, x0=starts, steps=40, engine="array")
    ends = sweep(Rosenbrock(), opt, x0=starts, steps=40)
    assert np.array_equal(ends.x, batch.x)
    assert np.array_equal(ends.fun, batch.fun)


def test_a_sweep_of_a_rule_that_cannot_be_traced_knows_its_ends_as_well():
    rates = np.geomspace(1e-3, 3.0, 9)[:, None]
    ends = sweep(Quadratic([1.0, 2.0]), Halting(lr=rates), steps=400)
    for row in range(9):
        alone = minimize(Quadratic([1.0, 2.0]), Halting(lr=float(rates[row, 0])), steps=400, engine="array")
        assert np.array_equal(ends.x[row], alone.x)
        assert (ends.nit[row], ends.diverged[row]) == (alone.nit, alone.diverged)
    assert 0 < ends.diverged.sum() < 9


class Halting(Optimizer, abstract=True):
    """A rule that works along each run, so that it cannot be traced."""

    elementwise = False
    lr: Hyper = 0.1

    def direction(self, x, g, slots, h):
        return g + 0 * g.sum(axis=-1, keepdims=True), ()


def test_a_sweep_of_one_run_is_refused():
    with pytest.raises(ValueError, match="x0: got one run of shape"):
        sweep(Parabola(), SGD(lr=0.1))
