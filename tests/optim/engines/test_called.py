"""A user's own functions under a rule on floats: the same run, and the same calls in the same order."""

from collections import Counter

import numpy as np
import pytest

from optim import SGD, Adam, Momentum, Optimizer, RMSprop, minimize
from optim.engines import engine_for
from optim.engines.called import CalledFloats
from optim.engines.floats import Floats
from optim.hyperparameters import Hyper
from optim.start import checked_problem
from optim.steppers import stepper_for
from problems import Problem
from schedules import Exponential
from tests.instances import name_of
from tests.optim.engines.rules import Answering, Branchy, Counting, Remembering
from tests.optim.engines.test_engines import ELEMENTWISE, assert_same_run, calm

NAN, INF = float("nan"), float("inf")


@pytest.fixture(params=[64, 10**6], ids=["written", "one by one"], autouse=True)
def way_of_floats(request, monkeypatch):
    """Long runs have their operations written out, short ones call the rule once a coordinate."""
    monkeypatch.setattr(Floats, "length", request.param)


class Logged:
    """f = |x|^2 / 2 with a log of every call, and some answers replaced; it spoils what it gets."""

    def __init__(self, instead=None, x0=(3.0, -4.0), minimum=None):
        self.log, self.instead, self.x0, self.minimum = [], instead or {}, list(x0), minimum
        self.calls = Counter()

    def _answer(self, name, x, value):
        self.log.append((name, x.tobytes()))
        x[:] = NAN
        self.calls[name] += 1
        found = self.instead.get((name, self.calls[name]), value)
        if isinstance(found, Exception):
            raise found
        return found

    def fun(self, x):
        return self._answer("fun", x, 0.5 * float(x @ x))

    def grad(self, x):
        return self._answer("grad", x, x.copy())


def both(make, opt, steps=200, **options):
    """Return the two runs, on floats and on arrays, of two problems alike, after their logs are compared."""
    logs, runs = [], []
    for engine in ("floats", "array"):
        problem = make()
        runs.append(minimize(problem, opt(), steps=steps, engine=engine, **options))
        logs.append(problem.log)
    assert logs[0] == logs[1]
    assert_same_run(*runs)
    assert runs[0].njev == runs[1].njev
    assert runs[0].failure == runs[1].failure
    assert np.array_equal(runs[0].jac, runs[1].jac, equal_nan=True)
    return runs[0]


@pytest.mark.parametrize("opt", ELEMENTWISE, ids=name_of)
def test_every_elementwise_rule_leaves_the_run_and_the_calls_of_arrays(opt):
    run = both(Logged, lambda: calm(opt))
    assert run.nfev == run.njev == 201


@pytest.mark.parametrize("opt", ELEMENTWISE, ids=name_of)
def test_every_elementwise_rule_leaves_the_run_of_arrays_on_plain_functions(opt):
    def valley(x):
        return float(np.exp(0.1 * x[0]) + np.cos(x[1]) + x[0] * x[0])

    def slope(x):
        return [0.1 * np.exp(0.1 * x[0]) + 2 * x[0], -np.sin(x[1])]

    for grad in (slope, None):
        problem = Problem.of(valley, grad, x0=[1.0, 0.5])
        runs = [minimize(problem, calm(opt), steps=130, engine=engine) for engine in ("floats", "array")]
        assert_same_run(*runs)


@pytest.mark.parametrize("steps", [0, 1, 63, 64, 65, 200])
def test_the_ends_of_chunks_do_not_show(steps):
    both(Logged, lambda: Adam(lr=Exponential(0.01, 0.001)), steps)


@pytest.mark.parametrize("minimum", [None, 0.0], ids=["gradient norm", "gap"])
@pytest.mark.parametrize("tol", [4.0, 0.5, 1e-3])
def test_nothing_is_called_past_the_tolerance(tol, minimum):
    run = both(lambda: Logged(minimum=minimum), lambda: Momentum(lr=0.05, momentum=0.5), 500, tol=tol)
    assert run.success
    assert run.nit < 500
    assert run.nfev == run.nit + 1


@pytest.mark.parametrize("at", [2, 3, 40, 65, 66, 130])
@pytest.mark.parametrize(
    ("name", "value"),
    [("fun", NAN), ("fun", -INF), ("grad", [NAN, 1.0]), ("grad", [1.0, INF]), ("grad", [1.7e308, 1.7e308])],
)
def test_nothing_is_called_past_a_divergence(at, name, value):
    """The call of number `at` is the one after update at - 1: it is the last."""
    run = both(lambda: Logged({(name, at): value}), lambda: Adam(lr=0.01))
    assert run.status == 2
    assert run.nit == at - 2
    assert run.nfev == at


@pytest.mark.parametrize("opt", [SGD(lr=2.5), Momentum(lr=5.0), RMSprop(lr=1e300)], ids=name_of)
def test_a_run_that_grows_without_end_ends_at_the_same_update(opt):
    assert both(Logged, lambda: opt, 3000).status == 2


@pytest.mark.parametrize("at", [2, 40, 64, 65, 66])
@pytest.mark.parametrize("kind", [ZeroDivisionError, ValueError, TypeError, OSError])
@pytest.mark.parametrize("name", ["fun", "grad"])
def test_an_error_of_the_functions_goes_through_and_no_call_is_made_again(at, kind, name):
    logs = []
    for engine in ("floats", "array"):
        problem = Logged({(name, at): kind("mine")})
        with pytest.raises(kind, match="mine"):
            minimize(problem, SGD(lr=0.1), steps=100, engine=engine)
        logs.append(problem.log)
    assert logs[0] == logs[1]
    assert sum(n == name for n, _ in logs[0]) == at


class Fuse(Optimizer, abstract=True):
    """A rule that divides by 0 at an update: an error on floats, inf on arrays."""

    slots = ("left",)
    lr: Hyper = 1e-3
    length: int = 70

    def start(self, x, h):
        return (np.full_like(x, h.length),)

    def direction(self, x, g, slots, h):
        left = slots[0] - 1.0
        return g / left, (left,)


@pytest.mark.parametrize("length", [1, 2, 64, 65, 66, 128, 129, 500])
def test_where_floats_divide_by_zero_arrays_make_the_update(length):
    run = both(Logged, lambda: Fuse(length=length))
    assert (run.status, run.nit) == ((2, length - 1) if length < 200 else (0, 200))


def test_an_error_of_the_rule_goes_through_after_the_same_calls():
    logs = []
    for engine in ("floats", "array"):
        problem = Logged()
        with pytest.raises(ZeroDivisionError):
            minimize(problem, Branchy(lr=1e-3, pole=70), steps=100, engine=engine)
        logs.append(problem.log)
    assert logs[0] == logs[1]


class Rooted(Optimizer, abstract=True):
    """A rule with a root that is complex on floats where arrays give nan."""

    lr: Hyper = 0.1

    def direction(self, x, g, slots, h):
        return g * (x - 2.0) ** 0.5, slots


def test_a_rule_that_leaves_the_real_numbers_on_floats_ends_as_on_arrays():
    assert both(lambda: Logged(x0=[3.0, 4.0]), Rooted, 100).status == 2


@pytest.mark.parametrize("opt", [Answering(lr=0.1), Answering(lr=3.0)], ids=["settles", "diverges"])
def test_a_rule_that_reports_another_point(opt):
    both(Logged, lambda: opt, 2000)


@pytest.mark.parametrize("tol", [None, 1e-2])
def test_a_function_for_the_rate_is_asked_when_its_turn_comes(tol):
    """Once an update, in the order of the loop, and never for an update that is not made."""
    logs = []
    for engine in ("floats", "array"):
        problem = Logged()

        def rate(n, log=problem.log):
            log.append(("lr", n))
            return 0.1 / (1 + 0.01 * n)

        minimize(problem, Momentum(lr=rate, momentum=0.5), steps=200, tol=tol, engine=engine)
        logs.append(problem.log)
    assert logs[0] == logs[1]


def test_a_run_is_resumed_bit_for_bit():
    opt = Adam(lr=Exponential(0.05, 0.01))
    whole = minimize(Logged(), opt, steps=150, engine="floats")
    first = minimize(Logged(), opt, steps=77, engine="floats")
    rest = minimize(Logged(), opt, steps=73, state=first.state, x0=first.last_x, engine="floats")
    assert np.array_equal(rest.x, whole.x)
    assert np.array_equal(np.concatenate([first.history.x, rest.history.x[1:]]), whole.history.x)


@pytest.mark.parametrize(
    ("name", "d", "is_called"), [("auto", 16, True), ("auto", 17, False), ("floats", 17, True)]
)
def test_functions_are_called_under_floats_in_few_dimensions(name, d, is_called):
    problem = Problem.of(np.sum, np.ones_like, x0=np.ones(d))
    stepper = stepper_for(SGD(lr=0.1), problem, np.ones(d), SGD(lr=0.1).init(np.ones(d)))
    engine = engine_for(name, stepper, np.ones(d), (), False)
    assert (engine is not None and type(engine) is CalledFloats) is is_called


def called_for(opt):
    """Return an engine for f = |x|^2 / 2 from (8, -16), and where it starts."""
    x = np.array([8.0, -16.0])
    state = opt.init(x)
    stepper = stepper_for(opt, checked_problem(Logged(x0=x)), x, state)
    return CalledFloats(stepper), x, stepper.evaluate(0, x), state.slots


@pytest.mark.parametrize("opt", [SGD(lr=0.5), Remembering(lr=0.5), Counting()], ids=name_of)
def test_a_chunk_of_full_length_is_written_out_and_so_is_what_follows(opt, monkeypatch):
    """Rate 1/2 halves x."""
    monkeypatch.setattr(Floats, "length", 4)
    engine, x, e, slots = called_for(opt)
    for n, count, pages in ((0, 2, 0), (2, 4, 1), (6, 1, 1), (7, 4, 1)):
        monkeypatch.setattr(Counting, "seen", [])
        chunk = engine.chunk_until(n, x, e, slots, count, None)
        assert chunk.x.tolist() == [[8.0 / 2**k, -16.0 / 2**k] for k in range(n, n + count + 1)]
        assert chunk.f.tolist() == [160.0 / 4**k for k in range(n, n + count + 1)]
        assert np.array_equal(chunk.g, chunk.x)
        assert chunk.lr.tolist() == [0.5] * count
        assert chunk.output is chunk.x
        assert (chunk.diverged, chunk.lost) == (False, None)
        assert len(engine.pages) == pages
        if pages:  # the rule itself is called no more
            assert float not in Counting.seen
        x, e, slots = chunk.x[-1], chunk.last, chunk.slots


def test_a_rate_that_is_asked_is_not_written_out(monkeypatch):
    monkeypatch.setattr(Floats, "length", 4)
    engine, x, e, slots = called_for(SGD(lr=lambda n: ([0.5] * 4)[n]))
    assert engine.chunk_until(0, x, e, slots, 4, None).x[-1].tolist() == [0.5, -1.0]
    assert engine.pages == []


@pytest.mark.parametrize("length", [4, 100], ids=["written", "one by one"])
def test_a_chunk_says_that_arrays_must_make_the_next_update(length, monkeypatch):
    monkeypatch.setattr(Floats, "length", length)
    engine, x, e, slots = called_for(Fuse(length=3))
    chunk = engine.chunk_until(0, x, e, slots, 4, None)
    assert (len(chunk.lr), chunk.diverged, chunk.lost) == (2, True, None)
    assert engine.chunk_until(2, chunk.x[-1], chunk.last, chunk.slots, 4, None) is None


class Squaring(Optimizer, abstract=True):
    """A rule from outside with a power, which on floats need not be the product that arrays take."""

    lr: Hyper = 0.25

    def direction(self, x, g, slots, h):
        return g**2, slots


def test_a_rule_from_outside_is_written_out_where_its_text_would_not_do(monkeypatch):
    monkeypatch.setattr(Floats, "length", 4)
    engine, x, e, slots = called_for(Squaring())
    assert engine.chunk_until(0, x, e, slots, 3, None) is None
    chunk = called_for(Squaring())[0].chunk_until(0, x, e, slots, 4, None)
    assert chunk.x[1].tolist() == [8.0 - 16.0, -16.0 - 64.0]


def test_a_rule_from_outside_that_cannot_be_followed_is_left_to_arrays():
    engine, x, e, slots = called_for(Counting(asks=True))
    assert engine.chunk_until(0, x, e, slots, 2, None) is None
