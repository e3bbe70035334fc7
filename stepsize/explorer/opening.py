"""The experiment that a page opens with: what was asked for, in the page's own short words."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from optim import Optimizer
from optim.hyperparameters import rate_kind
from schedules import Schedule
from stepsize.core.validation import describe_value
from stepsize.explorer.catalogue import TABULATED, Catalogue, Left
from stepsize.explorer.python_code import constructor
from stepsize.explorer.translation.powers import LONGEST, by_base, of_memories, of_pairs, slider_memories
from stepsize.explorer.translation.powers_taken import powers_taken
from stepsize.explorer.translation.rules import Parameter, Rule, at_numbers
from stepsize.explorer.translation.schedules import Timetable, timetable_of
from stepsize.explorer.translation.symbolic_records import value_at
from stepsize.explorer.translation.symbols import Untranslatable
from stepsize.parsing import demo_of

__all__ = [
    "MOST_OPTIMIZERS",
    "Asked",
    "asked_powers",
    "asked_schedules",
    "customary",
    "explored",
    "new_rules",
    "opening",
    "refuse_too_many",
    "without_noise",
]

# More would not be told apart by colour, dash and mark.
MOST_OPTIMIZERS = 6


@dataclass(frozen=True)
class Asked:
    """What a page is to open with."""

    problem: Any
    optimizers: tuple[Optimizer, ...]
    x0: list[float]
    steps: int
    noise: tuple[float, int] = (0.0, 0)


def customary(problem: Any, x0: list[float]) -> tuple[Optimizer, ...]:
    """Return rules and rates that show something where none were asked for."""
    from optim import SGD, Adam, Momentum

    x = np.array(x0)
    with np.errstate(all="ignore"):
        size = float(np.linalg.norm(problem.grad(x)))
    reach = float(np.abs(x).max()) or 1.0
    L = getattr(problem, "L", None)
    rate = 1.8 / L if L else 0.05 * reach / size if size > 0 and math.isfinite(size) else 0.01
    return SGD(lr=_three(rate)), Momentum(lr=_three(rate / 4)), Adam(lr=_three(0.03 * reach))


def _three(value: float) -> float:
    return float(f"{value:.3g}")


def new_rules(optimizers: tuple[Optimizer, ...]) -> list[Optimizer]:
    """Return those whose rule no example of the registry is: other settings, other rules inside.

    Raises
    ------
    ValueError
        If a rate answers to the run.
    """
    found: list[Optimizer] = []
    for optimizer in optimizers:
        _refuse_what_answers(optimizer)
        try:
            plain = at_numbers(optimizer)
        except Untranslatable as reason:
            raise ValueError(f"optimizer: got {optimizer!r}, which a page cannot run: {reason}") from None
        if _shape(plain) != _shape(_example(type(plain))) and all(_shape(plain) != _shape(f) for f in found):
            found.append(plain)
    return found


def _example(kind: type[Optimizer]) -> Optimizer | None:
    for parameters in ({}, demo_of(kind)):
        try:
            return kind(**parameters)
        except (TypeError, ValueError):
            continue
    return None


def _refuse_what_answers(optimizer: Optimizer) -> None:
    if rate_kind(optimizer.lr) != "schedule":
        raise ValueError(
            f"lr: got {optimizer.lr!r}, which answers to the run, expected a number or a schedule"
        )


def _shape(optimizer: Optimizer | None) -> Any:
    """Return all of a rule but its numbers."""
    from stepsize.explorer.translation.symbolic_records import settings_of

    if optimizer is None:
        return None
    kinds = [type(optimizer).__name__]
    inner: Any = optimizer
    while isinstance(getattr(inner, "inner", None), Optimizer):
        inner = inner.inner
        kinds.append(type(inner).__name__)
    return kinds, [(path, repr(value)) for path, value in settings_of(optimizer, Optimizer)]


def asked_schedules(asked: Asked, known: Catalogue) -> tuple[Timetable, ...]:
    """Return the schedules of the optimizers that no example of the registry is."""
    found: list[Timetable] = []
    for optimizer in asked.optimizers:
        for _, schedule in _driven(optimizer, _rule_of(optimizer, known)):
            if _timetable(schedule, (*known.timetables, *found)) is None:
                found.append(_own_timetable(schedule, asked.steps))
    return (*found,)


def _own_timetable(schedule: Any, steps: int) -> Timetable:
    """Return a schedule of a user's own; a function may hold for the updates of the run alone."""
    if isinstance(schedule, Schedule):
        asked_until = steps if _has_function(schedule) else TABULATED
        return timetable_of(schedule, repr(schedule), asked_until)
    name = str(getattr(schedule, "__name__", "a function"))
    return timetable_of(schedule, name, steps)


def _has_function(schedule: Any) -> bool:
    if isinstance(schedule, tuple):
        return any(map(_has_function, schedule))
    if isinstance(schedule, Schedule):
        return any(_has_function(value) for _, value in schedule.fields())
    return callable(schedule)


def _driven(optimizer: Optimizer, rule: Rule) -> Iterator[tuple[Parameter, Any]]:
    """Yield what a schedule drives, with the schedule."""
    for parameter in rule.parameters:
        value = value_at(optimizer, parameter.path)
        if callable(value):
            yield parameter, value


def _rule_of(optimizer: Optimizer, known: Catalogue) -> Rule:
    shape = _shape(at_numbers(optimizer))
    return next(rule for rule in known.rules if _shape(rule.optimizer) == shape)


def asked_powers(asked: Asked, known: Catalogue) -> list[list[Any]]:
    """Return the powers that Python rounds otherwise: of the sliders, and of what a page opens with."""
    memories, found = {*slider_memories().tolist()}, []
    for optimizer in asked.optimizers:
        rule = _rule_of(optimizer, known)
        plain = at_numbers(optimizer)
        driven = {p.path: np.asarray(_values(s, asked.steps)) for p, s in _driven(optimizer, rule)}
        columns = [driven.get(p.path, np.full(1, value_at(plain, p.path), float)) for p in rule.parameters]
        if rule.exact and not any(rule.parameters[i].path in driven for i in rule.memories):
            memories.update(float(columns[i][0]) for i in rule.memories if 0 < columns[i][0] < 1)
            continue
        found.append(of_pairs(powers_taken(rule.update, _numbers_at(columns), LONGEST)))
    return by_base([of_memories((*sorted(memories),)), *found])


def _numbers_at(columns: list[Any]) -> Callable[[int], list[float]]:
    """Return the numbers of an update, which hold their last value after the end."""
    return lambda n: [float(column[min(n, len(column) - 1)]) for column in columns]


def _values(schedule: Any, steps: int) -> Any:
    return schedule.table(steps) if isinstance(schedule, Schedule) else [schedule(n) for n in range(steps)]


def _timetable(schedule: Any, tables: tuple[Timetable, ...]) -> Timetable | None:
    """Return the table whose numbers can make a schedule."""
    for table in tables:
        if table.schedule is schedule:
            return table
        if type(table.schedule) is type(schedule) and isinstance(schedule, Schedule) and table.source:
            paths = [path for path, *_ in table.parameters]
            if constructor(table.schedule, paths) == constructor(schedule, paths):
                return table
    return None


def opening(asked: Asked, known: Catalogue) -> dict[str, Any]:
    """Return the experiment as the page reads it."""
    return {
        "p": next(
            place.name
            for place in known.landscapes
            if place.problem is asked.problem or place.problem == asked.problem
        ),
        "x": asked.x0,
        "n": asked.steps,
        "z": list(asked.noise),
        "t": min(40, asked.steps // 4) if asked.steps > 4 else 0,
        "o": [_choice(optimizer, known) for optimizer in asked.optimizers],
    }


def _choice(optimizer: Optimizer, known: Catalogue) -> list[Any]:
    plain, rule = at_numbers(optimizer), _rule_of(optimizer, known)
    values = {"/".join(p.path): float(value_at(plain, p.path)) for p in rule.parameters}
    schedules: dict[str, list[Any]] = {}
    for parameter, schedule in _driven(optimizer, rule):
        table = _timetable(schedule, known.timetables)
        assert table is not None  # `asked_schedules` has added what was missing
        numbers = {"/".join(path): float(value_at(schedule, path)) for path, *_ in table.parameters}
        schedules["/".join(parameter.path)] = [table.name, numbers]
    return [rule.name, values, schedules] if schedules else [rule.name, values]


def without_noise(known: Catalogue, asked: Asked) -> Catalogue:
    """Return a catalogue with the noise that was asked for alone, which says what a small page lacks."""
    sigma, seed = asked.noise
    more = "ss.explore(..., everything=True) writes a page that has them"
    left = (
        Left("problem", "all others", more),
        Left("noise", "other seeds" if sigma else "on the gradient", f"its numbers are long; {more}"),
    )
    return replace(known, seeds=(seed,) if sigma else (), left=(*left, *known.left))


def refuse_too_many(optimizers: tuple[Any, ...]) -> None:
    """Refuse what is no optimizer, and more than a page tells apart."""
    for optimizer in optimizers:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(
                f"optimizers: got {describe_value(optimizer)}, expected optimizers such as SGD(lr=0.1)"
            )
    if len(optimizers) > MOST_OPTIMIZERS:
        raise ValueError(f"optimizers: got {len(optimizers)}, expected at most {MOST_OPTIMIZERS} in one page")


def explored(problem: Any) -> tuple[Any, tuple[float, int]]:
    """Return the problem that a page shows, and deviation and seed of the noise on its gradient.

    Raises
    ------
    ValueError
        If what the updates see of it is not the page's noise.
    """
    from problems import AdditiveNoise
    from stepsize.explorer.noise import SEEDS

    if not isinstance(problem, AdditiveNoise):
        return problem, (0.0, 0)
    plain = problem.sampling != "full" and problem.sigma_f == 0 and np.ndim(problem.sigma_g) == 0
    if not plain or problem.rng not in SEEDS:
        raise ValueError(
            f"problem: got {problem!r}, expected noise on the gradient alone, one deviation, and one of the "
            f"seeds {', '.join(map(str, SEEDS))}"
        )
    return problem.problem, (float(problem.sigma_g), int(problem.rng))
