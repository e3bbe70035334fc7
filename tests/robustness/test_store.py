"""A store gives the numbers that were computed, or says in one sentence what stands against it."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

import stepsize as ss
from stepsize.experiments.sweep import databases, store
from tests.robustness import damaged_stores, places
from tests.robustness.damaged_stores import bits, swept, whole_store

TRUTH = bits(swept(None))


@pytest.fixture
def file(tmp_path):
    """A store that holds the sweep of these tests."""
    whole_store(tmp_path)
    return (tmp_path / "whole.db").rename(tmp_path / "sweep.db")


def change(file, *statements):
    with closing(sqlite3.connect(file)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


# --- damage


def test_a_damaged_store_gives_the_same_numbers_or_is_refused(tmp_path):
    tally = damaged_stores.fuzz(60, 4, tmp_path)
    assert tally.mistakes == []
    assert tally.tried == 120
    assert tally.refused >= 20
    assert tally.right >= 40


def test_the_fuzzer_notices_a_store_that_trusts(tmp_path, monkeypatch):
    """Without digests other numbers are loaded, and the fuzzer says so."""
    monkeypatch.setattr(store, "_digest", lambda *_: b"same")
    tally = damaged_stores.fuzz(60, 4, tmp_path)
    assert any("other content was loaded" in mistake for mistake in tally.mistakes)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE runs SET final = final * 2 WHERE rowid = 3",
        "UPDATE runs SET final = NULL WHERE rowid = 3",
        "UPDATE runs SET best = 'text' WHERE rowid = 3",
        "UPDATE runs SET settled = x'00' WHERE rowid = 3",
        "UPDATE runs SET updates = 59 WHERE rowid = 3",
        "UPDATE runs SET verdict = 300 WHERE rowid = 3",
        "UPDATE runs SET status = 4611686018427387904 WHERE rowid = 3",
        "UPDATE runs SET errors = zeroblob(24) WHERE rowid = 3",
        "UPDATE runs SET errors = zeroblob(8) WHERE rowid = 3",
        "UPDATE runs SET errors = NULL WHERE rowid = 3",
        "UPDATE runs SET config = '{}' WHERE rowid = 3",
        "UPDATE runs SET digest = zeroblob(16) WHERE rowid = 3",
    ],
)
def test_a_row_that_is_not_what_was_written_is_made_again_with_a_warning(statement, file):
    change(file, statement)
    again = {"store": file, **damaged_stores.GRID}
    told = rf"store: got '{re.escape(str(file))}', in which 1 run of 45 did not match the checksum; they are"
    with pytest.warns(UserWarning, match=told) as caught:
        mended = ss.sweep(damaged_stores.BOWL, ss.Momentum, 60, **again)
    assert caught[0].filename == __file__, "it points to the call"
    assert (mended.computed, bits(mended)) == (1, TRUTH)
    whole = ss.sweep(damaged_stores.BOWL, ss.Momentum, 60, **again)
    assert (whole.computed, bits(whole)) == (0, TRUTH)


def test_a_row_of_another_run_is_not_taken_for_this_one(file):
    change(
        file,
        "UPDATE runs SET (final, digest) = (SELECT final, digest FROM runs WHERE rowid = 5) WHERE rowid = 3",
    )
    with pytest.warns(UserWarning, match="did not match the checksum"):
        assert (
            bits(ss.sweep(damaged_stores.BOWL, ss.Momentum, 60, store=file, **damaged_stores.GRID)) == TRUTH
        )


def test_a_store_of_the_layout_without_digests_is_brought_up_to_date(file):
    """Nobody can tell whether its rows are whole: they are made again, once."""
    change(file, "ALTER TABLE runs DROP COLUMN digest", "PRAGMA user_version=0", "PRAGMA application_id=0")
    first, second = swept(file), swept(file)
    assert [first.computed, second.computed] == [45, 0]
    assert bits(first) == bits(second) == TRUTH


# --- what is no store


def refused(file, kind, sentence):
    """Check that a sweep is refused in these words, and that the file is as it was."""
    before = file.read_bytes() if file.is_file() else None
    with pytest.raises(kind, match=f"^{sentence}$") as caught:
        swept(file)
    assert "\n" not in str(caught.value)
    assert before is None or file.read_bytes() == before
    return str(caught.value)


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        (["CREATE TABLE users (name)", "CREATE TABLE orders (id)"], r"other tables \(orders, users\)"),
        (["CREATE TABLE runs (name)"], r"other tables \(runs\)"),
        (
            ["CREATE TABLE runs (name)", "CREATE TABLE designs (id, config)"],
            r"other tables \(designs, runs\)",
        ),
        (["CREATE TABLE a (b)", "CREATE VIEW runs AS SELECT b FROM a"], "the view 'runs'"),
        (["CREATE TABLE a (b)", "CREATE INDEX runs ON a (b)"], "the index 'runs'"),
        (["CREATE TABLE designs (id, config)"], r"other tables \(designs\)"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_database_of_somebody_else_is_refused_and_untouched(statements, words, tmp_path):
    file = tmp_path / "other.db"
    change(file, *statements)
    refused(
        file,
        ValueError,
        rf"store: got '.*other\.db', a database with {words}, expected a file that a sweep wrote",
    )
    assert [path.name for path in tmp_path.iterdir()] == ["other.db"]


def test_a_store_with_a_trigger_is_refused(file):
    change(file, "CREATE TRIGGER evil AFTER INSERT ON runs BEGIN DELETE FROM runs; END")
    refused(
        file,
        ValueError,
        r"store: got .*, a database with the trigger 'evil', expected a file that a sweep wrote",
    )


def test_a_view_of_ones_own_beside_the_tables_is_none_of_our_business(file):
    change(file, "CREATE VIEW good AS SELECT final FROM runs WHERE final < 1e-6")
    assert swept(file).computed == 0


def test_a_store_of_a_later_version_is_refused(file):
    change(file, "ALTER TABLE runs ADD COLUMN more", "PRAGMA user_version=3")
    refused(
        file,
        ValueError,
        "store: got .*, which a later version of stepsize wrote, expected a file that a sweep .*",
    )


def test_a_text_is_no_store(tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text("this is no database, but long enough to be taken for one" * 20)
    refused(
        file, ValueError, "store: got .*, which is no database or damaged, expected a file that a sweep wrote"
    )


def test_pages_that_are_no_tables_are_damage(file):
    data = bytearray(file.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    file.write_bytes(data)
    refused(
        file,
        ValueError,
        r"store: got .*, which is damaged \(database disk image is malformed\), expected a .*",
    )


@pytest.mark.parametrize(
    ("name", "kind", "sentence"),
    [
        ("a\0b.db", ValueError, r"store: got 'a\\x00b\.db', expected the name of a file"),
        ("", ValueError, "store: got '', expected the name of a file"),
        (".", IsADirectoryError, r"store: got '\.', which is a folder, expected the name of a file"),
        ("no/a.db", FileNotFoundError, "store: got 'no/a.db', expected a file in a folder that there is"),
        (
            "notes/a.db",
            FileNotFoundError,
            "store: got 'notes/a.db', expected a file in a folder that there is",
        ),
        ("a" * 300, OSError, "store: got 'a*', which the system refuses: File name too long"),
        ("a" * 254, OSError, "store: got 'a*', which the system refuses: File name too long"),
        (5, TypeError, "store: got 5, expected the path of a file"),
    ],
    ids=lambda value: repr(value)[:12],
)
def test_a_name_that_no_store_can_have(name, kind, sentence, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("notes").write_text("")
    with pytest.raises(kind, match=f"^{sentence}$"):
        swept(name)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with a name are POSIX's")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.db")
    with pytest.raises(ValueError, match=r"^store: got '.*pipe\.db', which is no file, expected a file$"):
        swept(tmp_path / "pipe.db")


@pytest.mark.parametrize(
    "name", [":memory:", "file:a?mode=memory", "%41.db", "a#b?c=d.db", "Größe 1.db", "a'b.db"]
)
def test_a_name_is_the_name_of_a_file_whatever_sqlite_would_make_of_it(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert [swept(name).computed, swept(name).computed] == [45, 0]
    assert [path.name for path in tmp_path.iterdir()] == [name]


# --- what may not be written


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


def test_a_writer_that_does_not_end_is_one_sentence(file, monkeypatch):
    monkeypatch.setattr(databases, "PATIENCE", 0.2)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        refused(file, TimeoutError, "store: got .*, in which another process has been writing for 0 s")
    assert swept(file).computed == 0


# --- several writers


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
    assert all(int(out) > 0 for out, _ in ends[:2])
    with closing(sqlite3.connect(file)) as connection:
        query = "SELECT count(*), count(DISTINCT hex(key) || design) FROM runs"
        assert connection.execute(query).fetchone() == (120, 120)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    grid = {"lr": np.geomspace(1e-3, 1, 60), "momentum": [0.0, 0.9]}
    stored = ss.sweep(damaged_stores.BOWL, ss.Momentum, 100, store=file, **grid)
    assert stored.computed == 0
    assert bits(stored) == bits(ss.sweep(damaged_stores.BOWL, ss.Momentum, 100, **grid))
    assert [path.name for path in tmp_path.iterdir()] == ["sweep.db"]
