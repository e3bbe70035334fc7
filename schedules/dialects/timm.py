"""The schedulers of timm, by their names and arguments.

timm gets the time before every update, ``scheduler.step(n)``. A warm-up is a line from warmup_lr_init;
with ``warmup_prefix`` the schedule starts after it, without it the schedule has been running underneath.
"""

from collections.abc import Callable, Sequence
from typing import Any

from schedules.combinators.warmup_cooldown import Cooldown
from schedules.dialects import torch
from schedules.dialects.base_rate import rate_of
from schedules.dialects.typed import as_typed
from schedules.families.cosine import Cosine, Tanh
from schedules.families.custom import FromFunction
from schedules.families.decay import Power
from schedules.families.piecewise import MultiStep, StepDecay
from schedules.families.polynomial import Geometric, Linear, Polynomial
from schedules.families.restarts import Cycles, Restarts
from schedules.feedback.base import Feedback, FeedbackProduct
from schedules.schedule import Constant, Schedule
from stepsize.core.validation import require

__all__ = [
    "CosineLRScheduler",
    "MultiStepLRScheduler",
    "PlateauLRScheduler",
    "PolyLRScheduler",
    "StepLRScheduler",
    "TanhLRScheduler",
    "WSDLRScheduler",
    "create_scheduler_v2",
]


# Our fields, as they are typed there.
_CYCLES = {
    "steps": "t_initial",
    "end": "lr_min",
    "mult": "cycle_mul",
    "decay": "cycle_decay",
    "cycles": "cycle_limit",
    "k": "k_decay",
    "at": "warmup_t",
    "updates": "warmup_t",
}


@as_typed(**_CYCLES)
def CosineLRScheduler(
    optimizer: Any,
    t_initial: int,
    lr_min: float = 0.0,
    cycle_mul: float = 1.0,
    cycle_decay: float = 1.0,
    cycle_limit: int = 1,
    warmup_t: int = 0,
    warmup_lr_init: float = 0.0,
    warmup_prefix: bool = False,
    k_decay: float = 1.0,
) -> Schedule:
    """Follow a cosine to lr_min, in cycles if cycle_limit is above 1, then hold lr_min."""
    lr = rate_of(optimizer)
    if cycle_limit == 1:
        body: Schedule = Cosine(lr, t_initial, lr_min, k=k_decay)
    elif k_decay == 1.0:
        body = Restarts(lr, t_initial, cycle_mul, cycle_decay, lr_min, cycle_limit)
    else:
        unit = Cosine(1.0, t_initial, k=k_decay)
        body = _cycles(unit, lr, t_initial, lr_min, cycle_mul, cycle_decay, cycle_limit)
    return _risen(body, warmup_t, warmup_lr_init, warmup_prefix, lr)


@as_typed(**_CYCLES)
def TanhLRScheduler(
    optimizer: Any,
    t_initial: int,
    lb: float = -7.0,
    ub: float = 3.0,
    lr_min: float = 0.0,
    cycle_mul: float = 1.0,
    cycle_decay: float = 1.0,
    cycle_limit: int = 1,
    warmup_t: int = 0,
    warmup_lr_init: float = 0.0,
    warmup_prefix: bool = False,
) -> Schedule:
    """Follow a hyperbolic tangent to lr_min."""
    lr = rate_of(optimizer)
    if cycle_limit == 1:
        body: Schedule = Tanh(lr, t_initial, lr_min, lb, ub)
    else:
        unit = Tanh(1.0, t_initial, 0.0, lb, ub)
        body = _cycles(unit, lr, t_initial, lr_min, cycle_mul, cycle_decay, cycle_limit)
    # Here alone the line leads to the schedule itself where that has been running underneath.
    top = lr if warmup_prefix else body(warmup_t)
    return _risen(body, warmup_t, warmup_lr_init, warmup_prefix, top)


@as_typed(**_CYCLES)
def PolyLRScheduler(
    optimizer: Any,
    t_initial: int,
    power: float = 0.5,
    lr_min: float = 0.0,
    cycle_mul: float = 1.0,
    cycle_decay: float = 1.0,
    cycle_limit: int = 1,
    warmup_t: int = 0,
    warmup_lr_init: float = 0.0,
    warmup_prefix: bool = False,
    k_decay: float = 1.0,
) -> Schedule:
    """Fall like a power to lr_min."""
    lr = rate_of(optimizer)
    if cycle_limit == 1:
        body: Schedule = Polynomial(lr, t_initial, power, lr_min, k_decay)
    else:
        unit = Polynomial(1.0, t_initial, power, k=k_decay)
        body = _cycles(unit, lr, t_initial, lr_min, cycle_mul, cycle_decay, cycle_limit)
    return _risen(body, warmup_t, warmup_lr_init, warmup_prefix, lr)


@as_typed(every="decay_t", factor="decay_rate", steps="warmup_t")
def StepLRScheduler(
    optimizer: Any,
    decay_t: float,
    decay_rate: float = 1.0,
    warmup_t: int = 0,
    warmup_lr_init: float = 0.0,
    warmup_prefix: bool = True,
) -> Schedule:
    """Multiply by decay_rate (1 by default: no decay) every decay_t updates, which need not be whole."""
    lr = rate_of(optimizer)
    return _risen(StepDecay(lr, decay_rate, decay_t), warmup_t, warmup_lr_init, warmup_prefix, lr)


@as_typed(at="decay_t", factor="decay_rate", steps="warmup_t")
def MultiStepLRScheduler(
    optimizer: Any,
    decay_t: Sequence[int],
    decay_rate: float = 1.0,
    warmup_t: int = 0,
    warmup_lr_init: float = 0.0,
    warmup_prefix: bool = True,
) -> Schedule:
    """Multiply by decay_rate one update before each of decay_t: on purpose, as its authors say."""
    lr = rate_of(optimizer)
    body = MultiStep(lr, decay_rate, tuple(max(t - 1, 0) for t in decay_t))
    return _risen(body, warmup_t, warmup_lr_init, warmup_prefix, lr)


@as_typed(updates="decay_t", at="t_initial", end="lr_min", shape="decay_fn", steps="warmup_t")
def WSDLRScheduler(
    optimizer: Any,
    t_initial: int,
    decay_t: int,
    lr_min: float = 0.0,
    stable_fn: str = "constant",
    stable_timescale: float | None = None,
    stable_power: float = 0.5,
    decay_fn: str | Callable[[float], float] = "1-sqrt",
    decay_power: float = 0.5,
    decay_ratio: float = 0.1,
    warmup_t: int = 0,
    warmup_lr_init: float = 0.0,
) -> Schedule:
    """Warm up, then stay (or fall slowly) and cool down in the last decay_t of t_initial updates."""
    lr = rate_of(optimizer)
    known = ("constant", "rsqrt", "power")
    require(stable_fn in known, "stable_fn", stable_fn, f"one of {', '.join(known)}")
    body: Schedule = Constant(lr)
    if stable_fn != "constant":
        scale = warmup_t if stable_timescale is None else stable_timescale
        body = Power(lr, 0.5 if stable_fn == "rsqrt" else stable_power, scale).floor(lr_min)
    shape: Any = decay_fn
    if decay_fn == "power":
        shape = Polynomial(1.0, decay_t, k=decay_power)
    elif decay_fn == "exp":
        left = decay_ratio / (1 - decay_ratio)
        shape = Geometric(1 / (1 - decay_ratio), decay_t, left) + -left
    elif callable(decay_fn):
        # timm hands over the part of the cooldown that has passed.
        shape = FromFunction(lambda n: decay_fn(min(n / decay_t, 1.0)))
    body = Cooldown(body, decay_t, t_initial - decay_t, shape, lr_min)
    return _risen(body, warmup_t, warmup_lr_init, True, lr)


@as_typed()
def create_scheduler_v2(
    optimizer: Any,
    sched: str = "cosine",
    num_epochs: int = 300,
    decay_epochs: float | None = None,
    decay_milestones: Sequence[int] = (90, 180, 270),
    patience_epochs: int = 10,
    decay_rate: float = 0.1,
    min_lr: float = 0.0,
    warmup_lr: float = 1e-5,
    warmup_epochs: int = 0,
    warmup_prefix: bool = False,
    cycle_mul: float = 1.0,
    cycle_decay: float = 0.1,
    cycle_limit: int = 1,
    k_decay: float = 1.0,
    decay_fn: str | None = None,
    stable_timescale: float | None = None,
    plateau_mode: str = "max",
) -> Schedule | Feedback:
    """Return what timm's factory makes, without the number of epochs that it returns beside it."""
    rise: dict[str, Any] = {"warmup_t": warmup_epochs, "warmup_lr_init": warmup_lr}
    prefixed = {**rise, "warmup_prefix": warmup_prefix}
    cycles: dict[str, Any] = {"cycle_mul": cycle_mul, "cycle_decay": cycle_decay, "cycle_limit": cycle_limit}
    match sched:
        case "cosine":
            return CosineLRScheduler(optimizer, num_epochs, min_lr, **cycles, **prefixed, k_decay=k_decay)
        case "tanh":
            return TanhLRScheduler(optimizer, num_epochs, lr_min=min_lr, **cycles, **prefixed)
        case "poly":
            return PolyLRScheduler(
                optimizer, num_epochs, decay_rate, min_lr, **cycles, **prefixed, k_decay=k_decay
            )
        case "step":
            return StepLRScheduler(
                optimizer, 90 if decay_epochs is None else decay_epochs, decay_rate, **prefixed
            )
        case "constant":
            return StepLRScheduler(optimizer, 1, **prefixed)
        case "multistep":
            return MultiStepLRScheduler(optimizer, decay_milestones, decay_rate, **prefixed)
        case "plateau":
            return PlateauLRScheduler(
                optimizer, decay_rate, patience_epochs, **rise, lr_min=min_lr, mode=plateau_mode
            )
        case "wsd" | "rsqrt":
            length = num_epochs if warmup_prefix else num_epochs - warmup_epochs
            decay = 0.2 if decay_epochs is None else decay_epochs
            return WSDLRScheduler(
                optimizer,
                length,
                round(decay * length if 0 < decay < 1 else decay),
                min_lr,
                "rsqrt" if sched == "rsqrt" else "constant",
                stable_timescale,
                decay_fn=decay_fn or ("linear" if sched == "rsqrt" else "1-sqrt"),
                **rise,
            )
    known = "cosine, tanh, poly, step, constant, multistep, plateau, wsd, rsqrt"
    raise ValueError(f"sched: got {sched!r}, expected one of {known}")


@as_typed()
def PlateauLRScheduler(
    optimizer: Any,
    decay_rate: float = 0.1,
    patience_t: int = 10,
    threshold: float = 1e-4,
    cooldown_t: int = 0,
    warmup_t: int = 0,
    warmup_lr_init: float = 0.0,
    lr_min: float = 0.0,
    mode: str = "max",
) -> Feedback:
    """Return torch's rule behind a warm-up during which metrics are ignored."""
    rule = torch.ReduceLROnPlateau(
        optimizer, mode, decay_rate, patience_t, threshold, cooldown=cooldown_t, min_lr=lr_min
    )
    if not warmup_t:
        return rule
    # timm counts epochs from 1, and so is one update further up the ramp.
    ramp = Constant(1.0).warmup(warmup_t, start=warmup_lr_init / rule.lr).skip(1)
    return FeedbackProduct(rule.replace(wait=warmup_t), ramp)


def _cycles(
    unit: Schedule, lr: float, steps: int, lr_min: float, mul: float, decay: float, limit: int
) -> Schedule:
    """Return lr_min + (lr decay^i - lr_min) unit in cycle i, then lr_min."""
    peaks = Cycles(unit * lr, steps, mul, decay, limit)
    return peaks + Cycles(unit * -lr_min, steps, mul, 1.0, limit) + lr_min if lr_min else peaks


def _risen(body: Schedule, updates: int, start: float, prefix: bool, top: Any) -> Schedule:
    """Return a line from `start` towards `top`, then the body from its beginning or underway."""
    if not updates:
        return body
    return Linear(start, updates, top).then(body if prefix else body.skip(updates), at=updates)
