"""Lesson 9: backtracking, and the two conditions on a step."""

from collections.abc import Callable

import numpy as np

from problems import Formula
from schedules import Armijo, Line
from stepsize.grading.judges import ValuesLike

__all__ = ["ARMIJO", "STRONG_WOLFE"]

Function = Callable[[float], float]
_C1, _C2 = 1e-4, 0.9


class _Phi:
    """A loss along a line, as a function of the step that says its formula."""

    def __init__(self, formula: str) -> None:
        self.problem = Formula(formula, start=[0.0])
        self.__doc__ = formula.replace("x", "a")
        self.start = np.zeros(1)

    def __call__(self, alpha: float) -> float:
        return float(self.problem.fun(np.array([float(alpha)])))

    def slope(self, alpha: float) -> float:
        return float(self.problem.grad(np.array([float(alpha)]))[0])


_LINES = [
    _Phi(formula)
    for formula in (
        "(x - 0.3)**2",
        "(x - 3)**2",
        "50*(x - 0.01)**2",
        "x**4 - x",
        "exp(4*x) - 8*x",
        "(x - 0.5)**2",
        "x**2 - 0.99999*x",
        "0.6*x**2 - 0.00013*x",
    )
]


def _backtracking(phi: _Phi, slope: float) -> float:
    """Let the library's search walk along the line from 0; its direction is down, against x."""
    found = Armijo(c1=_C1, rho=0.5, alpha0=1.0)(Line(phi.problem, phi.start, np.array([-1.0])), None)
    return float(found.alpha)


def _while(holds: Callable[[Function, float, float], bool], shrink: float = 0.5) -> Callable[..., float]:
    """Return a backtracking that shortens the step while a condition holds."""

    def search(phi: Function, slope: float) -> float:
        alpha = 1.0
        for _ in range(200):
            if not holds(phi, slope, alpha):
                break
            alpha *= shrink
        return alpha

    return search


def _too_high(phi: Function, slope: float, alpha: float) -> bool:
    return phi(alpha) > phi(0.0) + _C1 * alpha * slope


ARMIJO = ValuesLike(
    _backtracking,
    [{"phi": phi, "slope": phi.slope(0.0)} for phi in _LINES],
    {
        "the search that only asks for any decrease: c1 alpha slope is missing": _while(
            lambda phi, slope, alpha: phi(alpha) > phi(0.0)
        ),
        "the search that takes the first step, 1, whatever it is": lambda phi, slope: 1.0,
        "the search with c1 alpha |slope| added: the slope is negative, and lowers the bar": _while(
            lambda phi, slope, alpha: phi(alpha) > phi(0.0) - _C1 * alpha * slope
        ),
        "the search that asks for all of the decrease that the slope promises: c1 is missing": _while(
            lambda phi, slope, alpha: phi(alpha) > phi(0.0) + alpha * slope
        ),
        "the search without alpha on the right: the bar must rise as the step shrinks": _while(
            lambda phi, slope, alpha: phi(alpha) > phi(0.0) + _C1 * slope
        ),
        "the search that shortens the step once too often": (
            lambda phi, slope: _while(_too_high)(phi, slope) / 2
        ),
        "the search that shortens while the step is good": _while(
            lambda phi, slope, alpha: phi(alpha) <= phi(0.0) + _C1 * alpha * slope
        ),
        "the search that divides the step by 10": _while(_too_high, 0.1),
        "the search that multiplies the step by 0.9": _while(_too_high, 0.9),
        "the search that shortens the step once at most": (
            lambda phi, slope: 0.5 if _too_high(phi, slope, 1.0) else 1.0
        ),
    },
)

# Value and slope at the start, step, value and slope there; both conditions hold, or one, or none.
_PLACES = [
    {"phi0": 1.0, "slope0": -1.0, "alpha": alpha, "phi": phi, "slope": slope}
    for alpha, phi, slope in [
        (0.5, 0.7, -0.2),
        (0.5, 0.7, 0.2),
        (0.1, 0.905, -0.95),
        (0.1, 0.92, -0.9),
        (2.0, 0.4, 0.95),
        (2.0, 0.9, 0.89),
        (1.0, 0.99995, 0.1),
        (1.0, 1.0, 0.0),
        (1.0, 1.2, -0.3),
        (1.0, 1.2, 1.5),
        (3.0, 0.5, -1.2),
    ]
]


def _decreases(phi0: float, slope0: float, alpha: float, phi: float) -> bool:
    return phi <= phi0 + _C1 * alpha * slope0


STRONG_WOLFE = ValuesLike(
    lambda p0, s0, a, p, s: _decreases(p0, s0, a, p) and abs(s) <= -_C2 * s0,
    _PLACES,
    {
        "the weak conditions: a slope that is steep upwards must fail too, so take its absolute value": (
            lambda p0, s0, a, p, s: _decreases(p0, s0, a, p) and s >= _C2 * s0
        ),
        "the first condition alone": lambda p0, s0, a, p, s: _decreases(p0, s0, a, p),
        "the second condition alone": lambda p0, s0, a, p, s: abs(s) <= -_C2 * s0,
        "either condition: both must hold": (
            lambda p0, s0, a, p, s: _decreases(p0, s0, a, p) or abs(s) <= -_C2 * s0
        ),
        "never true: |slope| is compared with c2 slope0, which is negative": lambda *place: False,
        "any decrease in place of the first condition": (
            lambda p0, s0, a, p, s: p <= p0 and abs(s) <= -_C2 * s0
        ),
        "the second condition without c2": (
            lambda p0, s0, a, p, s: _decreases(p0, s0, a, p) and abs(s) <= -s0
        ),
        "the other way round: true where the step is to be refused": (
            lambda p0, s0, a, p, s: not (_decreases(p0, s0, a, p) and abs(s) <= -_C2 * s0)
        ),
    },
)
