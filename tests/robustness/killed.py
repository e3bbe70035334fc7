"""Processes killed in the middle: ``python -m tests.robustness.killed 60`` kills 60 sweeps and saves.

This process imports everything once and forks those that it kills.
"""

import os
import random
import signal
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # threads do not survive a fork

import numpy as np  # noqa: E402

import stepsize as ss  # noqa: E402
from tests.robustness.damaged_stores import BOWL, bits  # noqa: E402

GRID: dict = {"lr": np.geomspace(1e-3, 1, 30), "momentum": np.linspace(0, 0.9, 10), "history": 3}
GRID["batch"] = 6


def killed(work, wait, how: int = signal.SIGKILL) -> bool:
    """Fork a process that does the work, kill it after a wait; return whether it was at work."""
    # An interrupt waits until the child is where it is caught.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    child = os.fork()
    if not child:
        try:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
            work()
        except KeyboardInterrupt:
            os._exit(130)
        finally:
            os._exit(0)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    wait(child)
    ended = 0
    while not ended:  # an interrupt that meets a __del__ is dropped by Python
        os.kill(child, how)
        for _ in range(50):
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                break
            time.sleep(0.01)
    return os.WIFSIGNALED(status) or os.waitstatus_to_exitcode(status) == 130


def sweeps(times: int, seed: int, folder: Path) -> dict:
    """Kill sweeps with one store until the last one ends; the store always holds whole batches, each once."""
    chance, file = random.Random(seed), folder / "sweep.db"
    count = dict.fromkeys(("killed", "whole", "got_on"), 0)
    rows: list[int] = []
    for _ in range(times):
        more = max(rows, default=0) + chance.randrange(-20, 60)

        def wait(child, more=more):
            while _rows(file)[0] < more and not os.waitid(
                os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT
            ):
                time.sleep(0.001)
            time.sleep(chance.uniform(0.0, 0.01))

        if killed(lambda: _sweep(file), wait):
            count["killed"] += 1
        held, different = _rows(file)
        if held == different and held % 6 == 0 and held >= max(rows, default=0):
            count["whole"] += 1
        count["got_on"] += held > max(rows, default=0)
        rows.append(held)
        if held == 300:  # all is done: from the beginning
            for path in folder.glob("sweep.db*"):
                path.unlink()
            rows.clear()
    truth = bits(ss.sweep(BOWL, ss.Momentum, 300, **GRID))
    count["same"] = int(bits(_sweep(file)) == truth)
    return count


def _sweep(file):
    return ss.sweep(BOWL, ss.Momentum, 300, store=file, **GRID)


def _rows(file):
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
            query = "SELECT count(*), count(DISTINCT hex(key) || design) FROM runs"
            return connection.execute(query).fetchone()
    except sqlite3.OperationalError:  # there is no file, or no table in it, yet
        return 0, 0


def saves(times: int, seed: int, folder: Path, how: int = signal.SIGKILL) -> dict:
    """Kill processes that save over one file; it always holds one of the runs, whole."""
    chance, file = random.Random(seed), folder / "run.npz"
    runs = [ss.minimize(BOWL, ss.SGD(lr=0.001 * k), steps=20_000 * k) for k in (1, 2, 3)]
    known = {run.history.x.tobytes() for run in runs}
    runs[0].save(file)

    def save_for_ever():
        while True:
            for run in runs:
                run.save(file)

    count = dict.fromkeys(("killed", "whole", "left"), 0)
    for _ in range(times):
        count["killed"] += killed(save_for_ever, lambda _: time.sleep(chance.uniform(0.0, 0.05)), how)
        count["whole"] += ss.Run.load(file).history.x.tobytes() in known
    count["left"] = len(list(folder.iterdir())) - 1
    return count


def main() -> int:
    times, seed = ([int(word) for word in sys.argv[1:]] + [60, 0][len(sys.argv) - 1 :])[:2]
    bad = 0
    for name, work in (("sweeps", sweeps), ("saves", saves)):
        with tempfile.TemporaryDirectory() as folder:
            found = work(times, seed, Path(folder))
        print(f"{name} killed with kill -9: {found}")
        bad += found["whole"] != times or not found.get("same", 1)
    with tempfile.TemporaryDirectory() as folder:
        found = saves(times, seed, Path(folder), signal.SIGINT)
    print(f"saves interrupted with SIGINT: {found}")
    return int(bad or found["whole"] != times or found["left"])


if __name__ == "__main__":
    raise SystemExit(main())
