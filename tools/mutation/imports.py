"""Mutants of what runs at import: each in a fork that imports everything of ours anew.

The parent has imported what the tests need of others (NumPy, SciPy, pytest), and nothing of ours; a fork of
it reads one module from a changed syntax tree and runs the tests that serve the module until one fails. No
file is written, so that neither the tree nor compiled modules can keep a mutant.
"""

import ast
import importlib
import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

from tools.mutation.constants import mutated
from tools.mutation.forks import in_a_fork

OTHERS = ("numpy", "scipy.optimize", "scipy.stats", "scipy.linalg", "mpmath", "matplotlib.figure")


class Mutated(SourceFileLoader):
    """Reads a module from a changed tree."""

    def __init__(self, fullname: str, path: str, tree: ast.Module) -> None:
        super().__init__(fullname, path)
        self.tree = tree

    def get_code(self, fullname: str) -> CodeType:
        """Return the code of the changed tree, whatever was compiled before."""
        return compile(self.tree, self.path, "exec")


class Finder(MetaPathFinder):
    """Finds one module of ours as a mutant."""

    def __init__(self, module: str, tree: ast.Module) -> None:
        self.module, self.tree = module, tree

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        """Return the module's place, to be read by `Mutated`."""
        if fullname != self.module:
            return None
        spec = PathFinder.find_spec(fullname, path)
        if spec is not None and spec.origin is not None:
            spec.loader = Mutated(fullname, spec.origin, self.tree)
        return spec


def prepare() -> None:
    """Import what the tests need of others."""
    for other in OTHERS:
        importlib.import_module(other)


def use(module: str, path: Path, index: int) -> None:
    """Let a module be imported with the change of a mutant."""
    sys.meta_path.insert(0, Finder(module, mutated(module, path.read_text(encoding="utf-8"), index)))


def trial(mutant: Any, seconds: float) -> tuple[str, str]:
    """Return the verdict on a mutant, and which test killed it; of no mutant, whether all tests pass."""

    def work() -> str:
        if mutant.index is not None:
            use(mutant.module, Path(mutant.path), mutant.index)
        quiet = ["-q", "--tb=no", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
        killer = Killer()
        failed = pytest.main(["-x", *quiet, *mutant.tests], plugins=[killer])
        return killer.name or f"pytest says {failed}" if failed else ""

    return in_a_fork(work, seconds)


class Killer:
    """A pytest plugin that tells which test failed."""

    def __init__(self) -> None:
        self.name = ""

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Note the name of a test that failed."""
        if report.failed:
            self.name = str(report.nodeid)

    def pytest_collectreport(self, report: Any) -> None:
        """Note the name of a file that cannot be imported."""
        if report.failed:
            self.name = f"{report.nodeid} at import"
