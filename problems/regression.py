"""Learning from data: losses that are averages over examples."""

from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from problems.data import load
from problems.margins import mean_loss, mean_loss_and_slope, sigmoid
from problems.problem import Array, Problem
from stepsize.base.checks import as_count, as_number, describe, refuse_unless

__all__ = ["BreastCancer", "LogisticRegression", "two_gaussians"]


class Logistic(Problem, abstract=True):
    r"""The mathematics of logistic regression; subclasses say where the data come from.

    .. math:: f(w, b) = \frac1n \sum_i \log\bigl(1 + e^{-m_i}\bigr) + \frac{\lambda}{2}\lVert w \rVert^2,
        \qquad m_i = s_i\,(x_i^\top w + b), \quad s_i = \pm 1

    The parameters are w, and b last if there is an intercept; b is not penalised.
    """

    @property
    def train(self) -> tuple[Array, Array]:
        """The design matrix (n, d), its last column ones if there is an intercept, and the signs (n,)."""
        raise NotImplementedError

    @property
    def penalty(self) -> Array:
        """The l2 weight of each parameter: 0 for the intercept."""
        raise NotImplementedError

    @property
    def dim(self) -> int:
        """Number of parameters."""
        return int(self.train[0].shape[1])

    @property
    def x0(self) -> Any:
        """All zeros, where every example has probability one half."""
        return (0.0,) * self.dim

    @property
    def domain(self) -> Any:
        """A box that holds sensible weights of standardised features."""
        return -5.0, 5.0

    def fun(self, x: Any) -> Any:
        """Return the mean logistic loss plus the penalty."""
        A, s = self.train
        return mean_loss(x, A, s) + self._ridge(x)

    def grad(self, x: Any) -> Any:
        """Return the gradient of `fun`."""
        A, s = self.train
        return mean_loss_and_slope(x, A, s, value=False)[1] + self.penalty * x

    def value_and_grad(self, x: Any) -> tuple[Any, Any]:
        """Return both from one product with the data."""
        A, s = self.train
        value, slope = mean_loss_and_slope(x, A, s)
        return value + self._ridge(x), slope + self.penalty * x

    def hess(self, x: Any) -> Any:
        """Return the Hessian, A' D A / n plus the penalty, with D = p (1 - p)."""
        A, _ = self.train
        p = sigmoid(x @ A.T)
        curvature = (p * sigmoid(-(x @ A.T)))[..., None] * A
        return np.swapaxes(curvature, -1, -2) @ A / len(A) + np.diag(self.penalty)

    @cached_property
    def L(self) -> float:
        """Largest curvature: that of A'A / (4 n) plus the penalty, as the logistic bends at most by 1/4."""
        A, _ = self.train
        return float(np.linalg.eigvalsh(A.T @ A / (4 * len(A)) + np.diag(self.penalty))[-1])

    @property
    def mu(self) -> float:
        """The smallest penalty: l2, or 0 with an intercept."""
        return float(self.penalty.min())

    @cached_property
    def _solution(self) -> tuple[Any, float]:
        """The minimizer by SciPy's trust-region Newton method; none if the data are separable and l2 is 0."""
        from scipy.optimize import minimize

        if not self.penalty.any() and self.separable:
            return None, 0.0
        start = np.zeros(self.dim)
        found = minimize(
            self.fun,
            start,
            jac=self.grad,
            hess=self.hess,
            method="trust-exact",
            options={"gtol": 1e-9, "maxiter": 1000},
        )
        w = found.x
        for _ in range(3):  # Newton's own steps bring the last digits, which a trust region cannot judge
            step = np.linalg.lstsq(self.hess(w), self.grad(w), rcond=None)[0]
            if np.linalg.norm(self.grad(w - step)) < np.linalg.norm(self.grad(w)):
                w = w - step
        return w, float(self.fun(w))

    @property
    def minimizers(self) -> Any:
        """The minimizer, computed at first use; None if separable data without penalty have none."""
        w = self._solution[0]
        return None if w is None else (tuple(w.tolist()),)

    @property
    def minimum(self) -> float:
        """The smallest loss, computed at first use (0, not attained, for separable data without penalty)."""
        return self._solution[1]

    @cached_property
    def separable(self) -> bool:
        """Whether some weights classify every example strictly right (a linear programme decides)."""
        from scipy.optimize import linprog

        A, s = self.train
        found = linprog(np.zeros(self.dim), A_ub=-s[:, None] * A, b_ub=-np.ones(len(s)), bounds=(None, None))
        return bool(found.status == 0)

    def accuracy(self, x: Any) -> Any:
        """Return the share of the training examples that the weights x classify right."""
        A, s = self.train
        return (s * (x @ A.T) > 0).mean(axis=-1)

    def _ridge(self, x: Any) -> Any:
        return 0.5 * (self.penalty * x * x).sum(axis=-1)


class LogisticRegression(Logistic):
    r"""Logistic regression on your own data.

    .. math:: f(w, b) = \frac1n \sum_i \log\bigl(1 + e^{-s_i (x_i^\top w + b)}\bigr)
        + \frac{\lambda}{2}\lVert w \rVert^2, \qquad s_i = \pm 1

    The parameters are w, and b last; b is not penalised. Convex; L is the largest eigenvalue of A'A/(4n)
    plus the penalty. Nothing overflows: a margin of 1000 costs 1000 or exp(-1000) = 0.

    Parameters
    ----------
    X : array of shape (n, d)
        The features.
    y : array of shape (n,)
        The classes: 0 and 1, or -1 and 1.
    l2 : float
        lambda, at least 0.
    intercept : bool
        Whether to append a parameter b for a column of ones.

    Raises
    ------
    TypeError, ValueError
        If the shapes do not fit, values are missing or y has other classes.

    Examples
    --------
    >>> X, y = two_gaussians(200, 2, separation=3.0, rng=0)
    >>> problem = LogisticRegression(X, y, l2=0.01)
    >>> round(float(problem.fun(np.zeros(3))), 6)  # log 2: every probability is one half
    0.693147
    """

    X: Any
    y: Any
    l2: float = 1e-3
    intercept: bool = True
    source = "Cox, The regression analysis of binary sequences, J. R. Stat. Soc. B 20 (1958)"
    demo: ClassVar = {
        "X": ((0.5, 1.5), (1.5, 0.5), (-0.5, -1.5), (-1.5, -0.5), (0.2, -0.3), (0.4, -0.1)),
        "y": (1.0, 1.0, 0.0, 0.0, 1.0, 0.0),
        "l2": 0.01,
    }

    def normalise(self, name: str, value: Any) -> Any:
        """Take lists, integer labels and booleans for X and y as float arrays."""
        if name in ("X", "y"):
            raw = np.asarray(value)
            if raw.dtype.kind not in "biuf":
                raise TypeError(f"{name}: got {describe(value)}, expected numbers")
            value = raw.astype(float)
        return super().normalise(name, value)

    def check(self) -> None:
        """Refuse shapes that do not fit, missing values and classes other than 0/1 and -1/1."""
        refuse_unless(np.ndim(self.X) == 2 and self.X.size > 0, "X", self.X, "a table of shape (n, d)")
        if np.shape(self.y) != (len(self.X),):
            raise ValueError(
                f"y: got {describe(self.y)}, expected {len(self.X)} labels, one for each row of X"
            )
        for name in ("X", "y"):
            refuse_unless(
                bool(np.isfinite(getattr(self, name)).all()), name, getattr(self, name), "finite values"
            )
        classes = set(np.unique(self.y).tolist())
        if not (classes <= {0.0, 1.0} or classes <= {-1.0, 1.0}):
            raise ValueError(f"y: got the classes {sorted(classes)[:5]}, expected 0 and 1, or -1 and 1")
        refuse_unless(as_number("l2", self.l2) >= 0, "l2", self.l2, "a number of at least 0")

    @cached_property
    def train(self) -> tuple[Array, Array]:
        """The design matrix and the signs."""
        A = np.column_stack([self.X, np.ones(len(self.X))]) if self.intercept else np.array(self.X)
        return A, np.where(self.y > 0, 1.0, -1.0)

    @cached_property
    def penalty(self) -> Array:
        """The l2 weight of each parameter."""
        return _penalty(self.X.shape[1], self.l2, self.intercept)

    @property
    def formula(self) -> str:
        """What it is and how large."""
        return f"logistic regression, {len(self.X)} examples, {self.dim} parameters, l2 = {self.l2:g}"


class BreastCancer(Logistic):
    r"""Logistic regression on the Wisconsin Diagnostic Breast Cancer data: 569 tumours, 30 measurements.

    .. math:: f(w, b) = \frac1n \sum_i \log\bigl(1 + e^{-s_i (x_i^\top w + b)}\bigr)
        + \frac{\lambda}{2}\lVert w \rVert^2

    Class 1 is benign. The features are standardised (with the mean and deviation of the training part), which
    is a lesson in itself: raw, the problem is ill-conditioned by 10^12 and no rate suits it.

    Parameters
    ----------
    l2 : float
        lambda, at least 0.
    standardize : bool
        Whether every feature is brought to mean 0 and deviation 1.
    intercept : bool
        Whether to append a parameter b, which is not penalised.
    held_out : float
        Share of the examples kept apart for `test_accuracy`, from 0 to below 1; drawn stratified by class.
    rng : int
        Seed of the split.

    References
    ----------
    Wolberg, Mangasarian, Street and Street (1995), UCI Machine Learning Repository, doi:10.24432/C5DW2B,
    CC BY 4.0.

    Examples
    --------
    >>> problem = BreastCancer()
    >>> problem.dim, round(problem.minimum, 6)
    (31, 0.059828)
    """

    l2: float = 1e-3
    standardize: bool = True
    intercept: bool = True
    held_out: float = 0.0
    rng: int = 0
    source = "Wolberg, Mangasarian, Street and Street 1995, doi:10.24432/C5DW2B"

    def check(self) -> None:
        """Refuse a negative penalty and a share outside [0, 1)."""
        refuse_unless(as_number("l2", self.l2) >= 0, "l2", self.l2, "a number of at least 0")
        share = as_number("held_out", self.held_out)
        refuse_unless(0 <= share <= 0.9, "held_out", self.held_out, "a share from 0 to 0.9")
        as_count("rng", self.rng)

    @cached_property
    def _split(self) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
        X, y = load("breast_cancer")
        kept, apart = split(y, self.held_out, self.rng)
        if self.standardize:
            X = (X - X[kept].mean(axis=0)) / X[kept].std(axis=0)
        A = np.column_stack([X, np.ones(len(X))]) if self.intercept else X
        s = np.where(y > 0, 1.0, -1.0)
        return (A[kept], s[kept]), (A[apart], s[apart])

    @property
    def train(self) -> tuple[Array, Array]:
        """The design matrix and the signs of the training part."""
        return self._split[0]

    @property
    def test(self) -> tuple[Array, Array]:
        """The design matrix and the signs of the part kept apart."""
        return self._split[1]

    @cached_property
    def penalty(self) -> Array:
        """The l2 weight of each parameter."""
        return _penalty(30, self.l2, self.intercept)

    @property
    def formula(self) -> str:
        """What it is and how large."""
        raw = "" if self.standardize else "raw "
        return f"logistic regression, {raw}breast-cancer data, {len(self.train[1])} x 30, l2 = {self.l2:g}"

    def test_accuracy(self, x: Any) -> Any:
        """Return the share of the held-out examples that the weights x classify right.

        Raises
        ------
        ValueError
            If no examples were held out.
        """
        A, s = self.test
        refuse_unless(len(s) > 0, "held_out", self.held_out, "a share above 0 to have examples to test on")
        return (s * (x @ A.T) > 0).mean(axis=-1)


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
    refuse_unless(
        as_number("separation", separation) >= 0, "separation", separation, "a number of at least 0"
    )
    refuse_unless(as_number("condition", condition) >= 1, "condition", condition, "a number of at least 1")
    y = np.arange(n) % 2.0
    scales = np.sqrt(np.geomspace(1.0, 1.0 / condition, d)) if d > 1 else np.ones(1)
    noise = np.random.default_rng(rng).standard_normal((n, d))
    return (noise + np.outer(y - 0.5, np.full(d, separation / np.sqrt(d)))) * scales, y


def split(labels: Array, share: float, rng: Any) -> tuple[Array, Array]:
    """Return the indices kept for training and those held out, each class in the same proportion."""
    generator = np.random.default_rng(rng)
    apart = [
        generator.permutation(members)[: round(share * len(members))]
        for members in (np.flatnonzero(labels == c) for c in np.unique(labels))
    ]
    held_out = np.sort(np.concatenate(apart))
    return np.setdiff1d(np.arange(len(labels)), held_out), held_out


def _penalty(features: int, l2: float, intercept: bool) -> Array:
    return np.array([l2] * features + [0.0] * intercept)
