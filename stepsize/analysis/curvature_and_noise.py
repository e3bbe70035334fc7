"""Measurements that cost extra: how sharp the loss is where a run stands, how noisy its gradients are."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from optim import Run
from stepsize.analysis.diagnosis import require_single_run
from stepsize.core.display import brief
from stepsize.core.validation import as_count, as_floats, describe_value, require

__all__ = ["Sharpness", "noise_scale", "sharpness"]

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class Sharpness:
    """The sharpness along a run.

    Attributes
    ----------
    at : ndarray of int, shape (n,)
        After how many updates it was measured.
    largest : ndarray of shape (n,)
        The largest eigenvalue of the Hessian there.
    limit : ndarray of shape (n,)
        2 / lr for the rate of the coming update: gradient descent is locally stable where `largest` is below.
    """

    at: Array
    largest: Array
    limit: Array

    __repr__ = brief

    @property
    def share_above(self) -> float:
        """Share of the points at which the loss is sharper than the rate allows."""
        return float((self.largest > self.limit).mean())


def sharpness(run: Run, points: int = 50) -> Sharpness:
    r"""Return the largest eigenvalue of the Hessian along a run, to hold against 2/lr.

    Gradient descent on a quadratic converges while the largest eigenvalue is below 2/lr. Beyond quadratics
    runs climb to that edge and stay there ("edge of stability").

    Parameters
    ----------
    run : Run
        A single run with one number as its rate.
    points : int
        At how many points, evenly spaced.

    Returns
    -------
    Sharpness

    Raises
    ------
    ValueError
        For a batch, or a rate a coordinate.

    References
    ----------
    Cohen, Kaur, Li, Kolter and Talwalkar, "Gradient descent on neural networks typically occurs at the edge
    of stability", ICLR 2021.

    Examples
    --------
    >>> from optim import SGD, minimize
    >>> from problems import Quadratic
    >>> measured = sharpness(minimize(Quadratic([1.0, 20.0]), SGD(lr=0.05), steps=10), points=3)
    >>> measured.at.tolist(), measured.largest.round(9).tolist(), measured.limit.tolist()
    ([0, 5, 10], [20.0, 20.0, 20.0], [40.0, 40.0, 40.0])
    """
    require_single_run(run)
    x, lr = run.history.x, run.history.lr
    require(lr.ndim == 1 and len(lr) > 0, "run", lr, "one rate an update")
    rows = np.unique(np.linspace(0, len(x) - 1, as_count("points", points, 1)).round().astype(int))
    at = run.history.n[rows]
    largest = np.array([largest_eigenvalue(run.problem, x[k]) for k in rows])
    with np.errstate(divide="ignore"):
        limit = 2 / lr[np.minimum(at, run.nit - 1)]
    return Sharpness(at, largest, limit)


def largest_eigenvalue(problem: Any, x: Array) -> float:
    """Return the largest eigenvalue of the Hessian at x.

    From the matrix where the problem has one; otherwise by Lanczos' method on products with the Hessian,
    which are central differences of the gradient.
    """
    if getattr(problem, "has_hess", False):
        return float(np.linalg.eigvalsh(problem.hess(x))[-1])
    if len(x) == 1:
        return float(_product(problem, x, np.ones(1))[0])
    from scipy.sparse import linalg

    # SciPy makes the operator by the arguments of another class.
    LinearOperator: Any = linalg.LinearOperator
    eigsh: Any = linalg.eigsh
    matrix = LinearOperator((len(x), len(x)), matvec=lambda v: _product(problem, x, v.ravel()), dtype=float)
    start = np.ones(len(x))
    return float(eigsh(matrix, k=1, which="LA", v0=start, tol=1e-6, return_eigenvectors=False)[0])


def _product(problem: Any, x: Array, v: Array) -> Array:
    size = float(np.linalg.norm(v)) or 1.0
    step = np.cbrt(np.finfo(float).eps) * max(1.0, float(np.abs(x).max())) / size
    return np.asarray((problem.grad(x + step * v) - problem.grad(x - step * v)) / (2 * step))


def noise_scale(problem: Any, x: Any) -> float:
    r"""Return the gradient noise scale at x: the batch size at which noise and gradient are equally large.

    .. math:: B = \frac{\operatorname{tr} \Sigma}{\lVert g \rVert^2}

    with the covariance of the examples' gradients and the gradient of the whole sum. Batches well below it
    are mostly noise, and batches well above it mostly waste.

    Parameters
    ----------
    problem : FiniteSum, or mini-batches of one
        Such as ``BreastCancer()``.
    x : sequence of float
        Where.

    Raises
    ------
    TypeError
        If the problem is not a mean over examples.

    References
    ----------
    McCandlish, Kaplan, Amodei et al., "An empirical model of large-batch training", arXiv 1812.06162, eq.
    2.9.

    Examples
    --------
    Two examples whose gradients at 0 are -1/2 and -3/2: their mean is -1, their variance 1/4.

    >>> from problems import LogisticRegression
    >>> problem = LogisticRegression([[1.0], [3.0]], [1, 1], l2=0.0, intercept=False)
    >>> noise_scale(problem, [0.0])
    0.25
    """
    whole = getattr(problem, "problem", problem)
    if not callable(getattr(whole, "moments", None)):
        raise TypeError(
            f"problem: got {describe_value(problem)}, expected a mean over examples such as BreastCancer()"
        )
    x = as_floats("x", x)
    require(x.shape == (whole.dim,), "x", x, f"{whole.dim} numbers for this problem")
    _, g, _, spread = whole.moments(x)
    return float(np.sum(spread) / np.sum(g * g))
