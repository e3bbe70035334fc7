"""How the page writes a record as Python: its constructor, with places for the numbers that sliders set."""

import dataclasses
from typing import Any

import numpy as np

from stepsize.core.record import Record

__all__ = ["constructor", "written"]


def constructor(record: Record, paths: list[tuple[str, ...]], path: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return a record as a call: its class, and for each argument a text, a place, or another call.

    An argument that stands at a path is ``{"place": k}``, with what the class takes by default; of a list in
    which one does, the items are given.
    """
    arguments: list[Any] = []
    for field in dataclasses.fields(record):
        here, value = (*path, field.name), getattr(record, field.name)
        default = None if field.default is dataclasses.MISSING else _plain(field.default)
        if here in paths:
            arguments.append([field.name, _place(value, paths, here) | {"default": default}])
        elif isinstance(value, Record):
            arguments.append([field.name, constructor(value, paths, here)])
        elif any(known[: len(here)] == here for known in paths):
            items = [_item(item, paths, (*here, str(i))) for i, item in enumerate(value)]
            arguments.append([field.name, {"list": items}])
        elif field.default is dataclasses.MISSING or not _same(default, value):
            arguments.append([field.name, {"text": written(value)}])
    return {"call": _named(type(record)), "from": _home(type(record)), "arguments": arguments}


def _place(value: Any, paths: list[tuple[str, ...]], here: tuple[str, ...]) -> dict[str, Any]:
    return {"place": paths.index(here), "whole": isinstance(value, int)}


def _item(value: Any, paths: list[tuple[str, ...]], here: tuple[str, ...]) -> dict[str, Any]:
    if here in paths:
        return _place(value, paths, here)
    return constructor(value, paths, here) if isinstance(value, Record) else {"text": written(value)}


def written(value: Any) -> str:
    """Return a value as Python that gives it back, or the name of a function, which only its user has."""
    if isinstance(value, np.ndarray):
        return repr(value.tolist())
    if isinstance(value, Record):
        return _called(constructor(value, []))
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(written, value))}]"
    if callable(value) and not isinstance(value, Record):
        name = str(getattr(value, "__name__", ""))
        return name if name.isidentifier() else "your_function"
    return repr(value)


def _called(told: dict[str, Any]) -> str:
    """Return a constructor without places as text."""
    words = [f"{name}={argument.get('text') or _called(argument)}" for name, argument in told["arguments"]]
    return f"{told['call']}({', '.join(words)})"


def _named(cls: type) -> str:
    """Return how a class is called after ``import stepsize as ss``, one that is not there by its own name."""
    return f"ss.{cls.__name__}" if _home(cls) == "stepsize" else cls.__name__


def _home(cls: type) -> str | None:
    """Return the module to import a class from, None for one of a notebook or a script."""
    import stepsize

    if getattr(stepsize, cls.__name__, None) is cls:
        return "stepsize"
    return None if cls.__module__ == "__main__" else cls.__module__


def _plain(default: Any) -> Any:
    return float(default) if isinstance(default, int | float) and not isinstance(default, bool) else default


def _same(default: Any, value: Any) -> bool:
    if default is None or value is None:
        return default is value
    try:
        return bool(np.array_equal(default, value))
    except TypeError:
        return False
