"""Loops written by hand for one task each and compiled by Numba: how fast it can be, and how long it takes.

Nothing is reordered or fused. The first call compiles.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.peers import load
from benchmarks.rosenbrock import START

BETA1, BETA2, EPS, LR = 0.9, 0.999, 1e-8, 1e-3


def sgd_run(steps: int) -> Callable[[], Any]:
    """Return gradient descent on Rosenbrock's valley, with points, values and gradient norms."""
    numba = load("numba")

    @numba.njit(error_model="numpy")
    def run(steps: int) -> Any:  # pragma: no cover
        xs, fs, norms = np.empty((steps + 1, 2)), np.empty(steps + 1), np.empty(steps + 1)
        a, b = START
        for k in range(steps + 1):
            valley = b - a * a
            g, h = -2.0 * a * (200.0 * valley) - 2.0 * (1.0 - a), 200.0 * valley
            xs[k, 0], xs[k, 1] = a, b
            fs[k], norms[k] = 100.0 * valley * valley + (1.0 - a) * (1.0 - a), np.sqrt(g * g + h * h)
            a, b = a - LR * g, b - LR * h
        return xs, fs, norms

    return lambda: run(steps)


def adam_run(steps: int) -> Callable[[], Any]:
    """Return Adam on the same valley, with the same history."""
    numba = load("numba")

    @numba.njit(error_model="numpy")
    def run(steps: int) -> Any:  # pragma: no cover
        xs, fs, norms = np.empty((steps + 1, 2)), np.empty(steps + 1), np.empty(steps + 1)
        a, b = START
        ma = mb = va = vb = 0.0
        for k in range(steps + 1):
            valley = b - a * a
            g, h = -2.0 * a * (200.0 * valley) - 2.0 * (1.0 - a), 200.0 * valley
            xs[k, 0], xs[k, 1] = a, b
            fs[k], norms[k] = 100.0 * valley * valley + (1.0 - a) * (1.0 - a), np.sqrt(g * g + h * h)
            ma, mb = BETA1 * ma + (1 - BETA1) * g, BETA1 * mb + (1 - BETA1) * h
            va, vb = BETA2 * va + (1 - BETA2) * (g * g), BETA2 * vb + (1 - BETA2) * (h * h)
            c, d = 1 - BETA1 ** (k + 1.0), 1 - BETA2 ** (k + 1.0)
            a, b = a - LR * (ma / c / (np.sqrt(va / d) + EPS)), b - LR * (mb / c / (np.sqrt(vb / d) + EPS))
        return xs, fs, norms

    return lambda: run(steps)


def adam_ends(rates: Any, steps: int) -> Callable[[], Any]:
    """Return where Adam with each rate ends, the runs side by side in blocks that stay in the cache."""
    numba = load("numba")

    @numba.njit(error_model="numpy")
    def run(rates: Any, steps: int) -> Any:  # pragma: no cover
        ends, width = np.empty((2, len(rates))), 64
        for low in range(0, len(rates), width):
            lr = rates[low : low + width]
            n = len(lr)
            a, b = np.full(n, START[0]), np.full(n, START[1])
            ma, mb, va, vb = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n)
            for k in range(steps):
                c, d = 1 - BETA1 ** (k + 1.0), 1 - BETA2 ** (k + 1.0)
                for i in range(n):
                    h = 200.0 * (b[i] - a[i] * a[i])
                    g = -2.0 * a[i] * h - 2.0 * (1.0 - a[i])
                    ma[i], mb[i] = BETA1 * ma[i] + (1 - BETA1) * g, BETA1 * mb[i] + (1 - BETA1) * h
                    va[i] = BETA2 * va[i] + (1 - BETA2) * (g * g)
                    vb[i] = BETA2 * vb[i] + (1 - BETA2) * (h * h)
                    a[i] -= lr[i] * (ma[i] / c / (np.sqrt(va[i] / d) + EPS))
                    b[i] -= lr[i] * (mb[i] / c / (np.sqrt(vb[i] / d) + EPS))
            ends[0, low : low + width], ends[1, low : low + width] = a, b
        return ends

    return lambda: run(rates, steps)


def adam_step(size: int) -> Callable[[], Any]:
    """Return a step of Adam with so many parameters, in place."""
    numba = load("numba")

    @numba.njit(error_model="numpy")
    def run(x: Any, g: Any, m: Any, v: Any, c: float, d: float) -> None:  # pragma: no cover
        for i in range(len(x)):
            m[i] = BETA1 * m[i] + (1 - BETA1) * g[i]
            v[i] = BETA2 * v[i] + (1 - BETA2) * (g[i] * g[i])
            x[i] -= LR * (m[i] / c / (np.sqrt(v[i] / d) + EPS))

    rng = np.random.default_rng(0)
    x, g, m, v = rng.normal(size=size), rng.normal(size=size), np.zeros(size), np.zeros(size)
    return lambda: run(x, g, m, v, 0.1, 0.001)
