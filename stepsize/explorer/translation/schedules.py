"""A schedule as JavaScript, or as the table of its values where it is more than arithmetic on the index."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from schedules import Schedule
from stepsize.explorer.translation.javascript import body_of, is_exact, packed
from stepsize.explorer.translation.ranges import allowed_range
from stepsize.explorer.translation.symbolic_records import Path, numbers_of, replaced, twin_of, value_at
from stepsize.explorer.translation.symbols import Branch, Page, Symbol, Untranslatable, branches_of

# A page has no room for longer texts; what makes them long stays fixed.
_MOST_LINES = 160

__all__ = ["Height", "Timetable", "tabulated", "timetable_of"]


class Height(NamedTuple):
    """A number of a schedule: where it stands, whether it counts something, and what it may be."""

    path: Path
    value: float
    whole: bool
    minimum: float | None
    maximum: float | None


@dataclass(frozen=True)
class Timetable:
    """What the page needs to ask a schedule, or to look its values up.

    A schedule that is written out has `parameters`, which sliders move, and `fixed` numbers, which shape its
    text and stay; one that is tabulated has `table` and the `reason`.
    """

    name: str
    schedule: Any
    parameters: tuple["Height", ...]
    fixed: tuple[tuple[str, float], ...]
    exact: bool
    source: str | None
    table: str | None
    reason: str | None


def timetable_of(schedule: Any, name: str, steps: int) -> Timetable:
    """Return a schedule as JavaScript if it can be written so, else its first values."""
    try:
        return _written(schedule, name, steps)
    except Untranslatable as reason:
        return tabulated(schedule, name, steps, str(reason))


def tabulated(schedule: Any, name: str, steps: int, reason: str) -> Timetable:
    """Return a schedule, or a plain function of the update, as its first values."""
    if isinstance(schedule, Schedule):
        values = schedule.table(steps)
    else:
        values = np.array([schedule(n) for n in range(steps)], dtype=float)
    if values.ndim != 1:
        raise Untranslatable("it gives more than one number an update")
    return Timetable(name, schedule, (), (), True, None, packed(_until_still(values)), reason)


def _until_still(values: Any) -> Any:
    """Return values without those at the end that repeat the last one, which a page holds for ever."""
    differs = np.flatnonzero(values != values[-1])
    return values[: differs[-1] + 2 if len(differs) else 1]


def _written(schedule: Any, name: str, steps: int) -> Timetable:
    if not isinstance(schedule, Schedule):
        raise Untranslatable("it is a function of your own")
    every = [path for path, _ in numbers_of(schedule, Schedule)]
    free = [path for path in every if not _is_in_order(schedule, path)]
    paths = free if _can_follow(schedule, free, steps) else _movable(schedule, free, steps)
    branches = _followed(schedule, paths, steps)
    text = body_of(branches, lambda _, words: f"return {words[0]};")
    return Timetable(
        name=name,
        schedule=schedule,
        parameters=tuple(_height(schedule, path) for path in paths),
        fixed=tuple(("/".join(p), float(value_at(schedule, p))) for p in every if p not in paths),
        exact=is_exact(branches),
        source=f"(n, h) => {{\n{text}}}",
        table=None,
        reason=None,
    )


def _movable(schedule: Schedule, paths: list[Path], steps: int) -> list[Path]:
    """Return the numbers that may be symbols at once, the earlier ones first; some stay, as lengths do."""
    kept: list[Path] = []
    for path in paths:
        if _can_follow(schedule, [*kept, path], steps):
            kept.append(path)
    return kept


def _can_follow(schedule: Schedule, paths: list[Path], steps: int) -> bool:
    try:
        branches = _followed(schedule, paths, steps)
        body_of(branches, lambda _, words: words[0])
    except Untranslatable:
        return False
    short = sum(len(branch.page.lines) for branch in branches) <= _MOST_LINES
    return short and all(_is_used(place, branches) for place in range(len(paths)))


def _is_used(place: int, branches: list[Branch]) -> bool:
    """Whether a number is one that the values rest on: one that a loop has used up moves nothing."""
    name = f"h[{place}]"
    return any(
        name in line.operands and line.name in branch.needed()
        for branch in branches
        for line in branch.page.lines
    ) or any(isinstance(r, Symbol) and r.name == name for branch in branches for r in branch.results)


def _followed(schedule: Any, paths: list[Path], steps: int) -> list[Branch]:
    names = {path: f"h[{i}]" for i, path in enumerate(paths)}

    def value(page: Page) -> list[Any]:
        return [twin_of(schedule, page, names).value(page.given("n", most=float(steps - 1)))]

    return branches_of(value)


def _height(schedule: Any, path: Path) -> Height:
    value, whole = value_at(schedule, path), _is_whole(schedule, path)
    minimum, maximum = allowed_range(lambda other: replaced(schedule, {path: other}), float(value), whole)
    return Height(path, float(value), whole, minimum, maximum)


def _owner(schedule: Any, path: Path) -> tuple[Any, str]:
    """Return the record whose field a number stands in, and the field's name."""
    at = len(path) - 2 if path[-1].isdigit() else len(path) - 1
    return value_at(schedule, path[:at]), path[at]


def _is_whole(schedule: Any, path: Path) -> bool:
    owner, name = _owner(schedule, path)
    kind = type(owner).__dataclass_fields__[name].type
    return isinstance(value_at(schedule, path), int) or "int" in str(getattr(kind, "__name__", kind))


def _is_in_order(schedule: Any, path: Path) -> bool:
    """Whether a number is an item of a list that must stay in its order, or add up to something."""
    owner, name = _owner(schedule, path)
    if not path[-1].isdigit():
        return False
    items = getattr(owner, name)
    for other in (items[::-1], tuple(2 * item for item in items)):
        try:
            owner.replace(**{name: other})
        except (ValueError, TypeError):
            return True
    return False
