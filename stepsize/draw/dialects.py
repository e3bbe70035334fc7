"""The picture of `stepsize dialects`: one rule's dialects leave one start and part."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stepsize.analysis.dialect_comparison import Comparison, first_steps
from stepsize.draw.landscape import contours
from stepsize.draw.style import COLORS, INK, Picture, style
from stepsize.draw.trajectory import path

__all__ = ["trajectory_distance"]

# What share of a picture is no distance to the eye.
_NEAR = 0.004


def trajectory_distance(comparison: Comparison) -> Figure:
    """Return the paths of one rule's dialects, their distances, and their first steps by size of gradient.

    Dialects whose trajectories agree to 1e-12 share a colour; the last panel shows each of them, since they
    may still differ for gradients that the trajectory does not meet.
    """
    groups = comparison.groups()
    reference = comparison.sources[0]
    sizes = np.geomspace(1e-12, 10, 200)
    with style():
        picture = Picture(figsize=(11, 3.5 + 0.17 * len(groups)), layout="constrained")
        paths, distances, steps = picture.subplots(1, 3)
        window = _window(comparison)
        contours(reference.run.problem, paths, window=window)
        for index, group in enumerate(groups):
            color = COLORS[index % len(COLORS)]
            path(group[0].run, paths, color=color, window=window)
            distance = np.where(group[0].distance > 0, group[0].distance, np.nan)
            label = ", ".join(source.call.removesuffix("()") for source in group)
            distances.semilogy(np.arange(len(distance)), distance, color=color, label=label)
            for source in group:
                lengths = np.abs(first_steps(source.entry.at_rate(1.0, source.use), sizes.tolist()))
                steps.loglog(sizes, np.where(lengths > 0, lengths, np.nan), color=color)
        paths.set(xlabel="$a$", ylabel="$b$", title=comparison.family)
        _say_what_coincides(paths, comparison, window)
        distances.set(xlabel="update", title=f"distance from {reference.entry.call}")
        distances.set_xlim(0, len(reference.distance) - 1)
        steps.set(xlabel="size of the first gradient", title="first step, per unit of rate")
        for ax in (distances, steps):
            _whole_decades(ax)
            ax.grid(axis="y")
        picture.legend(*distances.get_legend_handles_labels(), loc="outside lower left", ncols=1)
    return picture


def _say_what_coincides(ax: Axes, comparison: Comparison, window: list[tuple[float, float]]) -> None:
    """Say which paths cannot be told from the first one, where they differ at all."""
    eye = _NEAR * max(high - low for low, high in window)
    apart = [float(group[0].distance.max()) for group in comparison.groups()[1:]]
    hidden = [distance for distance in apart if distance <= eye]
    if hidden:
        every = "all paths" if len(hidden) == len(apart) else f"{len(hidden) + 1} of {len(apart) + 1} paths"
        note = f"{every} lie on one another:\nat most {max(hidden):.1g} apart"
        ax.annotate(note, (0.03, 0.03), xycoords="axes fraction", fontsize=8, color=INK)


def _whole_decades(ax: Axes) -> None:
    """Let a log axis begin and end at powers of ten, so that it is labelled with nothing else."""
    values = np.concatenate([np.asarray(line.get_ydata(), dtype=float) for line in ax.lines])
    values = values[np.isfinite(values)]
    if len(values):
        low, high = math.floor(math.log10(values.min())), math.ceil(math.log10(values.max()))
        ax.set_ylim(10.0 ** (low - 0.1), 10.0 ** (max(high, low + 1) + 0.1))


def _window(comparison: Comparison) -> list[tuple[float, float]]:
    """Return a box around the paths, as far as they stay near the start."""
    points = np.concatenate([source.run.history.x for source in comparison.sources])
    points = points[(np.abs(points) < 3).all(axis=1)]
    low, high = points.min(axis=0), points.max(axis=0)
    margin = 0.1 * (high - low).max() + 0.05
    return list(zip((low - margin).tolist(), (high + margin).tolist(), strict=True))
