"""Hager and Zhang's search: secant steps, and conditions that still work where values are round-off."""

import math
from typing import Annotated

import numpy as np

from schedules.linesearch.base import Carry, Line, LineSearch, LineSearchResult, Trial
from stepsize.core.limits.ranges import NonNegativeFloat, PositiveFloat, PositiveInt, ProperFraction, Range
from stepsize.core.validation import require

__all__ = ["HagerZhang"]


class HagerZhang(LineSearch):
    r"""The line search of CG_DESCENT.

    It accepts the Wolfe conditions

    .. math:: \varphi(\alpha) - \varphi(0) \le \delta \alpha \varphi'(0), \qquad
        \varphi'(\alpha) \ge \sigma \varphi'(0)

    or, where the value is within :math:`\epsilon_k = \epsilon |\varphi(0)|` of the first, the same of the
    parabola through the slopes, which needs no difference of values:

    .. math:: (2\delta - 1)\, \varphi'(0) \ge \varphi'(\alpha) \ge \sigma \varphi'(0).

    A bracket with opposite slopes is narrowed by two secant steps at a time, and by bisection when they do
    not shorten it by gamma.

    Parameters
    ----------
    delta, sigma : float
        0 < delta < 1/2 and delta <= sigma < 1.
    eps : float
        epsilon, relative; at least 0.
    theta : float
        Where a bracket is bisected, above 0 and below 1.
    gamma : float
        Least shortening of the bracket by two secant steps, above 0 and below 1.
    rho : float
        Growth of the step while there is no bracket, above 1.
    first : float, optional
        First trial of every search; by default ``psi0 |x|/|g|`` at first, and later a parabola's low point or
        psi2 times the last step.
    psi0, psi1, psi2, psi3 : float
        Of the first trial: share of ``|x|/|g|``, where the parabola is measured, growth, and how a trial
        without a finite value is shortened; above 0, and psi3 less than 1.
    max_trials : int
        Evaluations of one search; at least 1.

    References
    ----------
    Hager and Zhang, "A new conjugate gradient method with guaranteed descent and an efficient line search",
    SIAM J. Optim. 16 (2005), section 4; and "Algorithm 851: CG_DESCENT", ACM TOMS 32 (2006).

    Examples
    --------
    >>> from problems import Parabola
    >>> line = Line(Parabola(curvature=2.0), np.array([3.0]), d=np.array([6.0]))
    >>> found = HagerZhang(sigma=0.1, first=2.0)(line, None)
    >>> round(found.alpha, 12), found.status
    (0.5, 'converged')
    """

    delta: Annotated[float, Range(above=0, below=0.5)] = 0.1
    sigma: ProperFraction = 0.9
    eps: NonNegativeFloat = 1e-6
    theta: ProperFraction = 0.5
    gamma: ProperFraction = 0.66
    rho: Annotated[float, Range(above=1)] = 5.0
    first: PositiveFloat | None = None
    psi0: PositiveFloat = 0.01
    psi1: PositiveFloat = 0.1
    psi2: PositiveFloat = 2.0
    psi3: ProperFraction = 0.1
    max_trials: PositiveInt = 50

    def check(self) -> None:
        """Validate sigma >= delta."""
        require(self.sigma >= self.delta, "sigma", self.sigma, f"a number of at least delta = {self.delta:g}")

    def __call__(self, line: Line, carry: Carry) -> LineSearchResult:
        if line.slope0 >= 0:
            return line.reject("not_descent" if line.slope0 > 0 else "flat", carry)
        narrowing = _Narrowing(self, line)
        try:
            bracket = narrowing.bracket(self._first(line, carry))
            while bracket is not None:
                bracket = narrowing.narrow(*bracket)
        except _Accepted as accepted:
            trial, status = accepted.trial, "converged"
        else:
            trial, status = narrowing.best, "budget"
        if trial is line.start:
            return line.reject("min_step" if narrowing.saw_finite else "nonfinite", None)
        return line.accept(trial, status, {"alpha": trial.alpha})

    def _first(self, line: Line, carry: Carry) -> float:
        if self.first is not None:
            return self.first
        if carry is None:
            # A gradient whose square is out of range is given as a direction of ordinary length.
            steep = line.start.g if 1e-200 < np.dot(line.start.g, line.start.g) < 1e200 else line.d
            x, g = (float(np.abs(v).max()) for v in (line.x, steep))
            if x > 0:
                return self.psi0 * x / g
            return self.psi0 * abs(line.phi0) / float(line.start.g @ line.start.g) if line.phi0 else 1.0
        probe = self.psi1 * float(carry["alpha"])
        f = line.value(probe)
        curvature = 2 * (f - line.phi0 - line.slope0 * probe) / (probe * probe)
        return (
            -line.slope0 / curvature
            if f <= line.phi0 and curvature > 0
            else self.psi2 * float(carry["alpha"])
        )


class _Accepted(Exception):  # noqa: N818  (no error: it carries the acceptable trial out of the nested steps)
    def __init__(self, trial: Trial) -> None:
        super().__init__()
        self.trial = trial


class _Narrowing:
    """A bracket [a, b] with phi(a) <= phi(0) + eps_k, phi'(a) < 0 and phi'(b) >= 0, and how it shrinks."""

    def __init__(self, search: HagerZhang, line: Line) -> None:
        self.search, self.line = search, line
        self.ceiling = line.phi0 + search.eps * abs(line.phi0)
        self.best, self.saw_finite = line.start, False

    @property
    def spent(self) -> bool:
        return self.line.n_calls >= self.search.max_trials

    def evaluate(self, alpha: float) -> Trial:
        """Evaluate; leave everything if the trial is acceptable."""
        trial = self.line.both(alpha)
        if not trial.finite:
            return trial
        self.saw_finite = True
        if trial.f < self.best.f:
            self.best = trial
        s, slope0 = self.search, self.line.slope0
        if trial.slope >= s.sigma * slope0:
            wolfe = trial.f - self.line.phi0 <= s.delta * alpha * slope0
            if wolfe or (trial.slope <= (2 * s.delta - 1) * slope0 and trial.f <= self.ceiling):
                raise _Accepted(trial)
        return trial

    def low_enough(self, trial: Trial) -> bool:
        return bool(trial.f <= self.ceiling)

    def bracket(self, alpha: float) -> tuple[Trial, Trial] | None:
        """Return the first bracket, growing from alpha."""
        low, wall = self.line.start, math.inf
        while not self.spent:
            trial = self.evaluate(alpha)
            if not trial.finite:
                wall = alpha
                alpha = low.alpha + self.search.psi3 * (alpha - low.alpha)
            elif trial.slope >= 0:
                return low, trial
            elif not self.low_enough(trial):
                return self.bisect(self.line.start, trial)
            else:
                low = trial
                grown = self.search.rho * alpha
                alpha = grown if grown < wall else (alpha + wall) / 2
            if alpha in (low.alpha, wall) or alpha < self.line.shortest:
                return None
        return None

    def bisect(self, a: Trial, b: Trial) -> tuple[Trial, Trial] | None:
        """Return a bracket inside [a, b], where b is high instead of rising."""
        while not self.spent:
            alpha = (1 - self.search.theta) * a.alpha + self.search.theta * b.alpha
            if alpha in (a.alpha, b.alpha):
                return None
            d = self.evaluate(alpha)
            if d.finite and d.slope >= 0:
                return a, d
            a, b = (d, b) if d.finite and self.low_enough(d) else (a, d)
        return None

    def update(self, a: Trial, b: Trial, alpha: float) -> tuple[Trial, Trial] | None:
        """Return the bracket narrowed by a trial at alpha, if that is inside."""
        if not a.alpha < alpha < b.alpha or self.spent:
            return a, b
        c = self.evaluate(alpha)
        if c.finite and c.slope >= 0:
            return a, c
        return (c, b) if c.finite and self.low_enough(c) else self.bisect(a, c)

    def narrow(self, a: Trial, b: Trial) -> tuple[Trial, Trial] | None:
        """Return a bracket smaller by gamma: two secant steps, and bisection if they did not do."""
        if self.spent or b.alpha - a.alpha <= 2.3e-16 * b.alpha:
            return None
        c = _secant(a, b)
        found = self.update(a, b, c)
        if found is not None:
            A, B = found
            if c == B.alpha:
                found = self.update(A, B, _secant(b, B))
            elif c == A.alpha:
                found = self.update(A, B, _secant(a, A))
        if found is not None and found[1].alpha - found[0].alpha > self.search.gamma * (b.alpha - a.alpha):
            found = self.update(*found, (found[0].alpha + found[1].alpha) / 2)
        return found


def _secant(a: Trial, b: Trial) -> float:
    """Return where the line through two slopes is zero; nan, which is nowhere, if they are equal."""
    rise = b.slope - a.slope
    return float((a.alpha * b.slope - b.alpha * a.slope) / rise) if rise else math.nan
