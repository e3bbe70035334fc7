"""The release script finds what must not be published, and what is here may be."""

import importlib.util
import io
import re
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
_SPEC = importlib.util.spec_from_file_location("release", ROOT / "tools" / "release.py")
release = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(release)


def test_every_file_names_one_version():
    assert list(release.versions_that_differ(ROOT)) == []


@pytest.mark.parametrize("name", ["stepsize/__init__.py", "CITATION.cff", "CHANGELOG.md"])
def test_a_file_that_names_another_version_is_named(name, tmp_path):
    for file in ("pyproject.toml", "stepsize/__init__.py", "CITATION.cff", "CHANGELOG.md"):
        text = (ROOT / file).read_text(encoding="utf-8")
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(
            text.replace("0.1.0", "0.0.9") if file == name else text, encoding="utf-8"
        )
    assert list(release.versions_that_differ(tmp_path)) == [f"{name}: it names 0.0.9, pyproject.toml 0.1.0"]
    (tmp_path / name).write_text("")
    assert list(release.versions_that_differ(tmp_path)) == [
        f"{name}: it names no version, pyproject.toml 0.1.0"
    ]


def packed(folder, text):
    """Return a source and a wheel with one file of that text each."""
    source, wheel = folder / "a.tar.gz", folder / "a.whl"
    with tarfile.open(source, "w:gz") as archive:
        info = tarfile.TarInfo("a/b.py")
        info.size = len(text)
        archive.addfile(info, io.BytesIO(text.encode()))
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("b.py", text)
    return source, wheel


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("see /home/ada/stepsize", "/home/a"),
        ("in /Users/ada", "/Users/a"),
        (r"C:\Users\ada", r"C:\Users"),
        ("lib/site-packages/numpy", "site-packages/n"),
        ("pip install --index-url x", "--index-url"),
        (f"in {ROOT}/tests", str(ROOT)),
    ],
)
def test_a_file_that_names_a_machine_is_named(text, place, tmp_path):
    found = list(release.machine_paths(*packed(tmp_path, text)))
    assert [name for name, _ in found] == ["a/b.py", "b.py"]
    assert all(place in told for _, told in found)
    assert list(release.machine_paths(*packed(tmp_path, "x = x - lr * d"))) == []


def test_what_is_changed_and_not_committed_is_named(tmp_path):
    if release.run("git", "init", "-q", cwd=tmp_path).returncode:
        pytest.skip("there is no git")
    (tmp_path / "new.py").write_text("")
    assert list(release.uncommitted(tmp_path)) == ["new.py: it is not committed"]


def test_a_checker_that_objects_is_one_line():
    (fault,) = release.tool("no_such_checker", "a.whl")
    assert fault.startswith("no_such_checker: ")
    assert "\n" not in fault
    assert list(release.tool("this")) == []


def test_nothing_in_the_script_publishes():
    """It names the commands that would, in what it prints, and runs none of them."""
    text = (ROOT / "tools" / "release.py").read_text(encoding="utf-8")
    lines = [line.strip() for line in text.splitlines() if re.search(r"upload|git push", line)]
    assert len(lines) == 2
    assert all(line.startswith('print(f"  ') for line in lines)


def test_how_to_report_a_hole_takes_five_lines():
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) == 5
    assert "open a private report on the repository's page" in text


def test_the_citation_has_what_its_format_asks_for():
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    keys = set(re.findall(r"^([a-z-]+):", text, re.MULTILINE))
    assert {"cff-version", "message", "title", "authors", "version", "license"} <= keys
