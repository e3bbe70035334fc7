"""A rule that is right but for its rate: the factors on its steps, and what makes such factors."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from optim.testing.adapters import trajectory
from optim.testing.gradient_streams import Stream
from optim.testing.roles import AnyRule

__all__ = ["rescaled"]

Array = np.ndarray[Any, Any]

# Factors are quotients of differences of points, which lose digits; what is near a named one is that one.
_NEAR = 1e-6


def rescaled(
    rule: AnyRule, observed: dict[str, Array], streams: list[Stream]
) -> Iterator[tuple[str, Callable[[Stream], Array]]]:
    """Yield the rule with its steps lengthened as one stream shows, if any factors do it.

    Parameters
    ----------
    rule : Optimizer
        The rule whose steps are compared.
    observed : dict of arrays
        The points of the rule under test, by the name of the stream.
    streams : list of Stream
        What was run; the first that moves at every update gives the factors.
    """
    for stream in streams:
        ours, theirs = np.diff(observed[stream.name], axis=0), np.diff(trajectory(rule, stream), axis=0)
        if len(stream.x0) == 1 and np.isfinite(ours).all() and np.isfinite(theirs).all() and theirs.all():
            break
    else:
        return
    factors = (ours / theirs)[:, 0]
    if not (np.abs(factors) > 1e-12).all() or not (np.abs(factors) < 1e12).all():
        return
    words, factors = _named(rule, factors)

    def run(stream: Stream) -> Array:
        points = trajectory(rule, stream)
        moves = np.diff(points, axis=0) * factors[: len(points) - 1, None]
        return np.concatenate([points[:1], points[0] + np.cumsum(moves, axis=0)])

    yield words, run


def _named(rule: AnyRule, factors: Array) -> tuple[str, Array]:
    """Return what is known to make such factors, and the factors, the exact ones where they are known."""
    t = np.arange(1, len(factors) + 1)
    for words, exact in _known(rule, t, factors):
        if np.allclose(factors, exact, rtol=_NEAR, atol=0):
            return words, np.asarray(exact, dtype=float)
    if np.allclose(factors, factors[0], rtol=_NEAR, atol=0):
        return f"with every step {factors[0]:.6g} times as long: a factor too many or too few", factors
    shown = ", ".join(f"{f:.4g}" for f in factors[:4])
    return (
        f"with its rate multiplied by {shown}, ... from update to update: something changes the rate",
        factors,
    )


def _known(rule: AnyRule, t: Array, factors: Array) -> Iterator[tuple[str, Array]]:
    """Yield factors that have a name."""
    names = rule.hypers()
    if "momentum" in names:
        damped = 1 - rule.momentum
        yield "with the gradient damped by 1 - momentum", damped + 0.0 * t
        yield "with the gradient damped twice: (1 - momentum)^2", damped * damped + 0.0 * t
        words = "with an average, corrected for its start at 0, in place of a velocity"
        yield words, damped / (1 - rule.momentum**t)
    if "beta1" in names and "beta2" in names:
        corrections = np.sqrt(1 - rule.beta2**t) / (1 - rule.beta1**t)
        repeated = np.concatenate([[1.0], np.cumprod(corrections)[:-1]])
        yield "with the corrected rate kept as the rate: it is corrected again at every update", repeated
        twice = "with the bias correction of the rate made twice"
        yield twice, corrections
    for words, power in (("t", 1.0), ("the root of t", 0.5)):
        yield f"with the rate divided by {words}, the count of updates", t**-power
        yield f"with the rate divided by {words} and one more", (t + 1.0) ** -power
    share = factors[1] / factors[0]
    for first in (1.0, share):
        yield (
            f"with the rate multiplied by {share:.6g} at every update and kept",
            first * share ** (t - 1.0),
        )
    decay = factors[0] / factors[1] - 1
    yield f"with the rate divided by 1 + {decay:.6g} n at update n", 1 / (1 + decay * (t - 1.0))
    decay = 1 / factors[0] - 1
    yield f"with the rate divided by 1 + {decay:.6g} t at update t", 1 / (1 + decay * t)
