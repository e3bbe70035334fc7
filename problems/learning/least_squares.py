"""Least squares: on your own data, on the noise of airfoils, and where adaptive methods cannot generalise."""

from functools import cached_property
from typing import Annotated, Any, ClassVar

import numpy as np

from problems.data import load
from problems.learning.linear_models import LinearModel, times
from problems.learning.supervised import as_feature_matrix, as_flat_targets, validate_data
from problems.problem import Array, Numbers
from stepsize.core.display import counted
from stepsize.core.limits.memory import refuse_beyond_memory
from stepsize.core.limits.ranges import NonNegativeFloat, PositiveInt, Seed, WholeNumber
from stepsize.core.validation import require

__all__ = ["Airfoil", "LeastSquares", "WilsonConstruction"]


class SquaredLoss(LinearModel, abstract=True):
    """The mathematics of least squares; subclasses say where the data come from."""

    half = True

    @property
    def _scale(self) -> float:
        return 0.5 if self.half else 1.0

    @property
    def max_second_derivative(self) -> float:  # type: ignore[override]  # constant for others, the user's choice here
        """The second derivative of the loss in z: 1, or 2 without the half."""
        return 2 * self._scale

    def example_loss(self, z: Numbers, y: Array) -> Numbers:
        r = z - y
        return self._scale * (r * r)

    def loss_derivative(self, z: Numbers, y: Array) -> Numbers:
        return 2 * self._scale * (z - y)

    def loss_second_derivative(self, z: Numbers, y: Array) -> Numbers:
        return np.full(np.shape(z), 2 * self._scale)

    @property
    def eigenvalues(self) -> Array:
        """Eigenvalues of the Hessian, ascending."""
        return self._curvatures

    @property
    def mu(self) -> float:
        """Smallest eigenvalue of the Hessian; 0 where there are fewer examples than parameters."""
        return float(max(self._curvatures[0], 0.0))

    @cached_property
    def _rows(self) -> tuple[Array, Array]:
        """M and b of f = |M x - b|^2 / 2: the examples, and a row for each penalty."""
        A, y = self.train
        weight = np.sqrt(2 * self._scale / len(y))
        M = np.concatenate([weight * A, np.diag(np.sqrt(self.penalty))])
        return M, np.concatenate([weight * y, np.zeros(self.dim)])

    def residuals(self, x: Numbers) -> Numbers:
        """Return the numbers half of whose sum of squares is f."""
        M, b = self._rows
        return times(x, M.T) - b

    def jacobian(self, x: Numbers) -> Numbers:
        """Return their derivatives."""
        M, _ = self._rows
        return np.broadcast_to(M, (*x.shape[:-1], *M.shape))

    @cached_property
    def _solution(self) -> Array:
        return np.asarray(np.linalg.lstsq(*self._rows, rcond=None)[0])

    @cached_property
    def summed(self) -> float:
        """The mean squared target, or the mean square of what a score is summed from, as the loss has it."""
        A, y = self.train
        scores = np.abs(A) @ np.abs(self._solution)
        return float(self._scale * max(np.square(y).mean(), np.square(scores).mean()))

    @property
    def minimizers(self) -> tuple[tuple[float, ...], ...]:
        """The solution of the normal equations, the shortest one where there are many."""
        return (tuple(self._solution.tolist()),)

    @property
    def isolated(self) -> bool:
        """Whether the normal equations have one solution, as far as rounding can tell."""
        rounding = self.dim * float(np.finfo(float).eps) * float(self._curvatures[-1])
        return float(self._curvatures[0]) > rounding

    @property
    def minimum(self) -> float:
        return float(self.fun(self._solution))


class LeastSquares(SquaredLoss):
    r"""Linear regression on your own data.

    .. math:: f(w, b) = \frac1{2n} \sum_i (x_i^\top w + b - y_i)^2 + \frac{\lambda}{2}\lVert w \rVert^2

    Parameters
    ----------
    X : array of shape (n, d)
        The features.
    y : array of shape (n,)
        The targets.
    l2 : float
        lambda, at least 0 (ridge regression); b is not penalised.
    intercept : bool
        Whether to append a parameter b for a column of ones.
    half : bool
        Whether the mean is halved; without, as in Géron's book, gradients are twice as large and rates must
        be half as large.
    standardize, held_out, rng
        As in `Supervised`.

    Raises
    ------
    TypeError, ValueError
        If the shapes do not fit or values are missing.

    References
    ----------
    Legendre, "Nouvelles méthodes pour la détermination des orbites des comètes", 1805.

    Examples
    --------
    The line through (0, 1), (1, 3) and (2, 5):

    >>> line = LeastSquares([[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0])
    >>> np.round(line.minimizers, 9).tolist(), round(line.minimum, 12)
    ([[2.0, 1.0]], 0.0)
    """

    X: Any
    y: Any
    l2: NonNegativeFloat = 0.0
    intercept: bool = True
    half: bool = True
    standardize: bool = False
    held_out: Any = 0.0
    rng: Seed = 0
    source = "Legendre 1805"
    demo: ClassVar = {
        "X": ((0.5, 1.5), (1.5, 0.5), (-0.5, -1.5), (-1.5, -0.5), (0.2, -0.3), (0.4, -0.1)),
        "y": (1.0, 0.5, -0.3, 0.8, 1.0, 0.0),
        "l2": 0.01,
    }

    def normalise(self, name: str, value: Any) -> Any:
        """Take lists and whole numbers for X and y as float arrays."""
        if name in ("X", "y"):
            value = as_feature_matrix(value) if name == "X" else as_flat_targets(value)
        return super().normalise(name, value)

    def check(self) -> None:
        """Validate shapes, and that no value is missing."""
        validate_data(self.X, self.y, "targets")
        require(np.ndim(self.y) == 1, "y", self.y, "one target for each row of X")
        super().check()

    @property
    def _table(self) -> tuple[Array, Array]:
        return self.X, self.y

    @property
    def formula(self) -> str:
        return f"least squares, {counted(self.n_examples, 'example')}, {counted(self.dim, 'parameter')}"


class Airfoil(SquaredLoss):
    r"""Linear regression on the NASA airfoil self-noise data, as "Dive into Deep Learning" poses it.

    .. math:: f(w, b) = \frac1{2n} \sum_i (x_i^\top w + b - y_i)^2

    Five features and the sound level, each brought to mean 0 and deviation 1 over all 1503 measurements, of
    which the first 1500 are used. The smallest loss is 0.241688 and the largest curvature 2.0985: the book's
    full-batch run with rate 1 exceeds 2/L = 0.953 and has begun to diverge, slowly.

    Parameters
    ----------
    rows : int
        How many of the measurements are used.
    intercept : bool
        Whether to append a parameter b.
    l2 : float
        The l2 penalty of the weights.
    held_out, rng
        As in `Supervised`.

    References
    ----------
    Brooks, Pope and Marcolini (1989), UCI Machine Learning Repository, doi:10.24432/C5VW2C, CC BY 4.0. Zhang
    et al., "Dive into Deep Learning", section 12.5.

    Examples
    --------
    >>> problem = Airfoil()
    >>> round(problem.minimum, 6), round(problem.L, 4)
    (0.241688, 2.0985)
    """

    rows: Annotated[int, WholeNumber(10, 1503)] = 1500
    intercept: bool = True
    l2: NonNegativeFloat = 0.0
    held_out: Any = 0.0
    rng: Seed = 0
    source = "Dive into Deep Learning, section 12.5; data doi:10.24432/C5VW2C"

    @property
    def _table(self) -> tuple[Array, Array]:
        X, y = load("airfoil_self_noise")
        table = np.column_stack([X, y])
        table = ((table - table.mean(axis=0)) / table.std(axis=0))[: self.rows]
        return table[:, :-1], table[:, -1]

    @property
    def formula(self) -> str:
        return f"least squares, airfoil data, {self.n_examples} x 5"


class WilsonConstruction(SquaredLoss):
    r"""Wilson's data, on which gradient descent generalises perfectly and adaptive methods never do.

    .. math:: f(w) = \frac1{2n} \lVert Xw - y \rVert^2, \qquad y_i = \pm 1

    Feature 1 is the label itself, features 2 and 3 are 1, and every example owns five more columns: its first
    is 1 if y = +1, all five are 1 if y = -1. From zero, gradient descent ends at the solution of least norm,
    which labels every new example right; Adagrad, RMSprop and Adam (with eps = 0) move all weights by equal
    amounts and call every new example positive.

    Parameters
    ----------
    positive, negative : int
        Number of examples with label +1 and -1, more of the former.

    References
    ----------
    Wilson, Roelofs, Stern, Srebro and Recht, "The marginal value of adaptive gradient methods in machine
    learning", NeurIPS 2017, section 3.3.

    Examples
    --------
    >>> problem = WilsonConstruction(7, 3)
    >>> problem.dim, float(problem.new_example_error(np.array(problem.minimizers[0])))
    (53, 0.0)
    """

    positive: PositiveInt = 14
    negative: PositiveInt = 6
    source = "Wilson, Roelofs, Stern, Srebro and Recht 2017, section 3.3"
    demo: ClassVar = {"positive": 4, "negative": 2}

    def check(self) -> None:
        """Validate positive > negative, and that the data fit into memory."""
        more = self.positive > self.negative
        require(more, "positive", self.positive, f"more than the {self.negative} negative examples")
        rows = self.positive + self.negative
        refuse_beyond_memory("positive", f"{rows} examples, each with 5 columns", 80 * rows * rows, "fewer")

    @cached_property
    def _table(self) -> tuple[Array, Array]:
        n = self.positive + self.negative
        # Spread over the table, so that any batch of rows has both kinds.
        ranks = np.arange(1, n + 1) * self.negative
        y = np.where(ranks % n < self.negative, -1.0, 1.0)
        X = np.zeros((n, 3 + 5 * n))
        X[:, 0], X[:, 1:3] = y, 1
        for i, label in enumerate(y):
            X[i, 3 + 5 * i : 3 + 5 * i + (1 if label > 0 else 5)] = 1
        return X, y

    @property
    def dual(self) -> tuple[float, float]:
        """The weights of positive and negative examples in the least-norm solution X' alpha."""
        p, q = self.positive, self.negative
        D = 15 * p + 3 * q + 8 * p * q + 5
        return (4 * q + 5) / D, -(4 * p + 1) / D

    def new_example_error(self, x: Any) -> Any:
        """Return the share of new examples that the weights x label wrong.

        Positives are as frequent as in training. The columns that a new example owns were never seen, so
        their weights are 0.
        """
        common = x[..., 1] + x[..., 2]
        share = self.positive / (self.positive + self.negative)
        return share * (common + x[..., 0] <= 0) + (1 - share) * (common - x[..., 0] >= 0)

    @property
    def formula(self) -> str:
        return f"Wilson's construction, {self.positive} + {self.negative} examples"
