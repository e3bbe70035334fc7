"""Adafactor as PyTorch and Optax have it; Keras' is the paper's."""

from typing import Any, ClassVar

import numpy as np

from optim.hyperparameters import Hyper, Numbers, Resolved, hyper
from optim.optimizer import Slots
from optim.rules.layers.adafactor import Adafactor, Axes
from optim.rules.layers.shapes import Shape, Shapes, per_layer, rms
from stepsize.core.limits.parameters import count, number
from stepsize.core.validation import require

__all__ = ["OptaxAdafactor", "TorchAdafactor"]

Array = np.ndarray[Any, Any]


class TorchAdafactor(Adafactor):
    r"""PyTorch's Adafactor: nothing is added to the squares, their estimate is held above eps1 squared.

    .. math:: U_t = G_t / \sqrt{\max(\hat V_t, \epsilon_1^2)}, \qquad
        \hat V_t = R_t C_t / \max(\operatorname{mean}(R_t), \epsilon_1)

    Parameters
    ----------
    lr, decay, eps2, clip, relative, shapes
        As in `Adafactor`.
    eps1 : float, optional
        None is the rounding unit of x's precision.

    References
    ----------
    PyTorch 2.14, ``torch.optim.Adafactor``.

    Examples
    --------
    A gradient below eps1 is not made a full step.

    >>> opt, x = TorchAdafactor(eps1=1.0), np.ones(1)
    >>> opt.step(x, np.array([0.5]), opt.init(x))[0].tolist()
    [0.995]
    """

    eps1: float | None = None

    def check(self) -> None:
        require(self.eps1 is None or self.eps1 >= 0, "eps1", self.eps1, "a number of at least 0, or None")

    def squares(self, g: Array, h: Resolved) -> Array:
        return np.asarray(g * g)

    def over_root(self, g: Array, variance: Array, h: Resolved) -> Array:
        least = self._least(g, h)
        return super().over_root(g, np.maximum(variance, least * least), h)

    def of_rank_one(self, R: Array, C: Array, mean: Array, h: Resolved) -> Array:
        return super().of_rank_one(R, C, np.maximum(mean, self._least(R, h)), h)

    def _least(self, like: Array, h: Resolved) -> float:
        return float(np.finfo(like.dtype).eps) if h.eps1 is None else float(h.eps1)


class OptaxAdafactor(Adafactor):
    r"""Optax' Adafactor: the rate as given, large matrices alone factored, momentum and decay of its own.

    .. math::
        D_t &= \eta_t \max(10^{-3}, \operatorname{RMS}(X_t))\, U_t / \max(1, \operatorname{RMS}(U_t) / d) \\
        M_t &= \beta M_{t-1} + (1 - \beta)\, D_t, \qquad X_{t+1} = X_t - M_t - \lambda X_t

    The decay is not multiplied by the rate. A layer is factored over its two longest axes, if both have at
    least `min_size` entries; a stack of matrices need not be factored matrix by matrix.

    Parameters
    ----------
    lr : float, array or schedule
        :math:`\eta`, at least 0; 1 is Optax' None.
    decay, eps1, eps2, clip, shapes
        As in `Adafactor`; clip may be infinite.
    relative
        Not used: the rate never falls by itself.
    momentum : float, array or schedule
        :math:`\beta`, from 0 to below 1; 0.
    weight_decay : float, array or schedule
        :math:`\lambda`, at least 0; 0.
    min_size : int
        The least length of an axis that is averaged away, 128.
    scaled : bool
        Whether a step is relative to the size of its layer.
    ahead : int
        How many updates the decay of the squares is ahead of the count, at least 0: 0, or minus Optax'
        ``decay_offset``.

    References
    ----------
    Optax 0.2.8, ``optax.adafactor``, which computes the decay of the squares in float32.

    Examples
    --------
    >>> opt, x = OptaxAdafactor(lr=0.1, weight_decay=0.25), np.array([2.0])
    >>> opt.step(x, np.array([3.0]), opt.init(x))[0].round(12).tolist()
    [1.3]
    """

    slots: ClassVar = ("row", "column", "m")
    lr: Hyper = 1.0
    clip: float = number(1.0, above=0, finite=False)
    relative: bool = False
    shapes: Shapes = None
    momentum: Hyper = hyper(0.0, minimum=0, below=1)
    weight_decay: Hyper = hyper(0.0, minimum=0)
    min_size: int = count(128, minimum=1)
    scaled: bool = True
    ahead: int = count(0)

    def share(self, h: Resolved) -> float:
        return float((h.t + h.ahead) ** -h.decay)

    def axes_of(self, shape: Shape) -> Axes | None:
        if len(shape) < 2:
            return None
        *_, second, longest = np.argsort(shape)
        if shape[second] < self.min_size:
            return None
        return int(longest) - len(shape), int(second) - len(shape)

    def update(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        row, column, m = slots
        u, moments = self.normalised(x, g, (row, column), h)
        d = h.lr * u
        if h.scaled:
            d = d * np.maximum(h.eps2, per_layer(rms, x, h.shapes))
        m = h.momentum * m + (1 - h.momentum) * d
        return x - m - h.weight_decay * x, (*moments, m)

    def start(self, x: Array, h: Resolved) -> Slots:
        return (*super().start(x, h), np.zeros_like(x))

    @property
    def is_direction_rule(self) -> bool:
        """False: the rate is in the momentum, and the decay has none."""
        return False
