"""What lines that were written down come to, in Python: to compare them with the rule that wrote them."""

import operator
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from stepsize.explorer.translation.symbols import Branch, Symbol

__all__ = ["plain_values", "reckoned"]


def reckoned(branches: Sequence[Branch], plain: Mapping[str, Any], places: Mapping[str, Any]) -> list[float]:
    """Return the results of the branch that some numbers lead to."""
    known = {**plain, **{name: np.float64(v) for name, v in places.items()}}
    branch, values = _followed(branches, known, True)
    return [float(values[r.name] if isinstance(r, Symbol) else r) for r in branch.results]


def plain_values(branches: Sequence[Branch], plain: Mapping[str, Any]) -> tuple[Branch, dict[str, Any]]:
    """Return the branch that some numbers lead to, and the values of its plain lines."""
    return _followed(branches, plain, False)


def _followed(
    branches: Sequence[Branch], known: Mapping[str, Any], everything: bool
) -> tuple[Branch, dict[str, Any]]:
    with np.errstate(all="ignore"):
        for branch in branches:
            values = dict(known)
            guards = {name: answer for name, answer, _ in branch.page.guards}
            for line in branch.page.lines:
                if not (line.plain or everything):
                    continue
                words = [values[a] if isinstance(a, str) else a for a in line.operands]
                values[line.name] = _done(line.operation, words, line.plain)
                if line.name in guards and bool(values[line.name]) is not guards[line.name]:
                    break
            else:
                return branch, values
    raise AssertionError("a rule has a branch for all numbers")


def _done(operation: str, words: list[Any], plain: bool) -> Any:
    if operation == "where":
        return np.where(*words)[()]
    if operation == "power" and plain:
        try:
            return operator.pow(*words)
        except ArithmeticError:
            return np.nan
    if operation == "frexp":
        return float(np.frexp(words[0])[1])
    if operation.startswith("bitwise"):
        words = [int(word) for word in words]
    return getattr(np, operation)(*words)
