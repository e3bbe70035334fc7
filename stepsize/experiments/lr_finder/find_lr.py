"""A learning-rate finder that starts anew for every rate: it measures the problem and not the ramp."""

from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np

from optim import Optimizer
from optim.hyperparameters import Hypers
from optim.start import checked_problem
from schedules import FromFunction
from stepsize.core.display import counted
from stepsize.core.record import Record
from stepsize.core.validation import as_count, describe_value
from stepsize.experiments.lr_finder.found_rate import FoundRate, Robustness
from stepsize.experiments.lr_finder.rate_band import band_of
from stepsize.experiments.lr_finder.rate_edge import LONG, edge_of, worst_edge
from stepsize.experiments.lr_finder.rate_scale import falls_without_end, unit_rates
from stepsize.experiments.lr_finder.restart_search import Marks, RateScan, Trial
from stepsize.experiments.sweep.design import seeds_for, starts_for

__all__ = ["Robustness", "FoundRate", "find_lr"]

Array = np.ndarray[Any, Any]


def find_lr(
    problem: Any,
    optimizer: Any,
    steps: int = 100,
    *,
    x0: Any = None,
    seeds: int | Sequence[int] | None = None,
    rng: Any = 0,
    on_progress: Callable[[str], None] = lambda _: None,
) -> FoundRate:
    r"""Find the best constant rate for a budget, and the rate from which on the loss grows.

    Every rate starts anew from the same point, many of them as one batch: first one update at hundreds of
    rates, which tells the scale; then a scan of four rates a decade, widened until the largest climbs and the
    smallest is worse than the best; then more and more closely spaced rates around the best. (The popular
    finders let the rate climb within one run; its weights move on the way, and the answer falls with the
    length of the ramp.) Multiply the loss by a number, or measure x in other units, and the rates found
    change as they must.

    Rates are compared by how fast the logarithm of the error falls: the gap to the minimum, or the norm of
    the gradient where the minimum is unknown. Errors at the floor of rounding are no difference: where a
    rate gets there, the updates until it is there to stay count, with a fraction by interpolation. `band_of`
    says which rates pass for equal, and which of them is named.

    An *edge* is a rate from which on the loss ends above its start, at every rate: it is claimed only if 96
    rates over the four decades above it all do so in the budget, and 20 in the long run, which is at least
    2000 updates. It is found by bisection. On a quadratic that of n updates is too high by about
    :math:`\log(E / E_L) / 4n`, where :math:`E_L` is that part of the start's gap :math:`E` that lies in the
    sharpest direction: for 2000 updates below 0.1 % if that is no less than a thousandth.

    Parameters
    ----------
    problem : Problem
        Where.
    optimizer : optimizer class or Optimizer
        Who. A constant rate is replaced; a schedule is kept, and the rates found are factors on it. A
        schedule without values beyond the budget leaves out the long run.
    steps : int
        The budget, at least 1: the best rate depends on it.
    x0 : array of shape (d,) or (S, d), optional
        The start, or S of them.
    seeds : int or sequence of int, optional
        For a problem with mini-batches or noise: how many seeds, or the seeds.
    rng : int, SeedSequence or Generator
        Source of the seeds.
    on_progress : callable, optional
        Called with a few words after every batch of runs, for a display of progress.

    Returns
    -------
    FoundRate

    Raises
    ------
    ValueError
        If the loss falls at no rate, or without end: then no rate is best.
    TypeError
        If the rate is a feedback step size or a line search, so that there is none to find.

    References
    ----------
    For the ramps: Smith, "Cyclical learning rates for training neural networks", WACV 2017.

    Examples
    --------
    Gradient descent, whose edge is 2/L = 0.2 and whose best rate is 2/(L+mu) = 0.1818:

    >>> from optim import SGD
    >>> from problems import Quadratic
    >>> found = find_lr(Quadratic([1.0, 10.0], start=[1.0, 1.0]), SGD, steps=300)
    >>> round(found.edge, 4), round(found.best, 3)
    (0.2, 0.181)
    """
    rule: Any = optimizer() if isinstance(optimizer, type) else optimizer
    if not isinstance(rule, Optimizer):
        raise TypeError(
            f"optimizer: got {describe_value(optimizer)}, expected one such as Adam or Adam(beta1=0.8)"
        )
    if getattr(rule.lr, "kind", "schedule") != "schedule" or "lr" not in rule.hypers():
        raise TypeError(
            f"optimizer: got {rule!r}, whose rate is a feedback step size, expected one with a rate to find"
        )
    as_count("steps", steps, 1)
    if callable(rule.lr) and not isinstance(rule.lr, Record):
        rule = rule.replace(lr=FromFunction(cast(Any, rule.lr)))
    problem = checked_problem(problem)
    starts = starts_for(problem, x0)
    trials = [
        Trial(problem if seed is None else problem.replace(rng=seed), rule, starts)
        for seed in seeds_for(seeds, (problem,), rng)
    ]
    scan = RateScan(trials, steps, on_progress)
    units = np.array([unit_rates(trial, steps) for trial in trials])
    scan.scan(units.min() / 1e3, 10 * units.max())
    scan = scan.above_rounding()
    _require_descent(trials, scan)
    band = band_of(scan)
    alone = [trial.alone(i) for trial in trials for i in range(len(starts))]
    columns = range(len(alone))
    soon = [edge_of(alone[i], steps, scan.rates, scan.marks.rise[:, i]) for i in columns]
    on_progress("the edge of the budget is found")
    late = soon
    if steps < LONG and not any(edge.below for edge in soon) and _lasts(rule, starts, LONG):
        late = [edge_of(alone[i], LONG, scan.rates, scan.marks.rise[:, i]) for i in columns]
        on_progress("the edge of the long run is found")
    within, finally_ = worst_edge(soon), worst_edge(late)
    return FoundRate(
        problem=problem,
        optimizer=rule,
        steps=steps,
        best=float(scan.rates[band.best]),
        low=band.low,
        high=band.high,
        edge=finally_.rate,
        error=float(np.median(scan.marks.error[band.best])),
        progress=float(scan.progress[band.best]),
        jitter=band.jitter,
        share=band.share,
        as_fast=band.as_fast,
        edge_steps=steps if late is soon else max(steps, LONG),
        budget_edge=within.rate,
        first_above=finally_.first,
        ends_below=finally_.below,
        bests=_bests(scan, band.best),
        edges=np.array([edge.rate for edge in late]),
        rates=scan.rates,
        errors=scan.marks.error,
        settled=scan.marks.settled,
        x0=starts,
    )


def _lasts(rule: Optimizer, starts: Array, updates: int) -> bool:
    """Whether every schedule of a rule has values for so many updates; a table may end with the budget."""
    try:
        Hypers(rule, starts[0]).columns(0, updates)
    except (TypeError, ValueError):
        return False
    return True


def _bests(scan: RateScan, best: int) -> Array:
    """Return the best rate of each start or seed alone; of a single one it is the best there is."""
    count = scan.marks.speed.shape[1]
    return scan.rates[[best if count == 1 else scan.best(i) for i in range(count)]]


def _require_descent(trials: list[Trial], scan: RateScan) -> None:
    """Refuse a loss that no rate lowers, and one that falls without end."""
    size, problem = len(trials[0].starts), trials[0].problem
    for k, trial in enumerate(trials):
        marks = Marks(*(column[:, k * size :] for column in scan.marks))  # its own come first
        if falls_without_end(trial, scan.rates, marks, scan.steps):
            raise ValueError(
                f"problem: got {problem!r}, whose loss falls without end (no lower bound in sight), so that "
                "no rate is best, expected one with a minimum"
            )
    made = counted(scan.steps, "update")
    if not (scan.marks.rise < 0).any():
        raise ValueError(
            f"steps: got {made}, by which the loss falls at no rate from {scan.rates[0]:g} "
            f"to {scan.rates[-1]:g}, expected more updates, or a start that is no minimum"
        )
    if scan.progress.max() <= 0:
        raise ValueError(
            f"steps: got {made}, by which the loss falls but the norm of the gradient, which "
            "is the error where no minimum is stated, does not, expected more updates or a stated minimum"
        )
