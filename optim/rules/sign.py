"""Optimizers that use the sign of the gradient, not its size."""

from typing import Any, ClassVar

import numpy as np

from optim.hyperparameters import Hyper, Numbers, Resolved, hyper
from optim.optimizer import Optimizer, Slots
from stepsize.core.elementwise import maximum, minimum, sign, where

__all__ = ["Lion", "Rprop", "SignSGD", "Signum"]

Array = np.ndarray[Any, Any]


class SignSGD(Optimizer):
    r"""Sign descent: every coordinate moves by the rate.

    .. math:: x_{t+1} = x_t - \eta\, \operatorname{sign}(g_t)

    It never comes to rest under a constant rate. The sign of 0 is 0.

    Parameters
    ----------
    lr : float, array or schedule
        :math:`\eta`, at least 0, in the units of x. The paper's experiments use 1e-4.

    References
    ----------
    Bernstein, Wang, Azizzadenesheli and Anandkumar, "signSGD: compressed optimisation for non-convex
    problems", arXiv 1802.04434, algorithm 1.

    Examples
    --------
    >>> import numpy as np
    >>> opt, x = SignSGD(lr=0.5), np.zeros(3)
    >>> opt.step(x, np.array([7.0, -1e-9, 0.0]), opt.init(x))[0].tolist()
    [-0.5, 0.5, 0.0]
    """

    lr: Hyper = 1e-4

    def direction(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        return sign(g), ()


class Signum(Optimizer):
    r"""Signum: the sign of an average of the gradients.

    .. math::
        m_t &= \beta\, m_{t-1} + (1 - \beta)\, g_t \\
        x_{t+1} &= x_t - \eta\, \operatorname{sign}(m_t)

    Parameters
    ----------
    lr : float, array or schedule
        :math:`\eta`, at least 0, in the units of x. The paper's experiments use 1e-4.
    beta : float, array or schedule
        :math:`\beta`, from 0 to below 1; the paper's 0.9.

    References
    ----------
    Bernstein, Wang, Azizzadenesheli and Anandkumar, "signSGD: compressed optimisation for non-convex
    problems", arXiv 1802.04434, algorithm 2.

    Examples
    --------
    After a gradient of 1 it takes more than -9 to turn the average of beta = 0.9 around.

    >>> import numpy as np
    >>> opt, x = Signum(lr=0.5), np.zeros(1)
    >>> x, state = opt.step(x, np.array([10.0]), opt.init(x))
    >>> opt.step(x, np.array([-8.0]), state)[0].tolist()
    [-1.0]
    """

    slots: ClassVar = ("m",)
    lr: Hyper = 1e-4
    beta: Hyper = hyper(0.9, minimum=0, below=1)

    def direction(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        (m,) = slots
        m = h.beta * m + (1 - h.beta) * g
        return sign(m), (m,)


class Lion(Optimizer):
    r"""Lion: the sign of one average, the memory of a slower one.

    .. math::
        x_{t+1} &= x_t - \eta\, \operatorname{sign}\bigl(\beta_1 m_{t-1} + (1 - \beta_1)\, g_t\bigr) \\
        m_t &= \beta_2 m_{t-1} + (1 - \beta_2)\, g_t

    The paper's decay is `DecoupledDecay` around it.

    Parameters
    ----------
    lr : float, array or schedule
        :math:`\eta`, at least 0, in the units of x; 1e-4 is the authors' (three to ten times below Adam's).
    beta1 : float, array or schedule
        Share of the memory in the step, from 0 to below 1; the paper's 0.9.
    beta2 : float, array or schedule
        Decay of the memory, from 0 to below 1; the paper's 0.99.

    References
    ----------
    Chen et al., "Symbolic discovery of optimization algorithms", arXiv 2302.06675, program 1.

    Examples
    --------
    >>> import numpy as np
    >>> opt, x = Lion(lr=0.5), np.zeros(3)
    >>> opt.step(x, np.array([7.0, -1e-9, 0.0]), opt.init(x))[0].tolist()
    [-0.5, 0.5, 0.0]
    """

    slots: ClassVar = ("m",)
    lr: Hyper = 1e-4
    beta1: Hyper = hyper(0.9, minimum=0, below=1)
    beta2: Hyper = hyper(0.99, minimum=0, below=1)

    def direction(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        (m,) = slots
        d = sign(h.beta1 * m + (1 - h.beta1) * g)
        return d, (h.beta2 * m + (1 - h.beta2) * g,)


class Rprop(Optimizer):
    r"""Resilient backpropagation (iRprop-): a step of its own for every coordinate, from the signs alone.

    .. math::
        \Delta_t &= \Delta_{t-1} \cdot \begin{cases}
            \eta^+ & g_{t-1}\, g_t > 0 \\ \eta^- & g_{t-1}\, g_t < 0 \\ 1 & \text{otherwise}\end{cases}
            \qquad\text{between } \Delta_{\min} \text{ and } \Delta_{\max} \\
        g_t &\leftarrow 0 \quad\text{where } g_{t-1}\, g_t < 0 \\
        x_{t+1} &= x_t - \eta\, \Delta_t \operatorname{sign}(g_t)

    Where the sign turned, the coordinate rests for an update. For full gradients only: the sign of a
    mini-batch's gradient says too little.

    Parameters
    ----------
    lr : float, array or schedule
        :math:`\eta`, a factor on all steps that the paper does not have; 1.
    initial : float, array or schedule
        :math:`\Delta_0`, the first step; the 1993 paper's 0.1 (in PyTorch it is called lr and is 0.01). Of a
        schedule the first value.
    eta_minus, eta_plus : float, array or schedule
        :math:`\eta^-, \eta^+`; the paper's 0.5 and 1.2.
    min_step, max_step : float, array or schedule
        :math:`\Delta_{\min}, \Delta_{\max}`; the paper's 1e-6 and 50.

    References
    ----------
    Riedmiller and Braun, "A direct adaptive method for faster backpropagation learning: the RPROP algorithm",
    ICNN 1993. Igel and Hüsken, "Improving the Rprop learning algorithm", NC 2000, has iRprop-.

    Examples
    --------
    Gradients 1, 1, 1, -1, 1: three growing steps, a rest, and a step of half the length.

    >>> import numpy as np
    >>> opt, x = Rprop(), np.zeros(1)
    >>> state, steps = opt.init(x), []
    >>> for g in [1.0, 1.0, 1.0, -1.0, 1.0]:
    ...     x_next, state = opt.step(x, np.array([g]), state)
    ...     steps.append(round(float((x - x_next)[0]), 12))
    ...     x = x_next
    >>> steps
    [0.1, 0.12, 0.144, 0.0, 0.072]
    """

    slots: ClassVar = ("g", "delta")
    lr: Hyper = 1.0
    initial: Hyper = hyper(0.1, minimum=0)
    eta_minus: Hyper = 0.5
    eta_plus: Hyper = 1.2
    min_step: Hyper = 1e-6
    max_step: Hyper = 50.0

    def direction(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        before, delta = slots
        same = before * g
        delta = where(same > 0, h.eta_plus * delta, where(same < 0, h.eta_minus * delta, delta))
        delta = maximum(h.min_step, minimum(h.max_step, delta))
        g = where(same < 0, 0.0 * g, g)
        return delta * sign(g), (g, delta)

    def start(self, x: Array, h: Resolved) -> Slots:
        return np.zeros_like(x), np.zeros_like(x) + h.initial
