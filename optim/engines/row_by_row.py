"""Batches of a rule from outside: all runs at once where it is known that they do not meet, else one by one.

A norm, a maximum, ``g @ g`` or an ``if np.all(...)`` may be about all runs together, and what a few runs show
says nothing about the others. So the runs are made at once only where the rule is known to make each of them
by itself: where it has been followed on symbols, which take nothing but arithmetic coordinate by coordinate,
or where its class says so by ``batched = True``. Every other rule is given one run after another, as if each
were alone.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from optim.engines.symbols import Untraceable
from optim.engines.tracing import Trace, trace_update
from optim.hyperparameters import Numbers, Resolved, is_rule, rules_inside
from optim.optimizer import Optimizer, Slots
from optim.user_rules import guarded, is_own
from stepsize.core.user_values import declares_batches, is_outside

__all__ = ["RuleOfBatches", "first_run", "outputs_of_batches", "starts_of_batches"]

Array = np.ndarray[Any, Any]
Path = tuple[str, ...]

# What a rule finds in its record of the problem, for every run.
_SUPPLIED = frozenset(("f", "hess", "residuals", "jacobian"))

# To follow a rule takes as long as an update of so many runs one by one.
_FEW = 8


class RuleOfBatches:
    """Makes the updates of a batch by a rule from outside.

    Parameters
    ----------
    optimizer : Optimizer
    name : {"update", "direction"}
        The method that is asked.
    """

    def __init__(self, optimizer: Optimizer, name: str = "update") -> None:
        self.optimizer, self.name = optimizer, name
        self._traces: dict[Path, list[Trace]] = {}
        self._refused: set[Path] = set()
        self._starts_like_x = not _is_from_outside(optimizer, "start")

    def __call__(self, x: Array, g: Array, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        if self.apart(x, slots, h):
            return guarded(self.optimizer, self.name, x, g, slots, h)
        return _one_by_one(self.optimizer, self.name, x, g, slots, h)

    def apart(self, x: Array, slots: Slots, h: Resolved) -> bool:
        """Whether an update of all runs at once is known to make each of them by itself."""
        if declares_batches(self.optimizer) and not rules_inside(self.optimizer):
            return True
        plain = self._starts_like_x or all(np.shape(s) in (x.shape, ()) for s in slots)
        return plain and len(x) > _FEW and self._is_apart(self.optimizer, h, x, ())

    def _is_apart(self, rule: Any, h: Resolved, x: Array, path: Path) -> bool:
        if not is_own(rule):
            return True
        if declares_batches(rule):
            inside = [(name, value) for name, value in h.__dict__.items() if is_rule(value)]
            return all(self._is_apart(getattr(rule, name), h, x, (*path, name)) for name, h in inside)
        return self._goes_by_coordinate(rule, h, x, path)

    def _goes_by_coordinate(self, rule: Optimizer, h: Resolved, x: Array, path: Path) -> bool:
        """Whether the rule, followed on symbols, is arithmetic on each coordinate at this update."""
        if path in self._refused or rule.requires or rule.compares_gradients:
            return False
        # A wrapper asks which of the methods it likes, and for the point that the rule inside reports.
        two = not rule.update_is_inherited and type(rule).direction is not Optimizer.direction
        if path and (two or _is_from_outside(rule, "output")):
            return False
        known = self._traces.setdefault(path, [])
        if any(trace.known(h) is not None for trace in known):
            return True
        try:
            known.append(trace_update(rule, h, len(rule.slots), x.dtype))
        except Untraceable:
            self._refused.add(path)
            return False
        return True


def starts_of_batches(optimizer: Optimizer, x: Array, h: Resolved) -> Slots:
    """Return the slots before the first update of every run."""
    if not _is_from_outside(optimizer, "start"):
        return optimizer.start(x, h)
    if x.ndim == 1:
        return tuple(optimizer.start(x, h))
    rows = [starts_of_batches(optimizer, row, _of_run(h, i, x.ndim)) for i, row in enumerate(x)]
    return tuple(np.array(slot) for slot in zip(*rows, strict=True))


def outputs_of_batches(optimizer: Optimizer, x: Array, slots: Slots) -> Numbers:
    """Return the point that each run reports."""
    if x.ndim == 1 or not _is_from_outside(optimizer, "output"):
        return optimizer.output(x, slots)
    slots = _for_each(slots, len(x))
    return np.array(
        [outputs_of_batches(optimizer, row, tuple(s[i] for s in slots)) for i, row in enumerate(x)]
    )


def first_run(x: Array, g: Array, slots: Slots, h: Resolved) -> tuple[Array, Array, Slots, Resolved]:
    """Return what the first run of a batch is given at an update."""
    while x.ndim > 1:
        slots, h = tuple(s[0] for s in _for_each(slots, len(x))), _of_run(h, 0, x.ndim)
        x, g = x[0], g[0]
    return x, g, slots, h


def _one_by_one(
    optimizer: Optimizer, name: str, x: Array, g: Array, slots: Slots, h: Resolved
) -> tuple[Numbers, Slots]:
    """Return an update of a batch, made run by run as if each were alone."""
    if x.ndim == 1:
        return guarded(optimizer, name, x, g, slots, h)
    slots = _for_each(slots, len(x))
    results = [
        _one_by_one(optimizer, name, x[i], g[i], tuple(s[i] for s in slots), _of_run(h, i, x.ndim))
        for i in range(len(x))
    ]
    news = zip(*(slots for _, slots in results), strict=True)
    return np.array([x for x, _ in results]), tuple(np.array(new) for new in news)


def _for_each(slots: Slots, runs: int) -> Slots:
    """Return slots with an entry for each run."""
    arrays = map(np.asarray, slots)
    return tuple(s if s.ndim and len(s) == runs else np.broadcast_to(s, (runs, *s.shape)) for s in arrays)


def _of_run(h: Resolved, i: int, axes: int) -> Resolved:
    """Return the record of one run of a batch: what is one value a run is its number there."""
    hypers = h.own_hypers()

    def own(name: str, value: Numbers) -> Numbers:
        if name in _SUPPLIED and value is not None:
            return value[i]
        if not isinstance(value, np.ndarray) or value.ndim != axes or name not in hypers:
            return value
        value = value[i if len(value) > 1 else 0]
        return value.item() if value.size == 1 else value

    return _changed(h, own, lambda inner: _of_run(inner, i, axes))


def _changed(
    h: Resolved, change: Callable[[str, Numbers], Numbers], inside: Callable[[Resolved], Resolved]
) -> Resolved:
    """Return a resolved record with its values changed, and the records of rules inside."""
    copy = object.__new__(type(h))
    for name, value in h.__dict__.items():
        copy.__dict__[name] = inside(value) if is_rule(value) else change(name, value)
    return copy


def _is_from_outside(optimizer: Optimizer, name: str) -> bool:
    """Whether a method is from outside and takes one run, in the rule or in one inside it."""
    own = is_outside(getattr(type(optimizer), name)) and not declares_batches(optimizer)
    return own or any(_is_from_outside(inner, name) for inner in rules_inside(optimizer))
