"""What type checkers see of the public names: a user's script passes, a user's mistakes are reported."""

import ast
import inspect
import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import optim
import stepsize as ss
from stepsize.core.record import registered
from stepsize.parsing import load_registry
from tests import ROOT

SCRIPTS = Path(__file__).parent / "typing"


def tool(name):
    """Return the path of a checker in this environment or on the PATH, or skip the test."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed; pip install 'stepsize[dev]'")
    return found


def mypy(folder, *options):
    """Return the lines of each file that mypy objects to."""
    command = [tool("mypy"), *options, "--python-executable", sys.executable, "--cache-dir", ".mypy", "."]
    done = subprocess.run(
        command, cwd=folder, env=os.environ | {"MYPYPATH": str(ROOT)}, capture_output=True, text=True
    )
    assert "error:" in done.stdout or done.returncode == 0, done.stdout + done.stderr
    return re.findall(r"^(\w+\.py):(\d+): error: (.*)", done.stdout, re.MULTILINE)


def pyright(folder, mode):
    """Return the lines of each file that pyright objects to."""
    # A lambda's parameter is of unknown type wherever a union of functions and others is expected.
    config = {"typeCheckingMode": mode, "extraPaths": [str(ROOT)], "reportUnknownLambdaType": False}
    config |= {
        "reportUnknownMemberType": False,
        "reportUnknownArgumentType": False,
        "reportUnusedExpression": False,
    }
    (folder / "pyrightconfig.json").write_text(json.dumps(config))
    command = [tool("pyright"), "--pythonpath", sys.executable, "--outputjson"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if not done.stdout.startswith("{"):
        pytest.skip(f"pyright does not start: {(done.stdout + done.stderr)[-200:]}")
    return [
        (Path(found["file"]).name, str(found["range"]["start"]["line"] + 1), found["message"])
        for found in json.loads(done.stdout)["generalDiagnostics"]
        if found["severity"] == "error"
    ]


CHECKERS = {"mypy": (mypy, "--strict"), "pyright": (pyright, "strict")}
LENIENT = {"mypy": (mypy,), "pyright": (pyright, "standard")}


def checked(name, checkers, folder, script):
    """Return what a checker objects to in a script, as a user's project of one file."""
    shutil.copy(SCRIPTS / script, folder)
    check, *options = checkers[name]
    return check(folder, *options)


@pytest.mark.parametrize("name", CHECKERS)
def test_what_comes_out_has_its_type(name, tmp_path):
    assert checked(name, CHECKERS, tmp_path, "user.py") == []


@pytest.mark.parametrize("name", LENIENT)
def test_a_rule_without_annotations_is_nobodys_business(name, tmp_path):
    assert checked(name, LENIENT, tmp_path, "unannotated.py") == []


@pytest.mark.parametrize("name", CHECKERS)
def test_a_users_mistakes_are_reported(name, tmp_path):
    lines = (SCRIPTS / "errors.py").read_text().split("\n")
    wrong = {str(i) for i, line in enumerate(lines, 1) if line.endswith("# error")}
    assert len(wrong) > 15
    assert {line for _, line, _ in checked(name, CHECKERS, tmp_path, "errors.py")} == wrong


@pytest.mark.parametrize("script", ["user.py", "unannotated.py"])
def test_what_passes_the_checkers_also_runs(script):
    """In a process of its own, because every class of a user is registered."""
    done = subprocess.run(
        [sys.executable, "-W", "error", str(SCRIPTS / script)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


load_registry()
RULES = [cls for cls in registered(ss.Optimizer) if cls.__module__.startswith("optim.")]


@pytest.mark.parametrize("cls", RULES, ids=lambda cls: cls.__name__)
def test_a_rule_asks_of_h_only_what_is_there(cls):
    """Inside an update ``h`` is Any, because a `Hyper` may be a schedule; misspelled names are found here."""
    known = {*dir(cls), *(name for name, _ in inspect.getmembers(optim.Optimizer)), "inner"}
    known |= {*cls.__dataclass_fields__}
    for name, method in vars(cls).items():
        if not inspect.isfunction(method) or "h" not in inspect.signature(method).parameters:
            continue
        tree = ast.parse(textwrap.dedent(inspect.getsource(method)))
        asked = {
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "h"
        }
        assert asked <= known, f"{cls.__name__}.{name} asks h for {sorted(asked - known)}"
