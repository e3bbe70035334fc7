"""What was computed once and is kept: it would hide a mutant, and what it reaches, from all later tests."""

import gc
import sys
from collections import OrderedDict
from functools import cached_property
from typing import Any


class Kept:
    """The values of properties and functions that are kept in some packages, by all that there is now."""

    def __init__(self, packages: tuple[str, ...]) -> None:
        self.things = [(vars(thing), kept_names(type(thing))) for thing in instances(packages)]
        modules = [module for name, module in sys.modules.items() if name.partition(".")[0] in packages]
        parts: list[Any] = [part for module in modules for part in list(vars(module).values())]
        self.functions = [part for part in parts if hasattr(part, "cache_clear")]
        # A module has such a table to keep the latest of something; what is a catalogue is a plain dict.
        self.tables = [part for part in parts if type(part) is OrderedDict]

    def forget(self) -> None:
        """Drop them all."""
        for values, names in self.things:
            for name in names:
                values.pop(name, None)
        for function in self.functions:
            function.cache_clear()
        for table in self.tables:
            table.clear()


def forget_all(packages: tuple[str, ...]) -> None:
    """Drop whatever is kept now."""
    Kept(packages).forget()
    gc.collect()


def instances(packages: tuple[str, ...]) -> list[Any]:
    """Return all that there is of classes of some packages that keep properties."""
    keeping: dict[type, bool] = {}
    found = []
    for thing in gc.get_objects():
        cls = type(thing)
        if cls not in keeping:
            ours = str(getattr(cls, "__module__", "")).startswith(packages)
            keeping[cls] = ours and bool(kept_names(cls))
        if keeping[cls]:
            found.append(thing)
    return found


def kept_names(cls: type) -> list[str]:
    """Return the names of the properties whose values instances of a class keep."""
    parts = [part for base in cls.__mro__ for part in vars(base).items()]
    return [name for name, part in parts if type(part) is cached_property]
