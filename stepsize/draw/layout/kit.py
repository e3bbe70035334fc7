"""The drawing kit that a figure of the gallery is handed: the picture, and what is drawn into it."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from stepsize.draw.landscape import contours, landscape
from stepsize.draw.layout import panels
from stepsize.draw.layout.legend import marks_of
from stepsize.draw.line_search import line, sampling, show_belief
from stepsize.draw.style import COLORS, figure
from stepsize.draw.trajectory import path

__all__ = ["Kit"]

_KEY = 0.2  # inches, of a line of a key under the picture


class Kit:
    """One picture, and the functions of `stepsize.draw` that figures are made with.

    `panels` or `figure` begins the picture; the other functions draw into axes of it.

    Attributes
    ----------
    picture : Figure
        The Matplotlib figure; an error before one is begun.
    """

    COLORS = COLORS
    annotate = staticmethod(panels.annotate)
    contours = staticmethod(contours)
    curves = staticmethod(panels.curves)
    equal = staticmethod(panels.equal)
    label_line_ends = staticmethod(panels.label_line_ends)
    landscape = staticmethod(landscape)
    line = staticmethod(line)
    log_ticks = staticmethod(panels.log_ticks)
    path = staticmethod(path)
    sampling = staticmethod(sampling)
    show_belief = staticmethod(show_belief)
    trajectories = staticmethod(panels.trajectories)

    _picture: Figure | None = None

    @property
    def picture(self) -> Figure:
        """The Matplotlib figure that `panels` or `figure` began."""
        if self._picture is None:
            raise RuntimeError("picture: got none, expected a call of panels or figure before")
        return self._picture

    def panels(self, rows: int = 1, columns: int = 1, **options: Any) -> Any:
        """Begin the picture; return its axes, as `stepsize.draw.layout.panels.panels` lays them out."""
        self._picture, axes = panels.panels(rows, columns, **options)
        return axes

    def explain_hollow_points(self) -> None:
        """Say under the picture what an update that overshot looks like, if one is to be seen."""
        axes = self.picture.axes
        if any(
            line.get_gid() == "overshot" and np.size(line.get_xdata()) for ax in axes for line in ax.lines
        ):
            self.picture.draw_without_rendering()  # where marks lie is known when all is laid out
            marks = [mark for mark in marks_of(axes) if "update" in str(mark.get_label())]
            if marks:
                width, height = self.picture.get_size_inches()
                self.picture.set_size_inches(width, height + _KEY)
                place = "outside lower left"
                self.picture.legend(handles=marks, loc=place, ncols=len(marks), fontsize=7)
                self.picture.draw_without_rendering()  # the layout goes on from the last, for less height

    def figure(self, width: float, height: float) -> Figure:
        """Begin the picture, of a size in inches and empty; return it."""
        self._picture = figure(width, height)
        return self._picture
