"""Muon: the momentum of a matrix, made nearly orthogonal before it is applied."""

import math
from typing import Any, ClassVar

import numpy as np

from optim.hyperparameters import Hyper, Numbers, Resolved, hyper
from optim.optimizer import Slots
from optim.rules.layers.shapes import Layered, Shapes, join, quotient
from stepsize.core.limits.parameters import count, number
from stepsize.core.validation import describe_value, real_numbers

__all__ = ["Muon"]

Array = np.ndarray[Any, Any]

# Jordan's quintic, steepest at 0: it does not converge, singular values end between about 0.7 and 1.2.
QUINTIC = (3.4445, -4.7750, 2.0315)


def orthogonalized(
    X: Array, coefficients: tuple[float, float, float] = QUINTIC, iterations: int = 5
) -> Array:
    r"""Return a matrix with its singular values, all at most 1, moved towards 1 by Newton-Schulz iterations.

    .. math:: X \leftarrow a X + b (X X^\top) X + c (X X^\top)^2 X

    Parameters
    ----------
    X : ndarray of shape (..., m, n)
    coefficients : tuple of three floats
        a, b and c: each singular value s becomes :math:`a s + b s^3 + c s^5`.
    iterations : int

    Examples
    --------
    >>> orthogonalized(np.array([[0.5]]), (2.0, -1.5, 0.5), 1).tolist()
    [[0.828125]]
    >>> 2 * 0.5 - 1.5 * 0.5**3 + 0.5 * 0.5**5
    0.828125
    """
    a, b, c = coefficients
    tall = X.shape[-2] > X.shape[-1]
    if tall:
        X = np.swapaxes(X, -1, -2)
    for _ in range(iterations):
        A = X @ np.swapaxes(X, -1, -2)
        X = a * X + (b * A + c * (A @ A)) @ X
    return np.asarray(np.swapaxes(X, -1, -2) if tall else X)


class Muon(Layered):
    r"""Muon: every matrix moves by its momentum with all singular values made nearly 1; the rest by Adam.

    .. math::
        B_t &= \mu B_{t-1} + (1 - \mu)\, G_t, \qquad \tilde B_t = \mu B_t + (1 - \mu)\, G_t \\
        O_t &= \operatorname{NewtonSchulz}_5(\tilde B_t) \approx U V^\top
            \quad\text{where } \tilde B_t = U \Sigma V^\top \\
        X_{t+1} &= X_t - \eta \Bigl(\sqrt{\max(1, m/n)}\; O_t + \lambda X_t\Bigr)

    for a matrix of m rows and n columns. Layers that are no matrices, biases among them, go by `Adam` at the
    rate :math:`q\,\eta`.

    Parameters
    ----------
    lr : float, array or schedule
        :math:`\eta`, at least 0; the author's 0.02.
    momentum : float, array or schedule
        :math:`\mu`, from 0 to below 1; the author's 0.95.
    weight_decay : float, array or schedule
        :math:`\lambda` of the matrices, decoupled; 0.
    beta1, beta2, adam_eps : float, array or schedule
        Adam's numbers, for the other layers; the author's 0.9, 0.95 and 1e-10.
    adam_weight_decay : float, array or schedule
        Their decay, decoupled; 0.
    adam_ratio : float, array or schedule
        :math:`q`; the author's 0.0003 over 0.02.
    nesterov : bool
        Whether the momentum looks ahead, as above; otherwise :math:`\tilde B_t = B_t`.
    coefficients : tuple of three floats
        Of the iteration, see `orthogonalized`.
    iterations : int
        At least 1; the author's 5.
    eps : float
        Added to the Frobenius norm; 1e-7.
    shapes : tuple of tuples of int, optional
        The shape of every layer. Without them the whole vector is one layer, which is no matrix: Adam.

    Raises
    ------
    TypeError, ValueError
        If `shapes` are none, or on the first update, if they do not fit x.

    References
    ----------
    Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024, and its code
    (KellerJordan/Muon), which computes the iteration in bfloat16; here it is in x's own precision.

    Examples
    --------
    The step of a matrix does not depend on the size of its gradient.

    >>> opt, x = Muon(lr=1.0, eps=0.0, shapes=((2, 2),)), np.zeros(4)
    >>> g = np.array([3.0, 1.0, -1.0, 2.0])
    >>> one, ten = (opt.step(x, scale * g, opt.init(x))[0] for scale in (1.0, 1024.0))
    >>> bool((one == ten).all())
    True
    """

    slots: ClassVar = ("m", "v")
    lr: Hyper = 0.02
    momentum: Hyper = hyper(0.95, minimum=0, below=1)
    weight_decay: Hyper = hyper(0.0, minimum=0)
    beta1: Hyper = hyper(0.9, minimum=0, below=1)
    beta2: Hyper = hyper(0.95, minimum=0, below=1)
    adam_eps: Hyper = hyper(1e-10, minimum=0)
    adam_weight_decay: Hyper = hyper(0.0, minimum=0)
    adam_ratio: Hyper = hyper(0.015, minimum=0)
    nesterov: bool = True
    coefficients: tuple[float, float, float] = QUINTIC
    iterations: int = count(5, minimum=1)
    eps: float = number(1e-7, minimum=0)
    shapes: Shapes = None

    def normalise(self, name: str, value: Any) -> Any:
        if name != "coefficients":
            return super().normalise(name, value)
        if not isinstance(value, tuple | list) or len(value) != 3:
            raise TypeError(f"coefficients: got {describe_value(value)}, expected three numbers")
        return tuple(real_numbers("coefficients", value, "three numbers").astype(float).tolist())

    def direction(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        m, v = slots
        matrices = self.matrices(x)
        m = np.where(matrices, self.gathered(m, g, h), h.beta1 * m + (1 - h.beta1) * g)
        v = np.where(matrices, v, h.beta2 * v + (1 - h.beta2) * (g * g))
        steps = self.orthogonal(self.looking_ahead(m, g, h), h) + h.weight_decay * x
        return np.where(matrices, steps, self.other_step(x, g, m, v, h)), (m, v)

    def matrices(self, x: Array) -> Array:
        """Return which coordinates stand in a matrix."""
        return np.concatenate([np.full(p.stop - p.start, len(s) == 2) for p, s in self.layers(x)])

    def gathered(self, m: Array, g: Array, h: Resolved) -> Array:
        """Return the momentum of matrices."""
        return np.asarray(h.momentum * m + (1 - h.momentum) * g)

    def looking_ahead(self, m: Array, g: Array, h: Resolved) -> Array:
        """Return what is made orthogonal."""
        return np.asarray(h.momentum * m + (1 - h.momentum) * g) if h.nesterov else m

    def norm(self, matrix: Array, h: Resolved) -> Array:
        """Return what a matrix is divided by so that no singular value is above 1."""
        norm = np.sqrt((matrix * matrix).sum(axis=(-2, -1), keepdims=True)) + h.eps
        return np.where(norm > 0, norm, 1.0)

    def scale(self, rows: int, columns: int, h: Resolved) -> float:
        """Return the factor of an orthogonal step."""
        return math.sqrt(max(1.0, rows / columns))

    def sized(self, step: Array, momentum: Array, h: Resolved) -> Array:
        """Return an orthogonal step with what it takes from the size of its momentum: nothing."""
        return step

    def orthogonal(self, momentum: Array, h: Resolved) -> Array:
        """Return the momentum with every matrix in it made orthogonal and scaled."""
        parts = []
        for place, shape in self.layers(momentum):
            part = momentum[..., place]
            if len(shape) == 2:
                matrix = part.reshape(*part.shape[:-1], *shape)
                unit = matrix / self.norm(matrix, h)
                step = orthogonalized(unit, h.coefficients, h.iterations)
                part = self.scale(*shape, h) * self.sized(step, matrix, h)
            parts.append(part)
        return join(parts, momentum)

    def adam_step(self, g: Array, m: Array, v: Array, h: Resolved) -> Array:
        """Return Adam's step."""
        return quotient(m / (1 - h.beta1**h.t), np.sqrt(v / (1 - h.beta2**h.t)) + h.adam_eps)

    def other_step(self, x: Array, g: Array, m: Array, v: Array, h: Resolved) -> Array:
        """Return the step of layers that are no matrices."""
        return np.asarray(h.adam_ratio * (self.adam_step(g, m, v, h) + h.adam_weight_decay * x))
