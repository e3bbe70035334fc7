"""The score by file and package, and the survivors, sorted by what is known of them."""

import argparse
import fnmatch
import json
import re
import textwrap
from collections import Counter
from pathlib import Path

from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.stats import status_by_exit_code

from tools.mutation.mutants import mutate_only, verdicts
from tools.mutation.words import only_words

PACKAGES = ("optim", "problems", "schedules", "stepsize")
JUDGED = Path(__file__).parent.parent / "mutants_judged.json"


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
    mutate_only(args.files)
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
