"""A file is written whole or not at all, whatever the disk does."""

import errno
import json
import os
import re
from pathlib import Path

import pytest

from stepsize.core.storage import write_whole
from tests.robustness import places
from tests.robustness.writers import COMMANDS, WRITERS


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("name", WRITERS)
def test_every_writer_leaves_its_file_and_nothing_else(name, tmp_path):
    WRITERS[name](tmp_path / name)
    assert names(tmp_path) == [name]
    assert (tmp_path / name).stat().st_size > 4096


@pytest.mark.parametrize("when", ["fsync", "replace", "link"])
@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), OSError(errno.ENOSPC, "No space left on device")], ids=repr
)
def test_an_interrupt_or_a_full_disk_leaves_what_was_there(when, error, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise error

    target = tmp_path / "a.txt"
    target.write_bytes(b"old")
    where = Path if when == "replace" else os
    monkeypatch.setattr(where, when, fail)
    how = {"fsync": "replace", "replace": "replace", "link": "number"}[when]
    with pytest.raises(type(error)) as caught:
        write_whole(target, b"new", if_exists=how)
    monkeypatch.undo()
    assert names(tmp_path) == ["a.txt"]
    assert target.read_bytes() == b"old"
    if isinstance(error, OSError):
        assert re.fullmatch(
            r"path: got '.*a\.txt', for which there is no room on the disk; nothing was changed",
            str(caught.value),
        )
        assert caught.value.errno == errno.ENOSPC


def test_the_bytes_are_on_the_disk_before_they_have_the_name(tmp_path, monkeypatch):
    order = []
    fsync, replace = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda handle: (order.append("fsync"), fsync(handle)))
    monkeypatch.setattr(Path, "replace", lambda self, to: (order.append("name"), replace(self, to)))
    write_whole(tmp_path / "a.txt", b"new")
    assert order[:2] == ["fsync", "name"]


LIMITED = """
import json
from pathlib import Path
from tests.robustness.writers import WRITERS
told = {{}}
for name, write in WRITERS.items():
    target = Path({folder!r}) / name
    target.write_bytes(b"old")
    try:
        write(target)
        told[name] = "written"
    except OSError as error:
        told[name] = str(error)
    assert target.read_bytes() == b"old", name
    target.unlink()
print(json.dumps(told))
print(json.dumps([path.name for path in Path({folder!r}).iterdir()]))
"""


def check_that_all_were_refused(done, sentence):
    assert done.returncode == 0, done.stderr
    told, left = map(json.loads, done.stdout.splitlines())
    assert list(told) == list(WRITERS)
    for name, text in told.items():
        assert re.fullmatch(rf"(path|target): got '.*{re.escape(name)}', {sentence}", text), name
    assert left == []


FULL = "for which there is no room on the disk; nothing was changed"


def test_a_limit_on_files_is_one_sentence_and_leaves_the_old_file(tmp_path):
    check_that_all_were_refused(places.with_small_files(LIMITED.format(folder=str(tmp_path)), 2048), FULL)


def test_a_full_disk_is_one_sentence_and_leaves_the_old_file(tmp_path):
    check_that_all_were_refused(
        places.on_small_disk(LIMITED.format(folder=str(tmp_path)), tmp_path, "8k"), FULL
    )


READ_ONLY = """
import json
from pathlib import Path
from tests.robustness.writers import WRITERS
told = {{}}
for name, write in WRITERS.items():
    try:
        write(Path({folder!r}) / name)
    except OSError as error:
        told[name] = str(error)
print(json.dumps(told))
print(json.dumps([path.name for path in Path({folder!r}).iterdir()]))
"""


def test_a_folder_that_can_only_be_read_is_one_sentence(tmp_path):
    check_that_all_were_refused(
        places.read_only(READ_ONLY.format(folder=str(tmp_path)), tmp_path),
        "which is on a medium that can only be read, expected one that can be written",
    )


PROTECTED = """
import json
from pathlib import Path
from stepsize.core.storage import write_whole
folder, told = Path({folder!r}), []
ways = [("old.txt", "replace"), ("new.txt", "replace"), ("newer.txt", "refuse"), ("old.txt", "number")]
for name, how in ways:
    try:
        write_whole(folder / name, b"new", if_exists=how)
    except PermissionError as error:
        told.append(str(error))
print(json.dumps(told))
"""


@pytest.mark.parametrize("what", ["folder", "file"])
def test_missing_rights_are_one_sentence(what, tmp_path):
    folder = tmp_path / "protected"
    folder.mkdir()
    (folder / "old.txt").write_bytes(b"old")
    (folder / "old.txt").chmod(0o400)
    if what == "folder":
        folder.chmod(0o500)
    try:
        done = places.bound_by_rights(PROTECTED.format(folder=str(folder)))
    finally:
        folder.chmod(0o700)
    told = json.loads(done.stdout)
    assert len(told) == (4 if what == "folder" else 1)
    for sentence in told:
        assert re.fullmatch(
            r"path: got '.*\.txt', for which the rights are missing, expected one .*", sentence
        )
    assert names(folder) == (
        ["old.txt"] if what == "folder" else ["new.txt", "newer.txt", "old-2.txt", "old.txt"]
    )
    assert (folder / "old.txt").read_bytes() == b"old"


def test_a_command_says_in_one_sentence_that_it_cannot_write(tmp_path):
    """What stops it is told at the door, with no traceback."""
    chosen = [[*COMMANDS[name], "--out", str(tmp_path)] for name in ("race", "film", "schedule")]
    chosen.append(["explain", "Adam", "quadratic", "--steps", "50", "--out", str(tmp_path / "page.txt")])
    done = places.with_small_files(
        f"from stepsize.cli.main import main; print([main(words) for words in {chosen!r}])", 2048
    )
    assert done.stdout.splitlines()[-1] == "[2, 2, 2, 2]", done.stderr
    told = done.stderr.splitlines()
    pattern = rf"stepsize: (path|target|--out): got '.*', {FULL}"
    assert len(told) == 4
    assert all(re.fullmatch(pattern, line) for line in told), told
    assert names(tmp_path) == []
