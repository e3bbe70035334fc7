"""Clipping layer by layer: each layer's gradient is held to a norm of its own."""

from typing import Any

import numpy as np

from optim.hyperparameters import Hyper, Numbers, Resolved, hyper
from optim.optimizer import Slots
from optim.rules.layers.shapes import Shapes, as_shapes, lengths, per_layer, refuse_misfit
from optim.rules.wrappers import Wrapper

__all__ = ["ClipLayersByNorm"]

Array = np.ndarray[Any, Any]


class ClipLayersByNorm(Wrapper):
    r"""Gradient clipping by the norm of each layer: a layer's gradient that is too long is shortened.

    .. math:: g^{(l)} \leftarrow \min\left(1, \frac{c}{\lVert g^{(l)}\rVert}\right) g^{(l)}
        \qquad\text{for every layer } l

    It changes the direction of the whole gradient, which `ClipByNorm` does not.

    Parameters
    ----------
    inner : Optimizer
        The rule that gets the clipped gradient.
    max_norm : float, array or schedule
        :math:`c`, above 0.
    shapes : tuple of tuples of int, optional
        The shape of every layer; the whole vector is one by default.

    Raises
    ------
    TypeError, ValueError
        If `shapes` are none, or on the first update, if they do not fit x.

    References
    ----------
    Keras 3.15, ``clipnorm`` of every optimizer; its ``global_clipnorm`` is `ClipByNorm`.

    Examples
    --------
    The gradient of the first layer, (3, 4), has norm 5; the second's is short enough.

    >>> from optim import SGD
    >>> opt, x = ClipLayersByNorm(SGD(lr=1.0), shapes=((2,), (1,))), np.zeros(3)
    >>> opt.step(x, np.array([3.0, 4.0, 0.5]), opt.init(x))[0].round(12).tolist()
    [-0.6, -0.8, -0.5]
    """

    max_norm: Hyper = hyper(1.0, above=0)
    shapes: Shapes = None

    def normalise(self, name: str, value: Any) -> Any:
        return as_shapes(value) if name == "shapes" else super().normalise(name, value)

    def start(self, x: Array, h: Resolved) -> Slots:
        self.require_fit(x)
        return super().start(x, h)

    def require_fit(self, x: Array) -> None:
        """Raise unless the layers hold as many numbers as x does."""
        refuse_misfit(x, self.shapes)

    def transform_gradient(self, x: Numbers, g: Numbers, h: Resolved) -> Numbers:
        norm = per_layer(lengths, g, h.shapes)
        return np.minimum(1, h.max_norm / np.where(norm > 0, norm, h.max_norm)) * g

    @property
    def elementwise(self) -> bool:  # type: ignore[override]  # as in Wrapper
        """False: a norm knows all coordinates of its layer."""
        return False
