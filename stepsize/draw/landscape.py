"""Landscapes: the level lines of two parameters, the curve of one."""

import math
import re
from functools import partial
from typing import Any

import matplotlib.colors
import matplotlib.ticker
import numpy as np
from matplotlib.axes import Axes

from problems import FunctionProblem
from stepsize.core.validation import describe_value
from stepsize.draw.style import INK, axes_or_new, style
from stepsize.draw.window import domain_window, heights, levels_of, values_on

__all__ = ["contours", "landscape", "level_lines"]

Array = np.ndarray[Any, Any]


def contours(problem: Any, ax: Axes | None = None, *, window: Any = None, levels: Any = None) -> Axes:
    """Draw the level lines of a two-dimensional problem, denser towards the minimum.

    Parameters
    ----------
    problem : Problem
        Of two dimensions.
    ax : Axes, optional
        Where to draw.
    window : ((left, right), (bottom, top)), optional
        The region; the problem's domain by default.
    levels : sequence of float, optional
        Values of the function at which to draw lines.

    Raises
    ------
    ValueError
        If the problem has not two dimensions.
    """
    if _dim(problem) != 2:
        raise ValueError(f"problem: got {problem.dim} dimensions, expected 2 for contours")
    with style():
        ax = axes_or_new(ax)
        (left, right), (bottom, top) = domain_window(problem) if window is None else window
        points = (
            101 if isinstance(problem, FunctionProblem) else 201
        )  # a user's function is asked point by point
        x, y = np.meshgrid(np.linspace(left, right, points), np.linspace(bottom, top, points))
        z = values_on(problem, np.stack([x, y], axis=-1))
        height = heights(z, problem.minimum)
        drawn = levels_of(height) if levels is None else np.asarray(levels, float) - _lowest(z, height)
        level_lines(ax, x, y, height, drawn)
        for point in problem.minimizers or ():
            ax.plot(*point, marker="*", color=INK, markersize=7, markeredgewidth=0, zorder=5, gid="minimum")
        across, up = _axis_names(problem) or ("$x_1$", "$x_2$")
        ax.set(xlim=(left, right), ylim=(bottom, top), xlabel=across, ylabel=up)
        _plain_ticks(ax)
    return ax


def _dim(problem: Any) -> int:
    """Return the number of a problem's parameters; refuse what is no problem."""
    if (
        isinstance(problem, type)
        or not callable(getattr(problem, "fun", None))
        or not hasattr(problem, "dim")
    ):
        raise TypeError(f"problem: got {describe_value(problem)}, expected a problem such as Rosenbrock()")
    return int(problem.dim)


def level_lines(ax: Axes, x: Any, y: Any, height: Array, levels: Array) -> None:
    """Draw contours at positive heights, shaded by their logarithms; nothing where there are none."""
    levels = levels[levels > 0]
    if len(levels) < 2:
        return
    height, levels = height / levels[-1], levels / levels[-1]
    # A log scale has no place for the minimum itself.
    height = np.ma.maximum(height, max(levels[0] * 1e-3, np.finfo(float).tiny))
    shades = matplotlib.colors.LinearSegmentedColormap.from_list("", ["#ffffff", "#e3e9ee"])
    norm = matplotlib.colors.LogNorm(levels[0], levels[-1])
    ax.contourf(x, y, height, levels=levels, cmap=shades, norm=norm, extend="both")
    lines = levels[(levels < height.max()) & (levels > height.min())]
    if len(lines):
        ax.contour(x, y, height, levels=lines, colors="#c3ccd4", linewidths=0.5)


def _axis_names(problem: Any) -> tuple[str, ...]:
    """Return what a formula calls its coordinates, x1 as x with an index; nothing for another problem."""
    names = (re.fullmatch(r"([A-Za-z]+)_?(\d*)", v) for v in getattr(problem, "variables", ()))
    return tuple(f"${_letter(m[1])}{f'_{{{m[2]}}}' if m[2] else ''}$" if m else "?" for m in names)


def _letter(name: str) -> str:
    return name if len(name) == 1 else rf"\{name}"


def _plain_ticks(ax: Axes) -> None:
    """Write very large, very small and very near numbers in full: a factor over the axes hides in titles."""
    for axis in (ax.xaxis, ax.yaxis):
        low, high = sorted(axis.get_view_interval())
        far = max(abs(low), abs(high))
        if 1e-4 < far < 1e5 and high - low > 1e-3 * far:
            continue
        digits = 3 + max(math.ceil(math.log10(far / (high - low))), 0)
        words = "{:." + str(digits) + "g}"
        axis.set_major_locator(matplotlib.ticker.MaxNLocator(4))
        axis.set_major_formatter(matplotlib.ticker.FuncFormatter(partial(_written, words)))


def _written(words: str, value: float, _: Any) -> str:
    digits, _, power = words.format(value).partition("e")
    return (f"{digits}e{int(power)}" if power else digits).replace("-", "\u2212")


def _lowest(values: Array, height: Any) -> float:
    """Return the value from which heights are counted."""
    if not height.count():
        return 0.0
    at = np.unravel_index(int(np.ma.argmin(height)), height.shape)
    return float(values[at] - height[at])


def landscape(problem: Any, ax: Axes | None = None, *, window: Any = None) -> Axes:
    """Draw the curve of a one-dimensional problem."""
    if _dim(problem) != 1:
        raise ValueError(f"problem: got {problem.dim} dimensions, expected 1 for a curve")
    with style():
        ax = axes_or_new(ax)
        low, high = domain_window(problem)[0] if window is None else window
        x = np.linspace(low, high, 401)
        y = values_on(problem, x[:, None])
        foot, head = _shown_values(y)
        room = 0.06 * (head - foot)
        ax.plot(x, y, color="#8d99a3", linewidth=1.2, zorder=1)
        (across,) = _axis_names(problem) or ("$x$",)
        up = f"$f({across.strip('$')})$"
        ax.set(xlim=(low, high), ylim=(foot - room, head + room), xlabel=across, ylabel=up)
        _plain_ticks(ax)
    return ax


def _shown_values(values: Array) -> tuple[float, float]:
    """Return the lowest and highest value to show of a curve, which a pole must not flatten."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    under, over = (float(v) for v in np.quantile(finite, (0.1, 0.9)))
    if over > under:
        low, high = max(low, under - 3 * (over - under)), min(high, over + 3 * (over - under))
    return (low, high) if high > low else (low - max(abs(low), 1.0), high + max(abs(high), 1.0))
