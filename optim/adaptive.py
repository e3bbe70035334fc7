"""Rates of their own for every coordinate, from the size of past gradients."""

from typing import Any, ClassVar, Self

from optim.optimizer import Hyper, Optimizer, Slots
from stepsize.base.arithmetic import sqrt

__all__ = ["Adadelta", "Adagrad", "RMSprop"]


class Adagrad(Optimizer):
    r"""Adagrad: each coordinate's rate shrinks with the root of its summed squared gradients.

    .. math::
        s_t &= s_{t-1} + g_t^2 \\
        x_{t+1} &= x_t - \eta\, \frac{g_t}{\sqrt{s_t} + \epsilon}

    The sum never forgets, so the rate only falls: right for sparse gradients, slow on long runs.

    Parameters
    ----------
    lr : float, array or schedule
        :math:`\eta`, at least 0. The paper tunes it for each task; 0.01 is customary.
    eps : float, array or schedule
        The paper's :math:`\delta`; it is silent on its size, 1e-10 is PyTorch's.
    eps_inside : bool
        False: added outside the root, as in the paper. True: under the root,
        :math:`\sqrt{s_t + \epsilon}`, as in Keras, Optax and "Dive into Deep Learning".

    References
    ----------
    Duchi, Hazan and Singer, "Adaptive subgradient methods for online learning and stochastic optimization",
    JMLR 12 (2011), figure 1 with the diagonal matrix.

    Examples
    --------
    The first step has the length of the rate, whatever the gradient.

    >>> import numpy as np
    >>> opt = Adagrad(lr=0.5, eps=0.0)
    >>> x, state = opt.step(np.zeros(2), np.array([4.0, -0.01]), opt.init(np.zeros(2)))
    >>> x.tolist()
    [-0.5, 0.5]
    """

    slots: ClassVar = ("s",)
    lr: Hyper = 0.01
    eps: Hyper = 1e-10
    eps_inside: bool = False

    def direction(self, x: Any, g: Any, slots: Slots, h: Self) -> tuple[Any, Slots]:
        """Return the gradient over the root of the sum."""
        (s,) = slots
        s = s + g * g
        root = sqrt(s + h.eps) if h.eps_inside else sqrt(s) + h.eps
        return g / root, (s,)


class RMSprop(Optimizer):
    r"""RMSprop: Adagrad with a memory that fades.

    .. math::
        s_t &= \rho\, s_{t-1} + (1 - \rho)\, g_t^2 \\
        x_{t+1} &= x_t - \eta\, \frac{g_t}{\sqrt{s_t + \epsilon}}

    The first step is :math:`1/\sqrt{1-\rho}` times the rate (3.16 at the default), because s starts at 0.

    Parameters
    ----------
    lr : float, array or schedule
        :math:`\eta`, at least 0; the lecture suggests 0.001.
    rho : float, array or schedule
        :math:`\rho`, from 0 to below 1; the lecture's 0.9.
    eps : float, array or schedule
        Added under the root, as Graves, Keras and Optax do. The lecture has none; 1e-8 is Optax's.

    References
    ----------
    Tieleman and Hinton, "Lecture 6.5: rmsprop", Coursera 2012. Graves, arXiv 1308.0850, eq. 38-45, has eps
    under the root.

    Examples
    --------
    >>> import numpy as np
    >>> opt = RMSprop(lr=0.3, rho=0.75, eps=0.0)
    >>> x, state = opt.step(np.zeros(2), np.array([4.0, -0.01]), opt.init(np.zeros(2)))
    >>> x.round(12).tolist()
    [-0.6, 0.6]
    """

    slots: ClassVar = ("s",)
    lr: Hyper = 1e-3
    rho: Hyper = 0.9
    eps: Hyper = 1e-8

    def direction(self, x: Any, g: Any, slots: Slots, h: Self) -> tuple[Any, Slots]:
        """Return the gradient over the root of its mean square."""
        (s,) = slots
        s = h.rho * s + (1 - h.rho) * (g * g)
        return g / sqrt(s + h.eps), (s,)


class Adadelta(Optimizer):
    r"""Adadelta: steps in the units of x, from the sizes of past steps and past gradients.

    .. math::
        s_t &= \rho\, s_{t-1} + (1 - \rho)\, g_t^2 \\
        d_t &= \frac{\sqrt{\Delta_{t-1} + \epsilon}}{\sqrt{s_t + \epsilon}}\, g_t \\
        \Delta_t &= \rho\, \Delta_{t-1} + (1 - \rho)\, d_t^2 \\
        x_{t+1} &= x_t - \eta\, d_t

    It has no rate of its own (:math:`\eta = 1` is the paper's rule) and starts very slowly: the first step
    is :math:`\sqrt{\epsilon / (1 - \rho)}`.

    Parameters
    ----------
    lr : float, array or schedule
        :math:`\eta`, a factor on the steps that the paper does not have; the memory of steps is of the
        unscaled ones, as in all libraries.
    rho : float, array or schedule
        :math:`\rho`, from 0 to below 1; the paper's 0.95.
    eps : float, array or schedule
        :math:`\epsilon`; the paper's 1e-6. It sets the size of the first steps.

    References
    ----------
    Zeiler, "ADADELTA: an adaptive learning rate method", arXiv 1212.5701, algorithm 1.

    Examples
    --------
    >>> import numpy as np
    >>> opt = Adadelta(rho=0.75, eps=1e-6)
    >>> x, state = opt.step(np.zeros(1), np.array([1.0]), opt.init(np.zeros(1)))
    >>> x.round(6).tolist()
    [-0.002]
    """

    slots: ClassVar = ("s", "delta")
    lr: Hyper = 1.0
    rho: Hyper = 0.95
    eps: Hyper = 1e-6

    def direction(self, x: Any, g: Any, slots: Slots, h: Self) -> tuple[Any, Slots]:
        """Return the gradient scaled by the ratio of the two root mean squares."""
        s, delta = slots
        s = h.rho * s + (1 - h.rho) * (g * g)
        d = sqrt(delta + h.eps) / sqrt(s + h.eps) * g
        delta = h.rho * delta + (1 - h.rho) * (d * d)
        return d, (s, delta)
