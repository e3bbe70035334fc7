"""Sweeps: a rule at thousands of settings, each of them one row of a batch."""

import os
import sys
import warnings
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from optim import Optimizer
from stepsize.core.display import counted
from stepsize.core.limits.memory import refuse_beyond_memory
from stepsize.core.protocols import SupportsGradient
from stepsize.core.validation import as_count, as_number, require
from stepsize.experiments.sweep.batch import MEMORY, SUMMARY_DTYPE, Batch, RunSummary, cut, history_at
from stepsize.experiments.sweep.design import SweepDesign
from stepsize.experiments.sweep.executors import outcomes, progress_for
from stepsize.experiments.sweep.store import Store
from stepsize.experiments.sweep.table import Sweep, SweepInterrupted

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["Sweep", "SweepInterrupted", "sweep"]

Array = np.ndarray[Any, Any]

# What stands in the row of a run that was not made.
_NOTHING = (np.nan,) * 5 + (0, -1, -1)


def sweep(
    problem: SupportsGradient | Sequence[SupportsGradient],
    optimizer: Optimizer | type[Optimizer] | Sequence[Optimizer | type[Optimizer]],
    steps: int = 1000,
    *,
    x0: "ArrayLike | None" = None,
    seeds: int | Sequence[int] | None = None,
    samples: int | None = None,
    rng: Any = 0,
    tol: float = 1e-8,
    atol: float | None = None,
    history: int = 0,
    store: str | os.PathLike[str] | None = None,
    jobs: int = 1,
    backend: str | None = None,
    memory: int = MEMORY,
    batch: int | None = None,
    progress: bool | None = None,
    **values: Any,
) -> Sweep:
    """Run a rule at every combination of some values, or at random draws of them.

    Runs that differ in numbers, schedules and starts only are rows of one batch. Nothing depends on how the
    batches are cut, on who computes them or in which order: each run equals the one that `minimize` makes
    alone, bit for bit where only rates and starts differ (on problems with data too, whose products are made
    row by row), to 1e-12 where exponents such as ``beta2**t`` do.

    Every run is judged at every update by the whole problem: with mini-batches this costs as many examples
    an update as there are, far more than the update itself.

    Parameters
    ----------
    problem : Problem, or sequence of them
        Where.
    optimizer : optimizer class or Optimizer, or sequence of them
        Who; an instance holds what is not varied.
    steps : int
        Updates for each run.
    x0 : array of shape (d,) or (S, d), optional
        The start, or S of them; the problem's own by default.
    seeds : int or sequence of int, optional
        How many seeds for a problem with mini-batches or noise, spawned from `rng` before any work is done,
        or the seeds themselves. All settings meet the same mini-batches for one seed, so they compare in
        pairs.
    samples : int, optional
        Draw so many settings at random, instead of making the whole grid: from distributions of
        ``scipy.stats``, such as ``lr=loguniform(1e-4, 1)``, and evenly from lists.
    rng : int, SeedSequence or Generator
        Source of randomness for `seeds` and `samples`.
    tol : float
        What counts as settled, as a share of the error at the start.
    atol : float, optional
        Instead, an absolute error.
    history : int
        How many points of the error to keep of each run, evenly spaced; 0 for none.
    store : path, optional
        An SQLite file for the results, a transaction a batch. Runs that it has already are not made again,
        so a sweep that was killed goes on where it was, and a larger one makes only what is new. Rows that
        were damaged are made again, with a warning. From a file that can only be read, finished results are.
    jobs : int
        How many processes; -1 for one a processor. Needs joblib.
    backend : str, optional
        A backend of joblib; "dask" sends the batches to the current Dask client.
    memory : int
        Bytes that a batch may take, for each job.
    batch : int, optional
        Runs in a batch at most.
    progress : bool, optional
        Whether to show how far it is; by default on a terminal only.
    **values
        For each parameter of the optimizer what it takes: numbers, schedules, words; or a distribution.

    Returns
    -------
    Sweep

    Raises
    ------
    TypeError, ValueError
        For bad input, before any run is made.
    ImportError
        If `jobs` or `backend` needs a package that is not installed.
    OSError
        If the store cannot be written (and runs are missing in it), or a worker process was killed
        (ChildProcessError). What is in the store stays, and the same call goes on from there.
    SweepInterrupted
        After an interrupt from the keyboard: a KeyboardInterrupt whose `sweep` holds what was done.

    Examples
    --------
    >>> from optim import SGD
    >>> from problems import Quadratic
    >>> result = sweep(Quadratic([1.0, 10.0]), SGD, 300, lr=[0.05, 0.1, 0.18, 0.21, 0.25], tol=1e-12)
    >>> result.optimizer(result.best())
    SGD(lr=0.18)
    >>> float(result["lr"][result["verdict"] == "diverged"].min().round(6))
    0.21
    """
    as_count("steps", steps)
    as_count("history", history)
    as_count("memory", memory, 1)
    require(as_number("tol", tol) >= 0, "tol", tol, "a number of at least 0")
    if atol is not None:
        require(as_number("atol", atol) >= 0, "atol", atol, "a number of at least 0")
    if batch is not None:
        as_count("batch", batch, 1)
    budget = {"steps": steps, "tol": float(tol), "atol": atol, "history": history}
    design = SweepDesign.of(problem, optimizer, x0, seeds, samples, rng, values, **budget)
    runs = len(design.index)
    kept = f"{history} points of {counted(runs, 'run')}"
    refuse_beyond_memory("history", kept, 8.0 * history * runs, "fewer points")
    result = Sweep(
        design=design,
        outcome=np.full(len(design.index), np.array(_NOTHING, SUMMARY_DTYPE)),
        done=np.zeros(len(design.index), bool),
        errors=np.full((len(design.index), history), np.nan),
        at=history_at(steps, history),
        computed=0,
        steps=steps,
        tol=tol,
        atol=atol,
    )
    return _filled(result, store, memory, batch, jobs, backend, progress)


def _filled(
    result: Sweep,
    path: Any,
    memory: int,
    max_runs: int | None,
    jobs: int,
    backend: str | None,
    progress: bool | None,
) -> Sweep:
    """Return the sweep with its runs made: those that the store has not, batch by batch."""
    computed, interrupted = 0, False
    with ExitStack() as stack:
        store = None if path is None else stack.enter_context(Store(path))
        pieces = _missing(result, store, memory, max_runs)
        missing = sum(len(piece.rows) for piece in pieces)
        if store is not None:
            _say_of_the_store(store, missing, len(result))
        advance = stack.enter_context(progress_for(missing, progress))
        try:
            work = stack.enter_context(closing(outcomes(pieces, jobs, backend)))
            for place, outcome in work:
                if store is not None:
                    store.keep(pieces[place], outcome)
                _enter(result, outcome)
                computed += len(outcome.rows)
                advance(len(outcome.rows))
        except KeyboardInterrupt:
            interrupted = True
    result = replace(result, computed=computed)
    if interrupted:
        there = "the KeyboardInterrupt has them as its sweep"
        if path is not None:
            there = f"which are kept in {str(path)!r}; the same call goes on from there"
        print(f"stepsize: interrupted after {computed} of {missing} runs, {there}", file=sys.stderr)
        raise SweepInterrupted(result)
    return result


def _say_of_the_store(store: Store, missing: int, runs: int) -> None:
    """Warn of damaged rows; refuse to begin runs that could not be kept."""
    if store.obstacle is not None and missing:
        raise type(store.obstacle)(f"{store.obstacle}: {missing} of {runs} runs are missing in it")
    if store.damaged:
        warnings.warn(
            f"store: got {str(store.path)!r}, in which {counted(store.damaged, 'run')} of {runs} did not "
            "match the checksum; they are made again",
            stacklevel=4,
        )


def _missing(result: Sweep, store: Store | None, memory: int, max_runs: int | None) -> list[Batch]:
    """Enter what the store knows, and return the batches of what it does not."""
    pieces: list[Batch] = []
    for batch in result.design.batches:
        # Cut first and leave out then: the pieces are those of the first time.
        whole = cut(batch, memory, max_runs)
        if store is not None:
            has, known = store.find(batch)
            _enter(result, known)
            whole = [piece.part(np.flatnonzero(~has[piece.rows - batch.rows[0]])) for piece in whole]
        pieces += [piece for piece in whole if len(piece.rows)]
    return pieces


def _enter(result: Sweep, outcome: RunSummary) -> None:
    result.outcome[outcome.rows] = outcome.kept
    result.errors[outcome.rows] = outcome.errors
    result.done[outcome.rows] = True
