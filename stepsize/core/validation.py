"""What bad input is told: one sentence that names the argument, what came and what was expected."""

import math
import numbers
import operator
from typing import Any

import numpy as np

__all__ = [
    "LARGEST",
    "LARGEST_SEED",
    "as_count",
    "as_floats",
    "as_number",
    "as_seed",
    "did_you_mean",
    "describe_value",
    "missing",
    "real_numbers",
    "require",
    "require_a",
]


# The largest count: floats are exact up to it, and the index of an update becomes one.
LARGEST = 2**53
# Of 128 bits: what may start a generator of random numbers.
LARGEST_SEED = 2**128 - 1


# The longest word that may be a name misspelled.
_LONGEST_NAME = 80


def missing(thing: Any, method: str) -> NotImplementedError:
    """Return the error that says which method a class of the user's has not written.

    Examples
    --------
    >>> print(missing(1.5, "value(self, n)"))
    float: got a class without value, expected it to define value(self, n)
    """
    name = method.partition("(")[0]
    return NotImplementedError(
        f"{type(thing).__name__}: got a class without {name}, expected it to define {method}"
    )


def describe_value(value: Any) -> str:
    """Return a few words on a value that was not what was expected.

    Examples
    --------
    >>> describe_value(np.arange(3))
    'an array of int64 of shape (3,)'
    >>> describe_value("ten")
    "the str 'ten'"
    >>> describe_value(int), describe_value(lambda x: x)
    ('the class int', 'the function <lambda>')
    """
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype} of shape {value.shape}"
    if value is None or isinstance(value, bool | int | float):
        return "a whole number of more than 300 digits" if _is_huge(value) else repr(value)
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if callable(value) and isinstance(getattr(value, "__name__", None), str):
        return f"the function {value.__name__}"
    kind, text = type(value).__name__, " ".join(repr(value).split())
    text = text if len(text) <= 60 else text[:57] + "..."
    return text if text.startswith(f"{kind}(") else f"the {kind} {text}"


def _is_huge(value: Any) -> bool:
    # Python itself refuses to print numbers of more than 4300 digits.
    return isinstance(value, int) and abs(value) >= 10**300


def require(condition: bool, name: str, value: Any, expected: str) -> None:
    """Raise ``ValueError("name: got ..., expected ...")`` unless the condition holds."""
    if not condition:
        raise ValueError(f"{name}: got {describe_value(value)}, expected {expected}")


def require_a(kind: type | tuple[type, ...], name: str, value: Any, expected: str) -> None:
    """Raise ``TypeError("name: got ..., expected ...")`` unless the value is of that kind."""
    if not isinstance(value, kind):
        raise TypeError(f"{name}: got {describe_value(value)}, expected {expected}")


def as_number(name: str, value: Any, expected: str = "a finite number") -> float:
    """Return a finite number as a Python float, or raise TypeError or ValueError."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError(f"{name}: got {describe_value(value)}, expected {expected}")
    try:
        number = float(value)
    except OverflowError:  # a whole number of hundreds of digits
        number = math.inf
    require(math.isfinite(number), name, value, expected)
    return number


def as_count(name: str, value: Any, minimum: int = 0, maximum: int = LARGEST) -> int:
    """Return a whole number from `minimum` to `maximum`, or raise TypeError or ValueError."""
    if type(value) is int and minimum <= value <= maximum:  # as nearly all are
        return value
    bounded = maximum < LARGEST
    expected = (
        f"a whole number from {minimum} to {maximum}" if bounded else f"a whole number of at least {minimum}"
    )
    if isinstance(value, bool | np.bool_):
        raise TypeError(f"{name}: got {value!r}, expected {expected}")
    try:
        count = operator.index(value)
    except TypeError:
        raise TypeError(f"{name}: got {describe_value(value)}, expected {expected}") from None
    require(minimum <= count, name, count, expected)
    require(count <= maximum, name, count, expected if bounded else f"a whole number of at most {maximum}")
    return count


def as_seed(name: str, value: Any) -> int:
    """Return a whole number that may start a generator, of at most 128 bits, or raise."""
    return as_count(name, value, maximum=LARGEST_SEED)


_FLOATS = frozenset((np.dtype(np.float32), np.dtype(np.float64)))


def as_floats(name: str, value: Any, expected: str = "an array of floats") -> np.ndarray[Any, Any]:
    """Return a list or array as a fresh float array; float32 and float64 keep their type.

    A list of whole numbers is read as floats; an *array* of integers is refused, because arithmetic that
    starts on integers is the classic silent error (``np.array([10]) * 0`` never moves).
    """
    if isinstance(value, np.ndarray):
        if value.dtype not in _FLOATS:
            raise TypeError(
                f"{name}: got {describe_value(value)}, expected {expected}; use .astype(float) if it is meant"
            )
        return np.array(value)
    if type(value) is tuple and set(map(type, value)) == {float}:  # as most starts are
        return np.array(value)
    return real_numbers(name, value, expected)


def real_numbers(name: str, value: Any, expected: str) -> np.ndarray[Any, Any]:
    """Return whatever holds real numbers as a fresh float array; float32 and float64 keep their type.

    Lists, whole numbers, fractions, tables of pandas and arrays of other libraries are taken; texts, truth
    values, complex numbers, missing values and ragged lists are refused with TypeError.
    """
    try:
        array = np.asarray(_detached(value))
        if array.dtype.kind == "O" and all(_is_real(v) for v in array.flat):
            array = array.astype(float)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        array = np.asarray(None)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name}: got {describe_value(value)}, expected {expected}")
    return np.array(array, dtype=array.dtype if array.dtype in _FLOATS else float)


def _detached(value: Any) -> Any:
    """Return a tensor that takes part in automatic differentiation as one that NumPy may read."""
    if isinstance(value, list | tuple):
        tensors = any(hasattr(v, "detach") for v in value if type(v) is not float)
        return [_detached(v) for v in value] if tensors else value
    return value.detach().cpu() if hasattr(value, "detach") else value


def _is_real(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.size == 1 and value.dtype.kind in "iuf"
    return isinstance(value, numbers.Number) and not isinstance(value, bool | np.bool_ | complex)


def did_you_mean(word: str, words: list[str]) -> str:
    """Return ``", did you mean X?"`` if one of the words is close, otherwise an empty string."""
    import difflib

    if len(word) > _LONGEST_NAME:  # to compare takes the product of the lengths
        return ""
    by_lower = {w.lower(): w for w in words}
    close = difflib.get_close_matches(word.lower(), by_lower, n=5, cutoff=0.6)
    # Letters in another order are the likeliest slip.
    swapped = [name for name in close if sorted(name) == sorted(word.lower())]
    return f", did you mean {by_lower[(swapped + close)[0]]}?" if close else ""
