"""Descent along the softened sign of the gradient."""

from typing import Any

from optim.hyperparameters import Hyper
from optim.optimizer import Optimizer, Slots

__all__ = ["SoftSign"]


class SoftSign(Optimizer):
    r"""Steps of at most the rate: d = g / (1 + abs(g)).

    Parameters
    ----------
    lr : float, array or schedule
        The longest step of a coordinate.

    Examples
    --------
    >>> import numpy as np
    >>> rule, x = SoftSign(lr=0.1), np.zeros(1)
    >>> rule.step(x, np.array([3.0]), rule.init(x))[0].tolist()
    [-0.07500000000000001]
    """

    lr: Hyper = 0.01

    def direction(self, x: Any, g: Any, slots: Slots, h: Any) -> tuple[Any, Slots]:
        return g / (1.0 + abs(g)), ()
