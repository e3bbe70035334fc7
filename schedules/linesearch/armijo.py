"""Backtracking to a sufficient decrease: the first line search of every textbook."""

import math
from typing import Annotated

import numpy as np

from schedules.linesearch.base import Carry, Line, LineSearch, LineSearchResult
from stepsize.core.limits.ranges import (
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveFloatOrInf,
    ProperFraction,
    Range,
)

__all__ = ["Armijo", "ForwardBackward"]


class Armijo(LineSearch):
    r"""Backtracking: shorten the step until it decreases f enough for its length.

    .. math:: \varphi(\alpha) \le \varphi(0) + c_1\, \alpha\, \varphi'(0)

    Plain, every rejected step is multiplied by rho. With ``interpolate``, the next trial is the lowest point
    of the parabola, later of the cubic, through what is known, clipped to [0.1, 0.5] of the last.

    Parameters
    ----------
    c1 : float
        Share of the decrease that the slope promises, above 0 and below 1. Nocedal and Wright 1e-4, Boyd and
        Vandenberghe 0.1 (their alpha).
    rho : float
        Factor on a rejected step, above 0 and below 1. Boyd and Vandenberghe 0.7 (their beta).
    alpha0 : float
        First trial of the first search, above 0, and of every search unless `growth` is given.
    growth : float, optional
        Start the next search from the last step times this, at least 1; 1.5 and 2 are common.
    alpha_max : float
        Longest step, above 0.
    interpolate : bool
        Choose trials by interpolation.
    max_trials : int
        Rejected trials after which the search gives up: no step, status "min_step".
    rtol, atol : float
        Slack added to the right-hand side, ``rtol |phi(0)| + atol``, for losses that are near their
        round-off.

    References
    ----------
    Armijo, "Minimization of functions having Lipschitz continuous first partial derivatives", Pacific J.
    Math. 16 (1966). Nocedal and Wright, "Numerical optimization", 2006, algorithm 3.1 and section 3.5.

    Examples
    --------
    On f = x^2 from 3 along the gradient 6, a unit step returns to the same height; half of it is exact.

    >>> from problems import Parabola
    >>> line = Line(Parabola(curvature=2.0), np.array([3.0]), d=np.array([6.0]))
    >>> found = Armijo()(line, None)
    >>> found.alpha, found.status, found.n_f
    (0.5, 'converged', 2)
    """

    c1: ProperFraction = 1e-4
    rho: ProperFraction = 0.5
    alpha0: PositiveFloatOrInf = 1.0
    growth: Annotated[float, Range(minimum=1)] | None = None
    alpha_max: PositiveFloatOrInf = math.inf
    interpolate: bool = False
    max_trials: NonNegativeInt = 100
    rtol: NonNegativeFloat = 0.0
    atol: NonNegativeFloat = 0.0

    def __call__(self, line: Line, carry: Carry) -> LineSearchResult:
        if line.slope0 >= 0:
            return line.reject("not_descent" if line.slope0 > 0 else "flat", carry)
        slack = self.rtol * abs(line.phi0) + self.atol
        alpha = min(self._first(carry), self.alpha_max)
        last = None
        for _ in range(self.max_trials):
            f = line.value(alpha)
            if f <= line.phi0 + self.c1 * alpha * line.slope0 + slack and math.isfinite(f):
                return line.accept(line.trials[-1], "converged", {"alpha": alpha})
            if self.interpolate:
                shorter = interpolated(line, last, (alpha, f))
                last = (alpha, f) if math.isfinite(f) else None
            else:
                shorter = self.rho * alpha
            alpha = shorter
            if alpha < line.shortest:
                break
        return line.reject("min_step" if line.trials[-1].finite else "nonfinite", None)

    def _first(self, carry: Carry) -> float:
        return self.alpha0 if carry is None or self.growth is None else self.growth * float(carry["alpha"])


class ForwardBackward(LineSearch):
    r"""Armijo in both directions: lengthen the step while it passes, or shorten it until it does.

    .. math:: \varphi(\alpha) \le \varphi(0) + c_1\, \alpha\, \varphi'(0)

    It starts from the last step, 1e-8 at first. If that passes it is multiplied by eta as long as the next
    one passes too; otherwise divided until it passes. The baseline of the papers on gradient-only searches:
    sound on one mini-batch, while under dynamic sampling two values cannot be compared and its steps
    collapse.

    Parameters
    ----------
    c1 : float
        Share of the promised decrease, above 0 and below 1.
    eta : float
        Factor, above 1.
    alpha_min : float
        Shortest step, and the very first trial. It is taken even when it does not pass (status "min_step").
    max_length : float
        Longest move ``|alpha d|``, above 0.

    References
    ----------
    Kafka and Wilke, "Traversing the noise of dynamic mini-batch sub-sampled loss functions: a visual guide",
    arXiv 1903.08552, the Armijo search that they compare with.

    Examples
    --------
    >>> from problems import Parabola
    >>> line = Line(Parabola(curvature=2.0), np.array([0.3]), d=np.array([0.6]))
    >>> found = ForwardBackward()(line, {"alpha": 0.1})
    >>> found.alpha, found.n_f
    (0.4, 4)
    """

    c1: ProperFraction = 0.2
    eta: Annotated[float, Range(above=1)] = 2.0
    alpha_min: PositiveFloat = 1e-8
    max_length: PositiveFloatOrInf = 1.0

    def __call__(self, line: Line, carry: Carry) -> LineSearchResult:
        if line.slope0 >= 0:
            return line.reject("not_descent" if line.slope0 > 0 else "flat", carry)
        longest = longest_step(line, self.max_length)
        alpha = self.alpha_min if carry is None else float(carry["alpha"])
        alpha = max(min(alpha, longest), self.alpha_min)
        passed = self._passes(line, alpha)
        if passed:
            while passed and alpha * self.eta <= longest:
                alpha *= self.eta
                passed = self._passes(line, alpha)
            best = line.trials[-1 if passed else -2]
            return line.accept(best, "max_step" if passed else "converged", {"alpha": best.alpha})
        while not passed and alpha > self.alpha_min:
            alpha = max(alpha / self.eta, self.alpha_min)
            passed = self._passes(line, alpha)
        if not line.trials[-1].finite:
            return line.reject("nonfinite", None)
        return line.accept(line.trials[-1], "converged" if passed else "min_step", {"alpha": alpha})

    def _passes(self, line: Line, alpha: float) -> bool:
        f = line.value(alpha)
        return math.isfinite(f) and f <= line.phi0 + self.c1 * alpha * line.slope0


def longest_step(line: Line, max_length: float) -> float:
    """Return the step of that length, at most 1e7."""
    length = float(np.linalg.norm(line.d))
    return min(max_length / length, 1e7) if length > 0 else 1e7


def interpolated(line: Line, before: tuple[float, float] | None, last: tuple[float, float]) -> float:
    """Return the next trial between 0 and the last: the low point of a parabola, or cubic, clipped.

    Parameters
    ----------
    before, last : (alpha, phi)
        The last two rejected trials; only the last after the first rejection.
    """
    alpha, f = last
    if not math.isfinite(f):
        return 0.5 * alpha
    if before is None:
        t = -line.slope0 * alpha * alpha / (2 * (f - line.phi0 - line.slope0 * alpha))
    else:
        t = _cubic_low(line.phi0, line.slope0, before, last)
    return float(min(max(t, 0.1 * alpha), 0.5 * alpha))


def _cubic_low(phi0: float, slope0: float, first: tuple[float, float], second: tuple[float, float]) -> float:
    """Return the local minimum of the cubic with this value and slope at 0 through two points."""
    (a1, f1), (a2, f2) = first, second
    bend1 = (f1 - phi0 - slope0 * a1) / (a1 * a1)
    bend2 = (f2 - phi0 - slope0 * a2) / (a2 * a2)
    A = (bend2 - bend1) / (a2 - a1)
    B = (a2 * bend1 - a1 * bend2) / (a2 - a1)
    root = B * B - 3 * A * slope0
    denominator = B + math.sqrt(root) if root >= 0 else 0.0
    # The same root as (-B + sqrt(root)) / (3 A), in the form that serves A = 0.
    return -slope0 / denominator if denominator > 0 else math.inf
