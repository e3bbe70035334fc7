"""Shifted and rotated problems, and their facts."""

from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from problems.landscapes.valleys import Rosenbrock
from problems.problem import Array, Domain, Numbers, Problem
from problems.wrapper import ProblemWrapper
from stepsize.core.validation import as_floats, require

__all__ = ["Rotated", "Shifted"]


class Transformed(ProblemWrapper, abstract=True):
    r"""A problem composed with a linear map of its argument.

    .. math:: F(x) = a\, f(M (x - c)), \qquad \nabla F = a\, M^\top \nabla f, \qquad
        \nabla^2 F = a\, M^\top \nabla^2 f\, M

    L and mu are multiplied by a and by the squares of the largest and smallest singular value of M;
    minimizers and start are mapped along.
    """

    @property
    def matrix(self) -> Array:
        """M."""
        return np.eye(self.problem.dim)

    @property
    def offset(self) -> Any:
        """The vector c."""
        return 0.0

    @property
    def factor(self) -> float:
        """The factor a of the values."""
        return 1.0

    @cached_property
    def _inverse(self) -> Array:
        return np.linalg.inv(self.matrix)

    @cached_property
    def _singular_values(self) -> Array:
        return np.asarray(np.linalg.svd(self.matrix, compute_uv=False))

    def inwards(self, x: Any) -> Any:
        """Return the argument of the original problem at x."""
        # One matrix-vector product a row gives a batch the bits of a single run.
        return (self.matrix @ (x - self.offset)[..., None])[..., 0]

    def outwards(self, y: Any) -> Any:
        """Return the x at which the argument of the original problem is y."""
        return (self._inverse @ np.asarray(y)[..., None])[..., 0] + self.offset

    def _back(self, g: Any) -> Any:
        return self.factor * (self.matrix.T @ g[..., None])[..., 0]

    def fun(self, x: Numbers) -> Numbers:
        return self.factor * self.problem.fun(self.inwards(x))

    def grad(self, x: Numbers) -> Numbers:
        return self._back(self.problem.grad(self.inwards(x)))

    def value_and_grad(self, x: Numbers) -> tuple[Numbers, Numbers]:
        """Return both from one evaluation of the original problem."""
        f, g = self.problem.value_and_grad(self.inwards(x))
        return self.factor * f, self._back(g)

    def hess(self, x: Numbers) -> Numbers:
        return self.factor * (self.matrix.T @ self.problem.hess(self.inwards(x)) @ self.matrix)

    @property
    def varies(self) -> bool:
        """Whether the original problem varies."""
        return bool(self.problem.varies)

    @property
    def drifts(self) -> bool:
        """Whether the original problem drifts."""
        return bool(self.problem.drifts)

    def at(self, n: int) -> Any:
        return self.replace(problem=self.problem.at(n)) if self.problem.varies else self

    @property
    def x0(self) -> tuple[float, ...]:
        """The start, mapped."""
        return tuple(self.outwards(np.array(self.problem.x0, float)).tolist())

    @property
    def minimizers(self) -> tuple[tuple[float, ...], ...] | None:
        """The minimizers, mapped."""
        if self.problem.minimizers is None:
            return None
        return tuple(tuple(self.outwards(np.array(p, float)).tolist()) for p in self.problem.minimizers)

    @property
    def isolated(self) -> bool:
        """Whether those of the original problem are."""
        return bool(self.problem.isolated)

    @property
    def minimum(self) -> float | None:
        return None if self.problem.minimum is None else self.factor * float(self.problem.minimum)

    @property
    def summed(self) -> float | None:
        """The size of what a value is summed from, times a."""
        summed = getattr(self.problem, "summed", None)
        return None if summed is None else abs(self.factor) * float(summed)

    @property
    def L(self) -> float | None:
        """A bound on the largest curvature; exact for shifts and rotations."""
        if self.problem.L is None:
            return None
        return float(self.factor * self.problem.L * self._singular_values[0] ** 2)

    @property
    def mu(self) -> float | None:
        """A bound on the smallest curvature; exact for shifts and rotations."""
        if self.problem.mu is None:
            return None
        return float(self.factor * self.problem.mu * self._singular_values[-1] ** 2)

    @property
    def domain(self) -> Domain | None:
        """The smallest box that holds the mapped domain."""
        if self.problem.domain is None:
            return None
        low, high = (np.broadcast_to(bound, self.dim) for bound in self.problem.domain)
        center = self.outwards((np.array(low, float) + high) / 2)
        reach = np.abs(self._inverse) @ (np.array(high, float) - low) / 2
        return center - reach, center + reach

    @property
    def checkpoint(self) -> Any:
        """The cited point, mapped."""
        if self.problem.checkpoint is None:
            return None
        point, value, *printed = self.problem.checkpoint
        where = tuple(self.outwards(np.array(point, float)).tolist())
        return (where, self.factor * value, *(self.factor * digits for digits in printed))


class Shifted(Transformed):
    r"""A problem moved elsewhere.

    .. math:: F(x) = f(x - c)

    A method that uses no knowledge of the origin goes the same way there.

    Parameters
    ----------
    problem : Problem
        f.
    by : float or sequence of d floats
        c.

    References
    ----------
    Hansen et al., "COCO: a platform for comparing continuous optimizers", 2021, on instances of a problem.

    Examples
    --------
    >>> Shifted(Rosenbrock(), by=[1.0, 2.0]).minimizers
    ((2.0, 3.0),)
    """

    problem: Problem
    by: Any
    demo: ClassVar = {"problem": Rosenbrock(), "by": (0.5, -2.0)}

    def check(self) -> None:
        """Validate the shape of the offset."""
        super().check()
        shape = as_floats("by", self.by).shape
        require(shape in ((), (self.problem.dim,)), "by", self.by, f"one or {self.problem.dim} numbers")

    @cached_property
    def offset(self) -> Any:
        return np.broadcast_to(np.asarray(self.by, float), self.problem.dim)

    def inwards(self, x: Any) -> Any:
        return x - self.offset

    def outwards(self, y: Any) -> Any:
        return np.asarray(y) + self.offset

    def _back(self, g: Any) -> Any:
        return g

    @property
    def formula(self) -> str:
        return f"{self.problem.formula}, moved by {self.by if np.ndim(self.by) == 0 else list(self.by)}"


class Rotated(Transformed):
    r"""A problem turned about the origin.

    .. math:: F(x) = f(Q^\top x)

    Gradient descent and momentum do not care; methods with one rate a coordinate (Adagrad, Adam, ...) lose
    their advantage on valleys that no longer follow the axes.

    Parameters
    ----------
    problem : Problem
        f.
    rotation : float, d by d orthogonal matrix, or "random"
        In two dimensions the angle in radians, counter-clockwise; else the matrix Q.
    rng : int
        Seed of a random rotation.

    References
    ----------
    Schaul, Antonoglou and Silver, "Unit tests for stochastic optimization", ICLR 2014 (arXiv:1312.6055).

    Examples
    --------
    A quarter turn carries the minimizer (1, 1) to (-1, 1):

    >>> np.round(Rotated(Rosenbrock(), np.pi / 2).minimizers, 12).tolist()
    [[-1.0, 1.0]]
    """

    problem: Problem
    rotation: Any = "random"
    rng: int = 0
    demo: ClassVar = {"problem": Rosenbrock(3)}

    def check(self) -> None:
        """Validate that the rotation is orthogonal."""
        super().check()
        d = self.problem.dim
        expected = f"an angle in two dimensions, an orthogonal {d} by {d} matrix, or 'random'"
        if isinstance(self.rotation, str):
            require(self.rotation == "random", "rotation", self.rotation, expected)
            return
        shape = as_floats("rotation", self.rotation, expected).shape
        require(shape == (d, d) or (shape == () and d == 2), "rotation", self.rotation, expected)
        Q = self._rotation
        require(bool(np.allclose(Q.T @ Q, np.eye(d))), "rotation", self.rotation, expected)

    @cached_property
    def _rotation(self) -> Array:
        if isinstance(self.rotation, str):
            from scipy.stats import special_ortho_group

            d = self.problem.dim
            return np.asarray(special_ortho_group.rvs(d, random_state=self.rng)) if d > 1 else np.eye(1)
        if np.ndim(self.rotation) == 0:
            c, s = np.cos(self.rotation), np.sin(self.rotation)
            return np.array([[c, -s], [s, c]])
        return np.asarray(self.rotation, float)

    @cached_property
    def matrix(self) -> Array:
        """The inverse rotation, which carries back."""
        return np.ascontiguousarray(self._rotation.T)

    @cached_property
    def _inverse(self) -> Array:
        return self._rotation

    @cached_property
    def _singular_values(self) -> Array:
        return np.ones(self.problem.dim)

    @property
    def formula(self) -> str:
        how = f" by {self.rotation:g} radians" if isinstance(self.rotation, float) else ""
        return f"{self.problem.formula}, turned{how}"
