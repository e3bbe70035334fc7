"""What a name leads to: nothing, a file, a link, a pipe; and names that no file can have."""

import os
import stat
import threading
from pathlib import Path

import pytest

from stepsize.core.storage import write_whole
from tests.robustness import places


def names(folder):
    return sorted(path.name for path in folder.iterdir())


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
