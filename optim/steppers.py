"""The ways to make an update, by what the rate answers to: the index, the run, or the line ahead."""

from typing import Any, NamedTuple

import numpy as np

from optim.optimizer import Evaluation, Hypers, Optimizer, Slots, kind_of, updating
from optim.state import State
from stepsize.core.norms import power_of_two
from stepsize.core.validation import describe

__all__ = ["Report", "Way", "way_for"]

Array = np.ndarray[Any, Any]


# Squared lengths of directions that a line search takes as they are.
_SHORT, _LONG = 1e-200, 1e200


class Report(NamedTuple):
    """What a rate that answers to the run is told before update n: the point, its value and gradient."""

    n: int
    x: Array
    f: Any
    g: Array
    problem: Any


class Searched:
    """What line searches leave behind: for each update a status word and how often it looked."""

    def __init__(self) -> None:
        self.status: list[str] = []
        self.looks: list[int] = []

    def columns(self, updates: int) -> dict[str, Array]:
        """Return both as columns of the history of so many updates."""
        return {
            "status": np.array(self.status[:updates], dtype=str),
            "looks": np.array(self.looks[:updates], int),
        }


class Way:
    """An update whose rate is known from the index alone."""

    def __init__(
        self, optimizer: Optimizer, problem: Any, x: Array, state: State, stop: int | None = None
    ) -> None:
        self.optimizer, self.problem = optimizer, problem
        self.hypers = Hypers(optimizer, x, stop)
        self.updates = None if stop is None else stop - state.n
        self.carry = state.carry
        self.searched: Searched | None = None
        self.n_f = self.n_g = 0
        self.update, self.direction = updating(optimizer), updating(optimizer, "direction")
        self._last_seen: tuple[int, Any] = (-1, None)
        self._needs = {*optimizer.needs, *(("grad",) if optimizer.compares and problem.varies else ())}
        if self._needs:
            _refuse_unless_it_has(self._needs, self.seen(state.n), optimizer)

    def evaluate(self, n: int, x: Array) -> Any:
        """Return value and gradient at x as update n sees them, and count."""
        self.n_f += 1
        self.n_g += 1
        f, g = self.seen(n).value_and_grad(x)
        return Evaluation(f, g, drawn=(n, 0))

    def seen(self, n: int) -> Any:
        """Return the problem as update n sees it."""
        if not self.problem.varies:
            return self.problem
        if self._last_seen[0] != n:
            self._last_seen = n, self.problem.at(n)
        return self._last_seen[1]

    def resolve(self, n: int, x: Array, e: Evaluation) -> Any:
        """Return the optimizer's record as update n sees it, with what its rule needs."""
        h = self.hypers.at(n)
        if self._needs:
            self.hypers.give(**self._supplies(n, x, e))
        return h

    def _supplies(self, n: int, x: Array, e: Evaluation) -> dict[str, Any]:
        """Return what the rule needs, of the very draw that the gradient came from."""
        at, k = e.drawn or (n, 0)
        seen = self.problem.draw(at, k) if k and self.problem.varies else self.seen(at)

        def grad(points: Array) -> Any:
            self.n_g += points.size // x.size
            return seen.grad(points)

        known = {"f": e.f, "grad": grad}
        return {need: known[need] if need in known else getattr(seen, need)(x) for need in self._needs}

    def advance(
        self, n: int, x: Array, e: Evaluation, slots: Slots
    ) -> tuple[Array, Slots, Evaluation | None, Any]:
        """Return the next x, the new slots, the evaluation at the next x if it is known, and the rate."""
        h = self.resolve(n, x, e)
        x, slots = self.update(x, e.g, slots, h)
        return x, slots, None, h.lr


class FeedbackWay(Way):
    """An update whose rate answers to the run: ``lr.rate(report, carry) -> rate, carry``.

    A rule that `undoes` may set ``carry["undo"]``: then the update starts again from where the last one did.
    Where that was is kept with the rule's own memory.
    """

    def __init__(
        self, optimizer: Optimizer, problem: Any, x: Array, state: State, stop: int | None = None
    ) -> None:
        super().__init__(optimizer, problem, x, state, stop)
        if self.carry is None:
            self.carry = optimizer.lr.begin(x)

    def advance(
        self, n: int, x: Array, e: Evaluation, slots: Slots
    ) -> tuple[Array, Slots, Evaluation | None, Any]:
        """Ask for the rate, then make the update."""
        h, g = self.resolve(n, x, e), e.g
        undoes = getattr(self.optimizer.lr, "undoes", False)
        kept: Any = self.carry.get("kept") if undoes else None
        rate, self.carry = self.optimizer.lr.rate(Report(n, x, e.f, g, self.problem), self.carry)
        if undoes:
            if self.carry["undo"]:
                x, g, slots = kept["x"], kept["g"], kept["slots"]
            self.carry = {**self.carry, "kept": {"x": x, "g": g, "slots": slots}}
        rule = h
        while "inner" in rule.__dict__:  # the rate of a wrapper is that of the rule inside
            rule = rule.inner
        rule.__dict__["lr"] = rate
        x, slots = self.update(x, g, slots, h)
        return x, slots, None, rate


class SearchWay(Way):
    """An update whose rate is found along the line x - alpha d.

    ``lr.look(problem, n, x, e, d, carry)`` answers with `alpha`, the evaluation `e` at x - alpha d if it has
    one, the new `carry`, a `status` word, and the looks `n_f`, `n_g` that it took. An evaluation that was
    handed over is kept with the carry: under dynamic sampling nobody could make it again.
    """

    def __init__(
        self, optimizer: Optimizer, problem: Any, x: Array, state: State, stop: int | None = None
    ) -> None:
        super().__init__(optimizer, problem, x, state, stop)
        if not optimizer.factors:
            name = type(optimizer).__name__
            raise TypeError(
                f"lr: got the line search {optimizer.lr!r}, expected a number or a schedule, because an "
                f"update of {name} is not x - lr * d"
            )
        optimizer.lr.warn_of_sampling(problem)
        self.searched = self.words = Searched()
        if self.carry is None:
            self.carry = {"search": None, "at": None}

    def evaluate(self, n: int, x: Array) -> Any:
        """Return the evaluation that the last search handed over if it was at x, or make one."""
        at: Any = self.carry["at"]
        if at is not None and np.array_equal(at["x"], x):
            return Evaluation(*(at[name] for name in ("f", "g", "var_f", "var_g", "drawn")))
        self.n_f += 1
        self.n_g += 1
        e = self.optimizer.lr.evaluate(self.seen(n), x)
        return Evaluation(e.f, e.g, e.var_f, e.var_g, drawn=(n, 0))

    def advance(
        self, n: int, x: Array, e: Evaluation, slots: Slots
    ) -> tuple[Array, Slots, Evaluation | None, Any]:
        """Find the direction, then how far to go."""
        d, slots = self.direction(x, e.g, slots, self.resolve(n, x, e))
        unit = _unit(e.g, d)
        d = d / unit
        found = self.optimizer.lr.look(self.problem, n, x, e, d, self.carry["search"])
        x = x - found.alpha * d
        end = found.e
        e_next = end and Evaluation(end.f, end.g, end.var_f, end.var_g, drawn=(n, end.look))
        at = e_next and {"x": x, **e_next._asdict()}
        self.carry = {"search": found.carry, "at": at}
        self.words.status.append(found.status)
        self.words.looks.append(max(found.n_f, found.n_g))
        self.n_f += found.n_f
        self.n_g += found.n_g
        return x, slots, e_next, found.alpha / unit


def _unit(g: Array, d: Array) -> float:
    """Return what to divide a direction by: 1, unless slopes along it, or products of those, overflow."""
    if _SHORT < np.dot(d, d) < _LONG and np.isfinite(np.dot(g, d)):
        return 1.0
    return float(power_of_two(d)[0])


def _refuse_unless_it_has(needs: set[str], seen: Any, optimizer: Optimizer) -> None:
    """Refuse a problem without the derivatives that the optimizer's rule needs."""
    name = type(optimizer).__name__
    for need in sorted(needs - {"f"}):
        has = callable(getattr(seen, need, None)) and getattr(seen, f"has_{need}", True)
        if not has:
            raise TypeError(f"problem: got {seen.formula}, expected one with {need}, which {name} needs")


def way_for(optimizer: Optimizer, problem: Any, x: Array, state: State, stop: int | None = None) -> Way:
    """Return the way that suits the optimizer's rate, for updates before `stop`."""
    kind = kind_of(optimizer.lr)
    if kind != "schedule" and x.ndim > 1:
        raise TypeError(
            f"lr: got {optimizer.lr!r} for a batch of runs, which it cannot serve; run them one by one"
        )
    if not optimizer.batched and x.ndim > 1:
        raise TypeError(
            f"x0: got {describe(x)}, a batch of runs, which {type(optimizer).__name__} cannot serve; "
            "run them one by one"
        )
    ways = {"schedule": Way, "feedback": FeedbackWay, "search": SearchWay}
    return ways[kind](optimizer, problem, x, state, stop)
