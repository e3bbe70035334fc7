"""Mutants of what runs at import, tried at once: the changed statement is run again in its module.

A fresh import of everything (`tools.mutation.imports`) takes seconds a mutant. Most die sooner: one pytest
session has imported and collected all, and a fork of it runs the one changed assignment, property, field or
default again and puts the result in its place (`tools.mutation.places`), with what instances and functions
have kept of their answers forgotten. A test that then fails is a kill. What survives may owe it to a copy
that somebody took at import, and is tried with a fresh import.
"""

import gc
import re
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tools.mutation.forks import in_a_fork
from tools.mutation.kept import Kept
from tools.mutation.places import PACKAGES, patch
from tools.mutation.threads import close_processes, threads_above

Verdict = tuple[str, str]
Settle = Callable[[Any, Verdict], None]


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
            began, threads = time.process_time(), threading.active_count()
            if not self.passes(item, following):
                print(f"\nleft out, for it fails without any mutant: {item.nodeid}")
            elif threads_above(threads):
                print(f"\nleft out, for it leaves threads, for which a fork would wait: {item.nodeid}")
                close_processes()
            else:
                self.took[item.nodeid] = time.process_time() - began
        items = {item.nodeid: item for item in session.items}
        self.kept = Kept((*PACKAGES, "tests"))
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
            patch(mutant.module, source, mutant.index, mutant.owner)
            self.kept.forget()
            for test, following in zip(tests, [*tests[1:], None], strict=True):
                if not self.passes(items[test], items.get(following or "")):
                    return test
            return ""

        verdict, killer = in_a_fork(work, 2 * self.seconds + 5)
        if killer:
            self.killers[mutant.owner.rpartition(".")[0]][killer] += 1
        return verdict, killer

    def chosen(self, mutant: Any) -> list[str]:
        """Return the tests to run, most promising first: of its class, of its module, the quick ones."""
        parts = [part for part in mutant.owner.removeprefix(mutant.module).split(".") if len(part) > 2]
        words = [plain(word) for word in (*parts, *mutant.called)]
        own = f"/test_{mutant.module.rpartition('.')[2]}.py"
        killers = self.killers[mutant.owner.rpartition(".")[0]]
        tests = [t for t in self.took if t.startswith(tuple(mutant.tests))]
        tests.sort(
            key=lambda t: (-killers[t], not any(w in plain(t) for w in words), own not in t, self.took[t])
        )
        spent, chosen = 0.0, []
        for test in tests:
            if spent + self.took[test] <= self.seconds:
                spent += self.took[test]
                chosen.append(test)
        return chosen


@cache
def plain(name: str) -> str:
    """Return the letters and digits of a name, for `keras_muon` and ``keras.Muon`` are one."""
    return re.sub("[^a-z0-9]", "", name.lower())


def try_patches(wanted: list[Any], tests: list[str], settle: Settle, seconds: float) -> int:
    """Try mutants in one session of pytest."""
    options = ["-q", "--tb=no", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
    return int(pytest.main([*options, *tests], plugins=[Session(wanted, settle, seconds)]))
