"""The fast tests that serve a module: `[tool.mutation.serving]` of pyproject.toml."""

import fnmatch
import tomllib
from pathlib import Path


def serving() -> dict[str, list[str]]:
    """Return the fast tests of each module, or of all modules that a pattern names."""
    settings = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
    return dict(settings["tool"]["mutation"]["serving"])


def served_tests(module: str, table: dict[str, list[str]]) -> list[str]:
    """Return the files and folders of tests that serve a module.

    Examples
    --------
    >>> served_tests("problems.problem", {"problems.*": ["tests/problems"], "optim.*": ["tests/optim"]})
    ['tests/problems']
    """
    return [test for pattern, tests in table.items() if fnmatch.fnmatch(module, pattern) for test in tests]
