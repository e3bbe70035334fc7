"""Where: test problems with gradients, and the facts that theory needs."""

from typing import TYPE_CHECKING, Any

# public names: written by tools/public_names.py
from problems.bowls import Booth, Matyas, McCormick, Zakharov
from problems.changing import Drifting, Jumping, OnlineCounterexample
from problems.convex import BoydExponential, HyperbolicCosine, Quartic, RootBowl
from problems.estimate import Estimate, Stats
from problems.finite_sum import Batch, FiniteSum
from problems.formula import Formula
from problems.hard_cases import Beale, BrownBadlyScaled, HelicalValley, PowellSingular, Wood
from problems.harsh_noise import CauchyNoise, MaskedGradient, MultiplicativeNoise
from problems.humps import Branin, GoldsteinPrice, Himmelblau, SixHumpCamel, ThreeHumpCamel
from problems.iris_and_digits import Digits, Iris
from problems.kinks import AbsoluteValue, Huber, LessardQuadratic
from problems.least_squares import Airfoil, LeastSquares, WilsonConstruction
from problems.logistic import BreastCancer, LogisticRegression, SeparableLogistic
from problems.multimodal import Ackley, CosineWave, Griewank, TwoWells
from problems.networks import MLP, DigitsMLP
from problems.noise import AdditiveNoise
from problems.problem import Custom, Problem
from problems.products import DiagonalLinearNetwork, ScalarFactorization
from problems.prototypes import Prototype, PrototypeNorm
from problems.quadratics import Parabola, Quadratic
from problems.rescale import Scaled, Stretched
from problems.sampling import MiniBatch
from problems.separable import Levy, Rastrigin, StyblinskiTang
from problems.softmax import SoftmaxRegression
from problems.supervised import Supervised, two_gaussians
from problems.textbook import (
    Canyon,
    MonkeySaddle,
    NesterovQuadratic,
    Saddle,
    ShewchukQuadratic,
    StrangQuadratic,
)
from problems.transform import Rotated, Shifted
from problems.valleys import DixonPrice, GohBanana, Rosenbrock

# fmt: off
__all__ = [
    "MLP", "AbsoluteValue", "Ackley", "AdditiveNoise", "Airfoil", "Batch", "Beale", "Booth",
    "BoydExponential", "Branin", "BreastCancer", "BrownBadlyScaled", "Canyon", "CauchyNoise", "CosineWave",
    "Custom", "DiagonalLinearNetwork", "Digits", "DigitsMLP", "DixonPrice", "Drifting", "Estimate",
    "FiniteSum", "Formula", "GohBanana", "GoldsteinPrice", "Griewank", "HelicalValley", "Himmelblau", "Huber",
    "HyperbolicCosine", "Iris", "Jumping", "LeastSquares", "LessardQuadratic", "Levy", "LogisticRegression",
    "MaskedGradient", "Matyas", "McCormick", "MiniBatch", "MonkeySaddle", "MultiplicativeNoise",
    "NesterovQuadratic", "OnlineCounterexample", "Parabola", "PowellSingular", "Problem", "Prototype",
    "PrototypeNorm", "Quadratic", "Quartic", "Rastrigin", "RootBowl", "Rosenbrock", "Rotated", "Saddle",
    "ScalarFactorization", "Scaled", "SeparableLogistic", "ShewchukQuadratic", "Shifted", "SixHumpCamel",
    "SoftmaxRegression", "Stats", "StrangQuadratic", "Stretched", "StyblinskiTang", "Supervised",
    "ThreeHumpCamel", "TwoWells", "WilsonConstruction", "Wood", "Zakharov", "two_gaussians",
]
# fmt: on
# public names: end

if not TYPE_CHECKING:  # a checker would believe that any name is there

    def __getattr__(name: str) -> Any:
        from stepsize.base.aliases import missing_name

        raise missing_name("problems", name, __all__)
