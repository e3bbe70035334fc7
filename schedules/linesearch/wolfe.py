"""The strong Wolfe conditions, and the search by bracketing and zooming that quasi-Newton methods need."""

import math
from collections.abc import Mapping
from typing import Any, Self

from schedules.linesearch.base import Carry, Line, LineSearch, LineSearchResult, Trial
from schedules.linesearch.initial_step import FirstTrial, first_trial, memory
from schedules.linesearch.interpolation import cubic_low, parabola_low
from stepsize.core.limits.ranges import PositiveFloatOrInf, PositiveInt, ProperFraction
from stepsize.core.validation import require

__all__ = ["StrongWolfe"]

# Values closer than this, relatively, are a tie: their difference is round-off.
_TIE = 4e-15
# Where neither the user nor the rule says anything: for Newton-like directions.
_C2, _FIRST = 0.9, "unit"


class WolfeSearch(LineSearch, abstract=True):
    """A search for the strong Wolfe conditions; c2 and the first trial may be left to the rule."""

    c1: ProperFraction = 1e-4
    c2: ProperFraction | None = None
    first: FirstTrial | None = None
    alpha_max: PositiveFloatOrInf = math.inf
    max_trials: PositiveInt = 60

    def check(self) -> None:
        """Validate c2 >= c1."""
        if self.c2 is not None:
            require(self.c2 >= self.c1, "c2", self.c2, f"a number of at least c1 = {self.c1:g}")

    def suited_to(self, suggestions: Mapping[str, Any]) -> Self:
        """Return this search with the rule's suggestions for c2 and the first trial where they are None."""
        c2, first = self.c2, self.first
        if c2 is None:
            c2 = max(self.c1, suggestions.get("c2", _C2))
        return self.replace(c2=c2, first=suggestions.get("first", _FIRST) if first is None else first)

    def first_alpha(self, line: Line, carry: Carry) -> float:
        """Return the first trial."""
        return min(first_trial(_FIRST if self.first is None else self.first, line, carry), self.alpha_max)

    def is_flat(self, line: Line, trial: Trial) -> bool:
        """Whether the slope has become flat enough: the second condition."""
        c2 = max(self.c1, _C2) if self.c2 is None else self.c2
        return bool(abs(trial.slope) <= -c2 * line.slope0)


class StrongWolfe(WolfeSearch):
    r"""Bracketing and zoom to the strong Wolfe conditions.

    .. math:: \varphi(\alpha) \le \varphi(0) + c_1 \alpha\, \varphi'(0), \qquad
        |\varphi'(\alpha)| \le c_2\, |\varphi'(0)|

    The step is doubled until it brackets an acceptable one; the bracket is narrowed by cubic and quadratic
    interpolation, or bisection where those fall too near an end. The end `low` always has the lowest value
    that satisfies the first condition, and the slope there points into the bracket. Values that differ by
    round-off only are a tie, which the slopes decide; without that rule one of the 24 problems of More and
    Thuente fails.

    Parameters
    ----------
    c1, c2 : float
        0 < c1 <= c2 < 1. Where c2 is None, it is what the rule suggests: 0.2 for conjugate gradients, else
        0.9, which suits Newton-like directions.
    first : float or str, optional
        First trial: a number, ``"unit"`` for Newton-like directions, ``"decrease"`` or ``"slope"`` for
        steepest descent and conjugate gradients, ``"last"`` for the last step. By default what the rule
        suggests: "slope" for conjugate gradients, else "unit".
    alpha_max : float
        Longest step; reached, the status is "max_step".
    max_trials : int
        Evaluations, bracketing and zooming together.
    approximate : bool
        Near round-off, accept a value within 1e-6 of phi(0), relatively, if the slope is at most
        (2 c1 - 1) phi'(0), as Hager and Zhang do.

    References
    ----------
    Nocedal and Wright, "Numerical optimization", 2006, algorithms 3.5 and 3.6; More and Thuente, "Line search
    algorithms with guaranteed sufficient decrease", ACM TOMS 20 (1994), for its test problems.

    Examples
    --------
    >>> import numpy as np
    >>> from problems import Parabola
    >>> line = Line(Parabola(curvature=2.0), np.array([3.0]), d=np.array([6.0]))
    >>> found = StrongWolfe(c2=0.1, first=4.0)(line, None)
    >>> round(found.alpha, 12), found.status
    (0.5, 'converged')
    """

    approximate: bool = False

    def __call__(self, line: Line, carry: Carry) -> LineSearchResult:
        if line.slope0 >= 0:
            return line.reject("not_descent" if line.slope0 > 0 else "flat", carry)
        alpha = self.first_alpha(line, carry)
        low, wall = line.start, math.inf
        while line.n_calls < self.max_trials:
            trial = line.both(alpha)
            if not trial.finite:
                wall = alpha
                alpha = (low.alpha + alpha) / 2
                if alpha in (low.alpha, wall) or alpha < line.shortest:
                    break
                continue
            if not self._decreases(line, trial) or (low is not line.start and _is_higher(trial, low)):
                return self._zoom(line, low, trial)
            if self.is_flat(line, trial):
                return _accept(line, trial, "converged")
            if trial.slope >= 0:
                return self._zoom(line, trial, low)
            if trial.alpha >= self.alpha_max:
                return _accept(line, trial, "max_step")
            low = trial
            alpha = min(2 * alpha, self.alpha_max) if wall == math.inf else (alpha + wall) / 2
        return self._give_up(line, low, "budget" if wall == math.inf else "nonfinite")

    def _zoom(self, line: Line, low: Trial, high: Trial) -> LineSearchResult:
        """Narrow the bracket until a trial satisfies both conditions."""
        while line.n_calls < self.max_trials:
            width = abs(high.alpha - low.alpha)
            if width <= 2.3e-16 * max(high.alpha, low.alpha):
                break
            trial = line.both(_between(low, high))
            if not trial.finite or not self._decreases(line, trial) or _is_higher(trial, low):
                high = trial
                continue
            if self.is_flat(line, trial):
                return _accept(line, trial, "converged")
            if trial.slope * (high.alpha - low.alpha) >= 0:
                high = low
            low = trial
        return self._give_up(line, low, "budget")

    def _decreases(self, line: Line, trial: Trial) -> bool:
        """Whether the value has fallen enough for the length of the step."""
        if trial.f <= line.phi0 + self.c1 * trial.alpha * line.slope0:
            return True
        near = trial.f <= line.phi0 + 1e-6 * abs(line.phi0)
        return bool(self.approximate and near and trial.slope <= (2 * self.c1 - 1) * line.slope0)

    def _give_up(self, line: Line, low: Trial, status: str) -> LineSearchResult:
        if low is not line.start and low.f < line.phi0:
            return _accept(line, low, status)
        return line.reject(status if status == "nonfinite" else "min_step", None)


def _accept(line: Line, trial: Trial, status: str) -> LineSearchResult:
    return line.accept(trial, status, memory(line, trial.alpha))


def _is_higher(trial: Trial, low: Trial) -> bool:
    """Whether the trial does not improve on the low end; ties of round-off are left to the slopes."""
    return bool(trial.f > low.f + _TIE * abs(low.f))


def _between(low: Trial, high: Trial) -> float:
    """Return the next trial of a bracket: the cubic's low point, else the parabola's, else the middle."""
    left, right = sorted((low.alpha, high.alpha))
    near = 0.1 * (right - left)
    for guess in (cubic_low(low, high), parabola_low(low, high)):
        if guess is not None and min(guess - left, right - guess) >= near:
            return guess
    return 0.5 * (low.alpha + high.alpha)
