"""The probabilistic line search: Wolfe conditions for losses of which only noisy estimates are known."""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Any, ClassVar

from schedules.linesearch.base import Carry, Line, LineSearch, LineSearchResult, Trial
from schedules.linesearch.integrated_wiener import SplinePosterior
from stepsize.core.display import brief
from stepsize.core.limits.ranges import PositiveFloat, ProperFraction, WholeNumber

__all__ = ["ProbabilisticLineSearch"]

# Scales of a line outside of which its units overflow.
_LEAST, _MOST = 1e-150, 1e150


class ProbabilisticLineSearch(LineSearch):
    r"""ProbLS: a Gaussian process along the line decides where to evaluate and when a point is good enough.

    In units in which the last step is t = 1 and the first slope is -1, noisy values and slopes are data of an
    integrated Wiener process. A point is accepted when the *probability* that it satisfies the Wolfe
    conditions exceeds a threshold. The next trial is the one candidate with the largest product of
    expected improvement and that probability: the low point of the mean in every cell between two trials, and
    one point beyond the last. The accepted step times 1.3 is the next unit. Needs ``sampling="dynamic"`` with
    variances; about 1.3 to 1.8 evaluations an update.

    It removes the tuning of the rate: any alpha0 over six decades gives the same result. It never beats a
    well-tuned rate, and fails on separable data without penalty in tiny batches (10), where the variance
    within a batch collapses and the process becomes too sure; see docs/linesearch.md.

    Parameters
    ----------
    alpha0 : float
        Unit of the first search; each search can enlarge it up to 83 times.
    c1, c2 : float
        Wolfe constants, 0 < c1 < 1 and 0 < c2 < 1.
    threshold : float
        Probability above which a point is accepted.
    growth : float
        Factor from an accepted step to the next unit.
    budget : int
        Evaluations, at most, of one search.
    reference : bool
        True: as the authors' code of 2015 does it. Its test for a flat point uses the covariance of value and
        slope where the variance of the slope is meant, and may choose not to move; it forgets to test the
        longest step again when the fit has changed, and to lengthen its extrapolation when the newest point
        is not the longest. False: with these four corrected. Trajectories rarely differ.

    References
    ----------
    Mahsereci and Hennig, "Probabilistic line searches for stochastic optimization", NIPS 2015, arXiv
    1502.02846, and JMLR 18 (2017); the constants are those of the authors' code.

    Examples
    --------
    Along a straight line every search doubles until its budget ends: 64 times the first unit.

    >>> import numpy as np
    >>> from problems import Problem
    >>> slope = Problem.of(lambda x: -x[0], lambda x: np.array([-1.0]), x0=[0.0])
    >>> line = Line(slope, np.array([0.0]), d=np.array([-1.0]))
    >>> found = ProbabilisticLineSearch(alpha0=0.25)(line, None)
    >>> found.alpha, found.status, [t.alpha for t in line.trials[1:]][-7:]
    (16.0, 'budget', [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0])
    """

    suits: ClassVar = ("full", "dynamic")
    variances: ClassVar = True

    alpha0: PositiveFloat = 1e-2
    c1: ProperFraction = 0.05
    c2: ProperFraction = 0.5
    threshold: ProperFraction = 0.3
    growth: PositiveFloat = 1.3
    budget: Annotated[int, WholeNumber(2)] = 7
    reference: bool = False

    def __call__(self, line: Line, carry: Carry) -> LineSearchResult:
        carry = {"alpha": self.alpha0, "mean": self.alpha0} if carry is None else carry
        start = line.start if line.start.var_f is not None else line.stats(0.0)
        if not _LEAST < abs(start.slope) < _MOST:
            if line.sampling == "full":
                return line.reject("flat", carry)
            # A batch without a gradient says nothing of the others: another one, from the same point.
            again = line.stats(0.0)
            return (
                line.accept(again, "degenerate", carry) if again.finite else line.reject("nonfinite", carry)
            )
        return self._search(_Scaled(self, line, start, float(carry["alpha"])), carry)

    def _search(self, s: "_Scaled", carry: dict[str, Any]) -> LineSearchResult:
        t, reach, forbidden = 1.0, 1.0, math.inf
        for remaining in reversed(range(self.budget)):
            if not s.evaluate(t):
                forbidden = t
                t = (max(s.t) + t) / 2
                continue
            gp = s.fit()
            if s.probability(t) > self.threshold:
                return self._accept(s, t, "converged", carry)
            if remaining == 0:
                break
            flat = self._flat_point(s, gp)
            if flat is not None:
                return self._accept(s, flat, "flat", carry)
            ts = sorted(s.t)
            lows = [gp.low_point(a, b) for a, b in pairwise(ts)]
            if lows[0] is None and gp.slope(0.0) > 0:
                t = 0.01 * (ts[0] + ts[1])
                return (
                    self._accept(s, t, "uphill", carry)
                    if s.evaluate(t)
                    else s.line.reject("nonfinite", carry)
                )
            inner = ts[1:-1] if self.reference else ts[1:]
            good = [a for a in inner if s.probability(a) > self.threshold]
            if good:
                return self._accept(s, min(good, key=gp.mean), "converged", carry)
            beyond = min(ts[-1] + reach, (ts[-1] + forbidden) / 2)
            newest, t = t, s.most_promising([low for low in lows if low is not None] + [beyond])
            if t == beyond and (newest == ts[-1] or not self.reference):
                reach *= 2
        if len(s.t) == 1:
            return s.line.reject("nonfinite", {**carry, "alpha": t * s.unit})
        return self._accept(s, min(s.t[1:], key=s.fit().mean), "budget", carry)

    def _flat_point(self, s: "_Scaled", gp: SplinePosterior) -> float | None:
        """Return the point with the lowest mean if its slope is surely zero."""
        t = min(s.t if self.reference else s.t[1:], key=gp.mean)
        _, V, _ = gp.posterior(t)
        unsure = V[0, 1] if self.reference else V[1, 1]
        return t if abs(gp.slope(t)) < 1e-5 and unsure < 1e-4 else None

    def _accept(self, s: "_Scaled", t: float, status: str, carry: dict[str, Any]) -> LineSearchResult:
        """Take the step; the next unit is a little longer, unless it strays from the running mean."""
        alpha = t * s.unit
        mean = 0.95 * carry["mean"] + 0.05 * alpha
        unit = self.growth * alpha
        if not mean / 100 <= unit <= 100 * mean:
            unit = mean
        return s.line.accept(s.trials[s.t.index(t)], status, {"alpha": unit, "mean": mean})


class _Scaled:
    """A line in units in which the unit step is t = 1 and the first slope is -1 or 1, and its data."""

    def __init__(self, search: ProbabilisticLineSearch, line: Line, start: Trial, unit: float) -> None:
        self.search, self.line, self.unit, self.start = search, line, unit, start
        self.beta = abs(float(start.slope))
        self.scale = unit * self.beta
        self.var_f = float(start.var_f) / self.scale / self.scale
        self.var_d = float((line.d / self.beta) ** 2 @ start.var_g)
        self.t, self.trials = [0.0], [start]

    def evaluate(self, t: float) -> bool:
        """Evaluate at t and keep it as a datum if it is finite."""
        trial = self.line.stats(t * self.unit)
        if trial.finite:
            self.t.append(t)
            self.trials.append(trial)
        return trial.finite

    def fit(self) -> SplinePosterior:
        """Return the posterior given all data; the noise is that of the start."""
        y = [(trial.f - self.start.f) / self.scale for trial in self.trials]
        dy = [trial.slope / self.beta for trial in self.trials]
        gp = SplinePosterior(self.t, y, dy, self.var_f, self.var_d)
        self.gp = gp
        self.line.belief = Belief(gp, self.unit, self.start.f, self.scale, self.search)
        return gp

    def probability(self, t: float) -> float:
        """Return the probability of the Wolfe conditions at t."""
        return self.gp.probability(t, self.search.c1, self.search.c2)

    def most_promising(self, candidates: list[float]) -> float:
        """Return the candidate with the largest expected improvement times probability."""
        best = min(map(self.gp.mean, self.t))
        return max(candidates, key=lambda t: self.gp.expected_improvement(t, best) * self.probability(t))


@dataclass(frozen=True)
class Belief:
    """What a probabilistic search knows of its line, in the line's own units: for drawing."""

    gp: SplinePosterior
    unit: float
    phi0: float
    scale: float
    search: ProbabilisticLineSearch

    __repr__ = brief

    def mean(self, alpha: float) -> float:
        """Return the posterior mean of phi(alpha)."""
        return self.phi0 + self.scale * self.gp.mean(alpha / self.unit)

    def deviation(self, alpha: float) -> float:
        """Return the posterior standard deviation of phi(alpha)."""
        return self.scale * math.sqrt(max(float(self.gp.posterior(alpha / self.unit)[1][0, 0]), 0.0))

    def probability(self, alpha: float) -> float:
        """Return the probability of the Wolfe conditions at alpha."""
        return self.gp.probability(alpha / self.unit, self.search.c1, self.search.c2)
