"""Batches with the runs innermost, by hand and beside the readable rule."""

from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest

from optim import SGD, Adam, ClipByValue, HeavyBall, Momentum, Nesterov1983, Optimizer, minimize
from optim.engines.batched import BatchedEngine, RunBlock, can_be_traced, inner, take
from optim.hyperparameters import Hyper, Hypers
from optim.optimizer import Evaluation
from optim.steppers import stepper_for
from problems import Quadratic, Rosenbrock
from schedules import BarzilaiBorwein, Exponential, PerRun
from tests.instances import name_of
from tests.optim.engines.rules import (
    ONE,
    Along,
    Answering,
    Branchy,
    Counting,
    Needing,
    Remembering,
    Saddle,
    by_arrays,
)


class Whole(Saddle, abstract=True):
    """The same problem, written for arrays, and strict: it wants the coordinates of a run side by side."""

    components = False

    def fun(self, x):
        assert x.strides[-1] == x.itemsize
        return x[..., 0] * x[..., 0] - x[..., 0] * x[..., 1]

    def grad(self, x):
        assert x.flags.c_contiguous
        return np.stack([2.0 * x[..., 0] - x[..., 1], -x[..., 0]], axis=-1)


SADDLE = Saddle()


def block_for(opt, points, problem=SADDLE, traces=None, **options):
    x = np.array(points)
    state = inner(x), inner(problem.grad(x)), tuple(inner(s) for s in opt.init(x).slots)
    return RunBlock(problem, opt, [] if traces is None else traces, *state, **options)


RUNS = np.array([[8.0, 4.0], [2.0, -6.0], [0.0, 1.0]])


@pytest.mark.parametrize("problem", [Saddle(), Whole()])
def test_a_block_has_its_runs_as_columns_and_moves_them_in_place(problem):
    opt = SGD(lr=np.array([[0.5], [1.0], [0.0]]))
    block = block_for(opt, RUNS, problem)
    arrays = block.arrays()
    h = block.advance(0)
    assert h.lr.tolist() == [[0.5], [1.0], [0.0]]
    # x - lr (2 x - y) and y + lr x
    assert block.x.tolist() == [[2.0, -8.0, 0.0], [8.0, -4.0, 1.0]]
    assert block.g.tolist() == [[-4.0, -12.0, -1.0], [-2.0, 8.0, 0.0]]
    assert block.points.tolist() == [[2.0, 8.0], [-8.0, -4.0], [0.0, 1.0]]
    assert len(arrays) == 2
    assert arrays[0] is block.x
    assert arrays[1] is block.g


@pytest.mark.parametrize("problem", [Saddle(), Whole(), Rosenbrock()])
@pytest.mark.parametrize(
    "opt",
    [
        Branchy(lr=0.001, pole=400),
        Adam(lr=Exponential(0.1, 0.1), beta1=np.array([[0.5], [0.9], [0.8]])),
        HeavyBall(lr=PerRun([0.001, 0.002, Exponential(0.003, 0.1)]), momentum=np.array([[0.5, 0.9]])),
    ],
    ids=name_of,
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_block_makes_the_updates_of_the_readable_rule(opt, problem, dtype):
    x = (RUNS / 10.0).astype(dtype)
    block = block_for(opt, x, problem)
    points, slopes, _, slots = by_arrays(opt, problem, 0, x, opt.init(x).slots, 7)
    for n in range(7):
        block.advance(n)
        assert np.array_equal(block.x.T, points[n + 1])
        assert np.array_equal(block.g.T, slopes[n + 1])
    for got, expected in zip(block.slots, slots, strict=True):
        assert np.array_equal(got.T, expected)


class Cliff(Saddle, abstract=True):
    """A value that is finite below 3 alone; `asked` has the number of runs that it is asked for at a time."""

    components = False
    asked: ClassVar = []

    def fun(self, x):
        self.asked.append(len(x))
        return np.where(x[:, 0] < 3.0, x[:, 0], np.inf)


@pytest.mark.parametrize(("look", "asked"), [(4, [2, 2, 1]), (1, [1] * 5), (10, [5]), (100, [5])])
def test_runs_are_finite_where_value_and_gradient_are(look, asked, monkeypatch):
    monkeypatch.setattr("optim.engines.batched.LOOK", look)
    monkeypatch.setattr(Cliff, "asked", [])
    block = block_for(SGD(lr=0.1), [[1.0, 0.0], [5.0, 0.0], [2.0, 0.0], [1.0, 0.0], [2.0, 0.0]], Cliff())
    block.g[0, 2], block.g[1, 4] = np.nan, -np.inf
    block.g[1, 3] = 1e155  # whose square alone overflows
    with np.errstate(over="ignore"):
        assert block.finite().tolist() == [True, False, False, True, False]
    assert Cliff.asked == asked


@pytest.mark.parametrize("which", [np.array([True, False, True]), slice(1, 3), np.array([2, 0])])
def test_some_columns_of_a_block_go_on_alone(which):
    opt = Momentum(lr=np.array([[0.1], [0.2], [0.3]]), momentum=PerRun([0.5, 0.6, 0.7]))
    block = block_for(opt, RUNS)
    block.advance(0)
    kept = [a.copy() for a in block.arrays()]
    some = block.columns(which, kept)
    assert some.traces is block.traces
    block.advance(1)
    some.advance(1)
    for got, expected in zip(some.arrays(), block.arrays(), strict=True):
        assert np.array_equal(got, expected[:, which])
        assert got.flags.c_contiguous
    assert len(block.traces) == 1


def test_blocks_share_what_is_known_of_the_rule():
    """Two branches, two traces, however many tiles and however often the rule goes back."""
    traces = []
    for _ in range(2):
        block = block_for(Branchy(), RUNS, traces=traces)
        for n in (0, 2, 1, 4, 0):
            block.advance(n)
    assert len(traces) == 2
    assert len(block._programs) == 2


@pytest.mark.parametrize("exact", [True, False])
def test_powers_are_multiplied_up_only_where_that_is_asked_for(exact):
    beta = np.array([[0.3], [0.7], [0.9]])
    block = block_for(Adam(beta2=beta), RUNS, exact=exact)
    block.advance(0)
    (program,) = block._programs
    assert len(program.powers) == (not exact)
    assert block.columns(slice(0, 2), block.arrays()).exact is exact


def test_blocks_are_exact_unless_told_otherwise():
    assert block_for(SGD(), RUNS).exact


def test_the_inside_of_a_batch_is_a_copy_turned_and_in_one_piece():
    turned = inner(RUNS)
    assert turned.tolist() == [[8.0, 2.0, 0.0], [4.0, -6.0, 1.0]]
    assert turned.flags.c_contiguous
    assert not np.shares_memory(turned, RUNS)
    assert not np.shares_memory(inner(RUNS[:1]), RUNS)


def test_of_a_record_the_hyperparameters_of_some_runs_are_taken():
    column, row = np.array([[0.1], [0.2], [0.3]]), np.array([[0.5, 0.6]])
    opt = ClipByValue(Momentum(lr=column, momentum=row), limit=PerRun([1.0, 2.0, 3.0]))
    some = take(opt, slice(1, 3), 3)
    assert some.inner.lr.tolist() == [[0.2], [0.3]]
    assert some.inner.momentum.tolist() == [[0.5, 0.6]]  # one value a coordinate serves every run
    assert some.limit == PerRun([2.0, 3.0])
    assert take(opt, np.array([True, False, False]), 3).inner.lr.tolist() == [[0.1]]
    product = SGD(lr=PerRun([0.1, 0.2, 0.3]) * Exponential(1.0, 0.1))
    assert take(product, slice(1, 2), 3).lr(0).tolist() == [[0.2]]


def test_a_record_without_values_of_single_runs_is_taken_as_it_is():
    """What is one value a coordinate is not one a run, even where there are as many runs."""
    wrapped = ClipByValue(SGD(lr=Exponential(0.1, 0.1)), 1.0)
    for opt in (SGD(lr=0.1), SGD(lr=np.array([[0.1, 0.2, 0.3]])), wrapped):
        assert take(opt, slice(0, 2), 3) is opt


class Nested(Optimizer, abstract=True):
    """A rule with a list of schedules and arrays among its parameters."""

    lr: Hyper = 0.1
    table: Any = ()


def test_runs_are_taken_from_lists_of_values_as_well():
    column, short = np.array([[1.0], [2.0], [3.0]]), np.array([[7.0], [8.0]])
    vector = np.array([1.0, 2.0, 3.0])
    some = take(Nested(table=(column, "word", (short, column), vector)), slice(1, 3), 3)
    first, word, (second, third), fourth = some.table
    assert first.tolist() == third.tolist() == [[2.0], [3.0]]
    assert word == "word"
    assert second.tolist() == [[7.0], [8.0]]
    assert fourth.tolist() == [1.0, 2.0, 3.0]
    plain = Nested(table=(short, "word"))
    assert take(plain, slice(1, 3), 3) is plain


def test_a_trace_can_follow_a_batch_of_numbers_and_slots_like_it():
    x = np.ones((3, 2), np.float32)
    assert can_be_traced(Saddle(), Remembering(), x, (x,))
    assert can_be_traced(Saddle(), SGD(lr=Exponential(0.1, 0.1)), np.ones((3, 2)), ())
    assert can_be_traced(Saddle(), Answering(), x, (x,))
    assert not can_be_traced(Saddle(), Turned(), x, (x,))


@pytest.mark.parametrize(
    ("problem", "opt", "x", "slots"),
    [
        (Saddle(), SGD(), ONE, ()),
        (Saddle(), SGD(), np.ones((2, 3, 2)), ()),
        (Saddle(), SGD(lr=BarzilaiBorwein()), np.ones((3, 2)), ()),
        (Saddle(), Along(), np.ones((3, 2)), ()),
        (Saddle(), Needing(), np.ones((3, 2)), ()),
        (SimpleNamespace(varies=True), SGD(), np.ones((3, 2)), ()),
        (Saddle(), Remembering(), np.ones((3, 2)), (np.ones((3, 1)),)),
        (Saddle(), Remembering(), np.ones((3, 2)), (np.ones((3, 2), np.float32),)),
    ],
)
def test_a_trace_can_follow_nothing_else(problem, opt, x, slots):
    assert not can_be_traced(problem, opt, x, slots)


class Turned(Answering, abstract=True):
    """A rule that answers with the coordinates of x in another order."""

    def output(self, x, slots):
        return np.flip(x, axis=-1)


def engine_for_blocks(opt, problem, x):
    state = opt.init(x)
    engine = BatchedEngine(stepper_for(opt, problem, x, state), x)
    return engine, Evaluation(*problem.value_and_grad(x)), state.slots


@pytest.mark.parametrize(
    "opt",
    [
        Momentum(lr=np.array([[0.1], [0.2], [0.3]]), momentum=Exponential(0.9, 0.1)),
        SGD(lr=Exponential(0.1, 0.1)),
        SGD(lr=np.array([[0.1, 0.2]])),
        Nesterov1983(lr=0.1),
        Answering(lr=0.1),
    ],
    ids=name_of,
)
@pytest.mark.parametrize("problem", [Saddle(), Whole()])
@pytest.mark.parametrize("width", [2, 4, 100])
def test_a_chunk_of_blocks_is_that_of_arrays(opt, problem, width, monkeypatch):
    monkeypatch.setattr("optim.engines.batched.BLOCK_RUNS", width)
    engine, e, slots = engine_for_blocks(opt, problem, RUNS)
    assert [part.stop - part.start for part in engine.parts] == {2: [1, 1, 1], 4: [2, 1], 100: [3]}[width]
    slots = tuple(slot + 0.25 for slot in slots)
    chunk = engine.chunk(3, RUNS, e, slots, 5)
    points, slopes, outputs, new = by_arrays(opt, problem, 3, RUNS, slots, 5)
    assert np.array_equal(chunk.x, points)
    assert np.array_equal(chunk.g, slopes)
    assert np.array_equal(chunk.f, problem.fun(points))
    assert np.array_equal(chunk.output, outputs)
    rates = np.array([Hypers(opt, RUNS).resolve(n).lr for n in range(3, 8)])
    assert chunk.lr.shape == rates.shape
    assert np.array_equal(chunk.lr, rates)
    assert chunk.lr.dtype == float
    for got, expected in zip(chunk.slots, new, strict=True):
        assert np.array_equal(got, expected)


def test_the_first_value_of_a_chunk_is_the_one_that_is_known():
    """A problem is not asked twice for the value at one point, which may be an estimate."""
    engine, e, slots = engine_for_blocks(SGD(lr=0.1), Saddle(), RUNS)
    chunk = engine.chunk(0, RUNS, Evaluation(e.f + 1000.0, e.g), slots, 2)
    assert chunk.f[0].tolist() == (e.f + 1000.0).tolist()
    assert chunk.f[1:].max() < 1000.0


def test_a_batch_in_single_precision_has_the_values_of_single_precision():
    x = (RUNS / 10.0).astype(np.float32)
    engine, e, slots = engine_for_blocks(Momentum(lr=np.array([[0.1], [0.2], [0.3]])), Saddle(), x)
    chunk = engine.chunk(0, x, e, slots, 2)
    assert [a.dtype for a in (chunk.x, chunk.g, chunk.output, *chunk.slots)] == [np.float32] * 4
    assert chunk.f.dtype == np.float64
    assert np.array_equal(chunk.f, Saddle().fun(chunk.x))


def test_a_chunk_may_be_one_update():
    engine, e, slots = engine_for_blocks(SGD(lr=np.array([[0.5], [1.0], [0.0]])), Saddle(), RUNS)
    chunk = engine.chunk(0, RUNS, e, slots, 1)
    assert chunk.x[1].tolist() == [[2.0, 8.0], [-8.0, -4.0], [0.0, 1.0]]
    assert chunk.lr.tolist() == [[[0.5], [1.0], [0.0]]]


def test_a_chunk_of_no_updates_is_its_start():
    for opt in (SGD(lr=0.1), SGD(lr=np.array([[0.1], [0.2], [0.3]]))):
        engine, e, slots = engine_for_blocks(opt, Saddle(), RUNS)
        chunk = engine.chunk(0, RUNS, e, slots, 0)
        assert chunk.x.tolist() == [RUNS.tolist()]
        assert len(chunk.lr) == 0


@pytest.mark.parametrize(
    ("history", "lengths"),
    [(2**21, [16, 32, 64, 128, 256, 512, 512]), (6 * 40 + 5, [16, 32, 40, 40]), (6 * 3, [16, 16])],
)
def test_chunks_grow_to_512_updates_or_to_what_memory_holds_but_are_never_short(
    history, lengths, monkeypatch
):
    monkeypatch.setattr("optim.engines.batched.HISTORY", history)
    engine, e, slots = engine_for_blocks(SGD(lr=0.1), Saddle(), RUNS)
    seen = []
    for _ in lengths:
        seen.append(engine.length)
        engine.chunk(0, RUNS, e, slots, 1)
    assert seen == lengths


def test_a_rule_that_cannot_be_traced_leaves_a_batch_to_arrays():
    engine, e, slots = engine_for_blocks(Counting(asks=True), Saddle(), RUNS)
    assert engine.chunk(0, RUNS, e, slots, 2) is None


@pytest.mark.parametrize("dim", [7, 8, 9])
def test_from_eight_terms_on_sums_are_those_of_a_single_run(dim):
    """NumPy adds eight and more that lie side by side in another order than columns."""
    bowl = Quadratic(np.linspace(1.0, 3.0, dim))
    starts = np.random.default_rng(0).normal(size=(30, dim))
    batch = minimize(bowl, Momentum(lr=0.003), x0=starts, steps=6)
    for i, start in enumerate(starts):
        alone = minimize(bowl, Momentum(lr=0.003), x0=start, steps=6, engine="array")
        assert np.array_equal(batch.history.fun[:, i], alone.history.fun)
        assert np.array_equal(batch.history.grad_norm[:, i], alone.history.grad_norm)
