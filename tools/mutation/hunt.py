"""The hunt for mutants of what runs at import: which are wanted, how they are tried, what is kept."""

import argparse
import ast
import fnmatch
import json
import os
import random
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tools.mutation import imports, patches
from tools.mutation.constants import mutants
from tools.mutation.judged import judged, reason
from tools.mutation.serving import served_tests, serving

ROOT = Path.cwd()
PACKAGES = ("optim", "problems", "schedules", "stepsize")
RECORD = ROOT / "mutants" / "constants.jsonl"
Record = dict[str, dict[str, str]]


class Wanted(NamedTuple):
    """A mutant to be tried: where it is, the line that it changes, and the tests that serve its module."""

    name: str
    module: str
    path: str
    index: int | None
    change: str
    line: str
    tests: list[str]
    called: tuple[str, ...] = ()

    @property
    def owner(self) -> str:
        """The dotted name of what is changed."""
        return self.name.rpartition("__constant_")[0]


def every_mutant(files: list[str]) -> Iterator[Wanted]:
    """Yield all mutants of the modules of ours, or of some files."""
    table = serving()
    for package in PACKAGES:
        for path in sorted(Path(package).rglob("*.py")):
            if files and not any(fnmatch.fnmatch(str(path), pattern) for pattern in files):
                continue
            module = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
            source = path.read_text(encoding="utf-8")
            lines, called = source.splitlines(), entered_as(module, source)
            everyone = tuple(name for names in called.values() for name in names)
            for index, mutant in enumerate(mutants(module, source)):
                change = f"{mutant.before} -> {mutant.after}"
                names = called.get(re.split("[:]|__constant_", mutant.name)[0], ())
                tests = served_tests(module, table, names or everyone)
                line = lines[mutant.line - 1].strip()
                yield Wanted(mutant.name, module, str(path), index, change, line, tests, names)


def entered_as(module: str, source: str) -> dict[str, tuple[str, ...]]:
    r"""Return the first words that decorators are given: under such a name a figure is in its catalogue.

    Examples
    --------
    >>> entered_as("m", "@figure('two-wells', 'ours')\ndef wells(): pass")
    {'m.wells': ('two-wells',)}
    """
    functions = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    return {
        f"{module}.{function.name}": tuple(
            str(call.args[0].value)
            for call in function.decorator_list
            if isinstance(call, ast.Call) and call.args and isinstance(call.args[0], ast.Constant)
        )
        for function in functions
    }


def known() -> Record:
    """Return the verdicts that were kept, of each mutant the last."""
    lines = RECORD.read_text(encoding="utf-8").splitlines() if RECORD.exists() else []
    return {entry.pop("name"): entry for entry in map(json.loads, lines)}


def is_wanted(mutant: Wanted, record: Record, args: argparse.Namespace) -> bool:
    """Return whether a mutant is to be tried now."""
    if args.patterns and not any(fnmatch.fnmatch(mutant.name, p) for p in args.patterns):
        return False
    old = record.get(mutant.name)
    tried = old is not None and old["change"] == mutant.change and old["verdict"] != "untried"
    if args.survivors or args.fresh:
        survived = old is not None and old["verdict"] != "killed"
        return survived and not reason(mutant.name, mutant.change, judged(), mutant.line)
    return not tried


def run_constants(args: argparse.Namespace) -> int:
    """Try the mutants, or a share of them, and keep the verdicts."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    RECORD.parent.mkdir(exist_ok=True)
    record, score = known(), Counter[str]()
    wanted = [m for m in every_mutant(args.files) if is_wanted(m, record, args)]
    if args.tests:
        wanted = [m._replace(tests=args.tests) for m in wanted]
    if args.sample and args.sample < len(wanted):
        wanted = random.Random(args.seed).sample(wanted, args.sample)
    served = [m for m in wanted if m.tests]

    def settle(mutant: Wanted, verdict: tuple[str, str]) -> None:
        score[verdict[0]] += 1
        entry = {"name": mutant.name, "change": mutant.change, "verdict": verdict[0], "by": verdict[1]}
        with RECORD.open("a", encoding="utf-8") as lines:  # so that two may hunt at a time
            lines.write(json.dumps(entry) + "\n")
        if verdict[0] != "killed" or args.loud:
            print(f"{verdict[0]:9} {mutant.name}: {mutant.change} {verdict[1]}", flush=True)

    if args.fresh:
        code = anew(served, settle, args.seconds)
    else:
        tests = list(dict.fromkeys(test for mutant in served for test in mutant.tests))
        code = patches.try_patches(served, tests, settle, args.seconds) if served else 0
    print(f"{len(wanted)} mutants {dict(score)}, {len(wanted) - len(served)} unserved")
    return code


def anew(wanted: list[Wanted], settle: patches.Settle, seconds: float) -> int:
    """Try mutants with a fresh import each, and see first that their tests pass without any."""
    imports.prepare()
    sound: set[tuple[str, ...]] = set()
    for mutant in wanted:
        if tuple(mutant.tests) not in sound:
            verdict, sick = imports.trial(mutant._replace(index=None), seconds)
            if verdict != "survived":
                print(f"{sick or ' '.join(mutant.tests)} fails without any mutant")
                return 1
            sound.add(tuple(mutant.tests))
        settle(mutant, imports.trial(mutant, seconds))
    return 0
