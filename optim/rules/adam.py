"""Adam: momentum and a rate for every coordinate, corrected for their start at zero; and its kin."""

from typing import Any, ClassVar

import numpy as np

from optim.hyperparameters import Hyper, Numbers, Resolved, hyper
from optim.optimizer import Optimizer, Slots
from stepsize.core.elementwise import maximum, sqrt
from stepsize.core.limits.parameters import one_of

__all__ = ["AdaMax", "Adam", "AdamW", "Nadam"]

Array = np.ndarray[Any, Any]


class Adam(Optimizer):
    r"""Adam, algorithm 1 of its paper.

    .. math::
        m_t &= \beta_1 m_{t-1} + (1 - \beta_1)\, g_t \\
        v_t &= \beta_2 v_{t-1} + (1 - \beta_2)\, g_t^2 \\
        \hat m_t &= m_t / (1 - \beta_1^t), \qquad \hat v_t = v_t / (1 - \beta_2^t) \\
        x_{t+1} &= x_t - \eta\, \frac{\hat m_t}{\sqrt{\hat v_t} + \epsilon}

    The first step has the length of the rate, whatever the gradient; under a constant gradient every step
    has. Near a minimum the steps stay about that long, so a constant rate circles: let it decay.

    Parameters
    ----------
    lr : float, array or schedule
        :math:`\eta`, the paper's :math:`\alpha`, at least 0.
    beta1, beta2 : float, array or schedule
        Decay of the two averages, from 0 to below 1.
    eps : float, array or schedule
        Added outside the root after the correction, as PyTorch and Optax do.
    eps_hat : bool
        True: eps is the paper's :math:`\hat\epsilon` of section 2, added before the correction,
        :math:`\sqrt{v_t} + \epsilon`, as Keras and TensorFlow do. It weighs
        :math:`1/\sqrt{1 - \beta_2^t}` times as much: 32 times on the first step, at the default.

    References
    ----------
    Kingma and Ba, "Adam: a method for stochastic optimization", arXiv 1412.6980, algorithm 1 and its
    defaults.

    Examples
    --------
    >>> import numpy as np
    >>> opt = Adam(lr=0.1, eps=0.0)
    >>> x, state = opt.step(np.zeros(2), np.array([4.0, -0.01]), opt.init(np.zeros(2)))
    >>> x.round(12).tolist()
    [-0.1, 0.1]
    """

    slots: ClassVar = ("m", "v")
    lr: Hyper = 1e-3
    beta1: Hyper = hyper(0.9, minimum=0, below=1)
    beta2: Hyper = hyper(0.999, minimum=0, below=1)
    eps: Hyper = hyper(1e-8, minimum=0)
    eps_hat: bool = False

    def direction(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        m, v = slots
        m = h.beta1 * m + (1 - h.beta1) * g
        v = h.beta2 * v + (1 - h.beta2) * (g * g)
        m_hat = m / (1 - h.beta1**h.t)
        v_hat = v / (1 - h.beta2**h.t)
        eps = h.eps / sqrt(1 - h.beta2**h.t) if h.eps_hat else h.eps
        return m_hat / (sqrt(v_hat) + eps), (m, v)


class AdamW(Adam):
    r"""AdamW: Adam with weight decay that does not pass through its averages.

    .. math:: x_{t+1} = x_t - \eta_t \left(\frac{\hat m_t}{\sqrt{\hat v_t} + \epsilon} + \lambda x_t\right)

    with the averages of `Adam`.

    Parameters
    ----------
    lr : float, array or schedule
        :math:`\eta`, at least 0.
    beta1, beta2, eps, eps_hat
        As in `Adam`.
    weight_decay : float, array or schedule
        :math:`\lambda`, at least 0; PyTorch's 0.01 (Keras has 0.004, Optax 0.0001; the paper names none).
    decay : str
        The convention. "decoupled", as above: PyTorch, Keras, Optax. "paper": algorithm 2, where the schedule
        multiplies the decay but the base rate does not, :math:`\eta_t \lambda x_t / \alpha`. "l2": not AdamW
        at all but Adam with a penalty, :math:`g_t + \lambda x_t` in place of :math:`g_t`, to compare with.
    base_lr : float, array or schedule
        :math:`\alpha`, the rate that the schedule multiplies; only used by "paper".

    Raises
    ------
    ValueError
        If `decay` is another word.

    References
    ----------
    Loshchilov and Hutter, "Decoupled weight decay regularization", arXiv 1711.05101, algorithm 2.

    Examples
    --------
    From x = 2 the first step moves by the rate, 0.1, and the decay takes 0.1 * 0.5 * 2. In the paper's
    convention at its base rate the decay takes 0.5 * 2.

    >>> import numpy as np
    >>> x, g = np.array([2.0]), np.array([3.0])
    >>> opt = AdamW(lr=0.1, eps=0.0, weight_decay=0.5)
    >>> opt.step(x, g, opt.init(x))[0].round(12).tolist()
    [1.8]
    >>> opt = opt.replace(decay="paper", base_lr=0.1)
    >>> opt.step(x, g, opt.init(x))[0].round(12).tolist()
    [0.9]
    """

    weight_decay: Hyper = hyper(0.01, minimum=0)
    decay: str = one_of("decoupled", "paper", "l2")
    base_lr: Hyper = 1e-3

    def direction(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        if h.decay == "l2":
            return Adam.direction(self, x, g + h.weight_decay * x, slots, h)
        share = h.weight_decay / h.base_lr if h.decay == "paper" else h.weight_decay
        d, slots = Adam.direction(self, x, g, slots, h)
        return d + share * x, slots


class AdaMax(Optimizer):
    r"""AdaMax: Adam with the largest gradient, fading, in place of the root mean square.

    .. math::
        m_t &= \beta_1 m_{t-1} + (1 - \beta_1)\, g_t \\
        u_t &= \max(\beta_2 u_{t-1},\; |g_t| + \epsilon) \\
        x_{t+1} &= x_t - \frac{\eta}{1 - \beta_1^t}\, \frac{m_t}{u_t}

    Parameters
    ----------
    lr : float, array or schedule
        :math:`\eta`, at least 0; the paper's 0.002.
    beta1, beta2 : float, array or schedule
        Decay of the average and of the largest gradient, from 0 to below 1.
    eps : float, array or schedule
        The paper has none and divides 0 by 0 where no gradient has come; PyTorch's and Optax' 1e-8.
    eps_outside : bool
        False: added to each gradient, as PyTorch and Optax do. True: added at the division,
        :math:`m_t / (u_t + \epsilon)`, as Keras does.

    References
    ----------
    Kingma and Ba, "Adam: a method for stochastic optimization", arXiv 1412.6980, algorithm 2.

    Examples
    --------
    >>> import numpy as np
    >>> opt = AdaMax(lr=0.1, eps=0.0)
    >>> x, state = opt.step(np.zeros(2), np.array([4.0, -0.01]), opt.init(np.zeros(2)))
    >>> x.round(12).tolist()
    [-0.1, 0.1]
    """

    slots: ClassVar = ("m", "u")
    lr: Hyper = 2e-3
    beta1: Hyper = hyper(0.9, minimum=0, below=1)
    beta2: Hyper = hyper(0.999, minimum=0, below=1)
    eps: Hyper = hyper(1e-8, minimum=0)
    eps_outside: bool = False

    def direction(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        m, u = slots
        m = h.beta1 * m + (1 - h.beta1) * g
        u = maximum(h.beta2 * u, abs(g) if h.eps_outside else abs(g) + h.eps)
        m_hat = m / (1 - h.beta1**h.t)
        return m_hat / (u + h.eps if h.eps_outside else u), (m, u)


class Nadam(Optimizer):
    r"""Nadam: Adam that looks ahead as Nesterov does, with a momentum that warms up.

    .. math::
        \mu_t &= \beta_1 \left(1 - \tfrac12\, 0.96^{t \psi}\right), \qquad P_t = \mu_1 \mu_2 \cdots \mu_t \\
        m_t &= \beta_1 m_{t-1} + (1 - \beta_1)\, g_t, \qquad v_t = \beta_2 v_{t-1} + (1 - \beta_2)\, g_t^2 \\
        \bar m_t &= \frac{\mu_{t+1}\, m_t}{1 - P_t\, \mu_{t+1}} + \frac{(1 - \mu_t)\, g_t}{1 - P_t} \\
        x_{t+1} &= x_t - \eta\, \frac{\bar m_t}{\sqrt{v_t / (1 - \beta_2^t)} + \epsilon}

    Parameters
    ----------
    lr : float, array or schedule
        :math:`\eta`, at least 0; the report's 0.002.
    beta1, beta2 : float, array or schedule
        Decay of the averages, from 0 to below 1; :math:`\mu` grows from about beta1 / 2 to beta1.
    eps : float, array or schedule
        Added outside the root after the correction.
    momentum_decay : float, array or schedule
        :math:`\psi`; the report's 1/250, with which :math:`\mu` needs tens of thousands of updates. Keras 3
        has dropped the 250: its :math:`\psi` is 1.
    warming : bool
        False: no warmup, :math:`\mu_t = \beta_1`, as Optax does.

    References
    ----------
    Dozat, "Incorporating Nesterov momentum into Adam", Stanford CS229 report 2015 (the ICLR workshop paper of
    2016 differs in two places, and no library follows those).

    Examples
    --------
    Without warmup the first step is 0.9 * 0.1 / (1 - 0.81) + 1 times the rate.

    >>> import numpy as np
    >>> opt = Nadam(lr=1.0, eps=0.0, warming=False)
    >>> x, state = opt.step(np.zeros(1), np.array([4.0]), opt.init(np.zeros(1)))
    >>> x.round(6).tolist(), round(0.09 / 0.19 + 1, 6)
    ([-1.473684], 1.473684)
    """

    slots: ClassVar = ("m", "v", "product")
    lr: Hyper = 2e-3
    beta1: Hyper = hyper(0.9, minimum=0, below=1)
    beta2: Hyper = hyper(0.999, minimum=0, below=1)
    eps: Hyper = hyper(1e-8, minimum=0)
    momentum_decay: Hyper = hyper(0.004, minimum=0)
    warming: bool = True

    def momentum_at(self, t: int, h: Resolved) -> Numbers:
        """Return mu_t."""
        return h.beta1 * (1 - 0.5 * 0.96 ** (t * h.momentum_decay)) if h.warming else h.beta1

    def direction(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        m, v, product = slots
        mu, mu_next = self.momentum_at(h.t, h), self.momentum_at(h.t + 1, h)
        product = product * mu
        m = h.beta1 * m + (1 - h.beta1) * g
        v = h.beta2 * v + (1 - h.beta2) * (g * g)
        m_bar = mu_next * m / (1 - product * mu_next) + (1 - mu) * g / (1 - product)
        v_hat = v / (1 - h.beta2**h.t)
        return m_bar / (sqrt(v_hat) + h.eps), (m, v, product)

    def start(self, x: Array, h: Resolved) -> Slots:
        return np.zeros_like(x), np.zeros_like(x), np.ones_like(x)
