"""Work that a lower floor hands to a higher one without importing it: pictures of runs, and the registry.

The higher floor says by name where its function is, and it is loaded when it is first asked for.
"""

import importlib
from typing import Any

__all__ = ["hang", "hook"]

_HOOKS: dict[str, str] = {}


def hang(name: str, place: str) -> None:
    """Say that the function of that name is at ``module:function``."""
    _HOOKS[name] = place


def hook(name: str) -> Any:
    """Return the function of that name.

    Examples
    --------
    >>> hang("root", "math:sqrt")
    >>> hook("root")(9.0)
    3.0
    """
    module, _, function = _HOOKS[name].partition(":")
    return getattr(importlib.import_module(module), function)
