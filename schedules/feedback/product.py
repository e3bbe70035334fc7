"""The product of a rate that answers to the run and a schedule."""

from typing import Any, ClassVar

from schedules.families.decay import InverseSqrt
from schedules.feedback.base import Array, Feedback
from schedules.feedback.self_tuning import AdaGradNorm
from schedules.schedule import Schedule

__all__ = ["FeedbackProduct"]


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
    demo: ClassVar = {"rule": AdaGradNorm(0.1), "schedule": InverseSqrt(0.1)}

    @property
    def undoes(self) -> bool:
        """Whether the rule may take back the last update."""
        return self.rule.undoes

    def begin(self, x: Array) -> dict[str, Any]:
        """Return the rule's first memory."""
        return self.rule.begin(x)

    def rate(self, report: Any, carry: dict[str, Any]) -> tuple[float, dict[str, Any]]:
        """Return the rule's rate times the schedule's value."""
        rate, carry = self.rule.rate(report, carry)
        return rate * self.schedule(report.n), carry

    def __mul__(self, other: Any) -> Feedback:
        if isinstance(other, Feedback | str):
            return NotImplemented
        return self.replace(schedule=self.schedule * other)

    __rmul__ = __mul__
