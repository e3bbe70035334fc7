"""The record that a run leaves: where it went, how it ended, and why."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from optim.history import History
from optim.hyperparameters import Numbers
from optim.state import State
from optim.user_functions import guarded
from stepsize.core.hooks import call_hook
from stepsize.core.norms import norm
from stepsize.core.protocols import DescentProblem, SupportsGradient
from stepsize.core.settling import rounding_of, settled_at, tolerance_of

if TYPE_CHECKING:
    from optim.optimizer import Optimizer

__all__ = ["BUDGET", "CONVERGED", "DIVERGED", "STOPPED", "Run", "settled_at"]

Array = np.ndarray[Any, Any]
# Of libraries and modules that are loaded when they are needed.
Figure = Any
DataFrame = Any
Animation = Any

BUDGET, CONVERGED, DIVERGED, STOPPED = 0, 1, 2, 3


@dataclass(frozen=True, eq=False, repr=False)
class Run:
    """What `minimize` returns; the names are SciPy's.

    A run is judged by the problem itself: where the updates saw mini-batches or noise, `fun`, `loss`,
    `error`, `settled` and the best point are those of the whole problem, evaluated when they are asked for,
    while `history` has what the updates saw. Where the problem drifts, each point is judged by the problem
    as the coming update saw it.

    Attributes
    ----------
    problem, optimizer : Problem, Optimizer
        What was run.
    x : ndarray
        The answer: the last point (the averaged one, for optimizers that average).
    fun : float or ndarray
        Its value.
    jac : ndarray
        The gradient at the last point.
    nit, nfev, njev : int
        Updates made, and evaluations of value and gradient, a run of the batch.
    success : bool
        Whether the tolerance was met, if one was given; otherwise whether the run stayed finite.
    status : int
        0 the budget was used, 1 the tolerance was met, 2 diverged, 3 stopped by the callback.
    message : str
        The same in words.
    diverged : bool or ndarray of bool
        Whether the run, or each run of a batch, became inf or nan.
    history : History
        All points and values.
    state : State
        The optimizer's state at the end: ``minimize(..., x0=run.last_x, state=run.state)`` goes on.
    failure : str or None
        "fun", "grad" or "fun and grad" where that returned nan while x was finite and nothing was large,
        which is no divergence but a fault of the function; of a batch, in the first run that failed.
    """

    problem: DescentProblem
    optimizer: "Optimizer"
    history: History
    jac: Array
    nfev: int
    njev: int
    status: int
    message: str
    success: bool
    diverged: bool | Array
    state: State
    failure: str | None = None

    @property
    def nit(self) -> int:
        """Updates made."""
        return len(self.history.lr)

    @property
    def updates_before(self) -> int:
        """Updates that had been made when the run began: 0, or those of the state from which it goes on.

        The rows of `history` count from there, schedules and pictures from the very first.
        """
        return self.state.n - self.nit

    @property
    def last_x(self) -> Array:
        """The last point at which a gradient was taken, from where the run can go on."""
        return np.array(self.history.x[-1])

    @property
    def x(self) -> Array:
        """The answer."""
        return np.array(self._points[-1])

    @property
    def fun(self) -> float | Array:
        """The value at the answer."""
        fun: float | Array = _plain(self.loss[-1])
        return fun

    @cached_property
    def best_step(self) -> int | Array:
        """How many updates had been made at the lowest value, of the points that are stored."""
        stored = self.loss[self.history.n]
        step: int | Array = _plain(self.history.n[np.where(np.isnan(stored), np.inf, stored).argmin(axis=0)])
        return step

    @property
    def best_x(self) -> Array:
        """The point with the lowest value."""
        rows = np.searchsorted(self.history.n, self.best_step)
        if np.ndim(rows) == 0:
            return np.array(self._points[rows])
        return np.array(np.take_along_axis(self._points, rows[None, ..., None], axis=0)[0])

    @property
    def best_fun(self) -> float | Array:
        """The lowest value."""
        fun: float | Array = _plain(
            np.take_along_axis(self.loss, np.asarray(self.best_step)[None], axis=0)[0]
        )
        return fun

    @property
    def measure(self) -> str:
        """What `error` is: "gap", or "gradient norm" where the minimum is unknown."""
        return "gradient norm" if self.problem.minimum is None else "gap"

    @cached_property
    def error(self) -> Array:
        """How far from solved at each point: the gap fun - minimum, or the gradient norm without one."""
        if self.problem.minimum is None:
            return self._whole(self._grad_norm) if self._estimated else self.history.grad_norm
        return np.asarray(self.loss - self.problem.minimum)

    @property
    def overshoot_share(self) -> float | Array:
        """Share of all updates that overshot, from 0 to 1.

        `diagnose` and the tables of a race count those until the run has settled.
        """
        return _plain(self.history.overshoot.mean(axis=0)) if self.nit else 0.0

    def settled(self, tol: float = 1e-8, *, atol: float | None = None) -> int | Array | None:
        """Return after how many updates the error was small and stayed so to the end.

        Parameters
        ----------
        tol : float
            What counts as small, as a share of the error at the start; where rounding hides more than that,
            what it hides.
        atol : float, optional
            Instead, an absolute error.

        Returns
        -------
        int or None
            None if it never settled, or only touched it at the end (`settled_at`); for a batch an array of
            floats with nan in its place.
        """
        small = tolerance_of(self, tol, atol)
        settled: int | Array | None = settled_at(self.error, small, rounding_of(self))
        return settled

    @property
    def _points(self) -> Array:
        return self.history.x if self.history.output is None else self.history.output

    @cached_property
    def loss(self) -> Array:
        """The value of the whole problem at each reported point, the start first, of shape (T + 1, ...).

        Where the updates saw estimates, the points that are stored are evaluated when this is first asked
        for; of a thinned run, each value stands until the next stored point.
        """
        if self.history.output_fun is not None:
            return self.history.output_fun
        if not self._estimated:
            return self.history.fun
        stored, updates = self.history.n, np.arange(self.nit + 1)
        return self._whole(guarded(self.problem).fun)[np.searchsorted(stored, updates, side="right") - 1]

    @property
    def has_held_out(self) -> bool:
        """Whether the problem holds examples out, so that there is a validation curve."""
        return bool(getattr(self.problem, "has_held_out", False))

    @cached_property
    def held_out(self) -> Array:
        """The loss over the examples held out at each reported point: the validation curve.

        Raises
        ------
        ValueError
            If the problem held out no examples.
        """
        function = getattr(self.problem, "held_out_fun", None)
        if function is None or not self.has_held_out:
            raise ValueError(
                f"held_out: got none from {self.problem!r}, expected a problem that holds some out"
            )
        return self._whole(function)

    @property
    def _estimated(self) -> bool:
        """Whether the updates saw estimates of the problem; one that drifts is itself what they saw."""
        return bool(self.problem.varies and not self.problem.drifts)

    def grad_norm_at_answers(self) -> Array:
        """Return the gradient norm of the whole problem at each reported point, of shape (T + 1, ...)."""
        return self._whole(self._grad_norm)

    def _grad_norm(self, x: Array) -> Array:
        return np.asarray(norm(guarded(self.problem).grad(x)))

    def _whole(self, function: Callable[[Array], Array]) -> Array:
        # A few points at a time: a finite sum makes as many numbers of each as it has examples.
        with np.errstate(all="ignore"):
            return np.concatenate([function(x) for x in np.array_split(self._points, 1 + self.nit // 16)])

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write the history as CSV, one row a stored point; of a batch every run in its turn.

        The columns are update, (run,) x1, x2, ..., fun, (held_out,) error, grad_norm, lr, overshoot; rate and
        overshoot are those of the update that led to the point, held_out is the loss over the examples held
        out, where there are any. Numbers read back to the same bits.
        """
        from optim.run_io import write_csv

        write_csv(self, path)

    def to_pandas(self) -> DataFrame:
        """Return the columns of `to_csv` as a pandas DataFrame.

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        from optim.run_io import columns

        return call_hook("frame", columns(self))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the run to an ``.npz`` file, whole or not at all; `load` gives the same bits back."""
        from optim.run_io import save_run

        save_run(self, path)

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        problem: SupportsGradient | None = None,
        optimizer: "Optimizer | None" = None,
    ) -> "Run":
        """Return the run that `save` wrote; nothing in the file is executed.

        Parameters
        ----------
        path : path
            The file.
        problem, optimizer : optional
            Needed where they hold functions of your own, which no file can describe.

        Raises
        ------
        ValueError
            If the file is not one that `save` wrote, or is damaged: one sentence says where; or if the
            problem or optimizer is needed.
        OSError
            If there is none (FileNotFoundError) or it cannot be read.
        """
        from optim.run_io import read_run

        return cls(**read_run(path, problem, optimizer))

    def plot(self) -> Figure:
        """Return a Matplotlib figure of the run: its path or projection, its error, its verdict."""
        return call_hook("plot", self)

    def explore(self) -> Any:
        """Return a live page of the run: change it, step it ahead and back, look into each update.

        Returns
        -------
        Explorer
            It shows itself in a notebook, and has `save`.

        Raises
        ------
        ValueError
            In one sentence, if the problem has more than two dimensions, or the rule cannot run in a page.
        """
        return call_hook("explore", self)

    def animate(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        window: Sequence[tuple[float, float]] | None = None,
        size: tuple[float, float] | str | None = None,
        dpi: float = 100,
        frames: int = 120,
        seconds: float = 10.0,
    ) -> Animation:
        """Film the run: the point on its curve or contours, its error and its rate, in step.

        A run of more than two dimensions is filmed by its error and rate alone.

        Parameters
        ----------
        path : path, optional
            Where to write the film, whole or not at all: .gif, or .png and .apng for an animated PNG.
        window : sequence of (low, high), optional
            The region to show; by default the one that holds the path.
        size : (float, float) or str, optional
            Inches, or "slide", "wide" or "column".
        dpi : float
            Dots an inch.
        frames, seconds : int, float
            At most so many frames, which take so long; the last one stands longer.

        Returns
        -------
        Animation
            It shows itself in a notebook, and has `save`.
        """
        options = {"window": window, "size": size, "dpi": dpi, "frames": frames, "seconds": seconds}
        return call_hook("animate", self, path, **options)

    def _repr_html_(self) -> str:
        return str(call_hook("html", self))

    def __repr__(self) -> str:
        end = f"fun={self.fun!r}" if np.ndim(self.fun) == 0 else f"{np.size(self.fun)} runs"
        return f"Run({self.optimizer!r} on {self.problem.formula}: nit={self.nit}, {end}, {self.message})"


def _plain(value: Numbers) -> Numbers:
    return value.item() if np.ndim(value) == 0 else np.array(value)
