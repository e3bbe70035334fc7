"""Mutants of what runs at import, tried at once: the changed statement is run again in its module.

A fresh import of everything (`tools.mutation.imports`) takes seconds a mutant. Most die sooner: one pytest
session has imported and collected all, and a fork of it runs the one changed assignment or property again
and puts the result in its place, on its class or in its module, with what instances have kept of their
properties forgotten. A test that then fails is a kill. What survives may owe it to a copy that somebody took
at import, and is tried with a fresh import.
"""

import ast
import gc
import importlib
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from tools.mutation.constants import mutated_statement
from tools.mutation.forks import in_a_fork

PACKAGES = ("optim", "problems", "schedules", "stepsize")
Verdict = tuple[str, str]
Settle = Callable[[Any, Verdict], None]


def patch(module: str, source: str, index: int, owner: str, things: list[Any]) -> None:
    """Run the changed statement of a mutant again and put its result in its place.

    Raises
    ------
    LookupError
        If its result is not read from its place: fields, annotations, defaults of functions.
    """
    statement = mutated_statement(module, source, index)
    place = home(module, owner)
    cls = place if isinstance(place, type) else None
    if isinstance(statement, ast.ClassDef | ast.AnnAssign) and cls is not None:
        raise LookupError("what a class is made of is read when it is made")
    if isinstance(statement, ast.FunctionDef) and not statement.decorator_list:
        raise LookupError("a default is kept in the function")
    code = compile(ast.fix_missing_locations(ast.Module([statement], [])), module, "exec")
    names: dict[str, Any] = {}
    exec(code, {**vars(sys.modules[module]), **(vars(cls) if cls else {})}, names)
    for name, value in names.items():
        if hasattr(value, "__set_name__"):
            value.__set_name__(place, name)
        setattr(place, name, value)
    if cls is not None:
        forget(things, cls)


def home(module: str, owner: str) -> Any:
    """Return the class or the module in which a named thing stands."""
    place: Any = importlib.import_module(module)
    for name in owner.removeprefix(f"{module}.").split(".")[:-1]:
        place = getattr(place, name)
    return place


def instances(packages: tuple[str, ...]) -> list[Any]:
    """Return all that there is of classes of some packages that keep properties."""
    keeping: dict[type, bool] = {}
    found = []
    for thing in gc.get_objects():
        cls = type(thing)
        if cls not in keeping:
            ours = str(getattr(cls, "__module__", "")).startswith(packages)
            keeping[cls] = ours and bool(kept_names(cls))
        if keeping[cls]:
            found.append(thing)
    return found


def kept_names(cls: type) -> list[str]:
    """Return the names of the properties whose values instances of a class keep."""
    parts = [part for base in cls.__mro__ for part in vars(base).items()]
    return [name for name, part in parts if type(part) is cached_property]


def forget(things: list[Any], cls: type) -> None:
    """Drop what the instances of a class have kept of their properties."""
    for thing in things:
        if isinstance(thing, cls):
            for name in kept_names(type(thing)):
                vars(thing).pop(name, None)


class Session:
    """A pytest plugin: collect once, then one fork a mutant."""

    def __init__(self, wanted: list[Any], settle: Settle, seconds: float) -> None:
        self.wanted, self.settle, self.seconds = wanted, settle, seconds
        self.failed = False
        self.took: dict[str, float] = {}
        self.killers: dict[str, Counter[str]] = defaultdict(Counter)

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Remember whether the test that is running failed."""
        self.failed = self.failed or report.failed

    def pytest_runtestloop(self, session: Any) -> bool:
        """Take the place of pytest's loop."""
        if session.testsfailed:
            raise session.Interrupted("what cannot be collected would kill every mutant")
        for item, following in zip(session.items, [*session.items[1:], None], strict=True):
            began = time.perf_counter()
            if self.passes(item, following):
                self.took[item.nodeid] = time.perf_counter() - began
            else:
                print(f"\nleft out, for it fails without any mutant: {item.nodeid}")
        items = {item.nodeid: item for item in session.items}
        self.things = instances(PACKAGES)
        gc.collect()
        gc.freeze()  # or a collection in a child copies every page
        for mutant in self.wanted:
            self.settle(mutant, self.trial(mutant, items))
        return True

    def passes(self, item: Any, following: Any) -> bool:
        """Run one test."""
        self.failed = False
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        return not self.failed

    def trial(self, mutant: Any, items: dict[str, Any]) -> Verdict:
        """Return the verdict on a mutant, and the test that killed it."""
        tests = self.chosen(mutant)

        def work() -> str:
            terminal = "terminalreporter"
            items[tests[0]].config.pluginmanager.unregister(name=terminal)  # it kept the terminal from before
            source = Path(mutant.path).read_text(encoding="utf-8")
            patch(mutant.module, source, mutant.index, mutant.owner, self.things)
            for test, following in zip(tests, [*tests[1:], None], strict=True):
                if not self.passes(items[test], items.get(following or "")):
                    return test
            return ""

        verdict, killer = in_a_fork(work, 2 * self.seconds + 5)
        if killer:
            self.killers[mutant.owner.rpartition(".")[0]][killer] += 1
        return verdict, killer

    def chosen(self, mutant: Any) -> list[str]:
        """Return the tests to run, the most promising first: those of its class, and the quick ones."""
        words = [word for word in mutant.owner.removeprefix(mutant.module).split(".") if len(word) > 3]
        killers = self.killers[mutant.owner.rpartition(".")[0]]
        tests = [t for t in self.took if t.startswith(tuple(mutant.tests))]
        tests.sort(key=lambda t: (-killers[t], not any(word in t for word in words), self.took[t]))
        spent, chosen = 0.0, []
        for test in tests:
            if spent + self.took[test] <= self.seconds:
                spent += self.took[test]
                chosen.append(test)
        return chosen


def try_patches(wanted: list[Any], tests: list[str], settle: Settle, seconds: float) -> int:
    """Try mutants in one session of pytest."""
    options = ["-q", "--tb=no", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
    return int(pytest.main([*options, *tests], plugins=[Session(wanted, settle, seconds)]))
