"""Additive normal noise of known variance on value and gradient."""

from typing import Any, ClassVar

import numpy as np

from problems.landscapes.quadratics import Quadratic
from problems.problem import Numbers, Problem
from problems.stochastic.estimate import Realization, Sampling, Stats, StochasticProblem
from stepsize.core.limits.ranges import NonNegativeFloat
from stepsize.core.validation import as_floats, describe_value, require

__all__ = ["AdditiveNoise"]


class AdditiveNoise(StochasticProblem):
    r"""A problem with normal noise added to value and gradient.

    .. math:: \hat f = f(x) + \sigma_f\, n_0, \qquad \hat g_i = \nabla_i f(x) + \sigma_g\, n_i

    `fun`, `grad` and the facts are those of the problem without noise, by which a run is judged. The contract
    is that of mini-batches: update n uses ``at(n)``, the k-th evaluation along its line ``sample(n, k)``, and
    the noise follows from the seed, n and k alone. Dynamic noise is fresh at every evaluation. Static
    noise stays: value and gradient differ from the problem's by one linear function,
    :math:`\sigma_f n_0 + \sigma_g n^\top (x - x_0)`, as those of a batch of quadratics with the same Hessian
    do, so that the slope along a line is the derivative of the values.

    Parameters
    ----------
    problem : Problem
        The problem without noise.
    sigma_f : float
        Standard deviation of the noise on the value.
    sigma_g : float, or sequence of d floats
        Standard deviation of the noise on each component of the gradient.
    sampling : {"dynamic", "static", "full"}
        Fresh noise at every evaluation, one draw an update, or none.
    shared : bool
        Whether all runs of a batch meet the same noise, so that each equals the run alone, or each its own.
    rng : int, SeedSequence or Generator
        Source of randomness; a Generator gives one number, the seed.

    Raises
    ------
    TypeError, ValueError
        If the problem is not a problem, a deviation is negative or its length is not d.

    References
    ----------
    Zhang et al., "Dive into Deep Learning", section 12.4. Mahsereci and Hennig, "Probabilistic line searches
    for stochastic optimization", JMLR 18 (2017).

    Examples
    --------
    >>> noisy = AdditiveNoise(Quadratic([2.0, 4.0]), sigma_g=0.5)
    >>> x = np.array([1.0, 1.0])
    >>> noisy.grad(x).tolist()
    [2.0, 4.0]
    >>> mean = np.mean([noisy.at(n).grad(x) for n in range(1000)], axis=0)
    >>> bool(np.all(abs(mean - [2.0, 4.0]) < 4 * 0.5 / 1000**0.5))
    True
    """

    problem: Problem
    sigma_f: NonNegativeFloat = 0.0
    sigma_g: Any = 1.0
    sampling: Sampling = "dynamic"
    shared: bool = True
    rng: Any = 0
    demo: ClassVar = {"problem": Quadratic(), "sigma_f": 0.1, "sigma_g": (0.5, 1.0)}

    def check(self) -> None:
        """Validate the deviation of the gradient, and that the problem does not vary already."""
        super().check()
        if self.problem.varies:
            raise ValueError(
                f"problem: got {describe_value(self.problem)}, expected one that does not vary already"
            )
        sigma = as_floats("sigma_g", self.sigma_g)
        require(bool((sigma >= 0).all()), "sigma_g", self.sigma_g, "standard deviations of at least 0")
        fits = sigma.shape in ((), (self.dim,))
        require(fits, "sigma_g", self.sigma_g, f"one number, or {self.dim} of them")

    @property
    def gradient_source(self) -> str:
        return f"{self.sampling} noisy measurements" if self.varies else "exact"

    def _draw(self, n: int, k: int) -> Any:
        return AdditiveRealization(self, n, k)


class AdditiveRealization(Realization, abstract=True):
    """A realization of additive noise."""

    def hess(self, x: Numbers) -> Numbers:
        """Return the Hessian, which has no noise."""
        return self.problem.hess(x)

    def value_and_grad(self, x: Numbers) -> tuple[Numbers, Numbers]:
        f, g = self.problem.problem.value_and_grad(x)
        offset, slope = self._noise_at(x)
        if self.problem.sampling == "static":
            offset = offset + (slope * (x - np.array(self.problem.x0))).sum(axis=-1)
        return f + offset, g + slope.astype(g.dtype)

    def stats(self, x: Numbers) -> Stats:
        """Return both, and the variances of the noise on them."""
        f, g = self.value_and_grad(x)
        sigma_f, sigma_g = self.problem.sigma_f, np.broadcast_to(np.asarray(self.problem.sigma_g), x.shape)
        return Stats(f, g, sigma_f * sigma_f, sigma_g * sigma_g)

    def noise(self, shape: tuple[int, ...]) -> tuple[Any, Any]:
        random = self._random
        offset = self.problem.sigma_f * random.standard_normal(shape[:-1])
        return offset, np.asarray(self.problem.sigma_g) * random.standard_normal(shape)
