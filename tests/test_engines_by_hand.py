"""The parts of the engines, one by one, on cases small enough to follow by hand."""

import math
import operator
import os
import threading
from types import SimpleNamespace

import numpy as np
import pytest

from optim import SGD, Adam, ClipByValue, Momentum, Optimizer
from optim.engines import workers
from optim.engines.chunks import Chunk, leap
from optim.engines.powers import RunningPower, running_powers
from optim.engines.replay import Plan, Scratch, cell_for, choose, fill
from optim.engines.tracing import Symbol, Untraceable, trace_function, trace_update
from optim.optimizer import Evaluation, Hyper, Hypers
from schedules import Exponential, Rows
from stepsize.base.arithmetic import maximum, minimum, sign, sqrt, where

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
    with pytest.raises(ValueError, match="threads: got .*, expected a whole number of at least 1"):
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
        self.asked.append(count)
        here = slice(n, n + count + 1)
        f, g = self.f[here], self.g[here]
        return Chunk(g + 100, f, g, np.full(count, 0.5), g + 200, (g[-1] + 300,))


def leapt(engine, n=0, stop=100, tol=None, minimum=None):
    with np.errstate(all="ignore"):  # as in the loop
        return leap(engine, n, np.zeros(1), Evaluation(0.0, np.zeros(1)), (), stop, tol, minimum)


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


def test_an_engine_that_gives_up_is_not_asked_again():
    engine = SimpleNamespace(length=4, chunk=lambda *args: None)
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


@pytest.mark.parametrize("visits", [[5, 6, 6, 7], [40, 3, 4, 100], [0, 1, 0], [31, 32, 33, 65, 66], [64, 32]])
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
        lambda a, b: [a + np.zeros_like(b)],
        lambda a, b: [a * np.float64(0.1)],
        lambda a, b: [where(np.isfinite(a) & ~(b > 0.0), a, b)],
        lambda a, b: [b, a],  # inputs as results
        lambda a, b: [2.0, 3],
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
        (lambda x: [math.sqrt(-1.0)], float),
        (lambda x: [x[0], None], float),
        (lambda x: [x[0], 1j], float),
        (lambda x: [x[0], "1"], float),
        (lambda x: 5.0, float),
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
    """A rule that asks about t and about a schedule, and divides by zero at t = 4."""

    slots = ("old",)
    lr: Hyper = 0.5
    beta: Hyper = Exponential(0.8, 0.25)
    eps: Hyper = 0.125
    calm: bool = True

    def direction(self, x, g, slots, h):
        (old,) = slots
        late = h.t > 2
        factor = h.beta / (h.t - 4) if late else h.beta
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


def test_what_moves_is_what_follows_from_something_that_moves():
    trace = branchy_trace(5)
    moving = trace.moving(lambda path: path in {("lr",), ("eps",)})
    still = [trace.plain[i] for i in range(len(trace.plain)) if i not in moving]
    assert [path for function, path in still if function is None] == [("lr",), ("eps",)]
    assert [function for function, _ in still if function is not None] == [operator.add]
    assert trace.moving(lambda path: True) == []
    assert trace.moving(lambda path: False) == list(range(len(trace.plain)))


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
    assert trace.renew(values, range(len(values)), resolved(opt, 6), {division: lambda a, b: (b, "instead")})
    assert values[division] == (2, "instead")


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
    opt = Branchy(calm=False)
    seen = []
    twin = type("Watched", (Branchy,), {}, abstract=True)(calm=False)
    assert opt.calm is twin.calm is False

    class Asking(Branchy, abstract=True):
        def direction(self, x, g, slots, h):
            seen.append((h.calm, type(h.lr), h.t.plain, x.plain))
            return super().direction(x, g, slots, h)

    asking = Asking(calm=False)
    trace_update(asking, resolved(asking, 1), 1, np.float64)
    assert seen == [(False, Symbol, True, False)]


# Replaying ------------------------------------------------------------------------------------------------


def program(seed, inputs=3):
    """Return a random function of arrays, straight-line arithmetic with choices, and with as many results."""

    def rule(x):
        rng = np.random.default_rng(seed)
        values = list(x)
        for _ in range(12):
            a, b, c = (values[k] for k in rng.integers(0, len(values), 3))
            kind = rng.integers(0, 6)
            values.append(
                [
                    lambda a, b, c: a + 0.5 * b,
                    lambda a, b, c: a * b - c,
                    lambda a, b, c: where(a > b, c, a),
                    lambda a, b, c: maximum(a, b) - minimum(b, c),
                    lambda a, b, c: abs(a),
                    lambda a, b, c: where(a < 0.0, 1.5, b),
                ][kind](a, b, c)
            )
        results = [values[k] for k in rng.integers(0, len(values), inputs)]
        return results[:-1] + [values[-1]]

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
def test_a_replay_writes_what_the_function_returns_wherever_it_is_told_to(into, spare):
    """Over its own inputs, each into another's place, or beside them; with inputs as scratch or without."""
    given = np.random.default_rng(7).normal(size=(3, 5))
    with np.errstate(all="ignore"):
        for seed in range(25):
            rule = program(seed)
            arrays = [*given.copy(), *np.full((3, 5), np.nan)]
            plan = Plan(trace_function(rule, 3, np.float64), into, spare)
            for call in plan.bind(arrays, {}, Scratch((5,))):
                call()
            for place, expected in zip(into, rule(list(given)), strict=True):
                assert np.array_equal(arrays[place], expected, equal_nan=True), seed
            for k in range(6):  # nothing else is touched but what may serve as scratch
                if k not in {*into, *spare}:
                    assert np.array_equal(arrays[k], given[k] if k < 3 else np.full(5, np.nan), equal_nan=True)


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


@pytest.mark.parametrize(("d", "shape"), [(128, (128, 128)), (129, (1, 128))])
def test_a_cell_is_spread_whole_over_small_tiles_alone(d, shape):
    """Up to 16384 numbers; beyond, broadcasting costs less than the memory."""
    value = np.arange(128.0)[:, None]
    cell = cell_for(value, np.float64, (d, 128))
    assert cell.shape == shape
    assert np.array_equal(np.broadcast_to(cell, (d, 128)), np.broadcast_to(value.T, (d, 128)))
