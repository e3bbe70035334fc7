"""Sophia: momentum divided by an average of the Hessian's diagonal, each coordinate clipped."""

from typing import ClassVar

import numpy as np

from optim.hyperparameters import Hyper, Numbers, Resolved, hyper
from optim.optimizer import Optimizer, Slots
from optim.rules.curvature.newton import diagonal_of_hessian
from stepsize.core.limits.parameters import count, one_of, seed

__all__ = ["Sophia"]


class Sophia(Optimizer):
    r"""Sophia: a diagonal Newton step from averages, clipped so that no coordinate moves more than the rate.

    .. math::
        m_t &= \beta_1 m_{t-1} + (1 - \beta_1)\, g_t \\
        h_t &= \beta_2 h_{t-k} + (1 - \beta_2)\, \hat h_t \quad\text{where } t \bmod k = 1,
            \text{ otherwise } h_t = h_{t-1} \\
        x_{t+1} &= x_t - \eta\, \operatorname{clip}\Bigl(\frac{m_t}{\max(\gamma h_t, \epsilon)},\; \pm 1\Bigr)

    :math:`\hat h` is the diagonal of the Hessian or an estimate of it. Where the curvature is small or
    negative the step is a sign. The paper's decay is `DecoupledDecay` around it.

    Parameters
    ----------
    lr : float, array or schedule
        :math:`\eta`, at least 0: the largest step of a coordinate.
    beta1, beta2 : float, array or schedule
        Decay of the gradients and of the curvature, from 0 to below 1; the paper's 0.96 and 0.99.
    gamma : float, array or schedule
        :math:`\gamma`, above 0: the larger, the shorter the steps that are not clipped; the paper's 0.01.
    eps : float, array or schedule
        :math:`\epsilon`; the paper's 1e-12.
    bound : float, array or schedule
        Of the clipping; 1.
    every : int
        :math:`k`: after how many updates the diagonal is taken anew, at least 1; the paper's 10.
    diagonal : {"exact", "differences", "hutchinson"}
        Where the diagonal comes from, as in `DiagonalNewton`. The paper's Sophia-H is "hutchinson".
    samples : int
        Random sign vectors an estimate, at least 1, for "hutchinson".
    rng : int
        Seed of the signs, which follow from it and t alone.
    before : bool
        Whether the step is made with the curvature before this update's estimate, as in Optax, where the
        first step is a sign.
    debias : bool
        Whether m is divided by :math:`1 - \beta_1^t`, as in Optax.

    References
    ----------
    Liu, Li, Hall, Liang and Ma, "Sophia: a scalable stochastic second-order optimizer for language model
    pre-training", arXiv 2305.14342, algorithm 3.

    Examples
    --------
    With the whole curvature and no memory it is Newton's method, held to steps of at most the rate.

    >>> from optim import minimize
    >>> from problems import Quadratic
    >>> opt = Sophia(lr=1.0, beta1=0.0, beta2=0.0, gamma=1.0)
    >>> minimize(Quadratic([1.0, 20.0]), opt, x0=[0.5, -3.0], steps=1).x.tolist()
    [0.0, -2.0]
    """

    elementwise: ClassVar = False
    slots: ClassVar = ("m", "h")
    lr: Hyper = 1e-3
    beta1: Hyper = hyper(0.96, minimum=0, below=1)
    beta2: Hyper = hyper(0.99, minimum=0, below=1)
    gamma: Hyper = hyper(0.01, above=0)
    eps: Hyper = hyper(1e-12, above=0)
    bound: Hyper = hyper(1.0, above=0)
    every: int = count(10, minimum=1)
    diagonal: str = one_of("exact", "differences", "hutchinson")
    samples: int = count(1, minimum=1)
    rng: int = seed(0)
    before: bool = False
    debias: bool = False

    @property
    def requires(self) -> tuple[str, ...]:  # type: ignore[override]  # it depends on where the diagonal comes from
        """The Hessian, or the gradient at other points."""
        return ("hess",) if self.diagonal == "exact" else ("grad",)

    def direction(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        m, old = slots
        m = h.beta1 * m + (1 - h.beta1) * g
        new = old
        if (h.t - 1) % h.every == 0:
            new = (h.beta2 * old + (1 - h.beta2) * diagonal_of_hessian(x, h)).astype(x.dtype)
        m_hat = m / (1 - h.beta1**h.t) if h.debias else m
        d = m_hat / np.maximum(h.gamma * (old if h.before else new), h.eps)
        return np.clip(d, -h.bound, h.bound), (m, new)
