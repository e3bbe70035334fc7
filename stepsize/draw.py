"""Pictures: axes in, axes out. Nothing is shown, nothing global is changed.

Every function takes an optional Matplotlib ``ax`` and returns it; without one it makes a figure of its own,
``ax.figure``. `race` returns a whole figure. The style is applied around each drawing only.
"""

import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import matplotlib.colors
import numpy as np
from matplotlib.axes import Axes

from optim import Run
from stepsize.base.aliases import missing_name
from stepsize.draw_line import line, sampling, searches
from stepsize.draw_schedules import schedule, schedules
from stepsize.draw_style import COLORS, INK, STYLE, axes_or_new, figure, save, style

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
    if problem.dim != 2:
        raise ValueError(f"problem: got {problem.dim} dimensions, expected 2 for contours")
    with style():
        ax = axes_or_new(ax)
        (left, right), (bottom, top) = _domain_window(problem) if window is None else window
        x, y = np.meshgrid(np.linspace(left, right, 201), np.linspace(bottom, top, 201))
        with np.errstate(all="ignore"):
            z = problem.fun(np.stack([x, y], axis=-1))
        low = problem.minimum if problem.minimum is not None else float(np.nanmin(z))
        height = np.where(np.isfinite(z), z - low, np.nan)
        peak = float(np.nanmax(height))
        drawn = peak * np.geomspace(1e-4, 1, 13) if levels is None else np.asarray(levels, float) - low
        drawn = drawn[drawn > 0]
        height = np.maximum(height, drawn[0] * 1e-3)  # a log scale has no place for the minimum itself
        shades = matplotlib.colors.LinearSegmentedColormap.from_list("", ["#ffffff", "#e3e9ee"])
        ax.contourf(
            x,
            y,
            height,
            levels=drawn,
            cmap=shades,
            norm=matplotlib.colors.LogNorm(drawn[0], drawn[-1]),
            extend="both",
        )
        ax.contour(x, y, height, levels=drawn[:-1], colors="#c3ccd4", linewidths=0.5)
        for point in problem.minimizers or ():
            ax.plot(*point, marker="*", color=INK, markersize=7, markeredgewidth=0, zorder=5)
        ax.set(xlim=(left, right), ylim=(bottom, top), xlabel="$x_1$", ylabel="$x_2$")
    return ax


def landscape(problem: Any, ax: Axes | None = None, *, window: Any = None) -> Axes:
    """Draw the curve of a one-dimensional problem."""
    if problem.dim != 1:
        raise ValueError(f"problem: got {problem.dim} dimensions, expected 1 for a curve")
    with style():
        ax = axes_or_new(ax)
        low, high = _domain_window(problem)[0] if window is None else window
        x = np.linspace(low, high, 401)
        y = problem.fun(x[:, None])
        room = 0.06 * np.ptp(y)
        ax.plot(x, y, color="#8d99a3", linewidth=1.2, zorder=1)
        ax.set(xlim=(low, high), ylim=(y.min() - room, y.max() + room), xlabel="$x$", ylabel="$f(x)$")
    return ax


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
        x, y = x[visible], y[visible]
        ax.plot(x, y, color=color, linewidth=1.0, alpha=0.9, label=label, zorder=3)
        crossed = np.concatenate([[False], run.history.overshoot])[n][visible]
        few = len(x) <= 400
        if few:
            ax.plot(x[~crossed], y[~crossed], "o", color=color, markersize=2.6, markeredgewidth=0, zorder=4)
            ax.plot(
                x[crossed],
                y[crossed],
                "o",
                color=color,
                markerfacecolor="white",
                markersize=3.4,
                markeredgewidth=0.9,
                zorder=4,
            )
        ax.plot(x[0], y[0], "o", color=INK, markersize=4.5, markeredgewidth=0, zorder=6)
    return ax


def gap(run: Run, ax: Axes | None = None, *, color: str = COLORS[0], label: str | None = None) -> Axes:
    """Draw the error against the update on a log axis: the gap, or the gradient norm without a minimum."""
    with style():
        ax = axes_or_new(ax)
        error = np.where(run.error > 0, run.error, np.nan)
        steps = np.arange(len(error))
        keep = np.unique(np.linspace(0, len(error) - 1, 2000).round().astype(int))
        ax.semilogy(steps[keep], error[keep], color=color, label=label, linewidth=1.3)
        what = "gap  $f - f^*$" if run.measure == "gap" else "gradient norm"
        ax.set(xlabel="update", ylabel=what)
        ax.grid(axis="y")
    return ax


def rates(run: Run, ax: Axes | None = None, *, color: str = COLORS[0], label: str | None = None) -> Axes:
    """Draw the rate that each update used."""
    with style():
        ax = axes_or_new(ax)
        lr = run.history.lr.reshape(run.nit, -1)
        ax.plot(np.arange(run.nit), lr, color=color, label=label, linewidth=1.2, drawstyle="steps-post")
        ax.set(xlabel="update", ylabel="rate")
        if run.nit and lr.min() > 0 and lr.max() / lr.min() > 20:
            ax.set_yscale("log")
    return ax


def _plotted(run: Run, window: Any) -> int:
    """Return how many points to draw: until the run has settled for good, or left the region for good."""
    count = len(run.history.x)
    settled: Any = run.settled(1e-14 * max(abs(float(run.error[0])), 1.0))
    if settled is not None:
        return min(int(np.searchsorted(run.history.n, settled)) + 2, count)
    if window is None:
        return count
    low, high = np.array(window).T
    inside = np.flatnonzero(np.all((run.history.x >= low) & (run.history.x <= high), axis=1))
    return min(int(inside[-1]) + 3, count) if len(inside) else count


def _domain_window(problem: Any) -> list[tuple[float, float]]:
    if problem.domain is None:
        start = np.array(problem.x0, dtype=float)
        return [(v - 2 * max(abs(v), 1), v + 2 * max(abs(v), 1)) for v in start]
    low, high = (np.broadcast_to(np.asarray(bound, float), problem.dim) for bound in problem.domain)
    return list(zip(low.tolist(), high.tolist(), strict=True))


def window_around(runs: Sequence[Run]) -> list[tuple[float, float]]:
    """Return a box around what matters: starts, minimizers, and the paths of the runs that stay near them."""
    problem = runs[0].problem
    anchors = [run.history.x[0] for run in runs] + [np.array(m) for m in problem.minimizers or ()]
    near = np.array(anchors, dtype=float)
    reach = np.ptp(near, axis=0).max() or 1.0
    if problem.dim == 1:  # both sides of the minimum, with room for an overshoot that grows
        middle = float(near[-1, 0] if problem.minimizers else near.mean())
        return [(middle - 1.7 * reach, middle + 1.7 * reach)]
    low, high = near.min(axis=0) - 0.6 * reach, near.max(axis=0) + 0.6 * reach
    tame = [
        run.history.x
        for run in runs
        if not run.diverged and np.all((run.history.x > low) & (run.history.x < high))
    ]
    box = np.concatenate([near, *tame])
    low, high = box.min(axis=0), box.max(axis=0)
    margin = 0.12 * np.maximum(high - low, 0.25 * (high - low).max() or 1.0)
    return list(zip((low - margin).tolist(), (high + margin).tolist(), strict=True))
