"""Logistic regression: on your own data, on tumours, and on points that a line separates."""

import math
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from problems.data import load
from problems.learning.linear_models import LinearModel
from problems.learning.supervised import as_feature_matrix, as_flat_targets, newton_minimizer, validate_data
from problems.problem import Array, Domain, Numbers
from stepsize.core.display import counted
from stepsize.core.limits.memory import refuse_beyond_memory
from stepsize.core.limits.ranges import NonNegativeFloat, NonNegativeInt, Seed

__all__ = ["BreastCancer", "LogisticRegression", "SeparableLogistic"]


class Logistic(LinearModel, abstract=True):
    r"""The mathematics of logistic regression; subclasses say where the data come from.

    .. math:: f(w, b) = \frac1n \sum_i \log\bigl(1 + e^{-m_i}\bigr) + \frac{\lambda}{2}\lVert w \rVert^2,
        \qquad m_i = s_i\,(x_i^\top w + b), \quad s_i = \pm 1

    The parameters are w, and b last if there is an intercept; b is not penalised.
    """

    stratified = True
    max_second_derivative = 0.25

    def example_loss(self, z: Numbers, y: Array) -> Numbers:
        return softplus(-y * z)

    def loss_derivative(self, z: Numbers, y: Array) -> Numbers:
        away = -y
        return away * sigmoid(away * z)

    def example_loss_and_derivative(self, z: Numbers, y: Array) -> tuple[Numbers, Numbers]:
        """Return both from one exponential."""
        away = -y
        margin = away * z
        e = np.minimum(margin, _LARGE)
        np.exp(e, e)
        losses = np.log1p(e)
        np.maximum(losses, margin, out=losses)
        np.add(e, 1.0, margin)
        np.divide(e, margin, e)
        return losses, np.multiply(away, e, e)

    def loss_second_derivative(self, z: Numbers, y: Array) -> Numbers:
        return sigmoid(z) * sigmoid(-z)

    @property
    def mu(self) -> float:
        """The smallest penalty: l2, or 0 with an intercept."""
        return float(self.penalty.min())

    @cached_property
    def _solution(self) -> tuple[Any, float | None]:
        """The minimizer and the minimum; no minimizer where the loss falls without end in some direction."""
        _, s = self.train
        if self.intercept and np.all(s == s[0]):  # the larger b, the better
            return None, 0.0
        if not self.penalty.any() and self.separable:
            return None, 0.0
        if not self.penalty.any() and self._falls_without_end:
            return None, None
        w = newton_minimizer(self)
        return w, float(self.fun(w))

    @property
    def minimizers(self) -> tuple[tuple[float, ...], ...] | None:
        """The minimizer, computed at first use; None where there is none.

        There is none if all examples are of one class and b is free, or if there is no penalty and some
        weights classify no example wrong and at least one strictly right.
        """
        w = self._solution[0]
        return None if w is None else (tuple(w.tolist()),)

    @property
    def minimum(self) -> float | None:
        """The smallest loss, computed at first use.

        0, not attained, for separable data without penalty and for one class; None if it is not attained and
        not 0.
        """
        return self._solution[1]

    @cached_property
    def isolated(self) -> bool:
        """Whether no direction is flat; without a penalty there may be fewer examples than parameters."""
        return bool(self.penalty.any()) or int(np.linalg.matrix_rank(self.train[0])) == self.dim

    @cached_property
    def summed(self) -> float | None:
        """The mean size of what a score at the minimizer is summed from, times the slope of its loss."""
        w = self._solution[0]
        if w is None:
            return None
        A, s = self.train
        return float((np.abs(self.loss_derivative(A @ w, s)) * (np.abs(A) @ np.abs(w))).mean())

    @cached_property
    def separable(self) -> bool:
        """Whether some weights classify every example strictly right (a linear programme decides)."""
        from scipy.optimize import linprog

        A, s = self.train
        found = linprog(np.zeros(self.dim), A_ub=-s[:, None] * A, b_ub=-np.ones(len(s)), bounds=(None, None))
        return bool(found.status == 0)

    @property
    def _falls_without_end(self) -> bool:
        """Whether some weights classify no example wrong and some strictly right (another programme decides).

        They maximize the sum of the margins, none of which may be negative, in a box; without such weights it
        is 0, but for what the programme takes for feasible.
        """
        from scipy.optimize import linprog

        A, s = self.train
        margins = s[:, None] * A
        found = linprog(-margins.sum(axis=0), A_ub=-margins, b_ub=np.zeros(len(s)), bounds=(-1.0, 1.0))
        return -float(found.fun) > 1e-5 * float(np.abs(margins).max()) * math.sqrt(len(s))

    def accuracy(self, x: Numbers) -> Numbers:
        """Return the share of the training examples that the weights x classify right."""
        return _share_right(x, *self.train)

    def held_out_accuracy(self, x: Numbers) -> Numbers:
        """Return the share of the held-out examples that the weights x classify right.

        Raises
        ------
        ValueError
            If no examples were held out.
        """
        return _share_right(x, *self._held_out())


class LogisticRegression(Logistic):
    r"""Logistic regression on your own data.

    .. math:: f(w, b) = \frac1n \sum_i \log\bigl(1 + e^{-s_i (x_i^\top w + b)}\bigr)
        + \frac{\lambda}{2}\lVert w \rVert^2, \qquad s_i = \pm 1

    The parameters are w, and b last; b is not penalised. Convex; L is the largest eigenvalue of A'A/(4n)
    plus the penalty. Nothing overflows: a margin of 1000 costs 1000 or exp(-1000) = 0.

    Parameters
    ----------
    X : array of shape (n, d)
        The features.
    y : array of shape (n,)
        The classes: 0 and 1, or -1 and 1.
    l2 : float
        lambda, at least 0.
    intercept : bool
        Whether to append a parameter b for a column of ones.
    standardize, held_out, rng
        As in `Supervised`.

    Raises
    ------
    TypeError, ValueError
        If the shapes do not fit, values are missing or y has other classes.

    Examples
    --------
    >>> from problems import two_gaussians
    >>> X, y = two_gaussians(200, 2, separation=3.0, rng=0)
    >>> problem = LogisticRegression(X, y, l2=0.01)
    >>> bool(np.isclose(problem.fun(np.zeros(3)), np.log(2)))
    True
    """

    X: Any
    y: Any
    l2: NonNegativeFloat = 1e-3
    intercept: bool = True
    standardize: bool = False
    held_out: Any = 0.0
    rng: Seed = 0
    source = "Cox, The regression analysis of binary sequences, J. R. Stat. Soc. B 20 (1958)"
    demo: ClassVar = {
        "X": ((0.5, 1.5), (1.5, 0.5), (-0.5, -1.5), (-1.5, -0.5), (0.2, -0.3), (0.4, -0.1)),
        "y": (1.0, 1.0, 0.0, 0.0, 1.0, 0.0),
        "l2": 0.01,
    }

    def normalise(self, name: str, value: Any) -> Any:
        """Take lists, integer labels and booleans for X and y as float arrays."""
        if name in ("X", "y"):
            value = as_feature_matrix(value) if name == "X" else as_flat_targets(value)
        return super().normalise(name, value)

    def check(self) -> None:
        """Validate shapes, that no value is missing, and the classes."""
        validate_data(self.X, self.y, "labels")
        classes = set(self.y.ravel().tolist())
        if not (classes <= {0.0, 1.0} or classes <= {-1.0, 1.0}) or np.ndim(self.y) != 1:
            raise ValueError(f"y: got the classes {sorted(classes)[:5]}, expected 0 and 1, or -1 and 1")
        super().check()

    @property
    def _table(self) -> tuple[Array, Array]:
        return self.X, np.where(self.y > 0, 1.0, -1.0)

    @property
    def formula(self) -> str:
        size = f"{counted(self.n_examples, 'example')}, {counted(self.dim, 'parameter')}"
        return f"logistic regression, {size}, l2 = {self.l2:g}"


class BreastCancer(Logistic):
    r"""Logistic regression on the Wisconsin Diagnostic Breast Cancer data: 569 tumours, 30 measurements.

    .. math:: f(w, b) = \frac1n \sum_i \log\bigl(1 + e^{-s_i (x_i^\top w + b)}\bigr)
        + \frac{\lambda}{2}\lVert w \rVert^2

    Class 1 is benign. The features are standardised (with the mean and deviation of the training part), which
    is a lesson in itself: raw, the problem is ill-conditioned by 10^12 and no rate suits it.

    Parameters
    ----------
    l2 : float
        lambda, at least 0.
    standardize, held_out, rng
        As in `Supervised`.
    intercept : bool
        Whether to append a parameter b, which is not penalised.

    References
    ----------
    Wolberg, Mangasarian, Street and Street (1995), UCI Machine Learning Repository, doi:10.24432/C5DW2B,
    CC BY 4.0.

    Examples
    --------
    >>> problem = BreastCancer()
    >>> problem.dim, round(problem.minimum, 6)
    (31, 0.059828)
    """

    l2: NonNegativeFloat = 1e-3
    standardize: bool = True
    intercept: bool = True
    held_out: Any = 0.0
    rng: Seed = 0
    source = "Wolberg, Mangasarian, Street and Street 1995, doi:10.24432/C5DW2B"

    @property
    def _table(self) -> tuple[Array, Array]:
        X, y = load("breast_cancer")
        return X, np.where(y > 0, 1.0, -1.0)

    @property
    def formula(self) -> str:
        raw = "" if self.standardize else "raw "
        return f"logistic regression, {raw}breast-cancer data, {self.n_examples} x 30, l2 = {self.l2:g}"


class SeparableLogistic(Logistic):
    r"""Logistic regression on points that a line through the origin separates: the weights grow forever.

    .. math:: f(w) = \frac1n \sum_i \log\bigl(1 + e^{-s_i x_i^\top w}\bigr)

    The points nearest to the line are (0.5, 1.5) and (1.5, 0.5) with sign +1 and their negatives with -1. The
    infimum 0 is not attained: ``|w|`` grows like log k over the margin sqrt(2), while the direction of w
    turns, ever more slowly, to the widest margin, (1, 1)/sqrt(2).

    Parameters
    ----------
    others : int
        How many more points each class has, all of them farther from the line.
    rng : int
        Seed of those points.

    References
    ----------
    Soudry, Hoffer, Nacson, Gunasekar and Srebro, "The implicit bias of gradient descent on separable data",
    JMLR 19 (2018), figure 1 (which has 12 other points a class, unpublished; the loss there is the sum).

    Examples
    --------
    >>> problem = SeparableLogistic()
    >>> problem.separable, problem.minimum, problem.n_examples
    (True, 0.0, 28)
    """

    others: NonNegativeInt = 12
    rng: Seed = 0
    source = "Soudry, Hoffer, Nacson, Gunasekar and Srebro 2018, figure 1"
    demo: ClassVar = {"others": 3}

    def check(self) -> None:
        """Validate that the points fit into memory."""
        refuse_beyond_memory("others", self.others, 128 * self.others, "fewer")

    @cached_property
    def _table(self) -> tuple[Array, Array]:
        corners = np.array([[0.5, 1.5], [1.5, 0.5]])
        # From 2.2 outwards along (1, 1)/sqrt(2), and sideways at will, all is outside the margin sqrt(2).
        generator = np.random.default_rng(self.rng)
        outwards = 2.2 + generator.exponential(1.0, (2, self.others))
        sideways = generator.normal(0.0, 1.5, (2, self.others))
        along, across = np.array([1.0, 1.0]) / np.sqrt(2), np.array([1.0, -1.0]) / np.sqrt(2)
        cloud = outwards[..., None] * along + sideways[..., None] * across
        X = np.concatenate([corners, cloud[0], -corners, -cloud[1]])
        half = 2 + self.others
        return X, np.repeat([1.0, -1.0], half)

    @property
    def max_margin(self) -> Array:
        """The unit vector of the widest margin."""
        return np.full(2, 1 / np.sqrt(2))

    @property
    def domain(self) -> Domain:
        """The first quadrant, through which the weights leave."""
        return -1.0, 10.0

    @property
    def formula(self) -> str:
        return f"logistic regression, {self.n_examples} separable points in the plane"


def _share_right(x: Any, A: Array, s: Array) -> Any:
    return (s * (x @ A.T) > 0).mean(axis=-1)


# Beyond, exp(z) is left alone: 1 + exp(z) is exp(z) already, to the last bit.
_LARGE = 700.0


def softplus(z: Any) -> Any:
    """Return log(1 + exp(z)) without overflow and with full relative accuracy.

    Examples
    --------
    >>> softplus(np.array([-1000.0, 0.0, 1000.0])).round(6).tolist()
    [0.0, 0.693147, 1000.0]
    """
    return np.maximum(np.log1p(np.exp(np.minimum(z, _LARGE))), z)


def sigmoid(z: Any) -> Any:
    """Return 1 / (1 + exp(-z)) without overflow and with full relative accuracy.

    An example that is classified right by a margin of 40 still contributes exp(-40). The often seen
    ``(1 + tanh(z/2)) / 2`` would lose that, and is no faster.

    Examples
    --------
    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0])).tolist()
    [0.0, 0.5, 1.0]
    """
    e = np.exp(np.minimum(z, _LARGE))
    return e / (1 + e)
