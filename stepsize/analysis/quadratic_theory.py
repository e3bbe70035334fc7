"""Convergence in closed form, for descent on quadratics with and without momentum.

On a quadratic the error along each eigenvector of the Hessian, of curvature lambda, follows a recursion of
its own. For gradient descent, momentum and Nesterov's method it is at most of second order, so that two
numbers, trace and determinant of its matrix, tell everything: whether it converges, how fast, and whether it
ripples.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from optim import SGD, Momentum, Nesterov, Optimizer
from stepsize.core.display import brief
from stepsize.core.validation import as_number, describe_value, real_numbers, require

__all__ = [
    "NoiseFloor",
    "best_parameters",
    "contraction",
    "noise_floor",
    "regime",
    "stability_limit",
    "steps_to",
]

Array = np.ndarray[Any, Any]


def __dir__() -> list[str]:
    """Return what theory knows: completion shows this, and not what the file is made of."""
    return list(__all__)


MONOTONE, RIPPLES, ALTERNATING, DIVERGENT = "monotone", "ripples", "alternating", "divergent"

# What is smaller than this, where 1 is the size of its terms, is 0: rounding must decide no word.
_ROUNDING = 1e-12


def iteration_matrix(optimizer: Optimizer, curvature: Any) -> Array:
    r"""Return the matrix that takes (velocity, error) along an eigenvector from one update to the next.

    .. math:: \begin{pmatrix} m \\ e \end{pmatrix} \leftarrow
        \begin{pmatrix} \beta & \lambda \\ -\eta\beta & 1 - \eta\lambda \end{pmatrix}
        \begin{pmatrix} m \\ e \end{pmatrix}

    for momentum; gradient descent is the case beta = 0, and Nesterov's method looks one step ahead.

    Parameters
    ----------
    optimizer : SGD, Momentum or Nesterov
        With numbers for rate and momentum.
    curvature : float or array of shape (...)
        lambda.

    Returns
    -------
    ndarray of shape (..., 2, 2)

    References
    ----------
    Goh, "Why momentum really works", Distill (2017). O'Donoghue and Candès, "Adaptive restart for accelerated
    gradient schemes", Found. Comput. Math. 15 (2015), for Nesterov's method.
    """
    lr, beta = rate_and_momentum(optimizer)
    lam = real_numbers("curvature", curvature, "a number or an array of them")
    ahead = beta if type(optimizer) is Nesterov else 0.0
    pull = -lr * (1 + ahead)
    A = np.empty((*lam.shape, 2, 2))
    A[..., 0, 0], A[..., 0, 1] = beta, lam
    A[..., 1, 0] = -lr * beta * (ahead if ahead else 1.0)
    A[..., 1, 1] = 1 + pull * lam
    return A


def contraction(optimizer: Optimizer, curvature: Any) -> Any:
    """Return the factor by which the error along each eigenvector shrinks a step, in the long run.

    Parameters
    ----------
    optimizer : SGD, Momentum or Nesterov
        With numbers for rate and momentum.
    curvature : float or array
        Eigenvalues of the Hessian.

    Returns
    -------
    float or ndarray
        The spectral radius of the recursion: below 1 it converges, above 1 it diverges.

    Raises
    ------
    TypeError
        For another optimizer, or a rate that is no number.

    Examples
    --------
    Goh's example, at the best parameters:

    >>> contraction(SGD(lr=2 / 1.01), np.array([0.01, 0.1, 1.0])).round(6).tolist()
    [0.980198, 0.80198, 0.980198]
    >>> round(contraction(Momentum(lr=3.305785, momentum=0.669421), 0.1), 6)
    0.818182
    """
    p, q = _trace_and_determinant(optimizer, curvature)
    factor = _spectral_radius(p, q)
    return float(factor) if np.ndim(factor) == 0 else factor


def regime(optimizer: Optimizer, curvature: float) -> str:
    """Return how the error along an eigenvector goes: "monotone", "ripples", "alternating" or "divergent".

    Monotone: the two modes decay without changing sign. Ripples: they are complex, the error swings like a
    damped spring. Alternating: the leading one changes sign at every step.

    Examples
    --------
    >>> [regime(Momentum(lr=lr, momentum=0.5), 1.0) for lr in (0.05, 1.0, 2.95, 3.05)]
    ['monotone', 'ripples', 'alternating', 'divergent']
    """
    p, q = _trace_and_determinant(optimizer, curvature)
    if _spectral_radius(p, q) >= 1:
        return DIVERGENT
    if 4 * q - p * p > _ROUNDING:  # at critical damping it is 0
        return RIPPLES
    return MONOTONE if p >= -_ROUNDING else ALTERNATING  # at lr = 1/curvature p is 0


def stability_limit(optimizer: Optimizer, L: float) -> float:
    r"""Return the rate below which the optimizer converges on every quadratic of curvature up to L.

    2/L for gradient descent, (2 + 2 beta)/L for momentum, (2 + 2 beta)/((1 + 2 beta) L) for Nesterov's
    method: momentum makes larger rates possible, looking ahead takes that back.

    Examples
    --------
    >>> [stability_limit(opt, 10.0) for opt in (SGD(), Momentum(momentum=0.5))]
    [0.2, 0.3]
    >>> [round(stability_limit(Nesterov(momentum=b), 1.0), 6) for b in (0.5, 0.9)]
    [1.5, 1.357143]
    """
    require(as_number("L", L) > 0, "L", L, "a positive number")
    _, beta = rate_and_momentum(optimizer)
    ahead = 1 + 2 * beta if type(optimizer) is Nesterov else 1.0
    return (2 + 2 * beta) / (ahead * L)


def best_parameters(kind: type[Optimizer], L: float, mu: float) -> Any:
    r"""Return the optimizer with the constant parameters that are best for all curvatures from mu to L.

    ========  ======================  ===================  ===================
    rule      rate                    momentum             factor a step
    ========  ======================  ===================  ===================
    SGD       2/(L + mu)                                   (k - 1)/(k + 1)
    Momentum  4/(sqrt L + sqrt mu)^2  ((r - 1)/(r + 1))^2  (r - 1)/(r + 1)
    Nesterov  4/(3 L + mu)            (s - 2)/(s + 2)      1 - 2/s
    ========  ======================  ===================  ===================

    with k = L/mu, r = sqrt(k) and s = sqrt(3k + 1).

    Parameters
    ----------
    kind : SGD, Momentum or Nesterov
        The class.
    L, mu : float
        Largest and smallest curvature, both positive.

    References
    ----------
    Lessard, Recht and Packard, "Analysis and design of optimization algorithms via integral quadratic
    constraints", SIAM J. Optim. 26 (2016), proposition 1.

    Examples
    --------
    >>> best_parameters(SGD, 1.0, 0.01).lr.__round__(6)
    1.980198
    >>> momentum = best_parameters(Momentum, 1.0, 0.01)
    >>> round(momentum.lr, 6), round(momentum.momentum, 6)
    (3.305785, 0.669421)
    """
    require(0 < as_number("mu", mu) <= as_number("L", L), "mu", mu, f"a number above 0, at most L = {L:g}")
    root, k = math.sqrt(L / mu), L / mu
    if kind is SGD:
        return SGD(lr=2 / (L + mu))
    if kind is Momentum:
        beta = (root - 1) / (root + 1)
        return Momentum(lr=4 / (math.sqrt(L) + math.sqrt(mu)) ** 2, momentum=beta * beta)
    if kind is Nesterov:
        reach = math.sqrt(3 * k + 1)
        return Nesterov(lr=4 / (3 * L + mu), momentum=(reach - 2) / (reach + 2))
    raise TypeError(f"kind: got {describe_value(kind)}, expected SGD, Momentum or Nesterov")


def steps_to(rate: float, reduction: float) -> float:
    """Return after how many steps of a contraction `rate` the error has shrunk by the factor `reduction`.

    Parameters
    ----------
    rate : float
        Factor a step, at least 0.
    reduction : float
        Between 0 and 1; for the gap of a quadratic, which shrinks by rate^2 a step, give its square root.

    Returns
    -------
    float
        A whole number, or inf if the rate is 1 or more.

    Examples
    --------
    >>> steps_to(0.5, 1e-3), steps_to(1.0, 1e-3)
    (10.0, inf)
    """
    require(0 < as_number("reduction", reduction) < 1, "reduction", reduction, "between 0 and 1")
    require(as_number("rate", rate) >= 0, "rate", rate, "a number of at least 0")
    if rate >= 1:
        return math.inf
    if rate == 0:
        return 1.0
    count = math.log(reduction) / math.log(rate)
    whole = round(count)  # at powers of the rate rounding must not decide
    return float(whole if math.isclose(count, whole, rel_tol=1e-12) else math.ceil(count))


class NoiseFloor(NamedTuple):
    """Where a constant rate stops under additive noise.

    Attributes
    ----------
    variance : ndarray of shape (d,)
        Of the stationary error along each eigenvector.
    radius : float
        Root of the mean squared distance from the minimizer.
    gap : float
        Mean of f less the minimum.
    """

    variance: Array
    radius: float
    gap: float

    def __repr__(self) -> str:
        return brief(self)


def noise_floor(optimizer: Optimizer, curvature: Any, sigma: Any) -> NoiseFloor:
    r"""Return the stationary spread of a run with constant rate under additive gradient noise.

    For gradient descent the variance along an eigenvector is
    :math:`\eta\sigma^2/(\lambda (2 - \eta\lambda))`; with memory it solves the Lyapunov equation
    S = A S A' + sigma^2 b b' of the recursion.

    Parameters
    ----------
    optimizer : SGD, Momentum or Nesterov
        With numbers for rate and momentum.
    curvature : float or array of shape (d,)
        Eigenvalues of the Hessian.
    sigma : float or array of shape (d,)
        Standard deviation of the noise along each eigenvector.

    Raises
    ------
    ValueError
        If the rate is not stable.

    References
    ----------
    Mandt, Hoffman and Blei, "Stochastic gradient descent as approximate Bayesian inference", JMLR 18 (2017).

    Examples
    --------
    >>> floor = noise_floor(SGD(lr=0.1), 1.0, 1.0)
    >>> round(floor.radius**2, 6), round(floor.gap, 6)
    (0.052632, 0.026316)
    """
    lam = np.atleast_1d(np.asarray(curvature, float))
    A = iteration_matrix(optimizer, lam)
    if np.any(contraction(optimizer, lam) >= 1):
        raise ValueError(f"optimizer: got {optimizer!r}, expected a rate that is stable for these curvatures")
    lr, beta = rate_and_momentum(optimizer)
    b = np.array([1.0, -lr * (1 + (beta if type(optimizer) is Nesterov else 0.0))])
    # vec(S) = (1 - A (x) A)^-1 vec(b b')
    pairs = (A[:, :, None, :, None] * A[:, None, :, None, :]).reshape(-1, 4, 4)
    S = np.linalg.solve(np.eye(4) - pairs, np.outer(b, b).reshape(4, 1))[:, 3, 0]
    variance = S * np.broadcast_to(np.square(sigma), lam.shape)
    return NoiseFloor(variance, float(np.sqrt(variance.sum())), float(0.5 * (lam * variance).sum()))


def rate_and_momentum(optimizer: Optimizer) -> tuple[float, float]:
    if type(optimizer) not in (SGD, Momentum, Nesterov):
        raise TypeError(
            f"optimizer: got {describe_value(optimizer)}, expected SGD, Momentum or Nesterov, whose "
            "theory is exact"
        )
    lr, beta = optimizer.lr, getattr(optimizer, "momentum", 0.0)
    for name, value in (("lr", lr), ("momentum", beta)):
        if not isinstance(value, float):
            raise TypeError(f"{name}: got {value!r}, expected a number that stays the same")
    return lr, beta


def _trace_and_determinant(optimizer: Optimizer, curvature: Any) -> tuple[Any, Any]:
    A = iteration_matrix(optimizer, curvature)
    trace = A[..., 0, 0] + A[..., 1, 1]
    return trace, A[..., 0, 0] * A[..., 1, 1] - A[..., 0, 1] * A[..., 1, 0]


def _spectral_radius(p: Any, q: Any) -> Any:
    """Return the larger modulus of the roots of z^2 - p z + q."""
    gap = p * p - 4 * q
    real = 0.5 * (np.abs(p) + np.sqrt(np.maximum(gap, 0.0)))
    radius = np.where(gap < 0, np.sqrt(np.maximum(q, 0.0)), real)
    # At the limit one root is -1, the other -q: whether the error grows must not be decided by rounding.
    at_limit = np.abs(1 + p + q) <= _ROUNDING * (1 + np.abs(q))
    radius = np.where(at_limit, np.maximum(np.abs(q), 1.0), radius)
    return np.where(np.isinf(p), np.inf, radius)  # what overflows grows
