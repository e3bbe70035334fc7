"""One pytest session for all mutants of functions: it learns what reaches what, then forks once a mutant."""

import argparse
import fnmatch
import gc
import json
import os
import re
import resource
import signal
import sys
import threading
import time
from collections import Counter, defaultdict
from typing import Any

import pytest
from mutmut import __main__ as mutmut
from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.state import state
from mutmut.stats import status_by_exit_code
from mutmut.utils.format_utils import mangled_name_from_mutant_name

from tools.mutation.kept import Kept, forget_all
from tools.mutation.mutants import (
    KILLED,
    ROOT,
    SKIPPED,
    SURVIVED,
    TIMEOUT,
    UNREACHED,
    inside,
    mutate_only,
    prepare,
    verdicts,
)
from tools.mutation.serving import named, served_tests, serving
from tools.mutation.threads import close_processes, threads_above
from tools.mutation.words import only_words

PACKAGES = ("optim", "problems", "schedules", "stepsize")
# Whoever keeps what was computed: tests do, of a figure that several look at.
KEEPING = (*PACKAGES, "tests")
LEARNT = ROOT / "mutants" / "tests-learnt.json"
MEMORY = 4 << 30  # bytes a mutant may ask for


def out_of_date() -> bool:
    """Return whether the source has changed since the tests were last learnt."""
    sources = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    newest = max(path.stat().st_mtime for path in sources)
    return not LEARNT.exists() or LEARNT.stat().st_mtime < newest


class Session:
    """A pytest plugin: collect once, learn what reaches what, then one child a mutant."""

    def __init__(self, args: argparse.Namespace, options: list[str]) -> None:
        self.args = args
        self.command = [sys.executable, "-m", "pytest", "-x", *options]
        self.serving = serving() if args.served else {}
        self.failed = False
        self.seconds: dict[str, float] = {}
        self.reach: dict[str, list[str]] = defaultdict(list)
        self.breadth: dict[str, int] = {}
        self.killers: dict[str, Counter[str]] = defaultdict(Counter)

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Remember whether the test that is running failed."""
        self.failed = self.failed or report.failed

    def pytest_runtestloop(self, session: Any) -> bool:
        """Take the place of pytest's loop."""
        if session.testsfailed:
            raise session.Interrupted("what cannot be collected would kill every mutant that is tried anew")
        self.items = {item.nodeid: item for item in session.items}
        sick = self.learn()
        if sick:
            print("\nThese fail on the mutated copy without any mutant; deselect them in [tool.mutmut]:")
            print(*sick, sep="\n")
            if not self.args.go_on:
                return True
        forget_all(KEEPING)
        self.hunt()
        return True

    def passes(self, item: Any, following: Any) -> bool:
        """Run one test."""
        self.failed = False
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        return not self.failed

    def learn(self) -> list[str]:
        """Run every new test, note its time and the functions that it reaches; return what fails."""
        known = {} if out_of_date() else json.loads(LEARNT.read_text(encoding="utf-8"))
        set_mutant_under_test("stats")
        items, sick = [item for name, item in self.items.items() if name not in known], []
        kept = Kept(KEEPING)
        for item, following in zip(items, [*items[1:], None], strict=False):
            kept.forget()  # or what the first test that asks for a value reaches, no other would
            state()._stats.clear()
            began, threads = time.perf_counter(), threading.active_count()
            if not self.passes(item, following):
                sick.append(item.nodeid)
            elif threads_above(threads):
                known[item.nodeid] = [0.0, []]  # a fork would wait for them
                close_processes()
            else:
                known[item.nodeid] = [time.perf_counter() - began, sorted(state()._stats)]
        set_mutant_under_test("")
        LEARNT.write_text(json.dumps(known), encoding="utf-8")
        for name in self.items.keys() & known.keys():
            self.seconds[name], functions = known[name]
            self.breadth[name] = len(functions)
            for function in functions:
                self.reach[function].append(name)
        return sick

    def chosen(self, mutant: str) -> list[str]:
        """Return the tests to run, the most promising first, as many as the time allows."""
        function = mangled_name_from_mutant_name(mutant)
        killers = self.killers[function]
        places = served_tests(mutant.rpartition(".")[0], self.serving) if self.serving else [""]
        tests = sorted(
            [t for t in self.reach[function] if t.startswith(tuple(places))],
            key=lambda t: (-killers[t], self.breadth[t] * (self.seconds[t] + 0.01)),
        )
        spent, chosen = 0.0, []
        for test in tests:
            if spent + self.seconds[test] <= self.args.seconds:
                spent += self.seconds[test]
                chosen.append(test)
        return chosen

    def hunt(self) -> None:
        """Give every wanted mutant its verdict."""
        with inside(ROOT):
            files = verdicts()
            wanted = [
                (data, mutant)
                for data in files.values()
                for mutant, code in data.exit_code_by_key.items()
                if self.wants(mutant, code)
            ]
        running: dict[int, tuple[SourceFileMutationData, str, int]] = {}
        gc.collect()
        gc.freeze()  # or a collection in a child copies every page
        began, score = time.perf_counter(), Counter[str]()
        for k, (data, mutant) in enumerate(wanted):
            if only_words(mutant, data.path):
                self.settle(data, mutant, SKIPPED, score)
                continue
            tests = [] if self.args.fresh else self.chosen(mutant)
            if self.args.served and not tests:
                self.settle(data, mutant, UNREACHED, score)
                continue
            if len(running) >= self.args.children:
                self.reap(running, score)
            self.spawn(running, data, mutant, tests)
            if k % 200 == 0:
                print(f"{k}/{len(wanted)} {dict(score)} {time.perf_counter() - began:.0f} s", flush=True)
        while running:
            self.reap(running, score)
        print(f"{len(wanted)} mutants {dict(score)} {time.perf_counter() - began:.0f} s", flush=True)

    def wants(self, mutant: str, code: int | None) -> bool:
        """Return whether this mutant is to be tried now."""
        if self.args.patterns and not any(fnmatch.fnmatch(mutant, p) for p in self.args.patterns):
            return False
        if self.args.served and not served_tests(mutant.rpartition(".")[0], self.serving):
            return False
        if self.args.survivors:
            return status_by_exit_code[code] in ("survived", "no tests")
        return code is None

    def spawn(self, running: dict[int, Any], data: Any, mutant: str, tests: list[str]) -> None:
        """Fork a child that runs the tests against the mutant and tells which one fails."""
        limit = int(10 + 3 * sum(self.seconds[t] for t in tests or self.seconds))
        out, into = os.pipe()
        pid = os.fork()
        if pid:
            os.close(into)
            running[pid] = (data, mutant, out)
            return
        code = 3
        try:
            os.close(out)
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, 1)
            os.dup2(null, 2)
            resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 5))
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            signal.alarm(10 * limit)
            if not tests:
                os.execve(sys.executable, self.command, {**os.environ, "MUTANT_UNDER_TEST": mutant})
            plugins = self.items[tests[0]].config.pluginmanager
            plugins.unregister(name="terminalreporter")  # it kept the terminal from before
            set_mutant_under_test(mutant)
            code = SURVIVED
            for test, following in zip(tests, [*tests[1:], None], strict=True):
                if not self.passes(self.items[test], self.items.get(following)):
                    os.write(into, test.encode())
                    code = KILLED
                    break
        finally:
            os._exit(code)

    def reap(self, running: dict[int, Any], score: Counter[str]) -> None:
        """Wait for one child and write down its verdict."""
        pid, status = os.wait()
        if pid not in running:
            return
        data, mutant, out = running.pop(pid)
        with os.fdopen(out, "rb") as stream:
            killer = stream.read().decode()
        if killer:
            self.killers[mangled_name_from_mutant_name(mutant)][killer] += 1
        failed = KILLED if os.WEXITSTATUS(status) else SURVIVED
        self.settle(data, mutant, TIMEOUT if os.WIFSIGNALED(status) else failed, score)

    def settle(self, data: SourceFileMutationData, mutant: str, code: int, score: Counter[str]) -> None:
        """Keep a verdict where mutmut keeps them."""
        score[status_by_exit_code[code]] += 1
        data.exit_code_by_key[mutant] = code
        with inside(ROOT):
            data.save()


def run(args: argparse.Namespace) -> int:
    """Make the mutants and try them."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    mutate_only(args.files)
    prepare()
    settings = mutmut.config()
    if args.served and not args.tests:
        args.tests = served_by(args.patterns)
    selection = args.tests or settings.pytest_add_cli_args_test_selection
    options = ["--rootdir=.", "-q", "--tb=native", "-p", "no:cacheprovider"]
    options += [*settings.pytest_add_cli_args, *selection]
    with inside(ROOT / "mutants"):
        code = pytest.main(options, plugins=[Session(args, options)])
    return int(code) if code != pytest.ExitCode.NO_TESTS_COLLECTED else 0


def served_by(patterns: list[str]) -> list[str]:
    """Return the tests that serve the modules of the patterns, or all modules that have some."""
    chosen = {
        test: None
        for module, tests in serving().items()
        if not patterns or any(_may_meet(module, pattern) for pattern in patterns)
        for name in tests
        for test in named(name)
    }
    return list(chosen)


def _may_meet(module: str, pattern: str) -> bool:
    """Return whether a pattern may name mutants of a module, or of all that a pattern names."""
    module, plain = (re.split(r"[*?\[]", name)[0] for name in (f"{module}.", pattern))
    return module.startswith(plain) or plain.startswith(module)
