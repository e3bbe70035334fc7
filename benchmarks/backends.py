"""What it takes to compile: llvmlite with our own text, and Numba with a loop by hand, in fresh processes.

Processor time, which is what a person waits for on an idle machine. A kernel is one run of a rule on a
problem in two dimensions with its history; Numba's is that of `benchmarks.by_hand`, which records less.
"""

import subprocess
import sys
from collections.abc import Callable

from benchmarks.measure import Row, Timings, rows
from benchmarks.peers import collect, load

_BEGIN = "import numpy, time; clock = time.process_time; begin = clock(); "
_END = "; print(clock() - begin)"

_OURS = (
    "from optim import SGD, Adam, minimize; from problems import Rosenbrock; p = Rosenbrock(); "
    "r = lambda o: minimize(p, o, steps=100, engine='{engine}'); "
)
_THEIRS = "from benchmarks.by_hand import sgd_run, adam_run; import numba; "


def measure(rounds: int, threads: int) -> list[Row]:
    """Return the rows of this regime."""
    del threads
    mark = "begin = clock(); "
    ours, plain = _OURS.format(engine="compiled"), _OURS.format(engine="array")
    tasks: dict[str, dict[str, str]] = {
        "import, above NumPy": {"llvmlite": "import llvmlite.binding", "Numba": "import numba"},
        "the first kernel, the compiler's import included": {
            "llvmlite": f"{plain}r(SGD(lr=1e-3)); {ours}{mark}r(SGD(lr=1e-3))",
            "Numba": f"from benchmarks.by_hand import sgd_run; {mark}sgd_run(100)()",
        },
        "each kernel after it": {
            "llvmlite": f"{ours}r(SGD(lr=1e-3)); {mark}r(Adam(lr=1e-3))",
            "Numba": f"{_THEIRS}sgd_run(100)(); {mark}adam_run(100)()",
        },
    }
    found = []
    for task, codes in tasks.items():
        needed: dict[str, Callable[[], object]] = {
            name: lambda name=name: load(name.lower()) for name in codes
        }
        present, missing = collect(needed)
        timings = Timings({name: [] for name in present}, {name: [] for name in present}, missing)
        for _ in range(rounds):
            for name in present:
                seconds = _seconds(codes[name])
                timings.wall[name].append(seconds)
                timings.cpu[name].append(seconds)
        if "llvmlite" in present:
            found += rows(task, timings, 1e3, "ms")
    return found


def _seconds(code: str) -> float:
    command = [sys.executable, "-W", "ignore", "-c", _BEGIN + code + _END]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
