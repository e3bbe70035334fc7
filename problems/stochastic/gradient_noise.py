"""Noisy gradients: scaled at random, masked, or with errors of heavy tails."""

from typing import Annotated, Any, ClassVar

import numpy as np

from problems.landscapes.quadratics import Quadratic
from problems.problem import Numbers, Problem
from problems.stochastic.estimate import Realization, Sampling, StochasticProblem
from stepsize.core.limits.ranges import NonNegativeFloat, Range

__all__ = ["CauchyNoise", "MaskedGradient", "MultiplicativeNoise"]


class NoisyGradient(StochasticProblem, abstract=True):
    """A problem whose updates see a noisy gradient; subclasses define the noise."""

    def noise(self, random: "np.random.Generator", shape: tuple[int, ...]) -> Any:
        """Return the noise on a gradient of that shape."""
        raise NotImplementedError

    def apply(self, f: Any, g: Any, noise: Any) -> tuple[Any, Any]:
        """Return value and gradient with this noise."""
        raise NotImplementedError

    def _draw(self, n: int, k: int) -> Any:
        return NoisyGradientRealization(self, n, k)


class NoisyGradientRealization(Realization, abstract=True):
    """A realization of a noisy gradient."""

    has_hess = False

    def value_and_grad(self, x: Numbers) -> tuple[Numbers, Numbers]:
        f, g = self.problem.problem.value_and_grad(x)
        both: tuple[Numbers, Numbers] = self.problem.apply(f, g, self._noise_at(x).astype(g.dtype))
        return both

    def noise(self, shape: tuple[int, ...]) -> Any:
        return np.asarray(self.problem.noise(self._random, shape))


class MultiplicativeNoise(NoisyGradient):
    r"""A problem multiplied by a random factor at each evaluation.

    .. math:: \hat f = e^{\sigma n} f, \qquad \hat g = e^{\sigma n} \nabla f, \qquad n \sim N(0, 1)

    The noise vanishes with the gradient, so that a constant rate still converges; but for large sigma single
    updates are thrown far. The mean of the factor is exp(sigma^2 / 2), not 1.

    Parameters
    ----------
    problem : Problem
        The problem without noise.
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

    problem: Problem
    sigma: NonNegativeFloat = 1.0
    sampling: Sampling = "dynamic"
    shared: bool = True
    rng: Any = 0
    demo: ClassVar = {"problem": Quadratic(), "sigma": 0.5}

    @property
    def gradient_source(self) -> str:
        return f"{self.sampling} multiplicative noise" if self.varies else "exact"

    def noise(self, random: "np.random.Generator", shape: tuple[int, ...]) -> Any:
        return np.exp(self.sigma * random.standard_normal(shape[:-1]))

    def apply(self, f: Any, g: Any, noise: Any) -> tuple[Any, Any]:
        return f * noise, g * noise[..., None]


class MaskedGradient(NoisyGradient):
    r"""A problem whose gradient loses each of its components now and then.

    .. math:: \hat g_i = \begin{cases} 0 & \text{with probability } p \\ \nabla_i f & \text{otherwise}
        \end{cases}

    The value has no noise. The mean gradient is (1 - p) times the true one.

    Parameters
    ----------
    problem : Problem
        The problem without noise.
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
    >>> share = np.mean([masked.at(n).grad(np.array([1.0, 1.0])) != 0 for n in range(2000)])
    >>> bool(abs(share - 0.1) < 0.02)
    True
    """

    problem: Problem
    p: Annotated[float, Range(minimum=0, below=1)] = 0.5
    sampling: Sampling = "dynamic"
    shared: bool = True
    rng: Any = 0
    demo: ClassVar = {"problem": Quadratic(), "p": 0.25}

    @property
    def gradient_source(self) -> str:
        return f"{self.sampling} masks" if self.varies else "exact"

    def noise(self, random: "np.random.Generator", shape: tuple[int, ...]) -> Any:
        return (random.random(shape) >= self.p).astype(float)

    def apply(self, f: Any, g: Any, noise: Any) -> tuple[Any, Any]:
        return f, g * noise


class CauchyNoise(NoisyGradient):
    r"""A problem whose gradient is hit by errors without a mean, let alone a variance.

    .. math:: \hat g = \nabla f + s\, c, \qquad c_i \sim \text{Cauchy}

    The value has no noise. Averages do not help against such noise: the mean of many is no better than
    one. Clipping and sign-based methods survive, others are thrown out now and then.

    Parameters
    ----------
    problem : Problem
        The problem without noise.
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

    problem: Problem
    scale: NonNegativeFloat = 1.0
    sampling: Sampling = "dynamic"
    shared: bool = True
    rng: Any = 0
    demo: ClassVar = {"problem": Quadratic(), "scale": 0.1}

    @property
    def gradient_source(self) -> str:
        return f"{self.sampling} Cauchy noise" if self.varies else "exact"

    def noise(self, random: "np.random.Generator", shape: tuple[int, ...]) -> Any:
        return self.scale * random.standard_cauchy(shape)

    def apply(self, f: Any, g: Any, noise: Any) -> tuple[Any, Any]:
        return f, g + noise
