"""Interleaved timing: every candidate once a round, in random order; medians, and ratios paired by round."""

import random
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar


@dataclass
class Timings:
    """Seconds a unit of work, one number a round, for every candidate; and the peers that were missing.

    Processor time is kept beside the time on the clock: it counts all threads of the process, and suffers
    less from what else the machine is doing.
    """

    wall: dict[str, list[float]] = field(default_factory=dict)
    cpu: dict[str, list[float]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    clock: ClassVar[str] = "wall"

    def times(self, name: str) -> list[float]:
        """Return the times of a candidate, by the clock that counts."""
        return self.wall[name] if self.clock == "wall" else self.cpu[name]

    def median(self, name: str) -> float:
        """Return the median time."""
        return statistics.median(self.times(name))

    def ratio(self, name: str, base: str) -> float:
        """Return how many times as long as `base` a candidate takes: the median over rounds."""
        return statistics.median(self._ratios(name, base))

    def _ratios(self, name: str, base: str) -> list[float]:
        return [a / b for a, b in zip(self.times(name), self.times(base), strict=True)]

    def spread(self, name: str, base: str) -> tuple[float, float]:
        """Return the quartiles of the ratio over the rounds."""
        ratios = self._ratios(name, base)
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
            wall, cpu = time.perf_counter(), processor_time()
            work()
            wall, cpu = time.perf_counter() - wall, processor_time() - cpu
            unit = units[name] if isinstance(units, dict) else units
            timings.wall[name].append(wall / unit)
            timings.cpu[name].append(cpu / unit)
    return timings


def processor_time() -> float:
    """Return the seconds of processor time that this process and its finished children have used."""
    try:
        import resource
    except ImportError:  # not on Windows
        return time.process_time()
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(u.ru_utime + u.ru_stime for u in used)


@dataclass(frozen=True)
class Row:
    """One line of the table: a task, what it costs us, and how many times as long somebody else takes.

    A figure that is no ratio, such as a share or a peak of memory, stands in `ours` alone.
    """

    task: str
    ours: str
    against: str = ""
    ratio: float | None = None
    quartiles: tuple[float, float] | None = None
    aim: str = ""
    met: bool | None = None
    missing: str = ""


def number(value: float) -> str:
    """Return a ratio with two or three significant figures."""
    return f"{value:.0f}" if value >= 20 else f"{value:.1f}" if value >= 2 else f"{value:.2f}"


def rows(
    task: str, timings: Timings, scale: float, unit: str, aims: dict[str, float] | None = None
) -> list[Row]:
    """Return a row for every candidate but the first, which is ours; `scale` turns seconds into the unit."""
    ours, *others = timings.wall
    cost = f"{number(scale * timings.median(ours))} {unit}"
    found = []
    for name in others:
        aim = (aims or {}).get(name)
        ratio = timings.ratio(name, ours)
        met = None if aim is None else ratio >= aim
        words = "" if aim is None else f">= {aim:g}"
        found.append(Row(task, cost, name, ratio, timings.spread(name, ours), words, met))
    return found + [Row(task, cost, name, missing=gap) for name, gap in timings.missing.items()]
