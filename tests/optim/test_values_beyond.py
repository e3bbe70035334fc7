"""What a schedule gives from the end of a run on is neither asked nor judged."""

import numpy as np
import pytest

import stepsize as ss
from optim import SGD, Adam, ClipByNorm, Momentum, minimize
from optim.sweep import sweep
from problems import MiniBatch, Quadratic, Rosenbrock
from schedules import Constant, Cycles, FromFunction, Linear, PerRun, Phases, Schedule
from stepsize.core.record import registered
from stepsize.parsing import demo_of

BOWL = Quadratic([1.0, 20.0])
LENGTHS = (1, 2, 30, 511, 512, 600)


def table(length, value=0.02):
    """Return a schedule that has values for so many updates only."""
    rates = [value] * length
    return FromFunction(lambda n: rates[n])


@pytest.mark.parametrize("length", [1, 2, 30, 600])
@pytest.mark.parametrize("engine", ["auto", "array"])
def test_nor_where_the_problem_is_rounded_to_the_precision_of_the_start(length, engine):
    x0 = np.ones(2, np.float32)
    run = minimize(BOWL, SGD(lr=table(length)), x0, length, engine=engine)
    assert (run.nit, run.last_x.dtype, run.jac.dtype) == (length, np.float32, np.float32)


WRAPPED = {
    "bare": lambda t, _: t,
    "half": lambda t, _: t * 0.5,
    "sum": lambda t, _: t + 0.001,
    "product": lambda t, _: Constant(0.5) * t,
    "then": lambda t, length: t.then(0.01, at=length),
    "warmup": lambda t, _: t.warmup(5),
    "ramp": lambda t, _: t.warmup(5, start=0.0),
    "together": lambda t, _: t.warmup(5, shift=False),
    "cooldown": lambda t, length: t.cooldown(5, at=max(length - 5, 0)),
    "floor": lambda t, _: t.floor(0.001),
    "cap": lambda t, _: t.cap(0.01),
    "delay": lambda t, _: t.delay(3),
    "repeat": lambda t, length: t.repeat(length),
    "epochs": lambda t, _: t.per_epoch(3),
    "cycles": lambda t, length: Cycles(t, length),
    "rows": lambda t, _: PerRun([t, 0.01, t]),
}


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("name", WRAPPED)
def test_a_table_serves_a_run_of_its_length(name, length):
    rate = WRAPPED[name](table(length), length)
    x0 = np.ones((3, 2)) if name == "rows" else np.ones(2)
    runs = [minimize(BOWL, SGD(lr=rate), x0, length, engine=engine) for engine in ("auto", "array")]
    np.testing.assert_array_equal(runs[0].history.x, runs[1].history.x)
    expected = rate(np.arange(length).reshape((-1, 1, 1) if name == "rows" else -1))
    np.testing.assert_array_equal(np.reshape(runs[0].history.lr, -1), expected.reshape(-1))


@pytest.mark.parametrize("name", ["then", "cooldown"])
def test_what_follows_a_table_follows(name):
    rate = WRAPPED[name](table(30), 30)
    run = minimize(BOWL, SGD(lr=rate), steps=100)
    assert run.nit == 100
    assert run.history.lr[-1] == (0.01 if name == "then" else 0.0)


@pytest.mark.parametrize("engine", ["auto", "array"])
@pytest.mark.parametrize("stop", [60, 512, 700])
def test_a_run_is_not_refused_for_what_it_does_not_use(engine, stop):
    below = Linear(0.01, stop, end=0.0) + Constant(0.0).then(-1.0, at=stop)
    rising = Constant(0.9).then(1.0, at=stop)
    for rule in (
        SGD(lr=below),
        Adam(lr=0.01, beta1=rising),
        ClipByNorm(Momentum(0.01), Constant(1.0).then(0.0, at=stop)),
    ):
        assert minimize(BOWL, rule, steps=stop, engine=engine).nit == stop
        with pytest.raises(ValueError, match=rf"for n = {stop}, expected a finite number"):
            minimize(BOWL, rule, steps=stop + 1, engine=engine)


@pytest.mark.parametrize("wanted", [FromFunction, lambda f: f], ids=["schedule", "function"])
def test_the_update_at_fault_is_named(wanted):
    with pytest.raises(ValueError, match=r"^lr: got -0\.5 from the (schedule|function) for n = 7, expected"):
        minimize(BOWL, SGD(lr=wanted(lambda n: 0.01 if n < 7 else -0.5)), steps=30)
    with pytest.raises(
        ValueError, match=r"the (schedule )?function failed for n = 30 with IndexError: .*expected a"
    ):
        minimize(BOWL, SGD(lr=wanted([0.01 for _ in range(30)].__getitem__)), steps=31)
    with pytest.raises(ValueError, match=r"failed for n = 0 with ZeroDivisionError"):
        minimize(BOWL, SGD(lr=wanted(lambda n: 1 / n)), steps=31)


def test_resumed_runs_ask_to_their_own_end():
    rate = table(40)
    first = minimize(BOWL, SGD(lr=rate), steps=10)
    rest = minimize(BOWL, SGD(lr=rate), first.last_x, steps=30, state=first.state)
    np.testing.assert_array_equal(rest.x, minimize(BOWL, SGD(lr=rate), steps=40).x)
    with pytest.raises(ValueError, match="for n = 40 "):
        minimize(BOWL, SGD(lr=rate), first.last_x, steps=31, state=first.state)


def test_steps_ask_for_one():
    opt, x = SGD(lr=table(3)), np.ones(2)
    state = opt.init(x)
    for _ in range(3):
        x, state = opt.step(x, BOWL.grad(x), state)
    with pytest.raises(ValueError, match="for n = 3 "):
        opt.step(x, BOWL.grad(x), state)


def test_batches_and_sweeps_ask_to_their_end():
    x0 = np.ones((5, 2)) * np.arange(1.0, 6.0)[:, None]
    for steps in LENGTHS:
        opt = Momentum(lr=table(steps, 0.001), momentum=table(steps, 0.5))
        for problem in (BOWL, Rosenbrock()):
            expected = minimize(problem, opt, x0 / 10, steps, engine="array")
            assert minimize(problem, opt, x0 / 10, steps, engine="traced").nit == steps
            np.testing.assert_array_equal(sweep(problem, opt, x0 / 10, steps).x, expected.x)
        swept = ss.sweep(BOWL, SGD, steps, lr=[0.01, table(steps), table(steps) * 0.5])
        assert swept.outcome["updates"].tolist() == [steps] * 3


def test_mini_batches_and_searches_ask_to_their_end():
    problem = MiniBatch(ss.LeastSquares(np.eye(3), np.ones(3)), 1)
    assert minimize(problem, SGD(lr=table(20)), steps=20).nit == 20
    assert minimize(BOWL, Momentum(lr=ss.Armijo(), momentum=table(20, 0.5)), steps=20).nit == 20


class Spy(Schedule, abstract=True):
    """A constant that knows the last update it was asked for."""

    asked = [-1.0]  # noqa: RUF012  (shared on purpose)
    formula = "0.5"

    def value(self, n):
        self.asked[0] = max(self.asked[0], float(np.max(n)))
        return 0.5 + 0.0 * n


def _with_spy(cls):
    """Return the demo of a class with the spy in place of the schedules inside, or None if it has none."""
    if cls in (FromFunction,):
        return None
    demo = demo_of(cls)
    names = [name for name, value in demo.items() if isinstance(value, Schedule)]
    if not names:
        return None
    return cls(**demo | {name: Spy() for name in names})


@pytest.mark.parametrize(
    "cls", [c for c in registered(Schedule) if any(isinstance(v, Schedule) for v in demo_of(c).values())]
)
@pytest.mark.parametrize("last", [0, 4, 9, 19, 40])
def test_no_member_is_asked_beyond_the_update_that_is_wanted(cls, last):
    schedule = _with_spy(cls)
    Spy.asked[0] = -1.0
    schedule(np.arange(last + 1.0))
    allowed = {"Skip": last + 5, "Cycles": max(last, 5)}.get(cls.__name__, last)
    assert Spy.asked[0] <= allowed


def test_fractions_play_each_member_from_0_to_1():
    Spy.asked[0] = -1.0
    Phases([0.25, 0.75], [Spy(), Spy()])(np.linspace(0.0, 3.0, 50))
    assert Spy.asked[0] == 1.0
