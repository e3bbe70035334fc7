"""A store where nothing may be written, where the disk is full, and where others write at once."""

import json
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing

import numpy as np
import pytest

import stepsize as ss
from tests.robustness import damaged_stores, places
from tests.robustness.damaged_stores import bits, whole_store


@pytest.fixture
def file(tmp_path):
    """A store that holds the sweep of these tests."""
    whole_store(tmp_path)
    return (tmp_path / "whole.db").rename(tmp_path / "sweep.db")


READ = """
import json
from tests.robustness.damaged_stores import bits, swept
import stepsize as ss
from tests.robustness import damaged_stores
whole = swept({file!r})
told = {{"computed": whole.computed, "same": bits(whole) == bits(swept(None))}}
for name, changes in [("more", {{"lr": [0.5, 0.25]}}), ("new", {{}})]:
    file = {file!r} + ("" if name == "more" else ".new")
    try:
        ss.sweep(damaged_stores.BOWL, ss.Momentum, 60, store=file, **damaged_stores.GRID | changes)
    except OSError as error:
        told[name] = [type(error).__name__, str(error)]
print(json.dumps(told))
"""


def check_what_is_read(done, file, kind, reason):
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["computed"], told["same"]) == (0, True)
    missing = ": 6 of 6 runs are missing in it"
    assert told["more"] == [kind, f"store: got '{file}', {reason}{missing}"]
    assert told.get("new") in (None, [kind, f"store: got '{file}.new', {reason}"])


@pytest.mark.parametrize("left", ["closed", "killed"])
def test_finished_results_are_read_from_a_medium_that_can_only_be_read(left, file):
    """A writer that was killed leaves files beside the store, which belong to it."""
    if left == "killed":
        row = "INSERT INTO designs (config) VALUES ('another')"
        write = f"c = sqlite3.connect({str(file)!r}); c.execute({row!r}); c.commit(); os._exit(0)"
        assert places.program(f"import os, sqlite3; {write}").returncode == 0
        assert file.with_name("sweep.db-wal").stat().st_size > 0
    done = places.read_only(READ.format(file=str(file)), file.parent)
    reason = "which is on a medium that can only be read, expected one that can be written"
    check_what_is_read(done, file, "OSError", reason)


@pytest.mark.parametrize("what", ["folder", "file", "both"])
def test_finished_results_are_read_where_the_rights_to_write_are_missing(what, tmp_path):
    (tmp_path / "shared").mkdir()
    file = tmp_path / "shared" / "sweep.db"
    file.write_bytes(whole_store(tmp_path))
    if what != "file":
        file.parent.chmod(0o500)
    if what != "folder":
        file.chmod(0o400)
    try:
        done = places.bound_by_rights(READ.format(file=str(file)))
    finally:
        file.parent.chmod(0o700)
    reason = "for which the rights are missing, expected one that you may write to"
    check_what_is_read(done, file, "PermissionError", reason)
    assert ("new" in json.loads(done.stdout)) == (what != "file"), (
        "beside a protected file there may be others"
    )


FILL = """
import json, os, stepsize as ss, numpy as np
from tests.robustness.damaged_stores import BOWL, bits
grid = {{"lr": np.geomspace(1e-3, 1, 400), "history": 30, "batch": 20}}
file, told = {file!r}, []
try:
    ss.sweep(BOWL, ss.Momentum, 30, store=file, **grid)
except OSError as error:
    told.append(str(error))
{room}
whole = ss.sweep(BOWL, ss.Momentum, 30, store=file, **grid)
told += [whole.computed, bits(whole) == bits(ss.sweep(BOWL, ss.Momentum, 30, **grid))]
print(json.dumps(told))
"""


def check_that_it_went_on(done, file, reason):
    assert done.returncode == 0, done.stderr
    sentence, computed, same = json.loads(done.stdout)
    assert re.fullmatch(
        rf"store: got '{re.escape(str(file))}', {reason}; what it holds stays, and the same .*", sentence
    )
    assert 0 < computed < 400, "some were kept, the others were made"
    assert same


def test_a_full_disk_keeps_what_is_done_and_the_same_call_goes_on(tmp_path):
    file = tmp_path / "sweep.db"
    room = f"import subprocess; subprocess.run(['mount', '-o', 'remount,size=8m', {str(tmp_path)!r}])"
    done = places.on_small_disk(FILL.format(file=str(file), room=room), tmp_path, "160k")
    check_that_it_went_on(done, file, "for which there is no room on the disk")


def test_a_limit_on_files_keeps_what_is_done_and_the_same_call_goes_on(tmp_path):
    file = tmp_path / "sweep.db"
    room = "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000_000, 100_000_000))"
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000_000))\n"
    pytest.importorskip("resource", reason="limits of a process are POSIX's")
    done = places.program(limit + FILL.format(file=str(file), room=room))
    check_that_it_went_on(done, file, r"which the disk does not take or give \(disk I/O error\)")


def test_a_disk_that_is_full_from_the_start_still_gives_finished_results(file):
    """There a store cannot be opened for writing at all."""
    copy = shutil.copy(file, file.parent.parent / "copy.db")
    size = -(-file.stat().st_size // 4096) * 4096
    fill = f"import shutil; shutil.copy({str(copy)!r}, {str(file)!r})\n"
    done = places.on_small_disk(fill + READ.format(file=str(file)), file.parent, str(size))
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["computed"], told["same"]) == (0, True)
    assert "for which there is no room on the disk" in told["more"][1]


WRITE = """
import sys
import numpy as np
import stepsize as ss
from tests.robustness.damaged_stores import BOWL
print("ready", flush=True)
sys.stdin.readline()
own = int(sys.argv[2])
rates = np.geomspace(1e-3, 1, 60)[own::2] if own < 2 else np.geomspace(1e-3, 1, 60)
print(ss.sweep(BOWL, ss.Momentum, 100, lr=rates, momentum=[0.0, 0.9], batch=5, store=sys.argv[1]).computed)
"""


@pytest.mark.parametrize("writers", [2, 6])
def test_several_writers_at_once_leave_every_run_once(writers, tmp_path):
    """Two that share the work, and four more that want all of it, begin a new store at one moment."""
    file = tmp_path / "sweep.db"
    children = [
        subprocess.Popen(
            [sys.executable, "-c", WRITE, str(file), str(own)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=places.environment(),
        )
        for own in range(writers)
    ]
    assert [child.stdout.readline() for child in children] == ["ready\n"] * writers
    for child in children:
        child.stdin.write("go\n")
        child.stdin.flush()
    ends = [child.communicate() for child in children]
    assert [wrong for _, wrong in ends] == [""] * writers
    computed = [int(out) for out, _ in ends]
    assert computed == [60, 60] if writers == 2 else sum(computed) >= 120
    with closing(sqlite3.connect(file)) as connection:
        query = "SELECT count(*), count(DISTINCT hex(key) || design) FROM runs"
        assert connection.execute(query).fetchone() == (120, 120)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    grid = {"lr": np.geomspace(1e-3, 1, 60), "momentum": [0.0, 0.9]}
    stored = ss.sweep(damaged_stores.BOWL, ss.Momentum, 100, store=file, **grid)
    assert stored.computed == 0
    assert bits(stored) == bits(ss.sweep(damaged_stores.BOWL, ss.Momentum, 100, **grid))
    assert [path.name for path in tmp_path.iterdir()] == ["sweep.db"]
