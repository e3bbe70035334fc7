"""A file is written whole or not at all, whoever else writes it, and whatever the disk does."""

import errno
import json
import os
import re
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import stepsize as ss
from stepsize.cli.main import main
from stepsize.core import storage
from stepsize.core.storage import write_whole
from tests.robustness import places
from tests.robustness.writers import COMMANDS, WRITERS, told_by


def names(folder):
    return sorted(path.name for path in folder.iterdir())


# --- what is there afterwards


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


# --- names


@pytest.mark.parametrize(
    ("path", "error", "sentence"),
    [
        ("", ValueError, "path: got '', expected the name of a file"),
        ("a\0b", ValueError, r"path: got 'a\x00b', expected the name of a file"),
        (3, TypeError, "path: got 3, expected the path of a file"),
        (None, TypeError, "path: got None, expected the path of a file"),
        (b"bytes", TypeError, "path: got the bytes b'bytes', expected the path of a file"),
        (".", IsADirectoryError, "path: got '.', which is a folder, expected the name of a file"),
        ("no/a.txt", FileNotFoundError, "path: got 'no/a.txt', expected a file in a folder that there is"),
        (
            "file/a.txt",
            NotADirectoryError,
            "path: got 'file/a.txt', expected a file in a folder that there is",
        ),
        ("a" * 300, OSError, f"path: got '{'a' * 300}', which the system refuses: File name too long"),
    ],
)
@pytest.mark.parametrize("how", ["replace", "refuse", "number"])
def test_a_name_that_no_file_can_have_is_one_sentence(path, error, sentence, how, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("")
    with pytest.raises(error) as caught:
        write_whole(path, b"new", if_exists=how)
    assert str(caught.value) == sentence
    assert names(tmp_path) == ["file"]


def test_the_longest_name_is_a_name(tmp_path):
    name = "a" * 251 + ".txt"
    assert write_whole(tmp_path / name, b"new").read_bytes() == b"new"
    assert names(tmp_path) == [name]


def test_what_is_there_is_kept_or_replaced_as_asked(tmp_path):
    target = tmp_path / "a.tar.gz"
    assert write_whole(target, b"1", if_exists="refuse") == target
    with pytest.raises(
        FileExistsError, match=r"^path: got '.*a\.tar\.gz', which exists, expected the name of a new"
    ):
        write_whole(target, b"2", if_exists="refuse")
    assert write_whole(target, b"3", if_exists="number").name == "a.tar-2.gz"
    assert target.read_bytes() == b"1"
    write_whole(target, b"4")
    assert target.read_bytes() == b"4"
    assert names(tmp_path) == ["a.tar-2.gz", "a.tar.gz"]


@pytest.mark.skipif(os.name == "nt", reason="rights, links and pipes are POSIX's")
class TestWhatStandsThereAlready:
    def test_a_new_file_has_the_rights_that_any_program_gives(self, tmp_path):
        (tmp_path / "plain").write_bytes(b"")
        write_whole(tmp_path / "ours", b"new")
        write_whole(tmp_path / "claimed", b"new", if_exists="number")
        assert len({stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}) == 1

    def test_a_file_keeps_its_rights(self, tmp_path):
        target = tmp_path / "a.txt"
        target.write_bytes(b"old")
        target.chmod(0o640)
        write_whole(target, b"new")
        assert (stat.S_IMODE(target.stat().st_mode), target.read_bytes()) == (0o640, b"new")

    def test_a_link_stays_one_and_its_file_is_replaced(self, tmp_path):
        (tmp_path / "real").mkdir()
        (tmp_path / "real" / "a.txt").write_bytes(b"old")
        link = tmp_path / "link.txt"
        link.symlink_to(Path("real") / "a.txt")
        assert write_whole(link, b"new") == link
        assert link.is_symlink()
        assert (tmp_path / "real" / "a.txt").read_bytes() == b"new"
        assert write_whole(link, b"other", if_exists="number").name == "link-2.txt"

    def test_a_link_to_nothing_is_no_free_name(self, tmp_path):
        link = tmp_path / "link.txt"
        link.symlink_to("nowhere.txt")
        assert write_whole(link, b"new", if_exists="number").name == "link-2.txt"
        assert not (tmp_path / "nowhere.txt").exists()

    @pytest.mark.parametrize("how", ["replace", "refuse", "number"])
    def test_a_pipe_is_written_to(self, how, tmp_path):
        """Were it replaced, nobody would get anything; and /dev/null would be gone for root."""
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        got = []
        reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
        reader.start()
        data = bytes(range(256)) * 1000
        write_whole(pipe, data, if_exists=how)
        reader.join(20)
        assert got == [data]
        assert stat.S_ISFIFO(pipe.stat().st_mode)

    def test_standard_output_is_written_to(self):
        code = "import stepsize as ss; ss.minimize(ss.Quadratic(), ss.SGD(), steps=2).to_csv('/dev/stdout')"
        done = places.program(code)
        assert done.stdout.splitlines()[0].startswith("update,x1,x2,fun"), done.stderr


# --- several writers

SAVE = """
import sys
import numpy as np
import stepsize as ss
number, file = int(sys.argv[1]), sys.argv[2]
run = ss.minimize(ss.Quadratic([1.0, 10.0]), ss.SGD(lr=0.001 * number), steps=200 * number)
print("ready", flush=True)
sys.stdin.readline()
for _ in range(int(sys.argv[3])):
    run.save(file)
"""


def started(code, *words):
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, words)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=places.environment(),
    )


@pytest.mark.parametrize("writers", [2, 6])
def test_who_reads_while_several_write_reads_whole_files(writers, tmp_path):
    file = tmp_path / "run.npz"
    children = [started(SAVE, i + 1, file, 40) for i in range(writers)]
    assert [child.stdout.readline() for child in children] == ["ready\n"] * writers
    for child in children:
        child.stdin.write("go\n")
        child.stdin.flush()
    read = []
    while any(child.poll() is None for child in children):
        if file.exists():
            run = ss.Run.load(file)
            assert run.nit == 200 * round(run.optimizer.lr / 0.001)
            read.append(run.nit)
    for child in children:
        assert child.communicate()[1] == ""
        assert child.returncode == 0
    assert len(read) >= 20
    assert names(tmp_path) == ["run.npz"]


SIX = """
import os, sys
from contextlib import redirect_stdout
from stepsize import draw
from stepsize.cli.main import main
hold, go = os.pipe()
children = []
for i in range(6):
    if not os.fork():
        os.read(hold, 1)
        with open(f"told-{{i}}", "w") as file, redirect_stdout(file):
            code = main({words!r})
        os._exit(code)
os.write(go, b"go go!")
print([os.wait()[1] for _ in range(6)])
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="six processes that start at one moment are forked")
def test_six_commands_with_one_folder_leave_six_pictures(tmp_path):
    words = [*COMMANDS["race"], "--out", "same", "--json"]
    done = places.program(SIX.format(words=words), cwd=tmp_path)
    assert (done.stdout, done.stderr) == ("[0, 0, 0, 0, 0, 0]\n", "")
    told = [json.loads((tmp_path / f"told-{i}").read_text())["pictures"] for i in range(6)]
    pictures = sorted(Path(one) for (one,) in told)
    assert len(set(pictures)) == 6, "each tells its own"
    assert pictures == sorted(path.relative_to(tmp_path) for path in (tmp_path / "same").iterdir())
    assert all((tmp_path / path).read_bytes()[-8:] == b"IEND\xaeB`\x82" for path in pictures)


def test_of_six_that_want_one_new_file_one_gets_it(tmp_path):
    target = tmp_path / "page.txt"
    ends = []

    def write():
        try:
            ends.append(write_whole(target, b"new", if_exists="refuse"))
        except FileExistsError as error:
            ends.append(str(error))

    threads = [threading.Thread(target=write) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ends.count(target) == 1
    assert sum("which exists, expected the name of a new file" in str(end) for end in ends) == 5
    assert names(tmp_path) == ["page.txt"]


@pytest.mark.parametrize("links", [True, False], ids=["links", "a file system without links"])
def test_names_are_claimed_by_one_thread_each(links, tmp_path, monkeypatch):
    def no_link(*_):
        raise OSError(errno.EPERM, "Operation not permitted")

    if not links:
        monkeypatch.setattr(os, "link", no_link)
    got = []

    def write(number):
        for i in range(5):
            data = b"%d %d" % (number, i)
            got.append((write_whole(tmp_path / "a.txt", data, if_exists="number"), data))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({path for path, _ in got}) == 30
    assert all(path.read_bytes() == data for path, data in got)
    assert len(names(tmp_path)) == 30


def test_a_claim_without_links_that_fails_gives_the_name_back(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOTSUP, "Operation not supported")

    def full(*_):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match=r"path: got '.*a.txt', which the system refuses: Input/output error"):
        write_whole(tmp_path / "a.txt", b"new", if_exists="refuse")
    assert names(tmp_path) == []


# --- commands


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_never_overwrites(command, tmp_path):
    words = [*COMMANDS[command], "--out", str(tmp_path)]
    told_by(words)
    first = {path: path.read_bytes() for path in tmp_path.iterdir()}
    told_by(words)
    assert len(names(tmp_path)) == 2 * len(first) > 0
    assert all(path.read_bytes() == data for path, data in first.items())


def test_explain_refuses_a_file_that_comes_into_being_meanwhile(tmp_path, monkeypatch, capsys):
    target = tmp_path / "page.html"
    link = os.link

    def late(draft, name):
        Path(name).write_text("somebody else's")
        link(draft, name)

    monkeypatch.setattr(os, "link", late)
    assert main(["explain", "SGD", "quadratic", "--format", "html", "--out", str(target)]) == 2
    assert re.fullmatch(r"stepsize: --out: got '.*page\.html', which exists, .*\n", capsys.readouterr().err)
    assert target.read_text() == "somebody else's"
    assert names(tmp_path) == ["page.html"]


def test_nothing_in_the_packages_writes_a_file_by_another_way():
    """A pattern is looked for where a file could be written; those that are no files are named here."""
    pattern = re.compile(
        r"\.write_text\(|\.write_bytes\(|\.savefig\(|\bsavez|\.partial\b|open\([^)]*[\"'][wax]b?\+?[\"']"
    )
    known = {
        "stepsize/core/storage.py": 1,  # the way itself
        "stepsize/draw/style.py": 2,  # into memory
        "stepsize/experiments/sweep/code_fingerprint.py": 1,  # functools.partial
        "stepsize/data/csv_problem.py": 1,  # an example in a docstring
        "optim/testing/adapters.py": 2,  # functools.partial in sentences
    }
    found = {}
    for package in ("optim", "schedules", "problems", "stepsize"):
        for path in (places.ROOT / package).rglob("*.py"):
            hits = len(pattern.findall(path.read_text(encoding="utf-8")))
            if hits:
                found[path.relative_to(places.ROOT).as_posix()] = hits
    assert found == known
    assert storage.__all__[-1] == "write_whole"
