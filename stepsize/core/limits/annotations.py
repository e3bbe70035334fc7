"""Whether a value is of the plain type that a parameter is annotated with: a number, a word, a list."""

import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from stepsize.core.validation import describe_value

__all__ = ["expected_of", "refuse_mistyped"]

_WORDS: dict[Any, str] = {
    bool: "True or False",
    int: "a whole number",
    float: "a number",
    str: "a word",
    type(None): "None",
}
_KINDS: dict[Any, tuple[Any, ...]] = {
    bool: (bool, np.bool_),
    int: (int, np.integer),
    float: (int, float, np.integer, np.floating),
    str: (str,),
    type(None): (type(None),),
}


def refuse_mistyped(annotated: Iterable[tuple[str, Any, Any]]) -> None:
    """Raise one sentence on the first value that is not of the type in its annotation.

    Parameters
    ----------
    annotated : iterable of (name, annotation, value)
        Annotations with other than plain types in them say nothing here.

    Raises
    ------
    TypeError
        That names the parameter.

    Examples
    --------
    >>> refuse_mistyped([("rate", float, 1), ("sizes", Sequence[int] | None, None)])
    >>> refuse_mistyped([("rate", float, "fast")])
    Traceback (most recent call last):
    ...
    TypeError: rate: got the str 'fast', expected a number
    """
    for name, annotation, value in annotated:
        expected = expected_of(annotation)
        if expected is not None and not _fits(annotation, value):
            raise TypeError(f"{name}: got {describe_value(value)}, expected {expected}")


def expected_of(annotation: Any) -> str | None:
    """Return an annotation in words, or None for one that has other than plain types in it."""
    if annotation in _WORDS:
        return _WORDS[annotation]
    if _is_record(annotation):
        return f"a {annotation.__name__.lower()}"
    parts = typing.get_args(annotation)
    match typing.get_origin(annotation):
        case types.UnionType | typing.Union:
            words = [expected_of(part) for part in parts]
            return None if None in words else " or ".join(str(word) for word in words)
        case origin if origin in (Sequence, list):
            item = expected_of(parts[0])
            return "a list" if item is None else f"a list, each item {item}"
        case origin if origin is Mapping:
            return "pairs such as {100: 0.1}"
        case origin if origin is Callable:
            return "a function"
    return None


def _fits(annotation: Any, value: Any) -> bool:
    if annotation in _KINDS:
        is_truth = isinstance(value, bool | np.bool_)
        return isinstance(value, _KINDS[annotation]) and (annotation is bool or not is_truth)
    parts = typing.get_args(annotation)
    match typing.get_origin(annotation):
        case types.UnionType | typing.Union:
            return any(_fits(part, value) for part in parts)
        case origin if origin in (Sequence, list):
            if isinstance(value, np.ndarray):
                return value.ndim > 0
            return isinstance(value, list | tuple) and all(_fits(parts[0], v) for v in value)
        case origin if origin is Mapping:
            return isinstance(value, Mapping)
        case origin if origin is Callable:
            return callable(value)
    return isinstance(value, annotation) if _is_record(annotation) else True


def _is_record(annotation: Any) -> bool:
    """Whether an annotation is a kind of record, such as a schedule, which is known by what it can do."""
    return isinstance(annotation, type) and hasattr(annotation, "to_json")
