"""Decays by their half-life: the update after which half is left."""

from typing import Any, ClassVar

from schedules.schedule import Array, Schedule
from stepsize.core.limits.ranges import FloatOrArray, PositiveFloat

__all__ = ["HalfAfter"]


class HalfAfter(Schedule):
    """Inverse-time decay that says when half is left: lr / (1 + n / K).

    Parameters
    ----------
    lr : float
        The rate of update 0.
    K : float
        The update whose rate is half of that; above 0.

    Examples
    --------
    >>> HalfAfter(0.2, K=50)([0, 50]).tolist()
    [0.2, 0.1]
    """

    lr: FloatOrArray
    K: PositiveFloat
    demo: ClassVar = {"lr": 0.1, "K": 10.0}
    formula = "lr / (1 + n / K)"

    def value(self, n: Array) -> Any:
        return self.lr / (1 + n / self.K)
