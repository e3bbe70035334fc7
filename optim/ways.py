"""The ways to make an update, by what the rate answers to: the index, the run, or the line ahead."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from optim.optimizer import Evaluation, Hypers, Optimizer, Slots, kind_of
from optim.state import State

__all__ = ["Report", "Way", "way_for"]

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Report:
    """What a rate that answers to the run is told before update n: the point, its value and gradient."""

    n: int
    x: Array
    f: Any
    g: Array
    problem: Any


class Way:
    """An update whose rate is known from the index alone."""

    def __init__(self, optimizer: Optimizer, problem: Any, x: Array, state: State) -> None:
        self.optimizer, self.problem = optimizer, problem
        self.hypers = Hypers(optimizer, x)
        self.carry = state.carry
        self.extra_evaluations = 0

    def advance(
        self, n: int, x: Array, e: Evaluation, slots: Slots
    ) -> tuple[Array, Slots, Evaluation | None, Any]:
        """Return the next x, the new slots, the evaluation at the next x if it is known, and the rate."""
        h = self.hypers.at(n)
        x, slots = self.optimizer.update(x, e.g, slots, h)
        return x, slots, None, h.lr


class FeedbackWay(Way):
    """An update whose rate answers to the run: ``lr.rate(report, carry) -> rate, carry``."""

    def __init__(self, optimizer: Optimizer, problem: Any, x: Array, state: State) -> None:
        super().__init__(optimizer, problem, x, state)
        if self.carry is None:
            self.carry = optimizer.lr.begin(x)

    def advance(
        self, n: int, x: Array, e: Evaluation, slots: Slots
    ) -> tuple[Array, Slots, Evaluation | None, Any]:
        """Ask for the rate, then make the update."""
        h = self.hypers.at(n)
        rate, self.carry = self.optimizer.lr.rate(Report(n, x, e.f, e.g, self.problem), self.carry)
        rule = h
        while "inner" in rule.__dict__:  # the rate of a wrapper is that of the rule inside
            rule = rule.inner
        rule.__dict__["lr"] = rate
        x, slots = self.optimizer.update(x, e.g, slots, h)
        return x, slots, None, rate


class SearchWay(Way):
    """An update whose rate is found along the line x - alpha d.

    ``lr.look(problem, n, x, e, d, carry)`` returns alpha, the evaluation at x - alpha d if it has one, the
    new carry, a status word, and how many evaluations it made beyond the one handed over.
    """

    def __init__(self, optimizer: Optimizer, problem: Any, x: Array, state: State) -> None:
        super().__init__(optimizer, problem, x, state)
        if not optimizer.factors:
            name = type(optimizer).__name__
            raise TypeError(
                f"lr: got the line search {optimizer.lr!r}, expected a number or a schedule, because an "
                f"update of {name} is not x - lr * d"
            )
        if self.carry is None:
            self.carry = optimizer.lr.begin(x)
        self.statuses: list[str] = []

    def advance(
        self, n: int, x: Array, e: Evaluation, slots: Slots
    ) -> tuple[Array, Slots, Evaluation | None, Any]:
        """Find the direction, then how far to go."""
        d, slots = self.optimizer.direction(x, e.g, slots, self.hypers.at(n))
        found = self.optimizer.lr.look(self.problem, n, x, e, d, self.carry)
        alpha, e_next, self.carry, status, evaluations = found
        self.statuses.append(status)
        self.extra_evaluations += evaluations - (e_next is not None)
        return x - alpha * d, slots, e_next, alpha


def way_for(optimizer: Optimizer, problem: Any, x: Array, state: State) -> Way:
    """Return the way that suits the optimizer's rate."""
    kind = kind_of(optimizer.lr)
    if kind != "schedule" and x.ndim > 1:
        raise TypeError(
            f"lr: got {optimizer.lr!r} for a batch of runs, which it cannot serve; run them one by one"
        )
    return {"schedule": Way, "feedback": FeedbackWay, "search": SearchWay}[kind](optimizer, problem, x, state)
