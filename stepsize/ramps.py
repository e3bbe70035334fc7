"""The classical learning-rate finders: one run under a rate that climbs, and rules that read its loss.

They are here to be compared. The weights move while the rate climbs, so what they find depends on how long
the ramp is: see `find_lr`, which starts anew for every rate. All functions are pure: the run begins at the
problem's start, and nothing but the returned record knows of it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from optim import Optimizer, minimize
from schedules import FromFunction
from stepsize.base.checks import as_count, as_number, describe, refuse_unless

__all__ = [
    "SUGGESTIONS",
    "Ramp",
    "exponential_rates",
    "fastai_finder",
    "linear_rates",
    "minimum_rule",
    "ramp",
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
    refuse_unless(low > 0 and high > 0, "low", (low, high), "positive rates for an exponential ramp")
    return np.asarray(low * (high / low) ** (np.arange(count) / (count - 1 if reach else count)))


@dataclass(frozen=True, eq=False)
class Ramp:
    """One run under a climbing rate.

    Attributes
    ----------
    rates, losses : ndarray of shape (T,)
        The rate of each update and the loss before it, which is what training shows; up to where it stopped.
    smoothed : ndarray of shape (T,)
        The losses smoothed.
    stopped : bool
        Whether the smoothed loss rose so far that the ramp broke off.
    """

    rates: Array
    losses: Array
    smoothed: Array
    stopped: bool


def ramp(
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
    >>> found = ramp(Quadratic([1.0, 10.0]), SGD(), exponential_rates(1e-3, 10, 50))
    >>> len(found.rates), found.stopped
    (45, True)
    """
    rates = np.asarray(rates, float)
    refuse_unless(rates.ndim == 1 and len(rates) > 0, "rates", rates, "one rate an update")
    climbing = FromFunction(lambda n: rates[min(n, len(rates) - 1)])
    run = minimize(problem, optimizer.replace(lr=climbing), x0, len(rates))
    losses = run.history.fun[: len(rates)]
    if len(losses) < len(rates):  # it left the finite numbers: the next loss is the last that is seen
        losses = np.append(losses, np.inf)[: len(rates)]
    with np.errstate(all="ignore"):
        smoothed = losses if smooth is None else smooth(losses)
        lowest = np.minimum.accumulate(smoothed)
        above = ~(smoothed <= (np.inf if stop is None else stop) * lowest)
    count = int(above.argmax()) + 1 if above.any() else len(losses)
    return Ramp(rates[:count], losses[:count], smoothed[:count], count < len(rates))


def debiased_mean(losses: Array, beta: float = 0.98) -> Array:
    """Return fastai's smoothing: an exponential mean over 1 - beta^n, so that its start at 0 is no bias."""
    mean, out = 0.0, []
    for n, loss in enumerate(losses, 1):
        mean = beta * mean + (1 - beta) * loss
        out.append(mean / (1 - beta**n))
    return np.array(out)


def plain_mean(losses: Array, weight: float = 0.05) -> Array:
    """Return torch-lr-finder's smoothing: an exponential mean that starts at the first loss."""
    out = [float(losses[0])]
    for loss in losses[1:]:
        out.append(weight * float(loss) + (1 - weight) * out[-1])
    return np.array(out)


# --- rules that read a rate off the curve


def minimum_rule(rates: Array, losses: Array) -> float:
    """Return a tenth of the rate at the lowest loss (fastai's "minimum")."""
    _check_curve(rates, losses, 2)
    return float(rates[np.argmin(losses)] / 10)


def steep_rule(rates: Array, losses: Array) -> float:
    """Return the rate at which the loss falls fastest over the logarithm of the rate (fastai's "steep")."""
    _check_curve(rates, losses, 2)
    slopes = np.diff(losses) / np.diff(np.log(rates))
    return float(rates[np.argmin(slopes)])


def valley_rule(rates: Array, losses: Array) -> float:
    """Return the rate in the middle of the longest valley (fastai's "valley", its default).

    The valley is the longest falling subsequence, of length l ending at e; the rate is that at
    ``e - l + int(l/3) + int(l/6)``.

    Raises
    ------
    ValueError
        If the loss never falls. (fastai returns the first rate then, without complaint.)
    """
    _check_curve(rates, losses, 2)
    length = np.ones(len(losses), int)
    for i in range(1, len(losses)):
        before = length[:i][losses[:i] > losses[i]]
        length[i] = 1 + (before.max() if len(before) else 0)
    end = int(length.argmax())
    span = int(length[end])
    if span == 1:
        raise ValueError("losses: got a loss that never falls, expected one that does; start at a lower rate")
    return float(rates[end - span + int(span / 3) + int(span / 3 / 2)])


def slide_rule(rates: Array, losses: Array, width: int = 15, threshold: float = 0.005) -> float:
    """Return where a window, pushed down from the end, meets even slopes (fastai's "slide").

    The window of `width` points moves left as long as the slopes at its two ends differ by more than the
    threshold; the answer is the rate at its left end.
    """
    _check_curve(rates, losses, width + 1)
    slopes = np.gradient(losses)
    right, left = -1, -1 - width
    found = rates[left]
    while left >= -len(losses) and abs(slopes[right] - slopes[left]) > threshold:
        found = rates[left]
        right, left = right - 1, left - 1
    return float(found)


SUGGESTIONS: dict[str, Callable[[Array, Array], float]] = {
    "minimum": minimum_rule,
    "steep": steep_rule,
    "valley": valley_rule,
    "slide": slide_rule,
}


# --- whole finders, as their authors have them


def smith_finder(
    problem: Any, optimizer: Optimizer, *, low: float, high: float, count: int, x0: Any = None
) -> tuple[float, float]:
    """Return Smith's base and highest rate: where the loss has begun to fall, and where it begins to rise.

    He reads both off a picture. Here the highest is the rate of the lowest loss, and the base is a quarter
    of it: his rule of thumb, "one third or one fourth".
    """
    found = ramp(problem, optimizer, linear_rates(low, high, count), x0=x0)
    _check_curve(found.rates, found.losses, 2)
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
    refuse_unless(rule in SUGGESTIONS, "rule", rule, "one of " + ", ".join(SUGGESTIONS))
    count = max(as_count("count", count, 1), 6)
    found = ramp(problem, optimizer, exponential_rates(low, high, count), x0=x0, smooth=debiased_mean)
    rates, losses = found.rates[count // 10 : -5], found.smoothed[count // 10 : -5]
    good = len(losses) if not np.isnan(losses).any() else int(np.isnan(losses).argmax())
    return SUGGESTIONS[rule](rates[:good], losses[:good])


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
    as_count("count", count, 2)
    rates = exponential_rates(low, high, count, reach=True)
    found = ramp(problem, optimizer, rates, x0=x0, smooth=plain_mean, stop=5.0)
    kept = slice(skip_start, len(found.rates) - skip_end)
    rates, losses = found.rates[kept], found.smoothed[kept]
    _check_curve(rates, losses, 2)
    return float(rates[np.gradient(losses).argmin()])


def _check_range(low: float, high: float, count: int) -> None:
    refuse_unless(as_number("low", low) >= 0, "low", low, "a rate of at least 0")
    refuse_unless(as_number("high", high) > 0, "high", high, "a positive rate")
    as_count("count", count, 2)


def _check_curve(rates: Array, losses: Array, least: int) -> None:
    if len(rates) < least:
        raise ValueError(
            f"losses: got {len(rates)} points, expected at least {least}; take a longer ramp, or one that "
            "does not diverge so soon"
        )
    if len(rates) != len(losses):
        raise ValueError(f"losses: got {describe(losses)}, expected one for each of the {len(rates)} rates")
