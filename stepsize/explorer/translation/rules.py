"""An optimizer as JavaScript: its start, its update, its output, and the lines that an update executes.

What comes out works on one array S of d coordinates each of x, the gradient and every slot, and on an array h
with the count t of the update first and then the rule's numbers in the order of `Rule.parameters`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from optim import Optimizer
from optim.user_rules import is_own
from stepsize.explanations.derivation import lines_of, plain_names
from stepsize.explanations.equations import rendered, symbols, value_of
from stepsize.explanations.line_tracer import trace_rule
from stepsize.explanations.markup import TEXT, unbroken
from stepsize.explorer.translation.javascript import body_of, is_exact
from stepsize.explorer.translation.powers_taken import memories_of
from stepsize.explorer.translation.ranges import allowed_range
from stepsize.explorer.translation.symbolic_records import Path, numbers_of, twin_of, value_at
from stepsize.explorer.translation.symbols import Branch, Page, Symbol, Untranslatable, branches_of

__all__ = ["Parameter", "Rule", "at_numbers", "rate_path", "rule_of"]


# What a rule may require, in words.
_NEEDS = {"hess": "the matrix of second derivatives", "jacobian": "their derivatives"}


@dataclass(frozen=True)
class Parameter:
    """A number of a rule: where it stands, what it may be, and whether a schedule may drive it.

    `minimum`, `above`, `below` and `maximum` are what the class allows, None for anything; `whole` is whether
    it counts something.
    """

    path: Path
    value: float
    minimum: float | None
    above: float | None
    below: float | None
    maximum: float | None
    whole: bool
    schedulable: bool


@dataclass(frozen=True)
class Rule:
    """What the page needs to run a rule and to show what it does.

    `exact` is whether all but powers of memories, by the count of updates, is the same to the last bit
    everywhere; `memories` are the places of those numbers among the parameters. `rounded` is whether a
    function is taken, such as a cube root, whose last digit differs from one C library to the next.
    """

    name: str
    optimizer: Optimizer
    parameters: tuple[Parameter, ...]
    slots: tuple[str, ...]
    separate: bool
    exact: bool
    rounded: bool
    memories: tuple[int, ...]
    update: list[Branch]
    source: str
    lines: list[list[dict[str, Any]]]


def rule_of(optimizer: Optimizer, name: str) -> Rule:
    """Return an optimizer as JavaScript.

    Raises
    ------
    Untranslatable
        With the reason, if the rule is more than arithmetic on each coordinate.
    """
    needs = " and ".join(_NEEDS.get(name, name) for name in optimizer.requires)
    across = "" if optimizer.elementwise else "it looks across the coordinates"
    beyond = f"it needs {needs} beyond the gradient" if needs else ""
    if across or beyond:
        raise Untranslatable(", and ".join(filter(None, (across, beyond))))
    every = [path for path, _ in numbers_of(at_numbers(optimizer), Optimizer)]
    try:
        return _written(optimizer, name, every)
    except Untranslatable:
        # A count that is an index or a length stays as it is.
        hypers = [path for path in every if _is_hyper(optimizer, path)]
        return _written(optimizer, name, hypers)


def at_numbers(optimizer: Optimizer) -> Optimizer:
    """Return the same rule with numbers where schedules stood: the values of update 0."""
    changes: dict[str, Any] = {}
    for name, value in optimizer.fields():
        if isinstance(value, Optimizer):
            changes[name] = at_numbers(value)
        elif name in optimizer.own_hypers() and callable(value):
            first: Any = value(0)
            changes[name] = float(first)
        elif isinstance(value, np.ndarray):
            raise Untranslatable(f"{name} is an array, one number a coordinate")
    return optimizer.replace(**changes) if changes else optimizer


def _written(optimizer: Optimizer, name: str, paths: list[Path]) -> Rule:
    plain = at_numbers(optimizer)
    names = {("t",): "h[0]"} | {path: f"h[{i}]" for i, path in enumerate(paths, 1)}
    slots = len(plain.slots)
    lines: dict[tuple[bool, ...], list[dict[str, Any]]] = {}
    update = branches_of(_update(plain, names, slots, lines))
    if is_own(optimizer):
        _compare(update, plain, paths, slots)
    start = branches_of(lambda page: [*_start(plain, names, page)])
    output = branches_of(lambda page: [plain.output(page.given("x"), _places(page, slots))])
    every = [*update, *start, *output]
    memories, rounded = memories_of(every), not is_exact(every, ("power",))
    parts = [
        f"start(S, d, h) {{\n{_start_text(start, slots)}}}",
        f"update(S, d, h, told) {{\n{body_of(update, _assigning(0), _loop(slots))}}}",
    ]
    if plain.has_separate_output:
        parts.append(f"output(S, d, h, into) {{\n{body_of(output, _put_out, _loop(slots))}}}")
    return Rule(
        name=name,
        optimizer=optimizer,
        parameters=tuple(_parameter(plain, path) for path in paths),
        slots=tuple(plain_names(plain)),
        separate=bool(plain.has_separate_output),
        exact=memories is not None and not rounded,
        rounded=rounded,
        memories=memories or (),
        update=update,
        source="{\n" + "".join(f"{part},\n" for part in parts) + "}",
        lines=[lines.get(branch.path, []) for branch in update],
    )


def rate_path(rule: Rule) -> Path:
    """Return where the rate of a rule stands."""
    return next(p.path for p in rule.parameters if p.path[-1] == "lr")


def _update(
    optimizer: Optimizer,
    names: dict[Path, str],
    slots: int,
    lines: dict[tuple[bool, ...], list[dict[str, Any]]],
) -> Callable[[Page], list[Any]]:
    """Return the update as a function of a page, which keeps the lines that it executes on each branch."""

    def rule(page: Page) -> list[Any]:
        twin = twin_of(optimizer, page, names)
        given = page.given("x"), page.given("g"), _places(page, slots)
        try:
            (x, new), calls = trace_rule(lambda: twin.update(*given, twin))
        except (OSError, SyntaxError):
            x, new = twin.update(*given, twin)
        else:
            told = [_told(line, page.told) for line in lines_of(calls)]
            lines[Branch(page, []).path] = told
        return [x, *new]

    return rule


def _start(optimizer: Optimizer, names: dict[Path, str], page: Page) -> Any:
    twin = twin_of(optimizer, page, names)
    made = twin.start(page.given("x"), twin)
    if len(made) != len(optimizer.slots):
        raise Untranslatable("a start that makes other slots than it says")
    return made


def _start_text(start: list[Branch], slots: int) -> str:
    """Return the body of a start: none where every slot starts at 0, as the numbers of a page do."""
    results = [result for branch in start for result in branch.results]
    if not any(isinstance(result, Symbol) or result != 0 for result in results):
        return ""
    return body_of(start, _assigning(2), _loop(slots, ("x",)))


def _places(page: Page, slots: int) -> tuple[Symbol, ...]:
    return tuple(page.given(f"s{k}") for k in range(slots))


def _row(k: int) -> str:
    return {0: "j", 1: "d + j"}.get(k, f"{k} * d + j")


def _loop(slots: int, given: Sequence[str] = ("x", "g")) -> str:
    read = [f"{name} = S[{_row(k)}]" for k, name in enumerate(("x", "g")) if name in given]
    if "g" in given:
        read += [f"s{k} = S[{_row(k + 2)}]" for k in range(slots)]
    return f"for (let j = 0; j < d; j++) {{\nconst {', '.join(read)};\n{{}}}}\n"


def _assigning(first_slot: int) -> Callable[[int, list[str]], str]:
    """Return what puts results into S: x and the slots, or the slots alone."""

    def ends(_: int, words: list[str]) -> str:
        rows = [0, *range(2, len(words) + 1)] if first_slot == 0 else range(2, len(words) + 2)
        return "".join(f"S[{_row(k)}] = {word};\n" for k, word in zip(rows, words, strict=True))

    return ends


def _put_out(_: int, words: list[str]) -> str:
    return f"into[j] = {words[0]};\n"


def _compare(update: list[Branch], optimizer: Optimizer, paths: list[Path], slots: int) -> None:
    """Refuse a rule from outside whose lines do not do what it does: it asked what it was given."""
    from optim.hyperparameters import Hypers
    from stepsize.explorer.translation.evaluation import reckoned

    tried = np.array([[0.75, -1.25], [0.0, 3.1], [1e-3, -2.7], [0.3, 1.9], [12.3, -7.7], [0.01, 5.5]])
    for n in (0, 1, 6):
        for row, x in enumerate(tried):
            g, *held = (np.roll(tried, row + k + 1, axis=0)[0] * (k + 1) for k in range(slots + 1))
            h = Hypers(optimizer, x).resolve(n)
            known = {"h[0]": n + 1} | {f"h[{i}]": value_at(h, path) for i, path in enumerate(paths, 1)}
            try:
                x_next, new = optimizer.update(x.copy(), g.copy(), tuple(s.copy() for s in held), h)
            except Exception as error:
                raise Untranslatable(f"it fails with {type(error).__name__}: {error}") from error
            for j in range(2):
                places = {"x": x[j], "g": g[j]} | {f"s{k}": s[j] for k, s in enumerate(held)}
                found = reckoned(update, known, places)
                asked = [np.broadcast_to(a, x.shape)[j] for a in (x_next, *new)]
                if not np.array_equal(found, asked, equal_nan=True):
                    raise Untranslatable("it asks what it was given, or looks across the coordinates")


def _is_hyper(optimizer: Any, path: Path) -> bool:
    return path[-1] in value_at(optimizer, path[:-1]).own_hypers()


def _parameter(optimizer: Optimizer, path: Path) -> Parameter:
    owner = value_at(optimizer, path[:-1])
    value, declared = value_at(optimizer, path), owner.ranges().get(path[-1])
    whole = isinstance(value, int)
    minimum = maximum = None
    if declared is None:
        minimum, maximum = allowed_range(
            lambda other: owner.replace(**{path[-1]: other}), float(value), whole
        )
    return Parameter(
        path=path,
        value=float(value),
        minimum=minimum if declared is None else _finite(declared.minimum),
        above=None if declared is None else _finite(declared.above),
        below=None if declared is None else _finite(declared.below),
        maximum=maximum if declared is None else _finite(getattr(declared, "maximum", np.inf)),
        whole=whole,
        schedulable=_is_hyper(optimizer, path),
    )


def _finite(bound: float) -> float | None:
    return float(bound) if np.isfinite(bound) else None


def _told(line: Any, numbers: list[Symbol]) -> dict[str, Any]:
    """Return a line: its name, its expression in names, the same with places for numbers, and whose it is."""
    return {
        "name": line.name,
        "text": symbols(line.expression, TEXT),
        "numbers": _shown(line.expression, line.names, line.module, numbers),
        "value": _place(line.value, numbers),
        "inside": line.inside,
    }


def _shown(node: Any, known: dict[str, Any], module: dict[str, Any], numbers: list[Any]) -> str:
    """Return an expression with places for numbers, which are added to a list."""

    def leaf(part: Any) -> str:
        return _place(value_of(part, known, module), numbers)

    return unbroken(rendered(node, TEXT, leaf))


def _place(value: Any, numbers: list[Any]) -> str:
    """Return a place for a number that is not known yet: ``{3}``, or ``{=3}`` where it is one for all."""
    if not isinstance(value, Symbol):
        if isinstance(value, bool) or not isinstance(value, int | float | np.generic):
            return str(getattr(value, "__name__", value))
        return TEXT.scalar(float(value), 6)
    numbers.append(value)
    return f"{{{'=' if value.plain else ''}{len(numbers)}}}"
