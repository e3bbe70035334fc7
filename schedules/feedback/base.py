"""The contract of a feedback step size: a pure function of what it is told and remembers."""

from typing import Any, ClassVar

import numpy as np

from schedules.schedule import Schedule, as_schedule
from stepsize.core.record import Record
from stepsize.core.validation import missing

__all__ = ["Feedback", "FeedbackProduct"]

Array = np.ndarray[Any, Any]


class Feedback(Record, abstract=True):
    """A rate found anew before each update from the run itself: its values, its gradients, its points.

    A subclass writes two pure functions: `init` makes the first memory, a dict of JSON values and arrays,
    and `update` turns a report and the memory into a rate and the next memory. ``SGD(lr=Polyak())`` takes one
    in the slot of a schedule; `minimize` carries the memory in the run's state, so that it is saved and
    resumed with it. The product with a schedule or a number is a feedback rate again: ``Cosine(...) *
    Plateau()``.

    A report has ``n``, ``x``, ``f`` and ``g`` (index, point, value and gradient there) and ``problem``.
    """

    kind: ClassVar[str] = "feedback"
    batched: ClassVar[bool] = False
    demo: ClassVar[dict[str, Any]] = {}

    def init(self, x: Array) -> dict[str, Any]:
        """Return what is remembered before the first update from x."""
        raise missing(self, "begin(self, x)")

    def update(self, info: Any, carry: dict[str, Any]) -> tuple[float, dict[str, Any]]:
        """Return the rate of the coming update, and what is remembered after it."""
        raise missing(self, "rate(self, report, carry)")

    @property
    def can_roll_back(self) -> bool:
        """Whether the rule may take back the last update, by ``carry["undo"]``."""
        return False

    def __mul__(self, other: Any) -> "Feedback":
        return (
            NotImplemented if isinstance(other, Feedback | str) else FeedbackProduct(self, as_schedule(other))
        )

    __rmul__ = __mul__
    __array_ufunc__ = None


class FeedbackProduct(Feedback):
    """A feedback rate times a schedule, update by update.

    Parameters
    ----------
    rule : Feedback
        What answers to the run.
    schedule : Schedule
        What answers to the index.

    Examples
    --------
    A warm-up in front of a rule that reduces the rate on plateaus:

    >>> from schedules import Constant, Plateau
    >>> Constant(0.1).warmup(10) * Plateau(factor=0.5)
    FeedbackProduct(Plateau(factor=0.5), Warmup(Constant(0.1), 10))
    """

    rule: Feedback
    schedule: Schedule
    demo: ClassVar = {"rule": "AdaGradNorm(0.1)", "schedule": "InverseSqrt(0.1)"}

    @property
    def can_roll_back(self) -> bool:
        """Whether the rule may take back the last update."""
        return self.rule.can_roll_back

    def init(self, x: Array) -> dict[str, Any]:
        """Return the rule's first memory."""
        return self.rule.init(x)

    def update(self, info: Any, carry: dict[str, Any]) -> tuple[float, dict[str, Any]]:
        """Return the rule's rate times the schedule's value."""
        rate, carry = self.rule.update(info, carry)
        return rate * self.schedule(info.n), carry

    def __mul__(self, other: Any) -> Feedback:
        if isinstance(other, Feedback | str):
            return NotImplemented
        return self.replace(schedule=self.schedule * other)

    __rmul__ = __mul__
