"""SM3: Adagrad with one accumulator a row and one a column."""

from functools import reduce
from typing import Any, ClassVar

import numpy as np

from optim.hyperparameters import Hyper, Numbers, Resolved, hyper
from optim.optimizer import Slots
from optim.rules.layers.shapes import Layered, Shape, Shapes, join, quotient

__all__ = ["SM3"]

Array = np.ndarray[Any, Any]


class SM3(Layered):
    r"""SM3: Adagrad whose sums are kept for the rows and columns of a matrix, with momentum.

    .. math::
        \nu_{t,ij} &= \min(R_{t-1,i},\; C_{t-1,j}) + g_{t,ij}^2 \\
        R_{t,i} &= \max_j \nu_{t,ij}, \qquad C_{t,j} = \max_i \nu_{t,ij} \\
        m_t &= \beta m_{t-1} + (1 - \beta)\, \frac{g_t}{\sqrt{\nu_t + \epsilon}} \\
        x_{t+1} &= x_t - \eta\, m_t

    A layer of more axes keeps one vector for each; a vector keeps all its sums, and is Adagrad's. The sums
    are never below Adagrad's own, so the steps are never longer.

    Parameters
    ----------
    lr : float, array or schedule
        :math:`\eta`, at least 0; the paper's experiments use 0.1 to 0.25.
    momentum : float, array or schedule
        :math:`\beta`, from 0 to below 1; the paper's 0.9.
    eps : float, array or schedule
        Added inside the root to every sum but 0, at least 0; the paper has none (0 over 0 is no step), Optax
        1e-8.
    shapes : tuple of tuples of int, optional
        The shape of every layer; the whole vector is one by default.

    Raises
    ------
    TypeError, ValueError
        If `shapes` are none, or on the first update, if they do not fit x.

    References
    ----------
    Anil, Gupta, Koren and Singer, "Memory-efficient adaptive optimization", arXiv 1901.11150, algorithm
    SM3-II with the rows and columns as its sets.

    Examples
    --------
    Without momentum the first step is a sign. Then the entry at the top left is divided by the root of the
    smaller of row and column, max(1, 4) and max(1, 9), and of 1: sqrt(4 + 1).

    >>> opt, x = SM3(lr=1.0, momentum=0.0, shapes=((2, 2),)), np.zeros(4)
    >>> x, state = opt.step(x, np.array([1.0, 2.0, 3.0, 0.0]), opt.init(x))
    >>> x.tolist(), state.slots[1].tolist()
    ([-1.0, -1.0, -1.0, 0.0], [4.0, 9.0, 9.0, 4.0])
    >>> x_next, _ = opt.step(x, np.array([1.0, 0.0, 0.0, 0.0]), state)
    >>> round(float(x[0] - x_next[0]), 12) == round(5**-0.5, 12)
    True
    """

    slots: ClassVar = ("m", "sums")
    lr: Hyper = 0.1
    momentum: Hyper = hyper(0.9, minimum=0, below=1)
    eps: Hyper = hyper(0.0, minimum=0)
    shapes: Shapes = None

    def direction(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        m, sums = slots
        squares, after = self._gathered(g, sums, h)
        u = quotient(g, np.sqrt(np.where(squares > 0, squares + h.eps, 0.0)))
        m = h.momentum * m + (1 - h.momentum) * u
        return m, (m, after)

    def _gathered(self, g: Array, sums: Array, h: Resolved) -> tuple[Array, Array]:
        """Return the sum of squares that each coordinate is divided by, and the new sums of the axes."""
        found, kept, begin = [], [], 0
        lead = g.shape[:-1]
        for place, shape in self.layers(g):
            before = []
            for axis, length in enumerate(shape):
                part = sums[..., begin : begin + length]
                before.append(part.reshape(*lead, *(length if k == axis else 1 for k in range(len(shape)))))
                begin += length
            part = g[..., place].reshape(*lead, *shape)
            now = reduce(np.minimum, before) + part * part
            found.append(now)
            kept += [now.max(axis=_others(axis, shape), keepdims=True) for axis in range(len(shape))]
        return join(found, g), join(kept, g)

    def start(self, x: Array, h: Resolved) -> Slots:
        self.require_fit(x)
        lengths = sum(sum(shape) for _, shape in self.layers(x))
        return np.zeros_like(x), np.zeros((*x.shape[:-1], lengths), x.dtype)


def _others(axis: int, shape: Shape) -> tuple[int, ...]:
    """Return the axes of a layer but one, counted from the end."""
    return tuple(k - len(shape) for k in range(len(shape)) if k != axis)
