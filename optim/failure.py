"""Whose fault a nan is: the run's, which overflowed, or the function's, which broke at an ordinary point."""

from typing import Any, NamedTuple

import numpy as np

from optim.optimizer import Evaluation

__all__ = ["FAR", "STEEP", "Failure", "failure_at", "failure_in", "faults"]

Array = np.ndarray[Any, Any]

# From such sizes on powers overflow, and a difference of two infinities is nan without any fault in the code:
# x is measured by its start, because the user's units decide how large an ordinary x is.
FAR, STEEP = 1e30, 1e150


class Failure(NamedTuple):
    """What returned nan at an ordinary point ("fun", "grad" or both), at which update, of which run."""

    name: str
    update: int
    row: int | None = None

    def __str__(self) -> str:
        where = "x and the gradient are finite" if self.name == "fun" else "x is finite"
        hint = "; try check_gradient" if self.name == "grad" else ""
        return f"{self.name} returned nan at update {self.update}, where {where}{hint}"


def failure_at(n: int, start: Array, e: Evaluation, x_next: Array, e_next: Evaluation) -> Failure | None:
    """Return what failed in update n of a single run (the first is 1), or None if the run overflowed.

    Examples
    --------
    >>> one, before = np.ones(1), Evaluation(1.0, np.ones(1))
    >>> print(failure_at(3, one, before, one, Evaluation(np.nan, one)))
    fun returned nan at update 3, where x and the gradient are finite
    >>> failure_at(3, one, before, 1e200 * one, Evaluation(np.nan, one)) is None
    True
    """
    f, g = np.array([e.f, e_next.f]), np.array([e.g, e_next.g])
    found = failure_in(np.array([start, x_next])[:, None], f[:, None], np.abs(g).max(axis=-1)[:, None])
    return found and Failure(found.name, n)


def failure_in(x: Array, f: Array, slope: Array) -> Failure | None:
    """Return the first failure of a batch, from its points (T + 1, B, d), values and sizes of its gradients.

    Examples
    --------
    >>> x, f, slope = np.ones((3, 2, 1)), np.ones((3, 2)), np.ones((3, 2))
    >>> slope[2, 1] = np.nan
    >>> failure_in(x, f, slope)
    Failure(name='grad', update=2, row=1)
    """
    bad = ~(np.isfinite(f) & np.isfinite(slope))
    first, rows = bad.argmax(axis=0), np.arange(f.shape[1])
    at, before = (first, rows), (np.maximum(first - 1, 0), rows)
    size = np.abs(x).max(axis=-1)
    near = size[at] < FAR * np.maximum(size[0], 1.0)
    values, sizes = (np.array([rows_of[before], rows_of[at]]) for rows_of in (f, slope))
    fun, grad = (bad.any(axis=0) & failed for failed in faults(values, sizes, near))
    if not (fun | grad).any():
        return None
    row = int(np.where(fun | grad, first, len(f)).argmin())
    name = " and ".join(name for name, failed in (("fun", fun), ("grad", grad)) if failed[row])
    return Failure(name, int(first[row]), row)


def faults(f: Array, slope: Array, near: Array) -> tuple[Array, Array]:
    """Return in which runs the value, and in which the gradient, is nan at an ordinary point.

    Parameters
    ----------
    f, slope : ndarray of shape (2, B)
        Values and sizes of the gradients before an update that left the finite numbers, and after it.
    near : ndarray of bool, shape (B,)
        Whether x is a number, and not far out.
    """
    ordinary = near & (np.abs(f[0]) < STEEP) & (slope[0] < STEEP)
    return ordinary & np.isnan(f[1]) & ~np.isinf(slope[1]), ordinary & np.isnan(slope[1]) & ~np.isinf(f[1])
