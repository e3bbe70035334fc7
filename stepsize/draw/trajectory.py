"""What a run did: its path on the landscape, its error and its rate against the update."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from optim import Run
from stepsize.analysis.diagnosis import require_single_run
from stepsize.core.validation import require_a
from stepsize.draw.landscape import contours, landscape
from stepsize.draw.style import COLORS, INK, axes_or_new, style
from stepsize.draw.window import window_around

__all__ = ["drawable", "gap", "held_out", "on_log_axis", "path", "rates"]

Array = np.ndarray[Any, Any]


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
    require_single_run(run)
    problem, points, n = run.problem, run.history.x, run.history.n
    dim = points.shape[-1]
    if dim > 2:
        raise ValueError(
            f"run: got {dim} dimensions, expected 1 or 2 to draw its path; draw.gap shows any run"
        )
    with style():
        if ax is None:
            window = window_around([run]) if window is None else window
            ax = landscape(problem, window=window[0]) if dim == 1 else contours(problem, window=window)
        if dim == 1:
            x, y = points[:, 0], run.history.fun[n]
        else:
            x, y = points[:, 0], points[:, 1]
        visible = slice(0, _plotted(run, window))
        x, y = drawable(x[visible], ax.get_xlim()), drawable(y[visible], ax.get_ylim())
        ax.plot(x, y, color=color, linewidth=1.0, alpha=0.9, label=label, zorder=3)
        crossed = np.concatenate([[False], run.history.overshoot])[n][visible]
        if len(x) <= 400:
            props: dict[str, Any] = {"color": color, "zorder": 4}
            seen = _apart(ax, x, y)
            full, hollow = np.flatnonzero(seen & ~crossed)[1:], np.flatnonzero(seen & crossed)
            small: dict[str, Any] = {"markersize": 2.6, "markeredgewidth": 0, "gid": "update"}
            ax.plot(x[full], y[full], "o", **small, **props)
            open_circle: dict[str, Any] = {"markerfacecolor": "white", "markersize": 3.4, "gid": "overshot"}
            ax.plot(x[hollow], y[hollow], "o", markeredgewidth=0.9, **open_circle, **props)
        ax.plot(x[0], y[0], "o", color=INK, markersize=4.5, markeredgewidth=0, zorder=6, gid="start")
    return ax


# Points, 1/72 inch, that two marks of a path are apart at least: nearer ones would make a blot.
_APART = 1.8


def _apart(ax: Axes, x: Array, y: Array) -> Array:
    """Return which points of a path get a mark: the first, and each that is not upon the last one marked."""
    places = ax.transData.transform(np.column_stack([x, y])) * (72 / ax.figure.dpi)
    marked = np.zeros(len(x), bool)
    last = np.full(2, np.inf)
    for i, place in enumerate(places.tolist()):
        if abs(place[0] - last[0]) >= _APART or abs(place[1] - last[1]) >= _APART:
            marked[i], last = True, place
    return marked


def on_log_axis(error: Any) -> Array:
    """Return errors as a log axis can show them: no 0, and room around the largest number."""
    error = np.asarray(error, float)
    return np.where(error > 0, np.clip(error, 1e-290, 1e290), np.nan)


def gap(run: Run, ax: Axes | None = None, *, color: str = COLORS[0], label: str | None = None) -> Axes:
    """Draw the error against the update on a log axis: the gap, or the gradient norm without a minimum."""
    require_a(Run, "run", run, "a run, as minimize returns it")
    with style():
        ax = axes_or_new(ax)
        error = on_log_axis(run.error)
        steps = run.updates_before + np.arange(len(error))
        keep = np.unique(np.linspace(0, len(error) - 1, 2000).round().astype(int))
        ax.semilogy(steps[keep], error[keep], color=color, label=label, linewidth=1.3)
        what = "gap  $f - f^*$" if run.measure == "gap" else "gradient norm"
        ax.set(xlabel="update", ylabel=what)
        ax.grid(axis="y")
    return ax


def held_out(run: Run, ax: Axes | None = None, *, color: str = COLORS[0], label: str | None = None) -> Axes:
    """Draw the training loss, thin, beside the loss over the examples held out, thick, and its lowest point.

    The training loss is what the run descends, its penalty included; the other has none.

    Raises
    ------
    ValueError
        If the problem held out no examples, or for a batch.
    """
    require_single_run(run)
    validation = run.held_out
    lowest = int(np.where(np.isnan(validation), np.inf, validation).argmin())
    with style():
        ax = axes_or_new(ax)
        n = run.updates_before + run.history.n
        thin: dict[str, Any] = {"linewidth": 0.8, "gid": "training", "zorder": 3}
        every = run.updates_before + np.arange(run.nit + 1)
        ax.semilogy(every, on_log_axis(run.loss), color=color, **thin)
        ax.semilogy(n, on_log_axis(validation), color=color, label=label, linewidth=1.7, gid="held-out")
        dot: dict[str, Any] = {
            "markersize": 4.5,
            "markeredgewidth": 0,
            "gid": "lowest-held-out",
            "zorder": 5,
            "clip_on": False,
        }
        ax.plot(n[lowest], on_log_axis(validation)[lowest], "D", color=color, **dot)
        ax.set(xlabel="update", ylabel="loss")
    return ax


def rates(run: Run, ax: Axes | None = None, *, color: str = COLORS[0], label: str | None = None) -> Axes:
    """Draw the rate that each update used."""
    require_a(Run, "run", run, "a run, as minimize returns it")
    with style():
        ax = axes_or_new(ax)
        lr = run.history.lr.reshape(run.nit, -1 if run.nit else 1)
        steps = run.updates_before + np.arange(run.nit)
        ax.plot(steps, lr, color=color, label=label, linewidth=1.2, drawstyle="steps-post")
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
