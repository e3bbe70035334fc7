"""Decays over a fixed horizon: they reach their end after a given number of updates and stay there."""

import math
from typing import ClassVar

import numpy as np

from schedules.schedule import Array, Schedule
from stepsize.core.elementwise import power
from stepsize.core.limits.ranges import FloatOrArray, PositiveFloat, PositiveFloatOrArray, PositiveInt

__all__ = ["Geometric", "KohonenRecursion", "Linear", "Polynomial", "Rex"]


class Linear(Schedule):
    r"""A straight line from one value to another, which it then holds.

    .. math:: \eta_n = \eta_0 + (\eta_T - \eta_0) \min(n / T, 1)

    The end is reached at n = T, so the last of T updates still moves when the end is 0; with T - 1 in its
    place the last update is wasted, as NumPy's linspace would have it:

    ====================  =====  =====  =====  =====  =====
    n                     0      1      2      3      4
    ====================  =====  =====  =====  =====  =====
    Linear(1, steps=4)    1      0.75   0.5    0.25   0
    Linear(1, steps=3)    1      0.667  0.333  0      0
    ====================  =====  =====  =====  =====  =====

    It is Kohonen's linear decrease of the learning rate of a self-organizing map; see `KohonenRecursion` for
    what becomes of it if it is read as a recursion.

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

    lr: FloatOrArray
    steps: PositiveInt
    end: FloatOrArray = 0.0
    demo: ClassVar = {"lr": 0.1, "steps": 20}
    formula = "end + (lr - end) * (1 - min(n / steps, 1))"

    def value(self, n: Array) -> Array:
        z = np.minimum(n / self.steps, 1.0)
        return self.lr * (1 - z) + self.end * z

    @property
    def horizon(self) -> int:
        return self.steps


class Polynomial(Schedule):
    r"""Polynomial decay from one value to another, which it then holds.

    .. math:: \eta_n = \eta_T + (\eta_0 - \eta_T) (1 - z^k)^p, \qquad z = \min(n / T, 1)

    The power p is the classic parameter: 1 is `Linear`, 2 falls early, 1/2 late. The power k warps the time
    ("k-decay"): above 1 it holds the rate up for longer. With p = 1 and k = 1/2 this is the 1 - sqrt
    cooldown.

    Parameters
    ----------
    lr : float
        The value at n = 0.
    steps : int
        T, the updates until the end is reached; at least 1.
    power : float
        p, above 0.
    end : float
        The value from n = T on.
    k : float
        k, above 0.

    References
    ----------
    k-decay: Zhang and Li, arXiv 2004.05909.

    Examples
    --------
    >>> Polynomial(1.0, steps=4, power=2).table(6).tolist()
    [1.0, 0.5625, 0.25, 0.0625, 0.0, 0.0]
    """

    lr: FloatOrArray
    steps: PositiveInt
    power: PositiveFloat = 1.0
    end: FloatOrArray = 0.0
    k: PositiveFloat = 1.0
    demo: ClassVar = {"lr": 0.1, "steps": 20, "power": 2.0}
    formula = "end + (lr - end) * (1 - min(n / steps, 1) ** k) ** power"

    def value(self, n: Array) -> Array:
        z = np.minimum(n / self.steps, 1.0)
        return self.end + (self.lr - self.end) * power(1 - power(z, self.k), self.power)

    @property
    def horizon(self) -> int:
        return self.steps


class Geometric(Schedule):
    r"""Exponential decay from one value to another, which it then holds.

    .. math:: \eta_n = \eta_0\, (\eta_T / \eta_0)^{\min(n / T,\, 1)}

    Read upwards, it is the sweep of rates of a learning-rate finder.

    Parameters
    ----------
    lr : float
        The value at n = 0; above 0.
    steps : int
        T, the updates until the end is reached; at least 1.
    end : float
        The value from n = T on; above 0.

    Examples
    --------
    >>> Geometric(1.0, steps=2, end=0.01).table(4).tolist()
    [1.0, 0.1, 0.01, 0.01]
    """

    lr: PositiveFloatOrArray
    steps: PositiveInt
    end: PositiveFloat
    demo: ClassVar = {"lr": 0.1, "steps": 20, "end": 0.001}
    formula = "lr * (end / lr) ** min(n / steps, 1)"

    def value(self, n: Array) -> Array:
        return self.lr * power(self.end / self.lr, np.minimum(n / self.steps, 1.0))

    @property
    def horizon(self) -> int:
        return self.steps


class Rex(Schedule):
    r"""REX, the reflected exponential: close to the rate for long, then down to the end.

    .. math:: \eta_n = \eta_T + (\eta_0 - \eta_T)\,\frac{1 - z}{1 - z/2}, \qquad z = \min(n / T, 1)

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
    Chen, Wolfe and Kyrillidis, "REX: revisiting budgeted training with an improved schedule", arXiv
    2107.04197.

    Examples
    --------
    >>> Rex(1.0, steps=2).table(4).tolist()
    [1.0, 0.6666666666666666, 0.0, 0.0]
    """

    lr: FloatOrArray
    steps: PositiveInt
    end: FloatOrArray = 0.0
    demo: ClassVar = {"lr": 0.1, "steps": 20}
    formula = "end + (lr - end) * (1 - min(n / steps, 1)) / (1 - min(n / steps, 1) / 2)"

    def value(self, n: Array) -> Array:
        z = np.minimum(n / self.steps, 1.0)
        return self.end + (self.lr - self.end) * ((1 - z) / (1 - z / 2))

    @property
    def horizon(self) -> int:
        return self.steps


class KohonenRecursion(Schedule):
    r"""What Kohonen's linear decrease becomes if it is read as a recursion: a parabola.

    .. math:: \eta_n = \eta_{n-1} - c\,n
        \quad\Longrightarrow\quad \eta_n = \eta_0 - c\,\frac{n (n + 1)}{2}

    A self-organizing map's rate falls *linearly*, lr - c n, which is `Linear` with ``steps = lr / c``.
    Written as "the new rate is the old one minus c n" it falls quadratically and reaches 0 after about
    sqrt(2 lr / c) updates. It is held at 0 from there on.

    Parameters
    ----------
    lr : float
        The rate of update 0.
    c : float
        The decrease; above 0.

    References
    ----------
    Kohonen, "Self-Organizing Maps", Springer 1995, for the linear rule.

    Examples
    --------
    >>> KohonenRecursion(1.0, c=0.1).table(6).round(3).tolist()
    [1.0, 0.9, 0.7, 0.4, 0.0, 0.0]
    """

    lr: FloatOrArray
    c: PositiveFloat
    demo: ClassVar = {"lr": 0.1, "c": 0.001}
    formula = "max(lr - c * n * (n + 1) / 2, 0)"

    def value(self, n: Array) -> Array:
        values: Array = np.maximum(self.lr - self.c * (n * (n + 1) / 2), 0.0)
        return values

    @property
    def horizon(self) -> int:
        highest = max(float(np.max(self.lr)), 0.0)
        n = math.ceil((math.sqrt(1 + 8 * highest / self.c) - 1) / 2)
        return n if not np.any(self(n)) else n + 1
