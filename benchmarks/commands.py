"""What commands cost, in processor time of whole processes: ``python -m benchmarks.commands``."""

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.measure import Row, interleave

# Seconds of processor time, those above `import numpy` where a command is over as soon as it is loaded.
QUICK = {"--version": 0.0, "list": 0.060}
LONG = {"race": 6.0, "gallery --all --check": 45.0}


def process(words: list[str], folder: str) -> Callable[[], Any]:
    """Return a process of its own, with the compiled files that every one but the first finds."""
    known = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    path = os.pathsep.join([str(Path.cwd()), known.get("PYTHONPATH", "")])
    options: dict[str, Any] = {"check": True, "cwd": folder, "env": known | {"PYTHONPATH": path}}
    return lambda: subprocess.run([sys.executable, *words], stdout=subprocess.DEVNULL, **options)


def measure(rounds: int, threads: int) -> list[Row]:
    """Return the rows of this regime; the long commands run once."""
    del threads
    found = []
    with tempfile.TemporaryDirectory() as folder:
        programs = {"numpy": ["-c", "import numpy"]}
        programs |= {words: ["-m", "stepsize", *words.split()] for words in (*QUICK, *LONG)}
        made = {name: process(words, folder) for name, words in programs.items()}
        timings = interleave({name: made[name] for name in ("numpy", *QUICK)}, 1.0, max(rounds, 7)).cpu
        for words, aim in QUICK.items():
            above = statistics.median(a - b for a, b in zip(timings[words], timings["numpy"], strict=True))
            task = f"stepsize {words}, above import numpy"
            found.append(Row(task, f"{1e3 * above:.0f} ms", aim=f"<= {1e3 * aim:.0f} ms", met=above <= aim))
        for words, aim in LONG.items():
            took = interleave({words: made[words]}, 1.0, 1).cpu[words][0]
            found.append(Row(f"stepsize {words}", f"{took:.1f} s", aim=f"<= {aim:.0f} s", met=took <= aim))
    return found


if __name__ == "__main__":
    for row in measure(15, 1):
        print(f"{row.task:40} {row.ours:>8}   aim {row.aim}" + ("" if row.met else ", missed"))
