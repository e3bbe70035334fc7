"""Adagrad, Adadelta and RMSprop: a rate per coordinate, from the size of past gradients."""

from typing import Any, ClassVar

import numpy as np

from optim.hyperparameters import Hyper, Numbers, Resolved, hyper
from optim.optimizer import Optimizer, Slots
from stepsize.core.elementwise import maximum, sqrt

__all__ = ["Adadelta", "Adagrad", "CenteredRMSprop", "RMSprop"]

Array = np.ndarray[Any, Any]


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
    initial : float, array or schedule
        :math:`s_0`; 0 in the paper and in PyTorch, 0.1 in Keras, Optax and TensorFlow 1.

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
    eps: Hyper = hyper(1e-10, minimum=0)
    eps_inside: bool = False
    initial: Hyper = hyper(0.0, minimum=0)

    def direction(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        (s,) = slots
        s = s + g * g
        root = sqrt(s + h.eps) if h.eps_inside else sqrt(s) + h.eps
        return g / root, (s,)

    def start(self, x: Array, h: Resolved) -> Slots:
        return (np.zeros_like(x) + h.initial,)


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
        The lecture has none; 1e-8 is Optax's.
    eps_inside : bool
        True: added under the root, as in Graves, Keras and Optax. False: outside,
        :math:`\sqrt{s_t} + \epsilon`, as in PyTorch.
    initial : float, array or schedule
        :math:`s_0`, 0; TensorFlow 1 has 1, with which the first steps are not long.
    debias : bool
        Whether s is divided by :math:`1 - \rho^t`, which Optax can do.

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
    rho: Hyper = hyper(0.9, minimum=0, below=1)
    eps: Hyper = hyper(1e-8, minimum=0)
    eps_inside: bool = True
    initial: Hyper = hyper(0.0, minimum=0)
    debias: bool = False

    def direction(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        (s,) = slots
        s = h.rho * s + (1 - h.rho) * (g * g)
        s_hat = s / (1 - h.rho**h.t) if h.debias else s
        root = sqrt(s_hat + h.eps) if h.eps_inside else sqrt(s_hat) + h.eps
        return g / root, (s,)

    def start(self, x: Array, h: Resolved) -> Slots:
        return (np.zeros_like(x) + h.initial,)


class CenteredRMSprop(Optimizer):
    r"""Centered RMSprop: the gradient over its standard deviation.

    .. math::
        m_t &= \rho\, m_{t-1} + (1 - \rho)\, g_t \\
        s_t &= \rho\, s_{t-1} + (1 - \rho)\, g_t^2 \\
        x_{t+1} &= x_t - \eta\, \frac{g_t}{\sqrt{s_t - m_t^2 + \epsilon}}

    Under a steady gradient the deviation goes to 0 and the steps grow until eps bounds them. Where rounding
    puts :math:`s - m^2` a little below 0, it counts as 0.

    Parameters
    ----------
    lr : float, array or schedule
        :math:`\eta`, at least 0; Graves' 1e-4.
    rho : float, array or schedule
        :math:`\rho`, from 0 to below 1; Graves' 0.95.
    eps : float, array or schedule
        Graves' 1e-4.
    eps_inside : bool
        True: added under the root, as in Graves, Keras and Optax. False: outside, as in PyTorch, where the
        steps under a steady gradient grow beyond all bounds.
    initial : float, array or schedule
        :math:`s_0`, 0; TensorFlow 1 has 1.
    debias : bool
        Whether m and s are divided by :math:`1 - \rho^t`, which Optax can do.

    References
    ----------
    Graves, "Generating sequences with recurrent neural networks", arXiv 1308.0850, eq. 38-41; its momentum is
    `WithMomentum` with the rate inside.

    Examples
    --------
    A first gradient of 4: s = 0.5 * 16, m = 0.5 * 4, a deviation of 2.

    >>> import numpy as np
    >>> opt, x = CenteredRMSprop(lr=0.5, rho=0.5, eps=0.0), np.zeros(1)
    >>> opt.step(x, np.array([4.0]), opt.init(x))[0].tolist()
    [-1.0]
    """

    slots: ClassVar = ("m", "s")
    lr: Hyper = 1e-4
    rho: Hyper = hyper(0.95, minimum=0, below=1)
    eps: Hyper = hyper(1e-4, minimum=0)
    eps_inside: bool = True
    initial: Hyper = hyper(0.0, minimum=0)
    debias: bool = False

    def direction(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        m, s = slots
        m = h.rho * m + (1 - h.rho) * g
        s = h.rho * s + (1 - h.rho) * (g * g)
        correction = 1 - h.rho**h.t if h.debias else 1.0
        m_hat, s_hat = m / correction, s / correction
        variance = maximum(s_hat - m_hat * m_hat, 0.0)
        root = sqrt(variance + h.eps) if h.eps_inside else sqrt(variance) + h.eps
        return g / root, (m, s)

    def start(self, x: Array, h: Resolved) -> Slots:
        return np.zeros_like(x), np.zeros_like(x) + h.initial


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
    rho: Hyper = hyper(0.95, minimum=0, below=1)
    eps: Hyper = hyper(1e-6, minimum=0)

    def direction(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        s, delta = slots
        s = h.rho * s + (1 - h.rho) * (g * g)
        d = sqrt(delta + h.eps) / sqrt(s + h.eps) * g
        delta = h.rho * delta + (1 - h.rho) * (d * d)
        return d, (s, delta)
