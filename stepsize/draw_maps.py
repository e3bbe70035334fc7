"""Pictures of sweeps: maps of verdicts and of errors, sensitivity curves, and what the finder found.

They are reached as ``draw.map``, ``draw.errors``, ``draw.sensitivity`` and ``draw.found_rate``.
"""

import textwrap
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from optim import SGD, Momentum, Nesterov
from stepsize.base.checks import refuse_unless
from stepsize.diagnosis import VERDICTS
from stepsize.draw import VERDICT_COLORS
from stepsize.draw_style import COLORS, INK, axes_or_new, style
from stepsize.finder import FoundRate
from stepsize.sweeps import Sweep
from stepsize.theory import stability_limit

__all__ = ["errors", "found_rate", "map", "sensitivity"]

Array = np.ndarray[Any, Any]

# Without one of them a comparison says little.
BASELINES = ("SGD", "Momentum", "Adam")

_BENEATH: dict[str, Any] = {
    "xycoords": "axes fraction",
    "textcoords": "offset points",
    "va": "top",
    "fontsize": 7,
    "color": INK,
}
_LABELS = {"lr": "rate", "problem.size": "batch size"}


def map(sweep: Sweep, x: str = "lr", y: str = "momentum", ax: Axes | None = None) -> Axes:  # noqa: A001  (draw.map)
    """Draw the verdict of every setting: blue crawls, green settled (the darker, the sooner), red diverged.

    Where theory knows the border of convergence (2/L, (2 + 2 beta)/L, ...) it is drawn over the map. Where
    several runs share a setting, their most frequent verdict is shown.

    Parameters
    ----------
    sweep : Sweep
        Of one optimizer, over a grid of x and y.
    x, y : str
        Columns of its table.
    ax : Axes, optional
        Where to draw.

    Raises
    ------
    ValueError
        If the columns are not numbers, or not every pair was run.
    """
    across, up, cell = _grid(sweep, x, y)
    shape = len(up), len(across)
    counts = np.zeros((*shape, len(VERDICTS)), int)
    np.add.at(counts, (*cell, sweep.outcome["verdict"]), 1)
    code = counts.argmax(axis=-1)
    with np.errstate(all="ignore"):
        settled = _medians(np.where(np.isnan(sweep["settled"]), np.inf, sweep["settled"]), cell, shape)
    with style():
        ax = axes_or_new(ax, 5.6, 3.8)
        families = [verdict.partition(",")[0] for verdict in VERDICTS]
        shades = np.array([mpl.colors.to_rgb(VERDICT_COLORS[family][0]) for family in families])
        picture = shades[code]
        done = np.isfinite(settled)
        greens = mpl.colors.LinearSegmentedColormap.from_list("", ["#00402c", "#009E73", "#c7ecdf"])
        norm = (
            mpl.colors.LogNorm(max(settled[done].min(), 1), max(settled[done].max(), 2))
            if done.any()
            else None
        )
        if norm is not None:
            picture[done] = greens(norm(np.maximum(settled[done], 1)))[:, :3]
        ax.pcolormesh(across, up, picture, shading="nearest", rasterized=True)
        _scales(ax, across, up)
        marks = _border(sweep, x, y, across, up, ax)
        seen = dict.fromkeys(families[k] for k in np.unique(code))
        others = [Patch(color=VERDICT_COLORS[name][0], label=name) for name in seen if name != "settled"]
        ax.legend(handles=[*others, *marks], loc="upper left", bbox_to_anchor=(1.0, 1.0))
        if norm is not None:
            place = ax.inset_axes((1.05, 0.03, 0.04, 0.45))
            bar = ax.figure.colorbar(mpl.cm.ScalarMappable(norm, greens), cax=place)
            bar.set_label("settled at update")
        ax.set(xlabel=_label(x), ylabel=_label(y), title=_title(sweep))
    return ax


def errors(
    sweep: Sweep, x: str = "lr", y: str = "problem.size", ax: Axes | None = None, *, best: bool = True
) -> Axes:
    """Draw the error at the end over two columns, such as rate and batch size; each row's best is marked.

    Where several runs share a setting (seeds, starts), their median is shown; red is diverged.

    Parameters
    ----------
    sweep : Sweep
        Over a grid of x and y; a column ``problem.NAME`` is a parameter of the problems.
    x, y : str
        Columns of its table.
    ax : Axes, optional
        Where to draw.
    best : bool
        Whether to mark the lowest error of each row.
    """
    across, up, cell = _grid(sweep, x, y)
    final = _medians(sweep["final"], cell, (len(up), len(across)))
    with style():
        ax = axes_or_new(ax, 5.4, 3.8)
        shown = np.ma.masked_invalid(np.where(final > 0, final, np.nan))
        norm = mpl.colors.LogNorm(shown.min(), shown.max()) if shown.count() else None
        ax.set_facecolor(VERDICT_COLORS["diverged"][0])
        mesh = ax.pcolormesh(
            across, up, shown, norm=norm, cmap="viridis_r", shading="nearest", rasterized=True
        )
        ax.figure.colorbar(mesh, ax=ax, label="median error at the end")
        _scales(ax, across, up)
        if best:
            rows = np.isfinite(final).any(axis=1)
            place = np.where(np.isfinite(final), final, np.inf).argmin(axis=1)
            ax.plot(across[place][rows], up[rows], "o-", color="white", markeredgecolor=INK, markersize=4.5)
        ax.set(xlabel=_label(x), ylabel=_label(y), title=_title(sweep))
    return ax


def sensitivity(sweep: Sweep, x: str = "lr", ax: Axes | None = None, *, y: str = "final") -> Axes:
    """Draw the error at the end against a parameter, a curve an optimizer, with bands over seeds and starts.

    A fair comparison: all have the same budget, the grid is declared beneath, a baseline is in, other
    parameters are at their best for each value of x, and the caption says all of it. The best of each curve
    is marked.

    Parameters
    ----------
    sweep : Sweep
        Of several optimizers, SGD, Momentum or Adam among them.
    x : str
        The parameter.
    ax : Axes, optional
        Where to draw.
    y : str
        What is drawn: "final" or "best".

    Raises
    ------
    ValueError
        If no baseline is among the optimizers.
    """
    names = list(dict.fromkeys(sweep["optimizer"].tolist()))
    baselines = [name for name in names if name.partition("(")[0] in BASELINES]
    refuse_unless(bool(baselines), "sweep", names, "a baseline among the optimizers: SGD, Momentum or Adam")
    values = np.unique(sweep[x])
    start = float(sweep.run(0).error[0])
    with style():
        ax = axes_or_new(ax, 5.4, 3.9)
        for place, name in enumerate(names):
            curve = np.minimum([_tuned(sweep, name, x, value, y) for value in values], 30 * start)
            color = COLORS[place % len(COLORS)]
            fine = (curve[:, 1] < 30 * start) & (curve[:, 1] > 0)
            ax.plot(values[fine], curve[fine, 1], color=color, label=name, linewidth=1.4)
            ax.fill_between(
                values[fine], curve[fine, 0], curve[fine, 2], color=color, alpha=0.18, linewidth=0
            )
            if fine.any():
                best = np.flatnonzero(fine)[curve[fine, 1].argmin()]
                ax.plot(values[best], curve[best, 1], "o", color=color, markeredgecolor="white", markersize=6)
        ax.set(xlabel=_label(x), ylabel="error at the end" if y == "final" else "lowest error", yscale="log")
        if _is_geometric(values):
            ax.set_xscale("log")
        ax.grid(axis="y")
        ax.legend()
        ax.set_title(_title(sweep, who=False))
        words = "\n".join(textwrap.wrap(caption(sweep, x, values, baselines), 80))
        ax.annotate(words, (0, 0), (0, -34), **_BENEATH)
    return ax


def caption(sweep: Sweep, x: str, values: Array, baselines: list[str]) -> str:
    """Return what a reader must know to judge a comparison."""
    others = [name for name in sweep.design.values if name != x]
    tuned = "nothing else tuned"
    if others:
        grid = ", ".join(f"{name} of {len(sweep.design.values[name])}" for name in others)
        tuned = f"at each point the best of: {grid}"
    starts = max(len(starts) for starts in sweep.design.starts)
    seeds = sweep.design.seeds
    several = "One deterministic run each"
    if starts > 1 or seeds != (None,):
        among = [f"{starts} starts"] * (starts > 1) + [f"{len(seeds)} seeds"] * (seeds != (None,))
        several = f"Line: median, band: 10 to 90 % of {' x '.join(among)}"
    return (
        f"Equal budgets: {sweep.steps} updates. Grid: {len(values)} values of {x} from {values[0]:.3g} to "
        f"{values[-1]:.3g}, the same for all; {tuned}. {several}. Baselines: {', '.join(baselines)}. "
        "Where the median ends above 30 times the first start, the curve is cut."
    )


def found_rate(found: FoundRate, ax: Axes | None = None, *, counts: tuple[int, ...] = ()) -> Axes:
    """Draw the error at the end against the rate, with the best rate, the edge and what theory says.

    Parameters
    ----------
    found : FoundRate
        From `find_lr`.
    ax : Axes, optional
        Where to draw.
    counts : sequence of int
        Draw what the popular finders say, too, for ramps of these lengths.
    """
    with style():
        ax = axes_or_new(ax, 7.4 if counts else 6.4, 3.6)
        low, middle, high = np.quantile(found.errors, [0.1, 0.5, 0.9], axis=1, method="nearest")
        floor = max(np.min(middle[middle > 0], initial=1.0) * 0.3, 1e-300)
        fine = middle < 1e3 * middle[0]
        high = np.minimum(high, 1e3 * middle[0])
        ax.fill_between(
            found.rates[fine], np.maximum(low, floor)[fine], np.maximum(high, floor)[fine], alpha=0.2
        )
        ax.loglog(found.rates[fine], np.maximum(middle, floor)[fine], color=COLORS[0], linewidth=1.3)
        ax.axvspan(
            found.low, found.high, color=COLORS[2], alpha=0.2, linewidth=0, label="at least 90 % as fast"
        )
        ax.axvline(found.best, color=COLORS[2], linewidth=1.2, label=f"best {found.best:.3g}")
        if np.isfinite(found.edge):
            ax.axvline(found.edge, color=COLORS[1], linewidth=1.2, label=f"edge {found.edge:.4g}")
        for (name, value), dots in zip(found.known.items(), ((0, (4, 2)), (0, (1, 1.5))), strict=False):
            ax.axvline(value, color=INK, linestyle=dots, linewidth=1.0, label=f"theory: {name} = {value:.3g}")
        left = found.best / 1e3
        if counts:
            left = min(left, _classical(found, counts, ax))
        edge = found.edge if np.isfinite(found.edge) else found.rates[-1]
        inside = fine & (found.rates > left) & (found.rates < 3 * edge)
        most = middle[inside & (found.rates < 1.02 * edge)].max()
        ax.set(
            xlim=(left, 3 * edge), ylim=(max(np.maximum(middle, floor)[inside].min() / 3, floor), 5 * most)
        )
        ax.set(xlabel="rate", ylabel="error at the end", title=found.lines()[0])
        ax.title.set_fontsize(8.5)
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return ax


def _classical(found: FoundRate, counts: tuple[int, ...], ax: Axes) -> float:
    """Draw the answers of the popular finders as marks at the foot; return the lowest."""
    said = found.classical(counts)
    for row, (name, rates) in enumerate(said.items()):
        y = np.full(len(rates), 0.04 + 0.05 * row)
        ax.plot(
            rates,
            y,
            "|-",
            color=COLORS[(3 + row) % len(COLORS)],
            linewidth=0.6,
            markersize=6,
            transform=ax.get_xaxis_transform(),
            label=f"{name}, ramps of {counts[0]} to {counts[-1]}",
        )
    return float(np.nanmin([rate for rates in said.values() for rate in rates])) / 2


def _grid(sweep: Sweep, x: str, y: str) -> tuple[Array, Array, tuple[Array, Array]]:
    """Return the values of two columns, and for each run its row and column in their grid."""
    for name in (x, y):
        refuse_unless(sweep[name].dtype.kind in "fiu", name, sweep[name], "a column of numbers")
    across, i = np.unique(sweep[x], return_inverse=True)
    up, j = np.unique(sweep[y], return_inverse=True)
    for name, values in ((x, across), (y, up)):
        refuse_unless(len(values) > 1, name, values, "a column with more than one value")
    pairs = len(np.unique(i * len(up) + j))
    if pairs != len(across) * len(up):
        raise ValueError(
            f"sweep: got {pairs} of the {len(across) * len(up)} pairs of {x} and {y}, expected a whole grid"
        )
    return across, up, (j, i)


def _medians(values: Array, cell: tuple[Array, Array], shape: tuple[int, int]) -> Array:
    """Return the median of the values in each cell."""
    flat = cell[0] * shape[1] + cell[1]
    order = np.lexsort((values, flat))
    ends = np.searchsorted(flat[order], np.arange(shape[0] * shape[1] + 1))
    middle = values[order]
    low, high = (ends[:-1] + ends[1:] - 1) // 2, (ends[:-1] + ends[1:]) // 2
    return np.asarray((0.5 * (middle[low] + middle[high])).reshape(shape))


def _tuned(sweep: Sweep, name: str, x: str, value: float, y: str) -> Array:
    """Return the 10, 50 and 90 % quantiles of an optimizer at x, at the best of its other parameters."""
    mine = (sweep["optimizer"] == name) & (sweep[x] == value)
    settings = sweep.design.index[mine, 4:]
    _, which = np.unique(settings, axis=0, return_inverse=True)
    error = sweep[y][mine]
    bands = [
        np.quantile(error[which.ravel() == k], [0.1, 0.5, 0.9], method="nearest")
        for k in range(which.max() + 1)
    ]
    return np.asarray(min(bands, key=lambda band: band[1]))


def _border(sweep: Sweep, x: str, y: str, across: Array, up: Array, ax: Axes) -> list[Any]:
    """Draw the border of convergence that theory knows; return its mark for the legend."""
    rule, problem = sweep.design.optimizers[0], sweep.design.problems[0]
    alone = len(sweep.design.optimizers) == len(sweep.design.problems) == 1
    if not alone or "lr" not in (x, y):
        return []
    other, values = (y, up) if x == "lr" else (x, across)
    if not problem.L or type(rule) not in (SGD, Momentum, Nesterov):
        return []
    varied = [{other: float(value)} if other in rule.hypers() else {} for value in values]
    rates = np.array([stability_limit(rule.replace(lr=1.0, **change), problem.L) for change in varied])
    limits = ax.get_xlim(), ax.get_ylim()
    line = (rates, values) if x == "lr" else (values, rates)
    marks = ax.plot(*line, color="black", linewidth=1.2, linestyle=(0, (4, 2)), label="theory's border")
    ax.set(xlim=limits[0], ylim=limits[1])
    return list(marks)


def _scales(ax: Axes, across: Array, up: Array) -> None:
    if _is_geometric(across):
        ax.set_xscale("log")
    if _is_geometric(up):
        ax.set_yscale("log")


def _is_geometric(values: Array) -> bool:
    return bool(values[0] > 0 and values[-1] / values[0] > 20)


def _label(column: str) -> str:
    return _LABELS.get(column, column.removeprefix("problem."))


def _title(sweep: Sweep, who: bool = True) -> str:
    problems = sweep.design.problems
    where = problems[0].formula if len(problems) == 1 else type(problems[0]).__name__
    names = f"{', '.join(dict.fromkeys(sweep['optimizer'].tolist()))} on " if who else ""
    return f"{names}{where}, {sweep.steps} updates"
