"""Programs run in places of their own: a full disk, a medium that can only be read, a limited file size."""

import functools
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NO_MOUNTS = "this system lets nobody mount a file system for a test (unshare --mount)"


def program(code: str, *, before: str = "", **options) -> subprocess.CompletedProcess:
    """Run Python code as a process of its own, after a line of shell."""
    command = f"exec {shlex.quote(sys.executable)} -c {shlex.quote(code)}"
    return shell(f"{before} && {command}" if before else command, **options)


def shell(line: str, **options) -> subprocess.CompletedProcess:
    """Run a line of shell with this repository on Python's path."""
    return subprocess.run(["sh", "-c", line], env=environment(), capture_output=True, text=True, **options)


def environment() -> dict:
    """Return an environment in which a child finds what is tested here."""
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)]),
        "MPLBACKEND": "Agg",
    }


def on_small_disk(code: str, folder: Path, size: str) -> subprocess.CompletedProcess:
    """Run code while the folder is a disk of its own, of that size and empty; skip where nobody may mount."""
    return _mounted(f"mount -t tmpfs -o size={size} tmpfs {shlex.quote(str(folder))}", code)


def read_only(code: str, folder: Path) -> subprocess.CompletedProcess:
    """Run code while the folder can only be read, for root as well; skip where nobody may mount."""
    where = shlex.quote(str(folder))
    return _mounted(f"mount --bind {where} {where} && mount -o remount,bind,ro {where}", code)


def with_small_files(code: str, size: int) -> subprocess.CompletedProcess:
    """Run code in a process none of whose files may have more bytes."""
    pytest.importorskip("resource", reason="limits of a process are POSIX's")
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))\n"
    return program(limit + code)


def bound_by_rights(code: str) -> subprocess.CompletedProcess:
    """Run code in a process that rights of files bind, root's as well; skip where root cannot be bound."""
    if not hasattr(os, "geteuid"):
        pytest.skip("rights of this kind are POSIX's")
    bind = "" if os.geteuid() else _SETPRIV
    if shell(f"{bind} true").returncode:
        pytest.skip("rights do not bind root, and this system has no setpriv to bind it")
    return shell(f"exec {bind} {shlex.quote(sys.executable)} -c {shlex.quote(code)}")


_RIGHTS = "-dac_override,-dac_read_search"
_SETPRIV = f"setpriv --bounding-set={_RIGHTS} --inh-caps={_RIGHTS}"


def _mounted(mount: str, code: str) -> subprocess.CompletedProcess:
    if not may_mount():
        pytest.skip(NO_MOUNTS)
    inside = f"{mount} && exec {shlex.quote(sys.executable)} -c {shlex.quote(code)}"
    return shell(f"exec {_UNSHARE} sh -c {shlex.quote(inside)}")


_UNSHARE = "unshare --user --map-root-user --mount"


@functools.cache
def may_mount() -> bool:
    """Whether a process may mount file systems that only it sees."""
    with tempfile.TemporaryDirectory() as folder:
        where = shlex.quote(folder)
        tried = f"mount -t tmpfs -o size=64k tmpfs {where} && mount -o remount,ro {where}"
        try:
            return shell(f"{_UNSHARE} sh -c {shlex.quote(tried)}").returncode == 0
        except OSError:  # no sh
            return False
