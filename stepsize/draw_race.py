"""The picture of a race: a panel an optimizer, its paths above, its error and rates beneath.

It is reached as ``draw.race``.
"""

import math
import textwrap
from typing import Any

import numpy as np
from matplotlib import ticker
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stepsize import draw
from stepsize.draw_style import COLORS, INK, VERDICT_COLORS, Picture, style
from stepsize.races import Race, optimizer_label, rate_label

__all__ = ["race"]


def race(result: Race) -> Figure:
    """Return the picture of a race: a panel an optimizer, its paths above, its error and rates beneath.

    Colours are verdicts: green settled, blue still crawling, purple bouncing, amber stuck, red diverged; a
    rate that changes is dashed. Ticks at the foot of the error show the updates that overshot.
    """
    groups = _groups(result)
    window = draw.window_around(list(result.runs)) if result.problem.dim <= 2 else None
    tallest = max(len(members) for _, members in groups)
    labels = 0.16 * tallest
    rows = {"landscape": 2.0 if window else 0.0, "labels": labels + (0.42 if window else 0.0), "error": 2.0}
    columns = min(len(groups), 4)
    bands = math.ceil(len(groups) / columns)
    band = sum(rows.values()) + 1.0
    width = {1: 5.2, 2: 8.4}.get(columns, 3.2 * columns)
    with style():
        title = textwrap.fill(result.title.replace("   ", " \u00b7 "), int(13 * width))
        head = 0.2 + 0.16 * title.count("\n")
        height = band * bands + head + 0.15
        picture = Picture(figsize=(width, height))
        picture.text(0.1 / width, 1 - 0.1 / height, title, va="top", color=INK)
        for index, (name, members) in enumerate(groups):
            top = height - head - 0.45 - band * (index // columns)
            left, right = _sides(index % columns, columns, width)
            changes = any(not isinstance(result.runs[i].optimizer.lr, float) for i in members)

            def place(top: float, tall: float, left: float = left, right: float = right) -> Axes:
                box = (left / width, (top - tall) / height, (right - left) / width, tall / height)
                return picture.add_axes(box)

            above = place(top, rows["landscape"]) if window else None
            top -= rows["landscape"] + rows["labels"]
            error = place(top, 1.25 if changes else 2.0)
            rate = place(top - 1.4, 0.6) if changes else None
            _panel(result, name, members, (above, error, rate), window, tallest)
        if len(groups) < bands * columns:
            left, right = _sides(columns - 1, columns, width)
            _key(picture.add_axes((left / width, 0.45 / height, (right - left) / width, (band - 1) / height)))
    return picture


def _sides(column: int, columns: int, width: float) -> tuple[float, float]:
    """Return where a column's axes begin and end, in inches."""
    share = (width - 0.1) / columns
    return 0.1 + share * column + 0.6, 0.1 + share * (column + 1) - 0.2


def _panel(
    result: Race,
    name: str,
    members: list[int],
    axes: tuple[Axes | None, Axes, Axes | None],
    window: Any,
    tallest: int,
) -> None:
    """Draw one optimizer's runs: paths, errors, rates."""
    problem = result.problem
    above, error, rate = axes
    if above is None:
        error.set_title(name, pad=8 + 12 * tallest)
    else:
        above.set_title(name)
        if problem.dim == 2:
            window = _filling(window, above)
            draw.contours(problem, above, window=window)
        else:
            draw.landscape(problem, above, window=window[0])
    used: dict[str, int] = {}
    for place, index in enumerate(members):
        run, found = result.runs[index], result.diagnoses[index]
        family = found.verdict.partition(",")[0]
        shades = VERDICT_COLORS[family]
        color = shades[used.get(family, 0) % len(shades)]
        used[family] = used.get(family, 0) + 1
        if above is not None:
            draw.path(run, above, color=color, window=window)
        draw.gap(run, error, color=color, label=f"{rate_label(run.optimizer, problem)}: {found.verdict}")
        told = result.predictions[index]
        if told is not None:
            small: dict[str, Any] = {"fontsize": 6, "ha": "right", "va": "top", "color": color}
            error.text(0.99, 0.98 - 0.08 * place, told.against(run), transform=error.transAxes, **small)
        if not isinstance(run.optimizer.lr, float):
            error.lines[-1].set_linestyle((0, (3, 1.2)))
        where = np.flatnonzero(run.history.overshoot)
        where = where[:: max(len(where) // 400, 1)]
        foot = np.full(len(where), 0.02 + 0.035 * place)
        across = error.get_xaxis_transform()
        error.plot(where, foot, "|", color=color, markersize=3, markeredgewidth=0.6, transform=across)
        if rate is not None:
            draw.rates(run, rate, color=color)
    error.set_xlim(0, result.steps)
    first = max(float(run.error[0]) for run in result.runs)
    error.set_ylim(max(result.tol * 1e-3, 1e-16), max(first * 30, result.tol * 10))
    error.axhline(result.tol, color=INK, linewidth=0.6, linestyle=":")
    spot: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (-0.02, 1.0), "borderaxespad": 0.15}
    error.legend(handlelength=1.5, labelspacing=0.2, **spot)
    if rate is not None:
        error.set_xlabel("")
        error.tick_params(labelbottom=False)
        rate.set(xlim=(0, result.steps), yscale="log")
        used_rates = np.concatenate([result.runs[i].history.lr.ravel() for i in members])
        ends = used_rates[used_rates > 0].min(), used_rates.max()
        rate.yaxis.set_major_locator(ticker.FixedLocator(ends))
        rate.yaxis.set_minor_locator(ticker.NullLocator())
        rate.yaxis.set_major_formatter(ticker.FormatStrFormatter("%.2g"))


def _key(ax: Axes) -> None:
    """Explain the marks in a cell that has no optimizer."""
    ax.axis("off")
    ax.set(xlim=(0, 1), ylim=(0, 1))
    blue = COLORS[0]
    marks: tuple[tuple[str, dict[str, Any]], ...] = (
        ("start", {"marker": "o", "color": INK}),
        ("minimum", {"marker": "*", "color": INK, "markersize": 8}),
        ("an update", {"marker": "o", "color": blue, "markersize": 3, "linestyle": "-"}),
        (
            "an update that overshot: it passed\nthe lowest point of its line",
            {"marker": "o", "color": blue, "markerfacecolor": "white"},
        ),
        ("the same, under the error curve", {"marker": "|", "color": blue}),
        ("a rate that changes", {"color": blue, "linestyle": "--"}),
        ("the tolerance", {"color": INK, "linestyle": ":"}),
    )
    for row, (text, mark) in enumerate(marks):
        y = 0.95 - 0.11 * row
        x = [0.02, 0.12] if "linestyle" in mark else [0.07]
        style_of_mark: dict[str, Any] = {"linestyle": "none", "markersize": 5} | mark
        ax.plot(x, [y] * len(x), **style_of_mark)
        ax.text(0.18, y, text, va="center", fontsize=8, color=INK)


def _groups(result: Race) -> list[tuple[str, list[int]]]:
    """Return the runs of each optimizer under its name; one optimizer alone gets a panel a rate."""
    groups: dict[str, list[int]] = {}
    for index, run in enumerate(result.runs):
        groups.setdefault(type(run.optimizer).__name__, []).append(index)
    if len(groups) == 1 and 1 < len(result.runs) <= 8:
        names = [
            f"{optimizer_label(run.optimizer)}  lr = {rate_label(run.optimizer, result.problem)}"
            for run in result.runs
        ]
        return [(name, [index]) for index, name in enumerate(names)]
    return list(groups.items())


def _filling(window: Any, ax: Axes) -> Any:
    """Return the window widened along one axis, so that at equal scales it fills the axes."""
    box = ax.get_window_extent()
    (left, right), (bottom, top) = window
    wide, high = right - left, top - bottom
    need = box.width / box.height
    if wide / high < need:
        extra = (need * high - wide) / 2
        left, right = left - extra, right + extra
    else:
        extra = (wide / need - high) / 2
        bottom, top = bottom - extra, top + extra
    return (left, right), (bottom, top)
