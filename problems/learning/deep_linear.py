"""Products of weights: the smallest models that are deep, where the path decides which solution is found."""

from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from problems.learning.finite_sum import FiniteSum
from problems.learning.linear_models import times
from problems.problem import Array, Numbers, Problem, diagonal, symmetric
from stepsize.core.display import counted
from stepsize.core.elementwise import join, parts
from stepsize.core.limits.memory import refuse_beyond_memory
from stepsize.core.limits.ranges import FiniteFloat, PositiveInt, Seed
from stepsize.core.validation import require

__all__ = ["DiagonalLinearNetwork", "ScalarFactorization"]


class ScalarFactorization(Problem):
    r"""Two weights in a row that should multiply to one: the smallest deep linear network.

    .. math:: f(u, v) = \tfrac12 (uv - 1)^2

    Every point of the hyperbola uv = 1 is a minimizer, of sharpness u^2 + v^2. A rate above 2 over that
    cannot stay there: gradient descent moves along the valley to a flatter place, below 2/lr.

    References
    ----------
    The two-parameter model of Cohen, Kaur, Li, Kolter and Talwalkar, "Gradient descent on neural networks
    typically occurs at the edge of stability", ICLR 2021, as in its followers.

    Examples
    --------
    >>> float(ScalarFactorization().fun(np.array([3.0, 1.0])))
    2.0
    """

    source = "after Cohen et al. 2021"
    components = True
    x0 = (3.0, 0.1)
    domain = (-0.5, 3.5)
    minimum = 0.0
    minimizers = ((1.0, 1.0),)
    isolated = False
    checkpoint = ((3.0, 1.0), 2.0)
    formula = "(uv - 1)^2 / 2"

    def fun(self, x: Numbers) -> Numbers:
        u, v = parts(x)
        r = u * v - 1
        return 0.5 * (r * r)

    def grad(self, x: Numbers) -> Numbers:
        u, v = parts(x)
        r = u * v - 1
        return join(r * v, r * u)

    def hess(self, x: Numbers) -> Numbers:
        u, v = parts(x)
        return symmetric(v * v, 2 * u * v - 1, u * u)

    def sharpness(self, x: Any) -> Any:
        """Return the largest eigenvalue of the Hessian."""
        return np.linalg.eigvalsh(self.hess(x))[..., -1]


class DiagonalLinearNetwork(FiniteSum):
    r"""A diagonal linear network: more weights than examples, and yet it finds the sparse truth.

    .. math:: f(u, v) = \frac1{2n} \lVert X (u \circ v) - y \rVert^2, \qquad y = X \theta^*

    Infinitely many products u v interpolate the data. Started close to zero, gradient descent ends near the
    one of smallest l1 norm; which one exactly depends on the start, the rate and the momentum, through
    lambda = rate/(1 - momentum)^2.

    Parameters
    ----------
    examples, features, nonzero : int
        n, d, and how many entries of the true vector are not 0 (they are 1).
    scale : float
        u starts at scale sqrt(2) in every coordinate, v at 0.
    rng : int
        Seed of the standard normal X.

    References
    ----------
    Papazov, Pesme and Flammarion, "Leveraging continuous time to understand momentum when training diagonal
    linear networks", AISTATS 2024 (arXiv:2403.05293).

    Examples
    --------
    >>> net = DiagonalLinearNetwork()
    >>> net.dim, float(net.fun(net.interpolating_point))
    (60, 0.0)
    """

    examples: PositiveInt = 20
    features: PositiveInt = 30
    nonzero: PositiveInt = 3
    scale: FiniteFloat = 0.1
    rng: Seed = 0
    source = "Papazov, Pesme and Flammarion 2024, arXiv:2403.05293"
    minimum = 0.0
    domain = (-1.5, 1.5)
    demo: ClassVar = {"examples": 4, "features": 6, "nonzero": 2}

    def check(self) -> None:
        """Validate nonzero <= features, and that the data fit into memory."""
        numbers = f"{self.features} for {counted(self.examples, 'example')}"
        refuse_beyond_memory("features", numbers, 16 * self.features * self.examples, "fewer of either")
        require(self.nonzero <= self.features, "nonzero", self.nonzero, f"at most {self.features}")

    @cached_property
    def sparse_vector(self) -> Array:
        """The vector theta* that made the data."""
        return np.where(np.arange(self.features) < self.nonzero, 1.0, 0.0)

    @cached_property
    def train(self) -> tuple[Array, Array]:
        X = np.random.default_rng(self.rng).standard_normal((self.examples, self.features))
        return X, X @ self.sparse_vector

    @property
    def interpolating_point(self) -> Array:
        """U = v = the true vector, which is its own square."""
        return np.tile(self.sparse_vector, 2)

    isolated = False

    @property
    def minimizers(self) -> tuple[tuple[float, ...], ...]:
        return (tuple(self.interpolating_point.tolist()),)

    @property
    def dim(self) -> int:
        return 2 * self.features

    @property
    def x0(self) -> tuple[float, ...]:
        """U = scale sqrt(2), v = 0."""
        return (self.scale * float(np.sqrt(2)),) * self.features + (0.0,) * self.features

    @property
    def formula(self) -> str:
        return f"diagonal linear network, {counted(self.examples, 'example')}, 2 x {self.features} weights"

    def product(self, x: Any) -> Any:
        """Return the vector u v that the weights x stand for."""
        return x[..., : self.features] * x[..., self.features :]

    def loss(self, x: Numbers, A: Array, y: Array) -> Numbers:
        r = times(self.product(x), A.T) - y
        return 0.5 * (r * r).mean(axis=-1)

    def loss_and_grad(self, x: Numbers, A: Array, y: Array) -> tuple[Numbers, Numbers]:
        """Return both; the gradient is (v, u) times X'r/n."""
        r = times(self.product(x), A.T) - y
        pull = times(r, A) / len(y)
        u, v = x[..., : self.features], x[..., self.features :]
        return 0.5 * (r * r).mean(axis=-1), np.concatenate([v * pull, u * pull], axis=-1)

    def loss_hess(self, x: Numbers, A: Array, y: Array) -> Numbers:
        d = self.features
        pull = times(times(self.product(x), A.T) - y, A) / len(y)
        swapped = np.concatenate([x[..., d:], x[..., :d]], axis=-1)
        M = np.tile(A.T @ A / len(y), (2, 2))
        H = swapped[..., :, None] * M * swapped[..., None, :]
        H[..., :d, d:] += diagonal(pull)
        H[..., d:, :d] += diagonal(pull)
        return H
