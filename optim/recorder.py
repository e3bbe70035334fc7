"""Collecting the history of a run, chunk by chunk."""

from typing import TYPE_CHECKING, Any

import numpy as np

from optim.history import History
from optim.hyperparameters import Numbers
from optim.optimizer import Evaluation, Optimizer, Slots
from optim.user_rules import reported
from stepsize.core.elementwise import dot
from stepsize.core.norms import norm, norms
from stepsize.core.protocols import DescentProblem
from stepsize.core.rounding import slope_floor, spacing

if TYPE_CHECKING:
    from optim.engines.chunks import Chunk

__all__ = ["Recorder", "history_bytes", "norm", "steps_between"]

Array = np.ndarray[Any, Any]


def history_bytes(steps: int, every: int, runs: int, dim: int, answers: bool) -> int:
    """Return what a history of so many updates takes while its pieces are joined: twice what is kept of it.

    Points in double precision, one in `every`; values, norms, rates, lengths of every update; who overshot.
    """
    points = steps // every * (2 if answers else 1)
    return 2 * runs * (8 * dim * points + 33 * steps)


class Recorder:
    """Collects a run row by row; norms and overshoot are computed at the end of each chunk, all at once."""

    def __init__(
        self, optimizer: Optimizer, problem: DescentProblem, x: Array, slots: Slots, e: Evaluation, every: int
    ) -> None:
        self._optimizer = optimizer if optimizer.has_separate_output else None
        self._problem = problem
        self._every, self._made = every, 0
        # Of a thinned run on estimates, the points that are stored are judged when somebody asks.
        self._judges_later = every > 1 and problem.varies and not problem.drifts
        self._judged: list[Array] = []
        self._x: list[Numbers] = [x]
        self._f: list[Numbers] = [e.f]
        self._g: list[Numbers] = [e.g]
        self._lr: list[Numbers] = []
        self._output: list[Numbers] = [reported(optimizer, x, slots)]
        self._done: list[tuple[Array, ...]] = []

    def add(self, lr: Numbers, x: Array, slots: Slots, e: Evaluation) -> None:
        """Add an update: its rate, and the point after it."""
        self._lr.append(lr)
        self._x.append(x)
        self._f.append(e.f)
        self._g.append(e.g)
        if self._optimizer:
            self._output.append(reported(self._optimizer, x, slots))
        if len(self._lr) == 512:
            self._close_chunk()

    def add_chunk(self, chunk: "Chunk") -> None:
        """Add updates that an engine made, their start included."""
        if self._lr:
            self._close_chunk()
        output = chunk.output if self._optimizer else chunk.x[-1:]
        self._keep(chunk.x, chunk.f, chunk.g, chunk.lr, output, chunk.judged)
        self._x, self._f, self._g = [chunk.x[-1]], [chunk.f[-1]], [chunk.g[-1]]
        self._output = [output[-1]]

    def _close_chunk(self) -> None:
        self._keep(
            _stacked(self._x),
            np.array(self._f, dtype=float),
            _stacked(self._g),
            np.array(self._lr, dtype=float),
            _stacked(self._output),
        )
        for rows in (self._x, self._f, self._g, self._output):
            del rows[:-1]
        self._lr.clear()

    def _keep(
        self,
        x: Array,
        f: Array,
        g: Array,
        lr: Array,
        output: Array,
        judged: tuple[Array, Array, Array] | None = None,
    ) -> None:
        size, step, overshoot = steps_between(x, g) if judged is None else judged
        keep = slice(1 if self._done else 0, None)
        last_x, last_output = x[-1:], output[-1:]
        if self._every > 1:
            if self._optimizer and not self._judges_later:  # before they are dropped
                self._judged.append(np.asarray(self._problem.fun(output[keep]), dtype=float))
            which = np.arange(self._made, self._made + len(x)) % self._every == 0
            which[: keep.start] = False
            x, output = x[which], output[which] if self._optimizer else output[:0]
            self._last = (last_x.copy(), last_output.copy(), bool(which[-1]))
        else:
            x, output = x[keep], output[keep]
        self._made += len(lr)
        self._done.append((x, f[keep], size[keep], lr, overshoot, step, output))

    def history(self) -> History:
        """Return all of it."""
        if self._lr or not self._done:
            self._close_chunk()
        x, fun, grad_norm, lr, overshoot, step, output = (
            self._done[0] if len(self._done) == 1 else map(np.concatenate, zip(*self._done, strict=True))
        )
        if self._every > 1:
            last_x, last_output, is_stored = self._last
            if not is_stored:
                x, output = np.concatenate([x, last_x]), np.concatenate([output, last_output])
        outputs = output if self._optimizer else None
        judged = None
        if self._judged:
            judged = np.concatenate(self._judged)
        elif outputs is not None and not self._judges_later:
            judged = np.asarray(self._problem.fun(outputs), dtype=float)
        return History(x, fun, grad_norm, lr, overshoot, step, outputs, judged, every=self._every)


def _stacked(points: list[Array]) -> Array:
    """Return points as the rows of one array, which takes NumPy a third of the time of `np.array`."""
    return np.concatenate(points).reshape(len(points), *points[0].shape)


def steps_between(x: Array, g: Array) -> tuple[Array, Array, Array]:
    """Return the gradient norms at points, the lengths of the steps between them, and which overshot."""
    s = x[1:] - x[:-1]
    size, length, far, bend = norms(g, s, x[1:], g[1:] - g[:-1])
    slope = dot(s, g[1:])
    return size, length, slope > slope_floor(length, far, size[1:], size[:-1], bend, spacing(x.dtype))
