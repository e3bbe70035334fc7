"""Descent along the gradient, with and without memory of the last step."""

from typing import Any, ClassVar, Self

from optim.optimizer import Hyper, Optimizer, Slots

__all__ = ["SGD", "Momentum", "Nesterov"]


class SGD(Optimizer):
    r"""Gradient descent; stochastic when the gradient is a mini-batch's.

    .. math:: x_{t+1} = x_t - \eta\, g_t

    A rate of one number a coordinate is the diagonal-matrix learning rate: with 1 / diag(H) it solves a
    diagonal quadratic in one step (see the example).

    Parameters
    ----------
    lr : float, array or schedule
        :math:`\eta`, at least 0. Cauchy and Robbins-Monro name no default; 0.01 is customary.

    References
    ----------
    Cauchy, "Méthode générale pour la résolution des systèmes d'équations simultanées", 1847. Robbins and
    Monro, "A stochastic approximation method", Ann. Math. Stat. 22 (1951).

    Examples
    --------
    >>> import numpy as np
    >>> from optim import minimize
    >>> from problems import Quadratic
    >>> bowl = Quadratic([1.0, 20.0])
    >>> run = minimize(bowl, SGD(lr=1 / np.diag(bowl.H)), steps=1)
    >>> run.x.tolist(), run.fun
    ([0.0, 0.0], 0.0)
    """

    lr: Hyper = 0.01

    def direction(self, x: Any, g: Any, slots: Slots, h: Self) -> tuple[Any, Slots]:
        """Return the gradient."""
        return g, ()


class Momentum(Optimizer):
    r"""Gradient descent with momentum, Polyak's heavy ball.

    .. math::
        m_t &= \beta\, m_{t-1} + g_t \\
        x_{t+1} &= x_t - \eta\, m_t

    With a constant rate this is Polyak's :math:`x_{t+1} = x_t - \eta g_t + \beta (x_t - x_{t-1})`. He is
    silent on rates that change; here the rate multiplies the whole velocity, as in PyTorch, Optax and "Dive
    into Deep Learning", so that a drop of the rate slows the ball at once. (In Keras and in Sutskever et al.
    the rate is inside the velocity, and the old velocity coasts on.)

    Parameters
    ----------
    lr : float, array or schedule
        :math:`\eta`, at least 0.
    momentum : float, array or schedule
        :math:`\beta`, at least 0; 1 and more is a ball without friction. Polyak names no default; 0.9 is
        customary.

    References
    ----------
    Polyak, "Some methods of speeding up the convergence of iteration methods", USSR Comput. Math. Math. Phys.
    4 (1964), eq. 9.

    Examples
    --------
    From x = 1 on f = x^2/2 with rate 0.5 and momentum 0.5: 1 - 0.5, then 0.5 - 0.5 (0.5 + 0.5).

    >>> from optim import minimize
    >>> from problems import Parabola
    >>> run = minimize(Parabola(curvature=1.0, start=1.0), Momentum(lr=0.5, momentum=0.5), steps=2)
    >>> run.history.x.ravel().tolist()
    [1.0, 0.5, 0.0]
    """

    slots: ClassVar = ("m",)
    lr: Hyper = 0.01
    momentum: Hyper = 0.9

    def direction(self, x: Any, g: Any, slots: Slots, h: Self) -> tuple[Any, Slots]:
        """Return the velocity."""
        (m,) = slots
        m = h.momentum * m + g
        return m, (m,)


class Nesterov(Optimizer):
    r"""Nesterov's accelerated gradient with constant momentum, in the form that takes its gradient at x.

    .. math::
        m_t &= \beta\, m_{t-1} + g_t \\
        x_{t+1} &= x_t - \eta\,(g_t + \beta\, m_t)

    x is the point ahead where the gradient is taken, :math:`\theta + \beta v` in Sutskever's notation, as in
    PyTorch, Optax and TensorFlow 1; with a constant rate the two sequences are the same one shifted.

    Parameters
    ----------
    lr : float, array or schedule
        :math:`\eta`, at least 0.
    momentum : float, array or schedule
        :math:`\beta`, at least 0. The default 0.9 is customary; on a quadratic the best is
        :math:`(\sqrt\kappa - 1)/(\sqrt\kappa + 1)` with rate 1/L.

    References
    ----------
    Nesterov, "A method of solving a convex programming problem with convergence rate O(1/k^2)", Soviet Math.
    Dokl. 27 (1983). Sutskever, Martens, Dahl and Hinton, "On the importance of initialization and momentum in
    deep learning", ICML 2013, eq. 3-4.

    Examples
    --------
    From x = 1 on f = x^2/2 with rate 0.5 and momentum 0.5: 1 - 0.5 (1 + 0.5).

    >>> from optim import minimize
    >>> from problems import Parabola
    >>> run = minimize(Parabola(curvature=1.0, start=1.0), Nesterov(lr=0.5, momentum=0.5), steps=1)
    >>> run.x.tolist()
    [0.25]
    """

    slots: ClassVar = ("m",)
    lr: Hyper = 0.01
    momentum: Hyper = 0.9

    def direction(self, x: Any, g: Any, slots: Slots, h: Self) -> tuple[Any, Slots]:
        """Return the gradient plus the velocity that it will have given."""
        (m,) = slots
        m = h.momentum * m + g
        return g + h.momentum * m, (m,)
