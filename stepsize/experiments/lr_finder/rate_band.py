"""Which rates are as good as the best, and which of them to name.

Rates are compared by their progress: how far the logarithm of the error would fall in the whole budget. Where
it goes up to the best rate and down again, with a ripple or two, the best is the best. Where it jumps up and
down from rate to rate, as for adaptive rules near the end of their descent, the lowest point is luck, and
what differs by less than the jumps is equal.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from stepsize.experiments.lr_finder.restart_search import RateScan

__all__ = ["AS_FAST", "Band", "band_of"]

Array = np.ndarray[Any, Any]

AS_FAST = 0.9
# So many rates a decade around the best, and so many more where the progress jumps.
_FINE, _DENSE = 32, 64
# So many peaks are looked at more closely, so many times, at so many rates.
_PEAKS, _TIMES, _CLOSER = 3, 3, 11
# And so many times where the peak is a point, as at the rate that solves a problem in one update.
_SHARP = 12
# Rates on either side of the best by which its surroundings are judged, and over which they are smoothed.
_AROUND, _SMOOTH = 8, 2
# A turn of the curve that is smaller than this, relative to the progress, is none; so many are jumps.
_TURN, _JUMPS = 2e-3, 4
# Of the rates between the best and an end of the band at least this share must be good.
_SHARE = 0.75


@dataclass(frozen=True)
class Band:
    """The rates that are as good as the best.

    Attributes
    ----------
    best : int
        The place of the best rate among those tried.
    low, high : float
        The ends: rates that were run, both of them good.
    jitter : float
        How far two equal rates may differ in the logarithm of the error; 0 where neighbours agree.
    share : float
        The share of the rates between the ends, on a log scale, that are good.
    as_fast : float
        The least progress of a good rate, over that of the best: 0.9, or less where the jitter is larger.
    """

    best: int
    low: float
    high: float
    jitter: float
    share: float
    as_fast: float


def band_of(scan: RateScan) -> Band:
    """Return the band around the best rate; more rates are tried on the way.

    The progress at a rate counts the largest error of the last tenth of its run. It *jumps* where it turns,
    up or down by more than 0.2 %, at least four times among the 17 evenly spaced rates nearest to the best.
    The jitter is then the larger of two numbers: 1.5 times the median distance of a rate's progress from the
    middle of its neighbours', and how far the last tenth of the best run strays from a straight line. The
    curve is smoothed by running medians of five rates, and averaged over the largest and the mean error of
    the last tenth: what is high there has many good rates around it, not one. The best rate is the middle one
    of all that lie within the jitter of its peak (and make 90 % of the progress of the fastest of all). Where
    the progress does not jump the jitter is 0 and the best rate is the fastest, to 0.1 %.

    Good is what makes at least 90 % of the best's progress or, if that is less, what lies within the jitter
    of it. The band reaches to the last good rate on either side such that three in four of the rates from the
    best to it are good.
    """
    middle = scan.rates[scan.best()]
    scan.add(np.geomspace(middle / 10, 10 * middle, 2 * _FINE + 1))
    for _ in range(_TIMES):
        closer = [np.geomspace(*scan.around(place), _CLOSER)[1:-1] for place in scan.leaders(_PEAKS)]
        scan.add(np.concatenate(closer))
    if _turns(*_near(scan)) >= _JUMPS:
        return _jumping_band(scan)
    return _smooth_band(scan)


def _even(scan: RateScan, spacing: int) -> Array:
    """Return the places nearest to the best of which no two are closer than so many a decade."""
    logs = np.log10(scan.rates)
    best = scan.best()
    cells = np.rint((logs - logs[best]) * spacing)
    # Of each cell the rate nearest to its middle; the cell of the best has the best.
    off = np.abs((logs - logs[best]) * spacing - cells)
    order = np.lexsort((off, cells))
    first = np.append(True, np.diff(cells[order]) > 0)
    return np.asarray(order[first])


def _near(scan: RateScan) -> tuple[Array, int]:
    """Return the progress of the evenly spaced rates around the best, and the place of the best in it."""
    places = _even(scan, _FINE)
    at = int(np.flatnonzero(places == scan.best())[0])
    first = max(at - _AROUND, 0)
    return scan.progress[places[first : at + _AROUND + 1]], at - first


def _turns(progress: Array, at: int) -> int:
    """Return how often a curve turns; going on in the other direction by too little is no turn."""
    top = float(progress[at])
    least, direction, turns, extreme = _TURN * top, 0, 0, float(progress[0])
    for value in np.maximum(progress, -top).tolist():
        if direction * (value - extreme) < -least:
            direction, turns, extreme = -direction, turns + 1, value
        elif direction * (value - extreme) > 0:
            extreme = value
        elif not direction and abs(value - extreme) > least:
            direction, extreme = int(np.sign(value - extreme)), value
    return turns


def _smooth_band(scan: RateScan) -> Band:
    band = _fastest(scan)
    for times in range(1, _SHARP + 1):
        ends = [int(np.searchsorted(scan.rates, rate)) for rate in (band.low, band.high)]
        brackets = [(ends[0] - 1, ends[0]), (ends[1], ends[1] + 1), (band.best - 1, band.best + 1)]
        closer = [
            np.geomspace(float(scan.rates[a]), float(scan.rates[b]), _CLOSER)[1:-1]
            for a, b in brackets
            if a >= 0 and b < len(scan.rates)
        ]
        before = scan.progress.max()
        scan.add(np.concatenate([*closer, scan.rates[:0]]))
        band = _fastest(scan)
        if times >= _TIMES and scan.progress.max() <= (1 + _TURN) * before:
            break
    return band


def _fastest(scan: RateScan) -> Band:
    return _with_ends(scan, scan.best(), 0.0, AS_FAST)


def _jumping_band(scan: RateScan) -> Band:
    band = _judged(scan)
    for _ in range(2):  # as the band grows its surroundings must be as dense as itself
        low, high = band.low / 2, band.high * 2
        scan.add(np.geomspace(low, high, int(_DENSE * np.log10(high / low))))
        band = _judged(scan)
    return band


def _judged(scan: RateScan) -> Band:
    places = _even(scan, _DENSE)
    largest, mean = scan.progress[places], scan.mean_progress[places]
    peak = float(scan.progress.max())
    jitter = _jitter(scan, largest, places)
    smooth = 0.5 * (_medians(largest) + _medians(mean))
    near = largest >= max(_medians(largest).max() - jitter, AS_FAST * peak)
    equal = np.flatnonzero(near & (smooth >= np.where(near, smooth, -np.inf).max() - jitter))
    best = int(places[equal[len(equal) // 2]])
    top = scan.progress[best]
    return _with_ends(
        scan, best, jitter, min(AS_FAST, float((min(top, _medians(largest).max()) - jitter) / top))
    )


def _with_ends(scan: RateScan, best: int, jitter: float, as_fast: float) -> Band:
    good = scan.progress >= as_fast * scan.progress[best]
    first, last, share = _hull(np.log(scan.rates), good, best)
    return Band(best, float(scan.rates[first]), float(scan.rates[last]), jitter, share, as_fast)


def _jitter(scan: RateScan, progress: Array, places: Array) -> float:
    """Return the larger of the jitter from rate to rate and from update to update."""
    at = int(np.abs(places - scan.best()).argmin())
    near = progress[max(at - 2 * _AROUND, 0) : at + 2 * _AROUND + 1]
    with np.errstate(all="ignore"):
        off = np.abs(near[1:-1] - 0.5 * (near[:-2] + near[2:]))
    off = off[np.isfinite(off)]
    rates = 1.5 * float(np.median(off)) if len(off) else 0.0
    updates = float(np.median(scan.marks.jitter[places[at]]))
    return min(max(rates, updates), 0.5 * float(progress[at]))


def _medians(values: Array) -> Array:
    """Return the running median of five; -inf stays so."""
    padded = np.pad(values, _SMOOTH, mode="edge")
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * _SMOOTH + 1), axis=1))


def _hull(logs: Array, good: Array, best: int) -> tuple[int, int, float]:
    """Return the last good places on either side such that most between are good, and which share is."""
    weight = np.gradient(logs)
    last = best + _most(good[best:], weight[best:])
    first = best - _most(good[best::-1], weight[best::-1])
    inside = slice(first, last + 1)
    return first, last, float((good[inside] * weight[inside]).sum() / weight[inside].sum())


def _most(good: Array, weight: Array) -> int:
    share = np.cumsum(good * weight) / np.cumsum(weight)
    return int(np.flatnonzero(good & (share >= _SHARE))[-1])
