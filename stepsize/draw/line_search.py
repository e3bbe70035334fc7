"""Pictures of line searches: what a search saw of its line, and what mini-batches do to one."""

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from optim import Run
from optim.user_functions import guarded
from problems import MiniBatch
from schedules import ExactSearch, Line, LineSearchResult
from stepsize.analysis.line_scan import line_of, local_minima, scan, sign_changes
from stepsize.core.validation import require_a
from stepsize.draw.style import COLORS, INK, axes_or_new, figure, style

__all__ = ["line", "sampling", "searches"]

Array = np.ndarray[Any, Any]
_BLUE, _RED, _GREEN, _PINK, _SKY, _AMBER, _ = COLORS
_GREY = "#8d99a3"


def line(run: Run, n: int = 0, ax: Axes | None = None, *, reach: float | None = None) -> Axes:
    r"""Draw how the line search of update n went: the line, the trials in their order, and the step.

    The curve is the problem's own :math:`\varphi(\alpha) = f(x - \alpha d)`, for static mini-batches that of
    the batch; under dynamic sampling the trials lie off it, each on a batch of its own. A bar through a trial
    is the slope there. Where the search has conditions on the curve, the steps that satisfy them are shaded
    and Armijo's line is dashed. What a search believes of its line is blue: PAL's parabola, the posterior of
    a probabilistic search with two standard deviations; then the curve at the foot is its probability of the
    Wolfe conditions, from 0 to 1, with the threshold.

    Parameters
    ----------
    run : Run
        A run whose rate is a line search.
    n : int
        The update.
    ax : Axes, optional
        Where to draw.
    reach : float, optional
        The longest step that is shown; by default a little beyond the longest trial near the step.
    """
    searched, found = line_of(run, n)
    search, belief = run.optimizer.lr, searched.belief
    with style():
        ax = axes_or_new(ax, 5.2, 3.4)
        top = _reach(searched, found) if reach is None else reach
        alphas = np.linspace(0.0, top, 401)
        curve, slopes = _curve(searched, alphas)
        whole = searched.sampling == "dynamic"
        if not whole:
            _conditions(ax, searched, search, alphas, curve, slopes)
        ax.plot(alphas, curve, color=_GREY, linewidth=1.2, zorder=2, label="whole problem" if whole else None)
        if belief is not None:
            show_belief(ax, belief, alphas, getattr(search, "threshold", None))
        _frame(ax, searched, curve, top)
        _trials(ax, searched, found, top)
        ax.set(xlim=(-0.02 * top, top), xlabel=r"step $\alpha$", ylabel=r"$\varphi(\alpha)$")
        ax.ticklabel_format(axis="x", style="sci", scilimits=(-2, 4), useMathText=True)
        ax.set_title(f"{type(search).__name__}, update {n}:\n{found.status} at {found.alpha:.3g}")
        if ax.get_legend_handles_labels()[1]:
            ax.legend(loc="best", handlelength=1.5)
    return ax


def _reach(searched: Line, found: LineSearchResult) -> float:
    """Return the end of the picture: beyond the step and those trials that are not very far out."""
    looked = [t.alpha for t in searched.trials if t.alpha > 0]
    near = found.alpha or min(looked, default=1.0)
    return 1.15 * max([a for a in looked if a <= 6 * near] + [near])


def _curve(searched: Line, alphas: Array) -> tuple[Array, Array]:
    """Return values and slopes of the line without dynamic noise: of the whole problem, or the batch."""
    problem = searched.problem if searched.sampling == "dynamic" else searched.objective
    points = searched.x - alphas[:, None] * searched.d
    with np.errstate(all="ignore"):
        values, gradients = guarded(problem).value_and_grad(points)
    return np.asarray(values), -(gradients @ searched.d)


def _conditions(ax: Axes, searched: Line, search: Any, alphas: Array, curve: Array, slopes: Array) -> None:
    """Shade the steps that the search would accept, and draw Armijo's line."""
    c1 = getattr(search, "c1", getattr(search, "c", getattr(search, "delta", None)))
    c2 = getattr(search, "c2", None)
    good = np.ones(len(alphas), dtype=bool)
    if c1 is not None:
        armijo = searched.phi0 + c1 * alphas * searched.slope0
        ax.plot(alphas, armijo, color=_AMBER, linewidth=1.0, linestyle=(0, (4, 2)), zorder=2, label="Armijo")
        good &= curve <= armijo
    if c2 is not None:
        good &= np.abs(slopes) <= -c2 * searched.slope0
    elif hasattr(search, "sigma"):
        good &= slopes >= search.sigma * searched.slope0
    if c1 is not None or c2 is not None:
        across = ax.get_xaxis_transform()
        ax.fill_between(
            alphas,
            0,
            1,
            where=good,
            color=_GREEN,
            alpha=0.13,
            linewidth=0,
            transform=across,
            label="acceptable",
        )


def _frame(ax: Axes, searched: Line, curve: Array, top: float) -> None:
    """Show the curve up to a little above its start, and the trials that are not far above it."""
    finite = curve[np.isfinite(curve)]
    low = min(float(finite.min()), searched.phi0)
    seen = [t.f for t in searched.trials if t.f is not None and t.finite and t.alpha <= top]
    high = max(searched.phi0, float(curve[0]), float(np.quantile(finite, 0.9)))
    room = 0.25 * (high - low) or 1.0
    low, high = (
        min([low, *(f for f in seen if f > low - 2 * room)]),
        max([high, *(f for f in seen if f < high + 2 * room)]),
    )
    ax.set_ylim(low - 0.35 * (high - low), high + 0.2 * (high - low))


def _trials(ax: Axes, searched: Line, found: LineSearchResult, top: float) -> None:
    """Mark every trial with its number and its slope; a trial above the picture sits at its edge."""
    bottom, ceiling = ax.get_ylim()
    beyond: list[int] = []
    numbered: list[tuple[float, float]] = []
    for index, trial in enumerate(searched.trials):
        if trial.alpha > top:
            beyond.append(index)
            continue
        f = float(_curve(searched, np.array([trial.alpha]))[0][0]) if trial.f is None else trial.f
        inside = math.isfinite(f) and bottom <= f <= ceiling
        y = f if inside else ceiling
        if inside and trial.slope is not None and math.isfinite(trial.slope):
            half = 0.05 * top / math.hypot(1.0, 1.6 * trial.slope * top / (ceiling - bottom))
            ends = np.array([-half, half])  # a bar of the same length on the page, whatever its slope
            ax.plot(trial.alpha + ends, y + trial.slope * ends, color=_RED, linewidth=1.0, zorder=3)
        size = 6.5 if index > 0 and trial.alpha == found.alpha else 4.0
        color, marker = INK if index == 0 else _RED, "o" if inside else "^"
        ax.plot(trial.alpha, y, marker, color=color, markersize=size, clip_on=False, zorder=5)
        spot = trial.alpha / top, y / (ceiling - bottom)
        if index > 0 and all(math.dist(spot, other) > 0.03 for other in numbered):
            numbered.append(spot)
            up = 7 if inside else -12
            ax.annotate(
                str(index),
                (trial.alpha, y),
                xytext=(0, up),
                textcoords="offset points",
                ha="center",
                fontsize=8,
            )
    ax.axvline(found.alpha, color=_RED, linewidth=0.8, linestyle=":", zorder=1)
    if beyond:
        span = f"trial {beyond[0]}" if len(beyond) == 1 else f"trials {beyond[0]} to {beyond[-1]}"
        ax.annotate(
            f"{span} further out \u2192",
            (0.99, 0.02),
            xycoords="axes fraction",
            ha="right",
            fontsize=8,
            color=INK,
            path_effects=[withStroke(linewidth=2.5, foreground="white")],
            zorder=8,
        )


def show_belief(ax: Axes, belief: Any, alphas: Array, threshold: float | None) -> None:
    """Draw a model of the line: its mean and, of a probabilistic one, band and probability."""
    mean = np.array([belief.mean(a) for a in alphas])
    if threshold is None:
        ax.plot(alphas, mean, color=_BLUE, linewidth=1.2, linestyle=(0, (4, 2)), zorder=3, label="parabola")
        return
    width = 2 * np.array([belief.deviation(a) for a in alphas])
    ax.fill_between(alphas, mean - width, mean + width, color=_BLUE, alpha=0.13, linewidth=0, zorder=0)
    ax.plot(alphas, mean, color=_BLUE, linewidth=1.3, zorder=3, label="posterior, 2 deviations")
    share, across = 0.2, ax.get_xaxis_transform()
    p = np.array([belief.probability(a) if a > 0 else 0.0 for a in alphas])
    ax.fill_between(alphas, 0, share * p, color=_GREEN, alpha=0.25, linewidth=0, transform=across)
    ax.plot(alphas, share * p, color=_GREEN, linewidth=1.0, transform=across, label="P(Wolfe), 0 to 1")
    level = [share * threshold] * 2
    ax.plot(alphas[[0, -1]], level, color=_GREEN, linewidth=0.8, linestyle=":", transform=across)


def sampling(
    problem: Any,
    x: Any = None,
    d: Any = None,
    ax: Axes | None = None,
    *,
    reach: float | None = None,
    points: int = 101,
) -> Axes:
    """Draw one direction as static and as dynamic mini-batches show it.

    The whole loss is grey. One batch for all points (static, blue) is smooth, with its own minimum. A fresh
    one at every point (dynamic, red) has local minima everywhere, the small dots; its slopes change from
    minus to plus only near the minimum, the ticks at the foot.

    Parameters
    ----------
    problem : MiniBatch or AdditiveNoise
        What is sampled; its own kind of sampling does not matter.
    x : sequence of float, optional
        The point; the problem's start by default.
    d : sequence of float, optional
        The direction, which is subtracted; the gradient of the whole problem by default.
    ax : Axes, optional
        Where to draw.
    reach : float, optional
        The longest step; twice the exact one by default.
    points : int
        How many steps are looked at.
    """
    require_a(
        MiniBatch, "problem", problem, "a problem with mini-batches, such as MiniBatch(BreastCancer(), 32)"
    )
    whole = problem.replace(sampling="full")
    x = np.array(whole.x0 if x is None else x, dtype=float)
    d = whole.grad(x) if d is None else np.asarray(d, dtype=float)
    with style():
        ax = axes_or_new(ax, 5.2, 3.4)
        exact = ExactSearch()(Line(whole, x, d), None).alpha
        top = 2 * exact if reach is None else reach
        alphas = np.linspace(0.0, top, points)
        ax.plot(alphas, scan(whole, x, d, alphas)[0], color=_GREY, linewidth=2.2, label="whole", zorder=1)
        across = ax.get_xaxis_transform()
        for row, (kind, color) in enumerate((("dynamic", _RED), ("static", _BLUE))):
            f, slopes = scan(problem.replace(sampling=kind), x, d, alphas)
            ax.plot(alphas, f, color=color, linewidth=0.8 if row == 0 else 1.4, alpha=0.9, zorder=2 + row)
            low, change = local_minima(f), sign_changes(slopes)
            ax.plot(alphas[low], f[low], "o", color=color, markersize=2.8, markeredgewidth=0, zorder=4)
            words = f"{kind}: {_count(len(low), 'local minimum', 'local minima')}, " + _count(
                len(change), "change of sign", "changes of sign"
            )
            foot = np.full(len(change), 0.03 + 0.05 * row)
            where = (alphas[change] + alphas[np.minimum(change + 1, points - 1)]) / 2
            ax.plot(where, foot, "|", color=color, markersize=6, markeredgewidth=1.2, transform=across)
            ax.plot([], [], color=color, label=words)
        bottom, ceiling = ax.get_ylim()
        ax.set_ylim(bottom - 0.14 * (ceiling - bottom), ceiling)
        ax.set(xlim=(0, top), xlabel=r"step $\alpha$", ylabel=r"$\varphi(\alpha)$")
        ax.legend(loc="upper center", handlelength=1.5)
    return ax


def searches(runs: Sequence[Run], n: int | None = None) -> Figure:
    """Return the picture of some runs with line searches: losses, steps, and one line of each.

    Parameters
    ----------
    runs : sequence of Run
        On one problem, perhaps sampled in different ways.
    n : int, optional
        The update whose line is drawn; by default that of each run with the most trials.
    """
    require_a((list, tuple), "runs", runs, "a list of runs, as minimize returns them")
    for run in runs:
        require_a(Run, "runs", run, "runs, as minimize returns them")
    sampled = next((run.problem for run in runs if run.problem.varies), None)
    columns = 3 if sampled is not None or len(runs) > 2 else 2
    rows = 1 + math.ceil(len(runs) / columns)
    picture = figure(4.4 * columns, 3.1 * rows)
    with style():
        cells = [picture.add_subplot(rows, columns, i + 1) for i in range(columns + len(runs))]
        for run, color in zip(runs, itertools.cycle(COLORS), strict=False):
            _progress(run, cells[0], color)
            steps = np.where(run.history.lr > 0, run.history.lr, np.nan)
            cells[1].plot(np.arange(run.nit), steps, ".", color=color, markersize=2.5)
        cells[0].legend(loc="best", handlelength=1.5)
        cells[1].set(xlabel="update", ylabel=r"step $\alpha$", yscale="log", title="Steps")
        if columns == 3:
            if sampled is not None:
                sampling(sampled, runs[0].history.x[0], ax=cells[2])
                cells[2].set_title("The first line, sampled in two ways")
            else:
                cells[2].axis("off")
        for run, cell in zip(runs, cells[columns:], strict=True):
            line(run, int(np.argmax(_trials_of(run))) if n is None else n, cell)
    return picture


def _progress(run: Run, ax: Axes, color: str) -> None:
    """Draw the loss of the whole problem against the evaluations that were spent on it."""
    per_update = _trials_of(run) + (getattr(run.problem, "sampling", "full") == "static")
    spent = 1 + np.concatenate([[0], np.cumsum(per_update)])
    keep = np.unique(np.linspace(0, run.nit, 400).round().astype(int))
    loss = guarded(run.problem).fun(run.history.x[keep])
    minimum = run.problem.minimum
    gap = loss - minimum if minimum is not None else loss
    with np.errstate(invalid="ignore"):
        gap = np.where(gap > 0, gap, np.nan)
    ax.semilogy(spent[keep], gap, color=color, linewidth=1.3, label=repr(run.optimizer.lr))
    ax.set(xlabel="evaluations", ylabel="loss" if minimum is None else "gap  $f - f^*$", title="Loss")
    ax.grid(axis="y")


def _trials_of(run: Run) -> Array:
    if run.history.n_trials is None:
        raise TypeError(f"run: got one with lr = {run.optimizer.lr!r}, expected one with a line search")
    return run.history.n_trials


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
