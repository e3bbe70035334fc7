"""Steppers: one update, by the kind of rate: a schedule, a feedback step size, or a line search."""

from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from optim.hyperparameters import Hypers, Numbers, Resolved, rate_kind
from optim.optimizer import Evaluation, Optimizer, Slots
from optim.state import State
from optim.user_rules import Rule, updating
from stepsize.core.norms import power_of_two
from stepsize.core.protocols import DescentProblem
from stepsize.core.validation import describe_value

__all__ = ["StepInfo", "Stepper", "stepper_for"]

Array = np.ndarray[Any, Any]


# Squared lengths of directions that a line search takes as they are.
_SHORT, _LONG = 1e-200, 1e200


class StepInfo(NamedTuple):
    """What a feedback step size receives before update n: the point, its value and gradient."""

    n: int
    x: Array
    f: Numbers
    g: Array
    problem: DescentProblem


class LineSearchLog:
    """How the line search of each update ended, and how many trials it made."""

    def __init__(self) -> None:
        self.status: list[str] = []
        self.n_trials: list[int] = []

    def columns(self, updates: int) -> dict[str, Array]:
        """Return both as columns of the history of so many updates."""
        return {
            "status": np.array(self.status[:updates], dtype=str),
            "n_trials": np.array(self.n_trials[:updates], int),
        }


class Stepper:
    """An update whose rate is known from the index alone."""

    def __init__(
        self, optimizer: Optimizer, problem: DescentProblem, x: Array, state: State, stop: int | None = None
    ) -> None:
        self.optimizer, self.problem = optimizer, problem
        self._seen = x, stop
        self.updates = None if stop is None else stop - state.n
        self.carry = state.carry
        self.search_log: LineSearchLog | None = None
        self.search: Any = None
        self.n_f = self.n_g = self._asked = 0
        self._last_sampled: tuple[int, DescentProblem] = (-1, problem)
        self._needs = {*optimizer.requires}
        if optimizer.compares_gradients and problem.varies:
            self._needs.add("grad")
        if self._needs:
            _require_supplied(self._needs, self.problem_at(state.n), optimizer)

    @cached_property
    def hypers(self) -> Hypers:
        """The optimizer's record as each update sees it; an engine that knows its numbers needs none."""
        return Hypers(self.optimizer, *self._seen)

    @cached_property
    def update(self) -> Rule:
        """The rule's update, guarded where it is from outside."""
        return updating(self.optimizer)

    @cached_property
    def direction(self) -> Rule:
        """The rule's direction, guarded where it is from outside."""
        return updating(self.optimizer, "direction")

    def evaluate(self, n: int, x: Array) -> Evaluation:
        """Return value and gradient at x as update n sees them, and count."""
        self.n_f += 1
        self.n_g += 1
        f, g = self.problem_at(n).value_and_grad(x)
        return Evaluation(f, g, None, None, (n, 0))

    def problem_at(self, n: int) -> DescentProblem:
        """Return the problem as update n sees it."""
        if not self.problem.varies:
            return self.problem
        if self._last_sampled[0] != n:
            self._last_sampled = n, self.problem.at(n)
        return self._last_sampled[1]

    def resolve(self, n: int, x: Array, e: Evaluation) -> Resolved:
        """Return the optimizer's record as update n sees it, with what its rule needs."""
        h = self.hypers.resolve(n)
        if self._needs:
            self.hypers.provide(**self._supplies(n, x, e))
        return h

    def _supplies(self, n: int, x: Array, e: Evaluation) -> dict[str, Numbers]:
        """Return what the rule needs, of the very draw that the gradient came from."""
        at, k = e.drawn or (n, 0)
        sampled = self.problem.sample(at, k) if k and self.problem.varies else self.problem_at(at)

        def grad(points: Array) -> Array:
            # A rule that is given one run of a batch after the other asks for a part of it each time.
            self._asked += points.size
            self.n_g += self._asked // x.size
            self._asked %= x.size
            return np.asarray(sampled.grad(points))

        known = {"f": e.f, "grad": grad}
        return {need: known[need] if need in known else getattr(sampled, need)(x) for need in self._needs}

    def advance(
        self, n: int, x: Array, e: Evaluation, slots: Slots
    ) -> tuple[Array, Slots, Evaluation | None, Numbers]:
        """Return the next x, the new slots, the evaluation at the next x if it is known, and the rate."""
        h = self.resolve(n, x, e)
        x, slots = self.update(x, e.g, slots, h)
        return x, slots, None, h.lr


class FeedbackStepper(Stepper):
    """An update with a feedback step size: ``lr.update(info, carry) -> rate, carry``.

    A rule that `can_roll_back` may set ``carry["undo"]``: then the update starts again from where the last
    one did. That point is stored in the carry, under "kept".
    """

    def __init__(
        self, optimizer: Optimizer, problem: DescentProblem, x: Array, state: State, stop: int | None = None
    ) -> None:
        super().__init__(optimizer, problem, x, state, stop)
        if self.carry is None:
            self.carry = optimizer.lr.init(x)

    def advance(
        self, n: int, x: Array, e: Evaluation, slots: Slots
    ) -> tuple[Array, Slots, Evaluation | None, Numbers]:
        """Ask for the rate, then make the update."""
        h, g = self.resolve(n, x, e), e.g
        can_roll_back = getattr(self.optimizer.lr, "can_roll_back", False)
        last: Any = self.carry.get("kept") if can_roll_back else None
        rate, self.carry = self.optimizer.lr.update(StepInfo(n, x, e.f, g, self.problem), self.carry)
        if can_roll_back:
            if self.carry["undo"]:
                x, g, slots = last["x"], last["g"], last["slots"]
            self.carry = {**self.carry, "kept": {"x": x, "g": g, "slots": slots}}
        _innermost(h).__dict__["lr"] = rate
        x, slots = self.update(x, g, slots, h)
        return x, slots, None, rate


class LineSearchStepper(Stepper):
    """An update whose rate is found along the line x - alpha d.

    ``lr.search(problem, n, x, e, d, carry)`` returns `alpha`, the evaluation `e` at x - alpha d if it made
    one, the new `carry`, a `status` word, and the counts `n_f`, `n_g` of evaluations. The evaluation
    is stored in the carry: under dynamic sampling it could not be made again.
    """

    def __init__(
        self, optimizer: Optimizer, problem: DescentProblem, x: Array, state: State, stop: int | None = None
    ) -> None:
        super().__init__(optimizer, problem, x, state, stop)
        if not optimizer.is_direction_rule:
            name = type(optimizer).__name__
            raise TypeError(
                f"lr: got the line search {optimizer.lr!r}, expected a number or a schedule, because an "
                f"update of {name} is not x - lr * d"
            )
        optimizer.lr.warn_of_sampling(problem)
        self.search = optimizer.lr.suited_to(_innermost(optimizer).suggests)
        self.search_log = self.log = LineSearchLog()
        if self.carry is None:
            self.carry = {"search": None, "at": None}

    def evaluate(self, n: int, x: Array) -> Evaluation:
        """Return the evaluation that the last search handed over if it was at x, or make one."""
        at: Any = self.carry["at"]
        if at is not None and np.array_equal(at["x"], x):
            return Evaluation(*(at[name] for name in ("f", "g", "var_f", "var_g", "drawn")))
        self.n_f += 1
        self.n_g += 1
        e = self.optimizer.lr.evaluate(self.problem_at(n), x)
        return Evaluation(e.f, e.g, e.var_f, e.var_g, drawn=(n, 0))

    def advance(
        self, n: int, x: Array, e: Evaluation, slots: Slots
    ) -> tuple[Array, Slots, Evaluation | None, Numbers]:
        """Find the direction, then how far to go."""
        d, slots = self.direction(x, e.g, slots, self.resolve(n, x, e))
        unit = _unit(e.g, d)
        d = d / unit
        found = self.search.search(self.problem, n, x, e, d, self.carry["search"])
        x = x - found.alpha * d
        end = found.e
        e_next = end and Evaluation(end.f, end.g, end.var_f, end.var_g, drawn=(n, end.number))
        at = e_next and {"x": x, **e_next._asdict()}
        self.carry = {"search": found.carry, "at": at}
        self.log.status.append(found.status)
        self.log.n_trials.append(max(found.n_f, found.n_g))
        self.n_f += found.n_f
        self.n_g += found.n_g
        return x, slots, e_next, found.alpha / unit


def _innermost(rule: Any) -> Any:
    """Return the rule inside of all wrappers, whose rate is theirs."""
    while "inner" in rule.__dict__:
        rule = rule.inner
    return rule


def _unit(g: Array, d: Array) -> float:
    """Return what to divide a direction by: 1, unless slopes along it, or products of those, overflow."""
    if _SHORT < np.dot(d, d) < _LONG and np.isfinite(np.dot(g, d)):
        return 1.0
    return float(power_of_two(d)[0])


def _require_supplied(needs: set[str], problem: DescentProblem, optimizer: Optimizer) -> None:
    """Refuse a problem without the derivatives that the optimizer's rule needs."""
    name = type(optimizer).__name__
    for need in sorted(needs - {"f"}):
        has = callable(getattr(problem, need, None)) and getattr(problem, f"has_{need}", True)
        if not has:
            raise TypeError(f"problem: got {problem.formula}, expected one with {need}, which {name} needs")


def stepper_for(
    optimizer: Optimizer, problem: DescentProblem, x: Array, state: State, stop: int | None = None
) -> Stepper:
    """Return the stepper for the optimizer's kind of rate, for updates before `stop`."""
    kind = rate_kind(optimizer.lr)
    if kind != "schedule" and x.ndim > 1:
        raise TypeError(
            f"lr: got {optimizer.lr!r}, which does not support batched runs; run them one at a time"
        )
    if not optimizer.batched and x.ndim > 1:
        raise TypeError(
            f"x0: got {describe_value(x)}, but {type(optimizer).__name__} does not support batched runs; "
            "run them one at a time"
        )
    steppers = {"schedule": Stepper, "feedback": FeedbackStepper, "search": LineSearchStepper}
    return steppers[kind](optimizer, problem, x, state, stop)
