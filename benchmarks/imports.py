"""What ``import optim`` adds to ``import numpy``, each in a fresh process."""

import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from benchmarks.measure import Row, interleave

PROGRAMS = {"python": "pass", "numpy": "import numpy", "optim": "import optim"}


def fresh(program: str) -> Callable[[], Any]:
    """Return a process of its own that runs a program."""
    # With the compiled files that every process but the first finds.
    known = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return lambda: subprocess.run([sys.executable, "-c", program], check=True, env=known)


def import_times(rounds: int) -> dict[str, float]:
    """Return the median milliseconds of processor time of a process that imports nothing or one thing."""
    timings = interleave({name: fresh(program) for name, program in PROGRAMS.items()}, 1e-3, rounds)
    above = [a - b for a, b in zip(timings.cpu["optim"], timings.cpu["numpy"], strict=True)]
    return {name: statistics.median(times) for name, times in timings.cpu.items()} | {
        "above numpy": statistics.median(above)
    }


def measure(rounds: int, threads: int) -> list[Row]:
    """Return the row of this regime."""
    del threads
    above = import_times(max(rounds, 15))["above numpy"]
    return [
        Row(
            "import optim, above import numpy (processor time)",
            f"{above:.1f} ms",
            aim="<= 10 ms",
            met=above <= 10,
        )
    ]
