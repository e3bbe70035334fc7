"""A bowl seen through noise that follows from a seed and the update alone, importable by worker processes."""

from functools import cached_property

import numpy as np

from problems import Problem


class NoisyBowl(Problem, abstract=True):
    """(x1^2 + 10 x2^2)/2; each update sees it with a random slope added, the same for all runs of a batch."""

    rng: int = 0
    minimum = 0.0
    varies = True
    x0 = (1.0, 1.0)
    L = 10.0
    mu = 1.0

    def fun(self, x):
        return 0.5 * (x * x * np.array([1.0, 10.0])).sum(axis=-1)

    def grad(self, x):
        return x * np.array([1.0, 10.0])

    def at(self, n):
        return Seen(self, n)


class Seen(Problem, abstract=True):
    """What one update sees."""

    whole: NoisyBowl
    n: int

    def fun(self, x):
        return self.whole.fun(x) + (x * self.noise).sum(axis=-1)

    def grad(self, x):
        return self.whole.grad(x) + self.noise

    @cached_property
    def noise(self):
        return 0.1 * np.random.default_rng([self.whole.rng, self.n]).standard_normal(2)
