"""Rules that Optax alone has, so that the families stay as their papers write them."""

from typing import Any, ClassVar

import numpy as np

from optim.hyperparameters import Hyper, Numbers, Resolved, hyper
from optim.optimizer import Slots
from optim.rules.adagrad_rmsprop import Adadelta
from optim.rules.adam import Adam
from optim.rules.adam_variants import AdaBelief, AMSGrad, RAdam, rectification
from optim.rules.schedule_free import ScheduleFreeAdamW, ScheduleFreeSGD
from optim.rules.sign import Rprop
from stepsize.core.elementwise import maximum, minimum, sign, sqrt, where

__all__ = ["OptaxAMSGrad", "OptaxAdaBelief", "OptaxAdadeltaAscending", "OptaxAdam", "OptaxRAdam"]
__all__ += ["OptaxRpropOneStepLate", "OptaxScheduleFreeAdamW", "OptaxScheduleFreeSGD"]

Array = np.ndarray[Any, Any]


def ahead(m: Numbers, g: Numbers, h: Resolved) -> Numbers:
    """Return the corrected average as Optax' ``nesterov`` has it, one update ahead."""
    return h.beta1 * m / (1 - h.beta1 ** (h.t + 1)) + (1 - h.beta1) * g / (1 - h.beta1**h.t)


class OptaxAdam(Adam):
    r"""Optax' Adam with ``eps_root``, a second epsilon under the root, and Nesterov's look ahead.

    .. math:: x_{t+1} = x_t - \eta\, \frac{\hat m_t}{\sqrt{\hat v_t + \epsilon_r} + \epsilon},
        \qquad\text{looking ahead:}\quad
        \hat m_t = \frac{\beta_1 m_t}{1 - \beta_1^{t+1}} + \frac{(1 - \beta_1)\, g_t}{1 - \beta_1^t}

    Parameters
    ----------
    lr, beta1, beta2, eps
        As in `Adam`.
    eps_root : float, array or schedule
        :math:`\epsilon_r`; 0 is Optax' default and `Adam`.
    nesterov : bool
        Whether to look ahead; with an eps_root of 0 that is `Nadam` without its warmup.

    References
    ----------
    Optax 0.2.8, ``optax.adam``.

    Examples
    --------
    The first step is g / sqrt(g^2 + eps_root): 3 / sqrt(9 + 16).

    >>> opt, x = OptaxAdam(lr=1.0, eps=0.0, eps_root=16.0), np.zeros(1)
    >>> opt.step(x, np.array([3.0]), opt.init(x))[0].round(12).tolist()
    [-0.6]
    """

    eps_root: Hyper = hyper(0.0, minimum=0)
    nesterov: bool = False

    def direction(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        m, v = slots
        m = h.beta1 * m + (1 - h.beta1) * g
        v = h.beta2 * v + (1 - h.beta2) * (g * g)
        m_hat = ahead(m, g, h) if h.nesterov else m / (1 - h.beta1**h.t)
        v_hat = v / (1 - h.beta2**h.t)
        return m_hat / (sqrt(v_hat + h.eps_root) + h.eps), (m, v)


class OptaxAMSGrad(AMSGrad):
    r"""Optax' AMSGrad with ``eps_root``, and a switch for each of the two corrections.

    .. math:: x_{t+1} = x_t - \eta\, \frac{\hat m_t}{\sqrt{\max_{s \le t} \hat v_s + \epsilon_r} + \epsilon}

    Parameters
    ----------
    lr, beta1, beta2, eps
        As in `AMSGrad`.
    debias, eps_hat
        Not used: `correct_mean` and `correct_squares` say which average is corrected.
    eps_root : float, array or schedule
        :math:`\epsilon_r`; 0.
    correct_mean, correct_squares : bool
        Whether m is divided by :math:`1 - \beta_1^t`, and v by :math:`1 - \beta_2^t` ahead of the maximum.

    References
    ----------
    Optax 0.2.8, ``optax.amsgrad``.

    Examples
    --------
    The first step is g / sqrt(g^2 + eps_root): 3 / sqrt(9 + 16); without m's correction a tenth of it.

    >>> x, g = np.zeros(1), np.array([3.0])
    >>> for correct in (True, False):
    ...     opt = OptaxAMSGrad(lr=1.0, eps=0.0, eps_root=16.0, correct_mean=correct)
    ...     print(opt.step(x, g, opt.init(x))[0].round(12).tolist())
    [-0.6]
    [-0.06]
    """

    twin_of: ClassVar = "AMSGrad"
    eps_root: Hyper = hyper(0.0, minimum=0)
    correct_mean: bool = True
    correct_squares: bool = True

    def direction(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        m, v, top = slots
        m = h.beta1 * m + (1 - h.beta1) * g
        v = h.beta2 * v + (1 - h.beta2) * (g * g)
        m_hat = m / (1 - h.beta1**h.t) if h.correct_mean else m
        top = maximum(top, v / (1 - h.beta2**h.t) if h.correct_squares else v)
        return m_hat / (sqrt(top + h.eps_root) + h.eps), (m, v, top)


class OptaxRAdam(RAdam):
    r"""Optax' RAdam with ``eps_root`` and Nesterov's look ahead.

    Parameters
    ----------
    lr, beta1, beta2, eps, threshold
        As in `RAdam`.
    eps_hat, wait
        Not used.
    eps_root : float, array or schedule
        Added inside the root; 0.
    nesterov : bool
        Whether the corrected average looks one update ahead, as in `OptaxAdam`.

    References
    ----------
    Optax 0.2.8, ``optax.radam``.

    Examples
    --------
    The first update is plain momentum, and looks ahead: g (0.25 / 0.75 + 1).

    >>> opt, x = OptaxRAdam(lr=1.0, beta1=0.5, nesterov=True), np.zeros(1)
    >>> opt.step(x, np.array([6.0]), opt.init(x))[0].round(12).tolist()
    [-8.0]
    """

    twin_of: ClassVar = "RAdam"
    eps_root: Hyper = hyper(0.0, minimum=0)
    nesterov: bool = False

    def direction(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        m, v = slots
        m = h.beta1 * m + (1 - h.beta1) * g
        v = h.beta2 * v + (1 - h.beta2) * (g * g)
        m_hat = ahead(m, g, h) if h.nesterov else m / (1 - h.beta1**h.t)
        v_hat = v / (1 - h.beta2**h.t)
        known, r = rectification(h.beta2, h.t, h.threshold)
        return where(known, r * m_hat / (sqrt(v_hat + h.eps_root) + h.eps), m_hat), (m, v)


class OptaxAdaBelief(AdaBelief):
    r"""Optax' AdaBelief with Nesterov's look ahead.

    Parameters
    ----------
    lr, beta1, beta2, eps, eps_root
        As in `AdaBelief`.
    nesterov : bool
        Whether the corrected average looks one update ahead, as in `OptaxAdam`.

    References
    ----------
    Optax 0.2.8, ``optax.adabelief``.

    Examples
    --------
    The first mean strays by half of g = 6; ahead, the average is 6 (0.25 / 0.75 + 1) = 8 over 3.

    >>> opt, x = OptaxAdaBelief(lr=3.0, beta1=0.5, nesterov=True), np.zeros(1)
    >>> opt.step(x, np.array([6.0]), opt.init(x))[0].round(12).tolist()
    [-8.0]
    """

    twin_of: ClassVar = "AdaBelief"
    nesterov: bool = True

    def direction(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        d, (m, s) = AdaBelief.direction(self, x, g, slots, h)
        if not h.nesterov:
            return d, (m, s)
        return ahead(m, g, h) / (sqrt(s / (1 - h.beta2**h.t)) + h.eps), (m, s)


class OptaxAdadeltaAscending(Adadelta):
    """Optax' Adadelta at its default ``learning_rate=None``, which loses the minus sign: it goes uphill.

    A defect, here to recognise it by. Give ``learning_rate=1.0`` there to get the paper's rule.

    Parameters
    ----------
    lr, rho, eps
        As in `Adadelta`.

    References
    ----------
    Optax 0.2.8, ``optax.adadelta``: ``scale_by_learning_rate(None)`` is the identity.

    Examples
    --------
    >>> opt, x = OptaxAdadeltaAscending(rho=0.75, eps=1e-6), np.zeros(1)
    >>> opt.step(x, np.array([1.0]), opt.init(x))[0].round(6).tolist()
    [0.002]
    """

    def direction(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        d, slots = Adadelta.direction(self, x, g, slots, h)
        return -d, slots


class OptaxRpropOneStepLate(Rprop):
    """Optax' Rprop, which emits the update of the step before: the first is 0.

    A defect, here to recognise it by (google-deepmind/optax pull request 1725 mends it). `Rprop` is the rule
    that was meant.

    Parameters
    ----------
    lr, initial, eta_minus, eta_plus, min_step, max_step
        As in `Rprop`.

    References
    ----------
    Optax 0.2.8, ``optax.rprop``.

    Examples
    --------
    Gradients 1, 1, 1, -1, 1; the right steps are 0.1, 0.12, 0.144, 0, 0.072.

    >>> opt, x = OptaxRpropOneStepLate(initial=0.1), np.zeros(1)
    >>> state, steps = opt.init(x), []
    >>> for g in [1.0, 1.0, 1.0, -1.0, 1.0]:
    ...     x_next, state = opt.step(x, np.array([g]), state)
    ...     steps.append(round(float((x - x_next)[0]), 12))
    ...     x = x_next
    >>> steps
    [0.0, 0.1, 0.12, 0.0, 0.0]
    """

    slots: ClassVar = ("held", "delta")

    def direction(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        """Return what was held back, and hold back what is due."""
        held, delta = slots
        same = held * g
        delta = where(same > 0, h.eta_plus * delta, where(same < 0, h.eta_minus * delta, delta))
        delta = maximum(h.min_step, minimum(h.max_step, delta))
        rest = 0.0 * g
        return where(same < 0, rest, held), (where(same < 0, rest, delta * sign(g)), delta)


class OptaxScheduleFreeSGD(ScheduleFreeSGD):
    """Optax' Schedule-Free SGD, whose averaging weights may follow other rates than the steps do.

    Optax reads the same schedule one update ahead for the weights, so that under a rate that changes the two
    differ. `ScheduleFreeSGD` has one rate for both, as the authors.

    Parameters
    ----------
    lr, beta, weight_decay, warmup, r, power
        As in `ScheduleFreeSGD`.
    weight_lr : float, array or schedule
        The rates that the weights are made of.

    References
    ----------
    Optax 0.2.8, ``optax.contrib.schedule_free_sgd``.

    Examples
    --------
    Gradient 1, rate 1: z is -1, then -2. With weights of 1 and 9 the average is -1.9.

    >>> opt, x = OptaxScheduleFreeSGD(weight_lr=lambda n: 1.0 + 2.0 * n), np.zeros(1)
    >>> state = opt.init(x)
    >>> for _ in range(2):
    ...     x, state = opt.step(x, np.ones(1), state)
    >>> opt.output(x, state.slots).round(12).tolist()
    [-1.9]
    """

    weight_lr: Hyper = 1.0

    def rate_of_weights(self, lr: Numbers, h: Resolved) -> Numbers:
        return h.weight_lr


class OptaxScheduleFreeAdamW(ScheduleFreeAdamW):
    """Optax' Schedule-Free AdamW, whose averaging weights may follow other rates than the steps do.

    Parameters
    ----------
    lr, beta, weight_decay, warmup, r, power, beta2, eps
        As in `ScheduleFreeAdamW`.
    weight_lr : float, array or schedule
        The rates that the weights are made of; Optax reads the schedule one update ahead for them.

    References
    ----------
    Optax 0.2.8, ``optax.contrib.schedule_free_adamw``.

    Examples
    --------
    Gradient 1, rate 1: z is -1, then -2. With weights of 1 and 9 the average is -1.9.

    >>> opt, x = OptaxScheduleFreeAdamW(lr=1.0, eps=0.0, weight_lr=lambda n: 1.0 + 2.0 * n), np.zeros(1)
    >>> state = opt.init(x)
    >>> for _ in range(2):
    ...     x, state = opt.step(x, np.ones(1), state)
    >>> opt.output(x, state.slots).round(12).tolist()
    [-1.9]
    """

    weight_lr: Hyper = 0.0025

    def rate_of_weights(self, lr: Numbers, h: Resolved) -> Numbers:
        return h.weight_lr
