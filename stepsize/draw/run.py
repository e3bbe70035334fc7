"""Pictures of one run: all of it on one sheet, its projection onto a plane, its sharpness against 2/lr.

They are reached as ``draw.run``, ``draw.projection`` and ``draw.sharpness``.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from optim import Run
from stepsize.analysis.curvature_and_noise import Sharpness
from stepsize.analysis.diagnosis import diagnose, require_single_run
from stepsize.core.display import brief, counted
from stepsize.core.validation import require, require_a
from stepsize.draw.landscape import contours, landscape, level_lines
from stepsize.draw.layout.legend import marks_of
from stepsize.draw.layout.sweep_axes import narrow_log
from stepsize.draw.layout.words import wrapped
from stepsize.draw.style import COLORS, INK, Picture, axes_or_new, style
from stepsize.draw.trajectory import gap, held_out, path
from stepsize.draw.window import comparable, heights, levels_of, values_on, window_around
from stepsize.experiments.labels import optimizer_label, rate_label, thinned

__all__ = ["Projection", "plane", "projection", "run", "sharpness"]

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class Projection:
    """A run seen on the plane in which most of it lies.

    Attributes
    ----------
    center : ndarray of shape (d,)
        The last point, through which the plane goes.
    axes : ndarray of shape (2, d)
        Its two orthonormal directions, the principal components of the path about `center`.
    points : ndarray of shape (n, 2)
        The path on the plane (thinned to 2000 points; of a run that diverges its beginning).
    shares : (float, float)
        Which share of the path's sum of squares about `center` lies along each.
    off_plane : ndarray of shape (n,)
        By how much the loss of each point differs from the loss of its image on the plane: what the contours
        do not show.
    """

    center: Array
    axes: Array
    points: Array
    shares: tuple[float, float]
    off_plane: Array

    __repr__ = brief


def plane(run: Run) -> Projection:
    """Return the projection of a run onto its two principal directions.

    Raises
    ------
    ValueError
        For a batch, or a run of fewer than two dimensions or updates.
    """
    require_single_run(run)
    points = thinned(comparable(run.history.x), 2000)
    fine = points.shape[1] > 1 and len(points) > 1
    require(fine, "run", run.history.x, "at least two dimensions and one update to finite numbers")
    offsets = points - points[-1]
    _, sizes, directions = np.linalg.svd(offsets, full_matrices=False)
    directions = np.concatenate([directions, np.zeros((2, points.shape[1]))])[:2]
    squares = np.concatenate([sizes * sizes, [0.0, 0.0]])
    total = squares.sum() or 1.0
    on = offsets @ directions.T
    with np.errstate(all="ignore"):
        off = values_on(run.problem, points) - values_on(run.problem, points[-1] + on @ directions)
    return Projection(points[-1], directions, on, (float(squares[0] / total), float(squares[1] / total)), off)


def projection(run: Run, ax: Axes | None = None) -> Axes:
    """Draw a run of many dimensions on the plane of its two principal directions, and say what that hides.

    The contours are the loss on the plane; the path is beside it. The title gives the share of the path that
    lies in the plane, and how far the loss of the path is from that of its image, at the start and at most.
    """
    view = plane(run)
    with style():
        ax = axes_or_new(ax, 5.2, 4.0)
        low, high = view.points.min(axis=0), view.points.max(axis=0)
        margin = 0.15 * (float(np.max(high - low)) or 1.0)
        a, b = (np.linspace(u - margin, v + margin, 81) for u, v in zip(low, high, strict=True))
        grid = np.stack(np.meshgrid(a, b), axis=-1)
        loss = np.array([values_on(run.problem, view.center + row @ view.axes) for row in grid])
        height = heights(loss, run.problem.minimum)
        level_lines(ax, a, b, height, levels_of(height))
        ax.plot(*view.points.T, color=COLORS[0], linewidth=1.0, marker="o", markersize=2, markeredgewidth=0)
        ax.plot(*view.points[0], "o", color=INK, markersize=4.5)
        first, second = (100 * share for share in view.shares)
        worst = np.nanmax(np.abs(view.off_plane), initial=0.0)
        ax.set_title(
            f"{first + second:.1f} % of the path lies in this plane ({first:.1f} + {second:.1f});\n"
            "its loss differs from the contours\n"
            f"by {abs(view.off_plane[0]):.2g} at the start, {worst:.2g} at most",
            fontsize=8,
            fontweight="normal",
        )
        ax.set(xlabel="first principal direction", ylabel="second")
    return ax


def run(result: Run) -> Figure:
    """Return one sheet on a run: its path or projection, its error, its verdict, and what was held out.

    Raises
    ------
    ValueError
        For a batch.
    """
    require_single_run(result)
    with style():
        panels = 3 if result.has_held_out else 2
        picture = Picture(figsize=(4.5 * panels, 3.9), layout="constrained")
        left, right, *more = picture.subplots(1, panels)
        dim = result.history.x.shape[-1]
        window: Any = window_around([result]) if dim <= 2 else None
        if dim == 1:
            landscape(result.problem, left, window=window[0])
        elif dim == 2:
            contours(result.problem, left, window=window)
        if window is not None:
            path(result, left, window=window)
        elif len(comparable(result.history.x)) > 1:
            projection(result, left)
        else:
            left.set_axis_off()
            left.text(0.5, 0.5, "no update to finite numbers:\nno path to draw", ha="center", va="center")
        gap(result, right)
        for ax in more:
            held_out(result, ax)
            ax.autoscale_view()  # a key of the marks that are seen needs to know what is seen
            ax.legend(handles=marks_of([ax]), fontsize=8)
        found = diagnose(result)
        rate = rate_label(result.optimizer, result.problem)
        head = f"{optimizer_label(result.optimizer)}, lr {rate}, on {result.problem.formula}"
        if result.updates_before:  # the axes count from the very first update, the verdict does not
            head += f", continued after {counted(result.updates_before, 'update')} and judged from there"
        words = "\n".join(wrapped(f"{head}: {found}", 120))
        picture.suptitle(words, fontsize=9, x=0.01, ha="left")
    return picture


def sharpness(measured: Sharpness, ax: Axes | None = None) -> Axes:
    """Draw the largest eigenvalue of the Hessian along a run, and 2/lr, above which descent is unstable."""
    require_a(Sharpness, "measured", measured, "what sharpness returns")
    with style():
        ax = axes_or_new(ax)
        ax.plot(measured.at, measured.largest, color=COLORS[0], label="largest eigenvalue of the Hessian")
        ax.plot(measured.at, measured.limit, color=COLORS[1], linestyle="--", label="2 / lr")
        ax.set(xlabel="update", ylabel="curvature", yscale="log")
        narrow_log(ax.yaxis)
        ax.legend()
    return ax
