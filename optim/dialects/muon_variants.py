"""Muon as PyTorch, Keras and Optax have it: each is an algorithm of its own."""

import math
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from optim.hyperparameters import Hyper, Numbers, Resolved, hyper
from optim.rules.layers.muon import Muon
from optim.rules.layers.shapes import Shape, quotient, split
from stepsize.core.elementwise import sqrt
from stepsize.core.limits.parameters import number, one_of
from stepsize.core.validation import require

__all__ = ["KerasMuon", "OptaxMuon", "TorchMuon"]

Array = np.ndarray[Any, Any]

# Below which Optax' "aol" and "schatten" count no sum.
LEAST = 1e-8


class TorchMuon(Muon):
    r"""PyTorch's Muon: for matrices alone, with three ways to scale the step.

    The momentum is the author's average (its documentation prints a sum, which points the same way). The
    Frobenius norm is held above eps instead of adding it, the decay is 0.1, and the iteration is in bfloat16
    there, here in x's own precision.

    Parameters
    ----------
    lr, momentum, weight_decay, nesterov, coefficients, iterations, eps
        As in `Muon`; PyTorch's 0.001, 0.95 and 0.1.
    beta1, beta2, adam_eps, adam_weight_decay, adam_ratio
        Not used.
    adjust : {"original", "match_rms_adamw", "spectral_unclamped"}
        The factor of a step for m rows and n columns: :math:`\sqrt{\max(1, m/n)}`,
        :math:`0.2\sqrt{\max(m, n)}` or :math:`\sqrt{m/n}`.
    shapes : tuple of tuples of int, optional
        The shape of every layer, each a matrix; the whole vector is one column by default.

    Raises
    ------
    ValueError
        If a layer is no matrix.

    References
    ----------
    PyTorch 2.14, ``torch.optim.Muon``.

    Examples
    --------
    >>> opt = TorchMuon(lr=1.0, weight_decay=0.5, shapes=((2, 1),))
    >>> x = np.array([1.0, 1.0])
    >>> opt.step(x, np.zeros(2), opt.init(x))[0].tolist()
    [0.5, 0.5]
    """

    matrices_only: ClassVar = True
    lr: Hyper = 1e-3
    weight_decay: Hyper = hyper(0.1, minimum=0)
    adjust: str = one_of("original", "match_rms_adamw", "spectral_unclamped")

    def check(self) -> None:
        for shape in self.shapes or ():
            require(
                len(shape) == 2, "shapes", shape, "matrices alone, which is all that PyTorch's Muon takes"
            )

    def layers(self, x: Array) -> Iterator[tuple[slice, Shape]]:
        return split(x, self.shapes or ((x.shape[-1], 1),))

    def norm(self, matrix: Array, h: Resolved) -> Array:
        norm = np.sqrt((matrix * matrix).sum(axis=(-2, -1), keepdims=True))
        return np.asarray(np.maximum(norm, h.eps))

    def scale(self, rows: int, columns: int, h: Resolved) -> float:
        if h.adjust == "match_rms_adamw":
            return 0.2 * math.sqrt(max(rows, columns))
        return math.sqrt(rows / columns if h.adjust == "spectral_unclamped" else max(1.0, rows / columns))


class KerasMuon(Muon):
    r"""Keras' Muon: a sum as momentum, steps scaled as Moonlight's, and AdamW with eps-hat for the rest.

    .. math:: B_t = \mu B_{t-1} + G_t, \qquad \tilde B_t = G_t + \mu B_t, \qquad
        X_{t+1} = (1 - \eta\lambda) X_t - \eta\, r \sqrt{\max(m, n)}\; O_t

    Parameters
    ----------
    lr, momentum, weight_decay, beta1, beta2, adam_eps, adam_ratio
        As in `Muon`; Keras' 0.001, 0.95, 0.004, 0.9, 0.999, 1e-7 and 1.
    adam_weight_decay : float, array or schedule
        Decay of the layers that are no matrices, 0.004; multiplied by lr, not by adam_ratio.
    nesterov, coefficients, iterations, eps, shapes
        As in `Muon`.
    rms : float, optional
        :math:`r`, 0.2; None is no scaling at all.

    References
    ----------
    Keras 3.15, ``keras.optimizers.Muon``; Liu et al., "Muon is scalable for LLM training", arXiv 2502.16982.

    Examples
    --------
    Without a gradient: a matrix and a vector of 1, each taken by its own decay.

    >>> opt = KerasMuon(lr=0.5, weight_decay=0.5, adam_weight_decay=0.25, shapes=((1, 1), (1,)))
    >>> opt.step(np.ones(2), np.zeros(2), opt.init(np.ones(2)))[0].tolist()
    [0.75, 0.875]
    """

    lr: Hyper = 1e-3
    weight_decay: Hyper = hyper(0.004, minimum=0)
    beta2: Hyper = hyper(0.999, minimum=0, below=1)
    adam_eps: Hyper = hyper(1e-7, minimum=0)
    adam_weight_decay: Hyper = hyper(0.004, minimum=0)
    adam_ratio: Hyper = hyper(1.0, minimum=0)
    rms: float | None = 0.2

    def gathered(self, m: Array, g: Array, h: Resolved) -> Array:
        return np.asarray(h.momentum * m + g)

    def looking_ahead(self, m: Array, g: Array, h: Resolved) -> Array:
        return np.asarray(g + h.momentum * m) if h.nesterov else m

    def scale(self, rows: int, columns: int, h: Resolved) -> float:
        return 1.0 if h.rms is None else math.sqrt(max(rows, columns)) * h.rms

    def adam_step(self, g: Array, m: Array, v: Array, h: Resolved) -> Array:
        return quotient(m * (sqrt(1 - h.beta2**h.t) / (1 - h.beta1**h.t)), np.sqrt(v) + h.adam_eps)

    def other_step(self, x: Array, g: Array, m: Array, v: Array, h: Resolved) -> Array:
        return np.asarray(h.adam_ratio * self.adam_step(g, m, v, h) + h.adam_weight_decay * x)


class OptaxMuon(Muon):
    r"""Optax' Muon: the average is corrected as Nadam's, which turns it at first; weights stand (in, out).

    .. math:: \tilde B_t = \frac{\mu B_t}{1 - \mu^{t+1}} + \frac{(1 - \mu)\, G_t}{1 - \mu^t}, \qquad
        X_{t+1} = X_t - \eta \Bigl(\sqrt{\max(1, n/m)}\; O_t + \lambda X_t\Bigr)

    The other layers go by Nadam without a warmup, or by Adam without ``nesterov``.

    Parameters
    ----------
    lr, momentum, weight_decay, beta1, beta2, adam_eps, adam_weight_decay, adam_ratio
        As in `Muon`; Optax' 0.95, 0, 0.9, 0.999, 1e-8, 0 and 1.
    nesterov, coefficients, iterations, eps, shapes
        As in `Muon`; eps is 1e-8.
    rms : float, optional
        None, or r: then the factor of a step is :math:`r\sqrt{\max(m, n)}`.
    adam_eps_root : float, array or schedule
        Added inside the root, for the other layers; 0.
    adaptive : bool
        Whether a step :math:`O` is multiplied by :math:`\langle \tilde B, O \rangle`, about the sum of the
        momentum's singular values, so that it grows with the gradient.
    preconditioning : {"frobenius", "spectral", "aol", "schatten"}
        What a momentum is divided by ahead of the iteration: its Frobenius norm; its largest singular value;
        every row of the shorter side by the root of its row sum in :math:`|\tilde B \tilde B^\top|`; or the
        root of the Frobenius norm of that product. The nearer to the largest singular value, the nearer to
        orthogonal the step.

    Raises
    ------
    TypeError, ValueError
        If `preconditioning` is another word, `shapes` are none, or on the first update, if they do not fit x.

    References
    ----------
    Optax 0.2.8, ``optax.contrib.muon``; for "aol", Boissin et al., "Turbo-Muon", arXiv 2512.04632.

    Examples
    --------
    The same matrix lying and standing: the lying one, of two columns, moves by the root of 2 more.

    >>> g, x = np.array([3.0, 4.0]), np.zeros(2)
    >>> flat, tall = (OptaxMuon(lr=1.0, shapes=(s,)) for s in ((1, 2), (2, 1)))
    >>> quotient = flat.step(x, g, flat.init(x))[0] / tall.step(x, g, tall.init(x))[0]
    >>> quotient.round(6).tolist()
    [1.414214, 1.414214]
    """

    beta2: Hyper = hyper(0.999, minimum=0, below=1)
    adam_eps: Hyper = hyper(1e-8, minimum=0)
    adam_ratio: Hyper = hyper(1.0, minimum=0)
    eps: float = number(1e-8, minimum=0)
    rms: float | None = None
    adam_eps_root: Hyper = hyper(0.0, minimum=0)
    adaptive: bool = False
    preconditioning: str = one_of("frobenius", "spectral", "aol", "schatten")

    def norm(self, matrix: Array, h: Resolved) -> Array:
        if h.preconditioning == "frobenius":
            return super().norm(matrix, h)
        if h.preconditioning == "spectral":
            largest = np.linalg.norm(matrix, ord=2, axis=(-2, -1), keepdims=True) + h.eps
            return np.where(largest > 0, largest, 1.0)
        lying = matrix.shape[-2] <= matrix.shape[-1]
        across = matrix.swapaxes(-2, -1)
        gram = matrix @ across if lying else across @ matrix
        if h.preconditioning == "schatten":
            return np.asarray(
                np.sqrt(np.maximum(np.sqrt((gram * gram).sum(axis=(-2, -1), keepdims=True)), LEAST))
            )
        return np.asarray(np.sqrt(np.maximum(abs(gram).sum(axis=-1 if lying else -2, keepdims=True), LEAST)))

    def sized(self, step: Array, momentum: Array, h: Resolved) -> Array:
        return (momentum * step).sum(axis=(-2, -1), keepdims=True) * step if h.adaptive else step

    def looking_ahead(self, m: Array, g: Array, h: Resolved) -> Array:
        return _corrected(m, g, h.momentum, h)

    def scale(self, rows: int, columns: int, h: Resolved) -> float:
        if h.rms is not None:
            return float(math.sqrt(max(rows, columns)) * h.rms)
        return math.sqrt(max(1.0, columns / rows))

    def adam_step(self, g: Array, m: Array, v: Array, h: Resolved) -> Array:
        v_hat = v / (1 - h.beta2**h.t)
        return quotient(_corrected(m, g, h.beta1, h), np.sqrt(v_hat + h.adam_eps_root) + h.adam_eps)


def _corrected(m: Array, g: Array, beta: Numbers, h: Resolved) -> Array:
    """Return an average corrected for its start at zero, with or without Nesterov's look ahead."""
    if not h.nesterov:
        return np.asarray(m / (1 - beta**h.t))
    return np.asarray(beta * m / (1 - beta ** (h.t + 1)) + (1 - beta) * g / (1 - beta**h.t))
