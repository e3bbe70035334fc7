"""Optimizers, the loop that runs them, and the record that a run leaves.

`rules` has one file a family, `engines` ways to run a rule fast, `dialects` other libraries' names, `testing`
the conformance kit. Start with `optimizer.py`, the contract, then read `rules/sgd.py` and `minimize.py`. A
family is loaded when one of its rules is first used, so that ``import optim`` takes hardly longer than
``import numpy``.
"""

import importlib
from typing import TYPE_CHECKING, Any

# public names: written by tools/public_names.py
from optim.history import History
from optim.hyperparameters import Hyper, Rate, hyper
from optim.minimize import minimize
from optim.optimizer import Evaluation, Optimizer, Slots
from optim.run import BUDGET, CONVERGED, DIVERGED, STOPPED, Run, settled_at
from optim.state import State

if TYPE_CHECKING:
    from optim.rules.adagrad_rmsprop import Adadelta, Adagrad, CenteredRMSprop, RMSprop
    from optim.rules.adam import Adam, AdaMax, AdamW, Nadam
    from optim.rules.adam_mixtures import Adan, AdEMAMix, SimplifiedAdEMAMix
    from optim.rules.adam_orders import ADOPT, ACProp
    from optim.rules.adam_variants import AdaBelief, AMSGrad, RAdam, Yogi, rectification
    from optim.rules.averaging import EMA, SWA, Averaging, Lookahead, PolyakRuppert
    from optim.rules.curvature.newton import DampedNewton, DiagonalNewton, GaussNewton, Newton
    from optim.rules.curvature.quasi_newton import BFGS, LBFGS, ConjugateGradient
    from optim.rules.curvature.sophia import Sophia
    from optim.rules.dual_averaging import FTRL, MADGRAD
    from optim.rules.gradients import Accumulate, AnnealedNoise, ClipByNorm, ClipByValue, ScaleGradient
    from optim.rules.layers.adafactor import Adafactor
    from optim.rules.layers.clipping import ClipLayersByNorm
    from optim.rules.layers.fromage import Fromage
    from optim.rules.layers.layerwise import LAMB, LARS, NovoGrad
    from optim.rules.layers.muon import Muon
    from optim.rules.layers.sm3 import SM3
    from optim.rules.optimism import Optimistic
    from optim.rules.parameter_free import COCOB, DAdaptAdam, Prodigy
    from optim.rules.schedule_free import ScheduleFreeAdamW, ScheduleFreeSGD
    from optim.rules.sgd import SGD, HeavyBall, Momentum, Nesterov, Nesterov1983, SutskeverNesterov
    from optim.rules.sign import Lion, Rprop, SignSGD, Signum
    from optim.rules.wrappers import L2, DecoupledDecay, WithMomentum, Wrapper

# fmt: off
_HOMES: dict[str, tuple[str, ...]] = {
    "optim.rules.adagrad_rmsprop": ("Adadelta", "Adagrad", "CenteredRMSprop", "RMSprop"),
    "optim.rules.adam": ("Adam", "AdaMax", "AdamW", "Nadam"),
    "optim.rules.adam_mixtures": ("Adan", "AdEMAMix", "SimplifiedAdEMAMix"),
    "optim.rules.adam_orders": ("ADOPT", "ACProp"),
    "optim.rules.adam_variants": ("AdaBelief", "AMSGrad", "RAdam", "Yogi", "rectification"),
    "optim.rules.averaging": ("EMA", "SWA", "Averaging", "Lookahead", "PolyakRuppert"),
    "optim.rules.curvature.newton": ("DampedNewton", "DiagonalNewton", "GaussNewton", "Newton"),
    "optim.rules.curvature.quasi_newton": ("BFGS", "LBFGS", "ConjugateGradient"),
    "optim.rules.curvature.sophia": ("Sophia",),
    "optim.rules.dual_averaging": ("FTRL", "MADGRAD"),
    "optim.rules.gradients": ("Accumulate", "AnnealedNoise", "ClipByNorm", "ClipByValue", "ScaleGradient"),
    "optim.rules.layers.adafactor": ("Adafactor",),
    "optim.rules.layers.clipping": ("ClipLayersByNorm",),
    "optim.rules.layers.fromage": ("Fromage",),
    "optim.rules.layers.layerwise": ("LAMB", "LARS", "NovoGrad"),
    "optim.rules.layers.muon": ("Muon",),
    "optim.rules.layers.sm3": ("SM3",),
    "optim.rules.optimism": ("Optimistic",),
    "optim.rules.parameter_free": ("COCOB", "DAdaptAdam", "Prodigy"),
    "optim.rules.schedule_free": ("ScheduleFreeAdamW", "ScheduleFreeSGD"),
    "optim.rules.sgd": ("SGD", "HeavyBall", "Momentum", "Nesterov", "Nesterov1983", "SutskeverNesterov"),
    "optim.rules.sign": ("Lion", "Rprop", "SignSGD", "Signum"),
    "optim.rules.wrappers": ("L2", "DecoupledDecay", "WithMomentum", "Wrapper"),
}
# fmt: on

# fmt: off
__all__ = [
    "ADOPT", "BFGS", "BUDGET", "COCOB", "CONVERGED", "DIVERGED", "EMA", "FTRL", "L2", "LAMB", "LARS", "LBFGS",
    "MADGRAD", "SGD", "SM3", "STOPPED", "SWA", "Accumulate", "ACProp", "AdaBelief", "Adadelta", "Adafactor",
    "Adagrad", "Adam", "AdaMax", "AdamW", "Adan", "AdEMAMix", "AMSGrad", "AnnealedNoise", "Averaging",
    "CenteredRMSprop", "ClipByNorm", "ClipByValue", "ClipLayersByNorm", "ConjugateGradient", "DAdaptAdam",
    "DampedNewton", "DecoupledDecay", "DiagonalNewton", "Evaluation", "Fromage", "GaussNewton", "HeavyBall",
    "History", "Hyper", "Lion", "Lookahead", "Momentum", "Muon", "Nadam", "Nesterov", "Nesterov1983",
    "Newton", "NovoGrad", "Optimistic", "Optimizer", "PolyakRuppert", "Prodigy", "RAdam", "Rate", "RMSprop",
    "Rprop", "Run", "ScaleGradient", "ScheduleFreeAdamW", "ScheduleFreeSGD", "SignSGD", "Signum",
    "SimplifiedAdEMAMix", "Slots", "Sophia", "State", "SutskeverNesterov", "WithMomentum", "Wrapper", "Yogi",
    "hyper", "minimize", "rectification", "settled_at",
]
# fmt: on
# public names: end

from stepsize.core.hooks import register_hook  # noqa: E402  (the tool writes the imports above)

register_hook("huge_step", "optim.engines.large:step")
for _name, _place in (
    ("rule_of_batches", "RuleOfBatches"),
    ("starts_of_batches", "starts_of_batches"),
    ("outputs_of_batches", "outputs_of_batches"),
    ("first_run", "first_run"),
):
    register_hook(_name, f"optim.engines.row_by_row:{_place}")
register_hook("scipy_method", "optim.scipy_adapter:as_method")

_FILES = {name: module for module, names in _HOMES.items() for name in names}

if not TYPE_CHECKING:  # a checker would believe that any name is there

    def __getattr__(name: str) -> Any:
        if name == "testing":
            return importlib.import_module("optim.testing")
        if name not in _FILES:
            from stepsize.core.aliases import missing_name

            raise missing_name("optim", name, __all__)
        value = globals()[name] = getattr(importlib.import_module(_FILES[name]), name)
        return value


def __dir__() -> list[str]:
    return sorted({*(name for name in globals() if name.startswith("__")), *__all__})
