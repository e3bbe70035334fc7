"""Polyak's step size, from the gap to the minimum, and its form for mini-batches.

Both are meant for plain gradient descent, x - rate * g; with momentum on top they are heuristics.
"""

import math
from typing import ClassVar

import numpy as np

from schedules.feedback.base import Array, Carry, Feedback, StepReport
from stepsize.core.limits.ranges import FiniteFloat, PositiveFloat, PositiveFloatOrInf
from stepsize.core.norms import norm, squares_fit

__all__ = ["Polyak", "SPSMax"]


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

    minimum: FiniteFloat | None = None
    c: PositiveFloat = 1.0
    max_lr: PositiveFloatOrInf = math.inf
    demo: ClassVar = {"max_lr": 1e-3}

    def init(self, x: Array) -> Carry:
        return {}

    def update(self, info: StepReport, carry: Carry) -> tuple[float, Carry]:
        """Return the step for the gap at hand; 0 where the gradient is."""
        minimum = info.problem.minimum if self.minimum is None else self.minimum
        if minimum is None:
            raise ValueError(
                "minimum: got None, expected a number, because the problem does not state its own"
            )
        gap, squared = max(float(info.f) - minimum, 0.0), float(np.dot(info.g, info.g))
        if squares_fit(squared, info.g.dtype):
            return min(gap / (self.c * squared), self.max_lr), carry
        length = float(norm(info.g))
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

    max_lr: PositiveFloat = 1.0
    c: PositiveFloat = 0.5
    lowest: FiniteFloat = 0.0
    demo: ClassVar = {"max_lr": 1e-3}

    def init(self, x: Array) -> Carry:
        return {}

    def update(self, info: StepReport, carry: Carry) -> tuple[float, Carry]:
        return Polyak(self.lowest, self.c, self.max_lr).update(info, carry)
