"""Sweeps: very many runs of which only the ends are wanted.

`sweep` makes all updates of one block of runs before it turns to the next, so that the arrays stay in the
cache and nothing but the ends is stored. Runs are checked every few updates. Those that have
become inf or nan are repeated, alone, from the check before, to find the update at which it happened, and
dropped; the others go on untouched, bit for bit as if they were alone.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from optim.engines import refusal
from optim.engines.batched import BLOCK_RUNS, HISTORY, LastFinite, RunBlock, can_be_traced, inner, take
from optim.engines.symbols import Untraceable
from optim.engines.threads import each
from optim.engines.tracing import Trace
from optim.hyperparameters import Hypers
from optim.minimize import minimize
from optim.optimizer import Evaluation, Optimizer
from optim.start import check_initial_evaluation, validate_problem_and_start
from optim.user_rules import starting
from stepsize.core.norms import norm
from stepsize.core.protocols import DescentProblem, SupportsGradient
from stepsize.core.validation import as_count, require

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["Ends", "sweep"]

Array = np.ndarray[Any, Any]


# Updates of all runs together from which on compiling them pays, where the compiler is installed.
PAYS = 1_000_000


class Block(Protocol):
    """Some runs of a sweep, as `RunBlock` has them, whoever makes the updates."""

    problem: DescentProblem
    optimizer: Optimizer

    def advance_by(self, n: int, count: int) -> Sequence[Array]: ...
    def lost(self) -> Array: ...
    def arrays(self) -> Sequence[Array]: ...
    def columns(self, which: Array | slice, arrays: Sequence[Array]) -> Any: ...
    def ends(self, n: int, count: int) -> Iterator[LastFinite]: ...


@dataclass(frozen=True, eq=False)
class Ends:
    """Where the runs of a sweep ended; row i is what `minimize` would say of run i alone.

    Bit for bit, except that powers beta**t are multiplied up where beta differs from row to row, which keeps
    to 1e-12 over a few hundred updates.

    Attributes
    ----------
    x : ndarray of shape (B, d)
        The answers; of runs that diverged, the last that were finite.
    fun : ndarray of shape (B,)
        Their values.
    grad_norm : ndarray of shape (B,)
        Euclidean norm of the gradient where it was last taken.
    nit : ndarray of int, shape (B,)
        Updates made: all of them, or as many as were finite.
    diverged : ndarray of bool, shape (B,)
        Which runs became inf or nan.
    """

    x: Array
    fun: Array
    grad_norm: Array
    nit: Array
    diverged: Array


def sweep(
    problem: SupportsGradient,
    optimizer: Optimizer,
    x0: "ArrayLike | None" = None,
    steps: int = 1000,
    *,
    threads: int = 1,
    check: int = 50,
    engine: str = "auto",
) -> Ends:
    """Descend with a batch of runs, and keep only where each of them ended.

    Parameters
    ----------
    problem, optimizer, x0, steps
        As for `minimize`; hyperparameters of shape (B, 1), or an x0 of shape (B, d), make B runs.
    threads : int
        Threads to use. More than one are pinned to their processors while they work.
    check : int
        Updates between two checks for divergence. The update at which a run diverged is exact; but a run
        that became inf or nan and came back between two checks, which takes a rule that forgets infinite
        gradients, goes unnoticed. With 1 nothing does.
    engine : {"auto", "array", "traced", "compiled"}
        How the updates are made; see `minimize`. The ends are the same, bit for bit, but for powers that are
        multiplied up, which "array" takes as the rule does.

    Returns
    -------
    Ends

    Examples
    --------
    Rates on both sides of 2/L = 1 on f = x^2: below it converges, above it diverges.

    >>> from optim import SGD
    >>> from problems import Parabola
    >>> ends = sweep(Parabola(), SGD(lr=np.array([[0.4], [0.9], [1.1], [9.0]])), steps=3000)
    >>> ends.diverged.tolist(), ends.nit.tolist()
    ([False, False, True, True], [3000, 3000, 1933, 124])
    """
    steps, check = as_count("steps", steps), as_count("check", check, 1)
    problem, x = validate_problem_and_start(problem, optimizer, x0)
    if x.ndim != 2:
        raise ValueError(
            f"x0: got one run of shape {x.shape}, expected a batch of shape (B, d); see minimize"
        )
    runs = len(x)
    ends = Ends(x, np.empty(runs), np.empty(runs), np.full(runs, steps), np.zeros(runs, dtype=bool))
    traces: list[Trace] = []
    ways = _ways(engine, runs * steps)

    def work(part: slice) -> None:
        few = take(optimizer, part, runs)
        start = x[part].copy()
        for way in ways:
            try:
                _descend(way(problem, few, traces, start, steps), np.arange(runs)[part], steps, check, ends)
            except Untraceable as reason:
                require(engine == "auto", "engine", engine, refusal(engine, str(reason)))
                x[part] = start
            else:
                return
        _by_history(problem, few, x, part, steps, ends)

    each(work, _parts(runs, BLOCK_RUNS // x.shape[1]), threads)
    return ends


def _parts(runs: int, width: int) -> list[slice]:
    width = max(1, width)
    return [slice(low, min(low + width, runs)) for low in range(0, runs, width)]


def _ways(engine: str, updates: int) -> list[Callable[..., Block]]:
    """Return what makes the first block of a sweep, the best way first."""
    ways: dict[str, list[Callable[..., Block]]] = {
        "array": [],
        "traced": [_first_block],
        "compiled": [_first_compiled_block],
        "auto": [_first_block],
    }
    require(engine in ways, "engine", engine, "one of " + ", ".join(ways))
    if engine == "compiled" or (engine == "auto" and updates >= PAYS):
        from optim.engines.compiled.llvm import MISSING, is_installed

        found = is_installed()
        require(found or engine == "auto", "engine", engine, refusal(engine, MISSING))
        if found and engine == "auto":
            return [_first_compiled_block, _first_block]
    return ways[engine]


def _first_compiled_block(
    problem: DescentProblem, optimizer: Optimizer, _: list[Trace], x: Array, steps: int
) -> Block:
    from optim.engines.compiled.runs import CompiledBlock

    block = CompiledBlock(*_start(problem, optimizer, x), exact=False, stop=steps)
    block.prepare(0)
    return block


def _first_block(
    problem: DescentProblem, optimizer: Optimizer, traces: list[Trace], x: Array, steps: int
) -> Block:
    _, _, x, g, slots = _start(problem, optimizer, x)
    return RunBlock(problem, optimizer, traces, x, g, slots, exact=False, stop=steps)


def _start(
    problem: DescentProblem, optimizer: Optimizer, x: Array
) -> tuple[DescentProblem, Optimizer, Array, Array, tuple[Array, ...]]:
    """Return problem and rule, and x, g and the slots where the runs start, with the runs innermost."""
    e = Evaluation(*problem.value_and_grad(x))
    check_initial_evaluation(x, e)
    slots = starting(optimizer, x, Hypers(optimizer, x).resolve(0))
    if problem.feasible is not None or not can_be_traced(problem, optimizer, x, slots):
        raise Untraceable("more than elementwise arithmetic")
    return problem, optimizer, inner(x), inner(e.g), tuple(inner(slot) for slot in slots)


def _descend(block: Block, who: Array, steps: int, check: int, ends: Ends) -> None:
    for n in range(0, steps, check):
        count = min(check, steps - n)
        before = block.advance_by(n, count)
        lost = block.lost()
        if lost.any():
            gone, rest = np.flatnonzero(lost), np.flatnonzero(~lost)
            left = who[gone]
            for k, which, points, g in block.columns(gone, before).ends(n, count):
                _write(block.problem, left[which], points, g, ends)
                ends.nit[left[which]] = k
                ends.diverged[left[which]] = True
            if not len(rest):
                return
            block, who = block.columns(rest, block.arrays()), who[rest]
    x, g, *slots = (np.ascontiguousarray(a) for a in block.arrays())
    _write(block.problem, who, block.optimizer.output(x, tuple(slots)).T, g, ends)


def _write(problem: DescentProblem, rows: Array, points: Array, g: Array, ends: Ends) -> None:
    """Note where some runs ended, and with which gradients, of shape (d, runs)."""
    points = np.ascontiguousarray(points)
    ends.x[rows] = points
    ends.fun[rows] = problem.fun(points)
    ends.grad_norm[rows] = norm(g.T)


def _by_history(
    problem: DescentProblem, optimizer: Optimizer, x: Array, part: slice, steps: int, ends: Ends
) -> None:
    """Do the same for a rule that cannot be traced, by the history of its runs."""
    rows = max(1, HISTORY // ((steps + 1) * x.shape[1]))
    for low in range(part.start, part.stop, rows):
        some = slice(low, min(low + rows, part.stop))
        few = take(optimizer, slice(low - part.start, some.stop - part.start), part.stop - part.start)
        run = minimize(problem, few, x[some], steps, engine="array")
        history = run.history
        good = np.isfinite(history.fun) & np.isfinite(history.grad_norm)
        ends.nit[some] = np.logical_and.accumulate(good, axis=0).sum(axis=0) - 1
        ends.diverged[some] = ~good.all(axis=0) | (ends.nit[some] < steps)
        rows_of = ends.nit[some], np.arange(some.stop - low)
        ends.x[some] = (history.x if history.output is None else history.output)[rows_of]
        ends.fun[some] = (history.fun if history.output_fun is None else history.output_fun)[rows_of]
        ends.grad_norm[some] = history.grad_norm[rows_of]
