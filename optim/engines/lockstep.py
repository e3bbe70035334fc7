"""Many runs in lockstep, of which no history is kept: after each update whoever judges them looks.

The arrays of a few ten thousand runs stay in the cache while update follows update. Every number is, bit for
bit, what the history of the run alone would hold: value, gradient norm and overshoot. Runs that become inf or
nan are reported at that very update and taken out of the way; the others never notice.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from optim.engines.batched import IN_ORDER, LOOK, RunBlock, can_be_traced, inner
from optim.engines.replay import Plan, Workspace
from optim.engines.symbols import Untraceable
from optim.engines.tracing import trace_function
from optim.failure import FAR, faults
from optim.hyperparameters import Numbers
from optim.minimize import check_initial_evaluation, validate_problem_and_start
from optim.optimizer import Optimizer
from optim.recorder import steps_between
from optim.steppers import stepper_for
from optim.user_functions import in_precision_of
from optim.user_rules import check_rule
from stepsize.core.norms import norm, squares_fit
from stepsize.core.protocols import SupportsGradient

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["Lockstep", "Untraceable"]

Array = np.ndarray[Any, Any]

# So many runs that were lost, for each that is left, are dropped.
_DEAD = 0.125


class Lockstep:
    """Runs of one rule on one problem that advance together.

    Parameters
    ----------
    problem, optimizer, x0 : Problem, Optimizer, array-like
        As for `minimize`: hyperparameters of shape (B, 1), or an x0 of shape (B, d), make B runs.
    steps : int
        Updates that will be made.

    Attributes
    ----------
    n : int
        Updates made.
    who : ndarray of int, shape (K,)
        The runs that the columns of the other arrays are. Runs that were lost are left out, in the end.
    fun, grad_norm : ndarray of shape (K,)
        Value and gradient norm of each run at its point (the point to report, where that is another one);
        overwritten by the next update.
    overshoot : ndarray of bool, shape (K,)
        Which runs passed the minimum along the last step.
    rate : float, ndarray of shape (K,), or None
        The rate of the last update, of several, one a coordinate, the largest; None if it never changes.
    alive : ndarray of bool, shape (K,)
        Which runs are finite. The numbers of the others are those of no run.
    lost : ndarray of int
        The columns of the runs that became inf or nan by the last update.
    failures : dict
        By run, what returned nan at an ordinary point: "fun", "grad" or "fun and grad".

    Raises
    ------
    Untraceable
        If rule, rate or problem are more than elementwise arithmetic: at the start, or at a later update.
    TypeError, ValueError
        For bad input, as `minimize`.
    """

    def __init__(
        self, problem: SupportsGradient, optimizer: Optimizer, x0: "ArrayLike | None", steps: int
    ) -> None:
        where, x = validate_problem_and_start(problem, optimizer, x0)
        if where.varies or getattr(where, "feasible", None) is not None:
            raise Untraceable("a problem that varies, or is confined")
        with np.errstate(all="ignore"):
            state = optimizer.init(x)
            stepper = stepper_for(optimizer, where, x, state, steps)
            e = stepper.evaluate(0, x)
            check_initial_evaluation(x, e)
            if e.g.dtype != x.dtype:
                where = in_precision_of(where, x.dtype)
                stepper = stepper_for(optimizer, where, x, state, steps)
                e = stepper.evaluate(0, x)
            check_rule(stepper, x, e.g, state.slots, 0, steps)
            if not can_be_traced(where, optimizer, x, state.slots):
                raise Untraceable("more than elementwise arithmetic")
            slots = tuple(inner(slot) for slot in state.slots)
            self._block = RunBlock(where, stepper.optimizer, [], inner(x), inner(e.g), slots, stop=steps)
            self.problem, self.n = where, 0
            self.rate: Numbers = None
            self.who, self.alive = np.arange(len(x)), np.ones(len(x), bool)
            self.lost = np.zeros(0, int)
            self.failures: dict[int, str] = {}
            self.separate = optimizer.has_separate_output
            self._start = inner(x)
            self._lay_out()
            self._at_x[...] = e.f
            self._norms(self._block.g, self._slope)
            self._dots(self._block.x, self._block.x, self._size)
            if self.separate:
                self._output = self._points()
                self._report()

    def _lay_out(self) -> None:
        """Make the arrays to calculate in, for as many runs as there are now."""
        x, runs = self._block.x, len(self.who)
        self.fun, self.grad_norm = np.empty(runs), np.empty(runs, x.dtype)
        self.overshoot, self._sure = np.zeros(runs, bool), np.zeros(runs, bool)
        # Where another point is reported, value and slope at x are apart from those that are.
        self._at_x = np.empty(runs) if self.separate else self.fun
        self._slope = np.empty(runs, x.dtype) if self.separate else self.grad_norm
        self._size, self._size_before, self._slope_before = (np.empty(runs, x.dtype) for _ in range(3))
        self._squares, self._scratch, self._slopes = (np.empty(runs, x.dtype) for _ in range(3))
        self._fun_before = np.empty(runs)
        self._step, self._term = np.empty_like(x), np.empty(runs, x.dtype)
        self._before = np.empty_like(x), np.empty_like(x)
        self._value_calls = self._traced_value()

    def drop(self) -> Array | None:
        """Leave out the runs that were lost, once they are many; return which columns stay, or None."""
        if self.alive.sum() * (1 + _DEAD) > len(self.alive) or not self.alive.any():
            return None
        keep, kept = self.alive, (self._at_x, self._slope, self._size)
        self._block = self._block.columns(keep, self._block.arrays())
        self.who, self._start = self.who[keep], np.ascontiguousarray(self._start[:, keep])
        self.alive = np.ones(len(self.who), bool)
        reported = self.fun[keep], self.grad_norm[keep], self.overshoot[keep]
        self._lay_out()
        for array, old in zip((self._at_x, self._slope, self._size), kept, strict=True):
            array[...] = old[keep]
        self.fun[...], self.grad_norm[...], self.overshoot[...] = reported
        if self.separate:
            self._output = self._output[keep]
        return keep

    def advance(self) -> None:
        """Make the next update of every run."""
        with np.errstate(all="ignore"):
            self._advance()

    def _advance(self) -> None:
        block = self._block
        for kept, now in zip(self._before, (block.x, block.g), strict=True):
            np.copyto(kept, now)
        np.copyto(self._fun_before, self._at_x)
        np.copyto(self._slope_before, self._slope)
        lr = block.advance(self.n).lr
        if callable(block.optimizer.lr):
            self.rate = np.array(lr.max(axis=-1)) if np.size(lr) > 1 else float(np.asarray(lr).item())
        self.n += 1
        self._values(self._at_x)
        self._norms(block.g, self._slope)
        self._size, self._size_before = self._size_before, self._size
        self._dots(block.x, block.x, self._size)
        self._find_overshoot()
        self.lost = np.zeros(0, int)
        # The sum of all is finite only if each is, or else it has overflowed and each is asked.
        if not np.isfinite(self._at_x.sum() + self._slope.sum()):
            self._find_lost()
        if self.separate:
            self._before_output, self._output = self._output, self._points()
            self._report()

    def step_norm(self) -> Array:
        """Return how far each run's point to report moved by the last update."""
        with np.errstate(all="ignore"):
            if self.separate:
                return np.asarray(norm(self._output - self._before_output))
            np.subtract(self._block.x, self._before[0], self._step)
            return self._norms(self._step, np.empty_like(self.grad_norm))

    @property
    def x(self) -> Array:
        """The points at which the gradients were taken last, of shape (B, d)."""
        return np.array(self._block.x.T, order="C")

    def _points(self) -> Array:
        """Return the points to report, of shape (B, d)."""
        return np.array(self._block.optimizer.output(self._block.x, self._block.slots).T, order="C")

    def _report(self) -> None:
        width = max(1, LOOK // self._output.shape[1])
        for low in range(0, len(self._output), width):
            points = self._output[low : low + width]
            self.fun[low : low + width] = self.problem.fun(points)
            self.grad_norm[low : low + width] = norm(self.problem.grad(points))

    def _traced_value(self) -> list[Callable[[], object]] | None:
        """Return the calls that make the values in place, or None where they cannot be traced."""
        if (
            not self.problem.components
            or self.fun.dtype != self._block.x.dtype
            or len(self._block.x) >= IN_ORDER
        ):
            return None
        x = self._block.x
        try:
            trace = trace_function(lambda point: [self.problem.fun(point)], len(x), x.dtype)
        except Untraceable:
            return None
        return Plan(trace, [len(x)]).bind([*x, self._at_x], {}, Workspace(x.shape[1:]))

    def _values(self, into: Array) -> None:
        if self._value_calls is not None:
            for call in self._value_calls:
                call()
            return
        points = self._block.points
        width = max(1, LOOK // points.shape[1])
        for low in range(0, len(points), width):
            into[low : low + width] = self.problem.fun(points[low : low + width])

    def _dots(self, a: Array, b: Array, into: Array) -> Array:
        """Write the inner products of the columns, added as `stepsize.core.elementwise.dot` adds them."""
        if len(a) < IN_ORDER:
            np.multiply(a[0], b[0], into)
            for i in range(1, len(a)):
                np.add(into, np.multiply(a[i], b[i], self._term), into)
        else:
            np.sum(np.ascontiguousarray((a * b).T), axis=-1, out=into)
        return into

    def _norms(self, a: Array, into: Array) -> Array:
        """Write the lengths of the columns as `stepsize.core.norms.norm` returns them."""
        squares = self._dots(a, a, self._squares)
        np.sqrt(squares, into)
        if not squares_fit(np.array([squares.min(), squares.max()]), a.dtype).all():
            # A vector of zeros is the usual one among those without a square that fits, and has its length.
            unfit = np.flatnonzero(~squares_fit(squares, a.dtype) & (a != 0).any(axis=0))
            if len(unfit):
                into[unfit] = norm(np.ascontiguousarray(a[:, unfit].T))
        return into

    def _find_overshoot(self) -> None:
        r"""Find the runs whose slope at the end of the step is positive, beyond what rounding can make of it.

        `slope_floor` needs four more norms. It is at most :math:`4 \epsilon (2|x'| + |x|)(|g'| + |g|)`, and
        :math:`(2a + b)^2 \le 5(a^2 + b^2)`; a slope above that, and away from where squares vanish or
        overflow, needs no closer look.
        """
        x, g = self._block.x, self._block.g
        slope, size, bound = self._slopes, self._scratch, self._squares
        np.subtract(x, self._before[0], self._step)
        self._dots(self._step, g, slope)
        np.add(self._size, self._size_before, size)
        np.add(self._slope, self._slope_before, bound)
        np.multiply(bound, bound, bound)
        np.multiply(bound, size, bound)
        info = np.finfo(x.dtype)
        np.multiply(bound, x.dtype.type(5.05 * (4.0 * float(info.eps)) ** 2), bound)
        np.add(bound, x.dtype.type(float(info.tiny) / float(info.eps) ** 2), bound)
        np.multiply(slope, slope, size)
        np.greater(slope, 0, self.overshoot)
        np.greater(size, bound, self._sure)
        near = np.flatnonzero(np.greater(self.overshoot, self._sure, self._sure))
        if len(near):
            points, slopes = (
                np.ascontiguousarray(np.stack([old[:, near].T, new[:, near].T]))
                for old, new in zip(self._before, (x, g), strict=True)
            )
            self.overshoot[near] = steps_between(points, slopes)[2][0]

    def _find_lost(self) -> None:
        good = np.isfinite(self._at_x) & np.isfinite(self._slope)
        self.lost = np.flatnonzero(self.alive & ~good)
        if len(self.lost):
            which, x = self.lost, self._block.x[:, self.lost]
            near = np.abs(x).max(axis=0) < FAR * np.maximum(np.abs(self._start[:, which]).max(axis=0), 1.0)
            f, slope = (
                np.array([old[which], new[which]])
                for old, new in (
                    (self._fun_before, self._at_x),
                    (self._slope_before, self._slope),
                )
            )
            fun, grad = faults(f, slope, near)
            for failed, name in ((fun & ~grad, "fun"), (grad & ~fun, "grad"), (fun & grad, "fun and grad")):
                self.failures |= dict.fromkeys(self.who[which[failed]].tolist(), name)
            self.alive[which] = False
        # What is inf or nan goes back to its start, where nothing overflows, until it is dropped.
        for array in self._block.arrays():
            array[:, ~good] = 0.0
        self._block.x[:, ~good] = self._start[:, ~good]
        self._at_x[~good], self._slope[~good], self._size[~good] = 0.0, 0.0, 0.0
