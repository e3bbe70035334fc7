"""The first trial of a search: a number, or a guess from the last search."""

from typing import Any, Literal

import numpy as np

from schedules.linesearch.base import Carry, Line
from stepsize.core.limits.ranges import PositiveFloat
from stepsize.core.norms import norm

__all__: list[str] = []

Array = np.ndarray[Any, Any]

# A decrease is expected again, and a hundredth more, so that steps of length 1 are reached in the end.
_MORE = 1.01
# A number, or a rule by which `first_trial` finds one.
FirstTrial = PositiveFloat | Literal["unit", "decrease", "slope", "last"]


def first_trial(rule: float | str, line: Line, carry: Carry) -> float:
    """Return the first trial of a search.

    A number is itself. ``"unit"`` is 1, the natural step of Newton-like directions. The rest are for
    directions without a natural length: ``"decrease"`` expects the decrease of the last step again
    (Nocedal and Wright 3.60), ``"slope"`` the product of step and slope, ``"last"`` the step itself. The very
    first search along a bare gradient, whose length has the wrong units, starts from min(1, 1 / |g|_1); with
    ``"decrease"`` from min(1, 1.01 / |g|_2), which expects f to fall by |g|_2 / 2, as SciPy's methods do.

    Examples
    --------
    >>> from problems import Parabola
    >>> line = Line(Parabola(curvature=2.0), np.array([3.0]), np.array([6.0]))
    >>> first_trial("unit", line, None), first_trial("unit", line, {"alpha": 0.5, "f": 9.5, "slope": -72.0})
    (0.16666666666666666, 1.0)
    >>> first_trial("slope", line, {"alpha": 0.5, "f": 9.5, "slope": -72.0})
    1.0
    """
    if not isinstance(rule, str):
        return rule
    if carry is None:
        return _very_first(rule, line.d) if np.array_equal(line.d, line.start.g) else 1.0
    if rule == "decrease":
        guess = _MORE * 2 * (line.phi0 - carry["f"]) / line.slope0
        return min(1.0, guess) if guess > 0 else 1.0
    if rule == "slope":
        return float(carry["alpha"] * carry["slope"] / line.slope0)
    return float(carry["alpha"]) if rule == "last" else 1.0


def _very_first(rule: str, g: Array) -> float:
    """Return the first trial of the first search along a bare gradient."""
    if rule == "decrease":
        length = float(norm(g))
        return min(1.0, _MORE / length) if length > 0 else 1.0
    return 1.0 / max(float(np.abs(g).sum()), 1.0)


def memory(line: Line, alpha: float) -> dict[str, Any]:
    """Return what `first_trial` needs to know of this search at the next."""
    return {"alpha": alpha, "f": line.phi0, "slope": line.slope0}
