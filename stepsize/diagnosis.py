"""What happened in a run, in words."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from optim import DIVERGED as LEFT_THE_FINITE_NUMBERS
from optim import Run, settled_at
from stepsize.base.checks import describe
from stepsize.base.display import brief

__all__ = ["VERDICTS", "Diagnosis", "diagnose"]

Array = np.ndarray[Any, Any]

SETTLED = "settled"
CROSSING = "settled, crossing"
RINGING = "settled, ringing"
CRAWLING = "still crawling"
BOUNCING = "bouncing"
STUCK = "stuck above the minimum"
DIVERGED = "diverged"

VERDICTS = (SETTLED, CROSSING, RINGING, CRAWLING, BOUNCING, STUCK, DIVERGED)


# Shares and factors at which the words change.
CROSSES, CLIMBS, FALLS = 0.25, 0.1, 0.95


@dataclass(frozen=True)
class Diagnosis:
    """A verdict on a run, and the facts that it rests on.

    Attributes
    ----------
    verdict : str
        One of: settled; settled, crossing; settled, ringing; still crawling; bouncing; stuck above the
        minimum; diverged.
    settled : int or None
        After how many updates the error was at most `tol` and stayed so to the end.
    overshoot : float
        Share of the updates that passed the lowest point of their line, from 0 to 1; until it settled.
    uphill : float
        Share of the updates after which the loss was higher, from 0 to 1; until it settled.
    error, best_error : float
        The error at the end and at the best point: the gap to the minimum, or the gradient norm where the
        minimum is unknown.
    tol : float
        The tolerance.
    reason : str
        One sentence that says why.
    """

    verdict: str
    settled: int | None
    overshoot: float
    uphill: float
    error: float
    best_error: float
    tol: float
    reason: str

    __repr__ = brief

    def _repr_html_(self) -> str:
        from stepsize.notebook import diagnosis_html

        return diagnosis_html(self)

    def __str__(self) -> str:
        return f"{self.verdict}: {self.reason}"


def diagnose(run: Run, tol: float = 1e-8) -> Diagnosis:
    """Return a verdict on a single run.

    A run *settled* at k if its error is at most `tol` at k and stays so to the end. It was *crossing* if at
    least a quarter of the updates until then overshot (the iterate kept passing the bottom of its line, which
    the best rates do), and *ringing* if at least a tenth of them went uphill. A run that did not settle
    *diverged* if it left the finite numbers or ended well above its start; was *bouncing* if late updates
    went uphill or overshot while the error hardly fell, or rose tenfold from its best; was *stuck above the
    minimum* if the error had stopped falling without that; and was *still crawling* otherwise.

    Parameters
    ----------
    run : Run
        A single run, not a batch.
    tol : float
        What counts as solved.

    Raises
    ------
    ValueError
        For a batch; take its rows one by one with ``minimize``.

    Examples
    --------
    >>> from optim import SGD, minimize
    >>> from problems import Parabola
    >>> [diagnose(minimize(Parabola(), SGD(lr=lr), steps=60)).verdict for lr in (0.01, 0.4, 0.9, 1.1)]
    ['still crawling', 'settled', 'settled, crossing', 'diverged']
    """
    refuse_unless_single(run)
    found = judge(courses_of(run), tol)
    settled = None if np.isnan(found.settled[0]) else int(found.settled[0])
    verdict = VERDICTS[found.verdict[0]]
    return Diagnosis(
        verdict=verdict,
        settled=settled,
        overshoot=float(found.overshoot[0]),
        uphill=float(found.uphill[0]),
        error=float(found.error[0]),
        best_error=float(found.best_error[0]),
        tol=tol,
        reason=_reason(run, verdict, settled, found, tol),
    )


def refuse_unless_single(run: Any) -> None:
    """Refuse what is no run, and a batch of runs."""
    if not isinstance(run, Run):
        raise TypeError(f"run: got {describe(run)}, expected a run, as minimize returns it")
    if run.history.x.ndim != 2:
        shape = run.history.x.shape[1:-1]
        raise ValueError(f"run: got a batch of shape {shape}, expected a single run, not a batch")


@dataclass(frozen=True)
class Courses:
    """The courses of B runs side by side: what the rules look at, and nothing else.

    Attributes
    ----------
    fun, error : ndarray of shape (T + 1, B)
        Value and error at each point.
    overshoot : ndarray of bool, shape (T, B)
        Whether the update passed the lowest point of its line.
    nit : ndarray of int, shape (B,)
        Updates until a run left the finite numbers, T for one that did not; what follows is not looked at.
    diverged : ndarray of bool, shape (B,)
        Whether a run left the finite numbers.
    """

    fun: Array
    error: Array
    overshoot: Array
    nit: Array
    diverged: Array


@dataclass(frozen=True)
class Findings:
    """What the rules find in B courses; every attribute has the shape (B,).

    `verdict` counts from 0 in the order of `VERDICTS`; `settled` is nan for a run that did not settle;
    `crosses`, `climbs` and `factor` are the share of late updates that overshot and that went uphill, and
    what the error was multiplied by in the last quarter, nan where another rule had decided before.
    """

    verdict: Array
    settled: Array
    overshoot: Array
    uphill: Array
    error: Array
    best_error: Array
    crosses: Array
    climbs: Array
    factor: Array


def courses_of(run: Run) -> Courses:
    """Return the courses of a run, or of all runs of a batch with their axes made one.

    In a batch, a run that left the finite numbers is cut where `minimize` would have ended it alone.
    """
    fun, error, norm = (rows.reshape(len(rows), -1) for rows in (run.loss, run.error, run.history.grad_norm))
    overshoot: Array = run.history.overshoot.reshape(run.nit, fun.shape[1])
    if run.history.x.ndim == 2:
        return Courses(fun, error, overshoot, np.array([run.nit]), np.array([bool(run.diverged)]))
    left = ~(np.isfinite(run.history.fun.reshape(len(norm), -1)) & np.isfinite(norm))
    nit = np.where(left.any(axis=0), left.argmax(axis=0) - 1, run.nit)
    gone = np.asarray(left.any(axis=0) | (run.status == LEFT_THE_FINITE_NUMBERS))
    return Courses(fun, error, overshoot, nit, gone)


def judge(courses: Courses, tol: float) -> Findings:
    """Apply the rules of `diagnose` to B courses at once."""
    with np.errstate(all="ignore"):
        return _judge(courses, tol)


def _judge(c: Courses, tol: float) -> Findings:
    updates, runs = len(c.error) - 1, np.arange(len(c.nit))
    seen = np.arange(updates + 1)[:, None] <= c.nit if c.diverged.any() else np.True_
    best_error = np.where(seen, c.error, np.inf).min(axis=0)
    lowest = np.where(seen, c.fun, np.inf).min(axis=0)
    first: Any = settled_at(c.error, tol)
    settled = np.where(c.diverged, np.nan, first)
    until = np.where(np.isnan(settled), c.nit, np.maximum(settled, 1)).astype(int)
    climb = np.diff(c.fun, axis=0) > 0
    overshoot, uphill = _share_until(c.overshoot, until), _share_until(climb, until)
    # For rows that the finite numbers lost, "end" is the last point that they had.
    end = c.fun[c.nit, runs]
    rise, spread = end - c.fun[0], c.fun[0] - lowest
    gone = c.diverged | (rise > 10 * (spread + np.abs(c.error[0])))
    verdict = np.full(len(runs), VERDICTS.index(DIVERGED))
    solved = ~gone & ~np.isnan(settled)
    word = np.where(overshoot >= CROSSES, VERDICTS.index(CROSSING), VERDICTS.index(SETTLED))
    word = np.where(uphill >= CLIMBS, VERDICTS.index(RINGING), word)
    verdict[solved] = word[solved]
    crosses, climbs, factor = np.full((3, len(runs)), np.nan)
    rest = np.flatnonzero(~gone & ~solved)
    if len(rest):
        error = c.error[:, rest]
        crosses[rest] = _share(c.overshoot[updates // 2 :, rest])
        climbs[rest] = _share(climb[updates // 2 :, rest])
        factor[rest] = _tail_factor(error)
        left = (crosses[rest] >= CLIMBS) & (error[-1] > 10 * error.min(axis=0))
        descends = (climbs[rest] == 0) & (error[-1] < 0.999 * error[updates // 2])
        bounces = (
            left
            | ((climbs[rest] >= CLIMBS) & (factor[rest] > 0.3))
            | ((crosses[rest] >= CLIMBS) & (factor[rest] > FALLS) & ~descends)
        )
        falls = (factor[rest] < FALLS) | descends
        word = np.where(falls, VERDICTS.index(CRAWLING), VERDICTS.index(STUCK))
        verdict[rest] = np.where(bounces, VERDICTS.index(BOUNCING), word)
    error = np.where(c.diverged, np.inf, c.error[-1])
    return Findings(verdict, settled, overshoot, uphill, error, best_error, crosses, climbs, factor)


def _reason(run: Run, verdict: str, settled: int | None, found: Findings, tol: float) -> str:
    """Return one sentence on why the verdict is what it is."""
    what, error = run.measure, found.error[0]
    if run.diverged:
        return f"the loss left the finite numbers after {run.nit} updates"
    if verdict == DIVERGED:
        return f"the loss ended at {run.fun:.1e}, far above its start at {run.loss[0]:.1e}"
    when = f"the {what} is at most {tol:g} from update {settled} on"
    return {
        SETTLED: when,
        CROSSING: f"{when}, although {found.overshoot[0]:.0%} of the updates passed the lowest point of "
        "their line",
        RINGING: f"{when}, but {found.uphill[0]:.0%} of the updates until then went uphill",
        BOUNCING: f"the {what} stopped falling: of the late updates {found.crosses[0]:.0%} overshoot, "
        f"{found.climbs[0]:.0%} go uphill",
        CRAWLING: f"the {what} is {error:.1e} and still falling, by "
        f"{100 * (1 - found.factor[0]):.2g} % in the last quarter",
        STUCK: f"the {what} stays at {error:.1e}: the updates no longer change it",
    }[verdict]


def _tail_factor(error: Array) -> Array:
    """Return by what factor each error fell over the last quarter; by medians: one dip does not count."""
    quarter = max(len(error) // 4, 1)
    before = np.median(error[-2 * quarter : -quarter] if len(error) > 1 else error, axis=0)
    after = np.median(error[-quarter:], axis=0)
    return np.asarray(np.where(before > 0, after / before, 1.0))


def _share(flags: Array) -> Array:
    return np.asarray(flags.mean(axis=0) if len(flags) else np.zeros(flags.shape[1:]))


def _share_until(flags: Array, until: Array) -> Array:
    """Return the share of the flags before each run's `until`."""
    if len(flags) and (until == len(flags)).all():
        return _share(flags)
    counted = (flags & (np.arange(len(flags))[:, None] < until)).sum(axis=0)
    return np.where(until > 0, counted / np.maximum(until, 1), 0.0)
