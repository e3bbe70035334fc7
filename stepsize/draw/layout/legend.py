"""The key of a picture of runs: it explains the marks that are there, and no others."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from stepsize.draw.style import COLORS, INK

__all__ = ["marks_of"]

# The mark of each kind by the gid that drawing functions give it, in the order of the key.
_MARKS: dict[str, tuple[str, dict[str, Any]]] = {
    "start": ("start", {"marker": "o", "color": INK}),
    "minimum": ("minimum", {"marker": "*", "color": INK, "markersize": 8}),
    "update": ("an update", {"marker": "o", "color": COLORS[0], "markersize": 3}),
    "overshot": (
        "an update that overshot",
        {"marker": "o", "color": COLORS[0], "markerfacecolor": "white"},
    ),
    "overshot-at": ("overshot, at the foot", {"marker": "|", "color": COLORS[0]}),
    "training": ("the training loss", {"color": COLORS[0], "linestyle": "-", "linewidth": 0.8}),
    "held-out": ("the loss held out", {"color": COLORS[0], "linestyle": "-", "linewidth": 1.7}),
    "lowest-held-out": ("its lowest", {"marker": "D", "color": COLORS[0], "markersize": 4.5}),
    "tolerance": ("the tolerance", {"color": INK, "linestyle": ":"}),
}


def marks_of(axes: Iterable[Axes], *, dashed: bool = False) -> list[Any]:
    """Return what explains the marks that can be seen in the axes.

    An update that did not overshoot is explained beside one that did. (An update overshoots when it passes
    the minimum along the step.)

    Parameters
    ----------
    axes : iterable of Axes
        Drawn by `draw.path`, `draw.contours` and the like, whose marks say by their gid what they are.
    dashed : bool
        Whether dashed lines show rates that change.
    """
    visible = {line.get_gid() for ax in axes for line in ax.lines if _visible(line, ax)}
    if "overshot" not in visible:
        visible.discard("update")
    marks = [(label, props) for gid, (label, props) in _MARKS.items() if gid in visible]
    if dashed:
        marks.append(("a rate that changes", {"color": COLORS[0], "linestyle": "--"}))
    plain: dict[str, Any] = {"linestyle": "none", "markersize": 5, "linewidth": 1.2}
    return [Line2D([], [], label=label, **(plain | props)) for label, props in marks]


def _visible(line: Line2D, ax: Axes) -> bool:
    """Whether some point of a line, or the line itself where it has no marker, lies within the axes."""
    if line.get_gid() not in _MARKS:
        return False
    places = line.get_transform().transform(np.column_stack(line.get_data()).astype(float))
    if line.get_marker() in ("None", "none", "", None):
        return len(places) > 0
    box = ax.get_window_extent()
    inside = (places >= (box.x0 - 1, box.y0 - 1)) & (places <= (box.x1 + 1, box.y1 + 1))
    return bool(inside.all(axis=1).any())
