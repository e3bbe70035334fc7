"""Threads, for those who ask: NumPy lets go of the interpreter's lock while it calculates.

Two threads that hand the lock to and fro tend to be kept on one processor, so each worker is pinned to its
own where the system allows it; that is impolite in a shared process, which is why one thread is the default.
The workers stay, and wait for the next call: to start them anew takes as long as a step of a hundred thousand
numbers does. How NumPy treats overflow belongs to the thread, so it is set inside each worker.
"""

import itertools
import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from stepsize.core.validation import as_count

__all__ = ["each"]

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

# By process and number of threads.
_WORKERS: dict[tuple[int, int], "ThreadPoolExecutor"] = {}

T = TypeVar("T")
R = TypeVar("R")


def each(work: Callable[[T], R], items: Iterable[T], threads: int) -> list[R]:
    """Return the results of the work on every item, in their order, with so many threads."""

    def quietly(item: T) -> R:
        with np.errstate(all="ignore"):
            np.setbufsize(16)  # part of this context: NumPy then broadcasts short rows without copying them
            return work(item)

    if as_count("threads", threads, 1) == 1:
        return [quietly(item) for item in items]
    return list(_workers(threads).map(quietly, items))


def _workers(threads: int) -> "ThreadPoolExecutor":
    """Return so many workers, always the same ones in a process."""
    if (os.getpid(), threads) not in _WORKERS:
        from concurrent.futures import ThreadPoolExecutor

        for process, number in [*_WORKERS]:  # a child has the parent's executors, but not their threads
            if process != os.getpid():
                del _WORKERS[process, number]
        _WORKERS[os.getpid(), threads] = ThreadPoolExecutor(threads, "stepsize", _pinning())
    return _WORKERS[os.getpid(), threads]


def _pinning() -> Callable[[], None] | None:
    if not hasattr(os, "sched_setaffinity"):
        return None
    processors = itertools.cycle(sorted(os.sched_getaffinity(0)))
    return lambda: os.sched_setaffinity(0, {next(processors)})
