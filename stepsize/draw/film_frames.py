"""Trajectories in motion: the point on its landscape, the error and the rate beneath, in step."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from optim import Run
from stepsize.analysis.diagnosis import require_single_run
from stepsize.draw.landscape import contours, landscape
from stepsize.draw.layout.coinciding import extra_widths
from stepsize.draw.layout.panels import equal
from stepsize.draw.race import log_axis_of_rates
from stepsize.draw.style import COLORS, figure, fitted, style
from stepsize.draw.trajectory import drawable, on_log_axis
from stepsize.draw.window import window_around

__all__ = ["Film"]


_COUNT: dict[str, Any] = {"fontsize": 8, "fontweight": "normal"}


class Film:
    """A figure that can be set to any update of some runs.

    Parameters
    ----------
    runs : dict of str to Run
        Up to as many as there are colours, on one problem.
    window : sequence of (low, high), optional
        The region to show; by default the one that holds the paths.
    size : (float, float), optional
        Inches, whose shape the figure takes.
    colors : sequence of str
        One a run.
    last : int, optional
        The update with which the film ends; by default the last one.
    landscape : bool
        Whether to show the paths, for which the problem must have one or two dimensions.

    Raises
    ------
    TypeError, ValueError
        For what is no run, a batch, or paths of more than two dimensions.
    """

    def __init__(
        self,
        runs: dict[str, Run],
        window: Any = None,
        size: tuple[float, float] | None = None,
        colors: Sequence[str] = COLORS,
        last: int | None = None,
        landscape: bool = True,
    ) -> None:
        for run in runs.values():
            require_single_run(run)
        self.runs, self.colors = dict(list(runs.items())[: len(colors)]), colors
        first = next(iter(self.runs.values()))
        made = max(run.nit for run in self.runs.values())
        self.last = made if last is None else min(last, made)
        # Runs that went on at different updates have only the number of their own in common.
        befores = {run.updates_before for run in self.runs.values()}
        self.before = befores.pop() if len(befores) == 1 else 0
        dim = first.problem.dim
        if landscape and dim > 2:
            raise ValueError(f"runs: got {dim} dimensions, expected 1 or 2 to draw their paths")
        wide = 6.8 if landscape else 4.6
        abreast = max(int(wide / (0.055 * max(map(len, self.runs)) + 0.5)), 1)
        names = math.ceil(len(self.runs) / abreast)  # rows of them, beneath: a curve may go anywhere
        natural = (wide, 3.2 + 0.18 * names)
        shape, self.scale = (natural, 1.0) if size is None else fitted(size, natural)
        with style():
            self.picture: Figure = figure(*shape)
            shares = [1.35, 1] if landscape else [1]
            grid = self.picture.add_gridspec(2, len(shares), height_ratios=[1.6, 1], width_ratios=shares)
            above, beneath = (self.picture.add_subplot(grid[row, -1]) for row in (0, 1))
            if not landscape:
                self._paths: list[Any] = [() for _ in self.runs]
                self._count = above.set_title(f"update {self.before}", **_COUNT)
            else:
                if window is None:
                    window = window_around(list(self.runs.values()))
                self._paths = self._landscape(self.picture.add_subplot(grid[:, 0]), first.problem, window)
            self._errors = self._errors_of(above)
            self._rates = self._rates_of(beneath)
            lines = [line for line, _, _ in self._errors]
            self.picture.legend(handles=lines, loc="outside lower center", ncols=abreast, fontsize=7)
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
        for color in self.colors[: len(self.runs)]:
            tail = ax.plot([], [], color=color, linewidth=1.1, zorder=3)[0]
            ball = ax.plot([], [], "o", color=color, markersize=6, markeredgecolor="white", zorder=6)[0]
            drawn.append((tail, ball))
        self._count = ax.set_title(f"update {self.before}", **_COUNT)
        return drawn

    def _errors_of(self, ax: Any) -> list[Any]:
        first = next(iter(self.runs.values()))
        columns = [on_log_axis(run.error) for run in self.runs.values()]
        finite = np.concatenate([error[np.isfinite(error)] for error in columns])
        low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.1, 1.0)
        start = max((float(error[0]) for error in columns if np.isfinite(error[0])), default=high)
        ax.set(xlim=(self.before, self.before + max(self.last, 1)), yscale="log")
        low = max(low, 1e-16 * start)
        ax.set_ylim(low / 2, max(min(high, 1e3 * start), low) * 2)
        # What is solved to the last bit has no place on a log axis: it lies on the floor.
        columns = [
            np.where(run.error <= 0, low / 2, error)
            for run, error in zip(self.runs.values(), columns, strict=True)
        ]
        drawn = []
        wider = extra_widths(columns)
        for label, error, color, more in zip(self.runs, columns, self.colors, wider, strict=False):
            ax.plot(self.before + np.arange(len(error)), error, color=color, linewidth=0.8 + more, alpha=0.25)
            line = ax.plot([], [], color=color, linewidth=1.5 + more, label=label)[0]
            drawn.append((line, ax.plot([], [], "o", color=color, markersize=4 + more)[0], error))
        ax.set_ylabel("gap" if first.measure == "gap" else "gradient norm")
        ax.tick_params(labelbottom=False)
        return drawn

    def _rates_of(self, ax: Any) -> list[Any]:
        drawn = []
        columns = [run.history.lr.reshape(run.nit, -1 if run.nit else 1)[:, 0] for run in self.runs.values()]
        for lr, color, more in zip(columns, self.colors, extra_widths(columns, log=False), strict=False):
            ax.plot(self.before + np.arange(len(lr)), lr, color=color, linewidth=0.8 + more, alpha=0.25)
            drawn.append((ax.plot([], [], "o", color=color, markersize=4 + more)[0], lr))
        ax.set(xlim=(self.before, self.before + max(self.last, 1)), xlabel="update", ylabel="rate")
        low = min((float(lr.min()) for _, lr in drawn if len(lr)), default=0.0)
        high = max((float(lr.max()) for _, lr in drawn if len(lr)), default=1.0)
        if low > 0 and high / low > 20:
            log_axis_of_rates(ax, low, high)
        else:
            ax.set_ylim(0, 1.15 * high or 1.0)
        return drawn

    def set(self, k: int) -> None:
        """Show the first k updates of the runs; of runs that went on, from where they did."""
        self._count.set_text(f"update {self.before + k}")
        for run, place, (line, dot, error), (mark, lr) in zip(
            self.runs.values(), self._paths, self._errors, self._rates, strict=True
        ):
            at = min(k, run.nit)
            if place:
                self._move(run, at, *place)
            line.set_data(self.before + np.arange(at + 1), error[: at + 1])
            dot.set_data([self.before + at], [error[at]])
            if len(lr):
                mark.set_data([self.before + min(at, run.nit - 1)], [lr[min(at, run.nit - 1)]])

    @staticmethod
    def _move(run: Run, at: int, tail: Any, ball: Any) -> None:
        """Show the point after `at` updates, and the way to it."""
        count = int(np.searchsorted(run.history.n, at, side="right"))
        x = run.history.x[:count]
        y = run.history.fun[run.history.n[:count]] if run.problem.dim == 1 else x[:, 1]
        across, up = drawable(x[:, 0], tail.axes.get_xlim()), drawable(y, tail.axes.get_ylim())
        stride = 1 + count // 2000
        tail.set_data(np.append(across[::stride], across[-1]), np.append(up[::stride], up[-1]))
        ball.set_data(across[-1:], up[-1:])

    def frame(self, k: int, dpi: float = 100) -> Any:
        """Return the picture after k updates as an RGB array of bytes."""
        with style():
            if self._canvas is None or self.picture.get_dpi() != dpi * self.scale:
                self._rehearse(dpi * self.scale)
            self.set(k)
            canvas: Any = self._canvas
            canvas.restore_region(self._still)
            for artist in self._moving:
                axes: Any = artist.axes
                axes.draw_artist(artist)
        return np.asarray(canvas.buffer_rgba())[..., :3].copy()

    def _rehearse(self, dpi: float) -> None:
        """Draw once what does not move; a frame is then a copy of it with the rest on top."""
        self.picture.set_dpi(dpi)
        self._canvas = FigureCanvasAgg(self.picture)
        for artist in self._moving:
            artist.set_animated(True)
        self._canvas.draw()
        self._still = self._canvas.copy_from_bbox(self.picture.bbox)
