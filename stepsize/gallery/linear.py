"""What a rule does to a quadratic, as a matrix.

The rule itself is asked, by one update from each unit vector; no formula is retyped. So it stands against
`stepsize.analysis.quadratic_theory`, which has the formulas.
"""

from typing import Any

import numpy as np

from optim import Optimizer, State

__all__ = ["edge", "matrix", "radius"]

Array = np.ndarray[Any, Any]


def matrix(optimizer: Optimizer, lam: Any) -> Array:
    """Return the matrix by which one update maps (x, slots) on f = lam x^2 / 2.

    Parameters
    ----------
    optimizer : Optimizer
        One whose update is linear in x, gradient and slots, such as SGD, Momentum or Nesterov. Its
        hyperparameters and `lam` may be arrays of shape (B, 1).
    lam : float or ndarray
        The curvature.

    Returns
    -------
    ndarray of shape (B, k, k), or (k, k) for a number
    """
    lam = np.asarray(lam, float)
    single = lam.ndim == 0
    lam = lam.ravel()[:, None]
    size = 1 + len(optimizer.slots)
    columns = []
    for j in range(size):
        x, *slots = (np.full_like(lam, float(i == j)) for i in range(size))
        x, state = optimizer.step(x, lam * x, State(0, tuple(slots)))
        columns.append(np.stack([x[:, 0], *(s[:, 0] for s in state.slots)], axis=1))
    maps = np.stack(columns, axis=-1)
    return np.asarray(maps[0] if single else maps)


def radius(optimizer: Optimizer, lam: Any) -> Any:
    """Return the largest size of an eigenvalue of `matrix`: by what the error shrinks an update."""
    size = np.abs(np.linalg.eigvals(matrix(optimizer, lam))).max(axis=-1)
    return float(size) if np.ndim(size) == 0 else size


def edge(optimizer: Optimizer) -> float:
    """Return the rate below which the rule converges on f = x^2 / 2, by bisection on its own `matrix`."""
    low, high = 0.1, 8.0
    while high - low > 1e-10:
        middle = (low + high) / 2
        stable = radius(optimizer.replace(lr=middle), 1.0) <= 1 + 1e-12
        low, high = (middle, high) if stable else (low, middle)
    return low
