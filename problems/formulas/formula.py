"""A formula as a problem: typed in one line, differentiated exactly, run by every engine."""

from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from typing import Any, ClassVar

import numpy as np

from problems.formulas.differentiation import degree, derivatives
from problems.formulas.parser import read
from problems.formulas.terms import KINKED, ordered
from problems.formulas.writer import function_of, written
from problems.problem import Array, Numbers, Problem
from stepsize.core.display import counted
from stepsize.core.elementwise import is_symbol, parts
from stepsize.core.validation import as_floats, describe_value, require

__all__ = ["Formula"]


class Formula(Problem):
    """A function of a few variables, written as a formula, with its exact gradient and Hessian.

    The formula may use numbers, ``pi`` and ``e``, the operators ``+ - * /``, powers (``x**2`` or ``x^2``),
    parentheses, and the functions sqrt, exp, log (ln), log2, log10, log1p, expm1, sin, cos, tan, arctan
    (atan), sinh, cosh, tanh, abs, sign, maximum (max) and minimum (min) of two terms, and
    ``where(x > 0, a, b)``. ``2x`` and ``3 (x + 1)`` are products.

    Variables are single letters or the names of Greek letters, with a number behind or without: x, y, x1, x2,
    w, theta. Their order in x0 is that of the alphabet, numbers as numbers: x, y, z; x1, x2, x10; a, b, x.

    Where a formula leaves the real numbers it is inf or nan, as on arrays: no rate is refused for that. At a
    kink the gradient is the mean of its two sides, so that abs has slope 0 at 0. Whole powers are products,
    and halves roots.

    Parameters
    ----------
    expression : str
        The formula, of at most 2000 characters.
    start : sequence of float, optional
        x0, one number a variable in their order. By default (2, 1, 2, 1, ...), or where the formula is not
        finite there or flat, (0.5, 0.25, 0.5, ...); where it is not finite there either there is no x0.

    Raises
    ------
    TypeError, ValueError
        In one sentence, if the text is no formula or the start has another length.

    Examples
    --------
    >>> bowl = Formula("x**2 + 3*y**2", start=[-5.0, -2.0])
    >>> float(bowl.fun(np.array([-5.0, -2.0]))), bowl.grad(np.array([-5.0, -2.0])).tolist()
    (37.0, [-10.0, -12.0])
    >>> bowl.variables, bowl.gradient_formulas, bowl.L, bowl.minimizers
    (('x', 'y'), ('2*x', '6*y'), 6.0, ((0.0, 0.0),))
    """

    expression: str
    start: Any = None
    source = "a formula of one's own"
    components = True
    demo: ClassVar = {"expression": "100 (y - x^2)^2 + (1 - x)^2", "start": (-1.2, 1.0)}

    def normalise(self, name: str, value: Any) -> Any:
        """Take the text without spaces around it, and a single number as the start of one variable."""
        if name == "expression":
            if not isinstance(value, str):
                raise TypeError(
                    f"formula: got {describe_value(value)}, expected a text such as 'x**2 + 3*y**2'"
                )
            return value.strip()
        if name == "start" and value is not None:
            value = np.atleast_1d(as_floats("x0", value, "numbers")).tolist()
        return super().normalise(name, value)

    def check(self) -> None:
        """Validate the text, and that the start fits its variables."""
        names = self.variables
        if self.start is not None:
            require(np.ndim(self.start) == 1, "x0", self.start, "a number for each variable")
            if len(self.start) != len(names):
                came = counted(len(self.start), "number")
                raise ValueError(f"x0: got {came}, expected {len(names)}, for {', '.join(names)}")
            require(bool(np.isfinite(self.start).all()), "x0", self.start, "finite numbers")

    @cached_property
    def _made(self) -> "_Made":
        return _made(self.expression)

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the coordinates, in their order."""
        return self._made.variables

    @property
    def dim(self) -> int:
        return len(self.variables)

    @property
    def formula(self) -> str:
        text = " ".join(self.expression.replace("**", "^").split())
        return text if len(text) <= 120 else text[:117] + "..."

    @property
    def gradient_formulas(self) -> tuple[str, ...]:
        """The partial derivatives as formulas, one a variable."""
        return tuple(map(written, self._made.slopes))

    @property
    def smooth(self) -> bool:
        return not any(step.op in KINKED for step in ordered([self._made.term]))

    @property
    def x0(self) -> tuple[float, ...] | None:
        """The start, or a customary one where the formula is finite and not flat."""
        return self._made.start if self.start is None else self.start

    @property
    def L(self) -> float | None:
        return None if self._made.bowl is None else self._made.bowl.L

    @property
    def mu(self) -> float | None:
        return None if self._made.bowl is None else self._made.bowl.mu

    @property
    def minimizers(self) -> tuple[tuple[float, ...], ...] | None:
        bowl = self._made.bowl
        return None if bowl is None or bowl.minimizer is None else (bowl.minimizer,)

    @property
    def minimum(self) -> float | None:
        return None if self._made.bowl is None else self._made.bowl.minimum

    def fun(self, x: Numbers) -> Numbers:
        if type(x) is list and any(map(is_symbol, x)):
            return self._made.value_of_list(x)
        return self._made.value_and_grad(np.asarray(x), slopes=False)[0]

    def grad(self, x: Numbers) -> Numbers:
        return self._made.slope_of_list(x) if type(x) is list else self._made.grad(x)

    def value_and_grad(self, x: Numbers) -> tuple[Numbers, Numbers]:
        """Return both; what they have in common is computed once."""
        return self._made.value_and_grad(np.asarray(x))

    def hess(self, x: Numbers) -> Numbers:
        return self._made.hess(np.asarray(x))


def of_text(expression: str, x0: Any, others: dict[str, Any]) -> Formula:
    """Return the formula of `Problem.of`, which takes nothing else with it than a start."""
    for name, value in others.items():
        if value is not None:
            raise TypeError(
                f"{name}: got {describe_value(value)} with a formula, expected x0 alone: a formula has "
                "its own"
            )
    return Formula(expression, x0)


class _Bowl:
    """What is known of a quadratic: its curvatures, and where its bottom is, if it has one."""

    def __init__(self, H: Array, made: "_Made") -> None:
        diagonal = np.diagonal(H)
        alone = not (H - np.diag(diagonal)).any()
        curvatures = np.sort(diagonal) if alone else np.linalg.eigvalsh(H)
        rounding = 0.0 if alone else len(H) * np.finfo(float).eps * np.abs(curvatures).max()
        self.L = float(np.abs(curvatures).max())
        self.mu = float(max(curvatures[0], 0.0)) if curvatures[0] >= -rounding else None
        self.minimizer: tuple[float, ...] | None = None
        self.minimum: float | None = None
        if curvatures[0] > rounding:
            center = np.zeros(len(H))
            for _ in range(3):  # the second step and the third take away the rounding of the first
                center = center - np.linalg.solve(H, made.grad(center))
            value = float(made.value_and_grad(center, slopes=False)[0])
            if np.isfinite(value):
                self.minimizer, self.minimum = tuple(center.tolist()), value


class _Made:
    """A formula that was read: its terms, and the functions that compute them."""

    def __init__(self, expression: str) -> None:
        self.term, self.variables = read(expression)
        self.slopes = derivatives(self.term, self.variables)
        self._value = function_of([self.term], self.variables)
        self._slopes = function_of(self.slopes, self.variables)
        self._both = function_of([self.term, *self.slopes], self.variables)

    def value_and_grad(self, x: Array, slopes: bool = True) -> tuple[Any, Any]:
        """Return the value, and where it is wanted the gradient, for points of any batch shape."""
        x = _floats(x)
        with np.errstate(all="ignore"):
            value, *entries = (self._both if slopes else self._value)(*self._coordinates(x))
        value = np.asarray(np.broadcast_to(value, x.shape[:-1]), x.dtype)[()]
        return value, _joined(entries, x) if slopes else None

    def grad(self, x: Array) -> Array:
        """Return the gradient, of x's shape."""
        x = _floats(x)
        with np.errstate(all="ignore"):
            return _joined(self._slopes(*self._coordinates(x)), x)

    def value_of_list(self, x: list[Any]) -> Any:
        """Return the value at a list of symbols."""
        self._check_length(len(x))
        return self._value(*x)[0]

    def slope_of_list(self, x: list[Any]) -> list[Any]:
        """Return the gradient at a list of floats, or of symbols, as a list."""
        self._check_length(len(x))
        return list(self._slopes(*x))

    def hess(self, x: Array) -> Array:
        """Return the matrices of second derivatives."""
        x, d = _floats(x), len(self.variables)
        H = np.empty((*x.shape, d), x.dtype)
        with np.errstate(all="ignore"):
            entries = iter(self._bends(*self._coordinates(x)))
        for i in range(d):
            for j in range(i, d):
                H[..., i, j] = H[..., j, i] = next(entries)
        return H

    @cached_property
    def _bends(self) -> Callable[..., Sequence[Any]]:
        distinct = {id(slope): slope for slope in self.slopes}
        rows = {key: derivatives(slope, self.variables) for key, slope in distinct.items()}
        upper = [second for i, slope in enumerate(self.slopes) for second in rows[id(slope)][i:]]
        return function_of(upper, self.variables)

    @cached_property
    def bowl(self) -> _Bowl | None:
        """What is known of it as a quadratic, or None if it is none."""
        if degree(self.term) > 2:
            return None
        H = self.hess(np.zeros(len(self.variables)))
        return _Bowl(H, self) if np.isfinite(H).all() else None

    @cached_property
    def start(self) -> tuple[float, ...] | None:
        """The customary start; the first that is finite, where all are flat; None where none is finite."""
        d = len(self.variables)
        finite = []
        for pair in ((2.0, 1.0), (0.5, 0.25)):
            point = np.resize(pair, d)
            value, slope = self.value_and_grad(point)
            if np.isfinite(value) and np.isfinite(slope).all():
                finite.append(tuple(point.tolist()))
                if slope.any():
                    return finite[-1]
        return finite[0] if finite else None

    def _coordinates(self, x: Array) -> list[Any]:
        self._check_length(x.shape[-1] if x.ndim else 0)
        coordinates: list[Any] = parts(x)
        return coordinates

    def _check_length(self, length: int) -> None:
        if length != len(self.variables):
            names = ", ".join(self.variables)
            raise ValueError(f"x: got {length} coordinates, expected {len(self.variables)}, for {names}")


@lru_cache(maxsize=256)
def _made(expression: str) -> _Made:
    return _Made(expression)


def _floats(x: Array) -> Array:
    """Return whole numbers as floats, whose products do not overflow, and all others as they are."""
    return x if x.dtype.kind in "fc" else x.astype(float)


def _joined(entries: Sequence[Any], x: Array) -> Array:
    """Return the point of these coordinates, some of which may be numbers where others are arrays."""
    point = np.empty(x.shape, x.dtype)
    for i, entry in enumerate(entries):
        point[..., i] = entry
    return point
