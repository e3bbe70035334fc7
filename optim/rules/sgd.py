"""Descent along the gradient, with and without memory of the last step."""

from typing import Any, ClassVar

import numpy as np

from optim.hyperparameters import Hyper, Numbers, Resolved, hyper
from optim.optimizer import Optimizer, Slots
from stepsize.core.elementwise import sqrt

__all__ = ["SGD", "HeavyBall", "Momentum", "Nesterov", "Nesterov1983", "SutskeverNesterov"]

Array = np.ndarray[Any, Any]


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

    def direction(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        return g, ()


class Momentum(Optimizer):
    r"""Gradient descent with momentum, Polyak's heavy ball.

    .. math::
        m_t &= \beta\, m_{t-1} + (1 - \delta)\, g_t \\
        x_{t+1} &= x_t - \eta\, m_t

    With a constant rate this is Polyak's :math:`x_{t+1} = x_t - \eta g_t + \beta (x_t - x_{t-1})`. He is
    silent on rates that change; here the rate multiplies the whole velocity, as in PyTorch, Optax and "Dive
    into Deep Learning", so that a drop of the rate slows the ball at once. (In Keras and in Sutskever et al.
    the rate is inside the velocity, and the old velocity coasts on: `HeavyBall`.)

    Parameters
    ----------
    lr : float, array or schedule
        :math:`\eta`, at least 0.
    momentum : float, array or schedule
        :math:`\beta`, at least 0; 1 and more is a ball without friction. Polyak names no default; 0.9 is
        customary.
    dampening : float, array or schedule
        :math:`\delta`; 0 is the rule as it stands, delta = beta makes the velocity an average of gradients.
    undamped_first : bool
        Whether the first gradient enters the velocity whole, as it does in PyTorch.

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
    momentum: Hyper = hyper(0.9, minimum=0)
    dampening: Hyper = 0.0
    undamped_first: bool = False

    def direction(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        (m,) = slots
        share = 1.0 if h.undamped_first and h.t == 1 else 1 - h.dampening
        m = h.momentum * m + share * g
        return m, (m,)


class HeavyBall(Optimizer):
    r"""Gradient descent with momentum, the rate inside the velocity.

    .. math::
        v_t &= \beta\, v_{t-1} - \eta_t g_t \\
        x_{t+1} &= x_t + v_t

    This is Polyak's :math:`x_{t+1} = x_t - \eta_t g_t + \beta (x_t - x_{t-1})` whatever the rates do, as in
    Keras: after a drop of the rate the old velocity coasts on. With a constant rate it is `Momentum`.

    Parameters
    ----------
    lr : float, array or schedule
        :math:`\eta`, at least 0.
    momentum : float, array or schedule
        :math:`\beta`, at least 0. Polyak names no default; 0.9 is customary.

    References
    ----------
    Polyak, "Some methods of speeding up the convergence of iteration methods", USSR Comput. Math. Math. Phys.
    4 (1964), eq. 9. Sutskever, Martens, Dahl and Hinton, ICML 2013, eq. 1-2.

    Examples
    --------
    A rate of 1 and then 0: the second update is half of the first, by momentum alone.

    >>> import numpy as np
    >>> opt, x = HeavyBall(lr=lambda n: 1.0 if n == 0 else 0.0, momentum=0.5), np.zeros(1)
    >>> x, state = opt.step(x, np.array([4.0]), opt.init(x))
    >>> opt.step(x, np.array([4.0]), state)[0].tolist()
    [-6.0]
    """

    slots: ClassVar = ("v",)
    lr: Hyper = 0.01
    momentum: Hyper = hyper(0.9, minimum=0)

    def update(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        (v,) = slots
        v = h.momentum * v - h.lr * g
        return x + v, (v,)


class Nesterov(Optimizer):
    r"""Nesterov's accelerated gradient with constant momentum, in the form that takes its gradient at x.

    .. math::
        m_t &= \beta\, m_{t-1} + g_t \\
        x_{t+1} &= x_t - \eta\,(g_t + \beta\, m_t)

    x is the point ahead where the gradient is taken, :math:`\theta + \beta v` in Sutskever's notation, as in
    PyTorch, Optax and TensorFlow 1; with a constant rate the two sequences are the same one shifted. (For
    rates that change see `SutskeverNesterov`, for Nesterov's own momentum `Nesterov1983`.)

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
    momentum: Hyper = hyper(0.9, minimum=0)

    def direction(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        (m,) = slots
        m = h.momentum * m + g
        return g + h.momentum * m, (m,)


class SutskeverNesterov(Optimizer):
    r"""Nesterov's accelerated gradient as Sutskever et al. have it: the rate inside the velocity.

    .. math::
        v_t &= \beta\, v_{t-1} - \eta_t g_t \\
        x_{t+1} &= x_t + \beta\, v_t - \eta_t g_t

    They move :math:`\theta \leftarrow \theta + v` with the gradient at :math:`\theta + \beta v`; x is that
    point ahead, whatever the rates do, as in Keras. With a constant rate it is `Nesterov`.

    Parameters
    ----------
    lr : float, array or schedule
        :math:`\eta`, at least 0.
    momentum : float, array or schedule
        :math:`\beta`, at least 0; 0.9 is customary.

    References
    ----------
    Sutskever, Martens, Dahl and Hinton, "On the importance of initialization and momentum in deep learning",
    ICML 2013, eq. 3-4.

    Examples
    --------
    From x = 1 on f = x^2/2 with rate 0.5 and momentum 0.5: v = -0.5, and 1 - 0.25 - 0.5.

    >>> from optim import minimize
    >>> from problems import Parabola
    >>> problem = Parabola(curvature=1.0, start=1.0)
    >>> minimize(problem, SutskeverNesterov(lr=0.5, momentum=0.5), steps=1).x.tolist()
    [0.25]
    """

    slots: ClassVar = ("v",)
    lr: Hyper = 0.01
    momentum: Hyper = hyper(0.9, minimum=0)

    def update(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        (v,) = slots
        v = h.momentum * v - h.lr * g
        return x + h.momentum * v - h.lr * g, (v,)


class Nesterov1983(Optimizer):
    r"""Nesterov's accelerated gradient with his own momentum, which rises to 1 with no constant to choose.

    .. math::
        \theta_{k+1} &= y_k - \eta\, \nabla f(y_k) \\
        a_{k+1} &= \tfrac12 \left(1 + \sqrt{4 a_k^2 + 1}\right), \qquad a_0 = 1 \\
        y_{k+1} &= \theta_{k+1} + \frac{a_k - 1}{a_{k+1}}\, (\theta_{k+1} - \theta_k)

    x is :math:`y`, where the gradient is taken; the answer is :math:`\theta`, for which the theorem holds:
    with rate 1/L on a convex problem :math:`f(\theta_k) - f^* \le 2 L \lVert x_0 - x^*\rVert^2 / (k + 1)^2`.

    Parameters
    ----------
    lr : float, array or schedule
        :math:`\eta`, at least 0; 1/L.

    References
    ----------
    Nesterov, "A method of solving a convex programming problem with convergence rate O(1/k^2)", Soviet Math.
    Dokl. 27 (1983). Beck and Teboulle, "A fast iterative shrinkage-thresholding algorithm", SIAM J. Imaging
    Sci. 2 (2009), theorem 4.4, for the bound.

    Examples
    --------
    From 1 on f = x^2/2 with rate 0.5: theta is 0.5, and y too; then theta is 0.25, and y overtakes it by
    (a_1 - 1) / a_2 = 0.2817 of the step.

    >>> from optim import minimize
    >>> from problems import Parabola
    >>> run = minimize(Parabola(curvature=1.0, start=1.0), Nesterov1983(lr=0.5), steps=2)
    >>> run.x.tolist(), run.last_x.round(4).tolist()
    ([0.25], [0.1796])
    """

    slots: ClassVar = ("theta", "a")
    lr: Hyper = 0.01

    def update(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        theta, a = slots
        theta_next = x - h.lr * g
        a_next = (1 + sqrt(4 * (a * a) + 1)) / 2
        return theta_next + (a - 1) / a_next * (theta_next - theta), (theta_next, a_next)

    def start(self, x: Array, h: Resolved) -> Slots:
        return x, np.ones_like(x)

    def output(self, x: Numbers, slots: Slots) -> Numbers:
        """Return theta."""
        return slots[0]
