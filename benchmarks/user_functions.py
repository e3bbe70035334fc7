"""A user's own functions of an array, in two dimensions: `minimize` beside the loop that one writes by hand.

Ours record everything at every step; the loop by hand keeps points, values and gradient norms. Both call the
same two Python functions once an update.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.measure import Row, interleave, rows
from optim import SGD, Adam, Momentum, Optimizer, minimize
from problems import Problem

START = [-1.2, 1.0]
STEPS = 2000
LR = 1e-4


def valley(x: Any) -> Any:
    """Return Rosenbrock's function."""
    return 100.0 * (x[1] - x[0] * x[0]) ** 2 + (1.0 - x[0]) ** 2


def slope(x: Any) -> Any:
    """Return its gradient."""
    rise = 200.0 * (x[1] - x[0] * x[0])
    return np.array([-2.0 * x[0] * rise - 2.0 * (1.0 - x[0]), rise])


def differences(x: Any) -> Any:
    """Return its gradient by SciPy's forward differences."""
    from scipy.optimize import approx_fprime

    return approx_fprime(x, valley)


def sgd(x: Any, g: Any, slots: tuple[Any, ...], t: int) -> tuple[Any, tuple[Any, ...]]:
    """Return the next x by hand."""
    del t
    return x - LR * g, slots


def momentum(x: Any, g: Any, slots: tuple[Any, ...], t: int) -> tuple[Any, tuple[Any, ...]]:
    """Return the next x and velocity by hand."""
    del t
    v = 0.9 * slots[0] + g
    return x - LR * v, (v,)


def adam(x: Any, g: Any, slots: tuple[Any, ...], t: int) -> tuple[Any, tuple[Any, ...]]:
    """Return the next x and moments by hand."""
    m, v = slots
    m = 0.9 * m + (1 - 0.9) * g
    v = 0.999 * v + (1 - 0.999) * g * g
    return x - LR * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8), (m, v)


def by_hand(rule: Callable[..., Any], slots: int, gradient: Callable[[Any], Any]) -> Callable[[], Any]:
    """Return the loop that somebody writes."""

    def run() -> Any:
        x, state = np.array(START), tuple(np.zeros(2) for _ in range(slots))
        points, values, norms = [x], [valley(x)], []
        for t in range(1, STEPS + 1):
            g = gradient(x)
            norms.append(np.linalg.norm(g))
            x, state = rule(x, g, state, t)
            points.append(x)
            values.append(valley(x))
        return np.array(points), np.array(values), np.array(norms)

    return run


def measure(rounds: int, threads: int) -> list[Row]:
    """Return the rows of this regime; everything in it runs on one thread."""
    del threads
    rules: dict[str, tuple[Optimizer, Callable[..., Any], int]] = {
        "SGD": (SGD(lr=LR), sgd, 0),
        "Momentum": (Momentum(lr=LR), momentum, 1),
        "Adam": (Adam(lr=LR), adam, 2),
    }
    found = []
    for word, gradient, by in (("with", slope, slope), ("without", None, differences)):
        problem = Problem.of(valley, gradient, x0=START)
        for name, (rule, hand, slots) in rules.items():
            candidates = {
                "stepsize": lambda p=problem, r=rule: minimize(p, r, steps=STEPS),
                "NumPy by hand": by_hand(hand, slots, by),
            }
            timings = interleave(candidates, STEPS, rounds)
            task = f"{name} on functions {word} a gradient"
            found += rows(task, timings, 1e6, "µs an update", {"NumPy by hand": 1.0})
    return found
