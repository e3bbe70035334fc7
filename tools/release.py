"""Build a release, check it, and tell what would be published; nothing is: ``python tools/release.py``.

Source and wheel are built into ``dist`` (or ``--out FOLDER``) and checked: that every file names one version,
that the index can show the page (twine), that the wheel holds what it should (check-wheel-contents), that no
file names a folder of this machine, and that the tests run from the unpacked source. ``--suite`` runs all of
them instead of the core's. ``pip install '.[release]'`` brings what this needs.
"""

import argparse
import getpass
import hashlib
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
# Small, and they need every part: files, packages, public names.
CORE = ("tests/stepsize/core", "tests/test_public_names.py", "tests/test_wheel.py")
# What pip and Python say of where they are; a user's own folder is added when it is known.
MACHINE = (
    r"/home/\w",
    r"/Users/\w",
    r"[A-Z]:\\Users",
    r"site-packages/[a-z]",
    r"--(extra-)?index-url",
)
TEXT = (".py", ".md", ".toml", ".cff", ".json", ".csv", ".txt", ".typed", "METADATA", "RECORD", "PKG-INFO")


def main(arguments: list[str]) -> int:
    """Build, check and tell; return 0 if it could be published."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--out", default=ROOT / "dist", type=Path, help="the folder of the two files")
    parser.add_argument(
        "--suite", action="store_true", help="run all tests from the source, not the core's alone"
    )
    options = parser.parse_args(arguments)
    version = version_of(ROOT)
    source, wheel = build(options.out, version)
    faults = [
        *versions_that_differ(ROOT),
        *uncommitted(ROOT),
        *tool("twine", "check", "--strict", str(source), str(wheel)),
        *tool("check_wheel_contents", "--config", str(ROOT / "pyproject.toml"), str(wheel)),
        *(f"{name}: it names {place!r}" for name, place in machine_paths(source, wheel)),
        *tests_from(source, () if options.suite else CORE),
    ]
    for fault in faults:
        print(f"fault: {fault}")
    for file in (source, wheel):
        data = file.read_bytes()
        print(f"{file.name}: {len(data):,} bytes, sha256 {hashlib.sha256(data).hexdigest()}")
    if faults:
        print(f"stepsize {version} is not fit to be published: {len(faults)} faults")
        return 1
    print(f"stepsize {version} could be published; nothing was. What would do it:")
    print(f"  git tag v{version} && git push origin v{version}")
    print(f"  twine upload {source} {wheel}")
    return 0


def version_of(root: Path) -> str:
    """Return the version that pyproject.toml states."""
    return str(tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])


def versions_that_differ(root: Path) -> Iterator[str]:
    """Yield each file that names another version than pyproject.toml, or none."""
    version = version_of(root)
    places = {
        "stepsize/__init__.py": r'^__version__ = "(.*)"$',
        "CITATION.cff": r"^version: (.*)$",
        "CHANGELOG.md": r"^## (\S+)",
    }
    for name, pattern in places.items():
        found = re.search(pattern, (root / name).read_text(encoding="utf-8"), re.MULTILINE)
        if found is None or found[1] != version:
            told = "no version" if found is None else found[1]
            yield f"{name}: it names {told}, pyproject.toml {version}"


def uncommitted(root: Path) -> Iterator[str]:
    """Yield what the repository has changed and not committed; nothing outside one."""
    try:
        done = run("git", "status", "--porcelain", cwd=root)
    except FileNotFoundError:
        return
    if done.returncode == 0:
        yield from (f"{line[3:]}: it is not committed" for line in done.stdout.splitlines())


def build(out: Path, version: str) -> tuple[Path, Path]:
    """Return the source and the wheel, made anew."""
    with tempfile.TemporaryDirectory() as folder:
        done = run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, str(ROOT))
        if done.returncode:
            raise SystemExit(f"build: {_last_line(done)}; pip install '.[release]' brings what is needed")
        out.mkdir(parents=True, exist_ok=True)
        source, wheel = f"stepsize-{version}.tar.gz", f"stepsize-{version}-py3-none-any.whl"
        for name in (source, wheel):
            (out / name).write_bytes((Path(folder) / name).read_bytes())
    return out / source, out / wheel


def tool(module: str, *words: str) -> Iterator[str]:
    """Yield what a checker objects to, as one line."""
    done = run(sys.executable, "-m", module, *words)
    if done.returncode:
        yield f"{module}: {' '.join((done.stdout + done.stderr).split())[-500:]}"


def machine_paths(source: Path, wheel: Path) -> Iterator[tuple[str, str]]:
    """Yield each file that names a folder of this machine or where its packages come from, and the name."""
    pattern = re.compile(
        "|".join((*MACHINE, re.escape(str(ROOT)) + r"\b", rf"/{re.escape(getpass.getuser())}/"))
    )
    for name, text in texts(source, wheel):
        # This file and its test have the patterns in them.
        found = None if name.endswith("release.py") else pattern.search(text)
        if found is not None:
            yield name, found[0]


def texts(source: Path, wheel: Path) -> Iterator[tuple[str, str]]:
    """Yield name and text of every text in the two files."""
    with tarfile.open(source) as archive:
        for part in archive:
            held = archive.extractfile(part) if part.name.endswith(TEXT) else None
            if held is not None:
                yield part.name, held.read().decode("utf-8", "replace")
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.endswith(TEXT):
                yield name, archive.read(name).decode("utf-8", "replace")


def tests_from(source: Path, chosen: tuple[str, ...]) -> Iterator[str]:
    """Yield what fails of the tests, run from the unpacked source; all of them if none is chosen."""
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(source) as archive:
            archive.extractall(folder, filter="data")
        home = Path(folder) / source.name.removesuffix(".tar.gz")
        for words in (["--collect-only", "-q"], ["-q", *chosen]):
            done = run(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words, cwd=home)
            if done.returncode:
                yield f"tests from the source, {' '.join(words)}: {_last_line(done)}"


def run(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a program and return what it said."""
    return subprocess.run(words, cwd=cwd, capture_output=True, text=True, check=False)


def _last_line(done: subprocess.CompletedProcess[str]) -> str:
    lines = (done.stdout + done.stderr).strip().splitlines()
    return lines[-1] if lines else f"ended with {done.returncode}"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
