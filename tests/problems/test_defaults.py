"""Defaults of problems and the ends of their ranges: figures, tables and paths are made with them."""

import dataclasses

import pytest

import problems as ps
from stepsize.core.record import registered

PLANE = {"dim": 2}
NONE_GIVEN = {"rotation": None, "minimizer": None, "minimum_value": 0.0, "start": None}
SPLIT = {"held_out": 0.0, "rng": 0}
NOISE = {"sampling": "dynamic", "shared": True, "rng": 0}

DEFAULTS = {
    "Formula": {"start": None},
    "FunctionProblem": {
        **dict.fromkeys(("hessian", "minimum", "minimizers", "L", "mu", "domain")),
        "name": "",
    },
    **dict.fromkeys(
        ("Ackley", "DixonPrice", "Griewank", "Levy", "Rastrigin", "RootBowl", "Rosenbrock"), PLANE
    ),
    **dict.fromkeys(("StyblinskiTang", "Zakharov"), PLANE),
    "AbsoluteValue": {"dim": 1},
    "HyperbolicCosine": {"frequency": 0.5},
    "Huber": {"kink": 1.0, "curvature": 1.0, "start": 3.0},
    "Quadratic": {"hessian": (1.0, 20.0), **NONE_GIVEN},
    "Canyon": {"hessian": ((3.0, 2.0), (2.0, 3.0)), **NONE_GIVEN},
    "ShewchukQuadratic": {
        "hessian": ((3.0, 2.0), (2.0, 6.0)),
        "rotation": None,
        "minimizer": (2.0, -2.0),
        "minimum_value": -10.0,
        "start": (-2.0, -2.0),
    },
    "StrangQuadratic": {"hessian": (1.0, 0.01), **NONE_GIVEN, "start": (0.01, 1.0)},
    "Saddle": {"hessian": (2.0, -2.0), **NONE_GIVEN, "start": (1.0, 0.01)},
    "Parabola": {"curvature": 2.0, "minimizer": 0.0, "start": 10.0},
    "NesterovQuadratic": {"dim": 41, "smoothness": 4.0},
    # Papazov, Pesme and Flammarion 2024 draw 20 examples of 30 features, 3 of them not 0.
    "DiagonalLinearNetwork": {"examples": 20, "features": 30, "nonzero": 3, "scale": 0.1, "rng": 0},
    "LeastSquares": {"l2": 0.0, "intercept": True, "half": True, "standardize": False, **SPLIT},
    # Dive into Deep Learning 12.5 takes 1500 of the 1503 rows.
    "Airfoil": {"rows": 1500, "intercept": True, "l2": 0.0, **SPLIT},
    "WilsonConstruction": {"positive": 14, "negative": 6},
    "LogisticRegression": {"l2": 1e-3, "intercept": True, "standardize": False, **SPLIT},
    "BreastCancer": {"l2": 1e-3, "standardize": True, "intercept": True, **SPLIT},
    # Soudry et al. 2018, figure 1: twelve points a class beside the four nearest.
    "SeparableLogistic": {"others": 12, "rng": 0},
    "MLP": {
        "hidden": (8,),
        "loss_name": "squared",
        "activation": "tanh",
        "l2": 0.0,
        "standardize": False,
        **SPLIT,
    },
    "DigitsMLP": {"hidden": (32,), "activation": "tanh", "l2": 0.0, **SPLIT},
    "SoftmaxRegression": {"l2": 1e-3, "intercept": True, "standardize": False, **SPLIT},
    "Iris": {"columns": (0, 1, 2, 3), "l2": 1e-3, "standardize": True, "intercept": True, **SPLIT},
    "Digits": {"l2": 1e-3, "intercept": True, **SPLIT},
    "AdditiveNoise": {"sigma_f": 0.0, "sigma_g": 1.0, **NOISE},
    "MultiplicativeNoise": {"sigma": 1.0, **NOISE},
    "MaskedGradient": {"p": 0.5, **NOISE},
    "CauchyNoise": {"scale": 1.0, **NOISE},
    "MiniBatch": {"sampling": "static", "replacement": False, "shuffle": None, "fpc": False, "rng": 0},
    "Rotated": {"rotation": "random", "rng": 0},
    "Scaled": {"value": 1.0, "argument": 1.0},
    "Stretched": {"condition": 100.0},
    "Drifting": {"problem": ps.Quadratic(), "velocity": 0.01},
    "Jumping": {"problem": ps.Quadratic(), "by": 5.0, "every": 100},
    # Reddi, Kale and Kumar 2018, theorem 1: C = 3 > K - 1 = 2.
    "OnlineCounterexample": {
        "large": 3.0,
        "small": 1.0,
        "period": 3,
        "probability": None,
        "start": 1.0,
        "rng": 0,
    },
    "Prototype": {"pieces": "quad_bowl", "scale": "normal"},
    "PrototypeNorm": {"prototypes": (ps.Prototype(), ps.Prototype("abs")), "norm": "L1"},
}
OURS = [cls for cls in registered(ps.Problem) if cls.__module__.startswith("problems.")]


@pytest.mark.parametrize("cls", OURS, ids=lambda cls: cls.__name__)
def test_the_defaults_are_those_of_the_table(cls):
    fields = dataclasses.fields(cls)
    stated = {field.name: field.default for field in fields if field.default is not dataclasses.MISSING}
    assert stated == DEFAULTS.get(cls.__name__, {})


BASES = (
    "AdditiveRealization Batch FiniteSum LinearModel Logistic NoisyGradient NoisyGradientRealization "
    "Perceptron Problem ProblemWrapper Realization SameFunction Softmax SquaredLoss StochasticProblem "
    "StraightLine Supervised TimeVarying Transformed"
)


def test_what_others_build_on_is_no_problem_itself():
    assert not {cls.__name__ for cls in OURS} & set(BASES.split())


TAKEN = [
    lambda: ps.Rosenbrock(2),
    lambda: ps.Zakharov(1),
    lambda: ps.MaskedGradient(ps.Quadratic(), p=0.0),
    lambda: ps.OnlineCounterexample(start=-1.0),
    lambda: ps.OnlineCounterexample(start=1.0),
    lambda: ps.OnlineCounterexample(period=1),
    lambda: ps.Stretched(ps.Quadratic(), 1.0),
    lambda: ps.Airfoil(rows=10),
    lambda: ps.Airfoil(rows=1503),
    lambda: ps.BreastCancer(held_out=0.9),
    lambda: ps.Huber(kink=1e-9),
]
REFUSED = [
    (lambda: ps.Rosenbrock(1), "dim: got 1"),
    (lambda: ps.Zakharov(0), "dim: got 0"),
    (lambda: ps.MaskedGradient(ps.Quadratic(), p=1.0), "p: got 1.0"),
    (lambda: ps.MaskedGradient(ps.Quadratic(), p=-1e-9), "p: got "),
    (lambda: ps.OnlineCounterexample(start=-1.0001), "start: got -1.0001"),
    (lambda: ps.OnlineCounterexample(start=1.0001), "start: got 1.0001"),
    (lambda: ps.OnlineCounterexample(period=0), "period: got 0"),
    (lambda: ps.Stretched(ps.Quadratic(), 0.9999), "condition: got 0.9999"),
    (lambda: ps.Stretched(ps.Parabola()), "problem: got .* expected a problem of at least two dimensions"),
    (lambda: ps.Airfoil(rows=9), "rows: got 9"),
    (lambda: ps.Airfoil(rows=1504), "rows: got 1504"),
    (lambda: ps.BreastCancer(held_out=0.9001), "held_out: got 0.9001"),
    (lambda: ps.Huber(kink=0.0), "kink: got 0.0"),
]


@pytest.mark.parametrize("make", TAKEN)
def test_the_last_value_of_a_range_is_taken(make):
    make()


@pytest.mark.parametrize(("make", "sentence"), REFUSED)
def test_the_first_value_beyond_a_range_is_refused(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()
