"""Stated minimizers and minima to their last digit, by Newton's method with forty digits.

Each function is written here from its published formula, for mpmath; its derivatives are mpmath's own.
"""

import mpmath as mp
import pytest

import problems as ps

DIGITS = 40


def himmelblau(x, y):
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


def branin(x, y):
    b, c, t = mp.mpf("5.1") / (4 * mp.pi**2), 5 / mp.pi, 1 / (8 * mp.pi)
    return (y - b * x**2 + c * x - 6) ** 2 + 10 * (1 - t) * mp.cos(x) + 10


def six_humps(x, y):
    return (4 - mp.mpf("2.1") * x**2 + x**4 / 3) * x**2 + x * y + (-4 + 4 * y**2) * y**2


def mccormick(x, y):
    return mp.sin(x + y) + (x - y) ** 2 - 1.5 * x + 2.5 * y + 1


def boyd(x, y):
    shift = mp.mpf("0.1")
    return mp.exp(x + 3 * y - shift) + mp.exp(x - 3 * y - shift) + mp.exp(-x - shift)


def styblinski_tang(*x):
    return sum(a**4 - 16 * a**2 + 5 * a for a in x) / 2


def cosine_wave(x):
    return x * mp.cos(mp.mpf("0.15") * mp.pi * x)


def two_wells(x, y):
    z, width = mp.mpf("1.4") * y, mp.mpf("0.2")
    shallow, deep = mp.exp(-((x - 1) ** 2 + z**2) / width), mp.exp(-((x + 1) ** 2 + z**2) / width)
    return x**2 + z**2 - 2 * shallow - 6 * deep


PUBLISHED = [
    (ps.Himmelblau(), himmelblau),
    (ps.Branin(), branin),
    (ps.SixHumpCamel(), six_humps),
    (ps.McCormick(), mccormick),
    (ps.BoydExponential(), boyd),
    (ps.StyblinskiTang(), styblinski_tang),
    (ps.CosineWave(), cosine_wave),
    (ps.TwoWells(), two_wells),
]


def derivative(function, point, *axes):
    orders = [axes.count(axis) for axis in range(len(point))]
    return mp.diff(function, tuple(point), tuple(orders))


def newton(function, start):
    """The stationary point of a function beside a start, to the digits of the present context."""
    x, axes = mp.matrix(start), range(len(start))
    for _ in range(4):  # each doubles the digits: 15, 30, 60
        gradient = mp.matrix([derivative(function, x, i) for i in axes])
        hessian = mp.matrix([[derivative(function, x, i, j) for j in axes] for i in axes])
        x -= mp.lu_solve(hessian, gradient)
    return list(x)


def is_nearest(stated, exact):
    """Whether no other float is nearer; what is 0 is 0 but for the last of the forty digits."""
    return float(stated) == float(exact) or (stated == 0 and abs(exact) < 1e-30)


@pytest.mark.parametrize(("problem", "function"), PUBLISHED, ids=lambda v: getattr(v, "__name__", None))
def test_a_stated_minimizer_is_right_to_its_last_digit(problem, function):
    for stated in problem.minimizers:
        with mp.workdps(DIGITS):
            exact = newton(function, stated)
            for a, b in zip(stated, exact, strict=True):
                assert is_nearest(a, b), (a, b)
            assert is_nearest(problem.minimum, function(*exact)), function(*exact)
