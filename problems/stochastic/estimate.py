"""Stochastic problems: what mini-batches and noisy measurements have in common."""

from functools import cached_property
from typing import Any, Literal, NamedTuple

import numpy as np

from problems.problem import Array, Numbers
from problems.wrapper import ProblemWrapper, SameFunction
from stepsize.core.display import brief
from stepsize.core.validation import as_seed

__all__ = ["StochasticProblem", "Stats"]

Sampling = Literal["static", "dynamic", "full"]


class Stats(NamedTuple):
    """An estimate of value and gradient at a point, and the variances of these estimates."""

    f: Any
    g: Any
    var_f: Any
    var_g: Any

    def __repr__(self) -> str:
        return brief(self)


class StochasticProblem(SameFunction, abstract=True):
    """A problem of which each update uses a random estimate.

    `fun`, `grad` and the facts (minimum, L, ...) are those of the `problem` itself, by which a run is judged.
    Update n uses ``at(n)``, and the k-th evaluation along the line of update n sees ``sample(n, k)``:
    problems that, besides value and gradient, give ``stats(x)``, both with their variances. They follow from
    the seed, n and k alone: there is no counter, so that a resumed run gets the same, and so do all
    runs of a sweep.

    With ``sampling="static"`` the estimate stays for all evaluations along the line of an update: the line is
    smooth but biased. With ``"dynamic"`` every evaluation has a fresh one: unbiased, but the line is
    discontinuous everywhere. With ``"full"`` it is the problem itself. Where each update evaluates once,
    static and dynamic are the same.
    """

    sampling = "full"

    def normalise(self, name: str, value: Any) -> Any:
        """Take any source of randomness for the seed that it gives."""
        return seed_of(value) if name == "rng" else super().normalise(name, value)

    @property
    def varies(self) -> bool:
        """Whether the updates see different estimates."""
        return self.sampling != "full"

    def at(self, n: int) -> Any:
        return self.sample(n)

    def sample(self, n: int, k: int = 0) -> Any:
        """Return the problem of the k-th evaluation along the line of update n; k = 0 is its start."""
        return self._draw(n, k if self.sampling == "dynamic" else 0) if self.varies else self.problem

    def _draw(self, n: int, k: int) -> Any:
        raise NotImplementedError

    has_held_out = property(lambda self: getattr(self.problem, "has_held_out", False))
    held_out_fun = property(lambda self: self.problem.held_out_fun)

    @property
    def formula(self) -> str:
        return f"{self.problem.formula}, {self.gradient_source}" if self.varies else str(self.problem.formula)


class Realization(ProblemWrapper, abstract=True):
    """One realization of a noisy problem: the noise follows from the seed, n and k.

    Parameters
    ----------
    problem : StochasticProblem
        The noisy problem; ``shared`` says whether all runs of a batch meet the same noise.
    n, k : int
        Index of the update, and of the evaluation along its line.
    """

    problem: Any
    n: int
    k: int

    def noise(self, shape: tuple[int, ...]) -> Any:
        """Return the noise for points of that shape."""
        raise NotImplementedError

    def fun(self, x: Numbers) -> Numbers:
        return self.value_and_grad(x)[0]

    def grad(self, x: Numbers) -> Numbers:
        return self.value_and_grad(x)[1]

    @property
    def _random(self) -> "np.random.Generator":
        return generator(self.problem.rng, self.n, self.k)

    @cached_property
    def _shared(self) -> Any:
        return self.noise((self.problem.dim,))

    def _noise_at(self, x: Array) -> Any:
        return self._shared if self.problem.shared else self.noise(x.shape)


def generator(seed: int, *key: int) -> "np.random.Generator":
    """Return the source of random numbers that belongs to a seed and a key of whole numbers."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def seed_of(rng: Any) -> int:
    """Return a whole number as it is, and one drawn from any other source of randomness."""
    if isinstance(rng, np.random.Generator):
        return int(rng.integers(2**63))
    if isinstance(rng, np.random.SeedSequence):
        return int(rng.generate_state(1, np.uint64)[0])
    return as_seed("rng", rng)
