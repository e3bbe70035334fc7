"""The lowest point of the line: what every other search spends less to approach."""

import math
from typing import Annotated, Any

from schedules.linesearch.base import Carry, Line, LineSearch, LineSearchResult
from schedules.linesearch.initial_step import FirstTrial, first_trial, memory
from stepsize.core.limits.ranges import NonNegativeInt, Range

__all__ = ["ExactQuadratic", "ExactSearch"]


class ExactQuadratic(LineSearch):
    r"""The exact step of a quadratic, in closed form; of any other function, Newton's step along the line.

    .. math:: \alpha^\star = \frac{g^\top d}{d^\top H d}

    for the line x - alpha d. With steepest descent it is Cauchy's step, whose path zigzags: every gradient
    is at a right angle to the last, and f falls by no better than :math:`((\kappa - 1)/(\kappa + 1))^2` an
    update from the worst start. It needs the problem's Hessian.

    Parameters
    ----------
    relaxation : float
        theta, a factor on the step, above 0 and below 2; the decrease is theta (2 - theta) of the best one.

    References
    ----------
    Cauchy 1847. Boyd and Vandenberghe, "Convex Optimization", 2004, section 9.3.2.

    Examples
    --------
    From (10, 1) on the bowl of eigenvalues 1 and 10 the zigzag's step is 2 / (1 + 10).

    >>> import numpy as np
    >>> from problems import Quadratic
    >>> x = np.array([10.0, 1.0])
    >>> line = Line(Quadratic([1.0, 10.0]), x, d=np.array([10.0, 10.0]))
    >>> round(11 * ExactQuadratic()(line, None).alpha, 12)
    2.0
    """

    relaxation: Annotated[float, Range(above=0, below=2)] = 1.0

    def __call__(self, line: Line, carry: Carry) -> LineSearchResult:
        if line.slope0 >= 0:
            return line.reject("not_descent", carry)
        curvature = float(line.d @ (line.objective.hess(line.x) @ line.d))
        if not curvature > 0:
            return line.reject("max_step", carry)
        trial = line.both(-self.relaxation * line.slope0 / curvature)
        return line.accept(trial, "converged", carry) if trial.finite else line.reject("nonfinite", carry)


class ExactSearch(LineSearch):
    r"""The nearest low point of any smooth line: bracket a change of sign of the slope, then Brent's method.

    .. math:: \varphi'(\alpha) = 0

    The step is doubled until the slope is no longer negative; SciPy's ``brentq`` finds the root to the last
    digits, and the step ends on the near side of it. A lesson and a yardstick: the accuracy is rarely worth
    its evaluations.

    Parameters
    ----------
    first : float or str
        First trial: a number, or ``"unit"``, ``"decrease"``, ``"slope"``, ``"last"``.
    max_doublings : int
        After so many the line counts as unbounded: status "max_step", at the last finite point.

    References
    ----------
    Brent, "Algorithms for minimization without derivatives", 1973, chapter 4.

    Examples
    --------
    >>> import numpy as np
    >>> from problems import Problem
    >>> cosh = Problem.of(lambda x: np.cosh(x[0]), np.sinh, x0=[3.0])
    >>> line = Line(cosh, np.array([3.0]), d=np.array([2.0]))
    >>> round(ExactSearch()(line, None).alpha, 12)
    1.5
    """

    first: FirstTrial = "last"
    max_doublings: NonNegativeInt = 100

    def __call__(self, line: Line, carry: Carry) -> LineSearchResult:
        if line.slope0 >= 0:
            return line.reject("not_descent" if line.slope0 > 0 else "flat", carry)
        low, high, wall = line.start, None, math.inf
        alpha = first_trial(self.first, line, carry)
        for _ in range(self.max_doublings):
            trial = line.both(alpha)
            if not trial.finite:
                wall = alpha
            elif trial.slope >= 0:
                high = trial
                break
            else:
                low = trial
            alpha = min(2 * alpha, (low.alpha + wall) / 2)
            if alpha in (low.alpha, wall) or alpha < line.shortest:
                break
        if high is None:
            moved = low.alpha > 0
            status = "max_step" if wall == math.inf else "nonfinite"
            return line.accept(low, status, memory(line, low.alpha)) if moved else line.reject(status, carry)
        return line.accept(self._root(line, low, high), "converged", memory(line, high.alpha))

    def _root(self, line: Line, low: Any, high: Any) -> Any:
        """Return the last point at which Brent's method still saw the line fall, or lie level."""
        from scipy import optimize

        brentq: Any = optimize.brentq

        known = {low.alpha: low, high.alpha: high}

        def slope(alpha: float) -> float:
            if alpha not in known:
                known[alpha] = line.both(alpha)
            return float(known[alpha].slope)

        root: Any = brentq(slope, low.alpha, high.alpha, xtol=1e-15 * high.alpha, rtol=1e-15, maxiter=200)
        slope(root)
        return max((t for t in known.values() if t.slope <= 0), key=lambda t: t.alpha)
