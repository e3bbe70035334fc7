"""Too small, right, too large: the rates of a race of one rule against one another."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from optim import Run, settled_at
from stepsize.analysis.diagnosis import Diagnosis

__all__ = ["RIGHT", "TOO_LARGE", "TOO_SMALL", "common_error", "rate_words", "word_alone"]

TOO_SMALL, RIGHT, TOO_LARGE = "too small", "right", "too large"

# From how many times the updates of the best rate on a rate is wrong.
_WRONG = 2.0
_TIMES = " times as long as "


def rate_words(
    runs: Sequence[Run], diagnoses: Sequence[Diagnosis], tolerance: float
) -> tuple[str | None, ...]:
    """Return what each rate is beside the best one of the race, where one rule runs at several rates.

    The updates are counted that each run needs to the error that all of them reach. A rate that needs at
    least twice as many as the best one is too small or too large, and so is one that diverges or gets
    nowhere.

    Parameters
    ----------
    runs, diagnoses : sequence of Run, of Diagnosis
        Of one problem and start.
    tolerance : float
        The error that counts as solved: nobody is asked for less.

    Returns
    -------
    tuple of str or None
        None throughout if the rules differ, or their rates are not numbers, or fewer than two differ.

    Examples
    --------
    >>> from optim import SGD, minimize
    >>> from problems import Parabola
    >>> from stepsize.analysis.diagnosis import diagnose
    >>> runs = [minimize(Parabola(), SGD(lr=lr), steps=200) for lr in (0.05, 0.2, 1.1)]
    >>> for words in rate_words(runs, [diagnose(run) for run in runs], 1e-8):
    ...     print(words)
    too small: 4.8 times as long as 0.2
    right
    too large: diverges
    """
    if not _one_rule(runs):
        return (None,) * len(runs)
    rates = [float(run.optimizer.lr) for run in runs]
    diverged = _diverged(diagnoses)
    needed, _ = _updates_needed(runs, diverged, tolerance)
    fastest = min(needed)
    if not math.isfinite(fastest):
        return tuple(f"{TOO_LARGE}: diverges" if lost else None for lost in diverged)
    # Of rates that are equally fast the smallest is the best: it is the safest.
    best = min(rate for rate, count in zip(rates, needed, strict=True) if count == fastest)
    return tuple(
        _word(rate, count / fastest, lost, best)
        for rate, count, lost in zip(rates, needed, diverged, strict=True)
    )


def common_error(runs: Sequence[Run], diagnoses: Sequence[Diagnosis], tolerance: float) -> float | None:
    """Return the error down to which `rate_words` counts updates; None where it says of none how many.

    It is the largest error with which a run ends, leaving out what diverges and what hardly moves, but at
    least the tolerance.

    Examples
    --------
    The gap of x^2 falls by 0.9^2 an update at the rate 0.05, from 1 to 0.81^10 = 0.1216:

    >>> from optim import SGD, minimize
    >>> from problems import Quadratic
    >>> from stepsize.analysis.diagnosis import diagnose
    >>> runs = [minimize(Quadratic([2.0], start=[1.0]), SGD(lr=lr), steps=10) for lr in (0.05, 0.2, 1.1)]
    >>> round(common_error(runs, [diagnose(run) for run in runs], 1e-8), 4)
    0.1216
    """
    if not any(word and _TIMES in word for word in rate_words(runs, diagnoses, tolerance)):
        return None
    return _updates_needed(runs, _diverged(diagnoses), tolerance)[1]


def word_alone(words: str | None) -> str | None:
    """Return the word itself, without its reason.

    Examples
    --------
    >>> word_alone("too large: diverges")
    'too large'
    """
    return words and words.partition(":")[0]


def _diverged(diagnoses: Sequence[Diagnosis]) -> list[bool]:
    return [found.verdict.startswith("diverg") for found in diagnoses]


def _one_rule(runs: Sequence[Run]) -> bool:
    optimizers: list[Any] = [run.optimizer for run in runs]
    if not all(isinstance(getattr(one, "lr", None), float) for one in optimizers):
        return False
    bare = {repr(one.at_default_rate()) for one in optimizers}
    return len(bare) == 1 and len({one.lr for one in optimizers}) > 1


def _updates_needed(
    runs: Sequence[Run], diverged: Sequence[bool], tolerance: float
) -> tuple[list[float], float]:
    """Return after how many updates each run is, for good, down to what all reach (inf: never); and that."""
    errors = [np.where(np.isfinite(run.error), run.error, np.inf) for run in runs]
    ends = [float(error[len(error) - max(len(error) // 10, 1) :].max()) for error in errors]
    moved = [
        not lost and end < 0.9 * error[0] for end, error, lost in zip(ends, errors, diverged, strict=True)
    ]
    reached = max((end for end, moves in zip(ends, moved, strict=True) if moves), default=math.inf)
    if not math.isfinite(reached):
        return [math.inf] * len(errors), math.inf
    goal = max(reached, tolerance)
    counts: list[float] = []
    for error, moves, run in zip(errors, moved, runs, strict=True):
        at = settled_at(error, goal) if moves or (run.nit and error[0] <= goal) else None
        counts.append(math.inf if at is None else float(max(at, 1)))
    return counts, goal


def _word(rate: float, times: float, diverges: bool, best: float) -> str:
    if diverges:
        return f"{TOO_LARGE}: diverges"
    if times < _WRONG:
        return RIGHT
    word = TOO_SMALL if rate < best else TOO_LARGE
    if not math.isfinite(times):
        return f"{word}: {'hardly moves' if rate < best else 'gets nowhere'}"
    return f"{word}: {_times(times)}{_TIMES}{best:.3g}"


def _times(factor: float) -> str:
    """Return a factor to two digits, without an exponent.

    >>> _times(4.72), _times(153.0)
    ('4.7', '150')
    """
    return f"{float(f'{factor:.2g}'):g}" if factor < 1e5 else f"{factor:.0e}"
