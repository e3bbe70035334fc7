"""The experiment that a page opens with: what was asked for, in the page's own short words."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from optim import Optimizer
from optim.hyperparameters import rate_kind
from schedules import Schedule
from stepsize.core.validation import describe_value
from stepsize.explorer.catalogue import TABULATED, Catalogue
from stepsize.explorer.python_code import constructor
from stepsize.explorer.rules import at_numbers, rate_path
from stepsize.explorer.schedules import Timetable, timetable_of
from stepsize.explorer.symbolic_records import value_at
from stepsize.explorer.symbols import Untranslatable
from stepsize.parsing import demo_of

__all__ = [
    "MOST_OPTIMIZERS",
    "Asked",
    "asked_rates",
    "customary",
    "explored",
    "new_rules",
    "opening",
    "refuse_too_many",
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
        If a rate answers to the run, or anything but the rate is scheduled.
    """
    found: list[Optimizer] = []
    for optimizer in optimizers:
        _refuse_what_is_driven(optimizer)
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


def _refuse_what_is_driven(optimizer: Optimizer) -> None:
    if rate_kind(optimizer.lr) != "schedule":
        raise ValueError(
            f"lr: got {optimizer.lr!r}, which answers to the run, expected a number or a schedule"
        )
    driven = [name for name in optimizer.hypers() if name != "lr" and callable(getattr(optimizer, name))]
    if driven:
        raise ValueError(
            f"{driven[0]}: got {getattr(optimizer, driven[0])!r}, expected a number, as a page drives the "
            "rate alone"
        )


def _shape(optimizer: Optimizer | None) -> Any:
    """Return all of a rule but its numbers."""
    from stepsize.explorer.symbolic_records import settings_of

    if optimizer is None:
        return None
    kinds = [type(optimizer).__name__]
    inner: Any = optimizer
    while isinstance(getattr(inner, "inner", None), Optimizer):
        inner = inner.inner
        kinds.append(type(inner).__name__)
    return kinds, [(path, repr(value)) for path, value in settings_of(optimizer, Optimizer)]


def asked_rates(asked: Asked, known: Catalogue) -> tuple[Timetable, ...]:
    """Return the schedules of the optimizers that no example of the registry is."""
    found: list[Timetable] = []
    for optimizer in asked.optimizers:
        rate = optimizer.lr
        if not callable(rate) or _timetable(rate, (*known.timetables, *found)) is not None:
            continue
        name = repr(rate) if isinstance(rate, Schedule) else str(getattr(rate, "__name__", "a function"))
        found.append(timetable_of(rate, name, max(asked.steps, TABULATED)))
    return (*found,)


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
    plain = at_numbers(optimizer)
    rule = next(rule for rule in known.rules if _shape(rule.optimizer) == _shape(plain))
    values = {"/".join(p.path): float(value_at(plain, p.path)) for p in rule.parameters}
    rate = value_at(optimizer, rate_path(rule))
    if not callable(rate):
        return [rule.name, values]
    table = _timetable(rate, known.timetables)
    assert table is not None  # `asked_rates` has added what was missing
    numbers = {"/".join(path): float(value_at(rate, path)) for path, *_ in table.parameters}
    return [rule.name, values, [table.name, numbers]]


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
