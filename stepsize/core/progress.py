"""The line on a terminal that says how far a long piece of work is."""

import math
import sys
import threading
import time
from collections.abc import Callable
from typing import ClassVar

__all__ = ["Progress"]


class Progress:
    """A line on a terminal's standard error that says how far a command is, from two seconds on.

    It is shown by then even if no piece of the work is done: a piece may take minutes. With a total of 0,
    where nobody knows how many pieces there are, it says only what is done.
    """

    patience: ClassVar[float] = 2.0
    pause: ClassVar[float] = 0.1

    def __init__(self, total: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._total, self._clock = total, clock
        self._begin, self._done, self._what, self._shown = clock(), 0, "", -math.inf
        self._lock, self._closed = threading.Lock(), False
        self.wanted = sys.stderr.isatty()
        self._alarm = threading.Timer(self.patience, self._show)
        self._alarm.daemon = True
        if self.wanted:
            self._alarm.start()

    def advance(self, what: str = "", pieces: int = 1) -> None:
        """Count one piece of work, or several, as done."""
        self.reach(self._done + pieces, what)

    def reach(self, done: int, what: str = "") -> None:
        """Say that so many pieces of work are done."""
        self._done, self._what = done, what
        now = self._clock()
        due = now - self._shown >= self.pause or done >= self._total > 0
        if self.wanted and now - self._begin > self.patience and due:
            self._show()

    def _show(self) -> None:
        with self._lock:
            if not self._closed:
                self._shown = self._clock()
                far = f"{self._done}/{self._total} " if self._total else ""
                print(f"\r\033[K{far}{self._what}".rstrip(" "), end="", file=sys.stderr, flush=True)

    def close(self) -> None:
        """Clear the line."""
        self._alarm.cancel()
        with self._lock:
            self._closed = True
            if self._shown > -math.inf:
                print("\r\033[K", end="", file=sys.stderr, flush=True)
