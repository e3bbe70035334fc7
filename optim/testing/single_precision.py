"""Single precision: what rounding to float32 may do to a rule on a stream, found by doing it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from optim.optimizer import Optimizer
from optim.testing.adapters import trajectory
from optim.testing.gradient_streams import Stream, relative_difference

__all__ = ["rounded", "single_tolerances", "single_trajectory", "squares_fit"]

Array = np.ndarray[Any, Any]

_EPS = float(np.finfo(np.float32).eps)
# Another order of the same operations rounds otherwise; this many times what was found is allowed.
_ALLOWED = 8.0
# Where float32 itself is off by more, by overflow, underflow or cancellation, a stream says nothing.
_USELESS = 1e-3


def rounded(stream: Stream) -> Stream:
    """Return a stream whose numbers are float32's."""

    def near(values: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(float(np.float32(v)) for v in values)

    return replace(stream, x0=near(stream.x0), gradients=tuple(near(g) for g in stream.gradients))


def squares_fit(stream: Stream) -> bool:
    """Whether float32 holds the squares of all gradients, so that a mistake in float64 is one in float32."""
    with np.errstate(all="ignore"):
        g = np.array(stream.gradients, dtype=np.float32)
        squares = g[g != 0] * g[g != 0]
    return bool(np.isfinite(squares).all() and (squares > np.finfo(np.float32).tiny).all())


def single_trajectory(rule: Optimizer, stream: Stream) -> Array:
    """Return the start and the point after every update of a stream, all in float32."""
    x, state = np.array(stream.x0, dtype=np.float32), None
    rows = [x]
    for g, factor in zip(stream.gradients, stream.rates, strict=True):
        with_rate = rule.replace(lr=rule.lr * factor)
        with np.errstate(all="ignore"):
            state = with_rate.init(x) if state is None else state
            x, state = with_rate.step(x, np.array(g, dtype=np.float32), state)
        rows.append(x)
    return np.array(rows, dtype=float)


def single_tolerances(rule: Optimizer, streams: list[Stream]) -> dict[str, float]:
    """Return the relative difference that float32 may make on each stream, without the useless streams.

    A rule is run in float32, and in float64 with every number of its own and every gradient off by float32's
    epsilon; the largest deviation, times 8, is allowed. So the condition of the stream and of the rule (a
    correction 1 - beta^t that cancels, a large x that moves little) is in it.
    """
    allowed: dict[str, float] = {}
    for stream in streams:
        exact = trajectory(rule, stream)
        single = single_trajectory(rule, stream)
        off = float(relative_difference(single, exact).max())
        if not off <= _USELESS or not np.isfinite(exact).all():
            continue
        for other, varied in _varied(rule, stream):
            off = max(off, float(relative_difference(trajectory(other, varied), exact).max()))
        with np.errstate(all="ignore"):
            moved = np.maximum.accumulate(np.abs(exact - exact[0]), axis=0)
            steps = np.arange(len(exact))[:, None]
            places = np.where(moved > 0, steps * _EPS / 2 * np.abs(exact) / moved, 0.0)
        allowed[stream.name] = _ALLOWED * max(off, float(places.max()), _EPS)
    return allowed


def _varied(rule: Optimizer, stream: Stream) -> Iterator[tuple[Optimizer, Stream]]:
    """Yield the rule and the stream with a number off by float32's epsilon."""
    for name in rule.hypers():
        value = getattr(rule, name)
        if isinstance(value, float) and value:
            yield rule.replace(**{name: value * (1 - _EPS)}), stream
    signs = [1 + (-1) ** n * _EPS for n in range(len(stream.gradients))]
    shifted = tuple(tuple(v * s for v in g) for g, s in zip(stream.gradients, signs, strict=True))
    yield rule, replace(stream, gradients=shifted)
