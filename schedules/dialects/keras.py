"""keras.optimizers.schedules, and the callbacks that set the rate, by their names and arguments."""

import inspect
import math
from collections.abc import Callable, Sequence
from typing import Any

from schedules.dialects.base_rate import rate_of
from schedules.dialects.typed import as_typed
from schedules.families.cosine import Cosine
from schedules.families.custom import FromFunction, Recursion
from schedules.families.cyclical import Sawtooth
from schedules.families.decay import Exponential, InverseTime
from schedules.families.piecewise import Piecewise, StepDecay
from schedules.families.polynomial import Polynomial
from schedules.families.restarts import Restarts
from schedules.feedback.plateau import Plateau
from schedules.schedule import Constant, Schedule
from stepsize.core.validation import as_count, as_number, require

__all__ = [
    "SGD",
    "CosineDecay",
    "CosineDecayRestarts",
    "ExponentialDecay",
    "InverseTimeDecay",
    "LearningRateScheduler",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
    "ReduceLROnPlateau",
]


@as_typed(lr="initial_learning_rate", every="decay_steps", factor="decay_rate")
def ExponentialDecay(
    initial_learning_rate: float, decay_steps: int, decay_rate: float, staircase: bool = False
) -> Schedule:
    """Multiply by decay_rate in decay_steps updates, gradually or (staircase) at once."""
    as_count("decay_steps", decay_steps, 1)
    require(as_number("decay_rate", decay_rate) >= 0, "decay_rate", decay_rate, "a factor of at least 0")
    if staircase:
        return StepDecay(initial_learning_rate, decay_rate, decay_steps)
    if decay_rate == 0:
        return Constant(initial_learning_rate).then(0.0, at=1)
    return Exponential(initial_learning_rate, -math.log(decay_rate) / decay_steps)


@as_typed(at="boundaries")
def PiecewiseConstantDecay(boundaries: Sequence[int], values: Sequence[float]) -> Piecewise:
    """Hold values between boundaries, which are inclusive: the new value applies one update after each."""
    return Piecewise(tuple(b + 1 for b in boundaries), tuple(values))


@as_typed(lr="initial_learning_rate", steps="decay_steps", end="end_learning_rate")
def PolynomialDecay(
    initial_learning_rate: float,
    decay_steps: int,
    end_learning_rate: float = 1e-4,
    power: float = 1.0,
    cycle: bool = False,
) -> Schedule:
    """Fall like a power; with cycle, jump up at each multiple of decay_steps and fall again."""
    as_count("decay_steps", decay_steps, 1)
    if power == 0:
        return Constant(initial_learning_rate)
    shape = Sawtooth if cycle else Polynomial
    return shape(initial_learning_rate, decay_steps, power, end_learning_rate)


@as_typed(lr="initial_learning_rate", c="decay_rate", decay="decay_rate")
def InverseTimeDecay(
    initial_learning_rate: float, decay_steps: int, decay_rate: float, staircase: bool = False
) -> Schedule:
    """Divide by 1 + decay_rate n / decay_steps, gradually or (staircase) every decay_steps updates."""
    as_count("decay_steps", decay_steps, 1)
    if staircase:
        return InverseTime(initial_learning_rate, decay_rate).per_epoch(decay_steps)
    return InverseTime(initial_learning_rate, decay_rate / decay_steps)


@as_typed(
    lr="initial_learning_rate",
    steps="decay_steps",
    end="alpha",
    updates="warmup_steps",
    start="initial_learning_rate",
)
def CosineDecay(
    initial_learning_rate: float,
    decay_steps: int,
    alpha: float = 0.0,
    warmup_target: float | None = None,
    warmup_steps: int = 0,
) -> Schedule:
    """Follow a cosine to alpha times the rate; decay_steps leaves out the warm-up.

    Keras leaves a warm-up without a target out in silence; here it is refused.
    """
    if warmup_target is None:
        require(warmup_steps == 0, "warmup_steps", warmup_steps, "0 where there is no warmup_target")
        return Cosine(initial_learning_rate, decay_steps, alpha * initial_learning_rate)
    body = Cosine(warmup_target, decay_steps, alpha * warmup_target)
    return body.warmup(warmup_steps, start=initial_learning_rate) if warmup_steps else body


@as_typed(lr="initial_learning_rate", steps="first_decay_steps", mult="t_mul", decay="m_mul", end="alpha")
def CosineDecayRestarts(
    initial_learning_rate: float,
    first_decay_steps: int,
    t_mul: float = 2.0,
    m_mul: float = 1.0,
    alpha: float = 0.0,
) -> Schedule:
    """Restart a cosine; the foot, alpha times the first peak, stays while the height above it shrinks."""
    foot = alpha * initial_learning_rate
    if m_mul == 1.0 or foot == 0.0:
        return Restarts(initial_learning_rate, first_decay_steps, t_mul, m_mul, foot)
    return Restarts(initial_learning_rate - foot, first_decay_steps, t_mul, m_mul) + foot


@as_typed()
def LearningRateScheduler(
    schedule: Callable[..., float], verbose: int = 0, optimizer: Any = None
) -> Schedule:
    """Ask a function of the epoch, or of the epoch and the current rate, which makes its answers compound.

    Keras hands over the current rate, so a function that divides it, divides again and again.
    """
    if len(inspect.signature(schedule).parameters) == 1:
        return FromFunction(schedule)
    return Recursion(rate_of(optimizer), schedule)


@as_typed()
def SGD(learning_rate: float = 0.01, decay: float = 0.0) -> InverseTime:
    """Return the rate of Keras 1 and 2 for ``decay=``, counted in batches; Keras 3 ignores it."""
    return InverseTime(learning_rate, decay)


@as_typed()
def ReduceLROnPlateau(
    optimizer: Any,
    monitor: str = "val_loss",
    factor: float = 0.1,
    patience: int = 10,
    mode: str = "auto",
    min_delta: float = 1e-4,
    cooldown: int = 0,
    min_lr: float = 0.0,
) -> Plateau:
    """Reduce after patience reports; the first argument is the rate, which Keras finds in the model.

    A cooldown of c swallows c - 1 reports: Keras counts the one on which it runs out. In mode "auto" Keras
    asks the model which way its metric goes; here it is known of losses and accuracies.
    """
    known = ("min", "max", "auto")
    require(mode in known, "mode", mode, f"one of {', '.join(known)}")
    rises = monitor.endswith(("acc", "accuracy"))
    if mode == "auto" and not rises:
        falls = monitor.removeprefix("val_") == "loss"
        require(falls, "mode", mode, f"'min' or 'max', because {monitor!r} may be meant to go either way")
    return Plateau(
        rate_of(optimizer),
        factor,
        max(patience, 1),
        absolute=min_delta,
        cooldown=max(cooldown - 1, 0),
        min_lr=min_lr,
        maximize=mode == "max" or (mode == "auto" and rises),
    )
