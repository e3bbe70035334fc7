"""What the house asks of things that come from outside."""

from collections.abc import Sequence
from typing import Any, Protocol

__all__ = ["DescentProblem", "SupportsGradient"]


class SupportsGradient(Protocol):
    """What can be descended: a `Problem`, or any object with these two methods.

    ``fun`` maps an array (..., d) to (...), ``grad`` to (..., d).
    """

    def fun(self, x: Any, /) -> Any:
        """Return the value at x."""

    def grad(self, x: Any, /) -> Any:
        """Return the gradient at x."""


class DescentProblem(SupportsGradient, Protocol):
    """A problem with every fact that a run reads: a `Problem`, or another object and what is assumed."""

    @property
    def dim(self) -> int:
        """Number of parameters."""
        ...

    @property
    def x0(self) -> Sequence[float] | None:
        """The start."""
        ...

    @property
    def minimum(self) -> float | None:
        """The lowest value, where it is known."""
        ...

    @property
    def minimizers(self) -> Any:
        """The points where it is taken, of shape (k, d), or None."""
        ...

    @property
    def feasible(self) -> tuple[float, float] | None:
        """The smallest and the largest value of a coordinate, where there are such."""
        ...

    @property
    def varies(self) -> bool:
        """Whether each update sees an estimate of its own, `at` that update."""
        ...

    @property
    def drifts(self) -> bool:
        """Whether what it is changes with the updates."""
        ...

    @property
    def components(self) -> bool:
        """Whether it is written by components, so that it takes lists of floats too."""
        ...

    @property
    def formula(self) -> str:
        """Its name, or what it computes."""
        ...

    def value_and_grad(self, x: Any, /) -> tuple[Any, Any]:
        """Return both at x."""
        ...

    def at(self, n: int, /) -> "DescentProblem":
        """Return the problem as update n sees it."""
        ...

    def sample(self, n: int, k: int = 0, /) -> "DescentProblem":
        """Return the problem as the k-th evaluation along the line of update n sees it."""
        ...
