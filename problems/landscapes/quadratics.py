"""Parabolas in one and many dimensions: where all of the theory is exact."""

import operator
from functools import cached_property, reduce
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from problems.problem import Array, Domain, Numbers, Problem
from stepsize.core.elementwise import dot
from stepsize.core.limits.memory import refuse_beyond_memory
from stepsize.core.limits.ranges import FiniteFloat, PositiveFloat
from stepsize.core.validation import as_floats, as_number, describe_value, require

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["Parabola", "Quadratic"]


class Quadratic(Problem):
    r"""A quadratic bowl.

    .. math:: f(x) = f^* + \tfrac12 (x - x^*)^\top H (x - x^*)

    Along an eigenvector with eigenvalue lambda one gradient step multiplies the error by exactly
    1 - lr lambda, so it converges if and only if lr < 2/L.

    Parameters
    ----------
    hessian : sequence of d numbers, or d by d matrix
        H. A sequence gives the eigenvalues, along the axes unless `rotation` turns them. Symmetric positive
        semidefinite, except that eigenvalues may be negative to make a saddle.
    rotation : float or d by d orthogonal matrix, optional
        With eigenvalues only: the angle in radians for d = 2, or the matrix Q whose columns are the
        eigenvectors.
    minimizer : sequence of d numbers, optional
        x*, the origin by default.
    minimum_value : float
        f*, the value at x*.
    start : sequence of d numbers, optional
        x0; (-5, -2) in two dimensions and ones in others by default.

    Raises
    ------
    TypeError, ValueError
        If the shapes do not fit, the matrix is not symmetric or the rotation is not orthogonal.

    Examples
    --------
    >>> bowl = Quadratic([1.0, 20.0])
    >>> bowl.L, bowl.mu, bowl.condition_number
    (20.0, 1.0, 20.0)
    >>> bowl.grad(np.array([-5.0, -2.0])).tolist()
    [-5.0, -40.0]
    """

    hessian: "ArrayLike" = (1.0, 20.0)
    rotation: Any = None
    minimizer: Any = None
    minimum_value: FiniteFloat = 0.0
    start: Any = None
    source = "the second-order Taylor polynomial of anything smooth"
    demo: ClassVar = {"hessian": ((3.0, 1.0), (1.0, 2.0)), "minimizer": (1.0, -1.0)}

    def check(self) -> None:
        """Validate shapes, the symmetry of the matrix and the rotation."""
        H = as_floats("hessian", self.hessian, "d eigenvalues, such as [1, 20], or a d by d matrix")
        square = H.ndim == 2 and H.shape[0] == H.shape[1]
        require(
            H.size > 0 and (H.ndim == 1 or square),
            "hessian",
            self.hessian,
            "d eigenvalues, such as [1, 20], or a d by d matrix",
        )
        require(bool(np.isfinite(H).all()), "hessian", self.hessian, "finite numbers")
        if H.ndim == 2:
            require(bool(np.allclose(H, H.T)), "hessian", self.hessian, "a symmetric matrix")
            require(self.rotation is None, "rotation", self.rotation, "None when hessian is a matrix")
        for name in ("minimizer", "start"):
            point = getattr(self, name)
            if point is not None and as_floats(name, point).shape != (len(H),):
                raise ValueError(
                    f"{name}: got {describe_value(point)}, expected {len(H)} numbers like the Hessian's"
                )
        as_number("minimum_value", self.minimum_value)
        if self.rotation is not None:
            as_floats("rotation", self.rotation, "an angle or an orthogonal matrix")
            Q = self._eigenvectors
            require(
                Q.shape == (len(H), len(H)) and np.allclose(Q.T @ Q, np.eye(len(H))),
                "rotation",
                self.rotation,
                f"an angle in two dimensions or an orthogonal {len(H)} by {len(H)} matrix",
            )

    @property
    def _eigenvectors(self) -> Array:
        if np.ndim(self.rotation) == 0 and np.shape(self.hessian)[0] == 2:
            c, s = np.cos(self.rotation), np.sin(self.rotation)
            return np.array([[c, -s], [s, c]])
        return np.asarray(self.rotation, float)

    @cached_property
    def _diagonal(self) -> Array | None:
        return np.array(self.hessian, float) if np.ndim(self.hessian) == 1 and self.rotation is None else None

    @cached_property
    def H(self) -> Array:
        """The Hessian matrix."""
        d = np.shape(self.hessian)[0]
        refuse_beyond_memory("hessian", f"{d} eigenvalues for a matrix", 16 * d * d, "fewer")
        if np.ndim(self.hessian) == 2:
            return np.array(self.hessian, float)
        if self.rotation is None:
            return np.diag(np.array(self.hessian, float))
        Q = self._eigenvectors
        H = (Q * np.array(self.hessian, float)) @ Q.T
        return np.asarray((H + H.T) / 2)

    @cached_property
    def eigenvalues(self) -> Array:
        """Eigenvalues of the Hessian, ascending."""
        if np.ndim(self.hessian) == 1:
            return np.sort(np.array(self.hessian, float))
        return np.asarray(np.linalg.eigvalsh(self.H))

    @property
    def L(self) -> float:
        return float(np.abs(self.eigenvalues).max())

    @property
    def mu(self) -> float | None:
        """Smallest eigenvalue, None for a saddle."""
        smallest = float(self.eigenvalues[0])
        return smallest if smallest >= 0 else None

    @property
    def condition_number(self) -> float:
        """L / mu."""
        return self.L / self.mu if self.mu else float("inf")

    @cached_property
    def _center(self) -> Array:
        return (
            np.zeros(np.shape(self.hessian)[0]) if self.minimizer is None else np.array(self.minimizer, float)
        )

    @property
    def minimizers(self) -> Any:
        """The minimizer, unless the function is a saddle."""
        return None if self.mu is None else (tuple(self._center.tolist()),)

    @property
    def isolated(self) -> bool:
        """Whether no direction is flat."""
        return self.mu != 0

    @property
    def summed(self) -> float:
        """The value at the minimizer or saddle point, which is added to a form that vanishes there."""
        return abs(self.minimum_value)

    @property
    def minimum(self) -> float | None:
        """The value at the minimizer, unless the function is a saddle."""
        return None if self.mu is None else self.minimum_value

    @property
    def x0(self) -> tuple[float, ...]:
        if self.start is not None:
            return tuple(float(v) for v in self.start)
        return (-5.0, -2.0) if np.shape(self.hessian)[0] == 2 else (1.0,) * np.shape(self.hessian)[0]

    @property
    def domain(self) -> Domain:
        reach = 1.2 * np.abs(np.array(self.x0) - self._center).max() or 1.0
        return self._center - reach, self._center + reach

    @property
    def components(self) -> bool:
        """Whether the axes are the eigenvectors, so that each coordinate stands alone."""
        return self._diagonal is not None

    @property
    def formula(self) -> str:
        if self._diagonal is None or len(self._diagonal) > 3 or self._center.any():
            return (
                f"quadratic, d = {self.dim}, eigenvalues {self.eigenvalues[0]:g} ... {self.eigenvalues[-1]:g}"
            )
        terms = [f"{'' if abs(h) == 1 else f'{abs(h):g} '}x{i}^2" for i, h in enumerate(self._diagonal, 1)]
        signs = ["- " if h < 0 else "+ " for h in self._diagonal]
        text = " ".join(sign + term for sign, term in zip(signs, terms, strict=True))
        return f"({text.removeprefix('+ ').replace('- ', '-', text.startswith('- '))})/2"

    def fun(self, x: Numbers) -> Numbers:
        if type(x) is list and self._diagonal is not None and len(x) < 8:
            terms = (
                (a - c) * ((a - c) * h)
                for h, a, c in zip(self._diagonal.tolist(), x, self._center.tolist(), strict=True)
            )
            return self.minimum_value + 0.5 * reduce(operator.add, terms)
        r = np.asarray(x) - self._center
        return self.minimum_value + 0.5 * dot(r, self._apply(r))

    def grad(self, x: Numbers) -> Numbers:
        if type(x) is list and self._diagonal is not None:
            return [
                h * (a - c) for h, a, c in zip(self._diagonal.tolist(), x, self._center.tolist(), strict=True)
            ]
        return self._apply(x - self._center)

    def hess(self, x: Numbers) -> Numbers:
        return np.broadcast_to(self.H, (*x.shape[:-1], self.dim, self.dim))

    def _apply(self, r: Array) -> Any:
        # One matrix-vector product a row: unlike r @ H it gives a batch the same bits as a single run.
        return r * self._diagonal if self._diagonal is not None else (self.H @ r[..., None])[..., 0]


class Parabola(Problem):
    r"""The parabola, the one-dimensional quadratic.

    .. math:: f(x) = \tfrac{c}{2}\,(x - x^*)^2

    A step multiplies the distance to the minimizer by 1 - lr c: it crawls for a small rate, arrives at once
    for lr = 1/c, overshoots beyond and diverges from 2/c on.

    Parameters
    ----------
    curvature : float
        c; the default 2 makes f = x^2.
    minimizer : float
        x*.
    start : float
        x0.

    References
    ----------
    LeCun, Bottou, Orr and Müller, "Efficient BackProp", 1998, section 5. Zhang et al., "Dive into Deep
    Learning", section 12.3.

    Examples
    --------
    >>> float(Parabola().fun(np.array([10.0]))), Parabola().grad(np.array([10.0])).tolist()
    (100.0, [20.0])
    """

    curvature: PositiveFloat = 2.0
    minimizer: FiniteFloat = 0.0
    start: FiniteFloat = 10.0
    source = "LeCun et al. 1998, section 5; Dive into Deep Learning, section 12.3"
    components = True
    minimum = 0.0

    @property
    def x0(self) -> tuple[float, ...]:
        return (float(self.start),)

    @property
    def minimizers(self) -> tuple[tuple[float, ...], ...]:
        return ((float(self.minimizer),),)

    @property
    def L(self) -> float:
        return float(self.curvature)

    @property
    def mu(self) -> float:
        return float(self.curvature)

    @property
    def domain(self) -> Domain:
        reach = 1.1 * abs(self.start - self.minimizer) or 1.0
        return self.minimizer - reach, self.minimizer + reach

    @property
    def formula(self) -> str:
        sign = "-" if self.minimizer > 0 else "+"
        center = f"(x {sign} {abs(self.minimizer):g})" if self.minimizer else "x"
        return f"{center}^2" if self.curvature == 2 else f"{self.curvature:g}/2 {center}^2"

    def fun(self, x: Numbers) -> Numbers:
        r = (x[0] if type(x) is list else np.asarray(x)[..., 0]) - self.minimizer
        return 0.5 * self.curvature * (r * r)

    def grad(self, x: Numbers) -> Numbers:
        if type(x) is list:
            return [self.curvature * (x[0] - self.minimizer)]
        return self.curvature * (x - self.minimizer)

    def hess(self, x: Numbers) -> Numbers:
        return np.full((*x.shape, 1), float(self.curvature))
