"""The rows of runs in lockstep, one an update: made on arrays, or by a compiled loop as far as that can."""

from typing import Any

import numpy as np

from optim.engines.batched import take
from optim.engines.lockstep import Lockstep, Untraceable, can_compile, largest_rate
from stepsize.analysis.traces import hold_ends, last_eighth

__all__ = ["BYTES_A_ROW", "UPDATES_TOGETHER", "Room", "Rows", "make_rows"]

Array = np.ndarray[Any, Any]

# What is kept of a run in a row: value, gradient norm, whether the update overshot, and a mark.
BYTES_A_ROW = 8 + 8 + 1 + 1

# Updates that are made before values and norms are computed of all of them, in the cache.
UPDATES_TOGETHER = 8

# Columns of a table are whole groups of so many.
_GROUP = 32


class Room:
    """Tables that the rows of one batch after another are written into.

    To have memory from the system anew for each costs as much as the updates.
    """

    def __init__(self) -> None:
        self._arrays: dict[str, Array] = {}

    def array(self, name: str, shape: tuple[int, int], dtype: Any) -> Array:
        """Return the array of that name; what the last one held is lost."""
        size, there = shape[0] * shape[1], self._arrays.get(name)
        if there is None or there.dtype != dtype or there.size < size:
            there = self._arrays[name] = np.empty(size, dtype)
        return there[:size].reshape(shape)


class Rows:
    """What is kept of B runs; a table has a column a run, and columns beyond them that mean nothing.

    Attributes
    ----------
    fun, grad_norm : ndarray of shape (T + 1, stride)
        Value and gradient norm at each point.
    overshoot : ndarray of bool, shape (T, stride)
        Whether each update overshot.
    step_norm : ndarray of shape (`last_eighth`, B)
        How far each of the last updates went.
    rate : ndarray of shape (T, B)
        The rate of each update; 1 where it never changes.
    x : ndarray of shape (B, d)
        Where the runs ended.
    nit, diverged : ndarray of shape (B,)
        Updates that left a run finite, and whether there was another one.
    failures : dict
        By run, what returned nan at an ordinary point.
    """

    def __init__(self, runs: Lockstep, steps: int, room: Room) -> None:
        self.steps, self.runs, self.late = steps, len(runs.who), steps - last_eighth(steps)
        stride = -(-self.runs // _GROUP) * _GROUP
        self.fun = room.array("fun", (steps + 1, stride), float)
        self.grad_norm = room.array("grad_norm", (steps + 1, stride), runs.grad_norm.dtype)
        self.overshoot = room.array("overshoot", (steps, stride), bool)
        self.step_norm = np.zeros((steps - self.late, self.runs))
        self.rate = np.broadcast_to(np.ones(self.runs), (steps, self.runs))
        self.x = np.zeros_like(runs.x)
        self.nit, self.diverged = np.full(self.runs, steps), np.zeros(self.runs, bool)
        self.failures: dict[int, str] = {}

    def put_rates(self, first: int, columns: Any, rates: Array) -> None:
        """Write the rates of some updates, from the first on: one for all runs, or one for each column."""
        if not self.rate.flags.writeable:
            self.rate = np.ones((self.steps, self.runs))
        self.rate[first : first + len(rates), columns] = rates


def make_rows(
    problem: Any, optimizer: Any, x0: Any, steps: int, room: Room, compiled: bool = False
) -> tuple[Lockstep, Rows]:
    """Make the updates of a batch, and return the runs as they began or ended, and their rows.

    Raises
    ------
    Untraceable
        If the runs cannot go in lockstep.
    """
    runs = Lockstep(problem, optimizer, x0, steps)
    rows = Rows(runs, steps, room)
    compiled = compiled and steps > 0 and can_compile()
    left = _by_loop(rows, runs, room) if compiled else np.arange(rows.runs)
    if len(left) == rows.runs:
        _by_arrays(rows, runs, left)
    elif len(left):
        few = Lockstep(problem, take(optimizer, left, rows.runs), runs.start[left], steps)
        _by_arrays(rows, few, left)
    hold_ends(rows.nit, rows.overshoot, rows.fun, rows.grad_norm)
    return runs, rows


def _by_arrays(rows: Rows, runs: Lockstep, columns: Array) -> None:
    """Write the rows of runs that stand in these columns."""
    every = len(columns) == rows.runs
    rows.fun[0, columns], rows.grad_norm[0, columns] = runs.fun, runs.grad_norm
    while runs.n < rows.steps:
        low = runs.n
        runs.advance(min(UPDATES_TOGETHER, rows.steps - low))
        all_there = every and len(runs.who) == rows.runs
        which = slice(0, rows.runs) if all_there else columns[runs.who]
        made = slice(low, runs.n), which
        rows.fun[1:][made], rows.grad_norm[1:][made] = runs.fun, runs.grad_norm
        rows.overshoot[made] = runs.overshoot
        if np.ndim(runs.rate):
            rows.put_rates(low, which, runs.rate)
        if runs.n > rows.late:
            first = max(low - rows.late, 0)
            rows.step_norm[first : runs.n - rows.late, which] = runs.step_norm()[first + rows.late - low :]
    runs.settle_doubts(rows.overshoot, columns)
    rows.diverged[columns] = True
    rows.diverged[columns[runs.who[runs.alive]]] = False
    rows.nit[columns], rows.x[columns[runs.who]] = runs.nit, runs.x
    rows.failures = {int(columns[run]): word for run, word in runs.failures.items()}


def _by_loop(rows: Rows, runs: Lockstep, room: Room) -> Array:
    """Write the rows that a compiled loop can vouch for, and return the columns of the other runs."""
    bad, stride = room.array("bad", rows.overshoot.shape, bool), rows.fun.shape[1]
    squares = room.array("squares", (1 + len(rows.step_norm), stride), float)
    tables = rows.fun, rows.grad_norm, rows.overshoot, bad, squares
    for table, first in zip(tables, (runs.fun, runs.grad_norm), strict=False):
        table[0, : rows.runs], table[0, rows.runs :] = first, first[0, -1]
    from optim.engines.compiled.judging.rows import RowsBlock

    try:
        block = runs.compiled(RowsBlock)
        rates = block.judge(*tables)
    except Untraceable:
        return np.arange(rows.runs)
    if callable(block.optimizer.lr):
        rows.put_rates(0, slice(None), np.array([largest_rate(lr) for lr in rates]))
    rows.x[...] = block.x.T
    np.sqrt(squares[1:, : rows.runs], rows.step_norm)
    return np.flatnonzero(bad[:, : rows.runs].any(axis=0))
