"""The schedules of fastai, by their names and arguments.

fastai's schedules are functions of the part of the run that has passed, and so are these: they run from n = 0
to n = 1. `over` makes updates of it: ``over(SchedCos(0.1, 0.01), updates=1000)``.
"""

from collections.abc import Sequence
from typing import Any

from schedules.combinators.algebra import Phases
from schedules.dialects.typed import as_typed
from schedules.families.cosine import Cosine, FlatCosine
from schedules.families.polynomial import Geometric, Linear, Polynomial
from schedules.schedule import Constant, Schedule

__all__ = [
    "LRFinder",
    "SchedCos",
    "SchedExp",
    "SchedLin",
    "SchedNo",
    "SchedPoly",
    "combine_scheds",
    "combined_cos",
    "fit_flat_cos",
    "fit_one_cycle",
    "fit_one_cycle_momentum",
    "fit_sgdr",
    "over",
]


@as_typed()
def over(schedule: Schedule, updates: int) -> Schedule:
    """Return a schedule of the part of the run as one of the update, for a run of so many updates."""
    return schedule.per_epoch(updates, smooth=True)


@as_typed()
def SchedLin(start: float, end: float) -> Linear:
    """Follow a line."""
    return Linear(start, 1, end)


@as_typed()
def SchedCos(start: float, end: float) -> Cosine:
    """Follow half a cosine."""
    return Cosine(start, 1, end)


@as_typed()
def SchedNo(start: float, end: float) -> Constant:
    """Stay at the start."""
    return Constant(start)


@as_typed()
def SchedExp(start: float, end: float) -> Geometric:
    """Multiply evenly."""
    return Geometric(start, 1, end)


@as_typed()
def SchedPoly(start: float, end: float, power: float) -> Polynomial:
    """Go like the power of the part that has passed."""
    return Polynomial(start, 1, end=end, k=power)


@as_typed()
def combine_scheds(pcts: Sequence[float], scheds: Sequence[Schedule]) -> Phases:
    """Share the run by fractions; they add up to 1 but for rounding, which fastai does not forgive."""
    return Phases(tuple(pcts), tuple(scheds))


@as_typed()
def combined_cos(pct: float, start: float, middle: float, end: float) -> Phases:
    """Go by cosines from start to middle, and to end."""
    return combine_scheds([pct, 1 - pct], [SchedCos(start, middle), SchedCos(middle, end)])


@as_typed()
def fit_one_cycle(
    n_epoch: int,
    lr_max: float,
    div: float = 25.0,
    div_final: float = 1e5,
    pct_start: float = 0.25,
    moms: Any = None,
) -> Phases:
    """Return the rate of one cycle: up to lr_max, down to lr_max / div_final."""
    return combined_cos(pct_start, lr_max / div, lr_max, lr_max / div_final)


@as_typed()
def fit_one_cycle_momentum(
    n_epoch: int, lr_max: float, pct_start: float = 0.25, moms: Sequence[float] = (0.95, 0.85, 0.95), **_: Any
) -> Phases:
    """Return the momentum of one cycle."""
    return combined_cos(pct_start, *moms)


@as_typed()
def fit_flat_cos(n_epoch: int, lr: float, div_final: float = 1e5, pct_start: float = 0.75) -> FlatCosine:
    """Stay, then follow a cosine to lr / div_final."""
    return FlatCosine(lr, 1, pct_start, lr / div_final)


@as_typed()
def fit_sgdr(n_cycles: int, cycle_len: int, lr_max: float, cycle_mult: int = 2) -> Phases:
    """Restart cosines of cycle_len, cycle_len * cycle_mult, ... epochs."""
    lengths = [cycle_len * cycle_mult**i for i in range(n_cycles)]
    total = sum(lengths)
    return combine_scheds([length / total for length in lengths], [SchedCos(lr_max, 0.0)] * n_cycles)


@as_typed()
def LRFinder(start_lr: float = 1e-7, end_lr: float = 10.0, num_it: int = 100) -> Geometric:
    """Sweep the rates, in updates; end_lr is that of update num_it, which is not made."""
    return Geometric(start_lr, num_it, end_lr)
