"""Invariants of every optimizer, and traits that distinguish one from another."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from optim.testing.adapters import Memory, OptimizerUnderTest
from optim.testing.gradient_streams import STREAMS, Stream, relative_difference
from stepsize.core.display import counted

__all__ = ["Traits", "violated_invariants", "other_traits", "traits_of"]

Array = np.ndarray[Any, Any]

_SAME: dict[type, float] = {np.float64: 1e-9, np.float32: 1e-4}
# Eps and the like move a trait a little; what a reader would call another trait moves it more.
_ALIKE = 0.01


class Traits(NamedTuple):
    """Five numbers that distinguish families of rules.

    Attributes
    ----------
    first_step : float
        Length of the first step for a gradient of 1, in units of the rate: 1 for gradient descent and Adam.
    small_first_step : float
        The same for a gradient of 1e-6: still near 1 where the rule divides by the gradient's size and its
        eps is small.
    scale : float
        How much farther ten gradients 1024 times as large carry x: 1024 for gradient descent, 1 for Adam.
    coasting : float
        How far eight updates without a gradient carry x after one with it, in units of that first step: 0
        without momentum.
    decay : float
        The share of x that an update without a gradient takes away: 0 without weight decay.
    """

    first_step: float
    small_first_step: float
    scale: float
    coasting: float
    decay: float


_WORDS = (
    "its first step for a gradient of 1 is {:.4g} times the rate, expected {:.4g}",
    "its first step for a gradient of 1e-6 is {:.4g} times the rate, expected {:.4g}",
    "gradients 1024 times as large carry it {:.4g} times as far, expected {:.4g}",
    "after one gradient it coasts {:.4g} times its first step, expected {:.4g}",
    "an update without a gradient takes {:.4g} of x away, expected {:.4g}",
)


def traits_of(subject: OptimizerUnderTest, lr: float) -> Traits:
    """Measure the traits of a rule that is run at the rate lr."""

    def end(x0: float, *gradients: float) -> float:
        return float(subject.run(_scalar(x0, gradients))[-1, 0])

    wandering = [g for (g,) in STREAMS[0].gradients]
    with np.errstate(all="ignore"):
        first = 0.0 - end(0.0, 1.0)
        return Traits(
            first_step=first / lr,
            small_first_step=(0.0 - end(0.0, 1e-6)) / lr,
            scale=float(np.float64(end(0.0, *(1024 * g for g in wandering))) / end(0.0, *wandering)),
            coasting=float(np.float64(0.0 - end(0.0, 1.0, *[0.0] * 8) - first) / first),
            decay=1.0 - end(1.0, 0.0),
        )


def other_traits(traits: Traits, expected: Traits) -> Iterator[str]:
    """Yield a sentence for each trait that is clearly another than expected.

    A rule that never moves has no scale and does not coast: of what is nan there is nothing to say.
    """
    for words, ours, theirs in zip(_WORDS, traits, expected, strict=True):
        if np.isnan(ours) or np.isnan(theirs):
            continue
        if not np.isclose(ours, theirs, rtol=_ALIKE, atol=1e-12):
            yield words.format(ours, theirs)


_RESUMING = "it does not resume: going on from a copy of its state gives other points"
_MEMORY = (
    "it does not resume: its memory is in itself and not in the state that it returns, so that a copy of the "
    "state goes on to other points; return the memory as the state, or give a class with step(x, g) and no "
    "state"
)


def violated_invariants(subject: OptimizerUnderTest) -> Iterator[str]:
    """Yield a sentence for each property that every optimizer must have and this one lacks."""
    stream = STREAMS[1]
    first = subject.run(stream)
    if not np.array_equal(first, subject.run(stream), equal_nan=True):
        yield "it does not give the same points twice: it keeps something from one run to the next"
    elif not np.array_equal(first[6:], _resumed(subject, stream, 5), equal_nan=True):
        yield (
            _MEMORY
            if subject.holds
            else "it does not resume: going on from a copy of its state gives other points"
        )
    turned = replace(stream, x0=stream.x0[::-1], gradients=tuple(g[::-1] for g in stream.gradients))
    if relative_difference(subject.run(turned)[:, ::-1], first).max() > _SAME[subject.dtype]:
        yield "it treats coordinates by their place: reversing their order does not reverse the points"
    mirrored = replace(
        stream,
        x0=tuple(-v for v in stream.x0),
        gradients=tuple(tuple(-v for v in g) for g in stream.gradients),
    )
    if relative_difference(-subject.run(mirrored), first).max() > _SAME[subject.dtype]:
        yield "it is not symmetric: mirrored gradients from a mirrored start do not give mirrored points"
    silent = subject.run(_scalar(0.0, [0.0] * 10))
    if np.any(silent != 0):
        n = int(np.argmax(silent[:, 0] != 0))
        yield f"it leaves 0 without a gradient: x is {float(silent[n, 0])!r} after {counted(n, 'update')}"
    x, g = np.array(stream.x0), np.array(stream.gradients[0])
    given = x.copy(), g.copy()
    subject.step(x, g, None, stream.rates[0])
    if not (np.array_equal(x, given[0]) or subject.in_place):
        yield "it writes to the arrays that it was given"
    elif not np.array_equal(g, given[1]):
        gradient = "it writes to the gradient that it was given"
        yield gradient if subject.in_place else "it writes to the arrays that it was given"


def _resumed(subject: OptimizerUnderTest, stream: Stream, after: int) -> Array:
    """Return the points that follow from a copy of the state, taken in the middle of another, whole run."""

    def go_on(
        x: Array, state: Memory, updates: Iterable[tuple[Sequence[float], float]]
    ) -> Iterator[tuple[Array, Memory]]:
        for g, factor in updates:
            x, state = subject.step(x.copy(), np.array(g), state, factor)
            yield x, state

    updates = list(zip(stream.gradients, stream.rates, strict=True))
    *_, (x, state) = go_on(np.array(stream.x0), None, updates[:after])
    copied = subject.copy(state)
    list(go_on(x, state, updates[after:]))
    return np.array([x for x, _ in go_on(x, copied, updates[after:])])


def _scalar(x0: float, gradients: Sequence[float]) -> Stream:
    return Stream("", (x0,), tuple((float(g),) for g in gradients), (1.0,) * len(gradients))
