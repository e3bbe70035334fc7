"""Softmax regression on real data: three species of iris, ten handwritten digits."""

from collections.abc import Sequence
from typing import Any

from problems.data import load
from problems.learning.softmax import Softmax
from problems.problem import Array
from stepsize.core.limits.ranges import NonNegativeFloat, Seed
from stepsize.core.validation import require

__all__ = ["Digits", "Iris"]


class Iris(Softmax):
    r"""Softmax regression on Anderson's irises: 150 flowers of three species, four lengths in centimetres.

    .. math:: f(\Theta) = \frac1n \sum_i \Bigl( \log \sum_k e^{z_{ik}} - z_{i y_i} \Bigr)
        + \frac\lambda2 \lVert \Theta_{1:d} \rVert^2, \qquad z_i = \Theta^\top a_i

    Parameters
    ----------
    columns : sequence of int
        Which of sepal length, sepal width, petal length and petal width are used.
    l2 : float
        lambda, at least 0.
    standardize, held_out, rng
        As in `Supervised`.
    intercept : bool
        Whether to append a column of ones.

    References
    ----------
    Fisher, "The use of multiple measurements in taxonomic problems", Annals of Eugenics 7 (1936).

    Examples
    --------
    >>> import numpy as np
    >>> problem = Iris()
    >>> problem.dim, float(problem.accuracy(np.array(problem.minimizers[0])))
    (15, 0.98)
    """

    columns: Sequence[int] = (0, 1, 2, 3)
    l2: NonNegativeFloat = 1e-3
    standardize: bool = True
    intercept: bool = True
    held_out: Any = 0.0
    rng: Seed = 0
    source = "Fisher 1936"

    def check(self) -> None:
        """Validate the columns."""
        some = isinstance(self.columns, tuple) and len(self.columns) > 0
        some = some and set(self.columns) <= {0, 1, 2, 3}
        require(some, "columns", self.columns, "some of 0, 1, 2, 3")
        super().check()

    @property
    def _table(self) -> tuple[Array, Array]:
        X, y = load("iris")
        return X[:, list(self.columns)], y.astype(int)

    @property
    def formula(self) -> str:
        return f"softmax regression, iris data, {self.n_examples} x {len(self.columns)}, l2 = {self.l2:g}"


class Digits(Softmax):
    r"""Softmax regression on handwritten digits: 1797 images of 8 by 8 pixels, ten classes.

    .. math:: f(\Theta) = \frac1n \sum_i \Bigl( \log \sum_k e^{z_{ik}} - z_{i y_i} \Bigr)
        + \frac\lambda2 \lVert \Theta_{1:d} \rVert^2, \qquad z_i = \Theta^\top a_i

    Pixels, 0 to 16, are divided by 16. With 650 parameters the training images are soon learned by heart:
    hold some out, and watch what l2 does to the loss on them.

    Parameters
    ----------
    l2 : float
        lambda, at least 0.
    intercept : bool
        Whether to append a column of ones.
    held_out, rng
        As in `Supervised`.

    References
    ----------
    Alpaydin and Kaynak (1998), UCI Machine Learning Repository, doi:10.24432/C50P49, CC BY 4.0.

    Examples
    --------
    >>> problem = Digits(held_out=0.2)
    >>> problem.dim, problem.n_examples, len(problem.test[1])
    (650, 1438, 359)
    """

    l2: NonNegativeFloat = 1e-3
    intercept: bool = True
    held_out: Any = 0.0
    rng: Seed = 0
    source = "Alpaydin and Kaynak 1998, doi:10.24432/C50P49"

    @property
    def _table(self) -> tuple[Array, Array]:
        X, y = load("digits")
        return X / 16, y.astype(int)

    @property
    def formula(self) -> str:
        return f"softmax regression, digits, {self.n_examples} x 64, l2 = {self.l2:g}"
