"""The line that tables and titles print of a function is read as a formula, and has the function's values."""

import re

import numpy as np
import pytest

import problems as ps
from tests.instances import name_of


def as_formula(line):
    """Mathematics as it is printed, ``10 ab cos a, a = 2b``, as the reader of formulas takes it."""
    line, *definitions = re.split(r", (?=[a-z] = )", line)
    line = re.sub(r"(?<![a-z])([a-duv])([a-duv])(?![a-z])", r"\1*\2", line)
    line = re.sub(r"cos ([a-z])", r"cos(\1)", line)
    for definition in definitions:
        name, meaning = definition.split(" = ")
        line = re.sub(rf"(?<![a-z]){name}(?![a-z])", f"({meaning})", line)
    return line.replace("|x|", "abs(x)")


PRINTED = [
    ps.Booth(),
    ps.Matyas(),
    ps.McCormick(),
    ps.BoydExponential(),
    ps.Quartic(),
    ps.HyperbolicCosine(),
    ps.HyperbolicCosine(0.25),
    ps.Beale(),
    ps.BrownBadlyScaled(),
    ps.PowellSingular(),
    ps.Wood(),
    ps.CosineWave(),
    ps.TwoWells(),
    ps.Himmelblau(),
    ps.ThreeHumpCamel(),
    ps.SixHumpCamel(),
    ps.GoldsteinPrice(),
    ps.Branin(),
    ps.AbsoluteValue(),
    ps.Parabola(),
    ps.Parabola(2.0, minimizer=3.0),
    ps.Parabola(5.0, minimizer=1.5),
    ps.Parabola(5.0),
    ps.Parabola(5.0, minimizer=-1.5),
    ps.Quadratic([1.0, 20.0]),
    ps.Quadratic([-1.0, 1.0, 0.25]),
    ps.Quadratic([3.0, -1.0]),
    ps.Quadratic([-3.0, -1.0]),
    ps.Quadratic([4.0]),
    ps.StrangQuadratic(),
    ps.MonkeySaddle(),
    ps.Saddle(),
    ps.Rosenbrock(),
    ps.DixonPrice(),
    ps.GohBanana(),
    ps.ScalarFactorization(),
]


@pytest.mark.parametrize("problem", PRINTED, ids=name_of)
def test_the_printed_line_is_the_function(problem):
    read = ps.Formula(as_formula(problem.formula))
    x = np.random.default_rng(9).uniform(-2, 2, (40, problem.dim))
    assert read.dim == problem.dim
    np.testing.assert_allclose(read.fun(x), problem.fun(x), rtol=1e-12, atol=1e-12)


# The lines that are no formula: what stands in them of numbers and names is theirs.
IN_WORDS = [
    (ps.Zakharov(3), "|x|^2 + s^2 + s^4, s = sum of i x_i / 2, d = 3"),
    (ps.RootBowl(3), "sum of sqrt(1 + x^2), d = 3"),
    (ps.HelicalValley(), "100 ((c - 10 theta)^2 + (r - 1)^2) + c^2"),
    (ps.Ackley(4), "Ackley, d = 4"),
    (ps.Griewank(4), "Griewank, d = 4"),
    (ps.Levy(4), "Levy, d = 4"),
    (ps.Rastrigin(4), "10 d + sum of x^2 - 10 cos(2 pi x), d = 4"),
    (ps.StyblinskiTang(4), "(sum of x^4 - 16 x^2 + 5 x)/2, d = 4"),
    (ps.LessardQuadratic(), "25/2 x^2, with slope 1 instead of 25 between 1 and 2"),
    (ps.Huber(0.5, 3.0), "Huber, 3/2 x^2 up to 0.5"),
    (ps.AbsoluteValue(2), "sum of |x|, d = 2"),
    (ps.Quadratic([1.0, 2.0, 3.0, 4.0]), "quadratic, d = 4, eigenvalues 1 ... 4"),
    (ps.Quadratic([1.0, 2.0], minimizer=[1.0, 0.0]), "quadratic, d = 2, eigenvalues 1 ... 2"),
    (ps.Canyon(), "quadratic, d = 2, eigenvalues 1 ... 5"),
    (ps.NesterovQuadratic(5), "Nesterov's worst quadratic, d = 5"),
    (ps.Rosenbrock(3), "Rosenbrock, d = 3"),
    (ps.DixonPrice(3), "Dixon-Price, d = 3"),
    (ps.DiagonalLinearNetwork(4, 6, 2), "diagonal linear network, 4 examples, 2 x 6 weights"),
    (ps.Shifted(ps.Quartic(), 2.0), "x^4, moved by 2.0"),
    (ps.Shifted(ps.Matyas(), [1.0, 2.0]), "0.26 (a^2 + b^2) - 0.48 ab, moved by [1.0, 2.0]"),
    (ps.Rotated(ps.MonkeySaddle(), 0.5), "a^3 - 3 a b^2, turned by 0.5 radians"),
    (ps.Rotated(ps.MonkeySaddle()), "a^3 - 3 a b^2, turned"),
    (ps.Scaled(ps.Quartic(), 3.0), "x^4, values x 3"),
    (ps.Scaled(ps.Quartic(), argument=3.0), "x^4, parameters rescaled"),
    (
        ps.Scaled(ps.Matyas(), 0.5, (1.0, 1.0)),
        "0.26 (a^2 + b^2) - 0.48 ab, values x 0.5, parameters rescaled",
    ),
    (ps.Stretched(ps.MonkeySaddle(), 25.0), "a^3 - 3 a b^2, stretched to condition 25"),
    (ps.Prototype("abs-relu", "steep"), "abs-relu, steep"),
]


@pytest.mark.parametrize(("problem", "line"), IN_WORDS, ids=lambda v: getattr(v, "formula", None))
def test_what_is_said_in_words_names_its_numbers(problem, line):
    assert problem.formula == line


def test_the_terms_of_a_quadratic_are_joined_by_their_signs():
    """As they stand in a title, and not only as they are read."""
    assert ps.Quadratic([1.0, 20.0]).formula == "(x1^2 + 20 x2^2)/2"
    assert ps.Quadratic([-1.0, 2.0, -0.25]).formula == "(-x1^2 + 2 x2^2 - 0.25 x3^2)/2"
