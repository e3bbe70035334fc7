"""Adafactor: the second moment of a matrix from its row and column means alone."""

import math
from typing import Any, ClassVar

import numpy as np

from optim.hyperparameters import Hyper, Numbers, Resolved
from optim.optimizer import Slots
from optim.rules.layers.shapes import Layered, Shape, Shapes, join, per_layer, quotient, rms
from stepsize.core.elementwise import minimum
from stepsize.core.limits.parameters import number

__all__ = ["Adafactor"]

Array = np.ndarray[Any, Any]
# The two axes of a layer that are averaged away, as they count from the end: one for rows, one for columns.
Axes = tuple[int, int]


class Adafactor(Layered):
    r"""Adafactor: steps relative to the size of a layer, divided by a second moment of rank one.

    .. math::
        \hat\beta_t &= 1 - t^{-c} \\
        R_t &= \hat\beta_t R_{t-1} + (1 - \hat\beta_t)\, \operatorname{mean}_j (G_{t,ij}^2 + \epsilon_1) \\
        C_t &= \hat\beta_t C_{t-1} + (1 - \hat\beta_t)\, \operatorname{mean}_i (G_{t,ij}^2 + \epsilon_1) \\
        \hat V_{t,ij} &= R_{t,i}\, C_{t,j} / \operatorname{mean}(R_t), \qquad U_t = G_t / \sqrt{\hat V_t} \\
        X_{t+1} &= X_t - \max\bigl(\epsilon_2, \operatorname{RMS}(X_t)\bigr)\, \rho_t\,
            \frac{U_t}{\max(1, \operatorname{RMS}(U_t) / d)}, \qquad \rho_t = \min(\eta, 1/\sqrt t)

    A matrix of m rows and n columns keeps m + n numbers; a vector keeps all its squares,
    :math:`\hat V_t = \hat\beta_t \hat V_{t-1} + (1 - \hat\beta_t)(G_t^2 + \epsilon_1)`. Of a stack of
    matrices each is factored. The estimate is exact where the squares have rank one.

    Parameters
    ----------
    lr : float, array or schedule
        :math:`\eta`, at least 0: the largest step relative to the layer; the paper's 0.01.
    decay : float
        :math:`c`, at least 0; the paper's 0.8. :math:`\hat\beta` rises from 0, so nothing is to be corrected.
    eps1 : float
        Added to every square; the paper's 1e-30.
    eps2 : float
        The least size that a layer counts for; the paper's 0.001. A layer of zeros moves because of it.
    clip : float
        :math:`d`, above 0: the largest root mean square of a step before the rate; the paper's 1.
    relative : bool
        Whether :math:`\rho_t` falls as :math:`1/\sqrt t` once that is below the rate. False: it is the rate.
    shapes : tuple of tuples of int, optional
        The shape of every layer; the whole vector is one by default, and nothing is factored.

    Raises
    ------
    TypeError, ValueError
        If `shapes` are none, or on the first update, if they do not fit x.

    References
    ----------
    Shazeer and Stern, "Adafactor: adaptive learning rates with sublinear memory cost", arXiv 1804.04235,
    algorithms 4 and 5. PyTorch, Keras and Optax have three others, see `optim.dialects`.

    Examples
    --------
    Squares of rank one are recovered: the first step of every entry is 0.01 times the size 2 of the matrix.

    >>> opt, x = Adafactor(shapes=((2, 2),)), np.full(4, 2.0)
    >>> opt.step(x, np.array([1.0, 2.0, 3.0, 6.0]), opt.init(x))[0].round(12).tolist()
    [1.98, 1.98, 1.98, 1.98]
    """

    slots: ClassVar[tuple[str, ...]] = ("row", "column")
    lr: Hyper = 0.01
    decay: float = number(0.8, minimum=0)
    eps1: float | None = number(1e-30, minimum=0)
    eps2: float = number(1e-3, minimum=0)
    clip: float = number(1.0, above=0)
    relative: bool = True
    shapes: Shapes = None

    def axes_of(self, shape: Shape) -> Axes | None:
        """Return the axes over which rows and columns are averaged, or None for a layer that keeps all."""
        return (-1, -2) if len(shape) > 1 else None

    def direction(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        u, slots = self.normalised(x, g, slots, h)
        return np.maximum(h.eps2, per_layer(rms, x, h.shapes)) * u, slots

    def update(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        d, slots = self.direction(x, g, slots, h)
        return x - self.rate(h) * d, slots

    def rate(self, h: Resolved) -> Numbers:
        """Return the relative step size of this update."""
        return minimum(h.lr, 1 / math.sqrt(h.t)) if h.relative else h.lr

    def share(self, h: Resolved) -> float:
        """Return the weight of the newest squares."""
        return float(h.t**-h.decay)

    def squares(self, g: Array, h: Resolved) -> Array:
        """Return what is averaged."""
        return np.asarray(g * g + h.eps1)

    def normalised(self, x: Array, g: Array, slots: Slots, h: Resolved) -> tuple[Array, Slots]:
        """Return the gradient over the root of its second moment, each layer clipped, and the new slots."""
        rows, columns, steps = [], [], []
        row, column = slots
        at_row = at_column = 0
        for place, shape in self.layers(x):
            axes = self.axes_of(shape)
            of_row, of_column = _sizes(shape, axes)
            before = row[..., at_row : at_row + of_row], column[..., at_column : at_column + of_column]
            at_row, at_column = at_row + of_row, at_column + of_column
            part = g[..., place]
            variance, *after = self._moments(part, shape, axes, before, h)
            u = self.over_root(part, variance, h)
            steps.append(u / np.maximum(1.0, rms(u) / h.clip))
            rows.append(after[0])
            columns.append(after[1])
        return join(steps, x), (join(rows, x), join(columns, x))

    def over_root(self, g: Array, variance: Array, h: Resolved) -> Array:
        """Return the gradient over the root; 0 over 0 is no step."""
        return quotient(g, np.sqrt(variance))

    def _moments(
        self, g: Array, shape: Shape, axes: Axes | None, before: tuple[Array, Array], h: Resolved
    ) -> tuple[Array, Array, Array]:
        """Return the second moment of a layer, flat as it came, and the new means of rows and columns."""
        share, squares = self.share(h), self.squares(g, h)
        lead = g.shape[:-1]
        if axes is None:
            kept = (1 - share) * before[0] + share * squares
            return kept, kept, before[1]
        table = squares.reshape(*lead, *shape)
        means = [table.mean(axis=axis, keepdims=True) for axis in axes]
        R, C = ((1 - share) * b.reshape(m.shape) + share * m for b, m in zip(before, means, strict=True))
        variance = self.of_rank_one(R, C, R.mean(axis=axes[1], keepdims=True), h)
        return variance.reshape(g.shape), R, C

    def of_rank_one(self, R: Array, C: Array, mean: Array, h: Resolved) -> Array:
        """Return the product of row and column means over the mean of all."""
        return np.asarray(quotient(R, mean) * C)

    def start(self, x: Array, h: Resolved) -> Slots:
        self.require_fit(x)
        sizes = [_sizes(shape, self.axes_of(shape)) for _, shape in self.layers(x)]
        lead = x.shape[:-1]
        return tuple(np.zeros((*lead, sum(column)), x.dtype) for column in zip(*sizes, strict=True))

    @property
    def is_direction_rule(self) -> bool:
        """False where the rate is bounded from above: a line search could not choose it."""
        return not self.relative


def _sizes(shape: Shape, axes: Axes | None) -> tuple[int, int]:
    """Return how many numbers the two slots keep of a layer."""
    size = math.prod(shape)
    return (size, 0) if axes is None else (size // shape[axes[0]], size // shape[axes[1]])
