"""Rules and problems small enough to follow by hand, and the readable way to run them."""

from typing import ClassVar

import numpy as np
import pytest

from optim import SGD, Optimizer
from optim.engines.compiled.llvm import is_installed
from optim.hyperparameters import Hyper, Hypers
from problems import Problem
from schedules import Exponential
from stepsize.core.elementwise import join, parts

needs_compiler = pytest.mark.skipif(not is_installed(), reason="llvmlite is not installed")
COMPILED = pytest.param("compiled", marks=needs_compiler)

NAN, INF = float("nan"), float("inf")
ONE = np.ones(2)


def resolved(opt, t, x=ONE):
    """Return the optimizer's record as the rule sees it at update t = 1, 2, ..."""
    return Hypers(opt, x).resolve(t - 1)


def by_arrays(opt, problem, n, x, slots, count):
    """Return points, slopes, answers and slots as the readable rule makes them."""
    hypers, xs, outputs = Hypers(opt, x), [x], [opt.output(x, slots)]
    for k in range(n, n + count):
        x, slots = opt.update(x, problem.grad(x), slots, hypers.resolve(k))
        xs.append(x)
        outputs.append(opt.output(x, slots))
    xs = np.array(xs)
    return xs, problem.grad(xs), np.array(outputs), slots


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


class Fenced(Saddle, abstract=True):
    """The same within the unit square."""

    feasible = (0.0, 1.0)


class Answering(SGD, abstract=True):
    """Gradient descent that reports x plus the last gradient."""

    slots = ("last",)

    def direction(self, x, g, slots, h):
        return g, (g,)

    def output(self, x, slots):
        return x + slots[0]


class Counting(Optimizer, abstract=True):
    """A rule that notes what it is called with: floats, or the symbols of a trace."""

    slots = ("m",)
    lr: Hyper = 0.5
    asks: bool = False
    seen: ClassVar = []

    def direction(self, x, g, slots, h):
        self.seen.append(type(x))
        return (abs(g) if self.asks and x > 1000 else g), slots


class Along(SGD, abstract=True):
    """Gradient descent that does not promise to go coordinate by coordinate."""

    elementwise = False


class Needing(SGD, abstract=True):
    """Gradient descent that wants the value, too."""

    requires = ("f",)


class Remembering(SGD, abstract=True):
    """Gradient descent with a slot that never changes."""

    slots = ("m",)

    def direction(self, x, g, slots, h):
        return g, slots


class Copying(Optimizer, abstract=True):
    """Gradient descent that asks for what no symbol has, at once or after some updates."""

    lr: Hyper = 0.5
    calm: int = 0

    def direction(self, x, g, slots, h):
        return (g if h.t <= h.calm else g.copy()), ()
