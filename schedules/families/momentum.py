"""Schedules of the momentum coefficient; `cyclical` has those of cyclical rates."""

import math
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from schedules.schedule import Array, Schedule
from stepsize.core.limits.ranges import PositiveInt, UnitFloat

__all__ = ["NesterovSequence", "SutskeverMomentum"]

_TABLED = 4096


class NesterovSequence(Schedule):
    r"""The momentum of Nesterov's accelerated gradient for convex functions.

    .. math:: \beta_n = \frac{t_n - 1}{t_{n+1}}, \qquad t_0 = 1,\quad
        t_{n+1} = \frac{1 + \sqrt{1 + 4 t_n^2}}{2}

    It starts at 0 and rises to 1 like 1 - 3/n. The sequence t has no closed form: its first values are
    tabulated by the recursion, those far out follow from their slow growth, to a relative 1e-13.

    References ---------- Nesterov, "A method of solving a convex programming problem with convergence rate
    O(1/k^2)", 1983. Beck and Teboulle, "A fast iterative shrinkage-thresholding algorithm", SIAM J. Imaging
    Sci. 2 (2009), equation 4.2.

    Examples
    --------
    >>> NesterovSequence().table(4).round(6).tolist()
    [0.0, 0.281754, 0.434043, 0.531064]
    """

    formula = "(t(n) - 1) / t(n + 1)"
    tail = 0.0

    def value(self, n: Array) -> Array:
        whole = np.floor(n)
        t = np.where(
            whole < _TABLED, np.array(_table())[np.minimum(whole, _TABLED - 1).astype(int)], _far(whole)
        )
        values: Array = (t - 1) / ((1 + np.sqrt(1 + 4 * t * t)) / 2)
        return values


class SutskeverMomentum(Schedule):
    r"""Sutskever's momentum: a staircase towards a cap.

    .. math:: \mu_n = \min\left(1 - 2^{-1 - \log_2(\lfloor n / s \rfloor + 1)},\ \mu_\text{max}\right)
        = \min\left(1 - \frac{1}{2 (\lfloor n / s \rfloor + 1)},\ \mu_\text{max}\right)

    Parameters
    ----------
    max_momentum : float
        The cap, mu_max, from 0 to 1; 0, 0.9, 0.99, 0.995 and 0.999 in the paper.
    every : int
        s, the updates between steps; at least 1.

    References
    ----------
    Sutskever, Martens, Dahl and Hinton, "On the importance of initialization and momentum in deep learning",
    ICML 2013, equation 5.

    Examples
    --------
    >>> SutskeverMomentum(0.999)([0, 250, 500, 1000, 2500]).round(6).tolist()
    [0.5, 0.75, 0.833333, 0.9, 0.954545]
    """

    max_momentum: UnitFloat = 0.99
    every: PositiveInt = 250
    demo: ClassVar = {"max_momentum": 0.9, "every": 10}
    formula = "min(1 - 0.5 / (floor(n / every) + 1), max_momentum)"

    def value(self, n: Array) -> Array:
        return np.minimum(1 - 0.5 / (np.floor(n / self.every) + 1), self.max_momentum)

    @property
    def horizon(self) -> int | None:
        if self.max_momentum == 1:
            return None
        return self.every * max(math.ceil(0.5 / (1 - self.max_momentum) - 1e-9) - 1, 0)

    @property
    def tail(self) -> float:
        """0: it stays up."""
        return 0.0


@lru_cache(maxsize=1)
def _table() -> tuple[float, ...]:
    """Return the first values of t, by its recursion."""
    values = [1.0]
    for _ in range(_TABLED):
        t = values[-1]
        values.append((1 + math.sqrt(1 + 4 * t * t)) / 2)
    return tuple(values)


def _far(n: Array) -> Any:
    """Return t_n far out: t grows by 1/2 + 1/(8 t) an update, so that 2 t - log(t) / 2 grows by about 1."""
    first = _table()[_TABLED - 1]
    ahead = np.maximum(n - (_TABLED - 1), 0.0)
    t = first + ahead / 2
    for _ in range(4):
        t = first + ahead / 2 + np.log(t / first) / 4
    return t
