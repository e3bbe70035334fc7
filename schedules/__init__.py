"""Learning rates: schedules of the update index, feedback step sizes, and line searches.

`families` has the formulas, `combinators` what is made of other schedules, `feedback` step sizes that react
to the run, `linesearch` searches along a line, `dialects` other libraries' names. Start with `schedule.py`,
the contract, then read `families/decay.py`.
"""

import importlib
from typing import TYPE_CHECKING, Any

# public names: written by tools/public_names.py
from schedules.combinators.algebra import PerRun, Phases, Product, Sequential, Sum
from schedules.combinators.modifiers import Cap, Delay, Floor, PerEpoch, Repeat, Skip
from schedules.combinators.warmup_cooldown import Cooldown, Warmup
from schedules.families.cosine import Cosine, FlatCosine, Tanh
from schedules.families.custom import FromFunction, Recursion
from schedules.families.cyclical import Cyclic, OneCycle, Sawtooth
from schedules.families.decay import (
    Exponential,
    InverseSqrt,
    InverseTime,
    Power,
    SearchThenConverge,
    TimeBased,
)
from schedules.families.momentum import NesterovSequence, SutskeverMomentum
from schedules.families.piecewise import EarlyStepDecay, Interpolated, MultiStep, Piecewise, StepDecay
from schedules.families.polynomial import Geometric, KohonenRecursion, Linear, Polynomial, Rex
from schedules.families.restarts import Cycles, PeriodicCosine, Restarts
from schedules.families.smooth_convex import Chebyshev, Silver, StrongSilver
from schedules.families.stochastic import DoublingStages, LogStepDecay, OptimalLinear, Refined
from schedules.families.warmup_recipes import (
    Noam,
    PowerScheduler,
    UntunedExponential,
    UntunedLinear,
    WarmupStableDecay,
)
from schedules.feedback.base import Feedback, FeedbackProduct
from schedules.feedback.plateau import BoldDriver, Greedy, Plateau
from schedules.feedback.polyak import Polyak, SPSMax
from schedules.feedback.self_tuning import AdaGradNorm, AdGD, BarzilaiBorwein, DoG, DoWG, Hypergradient
from schedules.linesearch.armijo import Armijo, ForwardBackward
from schedules.linesearch.base import Line, LineSearch, LineSearchResult, Trial
from schedules.linesearch.exact import ExactQuadratic, ExactSearch
from schedules.linesearch.gols import GOLSB, GOLSI, GOLSBack, GOLSMax
from schedules.linesearch.hager_zhang import HagerZhang
from schedules.linesearch.more_thuente import MoreThuente
from schedules.linesearch.nonmonotone import GrippoLamparielloLucidi
from schedules.linesearch.probabilistic import ProbabilisticLineSearch
from schedules.linesearch.quadratic_fit import PAL, QuadraticApproximation
from schedules.linesearch.sls import SLS
from schedules.linesearch.wolfe import StrongWolfe
from schedules.schedule import Constant, Schedule, as_schedule, per_epoch

# fmt: off
__all__ = [
    "GOLSB", "GOLSI", "PAL", "SLS", "AdaGradNorm", "AdGD", "Armijo", "BarzilaiBorwein", "BoldDriver", "Cap",
    "Chebyshev", "Constant", "Cooldown", "Cosine", "Cycles", "Cyclic", "Delay", "DoG", "DoublingStages",
    "DoWG", "EarlyStepDecay", "ExactQuadratic", "ExactSearch", "Exponential", "Feedback", "FeedbackProduct",
    "FlatCosine", "Floor", "ForwardBackward", "FromFunction", "Geometric", "GOLSBack", "GOLSMax", "Greedy",
    "GrippoLamparielloLucidi", "HagerZhang", "Hypergradient", "Interpolated", "InverseSqrt", "InverseTime",
    "KohonenRecursion", "Line", "Linear", "LineSearch", "LineSearchResult", "LogStepDecay", "MoreThuente",
    "MultiStep", "NesterovSequence", "Noam", "OneCycle", "OptimalLinear", "PerEpoch", "PeriodicCosine",
    "PerRun", "Phases", "Piecewise", "Plateau", "Polyak", "Polynomial", "Power", "PowerScheduler",
    "ProbabilisticLineSearch", "Product", "QuadraticApproximation", "Recursion", "Refined", "Repeat",
    "Restarts", "Rex", "Sawtooth", "Schedule", "SearchThenConverge", "Sequential", "Silver", "Skip", "SPSMax",
    "StepDecay", "StrongSilver", "StrongWolfe", "Sum", "SutskeverMomentum", "Tanh", "TimeBased", "Trial",
    "UntunedExponential", "UntunedLinear", "Warmup", "WarmupStableDecay", "as_schedule", "per_epoch",
]
# fmt: on
# public names: end

if not TYPE_CHECKING:  # a checker would believe that any name is there

    def __getattr__(name: str) -> Any:
        if name == "dialects":
            return importlib.import_module("schedules.dialects")
        from stepsize.core.aliases import missing_name

        raise missing_name("schedules", name, __all__)
