"""The schedules of Hugging Face's transformers, by their names and arguments.

Every warm-up there is a line from 0, so that update 0 does nothing; num_training_steps counts it in.
"""

from collections.abc import Callable, Mapping
from typing import Any

from schedules.dialects import torch
from schedules.dialects.base_rate import rate_of
from schedules.dialects.typed import as_typed
from schedules.families.decay import InverseSqrt, Power
from schedules.families.polynomial import Linear, Polynomial
from schedules.families.restarts import PeriodicCosine, Restarts
from schedules.families.warmup_recipes import Noam, WarmupStableDecay
from schedules.feedback.base import Feedback
from schedules.feedback.plateau import Greedy, Plateau
from schedules.schedule import Constant, RiseShape, Schedule
from stepsize.core.validation import did_you_mean, require

__all__ = [
    "Adafactor",
    "GreedyLR",
    "get_constant_schedule",
    "get_constant_schedule_with_warmup",
    "get_cosine_schedule_with_warmup",
    "get_cosine_with_hard_restarts_schedule_with_warmup",
    "get_cosine_with_min_lr_schedule_with_warmup",
    "get_cosine_with_min_lr_schedule_with_warmup_lr_rate",
    "get_greedy_schedule",
    "get_inverse_sqrt_schedule",
    "get_linear_schedule_with_warmup",
    "get_polynomial_decay_schedule_with_warmup",
    "get_reduce_on_plateau_schedule",
    "get_scheduler",
    "get_wsd_schedule",
]


# Our fields, as they are typed there.
_RISE = {
    "updates": "num_warmup_steps",
    "steps": "num_training_steps",
    "lr": "optimizer",
    "power": "power",
    "at": "num_warmup_steps",
}


@as_typed()
def get_constant_schedule(optimizer: Any) -> Constant:
    """Stay."""
    return Constant(rate_of(optimizer))


@as_typed(**_RISE)
def get_constant_schedule_with_warmup(optimizer: Any, num_warmup_steps: int) -> Schedule:
    """Rise, then stay."""
    return _risen(Constant(rate_of(optimizer)), num_warmup_steps)


@as_typed(**_RISE)
def get_linear_schedule_with_warmup(
    optimizer: Any, num_warmup_steps: int, num_training_steps: int
) -> Schedule:
    """Rise, then fall by a line to 0; a warm-up to the end and beyond is followed by 0."""
    lr, left = rate_of(optimizer), num_training_steps - num_warmup_steps
    if left <= 0:
        return _risen(Constant(lr), num_warmup_steps).then(0.0, at=num_warmup_steps)
    return _risen(Linear(lr, left), num_warmup_steps)


@as_typed(**_RISE)
def get_cosine_schedule_with_warmup(
    optimizer: Any, num_warmup_steps: int, num_training_steps: int, num_cycles: float = 0.5
) -> Schedule:
    """Rise, then follow num_cycles waves of a cosine, and on after the end: half a wave leads back up."""
    body = _waves(rate_of(optimizer), 0.0, num_warmup_steps, num_training_steps, num_cycles)
    return _risen(body, num_warmup_steps)


@as_typed(updates="num_warmup_steps", steps="num_training_steps", cycles="num_cycles", lr="optimizer")
def get_cosine_with_hard_restarts_schedule_with_warmup(
    optimizer: Any, num_warmup_steps: int, num_training_steps: int, num_cycles: int = 1
) -> Schedule:
    """Rise, then restart a cosine num_cycles - 1 times, then 0; cycles need not be whole updates long."""
    lr, left = rate_of(optimizer), _left(num_warmup_steps, num_training_steps)
    if num_cycles == 0:
        return _risen(Constant(lr).then(0.0, at=left), num_warmup_steps)
    return _risen(Restarts(lr, left / num_cycles, cycles=num_cycles), num_warmup_steps)


@as_typed(**_RISE)
def get_polynomial_decay_schedule_with_warmup(
    optimizer: Any,
    num_warmup_steps: int,
    num_training_steps: int,
    lr_end: float = 1e-7,
    power: float = 1.0,
) -> Schedule:
    """Rise, then fall like a power to lr_end; a warm-up to the end and beyond is followed by lr_end.

    (At the very update num_training_steps a warm-up of that length divides by zero in transformers.)
    """
    lr, left = rate_of(optimizer), num_training_steps - num_warmup_steps
    require(lr_end < lr, "lr_end", lr_end, f"less than the rate, {lr!r}")
    if num_training_steps == num_warmup_steps == 0:
        require(False, "num_training_steps", 0, "a whole number of at least 1")
    if left <= 0:
        return _risen(Constant(lr), num_warmup_steps).then(lr_end, at=num_warmup_steps)
    if power == 0:
        return _risen(Constant(lr).then(lr_end, at=left + 1), num_warmup_steps)
    return _risen(Polynomial(lr, left, power, lr_end), num_warmup_steps)


@as_typed(updates="num_warmup_steps", scale="timescale", lr="optimizer")
def get_inverse_sqrt_schedule(
    optimizer: Any, num_warmup_steps: int, timescale: int | None = None
) -> Schedule:
    """Rise, then fall like 1 / sqrt(1 + n / timescale), by default the warm-up, or 10 000 without one."""
    scale = timescale if timescale is not None else num_warmup_steps or 10_000
    return _risen(InverseSqrt(rate_of(optimizer), scale), num_warmup_steps)


@as_typed(updates="num_warmup_steps", steps="num_training_steps", cycles="num_cycles", lr="optimizer")
def get_cosine_with_min_lr_schedule_with_warmup(
    optimizer: Any,
    num_warmup_steps: int,
    num_training_steps: int,
    num_cycles: float = 0.5,
    min_lr: float | None = None,
    min_lr_rate: float | None = None,
) -> Schedule:
    """Rise from 0, then follow a cosine that falls to a minimum, and on after the end."""
    lr, minimum = _minimum(optimizer, min_lr, min_lr_rate)
    return _risen(_waves(lr, minimum, num_warmup_steps, num_training_steps, num_cycles), num_warmup_steps)


@as_typed(updates="num_warmup_steps", steps="num_training_steps", cycles="num_cycles", lr="optimizer")
def get_cosine_with_min_lr_schedule_with_warmup_lr_rate(
    optimizer: Any,
    num_warmup_steps: int,
    num_training_steps: int,
    num_cycles: float = 0.5,
    min_lr: float | None = None,
    min_lr_rate: float | None = None,
    warmup_lr_rate: float | None = None,
) -> Schedule:
    """Do the same one update ahead: full at W - 1, at the minimum at T - 1."""
    lr, minimum = _minimum(optimizer, min_lr, min_lr_rate)
    W = num_warmup_steps
    body = _waves(lr, minimum, W, num_training_steps, num_cycles).skip(1)
    if not W:
        return body
    first = lr * (1 / W if warmup_lr_rate is None else warmup_lr_rate)
    return Linear(first, max(W - 1, 1), lr).then(body, at=W)


@as_typed(
    rise="num_warmup_steps",
    stable="num_stable_steps",
    fall="num_decay_steps",
    shape="decay_type",
    rise_shape="warmup_type",
    updates="num_decay_steps",
    lr="optimizer",
)
def get_wsd_schedule(
    optimizer: Any,
    num_warmup_steps: int,
    num_decay_steps: int,
    num_training_steps: int | None = None,
    num_stable_steps: int | None = None,
    warmup_type: RiseShape = "linear",
    decay_type: str = "cosine",
    min_lr_ratio: float = 0.0,
    num_cycles: float = 0.5,
) -> Schedule:
    """Rise, stay, fall; the minimum is where the rise starts as well.

    Where the parts are longer than num_training_steps, the fall is underway when the rise ends.
    """
    lr = rate_of(optimizer)
    if num_stable_steps is None:
        if num_training_steps is None:
            raise ValueError("num_stable_steps: got None, expected it or num_training_steps")
        num_stable_steps = num_training_steps - num_warmup_steps - num_decay_steps
    shape: Any = decay_type
    if decay_type == "cosine" and num_cycles != 0.5:
        shape = PeriodicCosine(1.0, num_decay_steps / (2 * num_cycles)).then(0.0, at=num_decay_steps)
    minimum = min_lr_ratio * lr
    if num_decay_steps == 0 or num_stable_steps < 0:
        return _short_of_time(
            lr, num_warmup_steps, num_stable_steps, num_decay_steps, shape, minimum, warmup_type
        )
    return WarmupStableDecay(
        lr, num_warmup_steps, num_stable_steps, num_decay_steps, shape, minimum, minimum, warmup_type
    )


@as_typed()
def get_reduce_on_plateau_schedule(optimizer: Any, **arguments: Any) -> Plateau:
    """Return torch's rule."""
    return torch.ReduceLROnPlateau(optimizer, **arguments)


@as_typed()
def GreedyLR(
    optimizer: Any,
    mode: str = "min",
    factor: float = 0.95,
    patience: int = 10,
    threshold: float = 1e-6,
    threshold_mode: str = "abs",
    cooldown: int = 0,
    warmup: int = 0,
    min_lr: float = 1e-3,
    max_lr: float = 1.0,
    eps: float = 1e-8,
    smooth: bool = False,
    window_size: int = 50,
) -> Greedy:
    """Raise the rate after good reports, lower it after bad ones."""
    require(mode in ("min", "max"), "mode", mode, "min or max")
    require(threshold_mode in ("rel", "abs"), "threshold_mode", threshold_mode, "rel or abs")
    relative = threshold if threshold_mode == "rel" else 0.0
    return Greedy(
        rate_of(optimizer),
        factor,
        patience,
        threshold - relative,
        relative,
        cooldown,
        warmup,
        min_lr,
        max_lr,
        window_size if smooth else 1,
        eps,
        mode == "max",
    )


@as_typed()
def get_greedy_schedule(optimizer: Any, **arguments: Any) -> Greedy:
    """Return `GreedyLR`."""
    return GreedyLR(optimizer, **arguments)


@as_typed()
def Adafactor(
    params: Any = None,
    scale_parameter: bool = True,
    relative_step: bool = True,
    warmup_init: bool = False,
) -> Schedule:
    """Return Adafactor's relative step: min(1e-2, 1/sqrt(t)), or min(1e-6 t, 1/sqrt(t)) with warmup_init.

    ``scale_parameter`` multiplies it by the size of the parameters, which no schedule knows.
    """
    # Noam's rate for a model of width 1 that warms up for 10^4 updates is min(t^-1/2, 1e-6 t).
    return Noam(1, 10_000) if warmup_init else Power(1.0, 0.5).cap(1e-2)


@as_typed()
def get_scheduler(
    name: str,
    optimizer: Any,
    num_warmup_steps: int | None = None,
    num_training_steps: int | None = None,
    scheduler_specific_kwargs: Mapping[str, Any] | None = None,
) -> Schedule | Feedback:
    """Return the schedule of that name."""
    if name not in _BY_NAME:
        hint = did_you_mean(name, list(_BY_NAME)) or f", expected one of {', '.join(_BY_NAME)}"
        raise ValueError(f"name: got {name!r}{hint}")
    function, wants = _BY_NAME[name]
    lengths = {"num_warmup_steps": num_warmup_steps, "num_training_steps": num_training_steps}
    needed = {word: lengths[word] for word in wants}
    made: Schedule | Feedback = function(optimizer, **needed, **(scheduler_specific_kwargs or {}))
    return made


_BOTH = ("num_warmup_steps", "num_training_steps")
_BY_NAME: dict[str, tuple[Callable[..., Any], tuple[str, ...]]] = {
    "linear": (get_linear_schedule_with_warmup, _BOTH),
    "cosine": (get_cosine_schedule_with_warmup, _BOTH),
    "cosine_with_restarts": (get_cosine_with_hard_restarts_schedule_with_warmup, _BOTH),
    "polynomial": (get_polynomial_decay_schedule_with_warmup, _BOTH),
    "constant": (get_constant_schedule, ()),
    "constant_with_warmup": (get_constant_schedule_with_warmup, _BOTH[:1]),
    "inverse_sqrt": (get_inverse_sqrt_schedule, _BOTH[:1]),
    "reduce_lr_on_plateau": (get_reduce_on_plateau_schedule, ()),
    "cosine_with_min_lr": (get_cosine_with_min_lr_schedule_with_warmup, _BOTH),
    "cosine_warmup_with_min_lr": (get_cosine_with_min_lr_schedule_with_warmup_lr_rate, _BOTH),
    "warmup_stable_decay": (get_wsd_schedule, _BOTH),
    "greedy": (get_greedy_schedule, ()),
}


def _left(num_warmup_steps: int, num_training_steps: int) -> int:
    """Return the updates after the warm-up: at least 1, as transformers divides by."""
    return max(1, num_training_steps - num_warmup_steps)


def _waves(
    lr: Any, minimum: Any, num_warmup_steps: int, num_training_steps: int, num_cycles: float
) -> Schedule:
    """Return num_cycles waves of a cosine over what is left after the warm-up, and on."""
    if num_cycles == 0:
        return Constant(lr)
    return PeriodicCosine(lr, _left(num_warmup_steps, num_training_steps) / (2 * num_cycles), minimum)


def _short_of_time(
    lr: Any, rise: int, stable: int, fall: int, shape: Any, minimum: float, rise_shape: RiseShape
) -> Schedule:
    """Return a rise, what there is of the plateau and the fall, and the minimum."""
    if fall == 0:
        body: Schedule = Constant(lr).then(minimum, at=max(stable, 0))
    else:
        body = Constant(lr).cooldown(fall, at=0, shape=shape, end=minimum).skip(-stable)
    if not rise:
        return body
    return Constant(lr).warmup(rise, start=minimum, shape=rise_shape).then(body, at=rise)


def _risen(body: Schedule, updates: int) -> Schedule:
    return body.warmup(updates, start=0.0) if updates else body


def _minimum(optimizer: Any, min_lr: float | None, min_lr_rate: float | None) -> tuple[Any, Any]:
    lr = rate_of(optimizer)
    if (min_lr is None) == (min_lr_rate is None):
        raise ValueError(
            f"min_lr: got {min_lr} and a min_lr_rate of {min_lr_rate}, expected exactly one of them"
        )
    return lr, min_lr if min_lr_rate is None else min_lr_rate * lr
