"""Mutation testing: change the mathematics in a thousand small ways and see whether a test notices.

Run from the root of the repository, in an environment with ``pip install -e ".[mutation]"``::

    python tools/mutation.py run                      # every mutant without a verdict, two at a time
    python tools/mutation.py run "optim.rules.adam.*" # only these; "schedules.families.decay.*Power*" too
    python tools/mutation.py run --served             # the analysis, by its fast tests, as below
    python tools/mutation.py run --survivors          # once more those that survived, after a new test
    python tools/mutation.py run --survivors --fresh  # the same, each in a new process, as below
    python tools/mutation.py report                   # the score by file, and what survived, with its diff
    python tools/mutation.py report --table           # the score alone

It takes an hour or two on two cores, so it is no part of CI. mutmut makes the mutants, in a copy of the tree
(``mutants/``, which git ignores; delete it to begin anew), keeps the verdicts there, and reruns what a change
of the source made stale; what is mutated, copied and tested stands in ``[tool.mutmut]`` of pyproject.toml.
Only the loop over the mutants is this file's: mutmut would collect the tests anew for each of them, which
takes a hundred times as long as the tests do. Here one pytest session collects them once, runs them to learn
which test reaches which function, and forks a child for each mutant, which runs the tests that reach it until
one fails: first those that killed a mutant of the same function, then the most specific.

The analysis (verdicts, theory, the finder) is reached by slow tests of whole runs. With ``--served`` a mutant
of a module in ``[tool.mutation.serving]`` meets only the tests that stand there beside its module; what
survives them, or is not reached by them, is to be tried once more with other tests.

What runs while modules are imported has run before the fork. A mutant that no test reaches is therefore tried
in a process of its own, which imports everything anew and runs all the tests until one fails; so is every
mutant with ``--fresh``.

A mutant is a survivor if all those tests pass, or as many as fit in ``--seconds``: so a survivor may be an
exaggeration, a kill never is. mutmut leaves alone what is no plain function: the class bodies (defaults,
`formula`), properties and other decorated functions, constants of modules, and, as configured, the lines that
raise. tests/optim/rules/test_printed_defaults.py is there for the defaults.

The report sorts the survivors: "words" differ only in a message or the name in it; "judged" stand in
tools/mutants_judged.json with the reason why they change no number; the rest are "open", and the exit code
says so.
"""

import argparse
import ast
import fnmatch
import gc
import json
import os
import re
import resource
import signal
import sys
import textwrap
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from mutmut import __main__ as mutmut
from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.diff_apply import get_diff_for_mutant, read_functions_from_index
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.state import state
from mutmut.stats import status_by_exit_code
from mutmut.utils.file_utils import walk_mutatable_files
from mutmut.utils.format_utils import mangled_name_from_mutant_name

ROOT = Path.cwd()
PACKAGES = ("optim", "schedules", "stepsize")
LEARNT = ROOT / "mutants" / "tests-learnt.json"
JUDGED = Path(__file__).parent / "mutants_judged.json"
KILLED, SURVIVED, UNREACHED, SKIPPED, TIMEOUT = 1, 0, 33, 34, 36
MEMORY = 4 << 30  # bytes a mutant may ask for


def prepare() -> None:
    """Let mutmut write the mutated copy, or what changed of it."""
    Path("mutants").mkdir(exist_ok=True)
    set_mutant_under_test("mutant_generation")
    with mutmut.CatchOutput(spinner_title="Making mutants"):
        mutmut.copy_src_dir()
        mutmut.copy_also_copy_files()
        mutmut.setup_source_paths()
        mutmut.create_mutants(2)
    set_mutant_under_test("")


def verdicts() -> dict[str, SourceFileMutationData]:
    """Return mutmut's record of every file."""
    found = {}
    for path in sorted(walk_mutatable_files()):
        data = SourceFileMutationData(path=path)
        data.load()
        if data.exit_code_by_key:
            found[str(path)] = data
    return found


def serving() -> dict[str, list[str]]:
    """Return the fast tests of each module that has some."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return dict(settings["tool"]["mutation"]["serving"])


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
        for item, following in zip(items, [*items[1:], None], strict=False):
            state()._stats.clear()
            began = time.perf_counter()
            if self.passes(item, following):
                known[item.nodeid] = [time.perf_counter() - began, sorted(state()._stats)]
            else:
                sick.append(item.nodeid)
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
        files = self.serving.get(mutant.rpartition(".")[0])
        tests = sorted(
            [t for t in self.reach[function] if files is None or t.partition("::")[0] in files],
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
        if self.args.served and mutant.rpartition(".")[0] not in self.serving:
            return False
        if self.args.survivors:
            return status_by_exit_code[code] in ("survived", "no tests")
        return code is None

    def spawn(self, running: dict[int, Any], data: Any, mutant: str, tests: list[str]) -> None:
        """Fork a child that runs the tests against the mutant and tells which one fails."""
        limit = int(5 + 3 * sum(self.seconds[t] for t in tests or self.seconds))
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


@contextmanager
def inside(folder: Path) -> Generator[None, None, None]:
    """Work in another folder for a while."""
    here = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(here)


def run(args: argparse.Namespace) -> int:
    """Make the mutants and try them."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
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
        if not patterns or any(_may_meet(f"{module}.", pattern) for pattern in patterns)
        for test in tests
    }
    return list(chosen)


def _may_meet(module: str, pattern: str) -> bool:
    """Return whether a pattern may name mutants of a module, of all its functions or of one."""
    plain = pattern.partition("*")[0]
    return module.startswith(plain) or plain.startswith(module)


# Of these only the first argument is mathematics; the others are what the sentence says.
CHECKS = {"require": 1}
# Of these the first is the name in the sentence.
NAMED = {"as_number", "as_count", "as_floats"}


class WithoutWords(ast.NodeTransformer):
    """A function without what only its messages say, and without the promise of `zip` that lengths agree."""

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        """Drop what is raised."""
        return ast.Raise()

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Drop the words of a check."""
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name in CHECKS:
            node.args, node.keywords = node.args[:1], []
        elif name == "check_numbers":
            node.args = node.args[:1]
        elif name in NAMED and len(node.args) > 1:
            node.args[0] = ast.Constant("")
        elif name == "zip":
            node.keywords = []
        return self.generic_visit(node)


def only_words(mutant: str, path: str | Path) -> bool:
    """Return whether a mutant differs from the original in messages alone."""
    with inside(ROOT):
        functions = read_functions_from_index(mutant, path)
    if functions is None:
        return False
    bare = []
    for function in functions:
        tree = ast.parse(textwrap.dedent(mutmut.cst.Module([function]).code))
        bare.append(ast.dump(WithoutWords().visit(tree)))
    return bare[0] == bare[1]


def change(mutant: str, path: str) -> str:
    """Return the lines that differ."""
    lines = get_diff_for_mutant(mutant, path=path).splitlines()[2:]
    return "\n".join(line for line in lines if line[:1] in "+-")


def reason(mutant: str, diff: str, judged: list[dict[str, str]]) -> str:
    """Return why somebody judged this mutant to change no number, or an empty string."""
    for entry in judged:
        if fnmatch.fnmatch(mutant, entry["mutant"]) and re.search(entry["change"], diff):
            return entry["reason"]
    return ""


def report(args: argparse.Namespace) -> int:
    """Print the score by file and the survivors."""
    judged = json.loads(JUDGED.read_text(encoding="utf-8")) if JUDGED.exists() else []
    lists: dict[str, list[str]] = {"open": [], "judged": [], "words": []}
    head = ("mutants", "killed", "words", "judged", "open", "untried")
    rows: dict[str, Counter[str]] = {}
    for path, data in verdicts().items():
        row = rows[path] = Counter()
        for mutant, code in data.exit_code_by_key.items():
            row["mutants"] += 1
            status = status_by_exit_code[code]
            if status in ("killed", "timeout"):
                row["killed"] += 1
                continue
            if status not in ("survived", "no tests", "skipped"):
                row["untried"] += 1
                continue
            words = status == "skipped" or only_words(mutant, path)
            diff = "" if words and not args.all else change(mutant, path)
            why = reason(mutant, diff, judged)
            kind = "words" if words else "judged" if why else "open"
            row[kind] += 1
            label = f"{mutant} ({status}{': ' + why if why else ''})"
            lists[kind].append(f"{label}\n{textwrap.indent(diff, '    ')}")
    for package in PACKAGES:
        rows[package] = sum((r for p, r in rows.items() if p.startswith(package + "/")), Counter())
    print(f"{'':44}" + "".join(f"{h:>9}" for h in head) + "    score")
    for path, row in rows.items():
        tried = row["mutants"] - row["untried"] - row["words"]
        score = f"{100 * row['killed'] / tried:8.1f}%" if tried else ""
        print(f"{path:44}" + "".join(f"{row[h]:9d}" for h in head) + score)
    if not args.table:
        for kind in ("words", "judged", "open")[0 if args.all else 2 :]:
            print(f"\n{kind}: {len(lists[kind])}\n" + "\n".join(lists[kind]))
    return 1 if lists["open"] else 0


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Mutation testing of the mathematics.")
    commands = parser.add_subparsers(required=True)
    runner = commands.add_parser("run", help="try mutants")
    runner.add_argument("patterns", nargs="*", help='names of mutants, such as "optim.rules.adam.*"')
    runner.add_argument("--survivors", action="store_true", help="try again what survived")
    runner.add_argument("--served", action="store_true", help="run the fast tests of the module alone")
    runner.add_argument("--tests", nargs="+", help="run these tests and not those of pyproject.toml")
    runner.add_argument("--children", type=int, default=2, help="how many at a time")
    runner.add_argument("--seconds", type=float, default=20.0, help="time of tests a mutant")
    runner.add_argument("--fresh", action="store_true", help="import everything anew for each mutant")
    runner.add_argument("--go-on", action="store_true", help="leave out tests that fail without a mutant")
    runner.set_defaults(call=run)
    reporter = commands.add_parser("report", help="print the score and the survivors")
    reporter.add_argument("--table", action="store_true", help="the score alone")
    reporter.add_argument("--all", action="store_true", help="list words and judged survivors too")
    reporter.set_defaults(call=report)
    args = parser.parse_args()
    return int(args.call(args))


if __name__ == "__main__":
    sys.exit(main())
