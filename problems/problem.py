"""The contract of a problem: a function with its gradient, and the facts that theory needs."""

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from stepsize.base.checks import as_count, as_floats, describe
from stepsize.base.record import Default, Record

__all__ = ["Custom", "Problem"]

Array = np.ndarray[Any, Any]


class Fact:
    """A fact about a problem, which a subclass states as an attribute or a property."""

    def __init__(self, until_stated: Any = None) -> None:
        self._until_stated = until_stated

    def __get__(self, instance: object, owner: type) -> Any:
        return self._until_stated


class Problem(Record, abstract=True):
    """A function to descend.

    The last axis of x is the parameter vector, every leading axis is a batch: `fun` maps (..., d) to (...),
    `grad` to (..., d), `hess` to (..., d, d). A problem that is a multiple of a sum of squares may also give
    `residuals` (..., m) and their derivatives, `jacobian` (..., m, d).

    Attributes
    ----------
    x0 : sequence of float
        The customary start; its length is the dimension.
    domain : (low, high)
        The region that the source looks at: two numbers, or two sequences of d numbers. Pictures use it.
    minimizers : sequence of points, or None
        Every global minimizer, where known.
    minimum : float, or None
        The smallest value (the infimum where it is not attained), where known.
    L, mu : float, or None
        Largest and smallest curvature anywhere: the gradient is L-Lipschitz and the function mu-strongly
        convex; None where unknown or infinite.
    checkpoint : (point, value) or (point, value, tolerance), or None
        One cited point with its cited value, to 1e-12 of it or to the printed digits; a wrong function with a
        right gradient passes every gradient check.
    source : str
        Where the function comes from.
    components : bool
        True if `grad` and `fun` are written by components, so that they also take a list of floats.
    smooth : bool
        True if the gradient is continuous and differentiable; False where there are kinks.
    feasible : (low, high), or None
        A box to which every update is brought back; where the source confines the run.
    varies : bool
        True if the data change over time; `at` gives the problem as one update sees it.
    drifts : bool
        True if what is sought changes with it, so that no single function judges a run.
    """

    x0 = Fact()
    domain = Fact()
    minimizers = Fact()
    minimum = Fact()
    L = Fact()
    mu = Fact()
    checkpoint = Fact()
    source = Fact("")
    components = Fact(False)
    smooth = Fact(True)
    feasible = Fact()
    varies = Fact(False)
    drifts = Fact(False)
    gradient_source = Fact("exact")
    formula = Default(repr, "One line of mathematics for tables and titles.")
    demo: ClassVar[dict[str, Any]] = {}

    @property
    def dim(self) -> int:
        """Number of parameters, d."""
        return len(self.x0)

    def fun(self, x: Any) -> Any:
        """Return the value at x."""
        raise NotImplementedError

    def grad(self, x: Any) -> Any:
        """Return the gradient at x, of x's shape."""
        raise NotImplementedError

    def hess(self, x: Any) -> Any:
        """Return the matrix of second derivatives at x, where the problem has it."""
        raise TypeError(f"{type(self).__name__} has no Hessian in closed form")

    @property
    def has_hess(self) -> bool:
        """Whether `hess` can be called."""
        return type(self).hess is not Problem.hess

    def value_and_grad(self, x: Any) -> tuple[Any, Any]:
        """Return value and gradient together; problems that share work between the two override it."""
        return self.fun(x), self.grad(x)

    def at(self, n: int) -> "Problem":
        """Return the problem as update n sees it: itself, unless it `varies`."""
        return self

    def draw(self, n: int, k: int = 0) -> "Problem":
        """Return the problem as the k-th evaluation along the line of update n sees it; see `Estimate`."""
        return self.at(n)

    def on_domain(self, points: int, rng: Any) -> Array:
        """Return random points, uniform on the domain, of shape (points, d); for checks and pictures."""
        low, high = (np.broadcast_to(bound, self.dim) for bound in self.domain)
        return np.random.default_rng(rng).uniform(low, high, (points, self.dim))

    @staticmethod
    def of(
        fun: Callable[[Array], Any],
        grad: Callable[[Array], Any] | None = None,
        *,
        x0: ArrayLike,
        hess: Callable[[Array], Any] | None = None,
        **facts: Any,
    ) -> "Custom":
        """Return a problem made of your own functions.

        Parameters
        ----------
        fun : callable
            ``fun(x)`` with x of shape (d,) gives a number.
        grad : callable, optional
            ``grad(x)`` gives an array of x's shape. Without it SciPy's finite differences stand in (d more
            evaluations a gradient, about 8 correct digits) and the run says so.
        x0 : sequence of float
            Where to start.
        hess : callable, optional
            ``hess(x)`` of shape (d, d).
        **facts
            Any of ``minimum, minimizers, L, mu, domain, name``.

        Examples
        --------
        >>> bowl = Problem.of(lambda x: (x * x).sum(), lambda x: 2 * x, x0=[3.0, 4.0], minimum=0.0)
        >>> float(bowl.fun(np.array([3.0, 4.0])))
        25.0
        """
        return Custom(fun, grad, x0, hess, **facts)


class Custom(Problem):
    """A problem from plain functions; see `Problem.of`.

    Raises
    ------
    TypeError, ValueError
        If a function is not callable, or x0 is not a finite vector.

    Examples
    --------
    >>> Custom(np.sum, np.ones_like, [1.0, 2.0], minimum=None).dim
    2
    """

    function: Callable[[Array], Any]
    gradient: Callable[[Array], Any] | None
    start: Any
    hessian: Callable[[Array], Any] | None = None
    minimum: float | None = None
    minimizers: Any = None
    L: float | None = None
    mu: float | None = None
    domain: Any = None
    name: str = ""
    demo: ClassVar = {"function": np.sum, "gradient": np.ones_like, "start": (1.0, 2.0)}

    def check(self) -> None:
        """Refuse what cannot be called and a start that is no vector of numbers."""
        for name, function in (("fun", self.function), ("grad", self.gradient), ("hess", self.hessian)):
            if not callable(function) and not (function is None and name != "fun"):
                raise TypeError(f"{name}: got {describe(function)}, expected a function of x")
        start = as_floats("x0", self.start, "a vector of floats")
        if start.ndim != 1 or not len(start) or not np.isfinite(start).all():
            raise ValueError(f"x0: got {describe(self.start)}, expected a vector of finite floats")

    @property
    def x0(self) -> tuple[float, ...]:
        """The start."""
        return tuple(float(v) for v in self.start)

    @property
    def gradient_source(self) -> str:
        """Whether the gradient is the user's own or made of finite differences."""
        return "exact" if self.gradient else "finite differences"

    @property
    def has_hess(self) -> bool:
        """Whether a Hessian was given."""
        return self.hessian is not None

    @property
    def formula(self) -> str:
        """The given name, or the function's."""
        return self.name or getattr(self.function, "__name__", "a function")

    def fun(self, x: Any) -> Any:
        """Return the function's value, row by row for a batch."""
        return self._rows(self.function, x, ())

    def grad(self, x: Any) -> Any:
        """Return the gradient, row by row for a batch."""
        return self._rows(self.gradient or self._differences, x, (x.shape[-1],))

    def hess(self, x: Any) -> Any:
        """Return the Hessian, row by row for a batch."""
        if self.hessian is None:
            return super().hess(x)
        return self._rows(self.hessian, x, (x.shape[-1], x.shape[-1]))

    def _differences(self, x: Array) -> Any:
        from scipy.optimize import approx_fprime

        return approx_fprime(x, self.function)

    def _rows(self, function: Callable[[Array], Any], x: Any, shape: tuple[int, ...]) -> Any:
        if x.ndim == 1:
            return function(x.copy())
        flat = x.reshape(-1, x.shape[-1])
        return np.array([function(row.copy()) for row in flat]).reshape(*x.shape[:-1], *shape)


def symmetric(*upper: Any) -> Array:
    """Return the symmetric matrix whose upper triangle is given row by row; entries may be batches.

    Examples
    --------
    >>> symmetric(1.0, 2.0, 3.0).tolist()
    [[1.0, 2.0], [2.0, 3.0]]
    """
    d = round((np.sqrt(8 * len(upper) + 1) - 1) / 2)
    shape = np.broadcast_shapes(*(np.shape(entry) for entry in upper))
    H = np.empty((*shape, d, d))
    for entry, i, j in zip(upper, *np.triu_indices(d), strict=True):
        H[..., i, j] = H[..., j, i] = entry
    return H


def diagonal(entries: Any) -> Array:
    """Return the diagonal matrices with the last axis of `entries` on the diagonal."""
    return np.asarray(entries)[..., None] * np.eye(np.shape(entries)[-1])


def as_dim(dim: Any, least: int = 1) -> int:
    """Return a dimension of at least `least`, or raise."""
    return as_count("dim", dim, least)
