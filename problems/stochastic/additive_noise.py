"""Additive noise: any problem, seen through measurements of known variance."""

from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from problems.landscapes.quadratics import Quadratic
from problems.problem import Problem
from problems.stochastic.estimate import Stats, StochasticProblem, generator
from stepsize.core.validation import as_floats, describe_value, require

__all__ = ["AdditiveNoise"]


class AdditiveNoise(StochasticProblem):
    r"""A problem of which each update sees value and gradient with normal noise added.

    .. math:: \hat f = f(x) + \sigma_f\, n_0, \qquad \hat g_i = \nabla_i f(x) + \sigma_g\, n_i

    `fun`, `grad` and the facts are those of the problem without noise, by which a run is judged. The contract
    is that of mini-batches: update n sees ``at(n)``, the k-th evaluation along its line sees ``draw(n, k)``,
    and the noise follows from the seed, n and k alone. Dynamic noise is fresh at every evaluation. Static
    noise stays: value and gradient differ from the problem's by one linear function,
    :math:`\sigma_f n_0 + \sigma_g n^\top (x - x_0)`, as those of a batch of quadratics with the same Hessian
    do, so that the slope along a line is the derivative of the values.

    Parameters
    ----------
    problem : Problem
        What is measured.
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
        If the problem is none, a deviation is negative or its length is not d.

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

    problem: Any
    sigma_f: float = 0.0
    sigma_g: Any = 1.0
    sampling: str = "dynamic"
    shared: bool = True
    rng: Any = 0
    demo: ClassVar = {"problem": Quadratic(), "sigma_f": 0.1, "sigma_g": (0.5, 1.0)}

    def check(self) -> None:
        """Refuse what is no problem, and deviations that are negative or do not fit."""
        super().check()
        if isinstance(self.problem, type) or not hasattr(self.problem, "value_and_grad"):
            raise TypeError(
                f"problem: got {describe_value(self.problem)}, expected a problem such as Quadratic()"
            )
        if self.problem.varies:
            raise ValueError(
                f"problem: got {describe_value(self.problem)}, expected one that does not vary already"
            )
        for name in ("sigma_f", "sigma_g"):
            value = getattr(self, name)
            sigma = as_floats(name, value)
            require(bool((sigma >= 0).all()), name, value, "standard deviations of at least 0")
            if sigma.ndim and (name == "sigma_f" or sigma.shape != (self.dim,)):
                d = "" if name == "sigma_f" else f", or {self.dim} of them"
                raise ValueError(f"{name}: got {describe_value(value)}, expected one number{d}")

    @property
    def gradient_source(self) -> str:
        """What the updates take for the gradient."""
        return f"{self.sampling} noisy measurements" if self.varies else "exact"

    def _draw(self, n: int, k: int) -> Any:
        return Measured(self, n, k)


class Measured(Problem, abstract=True):
    """A noisy problem as one evaluation sees it."""

    whole: Any
    n: int
    k: int

    x0 = property(lambda self: self.whole.x0)
    domain = property(lambda self: self.whole.domain)
    source = property(lambda self: self.whole.source)
    has_hess = property(lambda self: self.whole.has_hess)

    def fun(self, x: Any) -> Any:
        """Return the value with the noise of this evaluation."""
        return self.value_and_grad(x)[0]

    def grad(self, x: Any) -> Any:
        """Return the gradient with the noise of this evaluation."""
        return self.value_and_grad(x)[1]

    def hess(self, x: Any) -> Any:
        """Return the Hessian, which has no noise."""
        return self.whole.hess(x)

    def value_and_grad(self, x: Any) -> Any:
        """Return both with the noise of this evaluation."""
        f, g = self.whole.problem.value_and_grad(x)
        offset, slope = self._shared if self.whole.shared else self._noise(x.shape)
        if self.whole.sampling == "static":
            offset = offset + (slope * (x - np.array(self.whole.x0))).sum(axis=-1)
        return f + offset, g + slope.astype(g.dtype)

    def stats(self, x: Any) -> Stats:
        """Return both, and the variances of the noise on them."""
        f, g = self.value_and_grad(x)
        sigma_f, sigma_g = self.whole.sigma_f, np.broadcast_to(np.asarray(self.whole.sigma_g), x.shape)
        return Stats(f, g, sigma_f * sigma_f, sigma_g * sigma_g)

    @cached_property
    def _shared(self) -> tuple[Any, Any]:
        return self._noise((self.whole.dim,))

    def _noise(self, shape: tuple[int, ...]) -> tuple[Any, Any]:
        random = generator(self.whole.rng, self.n, self.k)
        offset = self.whole.sigma_f * random.standard_normal(shape[:-1])
        return offset, np.asarray(self.whole.sigma_g) * random.standard_normal(shape)
