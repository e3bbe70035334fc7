"""Which powers a rule takes: of what, and with which exponent."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from stepsize.explorer.translation.evaluation import plain_values
from stepsize.explorer.translation.symbols import Branch

__all__ = ["memories_of", "powers_taken"]


def memories_of(branches: Iterable[Branch]) -> tuple[int, ...] | None:
    """Return the places, from 0, of the numbers whose t-th power is taken; None if other powers are.

    Powers are known by where their operands come from: ``h[0]`` is the count t, ``h[3]`` the third number.
    """
    found: set[int] = set()
    for branch in branches:
        wanted = branch.needed()
        for line in branch.page.lines:
            if line.operation != "power" or line.name not in wanted:
                continue
            place = re.fullmatch(r"h\[([1-9]\d*)\]", str(line.operands[0]))
            if not place or line.operands[1] != "h[0]":
                return None
            found.add(int(place[1]) - 1)
    return (*sorted(found),)


def powers_taken(
    update: Sequence[Branch], numbers_at: Callable[[int], Sequence[float]], steps: int
) -> Iterator[tuple[float, float]]:
    """Yield base and exponent of the powers of plain numbers that some updates take.

    Parameters
    ----------
    update : sequence of Branch
        The update of a rule.
    numbers_at : callable
        Given the index of an update, the rule's numbers.
    steps : int
        How many updates.
    """
    taken = any(line.operation == "power" and line.plain for branch in update for line in branch.page.lines)
    for n in range(steps if taken else 0):
        known = {"h[0]": n + 1} | {f"h[{i}]": v for i, v in enumerate(numbers_at(n), 1)}
        branch, values = plain_values(update, known)
        for line in branch.page.lines:
            if line.operation == "power" and line.plain:
                base, exponent = (float(values[a] if isinstance(a, str) else a) for a in line.operands)
                if base > 0 and np.isfinite([base, exponent]).all():
                    yield base, exponent
