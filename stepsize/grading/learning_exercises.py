"""Lessons 6 and 10: the gradient of a mini-batch, of a network, and when to stop."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from problems import MLP, LeastSquares
from stepsize.grading.judges import GradientOf, Student, ValuesLike, returned

__all__ = ["BACKWARD", "BATCH_GRADIENT", "BEST_UPDATE"]

Array = np.ndarray[Any, Any]

_draw = np.random.default_rng(6)
_X, _Y = _draw.normal(size=(12, 3)), _draw.normal(size=12)


def _batch_gradient(w: Array, X: Array, y: Array, rows: Sequence[int]) -> Array:
    return np.asarray(LeastSquares(X, y, intercept=False).batch(list(rows)).grad(w))


def _residual(w: Array, X: Array, y: Array, rows: Sequence[int]) -> tuple[Array, Array]:
    taken = list(rows)
    return X[taken], X[taken] @ w - y[taken]


def _scaled(w: Array, X: Array, y: Array, rows: Sequence[int], by: float) -> Array:
    A, r = _residual(w, X, y, rows)
    return np.asarray(A.T @ r * by)


BATCH_GRADIENT = ValuesLike(
    _batch_gradient,
    [
        {"w": _draw.normal(size=3), "X": _X, "y": _Y, "rows": rows}
        for rows in ([0, 1, 2, 3], [7], [11, 2, 5], list(range(12)), [4, 4, 9])
    ],
    {
        "the sum over the batch, not the mean: its size would change the rate": (
            lambda w, X, y, rows: _scaled(w, X, y, rows, 1.0)
        ),
        "divided by the number of all examples, not of those in the batch": (
            lambda w, X, y, rows: _scaled(w, X, y, rows, 1 / len(y))
        ),
        "the sum over all examples, divided by the size of the batch: rows must choose them": (
            lambda w, X, y, rows: _scaled(w, X, y, range(len(y)), 1 / len(rows))
        ),
        "the gradient of all examples: rows is not used": (
            lambda w, X, y, rows: _scaled(w, X, y, range(len(y)), 1 / len(y))
        ),
        "the gradient of the first examples, as many as there are rows, not of those rows": (
            lambda w, X, y, rows: _scaled(w, X, y, range(len(rows)), 1 / len(rows))
        ),
        "twice the gradient: the loss has a half": (
            lambda w, X, y, rows: _scaled(w, X, y, rows, 2 / len(rows))
        ),
        "uphill: the residual is y - X w in place of X w - y": (
            lambda w, X, y, rows: _scaled(w, X, y, rows, -1 / len(rows))
        ),
        "the gradient without the residual: the mean of the rows of X": (
            lambda w, X, y, rows: X[list(rows)].mean(axis=0)
        ),
    },
)

# Two inputs, three hidden units, three classes; small enough to be followed by hand.
_INPUTS = np.array([(0.5, 1.5), (1.5, 0.5), (-0.5, -1.5), (-1.5, -0.5), (0.2, -0.3), (0.4, -0.1)])
_CLASSES = np.array([0, 1, 2, 2, 1, 0])
_NET = MLP(_INPUTS, _CLASSES, hidden=(3,), loss_name="cross-entropy")


def _layers(x: Array) -> list[Array]:
    return [part for layer in _NET.unravel(x) for part in layer]


def _called(student: Student, x: Array) -> Any:
    """Call ``backward(W0, b0, W1, b1, X, y)``, and lay its four arrays out as one vector."""
    layers = _layers(x)
    back = student(*(part.copy() for part in layers), _INPUTS.copy(), _CLASSES.copy())
    if not (isinstance(back, tuple | list) and len(back) == 4):
        return back
    flat: list[Array] = []
    for name, part, value in zip(("dW0", "db0", "dW1", "db1"), layers, back, strict=True):
        numbers, problem = returned(value, part.shape)
        if problem:
            raise ValueError(f"{name} is {problem}")
        flat.append(numbers.ravel())
    return np.concatenate(flat)


def _backward(
    x: Array,
    *,
    share: float = 1 / len(_CLASSES),
    onehot: bool = True,
    slope: bool = True,
    biases: bool = True,
    squared: bool = True,
) -> Array:
    """Return the gradient of the network, with a mistake in it if a switch says so."""
    W0, b0, W1, b1 = _layers(x)
    h = np.tanh(_INPUTS @ W0 + b0)
    z = h @ W1 + b1
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    d = (p - np.eye(3)[_CLASSES] if onehot else p) * share
    back = d @ W1.T
    if slope:
        back = back * (1 - h * h if squared else 1 - h)
    keep = 1.0 if biases else 0.0
    parts = (_INPUTS.T @ back, keep * back.sum(axis=0), h.T @ d, keep * d.sum(axis=0))
    return np.concatenate([part.ravel() for part in parts])


BACKWARD = GradientOf(
    _NET.fun,
    [_NET.x0, *np.random.default_rng(10).normal(size=(3, _NET.dim))],
    {
        "the gradient of the sum over the examples: divide by their number": lambda x: _backward(
            x, share=1.0
        ),
        "the gradient without the slope of tanh, 1 - h^2, in the first layer": (
            lambda x: _backward(x, slope=False)
        ),
        "the gradient with 1 - h in place of 1 - h^2, the slope of tanh": lambda x: _backward(
            x, squared=False
        ),
        "the gradient without the labels: p is to lose 1 at the right class": (
            lambda x: _backward(x, onehot=False)
        ),
        "the gradient with 0 for the biases: they are parameters too": lambda x: _backward(x, biases=False),
        "the gradient of the sum over the examples, without the slope of tanh": (
            lambda x: _backward(x, share=1.0, slope=False)
        ),
    },
    call=_called,
)

BEST_UPDATE = ValuesLike(
    lambda held_out: int(np.argmin(held_out)),
    [
        {"held_out": h}
        for h in ([3.0, 2.0, 1.0, 1.5, 1.6], [5.0, 4.0, 3.0], [1.0, 2.0], [4.0, 2.0, 3.0, 1.0, 2.0])
    ],
    {
        "the first update after which it rises, which may be a bump on the way down": (
            lambda h: next((n for n in range(len(h) - 1) if h[n + 1] > h[n]), len(h) - 1)
        ),
        "the smallest loss, not the update at which it stands": lambda h: min(h),
        "the last update: nothing is compared": lambda h: len(h) - 1,
        "the update with the largest loss": lambda h: int(np.argmax(h)),
        "one too many: the start is update 0": lambda h: int(np.argmin(h)) + 1,
    },
)
