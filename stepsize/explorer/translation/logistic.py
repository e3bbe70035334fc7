"""Logistic regression on two features, whose data travel in the page."""

from typing import Any

from stepsize.explorer.translation.javascript import packed

__all__ = ["is_logistic", "logistic_source", "two_features"]

# The columns of the breast-cancer data that the page shows: mean radius and mean texture.
_COLUMNS = (0, 1)


def two_features() -> Any:
    """Return logistic regression on two measurements of the breast-cancer data, without intercept.

    Examples
    --------
    >>> problem = two_features()
    >>> problem.dim, problem.n_examples
    (2, 569)
    """
    from problems import LogisticRegression
    from problems.data import load

    X, y = load("breast_cancer")
    return LogisticRegression(X[:, _COLUMNS], y, intercept=False, standardize=True, l2=0.001)


def is_logistic(problem: Any) -> bool:
    """Whether a problem is a logistic regression, which loops over its examples."""
    from problems.learning.logistic import Logistic

    return isinstance(problem, Logistic)


def logistic_source(problem: Any) -> tuple[str, dict[str, Any]]:
    """Return value and gradient as JavaScript, and the examples that they loop over.

    The loss of a margin m is log(1 + exp(-m)), written so that nothing overflows.
    """
    A, s = problem.train
    source = """{
value(x) { return logisticValue(this.data, x); },
slope(x, g) { logisticSlope(this.data, x, g); },
}"""
    data = {
        "A": packed(A),
        "s": "".join("+" if sign > 0 else "-" for sign in s),
        "penalty": problem.penalty.tolist(),
    }
    return source, data
