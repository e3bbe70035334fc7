"""Is this gradient the gradient of that function? By a complex step, or by differences of fitted order."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from optim.hyperparameters import Numbers
from optim.start import checked_problem
from optim.user_functions import guarded
from stepsize.core.protocols import DescentProblem, SupportsGradient
from stepsize.core.validation import as_floats

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["GradientReport", "check_gradient"]

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class GradientReport:
    """What a check of a gradient found.

    Attributes
    ----------
    error : float
        Largest error of the gradient over the points, relative to its size there.
    method : str
        "complex step", exact to rounding, or "central differences".
    order : float
        With differences: the fitted exponent of the error in the step, 2 for a right gradient; otherwise nan.
    """

    error: float
    method: str
    order: float


def check_gradient(
    problem: SupportsGradient, x: "ArrayLike | None" = None, *, rng: "int | np.random.Generator" = 0
) -> GradientReport:
    r"""Assert that ``problem.grad`` is the gradient of ``problem.fun``.

    A complex step, :math:`\partial_i f = \operatorname{Im} f(x + i h e_i) / h` with h = 1e-30, is exact to
    rounding where the function takes complex numbers and is analytic. Otherwise central differences at a
    ladder of steps: their distance from a right gradient falls as the square of the step, and from a wrong
    one it stops falling.

    Parameters
    ----------
    problem : object with ``fun`` and ``grad``
        What to check.
    x : array of shape (..., d), optional
        Where; by default five points around ``problem.x0``.
    rng : int, SeedSequence or Generator
        Source of those points.

    Returns
    -------
    GradientReport

    Raises
    ------
    AssertionError
        With the coordinate that is wrong, what came and what was expected.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> bowl = SimpleNamespace(fun=lambda x: (x * x).sum(-1), grad=lambda x: 2 * x, x0=(1.0, 2.0))
    >>> check_gradient(bowl).method
    'complex step'
    >>> bowl.grad = lambda x: 2 * x + np.array([0.0, 1e-3])
    >>> check_gradient(bowl)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    AssertionError: grad: coordinate 1 at x = [...] is ..., expected ... by a complex step
    """
    __tracebackhide__ = True  # pytest shows the caller's line and the message, not this text
    problem = guarded(checked_problem(problem))
    points = _points(problem, x, rng)
    exact = [_complex_step(problem.fun, p) for p in points]
    if all(e is not None for e in exact):
        expected, method, order, allowed = np.array(exact), "complex step", np.nan, 1e-10
    else:
        expected, order = _central(problem, points)
        method, allowed = "central differences", 1e-6
    gradients = np.array([problem.grad(p) for p in points])
    size = 1e-8 + np.fmax.reduce(np.abs(gradients), axis=1, keepdims=True)
    with np.errstate(invalid="ignore"):
        error = np.abs(gradients - expected) / size
    row, i = np.unravel_index(int(np.argmax(np.nan_to_num(error, nan=np.inf))), error.shape)
    if not error[row, i] <= allowed:
        raise AssertionError(
            f"grad: coordinate {i} at x = {points[row].tolist()} is {float(gradients[row, i])!r}, expected "
            f"{float(expected[row, i])!r} by {'a complex step' if method == 'complex step' else method}"
        )
    return GradientReport(float(error[row, i]), method, order)


def _points(problem: DescentProblem, x: "ArrayLike | None", rng: "int | np.random.Generator") -> Array:
    if x is not None:
        x = as_floats("x", x)
        return np.asarray(x.reshape(-1, x.shape[-1]))
    if getattr(problem, "x0", None) is None:
        raise ValueError("x: got None, expected points, because the problem names no start x0")
    start = np.asarray(problem.x0)
    return start + np.random.default_rng(rng).normal(size=(5, len(start)))


def _complex_step(fun: Callable[[Array], Numbers], x: Array) -> Array | None:
    """Return the gradient by complex steps, or None where the function does not take complex numbers."""
    h = 1e-30
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", np.exceptions.ComplexWarning)
            values = [fun(x + 1j * h * e) for e in np.eye(len(x))]
    except (TypeError, ValueError, AttributeError, np.exceptions.ComplexWarning):
        return None
    if not all(np.iscomplexobj(v) for v in values):
        return None
    at = fun(x)
    # abs, max and comparisons drop or misread the imaginary part; the real part must be the value.
    if not np.allclose(np.real(values), at, rtol=1e-12):
        return None
    gradient: Array = np.imag(values) / h
    return gradient if _agrees(fun, x, gradient) else None


def _agrees(fun: Callable[[Array], Numbers], x: Array, gradient: Array) -> bool:
    """Whether a rough difference confirms a complex step, which a function that is not analytic deceives."""
    e = np.random.default_rng(1).normal(size=len(x))
    e, h = e / np.linalg.norm(e), 1e-5
    slope = (fun(x + h * e) - fun(x - h * e)) / (2 * h)
    return bool(abs(slope - gradient @ e) <= 1e-3 * (abs(slope) + np.abs(gradient).max() + 1e-8))


def _central(problem: DescentProblem, points: Array) -> tuple[Array, float]:
    """Return differences extrapolated from two steps, and the order at which larger steps approach them."""

    def at(h: float) -> Array:
        return np.array(
            [
                [(problem.fun(p + h * e) - problem.fun(p - h * e)) / (2 * h) for e in np.eye(len(p))]
                for p in points
            ]
        )

    steps = np.array([1e-1, 3e-2, 1e-2, 3e-3])
    best = (4 * at(5e-5) - at(1e-4)) / 3
    errors = np.array([np.abs(at(h) - best).max() for h in steps])
    if (errors < 1e-9).all():
        return best, np.inf  # a polynomial of second degree: differences have no error
    order = np.polyfit(np.log(steps), np.log(np.maximum(errors, 1e-300)), 1)[0]
    return best, float(order)
