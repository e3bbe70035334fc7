"""The three schedules of Wikipedia's article "Learning rate", in its own letters."""

from schedules.dialects.typed import as_typed
from schedules.families.decay import Exponential, TimeBased
from schedules.families.piecewise import EarlyStepDecay

__all__ = ["exponential", "step_based", "time_based"]


@as_typed()
def time_based(eta0: float, d: float) -> TimeBased:
    """Return eta_(n+1) = eta_n / (1 + d n): a recursion, not the 1/(1 + d n) that the name usually means."""
    return TimeBased(eta0, d)


@as_typed()
def step_based(eta0: float, d: float, r: int) -> EarlyStepDecay:
    """Return eta_n = eta_0 d^floor((1 + n) / r), which drops one update early."""
    return EarlyStepDecay(eta0, d, r)


@as_typed()
def exponential(eta0: float, d: float) -> Exponential:
    """Return eta_n = eta_0 exp(-d n)."""
    return Exponential(eta0, d)
