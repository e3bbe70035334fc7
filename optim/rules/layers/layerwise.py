"""One number a layer: LAMB and LARS fit a step to the layer's size, NovoGrad divides by its gradient's."""

from typing import Any, ClassVar

import numpy as np

from optim.hyperparameters import Hyper, Numbers, Resolved, hyper
from optim.optimizer import Slots
from optim.rules.layers.shapes import Layered, Shapes, lengths, per_layer, quotient
from stepsize.core.limits.parameters import one_of

__all__ = ["LAMB", "LARS", "NovoGrad"]

Array = np.ndarray[Any, Any]


def trust_ratio(x: Array, step: Array, shapes: Shapes) -> Array:
    """Return the norm of each layer of x over that of its step; 1 where one of them is 0."""
    ours, theirs = per_layer(lengths, x, shapes), per_layer(lengths, step, shapes)
    alike = (ours == 0) | (theirs == 0)
    return np.where(alike, 1.0, ours / np.where(alike, 1.0, theirs))


class LAMB(Layered):
    r"""LAMB: Adam's step, made as long as the layer is large.

    .. math::
        r_t &= \frac{\hat m_t}{\sqrt{\hat v_t} + \epsilon} + \lambda x_t \\
        x_{t+1}^{(l)} &= x_t^{(l)} - \eta\, \frac{\lVert x_t^{(l)}\rVert}{\lVert r_t^{(l)}\rVert}\, r_t^{(l)}
            \qquad\text{for every layer } l

    with the averages of `Adam`. Every layer moves by the share :math:`\eta` of its own size, whatever its
    gradient. Where a layer or its step is 0, the quotient is 1.

    Parameters
    ----------
    lr : float, array or schedule
        :math:`\eta`, at least 0: a share of the layer's norm. No default in the paper, which takes the square
        root of the batch size over 512 times 0.00176 for BERT.
    beta1, beta2 : float, array or schedule
        Decay of the two averages, from 0 to below 1.
    eps : float, array or schedule
        Added outside the root, after the correction; the authors' 1e-6.
    weight_decay : float, array or schedule
        :math:`\lambda`, at least 0; the paper's 0.01. Inside the quotient; Keras has it outside, which is
        ``DecoupledDecay(LAMB(weight_decay=0.0), 0.01, first=True)``.
    eps_root : float, array or schedule
        Added inside the root; 0.
    shapes : tuple of tuples of int, optional
        The shape of every layer; the whole vector is one by default.

    Raises
    ------
    TypeError, ValueError
        If `shapes` are none, or on the first update, if they do not fit x.

    References
    ----------
    You et al., "Large batch optimization for deep learning: training BERT in 76 minutes", arXiv 1904.00962,
    algorithm 2.

    Examples
    --------
    The first step of Adam is a sign in each coordinate; a layer of norm 5 moves by 0.1 times 5.

    >>> opt, x = LAMB(lr=0.1, eps=0.0, weight_decay=0.0), np.array([3.0, 4.0])
    >>> x_next, state = opt.step(x, np.array([7.0, -0.01]), opt.init(x))
    >>> round(float(np.linalg.norm(x_next - x)), 12)
    0.5
    """

    slots: ClassVar = ("m", "v")
    lr: Hyper = 1e-3
    beta1: Hyper = hyper(0.9, minimum=0, below=1)
    beta2: Hyper = hyper(0.999, minimum=0, below=1)
    eps: Hyper = hyper(1e-6, minimum=0)
    weight_decay: Hyper = hyper(0.01, minimum=0)
    eps_root: Hyper = hyper(0.0, minimum=0)
    shapes: Shapes = None

    def direction(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        m, v = slots
        m = h.beta1 * m + (1 - h.beta1) * g
        v = h.beta2 * v + (1 - h.beta2) * (g * g)
        m_hat = m / (1 - h.beta1**h.t)
        v_hat = v / (1 - h.beta2**h.t)
        r = m_hat / (np.sqrt(v_hat + h.eps_root) + h.eps) + h.weight_decay * x
        return trust_ratio(x, r, h.shapes) * r, (m, v)


class LARS(Layered):
    r"""LARS: momentum, with a rate for every layer from its size and that of its gradient.

    .. math::
        \eta_t^{(l)} &= \eta\, c\, \frac{\lVert x_t^{(l)}\rVert}
            {\lVert g_t^{(l)}\rVert + \lambda \lVert x_t^{(l)}\rVert} \\
        v_t^{(l)} &= \beta v_{t-1}^{(l)} + \eta_t^{(l)} (g_t^{(l)} + \lambda x_t^{(l)}) \\
        x_{t+1} &= x_t - v_t

    Where a layer or its gradient is 0, the quotient is 1 and :math:`c` is left out.

    Parameters
    ----------
    lr : float, array or schedule
        :math:`\eta`, at least 0; the paper's experiments use 2 to 32.
    momentum : float, array or schedule
        :math:`\beta`, at least 0; the paper's 0.9.
    weight_decay : float, array or schedule
        :math:`\lambda`, at least 0; the paper's 0.0005.
    trust : float, array or schedule
        :math:`c`, the trust coefficient; the paper's 0.001.
    eps : float, array or schedule
        Added to the denominator of the quotient; 0.
    nesterov : bool
        Whether to look ahead.
    norm : {"parts", "sum"}
        "parts": the denominator is :math:`\lVert g\rVert + \lambda\lVert x\rVert`, the paper's. "sum": it is
        :math:`\lVert g + \lambda x\rVert`, Optax'.
    shapes : tuple of tuples of int, optional
        The shape of every layer; the whole vector is one by default.

    Raises
    ------
    TypeError, ValueError
        If `norm` is another word, `shapes` are none, or on the first update, if they do not fit x.

    References
    ----------
    You, Gitman and Ginsburg, "Large batch training of convolutional networks", arXiv 1708.03888, algorithm 1.

    Examples
    --------
    A layer of norm 5 and a gradient of norm 10: the local rate is 0.1 * 5 / 10.

    >>> opt, x = LARS(lr=1.0, weight_decay=0.0, trust=0.1), np.array([3.0, 4.0])
    >>> opt.step(x, np.array([10.0, 0.0]), opt.init(x))[0].round(12).tolist()
    [2.5, 4.0]
    """

    slots: ClassVar = ("v",)
    lr: Hyper = 1.0
    momentum: Hyper = hyper(0.9, minimum=0)
    weight_decay: Hyper = hyper(5e-4, minimum=0)
    trust: Hyper = hyper(0.001, minimum=0)
    eps: Hyper = hyper(0.0, minimum=0)
    nesterov: bool = False
    norm: str = one_of("parts", "sum")
    shapes: Shapes = None

    def update(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        (v,) = slots
        u = g + h.weight_decay * x
        size = per_layer(lengths, x, h.shapes)
        slope = per_layer(lengths, u if h.norm == "sum" else g, h.shapes)
        if h.norm == "parts":
            slope = slope + h.weight_decay * size
        still = (size == 0) | (slope == 0)
        ratio = np.where(still, 1.0, h.trust * size / np.where(still, 1.0, slope + h.eps))
        step = h.lr * ratio * u
        v = h.momentum * v + step
        return x - (step + h.momentum * v if h.nesterov else v), (v,)


class NovoGrad(Layered):
    r"""NovoGrad: gradients divided by the root of an average of their squared norm, layer by layer.

    .. math::
        v_t^{(l)} &= \beta_2 v_{t-1}^{(l)} + (1 - \beta_2) \lVert g_t^{(l)}\rVert^2, \qquad
            v_1^{(l)} = \lVert g_1^{(l)}\rVert^2 \\
        m_t &= \beta_1 m_{t-1} + \frac{g_t}{\sqrt{v_t} + \epsilon} + \lambda x_t, \qquad
            m_1 = \frac{g_1}{\sqrt{v_1} + \epsilon} + \lambda x_1 \\
        x_{t+1} &= x_t - \eta\, m_t

    The second moment is one number a layer, and the decay goes into the momentum.

    Parameters
    ----------
    lr : float, array or schedule
        :math:`\eta`, at least 0; the paper's experiments start at 0.01.
    beta1, beta2 : float, array or schedule
        Decay of the momentum and of the squared norm, from 0 to below 1; the paper's 0.95 and 0.98. (Optax
        has 0.9 and 0.25.)
    eps : float, array or schedule
        Added outside the root; 1e-8 (Optax has 1e-6).
    eps_root : float, array or schedule
        Added inside the root; 0.
    weight_decay : float, array or schedule
        :math:`\lambda`, at least 0.
    shapes : tuple of tuples of int, optional
        The shape of every layer; the whole vector is one by default.

    Raises
    ------
    TypeError, ValueError
        If `shapes` are none, or on the first update, if they do not fit x.

    References
    ----------
    Ginsburg et al., "Stochastic gradient methods with layer-wise adaptive moments for training of deep
    networks", arXiv 1905.11286, algorithm 1.

    Examples
    --------
    The first step is the gradient at length 1: (3, 4) over 5.

    >>> opt, x = NovoGrad(lr=1.0, eps=0.0), np.zeros(2)
    >>> opt.step(x, np.array([3.0, 4.0]), opt.init(x))[0].round(12).tolist()
    [-0.6, -0.8]
    """

    slots: ClassVar = ("m", "v")
    lr: Hyper = 0.01
    beta1: Hyper = hyper(0.95, minimum=0, below=1)
    beta2: Hyper = hyper(0.98, minimum=0, below=1)
    eps: Hyper = hyper(1e-8, minimum=0)
    eps_root: Hyper = hyper(0.0, minimum=0)
    weight_decay: Hyper = hyper(0.0, minimum=0)
    shapes: Shapes = None

    def direction(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        m, v = slots
        length = per_layer(lengths, g, h.shapes)
        square = length * length
        v = square if h.t == 1 else h.beta2 * v + (1 - h.beta2) * square
        root = np.sqrt(v + h.eps_root) + h.eps
        m = h.beta1 * m + quotient(g, root) + h.weight_decay * x
        return m, (m, v)
