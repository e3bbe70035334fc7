"""Decrease against the worst of the last values: steps that may climb now and then."""

import math
from typing import Any

from schedules.linesearch.base import Carry, Line, LineSearch, LineSearchResult
from stepsize.core.limits.ranges import PositiveFloat, PositiveFloatOrInf, PositiveInt, ProperFraction

__all__ = ["GrippoLamparielloLucidi"]


class GrippoLamparielloLucidi(LineSearch):
    r"""Non-monotone backtracking, from Barzilai and Borwein's step.

    .. math:: \varphi(\alpha) \le \max_{j < M} f(x_{k-j}) + c_1 \alpha\, \varphi'(0)

    Barzilai-Borwein steps converge fast because they climb now and then; to demand a decrease at every update
    would slow them to steepest descent. Measured against the largest of the last M values they keep their
    speed, and converge globally (Raydan's method). The first trial along a gradient is

    .. math:: \alpha = \frac{s^\top s}{s^\top y}, \qquad s = x_k - x_{k-1},\ y = g_k - g_{k-1},

    the longest one if s'y <= 0, and ``1/|g|_inf`` at the start. Along any other direction it is 1.

    Parameters
    ----------
    c1 : float
        Share of the promised decrease, above 0 and below 1.
    memory : int
        M, at least 1, which is Armijo's condition.
    rho : float
        Factor on a rejected step, above 0 and below 1.
    alpha_min, alpha_max : float
        Bounds of the first trial; above 0.
    max_trials : int
        Rejected trials, at least 1, after which the search gives up, status "min_step".

    References
    ----------
    Grippo, Lampariello and Lucidi, "A nonmonotone line search technique for Newton's method", SIAM J. Numer.
    Anal. 23 (1986). Barzilai and Borwein, IMA J. Numer. Anal. 8 (1988). Raydan, SIAM J. Optim. 7 (1997).

    Examples
    --------
    In two dimensions Barzilai-Borwein converges superlinearly:

    >>> from optim import SGD, minimize
    >>> from problems import Quadratic
    >>> run = minimize(Quadratic([1.0, 10.0], start=[1.0, 1.0]), SGD(lr=GrippoLamparielloLucidi()), steps=12)
    >>> bool(run.history.grad_norm[-1] < 1e-12)
    True
    """

    c1: ProperFraction = 1e-4
    memory: PositiveInt = 10
    rho: ProperFraction = 0.5
    alpha_min: PositiveFloat = 1e-10
    alpha_max: PositiveFloatOrInf = 1e10
    max_trials: PositiveInt = 100

    def __call__(self, line: Line, carry: Carry) -> LineSearchResult:
        values = [*(() if carry is None else carry["values"]), line.phi0][-self.memory :]
        memory = {"values": values, "x": line.x, "g": line.start.g}
        if line.slope0 >= 0:
            return line.reject("not_descent" if line.slope0 > 0 else "flat", memory)
        alpha, worst = self._first(line, carry), max(values)
        for _ in range(self.max_trials):
            f = line.value(alpha)
            if math.isfinite(f) and f <= worst + self.c1 * alpha * line.slope0:
                return line.accept(line.trials[-1], "converged", memory)
            alpha *= self.rho
            if alpha < line.shortest:
                break
        return line.reject("min_step" if line.trials[-1].finite else "nonfinite", memory)

    def _first(self, line: Line, carry: Carry) -> float:
        g: Any = line.start.g
        if not (line.d == g).all():
            return 1.0
        if carry is None:
            alpha = 1 / float(abs(g).max())
        else:
            s, y = line.x - carry["x"], g - carry["g"]
            curvature = float(s @ y)
            alpha = float(s @ s) / curvature if curvature > 0 else self.alpha_max
        return min(max(alpha, self.alpha_min), self.alpha_max)
