"""Places on a page in inches: rows of panels with titles above and words between their axes."""

from dataclasses import dataclass, replace
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from stepsize.draw.style import INK

__all__ = ["Entry", "Page", "Row"]

# Inches: a line of a text, a character of it and of a bold title, and what stands around the axes.
LINE, CHARACTER, TITLE_LINE, TITLE_CHARACTER = 0.155, 0.06, 0.17, 0.094
LEFT, RIGHT_EDGE, AXIS, ROW_GAP, SWATCH = 0.6, 0.2, 0.42, 0.55, 0.22


@dataclass(frozen=True)
class Entry:
    """A run in its panel: which one, its colour, its words and whether its rate changes."""

    index: int
    color: str
    lines: tuple[str, ...]
    dashed: bool


@dataclass(frozen=True)
class Row:
    """The heights in inches of what stands in a row of panels, from its titles to its errors and beneath."""

    titles: float
    landscape: float
    words: float
    error: float
    held_out: float
    height: float

    @classmethod
    def of(
        cls, panels: list[tuple[list[str], list[Entry]]], landscape: bool, held_out: bool = False
    ) -> "Row":
        """Return the heights that these titles and entries need."""
        titles = TITLE_LINE * max(len(title) for title, _ in panels)
        words = LINE * max(sum(len(entry.lines) for entry in entries) for _, entries in panels) + 0.08
        tall = 2.0 if landscape else 0.0
        around = 0.05 + (AXIS if landscape else 0.0) + ROW_GAP
        beneath = 1.3 if held_out else 0.0
        height = titles + tall + words + 2.0 + around + (beneath + AXIS if held_out else 0.0)
        return cls(titles, tall, words, 2.0, beneath, height)

    def stretched(self, extra: float) -> "Row":
        """Return a higher row, whose axes share what is added."""
        share = extra / 2 if self.landscape else 0.0
        more = {"landscape": self.landscape + share, "error": self.error + extra - share}
        return replace(self, height=self.height + extra, **more)


@dataclass(frozen=True)
class Page:
    """A figure whose places are inches from its lower left corner."""

    picture: Figure
    width: float
    height: float

    def axes(self, left: float, right: float, top: float, tall: float) -> Axes:
        """Add axes with their top there."""
        box = (left / self.width, (top - tall) / self.height, (right - left) / self.width, tall / self.height)
        return self.picture.add_axes(box)

    def text(self, x: float, y: float, words: str, **props: Any) -> None:
        """Write a text."""
        all_of_it: dict[str, Any] = {"color": INK} | props
        self.picture.text(x / self.width, y / self.height, words, **all_of_it)

    def entries(self, left: float, top: float, entries: list[Entry]) -> None:
        """Write the words on the runs, each with a piece of its line."""
        line = 0
        for entry in entries:
            middle = (top - LINE * (line + 0.5)) / self.height
            ends = [left / self.width, (left + SWATCH - 0.06) / self.width]
            dash = (0, (3, 1.2)) if entry.dashed else "-"
            props: dict[str, Any] = {"color": entry.color, "linestyle": dash, "linewidth": 1.3}
            self.picture.add_artist(Line2D(ends, [middle, middle], **props))
            for words in entry.lines:
                y = top - LINE * (line + 0.5)
                self.text(left + SWATCH, y, words, fontsize=8, va="center", color=entry.color)
                line += 1
