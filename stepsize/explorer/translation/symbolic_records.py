"""Records with symbols in place of their numbers: what a rule or a schedule reads while it is followed.

A path leads to a number: names of fields, and the index of an item where a field is a list.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from stepsize.core.record import Record
from stepsize.explorer.translation.symbols import Page

__all__ = ["Path", "numbers_of", "replaced", "settings_of", "twin_of", "value_at"]

Path = tuple[str, ...]


def numbers_of(record: Record, inside: type[Record], path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield every number of a record, its lists, and the records of a kind inside it, with its path."""
    for name, value in record.fields():
        items = (
            [((name, str(i)), item) for i, item in enumerate(value)]
            if isinstance(value, tuple)
            else [((name,), value)]
        )
        for here, item in items:
            if isinstance(item, inside):
                yield from numbers_of(item, inside, (*path, *here))
            elif isinstance(item, int | float) and not isinstance(item, bool):
                yield (*path, *here), item


def settings_of(record: Record, inside: type[Record], path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield everything else: words, flags, lists."""
    for name, value in record.fields():
        if isinstance(value, inside):
            yield from settings_of(value, inside, (*path, name))
        elif isinstance(value, bool) or not isinstance(value, int | float):
            yield (*path, name), value


def value_at(record: Any, path: Path) -> Any:
    """Return what stands at the end of a path."""
    for name in path:
        record = record[int(name)] if isinstance(record, tuple) else getattr(record, name)
    return record


def replaced(record: Any, values: Mapping[Path, Any], path: Path = ()) -> Any:
    """Return a record with other values at some paths."""
    if path in values:
        return values[path]
    if not any(known[: len(path)] == path for known in values):
        return record
    if isinstance(record, tuple):
        return tuple(replaced(item, values, (*path, str(i))) for i, item in enumerate(record))
    changes = {name: replaced(old, values, (*path, name)) for name, old in record.fields()}
    return record.replace(**{name: new for name, new in changes.items() if new is not getattr(record, name)})


def twin_of(record: Any, page: Page, names: Mapping[Path, str], path: Path = ()) -> Any:
    """Return a record in which the numbers at some paths are symbols, under the names that a page has.

    The twin of an optimizer knows the count of updates too, as ``h`` does, if ``("t",)`` has a name.
    """
    twin = object.__new__(type(record))
    for name, value in record.fields():
        twin.__dict__[name] = _symbolic(value, page, names, (*path, name))
    if ("t",) in names:
        twin.__dict__["t"] = page.given(names["t",], plain=True)
    return twin


def _symbolic(value: Any, page: Page, names: Mapping[Path, str], here: Path) -> Any:
    if here in names:
        return page.given(names[here], plain=True)
    if isinstance(value, np.ndarray) and value.ndim == 0:
        return value.item()
    if not any(known[: len(here)] == here for known in names):
        return value
    if isinstance(value, tuple):
        return tuple(_symbolic(item, page, names, (*here, str(i))) for i, item in enumerate(value))
    return twin_of(value, page, names, here) if isinstance(value, Record) else value
