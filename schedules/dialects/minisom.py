"""The decays of MiniSom, a library of self-organizing maps, under its own names."""

from schedules.dialects.typed import as_typed
from schedules.families.decay import InverseTime
from schedules.families.polynomial import Linear

__all__ = [
    "asymptotic_decay",
    "inverse_decay_to_one",
    "inverse_decay_to_zero",
    "linear_decay_to_one",
    "linear_decay_to_zero",
]


@as_typed()
def asymptotic_decay(dynamic_parameter: float, max_iter: int) -> InverseTime:
    """Return p / (1 + n / (T/2)): the default, which ends at a third of p and not near 0."""
    return InverseTime(dynamic_parameter, 2 / max_iter)


@as_typed()
def inverse_decay_to_zero(learning_rate: float, max_iter: int) -> InverseTime:
    """Return p C / (C + n) with C = T / 100."""
    return InverseTime(learning_rate, 100 / max_iter)


@as_typed()
def linear_decay_to_zero(learning_rate: float, max_iter: int) -> Linear:
    """Return p (1 - n / T), Kohonen's own rule; it ends at 0, where MiniSom's goes on below."""
    return Linear(learning_rate, max_iter)


@as_typed()
def inverse_decay_to_one(sigma: float, max_iter: int) -> InverseTime:
    """Return the radius sigma / (1 + n (sigma - 1) / T), which is 1 at n = T."""
    return InverseTime(sigma, (sigma - 1) / max_iter)


@as_typed()
def linear_decay_to_one(sigma: float, max_iter: int) -> Linear:
    """Return the radius sigma + n (1 - sigma) / T."""
    return Linear(sigma, max_iter, end=1.0)
