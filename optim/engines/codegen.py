"""Writing out: the traces of a rule and of a gradient become one plain Python loop over updates.

A rule that is called once a coordinate spends most of its time on the calls, on looking up hyperparameters
and on packing slots. For a long run the operations of its trace are written down as lines of Python instead:
for one coordinate after the other, then the gradient's, every value under a local name. What follows from
hyperparameters that stand still is not computed again. The lines do what the rule does on floats, one by one,
so not a bit changes; `Writing.source` is there to be read.
"""

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from optim.engines.symbols import ON_NUMBERS, Operand, Operation, Symbol, Untraceable, is_number
from optim.engines.tracing import Trace, look_up
from optim.hyperparameters import Numbers
from optim.optimizer import Optimizer
from stepsize.core import elementwise

__all__ = ["GeneratedLoop"]

# How Python writes an operation.
_WORDS = {
    operator.add: "{} + {}",
    operator.sub: "{} - {}",
    operator.mul: "{} * {}",
    operator.truediv: "{} / {}",
    operator.floordiv: "{} // {}",
    operator.mod: "{} % {}",
    operator.pow: "{} ** {}",
    operator.neg: "-{}",
    operator.pos: "{}",
    operator.lt: "{} < {}",
    operator.le: "{} <= {}",
    operator.gt: "{} > {}",
    operator.ge: "{} >= {}",
    operator.eq: "{} == {}",
    operator.ne: "{} != {}",
    elementwise.where: "{1} if {0} else {2}",
}

# What functions for floats and arrays come to on floats.
_ON_FLOATS = {
    getattr(elementwise, name): getattr(math, name)
    for name in ("sqrt", "exp", "log", "sin", "cos", "sinh", "cosh", "tanh")
} | {elementwise.arctan: math.atan}
_ON_FLOATS |= {f: f for f in (elementwise.sign, elementwise.maximum, elementwise.minimum, abs)}


class GeneratedLoop:
    """A rule and a gradient, written out for a number of coordinates.

    Parameters
    ----------
    optimizer : Optimizer
        Its hyperparameters are numbers, or schedules of numbers.
    rule : Trace
        Of its update.
    gradient : Trace or callable
        Of the gradient; or the gradient itself, from list to list, where that cannot be traced.
    dim : int
        Coordinates.
    ended : list, optional
        The loop ends after the update by which something has come into it.

    Raises
    ------
    Untraceable
        If floats do not have one of the operations.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        rule: Trace,
        gradient: "Trace | Callable[[list[float]], list[float]]",
        dim: int,
        ended: list[bool] | None = None,
    ) -> None:
        moving = {*rule.moving(lambda path: path[-1] != "t" and not callable(look_up(optimizer, path)))}
        wanted = _wanted(rule, moving)
        self.rule, self._still = rule, sorted(wanted - moving)
        self._columns = [i for i in sorted(wanted & moving) if rule.plain[i][0] is None]
        page = _SourceBuilder()
        for i in sorted(wanted & moving):
            page.renew(rule, i)
        arrays = ["x", "g", *(f"s{k}_" for k in range(rule.given - 2))]
        for j in range(dim):
            given = [f"{array}{j}" for array in arrays]
            page.write(rule, f"a{j}_", given, [given[0], *given[2:]])
        x, g = ([f"{array}{j}" for j in range(dim)] for array in "xg")
        if isinstance(gradient, Trace):
            page.write(gradient, "b", x, g)
        else:
            page.lines.append(f"{', '.join(g)}, = {page.name(gradient)}([{', '.join(x)}])")
        page.lines.append(f"rows += {', '.join([*x, *g])}")
        if ended is not None:
            page.lines.append(f"if {page.name(ended)}: break")
        places = [f"{array}{j}" for array in arrays for j in range(dim)]
        given = [*places, *(f"n{i}" for i in self._still), *page.meanings]
        columns = "".join(f"n{i}, " for i in self._columns) or "_"
        lines = [f"for {columns} in columns:", *(f"    {line}" for line in page.lines)]
        lines.append(f"return [{', '.join(places[2 * dim :])}]")
        self.source = "\n    ".join([f"def updates(rows, columns, {', '.join(given)}):", *lines])
        self._updates = _compiled(self.source)
        self._meanings = [*page.meanings.values()]

    def run(
        self,
        numbers: Sequence[Numbers],
        columns: Mapping[tuple[str, ...], Sequence[Numbers]],
        start: Sequence[float],
        count: int,
    ) -> tuple[list[float], list[float]]:
        """Make `count` updates, or fewer where the rule takes another branch.

        Parameters
        ----------
        numbers : sequence
            The value of every number of the rule's trace at the first of them.
        columns : mapping
            Every hyperparameter that changes, update by update, under its path in the record.
        start : sequence of float
            The coordinates of x, of g and of every slot.
        count : int

        Returns
        -------
        rows : list of float
            The coordinates of x and g after every update.
        slots : list of float
            The coordinates of every slot after the last.
        """
        moving = [columns[self.rule.plain[i][1]] for i in self._columns]
        updates = zip(*moving, strict=True) if moving else range(count)
        rows: list[float] = []
        slots = self._updates(rows, updates, *start, *(numbers[i] for i in self._still), *self._meanings)
        return rows, slots


class _SourceBuilder:
    """Lines of Python, and the meanings of names in them that they do not define themselves."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.meanings: dict[str, object] = {}

    def name(self, meaning: object) -> str:
        """Return a name for a thing that cannot be written down."""
        name = f"c{len(self.meanings)}"
        self.meanings[name] = meaning
        return name

    def renew(self, rule: Trace, i: int) -> None:
        """Write down how a number is renewed; where the rule would take another branch, the loop ends."""
        function, args = rule.plain[i]
        if function is not None:
            words = [f"n{a.index}" if is_number(a) else self._literal(a) for a in args]
            self.lines.append(f"n{i} = {self._expression(function, function, words)}")
        if i in rule.guards:
            self.lines.append(f"if {'not ' if rule.guards[i] else ''}n{i}: break")

    def write(self, trace: Trace, prefix: str, given: list[str], into: list[str]) -> None:
        """Write down the operations of a trace, and that its results take the names `into`."""
        names = dict(enumerate(given))
        for i in trace.needed:
            function, args = trace.calls[i]
            function = ON_NUMBERS.get(function, function)
            if function not in _WORDS and function not in _ON_FLOATS:
                raise Untraceable(f"{function}, which floats do not have")
            words = []
            for a in args:
                array = isinstance(a, Symbol) and not a.plain
                words.append(names[a.index] if array else f"n{a.index}" if is_number(a) else self._literal(a))
            names[i] = f"{prefix}{i}"
            self.lines.append(f"{names[i]} = {self._expression(function, _ON_FLOATS.get(function), words)}")
        self.lines += [f"{name} = {names[i]}" for name, i in zip(into, trace.outputs, strict=True)]

    def _expression(self, function: Operation, called: Operation, words: list[str]) -> str:
        if function in _WORDS:
            return _WORDS[function].format(*words)
        return f"{self.name(called)}({', '.join(words)})"

    def _literal(self, value: Operand) -> str:
        if type(value) in (int, float) and math.isfinite(value):
            return repr(value) if value >= 0 else f"({value!r})"
        return self.name(value)


def _wanted(rule: Trace, moving: set[int]) -> set[int]:
    """Return the numbers that a loop over updates reads: for its operations, its guards, and each other."""
    wanted = {*rule.numbers, *rule.guards}
    for i in range(len(rule.plain) - 1, -1, -1):
        function, args = rule.plain[i]
        if i in wanted & moving and function is not None:
            wanted.update(a.index for a in args if is_number(a))
    return wanted


@lru_cache(maxsize=256)
def _compiled(source: str) -> Callable[..., list[float]]:
    meanings: dict[str, Any] = {}
    exec(source, meanings)
    updates: Callable[..., list[float]] = meanings["updates"]
    return updates
