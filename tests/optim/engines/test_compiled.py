"""The compiled engine: the same bits as arrays, whatever rule, problem, schedule, shape and precision."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optim import SGD, Adam, Momentum, Optimizer, PolyakRuppert, RAdam, minimize
from optim.engines import step
from optim.engines.compiled import llvm, numbers, vector
from optim.engines.compiled.batch import CompiledBatch
from optim.engines.compiled.single import CompiledRun
from optim.engines.symbols import Untraceable
from optim.hyperparameters import Hyper, Hypers
from optim.steppers import stepper_for
from optim.sweep import sweep
from problems import CosineWave, Parabola, Problem, Quadratic, Rosenbrock
from schedules import Exponential, PerRun
from stepsize.core import elementwise
from stepsize.core.elementwise import exp, join, maximum, minimum, parts, sign, sqrt, where
from tests.instances import name_of
from tests.optim.engines.rules import Branchy, needs_compiler
from tests.optim.engines.test_engines import (
    BY_COMPONENTS,
    ELEMENTWISE,
    PAIRS,
    Branching,
    Slowing,
    assert_same_run,
    calm,
    rules_and_starts,
)

pytestmark = needs_compiler

# What the compiler itself refuses is no reason, but a fault of the text.
REASONS = r"engine: got the str 'compiled', expected array, because compiled cannot make this run: (?!LLVM)"


def run_or_reason(problem, opt, x0, steps, **options):
    """Return the compiled run, or None where the engine says what stands against it."""
    try:
        return minimize(problem, opt, x0, steps, engine="compiled", **options)
    except ValueError as error:
        if re.match(REASONS, str(error)) is None:
            raise
        return None


def assert_same_as_arrays(problem, opt, x0, steps, **options):
    run = run_or_reason(problem, opt, x0, steps, **options)
    if run is not None:
        reference = minimize(problem, opt, x0, steps, engine="array", **options)
        assert_same_run(run, reference)
        assert np.array_equal(run.history.step_norm, reference.history.step_norm, equal_nan=True)
    return run


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    ("opt", "problem"), [pair for pair in PAIRS if not isinstance(pair[1], CosineWave)], ids=name_of
)
def test_a_compiled_run_is_that_of_arrays(opt, problem, dtype):
    """Every rule on one problem, every problem with two rules; alone and as a batch."""
    x0 = np.array(problem.x0, dtype)
    assert_same_as_arrays(problem, calm(opt), x0, 150)
    assert_same_as_arrays(problem, calm(opt), np.stack([x0, x0 * dtype(0.9), x0 + dtype(0.01)]), 40)


def test_most_rules_and_problems_are_compiled():
    made = [run_or_reason(Rosenbrock(), calm(opt), None, 3) is not None for opt in ELEMENTWISE]
    assert np.mean(made) > 0.8
    solved = [run_or_reason(problem, Momentum(lr=1e-3), None, 3) is not None for problem in BY_COMPONENTS]
    assert np.mean(solved) > 0.5


@settings(max_examples=60, deadline=None)
@given(rules_and_starts(), st.booleans(), st.sampled_from([Rosenbrock, Parabola, Quadratic]))
def test_random_hyperparameters_schedules_shapes_and_precisions(case, alone, kind):
    opt, x, _ = case
    problem = {
        Rosenbrock: lambda: Rosenbrock(max(2, x.shape[1])),
        Parabola: Parabola,
        Quadratic: lambda: Quadratic(np.arange(1.0, x.shape[1] + 1)),
    }[kind]()
    if len(problem.x0) != x.shape[1]:
        return
    if alone:
        x, opt = x[0], of_first_run(opt)
    assert_same_as_arrays(problem, opt, x, 9)


def of_first_run(opt):
    """The same rule with what its first run has: numbers, one a coordinate, schedules."""
    values = {name: getattr(opt, name) for name in opt.hypers()}
    arrays = {name: value[0] for name, value in values.items() if isinstance(value, np.ndarray)}
    numbers = {name: float(value[0]) for name, value in arrays.items() if len(value) == 1}
    rows = {name: value.schedules[0] for name, value in values.items() if isinstance(value, PerRun)}
    return opt.replace(**(arrays | numbers | rows))


OPERATIONS = [
    lambda a, b: a + b,
    lambda a, b: a - 0.5 * b,
    lambda a, b: a * b,
    lambda a, b: a / (1.0 + abs(b)),
    lambda a, b: sqrt(abs(a)) - b,
    lambda a, b: maximum(a, b),
    lambda a, b: minimum(a, 0.1) + b,
    lambda a, b: where(a > b, b, a),
    lambda a, b: where((a < 0.3) & (b >= -0.2), a, -b),
    lambda a, b: (a > 0) * b + sign(a),
    lambda a, b: np.where(np.isnan(a) | ~np.isfinite(b), 0.5, a),
    lambda a, b: np.square(a) - np.reciprocal(2.0 + b * b),
    lambda a, b: np.floor(4 * a) / 4 + np.copysign(b, a),
    lambda a, b: a**2 - b,
    lambda a, b: np.logical_or(a > b, b > 1) + np.fabs(a),
]


class Composed(Optimizer, abstract=True):
    """A rule from outside, made of random operations on the gradient, a slot and hyperparameters."""

    slots = ("m",)
    lr: Hyper = 0.01
    beta: Hyper = 0.9
    plan: tuple = ()

    def direction(self, x, g, slots, h):
        values = [g, slots[0], x, h.beta, 1 - h.beta**h.t]
        for operation, i, j in self.plan:
            values.append(OPERATIONS[operation](values[i % len(values)], values[j % len(values)]))
        arrays = [v for v in values[5:] if np.ndim(v) or type(v) is not float]
        d = arrays[-1] + 0.0 * g if arrays else g
        return d, (0.5 * slots[0] + g,)


PLANS = st.lists(
    st.tuples(st.integers(0, len(OPERATIONS) - 1), st.integers(0, 19), st.integers(0, 19)), max_size=8
)


@settings(max_examples=80, deadline=None)
@given(
    PLANS,
    st.sampled_from([np.float64, np.float32]),
    st.sampled_from([0.9, Exponential(0.9, 0.1)]),
    st.booleans(),
)
def test_random_rules_from_outside(plan, dtype, beta, batch):
    opt = Composed(plan=tuple(plan), beta=beta)
    x0 = np.array([-1.2, 1.0], dtype)
    assert_same_as_arrays(Rosenbrock(), opt, np.stack([x0, x0 / 2]) if batch else x0, 7)


@pytest.mark.parametrize("problem", [Rosenbrock(), Quadratic([1.0, 20.0])], ids=name_of)
@pytest.mark.parametrize("steps", [0, 1, 2, 511, 512, 513])
def test_any_number_of_updates(problem, steps):
    assert assert_same_as_arrays(problem, Adam(lr=Exponential(0.01, 0.001)), None, steps)


@pytest.mark.parametrize("opt", [Branching(), Branchy(lr=1e-3), RAdam(lr=0.01), Slowing(lr=0.1, after=40)])
@pytest.mark.parametrize("batch", [False, True])
def test_a_rule_that_branches_on_the_count(opt, batch):
    """Every branch stands in the loop; and where a number is no number, arrays say what happens."""
    starts = np.random.default_rng(2).normal(size=(6, 2))
    for count in (3, 60):
        try:
            reference = minimize(Rosenbrock(), opt, starts if batch else starts[0], count, engine="array")
        except ZeroDivisionError:
            with pytest.raises(ZeroDivisionError):
                minimize(Rosenbrock(), opt, starts if batch else starts[0], count, engine="compiled")
            continue
        run = minimize(Rosenbrock(), opt, starts if batch else starts[0], count, engine="compiled")
        for name in ("x", "fun", "grad_norm", "lr", "overshoot", "step_norm"):
            got, expected = getattr(run.history, name), getattr(reference.history, name)
            assert np.array_equal(got, expected, equal_nan=got.dtype.kind == "f"), name


@settings(max_examples=40, deadline=None)
@given(st.floats(1e-12, 1.0), st.floats(0.05, 1.2), st.sampled_from([np.float64, np.float32]), st.booleans())
def test_a_run_stops_where_arrays_stop(tol, lr, dtype, known):
    problem = Rosenbrock() if known else Valley()
    opt = Momentum(lr=1e-3 * lr, momentum=0.5)
    assert assert_same_as_arrays(problem, opt, np.array([-0.2, 0.1], dtype), 700, tol=tol)


class Valley(Problem, abstract=True):
    """A bowl whose minimum is not stated, so that the gradient norm is the error."""

    components = True
    x0 = (1.0, 2.0)

    def fun(self, x):
        a, b = parts(x)
        return 30.0 * a * a + b * b

    def grad(self, x):
        a, b = parts(x)
        return join(60.0 * a, 2.0 * b)


@pytest.mark.parametrize("lr", [1.1, 9.0, 1e100])
@pytest.mark.parametrize("tol", [None, 1e-9])
def test_a_run_diverges_where_arrays_diverge(lr, tol):
    for problem in (Parabola(), Rosenbrock(), Rosenbrock(9)):
        run = assert_same_as_arrays(problem, SGD(lr=lr), None, 5000, tol=tol)
        assert run.status == 2


@pytest.mark.parametrize("scale", [1e-170, 1e-120, 1e120, 1e152])
@pytest.mark.parametrize("tol", [None, 0.0])
def test_lengths_whose_squares_leave_the_range(scale, tol):
    """`norm` does not use those squares, so that the loop may not judge by them either."""
    for problem in (Valley(), Quadratic([1.0, 20.0])):
        for opt in (SGD(lr=0.01), SGD(lr=1 / 60), Momentum(lr=0.01)):
            assert assert_same_as_arrays(problem, opt, scale * np.array([3.0, 4.0]), 90, tol=tol)


def test_a_run_whose_point_comes_to_rest_at_zero():
    run = assert_same_as_arrays(Valley(), SGD(lr=1 / 60), [1.0, 0.0], 50)
    assert run.history.grad_norm[-1] == 0.0


@pytest.mark.parametrize("every", [1, 7])
def test_a_thinned_run_and_one_that_reports_another_point(every):
    for opt in (Adam(lr=0.01), PolyakRuppert(Momentum(lr=1e-3))):
        run = minimize(Rosenbrock(), opt, steps=100, every=every, engine="compiled")
        assert_same_run(run, minimize(Rosenbrock(), opt, steps=100, every=every, engine="array"))


@pytest.mark.parametrize("engines", [("compiled", "array"), ("array", "compiled"), ("compiled", "compiled")])
@pytest.mark.parametrize("x0", [[-1.2, 1.0], [[-1.2, 1.0], [0.3, 0.4]]])
def test_a_run_goes_on_with_another_engine(engines, x0):
    opt = Adam(lr=Exponential(0.01, 0.01))
    whole = minimize(Rosenbrock(), opt, x0, 100, engine="array")
    first = minimize(Rosenbrock(), opt, x0, 37, engine=engines[0])
    rest = minimize(Rosenbrock(), opt, first.last_x, 63, state=first.state, engine=engines[1])
    assert np.array_equal(rest.x, whole.x)
    assert np.array_equal(rest.history.x, whole.history.x[37:])


def test_plain_functions_are_asked_for_few_updates_beyond_the_end():
    asked = []

    def rate(n):
        asked.append(n)
        return 0.25

    reference = minimize(Parabola(), SGD(lr=lambda _: 0.25), steps=4000, tol=1e-9, engine="array")
    assert_same_run(minimize(Parabola(), SGD(lr=rate), steps=4000, tol=1e-9, engine="compiled"), reference)
    assert max(asked) < 512


def test_rows_that_diverge_do_not_disturb_the_others():
    rates = np.geomspace(1e-4, 2.0, 12)[:, None]
    for opt in (SGD(lr=rates), Momentum(lr=rates), Adam(lr=rates)):
        for problem in (Rosenbrock(), Rosenbrock(9)):
            assert assert_same_as_arrays(problem, opt, None, 90)


# Sweeps -----------------------------------------------------------------------------------------------------


def assert_same_ends(ends, reference):
    for name in ("x", "fun", "grad_norm", "nit", "diverged"):
        got, expected = getattr(ends, name), getattr(reference, name)
        assert got.dtype == expected.dtype
        assert np.array_equal(got, expected, equal_nan=True), name


@pytest.mark.parametrize("opt", ELEMENTWISE, ids=name_of)
def test_a_compiled_sweep_ends_as_the_traced_one(opt):
    opt, starts = calm(opt), np.random.default_rng(3).uniform(0.5, 1, size=(37, 2))
    reference = sweep(Rosenbrock(), opt, starts, 45, engine="traced", check=20)
    try:
        ends = sweep(Rosenbrock(), opt, starts, 45, engine="compiled", check=20)
    except ValueError as error:
        if re.match(REASONS, str(error)) is None:
            raise
        return
    assert_same_ends(ends, reference)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("check", [1, 32])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_rows_of_a_sweep_that_diverge_are_cut_off_where_they_do(threads, check, dtype, monkeypatch):
    rng = np.random.default_rng(0)
    rates, starts = np.geomspace(1e-4, 300.0, 70)[:, None], rng.normal(size=(70, 2)).astype(dtype)
    monkeypatch.setattr("optim.sweep.BLOCK_RUNS", 66)
    for opt in (
        SGD(lr=rates),
        Momentum(lr=rates, momentum=rng.uniform(0, 1, (70, 1))),
        Adam(lr=rates, beta2=rng.uniform(0.9, 0.999, (70, 1))),
        SGD(lr=PerRun([Exponential(float(r), 0.01) for r in rates[:, 0]])),
        PolyakRuppert(SGD(lr=rates)),
    ):
        reference = sweep(Rosenbrock(), opt, starts, 150, check=check, engine="traced")
        ends = sweep(Rosenbrock(), opt, starts, 150, check=check, engine="compiled", threads=threads)
        assert_same_ends(ends, reference)
        assert 0 < ends.diverged.sum() < 70 or isinstance(opt, Adam)


def test_a_gradient_may_be_finite_where_its_square_is_not():
    opt = SGD(lr=np.array([[0.01], [0.02], [1e150]]))
    reference = sweep(Valley(), opt, [[3e152, 4e150]] * 3, 9, engine="traced", check=4)
    assert_same_ends(sweep(Valley(), opt, [[3e152, 4e150]] * 3, 9, engine="compiled", check=4), reference)
    assert reference.diverged.tolist() == [False, False, True]


class Flat(Problem, abstract=True):
    """Worth nothing anywhere, with a gradient that leads away from 0: lengths overflow, values do not."""

    components = True
    x0 = (1.0, 1.0)

    def fun(self, x):
        a, b = parts(x)
        return (a - a) + (b - b)

    def grad(self, x):
        a, b = parts(x)
        return join(-a, -b)


@pytest.mark.parametrize("check", [7, 50, 400])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("rule", [SGD, Momentum, lambda lr: PolyakRuppert(SGD(lr=lr))])
def test_a_run_is_lost_where_the_length_of_its_gradient_is_and_not_before(rule, dtype, check):
    """Rates that go through the numbers of which only the square overflows in one update, and in hundreds."""
    rates = np.concatenate([np.geomspace(1e-2, 1e40, 60), [0.0], np.linspace(1.0, 3.0, 40)])[:, None]
    start = np.array([1.0, 0.75], dtype)
    ends = sweep(Flat(), rule(rates), start, 400, check=check, engine="compiled")
    assert 20 < ends.diverged.sum() < len(rates)
    for k, rate in enumerate(rates[:, 0]):
        run = minimize(Flat(), rule(float(rate)), start, 400, engine="array")
        assert (ends.nit[k], ends.diverged[k]) == (run.nit, run.diverged)
        assert np.array_equal(ends.x[k], run.x)
        assert ends.grad_norm[k] == run.history.grad_norm[-1]


def test_a_sweep_takes_the_compiler_where_it_pays_or_says_what_stands_against_it(monkeypatch):
    opt = SGD(lr=np.array([[0.1], [0.2]]))
    monkeypatch.setattr("optim.sweep.PAYS", 10)
    used = []
    monkeypatch.setattr(
        "optim.engines.compiled.runs.compiled", lambda *a: used.append(a) or llvm.compiled(*a)
    )
    sweep(Parabola(), opt, steps=4)
    assert not used
    sweep(Parabola(), opt, steps=5)
    assert used
    assert sweep(CosineWave(), opt, steps=5).nit.tolist() == [5, 5]
    with pytest.raises(ValueError, match=REASONS + "it takes np.cos, whose last digit is NumPy's own"):
        sweep(CosineWave(), opt, steps=5, engine="compiled")
    with pytest.raises(
        ValueError, match="engine: got the str 'fast', expected one of array, traced, compiled"
    ):
        sweep(Parabola(), opt, steps=5, engine="fast")


# Huge vectors -----------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(ELEMENTWISE), st.sampled_from([np.float64, np.float32]), st.booleans(), st.data())
def test_a_compiled_step_gives_the_bits_of_the_readable_one(opt, dtype, overwrite, data):
    shape = data.draw(st.sampled_from([(37,), (5, 9), (2, 3, 4), (64,), (3,)]))
    threads = data.draw(st.sampled_from([1, 2]))
    rng = np.random.default_rng(1)
    if "lr" in opt.hypers() and data.draw(st.booleans()):
        opt = opt.replace(lr=rng.uniform(1e-3, 1e-1, shape))
    x = rng.normal(size=shape).astype(dtype)
    state, y, slots = opt.init(x), x.copy(), opt.init(x).slots
    with np.errstate(all="ignore"), pytest.MonkeyPatch.context() as patch:
        patch.setattr(vector, "SHARE", 1)
        for n in range(4):
            g = rng.normal(size=shape).astype(dtype)
            g.flags.writeable = False
            before = x.copy(), [s.copy() for s in state.slots], x, state
            try:
                x, state = step(opt, x, g, state, threads=threads, overwrite=overwrite, engine="compiled")
            except ValueError as error:
                if re.match(REASONS, str(error)) is None:
                    raise
                return
            if not overwrite:
                assert np.array_equal(before[2], before[0])
                assert all(np.array_equal(a, b) for a, b in zip(before[3].slots, before[1], strict=True))
            y, slots = opt.update(y, g, slots, Hypers(opt, y).resolve(n))
            assert x.dtype == dtype
            assert np.array_equal(x, y, equal_nan=True)
            assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(state.slots, slots, strict=True))


def test_few_numbers_are_updated_by_one_thread(monkeypatch):
    asked = []
    monkeypatch.setattr(
        vector, "each", lambda work, parts, threads: asked.append((threads, *map(work, parts)))
    )
    for size, used in ((vector.SHARE, []), (2 * vector.SHARE, [2]), (9 * vector.SHARE, [3])):
        asked.clear()
        x = np.ones(size)
        opt = SGD(lr=0.25)
        y, _ = step(opt, x, x, opt.init(x), threads=3 if used == [3] else 2, engine="compiled")
        assert (y == 0.75).all()
        assert [threads for threads, *_ in asked] == used
    with pytest.raises(ValueError, match="threads: got 0, expected a whole number of at least 1"):
        step(opt, x, x, opt.init(x), threads=0, engine="compiled")


def test_a_step_is_compiled_once_so_many_numbers_have_been_updated(monkeypatch):
    used = []
    plain = vector.update
    monkeypatch.setattr(vector, "update", lambda *a: used.append(a[3]().t) or plain(*a))
    x, opt = np.ones(1_000_000), SGD(lr=0.1)
    state = opt.init(x)
    for _ in range(6):
        x, state = step(opt, x, x, state)
    assert used == [5, 6]
    with pytest.raises(ValueError, match="engine: got the str 'fast', expected one of auto, array, traced"):
        step(opt, x, x, state, engine="fast")


@pytest.mark.parametrize("size", [5, 16, 37])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_steps_of_a_rule_whose_numbers_stand_are_those_of_arrays_each_time(size, dtype):
    """Of rules with equal and other numbers in turn, and of one whose branch asks about the count."""
    rng = np.random.default_rng(0)
    rates = rng.uniform(0.1, 0.2, (1, size))
    rules = [
        *(Momentum(lr=0.1), Momentum(lr=0.1), Momentum(lr=0.2), SGD(lr=Exponential(0.1, 0.5)), SGD(lr=rates)),
        *(SGD(lr=lambda n: 0.1 / (n + 1)), RAdam(), Adam(), PolyakRuppert(SGD(lr=0.1))),
    ]
    start = rng.normal(size=(1, size)).astype(dtype)
    held = [[start.copy(), opt.init(start), start, opt.init(start)] for opt in rules]
    for _ in range(6):
        for opt, each in zip(rules, held, strict=True):
            g = rng.normal(size=(1, size)).astype(dtype)
            each[:2] = step(opt, each[0], g, each[1], engine="compiled", overwrite=True)
            each[2:] = step(opt, each[2], g, each[3], engine="array")
            for got, expected in zip((each[0], *each[1].slots), (each[2], *each[3].slots), strict=True):
                assert (got == expected).all()


# The text ---------------------------------------------------------------------------------------------------


def engine_of(opt, problem, x):
    x = np.asarray(x)
    stepper = stepper_for(opt, problem, x, opt.init(x), 10)
    kind = CompiledRun if x.ndim == 1 else CompiledBatch
    return kind(stepper, x, opt.init(x).slots, 0)


def test_no_product_is_fused_into_a_sum():
    for dtype in (np.float64, np.float32):
        text = engine_of(Adam(), Rosenbrock(), np.ones(2, dtype)).source()
        assert " fast " not in text
        assert "contract" not in text
        assembly = llvm.assembly(text)
        assert "mul" in assembly
        assert "fmadd" not in assembly
        assert "fmla" not in assembly


def test_what_cannot_be_equal_to_the_last_bit_is_named():
    for problem, opt, reason in (
        (CosineWave(), SGD(lr=0.1), "it takes np.cos, whose last digit is NumPy's own"),
        (Well(), SGD(lr=0.1), "it takes np.exp, whose last digit is NumPy's own"),
        (Quadratic([[2.0, 1.0], [1.0, 2.0]]), SGD(lr=0.1), "the problem is not written by components"),
    ):
        for x0 in (None, [problem.x0] * 3):
            with pytest.raises(ValueError, match=REASONS + reason):
                minimize(problem, opt, x0, 5, engine="compiled")
            assert minimize(problem, opt, x0, 5).nit == 5


class Well(Problem, abstract=True):
    components = True
    x0 = (0.5,)

    def fun(self, x):
        (a,) = parts(x)
        return exp(a) - a

    def grad(self, x):
        (a,) = parts(x)
        return join(exp(a) - 1.0)


def test_where_the_compiler_fails_the_run_is_made_all_the_same():
    with pytest.raises(Untraceable, match=r"LLVM failed here: \w[^\n]*$"):
        llvm.compiled("no text of that language", "updates", "i")


@pytest.mark.parametrize("problem", [Parabola(), Rosenbrock()], ids=name_of)
def test_a_run_or_a_sweep_that_is_not_compiled_after_all_falls_back(problem, monkeypatch):
    def fail(*_):
        raise Untraceable("LLVM failed here")

    monkeypatch.setattr("optim.engines.compiled.single.compiled", fail)
    monkeypatch.setattr("optim.engines.compiled.runs.compiled", fail)
    monkeypatch.setattr("optim.engines.PAYS", 1)
    monkeypatch.setattr("optim.sweep.PAYS", 1)
    rates = np.array([[1e-3], [2e-3]])
    for opt in (SGD(lr=1e-3), SGD(lr=rates)):
        reference = minimize(problem, opt, steps=30, engine="array")
        assert_same_run(minimize(problem, opt, steps=30), reference)
    reference = sweep(problem, SGD(lr=rates), steps=30, engine="traced")
    assert_same_ends(sweep(problem, SGD(lr=rates), steps=30), reference)


@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_columns_take_the_extreme_that_python_takes_also_of_two_zeros_and_of_nan(name):
    function, some = getattr(elementwise, name), [0.0, -0.0, 1.0, -2.0, float("nan"), float("inf")]
    a, b = (column.ravel() for column in np.meshgrid(some, some))
    one_by_one = np.array([function(x, y) for x, y in zip(a.tolist(), b.tolist(), strict=True)])
    assert numbers._EXACT[function](a, b).tobytes() == one_by_one.tobytes()


@pytest.mark.parametrize(
    ("features", "machine", "expected"),
    [
        ("+avx,+fma", "x86_64", True),
        ("+avx,-fma", "x86_64", False),
        ("+neon", "arm64", True),
        ("", "AArch64", True),
    ],
)
def test_a_processor_fuses_if_it_says_so_or_is_one_that_always_does(monkeypatch, features, machine, expected):
    monkeypatch.setattr(llvm, "_processor", lambda: ("some", features))
    monkeypatch.setattr("platform.machine", lambda: machine)
    assert llvm.fuses.__wrapped__() is expected
