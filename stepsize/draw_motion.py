"""Trajectories in motion: the point on its landscape, the error and the rate beneath, in step."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from stepsize.draw import contours, landscape
from stepsize.draw_panels import equal, name
from stepsize.draw_style import COLORS, figure, style

__all__ = ["Film", "animate"]


class Film:
    """A figure that can be set to any update of some runs.

    Parameters
    ----------
    runs : dict of str to Run
        Up to six, on one landscape of one or two dimensions.
    window : sequence of (low, high), optional
        The region to show; the problem's domain by default.
    """

    def __init__(self, runs: dict[str, Any], window: Any = None) -> None:
        first = next(iter(runs.values()))
        if first.problem.dim > 2:
            raise ValueError(f"runs: got {first.problem.dim} dimensions, expected 1 or 2 to draw their paths")
        self.runs = dict(list(runs.items())[: len(COLORS)])
        self.last = max(run.nit for run in self.runs.values())
        with style():
            self.picture: Figure = figure(6.8, 3.4)
            grid = self.picture.add_gridspec(2, 2, width_ratios=[1.35, 1], height_ratios=[1.6, 1])
            self._paths = self._landscape(self.picture.add_subplot(grid[:, 0]), first.problem, window)
            self._errors = self._errors_of(self.picture.add_subplot(grid[0, 1]))
            self._rates = self._rates_of(self.picture.add_subplot(grid[1, 1]))
        self._moving = [self._count, *(artist for pair in self._paths for artist in pair)]
        self._moving += [artist for line, dot, _ in self._errors for artist in (line, dot)]
        self._moving += [mark for mark, _ in self._rates]
        self._canvas: Any = None
        self._still: Any = None

    def _landscape(self, ax: Any, problem: Any, window: Any) -> list[Any]:
        if problem.dim == 2:
            contours(problem, ax, window=window)
            low, high = np.array(ax.get_xlim()), np.array(ax.get_ylim())
            if 0.3 < np.ptp(high) / np.ptp(low) < 3:
                equal(ax)
        else:
            landscape(problem, ax, window=None if window is None else window[0])
        ax.set_autoscale_on(False)
        drawn = []
        for color in COLORS[: len(self.runs)]:
            tail = ax.plot([], [], color=color, linewidth=1.1, zorder=3)[0]
            ball = ax.plot([], [], "o", color=color, markersize=6, markeredgecolor="white", zorder=6)[0]
            drawn.append((tail, ball))
        self._count = name(ax, 0.02, 0.97, "", transform=ax.transAxes, va="top")
        return drawn

    def _errors_of(self, ax: Any) -> list[Any]:
        first = next(iter(self.runs.values()))
        columns = [np.where(run.error > 0, run.error, np.nan) for run in self.runs.values()]
        drawn = []
        for (label, _), error, color in zip(self.runs.items(), columns, COLORS, strict=False):
            ax.plot(error, color=color, linewidth=0.8, alpha=0.25)
            line = ax.plot([], [], color=color, linewidth=1.5, label=label)[0]
            drawn.append((line, ax.plot([], [], "o", color=color, markersize=4)[0], error))
        ceiling = 1e3 * max(float(error[0]) for error in columns)
        low, high = ax.get_ylim()
        ax.set(xlim=(0, max(self.last, 1)), yscale="log")
        floor = max(float(np.nanmin([np.nanmin(error) for error in columns])), 1e-16)
        ax.set_ylim(floor / 2, min(max(high, low), ceiling))
        ax.set_ylabel("gap" if first.measure == "gap" else "gradient norm")
        ax.legend(loc="upper right", fontsize=7, handlelength=1.2)
        ax.tick_params(labelbottom=False)
        return drawn

    def _rates_of(self, ax: Any) -> list[Any]:
        drawn = []
        for run, color in zip(self.runs.values(), COLORS, strict=False):
            lr = run.history.lr.reshape(run.nit, -1)[:, 0]
            ax.plot(lr, color=color, linewidth=0.8, alpha=0.25)
            drawn.append((ax.plot([], [], "o", color=color, markersize=4)[0], lr))
        ax.set(xlim=(0, max(self.last, 1)), xlabel="update", ylabel="rate")
        low = min((float(lr.min()) for _, lr in drawn if len(lr)), default=0.0)
        high = max((float(lr.max()) for _, lr in drawn if len(lr)), default=1.0)
        if low > 0 and high / low > 20:
            ax.set_yscale("log")
        else:
            ax.set_ylim(0, 1.15 * high or 1.0)
        return drawn

    def set(self, k: int) -> None:
        """Show the first k updates."""
        self._count.set_text(f"update {k}")
        for run, (tail, ball), (line, dot, error), (mark, lr) in zip(
            self.runs.values(), self._paths, self._errors, self._rates, strict=True
        ):
            at = min(k, run.nit)
            x = run.history.x[: at + 1]
            y = run.history.fun[: at + 1] if run.problem.dim == 1 else x[:, 1]
            tail.set_data(x[-400:, 0], y[-400:])
            ball.set_data(x[-1:, 0], y[-1:])
            line.set_data(np.arange(at + 1), error[: at + 1])
            dot.set_data([at], [error[at]])
            if len(lr):
                mark.set_data([min(at, run.nit - 1)], [lr[min(at, run.nit - 1)]])

    def frame(self, k: int, dpi: int = 100) -> Any:
        """Return the picture after k updates as an RGB array of bytes."""
        with style():
            if self._canvas is None or self.picture.get_dpi() != dpi:
                self._rehearse(dpi)
            self.set(k)
            canvas: Any = self._canvas
            canvas.restore_region(self._still)
            for artist in self._moving:
                artist.axes.draw_artist(artist)
        return np.asarray(canvas.buffer_rgba())[..., :3].copy()

    def _rehearse(self, dpi: int) -> None:
        """Draw once what does not move; a frame is then a copy of it with the rest on top."""
        self.picture.set_dpi(dpi)
        self._canvas = FigureCanvasAgg(self.picture)
        for artist in self._moving:
            artist.set_animated(True)
        self._canvas.draw()
        self._still = self._canvas.copy_from_bbox(self.picture.bbox)


def animate(
    runs: dict[str, Any],
    targets: Sequence[str | os.PathLike[str]],
    *,
    window: Any = None,
    frames: int = 48,
    seconds: float = 6.0,
) -> list[Path]:
    """Write the runs as animations: GIF for a name that ends in .gif, animated PNG for .png or .apng.

    Early updates are shown one by one, later ones in growing strides, so that a long run keeps its lively
    beginning; the last frame stands for a second.

    Parameters
    ----------
    runs : dict of str to Run
        On one landscape of one or two dimensions.
    targets : sequence of paths
        All of them get the same frames.
    window : sequence of (low, high), optional
        The region to show.
    frames : int
        At most so many.
    seconds : float
        How long it takes, before the last frame.

    Returns
    -------
    list of Path
    """
    from PIL import Image

    film = Film(runs, window)
    looks = _strides(film.last, frames)
    images = [Image.fromarray(film.frame(k)) for k in looks]
    pause = max(int(1000 * seconds / len(images)), 40)
    durations = [pause] * (len(images) - 1) + [1000]
    written = []
    for target in map(Path, targets):
        partial = target.with_name(f".{target.name}.partial")
        options: dict[str, Any] = {"save_all": True, "duration": durations, "loop": 0}
        if target.suffix == ".gif":
            # One palette for all frames: else colours would flicker.
            palette = images[-1].quantize(96)
            flat = [image.quantize(palette=palette, dither=Image.Dither.NONE) for image in images]
            flat[0].save(partial, format="GIF", append_images=flat[1:], optimize=True, **options)
        else:
            images[0].save(partial, format="PNG", append_images=images[1:], **options)
        partial.replace(target)
        written.append(target)
    return written


def _strides(last: int, frames: int) -> list[int]:
    """Return the updates to show: 0, 1, 2, ... and then ever farther apart, the last one at the end.

    >>> _strides(5, 10)
    [0, 1, 2, 3, 4, 5]
    >>> _strides(1000, 8)[-1]
    1000
    """
    if last < frames:
        return list(range(last + 1))
    wide = np.geomspace(1, last + 1, frames * 4) - 1
    even = np.linspace(0, 1, frames)
    # Half way between equal strides and equal ratios.
    mixed = np.sqrt(np.interp(even, np.linspace(0, 1, len(wide)), wide) * even * last)
    return sorted({*np.round(mixed).astype(int).tolist(), 0, last})
