"""Labels of races: optimizer, rate against theory, start, and the course of an error in a line of blocks."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from optim import Optimizer

if TYPE_CHECKING:
    from stepsize.experiments.race import Race

__all__ = ["labels", "optimizer_label", "rate_label", "sparkline", "start_label", "thinned"]

Array = np.ndarray[Any, Any]


def start_label(start: Array, names: Sequence[str]) -> str:
    """Return where the runs start, if that is short; for a formula with the names of its variables."""
    numbers = ", ".join(f"{v:g}" for v in start)
    if len(start) > 4:
        shown = names if len(names) <= 12 else [*names[:3], "...", names[-1]]
        return f" in {', '.join(shown)}" if names else ""
    if not names:
        return f" from ({numbers})"
    return f" from {names[0]} = {numbers}" if len(names) == 1 else f" from ({', '.join(names)}) = ({numbers})"


def optimizer_label(optimizer: Optimizer) -> str:
    """Return the optimizer without its rate: the class, and the other parameters that are not the default."""
    bare = repr(optimizer.at_default_rate()) if "lr" in optimizer.hypers() else repr(optimizer)
    return bare.removesuffix("()")


def rate_label(optimizer: Optimizer, problem: Any) -> str:
    """Return the rate, given against theory where that is known: ``0.105 > 2/L``, ``0.0952 = 2/(L+mu)``."""
    lr = optimizer.lr
    if not isinstance(lr, float):
        describe_rate = getattr(lr, "describe", None)
        name = str(getattr(lr, "__name__", repr(lr)))
        return min(str(describe_rate()), name, key=len) if describe_rate else name
    text = f"{lr:.3g}"
    L, mu = problem.L, problem.mu
    if type(optimizer).__name__ != "SGD" or not L:
        return text
    if mu and math.isclose(lr, 2 / (L + mu), rel_tol=1e-9):
        return f"{text} = 2/(L+mu)"
    if math.isclose(lr, 1 / L, rel_tol=1e-9):
        return f"{text} = 1/L"
    return f"{text} > 2/L" if lr > 2 / L and not math.isclose(lr, 2 / L, rel_tol=1e-12) else text


_BLOCKS, _ASCII = "▁▂▃▄▅▆▇█", "_.,-=+*#"


def sparkline(error: Array, steps: int, tol: float, ascii_only: bool = False, width: int = 12) -> str:
    """Return the course of an error on a log scale: lowest the tolerance, last but one the start."""
    blocks = _ASCII if ascii_only else _BLOCKS
    whole = np.full(steps + 1, np.inf)
    whole[: len(error)] = np.where(np.isfinite(error), error, np.inf)
    edges = np.linspace(0, steps + 1, width + 1).astype(int)
    ends = np.array([np.median(whole[a : max(b, a + 1)]) for a, b in pairwise(edges)])
    ends[0] = whole[0]
    tol = min(max(tol, np.finfo(float).tiny), np.finfo(float).max / 10)
    top = max(whole[0] if np.isfinite(whole[0]) else 0.0, 10 * tol)
    # Logarithms are subtracted, because the quotient of large and small errors may overflow.
    level = 6 * (np.log(np.maximum(ends, tol)) - np.log(tol)) / (np.log(top) - np.log(tol))
    return "".join(blocks[round(min(v, 7.0))] for v in level)


def thinned(values: Array, count: int) -> Array:
    """Return at most `count` values, evenly spaced, the first and the last among them."""
    if len(values) <= count:
        return values
    return np.asarray(values[np.linspace(0, len(values) - 1, count).round().astype(int)])


def labels(race: "Race") -> Sequence[str]:
    """Return a label a run: optimizer and rate."""
    return [
        f"{optimizer_label(run.optimizer)} {rate_label(run.optimizer, race.problem)}" for run in race.runs
    ]
