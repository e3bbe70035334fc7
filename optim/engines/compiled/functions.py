"""Functions of a problem: the traces of its value and gradient, if they have the bits that arrays give."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from optim.engines.symbols import DType, Symbol, Untraceable
from optim.engines.tracing import Trace, trace_function
from stepsize.core.protocols import DescentProblem

__all__ = ["MOST_OPERATIONS", "refuse_long_updates", "trace_gradient", "trace_value"]

Array = np.ndarray[Any, Any]

# Operations of an update beyond which a text takes longer to compile than most runs do.
MOST_OPERATIONS = 4000

# Points at which a trace is compared with the function: near 0, near 1, far away.
_SCALES = (0.0, 0.01, 0.3, 1.0, 3.0, 40.0, 1e4)


def refuse_long_updates(traces: Sequence[Trace]) -> None:
    """Refuse to write down an update of more operations than it pays to compile.

    Raises
    ------
    Untraceable
        With their number.
    """
    operations = sum(len(trace.needed) for trace in traces)
    if operations > MOST_OPERATIONS:
        raise Untraceable(f"an update makes {operations} operations, more than {MOST_OPERATIONS}")


def trace_value(problem: DescentProblem, x: Array) -> Trace:
    """Return the trace of a problem's value, for coordinates in the precision of x.

    Raises
    ------
    Untraceable
        If it cannot be traced, or arrays give other bits.
    """
    return _kept(problem, "fun", x)


def trace_gradient(problem: DescentProblem, x: Array) -> Trace:
    """Return the trace of a problem's gradient, likewise."""
    return _kept(problem, "grad", x)


def _kept(problem: DescentProblem, name: str, x: Array) -> Trace:
    if not getattr(problem, "components", False):
        raise Untraceable("the problem is not written by components")
    function = getattr(problem, name)
    try:
        return _traced_once(problem, name, x.shape[-1], x.dtype)  # type: ignore[arg-type]  # or TypeError
    except TypeError:  # a problem without a hash
        return _traced(function, name, x.shape[-1], x.dtype)


@lru_cache(maxsize=64)
def _traced_once(problem: DescentProblem, name: str, dim: int, dtype: DType) -> Trace:
    return _traced(getattr(problem, name), name, dim, dtype)


def _traced(function: Callable[[Any], Any], name: str, dim: int, dtype: DType) -> Trace:
    def results(x: list[Symbol]) -> Any:
        return function(x) if name == "grad" else [function(x)]

    trace = trace_function(results, dim, dtype)
    if len(trace.needed) > MOST_OPERATIONS:
        raise Untraceable(f"{name} makes more than {MOST_OPERATIONS} operations")
    if not _is_right(trace, function, name, dim, np.dtype(dtype)):
        raise Untraceable(f"{name} has other bits by components than on arrays")
    return trace


def _is_right(trace: Trace, function: Callable[[Any], Any], name: str, dim: int, dtype: DType) -> bool:
    """Whether a trace gives what the function gives on arrays, for some points and one of them alone."""
    rng = np.random.default_rng(0)
    points = np.array([scale * rng.normal(size=dim) for scale in _SCALES for _ in range(3)]).astype(dtype)
    with np.errstate(all="ignore"):
        columns = [np.broadcast_to(c, len(points)) for c in trace.evaluate(list(points.T), [])]
        found = np.stack(columns, axis=-1) if name == "grad" else columns[0]
        return all(
            np.asarray(expected).dtype == dtype and np.array_equal(got, expected, equal_nan=True)
            for got, expected in ((found, function(points)), (found[4], function(points[4])))
        )
