"""Steps from a parabola through two points of the line: PAL, and the two-point approximations."""

import math
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np

from schedules.linesearch.armijo import longest_step
from schedules.linesearch.base import Carry, Line, LineSearch, LineSearchResult, Trial
from stepsize.core.display import brief
from stepsize.core.limits.ranges import PositiveFloat, PositiveFloatOrInf, Range
from stepsize.core.validation import require

__all__ = ["PAL", "QuadraticApproximation"]


class PAL(LineSearch):
    r"""Parabolic approximation line search: one more value, and the low point of the parabola through it.

    .. math::
        b = -\frac{g^\top d}{\lVert d \rVert}, \qquad
        a = \frac{\ell(\mu) - \ell(0) - b \mu}{\mu^2}, \qquad
        s = -\frac{\alpha\, b}{2 a}

    in units of distance: l(s) is the loss at ``x - s d/|d|``. Where the parabola has no minimum (a <= 0) the
    step is mu; the status is then "degenerate". On a quadratic with alpha = 1 it is the exact step for any
    mu.

    It needs both values from one mini-batch, that is ``sampling="static"``. With dynamic sampling the
    deviation of a is :math:`\sqrt 2\, \sigma_f / \mu^2`, half of the parabolas are upside down and the
    step degenerates to mu, which then is the learning rate. The paper's direction adaptation beta is the
    momentum of the optimizer: ``Momentum(lr=PAL(), momentum=0.4)``.

    What does not reproduce (docs/linesearch.md): on quadratics a constant alpha between 1 and 2 is no faster
    than 1, and on breast-cancer data each batch is minimised too far, so that a tuned rate ends lower. The
    claims for CIFAR were not checked.

    Parameters
    ----------
    mu : float
        Measuring distance, above 0; 0.1 to 1 in the paper.
    alpha : float
        Update adaptation, above 0 and below 2; the decrease on a quadratic is alpha (2 - alpha) of the best.
    s_max : float
        Longest step, a distance.

    References
    ----------
    Mutschler and Zell, "Parabolic approximation line search for DNNs", NeurIPS 2020, arXiv 1903.11991,
    algorithm 1.

    Examples
    --------
    >>> from problems import Parabola
    >>> line = Line(Parabola(curvature=2.0), np.array([3.0]), d=np.array([6.0]))
    >>> found = PAL(mu=0.5, alpha=1.0)(line, None)
    >>> found.alpha, found.n_f, found.status
    (0.5, 1, 'converged')
    """

    mu: PositiveFloat = 0.1
    alpha: Annotated[float, Range(above=0, below=2)] = 1 / 0.6
    s_max: PositiveFloatOrInf = math.sqrt(10)

    def __call__(self, line: Line, carry: Carry) -> LineSearchResult:
        if line.slope0 >= 0:
            return line.reject("not_descent" if line.slope0 > 0 else "flat", carry)
        length = float(np.linalg.norm(line.d))
        b = line.slope0 / length
        a = (line.value(self.mu / length) - line.phi0 - b * self.mu) / (self.mu * self.mu)
        if not math.isfinite(a):
            return line.reject("nonfinite", carry)
        line.belief = Fitted(line.phi0, b * length, a * length * length)
        s, status = (-self.alpha * b / (2 * a), "converged") if a > 0 else (self.mu, "degenerate")
        if s > self.s_max:
            s, status = self.s_max, "max_step"
        return line.step_to(s / length, status, carry)


class QuadraticApproximation(LineSearch):
    r"""The low point of a parabola through the start and one more point, from values, slopes or both.

    With quadratic kappa and the second point at alpha_1:

    =============  ==================================================  ============================
    model          quadratic                                           step
    =============  ==================================================  ============================
    ``"f0s0f1"``   2 (f_1 - f_0 - s_0 alpha_1) / alpha_1^2             -s_0 / kappa
    ``"f0f1s1"``   2 (f_0 - f_1 + s_1 alpha_1) / alpha_1^2             alpha_1 - s_1 / kappa
    ``"s0s1"``     (s_1 - s_0) / alpha_1                               -s_0 / kappa
    ``"all"``      least squares through all four                      (in units of alpha_1)
    =============  ==================================================  ============================

    Noise of deviation sigma_f in values and sigma_s in slopes gives the quadratic of the value models the
    variance :math:`4 (2 \sigma_f^2 + \alpha_1^2 \sigma_s^2)/\alpha_1^4`, that of slopes alone
    :math:`2 \sigma_s^2/\alpha_1^2`: at least twice as good, and more so the nearer the two points. That is
    the claim of the paper, and it reproduces where noise in values dominates. On logistic regression the
    loss is no parabola, and the model of slopes alone pays with more bias (docs/linesearch.md).

    alpha_1 is the last step. Without quadratic (kappa <= 0) the step is alpha_1 (status "degenerate") and the
    next alpha_1 is twice that; no step is longer than `growth` times alpha_1 or shorter than a `growth`-th.

    Parameters
    ----------
    model : str
        ``"s0s1"``, ``"f0s0f1"``, ``"f0f1s1"`` or ``"all"``.
    alpha0 : float
        alpha_1 of the first search.
    growth : float
        Largest factor between alpha_1 and the step, above 1.
    max_length : float
        Longest move ``|alpha d|``.

    References
    ----------
    Chae and Wilke, "Empirical study towards understanding line search approximations for training neural
    networks", arXiv 1909.06893: the idea; the formulas here are derived.

    Examples
    --------
    >>> from problems import Parabola
    >>> line = Line(Parabola(curvature=2.0), np.array([0.3]), d=np.array([0.6]))
    >>> [round(QuadraticApproximation(model, alpha0=0.1)(line, None).alpha, 9) for model in MODELS]
    [0.5, 0.5, 0.5, 0.5]
    """

    suits: ClassVar = ("full", "static", "dynamic")

    model: str = "s0s1"
    alpha0: PositiveFloatOrInf = 1e-2
    growth: Annotated[float, Range(above=1)] = 10.0
    max_length: PositiveFloatOrInf = 1.0

    def check(self) -> None:
        """Validate the model."""
        require(self.model in MODELS, "model", self.model, f"one of {', '.join(map(repr, MODELS))}")

    def __call__(self, line: Line, carry: Carry) -> LineSearchResult:
        if line.slope0 >= 0:
            return line.reject("not_descent" if line.slope0 > 0 else "flat", carry)
        longest = longest_step(line, self.max_length)
        first = min(self.alpha0 if carry is None else float(carry["alpha"]), longest)
        trial = line.both(first)
        if not trial.finite:
            return line.reject("nonfinite", {"alpha": first / self.growth})
        step = MODELS[self.model](line.start, trial)
        if step is None or step <= 0:
            return line.accept(trial, "degenerate", {"alpha": 2 * first})
        alpha = min(max(step, first / self.growth), first * self.growth, longest)
        return line.step_to(alpha, "converged" if alpha == step else "max_step", {"alpha": alpha})


@dataclass(frozen=True)
class Fitted:
    """The parabola that a search measured, phi0 + slope alpha + quadratic alpha^2: for drawing."""

    phi0: float
    slope: float
    quadratic: float

    __repr__ = brief

    def mean(self, alpha: float) -> float:
        """Return its value."""
        return self.phi0 + alpha * (self.slope + self.quadratic * alpha)


def _from_start_slope(a: Trial, b: Trial) -> float | None:
    quadratic = 2 * (b.f - a.f - a.slope * b.alpha) / (b.alpha * b.alpha)
    return _low(-a.slope, quadratic)


def _from_end_slope(a: Trial, b: Trial) -> float | None:
    quadratic = 2 * (a.f - b.f + b.slope * b.alpha) / (b.alpha * b.alpha)
    back = _low(-b.slope, quadratic)
    return None if back is None else b.alpha + back


def _from_slopes(a: Trial, b: Trial) -> float | None:
    return _low(-a.slope, (b.slope - a.slope) / b.alpha)


def _from_all(a: Trial, b: Trial) -> float | None:
    """Fit value c, slope s and quadratic k to the four data in units of alpha_1."""
    rows = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [1.0, 1.0, 0.5], [0.0, 1.0, 1.0]])
    data = np.array([a.f, a.slope * b.alpha, b.f, b.slope * b.alpha])
    _, slope, quadratic = np.linalg.lstsq(rows, data)[0].tolist()
    low = _low(-slope, quadratic)
    return None if low is None else low * b.alpha


def _low(fall: float, quadratic: float) -> float | None:
    """Return how far to the low point; None where the parabola is not convex."""
    return fall / quadratic if quadratic > 0 else None


MODELS: dict[str, Any] = {
    "s0s1": _from_slopes,
    "f0s0f1": _from_start_slope,
    "f0f1s1": _from_end_slope,
    "all": _from_all,
}
