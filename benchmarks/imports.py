"""What ``import optim`` adds to ``import numpy``, each in a fresh process."""

import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from benchmarks.measure import Row, interleave

PROGRAMS = {
    "python": "pass",
    "numpy": "import numpy",
    "optim": "import optim",
    "names": "from optim import Adam, minimize",
    "everything": "from optim import *",
}


def fresh(program: str) -> Callable[[], Any]:
    """Return a process of its own that runs a program."""
    # With the compiled files that every process but the first finds.
    known = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return lambda: subprocess.run([sys.executable, "-c", program], check=True, env=known)


def import_times(rounds: int) -> dict[str, float]:
    """Return the median milliseconds of processor time of a process that imports nothing or one thing."""
    timings = interleave({name: fresh(program) for name, program in PROGRAMS.items()}, 1e-3, rounds)
    medians = {name: statistics.median(times) for name, times in timings.cpu.items()}
    for name in ("optim", "names", "everything"):
        above = [a - b for a, b in zip(timings.cpu[name], timings.cpu["numpy"], strict=True)]
        medians[f"{name} above numpy"] = statistics.median(above)
    return medians


def measure(rounds: int, threads: int) -> list[Row]:
    """Return the row of this regime."""
    del threads
    times = import_times(max(rounds, 15))
    found = [Row("import numpy", f"{times['numpy'] - times['python']:.1f} ms")]
    for name in ("optim", "names", "everything"):
        above, judged = times[f"{name} above numpy"], name == "optim"
        task = f"{PROGRAMS[name]}, above that"
        found.append(
            Row(
                task,
                f"{above:.1f} ms",
                aim="<= 10 ms" if judged else "",
                met=above <= 10 if judged else None,
            )
        )
    return found
