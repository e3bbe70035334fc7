"""Work that a lower floor hands to a higher one without importing it: pictures of runs, and the registry.

The higher floor says by name where its function is, and it is loaded when it is first asked for.
"""

import importlib
from typing import Any

__all__ = ["call_hook", "register_hook"]

_HOOKS: dict[str, str] = {}


def register_hook(name: str, place: str) -> None:
    """Say that the function of that name is at ``module:function``."""
    _HOOKS[name] = place


def call_hook(name: str, /, *args: Any, **options: Any) -> Any:
    """Return what the function of that name makes of the arguments.

    Examples
    --------
    >>> register_hook("root", "math:sqrt")
    >>> call_hook("root", 9.0)
    3.0
    """
    module, _, function = _HOOKS[name].partition(":")
    return getattr(importlib.import_module(module), function)(*args, **options)
