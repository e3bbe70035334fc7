"""Relatives of Adam with more than its two averages, or other ones: AdEMAMix, simplified or not, and Adan."""

from typing import ClassVar

from optim.hyperparameters import Hyper, Numbers, Resolved, hyper
from optim.optimizer import Optimizer, Slots
from stepsize.core.elementwise import exp, log, sqrt, where
from stepsize.core.limits.parameters import count, one_of

__all__ = ["AdEMAMix", "Adan", "SimplifiedAdEMAMix"]


class AdEMAMix(Optimizer):
    r"""AdEMAMix: Adam with a second, very slow average of the gradients.

    .. math::
        m_t &= \beta_1 m_{t-1} + (1 - \beta_1)\, g_t, \qquad \hat m_t = m_t / (1 - \beta_1^t) \\
        s_t &= \beta_3 s_{t-1} + (1 - \beta_3)\, g_t \\
        v_t &= \beta_2 v_{t-1} + (1 - \beta_2)\, g_t^2, \qquad \hat v_t = v_t / (1 - \beta_2^t) \\
        x_{t+1} &= x_t - \eta\, \frac{\hat m_t + \alpha s_t}{\sqrt{\hat v_t} + \epsilon}

    The slow average is not corrected for its start at zero: it fills slowly, over tens of thousands of
    updates. The paper's decay is `DecoupledDecay` around it.

    Parameters
    ----------
    lr : float, array or schedule
        :math:`\eta`, at least 0.
    beta1, beta2 : float, array or schedule
        Decay of the fast average and of the squares, from 0 to below 1.
    beta3 : float, array or schedule
        Decay of the slow average, from 0 to below 1; the paper's 0.9999.
    alpha : float, array or schedule
        Weight of the slow average, at least 0; the paper's 5, of its usual 4 to 10.
    eps : float, array or schedule
        Added outside the root, after the correction.
    eps_root : float, array or schedule
        Added inside the root; 0.
    warmup : int, optional
        The paper's :math:`T`, at least 1: alpha rises linearly to itself over T updates, and beta3 from beta1
        to itself so that the half-life of its memory grows linearly. None: both are as given from the start,
        as in Optax, and may be schedules.

    Raises
    ------
    TypeError, ValueError
        If `warmup` is not a whole number of at least 1.

    References
    ----------
    Pagliardini, Ablin and Grangier, "The AdEMAMix optimizer: better, faster, older", arXiv 2409.03137,
    algorithm 1 and equations for the two schedulers.

    Examples
    --------
    After one gradient the corrected fast average is the gradient, the slow one a ten-thousandth of it.

    >>> import numpy as np
    >>> opt, x = AdEMAMix(lr=0.1, eps=0.0), np.zeros(2)
    >>> opt.step(x, np.array([4.0, -0.01]), opt.init(x))[0].round(9).tolist()
    [-0.10005, 0.10005]
    """

    slots: ClassVar = ("m", "s", "v")
    lr: Hyper = 1e-3
    beta1: Hyper = hyper(0.9, minimum=0, below=1)
    beta2: Hyper = hyper(0.999, minimum=0, below=1)
    beta3: Hyper = hyper(0.9999, minimum=0, below=1)
    alpha: Hyper = hyper(5.0, minimum=0)
    eps: Hyper = hyper(1e-8, minimum=0)
    eps_root: Hyper = hyper(0.0, minimum=0)
    warmup: int | None = count(minimum=1)

    def direction(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        m, s, v = slots
        alpha, beta3 = h.alpha, h.beta3
        if h.warmup is not None and h.t < h.warmup:
            alpha, beta3 = alpha * (h.t / h.warmup), _rising(h.beta1, beta3, h.t / h.warmup)
        m = h.beta1 * m + (1 - h.beta1) * g
        s = beta3 * s + (1 - beta3) * g
        v = h.beta2 * v + (1 - h.beta2) * (g * g)
        m_hat = m / (1 - h.beta1**h.t)
        v_hat = v / (1 - h.beta2**h.t)
        return (m_hat + alpha * s) / (sqrt(v_hat + h.eps_root) + h.eps), (m, s, v)


def _rising(first: Numbers, last: Numbers, share: float) -> Numbers:
    """Return a decay between two whose half-life is that share of the way from the first's to the last's."""
    memory = (1 - share) * _memory(first) + share * _memory(last)
    return where(memory > 0, exp(-1 / where(memory > 0, memory, 1.0)), 0.0)


def _memory(decay: Numbers) -> Numbers:
    """Return after how many updates a decay has left 1/e of a gradient; 0 for the decay 0."""
    return where(decay > 0, -1 / log(where(decay > 0, decay, 0.5)), 0.0)


class SimplifiedAdEMAMix(Optimizer):
    r"""Simplified AdEMAMix: one momentum that gathers gradients whole, and the gradient itself beside it.

    .. math::
        m_t &= \beta_1 m_{t-1} + g_t \\
        v_t &= \beta_2 v_{t-1} + (1 - \beta_2)\, g_t^2, \qquad \hat v_t = v_t / (1 - \beta_2^t) \\
        x_{t+1} &= x_t - \eta\, \frac{m_t + \alpha\, g_t}{\sqrt{\hat v_t} + \epsilon}

    The momentum is a sum: it grows to :math:`1 / (1 - \beta_1)` gradients, so that the rate is to be smaller
    than Adam's by about that factor. The paper's decay is `DecoupledDecay` around it.

    Parameters
    ----------
    lr : float, array or schedule
        :math:`\eta`, at least 0.
    beta1, beta2 : float, array or schedule
        Decay of the momentum and of the squares, from 0 to below 1; Optax' 0.99 and 0.95.
    alpha : float, array or schedule
        Weight of the gradient beside the momentum, at least 0; Optax' 0.
    eps, eps_root : float, array or schedule
        Added outside and inside the root; 1e-8 and 0.

    References
    ----------
    Morwani, Vyas, Zhang and Kakade, "Connections between Schedule-Free optimizers, AdEMAMix, and accelerated
    SGD variants", arXiv 2502.02431.

    Examples
    --------
    The first step is (1 + alpha) signs of the gradient; the second has gathered 1.5 gradients.

    >>> import numpy as np
    >>> opt, x = SimplifiedAdEMAMix(lr=1.0, beta1=0.5, alpha=2.0, eps=0.0), np.zeros(1)
    >>> x, state = opt.step(x, np.array([4.0]), opt.init(x))
    >>> x.tolist(), opt.step(x, np.array([4.0]), state)[0].round(12).tolist()
    ([-3.0], [-6.5])
    """

    slots: ClassVar = ("m", "v")
    lr: Hyper = 1e-3
    beta1: Hyper = hyper(0.99, minimum=0, below=1)
    beta2: Hyper = hyper(0.95, minimum=0, below=1)
    alpha: Hyper = hyper(0.0, minimum=0)
    eps: Hyper = hyper(1e-8, minimum=0)
    eps_root: Hyper = hyper(0.0, minimum=0)

    def direction(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        m, v = slots
        m = h.beta1 * m + g
        v = h.beta2 * v + (1 - h.beta2) * (g * g)
        v_hat = v / (1 - h.beta2**h.t)
        return (m + h.alpha * g) / (sqrt(v_hat + h.eps_root) + h.eps), (m, v)


class Adan(Optimizer):
    r"""Adan: Adam with Nesterov's look ahead from differences of gradients.

    .. math::
        m_t &= \beta_1 m_{t-1} + (1 - \beta_1)\, g_t \\
        v_t &= \beta_2 v_{t-1} + (1 - \beta_2)\,(g_t - g_{t-1}), \qquad g_0 = g_1 \\
        n_t &= \beta_3 n_{t-1} + (1 - \beta_3)\,\bigl(g_t + \beta_2 (g_t - g_{t-1})\bigr)^2 \\
        d_t &= \frac{\hat m_t + \beta_2 \hat v_t}{\sqrt{\hat n_t + \epsilon_r} + \epsilon}, \qquad
            \text{each hat over } 1 - \beta^t \\
        x_{t+1} &= \frac{x_t - \eta\, d_t}{1 + \eta \lambda}

    Parameters
    ----------
    lr : float, array or schedule
        :math:`\eta`, at least 0.
    beta1, beta2, beta3 : float, array or schedule
        Decay of the averages of gradients, differences and squares, from 0 to below 1; the paper, which
        writes 1 minus these, has 0.98, 0.92 and 0.99.
    eps, eps_root : float, array or schedule
        Added outside and inside the root; 1e-8 and 0. (Optax has 1e-8 for both.)
    weight_decay : float, array or schedule
        :math:`\lambda`, at least 0.
    decay : {"proximal", "decoupled"}
        "proximal": x is divided by :math:`1 + \eta\lambda` after the step, as in the paper. "decoupled":
        :math:`\eta\lambda x_t` is taken off, as Optax does.
    ahead : {"1 - beta2", "beta2"}
        The factor of the differences. The paper writes its :math:`\beta_2` the other way round, so that the
        authors' code multiplies by "beta2"; Optax multiplies by "1 - beta2".

    Raises
    ------
    ValueError
        If `decay` or `ahead` is another word.

    References
    ----------
    Xie et al., "Adan: adaptive Nesterov momentum algorithm for faster optimizing deep models",
    arXiv 2208.06677, algorithm 1, and the authors' code (sail-sg/Adan) for the corrections.

    Examples
    --------
    The first step is Adam's, a sign.

    >>> import numpy as np
    >>> opt, x = Adan(lr=0.1, eps=0.0), np.zeros(2)
    >>> opt.step(x, np.array([4.0, -0.01]), opt.init(x))[0].round(12).tolist()
    [-0.1, 0.1]
    """

    slots: ClassVar = ("m", "v", "n", "g")
    lr: Hyper = 1e-3
    beta1: Hyper = hyper(0.98, minimum=0, below=1)
    beta2: Hyper = hyper(0.92, minimum=0, below=1)
    beta3: Hyper = hyper(0.99, minimum=0, below=1)
    eps: Hyper = hyper(1e-8, minimum=0)
    eps_root: Hyper = hyper(0.0, minimum=0)
    weight_decay: Hyper = hyper(0.0, minimum=0)
    decay: str = one_of("proximal", "decoupled")
    ahead: str = one_of("beta2", "1 - beta2")

    def direction(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        d, slots = self._step(g, slots, h)
        if h.decay == "decoupled":
            return d + h.weight_decay * x, slots
        return (d + h.weight_decay * x) / (1 + h.lr * h.weight_decay), slots

    @property
    def is_direction_rule(self) -> bool:
        """Whether the rate is outside the direction: the proximal decay divides by it."""
        return self.decay == "decoupled"

    def _step(self, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        m, v, n, before = slots
        change = 0.0 * g if h.t == 1 else g - before
        share = h.beta2 if h.ahead == "beta2" else 1 - h.beta2
        m = h.beta1 * m + (1 - h.beta1) * g
        v = h.beta2 * v + (1 - h.beta2) * change
        u = g + share * change
        n = h.beta3 * n + (1 - h.beta3) * (u * u)
        m_hat = m / (1 - h.beta1**h.t)
        v_hat = v / (1 - h.beta2**h.t)
        n_hat = n / (1 - h.beta3**h.t)
        return (m_hat + share * v_hat) / (sqrt(n_hat + h.eps_root) + h.eps), (m, v, n, g)
