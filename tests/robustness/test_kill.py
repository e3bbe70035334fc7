"""Killed or interrupted, what was done is there, and the same call goes on."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from tests.robustness import places

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the signals of these tests are POSIX's")


def counted(call):
    """Return the counts of a function of `killed`, from a process of its own: pytest itself is not forked."""
    imports = "import json, signal\nfrom pathlib import Path\nfrom tests.robustness import killed\n"
    done = places.program(f"{imports}print(json.dumps({call}))", timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_kill_9_of_sweeps_leaves_whole_batches_and_the_same_numbers(tmp_path):
    found = counted(f"killed.sweeps(10, 3, Path({str(tmp_path)!r}))")
    assert (found["whole"], found["same"]) == (10, 1)
    assert found["killed"] >= 7
    assert found["got_on"] >= 5, "they were killed while they worked"


def test_kill_9_of_saves_leaves_a_whole_file(tmp_path):
    found = counted(f"killed.saves(15, 3, Path({str(tmp_path)!r}))")
    assert (found["killed"], found["whole"]) == (15, 15)
    assert all(re.fullmatch(r"run\.npz|\.stepsize-\d+-\w+\.tmp", path.name) for path in tmp_path.iterdir())


def test_an_interrupt_of_saves_leaves_a_whole_file_and_nothing_else(tmp_path):
    found = counted(f"killed.saves(15, 3, Path({str(tmp_path)!r}), signal.SIGINT)")
    assert found == {"killed": 15, "whole": 15, "left": 0}


SWEEP = """
import numpy as np
import stepsize as ss
swept = ss.sweep(ss.Quadratic([1.0, 10.0]), ss.Momentum, 300, lr=np.geomspace(1e-3, 1, 40),
                 momentum=np.linspace(0, 0.95, 20), batch=8, store={file!r}, jobs={jobs})
print("done", swept.computed)
"""


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_interrupt_of_a_sweep_keeps_what_is_done_and_ends_the_script(jobs, tmp_path):
    """As a terminal sends it: to the process and to its workers."""
    if jobs > 1:
        pytest.importorskip(
            "joblib", reason="joblib, which spreads a sweep over processes, is an optional extra"
        )
    file = tmp_path / "sweep.db"
    code = SWEEP.format(file=str(file), jobs=jobs)
    child = subprocess.Popen(
        [sys.executable, "-c", code],
        env=places.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_for_rows(file, 40)
    os.killpg(child.pid, signal.SIGINT)
    out, told = child.communicate(timeout=60)
    assert child.returncode in (-signal.SIGINT, 128 + signal.SIGINT, 1)
    assert out == "", "the script does not go on with a part"
    pattern = (
        r"^stepsize: interrupted after (\d+) of 800 runs, which are kept in .*; the same call goes on .*$"
    )
    (kept,) = re.findall(pattern, told, re.MULTILINE)
    assert told.splitlines()[-1].startswith(
        "stepsize.experiments.sweep.table.SweepInterrupted: interrupted after "
    )
    done = places.program(SWEEP.format(file=str(file), jobs=1))
    assert done.stdout == f"done {800 - int(kept)}\n"


def wait_for_rows(file, count):
    from tests.robustness.killed import _rows

    deadline = time.monotonic() + 60
    while _rows(file)[0] < count and time.monotonic() < deadline:
        time.sleep(0.002)
    assert _rows(file)[0] >= count


LOST = """
import json, os, signal, threading, time
import numpy as np
import stepsize as ss
from tests.robustness.damaged_stores import BOWL, bits
from tests.robustness.killed import _rows
from joblib.externals.loky import reusable_executor
grid = {{"lr": np.geomspace(1e-3, 1, 40), "momentum": np.linspace(0, 0.95, 20), "batch": 8}}

def kill_one():
    deadline = time.monotonic() + 60
    while _rows({file!r})[0] < 40 and time.monotonic() < deadline:
        time.sleep(0.005)
    os.kill(next(iter(reusable_executor._executor._processes)), signal.SIGKILL)

killer = threading.Thread(target=kill_one)
killer.start()
told = []
try:
    ss.sweep(BOWL, ss.Momentum, 300, jobs=2, store={file!r}, **grid)
except ChildProcessError as error:
    told.append(str(error))
killer.join()
kept = _rows({file!r})[0]
again = ss.sweep(BOWL, ss.Momentum, 300, jobs=2, store={file!r}, **grid)
same = bits(again) == bits(ss.sweep(BOWL, ss.Momentum, 300, **grid))
print(json.dumps([*told, kept, again.computed, same]))
"""


def test_a_killed_worker_is_one_sentence_and_the_next_call_completes(tmp_path):
    pytest.importorskip("joblib", reason="joblib, which spreads a sweep over processes, is an optional extra")
    done = places.program(LOST.format(file=str(tmp_path / "sweep.db")), timeout=120)
    assert done.returncode == 0, done.stderr
    sentence, kept, computed, same = json.loads(done.stdout)
    assert re.fullmatch(
        r"jobs: got a worker process that was killed, .*; what a store has is kept, and .*", sentence
    )
    assert 40 <= kept < 800
    assert (computed, same) == (800 - kept, True)


DRAWN = """
import os, signal
from pathlib import Path
from stepsize.cli import gallery
from stepsize.cli.main import main
make = gallery._make

def make_or_die(job):
    if job[0].startswith("d2l-12.3-three"):
        os.kill(os.getpid(), signal.SIGKILL)
    return [], []

if __name__ == "__main__":
    import multiprocessing
    multiprocessing.get_context = lambda kind, get=multiprocessing.get_context: get("fork")
    gallery._make = make_or_die
    raise SystemExit(main(["gallery", "--check", "d2l"]))
"""


def test_a_killed_worker_of_the_gallery_is_one_sentence(tmp_path):
    done = places.program(DRAWN, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert done.stderr.splitlines()[-1].startswith(
        "stepsize: gallery: got a worker process that was killed, from"
    )


def test_a_backend_that_cannot_give_results_as_they_come_is_one_sentence():
    pytest.importorskip("joblib", reason="joblib, which spreads a sweep over processes, is an optional extra")
    import stepsize as ss

    with pytest.raises(
        ValueError, match=r"^backend: got 'multiprocessing', expected one .*: loky, threading, dask$"
    ):
        ss.sweep(ss.Quadratic(), ss.SGD, 10, lr=[0.1, 0.2], backend="multiprocessing", jobs=2)
