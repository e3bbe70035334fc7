"""The look of the house: colours, style, and figures that are written whole and the same each time."""

import io
import os
import re
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stepsize.core.storage import IfExists, as_path, write_whole
from stepsize.core.validation import require, require_a

__all__ = [
    "COLORS",
    "INK",
    "STYLE",
    "Picture",
    "as_size",
    "axes_or_new",
    "figure",
    "save",
    "style",
    "verdict_shades",
]

# Okabe and Ito's colours, which everybody can tell apart, in an order that also differs in lightness.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
INK = "#333333"

_PAGE_DPI = 80

# What a verdict looks like, and shades of it for several runs. A word that is not here gets a spare colour.
_SHADES = {
    "settled": ("#009E73", "#00543d", "#7fcfb9"),
    "still crawling": ("#0072B2", "#56B4E9"),
    "bouncing": ("#AA4499", "#CC79A7"),
    "stuck above the minimum": ("#E69F00", "#8a5f00"),
    "frozen": ("#7f8c9b", "#4a5662"),
    "falling without end": ("#F0E442", "#9c9320"),
    "diverged": ("#D55E00", "#8f3f00"),
    "failed": ("#000000", "#555555"),
}
_SPARE = ("#332288", "#88CCEE", "#F0E442", "#000000", "#999999", "#661100")
TOO_SMALL, RIGHT, TOO_LARGE = (_SHADES[word] for word in ("still crawling", "settled", "diverged"))

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


def verdict_shades(verdict: str) -> tuple[str, ...]:
    """Return the colours of a verdict, the first one its own; those that differ after a comma share them.

    Examples
    --------
    >>> verdict_shades("settled, ringing") == verdict_shades("settled")
    True
    """
    from stepsize.analysis.diagnosis import VERDICTS

    family = verdict.partition(",")[0]
    if family in _SHADES:
        return _SHADES[family]
    words = dict.fromkeys(word.partition(",")[0] for word in VERDICTS)
    others = [word for word in words if word not in _SHADES]
    place = others.index(family) if family in others else len(others)
    return (_SPARE[place % len(_SPARE)],)


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
        around: Any = self.figure  # a part of a page has the page for its figure, and a page itself
        picture = around.figure
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


# Inches of what a picture is for: PowerPoint's two kinds of slides, and a column of a paper.
SIZES = {"slide": (10.0, 7.5), "wide": (13.333, 7.5), "column": (3.4, 2.6)}
_MOST_DOTS = 65_000  # along a side: more than Matplotlib's canvas takes


def as_size(name: str, size: Any) -> tuple[float, float] | None:
    """Return a size in inches: "slide", "wide", "column", "10x5.6" or a pair of numbers; None stays None.

    Examples
    --------
    >>> as_size("size", "wide"), as_size("size", "8x4.5"), as_size("size", (3, 2))
    ((13.333, 7.5), (8.0, 4.5), (3.0, 2.0))
    """
    if size is None:
        return None
    wanted = "slide, wide, column, or width x height in inches, such as 10x5.6"
    try:
        wide, high = SIZES.get(size) or (size.lower().split("x") if isinstance(size, str) else size)
        if isinstance(size, str) and not (size.isascii() and "_" not in size):
            raise ValueError(size)
        inches = float(wide), float(high)
    except (TypeError, ValueError, AttributeError):
        raise ValueError(f"{name}: got {size!r}, expected {wanted}") from None
    require(all(0.5 <= side <= 200 for side in inches), name, size, "sides of 0.5 to 200 inches")
    return inches


def as_dpi(name: str, dpi: Any, size: Any) -> float:
    """Return dots an inch with which a picture of that size in inches can be drawn."""
    fine = isinstance(dpi, int | float) and not isinstance(dpi, bool) and 10 <= dpi <= 10_000
    require(fine, name, dpi, "dots an inch, from 10 to 10000")
    if float(max(size)) * dpi > _MOST_DOTS:
        inches = f"{size[0]:g} x {size[1]:g} inches"
        raise ValueError(f"{name}: got {dpi:g} for {inches}, expected at most {_MOST_DOTS} dots a side")
    return float(dpi)


def fitted(size: Sequence[float], natural: Sequence[float]) -> tuple[tuple[float, float], float]:
    """Return the size of a size's shape that holds the natural one, and how many times larger the size is.

    A picture is laid out at the first and enlarged by the second, letters too, so that nothing is crowded.

    Examples
    --------
    >>> fitted((20.0, 10.0), (6.0, 5.0))
    ((10.0, 5.0), 2.0)
    """
    scale = min(size[0] / natural[0], size[1] / natural[1])
    return (size[0] / scale, size[1] / scale), scale


def save(
    picture: Figure | Axes,
    target: str | os.PathLike[str],
    *,
    dpi: float | None = None,
    size: str | Sequence[float] | None = None,
    if_exists: IfExists = "replace",
) -> Path:
    """Write a figure as PNG, SVG or PDF, by the name's ending: whole or not at all, the same bytes each time.

    Parameters
    ----------
    picture : Figure or Axes
        What a drawing function returned; of axes, the figure that they are part of.
    target : path
        The file; a name without an ending is a PNG.
    dpi : float, optional
        Dots an inch of a PNG; 160 by default.
    size : (float, float) or str, optional
        Inches, or "slide", "wide" or "column". The picture takes this shape, and is enlarged with its letters
        until it has this size; a PDF takes the shape alone.
    if_exists : {"replace", "refuse", "number"}
        What happens where there is a file of that name: it is replaced, FileExistsError is raised, or the
        next free name is taken, with -2, -3, ... before the ending.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ValueError
        If the ending is another one, or dpi or size are none.
    OSError
        If the file cannot be written; nothing has changed then.
    """
    require_a((Axes, Figure), "picture", picture, "what a function of draw returns")
    inches = as_size("size", size)
    target = as_path("target", target)
    kind = target.suffix.lstrip(".").lower() or "png"
    require(kind in _UNSAID, "target", str(target), "a name that ends with .png, .svg or .pdf")
    if not target.absolute().parent.is_dir():
        raise FileNotFoundError(f"target: got {str(target)!r}, expected a file in a folder that there is")
    whole: Any = picture.figure if isinstance(picture, Axes) else picture
    before = tuple(float(side) for side in whole.get_size_inches())
    shape, scale = (before, 1.0) if inches is None else fitted(inches, before)
    dots = as_dpi("dpi", STYLE["savefig.dpi"] if dpi is None else dpi, inches or before)
    drawing = io.BytesIO()
    try:
        whole.set_size_inches(shape)
        with style():
            whole.savefig(drawing, format=kind, metadata=_UNSAID[kind], dpi=dots * scale)
    finally:
        whole.set_size_inches(before)
    data = drawing.getvalue()
    if kind == "svg" and inches is not None:
        data = _enlarged(data, inches)
    return write_whole(target, data, if_exists=if_exists, name="target")


def _enlarged(drawing: bytes, inches: tuple[float, float]) -> bytes:
    """Return an SVG with its size on the page, whatever its own units."""
    sides = f'width="{inches[0]:g}in" height="{inches[1]:g}in"'
    return re.sub(rb'width="[\d.]+pt" height="[\d.]+pt"', sides.encode(), drawing, count=1)


def axes_or_new(ax: Axes | None, width: float = 4.5, height: float = 3.2) -> Axes:
    """Return the axes, or those of a new figure of that size in inches."""
    return figure(width, height).add_subplot() if ax is None else ax
