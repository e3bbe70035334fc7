"""Pictures of sweeps over two columns: maps of verdicts, with theory's border over them, and of errors.

They are reached as ``draw.map`` and ``draw.errors``.
"""

from typing import Any

import matplotlib.cm
import matplotlib.colors
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from optim import SGD, Momentum, Nesterov
from stepsize.analysis.diagnosis import VERDICTS
from stepsize.analysis.quadratic_theory import stability_limit
from stepsize.core.validation import require
from stepsize.draw.layout.sweep_axes import column_label, columns_of, is_geometric, narrow_log, title_of
from stepsize.draw.style import INK, TOO_LARGE, axes_or_new, style, verdict_shades
from stepsize.experiments.sweep.sweep import Sweep

__all__ = ["errors", "map"]

Array = np.ndarray[Any, Any]

# An error that many times the first start's has the colour of runs that diverged.
_GONE = 1e3
# How theory writes the border of convergence.
_BORDERS = {SGD: "2/L", Momentum: "(2 + 2 beta)/L", Nesterov: "(2 + 2 beta)/((1 + 2 beta) L)"}


def map(sweep: Sweep, x: str = "lr", y: str = "momentum", ax: Axes | None = None) -> Axes:  # noqa: A001  (draw.map)
    """Draw the verdict of every setting: blue crawls, green settled (the darker, the sooner), red diverged.

    Where theory knows the border of convergence (2/L, (2 + 2 beta)/L, ...) it is drawn over the map. Where
    several runs share a setting, their most frequent verdict is shown.

    Parameters
    ----------
    sweep : Sweep
        Of one optimizer, over a grid of x and y.
    x, y : str
        Columns of its table; ``problem.L`` and the like for several problems.
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
        shades = np.array([matplotlib.colors.to_rgb(verdict_shades(family)[0]) for family in families])
        picture = shades[code]
        done = np.isfinite(settled)
        greens = matplotlib.colors.LinearSegmentedColormap.from_list("", ["#00402c", "#009E73", "#c7ecdf"])
        norm = (
            matplotlib.colors.LogNorm(max(settled[done].min(), 1), max(settled[done].max(), 2))
            if done.any()
            else None
        )
        if norm is not None:
            picture[done] = greens(norm(np.maximum(settled[done], 1)))[:, :3]
        ax.pcolormesh(_edges(across), _edges(up), picture, rasterized=True)
        _scales(ax, across, up)
        marks = _border(sweep, x, y, across, up, ax)
        present = dict.fromkeys(families[k] for k in np.unique(code))
        others = [Patch(color=verdict_shades(name)[0], label=name) for name in present if name != VERDICTS[0]]
        ax.legend(handles=[*others, *marks], loc="upper left", bbox_to_anchor=(1.0, 1.0))
        if norm is not None:
            place = ax.inset_axes((1.05, 0.03, 0.04, 0.45))
            bar = ax.figure.colorbar(matplotlib.cm.ScalarMappable(norm, greens), cax=place)
            bar.set_label("settled at update")
            narrow_log(bar.ax.yaxis)
        ax.set(xlabel=column_label(x), ylabel=column_label(y), title=title_of(sweep))
    return ax


def errors(
    sweep: Sweep, x: str = "lr", y: str = "problem.size", ax: Axes | None = None, *, best: bool = True
) -> Axes:
    """Draw the error at the end over two columns, such as rate and batch size; each row's best is marked.

    Where several runs share a setting (seeds, starts), their median is shown; red is diverged, or beyond a
    thousand times the first start's error.

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
        far = _GONE * float(sweep.run(0).error[0])
        shown = np.ma.masked_invalid(np.where((final > 0) & (final < far), final, np.nan))
        norm = matplotlib.colors.LogNorm(shown.min(), shown.max()) if shown.count() else None
        ax.set_facecolor(TOO_LARGE[0])
        mesh = ax.pcolormesh(_edges(across), _edges(up), shown, norm=norm, cmap="viridis_r", rasterized=True)
        bar = ax.figure.colorbar(mesh, ax=ax, label="median error at the end")
        if norm is not None:
            narrow_log(bar.ax.yaxis)
        _scales(ax, across, up)
        if best:
            rows = np.isfinite(final).any(axis=1)
            place = np.where(np.isfinite(final), final, np.inf).argmin(axis=1)
            ax.plot(across[place][rows], up[rows], "o-", color="white", markeredgecolor=INK, markersize=4.5)
        ax.set(xlabel=column_label(x), ylabel=column_label(y), title=title_of(sweep))
    return ax


def _grid(sweep: Sweep, x: str, y: str) -> tuple[Array, Array, tuple[Array, Array]]:
    """Return the values of two columns, and for each run its row and column in their grid."""
    columns_of(sweep, x, y)
    for name in (x, y):
        require(sweep[name].dtype.kind in "fiu", name, sweep[name], "a column of numbers")
    across, i = np.unique(sweep[x], return_inverse=True)
    up, j = np.unique(sweep[y], return_inverse=True)
    for name, values in ((x, across), (y, up)):
        require(len(values) > 1, name, values, "a column with more than one value")
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


def _border(sweep: Sweep, x: str, y: str, across: Array, up: Array, ax: Axes) -> list[Any]:
    """Draw the border of convergence that theory knows; return its mark for the legend."""
    rule, several = sweep.design.optimizers[0], sweep.design.problems
    if len(sweep.design.optimizers) > 1 or "lr" not in (x, y) or type(rule) not in _BORDERS:
        return []
    other, values = (y, up) if x == "lr" else (x, across)
    if other.startswith("problem."):
        facts = {float(getattr(problem, other.partition(".")[2])): problem for problem in several}
        at = [(rule, facts[float(value)]) for value in values] if len(facts) == len(several) else []
    else:
        varied = [{other: float(value)} if other in rule.hypers() else {} for value in values]
        at = [(rule.replace(**change), several[0]) for change in varied] if len(several) == 1 else []
    if not at or not all(problem.L for _, problem in at):
        return []
    rates = np.array([stability_limit(who.replace(lr=1.0), problem.L) for who, problem in at])
    limits = ax.get_xlim(), ax.get_ylim()
    line = (rates, values) if x == "lr" else (values, rates)
    kind: Any = type(rule)
    label = f"theory: {_BORDERS[kind]}"
    marks = ax.plot(*line, color="black", linewidth=1.2, linestyle=(0, (4, 2)), label=label)
    ax.set(xlim=limits[0], ylim=limits[1])
    return list(marks)


def _edges(values: Array) -> Array:
    """Return the borders of the cells around ascending values, even where these are: in logs or not."""
    at = np.log(values) if is_geometric(values) else values
    middle = 0.5 * (at[1:] + at[:-1])
    edges = np.concatenate([[2 * at[0] - middle[0]], middle, [2 * at[-1] - middle[-1]]])
    return np.asarray(np.exp(edges) if is_geometric(values) else edges)


# So few values are ticks themselves.
_FEW = 9


def _scales(ax: Axes, across: Array, up: Array) -> None:
    for axis, values, scale in ((ax.xaxis, across, ax.set_xscale), (ax.yaxis, up, ax.set_yscale)):
        if is_geometric(values):
            scale("log")
        if len(values) <= _FEW:
            axis.set_ticks(values, [f"{value:.3g}" for value in values])
            axis.set_ticks([], minor=True)
