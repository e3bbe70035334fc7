"""The test vectors are for any language: a reader in JavaScript makes the updates from the files alone."""

import json
import shutil
import subprocess

import pytest

from optim.dialects import LIBRARIES
from tests import ROOT

NODE = shutil.which("node")
PROGRAM = ROOT / "tests" / "programs" / "run_vectors.mjs"
FILES = [ROOT / "optim" / "vectors" / f"{library.name}.json" for library in LIBRARIES]
needs_node = pytest.mark.skipif(NODE is None, reason="Node is not on the path")


def read(*files):
    done = subprocess.run([NODE, PROGRAM, *files], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@needs_node
def test_a_reader_in_another_language_passes():
    report = read(*FILES)
    assert report["failed"] == []
    assert report["read"] == sum(len(json.loads(path.read_text("utf-8"))["vectors"]) for path in FILES)
    assert report["made"] == report["passed"] >= 400
    assert {"SGD", "Adam", "LAMB", "Adafactor", "Muon", "KerasMuon", "FTRL"} <= set(report["rules"])


@needs_node
@pytest.mark.parametrize("key", ["x", "x_hex"])
def test_a_wrong_number_is_noticed(key, tmp_path):
    document = json.loads(FILES[0].read_text("utf-8"))
    vector = document["vectors"][0]
    vector["x"][3][0] *= 1 + 1e-9
    if key == "x_hex":
        vector["x_hex"][3][0] = vector["x"][3][0].hex()
    (tmp_path / "wrong.json").write_text(json.dumps(document))
    report = read(tmp_path / "wrong.json")
    assert [failure.partition(":")[0] for failure in report["failed"]] == [vector["name"]]
