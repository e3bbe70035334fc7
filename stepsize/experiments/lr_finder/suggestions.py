"""What the classical finders do with a curve of losses: smooth it, break it off, read a rate off it.

Pure functions of rates and losses, wherever these come from; `ramps` makes the curves.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from stepsize.core.display import brief
from stepsize.core.validation import describe_value, require

__all__ = [
    "SUGGESTIONS",
    "Ramp",
    "broken_off",
    "check_curve",
    "debiased_mean",
    "suggest_fastai",
    "minimum_rule",
    "plain_mean",
    "slide_rule",
    "steep_rule",
    "suggest_torch_lr_finder",
    "valley_rule",
]

Array = np.ndarray[Any, Any]


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

    __repr__ = brief


def broken_off(
    rates: Array, losses: Array, smooth: Callable[[Array], Array] | None = None, stop: float | None = 4.0
) -> Ramp:
    """Return a curve as a finder sees it: smoothed, and broken off where it has risen too far.

    Parameters
    ----------
    rates, losses : ndarray of shape (T,)
        The rate of each update and the loss before it; fewer losses if the run became inf or nan.
    smooth : callable, optional
        Maps the losses to smoothed ones, each from those before it.
    stop : float, optional
        Break off after the first loss whose smoothed value is above this many times the lowest.

    Examples
    --------
    >>> broken_off(np.arange(5.0), np.array([4.0, 1.0, 2.0, 9.0, 1.0])).losses.tolist()
    [4.0, 1.0, 2.0, 9.0]
    """
    with np.errstate(all="ignore"):
        smoothed = losses if smooth is None else smooth(losses)
        most = np.inf if stop is None else stop * np.minimum.accumulate(smoothed)
        above = ~(smoothed <= most)
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
    check_curve(rates, losses, 2)
    return float(rates[np.argmin(losses)] / 10)


def steep_rule(rates: Array, losses: Array) -> float:
    """Return the rate at which the loss falls fastest over the logarithm of the rate (fastai's "steep")."""
    check_curve(rates, losses, 2)
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
    check_curve(rates, losses, 2)
    length = np.ones(len(losses), int)
    for i in range(len(losses)):
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
    check_curve(rates, losses, width + 1)
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


# --- from the losses to the suggestion, as two libraries have it


def suggest_fastai(rates: Array, losses: Array, rule: str = "valley") -> float:
    """Return what fastai reads off a curve of losses.

    They are smoothed by a debiased mean of 0.98 and broken off when that is above 4 times its lowest; the
    first tenth and the last five points are left out.

    Raises
    ------
    ValueError
        If the rule is unknown or too few points are left.
    """
    require(rule in SUGGESTIONS, "rule", rule, "one of " + ", ".join(SUGGESTIONS))
    found = broken_off(rates, losses, debiased_mean)
    kept = slice(len(rates) // 10, -5)
    return SUGGESTIONS[rule](found.rates[kept], found.smoothed[kept])


def suggest_torch_lr_finder(rates: Array, losses: Array, skip_start: int = 10, skip_end: int = 5) -> float:
    """Return what torch-lr-finder reads off a curve of losses: the rate at the steepest fall.

    They are smoothed by a mean of weight 0.05 that starts at the first and broken off when that is above 5
    times its lowest. The steepest fall is per update, not per rate.

    Raises
    ------
    ValueError
        If too few points are left.
    """
    found = broken_off(rates, losses, plain_mean, stop=5.0)
    kept = slice(skip_start, max(len(found.rates) - skip_end, 0))
    rates, losses = found.rates[kept], found.smoothed[kept]
    check_curve(rates, losses, 2)
    return float(rates[np.gradient(losses).argmin()])


def check_curve(rates: Array, losses: Array, least: int) -> None:
    """Refuse a curve of too few points, and one whose losses are not its rates'."""
    if len(rates) < least:
        raise ValueError(
            f"losses: got {len(rates)} points, expected at least {least}; take a longer ramp, or one that "
            "does not diverge so soon"
        )
    if len(rates) != len(losses):
        raise ValueError(
            f"losses: got {describe_value(losses)}, expected one for each of the {len(rates)} rates"
        )
