"""Schedules from a user's own function of the index, or of the index and the last rate."""

import math
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from schedules.schedule import Array, Schedule
from stepsize.core.limits.ranges import FiniteFloat
from stepsize.core.user_values import require_callable_of
from stepsize.core.validation import describe_value

__all__ = ["FromFunction", "Recursion"]


class FromFunction(Schedule):
    """A schedule from a plain function of n, which is called with one int at a time.

    Parameters
    ----------
    function : callable
        ``function(n: int) -> float``.

    Notes
    -----
    A function cannot be written to JSON; use a class where a run must be described in a file.

    Examples
    --------
    >>> FromFunction(lambda n: 1 / (n + 1))([0, 1, 3]).tolist()
    [1.0, 0.5, 0.25]
    """

    function: Callable[[int], float]
    demo: ClassVar = {"function": math.sqrt}

    def check(self) -> None:
        """Validate the signature of the function."""
        _require_function_of(self.function, "n")

    @property
    def formula(self) -> str:
        return f"{_name_of(self.function)}(n)"

    def value(self, n: Array) -> Array:
        values = [_evaluated(self.function, int(i)) for i in n.ravel()]
        try:
            return np.array(values, dtype=float).reshape(n.shape)
        except (TypeError, ValueError):
            raise TypeError(
                f"the schedule function returned {describe_value(values[0])}, expected a number"
            ) from None


class Recursion(Schedule):
    r"""A rate made from the one before, by a function of the index and that rate.

    .. math:: \eta_n = f(n, \eta_{n-1}), \qquad \eta_{-1} = \text{before}

    This is how several libraries compute, and where their trouble with resuming comes from. Here it is a last
    resort: every call goes through all values from 0 to the largest n. Where a closed form is known, use it.

    Parameters
    ----------
    before : float
        What the function gets as the rate before update 0.
    function : callable
        ``function(n: int, previous: float) -> float``.

    Examples
    --------
    Wikipedia's time-based decay, step by step; `TimeBased` is its closed form.

    >>> Recursion(1.0, lambda n, lr: lr / (1 + 0.5 * (n - 1)) if n else lr)([0, 1, 2, 3]).tolist()
    [1.0, 1.0, 0.6666666666666666, 0.3333333333333333]
    """

    before: FiniteFloat
    function: Callable[[int, float], float]
    demo: ClassVar = {"before": 0.1, "function": math.hypot}

    @property
    def formula(self) -> str:
        return f"{_name_of(self.function)}(n, rate)"

    def check(self) -> None:
        """Validate the signature of the function."""
        _require_function_of(self.function, "n", "previous")

    def value(self, n: Array) -> Array:
        rate, rates = self.before, []
        for i in range(int(n.max(initial=-1)) + 1):
            rate = self.function(i, rate)
            rates.append(rate)
        values: Array = np.array(rates, dtype=float)[n.astype(int)]
        return values


def _require_function_of(function: Any, *given: str) -> None:
    if not callable(function):
        raise TypeError(
            f"function: got {describe_value(function)}, expected a function of ({', '.join(given)})"
        )
    require_callable_of("function", function, *given)


def _evaluated(function: Any, n: int) -> Any:
    """Return the function's value at n; an index beyond a table is an error that says so."""
    try:
        return function(n)
    except (LookupError, ArithmeticError) as error:
        raise ValueError(
            f"the schedule function failed for n = {n} with {type(error).__name__}: {error}, expected a "
            "number for every update of the run"
        ) from error


def _name_of(function: Any) -> str:
    name = getattr(function, "__name__", "f")
    return name if name.isidentifier() else "f"
