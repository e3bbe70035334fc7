"""Pictures: axes in, axes out. Nothing is shown, nothing global is changed.

Every function takes an optional Matplotlib ``ax`` and returns it; without one it makes a figure of its own,
``ax.figure``. `race` returns a whole figure. The style is applied around each drawing only. Start with
`landscape.py`, then read `trajectory.py` and `run.py`.
"""

from typing import TYPE_CHECKING, Any

from stepsize.core.aliases import missing_name
from stepsize.draw.landscape import contours, landscape
from stepsize.draw.line_search import line, sampling, searches
from stepsize.draw.race import race
from stepsize.draw.run import plane, projection, run, sharpness
from stepsize.draw.schedule import schedule, schedules
from stepsize.draw.sensitivity import found_rate, sensitivity
from stepsize.draw.style import COLORS, STYLE, figure, save, style
from stepsize.draw.sweep_map import errors, map  # noqa: A004  (it is draw.map)
from stepsize.draw.trajectory import gap, held_out, path, rates

__all__ = [
    "COLORS",
    "STYLE",
    "contours",
    "errors",
    "figure",
    "found_rate",
    "gap",
    "held_out",
    "landscape",
    "line",
    "map",
    "path",
    "plane",
    "projection",
    "race",
    "rates",
    "run",
    "sampling",
    "save",
    "schedule",
    "schedules",
    "searches",
    "sensitivity",
    "sharpness",
    "style",
]


def __dir__() -> list[str]:
    """Return what there is to draw: completion shows this, and not what the files are made of."""
    return list(__all__)


if not TYPE_CHECKING:  # a checker would believe that any name is there

    def __getattr__(name: str) -> Any:
        raise missing_name("stepsize.draw", name, __all__)
