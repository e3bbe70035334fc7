"""Losses of one linear score an example: least squares and logistic regression share all but two lines."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np

from problems.learning.supervised import Supervised
from problems.problem import Array, Domain, Numbers

__all__ = ["LinearModel", "blocks", "times"]

# Numbers in a block of rows: few enough to stay in a core's cache, and for BLAS to wake no second thread.
BLOCK = 2**17

# Of a batch so many runs at a time.
RUNS = 16


def times(rows: Any, M: Array) -> Any:
    """Return the product of each row of a batch, or of a single one, with a matrix.

    BLAS adds up a product of two matrices in an order that depends on the shapes of both. Here each row is
    multiplied for itself, so that a run has the same bits alone as among others; a product takes about twice
    as long for it, and a loss with its gradient a quarter longer.
    """
    return rows @ M if rows.ndim == 1 else np.matmul(rows[..., None, :], M)[..., 0, :]


class LinearModel(Supervised, abstract=True):
    r"""A mean of losses of linear scores.

    .. math:: f(x) = \frac1n \sum_i \ell(z_i, y_i) + \tfrac12 \sum_j \lambda_j x_j^2, \qquad z = A x

    A subclass writes the loss of a score and its first two derivatives in z; the gradient is
    A' l'(z) / n, so that no gradient of a single example is ever formed.
    """

    # The largest second derivative of the loss in z.
    max_second_derivative = 1.0

    def example_loss(self, z: Numbers, y: Array) -> Numbers:
        """Return the loss of each score."""
        raise NotImplementedError

    def loss_derivative(self, z: Numbers, y: Array) -> Numbers:
        """Return its derivative in the score."""
        raise NotImplementedError

    def example_loss_and_derivative(self, z: Numbers, y: Array) -> tuple[Numbers, Numbers]:
        """Return both, to the bits of each alone; a subclass may share work between them."""
        return self.example_loss(z, y), self.loss_derivative(z, y)

    def loss_second_derivative(self, z: Numbers, y: Array) -> Numbers:
        """Return its second derivative in the score."""
        raise NotImplementedError

    def loss(self, x: Numbers, A: Array, y: Array) -> Numbers:
        if x.ndim == 1 and A.size <= BLOCK:
            return self.example_loss(A.dot(x), y).mean()
        return (self._sums(x, A, y, slopes=False)[0] / len(y))[()]

    def loss_and_grad(self, x: Numbers, A: Array, y: Array) -> tuple[Numbers, Numbers]:
        """Return both from one pass over the data."""
        if x.ndim > 1:
            losses, slopes = self._sums(x, A, y)
            return losses / len(y), slopes / len(y)
        if A.size <= BLOCK:
            # `dot`, which takes a third of the time of `@` for so few numbers.
            losses, derivatives = self.example_loss_and_derivative(A.dot(x), y)
            return np.add.reduce(losses) / len(y), derivatives.dot(A) / float(len(y))
        value = slope = 0.0
        for rows in blocks(A):
            losses, derivatives = self.example_loss_and_derivative(x @ A[rows].T, y[rows])
            value = value + losses.sum()
            slope = slope + derivatives @ A[rows]
        return value / len(y), slope / len(y)

    def loss_grad(self, x: Numbers, A: Array, y: Array) -> Numbers:
        if x.ndim > 1:
            return self._sums(x, A, y, losses=False)[1] / len(y)
        if A.size <= BLOCK:
            return self.loss_derivative(A.dot(x), y).dot(A) / float(len(y))
        slope = 0.0
        for rows in blocks(A):
            slope = slope + self.loss_derivative(x @ A[rows].T, y[rows]) @ A[rows]
        return slope / len(y)

    def _sums(self, x: Any, A: Array, y: Array, losses: bool = True, slopes: bool = True) -> tuple[Any, Any]:
        """Return the sums over the examples of the losses and of the gradients, for a batch of any shape."""
        points = x.reshape(-1, x.shape[-1])
        kind = np.result_type(points, A)
        loss, slope = np.zeros(len(points), kind), np.zeros(points.shape, kind)
        for first in range(0, len(points), RUNS):
            runs = slice(first, first + RUNS)
            for rows in blocks(A):
                z = times(points[runs], A[rows].T)
                if not slopes:
                    loss[runs] += self.example_loss(z, y[rows]).sum(axis=-1)
                    continue
                if losses:
                    found, derivatives = self.example_loss_and_derivative(z, y[rows])
                    loss[runs] += found.sum(axis=-1)
                else:
                    derivatives = self.loss_derivative(z, y[rows])
                slope[runs] += times(derivatives, A[rows])
        return loss.reshape(x.shape[:-1]), slope.reshape(x.shape)

    def loss_moments(self, x: Numbers, A: Array, y: Array) -> Numbers:
        """Return loss and gradient, and their variances over the examples from one more product.

        The gradient of example i is r_i A_i, so the mean of the squares is (r * r) @ (A * A) / n: no gradient
        of a single example is formed.
        """
        z = times(x, A.T)
        losses, r = self.example_loss(z, y), self.loss_derivative(z, y)
        g = times(r, A) / len(y)
        spread = np.maximum(times(r * r, A * A) / len(y) - g * g, 0.0)
        return losses.mean(axis=-1), g, losses.var(axis=-1), spread

    def loss_hess(self, x: Numbers, A: Array, y: Array) -> Numbers:
        weighted = self.loss_second_derivative(x @ A.T, y)[..., None] * A
        return np.swapaxes(weighted, -1, -2) @ A / len(y)

    @property
    def dim(self) -> int:
        return int(self.train[0].shape[1])

    @cached_property
    def penalty(self) -> Array:
        """The l2 weight of each parameter: 0 for the intercept, which comes last."""
        return np.array([self.l2] * (self.dim - self.intercept) + [0.0] * self.intercept)

    @property
    def x0(self) -> tuple[float, ...]:
        return (0.0,) * self.dim

    @property
    def domain(self) -> Domain:
        return -5.0, 5.0

    @cached_property
    def _curvatures(self) -> Array:
        """Eigenvalues of the Hessian at its largest."""
        A, _ = self.train
        return np.asarray(
            np.linalg.eigvalsh(self.max_second_derivative * A.T @ A / len(A) + np.diag(self.penalty))
        )

    @property
    def L(self) -> float:
        """That of A'A/n times the largest second derivative of the loss, plus the penalty."""
        return float(self._curvatures[-1])


def blocks(A: Array) -> Iterator[slice]:
    """Yield the rows of a table in blocks.

    A gradient needs the data twice, for the scores and for the sum over examples. Blocks that stay in the
    cache in between are read from memory once, which is faster than the two bare matrix products.
    """
    rows = max(64, BLOCK // A.shape[1])
    for low in range(0, len(A), rows):
        yield slice(low, low + rows)
