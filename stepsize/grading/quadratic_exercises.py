"""Lessons 1 to 3: slopes, the rates of a quadratic, and valleys."""

from typing import Any

import numpy as np

from optim import SGD, minimize
from problems import Formula, Quadratic
from stepsize.analysis.quadratic_theory import best_parameters, contraction, stability_limit, steps_to
from stepsize.grading.judges import GradientOf, ValuesLike

__all__ = ["AFTER", "BEST_RATE", "CONDITION_NUMBER", "GRADIENT", "LARGEST_RATE", "SLOPE", "UPDATES"]

Array = np.ndarray[Any, Any]

_CURVE = Formula("x**4/4 - 2*x**2 + x")
SLOPE = GradientOf(
    _CURVE.fun,
    [[-2.3], [-0.4], [0.0], [1.7], [3.1]],
    {
        "the value of the function, not its slope": lambda x: _CURVE.fun(x) * np.ones(1),
        "the slope without the constant 1, which is the slope of the term x": lambda x: x**3 - 4 * x,
        "the slope with x left as it is: the slope of x is 1": lambda x: x**3 - 4 * x + x,
        "the slope with 2 x in place of 4 x: the factor 2 of 2 x^2 is lost": lambda x: x**3 - 2 * x + 1,
        "the slope with x^3/4: the power 4 is not multiplied down": lambda x: x**3 / 4 - 4 * x + 1,
        "the slope with 4 x^3: the divisor 4 is lost": lambda x: 4 * x**3 - 4 * x + 1,
        "the second derivative": lambda x: 3 * x**2 - 4,
    },
    call=lambda student, x: np.array([student(float(x[0]))], dtype=object).ravel()[0],
)

_SPECTRA = [{"curvatures": c} for c in ([1.0, 20.0], [20.0, 0.5, 3.0], [4.0], [0.01, 0.02, 0.3], [7.0, 7.0])]
LARGEST_RATE = ValuesLike(
    lambda c: stability_limit(SGD(), max(c)),
    _SPECTRA,
    {
        "1/L, up to which no step crosses the minimum; steps that cross it still converge, up to 2/L": (
            lambda c: 1 / max(c)
        ),
        "2 divided by the smallest curvature: the steepest direction is the first to explode": (
            lambda c: 2 / min(c)
        ),
        "2 divided by the mean of the curvatures": lambda c: 2 / np.mean(c),
        "2 divided by the sum of the curvatures": lambda c: 2 / np.sum(c),
        "2/(L+mu), the best rate, not the largest": lambda c: 2 / (max(c) + min(c)),
        "2 divided by the first curvature, whichever it is": lambda c: 2 / c[0],
        "2 divided by the last curvature, whichever it is": lambda c: 2 / c[-1],
        "L/2, upside down": lambda c: max(c) / 2,
    },
)
BEST_RATE = ValuesLike(
    lambda c: best_parameters(SGD, max(c), min(c)).lr,
    [case for case in _SPECTRA if len({*case["curvatures"]}) > 1],
    {
        "1/L, safe and slower": lambda c: 1 / max(c),
        "2/L, the limit, at which nothing converges": lambda c: 2 / max(c),
        "1/(L+mu): half of the best rate": lambda c: 1 / (max(c) + min(c)),
        "1 divided by the mean of all curvatures: only the largest and the smallest count": (
            lambda c: 1 / np.mean(c)
        ),
        "2/(L-mu)": lambda c: 2 / (max(c) - min(c)),
        "the geometric mean's 1/sqrt(L mu)": lambda c: 1 / np.sqrt(max(c) * min(c)),
    },
)


def _after(x0: float, lr: float, curvature: float, n: int) -> float:
    """Make the updates one by one: the closed form is what the student writes."""
    run = minimize(Quadratic([curvature]), SGD(lr=lr), x0=[x0], steps=n)
    return float(run.x[0])


AFTER = ValuesLike(
    _after,
    [
        {"x0": x0, "lr": lr, "curvature": curvature, "n": n}
        for x0, lr, curvature, n in [
            (10.0, 0.2, 2.0, 3),
            (10.0, 1.1, 2.0, 4),
            (-3.0, 0.05, 1.0, 7),
            (2.0, 0.5, 4.0, 1),
        ]
    ],
    {
        "x0 (1 - lr)^n: the curvature is missing": lambda x0, lr, c, n: x0 * (1 - lr) ** n,
        "x0 (1 + lr curvature)^n, which climbs": lambda x0, lr, c, n: x0 * (1 + lr * c) ** n,
        "x0 (1 - n lr curvature): the factors are multiplied, not added": lambda x0, lr, c, n: (
            x0 * (1 - n * lr * c)
        ),
        "x0 |1 - lr curvature|^n: the sign shows on which side of the minimum x is": (
            lambda x0, lr, c, n: x0 * abs(1 - lr * c) ** n
        ),
        "the point of one update more": lambda x0, lr, c, n: x0 * (1 - lr * c) ** (n + 1),
        "the factor alone, without x0": lambda x0, lr, c, n: (1 - lr * c) ** n,
        "x0 (1 - 2 lr curvature)^n: the slope of curvature x^2/2 is curvature x": (
            lambda x0, lr, c, n: x0 * (1 - 2 * lr * c) ** n
        ),
    },
)

_VALLEY = Formula("0.1*x**2 + 2*y**2")
GRADIENT = GradientOf(
    _VALLEY.fun,
    [[-5.0, -2.0], [0.3, 1.1], [4.0, -0.2]],
    {
        "the gradient without the 2 that comes down from the squares": lambda x: np.array([0.1, 2.0]) * x,
        "the terms of the function, not their slopes": lambda x: np.array([0.1, 2.0]) * x * x,
        "the gradient with its two coordinates in each other's place": (
            lambda x: np.array([4.0 * x[1], 0.2 * x[0]])
        ),
        "the diagonal of the Hessian, not the gradient": lambda x: np.array([0.2, 4.0]),
        "the gradient with the slope of one term in both coordinates: their sum": (
            lambda x: np.full(2, 0.2 * x[0] + 4.0 * x[1])
        ),
    },
)

_HESSIANS = [
    {"H": np.array(H)}
    for H in (
        [[0.2, 0.0], [0.0, 4.0]],
        [[2.0, 1.0], [1.0, 2.0]],
        [[50.0, 0.0], [0.0, 1.0]],
        [[3.0, 2.0], [2.0, 6.0]],
    )
]
CONDITION_NUMBER = ValuesLike(
    lambda H: float(np.linalg.cond(H)),
    _HESSIANS,
    {
        "mu/L, upside down": lambda H: np.linalg.eigvalsh(H)[0] / np.linalg.eigvalsh(H)[-1],
        "the largest eigenvalue alone": lambda H: np.linalg.eigvalsh(H)[-1],
        "the quotient of the diagonal's entries, which are the curvatures only if the rest is 0": (
            lambda H: np.max(np.diag(H)) / np.min(np.diag(H))
        ),
        "the last diagonal entry over the first": lambda H: H[-1, -1] / H[0, 0],
        "the root of the condition number": lambda H: np.sqrt(np.linalg.cond(H)),
        "the square of the condition number": lambda H: np.linalg.cond(H) ** 2,
        "the determinant": np.linalg.det,
        "L - mu, the difference": lambda H: np.linalg.eigvalsh(H)[-1] - np.linalg.eigvalsh(H)[0],
    },
)


def _updates(kappa: float, share: float) -> float:
    best = best_parameters(SGD, kappa, 1.0)
    return steps_to(float(contraction(best, kappa)), share)


UPDATES = ValuesLike(
    _updates,
    [{"kappa": k, "share": s} for k, s in [(20.0, 1e-3), (100.0, 1e-3), (3.0, 0.2), (1000.0, 1e-6)]],
    {
        "the number before it is rounded up: updates are whole": (
            lambda k, s: np.log(s) / np.log((k - 1) / (k + 1))
        ),
        "rounded down: the last update is still needed": (
            lambda k, s: np.floor(np.log(s) / np.log((k - 1) / (k + 1)))
        ),
        "the number at the rate 1/L, whose factor is 1 - 1/kappa": (
            lambda k, s: np.ceil(np.log(s) / np.log(1 - 1 / k))
        ),
        "the number for the loss, which shrinks by the factor twice an update": (
            lambda k, s: np.ceil(np.log(s) / np.log((k - 1) / (k + 1)) / 2)
        ),
        "the number for momentum, with the root of kappa": (
            lambda k, s: np.ceil(np.log(s) / np.log((np.sqrt(k) - 1) / (np.sqrt(k) + 1)))
        ),
        "negative: the logarithms are upside down or one has the wrong sign": (
            lambda k, s: -np.ceil(np.log(s) / np.log((k - 1) / (k + 1)))
        ),
    },
)
