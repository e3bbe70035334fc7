"""The house has floors: who may import whom, and what an import may load."""

import ast
import subprocess
import sys

import pytest

from tests import ROOT

PACKAGES = ("problems", "schedules", "optim", "stepsize")
STANDARD = sys.stdlib_module_names


def imports_of(path):
    """Yield every module that a file imports, as (name, whether at the top of the module)."""
    tree = ast.parse(path.read_text())
    top = {id(node) for node in tree.body}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, id(node) in top) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield node.module, id(node) in top


def files(package):
    return sorted((ROOT / package).rglob("*.py"))


def foreign(path):
    """Return the packages outside the standard library that a file imports, ours by their floor."""
    found = set()
    for name, _ in imports_of(path):
        head = name.split(".")[0]
        if head not in STANDARD:
            found.add("stepsize.core" if name.startswith("stepsize.core") else head)
    return found


@pytest.mark.parametrize("path", files("stepsize/core"), ids=lambda p: p.name)
def test_the_foundation_imports_numpy_alone(path):
    assert foreign(path) <= {"numpy", "stepsize.core"}


# The conformance kit tests the optimizers of other libraries, which it imports when it is handed one.
GUESTS = {"optim/testing/adapters.py": {"torch", "jax", "optax", "keras"}}


@pytest.mark.parametrize("package", ["problems", "schedules", "optim"])
def test_the_three_never_import_each_other(package):
    for path in files(package):
        extra = {"numpy", "scipy", "stepsize.core", package} | GUESTS.get(
            path.relative_to(ROOT).as_posix(), set()
        )
        assert foreign(path) <= extra, f"{path.name} imports {foreign(path) - extra}"


def test_scipy_is_imported_where_it_is_used():
    for package in ("problems", "schedules", "optim"):
        for path in files(package):
            eager = [name for name, at_top in imports_of(path) if at_top and name.startswith("scipy")]
            assert eager == [], f"{path.name} imports SciPy at its top"


def test_matplotlib_is_imported_only_where_pictures_are_made():
    for package in PACKAGES:
        for path in files(package):
            below = path.relative_to(ROOT).as_posix()
            if below.startswith(("stepsize/draw", "stepsize/gallery")):
                continue
            assert "matplotlib" not in foreign(path), f"{below} imports Matplotlib"


def test_no_rule_is_an_island():
    """Every module is reachable from its package, so that its classes are registered."""
    for package in ("problems", "schedules", "optim"):
        modules = {f"{package}.{p.stem}" for p in (ROOT / package).glob("*.py") if p.stem != "__init__"}
        loaded = loaded_by(f"from {package} import *")
        assert modules - loaded <= LAZY, (
            f"{sorted(modules - loaded - LAZY)} are not imported by their package"
        )


# Modules that a method imports when it is called, beside the engines, which the first run of each loads.
LAZY = {"optim.sweep", "optim.scipy_adapter", "optim.run_io"}


def loaded_by(statement):
    code = f"{statement}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_import_optim_loads_no_more_than_numpy_and_a_few_small_modules():
    ours = {m for m in loaded_by("import optim") if m.split(".")[0] in PACKAGES}
    beyond = loaded_by("import optim") - loaded_by("import numpy") - ours
    third_party = {m for m in beyond if m.split(".")[0] not in STANDARD}
    assert third_party == set()
    assert not any(m.startswith(("problems", "schedules", "optim.dialects", "optim.testing")) for m in ours)
    assert {m for m in ours if m.startswith("optim.engines")} == {"optim.engines", "optim.engines.chunks"}


def test_import_stepsize_loads_nothing_heavy():
    loaded = loaded_by("import stepsize")
    assert not {m for m in loaded if m.split(".")[0] in ("numpy", "scipy", "matplotlib", "optim")}
