"""Nothing that a user writes into an array, before, in or after a run, changes what it did or recorded."""

from types import SimpleNamespace

import numpy as np
import pytest

import optim
import stepsize as ss
from optim import State
from optim.testing import check_gradient
from schedules import Armijo, BoldDriver, StrongWolfe

RULES = [
    ss.SGD(lr=0.09),
    ss.Momentum(lr=0.05),
    ss.Adam(lr=0.1),
    ss.Lookahead(ss.Nesterov(lr=0.01)),
    optim.BFGS(lr=1.0),
    optim.LBFGS(lr=1.0),
    optim.Newton(lr=0.5),
    ss.SGD(lr=StrongWolfe()),
    ss.SGD(lr=BoldDriver(0.05)),
    optim.LBFGS(lr=Armijo()),
]


def fun(x):
    return 10 * x[0] ** 2 + x[1] ** 2 + x[0] ** 4


def grad(x):
    return np.array([20 * x[0] + 4 * x[0] ** 3, 2 * x[1]])


def hess(x):
    return np.array([[20 + 12 * x[0] ** 2, 0.0], [0.0, 2.0]])


def in_one_buffer(function, shape):
    """Return the function as libraries with out= write it: it fills the same array at every call."""
    buffer = np.zeros(shape)

    def filled(x):
        buffer[...] = function(x)
        return buffer

    return filled


def writing_into_x(function):
    """Return the function with a careless line: what it is given is overwritten."""

    def careless(x):
        answer = function(x)
        x -= 7.0
        x[...] = np.nan
        return answer

    return careless


class Shared:
    """An object of the user's whose own value_and_grad fills one buffer too."""

    def __init__(self, f, g, h, both=False):
        self.fun, self.grad, self.hess, self.x0 = f, g, h, (1.0, 2.0)
        if both:
            self.value_and_grad = lambda x: (f(x.copy()), g(x))


class OwnProblem(ss.Problem):
    """A user's class of problem, with a buffer in its class."""

    x0 = (1.0, 2.0)
    buffer = np.zeros(2)

    def fun(self, x):
        value = fun(np.moveaxis(x, -1, 0))
        x *= np.nan
        return value

    def grad(self, x):
        if x.ndim > 1:
            return np.moveaxis(grad(np.moveaxis(x, -1, 0)), 0, -1)
        self.buffer[:] = grad(x)
        x *= np.nan
        return self.buffer


class Buffering(ss.Problem):
    """The same, which reads what it is given."""

    x0 = (1.0, 2.0)
    buffer = np.zeros(2)

    def fun(self, x):
        return fun(np.moveaxis(x, -1, 0))

    def grad(self, x):
        g = np.moveaxis(grad(np.moveaxis(x, -1, 0)), 0, -1)
        return g if x.ndim > 1 else np.copyto(self.buffer, g) or self.buffer


def problems():
    careless = writing_into_x(fun), writing_into_x(grad), writing_into_x(hess)
    buffered = fun, in_one_buffer(grad, 2), in_one_buffer(hess, (2, 2))
    yield "buffers, of", ss.Problem.of(buffered[0], buffered[1], (1.0, 2.0), hess=buffered[2])
    yield "careless, of", ss.Problem.of(careless[0], careless[1], (1.0, 2.0), hess=careless[2])
    yield "buffers, an object", Shared(*buffered)
    yield "careless, an object", Shared(*careless)
    yield "buffers, both at once", Shared(*buffered, both=True)
    yield "a value in a buffer", ss.Problem.of(in_one_buffer(fun, 1), grad, (1.0, 2.0), hess=hess)
    yield "a shifted one", ss.Shifted(Buffering(), (0.0, 0.0))
    yield "an own class", OwnProblem()


PROBLEMS = dict(problems())


def same_history(run, expected):
    for name in ("x", "fun", "grad_norm", "overshoot", "lr"):
        assert np.array_equal(getattr(run.history, name), getattr(expected.history, name)), name


SERVED = [
    pytest.param(name, rule, id=f"{name}-{rule}")
    for name, problem in PROBLEMS.items()
    for rule in RULES
    if not rule.requires or getattr(problem, "has_hess", True)
]


@pytest.mark.parametrize(("name", "rule"), SERVED)
def test_buffers_and_writing_change_no_number(rule, name):
    problem = PROBLEMS[name]
    plain = ss.Problem.of(fun, grad, (1.0, 2.0), hess=hess)
    same_history(ss.minimize(problem, rule, steps=12), ss.minimize(plain, rule, steps=12))


@pytest.mark.parametrize("name", PROBLEMS)
def test_nor_in_batches_races_checks_and_searches_for_a_rate(name):
    problem, plain = PROBLEMS[name], ss.Problem.of(fun, grad, (1.0, 2.0))
    rates = ss.Momentum(lr=np.array([[0.01], [0.02], [0.05]]))
    same_history(ss.minimize(problem, rates, steps=9), ss.minimize(plain, rates, steps=9))
    assert (
        ss.race(problem, [ss.SGD(lr=0.01)], steps=9).runs[0].fun
        == ss.minimize(plain, ss.SGD(lr=0.01), steps=9).fun
    )
    if isinstance(problem, ss.Problem):
        assert check_gradient(problem).error < 1e-6


@pytest.mark.parametrize("name", ["buffers, of", "careless, an object"])
def test_nor_in_the_search_for_a_rate(name):
    plain = ss.Problem.of(fun, grad, (1.0, 2.0))
    found, expected = (ss.find_lr(problem, ss.SGD, steps=10) for problem in (PROBLEMS[name], plain))
    assert (found.edge, found.best) == (expected.edge, expected.best)


def test_a_gradient_in_a_buffer_is_checked_at_every_point():
    assert check_gradient(SimpleNamespace(fun=fun, grad=in_one_buffer(grad, 2), x0=(1.0, 2.0))).error < 1e-9


def test_what_a_callback_gets_is_its_own():
    def vandal(info):
        info.x[...] = info.grad[...] = np.nan
        if np.ndim(info.lr):
            info.lr[...] = np.nan

    for rule in (ss.Adam(lr=0.1), ss.SGD(lr=[0.01, 0.02])):
        problem = ss.Problem.of(fun, grad, (1.0, 2.0))
        same_history(
            ss.minimize(problem, rule, steps=5, callback=vandal), ss.minimize(problem, rule, steps=5)
        )


def test_what_was_given_may_be_changed_afterwards():
    start, rate, X, y = np.array([1.0, 2.0]), np.array([0.01, 0.02]), np.eye(3), np.arange(3.0)
    problem, rule, data = ss.Problem.of(fun, grad, start), ss.SGD(lr=rate), ss.LeastSquares(X, y)
    before = ss.minimize(problem, rule, steps=3), ss.minimize(data, ss.SGD(lr=0.1), np.ones(4), steps=3)
    for array in (start, rate, X, y):
        array[...] = 99.0
    same_history(ss.minimize(problem, rule, steps=3), before[0])
    same_history(ss.minimize(data, ss.SGD(lr=0.1), np.ones(4), steps=3), before[1])


@pytest.mark.parametrize("column", ["x", "fun", "grad_norm", "lr", "overshoot"])
@pytest.mark.parametrize("rule", [ss.Adam(lr=0.1), ss.SGD(lr=np.array([[0.1], [0.2]]))], ids=str)
def test_the_record_is_closed(column, rule):
    run = ss.minimize(ss.Quadratic(), rule, steps=5)
    with pytest.raises(ValueError, match="read-only"):
        getattr(run.history, column)[...] = 0
    with pytest.raises(ValueError, match="read-only"):
        getattr(run.history, column)[1:][...] = 0
    for own in (run.x, run.last_x, run.best_x):
        own[...] = 0


class TestTheUsersOwnLoop:
    @pytest.mark.parametrize("rule", RULES[:6], ids=str)
    def test_x_and_the_gradient_may_live_in_one_array_each(self, rule):
        x, g = np.array([1.0, 2.0]), np.zeros(2)
        state, other, y = rule.init(x), rule.init(x), np.array([1.0, 2.0])
        for _ in range(8):
            g[:] = grad(x)
            new, state = rule.step(x, g, state)
            y, other = rule.step(y, grad(y), other)
            x[:] = new
            new[:] = np.nan
            g[:] = np.nan
            assert np.array_equal(x, y)

    def test_a_state_of_the_users_is_left_as_it_is(self):
        m = np.array([1.0, 2.0])
        m.flags.writeable = False
        ss.minimize(ss.Quadratic(), ss.Momentum(lr=0.01), state=State(3, (m,)), x0=[1.0, 1.0], steps=700)
        assert m.tolist() == [1.0, 2.0]
