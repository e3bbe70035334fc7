"""Problems from a user's own functions of a point."""

from collections.abc import Callable
from functools import cached_property, partial
from typing import Any, ClassVar

import numpy as np

from problems.problem import Array, Numbers, Problem
from stepsize.core.limits.ranges import FiniteFloat
from stepsize.core.user_values import as_array, as_value, ask, floats_at, forward_differences, spreads
from stepsize.core.validation import describe_value, real_numbers, require

__all__ = ["FunctionProblem"]


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
    minimum: FiniteFloat | None = None
    minimizers: Any = None
    L: FiniteFloat | None = None
    mu: FiniteFloat | None = None
    domain: Any = None
    name: str = ""
    demo: ClassVar = {"function": np.sum, "gradient": np.ones_like, "start": (1.0, 2.0)}

    def normalise(self, name: str, value: Any) -> Any:
        """Take a start of one number, whole numbers and tables; take minimizers in plain forms."""
        if name == "start" and value is not None:
            start = np.atleast_1d(real_numbers("x0", value, "a vector of floats"))
            value = start if isinstance(value, np.ndarray) else start.tolist()
        elif name == "minimizers" and value is not None:
            value = _as_points(name, value, np.size(self.start))
        return super().normalise(name, value)

    def check(self) -> None:
        """Validate the functions, the start and the domain together."""
        for name, function in (("fun", self.function), ("grad", self.gradient), ("hess", self.hessian)):
            if not callable(function) and not (function is None and name != "fun"):
                raise TypeError(f"{name}: got {describe_value(function)}, expected a function of x")
        start = np.asarray(self.start)
        if start.ndim != 1 or not len(start) or not np.isfinite(start).all():
            raise ValueError(f"x0: got {describe_value(self.start)}, expected a vector of finite floats")
        _ = self._spread
        if self.domain is not None:
            _check_domain(self.domain, len(start))
        if not isinstance(self.name, str):
            raise TypeError(f"name: got {describe_value(self.name)}, expected a text")

    @property
    def x0(self) -> tuple[float, ...]:
        return tuple(float(v) for v in self.start)

    @property
    def dim(self) -> int:
        return len(self.start)

    @property
    def gradient_source(self) -> str:
        return "exact" if self.gradient else "finite differences"

    @property
    def has_hess(self) -> bool:
        return self.hessian is not None

    @property
    def formula(self) -> str:
        return self.name or getattr(self.function, "__name__", "a function")

    def fun(self, x: Numbers) -> Numbers:
        return self._rows(self._value, x, 0)

    def grad(self, x: Numbers) -> Numbers:
        return self._rows(self._slope if self.gradient else self._differences, x, 1)

    def hess(self, x: Numbers) -> Numbers:
        if self.hessian is None:
            return super().hess(x)
        return self._rows(self._bend, x, 2)

    def value_and_grad(self, x: Numbers) -> tuple[Numbers, Numbers]:
        plain = isinstance(x, np.ndarray) and x.shape == (len(self.start),) and x.dtype.kind == "f"
        if not plain:
            return self.fun(x), self.grad(x)
        if self.plain_functions is None:
            return self._value(x.copy()), self._differences(x)
        value, slope = self.plain_functions
        f = as_value("fun", value(x.copy()), x.dtype)
        return f, as_array("grad", slope(x.copy()), x.shape, x.dtype)

    @cached_property
    def _spread(self) -> dict[str, bool]:
        """Which of the functions are written as functions of d numbers."""
        given = {"fun": self.function, "grad": self.gradient, "hess": self.hessian}
        return {name: spreads(name, f, self.dim) for name, f in given.items() if f is not None}

    @cached_property
    def plain_functions(self) -> "tuple[Callable[[Array], Any], Callable[[Array], Any]] | None":
        """Value and gradient as functions of an array, the user's own where they are that; None without one.

        They may write into what they get, and what they give is not looked at.
        """
        if self.gradient is None:
            return None
        given = (("fun", self.function), ("grad", self.gradient))
        value, slope = (
            f if self.dim > 1 and not self._spread[name] else partial(ask, f, spread=self._spread[name])
            for name, f in given
        )
        return value, slope

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
        return forward_differences(self._value, x.astype(float)).astype(x.dtype)

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
