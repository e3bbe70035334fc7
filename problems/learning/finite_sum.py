"""Losses that are means over examples: what learning problems and mini-batches have in common."""

from functools import cached_property
from typing import Any

import numpy as np

from problems.problem import Array, Numbers, Problem
from problems.stochastic.estimate import Stats
from problems.wrapper import ProblemWrapper
from stepsize.core.display import counted
from stepsize.core.validation import describe_value, require

__all__ = ["Batch", "FiniteSum"]


class FiniteSum(Problem, abstract=True):
    r"""A loss averaged over examples, plus a penalty.

    .. math:: f(x) = \frac1n \sum_{i=1}^n \ell(x;\, a_i, y_i) + \tfrac12 \sum_j \lambda_j x_j^2

    A family writes `loss` and `loss_and_grad` (and `loss_hess` where it has one) for any set of examples;
    from them come the problem on all of the training part, `batch` on some of it, and, where examples were
    held out, `held_out_fun`.
    """

    @property
    def train(self) -> tuple[Array, Array]:
        """The inputs, one row an example, and the targets."""
        raise NotImplementedError

    @property
    def test(self) -> tuple[Array, Array] | None:
        """Inputs and targets of the examples held out, or None."""
        return None

    @property
    def penalty(self) -> Any:
        """The weight of each parameter's square."""
        return 0.0

    def loss(self, x: Numbers, A: Array, y: Array) -> Numbers:
        """Return the mean loss over the examples A, y."""
        raise NotImplementedError

    def loss_and_grad(self, x: Numbers, A: Array, y: Array) -> tuple[Numbers, Numbers]:
        """Return the mean loss over the examples A, y, and its gradient."""
        raise NotImplementedError

    def loss_grad(self, x: Numbers, A: Array, y: Array) -> Numbers:
        """Return the gradient alone, which some families have cheaper."""
        return self.loss_and_grad(x, A, y)[1]

    def loss_moments(self, x: Numbers, A: Array, y: Array) -> Numbers:
        """Return mean loss and gradient, and the variances of loss and gradient over the examples A, y.

        The examples are asked one by one; a linear model has a shorter way.
        """
        one_by_one = [self.loss_and_grad(x, A[i : i + 1], y[i : i + 1]) for i in range(len(y))]
        losses, gradients = (np.array(column) for column in zip(*one_by_one, strict=True))
        return losses.mean(axis=0), gradients.mean(axis=0), losses.var(axis=0), gradients.var(axis=0)

    def loss_hess(self, x: Numbers, A: Array, y: Array) -> Numbers:
        """Return the Hessian of the mean loss over the examples A, y."""
        raise TypeError(f"{type(self).__name__} has no Hessian in closed form")

    @property
    def has_hess(self) -> bool:
        return type(self).loss_hess is not FiniteSum.loss_hess

    @property
    def n_examples(self) -> int:
        """Number of examples that the sum runs over."""
        return len(self.train[1])

    def batch(self, indices: Any, population: int | None = None) -> "Batch":
        """Return the problem restricted to some examples: the mean over them, with the same penalty.

        Parameters
        ----------
        indices : slice, or sequence of int of shape (m,)
            Rows of the training part; one that comes twice counts twice. Those of a slice are not copied.
        population : int, optional
            N, if its `stats` are to have the correction for a draw without replacement from N examples.
        """
        return Batch(self, indices, population)

    @cached_property
    def is_penalised(self) -> bool:
        """Whether any parameter is drawn to 0."""
        return bool(np.any(self.penalty))

    def fun(self, x: Numbers) -> Numbers:
        return self.loss(x, *self.train) + self._ridge(x) if self.is_penalised else self.loss(x, *self.train)

    def grad(self, x: Numbers) -> Numbers:
        gradient = self.loss_grad(x, *self.train)
        return gradient + self.penalty * x if self.is_penalised else gradient

    def value_and_grad(self, x: Numbers) -> tuple[Numbers, Numbers]:
        """Return both from one pass over the data."""
        value, gradient = self.loss_and_grad(x, *self.train)
        if not self.is_penalised:
            return value, gradient
        pull = self.penalty * x
        return value + 0.5 * (pull * x).sum(axis=-1), gradient + pull

    def moments(self, x: Any) -> tuple[Any, Any, Any, Any]:
        """Return value and gradient, and the variances over the examples of their losses and gradients."""
        value, gradient, var_f, var_g = self.loss_moments(x, *self.train)
        return value + self._ridge(x), gradient + self.penalty * x, var_f, var_g

    def stats(self, x: Numbers) -> Stats:
        """Return value and gradient with their variances as estimates of the whole sum's: here zeros."""
        f, g = self.value_and_grad(x)
        return Stats(f, g, 0.0 * f, 0.0 * g)

    def hess(self, x: Numbers) -> Numbers:
        return self.loss_hess(x, *self.train) + np.diag(np.broadcast_to(self.penalty, x.shape[-1]))

    @property
    def has_held_out(self) -> bool:
        """Whether examples were held out, so that `held_out_fun` can be called."""
        return self.test is not None

    def held_out_fun(self, x: Numbers) -> Numbers:
        """Return the mean loss over the examples held out, without the penalty.

        Raises
        ------
        ValueError
            If no examples were held out.
        """
        return self.loss(x, *self._held_out())

    def _held_out(self) -> tuple[Array, Array]:
        if self.test is None:
            raise ValueError(f"held_out: got none, expected {self!r} to hold out some examples")
        return self.test

    def _ridge(self, x: Numbers) -> Numbers:
        return 0.5 * (self.penalty * x * x).sum(axis=-1)


class Batch(ProblemWrapper, FiniteSum, abstract=True):
    """A finite sum restricted to some of its examples: the problem of one update of mini-batch descent.

    Parameters
    ----------
    problem : FiniteSum
        The problem on all examples.
    indices : slice, or sequence of int of shape (m,)
        Rows of its training part; one that comes twice counts twice.
    population : int, optional
        N, by which `stats` multiplies its variances by 1 - m/N, the finite population correction for examples
        drawn without replacement.

    Raises
    ------
    TypeError, ValueError
        If the indices are empty, no whole numbers, or not those of examples.

    Examples
    --------
    >>> from problems import LogisticRegression, two_gaussians
    >>> whole = LogisticRegression(*two_gaussians(6), l2=0.0)
    >>> x = np.array([0.5, -0.5, 0.1])
    >>> halves = [whole.batch([0, 1, 2]).grad(x), whole.batch(slice(3, None)).grad(x)]
    >>> bool(np.allclose(np.mean(halves, axis=0), whole.grad(x)))
    True
    """

    problem: FiniteSum
    indices: Any
    population: int | None = None

    def normalise(self, name: str, value: Any) -> Any:
        """Take a list of indices as an array of them; a slice stays one, so that its rows are a view."""
        if name == "indices":
            n = self.problem.n_examples
            expected = f"whole numbers from 0 to {n - 1}, or a slice"
            if isinstance(value, slice):
                require(len(range(n)[value]) > 0, "indices", value, expected)
                return value
            value = np.asarray(value)
            if value.dtype.kind not in "iu" or value.ndim != 1:
                raise TypeError(f"indices: got {describe_value(value)}, expected {expected}")
            inside = value.size > 0 and value.min() >= 0 and value.max() < n
            require(bool(inside), "indices", value, expected)
        return super().normalise(name, value)

    @cached_property
    def train(self) -> tuple[Array, Array]:
        return rows_of(self.problem.train, self.indices)

    def stats(self, x: Numbers) -> Stats:
        r"""Return value and gradient with their variances as estimates of the whole sum's.

        .. math:: \widehat{\operatorname{var}} f = \frac{1}{m - 1}
            \Bigl(\frac1m \sum_i \ell_i^2 - \bar\ell^2\Bigr)

        and the same for each coordinate of the gradient: unbiased for the *mean* over m examples drawn with
        replacement. Without replacement it is too large by the factor 1/(1 - m/N), unless `population` is
        given. The penalty is the same for all examples and adds nothing.

        Raises
        ------
        ValueError
            For one example, which knows nothing of its variance.
        """
        m = self.n_examples
        if m < 2:
            raise ValueError("indices: got 1 example, expected at least 2 to estimate a variance")
        weight = (1.0 - m / self.population if self.population else 1.0) / (m - 1)
        f, g, var_f, var_g = self.moments(x)
        return Stats(f, g, weight * var_f, weight * var_g)

    @property
    def penalty(self) -> Any:
        return self.problem.penalty

    @cached_property
    def is_penalised(self) -> bool:
        return bool(self.problem.is_penalised)

    def value_and_grad(self, x: Numbers) -> tuple[Numbers, Numbers]:
        # Of all updates of a run: to ask by way of the batch itself takes as long as some products do.
        if self.is_penalised:
            return super().value_and_grad(x)
        both: tuple[Numbers, Numbers] = self.problem.loss_and_grad(x, *self.train)
        return both

    @property
    def formula(self) -> str:
        return f"{counted(self.n_examples, 'example')} of {self.problem.formula}"

    def loss(self, x: Numbers, A: Array, y: Array) -> Numbers:
        return self.problem.loss(x, A, y)

    def loss_and_grad(self, x: Numbers, A: Array, y: Array) -> tuple[Numbers, Numbers]:
        return self.problem.loss_and_grad(x, A, y)

    def loss_grad(self, x: Numbers, A: Array, y: Array) -> Numbers:
        return self.problem.loss_grad(x, A, y)

    def loss_moments(self, x: Numbers, A: Array, y: Array) -> Numbers:
        return self.problem.loss_moments(x, A, y)

    def loss_hess(self, x: Numbers, A: Array, y: Array) -> Numbers:
        return self.problem.loss_hess(x, A, y)


def rows_of(table: tuple[Array, Array], rows: Any) -> tuple[Array, Array]:
    """Return some rows of inputs and targets; those of a slice are not copied."""
    A, y = table
    if isinstance(rows, slice):
        return A[rows], y[rows]
    # The indices are checked already; mode="clip" saves the buffer that a check would need.
    return A.take(rows, 0, mode="clip"), y.take(rows, 0, mode="clip")
