"""Symbols that stand for the numbers of a rule or a landscape, and write down what is done to them.

The engines have a tracer of their own, for arrays of one size at one update. Here nothing has a value: a rule
is followed along every branch that it may take at any update, which is what a page in a browser needs.
Symbols are of two kinds. *Plain* ones follow from hyperparameters and the count of updates alone; a rule may
branch on them. All others stand for a coordinate, and a rule that branches on one cannot be written out.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

__all__ = ["Branch", "Line", "Page", "Symbol", "Untranslatable", "branches_of"]

# More ways through a rule than any has, and more questions on one way.
_MOST_BRANCHES = 64
_MOST_QUESTIONS = 12


class Untranslatable(Exception):  # noqa: N818  (a reason, which the page tells)
    """What a rule does cannot be written down as arithmetic on its numbers."""


@dataclass(frozen=True)
class Line:
    """One operation: the name of its result, what is done to what, and whether all of that is plain."""

    name: str
    operation: str
    operands: tuple[Any, ...]
    plain: bool


class Symbol(NDArrayOperatorsMixin):
    """A number that is not known yet, though how large it may be can be."""

    __slots__ = ("most", "name", "page", "plain")

    ndim, shape, size = 0, (), 1
    __hash__ = object.__hash__

    def __init__(self, page: "Page", name: str, plain: bool, most: float | None = None) -> None:
        self.page, self.name, self.plain, self.most = page, name, plain, most

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, **options: Any) -> Any:
        if ufunc is np.divmod and not options:
            return divmod(args[0], args[1])
        if ufunc is np.frexp and not options:
            exponent = self.page.record("frexp", args)
            return args[0] / 2.0**exponent, exponent
        if ufunc.nout != 1:
            raise Untranslatable(f"{ufunc.__name__}, which gives more than one number")
        if method != "__call__" or options or ufunc.signature is not None:
            raise Untranslatable(f"{ufunc.__name__}, which looks across the coordinates")
        if any(isinstance(a, np.ndarray) and a.ndim for a in args):
            return _one_by_one(ufunc, args)
        return self.page.record(ufunc.__name__, args)

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        followed = _FUNCTIONS.get(function)
        if followed is None:
            raise Untranslatable(f"{function.__name__} of an array")
        return followed(self.page, *args, **options)

    def __pow__(self, other: Any) -> Any:
        return self.page.power(self, other)

    def __rpow__(self, other: Any) -> Any:
        return self.page.power(other, self)

    def __round__(self, digits: int | None = None) -> Any:
        return self.page.record("rint", (self,))

    def __divmod__(self, other: Any) -> Any:
        return self // other, self % other

    def __bool__(self) -> bool:
        return self.page.decide(self)

    def __float__(self) -> float:
        raise Untranslatable("a conversion to a number of Python's")

    def __index__(self) -> int:
        raise Untranslatable("an index that is computed")

    def __int__(self) -> int:
        raise Untranslatable("a conversion to a whole number")

    def __len__(self) -> int:
        raise TypeError("a symbol has no length")

    def astype(self, dtype: Any, **_: Any) -> "Symbol":
        """Return itself, or what of it is whole: in a browser every number is a float."""
        return self if np.dtype(dtype).kind == "f" else self.page.record("trunc", (self,))

    def max(self, **_: Any) -> float:
        """Return the largest value that it can have."""
        if self.most is None:
            raise Untranslatable("it asks for the largest of its numbers")
        return self.most

    def copy(self) -> "Symbol":
        """Return itself."""
        return self


@dataclass
class Page:
    """The lines that were written, and the questions that were answered on the way.

    `answers` says how to answer the first questions; later ones are answered with yes. `told` are numbers on
    the way that a reader is shown, though the results do not rest on them.
    """

    answers: Sequence[bool] = ()
    lines: list[Line] = field(default_factory=list)
    guards: list[tuple[str, bool, int]] = field(default_factory=list)
    told: list[Symbol] = field(default_factory=list)
    _known: dict[Any, Symbol] = field(default_factory=dict)
    _decided: dict[str, bool] = field(default_factory=dict)

    def given(self, name: str, plain: bool = False, most: float | None = None) -> Symbol:
        """Return a symbol for a number that a function is given under that name, at most so large."""
        return Symbol(self, name, plain, most)

    def record(self, operation: str, operands: Sequence[Any]) -> Symbol:
        """Write down an operation, unless it stands there already, and return the symbol of its result."""
        # An index with dots takes a symbol out of an array in a box.
        operands = [a.item() if isinstance(a, np.ndarray) and a.ndim == 0 else a for a in operands]
        words = tuple(_word(a) for a in operands)
        if any(isinstance(a, Symbol) and a.page is not self for a in operands):
            raise Untranslatable("a value that another update left behind")
        key = (operation, *map(repr, words))  # 0.0 is not -0.0
        if key not in self._known:
            plain = all(a.plain for a in operands if isinstance(a, Symbol))
            name = f"{'n' if plain else 'v'}{len(self.lines)}"
            self.lines.append(Line(name, operation, words, plain))
            self._known[key] = Symbol(self, name, plain)
        return self._known[key]

    def power(self, base: Any, exponent: Any) -> Symbol:
        """Write down a power, which of a coordinate and 2, 1, 1/2 or -1 is another operation to NumPy."""
        on_place = isinstance(base, Symbol) and not base.plain
        if on_place and type(exponent) in (int, float) and exponent in _POWERS:
            return self.record(*_POWERS[exponent](base))
        return self.record("power", (base, exponent))

    def decide(self, symbol: Symbol) -> bool:
        """Answer a question that a rule asks: the same question has the same answer all along."""
        if not symbol.plain:
            raise Untranslatable("it decides by the value of a coordinate")
        if symbol.name not in self._decided:
            count = len(self.guards)
            if count == _MOST_QUESTIONS:
                raise Untranslatable("a loop whose end depends on its numbers")
            answer = self.answers[count] if count < len(self.answers) else True
            self.guards.append((symbol.name, answer, len(self.lines)))
            self._decided[symbol.name] = answer
        return self._decided[symbol.name]


@dataclass(frozen=True)
class Branch:
    """One way through a rule: the page that it wrote, and what came out."""

    page: Page
    results: list[Any]

    @property
    def path(self) -> tuple[bool, ...]:
        """The answers that lead here."""
        return tuple(answer for _, answer, _ in self.page.guards)

    def needed(self) -> set[str]:
        """Return the names of the lines that the results and the questions rest on."""
        return self._under(self.results)

    def shown(self) -> set[str]:
        """Return the names of the lines that the results, the questions and what is told rest on."""
        return self._under([*self.results, *self.page.told])

    def _under(self, ends: list[Any]) -> set[str]:
        wanted = {r.name for r in ends if isinstance(r, Symbol)}
        wanted |= {name for name, _, _ in self.page.guards}
        for line in reversed(self.page.lines):
            if line.name in wanted:
                wanted.update(a for a in line.operands if isinstance(a, str))
        return wanted


def branches_of(rule: Callable[[Page], list[Any]]) -> list[Branch]:
    """Follow a rule along every branch, and return them in the order of their answers, yes before no.

    Raises
    ------
    Untranslatable
        If the rule is more than arithmetic.
    """
    found: list[Branch] = []
    waiting: list[tuple[bool, ...]] = [()]
    while waiting:
        answers = waiting.pop()
        page = Page(answers)
        found.append(Branch(page, _followed(rule, page)))
        if len(found) > _MOST_BRANCHES:
            raise Untranslatable("more branches than a page has room for")
        path = found[-1].path
        waiting += [(*path[:i], False) for i in range(len(answers), len(path))]
    return sorted(found, key=lambda branch: [not answer for answer in branch.path])


def _followed(rule: Callable[[Page], list[Any]], page: Page) -> list[Any]:
    try:
        results = [a.item() if isinstance(a, np.generic) else a for a in rule(page)]
    except Untranslatable:
        raise
    except Exception as error:  # a symbol is no array, and a rule from outside may do anything
        raise Untranslatable("more than arithmetic on single numbers") from error
    if not all(isinstance(r, Symbol | int | float) for r in results):
        raise Untranslatable("a result that is no number")
    return results


def _word(operand: Any) -> Any:
    """Return the name of a symbol, or a number as Python has it."""
    if isinstance(operand, Symbol):
        return operand.name
    if isinstance(operand, np.generic):
        operand = operand.item()
    if not isinstance(operand, bool | int | float):
        raise Untranslatable("an operand that is no number")
    return operand if isinstance(operand, bool) else float(operand)


def _one_by_one(ufunc: Any, args: Sequence[Any]) -> Any:
    arrays = np.broadcast_arrays(*(np.asarray(_boxed(a)) for a in args))
    out = np.empty(arrays[0].shape, object)
    for place in np.ndindex(out.shape):
        out[place] = ufunc(*(a[place] for a in arrays))
    return out


def _boxed(value: Any) -> Any:
    if not isinstance(value, Symbol):
        return value
    box = np.empty((), object)
    box[()] = value
    return box


_POWERS: dict[float, Callable[[Any], Any]] = {
    2: lambda base: ("multiply", (base, base)),
    1: lambda base: ("positive", (base,)),
    0.5: lambda base: ("sqrt", (base,)),
    -1: lambda base: ("divide", (1.0, base)),
}


def _clip(page: Page, a: Any, low: Any = None, high: Any = None, **_: Any) -> Any:
    a = a if low is None else page.record("maximum", (a, low))
    return a if high is None else page.record("minimum", (a, high))


def _passed(page: Page, at: Any, n: Any, side: str = "left", **_: Any) -> Any:
    """Count how many of some known places lie before n."""
    count: Any = 0.0
    for place in np.asarray(at).tolist():
        count = count + page.record("less_equal" if side == "right" else "less", (place, n)) * 1.0
    return count


def _constant(value: Any) -> Callable[..., Any]:
    """Return what NumPy makes of any number, whatever else it is told."""
    return lambda _page, _a, *_rest, **_options: value


_FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.where: lambda page, *args: page.record("where", args),
    np.zeros_like: _constant(0.0),
    np.ones_like: _constant(1.0),
    np.shape: _constant(()),
    np.ndim: _constant(0),
    np.full_like: lambda _page, _a, value, **_: value,
    np.copy: lambda _page, a, **_: a,
    np.broadcast_arrays: lambda _page, *args, **_: list(args),
    np.clip: _clip,
    np.round: lambda page, a, *_: page.record("rint", (a,)),
    np.searchsorted: _passed,
    np.any: lambda page, a: page.record("not_equal", (a, 0.0)),
}


def _method(name: str) -> Any:
    def call(self: Symbol) -> Any:
        return self.page.record(name, (self,))

    return call


# NumPy's functions of arrays of objects call the method of that name on each.
for _name in (
    "exp",
    "log",
    "sin",
    "cos",
    "tan",
    "sinh",
    "cosh",
    "tanh",
    "arctan",
    "sqrt",
    "sign",
    "log1p",
    "expm1",
    "exp2",
    "log2",
    "log10",
    "floor",
    "ceil",
    "rint",
    "arcsin",
    "arccos",
    "cbrt",
):
    setattr(Symbol, _name, _method(_name))
