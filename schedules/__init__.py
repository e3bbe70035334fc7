"""How far: schedules of the update index, rates that answer to the run, and line searches."""

import importlib
from typing import TYPE_CHECKING, Any

# public names: written by tools/public_names.py
from schedules.budget import Geometric, KohonenRecursion, Linear, Polynomial, Rex
from schedules.changed import Cap, Delay, Floor, PerEpoch, Repeat, Skip
from schedules.composites import Fractions, Product, Rows, Sum, Then
from schedules.cosine import Cosine, FlatCosine, Tanh
from schedules.cycles import Cycles, PeriodicCosine, Restarts
from schedules.cyclic import Cyclic, OneCycle, Sawtooth
from schedules.decay import Exponential, InverseSqrt, InverseTime, Power, SearchThenConverge, TimeBased
from schedules.feedback import Feedback
from schedules.functions import FromFunction, Recursion
from schedules.linesearch.armijo import Armijo, ForwardBackward
from schedules.linesearch.exact import ExactQuadratic, ExactSearch
from schedules.linesearch.gols import GOLSB, GOLSI, GOLSBack, GOLSMax
from schedules.linesearch.hager_zhang import HagerZhang
from schedules.linesearch.line import Found, Line, Search, Trial
from schedules.linesearch.nonmonotone import GrippoLamparielloLucidi
from schedules.linesearch.parabola import PAL, QuadraticApproximation
from schedules.linesearch.probabilistic import ProbabilisticLineSearch
from schedules.linesearch.sls import SLS
from schedules.linesearch.wolfe import StrongWolfe
from schedules.momentum import NesterovSequence, SutskeverMomentum
from schedules.phases import Cooldown, Warmup
from schedules.plateau import BoldDriver, Greedy, Plateau
from schedules.product import FeedbackProduct
from schedules.schedule import Constant, Schedule, as_schedule, per_epoch
from schedules.selftuning import AdaGradNorm, AdGD, BarzilaiBorwein, DoG, Hypergradient, Polyak, SPSMax
from schedules.steps import EarlyStepDecay, Interpolated, MultiStep, Piecewise, StepDecay
from schedules.stochastic import DoublingStages, LogStepDecay, OptimalLinear, Refined
from schedules.theory import Chebyshev, Silver, StrongSilver
from schedules.warmup import Noam, PowerScheduler, UntunedExponential, UntunedLinear, WarmupStableDecay

# fmt: off
__all__ = [
    "GOLSB", "GOLSI", "PAL", "SLS", "AdaGradNorm", "AdGD", "Armijo", "BarzilaiBorwein", "BoldDriver", "Cap",
    "Chebyshev", "Constant", "Cooldown", "Cosine", "Cycles", "Cyclic", "Delay", "DoG", "DoublingStages",
    "EarlyStepDecay", "ExactQuadratic", "ExactSearch", "Exponential", "Feedback", "FeedbackProduct",
    "FlatCosine", "Floor", "ForwardBackward", "Found", "Fractions", "FromFunction", "Geometric", "GOLSBack",
    "GOLSMax", "Greedy", "GrippoLamparielloLucidi", "HagerZhang", "Hypergradient", "Interpolated",
    "InverseSqrt", "InverseTime", "KohonenRecursion", "Line", "Linear", "LogStepDecay", "MultiStep",
    "NesterovSequence", "Noam", "OneCycle", "OptimalLinear", "PerEpoch", "PeriodicCosine", "Piecewise",
    "Plateau", "Polyak", "Polynomial", "Power", "PowerScheduler", "ProbabilisticLineSearch", "Product",
    "QuadraticApproximation", "Recursion", "Refined", "Repeat", "Restarts", "Rex", "Rows", "Sawtooth",
    "Schedule", "Search", "SearchThenConverge", "Silver", "Skip", "SPSMax", "StepDecay", "StrongSilver",
    "StrongWolfe", "Sum", "SutskeverMomentum", "Tanh", "Then", "TimeBased", "Trial", "UntunedExponential",
    "UntunedLinear", "Warmup", "WarmupStableDecay", "as_schedule", "per_epoch",
]
# fmt: on
# public names: end

if not TYPE_CHECKING:  # a checker would believe that any name is there

    def __getattr__(name: str) -> Any:
        if name == "anchors":
            return importlib.import_module("schedules.anchors")
        from stepsize.base.aliases import missing_name

        raise missing_name("schedules", name, __all__)
