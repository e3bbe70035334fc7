"""The contract of a rate that answers to the run: a pure function of what it is told and remembers."""

from typing import Any, ClassVar

import numpy as np

from stepsize.core.record import Record
from stepsize.core.validation import missing

__all__ = ["Feedback"]

Array = np.ndarray[Any, Any]


class Feedback(Record, abstract=True):
    """A rate found anew before each update from the run itself: its values, its gradients, its points.

    A subclass writes two pure functions: `begin` makes the first memory, a dict of JSON values and arrays,
    and `rate` turns a report and the memory into a rate and the next memory. ``SGD(lr=Polyak())`` takes one
    in the slot of a schedule; `minimize` carries the memory in the run's state, so that it is saved and
    resumed with it. The product with a schedule or a number is a feedback rate again: ``Cosine(...) *
    Plateau()``.

    A report has ``n``, ``x``, ``f`` and ``g`` (index, point, value and gradient there) and ``problem``.
    """

    kind: ClassVar[str] = "feedback"
    batched: ClassVar[bool] = False
    demo: ClassVar[dict[str, Any]] = {}

    def begin(self, x: Array) -> dict[str, Any]:
        """Return what is remembered before the first update from x."""
        raise missing(self, "begin(self, x)")

    def rate(self, report: Any, carry: dict[str, Any]) -> tuple[float, dict[str, Any]]:
        """Return the rate of the coming update, and what is remembered after it."""
        raise missing(self, "rate(self, report, carry)")

    @property
    def undoes(self) -> bool:
        """Whether the rule may take back the last update, by ``carry["undo"]``."""
        return False

    def __mul__(self, other: Any) -> "Feedback":
        from schedules.feedback.product import FeedbackProduct
        from schedules.schedule import as_schedule

        return (
            NotImplemented if isinstance(other, Feedback | str) else FeedbackProduct(self, as_schedule(other))
        )

    __rmul__ = __mul__
    __array_ufunc__ = None
