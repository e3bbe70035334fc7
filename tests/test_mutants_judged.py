"""What was judged of mutants names what exists: an entry that nothing matches would rot unseen."""

import ast
import fnmatch
import json
import re
import tomllib
from pathlib import Path

from tools.mutation.constants import mutants
from tools.mutation.judged import JUDGED, is_of, judged

ROOT = Path(__file__).parents[1]
PACKAGES = ("optim", "problems", "schedules", "stepsize")


def functions(path):
    """Yield the name that mutmut gives to the mutants of each function that is not decorated."""
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        inside = node.body if isinstance(node, ast.ClassDef) else [node]
        before = f"xǁ{node.name}ǁ" if isinstance(node, ast.ClassDef) else "x_"
        for part in inside:
            if isinstance(part, ast.FunctionDef) and not part.decorator_list:
                yield f"{module}.{before}{part.name}__mutmut_1"


def constants():
    """Yield name, change and line of the mutants of what runs at import."""
    for path in (file for package in PACKAGES for file in (ROOT / package).rglob("*.py")):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        source = path.read_text(encoding="utf-8")
        lines = source.splitlines()
        for mutant in mutants(module, source):
            yield mutant.name, f"{mutant.before} -> {mutant.after}", lines[mutant.line - 1].strip()


def test_every_judged_mutant_is_of_something_that_is_mutated():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutmut"]
    places = [ROOT / place for place in settings["source_paths"]]
    files = [file for place in places for file in ([place] if place.suffix else place.rglob("*.py"))]
    names = [name for file in files for name in functions(file)]
    of_constants = list(constants())
    names += [name for name, _, _ in of_constants]
    patterns = {re.sub(r"__mutmut_\d+$", "__mutmut_1", entry["mutant"]) for entry in judged()}
    assert len(names) > 1000
    assert [pattern for pattern in sorted(patterns) if not fnmatch.filter(names, pattern)] == []


def test_every_entry_is_a_pattern_a_change_and_a_reason_and_may_name_a_line():
    """Of two keys of one name JSON keeps the last, so that a merge may swallow an entry."""
    entries = json.loads(
        JUDGED.read_text(encoding="utf-8"), object_pairs_hook=lambda pairs: [k for k, _ in pairs]
    )
    allowed = (["mutant", "change", "reason"], ["mutant", "change", "line", "reason"])
    assert [entry for entry in entries if entry not in allowed] == []


def test_every_constant_of_a_figure_that_was_judged_is_there():
    """The number, too, and the line: a figure that is written anew takes its entries with it."""
    of_figures = [mutant for mutant in constants() if mutant[0].startswith("stepsize.gallery.")]
    entries = [entry for entry in judged() if entry["mutant"].startswith("stepsize.gallery.")]
    ours = [entry for entry in entries if not re.search(r"\.x[_ǁ]", entry["mutant"])]  # those are functions
    assert [entry for entry in ours if not any(is_of(entry, *mutant) for mutant in of_figures)] == []
