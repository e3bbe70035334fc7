"""Pieces that figures are made of: panels, curves with their names beside them, notes."""

from collections.abc import Sequence
from typing import Any

import matplotlib.patheffects
import matplotlib.ticker
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from optim import Run
from stepsize.draw.landscape import contours
from stepsize.draw.style import COLORS, INK, figure, style
from stepsize.draw.trajectory import path

__all__ = ["label_line_ends", "curves", "equal", "log_ticks", "annotate", "panels", "trajectories"]

COLUMN, PAGE = 3.4, 6.8  # inches: one column of a two-column page, and the whole of it


def panels(
    rows: int = 1,
    columns: int = 1,
    width: float | None = None,
    height: float = 2.4,
    **options: Any,
) -> tuple[Figure, Any]:
    """Return a figure and its axes, as ``Figure.subplots`` gives them.

    Parameters
    ----------
    rows, columns : int
        How many panels.
    width : float, optional
        Inches; a column for one panel abreast, the page for more.
    height : float
        Inches a row.
    **options
        For ``Figure.subplots``, such as ``sharey=True``.
    """
    with style():
        width = width or (COLUMN + 0.3 if columns == 1 else PAGE)
        picture = figure(width, height * rows)
        return picture, picture.subplots(rows, columns, **options)


def curves(
    ax: Axes,
    lines: dict[str, Any],
    x: Any = None,
    *,
    scale: str = "log",
    colors: Sequence[str] = COLORS,
    labels: str = "end",
    **options: Any,
) -> Axes:
    """Draw curves over the update, each with its name where it ends (``labels="end"``), or without names.

    Values that a log axis cannot show are left out. `lines` maps a name to y, or to (x, y).
    """
    drawn: list[tuple[Any, str]] = []
    for (label, values), color in zip(lines.items(), colors, strict=False):
        across, y = (
            values if isinstance(values, tuple) else (np.arange(len(values)) if x is None else x, values)
        )
        across, y = np.asarray(across, float), np.asarray(y, float)
        if scale == "log":
            y = np.where(y > 0, y, np.nan)
        if len(y) > 4000:
            keep = np.unique(np.linspace(0, len(y) - 1, 4000).astype(int))
            across, y = across[keep], y[keep]
        drawn.append((ax.plot(across, y, color=color, **options)[0], label))
    ax.set_yscale(scale)
    ax.grid(axis="y")
    if labels == "end":
        label_line_ends(ax, drawn)
    return ax


def label_line_ends(ax: Axes, drawn: Sequence[tuple[Any, str]]) -> None:
    """Write the name of each line to the right of the axes, at the height of its end, none over another.

    Call it when the limits of the axes are final.
    """
    ends = []
    low, high = ax.get_ylim()
    scale = ax.transData + ax.transAxes.inverted()
    for line, label in drawn:
        y = np.asarray(line.get_ydata(), float)
        finite = np.flatnonzero(np.isfinite(y))
        if not len(finite):
            continue
        last = min(max(y[finite[-1]], low), high)
        ends.append([float(scale.transform((ax.get_xlim()[0], float(last)))[1]), label, line.get_color()])
    ends.sort(key=lambda end: end[0])
    tall = ax.get_window_extent().height / ax.get_figure().dpi  # type: ignore[union-attr]  # an axes on a page has a figure
    heights = _spread([end[0] for end in ends], 0.145 / tall)
    for (_, label, color), height in zip(ends, heights, strict=True):
        ax.annotate(
            label,
            (1.0, height),
            xycoords="axes fraction",
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            color=color,
            fontsize=8,
            annotation_clip=False,
        )


def _spread(wanted: list[float], gap: float) -> list[float]:
    """Return the heights, ascending, moved as little as it takes to lie `gap` apart and within 0 ... 1."""
    heights = list(wanted)
    for _ in range(200):
        moved = False
        for i in range(len(heights) - 1):
            short = gap - (heights[i + 1] - heights[i])
            if short > 1e-9:
                heights[i] -= short / 2
                heights[i + 1] += short / 2
                moved = True
        if heights and heights[-1] > 1.02:
            heights[-1] = 1.02
        if heights and heights[0] < 0.0:
            heights[0] = 0.0
        if not moved:
            break
    return heights


def annotate(ax: Axes, x: float, y: float, text: str, color: str = INK, **options: Any) -> Any:
    """Write a text at a point of the data, with a white rim so that lines do not cut it."""
    rim = [matplotlib.patheffects.withStroke(linewidth=2.5, foreground="white")]
    props: dict[str, Any] = {"fontsize": 8, "path_effects": rim, "zorder": 8} | options
    return ax.text(x, y, text, color=color, **props)


def equal(ax: Axes) -> Axes:
    """Give both axes of a landscape the same scale, so that a gradient looks perpendicular to a contour."""
    ax.set_aspect("equal", adjustable="box")
    return ax


def trajectories(
    ax: Axes,
    problem: Any,
    runs: dict[str, Run],
    window: Any,
    colors: Sequence[str] = COLORS,
    same_scale: bool = True,
    levels: Any = None,
) -> Axes:
    """Draw the contours of a problem and the paths of several runs in a window, at equal scales."""
    contours(problem, ax, window=window, levels=levels)
    for run, color in zip(runs.values(), colors, strict=False):
        path(run, ax, color=color, window=window)
    return equal(ax) if same_scale else ax


def log_ticks(axis: Any, count: int = 5) -> None:
    """Keep a log axis to a few ticks and no minor ones."""
    axis.set_major_locator(matplotlib.ticker.LogLocator(numticks=count))
    axis.set_minor_locator(matplotlib.ticker.NullLocator())
