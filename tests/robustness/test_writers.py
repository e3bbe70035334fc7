"""Several writers at once: each file is whole, and each name belongs to one of them."""

import errno
import json
import os
import re
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
from tests.robustness.writers import COMMANDS, told_by


def names(folder):
    return sorted(path.name for path in folder.iterdir())


SAVE = """
import sys
import threading
import numpy as np
import stepsize as ss
number, file = int(sys.argv[1]), sys.argv[2]
run = ss.minimize(ss.Quadratic([1.0, 10.0]), ss.SGD(lr=0.001 * number), steps=200 * number)
print("ready", flush=True)
sys.stdin.readline()
enough = threading.Event()
threading.Thread(target=lambda: (sys.stdin.readline(), enough.set()), daemon=True).start()
saved = 0
while saved < int(sys.argv[3]) or not enough.is_set():
    run.save(file)
    saved += 1
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
    reads = 0
    while reads < 20:  # while all of them write, however fast the machine reads
        assert all(child.poll() is None for child in children)
        if file.exists():
            run = ss.Run.load(file)
            assert run.nit == 200 * round(run.optimizer.lr / 0.001)
            reads += 1
    for child in children:
        assert child.communicate("enough\n")[1] == ""
        assert child.returncode == 0
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
    """A pattern is looked for where a file could be written; those that are no file of a user are named."""
    pattern = re.compile(
        r"\.write_text\(|\.write_bytes\(|\.savefig\(|\bsavez|\.partial\b|open\([^)]*[\"'][wax]b?\+?[\"']"
    )
    known = {
        "stepsize/core/storage.py": 1,  # the way itself
        "stepsize/draw/style.py": 2,  # into memory
        "stepsize/experiments/sweep/code_fingerprint.py": 1,  # functools.partial
        "stepsize/data/csv_problem.py": 1,  # an example in a docstring
        "stepsize/grading/grade.py": 1,  # an example in a docstring
        "stepsize/grading/trial.py": 1,  # a process's lines to its parent, in the parent's temporary folder
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
