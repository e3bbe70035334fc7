"""The score by file and package, and the survivors, sorted by what is known of them."""

import argparse
import textwrap
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.stats import status_by_exit_code

from tools.mutation.hunt import every_mutant, known
from tools.mutation.judged import Judged, judged, reason
from tools.mutation.mutants import mutate_only, verdicts
from tools.mutation.words import only_words


def change(mutant: str, path: str) -> str:
    """Return the lines that differ."""
    lines = get_diff_for_mutant(mutant, path=path).splitlines()[2:]
    return "\n".join(line for line in lines if line[:1] in "+-")


class Found(NamedTuple):
    """A mutant as the report sorts it."""

    path: str
    kind: str
    text: str


def of_functions(entries: Judged, every_diff: bool) -> Iterator[Found]:
    """Yield what became of mutmut's mutants."""
    for path, data in verdicts().items():
        for mutant, code in data.exit_code_by_key.items():
            status = status_by_exit_code[code]
            if status in ("killed", "timeout"):
                yield Found(path, "killed", "")
            elif status not in ("survived", "no tests", "skipped"):
                yield Found(path, "untried", "")
            elif status == "skipped" or only_words(mutant, path):
                diff = change(mutant, path) if every_diff else ""
                yield Found(path, "words", labelled(mutant, status, "", diff))
            else:
                diff = change(mutant, path)
                why = reason(mutant, diff, entries)
                yield Found(path, "judged" if why else "open", labelled(mutant, status, why, diff))


def of_constants(entries: Judged, files: list[str]) -> Iterator[Found]:
    """Yield what became of the mutants of what runs at import."""
    record = known()
    for mutant in every_mutant(files):
        old = record.get(mutant.name)
        verdict = old["verdict"] if old and old["change"] == mutant.change else "untried"
        survived = verdict == "survived"
        why = reason(mutant.name, mutant.change, entries, mutant.line) if survived else ""
        kind = "judged" if why else "open" if survived else verdict
        yield Found(f"{mutant.path}, at import", kind, labelled(mutant.name, verdict, why, mutant.change))


def labelled(mutant: str, status: str, why: str, diff: str) -> str:
    """Return the lines of the report on a mutant."""
    return f"{mutant} ({status}{': ' + why if why else ''})\n{textwrap.indent(diff, '    ')}"


def report(args: argparse.Namespace) -> int:
    """Print the score by file and the survivors."""
    mutate_only(args.files)
    entries = judged()
    found = [*of_functions(entries, args.all), *of_constants(entries, args.files)]
    rows: dict[str, Counter[str]] = defaultdict(Counter)
    for mutant in found:
        for path in (mutant.path, package_of(mutant.path)):
            rows[path].update(("mutants", mutant.kind))
    head = ("mutants", "killed", "words", "judged", "open", "untried")
    print(f"{'':56}" + "".join(f"{h:>9}" for h in head) + "    score")
    for path in sorted(rows, key=lambda path: (" " in path and "/" not in path, path)):
        row = rows[path]
        tried = row["mutants"] - row["untried"] - row["words"]
        score = f"{100 * row['killed'] / tried:8.1f}%" if tried else ""
        print(f"{path:56}" + "".join(f"{row[h]:9d}" for h in head) + score)
    if not args.table:
        for kind in ("words", "judged", "open")[0 if args.all else 2 :]:
            texts = [mutant.text for mutant in found if mutant.kind == kind]
            print(f"\n{kind}: {len(texts)}\n" + "\n".join(texts))
    return 1 if any(mutant.kind == "open" for mutant in found) else 0


def package_of(path: str) -> str:
    """Return the package of a file, and which kind of mutants its row counts."""
    return f"{path.partition('/')[0]}, {'at import' if path.endswith('at import') else 'functions'}"
