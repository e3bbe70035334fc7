"""Threads, for those who ask: NumPy lets go of the interpreter's lock while it calculates.

Two threads that hand the lock to and fro tend to be kept on one processor, so each worker is pinned to its
own where the system allows it; that is impolite in a shared process, which is why one thread is the default.
How NumPy treats overflow belongs to the thread, so it is set inside each worker.
"""

import itertools
import os
from collections.abc import Callable, Iterable
from typing import TypeVar

import numpy as np

from stepsize.core.validation import as_count

__all__ = ["each"]

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
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(threads, initializer=_pinning()) as pool:
        return list(pool.map(quietly, items))


def _pinning() -> Callable[[], None] | None:
    if not hasattr(os, "sched_setaffinity"):
        return None
    processors = itertools.cycle(sorted(os.sched_getaffinity(0)))
    return lambda: os.sched_setaffinity(0, {next(processors)})
