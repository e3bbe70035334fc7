"""Rules that keep a weighted sum of all gradients and say where it leads: MADGRAD and FTRL-Proximal."""

from typing import Any, ClassVar

import numpy as np

from optim.hyperparameters import Hyper, Numbers, Resolved, hyper
from optim.optimizer import Optimizer, Slots
from stepsize.core.elementwise import maximum, minimum, sqrt

__all__ = ["FTRL", "MADGRAD"]

Array = np.ndarray[Any, Any]


class MADGRAD(Optimizer):
    r"""MADGRAD: dual averaging from the start, divided by the cube root of the squares, with momentum.

    .. math::
        \lambda_t &= \eta_t \sqrt t \\
        s_t &= s_{t-1} + \lambda_t g_t, \qquad v_t = v_{t-1} + \lambda_t g_t^2 \\
        z_t &= x_1 - \frac{s_t}{\sqrt[3]{v_t} + \epsilon} \\
        x_{t+1} &= \beta x_t + (1 - \beta)\, z_t

    Every step starts from :math:`x_1` again, so that no gradient is forgotten; later ones weigh more.

    Parameters
    ----------
    lr : float, array or schedule
        :math:`\eta`, at least 0; the authors' 0.01.
    momentum : float, array or schedule
        :math:`\beta`, from 0 to below 1; the paper's 0.9 (its c is 1 minus that).
    eps : float, array or schedule
        Added to the cube root; the authors' 1e-6.
    eps_in_rate : bool
        Whether eps is added to the rate as well, as the authors' code and Optax do: then a rate of 0 moves.

    References
    ----------
    Defazio and Jelassi, "Adaptivity without compromise: a momentumized, adaptive, dual averaged gradient
    method for stochastic optimization", arXiv 2101.11075, algorithm 1.

    Examples
    --------
    Without momentum the first step is lr g over the cube root of lr g^2: 8 over 4.

    >>> opt, x = MADGRAD(lr=1.0, momentum=0.0, eps=0.0), np.zeros(1)
    >>> opt.step(x, np.array([8.0]), opt.init(x))[0].round(12).tolist()
    [-2.0]
    """

    slots: ClassVar = ("s", "v", "start")
    lr: Hyper = 0.01
    momentum: Hyper = hyper(0.9, minimum=0, below=1)
    eps: Hyper = hyper(1e-6, minimum=0)
    eps_in_rate: bool = False

    def update(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        s, v, first = slots
        rate = h.lr + h.eps if h.eps_in_rate else h.lr
        weight = rate * h.t**0.5
        s = s + weight * g
        v = v + weight * (g * g)
        z = first - s / (np.cbrt(v) + h.eps)
        return x + (1 - h.momentum) * (z - x), (s, v, first)

    def start(self, x: Array, h: Resolved) -> Slots:
        return np.zeros_like(x), np.zeros_like(x), x


class FTRL(Optimizer):
    r"""FTRL-Proximal: the point that would have done best so far, with a penalty that sets weights to 0.

    .. math::
        n_t &= n_{t-1} + g_t^2, \qquad \sigma_t = (\sqrt{n_t} - \sqrt{n_{t-1}}) / \eta \\
        z_t &= z_{t-1} + g_t - \sigma_t x_t \\
        x_{t+1} &= \begin{cases} 0 & |z_t| \le \lambda_1 \\
            -\dfrac{z_t - \operatorname{sign}(z_t)\, \lambda_1}{(\beta + \sqrt{n_t}) / \eta + \lambda_2}
            & \text{otherwise} \end{cases}

    Made for click-through rates: most weights stay exactly 0. A start other than 0 is forgotten by and by:
    the rule pulls towards 0 as :math:`\beta` and `initial` say.

    Parameters
    ----------
    lr : float, array or schedule
        :math:`\eta`, the paper's :math:`\alpha`, above 0.
    beta : float, array or schedule
        :math:`\beta`, at least 0; the paper's 1. (Keras has 0.)
    l1, l2 : float, array or schedule
        :math:`\lambda_1, \lambda_2`, at least 0. What Keras and TensorFlow call L2 is half of this one.
    shrinkage : float, array or schedule
        A penalty on the size of x besides, at least 0: twice this times x joins the gradient in z, but not
        in n.
    initial : float, array or schedule
        Where n starts; 0. (Keras and TensorFlow: 0.1.)

    References
    ----------
    McMahan et al., "Ad click prediction: a view from the trenches", KDD 2013, algorithm 1.

    Examples
    --------
    From 0 with a gradient of 3: z = 3, n = 9, and x = -(3 - 1) / ((1 + 3) / 0.5).

    >>> opt, x = FTRL(lr=0.5, l1=1.0), np.zeros(2)
    >>> opt.step(x, np.array([3.0, 0.9]), opt.init(x))[0].tolist()
    [-0.25, 0.0]
    """

    slots: ClassVar = ("z", "n")
    lr: Hyper = hyper(0.1, above=0)
    beta: Hyper = hyper(1.0, minimum=0)
    l1: Hyper = hyper(0.0, minimum=0)
    l2: Hyper = hyper(0.0, minimum=0)
    shrinkage: Hyper = hyper(0.0, minimum=0)
    initial: Hyper = hyper(0.0, minimum=0)

    def update(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        z, n = slots
        root, n = sqrt(n), n + g * g
        sigma = (sqrt(n) - root) / h.lr
        z = z + g + 2 * h.shrinkage * x - sigma * x
        inside = maximum(-h.l1, minimum(h.l1, z))
        x = (inside - z) / ((h.beta + sqrt(n)) / h.lr + h.l2)
        return x, (z, n)

    def start(self, x: Array, h: Resolved) -> Slots:
        return np.zeros_like(x), np.zeros_like(x) + h.initial
