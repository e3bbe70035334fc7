"""The look of the house: colours, style, and figures that are written whole and the same each time."""

import io
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stepsize.base.checks import refuse_unless

__all__ = ["COLORS", "INK", "STYLE", "VERDICT_COLORS", "Picture", "axes_or_new", "figure", "save", "style"]

# Okabe and Ito's colours, which everybody can tell apart, in an order that also differs in lightness.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
INK = "#333333"

_PAGE_DPI = 80

# What a verdict looks like, and shades of it for several runs.
VERDICT_COLORS = {
    "settled": ("#009E73", "#00543d", "#7fcfb9"),
    "still crawling": ("#0072B2", "#56B4E9"),
    "bouncing": ("#AA4499", "#CC79A7"),
    "stuck above the minimum": ("#E69F00", "#8a5f00"),
    "diverged": ("#D55E00", "#8f3f00"),
}

STYLE: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 9,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": cycler(color=COLORS),
    "axes.axisbelow": True,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "xtick.minor.visible": False,
    "ytick.minor.visible": False,
    "grid.color": "#e8e8e8",
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.5,
    "lines.solid_capstyle": "round",
    "legend.frameon": False,
    "legend.fontsize": 8,
    "figure.facecolor": "white",
    "savefig.dpi": 160,
    "svg.hashsalt": "stepsize",
    "svg.fonttype": "none",
}


# Matplotlib knows its settings by name, and a checker every one of them.
_STYLE: Any = STYLE


@contextmanager
def style() -> Generator[None, None, None]:
    """Apply the house style inside a ``with`` block, and nothing outside it."""
    with mpl.rc_context(_STYLE):
        yield


class Panel(Axes):
    """Axes of a `Picture`; in a notebook they show the picture that they are part of."""

    def _repr_png_(self) -> Any:
        picture = self.get_figure(root=True)
        return picture.png() if isinstance(picture, Picture) else None


class Picture(Figure):
    """A figure that shows itself in a notebook, without pyplot and whatever the backend.

    Where ``%matplotlib inline`` is on, IPython's own way of showing figures comes first, so that none is
    shown twice; a figure of the user's is left to that.
    """

    def add_subplot(self, *args: Any, **kwargs: Any) -> Axes:
        """Add axes as Matplotlib does, which are a `Panel` unless another kind is asked for."""
        if not {"projection", "polar", "axes_class"} & {*kwargs}:
            kwargs["axes_class"] = Panel
        made: Axes = super().add_subplot(*args, **kwargs)
        return made

    def add_axes(self, *args: Any, **kwargs: Any) -> Axes:
        """Add axes as Matplotlib does, which are a `Panel` unless another kind is asked for."""
        if not {"projection", "polar", "axes_class"} & {*kwargs}:
            kwargs["axes_class"] = Panel
        made: Axes = super().add_axes(*args, **kwargs)
        return made

    def _repr_png_(self) -> Any:
        return self.png()

    def png(self) -> tuple[bytes, dict[str, int]]:
        """Return the picture as PNG, and its width and height on a page, as notebooks take them."""
        file = io.BytesIO()
        with style():
            self.savefig(file, format="png", metadata=_UNSAID["png"])
        # Twice as many pixels as a page shows, so that they are fine on every screen.
        width, height = (round(_PAGE_DPI * inches) for inches in self.get_size_inches())
        return file.getvalue(), {"width": width, "height": height}


def figure(width: float = 4.5, height: float = 3.2) -> Picture:
    """Return an empty figure of that size in inches, laid out so that nothing is cut off."""
    with style():
        return Picture(figsize=(width, height), layout="constrained")


# What a file would say of the hour or the program that wrote it.
_UNSAID: dict[str, dict[str, Any]] = {
    "png": {"Software": None},
    "svg": {"Date": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


def save(picture: Figure | Axes, target: str | os.PathLike[str]) -> Path:
    """Write a figure as PNG, SVG or PDF, by the name's ending: whole or not at all, the same bytes each time.

    Parameters
    ----------
    picture : Figure or Axes
        What a drawing function returned; of axes, the figure that they are part of.
    target : path
        The file; a name without an ending is a PNG.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ValueError
        If the ending is another one.
    """
    target = Path(target)
    kind = target.suffix.lstrip(".").lower() or "png"
    refuse_unless(kind in _UNSAID, "target", str(target), "a name that ends with .png, .svg or .pdf")
    whole: Any = picture.figure if isinstance(picture, Axes) else picture
    partial = target.with_name(f".{target.name}.partial")
    try:
        with style():
            whole.savefig(partial, format=kind, metadata=_UNSAID[kind])
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return target


def axes_or_new(ax: Axes | None, width: float = 4.5, height: float = 3.2) -> Axes:
    """Return the axes, or those of a new figure of that size in inches."""
    return figure(width, height).add_subplot() if ax is None else ax
