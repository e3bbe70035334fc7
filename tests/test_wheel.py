"""The built distribution works in an environment of its own, from an empty folder."""

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    (built,) = out.glob("*.whl")
    return built


def test_the_wheel_holds_the_four_packages_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    tops = {name.split("/")[0] for name in names}
    assert {t for t in tops if not t.endswith(".dist-info")} == {"stepsize", "problems", "schedules", "optim"}
    for package in ("stepsize", "problems", "schedules", "optim"):
        assert f"{package}/py.typed" in names
    assert "problems/data/breast_cancer.csv" in names
    assert "stepsize/explorer/page/page.html" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert any(name.endswith("LICENSES.md") for name in names)


@pytest.fixture(scope="module")
def environment(wheel, tmp_path_factory):
    """A fresh environment with the wheel; the one that runs the tests lends NumPy, SciPy and Matplotlib."""
    home = tmp_path_factory.mktemp("environment")
    venv.create(home, with_pip=False)
    scripts = home / ("Scripts" if os.name == "nt" else "bin")
    python = scripts / ("python.exe" if os.name == "nt" else "python")
    install = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(python),
        "install",
        "--no-deps",
        "--no-index",
        str(wheel),
    ]
    subprocess.run(install, check=True, capture_output=True)
    ask = [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    site = Path(subprocess.run(ask, check=True, capture_output=True, text=True).stdout.strip())
    (site / "lent.pth").write_text(str(Path(np.__file__).parent.parent) + "\n")
    return scripts, python


def run(command, cwd):
    clean = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, env=clean, check=False)


def test_it_runs_from_an_empty_folder(environment, tmp_path):
    scripts, python = environment
    where = run(
        [str(python), "-c", "import stepsize, optim; print(stepsize.__file__, optim.__file__)"], tmp_path
    )
    assert where.returncode == 0, where.stderr
    assert all(str(scripts.parent) in path for path in where.stdout.split())
    words = ["race", "parabola", "--optimizer", "SGD", "--lr", "0.2", "--steps", "30"]
    for command in ([str(scripts / "stepsize")], [str(python), "-m", "stepsize"]):
        done = run([*command, *words], tmp_path)
        assert done.returncode == 0, done.stderr
        assert "settled" in done.stdout
    pictures = list(tmp_path.glob("stepsize-*/parabola.png"))
    assert len(pictures) == 2


def test_a_file_in_the_way_is_named_in_one_sentence(environment, tmp_path):
    _, python = environment
    (tmp_path / "optim.py").write_text("")
    done = run([str(python), "-c", "import stepsize"], tmp_path)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("ImportError: stepsize needs its own package 'optim' beside it")
    assert "optim.py" in last
