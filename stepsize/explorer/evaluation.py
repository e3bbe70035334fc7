"""What lines that were written down come to, in Python: to compare them with the rule that wrote them."""

import operator
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from stepsize.explorer.symbols import Branch, Symbol

__all__ = ["reckoned"]


def reckoned(branches: Sequence[Branch], plain: Mapping[str, Any], places: Mapping[str, Any]) -> list[float]:
    """Return the results of the branch that some numbers lead to."""
    with np.errstate(all="ignore"):
        for branch in branches:
            values: dict[str, Any] = {**plain, **{name: np.float64(v) for name, v in places.items()}}
            guards = {name: answer for name, answer, _ in branch.page.guards}
            for line in branch.page.lines:
                words = [values[a] if isinstance(a, str) else a for a in line.operands]
                values[line.name] = _done(line.operation, words, line.plain)
                if line.name in guards and bool(values[line.name]) is not guards[line.name]:
                    break
            else:
                return [float(values[r.name] if isinstance(r, Symbol) else r) for r in branch.results]
    raise AssertionError("a rule has a branch for all numbers")


def _done(operation: str, words: list[Any], plain: bool) -> Any:
    if operation == "where":
        return np.where(*words)[()]
    if operation == "power" and plain:
        try:
            return operator.pow(*words)
        except ArithmeticError:
            return np.nan
    return getattr(np, operation)(*words)
