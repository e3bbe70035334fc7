"""Pictures of one run: all of it on one sheet, its projection onto a plane, its sharpness against 2/lr.

They are reached as ``draw.run``, ``draw.projection`` and ``draw.sharpness``.
"""

import textwrap
from dataclasses import dataclass
from typing import Any

import matplotlib.colors
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from optim import Run
from stepsize import draw
from stepsize.base.checks import refuse_unless
from stepsize.base.display import brief
from stepsize.diagnosis import diagnose, refuse_unless_single
from stepsize.draw_style import COLORS, INK, Picture, axes_or_new, style
from stepsize.draw_sweeps import narrow_log
from stepsize.probes import Sharpness
from stepsize.races import optimizer_label, rate_label, thinned

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
        The path on the plane (thinned to 2000 points).
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
    refuse_unless_single(run)
    points = thinned(run.history.x, 2000)
    refuse_unless(
        points.shape[1] > 1 and len(points) > 1, "run", points, "at least two dimensions and one update"
    )
    offsets = points - points[-1]
    _, sizes, directions = np.linalg.svd(offsets, full_matrices=False)
    directions = np.concatenate([directions, np.zeros((2, points.shape[1]))])[:2]
    squares = np.concatenate([sizes * sizes, [0.0, 0.0]])
    total = squares.sum() or 1.0
    on = offsets @ directions.T
    off = run.problem.fun(points) - run.problem.fun(points[-1] + on @ directions)
    return Projection(points[-1], directions, on, (float(squares[0] / total), float(squares[1] / total)), off)


def projection(run: Run, ax: Axes | None = None) -> Axes:
    """Draw a run of many dimensions on the plane of its two principal directions, and say what that hides.

    The contours are the loss on the plane; the path is beside it. The title gives the share of the path that
    lies in the plane, and how far the loss of the path is from that of its image, at the start and at most.
    """
    seen = plane(run)
    with style():
        ax = axes_or_new(ax, 5.2, 4.0)
        low, high = seen.points.min(axis=0), seen.points.max(axis=0)
        margin = 0.15 * max(np.max(high - low), 1e-12)
        a, b = (np.linspace(u - margin, v + margin, 81) for u, v in zip(low, high, strict=True))
        grid = np.stack(np.meshgrid(a, b), axis=-1)
        with np.errstate(all="ignore"):
            loss = np.array([run.problem.fun(seen.center + row @ seen.axes) for row in grid])
        least = run.problem.minimum if run.problem.minimum is not None else np.nanmin(loss)
        height = np.maximum(loss - least, 1e-300)
        levels = np.geomspace(max(np.nanmin(height), 1e-6 * np.nanmax(height)), np.nanmax(height), 14)
        shades = matplotlib.colors.LinearSegmentedColormap.from_list("", ["#ffffff", "#dde4ea"])
        norm = matplotlib.colors.LogNorm(levels[0], levels[-1])
        ax.contourf(a, b, height, levels=levels, cmap=shades, norm=norm, extend="both")
        ax.contour(a, b, height, levels=levels, colors="#c3ccd4", linewidths=0.5)
        ax.plot(*seen.points.T, color=COLORS[0], linewidth=1.0, marker="o", markersize=2, markeredgewidth=0)
        ax.plot(*seen.points[0], "o", color=INK, markersize=4.5)
        first, second = (100 * share for share in seen.shares)
        worst = np.abs(seen.off_plane).max()
        ax.set_title(
            f"{first + second:.1f} % of the path lies in this plane ({first:.1f} + {second:.1f});\n"
            f"its loss differs from the contours by {abs(seen.off_plane[0]):.2g} at the start, "
            f"{worst:.2g} at most",
            fontsize=8.5,
        )
        ax.set(xlabel="first principal direction", ylabel="second")
    return ax


def run(result: Run) -> Figure:
    """Return one sheet on a run: its path or projection, its error, and the verdict as the title.

    Raises
    ------
    ValueError
        For a batch.
    """
    refuse_unless_single(result)
    with style():
        picture = Picture(figsize=(9.0, 3.9), layout="constrained")
        left, right = picture.subplots(1, 2)
        window: Any = draw.window_around([result]) if result.problem.dim <= 2 else None
        if result.problem.dim == 1:
            draw.landscape(result.problem, left, window=window[0])
        elif result.problem.dim == 2:
            draw.contours(result.problem, left, window=window)
        if window is not None:
            draw.path(result, left, window=window)
        else:
            projection(result, left)
        draw.gap(result, right)
        found = diagnose(result)
        rate = rate_label(result.optimizer, result.problem)
        head = f"{optimizer_label(result.optimizer)}, lr {rate}, on {result.problem.formula}"
        words = "\n".join(textwrap.wrap(f"{head}: {found}", 120))
        picture.suptitle(words, fontsize=9, x=0.01, ha="left")
    return picture


def sharpness(measured: Sharpness, ax: Axes | None = None) -> Axes:
    """Draw the largest eigenvalue of the Hessian along a run, and 2/lr, above which descent is unstable."""
    with style():
        ax = axes_or_new(ax)
        ax.plot(measured.at, measured.largest, color=COLORS[0], label="largest eigenvalue of the Hessian")
        ax.plot(measured.at, measured.limit, color=COLORS[1], linestyle="--", label="2 / lr")
        ax.set(xlabel="update", ylabel="curvature", yscale="log")
        narrow_log(ax.yaxis)
        ax.legend()
    return ax
