"""Pictures of schedules: the rate against the update, one curve an axes or many panels a sheet."""

import math
import re
import sys
import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from schedules import Schedule, as_schedule
from stepsize.core.validation import require_a
from stepsize.draw.style import COLORS, INK, Picture, figure, style

__all__ = ["schedule", "schedules", "steps_to_show"]

_GREY = "#8d99a3"


def steps_to_show(items: Sequence[Any], minimum: int = 40) -> int:
    """Return how many updates show what the schedules do: past the end of those that have one."""
    ends = [end for item in items if (end := as_schedule(item).horizon)]
    return max(minimum, math.ceil(1.25 * max(ends))) if ends else max(minimum, 100)


def schedule(
    item: Any,
    ax: Axes | None = None,
    *,
    steps: int | None = None,
    color: str = COLORS[0],
    label: str | None = None,
    dash: Any = "solid",
) -> Axes:
    """Draw the values of a schedule, update by update.

    Parameters
    ----------
    item : Schedule, number or function
        What to draw; each row of a batch is a line of its own.
    ax : Axes, optional
        Where to draw.
    steps : int, optional
        Updates to show; by default a quarter more than the schedule takes to its end.
    color, label, dash : optional
        Of the line.
    """
    line = as_schedule(item)
    steps = steps_to_show([line]) if steps is None else steps
    values = line.table(steps).reshape(steps, -1)
    with style():
        ax = figure(4.5, 2.8).add_subplot() if ax is None else ax
        # Few updates are drawn as the stairs that they are, many as a line.
        stairs = "steps-post" if steps <= 150 else "default"
        n = np.arange(steps + 1) if stairs == "steps-post" else np.arange(steps)
        shown = np.concatenate([values, values[-1:]]) if stairs == "steps-post" else values
        ax.plot(n, shown, color=color, label=label, linewidth=1.4, linestyle=dash, drawstyle=stairs)
        ax.set(xlabel="update n", ylabel="rate", xlim=(0, steps))
        low, high = ax.get_ylim()
        ax.set_ylim(min(low, -0.02 * high), high)
    return ax


def schedules(items: Sequence[Any], steps: int | None = None, *, overlay: bool = False) -> Figure:
    """Return a sheet of schedules: a panel each, or with `overlay` all in one.

    Parameters
    ----------
    items : sequence of Schedule
        What to draw.
    steps : int, optional
        Updates to show; by default each panel shows its own schedule past its end.
    overlay : bool
        Whether they share one panel.
    """
    require_a((list, tuple), "items", items, "a list of schedules")
    lines = [as_schedule(item) for item in items]
    if not lines:
        raise ValueError("items: got no schedule, expected at least one")
    return _overlaid(lines, steps) if overlay else _sheet(lines, steps)


def _overlaid(lines: list[Schedule], steps: int | None) -> Figure:
    steps = steps_to_show(lines) if steps is None else steps
    labels = [textwrap.shorten(repr(line), 90, placeholder=" ...") for line in lines]
    foot = 0.2 * len(lines) + 0.1
    picture = figure(6.4, 3.2 + foot)
    with style():
        ax = picture.add_subplot()
        for index, (line, label) in enumerate(zip(lines, labels, strict=True)):
            dash = ("solid", "dashed", "dotted")[index // len(COLORS) % 3]
            schedule(line, ax, steps=steps, color=COLORS[index % len(COLORS)], label=label, dash=dash)
        ax.grid(visible=True)
        picture.legend(loc="outside lower left", ncols=1)
    return picture


def _sheet(lines: list[Schedule], steps: int | None) -> Figure:
    groups = _groups(lines)
    if len(lines) > 12:
        lines = sorted(lines, key=lambda line: list(groups).index(type(line).__module__))
    columns = min(len(lines), 6 if len(lines) > 12 else 3)
    rows = math.ceil(len(lines) / columns)
    per_row = 5 if columns > 3 else 2
    keys = len(groups) + 1 if len(groups) > 1 else 0
    head = 0.1 + 0.17 * math.ceil(keys / per_row)
    width, height = 2.5 * columns, 1.8 * rows + head
    with style():
        # Margins in inches: a layout engine would take many times as long as the drawing.
        picture = Picture(figsize=(width, height))
        edges = {"left": 0.55 / width, "right": 1 - 0.1 / width, "bottom": 0.3 / height}
        grid = picture.subplots(rows, columns, squeeze=False)
        picture.subplots_adjust(**edges, top=1 - (head + 0.35) / height, wspace=0.25, hspace=0.6)
        for ax, line in zip(grid.flat, lines, strict=False):
            _panel(ax, line, steps, groups[type(line).__module__][1])
        for ax in grid.flat[len(lines) :]:
            ax.set_axis_off()
        for ax in grid[:, 0]:
            ax.set_ylabel("rate")
        if keys:
            handles = [
                Line2D([], [], color=color, linewidth=2.5, label=label) for label, color in groups.values()
            ]
            handles.append(Line2D([], [], color=_GREY, linewidth=0.8, linestyle=(0, (2, 2)), label="its end"))
            picture.legend(handles=handles, loc="upper center", ncols=per_row)
    return picture


def _panel(ax: Axes, line: Schedule, steps: int | None, color: str) -> None:
    schedule(line, ax, steps=steps, color=color)
    ax.set(xlabel="", ylabel="")
    ax.set_title(type(line).__name__, pad=14)
    try:
        formula = textwrap.shorten(line.describe(), 44, placeholder=" ...")
    except ValueError:  # nested too deep for a line
        formula = "..."
    ax.annotate(
        formula, (0, 1), (0, 3), xycoords="axes fraction", textcoords="offset points", fontsize=6.5, color=INK
    )
    ax.tick_params(labelsize=6.5, length=2)
    ax.locator_params(axis="y", nbins=4)
    ax.locator_params(axis="x", nbins=5)
    end = line.horizon
    if end is not None and 0 < end < ax.get_xlim()[1]:
        ax.axvline(end, color=_GREY, linewidth=0.6, linestyle=(0, (2, 2)), zorder=0)


def _groups(lines: list[Schedule]) -> dict[str, tuple[str, Any]]:
    """Return the label and the colour of each file that the schedules stand in, families first."""
    files = sorted({type(line).__module__ for line in lines}, key=lambda f: (".families." not in f, f))
    return {file: (_label(file), _color(index)) for index, file in enumerate(files)}


def _label(file: str) -> str:
    """Return what the first line of a file's docstring says before its first stop: "Restarts: ..."."""
    first = (getattr(sys.modules.get(file), "__doc__", None) or "").partition("\n")[0]
    return re.split(r"[.:;]|, and ", first)[0].strip() or file.rpartition(".")[2].replace("_", " ")


def _color(index: int) -> Any:
    """Return a colour; past the last, the same once more at half strength."""
    color = to_rgb(COLORS[index % len(COLORS)])
    return color if index < len(COLORS) else tuple(0.5 + 0.5 * part for part in color)
