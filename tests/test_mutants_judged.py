"""What was judged of mutants names functions that exist: an entry that nothing matches would rot unseen."""

import ast
import fnmatch
import json
import re
import tomllib
from pathlib import Path

from tools.mutation.constants import mutants

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


def constants(path):
    """Yield the names of the mutants of what runs at import."""
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    yield from (mutant.name for mutant in mutants(module, path.read_text(encoding="utf-8")))


def test_every_judged_mutant_is_of_something_that_is_mutated():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutmut"]
    places = [ROOT / place for place in settings["source_paths"]]
    files = [file for place in places for file in ([place] if place.suffix else place.rglob("*.py"))]
    names = [name for file in files for name in functions(file)]
    names += [
        name for package in PACKAGES for file in (ROOT / package).rglob("*.py") for name in constants(file)
    ]
    judged = json.loads((ROOT / "tools" / "mutants_judged.json").read_text(encoding="utf-8"))
    patterns = {re.sub(r"__mutmut_\d+$", "__mutmut_1", entry["mutant"]) for entry in judged}
    assert len(names) > 1000
    assert [pattern for pattern in sorted(patterns) if not fnmatch.filter(names, pattern)] == []


def test_every_entry_is_a_pattern_a_change_and_a_reason():
    """Of two keys of one name JSON keeps the last, so that a merge may swallow an entry."""
    text = (ROOT / "tools" / "mutants_judged.json").read_text(encoding="utf-8")
    entries = json.loads(text, object_pairs_hook=lambda pairs: [key for key, _ in pairs])
    assert [entry for entry in entries if entry != ["mutant", "change", "reason"]] == []
