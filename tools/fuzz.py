"""Hand a hundred thousand wrong inputs to the doors of the packages, with fixed seeds and a limit of time.

Run from the root of the repository::

    python tools/fuzz.py                       # all of it: 10^5 inputs, some minutes
    python tools/fuzz.py --inputs 2000         # a sample, as the tests run it
    python tools/fuzz.py expressions --seed 7  # one family, other inputs

Families: expressions as they are typed, JSON of records, CSV files of a user's, command lines. Every input
must be taken, or refused in one sentence of ours, within its limit of time; nothing that is typed may make
Python run a program, open a file to write or connect. Whatever else happens is listed, and ends it with 1.
The process may take 4 GB of memory, so that what would take more is refused as on a small machine.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("MPLBACKEND", "Agg")

from tools.fuzzing import commands, expressions, records, tables
from tools.fuzzing.attempts import Report, fuzz

Cases = Iterator[tuple[str, Callable[[], Any]]]
_MEMORY = 4 * 10**9
# What is shown of an input that was not met as promised, and of how many.
_SHOWN, _LISTED = 300, 20


class Family(NamedTuple):
    """What makes the inputs from a seed, a count and a folder; its share of all inputs; seconds for each."""

    cases: Callable[[int, int, Path], Cases]
    share: float
    limit: float


FAMILIES: dict[str, Family] = {
    "expressions": Family(expressions.cases, 0.55, 5.0),
    "records": Family(records.cases, 0.25, 5.0),
    "tables": Family(tables.cases, 0.1, 5.0),
    "commands": Family(commands.cases, 0.1, 30.0),
}


def main(words: list[str] | None = None) -> int:
    """Fuzz, and print the figures; return 1 if an input was not met as promised."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "families", nargs="*", metavar="FAMILY", help=f"of {', '.join(FAMILIES)} (default: all)"
    )
    parser.add_argument("--inputs", type=int, default=100_000, help="how many in all (default 100000)")
    parser.add_argument("--seed", type=int, default=0, help="another seed makes other inputs (default 0)")
    args = parser.parse_args(words)
    unknown = [name for name in args.families if name not in FAMILIES]
    if unknown:
        parser.error(f"got {unknown[0]!r}, expected some of {', '.join(FAMILIES)}")
    _limit_memory()
    chosen = args.families or [*FAMILIES]
    whole = sum(FAMILIES[name].share for name in chosen)
    reports = [_fuzzed(name, args.seed, round(args.inputs * FAMILIES[name].share / whole)) for name in chosen]
    broken = sum(len(report.broken) for report in reports)
    print(f"{sum(r.inputs for r in reports)} inputs, seed {args.seed}: {broken} not met as promised")
    return int(broken > 0)


def _fuzzed(name: str, seed: int, count: int) -> Report:
    family = FAMILIES[name]
    with tempfile.TemporaryDirectory() as folder:
        report = fuzz(name, family.cases(seed, count, Path(folder)), family.limit)
    print(report.line(), flush=True)
    for shown, found in report.broken[:_LISTED]:
        print(f"  {found.kind}: {shown[:_SHOWN]!r}: {found.words[:_SHOWN]}")
    return report


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # pragma: no cover
        return
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))


if __name__ == "__main__":
    sys.exit(main())
