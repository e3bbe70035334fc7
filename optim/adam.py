"""Adam: momentum and a rate for every coordinate, both corrected for their start at zero."""

from typing import Any, ClassVar, Self

from optim.optimizer import Hyper, Optimizer, Slots
from stepsize.base.arithmetic import sqrt

__all__ = ["Adam"]


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
        Added outside the root after the correction, as PyTorch and Optax do. (Keras and TensorFlow add it
        before the correction.)

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
    beta1: Hyper = 0.9
    beta2: Hyper = 0.999
    eps: Hyper = 1e-8

    def direction(self, x: Any, g: Any, slots: Slots, h: Self) -> tuple[Any, Slots]:
        """Return the corrected mean over the root of the corrected mean square."""
        m, v = slots
        m = h.beta1 * m + (1 - h.beta1) * g
        v = h.beta2 * v + (1 - h.beta2) * (g * g)
        m_hat = m / (1 - h.beta1**h.t)
        v_hat = v / (1 - h.beta2**h.t)
        return m_hat / (sqrt(v_hat) + h.eps), (m, v)
