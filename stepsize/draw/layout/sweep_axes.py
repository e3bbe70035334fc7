"""What pictures of sweeps have in common: labels, titles and scales that follow from the table."""

from typing import Any

import numpy as np
from matplotlib.axis import Axis
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from stepsize.core.display import counted
from stepsize.core.validation import describe_value
from stepsize.draw.layout.words import wrapped
from stepsize.experiments.sweep.sweep import Sweep

__all__ = ["column_label", "columns_of", "is_geometric", "narrow_log", "title_of"]

Array = np.ndarray[Any, Any]

_LABELS = {"lr": "rate", "problem.size": "batch size"}


def columns_of(sweep: Any, *names: str) -> list[Array]:
    """Return columns of a sweep; refuse what is none, and names that it has not."""
    if not isinstance(sweep, Sweep):
        raise TypeError(f"sweep: got {describe_value(sweep)}, expected what sweep returns")
    return [sweep[name] for name in names]


def is_geometric(values: Array) -> bool:
    """Whether ascending values are more even on a log axis, and go far enough to need one."""
    if len(values) < 2 or values[0] <= 0 or values[-1] / values[0] <= 10:
        return False
    return _unevenness(np.log(values)) < _unevenness(values)


def _unevenness(values: Array) -> float:
    gaps = np.diff(values)
    return float(gaps.std() / gaps.mean())


def narrow_log(axis: Axis) -> None:
    """Write plain numbers along a log axis that spans little."""
    low, high = sorted(axis.get_view_interval())
    if high / low >= 1000 or low < 1e-3 or high > 1e5:
        return
    axis.set_major_locator(
        LogLocator(subs=(1.0, 1.5, 2.0, 3.0, 5.0, 7.0) if high / low < 10 else (1.0, 2.0, 5.0))
    )
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_locator(NullLocator())


def column_label(column: str) -> str:
    """Return what to write along the axis of a column."""
    return _LABELS.get(column, column.removeprefix("problem."))


def title_of(sweep: Sweep, who: bool = True, width: int = 64) -> str:
    """Return who ran where for how long, in lines that fit over a picture."""
    problems = sweep.design.problems
    kind = type(problems[0]).__name__
    where = problems[0].formula if len(problems) == 1 else f"{kind} ({len(problems)} of them)"
    names = f"{', '.join(dict.fromkeys(sweep['optimizer'].tolist()))} on " if who else ""
    return "\n".join(wrapped(f"{names}{where}, {counted(sweep.steps, 'update')}", width))
