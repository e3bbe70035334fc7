"""Schedule-free learning: the average that a falling rate would have given, without the fall."""

from typing import Any, ClassVar

import numpy as np

from optim.hyperparameters import Hyper, Numbers, Resolved, hyper
from optim.optimizer import Optimizer, Slots
from stepsize.core.elementwise import maximum, power, sqrt, where
from stepsize.core.limits.parameters import count

__all__ = ["ScheduleFreeAdamW", "ScheduleFreeSGD"]

Array = np.ndarray[Any, Any]


class ScheduleFreeSGD(Optimizer):
    r"""Schedule-Free SGD.

    .. math::
        y_t &= (1 - \beta)\, z_t + \beta\, \bar x_t \\
        z_{t+1} &= z_t - \eta_t \left(\nabla f(y_t) + \lambda y_t\right) \\
        \bar x_{t+1} &= (1 - c_t)\, \bar x_t + c_t\, z_{t+1}, \qquad
        c_t = w_t \Big/ \sum_{i \le t} w_i, \quad w_t = t^r \max_{i \le t} \eta_i^{\,p}

    x is :math:`y`, where the gradient is taken; the answer is the average :math:`\bar x`. The rate stays
    constant after its warmup.

    Parameters
    ----------
    lr : float, array or schedule
        :math:`\eta`, at least 0; the authors' 1.0.
    beta : float, array or schedule
        :math:`\beta`, from 0 to below 1: 0 is Polyak-Ruppert averaging, towards 1 primal averaging. 0.9.
    weight_decay : float, array or schedule
        :math:`\lambda`, taken at y; 0.
    warmup : int
        The rate of update t is multiplied by min(1, t / warmup); at least 0, for no warm-up.
    r : float, array or schedule
        Power of t in the weights; the authors' 0.
    power : float, array or schedule
        :math:`p`, the power of the largest rate in the weights; the authors' 2. 0 is a plain mean.

    Raises
    ------
    TypeError, ValueError
        If `warmup` is not a whole number of at least 0.

    References
    ----------
    Defazio, Yang, Mehta, Mishchenko, Khaled and Cutkosky, "The road less scheduled", arXiv 2405.15682,
    eq. 3-5, and the authors' package ``schedulefree`` for weights and defaults.

    Examples
    --------
    Gradient 1 with rate 1: z is -1, then -2; the mean of both is -1.5, and y is a tenth of z and nine of it.

    >>> import numpy as np
    >>> opt, x = ScheduleFreeSGD(lr=1.0), np.zeros(1)
    >>> state = opt.init(x)
    >>> for _ in range(2):
    ...     x, state = opt.step(x, np.ones(1), state)
    >>> opt.output(x, state.slots).tolist(), x.round(12).tolist()
    ([-1.5], [-1.55])
    """

    slots: ClassVar[tuple[str, ...]] = ("z", "mean", "largest", "total")
    lr: Hyper = 1.0
    beta: Hyper = hyper(0.9, minimum=0, below=1)
    weight_decay: Hyper = hyper(0.0, minimum=0)
    warmup: int = count(0)
    r: Hyper = 0.0
    power: Hyper = 2.0

    def direction_at_y(self, y: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        """Return the direction of z, and the slots behind the four of the averaging."""
        return g + h.weight_decay * y, ()

    def rate_of_weights(self, lr: Numbers, h: Resolved) -> Numbers:
        """Return the rate that the averaging weighs by: the one of the step."""
        return lr

    def update(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        z, mean, largest, total, *rest = slots
        d, moments = self.direction_at_y(x, g, tuple(rest), h)
        lr = h.lr * min(1.0, h.t / h.warmup) if h.warmup else h.lr
        largest = maximum(largest, self.rate_of_weights(lr, h))
        weight = h.t**h.r * power(largest, h.power)
        total = total + weight
        c = weight / where(total > 0, total, 1.0)
        z = z - lr * d
        mean = (1 - c) * mean + c * z
        return mean + (1 - h.beta) * (z - mean), (z, mean, largest, total, *moments)

    def start(self, x: Array, h: Resolved) -> Slots:
        return (x, x, *(np.zeros_like(x) for _ in self.slots[2:]))

    def output(self, x: Numbers, slots: Slots) -> Numbers:
        """Return the average."""
        return slots[1]


class ScheduleFreeAdamW(ScheduleFreeSGD):
    r"""Schedule-Free AdamW: Schedule-Free with the step of RMSprop, corrected for its start.

    .. math::
        v_t &= \beta_2 v_{t-1} + (1 - \beta_2)\, g_t^2, \qquad \hat v_t = v_t / (1 - \beta_2^t) \\
        z_{t+1} &= z_t - \eta_t \left(\frac{g_t}{\sqrt{\hat v_t} + \epsilon} + \lambda y_t\right)

    with :math:`g_t` taken at y, and y and the average as in `ScheduleFreeSGD`; beta takes Adam's first.

    Parameters
    ----------
    lr : float, array or schedule
        :math:`\eta`, at least 0; the authors' 0.0025.
    beta, beta2 : float, array or schedule
        Share of the average in y, and decay of the mean square; from 0 to below 1; 0.9 and 0.999.
    eps : float, array or schedule
        Added outside the root after the correction; 1e-8.
    weight_decay : float, array or schedule
        :math:`\lambda`, taken at y; 0.
    warmup, r, power
        As in `ScheduleFreeSGD`.

    References
    ----------
    Defazio et al., "The road less scheduled", arXiv 2405.15682, algorithm 1, and the authors' package
    ``schedulefree``.

    Examples
    --------
    The first step has the length of the rate, whatever the gradient.

    >>> import numpy as np
    >>> opt, x = ScheduleFreeAdamW(lr=0.5, eps=0.0), np.zeros(1)
    >>> opt.step(x, np.array([1e-3]), opt.init(x))[0].round(12).tolist()
    [-0.5]
    """

    slots: ClassVar = (*ScheduleFreeSGD.slots, "v")
    lr: Hyper = 0.0025
    beta: Hyper = hyper(0.9, minimum=0, below=1)
    weight_decay: Hyper = hyper(0.0, minimum=0)
    warmup: int = count(0)
    r: Hyper = 0.0
    power: Hyper = 2.0
    beta2: Hyper = hyper(0.999, minimum=0, below=1)
    eps: Hyper = hyper(1e-8, minimum=0)

    def direction_at_y(self, y: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        (v,) = slots
        v = h.beta2 * v + (1 - h.beta2) * (g * g)
        v_hat = v / (1 - h.beta2**h.t)
        return g / (sqrt(v_hat) + h.eps) + h.weight_decay * y, (v,)
