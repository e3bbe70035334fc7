"""Softmax regression: several classes."""

from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from problems.learning.supervised import (
    Supervised,
    as_feature_matrix,
    as_flat_targets,
    newton_minimizer,
    validate_data,
)
from problems.problem import Array, Domain, Numbers
from stepsize.core.display import counted
from stepsize.core.limits.ranges import NonNegativeFloat, Seed
from stepsize.core.validation import require

__all__ = ["SoftmaxRegression"]


class Softmax(Supervised, abstract=True):
    r"""The mathematics of softmax regression; subclasses say where the data come from.

    .. math:: f(\Theta) = \frac1n \sum_i \Bigl( \log \sum_k e^{z_{ik}} - z_{i y_i} \Bigr)
        + \frac\lambda2 \lVert \Theta_{1:d} \rVert^2, \qquad z_i = \Theta^\top a_i

    x is Theta, a row a feature and a column a class, flattened row by row (`ravel`, `unravel`). The last row
    belongs to the column of ones; it is not penalised.
    """

    stratified = True

    @property
    def n_classes(self) -> int:
        """Number of classes, K."""
        return int(self._table[1].max()) + 1

    @property
    def dim(self) -> int:
        return int(self.train[0].shape[1]) * self.n_classes

    @property
    def x0(self) -> tuple[float, ...]:
        """All zeros, where every class is equally likely."""
        return (0.0,) * self.dim

    @property
    def domain(self) -> Domain:
        return -5.0, 5.0

    @cached_property
    def penalty(self) -> Array:
        """The l2 weight of each parameter: 0 for the intercepts."""
        rows = int(self.train[0].shape[1])
        weights = np.array([self.l2] * (rows - self.intercept) + [0.0] * self.intercept)
        return np.repeat(weights, self.n_classes)

    def unravel(self, x: Any) -> Any:
        """Return Theta, of shape (..., features, classes)."""
        return np.reshape(x, (*np.shape(x)[:-1], -1, self.n_classes))

    def ravel(self, theta: Any) -> Any:
        """Return the flat vector of Theta."""
        return np.reshape(theta, (*np.shape(theta)[:-2], -1))

    def _scores(self, x: Any, A: Array) -> tuple[Any, Any]:
        """Return the scores less their largest, and the logarithm of the sum of their exponentials."""
        z = A @ self.unravel(x)
        z = z - z.max(axis=-1, keepdims=True)
        return z, np.log(np.exp(z).sum(axis=-1))

    def loss(self, x: Numbers, A: Array, y: Array) -> Numbers:
        z, log_sum = self._scores(x, A)
        return (log_sum - z[..., np.arange(len(y)), y]).mean(axis=-1)

    def _losses_and_residuals(self, x: Any, A: Array, y: Array) -> tuple[Any, Any]:
        """Return the loss of each example, and its probabilities less the indicator of its class."""
        z, log_sum = self._scores(x, A)
        rows = np.arange(len(y))
        R = np.exp(z - log_sum[..., None])
        R[..., rows, y] -= 1
        return log_sum - z[..., rows, y], R

    def loss_and_grad(self, x: Numbers, A: Array, y: Array) -> tuple[Numbers, Numbers]:
        """Return both from one product with the data; the gradient is A'(P - Y)/n."""
        losses, R = self._losses_and_residuals(x, A, y)
        return losses.mean(axis=-1), self.ravel(A.T @ R / len(y))

    def loss_moments(self, x: Numbers, A: Array, y: Array) -> Numbers:
        """Return loss and gradient, and their variances over the examples from one more product.

        The gradient of an example is the outer product of its inputs and its residuals, so that the mean of
        the squares is a product of squares.
        """
        losses, R = self._losses_and_residuals(x, A, y)
        g = self.ravel(A.T @ R / len(y))
        spread = np.maximum(self.ravel((A * A).T @ (R * R) / len(y)) - g * g, 0.0)
        return losses.mean(axis=-1), g, losses.var(axis=-1), spread

    def loss_hess(self, x: Numbers, A: Array, y: Array) -> Numbers:
        z, log_sum = self._scores(x, A)
        P = np.exp(z - log_sum[..., None])
        d, K = A.shape[1], self.n_classes
        H = np.empty((*P.shape[:-2], d, K, d, K))
        for k in range(K):
            for other in range(k, K):
                weight = P[..., k] * ((k == other) - P[..., other])
                block = np.swapaxes(weight[..., None] * A, -1, -2) @ A / len(y)
                H[..., :, k, :, other] = H[..., :, other, :, k] = block
        return H.reshape(*P.shape[:-2], d * K, d * K)

    @cached_property
    def L(self) -> float:
        """Largest curvature anywhere: that of A'A/(2n), as diag(p) - pp' is at most 1/2, plus the penalty."""
        A, _ = self.train
        penalty = np.diag(self.penalty[:: self.n_classes])
        return float(np.linalg.eigvalsh(A.T @ A / (2 * len(A)) + penalty)[-1])

    @property
    def mu(self) -> float:
        """The smallest penalty: l2, or 0 with an intercept."""
        return float(self.penalty.min())

    @cached_property
    def _solution(self) -> Array | None:
        # Without a penalty separable classes have no minimizer, and deciding that is a problem of its own.
        return newton_minimizer(self) if self.l2 > 0 else None

    @property
    def minimizers(self) -> tuple[tuple[float, ...], ...] | None:
        """The minimizer, computed at first use; None without a penalty."""
        return None if self._solution is None else (tuple(self._solution.tolist()),)

    @property
    def isolated(self) -> bool:
        """False with intercepts: a shift of all of them changes no probability."""
        return not self.intercept

    @property
    def minimum(self) -> float | None:
        """The smallest loss, computed at first use; None without a penalty."""
        return None if self._solution is None else float(self.fun(self._solution))

    @cached_property
    def summed(self) -> float | None:
        """The mean size of what scores at the minimizer are summed from, times the slopes of their loss."""
        if self._solution is None:
            return None
        A, y = self.train
        _, R = self._losses_and_residuals(self._solution, A, y)
        return float((np.abs(R) * (np.abs(A) @ np.abs(self.unravel(self._solution)))).sum(axis=-1).mean())

    def probabilities(self, x: Any, A: Any = None) -> Any:
        """Return the probability of each class for each row of A (of the training part by default)."""
        z, log_sum = self._scores(x, self.train[0] if A is None else A)
        return np.exp(z - log_sum[..., None])

    def accuracy(self, x: Numbers) -> Numbers:
        """Return the share of the training examples that are classified right."""
        return self._share_right(x, *self.train)

    def held_out_accuracy(self, x: Numbers) -> Numbers:
        """Return the share of the held-out examples that are classified right.

        Raises
        ------
        ValueError
            If no examples were held out.
        """
        return self._share_right(x, *self._held_out())

    def _share_right(self, x: Any, A: Array, y: Array) -> Any:
        return ((A @ self.unravel(x)).argmax(axis=-1) == y).mean(axis=-1)


class SoftmaxRegression(Softmax):
    r"""Softmax regression on your own data.

    .. math:: f(\Theta) = \frac1n \sum_i \Bigl( \log \sum_k e^{z_{ik}} - z_{i y_i} \Bigr)
        + \frac\lambda2 \lVert \Theta_{1:d} \rVert^2, \qquad z_i = \Theta^\top a_i

    x is Theta flattened row by row, a row a feature (the intercept last) and a column a class.

    Parameters
    ----------
    X : array of shape (n, d)
        The features.
    y : array of shape (n,)
        The classes 0, 1, ..., K - 1.
    l2 : float
        lambda, at least 0; intercepts are not penalised.
    intercept : bool
        Whether to append a column of ones.
    standardize, held_out, rng
        As in `Supervised`.

    Raises
    ------
    TypeError, ValueError
        If the shapes do not fit, values are missing or y is not whole numbers from 0.

    References
    ----------
    Bishop, "Pattern Recognition and Machine Learning", Springer 2006, section 4.3.4.

    Examples
    --------
    >>> problem = SoftmaxRegression([[0.0], [1.0], [2.0]], [0, 1, 2], l2=0.1)
    >>> problem.dim, bool(np.isclose(problem.fun(np.zeros(6)), np.log(3)))
    (6, True)
    """

    X: Any
    y: Any
    l2: NonNegativeFloat = 1e-3
    intercept: bool = True
    standardize: bool = False
    held_out: Any = 0.0
    rng: Seed = 0
    source = "Bishop 2006, section 4.3.4"
    demo: ClassVar = {
        "X": ((0.5, 1.5), (1.5, 0.5), (-0.5, -1.5), (-1.5, -0.5), (0.2, -0.3), (0.4, -0.1)),
        "y": (0, 1, 2, 2, 1, 0),
        "l2": 0.01,
    }

    def normalise(self, name: str, value: Any) -> Any:
        """Take lists for X and y as float arrays."""
        if name in ("X", "y"):
            value = as_feature_matrix(value) if name == "X" else as_flat_targets(value)
        return super().normalise(name, value)

    def check(self) -> None:
        """Validate shapes, missing values, and that the labels are 0, 1, ..."""
        validate_data(self.X, self.y, "labels")
        classes = np.unique(self.y)
        good = self.y.ndim == 1 and np.array_equal(classes, np.arange(len(classes)))
        require(good, "y", self.y, "the classes 0, 1, ..., each of them at least once")
        super().check()

    @property
    def _table(self) -> tuple[Array, Array]:
        return self.X, self.y.astype(int)

    @property
    def formula(self) -> str:
        examples = counted(self.n_examples, "example")
        return f"softmax regression, {examples}, {self.dim} parameters, l2 = {self.l2:g}"
