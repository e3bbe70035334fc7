"""Gradient-only line searches: to where the slope changes its sign, without any value."""

import math
from typing import Annotated, ClassVar, Literal

from schedules.linesearch.armijo import longest_step
from schedules.linesearch.base import Carry, Line, LineSearch, LineSearchResult, Trial
from stepsize.core.limits.ranges import PositiveFloat, PositiveFloatOrInf, ProperFraction, Range

__all__ = ["GOLSB", "GOLSI", "GOLSBack", "GOLSMax"]

_GOLDEN = (1 + math.sqrt(5)) / 2


class GradientOnly(LineSearch, abstract=True):
    """What the four searches share: the sampling that they suit, their bounds, and what is carried on.

    With a fresh mini-batch at every trial the line is discontinuous everywhere: of three neighbours the
    middle one is the lowest with probability 1/3, so that a third of all points are local minima, on every
    grid. Slopes that change from minus to plus are few, and lie where the batches have their minima.

    An infinite or undefined slope counts as too far, and no such point is accepted.
    """

    suits: ClassVar = ("full", "static", "dynamic")

    alpha_min: PositiveFloat = 1e-8
    max_length: PositiveFloatOrInf = 1.0

    def __call__(self, line: Line, carry: Carry) -> LineSearchResult:
        if line.slope0 > 0:
            return line.reject("not_descent", carry)
        longest = max(longest_step(line, self.max_length), self.alpha_min)
        last = self.alpha_min if carry is None else min(max(float(carry["alpha"]), self.alpha_min), longest)
        trial, status = (
            (line.both(self.alpha_min), "flat") if line.slope0 == 0 else self.cross(line, last, longest)
        )
        if not trial.finite:
            return line.reject("nonfinite", None)
        return line.accept(trial, status, {"alpha": trial.alpha})

    def cross(self, line: Line, last: float, longest: float) -> tuple[Trial, str]:
        """Return the trial to accept and a status; `last` is the last step, within the bounds."""
        raise NotImplementedError


class GOLSI(GradientOnly):
    r"""GOLS-I, inexact gradient-only search: double or halve the last step across a change of sign.

    From the last step: a slope from 0 to :math:`c_2 |\varphi'(0)|` is accepted at once. A negative one is too
    short: multiply by eta until it is no longer negative. A larger one is too long: divide by eta until it is
    negative. Growing ends just past the change of sign and shrinking just before it, so the true one is
    within a factor eta. The step is found from anywhere (the first is 1e-8), at one to three evaluations an
    update; the gradient at the accepted point serves the next.

    Where the loss becomes linear far away (logistic regression), slopes stay below c2 of the first, and a
    first step that is far too long is accepted: lower c2 or start small.

    Parameters
    ----------
    alpha_min : float
        Shortest step, and the very first trial.
    max_length : float
        Longest move ``|alpha d|``.
    eta : float
        Factor, above 1.
    c2 : float
        Share of the first slope that is accepted at once, above 0 and below 1.

    References
    ----------
    Kafka and Wilke, "Resolving learning rates adaptively by locating stochastic non-negative associated
    gradient projection points using line searches", J. Glob. Optim. 79 (2021) 111, arXiv 2001.05113.

    Examples
    --------
    With the slope -1 + alpha: from 3 to 1.5 to 0.75, just before the change of sign.

    >>> import numpy as np
    >>> from problems import Parabola
    >>> line = Line(Parabola(curvature=1.0), np.array([1.0]), d=np.array([1.0]))
    >>> found = GOLSI(max_length=10.0)(line, {"alpha": 3.0})
    >>> found.alpha, found.n_g
    (0.75, 3)
    """

    eta: Annotated[float, Range(above=1)] = 2.0
    c2: ProperFraction = 0.9

    def cross(self, line: Line, last: float, longest: float) -> tuple[Trial, str]:
        trial = line.both(last)
        if rise(trial) < 0:
            return grow(line, trial, self.eta, longest, 0.0)
        if rise(trial) < -self.c2 * line.slope0:
            return trial, "converged"
        return shrink(line, trial, self.eta, self.alpha_min, 0.0)


class GOLSMax(GradientOnly):
    r"""GOLS-Max: the longest step, to where the slope has risen to :math:`c_2 |\varphi'(0)|`.

    As GOLS-I, but growing goes on, and shrinking stops, at that slope instead of 0, and nothing is accepted
    at once: a growing step overshoots the change of sign.

    Parameters
    ----------
    alpha_min, max_length, eta, c2 : float
        As in `GOLSI`.

    References
    ----------
    Kafka and Wilke, arXiv 2001.05113.

    Examples
    --------
    >>> import numpy as np
    >>> from problems import Parabola
    >>> line = Line(Parabola(curvature=1.0), np.array([1.0]), d=np.array([1.0]))
    >>> GOLSMax(max_length=10.0)(line, {"alpha": 0.5}).alpha
    2.0
    """

    eta: Annotated[float, Range(above=1)] = 2.0
    c2: ProperFraction = 0.9

    def cross(self, line: Line, last: float, longest: float) -> tuple[Trial, str]:
        level = -self.c2 * line.slope0
        trial = line.both(last)
        if rise(trial) < level:
            return grow(line, trial, self.eta, longest, level)
        return shrink(line, trial, self.eta, self.alpha_min, level)


class GOLSBack(GradientOnly):
    r"""GOLS-Back: start at the longest step and halve until the slope is at most :math:`c_2 |\varphi'(0)|`.

    Nothing is carried from one search to the next.

    Parameters
    ----------
    alpha_min, max_length, eta, c2 : float
        As in `GOLSI`.

    References
    ----------
    Kafka and Wilke, arXiv 2001.05113.

    Examples
    --------
    >>> import numpy as np
    >>> from problems import Parabola
    >>> line = Line(Parabola(curvature=1.0), np.array([1.0]), d=np.array([1.0]))
    >>> GOLSBack(max_length=8.0)(line, None).alpha
    1.0
    """

    eta: Annotated[float, Range(above=1)] = 2.0
    c2: ProperFraction = 0.9

    def cross(self, line: Line, last: float, longest: float) -> tuple[Trial, str]:
        trial = line.both(longest)
        if rise(trial) < 0:
            return trial, "max_step"
        level = -self.c2 * line.slope0
        while rise(trial) > level and trial.alpha >= self.eta * self.alpha_min:
            trial = line.both(trial.alpha / self.eta)
        return trial, "converged" if rise(trial) <= level else "min_step"


class GOLSB(GradientOnly):
    r"""GOLS-B, bisection: bracket a change of sign, then halve the bracket to the last digit.

    The accurate one, at some forty evaluations an update. Under dynamic sampling the accuracy is that of the
    spread of the sign changes. What does not reproduce: with batches of 10 on breast-cancer data its steps
    scatter about as much as those of golden section on values; with 100 far less (docs/linesearch.md).

    Parameters
    ----------
    alpha_min, max_length, eta : float
        As in `GOLSI`.
    bracket : str
        ``"aggressive"``: from the longest step, divide by eta until the slope is negative. ``"memory"``: from
        the last step, multiply by eta until it is not. ``"conservative"``: from 5 alpha_min, grow by the
        golden ratio.
    width : float
        Width of the bracket at which the middle is accepted, above 0.

    References
    ----------
    Kafka and Wilke, "Traversing the noise of dynamic mini-batch sub-sampled loss functions: a visual guide",
    arXiv 1903.08552.

    Examples
    --------
    >>> import numpy as np
    >>> from problems import Parabola
    >>> line = Line(Parabola(curvature=1.0), np.array([1.0]), d=np.array([1.0]))
    >>> round(GOLSB(max_length=10.0)(line, None).alpha, 9)
    1.0
    """

    eta: Annotated[float, Range(above=1)] = 2.0
    bracket: Literal["aggressive", "memory", "conservative"] = "aggressive"
    width: PositiveFloat = 1e-12

    def cross(self, line: Line, last: float, longest: float) -> tuple[Trial, str]:
        if self.bracket == "aggressive":
            low, high, status = self._from_above(line, longest)
        else:
            start, factor = (last, self.eta) if self.bracket == "memory" else (5 * self.alpha_min, _GOLDEN)
            low, high, status = self._from_below(line, min(start, longest), factor, longest)
        if high is None:
            return low, status
        while high.alpha - low.alpha > self.width and line.n_calls < 1000:
            middle = (low.alpha + high.alpha) / 2
            if middle in (low.alpha, high.alpha):
                break
            trial = line.both(middle)
            low, high = (trial, high) if rise(trial) < 0 else (low, trial)
        return line.both((low.alpha + high.alpha) / 2), status

    def _from_above(self, line: Line, longest: float) -> tuple[Trial, Trial | None, str]:
        high = line.both(longest)
        if rise(high) < 0:
            return high, None, "max_step"
        while high.alpha / self.eta >= self.alpha_min:
            low = line.both(high.alpha / self.eta)
            if rise(low) < 0:
                return low, high, "converged"
            high = low
        return high, None, "min_step"

    def _from_below(
        self, line: Line, alpha: float, factor: float, longest: float
    ) -> tuple[Trial, Trial | None, str]:
        low, high = line.start, line.both(alpha)
        while rise(high) < 0:
            if high.alpha >= longest:
                return high, None, "max_step"
            low, high = high, line.both(min(high.alpha * factor, longest))
        return low, high, "converged"


def rise(trial: Trial) -> float:
    """Return the slope; one that is not finite counts as infinitely steep, which is too far."""
    return float(trial.slope) if trial.finite else math.inf


def grow(line: Line, trial: Trial, eta: float, longest: float, level: float) -> tuple[Trial, str]:
    """Multiply a step whose slope is below the level by eta until it is not; return the first such trial."""
    while trial.alpha <= longest / eta:
        longer = line.both(eta * trial.alpha)
        if not longer.finite:
            return trial, "nonfinite"
        if longer.slope >= level:
            return longer, "converged"
        trial = longer
    return trial, "max_step"


def shrink(line: Line, trial: Trial, eta: float, shortest: float, level: float) -> tuple[Trial, str]:
    """Divide the step by eta until the slope is below the level; return the first trial where it is."""
    while not rise(trial) < level and rise(trial) != 0:
        if trial.alpha < eta * shortest:
            return trial, "min_step"
        trial = line.both(trial.alpha / eta)
    return trial, "converged"
