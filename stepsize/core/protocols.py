"""What the house asks of things that come from outside."""

from typing import Any, Protocol

__all__ = ["SupportsGradient"]


class SupportsGradient(Protocol):
    """What can be descended: a `Problem`, or any object with these two methods.

    ``fun`` maps an array (..., d) to (...), ``grad`` to (..., d).
    """

    def fun(self, x: Any, /) -> Any:
        """Return the value at x."""

    def grad(self, x: Any, /) -> Any:
        """Return the gradient at x."""
