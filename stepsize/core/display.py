"""Short texts for values of any size: what `repr` shows of a record or a result."""

import dataclasses
import math
from collections.abc import Iterable
from typing import Any

import numpy as np

__all__ = ["LONGEST", "assembled", "brief", "counted", "cut", "finite_or_none", "shown"]

# Characters that a repr takes at most.
LONGEST = 300
_MOST_ITEMS = 12
_MOST_CHARACTERS = 60


def shown(value: Any) -> str:
    """Return a value as text: arrays by their shape, long lists by their ends, functions by their names.

    Examples
    --------
    >>> shown(np.arange(3.0)), shown(np.zeros((50, 3))), shown(list(range(100)))
    ('[0.0, 1.0, 2.0]', '<array 50x3>', '[0, 1, 2, ..., 99]')
    """
    if isinstance(value, np.ndarray):
        if value.size > _MOST_ITEMS:
            return f"<array {'x'.join(map(str, value.shape))}>"
        return repr(value.tolist())
    if isinstance(value, list | tuple):
        return f"[{', '.join(_items(value))}]"
    if isinstance(value, dict):
        names = [repr(key) for key in value]
        return f"{{{', '.join(_ends(names))}}}"
    if callable(value) and hasattr(value, "__name__"):
        return str(value.__name__)
    text = repr(value)
    return text if len(text) <= LONGEST or hasattr(value, "fields") else cut(text, _MOST_CHARACTERS)


def brief(thing: Any) -> str:
    """Return a dataclass or named tuple as the text that would make it, with its fields as `shown`.

    Examples
    --------
    >>> @dataclasses.dataclass(repr=False)
    ... class Course:
    ...     name: str
    ...     error: np.ndarray
    ...     __repr__ = brief
    >>> Course("gap", np.zeros(100))
    Course(name='gap', error=<array 100>)
    """
    names = getattr(thing, "_fields", None) or [f.name for f in dataclasses.fields(thing)]
    parts = (f"{name}={shown(getattr(thing, name))}" for name in names)
    return assembled(type(thing).__name__, parts)


def assembled(name: str, parts: Iterable[str]) -> str:
    """Return ``name(part, ...)``, with the longest parts cut until it is short enough."""
    told = list(parts)
    limit = LONGEST
    while len(whole := f"{name}({', '.join(told)})") > LONGEST and limit > 8:
        limit //= 2
        told = [cut(part, limit) for part in told]
    return whole if len(whole) <= LONGEST else f"{cut(whole, LONGEST - 1)})"


def counted(number: int, noun: str) -> str:
    """Return a number and what is counted.

    Examples
    --------
    >>> counted(1, "run"), counted(0, "run"), counted(2, "run")
    ('1 run', '0 runs', '2 runs')
    """
    return f"{number} {noun}{'s' * (number != 1)}"


def cut(text: str, limit: int) -> str:
    """Return a text, or its beginning with three dots where it is longer than so many characters."""
    return text if len(text) <= limit else text[: max(limit - 3, 0)] + "..."


def finite_or_none(value: float | None) -> float | None:
    """Return a number for JSON, which has neither inf nor nan: those become None.

    Examples
    --------
    >>> finite_or_none(0.5), finite_or_none(np.inf), finite_or_none(None)
    (0.5, None, None)
    """
    return None if value is None or not math.isfinite(value) else float(value)


def _items(values: Any) -> list[str]:
    if len(values) <= _MOST_ITEMS:
        return [shown(value) for value in values]
    return [*(shown(value) for value in values[:3]), "...", shown(values[-1])]


def _ends(texts: list[str]) -> list[str]:
    return texts if len(texts) <= _MOST_ITEMS else [*texts[:3], "...", texts[-1]]
