"""The six functions of More and Thuente (1994), section 5, as problems of one dimension along x = alpha."""

import math

import numpy as np

from problems import Problem


def _line(phi, slope):
    return Problem.of(lambda x: phi(float(x[0])), lambda x: np.array([slope(float(x[0]))]), x0=[0.0])


def _rational(b=2.0):
    return _line(lambda a: -a / (a * a + b), lambda a: (a * a - b) / (a * a + b) ** 2)


def _polynomial(b=0.004):
    return _line(lambda a: (a + b) ** 5 - 2 * (a + b) ** 4, lambda a: 5 * (a + b) ** 4 - 8 * (a + b) ** 3)


def _rippled(b=0.01, ell=39):
    def phi(a):
        base = abs(1 - a) if abs(a - 1) >= b else (a - 1) ** 2 / (2 * b) + b / 2
        return base + 2 * (1 - b) / (ell * math.pi) * math.sin(ell * math.pi / 2 * a)

    def slope(a):
        base = math.copysign(1.0, a - 1) if abs(a - 1) >= b else (a - 1) / b
        return base + (1 - b) * math.cos(ell * math.pi / 2 * a)

    return _line(phi, slope)


def _yanai(b1, b2):
    g1, g2 = (math.sqrt(1 + b * b) - b for b in (b1, b2))

    def phi(a):
        return g1 * math.sqrt((1 - a) ** 2 + b2 * b2) + g2 * math.sqrt(a * a + b1 * b1)

    def slope(a):
        return -g1 * (1 - a) / math.sqrt((1 - a) ** 2 + b2 * b2) + g2 * a / math.sqrt(a * a + b1 * b1)

    return _line(phi, slope)


# name: (function, mu, eta, evaluations from alpha_0 = 1e-3, 0.1, 10, 1e3 as printed in Tables I to VI)
TABLES = {
    "5.1": (_rational(), 1e-3, 1e-1, (6, 3, 1, 4)),
    "5.2": (_polynomial(), 1e-1, 1e-1, (12, 8, 8, 11)),
    "5.3": (_rippled(), 1e-1, 1e-1, (12, 12, 10, 13)),
    "5.4": (_yanai(0.001, 0.001), 1e-3, 1e-3, (4, 1, 3, 4)),
    "5.5": (_yanai(0.01, 0.001), 1e-3, 1e-3, (6, 3, 7, 8)),
    "5.6": (_yanai(0.001, 0.01), 1e-3, 1e-3, (13, 11, 8, 11)),
}
FIRST = (1e-3, 1e-1, 10.0, 1e3)
