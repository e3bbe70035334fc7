"""Where a run starts: what must be true of problem, rule and point before the first update."""

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from optim.optimizer import Evaluation, Optimizer
from optim.user_functions import Guarded, guarded, states_facts
from stepsize.core.norms import norm
from stepsize.core.protocols import DescentProblem, SupportsGradient
from stepsize.core.validation import describe_value, real_numbers

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = [
    "check_initial_evaluation",
    "checked_problem",
    "is_finite",
    "validate_problem_and_start",
    "validated_start",
]

Array = np.ndarray[Any, Any]


def checked_problem(problem: Any) -> DescentProblem:
    """Return a problem with all that the loop asks of it, or raise TypeError."""
    is_class = isinstance(problem, type)
    if is_class or not (callable(getattr(problem, "fun", None)) and callable(getattr(problem, "grad", None))):
        hint = f"{problem.__name__}() with its parameters" if is_class else "Problem.of(fun, grad, x0=...)"
        if isinstance(problem, str):  # the command line takes names
            hint = "Rosenbrock(), without quotation marks, or Problem.of('x**2 + 3*y**2') for a formula"
        raise TypeError(
            f"problem: got {describe_value(problem)}, expected an object with fun and grad, such as {hint}"
        )
    whole: Any = problem if isinstance(problem, Guarded) or states_facts(problem) else Guarded(problem)
    return whole  # type: ignore[no-any-return]  # it has every fact, or `Guarded` assumes it


def validate_problem_and_start(
    problem: SupportsGradient, optimizer: Optimizer, x0: "ArrayLike | None"
) -> tuple[DescentProblem, Array]:
    """Return the problem with all that the loop asks of it, and the start as the optimizer spreads it."""
    problem = guarded(checked_problem(problem))
    return problem, validated_start(problem, optimizer, x0)


def validated_start(problem: DescentProblem, optimizer: Optimizer, x0: "ArrayLike | None") -> Array:
    """Return the start as the optimizer spreads it: x0, or that of the problem."""
    if not isinstance(optimizer, Optimizer):
        plain = ", without quotation marks" if isinstance(optimizer, str) else ""
        raise TypeError(
            f"optimizer: got {describe_value(optimizer)}, expected an optimizer such as SGD(lr=0.1){plain}"
        )
    own = problem.x0
    x = optimizer.spread(_start(own, x0), "x0")
    if own is not None and x.shape[-1] != len(own):
        raise ValueError(f"x0: got shape {x.shape}, expected {len(own)} numbers for this problem")
    return x


def _start(own: "ArrayLike | None", x0: "ArrayLike | None") -> "ArrayLike":
    x0 = own if x0 is None else x0
    if x0 is None:
        raise ValueError("x0: got None, expected a starting point: the problem defines none; pass x0")
    if isinstance(x0, list | tuple) or (isinstance(x0, np.ndarray) and x0.ndim and x0.dtype.kind == "f"):
        return x0
    # Whole numbers in an array and a single number are a start as good as any.
    return np.atleast_1d(real_numbers("x0", x0, "a vector of floats, or a batch of them"))


def check_initial_evaluation(x: Array, e: Evaluation) -> None:
    """Refuse a gradient or value of the wrong shape, and a start where the function is not finite."""
    if _is_plain(e.g, e.f, x) and is_finite(e):  # as nearly all are
        return
    if np.shape(e.g) != x.shape:
        raise ValueError(
            f"grad: got {describe_value(e.g)} from the problem, expected the shape {x.shape} of x"
        )
    if np.asarray(e.g).dtype.kind != "f":
        raise TypeError(f"grad: got {describe_value(e.g)} from the problem, expected floats")
    if np.shape(e.f) != x.shape[:-1]:
        expected = "a number" if x.ndim == 1 else f"one value a run, of shape {x.shape[:-1]}"
        raise ValueError(f"fun: got {describe_value(e.f)} from the problem, expected {expected}")
    if not np.isfinite(e.f).all():
        where, f = _first_start(x, e.f, ~np.isfinite(e.f))
        raise ValueError(f"x0: got {where}, where fun is {f}, expected a start with a finite value")
    if not np.isfinite(e.g).all():
        where, f = _first_start(x, e.f, ~np.isfinite(e.g).all(axis=-1))
        what = "nan" if np.isnan(e.g).any() else "inf"
        raise ValueError(f"grad: got {what} at x0 = {where}, where fun is {f}, expected finite numbers")


def _first_start(x: Array, f: Any, which: Any) -> tuple[str, Any]:
    """Return the first of some starts of a batch, in words, and its value."""
    i = int(np.argmax(which))
    start = x.reshape(-1, x.shape[-1])[i]
    words = str(start.tolist()) if start.size <= 6 else describe_value(start)
    return words, np.ravel(f)[i]


def _is_plain(g: Any, f: Any, x: Array) -> bool:
    """Whether value and gradient are a number and an array of floats, for a single run at x."""
    is_array = type(g) is np.ndarray and g.dtype.kind == "f" and g.shape == x.shape
    return is_array and type(f) is np.float64 and x.ndim == 1


def is_finite(e: Evaluation) -> bool:
    """Whether value and gradient of a single run are finite."""
    # The sum of squares turns nan or inf with the gradient, at the price of one call; it may alone, too.
    return math.isfinite(e.f) and (math.isfinite(e.g.dot(e.g)) or math.isfinite(norm(e.g)))
