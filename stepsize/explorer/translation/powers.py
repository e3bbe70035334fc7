"""Powers that Python rounds otherwise than the page, found one by one when a page is written.

A page takes powers in pairs of doubles and rounds once, to the nearest double. Python takes them from the C
library of its machine, which rounds about one in four thousand the other way, and which ones differs from
library to library. So the Python that writes a page compares: every power of every memory that a slider can
set, up to the longest run, and every power that the rules take with which the page opens. What differs
travels with the page, by base and exponent, as the distance in units of the last place.
"""

import math
from collections.abc import Iterable, Sequence
from decimal import Context, Decimal
from functools import lru_cache
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Exceptions = dict[float, dict[float, int]]

__all__ = ["LONGEST", "by_base", "nearest_power", "of_memories", "of_pairs", "slider_memories"]

# The longest run of a page.
LONGEST = 1000
# Smaller powers are the browser's own: the parts of their products would be too small for doubles.
_LEAST = 1e-280
# Pairs of doubles hold a power to this share of itself; nearer to a middle of two doubles it is taken anew.
_SURE = 1e-24
_SPLIT = 2.0**27 + 1
_DECIMAL = Context(prec=40)


def nearest_power(base: float, exponent: float) -> float:
    """Return a power of a positive number as the page takes it: rounded once.

    Examples
    --------
    >>> nearest_power(0.5, 3.0), nearest_power(4.0, -0.5)
    (0.125, 0.5)
    """
    if not (exponent.is_integer() and abs(exponent) < 2**31):
        return float(_DECIMAL.power(Decimal(base), Decimal(exponent)))
    result, square, left = (1.0, 0.0), (base, 0.0), int(abs(exponent))
    while left > 0:
        if left % 2:
            result = _times(result, square)
        if left > 1:
            square = _times(square, square)
        left //= 2
    return (
        float(result[0] + result[1])
        if exponent >= 0
        else float(_DECIMAL.divide(1, _DECIMAL.add(*map(Decimal, result))))
    )


def _times(a: tuple[Any, Any], b: tuple[Any, Any]) -> tuple[Any, Any]:
    """Return the product of two pairs, with the operations of the page's own."""
    p = a[0] * b[0]
    return _quick_sum(p, _product_error(a[0], b[0], p) + (a[0] * b[1] + a[1] * b[0]))


def _quick_sum(a: Any, b: Any) -> tuple[Any, Any]:
    s = a + b
    return s, b - (s - a)


def _product_error(a: Any, b: Any, p: Any) -> Any:
    """Return the error of a product, exactly (Dekker 1971)."""
    ca, cb = _SPLIT * a, _SPLIT * b
    ah, bh = ca - (ca - a), cb - (cb - b)
    al, bl = a - ah, b - bh
    return al * bl - (p - ah * bh - al * bh - ah * bl)


def slider_memories() -> Array:
    """Return every number between 0 and 1 that a memory's slider can set: three digits, or four from 0.9."""
    return np.unique(np.r_[np.arange(1, 1000) / 1000, np.arange(9000, 10000) / 10000])


@lru_cache(maxsize=8)
def of_memories(memories: tuple[float, ...], longest: int = LONGEST) -> Exceptions:
    """Return the powers of numbers between 0 and 1, by counts from 1 on, that Python rounds otherwise.

    Examples
    --------
    >>> of_memories((0.5, 0.25))
    {}
    """
    bases = np.array(sorted(memories))
    found: list[tuple[float, float]] = []
    pair = np.ones(len(bases)), np.zeros(len(bases))
    for t in range(1, longest + 1):
        pair = _times(pair, (bases, 0.0))
        kept = pair[0] > _LEAST
        if not kept.all():
            bases, pair = bases[kept], (pair[0][kept], pair[1][kept])
        if not len(bases):
            break
        high, low = pair
        pythons = np.array([base**t for base in bases.tolist()])
        unit = np.spacing(high)
        unsure = (np.abs(np.abs(low) - unit / 2) < _SURE * high) | (
            np.abs(np.abs(low) - unit / 4) < _SURE * high
        )
        found += [(base, float(t)) for base in bases[(pythons != high) | unsure].tolist()]
    return of_pairs(found)


def of_pairs(pairs: Iterable[tuple[float, float]]) -> Exceptions:
    """Return which powers of a positive base Python rounds otherwise, of those asked about."""
    told: Exceptions = {}
    for base, exponent in pairs:
        try:
            pythons = base**exponent
        except ArithmeticError:
            continue
        if not _LEAST < pythons < math.inf or base == 1 or exponent in (0.0, 1.0):
            continue
        away = _units(pythons) - _units(nearest_power(base, exponent))
        if away:
            told.setdefault(base, {})[exponent] = away
    return told


def _units(value: float) -> int:
    """Return which double a positive one is, counted from 0."""
    return int(np.float64(value).view(np.int64))


def by_base(found: Sequence[Exceptions]) -> list[list[Any]]:
    """Return exceptions as a page reads them: each base with its exponents.

    A negative exponent says that the power is a unit in the last place lower, a pair how many units away.

    Examples
    --------
    >>> by_base([{0.9: {3.0: -1, 5.0: 1}}, {0.9: {0.5: 2}}])
    [[0.9, -3, 5, [0.5, 2]]]
    """
    merged: Exceptions = {}
    for exceptions in found:
        for base, by_exponent in exceptions.items():
            merged.setdefault(base, {}).update(by_exponent)
    return [[base, *(_item(*item) for item in by_exponent.items())] for base, by_exponent in merged.items()]


def _item(exponent: float, away: int) -> Any:
    number = int(exponent) if exponent.is_integer() else exponent
    return number * away if abs(away) == 1 and exponent > 0 else [number, away]
