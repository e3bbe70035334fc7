"""A user's script, for type checkers: what they must know of what comes out. It also runs."""

from typing import Any, assert_type

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import stepsize as ss
from optim import History, Run
from stepsize import Adam, minimize

Array = np.ndarray[Any, Any]


class Sine(ss.Optimizer):
    """A rule as a user annotates it."""

    slots = ("m",)
    lr: ss.Hyper = 0.1
    beta: ss.Hyper = 0.9

    def direction(self, x: Any, g: Any, slots: ss.Slots, h: Any) -> tuple[Any, ss.Slots]:
        (m,) = slots
        m = h.beta * m + (1 - h.beta) * g
        return np.sin(m), (m,)


class Halving(ss.Schedule):
    """A schedule of a user."""

    lr: float = 0.1
    formula = "lr / 2 ** n"

    def value(self, n: Array) -> Any:
        return self.lr / 2.0**n


class Bowl:
    """Any object with two methods is a problem."""

    x0 = (1.0, 2.0)

    def fun(self, x: Array) -> Any:
        return (x * x).sum(axis=-1)

    def grad(self, x: Array) -> Any:
        return 2 * x


def rate(n: int) -> float:
    """A plain function as a rate."""
    return 0.1 / (n + 1)


bowl = ss.Quadratic([1, 20])
assert_type(ss.SGD, type[ss.SGD])
assert_type(ss.SGD(lr=0.05), ss.SGD)

run = ss.minimize(bowl, ss.SGD(lr=0.05), steps=30)
assert_type(run, Run)
assert_type(run.x, Array)
assert_type(run.last_x, Array)
assert_type(run.fun, float | Array)
assert_type(run.best_fun, float | Array)
assert_type(run.nit, int)
assert_type(run.message, str)
assert_type(run.settled(1e-8), int | Array | None)
assert_type(run.history, History)
assert_type(run.history.lr, Array)
assert_type(run.state, ss.State)
assert_type(run.optimizer, ss.Optimizer)
assert_type(minimize(Bowl(), Adam()), Run)

# Everything that a hyperparameter may be.
ss.SGD(lr=1)
ss.SGD(lr=np.array([0.1, 0.2]))
ss.SGD(lr=rate)
ss.SGD(lr=lambda n: 0.1 / (n + 1))
ss.SGD(lr=ss.Exponential(0.1, d=0.01))
ss.SGD(lr=Halving())
ss.SGD(lr=ss.Polyak())
ss.SGD(lr=ss.Armijo())
ss.Momentum(lr=0.1, momentum=ss.Linear(0.5, steps=10, end=0.9))
assert_type(Sine(lr=0.2).replace(beta=0.5), Sine)
assert_type(ss.minimize(bowl, Sine(), steps=3), Run)

schedule = ss.Exponential(0.1, d=0.01).warmup(10) * 0.5
assert_type(schedule, ss.Schedule)
assert_type(schedule(3), float)
assert_type(schedule(np.arange(3)), Array)
assert_type(schedule.table(5), Array)
assert_type(schedule.describe(), str)
ss.MultiStep(0.1, 0.5, at=[15, 30])

state = ss.Adam().init(np.ones(2))
assert_type(state, ss.State)
assert_type(ss.Adam().step(np.ones(2), np.ones(2), state), tuple[Array, ss.State])

mine = ss.Problem.of(lambda x: (x * x).sum(), lambda x: 2 * x, x0=[3.0, 4.0])
assert_type(mine, ss.FunctionProblem)
race = ss.race(bowl, [ss.SGD(lr=0.05), ss.Adam(lr=0.2)], steps=30)
assert_type(race, ss.Race)
assert_type(race.runs, tuple[Run, ...])
assert_type(race.table(), str)
assert_type(ss.diagnose(run), ss.Diagnosis)
assert_type(ss.diagnose(run).settled, int | None)
assert_type(ss.sweep(bowl, ss.SGD, 20, lr=[0.01, 0.1]), ss.Sweep)
assert_type(ss.find_lr(bowl, ss.SGD, steps=50), ss.FoundRate)
assert_type(ss.explain(run, step=3), ss.Explanation)
assert_type(ss.predict(bowl, ss.SGD(lr=0.05)), ss.Prediction)
assert_type(ss.draw.gap(run), Axes)
assert_type(ss.draw.race(race), Figure)
