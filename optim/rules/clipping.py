"""Wrappers that hold gradients within bounds."""

import numpy as np

from optim.hyperparameters import Hyper, Numbers, Resolved, hyper
from optim.rules.wrappers import Wrapper
from stepsize.core.elementwise import maximum, minimum
from stepsize.core.norms import lengths_fit
from stepsize.core.norms import norm as scaled_norm

__all__ = ["ClipByNorm", "ClipByValue"]


class ClipByNorm(Wrapper):
    r"""Gradient clipping by norm: a gradient that is too long is shortened, its direction unchanged.

    .. math:: g \leftarrow \min\left(1, \frac{c}{\lVert g\rVert + \epsilon}\right) g

    The norm is that of the whole parameter vector.

    Parameters
    ----------
    inner : Optimizer
        The rule that gets the clipped gradient.
    max_norm : float, array or schedule
        :math:`c`, above 0. The paper takes half to ten times the average norm.
    eps : float, array or schedule
        0 in the paper, in Keras and in Optax; 1e-6 in PyTorch.

    References
    ----------
    Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural networks", ICML 2013,
    algorithm 1.

    Examples
    --------
    The gradient (3, 4) has norm 5.

    >>> import numpy as np
    >>> from optim import SGD
    >>> opt = ClipByNorm(SGD(lr=1.0), max_norm=1.0)
    >>> x, state = opt.step(np.zeros(2), np.array([3.0, 4.0]), opt.init(np.zeros(2)))
    >>> x.round(12).tolist()
    [-0.6, -0.8]
    """

    max_norm: Hyper = hyper(1.0, above=0)
    eps: Hyper = hyper(0.0, minimum=0)

    def transform_gradient(self, x: Numbers, g: Numbers, h: Resolved) -> Numbers:
        norm = np.sqrt((g * g).sum(axis=-1, keepdims=True))
        if not lengths_fit(norm):
            norm = scaled_norm(g, keepdims=True)
        return np.minimum(1, h.max_norm / (norm + h.eps)) * g

    @property
    def elementwise(self) -> bool:  # type: ignore[override]  # as in Wrapper
        """False: the norm knows all coordinates."""
        return False


class ClipByValue(Wrapper):
    r"""Gradient clipping by value: each component is held between -c and c.

    .. math:: g_i \leftarrow \max(-c, \min(c, g_i))

    Parameters
    ----------
    inner : Optimizer
        The rule that gets the clipped gradient.
    limit : float, array or schedule
        :math:`c`, above 0. No default in the sources; 1 is customary.

    References
    ----------
    Mikolov, "Statistical language models based on neural networks", PhD thesis, Brno 2012.

    Examples
    --------
    >>> import numpy as np
    >>> from optim import SGD
    >>> opt = ClipByValue(SGD(lr=1.0), limit=0.5)
    >>> x, state = opt.step(np.zeros(2), np.array([3.0, -0.25]), opt.init(np.zeros(2)))
    >>> x.tolist()
    [-0.5, 0.25]
    """

    limit: Hyper = hyper(1.0, above=0)

    def transform_gradient(self, x: Numbers, g: Numbers, h: Resolved) -> Numbers:
        return maximum(-h.limit, minimum(h.limit, g))
