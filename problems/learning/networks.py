"""Multilayer perceptrons, their parameters in one flat vector: on your own data and on digits."""

from typing import Any, ClassVar, Literal

import numpy as np

from problems.data import load
from problems.learning.backpropagation import Activation, Perceptron, check_widths
from problems.learning.supervised import as_feature_matrix, as_flat_targets, validate_data
from problems.problem import Array
from stepsize.core.display import counted
from stepsize.core.limits.ranges import NonNegativeFloat, Seed
from stepsize.core.validation import require

__all__ = ["MLP", "DigitsMLP"]


class MLP(Perceptron):
    r"""A multilayer perceptron on your own data, for numbers or for classes.

    .. math:: h_0 = a, \qquad h_{j+1} = \varphi(h_j W_j + b_j), \qquad z = h_k W_k + b_k

    with the mean of :math:`\lVert z_i - y_i \rVert^2/2` or the mean cross-entropy of the softmax of z as
    loss. x holds W_0, b_0, W_1, b_1, ..., each flattened row by row.

    Parameters
    ----------
    X : array of shape (n, d)
        The inputs.
    y : array of shape (n,) or (n, k)
        The targets; for cross-entropy the classes 0, 1, ..., K - 1.
    hidden : sequence of int
        Width of each hidden layer; none makes a linear model.
    loss_name : str
        "squared" or "cross-entropy".
    activation : str
        "tanh" or "relu".
    l2 : float
        Penalty of the weights; biases are not penalised.
    standardize, held_out
        As in `Supervised`.
    rng : int
        Seed of the split and of the start.

    Raises
    ------
    TypeError, ValueError
        If the shapes do not fit, values are missing or a name is unknown.

    References
    ----------
    Rumelhart, Hinton and Williams, "Learning representations by back-propagating errors", Nature 323 (1986).
    Hessian products: Pearlmutter, "Fast exact multiplication by the Hessian", Neural Computation 6 (1994).

    Examples
    --------
    >>> net = MLP([[0.0], [1.0]], [0.0, 1.0], hidden=[2])
    >>> net.dim, [W.shape for W, b in net.unravel(np.zeros(7))]
    (7, [(1, 2), (2, 1)])
    """

    X: Any
    y: Any
    hidden: Any = (8,)
    loss_name: Literal["squared", "cross-entropy"] = "squared"
    activation: Activation = "tanh"
    l2: NonNegativeFloat = 0.0
    standardize: bool = False
    held_out: Any = 0.0
    rng: Seed = 0
    source = "Rumelhart, Hinton and Williams 1986"
    demo: ClassVar = {
        "X": ((0.5, 1.5), (1.5, 0.5), (-0.5, -1.5), (-1.5, -0.5), (0.2, -0.3), (0.4, -0.1)),
        "y": (0, 1, 2, 2, 1, 0),
        "hidden": (3, 2),
        "loss_name": "cross-entropy",
        "l2": 0.01,
    }

    def normalise(self, name: str, value: Any) -> Any:
        """Take lists for X and y as float arrays, and one width as a list of one."""
        if name in ("X", "y"):
            value = as_feature_matrix(value) if name == "X" else as_flat_targets(value)
        if name == "hidden" and not isinstance(value, list | tuple | np.ndarray):
            value = (value,)
        return super().normalise(name, value)

    def check(self) -> None:
        """Validate shapes, missing values, classes and widths."""
        validate_data(self.X, self.y, "targets")
        if self.loss_name == "cross-entropy":
            classes = np.unique(self.y)
            good = self.y.ndim == 1 and np.array_equal(classes, np.arange(len(classes)))
            require(good, "y", self.y, "the classes 0, 1, ..., each of them at least once")
        check_widths(self.hidden)
        super().check()

    @property
    def stratified(self) -> bool:  # type: ignore[override]  # fixed for others, follows the loss here
        return self.loss_name == "cross-entropy"

    @property
    def outputs(self) -> int:
        """As many as classes, or as columns of y."""
        if self.loss_name == "cross-entropy":
            return int(self.y.max()) + 1
        return 1 if self.y.ndim == 1 else int(self.y.shape[1])

    @property
    def _table(self) -> tuple[Array, Array]:
        if self.loss_name == "cross-entropy":
            return self.X, self.y.astype(int)
        return self.X, self.y.reshape(len(self.y), -1)

    @property
    def formula(self) -> str:
        widths = "-".join(map(str, [self.X.shape[1], *self.hidden, self.outputs]))
        return f"{self.activation} network {widths}, {counted(self.n_examples, 'example')}"


class DigitsMLP(Perceptron):
    r"""A perceptron on handwritten digits: 1797 images of 8 by 8 pixels, ten classes.

    .. math:: z = \varphi(a W_0 + b_0)\, W_1 + b_1

    Pixels, 0 to 16, are divided by 16; the loss is the mean cross-entropy of the softmax of z.

    Parameters
    ----------
    hidden : sequence of int
        Width of each hidden layer.
    activation : str
        "tanh" or "relu".
    l2 : float
        Penalty of the weights; biases are not penalised.
    held_out : float or sequence of int
        Share of the images held out for `held_out_fun`, drawn stratified by class, or their row numbers.
    rng : int
        Seed of the split and of the start.

    References
    ----------
    Alpaydin and Kaynak (1998), UCI Machine Learning Repository, doi:10.24432/C50P49, CC BY 4.0.

    Examples
    --------
    >>> DigitsMLP().dim
    2410
    """

    hidden: Any = (32,)
    activation: Activation = "tanh"
    l2: NonNegativeFloat = 0.0
    held_out: Any = 0.0
    rng: Seed = 0
    source = "Alpaydin and Kaynak 1998, doi:10.24432/C50P49"
    loss_name = "cross-entropy"
    stratified = True
    outputs = 10
    demo: ClassVar = {"hidden": (4,), "held_out": 0.9}

    def normalise(self, name: str, value: Any) -> Any:
        """Take one width as a list of one."""
        alone = name == "hidden" and not isinstance(value, list | tuple | np.ndarray)
        return super().normalise(name, (value,) if alone else value)

    def check(self) -> None:
        """Validate the widths of the layers."""
        check_widths(self.hidden)
        super().check()

    @property
    def _table(self) -> tuple[Array, Array]:
        X, y = load("digits")
        return X / 16, y.astype(int)

    @property
    def formula(self) -> str:
        widths = "-".join(map(str, [64, *self.hidden, 10]))
        return f"{self.activation} network {widths} on {self.n_examples} digits"
