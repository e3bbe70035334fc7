"""The picture of a race: a panel an optimizer, its paths above, its error and rates beneath.

It is reached as ``draw.race``.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import ticker
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from stepsize.core.validation import require_a
from stepsize.draw.landscape import contours, landscape
from stepsize.draw.layout.legend import marks_of
from stepsize.draw.layout.page import (
    AXIS,
    CHARACTER,
    LEFT,
    RIGHT_EDGE,
    SWATCH,
    TITLE_CHARACTER,
    Entry,
    Page,
    Row,
)
from stepsize.draw.layout.words import wrapped, wrapped_items
from stepsize.draw.style import (
    INK,
    RIGHT,
    TOO_LARGE,
    TOO_SMALL,
    Picture,
    as_size,
    fitted,
    style,
    verdict_shades,
)
from stepsize.draw.trajectory import gap, held_out, path, rates
from stepsize.draw.window import last_shown, window_around
from stepsize.experiments.labels import optimizer_label, rate_label
from stepsize.experiments.race import Race
from stepsize.experiments.rate_labels import word_alone

__all__ = ["log_axis_of_rates", "race"]

# Of a rate that changes, as the key has it.
_DASHES = (0, (3, 1.2))

_SHADES = {"too small": TOO_SMALL, "right": RIGHT, "too large": TOO_LARGE}


def race(result: Race, *, size: str | Sequence[float] | None = None) -> Figure:
    """Return the picture of a race: a panel an optimizer, its paths above, its error and rates beneath.

    Colours are verdicts: green settled, blue still crawling, red diverged, others for the rest; where one
    rule runs at several rates they say what each is beside the best: blue too small, green right, red too
    large. A rate that changes is dashed. Ticks at the foot of the error show the updates that overshot.

    Parameters
    ----------
    result : Race
        From `race`.
    size : (float, float) or str, optional
        Inches, or "slide", "wide" or "column", whose shape the picture takes; `save` with the same size
        enlarges it.
    """
    require_a(Race, "result", result, "what race returns")
    groups = _groups(result)
    window = window_around(list(result.runs)) if result.problem.dim <= 2 else None
    columns = min(len(groups), 4)
    bands = math.ceil(len(groups) / columns)
    width = {1: 5.2, 2: 8.4}.get(columns, 3.2 * columns)
    wide = (width - 0.1) / columns - LEFT - RIGHT_EDGE
    colors = colors_of(result, [who for _, who in groups])
    panels = [
        (_wrapped(name, wide / TITLE_CHARACTER), _entries(result, who, wide, colors)) for name, who in groups
    ]
    learns = result.runs[0].has_held_out
    rows = [Row.of(panels[columns * k : columns * (k + 1)], window is not None, learns) for k in range(bands)]
    told = result.title + (f"   times as long: {result.rate_goal}" if result.rate_goal else "")
    told += f"   {result.theory_note}" if result.theory_note else ""
    title = "\n".join(wrapped_items(told.split("   "), int(13 * width)))
    head = 0.3 + 0.16 * title.count("\n")
    free = len(groups) < bands * columns
    height = head + sum(row.height for row in rows) + 0.05
    inches = as_size("size", size)
    if inches is not None:
        (width, tall), _ = fitted(inches, (width, height))
        rows = [row.stretched((tall - height) / bands) for row in rows]
        height = tall
    last = last_shown(result.diagnoses, max(run.nit for run in result.runs))
    with style():
        picture = Picture(figsize=(width, height))
        picture.text(0.1 / width, 1 - 0.1 / height, title, va="top", color=INK)
        page = Page(picture, width, height)
        drawn: list[Axes] = []
        for index, (name, entries) in enumerate(panels):
            row = rows[index // columns]
            top = height - head - sum(above.height for above in rows[: index // columns])
            left, right = _sides(index % columns, columns, width)
            page.text(left, top - row.titles, "\n".join(name), weight="bold", fontsize=10, va="bottom")
            top -= row.titles + 0.05
            above = page.axes(left, right, top, row.landscape) if window else None
            top -= row.landscape + (AXIS if window else 0.0)
            page.entries(left, top, entries)
            top -= row.words
            changes = any(entry.dashed for entry in entries)
            error = page.axes(left, right, top, row.error - 0.75 if changes else row.error)
            rate = page.axes(left, right, top - row.error + 0.6, 0.6) if changes else None
            _panel(result, entries, (above, error, rate), window, last)
            drawn += [ax for ax in (above, error, rate) if ax is not None]
            if learns:
                drawn.append(page.axes(left, right, top - row.error - AXIS, row.held_out))
                _held_out_panel(result, entries, drawn[-1], last)
        marks = marks_of(drawn, dashed=any(entry.dashed for _, entries in panels for entry in entries))
        if free:
            left, _ = _sides(columns - 1, columns, width)
            spot = left / width, rows[-1].height / height
            picture.legend(handles=marks, loc="upper left", bbox_to_anchor=spot, borderaxespad=0, ncols=1)
        else:
            _key_at_the_foot(picture, marks, width, height)
    return picture


def _key_at_the_foot(picture: Figure, marks: list[Any], width: float, height: float) -> None:
    """Explain the marks in as few rows as the width allows, and give the figure the room for them."""
    longest = max((len(mark.get_label()) for mark in marks), default=1)
    columns = max(int((width - 0.2) / (longest * 0.052 + 0.45)), 1)
    rows = math.ceil(len(marks) / columns)
    columns = math.ceil(len(marks) / max(rows, 1)) or 1  # so that no row is much shorter than the others
    extra = 0.17 * rows
    picture.set_size_inches(width, height + extra)
    share = extra / (height + extra)
    for ax in picture.axes:
        box = ax.get_position()
        ax.set_position((box.x0, share + box.y0 * (1 - share), box.width, box.height * (1 - share)))
    for line in picture.artists:
        if isinstance(line, Line2D):
            line.set_ydata(share + np.asarray(line.get_ydata()) * (1 - share))
    for text in picture.texts:
        text.set_y(share + text.get_position()[1] * (1 - share))
    picture.legend(handles=marks, loc="lower left", bbox_to_anchor=(0.0, 0.0), ncols=columns, fontsize=7)


def _sides(column: int, columns: int, width: float) -> tuple[float, float]:
    """Return where a column's axes begin and end, in inches."""
    share = (width - 0.1) / columns
    return 0.1 + share * column + LEFT, 0.1 + share * (column + 1) - RIGHT_EDGE


def _wrapped(text: str, characters: float) -> list[str]:
    return wrapped(text, max(int(characters), 12)) or [text]


def _entries(result: Race, members: list[int], wide: float, colors: Sequence[str]) -> list[Entry]:
    """Return what is said of the runs of a panel, in lines that fit over it."""
    entries = []
    alone_in_panel = _one_panel_a_rate(result)
    words = result.rate_words
    for index in members:
        run, found, prediction = result.runs[index], result.diagnoses[index], result.predictions[index]
        word = words[index]
        rate = rate_label(run.optimizer, result.problem)
        said = [found.verdict if alone_in_panel else f"{rate}: {found.verdict}"]
        said += [word] if word else []
        said += (
            ["predicted {}, observed {}".format(*prediction.factors(run))] if prediction is not None else []
        )
        color = colors[index]
        lines = [line for text in said for line in _wrapped(text, (wide - SWATCH + 0.15) / CHARACTER)]
        entries.append(Entry(index, color, tuple(lines), not isinstance(run.optimizer.lr, float)))
    return entries


def colors_of(result: Race, groups: Sequence[Sequence[int]]) -> list[str]:
    """Return the colour of each run: of its verdict or of what its rate is, each shade once in a group."""
    colors = [""] * len(result.runs)
    words = result.rate_words
    for members in groups:
        used: dict[str, int] = {}
        for index in members:
            alone, verdict = word_alone(words[index]), result.diagnoses[index].verdict
            kind = alone or verdict.partition(",")[0]
            shades = _SHADES[alone] if alone else verdict_shades(verdict)
            colors[index] = shades[used.get(kind, 0) % len(shades)]
            used[kind] = used.get(kind, 0) + 1
    return colors


def _panel(
    result: Race, entries: list[Entry], axes: tuple[Axes | None, Axes, Axes | None], window: Any, last: int
) -> None:
    """Draw one optimizer's runs: paths, errors, rates."""
    problem = result.problem
    above, error, rate = axes
    if above is not None:
        if problem.dim == 2:
            window = _filling(window, above)
            contours(problem, above, window=window)
        else:
            landscape(problem, above, window=window[0])
    spacing = min(0.035, 0.3 / len(entries))
    for place, entry in enumerate(entries):
        run, color = result.runs[entry.index], entry.color
        if above is not None:
            path(run, above, color=color, window=window)
        gap(run, error, color=color)
        if entry.dashed:
            error.lines[-1].set_linestyle(_DASHES)
        where = np.flatnonzero(run.history.overshoot[:last])
        where = where[:: max(len(where) // 400, 1)]
        foot = np.full(len(where), 0.02 + spacing * place)
        across: dict[str, Any] = {"transform": error.get_xaxis_transform(), "gid": "overshot-at"}
        error.plot(where, foot, "|", color=color, markersize=3, markeredgewidth=0.6, **across)
        if rate is not None:
            rates(run, rate, color=color)
            if entry.dashed:
                rate.lines[-1].set_linestyle(_DASHES)
    error.set_xlim(0, last)
    starts = [float(run.error[0]) for run in result.runs if np.isfinite(run.error[0])]
    first = max(starts, default=1.0)
    top = max(first * 30, result.tolerance * 10) or 1.0
    error.set_ylim(result.tolerance * 1e-3 or top * 1e-16, top)
    error.axhline(result.tolerance, color=INK, linewidth=0.6, linestyle=":", gid="tolerance")
    if rate is not None:
        error.set_xlabel("")
        error.tick_params(labelbottom=False)
        _rate_axis(rate, np.concatenate([result.runs[e.index].history.lr.ravel() for e in entries]))
        rate.set_xlim(0, last)


def _held_out_panel(result: Race, entries: list[Entry], ax: Axes, last: int) -> None:
    """Draw the training loss and the loss held out of one optimizer's runs, with one scale for all panels."""
    for entry in entries:
        held_out(result.runs[entry.index], ax, color=entry.color)
    losses = np.concatenate(
        [np.append(run.loss[: last + 1], run.held_out[: last + 1]) for run in result.runs]
    )
    seen = losses[np.isfinite(losses) & (losses > 0)]
    starts = [float(run.held_out[0]) for run in result.runs]
    ax.set_xlim(0, last)
    ax.yaxis.set_major_locator(ticker.LogLocator(subs=(1.0, 2.0, 5.0), numticks=5))
    ax.yaxis.set_major_formatter(ticker.FormatStrFormatter("%.2g"))
    ax.yaxis.set_minor_locator(ticker.NullLocator())
    if len(seen):
        ax.set_ylim(0.7 * float(seen.min()), 3 * max(*starts, float(seen.min())))


def _rate_axis(ax: Axes, used: Any) -> None:
    """Give a low strip of rates its two ends as ticks."""
    positive = used[(used > 0) & np.isfinite(used)]
    if not len(positive):
        return
    low, high = float(positive.min()), float(positive.max())
    log_axis_of_rates(ax, low, high)


def log_axis_of_rates(ax: Axes, low: float, high: float) -> None:
    """Let a low strip have a logarithmic axis whose ticks are its two ends."""
    ax.set_yscale("log")
    if low == high:
        ax.set_ylim(low / 2, high * 2)
    ax.yaxis.set_major_locator(ticker.FixedLocator([low] if high < 2 * low else [low, high]))
    ax.yaxis.set_minor_locator(ticker.NullLocator())
    ax.yaxis.set_major_formatter(ticker.FormatStrFormatter("%.2g"))


def _groups(result: Race) -> list[tuple[str, list[int]]]:
    """Return the runs of each optimizer under its name; one optimizer alone gets a panel a rate."""
    groups: dict[str, list[int]] = {}
    for index, run in enumerate(result.runs):
        groups.setdefault(type(run.optimizer).__name__, []).append(index)
    if _one_panel_a_rate(result):
        names = [(run.optimizer, rate_label(run.optimizer, result.problem)) for run in result.runs]
        return [(f"{optimizer_label(who)}  lr = {rate}", [index]) for index, (who, rate) in enumerate(names)]
    return list(groups.items())


def _one_panel_a_rate(result: Race) -> bool:
    return 1 < len(result.runs) <= 8 and len({type(run.optimizer) for run in result.runs}) == 1


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
