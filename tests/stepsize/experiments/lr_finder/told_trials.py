"""Trials of the finder whose answers are written down, and which note what they are asked."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from stepsize.experiments.lr_finder.restart_search import Marks


@dataclass
class Told:
    """A trial of S starts whose marks are functions of the rates (and of how many updates there are)."""

    rise: Any = lambda rates: -np.ones(len(rates))
    count: int = 1
    marks: dict[str, Any] = field(default_factory=dict)
    rounding: Any = None
    problem: Any = None
    asked: list[tuple[list[float], int]] = field(default_factory=list)

    @property
    def starts(self):
        return np.zeros((self.count, 1))

    def alone(self, start):
        return replace(self, count=1, marks=self.marks | {"start": start}, asked=self.asked)

    def at(self, rates, steps):
        self.asked.append((np.asarray(rates).tolist(), steps))
        shape = len(rates), self.count
        columns = dict.fromkeys(Marks._fields, np.zeros(shape))
        told = {"rise": self.rise} | {k: f for k, f in self.marks.items() if k in Marks._fields}
        for name, f in told.items():
            columns[name] = np.broadcast_to(np.reshape(f(np.asarray(rates)), (len(rates), -1)), shape)
        return Marks(**columns)


def above(limit):
    """Return a rise that is positive from this rate on."""
    return lambda rates: np.where(rates >= limit, 1.0, -1.0)
