"""Expressions, as the command line reads them, and the first use of what they describe."""

import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from problems.formulas.writer import WRITTEN
from stepsize.parsing import parse, parse_problem
from tools.fuzzing.words import Maker, mutated

__all__ = ["Watch", "cases", "use"]

# What a text may never make Python do. Modules that NumPy and SciPy load late are no business of the text.
_FORBIDDEN = (
    "os.",
    "subprocess.",
    "socket.",
    "shutil.",
    "ctypes.",
    "urllib.",
    "webbrowser.",
    "pty.",
    "ftplib.",
)


def cases(seed: int, count: int, _: Path | None = None) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield expressions and what reads and uses each."""
    maker = Maker(seed)
    for i in range(count):
        kind = maker.pick(["optimizer", "schedule", "problem", "any"])
        text = maker.endless() if i % 25 == 0 else maker.expression(kind)
        if maker.chance(0.3):
            text = mutated(text, maker.random)
        read = parse_problem if kind == "problem" or maker.chance(0.1) else parse
        yield text, lambda text=text, read=read: use(_read(text, read))


def _read(text: str, read: Callable[[str], Any]) -> Any:
    """Return what a text describes, and make sure that it did nothing."""
    watch = Watch.only()
    watch.watching = True
    try:
        return read(text)
    finally:
        watch.watching = False
        if watch.seen:
            raise AssertionError(f"reading it did {watch.seen.pop()}")


def use(record: Any) -> None:
    """Ask a record for what the command line would: its formula, its first values, a few updates."""
    from optim import Optimizer, minimize
    from problems import Problem, Quadratic
    from schedules import Schedule

    repr(record)
    if isinstance(record, Schedule):
        record(np.arange(5)) if np.ndim(record(0)) == 0 else record(0)
        record.describe()
        record.horizon  # noqa: B018
    elif isinstance(record, Optimizer):
        minimize(Quadratic([1.0, 20.0]), record, steps=3)
    elif isinstance(record, Problem):
        repr(record.formula)
        if record.dim <= 10_000 and record.x0 is not None:
            record.value_and_grad(np.array(record.x0, float))


class Watch:
    """Counts what a text must never make Python do: run a program, open a file to write, connect."""

    @staticmethod
    @cache
    def only() -> "Watch":
        """Return the one of this process: a hook cannot be taken away again."""
        # What is imported late is imported now, so that no module's own beginnings are taken for the text's.
        for text in ("parabola", "x + y", "rosenbruck", "SGD(lr=Cosne(0.1, 5).warmup(3))"):
            for reader in (parse, parse_problem):
                with suppress(ValueError):
                    use(reader(text))
        return Watch()

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.watching = False
        sys.addaudithook(self._hear)

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.watching:
            return
        writes = event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+")
        runs = event == "exec" and getattr(args[0], "co_filename", WRITTEN) != WRITTEN
        if writes or runs or event.startswith(_FORBIDDEN):
            self.seen.append(f"{event} {args!r}"[:200])
