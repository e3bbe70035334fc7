"""The classical learning-rate finders: one run under a rate that climbs, and rules that read its loss.

They are here to be compared. The weights move while the rate climbs, so what they find depends on how long
the ramp is: see `find_lr`, which starts anew for every rate. All functions are pure: the run begins at the
problem's start, and nothing but the returned record knows of it.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from optim import Optimizer, minimize
from schedules import FromFunction
from stepsize.core.validation import as_count, as_number, require
from stepsize.experiments.lr_finder.suggestions import (
    SUGGESTIONS,
    Ramp,
    broken_off,
    check_curve,
    debiased_mean,
    minimum_rule,
    plain_mean,
    slide_rule,
    steep_rule,
    suggest_fastai,
    suggest_torch_lr_finder,
    valley_rule,
)

__all__ = [
    "SUGGESTIONS",
    "Ramp",
    "debiased_mean",
    "exponential_rates",
    "fastai_finder",
    "linear_rates",
    "minimum_rule",
    "plain_mean",
    "library_finders",
    "lr_range_test",
    "slide_rule",
    "smith_finder",
    "steep_rule",
    "torch_lr_finder",
    "valley_rule",
]

Array = np.ndarray[Any, Any]


def linear_rates(low: float, high: float, count: int) -> Array:
    """Return Smith's ramp: ``low + (high - low) n / count`` for n = 0 ... count - 1.

    References
    ----------
    Smith, "Cyclical learning rates for training neural networks", WACV 2017, section 3.3.

    Examples
    --------
    >>> linear_rates(0.0, 1.0, 4).tolist()
    [0.0, 0.25, 0.5, 0.75]
    """
    _check_range(low, high, count)
    return np.asarray(low + (high - low) * np.arange(count) / count)


def exponential_rates(low: float, high: float, count: int, *, reach: bool = False) -> Array:
    """Return the exponential ramp ``low (high/low)^(n/N)``.

    With N = count it stops short of `high`, as fastai's does; with `reach`, N = count - 1 and it ends there,
    as torch-lr-finder's does. A `high` below `low` makes a ramp that falls.

    Examples
    --------
    >>> exponential_rates(1.0, 16.0, 4).tolist()
    [1.0, 2.0, 4.0, 8.0]
    >>> exponential_rates(1.0, 27.0, 4, reach=True).round(9).tolist()
    [1.0, 3.0, 9.0, 27.0]
    """
    _check_range(low, high, count)
    require(low > 0, "low", low, "a positive rate for an exponential ramp")
    return np.asarray(low * (high / low) ** (np.arange(count) / (count - 1 if reach else count)))


def lr_range_test(
    problem: Any,
    optimizer: Optimizer,
    rates: Array,
    *,
    x0: Any = None,
    smooth: Callable[[Array], Array] | None = None,
    stop: float | None = 4.0,
) -> Ramp:
    """Run once with these rates, one an update.

    Parameters
    ----------
    problem : Problem
        Where.
    optimizer : Optimizer
        Who; its rate is replaced.
    rates : ndarray
        From `linear_rates`, `exponential_rates` or anywhere; they may rise or fall.
    x0 : sequence of float, optional
        The start.
    smooth : callable, optional
        Maps the losses to smoothed ones, each from those before it.
    stop : float, optional
        Break off after the first loss whose smoothed value is above this many times the lowest.

    Examples
    --------
    >>> from optim import SGD
    >>> from problems import Quadratic
    >>> found = lr_range_test(Quadratic([1.0, 10.0]), SGD(), exponential_rates(1e-3, 10, 50))
    >>> len(found.rates), found.stopped
    (45, True)
    """
    rates = np.asarray(rates, float)
    require(rates.ndim == 1 and len(rates) > 0, "rates", rates, "one rate an update")
    climbing = FromFunction(lambda n: rates[n])
    # What the last rate does is not seen any more: it has a loss before it, and none after it.
    run = minimize(problem, optimizer.replace(lr=climbing), x0, len(rates) - 1)
    # Where the run became inf or nan, the next loss is the last that is seen.
    losses = np.append(run.history.fun, np.inf)[: len(rates)]
    return broken_off(rates, losses, smooth, stop)


# --- whole finders, as their authors have them


def smith_finder(
    problem: Any, optimizer: Optimizer, *, low: float, high: float, count: int, x0: Any = None
) -> tuple[float, float]:
    """Return Smith's base and highest rate: where the loss has begun to fall, and where it begins to rise.

    He reads both off a picture. Here the highest is the rate of the lowest loss, and the base is a quarter
    of it: his rule of thumb, "one third or one fourth".
    """
    found = lr_range_test(problem, optimizer, linear_rates(low, high, count), x0=x0)
    check_curve(found.rates, found.losses, 2)
    highest = float(found.rates[np.nanargmin(found.losses)])
    return highest / 4, highest


def fastai_finder(
    problem: Any,
    optimizer: Optimizer,
    *,
    low: float = 1e-7,
    high: float = 10.0,
    count: int = 100,
    rule: str = "valley",
    x0: Any = None,
) -> float:
    """Return what fastai's ``lr_find`` suggests.

    Exponential ramp of `count` (at least 6) rates that stops short of `high`; losses smoothed by a debiased
    mean of 0.98; stopped when that is above 4 times its lowest; the first tenth and the last five points are
    left out.

    Examples
    --------
    The best rate is 0.18, the edge is at 0.2:

    >>> from optim import SGD
    >>> from problems import Quadratic
    >>> bowl = Quadratic([1.0, 10.0])
    >>> [round(fastai_finder(bowl, SGD(), count=n), 5) for n in (100, 1000)]
    [0.0012, 0.00233]
    """
    require(rule in SUGGESTIONS, "rule", rule, "one of " + ", ".join(SUGGESTIONS))
    rates = exponential_rates(low, high, max(as_count("count", count, 1), 6))
    return suggest_fastai(rates, _losses_along(problem, optimizer, rates, x0), rule)


def torch_lr_finder(
    problem: Any,
    optimizer: Optimizer,
    *,
    low: float = 1e-5,
    high: float = 10.0,
    count: int = 100,
    skip_start: int = 10,
    skip_end: int = 5,
    x0: Any = None,
) -> float:
    """Return what torch-lr-finder suggests: the rate at the steepest fall of the smoothed loss.

    Exponential ramp that ends at `high`; losses smoothed by a mean of weight 0.05 that starts at the first;
    stopped when that is above 5 times its lowest. The steepest fall is per update, not per rate.

    Examples
    --------
    The same bowl, whose best rate is 0.18: the answer falls as one over the length of the ramp.

    >>> from optim import SGD
    >>> from problems import Quadratic
    >>> bowl = Quadratic([1.0, 10.0])
    >>> [round(torch_lr_finder(bowl, SGD(), count=n), 5) for n in (100, 1000)]
    [0.02477, 0.00101]
    """
    rates = exponential_rates(low, high, count, reach=True)
    return suggest_torch_lr_finder(rates, _losses_along(problem, optimizer, rates, x0), skip_start, skip_end)


Reading = Callable[[Array, Array], float]


def library_finders(
    problem: Any, optimizer: Optimizer, count: int, *, x0: Any = None
) -> dict[str, tuple[Array, Array, Reading]]:
    """Return for each popular finder its curve, with its own defaults, and how it reads a rate off it.

    Two ramps in all: torch-lr-finder's, and the one that fastai's four rules share.

    Examples
    --------
    >>> from optim import SGD
    >>> from problems import Quadratic
    >>> curves = library_finders(Quadratic([1.0, 10.0]), SGD(), 100)
    >>> for name, (rates, losses, reading) in curves.items():
    ...     print(f"{name}: {reading(rates, losses):.2g}")
    torch-lr-finder: 0.025
    fastai minimum: 0.33
    fastai steep: 0.17
    fastai valley: 0.0012
    fastai slide: 0.04
    """
    torch = exponential_rates(1e-5, 10.0, count, reach=True)
    fastai = exponential_rates(1e-7, 10.0, max(count, 6))
    losses = _losses_along(problem, optimizer, fastai, x0)
    sources: dict[str, tuple[Array, Array, Reading]] = {
        "torch-lr-finder": (torch, _losses_along(problem, optimizer, torch, x0), suggest_torch_lr_finder)
    }
    return sources | {
        f"fastai {rule}": (fastai, losses, partial(suggest_fastai, rule=rule)) for rule in SUGGESTIONS
    }


def _losses_along(problem: Any, optimizer: Optimizer, rates: Array, x0: Any) -> Array:
    """Return the losses that training under these rates shows, up to where it leaves the finite numbers."""
    return lr_range_test(problem, optimizer, rates, x0=x0, stop=None).losses


def _check_range(low: float, high: float, count: int) -> None:
    require(as_number("low", low) >= 0, "low", low, "a rate of at least 0")
    require(as_number("high", high) > 0, "high", high, "a positive rate")
    as_count("count", count, 2)
