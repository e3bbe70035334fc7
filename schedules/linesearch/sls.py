"""Armijo's condition on mini-batches: the stochastic line search of over-parametrised models."""

import math
from typing import Annotated, Literal

import numpy as np

from schedules.linesearch.base import Carry, Line, LineSearch, LineSearchResult
from stepsize.core.limits.ranges import PositiveFloatOrInf, PositiveInt, ProperFraction, Range

__all__ = ["SLS"]


class SLS(LineSearch):
    r"""Stochastic line search: backtrack on the loss of the very mini-batch that gave the gradient.

    .. math:: \ell_i(x - \alpha d) \le \ell_i(x) - c\, \alpha\, g_i^\top d

    Every search starts from the last step times :math:`\gamma^{B/n}`, so that an epoch can double it. Where
    one point fits all examples (interpolation) the step never falls below min(start, 2 (1 - c) beta / L_i),
    and SGD converges as fast as gradient descent. Needs ``sampling="static"``.

    Parameters
    ----------
    c : float
        Above 0 and below 1; 0.1 in practice, 1/2 in the theory for convex losses.
    beta : float
        Factor on a rejected step, above 0 and below 1.
    gamma : float
        Growth over an epoch, at least 1.
    alpha0 : float
        First step, and the next one after a search that failed.
    alpha_max : float
        Longest step.
    reset : str
        Where a search starts: ``"grow"`` from the grown last step, ``"keep"`` from the last, ``"max"`` from
        alpha_max.
    goldstein : bool
        Also ask for l_i >= l_i(x) - (1 - c) alpha g'd, and double a step that is too short.
    max_trials : int
        After so many, at least 1, the step is 1e-6, status "min_step".

    References
    ----------
    Vaswani, Mishkin, Laradji, Schmidt, Gidel and Lacoste-Julien, "Painless stochastic gradient:
    interpolation, line-search, and convergence rates", NeurIPS 2019, arXiv 1905.09997, algorithms 1 and 2.

    Examples
    --------
    On f = x^2 the condition with c = 1/2 reads alpha <= 1/2.

    >>> from problems import Parabola
    >>> line = Line(Parabola(curvature=2.0), np.array([3.0]), d=np.array([6.0]))
    >>> SLS(c=0.5, beta=0.5, alpha0=2.0)(line, None).alpha
    0.5
    """

    c: ProperFraction = 0.1
    beta: ProperFraction = 0.9
    gamma: Annotated[float, Range(minimum=1)] = 2.0
    alpha0: PositiveFloatOrInf = 1.0
    alpha_max: PositiveFloatOrInf = 10.0
    reset: Literal["grow", "keep", "max"] = "grow"
    goldstein: bool = False
    max_trials: PositiveInt = 100

    def __call__(self, line: Line, carry: Carry) -> LineSearchResult:
        if float(np.linalg.norm(line.start.g)) < 1e-8:
            return line.reject("flat", carry)
        if line.slope0 >= 0:
            return line.reject("not_descent", carry)
        alpha = min(self._first(line, carry), self.alpha_max)
        for _ in range(self.max_trials):
            f = line.value(alpha)
            if not (math.isfinite(f) and f <= line.phi0 + self.c * alpha * line.slope0):
                alpha *= self.beta
            elif (
                self.goldstein
                and f < line.phi0 + (1 - self.c) * alpha * line.slope0
                and alpha < self.alpha_max
            ):
                alpha = min(2 * alpha, self.alpha_max)
            else:
                return line.accept(line.trials[-1], "converged", {"alpha": alpha})
        f = line.value(1e-6)
        failed = {"alpha": self.alpha0}  # not the tiny one, from which it would take many epochs to recover
        if not math.isfinite(f):
            return line.reject("nonfinite", failed)
        return line.accept(line.trials[-1], "min_step", failed)

    def _first(self, line: Line, carry: Carry) -> float:
        if self.reset == "max":
            return self.alpha_max
        if carry is None:
            return self.alpha0
        return float(carry["alpha"]) * (self.gamma**line.share if self.reset == "grow" else 1.0)
