"""The schedules of Optax, by their names and arguments."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from schedules.dialects.typed import as_typed
from schedules.families.cosine import Cosine
from schedules.families.decay import Exponential
from schedules.families.piecewise import Interpolated, Piecewise, Shape, StepDecay
from schedules.families.polynomial import Linear, Polynomial
from schedules.feedback.plateau import Plateau
from schedules.schedule import Constant, Schedule
from stepsize.core.display import counted
from stepsize.core.validation import as_count, require

__all__ = [
    "constant_schedule",
    "cosine_decay_schedule",
    "cosine_onecycle_schedule",
    "exponential_decay",
    "join_schedules",
    "linear_onecycle_schedule",
    "linear_schedule",
    "piecewise_constant_schedule",
    "piecewise_interpolate_schedule",
    "polynomial_schedule",
    "reduce_on_plateau",
    "sgdr_schedule",
    "warmup_constant_schedule",
    "warmup_cosine_decay_schedule",
    "warmup_exponential_decay_schedule",
]


@as_typed()
def constant_schedule(value: float) -> Constant:
    """Stay at a value."""
    return Constant(value)


@as_typed(lr="init_value", steps="transition_steps", end="end_value", updates="transition_begin")
def polynomial_schedule(
    init_value: float, end_value: float, power: float, transition_steps: int, transition_begin: int = 0
) -> Schedule:
    """Fall like a power from transition_begin on; a length of 0 or less means: stay."""
    if transition_steps <= 0 or power == 0:
        return Constant(init_value)
    return _delayed(Polynomial(init_value, transition_steps, power, end_value), transition_begin)


@as_typed(lr="init_value", steps="transition_steps", end="end_value", updates="transition_begin")
def linear_schedule(
    init_value: float, end_value: float, transition_steps: int, transition_begin: int = 0
) -> Schedule:
    """Follow a line from transition_begin on; a length of 0 or less means: stay."""
    if transition_steps <= 0:
        return Constant(init_value)
    return _delayed(Linear(init_value, transition_steps, end_value), transition_begin)


@as_typed(at="boundaries_and_scales", values="boundaries_and_scales")
def piecewise_constant_schedule(
    init_value: float, boundaries_and_scales: Mapping[int, float] | None = None
) -> Schedule:
    """Multiply by a scale at each boundary."""
    at, values = _scaled(init_value, boundaries_and_scales)
    return Piecewise(at, values)


@as_typed(at="boundaries_and_scales", values="boundaries_and_scales", shape="interpolate_type")
def piecewise_interpolate_schedule(
    interpolate_type: Shape, init_value: float, boundaries_and_scales: Mapping[int, float] | None = None
) -> Interpolated:
    """Lead from boundary to boundary, by lines or by cosines, to what the scales multiply up to."""
    for scale in (boundaries_and_scales or {}).values():
        require(scale >= 0, "boundaries_and_scales", scale, "scales of at least 0")
    at, values = _scaled(init_value, boundaries_and_scales)
    return _between((0, *at), values, interpolate_type)


@as_typed(
    lr="init_value", every="transition_steps", factor="decay_rate", minimum="end_value", maximum="end_value"
)
def exponential_decay(
    init_value: float,
    transition_steps: int,
    decay_rate: float,
    transition_begin: int = 0,
    staircase: bool = False,
    end_value: float | None = None,
) -> Schedule:
    """Multiply by decay_rate in transition_steps updates, not beyond end_value."""
    if transition_steps <= 0 or decay_rate == 0:
        return Constant(init_value)
    body: Schedule = (
        StepDecay(init_value, decay_rate, transition_steps)
        if staircase
        else Exponential(init_value, -math.log(decay_rate) / transition_steps)
    )
    body = _delayed(body, transition_begin)
    if end_value is None:
        return body
    return body.floor(end_value) if decay_rate < 1 else body.cap(end_value)


@as_typed(lr="init_value", steps="decay_steps", power="exponent", end="alpha")
def cosine_decay_schedule(
    init_value: float, decay_steps: int, alpha: float = 0.0, exponent: float = 1.0
) -> Schedule:
    """Follow a cosine, raised to an exponent, to alpha times the rate."""
    return _cosine(init_value, decay_steps, alpha * init_value, exponent)


@as_typed(at="pct_start", values="peak_value")
def linear_onecycle_schedule(
    transition_steps: int,
    peak_value: float,
    pct_start: float = 0.3,
    pct_final: float = 0.85,
    div_factor: float = 25.0,
    final_div_factor: float = 1e4,
) -> Interpolated:
    """Go by lines up to the peak at int(pct_start T), down at int(pct_final T), and to the end at T."""
    as_count("transition_steps", transition_steps, 1)
    start = peak_value / div_factor
    top, foot = int(pct_start * transition_steps), int(pct_final * transition_steps)
    # Optax loses the peak where two knots meet, as a dict loses one of two values under a key.
    between = f"enough that the peak, at {pct_start} of them, lies before the foot, at {pct_final}"
    require(top < foot <= transition_steps, "transition_steps", transition_steps, between)
    scales = {top: div_factor, foot: 1 / div_factor, transition_steps: 1 / final_div_factor}
    return piecewise_interpolate_schedule("linear", start, scales)


@as_typed(at="pct_start", values="peak_value")
def cosine_onecycle_schedule(
    transition_steps: int,
    peak_value: float,
    pct_start: float = 0.3,
    div_factor: float = 25.0,
    final_div_factor: float = 1e4,
) -> Interpolated:
    """Go by cosines up to the peak at int(pct_start T) and down to the end at T."""
    as_count("transition_steps", transition_steps, 1)
    top = int(pct_start * transition_steps)
    before = f"a part before the end of {transition_steps}"
    require(top < transition_steps, "pct_start", pct_start, before)
    scales = {top: div_factor, transition_steps: 1 / (div_factor * final_div_factor)}
    return piecewise_interpolate_schedule("cosine", peak_value / div_factor, scales)


@as_typed(lr="peak_value", updates="warmup_steps", start="init_value")
def warmup_constant_schedule(init_value: float, peak_value: float, warmup_steps: int) -> Schedule:
    """Rise by a line, then stay."""
    if not warmup_steps:
        return Constant(init_value)  # Optax' line of no length never leaves its start
    return _risen(Constant(peak_value), warmup_steps, init_value)


@as_typed(lr="peak_value", updates="warmup_steps", start="init_value", power="exponent", end="end_value")
def warmup_cosine_decay_schedule(
    init_value: float,
    peak_value: float,
    warmup_steps: int,
    decay_steps: int,
    end_value: float = 0.0,
    exponent: float = 1.0,
) -> Schedule:
    """Rise by a line, fall by a cosine; decay_steps counts the rise in."""
    minimum = warmup_steps + 1
    require(
        decay_steps >= minimum, "decay_steps", decay_steps, f"at least {minimum}, which counts the rise in"
    )
    # From a peak of 0 Optax stays there, whatever the end.
    end = end_value if peak_value else 0.0
    body = _cosine(peak_value, decay_steps - warmup_steps, end, exponent)
    return _risen(body, warmup_steps, init_value)


@as_typed(lr="peak_value", updates="warmup_steps", start="init_value")
def warmup_exponential_decay_schedule(
    init_value: float,
    peak_value: float,
    warmup_steps: int,
    transition_steps: int,
    decay_rate: float,
    transition_begin: int = 0,
    staircase: bool = False,
    end_value: float | None = None,
) -> Schedule:
    """Rise by a line, then decay exponentially."""
    body = exponential_decay(peak_value, transition_steps, decay_rate, transition_begin, staircase, end_value)
    return _risen(body, warmup_steps, init_value)


@as_typed()
def sgdr_schedule(cosine_kwargs: Sequence[Mapping[str, Any]]) -> Schedule:
    """Join warm-ups and cosines, one for each mapping of arguments."""
    lengths = [arguments["decay_steps"] for arguments in cosine_kwargs]
    boundaries = [sum(lengths[: i + 1]) for i in range(len(lengths) - 1)]
    members = [warmup_cosine_decay_schedule(**arguments) for arguments in cosine_kwargs]
    return join_schedules(members, boundaries)


@as_typed()
def join_schedules(schedules: Sequence[Schedule], boundaries: Sequence[int]) -> Schedule:
    """Follow each schedule from its boundary on, where it starts at its own 0."""
    fits = len(boundaries) == len(schedules) - 1
    require(fits, "boundaries", list(boundaries), counted(len(schedules) - 1, "update"))
    *before, whole = schedules
    starts = [0, *boundaries]
    for i in range(len(before) - 1, -1, -1):
        whole = before[i].then(whole, at=starts[i + 1] - starts[i])
    return whole


@as_typed()
def reduce_on_plateau(
    factor: float = 0.1,
    patience: int = 10,
    rtol: float = 1e-4,
    atol: float = 0.0,
    cooldown: int = 0,
    accumulation_size: int = 1,
    min_scale: float = 0.0,
) -> Plateau:
    """Return a scale, 1 at first, to be multiplied with a rate; it is reduced after patience reports.

    The relative tolerance is taken from the size of the best (Optax takes worse values for better where a
    metric is negative), and a patience of 0, which in Optax fires on every improvement, is refused.
    """
    return Plateau(
        1.0,
        factor,
        patience,
        absolute=atol,
        relative=rtol,
        cooldown=cooldown,
        mean=accumulation_size,
        min_lr=min_scale,
    )


def _delayed(body: Schedule, begin: int) -> Schedule:
    return body.delay(begin) if begin > 0 else body  # Optax counts from 0 where it begins before


def _cosine(value: float, steps: int, end: float, exponent: float) -> Schedule:
    return Constant(value) if exponent == 0 else Cosine(value, steps, end, exponent)


def _between(at: tuple[int, ...], values: tuple[float, ...], shape: Shape = "linear") -> Interpolated:
    """Lead from value to value; of two at the same update the later one counts, as in Optax."""
    last = [i for i in range(len(at)) if i + 1 == len(at) or at[i + 1] != at[i]]
    return Interpolated(tuple(at[i] for i in last), tuple(values[i] for i in last), shape)


def _risen(body: Schedule, updates: int, start: float) -> Schedule:
    return body.warmup(updates, start=start) if updates else body


def _scaled(value: float, scales: Mapping[int, float] | None) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Return the boundaries in order, and the values that the scales multiply up to."""
    ordered = sorted((scales or {}).items())
    values = [value]
    for _, scale in ordered:
        values.append(values[-1] * scale)
    return tuple(at for at, _ in ordered), tuple(values)
