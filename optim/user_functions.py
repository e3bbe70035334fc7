"""Problems from outside the package: they receive copies, and so do we of what they return."""

from collections.abc import Callable
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from optim.hyperparameters import Numbers
from stepsize.core.protocols import DescentProblem, SupportsGradient
from stepsize.core.record import Record
from stepsize.core.user_values import as_array, as_value, ask, declares_batches, is_outside
from stepsize.core.validation import describe_value, real_numbers

__all__ = ["FACTS", "Guarded", "InPrecisionOf", "guarded", "in_precision_of", "of_dimension", "states_facts"]

Array = np.ndarray[Any, Any]

FACTS: dict[str, Any] = {
    **dict.fromkeys(("varies", "drifts", "components"), False),
    **dict.fromkeys(("x0", "minimum", "minimizers", "L", "mu", "domain", "feasible")),
    "isolated": True,
    "gradient_source": "exact",
}
_WHOLE = frozenset((*FACTS, "value_and_grad"))
_NO_METHODS = frozenset((*FACTS, "formula", "dim", "has_hess", "source", "checkpoint", "summed", "smooth"))
_UNSTATED_BY_CLASS: WeakKeyDictionary[type[Any], frozenset[str]] = WeakKeyDictionary()
_DERIVATIVES = ("hess", "residuals", "jacobian")


def states_facts(problem: object) -> bool:
    """Whether an object has every fact that a run reads; none is asked for, as one may be dear to find."""
    cls: type[Any] = type(problem)
    unstated = _UNSTATED_BY_CLASS.get(cls)
    if unstated is None:
        unstated = _UNSTATED_BY_CLASS[cls] = _WHOLE.difference(dir(cls))
    return not unstated or unstated.issubset(getattr(problem, "__dict__", ()))


def guarded(problem: SupportsGradient) -> DescentProblem:
    """Return the problem itself if it is the package's own to the core, otherwise `Guarded`."""
    whole: Any = Guarded(problem) if _is_from_outside(problem) else problem
    return whole  # type: ignore[no-any-return]  # ours are problems, and `Guarded` has the facts of any


def of_dimension(problem: DescentProblem, dim: int) -> DescentProblem:
    """Return the same problem, known to have so many parameters where it names no start."""
    unknown = isinstance(problem, Guarded) and problem.x0 is None
    whole: Any = Guarded(problem, dim) if unknown else problem
    return whole  # type: ignore[no-any-return]  # it forwards every fact


def in_precision_of(problem: DescentProblem, dtype: np.dtype[Any]) -> DescentProblem:
    """Return the same problem, all that it gives rounded to a precision."""
    whole: Any = InPrecisionOf(problem, dtype)
    return whole  # type: ignore[no-any-return]  # it forwards every fact


def _is_from_outside(problem: object) -> bool:
    if not isinstance(problem, Record):
        return not isinstance(problem, Guarded)
    if is_outside(type(problem)):
        return True
    inside = [value for _, value in problem.fields() if hasattr(value, "fun")]
    return any(map(_is_from_outside, inside))


class Guarded:
    """Any object with fun and grad, with what is to be assumed where it does not state a fact.

    It may write into what it gets and fill one buffer again and again. What it makes of a batch nobody knows:
    a few points, tried at once and one by one, say nothing about an ``if np.any(x > 1)`` at others. So it is
    asked row by row, unless it says ``batched = True``, or is written by components and was followed on
    symbols.
    """

    def __repr__(self) -> str:
        return repr(self._thing)

    def __init__(self, thing: Any, dim: int | None = None) -> None:
        self._thing: Any = thing._thing if isinstance(thing, Guarded) else thing
        self._dim, thing = dim, self._thing
        self._followed: dict[str, bool] = {}
        self._takes_batches = _takes_batches(thing)
        self.varies = bool(getattr(thing, "varies", False))
        self.components = bool(getattr(thing, "components", False))
        x0 = getattr(thing, "x0", None)
        self.x0 = x0 if x0 is None else tuple(np.atleast_1d(real_numbers("x0", x0, "numbers")).tolist())
        both = getattr(thing, "value_and_grad", None)
        is_plain = getattr(both, "__qualname__", "") == "Problem.value_and_grad"
        self._both = None if is_plain else both

    @property
    def dim(self) -> int | None:
        """Number of parameters, where the problem names a start or a run has found it."""
        return self._dim if self.x0 is None else len(self.x0)

    def fun(self, x: Numbers) -> Numbers:
        """Return the value at x."""
        return self._ask("fun", x, 0)

    def grad(self, x: Numbers) -> Numbers:
        """Return the gradient at x."""
        return self._ask("grad", x, 1)

    def value_and_grad(self, x: Array) -> tuple[Numbers, Numbers]:
        """Return both; an object's own `value_and_grad` serves one point at a time."""
        if x.ndim != 1:
            if self._both is None or self._takes_batches:
                return self.fun(x), self.grad(x)
            pairs = [self.value_and_grad(row) for row in x]
            return np.array([f for f, _ in pairs]), np.array([g for _, g in pairs])
        if self._both is None:
            value, slope = ask(self._thing.fun, x.copy()), ask(self._thing.grad, x.copy())
            return as_value("fun", value, x.dtype), as_array("grad", slope, x.shape, x.dtype)
        answer = self._both(np.array(x))
        if not (isinstance(answer, tuple | list) and len(answer) == 2):
            raise TypeError(
                f"value_and_grad: got {describe_value(answer)}, expected two things, the value and the "
                "gradient"
            )
        return self._checked("fun", answer[0], x, 0), self._checked("grad", answer[1], x, 1)

    @property
    def plain_functions(self) -> tuple[Callable[[Array], Any], Callable[[Array], Any]] | None:
        """Value and gradient as functions of an array of their own; None where one call gives both."""
        if self._both is not None:
            return None
        return partial(ask, self._thing.fun), partial(ask, self._thing.grad)

    def at(self, n: int) -> DescentProblem:
        """Return the problem as update n sees it."""
        return guarded(self._thing.at(n) if self.varies else self)

    def sample(self, n: int, k: int = 0) -> DescentProblem:
        """Return the problem as the k-th evaluation along the line of update n sees it."""
        return guarded(self._thing.sample(n, k) if self.varies else self)

    def _ask(self, name: str, x: Numbers, axes: int) -> Numbers:
        function = getattr(self._thing, name)
        if not isinstance(x, np.ndarray):  # floats or symbols, one a component
            return function(x)
        if x.ndim > 1 and not self._takes_batches:
            if self.components and axes < 2 and self._goes_by_component(name, x):
                return _by_components(function, x, axes)
            answers = [self._ask(name, row, axes) for row in x.reshape(-1, x.shape[-1])]
            return np.array(answers).reshape(*x.shape[:-1], *x.shape[-1:] * axes)
        if x.dtype.kind == "c":  # a complex step asks what comes out
            answer = np.array(function(np.array(x)))
            return answer.reshape(x.shape[:-1])[()] if axes == 0 and answer.size == 1 else answer[()]
        if x.ndim == 1:
            return self._checked(name, ask(function, np.array(x)), x, axes)
        shape = (*x.shape[:-1], *x.shape[-1:] * axes)
        answer = np.array(function(np.array(x.reshape(-1, x.shape[-1]))))
        return answer.reshape(shape) if answer.size == np.prod(shape) else answer

    def _checked(self, name: str, answer: object, x: Array, axes: int) -> Numbers:
        if axes == 0:
            return as_value(name, answer, x.dtype)
        return as_array(name, answer, x.shape * axes, x.dtype)

    def _goes_by_component(self, name: str, x: Array) -> bool:
        """Whether a function of a list of coordinates, followed on symbols, is nothing but arithmetic."""
        if name not in self._followed:
            from optim.engines.symbols import Untraceable
            from optim.engines.tracing import trace_function

            function = getattr(self._thing, name)
            whole = function if name == "grad" else lambda p: [function(p)]
            try:
                trace_function(whole, x.shape[-1], x.dtype, own=True)
            except Untraceable:
                self._followed[name] = False
            else:
                self._followed[name] = True
        return self._followed[name]

    def _derivative(self, name: str, x: Numbers) -> Numbers:
        if name == "hess" and isinstance(x, np.ndarray):
            return self._ask(name, x, 2)
        return np.array(getattr(self._thing, name)(np.array(x)))

    def __getattr__(self, name: str) -> Any:
        """Ask the object, each time anew: a minimum may be dear to find."""
        if name.startswith("_"):
            raise AttributeError(name)
        if name == "formula":
            return getattr(self._thing, name, type(self._thing).__name__)
        if name in _DERIVATIVES and callable(getattr(self._thing, name)):
            return partial(self._derivative, name)
        return getattr(self._thing, name, FACTS[name]) if name in FACTS else getattr(self._thing, name)


def _takes_batches(thing: Any) -> bool:
    """Whether all of a problem that is from outside says that it takes batches."""
    parts = thing.fields() if isinstance(thing, Record) else ()
    inside = (value for _, value in parts if hasattr(value, "fun"))
    return declares_batches(thing, _NO_METHODS) and all(map(_takes_batches, inside))


def _by_components(function: Callable[[Any], Any], x: Array, axes: int) -> Array:
    """Return what a function of a list of coordinates gives for a batch of points."""
    answer = function([np.array(x[..., i]) for i in range(x.shape[-1])])
    if axes and isinstance(answer, list | tuple):
        answer = np.stack([np.broadcast_to(part, x.shape[:-1]) for part in answer], axis=-1)
    return np.array(np.broadcast_to(answer, x.shape if axes else x.shape[:-1]), x.dtype)


class InPrecisionOf:
    """A problem that computes in double precision, for a run in single: all that it gives is rounded to that.

    Without it the first gradient would promote the run, silently.
    """

    plain_functions = None

    def __init__(self, thing: Any, dtype: np.dtype[Any]) -> None:
        self._thing, self._dtype = thing, dtype

    def __repr__(self) -> str:
        return repr(self._thing)

    def fun(self, x: Numbers) -> Numbers:
        """Return the value at x."""
        return self._rounded(self._thing.fun(x))

    def grad(self, x: Numbers) -> Numbers:
        """Return the gradient at x."""
        return self._rounded(self._thing.grad(x))

    def value_and_grad(self, x: Numbers) -> tuple[Numbers, Numbers]:
        """Return both."""
        f, g = self._thing.value_and_grad(x)
        return self._rounded(f), self._rounded(g)

    def at(self, n: int) -> DescentProblem:
        """Return the problem as update n sees it."""
        whole: Any = InPrecisionOf(self._thing.at(n), self._dtype) if self.varies else self
        return whole  # type: ignore[no-any-return]  # it forwards every fact

    def sample(self, n: int, k: int = 0) -> DescentProblem:
        """Return the problem as the k-th evaluation along the line of update n sees it."""
        whole: Any = InPrecisionOf(self._thing.sample(n, k), self._dtype) if self.varies else self
        return whole  # type: ignore[no-any-return]  # it forwards every fact

    def _derivative(self, name: str, x: Numbers) -> Numbers:
        return self._rounded(getattr(self._thing, name)(x))

    def _stats(self, x: Numbers) -> Numbers:
        found = self._thing.stats(x)
        return found._replace(f=self._rounded(found.f), g=self._rounded(found.g))

    def _rounded(self, values: Numbers) -> Numbers:
        return np.asarray(values, self._dtype)[()]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        found = getattr(self._thing, name)
        if name == "stats":
            return self._stats
        return partial(self._derivative, name) if name in _DERIVATIVES and callable(found) else found
