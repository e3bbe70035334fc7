"""Pictures of the error against the rate: how sensitive optimizers are, and what the finder found.

They are reached as ``draw.sensitivity`` and ``draw.found_rate``.
"""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from stepsize.core.display import counted
from stepsize.core.validation import require, require_a
from stepsize.draw.layout.sweep_axes import column_label, columns_of, is_geometric, title_of
from stepsize.draw.layout.words import wrapped
from stepsize.draw.style import COLORS, INK, axes_or_new, style
from stepsize.experiments.lr_finder.find_lr import FoundRate
from stepsize.experiments.sweep.sweep import Sweep

__all__ = ["found_rate", "sensitivity"]

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
    (column,) = columns_of(sweep, x)
    require(y in ("final", "best"), "y", y, "'final' or 'best'")
    require(column.dtype.kind in "fiu", x, column, "a column of numbers")
    names = list(dict.fromkeys(sweep["optimizer"].tolist()))
    lacking = [name for name in names if np.isnan(column[sweep["optimizer"] == name]).all()]
    require(not lacking, "sweep", lacking, f"optimizers that have {x}")
    baselines = [name for name in names if name.partition("(")[0] in BASELINES]
    require(bool(baselines), "sweep", names, "a baseline among the optimizers: SGD, Momentum or Adam")
    values = np.unique(column)
    start = float(sweep.run(0).error[0])
    with style():
        ax = axes_or_new(ax, 7.0, 3.9)
        for place, name in enumerate(names):
            curve = np.minimum([_tuned(sweep, name, x, value, y) for value in values], 30 * start)
            color = COLORS[place % len(COLORS)]
            fine = (curve[:, 1] < 30 * start) & (curve[:, 1] > 0)
            best = np.flatnonzero(fine)[curve[fine, 1].argmin()] if fine.any() else None
            label = (
                f"{name}: nothing ends on the picture"
                if best is None
                else f"{name}, best at {values[best]:.2g}"
            )
            ax.plot(values[fine], curve[fine, 1], color=color, label=label, linewidth=1.4)
            ax.fill_between(
                values[fine], curve[fine, 0], curve[fine, 2], color=color, alpha=0.18, linewidth=0
            )
            if best is not None:
                ax.plot(values[best], curve[best, 1], "o", color=color, markeredgecolor="white", markersize=6)
        ax.set(
            xlabel=column_label(x),
            ylabel="error at the end" if y == "final" else "lowest error",
            yscale="log",
        )
        if is_geometric(values):
            ax.set_xscale("log")
        ax.grid(axis="y")
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
        ax.set_title(title_of(sweep, who=False))
        words = "\n".join(wrapped(caption(sweep, x, values, baselines), 80))
        ax.annotate(words, (0, 0), (0, -34), **_BENEATH)
    return ax


def caption(sweep: Sweep, x: str, values: Array, baselines: list[str]) -> str:
    """Return what a reader must know to judge a comparison."""
    others = [name for name in sweep.design.values if name != x]
    tuned = "nothing else tuned"
    if others:
        grid = "; ".join(f"{name} {_listed(sweep.design.values[name])}" for name in others)
        tuned = f"at each point the best of: {grid}"
    starts = max(len(starts) for starts in sweep.design.starts)
    seeds = sweep.design.seeds
    several = "One deterministic run each"
    if starts > 1 or seeds != (None,):
        among = [f"{starts} starts"] * (starts > 1) + [counted(len(seeds), "seed")] * (seeds != (None,))
        several = f"Line: median, band: 10 to 90 % of {' x '.join(among)}"
    budget = counted(sweep.steps, "update")
    return (
        f"Equal budgets: {budget}. Grid: {len(values)} values of {x} from {values[0]:.3g} to "
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
    require_a(FoundRate, "found", found, "what find_lr returns")
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
        good = "at least 90 % as fast" if found.as_fast >= 0.9 else "equal within the jitter"
        ax.axvspan(found.low, found.high, color=COLORS[2], alpha=0.2, linewidth=0, label=good)
        ax.axvline(found.best, color=COLORS[2], linewidth=1.2, label=f"best {found.best:.3g}")
        if np.isfinite(found.edge):
            ax.axvline(found.edge, color=COLORS[1], linewidth=1.2, label=f"edge {found.edge:.4g}")
        elif found.ends_below:
            after = f"after {counted(found.edge_steps, 'update')}"
            words = f"no edge: {after}, from {found.first_above:.3g}\non some rates end above the start"
            ax.plot([], [], " ", label=words)
        if found.solved is not None:
            ax.plot([], [], " ", label="flat: the floor of rounding")
        for (name, value), dots in zip(found.known.items(), ((0, (4, 2)), (0, (1, 1.5))), strict=False):
            ax.axvline(value, color=INK, linestyle=dots, linewidth=1.0, label=f"theory: {name} = {value:.3g}")
        edge = found.edge if np.isfinite(found.edge) else found.rates[-1]
        left, right = found.best / 50, 2 * edge
        inside = fine & (found.rates >= min(left, found.best)) & (found.rates <= right)
        top = 5 * middle[inside & (found.rates < 1.02 * edge)].max()
        bottom = max(np.maximum(middle, floor)[inside].min() / 3, floor)
        if counts:
            said = _classical(found, counts, ax)
            left, right = min(left, said[0] / 2), max(right, 2 * said[1])
            bottom *= (bottom / top) ** (_FOOT / (1 - _FOOT))
        ax.set(xlim=(left, right), ylim=(bottom, top))
        ax.set(xlabel="rate", ylabel="error at the end", title="\n".join(wrapped(found.lines()[0], 72)))
        ax.title.set_fontsize(8.5)
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return ax


# The share of the picture beneath the curve that the popular finders have for themselves.
_FOOT = 0.3
_ROWS = ("#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8a5f00")


def _classical(found: FoundRate, counts: tuple[int, ...], ax: Axes) -> tuple[float, float]:
    """Draw the answers of the popular finders as marks at the foot; return the lowest and the highest."""
    said = found.classical(counts)
    sizes = np.linspace(9.0, 36.0, len(counts))
    for row, (name, rates) in enumerate(said.items()):
        y = np.full(len(rates), _FOOT - 0.05 * (row + 1))
        place: dict[str, Any] = {"transform": ax.get_xaxis_transform(), "color": _ROWS[row % len(_ROWS)]}
        ax.plot(rates, y, linewidth=0.6, **place)
        ax.scatter(rates, y, s=sizes, linewidths=0, label=name, **place)
    ax.plot([], [], " ", label=f"on ramps of {', '.join(map(str, counts))}:\nthe larger the longer")
    every = [rate for rates in said.values() for rate in rates if np.isfinite(rate)]
    return min(every, default=found.best), max(every, default=found.best)


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


def _listed(values: Any) -> str:
    """Return a few values each, of many how many and from where to where."""
    if len(values) > 4 and isinstance(values, np.ndarray):
        return f"at {len(values)} values from {values.min():.3g} to {values.max():.3g}"
    if len(values) > 4:
        return f"at {len(values)} values"
    return ", ".join(f"{v:.3g}" if isinstance(v, float) else str(v) for v in values)
