"""Which folder may import which, which circle of files there is, and what an import may load."""

import ast
import re
import subprocess
import sys

import pytest

from tests import ROOT
from tools.import_graph import circles, folder_arrows, import_graph

PACKAGES = ("problems", "schedules", "optim", "stepsize")
STANDARD = sys.stdlib_module_names

# The arrows between folders. A new one is a decision: write it here and say why in the commit.
ALLOWED = """
optim: optim.engines optim.engines.compiled stepsize.core stepsize.core.limits
optim.dialects: optim optim.rules optim.rules.curvature optim.rules.layers stepsize.core stepsize.core.limits
optim.engines: optim optim.engines.compiled stepsize.core
optim.engines.compiled: optim optim.engines stepsize.core
optim.engines.compiled.judging: optim.engines optim.engines.compiled stepsize.core
optim.rules: optim stepsize.core stepsize.core.limits
optim.rules.curvature: optim stepsize.core stepsize.core.limits
optim.rules.layers: optim optim.rules stepsize.core stepsize.core.limits
optim.testing: optim optim.dialects optim.testing.mistakes stepsize.core
optim.testing.mistakes: optim optim.rules optim.testing stepsize.core
optim.vectors: optim.testing stepsize.core
problems: problems.formulas problems.landscapes problems.learning problems.stochastic problems.transforms
    stepsize.core stepsize.core.limits
problems.formulas: problems stepsize.core
problems.landscapes: problems stepsize.core stepsize.core.limits
problems.learning: problems problems.data problems.stochastic stepsize.core stepsize.core.limits
problems.stochastic: problems problems.landscapes problems.learning problems.transforms stepsize.core
    stepsize.core.limits
problems.transforms: problems problems.landscapes stepsize.core stepsize.core.limits
schedules: schedules.combinators schedules.families schedules.feedback schedules.linesearch stepsize.core
    stepsize.core.limits
schedules.combinators: schedules schedules.families stepsize.core stepsize.core.limits
schedules.dialects: schedules schedules.combinators schedules.families schedules.feedback stepsize.core
    stepsize.core.limits
schedules.families: schedules schedules.combinators stepsize.core stepsize.core.limits
schedules.feedback: schedules stepsize.core stepsize.core.limits
schedules.linesearch: stepsize.core stepsize.core.limits
stepsize: optim optim.dialects problems problems.formulas schedules stepsize.cli stepsize.core
    stepsize.core.limits stepsize.experiments
stepsize.analysis: optim optim.dialects problems schedules stepsize.core
stepsize.analysis.lockstep: optim optim.engines optim.engines.compiled.judging stepsize.analysis stepsize.core
stepsize.cli: optim optim.dialects problems schedules stepsize stepsize.analysis stepsize.core
    stepsize.core.limits stepsize.data stepsize.draw stepsize.experiments stepsize.experiments.lr_finder
    stepsize.experiments.sweep stepsize.explanations stepsize.explorer stepsize.gallery stepsize.grading
stepsize.core: stepsize.core.limits
stepsize.core.limits: stepsize.core
stepsize.data: problems stepsize.core
stepsize.draw: optim problems schedules stepsize.analysis stepsize.core stepsize.draw.layout
    stepsize.experiments stepsize.experiments.lr_finder stepsize.experiments.sweep
stepsize.draw.layout: optim stepsize.core stepsize.draw stepsize.experiments.sweep
stepsize.experiments: optim stepsize.analysis stepsize.core stepsize.core.limits
stepsize.experiments.lr_finder: optim schedules stepsize.analysis stepsize.core stepsize.experiments
    stepsize.experiments.sweep
stepsize.experiments.sweep: optim schedules stepsize stepsize.analysis stepsize.analysis.lockstep
    stepsize.core stepsize.core.limits stepsize.experiments
stepsize.explanations: optim stepsize.analysis stepsize.core
stepsize.explorer: optim problems schedules stepsize stepsize.core stepsize.explorer.translation
stepsize.explorer.translation: optim problems problems.data problems.learning schedules stepsize.core
    stepsize.explanations
stepsize.gallery: optim problems schedules schedules.linesearch stepsize stepsize.analysis stepsize.core
    stepsize.draw stepsize.draw.layout
stepsize.grading: optim optim.testing problems schedules stepsize.analysis stepsize.core
    stepsize.core.limits
"""

# The fluent methods of a schedule, such as `.floor`, make what is built on it, and `as_schedule` makes a
# schedule of a function; a warm-up or a cool-down has the shapes of these families.
FLUENT = [
    "schedules.combinators.algebra",
    "schedules.combinators.modifiers",
    "schedules.combinators.warmup_cooldown",
    "schedules.families.cosine",
    "schedules.families.custom",
    "schedules.families.polynomial",
    "schedules.schedule",
]

MOST_FILES = 16  # in a folder; the gallery has one a source


def test_a_folder_imports_only_what_it_may():
    arrows = folder_arrows(import_graph())
    allowed = {
        row.split(":")[0]: {*row.split(":")[1].split()} for row in re.split(r"\n(?! )", ALLOWED.strip())
    }
    new = {folder: others - allowed.get(folder, set()) for folder, others in arrows.items()}
    gone = {folder: others - arrows.get(folder, set()) for folder, others in allowed.items()}
    assert not {folder: others for folder, others in new.items() if others}, "new arrows"
    assert not {folder: others for folder, others in gone.items() if others}, "arrows that are no more"


def test_the_fluent_methods_of_schedules_are_the_only_circle():
    assert circles(import_graph()) == [FLUENT]


def test_a_circle_is_found():
    graph = {"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}
    assert circles(graph) == [["b", "c"]]


@pytest.mark.parametrize("package", PACKAGES)
def test_no_folder_is_crowded(package):
    folders = [ROOT / package, *(path for path in (ROOT / package).rglob("*") if path.is_dir())]
    counts = {folder.relative_to(ROOT).as_posix(): len([*folder.glob("*.py")]) for folder in folders}
    assert not {f: n for f, n in counts.items() if n > MOST_FILES and f != "stepsize/gallery"}


def test_what_stands_loose_in_stepsize_is_the_way_in():
    loose = {path.name for path in (ROOT / "stepsize").glob("*.py")}
    assert loose == {"__init__.py", "__main__.py", "parsing.py"}


@pytest.mark.parametrize(
    "init",
    sorted(p for package in PACKAGES for p in (ROOT / package).rglob("__init__.py")),
    ids=lambda p: p.parent.name,
)
def test_every_folder_says_what_lives_there_and_where_to_start(init):
    text = ast.get_docstring(ast.parse(init.read_text()))
    assert text
    assert len(text.splitlines()) >= 3
    assert "start with" in text.lower()


def imports_at(path):
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
    for name, _ in imports_at(path):
        head = name.split(".")[0]
        if head not in STANDARD:
            found.add("stepsize.core" if name.startswith("stepsize.core") else head)
    return found


@pytest.mark.parametrize("path", files("stepsize/core"), ids=lambda p: p.name)
def test_the_foundation_imports_numpy_alone(path):
    assert foreign(path) <= {"numpy", "stepsize.core"}


# The conformance kit tests the optimizers of other libraries, which it imports when it is handed one.
GUESTS = {
    "optim/testing/libraries.py": {"torch", "jax", "optax", "keras"},
    "optim/engines/compiled/llvm.py": {"llvmlite"},
}


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
            eager = [name for name, at_top in imports_at(path) if at_top and name.startswith("scipy")]
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
