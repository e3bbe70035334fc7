"""Records out of JSON that anybody may have written: what is none is refused in one sentence."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from stepsize.core.limits.sentences import is_sentence
from stepsize.core.validation import describe_value, did_you_mean

__all__ = ["described", "loaded"]

# Levels of lists and records; digits of a whole number.
DEPTH, DIGITS = 300, 40

_TYPES = (
    "bool",
    "float32",
    "float64",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
)
_NOT_FINITE = {"inf": float("inf"), "-inf": float("-inf"), "nan": float("nan")}


def loaded(text: str | bytes) -> Any:
    """Return the values of a JSON text, in which every name stands once and no number is endless.

    Examples
    --------
    >>> loaded('{"class": "SGD", "lr": 0.1}')
    {'class': 'SGD', 'lr': 0.1}
    >>> loaded('{"lr": 0.1, "lr": 0.2}')
    Traceback (most recent call last):
    ...
    ValueError: JSON: got the name 'lr' twice in one object, expected it once
    """
    if not isinstance(text, str | bytes | bytearray):
        raise TypeError(f"JSON: got {describe_value(text)}, expected a text")
    try:
        return json.loads(text, object_pairs_hook=_object, parse_int=_whole, parse_constant=_constant)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise ValueError(
            f"JSON: got a text that is none from {where} on ({error.msg}), expected JSON"
        ) from None
    except UnicodeDecodeError:
        raise ValueError("JSON: got bytes that are no text, expected UTF-8") from None
    except RecursionError:
        raise _too_deep() from None


def described(data: Any, classes: Mapping[str, Any]) -> Any:
    """Return the record, array, number, list or word that JSON values describe.

    Parameters
    ----------
    data : dict, list, number, str or None
        What `loaded` returns.
    classes : mapping
        The kinds of records that there are, by their names.

    Raises
    ------
    TypeError, ValueError
        In one sentence, if they describe none.
    """
    try:
        return _read(data, 0, classes)
    except RecursionError:
        raise _too_deep() from None


def _read(data: Any, depth: int, classes: Mapping[str, Any]) -> Any:
    if depth > DEPTH:
        raise _too_deep()
    if isinstance(data, list):
        return tuple(_read(item, depth + 1, classes) for item in data)
    if not isinstance(data, dict):
        return data
    if "array" in data:
        return _array(data, depth)
    if "float" in data:
        return _float(data)
    cls, parameters = (
        _class(data, classes),
        {n: _read(v, depth + 1, classes) for n, v in data.items() if n != "class"},
    )
    try:
        return cls(**parameters)
    except (TypeError, ValueError) as error:
        if is_sentence(error):
            raise
        raise ValueError(
            f"JSON: got parameters of {cls.__name__} that it cannot take ({error}), expected those of to_json"
        ) from error


def _class(data: dict[str, Any], classes: Mapping[str, Any]) -> Any:
    """Return the class that an object names, a registered one."""
    name = data.get("class")
    cls = classes.get(name) if isinstance(name, str) else None
    if cls is None:
        hint = did_you_mean(name, [*classes]) if isinstance(name, str) else ""
        raise ValueError(
            f"JSON: got {describe_value(name)} for a class, expected the name of a registered one{hint}"
        )
    return cls


def _array(data: dict[str, Any], depth: int) -> np.ndarray[Any, Any]:
    """Return the array that an object describes: of numbers, of one of NumPy's plain types."""
    kind, items = data.get("dtype"), data["array"]
    if kind not in _TYPES or not isinstance(items, list) or len(data) != 2:
        raise ValueError(
            f"JSON: got an array with the names {', '.join(map(str, data))} and the dtype "
            f"{describe_value(kind)}, expected array, a list, and dtype, one of {', '.join(_TYPES)}"
        )
    try:
        found = np.array(_read(items, depth + 1, {}))
        if found.dtype.kind in "biuf" or not found.size:
            return found.astype(kind, casting="unsafe" if kind.startswith("float") else "same_kind")
    except (TypeError, ValueError, OverflowError):
        pass
    raise ValueError(
        f"JSON: got an array with the items {describe_value(items)}, expected rows of numbers of one length"
    )


def _float(data: dict[str, Any]) -> float:
    word = data["float"]
    if not isinstance(word, str) or word not in _NOT_FINITE or len(data) != 1:
        raise ValueError(
            f"JSON: got {describe_value(word)} for a float, expected one of {', '.join(_NOT_FINITE)}"
        )
    return _NOT_FINITE[word]


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        doubled = next(name for name in found if names.count(name) > 1)
        raise ValueError(f"JSON: got the name {doubled[:40]!r} twice in one object, expected it once")
    return found


def _whole(digits: str) -> int:
    if len(digits) > DIGITS:
        raise ValueError(f"JSON: got a whole number of {len(digits)} digits, expected at most {DIGITS}")
    return int(digits)


def _constant(word: str) -> float:
    raise ValueError(f'JSON: got {word}, which is not JSON, expected {{"float": "{word.lower()}"}}')


def _too_deep() -> ValueError:
    return ValueError(f"JSON: got lists and objects nested very deep, expected at most {DEPTH} levels")
