"""Optimism: a step that expects the next direction to change as the last one did."""

from typing import ClassVar

from optim.hyperparameters import Hyper, Numbers, Resolved, hyper
from optim.optimizer import Optimizer, Slots
from optim.rules.sgd import SGD
from optim.rules.wrappers import Wrapper
from stepsize.core.validation import require

__all__ = ["Optimistic"]


class Optimistic(Wrapper):
    r"""Optimistic steps: the direction, and beside it how much it has changed since the update before.

    .. math:: x_{t+1} = x_t - \eta\,\bigl(\alpha\, d_t + \beta\, (d_t - d_{t-1})\bigr), \qquad d_0 = d_1

    Around `SGD` it is optimistic gradient descent, which approximates the extragradient method with one
    gradient an update: in a game, where one player's minimum is the other's maximum, plain gradient descent
    circles outwards and this one goes in. Around `Adam` it is optimistic Adam.

    Parameters
    ----------
    inner : Optimizer
        The rule that gives the directions :math:`d_t`.
    alpha : float, array or schedule
        Weight of the direction, at least 0; 1.
    beta : float, array or schedule
        Weight of its change, at least 0; 1.

    Raises
    ------
    ValueError
        If the inner rule's update is not x - lr * d.

    References
    ----------
    Daskalakis, Ilyas, Syrgkanis and Zeng, "Training GANs with optimism", arXiv 1711.00141; Mokhtari, Ozdaglar
    and Pattathil, arXiv 1901.08511, for two weights.

    Examples
    --------
    A direction of 3, then 1, which is 2 less: the second step is 1 - 2.

    >>> import numpy as np
    >>> opt, x = Optimistic(SGD(lr=1.0)), np.zeros(1)
    >>> x, state = opt.step(x, np.array([3.0]), opt.init(x))
    >>> x.tolist(), opt.step(x, np.array([1.0]), state)[0].tolist()
    ([-3.0], [-2.0])
    """

    own_slots: ClassVar = ("d_before",)
    demo: ClassVar = {"inner": SGD()}
    alpha: Hyper = hyper(1.0, minimum=0)
    beta: Hyper = hyper(1.0, minimum=0)

    def check(self) -> None:
        require(self.inner.is_direction_rule, "inner", self.inner, "a rule whose update is x - lr * d")

    def direction(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        d_before, *rest = slots
        d, inner = self.inner.direction(x, g, tuple(rest), h.inner)
        change = 0.0 * d if h.t == 1 else d - d_before
        return h.alpha * d + h.beta * change, (d, *inner)

    def update(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        return Optimizer.update(self, x, g, slots, h)
