"""Relatives of Adam with another second moment, or another trust in it: AMSGrad, RAdam, Yogi, AdaBelief."""

from typing import Any, ClassVar

import numpy as np

from optim.hyperparameters import Hyper, Numbers, Resolved, hyper
from optim.optimizer import Optimizer, Slots
from stepsize.core.elementwise import maximum, sign, sqrt, where
from stepsize.core.limits.parameters import number, one_of

__all__ = ["AMSGrad", "AdaBelief", "RAdam", "Yogi", "rectification"]

Array = np.ndarray[Any, Any]


class AMSGrad(Optimizer):
    r"""AMSGrad: Adam whose second moment never shrinks.

    .. math::
        m_t &= \beta_1 m_{t-1} + (1 - \beta_1)\, g_t \\
        v_t &= \beta_2 v_{t-1} + (1 - \beta_2)\, g_t^2, \qquad \bar v_t = \max(\bar v_{t-1}, v_t) \\
        x_{t+1} &= x_t - \eta\, \frac{m_t}{\sqrt{\bar v_t} + \epsilon}

    The rates per coordinate can only fall, which repairs the example on which Adam diverges. The
    paper's proof has :math:`\eta_t \propto 1/\sqrt t`; give it as the rate.

    Parameters
    ----------
    lr : float, array or schedule
        :math:`\eta`, at least 0.
    beta1, beta2 : float, array or schedule
        Decay of the averages, from 0 to below 1.
    eps : float, array or schedule
        Added outside the root; the paper has none, 1e-8 is PyTorch's and Optax'.
    debias : str
        Where Adam's correction is. "none": nowhere, the paper. "max, then correct": the largest raw v,
        corrected afterwards, PyTorch and Keras. "correct, then max": the largest corrected v, Optax, which
        keeps the first gradients at full weight. "mean only": m alone, Optax with one flag off.
    eps_hat : bool
        True: eps is added before the correction, as in Keras.

    Raises
    ------
    ValueError
        If `debias` is another phrase.

    References
    ----------
    Reddi, Kale and Kumar, "On the convergence of Adam and beyond", arXiv 1904.09237, algorithm 2.

    Examples
    --------
    A gradient of 2, then 0: the denominator stays at the 2 of before, sqrt(0.25 * 4) = 1.

    >>> import numpy as np
    >>> opt, x = AMSGrad(lr=1.0, beta1=0.5, beta2=0.75, eps=0.0), np.zeros(1)
    >>> x, state = opt.step(x, np.array([2.0]), opt.init(x))
    >>> opt.step(x, np.array([0.0]), state)[0].tolist()
    [-1.5]
    """

    slots: ClassVar = ("m", "v", "top")
    lr: Hyper = 1e-3
    beta1: Hyper = hyper(0.9, minimum=0, below=1)
    beta2: Hyper = hyper(0.999, minimum=0, below=1)
    eps: Hyper = hyper(1e-8, minimum=0)
    debias: str = one_of("none", "max, then correct", "correct, then max", "mean only")
    eps_hat: bool = False

    def direction(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        m, v, top = slots
        m = h.beta1 * m + (1 - h.beta1) * g
        v = h.beta2 * v + (1 - h.beta2) * (g * g)
        correction = 1 - h.beta2**h.t
        m_hat = m if h.debias == "none" else m / (1 - h.beta1**h.t)
        top = maximum(top, v / correction if h.debias == "correct, then max" else v)
        v_hat = top / correction if h.debias == "max, then correct" else top
        eps = h.eps / sqrt(correction) if h.eps_hat else h.eps
        return m_hat / (sqrt(v_hat) + eps), (m, v, top)


class RAdam(Optimizer):
    r"""RAdam: Adam's rates per coordinate are trusted only as far as their variance is known.

    .. math::
        \rho_\infty &= \frac{2}{1 - \beta_2} - 1, \qquad
        \rho_t = \rho_\infty - \frac{2 t \beta_2^t}{1 - \beta_2^t} \\
        r_t^2 &= \frac{(\rho_t - 4)(\rho_t - 2)\, \rho_\infty}{(\rho_\infty - 4)(\rho_\infty - 2)\, \rho_t} \\
        x_{t+1} &= x_t - \eta \begin{cases}
            r_t\, \hat m_t / (\sqrt{\hat v_t} + \epsilon) & \rho_t > \text{threshold} \\
            \hat m_t & \text{otherwise} \end{cases}

    with the averages of `Adam`. The first updates, four at the defaults, are plain momentum: not normalised,
    as long as the gradient.

    Parameters
    ----------
    lr : float, array or schedule
        :math:`\eta`, at least 0.
    beta1, beta2 : float, array or schedule
        Decay of the averages, from 0 to below 1; with beta2 of 0.6 and less the rate is never rectified.
    eps : float, array or schedule
        Added outside the root; the paper has none, 1e-8 is PyTorch's and Optax'.
    threshold : float
        Above which rectification starts, at least 4; the paper's 4. PyTorch and Optax have 5, which for any
        usual beta2 is one update later.
    eps_hat : bool
        True: eps is added before the correction, as in PyTorch's RAdam (though not in its Adam).
    wait : bool
        True: no step at all before rectification, as in the authors' package by default.

    Raises
    ------
    ValueError
        If `threshold` is below 4, where the root would be of a negative number.

    References
    ----------
    Liu, Jiang, He, Chen, Liu, Gao and Han, "On the variance of the adaptive learning rate and beyond", arXiv
    1908.03265, algorithm 2.

    Examples
    --------
    >>> import numpy as np
    >>> opt, x = RAdam(lr=1.0), np.zeros(1)
    >>> opt.step(x, np.array([0.25]), opt.init(x))[0].round(12).tolist()
    [-0.25]
    """

    slots: ClassVar = ("m", "v")
    lr: Hyper = 1e-3
    beta1: Hyper = hyper(0.9, minimum=0, below=1)
    beta2: Hyper = hyper(0.999, minimum=0, below=1)
    eps: Hyper = hyper(1e-8, minimum=0)
    threshold: float = number(4.0, minimum=4, finite=False)
    eps_hat: bool = False
    wait: bool = False

    def direction(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        m, v = slots
        m = h.beta1 * m + (1 - h.beta1) * g
        v = h.beta2 * v + (1 - h.beta2) * (g * g)
        m_hat = m / (1 - h.beta1**h.t)
        v_hat = v / (1 - h.beta2**h.t)
        eps = h.eps / sqrt(1 - h.beta2**h.t) if h.eps_hat else h.eps
        known, r = rectification(h.beta2, h.t, h.threshold)
        return where(known, r * m_hat / (sqrt(v_hat) + eps), 0.0 * m_hat if h.wait else m_hat), (m, v)


def rectification(beta2: Numbers, t: int, threshold: float) -> tuple[Numbers, Numbers]:
    """Return whether the variance is known at update t, and r_t, which is 1 where it is not."""
    rho_inf = 2 / (1 - beta2) - 1
    rho = rho_inf - 2 * t * beta2**t / (1 - beta2**t)
    known = rho > threshold
    rho, rho_inf = where(known, rho, 5.0), where(known, rho_inf, 5.0)
    return known, sqrt((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho))


class Yogi(Optimizer):
    r"""Yogi: the second moment moves towards the squared gradient by steps of a bounded size.

    .. math::
        m_t &= \beta_1 m_{t-1} + (1 - \beta_1)\, g_t \\
        v_t &= v_{t-1} - (1 - \beta_2) \operatorname{sign}(v_{t-1} - g_t^2)\, g_t^2 \\
        x_{t+1} &= x_t - \eta\, \frac{m_t}{\sqrt{v_t} + \epsilon}

    Parameters
    ----------
    lr : float, array or schedule
        :math:`\eta`, at least 0; the paper's 0.01.
    beta1, beta2 : float, array or schedule
        Decay of the averages, from 0 to below 1.
    eps : float, array or schedule
        Added outside the root; the paper's 0.001.
    initial : float, array or schedule
        Value of m and v before the first update: the paper's 0, Optax' 1e-6.
    debias : bool
        Whether both moments are corrected as in `Adam`: not in the paper, but in Optax.

    References
    ----------
    Zaheer, Reddi, Sachan, Kale and Kumar, "Adaptive methods for nonconvex optimization", NeurIPS 2018,
    algorithm 2.

    Examples
    --------
    m = 0.5 * 2 and v = 0.25 * 4 after a first gradient of 2.

    >>> import numpy as np
    >>> opt, x = Yogi(lr=1.0, beta1=0.5, beta2=0.75, eps=1.0), np.zeros(1)
    >>> opt.step(x, np.array([2.0]), opt.init(x))[0].tolist()
    [-0.5]
    """

    slots: ClassVar = ("m", "v")
    lr: Hyper = 0.01
    beta1: Hyper = hyper(0.9, minimum=0, below=1)
    beta2: Hyper = hyper(0.999, minimum=0, below=1)
    eps: Hyper = hyper(1e-3, minimum=0)
    initial: Hyper = hyper(0.0, minimum=0)
    debias: bool = False

    def direction(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        m, v = slots
        m = h.beta1 * m + (1 - h.beta1) * g
        v = v - (1 - h.beta2) * sign(v - g * g) * (g * g)
        m_hat = m / (1 - h.beta1**h.t) if h.debias else m
        v_hat = v / (1 - h.beta2**h.t) if h.debias else v
        return m_hat / (sqrt(v_hat) + h.eps), (m, v)

    def start(self, x: Array, h: Resolved) -> Slots:
        return np.zeros_like(x) + h.initial, np.zeros_like(x) + h.initial


class AdaBelief(Optimizer):
    r"""AdaBelief: Adam that divides by how far gradients stray from their mean, not by their size.

    .. math::
        m_t &= \beta_1 m_{t-1} + (1 - \beta_1)\, g_t \\
        s_t &= \beta_2 s_{t-1} + (1 - \beta_2)\, (g_t - m_t)^2 + \epsilon_s \\
        x_{t+1} &= x_t - \eta\, \frac{m_t / (1 - \beta_1^t)}{\sqrt{s_t / (1 - \beta_2^t)} + \epsilon}

    Parameters
    ----------
    lr : float, array or schedule
        :math:`\eta`, at least 0.
    beta1, beta2 : float, array or schedule
        Decay of the averages, from 0 to below 1.
    eps : float, array or schedule
        Added outside the root; 1e-16 is the authors' package's and Optax'.
    eps_root : float, array or schedule
        :math:`\epsilon_s`, added at every update, so that it piles up to :math:`\epsilon_s / (1 - \beta_2)`;
        1e-16. The paper has one epsilon for both places, 1e-8.

    References
    ----------
    Zhuang et al., "AdaBelief optimizer: adapting stepsizes by the belief in observed gradients", arXiv
    2010.07468, algorithm 2.

    Examples
    --------
    The first mean strays from the first gradient by beta1 of it: a step of 1 / 0.9 times the rate.

    >>> import numpy as np
    >>> opt, x = AdaBelief(lr=0.9), np.zeros(1)
    >>> opt.step(x, np.array([4.0]), opt.init(x))[0].round(12).tolist()
    [-1.0]
    """

    slots: ClassVar = ("m", "s")
    lr: Hyper = 1e-3
    beta1: Hyper = hyper(0.9, minimum=0, below=1)
    beta2: Hyper = hyper(0.999, minimum=0, below=1)
    eps: Hyper = hyper(1e-16, minimum=0)
    eps_root: Hyper = hyper(1e-16, minimum=0)

    def direction(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        m, s = slots
        m = h.beta1 * m + (1 - h.beta1) * g
        s = h.beta2 * s + (1 - h.beta2) * ((g - m) * (g - m)) + h.eps_root
        m_hat = m / (1 - h.beta1**h.t)
        s_hat = s / (1 - h.beta2**h.t)
        return m_hat / (sqrt(s_hat) + h.eps), (m, s)
