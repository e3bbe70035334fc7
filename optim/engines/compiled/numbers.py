"""Numbers: what a rule makes of its hyperparameters and of t, as tables with a row an update.

The trace of a rule has them apart from what is done to arrays (`Trace.plain`). Python would redo them at
every update; here each operation is done once, to the columns of all updates, where NumPy's result is
Python's to the last bit: sums, products, quotients, roots, comparisons. Powers beta**t come from Python
itself, as in a rule's text, because their last digit is that of the library which takes them. That is some
50 ns each, more than all else of an update; but the same few numbers are asked for again in every run, and
are kept. Anything else, and whatever has a value of its own for every run, is redone update by update.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import repeat
from typing import Any

import numpy as np

from optim.engines.symbols import Operand, Operation, is_number
from optim.engines.tracing import Trace
from optim.hyperparameters import Numbers
from stepsize.core import elementwise

__all__ = ["Columns", "columns_of", "powers"]

Array = np.ndarray[Any, Any]

# For every number that moves: its value at each of the updates.
Columns = dict[int, Array]

# Powers that are kept of one number; beyond, they are taken each time.
_KEPT = 2**17

_EXACT: dict[Operation, Callable[..., Any]] = {
    operator.add: np.add,
    operator.sub: np.subtract,
    operator.mul: np.multiply,
    operator.truediv: np.true_divide,
    operator.neg: np.negative,
    operator.pos: np.positive,
    abs: np.abs,
    operator.lt: np.less,
    operator.le: np.less_equal,
    operator.gt: np.greater,
    operator.ge: np.greater_equal,
    operator.eq: np.equal,
    operator.ne: np.not_equal,
    elementwise.sqrt: np.sqrt,
    elementwise.maximum: elementwise.maximum,
    elementwise.minimum: elementwise.minimum,
    elementwise.where: np.where,
}


def columns_of(
    trace: Trace,
    moving: Sequence[int],
    still: Sequence[Numbers],
    given: Mapping[tuple[str, ...], Sequence[Numbers]],
    count: int,
) -> tuple[Columns, Array]:
    """Return every moving number at so many updates, and at which of them the rule takes this branch.

    Parameters
    ----------
    trace : Trace
        Whose numbers they are; of one number each, none an array.
    moving : sequence of int
        Which of them change, in order.
    still : sequence
        The value of every other one.
    given : mapping
        What changes, update by update, under its path in the record (`Hypers.columns`).
    count : int
        Updates.
    """
    columns: Columns = {}
    good = np.ones(count, dtype=bool)
    for i in moving:
        function, args = trace.plain[i]
        if function is None:
            column = given[args]
            columns[i] = (
                np.arange(column.start, column.stop) if isinstance(column, range) else np.asarray(column)
            )
        else:
            columns[i] = _column(function, [_operand(a, columns, still) for a in args], count)
            # Where Python raises an error, NumPy gives inf or nan: such updates are left to the rule's text.
            good &= np.isfinite(columns[i])
        if i in trace.guards:
            good &= (columns[i] != 0) == trace.guards[i]
    for i, outcome in trace.guards.items():
        if i not in columns and bool(still[i]) != outcome:
            good[:] = False
    return columns, good


def _operand(a: Operand, columns: Columns, still: Sequence[Numbers]) -> Numbers:
    if not is_number(a):
        return a
    return columns[a.index] if a.index in columns else still[a.index]


def _column(function: Operation, operands: list[Numbers], count: int) -> Array:
    if function is operator.pow and _is_power_of_number(operands):
        base, exponents = operands
        return powers(base, int(exponents[0]), int(exponents[-1]) + 1)
    if function in _EXACT:
        return np.asarray(_EXACT[function](*operands))
    values = np.full(count, np.nan)
    for k in range(count):
        try:
            values[k] = function(*(a[k].item() if isinstance(a, np.ndarray) else a for a in operands))
        except (ArithmeticError, ValueError, TypeError):
            continue
    return values


def _is_power_of_number(operands: list[Numbers]) -> bool:
    """Whether it is beta**t, for consecutive t."""
    base, exponents = operands
    if type(base) is not float or not isinstance(exponents, np.ndarray) or exponents.dtype.kind != "i":
        return False
    return int(exponents[0]) >= 0 and bool((exponents[1:] - exponents[:-1] == 1).all())


def powers(base: float, first: int, stop: int) -> Array:
    """Return base**t for t from `first` to `stop` - 1, with Python's bits.

    Raises
    ------
    ArithmeticError
        Where Python raises it.
    """
    if stop > _KEPT:
        return _taken(base, first, stop)
    length = 512
    while length < stop:
        length *= 4
    kept: Array = _table(base, min(length, _KEPT))
    return kept[first:stop]


@lru_cache(maxsize=32)
def _table(base: float, length: int) -> Array:
    # A power that overflows must be refused only if it is asked for.
    try:
        table = _taken(base, 0, length)
    except OverflowError:
        table = np.full(length, np.nan)
        for t in range(length):
            try:
                table[t] = base**t
            except OverflowError:
                break
    table.flags.writeable = False
    return table


def _taken(base: float, first: int, stop: int) -> Array:
    return np.fromiter(map(pow, repeat(base), range(first, stop)), float, stop - first)
