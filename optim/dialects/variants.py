"""Rules that PyTorch or Keras alone has, so that the families stay as their papers write them."""

from typing import Any, ClassVar

import numpy as np

from optim.hyperparameters import Hyper, Numbers, Resolved, hyper, rate_kind
from optim.optimizer import Optimizer, Slots
from optim.rules.adagrad_rmsprop import Adagrad
from optim.rules.schedule_free import ScheduleFreeAdamW
from stepsize.core.elementwise import maximum
from stepsize.core.validation import describe_value

__all__ = ["KerasScheduleFreeAdamW", "TorchASGD", "TorchAdagrad"]

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
