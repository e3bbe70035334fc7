"""The parts of the engines, one by one, on cases small enough to follow by hand."""

import math
import operator
import os
import threading
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest

from optim import SGD, Adam, ClipByValue, HeavyBall, Momentum, Nesterov1983, Optimizer, engines, minimize
from optim.engines import blocks, engine_for, survey, sweep, workers
from optim.engines.chunks import Chunk, leap
from optim.engines.floats import Floats, floats_can
from optim.engines.powers import RunningPower, running_powers
from optim.engines.replay import Plan, Scratch, cell_for, choose, fill
from optim.engines.sweeps import _parts
from optim.engines.tiles import Tile, Tiles, can_be_traced, inner, take
from optim.engines.tracing import Symbol, Untraceable, trace_function, trace_update
from optim.engines.written import Writing
from optim.optimizer import Evaluation, Hyper, Hypers
from optim.state import State
from optim.ways import way_for
from problems import Parabola, Problem, Rosenbrock
from schedules import BarzilaiBorwein, Exponential, Piecewise, Rows
from stepsize.base.arithmetic import (
    arctan,
    cos,
    cosh,
    exp,
    join,
    log,
    maximum,
    minimum,
    parts,
    sign,
    sin,
    sinh,
    sqrt,
    tanh,
    where,
)
from tests.instances import name_of

# Threads --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_results_come_in_the_order_of_the_items(threads):
    assert workers.each(lambda item: 10 * item, [3, 1, 2, 0], threads) == [30, 10, 20, 0]


@pytest.mark.parametrize("threads", [1, 2])
def test_overflow_is_silent_inside_a_worker_and_what_it_was_outside(threads):
    """Short rows are broadcast without a copy: the buffer inside is NumPy's smallest, 16 numbers."""
    outside = np.geterr(), np.getbufsize()
    inside = workers.each(lambda _: (np.geterr(), np.getbufsize()), range(3), threads)
    assert inside == [(dict.fromkeys(("divide", "over", "under", "invalid"), "ignore"), 16)] * 3
    assert (np.geterr(), np.getbufsize()) == outside


def test_as_many_threads_work_at_once_as_were_asked_for():
    """Each of three items waits for the two others."""
    barrier = threading.Barrier(3)
    places = workers.each(lambda _: barrier.wait(timeout=5), range(3), 3)
    assert sorted(places) == [0, 1, 2]


def test_no_more_threads_work_than_were_asked_for():
    """Where three have to meet, two wait in vain."""
    barrier = threading.Barrier(3)
    with pytest.raises(threading.BrokenBarrierError):
        workers.each(lambda _: barrier.wait(timeout=0.1), range(3), 2)


def test_one_thread_is_the_caller_and_is_not_pinned(monkeypatch):
    monkeypatch.setattr(workers, "_pinning", lambda: pytest.fail("pinned"))
    assert workers.each(lambda _: threading.current_thread(), [0], 1) == [threading.current_thread()]


def test_workers_take_the_processors_in_turn(monkeypatch):
    pinned = []
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {7, 2} if pid == 0 else set(), raising=False)
    monkeypatch.setattr(os, "sched_setaffinity", lambda pid, cpus: pinned.append((pid, cpus)), raising=False)
    pin = workers._pinning()
    for _ in range(3):
        pin()
    assert pinned == [(0, {2}), (0, {7}), (0, {2})]
    pinned.clear()
    barrier = threading.Barrier(2)
    workers.each(lambda _: barrier.wait(timeout=5), range(2), 2)
    assert sorted(pinned, key=str) == [(0, {2}), (0, {7})]


def test_where_a_system_cannot_pin_threads_nobody_asks_it_to(monkeypatch):
    monkeypatch.delattr(os, "sched_setaffinity", raising=False)
    assert workers._pinning() is None
    assert workers.each(abs, [-1], 2) == [1]


@pytest.mark.parametrize("threads", [0, -1])
def test_less_than_one_thread_is_refused(threads):
    with pytest.raises(ValueError, match=r"threads: got .*, expected a whole number of at least 1"):
        workers.each(abs, [], threads)


# Chunks ---------------------------------------------------------------------------------------------------


class Told:
    """An engine that makes the run that it was told, a value and a gradient an update, and keeps count."""

    length = 4

    def __init__(self, f, g=None):
        self.f = np.array(f, dtype=float)
        self.g = np.ones((*self.f.shape, 1)) if g is None else np.array(g, dtype=float)[..., None]
        self.asked = []

    def chunk(self, n, x, e, slots, count):
        assert (x, e, slots) == BEFORE
        self.asked.append(count)
        here = slice(n, n + count + 1)
        f, g = self.f[here], self.g[here]
        return Chunk(g + 100, f, g, np.full(count, 0.5), g + 200, (g[-1] + 300,))


# Where a chunk begins.
BEFORE = np.zeros(1), Evaluation(0.0, np.zeros(1)), ("slots",)


def leapt(engine, n=0, stop=100, tol=None, minimum=None):
    with np.errstate(all="ignore"):  # as in the loop
        return leap(engine, n, *BEFORE, stop, tol, minimum)


def test_a_chunk_is_as_long_as_its_engine_likes_and_no_longer_than_the_run():
    engine = Told(np.arange(12.0))
    assert leapt(engine).f.tolist() == [0, 1, 2, 3, 4]
    assert leapt(engine, n=6, stop=9).f.tolist() == [6, 7, 8, 9]
    assert engine.asked == [4, 3]


def test_the_last_evaluation_of_a_chunk_is_at_its_last_point():
    chunk = leapt(Told([9, 8, 7, 6, 5], g=[1, 2, 3, 4, 50]))
    assert chunk.last.f == 5
    assert chunk.last.g.tolist() == [50]
    assert not chunk.diverged


NAN, INF = float("nan"), float("inf")

# Values (or gradients), and how many updates remain before the first that is not finite.
LOST = [
    ({"f": [5, INF, 3, 2, 1]}, 0),
    ({"f": [5, 4, 3, NAN, 1]}, 2),
    ({"f": [5, 4, 3, 2, -INF]}, 3),
    ({"f": [5, 4, 3, 2, 1], "g": [1, 1, NAN, 1, 1]}, 1),
    ({"f": [5, 4, 3, 2, 1], "g": [1, 1, 1, 1, 1e155]}, 3),  # its square overflows
    # A batch goes on as long as one of its runs is finite; the gradients of the others do not matter.
    ({"f": [[5, 5], [NAN, 4], [3, NAN], [NAN, INF], [1, 1]]}, 2),
]


@pytest.mark.parametrize(("told", "left"), LOST)
def test_a_chunk_ends_before_the_first_point_that_is_not_finite(told, left):
    engine = Told(**told)
    chunk = leapt(engine)
    assert chunk.diverged
    assert np.array_equal(chunk.f, told["f"][: left + 1], equal_nan=True)
    assert len(chunk.lr) == left
    assert engine.asked == [4, left]
    assert chunk.x.tolist() == (chunk.g + 100).tolist()
    assert chunk.answer.tolist() == (chunk.g + 200).tolist()
    assert chunk.slots[0].tolist() == (chunk.g[-1] + 300).tolist()


def test_a_batch_with_one_finite_run_goes_on_whatever_its_gradients_are():
    engine = Told([[5, NAN]] * 5, g=[[NAN, NAN]] * 5)
    assert not leapt(engine).diverged
    assert engine.asked == [4]


# What is told, the tolerance and the minimum, and how many updates are made to meet it.
MET = [
    ({"f": [9, 8, 7.5, 7, 6]}, 0.5, 7.0, 2),  # a gap of exactly the tolerance is met
    ({"f": [7, 8, 7, 9, 9]}, 0.0, 7.0, 2),  # the start has been looked at before: it does not count
    ({"f": [9, 7, 9, 9, 9]}, 0.0, 7.0, 1),
    ({"f": [9, 9, 9, 9, 7]}, 0.0, 7.0, 4),
    ({"f": [9, 9, 9, 9, 9]}, 0.0, 7.0, 4),  # never
    ({"f": [9, 9, 9, 9, 9], "g": [4, 3, 2, 1, 0]}, 2.0, None, 2),  # the norm, not its square
    ({"f": [9, 9, 9, 9, 9], "g": [-4, -3, -2, -1, 0]}, 2.0, None, 2),
    # The last run of a batch decides; runs that have diverged are not waited for.
    ({"f": [[9, 9], [7, 9], [8, 7], [7, 7], [7, 7]]}, 0.0, 7.0, 3),
    ({"f": [[9, 9], [INF, 9], [NAN, 8], [INF, 7], [7, 7]]}, 0.0, 7.0, 3),
    ({"f": [[9, 9], [9, 9], [9, 9], [9, 9], [7, 7]]}, 0.0, 7.0, 4),
]


@pytest.mark.parametrize(("told", "tol", "minimum", "made"), MET)
def test_a_chunk_ends_where_the_tolerance_is_met(told, tol, minimum, made):
    chunk = leapt(Told(**told), tol=tol, minimum=minimum)
    assert len(chunk.lr) == made
    assert np.array_equal(chunk.f, told["f"][: made + 1], equal_nan=True)
    assert not chunk.diverged


@pytest.mark.parametrize(
    ("f", "diverged", "made"),
    [
        ([9, 7, INF, 9, 9], False, 1),  # met first
        ([9, INF, 7, 9, 9], True, 0),  # lost first
    ],
)
def test_whichever_comes_first_ends_the_run(f, diverged, made):
    chunk = leapt(Told(f), tol=0.0, minimum=7.0)
    assert (chunk.diverged, len(chunk.lr)) == (diverged, made)


def test_a_flat_point_of_infinite_height_is_no_solution():
    """Value and gradient norm disagree at the same point: the run is lost there."""
    chunk = leapt(Told([9, 9, INF, 9, 9], g=[1, 1, 0, 1, 1]), tol=0.0)
    assert (chunk.diverged, len(chunk.lr)) == (True, 1)


def test_a_batch_whose_runs_are_all_lost_has_met_no_tolerance():
    chunk = leapt(Told([[9, 9], [9, 9], [NAN, INF], [9, 9], [9, 9]]), tol=100.0, minimum=-200.0)
    assert (chunk.diverged, len(chunk.lr)) == (True, 1)


def test_a_batch_whose_gradients_are_all_lost_has_met_no_tolerance_there():
    """The values are finite, so that it goes on, and is solved an update later."""
    chunk = leapt(Told([[9, 9]] * 5, g=[[1, 1], [NAN, NAN], [1, 1], [0, INF], [0, 0]]), tol=0.0)
    assert (chunk.diverged, len(chunk.lr)) == (False, 3)


def test_an_engine_that_gives_up_is_not_asked_again():
    engine = SimpleNamespace(length=4, chunk=lambda *_: None)
    assert leapt(engine) is None


# Powers ---------------------------------------------------------------------------------------------------


class Exact:
    """A base that notes which powers are taken of it; products of powers add their exponents."""

    def __init__(self, exponent=1, taken=None):
        self.exponent, self.taken = exponent, [] if taken is None else taken

    def __pow__(self, t):
        self.taken.append(t)
        return Exact(t, self.taken)

    def __mul__(self, other):
        return Exact(self.exponent + other.exponent)


def test_a_power_is_taken_afresh_every_32_updates_and_multiplied_up_in_between():
    base, power = Exact(), RunningPower()
    assert [power(base, t).exponent for t in range(1, 71)] == list(range(1, 71))
    assert base.taken == [0, 32, 64]


@pytest.mark.parametrize(
    "visits", [[1, 2], [2, 3], [5, 6, 6, 7], [40, 3, 4, 100], [0, 1, 0], [31, 32, 33, 65, 66], [64, 32]]
)
def test_a_power_is_right_wherever_one_comes_from(visits):
    power = RunningPower()
    assert [power(Exact(), t).exponent for t in visits] == visits


def test_a_power_does_not_depend_on_where_one_began():
    base = np.array([0.9, 0.999, 0.3])
    through, late = RunningPower(), RunningPower()
    for t in range(1, 60):
        reference = through(base, t)
    assert np.array_equal(late(base, 59), reference)
    np.testing.assert_allclose(reference, base**59.0, rtol=28 * np.finfo(float).eps)


class Powers(Optimizer, abstract=True):
    """A rule that takes powers of all kinds."""

    lr: Hyper = 0.1
    beta: Hyper = 0.9
    k: Hyper = 2.0

    def direction(self, x, g, slots, h):
        plain = h.beta**h.t + h.beta * h.t
        others = h.beta**2 + 2**h.t + h.t**h.beta + h.beta**h.k
        return (plain + others) * g, ()


def found_powers(opt, dtype=np.float64):
    x = np.ones((3, 2), dtype)
    h = Hypers(opt, x).at(4)
    trace = trace_update(opt, h, len(opt.slots), x.dtype)
    moving = trace.moving(lambda path: path[-1] != "t" and not callable(getattr(opt, path[-1])))
    found = running_powers(trace, trace.known(h), moving)
    return [trace.plain[i] for i in found], list(found.values())


def test_of_all_powers_only_those_of_a_run_s_own_number_to_the_t_are_multiplied_up():
    beta = np.array([[0.5], [0.9], [0.99]])
    calls, instead = found_powers(Powers(beta=beta))
    ((function, (base, exponent)),) = calls
    assert function is operator.pow
    assert np.array_equal(base.value, beta)
    assert exponent.value == 5
    np.testing.assert_allclose(instead[0](beta, 5), beta**5, rtol=5 * np.finfo(float).eps)


@pytest.mark.parametrize(
    ("opt", "dtype"),
    [
        (Powers(), np.float64),  # one number for all runs
        (Powers(beta=np.array([[0.5], [0.9], [0.99]])), np.float32),  # too coarse
        (Powers(beta=Exponential(0.9, 0.1)), np.float64),  # the base moves
        (SGD(), np.float64),
    ],
)
def test_other_powers_are_taken_as_the_rule_takes_them(opt, dtype):
    assert found_powers(opt, dtype) == ([], [])


def test_a_base_that_moves_with_every_run_is_not_multiplied_up():
    opt = Powers(beta=Rows([Exponential(0.9, 0.1), Exponential(0.8, 0.1), Exponential(0.7, 0.1)]))
    assert found_powers(opt) == ([], [])


def test_every_power_has_a_memory_of_its_own():
    opt = Adam(beta1=np.array([[0.5], [0.9], [0.8]]), beta2=np.array([[0.99], [0.9], [0.8]]))
    _, instead = found_powers(opt)
    assert len({id(power) for power in instead}) == 2


# Traces ---------------------------------------------------------------------------------------------------


def evaluated(trace, inputs, values=()):
    """Return the results of a trace, by doing what stands in it, one call after another."""
    found = dict(enumerate(inputs))
    for i in trace.needed:
        function, args = trace.calls[i]
        operands = [
            a if not isinstance(a, Symbol) else values[a.index] if a.plain else found[a.index] for a in args
        ]
        found[i] = function(*operands)
    return [found[i] for i in trace.outputs]


A, B = np.array([-2.0, 0.0, 3.0]), np.array([0.5, 7.0, -4.0])


@pytest.mark.parametrize(
    "rule",
    [
        lambda a, b: [a + b, b - a, a * 2, 3 / b],
        lambda a, b: [*divmod(a, b), b % 3.0],
        lambda a, b: [-a, +b, abs(a), b**2.0],
        lambda a, b: [np.where(a > b, a, 0.5), where(a >= 0.0, b, a), where(a == b, 1.0, a)],
        lambda a, b: [where(a < b, a, b), where(a <= b, b, a), where(a != b, b, 1.0)],
        lambda a, b: [maximum(a, b), minimum(a, 0.0), sign(a), sqrt(abs(b))],
        lambda a, b: [a + np.zeros_like(b), b * np.float64(0.1)],
        lambda a, b: [where(np.isfinite(a) & ~(b > 0.0), a, b)],
        lambda a, b: [b, a],  # inputs as results
        lambda *_: [2.0, 3],
        lambda a, b: [a + b] * 3,  # one result three times
    ],
)
def test_a_trace_does_what_the_function_does(rule):
    trace = trace_function(lambda x: rule(*x), 2, np.float64)
    for got, expected in zip(evaluated(trace, [A, B]), rule(A, B), strict=True):
        assert np.array_equal(got, expected)


def test_every_result_is_an_operation_of_its_own():
    """So that each can have an array of its own: what was given, what is no array and a repeat is copied."""
    trace = trace_function(lambda x: [x[1], x[0] + x[1], x[1], 5.0], 2, np.float64)
    same = trace_function(lambda x: [y := x[0] * 2.0, y, x[0], x[0]], 1, np.float64)
    for one in (trace, same):
        assert len(set(one.outputs)) == 4
        assert min(one.outputs) >= one.given
    assert [trace.calls[i][0] for i in trace.outputs] == [np.positive, np.add, np.positive, np.positive]
    assert [same.calls[i][0] for i in same.outputs] == [np.multiply, np.positive, np.positive, np.positive]


def test_only_what_the_results_need_is_done():
    def rule(x):
        a, b = x
        a * b  # in vain
        c = a + b
        d = c * 2.0
        np.sqrt(d)  # in vain
        return [d - b]

    trace = trace_function(rule, 2, np.float64)
    assert [trace.calls[i][0] for i in trace.needed] == [np.add, np.multiply, np.subtract]
    assert trace.given == 2
    assert trace.numbers == []


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_trace_knows_the_type_of_every_value(dtype):
    """A flag is a flag; a Python number takes the type of the arrays that it meets."""
    trace = trace_function(lambda x: [where(x[0] > 0.5, x[0] * 2.0, 1.0), 3.0], 1, dtype)
    assert [(trace.calls[i][0], trace.dtypes[i]) for i in trace.needed] == [
        (np.greater, np.dtype(bool)),
        (np.multiply, np.dtype(dtype)),
        (np.where, np.dtype(dtype)),
        (np.positive, np.dtype(dtype)),
    ]
    assert trace.dtypes[0] == dtype


@pytest.mark.parametrize(
    ("rule", "dtype"),
    [
        (lambda x: [np.add.reduce(x[0])], float),
        (lambda x: [np.add.accumulate(x[0])], float),
        (lambda x: [np.sqrt(x[0], dtype=np.float32)], float),
        (lambda x: [np.sqrt(x[0], where=True)], float),
        (lambda x: [np.modf(x[0])[0]], float),
        (lambda x: [np.matmul(x[0], x[1])], float),
        (lambda x: [np.where(x[0])], float),
        (lambda x: [np.where(x[0] > 0)[0]], float),
        (lambda x: [np.zeros_like(x[0], dtype=int)], float),
        (lambda x: [np.ones_like(x[0])], float),
        (lambda x: [np.sum(x[0])], float),
        (lambda x: [x[0] + "1"], float),
        (lambda x: [x[0] + None], float),
        (lambda x: [x[0] + [1.0]], float),
        (lambda x: [x[0] & 1], float),  # floats have no bits
        (lambda x: [np.exp(x[0] > 0)], float),  # half precision
        (lambda x: [(x[0] > 0) * 1.5], np.float32),  # double precision
        (lambda x: [x[0] if x[0] else x[1]], float),
        (lambda x: [x[2]], float),
        (lambda x: [x[0].real], float),
        (lambda x: [x[0] + 1 / 0], float),
        (lambda _: [math.sqrt(-1.0)], float),
        (lambda x: [x[0], None], float),
        (lambda x: [x[0], 1j], float),
        (lambda x: [x[0], "1"], float),
        (lambda _: 5.0, float),
    ],
)
def test_what_a_trace_cannot_follow_is_said_to_be_untraceable(rule, dtype):
    with pytest.raises(Untraceable, match=r"\w"):
        trace_function(rule, 2, dtype)


def test_another_error_of_a_rule_is_its_own():
    def broken(x):
        raise KeyError("lr")

    with pytest.raises(KeyError):
        trace_function(broken, 2, float)


class Branchy(Optimizer, abstract=True):
    """A rule that asks about t, and by default divides by zero at t = 4."""

    slots = ("old",)
    lr: Hyper = 0.5
    beta: Hyper = Exponential(0.8, 0.25)
    eps: Hyper = 0.125
    pole: int = 4

    def direction(self, x, g, slots, h):
        (old,) = slots
        late = h.t > 2
        factor = h.beta / (h.t - h.pole) if late else h.beta
        d = factor * g + (h.eps + 1.0) * old
        return d, (g,)


def resolved(opt, t, x=None):
    return Hypers(opt, np.ones(2) if x is None else x).at(t - 1)


def branchy_trace(t=1, opt=None):
    opt = Branchy() if opt is None else opt
    return trace_update(opt, resolved(opt, t), 1, np.float64)


def test_the_numbers_of_a_trace_are_known_where_the_rule_takes_the_same_branch():
    """At t = 1 and t = 2 the first branch, from t = 3 on the second, and at t = 4 no number at all."""
    first, second, opt = branchy_trace(1), branchy_trace(3), Branchy()
    known = {t: (first.known(resolved(opt, t)), second.known(resolved(opt, t))) for t in range(1, 7)}
    assert [t for t in known if known[t][0] is not None] == [1, 2]
    assert [t for t in known if known[t][1] is not None] == [3, 5, 6]
    by_path = {path: i for i, (function, path) in enumerate(first.plain) if function is None}
    assert set(by_path) == {("lr",), ("beta",), ("eps",), ("t",)}
    assert known[2][0][by_path["t",]] == 2
    assert known[2][0][by_path["beta",]] == pytest.approx(0.8 * math.exp(-0.25))


def test_a_trace_with_its_numbers_is_the_update():
    x, g, old = np.array([1.0, -2.0]), np.array([0.5, 4.0]), np.array([0.25, -8.0])
    opt = Branchy()
    for t, trace in ((2, branchy_trace(1)), (5, branchy_trace(3))):
        h = resolved(opt, t)
        (got, kept) = evaluated(trace, [x, g, old], trace.known(h))
        expected, (same,) = opt.update(x, g, (old,), h)
        assert np.array_equal(got, expected)
        assert np.array_equal(kept, same)


def test_a_number_that_cannot_be_had_is_no_branch_of_this_trace():
    """Its root is asked for below zero, where floats raise an error of value."""

    class Rooted(Optimizer, abstract=True):
        lr: Hyper = 0.5

        def direction(self, x, g, slots, h):
            return g * sqrt(3.0 - h.lr * h.t), ()

    opt = Rooted()
    trace = trace_update(opt, resolved(opt, 1), 0, np.float64)
    assert trace.known(resolved(opt, 6)) is not None
    assert trace.known(resolved(opt, 7)) is None


def test_what_follows_from_hyperparameters_is_calculated_by_python():
    """Numbers of Python's own, so that they come out with the bits that the rule gives on floats."""
    opt = Branchy()
    trace = branchy_trace(5)
    functions = [function for function, _ in trace.plain if function is not None]
    assert functions == [operator.gt, operator.sub, operator.truediv, operator.add]
    assert {type(v) for v in trace.known(resolved(opt, 5))} == {float, int, bool}
    # Read by arrays: the rate, the factor, and eps + 1; in the order in which they are known.
    values = trace.known(resolved(opt, 5))
    beta = 0.8 * math.exp(-0.25 * 4)
    assert [values[i] for i in trace.numbers] == pytest.approx([0.5, beta, 1.125])
    assert trace.numbers == sorted(trace.numbers)


def test_a_number_that_python_does_not_have_is_left_to_numpy():
    class Logging(Optimizer, abstract=True):
        lr: Hyper = 0.5

        def direction(self, x, g, slots, h):
            return np.log1p(h.lr) * g, ()

    trace = trace_update(Logging(), resolved(Logging(), 1), 0, np.float64)
    values = trace.known(resolved(Logging(), 1))
    assert values[trace.numbers[1]] == np.log1p(0.5)
    assert [function for function, _ in trace.plain if function is not None] == [np.log1p]


def test_a_rule_that_divides_by_zero_cannot_be_traced_there():
    with pytest.raises(Untraceable, match="division by zero"):
        branchy_trace(4)


def test_what_moves_is_what_follows_from_something_that_moves():
    trace = branchy_trace(5)
    moving = trace.moving(lambda path: path in {("lr",), ("eps",)})
    still = [trace.plain[i] for i in range(len(trace.plain)) if i not in moving]
    assert [path for function, path in still if function is None] == [("lr",), ("eps",)]
    assert [function for function, _ in still if function is not None] == [operator.add]
    assert trace.moving(lambda _: True) == []
    assert trace.moving(lambda _: False) == list(range(len(trace.plain)))


def test_numbers_are_renewed_in_their_place_and_others_left():
    trace, opt = branchy_trace(1), Branchy()
    values = trace.known(resolved(opt, 1))
    stale = list(values)
    moving = trace.moving(lambda path: path in {("lr",), ("eps",)})
    assert trace.renew(values, moving, resolved(opt.replace(lr=9.0), 2), {})
    changed = [i for i in range(len(values)) if values[i] != stale[i]]
    assert [trace.plain[i][1] for i in changed] == [("beta",), ("t",)]
    assert not trace.renew(values, moving, resolved(opt, 3), {})


def test_another_function_may_stand_in_for_one_of_the_numbers():
    trace, opt = branchy_trace(5), Branchy()
    (division,) = [i for i, (function, _) in enumerate(trace.plain) if function is operator.truediv]
    values = trace.known(resolved(opt, 5))
    assert trace.renew(values, range(len(values)), resolved(opt, 6), {division: lambda *args: args})
    assert values[division] == (pytest.approx(0.8 * math.exp(-0.25 * 5)), 2)


def test_hyperparameters_of_a_rule_inside_are_found_by_their_path():
    opt = ClipByValue(ClipByValue(Momentum(lr=0.5, momentum=Exponential(0.75, 0.1)), 2.0), 4.0)
    h = resolved(opt, 1)
    trace = trace_update(opt, h, 1, np.float64)
    paths = {path for function, path in trace.plain if function is None}
    assert {("limit",), ("inner", "limit"), ("inner", "inner", "lr"), ("inner", "inner", "momentum")} <= paths
    values = trace.known(h)
    at = {path: values[i] for i, (function, path) in enumerate(trace.plain) if function is None}
    assert at["limit",] == 4.0
    assert at["inner", "limit"] == 2.0
    assert at["inner", "inner", "momentum"] == 0.75
    assert at["inner", "inner", "t"] == 1
    # x = 3 - 0.5 min(9, 2): the tighter limit decides.
    assert evaluated(trace, [np.array([3.0]), np.array([9.0]), np.array([0.0])], values)[0].tolist() == [2.0]


def test_what_is_no_hyperparameter_is_the_rule_s_own_business():
    """A flag or a count is not followed: it stands still."""
    seen = []

    class Asking(Branchy, abstract=True):
        def direction(self, x, g, slots, h):
            seen.append((h.pole, type(h.lr), h.t.plain, x.plain))
            return super().direction(x, g, slots, h)

    asking = Asking(pole=7)
    trace_update(asking, resolved(asking, 1), 1, np.float64)
    assert seen == [(7, Symbol, True, False)]


# Replaying ------------------------------------------------------------------------------------------------


def program(seed, inputs=3):
    """Return a random function of arrays, straight-line arithmetic with choices, and with as many results."""

    def rule(x):
        rng = np.random.default_rng(seed)
        values = list(x)
        for _ in range(12):
            a, b, c = (values[k] for k in rng.integers(0, len(values), 3))
            choices = (
                lambda a, b, _: a + 0.1 * b,
                lambda a, b, c: a * b - c,
                lambda a, b, c: where(a > b, c, a),
                lambda a, b, c: maximum(a, b) - minimum(b, c),
                lambda a, *_: abs(a),
                lambda a, b, _: where(a < 0.3, 1.7, np.where(True, b, a)),
            )
            values.append(choices[rng.integers(0, 6)](a, b, c))
        results = [values[k] for k in rng.integers(0, len(values), inputs)]
        return [*results[:-1], values[-1]]

    return rule


@pytest.mark.parametrize(
    ("into", "spare"),
    [
        ([0, 1, 2], ()),
        ([1, 2, 0], ()),
        ([3, 4, 5], ()),
        ([3, 4, 5], (0, 1, 2)),
        ([2, 0, 4], ()),
        ([2, 0, 4], (1,)),
        ([5, 3, 0], (2, 1)),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_replay_writes_what_the_function_returns_wherever_it_is_told_to(into, spare, dtype):
    """Over its own inputs, each into another's place, or beside them; with inputs as scratch or without."""
    given = np.random.default_rng(7).normal(size=(3, 5)).astype(dtype)
    with np.errstate(all="ignore"):
        for seed in range(25):
            rule = program(seed)
            arrays = [*given.copy(), *np.full((3, 5), np.nan, dtype)]
            plan = Plan(trace_function(rule, 3, dtype), into, spare)
            for call in plan.bind(arrays, {}, Scratch((5,))):
                call()
            for place, expected in zip(into, rule(list(given)), strict=True):
                assert np.array_equal(arrays[place], expected, equal_nan=True), seed
            for k in {0, 1, 2} - {*into, *spare}:  # nothing else is written to
                assert np.array_equal(arrays[k], given[k])


X, G, M = ("array", 0), ("array", 1), ("array", 2)


def scratch(k, dtype=float):
    return "scratch", (np.dtype(dtype), k)


def test_an_update_is_made_in_place_with_no_more_scratch_than_it_needs():
    """m = 0.5 m + g and x = x - 0.25 m / (1 + m m); g is taken afresh afterwards, and may be written to."""

    def rule(x):
        x, g, m = x
        m = 0.5 * m + g
        return [x - (0.25 * m) / (1.0 + m * m), m]

    def calls(second):
        return [
            (np.multiply, [("constant", 0.5), M], scratch(0)),
            (np.add, [scratch(0), G], M),
            (np.multiply, [("constant", 0.25), M], scratch(0)),
            (np.multiply, [M, M], second),
            (np.add, [("constant", 1.0), second], second),
            (np.true_divide, [scratch(0), second], second),
            (np.subtract, [X, second], X),
        ]

    trace = trace_function(rule, 3, np.float64)
    assert Plan(trace, [0, 2]).calls == calls(scratch(1))
    assert Plan(trace, [0, 2], spare=(1,)).calls == calls(G)


def test_a_scratch_array_is_used_again_as_soon_as_it_has_been_read():
    trace = trace_function(lambda x: [((x[0] * x[0] + 1.0) * x[0] - 2.0) * x[0]], 1, np.float64)
    targets = [target for _, _, target in Plan(trace, [0]).calls]
    assert targets == [scratch(0), scratch(0), scratch(0), scratch(0), X]


def test_a_result_waits_until_its_place_has_been_read():
    """x and g change places: one of them waits in a scratch array."""
    trace = trace_function(lambda x: [x[1] * 1.0, x[0] * 1.0], 2, np.float64)
    assert Plan(trace, [0, 1]).calls == [
        (np.multiply, [G, ("constant", 1.0)], scratch(0)),
        (np.multiply, [X, ("constant", 1.0)], G),
        (np.positive, [scratch(0)], X),
    ]


def test_a_result_that_is_in_its_place_already_costs_nothing():
    trace = trace_function(lambda x: [x[0], x[1] + 1.0], 2, np.float64)
    assert Plan(trace, [0, 1]).calls == [(np.add, [G, ("constant", 1.0)], G)]


def test_a_choice_is_not_written_over_what_it_reads():
    """It copies its second array before it looks at the first and at the condition."""
    trace = trace_function(lambda x: [where(x[0] > 0.0, x[0], x[1])], 2, np.float64)
    assert Plan(trace, [0], spare=(1,)).calls == [
        (np.greater, [X, ("constant", 0.0)], scratch(0, bool)),
        (choose, [scratch(0, bool), X, G], scratch(1)),
        (np.positive, [scratch(1)], X),
    ]


def test_a_choice_takes_each_value_from_where_its_condition_says():
    out = np.full(3, 9.0)
    choose(np.array([True, False, True]), np.array([1.0, 2.0, 3.0]), np.array(5.0), out)
    assert out.tolist() == [1.0, 5.0, 3.0]


def test_scratch_arrays_are_made_once_each():
    room = Scratch((2, 3))
    first = room.array((np.dtype(float), 0))
    assert first.shape == (2, 3)
    assert first.dtype == float
    assert room.array((np.dtype(float), 0)) is first
    assert room.array((np.dtype(float), 1)) is not first
    assert room.array((np.dtype(bool), 0)).dtype == bool


def test_numbers_are_read_from_their_cells_when_the_calls_are_made():
    opt = Momentum(lr=0.25, momentum=0.5)
    trace = trace_update(opt, resolved(opt, 1), 1, np.float32)
    values = trace.known(resolved(opt, 1))
    cells = {i: cell_for(values[i], np.float32, (2,)) for i in trace.numbers}
    x, g, m = np.array([[1.0, 2.0], [4.0, 8.0], [2.0, 2.0]], np.float32)
    calls = Plan(trace, [0, 2]).bind([x, g, m], cells, Scratch((2,)))
    for call in calls:
        call()
    assert m.tolist() == [5.0, 9.0]
    assert x.tolist() == [-0.25, -0.25]
    for i in cells:
        if values[i] == 0.25:
            fill(cells[i], 1.0)
    for call in calls:
        call()
    assert m.tolist() == [6.5, 12.5]
    assert x.tolist() == [-6.75, -12.75]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_cell_holds_one_value_or_one_a_column(dtype):
    """Users write one value a run as (runs, 1) and one a coordinate as (1, d); inside, runs are columns."""
    runs, coordinates = np.array([[1.0], [2.0], [3.0]]), np.array([[4.0, 5.0]])
    number, flag = cell_for(2.5, dtype, (2, 3)), cell_for(True, dtype, (2, 3))
    assert (number.shape, number.dtype, number[()]) == ((), dtype, 2.5)
    assert (flag.shape, flag.dtype, flag[()]) == ((), bool, True)
    assert cell_for(runs, dtype, (2, 3)).tolist() == [[1.0, 2.0, 3.0]] * 2
    assert cell_for(coordinates, dtype, (2, 3)).tolist() == [[4.0] * 3, [5.0] * 3]
    assert cell_for(runs, dtype, (2, 3)).dtype == dtype
    assert cell_for(runs > 1.5, dtype, (2, 3)).tolist() == [[False, True, True]] * 2


@pytest.mark.parametrize(("d", "runs", "rows"), [(4, 4096, 4), (5, 3277, 1)])
def test_a_cell_is_spread_whole_over_small_tiles_alone(d, runs, rows):
    """Up to 16384 numbers; beyond, broadcasting costs less than the memory."""
    cell = cell_for(np.arange(float(runs))[:, None], np.float64, (d, runs))
    assert cell.tolist() == [list(range(runs))] * rows


# Written loops --------------------------------------------------------------------------------------------


def writing(opt, slope, dim, t=1):
    rule = trace_update(opt, resolved(opt, t, np.ones(dim)), len(opt.slots), np.float64)
    return Writing(opt, rule, trace_function(slope, dim, np.float64), dim), rule


def test_a_page_renews_what_moves_asks_what_the_rule_asks_and_goes_down_the_coordinates():
    """Lines for t > 2, where the rule takes beta / (t - 4); eps + 1 stands still and is given as n7."""
    page, _ = writing(Branchy(), lambda x: [2.0 * x[0] * x[1], x[0] - 1.0], 2, t=5)
    assert page.source.split("\n") == [
        "def updates(rows, columns, x0, x1, g0, g1, s0_0, s0_1, n0, n7):",
        "    for n1, n3,  in columns:",
        "        n4 = n3 > 2",
        "        if not n4: break",
        "        n5 = n3 - 4",
        "        n6 = n1 / n5",
        "        a0_3 = n6 * g0",
        "        a0_4 = n7 * s0_0",
        "        a0_5 = a0_3 + a0_4",
        "        a0_6 = n0 * a0_5",
        "        a0_7 = x0 - a0_6",
        "        a0_8 = g0",
        "        x0 = a0_7",
        "        s0_0 = a0_8",
        "        a1_3 = n6 * g1",
        "        a1_4 = n7 * s0_1",
        "        a1_5 = a1_3 + a1_4",
        "        a1_6 = n0 * a1_5",
        "        a1_7 = x1 - a1_6",
        "        a1_8 = g1",
        "        x1 = a1_7",
        "        s0_1 = a1_8",
        "        b2 = 2.0 * x0",
        "        b3 = b2 * x1",
        "        b4 = x0 - 1.0",
        "        g0 = b3",
        "        g1 = b4",
        "        rows += x0, x1, g0, g1",
        "    return [s0_0, s0_1]",
    ]


def test_a_loop_ends_at_the_first_update_that_takes_another_branch():
    """The first branch is that of t <= 2: of five updates two are made, the slots those of the second."""
    opt, slope = Branchy(), lambda x: [2.0 * x[0]]
    page, rule = writing(opt, slope, 1)
    numbers = rule.known(resolved(opt, 1, np.ones(1)))
    columns = {("t",): [1, 2, 3, 4, 5], ("beta",): [0.5, 0.25, 0.5, 0.5, 0.5]}
    rows, slots = page.run(numbers, columns, [8.0, 16.0, 0.0], 5)
    # x = 8 - 0.5 (0.5 * 16 + 1.125 * 0) = 4, then 4 - 0.5 (0.25 * 8 + 1.125 * 16) = -6.
    assert rows == [4.0, 8.0, -6.0, -12.0]
    assert slots == [8.0]


def test_numbers_that_stand_still_take_the_values_of_the_first_update():
    opt = Momentum(lr=0.25, momentum=0.5)
    page, rule = writing(opt, lambda x: [2.0 * x[0]], 1)
    rows, slots = page.run(rule.known(resolved(opt, 1)), {("t",): range(1, 3)}, [8.0, 16.0, 4.0], 2)
    # m = 0.5 * 4 + 16 = 18, x = 8 - 4.5; m = 0.5 * 18 + 7 = 16, x = 3.5 - 4.
    assert rows == [3.5, 7.0, -0.5, -1.0]
    assert slots == [16.0]
    assert "for _ in columns:" in page.source


def test_functions_of_the_count_are_called():
    """x = 8 - 1 / sqrt(t), over and over."""

    class Rooting(Optimizer, abstract=True):
        lr: Hyper = 1.0

        def direction(self, x, g, slots, h):
            return g / sqrt(h.t), ()

    page, rule = writing(Rooting(), lambda _: [1.0], 1)
    numbers = rule.known(resolved(Rooting(), 1))
    rows, _ = page.run(numbers, {("t",): [1, 4, 16]}, [8.0, 1.0], 3)
    assert rows == [7.0, 1.0, 6.5, 1.0, 6.25, 1.0]


OPERATIONS = {
    "arithmetic": lambda a, b: [a + b, a - b, a * b, a / b],
    "numbers": lambda a, b: [2 - a, a - 2.5, -3 * b, b / -1.5],
    "divisions": lambda a, b: [a // b, b // 0.3, a % b, b % 0.3],
    "powers": lambda a, b: [a**2, abs(b) ** 1.5, 2.0**b, (-a) ** 3],
    "signs": lambda a, b: [-a, +b, abs(a), sign(a)],
    "larger": lambda a, b: [maximum(a, b), minimum(a, 0.5), np.maximum(b, 0.0), np.minimum(a, b)],
    "order": lambda a, b: [where(a < b, a, b), where(a <= b, b, a), where(a > b, b, a), where(a >= b, a, b)],
    "equality": lambda a, b: [where(a == b, a, b), where(a != b, a, b), where(a == a, a, b), b],
    "functions": lambda a, b: [sqrt(abs(a)), exp(a), log(abs(b)), arctan(b)],
    "circle": lambda a, b: [sin(a), cos(a), sin(b), cos(b)],
    "hyperbola": lambda a, b: [sinh(a), cosh(b), tanh(a), tanh(b)],
    "strange": lambda a, b: [minimum(a, INF), maximum(b, -INF), a * NAN, where(True, a, b)],
}


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize(("a", "b"), [(0.75, -1.25), (-2.0, -2.0), (3.0, 0.125)])
def test_a_written_loop_does_on_floats_what_the_function_does_on_floats(name, a, b):
    """With a rate of 0 the place stays, and the new gradient is what the function gives there."""
    opt = SGD(lr=0.0)
    page, rule = writing(opt, lambda x: OPERATIONS[name](x[0], x[1]), 4)
    start = [a, b, 0.0, 0.0, *[0.0] * 4]
    rows, slots = page.run(rule.known(resolved(opt, 1)), {("t",): range(1, 2)}, start, 1)
    expected = [float(v) for v in OPERATIONS[name](a, b)]
    assert np.array_equal(rows, [a, b, 0.0, 0.0, *expected], equal_nan=True)
    assert {type(v) for v in rows} == {float}
    assert slots == []


def test_constants_are_written_where_python_reads_them_back_and_named_where_not():
    slope = lambda x: [x[0] * -0.1 + 2 + x[0] ** 0.0, x[0] * NAN + (x[0] - INF) * np.float64(3.0)]  # noqa: E731
    page, _ = writing(SGD(lr=0.5), slope, 2)
    lines = [line.strip() for line in page.source.split("\n") if line.strip().startswith("b")]
    assert lines == [
        "b2 = x0 * (-0.1)",
        "b3 = b2 + 2",
        "b4 = x0 ** 0.0",
        "b5 = b3 + b4",
        "b6 = x0 * c0",
        "b7 = x0 - c1",
        "b8 = b7 * c2",
        "b9 = b6 + b8",
    ]


@pytest.mark.parametrize("function", [np.log1p, np.square, np.isfinite, np.cbrt])
def test_what_floats_do_not_have_is_not_written(function):
    with pytest.raises(Untraceable, match=f"{function.__name__}.*, which floats do not have"):
        writing(SGD(lr=0.5), lambda x: [where(function(x[0]) > 0.5, x[0], 0.0)], 1)


def test_a_slope_that_cannot_be_traced_is_called_with_the_new_place():
    seen = []

    def slope(x):
        seen.append(x)
        return [x[0] - 1.0, 2.0 * x[1]]

    opt = SGD(lr=0.5)
    rule = trace_update(opt, resolved(opt, 1), 0, np.float64)
    page = Writing(opt, rule, slope, 2)
    rows, _ = page.run(rule.known(resolved(opt, 1)), {("t",): range(2)}, [3.0, 8.0, 2.0, 4.0], 2)
    assert seen == [[2.0, 6.0], [1.5, 0.0]]
    assert rows == [2.0, 6.0, 1.0, 12.0, 1.5, 0.0, 0.5, 0.0]


# Floats ---------------------------------------------------------------------------------------------------


class Saddle(Problem, abstract=True):
    """f = x^2 - x y, by components."""

    components = True
    x0 = (8.0, 4.0)

    def fun(self, x):
        a, b = parts(x)
        return a * a - a * b

    def grad(self, x):
        a, b = parts(x)
        return join(2.0 * a - b, -a)


class Answering(SGD, abstract=True):
    """Gradient descent that reports x plus the last gradient."""

    slots = ("last",)

    def direction(self, x, g, slots, h):
        return g, (g,)

    def answer(self, x, slots):
        return x + slots[0]


def floats_for(opt, problem=None, x=(8.0, 4.0)):
    problem, x = Saddle() if problem is None else problem, np.array(x)
    state = opt.init(x)
    way = way_for(opt, problem, x, state)
    return Floats(way), x, Evaluation(*problem.value_and_grad(x)), state.slots


def by_arrays(opt, problem, n, x, slots, count):
    """Return points, slopes, answers and slots as the readable rule makes them."""
    hypers, xs, answers = Hypers(opt, x), [x], [opt.answer(x, slots)]
    for k in range(n, n + count):
        x, slots = opt.update(x, problem.grad(x), slots, hypers.at(k))
        xs.append(x)
        answers.append(opt.answer(x, slots))
    xs = np.array(xs)
    return xs, problem.grad(xs), np.array(answers), slots


@pytest.mark.parametrize("length", [3, 100], ids=["written", "called"])
def test_a_chunk_of_floats_by_hand(length, monkeypatch):
    """Rate 1/2 on x^2 - x y: x = x - (2 x - y) / 2 = y / 2, and y = y + x / 2."""
    monkeypatch.setattr(Floats, "length", length)
    engine, x, e, slots = floats_for(SGD(lr=0.5))
    chunk = engine.chunk(0, x, e, slots, 3)
    assert chunk.x.tolist() == [[8, 4], [2, 8], [4, 9], [4.5, 11]]
    assert chunk.g.tolist() == [[12, -8], [-4, -2], [-1, -4], [-2, -4.5]]
    assert chunk.f.tolist() == [32, -12, -20, -29.25]
    assert chunk.lr.tolist() == [0.5] * 3
    assert chunk.answer is chunk.x
    assert chunk.slots == ()
    assert not chunk.diverged
    assert {chunk.x.dtype, chunk.g.dtype, chunk.f.dtype, chunk.lr.dtype} == {np.dtype(float)}
    assert len(engine.pages) == (length == 3)


@pytest.mark.parametrize("length", [6, 100], ids=["written", "called"])
@pytest.mark.parametrize(
    "opt",
    [
        SGD(lr=Exponential(0.1, 0.1)),
        Momentum(lr=0.05, momentum=Exponential(0.9, 0.01)),
        Adam(lr=Exponential(0.1, 0.1)),  # two slots
        HeavyBall(lr=0.05),  # the rate inside the slot
        Branchy(),
        ClipByValue(ClipByValue(Momentum(lr=Exponential(0.1, 0.1)), 2.0), 1.0),
        Nesterov1983(lr=0.1),  # whose answer is another point
        Answering(lr=0.1),
    ],
    ids=name_of,
)
def test_a_chunk_of_floats_is_that_of_arrays_wherever_it_begins(opt, length, monkeypatch):
    monkeypatch.setattr(Floats, "length", length)
    for n in (0, 5):
        engine, x, e, slots = floats_for(opt)
        slots = tuple(slot + 0.25 for slot in slots)
        count = 2 if isinstance(opt, Branchy) and n == 0 else 6
        chunk = engine.chunk(n, x, e, slots, 6 if length == 6 else count)
        points, slopes, answers, new = by_arrays(opt, Saddle(), n, x, slots, count)
        assert np.array_equal(chunk.x, points)
        assert np.array_equal(chunk.g, slopes)
        assert np.array_equal(chunk.answer, answers)
        assert np.array_equal(chunk.f, Saddle().fun(points))
        for got, expected in zip(chunk.slots, new, strict=True):
            assert np.array_equal(got, expected)
        rate = opt
        while hasattr(rate, "inner"):
            rate = rate.inner
        expected = [Hypers(rate, x).at(k).lr for k in range(n, n + count)]
        assert chunk.lr.tolist() == expected


class Counting(Optimizer, abstract=True):
    """A rule that notes what it is called with: floats, or the symbols of a trace."""

    slots = ("m",)
    lr: Hyper = 0.5
    asks: bool = False
    seen: ClassVar = []

    def direction(self, x, g, slots, h):
        self.seen.append(type(x))
        return (abs(g) if self.asks and x > 1000 else g), slots


def test_a_long_run_is_written_once_and_then_not_called(monkeypatch):
    """Short pieces are called coordinate by coordinate, unless there is a page already."""
    monkeypatch.setattr(Floats, "length", 4)
    monkeypatch.setattr(Counting, "seen", [])
    engine, x, e, slots = floats_for(Counting())
    engine.chunk(0, x, e, slots, 3)
    assert Counting.seen == [float] * 6
    assert engine.pages == []
    long = engine.chunk(0, x, e, slots, 4)
    assert Counting.seen == [float] * 6 + [Symbol]
    short = engine.chunk(4, long.x[-1], long.last, long.slots, 2)
    again = engine.chunk(6, short.x[-1], short.last, short.slots, 4)
    assert Counting.seen == [float] * 6 + [Symbol]
    assert len(engine.pages) == 1
    whole, *_ = by_arrays(SGD(lr=0.5), Saddle(), 0, x, (), 10)
    assert np.array_equal(np.concatenate([long.x, short.x[1:], again.x[1:]]), whole)


class Noting(Saddle, abstract=True):
    """A gradient that notes what it is called with, and may ask for what no symbol has."""

    traceable: bool = True
    seen: ClassVar = []

    def grad(self, x):
        a, b = parts(x)
        self.seen.append(type(a))
        if not self.traceable:
            float(a.real)
        return join(2.0 * a - b, -a)


@pytest.mark.parametrize("traceable", [True, False])
def test_a_gradient_is_written_as_well_or_called_where_that_cannot_be(traceable, monkeypatch):
    monkeypatch.setattr(Floats, "length", 3)
    engine, x, e, slots = floats_for(SGD(lr=0.5), Noting(traceable))
    monkeypatch.setattr(Noting, "seen", [])
    chunk = engine.chunk(0, x, e, slots, 3)
    assert chunk.x.tolist() == [[8, 4], [2, 8], [4, 9], [4.5, 11]]
    assert Noting.seen == [Symbol] + [float] * (0 if traceable else 3)
    assert len(engine.pages) == 1


def test_every_branch_of_a_rule_has_a_page(monkeypatch):
    monkeypatch.setattr(Floats, "length", 4)
    engine, x, e, slots = floats_for(Branchy())
    first = engine.chunk(0, x, e, slots, 4)
    assert len(first.lr) == 2
    assert len(first.x) == len(first.g) == len(first.f) == 3
    engine.chunk(5, x, e, slots, 4)
    engine.chunk(0, x, e, slots, 4)
    engine.chunk(6, x, e, slots, 4)
    assert len(engine.pages) == 2


def test_a_rule_that_cannot_be_written_is_called_and_not_tried_again(monkeypatch):
    monkeypatch.setattr(Floats, "length", 2)
    monkeypatch.setattr(Counting, "seen", [])
    engine, x, e, slots = floats_for(Counting(asks=True))
    for _ in range(2):
        chunk = engine.chunk(0, x, e, slots, 2)
        assert chunk.x.tolist() == [[8, 4], [2, 8], [4, 9]]
    assert Counting.seen == [Symbol] + [float] * 8


class Raising(Saddle, abstract=True):
    """A gradient that is nan, or an error, where floats raise."""

    error: Any = ZeroDivisionError

    def grad(self, x):
        if type(x) is list:
            raise self.error
        return super().grad(x)


@pytest.mark.parametrize("length", [3, 100], ids=["written", "called"])
@pytest.mark.parametrize("error", [ZeroDivisionError, OverflowError, ValueError, TypeError])
def test_where_floats_raise_the_engine_steps_aside(error, length, monkeypatch):
    monkeypatch.setattr(Floats, "length", length)
    engine, x, e, slots = floats_for(SGD(lr=0.5), Raising(error))
    assert engine.chunk(0, x, e, slots, 3) is None


class Counted(Saddle, abstract=True):
    """A value that is a whole number."""

    def fun(self, x):
        return np.sign(x[..., 0]).astype(int)


def test_values_are_kept_as_floats():
    engine, x, e, slots = floats_for(SGD(lr=0.5), Counted())
    assert engine.chunk(0, x, e, slots, 1).f.dtype == float


def test_an_error_that_arrays_would_not_answer_is_not_hidden():
    engine, x, e, slots = floats_for(SGD(lr=0.5), Raising(KeyError))
    with pytest.raises(KeyError):
        engine.chunk(0, x, e, slots, 3)


def way_like(opt=None, **facts):
    problem = SimpleNamespace(**{"varies": False, "components": True, "feasible": None, **facts})
    return SimpleNamespace(optimizer=SGD(lr=0.1) if opt is None else opt, problem=problem)


class Along(SGD, abstract=True):
    elementwise = False


class Needing(SGD, abstract=True):
    needs = ("f",)


class Remembering(SGD, abstract=True):
    slots = ("m",)

    def direction(self, x, g, slots, h):
        return g, slots


class Copying(Optimizer, abstract=True):
    """Gradient descent that asks for what no symbol has, at once or after some updates."""

    lr: Hyper = 0.5
    calm: int = 0

    def direction(self, x, g, slots, h):
        return (g if h.t <= h.calm else g.copy()), ()


ONE = np.ones(2)


def test_a_run_of_floats_is_single_and_double_and_goes_by_components():
    assert floats_can(way_like(), ONE, ())
    assert floats_can(way_like(Remembering()), ONE, (ONE,))
    assert floats_can(way_like(SGD(lr=Exponential(0.1, 0.1))), ONE, ())


@pytest.mark.parametrize(
    ("way", "x", "slots"),
    [
        (way_like(), np.ones((1, 2)), ()),
        (way_like(), ONE.astype(np.float32), ()),
        (way_like(SGD(lr=BarzilaiBorwein())), ONE, ()),
        (way_like(Along()), ONE, ()),
        (way_like(Needing()), ONE, ()),
        (way_like(varies=True), ONE, ()),
        (way_like(components=False), ONE, ()),
        (way_like(SGD(lr=np.array([0.1, 0.2]))), ONE, ()),
        (way_like(Remembering()), ONE, (np.ones(1),)),
    ],
)
def test_other_runs_are_none_of_floats(way, x, slots):
    assert not floats_can(way, x, slots)


def test_a_problem_that_does_not_say_is_not_by_components():
    way = way_like()
    del way.problem.components
    assert not floats_can(way, ONE, ())


# Which engine ---------------------------------------------------------------------------------------------


def way_of(opt, problem, x):
    return way_for(opt, problem, x, opt.init(x))


@pytest.mark.parametrize(
    ("name", "d", "chosen"),
    [
        ("auto", 2, Floats),
        ("auto", 16, Floats),
        ("auto", 17, None),
        ("floats", 17, Floats),
        ("array", 2, None),
        ("array", 17, None),
    ],
)
def test_a_single_run_of_up_to_sixteen_dimensions_is_made_on_floats(name, d, chosen):
    x = np.ones(d)
    engine = engine_for(name, way_of(SGD(lr=0.1), Rosenbrock(d), x), x, (), False)
    assert (engine and type(engine)) is chosen


@pytest.mark.parametrize(("name", "chosen"), [("auto", Tiles), ("traced", Tiles), ("array", None)])
def test_a_batch_is_made_in_tiles(name, chosen):
    x = np.ones((3, 2))
    engine = engine_for(name, way_of(SGD(lr=0.1), Rosenbrock(), x), x, (), False)
    assert (engine and type(engine)) is chosen


class Fenced(Saddle, abstract=True):
    feasible = (0.0, 1.0)


@pytest.mark.parametrize("name", ["auto", "floats", "traced", "array"])
@pytest.mark.parametrize(
    ("opt", "problem", "x", "watched"),
    [
        (SGD(lr=0.1), Fenced(), ONE, False),
        (SGD(lr=0.1), Fenced(), np.ones((3, 2)), False),
        (SGD(lr=0.1), Saddle(), ONE, True),
        (SGD(lr=0.1), Saddle(), np.ones((3, 2)), True),
        (SGD(lr=BarzilaiBorwein()), Saddle(), ONE, False),
        (Along(lr=0.1), Saddle(), np.ones((3, 2)), False),
        (Along(lr=0.1), Saddle(), ONE, False),
    ],
)
def test_what_only_arrays_can_do_is_left_to_them_or_refused(name, opt, problem, x, watched):
    way = way_of(opt, problem, x)
    if name in ("auto", "array"):
        assert engine_for(name, way, x, (), watched) is None
    else:
        with pytest.raises(ValueError, match=f"expected array, because {name} cannot make this run"):
            engine_for(name, way, x, (), watched)


@pytest.mark.parametrize(("name", "x"), [("traced", ONE), ("floats", np.ones((3, 2)))])
def test_floats_are_for_single_runs_and_traces_for_batches(name, x):
    with pytest.raises(ValueError, match="cannot make this run"):
        engine_for(name, way_of(SGD(lr=0.1), Saddle(), x), x, (), False)


class Thing:
    """No `Problem`, but something with a value and a gradient."""

    def fun(self, x):
        return (x * x).sum(axis=-1)

    def grad(self, x):
        return 2.0 * x


class Knowing(Thing):
    """One that has both at once, too."""

    def value_and_grad(self, x):
        return self.fun(x) + 1000.0, self.grad(x)


@pytest.mark.parametrize("engine", ["auto", "array", "traced"])
def test_anything_with_a_value_and_a_gradient_is_a_problem_for_batches_too(engine):
    rates = np.array([[0.25], [0.5], [1.0]])
    run = minimize(Thing(), SGD(lr=rates), x0=[8.0, 4.0], steps=2, engine=engine)
    assert run.x.tolist() == [[2.0, 1.0], [0.0, 0.0], [8.0, 4.0]]
    if engine == "auto":
        assert sweep(Thing(), SGD(lr=rates), x0=[8.0, 4.0], steps=2).x.tolist() == run.x.tolist()
        assert minimize(Thing(), SGD(lr=0.25), x0=[8.0, 4.0], steps=2).x.tolist() == [2.0, 1.0]


def test_what_gives_value_and_gradient_at_once_is_asked_for_both():
    run = minimize(Knowing(), SGD(lr=0.25), x0=[8.0], steps=1)
    assert run.history.fun.tolist() == [1064.0, 1016.0]


def test_the_package_has_what_it_promises_and_nothing_else():
    from optim.engines import sweeps

    assert engines.sweep is sweeps.sweep
    assert engines.survey is sweeps.survey
    assert engines.Ends is sweeps.Ends
    assert engines.step is blocks.step
    with pytest.raises(AttributeError, match=r"module 'optim.engines' has no attribute 'stepp'"):
        engines.stepp  # noqa: B018


# Tiles ----------------------------------------------------------------------------------------------------


class Whole(Saddle, abstract=True):
    """The same problem, written for arrays, and strict: it wants the coordinates of a run side by side."""

    components = False

    def fun(self, x):
        assert x.strides[-1] == x.itemsize
        return x[..., 0] * x[..., 0] - x[..., 0] * x[..., 1]

    def grad(self, x):
        assert x.flags.c_contiguous
        return np.stack([2.0 * x[..., 0] - x[..., 1], -x[..., 0]], axis=-1)


def tile_for(opt, points, problem=None, **options):
    problem = Saddle() if problem is None else problem
    x = np.array(points)
    slots = opt.init(x).slots
    state = inner(x), inner(problem.grad(x)), tuple(inner(s) for s in slots)
    return Tile(problem, opt, options.pop("traces", []), *state, **options)


RUNS = np.array([[8.0, 4.0], [2.0, -6.0], [0.0, 1.0]])


@pytest.mark.parametrize("problem", [Saddle(), Whole()])
def test_a_tile_has_its_runs_as_columns_and_moves_them_in_place(problem):
    opt = SGD(lr=np.array([[0.5], [1.0], [0.0]]))
    tile = tile_for(opt, RUNS, problem)
    arrays = tile.arrays()
    h = tile.advance(0)
    assert h.lr.tolist() == [[0.5], [1.0], [0.0]]
    # x - lr (2 x - y) and y + lr x
    assert tile.x.tolist() == [[2.0, -8.0, 0.0], [8.0, -4.0, 1.0]]
    assert tile.g.tolist() == [[-4.0, -12.0, -1.0], [-2.0, 8.0, 0.0]]
    assert tile.points.tolist() == [[2.0, 8.0], [-8.0, -4.0], [0.0, 1.0]]
    assert len(arrays) == 2
    assert arrays[0] is tile.x
    assert arrays[1] is tile.g


@pytest.mark.parametrize("problem", [Saddle(), Whole(), Rosenbrock()])
@pytest.mark.parametrize(
    "opt",
    [
        Branchy(lr=0.001, pole=400),
        Adam(lr=Exponential(0.1, 0.1), beta1=np.array([[0.5], [0.9], [0.8]])),
        HeavyBall(lr=Rows([0.001, 0.002, Exponential(0.003, 0.1)]), momentum=np.array([[0.5, 0.9]])),
    ],
    ids=name_of,
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_tile_makes_the_updates_of_the_readable_rule(opt, problem, dtype):
    x = (RUNS / 10.0).astype(dtype)
    tile = tile_for(opt, x, problem)
    points, slopes, _, slots = by_arrays(opt, problem, 0, x, opt.init(x).slots, 7)
    with np.errstate(all="ignore"):
        for n in range(7):
            tile.advance(n)
            assert np.array_equal(tile.x.T, points[n + 1])
            assert np.array_equal(tile.g.T, slopes[n + 1])
    for got, expected in zip(tile.slots, slots, strict=True):
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
    monkeypatch.setattr("optim.engines.tiles.LOOK", look)
    monkeypatch.setattr(Cliff, "asked", [])
    tile = tile_for(SGD(lr=0.1), [[1.0, 0.0], [5.0, 0.0], [2.0, 0.0], [1.0, 0.0], [2.0, 0.0]], Cliff())
    tile.g[0, 2], tile.g[1, 4] = np.nan, 1e155  # whose square overflows
    with np.errstate(over="ignore"):
        assert tile.finite().tolist() == [True, False, False, True, False]
    assert Cliff.asked == asked


@pytest.mark.parametrize("which", [np.array([True, False, True]), slice(1, 3), np.array([2, 0])])
def test_some_columns_of_a_tile_go_on_alone(which):
    opt = Momentum(lr=np.array([[0.1], [0.2], [0.3]]), momentum=Rows([0.5, 0.6, 0.7]))
    tile = tile_for(opt, RUNS)
    tile.advance(0)
    kept = [a.copy() for a in tile.arrays()]
    some = tile.columns(which, kept)
    assert some.traces is tile.traces
    tile.advance(1)
    some.advance(1)
    for got, expected in zip(some.arrays(), tile.arrays(), strict=True):
        assert np.array_equal(got, expected[:, which])
        assert got.flags.c_contiguous
    assert len(tile.traces) == 1


def test_tiles_share_what_is_known_of_the_rule():
    """Two branches, two traces, however many tiles; the third update of the second tile is not traced."""
    traces = []
    for _ in range(2):
        tile = tile_for(Branchy(), RUNS, traces=traces)
        for n in (0, 2, 1, 4, 0):
            tile.advance(n)
    assert len(traces) == 2
    assert len(tile._programs) == 2


@pytest.mark.parametrize("exact", [True, False])
def test_powers_are_multiplied_up_only_where_that_is_asked_for(exact):
    beta = np.array([[0.3], [0.7], [0.9]])
    tile = tile_for(Adam(beta2=beta), RUNS, exact=exact)
    tile.advance(0)
    (program,) = tile._programs
    assert len(program.powers) == (not exact)
    assert tile.columns(slice(0, 2), tile.arrays()).exact is exact


def test_tiles_are_exact_unless_told_otherwise():
    assert tile_for(SGD(), RUNS).exact


def test_the_inside_of_a_batch_is_a_copy_turned_and_in_one_piece():
    turned = inner(RUNS)
    assert turned.tolist() == [[8.0, 2.0, 0.0], [4.0, -6.0, 1.0]]
    assert turned.flags.c_contiguous
    assert not np.shares_memory(turned, RUNS)
    assert not np.shares_memory(inner(RUNS[:1]), RUNS)


def test_of_a_record_the_hyperparameters_of_some_runs_are_taken():
    column, row = np.array([[0.1], [0.2], [0.3]]), np.array([[0.5, 0.6]])
    opt = ClipByValue(Momentum(lr=column, momentum=row), limit=Rows([1.0, 2.0, 3.0]))
    some = take(opt, slice(1, 3), 3)
    assert some.inner.lr.tolist() == [[0.2], [0.3]]
    assert some.inner.momentum.tolist() == [[0.5, 0.6]]  # one value a coordinate serves every run
    assert some.limit == Rows([2.0, 3.0])
    assert take(opt, np.array([True, False, False]), 3).inner.lr.tolist() == [[0.1]]


def test_a_record_without_values_of_single_runs_is_taken_as_it_is():
    """What is one value a coordinate is not one a run, even where there are as many runs."""
    wrapped = ClipByValue(SGD(lr=Exponential(0.1, 0.1)), 1.0)
    for opt in (SGD(lr=0.1), SGD(lr=np.array([[0.1, 0.2, 0.3]])), wrapped):
        assert take(opt, slice(0, 2), 3) is opt
    product = SGD(lr=Rows([0.1, 0.2, 0.3]) * Exponential(1.0, 0.1))
    assert take(product, slice(1, 2), 3).lr(0).ravel().tolist() == [0.2]


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


def tiles_for(opt, problem, x):
    state = opt.init(x)
    engine = Tiles(way_for(opt, problem, x, state), x)
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
def test_a_chunk_of_tiles_is_that_of_arrays(opt, problem, width, monkeypatch):
    monkeypatch.setattr("optim.engines.tiles.TILE", width)
    engine, e, slots = tiles_for(opt, problem, RUNS)
    assert [part.stop - part.start for part in engine.parts] == {2: [1, 1, 1], 4: [2, 1], 100: [3]}[width]
    slots = tuple(slot + 0.25 for slot in slots)
    chunk = engine.chunk(3, RUNS, e, slots, 5)
    points, slopes, answers, new = by_arrays(opt, problem, 3, RUNS, slots, 5)
    assert np.array_equal(chunk.x, points)
    assert np.array_equal(chunk.g, slopes)
    assert np.array_equal(chunk.f, problem.fun(points))
    assert np.array_equal(chunk.answer, answers)
    rates = np.array([Hypers(opt, RUNS).at(n).lr for n in range(3, 8)])
    assert np.array_equal(chunk.lr, np.broadcast_to(rates, chunk.lr.shape))
    assert chunk.lr.shape == ((5,) if rates.ndim == 1 else (5, 3, rates.shape[-1]))
    assert chunk.lr.dtype == float
    for got, expected in zip(chunk.slots, new, strict=True):
        assert np.array_equal(got, expected)


def test_the_first_value_of_a_chunk_is_the_one_that_is_known():
    """A problem is not asked twice for the value at one point, which may be an estimate."""
    engine, e, slots = tiles_for(SGD(lr=0.1), Saddle(), RUNS)
    chunk = engine.chunk(0, RUNS, Evaluation(e.f + 1000.0, e.g), slots, 2)
    assert chunk.f[0].tolist() == (e.f + 1000.0).tolist()
    assert chunk.f[1:].max() < 1000.0


def test_a_batch_in_single_precision_has_the_values_of_single_precision():
    x = (RUNS / 10.0).astype(np.float32)
    engine, e, slots = tiles_for(Momentum(lr=np.array([[0.1], [0.2], [0.3]])), Saddle(), x)
    chunk = engine.chunk(0, x, e, slots, 2)
    assert [a.dtype for a in (chunk.x, chunk.g, chunk.answer, *chunk.slots)] == [np.float32] * 4
    assert chunk.f.dtype == np.float64
    assert np.array_equal(chunk.f, Saddle().fun(chunk.x))


def test_a_chunk_may_be_one_update():
    engine, e, slots = tiles_for(SGD(lr=np.array([[0.5], [1.0], [0.0]])), Saddle(), RUNS)
    chunk = engine.chunk(0, RUNS, e, slots, 1)
    assert chunk.x[1].tolist() == [[2.0, 8.0], [-8.0, -4.0], [0.0, 1.0]]
    assert chunk.lr.tolist() == [[[0.5], [1.0], [0.0]]]


def test_a_chunk_of_no_updates_is_its_start():
    for opt in (SGD(lr=0.1), SGD(lr=np.array([[0.1], [0.2], [0.3]]))):
        engine, e, slots = tiles_for(opt, Saddle(), RUNS)
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
    monkeypatch.setattr("optim.engines.tiles.HISTORY", history)
    engine, e, slots = tiles_for(SGD(lr=0.1), Saddle(), RUNS)
    seen = []
    for _ in lengths:
        seen.append(engine.length)
        engine.chunk(0, RUNS, e, slots, 1)
    assert seen == lengths


def test_a_rule_that_cannot_be_traced_leaves_a_batch_to_arrays():
    engine, e, slots = tiles_for(Counting(asks=True), Saddle(), RUNS)
    assert engine.chunk(0, RUNS, e, slots, 2) is None


# Sweeps ---------------------------------------------------------------------------------------------------


def halving(rates, **options):
    """Sweep f = x^2 from 8: a rate r multiplies x by 1 - 2 r."""
    options = {"x0": [8.0], "steps": 3, **options}
    return sweep(Parabola(), SGD(lr=np.array(rates)[:, None]), **options)


@pytest.mark.parametrize("check", [1, 2, 3, 50])
def test_the_ends_of_a_sweep_by_hand(check):
    ends = halving([0.25, 0.5, 1.0], check=check)
    assert ends.x.tolist() == [[1.0], [0.0], [-8.0]]
    assert ends.fun.tolist() == [1.0, 0.0, 64.0]
    assert ends.grad_norm.tolist() == [2.0, 0.0, 16.0]
    assert ends.nit.tolist() == [3, 3, 3]
    assert ends.diverged.tolist() == [False] * 3
    assert ends.diverged.dtype == bool
    assert ends.nit.dtype.kind == "i"


def test_a_sweep_of_no_updates_ends_where_it_began():
    ends = halving([0.25, 0.5], steps=0)
    assert ends.x.tolist() == [[8.0], [8.0]]
    assert ends.fun.tolist() == [64.0, 64.0]
    assert ends.grad_norm.tolist() == [16.0, 16.0]
    assert ends.nit.tolist() == [0, 0]
    assert not ends.diverged.any()


# With a rate of 0.5 + 0.5e100 an update multiplies x by -1e100: the square of the gradient, 16e100 after
# the first, overflows after the second.
WILD = 0.5 + 0.5e100


@pytest.mark.parametrize("check", [1, 2, 3, 50])
@pytest.mark.parametrize("elementwise", [True, False])
def test_a_run_that_diverges_keeps_its_last_finite_point(check, elementwise):
    """The others go on: one that diverges at the second update, one that never does, one at the sixth."""
    opt = (SGD if elementwise else Along)(lr=np.array([[WILD], [0.25], [0.5 + 0.5e30]]))
    ends = sweep(Parabola(), opt, x0=[8.0], steps=20, check=check)
    assert ends.nit.tolist() == [1, 20, 5]
    assert ends.diverged.tolist() == [True, False, True]
    np.testing.assert_allclose(ends.x, [[-8e100], [8 / 2**20], [-8e150]], rtol=1e-12)
    np.testing.assert_allclose(ends.fun, [64e200, 64 / 4**20, 64e300], rtol=1e-12)
    np.testing.assert_allclose(ends.grad_norm, [16e100, 16 / 2**20, 16e150], rtol=1e-12)


@pytest.mark.parametrize("elementwise", [True, False])
@pytest.mark.parametrize("steps", [1, 2])
def test_a_run_that_diverges_at_its_very_last_update_has_diverged(steps, elementwise):
    opt = (SGD if elementwise else Along)(lr=np.array([[WILD], [0.25]]))
    ends = sweep(Parabola(), opt, x0=[8.0], steps=steps)
    assert ends.diverged.tolist() == [steps == 2, False]
    assert ends.nit.tolist() == [1, steps]


class Plain(Problem, abstract=True):
    """f = x with a gradient of x: not true, but the one stays finite where the other's square does not."""

    components = True
    x0 = (8.0,)

    def fun(self, x):
        return x[..., 0]

    def grad(self, x):
        return join(*parts(x))


@pytest.mark.parametrize("elementwise", [True, False])
def test_a_run_whose_gradient_alone_is_lost_has_diverged(elementwise):
    """A rate of 1 + 1e100 multiplies x by -1e100; the square of 8e200 overflows."""
    opt = (SGD if elementwise else Along)(lr=np.array([[1.0 + 1e100], [0.5]]))
    ends = sweep(Plain(), opt, steps=3)
    assert ends.nit.tolist() == [1, 3]
    assert ends.diverged.tolist() == [True, False]
    np.testing.assert_allclose(ends.fun, [-8e100, 1.0], rtol=1e-12)


@pytest.mark.parametrize("elementwise", [True, False])
def test_a_sweep_of_which_all_runs_diverge_is_over(elementwise):
    opt = (SGD if elementwise else Along)(lr=np.array([[WILD], [0.5 + 0.5e30]]))
    ends = sweep(Parabola(), opt, x0=[8.0], steps=1000)
    assert ends.nit.tolist() == [1, 5]
    assert ends.diverged.all()


@pytest.mark.parametrize("elementwise", [True, False])
def test_the_answer_of_a_sweep_is_the_rule_s_own(elementwise):
    opt = Answering(lr=np.array([[0.25], [0.5]]))
    if not elementwise:
        opt = AnsweringAlong(lr=np.array([[0.25], [0.5]]))
    ends = sweep(Parabola(), opt, x0=[8.0], steps=1)
    # The first gradient is 16, at 8.
    assert ends.x.tolist() == [[4.0 + 16.0], [0.0 + 16.0]]
    assert ends.fun.tolist() == [400.0, 256.0]  # there
    assert ends.grad_norm.tolist() == [8.0, 0.0]  # where it was taken


class AnsweringAlong(Answering, abstract=True):
    elementwise = False


def test_a_fenced_problem_is_swept_within_its_fence():
    """Rate 1/2 on x^2 - x y leads from (8, 4) to (2, 8), and its fence is the unit square."""
    ends = sweep(Fenced(), SGD(lr=np.array([[0.5], [0.0]])), steps=1)
    assert ends.x.tolist() == [[1.0, 1.0], [1.0, 1.0]]


def test_a_rule_that_proves_untraceable_on_the_way_is_swept_from_the_start():
    ends = sweep(Saddle(), Copying(lr=np.array([[0.5], [0.25]]), calm=3), x0=[8.0, 4.0], steps=5)
    for row, lr in enumerate((0.5, 0.25)):
        points, *_ = by_arrays(SGD(lr=lr), Saddle(), 0, np.array([8.0, 4.0]), (), 5)
        assert np.array_equal(ends.x[row], points[-1])


class Starting(SGD, abstract=True):
    """A rule whose memory begins with what it is told at the start: x times the first rate."""

    slots = ("m",)

    def start(self, x, h):
        return (x * h.lr,)

    def direction(self, x, g, slots, h):
        return slots[0], slots


def test_the_memory_of_a_sweep_begins_as_the_rule_says():
    """x = 8 - 0.5 (0.5 * 8), then 6 - 0.25 (0.5 * 8)."""
    opt = Starting(lr=Rows([Piecewise([1], [0.5, 0.25]), 0.0]))
    assert sweep(Parabola(), opt, x0=[8.0], steps=1).x.tolist() == [[6.0], [8.0]]
    assert sweep(Parabola(), opt, x0=[8.0], steps=2).x.tolist() == [[5.0], [8.0]]


def test_powers_of_a_run_s_own_number_are_multiplied_up_in_a_sweep_and_not_in_a_run(monkeypatch):
    asked = []

    class Watched(RunningPower):
        def __call__(self, base, t):
            asked.append(t)
            return super().__call__(base, t)

    monkeypatch.setattr("optim.engines.powers.RunningPower", Watched)
    opt = Adam(lr=0.1, beta2=np.array([[0.9], [0.8]]))
    minimize(Parabola(), opt, steps=3, engine="traced")
    assert asked == []
    sweep(Parabola(), opt, steps=3)
    assert set(asked) == {1, 2, 3}


@pytest.mark.parametrize(("steps", "looks"), [(50, 1), (51, 2), (100, 2), (101, 3)])
def test_a_sweep_looks_every_fifty_updates(steps, looks, monkeypatch):
    seen = []
    plain = Tile.finite
    monkeypatch.setattr(Tile, "finite", lambda tile: seen.append(1) or plain(tile))
    sweep(Parabola(), SGD(lr=np.array([[0.1]])), steps=steps)
    assert len(seen) == looks


def test_sweeps_make_a_thousand_updates_on_one_thread_unless_told_otherwise(monkeypatch):
    threads = []

    def each(work, items, count):
        threads.append(count)
        return [work(item) for item in items]

    monkeypatch.setattr("optim.engines.sweeps.each", each)
    opt = SGD(lr=np.array([[0.1]]))
    assert sweep(Parabola(), opt).nit.tolist() == [1000]
    assert survey(Parabola(), opt, lambda run: {"nit": [run.nit]})["nit"].tolist() == [1000]
    assert threads == [1, 1]


@pytest.mark.parametrize("tile", [1, 2, 3, 100])
@pytest.mark.parametrize("threads", [1, 2])
def test_tiles_of_a_sweep_are_put_together(tile, threads, monkeypatch):
    monkeypatch.setattr("optim.engines.sweeps.TILE", tile)
    starts = np.array([[8.0], [4.0], [2.0], [16.0], [1.0]])
    ends = sweep(Parabola(), SGD(lr=np.array([[0.25]] * 4 + [[0.5]])), x0=starts, steps=2, threads=threads)
    assert ends.x.ravel().tolist() == [2.0, 1.0, 0.5, 4.0, 0.0]


@pytest.mark.parametrize(
    ("runs", "width", "stops"), [(7, 3, [3, 6, 7]), (6, 3, [3, 6]), (2, 0, [1, 2]), (2, 9, [2])]
)
def test_runs_are_cut_into_parts_of_one_width(runs, width, stops):
    parts = _parts(runs, width)
    assert [part.stop for part in parts] == stops
    assert [part.start for part in parts] == [0, *stops[:-1]]


@pytest.mark.parametrize(("history", "parts"), [(8, [2, 2, 1]), (4, [1] * 5), (1, [1] * 5), (100, [5])])
@pytest.mark.parametrize("threads", [1, 2])
def test_histories_are_summed_up_as_many_at_a_time_as_memory_holds(history, parts, threads, monkeypatch):
    """Three updates of one coordinate are a history of four numbers a run."""
    monkeypatch.setattr("optim.engines.sweeps.HISTORY", history)
    opt = SGD(lr=np.array([[0.25], [0.5], [1.0], [0.0], [0.25]]))

    def summary(run):
        b = run.history.x.shape[1]
        return {"last": run.x[:, 0], "runs": [b] * b, "points": [len(run.history.x)] * b}

    found = survey(Parabola(), opt, summary, x0=[8.0], steps=3, threads=threads)
    assert found["last"].tolist() == [1.0, 0.0, -8.0, 8.0, 1.0]
    assert found["points"].tolist() == [4] * 5
    assert found["runs"].tolist() == [b for b in parts for _ in range(b)]


@pytest.mark.parametrize(("history", "parts"), [(8, [2, 1, 2]), (1, [1] * 5), (100, [3, 2])])
def test_a_rule_without_a_trace_is_swept_by_histories_that_memory_holds(history, parts, monkeypatch):
    """In tiles of three and two runs; three updates are a history of four numbers a run."""
    monkeypatch.setattr("optim.engines.sweeps.TILE", 3)
    monkeypatch.setattr("optim.engines.sweeps.HISTORY", history)
    seen = []

    def watched(problem, opt, x, steps, engine):
        seen.append(len(x))
        return minimize(problem, opt, x, steps, engine=engine)

    monkeypatch.setattr("optim.engines.sweeps.minimize", watched)
    ends = sweep(Parabola(), Along(lr=np.array([[0.25], [0.5], [1.0], [0.0], [WILD]])), x0=[8.0], steps=3)
    assert seen == parts
    assert ends.x.ravel().tolist() == [1.0, 0.0, -8.0, 8.0, -8e100]


@pytest.mark.parametrize("call", [sweep, lambda p, o, **k: survey(p, o, dict, **k)], ids=["sweep", "survey"])
def test_sweeps_refuse_what_makes_no_batch(call):
    with pytest.raises(ValueError, match=r"x0: got one run of shape \(1,\), expected a batch"):
        call(Parabola(), SGD(lr=0.1))
    with pytest.raises(ValueError, match="steps: got -1, expected a whole number of at least 0"):
        call(Parabola(), SGD(lr=np.array([[0.1]])), steps=-1)
    with pytest.raises(ValueError, match="threads: got 0, expected a whole number of at least 1"):
        call(Parabola(), SGD(lr=np.array([[0.1]])), threads=0)


def test_a_sweep_looks_at_least_at_every_update():
    with pytest.raises(ValueError, match="check: got 0, expected a whole number of at least 1"):
        halving([0.1], check=0)


def test_a_sweep_refuses_a_start_that_is_not_finite():
    with pytest.raises(ValueError, match="expected a start with a finite value"):
        sweep(Parabola(), SGD(lr=np.array([[0.1]])), x0=[1e200])


# Blocks ---------------------------------------------------------------------------------------------------


@pytest.fixture
def small_blocks(monkeypatch):
    """Blocks of 8 numbers; the list has the ranges that each thread was given."""
    shares = []
    plain = workers.each

    def each(work, items, threads):
        shares.append((list(items), threads))
        return plain(work, items, threads)

    monkeypatch.setattr(blocks, "BLOCK", 8)
    monkeypatch.setattr(blocks, "each", each)
    return shares


@pytest.mark.parametrize(
    ("size", "threads", "shares"),
    [
        (37, 1, [range(0, 37, 8)]),
        (37, 2, [range(0, 24, 8), range(24, 37, 8)]),
        (37, 3, [range(0, 16, 8), range(16, 32, 8), range(32, 37, 8)]),
        (16, 2, [range(0, 8, 8), range(8, 16, 8)]),
        (5, 2, [range(0, 5, 8)]),
    ],
)
@pytest.mark.parametrize("overwrite", [False, True])
def test_threads_share_the_blocks_and_the_bits_are_the_rule_s(size, threads, shares, overwrite, small_blocks):
    rng = np.random.default_rng(5)
    opt = Adam(lr=rng.uniform(0.1, 0.2, size), eps=0.5)
    x, g = rng.normal(size=(2, size))
    state = State(3, tuple(rng.uniform(1.0, 2.0, (2, size))), {"kept": 1})
    kept, old = x.copy(), tuple(s.copy() for s in state.slots)
    expected, slots = opt.update(x, g, state.slots, Hypers(opt, x).at(3))
    new, after = blocks.step(opt, x, g, state, threads=threads, overwrite=overwrite)
    assert small_blocks == [(shares, threads)]
    assert np.array_equal(new, expected)
    assert (after.n, after.carry) == (4, {"kept": 1})
    for k in range(2):
        assert np.array_equal(after.slots[k], slots[k])
        assert (after.slots[k] is state.slots[k]) == overwrite
    assert (new is x) == overwrite
    assert overwrite or (np.array_equal(x, kept) and np.array_equal(old, state.slots))


def test_one_thread_that_leaves_its_arguments_alone_is_the_default(small_blocks):
    x = np.ones(5)
    new, _ = blocks.step(SGD(lr=0.5), x, np.ones(5), State(0))
    assert small_blocks[0][1] == 1
    assert x.tolist() == [1.0] * 5
    assert new.tolist() == [0.5] * 5
    x = np.ones(5)
    new, slots = blocks.update(SGD(), x, np.ones(5), (), resolved(SGD(lr=0.5), 1))
    assert (x.tolist(), new.tolist(), slots) == ([1.0] * 5, [0.5] * 5, ())
    assert small_blocks[1][1] == 1


class Shifting(SGD, abstract=True):
    """Gradient descent that keeps the last two gradients."""

    slots = ("last", "before")

    def direction(self, x, g, slots, h):
        return g, (g, slots[0])


def test_memory_may_be_shifted_in_place(small_blocks):
    """The old first slot is read before the new one takes its place."""
    x, g, last, before = np.arange(40.0).reshape(4, 10)
    blocks.step(Shifting(lr=0.5), x, g, State(0, (last, before)), overwrite=True)
    assert x.tolist() == [k - 0.5 * (10 + k) for k in range(10)]
    assert last.tolist() == list(range(10, 20))
    assert before.tolist() == list(range(20, 30))


@pytest.mark.parametrize("locked", ["x", "slot"])
def test_what_may_not_be_written_to_is_not_overwritten(locked, small_blocks):
    x, m = np.ones(9), np.ones(9)
    (x if locked == "x" else m).flags.writeable = False
    new, after = blocks.step(Momentum(lr=0.5, momentum=0.5), x, np.ones(9), State(0, (m,)), overwrite=True)
    assert len(small_blocks) == 1
    assert x.tolist() == m.tolist() == [1.0] * 9
    assert new.tolist() == [0.25] * 9
    assert after.slots[0].tolist() == [1.5] * 9


def test_the_gradient_is_never_written_to(small_blocks):
    g = np.ones(9)
    g.flags.writeable = False
    x = np.ones(9)
    blocks.step(Adam(lr=0.5, eps=0.0), x, g, Adam().init(x), overwrite=True)
    assert len(small_blocks) == 1
    np.testing.assert_allclose(x, 0.5)


LONG = np.linspace(1.0, 2.0, 12)


@pytest.mark.parametrize(
    ("opt", "x", "g", "slots"),
    [
        (Along(lr=0.5), LONG, LONG, ()),
        (Copying(lr=0.5), LONG, LONG, ()),
        (SGD(lr=0.5), np.repeat(LONG, 2)[::2], LONG, ()),
        (SGD(lr=0.5), LONG, np.repeat(LONG, 2)[::2], ()),
        (Remembering(lr=0.5), LONG, LONG, (np.repeat(LONG, 2)[::2],)),
        (SGD(lr=0.5), LONG.astype(np.float32), LONG, ()),
        (Remembering(lr=0.5), LONG, LONG, (LONG[:1],)),
        (SGD(lr=np.full((3, 1), 0.5)), LONG.reshape(3, 4), LONG.reshape(3, 4), ()),
        (SGD(lr=np.full((1, 4), 0.5)), LONG.reshape(3, 4), LONG.reshape(3, 4), ()),
        (SGD(lr=np.full((2, 1), 0.5)), LONG.reshape(2, 6), LONG.reshape(2, 6), ()),
    ],
)
def test_what_does_not_fit_into_blocks_is_updated_as_it_stands(opt, x, g, slots, small_blocks):
    assert blocks.update(opt, x, g, slots, resolved(opt, 1, x)) is None
    new, after = blocks.step(opt, x, g, State(0, slots))
    assert small_blocks == []
    np.testing.assert_allclose(new, 0.5 * x, rtol=1e-6)
    assert [slot.tolist() for slot in after.slots] == [slot.tolist() for slot in slots]


def test_a_step_that_leaves_the_finite_numbers_is_no_error(small_blocks):
    x = np.array([1e308, -1e308])
    for opt in (SGD(lr=1e3), Along(lr=1e3)):
        new, _ = blocks.step(opt, x, -x, State(0))
        assert new.tolist() == [INF, -INF]


class Flagged(SGD, abstract=True):
    """Gradient descent, backwards at first: a choice whose condition is one flag for all."""

    def direction(self, x, g, slots, h):
        return where(h.t > 1, g, -g), ()


@pytest.mark.parametrize(
    "opt", [Adam(lr=0.1), Flagged(lr=0.1), Momentum(lr=np.full((1, 1), 0.1))], ids=name_of
)
def test_a_step_in_single_precision_has_the_bits_of_single_precision(opt, small_blocks):
    x = np.random.default_rng(8).normal(size=(5, 40)).astype(np.float32)
    for n in (0, 1):
        slots = tuple(np.sqrt(abs(x) + s) for s in opt.init(x).slots)
        expected, old = opt.update(x, x * x, slots, Hypers(opt, x).at(n))
        new, after = blocks.step(opt, x, x * x, State(n, slots))
        assert new.dtype == np.float32
        assert np.array_equal(new, expected)
        assert all(np.array_equal(a, b) for a, b in zip(after.slots, old, strict=True))
    assert len(small_blocks) == 2


@pytest.mark.parametrize("shape", [(3, 4), (2, 2, 3), (1,), (2,), (12,)])
def test_a_parameter_of_any_shape_is_one_row_of_blocks(shape, small_blocks):
    x = np.arange(float(np.prod(shape))).reshape(shape)
    new, _ = blocks.step(SGD(lr=np.full(shape, 0.25)), x, np.ones(shape), State(0))
    assert len(small_blocks) == 1
    assert new.tolist() == (x - 0.25).tolist()
