"""The contract of a problem: a function with its gradient, and the facts that theory needs."""

import math
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, overload

import numpy as np

from stepsize.core.hooks import call_hook
from stepsize.core.limits.memory import refuse_beyond_memory
from stepsize.core.record import Default, Record
from stepsize.core.user_values import as_array, as_value, ask, floats_at, spreads
from stepsize.core.validation import as_count, as_number, describe_value, missing, real_numbers, require

if TYPE_CHECKING:
    from problems.formulas.formula import Formula

__all__ = ["FunctionProblem", "Problem"]

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
        Every global minimizer, where known; None where there is none. Where they fill a line or more, one of
        them, and `isolated` says so.
    isolated : bool
        False where every minimizer has others as near as one likes.
    minimum : float, or None
        The smallest value (the infimum where it is not attained), where known.
    L, mu : float, or None
        Largest and smallest curvature anywhere: the gradient is L-Lipschitz and the function mu-strongly
        convex; None where unknown or infinite.
    summed : float, or None
        The size of what a value near the minimum is summed from, where large terms cancel: it is rounded at a
        few eps of that, however small the sum. None where no terms are larger than the sum itself.
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
    isolated = Fact(True)
    minimum = Fact()
    L = Fact()
    mu = Fact()
    summed = Fact()
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
        raise missing(self, "fun(self, x)")

    def grad(self, x: Any) -> Any:
        """Return the gradient at x, of x's shape."""
        raise missing(self, "grad(self, x)")

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

    def sample(self, n: int, k: int = 0) -> "Problem":
        """Return the problem as evaluation k along the line of update n sees it."""
        return self.at(n)

    def sample_domain(self, points: int, rng: Any) -> Array:
        """Return random points, uniform on the domain, of shape (points, d); for checks and pictures."""
        low, high = (np.broadcast_to(bound, self.dim) for bound in self.domain)
        return np.random.default_rng(rng).uniform(low, high, (points, self.dim))

    @overload
    @staticmethod
    def of(fun: str, grad: None = None, x0: Any = None, *, hess: None = None) -> "Formula": ...

    @overload
    @staticmethod
    def of(
        fun: Callable[..., Any],
        grad: Callable[..., Any] | None = None,
        x0: Any = None,
        *,
        hess: Callable[..., Any] | None = None,
        **facts: Any,
    ) -> "FunctionProblem": ...

    @staticmethod
    def of(
        fun: Callable[..., Any] | str,
        grad: Callable[..., Any] | None = None,
        x0: Any = None,
        *,
        hess: Callable[..., Any] | None = None,
        **facts: Any,
    ) -> "Problem":
        """Return a problem made of your own functions, or of a formula.

        They are asked for one point at a time, a batch row by row, and get a copy of it that they may write
        to. What they return is copied, so that they may fill one buffer again and again. Each may also be
        one of d numbers, ``f(a, b)``. Their own errors go through as they are.

        Parameters
        ----------
        fun : callable or str
            ``fun(x)`` with x of shape (d,) gives a number, or an array of one. A text is a formula such as
            ``"x**2 + 3*y**2"``, which has its derivatives and facts of its own; see `Formula`.
        grad : callable, optional
            ``grad(x)`` gives d numbers: an array, a list, a row or a column. Without it SciPy's finite
            differences stand in (d more evaluations a gradient, about 8 correct digits) and the run says so.
        x0 : float or sequence of float
            Where to start; a formula has a start of its own.
        hess : callable, optional
            ``hess(x)`` of shape (d, d).
        **facts
            Any of ``minimum, minimizers, L, mu, domain, name``.

        Raises
        ------
        TypeError, ValueError
            If the arguments are of another kind; and later, in one sentence that names ``fun``, ``grad`` or
            ``hess``, if that returns anything else than real numbers of the right shape.

        Examples
        --------
        >>> bowl = Problem.of(lambda x: (x * x).sum(), lambda x: 2 * x, x0=[3.0, 4.0], minimum=0.0)
        >>> float(bowl.fun(np.array([3.0, 4.0])))
        25.0
        >>> float(Problem.of(lambda a, b: a * b, x0=[3.0, 4.0]).fun(np.array([3.0, 4.0])))
        12.0
        >>> Problem.of("x**2 + 3*y**2", x0=[-5, -2])
        Formula('x**2 + 3*y**2', start=[-5.0, -2.0])
        """
        if isinstance(fun, str):
            made: Problem = call_hook("formula", fun, x0, {"grad": grad, "hess": hess, **facts})
            return made
        unknown = ", ".join(repr(name) for name in facts if name not in _FACTS_OF_CUSTOM)
        if unknown:
            known = ", ".join(("fun", "grad", "x0", "hess", *_FACTS_OF_CUSTOM))
            raise TypeError(f"Problem.of: got {unknown}, expected only {known}")
        return FunctionProblem(fun, grad, x0, hess, **facts)


_FACTS_OF_CUSTOM = ("minimum", "minimizers", "L", "mu", "domain", "name")


class FunctionProblem(Problem):
    """A problem from plain functions; see `Problem.of`.

    Raises
    ------
    TypeError, ValueError
        If a function is not callable or no function of x, x0 is not a finite vector, or a fact does not fit.

    Examples
    --------
    >>> FunctionProblem(np.sum, np.ones_like, [1.0, 2.0], minimum=None).dim
    2
    """

    function: Callable[..., Any]
    gradient: Callable[..., Any] | None
    start: Any
    hessian: Callable[..., Any] | None = None
    minimum: float | None = None
    minimizers: Any = None
    L: float | None = None
    mu: float | None = None
    domain: Any = None
    name: str = ""
    demo: ClassVar = {"function": np.sum, "gradient": np.ones_like, "start": (1.0, 2.0)}

    def normalise(self, name: str, value: Any) -> Any:
        """Take a start of one number, whole numbers and tables; take minimizers in plain forms."""
        if name == "start" and value is not None:
            start = np.atleast_1d(real_numbers("x0", value, "a vector of floats"))
            value = start if isinstance(value, np.ndarray) and start.size > 1 else start.tolist()
        elif name == "minimizers" and value is not None:
            value = _as_points(name, value, np.size(self.start))
        return super().normalise(name, value)

    def check(self) -> None:
        """Refuse what cannot be called, a start that is no vector of numbers, and facts that do not fit."""
        for name, function in (("fun", self.function), ("grad", self.gradient), ("hess", self.hessian)):
            if not callable(function) and not (function is None and name != "fun"):
                raise TypeError(f"{name}: got {describe_value(function)}, expected a function of x")
        start = np.asarray(np.nan if self.start is None else self.start)
        if start.ndim != 1 or not len(start) or not np.isfinite(start).all():
            raise ValueError(f"x0: got {describe_value(self.start)}, expected a vector of finite floats")
        _ = self._spread
        for name in ("minimum", "L", "mu"):
            if getattr(self, name) is not None:
                as_number(name, getattr(self, name))
        if self.domain is not None:
            _check_domain(self.domain, len(start))
        if not isinstance(self.name, str):
            raise TypeError(f"name: got {describe_value(self.name)}, expected a text")

    @property
    def x0(self) -> tuple[float, ...]:
        """The start."""
        return tuple(float(v) for v in self.start)

    @property
    def dim(self) -> int:
        """Number of parameters, d."""
        return len(self.start)

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
        return self._rows(self._value, x, 0)

    def grad(self, x: Any) -> Any:
        """Return the gradient, row by row for a batch."""
        return self._rows(self._slope if self.gradient else self._differences, x, 1)

    def hess(self, x: Any) -> Any:
        """Return the Hessian, row by row for a batch."""
        if self.hessian is None:
            return super().hess(x)
        return self._rows(self._bend, x, 2)

    def value_and_grad(self, x: Any) -> tuple[Any, Any]:
        """Return value and gradient together, at one point without any detour."""
        if self.gradient is None or not isinstance(x, np.ndarray) or x.shape != (self.dim,):
            return self.fun(x), self.grad(x)
        return self._value(x.copy()), self._slope(x.copy())

    @cached_property
    def _spread(self) -> dict[str, bool]:
        """Which of the functions are written as functions of d numbers."""
        given = {"fun": self.function, "grad": self.gradient, "hess": self.hessian}
        return {name: spreads(name, f, self.dim) for name, f in given.items() if f is not None}

    def _value(self, x: Array) -> Any:
        answer = ask(self.function, x, self._spread["fun"])
        if x.dtype.kind == "c":  # a complex step asks what comes out
            return answer[0] if np.shape(answer) == (1,) else answer
        return as_value("fun", answer, x.dtype)

    def _slope(self, x: Array) -> Array:
        assert self.gradient is not None
        return as_array("grad", ask(self.gradient, x, self._spread["grad"]), x.shape, x.dtype)

    def _bend(self, x: Array) -> Array:
        assert self.hessian is not None
        return as_array("hess", ask(self.hessian, x, self._spread["hess"]), x.shape * 2, x.dtype)

    def _differences(self, x: Array) -> Array:
        # In single precision the steps would be rounded away.
        return forward_differences(self._value, x.astype(float)).astype(x.dtype, copy=False)

    def _rows(self, at: Callable[[Array], Any], x: Any, axes: int) -> Any:
        x = floats_at(x)
        if x.ndim == 0 or x.shape[-1] != self.dim:
            raise ValueError(
                f"x: got {describe_value(x)}, expected {self.dim} numbers, or a batch of so many each"
            )
        if x.ndim == 1:
            return at(x)
        rows = [at(row) for row in x.reshape(-1, self.dim)]
        return np.array(rows).reshape(*x.shape[:-1], *(self.dim,) * axes)


def forward_differences(function: Callable[[Array], Any], x: Array) -> Array:
    r"""Return the gradient by forward differences, bit for bit that of ``scipy.optimize.approx_fprime``.

    .. math:: g_i = \frac{f(x + h_i e_i) - f(x)}{h_i}, \qquad h_i = \sqrt\varepsilon

    SciPy looks at bounds, Jacobians and shapes first, which takes many times as long as the function does.

    Examples
    --------
    >>> forward_differences(lambda x: x[0] * x[1], np.array([3.0, -5.0])).round(6).tolist()
    [-5.0, 3.0]
    """
    f = function(x.copy())
    g = np.empty_like(x)
    for i, start in enumerate(x.tolist()):
        step = _STEP
        if start + step == start:
            step *= math.copysign(max(1.0, abs(start)), start)
        point = x.copy()
        point[i] = start + step
        g[i] = (function(point) - f) / (float(point[i]) - start)
    return g


_STEP = float(np.sqrt(np.finfo(float).eps))


def _as_points(name: str, value: Any, dim: int) -> Any:
    """Return points of so many numbers, of which a single one need not stand in a list."""
    points = real_numbers(name, value, f"points of {dim} numbers")
    if points.ndim < 2:
        points = points.reshape(-1, dim) if dim == 1 or points.shape == (dim,) else points
    require(points.ndim == 2 and points.shape[1] == dim, name, value, f"points of {dim} numbers")
    return points.tolist()


def _check_domain(domain: Any, dim: int) -> None:
    expected = f"(low, high), two numbers or two sequences of {dim} numbers, low below high"
    require(isinstance(domain, tuple) and len(domain) == 2, "domain", domain, expected)
    low, high = (real_numbers("domain", bound, expected) for bound in domain)
    fits = all(bound.shape in ((), (1,), (dim,)) for bound in (low, high))
    require(fits and bool(np.all(low < high)), "domain", domain, expected)


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
    d = as_count("dim", dim, least)
    # Start, point, gradient, direction and a few between them.
    refuse_beyond_memory("dim", d, 64 * d, "a smaller one")
    return d
