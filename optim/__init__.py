"""Which way: the optimizers, the loop that runs them, and the record that a run leaves.

A family of optimizers is loaded when one of them is first used, so that ``import optim`` takes hardly longer
than ``import numpy``.
"""

import importlib
from typing import TYPE_CHECKING, Any

from optim.loop import *
from optim.loop import __all__ as _loop
from optim.optimizer import *
from optim.optimizer import __all__ as _optimizer
from optim.run import *
from optim.run import __all__ as _run
from optim.state import *
from optim.state import __all__ as _state

if TYPE_CHECKING:
    from optim.adam import *
    from optim.adaptive import *
    from optim.averaging import *
    from optim.clipping import *
    from optim.curvature import *
    from optim.gradient import *
    from optim.quasi_newton import *
    from optim.quirks import *
    from optim.rate_free import *
    from optim.schedule_free import *
    from optim.second_moment import *
    from optim.sign import *
    from optim.wrappers import *

# Every family by its file, and what it has for everybody.
_FAMILIES = {
    "gradient": ("SGD", "HeavyBall", "Momentum", "Nesterov", "Nesterov1983", "SutskeverNesterov"),
    "adaptive": ("Adadelta", "Adagrad", "CenteredRMSprop", "RMSprop"),
    "adam": ("AdaMax", "Adam", "AdamW", "Nadam"),
    "second_moment": ("AMSGrad", "AdaBelief", "RAdam", "Yogi"),
    "sign": ("Lion", "Rprop", "SignSGD", "Signum"),
    "curvature": ("DampedNewton", "DiagonalNewton", "GaussNewton", "Newton"),
    "quasi_newton": ("BFGS", "LBFGS", "ConjugateGradient"),
    "schedule_free": ("ScheduleFreeAdamW", "ScheduleFreeSGD"),
    "rate_free": ("DAdaptAdam", "Prodigy"),
    "wrappers": ("L2", "DecoupledDecay", "WithMomentum", "Wrapper"),
    "clipping": ("ClipByNorm", "ClipByValue"),
    "averaging": ("EMA", "SWA", "Averaging", "Lookahead", "PolyakRuppert"),
    "quirks": (
        "KerasScheduleFreeAdamW",
        "OptaxAdadeltaAscending",
        "OptaxAdam",
        "OptaxRpropOneStepLate",
        "OptaxScheduleFreeAdamW",
        "OptaxScheduleFreeSGD",
        "TorchASGD",
        "TorchAdagrad",
    ),
}
_FILES = {name: file for file, names in _FAMILIES.items() for name in names}

__all__ = [*_optimizer, *_FILES, *_loop, *_run, *_state]


def __getattr__(name: str) -> Any:
    if name not in _FILES:
        raise AttributeError(f"module 'optim' has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(f"optim.{_FILES[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
