"""The scalar engine for functions of arrays: the rule on floats, value and gradient asked on an array.

Most of the time of a run of two parameters goes into the rule's arithmetic on arrays of two numbers. Here the
rule is run on Python's floats, as `floats` does, and what is to be minimized is asked on an array, once after
each update, in the order of a plain loop. So nothing is called ahead of the stop test or past a divergence:
each point is judged as it comes.
"""

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from optim.engines.chunks import Chunk, Goal
from optim.engines.floats import Floats, points_of
from optim.engines.symbols import Untraceable
from optim.hyperparameters import Numbers
from optim.optimizer import Evaluation, Slots
from optim.steppers import Stepper
from stepsize.core.norms import norm
from stepsize.core.protocols import DescentProblem
from stepsize.core.user_values import DOUBLE, as_array, as_value

__all__ = ["CalledFloats"]

Array = np.ndarray[Any, Any]

# Gradients shorter than that have a square that is finite, as nearly all have.
_STEEP = 1e150


class CalledFloats(Floats):
    """Makes updates on lists of floats, and asks for value and gradient on an array after each."""

    def __init__(self, stepper: Stepper) -> None:
        super().__init__(stepper)
        self._calls = Calls(stepper.problem)
        self._writes = self._writes and not self.hypers.asks  # a user's schedule is asked when its turn comes
        self._ended = self._calls.ended

    def begin(self, x: Array, e: Evaluation) -> Evaluation:
        """Return the evaluation where a run starts, as it is."""
        return e

    def chunk_until(
        self, n: int, x: Array, e: Evaluation, slots: Slots, count: int, met: Goal | None
    ) -> Chunk | None:
        """Return at most `count` updates, up to where the goal is met or the next is not finite."""
        long = self._writes and (count == self.length or bool(self.pages))
        if self._own and not self._serves(n, x, slots, count, long):
            return None
        self._calls.start(e, met)
        if long:
            try:
                return self._written(n, x, e, slots, count)
            except Untraceable:
                self._writes = False
        return self._one_by_one(n, x, e, slots, count)

    def _written(self, n: int, x: Array, e: Evaluation, slots: Slots, count: int) -> Chunk | None:
        """Make the updates by the loop that is written out."""
        calls, made = self._calls, None
        try:
            made = self._replay(n, x, e, slots, count)
        except (ArithmeticError, ValueError, TypeError):
            if calls.failed or len(calls.values) == 1:
                if calls.failed:
                    raise
                return None
        aside = made is None
        if made is None or calls.lost is not None:  # once more up to there, with the gradients that are known
            made = self._replay(n, x, e, slots, calls.recall())
        points, slopes, rates, _, new = made
        return Chunk(points, calls.column(), slopes, rates, points, new, aside, lost=calls.lost)

    def _one_by_one(self, n: int, x: Array, e: Evaluation, slots: Slots, count: int) -> Chunk | None:
        """Make the updates by calling the rule once a coordinate."""
        optimizer, calls, aside = self.optimizer, self._calls, False
        p, g = x.tolist(), e.g.tolist()
        places: list[Any] = list(zip(*(slot.tolist() for slot in slots), strict=True)) or [()] * len(p)
        rows, slopes, rates, outputs = [*p], [*g], [], optimizer.has_separate_output
        reported = [*map(optimizer.output, p, places)]
        for h in self.hypers.iterate(n, n + count):
            there, after = [*p], [*places]
            try:
                self._update(there, g, after, h)
                slope = calls(there)
            except (ArithmeticError, ValueError, TypeError):
                if calls.failed:
                    raise
                aside = True
                break
            if calls.lost is not None:
                break
            p, g, places = there, slope, after
            rows += p
            slopes += g
            rates.append(h.lr)
            if outputs:
                reported += map(optimizer.output, p, places)
            if calls.ended:
                break
        if aside and not rates:
            return None
        points = points_of(rows, x)
        return Chunk(
            points,
            calls.column(),
            points_of(slopes, x),
            np.fromiter(rates, float, len(rates)),
            points_of(reported, x) if outputs else points,
            tuple(np.array(slot) for slot in zip(*places, strict=True)),
            aside,
            lost=calls.lost,
        )

    def _gradient(self, x: Array) -> "Calls":
        return self._calls

    def _slope_is_exact(self, x: Array) -> bool:
        return True


class Calls:
    """What is to be minimized, asked on arrays; the values are kept, and the points judged.

    Attributes
    ----------
    values : list of float
        At the start of the chunk, and after each update that was not lost.
    lost : (x, Evaluation) or None
        A point where value or gradient is not finite.
    ended : list
        Empty until the run ends, at a point that was lost or met the goal.
    failed : bool
        Whether an error is one of the functions asked, and not of the rule.
    """

    def __init__(self, problem: DescentProblem) -> None:
        self._both = _both_of(problem)
        self._known: Iterator[list[float]] | None = None
        self._slopes: list[list[float]] = []
        self._met: Goal | None = None
        self.values: list[float] = []
        self.lost: tuple[Array, Evaluation] | None = None
        self.ended: list[bool] = []
        self.failed = False

    def start(self, e: Evaluation, met: Goal | None) -> None:
        """Forget what was, and begin a chunk."""
        self.values, self._slopes, self._known, self._met = [e.f], [], None, met
        self.lost = None
        self.ended.clear()

    def recall(self) -> int:
        """Give the gradients that are known once more, and nothing else; return how many there are."""
        self._known = iter(self._slopes)
        self.ended.clear()
        return len(self._slopes)

    def column(self) -> Array:
        """Return the values."""
        return np.fromiter(self.values, float, len(self.values))

    def __call__(self, coordinates: list[float]) -> list[float]:
        """Return the gradient at a point, after the value there has been asked for; judge them."""
        if self._known is not None:
            return next(self._known)
        x = np.array(coordinates, float)
        try:
            f, g = self._both(x)
        except Exception:
            self.failed = True
            raise
        slope: list[float] = g.tolist()
        if not (math.isfinite(f) and (math.hypot(*slope) < _STEEP or math.isfinite(norm(g)))):
            self.lost = np.array(coordinates, float), Evaluation(f, np.array(g))
            self.ended.append(True)
            return slope
        self.values.append(f)
        self._slopes.append(slope)
        if self._met is not None and self._met(Evaluation(f, g)):
            self.ended.append(True)
        return slope


def _both_of(problem: DescentProblem) -> Callable[[Array], tuple[Numbers, Array]]:
    """Return what gives value and gradient at a point of its own; the gradient may be a buffer."""
    apart = getattr(problem, "plain_functions", None)
    if apart is None:
        return problem.value_and_grad
    value, slope = apart

    def both(x: Array) -> tuple[Numbers, Array]:
        shape = x.shape
        f, g = value(x.copy()), slope(x)
        if type(f) is not np.float64:
            f = as_value("fun", f)
        if not (type(g) is np.ndarray and g.dtype == DOUBLE and g.shape == shape):
            g = as_array("grad", g, shape)
        return f, g

    return both
