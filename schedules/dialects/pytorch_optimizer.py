"""What the library pytorch_optimizer adds to torch's schedulers, under its names."""

from typing import Any

from schedules.dialects.typed import as_typed
from schedules.families.polynomial import Rex
from schedules.families.smooth_convex import Chebyshev

__all__ = ["REXScheduler", "get_chebyshev_perm_steps", "get_chebyshev_steps"]


@as_typed()
def REXScheduler(optimizer: Any, total_steps: int, max_lr: float = 1.0, min_lr: float = 0.0) -> Rex:
    """Return REX, from its value at index 0 on (the library parks update 0 at the minimum)."""
    return Rex(max_lr, total_steps, min_lr)


@as_typed()
def get_chebyshev_steps(num_epochs: int, small_m: float = 0.05, big_m: float = 1.0) -> Chebyshev:
    """Return Chebyshev's steps in their natural order, the largest first: an order that explodes."""
    return Chebyshev(big_m, small_m, num_epochs, order="descending")


@as_typed()
def get_chebyshev_perm_steps(num_epochs: int, small_m: float = 0.05, big_m: float = 1.0) -> Chebyshev:
    """Return Chebyshev's steps in fractal order."""
    return Chebyshev(big_m, small_m, num_epochs)
