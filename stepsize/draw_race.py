"""The picture of a race: a panel an optimizer, its paths above, its error and rates beneath.

It is reached as ``draw.race``.
"""

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from matplotlib import ticker
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from stepsize import draw
from stepsize.draw_key import marks_of
from stepsize.draw_style import INK, RIGHT, TOO_LARGE, TOO_SMALL, as_size, fitted, style, verdict_shades
from stepsize.draw_window import last_shown, window_around
from stepsize.races import Race, optimizer_label, rate_label
from stepsize.rate_words import word_alone

__all__ = ["race"]

# Inches: a line of a text, a character of it and of a bold title, and what stands around the axes.
_LINE, _CHARACTER, _TITLE_LINE, _TITLE_CHARACTER = 0.155, 0.06, 0.17, 0.094
_LEFT, _RIGHT, _AXIS, _BAND_GAP, _SWATCH = 0.6, 0.2, 0.42, 0.55, 0.22
_SHADES = {"too small": TOO_SMALL, "right": RIGHT, "too large": TOO_LARGE}


@dataclass(frozen=True)
class _Entry:
    """A run in its panel: which one, its colour, its words and whether its rate changes."""

    index: int
    color: str
    lines: tuple[str, ...]
    dashed: bool


def race(result: Race, *, size: Any = None) -> Figure:
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
    groups = _groups(result)
    window = window_around(list(result.runs)) if result.problem.dim <= 2 else None
    columns = min(len(groups), 4)
    bands = math.ceil(len(groups) / columns)
    width = {1: 5.2, 2: 8.4}.get(columns, 3.2 * columns)
    wide = (width - 0.1) / columns - _LEFT - _RIGHT
    colors = colors_of(result, [who for _, who in groups])
    panels = [
        (_wrapped(name, wide / _TITLE_CHARACTER), _entries(result, who, wide, colors)) for name, who in groups
    ]
    rows = [_Row.of(panels[columns * k : columns * (k + 1)], window is not None) for k in range(bands)]
    title = textwrap.fill(result.title.replace("   ", " \u00b7 "), int(13 * width))
    head = 0.3 + 0.16 * title.count("\n")
    free = len(groups) < bands * columns
    height = head + sum(row.height for row in rows) + 0.05
    inches = as_size("size", size)
    if inches is not None:
        (width, tall), _ = fitted(inches, (width, height))
        rows = [row.stretched((tall - height) / bands) for row in rows]
        height = tall
    last = last_shown(result.diagnoses, result.steps)
    with style():
        picture = Figure(figsize=(width, height))
        picture.text(0.1 / width, 1 - 0.1 / height, title, va="top", color=INK)
        page = _Page(picture, width, height)
        drawn: list[Axes] = []
        for index, (name, entries) in enumerate(panels):
            row = rows[index // columns]
            top = height - head - sum(above.height for above in rows[: index // columns])
            left, right = _sides(index % columns, columns, width)
            page.text(left, top - row.titles, "\n".join(name), weight="bold", fontsize=10, va="bottom")
            top -= row.titles + 0.05
            above = page.axes(left, right, top, row.landscape) if window else None
            top -= row.landscape + (_AXIS if window else 0.0)
            page.entries(left, top, entries)
            top -= row.words
            changes = any(entry.dashed for entry in entries)
            error = page.axes(left, right, top, row.error - 0.75 if changes else row.error)
            rate = page.axes(left, right, top - row.error + 0.6, 0.6) if changes else None
            _panel(result, entries, (above, error, rate), window, last)
            drawn += [ax for ax in (above, error, rate) if ax is not None]
        marks = marks_of(drawn, dashed=any(entry.dashed for _, entries in panels for entry in entries))
        if free:
            left, _ = _sides(columns - 1, columns, width)
            spot = left / width, rows[-1].height / height
            picture.legend(handles=marks, loc="upper left", bbox_to_anchor=spot, borderaxespad=0, ncols=1)
        else:
            _key_at_the_foot(picture, marks, width, height)
    return picture


@dataclass(frozen=True)
class _Row:
    """The heights in inches of what stands in a row of panels, from its titles to its errors."""

    titles: float
    landscape: float
    words: float
    error: float
    height: float

    @classmethod
    def of(cls, panels: list[tuple[list[str], list[_Entry]]], landscape: bool) -> "_Row":
        """Return the heights that these titles and entries need."""
        titles = _TITLE_LINE * max(len(title) for title, _ in panels)
        words = _LINE * max(sum(len(entry.lines) for entry in entries) for _, entries in panels) + 0.08
        tall = 2.0 if landscape else 0.0
        around = 0.05 + (_AXIS if landscape else 0.0) + _BAND_GAP
        return cls(titles, tall, words, 2.0, titles + tall + words + 2.0 + around)

    def stretched(self, extra: float) -> "_Row":
        """Return a higher row, whose axes share what is added."""
        share = extra / 2 if self.landscape else 0.0
        more = {"landscape": self.landscape + share, "error": self.error + extra - share}
        return replace(self, height=self.height + extra, **more)


@dataclass(frozen=True)
class _Page:
    """A figure whose places are inches from its lower left corner."""

    picture: Figure
    width: float
    height: float

    def axes(self, left: float, right: float, top: float, tall: float) -> Axes:
        """Add axes with their top there."""
        box = (left / self.width, (top - tall) / self.height, (right - left) / self.width, tall / self.height)
        return self.picture.add_axes(box)

    def text(self, x: float, y: float, words: str, **look: Any) -> None:
        """Write a text."""
        self.picture.text(x / self.width, y / self.height, words, **({"color": INK} | look))

    def entries(self, left: float, top: float, entries: list[_Entry]) -> None:
        """Write the words on the runs, each with a piece of its line."""
        line = 0
        for entry in entries:
            middle = (top - _LINE * (line + 0.5)) / self.height
            ends = [left / self.width, (left + _SWATCH - 0.06) / self.width]
            dash = (0, (3, 1.2)) if entry.dashed else "-"
            look: dict[str, Any] = {"color": entry.color, "linestyle": dash, "linewidth": 1.3}
            self.picture.add_artist(Line2D(ends, [middle, middle], **look))
            for words in entry.lines:
                y = top - _LINE * (line + 0.5)
                self.text(left + _SWATCH, y, words, fontsize=8, va="center", color=entry.color)
                line += 1


def _key_at_the_foot(picture: Figure, marks: list[Any], width: float, height: float) -> None:
    """Explain the marks in as few rows as the width allows, and give the figure the room for them."""
    longest = max((len(mark.get_label()) for mark in marks), default=1)
    columns = max(int((width - 0.2) / (longest * 0.052 + 0.45)), 1)
    rows = math.ceil(len(marks) / columns)
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
    return 0.1 + share * column + _LEFT, 0.1 + share * (column + 1) - _RIGHT


def _wrapped(text: str, characters: float) -> list[str]:
    return textwrap.wrap(text, max(int(characters), 12)) or [text]


def _entries(result: Race, members: list[int], wide: float, colors: Sequence[str]) -> list[_Entry]:
    """Return what is said of the runs of a panel, in lines that fit over it."""
    entries = []
    alone_in_panel = _one_panel_a_rate(result)
    words = result.rate_words
    for index in members:
        run, found, told = result.runs[index], result.diagnoses[index], result.predictions[index]
        word = words[index]
        rate = rate_label(run.optimizer, result.problem)
        said = [found.verdict if alone_in_panel else f"{rate}: {found.verdict}"]
        said += [word] if word else []
        said += ["predicted {}, observed {}".format(*told.factors(run))] if told is not None else []
        color = colors[index]
        lines = [line for text in said for line in _wrapped(text, (wide - _SWATCH + 0.15) / _CHARACTER)]
        entries.append(_Entry(index, color, tuple(lines), not isinstance(run.optimizer.lr, float)))
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
    result: Race, entries: list[_Entry], axes: tuple[Axes | None, Axes, Axes | None], window: Any, last: int
) -> None:
    """Draw one optimizer's runs: paths, errors, rates."""
    problem = result.problem
    above, error, rate = axes
    if above is not None:
        if problem.dim == 2:
            window = _filling(window, above)
            draw.contours(problem, above, window=window)
        else:
            draw.landscape(problem, above, window=window[0])
    spacing = min(0.035, 0.3 / len(entries))
    for place, entry in enumerate(entries):
        run, color = result.runs[entry.index], entry.color
        if above is not None:
            draw.path(run, above, color=color, window=window)
        draw.gap(run, error, color=color)
        if entry.dashed:
            error.lines[-1].set_linestyle((0, (3, 1.2)))
        where = np.flatnonzero(run.history.overshoot[:last])
        where = where[:: max(len(where) // 400, 1)]
        foot = np.full(len(where), 0.02 + spacing * place)
        across: dict[str, Any] = {"transform": error.get_xaxis_transform(), "gid": "overshot-at"}
        error.plot(where, foot, "|", color=color, markersize=3, markeredgewidth=0.6, **across)
        if rate is not None:
            draw.rates(run, rate, color=color)
    error.set_xlim(0, last)
    starts = [float(run.error[0]) for run in result.runs if np.isfinite(run.error[0])]
    first = max(starts, default=1.0)
    error.set_ylim(max(result.tol * 1e-3, 1e-16), max(first * 30, result.tol * 10))
    error.axhline(result.tol, color=INK, linewidth=0.6, linestyle=":", gid="tolerance")
    if rate is not None:
        error.set_xlabel("")
        error.tick_params(labelbottom=False)
        _rate_axis(rate, np.concatenate([result.runs[e.index].history.lr.ravel() for e in entries]))
        rate.set_xlim(0, last)


def _rate_axis(ax: Axes, used: Any) -> None:
    """Give a low strip of rates its two ends as ticks."""
    positive = used[(used > 0) & np.isfinite(used)]
    if not len(positive):
        return
    low, high = float(positive.min()), float(positive.max())
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
