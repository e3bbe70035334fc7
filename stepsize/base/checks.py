"""What bad input is told: one sentence that names the argument, what came and what was expected."""

import math
import operator
from typing import Any

import numpy as np

__all__ = ["as_count", "as_floats", "as_number", "did_you_mean", "describe", "refuse_unless"]


def describe(value: Any) -> str:
    """Return a few words on a value that was not what was expected.

    Examples
    --------
    >>> describe(np.arange(3))
    'an array of int64 of shape (3,)'
    >>> describe("ten")
    "the str 'ten'"
    """
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype} of shape {value.shape}"
    if value is None or isinstance(value, bool | int | float):
        return repr(value)
    text = repr(value)
    return f"the {type(value).__name__} {text if len(text) <= 60 else text[:57] + '...'}"


def refuse_unless(condition: bool, name: str, value: Any, expected: str) -> None:
    """Raise ``ValueError("name: got ..., expected ...")`` unless the condition holds."""
    if not condition:
        raise ValueError(f"{name}: got {describe(value)}, expected {expected}")


def as_number(name: str, value: Any, expected: str = "a finite number") -> float:
    """Return a finite number as a Python float, or raise TypeError or ValueError."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError(f"{name}: got {describe(value)}, expected {expected}")
    number = float(value)
    refuse_unless(math.isfinite(number), name, value, expected)
    return number


def as_count(name: str, value: Any, least: int = 0) -> int:
    """Return a whole number of at least `least`, or raise TypeError or ValueError."""
    expected = f"a whole number of at least {least}"
    if isinstance(value, bool | np.bool_):
        raise TypeError(f"{name}: got {value!r}, expected {expected}")
    try:
        count = operator.index(value)
    except TypeError:
        raise TypeError(f"{name}: got {describe(value)}, expected {expected}") from None
    refuse_unless(count >= least, name, count, expected)
    return count


def as_floats(name: str, value: Any, expected: str = "an array of floats") -> np.ndarray[Any, Any]:
    """Return a list or array as a fresh float array; float32 and float64 keep their type.

    A list of whole numbers is read as floats; an *array* of integers is refused, because arithmetic that
    starts on integers is the classic silent error (``np.array([10]) * 0`` never moves).
    """
    if isinstance(value, np.ndarray):
        if value.dtype not in (np.float32, np.float64):
            raise TypeError(
                f"{name}: got {describe(value)}, expected {expected}; use .astype(float) if it is meant"
            )
        return np.array(value)
    try:
        return np.array(value, dtype=float)
    except (TypeError, ValueError):
        raise TypeError(f"{name}: got {describe(value)}, expected {expected}") from None


def did_you_mean(word: str, words: list[str]) -> str:
    """Return ``", did you mean X?"`` if one of the words is close, otherwise an empty string."""
    import difflib

    by_lower = {w.lower(): w for w in words}
    close = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return f", did you mean {by_lower[close[0]]}?" if close else ""
