"""A program of a user's own: a rule, a schedule and a function, whose sweep is made by other processes."""

import numpy as np

import stepsize as ss


def value(x):
    return (x[0] - 1) ** 4 + np.cosh(x[1])


def slope(x):
    return np.array([4 * (x[0] - 1) ** 3, np.sinh(x[1])])


class Rooted(ss.Optimizer):
    slots = ("m",)
    lr: ss.Hyper = 0.01
    beta: ss.Hyper = 0.9

    def direction(self, x, g, slots, h):
        m = h.beta * slots[0] + np.sign(g) * np.sqrt(np.abs(g))
        return m, (m,)


class Fading(ss.Schedule):
    a: float = 0.1

    def value(self, n):
        return self.a / (1 + n)


if __name__ == "__main__":
    problem = ss.Problem.of(value, slope, x0=[3.0, 2.0])
    settings = {"lr": [0.01, Fading(a=0.05)], "beta": [0.5, 0.9]}
    alone, shared = (ss.sweep(problem, Rooted, 40, batch=1, jobs=jobs, **settings) for jobs in (1, 2))
    assert np.array_equal(alone["final"], shared["final"])
    print(shared.computed)
