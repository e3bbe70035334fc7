"""The small picture of a class: a schedule's curve, a landscape, or the path of a rule on the bowl."""

import dataclasses
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import optim
import problems
import schedules
import stepsize as ss
from stepsize import draw
from stepsize.parsing import demo_of, example_of

__all__ = ["Picture", "draw_picture"]

SIZE = (4.2, 2.7)
UPDATES = 60
BOWL = ss.Quadratic([1, 20])
# Bases of others: there is nothing to draw.
ABSTRACT = {
    *(optim.Optimizer, optim.Wrapper, optim.Averaging),
    *(schedules.Schedule, schedules.Feedback, schedules.LineSearch),
    *(problems.Problem, problems.FiniteSum, problems.StochasticProblem, problems.Supervised),
}


@dataclass(frozen=True)
class Picture:
    """What was drawn of a class: words for below it, and the example that is shown."""

    caption: str
    example: Any


def draw_picture(name: str, folder: Path) -> Picture | None:
    """Draw the picture of a public class as ``name.png``; nothing where none helps."""
    drawn = _drawn(getattr(ss, name))
    if drawn is None:
        return None
    ax, caption, example = drawn
    ax.figure.set_size_inches(*SIZE)
    folder.mkdir(parents=True, exist_ok=True)
    draw.save(ax.figure, folder / f"{name}.png", dpi=150)
    return Picture(caption, example)


def _drawn(cls: Any) -> tuple[Any, str, Any] | None:
    if not isinstance(cls, type) or cls in ABSTRACT:
        return None
    for kind, picture in (
        (schedules.Schedule, _curve),
        (problems.Problem, _landscape),
        (optim.Optimizer, _path_of_rule),
        (schedules.Feedback, _path_of_rate),
        (schedules.LineSearch, _path_of_rate),
    ):
        if issubclass(cls, kind):
            return picture(cls)
    return None


def _curve(cls: Any) -> tuple[Any, str, Any] | None:
    item = _example(cls)
    if np.ndim(item(0)):  # a row a run
        return None
    return draw.schedule(item), f"``{item!r}``", item


def _landscape(cls: Any) -> tuple[Any, str, Any] | None:
    problem = _flat(cls)
    if problem is None or issubclass(cls, ss.StochasticProblem):
        return None
    caption = f"``{problem!r}``"
    if problem.dim == 1:
        return draw.landscape(problem), caption, problem
    words = f"{caption}; a star is a minimizer." if problem.minimizers else caption
    return draw.contours(problem), words, problem


def _flat(cls: Any) -> Any:
    """Return an example of one or two dimensions, or nothing."""
    for arguments in ({}, {"dim": 2}, demo_of(cls)):
        try:
            problem = cls(**arguments)
        except (TypeError, ValueError):
            continue
        if problem.dim <= 2:
            return problem
    return None


def _path_of_rule(cls: Any) -> tuple[Any, str, Any] | None:
    rule = _example(cls)
    if any(not hasattr(BOWL, need) for need in rule.requires):
        return None
    own_rate = rule.requires or rule.compares_gradients or type(rule).__module__.endswith("parameter_free")
    return _path(rule if own_rate else _at(rule, best_rate(rule)))


def best_rate(rule: Any) -> float:
    """Return the rate, of those below 1, that ends nearest to the minimum without going far away."""
    rates = np.array([float(f"{rate:.2g}") for rate in np.geomspace(0.005, 1, 47)])
    with np.errstate(all="ignore"):
        runs = ss.minimize(BOWL, _at(rule, rates[:, None]), steps=UPDATES)
        reach = np.abs(runs.history.x).max(axis=(0, 2))
        return float(rates[np.where(reach < 7, runs.fun, np.inf).argmin()])


def _at(rule: Any, rate: Any) -> Any:
    inner = getattr(rule, "inner", None)
    return (
        rule.replace(inner=_at(inner, rate)) if isinstance(inner, optim.Optimizer) else rule.replace(lr=rate)
    )


def _path_of_rate(cls: Any) -> tuple[Any, str, Any]:
    rate = _example(cls)
    if "lr" in {field.name for field in dataclasses.fields(rate)}:
        rate = rate.replace(lr=0.04)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a search that expects mini-batches says that there are none
        return _path(ss.SGD(lr=rate))


def _path(rule: Any) -> tuple[Any, str, Any]:
    run = ss.minimize(BOWL, rule, steps=UPDATES)
    words = f"``{rule!r}`` on the bowl of curvatures 1 and 20, {UPDATES} updates; open circles overshot."
    return draw.path(run), words, rule


def _example(cls: Any) -> Any:
    try:
        return cls()
    except (TypeError, ValueError):
        return example_of(cls)
