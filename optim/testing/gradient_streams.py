"""Streams of gradients, given as numbers: no test function stands between a rule and its test."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["LAYERS", "STEADY_VECTOR", "STREAMS", "TWO_ARRAYS", "Stream", "relative_difference"]

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Stream:
    """A start, the gradient that each update gets whatever x is by then, and the rate as a multiple.

    Attributes
    ----------
    name : str
        What it tries.
    x0 : tuple of float
        The start.
    gradients : tuple of tuple of float
        One row an update.
    rates : tuple of float
        What the rule's own rate is multiplied by at each update.
    edge : bool
        Whether it is an extreme that only the classic rules are asked about in the vectors.
    arrays : int
        How many arrays of one length the parameters are handed over in, where a rule takes several.
    shapes : tuple of tuples of int
        The shapes of the layers, for rules that treat matrices otherwise; empty for one vector.
    """

    name: str
    x0: tuple[float, ...]
    gradients: tuple[tuple[float, ...], ...]
    rates: tuple[float, ...]
    edge: bool = False
    arrays: int = 1
    shapes: tuple[tuple[int, ...], ...] = ()

    @property
    def parts(self) -> tuple[slice, ...]:
        """The place of each array in x."""
        length = len(self.x0) // self.arrays
        return tuple(slice(k * length, (k + 1) * length) for k in range(self.arrays))

    @property
    def steady(self) -> bool:
        """Whether the rate stays the same, so that a rule that fixes its rate can be tested."""
        return set(self.rates) == {1.0}


_WANDERING = (0.7, -1.3, 0.2, 2.1, -0.4, -0.9, 1.6, 0.05, -2.4, 0.8)
_PLAIN = (1.0,) * 10


def _scalar(
    name: str, x0: float, gradients: Iterable[float], rates: Sequence[float] = _PLAIN, edge: bool = True
) -> Stream:
    return Stream(name, (x0,), tuple((float(g),) for g in gradients), tuple(map(float, rates)), edge)


STREAMS = (
    _scalar("wandering", 1.0, _WANDERING, edge=False),
    Stream(
        "three coordinates, the rate drops tenfold",
        (0.5, -2.0, 3.0),
        tuple((g, -0.01 * g, 10.0 + 3 * g) for g in _WANDERING),
        (1.0,) * 4 + (0.1,) * 3 + (1.0,) * 3,
    ),
    _scalar("constant", 0.0, [0.5] * 10),
    _scalar("alternating", 0.0, [1.0, -1.0] * 5),
    _scalar("sign flips", 0.0, [3.0, 3.0, -0.1, -0.1, 5.0, -5.0, 0.01, 0.01, -2.0, 2.0]),
    _scalar("long silence", 0.0, [1.0] + [0.0] * 8 + [1.0]),
    _scalar("zero gradient", 1.5, [0.0] * 10),
    _scalar("tiny", 0.0, [1e-30, -2e-30, 1e-30, 3e-30, 1e-30] * 2),
    _scalar("huge", 0.0, [1e30, -2e30, 1e30, 3e30, 1e30] * 2),
    _scalar("small", 0.0, [1e-6, 2e-6, -1e-6, 3e-6, 1e-6] * 2),
    _scalar("rate zero", 1.0, _WANDERING, [0.0] * 10),
    _scalar("rate grows tenfold", 1.0, _WANDERING, [0.1] * 5 + [1.0] * 5),
)

# What the kit tries besides; the vectors do not have them.
STEADY_VECTOR = Stream(
    "three coordinates", (0.5, -2.0, 3.0), tuple((g, 1.0 - g, -0.3 * g) for g in _WANDERING), _PLAIN
)
TWO_ARRAYS = Stream(
    "two arrays",
    (1.0, -0.5, 2.0, 0.3),
    tuple((g, 0.5 * g, 2.0 - g, 0.1 + g) for g in _WANDERING),
    _PLAIN,
    arrays=2,
)


def _layers(name: str, *shapes: tuple[int, ...]) -> Stream:
    """Return a stream of layers, whose numbers have no pattern that a rule could make use of."""
    size = sum(math.prod(shape) for shape in shapes)
    start = tuple(round(math.cos(2.0 * i) + 0.1 * i, 3) for i in range(size))
    gradients = tuple(
        tuple(round(g * math.sin(1.0 + 3.0 * i) + math.cos(5.0 * i + n), 3) for i in range(size))
        for n, g in enumerate(_WANDERING)
    )
    return Stream(name, start, gradients, _PLAIN, shapes=shapes)


# Matrices, which the vectors have for the rules that know them; the last is no matrix and a vector.
LAYERS = (
    _layers("a matrix of 2 x 2", (2, 2)),
    _layers("a matrix of 3 x 5", (3, 5)),
    _layers("a matrix of 5 x 3", (5, 3)),
    _layers("two matrices", (2, 3), (4, 2)),
    _layers("a stack of matrices and a vector", (2, 2, 3), (3,)),
)


def relative_difference(a: Array, b: Array) -> Array:
    """Return a's difference from b at each row, relative to the largest x or move so far; nan equals nan."""
    with np.errstate(all="ignore"):
        moved = np.maximum.accumulate(np.abs(b - b[0]), axis=0)
        difference = np.abs(a - b) / np.maximum(moved, 1e-12 * np.abs(b))
    alike = (a == b) | (np.isnan(a) & np.isnan(b))
    return np.asarray(np.where(alike, 0.0, np.nan_to_num(difference, nan=np.inf, posinf=np.inf)).max(axis=1))
