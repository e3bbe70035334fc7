"""The scalar engine ("floats"): one run of a few dimensions, coordinate by coordinate on Python's floats.

A NumPy call costs as much as ten operations on floats, whatever the length of the array. With two coordinates
it is therefore faster by far to call the rule once for each, on plain floats; the text of the rule is the
same. Rows of floats collect the history, and all that is asked about it is computed for a chunk at once.
Where float arithmetic raises an exception (a division by zero, an overflow in exp) arrays would give inf or
nan: then the engine steps aside, and the chunk is made again on arrays, which decide.

For a long run the calls are saved as well: the operations of rule and gradient are written out (`codegen`).
"""

from collections.abc import Callable
from itertools import chain, repeat
from typing import Any

import numpy as np

from optim.engines.chunks import Chunk
from optim.engines.codegen import GeneratedLoop
from optim.engines.symbols import Untraceable
from optim.engines.tracing import Trace, trace_function, trace_output, trace_update
from optim.hyperparameters import Numbers, Resolved, rate_kind
from optim.optimizer import Evaluation, Optimizer, Slots
from optim.steppers import Stepper
from optim.user_rules import Rule, is_own

__all__ = [
    "MOST_DIMENSIONS",
    "Floats",
    "coordinate_update",
    "floats_can",
    "path_of_rate",
    "points_of",
    "rule_can",
]

Array = np.ndarray[Any, Any]
# Points, gradients, rates, points to report where they differ, and the slots.
Made = tuple[Array, Array, Array, Array | None, tuple[Array, ...]]

# Beyond, a call on an array is cheaper than the rule once a coordinate.
MOST_DIMENSIONS = 16


def floats_can(stepper: Stepper, x: Array, slots: Slots) -> bool:
    """Whether a run is one of floats, its problem included: one that is written by components."""
    return bool(getattr(stepper.problem, "components", False)) and rule_can(stepper, x, slots)


def rule_can(stepper: Stepper, x: Array, slots: Slots) -> bool:
    """Whether the rule of a run can be run on floats: single, in double precision, every slot like x."""
    return (
        x.ndim == 1
        and x.dtype == np.float64
        and rate_kind(stepper.optimizer.lr) == "schedule"
        and bool(stepper.optimizer.elementwise)
        and not stepper.optimizer.requires
        and not stepper.problem.varies
        and (stepper.optimizer.holds_numbers_alone or not any(True for _ in stepper.optimizer.arrays()))
        and all(slot.shape == x.shape for slot in slots)
    )


class Floats:
    """Makes updates on lists of floats."""

    length = 512

    def __init__(self, stepper: Stepper) -> None:
        self.optimizer, self.problem, self.hypers = stepper.optimizer, stepper.problem, stepper.hypers
        self.pages: list[GeneratedLoop] = []
        self._writes = not stepper.optimizer.has_separate_output
        self._own = is_own(stepper.optimizer)
        self._exact_slope: bool | None = None
        self._ended: list[bool] | None = None
        self.rules: list[Trace] = []  # traces of a rule from outside
        self._rate = path_of_rate(stepper.optimizer)
        self._update = coordinate_update(stepper.optimizer)

    def begin(self, x: Array, e: Evaluation) -> Evaluation:
        """Return the evaluation where a run starts with the gradient of floats, as it is later in the run.

        The last digit of an exponential may be another there, and a run that goes on must not show where it
        was interrupted. A rule from outside is not run on floats where that could be.
        """
        if self._own:
            return e
        try:
            g = np.array(self.problem.grad(x.tolist()), dtype=float)
        except (ArithmeticError, ValueError, TypeError):
            return e
        return e._replace(g=g) if g.shape == x.shape else e

    def chunk(self, n: int, x: Array, e: Evaluation, slots: Slots, count: int) -> Chunk | None:
        """Return the next `count` updates, or None where only arrays can tell what comes out."""
        # Writing takes as long as a few hundred updates do.
        long = self._writes and (count == self.length or self.pages)
        if self._own and not self._serves(n, x, slots, count, bool(long)):
            return None
        try:
            points, slopes, rates, outputs, new = (
                self._replay(n, x, e, slots, count) if long else self._descend(n, x, e, slots, count)
            )
        except Untraceable:
            self._writes = False
            return self.chunk(n, x, e, slots, count)
        except (ArithmeticError, ValueError, TypeError):
            return None
        values = np.asarray(self.problem.fun(points), dtype=float)
        return Chunk(points, values, slopes, rates, points if outputs is None else outputs, new)

    def _serves(self, n: int, x: Array, slots: Slots, count: int, long: bool) -> bool:
        """Whether a rule from outside does the same on floats: by its operations, or else by its text.

        A rule that is written with NumPy's functions may look across the coordinates, and gets numbers of
        NumPy's where floats were; only its traces can tell, one for each branch that it takes.
        """
        try:
            if not self._slope_is_exact(x):
                return False
            if (
                self.optimizer.has_separate_output
                and not trace_output(self.optimizer, len(slots), x.dtype).literal
            ):
                return False
            for k in range(n, n + 1 if long else n + count):
                h = self.hypers.resolve(k)
                if not any(rule.known(h) for rule in self.rules):
                    self.rules.append(trace_update(self.optimizer, h, len(slots), x.dtype))
                if not self.rules[0].guards:
                    break
        except (Untraceable, ValueError, TypeError):
            return False
        return all(rule.exact if long else rule.literal for rule in self.rules)

    def _slope_is_exact(self, x: Array) -> bool:
        """Whether the gradient has the same bits on floats: exp is not always the same function there."""
        if self._exact_slope is None:
            self._exact_slope = trace_function(self.problem.grad, x.size, x.dtype).exact
        return self._exact_slope

    def _replay(self, n: int, x: Array, e: Evaluation, slots: Slots, count: int) -> Made:
        """Make the updates by the loop that is written out, as far as its branch of the rule goes."""
        h = self.hypers.resolve(n)
        page, numbers = self._page(h, x, slots)
        columns = self.hypers.columns(n, n + count)
        start = np.concatenate([x, e.g, *slots]).tolist()
        rows, new = page.run(numbers, columns, start, count)
        both = np.fromiter(chain(start[: 2 * x.size], rows), float).reshape(-1, 2, x.size)
        rates = columns.get(self._rate, repeat(h.lr))
        return (
            both[:, 0].copy(),
            both[:, 1].copy(),
            np.fromiter(rates, float, len(both) - 1),
            None,
            tuple(np.array(new).reshape(len(slots), x.size)),
        )

    def source(self, n: int, x: Array, slots: Slots) -> str | None:
        """Return the loop that a long run is written out as; None where the rule is called instead."""
        try:
            return self._page(self.hypers.resolve(n), x, slots)[0].source if self._writes else None
        except Untraceable:
            return None

    def _page(self, h: Resolved, x: Array, slots: Slots) -> tuple[GeneratedLoop, list[Numbers]]:
        for page in self.pages:
            if (numbers := page.rule.known(h)) is not None:
                return page, numbers
        rule = trace_update(self.optimizer, h, len(slots), x.dtype)
        page = GeneratedLoop(self.optimizer, rule, self._gradient(x), x.size, self._ended)
        self.pages.append(page)
        numbers = rule.known(h)
        assert numbers is not None  # the trace was made for these hyperparameters
        return page, numbers

    def _gradient(self, x: Array) -> Trace | Callable[[list[float]], list[float]]:
        """Return what the loop that is written out does for a gradient: its operations, or a call."""
        try:
            return trace_function(self.problem.grad, x.size, x.dtype)
        except Untraceable:
            slope: Callable[[list[float]], list[float]] = self.problem.grad
            return slope

    def _descend(self, n: int, x: Array, e: Evaluation, slots: Slots, count: int) -> Made:
        optimizer, slope = self.optimizer, self.problem.grad
        update = self._update
        p, g = x.tolist(), e.g.tolist()
        places: list[Any] = list(zip(*(slot.tolist() for slot in slots), strict=True)) or [()] * len(p)
        outputs = optimizer.has_separate_output
        rows, slopes, rates = [*p], [*g], []
        reported = [*map(optimizer.output, p, places)]
        for h in self.hypers.iterate(n, n + count):
            update(p, g, places, h)
            g = slope(p)
            rows += p
            slopes.extend(g)
            rates.append(h.lr)
            if outputs:
                reported += map(optimizer.output, p, places)
        return (
            points_of(rows, x),
            points_of(slopes, x),
            np.fromiter(rates, float, len(rates)),
            points_of(reported, x) if outputs else None,
            tuple(np.array(slot) for slot in zip(*places, strict=True)),
        )


def coordinate_update(
    optimizer: Optimizer,
) -> Callable[[list[float], list[float], list[Any], Resolved], None]:
    """Return what puts the next point and slots, coordinate by coordinate, in the place of those given."""
    direction: Rule = optimizer.direction
    update: Rule = optimizer.update
    if is_own(optimizer):
        direction, update = _to_floats(direction), _to_floats(update)

    def along_direction(p: list[float], g: list[float], places: list[Any], h: Resolved) -> None:
        lr = h.lr
        for i, x in enumerate(p):
            d, places[i] = direction(x, g[i], places[i], h)
            p[i] = x - lr * d

    def whole(p: list[float], g: list[float], places: list[Any], h: Resolved) -> None:
        for i, x in enumerate(p):
            p[i], places[i] = update(x, g[i], places[i], h)

    return along_direction if optimizer.update_is_inherited else whole


def _to_floats(rule: Rule) -> Rule:
    """Return a rule whose results are Python's floats, whatever NumPy made of them."""

    def plain(x: float, g: float, slots: Slots, h: Resolved) -> tuple[float, tuple[float, ...]]:
        result, slots = rule(x, g, slots, h)
        return float(result), tuple(map(float, slots or ()))

    return plain


def path_of_rate(optimizer: Optimizer) -> tuple[str, ...]:
    """Return under which names the rate stands in a record: a wrapper's is that of the rule inside."""
    inner = getattr(optimizer, "inner", None)
    return ("lr",) if inner is None else ("inner", *path_of_rate(inner))


def points_of(numbers: list[float], x: Array) -> Array:
    """Return points from their coordinates; a root of a negative number, which is complex, is refused."""
    return np.fromiter(numbers, float, len(numbers)).reshape(-1, len(x))
