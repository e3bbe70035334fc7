"""What an anchor refuses is named as it was typed: in the library's words, not in ours."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

__all__ = ["as_typed"]

_P = ParamSpec("_P")
_R = TypeVar("_R")


def as_typed(**names: str) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Return a decorator under which a message on one of our fields names the library's argument.

    Parameters
    ----------
    **names : str
        The library's argument by the name of our field: ``steps="decay_steps"``.
    """

    def decorate(function: Callable[_P, _R]) -> Callable[_P, _R]:
        @wraps(function)
        def call(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            try:
                return function(*args, **kwargs)
            except (ValueError, TypeError) as error:
                raise _renamed(error, names) from None

        return call

    return decorate


def _renamed(error: Any, names: dict[str, str]) -> Exception:
    ours, colon, rest = str(error).partition(": ")
    renamed: Exception = type(error)(f"{names[ours]}: {rest}") if colon and ours in names else error
    return renamed
