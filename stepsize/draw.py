"""Pictures: axes in, axes out. Nothing is shown, nothing global is changed.

Every function takes an optional Matplotlib ``ax`` and returns it; without one it makes a figure of its own,
``ax.figure``. `race` returns a whole figure. The style is applied around each drawing only.
"""

import importlib
import math
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import matplotlib.ticker
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from optim import Run
from stepsize.draw_line import line, sampling, searches
from stepsize.draw_schedules import schedule, schedules
from stepsize.draw_style import COLORS, INK, STYLE, axes_or_new, figure, save, style
from stepsize.races import Race, optimizer_label, rate_label

if TYPE_CHECKING:
    from stepsize.draw_maps import errors, map  # noqa: A004  (it is draw.map)
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
    **dict.fromkeys(("errors", "map"), "stepsize.draw_maps"),
    **dict.fromkeys(("found_rate", "sensitivity"), "stepsize.draw_sensitivity"),
    **dict.fromkeys(("plane", "projection", "run", "sharpness"), "stepsize.draw_runs"),
}


def __getattr__(name: str) -> Any:
    if name in _ELSEWHERE:
        return getattr(importlib.import_module(_ELSEWHERE[name]), name)
    raise AttributeError(f"module 'stepsize.draw' has no attribute {name!r}")


VERDICT_COLORS = {
    "settled": ("#009E73", "#00543d", "#7fcfb9"),
    "still crawling": ("#0072B2", "#56B4E9"),
    "bouncing": ("#AA4499", "#CC79A7"),
    "stuck above the minimum": ("#E69F00", "#8a5f00"),
    "diverged": ("#D55E00", "#8f3f00"),
}


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
        shades = mpl.colors.LinearSegmentedColormap.from_list("", ["#ffffff", "#e3e9ee"])
        ax.contourf(
            x,
            y,
            height,
            levels=drawn,
            cmap=shades,
            norm=mpl.colors.LogNorm(drawn[0], drawn[-1]),
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


def race(result: Race) -> Figure:
    """Return the picture of a race: a panel an optimizer, its paths above, its error and rates beneath.

    Colours are verdicts: green settled, blue still crawling, purple bouncing, amber stuck, red diverged; a
    rate that changes is dashed. Ticks at the foot of the error show the updates that overshot.
    """
    groups = _groups(result)
    window = window_around(list(result.runs)) if result.problem.dim <= 2 else None
    tallest = max(len(members) for _, members in groups)
    labels = 0.16 * tallest
    rows = {"landscape": 2.0 if window else 0.0, "labels": labels + (0.42 if window else 0.0), "error": 2.0}
    columns = min(len(groups), 4)
    bands = math.ceil(len(groups) / columns)
    band = sum(rows.values()) + 1.0
    width = {1: 5.2, 2: 8.4}.get(columns, 3.2 * columns)
    with style():
        title = textwrap.fill(result.title.replace("   ", " \u00b7 "), int(13 * width))
        head = 0.2 + 0.16 * title.count("\n")
        height = band * bands + head + 0.15
        picture = Figure(figsize=(width, height))
        picture.text(0.1 / width, 1 - 0.1 / height, title, va="top", color=INK)
        for index, (name, members) in enumerate(groups):
            top = height - head - 0.45 - band * (index // columns)
            left, right = _sides(index % columns, columns, width)
            changes = any(not isinstance(result.runs[i].optimizer.lr, float) for i in members)

            def place(top: float, tall: float, left: float = left, right: float = right) -> Axes:
                box = (left / width, (top - tall) / height, (right - left) / width, tall / height)
                return picture.add_axes(box)

            above = place(top, rows["landscape"]) if window else None
            top -= rows["landscape"] + rows["labels"]
            error = place(top, 1.25 if changes else 2.0)
            rate = place(top - 1.4, 0.6) if changes else None
            _panel(result, name, members, (above, error, rate), window, tallest)
        if len(groups) < bands * columns:
            left, right = _sides(columns - 1, columns, width)
            _key(picture.add_axes((left / width, 0.45 / height, (right - left) / width, (band - 1) / height)))
    return picture


def _sides(column: int, columns: int, width: float) -> tuple[float, float]:
    """Return where a column's axes begin and end, in inches."""
    share = (width - 0.1) / columns
    return 0.1 + share * column + 0.6, 0.1 + share * (column + 1) - 0.2


def _panel(
    result: Race,
    name: str,
    members: list[int],
    axes: tuple[Axes | None, Axes, Axes | None],
    window: Any,
    tallest: int,
) -> None:
    """Draw one optimizer's runs: paths, errors, rates."""
    problem = result.problem
    above, error, rate = axes
    if above is None:
        error.set_title(name, pad=8 + 12 * tallest)
    else:
        above.set_title(name)
        if problem.dim == 2:
            window = _filling(window, above)
            contours(problem, above, window=window)
        else:
            landscape(problem, above, window=window[0])
    used: dict[str, int] = {}
    for place, index in enumerate(members):
        run, found = result.runs[index], result.diagnoses[index]
        family = found.verdict.partition(",")[0]
        shades = VERDICT_COLORS[family]
        color = shades[used.get(family, 0) % len(shades)]
        used[family] = used.get(family, 0) + 1
        if above is not None:
            path(run, above, color=color, window=window)
        gap(run, error, color=color, label=f"{rate_label(run.optimizer, problem)}: {found.verdict}")
        told = result.predictions[index]
        if told is not None:
            small: dict[str, Any] = {"fontsize": 6, "ha": "right", "va": "top", "color": color}
            error.text(0.99, 0.98 - 0.08 * place, told.against(run), transform=error.transAxes, **small)
        if not isinstance(run.optimizer.lr, float):
            error.lines[-1].set_linestyle((0, (3, 1.2)))
        where = np.flatnonzero(run.history.overshoot)
        where = where[:: max(len(where) // 400, 1)]
        foot = np.full(len(where), 0.02 + 0.035 * place)
        across = error.get_xaxis_transform()
        error.plot(where, foot, "|", color=color, markersize=3, markeredgewidth=0.6, transform=across)
        if rate is not None:
            rates(run, rate, color=color)
    error.set_xlim(0, result.steps)
    first = max(float(run.error[0]) for run in result.runs)
    error.set_ylim(max(result.tol * 1e-3, 1e-16), max(first * 30, result.tol * 10))
    error.axhline(result.tol, color=INK, linewidth=0.6, linestyle=":")
    spot = {"loc": "lower left", "bbox_to_anchor": (-0.02, 1.0), "borderaxespad": 0.15}
    error.legend(handlelength=1.5, labelspacing=0.2, **spot)
    if rate is not None:
        error.set_xlabel("")
        error.tick_params(labelbottom=False)
        rate.set(xlim=(0, result.steps), yscale="log")
        used_rates = np.concatenate([result.runs[i].history.lr.ravel() for i in members])
        ends = used_rates[used_rates > 0].min(), used_rates.max()
        rate.yaxis.set_major_locator(mpl.ticker.FixedLocator(ends))
        rate.yaxis.set_minor_locator(mpl.ticker.NullLocator())
        rate.yaxis.set_major_formatter(mpl.ticker.FormatStrFormatter("%.2g"))


def _key(ax: Axes) -> None:
    """Explain the marks in a cell that has no optimizer."""
    ax.axis("off")
    ax.set(xlim=(0, 1), ylim=(0, 1))
    blue = COLORS[0]
    marks: tuple[tuple[str, dict[str, Any]], ...] = (
        ("start", {"marker": "o", "color": INK}),
        ("minimum", {"marker": "*", "color": INK, "markersize": 8}),
        ("an update", {"marker": "o", "color": blue, "markersize": 3, "linestyle": "-"}),
        (
            "an update that overshot: it passed\nthe lowest point of its line",
            {"marker": "o", "color": blue, "markerfacecolor": "white"},
        ),
        ("the same, under the error curve", {"marker": "|", "color": blue}),
        ("a rate that changes", {"color": blue, "linestyle": "--"}),
        ("the tolerance", {"color": INK, "linestyle": ":"}),
    )
    for row, (text, mark) in enumerate(marks):
        y = 0.95 - 0.11 * row
        x = [0.02, 0.12] if "linestyle" in mark else [0.07]
        style_of_mark: dict[str, Any] = {"linestyle": "none", "markersize": 5} | mark
        ax.plot(x, [y] * len(x), **style_of_mark)
        ax.text(0.18, y, text, va="center", fontsize=8, color=INK)


def _groups(result: Race) -> list[tuple[str, list[int]]]:
    """Return the runs of each optimizer under its name; one optimizer alone gets a panel a rate."""
    groups: dict[str, list[int]] = {}
    for index, run in enumerate(result.runs):
        groups.setdefault(type(run.optimizer).__name__, []).append(index)
    if len(groups) == 1 and 1 < len(result.runs) <= 8:
        names = [
            f"{optimizer_label(run.optimizer)}  lr = {rate_label(run.optimizer, result.problem)}"
            for run in result.runs
        ]
        return [(name, [index]) for index, name in enumerate(names)]
    return list(groups.items())


def _filling(window: Any, ax: Axes) -> Any:
    """Return the window widened along one axis, so that at equal scales it fills the axes."""
    box = ax.get_window_extent()
    (left, right), (bottom, top) = window
    wide, high = right - left, top - bottom
    need = box.width / box.height
    if wide / high < need:
        extra = (need * high - wide) / 2
        left, right = left - extra, right + extra
    else:
        extra = (wide / need - high) / 2
        bottom, top = bottom - extra, top + extra
    return (left, right), (bottom, top)


def _plotted(run: Run, window: Any) -> int:
    """Return how many points to draw: until the run has settled for good, or left the region for good."""
    count = len(run.history.x)
    settled: int | None = run.settled(1e-14 * max(abs(float(run.error[0])), 1.0))
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
