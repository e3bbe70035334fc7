"""Relatives of Adam that divide by what they knew before the gradient came: ADOPT and ACProp."""

from typing import ClassVar

from optim.hyperparameters import Hyper, Numbers, Resolved, hyper
from optim.optimizer import Optimizer, Slots
from stepsize.core.elementwise import maximum, minimum, sqrt
from stepsize.core.limits.parameters import one_of

__all__ = ["ACProp", "ADOPT"]


class ADOPT(Optimizer):
    r"""ADOPT: Adam that divides a gradient by the squares before it, and only then averages.

    .. math::
        v_1 &= g_1^2, \qquad x_2 = x_1 \\
        m_t &= \beta_1 m_{t-1} + (1 - \beta_1) \operatorname{clip}\Bigl(
            \frac{g_t}{\max(\sqrt{v_{t-1}}, \epsilon)},\; \pm (t-1)^{1/4}\Bigr) \\
        x_{t+1} &= x_t - \eta\, m_t \\
        v_t &= \beta_2 v_{t-1} + (1 - \beta_2)\, g_t^2

    A gradient and its divisor are then independent, and it converges for every :math:`\beta_2`, where Adam
    need not. The first gradient only starts the second moment.

    Parameters
    ----------
    lr : float, array or schedule
        :math:`\eta`, at least 0.
    beta1, beta2 : float, array or schedule
        Decay of the averages, from 0 to below 1; the paper's 0.9 and 0.9999.
    eps : float, array or schedule
        The least divisor; the paper's 1e-6.
    clip : bool
        Whether the quotient is held within the growing bound, as in the paper's algorithm 2. False is its
        algorithm 1, which may jump where the first gradient was small.
    nesterov : bool
        Whether the average looks ahead; Optax has it.

    References
    ----------
    Taniguchi et al., "ADOPT: modified Adam can converge with any beta2 with the optimal rate", NeurIPS 2024,
    arXiv 2411.02853, algorithms 1 and 2.

    Examples
    --------
    No step at first; then (1 - 0.9) times 3 over 4.

    >>> import numpy as np
    >>> opt, x = ADOPT(lr=1.0), np.zeros(1)
    >>> x, state = opt.step(x, np.array([4.0]), opt.init(x))
    >>> x.tolist(), opt.step(x, np.array([3.0]), state)[0].round(12).tolist()
    ([0.0], [-0.075])
    """

    slots: ClassVar = ("m", "v")
    lr: Hyper = 1e-3
    beta1: Hyper = hyper(0.9, minimum=0, below=1)
    beta2: Hyper = hyper(0.9999, minimum=0, below=1)
    eps: Hyper = hyper(1e-6, minimum=0)
    clip: bool = True
    nesterov: bool = False

    def direction(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        m, v = slots
        if h.t == 1:
            return 0.0 * g, (m, g * g)
        u = g / maximum(sqrt(v), h.eps)
        if h.clip:
            bound = (h.t - 1) ** 0.25
            u = maximum(-bound, minimum(bound, u))
        m = h.beta1 * m + (1 - h.beta1) * u
        d = h.beta1 * m + (1 - h.beta1) * u if h.nesterov else m
        return d, (m, h.beta2 * v + (1 - h.beta2) * (g * g))


class ACProp(Optimizer):
    r"""ACProp: a step divided by how far the gradients before it strayed from their mean.

    .. math::
        x_{t+1} &= x_t - \eta\, \frac{g_t}{\sqrt{s_{t-1} / (1 - \beta_2^{t-1})} + \epsilon} \\
        m_t &= \beta_1 m_{t-1} + (1 - \beta_1)\, g_t \\
        s_t &= \beta_2 s_{t-1} + (1 - \beta_2)\, (g_t - m_t)^2 + \epsilon_s

    `AdaBelief`'s denominator of the update before, which makes it independent of the gradient at hand, and
    the gradient itself above it. At the first update there is no denominator: it is 1.

    Parameters
    ----------
    lr : float, array or schedule
        :math:`\eta`, at least 0.
    beta1, beta2 : float, array or schedule
        Decay of the averages, from 0 to below 1.
    eps : float, array or schedule
        Added outside the root; Optax' 1e-16.
    eps_root : float, array or schedule
        :math:`\epsilon_s`, added at every update as in `AdaBelief`; Optax' 1e-16.
    mean : {"with", "before"}
        From which mean a gradient strays: "with" it in, :math:`m_t` as above, or the one "before" it,
        :math:`m_{t-1}`, as in Optax.

    Raises
    ------
    ValueError
        If `mean` is another word.

    References
    ----------
    Zhuang et al., "Momentum centering and asynchronous update for adaptive gradient methods", NeurIPS 2021,
    arXiv 2110.05454; Optax 0.2.8, ``optax.contrib.acprop``, for the correction and the first update.

    Examples
    --------
    A first gradient of 4 is the step, and strays by 2 from m = 2, which divides the second gradient.

    >>> import numpy as np
    >>> opt, x = ACProp(lr=1.0, beta1=0.5), np.zeros(1)
    >>> x, state = opt.step(x, np.array([4.0]), opt.init(x))
    >>> x.tolist(), opt.step(x, np.array([2.0]), state)[0].round(12).tolist()
    ([-4.0], [-5.0])
    """

    slots: ClassVar = ("m", "s")
    lr: Hyper = 1e-3
    beta1: Hyper = hyper(0.9, minimum=0, below=1)
    beta2: Hyper = hyper(0.999, minimum=0, below=1)
    eps: Hyper = hyper(1e-16, minimum=0)
    eps_root: Hyper = hyper(1e-16, minimum=0)
    mean: str = one_of("with", "before")

    def direction(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        before, s = slots
        m = h.beta1 * before + (1 - h.beta1) * g
        d = g / ((1.0 if h.t == 1 else sqrt(s / (1 - h.beta2 ** (h.t - 1)))) + h.eps)
        stray = g - (m if h.mean == "with" else before)
        return d, (m, h.beta2 * s + (1 - h.beta2) * (stray * stray) + h.eps_root)
