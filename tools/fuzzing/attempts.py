"""One input handed over: what came of it, in how much time, and whether that is as promised."""

import signal
import time
import warnings
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from stepsize.core.limits.sentences import is_sentence

__all__ = ["Attempt", "OverTimeError", "Report", "attempt", "fuzz"]

# Characters of a sentence that a person reads to its end.
LONGEST = 1500


class OverTimeError(BaseException):
    """An input took longer than its limit; no handler of the code under test may take it for its own."""


@dataclass(frozen=True)
class Attempt:
    """What came of an input: "fine", "refused", or, which must not be, "raw", "over time", "no sentence"."""

    kind: str
    seconds: float
    words: str = ""

    @property
    def promised(self) -> bool:
        """Whether this is one of the two ends that there may be."""
        return self.kind in ("fine", "refused")


@dataclass
class Report:
    """How often each end came in a family, the slowest input, and what was not promised."""

    family: str
    counts: Counter[str] = field(default_factory=Counter)
    slowest: tuple[float, str] = (0.0, "")
    broken: list[tuple[str, Attempt]] = field(default_factory=list)

    @property
    def inputs(self) -> int:
        """How many there were."""
        return sum(self.counts.values())

    def add(self, shown: str, found: Attempt) -> None:
        """Count one."""
        self.counts[found.kind] += 1
        self.slowest = max(self.slowest, (found.seconds, shown[:200]))
        if not found.promised:
            self.broken.append((shown, found))

    def line(self) -> str:
        """Return the figures on one line."""
        ends = ", ".join(f"{count} {kind}" for kind, count in sorted(self.counts.items()))
        return f"{self.family:<14}{self.inputs:>8} inputs: {ends}; slowest {self.slowest[0]:.2f} s"


def fuzz(
    family: str, cases: Iterator[tuple[str, Callable[[], Any]]], limit: float, report: Report | None = None
) -> Report:
    """Hand over every case, within a limit in seconds for each, and report."""
    found = report or Report(family)
    for shown, call in cases:
        found.add(shown, attempt(call, limit))
    return found


def attempt(call: Callable[[], Any], limit: float) -> Attempt:
    """Make a call, and say what came of it.

    A sentence is a ValueError, TypeError or OSError, raised by the packages' own text, of one line. What a
    call returns is "fine", unless it is an `Attempt` itself.
    """
    begin = time.process_time()
    try:
        with warnings.catch_warnings(), _limited(limit):
            warnings.simplefilter("ignore")
            found = call()
    except OverTimeError:
        return Attempt("over time", time.process_time() - begin)
    except Exception as error:
        return Attempt(_kind(error), time.process_time() - begin, f"{type(error).__name__}: {error}"[:2000])
    seconds = time.process_time() - begin
    return (
        Attempt(found.kind, seconds, found.words) if isinstance(found, Attempt) else Attempt("fine", seconds)
    )


def _kind(error: Exception) -> str:
    if not isinstance(error, ValueError | TypeError | OSError):
        return "raw"
    if not (is_sentence(error) or isinstance(error, OSError)):
        return "raw"
    text = str(error)
    return "refused" if text and "\n" not in text and len(text) <= LONGEST else "no sentence"


@contextmanager
def _limited(seconds: float) -> Generator[None, None, None]:
    """Raise `OverTimeError` after so many seconds of work, where the system has such a timer.

    Work is what the processor did for this process: others on the machine do not count. What waits and does
    nothing has twenty times as long.
    """
    if not hasattr(signal, "setitimer"):  # pragma: no cover
        yield
        return

    def over(*_: Any) -> None:
        raise OverTimeError

    timers = ((signal.ITIMER_PROF, signal.SIGPROF, 1), (signal.ITIMER_REAL, signal.SIGALRM, 20))
    before = [signal.signal(number, over) for _, number, _ in timers]
    for timer, _, times in timers:
        signal.setitimer(timer, times * seconds)
    try:
        yield
    finally:
        for (timer, number, _), handler in zip(timers, before, strict=True):
            signal.setitimer(timer, 0)
            signal.signal(number, handler)
