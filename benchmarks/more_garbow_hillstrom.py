"""Problems of More, Garbow and Hillstrom (1981) as sums of squares, each from its standard start.

Only the residuals are written down; their derivatives are complex steps, exact to round-off: of an analytic
function, the imaginary part of r(x + i h e_j) / h for a tiny h. More, Garbow and Hillstrom, "Testing
unconstrained optimization software", ACM TOMS 7 (1981); the numbers are theirs.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

import stepsize as ss

Array = np.ndarray[Any, Any]
Residuals = Callable[[Array], Any]

_TINY = 1e-30


def sum_of_squares(residuals: Residuals, x0: list[float]) -> ss.Problem:
    """Return the problem of the sum of squares of some residuals, analytic functions of x."""

    def fun(x: Array) -> float:
        return float((residuals(x) ** 2).sum())

    def grad(x: Array) -> Any:
        steps = x + 1j * _TINY * np.eye(x.size)
        jacobian = np.stack([residuals(step).imag / _TINY for step in steps])
        return 2.0 * jacobian @ residuals(x)

    return ss.Problem.of(fun, grad, x0=x0)


def _freudenstein_roth(x: Array) -> Any:
    a, b = x
    return np.array([-13 + a + ((5 - b) * b - 2) * b, -29 + a + ((b + 1) * b - 14) * b])


def _powell_badly_scaled(x: Array) -> Any:
    return np.array([1e4 * x[0] * x[1] - 1, np.exp(-x[0]) + np.exp(-x[1]) - 1.0001])


def _jennrich_sampson(x: Array) -> Any:
    i = np.arange(1, 11)
    return 2 + 2 * i - np.exp(i * x[0]) - np.exp(i * x[1])


_BARD = np.array([0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.10, 4.39])


def _bard(x: Array) -> Any:
    u = np.arange(1, 16)
    v = 16 - u
    return _BARD - (x[0] + u / (v * x[1] + np.minimum(u, v) * x[2]))


_GAUSSIAN = np.array([0.0009, 0.0044, 0.0175, 0.0540, 0.1295, 0.2420, 0.3521, 0.3989])
_GAUSSIAN = np.concatenate([_GAUSSIAN, _GAUSSIAN[-2::-1]])


def _gaussian(x: Array) -> Any:
    t = (8 - np.arange(1, 16)) / 2
    return x[0] * np.exp(-x[1] * (t - x[2]) ** 2 / 2) - _GAUSSIAN


def _box(x: Array) -> Any:
    t = 0.1 * np.arange(1, 11)
    return np.exp(-t * x[0]) - np.exp(-t * x[1]) - x[2] * (np.exp(-t) - np.exp(-10 * t))


_KOWALIK = np.array([0.1957, 0.1947, 0.1735, 0.1600, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246])
_KOWALIK_AT = np.array([4, 2, 1, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625])


def _kowalik_osborne(x: Array) -> Any:
    u = _KOWALIK_AT
    return _KOWALIK - x[0] * (u * u + u * x[1]) / (u * u + u * x[2] + x[3])


def _brown_dennis(x: Array) -> Any:
    t = np.arange(1, 21) / 5
    return (x[0] + t * x[1] - np.exp(t)) ** 2 + (x[2] + x[3] * np.sin(t) - np.cos(t)) ** 2


def _penalty(x: Array) -> Any:
    return np.concatenate([np.sqrt(1e-5) * (x - 1), [(x * x).sum() - 0.25]])


def _variably_dimensioned(x: Array) -> Any:
    weighted = (np.arange(1, x.size + 1) * (x - 1)).sum()
    return np.concatenate([x - 1, [weighted, weighted**2]])


def _trigonometric(x: Array) -> Any:
    i = np.arange(1, x.size + 1)
    return x.size - np.cos(x).sum() + i * (1 - np.cos(x)) - np.sin(x)


def _broyden_tridiagonal(x: Array) -> Any:
    padded = np.concatenate([[0.0], x, [0.0]])
    return (3 - 2 * x) * x - padded[:-2] - 2 * padded[2:] + 1


# name: (residuals, standard start, printed least values of the sum of squares, global or local)
SUMS: dict[str, tuple[Residuals, list[float], tuple[float, ...]]] = {
    "Freudenstein and Roth": (_freudenstein_roth, [0.5, -2.0], (0.0, 48.9842)),
    "Powell badly scaled": (_powell_badly_scaled, [0.0, 1.0], (0.0,)),
    "Jennrich and Sampson": (_jennrich_sampson, [0.3, 0.4], (124.362,)),
    "Bard": (_bard, [1.0, 1.0, 1.0], (8.21487e-3, 17.4286)),
    "Gaussian": (_gaussian, [0.4, 1.0, 0.0], (1.12793e-8,)),
    "Box, three-dimensional": (_box, [0.0, 10.0, 20.0], (0.0,)),
    "Kowalik and Osborne": (_kowalik_osborne, [0.25, 0.39, 0.415, 0.39], (3.07505e-4, 1.02734e-3)),
    "Brown and Dennis": (_brown_dennis, [25.0, 5.0, -5.0, -1.0], (85822.2,)),
    "penalty I, d = 10": (_penalty, [float(i) for i in range(1, 11)], (7.08765e-5,)),
    "variably dimensioned, d = 10": (_variably_dimensioned, [1 - i / 10 for i in range(1, 11)], (0.0,)),
    "trigonometric, d = 10": (_trigonometric, [0.1] * 10, (0.0, 2.79506e-5)),
    "Broyden tridiagonal, d = 10": (_broyden_tridiagonal, [-1.0] * 10, (0.0,)),
}
PROBLEMS = {name: sum_of_squares(residuals, x0) for name, (residuals, x0, _) in SUMS.items()}
