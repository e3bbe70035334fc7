"""Noise that is no normal addition: gradients that are scaled, lost, or hit by rare huge errors."""

from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from problems.landscapes.quadratics import Quadratic
from problems.problem import Problem
from problems.stochastic.estimate import StochasticProblem, generator
from stepsize.core.validation import as_number, describe_value, require

__all__ = ["CauchyNoise", "MaskedGradient", "MultiplicativeNoise"]


class NoisyGradient(StochasticProblem, abstract=True):
    """A problem whose updates see a disturbed gradient; subclasses say how one evaluation is disturbed."""

    shared = True
    rng = 0

    def check(self) -> None:
        """Refuse what is no problem."""
        super().check()
        if isinstance(self.problem, type) or not hasattr(self.problem, "value_and_grad"):
            raise TypeError(
                f"problem: got {describe_value(self.problem)}, expected a problem such as Quadratic()"
            )

    def noise(self, random: np.random.Generator, shape: tuple[int, ...]) -> Any:
        """Return the noise on a gradient of that shape."""
        raise NotImplementedError

    def disturb(self, f: Any, g: Any, noise: Any) -> tuple[Any, Any]:
        """Return value and gradient as they are seen with this noise."""
        raise NotImplementedError

    def _draw(self, n: int, k: int) -> Any:
        return Realization(self, n, k)


class Realization(Problem, abstract=True):
    """A disturbed problem as one evaluation sees it."""

    whole: Any
    n: int
    k: int

    x0 = property(lambda self: self.whole.x0)
    domain = property(lambda self: self.whole.domain)
    source = property(lambda self: self.whole.source)

    def fun(self, x: Any) -> Any:
        """Return the value as this evaluation sees it."""
        return self.value_and_grad(x)[0]

    def grad(self, x: Any) -> Any:
        """Return the gradient as this evaluation sees it."""
        return self.value_and_grad(x)[1]

    def value_and_grad(self, x: Any) -> Any:
        """Return both as this evaluation sees them."""
        f, g = self.whole.problem.value_and_grad(x)
        noise = self._shared if self.whole.shared else self._noise(x.shape)
        return self.whole.disturb(f, g, noise.astype(g.dtype))

    @cached_property
    def _shared(self) -> Any:
        return self._noise((self.whole.dim,))

    def _noise(self, shape: tuple[int, ...]) -> Any:
        return np.asarray(self.whole.noise(generator(self.whole.rng, self.n, self.k), shape))


class MultiplicativeNoise(NoisyGradient):
    r"""A problem of which each update sees a multiple, now large, now small.

    .. math:: \hat f = e^{\sigma n} f, \qquad \hat g = e^{\sigma n} \nabla f, \qquad n \sim N(0, 1)

    The noise vanishes with the gradient, so that a constant rate still converges; but for large sigma single
    updates are thrown far. The mean of the factor is exp(sigma^2 / 2), not 1.

    Parameters
    ----------
    problem : Problem
        What is seen.
    sigma : float
        Standard deviation of the logarithm of the factor; 0.1, 1 and 10 in the source.
    sampling : {"dynamic", "static", "full"}
        A fresh factor at every evaluation, one an update, or none; see `StochasticProblem`.
    shared : bool
        Whether all runs of a batch meet the same noise, so that each equals the run alone, or each its own.
    rng : int, SeedSequence or Generator
        Source of randomness; a Generator gives one number, the seed.

    References
    ----------
    Schaul, Antonoglou and Silver, "Unit tests for stochastic optimization", ICLR 2014 (arXiv:1312.6055).

    Examples
    --------
    >>> noisy = MultiplicativeNoise(Quadratic([2.0, 4.0]), sigma=0.5)
    >>> g = noisy.at(0).grad(np.array([1.0, 1.0]))
    >>> round(float(g[1] / g[0]), 12)
    2.0
    """

    problem: Any
    sigma: float = 1.0
    sampling: str = "dynamic"
    shared: bool = True
    rng: Any = 0
    demo: ClassVar = {"problem": Quadratic(), "sigma": 0.5}

    def check(self) -> None:
        """Refuse a negative deviation."""
        super().check()
        require(as_number("sigma", self.sigma) >= 0, "sigma", self.sigma, "a number of at least 0")

    @property
    def gradient_source(self) -> str:
        """What the updates take for the gradient."""
        return f"{self.sampling} multiplicative noise" if self.varies else "exact"

    def noise(self, random: np.random.Generator, shape: tuple[int, ...]) -> Any:
        """Return one factor a run."""
        return np.exp(self.sigma * random.standard_normal(shape[:-1]))

    def disturb(self, f: Any, g: Any, noise: Any) -> tuple[Any, Any]:
        """Return both, multiplied."""
        return f * noise, g * noise[..., None]


class MaskedGradient(NoisyGradient):
    r"""A problem whose gradient loses each of its components now and then.

    .. math:: \hat g_i = \begin{cases} 0 & \text{with probability } p \\ \nabla_i f & \text{otherwise}
        \end{cases}

    The value is not disturbed. The mean gradient is (1 - p) times the true one.

    Parameters
    ----------
    problem : Problem
        What is seen.
    p : float
        Probability that a component is lost, from 0 to below 1; 0.1 and 0.9 in the source.
    sampling : {"dynamic", "static", "full"}
        A fresh mask at every evaluation, one an update, or none; see `StochasticProblem`.
    shared : bool
        Whether all runs of a batch meet the same noise, so that each equals the run alone, or each its own.
    rng : int, SeedSequence or Generator
        Source of randomness; a Generator gives one number, the seed.

    References
    ----------
    Schaul, Antonoglou and Silver, "Unit tests for stochastic optimization", ICLR 2014
    (arXiv:1312.6055), where it is called mask-out noise (in its code nothing is ever masked, since 0 is true
    in Lua).

    Examples
    --------
    >>> masked = MaskedGradient(Quadratic([2.0, 4.0]), p=0.9)
    >>> kept = np.mean([masked.at(n).grad(np.array([1.0, 1.0])) != 0 for n in range(2000)])
    >>> bool(abs(kept - 0.1) < 0.02)
    True
    """

    problem: Any
    p: float = 0.5
    sampling: str = "dynamic"
    shared: bool = True
    rng: Any = 0
    demo: ClassVar = {"problem": Quadratic(), "p": 0.25}

    def check(self) -> None:
        """Refuse what is no probability."""
        super().check()
        require(0 <= as_number("p", self.p) < 1, "p", self.p, "a probability from 0 to below 1")

    @property
    def gradient_source(self) -> str:
        """What the updates take for the gradient."""
        return f"{self.sampling} masks" if self.varies else "exact"

    def noise(self, random: np.random.Generator, shape: tuple[int, ...]) -> Any:
        """Return 0 for components that are lost and 1 for others."""
        return (random.random(shape) >= self.p).astype(float)

    def disturb(self, f: Any, g: Any, noise: Any) -> tuple[Any, Any]:
        """Return the gradient through the mask."""
        return f, g * noise


class CauchyNoise(NoisyGradient):
    r"""A problem whose gradient is hit by errors without a mean, let alone a variance.

    .. math:: \hat g = \nabla f + s\, c, \qquad c_i \sim \text{Cauchy}

    The value is not disturbed. Averages do not help against such noise: the mean of many is no better than
    one. Clipping and sign-based methods survive, others are thrown out now and then.

    Parameters
    ----------
    problem : Problem
        What is seen.
    scale : float
        s, half the width of the noise at half its height; 1 in the source.
    sampling : {"dynamic", "static", "full"}
        Fresh noise at every evaluation, one draw an update, or none; see `StochasticProblem`.
    shared : bool
        Whether all runs of a batch meet the same noise, so that each equals the run alone, or each its own.
    rng : int, SeedSequence or Generator
        Source of randomness; a Generator gives one number, the seed.

    References
    ----------
    Schaul, Antonoglou and Silver, "Unit tests for stochastic optimization", ICLR 2014 (arXiv:1312.6055).

    Examples
    --------
    Half of the noise is smaller than the scale:

    >>> noisy = CauchyNoise(Quadratic([2.0, 4.0]), scale=3.0)
    >>> noise = [noisy.at(n).grad(np.zeros(2)) for n in range(2000)]
    >>> bool(abs(np.mean(np.abs(noise) < 3.0) - 0.5) < 0.04)
    True
    """

    problem: Any
    scale: float = 1.0
    sampling: str = "dynamic"
    shared: bool = True
    rng: Any = 0
    demo: ClassVar = {"problem": Quadratic(), "scale": 0.1}

    def check(self) -> None:
        """Refuse a negative scale."""
        super().check()
        require(as_number("scale", self.scale) >= 0, "scale", self.scale, "a number of at least 0")

    @property
    def gradient_source(self) -> str:
        """What the updates take for the gradient."""
        return f"{self.sampling} Cauchy noise" if self.varies else "exact"

    def noise(self, random: np.random.Generator, shape: tuple[int, ...]) -> Any:
        """Return Cauchy noise on each component."""
        return self.scale * random.standard_cauchy(shape)

    def disturb(self, f: Any, g: Any, noise: Any) -> tuple[Any, Any]:
        """Return the gradient with the noise added."""
        return f, g + noise
