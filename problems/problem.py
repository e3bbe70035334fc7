"""The contract of a problem: a function with its gradient, and the facts that theory needs."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NamedTuple, overload

import numpy as np

from stepsize.core.hooks import call_hook
from stepsize.core.limits.memory import refuse_beyond_memory
from stepsize.core.record import Default, Record
from stepsize.core.validation import as_count, missing

if TYPE_CHECKING:
    from problems.formulas.formula import Formula
    from problems.function_problem import FunctionProblem

__all__ = ["Problem"]

Array = np.ndarray[Any, Any]
# What a problem computes with: arrays of any batch shape, lists of floats where `components` is true, or the
# symbols that trace it.
Numbers = Any
# Low and high: two numbers, or two sequences of one a coordinate.
Bound = float | Array | tuple[float, ...]
Domain = tuple[Bound, Bound]


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
        The region of interest in the source: two numbers, or two sequences of d numbers. Pictures use it.
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
    batched : bool
        Said by a class of yours: True if its methods keep to the last axis, and may be asked at many points
        at once. Without it they are asked point by point.
    smooth : bool
        True if the gradient is continuous and differentiable; False where there are kinks.
    feasible : (low, high), or None
        A box to which every update is brought back; where the source confines the run.
    varies : bool
        True if the data change over time; `at` gives the problem of one update.
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
    batched = Fact(True)
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

    def fun(self, x: Numbers) -> Numbers:
        """Return the value at x."""
        raise missing(self, "fun(self, x)")

    def grad(self, x: Numbers) -> Numbers:
        """Return the gradient at x, of x's shape."""
        raise missing(self, "grad(self, x)")

    def hess(self, x: Numbers) -> Numbers:
        """Return the matrix of second derivatives at x, where the problem has it."""
        raise TypeError(f"{type(self).__name__} has no Hessian in closed form")

    @property
    def has_hess(self) -> bool:
        """Whether `hess` can be called."""
        return type(self).hess is not Problem.hess

    def value_and_grad(self, x: Numbers) -> tuple[Numbers, Numbers]:
        """Return value and gradient together; problems that share work between the two override it."""
        return self.fun(x), self.grad(x)

    def at(self, n: int) -> "Problem":
        """Return the problem of update n: itself, unless it `varies`."""
        return self

    def sample(self, n: int, k: int = 0) -> "Problem":
        """Return the problem of evaluation k along the line of update n."""
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
            ``grad(x)`` gives d numbers: an array, a list, a row or a column. Without it forward differences
            of step sqrt(eps) max(1, abs(x_i)), as SciPy's ``approx_derivative`` has it, stand in (d more
            evaluations a gradient, about 7 correct digits), and the run says so.
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
        unknown = ", ".join(repr(name) for name in facts if name not in _FUNCTION_FACTS)
        if unknown:
            known = ", ".join(("fun", "grad", "x0", "hess", *_FUNCTION_FACTS))
            raise TypeError(f"Problem.of: got {unknown}, expected only {known}")
        function_problem: FunctionProblem = call_hook("function_problem", fun, grad, x0, hess, **facts)
        return function_problem


_FUNCTION_FACTS = ("minimum", "minimizers", "L", "mu", "domain", "name")


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


def as_dim(dim: Any, minimum: int) -> int:
    """Return a dimension of at least `minimum` that fits into memory, or raise."""
    d = as_count("dim", dim, minimum)
    # Start, point, gradient, direction and a few between them.
    refuse_beyond_memory("dim", d, 64 * d, "a smaller one")
    return d


class Dimension(NamedTuple):
    """The dimensions from `minimum` on that fit into memory."""

    minimum: int = 1

    def check(self, name: str, value: Any) -> None:
        """Refuse anything else."""
        as_dim(value, self.minimum)


Dim = Annotated[int, Dimension()]
