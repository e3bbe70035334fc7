"""torch.optim.lr_scheduler (and SWALR, and the rate inside ASGD), by its names and arguments.

Where a scheduler takes the optimizer, give the rate: ``StepLR(0.1, step_size=30)``. What torch calls a step
or an epoch is an update here. torch computes most rates from the one before; these are the closed forms.
"""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from schedules.combinators.algebra import Product
from schedules.dialects.base_rate import rate_of
from schedules.dialects.typed import as_typed
from schedules.families.cosine import Cosine
from schedules.families.custom import FromFunction, Recursion
from schedules.families.cyclical import Cyclic
from schedules.families.decay import Exponential, Power
from schedules.families.piecewise import Interpolated, MultiStep, Shape, StepDecay
from schedules.families.polynomial import Linear, Polynomial
from schedules.families.restarts import PeriodicCosine, Restarts
from schedules.feedback.plateau import Plateau
from schedules.schedule import Constant, Schedule
from stepsize.core.display import counted
from stepsize.core.validation import as_count, as_number, describe_value, require

__all__ = [
    "ASGD",
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "CyclicLR_momentum",
    "ExponentialLR",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "OneCycleLR",
    "OneCycleLR_momentum",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "SWALR",
    "SequentialLR",
    "StepLR",
]


@as_typed(every="step_size", factor="gamma", lr="optimizer")
def StepLR(optimizer: Any, step_size: int, gamma: float = 0.1) -> StepDecay:
    """Multiply by gamma every step_size updates."""
    return StepDecay(rate_of(optimizer), gamma, step_size)


@as_typed(at="milestones", factor="gamma", lr="optimizer")
def MultiStepLR(optimizer: Any, milestones: Sequence[int], gamma: float = 0.1) -> MultiStep:
    """Multiply by gamma at each milestone."""
    return MultiStep(rate_of(optimizer), gamma, tuple(milestones))


@as_typed(at="total_iters")
def ConstantLR(optimizer: Any, factor: float = 1 / 3, total_iters: int = 5) -> Schedule:
    """Hold factor times the rate for total_iters updates, then the rate."""
    lr = rate_of(optimizer)
    require(0 <= as_number("factor", factor) <= 1, "factor", factor, "a factor from 0 to 1")
    return Constant(lr * factor).then(lr, at=total_iters)


@as_typed(steps="total_iters")
def LinearLR(
    optimizer: Any, start_factor: float = 1 / 3, end_factor: float = 1.0, total_iters: int = 5
) -> Linear:
    """Go from start_factor to end_factor times the rate."""
    lr = rate_of(optimizer)
    whole = "a factor above 0 and at most 1"
    require(0 < as_number("start_factor", start_factor) <= 1, "start_factor", start_factor, whole)
    parts = "a factor from 0 to 1"
    require(0 <= as_number("end_factor", end_factor) <= 1, "end_factor", end_factor, parts)
    return Linear(lr * start_factor, total_iters, lr * end_factor)


@as_typed()
def ExponentialLR(optimizer: Any, gamma: float) -> Schedule:
    """Multiply by gamma every update."""
    lr = rate_of(optimizer)
    require(as_number("gamma", gamma) >= 0, "gamma", gamma, "a factor of at least 0")
    return Constant(lr).then(0.0, at=1) if gamma == 0 else Exponential(lr, -math.log(gamma))


@as_typed(steps="total_iters")
def PolynomialLR(optimizer: Any, total_iters: int = 5, power: float = 1.0) -> Schedule:
    """Fall to 0 like a power."""
    if power == 0:
        return Constant(rate_of(optimizer))
    return Polynomial(rate_of(optimizer), total_iters, power)


@as_typed()
def LambdaLR(optimizer: Any, lr_lambda: Callable[[int], float]) -> Schedule:
    """Multiply the rate by a function of n."""
    _refuse_numbers(lr_lambda)
    return Product(FromFunction(lr_lambda), Constant(rate_of(optimizer)))


@as_typed()
def MultiplicativeLR(optimizer: Any, lr_lambda: Callable[[int], float]) -> Recursion:
    """Multiply the last rate by a function of n, from update 1 on."""
    _refuse_numbers(lr_lambda)
    return Recursion(rate_of(optimizer), lambda n, rate: rate * lr_lambda(n) if n else rate)


@as_typed(steps="T_max", end="eta_min")
def CosineAnnealingLR(optimizer: Any, T_max: float, eta_min: float = 0.0) -> PeriodicCosine:
    """Follow a cosine down to eta_min at T_max, and up again after it; `Cosine` stays down."""
    return PeriodicCosine(rate_of(optimizer), T_max, eta_min)


@as_typed(steps="T_0", mult="T_mult", end="eta_min")
def CosineAnnealingWarmRestarts(optimizer: Any, T_0: int, T_mult: int = 1, eta_min: float = 0.0) -> Restarts:
    """Restart a cosine after T_0, T_0 T_mult, ... updates."""
    return Restarts(rate_of(optimizer), T_0, T_mult, end=eta_min)


@as_typed(
    up="step_size_up", down="step_size_down", lr="max_lr", low="base_lr", base="base_lr", steps="step_size_up"
)
def CyclicLR(
    optimizer: Any,
    base_lr: float,
    max_lr: float,
    step_size_up: int = 2000,
    step_size_down: int | None = None,
    mode: str = "triangular",
    gamma: float = 1.0,
    cycle_momentum: bool = True,
    base_momentum: float = 0.8,
    max_momentum: float = 0.9,
) -> Cyclic:
    """Go up and down between base_lr and max_lr; mode is triangular, triangular2 or exp_range."""
    modes = ("triangular", "triangular2", "exp_range")
    require(mode in modes, "mode", mode, f"one of {', '.join(modes)}")
    shrink = 0.5 if mode == "triangular2" else 1.0
    decay = gamma if mode == "exp_range" else 1.0
    return Cyclic(max_lr, step_size_up, step_size_down, base_lr, shrink, decay)


@as_typed()
def CyclicLR_momentum(optimizer: Any, base_lr: float, max_lr: float, **arguments: Any) -> Cyclic:
    """Return the momentum that CyclicLR sets beside the rate, for the same arguments."""
    low, high = arguments.get("base_momentum", 0.8), arguments.get("max_momentum", 0.9)
    return CyclicLR(optimizer, base_lr, max_lr, **arguments).momentum(low, high)


@as_typed(at="pct_start", values="max_lr")
def OneCycleLR(
    optimizer: Any,
    max_lr: float,
    total_steps: int | None = None,
    epochs: int | None = None,
    steps_per_epoch: int | None = None,
    pct_start: float = 0.3,
    anneal_strategy: str = "cos",
    cycle_momentum: bool = True,
    base_momentum: float = 0.85,
    max_momentum: float = 0.95,
    div_factor: float = 25.0,
    final_div_factor: float = 1e4,
    three_phase: bool = False,
) -> Interpolated:
    """Go from max_lr / div_factor to max_lr at pct_start T - 1 and down to the end at T - 1, and stay there.

    The peak lies between two updates where pct_start T is not whole. A phase without length is refused.
    """
    require(0 <= as_number("pct_start", pct_start) <= 1, "pct_start", pct_start, "a part from 0 to 1")
    start = max_lr / div_factor
    at = _knots(total_steps, epochs, steps_per_epoch, pct_start, three_phase)
    ordered = all(a < b for a, b in pairwise(at))
    phases = f"phases of some length; they meet at the updates {', '.join(f'{a:g}' for a in at)}"
    require(ordered, "pct_start", pct_start, f"{phases}, which are not in increasing order")
    middle = (start,) if three_phase else ()
    return Interpolated(at, (start, max_lr, *middle, start / final_div_factor), _shape(anneal_strategy))


@as_typed()
def OneCycleLR_momentum(optimizer: Any, max_lr: float, **arguments: Any) -> Interpolated:
    """Return the momentum that OneCycleLR sets beside the rate, for the same arguments."""
    line = OneCycleLR(optimizer, max_lr, **arguments)
    low, high = arguments.get("base_momentum", 0.85), arguments.get("max_momentum", 0.95)
    return line.replace(values=tuple(low if i == 1 else high for i in range(len(line.at))))


def _knots(
    total_steps: int | None, epochs: int | None, steps_per_epoch: int | None, pct: float, three_phase: bool
) -> tuple[float, ...]:
    if total_steps is None:
        total_steps = as_count("epochs", epochs, 1) * as_count("steps_per_epoch", steps_per_epoch, 1)
    top = pct * as_count("total_steps", total_steps, 1) - 1
    middle = (2 * pct * total_steps - 2,) if three_phase else ()
    return (0.0, top, *middle, total_steps - 1.0)


def _shape(anneal_strategy: str) -> Shape:
    known = anneal_strategy in ("cos", "linear")
    require(known, "anneal_strategy", anneal_strategy, "cos or linear")
    return "cosine" if anneal_strategy == "cos" else "linear"


def _refuse_numbers(lr_lambda: Any) -> None:
    if not callable(lr_lambda):
        raise TypeError(f"lr_lambda: got {describe_value(lr_lambda)}, expected a function of n")


@as_typed(steps="anneal_epochs", end="swa_lr")
def SWALR(optimizer: Any, swa_lr: float, anneal_epochs: int = 10, anneal_strategy: str = "cos") -> Schedule:
    """Go from the rate to swa_lr in anneal_epochs updates, and stay there."""
    as_number("swa_lr", swa_lr, "one rate, for the one group of parameters here")
    if anneal_epochs == 0:
        return Constant(swa_lr)
    line = Cosine if _shape(anneal_strategy) == "cosine" else Linear
    return line(rate_of(optimizer), anneal_epochs, swa_lr)


@as_typed()
def SequentialLR(optimizer: Any, schedulers: Sequence[Schedule], milestones: Sequence[int]) -> Schedule:
    """Follow each schedule from its milestone on, where it starts at its own 0; they nest."""
    fits = len(milestones) == len(schedulers) - 1
    require(fits, "milestones", list(milestones), counted(len(schedulers) - 1, "update"))
    *before, whole = schedulers
    starts = [0, *milestones]
    for i in range(len(before) - 1, -1, -1):
        whole = before[i].then(whole, at=starts[i + 1] - starts[i])
    return whole


@as_typed()
def ChainedScheduler(schedulers: Sequence[Schedule], optimizer: Any = None) -> Schedule:
    """Multiply the rate by the factors of all schedules; here the optimizer must be given.

    Where torch's recursions are not factors (cosines with a floor, restarts), its results depend on the order
    and may go below zero. These are the products.
    """
    if optimizer is None:
        raise ValueError(
            "optimizer: got None, expected the rate that the schedulers were made with, as in "
            "ChainedScheduler([...], optimizer=0.1)"
        )
    whole, *rest = schedulers
    for factor in rest:
        whole = whole * (factor * (1 / rate_of(optimizer)))
    return whole


@as_typed()
def ASGD(params: Any = None, lr: float = 0.01, lambd: float = 1e-4, alpha: float = 0.75) -> Power:
    """Return the rate of torch.optim.ASGD: lr / (1 + lambd lr n)^alpha."""
    return Power(lr, alpha, 1 / (lambd * lr))


@as_typed()
def ReduceLROnPlateau(
    optimizer: Any,
    mode: str = "min",
    factor: float = 0.1,
    patience: int = 10,
    threshold: float = 1e-4,
    threshold_mode: str = "rel",
    cooldown: int = 0,
    min_lr: float = 0.0,
    eps: float = 1e-8,
) -> Plateau:
    """Reduce after patience + 1 reports without improvement, as torch counts.

    A relative threshold is taken from the size of the best, so that it does what it says on negative metrics
    too, where torch accepts worse values.
    """
    require(mode in ("min", "max"), "mode", mode, "min or max")
    relative = {"rel": threshold, "abs": 0.0}.get(threshold_mode)
    if relative is None:
        raise ValueError(f"threshold_mode: got {threshold_mode!r}, expected rel or abs")
    return Plateau(
        rate_of(optimizer),
        factor,
        patience + 1,
        absolute=threshold - relative,
        relative=relative,
        cooldown=cooldown,
        min_lr=min_lr,
        maximize=mode == "max",
        eps=eps,
    )
