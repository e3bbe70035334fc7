"""Rates that fall: the classic formulas, each with its exact convention."""

from typing import Any, ClassVar

import numpy as np

from schedules.schedule import Array, Schedule
from stepsize.base.checks import as_count, as_number, refuse_unless

__all__ = ["EarlyStepDecay", "Exponential", "InverseTime", "Linear", "StepDecay", "TimeBased"]


class InverseTime(Schedule):
    r"""Inverse time (hyperbolic) decay, the closed form: lr / (1 + d n).

    .. math:: \eta_n = \frac{\eta_0}{1 + d\,n}

    Half the rate is left at n = 1/d. This is what Keras 1 and 2 computed for ``decay=d``, counting batches.
    It is *not* `TimeBased`, the recursion that Wikipedia gives under the name "time-based", which falls like
    a Gaussian. Its sum diverges and its sum of squares converges: it meets Robbins and Monro's conditions.

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

    lr: Any
    d: float
    demo: ClassVar = {"lr": 0.1, "d": 0.1}

    def check(self) -> None:
        """Refuse a negative decay."""
        _rate(self.lr)
        refuse_unless(as_number("d", self.d) >= 0, "d", self.d, "a decay of at least 0")

    def value(self, n: Array) -> Any:
        """Return lr / (1 + d n)."""
        return self.lr / (1 + self.d * n)


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

    lr: Any
    d: float
    demo: ClassVar = {"lr": 0.1, "d": 0.1}

    def check(self) -> None:
        """Refuse a negative decay."""
        _rate(self.lr)
        refuse_unless(as_number("d", self.d) >= 0, "d", self.d, "a decay of at least 0")

    def value(self, n: Array) -> Any:
        """Return lr divided by the product of 1 + d k for k < n."""
        return self.lr * np.exp(-_log_product(self.d, n))


class StepDecay(Schedule):
    r"""Step decay: the rate is multiplied by `factor` every `every` updates.

    .. math:: \eta_n = \eta_0\, r^{\lfloor n / K \rfloor}

    Half-open: update K is the first with the lower rate. Wikipedia's form, which drops one update earlier, is
    `EarlyStepDecay`.

    Parameters
    ----------
    lr : float
        The rate of update 0.
    factor : float
        r, what a drop multiplies by; at least 0.
    every : int
        K, the updates between drops; at least 1.

    Examples
    --------
    >>> StepDecay(0.1, 0.5, 10)([0, 9, 10, 20]).tolist()
    [0.1, 0.1, 0.05, 0.025]
    """

    lr: Any
    factor: float
    every: int
    demo: ClassVar = {"lr": 0.1, "factor": 0.5, "every": 10}

    def check(self) -> None:
        """Refuse a negative factor and an empty stage."""
        _rate(self.lr)
        refuse_unless(as_number("factor", self.factor) >= 0, "factor", self.factor, "a factor of at least 0")
        as_count("every", self.every, 1)

    def value(self, n: Array) -> Any:
        """Return lr factor^floor(n / every)."""
        return self.lr * self.factor ** np.floor(n / self.every)


class EarlyStepDecay(Schedule):
    r"""Step decay that drops one update early, as Wikipedia prints it: the exponent is floor((1 + n) / K).

    .. math:: \eta_n = \eta_0\, d^{\lfloor (1 + n) / r \rfloor}

    Update K - 1 is already the first with the lower rate. `StepDecay` drops at K.

    Parameters
    ----------
    lr : float
        The rate before the first drop.
    factor : float
        What a drop multiplies by (Wikipedia's d); at least 0.
    every : int
        The updates between drops (Wikipedia's r); at least 1.

    References
    ----------
    Wikipedia, "Learning rate", section "Learning rate schedule".

    Examples
    --------
    >>> EarlyStepDecay(0.1, 0.5, 10)([0, 8, 9, 19]).tolist()
    [0.1, 0.1, 0.05, 0.025]
    """

    lr: Any
    factor: float
    every: int
    demo: ClassVar = {"lr": 0.1, "factor": 0.5, "every": 10}

    def check(self) -> None:
        """Refuse a negative factor and an empty stage."""
        StepDecay(self.lr, self.factor, self.every)

    def value(self, n: Array) -> Any:
        """Return lr factor^floor((1 + n) / every)."""
        return self.lr * self.factor ** np.floor((1 + n) / self.every)


class Exponential(Schedule):
    r"""Exponential decay: lr exp(-d n).

    .. math:: \eta_n = \eta_0\, e^{-d\,n}

    Parameters
    ----------
    lr : float
        The rate of update 0.
    d : float
        The decay a update; a rate falls to half in ln 2 / d updates. ``d = -log(gamma)`` for those who
        multiply by gamma every update.

    Examples
    --------
    >>> Exponential(0.1, d=0.5)(2) / Exponential(0.1, d=0.5)(0)  # 1/e
    0.36787944117144233
    """

    lr: Any
    d: float
    demo: ClassVar = {"lr": 0.1, "d": 0.05}

    def check(self) -> None:
        """Refuse what is not a number."""
        _rate(self.lr)
        as_number("d", self.d)

    def value(self, n: Array) -> Any:
        """Return lr exp(-d n)."""
        return self.lr * np.exp(-self.d * n)


class Linear(Schedule):
    r"""A straight line from one value to another, which it then holds.

    .. math:: \eta_n = \eta_0 + (\eta_T - \eta_0) \min(n / T, 1)

    The end is reached at n = T, so the last of T updates still moves when the end is 0.

    Parameters
    ----------
    lr : float
        The value at n = 0.
    steps : int
        T, the updates until the end is reached; at least 1.
    end : float
        The value from n = T on.

    References
    ----------
    Optimal for the last iterate of subgradient descent: Zamani and Glineur, arXiv 2307.11134.

    Examples
    --------
    >>> Linear(0.1, steps=4)([0, 1, 2, 3, 4, 99]).tolist()
    [0.1, 0.07500000000000001, 0.05, 0.025, 0.0, 0.0]
    """

    lr: Any
    steps: int
    end: Any = 0.0
    demo: ClassVar = {"lr": 0.1, "steps": 20}

    def check(self) -> None:
        """Refuse an empty line."""
        _rate(self.lr)
        _rate(self.end, "end")
        as_count("steps", self.steps, 1)

    def value(self, n: Array) -> Any:
        """Return lr (1 - z) + end z with z = min(n / T, 1)."""
        z = np.minimum(n / self.steps, 1.0)
        return self.lr * (1 - z) + self.end * z


def _rate(value: Any, name: str = "lr") -> None:
    """Refuse a parameter that is neither a number nor an array of numbers."""
    if np.ndim(value) == 0:
        as_number(name, value)
    else:
        refuse_unless(bool(np.all(np.isfinite(value))), name, value, "finite numbers")


def _log_product(d: float, n: Array) -> Any:
    """Return log of the product of 1 + d k for k = 0 ... n - 1."""
    first = np.concatenate([[0.0], np.cumsum(np.log1p(d * np.arange(63)))])
    beyond = _log_gamma_ratio(d, np.maximum(n, 64.0)) if d > 0 else 0.0
    return np.where(n < 64, first[np.minimum(n, 63).astype(int)], beyond)


def _log_gamma_ratio(d: float, n: Array) -> Any:
    """Return n log d + log Gamma(n + 1/d) - log Gamma(1/d), which is the same for n and d > 0."""
    if d > 0.01:
        from scipy.special import gammaln

        return n * np.log(d) + gammaln(n + 1 / d) - gammaln(1 / d)
    # Stirling's series, its large terms cancelled by hand; the remainder is below d^5 / 1260.
    x = d * n
    bulk = np.where(x < 0.05, _bulk_series(np.minimum(x, 0.05)), (1 + x) * np.log1p(x) - x) / d
    return bulk - np.log1p(x) / 2 + d / 12 * (1 / (1 + x) - 1) - d**3 / 360 * ((1 + x) ** -3.0 - 1)


def _bulk_series(x: Array) -> Any:
    """Return (1 + x) log(1 + x) - x for small x, where the closed form cancels: x^2/2 - x^3/6 + ..."""
    total = np.zeros_like(x)
    for k in range(14, 1, -1):
        total = total * -x + 1 / (k * (k - 1))
    return total * x * x
