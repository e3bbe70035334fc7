"""Expressions, as the command line reads them, and the first use of what they describe."""

import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

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


def cases(seed: int, count: int) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield expressions and what reads and uses each."""
    maker = Maker(seed)
    for i in range(count):
        kind = maker.pick(["optimizer", "schedule", "problem", "any"])
        text = maker.endless() if i % 25 == 0 else maker.expression(kind)
        if maker.chance(0.3):
            text = mutated(text, maker.random)
        read = parse_problem if kind == "problem" or maker.chance(0.1) else parse
        yield text, lambda text=text, read=read: use(read(text))


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
        if record.x0 is not None and np.size(record.x0) <= 10_000:
            record.value_and_grad(np.array(record.x0, float))


class Watch:
    """Counts what a text must never make Python do: run a program, open a file to write, connect."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.watching = False
        sys.addaudithook(self._hear)

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.watching:
            return
        writes = event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+")
        runs = event == "exec" and getattr(args[0], "co_filename", "").startswith("<string>")
        if writes or runs or event.startswith(_FORBIDDEN):
            self.seen.append(f"{event} {args!r}"[:200])
