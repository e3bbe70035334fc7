"""Runs and states on disk: whatever a damaged file says is refused in a sentence, or is what was written."""

import io
import os
import re
import zipfile

import numpy as np
import pytest

import stepsize as ss
from optim.state import State
from stepsize.core import archives
from stepsize.core.archives import read_npz, write_npz
from tests.robustness import damaged_archives, places
from tests.robustness.damaged_archives import RUNS, run_parts, state_parts

BOWL = damaged_archives.BOWL


def test_what_is_damaged_is_refused_or_read_as_written(tmp_path):
    tally = damaged_archives.fuzz(400, 5, tmp_path)
    assert tally.mistakes == []
    assert tally.tried == 400
    assert tally.refused >= 350
    assert tally.right >= 1


def test_the_fuzzer_notices_a_loader_that_trusts(tmp_path, monkeypatch):
    """Without its checks on columns the same fuzzer finds what is wrong."""
    monkeypatch.setattr(archives.Archive, "finish", lambda _: None)
    monkeypatch.setattr(archives, "_digest", lambda _: b"")
    tally = damaged_archives.fuzz(400, 5, tmp_path)
    assert any("other content was loaded" in mistake for mistake in tally.mistakes)


@pytest.mark.parametrize("name", RUNS)
def test_what_is_written_is_read(name, tmp_path):
    run, file = RUNS[name](), tmp_path / "a.npz"
    run.save(file)
    assert run_parts(ss.Run.load(file)) == run_parts(run)
    assert set(np.load(file).files) > {"header", "digest", "jac"}, "NumPy reads it too"
    first = file.read_bytes()
    run.save(file)
    assert file.read_bytes() == first, "equal runs make equal files"
    run.state.save(file)
    assert state_parts(State.load(file)) == state_parts(run.state)


def saved(tmp_path, **header):
    """Return a file of a run whose header says something else, with a checksum that is right."""
    file = tmp_path / "run.npz"
    ss.minimize(BOWL, ss.Adam(lr=0.1), steps=5).save(file)
    archive = read_npz(file, "Run.save")
    told = archive.header
    for path, value in header.items():
        *outer, last = path.split("__")
        where = told
        for word in outer:
            where = where[word]
        where[last] = value
    write_npz(file, told, archive.arrays)
    return file


@pytest.mark.parametrize(
    ("header", "wrong"),
    [
        ({"success": "x"}, "its success is the str 'x'"),
        ({"success": 1}, "its success is 1"),
        ({"numbers__status": 4}, "its status is 4"),
        ({"numbers__status": True}, "its status is True"),
        ({"numbers__nfev": -1}, "its nfev is -1"),
        ({"numbers__nfev": 2.0}, "its nfev is 2.0"),
        ({"numbers__nfev": 2**63}, f"its nfev is {2**63}"),
        ({"numbers__message": None}, "its message is None"),
        ({"numbers": [1]}, "its numbers is the list [1]"),
        ({"failure": "hess"}, "its failure is the str 'hess'"),
        ({"every": 0}, "its every is 0"),
        ({"every": 3}, "its column history/x has 6 points, not 3"),
        ({"state": None}, "its state is None"),
        ({"state__n": "5"}, "its n is the str '5'"),
        ({"state__slots": 10**9}, "it has no columns for 1000000000 slots"),
        ({"state__slots": 1}, "it has a column 'slot1', which is none of Run.save"),
        ({"state__slots": 3}, "it has no column slot2"),
        ({"state__shape": [2.0]}, "its shape is [2.0]"),
        ({"state__shape": [3]}, "its column point is an array of float64 of shape (2,), not of shape (3,)"),
        ({"state__carry": {"array": "nowhere"}}, "it has no column nowhere"),
        ({"state__carry": {"array": 3}}, "its carry has the dict {'array': 3}"),
        ({"state__carry": [1]}, "its carry has the list [1]"),
        ({"state__carry": {"list": [], "dict": {}}}, "its carry has the dict {'list': [], 'dict': {}}"),
        ({"problem": "Quadratic"}, "its problem is the str 'Quadratic'"),
        ({"problem": {}}, "its problem cannot be made: JSON: got None for a class, expected"),
        (
            {"optimizer": {"class": "Adam", "lr": -1}},
            "its optimizer cannot be made: lr: got -1.0, expected a",
        ),
        ({"problem": {"class": "Adam"}}, "its problem is Adam()"),
        ({"problem": {"class": "Rosenbrock", "dim": 3}}, "its problem is Rosenbrock("),
        ({"optimizer": {"class": "Rosenbrock"}}, "its optimizer is Rosenbrock("),
        ({"optimizer": {"class": ["Adam"]}}, "its optimizer cannot be made: "),
        ({"optimizer": {"class": "Adam", "lr": {"array": [[1], [2, 3]]}}}, "its optimizer cannot be made: "),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, dict) else "",
)
def test_a_header_that_says_something_else_is_refused(header, wrong, tmp_path):
    file = saved(tmp_path, **header)
    told = re.escape(f"path: got {str(file)!r}, expected a file written by Run.save; {wrong}")
    with pytest.raises(ValueError, match=f"^{told}") as caught:
        ss.Run.load(file)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["x", "fun", "grad_norm", "lr", "overshoot", "step_norm"])
def test_a_column_that_is_missing_or_another_is_refused_at_once(name, tmp_path):
    file = saved(tmp_path)
    archive = read_npz(file, "Run.save")
    column = archive.arrays[f"history/{name}"]
    others = [None, column[:-1], column.astype("U8"), column.astype("c16"), column[None], np.zeros(())]
    for other in others:
        arrays = {**archive.arrays, f"history/{name}": other}
        write_npz(file, archive.header, {key: value for key, value in arrays.items() if value is not None})
        with pytest.raises(ValueError, match=r"; (it has no|its) column history/") as caught:
            ss.Run.load(file)
        assert "run.npz" in str(caught.value)


def packed(file, parts, how=zipfile.ZIP_STORED):
    with zipfile.ZipFile(file, "w", how) as archive:
        for name, part in parts:
            archive.writestr(name, part)
    return file


def npy(header, data=b""):
    """Return a ``.npy`` with that text for a header."""
    text = header.encode() + b" " * 20 + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + data


def header_of(text):
    array = io.BytesIO()
    np.save(array, np.frombuffer(text.encode(), np.uint8))
    return "header.npy", array.getvalue()


SOME = "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }"


@pytest.mark.parametrize(
    ("parts", "wrong"),
    [
        ([], "it has no header"),
        ([header_of("[]")], "its header is the list []"),
        ([header_of("{")], "its header is no JSON"),
        ([header_of("[" * 10**6)], "its header is nested too deeply"),
        ([header_of('{"a":' * 10**5 + "1" + "}" * 10**5)], "its header is nested too deeply"),
        ([header_of('{"n": 1, "n": 2}')], "its header is no JSON ('n' stands there twice)"),
        ([header_of('{"n": ' + "1" * 10**5 + "}")], "its header is no JSON ("),
        ([header_of('{"n": 1, "slots": 0}')], "its header has no carry"),
        ([header_of('{"writer": "Run.save"}')], "it is one of the str 'Run.save'"),
        ([header_of("{}"), ("a.npy", npy(SOME % ("|O", "1,"), b"1"))], "its column a is no array of numbers"),
        ([header_of("{}"), ("a.npy", npy("__import__('os')"))], "its column a is no array of numbers"),
        ([header_of("{}"), ("a.npy", npy("(" * 30000))], "its column a is no array of numbers"),
        ([header_of("{}"), ("a.npy", npy(SOME % ("<f8", "9" * 18 + ",")))], "its column a is damaged"),
        (
            [header_of("{}"), ("a.npy", npy(SOME % ("<f8", "0, 9999999999999999999999")))],
            "its column a is damaged",
        ),
        ([header_of("{}"), ("a.npy", npy(SOME % ("<f8", "3,"), bytes(16)))], "its column a is damaged"),
        ([header_of("{}"), ("a.npy", npy(SOME % ("<f8", "1,"), bytes(12)))], "its column a is damaged"),
        (
            [header_of("{}"), ("a.npy", npy(SOME % ("<U1", "1,"), b"\xff\xff\xff\x7f"))],
            "its column a is damaged",
        ),
        ([header_of("{}"), ("a.npy", npy(SOME % ("<U999999999", "1,")))], "its column a is damaged"),
        ([header_of("{}"), ("a.npy", b"")], "its column a is no array of numbers"),
        ([header_of("{}"), ("digest.npy", b"x")], "its column digest is no array of numbers"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_an_archive_made_to_harm_is_refused(parts, wrong, tmp_path):
    file = packed(tmp_path / "evil.npz", parts)
    with pytest.raises(
        ValueError, match=re.escape(f"expected a file written by State.save; {wrong}")
    ) as caught:
        State.load(file)
    assert len(str(caught.value)) < 400 + len(str(file))


class TestSizes:
    """No part is unpacked before it is known to be in the file."""

    def test_what_is_compressed_is_refused_unseen(self, tmp_path):
        bomb = packed(tmp_path / "bomb.npz", [header_of("{}"), ("a.npy", bytes(10**8))], zipfile.ZIP_DEFLATED)
        assert bomb.stat().st_size < 10**6
        with pytest.raises(ValueError, match="; it is compressed or locked, which such a file is not"):
            State.load(bomb)

    def test_a_claim_of_more_than_the_file_has_is_refused(self, tmp_path):
        file = packed(tmp_path / "claim.npz", [("header.npy", bytes(100))])
        data = bytearray(file.read_bytes())
        for mark, place in ((b"PK\x03\x04", 18), (b"PK\x01\x02", 20)):
            at = data.find(mark) + place
            data[at : at + 8] = (2**31).to_bytes(4, "little") * 2
        file.write_bytes(data)
        with pytest.raises(ValueError, match=r"; it is damaged: it claims 2147483648 bytes and has \d+"):
            State.load(file)

    def test_parts_that_share_their_bytes_are_refused(self, tmp_path):
        """A small file whose every entry is the same large part would unpack to their product."""
        part = bytes(10**5)
        file = packed(tmp_path / "overlap.npz", [("header.npy", part)])
        with zipfile.ZipFile(file, "a") as archive:
            (info,) = archive.infolist()
            for i in range(50):
                copy = zipfile.ZipInfo(f"a{i}.npy")
                copy.header_offset, copy.CRC = info.header_offset, info.CRC
                copy.file_size = copy.compress_size = info.file_size
                archive.filelist.append(copy)
            archive._didModify = True
        with pytest.raises(ValueError, match="; it is damaged: it claims 5100000 bytes and has"):
            State.load(file)

    def test_more_than_the_memory_is_refused(self, tmp_path, monkeypatch):
        file = tmp_path / "state.npz"
        ss.Adam().init(np.ones(1000)).save(file)
        monkeypatch.setattr(archives, "_memory", lambda: 10_000.0)
        with pytest.raises(ValueError, match=r"; it takes \d+ bytes, more than the memory there is"):
            State.load(file)


class TestWhatIsNoFile:
    @pytest.mark.parametrize("load", [State.load, ss.Run.load])
    def test_names(self, load, tmp_path):
        with pytest.raises(
            FileNotFoundError, match=r"path: got '.*no\.npz', where nothing is, expected a file of"
        ):
            load(tmp_path / "no.npz")
        with pytest.raises(ValueError, match=r"; it is no file"):
            load(tmp_path)
        with pytest.raises(ValueError, match=r"path: got 'a\\x00b', expected the name of a file"):
            load("a\0b")
        with pytest.raises(TypeError, match="path: got 3, expected the path of a file"):
            load(3)
        (tmp_path / "empty.npz").write_bytes(b"")
        with pytest.raises(ValueError, match="; it is no archive, or damaged"):
            load(tmp_path / "empty.npz")

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with a name are POSIX's")
    def test_a_pipe_is_not_waited_for(self, tmp_path):
        os.mkfifo(tmp_path / "pipe.npz")
        with pytest.raises(ValueError, match="; it is no file"):
            State.load(tmp_path / "pipe.npz")

    def test_missing_rights(self, tmp_path):
        file = tmp_path / "state.npz"
        ss.Adam().init(np.ones(2)).save(file)
        file.chmod(0)
        done = places.bound_by_rights(f"from optim.state import State; State.load({str(file)!r})")
        told = done.stderr.splitlines()[-1]
        wanted = "for which the rights are missing, expected one that you may read"
        assert told == f"PermissionError: path: got '{file}', {wanted}"


def test_what_no_file_can_hold_is_refused_when_it_is_saved(tmp_path):
    objects = State(1, (np.array([object()]),))
    with pytest.raises(TypeError, match=r"^slot0: got an array of object of shape \(1,\), expected numbers"):
        objects.save(tmp_path / "a.npz")
    with pytest.raises(TypeError, match=r"^path: got '.*a\.npz' for values that no file can hold: .*set"):
        State(1, (), {"seen": {1, 2}}).save(tmp_path / "a.npz")
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_an_earlier_version_has_no_checksum_and_loads(tmp_path):
    """As NumPy's own ``savez`` writes them."""
    file = tmp_path / "old.npz"
    header = b'{"n": 3, "slots": 1, "carry": {"dict": {"best": 1.5}}}'
    np.savez(file, header=np.frombuffer(header, np.uint8), slot0=np.array([[1.0, 2.0]], order="F"))
    state = State.load(file)
    assert (state.n, state.carry, state.slots[0].tolist()) == (3, {"best": 1.5}, [[1.0, 2.0]])
