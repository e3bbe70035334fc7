"""The scale on which rates are looked for: what one update tells, and whether the loss has a bottom at all.

A rate has the units of x over those of a direction, so that no fixed range of rates fits every problem. One
update from the start is nearly free, at hundreds of rates over 120 decades: the rate that lowers the loss
most is the unit in which all others are tried. Multiply the loss, or measure x otherwise, and it follows.
"""

from typing import Any

import numpy as np

from stepsize.experiments.lr_finder.restart_search import Marks, Trial

__all__ = ["falls_without_end", "unit_rates"]

Array = np.ndarray[Any, Any]

# Every rate that is thought of at all, two a decade.
_ALL = np.logspace(-60, 60, 241)
# So many rates between the neighbours of the best, so many times.
_CLOSER, _TIMES = 33, 3


def unit_rates(trial: Trial, steps: int) -> tuple[float, float]:
    """Return the lowest and the highest, over the starts, of the rates whose first update descends deepest.

    Of several valleys along the line of the first update the first counts. Where the first update does not
    descend (a warm-up from 0), a few updates are made instead, then all.
    """
    for count in dict.fromkeys((1, min(8, steps), steps)):
        drops = _drops(trial, _ALL, count)
        if (drops > 0).any():
            break
    else:
        return 1.0, 1.0
    units = [_unit(trial, drops[:, i], i, count) for i in range(drops.shape[1]) if (drops[:, i] > 0).any()]
    return min(units), max(units)


def _drops(trial: Trial, rates: Array, count: int) -> Array:
    """Return by how much the loss is lower after so many updates, 0 within rounding, of shape (R, S)."""
    return np.asarray(-trial.at(rates, count).rise)


def _unit(trial: Trial, drops: Array, start: int, count: int) -> float:
    place = _first_peak(drops)
    if place == len(drops) - 1:  # it falls as far as one looks: where half of the way is made
        return float(_ALL[int((drops >= 0.5 * drops[-1]).argmax())])
    alone, low, high = trial.alone(start), place - 1, place + 1
    rates = _ALL[[max(low, 0), place, high]]
    for _ in range(_TIMES):
        rates = np.geomspace(rates[0], rates[-1], _CLOSER)
        best = int(np.clip(np.argmax(_drops(alone, rates, count)[:, 0]), 1, _CLOSER - 2))
        rates = rates[best - 1 : best + 2]
    return float(rates[1])


def _first_peak(drops: Array) -> int:
    """Return the first place from which on the loss rises again."""
    place = int((drops > 0).argmax())
    while place + 1 < len(drops) and drops[place + 1] >= drops[place]:
        place += 1
    return place


def falls_without_end(trial: Trial, rates: Array, marks: Marks, steps: int) -> bool:
    """Return whether the loss has no lower bound in sight.

    It has none if a run became inf or nan downwards. Nor has it if the run that ended lowest, given ten
    times as many updates, at least 200, ends at least five times as far down and on a slope as steep as the
    start's. A stated minimum is believed.
    """
    if trial.problem.minimum is not None:
        return False
    for i in range(len(trial.starts)):
        if np.isneginf(marks.lowest[:, i]).any():
            return True
        finite = np.where(np.isfinite(marks.rise[:, i]), marks.rise[:, i], np.inf)
        place = int(finite.argmin())
        if finite[place] >= 0:
            continue
        longer = trial.alone(i).at(rates[place : place + 1], 10 * max(steps, 20))
        deeper = longer.rise[0, 0] <= 5 * finite[place] and longer.growth[0, 0] >= _AS_STEEP
        if deeper or np.isneginf(longer.lowest[0, 0]):
            return True
    return False


_AS_STEEP = 0.9
