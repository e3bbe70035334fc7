"""Pictures: axes in, axes out. Nothing is shown, nothing global is changed.

Every function takes an optional Matplotlib ``ax`` and returns it; without one it makes a figure of its own,
``ax.figure``. `race` returns a whole figure. The style is applied around each drawing only.
"""

import importlib
import math
import re
from functools import partial
from typing import TYPE_CHECKING, Any

import matplotlib.colors
import matplotlib.ticker
import numpy as np
from matplotlib.axes import Axes

from optim import Run
from problems import Custom
from stepsize.base.aliases import missing_name
from stepsize.base.checks import describe, refuse_unless_a
from stepsize.diagnosis import refuse_unless_single
from stepsize.draw_line import line, sampling, searches
from stepsize.draw_schedules import schedule, schedules
from stepsize.draw_style import COLORS, INK, STYLE, axes_or_new, figure, save, style
from stepsize.draw_window import domain_window, heights, levels_of, values_on, window_around

if TYPE_CHECKING:
    from stepsize.draw_maps import errors, map  # noqa: A004  (it is draw.map)
    from stepsize.draw_race import race
    from stepsize.draw_runs import plane, projection, run, sharpness
    from stepsize.draw_sensitivity import found_rate, sensitivity

__all__ = [
    "COLORS",
    "STYLE",
    "contours",
    "errors",
    "figure",
    "found_rate",
    "gap",
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

Array = np.ndarray[Any, Any]

# What builds on this file stands in files of its own and is found here by its name.
_ELSEWHERE = {
    "race": "stepsize.draw_race",
    **dict.fromkeys(("errors", "map"), "stepsize.draw_maps"),
    **dict.fromkeys(("found_rate", "sensitivity"), "stepsize.draw_sensitivity"),
    **dict.fromkeys(("plane", "projection", "run", "sharpness"), "stepsize.draw_runs"),
}


if not TYPE_CHECKING:  # a checker would believe that any name is there

    def __getattr__(name: str) -> Any:
        if name in _ELSEWHERE:
            return getattr(importlib.import_module(_ELSEWHERE[name]), name)
        raise missing_name("stepsize.draw", name, __all__)


def __dir__() -> list[str]:
    """Return what there is to draw: completion shows this, and not what the file is made of."""
    return list(__all__)


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
        points = 101 if isinstance(problem, Custom) else 201  # a user's function is asked point by point
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
        raise TypeError(f"problem: got {describe(problem)}, expected a problem such as Rosenbrock()")
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
    seen = values[np.isfinite(values)]
    if not len(seen):
        return 0.0, 1.0
    low, high = float(seen.min()), float(seen.max())
    under, over = (float(v) for v in np.quantile(seen, (0.1, 0.9)))
    if over > under:
        low, high = max(low, under - 3 * (over - under)), min(high, over + 3 * (over - under))
    return (low, high) if high > low else (low - max(abs(low), 1.0), high + max(abs(high), 1.0))


def path(
    run: Run,
    ax: Axes | None = None,
    *,
    color: str = COLORS[0],
    label: str | None = None,
    window: Any = None,
) -> Axes:
    """Draw the points that a run visited, on the curve (d = 1) or on contours (d = 2).

    Updates that overshot, that is, passed the lowest point of their line, end in an open circle.

    Parameters
    ----------
    run : Run
        A single run of one or two dimensions.
    ax : Axes, optional
        With the landscape drawn already; otherwise it is drawn first.
    color, label : str, optional
        Of the path.
    window : sequence of (low, high), optional
        The region that is shown; a diverging path ends a few updates after it left the region for good.
    """
    refuse_unless_single(run)
    problem, points, n = run.problem, run.history.x, run.history.n
    if problem.dim > 2:
        raise ValueError(
            f"run: got {problem.dim} dimensions, expected 1 or 2 to draw its path; draw.gap shows any run"
        )
    with style():
        if ax is None:
            window = window_around([run]) if window is None else window
            ax = (
                landscape(problem, window=window[0]) if problem.dim == 1 else contours(problem, window=window)
            )
        if problem.dim == 1:
            x, y = points[:, 0], run.history.fun[n]
        else:
            x, y = points[:, 0], points[:, 1]
        visible = slice(0, _plotted(run, window))
        x, y = drawable(x[visible], ax.get_xlim()), drawable(y[visible], ax.get_ylim())
        ax.plot(x, y, color=color, linewidth=1.0, alpha=0.9, label=label, zorder=3)
        crossed = np.concatenate([[False], run.history.overshoot])[n][visible]
        if len(x) <= 400:
            look: dict[str, Any] = {"color": color, "zorder": 4}
            full, hollow = np.flatnonzero(~crossed)[1:], np.flatnonzero(crossed)
            small: dict[str, Any] = {"markersize": 2.6, "markeredgewidth": 0, "gid": "update"}
            ax.plot(x[full], y[full], "o", **small, **look)
            open_circle: dict[str, Any] = {"markerfacecolor": "white", "markersize": 3.4, "gid": "overshot"}
            ax.plot(x[hollow], y[hollow], "o", markeredgewidth=0.9, **open_circle, **look)
        ax.plot(x[0], y[0], "o", color=INK, markersize=4.5, markeredgewidth=0, zorder=6, gid="start")
    return ax


def on_log_axis(error: Any) -> Array:
    """Return errors as a log axis can show them: no 0, and room around the largest number."""
    error = np.asarray(error, float)
    return np.where(error > 0, np.clip(error, 1e-290, 1e290), np.nan)


def gap(run: Run, ax: Axes | None = None, *, color: str = COLORS[0], label: str | None = None) -> Axes:
    """Draw the error against the update on a log axis: the gap, or the gradient norm without a minimum."""
    refuse_unless_a(Run, "run", run, "a run, as minimize returns it")
    with style():
        ax = axes_or_new(ax)
        error = on_log_axis(run.error)
        steps = np.arange(len(error))
        keep = np.unique(np.linspace(0, len(error) - 1, 2000).round().astype(int))
        ax.semilogy(steps[keep], error[keep], color=color, label=label, linewidth=1.3)
        what = "gap  $f - f^*$" if run.measure == "gap" else "gradient norm"
        ax.set(xlabel="update", ylabel=what)
        ax.grid(axis="y")
    return ax


def rates(run: Run, ax: Axes | None = None, *, color: str = COLORS[0], label: str | None = None) -> Axes:
    """Draw the rate that each update used."""
    refuse_unless_a(Run, "run", run, "a run, as minimize returns it")
    with style():
        ax = axes_or_new(ax)
        lr = run.history.lr.reshape(run.nit, -1 if run.nit else 1)
        ax.plot(np.arange(run.nit), lr, color=color, label=label, linewidth=1.2, drawstyle="steps-post")
        ax.set(xlabel="update", ylabel="rate")
        if run.nit and lr.min() > 0 and lr.max() / lr.min() > 20:
            ax.set_yscale("log")
    return ax


def _plotted(run: Run, window: Any) -> int:
    """Return how many points to draw: until the run has settled for good, or left the region for good."""
    count = len(run.history.x)
    settled: Any = run.settled(atol=1e-14 * max(abs(float(run.error[0])), 1.0))
    if settled is not None:
        return min(int(np.searchsorted(run.history.n, settled)) + 2, count)
    if window is None:
        return count
    low, high = np.array(window).T
    inside = np.flatnonzero(np.all((run.history.x >= low) & (run.history.x <= high), axis=1))
    return min(int(inside[-1]) + 3, count) if len(inside) else count


def drawable(values: Array, limits: tuple[float, float]) -> Array:
    """Return coordinates, those far outside the limits brought nearer: no canvas is 1e30 wide."""
    low, high = limits
    room = 1e3 * (high - low)
    return np.asarray(np.clip(np.asarray(values, float), low - room, high + room))
