"""What happened in a run, in words."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from optim import Run
from stepsize.analysis.traces import Traces, traces_of, window_of
from stepsize.analysis.verdicts import RunStatistics, classify
from stepsize.analysis.words import (
    BOUNCING,
    CRAWLING,
    CROSSING,
    DIVERGED,
    FAILED,
    FALLING,
    FROZEN,
    RINGING,
    SETTLED,
    STUCK,
    VERDICTS,
)
from stepsize.core.display import brief, counted
from stepsize.core.hooks import call_hook
from stepsize.core.validation import describe_value

__all__ = ["VERDICTS", "Diagnosis", "diagnose"]

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Diagnosis:
    """A verdict on a run, and the facts that it rests on.

    Attributes
    ----------
    verdict : str
        One of `VERDICTS`; `stepsize.analysis.verdicts` has the condition of each.
    settled : int or None
        After how many updates the error was at most `tolerance` and stayed so to the end.
    overshoot : float
        Share of the updates that passed the lowest point of their line, from 0 to 1; until it settled.
    uphill : float
        Share of the updates after which the loss was higher beyond rounding, from 0 to 1; until it settled.
        Where `known_every` is more than 1, of the stretches of so many updates.
    error, best_error : float
        The error at the end and at the best point: the gap to the minimum, or the gradient norm where the
        minimum is unknown.
    tolerance : float
        The error that counted as solved, in the units of the loss (or of the gradient).
    tol : float or None
        The same as a share of the error at the start; None where an absolute one was asked for.
    at_rounding : bool
        Whether the tolerance is not what was asked for but what rounding hides, because that is more.
    known_every : int
        1; but N for a run on mini-batches or noise of which one point in N was kept: the loss of the whole
        problem is known at those alone.
    reason : str
        One sentence that says why, and what to try. Its numbers have no units: errors are shares of the one
        at the start.
    """

    verdict: str
    settled: int | None
    overshoot: float
    uphill: float
    error: float
    best_error: float
    tolerance: float
    tol: float | None
    at_rounding: bool
    known_every: int
    reason: str

    __repr__ = brief

    def _repr_html_(self) -> str:
        return str(call_hook("diagnosis_html", self))

    def __str__(self) -> str:
        return f"{self.verdict}: {self.reason}"


def diagnose(run: Run, tol: float = 1e-8, *, atol: float | None = None) -> Diagnosis:
    """Return a verdict on a single run.

    A run *settled* at k if its error is small at k and stays small to the end: at most `tol` of what it was
    at the start, or what rounding hides. What each verdict means is written in `stepsize.analysis.verdicts`.

    Parameters
    ----------
    run : Run
        A single run, not a batch.
    tol : float
        What counts as solved, as a share of the error at the start.
    atol : float, optional
        Instead, an absolute error that counts as solved.

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
    require_single_run(run)
    traces = traces_of(run, tol, atol)
    found = classify(traces)
    settled = None if np.isnan(found.settled[0]) else int(found.settled[0])
    verdict = VERDICTS[found.verdict[0]]
    tolerance = float(traces.tolerance[0])
    return Diagnosis(
        verdict=verdict,
        settled=settled,
        overshoot=float(found.overshoot[0]),
        uphill=float(found.uphill[0]),
        error=float(found.error[0]),
        best_error=float(found.best_error[0]),
        tolerance=tolerance,
        tol=None if atol is not None else tol,
        at_rounding=atol is None and tolerance > tol * abs(float(run.error[0])),
        known_every=traces.known_every,
        reason=_reason(run, verdict, traces, found, tol, atol),
    )


def require_single_run(run: Any) -> None:
    """Refuse what is no run, and a batch of runs."""
    if not isinstance(run, Run):
        raise TypeError(f"run: got {describe_value(run)}, expected a run, as minimize returns it")
    if run.history.x.ndim != 2:
        shape = run.history.x.shape[1:-1]
        raise ValueError(f"run: got a batch of shape {shape}, expected a single run, not a batch")


def _reason(run: Run, verdict: str, c: Traces, found: RunStatistics, tol: float, atol: float | None) -> str:
    """Return one sentence on why the verdict is what it is."""
    what, start = run.measure, abs(float(c.error[0, 0]))
    left = _share_of_start(found.error[0], start)
    late = c.error[-window_of(run.nit) :, 0]
    if verdict == FAILED:
        return _failure(run, c)
    if verdict in (SETTLED, CROSSING, RINGING):
        when = f"the {what} is at most {_bound(c, start, tol, atol)} from update {int(found.settled[0])} on"
        when += f", at the points that were kept, one in {c.known_every}" if c.known_every > 1 else ""
        return (
            when
            + {
                SETTLED: "",
                CROSSING: f", although {_percent(found.overshoot[0])} of the updates until then passed the "
                "lowest point of their line",
                RINGING: f", but {_percent(found.uphill[0])} of the {_judged(c)} until then went uphill",
            }[verdict]
        )
    if verdict == DIVERGED and run.diverged:
        after = counted(run.nit, "update")
        return f"loss or gradient became inf or nan after {after}; a smaller rate may help"
    if verdict == DIVERGED:
        return (
            f"the {what} is diverging: it grows by a factor of {_factor(found.factor[0])} an update, and "
            f"ends at {left}; a smaller rate may help"
        )
    if verdict == FALLING and run.diverged:
        after = counted(run.nit, "update")
        return f"the loss fell until it overflowed, after {after}: it has no minimum in sight"
    if verdict == FALLING:
        return (
            "the loss falls at every late update and the gradient does not shrink: there is no minimum in "
            "sight, as where the loss has no lower bound"
        )
    if verdict == FROZEN:
        return _frozen(run, c, f"the {what} stays at {left}")
    if verdict == STUCK:
        return _stuck(c, what, left)
    if verdict == BOUNCING:
        low, high = (_share_of_start(float(e), start) for e in (late.min(), late.max()))
        where = f"at {high}" if low == high else f"between {low.partition(' ')[0]} and {high}"
        least = float(c.error[:, 0].min())
        if late.min() > 10 * least:
            where = f"came back up, to {high}, from {_share_of_start(least, start)}"
        else:
            where = f"stopped falling, {where}"
        of = f"and of the {_judged(c)} " if c.known_every > 1 else ""
        return (
            f"the {what} {where}: of the late updates {_percent(found.crosses[0])} "
            f"overshoot, {of}{_percent(found.climbs[0])} go uphill"
        )
    assert verdict == CRAWLING
    if run.nit == 0:
        return "no update was made"
    if late.max() > 10 * late[-1]:  # the last point is a dip
        top = _share_of_start(float(late.max()), start)
        return f"the {what}, in the last quarter up to {top}, is {_pace(c, found.factor[0])}"
    return f"the {what} is {left} and {_pace(c, found.factor[0])}"


def _judged(c: Traces) -> str:
    """Return of what a share went uphill."""
    every = c.known_every
    return "updates" if every == 1 else f"stretches of {every} updates between points that were kept"


def _frozen(run: Run, c: Traces, rest: str) -> str:
    share = float(c.rate[-1, 0] / c.rate[:, 0].max())
    rate = f"the rate that is left is {share:.1e} of the largest" if share else "the rate has fallen to 0"
    decays = getattr(run.optimizer.lr, "kind", "schedule") == "schedule"
    return f"{rate}, and {rest}: more updates cannot help" + (", a slower decay can" if decays else "")


def _failure(run: Run, c: Traces) -> str:
    if run.failure:
        return (
            f"{run.message.removeprefix('failed: ').partition(';')[0]}; try check_gradient at the last point"
        )
    if c.failures[0]:
        return (
            f"the line searches found no step that moves x (the last ended as {c.failures[0]!r}), as with a "
            "gradient that does not belong to the function; try check_gradient"
        )
    if c.known and c.error[-1, 0] < 0:
        return "the loss ends below the minimum that the problem states, which therefore is none"
    return (
        "the loss rises at most updates although the gradient says that it falls, so the gradient does not "
        "belong to the function; try check_gradient"
    )


def _stuck(c: Traces, what: str, left: str) -> str:
    if c.step_norm[-1, 0] <= c.still[0]:
        rate = float(c.rate[-1, 0])
        why = "the gradient is 0 there" if c.grad_norm[-1, 0] == 0 else "the updates no longer change x"
        return f"the {what} stays at {left}: {why}" + ("" if rate else ", the rate is 0")
    shrunk = _share_of_start(float(c.grad_norm[-1, 0]), float(c.grad_norm[0, 0]))
    if c.grad_norm[-1, 0] <= 1e-3 * c.grad_norm[0, 0]:
        return (
            f"the {what} stays at {left}, where the gradient norm is {shrunk}: another minimum, a saddle or "
            "a plateau"
        )
    return f"the {what} stays at {left}: the loss no longer falls beyond rounding"


def _bound(c: Traces, start: float, tol: float, atol: float | None) -> str:
    """Return the tolerance in words: a share of the start, the floor of rounding, or an absolute number."""
    if atol is not None:
        return f"{atol:g}"
    if c.tolerance[0] > tol * start:
        return "what rounding hides"
    return f"{tol:g} of the start's"


def _share_of_start(error: float, start: float) -> str:
    if not math.isfinite(error) or start == 0:
        return f"{error:.2g}"
    return f"{error / start:.2g} of the start's"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _factor(factor: float) -> str:
    """Return a factor with as many digits as tell it from 1.

    >>> _factor(1.04), _factor(1.0004), _factor(3.0)
    ('1.04', '1.0004', '3')
    """
    near = abs(factor - 1)
    digits = max(2, 1 - math.floor(math.log10(near))) if near else 2
    return f"{factor:.{digits}f}".rstrip("0").rstrip(".")


def _pace(c: Traces, factor: float) -> str:
    """Return how fast the error falls, or that the loss does, or that nothing can be told."""
    percent = 100 * (1 - factor)
    if percent >= 1e-3:
        return f"still falling, by {percent:.2g} % an update"
    if percent > 0:
        return "still falling, by less than 0.001 % an update"
    window = window_of(len(c.fun) - 1)
    if c.fun[-window:, 0].max() < c.fun[-2 * window : -window, 0].max(initial=-math.inf):
        return "not falling yet, but the loss is"
    return "not falling yet: too early to tell where it goes"
