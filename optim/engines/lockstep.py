"""Many runs in lockstep: rows of what is judged of them, and no other history.

The arrays of a few thousand runs stay in the cache while update follows update. After a few updates values,
gradient norms and overshoots are computed of all of them at once. Every number is, bit for bit, what the
history of the run alone would hold. Runs that become inf or nan are found at that very update and taken out
of the way; the others never notice.
"""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from optim.engines.batched import IN_ORDER, LOOK, RunBlock, can_be_traced, inner
from optim.engines.replay import Plan, Workspace
from optim.engines.symbols import Untraceable
from optim.engines.tracing import trace_function
from optim.failure import FAR, faults
from optim.hyperparameters import Numbers
from optim.optimizer import Optimizer
from optim.recorder import steps_between
from optim.start import check_initial_evaluation, validate_problem_and_start
from optim.steppers import stepper_for
from optim.user_functions import in_precision_of
from optim.user_rules import check_rule
from stepsize.core.elementwise import unbuffered
from stepsize.core.norms import norm, squares_fit
from stepsize.core.protocols import SupportsGradient

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from optim.engines.compiled.runs import CompiledBlock

__all__ = ["Lockstep", "Untraceable", "can_compile", "largest_rate"]

Array = np.ndarray[Any, Any]

Compiled = TypeVar("Compiled", bound="CompiledBlock")

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
    nit : ndarray of int, shape (B,)
        How many of them left the run finite; B counts all runs.
    failures : dict
        By run, what returned nan at an ordinary point: "fun", "grad" or "fun and grad".
    who : ndarray of int, shape (K,)
        The runs that the columns of the following arrays are. Runs that were lost are left out, in the end.
    fun, grad_norm : ndarray of shape (R, K)
        Value and gradient norm of each run at its point (the point to report, where that is another one)
        after each of the last R updates: at the start before the first. The next updates overwrite them.
    overshoot : ndarray of bool, shape (R, K)
        Which runs passed the minimum along each of these updates, as far as is known until `settle_doubts`.
    rate : float, ndarray of shape (R, 1) or (R, K)
        The rate of each, of several, one a coordinate, the largest; 1 if it never changes.
    alive : ndarray of bool, shape (K,)
        Which runs are finite. What follows the row in which another one was lost are the numbers of no run.

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
        if where.varies or where.feasible is not None:
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
            self.rate: Any = 1.0
            self.who, self.alive = np.arange(len(x)), np.ones(len(x), bool)
            self.nit = np.full(len(x), steps)
            self.failures: dict[int, str] = {}
            # Steps of which only a closer look tells whether they overshot: update, run, both ends.
            self._doubts: list[tuple[Array, Array, Array, Array]] = []
            self.separate = optimizer.has_separate_output
            self._start = inner(x)
            self._lay_out(1)
            self._at_x[0], self._xs[1], self._gs[1] = e.f, self._block.x, self._block.g
            self._norms(self._gs[1:], self._slope, self.alive)
            if self.separate:
                self._outputs[1] = self._points()
                self._report()

    def _lay_out(self, count: int) -> None:
        """Make the arrays for so many updates of as many runs as there are now."""
        x, shape = self._block.x, (count, len(self.who))
        # Points and gradients before the first update and after each.
        self._xs, self._gs = (np.empty((count + 1, *x.shape), x.dtype) for _ in range(2))
        self.fun, self.grad_norm = np.empty(shape), np.empty(shape, x.dtype)
        self.overshoot, self._sure = np.empty((2, *shape), bool)
        # Where another point is reported, value and slope at x are apart from those that are.
        self._at_x = np.empty(shape) if self.separate else self.fun
        self._slope = np.empty(shape, x.dtype) if self.separate else self.grad_norm
        self._outputs = np.empty((count + 1, *x.T.shape) if self.separate else 0, x.dtype)
        self._before = np.zeros((2, shape[1]))
        self._squares, self._slopes, self._term = (np.empty(shape, x.dtype) for _ in range(3))
        self._steps = np.empty((count, *x.shape), x.dtype)
        self._value_calls: list[Callable[[], object]] | None = None

    def _make_room(self, count: int) -> None:
        """Carry the last row over, as the one before the next updates, without runs that were lost."""
        ends = self._at_x[-1], self._slope[-1]
        points = self._outputs[-1] if self.separate else None
        left = np.count_nonzero(self.alive)
        dead = 0 < left * (1 + _DEAD) <= len(self.alive)
        keep = self.alive if dead else slice(None)
        if dead:
            self._block = self._block.columns(keep, self._block.arrays())
            self.who, self._start = self.who[keep], np.ascontiguousarray(self._start[:, keep])
            self.alive = np.ones(len(self.who), bool)
        if dead or count != len(self.fun):
            self._lay_out(count)
        self._before[...] = [row[keep] for row in ends]
        self._xs[0], self._gs[0] = self._block.x, self._block.g
        if points is not None:
            self._outputs[0] = points[keep]

    def advance(self, count: int) -> None:
        """Make the next `count` updates of every run."""
        with np.errstate(all="ignore"), unbuffered():
            self._make_room(count)
            block, rates = self._block, []
            for k in range(1, count + 1):
                rates.append(block.advance(self.n).lr)
                self.n += 1
                np.copyto(self._xs[k], block.x)
                np.copyto(self._gs[k], block.g)
                if self.separate:
                    self._outputs[k] = self._points()
            if callable(block.optimizer.lr):
                self.rate = np.array([largest_rate(lr) for lr in rates])
            self._values()
            # The sum of all is finite only if each is, or else it has overflowed and each is asked.
            fine = bool(np.isfinite(self._at_x.sum()))
            asked = self.alive if fine else self._until_lost()
            self._norms(self._gs[1:], self._slope, asked)
            self._find_overshoot(asked)
            fine = fine and bool(np.isfinite(self._slope.sum()))
            if not fine:
                self._find_lost()
            if self.separate:
                self._report()

    @property
    def start(self) -> Array:
        """Where the runs that are left began, of shape (K, d)."""
        return np.array(self._start.T, order="C")

    def compiled(self, kind: "type[Compiled]") -> "Compiled":
        """Return what makes the same updates by a compiled loop, before the first.

        Parameters
        ----------
        kind : type
            `RowsBlock` or `TallyBlock`.

        Raises
        ------
        Untraceable
            With the reason, if it cannot make all of them to the same bits.
        """
        block = self._block
        if self.separate or block.x.dtype != np.float64 or len(block.x) >= IN_ORDER:
            raise Untraceable("more than a few coordinates in double precision")
        return kind(self.problem, block.optimizer, block.x, block.g, block.slots, stop=block.stop)

    def step_norm(self) -> Array:
        """Return how far the last updates moved each run's point to report, of shape (R, K)."""
        with np.errstate(all="ignore"):
            if self.separate:
                return np.asarray(norm(np.diff(self._outputs, axis=0)))
            return self._norms(self._steps, np.empty_like(self.grad_norm), self.alive)

    @property
    def x(self) -> Array:
        """The points at which the gradients were taken last, of shape (K, d)."""
        return np.array(self._block.x.T, order="C")

    def _points(self) -> Array:
        """Return the points to report, of shape (K, d)."""
        return np.array(self._block.optimizer.output(self._block.x, self._block.slots).T, order="C")

    def _report(self) -> None:
        for fun, slope, outputs in zip(self.fun, self.grad_norm, self._outputs[1:], strict=True):
            for some in _pieces(outputs):
                fun[some] = self.problem.fun(outputs[some])
                slope[some] = norm(self.problem.grad(outputs[some]))

    @cached_property
    def _value_plan(self) -> Plan | None:
        """Return how the values are made in place, or None where they cannot be traced."""
        dim, dtype = len(self._block.x), self._block.x.dtype
        if not self.problem.components or dtype != np.float64 or dim >= IN_ORDER:
            return None
        try:
            trace = trace_function(lambda point: [self.problem.fun(point)], dim, dtype)
        except Untraceable:
            return None
        return Plan(trace, [dim])

    def _values(self) -> None:
        if self._value_plan is not None:
            if self._value_calls is None:
                arrays = [*self._xs[1:].swapaxes(0, 1), self._at_x]
                self._value_calls = self._value_plan.bind(arrays, {}, Workspace(self._at_x.shape))
            for call in self._value_calls:
                call()
            return
        for x, values in zip(self._xs[1:], self._at_x, strict=True):
            points = x.T if self.problem.components and len(x) < IN_ORDER else np.ascontiguousarray(x.T)
            for some in _pieces(points):
                values[some] = self.problem.fun(points[some])

    def _dots(self, a: Array, b: Array, into: Array) -> Array:
        """Write the inner products of the vectors of (R, d, K), added as `elementwise.dot` adds them."""
        dim = a.shape[1]
        if dim < IN_ORDER:
            np.multiply(a[:, 0], b[:, 0], into)
            for i in range(1, dim):
                np.add(into, np.multiply(a[:, i], b[:, i], self._term), into)
        else:
            np.sum(np.ascontiguousarray((a * b).swapaxes(1, 2)), axis=-1, out=into)
        return into

    def _until_lost(self) -> Array:
        """Return what is asked about: the rows of each run that is alive, to the first without a value."""
        finite = np.logical_and.accumulate(np.isfinite(self._at_x), axis=0)
        return np.concatenate([self.alive[None], finite[:-1] & self.alive])

    def _norms(self, a: Array, into: Array, asked: Array) -> Array:
        """Write the lengths of the vectors of (R, d, K) as `stepsize.core.norms.norm` returns them.

        Where nobody asks they may have overflowed.
        """
        squares = self._dots(a, a, self._squares)
        np.sqrt(squares, into)
        fit = squares_fit(squares.min(axis=0), a.dtype) & squares_fit(squares.max(axis=0), a.dtype)
        if not fit.all():
            some = np.flatnonzero(~fit)
            # A vector of zeros is the usual one among those without a square that fits, and has its length.
            long = (a[..., some] != 0).any(axis=1) & asked[..., some]
            rows, which = np.nonzero(~squares_fit(squares[:, some], a.dtype) & long)
            if len(rows):
                columns = some[which]
                into[rows, columns] = norm(np.ascontiguousarray(a[rows, :, columns]))
        return into

    def _find_overshoot(self, asked: Array) -> None:
        r"""Find the runs whose slope at the end of the step is positive, beyond what rounding can make of it.

        `slope_floor` needs four more norms. It is at most :math:`4 \epsilon (2|x'| + |x|)(|g'| + |g|)`, and
        that at most 24 eps times the largest |g| and the sum of the largest coordinates of x that a run had
        in these updates. A slope above it needs no closer look; the others get theirs all at once.
        """
        slope, steps, info = self._slopes, self._steps, np.finfo(self._xs.dtype)
        np.subtract(self._xs[1:], self._xs[:-1], steps)
        self._dots(steps, self._gs[1:], slope)
        far = np.maximum(self._xs.max(axis=0), -self._xs.min(axis=0))
        steep = np.maximum(self._slope.max(axis=0), self._before[1].astype(slope.dtype))
        # In this order it is inf wherever a slope, or what is compared with it, may have overflowed.
        bound = (24.5 * far.sum(axis=0) * steep) * float(info.eps) + float(info.tiny / info.eps)
        np.greater(slope, 0, self.overshoot)
        np.greater(slope, bound, self._sure)
        if np.count_nonzero(self.overshoot) == np.count_nonzero(self._sure):
            return
        rows, columns = np.nonzero(self.overshoot & ~self._sure & asked)
        points, slopes = (
            np.stack([a[rows, :, columns], a[rows + 1, :, columns]]) for a in (self._xs, self._gs)
        )
        self._doubts.append((rows + self.n - len(slope), self.who[columns], points, slopes))

    def settle_doubts(self, overshoot: Array, columns: Array) -> None:
        """Write which of the doubtful steps overshot into a table of all updates, where runs have columns."""
        if self._doubts:
            rows, runs, points, slopes = (
                np.concatenate(parts, axis=-1 if parts[0].ndim == 1 else 1)
                for parts in zip(*self._doubts, strict=True)
            )
            with np.errstate(all="ignore"):
                overshoot[rows, columns[runs]] = steps_between(points, slopes)[2][0]
        self._doubts = []

    def _find_lost(self) -> None:
        """Find the runs that became inf or nan, and let them begin anew where nothing overflows."""
        bad = ~(np.isfinite(self._at_x) & np.isfinite(self._slope))
        which = np.flatnonzero(bad.any(axis=0) & self.alive)
        row = bad[:, which].argmax(axis=0)
        self.nit[self.who[which]] = self.n - len(bad) + row
        self.alive[which] = False
        x = self._xs[row + 1, :, which]
        near = np.abs(x).max(axis=1) < FAR * np.maximum(np.abs(self._start[:, which]).max(axis=0), 1.0)
        f, slope = (
            np.array([np.where(row > 0, rows[row - 1, which], before[which]), rows[row, which]])
            for rows, before in zip((self._at_x, self._slope), self._before, strict=True)
        )
        fun, grad = faults(f, slope, near)
        for failed, name in ((fun & ~grad, "fun"), (grad & ~fun, "grad"), (fun & grad, "fun and grad")):
            self.failures |= dict.fromkeys(self.who[which[failed]].tolist(), name)
        gone = bad.any(axis=0)
        for array in self._block.arrays():
            array[:, gone] = 0.0
        self._block.x[:, gone] = self._start[:, gone]
        self._at_x[-1, gone], self._slope[-1, gone] = 0.0, 0.0


def can_compile() -> bool:
    """Whether the compiler is installed."""
    from optim.engines.compiled.llvm import is_installed

    return is_installed()


def largest_rate(lr: Numbers) -> Array:
    """Return the rate of an update, one for all runs or one for each; of several, the largest."""
    rate = np.asarray(lr)
    return np.asarray(rate.max(axis=-1) if rate.ndim > 1 and len(rate) > 1 else rate.max().reshape(1))


def _pieces(points: Array) -> list[slice]:
    """Return the rows of some points, so many at a time that what is made of them stays in the cache."""
    width = max(1, LOOK // points.shape[1])
    return [slice(low, low + width) for low in range(0, len(points), width)]
