"""Optimizers that find their own rate from how far they have come, or bet: D-Adaptation, Prodigy, COCOB."""

from typing import Any, ClassVar

import numpy as np

from optim.hyperparameters import Hyper, Numbers, Resolved, hyper
from optim.optimizer import Optimizer, Slots
from stepsize.core.elementwise import maximum, sqrt, where
from stepsize.core.limits.parameters import declared, number
from stepsize.core.limits.ranges import Either, Range

__all__ = ["COCOB", "DAdaptAdam", "Prodigy"]

Array = np.ndarray[Any, Any]


class _RateFree(Optimizer, abstract=True):
    """What the two share: numbers of a whole run, as arrays with one entry for the vector."""

    elementwise: ClassVar = False

    @property
    def is_direction_rule(self) -> bool:
        """False: the rate takes part in the estimate."""
        return False


class Prodigy(_RateFree):
    r"""Prodigy: Adam with a rate that grows to an estimate d of the distance to the solution.

    .. math::
        \lambda_t &= d_t\, \eta_t\, \sqrt{1 - \beta_2^t} \,/\, (1 - \beta_1^t)
            \quad\text{(without the correction: } d_t \eta_t) \\
        m_t &= \beta_1 m_{t-1} + (1 - \beta_1)\, d_t g_t, \qquad
        v_t = \beta_2 v_{t-1} + (1 - \beta_2)\, d_t^2 g_t^2 \\
        r_t &= \beta_3 r_{t-1} + \tfrac{d_t}{d_0} \lambda_t \langle g_t,\, x_0 - x_t \rangle, \qquad
        s_t = \beta_3 s_{t-1} + \tfrac{d_t}{d_0} \lambda_t\, g_t \\
        d_{t+1} &= \max\left(d_t,\; c\, r_t / \lVert s_t \rVert_1\right) \\
        x_{t+1} &= x_t - \lambda_t \left(\frac{m_t}{\sqrt{v_t} + d_{t+1} \epsilon} + \lambda x_t\right)

    Parameters
    ----------
    lr : float, array or schedule
        :math:`\eta`, a factor on what the rule finds; the paper's 1.
    beta1, beta2 : float, array or schedule
        Decay of the averages, from 0 to below 1.
    eps : float, array or schedule
        Added outside the root, in units of d.
    weight_decay : float, array or schedule
        Decoupled, multiplied by the rate.
    growth : float, array or schedule
        :math:`c`, a factor on the estimate; 1.
    d0 : float
        :math:`d_0`, the first estimate, above 0; 1e-6, far below any distance.
    debias : bool
        Whether Adam's correction is part of the rate: True in Optax, False by default in the authors' package
        (``use_bias_correction``), which is the default here.
    beta3 : float, optional
        Decay of the two sums that the estimate is made of, from 0 to below 1; by default the root of beta2,
        as in the paper.
    safeguard : bool
        Whether :math:`s` gathers gradients by :math:`d_t` instead of :math:`\lambda_t`, so that a rate that
        warms up from 0 does not make the estimate leap: ``safeguard_warmup`` of the authors' package.

    Raises
    ------
    ValueError
        If d0 is not above 0.

    References
    ----------
    Mishchenko and Defazio, "Prodigy: an expeditiously adaptive parameter-free learner", arXiv 2306.06101,
    algorithm 4, and the authors' package ``prodigyopt``.

    Examples
    --------
    The first step is d0 (1 - beta1) / sqrt(1 - beta2), whatever the gradient: nothing is known yet.

    >>> import numpy as np
    >>> opt, x = Prodigy(beta1=0.5, beta2=0.75, d0=0.001, eps=0.0), np.zeros(1)
    >>> opt.step(x, np.array([7.0]), opt.init(x))[0].round(12).tolist()
    [-0.001]
    """

    slots: ClassVar = ("m", "v", "s", "x0", "d", "r")
    lr: Hyper = 1.0
    beta1: Hyper = hyper(0.9, minimum=0, below=1)
    beta2: Hyper = hyper(0.999, minimum=0, below=1)
    eps: Hyper = hyper(1e-8, minimum=0)
    weight_decay: Hyper = hyper(0.0, minimum=0)
    growth: Hyper = 1.0
    d0: float = number(1e-6, above=0, finite=False)
    debias: bool = False
    beta3: float | None = declared(None, Either((Range(0, below=1),), optional=True))
    safeguard: bool = False

    def update(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        m, v, s, x0, d, r = slots
        beta3 = sqrt(h.beta2) if h.beta3 is None else h.beta3
        rate = d * h.lr * _adams_correction(h) if h.debias else d * h.lr
        m = h.beta1 * m + (1 - h.beta1) * (d * g)
        v = h.beta2 * v + (1 - h.beta2) * (d * g * (d * g))
        r = beta3 * r + d / h.d0 * rate * _sum(g * (x0 - x))
        s = beta3 * s + d / h.d0 * (d if h.safeguard else rate) * g
        d = maximum(d, h.growth * _ratio(r, _sum(abs(s))))
        step = m / (sqrt(v) + d * h.eps) + h.weight_decay * x
        return x - rate * step, (m, v, s, x0, d, r)

    def start(self, x: Array, h: Resolved) -> Slots:
        zero, number = np.zeros_like(x), np.zeros_like(x[..., :1])
        return zero, zero, zero, x, number + h.d0, number


class DAdaptAdam(_RateFree):
    r"""D-Adaptation for Adam: the rate is a lower bound d of the distance to the solution, which only grows.

    .. math::
        \lambda_t &= d_t\, \eta_t\, \sqrt{1 - \beta_2^t} \,/\, (1 - \beta_1^t)
            \quad\text{(without the correction: } d_t \eta_t) \\
        r_t &= \beta_3 r_{t-1} + (1 - \beta_3)\, \lambda_t
            \left\langle g_t,\, \frac{s_{t-1}}{\sqrt{v_{t-1}} + \epsilon} \right\rangle \\
        m_t &= \beta_1 m_{t-1} + (1 - \beta_1)\, \lambda_t g_t, \qquad
        v_t = \beta_2 v_{t-1} + (1 - \beta_2)\, g_t^2, \qquad
        s_t = \beta_3 s_{t-1} + (1 - \beta_3)\, \lambda_t g_t \\
        d_{t+1} &= \max\left(d_t,\; \frac{r_t}{(1 - \beta_3) \lVert s_t \rVert_1}\right) \\
        x_{t+1} &= x_t - \frac{m_t}{\sqrt{v_t} + \epsilon} - \lambda_t \lambda x_t

    Parameters
    ----------
    lr : float, array or schedule
        :math:`\eta`, a factor on what the rule finds; the paper's 1.
    beta1, beta2 : float, array or schedule
        Decay of the averages, from 0 to below 1; :math:`\beta_3 = \sqrt{\beta_2}`.
    eps : float, array or schedule
        Added outside the root.
    weight_decay : float, array or schedule
        Decoupled, multiplied by the rate.
    d0 : float
        The first estimate, above 0; 1e-6.
    debias : bool
        Whether Adam's correction is part of the rate: True in Optax, False in the authors' package.

    Raises
    ------
    ValueError
        If d0 is not above 0.

    References
    ----------
    Defazio and Mishchenko, "Learning-rate-free learning by D-Adaptation", arXiv 2301.07733, algorithm 5, and
    the authors' package ``dadaptation``.

    Examples
    --------
    The first step is d0 (1 - beta1) / sqrt(1 - beta2), whatever the gradient: nothing is known yet.

    >>> import numpy as np
    >>> opt, x = DAdaptAdam(beta1=0.5, beta2=0.75, d0=0.001, eps=0.0), np.zeros(1)
    >>> opt.step(x, np.array([7.0]), opt.init(x))[0].round(12).tolist()
    [-0.001]
    """

    slots: ClassVar = ("m", "v", "s", "d", "r")
    lr: Hyper = 1.0
    beta1: Hyper = hyper(0.9, minimum=0, below=1)
    beta2: Hyper = hyper(0.999, minimum=0, below=1)
    eps: Hyper = hyper(1e-8, minimum=0)
    weight_decay: Hyper = hyper(0.0, minimum=0)
    d0: float = number(1e-6, above=0, finite=False)
    debias: bool = False

    def update(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        m, v, s, d, r = slots
        beta3 = sqrt(h.beta2)
        rate = d * h.lr * _adams_correction(h) if h.debias else d * h.lr
        r = beta3 * r + (1 - beta3) * rate * _sum(g * _ratio(s, sqrt(v) + h.eps))
        m = h.beta1 * m + (1 - h.beta1) * rate * g
        v = h.beta2 * v + (1 - h.beta2) * (g * g)
        s = beta3 * s + (1 - beta3) * rate * g
        d = maximum(d, _ratio(r, (1 - beta3) * _sum(abs(s))))
        return x - _ratio(m, sqrt(v) + h.eps) - rate * h.weight_decay * x, (m, v, s, d, r)

    def start(self, x: Array, h: Resolved) -> Slots:
        zero, number = np.zeros_like(x), np.zeros_like(x[..., :1])
        return zero, zero, zero, number + h.d0, number


class COCOB(Optimizer):
    r"""COCOB: every coordinate bets a share of what its gradients have won so far; there is no rate.

    .. math::
        L_t &= \max(L_{t-1}, |g_t|), \qquad L_0 = \epsilon; \qquad G_t = G_{t-1} + |g_t| \\
        R_t &= \max(R_{t-1} - g_t\, (x_t - x_0),\; 0), \qquad \theta_t = \theta_{t-1} - g_t \\
        x_{t+1} &= x_0 + \frac{\theta_t}{L_t \max(G_t + L_t,\; \alpha L_t)}\, (L_t + R_t)

    R is the reward, and :math:`L + R` the wealth. The first step is 1 over :math:`\alpha`, whatever the units
    of the gradient; after that, what has been won is bet.

    Parameters
    ----------
    lr : float, array or schedule
        A factor on the gradients, at least 0. Their scale cancels, so that only its change is felt; 1.
    alpha : float, array or schedule
        :math:`\alpha`, above 0: how small the first bets are; the paper's 100.
    eps : float, array or schedule
        :math:`\epsilon`, above 0: the least largest gradient; 1e-8.

    References
    ----------
    Orabona and Tommasi, "Training deep networks without learning rates through coin betting", NeurIPS 2017,
    arXiv 1705.07795, algorithm 2.

    Examples
    --------
    The first step is a hundredth. The second gradient wins 3 times that, and 1 more is bet, of 2 by 100.

    >>> opt, x = COCOB(), np.zeros(1)
    >>> x, state = opt.step(x, np.array([3.0]), opt.init(x))
    >>> x.round(12).tolist(), opt.step(x, np.array([3.0]), state)[0].round(12).tolist()
    ([-0.01], [-0.0202])
    """

    slots: ClassVar = ("x0", "L", "G", "R", "theta")
    lr: Hyper = 1.0
    alpha: Hyper = hyper(100.0, above=0)
    eps: Hyper = hyper(1e-8, above=0)

    def update(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        x0, most, total, reward, theta = slots
        g = h.lr * g
        most = maximum(most, abs(g))
        total = total + abs(g)
        reward = maximum(reward - g * (x - x0), 0.0)
        theta = theta - g
        bet = theta / (most * maximum(total + most, h.alpha * most))
        return x0 + bet * (most + reward), (x0, most, total, reward, theta)

    def start(self, x: Array, h: Resolved) -> Slots:
        zero = np.zeros_like(x)
        return x, zero + h.eps, zero, zero, zero


def _adams_correction(h: Resolved) -> Numbers:
    return sqrt(1 - h.beta2**h.t) / (1 - h.beta1**h.t)


def _sum(values: Array) -> Array:
    """Return the sum over the parameter vector, which stays an axis."""
    return np.asarray(values.sum(axis=-1, keepdims=True))


def _ratio(a: Numbers, b: Numbers) -> Numbers:
    """Return a / b, and 0 where b is 0, before any gradient has come."""
    return a / where(b > 0, b, np.inf)
