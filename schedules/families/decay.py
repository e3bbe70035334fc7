"""Decays without a horizon: none needs to know how long the run will be."""

import math
from typing import Any, ClassVar

import numpy as np

from schedules.schedule import Array, Schedule
from stepsize.core.elementwise import pick, power
from stepsize.core.limits.ranges import (
    FiniteFloat,
    FloatOrArray,
    NonNegativeFloat,
    PositiveFloat,
    PositiveFloatOrArray,
)

__all__ = ["Exponential", "InverseSqrt", "InverseTime", "Power", "SearchThenConverge", "TimeBased"]


class InverseTime(Schedule):
    r"""Inverse time (hyperbolic) decay, the closed form: lr / (1 + d n).

    .. math:: \eta_n = \frac{\eta_0}{1 + d\,n}

    Half the rate is left at n = 1/d. This is what Keras 1 and 2 computed for ``decay=d``, counting batches.
    It is *not* `TimeBased`, the recursion that Wikipedia gives under the name "time-based", which falls like
    a Gaussian. Its sum diverges and its sum of squares converges: it meets Robbins and Monro's conditions.

    Self-organizing maps use it as "inverse t" decay with d = 100/T, and as "asymptotic" decay with d = 2/T,
    which ends at a third of the rate and not near 0.

    Parameters
    ----------
    lr : float
        The rate of update 0.
    d : float
        The decay a update; at least 0.

    References
    ----------
    Darken and Moody, "Towards faster stochastic gradient search", NIPS 1991 ("search, then converge").

    Examples
    --------
    >>> InverseTime(0.1, d=0.01)([0, 100, 300]).tolist()
    [0.1, 0.05, 0.025]
    """

    lr: FloatOrArray
    d: NonNegativeFloat
    demo: ClassVar = {"lr": 0.1, "d": 0.1}
    formula = "lr / (1 + d * n)"

    def value(self, n: Array) -> Array:
        return self.lr / (1 + self.d * n)

    @property
    def tail(self) -> float:
        """1: the values fall like 1/n."""
        return 1.0 if self.d else 0.0


class TimeBased(Schedule):
    r"""Time-based decay, the recursion: each rate is the last one divided by 1 + d n.

    .. math:: \eta_{n+1} = \frac{\eta_n}{1 + d\,n}
        \quad\Longrightarrow\quad
        \eta_n = \frac{\eta_0}{\prod_{k=0}^{n-1}(1 + d k)}
               = \eta_0\,\frac{\Gamma(1/d)}{d^{\,n}\,\Gamma(n + 1/d)}

    For n well below 1/d it falls like exp(-d n^2 / 2), then faster still. Its sum is finite, about
    lr sqrt(pi / (2 d)), so that an iterate can travel only that far: it may freeze before it arrives. The
    formula 1/(1 + d n) that most people mean by this name is `InverseTime`.

    No call forms the product: beyond the first 64 factors its logarithm is a difference of log-gamma
    functions, computed by Stirling's series where they would cancel (small d), to a relative 1e-14.

    Parameters
    ----------
    lr : float
        The rate of update 0 (and of update 1: the first divisor is 1).
    d : float
        The decay; at least 0.

    References
    ----------
    Wikipedia, "Learning rate", section "Learning rate schedule".

    Examples
    --------
    >>> f"{TimeBased(1.0, d=0.01)(50):.2e}"
    '2.45e-05'
    """

    lr: FloatOrArray
    d: NonNegativeFloat
    demo: ClassVar = {"lr": 0.1, "d": 0.1}
    formula = "lr / prod(1 + d * k for k in range(n))"

    def value(self, n: Array) -> Array:
        values: Array = self.lr * np.exp(-_log_product(self.d, n))
        return values

    @property
    def tail(self) -> float:
        """Infinite: the values fall faster than every power of n."""
        return math.inf if self.d else 0.0


class Exponential(Schedule):
    r"""Exponential decay: lr exp(-d n).

    .. math:: \eta_n = \eta_0\, e^{-d\,n}

    Parameters
    ----------
    lr : float
        The rate of update 0.
    d : float
        The decay a update; a rate falls to half in ln 2 / d updates. ``d = -log(gamma)`` for those who
        multiply by gamma every update; `Geometric` is for those who know where it shall end.

    Examples
    --------
    >>> Exponential(0.1, d=0.5)(2) / Exponential(0.1, d=0.5)(0)  # 1/e
    0.36787944117144233
    """

    lr: FloatOrArray
    d: FiniteFloat
    demo: ClassVar = {"lr": 0.1, "d": 0.05}
    formula = "lr * exp(-d * n)"

    def value(self, n: Array) -> Array:
        return self.lr * np.exp(-self.d * n)

    @property
    def tail(self) -> float:
        """Infinite: the values fall faster than every power of n."""
        return math.copysign(math.inf, self.d) if self.d else 0.0


class Power(Schedule):
    r"""A power of the number of updates made: lr (1 + n/s)^-p.

    .. math:: \eta_n = \eta_0\,(1 + n/s)^{-p}

    With s = 1 this is t^-p for the t-th update, t = n + 1, the family in which Robbins and Monro's conditions
    hold for 1/2 < p <= 1: the steps sum to infinity, their squares do not.

    Parameters
    ----------
    lr : float
        The rate of update 0.
    power : float
        p.
    scale : float
        s, the updates after which the fall sets in; above 0.

    References
    ----------
    Robbins and Monro, "A stochastic approximation method", Ann. Math. Stat. 22 (1951).

    Examples
    --------
    >>> Power(1.0, power=0.5)([0, 3, 99]).tolist()
    [1.0, 0.5, 0.1]
    >>> [p for p in (0.5, 0.6, 1.0, 1.1) if Power(1.0, p).robbins_monro]
    [0.6, 1.0]
    """

    lr: FloatOrArray
    power: FiniteFloat
    scale: PositiveFloat = 1.0
    demo: ClassVar = {"lr": 0.1, "power": 0.75}
    formula = "lr * (1 + n / scale) ** -power"

    def value(self, n: Array) -> Array:
        return self.lr * power(1 + n / self.scale, -self.power)

    @property
    def tail(self) -> float:
        return self.power


class InverseSqrt(Schedule):
    r"""Inverse square root decay: lr / sqrt(1 + n/s).

    .. math:: \eta_n = \frac{\eta_0}{\sqrt{1 + n/s}}

    It needs no horizon. After a warm-up of W updates it is usual with s = W:
    ``InverseSqrt(lr, scale=W).warmup(W)``; `Noam` is that with another scale.

    Parameters
    ----------
    lr : float
        The rate of update 0.
    scale : float
        s, the timescale; above 0.

    References
    ----------
    Zhai et al., "Scaling vision transformers", arXiv 2106.04560.

    Examples
    --------
    >>> InverseSqrt(0.1, scale=100)([0, 300, 9900]).tolist()
    [0.1, 0.05, 0.01]
    """

    lr: FloatOrArray
    scale: PositiveFloat = 1.0
    demo: ClassVar = {"lr": 0.1, "scale": 5.0}
    formula = "lr / sqrt(1 + n / scale)"
    tail = 0.5

    def value(self, n: Array) -> Array:
        return self.lr / np.sqrt(1 + n / self.scale)


class SearchThenConverge(Schedule):
    r"""Search, then converge, in Darken and Moody's second form: flat up to tau, then c / n.

    .. math:: \eta_n = \eta_0\,\frac{1 + (c/\eta_0)(n/\tau)}{1 + (c/\eta_0)(n/\tau) + \tau\,(n/\tau)^2}

    The first form is `InverseTime` with d = 1/tau. Far out, this one falls like c / n whatever lr was, which
    lets c be set by theory (above 1 / (2 mu) for a bowl of least curvature mu).

    Parameters
    ----------
    lr : float
        The rate of update 0; above 0.
    c : float
        What n times the rate tends to; above 0.
    tau : float
        The updates spent in search; above 0.

    References
    ----------
    Darken, Chang and Moody, "Learning rate schedules for faster stochastic gradient search", 1992.

    Examples
    --------
    >>> round(SearchThenConverge(0.1, c=2.0, tau=50)(10**7) * 10**7, 3)
    2.0
    """

    lr: PositiveFloatOrArray
    c: PositiveFloat
    tau: PositiveFloat
    demo: ClassVar = {"lr": 0.1, "c": 1.0, "tau": 10.0}
    formula = "lr * (1 + c / lr * n / tau) / (1 + c / lr * n / tau + tau * (n / tau) ** 2)"
    tail = 1.0

    def value(self, n: Array) -> Array:
        u = self.c / self.lr * (n / self.tau)
        return self.lr * (1 + u) / (1 + u + n * n / self.tau)


def _log_product(d: float, n: Array) -> Any:
    """Return log of the product of 1 + d k for k = 0 ... n - 1."""
    first = np.concatenate([[0.0], np.cumsum(np.log1p(d * np.arange(63)))])
    beyond = _log_gamma_ratio(d, np.maximum(n, 64.0)) if d > 0 else 0.0
    return np.where(n < 64, pick(first, np.minimum(n, 63).astype(int)), beyond)


def _log_gamma_ratio(d: float, n: Array) -> Any:
    """Return n log d + log Gamma(n + 1/d) - log Gamma(1/d), which is the same for n and d > 0."""
    if d > 0.01:
        from scipy.special import gammaln

        return n * np.log(d) + gammaln(n + 1 / d) - gammaln(1 / d)
    # Stirling's series, its large terms cancelled by hand; the remainder is below d^5 / 1260.
    x = d * n
    bulk = np.where(x < 0.05, _bulk_series(np.minimum(x, 0.05)), (1 + x) * np.log1p(x) - x) / d
    return bulk - np.log1p(x) / 2 + d / 12 * (1 / (1 + x) - 1) - d**3 / 360 * (power(1 + x, -3.0) - 1)


def _bulk_series(x: Array) -> Any:
    """Return (1 + x) log(1 + x) - x for small x, where the closed form cancels: x^2/2 - x^3/6 + ..."""
    total = np.zeros_like(x)
    for k in range(14, 1, -1):
        total = total * -x + 1 / (k * (k - 1))
    return total * x * x
