"""Problems of which an update sees an estimate: what mini-batches and noisy measurements have in common."""

from typing import Any, NamedTuple

import numpy as np

from problems.problem import Problem
from stepsize.core.display import brief
from stepsize.core.validation import as_seed

__all__ = ["StochasticProblem", "Stats"]

SAMPLING = ("static", "dynamic", "full")


class Stats(NamedTuple):
    """An estimate of value and gradient at a point, and the variances of these estimates."""

    f: Any
    g: Any
    var_f: Any
    var_g: Any

    def __repr__(self) -> str:
        return brief(self)


class StochasticProblem(Problem, abstract=True):
    """A problem of which each update sees an estimate.

    `fun`, `grad` and the facts (minimum, L, ...) are those of the `problem` itself, by which a run is judged.
    What update n sees is ``at(n)``, and the k-th evaluation along the line of update n sees ``draw(n, k)``:
    problems that, besides value and gradient, give ``stats(x)``, both with their variances. They follow from
    the seed, n and k alone: nothing counts, so a run that is stopped and resumed sees the same, and so do all
    runs of a sweep.

    With ``sampling="static"`` the estimate stays for all evaluations along the line of an update: the line is
    smooth but biased. With ``"dynamic"`` every evaluation has a fresh one: unbiased, but the line is
    discontinuous everywhere. With ``"full"`` it is the problem itself. Where each update evaluates once,
    static and dynamic are the same.
    """

    problem: Any
    sampling = "full"

    def normalise(self, name: str, value: Any) -> Any:
        """Take any source of randomness for the seed that it gives."""
        return seed_of(value) if name == "rng" else super().normalise(name, value)

    def check(self) -> None:
        """Refuse a kind of sampling that there is not."""
        one_of("sampling", self.sampling, SAMPLING)

    @property
    def varies(self) -> bool:
        """Whether the updates see different estimates."""
        return self.sampling != "full"

    def at(self, n: int) -> Any:
        """Return the problem as update n sees it."""
        return self.sample(n)

    def sample(self, n: int, k: int = 0) -> Any:
        """Return the problem that the k-th evaluation along the line of update n sees; k = 0 is its start."""
        return self._draw(n, k if self.sampling == "dynamic" else 0) if self.varies else self.problem

    def _draw(self, n: int, k: int) -> Any:
        raise NotImplementedError

    # The facts, the value and its derivatives are the problem's own.
    x0 = property(lambda self: self.problem.x0)
    domain = property(lambda self: self.problem.domain)
    minimizers = property(lambda self: self.problem.minimizers)
    isolated = property(lambda self: getattr(self.problem, "isolated", True))
    minimum = property(lambda self: self.problem.minimum)
    summed = property(lambda self: getattr(self.problem, "summed", None))
    L = property(lambda self: self.problem.L)
    mu = property(lambda self: self.problem.mu)
    source = property(lambda self: self.problem.source)
    has_hess = property(lambda self: self.problem.has_hess)
    has_held_out = property(lambda self: getattr(self.problem, "has_held_out", False))
    held_out_fun = property(lambda self: self.problem.held_out_fun)

    @property
    def formula(self) -> str:
        """The problem's, and what the updates see of it."""
        return f"{self.problem.formula}, {self.gradient_source}" if self.varies else str(self.problem.formula)

    def fun(self, x: Any) -> Any:
        """Return the value of the whole problem."""
        return self.problem.fun(x)

    def grad(self, x: Any) -> Any:
        """Return the gradient of the whole problem."""
        return self.problem.grad(x)

    def hess(self, x: Any) -> Any:
        """Return the Hessian of the whole problem."""
        return self.problem.hess(x)

    def value_and_grad(self, x: Any) -> Any:
        """Return value and gradient of the whole problem."""
        return self.problem.value_and_grad(x)


def generator(seed: int, *key: int) -> np.random.Generator:
    """Return the source of random numbers that belongs to a seed and a key of whole numbers."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def seed_of(rng: Any) -> int:
    """Return a whole number as it is, and one drawn from any other source of randomness."""
    if isinstance(rng, np.random.Generator):
        return int(rng.integers(2**63))
    if isinstance(rng, np.random.SeedSequence):
        return int(rng.generate_state(1, np.uint64)[0])
    return as_seed("rng", rng)


def one_of(name: str, value: Any, words: tuple[Any, ...], where: str = "") -> None:
    """Raise unless the value is one of the words."""
    if value not in words:
        raise ValueError(f"{name}: got {value!r}, expected {' or '.join(map(repr, words))}{where}")
