"""Gradient descent that can be read, seen and checked.

``import stepsize as ss`` brings every public name: the optimizers (`optim`), the learning-rate schedules
(`schedules`), the test problems (`problems`), and what stands on top of them: races, pictures, diagnoses.
Nothing is loaded before it is used. Start with docs/reading.md, or with `experiments/race.py`.
"""

import importlib
import os
import sys
from typing import TYPE_CHECKING, Any

from stepsize.core.hooks import register_hook

# public names: written by tools/public_names.py
if TYPE_CHECKING:
    from optim import *
    from optim import dialects as dialects
    from problems import *
    from schedules import *
    from stepsize import draw as draw
    from stepsize import explorer as explorer
    from stepsize.analysis.continuous_time import *
    from stepsize.analysis.curvature_and_noise import *
    from stepsize.analysis.diagnosis import *
    from stepsize.analysis.prediction import *
    from stepsize.analysis.quadratic_theory import *
    from stepsize.data.csv_problem import *
    from stepsize.experiments.lr_finder.find_lr import *
    from stepsize.experiments.race import *
    from stepsize.experiments.sweep.sweep import *
    from stepsize.explanations.explanation import *
    from stepsize.explorer.explorer import *
    from stepsize.grading.grade import *
    from stepsize.parsing import *

# fmt: off
_HOMES: dict[str, tuple[str, ...]] = {
    "optim": (
        "History", "Hyper", "Rate", "hyper", "minimize", "Evaluation", "Optimizer", "Slots", "Adadelta",
        "Adagrad", "CenteredRMSprop", "RMSprop", "Adam", "AdaMax", "AdamW", "Nadam", "Adan", "AdEMAMix",
        "SimplifiedAdEMAMix", "ADOPT", "ACProp", "AdaBelief", "AMSGrad", "RAdam", "Yogi", "rectification",
        "EMA", "SWA", "Averaging", "Lookahead", "PolyakRuppert", "DampedNewton", "DiagonalNewton",
        "GaussNewton", "Newton", "BFGS", "LBFGS", "ConjugateGradient", "Sophia", "FTRL", "MADGRAD",
        "Accumulate", "AnnealedNoise", "ClipByNorm", "ClipByValue", "ScaleGradient", "Adafactor",
        "ClipLayersByNorm", "Fromage", "LAMB", "LARS", "NovoGrad", "Muon", "SM3", "Optimistic", "COCOB",
        "DAdaptAdam", "Prodigy", "ScheduleFreeAdamW", "ScheduleFreeSGD", "SGD", "HeavyBall", "Momentum",
        "Nesterov", "Nesterov1983", "SutskeverNesterov", "Lion", "Rprop", "SignSGD", "Signum", "L2",
        "DecoupledDecay", "WithMomentum", "Wrapper", "BUDGET", "CONVERGED", "DIVERGED", "STOPPED", "Run",
        "settled_at", "State",
    ),
    "problems": (
        "Formula", "FunctionProblem", "Booth", "Matyas", "McCormick", "Zakharov", "BoydExponential",
        "HyperbolicCosine", "Quartic", "RootBowl", "Beale", "BrownBadlyScaled", "HelicalValley",
        "PowellSingular", "Wood", "Ackley", "CosineWave", "Griewank", "TwoWells", "Branin", "GoldsteinPrice",
        "Himmelblau", "SixHumpCamel", "ThreeHumpCamel", "AbsoluteValue", "Huber", "LessardQuadratic",
        "Parabola", "Quadratic", "Levy", "Rastrigin", "StyblinskiTang", "Canyon", "MonkeySaddle",
        "NesterovQuadratic", "Saddle", "ShewchukQuadratic", "StrangQuadratic", "DixonPrice", "GohBanana",
        "Rosenbrock", "DiagonalLinearNetwork", "ScalarFactorization", "Batch", "FiniteSum", "Airfoil",
        "LeastSquares", "WilsonConstruction", "BreastCancer", "LogisticRegression", "SeparableLogistic",
        "MLP", "DigitsMLP", "Digits", "Iris", "SoftmaxRegression", "Supervised", "two_gaussians", "Problem",
        "AdditiveNoise", "Stats", "StochasticProblem", "CauchyNoise", "MaskedGradient", "MultiplicativeNoise",
        "MiniBatch", "Drifting", "Jumping", "OnlineCounterexample", "Prototype", "PrototypeNorm", "Rotated",
        "Shifted", "Scaled", "Stretched",
    ),
    "schedules": (
        "PerRun", "Phases", "Product", "Sequential", "Sum", "Cap", "Delay", "Floor", "PerEpoch", "Repeat",
        "Skip", "Cooldown", "Warmup", "Cosine", "FlatCosine", "Tanh", "FromFunction", "Recursion", "Cyclic",
        "OneCycle", "Sawtooth", "Exponential", "InverseSqrt", "InverseTime", "Power", "SearchThenConverge",
        "TimeBased", "NesterovSequence", "SutskeverMomentum", "EarlyStepDecay", "Interpolated", "MultiStep",
        "Piecewise", "StepDecay", "Geometric", "KohonenRecursion", "Linear", "Polynomial", "Rex", "Cycles",
        "PeriodicCosine", "Restarts", "Chebyshev", "Silver", "StrongSilver", "DoublingStages", "LogStepDecay",
        "OptimalLinear", "Refined", "Noam", "PowerScheduler", "UntunedExponential", "UntunedLinear",
        "WarmupStableDecay", "Feedback", "FeedbackProduct", "BoldDriver", "Greedy", "Plateau", "Polyak",
        "SPSMax", "AdaGradNorm", "AdGD", "BarzilaiBorwein", "DoG", "DoWG", "Hypergradient", "Armijo",
        "ForwardBackward", "Line", "LineSearch", "LineSearchResult", "Trial", "ExactQuadratic", "ExactSearch",
        "GOLSB", "GOLSI", "GOLSBack", "GOLSMax", "HagerZhang", "MoreThuente", "GrippoLamparielloLucidi",
        "ProbabilisticLineSearch", "PAL", "QuadraticApproximation", "SLS", "StrongWolfe", "Constant",
        "Schedule", "as_schedule", "per_epoch",
    ),
    "stepsize.analysis.continuous_time": ("Flow", "gradient_flow", "inertia", "momentum_flow", "time_step"),
    "stepsize.analysis.curvature_and_noise": ("Sharpness", "noise_scale", "sharpness"),
    "stepsize.analysis.diagnosis": ("VERDICTS", "Diagnosis", "diagnose"),
    "stepsize.analysis.prediction": ("Prediction", "observed_rate", "predict"),
    "stepsize.analysis.quadratic_theory": (
        "NoiseFloor", "best_parameters", "contraction", "noise_floor", "regime", "stability_limit",
        "steps_to",
    ),
    "stepsize.data.csv_problem": ("problem_from_csv",),
    "stepsize.experiments.lr_finder.find_lr": ("Robustness", "FoundRate", "find_lr"),
    "stepsize.experiments.race": ("Race", "race"),
    "stepsize.experiments.sweep.sweep": ("Sweep", "SweepInterrupted", "sweep"),
    "stepsize.explanations.explanation": ("Explanation", "Assignment", "Step", "explain"),
    "stepsize.explorer.explorer": ("Explorer", "explore"),
    "stepsize.grading.grade": ("Grade", "Mark", "grade"),
    "stepsize.parsing": ("parse", "parse_problem"),
}
# fmt: on

# fmt: off
__all__ = [
    "ADOPT", "BFGS", "BUDGET", "COCOB", "CONVERGED", "DIVERGED", "EMA", "FTRL", "GOLSB", "GOLSI", "L2",
    "LAMB", "LARS", "LBFGS", "MADGRAD", "MLP", "PAL", "SGD", "SLS", "SM3", "STOPPED", "SWA", "VERDICTS",
    "AbsoluteValue", "Accumulate", "Ackley", "ACProp", "AdaBelief", "Adadelta", "Adafactor", "Adagrad",
    "AdaGradNorm", "Adam", "AdaMax", "AdamW", "Adan", "AdditiveNoise", "AdEMAMix", "AdGD", "Airfoil",
    "AMSGrad", "AnnealedNoise", "Armijo", "Assignment", "Averaging", "BarzilaiBorwein", "Batch", "Beale",
    "BoldDriver", "Booth", "BoydExponential", "Branin", "BreastCancer", "BrownBadlyScaled", "Canyon", "Cap",
    "CauchyNoise", "CenteredRMSprop", "Chebyshev", "ClipByNorm", "ClipByValue", "ClipLayersByNorm",
    "ConjugateGradient", "Constant", "Cooldown", "Cosine", "CosineWave", "Cycles", "Cyclic", "DAdaptAdam",
    "DampedNewton", "DecoupledDecay", "Delay", "Diagnosis", "DiagonalLinearNetwork", "DiagonalNewton",
    "Digits", "DigitsMLP", "DixonPrice", "DoG", "DoublingStages", "DoWG", "Drifting", "EarlyStepDecay",
    "Evaluation", "ExactQuadratic", "ExactSearch", "Explanation", "Explorer", "Exponential", "Feedback",
    "FeedbackProduct", "FiniteSum", "FlatCosine", "Floor", "Flow", "Formula", "ForwardBackward", "FoundRate",
    "Fromage", "FromFunction", "FunctionProblem", "GaussNewton", "Geometric", "GohBanana", "GoldsteinPrice",
    "GOLSBack", "GOLSMax", "Grade", "Greedy", "Griewank", "GrippoLamparielloLucidi", "HagerZhang",
    "HeavyBall", "HelicalValley", "Himmelblau", "History", "Huber", "Hyper", "HyperbolicCosine",
    "Hypergradient", "Interpolated", "InverseSqrt", "InverseTime", "Iris", "Jumping", "KohonenRecursion",
    "LeastSquares", "LessardQuadratic", "Levy", "Line", "Linear", "LineSearch", "LineSearchResult", "Lion",
    "LogisticRegression", "LogStepDecay", "Lookahead", "Mark", "MaskedGradient", "Matyas", "McCormick",
    "MiniBatch", "Momentum", "MonkeySaddle", "MoreThuente", "MultiplicativeNoise", "MultiStep", "Muon",
    "Nadam", "Nesterov", "Nesterov1983", "NesterovQuadratic", "NesterovSequence", "Newton", "Noam",
    "NoiseFloor", "NovoGrad", "OneCycle", "OnlineCounterexample", "OptimalLinear", "Optimistic", "Optimizer",
    "Parabola", "PerEpoch", "PeriodicCosine", "PerRun", "Phases", "Piecewise", "Plateau", "Polyak",
    "PolyakRuppert", "Polynomial", "PowellSingular", "Power", "PowerScheduler", "Prediction",
    "ProbabilisticLineSearch", "Problem", "Prodigy", "Product", "Prototype", "PrototypeNorm", "Quadratic",
    "QuadraticApproximation", "Quartic", "Race", "RAdam", "Rastrigin", "Rate", "Recursion", "Refined",
    "Repeat", "Restarts", "Rex", "RMSprop", "Robustness", "RootBowl", "Rosenbrock", "Rotated", "Rprop", "Run",
    "Saddle", "Sawtooth", "ScalarFactorization", "Scaled", "ScaleGradient", "Schedule", "ScheduleFreeAdamW",
    "ScheduleFreeSGD", "SearchThenConverge", "SeparableLogistic", "Sequential", "Sharpness",
    "ShewchukQuadratic", "Shifted", "SignSGD", "Signum", "Silver", "SimplifiedAdEMAMix", "SixHumpCamel",
    "Skip", "Slots", "SoftmaxRegression", "Sophia", "SPSMax", "State", "Stats", "Step", "StepDecay",
    "StochasticProblem", "StrangQuadratic", "Stretched", "StrongSilver", "StrongWolfe", "StyblinskiTang",
    "Sum", "Supervised", "SutskeverMomentum", "SutskeverNesterov", "Sweep", "SweepInterrupted", "Tanh",
    "ThreeHumpCamel", "TimeBased", "Trial", "TwoWells", "UntunedExponential", "UntunedLinear", "Warmup",
    "WarmupStableDecay", "WilsonConstruction", "WithMomentum", "Wood", "Wrapper", "Yogi", "Zakharov",
    "as_schedule", "best_parameters", "contraction", "diagnose", "dialects", "draw", "explain", "explore",
    "explorer", "find_lr", "grade", "gradient_flow", "hyper", "inertia", "minimize", "momentum_flow",
    "noise_floor", "noise_scale", "observed_rate", "parse", "parse_problem", "per_epoch", "predict",
    "problem_from_csv", "race", "rectification", "regime", "settled_at", "sharpness", "stability_limit",
    "steps_to", "sweep", "time_step", "two_gaussians",
]
# fmt: on
# public names: end

__version__ = "0.1.0"

# What the floors below ask of this one, found when it is first asked for.
for _name, _place in {
    "plot": "stepsize.draw.run:run",
    "animate": "stepsize.draw.animation:film",
    "html": "stepsize.draw.html:run_html",
    "record_html": "stepsize.draw.html:record_html",
    "diagnosis_html": "stepsize.draw.html:diagnosis_html",
    "race_html": "stepsize.draw.html:race_html",
    "found_rate_html": "stepsize.draw.html:found_rate_html",
    "table_html": "stepsize.draw.html:table_html",
    "curves_svg": "stepsize.draw.html:curves_svg",
    "frame": "stepsize.draw.html:frame",
    "explore": "stepsize.explorer.explorer:explore_run",
    "registry": "stepsize.parsing:load_registry",
}.items():
    register_hook(_name, _place)

_SIBLINGS = ("problems", "schedules", "optim")
_MODULES = {"dialects": "optim.dialects", "draw": "stepsize.draw", "explorer": "stepsize.explorer"}
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
        from stepsize.core.aliases import missing_name

        raise missing_name("stepsize", name, __all__)


def __dir__() -> list[str]:
    return sorted({*(name for name in globals() if name.startswith("__")), *__all__})
