"""Chunks: the engines go ahead a few hundred updates at a time, and judge them afterwards.

Value, gradient norm and overshoot are computed, and the stop test is made, for a whole chunk at once. A chunk
that went past the end of its run, because it met the tolerance or became inf or nan, is made once more
up to there, which costs a few hundred updates at most and gives the state that the loop would have stopped
in.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np

from optim.optimizer import Evaluation, Slots
from stepsize.core.norms import all_finite, norm

__all__ = ["Chunk", "Engine", "Goal", "Stop", "next_chunk"]

Array = np.ndarray[Any, Any]
# The tolerance at which a run ends, and the minimum from which its error is measured.
Stop = tuple[float | None, float | None]
Goal = Callable[[Evaluation], bool]
Until = Callable[[int, Array, Evaluation, Slots, int, Goal | None], "Chunk | None"]


class Chunk(NamedTuple):
    """A few hundred updates: T + 1 points from the start on, and T rates.

    `diverged`: the next update is to be made on arrays. `lost`: where it led, if that is not finite and has
    been evaluated. An engine may have judged the points itself: `judged` has the gradient norms, the lengths
    of the steps and which overshot; and it may have `ended` where the run ends.
    """

    x: Array
    f: Array
    g: Array
    lr: Array
    output: Array
    slots: tuple[Array, ...]
    diverged: bool = False
    lost: tuple[Array, Evaluation] | None = None
    judged: tuple[Array, Array, Array] | None = None
    ended: bool = False

    @property
    def last(self) -> Evaluation:
        """The evaluation at the last point."""
        return Evaluation(self.f[-1], self.g[-1])


class Engine(Protocol):
    """Makes many updates at once."""

    length: int

    def begin(self, x: Array, e: Evaluation) -> Evaluation:
        """Return the evaluation where the run starts as this engine makes it."""
        ...

    def chunk(self, n: int, x: Array, e: Evaluation, slots: Slots, count: int) -> Chunk | None:
        """Return the `count` updates that follow update n - 1, or None if this engine cannot make them."""


def _goal(tol: float | None, minimum: float | None) -> Goal | None:
    """Return what tells whether a run has met its tolerance."""
    if tol is None:
        return None
    return lambda e: bool((norm(e.g) if minimum is None else e.f - minimum) <= tol)


def next_chunk(
    engine: Engine,
    n: int,
    x: Array,
    e: Evaluation,
    slots: Slots,
    stop: int,
    tol: float | None,
    minimum: float | None,
) -> Chunk | None:
    """Return the next chunk, cut where the run ends."""
    chunk_until: Until | None = getattr(engine, "chunk_until", None)
    if chunk_until is not None:  # it judges each point as it comes
        return chunk_until(n, x, e, slots, min(engine.length, stop - n), _goal(tol, minimum))
    chunk = engine.chunk(n, x, e, slots, min(engine.length, stop - n))
    if chunk is None or chunk.ended:
        return chunk
    keep, diverged = _end(chunk, tol, minimum)
    diverged = diverged or (chunk.diverged and keep == len(chunk.lr))
    if keep < len(chunk.lr):
        rates = chunk.lr[:keep]  # of no updates an engine cannot know the shape of their rates
        chunk = engine.chunk(n, x, e, slots, keep)
        chunk = None if chunk is None else chunk._replace(lr=rates)
    if chunk is None or not diverged:
        return chunk
    return chunk._replace(diverged=True)


def _end(chunk: Chunk, tol: float | None, minimum: float | None) -> tuple[int, bool]:
    """Return how many updates the run makes, and whether the next one leaves the finite numbers."""
    f = chunk.f
    alone = f.ndim == 1
    good = np.isfinite(f) & all_finite(chunk.g)
    if tol is None and good.all():  # as nearly all are
        return len(f) - 1, False
    lost = np.logical_not(good if alone else good.any(axis=-1))
    end = _first(lost, len(f))
    if tol is not None:
        error: Array = norm(chunk.g) if minimum is None else f - minimum
        good, out = error <= tol, ~np.isfinite(error)
        met: Array = good if alone else np.asarray((good | out).all(axis=-1) & good.any(axis=-1))
        reached = _first(met[1:], len(f)) + 1
        if reached < end:
            return reached, False
    return min(end, len(f)) - 1, end < len(f)


def _first(flags: Array, otherwise: int) -> int:
    return int(flags.argmax()) if flags.any() else otherwise
