"""Backpropagation in closed form, for gradients and for products with the Hessian."""

from functools import cached_property
from itertools import pairwise
from typing import Any, Literal

import numpy as np

from problems.learning.supervised import Supervised
from problems.problem import Array, Domain, Numbers
from stepsize.core.limits.memory import refuse_beyond_memory
from stepsize.core.validation import as_count, require


def _relu(z: Any) -> Any:
    return np.maximum(z, 0.0)


Activation = Literal["tanh", "relu"]

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
        return sum((rows + 1) * columns for rows, columns in self.shapes)

    @cached_property
    def x0(self) -> tuple[float, ...]:
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
    def domain(self) -> Domain:
        return -2.0, 2.0

    @property
    def smooth(self) -> bool:
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

    def loss(self, x: Numbers, A: Array, y: Array) -> Numbers:
        return self._output_loss(self._forward(x, A)[1], y)[0]

    def loss_and_grad(self, x: Numbers, A: Array, y: Array) -> tuple[Numbers, Numbers]:
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
        _, slope, curvature = _ACTIVATIONS[self.activation]
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
                s, t = slope(H[j]), curvature(H[j])
                delta, Rdelta = back * s, Rback * s + back * t * RZ[j - 1]
        return self.ravel(product[::-1])

    def loss_hess(self, x: Numbers, A: Array, y: Array) -> Numbers:
        point, axes = x[..., None, :], np.eye(x.shape[-1])
        # A few directions at a time: all at once would hold a copy of the network's layers for each.
        chunks = [axes[i : i + 32] for i in range(0, len(axes), 32)]
        return np.concatenate([self._loss_hess_times(point, V, A, y) for V in chunks], axis=-2)

    def sharpness(self, x: Any) -> Any:
        """Return the largest eigenvalue of the Hessian."""
        return np.linalg.eigvalsh(self.hess(x))[..., -1]

    def accuracy(self, x: Numbers) -> Numbers:
        """Return the share of the training examples whose largest output is their class."""
        return self._share_right(x, *self.train)

    def held_out_accuracy(self, x: Numbers) -> Numbers:
        """Return the share of the held-out examples whose largest output is their class.

        Raises
        ------
        ValueError
            If no examples were held out.
        """
        return self._share_right(x, *self._held_out())

    def _share_right(self, x: Any, A: Array, y: Array) -> Any:
        require(self.loss_name == "cross-entropy", "loss", self.loss_name, "'cross-entropy' for classes")
        return (self.predict(x, A).argmax(axis=-1) == y).mean(axis=-1)


def check_widths(hidden: Any) -> None:
    """Validate that every layer has at least one unit."""
    for width in hidden:
        as_count("hidden", width, 1)
    weights = sum(a * b for a, b in pairwise((1, *hidden, 1)))
    refuse_beyond_memory("hidden", f"layers of {list(hidden)}", 64 * weights, "narrower ones")


def _transposed(M: Any) -> Any:
    return np.swapaxes(M, -1, -2)
