"""The test vectors are for any language: readers in JavaScript and in C make the updates from the files."""

import json
import shutil
import subprocess

import pytest

from optim.dialects import LIBRARIES
from tests import ROOT

PROGRAMS = ROOT / "tests" / "programs"
FILES = [ROOT / "optim" / "vectors" / f"{library.name}.json" for library in LIBRARIES]
NODE = shutil.which("node")
COMPILER = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
# What each reader must make at the least, of the rules that know layers.
LAYERED = {
    "javascript": {"LAMB", "Adafactor", "Muon", "KerasMuon"},
    "c": {"LAMB", "Fromage", "Muon", "KerasMuon"},
}


@pytest.fixture(scope="module", params=["javascript", "c"])
def reader(request, tmp_path_factory):
    """The words that run a reader, and its language; a C compiler makes one, without warnings."""
    if request.param == "javascript":
        if NODE is None:
            pytest.skip("Node is not on the path")
        return [NODE, PROGRAMS / "run_vectors.mjs"], "javascript"
    if COMPILER is None:
        pytest.skip("there is no C compiler on the path: none of cc, gcc, clang")
    made = tmp_path_factory.mktemp("c") / "run_vectors"
    strict = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-O1", "-ffp-contract=off"]
    subprocess.run([COMPILER, *strict, "-o", made, PROGRAMS / "run_vectors.c", "-lm"], check=True)
    return [made], "c"


def read(reader, *files):
    done = subprocess.run([*reader[0], *files], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_a_reader_in_another_language_passes(reader):
    report = read(reader, *FILES)
    assert report["failed"] == []
    assert report["read"] == sum(len(json.loads(path.read_text("utf-8"))["vectors"]) for path in FILES)
    assert report["made"] == report["passed"] >= 400
    assert {"SGD", "Momentum", "Adagrad", "Adam", "AdamW", *LAYERED[reader[1]]} <= set(report["rules"])


@pytest.mark.parametrize("key", ["x", "x_hex"])
def test_a_wrong_number_is_noticed(reader, key, tmp_path):
    document = json.loads(FILES[0].read_text("utf-8"))
    vector = document["vectors"][0]
    vector["x"][3][0] *= 1 + 1e-9
    if key == "x_hex":
        vector["x_hex"][3][0] = vector["x"][3][0].hex()
    (tmp_path / "wrong.json").write_text(json.dumps(document))
    report = read(reader, tmp_path / "wrong.json")
    assert [failure.partition(":")[0] for failure in report["failed"]] == [vector["name"]]
