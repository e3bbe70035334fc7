"""Write the public names into the packages as literals, which type checkers and editors can read.

``python tools/public_names.py`` rewrites the marked parts of the four ``__init__.py``; with ``--check`` it
only says which are out of date, as `tests/test_public_names.py` does.

A file of `problems`, `schedules` or `optim` is public if its ``__all__`` names a class that is registered
(a descendant of `Record`), or if it stands in `ALSO`. Files are read, not imported.
"""

import ast
import sys
import textwrap
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).parent.parent
WIDTH = 110

# Public files without a registered class.
ALSO = (
    "optim.history",
    "optim.hyperparameters",
    "optim.minimize",
    "optim.run",
    "optim.state",
    "problems.learning.supervised",
)

# Files with a registered class that is for inside: a base of others.
INSIDE = ("optim.rules.layers.shapes", "problems.learning.linear_models")

# Folders whose classes are not public by their own names.
INSIDE_FOLDERS = {"data", "dialects", "engines", "testing", "vectors"}

# What stands on top of the three packages; each of these files' `__all__` is public.
FLOOR = (
    "analysis.continuous_time",
    "analysis.curvature_and_noise",
    "analysis.diagnosis",
    "analysis.prediction",
    "analysis.quadratic_theory",
    "data.csv_problem",
    "experiments.lr_finder.find_lr",
    "experiments.race",
    "experiments.sweep.sweep",
    "explanations.explanation",
    "explorer.explorer",
    "grading.grade",
    "parsing",
)
# Public modules, by the name that they have in `stepsize`.
MODULES = {"dialects": "optim.dialects", "draw": "stepsize.draw", "explorer": "stepsize.explorer"}

# These `optim` loads at once; its other files are loaded when one of their names is first used.
AT_ONCE = (
    "optim.history",
    "optim.hyperparameters",
    "optim.minimize",
    "optim.optimizer",
    "optim.run",
    "optim.state",
)

BEGIN, END = "# public names: written by tools/public_names.py", "# public names: end"
Families = dict[str, tuple[str, ...]]


def main(arguments: list[str]) -> int:
    """Write the four files, or with ``--check`` say which are out of date."""
    stale = out_of_date()
    for path, text in stale.items():
        if "--check" not in arguments:
            path.write_text(text)
        print(f"{'out of date' if '--check' in arguments else 'wrote'}: {path.relative_to(ROOT)}")
    return 1 if stale and "--check" in arguments else 0


def out_of_date(root: Path = ROOT) -> dict[Path, str]:
    """Return every ``__init__.py`` that is not as the files say, with the text that it should have."""
    found = {package: families(package, root) for package in ("problems", "schedules", "optim")}
    floor = {f"stepsize.{name}": literal_names(file_of(f"stepsize.{name}", root)) for name in FLOOR}
    refuse_doubles([*found.values(), floor])
    blocks = {package: eager(found[package]) for package in ("problems", "schedules")}
    blocks["optim"] = lazy(found["optim"])
    blocks["stepsize"] = on_top(found, floor)
    texts = {root / package / "__init__.py": block for package, block in blocks.items()}
    written = {path: replaced(path, block) for path, block in texts.items()}
    return {path: text for path, text in written.items() if text != path.read_text()}


def file_of(module: str, root: Path = ROOT) -> Path:
    """Return the file of a module."""
    return root / Path(*module.split(".")).with_suffix(".py")


def families(package: str, root: Path = ROOT) -> Families:
    """Return the public files of a package by their module name, each with its public names."""
    records = registered_classes(root)
    found: Families = {}
    for path in sorted((root / package).rglob("*.py")):
        module = ".".join(path.relative_to(root).with_suffix("").parts)
        names = literal_names(path)
        if path.stem == "__init__" or module in INSIDE:
            continue
        if module in ALSO or (records & {*names} and not INSIDE_FOLDERS & {*module.split(".")}):
            found[module] = ordered(names)
    return found


def registered_classes(root: Path) -> set[str]:
    """Return the names of all classes that descend from `Record`, by the names of their bases."""
    bases: dict[str, set[str]] = {}
    for package in ("problems", "schedules", "optim"):
        for path in (root / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.ClassDef):
                    bases[node.name] = {base.id for base in node.bases if isinstance(base, ast.Name)}
    records = {"Record"}
    while new := {name for name, above in bases.items() if above & records} - records:
        records |= new
    return records


def literal_names(path: Path) -> tuple[str, ...]:
    """Return the ``__all__`` of a file, empty if it has none."""
    for node in ast.parse(path.read_text()).body:
        target = node.targets[0] if isinstance(node, ast.Assign) else None
        if isinstance(target, ast.Name) and target.id == "__all__" and path.stem != "__init__":
            return tuple(ast.literal_eval(node.value))  # type: ignore[attr-defined]  # an assignment has one
    return ()


def ordered(names: Iterable[str]) -> tuple[str, ...]:
    """Return names as imports order them: constants, classes, functions."""
    return tuple(sorted(names, key=lambda n: (0 if n.isupper() else 1 if n[0].isupper() else 2, n.lower())))


def refuse_doubles(homes: list[Families]) -> None:
    """Refuse a public name that two files have."""
    seen: dict[str, str] = {}
    for module, names in chain.from_iterable(home.items() for home in homes):
        for name in names:
            if name in seen:
                raise SystemExit(f"{name} is public in {seen[name]} and in {module}; rename one")
            seen[name] = module


def eager(found: Families) -> list[str]:
    """Return the lines of a package that loads all its files."""
    return [*import_lines(found), "", *literal("__all__", sum(found.values(), ()))]


def lazy(found: Families) -> list[str]:
    """Return the lines of `optim`, which loads a family when it is needed."""
    at_once = {module: names for module, names in found.items() if module in AT_ONCE}
    later = {module: names for module, names in found.items() if module not in AT_ONCE}
    return [
        *import_lines(at_once),
        "",
        "if TYPE_CHECKING:",
        *textwrap.indent("\n".join(import_lines(later, WIDTH - 4)), "    ").split("\n"),
        "",
        *table("_HOMES", later),
        "",
        *literal("__all__", sum(found.values(), ())),
    ]


def on_top(found: dict[str, Families], floor: Families) -> list[str]:
    """Return the lines of `stepsize`, which loads nothing before it is used."""
    stars = [f"    from {package} import *" for package in ("optim", "problems", "schedules")]
    below = {package: sum(found[package].values(), ()) for package in sorted(found)}
    modules = [
        f"    from {home.rpartition('.')[0]} import {name} as {name}" for name, home in MODULES.items()
    ]
    homes = below | floor
    return [
        "if TYPE_CHECKING:",
        *sorted([*stars, *modules, *(f"    from {module} import *" for module in floor)], key=_import_key),
        "",
        *table("_HOMES", homes),
        "",
        *literal("__all__", [*MODULES, *sum(homes.values(), ())]),
    ]


def _import_key(line: str) -> tuple[str, bool]:
    return line.split()[1], not line.endswith("*")


def import_lines(found: Families, width: int = WIDTH) -> list[str]:
    """Return an import a file, wrapped as the formatter does it."""
    lines: list[str] = []
    for module, names in sorted(found.items()):
        line = f"from {module} import {', '.join(names)}"
        if len(line) > width:
            lines += [f"from {module} import (", *(f"    {name}," for name in names), ")"]
        else:
            lines.append(line)
    return lines


def literal(name: str, names: Iterable[str]) -> list[str]:
    """Return a list of words, packed, for which the formatter is switched off."""
    return ["# fmt: off", f"{name} = [", *packed(ordered(names), "    "), "]", "# fmt: on"]


def table(name: str, found: Families) -> list[str]:
    """Return a dict from a module to its names, packed."""
    rows: list[str] = []
    for module, names in found.items():
        one = f"    {quoted(module)}: ({', '.join(map(quoted, names))}{',' * (len(names) == 1)}),"
        several = [f"    {quoted(module)}: (", *packed(names, "        "), "    ),"]
        rows += [one] if len(one) <= WIDTH else several
    return ["# fmt: off", f"{name}: dict[str, tuple[str, ...]] = {{", *rows, "}", "# fmt: on"]


def quoted(name: str) -> str:
    """Return a name as a literal."""
    return f'"{name}"'


def packed(names: Iterable[str], indent: str) -> list[str]:
    """Return quoted names in lines of full width."""
    text = " ".join(f"{quoted(name)}," for name in names)
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent)


def replaced(path: Path, block: list[str]) -> str:
    """Return the text of a file with the marked part renewed."""
    text = path.read_text()
    head, begin, rest = text.partition(BEGIN + "\n")
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{path}: expected the lines {BEGIN!r} and {END!r} around the public names")
    return "\n".join([head + BEGIN, *block, END]) + tail


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
