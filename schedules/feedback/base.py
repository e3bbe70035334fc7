"""The contract of a feedback step size: a pure function of a report on the run and of its own memory."""

from typing import Any, ClassVar, Protocol

import numpy as np

from schedules.schedule import Schedule, ScheduleLike, as_schedule
from stepsize.core.record import Record
from stepsize.core.validation import missing

__all__ = ["Feedback", "FeedbackProduct"]

Array = np.ndarray[Any, Any]
# What is remembered between updates: JSON values and arrays by name.
Carry = dict[str, Any]


class StepReport(Protocol):
    """What is known before an update: index, point, value and gradient there, and the problem."""

    n: int
    x: Array
    f: Any
    g: Array
    problem: Any


class Feedback(Record, abstract=True):
    """A step size computed before each update from the run itself: its values, gradients and points.

    A subclass writes two pure functions: `init` makes the first memory, a dict of JSON values and arrays,
    and `update` turns a report and the memory into a rate and the next memory. ``SGD(lr=Polyak())`` takes one
    in the slot of a schedule; `minimize` carries the memory in the run's state, so that it is saved and
    resumed with it. The product with a schedule or a number is a feedback step size again: ``Cosine(...) *
    Plateau()``.

    A report has ``n``, ``x``, ``f`` and ``g`` (index, point, value and gradient there) and ``problem``.
    """

    kind: ClassVar[str] = "feedback"
    batched: ClassVar[bool] = False
    demo: ClassVar[dict[str, Any]] = {}

    def init(self, x: Array) -> Carry:
        """Return what is remembered before the first update from x."""
        raise missing(self, "init(self, x)")

    def update(self, info: StepReport, carry: Carry) -> tuple[float, Carry]:
        """Return the rate of the coming update, and what is remembered after it."""
        raise missing(self, "update(self, info, carry)")

    @property
    def can_roll_back(self) -> bool:
        """Whether the rule may take back the last update, by ``carry["undo"]``."""
        return False

    def __mul__(self, other: ScheduleLike) -> "Feedback":
        return (
            NotImplemented if isinstance(other, Feedback | str) else FeedbackProduct(self, as_schedule(other))
        )

    __rmul__ = __mul__
    __array_ufunc__ = None


class FeedbackProduct(Feedback):
    """A feedback step size times a schedule, update by update.

    Parameters
    ----------
    rule : Feedback
        The feedback step size.
    schedule : Schedule
        The schedule it is multiplied by.

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
        return self.rule.can_roll_back

    def init(self, x: Array) -> Carry:
        return self.rule.init(x)

    def update(self, info: StepReport, carry: Carry) -> tuple[float, Carry]:
        rate, carry = self.rule.update(info, carry)
        return rate * self.schedule(info.n), carry

    def __mul__(self, other: ScheduleLike) -> Feedback:
        if isinstance(other, Feedback | str):
            return NotImplemented
        return self.replace(schedule=self.schedule * other)

    __rmul__ = __mul__
