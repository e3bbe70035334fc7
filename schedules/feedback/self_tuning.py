"""Step sizes that tune themselves: from the change of the gradient, from its size, from the distance covered.

All are meant for plain gradient descent, x - rate * g; with momentum on top they are heuristics.
"""

import math
from typing import ClassVar

import numpy as np

from schedules.feedback.base import Array, Carry, Feedback, StepReport
from stepsize.core.limits.ranges import NonNegativeFloat, PositiveFloat
from stepsize.core.norms import norm, ratio_of_dots, squares_fit
from stepsize.core.validation import require

__all__ = [
    "AdGD",
    "AdaGradNorm",
    "BarzilaiBorwein",
    "DoG",
    "DoWG",
    "Hypergradient",
]


class BarzilaiBorwein(Feedback):
    r"""Barzilai and Borwein's steps: the curvature along the last step, as a step length.

    .. math:: \eta^\text{long} = \frac{s^\top s}{s^\top y}, \qquad
        \eta^\text{short} = \frac{s^\top y}{y^\top y}, \qquad
        s = x_n - x_{n-1},\ y = g_n - g_{n-1}

    Both lie between 1/L and 1/mu on a quadratic, and the values rise and fall on the way: that is the method.

    Where :math:`s^\top y` is not positive the curvature is negative and the formulas answer nonsense (a step
    uphill, or across the map). Then the last rate is kept; and rates are held between `min_lr` and `max_lr`.

    Parameters
    ----------
    lr : float
        The rate of update 0, which has no last step; above 0.
    long : bool
        Whether to take the long step (BB1) or the short one (BB2).
    min_lr, max_lr : float
        Bounds; above 0.

    References
    ----------
    Barzilai and Borwein, "Two-point step size gradient methods", IMA J. Numer. Anal. 8
    (1988), equations 5, 6.

    Examples
    --------
    >>> from optim import SGD, minimize
    >>> from problems import Quadratic
    >>> bowl = Quadratic([1.0, 10.0, 100.0])
    >>> [minimize(bowl, SGD(lr=BarzilaiBorwein(0.01, long)), x0=[1.0, 1.0, 1.0], steps=99, tol=1e-20).nit < 40
    ...  for long in (True, False)]
    [True, True]
    """

    lr: PositiveFloat = 1e-3
    long: bool = True
    min_lr: PositiveFloat = 1e-10
    max_lr: PositiveFloat = 1e10
    demo: ClassVar = {"max_lr": 1e-2}

    def check(self) -> None:
        """Validate min_lr <= max_lr."""
        fits = self.max_lr >= self.min_lr
        require(fits, "max_lr", self.max_lr, f"at least the lower bound, {self.min_lr:g}")

    def init(self, x: Array) -> Carry:
        """Return a memory without a last point."""
        return {"rate": self.lr, "x": None, "g": None}

    def update(self, info: StepReport, carry: Carry) -> tuple[float, Carry]:
        rate = carry["rate"]
        if carry["x"] is not None:
            s, y = info.x - carry["x"], info.g - carry["g"]
            step = ratio_of_dots(s, s, s, y) if self.long else ratio_of_dots(s, y, y, y)
            if step > 0:
                rate = min(max(step, self.min_lr), self.max_lr)
        return rate, {"rate": rate, "x": np.array(info.x), "g": np.array(info.g)}


class AdGD(Feedback):
    r"""Adaptive gradient descent without descent: two rules instead of a parameter.

    .. math:: \lambda_n = \min\left(\sqrt{1 + \theta_{n-1}}\,\lambda_{n-1},\
        \frac{\|x_n - x_{n-1}\|}{2\,\|g_n - g_{n-1}\|}\right), \qquad
        \theta_n = \frac{\lambda_n}{\lambda_{n-1}}

    Do not grow too fast, do not overstep the local curvature. It converges for every convex function whose
    gradient is locally Lipschitz.

    Parameters
    ----------
    lr : float
        The first rate, better too small: it is forgotten after one update.

    References
    ----------
    Malitsky and Mishchenko, arXiv 1910.09529, algorithm 1.

    Examples
    --------
    On a parabola of curvature 2 the second rule gives 1/(2 L) = 1/4 from update 1 on.

    >>> from optim import SGD, minimize
    >>> from problems import Parabola
    >>> minimize(Parabola(), SGD(lr=AdGD(0.125)), steps=3).history.lr.tolist()
    [0.125, 0.25, 0.25]
    """

    lr: PositiveFloat = 1e-6

    def init(self, x: Array) -> Carry:
        """Return a memory without a last point; the first growth is not bounded."""
        return {"rate": self.lr, "growth": None, "x": None, "g": None}

    def update(self, info: StepReport, carry: Carry) -> tuple[float, Carry]:
        last, rate, growth = carry["rate"], carry["rate"], carry["growth"]
        if carry["x"] is not None:
            moved, turned = _length(info.x - carry["x"]), _length(info.g - carry["g"])
            grown = math.inf if growth is None else math.sqrt(1 + growth) * last
            rate = min(grown, moved / (2 * turned) if turned > 0 else math.inf)
            # Nothing has moved, or the gradient is the same all over: nothing to learn from.
            rate = rate if 0 < rate < math.inf else last
            growth = rate / last
        return rate, {"rate": rate, "growth": growth, "x": np.array(info.x), "g": np.array(info.g)}


class AdaGradNorm(Feedback):
    r"""AdaGrad with one rate for all coordinates: the summed squared gradient norms, under a root.

    .. math:: b_{n+1}^2 = b_n^2 + \|g_n\|^2, \qquad \eta_n = \frac{\eta}{b_{n+1}}

    Parameters
    ----------
    lr : float
        eta; above 0. On smooth functions the method arrives whatever it is.
    b : float
        The first b; above 0.

    References
    ----------
    Ward, Wu and Bottou, arXiv 1806.01811, algorithm 1.

    Examples
    --------
    >>> from optim import SGD, minimize
    >>> from problems import Parabola
    >>> minimize(Parabola(), SGD(lr=AdaGradNorm(1.0, b=15.0)), x0=[4.0], steps=1).history.lr.tolist()
    [0.058823529411764705]
    """

    lr: PositiveFloat = 1.0
    b: PositiveFloat = 1e-2
    demo: ClassVar = {"lr": 0.1}

    def init(self, x: Array) -> Carry:
        b2 = self.b * self.b
        return {"b2": b2} if squares_fit(b2, float) else {"b2": b2, "root": self.b}

    def update(self, info: StepReport, carry: Carry) -> tuple[float, Carry]:
        b, carry = _root_of_sum(carry, "b2", info.g)
        return self.lr / b, carry


class DoG(Feedback):
    r"""Distance over gradients: how far the run has come, over the root of its summed squared gradients.

    .. math:: \eta_n = \frac{\max_{i \le n} \|x_i - x_0\|}{\sqrt{\sum_{i \le n} \|g_i\|^2 + \varepsilon}}

    The first movement is taken to be ``reach`` times 1 + ||x_0||. There is no other parameter.

    Parameters
    ----------
    reach : float
        Above 0.
    eps : float
        At least 0.

    References
    ----------
    Ivgi, Hinder and Carmon, "DoG is SGD's best friend", arXiv 2302.12022, equation 2.

    Examples
    --------
    >>> from optim import SGD, minimize
    >>> from problems import Parabola
    >>> run = minimize(Parabola(), SGD(lr=DoG(reach=0.1, eps=0.0)), x0=[3.0], steps=2)
    >>> round(float(run.history.lr[0]), 9)  # 0.1 * (1 + 3) over a gradient of 6
    0.066666667
    """

    reach: PositiveFloat = 1e-6
    eps: NonNegativeFloat = 1e-8

    def init(self, x: Array) -> Carry:
        return {"x0": np.array(x), "far": self.reach * (1 + _length(x)), "sum": 0.0}

    def update(self, info: StepReport, carry: Carry) -> tuple[float, Carry]:
        far = max(carry["far"], _length(info.x - carry["x0"]))
        root, carry = _root_of_sum(carry, "sum", info.g, self.eps)
        return (far / root if root > 0 else 0.0), {**carry, "far": far}


class DoWG(Feedback):
    r"""Distance over weighted gradients: the squared distance of the run, over a root that weighs by it.

    .. math:: r_n = \max\left(r_{n-1},\; \|x_n - x_0\|^2\right), \qquad
        v_n = v_{n-1} + r_n \|g_n\|^2, \qquad \eta_n = \frac{r_n}{\sqrt{v_n} + \varepsilon}

    Gradients far from the start count more than those near it, so that early ones do not hold back a run that
    has come far, as in `DoG` they do.

    Parameters
    ----------
    reach : float
        :math:`r_0`, the squared distance that is taken for the first; above 0. Optax' 0.0001.
    eps : float
        At least 0; Optax' 0.0001.

    References
    ----------
    Khaled, Mishchenko and Jin, "DoWG unleashed: an efficient universal parameter-free gradient descent
    method", NeurIPS 2023, arXiv 2305.16284, algorithm 1; Optax 0.2.8 for the epsilon.

    Examples
    --------
    >>> from optim import SGD, minimize
    >>> from problems import Parabola
    >>> run = minimize(Parabola(), SGD(lr=DoWG(reach=0.09, eps=0.0)), x0=[3.0], steps=2)
    >>> round(float(run.history.lr[0]), 9)  # 0.09 over 0.3 times a gradient of 6
    0.05
    """

    reach: PositiveFloat = 1e-4
    eps: NonNegativeFloat = 1e-4

    def init(self, x: Array) -> Carry:
        return {"x0": np.array(x), "far": math.sqrt(self.reach), "root": 0.0}

    def update(self, info: StepReport, carry: Carry) -> tuple[float, Carry]:
        """Return the rate; lengths and roots are kept, not their squares, which leave the range sooner."""
        far = max(carry["far"], _length(info.x - carry["x0"]))
        root = math.hypot(carry["root"], far * _length(info.g))
        below = root + self.eps
        return (far * (far / below) if below > 0 else 0.0), {**carry, "far": far, "root": root}


class Hypergradient(Feedback):
    r"""Hypergradient descent: gradient descent on the rate itself.

    .. math:: \eta_n = \eta_{n-1} + \beta\, g_n^\top d_{n-1}

    where d is the direction that the last update took, so that :math:`-g_n^\top d_{n-1}` is the derivative of
    the loss by the rate just used. It works with any rule whose update is x - lr * d. Kept at or above 0.

    Parameters
    ----------
    lr : float
        The first rate.
    beta : float
        The rate of the rate; at least 0.

    References
    ----------
    Baydin, Cornish, Martinez Rubio, Schmidt and Wood, arXiv 1703.04782, algorithm 4.

    Examples
    --------
    On x^2 from 10 at rate 0.1: gradients 20, then 16, so that the rate grows by 0.0001 * 320.

    >>> from optim import SGD, minimize
    >>> from problems import Parabola
    >>> minimize(Parabola(), SGD(lr=Hypergradient(0.1, 1e-4)), steps=2).history.lr.round(12).tolist()
    [0.1, 0.132]
    """

    lr: PositiveFloat = 0.01
    beta: NonNegativeFloat = 1e-4
    demo: ClassVar = {"lr": 1e-3, "beta": 1e-9}

    def init(self, x: Array) -> Carry:
        """Return a memory without a last point."""
        return {"rate": self.lr, "x": None}

    def update(self, info: StepReport, carry: Carry) -> tuple[float, Carry]:
        rate = carry["rate"]
        if carry["x"] is not None and rate > 0:
            slope = float(np.dot(info.g, carry["x"] - info.x)) / rate
            rate = max(rate + self.beta * slope, 0.0)
        return rate, {"rate": rate, "x": np.array(info.x)}


def _squared(v: Array) -> float:
    return float(np.dot(v, v))


def _length(v: Array) -> float:
    return float(norm(v))


def _root_of_sum(carry: Carry, name: str, g: Array, eps: float = 0.0) -> tuple[float, Carry]:
    """Return the root of a sum of squared gradient norms plus eps, this one added, and the new memory.

    The memory is the sum; beside it its root, from the first gradient on whose square leaves the range.
    """
    total = carry[name] + _squared(g)
    if "root" not in carry and (squares_fit(total, g.dtype) or not np.any(g)):
        return math.sqrt(total + eps), {**carry, name: total}
    root = math.hypot(carry.get("root", math.sqrt(carry[name])), _length(g))
    return math.hypot(root, math.sqrt(eps)), {**carry, name: total, "root": root}
