"""The fast tests that serve a module: `[tool.mutation.serving]` of pyproject.toml."""

import fnmatch
import tomllib
from pathlib import Path

EACH = "[{name}]"


def serving() -> dict[str, list[str]]:
    """Return the fast tests of each module, or of all modules that a pattern names."""
    settings = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
    return dict(settings["tool"]["mutation"]["serving"])


def served_tests(module: str, table: dict[str, list[str]], names: tuple[str, ...] = ()) -> list[str]:
    """Return the tests that serve a module.

    ``test.py::test_it[{name}]`` stands for one test of each of some names, such as those of the figures that
    a function or module draws, and without names for all of them.

    Examples
    --------
    >>> served_tests("problems.problem", {"problems.*": ["tests/problems"], "optim.*": ["tests/optim"]})
    ['tests/problems']
    >>> served_tests("m", {"m": ["test.py::test_it[{name}]"]}, ("waves", "wells"))
    ['test.py::test_it[waves]', 'test.py::test_it[wells]']
    """
    tests = [test for pattern, tests in table.items() if fnmatch.fnmatch(module, pattern) for test in tests]
    return [place for test in tests for place in named(test, names)]


def named(test: str, names: tuple[str, ...] = ()) -> list[str]:
    """Return one test for each of some names, of a test that has such; without names the test as a whole."""
    if not test.endswith(EACH):
        return [test]
    return [test.removesuffix(EACH) + f"[{name}]" for name in names] or [test.removesuffix(EACH)]
