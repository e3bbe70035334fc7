"""Wrappers that change the gradient before a rule sees it: clipped, scaled, turned, blurred, gathered."""

from typing import ClassVar

import numpy as np

from optim.hyperparameters import Hyper, Numbers, Resolved, hyper
from optim.optimizer import Slots
from optim.rules.sgd import Momentum
from optim.rules.wrappers import Wrapper
from stepsize.core.elementwise import maximum, minimum, sqrt
from stepsize.core.limits.parameters import count, seed
from stepsize.core.norms import lengths_fit
from stepsize.core.norms import norm as scaled_norm

__all__ = ["Accumulate", "AnnealedNoise", "ClipByNorm", "ClipByValue", "ScaleGradient"]


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


class AnnealedNoise(Wrapper):
    r"""Gaussian noise on the gradient, less and less of it.

    .. math:: g \leftarrow g + \sigma_t\, \xi_t, \qquad \sigma_t^2 = \frac{\eta}{t^\gamma}, \qquad
        \xi_t \sim \mathcal N(0, 1) \text{ in every coordinate}

    with t from 1. Runs of one sweep meet the same noise.

    Parameters
    ----------
    inner : Optimizer
        The rule that gets the gradient with the noise.
    variance : float, array or schedule
        :math:`\eta`, the variance of the first update, at least 0; the paper's choices are 0.01, 0.3 and 1.
    decay : float, array or schedule
        :math:`\gamma`, at least 0; the paper's 0.55.
    rng : int
        Seed of the noise, which follows from it and t alone.

    References
    ----------
    Neelakantan et al., "Adding gradient noise improves learning for very deep networks", arXiv 1511.06807,
    section 3, which counts t from 0 and divides by :math:`(1 + t)^\gamma`.

    Examples
    --------
    Without any variance it is the rule inside. The same seed gives the same noise.

    >>> import numpy as np
    >>> from optim import SGD
    >>> x, g = np.zeros(1), np.ones(1)
    >>> quiet, one, again = (AnnealedNoise(SGD(1.0), v, rng=7) for v in (0.0, 0.5, 0.5))
    >>> steps = [opt.step(x, g, opt.init(x))[0] for opt in (quiet, one, again)]
    >>> steps[0].tolist(), bool(steps[1] == steps[2]), bool(steps[1] == steps[0])
    ([-1.0], True, False)
    """

    draws_noise: ClassVar = True
    variance: Hyper = hyper(0.01, minimum=0)
    decay: Hyper = hyper(0.55, minimum=0)
    rng: int = seed(0)

    def transform_gradient(self, x: Numbers, g: Numbers, h: Resolved) -> Numbers:
        noise = np.random.default_rng([h.rng, h.t]).standard_normal(x.shape[-1]).astype(x.dtype)
        return g + sqrt(h.variance / h.t**h.decay) * noise

    @property
    def elementwise(self) -> bool:  # type: ignore[override]  # as in Wrapper
        """False: the noise knows the place of a coordinate."""
        return False


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
