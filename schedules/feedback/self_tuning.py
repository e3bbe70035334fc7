"""Rates that read the landscape: from the gap to the minimum, from the change of the gradient, from its size.

All are meant for plain gradient descent, x - rate * g; with momentum on top they are heuristics.
"""

import math
from typing import Any, ClassVar

import numpy as np

from schedules.feedback.base import Array, Feedback
from stepsize.core.norms import norm, ratio_of_dots, squares_fit
from stepsize.core.validation import as_number, require

__all__ = [
    "AdGD",
    "AdaGradNorm",
    "BarzilaiBorwein",
    "DoG",
    "Hypergradient",
    "Polyak",
    "SPSMax",
]


class Polyak(Feedback):
    r"""Polyak's step: the gap to the minimum over the squared gradient.

    .. math:: \eta = \frac{f(x) - f_*}{c\, \|g\|^2}

    With c = 1 the best step that convexity alone can promise: the distance to every minimizer shrinks. On
    :math:`\tfrac L2 x^2` it is 1/(2L), which halves x; with c = 1/2 it is 1/L, which solves it.

    Parameters
    ----------
    minimum : float, optional
        f*, or a lower bound. By default the problem's own. Too high stalls the run above the minimum, too low
        makes it overstep.
    c : float
        Above 0.
    max_lr : float
        The largest rate; above 0.

    References
    ----------
    Polyak, "Minimization of unsmooth functionals", USSR Comp. Math. and Math. Phys. 9 (1969).

    Examples
    --------
    Squared length from (1, 2, 3): values 3.5, 0.875, ... as in the documentation of Optax.

    >>> from optim import SGD, minimize
    >>> from problems import Quadratic
    >>> bowl = Quadratic([2.0, 2.0, 2.0])
    >>> run = minimize(bowl, SGD(lr=Polyak(max_lr=1.0)), x0=[1.0, 2.0, 3.0], steps=5)
    >>> run.history.fun[1:].tolist()
    [3.5, 0.875, 0.21875, 0.0546875, 0.013671875]
    """

    minimum: float | None = None
    c: float = 1.0
    max_lr: float = math.inf
    demo: ClassVar = {"max_lr": 1e-3}

    def check(self) -> None:
        """Refuse a divisor that is none."""
        if self.minimum is not None:
            as_number("minimum", self.minimum)
        _positive(c=self.c)
        require(self.max_lr > 0, "max_lr", self.max_lr, "a rate above 0")

    def init(self, x: Array) -> dict[str, Any]:
        """Nothing is remembered."""
        return {}

    def update(self, info: Any, carry: dict[str, Any]) -> tuple[float, dict[str, Any]]:
        """Return the step for the gap at hand; 0 where the gradient is."""
        minimum = info.problem.minimum if self.minimum is None else self.minimum
        if minimum is None:
            raise ValueError(
                "minimum: got None, expected a number, because the problem does not state its own"
            )
        gap, squared = max(float(info.f) - minimum, 0.0), _squared(info.g)
        if squares_fit(squared, info.g.dtype):
            return min(gap / (self.c * squared), self.max_lr), carry
        length = _length(info.g)
        return (min(gap / length / length / self.c, self.max_lr) if length > 0 else 0.0), carry


class SPSMax(Feedback):
    r"""The stochastic Polyak step, with its cap.

    .. math:: \eta = \min\left(\frac{f_i(x) - f_i^*}{c\, \|g_i\|^2},\ \gamma\right)

    Value and gradient are those of the mini-batch i at hand; the batch's own smallest loss is 0 wherever a
    model can fit it and the loss is not regularized. Under interpolation no tuning is left.

    Parameters
    ----------
    max_lr : float
        The cap, gamma; above 0.
    c : float
        1/2 in the paper's experiments on convex losses; above 0.
    lowest : float
        A lower bound on the batch's loss.

    References
    ----------
    Loizou, Vaswani, Laradji and Lacoste-Julien, arXiv 2002.10542, equation 3.

    Examples
    --------
    >>> from optim import SGD, minimize
    >>> from problems import Parabola
    >>> minimize(Parabola(), SGD(lr=SPSMax(max_lr=10.0)), steps=1).x.tolist()
    [0.0]
    """

    max_lr: float = 1.0
    c: float = 0.5
    lowest: float = 0.0
    demo: ClassVar = {"max_lr": 1e-3}

    def check(self) -> None:
        """Refuse a divisor that is none."""
        _positive(max_lr=self.max_lr, c=self.c)
        as_number("lowest", self.lowest)

    def init(self, x: Array) -> dict[str, Any]:
        """Nothing is remembered."""
        return {}

    def update(self, info: Any, carry: dict[str, Any]) -> tuple[float, dict[str, Any]]:
        """Return Polyak's step for the batch, capped."""
        return Polyak(self.lowest, self.c, self.max_lr).update(info, carry)


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

    References ---------- Barzilai and Borwein, "Two-point step size gradient methods", IMA J. Numer. Anal. 8
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

    lr: float = 1e-3
    long: bool = True
    min_lr: float = 1e-10
    max_lr: float = 1e10
    demo: ClassVar = {"max_lr": 1e-2}

    def check(self) -> None:
        """Refuse bounds in the wrong order."""
        _positive(lr=self.lr, min_lr=self.min_lr, max_lr=self.max_lr)
        require(
            self.max_lr >= self.min_lr, "max_lr", self.max_lr, f"at least the lower bound, {self.min_lr:g}"
        )

    def init(self, x: Array) -> dict[str, Any]:
        """Return a memory without a last point."""
        return {"rate": self.lr, "x": None, "g": None}

    def update(self, info: Any, carry: dict[str, Any]) -> tuple[float, dict[str, Any]]:
        """Return the step that the last change of the gradient suggests."""
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

    lr: float = 1e-6

    def check(self) -> None:
        """Refuse a first rate that never grows."""
        _positive(lr=self.lr)

    def init(self, x: Array) -> dict[str, Any]:
        """Return a memory without a last point; the first growth is not bounded."""
        return {"rate": self.lr, "growth": None, "x": None, "g": None}

    def update(self, info: Any, carry: dict[str, Any]) -> tuple[float, dict[str, Any]]:
        """Return the smaller of the two rules."""
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

    lr: float = 1.0
    b: float = 1e-2
    demo: ClassVar = {"lr": 0.1}

    def check(self) -> None:
        """Refuse what cannot be divided by."""
        _positive(lr=self.lr, b=self.b)

    def init(self, x: Array) -> dict[str, Any]:
        """Return the square of the first b."""
        b2 = self.b * self.b
        return {"b2": b2} if squares_fit(b2, float) else {"b2": b2, "root": self.b}

    def update(self, info: Any, carry: dict[str, Any]) -> tuple[float, dict[str, Any]]:
        """Return lr / b after adding this gradient."""
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

    reach: float = 1e-6
    eps: float = 1e-8

    def check(self) -> None:
        """Refuse a first step of length 0."""
        _positive(reach=self.reach)
        require(as_number("eps", self.eps) >= 0, "eps", self.eps, "a number of at least 0")

    def init(self, x: Array) -> dict[str, Any]:
        """Return the start and the reach."""
        return {"x0": np.array(x), "far": self.reach * (1 + _length(x)), "sum": 0.0}

    def update(self, info: Any, carry: dict[str, Any]) -> tuple[float, dict[str, Any]]:
        """Return the distance over the gradients."""
        far = max(carry["far"], _length(info.x - carry["x0"]))
        root, carry = _root_of_sum(carry, "sum", info.g, self.eps)
        return (far / root if root > 0 else 0.0), {**carry, "far": far}


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

    lr: float = 0.01
    beta: float = 1e-4
    demo: ClassVar = {"lr": 1e-3, "beta": 1e-9}

    def check(self) -> None:
        """Refuse a rate below 0."""
        _positive(lr=self.lr)
        require(as_number("beta", self.beta) >= 0, "beta", self.beta, "a number of at least 0")

    def init(self, x: Array) -> dict[str, Any]:
        """Return a memory without a last point."""
        return {"rate": self.lr, "x": None}

    def update(self, info: Any, carry: dict[str, Any]) -> tuple[float, dict[str, Any]]:
        """Return the rate, moved by the product of this gradient and the last direction."""
        rate = carry["rate"]
        if carry["x"] is not None and rate > 0:
            slope = float(np.dot(info.g, carry["x"] - info.x)) / rate
            rate = max(rate + self.beta * slope, 0.0)
        return rate, {"rate": rate, "x": np.array(info.x)}


def _squared(v: Array) -> float:
    return float(np.dot(v, v))


def _length(v: Array) -> float:
    return float(norm(v))


def _root_of_sum(
    carry: dict[str, Any], name: str, g: Array, eps: float = 0.0
) -> tuple[float, dict[str, Any]]:
    """Return the root of a sum of squared gradient norms plus eps, this one added, and the new memory.

    The memory is the sum; beside it its root, from the first gradient on whose square leaves the range.
    """
    total = carry[name] + _squared(g)
    if "root" not in carry and (squares_fit(total, g.dtype) or not np.any(g)):
        return math.sqrt(total + eps), {**carry, name: total}
    root = math.hypot(carry.get("root", math.sqrt(carry[name])), _length(g))
    return math.hypot(root, math.sqrt(eps)), {**carry, name: total, "root": root}


def _positive(**values: Any) -> None:
    for name, value in values.items():
        require(as_number(name, value) > 0, name, value, "a number above 0")
