"""Choice: whether the compiled engine can make a run, and if not, why."""

from typing import Any

import numpy as np

from optim.engines.chunks import Engine, Stop
from optim.engines.compiled.batch import CompiledBatch
from optim.engines.compiled.llvm import MISSING, is_installed
from optim.engines.compiled.single import CompiledRun
from optim.engines.symbols import Untraceable
from optim.hyperparameters import rate_kind
from optim.optimizer import Optimizer, Slots
from optim.steppers import Stepper

__all__ = ["compiled_engine", "reason_against"]

Array = np.ndarray[Any, Any]


def compiled_engine(stepper: Stepper, x: Array, slots: Slots, n: int, stop: Stop) -> Engine | str:
    """Return the engine that makes a run from update n on, or in words why there is none."""
    if not is_installed():
        return MISSING
    reason = reason_against(stepper.optimizer, x, slots)
    if reason is not None:
        return reason
    if x.ndim > 2:
        return f"x has {x.ndim} axes, more than (runs, parameters)"
    if stepper.problem.varies:
        return "the problem varies from update to update"
    try:
        return (
            CompiledRun(stepper, x, slots, n, *stop) if x.ndim == 1 else CompiledBatch(stepper, x, slots, n)
        )
    except Untraceable as error:
        return str(error)


def reason_against(optimizer: Optimizer, x: Array, slots: Slots) -> str | None:
    """Return why a rule cannot be compiled, as far as it declares it; None if nothing speaks against it."""
    if rate_kind(optimizer.lr) != "schedule":
        return "the rate answers to the run"
    if not optimizer.elementwise:
        return f"{type(optimizer).__name__} does not go coordinate by coordinate"
    if optimizer.requires:
        return f"{type(optimizer).__name__} needs more than the gradient"
    if x.dtype not in (np.float64, np.float32):
        return f"it has float64 and float32 alone, not {x.dtype}"
    if any(np.shape(slot) != x.shape or slot.dtype != x.dtype for slot in slots):
        return "a slot is not like x"
    return None
