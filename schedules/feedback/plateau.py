"""Rates that watch a metric: down where it stalls, up where it falls."""

import math
from typing import Any, ClassVar

from schedules.feedback.base import Array, Feedback
from stepsize.core.validation import as_count, as_number, describe_value, require

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
        Reports at the beginning that are not looked at; at least 0.
    eps : float
        Drops that are not larger than that are not made; at least 0.

    Examples
    --------
    >>> rule = Plateau(0.1, factor=0.5, patience=2)
    >>> rule.after([1.0, 0.8, 0.8, 0.8, 0.7, 0.7])
    [0.1, 0.1, 0.1, 0.05, 0.05, 0.05]
    """

    lr: float = 1.0
    factor: float = 0.1
    patience: int = 10
    absolute: float = 1e-4
    relative: float = 0.0
    cooldown: int = 0
    min_lr: float = 0.0
    maximize: bool = False
    watch: Any = None
    every: int = 1
    mean: int = 1
    wait: int = 0
    eps: float = 0.0
    demo: ClassVar = {"lr": 1e-3, "factor": 0.5, "patience": 2, "mean": 2}

    def check(self) -> None:
        """Refuse a rule that cannot reduce, and a patience that would fire on improvements."""
        _check_watch(self)
        require(0 < as_number("factor", self.factor) < 1, "factor", self.factor, "between 0 and 1")
        for name, min_lr in (("patience", 1), ("cooldown", 0), ("mean", 1), ("wait", 0)):
            as_count(name, getattr(self, name), min_lr)
        _at_least(0, min_lr=self.min_lr, eps=self.eps)

    def init(self, x: Array) -> dict[str, Any]:
        """Return a memory without a best."""
        return {"rate": self.lr, "best": None, "bad": 0, "cool": 0, "sum": 0.0, "count": 0, "wait": self.wait}

    def update(self, info: Any, carry: dict[str, Any]) -> tuple[float, dict[str, Any]]:
        """Return the rate, reduced if the report is one too many."""
        if info.n % self.every == 0:
            carry = self.told(_metric(self, info), carry)
        return carry["rate"], carry

    def told(self, metric: float, carry: dict[str, Any]) -> dict[str, Any]:
        """Return the memory after one more metric, the rate in it; it serves a loop of your own."""
        if carry["wait"] > 0:
            return {**carry, "wait": carry["wait"] - 1}
        total, count = carry["sum"] + metric, carry["count"] + 1
        if count < self.mean:
            return {**carry, "sum": total, "count": count}
        carry = {**carry, "sum": 0.0, "count": 0}
        return self._judged(total / count, carry)

    def _judged(self, metric: float, carry: dict[str, Any]) -> dict[str, Any]:
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

    def after(self, metrics: Any) -> list[float]:
        """Return the rate after each of a list of metrics."""
        return _told_all(self, metrics)


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
        Reports that are not looked at after a fall, and after a rise; at least 0.
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

    lr: float = 1.0
    factor: float = 0.95
    patience: int = 10
    absolute: float = 1e-6
    relative: float = 0.0
    cooldown: int = 0
    warmup: int = 0
    min_lr: float = 1e-3
    max_lr: float = 1.0
    window: int = 1
    eps: float = 1e-8
    maximize: bool = False
    watch: Any = None
    every: int = 1
    demo: ClassVar = {"lr": 1e-3, "min_lr": 1e-5, "patience": 2, "window": 2}

    def check(self) -> None:
        """Refuse a factor that changes nothing."""
        _check_watch(self)
        require(0 < as_number("factor", self.factor) < 1, "factor", self.factor, "between 0 and 1")
        for name, min_lr in (("patience", 0), ("cooldown", 0), ("warmup", 0), ("window", 1)):
            as_count(name, getattr(self, name), min_lr)
        _at_least(0, min_lr=self.min_lr, max_lr=self.max_lr, eps=self.eps)

    def init(self, x: Array) -> dict[str, Any]:
        """Return a memory without a best."""
        return {"rate": self.lr, "best": None, "good": 0, "bad": 0, "rest": 0, "seen": []}

    def update(self, info: Any, carry: dict[str, Any]) -> tuple[float, dict[str, Any]]:
        """Return the rate after one more report."""
        if info.n % self.every == 0:
            carry = self.told(_metric(self, info), carry)
        return carry["rate"], carry

    def told(self, metric: float, carry: dict[str, Any]) -> dict[str, Any]:
        """Return the memory after one more metric, the rate in it."""
        seen = [*carry["seen"], metric][-self.window :]
        carry = {**carry, "seen": seen}
        if carry["rest"] > 0:
            return {**carry, "rest": carry["rest"] - 1, "good": 0, "bad": 0}
        metric = sum(seen) / len(seen)
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

    def after(self, metrics: Any) -> list[float]:
        """Return the rate after each of a list of metrics."""
        return _told_all(self, metrics)


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

    lr: float = 0.1
    up: float = 1.05
    down: float = 0.5
    demo: ClassVar = {"lr": 1e-3}
    can_roll_back = True

    def check(self) -> None:
        """Refuse factors on the wrong side of 1."""
        _at_least(0, lr=self.lr)
        _at_least(1, up=self.up)
        require(0 < as_number("down", self.down) < 1, "down", self.down, "between 0 and 1")

    def init(self, x: Array) -> dict[str, Any]:
        """Return a memory without a loss."""
        return {"rate": self.lr, "f": None, "undo": False}

    def update(self, info: Any, carry: dict[str, Any]) -> tuple[float, dict[str, Any]]:
        """Return the next rate; the memory says whether the last update is to be undone."""
        f, last, rate = float(info.f), carry["f"], carry["rate"]
        if last is None or f == last:
            return rate, {"rate": rate, "f": f, "undo": False}
        if f < last:
            return rate * self.up, {"rate": rate * self.up, "f": f, "undo": False}
        return rate * self.down, {"rate": rate * self.down, "f": last, "undo": True}


def _check_watch(rule: Any) -> None:
    _at_least(0, lr=rule.lr, absolute=rule.absolute, relative=rule.relative)
    as_count("every", rule.every, 1)
    if rule.watch is not None and not callable(getattr(rule.watch, "fun", rule.watch)):
        raise TypeError(f"watch: got {describe_value(rule.watch)}, expected a problem or a function of x")


def _metric(rule: Any, info: Any) -> float:
    """Return what is watched: the loss of the run, a function of x, or the value of another problem."""
    if rule.watch is None:
        return float(info.f)
    return float(getattr(rule.watch, "fun", rule.watch)(info.x))


def _better(rule: Any, metric: float, best: float | None) -> bool:
    """Return whether a metric improves on the best by more than the thresholds; a nan never does."""
    if best is None:
        return not math.isnan(metric)
    margin = rule.absolute + rule.relative * abs(best)
    return bool(metric > best + margin if rule.maximize else metric < best - margin)


def _told_all(rule: Any, metrics: Any) -> list[float]:
    carry, rates = rule.init(None), []
    for metric in metrics:
        carry = rule.told(float(metric), carry)
        rates.append(carry["rate"])
    return rates


def _at_least(bound: float, /, **values: Any) -> None:
    for name, value in values.items():
        require(as_number(name, value) >= bound, name, value, f"a number of at least {bound}")
