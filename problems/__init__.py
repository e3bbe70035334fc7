"""Test problems: functions with gradients, and the facts about them that theory needs.

`landscapes` has formulas, `learning` losses of data, `stochastic` gradients with noise, `transforms` what
moves or scales another problem, `formulas` what a user types. Start with `problem.py`, the contract, then
read `landscapes/quadratics.py`.
"""

from typing import TYPE_CHECKING, Any

# public names: written by tools/public_names.py
from problems.formulas.formula import Formula
from problems.function_problem import FunctionProblem
from problems.landscapes.bowls import Booth, Matyas, McCormick, Zakharov
from problems.landscapes.convex import BoydExponential, HyperbolicCosine, Quartic, RootBowl
from problems.landscapes.more_garbow_hillstrom import (
    Beale,
    BrownBadlyScaled,
    HelicalValley,
    PowellSingular,
    Wood,
)
from problems.landscapes.multimodal import Ackley, CosineWave, Griewank, TwoWells
from problems.landscapes.multimodal_2d import Branin, GoldsteinPrice, Himmelblau, SixHumpCamel, ThreeHumpCamel
from problems.landscapes.nonsmooth import AbsoluteValue, Huber, LessardQuadratic
from problems.landscapes.quadratics import Parabola, Quadratic
from problems.landscapes.separable import Levy, Rastrigin, StyblinskiTang
from problems.landscapes.textbook import (
    Canyon,
    MonkeySaddle,
    NesterovQuadratic,
    Saddle,
    ShewchukQuadratic,
    StrangQuadratic,
)
from problems.landscapes.valleys import DixonPrice, GohBanana, Rosenbrock
from problems.learning.deep_linear import DiagonalLinearNetwork, ScalarFactorization
from problems.learning.finite_sum import Batch, FiniteSum
from problems.learning.least_squares import Airfoil, LeastSquares, WilsonConstruction
from problems.learning.logistic import BreastCancer, LogisticRegression, SeparableLogistic
from problems.learning.networks import MLP, DigitsMLP
from problems.learning.real_data import Digits, Iris
from problems.learning.softmax import SoftmaxRegression
from problems.learning.supervised import Supervised, two_gaussians
from problems.problem import Problem
from problems.stochastic.additive_noise import AdditiveNoise
from problems.stochastic.estimate import Stats, StochasticProblem
from problems.stochastic.gradient_noise import CauchyNoise, MaskedGradient, MultiplicativeNoise
from problems.stochastic.minibatch import MiniBatch
from problems.stochastic.nonstationary import Drifting, Jumping, OnlineCounterexample
from problems.stochastic.schaul_unit_tests import Prototype, PrototypeNorm
from problems.transforms.affine import Rotated, Shifted
from problems.transforms.scaling import Scaled, Stretched

# fmt: off
__all__ = [
    "MLP", "AbsoluteValue", "Ackley", "AdditiveNoise", "Airfoil", "Batch", "Beale", "Booth",
    "BoydExponential", "Branin", "BreastCancer", "BrownBadlyScaled", "Canyon", "CauchyNoise", "CosineWave",
    "DiagonalLinearNetwork", "Digits", "DigitsMLP", "DixonPrice", "Drifting", "FiniteSum", "Formula",
    "FunctionProblem", "GohBanana", "GoldsteinPrice", "Griewank", "HelicalValley", "Himmelblau", "Huber",
    "HyperbolicCosine", "Iris", "Jumping", "LeastSquares", "LessardQuadratic", "Levy", "LogisticRegression",
    "MaskedGradient", "Matyas", "McCormick", "MiniBatch", "MonkeySaddle", "MultiplicativeNoise",
    "NesterovQuadratic", "OnlineCounterexample", "Parabola", "PowellSingular", "Problem", "Prototype",
    "PrototypeNorm", "Quadratic", "Quartic", "Rastrigin", "RootBowl", "Rosenbrock", "Rotated", "Saddle",
    "ScalarFactorization", "Scaled", "SeparableLogistic", "ShewchukQuadratic", "Shifted", "SixHumpCamel",
    "SoftmaxRegression", "Stats", "StochasticProblem", "StrangQuadratic", "Stretched", "StyblinskiTang",
    "Supervised", "ThreeHumpCamel", "TwoWells", "WilsonConstruction", "Wood", "Zakharov", "two_gaussians",
]
# fmt: on
# public names: end

from stepsize.core.hooks import register_hook

register_hook("formula", "problems.formulas.formula:of_text")
register_hook("function_problem", "problems.function_problem:FunctionProblem")

if not TYPE_CHECKING:  # a checker would believe that any name is there

    def __getattr__(name: str) -> Any:
        from stepsize.core.aliases import missing_name

        raise missing_name("problems", name, __all__)
