"""Gradient descent that can be read, seen and checked.

``import stepsize as ss`` brings every public name: the optimizers (`optim`), the learning-rate schedules
(`schedules`), the test problems (`problems`), and what stands on top of them: races, pictures, diagnoses.
Nothing is loaded before it is used.
"""

import importlib
import os
import sys
from typing import TYPE_CHECKING, Any

from stepsize.base.hooks import hang

# public names: written by tools/public_names.py
if TYPE_CHECKING:
    from optim import *
    from optim import dialects as dialects
    from problems import *
    from schedules import *
    from stepsize import draw as draw
    from stepsize.csv_data import *
    from stepsize.diagnosis import *
    from stepsize.explanations import *
    from stepsize.expressions import *
    from stepsize.finder import *
    from stepsize.flow import *
    from stepsize.prediction import *
    from stepsize.probes import *
    from stepsize.races import *
    from stepsize.sweeps import *
    from stepsize.theory import *

# fmt: off
_HOMES: dict[str, tuple[str, ...]] = {
    "optim": (
        "Adam", "AdaMax", "AdamW", "Nadam", "Adadelta", "Adagrad", "CenteredRMSprop", "RMSprop", "EMA", "SWA",
        "Averaging", "Lookahead", "PolyakRuppert", "ClipByNorm", "ClipByValue", "DampedNewton",
        "DiagonalNewton", "GaussNewton", "Newton", "SGD", "HeavyBall", "Momentum", "Nesterov", "Nesterov1983",
        "SutskeverNesterov", "minimize", "Evaluation", "Hyper", "Optimizer", "Rate", "Slots", "hyper", "BFGS",
        "LBFGS", "ConjugateGradient", "KerasScheduleFreeAdamW", "OptaxAdadeltaAscending", "OptaxAdam",
        "OptaxRpropOneStepLate", "OptaxScheduleFreeAdamW", "OptaxScheduleFreeSGD", "TorchAdagrad",
        "TorchASGD", "DAdaptAdam", "Prodigy", "BUDGET", "CONVERGED", "DIVERGED", "STOPPED", "History", "Run",
        "settled_at", "ScheduleFreeAdamW", "ScheduleFreeSGD", "AdaBelief", "AMSGrad", "RAdam", "Yogi", "Lion",
        "Rprop", "SignSGD", "Signum", "State", "L2", "DecoupledDecay", "WithMomentum", "Wrapper",
    ),
    "problems": (
        "Booth", "Matyas", "McCormick", "Zakharov", "Drifting", "Jumping", "OnlineCounterexample",
        "BoydExponential", "HyperbolicCosine", "Quartic", "RootBowl", "Estimate", "Stats", "Batch",
        "FiniteSum", "Formula", "Beale", "BrownBadlyScaled", "HelicalValley", "PowellSingular", "Wood",
        "CauchyNoise", "MaskedGradient", "MultiplicativeNoise", "Branin", "GoldsteinPrice", "Himmelblau",
        "SixHumpCamel", "ThreeHumpCamel", "Digits", "Iris", "AbsoluteValue", "Huber", "LessardQuadratic",
        "Airfoil", "LeastSquares", "WilsonConstruction", "BreastCancer", "LogisticRegression",
        "SeparableLogistic", "Ackley", "CosineWave", "Griewank", "TwoWells", "MLP", "DigitsMLP",
        "AdditiveNoise", "Custom", "Problem", "DiagonalLinearNetwork", "ScalarFactorization", "Prototype",
        "PrototypeNorm", "Parabola", "Quadratic", "Scaled", "Stretched", "MiniBatch", "Levy", "Rastrigin",
        "StyblinskiTang", "SoftmaxRegression", "Supervised", "two_gaussians", "Canyon", "MonkeySaddle",
        "NesterovQuadratic", "Saddle", "ShewchukQuadratic", "StrangQuadratic", "Rotated", "Shifted",
        "DixonPrice", "GohBanana", "Rosenbrock",
    ),
    "schedules": (
        "Geometric", "KohonenRecursion", "Linear", "Polynomial", "Rex", "Cap", "Delay", "Floor", "PerEpoch",
        "Repeat", "Skip", "Fractions", "Product", "Rows", "Sum", "Then", "Cosine", "FlatCosine", "Tanh",
        "Cycles", "PeriodicCosine", "Restarts", "Cyclic", "OneCycle", "Sawtooth", "Exponential",
        "InverseSqrt", "InverseTime", "Power", "SearchThenConverge", "TimeBased", "Feedback", "FromFunction",
        "Recursion", "Armijo", "ForwardBackward", "ExactQuadratic", "ExactSearch", "GOLSB", "GOLSI",
        "GOLSBack", "GOLSMax", "HagerZhang", "Found", "Line", "Search", "Trial", "GrippoLamparielloLucidi",
        "PAL", "QuadraticApproximation", "ProbabilisticLineSearch", "SLS", "StrongWolfe", "NesterovSequence",
        "SutskeverMomentum", "Cooldown", "Warmup", "BoldDriver", "Greedy", "Plateau", "FeedbackProduct",
        "Constant", "Schedule", "as_schedule", "per_epoch", "AdaGradNorm", "AdGD", "BarzilaiBorwein", "DoG",
        "Hypergradient", "Polyak", "SPSMax", "EarlyStepDecay", "Interpolated", "MultiStep", "Piecewise",
        "StepDecay", "DoublingStages", "LogStepDecay", "OptimalLinear", "Refined", "Chebyshev", "Silver",
        "StrongSilver", "Noam", "PowerScheduler", "UntunedExponential", "UntunedLinear", "WarmupStableDecay",
    ),
    "stepsize.csv_data": ("problem_from_csv",),
    "stepsize.diagnosis": ("VERDICTS", "Diagnosis", "diagnose"),
    "stepsize.explanations": ("Explanation", "Assignment", "Step", "explain"),
    "stepsize.expressions": ("parse", "parse_problem"),
    "stepsize.finder": ("Disturbed", "FoundRate", "find_lr"),
    "stepsize.flow": ("Flow", "gradient_flow", "inertia", "momentum_flow", "time_step"),
    "stepsize.prediction": ("Prediction", "observed_rate", "predict"),
    "stepsize.probes": ("Sharpness", "noise_scale", "sharpness"),
    "stepsize.races": ("Race", "race"),
    "stepsize.sweeps": ("Sweep", "SweepInterrupted", "sweep"),
    "stepsize.theory": (
        "NoiseFloor", "best_parameters", "contraction", "noise_floor", "regime", "stability_limit",
        "steps_to",
    ),
}
# fmt: on

# fmt: off
__all__ = [
    "BFGS", "BUDGET", "CONVERGED", "DIVERGED", "EMA", "GOLSB", "GOLSI", "L2", "LBFGS", "MLP", "PAL", "SGD",
    "SLS", "STOPPED", "SWA", "VERDICTS", "AbsoluteValue", "Ackley", "AdaBelief", "Adadelta", "Adagrad",
    "AdaGradNorm", "Adam", "AdaMax", "AdamW", "AdditiveNoise", "AdGD", "Airfoil", "AMSGrad", "Armijo",
    "Assignment", "Averaging", "BarzilaiBorwein", "Batch", "Beale", "BoldDriver", "Booth", "BoydExponential",
    "Branin", "BreastCancer", "BrownBadlyScaled", "Canyon", "Cap", "CauchyNoise", "CenteredRMSprop",
    "Chebyshev", "ClipByNorm", "ClipByValue", "ConjugateGradient", "Constant", "Cooldown", "Cosine",
    "CosineWave", "Custom", "Cycles", "Cyclic", "DAdaptAdam", "DampedNewton", "DecoupledDecay", "Delay",
    "Diagnosis", "DiagonalLinearNetwork", "DiagonalNewton", "Digits", "DigitsMLP", "Disturbed", "DixonPrice",
    "DoG", "DoublingStages", "Drifting", "EarlyStepDecay", "Estimate", "Evaluation", "ExactQuadratic",
    "ExactSearch", "Explanation", "Exponential", "Feedback", "FeedbackProduct", "FiniteSum", "FlatCosine",
    "Floor", "Flow", "Formula", "ForwardBackward", "Found", "FoundRate", "Fractions", "FromFunction",
    "GaussNewton", "Geometric", "GohBanana", "GoldsteinPrice", "GOLSBack", "GOLSMax", "Greedy", "Griewank",
    "GrippoLamparielloLucidi", "HagerZhang", "HeavyBall", "HelicalValley", "Himmelblau", "History", "Huber",
    "Hyper", "HyperbolicCosine", "Hypergradient", "Interpolated", "InverseSqrt", "InverseTime", "Iris",
    "Jumping", "KerasScheduleFreeAdamW", "KohonenRecursion", "LeastSquares", "LessardQuadratic", "Levy",
    "Line", "Linear", "Lion", "LogisticRegression", "LogStepDecay", "Lookahead", "MaskedGradient", "Matyas",
    "McCormick", "MiniBatch", "Momentum", "MonkeySaddle", "MultiplicativeNoise", "MultiStep", "Nadam",
    "Nesterov", "Nesterov1983", "NesterovQuadratic", "NesterovSequence", "Newton", "Noam", "NoiseFloor",
    "OneCycle", "OnlineCounterexample", "OptaxAdadeltaAscending", "OptaxAdam", "OptaxRpropOneStepLate",
    "OptaxScheduleFreeAdamW", "OptaxScheduleFreeSGD", "OptimalLinear", "Optimizer", "Parabola", "PerEpoch",
    "PeriodicCosine", "Piecewise", "Plateau", "Polyak", "PolyakRuppert", "Polynomial", "PowellSingular",
    "Power", "PowerScheduler", "Prediction", "ProbabilisticLineSearch", "Problem", "Prodigy", "Product",
    "Prototype", "PrototypeNorm", "Quadratic", "QuadraticApproximation", "Quartic", "Race", "RAdam",
    "Rastrigin", "Rate", "Recursion", "Refined", "Repeat", "Restarts", "Rex", "RMSprop", "RootBowl",
    "Rosenbrock", "Rotated", "Rows", "Rprop", "Run", "Saddle", "Sawtooth", "ScalarFactorization", "Scaled",
    "Schedule", "ScheduleFreeAdamW", "ScheduleFreeSGD", "Search", "SearchThenConverge", "SeparableLogistic",
    "Sharpness", "ShewchukQuadratic", "Shifted", "SignSGD", "Signum", "Silver", "SixHumpCamel", "Skip",
    "Slots", "SoftmaxRegression", "SPSMax", "State", "Stats", "Step", "StepDecay", "StrangQuadratic",
    "Stretched", "StrongSilver", "StrongWolfe", "StyblinskiTang", "Sum", "Supervised", "SutskeverMomentum",
    "SutskeverNesterov", "Sweep", "SweepInterrupted", "Tanh", "Then", "ThreeHumpCamel", "TimeBased",
    "TorchAdagrad", "TorchASGD", "Trial", "TwoWells", "UntunedExponential", "UntunedLinear", "Warmup",
    "WarmupStableDecay", "WilsonConstruction", "WithMomentum", "Wood", "Wrapper", "Yogi", "Zakharov",
    "as_schedule", "best_parameters", "contraction", "diagnose", "dialects", "draw", "explain", "find_lr",
    "gradient_flow", "hyper", "inertia", "minimize", "momentum_flow", "noise_floor", "noise_scale",
    "observed_rate", "parse", "parse_problem", "per_epoch", "predict", "problem_from_csv", "race", "regime",
    "settled_at", "sharpness", "stability_limit", "steps_to", "sweep", "time_step", "two_gaussians",
]
# fmt: on
# public names: end

__version__ = "0.1.0"

# What the floors below ask of this one, found when it is first asked for.
hang("plot", "stepsize.draw_runs:run")
hang("animate", "stepsize.draw_animation:film")
hang("html", "stepsize.notebook:run_html")
hang("record_html", "stepsize.notebook:record_html")
hang("frame", "stepsize.notebook:frame")
hang("registry", "stepsize.expressions:load_registry")

_SIBLINGS = ("problems", "schedules", "optim")
_MODULES = {"dialects": "optim.dialects", "draw": "stepsize.draw"}
_FILES = {name: module for module, names in _HOMES.items() for name in names}


def _check_siblings() -> None:
    """Refuse to go on when another `optim`, `schedules` or `problems` stands in the way of ours."""
    # os.path, not pathlib: `import optim` passes through here and must stay quick.
    home = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    for name in _SIBLINGS:
        # What `importlib.util` would find, which takes longer to import than to do.
        found_by = (finder.find_spec(name, None) for finder in sys.meta_path)
        spec = next((spec for spec in found_by if spec is not None), None)
        origin = None if spec is None else spec.origin
        if origin is None or os.path.realpath(origin) != os.path.join(home, name, "__init__.py"):
            found = origin or (spec and spec.submodule_search_locations) or "nothing"
            raise ImportError(
                f"stepsize needs its own package '{name}' beside it in {home}, but Python finds {found} "
                "first; rename or uninstall that one"
            )


_check_siblings()


if not TYPE_CHECKING:  # a checker would believe that any name is there

    def __getattr__(name: str) -> Any:
        if name in _MODULES:
            return importlib.import_module(_MODULES[name])
        if name in _FILES:
            value = globals()[name] = getattr(importlib.import_module(_FILES[name]), name)
            return value
        from stepsize.base.aliases import missing_name

        raise missing_name("stepsize", name, __all__)


def __dir__() -> list[str]:
    return sorted({*(name for name in globals() if name.startswith("__")), *__all__})
