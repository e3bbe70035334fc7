"""Wrappers that change the gradient before a rule sees it: its scale or sign, or how many are averaged."""

from typing import ClassVar

from optim.hyperparameters import Hyper, Numbers, Resolved
from optim.optimizer import Slots
from optim.rules.sgd import Momentum
from optim.rules.wrappers import Wrapper
from stepsize.core.limits.parameters import count

__all__ = ["Accumulate", "ScaleGradient"]


class ScaleGradient(Wrapper):
    r"""Multiply the gradient by a factor; -1, the default, goes uphill: it maximizes.

    .. math:: g \leftarrow c\, g

    Only the gradient is scaled, so that a decay around or inside it still shrinks x. PyTorch's
    ``maximize=True`` is the factor -1, Keras' ``loss_scale_factor`` the factor one over it.

    Parameters
    ----------
    inner : Optimizer
        The rule that gets the scaled gradient.
    factor : float, array or schedule
        :math:`c`, of either sign.

    References
    ----------
    PyTorch 2.14, ``maximize`` of every optimizer; Keras 3.15, ``loss_scale_factor``.

    Examples
    --------
    >>> import numpy as np
    >>> from optim import SGD
    >>> opt, x = ScaleGradient(SGD(lr=0.5)), np.array([2.0])
    >>> opt.step(x, np.array([3.0]), opt.init(x))[0].tolist()
    [3.5]
    """

    demo: ClassVar = {"inner": Momentum(), "factor": 0.5}
    factor: Hyper = -1.0

    def transform_gradient(self, x: Numbers, g: Numbers, h: Resolved) -> Numbers:
        return h.factor * g


class Accumulate(Wrapper):
    r"""Gradient accumulation: wait for k gradients, then make one update with their mean.

    .. math::
        s_t &= s_{t-1} + g_t \\
        x_{t+1} &= \text{step}(x_t,\; s_t / k), \quad s_t \leftarrow 0
            \qquad\text{where } k \text{ divides } t; \text{ otherwise } x_{t+1} = x_t

    The rule inside counts its own updates, and so do its schedules: they advance by one every k gradients.

    Parameters
    ----------
    inner : Optimizer
        The rule that makes an update every k gradients.
    period : int
        :math:`k`, at least 2.

    Raises
    ------
    TypeError, ValueError
        If `period` is not a whole number of at least 2.

    References
    ----------
    Keras 3.15, ``gradient_accumulation_steps``. Optax' ``MultiSteps`` does the same.

    Examples
    --------
    >>> import numpy as np
    >>> from optim import SGD
    >>> opt, x = Accumulate(SGD(lr=1.0), period=2), np.zeros(1)
    >>> state, points = opt.init(x), []
    >>> for g in [1.0, 2.0, 3.0, 5.0]:
    ...     x, state = opt.step(x, np.array([g]), state)
    ...     points.append(float(x[0]))
    >>> points
    [0.0, -1.5, -1.5, -5.5]
    """

    own_slots: ClassVar = ("sum",)
    period: int = count(2, minimum=2)

    def update(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        total, *inner = slots
        total = total + g
        if h.t % h.period:
            return x, (total, *inner)
        x, moved = self.inner.update(x, total / h.period, tuple(inner), h.inner)
        return x, (0.0 * total, *moved)

    @property
    def inner_period(self) -> int:  # type: ignore[override]  # as in Wrapper
        """How many updates make one of the inner rule's."""
        return self.period

    @property
    def elementwise(self) -> bool:  # type: ignore[override]  # as in Wrapper
        """False: the engines that trace a rule know one count of updates, and here there are two."""
        return False

    @property
    def is_direction_rule(self) -> bool:
        """False: most updates do not move."""
        return False
