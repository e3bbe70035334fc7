"""A schedule as JavaScript, or as the table of its values where it is more than arithmetic on the index."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from schedules import Schedule
from stepsize.explorer.javascript import body_of, is_exact, packed
from stepsize.explorer.ranges import allowed_range
from stepsize.explorer.symbolic_records import Path, numbers_of, twin_of, value_at
from stepsize.explorer.symbols import Page, Untranslatable, branches_of

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

    A schedule that is written out has `parameters`; one that is tabulated has `table` and the `reason`.
    """

    name: str
    schedule: Any
    parameters: tuple["Height", ...]
    exact: bool
    source: str | None
    table: str | None
    reason: str | None


def timetable_of(schedule: Any, name: str, steps: int) -> Timetable:
    """Return a schedule as JavaScript if it can be written so, else its first values."""
    try:
        return _written(schedule, name)
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
    return Timetable(name, schedule, (), True, None, packed(_until_still(values)), reason)


def _until_still(values: Any) -> Any:
    """Return values without those at the end that repeat the last one, which a page holds for ever."""
    differs = np.flatnonzero(values != values[-1])
    return values[: differs[-1] + 2 if len(differs) else 1]


def _written(schedule: Any, name: str) -> Timetable:
    if not isinstance(schedule, Schedule):
        raise Untranslatable("it is a function of your own")
    paths = [path for path, _ in numbers_of(schedule, Schedule)]
    try:
        return _followed(schedule, name, paths)
    except Untranslatable:
        # Lengths may be asked for as numbers; heights are not.
        heights = [path for path in paths if not _is_whole(schedule, path)]
        return _followed(schedule, name, heights)


def _followed(schedule: Any, name: str, paths: list[Path]) -> Timetable:
    names = {path: f"h[{i}]" for i, path in enumerate(paths)}

    def value(page: Page) -> list[Any]:
        return [twin_of(schedule, page, names).value(page.given("n"))]

    branches = branches_of(value)
    return Timetable(
        name=name,
        schedule=schedule,
        parameters=tuple(_height(schedule, path) for path in paths),
        exact=is_exact(branches),
        source=f"(n, h) => {{\n{body_of(branches, lambda _, r: f'return {r[0]};')}}}",
        table=None,
        reason=None,
    )


def _height(schedule: Any, path: Path) -> Height:
    value, whole, owner = value_at(schedule, path), _is_whole(schedule, path), value_at(schedule, path[:-1])
    minimum, maximum = allowed_range(lambda other: owner.replace(**{path[-1]: other}), float(value), whole)
    return Height(path, float(value), whole, minimum, maximum)


def _is_whole(schedule: Any, path: Path) -> bool:
    owner = value_at(schedule, path[:-1])
    kind = type(owner).__dataclass_fields__[path[-1]].type
    return isinstance(value_at(schedule, path), int) or "int" in str(getattr(kind, "__name__", kind))
