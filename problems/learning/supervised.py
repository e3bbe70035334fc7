"""Supervised learning on a table: training rows, held-out rows and scaling of columns."""

import numbers
from functools import cached_property
from typing import Any

import numpy as np

from problems.learning.finite_sum import FiniteSum
from problems.problem import Array
from stepsize.core.limits.memory import refuse_beyond_memory
from stepsize.core.validation import as_count, as_number, describe_value, require

__all__ = ["Supervised", "two_gaussians"]


class Supervised(FiniteSum, abstract=True):
    """A finite sum over the rows of a table; some rows may be held out.

    A subclass gives `_table` and declares, as far as it lets the user choose them, these fields.

    Parameters
    ----------
    l2 : float
        The weight of the penalty, at least 0; intercepts are not penalised.
    intercept : bool
        Whether to append a column of ones.
    standardize : bool
        Whether every feature is brought to mean 0 and deviation 1 (of the training part).
    held_out : float or sequence of int
        Share of the examples held out for `held_out_fun`, or their row numbers. A share of examples with
        classes is drawn stratified by class.
    rng : int
        Seed of the split.
    """

    l2 = 0.0
    intercept = False
    standardize = False
    held_out = 0.0
    rng = 0
    stratified = False

    @property
    def _table(self) -> tuple[Array, Array]:
        """The features (n, d) and the targets (n, ...), as the loss wants them."""
        raise NotImplementedError

    @cached_property
    def _parts(self) -> tuple[tuple[Array, Array], tuple[Array, Array] | None]:
        X, y = self._table
        rows, held_out_rows = split(y if self.stratified else np.zeros(len(y)), self.held_out, self.rng)
        if self.standardize:
            deviation = X[rows].std(axis=0)
            # A column that never changes (the corners of the digits) stays at zero.
            X = (X - X[rows].mean(axis=0)) / np.where(deviation > 0, deviation, 1.0)
        A = np.column_stack([X, np.ones(len(X))]) if self.intercept else np.asarray(X)
        return (A[rows], y[rows]), ((A[held_out_rows], y[held_out_rows]) if len(held_out_rows) else None)

    @property
    def train(self) -> tuple[Array, Array]:
        return self._parts[0]

    @property
    def test(self) -> tuple[Array, Array] | None:
        return self._parts[1]

    def _held_out(self) -> tuple[Array, Array]:
        if self.test is None:
            raise ValueError(
                f"held_out: got {self.held_out!r}, expected a share above 0 to have examples to test on"
            )
        return self.test

    def check(self) -> None:
        """Validate what is held out: a share, or row numbers."""
        if isinstance(self.held_out, int | float):
            require(0 <= self.held_out <= 0.9, "held_out", self.held_out, "a share from 0 to 0.9")
        else:
            rows = np.asarray(self.held_out)
            good = rows.ndim == 1 and rows.size > 0 and rows.dtype.kind in "iu" and rows.min() >= 0
            good = bool(good) and len(np.unique(rows)) == len(rows)
            require(good, "held_out", self.held_out, "a share, or the numbers of some rows, each once")


def split(labels: Array, held_out: Any, rng: Any) -> tuple[Array, Array]:
    """Return the rows for training and those held out.

    A share is drawn at random, from each label in the same proportion; row numbers are taken as they are.
    """
    rows = np.arange(len(labels))
    if np.ndim(held_out):
        held_out_rows = np.asarray(held_out)
        if held_out_rows.max() >= len(labels):
            raise ValueError(
                f"held_out: got row {held_out_rows.max()}, expected rows from 0 to {len(labels) - 1} of the "
                "table"
            )
        return _rest(rows, held_out_rows), held_out_rows
    generator = np.random.default_rng(rng)
    drawn = [
        generator.permutation(members)[: round(held_out * len(members))]
        for members in (np.flatnonzero(labels == c) for c in np.unique(labels))
    ]
    held_out_rows = np.sort(np.concatenate(drawn))
    return _rest(rows, held_out_rows), held_out_rows


def _rest(rows: Array, held_out: Array) -> Array:
    """Return the rows that are left for training, or raise if there is none."""
    rest = np.setdiff1d(rows, held_out)
    if not rest.size:
        raise ValueError(f"held_out: got all of {len(rows)} rows, expected at least one left for training")
    return rest


def newton_minimizer(problem: Supervised) -> Array:
    """Return the minimizer of a convex problem: SciPy's quasi-Newton method, then Newton's own steps."""
    from scipy.optimize import minimize

    start, near = np.zeros(problem.dim), {"gtol": 1e-7, "ftol": 0.0}
    w = np.asarray(minimize(problem.value_and_grad, start, jac=True, method="L-BFGS-B", options=near).x)
    while True:
        g, H = problem.grad(w), problem.hess(w)
        # Softmax does not feel a shift of all intercepts; a trace of damping keeps that direction at rest.
        step = np.linalg.solve(H + 1e-13 * np.trace(H) * np.eye(problem.dim), g)
        if np.linalg.norm(problem.grad(w - step)) >= np.linalg.norm(g):
            return w
        w = w - step


def as_feature_matrix(value: Any) -> Array:
    """Return rows of numbers or truth values as an array of floats, or raise; a single column may be flat."""
    table = _numbers("X", value)
    return table[:, None] if table.ndim == 1 else table


def as_targets(value: Any) -> Array:
    """Return labels or values as an array of floats, or raise."""
    return _numbers("y", value)


def as_flat_targets(value: Any) -> Array:
    """Return one label or value a row; a table of one column is flat."""
    y = as_targets(value)
    return y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y


def _numbers(name: str, value: Any) -> Array:
    """Return what lists, arrays and tables of pandas hold; what is missing in them becomes nan."""
    try:
        raw = np.asarray(value)
    except ValueError:
        raise TypeError(f"{name}: got rows of different lengths, expected a table of numbers") from None
    if raw.dtype.kind in "USO" and raw.ndim:
        return _of_objects(name, np.asarray(value, dtype=object))
    if raw.dtype.kind not in "biuf":
        raise TypeError(f"{name}: got {describe_value(value)}, expected numbers")
    return raw.astype(float)


def _of_objects(name: str, raw: Array) -> Array:
    table = np.empty(raw.shape)
    for place, entry in np.ndenumerate(raw):
        if entry is None or type(entry).__name__ in ("NAType", "NaTType"):
            table[place] = np.nan
        elif isinstance(entry, numbers.Number | np.bool_) and not isinstance(entry, complex):
            table[place] = float(entry)  # type: ignore[arg-type]  # every real number can be a float
        else:
            raise TypeError(f"{name}: got {describe_value(entry)} in {_named(place)}, expected numbers")
    return table


def _named(place: tuple[int, ...]) -> str:
    return ", ".join(f"{axis} {i}" for axis, i in zip(("row", "column"), place, strict=False))


def validate_data(X: Array, y: Array, what: str) -> None:
    """Validate shapes, and that no value is missing."""
    require(np.ndim(X) == 2 and X.size > 0, "X", X, "a table of shape (n, d)")
    if np.ndim(y) < 1 or len(y) != len(X):
        raise ValueError(f"y: got {describe_value(y)}, expected {len(X)} {what}, one for each row of X")
    for name, value in (("X", X), ("y", y)):
        bad = np.argwhere(~np.isfinite(value))
        if len(bad):
            place = tuple(int(i) for i in bad[0])
            raise ValueError(f"{name}: got {value[place]} in {_named(place)}, expected finite values")


def two_gaussians(
    n: int, d: int = 2, separation: float = 2.0, condition: float = 1.0, rng: Any = 0
) -> tuple[Array, Array]:
    r"""Return data of two classes whose best classifier is known.

    Both classes are normal with the same covariance diag(c_1, ..., c_d), c_i falling geometrically from 1 to
    1/condition, and means at plus and minus delta/2 in the coordinates scaled by it. The log-odds of class 1
    are exactly linear, :math:`\log(p/(1-p)) = x^\top \Sigma^{-1} (\mu_1 - \mu_0)`, and no classifier errs
    less than :math:`\Phi(-\text{separation}/2)`.

    Parameters
    ----------
    n : int
        Number of examples; the classes alternate, so they differ by at most one.
    d : int
        Number of features.
    separation : float
        Distance between the means in standard deviations.
    condition : float
        Condition number of the covariance, at least 1.
    rng : int, SeedSequence or Generator
        Source of randomness.

    Returns
    -------
    X : ndarray of shape (n, d)
    y : ndarray of shape (n,)
        0 and 1.

    Examples
    --------
    >>> X, y = two_gaussians(4, 2, rng=1)
    >>> X.shape, y.tolist()
    ((4, 2), [0.0, 1.0, 0.0, 1.0])
    """
    as_count("n", n, 2)
    as_count("d", d, 1)
    refuse_beyond_memory("n", f"{n} examples of {d} features", 24 * n * d, "fewer of either")
    require(as_number("separation", separation) >= 0, "separation", separation, "a number of at least 0")
    require(as_number("condition", condition) >= 1, "condition", condition, "a number of at least 1")
    y = np.arange(n) % 2.0
    scales = np.sqrt(np.geomspace(1.0, 1.0 / condition, d))
    noise = np.random.default_rng(rng).standard_normal((n, d))
    return (noise + np.outer(y - 0.5, np.full(d, separation / np.sqrt(d)))) * scales, y
