"""A rule as the README writes it, without annotations: no checker that is not strict may object."""

import numpy as np

import stepsize as ss


class MeanSign(ss.Optimizer):
    """The sign of an interpolated momentum."""

    slots = ("m",)
    lr: ss.Hyper = 1e-4
    beta1: ss.Hyper = 0.9
    beta2: ss.Hyper = 0.99

    def direction(self, x, g, slots, h):
        (m,) = slots
        d = np.sign(h.beta1 * m + (1 - h.beta1) * g)
        return d, (h.beta2 * m + (1 - h.beta2) * g,)


class Quarter(ss.Schedule):
    """A schedule."""

    lr: float = 0.1
    formula = "lr / 4 ** n"

    def value(self, n):
        return self.lr / 4.0**n


class Hill(ss.Problem):
    """A problem."""

    x0 = (1.0,)
    minimum = 0.0
    formula = "x^4"

    def fun(self, x):
        return (x**4).sum(axis=-1)

    def grad(self, x):
        return 4 * x**3


run = ss.minimize(Hill(), MeanSign(lr=Quarter()), steps=3)
print(run.x, MeanSign(beta1=0.5).lr)
