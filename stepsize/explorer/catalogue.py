"""What a page holds: every rule, problem and schedule of the registry, and what it left out, with why."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from optim import Optimizer
from problems import Problem, Rosenbrock, Rotated
from schedules import Schedule
from stepsize.core.record import Record, registered
from stepsize.explorer.noise import SEEDS
from stepsize.explorer.translation.landscapes import Landscape, landscape_of
from stepsize.explorer.translation.logistic import two_features
from stepsize.explorer.translation.rules import Rule, rule_of
from stepsize.explorer.translation.schedules import Timetable, timetable_of
from stepsize.explorer.translation.symbols import Untranslatable
from stepsize.parsing import demo_of, load_registry

__all__ = ["TABULATED", "Catalogue", "Left", "catalogue", "facts_of", "name_of", "require_runnable"]

# So many values are kept of a schedule that cannot be written out.
TABULATED = 1000
# What the lengths in the examples of schedules are multiplied by: they are made for 20 to 50 updates.
_LONGER = 5


@dataclass(frozen=True)
class Left:
    """What is not in the page: its kind, its name, and the reason."""

    kind: str
    name: str
    reason: str


@dataclass(frozen=True)
class Catalogue:
    """Everything that a page can run, and what it cannot."""

    rules: tuple[Rule, ...]
    landscapes: tuple[Landscape, ...]
    timetables: tuple[Timetable, ...]
    left: tuple[Left, ...]
    seeds: tuple[int, ...] = SEEDS


def catalogue(
    problems: Iterable[Any] = (), optimizers: Iterable[Optimizer] = (), *, all_problems: bool = True
) -> Catalogue:
    """Return what is registered, with problems and optimizers of a user's own before it.

    Raises
    ------
    ValueError
        If one that was asked for by name cannot be put into a page.
    """
    load_registry()
    left: list[Left] = []
    own_landscapes = [_asked("problem", p, landscape_of) for p in problems]
    own_rules = [_asked("optimizer", o, rule_of) for o in optimizers]
    known = {item.name for item in (*own_landscapes, *own_rules)}
    found_rules = [*_tried("optimizer", _examples(Optimizer), rule_of, left, known)]
    places = (*_examples(Problem), *_more_problems()) if all_problems else ()
    found_places = [*_tried("problem", places, landscape_of, left, known)]
    tables = [*_tried("schedule", _schedules(), _timetable, left, known)]
    return Catalogue((*own_rules, *found_rules), (*own_landscapes, *found_places), (*tables,), (*left,))


def require_runnable(problem: Any, optimizers: Iterable[Optimizer]) -> None:
    """Refuse what cannot be put into a page, in one sentence."""
    _asked("problem", problem, landscape_of)
    for optimizer in optimizers:
        _asked("optimizer", optimizer, rule_of)


def name_of(record: Any) -> str:
    """Return what a thing of the page is called: its class, where that says all, else how it is written."""
    kind = type(record)
    if not isinstance(record, Record):
        return kind.__name__
    try:
        return kind.__name__ if record == kind(**demo_of(kind)) or record == kind() else repr(record)
    except TypeError:
        return repr(record)


def _asked(kind: str, record: Any, write: Any) -> Any:
    try:
        return _cached(write, record, name_of(record))
    except Untranslatable as reason:
        raise ValueError(f"{kind}: got {record!r}, which a page cannot run: {reason}") from None


def _tried(
    kind: str, named: Iterable[tuple[str, Any]], write: Any, left: list[Left], known: set[str]
) -> Iterator[Any]:
    for name, record in named:
        if name in known:
            continue
        if record is None:
            left.append(Left(kind, name, "no example of it can be made"))
            continue
        if twin := getattr(type(record), "twin_of", ""):
            left.append(Left(kind, name, f"it is {twin} but for a switch; asked for, it is there"))
            continue
        try:
            yield _cached(write, record, name)
        except Untranslatable as reason:
            left.append(Left(kind, name, str(reason)))


@lru_cache(maxsize=1024)
def _written(write: Any, record: Any, name: str) -> Any:
    try:
        return write(record, name)
    except Untranslatable as reason:
        return reason
    except Exception as error:  # a class of a user's own may do anything; the page tells what
        return Untranslatable(f"it fails with {type(error).__name__}: {error}")


def _cached(write: Any, record: Any, name: str) -> Any:
    """Write a record once; a class that was defined anew under its name is another class."""
    try:
        found = _written(write, record, name)
    except TypeError:  # a record that holds a function may have no hash
        return write(record, name)
    if isinstance(found, Untranslatable):
        raise found
    return found


def _examples(kind: type[Record]) -> Iterator[tuple[str, Any]]:
    """Yield an example of every registered class: with what it takes by default, or as its demo says."""
    for cls in registered(kind):
        if cls.__name__ not in ("FunctionProblem", "Formula"):  # they are what a user brings
            yield cls.__name__, _first_made(cls, [lambda _: {}, demo_of])


def _first_made(cls: type[Record], ways: list[Callable[[type[Record]], dict[str, Any]]]) -> Any:
    """Return the first example that can be made, None where none can."""
    for parameters in ways:
        try:
            return cls(**parameters(cls))
        except Exception:  # a class of a user's own may do anything
            continue
    return None


def _more_problems() -> Iterator[tuple[str, Any]]:
    yield "Rotated Rosenbrock", Rotated(Rosenbrock())
    yield "Logistic regression on two features", two_features()


def _timetable(schedule: Schedule, name: str) -> Timetable:
    return timetable_of(schedule, name, TABULATED)


def _schedules() -> Iterator[tuple[str, Any]]:
    """Yield an example of every schedule, with lengths for a run of a few hundred updates."""
    for cls in registered(Schedule):
        if cls.__name__ not in ("Constant", "FromFunction", "Recursion"):
            yield cls.__name__, _first_made(cls, [_longer_demo, demo_of])


def _longer_demo(cls: type[Record]) -> dict[str, Any]:
    return {name: _longer(value) for name, value in demo_of(cls).items()}


def _longer(value: Any) -> Any:
    if isinstance(value, Schedule):
        return type(value)(**{name: _longer(inner) for name, inner in value.fields()})
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value * _LONGER
    if isinstance(value, tuple) and all(isinstance(v, int) for v in value):
        return tuple(v * _LONGER for v in value)
    return value


def facts_of(problem: Any) -> dict[str, Any]:
    """Return what a page says of a problem: start, region, minimum, curvature."""
    dim = len(problem.x0)
    domain = getattr(problem, "domain", None)
    box = None if domain is None else [np.broadcast_to(np.asarray(b, float), dim).tolist() for b in domain]
    feasible = getattr(problem, "feasible", None)
    minimizers = getattr(problem, "minimizers", None)
    minimum = getattr(problem, "minimum", None)
    return {
        "dim": dim,
        "x0": [float(v) for v in problem.x0],
        "domain": box,
        "minimizers": None
        if minimizers is None
        else np.reshape(np.asarray(minimizers, float), (-1, dim)).tolist(),
        "minimum": None if minimum is None else float(minimum),
        "summed": _number(getattr(problem, "summed", None)),
        "L": _number(getattr(problem, "L", None)),
        "mu": _number(getattr(problem, "mu", None)),
        "feasible": None
        if feasible is None
        else [np.broadcast_to(np.asarray(b, float), dim).tolist() for b in feasible],
        "formula": str(getattr(problem, "formula", type(problem).__name__)),
        "variables": list(getattr(problem, "variables", ())) or (["x"] if dim == 1 else ["x1", "x2"]),
    }


def _number(value: Any) -> float | None:
    return None if value is None or not np.isfinite(value) else float(value)
