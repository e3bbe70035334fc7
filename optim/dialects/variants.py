"""Rules that one library alone has, so that the families stay as their papers write them."""

from typing import Any, ClassVar

import numpy as np

from optim.hyperparameters import Hyper, Numbers, Resolved, hyper, rate_kind
from optim.optimizer import Optimizer, Slots
from optim.rules.adagrad_rmsprop import Adadelta, Adagrad
from optim.rules.adam import Adam
from optim.rules.schedule_free import ScheduleFreeAdamW, ScheduleFreeSGD
from optim.rules.sign import Rprop
from stepsize.core.elementwise import maximum, minimum, sign, sqrt, where
from stepsize.core.validation import describe_value

__all__ = [
    "KerasScheduleFreeAdamW",
    "OptaxAdadeltaAscending",
    "OptaxAdam",
    "OptaxRpropOneStepLate",
    "OptaxScheduleFreeAdamW",
    "OptaxScheduleFreeSGD",
    "TorchASGD",
    "TorchAdagrad",
]

Array = np.ndarray[Any, Any]


class TorchAdagrad(Adagrad):
    r"""PyTorch's Adagrad with ``lr_decay``, a rate that falls besides.

    .. math:: x_{t+1} = x_t - \frac{\eta}{1 + (t - 1)\,\gamma}\, \frac{g_t}{\sqrt{s_t} + \epsilon}

    Parameters
    ----------
    lr, eps, eps_inside, initial
        As in `Adagrad`.
    lr_decay : float, array or schedule
        :math:`\gamma`; 0 is PyTorch's default and `Adagrad`.

    References
    ----------
    PyTorch 2.14, ``torch.optim.Adagrad``.

    Examples
    --------
    Gradients 3 and 4: steps of 3/3, then half of 4/5.

    >>> opt, x = TorchAdagrad(lr=1.0, eps=0.0, lr_decay=1.0), np.zeros(1)
    >>> x, state = opt.step(x, np.array([3.0]), opt.init(x))
    >>> opt.step(x, np.array([4.0]), state)[0].tolist()
    [-1.4]
    """

    lr_decay: Hyper = hyper(0.0, minimum=0)

    def direction(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        d, slots = Adagrad.direction(self, x, g, slots, h)
        return d / (1 + (h.t - 1) * h.lr_decay), slots


class OptaxAdam(Adam):
    r"""Optax' Adam with ``eps_root``, a second epsilon under the root.

    .. math:: x_{t+1} = x_t - \eta\, \frac{\hat m_t}{\sqrt{\hat v_t + \epsilon_r} + \epsilon}

    Parameters
    ----------
    lr, beta1, beta2, eps
        As in `Adam`.
    eps_root : float, array or schedule
        :math:`\epsilon_r`; 0 is Optax' default and `Adam`.

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

    def direction(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        m, v = slots
        m = h.beta1 * m + (1 - h.beta1) * g
        v = h.beta2 * v + (1 - h.beta2) * (g * g)
        m_hat = m / (1 - h.beta1**h.t)
        v_hat = v / (1 - h.beta2**h.t)
        return m_hat / (sqrt(v_hat + h.eps_root) + h.eps), (m, v)


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


class KerasScheduleFreeAdamW(ScheduleFreeAdamW):
    r"""Keras' Schedule-Free AdamW: every update counts the same, and the decay ends in the average alone.

    .. math:: \bar x_t \leftarrow \bar x_t - \eta_t \lambda y_t / \beta \quad\text{ahead of the step}

    because Keras takes the decay off y and recovers the average from it; z never learns of it.

    Parameters
    ----------
    lr, beta, weight_decay, warmup, r, power, beta2, eps
        As in `ScheduleFreeAdamW`, but for a power of 0.

    References
    ----------
    Keras 3.15, ``keras.optimizers.ScheduleFreeAdamW`` on its JAX backend. (On the PyTorch backend the buffer
    is overwritten before it is read, and the trajectory is another one.)

    Examples
    --------
    From 1 with a zero gradient: z stays, and so does y, since the first average is z whole. Then the average
    loses 0.5 * 0.9 / 0.9 = 0.5 before half of it is replaced by z.

    >>> opt, x = KerasScheduleFreeAdamW(lr=0.5, weight_decay=0.9), np.ones(1)
    >>> state = opt.init(x)
    >>> for _ in range(2):
    ...     x, state = opt.step(x, np.zeros(1), state)
    >>> opt.output(x, state.slots).round(12).tolist()
    [0.75]
    """

    power: Hyper = 0.0

    def update(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        """Take the decay off the average, then make the step without any."""
        z, mean, *rest = slots
        mean = mean - h.lr * h.weight_decay * x / h.beta
        return ScheduleFreeAdamW.update(self, x, g, (z, mean, *rest), h)

    def direction_at_y(self, y: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        return ScheduleFreeAdamW.direction_at_y(self, 0.0 * y, g, slots, h)


class TorchASGD(Optimizer):
    r"""PyTorch's averaged SGD: a decay that is always on, a rate that falls, and a late average.

    .. math::
        x_{t+1} &= (1 - \lambda \eta_t)\, x_t - \eta_t g_t \\
        \eta_{t+1} &= \frac{\text{lr}}{(1 + \lambda\, \text{lr}\, t)^{\alpha}}, \qquad \eta_1 = \text{lr} \\
        \bar x_{t+1} &= \bar x_t + \mu_t (x_{t+1} - \bar x_t), \qquad \mu_{t+1} = 1 / \max(1, t - t_0)

    The rate is worked out after the step, so that a change of lr is felt one update late. The answer is the
    average, which begins after t0 updates; until then it is x.

    Parameters
    ----------
    lr : float, array or schedule
        At least 0; 0.01.
    lambd, alpha, t0 : float, array or schedule
        Decay 1e-4, power 0.75 and the start of averaging 1e6, as PyTorch has them.

    References
    ----------
    PyTorch 2.14, ``torch.optim.ASGD``, after Polyak and Juditsky (1992) and Bottou's ``sgd``.

    Examples
    --------
    >>> opt, x = TorchASGD(lr=0.5, lambd=0.0), np.ones(1)
    >>> opt.step(x, np.array([1.0]), opt.init(x))[0].tolist()
    [0.5]
    """

    slots: ClassVar = ("eta", "mean")
    lr: Hyper = 0.01
    lambd: Hyper = 1e-4
    alpha: Hyper = 0.75
    t0: Hyper = 1e6

    def check(self) -> None:
        if rate_kind(self.lr) != "schedule":  # the rate is worked out an update ahead
            raise TypeError(f"lr: got {describe_value(self.lr)}, expected a number or a schedule")

    def update(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        eta, mean = slots
        x = x * (1 - h.lambd * eta) - eta * g
        mu = 1 / maximum(1.0, h.t - 1 - h.t0)
        eta = 0.0 * eta + h.lr / (1 + h.lambd * h.lr * h.t) ** h.alpha
        return x, (eta, (1 - mu) * mean + mu * x)

    def start(self, x: Array, h: Resolved) -> Slots:
        return np.zeros_like(x) + h.lr, x

    def output(self, x: Numbers, slots: Slots) -> Numbers:
        """Return the average."""
        return slots[1]
