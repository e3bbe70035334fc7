"""Records with symbols in place of their numbers: what a rule or a schedule reads while it is followed."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from stepsize.core.record import Record
from stepsize.explorer.symbols import Page

__all__ = ["numbers_of", "settings_of", "twin_of", "value_at"]

Path = tuple[str, ...]


def numbers_of(record: Record, inside: type[Record], path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield every number of a record, and of the records of a kind inside it, with its path."""
    for name, value in record.fields():
        if isinstance(value, inside):
            yield from numbers_of(value, inside, (*path, name))
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield (*path, name), value


def settings_of(record: Record, inside: type[Record], path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield everything else: words, flags, tables."""
    for name, value in record.fields():
        if isinstance(value, inside):
            yield from settings_of(value, inside, (*path, name))
        elif isinstance(value, bool) or not isinstance(value, int | float):
            yield (*path, name), value


def value_at(record: Any, path: Path) -> Any:
    """Return what stands at the end of a path."""
    for name in path:
        record = getattr(record, name)
    return record


def twin_of(record: Any, page: Page, names: dict[Path, str], path: Path = ()) -> Any:
    """Return a record in which the numbers at some paths are symbols, under the names that a page has.

    The twin of an optimizer knows the count of updates too, as ``h`` does, if ``("t",)`` has a name.
    """
    twin = object.__new__(type(record))
    for name, value in record.fields():
        here = (*path, name)
        if here in names:
            value = page.given(names[here], plain=True)
        elif any(known[: len(here)] == here for known in names) and isinstance(value, Record):
            value = twin_of(value, page, names, here)
        elif isinstance(value, np.ndarray) and value.ndim == 0:
            value = value.item()
        twin.__dict__[name] = value
    if ("t",) in names:
        twin.__dict__["t"] = page.given(names["t",], plain=True)
    return twin
