"""Which file imports which, circles among files, and the arrows between folders.

``python -m tools.import_graph`` prints the arrows, as `tests/test_layering.py` lists them, and every circle.
Imports inside functions count; those for type checkers alone do not.
"""

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("problems", "schedules", "optim", "stepsize")
Graph = dict[str, set[str]]


def import_graph(root: Path = ROOT) -> Graph:
    """Return the modules of ours that each module of ours imports."""
    files = {module_of(path, root): path for package in PACKAGES for path in (root / package).rglob("*.py")}
    return {
        module: {found for name in imports_of(path) if (found := nearest(name, files)) and found != module}
        for module, path in files.items()
    }


def module_of(path: Path, root: Path = ROOT) -> str:
    """Return the dotted name of a file."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> Iterator[str]:
    """Yield the dotted names that a file imports, ``a.b`` of ``from a import b``."""
    for node in run_time_nodes(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def run_time_nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield every node but those under ``if TYPE_CHECKING``."""
    for node in ast.iter_child_nodes(tree):
        if not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
            yield node
            yield from run_time_nodes(node)


def nearest(name: str, files: dict[str, Path]) -> str:
    """Return the module that has a dotted name: itself, or the package that gives a name of its own."""
    package = name.rpartition(".")[0]
    if name in files and not gives_itself(package, name, files):
        return name
    return package if package in files else ""


def gives_itself(package: str, name: str, files: dict[str, Path]) -> bool:
    """Whether a package has a public function of the same name as the module that it comes from."""
    path = files.get(package)
    return path is not None and f'"{name.rpartition(".")[2]}"' in path.read_text()


def circles(graph: Graph) -> list[list[str]]:
    """Return the sets of modules that import each other, directly or by way of others."""
    reach = {module: reachable(module, graph) for module in graph}
    found: list[list[str]] = []
    for module in sorted(graph):
        if module in reach[module] and not any(module in circle for circle in found):
            found.append(sorted(other for other in reach[module] if module in reach[other]))
    return found


def reachable(module: str, graph: Graph) -> set[str]:
    """Return what a module imports, directly or by way of others."""
    visited: set[str] = set()
    ahead = list(graph[module])
    while ahead:
        name = ahead.pop()
        if name not in visited:
            visited.add(name)
            ahead.extend(graph[name])
    return visited


def folder_arrows(graph: Graph, root: Path = ROOT) -> dict[str, set[str]]:
    """Return the other folders whose modules the modules of a folder import."""
    arrows: dict[str, set[str]] = defaultdict(set)
    for module, imported in graph.items():
        here = folder_of(module, root)
        arrows[here] |= {folder_of(name, root) for name in imported} - {here}
    return {folder: arrows[folder] for folder in sorted(arrows)}


def folder_of(module: str, root: Path = ROOT) -> str:
    """Return the folder in which a module stands."""
    return module if (root / Path(*module.split("."))).is_dir() else module.rpartition(".")[0]


def main() -> int:
    """Print the arrows and the circles."""
    graph = import_graph()
    for folder, others in folder_arrows(graph).items():
        print(f"{folder}: {' '.join(sorted(others))}")
    for circle in circles(graph):
        print("circle:", *circle)
    return 0


if __name__ == "__main__":
    sys.exit(main())
