"""The contract of a line search: the line it evaluates, and the result it returns."""

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from stepsize.core.display import brief
from stepsize.core.record import Record
from stepsize.core.validation import as_number, missing

__all__ = ["LineSearchResult", "Line", "LineSearch", "Trial"]

Array = np.ndarray[Any, Any]
Carry = dict[str, Any] | None

STATUSES = (
    "converged",  # the search's own conditions hold
    "max_step",  # the longest step allowed, or the line falls forever
    "min_step",  # nothing acceptable down to the shortest step
    "budget",  # evaluations used up; the best point seen
    "uphill",  # the line seems to rise from the start; a tiny step
    "not_descent",  # the direction does not descend; no step
    "nonfinite",  # only infinite values or nan ahead
    "degenerate",  # the model that the search fits has no minimum, or no scale
    "flat",  # no slope to follow
)


@dataclass(frozen=True, slots=True)
class Trial:
    """One evaluation on the line: at alpha the value, the slope and the gradient, as far as computed.

    At the accepted point it is also the evaluation from which the next update starts. `number` counts the
    evaluations, 0 being the start, so that its mini-batch can be drawn again.
    """

    alpha: float
    f: Any = None
    slope: Any = None
    g: Any = None
    var_f: Any = None
    var_g: Any = None
    number: int = 0

    __repr__ = brief

    @property
    def finite(self) -> bool:
        """Whether everything that was asked for is a finite number."""
        numbers = [v for v in (self.f, self.slope) if v is not None]
        return all(map(math.isfinite, numbers))


@dataclass(frozen=True, slots=True)
class LineSearchResult:
    """The step, the evaluation at its end if there is one, and the memory for the next search."""

    alpha: float
    e: Trial | None
    carry: Carry
    status: str
    n_f: int
    n_g: int

    __repr__ = brief


class Line:
    r"""The line ahead of a point, :math:`\varphi(\alpha) = f(x - \alpha d)`, and a count of evaluations.

    Parameters
    ----------
    problem : Problem
        If it has ``sampling = "static"``, all trials use the one mini-batch of update n; if "dynamic", the
        k-th trial uses ``problem.sample(n, k)``, a fresh one, and the line is discontinuous everywhere.
    x, d : ndarray
        The point and the direction, which is *subtracted*: d = g for steepest descent.
    start : Evaluation, optional
        What is known at x (``f, g`` and perhaps ``var_f, var_g``); evaluated if it is not given.
    n : int
        Index of the update.

    Attributes
    ----------
    phi0, slope0 : float
        The value and the slope at alpha = 0; :math:`\varphi'(\alpha) = -\nabla f(x - \alpha d)^\top d`.
    objective : Problem
        The problem as update n sees it; under dynamic sampling, as the start saw it.
    trials : list of Trial
        Every evaluation, in order, the start first: for drawing.
    belief : object, optional
        What a search that models the line believed of it at the end.
    n_f, n_g, n_calls : int
        Values, gradients and evaluations (`both` is one evaluation of value and gradient).

    Examples
    --------
    >>> from problems import Parabola
    >>> line = Line(Parabola(curvature=2.0), np.array([3.0]), np.array([6.0]))
    >>> line.phi0, line.slope0, line.value(0.25), line.slope(0.25)
    (9.0, -36.0, 2.25, -18.0)
    >>> line.n_f, line.n_g
    (1, 1)
    """

    def __init__(self, problem: Any, x: Array, d: Array, start: Any = None, n: int = 0) -> None:
        self.problem, self.x, self.d, self.n = problem, x, d, n
        self.sampling = sampling_of(problem)
        varies = getattr(problem, "varies", False)
        self.objective = problem.at(n) if varies else problem
        self._hands_over = self.sampling == "dynamic" or not varies
        if start is None:
            start = _evaluation(self.objective, x)
        var_f, var_g = getattr(start, "var_f", None), getattr(start, "var_g", None)
        self.start = Trial(0.0, float(start.f), -float(start.g @ d), start.g, var_f, var_g)
        self.phi0, self.slope0 = self.start.f, self.start.slope
        self.trials = [self.start]
        self.n_f = self.n_g = self.n_calls = 0
        self.belief: Any = None

    @property
    def share(self) -> float:
        """Share of the examples that the start saw, B/n; 1 where there are no examples."""
        whole = getattr(self.problem, "n_examples", None)
        return 1.0 if whole is None else float(self.objective.n_examples / whole)

    @property
    def shortest(self) -> float:
        """The step below which x - alpha d is x, to the last digit."""
        length = float(np.linalg.norm(self.d))
        return max(1e-16 * float(np.linalg.norm(self.x)) / length, 1e-150) if length > 0 else 1e-150

    def point(self, alpha: float) -> Array:
        """Return x - alpha d."""
        return np.asarray(self.x - alpha * self.d)

    def value(self, alpha: float) -> float:
        """Return phi(alpha)."""
        f = float(self._next().fun(self.point(alpha)))
        self.n_f += 1
        self.trials.append(Trial(alpha, f, number=self.n_calls))
        return f

    def slope(self, alpha: float) -> float:
        """Return phi'(alpha)."""
        g = self._next().grad(self.point(alpha))
        self.n_g += 1
        self.trials.append(Trial(alpha, None, -float(g @ self.d), g, number=self.n_calls))
        return float(self.trials[-1].slope)

    def both(self, alpha: float) -> Trial:
        """Return phi and phi' at alpha, of one and the same mini-batch."""
        f, g = self._next().value_and_grad(self.point(alpha))
        return self._both(Trial(alpha, float(f), -float(g @ self.d), g, number=self.n_calls))

    def stats(self, alpha: float) -> Trial:
        """Return phi and phi' with the variances of value and gradient; they are 0 without sampling."""
        e = stats_of(self._next(), self.point(alpha))
        slope = -float(e.g @ self.d)
        return self._both(Trial(alpha, float(e.f), slope, e.g, float(e.var_f), e.var_g, self.n_calls))

    def _both(self, trial: Trial) -> Trial:
        self.n_f += 1
        self.n_g += 1
        self.trials.append(trial)
        return trial

    def _next(self) -> Any:
        """Return the problem of the next evaluation, and count it."""
        self.n_calls += 1
        return self.problem.sample(self.n, self.n_calls) if self.sampling == "dynamic" else self.objective

    def accept(self, trial: Trial, status: str, carry: Carry) -> LineSearchResult:
        """Return this trial as the result, completed for the next update if it serves there."""
        e: Trial | None = trial
        if not self._hands_over:
            e = None  # the next update sees another batch
        elif trial.g is None or trial.f is None:
            e = None if self.sampling == "dynamic" else self._completed(trial)
        return LineSearchResult(trial.alpha, e, carry, status, self.n_f, self.n_g)

    def step_to(self, alpha: float, status: str, carry: Carry) -> LineSearchResult:
        """Return a step to a point that was not evaluated."""
        return LineSearchResult(alpha, None, carry, status, self.n_f, self.n_g)

    def reject(self, status: str, carry: Carry) -> LineSearchResult:
        """Return no step at all; a dynamic sample is drawn anew for the next update."""
        e = self.start if self._hands_over and self.sampling != "dynamic" else None
        return LineSearchResult(0.0, e, carry, status, self.n_f, self.n_g)

    def _completed(self, trial: Trial) -> Trial:
        point = self.point(trial.alpha)
        if trial.f is None:
            self.n_f += 1
            return replace(trial, f=float(self.objective.fun(point)))
        self.n_g += 1
        g = self.objective.grad(point)
        return replace(trial, g=g, slope=-float(g @ self.d))


class LineSearch(Record, abstract=True):
    """A step size found by evaluations along the direction; stands in for a rate, ``SGD(lr=Armijo())``.

    A subclass writes ``__call__(line, carry)``: it evaluates the line and returns ``line.accept(...)`` or
    ``line.reject(...)`` with a status word and the carry of the next search (None before the first). All of
    them promise: x is never written to, a direction that does not descend gives no step, and a point with an
    infinite or undefined value is never accepted.

    Attributes
    ----------
    suits : tuple of str
        The samplings of mini-batches under which the method is sound.
    variances : bool
        Whether it needs the variances of value and gradient.
    batched : bool
        False: a search serves one run at a time.
    """

    kind: ClassVar[str] = "search"
    suits: ClassVar[tuple[str, ...]] = ("full", "static")
    variances: ClassVar[bool] = False
    batched: ClassVar[bool] = False
    demo: ClassVar[dict[str, Any]] = {}

    def __call__(self, line: Line, carry: Carry) -> LineSearchResult:
        """Return how far to go along the line."""
        raise missing(self, "__call__(self, line, carry)")

    def search(self, problem: Any, n: int, x: Array, e: Any, d: Array, carry: Carry) -> LineSearchResult:
        """Search along x - alpha d for update n, whose evaluation at x is e."""
        line = Line(problem, x, d, e, n)
        if not math.isfinite(line.slope0):
            return line.reject("nonfinite", carry)
        return self(line, carry)

    def suited_to(self, suggestions: Mapping[str, Any]) -> Self:
        """Return this search as a rule with these suggestions, by parameter, is to use it."""
        return self

    def evaluate(self, problem: Any, x: Array) -> Any:
        """Return value and gradient at the start of a search, with variances if the search needs them."""
        return stats_of(problem, x) if self.variances else _evaluation(problem, x)

    def warn_of_sampling(self, problem: Any) -> None:
        """Warn if the problem samples its mini-batches in a way that the method does not assume."""
        sampling = sampling_of(problem)
        if sampling not in self.suits:
            wanted = " or ".join(repr(s) for s in self.suits if s != "full")
            warnings.warn(
                f"lr: {type(self).__name__} assumes {wanted} sampling, got {sampling!r} mini-batches; "
                f"{_CONSEQUENCE[sampling]}",
                stacklevel=5,
            )

    def normalise(self, name: str, value: Any) -> Any:
        """Make whole numbers floats where floats are the default."""
        default = getattr(type(self), name, None)
        return (
            as_number(name, value)
            if type(default) is float and type(value) is int
            else super().normalise(name, value)
        )


_CONSEQUENCE = {
    "dynamic": "values at two points of the line come from two batches and cannot be compared",
    "static": "its model of the noise sees none along the line, where the one batch is held fixed",
    "full": "",
}


def sampling_of(problem: Any) -> str:
    """Return "full", "static" or "dynamic"."""
    return str(getattr(problem, "sampling", "full"))


def stats_of(problem: Any, x: Array) -> Any:
    """Return value, gradient and their variances at x; without sampling the variances are 0."""
    if hasattr(problem, "stats"):
        return problem.stats(x)
    e = _evaluation(problem, x)
    return replace(e, var_f=0.0, var_g=np.zeros_like(e.g))


def _evaluation(problem: Any, x: Array) -> Trial:
    f, g = problem.value_and_grad(x)
    return Trial(0.0, f, g=g)
