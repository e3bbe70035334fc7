"""Fromage: every layer turns by the same angle, and keeps its length."""

from typing import Any

import numpy as np

from optim.hyperparameters import Hyper, Numbers, Resolved, hyper
from optim.optimizer import Slots
from optim.rules.layers.shapes import Layered, Shapes, lengths, per_layer
from stepsize.core.elementwise import sqrt

__all__ = ["Fromage"]

Array = np.ndarray[Any, Any]


class Fromage(Layered):
    r"""Fromage: a step as long as the rate's share of the layer, which is then made shorter again.

    .. math::
        x_{t+1}^{(l)} = \frac{1}{\sqrt{1 + \eta^2}} \left(x_t^{(l)} - \eta\,
            \frac{\lVert x_t^{(l)}\rVert}{\lVert g_t^{(l)}\rVert}\, g_t^{(l)}\right)
            \qquad\text{for every layer } l

    Where the gradient is orthogonal to the layer the factor keeps the layer's norm: it turns by the angle
    :math:`\arctan \eta`. A layer that is 0, or without a gradient, takes the plain step of gradient descent.

    Parameters
    ----------
    lr : float, array or schedule
        :math:`\eta`, at least 0; the paper's 0.01.
    min_norm : float, array or schedule
        Below which no norm counts; the paper has none, Optax 1e-6.
    shapes : tuple of tuples of int, optional
        The shape of every layer; the whole vector is one by default.

    Raises
    ------
    TypeError, ValueError
        If `shapes` are none, or on the first update, if they do not fit x.

    References
    ----------
    Bernstein, Vahdat, Yue and Liu, "On the distance between two neural networks and the stability of
    learning", NeurIPS 2020, arXiv 2002.03432, algorithm 1.

    Examples
    --------
    A gradient across the layer, at rate 3/4: it turns from (5, 0) to the 3-4-5 triangle.

    >>> opt, x = Fromage(lr=0.75), np.array([5.0, 0.0])
    >>> opt.step(x, np.array([0.0, -0.1]), opt.init(x))[0].round(12).tolist()
    [4.0, 3.0]
    """

    lr: Hyper = 0.01
    min_norm: Hyper = hyper(0.0, minimum=0)
    shapes: Shapes = None

    def update(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        size = np.maximum(per_layer(lengths, x, h.shapes), h.min_norm)
        slope = np.maximum(per_layer(lengths, g, h.shapes), h.min_norm)
        plain = (size == 0) | (slope == 0)
        ratio = np.where(plain, 1.0, size / np.where(plain, 1.0, slope))
        return (x - h.lr * ratio * g) / sqrt(1 + h.lr * h.lr), slots
