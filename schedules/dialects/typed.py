"""What an anchor refuses is named as it was typed: in the library's words, not in ours."""

import inspect
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import numpy as np

from stepsize.core.limits.annotations import refuse_mistyped

__all__ = ["as_typed"]

_P = ParamSpec("_P")
_R = TypeVar("_R")


def as_typed(**names: str) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Return a decorator under which a message on one of our fields names the library's argument.

    What is not of the type in the argument's annotation is refused before.

    Parameters
    ----------
    **names : str
        The library's argument by the name of our field: ``steps="decay_steps"``.
    """

    def decorate(function: Callable[_P, _R]) -> Callable[_P, _R]:
        signature = inspect.signature(function)

        @wraps(function)
        def call(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            try:
                refuse_mistyped(_annotated(signature, args, kwargs))
                return function(*args, **kwargs)
            except (ValueError, TypeError) as error:
                raise _renamed(error, names) from None

        return call

    return decorate


def _annotated(signature: inspect.Signature, args: Any, kwargs: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield the annotated parameters with what was given for them, if it may be given at all."""
    try:
        given = signature.bind(*args, **kwargs).arguments
    except TypeError as error:
        raise TypeError(f"got arguments that do not fit ({error}), expected {signature}") from None
    for name, value in given.items():
        annotation = signature.parameters[name].annotation
        # A library's rate may be an array, and anything in it a schedule where the library says so.
        if not (annotation is float and isinstance(value, np.ndarray)):
            yield name, annotation, value


def _renamed(error: Any, names: dict[str, str]) -> Exception:
    ours, colon, rest = str(error).partition(": ")
    renamed: Exception = type(error)(f"{names[ours]}: {rest}") if colon and ours in names else error
    return renamed
