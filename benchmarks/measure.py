"""Interleaved timing: every candidate once a round, in random order; medians, and ratios paired by round."""

import random
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Timings:
    """Seconds a unit of work, one number a round, for every candidate; and the peers that were missing.

    Processor time is kept beside the time on the clock: it counts all threads of the process, and suffers
    less from what else the machine is doing.
    """

    wall: dict[str, list[float]] = field(default_factory=dict)
    cpu: dict[str, list[float]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    def median(self, name: str) -> float:
        """Return the median time on the clock."""
        return statistics.median(self.wall[name])

    def ratio(self, name: str, base: str, clock: str = "wall") -> float:
        """Return how many times as long as `base` a candidate takes: the median over rounds."""
        times = getattr(self, clock)
        return statistics.median(a / b for a, b in zip(times[name], times[base], strict=True))

    def spread(self, name: str, base: str) -> tuple[float, float]:
        """Return the quartiles of the ratio over the rounds."""
        ratios = [a / b for a, b in zip(self.wall[name], self.wall[base], strict=True)]
        if len(ratios) < 2:
            return ratios[0], ratios[0]
        low, _, high = statistics.quantiles(ratios, n=4, method="inclusive")
        return low, high


def interleave(
    candidates: dict[str, Callable[[], Any]], units: dict[str, float] | float = 1.0, rounds: int = 7
) -> Timings:
    """Time every candidate once a round, after one round that does not count.

    Parameters
    ----------
    candidates : dict of callables
        What to time, by name.
    units : float, or dict of float
        How many units of work (steps, say) one call makes.
    rounds : int
        How often.
    """
    order = list(candidates)
    shuffled = random.Random(0)
    timings = Timings({name: [] for name in order}, {name: [] for name in order})
    for work in candidates.values():
        work()
    for _ in range(rounds):
        shuffled.shuffle(order)
        for name in order:
            work = candidates[name]
            wall, cpu = time.perf_counter(), time.process_time()
            work()
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            unit = units[name] if isinstance(units, dict) else units
            timings.wall[name].append(wall / unit)
            timings.cpu[name].append(cpu / unit)
    return timings
