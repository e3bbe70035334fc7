"""Multilayer perceptrons with backpropagation in closed form, their parameters in one flat vector."""

from functools import cached_property
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np

from problems.data import load
from problems.problem import Array
from problems.supervised import Supervised, as_table, as_targets, refuse_unless_table
from stepsize.base.checks import as_count, refuse_unless

__all__ = ["MLP", "DigitsMLP"]


def _relu(z: Any) -> Any:
    return np.maximum(z, 0.0)


# Each activation a = f(z), with f' and f'' where they can be read off a.
_ACTIVATIONS: dict[str, tuple[Any, Any, Any]] = {
    "tanh": (np.tanh, lambda a: 1 - a * a, lambda a: -2 * a * (1 - a * a)),
    "relu": (_relu, lambda a: np.where(a > 0, 1.0, 0.0), np.zeros_like),
}


class Perceptron(Supervised, abstract=True):
    r"""The mathematics of a multilayer perceptron; subclasses say where the data come from.

    .. math:: h_0 = a, \qquad h_{j+1} = \varphi(h_j W_j + b_j), \qquad z = h_k W_k + b_k

    x holds W_0, b_0, W_1, b_1, ..., each flattened row by row (`ravel`, `unravel`).
    """

    hidden = ()
    activation = "tanh"
    loss_name = "squared"

    @property
    def outputs(self) -> int:
        """Number of outputs."""
        raise NotImplementedError

    @cached_property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """The shape of each W_j; b_j has as many entries as W_j has columns."""
        widths = [int(self.train[0].shape[1]), *self.hidden, self.outputs]
        return tuple(pairwise(widths))

    @property
    def dim(self) -> int:
        """Number of parameters."""
        return sum((rows + 1) * columns for rows, columns in self.shapes)

    @cached_property
    def x0(self) -> Any:
        """Weights normal with variance 1/(number of inputs), drawn by `rng`; biases zero."""
        generator = np.random.default_rng((self.rng, 1))
        return tuple(
            self.ravel(
                [
                    (generator.standard_normal(shape) / np.sqrt(shape[0]), np.zeros(shape[1]))
                    for shape in self.shapes
                ]
            ).tolist()
        )

    @property
    def domain(self) -> Any:
        """A box that holds sensible weights."""
        return -2.0, 2.0

    @property
    def smooth(self) -> bool:
        """Whether the activation is."""
        return self.activation != "relu"

    @cached_property
    def penalty(self) -> Any:
        """The l2 weight of each parameter: 0 for the biases."""
        return self.ravel([(np.full(shape, float(self.l2)), np.zeros(shape[1])) for shape in self.shapes])

    def unravel(self, x: Any) -> list[tuple[Any, Any]]:
        """Return the layers (W, b) that the flat vector x holds, as views; a batch keeps its leading axes."""
        layers, start = [], 0
        for rows, columns in self.shapes:
            middle, end = start + rows * columns, start + (rows + 1) * columns
            W = x[..., start:middle].reshape(*x.shape[:-1], rows, columns)
            layers.append((W, x[..., middle:end]))
            start = end
        return layers

    def ravel(self, layers: Any) -> Any:
        """Return the flat vector of the layers (W, b)."""
        flat = [np.reshape(p, (*np.shape(b)[:-1], -1)) for W, b in layers for p in (W, b)]
        return np.concatenate(flat, axis=-1)

    def predict(self, x: Any, A: Any = None) -> Any:
        """Return the outputs (..., n, outputs) for each row of A (of the training part by default)."""
        return self._forward(x, self.train[0] if A is None else A)[1]

    def _forward(self, x: Any, A: Array) -> tuple[list[Any], Any]:
        """Return the layers up to the last hidden one, the inputs first, and the outputs."""
        f = _ACTIVATIONS[self.activation][0]
        *inner, (W_last, b_last) = self.unravel(x)
        H: list[Any] = [A]
        for W, b in inner:
            H.append(f(H[-1] @ W + b[..., None, :]))
        return H, H[-1] @ W_last + b_last[..., None, :]

    def _output_loss(self, out: Any, y: Array) -> tuple[Any, Any]:
        """Return the mean loss of the outputs and its gradient in them."""
        n = len(y)
        if self.loss_name == "squared":
            r = out - y
            return 0.5 * (r * r).sum(axis=-1).mean(axis=-1), r / n
        rows = np.arange(n)
        z = out - out.max(axis=-1, keepdims=True)
        log_sum = np.log(np.exp(z).sum(axis=-1))
        P = np.exp(z - log_sum[..., None])
        value = (log_sum - z[..., rows, y]).mean(axis=-1)
        P[..., rows, y] -= 1
        return value, P / n

    def loss(self, x: Any, A: Array, y: Array) -> Any:
        """Return the mean loss."""
        return self._output_loss(self._forward(x, A)[1], y)[0]

    def loss_and_grad(self, x: Any, A: Array, y: Array) -> tuple[Any, Any]:
        """Return the mean loss and its gradient by backpropagation."""
        slope = _ACTIVATIONS[self.activation][1]
        H, out = self._forward(x, A)
        value, delta = self._output_loss(out, y)
        layers = self.unravel(x)
        gradient: list[Any] = []
        for j in reversed(range(len(layers))):
            gradient.append((_transposed(H[j]) @ delta, delta.sum(axis=-2)))
            if j:
                delta = (delta @ _transposed(layers[j][0])) * slope(H[j])
        return value, self.ravel(gradient[::-1])

    def hess_times(self, x: Any, v: Any) -> Any:
        """Return the Hessian times v, exactly, at the price of two gradients (Pearlmutter's method).

        Parameters
        ----------
        x : ndarray of shape (..., d)
        v : ndarray of shape (..., d)
            Broadcast against x: many directions at one point are one call.
        """
        A, y = self.train
        return self._loss_hess_times(x, v, A, y) + self.penalty * v

    def _loss_hess_times(self, x: Any, v: Any, A: Array, y: Array) -> Any:
        # R(.) is the derivative along v; it goes forwards and backwards like the quantities themselves.
        _, slope, bend = _ACTIVATIONS[self.activation]
        H, out = self._forward(x, A)
        layers, directions = self.unravel(x), self.unravel(v)
        RH: list[Any] = [np.zeros_like(A)]
        RZ: list[Any] = []
        for j, ((W, _), (RW, Rb)) in enumerate(zip(layers, directions, strict=True)):
            RZ.append(RH[j] @ W + H[j] @ RW + Rb[..., None, :])
            if j + 1 < len(layers):
                RH.append(slope(H[j + 1]) * RZ[j])
        _, delta = self._output_loss(out, y)
        if self.loss_name == "squared":
            Rdelta = RZ[-1] / len(y)
        else:
            z = np.exp(out - out.max(axis=-1, keepdims=True))
            P = z / z.sum(axis=-1, keepdims=True)
            Rdelta = P * (RZ[-1] - (P * RZ[-1]).sum(axis=-1, keepdims=True)) / len(y)
        product: list[Any] = []
        for j in reversed(range(len(layers))):
            RgW = _transposed(RH[j]) @ delta + _transposed(H[j]) @ Rdelta
            product.append((RgW, Rdelta.sum(axis=-2)))
            if j:
                Wt, RWt = _transposed(layers[j][0]), _transposed(directions[j][0])
                back, Rback = delta @ Wt, Rdelta @ Wt + delta @ RWt
                s, t = slope(H[j]), bend(H[j])
                delta, Rdelta = back * s, Rback * s + back * t * RZ[j - 1]
        return self.ravel(product[::-1])

    def loss_hess(self, x: Any, A: Array, y: Array) -> Any:
        """Return the Hessian, one product for each parameter: for networks of a few hundred."""
        point, axes = x[..., None, :], np.eye(x.shape[-1])
        # A few directions at a time: all at once would hold a copy of the network's layers for each.
        chunks = [axes[i : i + 32] for i in range(0, len(axes), 32)]
        return np.concatenate([self._loss_hess_times(point, V, A, y) for V in chunks], axis=-2)

    def sharpness(self, x: Any) -> Any:
        """Return the largest eigenvalue of the Hessian."""
        return np.linalg.eigvalsh(self.hess(x))[..., -1]

    def accuracy(self, x: Any) -> Any:
        """Return the share of the training examples whose largest output is their class."""
        return self._share_right(x, *self.train)

    def held_out_accuracy(self, x: Any) -> Any:
        """Return the share of the held-out examples whose largest output is their class.

        Raises
        ------
        ValueError
            If no examples were held out.
        """
        return self._share_right(x, *self._held_out())

    def _share_right(self, x: Any, A: Array, y: Array) -> Any:
        refuse_unless(
            self.loss_name == "cross-entropy", "loss", self.loss_name, "'cross-entropy' for classes"
        )
        return (self.predict(x, A).argmax(axis=-1) == y).mean(axis=-1)


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
    standardize : bool
        Whether every input is brought to mean 0 and deviation 1 (of the training part).
    held_out : float or sequence of int
        Share of the examples kept apart for `held_out_fun`, or their row numbers.
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
    loss_name: str = "squared"
    activation: str = "tanh"
    l2: float = 0.0
    standardize: bool = False
    held_out: Any = 0.0
    rng: int = 0
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
            value = as_table(value) if name == "X" else as_targets(value)
        if name == "hidden" and np.ndim(value) == 0:
            value = (value,)
        return super().normalise(name, value)

    def check(self) -> None:
        """Refuse shapes that do not fit, missing values and unknown names."""
        refuse_unless_table(self.X, self.y, "targets")
        names = ("squared", "cross-entropy")
        refuse_unless(self.loss_name in names, "loss_name", self.loss_name, " or ".join(map(repr, names)))
        if self.loss_name == "cross-entropy":
            classes = np.unique(self.y)
            good = self.y.ndim == 1 and np.array_equal(classes, np.arange(len(classes)))
            refuse_unless(good, "y", self.y, "the classes 0, 1, ..., each of them at least once")
        check_layers(self.hidden, self.activation)
        super().check()

    @property
    def stratified(self) -> bool:  # type: ignore[override]  # fixed for others, follows the loss here
        """Whether the split keeps the proportion of each class."""
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
        """The widths of its layers."""
        widths = "-".join(map(str, [self.X.shape[1], *self.hidden, self.outputs]))
        return f"{self.activation} network {widths}, {self.n_examples} examples"


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
        Share of the images kept apart for `held_out_fun`, drawn stratified by class, or their row numbers.
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
    activation: str = "tanh"
    l2: float = 0.0
    held_out: Any = 0.0
    rng: int = 0
    source = "Alpaydin and Kaynak 1998, doi:10.24432/C50P49"
    loss_name = "cross-entropy"
    stratified = True
    outputs = 10
    demo: ClassVar = {"hidden": (4,), "held_out": 0.9}

    def normalise(self, name: str, value: Any) -> Any:
        """Take one width as a list of one."""
        return super().normalise(name, (value,) if name == "hidden" and np.ndim(value) == 0 else value)

    def check(self) -> None:
        """Refuse widths that are none and unknown activations."""
        check_layers(self.hidden, self.activation)
        super().check()

    @property
    def _table(self) -> tuple[Array, Array]:
        X, y = load("digits")
        return X / 16, y.astype(int)

    @property
    def formula(self) -> str:
        """The widths of its layers."""
        widths = "-".join(map(str, [64, *self.hidden, 10]))
        return f"{self.activation} network {widths} on {self.n_examples} digits"


def check_layers(hidden: Any, activation: str) -> None:
    """Refuse widths that are none and unknown activations."""
    for width in hidden:
        as_count("hidden", width, 1)
    refuse_unless(activation in _ACTIVATIONS, "activation", activation, " or ".join(map(repr, _ACTIVATIONS)))


def _transposed(M: Any) -> Any:
    return np.swapaxes(M, -1, -2)
