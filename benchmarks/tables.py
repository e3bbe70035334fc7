"""The measured rows as tables; ``python -m benchmarks.tables`` puts them into README.md and docs."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.headlines import headlines
from benchmarks.measure import Row, number

RESULTS = Path(__file__).parent / "results.json"
README = Path(__file__).parent.parent / "README.md"
DOCS = README.parent / "docs"
COMPILED = Path(__file__).parent / "compiled.json"
MARKS = "<!-- benchmarks: begin -->", "<!-- benchmarks: end -->"

TITLES = {
    "single": "One step in two dimensions, ours with a schedule and the full history",
    "short_runs": "A whole short run",
    "user_functions": "A user's own functions in two dimensions",
    "process": "A whole process: imports and 10^4 Adam steps",
    "sweeps": "Many runs at once",
    "verdicts": "Many runs at once, with what became of each",
    "huge": "Ten million parameters",
    "compiled": "The compiled engine, beside peers and loops by hand",
    "backends": "To compile: llvmlite, as here, and Numba",
    "logistic": "Logistic regression",
    "imports": "Imports, in processor time",
}


def page(results: dict[str, Any]) -> str:
    """Return all tables, under the conditions in which they were measured."""
    parts = [f"Measured {results['about']}."]
    for regime, rows in results["regimes"].items():
        parts.append(f"**{TITLES[regime]}**")
        if regime in results.get("apart", {}):
            parts.append(f"Measured apart: {results['apart'][regime]}.")
        parts += tables([Row(**row) for row in rows])
    return "\n\n".join(parts)


def tables(rows: list[Row]) -> Iterable[str]:
    """Yield one table for tasks that were measured beside the same others, and one for lone figures."""
    tasks: dict[str, list[Row]] = {}
    for row in rows:
        if row.against:
            tasks.setdefault(row.task, []).append(row)
    groups: dict[tuple[str, ...], list[list[Row]]] = {}
    for task in tasks.values():
        groups.setdefault(tuple(row.against for row in task), []).append(task)
    for peers, group in groups.items():
        aims = [{row.aim for row in column if row.aim} for column in zip(*group, strict=True)]
        heads = [
            f"{peer} (aim: {_sign(*aim)})" if len(aim) == 1 else peer
            for peer, aim in zip(peers, aims, strict=True)
        ]
        lines = [
            (
                task[0].task,
                task[0].ours,
                *(_cell(row, len(aim) > 1) for row, aim in zip(task, aims, strict=True)),
            )
            for task in group
        ]
        yield _table(("", "ours", *heads), lines)
    if alone := [row for row in rows if not row.against]:
        yield _table(
            ("", "ours", "aim"),
            [
                (row.task, row.ours, _sign(row.aim) + (", missed" if row.met is False else ""))
                for row in alone
            ],
        )


def _sign(aim: str) -> str:
    return aim.replace(">=", "\u2265").replace("<=", "\u2264")


def _cell(row: Row, tells_aim: bool) -> str:
    if row.missing or row.ratio is None:
        return row.missing
    words = ", missed" if row.met is False else ""
    words = ", they are faster" if row.ratio < 1 else words
    aim = f" (aim: {_sign(row.aim)})" if tells_aim and row.aim else ""
    return f"{number(row.ratio)}x{aim}{words}"


def _table(heads: tuple[str, ...], lines: list[tuple[str, ...]]) -> str:
    ruler = "|" + " --- |" + " ---: |" * (len(heads) - 1)
    return "\n".join(["| " + " | ".join(heads) + " |", ruler, *("| " + " | ".join(x) + " |" for x in lines)])


def pages() -> dict[Path, str]:
    """Return README.md and the pages on speed, with what was measured between their marks."""
    results, compiled = (json.loads(file.read_text(encoding="utf-8")) for file in (RESULTS, COMPILED))
    return {
        path: in_page(path.read_text(encoding="utf-8"), text)
        for path, text in (
            (README, headlines(results, compiled)),
            (DOCS / "benchmarks.md", page(results)),
            (DOCS / "performance.md", page(compiled)),
        )
    }


def in_page(text: str, measured: str) -> str:
    """Return a page with what was measured between its marks."""
    begin, end = MARKS
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n{measured}\n{end}{after}"


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
