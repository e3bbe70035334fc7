"""What a number may be, found by asking its class: the nearest values on either side that it refuses."""

from collections.abc import Callable
from typing import Any

__all__ = ["allowed_range"]

_FAR = 1e6


def allowed_range(
    make: Callable[[float], Any], value: float, whole: bool
) -> tuple[float | None, float | None]:
    """Return the least and the largest value with which a record can be made, None where there is no end.

    Parameters
    ----------
    make : callable
        Makes the record with another value, or raises ValueError or TypeError.
    value : float
        One that is allowed.
    whole : bool
        Whether it counts something.

    Examples
    --------
    >>> def make(value):
    ...     if not 4 <= value < 10:
    ...         raise ValueError
    >>> allowed_range(make, 5.0, False), allowed_range(make, 5.0, True)
    ((4.0, 9.9999), (4.0, 9.0))
    """

    def good(other: float) -> bool:
        try:
            make(int(other) if whole else other)
        except (ValueError, TypeError, ArithmeticError):
            return False
        return True

    size = max(abs(value), 1.0)
    low = _end(good, value, -_FAR * size, whole)
    high = _end(good, value, _FAR * size, whole)
    ends = [0.0 if end is not None and abs(end) <= 1e-9 * size and good(0.0) else end for end in (low, high)]
    return ends[0], ends[1]


def _end(good: Callable[[float], bool], inside: float, outside: float, whole: bool) -> float | None:
    """Return the last good value on the way out, short where a short one is good."""
    if good(outside):
        return None
    for _ in range(60):
        middle = (inside + outside) / 2
        middle = float(round(middle)) if whole else middle
        if middle in (inside, outside):
            break
        inside, outside = (middle, outside) if good(middle) else (inside, middle)
    short = float(f"{inside:.5g}")
    for candidate in (short, float(f"{inside:.4g}")):
        if good(candidate) and abs(candidate - inside) <= 1e-3 * max(abs(inside), 1e-3):
            return candidate
    return _shortened(good, inside)


def _shortened(good: Callable[[float], bool], inside: float) -> float:
    """Return a good value a little further in."""
    for part in (1e-5, 1e-4, 1e-3):
        for candidate in (float(f"{inside * (1 - part):.5g}"), float(f"{inside * (1 + part):.5g}")):
            if good(candidate):
                return candidate
    return inside
