"""What happened in a run: its points, values, rates and steps, one row a point or an update."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from stepsize.core.display import counted

__all__ = ["History"]

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False, repr=False)
class History:
    """Everything that happened, one row a point or an update; all arrays are copies, and read-only.

    With T updates and parameters of shape S = (..., d), whose leading part (...) is the batch:

    Attributes
    ----------
    x : ndarray of shape (T + 1,) + S
        The points, the start first; the gradient was taken at each of them.
    fun : ndarray of shape (T + 1, ...)
        The value at each point. Where the problem varies, as the coming update saw it: of its mini-batch.
    grad_norm : ndarray of shape (T + 1, ...)
        Euclidean norm of the gradient at each point, of the same estimate.
    lr : ndarray of shape (T,), (T, B, 1) or (T, d)
        The rate that each update used.
    overshoot : ndarray of bool, shape (T, ...)
        Whether the update passed the minimum along the step: ``g_next . (x_next - x) > 0``, by more than
        rounding can make of it (`slope_floor`). Where the problem varies, g_next is the
        estimate from which the next update starts; `Run.message` names it.
    step_norm : ndarray of shape (T, ...)
        Euclidean length of each update, ``|x_next - x|``.
    output : ndarray of shape (T + 1,) + S, or None
        The points to report, for optimizers whose output differs from x.
    output_fun : ndarray of shape (T + 1, ...), or None
        The values at all points to report; None for a thinned run on mini-batches.
    status : ndarray of str, shape (T,), or None
        How each line search ended: "converged", "max_step", "min_step", "budget", "uphill", "not_descent",
        "nonfinite", "degenerate" or "flat".
    n_trials : ndarray of int, shape (T,), or None
        Trial points of each line search, its start not counted.
    every : int
        Of how many points one is stored in `x` and `output`; the other columns are whole.
    """

    x: Array
    fun: Array
    grad_norm: Array
    lr: Array
    overshoot: Array
    step_norm: Array
    output: Array | None = None
    output_fun: Array | None = None
    status: Array | None = None
    n_trials: Array | None = None
    every: int = 1

    def __post_init__(self) -> None:
        """Close the record: nobody rewrites the past by a slice of it."""
        for column in vars(self).values():
            if isinstance(column, np.ndarray):
                column.setflags(write=False)

    @property
    def n(self) -> Array:
        """After how many updates each stored point of `x` and `output` was reached: 0, ..., T."""
        updates = len(self.lr)
        return np.append(np.arange(0, updates, self.every), updates)

    def __repr__(self) -> str:
        return f"History of {counted(len(self.lr), 'update')}, x of shape {self.x.shape}"
