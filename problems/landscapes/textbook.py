"""Quadratics and near relatives that textbooks are built on, each with its exact theory."""

from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from problems.landscapes.quadratics import Quadratic
from problems.problem import Array, Dim, Numbers, Problem, symmetric
from stepsize.core.elementwise import join, parts
from stepsize.core.limits.ranges import PositiveFloat

__all__ = [
    "Canyon",
    "MonkeySaddle",
    "NesterovQuadratic",
    "Saddle",
    "ShewchukQuadratic",
    "StrangQuadratic",
]


class Canyon(Quadratic):
    r"""Goodfellow, Bengio and Courville's long canyon: curvature 5 along (1, 1) and 1 along (1, -1).

    .. math:: f(x) = \tfrac12\, x^\top \begin{pmatrix} 3 & 2 \\ 2 & 3 \end{pmatrix} x

    The best constant rate is 1/3 and shrinks the error by 2/3 a step. The book does not print the start of
    its figure; ours is (-5, -2).

    References
    ----------
    Goodfellow, Bengio and Courville, "Deep Learning", MIT Press 2016, figure 4.6.

    Examples
    --------
    >>> Canyon().eigenvalues.round(12).tolist()
    [1.0, 5.0]
    """

    hessian: Any = ((3.0, 2.0), (2.0, 3.0))
    source = "Goodfellow, Bengio and Courville, Deep Learning, figure 4.6"
    checkpoint = ((1.0, 1.0), 5.0)
    demo: ClassVar = {}


class ShewchukQuadratic(Quadratic):
    r"""The sample problem of Shewchuk's introduction to conjugate gradients.

    .. math:: f(x) = \tfrac12\, x^\top \begin{pmatrix} 3 & 2 \\ 2 & 6 \end{pmatrix} x - (2, -8)\, x

    Minimizer (2, -2), eigenvalues 2 and 7. From (-2, -2) steepest descent shrinks the energy norm of the
    error by 0.4989 every step; conjugate gradients need two steps.

    References
    ----------
    Shewchuk, "An introduction to the conjugate gradient method without the agonizing pain", 1994, eq. 4.

    Examples
    --------
    >>> float(ShewchukQuadratic().fun(np.array([0.0, 0.0])))
    0.0
    >>> ShewchukQuadratic().grad(np.array([0.0, 0.0])).tolist()
    [-2.0, 8.0]
    """

    hessian: Any = ((3.0, 2.0), (2.0, 6.0))
    minimizer: Any = (2.0, -2.0)
    minimum_value: float = -10.0
    start: Any = (-2.0, -2.0)
    source = "Shewchuk 1994, eq. 4"
    checkpoint = ((0.0, 0.0), 0.0)
    demo: ClassVar = {}


class StrangQuadratic(Quadratic):
    r"""Strang's model of a narrow valley.

    .. math:: f(x, y) = \tfrac12 (x^2 + b\,y^2), \qquad b = 1/100

    From (b, 1) steepest descent zig-zags: f falls by ((1 - b)/(1 + b))^2 = 0.96 a step; momentum with the
    best parameters turns b into sqrt(b): 0.67. For another b write ``Quadratic([1, b], start=[b, 1])``.

    References
    ----------
    Strang, "Linear Algebra and Learning from Data", Wellesley-Cambridge 2019, VI.4.

    Examples
    --------
    >>> StrangQuadratic().condition_number
    100.0
    """

    hessian: Any = (1.0, 0.01)
    start: Any = (0.01, 1.0)
    source = "Strang, Linear Algebra and Learning from Data, VI.4"
    checkpoint = ((2.0, 10.0), 2.5)
    demo: ClassVar = {}


class Saddle(Quadratic):
    r"""The saddle, where gradient descent dwells before it finds the way down.

    .. math:: f(x, y) = x^2 - y^2

    From (1, y0) the time of escape of gradient descent grows with log(1/y0); that of Adagrad, RMSprop and
    Adam does not depend on y0. It has no minimum.

    References
    ----------
    Ruder, "An overview of gradient descent optimization algorithms", arXiv:1609.04747, the animation by
    Radford (whose start is unpublished; this one is ours).

    Examples
    --------
    >>> float(Saddle().fun(np.array([1.0, 2.0])))
    -3.0
    """

    hessian: Any = (2.0, -2.0)
    start: Any = (1.0, 0.01)
    source = "Ruder, arXiv:1609.04747"
    checkpoint = ((1.0, 2.0), -3.0)
    formula = "x^2 - y^2"
    demo: ClassVar = {}


class MonkeySaddle(Problem):
    r"""The monkey saddle: three valleys, two for the legs and one for the tail.

    .. math:: f(a, b) = a^3 - 3ab^2

    At the origin gradient and Hessian vanish, so that curvature does not show the way out. It has no minimum.

    References
    ----------
    Hilbert and Cohn-Vossen, "Geometry and the Imagination", 1932, section 29.

    Examples
    --------
    >>> float(MonkeySaddle().fun(np.array([2.0, 1.0])))
    2.0
    """

    source = "Hilbert and Cohn-Vossen 1932, section 29"
    components = True
    x0 = (1.0, 0.01)
    domain = (-1.5, 1.5)
    checkpoint = ((2.0, 1.0), 2.0)
    formula = "a^3 - 3 a b^2"

    def fun(self, x: Numbers) -> Numbers:
        a, b = parts(x)
        return a * (a * a - 3 * b * b)

    def grad(self, x: Numbers) -> Numbers:
        a, b = parts(x)
        return join(3.0 * (a * a - b * b), -6.0 * a * b)

    def hess(self, x: Numbers) -> Numbers:
        a, b = parts(x)
        return symmetric(6 * a, -6 * b, -6 * a)


class NesterovQuadratic(Problem):
    r"""Nesterov's worst function: it shows a first-order method one coordinate a step.

    .. math:: f(x) = \frac{L}{4} \Bigl( \tfrac12 x^\top T x - x_1 \Bigr), \qquad
        T = \operatorname{tridiag}(-1, 2, -1)

    From 0, after k gradient steps all coordinates beyond the k-th are exactly 0. The minimizer is
    x_i = 1 - i/(d + 1), and no method whose steps lie in the span of its gradients brings the gap after
    k = (d - 1)/2 steps below ``3 L |x*|^2 / (32 (k + 1)^2)``.

    Parameters
    ----------
    dim : int
        d, at least 1; odd, d = 2k + 1, for the bound after k steps.
    smoothness : float
        L, the bound on the curvature; the largest eigenvalue comes close to it from below.

    References
    ----------
    Nesterov, "Introductory Lectures on Convex Optimization", Kluwer 2004, section 2.1.2.

    Examples
    --------
    >>> problem = NesterovQuadratic(41)
    >>> problem.grad(np.zeros(41))[:3].tolist(), round(problem.minimum, 6)
    ([-1.0, 0.0, 0.0], -0.488095)
    """

    dim: Dim = 41
    smoothness: PositiveFloat = 4.0
    source = "Nesterov, Introductory Lectures, section 2.1.2"
    domain = (-1.0, 2.0)
    demo: ClassVar = {"dim": 5, "smoothness": 8.0}

    @property
    def x0(self) -> tuple[float, ...]:
        """The origin, from where the front of information starts."""
        return (0.0,) * self.dim

    @property
    def minimizers(self) -> tuple[tuple[float, ...], ...]:
        """x_i = 1 - i/(d + 1)."""
        return (tuple(1 - i / (self.dim + 1) for i in range(1, self.dim + 1)),)

    @property
    def minimum(self) -> float:
        """L/8 (-1 + 1/(d + 1))."""
        return self.smoothness / 8 * (1 / (self.dim + 1) - 1)

    @property
    def checkpoint(self) -> Any:
        """At (1, ..., 1) only the two ends of the chain pull: L/4 (1 - 1) = 0."""
        return (1.0,) * self.dim, 0.0

    @cached_property
    def eigenvalues(self) -> Array:
        """L/2 (1 - cos(i pi / (d + 1))), ascending."""
        i = np.arange(1, self.dim + 1)
        return np.asarray(self.smoothness / 2 * (1 - np.cos(i * np.pi / (self.dim + 1))))

    @property
    def L(self) -> float:
        return float(self.eigenvalues[-1])

    @property
    def mu(self) -> float:
        return float(self.eigenvalues[0])

    @property
    def formula(self) -> str:
        return f"Nesterov's worst quadratic, d = {self.dim}"

    @staticmethod
    def _chain(x: Any) -> Any:
        """Return T x."""
        y = 2 * x
        y[..., 1:] -= x[..., :-1]
        y[..., :-1] -= x[..., 1:]
        return y

    def fun(self, x: Numbers) -> Numbers:
        return self.smoothness / 4 * (0.5 * (x * self._chain(x)).sum(axis=-1) - x[..., 0])

    def grad(self, x: Numbers) -> Numbers:
        g = self._chain(x)
        g[..., 0] -= 1
        return self.smoothness / 4 * g

    def hess(self, x: Numbers) -> Numbers:
        off = np.eye(self.dim, k=1)
        H = self.smoothness / 4 * (2 * np.eye(self.dim) - off - off.T)
        return np.broadcast_to(H, (*x.shape, self.dim))
