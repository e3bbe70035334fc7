"""The Gaussian process of the probabilistic line search: a cubic spline that knows how sure it is."""

import math
from typing import Any

import numpy as np

from schedules.linesearch.bivariate_normal import upper_rectangle

__all__ = ["SplinePosterior"]

Array = np.ndarray[Any, Any]

# The process starts this far before the first datum, so that it is free there.
_ORIGIN = 10.0
# The smallest variance: what is certain has one of 0, but for round-off that may be negative.
_ROUND_OFF = 1e-18


class SplinePosterior:
    r"""Posterior of a function under an integrated Wiener process, given noisy values and slopes.

    Between two data the mean is a cubic; without noise it is the Hermite spline through values and slopes.
    With the origin shifted by 10 and m = min(a, b) the prior covariances are

    .. math::
        k(a, b) = \tfrac13 m^3 + \tfrac12 |a - b|\, m^2, \qquad
        k^\partial(a, b) = a m - \tfrac12 m^2, \qquad
        {}^\partial k^\partial(a, b) = m.

    Parameters
    ----------
    t, y, dy : sequence of N floats
        Places, values and slopes.
    var_f, var_d : float
        Variances of the noise on values and slopes.

    Examples
    --------
    >>> gp = SplinePosterior([0.0, 1.0], [0.0, -0.4], [-1.0, 0.2], 0.01, 0.04)
    >>> round(gp.mean(0.5), 10), round(gp.probability(0.5), 10)
    (-0.3374270235, 0.5824664441)
    """

    def __init__(self, t: Any, y: Any, dy: Any, var_f: float, var_d: float) -> None:
        from scipy.linalg import lapack

        routines: Any = lapack
        dgetrf, dgetrs = routines.dgetrf, routines.dgetrs

        self.t = list(t)
        rows = np.array([_rows(a, self.t) for a in self.t])
        gram = np.concatenate([rows[:, 0], rows[:, 1]]) + np.diag(np.repeat([var_f, var_d], len(self.t)))
        self._factors = dgetrf(gram)[:2]
        self._solved_by: Any = dgetrs
        self._w = self._solve(np.array([*y, *dy]))
        self._start = self.posterior(0.0)

    def _solve(self, right: Array) -> Array:
        """Return the inverse Gram matrix times the right-hand side, a vector or two columns.

        One column at a time: for several at once LAPACK wakes other threads, which takes a thousand times as
        long as the work does.
        """
        if right.ndim == 1:
            return np.asarray(self._solved_by(*self._factors, right)[0])
        return np.column_stack([self._solve(column) for column in right.T])

    def posterior(self, t: float) -> tuple[Array, Array, Array]:
        """Return of (f, f') at t the mean, the covariance, and the prior's covariance with the data."""
        C = _rows(t, self.t)
        a = t + _ORIGIN
        P = np.array([[a * a * a / 3, a * a / 2], [a * a / 2, a]])
        return C @ self._w, P - C @ self._solve(C.T), C

    def mean(self, t: float) -> float:
        """Return the mean of f at t."""
        return float(_rows(t, self.t)[0] @ self._w)

    def slope(self, t: float) -> float:
        """Return the mean of f' at t."""
        return float(_rows(t, self.t)[1] @ self._w)

    def low_point(self, left: float, right: float) -> float | None:
        """Return the minimum of the mean inside a cell between two data, or None."""
        count = len(self.t)
        ahead = [
            (place - left, self._w[i], self._w[count + i]) for i, place in enumerate(self.t) if place >= right
        ]
        # In u = t - left: m' = c + b u + a u^2 / 2.
        c = self.slope(left)
        b = float(sum(reach * w + w_slope for reach, w, w_slope in ahead))
        a = -float(sum(w for _, w, _ in ahead))
        root = b * b - 2 * a * c
        if root < 0:
            return None
        root = math.sqrt(root)
        # Of the two zeros of m', the one where m'' = +root; written to avoid cancellation.
        u = -2 * c / (b + root) if b > 0 else ((root - b) / a if a else math.inf)
        return left + u if 0 < u < right - left else None

    def probability(self, t: float, c1: float = 0.05, c2: float = 0.5) -> float:
        r"""Return the probability that t satisfies the (strong) Wolfe conditions.

        They are :math:`a_t = f(0) + c_1 t f'(0) - f(t) \ge 0` and
        :math:`0 \le b_t = f'(t) - c_2 f'(0) \le 2 c_2 (|\mu'(0)| + 2 \sqrt{V'(0)})`; a and b are linear in
        z = (f(0), f'(0), f(t), f'(t)), whose posterior is normal.
        """
        m0, V0, C0 = self._start
        m, V, C = self.posterior(t)
        cross = _rows(0.0, [t]) - C0 @ self._solve(C.T)
        Q = np.array([[1.0, c1 * t, -1.0, 0.0], [0.0, -c2, 0.0, 1.0]])
        S = np.empty((4, 4))
        S[:2, :2], S[:2, 2:], S[2:, :2], S[2:, 2:] = V0, cross, cross.T, V
        a, b = Q @ np.concatenate([m0, m])
        (v_a, v_ab), (_, v_b) = Q @ S @ Q.T
        if v_a < 1e-9 and v_b < 1e-9:
            return 1.0 if a >= 0 and b >= 0 else 0.0
        highest = 2 * c2 * (abs(m0[1]) + 2 * math.sqrt(max(V0[1, 1], 0.0)))
        s_a, s_b = math.sqrt(max(v_a, _ROUND_OFF)), math.sqrt(max(v_b, _ROUND_OFF))
        rho = v_ab / (s_a * s_b)
        return upper_rectangle(float(-a / s_a), float(-b / s_b), float((highest - b) / s_b), float(rho))

    def expected_improvement(self, t: float, best: float) -> float:
        """Return the expected amount by which f(t) is below the value `best`."""
        from scipy.special import ndtr

        m, V, _ = self.posterior(t)
        s = math.sqrt(max(float(V[0, 0]), 0.0))
        fall = best - float(m[0])
        if s == 0:
            return max(fall, 0.0)
        z = fall / s
        return float(fall * ndtr(z) + s * math.exp(-z * z / 2) / math.sqrt(2 * math.pi))


def _rows(t: float, data: list[float]) -> Array:
    """Return the prior covariance (2, 2N) of (f(t), f'(t)) with the values, then the slopes, at the data.

    In plain floats: there are at most eight data.
    """
    a = t + _ORIGIN
    value_value, value_slope, slope_value, slope_slope = [], [], [], []
    for place in data:
        b = place + _ORIGIN
        m = min(a, b)
        half = m * m / 2
        value_value.append(m * half * (2 / 3) + abs(a - b) * half)
        value_slope.append(m * a - half)
        slope_value.append(m * b - half)
        slope_slope.append(m)
    return np.array([value_value + value_slope, slope_value + slope_slope])
