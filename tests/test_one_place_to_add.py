"""A rule, a schedule, a problem, a figure and a command are each added by one file, and nothing else by hand.

The files of `tests/additions` are laid over a copy of the packages, the one tool is run, and the conformance
tests must take them in.
"""

import shutil
import subprocess
import sys

import pytest

from tests import ROOT
from tools import public_names

COPIED = ("optim", "problems", "schedules", "stepsize", "tests", "tools", "docs", "README.md", "CHANGELOG.md")
CONFORMANCE = (
    "tests/optim/rules/test_conformance.py",
    "tests/schedules/test_conformance.py",
    "tests/schedules/test_conventions.py",
    "tests/schedules/test_formula.py",
    "tests/problems/test_conformance.py",
    "tests/stepsize/gallery/test_gallery.py",
    "tests/test_docstrings.py",
    "tests/test_documented_limits.py",
    "tests/test_layering.py",
    "tests/test_public_names.py",
)
# What was added, and the tests of the whole that a list kept by hand would fail.
NEW = "SoftSign or HalfAfter or SkewedBowl or soft_sign or half_after or skewed_bowl or added or count"
WHOLE = (
    "lists_are_those or every_registered_class or star_brings or crowded or island or may or circle "
    "or promised_row or lists_which_chapter"
)


def run(root, *words):
    return subprocess.run([sys.executable, *words], cwd=root, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The packages and tests in a folder of their own, with one new file of each kind."""
    root = tmp_path_factory.mktemp("copy")
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, root / name)
    shutil.copy(ROOT / "pyproject.toml", root)
    for package in (ROOT / "tests" / "additions").iterdir():
        if package.is_dir():
            shutil.copytree(package, root / package.name, dirs_exist_ok=True)
    return root


def test_a_stale_list_names_the_tool_and_the_tool_is_all_there_is_to_run(copy):
    lists = ("-m", "pytest", "-q", "tests/test_public_names.py", "-k", "lists_are_those")
    before = run(copy, *lists)
    assert before.returncode == 1
    assert "are out of date: run python tools/public_names.py" in before.stdout
    wrote = run(copy, "tools/public_names.py")
    assert wrote.returncode == 0, wrote.stderr
    assert {line.split("/")[0] for line in wrote.stdout.splitlines()} == {
        "wrote: optim",
        "wrote: problems",
        "wrote: schedules",
        "wrote: stepsize",
    }
    assert public_names.out_of_date(copy) == {}


def test_what_was_added_conforms(copy):
    run(copy, "tools/public_names.py")
    done = run(copy, "-m", "pytest", "-q", "-x", *CONFORMANCE, "-k", f"{NEW} or {WHOLE}")
    assert done.returncode == 0, done.stdout[-4000:]
    passed = int(done.stdout.split(" passed")[0].split()[-1])
    assert passed > 100, "the tests of each kind took the new classes in"


def test_what_was_added_is_known_to_the_commands(copy):
    run(copy, "tools/public_names.py")
    listed = run(copy, "-m", "stepsize", "list").stdout
    for name, file in (
        ("SoftSign", "optim/rules/soft_sign.py"),
        ("HalfAfter", "schedules/families/half_after.py"),
        ("SkewedBowl", "problems/landscapes/skewed_bowl.py"),
    ):
        assert f"  {name}(" in listed
        assert f"[{file}]" in listed
    counted = run(copy, "-m", "stepsize", "count").stdout.splitlines()
    headings = {line.replace("(", "").replace(")", "") for line in listed.splitlines() if line[:1].isalpha()}
    assert {*counted} == headings
    checked = run(copy, "-m", "stepsize", "gallery", "added-halving", "--check")
    assert checked.returncode == 0, checked.stderr
    race = run(
        copy, "-m", "stepsize", "race", "SkewedBowl", "--optimizer", "SoftSign", "--lr", "HalfAfter(0.5, 20)",
        "--steps", "50", "--no-picture",
    )  # fmt: skip
    assert race.returncode == 0, race.stderr
    sheet = run(
        copy, "-c", "import stepsize as ss; from stepsize.draw.schedule import _groups; "
        "print(_groups([ss.HalfAfter(0.1, 3), ss.Linear(0.1, 5)]))",
    )  # fmt: skip
    assert "Decays by their half-life" in sheet.stdout, "the group of a schedule is what its file says"
