"""What happened in a run, in words."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from optim import Run

__all__ = ["Diagnosis", "diagnose"]

Array = np.ndarray[Any, Any]

SETTLED = "settled"
CROSSING = "settled, crossing"
RINGING = "settled, ringing"
CRAWLING = "still crawling"
BOUNCING = "bouncing"
STUCK = "stuck above the minimum"
DIVERGED = "diverged"


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
    if run.history.x.ndim != 2:
        raise ValueError(f"run: got a batch of shape {run.history.x.shape[1:-1]}, expected a single run")
    settled = run.settled(tol)
    until = run.nit if settled is None else max(settled, 1)
    overshoot = run.history.overshoot[:until]
    uphill = np.diff(run.loss)[:until] > 0
    shares = _share(overshoot), _share(uphill)
    verdict, reason = _verdict(run, tol, settled, *shares)
    return Diagnosis(
        verdict=verdict,
        settled=None if run.diverged else settled,
        overshoot=shares[0],
        uphill=shares[1],
        error=float("inf") if run.diverged else float(run.error[-1]),
        best_error=float(run.error.min()),
        tol=tol,
        reason=reason,
    )


def _verdict(run: Run, tol: float, settled: int | None, overshoot: float, uphill: float) -> tuple[str, str]:
    error, what = run.error, run.measure
    if run.diverged:
        return DIVERGED, f"the loss left the finite numbers after {run.nit} updates"
    rise = run.loss[-1] - run.loss[0]
    spread = run.loss[0] - run.loss.min()
    if rise > 10 * (spread + abs(error[0])):
        return DIVERGED, f"the loss ended at {run.fun:.1e}, far above its start at {run.loss[0]:.1e}"
    if settled is not None:
        when = f"the {what} is at most {tol:g} from update {settled} on"
        if uphill >= 0.1:
            return RINGING, f"{when}, but {uphill:.0%} of the updates until then went uphill"
        if overshoot >= 0.25:
            return (
                CROSSING,
                f"{when}, although {overshoot:.0%} of the updates passed the lowest point of their line",
            )
        return SETTLED, when
    factor = _tail_factor(error)
    late = slice(run.nit // 2, None)
    crosses, climbs = _share(run.history.overshoot[late]), _share(np.diff(run.loss)[late] > 0)
    left = crosses >= 0.1 and error[-1] > 10 * error.min()
    descends = climbs == 0 and error[-1] < 0.999 * error[run.nit // 2]
    if left or (climbs >= 0.1 and factor > 0.3) or (crosses >= 0.1 and factor > 0.95 and not descends):
        return BOUNCING, (
            f"the {what} stopped falling: of the late updates {crosses:.0%} overshoot, {climbs:.0%} go uphill"
        )
    if factor < 0.95 or descends:
        return (
            CRAWLING,
            f"the {what} is {error[-1]:.1e} and still falling, by {1 - factor:.0%} in the last quarter",
        )
    return STUCK, f"the {what} stays at {error[-1]:.1e}: the updates no longer change it"


def _tail_factor(error: Array) -> float:
    """Return by what factor the error fell over the last quarter; medians, so that one dip does not count."""
    quarter = max(len(error) // 4, 1)
    before = np.median(error[-2 * quarter : -quarter] if len(error) > 1 else error)
    after = np.median(error[-quarter:])
    return float(after / before) if before > 0 else 1.0


def _share(flags: Array) -> float:
    return float(flags.mean()) if len(flags) else 0.0
