"""Wrappers that average the points of a run: Polyak-Ruppert, EMA, SWA; and Lookahead."""

from typing import Any, ClassVar

import numpy as np

from optim.hyperparameters import Hyper, Numbers, Resolved, hyper
from optim.optimizer import Slots
from optim.rules.wrappers import Wrapper
from stepsize.core.limits.parameters import count, one_of
from stepsize.core.validation import missing

__all__ = ["EMA", "SWA", "Averaging", "Lookahead", "PolyakRuppert"]

Array = np.ndarray[Any, Any]


class Averaging(Wrapper, abstract=True):
    r"""An optimizer whose answer is a running average, which never touches the run itself.

    .. math:: \bar x_t = (1 - w_t)\, \bar x_{t-1} + w_t\, x_t

    A subclass says what the weight :math:`w_t` is. The average is of what the inner rule reports.
    """

    own_slots: ClassVar = ("mean",)

    def weight(self, h: Resolved) -> Numbers:
        """Return the weight of the newest point."""
        raise missing(self, "weight(self, h)")

    def update(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        mean, *rest = slots
        x, inner = self.inner.update(x, g, tuple(rest), h.inner)
        w = self.weight(h)
        mean = (1 - w) * mean + w * self.inner.output(x, inner)
        return x, (mean, *inner)

    def start(self, x: Array, h: Resolved) -> Slots:
        inner = self.inner.start(x, h.inner)
        return (self.inner.output(x, inner), *inner)

    def output(self, x: Numbers, slots: Slots) -> Numbers:
        """Return the average."""
        return slots[0]

    @property
    def has_separate_output(self) -> bool:
        return True

    @property
    def is_direction_rule(self) -> bool:
        """False: a line search would leave the average behind."""
        return False


class PolyakRuppert(Averaging):
    r"""Polyak-Ruppert averaging: the mean of all points so far.

    .. math:: \bar x_t = \frac{1}{t} \sum_{i=1}^{t} x_i

    With noisy gradients and a rate that falls slower than 1/t the mean converges at the best rate there is,
    where the points themselves keep jumping.

    Parameters
    ----------
    inner : Optimizer
        The rule whose points are averaged.
    count_start : bool
        Whether the start :math:`x_0` counts as one of the points. False in PyTorch's ``AveragedModel``.

    References
    ----------
    Polyak and Juditsky, "Acceleration of stochastic approximation by averaging", SIAM J. Control Optim. 30
    (1992), eq. 2. Ruppert, Cornell technical report 781 (1988).

    Examples
    --------
    Rate 0.5 on f = x^2/2 halves x: 4, 2, 1; the mean of 2 and 1 is 1.5.

    >>> from optim import SGD, minimize
    >>> from problems import Parabola
    >>> problem = Parabola(curvature=1.0, start=4.0)
    >>> minimize(problem, PolyakRuppert(SGD(lr=0.5)), steps=2).x.tolist()
    [1.5]
    """

    count_start: bool = False

    def weight(self, h: Resolved) -> Numbers:
        return 1 / (h.t + 1) if h.count_start else 1 / h.t


class EMA(Averaging):
    r"""Exponential moving average of the points.

    .. math:: \bar x_t = \rho\, \bar x_{t-1} + (1 - \rho)\, x_t

    Parameters
    ----------
    inner : Optimizer
        The rule whose points are averaged.
    decay : float, array or schedule
        :math:`\rho`, from 0 to below 1; 0.999 is PyTorch's, Keras has 0.99.
    begin : str
        How the average starts: "first", as a copy of :math:`x_1` (PyTorch, Keras); "start", at :math:`x_0`
        (Optax' ``incremental_update``); "zero", at 0; "debiased", at 0 and divided by :math:`1 - \rho^t`,
        which is the same as the growing weights :math:`(1-\rho)/(1-\rho^t)` (Optax' ``ema``; for a constant
        :math:`\rho`).
    overwrite : int, optional
        After how many updates, and after as many again, x itself is set to the average; never by default.
        Keras calls it ``ema_overwrite_frequency``.
    period : int
        That of an `Accumulate` inside, in whose updates `begin` and `overwrite` then count, as in Keras: the
        average is a copy of x during the first so many gradients, goes on at every gradient, also where x
        does not move, and overwrites x at each gradient of the update that is to. 1: every update counts.

    Raises
    ------
    TypeError, ValueError
        If `begin` is another word, or `overwrite` or `period` is not a whole number of at least 1.

    References
    ----------
    Polyak's mean with a memory that fades; Kingma and Ba, arXiv 1412.6980, section 7.2, has the debiased one.

    Examples
    --------
    Rate 0.5 on f = x^2/2 halves x: 4, 2, 1; half of 2 and half of 1 is 1.5.

    >>> from optim import SGD, minimize
    >>> from problems import Parabola
    >>> problem = Parabola(curvature=1.0, start=4.0)
    >>> minimize(problem, EMA(SGD(lr=0.5), decay=0.5), steps=2).x.tolist()
    [1.5]
    """

    decay: Hyper = hyper(0.999, minimum=0, below=1)
    begin: str = one_of("first", "start", "zero", "debiased")
    overwrite: int | None = count(minimum=1)
    period: int = count(1, minimum=1)

    def update(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        x, (mean, *inner) = super().update(x, g, slots, h)
        if h.overwrite is not None and ((h.t - 1) // h.period + 1) % h.overwrite == 0:
            x = mean
        return x, (mean, *inner)

    def weight(self, h: Resolved) -> Numbers:
        if h.begin == "first" and h.t <= h.period:
            return 1.0
        if h.begin == "debiased":
            return (1 - h.decay) / (1 - h.decay**h.t)
        return 1 - h.decay

    def start(self, x: Array, h: Resolved) -> Slots:
        """Start the average at 0 or at x."""
        mean, *inner = super().start(x, h)
        return (np.zeros_like(mean) if h.begin == "zero" else mean, *inner)


class SWA(Averaging):
    r"""Stochastic weight averaging: the mean of every c-th point from some update on.

    .. math:: \bar x \leftarrow \frac{k\, \bar x + x_t}{k + 1} \quad\text{at}\quad t = s, s + c, s + 2c, \dots

    Meant for a rate that stays high or cycles: take the points where the rate is lowest. Before the first
    point the answer is x.

    Parameters
    ----------
    inner : Optimizer
        The rule whose points are averaged.
    begin : int
        :math:`s`, the first update that counts, at least 1; the paper begins after about 75% of the budget.
    every : int
        :math:`c`, the cycle length in updates; at least 1.

    Raises
    ------
    TypeError, ValueError
        If `begin` or `every` is not a whole number of at least 1.

    References
    ----------
    Izmailov, Podoprikhin, Garipov, Vetrov and Wilson, "Averaging weights leads to wider optima and better
    generalization", arXiv 1803.05407, algorithm 1.

    Examples
    --------
    Rate 0.5 on f = x^2/2 from 8: 4, 2, 1, 0.5; the mean of the second and the fourth is 1.25.

    >>> from optim import SGD, minimize
    >>> from problems import Parabola
    >>> problem = Parabola(curvature=1.0, start=8.0)
    >>> minimize(problem, SWA(SGD(lr=0.5), begin=2, every=2), steps=4).x.tolist()
    [1.25]
    """

    begin: int = count(1, minimum=1)
    every: int = count(1, minimum=1)

    def weight(self, h: Resolved) -> Numbers:
        if h.t <= h.begin:
            return 1.0
        cycles, rest = divmod(h.t - h.begin, h.every)
        return 1 / (cycles + 1) if rest == 0 else 0.0


class Lookahead(Wrapper):
    r"""Lookahead: every k updates the slow point moves a share towards the fast one, which returns to it.

    .. math::
        \phi \leftarrow \phi + \alpha\,(\theta_k - \phi), \qquad \theta_0 \leftarrow \phi

    x is the fast point :math:`\theta`, the answer the slow one :math:`\phi`.

    Parameters
    ----------
    inner : Optimizer
        The rule that moves the fast point; its slots are unchanged when the fast point returns.
    period : int
        :math:`k`, at least 1; the paper's 5.
    share : float, array or schedule
        :math:`\alpha`, the paper's 0.5; its authors' package has 0.8.
    reset : bool
        Whether the inner rule's slots start afresh each time. Its count of updates does not, so that rules
        that correct for their start (Adam) are not fully reset.

    Raises
    ------
    TypeError, ValueError
        If `period` is not a whole number of at least 1.

    References
    ----------
    Zhang, Lucas, Hinton and Ba, "Lookahead optimizer: k steps forward, 1 step back", arXiv 1907.08610,
    algorithm 1.

    Examples
    --------
    Rate 0.5 on f = x^2/2 takes 8 to 2 in two updates; half of the way is 5.

    >>> from optim import SGD, minimize
    >>> from problems import Parabola
    >>> problem = Parabola(curvature=1.0, start=8.0)
    >>> minimize(problem, Lookahead(SGD(lr=0.5), period=2), steps=2).x.tolist()
    [5.0]
    """

    own_slots: ClassVar = ("slow",)
    period: int = count(5, minimum=1)
    share: Hyper = 0.5
    reset: bool = False

    def update(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        slow, *rest = slots
        x, inner = self.inner.update(x, g, tuple(rest), h.inner)
        if h.t % h.period:
            return x, (slow, *inner)
        slow = slow + h.share * (x - slow)
        if h.reset:
            inner = self.inner.start(slow, h.inner)
        return slow, (slow, *inner)

    def start(self, x: Array, h: Resolved) -> Slots:
        return (x, *self.inner.start(x, h.inner))

    def output(self, x: Numbers, slots: Slots) -> Numbers:
        """Return the slow point."""
        return slots[0]

    @property
    def has_separate_output(self) -> bool:
        return True

    @property
    def is_direction_rule(self) -> bool:
        """False: every `period` updates the fast point returns."""
        return False
