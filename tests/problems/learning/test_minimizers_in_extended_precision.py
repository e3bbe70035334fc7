"""How far the minimizers of data are from the true ones: Newton's next step, its gradient in forty digits.

Where the gradient has forty digits, the step from a point towards the minimizer has as many right digits as
the Hessian, all but a few of sixteen; so it is the error of the point.
"""

import mpmath as mp
import numpy as np
import pytest

from problems import Airfoil, BreastCancer, LeastSquares, LogisticRegression, SoftmaxRegression, two_gaussians

CLOUDS, LABELS = two_gaussians(30, 2, separation=3.0, rng=3)
FEATURES = np.random.default_rng(8).normal(size=(15, 3))


def penalised(problem, w):
    return [
        mp.mpf(float(a)) * b for a, b in zip(np.broadcast_to(problem.penalty, problem.dim), w, strict=True)
    ]


def logistic_gradient(problem, w):
    """Of the mean of log(1 + exp(-s a.w)), the labels s being -1 and 1."""
    rows, signs = problem.train
    gradient = penalised(problem, w)
    for a, s in zip(rows.tolist(), signs.tolist(), strict=True):
        pull = -s / (1 + mp.exp(s * mp.fdot(a, w))) / len(rows)
        gradient = [g + pull * b for g, b in zip(gradient, a, strict=True)]
    return gradient


def softmax_gradient(problem, w):
    """Of the mean of log(sum of exp(scores)) - score of the class; a row of weights for each feature."""
    rows, one_hot = problem.train
    classes = problem.n_classes
    labels = np.argmax(one_hot, axis=1) if np.ndim(one_hot) == 2 else one_hot
    gradient = penalised(problem, w)
    for a, label in zip(rows.tolist(), labels.tolist(), strict=True):
        scores = [mp.fdot(a, w[k::classes]) for k in range(classes)]
        total = mp.fsum(map(mp.exp, scores))
        for k, score in enumerate(scores):
            pull = (mp.exp(score) / total - (k == label)) / len(rows)
            for j, b in enumerate(a):
                gradient[j * classes + k] += pull * b
    return gradient


def least_squares_gradient(problem, w):
    """Of the mean of squares, halved or not."""
    rows, targets = problem.train
    gradient = penalised(problem, w)
    weight = mp.mpf(1 if problem.half else 2) / len(rows)
    for a, y in zip(rows.tolist(), targets.tolist(), strict=True):
        residual = mp.fdot(a, w) - y
        gradient = [g + weight * residual * b for g, b in zip(gradient, a, strict=True)]
    return gradient


PROBLEMS = [
    (LogisticRegression(*two_gaussians(30), l2=0.2), logistic_gradient),
    (LogisticRegression(*two_gaussians(30)), logistic_gradient),
    (BreastCancer(), logistic_gradient),
    # Almost separable, and hardly held back: a bowl so flat that Newton's method alone goes astray.
    (LogisticRegression(*two_gaussians(60, 20, rng=5), l2=1e-6), logistic_gradient),
    # A feature a hundred times larger: from the origin Newton's method goes astray.
    (LogisticRegression(CLOUDS * [100.0, 1.0], LABELS, l2=1e-6), logistic_gradient),
    (SoftmaxRegression(FEATURES, np.arange(15) % 3, l2=0.1, intercept=False), softmax_gradient),
    (LeastSquares(FEATURES, FEATURES[:, 0] ** 2, l2=0.1), least_squares_gradient),
    (Airfoil(), least_squares_gradient),
    (Airfoil(l2=0.1), least_squares_gradient),
]


@pytest.mark.parametrize(("problem", "gradient"), PROBLEMS, ids=lambda v: type(v).__name__)
def test_the_minimizer_is_right_to_its_last_digits(problem, gradient):
    w = np.array(problem.minimizers[0])
    with mp.workdps(40):
        g = np.array([float(v) for v in gradient(problem, [mp.mpf(v) for v in w])])
    hessian = problem.hess(w)
    error = np.linalg.solve(hessian, g)
    assert np.linalg.norm(error) <= 1e-16 * np.linalg.cond(hessian) * np.linalg.norm(w) + 1e-15


@pytest.mark.parametrize(("problem", "gradient"), PROBLEMS[:3], ids=lambda v: type(v).__name__)
def test_the_gradient_is_the_one_of_forty_digits_everywhere(problem, gradient):
    w = np.random.default_rng(6).normal(size=problem.dim)
    with mp.workdps(40):
        exact = np.array([float(v) for v in gradient(problem, [mp.mpf(v) for v in w])])
    np.testing.assert_allclose(problem.grad(w), exact, rtol=1e-12, atol=1e-15)
