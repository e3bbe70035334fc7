"""Step sizes that follow a metric: reduced where it stalls, raised where it falls."""

import math
from collections.abc import Iterable
from typing import Annotated, Any, ClassVar

import numpy as np

from schedules.feedback.base import Array, Carry, Feedback, StepReport
from stepsize.core.limits.ranges import NonNegativeFloat, NonNegativeInt, PositiveInt, ProperFraction, Range
from stepsize.core.validation import describe_value

__all__ = ["BoldDriver", "Greedy", "Plateau"]


class Plateau(Feedback):
    r"""Reduce on plateau: the rate is multiplied by `factor` after `patience` reports without improvement.

    A report is the metric before an update. It is an improvement if it is below the best so far by more than
    ``absolute + relative * |best|``. The size of the best, not the best itself: libraries that ask for less
    than ``best * (1 - relative)`` accept a *worse* value where the metric is negative.

    Patience is counted exactly: the p-th report in a row without improvement drops the rate, and the update
    that follows it is the first to use the new one. torch drops at the (p + 1)-th.

    Parameters
    ----------
    lr : float
        The rate before the first drop; 1 for a rule that is multiplied with a schedule.
    factor : float
        What a drop multiplies by; between 0 and 1.
    patience : int
        p, at least 1.
    absolute, relative : float
        By how much a metric has to be better; at least 0.
    cooldown : int
        Reports after a drop that are not counted against the metric; at least 0.
    min_lr : float
        The lowest rate; at least 0.
    maximize : bool
        Whether more is better.
    watch : Problem or callable, optional
        The metric, if it is not the loss of the run: another problem (such as the loss on held-out data),
        whose value at x is taken, or a function of x.
    every : int
        Updates from one report to the next, as there are in an epoch; at least 1.
    mean : int
        How many reports are averaged into one; at least 1.
    wait : int
        Reports at the beginning that are ignored; at least 0.
    eps : float
        Drops that are not larger than that are not made; at least 0.

    Examples
    --------
    >>> rule = Plateau(0.1, factor=0.5, patience=2)
    >>> rule.after([1.0, 0.8, 0.8, 0.8, 0.7, 0.7])
    [0.1, 0.1, 0.1, 0.05, 0.05, 0.05]
    """

    lr: NonNegativeFloat = 1.0
    factor: ProperFraction = 0.1
    patience: PositiveInt = 10
    absolute: NonNegativeFloat = 1e-4
    relative: NonNegativeFloat = 0.0
    cooldown: NonNegativeInt = 0
    min_lr: NonNegativeFloat = 0.0
    maximize: bool = False
    watch: Any = None
    every: PositiveInt = 1
    mean: PositiveInt = 1
    wait: NonNegativeInt = 0
    eps: NonNegativeFloat = 0.0
    demo: ClassVar = {"lr": 1e-3, "factor": 0.5, "patience": 2, "mean": 2}

    def check(self) -> None:
        """Validate what is watched."""
        _check_watch(self.watch)

    def init(self, x: Array) -> Carry:
        """Return a memory without a best."""
        return {"rate": self.lr, "best": None, "bad": 0, "cool": 0, "sum": 0.0, "count": 0, "wait": self.wait}

    def update(self, info: StepReport, carry: Carry) -> tuple[float, Carry]:
        """Return the rate, reduced if the report is one too many."""
        if info.n % self.every == 0:
            carry = self.observe(_metric(self, info), carry)
        return carry["rate"], carry

    def observe(self, metric: float, carry: Carry) -> Carry:
        """Return the memory, which holds the rate, after one more metric; for a training loop of your own."""
        if carry["wait"] > 0:
            return {**carry, "wait": carry["wait"] - 1}
        total, count = carry["sum"] + metric, carry["count"] + 1
        if count < self.mean:
            return {**carry, "sum": total, "count": count}
        carry = {**carry, "sum": 0.0, "count": 0}
        return self._decide(total / count, carry)

    def _decide(self, metric: float, carry: Carry) -> Carry:
        better = _better(self, metric, carry["best"])
        best = metric if better else carry["best"]
        bad = 0 if better else carry["bad"] + 1
        if carry["cool"] > 0:
            return {**carry, "best": best, "bad": 0, "cool": carry["cool"] - 1}
        if bad < self.patience:
            return {**carry, "best": best, "bad": bad}
        lower = max(carry["rate"] * self.factor, self.min_lr)
        rate = lower if carry["rate"] - lower > self.eps else carry["rate"]
        return {**carry, "best": best, "bad": 0, "cool": self.cooldown, "rate": rate}

    def after(self, metrics: Iterable[float]) -> list[float]:
        """Return the rate after each of a list of metrics."""
        return _rates_after(self, metrics)


class Greedy(Feedback):
    """Up after good news, down after bad: the rate is divided or multiplied by a factor near 1.

    More than `patience` reports in a row that improve on the best divide the rate by `factor`; more than that
    many that do not multiply it.

    Parameters
    ----------
    lr : float
        The rate before the first report.
    factor : float
        Between 0 and 1.
    patience : int
        Reports in a row that change nothing yet; at least 0.
    absolute, relative : float
        By how much a metric has to be better than the best; at least 0.
    cooldown, warmup : int
        Reports that are ignored after a fall, and after a rise; at least 0.
    min_lr, max_lr : float
        The lowest and the highest rate; at least 0. A rate that starts below the lowest is never reduced.
    window : int
        Metrics are averaged over so many reports; at least 1.
    eps : float
        Changes that are not larger are not made; at least 0.
    maximize, watch, every
        As in `Plateau`.

    References
    ----------
    Subramanian and Ganapathiraman, "GreedyLR", arXiv 2512.14527, as in transformers. (Its restart after 500
    reductions at the floor is left out.)

    Examples
    --------
    >>> Greedy(0.1, factor=0.5, patience=1).after([1.0, 0.9, 0.8, 0.7, 0.7, 0.7])
    [0.1, 0.2, 0.2, 0.4, 0.4, 0.2]
    """

    lr: NonNegativeFloat = 1.0
    factor: ProperFraction = 0.95
    patience: NonNegativeInt = 10
    absolute: NonNegativeFloat = 1e-6
    relative: NonNegativeFloat = 0.0
    cooldown: NonNegativeInt = 0
    warmup: NonNegativeInt = 0
    min_lr: NonNegativeFloat = 1e-3
    max_lr: NonNegativeFloat = 1.0
    window: PositiveInt = 1
    eps: NonNegativeFloat = 1e-8
    maximize: bool = False
    watch: Any = None
    every: PositiveInt = 1
    demo: ClassVar = {"lr": 1e-3, "min_lr": 1e-5, "patience": 2, "window": 2}

    def check(self) -> None:
        """Validate what is watched."""
        _check_watch(self.watch)

    def init(self, x: Array) -> Carry:
        """Return a memory without a best."""
        return {"rate": self.lr, "best": None, "good": 0, "bad": 0, "rest": 0, "window": []}

    def update(self, info: StepReport, carry: Carry) -> tuple[float, Carry]:
        if info.n % self.every == 0:
            carry = self.observe(_metric(self, info), carry)
        return carry["rate"], carry

    def observe(self, metric: float, carry: Carry) -> Carry:
        """Return the memory after one more metric, the rate in it."""
        window = [*carry["window"], metric][-self.window :]
        carry = {**carry, "window": window}
        if carry["rest"] > 0:
            return {**carry, "rest": carry["rest"] - 1, "good": 0, "bad": 0}
        metric = sum(window) / len(window)
        better = _better(self, metric, carry["best"])
        good, bad = (carry["good"] + 1, 0) if better else (0, carry["bad"] + 1)
        carry = {**carry, "best": metric if better else carry["best"], "good": good, "bad": bad}
        if good > self.patience:
            higher = min(carry["rate"] / self.factor, self.max_lr)
            rate = higher if higher - carry["rate"] > self.eps else carry["rate"]
            return {**carry, "rate": rate, "good": 0, "rest": self.warmup}
        if bad > self.patience:
            lower = max(carry["rate"] * self.factor, self.min_lr)
            rate = lower if carry["rate"] - lower > self.eps else carry["rate"]
            return {**carry, "rate": rate, "bad": 0, "rest": self.cooldown}
        return carry

    def after(self, metrics: Iterable[float]) -> list[float]:
        """Return the rate after each of a list of metrics."""
        return _rates_after(self, metrics)


class BoldDriver(Feedback):
    """A little faster after each success; after a failure back to where it was, at half the rate.

    If the last update lowered the loss, the rate is multiplied by `up`. If it raised it, the update is
    undone: the run goes on from the point before, at `down` times the rate. (The history shows the rejected
    point, which was evaluated; the next point starts from the one before it.)

    Parameters
    ----------
    lr : float
        The first rate; at least 0.
    up : float
        What a success multiplies by; at least 1.
    down : float
        What a failure multiplies by; between 0 and 1.

    References
    ----------
    Battiti, "Accelerated backpropagation learning: two optimization methods", Complex Systems 3 (1989).

    Examples
    --------
    On x^2 every rate above 1 overshoots and climbs; bold driver finds out by itself.

    >>> from optim import SGD, minimize
    >>> from problems import Parabola
    >>> run = minimize(Parabola(), SGD(lr=BoldDriver(1.5)), steps=4)
    >>> run.history.lr.round(6).tolist()
    [1.5, 0.75, 0.7875, 0.826875]
    >>> run.history.x[:, 0].tolist()[:3]
    [10.0, -20.0, -5.0]
    """

    lr: NonNegativeFloat = 0.1
    up: Annotated[float, Range(minimum=1)] = 1.05
    down: ProperFraction = 0.5
    demo: ClassVar = {"lr": 1e-3}
    can_roll_back = True

    def init(self, x: Array) -> Carry:
        """Return a memory without a loss."""
        return {"rate": self.lr, "f": None, "undo": False}

    def update(self, info: StepReport, carry: Carry) -> tuple[float, Carry]:
        """Return the next rate; the memory says whether the last update is to be undone."""
        f, last, rate = float(info.f), carry["f"], carry["rate"]
        if last is None or f == last:
            return rate, {"rate": rate, "f": f, "undo": False}
        if f < last:
            return rate * self.up, {"rate": rate * self.up, "f": f, "undo": False}
        return rate * self.down, {"rate": rate * self.down, "f": last, "undo": True}


def _check_watch(watch: object) -> None:
    if watch is not None and not callable(getattr(watch, "fun", watch)):
        raise TypeError(f"watch: got {describe_value(watch)}, expected a problem or a function of x")


def _metric(rule: "Plateau | Greedy", info: StepReport) -> float:
    """Return what is watched: the loss of the run, a function of x, or the value of another problem."""
    if rule.watch is None:
        return float(info.f)
    return float(getattr(rule.watch, "fun", rule.watch)(info.x))


def _better(rule: "Plateau | Greedy", metric: float, best: float | None) -> bool:
    """Return whether a metric improves on the best by more than the thresholds; a nan never does."""
    if best is None:
        return not math.isnan(metric)
    margin = rule.absolute + rule.relative * abs(best)
    return bool(metric > best + margin if rule.maximize else metric < best - margin)


def _rates_after(rule: "Plateau | Greedy", metrics: Iterable[float]) -> list[float]:
    carry, rates = rule.init(np.zeros(0)), []
    for metric in metrics:
        carry = rule.observe(float(metric), carry)
        rates.append(carry["rate"])
    return rates
