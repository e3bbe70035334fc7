"""A store gives the numbers that were computed, or says in one sentence what stands against it."""

import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import stepsize as ss
from stepsize.experiments.sweep import databases, store
from tests.robustness import damaged_stores
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


def test_a_writer_that_does_not_end_is_one_sentence(file, monkeypatch):
    monkeypatch.setattr(databases, "PATIENCE", 0.2)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        refused(file, TimeoutError, "store: got .*, in which another process has been writing for 0 s")
    assert swept(file).computed == 0
