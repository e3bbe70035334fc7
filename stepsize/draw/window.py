"""Which region a picture shows, so that it holds the runs, and at which heights its contours lie."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from optim import Run
from optim.user_functions import guarded
from problems import FunctionProblem
from stepsize.analysis.diagnosis import Diagnosis, diagnose, require_single_run
from stepsize.draw.layout.wells import levels_of_wells

__all__ = ["comparable", "domain_window", "heights", "last_shown", "levels_of", "values_on", "window_around"]

Array = np.ndarray[Any, Any]
Window = list[tuple[float, float]]

# A run has left the picture when it is so many times farther from its start than half of its points are.
_LEAVES = 1e6
# How far a run that leaves is followed, in lengths of its first update, where nothing else sets the scale.
_FOLLOWED = 30.0
# Of a run that leaves, so much is shown beyond the others on either side, in their widths.
_BEYOND = 0.45
# A minimizer is shown if it is no farther from the start than so many times the length of the paths.
_FAR = 10.0


def window_around(runs: Sequence[Run]) -> Window:
    """Return a box that holds the starts, the minimizers near them, and the paths of the runs that stay.

    Of a run that diverges it holds what can be compared with the others: what lies within their reach. A few
    points that a run throws far out (at most one in twenty) do not widen it. A domain that a user stated is
    held whole.

    Raises
    ------
    TypeError, ValueError
        If one of them is no run, or a batch.
    """
    for run in runs:
        require_single_run(run)
    problem, paths = runs[0].problem, [_finite_rows(run.history.x) for run in runs]
    staying = [not _leaves(run, points) for run, points in zip(runs, paths, strict=True)]
    starts = np.array([points[0] for points in paths])
    retained = [_without_strays(points) for points, stays in zip(paths, staying, strict=True) if stays]
    held = np.concatenate([starts, *retained])
    minimizers = _near(problem.minimizers, held)
    held = np.concatenate([held, minimizers])
    scale = float(np.ptp(held, axis=0).max())
    fleeing = [comparable(points) for points, stays in zip(paths, staying, strict=True) if not stays]
    if starts.shape[1] == 1 and len(minimizers):  # both sides of the minimum, with room for an overshoot
        middle = float(minimizers[0, 0])
        reach = float(np.abs(held - middle).max()) or 1.0
        held = np.concatenate([held, [[middle - 1.5 * reach], [middle + 1.5 * reach]]])
        margin = 0.08
    else:
        held = np.concatenate([held, *(_followed(points, held, scale) for points in fleeing)])
        margin = 0.12
    low, high = held.min(axis=0), held.max(axis=0)
    room = margin * np.maximum(high - low, 0.25 * _width(low, high))
    room = room if (high > low).any() else np.full_like(room, 0.5 * _width(low, high))
    low, high = low - room, high + room
    if isinstance(problem, FunctionProblem) and problem.domain is not None:
        stated = np.array(domain_window(problem))
        inside = np.concatenate([held, stated.T])
        low, high = inside.min(axis=0), inside.max(axis=0)
    return list(zip(low.tolist(), high.tolist(), strict=True))


def last_shown(diagnoses: Sequence[Diagnosis], steps: int) -> int:
    """Return the update at which errors need to be shown no longer: a little after all have settled.

    A run that diverges does not count; if another one has not settled it is the last update.
    """
    ends = [found.settled for found in diagnoses if not found.verdict.startswith("diverg")]
    settled = [end for end in ends if end is not None]
    if not settled or len(settled) < len(ends):
        return max(steps, 1)
    return min(max(math.ceil(1.3 * max(settled)), 10), max(steps, 1))


def domain_window(problem: Any) -> Window:
    """Return the domain of a problem as a window; without one, the surroundings of its start."""
    if problem.domain is None:
        start = np.array(problem.x0, dtype=float)
        return [(v - 2 * max(abs(v), 1), v + 2 * max(abs(v), 1)) for v in start.tolist()]
    low, high = (np.broadcast_to(np.asarray(bound, float), problem.dim) for bound in problem.domain)
    return list(zip(low.tolist(), high.tolist(), strict=True))


def comparable(points: Array) -> Array:
    """Return the points up to where they leave for good: those of a run that stays are all returned.

    Examples
    --------
    >>> len(comparable(10.0 ** np.arange(16.0)[:, None])), len(comparable(np.arange(16.0)[:, None]))
    (3, 16)
    """
    points = _finite_rows(points)
    distance = _distance(points)
    if distance[-1] <= _LEAVES * np.median(distance) and np.isfinite(distance[-1]):
        return points
    first = distance[distance > 0][0]
    return points[: max(int(np.argmax(distance > _FOLLOWED * first)), 2)]


def values_on(problem: Any, points: Array) -> Array:
    """Return a function's values at points of shape (..., d), nan where it has none."""
    with np.errstate(all="ignore"):
        try:
            return np.asarray(guarded(problem).fun(points), float)
        except (ArithmeticError, ValueError):  # from Python's own math, which has no nan
            return np.apply_along_axis(lambda x: _value_or_nan(problem, x), -1, points)


def heights(values: Array, minimum: float | None) -> Array:
    """Return how far values lie above the lowest one seen, or above the minimum; masked where not finite."""
    masked = np.ma.masked_invalid(np.asarray(values, float))
    if not masked.count():
        return masked
    lowest = float(masked.min())
    low = lowest if minimum is None or not np.isfinite(minimum) or minimum > lowest else float(minimum)
    with np.errstate(all="ignore"):
        return np.ma.masked_invalid(masked.filled(np.nan) - low)


def levels_of(height: Array, count: int = 13) -> Array:
    """Return ascending heights for contours, denser towards the lowest; none where a function is flat.

    They are even on a log scale over four decades below the highest; where most of the region lies lower
    still, as many of its points lie between one and the next. A well that none of them shows gets one more.

    Examples
    --------
    >>> levels_of(np.ma.masked_invalid([0.0, 1.0, 100.0]), 3).round(9).tolist()
    [0.01, 1.0, 100.0]
    """
    above = np.ma.compressed(height)
    above = above[above > 0].astype(float)
    if not len(above):
        return above
    peak = float(above.max())
    if np.quantile(above, 0.25) < 1e-5 * peak:
        levels = np.unique(np.quantile(above, np.linspace(0.02, 1.0, count)))
    else:
        levels = peak * np.geomspace(1e-4, 1.0, count)
    levels = np.unique(np.append(levels, levels_of_wells(height, levels)))
    levels = levels[levels > np.finfo(float).tiny]
    return levels if len(levels) > 1 else levels[:0]


def _value_or_nan(problem: Any, x: Array) -> float:
    try:
        return float(problem.fun(x))
    except (ArithmeticError, ValueError):
        return float("nan")


def _finite_rows(points: Array) -> Array:
    """Return the points before the first that is not finite; the start in any case."""
    points = np.asarray(points, float)
    lost = ~np.isfinite(points).all(axis=1)
    return points[: max(int(lost.argmax()), 1)] if lost.any() else points


def _distance(points: Array) -> Array:
    """Return how far each point is from the first, along the axis where it is farthest."""
    with np.errstate(all="ignore"):
        return np.asarray(np.abs(points - points[0]).max(axis=1))


def _leaves(run: Run, points: Array) -> bool:
    return diagnose(run).verdict.startswith("diverg") or len(comparable(points)) < len(points)


def _without_strays(points: Array) -> Array:
    """Return the points without the few that are thrown far out, if there are some."""
    distance = np.abs(points - np.median(points, axis=0)).max(axis=1)
    usual = np.quantile(distance, 0.95, method="lower")
    return points[distance <= max(4 * usual, distance[0])] if usual > 0 else points


def _near(minimizers: Any, held: Array) -> Array:
    """Return the minimizers that are not out of all proportion; if no path has a length, the nearest one."""
    known = np.array([*(minimizers or ())], float).reshape(-1, held.shape[1])
    if not len(known):
        return known
    away = np.abs(known[:, None] - held[:: max(len(held) // 500, 1)]).max(axis=2).min(axis=1)
    length = float(np.ptp(held, axis=0).max())
    near = away <= max(_FAR * length, float(away.min()) if length == 0 else 0.0)
    return np.asarray(known[near])


def _followed(points: Array, held: Array, scale: float) -> Array:
    """Return the points of a run that leaves as far as they can be compared with what is held already."""
    if scale == 0:
        return points[_distance(points) <= _LEAVES * max(float(np.abs(points[0]).max()), 1.0)]
    reach = _BEYOND * np.maximum(np.ptp(held, axis=0), 0.5 * scale)
    low, high = held.min(axis=0) - reach, held.max(axis=0) + reach
    inside = np.all((points >= low) & (points <= high), axis=1)
    return np.asarray(points[inside])


def _width(low: Array, high: Array) -> float:
    """Return the widest side of a box, or for a single point a size that floats near it can tell apart."""
    wide = float((high - low).max())
    far = float(max(np.abs(low).max(), np.abs(high).max()))
    return max(wide, 1e-9 * far) if wide > 0 else max(far, 1.0)
