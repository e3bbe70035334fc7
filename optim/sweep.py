"""Sweeps: very many runs of which only the ends, or a summary, are wanted.

`sweep` makes all updates of one block of runs before it turns to the next, so that the arrays stay in the
cache and nothing but the ends is stored. Runs are checked every few updates. Those that have
become inf or nan are repeated, alone, from the check before, to find the update at which it happened, and
dropped; the others go on untouched, bit for bit as if they were alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from optim.engines.batched import BLOCK_RUNS, HISTORY, RunBlock, can_be_traced, inner, take
from optim.engines.symbols import Untraceable
from optim.engines.threads import each
from optim.engines.tracing import Trace
from optim.hyperparameters import Hypers
from optim.minimize import check_initial_evaluation, minimize, validate_problem_and_start
from optim.optimizer import Evaluation, Optimizer
from stepsize.core.norms import norm
from stepsize.core.protocols import DescentProblem, SupportsGradient
from stepsize.core.validation import as_count

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from optim.run import Run

__all__ = ["Ends", "survey", "sweep"]

Array = np.ndarray[Any, Any]


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

    def work(part: slice) -> None:
        few = take(optimizer, part, runs)
        start = x[part].copy()
        try:
            block = _first_block(problem, few, traces, start, steps)
            _descend(block, np.arange(runs)[part], steps, check, ends)
        except Untraceable:
            x[part] = start
            _by_history(problem, few, x, part, steps, ends)

    each(work, _parts(runs, BLOCK_RUNS // x.shape[1]), threads)
    return ends


def survey(
    problem: SupportsGradient,
    optimizer: Optimizer,
    summary: Callable[["Run"], Mapping[str, "ArrayLike"]],
    x0: "ArrayLike | None" = None,
    steps: int = 1000,
    *,
    threads: int = 1,
) -> dict[str, Array]:
    """Descend with a batch of runs a few at a time, and keep what a summary says of their full histories.

    Parameters
    ----------
    problem, optimizer, x0, steps
        As for `minimize`; hyperparameters of shape (B, 1), or an x0 of shape (B, d), make B runs.
    summary : callable
        ``summary(run)`` takes the `Run` of some of the runs, a batch of shape (b, d), and returns arrays
        whose first axis is b, by name. It must judge each run by itself.
    threads : int
        Threads to use. More than one are pinned to their processors while they work.

    Returns
    -------
    dict of ndarray
        What the summaries said, joined along the first axis.

    Examples
    --------
    >>> from optim import SGD
    >>> from problems import Parabola
    >>> rates = np.array([[0.1], [0.4], [0.9]])
    >>> survey(Parabola(), SGD(lr=rates), lambda run: {"overshoot": run.overshoot_share}, steps=50)
    {'overshoot': array([0., 0., 1.])}
    """
    steps = as_count("steps", steps)
    problem, x = validate_problem_and_start(problem, optimizer, x0)
    if x.ndim != 2:
        raise ValueError(
            f"x0: got one run of shape {x.shape}, expected a batch of shape (B, d); see minimize"
        )

    def work(part: slice) -> Mapping[str, "ArrayLike"]:
        return summary(minimize(problem, take(optimizer, part, len(x)), x[part], steps))

    # A history of a few million numbers is swept through the cache while it is young.
    found = each(work, _parts(len(x), HISTORY // ((steps + 1) * x.shape[1])), threads)
    return {name: np.concatenate([np.asarray(some[name]) for some in found]) for name in found[0]}


def _parts(runs: int, width: int) -> list[slice]:
    width = max(1, width)
    return [slice(low, min(low + width, runs)) for low in range(0, runs, width)]


def _first_block(
    problem: DescentProblem, optimizer: Optimizer, traces: list[Trace], x: Array, steps: int
) -> RunBlock:
    e = Evaluation(*problem.value_and_grad(x))
    check_initial_evaluation(x, e)
    slots = optimizer.start(x, Hypers(optimizer, x).resolve(0))
    if getattr(problem, "feasible", None) is not None or not can_be_traced(problem, optimizer, x, slots):
        raise Untraceable("more than elementwise arithmetic")
    inside = tuple(inner(slot) for slot in slots)
    return RunBlock(problem, optimizer, traces, inner(x), inner(e.g), inside, exact=False, stop=steps)


def _descend(block: RunBlock, who: Array, steps: int, check: int, ends: Ends) -> None:
    before = [np.empty_like(a) for a in block.arrays()]
    for n in range(0, steps, check):
        for a, saved in zip(block.arrays(), before, strict=True):
            np.copyto(saved, a)
        count = min(check, steps - n)
        for k in range(n, n + count):
            block.advance(k)
        lost = ~block.finite()
        if lost.any():
            _find_ends(block.columns(lost, before), who[lost], n, count, ends)
            if lost.all():
                return
            block, who = block.columns(~lost, block.arrays()), who[~lost]
            before = [np.empty_like(a) for a in block.arrays()]
    _write(block, block.arrays(), who, slice(None), ends)


def _find_ends(block: RunBlock, who: Array, n: int, count: int, ends: Ends) -> None:
    """Go over runs that are lost within the next `count` updates, and note where each was last finite."""
    left = np.ones(len(who), dtype=bool)
    for k in range(n, n + count):
        before = [a.copy() for a in block.arrays()]
        block.advance(k)
        lost = left & ~block.finite()
        if lost.any():
            _write(block, before, who, lost, ends)
            ends.nit[who[lost]] = k
            ends.diverged[who[lost]] = True
            left &= ~lost


def _write(block: RunBlock, arrays: Sequence[Array], who: Array, which: Array | slice, ends: Ends) -> None:
    """Note where some of the runs of a block stand, according to these arrays."""
    x, g, *slots = (np.ascontiguousarray(a[:, which]) for a in arrays)
    points = np.ascontiguousarray(block.optimizer.output(x, tuple(slots)).T)
    ends.x[who[which]] = points
    ends.fun[who[which]] = block.problem.fun(points)
    ends.grad_norm[who[which]] = norm(g.T)


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
